"""Project files of older versions, one step at a time, on a copy in memory; the file itself stays as it is."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gis.roofs import SOURCES
from kawasolar.errors import UnreadableProject
from kawasolar.project.format import FORMAT_VERSION
from kawasolar.project.gpkg import limit_work, quoted
from kawasolar.words import default_language, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# A copy in memory; far above what a whole town makes.
_LARGEST = 2 << 30


@contextmanager
def upgraded(connection: sqlite3.Connection, path: Path, version: int) -> Iterator[sqlite3.Connection]:
    """A copy of an older file as this version would have it.

    Raises
    ------
    UnreadableProject
        Too large for a copy in memory.
    """
    size = path.stat().st_size
    if size > _LARGEST:
        raise UnreadableProject("project.damaged", file=str(path), reason=f"{size} bytes")
    copy = sqlite3.connect(":memory:")
    try:
        connection.backup(copy)
        limit_work(copy, size)
        _disarm(copy)
        for step in range(version, FORMAT_VERSION):
            STEPS[step](copy)
        yield copy
    finally:
        copy.close()


def _disarm(copy: sqlite3.Connection) -> None:
    """Whatever would run by itself when something is written goes first."""
    armed = copy.execute("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchall()
    for kind, name in armed:
        copy.execute(f"DROP {kind} {quoted(name)}")


def upgrade_1_to_2(copy: sqlite3.Connection) -> None:
    """One plan becomes a project of one scenario; its settings become entries."""
    meta = _values(copy, "kawasolar_meta")
    settings = _values(copy, "settings")
    saved = meta["saved"] if isinstance(meta.get("saved"), str) else ""
    name = say(default_language(), "plan.first_scenario")
    _fill(copy, "entries", ("kind", "key", "value"), _entries_of(settings, name, saved))
    _fill(copy, "stamps", ("scenario", "stage", "version", "inputs", "parts", "made", "seconds"), [])
    _fill(copy, "exports", ("kind", "path", "language", "scenario", "fingerprint", "when", "who"), [])
    slots = ("read", "links", "survey", "yield", "decision", "findings", "inputs")
    own = {key: meta[key] for key in ("name", "synthetic", "crs", "dsm", "seconds")}
    meta |= {
        "format_version": 2,
        "active": "s1",
        "mark": {"journal": "", "seq": 0},
        "scenarios": {"s1": {**own, "slots": dict.fromkeys(slots, "")}},
        "slots": {
            "read": {"": {"facilities": "facilities", "links": "links", "columns": {}, "sheet": ""}},
            "survey": {"": {"open_sky_kwh_m2": meta["open_sky_kwh_m2"]}},
            "yield": {"": {"weather": meta["weather"]}},
            "decision": {"": {"not_applied": meta["not_applied"]}},
        },
    }
    for table in ("facilities", "buildings", "roof_planes"):
        meta["frames"][table]["crs"] = meta["crs"]
    for key in ("synthetic", "dsm", "seconds", "open_sky_kwh_m2", "weather", "not_applied"):
        del meta[key]
    copy.execute("DROP TABLE settings")
    copy.execute("DROP TABLE kawasolar_meta")
    _fill(copy, "kawasolar_meta", ("key", "value"), [(key, json.dumps(value)) for key, value in meta.items()])


def _entries_of(settings: dict[str, Any], name: str, when: str) -> list[tuple[str, str, str]]:
    """What was turned in version 1, as entries of the one scenario; nobody knows any more by whom and why."""
    mark = {"why": "", "who": "", "when": when}
    found: list[tuple[str, str, Any]] = [
        ("scenarios", "s1", {"name": name, "note": "", "order": 1}),
        ("share", "s1", settings["share"]),
        ("objective", "s1", settings["objective"]),
    ]
    for key, (applied, threshold) in settings["criteria"].items():
        found.append(("criteria", f"s1/{key}", {"applied": applied, "threshold": threshold, **mark}))
    for table in ("pins", "vetoes"):
        found += [(table, "s1/" + facility, mark) for facility in settings[table]]
    return [(kind, key, json.dumps(value)) for kind, key, value in found]


def upgrade_2_to_3(copy: sqlite3.Connection) -> None:
    """Modules are laid out: nothing is, in an older file."""
    from kawasolar.layout_values import COLUMNS

    meta = _values(copy, "kawasolar_meta")
    columns = [[name, name, _STORED[kind], kind] for name, kind in COLUMNS.items()]
    meta["frames"]["subarrays"] = {
        "columns": columns, "geometry": "geometry", "simple": False, "order": [*COLUMNS, "geometry"], "crs": meta["crs"],
    }  # fmt: skip
    for own in meta["scenarios"].values():
        own["slots"]["layout"] = ""
    meta["format_version"] = 3
    copy.execute("DROP TABLE IF EXISTS subarrays")
    _fill(copy, "subarrays", (*COLUMNS, "geom"), [])
    copy.execute("DROP TABLE kawasolar_meta")
    _fill(copy, "kawasolar_meta", ("key", "value"), [(key, json.dumps(value)) for key, value in meta.items()])


def upgrade_3_to_4(copy: sqlite3.Connection) -> None:
    """Planes say who made them: in an older file the surface did."""
    meta = _values(copy, "kawasolar_meta")
    for table, schema in meta["frames"].items():
        if table.partition("__")[0] != "roof_planes":
            continue
        stored = {str(row[1]).lower() for row in copy.execute(f"PRAGMA table_info({quoted(table)})")}
        name = "source"
        while name in stored:
            name += "_"
        copy.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {quoted(name)} TEXT")
        copy.execute(f"UPDATE {quoted(table)} SET {quoted(name)} = ?", (SOURCES[0],))  # noqa: S608 - our own names
        schema["columns"].append(["source", name, "text", "object"])
        order = schema["order"]
        order.insert(order.index("residual_m") + 1 if "residual_m" in order else len(order) - 1, "source")
    meta["format_version"] = 4
    copy.execute("DROP TABLE kawasolar_meta")
    _fill(copy, "kawasolar_meta", ("key", "value"), [(key, json.dumps(value)) for key, value in meta.items()])


def upgrade_4_to_5(copy: sqlite3.Connection) -> None:
    """Other ledgers than that of facilities: an older file has none, and so nothing of them to be read. Nor does it say what facilities use."""
    meta = _values(copy, "kawasolar_meta")
    for own in meta["scenarios"].values():
        own["slots"]["registers"] = own["slots"]["use"] = ""
    meta["slots"]["registers"] = {"": {}}
    meta["format_version"] = 5
    stamped = copy.execute("SELECT DISTINCT scenario FROM stamps").fetchall()
    copy.executemany(
        "INSERT INTO stamps (scenario, stage, version, inputs, parts, made, seconds) VALUES (?, 'registers', 1, '{}', '{}', '', 0)",
        stamped,
    )
    copy.execute("DROP TABLE kawasolar_meta")
    _fill(copy, "kawasolar_meta", ("key", "value"), [(key, json.dumps(value)) for key, value in meta.items()])


def upgrade_5_to_6(copy: sqlite3.Connection) -> None:
    """The programme by fiscal year: an older file keeps none, and nobody has asked for one."""
    meta = _values(copy, "kawasolar_meta")
    for own in meta["scenarios"].values():
        own["slots"]["programme"] = ""
    meta["slots"]["programme"] = {"": None}
    meta["format_version"] = 6
    copy.execute("DROP TABLE kawasolar_meta")
    _fill(copy, "kawasolar_meta", ("key", "value"), [(key, json.dumps(value)) for key, value in meta.items()])


def upgrade_6_to_7(copy: sqlite3.Connection) -> None:
    """What a scenario asks for besides (lighting, the fleet, chargers, sites of shared ones): an older file keeps nothing of it, and nobody has asked."""
    meta = _values(copy, "kawasolar_meta")
    for kind in ("lighting", "fleet", "charging", "siting"):
        for own in meta["scenarios"].values():
            own["slots"][kind] = ""
        meta["slots"][kind] = {"": None}
    meta["format_version"] = 7
    copy.execute("DROP TABLE kawasolar_meta")
    _fill(copy, "kawasolar_meta", ("key", "value"), [(key, json.dumps(value)) for key, value in meta.items()])


# How a column of a frame lies in the file.
_STORED = {"int64": "int", "float64": "real", "bool": "bool", "object": "text"}
STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {
    1: upgrade_1_to_2, 2: upgrade_2_to_3, 3: upgrade_3_to_4, 4: upgrade_4_to_5, 5: upgrade_5_to_6, 6: upgrade_6_to_7,
}  # fmt: skip


def _values(copy: sqlite3.Connection, table: str) -> dict[str, Any]:
    return {key: json.loads(value) for key, value in copy.execute(f"SELECT key, value FROM {quoted(table)}")}  # noqa: S608


def _fill(copy: sqlite3.Connection, table: str, fields: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    names = ", ".join(quoted(name) for name in fields)
    copy.execute(f"CREATE TABLE {quoted(table)} (fid INTEGER PRIMARY KEY, {names})")
    marks = ", ".join("?" * len(fields))
    copy.executemany(f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})", rows)  # noqa: S608
