"""Demand of a plan's own vehicles, at their bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from kawasolar.siting.table import Assumptions


def fleet_points(plan: Plan, assumed: Assumptions) -> pd.DataFrame:
    """Bases of the plan's vehicles as points: weight = kWh a day by the year's kilometres.

    Raises
    ------
    PlanError
        ``siting.no_fleet``: no ledger of vehicles, or none with a base in the plan and kilometres
    """
    from kawasolar.registers.of_plan import rows_of_plan

    rows, _ = rows_of_plan(plan, "vehicles")
    if not len(rows) or "annual_km" not in rows:
        raise PlanError("siting.no_fleet")
    km = rows.groupby("facility_id")["annual_km"].sum(min_count=1).dropna()
    places = plan.facilities.set_index(plan.facilities["facility_id"].astype(str))
    places = places[places.geometry.notna()]
    km = km[(km > 0) & km.index.isin(places.index)]
    if not len(km):
        raise PlanError("siting.no_fleet")
    found = places.loc[km.index]
    within = found.geometry.representative_point()
    return pd.DataFrame(
        {
            "point_id": km.index.to_numpy(object), "name": found["name"].to_numpy(object),
            "weight": km.to_numpy(float) / 365.0 * assumed.fleet_kwh_km, "x": within.x.to_numpy(), "y": within.y.to_numpy(),
        }
    )  # fmt: skip
