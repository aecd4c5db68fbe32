"""Chargers at all bases of a plan."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from threading import Event, get_ident
from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from gis.progress import Cancelled, part, silent
from gis.threads import run_blocks
from kawasolar.charging.base import base_of
from kawasolar.charging.bill import COLUMNS as BILL
from kawasolar.charging.bill import effects
from kawasolar.charging.cars import cars_of_plan
from kawasolar.charging.kinds import bundled_kinds
from kawasolar.charging.one import One, one_base
from kawasolar.charging.result import TABLES, Charging, typed
from kawasolar.charging.table import Assumptions, assumptions_with
from kawasolar.charging.ways import WAYS
from kawasolar.demand import demand_of
from kawasolar.errors import PlanError
from kawasolar.half_hours import COUNT, HOURS, of_hours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.charging.kinds import Charger
    from kawasolar.demand import Demand
    from kawasolar.plan import Plan

    Array = NDArray[np.float64]

# Bases whose half hours are held at once: some 60 MB.
_AT_ONCE = 100


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes
    ----------
    kinds : chargers that there are
    given : chargers of each kind at every base; None: the smallest set of each
    least : of the smallest set, at least so many of a kind
    roof : whether the roofs of the plan's layout are there
    follow : whether PV-following charging is reckoned too; it is taken to be as staggered where not
    """

    kinds: tuple[Charger, ...] = field(default_factory=bundled_kinds)
    assumed: Assumptions = field(default_factory=assumptions_with)
    given: Mapping[str, int] | None = None
    least: Mapping[str, int] = field(default_factory=dict)
    roof: bool = True
    follow: bool = True

    def counts(self, some: Mapping[str, int]) -> tuple[int, ...]:
        """Numbers by the place of each kind.

        Raises
        ------
        PlanError
            ``charging.no_such_kind``; ``charging.bad_number``
        """
        known = [kind.key for kind in self.kinds]
        for key, number in some.items():
            if key not in known:
                raise PlanError("charging.no_such_kind", found=key[:60], expected=", ".join(known))
            if not 0 <= number <= 1000:
                raise PlanError("charging.bad_number", key=key, found=number)
        return tuple(some.get(key, 0) for key in known)


def charging_of(
    plan: Plan, cars: pd.DataFrame | None = None, asked: Asked | None = None, facility_ids: Sequence[str] | None = None, progress: Progress = silent
) -> Charging:  # fmt: skip
    """Chargers at the bases of a plan: the set of each, the three ways of charging, what they do to its bill, and outages.

    Parameters
    ----------
    cars : as of :func:`kawasolar.charging.cars.checked_cars`; the electric ones of the plan's ledger of vehicles unless given
    facility_ids : of which bases; all that have cars unless given

    Raises
    ------
    PlanError
        ``charging.no_cars``; ``charging.no_such_base``; those of :meth:`Asked.counts`
    TariffError
        a tariff has no price for some half hour
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    chosen = asked or Asked()
    given = None if chosen.given is None else chosen.counts(chosen.given)
    least = chosen.counts(chosen.least)
    rows, findings = (cars, []) if cars is not None else cars_of_plan(plan, chosen.assumed)
    names = dict(zip(plan.facilities["facility_id"].astype(str), plan.facilities["name"].astype(str), strict=True))
    ids, told = _bases(rows, names, facility_ids)
    parts: list[list[dict[str, object]]] = [[] for _ in TABLES]
    demand: Demand | None = None
    for begin in range(0, len(ids), _AT_ONCE):
        some = ids[begin : begin + _AT_ONCE]
        heard = part(progress, begin / len(ids), min(begin + _AT_ONCE, len(ids)) / len(ids))
        demand = demand_of(plan, some, progress=part(heard, 0.0, 0.1))
        found, bills = _some(plan, demand, rows, chosen, given, least, part(heard, 0.1, 1.0))
        _tell(parts, demand, found, bills, names)
    assert demand is not None  # noqa: S101 - there is a base, or an error
    assumed = {key: value for key, value in asdict(chosen.assumed).items() if key != "asked"}
    head = {
        "year": demand.year.year, "roof": chosen.roof, "follow": chosen.follow, "set": None if chosen.given is None else dict(chosen.given), "least": dict(chosen.least),
        "assumptions": assumed, "asked": sorted(chosen.assumed.asked), "listed": cars is not None, "kinds": [asdict(kind) for kind in chosen.kinds],
    }  # fmt: skip
    bases, chargers, each, curves, outage = (
        typed(rows_, kinds) for rows_, kinds in zip(parts, TABLES.values(), strict=True)
    )
    return Charging(head, bases, chargers, each, curves, outage, (*findings, *told))


def _bases(rows: pd.DataFrame, names: Mapping[str, str], asked: Sequence[str] | None) -> tuple[list[str], list[Finding]]:  # fmt: skip
    """Facilities that have cars, in the plan's order; and that some cars stand elsewhere."""
    with_cars = set(rows["facility_id"].astype(str))
    if asked is not None:
        lacking = [one for one in asked if one not in names or one not in with_cars]
        if lacking:
            raise PlanError("charging.no_such_base", facility=lacking[0][:60])
    ids = [one for one in names if one in with_cars and (asked is None or one in asked)]
    nowhere = rows[~rows["facility_id"].isin(list(names))]
    if not ids:
        raise PlanError("charging.no_cars")
    if not len(nowhere):
        return ids, []
    shown = ", ".join(nowhere["facility_id"].drop_duplicates().head(5))
    return ids, [Finding("charging.unknown_base", "warning", found=shown, details={"count": len(nowhere)})]


