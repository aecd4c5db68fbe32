"""The cars that a plan's fleet is charged with: those that its programme has brought by its last year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.findings import Finding
from kawasolar.charging.cars import COLUMNS, RANGES, checked_cars
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.fleet import FleetResult
    from kawasolar.plan import Plan


def cars_of_fleet(
    plan: Plan, result: FleetResult | None = None, year: int | None = None
) -> tuple[pd.DataFrame, list[Finding]]:
    """The cars that are charged at the end of a fiscal year, as of :func:`kawasolar.charging.cars.checked_cars`.

    Parameters
    ----------
    result : of the fleet's programme; the plan's own, else one by the shipped rules, unless given
    year : the programme's last unless given

    Returns
    -------
    frame; findings: ``charging.no_base`` with how many cars stand nowhere that is known, ``charging.cut`` with how many have a number beyond what
    is reckoned with, and so the nearest that is

    Raises
    ------
    PlanError
        ``charging.no_cars``: there is no ledger of vehicles; others of :func:`kawasolar.fleet.plan_fleet`
    """
    from kawasolar.answers import answer_of
    from kawasolar.fleet import electric_cars, plan_fleet

    if "vehicles" not in plan.registers.by_kind:
        raise PlanError("charging.no_cars")
    found = result or answer_of(plan, "fleet") or plan_fleet(plan)
    last = int(found.head["rules"]["last_year"]) if year is None else year
    cars = electric_cars(plan, found, last)[list(COLUMNS)]
    known = cars["facility_id"].fillna("").astype(str) != ""
    mine = cars[known].reset_index(drop=True)
    cut = mine.copy()
    for name, (low, high) in RANGES.items():
        cut[name] = mine[name].clip(low, high)
    cut["km_longest"] = cut[["km_longest", "km_day"]].max(axis=1)
    changed = int((cut[list(RANGES)] != mine[list(RANGES)]).any(axis=1).sum())
    told = [
        Finding(code, "warning", found=str(number))
        for code, number in (("charging.no_base", int((~known).sum())), ("charging.cut", changed))
        if number
    ]
    return checked_cars(cut), told
