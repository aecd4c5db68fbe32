"""Which rows of a table are facilities: not totals, notes, or the heading once more on the next printed page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.errors import UnreadableLedger
from kawasolar.ledger.headings import Column, Header, find_header, other_ledger, seen_headings
from kawasolar.ledger.tables import MAX_BLANK_ROWS, MAX_ROWS, Table
from kawasolar.ledger.values import text_of
from kawasolar.ledger.vocabulary import folded, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Only what classifies several rows is merged down over them with the meaning "the same".
_FILLED_DOWN = ("kind", "kind_group", "ward", "department")
# Where a total announces itself.
_TOTAL_COLUMNS = ("facility_id", "name", "kind_group", "kind", "ward", "department")
_NOTE_MARKS = ("※", "注", "*", "備考:", "(注", "出典", "資料")


@dataclass(frozen=True)
class Body:
    """Cells of the recognised columns as the file gave them, one row per facility.

    ``frame`` has our columns (objects), ``numbers`` the row numbers as the user counts, ``places`` the
    positions below the heading (for a layer: of the features).
    """

    frame: pd.DataFrame
    numbers: NDArray[np.int64]
    places: NDArray[np.int64]
    columns: dict[str, Column]
    findings: list[Finding]


def header_of(table: Table, source: str) -> Header:
    """The heading of a list of facilities.

    Raises
    ------
    UnreadableLedger
        ``ledger.empty``: nothing in it; ``ledger.other_…``: lamps, cars or meters; ``ledger.no_header``: no heading
        that we know.
    """
    if not table.rows:
        raise UnreadableLedger("ledger.empty", file=source)
    header = find_header(table.rows)
    other = header.elsewhere if header is not None and header.recognised else other_ledger(table.rows)
    if other is not None:
        raise UnreadableLedger(f"ledger.other_{other}", file=source, found=seen_headings(table.rows))
    if header is None or not header.recognised:
        raise UnreadableLedger("ledger.no_header", file=source, found=seen_headings(table.rows) or "–")
    return header


def _fill_down(rows: list[list[object]], table: Table, header: Header, names: Sequence[str]) -> None:
    """Give a merged cell's value to all rows that it covers, in classifying columns."""
    indices = {header.columns[name].index for name in names if name in header.columns}
    begin = header.begin
    for r0, c0, r1, c1 in table.merges:
        top = r0 - begin
        if c0 not in indices or c1 != c0 or top < 0 or top >= len(rows) or c0 >= len(rows[top]):
            continue
        value = rows[top][c0]
        for row in rows[top + 1 : min(r1 - begin + 1, len(rows))]:
            # A row with nothing else in it is blank, not a facility of that class.
            if c0 < len(row) and row[c0] is None and any(cell is not None for cell in row):
                row[c0] = value


def _is_blank(row: list[object]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in row)


def _until_blank(rows: list[list[object]]) -> int:
    """How many rows there are before so many blank ones that nothing more is expected."""
    blank = 0
    for index, row in enumerate(rows):
        blank = blank + 1 if _is_blank(row) else 0
        if blank > MAX_BLANK_ROWS:
            return index + 1
    return len(rows)


def _is_total(row: list[object], columns: dict[str, Column], names: Sequence[str]) -> bool:
    words = vocabulary()
    cells = {name: folded(text_of(row[column.index])) for name, column in columns.items() if column.index < len(row)}
    named = [(name, cells[name]) for name in names if cells.get(name)]
    if any(cell in words.totals for _, cell in named):
        return True
    # 合計 in a column that is none of ours.
    if not named and folded(_first_text(row)) in words.totals:
        return True
    # 川崎区小計: only where the row is nobody's otherwise, so that a facility of such a name survives.
    return (
        not cells.get("facility_id")
        and not cells.get("latitude")
        and any(cell.endswith(words.total_endings) for _, cell in named)
    )


def _kind_of_row(row: list[object], columns: dict[str, Column], headings: dict[int, str], totals: Sequence[str]) -> str:
    """``blank``, ``total``, ``heading``, ``note`` or ``facility``."""
    if _is_blank(row):
        return "blank"
    if _is_total(row, columns, totals):
        return "total"
    same = sum(folded(text_of(row[i])) == heading for i, heading in headings.items() if i < len(row))
    if same >= max(2, len(headings) // 2):
        return "heading"
    filled = [text_of(cell) for cell in row if cell is not None and text_of(cell)]
    if len(filled) == 1 and (filled[0].startswith(_NOTE_MARKS) or len(filled[0]) > 40):
        return "note"
    return "facility"


def body_of(
    table: Table,
    header: Header,
    source: str,
    *,
    layer: bool,
    filled_down: Sequence[str] = _FILLED_DOWN,
    totals: Sequence[str] = _TOTAL_COLUMNS,
) -> Body:
    """The rows below the heading that are facilities.

    Parameters
    ----------
    filled_down : columns whose merged cells count for all rows that they cover
    totals : columns in which a total announces itself

    Raises
    ------
    UnreadableLedger
        There is none, or there are too many.
    """
    begin = header.begin
    rows = [list(row) for row in table.rows[begin:]]
    del rows[_until_blank(rows) :]
    _fill_down(rows, table, header, filled_down)
    # Where there is no heading, columns are called by their letters.
    named = header.columns.values() if header.first >= 0 else ()
    headings = {column.index: folded(column.heading) for column in named}
    kinds = [_kind_of_row(row, header.columns, headings, totals) for row in rows]
    # Features of a layer are counted from 1; rows of a sheet with all that stands above them.
    shift = 1 if layer else begin + 1
    findings = [
        Finding(f"ledger.left_out_{kind}", "info", source, row=index + shift, found=_first_text(rows[index]))
        for index, kind in enumerate(kinds)
        if kind in {"total", "heading", "note"}
    ]
    # A layer's feature may have nothing but its place.
    kept = [index for index, kind in enumerate(kinds) if kind == "facility"]
    if not kept:
        raise UnreadableLedger("ledger.no_rows", file=source)
    if len(kept) > MAX_ROWS:
        raise UnreadableLedger("ledger.too_many_rows", file=source, found=len(kept), expected=MAX_ROWS)
    frame = pd.DataFrame(
        {
            name: pd.Series([_cell(rows[i], column.index) for i in kept], dtype=object)
            for name, column in header.columns.items()
        }
    )
    places = np.array(kept, dtype=np.int64)
    return Body(frame, places + shift, places, header.columns, findings)


def _cell(row: list[object], index: int) -> object:
    return row[index] if index < len(row) else None


def _first_text(row: list[object]) -> str:
    return next((text for cell in row if cell is not None and (text := text_of(cell))), "")[:80]
