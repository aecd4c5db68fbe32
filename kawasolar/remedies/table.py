"""The table of remedies: what they do by ``resources/remedies.toml``, what they cost by the profile, or by a file of somebody's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from kawasolar.profile import load_profile, load_text, parsed
from kawasolar.profiles.reader import Reader
from kawasolar.profiles.tables import RemedyCost, check_new, entries_of, read_row
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from kawasolar.profile import Profile
    from kawasolar.words import Language

Per = Literal["floor_area_m2", "roof_m2", "flat_roof_m2", "capacity_kw"]
How = Literal["code", "to", "add", "most"]
# What an array weighs is no column of the ledger.
LOAD = "load_kg_m2"


@dataclass(frozen=True)
class Change:
    """What a remedy makes of one column of the ledger: a code, the plan's year (``to``), what was found and ``value`` more, or at most that.

    ``of`` are the codes that are changed; all where there are none.
    """

    column: str
    how: How
    value: str | float
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """Works of one kind.

    Attributes
    ----------
    yen, low, high : price and its range [yen per unit of ``per``]
    lead_years : from the decision to the end of the works [a]
    works : codes of the ledger of works on roofs that do the same
    planned : column of the ledger with the fiscal year in which they are planned; empty where there is none
    """

    key: str
    yen: float
    low: float
    high: float
    per: Per
    lead_years: float
    how_sure: str
    source_ja: str
    source_en: str
    works: tuple[str, ...]
    changes: tuple[Change, ...]
    planned: str = ""

    def source(self, language: Language) -> str:
        """Where the price is from."""
        return self.source_ja if language == "ja" else self.source_en


@cache
def remedies() -> tuple[Remedy, ...]:
    """All remedies with the prices of the first bundled profile, in the order of the table."""
    text = resource_path("remedies.toml").read_text("utf-8")
    return remedies_of(text, load_profile().tables.remedies)


def remedies_by(profile: Profile, own: Iterable[RemedyCost] = ()) -> tuple[Remedy, ...]:
    """All remedies: with somebody's own prices, else the profile's, else those of the first bundled one."""
    priced = {row.key: row for row in (*profile.tables.remedies, *own)}
    return tuple(_priced(one, priced[one.key]) if one.key in priced else one for one in remedies())


def read_costs(path: Path) -> tuple[RemedyCost, ...]:
    """Prices of remedies from a TOML file: its rows ``[[remedies]]`` as in a profile; what else is in it does not count.

    Raises
    ------
    kawasolar.errors.UnreadableProfile
        missing, too large, not UTF-8, not TOML, no row at all, or one that is wrong
    """
    reader = Reader(path.name)
    document = parsed(load_text(path), path.name)
    found, seen = [], set[tuple[object, ...]]()
    for where, entry in entries_of(reader, "remedies", document):
        row = read_row(reader, "remedies", entry, where)
        check_new(reader, "remedies", row, where, seen)
        found.append(cast("RemedyCost", row))
    if not found:
        raise reader.error("profile.missing_section", "remedies", None, "[[remedies]]")
    return tuple(found)


def remedies_of(text: str, costs: Iterable[RemedyCost]) -> tuple[Remedy, ...]:
    """The table from its text, and the price of each.

    Raises
    ------
    ValueError
        A remedy without a price, a change that is none.
    """
    priced = {row.key: row for row in costs}
    rows = tomllib.loads(text)["remedies"]
    missing = [row["key"] for row in rows if row["key"] not in priced]
    if missing:
        raise ValueError(f"no price: {missing}")
    return tuple(_remedy(row, priced[row["key"]]) for row in rows)


def _remedy(row: Mapping[str, Any], cost: RemedyCost) -> Remedy:
    bare = Remedy(
        key=str(row["key"]), yen=0.0, low=0.0, high=0.0, per=cast("Per", row["per"]), lead_years=0.0, how_sure="", source_ja="", source_en="",
        works=tuple(row["works"]), changes=tuple(_change(column, said) for column, said in row["sets"].items()), planned=str(row.get("planned", "")),
    )  # fmt: skip
    return _priced(bare, cost)


def _priced(one: Remedy, cost: RemedyCost) -> Remedy:
    """With another price; a price outside its sources' range widens it."""
    low = cost.yen if cost.low is None else min(cost.low, cost.yen)
    high = cost.yen if cost.high is None else max(cost.high, cost.yen)
    return replace(
        one, yen=cost.yen, low=low, high=high, lead_years=float(cost.lead_years), how_sure=cost.how_sure, source_ja=cost.source_ja, source_en=cost.source_en
    )  # fmt: skip


def _change(column: str, said: Mapping[str, Any]) -> Change:
    of = tuple(str(code) for code in said.get("of", ()))
    ((how, value),) = ((how, value) for how, value in said.items() if how != "of")
    if (
        how not in ("code", "to", "add", "most")
        or (how == "to" and value != "plan_year")
        or (how == "most") != (column == LOAD)
    ):
        raise ValueError(f"{column}: {how} = {value}")
    return Change(str(column), cast("How", how), float(value) if how in ("add", "most") else str(value), of)
