"""The rules of a programme as a TOML file that people write; every table and key may be absent. ``docs/programme.md`` tells them one by one.

A file is taken whole or refused: an unknown key, a wrong kind of value or one out of range is told with the key, what was found and what was expected.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from kawasolar.errors import ProgrammeInvalid
from kawasolar.programme.rules import KINDS, RENEWALS, Renewal, Rules
from kawasolar.programme.sites import MOST_YEARS, WORTHS, Worth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_MOST_BYTES = 1024 * 1024
_MOST_ROWS = 20_000
_YEARS = (1990, 2100)
_YEN = (0.0, 1e13)
_KW = (0.0, 1e7)
_COUNT = (0, 1_000_000)
_SHOWN = 60
# A value for every year of the programme, and one over all of them.
EACH, TOTAL = "each", "total"

_KNOWN: dict[str, tuple[str, ...]] = {
    "programme": ("first_year", "last_year", "objective", "worth_until", "discount_rate"),
    "share": ("at_least", "exactly", "denominator", "list"),
    "costs": ("yen_per_kw", "yearly_change", "subsidy_rate", "saving_yen_per_kwh"),
    "capacity": ("sites", "kw"),
    "wards": ("sites", "share"),
    "shelters": ("share", "by", "first"),
    "roofs": ("renewal", "years"),
    "search": ("gap", "seconds"),
}
_OPEN = ("budget", "subsidy", "pins", "earliest", "latest", "give")
_LISTS = ("vetoes", "standing")
_STANDING = ("facility", "state", "year", "capacity_kw")
# Tables of rules that are of no single facility: what a plan keeps as its rules.
RULE_TABLES = (*_KNOWN, "budget", "subsidy", "give")


@dataclass(frozen=True)
class Standing:
    """What is done or contracted already; ``capacity_kw`` where somebody says it."""

    facility_id: str
    state: str
    year: int
    capacity_kw: float | None = None


@dataclass(frozen=True)
class RulesFile:
    """What a rules file says; None and empty where it says nothing.

    Attributes
    ----------
    objective, share, exactly … : as in :class:`kawasolar.programme.rules.Rules`; yearly ones by fiscal year, ``each`` is for every year that is not named
    pins : facility -> fiscal year, 0 = any
    roof_years : facility -> fiscal year of the roof's renewal
    count : day of the list of facilities, kept with the plan, that the share is of
    costs : ``yen_per_kw yearly_change subsidy_rate saving_yen_per_kwh``
    give : kind of rule -> what giving way costs, in place of the program's own
    """

    first_year: int | None = None
    last_year: int | None = None
    objective: Worth | None = None
    worth_until: int | None = None
    discount_rate: float | None = None
    share: float | None = None
    exactly: bool | None = None
    denominator: int | None = None
    count: str | None = None
    yearly: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    ward_sites: Mapping[str, int] = field(default_factory=dict)
    ward_share: Mapping[str, float] = field(default_factory=dict)
    shelter_share: float | None = None
    shelter_by: int | None = None
    shelters_first: bool = False
    renewal: Renewal = "after"
    roof_years: Mapping[str, int] = field(default_factory=dict)
    pins: Mapping[str, int] = field(default_factory=dict)
    vetoes: frozenset[str] = frozenset()
    earliest: Mapping[str, int] = field(default_factory=dict)
    latest: Mapping[str, int] = field(default_factory=dict)
    standing: tuple[Standing, ...] = ()
    costs: Mapping[str, float] = field(default_factory=dict)
    give: Mapping[str, float] = field(default_factory=dict)
    gap: float | None = None
    seconds: float | None = None
    given: bool = False

    def rules(self, years: Sequence[int], share: float, objective: Worth) -> Rules:
        """The rules for these years; ``share`` and ``objective`` where the file names none. Without a file exactly the share is built."""

        def by_year(name: str) -> dict[int, float]:
            told = self.yearly.get(name, {})
            return {
                year: told.get(str(year), told.get(EACH, math.nan))
                for year in years
                if str(year) in told or EACH in told
            }

        return Rules(
            objective=self.objective or objective, share=share if self.share is None else self.share,
            exactly=(not self.given) if self.exactly is None else self.exactly, denominator=self.denominator,
            budget_yen=by_year("budget"), budget_total_yen=self.yearly.get("budget", {}).get(TOTAL),
            subsidy_yen=by_year("subsidy"), subsidy_total_yen=self.yearly.get("subsidy", {}).get(TOTAL),
            sites_per_year={year: int(count) for year, count in by_year("sites").items()}, kw_per_year=by_year("kw"),
            ward_sites=self.ward_sites, ward_share=self.ward_share, shelter_share=self.shelter_share, shelter_by=self.shelter_by,
            shelters_first=self.shelters_first, renewal=self.renewal,
        )  # fmt: skip


def read_rules(path: Path) -> RulesFile:
    """Read a rules file.

    Raises
    ------
    ProgrammeInvalid
        ``programme.file_unreadable``: missing, too large, no UTF-8 or no TOML; ``programme.unknown_key``; ``programme.bad_value``.
    """
    return rules_of(_parsed(path), path.name)


def read_document(path: Path) -> dict[str, Any]:
    """A rules file as it is written, of which :func:`rules_of` has been taken.

    Raises
    ------
    ProgrammeInvalid
        as :func:`read_rules`
    """
    document = _parsed(path)
    rules_of(document, path.name)
    return document


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ProgrammeInvalid("programme.file_unreadable", file=path.name, reason=error.strerror or "") from error
    if len(content) > _MOST_BYTES:
        raise ProgrammeInvalid("programme.file_unreadable", file=path.name, reason=f"> {_MOST_BYTES:,} B")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProgrammeInvalid("programme.file_unreadable", file=path.name, reason=str(error)[:200]) from error


def rules_of(document: dict[str, Any], file: str = "") -> RulesFile:
    """Rules out of parsed TOML, or of what a plan keeps.

    Raises
    ------
    ProgrammeInvalid
        ``programme.unknown_key``, ``programme.bad_value``
    """
    return _Taker(file).rules(document)


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, as ISO 8601 writes it."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


class _Taker:
    """Takes values out of parsed TOML, each of its kind and within its range, or says which one is wrong."""

    def __init__(self, file: str) -> None:
        self._file = file

    def rules(self, document: dict[str, Any]) -> RulesFile:
        self._only(document, (*_KNOWN, *_OPEN, *_LISTS), "")
        tables = {name: self._table(document, name, known) for name, known in _KNOWN.items()}
        programme, share, shelters = tables["programme"], tables["share"], tables["shelters"]
        wards, roofs = tables["wards"], tables["roofs"]
        first, last = (
            self._whole(programme, "programme.first_year", *_YEARS),
            self._whole(programme, "programme.last_year", *_YEARS),
        )
        if first is not None and last is not None and not first <= last < first + MOST_YEARS:
            raise self._wrong("programme.last_year", last, f"{first} … {first + MOST_YEARS - 1}")
        return RulesFile(
            first_year=first, last_year=last,
            objective=cast("Worth | None", self._choice(programme, "programme.objective", WORTHS)),
            worth_until=self._whole(programme, "programme.worth_until", *_YEARS),
            discount_rate=self._number(programme, "programme.discount_rate", 0.0, 0.3),
            share=self._number(share, "share.at_least", 0.0, 1.0), exactly=self._flag(share, "share.exactly"),
            denominator=self._whole(share, "share.denominator", *_COUNT), count=self._day(share, "share.list"),
            yearly={
                "budget": self._by_year(document, "budget", _YEN), "subsidy": self._by_year(document, "subsidy", _YEN),
                "sites": self._by_year(tables["capacity"], "capacity.sites", _COUNT, total=False),
                "kw": self._by_year(tables["capacity"], "capacity.kw", _KW, total=False),
            },
            ward_sites=self._named(wards, "wards.sites", lambda table, key: self._whole(table, key, *_COUNT)),
            ward_share=self._named(wards, "wards.share", lambda table, key: self._number(table, key, 0.0, 1.0)),
            shelter_share=self._number(shelters, "shelters.share", 0.0, 1.0), shelter_by=self._whole(shelters, "shelters.by", *_YEARS),
            shelters_first=bool(self._flag(shelters, "shelters.first")),
            renewal=cast("Renewal", self._choice(roofs, "roofs.renewal", RENEWALS) or "after"),
            roof_years=self._named(roofs, "roofs.years", lambda table, key: self._whole(table, key, *_YEARS)),
            pins=self._named(document, "pins", lambda table, key: self._whole(table, key, 0, _YEARS[1])), vetoes=self._vetoes(document),
            earliest=self._named(document, "earliest", lambda table, key: self._whole(table, key, *_YEARS)),
            latest=self._named(document, "latest", lambda table, key: self._whole(table, key, *_YEARS)),
            standing=self._standing(document), costs=self._costs(tables["costs"]), give=self._give(document),
            gap=self._number(tables["search"], "search.gap", 0.0, 1.0), seconds=self._number(tables["search"], "search.seconds", 0.1, 86_400.0),
            given=True,
        )  # fmt: skip

    def _wrong(self, key: str, found: object, expected: str) -> ProgrammeInvalid:
        return ProgrammeInvalid(
            "programme.bad_value", file=self._file, key=key, found=str(found)[:_SHOWN], expected=expected
        )

    def _only(self, table: dict[str, Any], known: Sequence[str], where: str) -> None:
        for key in table:
            if key not in known:
                raise ProgrammeInvalid(
                    "programme.unknown_key", file=self._file, key=f"{where}{key}"[:_SHOWN], expected=", ".join(known)
                )

    def _table(self, document: dict[str, Any], name: str, known: Sequence[str] | None = None) -> dict[str, Any]:
        found = document.get(name.rpartition(".")[2], {})
        if not isinstance(found, dict):
            raise self._wrong(name, found, f"[{name}]")
        if len(found) > _MOST_ROWS:
            raise self._wrong(name, len(found), f"≤ {_MOST_ROWS}")
        if known is not None:
            self._only(found, known, f"{name}.")
        return found

    def _number(self, table: dict[str, Any], key: str, low: float, high: float) -> float | None:
        found = table.get(key.rpartition(".")[2])
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
            raise self._wrong(key, found, f"{low:g} … {high:g}")
        return float(found)

    def _whole(self, table: dict[str, Any], key: str, low: int, high: int) -> int | None:
        found = self._number(table, key, low, high)
        if found is None:
            return None
        if found != int(found):
            raise self._wrong(key, found, f"{low}, {low + 1} … {high}")
        return int(found)

    def _flag(self, table: dict[str, Any], key: str) -> bool | None:
        found = table.get(key.rpartition(".")[2])
        if found is not None and not isinstance(found, bool):
            raise self._wrong(key, found, "true, false")
        return found

    def _choice(self, table: dict[str, Any], key: str, options: Sequence[str]) -> str | None:
        found = table.get(key.rpartition(".")[2])
        if found is not None and found not in options:
            raise self._wrong(key, found, ", ".join(options))
        return found

    def _day(self, table: dict[str, Any], key: str) -> str | None:
        found = table.get(key.rpartition(".")[2])
        if found is None or (isinstance(found, str) and found == ""):
            return None
        # TOML has days of its own.
        text = found.isoformat() if type(found) is date else found
        if not isinstance(text, str) or not is_day(text):
            raise self._wrong(key, found, "2026-04-01")
        return text

    def _by_year(
        self, document: dict[str, Any], name: str, bounds: tuple[float, float], *, total: bool = True
    ) -> dict[str, float]:
        table = self._table(document, name)
        for key in table:
            year = key.isascii() and key.isdigit() and _YEARS[0] <= int(key[:6]) <= _YEARS[1]
            if not year and key != EACH and not (total and key == TOTAL):
                expected = ", ".join(["2027 …", EACH, *([TOTAL] if total else [])])
                raise ProgrammeInvalid(
                    "programme.unknown_key", file=self._file, key=f"{name}.{key}"[:_SHOWN], expected=expected
                )
        return {key: float(self._number(table, f"{name}.{key}", *bounds) or 0.0) for key in table}

    def _named(self, document: dict[str, Any], name: str, take: Callable[[dict[str, Any], str], Any]) -> dict[str, Any]:
        table, found = self._table(document, name), {}
        for key, value in table.items():
            try:
                found[key] = take({"": value}, ".")
            except ProgrammeInvalid as error:
                raise self._wrong(f"{name}.{key}", value, str(error.details["expected"])) from error
        return found

    def _vetoes(self, document: dict[str, Any]) -> frozenset[str]:
        found = document.get("vetoes", [])
        if not isinstance(found, list) or len(found) > _MOST_ROWS or not all(isinstance(one, str) for one in found):
            raise self._wrong("vetoes", found, '["…"]')
        return frozenset(found)

    def _standing(self, document: dict[str, Any]) -> tuple[Standing, ...]:
        rows = document.get("standing", [])
        if not isinstance(rows, list) or len(rows) > _MOST_ROWS or not all(isinstance(row, dict) for row in rows):
            raise self._wrong("standing", rows, "[[standing]]")
        found = []
        for row in rows:
            self._only(row, _STANDING, "standing.")
            name, year = row.get("facility"), self._whole(row, "standing.year", *_YEARS)
            if not isinstance(name, str) or not name:
                raise self._wrong("standing.facility", name, '"…"')
            state = self._choice(row, "standing.state", ("done", "contracted"))
            if state is None or year is None:
                raise self._wrong("standing", name, ", ".join(_STANDING))
            found.append(Standing(name, state, year, self._number(row, "standing.capacity_kw", *_KW)))
        return tuple(found)

    def _costs(self, table: dict[str, Any]) -> dict[str, float]:
        bounds = {
            "yen_per_kw": (0.0, 5e6),
            "yearly_change": (-0.5, 0.5),
            "subsidy_rate": (0.0, 1.0),
            "saving_yen_per_kwh": (-100.0, 200.0),
        }
        taken = {name: self._number(table, f"costs.{name}", *bound) for name, bound in bounds.items()}
        return {name: value for name, value in taken.items() if value is not None}

    def _give(self, document: dict[str, Any]) -> dict[str, float]:
        table = self._table(document, "give", KINDS)
        return {kind: float(self._number(table, f"give.{kind}", 0.001, 1e6) or 0.0) for kind in table}
