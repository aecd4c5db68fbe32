"""What is assumed of sites of chargers: ``resources/siting.toml``, and what somebody asks for instead."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from kawasolar.assumed import check_given, rows_by_key
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.assumed import Assumption

WHOLE = ("chargers_most", "stalls_least")


@dataclass(frozen=True)
class Assumptions:
    """What is assumed; units as in ``resources/siting.toml``.

    Attributes
    ----------
    detour : way over straight line
    radius_m : within which a point is covered [m]
    ev_share, ev_kwh_day : EVs of a unit of weight, and what one needs of public chargers a day [kWh]
    fleet_kwh_km : of a city's own vehicles [kWh/km]
    charger_kw, charger_yen, chargers_most : of a charger, and the most at a site
    use_share : of the open hours, in which a charger charges
    spare_margin : of the contract, what is left free
    stalls_least, open_hours_least, flood_m, years_least : what a candidate must have
    asked : keys that somebody has given
    """

    detour: float
    radius_m: float
    ev_share: float
    ev_kwh_day: float
    fleet_kwh_km: float
    charger_kw: float
    charger_yen: float
    chargers_most: int
    use_share: float
    spare_margin: float
    stalls_least: int
    open_hours_least: float
    flood_m: float
    years_least: float
    asked: frozenset[str] = field(default=frozenset())


@cache
def _table() -> Mapping[str, Any]:
    return MappingProxyType(tomllib.loads(resource_path("siting.toml").read_text("utf-8")))


@cache
def assumption_rows() -> Mapping[str, Assumption]:
    """Key -> its row."""
    return rows_by_key(_table()["assumptions"])


def headings() -> Mapping[str, list[str]]:
    """Column -> the headings by which it is told."""
    return cast("Mapping[str, list[str]]", _table()["headings"])


def usual_number() -> int:
    """How many sites, where nobody says."""
    return int(_table()["usual"]["number"])


def assumptions_with(asked: Mapping[str, float]) -> Assumptions:
    """The shipped assumptions with some numbers of somebody's own.

    Raises
    ------
    PlanError
        ``siting.no_such_assumption``, ``siting.range``
    """
    rows = assumption_rows()
    check_given(rows, asked, unknown="siting.no_such_assumption", beyond="siting.range", whole=WHOLE)
    values = {key: row.value for key, row in rows.items()} | dict(asked)
    whole = {key: int(values[key]) for key in WHOLE}
    return Assumptions(**(values | whole), asked=frozenset(asked))  # type: ignore[arg-type]
