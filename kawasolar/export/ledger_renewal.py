"""What a newer ledger changes, as a workbook or CSV: one row a facility that comes or goes, a cell that changes, a correction."""

from __future__ import annotations

import csv
import io
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xlsxwriter

from kawasolar.export.csv import harmless
from kawasolar.export.ledger_check import OPTIONS
from kawasolar.export.writing import atomic
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.ledger.mapping_words import column_word, summary, value_words
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.renewing import Newer
    from kawasolar.words import Language

WIDTHS = {"kind": 16, "facility_id": 16, "name": 30, "column": 20, "before": 28, "after": 28, "correction": 28}


def renewal_rows(newer: Newer, language: Language) -> list[dict[str, str]]:
    """All differences as texts, by :data:`WIDTHS`; ``code`` is the kind's, ``key`` that of a corrected cell."""
    renewal = newer.renewal
    empty = dict.fromkeys((*WIDTHS, "key"), "")

    def row(kind: str, number: str, name: str, **more: str) -> dict[str, str]:
        words = say(language, f"renewal.kind.{kind}")
        return {**empty, "code": kind, "kind": words, "facility_id": number, "name": name, **more}

    rows = [row("added", *one) for one in renewal.added] + [row("removed", *one) for one in renewal.removed]
    rows += [
        row("lost", lost.facility_id, lost.name, column=say(language, f"renewal.lost.{lost.table}")) for lost in renewal.lost
    ]  # fmt: skip
    rows += [
        row(
            "changed_cell", one.facility_id, one.name, column=column_word(language, one.column),
            before=value_words(language, one.column, one.before), after=value_words(language, one.column, one.after),
        )
        for one in renewal.changed
    ]  # fmt: skip
    rows += [
        row(
            one.state, one.facility_id, one.name, column=column_word(language, one.column), before=value_words(language, one.column, one.read),
            after=value_words(language, one.column, one.now), correction=value_words(language, one.column, one.value), key=one.key,
        )
        for one in renewal.corrections
    ]  # fmt: skip
    return rows


def write_renewal_xlsx(newer: Newer, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the differences as a workbook.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    source = Path(newer.ledger.source).name
    line = say(language, "ledger.paper.line", file=source, day=(today or date.today()).isoformat())  # noqa: DTZ011 - the day here
    with atomic(path, ".xlsx") as work:
        made = BytesIO()
        workbook = xlsxwriter.Workbook(made, OPTIONS)
        book = Book(workbook, language, line, "", source[:60])
        notes = [summary(language, newer.renewal)]
        if newer.renewal.by_name:
            notes.append(say(language, "renewal.by_name", count=f"{len(newer.renewal.renumbered):,}"))
        sheet = book.sheet("ledger_renewal", notes, paper="A3")
        fields = [Field(key, say(language, f"renewal.head.{key}"), "text", width) for key, width in WIDTHS.items()]
        sheet.table(fields, pd.DataFrame(renewal_rows(newer, language), columns=list(WIDTHS), dtype=object), frozen=3)
        workbook.close()
        work.write_bytes(made.getvalue())


def write_renewal_csv(newer: Newer, path: Path, language: Language) -> None:
    """Write the differences as CSV that Excel opens as it is.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([say(language, f"renewal.head.{key}") for key in WIDTHS])
    writer.writerows([harmless(row[key]) for key in WIDTHS] for row in renewal_rows(newer, language))
    with atomic(path, ".csv") as work:
        work.write_bytes(buffer.getvalue().encode("utf-8-sig"))
