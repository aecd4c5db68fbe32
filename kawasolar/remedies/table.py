"""The table of remedies: ``resources/remedies.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.words import Language

Per = Literal["floor_area_m2", "roof_m2", "capacity_kw"]
How = Literal["code", "to", "add"]


@dataclass(frozen=True)
class Change:
    """What a remedy makes of one column of the ledger: a code, the plan's year (``to``), or what was found and ``value`` more."""

    column: str
    how: How
    value: str | float


@dataclass(frozen=True)
class Remedy:
    """Works of one kind.

    Attributes
    ----------
    yen, low, high : price and its range [yen per unit of ``per``]
    lead_years : from the decision to the end of the works [a]
    works : codes of the ledger of works on roofs that do the same
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

    def source(self, language: Language) -> str:
        """Where the price is from."""
        return self.source_ja if language == "ja" else self.source_en


@cache
def remedies() -> tuple[Remedy, ...]:
    """All remedies, in the order of the table."""
    return remedies_of(resource_path("remedies.toml").read_text("utf-8"))


def remedies_of(text: str) -> tuple[Remedy, ...]:
    """The table from its text.

    Raises
    ------
    ValueError
        A price outside its range or below 0, a change that is none.
    """
    return tuple(_remedy(row) for row in tomllib.loads(text)["remedies"])


def _remedy(row: Mapping[str, Any]) -> Remedy:
    yen, low, high = (float(row[name]) for name in ("yen", "low", "high"))
    if not 0 <= low <= yen <= high:
        raise ValueError(f"{row['key']}: {low} <= {yen} <= {high}")
    return Remedy(
        key=str(row["key"]), yen=yen, low=low, high=high, per=cast("Per", row["per"]), lead_years=float(row["lead_years"]),
        how_sure=str(row["how_sure"]), source_ja=str(row["source_ja"]), source_en=str(row["source_en"]), works=tuple(row["works"]),
        changes=tuple(_change(column, said) for column, said in row["sets"].items()),
    )  # fmt: skip


def _change(column: str, said: Mapping[str, Any]) -> Change:
    ((how, value),) = said.items()
    if how not in ("code", "to", "add") or (how == "to" and value != "plan_year"):
        raise ValueError(f"{column}: {how} = {value}")
    return Change(str(column), cast("How", how), float(value) if how == "add" else str(value))
