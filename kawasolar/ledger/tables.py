"""Text tables and spreadsheets as rows of cells, with limits on what a file may cost."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.findings import Finding
from kawasolar.errors import UnreadableLedger
from kawasolar.ledger.headings import SEARCHED_ROWS, Row, find_header

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 200 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 2_000
# Characters of one line of a text file.
MAX_LINE = 1_000_000
# Spreadsheets are often formatted down to row 1,048,576; after so many blank rows nothing more is expected.
MAX_BLANK_ROWS = 1_000
_SHOWN = 200
# Share of undecodable characters up to which a text file is still read, with a finding.
_MAX_BAD_SHARE = 0.01
# Bytes that Python's cp932 lets through although they are no characters: 80, A0, FD, FE, FF.
_NO_CHARACTER = re.compile("[\x80\xa0\uf8f0-\uf8f3]")


@dataclass
class Table:
    """One sheet: ``rows[0]`` is row 1 as the user counts. ``merges``: (row, column, row, column), from 0, inclusive.

    ``blank_formulas``: row and column, from 0, of formulas whose results the file does not hold.
    """

    name: str
    rows: list[Row]
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    blank_formulas: set[tuple[int, int]] = field(default_factory=set)


def read_bytes(path: Path) -> bytes:
    """The whole file.

    Raises
    ------
    UnreadableLedger
        It is missing, empty, too large, or held by another program (Excel on Windows).
    """
    try:
        if path.is_dir():
            raise UnreadableLedger("ledger.missing", file=path.name)
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableLedger("ledger.too_large", file=path.name, found=size // 2**20, expected=MAX_BYTES // 2**20)
        data = path.read_bytes()
    except PermissionError as error:
        raise UnreadableLedger("ledger.locked", file=path.name) from error
    except (OSError, ValueError) as error:
        raise UnreadableLedger("ledger.missing", file=path.name) from error
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise UnreadableLedger("ledger.empty", file=path.name)
    return data


def decode(data: bytes, source: str) -> tuple[str, list[Finding]]:
    """Text of a file in UTF-8 (with or without mark), UTF-16 with mark, or cp932.

    Raises
    ------
    UnreadableLedger
        It is none of them: ``ledger.not_text``.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp932"]
        if b"\0" in data:
            raise UnreadableLedger("ledger.not_text", file=source)
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "cp932" or not _NO_CHARACTER.search(text):
            return text, []
    loose = [_NO_CHARACTER.sub("\ufffd", data.decode(encoding, errors="replace")) for encoding in encodings]
    text = min(loose, key=lambda candidate: candidate.count("\ufffd"))
    bad = text.count("\ufffd")
    if bad > max(1, _MAX_BAD_SHARE * len(text)):
        raise UnreadableLedger("ledger.not_text", file=source)
    line = text[: text.index("\ufffd")].count("\n") + 1
    finding = Finding("ledger.bad_characters", "warning", source, row=line, found=str(bad), details={"count": bad})
    return text, [finding]


def _lines(text: str) -> list[str]:
    # str.splitlines would also cut at form feeds and U+2028, which csv leaves alone.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _parse(text: str, delimiter: str, limit: int | None = None) -> list[Row]:
    """Records of the text, blank ones too; stops after many blank ones.

    Raises ``csv.Error`` for quotes that do not close.
    """
    rows: list[Row] = []
    blank = 0
    for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
        cells = record[:MAX_COLUMNS]
        rows.append(cells)
        blank = 0 if any(cell.strip() for cell in cells) else blank + 1
        if blank > MAX_BLANK_ROWS or len(rows) > MAX_ROWS + SEARCHED_ROWS + MAX_BLANK_ROWS:
            break
        if limit is not None and len(rows) >= limit:
            break
    return rows


def _parse_lines(text: str, delimiter: str) -> list[Row]:
    """The same, each line by itself: for files whose quotes are broken."""
    rows: list[Row] = []
    for line in _lines(text)[: MAX_ROWS + SEARCHED_ROWS + MAX_BLANK_ROWS]:
        try:
            rows.append(next(csv.reader([line], delimiter=delimiter), [])[:MAX_COLUMNS])
        except csv.Error:
            # A cell of more than 128 kB: kept in part, so that a message can show what it is.
            rows.append([line[:_SHOWN]])
    return rows


def _delimiter(text: str) -> str:
    """The delimiter with which most of our headings appear; among equals the most frequent in the first lines."""
    head = "\n".join(_lines(text[:200_000])[:SEARCHED_ROWS])

    def score(delimiter: str) -> tuple[int, int]:
        header = find_header(_parse_lines(head, delimiter))
        return (len(header.columns) if header else 0, head.count(delimiter))

    return max([",", "\t", ";"], key=score)


def _check_lines(text: str, source: str) -> None:
    """No line of a ledger has a million characters: a missing line end, or no table at all."""
    if len(text) <= MAX_LINE:
        return
    for number, line in enumerate(_lines(text), start=1):
        if len(line) > MAX_LINE:
            raise UnreadableLedger("ledger.long_line", file=source, row=number, found=len(line), expected=MAX_LINE)


def read_text(data: bytes, source: str) -> Table:
    """A CSV or tab- or semicolon-separated file.

    Raises
    ------
    UnreadableLedger
        Not text, more rows than :data:`MAX_ROWS`, or a line longer than :data:`MAX_LINE`.
    """
    text, findings = decode(data, source)
    _check_lines(text, source)
    delimiter = _delimiter(text)
    try:
        rows = _parse(text, delimiter)
    except csv.Error:
        rows = _parse_lines(text, delimiter)
        findings.append(Finding("ledger.broken_quotes", "warning", source))
    return Table("", check_rows(rows, source), findings=findings)


def check_rows(rows: list[Row], source: str) -> list[Row]:
    """The rows less trailing blank ones.

    Raises
    ------
    UnreadableLedger
        There are more than :data:`MAX_ROWS`: ``ledger.too_many_rows``.
    """
    last = len(rows)
    while last and all(cell is None or not str(cell).strip() for cell in rows[last - 1]):
        last -= 1
    if last > MAX_ROWS + SEARCHED_ROWS:
        raise UnreadableLedger("ledger.too_many_rows", file=source, found=last, expected=MAX_ROWS)
    return rows[:last]
