"""Spreadsheets (XLSX, XLSM): which sheet, its rows, its merged cells, and no more than a ledger may cost."""

from __future__ import annotations

import re
import struct
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from io import BytesIO
from typing import IO, TYPE_CHECKING
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from kawasolar.errors import UnreadableLedger
from kawasolar.ledger.headings import SEARCHED_ROWS, Row, find_header
from kawasolar.ledger.tables import MAX_BLANK_ROWS, MAX_COLUMNS, MAX_ROWS, Table, check_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openpyxl.workbook.workbook import Workbook

# What the parts of a workbook may hold when unpacked. zipfile never gives more than the declared size.
MAX_UNPACKED = 600 * 2**20
MAX_SHARED_STRINGS = 150 * 2**20
MAX_PART_COUNT = 5_000
# Bytes of one row of XML; openpyxl holds a row as a whole.
MAX_ROW_BYTES = 4 * 2**20

_CHUNK = 2**20
# Rows between two looks at whether the user has said stop.
_LOOK = 500
_MARK = re.compile(
    rb"<(?:[\w.\-]{1,20}:)?row\b|"
    rb"<(?:[\w.\-]{1,20}:)?mergeCell\b[^>]{0,200}?ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\""
)
_FORMULA = re.compile(rb"<(?:[\w.\-]{1,20}:)?f[\s/>]")
_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    ParseError,
    expat.ExpatError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


class _RefusedError(Exception):
    """The XML declares a document type or an encoding that no spreadsheet program writes."""


class _BegunSignal(Exception):
    """The root element begins; nothing that expat would expand can come any more."""


def _check_prolog(head: bytes) -> None:
    """Refuse a document type (entities, external files) and any encoding but UTF-8, as expat itself sees them."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise _RefusedError

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise _RefusedError

    def begun(*_: object) -> None:
        raise _BegunSignal

    parser.StartDoctypeDeclHandler = refuse
    parser.XmlDeclHandler = declared
    parser.StartElementHandler = begun
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in head[:64]:
        raise _RefusedError
    try:
        parser.Parse(head, False)
    except _BegunSignal:
        return
    # A prolog of 64 kB, or none that expat understands, is no spreadsheet.
    raise _RefusedError


def _check(archive: zipfile.ZipFile, source: str) -> None:
    """Sizes as declared, and the beginning of every XML part, before anything is unpacked."""
    parts = archive.infolist()
    shared = sum(part.file_size for part in parts if "sharedstrings" in part.filename.lower())
    total = sum(part.file_size for part in parts)
    if len(parts) > MAX_PART_COUNT or total > MAX_UNPACKED or shared > MAX_SHARED_STRINGS:
        raise UnreadableLedger("ledger.bomb", file=source, found=total // 2**20, expected=MAX_UNPACKED // 2**20)
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")) and part.file_size:
            with archive.open(part) as stream:
                try:
                    _check_prolog(stream.read(65536))
                except (_RefusedError, expat.ExpatError) as error:
                    raise UnreadableLedger("ledger.unsafe_xml", file=source, found=part.filename) from error


def _column(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def _scan(archive: zipfile.ZipFile, part: str, source: str) -> tuple[list[tuple[int, int, int, int]], bool]:
    """Merged cells of a sheet, which openpyxl does not give when it streams, and whether it has formulas; no row may be huge."""
    merges: list[tuple[int, int, int, int]] = []
    since, rest = 0, b""
    formulas = False
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            block = rest + chunk
            formulas = formulas or _FORMULA.search(block) is not None
            end = 0
            for match in _MARK.finditer(block):
                since = 0
                end = match.end()
                if match.group(1) and len(merges) < MAX_ROWS:
                    c0, r0, c1, r1 = match.groups()
                    merges.append((int(r0) - 1, _column(c0), int(r1) - 1, _column(c1)))
            keep = max(end, len(block) - 300)
            since += keep - end
            rest = block[keep:]
            if since > MAX_ROW_BYTES:
                raise UnreadableLedger(
                    "ledger.bomb", file=source, found=since // 2**20, expected=MAX_ROW_BYTES // 2**20
                )
    return merges, formulas


class _Formulas:
    """Reads a sheet's XML for formulas whose result was never stored: openpyxl and other writers do not calculate."""

    def __init__(self) -> None:
        self.blank: list[tuple[int, int]] = []
        self._place: str | None = None
        self._kind = ""
        self._formula = self._value = self._in_value = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def read(self, stream: IO[bytes]) -> list[tuple[int, int]]:
        """Row and column, from 0, of each such cell."""
        while chunk := stream.read(_CHUNK):
            self._parser.Parse(chunk, False)
        return self.blank

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._place, self._kind = attributes.get("r"), attributes.get("t", "n")
            self._formula = self._value = False
        elif tag == "f":
            self._formula = True
        self._in_value = tag == "v"

    def _text(self, text: str) -> None:
        self._value |= self._in_value and bool(text.strip())

    def _end(self, name: str) -> None:
        self._in_value = False
        # An empty result of the kind "str" is a formula that gives an empty text.
        if name.rpartition(":")[2] != "c" or not self._formula or self._value or self._kind == "str":
            return
        match = _CELL.fullmatch(self._place or "")
        if match and len(self.blank) < MAX_ROWS:
            self.blank.append((int(match.group(2)) - 1, _column(match.group(1).encode())))


