"""Rows of the tables of loads: what a kind of facility uses, and when. Each says its source, as those of a profile do.

They stand in ``resources/load_templates.toml``; a profile's tables of the same names can override them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kawasolar.profiles import fields as of
from kawasolar.profiles.reader import Cited

# Kinds of facilities as the ledger has them (``resources/ledger_columns.toml``, [values.kind]).
KINDS: Final = (
    "school", "office", "library", "nursery", "fire_station", "hall", "depot", "waste_plant", "water_works", "sports", "welfare",
    "housing", "park", "other",
)  # fmt: skip
# Of a facility whose kind nobody knows.
UNKNOWN_KIND: Final = "other"
# Types of day; on a closed one there is nothing but the base load.
OPEN, SATURDAY, HOLIDAY, VACATION, CLOSED = range(5)
DAYS: Final = ("open", "saturday", "holiday", "vacation", "closed")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKS: Final = ("1", "2", "3", "4", "5")
# What becomes of the weekly closing day where it is a national holiday: closed nevertheless, open, or open with the next working day closed.
ON_HOLIDAY: Final = ("closed", "open", "moves")

_MONTH_DAY, _EXAMPLE = r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "01-01 … 12-31"


@dataclass(frozen=True, kw_only=True)
class LoadTemplate(Cited):
    """What a kind of facility uses by day and night.

    Attributes
    ----------
    base_share : what always runs, as a share of the power in full use without heating and cooling; ``low`` and ``high`` are its range
    cooling, heating : what is added in the hottest and the coldest month, as a share of that of use
    closed_weekdays : weekly closing days; ``closed_weeks`` of the month, none: of every week
    ramp_h : how long opening and closing take [h]
    """

    kind: str = of.choice(*KINDS)
    base_share: float = of.number("-", 0.01, 1.0)
    cooling: float = of.number("-", 0.0, 5.0)
    heating: float = of.number("-", 0.0, 5.0)
    closed_weekdays: tuple[str, ...] = of.codes(*WEEKDAYS)
    closed_weeks: tuple[str, ...] = of.codes(*WEEKS)
    on_holiday: str = of.choice(*ON_HOLIDAY)
    ramp_h: float = of.number("h", 0.0, 4.0)


@dataclass(frozen=True, kw_only=True)
class Period(Cited):
    """Hours of use on some types of days; ``level`` is the share of full use, ``low`` and ``high`` its range."""

    kind: str = of.choice(*KINDS)
    days: tuple[str, ...] = of.codes(*DAYS[:CLOSED])
    begin_h: float = of.number("h", 0.0, 24.0)
    end_h: float = of.number("h", 0.0, 24.0)
    level: float = of.number("-", 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Span(Cited):
    """Days of every year, both ends included, on which these kinds have vacation or are closed; it may go over New Year."""

    kinds: tuple[str, ...] = of.codes(*KINDS)
    day: str = of.choice(DAYS[VACATION], DAYS[CLOSED])
    begin: str = of.text(pattern=_MONTH_DAY, example=_EXAMPLE)
    end: str = of.text(pattern=_MONTH_DAY, example=_EXAMPLE)


@dataclass(frozen=True, kw_only=True)
class Month(Cited):
    """How much of the hottest month's cooling and the coldest month's heating a month has."""

    month: int = of.whole("month", 1.0, 12.0)
    cooling: float = of.number("-", 0.0, 1.0)
    heating: float = of.number("-", 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Intensity(Cited):
    """Electricity of a year by floor area, for facilities without meter and bill; a kind without one is not estimated."""

    kind: str = of.choice(*KINDS)
    kwh_m2: float = of.number("kWh/(m² a)", 0.1, 2000.0)


@dataclass(frozen=True, kw_only=True)
class Course(Cited):
    """The day's course of cooling and heating, and how far an estimated peak may be from the contract before it is told.

    Attributes
    ----------
    cooling_peak_h, heating_peak_h : hour of the day at which most is needed
    swing : what is less twelve hours from it, as a share
    contract_low, contract_high : estimated peak over contracted power [-]; beyond, it is told
    """

    cooling_peak_h: float = of.number("h", 0.0, 24.0)
    heating_peak_h: float = of.number("h", 0.0, 24.0)
    swing: float = of.number("-", 0.0, 1.0)
    contract_low: float = of.number("-", 0.0, 1.0)
    contract_high: float = of.number("-", 1.0, 20.0)


@dataclass(frozen=True)
class Section:
    """A table: what its rows are, which fields tell one from another, and whether there is one row only."""

    row: type[Cited]
    identity: tuple[str, ...]
    single: bool = False


SECTIONS: Mapping[str, Section] = {
    "load_course": Section(Course, (), single=True),
    "load_months": Section(Month, ("month",)),
    "load_templates": Section(LoadTemplate, ("kind",)),
    "load_periods": Section(Period, ("kind", "days", "begin_h")),
    "load_spans": Section(Span, ("kinds", "day", "begin")),
    "load_intensities": Section(Intensity, ("kind",)),
}
