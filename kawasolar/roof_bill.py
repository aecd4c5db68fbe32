"""A facility's bill without and with its roof; what a roof's energy is worth to many facilities at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import part, silent
from kawasolar.demand import demand_of
from kawasolar.errors import TariffError
from kawasolar.half_hours import HOURS
from kawasolar.self_use import flows
from kawasolar.tariff.compare import Measure, difference, in_order
from kawasolar.tariff.of_plan import bills_of, tariffs_of
from kawasolar.tariff.rates import rates_of
from kawasolar.tariff.rules import bundled_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.demand import Demand
    from kawasolar.plan import Plan
    from kawasolar.self_use import Flows
    from kawasolar.tariff.billing import Bill

# Lines that hang on the contract, not on the energy.
_DEMAND = ("demand", "excess", "capacity")
WORTH_COLUMNS = ("facility_id", "tariff", "why_not", "yen_per_kwh", "demand_yen")
# Facilities whose bills are in the making at once: some 2 MB each.
_AT_ONCE = 50


@dataclass(frozen=True)
class RoofBill:
    """Bills of one facility in the plan's fiscal year.

    Attributes
    ----------
    before, after : without the roof, and with it once the months before are with it, too
    first : with it in the first twelve months: the contract still remembers the months before (実量制)
    self_use_kwh : of the year
    """

    before: Bill
    after: Bill
    first: Bill
    self_use_kwh: float

    @property
    def saved_yen(self) -> float:
        """What the roof saves in a year, as it is paid: with tax."""
        return float(self.before.year_yen - self.after.year_yen)

    @property
    def saved_first_yen(self) -> float:
        """What it saves in the first twelve months."""
        return float(self.before.year_yen - self.first.year_yen)

    @property
    def demand_yen(self) -> float:
        """Of it what the lower contract saves, without consumption tax [yen/a]."""
        return float(_worth(self.before, self.after, self.self_use_kwh)[1])

    @property
    def yen_per_kwh(self) -> float:
        """What a self-used kilowatt-hour need not be bought for, without consumption tax; NaN where nothing is used."""
        return float(_worth(self.before, self.after, self.self_use_kwh)[0])


def _worth(
    before: Bill, after: Bill, self_use_kwh: float | NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[...] what a self-used kilowatt-hour saves as energy [yen/kWh], and what the lower contract saves [yen/a], without consumption tax."""
    net, net_after = (np.asarray(one.year_yen - one.tax_yen.sum(axis=-1), dtype=np.float64) for one in (before, after))
    found, whole = difference(before, after), np.asarray(before.year_yen, dtype=np.float64)
    demand = np.asarray(sum(found.yen(code).sum(axis=-1) for code in _DEMAND), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if before.tariff.tax_included:
            demand = demand * np.where(whole > 0.0, net / whole, 1.0)
        each = np.where(np.asarray(self_use_kwh) > 0.0, (net - net_after - demand) / self_use_kwh, np.nan)
    return each, demand


def roof_bill(plan: Plan, demand: Demand, found: Flows) -> RoofBill | str:
    """The bill of a facility without and with its roof.

    Parameters
    ----------
    demand, found : of the one facility (:func:`kawasolar.use.flows_of`)

    Returns
    -------
    The code why there is none where it has no tariff that is known.

    Raises
    ------
    TariffError
        a tariff has no price for some half hour
    """
    bills = bills_of(plan, demand)
    row = bills.facilities.iloc[0]
    key = str(row["tariff"])
    if not key:
        return str(row["why_not"])
    rates, given = bills.rates[key], float(row["contract_kw"])
    measure = Measure("pv", -found.self_use, active_only=True)
    made = [
        in_order(found.load, [measure], rates, demand.year, given_kw=given, first_year=first)[0]
        for first in (False, True)
    ]
    return RoofBill(made[0].before, made[0].after, made[1].after, float(found.self_use.sum()))


def roofs_worth(plan: Plan, facilities: Sequence[str], progress: Progress = silent) -> pd.DataFrame:
    """What the roofs of some facilities are worth on their own bills, each by its own tariff, load and self-use.

    Returns
    -------
    :data:`WORTH_COLUMNS`, a row each in their order: ``yen_per_kwh`` and ``demand_yen`` as :class:`RoofBill` has them; NaN where there is no bill, and ``why_not`` then the
    code, ``tariff.nothing_known`` where nothing is used

    Raises
    ------
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    wanted = list(dict.fromkeys(facilities))
    parts = []
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        parts.append(_some_worth(plan, some, part(progress, begin / len(wanted), (begin + len(some)) / len(wanted))))
    progress(1.0, "bill")
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(WORTH_COLUMNS))
    return whole.set_index("facility_id").reindex(list(facilities)).rename_axis("facility_id").reset_index()


def _some_worth(plan: Plan, some: Sequence[str], progress: Progress) -> pd.DataFrame:
    demand = demand_of(plan, some, progress=part(progress, 0.0, 0.4))
    rules = bundled_rules()
    rows = tariffs_of(plan, demand, rules)
    place = {str(name): k for k, name in reversed(list(enumerate(plan.results.yields["facility_id"])))}
    found = rows[["facility_id", "tariff", "why_not"]].assign(yen_per_kwh=np.nan, demand_yen=np.nan)
    keys = [str(key) for key in dict.fromkeys(rows["tariff"]) if key]
    for k, key in enumerate(keys):
        progress(0.4 + 0.6 * k / len(keys), "bill")
        at = np.flatnonzero((rows["tariff"] == key).to_numpy())
        hourly = np.zeros((len(at), HOURS), np.float32)
        for row, name in enumerate(rows["facility_id"].astype(str).iloc[at]):
            if name in place:
                hourly[row] = plan.results.hourly[place[name]]
        using = flows(demand.kwh[at], hourly)
        given = rows["contract_kw"].to_numpy(dtype=np.float64)[at]
        measure, own = Measure("pv", -using.self_use, active_only=True), using.self_use.sum(axis=-1)
        try:
            step = in_order(
                using.load, [measure], rates_of(plan.profile.tables, key, rules), demand.year, given_kw=given
            )[0]
        except TariffError as error:
            found.loc[at, "why_not"] = error.code
            continue
        each, lower = _worth(step.before, step.after, own)
        found.loc[at, "yen_per_kwh"], found.loc[at, "demand_yen"] = each, np.where(own > 0.0, lower, np.nan)
        found.loc[at[~(own > 0.0)], "why_not"] = "tariff.nothing_known"
    return found[list(WORTH_COLUMNS)]
