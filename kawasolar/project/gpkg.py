"""SQLite and GeoPackage plumbing of the project file: safe reading, attribute tables, geometry BLOBs."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from kawasolar.errors import UnreadableProject
from kawasolar.project.frames import SQL_TYPES, decode_column, sql_values
from kawasolar.words import LANGUAGES, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.project.frames import ColumnSchema

_SQLITE = b"SQLite format 3\x00"
# No text or BLOB of a project comes near it; a larger one is refused before it is read.
MAX_BLOB = 1 << 30
MAX_ROWS = 20_000_000
# How long another program may hold the file before that is said.
_PATIENCE_S = 2.0
# Bytes of the envelope in a GeoPackage geometry by its code.
_ENVELOPES = np.array([0, 32, 48, 48, 64, -1, -1, -1])

_EXTENSION_TABLES = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT, CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""
_SCHEMA_EXTENSION = "http://www.geopackage.org/spec121/#extension_schema"


def quoted(name: str) -> str:
    """A name for SQL."""
    return '"' + name.replace('"', '""') + '"'


# ---------------------------------------------------------------------------------------------- writing


def prepare(connection: sqlite3.Connection) -> None:
    """Speed before safety: the file is a temporary one and is synced as a whole at the end."""
    connection.execute("PRAGMA journal_mode=MEMORY")
    connection.execute("PRAGMA synchronous=OFF")
    connection.executescript(_EXTENSION_TABLES)
    connection.executemany(
        "INSERT OR IGNORE INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
        [(table, _SCHEMA_EXTENSION) for table in ("gpkg_data_columns", "gpkg_data_column_constraints")],
    )


def write_table(connection: sqlite3.Connection, table: str, frame: pd.DataFrame, schema: list[ColumnSchema]) -> None:
    """An attribute table that QGIS lists, from a frame encoded by ``encode_frame``."""
    columns = [(name, SQL_TYPES[kind]) for _, name, kind, _ in schema]
    create_table(connection, table, columns)
    rows = zip(*(sql_values(frame[name]) for name, _ in columns), strict=True)
    insert(connection, table, [name for name, _ in columns], rows)


def insert(
    connection: sqlite3.Connection, table: str, names: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Rows into a table."""
    wanted = ", ".join(quoted(name) for name in names)
    marks = ", ".join("?" * len(names))
    connection.executemany(f"INSERT INTO {quoted(table)} ({wanted}) VALUES ({marks})", rows)  # noqa: S608


def create_table(connection: sqlite3.Connection, table: str, columns: Sequence[tuple[str, str]]) -> None:
    """An empty attribute table, registered."""
    body = "".join(f", {quoted(name)} {kind}" for name, kind in columns)
    connection.execute(f"CREATE TABLE {quoted(table)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL{body})")
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES (?, 'attributes', ?, ?)",
        (table, table, _title(table)),
    )


def describe_tables(connection: sqlite3.Connection, scenarios: Mapping[str, str]) -> None:
    """Japanese and English titles for all tables; those of a suffix with the name of the scenario that owns it."""
    rows = []
    for (table,) in connection.execute("SELECT table_name FROM gpkg_contents").fetchall():
        base, stroke, rest = table.partition("__")
        name = scenarios.get(stroke + rest, "") if stroke else ""
        rows.append((f"{table} {name}".strip(), _title(base, name), table))
    connection.executemany("UPDATE gpkg_contents SET identifier = ?, description = ? WHERE table_name = ?", rows)


def _title(table: str, scenario: str = "") -> str:
    title, about = say("ja", f"export.layer.{table}"), say("en", f"export.layer.{table}")
    return f"{title}({scenario}) / {about} ({scenario})" if scenario else f"{title} / {about}"


