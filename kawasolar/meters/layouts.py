"""Row by row through a file: titles, headings, data; every table of it becomes a block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kawasolar.errors import UnreadableMeters
from kawasolar.ledger.headings import seen_headings
from kawasolar.meters.blocks import Block, Notes, Points
from kawasolar.meters.cells import figure_of, needs_year, spoken, title_year
from kawasolar.meters.headings import find_heading, headless, heads_something_else
from kawasolar.meters.others import check_is_meter
from kawasolar.meters.titles import Titles
from kawasolar.weather.text import plain

if TYPE_CHECKING:
    from kawasolar.ledger.headings import Row
    from kawasolar.meters.headings import Heading
    from kawasolar.meters.source import Sheet

# Rows without meaning after which a file is another one than it seems; looking at one takes some 0.1 ms.
MAX_STRANGE = 20_000
# Rows at the head that tell what a file is.
_HEAD_ROWS = 40
_TOTAL = re.compile(r"合計|総計|小計|^計$|最大|最小|平均|累計|負荷率|total|^sum|^max|^min|average")
# Sheets of one meter are often named after months; those of several after facilities.
_MONTH_SHEET = re.compile(
    r"\d{1,2}月|\d{4}|[rhs]\d{1,2}\b|令和|平成|年度|sheet|シート|^\d+$|data|データ|使用量|電力|kwh"
)


class Reader:
    """Goes through the sheets of one file.

    Attributes
    ----------
    blocks : what has been found, in the order of the file
    points : its meters
    notes : rows that could not be used
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.points = Points()
        self.notes = Notes(file)
        self.blocks: list[Block] = []
        self._head: list[Row] = []
        self._strange = 0
        self._skipping = False
        self._skipped: UnreadableMeters | None = None
        self._block: Block | None = None
        self._titles = Titles()

    def read(self, sheet: Sheet, *, alone: bool) -> None:
        """Take one sheet.

        Raises
        ------
        UnreadableMeters
            It is known not to be a meter's, its dates have no year, a supply point is damaged, or there is too
            much in it that is not understood.
        """
        name = "" if alone or _MONTH_SHEET.search(plain(sheet.name)) else sheet.name
        self._titles = Titles(name=name, year=title_year(plain(sheet.name)))
        self._block = None
        self._skipping = False
        self._head = []
        for number, row in sheet.rows:
            if not self._taken(number, row) and any(cell is not None and cell != "" for cell in row):
                self._other(number, row)
        if not self.blocks:
            self._check(0)

    def _taken(self, number: int, row: Row) -> bool:
        if self._skipping:
            # Data of a table that is not ours; a figure at its end is no heading and no title.
            return bool(row) and _is_number(row[-1])
        return self._block is not None and self._block.take(number, row)

    def unknown(self) -> UnreadableMeters:
        """The error of a file in which no table of half hours is."""
        if self._skipped is not None:
            return self._skipped
        return UnreadableMeters("meters.unknown_layout", file=self.file, found=seen_headings(self._head)[:200])

    # ------------------------------------------------------------------ rows that are no data

    def _other(self, number: int, row: Row) -> None:
        """A heading, data without one, a total, a title, or something strange."""
        heading = find_heading(row)
        if len(self._head) < _HEAD_ROWS:
            self._head.append(row)
        if (heading is None and heads_something_else(row)) or (heading is not None and self._titles.other):
            self._check(number)
            self._skip(number, row)
            return
        if heading is None and self._block is None and not self._skipping:
            heading = headless(row, self._titles.year)
            if heading is not None:
                self._check(number)
                self._begin(heading).take(number, row)
                return
        if heading is not None:
            self._check(number)
            # Begins in one line and ends in the next are one heading.
            twin = (
                not self._skipping
                and self._block is not None
                and not self._block.row
                and self._block.wide
                and bool(heading.minutes)
            )
            if not twin:
                self._begin(heading)
            return
        if self._block is not None and not self._skipping and self._looks_like_data(self._block, row):
            self._unreadable(number, row)
            return
        self._count()
        titles = self._titles.after(row, self.file, number)
        if titles != self._titles:
            self._titles = titles
            if self._block is not None and not self._skipping:
                self._begin(self._block.heading)

    def _skip(self, number: int, row: Row) -> None:
        """Leave out a table of something else, and say so."""
        shown = ", ".join(spoken(cell)[:30] for cell in row[:6] if cell is not None)
        self._skipping = True
        self._skipped = UnreadableMeters("meters.no_consumption", file=self.file, row=number, found=shown)
        self.notes.tell("meters.other_table", number, shown)

    def _begin(self, heading: Heading) -> Block:
        if heading.rivals:
            found = " / ".join(heading.rivals)[:200]
            raise UnreadableMeters("meters.several_columns", file=self.file, found=found)
        self._skipping = False
        self._block = Block(heading, self._titles, self.points, self.notes)
        self.blocks.append(self._block)
        return self._block

    def _count(self) -> None:
        self._strange += 1
        if self._strange > MAX_STRANGE:
            raise self.unknown()

    def _check(self, number: int) -> None:
        """What stands above the first data may say that this is no meter."""
        cells = [[plain(spoken(cell)) for cell in row[:80] if cell is not None] for row in self._head]
        if len(cells) > 1 and [line[:1] for line in cells[:2]] in ([["h"], ["t"]], [["h"], ["d"]]):
            raise UnreadableMeters("meters.is_imbalance", file=self.file, row=1, found="H, T, D")
        check_is_meter(" ".join(" ".join(line) for line in cells), self.file, number)

    def _looks_like_data(self, block: Block, row: Row) -> bool:
        first = block.heading.first
        cells = row[first : first + (len(block.heading.minutes) or 1)]
        return bool(cells) and 2 * sum(map(_is_number, cells)) >= max(1, len(block.heading.minutes))

    def _unreadable(self, number: int, row: Row) -> None:
        block = self._block
        if block is None:
            return
        before = row[: block.heading.first]
        if any(isinstance(cell, str) and _TOTAL.search(plain(cell)) for cell in before):
            return
        date = block.heading.date
        cells = [row[date]] if 0 <= date < len(row) else list(before)
        undated = next((cell for cell in cells if needs_year(cell)), None)
        if undated is not None and self._titles.year is None:
            raise UnreadableMeters("meters.no_year", file=self.file, row=number, found=spoken(undated)[:40])
        self._count()
        shown = ", ".join(spoken(cell)[:30] for cell in row[: block.heading.first + 1] if cell is not None)
        self.notes.tell("meters.row_unreadable", number, shown)


def _is_number(cell: object) -> bool:
    try:
        found = figure_of(cell)
    except ValueError:
        return False
    # NaN is no number.
    return found == found  # noqa: PLR0124
