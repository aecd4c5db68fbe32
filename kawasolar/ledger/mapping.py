"""Which column of a ledger's file is which of ours, as a person says; it holds for every file whose headings read the same."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kawasolar.errors import UnreadableLedger
from kawasolar.ledger.headings import SEARCHED_ROWS, Column, Header, Row, find_header, joined_headings
from kawasolar.ledger.kinds import FACILITIES, LedgerKind, ledger_kind
from kawasolar.ledger.tables import MAX_COLUMNS, MAX_ROWS, Table
from kawasolar.ledger.vocabulary import folded, heading_key, heading_unit

if TYPE_CHECKING:
    from collections.abc import Sequence


# Of a file of ours; a mapping has a line for each of our columns.
_MOST_BYTES = 256 * 1024
_LONGEST = 1_000
# Rows by which the width of a table without a heading is told.
_LOOKED_AT = 100


@dataclass(frozen=True)
class Mapping:
    """How a ledger's file is read.

    Attributes
    ----------
    first, last : heading rows, from 0, inclusive; -1 where there is no heading
    begin : first row below it that counts, from 0
    columns : our column -> the file's column, with its unit; what is not named is left out
    sheet : sheet or layer; empty for the first that fits
    form : what the headings read, as a digest (:func:`form_of`)
    kind : of which ledger: ``facilities``, or a register's
    """

    first: int
    last: int
    begin: int
    columns: dict[str, Column] = field(default_factory=dict)
    sheet: str = ""
    form: str = ""
    kind: str = FACILITIES

    @property
    def has_heading(self) -> bool:
        """Whether the file says what its columns are."""
        return self.first >= 0

    def placed(self, rows: Sequence[Row]) -> Mapping | None:
        """The mapping where its headings stand in a table; titles above them may have come or gone. None where they do not."""
        if not self.has_heading:
            fits = self.begin < len(rows) and form_of_width(rows, self.begin) == self.form
            return self if fits else None
        depth, words = self.last - self.first, ledger_kind(self.kind).words
        for number in (self.first, *range(min(len(rows), SEARCHED_ROWS))):
            if (
                number + depth < len(rows)
                and form_of(joined_headings(rows, number, number + depth, words)) == self.form
            ):
                shift = number - self.first
                return replace(self, first=number, last=number + depth, begin=self.begin + shift)
        return None


def form_of(headings: Sequence[str]) -> str:
    """Digest of a row of headings: the same for the same headings and units, however they are spaced and whatever follows blank."""
    texts = [f"{heading_key(text)}|{heading_unit(text)}" if text else "" for text in headings]
    while texts and not texts[-1]:
        texts.pop()
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def form_of_width(rows: Sequence[Row], begin: int) -> str:
    """What stands for the form of a table without a heading: how wide it is."""
    widths = [width_of(row) for row in rows[begin : begin + _LOOKED_AT]]
    return f"-{max(widths, default=0)}"


def width_of(row: Row) -> int:
    """Columns up to the last one that is filled."""
    return next((k for k in range(len(row), 0, -1) if row[k - 1] is not None and str(row[k - 1]).strip()), 0)


def letter_of(index: int) -> str:
    """What spreadsheets call a column: 0 -> ``A``, 26 -> ``AA``."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def index_of(letters: str) -> int:
    """Undo :func:`letter_of`; ValueError where it is none."""
    plain = letters.strip().upper()
    if not plain.isascii() or not plain.isalpha() or len(plain) > 3:
        raise ValueError(letters[:20])
    index = 0
    for letter in plain:
        index = index * 26 + ord(letter) - 64
    return index - 1


def header_by(mapping: Mapping, table: Table, source: str) -> Header | None:
    """The heading of a table as the mapping says; None where it is made for other headings.

    Raises
    ------
    UnreadableLedger
        ``ledger.empty``; ``ledger.mapped_nothing``: neither number nor name of the facilities is among its columns;
        ``register.mapped_nothing``: a column that the register needs is not.
    """
    if not table.rows:
        raise UnreadableLedger("ledger.empty", file=source)
    placed = mapping.placed(table.rows)
    if placed is None:
        return None
    kind = ledger_kind(mapping.kind)
    if lacking := kind.lacking(placed.columns):
        raise _lacking(kind, lacking, source)
    taken = {column.index for column in placed.columns.values()}
    texts = joined_headings(table.rows, placed.first, placed.last, kind.words) if placed.has_heading else []
    unused = tuple(text for k, text in enumerate(texts) if text and k not in taken)
    return Header(placed.first, placed.last, dict(placed.columns), unused, None, placed.begin)


def _lacking(kind: LedgerKind, columns: Sequence[str], source: str) -> UnreadableLedger:
    if kind.key == FACILITIES:
        return UnreadableLedger("ledger.mapped_nothing", file=source)
    usual = {column: heading for heading, (column, preference) in kind.words.headings.items() if preference == 0}
    return UnreadableLedger(
        "register.mapped_nothing", file=source, expected=", ".join(usual.get(name, name) for name in columns)
    )


def is_plain(mapping: Mapping, rows: Sequence[Row]) -> bool:
    """Whether a table would be read just so by its headings alone, once it is known of which ledger it is."""
    kind = ledger_kind(mapping.kind)
    header = find_header(rows, kind.words)
    if header is None or not kind.reads(header):
        return False
    found = (header.first, header.last, header.begin, header.columns)
    return found == (mapping.first, mapping.last, mapping.begin, mapping.columns)


# ---------------------------------------------------------------------------------------------- as JSON and TOML


