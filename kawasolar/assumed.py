"""Tables of assumptions that a room ships as TOML: each number with unit, range, source and how sure it is; and what somebody asks for instead."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kawasolar.words import Language


@dataclass(frozen=True)
class Assumption:
    """A row of such a table; ``profile`` is the key of a profile's own number that goes before it, empty for none."""

    key: str
    value: float
    unit: str
    low: float
    high: float
    source_ja: str
    source_en: str
    note_ja: str
    note_en: str
    how_sure: str
    profile: str = ""

    def source(self, language: Language) -> str:
        """Where it comes from."""
        return self.source_ja if language == "ja" else self.source_en

    def note(self, language: Language) -> str:
        """What else is to be known of it."""
        return self.note_ja if language == "ja" else self.note_en


def rows_by_key(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Assumption]:
    """Rows of a parsed table by their key; what a row tells besides is left aside."""
    names = [one.name for one in fields(Assumption)]
    return MappingProxyType(
        {str(row["key"]): Assumption(**{name: row[name] for name in names if name in row}) for row in rows}
    )


def check_given(
    rows: Mapping[str, Assumption],
    given: Mapping[str, float],
    *,
    unknown: str,
    beyond: str,
    whole: Collection[str] = (),
) -> None:
    """Refuse numbers of somebody's own that the table does not know, or that are out of its range.

    Parameters
    ----------
    unknown, beyond : codes of the two refusals
    whole : keys of whole numbers

    Raises
    ------
    PlanError
        of these codes
    """
    for key, value in given.items():
        if key not in rows:
            raise PlanError(unknown, found=key[:60], expected=", ".join(rows))
        row = rows[key]
        broken = not math.isfinite(value) or (key in whole and value != int(value))
        if broken or not row.low <= value <= row.high:
            raise PlanError(beyond, key=key, found=value, low=row.low, high=row.high)
