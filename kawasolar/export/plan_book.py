"""What workbooks and lists of one plan have in common: head, badge and fingerprint, written whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

import pandas as pd
import xlsxwriter

from kawasolar import __version__
from kawasolar.export.csv import write_table
from kawasolar.export.fingerprint import PROPERTY, Origin
from kawasolar.export.ledger_check import OPTIONS
from kawasolar.export.writing import atomic
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from kawasolar.plan import Plan
    from kawasolar.words import Language


# Columns of a sheet of assumptions.
ASSUMED_COLUMNS = ("item", "value", "unit", "low", "high", "source", "how_sure", "remark")
_ASSUMED = {
    "item": ("text", 40), "value": ("any", 14), "unit": ("code", 12), "low": ("any", 10), "high": ("any", 12), "source": ("text", 52), "how_sure": ("code", 12), "remark": ("text", 44),
}  # fmt: skip


@contextmanager
def plan_book(plan: Plan, path: Path, language: Language, today: date | None = None, about: str = "") -> Iterator[Book]:
    """A workbook of a plan, to be filled with sheets; it is there once that is done.

    Parameters
    ----------
    about : what it is about where that is not the whole plan, as every sheet's line says first

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    origin, made = Origin.of(plan, today), BytesIO()
    workbook = xlsxwriter.Workbook(made, OPTIONS)
    line = "  ".join(part for part in (about[:400], origin.line(language)) if part)
    badge = say(language, "export.synthetic.long") if plan.synthetic else ""
    comments = f"KawaSolar {__version__}\n{line}"
    workbook.set_properties({"title": plan.name, "comments": comments, "keywords": origin.fingerprint})
    workbook.set_custom_property(PROPERTY, origin.fingerprint, "text")
    yield Book(workbook, language, line, badge, f"{plan.name[:40]}  {origin.fingerprint}")
    workbook.close()
    with atomic(path, ".xlsx") as work:
        work.write_bytes(made.getvalue())


def write_plan_list(
    plan: Plan, path: Path, language: Language, heads: Sequence[str], table: pd.DataFrame, today: date | None = None
) -> None:
    """A table of a plan as CSV: UTF-8 that Excel knows; the last columns say which plan it is.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    origin = Origin.of(plan, today)
    same = {
        say(language, "why.paper.name"): origin.marked(language), say(language, "why.paper.date"): origin.day.isoformat(),
        say(language, "why.paper.fingerprint"): origin.fingerprint,
    }  # fmt: skip
    rows = [
        [*(None if pd.isna(cell) else cell for cell in row), *same.values()] for row in table.itertuples(index=False)
    ]
    write_table(path, [*heads, *same], rows)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Cells as a sheet takes them: None where there is nothing."""
    return frame.astype(object).where(frame.notna(), None)


def assumed_sheet(
    book: Book, name: str, frame: pd.DataFrame, classes: Sequence[str], notes: Sequence[str] = ()
) -> None:
    """A sheet of every assumption with unit, range, source and how sure it is; ``frame``: :data:`ASSUMED_COLUMNS`, ``classes``: how each row is shaded."""
    fields = [Field(key, say(book.language, f"export.head.{key}"), *_ASSUMED[key]) for key in ASSUMED_COLUMNS]
    book.sheet(name, list(notes)).table(fields, plain(frame), classes=list(classes), frozen=1)
