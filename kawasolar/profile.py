"""The municipality's profile: every number the program works with, its unit, range, source and how sure it is.

A profile is one TOML file. It is checked strictly: a key that is missing, unknown or out of range is refused
with its name, what was found and what was expected, so that no plan rests on a misspelt number.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, cast

from pyproj import CRS
from pyproj.exceptions import CRSError

from kawasolar.errors import UnreadableProfile
from kawasolar.resources import resource_path
from kawasolar.value_rules import CRITERION_RULES, INTEGERS, LATER, VALUE_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.plan import Objective
    from kawasolar.words import Language

HowSure = Literal["primary", "secondary", "derived", "verify"]
Unknown = Literal["check", "pass"]

FORMAT = 2
MAX_BYTES = 1_000_000

_HOW_SURE = ("primary", "secondary", "derived", "verify")
_UNKNOWN = ("check", "pass")
_OBJECTIVES = ("co2", "energy")

_CITED_FIELDS = ("source_ja", "source_en", "note_ja", "note_en", "how_sure", "low", "high", "coefficient")
_VALUE_FIELDS = ("value", "unit", "year", "name_ja", "name_en", *_CITED_FIELDS)
_CRITERION_FIELDS = ("key", "applied", "threshold", "unit", "unknown", *_CITED_FIELDS)
_SECTIONS = ("format", "municipality", "plan", "values", "criteria")


@dataclass(frozen=True, kw_only=True)
class Cited:
    """Where a number comes from, in both languages, and how sure it is.

    ``low`` and ``high`` are the range in which it may sensibly lie, None where nobody gives one. ``coefficient``
    names the rows of the project's table of coefficients, for those who maintain the profile.
    """

    source_ja: str
    source_en: str
    note_ja: str
    note_en: str
    how_sure: HowSure
    low: float | None
    high: float | None
    coefficient: str

    def source(self, language: Language) -> str:
        """Where it comes from."""
        return self.source_ja if language == "ja" else self.source_en

    def note(self, language: Language) -> str:
        """What else to know of it; empty where there is nothing."""
        return self.note_ja if language == "ja" else self.note_en


@dataclass(frozen=True, kw_only=True)
class Value(Cited):
    """One number in the unit of :data:`VALUE_RULES`; ``year`` is that of the source."""

    key: str
    value: float
    unit: str
    year: int | None
    name_ja: str
    name_en: str

    def name(self, language: Language) -> str:
        """What the number is."""
        return self.name_ja if language == "ja" else self.name_en


@dataclass(frozen=True, kw_only=True)
class Criterion(Cited):
    """One condition of eligibility; ``unknown`` says what a value missing in the ledger means."""

    key: str
    applied: bool
    threshold: float | None
    unit: str
    unknown: Unknown


@dataclass(frozen=True)
class Profile:
    """A municipality's profile; ``text`` is its TOML exactly as read, so that a project can keep it."""

    code: str
    name_ja: str
    name_en: str
    epsg: int
    objective: Objective
    values: Mapping[str, Value]
    criteria: tuple[Criterion, ...]
    text: str = field(repr=False)
    source: str

    def value(self, key: str) -> Value:
        """The number with all that is known of it; :class:`UnreadableProfile` if the profile has none."""
        try:
            return self.values[key]
        except KeyError:
            raise UnreadableProfile("profile.missing_value", file=self.source, key=key) from None

    def number(self, key: str) -> float:
        """The bare number in the unit that :data:`VALUE_RULES` gives."""
        return self.value(key).value

    def criterion(self, key: str) -> Criterion:
        """The criterion of that key; :class:`UnreadableProfile` if the profile has none."""
        for criterion in self.criteria:
            if criterion.key == key:
                return criterion
        raise UnreadableProfile("profile.missing_criterion", file=self.source, key=key)

    def name(self, language: Language) -> str:
        """Name of the municipality."""
        return self.name_ja if language == "ja" else self.name_en

    def with_numbers(self, numbers: Mapping[str, float]) -> Profile:
        """The profile with other numbers in some places; everything that is known of the old ones stays beside them."""
        if not numbers:
            return self
        values = {key: replace(entry, value=numbers.get(key, entry.value)) for key, entry in self.values.items()}
        return replace(self, values=values)

    @property
    def plan_year(self) -> int:
        """Calendar year from which ages and remaining years are counted."""
        return int(self.number("plan.year"))

    def to_toml(self) -> str:
        """The profile as TOML, byte for byte as it was read."""
        return self.text


