"""Frames as plain SQL columns and back, so that what is loaded is what was saved.

A schema says for each column how it is stored: ``[column, stored name, kind, dtype]``.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["real", "int", "bool", "text", "json", "date"]
ColumnSchema = list[str]

SQL_TYPES: dict[str, str] = {
    "real": "REAL",
    "int": "INTEGER",
    "bool": "BOOLEAN",
    "text": "TEXT",
    "json": "TEXT",
    "date": "DATE",
}
_FLOATS = ("float64", "float32", "float16")
_INTS = ("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8")
_NULLABLE = ("Int64", "Int32", "Int16", "Int8", "UInt32", "UInt16", "UInt8", "Float64", "Float32", "boolean")
_TEXTS = ("str", "string", "object")
# Days without an hour.
_DAYS = "datetime64[s]"
_KNOWN = {*_FLOATS, *_INTS, *_NULLABLE, *_TEXTS, "bool", _DAYS}


def encode_frame(frame: pd.DataFrame, taken: Iterable[str] = ()) -> tuple[pd.DataFrame, list[ColumnSchema]]:
    """The frame with columns that SQL can hold, and the schema to read it back.

    Parameters
    ----------
    frame : DataFrame
        Without geometry.
    taken : iterable of str
        Column names that the table uses itself.
    """
    used = {name.lower() for name in taken}
    stored: dict[str, pd.Series[Any]] = {}
    schema: list[ColumnSchema] = []
    for column in frame.columns:
        kind, dtype = _kind(frame[column])
        name = _free_name(str(column), used)
        stored[name] = _encode(frame[column], kind)
        schema.append([str(column), name, kind, dtype])
    return pd.DataFrame(stored, index=pd.RangeIndex(len(frame))), schema


def decode_column(values: Sequence[object], kind: str, dtype: str) -> pd.Series[Any]:
    """A column as it was before :func:`encode_frame`.

    Raises
    ------
    ValueError, TypeError
        The stored values cannot be of this kind.
    """
    if kind not in SQL_TYPES or dtype not in _KNOWN:
        raise ValueError(f"unknown column kind {kind} {dtype}")
    if kind == "text" and not all(value is None or type(value) is str for value in values):
        raise ValueError("a text column holds something else")
    if (kind == "date") != (dtype == _DAYS):
        raise ValueError(f"a column of {kind} as {dtype}")
    if kind == "date":
        return pd.Series(np.array([_day(value) for value in values], dtype=_DAYS))
    if kind == "json":
        values = [None if value is None else json.loads(cast("str", value)) for value in values]
    elif kind == "bool":
        values = [None if value is None else bool(value) for value in values]
    if dtype == "object":
        # pandas would guess a type of its own.
        return pd.Series(_objects(values), dtype=object)
    if kind in ("int", "bool") and dtype not in _NULLABLE and any(value is None for value in values):
        raise ValueError("a value is missing")
    if kind == "real" and dtype in _FLOATS:
        return pd.Series(np.array(values, dtype=np.float64), dtype=cast("Any", dtype))
    return pd.Series(pd.array(list(values), dtype=cast("Any", dtype)))


def _day(value: object) -> np.datetime64:
    """A day of a calendar as ISO 8601 writes it; nothing else."""
    if value is None:
        return np.datetime64("NaT")
    return np.datetime64(dt.date.fromisoformat(cast("str", value)))


def _kind(series: pd.Series[Any]) -> tuple[Kind, str]:
    dtype = str(series.dtype)
    if dtype in _FLOATS or dtype in ("Float64", "Float32"):
        return "real", dtype
    if dtype in _INTS or dtype in _NULLABLE[:7]:
        return "int", dtype
    if dtype in ("bool", "boolean"):
        return "bool", dtype
    if dtype in ("str", "string"):
        return "text", dtype
    if dtype == _DAYS:
        return "date", dtype
    present = series.to_numpy()[series.notna().to_numpy()].tolist()
    if all(isinstance(value, str) for value in present):
        return "text", "object"
    if all(isinstance(value, (bool, np.bool_)) for value in present):
        return "bool", "object"
    return "json", "object"


def _encode(series: pd.Series[Any], kind: Kind) -> pd.Series[Any]:
    plain = series.reset_index(drop=True)
    if kind == "real":
        return plain.astype("float64")
    if kind == "int":
        return plain.astype("Int64") if plain.isna().any() else plain.astype("int64")
    if kind == "bool" and plain.dtype == np.dtype(bool):
        return plain.astype("boolean")
    if kind == "bool":
        return plain.map(lambda value: pd.NA if _missing(value) else bool(value)).astype("boolean")
    if kind == "date":
        return pd.Series(_objects([None if _missing(day) else day.date().isoformat() for day in plain]), dtype=object)
    if kind == "text":
        texts = plain.to_numpy(dtype=object, copy=True)
        texts[plain.isna().to_numpy()] = None
        return pd.Series(texts, dtype=object)
    return pd.Series(_objects([None if _missing(value) else to_json(value) for value in plain]), dtype=object)


def sql_values(series: pd.Series[Any]) -> list[object]:
    """The values of an encoded column as sqlite3 takes them."""
    if series.dtype == np.dtype("float64"):
        return [None if math.isnan(value) else value for value in series.tolist()]
    return [None if value is None or value is pd.NA else value for value in series.tolist()]


def to_json(value: object) -> str:
    """Compact JSON; NumPy's numbers, sets and tuples become plain ones."""
    return (_SORTED if isinstance(value, dict) else _AS_IT_IS).encode(value)


def _plain(value: object) -> object:
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


# Made once: json.dumps would make one for each of ten thousand cells.
_AS_IT_IS = json.JSONEncoder(ensure_ascii=False, default=_plain)
_SORTED = json.JSONEncoder(ensure_ascii=False, default=_plain, sort_keys=True)


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _objects(values: Sequence[object]) -> np.ndarray[Any, Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


def _free_name(column: str, used: set[str]) -> str:
    """SQL does not tell ``Name`` from ``name``."""
    name, count = column or "column", 2
    while name.lower() in used:
        name, count = f"{column}_{count}", count + 1
    used.add(name.lower())
    return name
