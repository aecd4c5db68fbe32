"""What is assumed of measures: ``resources/measures.toml``, and what somebody asks for instead."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from kawasolar.assumed import check_given, rows_by_key
from kawasolar.errors import PlanError
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.assumed import Assumption

WHOLE = ("chargers", "charger_days")
# What somebody says of chargers: then the cars of the plan do not.
CHARGERS = ("chargers", "charger_kw", "charger_from", "charger_hours", "charger_days")
# Of days in the week: nothing between the working days and all.
DAYS = (5, 7)


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
    return rows_by_key(table["assumptions"])


def assumptions_with(asked: Mapping[str, float], lighting_kwh: float | None = None) -> Assumptions:
    """The shipped assumptions with some numbers of somebody's own.

    Raises
    ------
    PlanError
        ``measures.no_such_assumption``, ``measures.range``
    """
    rows = assumption_rows()
    check_given(rows, asked, unknown="measures.no_such_assumption", beyond="measures.range", whole=WHOLE)
    days = asked.get("charger_days", DAYS[0])
    if days not in DAYS:
        raise PlanError("measures.range", key="charger_days", found=days, low=DAYS[0], high=DAYS[-1])
    if lighting_kwh is not None and not 0.0 <= lighting_kwh < math.inf:
        raise PlanError("measures.range", key="lighting_kwh", found=lighting_kwh, low=0.0, high=math.inf)
    values = {key: row.value for key, row in rows.items()} | dict(asked)
    whole = {key: int(values[key]) for key in WHOLE}
    made = Assumptions(**(values | whole))  # type: ignore[arg-type]
    told = frozenset(asked) | (frozenset() if lighting_kwh is None else {"lighting_kwh"})
    return replace(made, lighting_kwh=lighting_kwh, asked=told)
