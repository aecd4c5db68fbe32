"""Next-generation cars for a city's fleet: what fits which car, what it costs, and in which fiscal year it comes.

Ledger (:mod:`ledger`) × catalogue (:mod:`catalogue`) ─► fits (:mod:`fitting`) and costs (:mod:`cost`) ─► fiscal years (:mod:`schedule`,
:mod:`programme`) ─► tables (:mod:`result`). Money is yen without consumption tax.
"""

from kawasolar.fleet.of_plan import electric_cars, fleet_of, plan_fleet
from kawasolar.fleet.result import FleetResult
from kawasolar.fleet.rules import FleetRules, default_rules
from kawasolar.fleet.table import Assumptions, assumptions_of

__all__ = [
    "Assumptions", "FleetResult", "FleetRules", "assumptions_of", "default_rules", "electric_cars", "fleet_of", "plan_fleet",
]  # fmt: skip
