"""What every facility uses in the half hours of a fiscal year: by its meters, its bill, or its floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from gis.progress import silent
from kawasolar.demand.shape import shape_of
from kawasolar.half_hours import COUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.demand.metered import Metered
    from kawasolar.demand.templates import Templates
    from kawasolar.half_hours import FiscalYear

# Where a facility's half hours come from, the best first.
SOURCES = ("meter", "bill", "area", "none")
# What else is to be said of one; words in ``demand.note.…``.
NOTES = ("part_year", "kind_unknown", "no_area", "no_intensity")
COLUMNS = ("facility_id", "source", "annual_kwh", "peak_kw", "load_factor", "estimated", "filled", "note")
_HOURS = 8760.0
# Half hours of 20,000 facilities are 1.4 GB.
MAX_FACILITIES = 20_000


@dataclass(frozen=True, eq=False)
class Demand:
    """Demand of facilities in a fiscal year.

    Attributes
    ----------
    year : whose calendar it is
    kwh : [n, 17520] float32, energy of every half hour from 1 April [kWh]; noughts where nobody knows
    facilities : a row each, :data:`COLUMNS`: ``source`` of :data:`SOURCES`; ``annual_kwh`` [kWh/a], ``peak_kw`` (highest half hour), ``load_factor`` (NaN: unknown, or all nought);
        ``estimated``: the half hours are not the facility's own; ``filled``: share of them that meters lack; ``note`` of :data:`NOTES`, or empty
    findings : estimates that contradict the contract
    after_led : facilities whose half hours are those after their LED lighting (:mod:`kawasolar.demand.after_led`)
    """

    year: FiscalYear
    kwh: NDArray[np.float32]
    facilities: pd.DataFrame
    findings: tuple[Finding, ...] = ()
    after_led: frozenset[str] = frozenset()

    def of(self, facility_id: str) -> NDArray[np.float32]:
        """Half hours of one facility, (17520,); KeyError where there is none of that id."""
        places = np.flatnonzero(self.facilities["facility_id"].to_numpy() == facility_id)
        if not len(places):
            raise KeyError(facility_id)
        return self.kwh[int(places[0])]


def estimate(
    facilities: pd.DataFrame,
    metered: Mapping[str, Metered],
    templates: Templates,
    year: FiscalYear,
    progress: Progress = silent,
) -> Demand:
    """Demand of facilities from what is known of each: its meters, else its bill, else its floor area, else nothing.

    Parameters
    ----------
    facilities : ``facility_id``, and where the ledger has them ``kind annual_kwh floor_area_m2 contract_kw``
    metered : by ``facility_id``; facilities without meters are not in it

    Raises
    ------
    ValueError
        more than :data:`MAX_FACILITIES`
    gis.progress.Cancelled
        from ``progress``
    """
    if len(facilities) > MAX_FACILITIES:
        raise ValueError(f"{len(facilities)} facilities")
    frame = _sources(facilities, metered, templates)
    kwh = np.zeros((len(frame), COUNT), dtype=np.float32)
    own = frame["source"].to_numpy() == "meter"
    ids = frame["facility_id"].tolist()
    for place in np.flatnonzero(own):
        kwh[place] = metered[ids[place]].kwh
    kinds = _kinds(facilities)
    by_template = ~own & (frame["source"].to_numpy() != "none")
    annual = frame["annual_kwh"].to_numpy(dtype=np.float32)
    asked = sorted(set(kinds[by_template]))
    for k, kind in enumerate(asked):
        progress(k / len(asked), "demand")
        rows = np.flatnonzero(by_template & (kinds == kind))
        shape = shape_of(templates.kind(kind), year).astype(np.float32)
        # One facility after the other: half a gigabyte of a product would be made twice.
        for row in rows:
            np.multiply(shape, annual[row], out=kwh[row])
    known = frame["source"].to_numpy() != "none"
    frame["peak_kw"] = np.where(known, 2.0 * kwh.max(axis=1, initial=0.0), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        frame["load_factor"] = frame["annual_kwh"] / _HOURS / frame["peak_kw"]
    return Demand(year, kwh, frame[list(COLUMNS)], _against_contract(frame, facilities, templates))


def _kinds(facilities: pd.DataFrame) -> NDArray[np.object_]:
    """The kind of every facility, empty where nobody knows it."""
    if "kind" not in facilities:
        return np.full(len(facilities), "", dtype=object)
    column = facilities["kind"]
    return column.where(column.notna(), "").astype(str).to_numpy(dtype=object)


def _numbers(facilities: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column of the ledger; NaN where it has none."""
    if column not in facilities:
        return np.full(len(facilities), np.nan)
    return pd.to_numeric(facilities[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _sources(facilities: pd.DataFrame, metered: Mapping[str, Metered], templates: Templates) -> pd.DataFrame:
    """Where each facility's half hours come from, and the energy of its year."""
    ids = facilities["facility_id"].astype(str).tolist()
    kinds = _kinds(facilities)
    bill, area = _numbers(facilities, "annual_kwh"), _numbers(facilities, "floor_area_m2")
    rows: list[tuple[str, str, float, bool, float, str]] = []
    for name, kind, kwh, floor in zip(ids, kinds.tolist(), bill.tolist(), area.tolist(), strict=True):
        own = metered.get(name)
        if own is not None:
            note = "part_year" if own.part_year else ""
            rows.append((name, "meter", float(own.kwh.sum()), own.part_year, own.filled, note))
            continue
        intensity = templates.intensities.get(kind)
        note = "" if kind in templates.templates else "kind_unknown"
        if kwh >= 0.0:
            rows.append((name, "bill", kwh, True, 0.0, note))
        elif intensity is not None and floor > 0.0:
            rows.append((name, "area", floor * intensity.kwh_m2, True, 0.0, note))
        else:
            why = note or ("no_intensity" if intensity is None else "no_area")
            rows.append((name, "none", np.nan, False, 0.0, why))
    return pd.DataFrame(rows, columns=["facility_id", "source", "annual_kwh", "estimated", "filled", "note"])


def _against_contract(frame: pd.DataFrame, facilities: pd.DataFrame, templates: Templates) -> tuple[Finding, ...]:
    """Estimated peaks that are far from the contracted power; nothing is changed by it."""
    contract = _numbers(facilities, "contract_kw")
    peak = frame["peak_kw"].to_numpy(dtype=np.float64)
    looked_at = frame["estimated"].to_numpy(dtype=bool) & (contract > 0.0) & (peak > 0.0)
    ids = frame["facility_id"].tolist()
    names = facilities["name"].astype(str).tolist() if "name" in facilities else ids
    found = []
    for place in np.flatnonzero(looked_at):
        ratio = float(peak[place] / contract[place])
        if templates.course.contract_low <= ratio <= templates.course.contract_high:
            continue
        side = "above" if ratio > 1.0 else "below"
        details = {"name": names[place], "peak": float(peak[place]), "contract": float(contract[place]), "ratio": ratio}
        found.append(Finding(f"demand.peak_{side}_contract", "warning", item=ids[place], details=details))
    return tuple(found)
