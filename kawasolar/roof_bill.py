"""A facility's bill without and with its roof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kawasolar.tariff.compare import Difference, Measure, difference, in_order
from kawasolar.tariff.of_plan import bills_of

if TYPE_CHECKING:
    from kawasolar.demand import Demand
    from kawasolar.plan import Plan
    from kawasolar.self_use import Flows
    from kawasolar.tariff.billing import Bill

# Lines that hang on the contract, not on the energy.
_DEMAND = ("demand", "excess", "capacity")


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
        found: Difference = difference(self.before, self.after)
        saved = float(sum(found.yen(code).sum() for code in _DEMAND))
        return saved * _without_tax(self.before) if self.before.tariff.tax_included else saved

    @property
    def yen_per_kwh(self) -> float:
        """What a self-used kilowatt-hour need not be bought for, without consumption tax; NaN where nothing is used."""
        net = sum(sign * _net(one) for sign, one in ((1.0, self.before), (-1.0, self.after)))
        return (net - self.demand_yen) / self.self_use_kwh if self.self_use_kwh > 0 else float("nan")


def _net(one: Bill) -> float:
    return float(one.year_yen - one.tax_yen.sum(axis=-1))


def _without_tax(one: Bill) -> float:
    whole = float(one.year_yen)
    return _net(one) / whole if whole > 0 else 1.0


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
