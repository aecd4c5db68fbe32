"""Demand once a plan's LED programme is through, where the plan asks for that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.demand.lit import lit_of_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.demand.estimate import Demand
    from kawasolar.document.entries import Entries
    from kawasolar.plan import Answer

_HOURS = 8760.0


def is_asked(entries: Entries, scenario: str) -> bool:
    """Whether a scenario reckons with the lighting's savings wherever it reckons with demand."""
    entry = entries.get("asked", f"{scenario}/lighting")
    return entry is not None and entry["value"].get("in_demand") is True


def saved_by_facility(entries: Entries, scenario: str, answer: Answer | None) -> dict[str, float]:
    """What LED saves a year at each facility that the programme has in a fiscal year [kWh]; nothing where nobody asks for it."""
    if answer is None or not is_asked(entries, scenario):
        return {}
    frame = answer.frames["facilities"]
    mine = frame[frame["year"] > 0]
    return dict(zip(mine["facility_id"].astype(str), mine["saved_kwh"].astype(float), strict=True))


def without_lighting(demand: Demand, saved: Mapping[str, float], kinds: Mapping[str, str | None], code: str) -> Demand:
    """The demand less what LED saves in every half hour: ``min(load, saved × share of the year's lighting)``, by the hours of each kind.

    Parameters
    ----------
    saved : facility -> kWh a year; others stay as they are
    kinds : facility -> its kind
    code : of the municipality, whose own hours come first
    """
    ids = demand.facilities["facility_id"].astype(str).tolist()
    known = demand.facilities["source"].to_numpy() != "none"
    rows = [k for k, name in enumerate(ids) if known[k] and saved.get(name, 0.0) > 0.0]
    if not rows:
        return demand
    kwh = demand.kwh.copy()
    shapes = {
        kind: lit_of_kind(code, kind, demand.year).astype(np.float32) for kind in {kinds.get(ids[k]) for k in rows}
    }
    for k in rows:
        less = np.float32(saved[ids[k]]) * shapes[kinds.get(ids[k])]
        np.subtract(kwh[k], np.minimum(less, kwh[k]), out=kwh[k])
    frame = demand.facilities.copy()
    frame.loc[frame.index[rows], "annual_kwh"] = kwh[rows].sum(axis=1, dtype=np.float64)
    frame.loc[frame.index[rows], "peak_kw"] = 2.0 * kwh[rows].max(axis=1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        frame["load_factor"] = frame["annual_kwh"] / _HOURS / frame["peak_kw"]
    return replace(demand, kwh=kwh, facilities=frame, after_led=frozenset(ids[k] for k in rows))


def kinds_of(facilities: pd.DataFrame) -> dict[str, str | None]:
    """The kind of each facility; None where the ledger does not tell it."""
    ids = facilities["facility_id"].astype(str)
    kinds = facilities["kind"] if "kind" in facilities else pd.Series(None, index=ids.index, dtype=object)
    return {name: kind if isinstance(kind, str) else None for name, kind in zip(ids, kinds, strict=True)}
