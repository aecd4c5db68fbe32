"""What can be edited of each part of a profile, field by field, and how what is typed becomes a value."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING

from kawasolar.profile import OBJECTIVES, UNKNOWN
from kawasolar.profiles.fields import Field, fields_of
from kawasolar.profiles.reader import HOW_SURE
from kawasolar.profiles.tables import PPA_RULES, SECTIONS
from kawasolar.reasons import CHOICE
from kawasolar.value_rules import CRITERION_RULES, INTEGERS, VALUE_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

# The plane-rectangular zones of Japan (JGD2011), I to XIX.
ZONES = range(6669, 6688)
_ROMAN = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX".split()  # noqa: SIM905 - a line, not twenty

_CITED = (
    Field("how_sure", "choice", choices=HOW_SURE),
    Field("source_ja", "text"),
    Field("source_en", "text"),
    Field("note_ja", "text", needed=False),
    Field("note_en", "text", needed=False),
    Field("coefficient", "text", needed=False),
)
_TOWN = (
    Field("code", "text"),
    Field("name_ja", "text"),
    Field("name_en", "text"),
    Field("epsg", "choice", choices=tuple(map(str, ZONES))),
)
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)


def form_fields(section: str, at: str) -> tuple[Field, ...]:
    """The fields of a part of the file, in the order of the form: the number first, then where it comes from."""
    if section == "municipality":
        return _TOWN
    if section == "plan":
        return (Field("objective", "choice", choices=OBJECTIVES),)
    if section == "values":
        return _value_fields(at)
    if section == "criteria":
        unit, bounds = CRITERION_RULES[at]
        threshold = (
            () if bounds is None else (Field("threshold", "number", unit=unit, least=bounds[0], most=bounds[1]),)
        )
        unknown = Field("unknown", "choice", choices=UNKNOWN)
        return (Field("applied", "flag"), *threshold, unknown, *(_range(unit) if threshold else ()), *_CITED)
    if section == "ppa":
        unit, least, most = PPA_RULES[at]
        if unit.startswith(CHOICE):
            return (Field("value", "choice", unit=unit, choices=_numbers(least, most)), *_CITED)
        return (Field("value", "number", unit=unit, least=least, most=most), *_range(unit), *_CITED)
    own = tuple(fields_of(SECTIONS[section].row).values())
    main = [one.unit for one in own if one.kind == "number"]
    return (*own, *(_range(main[0]) if len(main) == 1 else ()), *_CITED)


def _value_fields(key: str) -> tuple[Field, ...]:
    unit, least, most = VALUE_RULES[key]
    names = (Field("name_ja", "text"), Field("name_en", "text"), Field("year", "whole", needed=False))
    if unit.startswith(CHOICE):
        return (Field("value", "choice", unit=unit, choices=_numbers(least, most)), *_CITED, *names)
    kind = "whole" if key in INTEGERS else "number"
    return (Field("value", kind, unit=unit, least=least, most=most), *_range(unit), *_CITED, *names)  # type: ignore[arg-type] # one of both


def _numbers(least: float, most: float) -> tuple[str, ...]:
    return tuple(str(number) for number in range(int(least), int(most) + 1))


def _range(unit: str) -> tuple[Field, ...]:
    return (Field("low", "number", needed=False, unit=unit), Field("high", "number", needed=False, unit=unit))


def zone_number(epsg: int) -> str:
    """``IX`` for 6677; empty for a system that is no zone."""
    return _ROMAN[epsg - ZONES.start] if epsg in ZONES else ""


def typed(field: Field, text: str) -> object:
    """The value that was typed; the text as it stands where it is none, so that the check says what is wrong with it."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return None
    if field.kind in ("number", "whole") or (field.kind == "choice" and plain.isdecimal()):
        return _number(plain, text)
    if field.kind == "day":
        return _day(plain, text)
    return text.strip()


def _number(plain: str, text: str) -> object:
    try:
        found = float(plain.replace(",", "").replace("−", "-").replace("\u2010", "-"))
    except ValueError:
        return text
    return int(found) if found.is_integer() and abs(found) < 1e15 else found


def _day(plain: str, text: str) -> object:
    found = _DAY.fullmatch(plain)
    try:
        return text if found is None else date(*map(int, found.groups()))
    except ValueError:
        return text


def shown(value: object) -> str:
    """A value as it is typed: without separators, to the last digit."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value.isoformat() if isinstance(value, date) else str(value)
    return f"{value:.15g}"


def bounds_of(section: str, at: str) -> tuple[float, float] | None:
    """Beyond which the main number can only be a mistake; None where it is a choice or there is none."""
    fields: Mapping[str, Field] = {one.name: one for one in form_fields(section, at)}
    main = fields.get("value") or fields.get("threshold")
    return None if main is None or main.kind == "choice" else (main.least, main.most)
