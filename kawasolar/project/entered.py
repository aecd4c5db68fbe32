"""What of a project file is no frame: entries, stamps, the mark."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kawasolar.document.check import check_entries
from kawasolar.errors import UnreadableProject
from kawasolar.plan import SaveMark, Stamp
from kawasolar.project.format import STAMP_FIELDS
from kawasolar.project.gpkg import count_rows
from kawasolar.project.trust import number, rows, typed

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from kawasolar.document.entries import Entries

# Far more than people compare, and a bound on the work that a made-up file can cause.
_MOST_SCENARIOS = 200
_MOST_LOOKUPS = 20_000_000
# Every column of ten thousand facilities; below what a stamp may name, so that what is opened can be run and saved.
_MOST_ENTRIES = 200_000
_MOST_PARTS = 1_000_000
_LONGEST = 10_000


def read_entries(connection: sqlite3.Connection, path: Path) -> Entries:
    """What people entered; each entry once, and one of its table."""
    found: dict[str, dict[str, Any]] = {}
    if (count := count_rows(connection, "entries")) > _MOST_ENTRIES:
        raise ValueError(f"{count} entries")
    for row in rows(connection, "entries", ("kind", "key", "value")):
        table, key = found.setdefault(typed(row["kind"], str), {}), typed(row["key"], str)
        if key in table:
            raise ValueError(f"{row['kind']} {key[:60]} × 2")
        table[key] = json.loads(typed(row["value"], str))
    try:
        return check_entries(found)
    except ValueError as error:
        raise UnreadableProject(
            "project.inconsistent", file=str(path), table="entries", column="value", found=str(error)[:60]
        ) from error


def check_amount(entries: Entries) -> None:
    """Refuse entries that no person can have made: each scenario looks through all of them."""
    scenarios = len(entries.table("scenarios"))
    count = sum(map(len, entries.tables.values()))
    if scenarios > _MOST_SCENARIOS or count > _MOST_ENTRIES or scenarios * count > _MOST_LOOKUPS:
        raise ValueError(f"{scenarios} scenarios, {count} entries")


def read_stamps(connection: sqlite3.Connection, scenarios: set[str]) -> dict[str, dict[str, Stamp]]:
    """Scenario -> stage -> what its result was computed from."""
    found: dict[str, dict[str, Stamp]] = {}
    for row in rows(connection, "stamps", STAMP_FIELDS):
        scenario, stage = typed(row["scenario"], str), typed(row["stage"], str)
        if scenario not in scenarios or len(stage) > _LONGEST or stage in found.get(scenario, {}):
            raise ValueError(f"stamp {scenario[:60]} {stage[:60]}")
        inputs, parts = (_texts(json.loads(typed(row[name], str))) for name in ("inputs", "parts"))
        stamp = Stamp(stage, typed(row["version"], int), inputs, parts, typed(row["made"], str), number(row["seconds"]))
        found.setdefault(scenario, {})[stage] = stamp
    return found


def _texts(value: object) -> dict[str, str]:
    """A mapping of texts to texts."""
    if not isinstance(value, dict) or len(value) > _MOST_PARTS or not all(type(v) is str for v in value.values()):
        raise TypeError("texts expected")
    return value


def mark_of(meta: dict[str, Any]) -> SaveMark:
    """Which edits the file contains."""
    mark = typed(meta["mark"], dict)
    seq = mark["seq"]
    if type(seq) is not int:
        raise TypeError("seq")
    return SaveMark(typed(mark["journal"], str), seq)
