"""All that is told of one base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.progress import silent
from kawasolar.charging.base import stay, stored_after
from kawasolar.charging.follow import Followed, follow
from kawasolar.charging.outage import outage_of
from kawasolar.charging.sessions import peak_kw, sessions_of, staggered
from kawasolar.charging.smallest import cost_of, reasons_of, smallest
from kawasolar.half_hours import COUNT, DAYS, SLOTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.charging.base import Base, Stay
    from kawasolar.charging.outage import Outage
    from kawasolar.half_hours import FiscalYear

    Array = NDArray[np.float64]

_WEEK_DAYS = 7


@dataclass(frozen=True, eq=False)
class One:
    """Rows of one base for the tables of :mod:`kawasolar.charging.result`, and what its cars draw by each way, less what they give back [kWh]."""

    row: Mapping[str, object]
    chargers: Sequence[Mapping[str, object]]
    cars: Sequence[Mapping[str, object]]
    curves: Sequence[Mapping[str, object]]
    outage: Sequence[Mapping[str, object]]
    net_charge: Mapping[str, Array]


def one_base(
    base: Base, given: Sequence[int] | None, least: Sequence[int], *, with_follow: bool = True, progress: Progress = silent
) -> One:  # fmt: skip
    """Find the chargers of a base, or take those that are given, and reckon its year in each way.

    Cars that no set can serve are left out of it, and told.

    Parameters
    ----------
    given : chargers of each kind; None: the smallest set
    least : of the smallest set, at least so many of each kind
    progress : asked now and then whether to go on

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    proven = True
    if given is None:
        found = smallest(base, least, progress)
        counts, reasons, proven = found.counts, list(found.reasons), found.proven
    else:
        counts, reasons = tuple(given), reasons_of(base)
    rows = np.flatnonzero([not why for why in reasons])
    some = base.part(rows)
    here = stay(some, counts)
    sessions = sessions_of(here)
    level = staggered(here, sessions)
    followed = follow(here, sessions, level, progress) if with_follow else Followed(level, np.zeros_like(level), 0)
    ways = {"unmanaged": here.charge_kwh, "staggered": level, "follow": followed.charge_kwh}
    net_charge = {way: one.sum(axis=0) for way, one in ways.items()}
    net_charge["follow"] = net_charge["follow"] - followed.given_kwh.sum(axis=0)
    stored = stored_after(some, level, here.plug, here.of_charger)
    v2x = int(some.cars["v2x"].sum())
    gives = v2x > 0 and any(kind.both_ways and count for kind, count in zip(base.kinds, counts, strict=True))
    lost = outage_of(some, stored, counts) if gives else None
    row: dict[str, object] = {
        "facility_id": base.facility_id, "cars": len(base), "served": len(some), "v2x_cars": v2x, "chargers": sum(counts), "enough": here.enough, "proven": proven,
        "cost_yen": cost_of(base.kinds, counts), "subsidy_yen": float(sum(kind.subsidy_yen * n for kind, n in zip(base.kinds, counts, strict=True))),
        "driven_kwh": float(some.driven_kwh.sum()), "charged_kwh": float(here.charge_kwh.sum()), "given_kwh": float(followed.given_kwh.sum()),
        "worst_day": base.trips.worst_day, "peak_none_kw": peak_kw(some, np.zeros((0, COUNT))), **_figures(some, net_charge), **_outage_row(lost),
    }  # fmt: skip
    return One(row, _chargers(base, counts), _cars(base, reasons, here), _curves(some, net_charge), [] if lost is None else _months(lost, base.year), net_charge)  # fmt: skip


def _figures(base: Base, net_charge: Mapping[str, Array]) -> dict[str, object]:
    """Peaks, and of what cars draw the part that would else be surplus, less what they give back of it."""
    before = np.maximum(-base.net_kwh, 0.0)
    found: dict[str, object] = {}
    for way, drawn in net_charge.items():
        whole = base.net_kwh + drawn
        found[f"peak_{way}_kw"] = 2.0 * float(np.maximum(whole, 0.0).max())
        found[f"pv_{way}_kwh"] = float((before - np.maximum(-whole, 0.0)).sum())
    return found


