"""From a file to sheets of numbered rows: text in the usual encodings, or a spreadsheet; bounded in memory and time."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gis.findings import Finding
from kawasolar.errors import UnreadableLedger, UnreadableMeters
from kawasolar.ledger.tables import MAX_COLUMNS, decode, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gis.progress import Progress
    from kawasolar.ledger.headings import Row
    from kawasolar.ledger.tables import Table

# A hundred supply points of a year in the long form take 50 to 90 MB.
MAX_BYTES = 100_000_000
# Characters of one line; 48 figures and a title take a few hundred.
MAX_LINE = 1_000_000
# Rows between two looks at the progress: 20 ms of data, 0.2 s of rows that nobody understands.
_LOOK = 2_000
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Bytes in which the kind of a file shows.
_HEAD = 1000


@dataclass(frozen=True)
class Sheet:
    """Rows of one sheet, each with its number as the user counts; the rows can be gone through once."""

    name: str
    rows: Iterator[tuple[int, Row]]


def read_sheets(path: Path, progress: Progress) -> tuple[list[Sheet], list[Finding]]:
    """All sheets of a file that people see.

    Raises
    ------
    UnreadableMeters
        The file is missing, a folder, locked, empty, above :data:`MAX_BYTES`, damaged, neither text nor a
        spreadsheet, or of a kind that is known by name (PDF, XML, the old Excel).
    """
    name = path.name
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UnreadableMeters("meters.missing", file=str(path)) from error
    if size > MAX_BYTES and not path.is_dir():
        raise UnreadableMeters("meters.too_large", file=name, found=round(size / 1e6), expected=MAX_BYTES // 1_000_000)
    try:
        data = read_bytes(path)
        _check_kind(data, name)
        if data.startswith(b"PK"):
            return _workbook(data, name, progress)
        text, findings = decode(data, name)
    except UnreadableLedger as error:
        raise _ours(error) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return [Sheet("", _text_rows(text, name, progress))], [_ours_finding(finding) for finding in findings]


def _ours(error: UnreadableLedger) -> UnreadableMeters:
    """The same in the words of a meter file."""
    return UnreadableMeters(error.code.replace("ledger.", "meters."), **error.details)


def _ours_finding(finding: Finding) -> Finding:
    return replace(finding, code=finding.code.replace("ledger.", "meters."))


def _check_kind(data: bytes, name: str) -> None:
    """Refuse by name what is no table."""
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(_OLD_EXCEL):
        raise UnreadableMeters("meters.old_excel", file=name)
    if head.startswith(b"%PDF"):
        raise UnreadableMeters("meters.is_pdf", file=name)
    if head.startswith(b"<") or head[:8] in (b"\xff\xfe<\0?\0x\0", b"\xfe\xff\0<\0?\0x"):
        raise UnreadableMeters("meters.is_xml", file=name)


def _workbook(data: bytes, name: str, progress: Progress) -> tuple[list[Sheet], list[Finding]]:
    from kawasolar.ledger.workbook import read_sheets as sheets_of

    sheets: list[Sheet] = []
    findings: list[Finding] = []
    for table in sheets_of(data, name, lambda: progress(0.1, "meters")):
        if not table.rows:
            continue
        if table.blank_formulas:
            row, _ = min(table.blank_formulas)
            count = len(table.blank_formulas)
            findings.append(
                Finding("meters.formulas", "warning", name, row=row + 1, column=table.name, details={"count": count})
            )
        sheets.append(Sheet(table.name, _table_rows(table, progress)))
    if not sheets:
        raise UnreadableMeters("meters.empty", file=name)
    return sheets, findings


def _table_rows(table: Table, progress: Progress) -> Iterator[tuple[int, Row]]:
    for number, row in enumerate(table.rows, start=1):
        if number % _LOOK == 0:
            progress(0.2 + 0.6 * number / len(table.rows), "meters")
        yield number, row


def _lines(text: str, name: str, progress: Progress) -> Iterator[str]:
    """Lines one after the other, without a second copy of the whole."""
    begin, number = 0, 0
    while begin < len(text):
        end = text.find("\n", begin)
        end = len(text) if end < 0 else end + 1
        number += 1
        if end - begin > MAX_LINE:
            raise UnreadableMeters("meters.long_line", file=name, row=number, found=end - begin, expected=MAX_LINE)
        if number % _LOOK == 0:
            progress(0.8 * begin / len(text), "meters")
        yield text[begin:end]
        begin = end


def _text_rows(text: str, name: str, progress: Progress) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(_lines(text, name, progress), delimiter=delimiter_of(text), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableMeters("meters.broken_quotes", file=name, row=reader.line_num) from error
        yield reader.line_num, cells if len(cells) <= MAX_COLUMNS else cells[:MAX_COLUMNS]


def delimiter_of(text: str) -> str:
    """Tab or semicolon where half of the first lines have it, else the comma: the others may stand between thousands."""
    lines = [line for line in text[:100_000].split("\n")[:200] if line.strip()]
    for sign in ("\t", ";"):
        if 2 * sum(sign in line for line in lines) >= len(lines) > 0:
            return sign
    return ","
