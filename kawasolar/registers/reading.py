"""A ledger of any kind, from any usual file, as a frame with our columns; what is wrong in it is said row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.progress import Progress, part, silent
from kawasolar.errors import UnreadableLedger
from kawasolar.ledger import values
from kawasolar.ledger.cells import converted, limited, objects, report_formulas
from kawasolar.ledger.headings import find_header, seen_headings
from kawasolar.ledger.loading import load, sheets_of
from kawasolar.ledger.mapping import header_by
from kawasolar.ledger.notes import LISTED, Notes
from kawasolar.ledger.rows import body_of
from kawasolar.ledger.vocabulary import vocabulary
from kawasolar.registers.cells import parser
from kawasolar.registers.schema import KINDS, Schema, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gis.findings import Finding
    from kawasolar.ledger.headings import Header
    from kawasolar.ledger.loading import Loaded
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
    path: Path, kind: Kind | None = None, *, sheet: str | None = None, mapping: Mapping | None = None, listed: int = LISTED, progress: Progress = silent
) -> Register:  # fmt: skip
    """Read a ledger from CSV or XLSX.

    Parameters
    ----------
    kind : of which it is; that of the mapping, else that whose columns it has the most of unless given
    sheet : that of the mapping, else the first that fits unless given
    mapping : which column is which, as a person says; by the headings unless given. One that is made for other headings is not used, and
        that is said
    listed : findings of one kind and column that are told one by one

    Raises
    ------
    UnreadableLedger
        The file cannot be read; ``register.unknown``: it is no ledger of any kind; ``register.not_this``: not of that kind;
        ``register.mapped_nothing``: the mapping leaves out what is needed.
    """
    progress(0.0, "ledger")
    chosen, loaded, named = locate(path, kind, sheet=sheet, mapping=mapping)
    return read_loaded(loaded, chosen, mapping=named, listed=listed, progress=part(progress, 0.3, 1.0))


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


def locate(
    path: Path, kind: Kind | None = None, *, sheet: str | None = None, mapping: Mapping | None = None
) -> tuple[Kind, Loaded, Mapping | None]:
    """Of which kind a file is, which of its tables is meant, and the mapping for that kind; arguments and errors as of :func:`read_register`."""
    wanted = kind or (None if mapping is None else _kind_of(mapping))
    if mapping is not None and wanted is not None:
        mapping = replace(mapping, kind=wanted)
        for loaded in tables_of(path, sheet or mapping.sheet or None):
            if mapping.placed(loaded.table.rows) is not None:
                return wanted, loaded, mapping
    found = best_by_headings(tables_of(path, sheet), wanted)
    if found is None:
        raise _unknown(path, wanted, sheet)
    return *found, mapping


def _kind_of(mapping: Mapping) -> Kind | None:
    return next((kind for kind in KINDS if kind == mapping.kind), None)


def tables_of(path: Path, sheet: str | None) -> Iterable[Loaded]:
    """The sheets or layers of a file, or the one that is asked for.

    Raises
    ------
    UnreadableLedger
        The file cannot be read.
    """
    names = [sheet] if sheet else sheets_of(path)
    for name in names or (None,):
        yield load(path, name)


def best_by_headings(tables: Iterable[Loaded], kind: Kind | None) -> tuple[Kind, Loaded] | None:
    """The kind of ledger, and the table, of which most of the columns are there, with all that are needed; None where that is none."""
    found = [
        (len(header.columns), schema.kind, loaded)
        for loaded in tables
        for schema in map(schema_of, KINDS if kind is None else (kind,))
        if (header := _header(schema, loaded.table)) is not None
    ]
    best = max(found, key=lambda one: one[0], default=None)
    return None if best is None else best[1:]


def _header(schema: Schema, table: Table) -> Header | None:
    """The heading, where it has what a ledger of that kind needs."""
    header = find_header(table.rows, schema.words)
    return header if header is not None and set(schema.needed) <= set(header.columns) else None


def _unknown(path: Path, kind: Kind | None, sheet: str | None) -> UnreadableLedger:
    seen = next((text for loaded in tables_of(path, sheet) if (text := seen_headings(loaded.table.rows))), "–")
    if kind is None:
        return UnreadableLedger("register.unknown", file=path.name, found=seen)
    return _not_this(path.name, schema_of(kind), seen)


def _not_this(source: str, schema: Schema, seen: str) -> UnreadableLedger:
    needed = ", ".join(schema.fields[name].headings[0] for name in schema.needed)
    return UnreadableLedger("register.not_this", file=source, found=seen, expected=needed)


def header_for(
    table: Table, source: str, schema: Schema, mapping: Mapping | None, notes: Notes | None = None
) -> Header:
    """The heading as a person says it, else as it is recognised; that a mapping was not used is noted.

    Raises
    ------
    UnreadableLedger
        ``register.not_this``, ``register.mapped_nothing``
    """
    if mapping is not None:
        header = header_by(replace(mapping, kind=schema.kind), table, source)
        if header is not None:
            return header
        if notes is not None:
            notes.once("register.other_form", "warning", found=mapping.sheet or None)
    header = _header(schema, table)
    if header is None:
        raise _not_this(source, schema, seen_headings(table.rows) or "–")
    return header


def read_loaded(
    loaded: Loaded, kind: Kind, *, mapping: Mapping | None = None, listed: int = LISTED, progress: Progress = silent
) -> Register:
    """As :func:`read_register`, of a file whose cells are there already."""
    schema, table, source = schema_of(kind), loaded.table, loaded.path.name
    notes = Notes(source, listed)
    notes.extend(table.findings)
    header = header_for(table, source, schema, mapping, notes)
    body = body_of(table, header, source, layer=False, filled_down=_CLASSIFYING, totals=_TOTALS)
    notes.extend(body.findings)
    report_formulas(table, body, notes)
    frame = pd.DataFrame({"source_row": body.numbers})
    for k, (name, field) in enumerate(schema.fields.items()):
        progress(k / len(schema.fields), "ledger")
        if name in body.frame:
            frame[name] = _column(schema, field, body, notes)
    _blank(schema, body, notes)
    _repeated(schema, frame, body, notes)
    columns = {name: column.heading for name, column in header.columns.items()}
    return Register(schema.kind, frame, notes.all(), source, columns, header.unused, table.name)


def _blank(schema: Schema, body: Body, notes: Notes) -> None:
    """What every row needs and some have not."""
    for name in schema.needed:
        missing = np.array([values.is_missing(cell) for cell in body.frame[name]], dtype=bool)
        for index in np.flatnonzero(missing).tolist():
            notes.cell("register.lacking", int(body.numbers[index]), body.columns[name].heading, None)


def _column(schema: Schema, field: Field, body: Body, notes: Notes) -> Any:  # noqa: ANN401 - a column of any kind
    cells = body.frame[field.name]
    if field.kind == "text":
        return objects([values.text(cell) for cell in cells])
    parse = parser(schema, field, body.columns[field.name].unit)
    found = converted(cells, parse, field.name, body, notes, _MEANING[field.kind])
    if field.kind in ("number", "storeys", "year"):
        bounds = vocabulary().ranges["built_year"] if field.kind == "year" else field.bounds
        return _without_memo(field, limited(found, field.name, body, notes, bounds), body, notes)
    if field.kind == "date":
        return pd.to_datetime(pd.Series(found, dtype=object)).astype("datetime64[s]")
    return objects(found)


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
