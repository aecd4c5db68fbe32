"""The parts of a profile in words: what a row is, what it says, what a field is called."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from kawasolar.profiles.fields import fields_of
from kawasolar.profiles.tables import PPA_RULES, SECTIONS
from kawasolar.reasons import CHOICE, choice_text, criterion_name, unit_text
from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.words import Language

# Fields of which a row's title is made, and those that say what it is about; a name is taken in the reader's language.
_TITLES: Mapping[str, tuple[str, ...]] = {
    "utility": ("name",),
    "wards": ("name",),
    "stations": ("name", "number"),
    "emission_factors": ("fiscal_year", "kind", "operator", "menu"),
    "tariffs": ("operator", "name"),
    "tariff_times": ("tariff", "season", "time", "days"),
    "energy_charges": ("tariff", "season", "time", "from_kwh"),
    "levies": ("fiscal_year",),
    "subsidies": ("name", "conditions"),
    "ppa": ("key",),
    "capex": ("plant", "fiscal_year", "from_kw", "to_kw"),
    "lamp_bans": ("lamp",),
    "targets": ("what", "fiscal_year"),
    "barred_roofs": ("roof",),
    "remedies": ("key",),
}
_SAYS: Mapping[str, tuple[str, ...]] = {
    "wards": ("code",),
    "stations": ("latitude", "longitude", "elevation_m"),
    "emission_factors": ("kg_co2_per_kwh",),
    "tariffs": ("voltage", "demand_yen_per_kw_month", "valid_from"),
    "tariff_times": ("from_hour", "to_hour"),
    "energy_charges": ("yen_per_kwh",),
    "levies": ("yen_per_kwh",),
    "subsidies": ("rate", "yen_per_kw", "cap_total_yen"),
    "ppa": ("value",),
    "capex": ("yen_per_kw",),
    "lamp_bans": ("last_day",),
    "targets": ("share",),
    "remedies": ("yen", "lead_years"),
}
_PERCENT = ("rate", "share")
# As they stand: a year has no separators.
_PLAIN = ("year", "epsg", "latitude", "longitude")


def section_name(language: Language, section: str) -> str:
    """What a part of the file is called."""
    return say(language, f"profile.section.{section}")


def field_name(language: Language, name: str) -> str:
    """What a field is called; its name in the file where there are no words."""
    code = f"profile.field.{name}"
    return say(language, code) if code in catalogue() else name


def choice_name(language: Language, field: str, code: object) -> str:
    """What a code of a field means."""
    if field == "how_sure":
        return say(language, f"how_sure.{code}")
    known = f"profile.choice.{field}.{code}"
    return say(language, known) if known in catalogue() else str(code)


def entry_title(language: Language, section: str, entry: Mapping[str, Any]) -> str:
    """What a value, a criterion or a row is; empty where nothing of it is entered yet."""
    if section == "values":
        return str(entry.get(f"name_{language}", ""))
    if section == "criteria":
        return criterion_name(language, str(entry.get("key", "")))
    if section == "ppa":
        return say(language, f"profile.ppa.{entry.get('key', '')}")
    if section not in _TITLES:
        return section_name(language, section)
    parts = [_part(language, section, entry, name) for name in _TITLES[section]]
    return " ".join(part for part in parts if part)


def entry_value(language: Language, section: str, entry: Mapping[str, Any]) -> str:
    """The main figures of a value, a criterion or a row, with units."""
    if section == "values":
        return value_text(language, "value", entry.get("value"), str(entry.get("unit", "")))
    if section == "criteria":
        threshold = value_text(language, "threshold", entry.get("threshold"), str(entry.get("unit", "")))
        applied = entry.get("applied") is not False
        return threshold if applied else say(language, "profile.not_applied", value=threshold).strip()
    if section == "municipality":
        return f"{entry.get(f'name_{language}', '')} {entry.get('code', '')} EPSG:{entry.get('epsg', '')}"
    if section == "plan":
        return choice_name(language, "objective", entry.get("objective"))
    parts = [_part(language, section, entry, name) for name in _SAYS.get(section, ())]
    return say(language, "list.separator").join(part for part in parts if part)


def _part(language: Language, section: str, entry: Mapping[str, Any], name: str) -> str:
    if name in ("name", "operator"):
        return str(entry.get(f"{name}_{language}", ""))
    if entry.get(name) in (None, "", []):
        return ""
    if section == "ppa":
        return value_text(language, name, entry[name], PPA_RULES.get(str(entry.get("key")), ("", 0, 0))[0])
    unit = fields_of(SECTIONS[section].row)[name].unit
    shown = value_text(language, name, entry[name], unit)
    code = f"profile.part.{name}"
    return say(language, code, value=shown) if code in catalogue() else shown


def value_text(language: Language, field: str, value: object, unit: str = "") -> str:
    """What a field says, in words; with its unit."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return say(language, "profile.yes" if value else "profile.no")
    if isinstance(value, list | tuple):
        return say(language, "list.separator").join(choice_name(language, field, code) for code in value)
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, int | float):
        return choice_name(language, field, value)
    if unit.startswith(CHOICE):
        return choice_text(language, unit, value)
    if field in _PERCENT:
        return f"{value:.1%}".replace(".0%", "%").replace("%", " %")
    if unit == "fiscal year":
        return say(language, "profile.fiscal_year", value=f"{value:.0f}")
    number = f"{value:.8g}" if field in _PLAIN or unit == "calendar year" else f"{value:,.12g}"
    shown = "" if unit in ("-", "calendar year") else unit_text(language, unit)
    return f"{number.replace('-', '−')} {shown}".strip()