def as_json(mapping: Mapping) -> dict[str, Any]:
    """Plain JSON, as a plan and the settings keep it; see :func:`from_json`. Of which ledger it is stands there where it is not of facilities."""
    return {
        **({} if mapping.kind == FACILITIES else {"kind": mapping.kind}),
        "first": mapping.first, "last": mapping.last, "begin": mapping.begin, "sheet": mapping.sheet, "form": mapping.form,
        "columns": {name: [column.index, column.heading, column.unit] for name, column in sorted(mapping.columns.items())},
    }  # fmt: skip


def from_json(value: object, kind: str = FACILITIES) -> Mapping:
    """A mapping read back; anything may be wrong with it.

    Parameters
    ----------
    kind : of which ledger it must be

    Raises
    ------
    ValueError
        It is none, or that of another ledger.
    """
    if not isinstance(value, dict) or set(value) - {"kind"} != {"first", "last", "begin", "sheet", "form", "columns"}:
        raise ValueError("mapping")
    first, last, begin = (value[name] for name in ("first", "last", "begin"))
    if not all(type(number) is int for number in (first, last, begin)) or not isinstance(value["columns"], dict):
        raise ValueError("mapping")
    if value.get("kind", kind) != kind:
        raise ValueError("kind")
    of, columns = ledger_kind(kind), {}
    for name, entry in value["columns"].items():
        if not isinstance(entry, list) or len(entry) != 3:
            raise ValueError("mapping")
        columns[name] = _column(of, name, *entry)
    return _checked(Mapping(first, last, begin, columns, _text(value["sheet"]), _text(value["form"]), kind))


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("mapping")
    value.encode("utf-8")
    return value


def _column(kind: LedgerKind, name: object, index: object, heading: object, unit: object) -> Column:
    if name not in kind.words.columns or type(index) is not int or not 0 <= index < MAX_COLUMNS:
        raise ValueError("mapping")
    return Column(index, _text(heading), _text(unit))


def _checked(mapping: Mapping) -> Mapping:
    headless = (mapping.first, mapping.last) == (-1, -1)
    standing = 0 <= mapping.first <= mapping.last <= mapping.first + 1
    indices = [column.index for column in mapping.columns.values()]
    if not (headless or standing) or not mapping.last < mapping.begin <= MAX_ROWS or len(set(indices)) < len(indices):
        raise ValueError("mapping")
    return mapping


def to_toml(mapping: Mapping) -> str:
    """The mapping as people read and edit it: rows counted from 1, columns by their letters."""
    rows = sorted({mapping.first + 1, mapping.last + 1}) if mapping.has_heading else []
    lines = [] if mapping.kind == FACILITIES else [f"kind = {_quoted(mapping.kind)}"]
    lines += [
        f"sheet = {_quoted(mapping.sheet)}", f"heading_rows = {rows}", f"first_row = {mapping.begin + 1}", f"form = {_quoted(mapping.form)}", "",
        "[columns]",
    ]  # fmt: skip
    for name in ledger_kind(mapping.kind).words.columns:
        if name in mapping.columns:
            found = mapping.columns[name]
            unit = f", unit = {_quoted(found.unit)}" if found.unit else ""
            letter = _quoted(letter_of(found.index))
            lines.append(f"{name} = {{ column = {letter}, heading = {_quoted(found.heading)}{unit} }}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # Of JSON's and TOML's strings only DEL is written otherwise.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def from_toml(text: str, source: str, kind: str | None = FACILITIES) -> Mapping:
    """Undo :func:`to_toml`; units are compared as in headings.

    Parameters
    ----------
    kind : of which ledger it must be; None: of that which it says

    Raises
    ------
    UnreadableLedger
        ``ledger.bad_mapping``
    """
    try:
        found = tomllib.loads(text)
        of = _kind_in(found, kind)
        rows, begin, columns = found["heading_rows"], found["first_row"], found["columns"]
        first, last = (rows[0] - 1, rows[-1] - 1) if rows else (-1, -1)
        made = {
            name: _column(of, name, index_of(entry["column"]), entry.get("heading", ""), folded(entry.get("unit", "")))
            for name, entry in columns.items()
        }
        sheet, form = _text(found.get("sheet", "")), _text(found.get("form", ""))
        return _checked(Mapping(first, last, begin - 1, made, sheet, form, of.key))
    except (tomllib.TOMLDecodeError, ValueError, KeyError, TypeError, AttributeError, LookupError) as error:
        raise UnreadableLedger("ledger.bad_mapping", file=source, reason=str(error)[:80]) from error


def _kind_in(found: dict[str, Any], kind: str | None) -> LedgerKind:
    of = ledger_kind(found.get("kind", kind or FACILITIES))
    if kind is not None and of.key != kind:
        raise ValueError(of.key)
    return of


def read_mapping(path: Path, kind: str | None = FACILITIES) -> Mapping:
    """A mapping from its TOML file; ``kind`` as of :func:`from_toml`.

    Raises
    ------
    UnreadableLedger
        ``ledger.missing``, ``ledger.locked`` or ``ledger.bad_mapping``
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UnreadableLedger("ledger.bad_mapping", file=path.name, reason="–")
        return from_toml(path.read_text(encoding="utf-8-sig"), path.name, kind)
    except PermissionError as error:
        raise UnreadableLedger("ledger.locked", file=path.name) from error
    except UnicodeDecodeError as error:
        raise UnreadableLedger("ledger.bad_mapping", file=path.name, reason="UTF-8") from error
    except OSError as error:
        raise UnreadableLedger("ledger.missing", file=path.name) from error


def write_mapping(mapping: Mapping, path: Path) -> None:
    """Write a mapping's TOML file.

    Raises
    ------
    NotWritable
        Read-only, held by another program, disk full.
    """
    from kawasolar.export.writing import atomic

    with atomic(path, ".toml") as work:
        work.write_text(to_toml(mapping), encoding="utf-8", newline="\n")
