"""What charging does to the bills of facilities: energy, and the contract by the ratchet of twelve months."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.charging.ways import WAYS
from kawasolar.tariff.compare import Measure, in_order
from kawasolar.tariff.of_plan import tariffs_of
from kawasolar.tariff.rates import rates_of
from kawasolar.tariff.rules import bundled_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kawasolar.demand import Demand
    from kawasolar.plan import Plan
    from kawasolar.tariff.compare import Step
    from kawasolar.tariff.rates import Rates

    Array = NDArray[np.float64]

COLUMNS = (
    "tariff", "why_not", "contract_none_kw", "bill_none_yen", *(f"contract_{way}_kw" for way in WAYS), *(f"bill_{way}_yen" for way in WAYS),
    *(f"demand_{way}_yen" for way in WAYS),
)  # fmt: skip


def effects(plan: Plan, demand: Demand, produced_kwh: Array, net_charge: Mapping[str, Array]) -> pd.DataFrame:
    """Bills of facilities with their cars charged in each way, beside those without cars.

    The contract remembers twelve months; bills are those once it has.

    Parameters
    ----------
    demand : of these facilities
    produced_kwh : (n, 17520), of their roofs
    net_charge : by :data:`WAYS`, (n, 17520), drawn by the cars less what they give back [kWh]

    Returns
    -------
    a row a facility, :data:`COLUMNS`: contract of the year's highest month [kW or kVA], bill of the year without cars [yen], and what cars add to it, in all and in demand and excess charges;
    NaN with the code in ``why_not`` where it has no tariff

    Raises
    ------
    TariffError
        a tariff has no price for some half hour
    """
    rules = bundled_rules()
    rows = tariffs_of(plan, demand, rules)
    made = pd.DataFrame(np.nan, index=rows.index, columns=list(COLUMNS)).astype({"tariff": object, "why_not": object})
    made["tariff"], made["why_not"] = rows["tariff"], rows["why_not"]
    for key in [str(one) for one in dict.fromkeys(rows["tariff"]) if one]:
        at = np.flatnonzero((rows["tariff"] == key).to_numpy())
        rates = rates_of(plan.profile.tables, key, rules)
        given = rows["contract_kw"].to_numpy(dtype=np.float64)[at]
        for way in WAYS:
            step = _step(demand, at, produced_kwh[at], net_charge[way][at], rates, given)
            made.loc[at, "contract_none_kw"] = step.before.contract_kw.max(axis=-1)
            made.loc[at, "bill_none_yen"] = step.before.year_yen
            made.loc[at, f"contract_{way}_kw"] = step.after.contract_kw.max(axis=-1)
            made.loc[at, f"bill_{way}_yen"] = -step.saving.year_yen
            demand_yen = step.saving.yen("demand") + step.saving.yen("excess")
            made.loc[at, f"demand_{way}_yen"] = -demand_yen.sum(axis=-1)
    return made


def _step(demand: Demand, at: NDArray[np.int64], produced: Array, charge: Array, rates: Rates, given: Array) -> Step:
    """The bill before and after the cars, the roof being there."""
    load = demand.kwh[at].astype(np.float64)
    measures = [Measure("pv", -produced, active_only=True), Measure("cars", charge)]
    return in_order(load, measures, rates, demand.year, given_kw=given)[1]
