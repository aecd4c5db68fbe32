"""Electricity tariffs, the bill in lines, and what a measure saves on it."""

from __future__ import annotations

from kawasolar.tariff.billing import CODES, Bill, Line, bill
from kawasolar.tariff.choice import Supply, supply_of, tariff_of, voltage_of
from kawasolar.tariff.compare import (
    Difference,
    Marginal,
    Measure,
    Step,
    difference,
    first_and_last,
    in_order,
    marginal,
)
from kawasolar.tariff.contract import contract_kw, power_factor_after, power_factor_ratio
from kawasolar.tariff.of_plan import PlanBills, bill_at, bills_of
from kawasolar.tariff.rates import Rates, rates_of
from kawasolar.tariff.rules import Rules, bundled_rules
from kawasolar.tariff.times import Zones, zones_of

__all__ = [
    "CODES", "Bill", "Difference", "Line", "Marginal", "Measure", "PlanBills", "Rates", "Rules", "Step", "Supply", "Zones", "bill", "bill_at", "bills_of", "bundled_rules",
    "contract_kw", "difference", "first_and_last", "in_order", "marginal", "power_factor_after", "power_factor_ratio", "rates_of", "supply_of", "tariff_of",
    "voltage_of", "zones_of",
]  # fmt: skip
