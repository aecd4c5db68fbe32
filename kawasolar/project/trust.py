"""Values of a project file, of which any may be anything, as what they must be."""

from __future__ import annotations

import json
import re
import sqlite3
import struct
import zlib
from typing import TYPE_CHECKING, Any, cast

import shapely

from kawasolar.errors import UnreadableProfile
from kawasolar.project.gpkg import read_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyproj import CRS

_CRS_RULE = re.compile(r"[A-Za-z]+:[0-9]+$|[A-Z_]+\s*\[")


# What reading damaged bytes can raise below us; anything else is a mistake of ours and is shown as such.
DAMAGE = (
    sqlite3.Error, zlib.error, struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
    RecursionError, MemoryError, RuntimeError, shapely.errors.ShapelyError, UnreadableProfile,
)  # fmt: skip


def typed(value: Any, kind: type) -> Any:  # noqa: ANN401
    """The value, which is of this kind, or :class:`TypeError`."""
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected")
    return value


def number(value: object) -> float:
    """A number of the JSON, which has no true, text or list for one."""
    if type(value) not in (int, float):
        raise TypeError("number expected")
    return float(cast("float", value))


def crs_of(text: object) -> CRS:
    """A code or a whole definition; other texts could name files to be read."""
    from pyproj import CRS

    if not _CRS_RULE.match(typed(text, str)):
        raise ValueError(f"crs {str(text)[:60]}")
    return CRS.from_user_input(text)


def read_values(connection: sqlite3.Connection, table: str, wanted: tuple[str, ...] | None = None) -> dict[str, Any]:
    """A table of keys and JSON; all of it, or those that are wanted and there."""
    keys, values = read_columns(connection, table, ("key", "value"))
    return {
        typed(key, str): json.loads(typed(value, str))
        for key, value in zip(keys, values, strict=True)
        if wanted is None or key in wanted
    }


def rows(connection: sqlite3.Connection, table: str, fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The rows of a table by the names of its fields."""
    for row in zip(*read_columns(connection, table, fields), strict=True):
        yield dict(zip(fields, row, strict=True))
