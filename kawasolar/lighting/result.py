"""What LED retrofits of a plan come to, as tables and a head of plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from gis.findings import Finding

# Columns of :attr:`Lighting.facilities`.
FACILITIES = (
    "facility_id", "name", "ward", "kind", "estimated", "luminaires", "led_luminaires", "old_kw", "new_kw", "old_kwh", "new_kwh", "saved_kwh", "saved_yen", "contract_kw", "by",
    "upkeep_yen", "cost_yen", "high_yen", "payback", "co2_t", "ban", "last_day", "deadline_year", "year", "year_cost_yen", "joint", "late", "way", "lot", "lamp_count",
    "mercury_lamps", "pcb", "survey", "asbestos", "waste_kg", "waste_yen",
)  # fmt: skip
WAYS = (
    "facility_id", "way", "first_yen", "yearly_yen", "years", "total_yen", "npv_yen", "payback", "provider_irr",
)  # fmt: skip
YEARS = (
    "fiscal_year", "budget_yen", "facilities", "luminaires", "cost_yen", "joint", "saved_kwh", "saving_yen", "saved_total_yen", "co2_t", "late", "left",
)  # fmt: skip
FRAMES = ("rows", "facilities", "ways", "stock", "years", "lots")


@dataclass(frozen=True)
class Head:
    """What the tables were reckoned with, and what is not in them.

    Attributes
    ----------
    first, last : fiscal years of the programme
    budget_yen : of a year; None for none; ``budgets`` of single years
    goal : ``saving co2``; ``deadlines`` whether they came first
    pins : facility -> fiscal year, 0 for none
    status, gap : of the search; ``in_time`` luminaires replaced by their deadline, ``most_in_time`` the most of any programme
    numbers : key -> value, of the table; ``asked`` those of them that somebody has given; ``table`` its file
    verify : rows of the table that are judgements to be replaced by one's own
    last_days : rule -> last day, ISO
    left_out : facilities that nothing is known of, with the code why; ``done`` those whose lamps are LED already
    """

    first: int
    last: int
    budget_yen: float | None
    budgets: Mapping[int, float]
    goal: str
    deadlines: bool
    pins: Mapping[str, int]
    status: str
    gap: float
    in_time: float
    most_in_time: float
    numbers: Mapping[str, float]
    asked: tuple[str, ...]
    table: str
    verify: int
    last_days: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Lighting:
    """LED retrofits of a plan.

    Attributes
    ----------
    rows : luminaires that are no LED yet with what takes their place (:data:`kawasolar.lighting.ledger.COLUMNS`, :data:`kawasolar.lighting.replacing.ADDED`)
    facilities : :data:`FACILITIES`, a row each: ``year`` of the programme (0: in none), ``year_cost_yen`` in that year, ``late`` luminaires replaced after their deadline or never
    ways : :data:`WAYS`, three rows a facility
    stock : :data:`kawasolar.lighting.deadlines.STOCK`
    years : :data:`YEARS`; lots : :data:`kawasolar.lighting.lots.LOTS`
    """

    head: Head
    rows: pd.DataFrame
    facilities: pd.DataFrame
    ways: pd.DataFrame
    stock: pd.DataFrame
    years: pd.DataFrame
    lots: pd.DataFrame
    findings: tuple[Finding, ...] = ()
