"""Chargers at each base: which are enough, how cars are charged at them, what that does to the bill, and cars as a store in an outage.

Energy is of half hours [kWh] from 1 April; power is what chargers draw from the building [kW]; money is yen without consumption tax for chargers, as paid on bills.
"""

from __future__ import annotations

from kawasolar.charging.bases import Asked, charging_of
from kawasolar.charging.cars import COLUMNS, cars_of_plan, checked_cars, read_cars
from kawasolar.charging.kept import from_kept, kept
from kawasolar.charging.kinds import Charger, bundled_kinds, read_kinds
from kawasolar.charging.result import Charging
from kawasolar.charging.table import Assumptions, assumption_rows, assumptions_with
from kawasolar.charging.ways import WAYS

__all__ = [
    "COLUMNS", "WAYS", "Asked", "Assumptions", "Charger", "Charging", "assumption_rows", "assumptions_with", "bundled_kinds", "cars_of_plan", "charging_of",
    "checked_cars", "from_kept", "kept", "read_cars", "read_kinds",
]  # fmt: skip
