"""Which row of a table is the heading, and which of its columns is which of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kawasolar.ledger.vocabulary import Vocabulary, heading_key, heading_unit, plain, vocabulary

Row = Sequence[object]

# Headings stand near the top; below, a long text column could match by chance.
SEARCHED_ROWS = 100
# Longer texts are sentences, not headings.
_LONGEST = 60
# Units that follow a heading without brackets: 年間電力使用量_kWh.
_TRAILING_UNITS = ("百万kwh", "千kwh", "万kwh", "mwh", "kwh", "kw", "m2", "m")


@dataclass(frozen=True)
class Column:
    """One recognised column: its place, the heading as written, and the unit it names."""

    index: int
    heading: str
    unit: str


@dataclass(frozen=True)
class Header:
    """The heading row(s) of a table.

    ``first`` and ``last`` are zero-based row numbers (two rows where a group heading stands above);
    ``columns`` maps our names to what was found, ``unused`` lists headings that mean nothing to us. ``start``: the first row
    below it, where that is not the next one; where there is no heading, ``first`` and ``last`` are -1.
    """

    first: int
    last: int
    columns: dict[str, Column]
    unused: tuple[str, ...]
    other: str | None
    start: int | None = None

    @property
    def begin(self) -> int:
        """Zero-based number of the first row below it."""
        return self.last + 1 if self.start is None else self.start

    @property
    def elsewhere(self) -> str | None:
        """The other kind of ledger that this is. One that says where its facilities are is theirs, whatever else it says."""
        return None if self.columns.keys() & {"latitude", "address"} else self.other

    @property
    def recognised(self) -> bool:
        """Whether this is the heading of a list of facilities: a name or an id, and at least one thing more."""
        return len(self.columns) >= 2 and ("name" in self.columns or "facility_id" in self.columns)


def _match(text: str, words: Vocabulary) -> tuple[str, int, str] | None:
    """Our column, preference and unit of one heading."""
    key = heading_key(text)
    if key in words.headings:
        column, preference = words.headings[key]
        return column, preference, heading_unit(text)
    for unit in _TRAILING_UNITS:
        if key.endswith(unit) and key[: -len(unit)] in words.headings:
            column, preference = words.headings[key[: -len(unit)]]
            return (column, preference, unit) if column in words.units else None
    return None


def _texts(row: Row) -> list[str]:
    return [plain(cell) if isinstance(cell, str) and len(cell) <= 4 * _LONGEST else "" for cell in row]


def _read(texts: list[str], words: Vocabulary) -> tuple[dict[str, Column], list[str]]:
    """Our columns of one heading row; the preferred heading wins where two mean the same."""
    best: dict[str, tuple[int, Column]] = {}
    unused = []
    for index, text in enumerate(texts):
        if not text or len(text) > _LONGEST:
            continue
        found = _match(text, words)
        if found is None:
            unused.append(text)
            continue
        column, preference, unit = found
        new = (preference, Column(index, text, unit))
        if column in best:
            worse = max(best[column], new, key=lambda entry: entry[0]) if new[0] != best[column][0] else new
            unused.append(worse[1].heading)
            if worse is new:
                continue
        best[column] = new
    return {column: entry for column, (_, entry) in best.items()}, unused


def _both(upper: list[str], lower: list[str], words: Vocabulary) -> list[str]:
    """One heading row of two: the lower cell where it says something, with its group before it where that helps."""
    width = max(len(upper), len(lower))
    above = upper + [""] * (width - len(upper))
    below = lower + [""] * (width - len(lower))
    return [b if b and _match(b, words) else a or b for a, b in zip(above, below, strict=True)]


def joined_headings(rows: Sequence[Row], first: int, last: int, words: Vocabulary | None = None) -> list[str]:
    """Headings of the columns from one heading row or two; blank ones empty. ``words`` as of :func:`find_header`."""
    texts = _texts(rows[first])
    return texts if last == first else _both(texts, _texts(rows[last]), words or vocabulary())


def read_headings(texts: list[str], words: Vocabulary | None = None) -> dict[str, Column]:
    """Our columns of a row of headings."""
    return _read(texts, words or vocabulary())[0]


def other_of(texts: list[str]) -> str | None:
    """The other kind of ledger that these headings belong to."""
    return _other(texts, vocabulary())


def _other(texts: list[str], words: Vocabulary) -> str | None:
    """The other kind of ledger that at least two of the headings belong to."""
    keys = {heading_key(text) for text in texts if text}
    return next((kind for kind, marks in words.other_ledgers.items() if len(keys & marks) >= 2), None)


def find_header(rows: Sequence[Row], words: Vocabulary | None = None) -> Header | None:
    """The heading among the first rows: the row (or pair of rows) that matches the most of our columns.

    Parameters
    ----------
    words : of another kind of ledger; that of facilities unless given

    Returns
    -------
    Header or None
        None where no row matches anything; look at :attr:`Header.recognised` and :attr:`Header.elsewhere` before use.
    """
    words = words or vocabulary()
    best: Header | None = None
    texts = [_texts(row) for row in rows[: SEARCHED_ROWS + 1]]
    for number, row in enumerate(texts[:SEARCHED_ROWS]):
        columns, unused = _read(row, words)
        candidate = Header(number, number, columns, tuple(unused), _other(row, words))
        if columns and number + 1 < len(texts):
            joined = _both(row, texts[number + 1], words)
            wider, wider_unused = _read(joined, words)
            if len(wider) > len(columns):
                candidate = Header(number, number + 1, wider, tuple(wider_unused), _other(joined, words))
        if candidate.columns and (best is None or len(candidate.columns) > len(best.columns)):
            best = candidate
    return best


def other_ledger(rows: Sequence[Row]) -> str | None:
    """The other kind of ledger that the first rows speak of, where they speak of one."""
    words = vocabulary()
    return next((kind for row in rows[:SEARCHED_ROWS] if (kind := _other(_texts(row), words))), None)


def seen_headings(rows: Sequence[Row], limit: int = 8) -> str:
    """What the first rows with several cells say, for the message that no heading was recognised."""
    for row in rows[:SEARCHED_ROWS]:
        texts = [text for cell in row if (text := plain(str(cell)) if cell is not None else "")]
        if len(texts) >= 2:
            return ", ".join(text[:_LONGEST] for text in texts[:limit])
    return ", ".join(plain(str(cell))[:_LONGEST] for row in rows[:3] for cell in row if cell is not None)[:200]
