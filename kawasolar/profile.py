"""The municipality's profile: every number the program works with, its unit, range, source and how sure it is.

A profile is one TOML file. It is checked strictly: a key that is missing, unknown or out of range is refused
with its name, what was found and what was expected, so that no plan rests on a misspelt number.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from pyproj import CRS
from pyproj.exceptions import CRSError

from kawasolar.bundled import bundled_profiles
from kawasolar.errors import UnreadableProfile
from kawasolar.profiles.reader import CITED_FIELDS, Cited, Reader
from kawasolar.profiles.tables import SECTIONS, Tables, read_tables
from kawasolar.value_rules import CRITERION_RULES, INTEGERS, LATER, LATER_CRITERIA, VALUE_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.plan import Objective
    from kawasolar.words import Language

Unknown = Literal["check", "pass"]

FORMAT = 2
MAX_BYTES = 1_000_000
# A key of this many parts: reading it takes the square of their number, and ours have three. Quoted parts are looked at up to a length,
# or looking would take a square itself; of longer ones a file of this size holds few.
_DEEP_KEY = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.){0,200}"|'[^'\n]{0,200}')[ \t]*\.[ \t]*){64}"""
)

UNKNOWN = ("check", "pass")
OBJECTIVES = ("co2", "energy")

_VALUE_FIELDS = ("value", "unit", "year", "name_ja", "name_en", *CITED_FIELDS)
_CRITERION_FIELDS = ("key", "applied", "threshold", "unit", "unknown", *CITED_FIELDS)
_TOWN_FIELDS = ("code", "name_ja", "name_en", "epsg")
PROFILE_SECTIONS = ("format", "municipality", "plan", "values", "criteria", *SECTIONS)


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
    tables: Tables = field(default_factory=Tables)

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
    """Read a profile; ``None`` reads the first of the bundled ones.

    Raises
    ------
    UnreadableProfile
        Missing, too large, not UTF-8, not TOML, or with a missing, unknown or impossible entry.
    """
    file = next(iter(bundled_profiles().values())) if path is None else Path(path)
    return profile_from_text(load_text(file), file.name)


def load_text(file: Path) -> str:
    """The text of a profile's file, not yet looked at.

    Raises
    ------
    UnreadableProfile
        missing, too large, or not UTF-8
    """
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableProfile("profile.not_readable", file=str(file), found=error.strerror) from error
    if len(raw) > MAX_BYTES:
        raise UnreadableProfile("profile.too_large", file=str(file), expected=MAX_BYTES)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableProfile("profile.not_utf8", file=str(file), found=f"byte {error.start}") from error


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
    return profile_from_document(parsed(text, source), text, source)


def profile_from_document(document: dict[str, Any], text: str, source: str) -> Profile:
    """Check the plain values of a profile's TOML; ``text`` is kept with it.

    Raises
    ------
    UnreadableProfile
        names the first entry that is wrong
    """
    reader = Reader(source)
    check_format(reader, document)
    reader.only(document, PROFILE_SECTIONS, "")
    town = read_town(reader, document)
    return Profile(
        code=town["code"],
        name_ja=town["name_ja"],
        name_en=town["name_en"],
        epsg=town["epsg"],
        objective=read_objective(reader, document),
        values=_values(reader, document),
        criteria=_criteria(reader, document),
        text=text,
        source=source,
        tables=read_tables(reader, document),
    )


