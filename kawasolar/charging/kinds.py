"""The kinds of chargers: ``resources/chargers.csv``, or a table of somebody's own with the same columns."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

from kawasolar.errors import UnreadableLedger
from kawasolar.ledger.tables import decode
from kawasolar.modules import HOW_SURE
from kawasolar.resources import resource_path

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.words import Language

MAX_KINDS = 12
_MAX_BYTES = 256 * 1024
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_TEXTS = ("key", "name_ja", "name_en", "current", "source_ja", "source_en", "how_sure")
# Column -> least and most.
RANGES: dict[str, tuple[float, float]] = {
    "power_kw": (0.5, 400.0), "efficiency": (0.5, 1.0), "both_ways": (0.0, 1.0), "equipment_yen": (0.0, 1e8), "works_yen": (0.0, 1e8),
    "low_yen": (0.0, 1e8), "high_yen": (0.0, 1e8), "subsidy_yen": (0.0, 1e8), "life_years": (1.0, 40.0), "year": (1990.0, 2100.0),
}  # fmt: skip


@dataclass(frozen=True)
class Charger:
    """One kind of charger.

    Attributes
    ----------
    current : ``ac`` (through the car's own charger, at most its ``charge_kw``) or ``dc`` (straight into the battery)
    power_kw : drawn from the building [kW]
    efficiency : what reaches the battery of what is drawn [-]
    both_ways : whether it can give back (V2X)
    equipment_yen, works_yen : of one, without tax; ``low_yen`` to ``high_yen`` is the range of both together
    subsidy_yen : paid for one
    """

    key: str
    name_ja: str
    name_en: str
    current: str
    power_kw: float
    efficiency: float
    both_ways: bool
    equipment_yen: float
    works_yen: float
    low_yen: float
    high_yen: float
    subsidy_yen: float
    life_years: float
    year: int
    source_ja: str
    source_en: str
    how_sure: str

    @property
    def cost_yen(self) -> float:
        """Of one with its works, less the subsidy [yen]."""
        return max(self.equipment_yen + self.works_yen - self.subsidy_yen, 0.0)

    def name(self, language: Language) -> str:
        """What it is called."""
        return self.name_ja if language == "ja" else self.name_en

    def source(self, language: Language) -> str:
        """Where its numbers come from."""
        return self.source_ja if language == "ja" else self.source_en


COLUMNS = tuple(one.name for one in fields(Charger))


@cache
def bundled_kinds() -> tuple[Charger, ...]:
    """The kinds that come with the program."""
    return read_kinds(resource_path("chargers.csv"))


def read_kinds(path: Path) -> tuple[Charger, ...]:
    """Kinds of a CSV with the columns of ``resources/chargers.csv``, in any order.

    Raises
    ------
    UnreadableLedger
        ``charging.file_missing``, ``charging.file_large``, ``charging.columns``, ``charging.bad_kind`` (with row, column and what is there), ``charging.no_kinds``
    """
    rows = read_rows(path, _MAX_BYTES)
    lacking = [name for name in COLUMNS if rows and name not in rows[0]]
    if lacking:
        raise UnreadableLedger("charging.columns", source=path.name, expected=", ".join(lacking))
    found = [_kind(row, number, path.name) for number, row in enumerate(rows, 2)]
    if not found or len(found) > MAX_KINDS or len({one.key for one in found}) < len(found):
        raise UnreadableLedger("charging.no_kinds", source=path.name, found=len(found), expected=MAX_KINDS)
    return tuple(found)


def read_rows(path: Path, most: int) -> list[dict[str, str]]:
    """Rows of a table of text with a heading: UTF-8 or cp932, separated by commas.

    Raises
    ------
    UnreadableLedger
        ``charging.file_missing``, ``charging.file_large``; or it is no text
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= most else b""
    except OSError as error:
        raise UnreadableLedger("charging.file_missing", source=path.name) from error
    if size > most:
        raise UnreadableLedger("charging.file_large", source=path.name, found=size, expected=most)
    reader = csv.DictReader(io.StringIO(decode(data, path.name)[0]))
    return [
        {str(name).strip(): (text or "").strip() for name, text in row.items() if name is not None} for row in reader
    ]


def _kind(row: dict[str, str], number: int, source: str) -> Charger:
    def bad(column: str) -> UnreadableLedger:
        return UnreadableLedger("charging.bad_kind", source=source, row=number, column=column, found=row[column][:60])

    if not _KEY.fullmatch(row["key"]):
        raise bad("key")
    if row["current"] not in ("ac", "dc"):
        raise bad("current")
    if row["how_sure"] not in HOW_SURE:
        raise bad("how_sure")
    values: dict[str, object] = {name: row[name] for name in _TEXTS}
    for name, (low, high) in RANGES.items():
        try:
            value = float(row[name])
        except ValueError as error:
            raise bad(name) from error
        if not math.isfinite(value) or not low <= value <= high:
            raise bad(name)
        values[name] = value
    values |= {"both_ways": values["both_ways"] == 1.0, "year": int(float(row["year"]))}
    return Charger(**values)  # type: ignore[arg-type] # checked above