def load_profile(path: Path | None = None) -> Profile:
    """Read a profile; ``None`` reads the bundled one of Kawasaki.

    Raises
    ------
    UnreadableProfile
        Missing, too large, not UTF-8, not TOML, or with a missing, unknown or impossible entry.
    """
    file = resource_path("profiles", "kawasaki.toml") if path is None else Path(path)
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableProfile("profile.not_readable", file=str(file), found=error.strerror) from error
    if len(raw) > MAX_BYTES:
        raise UnreadableProfile("profile.too_large", file=str(file), expected=MAX_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableProfile("profile.not_utf8", file=str(file), found=f"byte {error.start}") from error
    return profile_from_text(text, file.name)


# Every scenario, every look at what is stale and every explanation asks for the same few.
@lru_cache(maxsize=16)
def profile_from_text(text: str, source: str) -> Profile:
    """Check a profile's TOML and make it a :class:`Profile`; the same text gives the same object.

    Parameters
    ----------
    text : str
        TOML of at most :data:`MAX_BYTES` bytes.
    source : str
        Name of the file or project it comes from, for messages.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise UnreadableProfile("profile.too_large", file=source, expected=MAX_BYTES)
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableProfile("profile.not_toml", file=source, found=str(error)) from error
    reader = _Reader(source)
    _check_format(reader, document)
    reader.only(document, _SECTIONS, "")
    town = reader.table(document, "municipality", ("code", "name_ja", "name_en", "epsg"))
    plan = reader.table(document, "plan", ("objective",))
    return Profile(
        code=reader.text(town, "code", "municipality"),
        name_ja=reader.text(town, "name_ja", "municipality"),
        name_en=reader.text(town, "name_en", "municipality"),
        epsg=_epsg(reader, town),
        objective=cast("Objective", reader.choice(plan, "objective", "plan", _OBJECTIVES)),
        values=_values(reader, document),
        criteria=_criteria(reader, document),
        text=text,
        source=source,
    )


def _check_format(reader: _Reader, document: dict[str, object]) -> None:
    found = document.get("format")
    if isinstance(found, bool) or found != FORMAT:
        code = "profile.format_1" if found == 1 and not isinstance(found, bool) else "profile.format"
        raise reader.error(code, "format", found, FORMAT)


def _epsg(reader: _Reader, town: dict[str, object]) -> int:
    code = town.get("epsg")
    expected = "6669 … 6687"
    if isinstance(code, bool) or not isinstance(code, int) or not 1024 <= code <= 32767:
        raise reader.error("profile.bad_epsg", "municipality.epsg", code, expected)
    try:
        crs = CRS.from_epsg(code)
    except CRSError as error:
        raise reader.error("profile.bad_epsg", "municipality.epsg", code, expected) from error
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise reader.error("profile.bad_epsg", "municipality.epsg", code, expected)
    return code


def _values(reader: _Reader, document: dict[str, object]) -> dict[str, Value]:
    table = document.get("values")
    if not isinstance(table, dict):
        raise reader.error("profile.missing_section", "values", None, "[values]")
    reader.only(table, tuple(VALUE_RULES), "values")
    lacking = [key for key in VALUE_RULES if key not in table]
    missing = [key for key in lacking if not key.startswith(LATER)]
    if missing:
        raise reader.error("profile.missing_value", missing[0], None, ", ".join(missing))
    later = _bundled_later() if lacking else {}
    return {key: later[key] if key in lacking else _value(reader, key, table[key]) for key in VALUE_RULES}


@cache
def _bundled_later() -> dict[str, Value]:
    """The bundled profile's values that other profiles may lack."""
    file = resource_path("profiles", "kawasaki.toml")
    table = tomllib.loads(file.read_text("utf-8"))["values"]
    return {key: _value(_Reader(file.name), key, table[key]) for key in VALUE_RULES if key.startswith(LATER)}


def _value(reader: _Reader, key: str, entry: object) -> Value:
    if not isinstance(entry, dict):
        raise reader.error("profile.bad_value", key, entry, f'[values."{key}"]')
    reader.only(entry, _VALUE_FIELDS, key)
    unit, least, most = VALUE_RULES[key]
    if reader.text(entry, "unit", key) != unit:
        raise reader.error("profile.bad_unit", key, entry["unit"], unit)
    number = reader.number(entry, "value", key, least, most)
    if key in INTEGERS and not number.is_integer():
        raise reader.error("profile.not_whole", f"{key}.value", number, round(number))
    year = entry.get("year")
    if year is not None and (isinstance(year, bool) or not isinstance(year, int)):
        raise reader.error("profile.bad_value", f"{key}.year", year, "YYYY")
    return Value(
        key=key,
        value=number,
        unit=unit,
        year=year,
        name_ja=reader.text(entry, "name_ja", key),
        name_en=reader.text(entry, "name_en", key),
        **_cited(reader, entry, key),
    )


def _criteria(reader: _Reader, document: dict[str, object]) -> tuple[Criterion, ...]:
    entries = document.get("criteria")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise reader.error("profile.missing_section", "criteria", None, "[[criteria]]")
    found: dict[str, Criterion] = {}
    for entry in entries:
        key = reader.choice(entry, "key", "criteria", tuple(CRITERION_RULES))
        if key in found:
            raise reader.error("profile.duplicate", f"criteria.{key}", key, "once")
        found[key] = _criterion(reader, key, entry)
    missing = [key for key in CRITERION_RULES if key not in found]
    if missing:
        raise reader.error("profile.missing_criterion", missing[0], None, ", ".join(missing))
    return tuple(found.values())


def _criterion(reader: _Reader, key: str, entry: dict[str, object]) -> Criterion:
    where = f"criteria.{key}"
    reader.only(entry, _CRITERION_FIELDS, where)
    unit, bounds = CRITERION_RULES[key]
    if reader.text(entry, "unit", where, empty=True) != unit:
        raise reader.error("profile.bad_unit", where, entry.get("unit"), unit)
    if bounds is None and "threshold" in entry:
        raise reader.error("profile.threshold_not_asked", f"{where}.threshold", entry["threshold"], None)
    applied = entry.get("applied")
    if not isinstance(applied, bool):
        raise reader.error("profile.bad_value", f"{where}.applied", applied, "true | false")
    return Criterion(
        key=key,
        applied=applied,
        threshold=None if bounds is None else reader.number(entry, "threshold", where, *bounds),
        unit=unit,
        unknown=cast("Unknown", reader.choice(entry, "unknown", where, _UNKNOWN)),
        **_cited(reader, entry, where),
    )


class _CitedFields(TypedDict):
    source_ja: str
    source_en: str
    note_ja: str
    note_en: str
    how_sure: HowSure
    low: float | None
    high: float | None
    coefficient: str


def _cited(reader: _Reader, entry: dict[str, object], where: str) -> _CitedFields:
    """The fields of :class:`Cited`; a note stands in both languages or in none."""
    notes = {name: reader.text(entry, name, where, empty=True) for name in ("note_ja", "note_en")}
    blank = [name for name, text in notes.items() if not text.strip()]
    if len(blank) == 1:
        raise reader.error("profile.note_in_one_language", f"{where}.{blank[0]}", None, "note_ja, note_en")
    low, high = reader.interval(entry, where)
    return _CitedFields(
        source_ja=reader.text(entry, "source_ja", where),
        source_en=reader.text(entry, "source_en", where),
        note_ja=notes["note_ja"],
        note_en=notes["note_en"],
        how_sure=cast("HowSure", reader.choice(entry, "how_sure", where, _HOW_SURE)),
        low=low,
        high=high,
        coefficient=reader.text(entry, "coefficient", where) if "coefficient" in entry else "",
    )


@dataclass(frozen=True)
class _Reader:
    """Takes fields out of parsed TOML, or says which one is wrong and how."""

    source: str

    def error(self, code: str, key: str, found: object, expected: object) -> UnreadableProfile:
        shown = None if found is None else str(found)[:200]
        return UnreadableProfile(code, file=self.source, key=key, found=shown, expected=expected)

    def only(self, table: dict[str, object], known: tuple[str, ...], where: str) -> None:
        unknown = [name for name in table if name not in known]
        if unknown:
            names = ", ".join(f"{where}.{name}" if where else name for name in unknown)
            raise self.error("profile.unknown_key", names, names, ", ".join(known))

    def table(self, document: dict[str, object], name: str, known: tuple[str, ...]) -> dict[str, object]:
        found = document.get(name)
        if not isinstance(found, dict):
            raise self.error("profile.missing_section", name, found, f"[{name}]")
        self.only(found, known, name)
        return found

    def text(self, table: dict[str, object], name: str, where: str, *, empty: bool = False) -> str:
        found = table.get(name, "" if empty else None)
        if not isinstance(found, str) or not (empty or found.strip()):
            raise self.error("profile.no_text", f"{where}.{name}", found, '"…"')
        return found

    def choice(self, table: dict[str, object], name: str, where: str, choices: tuple[str, ...]) -> str:
        found = table.get(name)
        if not isinstance(found, str) or found not in choices:
            raise self.error("profile.bad_value", f"{where}.{name}", found, " | ".join(choices))
        return found

    def number(self, table: dict[str, object], name: str, where: str, least: float, most: float) -> float:
        found = table.get(name)
        expected = f"{least:g} … {most:g}"
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            raise self.error("profile.bad_value", f"{where}.{name}", found, expected)
        if not least <= found <= most:
            raise self.error("profile.out_of_range", f"{where}.{name}", found, expected)
        return float(found)

    def interval(self, table: dict[str, object], where: str) -> tuple[float | None, float | None]:
        """The sources' range; the value itself may lie outside, since a planner may know better."""
        ends = tuple(
            self.number(table, name, where, -math.inf, math.inf) if name in table else None for name in ("low", "high")
        )
        low, high = ends
        if low is not None and high is not None and low > high:
            raise self.error("profile.bad_value", f"{where}.low", low, f"≤ {high:g}")
        return low, high
