"""A ledger of any kind, from any usual file, as a frame with our columns; what is wrong in it is said row by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.progress import Progress, silent
from kawasolar.errors import UnreadableLedger
from kawasolar.ledger import values
from kawasolar.ledger.cells import converted, limited, objects
from kawasolar.ledger.headings import find_header, seen_headings
from kawasolar.ledger.loading import load, sheets_of
from kawasolar.ledger.notes import LISTED, Notes
from kawasolar.ledger.rows import body_of
from kawasolar.ledger.vocabulary import folded, vocabulary
from kawasolar.registers.dates import day
from kawasolar.registers.schema import KINDS, Schema, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gis.findings import Finding
    from kawasolar.ledger.headings import Column, Header
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.rows import Body
    from kawasolar.ledger.tables import Table
    from kawasolar.registers.schema import Field, Kind

# Columns whose merged cells count for all rows that they cover, and in which a total announces itself.
_CLASSIFYING = ("facility", "building", "wing", "floor", "department", "base")
_TOTALS = ("facility", "building", "vehicle", "wing", "supply_point", "department", "base", "room")
_MEANING = {
    "number": "number",
    "storeys": "number",
    "year": "year",
    "date": "date",
    "flag": "flag",
    "code": "code",
    "digits": "digits",
}
_POINT_DIGITS = 22


@dataclass(frozen=True)
class Register:
    """What was read.

    Attributes
    ----------
    frame : columns of the schema that the file has, and ``source_row`` as the user counts; texts, codes and flags are objects with None, numbers and years float64
        with NaN, days datetime64
    columns : our column -> heading in the file
    unused : headings that mean nothing to us
    """

    kind: Kind
    frame: pd.DataFrame
    findings: tuple[Finding, ...]
    source: str
    columns: dict[str, str]
    unused: tuple[str, ...] = ()
    sheet: str = ""

    @property
    def schema(self) -> Schema:
        """What such a ledger has."""
        return schema_of(self.kind)


def read_register(
    path: Path,
    kind: Kind | None = None,
    *,
    sheet: str | None = None,
    mapping: Mapping | None = None,
    listed: int = LISTED,
    progress: Progress = silent,
) -> Register:
    """Read a ledger from CSV or XLSX.

    Parameters
    ----------
    kind : of which it is; that whose columns it has the most of unless given
    sheet : the first that fits unless given
    listed : findings of one kind and column that are told one by one

    Raises
    ------
    UnreadableLedger
        The file cannot be read; ``register.unknown``: it is no ledger of any kind; ``register.not_this``: not of that kind.
    """
    progress(0.0, "ledger")
    found = [
        (schema, table, header)
        for table in _tables(path, sheet)
        for schema in map(schema_of, KINDS if kind is None else (kind,))
        if (header := _header(schema, table)) is not None
    ]
    if not found:
        raise _unknown(path, kind, sheet)
    schema, table, header = max(found, key=lambda one: len(one[2].columns))
    progress(0.3, "ledger")
    return _read(path.name, schema, table, header, listed)


_DTYPES = {"number": "float64", "storeys": "float64", "year": "float64", "date": "datetime64[s]"}


def check_frame(frame: pd.DataFrame, schema: Schema) -> None:
    """Refuse a frame that no ledger of this kind can have given: what comes from a file is not trusted.

    Raises
    ------
    ValueError
        names the column
    """
    if strange := set(frame.columns) - {"source_row", *schema.fields}:
        raise ValueError(f"column {min(strange)[:60]}")
    if frame["source_row"].dtype.kind != "i":
        raise ValueError("source_row")
    for name, field in schema.fields.items():
        if name not in frame:
            continue
        if str(frame[name].dtype) != _DTYPES.get(field.kind, "object"):
            raise ValueError(f"{name}: {frame[name].dtype}")
        known = set(frame[name].dropna()) if field.kind in ("code", "flag") else set()
        if known - (set(field.code_names) if field.kind == "code" else {True, False}):
            raise ValueError(f"{name}: {str(known)[:60]}")


def _tables(path: Path, sheet: str | None) -> Iterable[Table]:
    names = [sheet] if sheet else sheets_of(path)
    for name in names or (None,):
        yield load(path, name).table


def _header(schema: Schema, table: Table) -> Header | None:
    """The heading, where it has what a ledger of that kind needs."""
    header = find_header(table.rows, schema.words)
    return header if header is not None and set(schema.needed) <= set(header.columns) else None


def _unknown(path: Path, kind: Kind | None, sheet: str | None) -> UnreadableLedger:
    seen = next((text for table in _tables(path, sheet) if (text := seen_headings(table.rows))), "–")
    if kind is None:
        return UnreadableLedger("register.unknown", file=path.name, found=seen)
    needed = ", ".join(schema_of(kind).fields[name].headings[0] for name in schema_of(kind).needed)
    return UnreadableLedger("register.not_this", file=path.name, found=seen, expected=needed)


def _read(source: str, schema: Schema, table: Table, header: Header, listed: int) -> Register:
    notes = Notes(source, listed)
    notes.extend(table.findings)
    body = body_of(table, header, source, layer=False, filled_down=_CLASSIFYING, totals=_TOTALS)
    notes.extend(body.findings)
    frame = pd.DataFrame({"source_row": body.numbers})
    for name, field in schema.fields.items():
        if name in body.frame:
            frame[name] = _column(schema, field, body, notes)
    _repeated(schema, frame, body, notes)
    columns = {name: column.heading for name, column in header.columns.items()}
    return Register(schema.kind, frame, notes.all(), source, columns, header.unused, table.name)


def _column(schema: Schema, field: Field, body: Body, notes: Notes) -> Any:  # noqa: ANN401 - a column of any kind
    cells = body.frame[field.name]
    if field.kind == "text":
        return objects([values.text(cell) for cell in cells])
    parse = _parser(schema, field, body.columns[field.name])
    found = converted(cells, parse, field.name, body, notes, _MEANING[field.kind])
    if field.kind in ("number", "storeys", "year"):
        bounds = vocabulary().ranges["built_year"] if field.kind == "year" else field.bounds
        return _without_memo(field, limited(found, field.name, body, notes, bounds), body, notes)
    if field.kind == "date":
        return pd.to_datetime(pd.Series(found, dtype=object)).astype("datetime64[s]")
    return objects(found)


def _parser(schema: Schema, field: Field, column: Column) -> Callable[[object], Any]:
    units = schema.words.units.get(field.name, {})
    parsers: dict[str, Callable[[object], Any]] = {
        # A unit that the heading names and that is none of ours is part of its name: W/台.
        "number": partial(values.number, units=units, bare=units.get(column.unit, 1.0)),
        "storeys": values.storeys,
        "year": values.year,
        "date": day,
        "flag": values.flag,
        "digits": _digits,
        "code": partial(_coded, field),
    }
    return parsers[field.kind]


def _coded(field: Field, cell: object) -> str | None:
    key = folded(values.text_of(cell))
    if key in vocabulary().missing or field.codes is None:
        return None
    code = field.codes.find(key[:200])
    if code is None:
        raise ValueError(key)
    return None if code == "unknown" else code


def _digits(cell: object) -> str | None:
    """A supply point: 22 digits, whatever stands between them; a spreadsheet that took it for a quantity has lost some."""
    if isinstance(cell, float):
        raise ValueError(cell)  # noqa: TRY004 - as every parser of cells
    key = folded(values.text_of(cell)).replace("-", "")
    if key in vocabulary().missing:
        return None
    if not key.isascii() or not key.isdigit() or len(key) != _POINT_DIGITS:
        raise ValueError(key)
    return key


def _without_memo(field: Field, found: Any, body: Body, notes: Notes) -> Any:  # noqa: ANN401 - an array
    """The one yen of the books stands for a price that nobody knows."""
    if field.memo is None:
        return found
    memo = np.flatnonzero(found == field.memo)
    if len(memo):
        heading = body.columns[field.name].heading
        notes.once(
            "register.memo",
            "info",
            row=int(body.numbers[memo[0]]),
            column=heading,
            found=f"{field.memo:g}",
            count=len(memo),
        )
    return np.where(found == field.memo, np.nan, found)


def _repeated(schema: Schema, frame: pd.DataFrame, body: Body, notes: Notes) -> None:
    """Cars and supply points have a number each: one that stands twice is said."""
    for name in ("vehicle", "supply_point"):
        if name not in schema.needed or name not in frame:
            continue
        twice = frame[name].notna() & frame[name].duplicated(keep="first")
        for index in np.flatnonzero(twice.to_numpy()).tolist():
            heading = body.columns[name].heading
            first = int(frame["source_row"].iloc[int((frame[name] == frame[name].iloc[index]).to_numpy().argmax())])
            notes.cell("register.twice", int(body.numbers[index]), heading, frame[name].iloc[index], other=first)
