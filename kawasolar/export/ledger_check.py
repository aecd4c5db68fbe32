"""What is wrong in a ledger as a workbook to send back: the findings with a column for the right value, and the rows as they stand."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xlsxwriter

from kawasolar.export.writing import atomic
from kawasolar.export.xlsx_book import Book, Field
from kawasolar.ledger.checking import MOST_FINDINGS
from kawasolar.ledger.kinds import FACILITIES
from kawasolar.ledger.values import text_of
from kawasolar.ledger.vocabulary import codes_of
from kawasolar.provenance.words import ledger_value
from kawasolar.reasons import finding_brief
from kawasolar.registers.schema import KINDS, schema_of
from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from gis.findings import Finding
    from kawasolar.export.xlsx_book import Sheet
    from kawasolar.ledger.checking import Checked, OriginalRow
    from kawasolar.words import Language

_WIDTHS = {"row": 7, "column": 22, "found": 26, "expected": 30, "text": 60, "answer": 26}
# Half-width characters of a column of the rows; longer texts are wrapped.
_NARROWEST, _WIDEST = 8, 28
# More notes than this make a workbook slow to open; the findings have a row each all the same.
_MOST_NOTES = 5_000
_NOTE = {"author": "KawaSolar", "x_scale": 2.0, "font_size": 9}
_LONGEST_NOTE = 1_000
# Findings besides those of cells that are not read for which a register's column says what belongs there.
_BY_COLUMN = ("ledger.out_of_range", "register.lacking")
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
    "in_memory": True,
}


def expected_text(language: Language, finding: Finding, column: str = "", kind: str = FACILITIES) -> str:
    """What should stand in the cell; ``column`` is ours, where it is known, of that ``kind`` of ledger. Empty where nothing can be said."""
    if kind != FACILITIES and (told := _of_register(language, finding, column, kind)):
        return told
    if finding.expected:
        return finding.expected
    if finding.code == "ledger.not_code" and (codes := codes_of(column)):
        separator = say(language, "list.separator")
        return separator.join(ledger_value(language, column, code) for code in codes if code != "unknown")
    code = f"{finding.code.partition('.')[0]}.expected.{finding.code.partition('.')[2]}"
    return say(language, code) if code in catalogue() else ""


def _of_register(language: Language, finding: Finding, column: str, kind: str) -> str:
    """What belongs into a column of another ledger."""
    from kawasolar.registers.expected import expected_words

    field = next((schema_of(known).fields.get(column) for known in KINDS if known == kind), None)
    if field is None or not (finding.code.startswith("ledger.not_") or finding.code in _BY_COLUMN):
        return ""
    # Years have the bounds of the calendar, which the finding tells.
    return "" if finding.expected and field.bounds is None else expected_words(field, language)


def outcome_text(language: Language, checked: Checked) -> str:
    """How much of a ledger can be read, and how much is to be mended."""
    good, count = f"{checked.good:,}", f"{len(checked.findings):,}"
    if checked.kind == FACILITIES:
        return say(language, "ledger.paper.note", good=good, count=count)
    name = next(schema_of(kind).name(language) for kind in KINDS if kind == checked.kind)
    return say(language, "register.paper.note", name=name, good=good, count=count)


def write_ledger_check(checked: Checked, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the findings and the rows concerned; the cells that are wrong are coloured and bear a note. All cells are text, so that no number loses its zeros.

    Raises
    ------
    NotWritable
        Open in Excel, read-only, disk full.
    """
    source = Path(checked.source).name
    sheet = f" / {checked.sheet}" if checked.sheet else ""
    line = say(language, "ledger.paper.line", file=source + sheet, day=(today or date.today()).isoformat())  # noqa: DTZ011 - the day here
    with atomic(path, ".xlsx") as work:
        made = BytesIO()
        workbook = xlsxwriter.Workbook(made, OPTIONS)
        book = Book(workbook, language, line, "", source[:60])
        workbook.set_properties({"title": say(language, "export.title.ledger_findings"), "comments": line})
        _write_findings(book, checked)
        _write_rows(book, checked)
        workbook.close()
        work.write_bytes(made.getvalue())


def _write_findings(book: Book, checked: Checked) -> None:
    language, ours = book.language, checked.our_columns
    rows = [
        {
            "row": finding.row, "column": finding.column, "found": finding.found,
            "expected": expected_text(language, finding, ours.get(finding.column or "", ""), checked.kind), "text": finding_brief(language, finding), "answer": None,
        }
        for finding in checked.findings
    ]  # fmt: skip
    notes = [outcome_text(language, checked)]
    if len(rows) == MOST_FINDINGS:
        notes.append(say(language, "ledger.paper.cut", count=f"{MOST_FINDINGS:,}"))
    sheet = book.sheet("ledger_findings", notes)
    fields = [
        Field(key, say(language, f"ledger.paper.{key}"), "year" if key == "row" else "text", width)
        for key, width in _WIDTHS.items()
    ]
    head = sheet.row
    sheet.table(fields, pd.DataFrame(rows, columns=list(_WIDTHS), dtype=object), frozen=2)
    last = len(_WIDTHS) - 1
    sheet.sheet.set_column(last, last, _WIDTHS["answer"])
    for k in range(len(rows)):
        sheet.sheet.write_blank(head + 1 + k, last, None, book.cell("text", "verify"))


def _write_rows(book: Book, checked: Checked) -> None:
    """The rows as they stand in the file; what no cell is to blame for is noted at the row's number."""
    language = book.language
    sheet = book.sheet("ledger_rows", [say(language, "ledger.paper.note_rows")], paper="A3")
    fields = [Field("row", say(language, "ledger.paper.row"), "text", 7)]
    fields += [
        Field(f"c{k}", heading, "text", _width(checked, k, heading)) for k, heading in enumerate(checked.headings)
    ]
    head = sheet.row
    sheet.headings(fields, head)
    for column, entry in enumerate(fields):
        sheet.sheet.set_column(column, column, entry.width)
    notes = 0
    for k, row in enumerate(checked.rows):
        notes += _write_row(sheet, head + 1 + k, row, len(checked.headings), notes < _MOST_NOTES)
    last = head + max(len(checked.rows), 1)
    sheet.sheet.autofilter(head, 0, last, len(fields) - 1)
    sheet.sheet.freeze_panes(head + 1, 1)
    sheet.sheet.repeat_rows(head)
    # Numbers are texts here on purpose.
    sheet.sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})


def _width(checked: Checked, column: int, heading: str) -> int:
    from kawasolar.export.xlsx_book import text_width

    texts = (text_of(row.cells[column]) for row in checked.rows[:500] if column < len(row.cells))
    longest = max((text_width(text) for text in (*texts, heading)), default=0)
    return min(max(longest + 3, _NARROWEST), _WIDEST)


def _write_row(sheet: Sheet, at: int, row: OriginalRow, width: int, with_notes: bool) -> int:
    """One row; gives the number of notes that it bears."""
    book = sheet.book
    cells = [str(row.number), *(text_of(cell) for cell in row.cells[:width])]
    cells += [""] * (1 + width - len(cells))
    noted = 0
    for column, text in enumerate(cells):
        found = row.findings.get(column - 1, ())
        style = book.cell("text", "fail" if found else "")
        if text:
            sheet.text(at, column, text, style)
        else:
            sheet.sheet.write_blank(at, column, None, style)
        if found and with_notes:
            note = "\n".join(finding_brief(book.language, finding) for finding in found)
            sheet.sheet.write_comment(at, column, note[:_LONGEST_NOTE], _NOTE)
            noted += 1
    return noted
