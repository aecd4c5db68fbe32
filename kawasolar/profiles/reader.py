"""Fields of a profile out of parsed TOML: each taken whole, or refused with its key, what was found and what was expected."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from kawasolar.errors import UnreadableProfile

if TYPE_CHECKING:
    from kawasolar.words import Language

HowSure = Literal["primary", "secondary", "derived", "verify"]

HOW_SURE = ("primary", "secondary", "derived", "verify")
CITED_FIELDS = ("source_ja", "source_en", "note_ja", "note_en", "how_sure", "low", "high", "coefficient")


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


class CitedFields(TypedDict):
    """The fields of :class:`Cited`."""

    source_ja: str
    source_en: str
    note_ja: str
    note_en: str
    how_sure: HowSure
    low: float | None
    high: float | None
    coefficient: str


@dataclass(frozen=True)
class Reader:
    """Takes fields out of parsed TOML, or says which one is wrong and how."""

    source: str

    def error(self, code: str, key: str, found: object, expected: object) -> UnreadableProfile:
        return UnreadableProfile(code, file=self.source, key=key, found=_shown(found), expected=expected)

    def only(self, table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
        unknown = [name for name in table if name not in known]
        if unknown:
            names = ", ".join(f"{where}.{name}" if where else name for name in unknown)[:200]
            raise self.error("profile.unknown_key", names, names, ", ".join(known))

    def table(self, document: dict[str, Any], name: str, known: tuple[str, ...]) -> dict[str, Any]:
        found = document.get(name)
        if not isinstance(found, dict):
            raise self.error("profile.missing_section", name, found, f"[{name}]")
        self.only(found, known, name)
        return found

    def text(self, table: dict[str, Any], name: str, where: str, *, empty: bool = False) -> str:
        found = table.get(name, "" if empty else None)
        if not isinstance(found, str) or not (empty or found.strip()):
            raise self.error("profile.no_text", f"{where}.{name}", found, '"…"')
        return found

    def pattern(self, table: dict[str, Any], name: str, where: str, pattern: str, example: str) -> str:
        """A text of a given form, such as a code of five digits."""
        found = table.get(name)
        if not isinstance(found, str) or not re.fullmatch(pattern, found, re.ASCII):
            raise self.error("profile.bad_value", f"{where}.{name}", found, example)
        return found

    def choice(self, table: dict[str, Any], name: str, where: str, choices: tuple[str, ...]) -> str:
        found = table.get(name)
        if not isinstance(found, str) or found not in choices:
            raise self.error("profile.bad_value", f"{where}.{name}", found, " | ".join(choices))
        return found

    def codes(self, table: dict[str, Any], name: str, where: str, choices: tuple[str, ...]) -> tuple[str, ...]:
        """Several of some codes, each once; none where the field is absent."""
        found = table.get(name, [])
        good = isinstance(found, list) and all(isinstance(code, str) and code in choices for code in found)
        if not good or len(set(found)) != len(found):
            raise self.error("profile.bad_value", f"{where}.{name}", found, " | ".join(choices))
        return tuple(found)

    def flag(self, table: dict[str, Any], name: str, where: str) -> bool:
        found = table.get(name)
        if not isinstance(found, bool):
            raise self.error("profile.bad_value", f"{where}.{name}", found, "true | false")
        return found

    def day(self, table: dict[str, Any], name: str, where: str) -> date:
        found = table.get(name)
        if not isinstance(found, date) or isinstance(found, datetime):
            raise self.error("profile.bad_value", f"{where}.{name}", found, "YYYY-MM-DD")
        return found

    def number(self, table: dict[str, Any], name: str, where: str, least: float, most: float) -> float:
        found = table.get(name)
        expected = f"{least:g} … {most:g}"
        if isinstance(found, bool) or not isinstance(found, int | float) or not _finite(found):
            raise self.error("profile.bad_value", f"{where}.{name}", found, expected)
        if not least <= found <= most:
            raise self.error("profile.out_of_range", f"{where}.{name}", found, expected)
        return float(found)

    def whole(self, table: dict[str, Any], name: str, where: str, least: float, most: float) -> int:
        found = self.number(table, name, where, least, most)
        if not found.is_integer():
            raise self.error("profile.not_whole", f"{where}.{name}", found, round(found))
        return int(found)

    def interval(self, table: dict[str, Any], where: str) -> tuple[float | None, float | None]:
        """The sources' range; the value itself may lie outside, since a planner may know better."""
        ends = tuple(
            self.number(table, name, where, -math.inf, math.inf) if name in table else None for name in ("low", "high")
        )
        low, high = ends
        if low is not None and high is not None and low > high:
            raise self.error("profile.bad_value", f"{where}.low", low, f"≤ {high:g}")
        return low, high

    def cited(self, entry: dict[str, Any], where: str) -> CitedFields:
        """The fields of :class:`Cited`; a note stands in both languages or in none."""
        notes = {name: self.text(entry, name, where, empty=True) for name in ("note_ja", "note_en")}
        blank = [name for name, text in notes.items() if not text.strip()]
        if len(blank) == 1:
            raise self.error("profile.note_in_one_language", f"{where}.{blank[0]}", None, "note_ja, note_en")
        low, high = self.interval(entry, where)
        return CitedFields(
            source_ja=self.text(entry, "source_ja", where),
            source_en=self.text(entry, "source_en", where),
            note_ja=notes["note_ja"],
            note_en=notes["note_en"],
            how_sure=cast("HowSure", self.choice(entry, "how_sure", where, HOW_SURE)),
            low=low,
            high=high,
            coefficient=self.text(entry, "coefficient", where) if "coefficient" in entry else "",
        )


def _finite(number: float) -> bool:
    """Whether it is a number that a computer can hold; a whole number of TOML may have any length."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def _shown(found: object) -> str | None:
    """What was found, as short as a message bears."""
    if found is None:
        return None
    try:
        return str(found)[:200]
    except (ValueError, RecursionError):
        # A whole number of thousands of digits, tables in tables.
        return "…"