def _some(
    plan: Plan, demand: Demand, rows: pd.DataFrame, asked: Asked, given: tuple[int, ...] | None, least: tuple[int, ...], progress: Progress
) -> tuple[list[One], pd.DataFrame]:  # fmt: skip
    """Some bases, on all cores, and what they do to the bills."""
    ids = demand.facilities["facility_id"].astype(str).tolist()
    produced = _produced(plan, ids) if asked.roof else np.zeros((len(ids), COUNT))
    by_base = dict(tuple(rows.groupby("facility_id", sort=False)))
    found: list[One | None] = [None] * len(ids)

    def work(begin: int, end: int) -> None:
        for k in range(begin, end):
            base = base_of(ids[k], by_base[ids[k]], demand.year, asked.kinds, asked.assumed, demand.kwh[k], produced[k])
            found[k] = one_base(base, given, least, with_follow=asked.follow, progress=go_on)

    stopped, here, last = Event(), get_ident(), 0.0
    heard = part(progress, 0.0, 0.8)

    def tell(share: float, what: str) -> None:
        nonlocal last
        last = share
        try:
            heard(share, what)
        except BaseException:
            stopped.set()
            raise

    def go_on(_share: float, what: str) -> None:
        # A large base takes seconds, and other threads wait for it: it ends itself where the whole has been stopped. Without other threads it asks for itself.
        if get_ident() == here:
            heard(last, what)
        elif stopped.is_set():
            raise Cancelled

    run_blocks(work, len(ids), 1, tell, "charging")
    made = [one for one in found if one is not None]
    drawn = {way: np.stack([one.net_charge[way] for one in made]) for way in WAYS}
    part(progress, 0.8, 1.0)(0.0, "bill")
    return made, effects(plan, demand, produced, drawn)


def _produced(plan: Plan, ids: Sequence[str]) -> Array:
    """(n, 17520), of each facility's roof [kWh]."""
    place = {str(name): row for row, name in enumerate(plan.results.yields["facility_id"])}
    hourly = np.zeros((len(ids), HOURS), np.float32)
    for k, name in enumerate(ids):
        if name in place:
            hourly[k] = plan.results.hourly[place[name]]
    return of_hours(hourly)


def _tell(
    parts: list[list[dict[str, object]]], demand: Demand, found: Sequence[One], bills: pd.DataFrame, names: Mapping[str, str]
) -> None:  # fmt: skip
    """Rows of some bases into the tables."""
    sources, estimated = demand.facilities["source"].tolist(), demand.facilities["estimated"].tolist()
    for k, one in enumerate(found):
        facility = one.row["facility_id"]
        same = {"name": names[str(facility)], "load_known": sources[k] != "none", "estimated": bool(estimated[k])}
        parts[0].append({**one.row, **same, **{name: bills[name].iloc[k] for name in BILL}})
        for into, rows in zip(parts[1:], (one.chargers, one.cars, one.curves, one.outage), strict=True):
            into.extend({"facility_id": facility, **row} for row in rows)