def _chargers(base: Base, counts: Sequence[int]) -> list[dict[str, object]]:
    return [
        {"kind": kind.key, "number": number, "cost_yen": number * kind.cost_yen, "subsidy_yen": number * kind.subsidy_yen}
        for kind, number in zip(base.kinds, counts, strict=True)
        if number
    ]  # fmt: skip


def _cars(base: Base, reasons: Sequence[str], here: Stay) -> list[dict[str, object]]:
    """A row a car; cars that are not served have no least."""
    low = np.full(len(base), np.nan)
    low[[not why for why in reasons]] = here.low_kwh
    whole = [float(base.trips.kwh[base.trips.of(car)].sum()) for car in range(len(base))]
    texts = base.cars[["vehicle", "model", "v2x"]].to_dict("records")
    return [
        {
            **{str(key): value for key, value in texts[k].items()}, "reason": reasons[k], "full_kwh": base.full[k], "reserve_kwh": base.least[k], "low_kwh": low[k],
            "longest_kwh": base.trips.longest_kwh[k], "driven_kwh": whole[k],
        }
        for k in range(len(base))
    ]  # fmt: skip


def _curves(base: Base, net_charge: Mapping[str, Array]) -> list[dict[str, object]]:
    """The worst day and the night after it; and the week in which following the roof is most apart from staggered charging."""
    worst = min(max(base.trips.worst_day, 0), DAYS - 2)
    whole = [base.net_kwh + net_charge[way] for way in ("staggered", "follow")]
    saved = np.maximum(whole[0], 0.0) - np.maximum(whole[1], 0.0)
    weeks = saved[: DAYS // _WEEK_DAYS * _WEEK_DAYS * SLOTS].reshape(-1, _WEEK_DAYS * SLOTS).sum(axis=1)
    week = int(np.argmax(weeks)) if weeks.max() > 1e-6 else min(worst // _WEEK_DAYS, len(weeks) - 1)
    rows: list[dict[str, object]] = []
    for name, first, days in (("worst", worst, 2), ("week", week * _WEEK_DAYS, _WEEK_DAYS)):
        slots = np.arange(first * SLOTS, (first + days) * SLOTS)
        series = {"load": base.load_kwh, "pv": base.produced_kwh, **net_charge}
        cut = {f"{key}_kw": (2.0 * one[slots]).tolist() for key, one in series.items()}
        rows += [{"part": name, "slot": int(slot), **{key: one[k] for key, one in cut.items()}} for k, slot in enumerate(slots)]  # fmt: skip
    return rows


def _outage_row(lost: Outage | None) -> dict[str, object]:
    names = ("worst_h", "median_h", "worst_kwh", "median_kwh", "pv_worst_h", "pv_median_h")
    if lost is None:
        return {f"outage_{name}": np.nan for name in names}
    series = (lost.hours, lost.kwh, lost.hours_pv)
    told = [float(one) for values in series for one in (values.min(), np.median(values))]
    return {f"outage_{name}": value for name, value in zip(names, told, strict=True)}


def _months(lost: Outage, year: FiscalYear) -> list[dict[str, object]]:
    """Worst and median of the half hours of each month, from April on."""
    of = year.month_of_half_hour
    rows: list[dict[str, object]] = []
    for month in dict.fromkeys(of.tolist()):
        mine = of == month
        row: dict[str, object] = {"month": month}
        for name, values, unit in (("", lost.hours, "h"), ("pv_", lost.hours_pv, "h"), ("", lost.kwh, "kwh")):
            row[f"{name}worst_{unit}"] = float(values[mine].min())
            row[f"{name}median_{unit}"] = float(np.median(values[mine]))
        rows.append(row)
    return rows
