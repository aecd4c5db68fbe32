"""What is assumed of measures: ``resources/measures.toml``, and what somebody asks for instead."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field, fields, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from kawasolar.errors import PlanError
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.words import Language

WHOLE = ("chargers", "charger_days")
# What somebody says of chargers: then the cars of the plan do not.
CHARGERS = ("chargers", "charger_kw", "charger_from", "charger_hours", "charger_days")
# Of days in the week: nothing between the working days and all.
DAYS = (5, 7)


@dataclass(frozen=True)
class Assumption:
    """A row of the table: a number with unit, range, source and how sure it is."""

    key: str
    value: float
    unit: str
    low: float
    high: float
    source_ja: str
    source_en: str
    note_ja: str
    note_en: str
    how_sure: str

    def source(self, language: Language) -> str:
        """Where it comes from."""
        return self.source_ja if language == "ja" else self.source_en

    def note(self, language: Language) -> str:
        """What else is to be known of it."""
        return self.note_ja if language == "ja" else self.note_en


@dataclass(frozen=True)
class Assumptions:
    """What is assumed of the measures; units as in ``resources/measures.toml``.

    Attributes
    ----------
    lighting_share : of the load, where neither a ledger of lamps nor ``lighting_kwh`` tells it
    led_saving : of the lighting's electricity
    charger_from, charger_hours : begin and length of charging on a day [h]
    charger_days : 5 or 7 of the week
    lighting_kwh : what lighting uses a year, as somebody says it [kWh]; None where nobody does
    asked : keys that somebody has given
    """

    lighting_share: float
    led_saving: float
    chargers: int
    charger_kw: float
    charger_from: float
    charger_hours: float
    charger_days: int
    lighting_kwh: float | None = None
    asked: frozenset[str] = field(default=frozenset())


@cache
def assumption_rows() -> Mapping[str, Assumption]:
    """Key -> its row."""
    table = tomllib.loads(resource_path("measures.toml").read_text("utf-8"))
    rows = cast("list[dict[str, object]]", table["assumptions"])
    names = [one.name for one in fields(Assumption)]
    return MappingProxyType({str(row["key"]): Assumption(**{name: row[name] for name in names}) for row in rows})  # type: ignore[arg-type]


def assumptions_with(asked: Mapping[str, float], lighting_kwh: float | None = None) -> Assumptions:
    """The shipped assumptions with some numbers of somebody's own.

    Raises
    ------
    PlanError
        ``measures.no_such_assumption``, ``measures.range``
    """
    rows = assumption_rows()
    for key, value in asked.items():
        if key not in rows:
            raise PlanError("measures.no_such_assumption", found=key[:60], expected=", ".join(rows))
        _check(key, value, rows[key].low, rows[key].high)
    if lighting_kwh is not None:
        _check("lighting_kwh", lighting_kwh, 0.0, math.inf)
    values = {key: row.value for key, row in rows.items()} | dict(asked)
    whole = {key: int(values[key]) for key in WHOLE}
    made = Assumptions(**(values | whole))  # type: ignore[arg-type]
    told = frozenset(asked) | (frozenset() if lighting_kwh is None else {"lighting_kwh"})
    return replace(made, lighting_kwh=lighting_kwh, asked=told)


def _check(key: str, value: float, low: float, high: float) -> None:
    broken = key in WHOLE and value != int(value) if math.isfinite(value) else True
    if broken or not low <= value <= high or (key == "charger_days" and value not in DAYS):
        raise PlanError("measures.range", key=key, found=value, low=low, high=high)
