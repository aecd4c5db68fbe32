"""Facilities of a plan as sites of the cash flows: what their roofs give, and what of it they use at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.errors import PlanError
from kawasolar.finance.site import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from kawasolar.finance.terms import Range
    from kawasolar.plan import Plan


def sites_of(plan: Plan, facilities: Sequence[str], price: ArrayLike, self_share: float | None = None) -> Site:
    """Capacity, energy and usable roof of some facilities, an array of each in their order.

    Parameters
    ----------
    price : what a kWh need not be bought for [yen/kWh]
    self_share : share of the energy that they use at once [-]; by their half hours (:mod:`kawasolar.use`) unless given

    Raises
    ------
    PlanError
        no such facility, nothing is computed for it, or nobody knows what it uses
    """
    rows = _rows(plan, facilities)
    energy = rows["energy_kwh"].to_numpy(dtype=np.float64)
    own = _self_use(plan, facilities) if self_share is None else energy * self_share
    # Half hours are kept as 32-bit floats.
    own = np.minimum(own, energy)
    kw, roof = (rows[key].to_numpy(dtype=np.float64) for key in ("capacity_kw", "usable_m2"))
    return Site(kw, own, energy - own, price, roof_m2=roof)


def site_of(
    plan: Plan, facility: str, price: float, self_share: float | None = None, *, demand_saving: float = 0.0, battery_kwh: float = 0.0
) -> Site:  # fmt: skip
    """One facility as :func:`sites_of` has it, as plain numbers."""
    found = sites_of(plan, [facility], price, self_share)
    kw, own, surplus, roof = (
        float(np.asarray(value)[0])
        for value in (found.capacity_kw, found.self_use_kwh, found.surplus_kwh, found.roof_m2)
    )
    one = replace(found, capacity_kw=kw, self_use_kwh=own, surplus_kwh=surplus, roof_m2=roof)
    return replace(one, demand_saving_yen=demand_saving, battery_kwh=battery_kwh)


def energy_band(plan: Plan, facility: str) -> Range | None:
    """Energy of a dull and of a sunny year over the average's [-]; None where the plan has none."""
    row = _rows(plan, [facility]).iloc[0]
    energy = float(row["energy_kwh"])
    ends = [float(row.get(key, float("nan"))) for key in ("energy_dull_kwh", "energy_sunny_kwh")]
    return (ends[0] / energy, ends[1] / energy) if all(pd.notna(end) for end in ends) else None


def _rows(plan: Plan, facilities: Sequence[str]) -> pd.DataFrame:
    """The yields of some facilities, in their order."""
    known = set(plan.facilities["facility_id"])
    unknown = [name for name in facilities if name not in known]
    if unknown:
        raise PlanError("edit.no_such_facility", facility=unknown[0])
    rows = plan.results.yields.drop_duplicates("facility_id").set_index("facility_id").reindex(list(facilities))
    bare = ~(rows["energy_kwh"].to_numpy(dtype=np.float64) > 0.0)
    if bare.any():
        raise PlanError("finance.not_computed", facility=facilities[int(np.argmax(bare))])
    return rows


def _self_use(plan: Plan, facilities: Sequence[str]) -> NDArray[np.float64]:
    """What they use at once of their roofs' energy, by the plan's half hours [kWh]."""
    if plan.use is None:
        raise PlanError("finance.no_use", facility=facilities[0])
    frame = plan.use.frame.drop_duplicates("facility_id").set_index("facility_id")
    own = frame["self_use_kwh"].reindex(list(facilities)).to_numpy(dtype=np.float64)
    missing = np.isnan(own)
    if missing.any():
        raise PlanError("finance.no_use", facility=facilities[int(np.argmax(missing))])
    return own
