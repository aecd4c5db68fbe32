"""How bills are made up where a tariff does not say otherwise, and the sizes at which rules change: ``resources/electricity_rules.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from kawasolar.profile import parsed
from kawasolar.profiles import fields as of
from kawasolar.profiles.fields import fields_of, known_fields
from kawasolar.profiles.reader import Cited, Reader
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from kawasolar.words import Language

# Every rule: unit, and the bounds outside which a number can only be a mistake.
RULES: Mapping[str, tuple[str, float, float]] = {
    "tax_rate": ("-", 0.0, 0.5),
    "power_factor": ("-", 0.5, 1.0),
    "base_power_factor": ("-", 0.5, 1.0),
    "power_factor_first_hour": ("h", 0.0, 24.0),
    "power_factor_last_hour": ("h", 0.0, 24.0),
    "low_voltage_step": ("-", 0.0, 0.5),
    "excess_factor": ("-", 0.0, 10.0),
    "levy_first_month": ("month", 4.0, 12.0),
    "summer_first": ("month", 1.0, 12.0),
    "summer_last": ("month", 1.0, 12.0),
    "kwh_unit": ("kWh", 0.001, 1000.0),
    "kw_unit": ("kW", 0.001, 100.0),
    "line_unit": ("yen", 0.0001, 100.0),
    "bill_unit": ("yen", 0.0001, 1000.0),
}
LIMITS = ("pv_small_business", "low_voltage", "agreed", "extra_high")


@dataclass(frozen=True, kw_only=True)
class Rule(Cited):
    """One number of :data:`RULES`."""

    key: str = of.choice(*RULES)
    value: float = of.number("", -1e12, 1e12)
    unit: str = of.text()


@dataclass(frozen=True, kw_only=True)
class Limit(Cited):
    """A size from which on other rules hold, and what changes there."""

    key: str = of.choice(*LIMITS)
    kw: float = of.number("kW", 0.0, 1e6)
    what_ja: str = of.text()
    what_en: str = of.text()

    def what(self, language: Language) -> str:
        """What changes from this size on."""
        return self.what_ja if language == "ja" else self.what_en


_Row = TypeVar("_Row", Rule, Limit)


@dataclass(frozen=True)
class Rules:
    """All rules and limits, each by its key."""

    rules: Mapping[str, Rule]
    limits: Mapping[str, Limit]

    def number(self, key: str) -> float:
        """The value of a rule."""
        return self.rules[key].value

    def kw(self, key: str) -> float:
        """The size of a limit [kW]."""
        return self.limits[key].kw


@cache
def bundled_rules() -> Rules:
    """The rules that come with the program."""
    return read_rules(resource_path("electricity_rules.toml"))


def read_rules(path: Path) -> Rules:
    """The rules of a file.

    Raises
    ------
    UnreadableProfile
        names the row and field that is wrong, or the rule that is not there or stands twice
    """
    return rules_from_text(path.read_text(encoding="utf-8"), path.name)


def rules_from_text(text: str, source: str) -> Rules:
    """As :func:`read_rules`, of a text."""
    reader, document = Reader(source), parsed(text, source)
    reader.only(document, ("rules", "limits"), "")
    rules = {row.key: row for row in _rows(reader, document, "rules", Rule, tuple(RULES))}
    limits = {row.key: row for row in _rows(reader, document, "limits", Limit, LIMITS)}
    for key, row in rules.items():
        unit, least, most = RULES[key]
        if row.unit != unit:
            raise reader.error("profile.bad_unit", f"rules.{key}.unit", row.unit, unit)
        reader.number({"value": row.value}, "value", f"rules.{key}", least, most)
        if unit == "month":
            reader.whole({"value": row.value}, "value", f"rules.{key}", least, most)
    return Rules(rules, limits)


def _rows(
    reader: Reader, document: Mapping[str, Any], section: str, row: type[_Row], keys: tuple[str, ...]
) -> list[_Row]:
    entries = document.get(section)
    if not isinstance(entries, list):
        raise reader.error("profile.missing_section", section, entries, f"[[{section}]]")
    found: list[_Row] = []
    seen: list[str] = []
    for k, entry in enumerate(entries):
        where = f"{section}.{k + 1}"
        if not isinstance(entry, dict):
            raise reader.error("profile.bad_value", where, entry, f"[[{section}]]")
        reader.only(entry, known_fields(row), where)
        taken = {name: one.take(reader, entry, where) for name, one in fields_of(row).items()}
        if taken["key"] in seen:
            raise reader.error("profile.duplicate", where, taken["key"], "once")
        seen.append(taken["key"])
        found.append(row(**taken, **reader.cited(entry, where)))
    lacking = [key for key in keys if key not in seen]
    if lacking:
        raise reader.error("profile.bad_value", section, ", ".join(seen), ", ".join(lacking))
    return found
