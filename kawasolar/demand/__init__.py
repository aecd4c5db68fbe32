"""Demand of facilities in the half hours of a fiscal year, from meters or estimated by kind."""

from __future__ import annotations

from kawasolar.demand.estimate import Demand, estimate
from kawasolar.demand.holidays import national_holidays
from kawasolar.demand.metered import Metered, metered_year
from kawasolar.demand.of_plan import demand_of
from kawasolar.demand.shape import day_types, shape_of
from kawasolar.demand.templates import (
    Templates,
    bundled_templates,
    laid_over,
    overridden,
    read_templates,
    tables_fingerprint,
    templates_of,
)

__all__ = [
    "Demand",
    "Metered",
    "Templates",
    "bundled_templates",
    "day_types",
    "demand_of",
    "estimate",
    "laid_over",
    "metered_year",
    "national_holidays",
    "overridden",
    "read_templates",
    "shape_of",
    "tables_fingerprint",
    "templates_of",
]
