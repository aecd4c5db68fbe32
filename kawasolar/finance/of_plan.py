"""A facility of a plan as a site of the cash flows; how much of its energy it uses itself is told by who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.errors import PlanError
from kawasolar.finance.site import Site

if TYPE_CHECKING:
    from kawasolar.finance.terms import Range
    from kawasolar.plan import Plan


def site_of(
    plan: Plan, facility: str, self_share: float, price: float, *, demand_saving: float = 0.0, battery_kwh: float = 0.0
) -> Site:
    """Capacity, energy and usable roof of a facility.

    Parameters
    ----------
    self_share : share of the energy that the facility uses itself [-]
    price : what a kWh need not be bought for [yen/kWh]

    Raises
    ------
    PlanError
        no such facility, or nothing is computed for it
    """
    row = _row(plan, facility)
    energy = float(row["energy_kwh"])
    return Site(
        float(row["capacity_kw"]), energy * self_share, energy * (1.0 - self_share), price, demand_saving, float(row["usable_m2"]), battery_kwh,
    )  # fmt: skip


def energy_band(plan: Plan, facility: str) -> Range | None:
    """Energy of a dull and of a sunny year over the average's [-]; None where the plan has none."""
    row = _row(plan, facility)
    energy = float(row["energy_kwh"])
    ends = [float(row.get(key, float("nan"))) for key in ("energy_dull_kwh", "energy_sunny_kwh")]
    return (ends[0] / energy, ends[1] / energy) if all(pd.notna(end) for end in ends) else None


def _row(plan: Plan, facility: str) -> pd.Series:
    if facility not in set(plan.facilities["facility_id"]):
        raise PlanError("edit.no_such_facility", facility=facility)
    rows = plan.results.yields[plan.results.yields["facility_id"] == facility]
    if rows.empty or not float(rows.iloc[0]["energy_kwh"]) > 0.0:
        raise PlanError("finance.not_computed", facility=facility)
    return rows.iloc[0]
