"""Columns of a ledger's cells into values; what is not understood becomes missing, with a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.ledger import values
from kawasolar.ledger.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kawasolar.ledger.notes import Notes
    from kawasolar.ledger.rows import Body
    from kawasolar.ledger.tables import Table

NUMBERS = ("floor_area_m2", "remaining_years", "annual_kwh", "contract_kw", "roof_bears_n_m2")
DEPTHS = ("flood_depth_m", "storm_surge_depth_m", "tsunami_depth_m")
YEARS = ("built_year", "waterproofed_year", "closure_year", "seismic_work_year")
CODES = ("structure", "seismic", "roof_type", "roofing")
# Columns that mark the few that are in something.
MARKS = ("heritage", "landslide")
PLACES = ("latitude", "longitude", "axis_x", "axis_y", "easting", "northing")
# What a column's cells should be, as the finding says it.
MEANING = {
    **dict.fromkeys((*NUMBERS, *DEPTHS, "storeys"), "number"),
    **dict.fromkeys(YEARS, "year"),
    **dict.fromkeys(PLACES, "coordinate"),
    **dict.fromkeys((*CODES, *MARKS), "code"),
    "shelter": "flag",
}


def objects(cells: list[Any]) -> pd.Series[Any]:
    """A column of texts, flags or codes."""
    # object, not pandas' str: None stays None, which truth tests and JSON understand.
    return pd.Series(cells, dtype=object)


def converted(
    cells: pd.Series[Any], parse: Callable[[object], Any], name: str, body: Body, notes: Notes, meaning: str = ""
) -> list[Any]:
    """Each distinct cell parsed once; what is not understood becomes missing, with a finding.

    ``meaning``: what the cells should be (``number year date coordinate code flag``), where the column is none of a ledger of facilities.
    """
    known: dict[tuple[type, object], tuple[Any, bool]] = {}
    out = []
    for row, cell in zip(body.numbers, cells, strict=True):
        key = (type(cell), cell if cell.__hash__ is not None else repr(cell))
        if key not in known:
            try:
                known[key] = parse(cell), True
            except (ValueError, OverflowError):
                known[key] = None, False
        value, good = known[key]
        if not good:
            notes.cell(f"ledger.not_{meaning or MEANING[name]}", int(row), body.columns[name].heading, cell)
        out.append(value)
    return out


def limited(
    cells: list[Any], name: str, body: Body, notes: Notes, bounds: tuple[float, float] | None = None
) -> NDArray[np.float64]:
    """Numbers outside the column's range become missing, with a finding; ``bounds`` where the column is none of a ledger of facilities."""
    found = np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
    low, high = bounds or vocabulary().ranges[name]
    with np.errstate(invalid="ignore"):
        outside = (found < low) | (found > high)
    for index in np.flatnonzero(outside):
        notes.cell(
            "ledger.out_of_range",
            int(body.numbers[index]),
            body.columns[name].heading,
            body.frame[name].iloc[index],
            expected=f"{low:g}…{high:g}",
        )
    return np.where(outside, np.nan, found)


def report_formulas(table: Table, body: Body, notes: Notes) -> None:
    """Formulas that nobody has calculated look like blank cells."""
    rows = set(body.numbers.tolist())
    columns = {column.index: column.heading for column in body.columns.values()}
    for row, column in sorted(table.blank_formulas):
        if row + 1 in rows and column in columns:
            notes.cell("ledger.formula_blank", row + 1, columns[column], None)


def name_of(body: Body, index: int) -> str:
    """What a row calls itself: name, number, else ``row-12``."""
    for column in ("name", "facility_id"):
        if column in body.frame and (found := values.text_of(body.frame[column].iloc[index])):
            return found
    return f"row-{body.numbers[index]}"