def describe_columns(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> None:
    """Japanese titles and English descriptions for the columns that the catalogue knows."""
    rows, used = [], set(columns)
    for column in columns:
        code = f"export.column.{column}"
        # Layers keep shares as 0…1, lists show percent.
        title, about = (say(language, code).replace("(%)", "(0-1)") for language in LANGUAGES)
        if title != code and title not in used:
            used.add(title)
            rows.append((table, column, title, title, about))
    connection.executemany("INSERT OR REPLACE INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)", rows)


# ---------------------------------------------------------------------------------------------- reading


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection to a file that may be anything.

    Raises
    ------
    UnreadableProject
        Missing, no SQLite file, or shorter than it says.
    """
    _check_header(path)
    # With no journal beside it the file may be taken as it is: nothing is created beside it then,
    # not even on a read-only share or where another program left it in WAL mode.
    pending = any(path.with_name(path.name + tail).exists() for tail in ("-wal", "-journal"))
    uri = path.absolute().as_uri() + ("?mode=ro" if pending else "?mode=ro&immutable=1")
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE_S)
    except sqlite3.Error as error:
        raise UnreadableProject("project.not_readable", file=str(path), reason=str(error)) from error
    try:
        limit_work(connection, path.stat().st_size)
        yield connection
    finally:
        connection.close()


def limit_work(connection: sqlite3.Connection, size: int) -> None:
    """Trust nothing in the file, and stop queries that run far longer than a sound file of this size can make them.

    Pages may point in circles.
    """
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BLOB)
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    step = 1_000_000
    left = 100 + 40 * size // step

    def count() -> int:
        nonlocal left
        left -= 1
        return left < 0

    connection.set_progress_handler(count, step)


def _check_header(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(100)
            size = file.seek(0, 2)
    except FileNotFoundError as error:
        raise UnreadableProject("project.missing", file=str(path)) from error
    except OSError as error:
        raise UnreadableProject("project.not_readable", file=str(path), reason=error.strerror or str(error)) from error
    if not head.startswith(_SQLITE):
        raise UnreadableProject("project.not_a_project", file=str(path))
    if len(head) < 100:
        raise UnreadableProject("project.damaged", file=str(path), reason="header")
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(head[28:32], "big")
    if pages and page * pages > size:
        raise UnreadableProject("project.damaged", file=str(path), reason=f"{size} < {page * pages} bytes")


def tables(connection: sqlite3.Connection) -> set[str]:
    """Names of the real tables; a view or a virtual table could run anything and is no part of a project."""
    return {
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        )
    }


def count_rows(connection: sqlite3.Connection, table: str) -> int:
    """Rows of a table; :class:`ValueError` where they are more than any project has."""
    (count,) = connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()  # noqa: S608
    if count > MAX_ROWS:
        raise ValueError(f"{table}: {count} rows")
    return int(count)


def read_columns(connection: sqlite3.Connection, table: str, names: Sequence[str]) -> list[Sequence[object]]:
    """The columns of a table in the order of its rows."""
    count_rows(connection, table)
    if not names:
        return []
    # A quoted name that is no column would be taken as a text: ask for it through the table.
    wanted = ", ".join(f"{quoted(table)}.{quoted(name)}" for name in names)
    rows = connection.execute(f"SELECT {wanted} FROM {quoted(table)} ORDER BY fid").fetchall()  # noqa: S608
    return list(zip(*rows, strict=True)) if rows else [() for _ in names]


def read_frame_columns(connection: sqlite3.Connection, table: str, schema: list[ColumnSchema]) -> dict[str, Any]:
    """Decoded columns by their own names."""
    raw = read_columns(connection, table, [name for _, name, _, _ in schema])
    return {
        column: decode_column(values, kind, dtype) for (column, _, kind, dtype), values in zip(schema, raw, strict=True)
    }


def geometries(blobs: Sequence[object]) -> NDArray[np.object_]:
    """Shapes from GeoPackage geometry BLOBs; NULL gives None.

    Raises
    ------
    ValueError
        A BLOB is no geometry.
    """
    found = np.full(len(blobs), None, dtype=object)
    present = [place for place, blob in enumerate(blobs) if blob is not None]
    if not present:
        return found
    bodies = [_wkb(blobs[place]) for place in present]
    shapes = np.empty(len(present), dtype=object)
    shapes[:] = shapely.from_wkb(bodies, on_invalid="raise")
    found[present] = shapes
    return found


def _wkb(blob: object) -> bytes:
    if not isinstance(blob, bytes) or len(blob) < 13 or blob[:2] != b"GP":
        raise ValueError("no geometry")
    start = int(_ENVELOPES[(blob[3] >> 1) & 7])
    if start < 0:
        raise ValueError("geometry with an unknown envelope")
    body = blob[8 + start :]
    if len(body) < 5 or body[0] not in (0, 1):
        raise ValueError("geometry cut off")
    struct.unpack_from("<I", body, 1)
    return body
