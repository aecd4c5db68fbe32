"""What is assumed of cars and their charging: ``resources/charging.toml``, and what somebody asks for instead."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from kawasolar.assumed import check_given, rows_by_key
from kawasolar.errors import PlanError
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.assumed import Assumption

WHOLE = ("longest_days", "winter_from", "winter_to", "days_per_year")

# What a list of cars tells itself, and what only outages want.
OF_LEDGER = (
    "usable_share", "battery_kei_kwh", "battery_kwh", "kwh_per_km_kei", "kwh_per_km", "winter_factor", "km_day", "longest_factor", "days_per_year", "leaves", "returns",
    "charge_kw_kei", "charge_kw",
)  # fmt: skip
OF_OUTAGE = ("outage_floor", "critical_share", "outage_hours")


@dataclass(frozen=True)
class Assumptions:
    """Numbers by the keys of ``resources/charging.toml``, with units as there.

    Attributes
    ----------
    reserve_share : of the usable battery, below which no car may come
    longest_days : days of the year on which a car drives its longest
    winter_from, winter_to : first and last month of winter, over New Year where the first is the later
    staff_from, staff_to : when somebody can put another car at a charger [h]
    dc_rate : highest power of direct current into a battery, by its capacity [1/h]
    outage_floor : of the usable battery, what is left in a car in an outage
    critical_share : of a facility's load, what is kept up in an outage
    outage_hours : no longer is counted [h]
    asked : keys that somebody has given
    """

    reserve_share: float
    usable_share: float
    battery_kei_kwh: float
    battery_kwh: float
    kwh_per_km_kei: float
    kwh_per_km: float
    winter_factor: float
    km_day: float
    longest_factor: float
    days_per_year: int
    longest_days: int
    leaves: float
    returns: float
    charge_kw_kei: float
    charge_kw: float
    dc_rate: float
    winter_from: int
    winter_to: int
    staff_from: float
    staff_to: float
    outage_floor: float
    critical_share: float
    discharge_efficiency: float
    outage_hours: float
    asked: frozenset[str] = field(default=frozenset())


@cache
def assumption_rows() -> Mapping[str, Assumption]:
    """Key -> its row."""
    table = tomllib.loads(resource_path("charging.toml").read_text("utf-8"))
    return rows_by_key(table["assumptions"])


def assumptions_with(asked: Mapping[str, float] | None = None) -> Assumptions:
    """The shipped assumptions with some numbers of somebody's own.

    Raises
    ------
    PlanError
        ``charging.no_such_assumption``, ``charging.range``, ``charging.bad_hours`` (cars that come back before they leave)
    """
    rows, given = assumption_rows(), dict(asked or {})
    check_given(rows, given, unknown="charging.no_such_assumption", beyond="charging.range", whole=WHOLE)
    values = {key: row.value for key, row in rows.items()} | given
    if not values["leaves"] < values["returns"]:
        raise PlanError("charging.bad_hours", leaves=values["leaves"], returns=values["returns"])
    whole = {key: int(values[key]) for key in WHOLE}
    return Assumptions(**(values | whole), asked=frozenset(given))  # type: ignore[arg-type]