def parsed(text: str, source: str) -> dict[str, Any]:
    """A profile's TOML as plain values, not yet checked.

    Raises
    ------
    UnreadableProfile
        too large, or no TOML
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise UnreadableProfile("profile.too_large", file=source, expected=MAX_BYTES)
    if _DEEP_KEY.search(text):
        raise UnreadableProfile("profile.not_toml", file=source, found="a.a.a.a. …")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Besides broken TOML: whole numbers of thousands of digits.
        raise UnreadableProfile("profile.not_toml", file=source, found=str(error)) from error


def check_format(reader: Reader, document: dict[str, Any]) -> None:
    """Refuse a profile of another format."""
    found = document.get("format")
    if isinstance(found, bool) or found != FORMAT:
        code = "profile.format_1" if found == 1 and not isinstance(found, bool) else "profile.format"
        raise reader.error(code, "format", found, FORMAT)


def read_town(reader: Reader, document: dict[str, Any]) -> dict[str, Any]:
    """The municipality: code, names and coordinate system.

    Raises
    ------
    UnreadableProfile
        names the field
    """
    town = reader.table(document, "municipality", _TOWN_FIELDS)
    for name in ("code", "name_ja", "name_en"):
        reader.text(town, name, "municipality")
    return {**town, "epsg": _epsg(reader, town)}


def read_objective(reader: Reader, document: dict[str, Any]) -> Objective:
    """By what facilities are ranked."""
    plan = reader.table(document, "plan", ("objective",))
    return cast("Objective", reader.choice(plan, "objective", "plan", OBJECTIVES))


def _epsg(reader: Reader, town: dict[str, Any]) -> int:
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


def value_table(reader: Reader, document: dict[str, Any]) -> dict[str, Any]:
    """The values as they were parsed."""
    table = document.get("values")
    if not isinstance(table, dict):
        raise reader.error("profile.missing_section", "values", None, "[values]")
    return table


def lacking_values(reader: Reader, table: dict[str, Any]) -> list[str]:
    """Values that a profile lacks and may lack.

    Raises
    ------
    UnreadableProfile
        where it lacks one that it needs
    """
    lacking = [key for key in VALUE_RULES if key not in table]
    missing = [key for key in lacking if not key.startswith(LATER)]
    if missing:
        raise reader.error("profile.missing_value", missing[0], None, ", ".join(missing))
    return lacking


def _values(reader: Reader, document: dict[str, Any]) -> dict[str, Value]:
    table = value_table(reader, document)
    reader.only(table, tuple(VALUE_RULES), "values")
    lacking = lacking_values(reader, table)
    later = _bundled_later() if lacking else {}
    return {key: later[key] if key in lacking else read_value(reader, key, table[key]) for key in VALUE_RULES}


@cache
def _bundled_later() -> dict[str, Value]:
    """The first bundled profile's values that other profiles may lack."""
    file = next(iter(bundled_profiles().values()))
    table = tomllib.loads(file.read_text("utf-8"))["values"]
    return {key: read_value(Reader(file.name), key, table[key]) for key in VALUE_RULES if key.startswith(LATER)}


def read_value(reader: Reader, key: str, entry: object) -> Value:
    """One value of the profile.

    Raises
    ------
    UnreadableProfile
        names the field
    """
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
        **reader.cited(entry, key),
    )


def criterion_entries(reader: Reader, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The criteria as they were parsed."""
    entries = document.get("criteria")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise reader.error("profile.missing_section", "criteria", None, "[[criteria]]")
    return entries


def _criteria(reader: Reader, document: dict[str, Any]) -> tuple[Criterion, ...]:
    found: dict[str, Criterion] = {}
    for entry in criterion_entries(reader, document):
        key = reader.choice(entry, "key", "criteria", tuple(CRITERION_RULES))
        if key in found:
            raise reader.error("profile.duplicate", f"criteria.{key}", key, "once")
        found[key] = read_criterion(reader, key, entry)
    lacking = [key for key in CRITERION_RULES if key not in found]
    missing = [key for key in lacking if key not in LATER_CRITERIA]
    if missing:
        raise reader.error("profile.missing_criterion", missing[0], None, ", ".join(missing))
    later = _bundled_criteria() if lacking else {}
    return (*found.values(), *(later[key] for key in lacking))


@cache
def _bundled_criteria() -> dict[str, Criterion]:
    """The first bundled profile's criteria that other profiles may lack."""
    file = next(iter(bundled_profiles().values()))
    reader = Reader(file.name)
    entries = criterion_entries(reader, tomllib.loads(file.read_text("utf-8")))
    return {
        entry["key"]: read_criterion(reader, entry["key"], entry) for entry in entries if entry["key"] in LATER_CRITERIA
    }


def read_criterion(reader: Reader, key: str, entry: dict[str, Any]) -> Criterion:
    """One criterion of the profile.

    Raises
    ------
    UnreadableProfile
        names the field
    """
    where = f"criteria.{key}"
    reader.only(entry, _CRITERION_FIELDS, where)
    unit, bounds = CRITERION_RULES[key]
    if reader.text(entry, "unit", where, empty=True) != unit:
        raise reader.error("profile.bad_unit", where, entry.get("unit"), unit)
    if bounds is None and "threshold" in entry:
        raise reader.error("profile.threshold_not_asked", f"{where}.threshold", entry["threshold"], None)
    return Criterion(
        key=key,
        applied=reader.flag(entry, "applied", where),
        threshold=None if bounds is None else reader.number(entry, "threshold", where, *bounds),
        unit=unit,
        unknown=cast("Unknown", reader.choice(entry, "unknown", where, UNKNOWN)),
        **reader.cited(entry, where),
    )
