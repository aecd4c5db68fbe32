"""Measures at a facility one after the other: what LED lighting, the roof's PV and chargers save on its bill, and how much that hangs on their order."""

from __future__ import annotations

from kawasolar.assumed import Assumption
from kawasolar.measures.order import CODES, Code, Found, Ordered, compare_orders, lines_of, orders_of
from kawasolar.measures.site import Site, lamps_of, measures_of, site_of
from kawasolar.measures.table import Assumptions, assumption_rows, assumptions_with

__all__ = [
    "CODES", "Assumption", "Assumptions", "Code", "Found", "Ordered", "Site", "assumption_rows", "assumptions_with", "compare_orders", "lamps_of", "lines_of", "measures_of",
    "orders_of", "site_of",
]  # fmt: skip
