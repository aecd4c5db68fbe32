"""The bills of a plan's facilities: asked for, not kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import part, silent
from kawasolar.errors import TariffError
from kawasolar.tariff.billing import bill, one_of
from kawasolar.tariff.choice import supply_of_rows, tariff_of, voltage_of
from kawasolar.tariff.rates import rates_of
from kawasolar.tariff.rules import bundled_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.progress import Progress
    from kawasolar.demand import Demand
    from kawasolar.plan import Plan
    from kawasolar.tariff.billing import Bill
    from kawasolar.tariff.rates import Rates
    from kawasolar.tariff.rules import Rules

COLUMNS = (
    "facility_id", "voltage", "contract_kw", "contract_source", "points", "tariff", "why_not", "peak_kw", "billed_kw", "annual_kwh", "year_yen",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PlanBills:
    """Bills of the facilities of a plan.

    Attributes
    ----------
    facilities : a row each, :data:`COLUMNS`, in the order of the demand: ``contract_kw`` as somebody has told it (NaN: nobody), ``billed_kw`` the highest of the bill;
        ``tariff`` empty where there is no bill, and ``why_not`` then the code (``tariff.none_fits``, ``tariff.none_extra_high``, ``tariff.nothing_known``)
    bills : by tariff: places of its facilities in the frame, and their bills together
    rates : by tariff, what it charges
    """

    facilities: pd.DataFrame
    bills: Mapping[str, tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Bill]]
    rates: Mapping[str, Rates]


def bills_of(plan: Plan, demand: Demand, rules: Rules | None = None, progress: Progress = silent) -> PlanBills:
    """The bill of every facility of a demand, each by the tariff that it has, all of one tariff at once.

    Parameters
    ----------
    demand : of the plan (:func:`kawasolar.demand.demand_of`); its year is that of the bills

    Raises
    ------
    TariffError
        a tariff has no price for some half hour
    gis.progress.Cancelled
        from ``progress``
    """
    known = bundled_rules() if rules is None else rules
    rows = tariffs_of(plan, demand, known)
    bills: dict[str, tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Bill]] = {}
    rates: dict[str, Rates] = {}
    keys = [str(key) for key in dict.fromkeys(rows["tariff"]) if key]
    for k, key in enumerate(keys):
        told = part(progress, k / len(keys), (k + 1) / len(keys))
        told(0.0, "bill")
        at = np.flatnonzero((rows["tariff"] == key).to_numpy())
        rates[key] = rates_of(plan.profile.tables, key, known)
        # As it was estimated or measured, half hour by half hour: no copy but of these rows.
        made = bill(demand.kwh[at], rates[key], demand.year, given_kw=rows["contract_kw"].to_numpy(dtype=float)[at])
        bills[key] = at, made
        rows.loc[at, "billed_kw"] = made.contract_kw.max(axis=-1)
        rows.loc[at, "year_yen"] = made.year_yen
        told(1.0, "bill")
    return PlanBills(rows, bills, rates)


def tariffs_of(plan: Plan, demand: Demand, rules: Rules) -> pd.DataFrame:
    """Which tariff each facility has, or why none: :data:`COLUMNS`, without what only a bill says."""
    supplies = supply_of_rows(plan)
    found: list[dict[str, object]] = []
    for facility, source, peak, used in zip(
        *(demand.facilities[name].tolist() for name in ("facility_id", "source", "peak_kw", "annual_kwh")), strict=True
    ):
        supply = supplies(str(facility))
        told = 0.0 if np.isnan(peak) else float(peak)
        tariff, why = "", "tariff.nothing_known" if source == "none" else ""
        if not why:
            try:
                tariff = tariff_of(plan.profile.tables, supply, told, demand.year.year, rules)[0].key
            except TariffError as error:
                why = error.code
        found.append(
            {
                "facility_id": facility, "voltage": voltage_of(supply, told, rules) if source != "none" or supply.source != "none" else "",
                "contract_kw": np.nan if supply.contract_kw is None else supply.contract_kw, "contract_source": supply.source, "points": supply.points,
                "tariff": tariff, "why_not": why, "peak_kw": peak, "billed_kw": np.nan, "annual_kwh": used, "year_yen": np.nan,
            }
        )  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))


def bill_at(bills: PlanBills, facility_id: str) -> Bill | None:
    """The bill of one facility out of all; None where it has none."""
    for at, made in bills.bills.values():
        ids = bills.facilities["facility_id"].to_numpy()[at]
        place = np.flatnonzero(ids == facility_id)
        if len(place):
            return one_of(made, int(place[0]))
    return None
