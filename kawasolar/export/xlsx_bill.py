"""The bill of one facility as a workbook: a row a line, a column a month."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

import xlsxwriter

from kawasolar.export.ledger_check import OPTIONS
from kawasolar.export.writing import atomic
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.reasons import finding_sentence
from kawasolar.tariff.words import head, month_names, table
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kawasolar.tariff.billing import Bill
    from kawasolar.words import Language


def write_bill(
    made: Bill, path: Path, language: Language, *, whose: str = "", notes: Sequence[str] = (), today: date | None = None
) -> None:
    """Write a bill's lines.

    Parameters
    ----------
    whose : facility or file, above the table
    notes : what else is to be known of the half hours

    Raises
    ------
    NotWritable
        open in Excel, read-only, disk full
    """
    day = (today or date.today()).isoformat()  # noqa: DTZ011 - the day here
    line = "  ".join(part for part in (whose[:200], head(language, made), day) if part)
    told = [say(language, "bill.note.rounding"), *notes, *(finding_sentence(language, one) for one in made.findings)]
    with atomic(path, ".xlsx") as work:
        file = BytesIO()
        workbook = xlsxwriter.Workbook(file, OPTIONS)
        book = Book(workbook, language, line, "", whose[:60])
        workbook.set_properties({"title": say(language, "export.title.bill"), "comments": line})
        sheet = book.sheet("bill", told, paper="A3")
        months = [
            Field(f"m{k + 1:02d}", name, "any", 11) for k, name in enumerate(month_names(language, made.year.year))
        ]
        fields = [
            Field("line", say(language, "bill.column.line"), "text", 44),
            Field("unit", say(language, "bill.column.unit"), "code", 7),
            Field("price", say(language, "bill.column.price"), "two", 11),
            Field("quantity", say(language, "bill.column.quantity"), "any", 12),
            *months,
            Field("year", say(language, "bill.year_sum"), "any", 13),
        ]
        sheet.table(fields, table(language, made), frozen=1)
        workbook.close()
        work.write_bytes(file.getvalue())
