"""Headings, units and value words of ``resources/ledger_columns.toml``, compiled once."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from kawasolar.resources import resource_path

_BRACKETS = re.compile(r"[(\[{〔【「][^()\[\]{}〔〕【】「」]*[)\]}〕】」]")
_INSIDE = re.compile(r"[(\[{〔【「]([^()\[\]{}〔〕【】「」]*)[)\]}〕】」]")
_BLANKS = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Long-vowel marks and the dashes that stand in for them vary from file to file, so they do not count.
_SKIPPED = re.compile(r"[\s_\-‐‑–—―−ー・･.,:;#'\"*※]+")


def plain(text: str) -> str:
    """NFKC, no control characters, blanks trimmed."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _CONTROL.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def folded(text: str) -> str:
    """:func:`plain` text without blanks, case-folded: what value words are compared as."""
    return _folded(text) if len(text) <= _REMEMBERED else _fold(text)


def _fold(text: str) -> str:
    return _BLANKS.sub("", plain(text)).casefold()


# Ledgers repeat themselves; long texts do not, and would only fill the memory.
_REMEMBERED = 40
_folded = lru_cache(maxsize=1 << 16)(_fold)


def heading_key(text: str) -> str:
    """What headings are compared as: no brackets, blanks, dashes or case."""
    text = plain(text)
    bare = _BRACKETS.sub("", text)
    return _SKIPPED.sub("", (bare if bare.strip() else text).casefold())


def heading_unit(text: str) -> str:
    """What stands in the heading's last brackets, folded; empty where there are none."""
    found = _INSIDE.findall(plain(text))
    return folded(found[-1]).removeprefix("単位:") if found else ""


@dataclass(frozen=True)
class Codes:
    """Words that stand for the codes of one column, and how to choose among several in one text."""

    how: str
    patterns: tuple[tuple[re.Pattern[str], str, int, int], ...]  # pattern, code, order of the code, length

    def find(self, text: str) -> str | None:
        """Code of ``text``, ``"unknown"`` where the words say so, None where nothing fits."""
        best: tuple[int, int] | None = None
        code = None
        for pattern, candidate, order, length in self.patterns:
            for match in pattern.finditer(text):
                place = {"first": -match.start(), "last": match.end(), "order": -order}[self.how]
                if best is None or (place, length) > best:
                    best, code = (place, length), candidate
        return code


def _pattern(word: str) -> re.Pattern[str]:
    key = folded(word)
    body = ".*?".join(re.escape(part) for part in key.split("*"))
    if key.isascii() and key[:1].isalnum():
        body = rf"(?<![a-z0-9]){body}(?![a-z0-9])"
    return re.compile(body)


def codes_by(table: dict[str, Any]) -> Codes:
    """The words of a table of ``code = [word, …]`` with ``how`` to choose among several."""
    how = str(table["how"])
    found = []
    for order, (code, words) in enumerate((k, v) for k, v in table.items() if k != "how"):
        # A single 漢字 such as 旧, 未 or 木 is only meant where the cell says nothing else (or 木造 …).
        for word in words:
            key = folded(word)
            pattern = re.compile(rf"\A{re.escape(key)}\Z") if len(key) == 1 and not key.isascii() else _pattern(word)
            found.append((pattern, code, order, len(key)))
    return Codes(how, tuple(found))


@dataclass(frozen=True)
class Vocabulary:
    """All of ``ledger_columns.toml``, folded."""

    headings: dict[str, tuple[str, int]]  # folded heading -> our column, preference (0 = best)
    units: dict[str, dict[str, float]]  # our column -> unit -> factor
    ranges: dict[str, tuple[float, float]]
    missing: frozenset[str]
    undecided: frozenset[str]
    no_year: frozenset[str]
    year_endings: tuple[str, ...]
    no_flood: frozenset[str]
    no_mark: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    shelter_yes: frozenset[str]
    shelter_no: frozenset[str]
    totals: frozenset[str]
    total_endings: tuple[str, ...]
    codes: dict[str, Codes]
    other_ledgers: dict[str, frozenset[str]]
    columns: tuple[str, ...]  # ours, in the order of the file
    not_ours: frozenset[str]  # folded headings of columns that are none of ours
    content: dict[str, Any]  # what the content of a column is told by


def _words(table: dict[str, Any], name: str) -> frozenset[str]:
    return frozenset(folded(word) for word in table[name])


@cache
def vocabulary() -> Vocabulary:
    """The bundled vocabulary."""
    with resource_path("ledger_columns.toml").open("rb") as file:
        raw = tomllib.load(file)
    headings: dict[str, tuple[str, int]] = {}
    for column, names in raw["columns"].items():
        for preference, name in enumerate(names):
            headings.setdefault(heading_key(name), (column, preference))
    units: dict[str, dict[str, float]] = {}
    for group in raw["units"].values():
        factors = {folded(unit): float(factor) for unit, factor in group.items() if unit != "columns"}
        units.update(dict.fromkeys(group["columns"], factors))
    missing, flag = raw["missing"], raw["flag"]
    return Vocabulary(
        headings=headings,
        units=units,
        ranges={column: (float(low), float(high)) for column, (low, high) in raw["range"].items()},
        missing=_words(missing, "words") | {""},
        undecided=_words(missing, "undecided"),
        no_year=_words(missing, "no_year"),
        year_endings=tuple(sorted(_words(missing, "year_endings"), key=len, reverse=True)),
        no_flood=_words(missing, "no_flood"),
        no_mark=_words(missing, "no_mark") | _words(missing, "no_flood"),
        yes=_words(flag, "yes"),
        no=_words(flag, "no"),
        shelter_yes=_words(flag, "shelter_yes"),
        shelter_no=_words(flag, "shelter_no"),
        totals=_words(raw["totals"], "words"),
        total_endings=tuple(folded(word) for word in raw["totals"]["endings"]),
        codes={column: codes_by(table) for column, table in raw["values"].items()},
        other_ledgers={
            kind: frozenset(heading_key(name) for name in names) for kind, names in raw["other_ledgers"].items()
        },
        columns=tuple(raw["columns"]),
        not_ours=frozenset(heading_key(name) for name in raw["content"]["not_ours"]),
        content={name: value for name, value in raw["content"].items() if name != "not_ours"},
    )


def codes_of(column: str) -> tuple[str, ...]:
    """The codes that a column can hold; empty for a column of another kind."""
    known = vocabulary().codes.get(column)
    return () if known is None else tuple(dict.fromkeys(code for _, code, _, _ in known.patterns))


def code_of(column: str, text: str) -> str | None:
    """The code that a person means by a word of the column, or by the code itself; None where nothing fits."""
    if text in codes_of(column):
        return text
    known = vocabulary().codes.get(column)
    return known.find(folded(text)) if known is not None else None


def flag_of(text: str) -> bool | None:
    """Yes or no in the words of the ledgers; None where it is neither."""
    words, key = vocabulary(), folded(text)
    return True if key in words.yes or key == "true" else False if key in words.no or key == "false" else None