def _blank_formulas(archive: zipfile.ZipFile, part: str) -> set[tuple[int, int]]:
    with archive.open(part) as stream:
        return set(_Formulas().read(stream))


def _rows(sheet: Iterator[Row], look: Callable[[], None]) -> list[Row]:
    """Rows until many blank ones follow one another, or the limit is passed."""
    rows: list[Row] = []
    blank = 0
    for number, row in enumerate(sheet):
        if number % _LOOK == 0:
            look()
        cells = row[:MAX_COLUMNS]
        filled = any(cell is not None for cell in cells)
        rows.append(cells if filled else ())
        blank = 0 if filled else blank + 1
        if blank > MAX_BLANK_ROWS or len(rows) > MAX_ROWS + SEARCHED_ROWS + MAX_BLANK_ROWS:
            break
    return rows


def _tables(
    book: Workbook, archive: zipfile.ZipFile, layer: str | None, source: str, look: Callable[[], None]
) -> Iterator[Table]:
    for sheet in book.worksheets:
        # A hidden sheet is read where it is asked for by name only.
        if sheet.title != layer if layer is not None else sheet.sheet_state != "visible":
            continue
        part = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
        merges, formulas = _scan(archive, part, source) if part in archive.namelist() else ([], False)
        # Some programs write a wrong extent, and openpyxl would believe it.
        sheet.reset_dimensions()
        rows = check_rows(_rows(sheet.iter_rows(values_only=True), look), source)
        yield Table(sheet.title, rows, merges, blank_formulas=_blank_formulas(archive, part) if formulas else set())


def _choose(tables: Iterator[Table], layer: str | None, source: str) -> Table:
    """The sheet that was asked for, else the first with a recognisable heading, else the first that holds anything."""
    first: Table | None = None
    names = []
    for table in tables:
        names.append(table.name)
        header = find_header(table.rows)
        if layer is not None or (header is not None and header.recognised and header.elsewhere is None):
            return table
        if first is None and table.rows:
            first = table
    if first is not None:
        return first
    if layer is not None:
        raise UnreadableLedger("ledger.no_layer", file=source, found=layer)
    raise UnreadableLedger("ledger.empty", file=source)


def read_workbook(data: bytes, source: str, layer: str | None, look: Callable[[], None] = lambda: None) -> Table:
    """One sheet of a spreadsheet.

    Parameters
    ----------
    data : bytes
        The file.
    source : str
        Its name, for messages.
    layer : str or None
        Name of the sheet; None takes the first with a recognisable heading.
    look : callable
        As of :func:`read_sheets`.

    Raises
    ------
    UnreadableLedger
        Damaged, protected by a password, a bomb, or without such a sheet.
    """
    with _opened(data, source, look) as tables:
        return _choose(tables(layer), layer, source)


def sheet_names(data: bytes, source: str) -> tuple[str, ...]:
    """Names of the visible sheets, in their order.

    Raises
    ------
    UnreadableLedger
        Damaged, protected by a password, or a bomb.
    """
    with _book(data, source) as (book, _):
        return tuple(sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible")


def read_sheets(data: bytes, source: str, look: Callable[[], None]) -> list[Table]:
    """All visible sheets of a spreadsheet, in their order.

    Parameters
    ----------
    data, source
        As of :func:`read_workbook`.
    look : callable
        Called every few hundred rows; what it raises stops the reading.

    Raises
    ------
    UnreadableLedger
        Damaged, protected by a password, or a bomb.
    """
    with _opened(data, source, look) as tables:
        return list(tables(None))


@contextmanager
def _opened(data: bytes, source: str, look: Callable[[], None]) -> Iterator[Callable[[str | None], Iterator[Table]]]:
    """The sheets of a workbook, while it is open."""
    with _book(data, source) as (book, archive):
        yield lambda layer: _tables(book, archive, layer, source, look)


@contextmanager
def _book(data: bytes, source: str) -> Iterator[tuple[Workbook, zipfile.ZipFile]]:
    """A workbook that has been looked at, while it is open."""
    # openpyxl costs 0.2 s, which the window need not pay at its start.
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, warnings.catch_warnings():
            _check(archive, source)
            # Extensions that openpyxl drops (validation lists, slicers) are nothing to the user of a ledger.
            warnings.simplefilter("ignore")
            book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
            try:
                yield book, archive
            finally:
                book.close()
    except UnreadableLedger:
        raise
    except _BROKEN as error:
        raise UnreadableLedger("ledger.damaged", file=source, found=type(error).__name__) from error
