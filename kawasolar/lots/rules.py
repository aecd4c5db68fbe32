"""By which rules sites are grouped, and what a lot costs beside its plants: ``resources/lots.toml``, and what somebody asks for instead."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, fields, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from kawasolar.errors import PlanError
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY_TIME = "any"
SEASONS = (ANY_TIME, "summer")


@dataclass(frozen=True)
class LotRules:
    """What a lot must keep to; units as in ``resources/lots.toml``.

    Attributes
    ----------
    max_distance_km : between the places of any two sites
    year_span : fiscal years in a row of which its sites may be; 0 = any, where a programme has years
    lot_km2 : what a further lot must take off the sum of squared distances from the lots' middles
    spoils_yen : a site is named if the lot without it is cheaper by this much [yen/kWh]
    """

    min_kw: float
    max_kw: float
    min_sites: int
    max_sites: int
    max_distance_km: float
    same_ward: bool
    same_roof: bool
    same_season: bool
    year_span: int
    lot_km2: float
    spoils_yen: float


@dataclass(frozen=True)
class LotCosts:
    """What the operator pays beside the plants: once a site and a lot [yen], each year [yen/a], visits [1/a], travel [yen/km]."""

    site_once: float
    lot_once: float
    lot_yearly: float
    visits: float
    travel: float


@cache
def _table() -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", tomllib.loads(resource_path("lots.toml").read_text("utf-8")))


@cache
def rule_rows() -> Mapping[str, Mapping[str, Any]]:
    """Key of a rule -> its row: value, unit, low, high, source."""
    return MappingProxyType({str(row["key"]): row for row in _table()["rules"]})


@cache
def cost_rows() -> Mapping[str, Mapping[str, Any]]:
    """Key of a cost -> its row."""
    return MappingProxyType({str(row["key"]): row for row in _table()["costs"]})


def default_rules() -> LotRules:
    """The shipped rules."""
    return rules_with({})


def rules_with(asked: Mapping[str, float]) -> LotRules:
    """The shipped rules with some numbers of somebody's own.

    Raises
    ------
    PlanError
        ``lots.no_such_rule``, ``lots.rule_range``, ``lots.rule_order``: a least size beyond the greatest
    """
    rows = rule_rows()
    values = {key: float(row["value"]) for key, row in rows.items()}
    for key, value in asked.items():
        if key not in rows:
            raise PlanError("lots.no_such_rule", key=key, expected=", ".join(rows))
        low, high = float(rows[key]["low"]), float(rows[key]["high"])
        whole = _kinds()[key] != "float"
        if not math.isfinite(value) or not low <= value <= high or (whole and value != int(value)):
            raise PlanError("lots.rule_range", key=key, found=value, low=low, high=high)
        values[key] = float(value)
    made = {key: {"int": int, "bool": bool}.get(_kinds()[key], float)(value) for key, value in values.items()}
    rules = LotRules(**made)
    for least, most in (("min_kw", "max_kw"), ("min_sites", "max_sites")):
        if getattr(rules, least) > getattr(rules, most):
            raise PlanError("lots.rule_order", least=getattr(rules, least), most=getattr(rules, most))
    return rules


@cache
def _kinds() -> Mapping[str, str]:
    return {one.name: str(one.type) for one in fields(LotRules)}


def default_costs() -> LotCosts:
    """The shipped costs."""
    return LotCosts(**{key: float(row["value"]) for key, row in cost_rows().items()})


def costs_with(asked: Mapping[str, float]) -> LotCosts:
    """The shipped costs with some numbers of somebody's own.

    Raises
    ------
    PlanError
        ``lots.no_such_rule``, ``lots.rule_range``
    """
    rows = cost_rows()
    for key, value in asked.items():
        if key not in rows:
            raise PlanError("lots.no_such_rule", key=key, expected=", ".join(rows))
        low, high = float(rows[key]["low"]), float(rows[key]["high"])
        if not math.isfinite(value) or not low <= value <= high:
            raise PlanError("lots.rule_range", key=key, found=value, low=low, high=high)
    return replace(default_costs(), **asked)


@cache
def seasons() -> Mapping[str, str]:
    """Kind of facility -> when one works there; kinds that are not in it: at any time."""
    return MappingProxyType({str(row["kind"]): str(row["season"]) for row in _table()["seasons"]})
