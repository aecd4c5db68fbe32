"""The ways, their lines and figures in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kawasolar.finance.terms import CAPEX, GRID_FACTOR
from kawasolar.finance.tornado import ENERGY, SUBSIDY
from kawasolar.profiles.tables import PPA_RULES
from kawasolar.profiles.words import choice_name, value_text
from kawasolar.reasons import unit_text
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.finance.compare import Outcome
    from kawasolar.finance.grants import Grant
    from kawasolar.finance.terms import Terms
    from kawasolar.finance.ways import Way
    from kawasolar.words import Language

# Unit of a figure, and digits behind the point; rates of return are told as percent.
_NONE = "–"
_YEN, _YEARS, _PERCENT, _TONNES = ("finance.unit.yen", 0), ("finance.unit.a", 1), ("finance.unit.percent", 2), ("finance.unit.t", 1)  # fmt: skip
_PRICE, _YEARLY = ("finance.unit.yen_kwh", 2), ("finance.unit.yen_a", 0)
_UNITS: dict[str, tuple[str, int]] = {
    "capex": _YEN, "grant": _YEN, "city_first": _YEN, "city_total": _YEN, "city_npv": _YEN, "city_irr": _PERCENT, "city_payback": _YEARS,
    "city_payback_discounted": _YEARS, "operator_npv": _YEN, "operator_irr": _PERCENT, "operator_payback": _YEARS, "lcoe": _PRICE, "tax_total": _YEN,
    "co2_first": _TONNES, "co2_total": _TONNES,
}  # fmt: skip


def way_name(language: Language, way: Way) -> str:
    """What a way is called."""
    return say(language, f"finance.way.{way}")


def line_name(language: Language, code: str) -> str:
    """What a line of the cash flows is called."""
    return say(language, f"finance.line.{code}")


def figure_name(language: Language, key: str) -> str:
    """What a figure is called."""
    return say(language, f"finance.figure.{key}")


def figure_unit(language: Language, way: Way, key: str) -> str:
    """Its unit."""
    return say(language, _unit(way, key)[0])


def figure_number(way: Way, key: str, value: float) -> float | None:
    """A figure in its unit, rounded as it is told; None where there is none."""
    unit, digits = _unit(way, key)
    if math.isnan(value):
        return None
    number = round(value * 100.0 if unit == _PERCENT[0] else value, digits)
    # No minus before a nought.
    return number + 0.0 if number else 0.0


def figure_text(language: Language, way: Way, key: str, value: float) -> str:
    """A figure with its unit; a dash where there is none."""
    number = figure_number(way, key, value)
    if number is None:
        return _NONE
    shown = f"{number:,.{_unit(way, key)[1]}f}".replace("-", "−")
    return f"{shown} {figure_unit(language, way, key)}"


def _unit(way: Way, key: str) -> tuple[str, int]:
    if key in ("unit", "unit_without"):
        return _PRICE if way == "ppa" else _YEARLY
    return _UNITS[key]


def grant_texts(language: Language, grant: Grant) -> list[str]:
    """A subsidy's name, then each of its conditions with what came of it; empty where none was asked for."""
    if grant.subsidy is None:
        return []
    return [grant.subsidy.name(language), *(
        say(language, f"finance.check.{check.outcome}", condition=choice_name(language, "conditions", check.condition)) for check in grant.checks
    )]  # fmt: skip


def input_name(language: Language, code: str) -> str:
    """What an uncertain input is called."""
    return say(language, f"profile.ppa.{code}" if code in PPA_RULES else f"finance.input.{code}")


def input_unit(language: Language, code: str) -> str:
    """Its unit; empty where it has none."""
    own = {CAPEX: "yen/kW", ENERGY: "kWh", SUBSIDY: "-", "ageing.rate": "1/a", GRID_FACTOR: "kg-CO₂/kWh"}
    unit = own[code] if code in own else PPA_RULES[code][0]
    return "" if unit == "-" else unit_text(language, unit)


def term_text(language: Language, terms: Terms, key: str) -> str:
    """A number of the terms as papers show it: a choice in words, no unit."""
    unit = PPA_RULES[key][0] if key in PPA_RULES else ""
    return value_text(language, "value", terms.number(key), unit if unit.startswith("choice.") else "")


def price_texts(language: Language, way: Way, outcome: Outcome) -> list[str]:
    """How a price came about: with and without a grant."""
    price = outcome.price
    if price is None or not bool((outcome.grant.yen > 0.0).any()):
        return []
    values = {
        name: figure_text(language, way, "unit", float(getattr(price, name))) for name in ("without", "lowest", "taken")
    }
    return [say(language, "finance.price", **values)]
