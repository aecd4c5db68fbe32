"""The cars that a plan's fleet is charged with: those that its programme has brought by its last year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.findings import Finding
from kawasolar.charging.cars import COLUMNS, RANGES, checked_cars
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.fleet import FleetResult
    from kawasolar.plan import Plan

_APART = 0.1


@dataclass(frozen=True)
class PerCar:
    """Chargers per electric car and yen per charger, as the fleet's costs take them and as the chargers of the bases come to."""

    assumed_ratio: float
    assumed_yen: float
    ratio: float
    yen: float

    @property
    def is_apart(self) -> bool:
        """Whether it is worth telling: a tenth of what a car bears."""
        assumed, found = self.assumed_ratio * self.assumed_yen, self.ratio * self.yen
        return abs(found - assumed) > _APART * max(assumed, found)

    @property
    def values(self) -> dict[str, float]:
        """As the fleet's assumptions have them."""
        return {"charger_ratio": round(self.ratio, 3), "charger_yen": float(round(self.yen, -3))}


def chargers_per_car(plan: Plan) -> PerCar | None:
    """Of a plan that keeps both; None where it does not, or where no car is charged."""
    from kawasolar.answers import answer_of

    fleet, charging = answer_of(plan, "fleet"), answer_of(plan, "charging")
    if fleet is None or charging is None:
        return None
    cars, chargers = float(charging.bases["served"].sum()), float(charging.bases["chargers"].sum())
    if not cars or not chargers:
        return None
    assumed = fleet.assumptions.set_index("key")["value"]
    return PerCar(
        float(assumed["charger_ratio"]), float(assumed["charger_yen"]), chargers / cars, float(charging.bases["cost_yen"].sum()) / chargers
    )  # fmt: skip


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
