"""Rows under one heading, kept as plain columns until the whole file has been seen."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from gis.findings import Finding
from kawasolar.errors import UnreadableMeters
from kawasolar.meters.cells import Clock, clock_of, figure_of, is_damaged_point, point_of, spoken, stamp_of_cell
from kawasolar.meters.headings import OTHERS
from kawasolar.meters.model import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kawasolar.ledger.headings import Row
    from kawasolar.meters.headings import Heading
    from kawasolar.meters.titles import Titles

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_K = TypeVar("_K")
_T = TypeVar("_T")

# Cells whose meaning is remembered; days and times repeat from meter to meter.
_REMEMBERED = 200_000
# Rows that are told one by one; of more, how many.
MAX_TOLD = 10


@dataclass
class Notes:
    """What was noticed row by row: the first few of a kind each, of the others how many."""

    file: str
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def tell(self, code: str, row: int, found: str, column: str | None = None) -> None:
        """Note one row."""
        self.counts[code] = self.counts.get(code, 0) + 1
        if self.counts[code] <= MAX_TOLD:
            self.findings.append(Finding(code, "warning", self.file, row, column, found[:60]))

    def all(self) -> list[Finding]:
        """All that was noted, with a count of what was not told."""
        more = [
            Finding("meters.more_rows", "warning", self.file, found=str(count - MAX_TOLD))
            for count in self.counts.values()
            if count > MAX_TOLD
        ]
        return [*self.findings, *more]


@dataclass
class Points:
    """The meters of a file, each with its number."""

    found: dict[tuple[str, str], int] = field(default_factory=dict)
    names: list[tuple[str, str]] = field(default_factory=list)

    def number(self, point: str, name: str) -> int:
        """Number of a meter; the name tells meters apart only where no supply point does."""
        key = (point, "") if point else ("", name)
        at = self.found.setdefault(key, len(self.names))
        if at == len(self.names):
            self.names.append((point, name))
        elif name and not self.names[at][1]:
            self.names[at] = (point, name)
        return at


@dataclass
class Block:
    """One table: heading, and columns of what its rows say.

    ``base`` is minutes from 1970 of the day (wide) or of the time as labelled (long); where ``numbered``, the
    day's minutes with the half hour's number in ``number``. ``late`` says that a time 24:00 was met.
    """

    heading: Heading
    titles: Titles
    points: Points
    notes: Notes
    point: array[int] = field(default_factory=lambda: array("q"))
    base: array[int] = field(default_factory=lambda: array("q"))
    number: array[int] = field(default_factory=lambda: array("q"))
    row: array[int] = field(default_factory=lambda: array("q"))
    value: array[float] = field(default_factory=lambda: array("d"))
    kinds: set[str] = field(default_factory=set)
    steps: set[int] = field(default_factory=set)
    late: bool = False
    _times: dict[object, tuple[int, Clock | None] | None] = field(default_factory=dict)
    _clocks: dict[tuple[object, type], Clock | None] = field(default_factory=dict)
    _begins: dict[tuple[object, ...], tuple[int, int] | None] = field(default_factory=dict)
    _meters: dict[tuple[object, object], int] = field(default_factory=dict)

    @property
    def wide(self) -> bool:
        """Whether a row is a day."""
        return bool(self.heading.minutes)

    def take(self, number: int, row: Row) -> bool:
        """Keep a row of data; False where it is none."""
        return self._wide_row(number, row) if self.wide else self._long_row(number, row)

    # ------------------------------------------------------------------ parts of a row

    def _day(self, cell: object) -> tuple[int, Clock | None] | None:
        # True == 1 and 1.0 == 1 in a dict, but they are no days either way.
        return _remembered(self._times, cell, lambda key: stamp_of_cell(key, self.titles.year))

    def _meter(self, number: int, row: Row) -> int:
        """Number of the meter of a row."""
        at, named = self.heading.point, self.heading.name
        point = row[at] if at is not None and at < len(row) else None
        name = row[named] if named is not None and named < len(row) else None
        known = self._meters.get((point, name))
        if known is None:
            if is_damaged_point(point) and at is not None:
                raise UnreadableMeters("meters.point_damaged", file=self.notes.file, row=number, found=str(point)[:40])
            known = self.points.number(
                point_of(point) if at is not None else self.titles.point,
                spoken(name)[:80] if name is not None else self.titles.name,
            )
            if len(self._meters) < _REMEMBERED:
                self._meters[point, name] = known
        return known

    def _figure(self, number: int, row: Row, at: int) -> float:
        cell = row[at] if at < len(row) else None
        if isinstance(cell, str) and cell.replace(".", "", 1).isdecimal():
            return float(cell)
        try:
            return figure_of(cell)
        except ValueError:
            texts = self.heading.texts
            self.notes.tell("meters.not_a_figure", number, spoken(cell), texts[at] if at < len(texts) else str(at + 1))
            return math.nan

    # ------------------------------------------------------------------ rows

    def _wide_row(self, number: int, row: Row) -> bool:
        first, count = self.heading.first, len(self.heading.minutes)
        date = self.heading.date
        candidates = (row[date],) if 0 <= date < len(row) else row[:first]
        found = next((day for cell in candidates if (day := self._day(cell)) is not None), None)
        if found is None:
            return False
        if any(isinstance(cell, str) and cell and OTHERS.search(cell) for cell in row[:first]):
            # A second line of the same day: what is fed in, or the reactive part.
            self.notes.tell("meters.other_quantity", number, " ".join(spoken(cell) for cell in row[:first]))
            return True
        self.point.append(self._meter(number, row))
        self.base.append(found[0] * DAY)
        self.row.append(number)
        self.value.extend(self._figures(number, row, first, count))
        return True

    def _figures(self, number: int, row: Row, first: int, count: int) -> list[float]:
        cells = row[first : first + count]
        if len(cells) == count:
            try:
                # float() also takes 1_000, inf and letters of nan.
                if not any(isinstance(cell, str) and not cell.replace(".", "", 1).isdecimal() for cell in cells):
                    return [float(cell) for cell in cells]  # type: ignore[arg-type]
            except (TypeError, ValueError, OverflowError):
                pass
        return [self._figure(number, row, at) for at in range(first, first + count)]

    def _long_row(self, number: int, row: Row) -> bool:
        heading = self.heading
        width = len(row)
        cell = row[heading.date] if heading.date < width else None
        timed = row[heading.clock] if heading.clock is not None and heading.clock < width else None
        # Types too: 1 == 1.0 == True, and a spreadsheet's cells may be any of them.
        key = (cell, timed, type(timed))
        try:
            found = self._begins[key]
        except KeyError:
            found = self._begin(cell, timed)
            if len(self._begins) < _REMEMBERED:
                self._begins[key] = found
        if found is None:
            return False
        self.point.append(self._meter(number, row))
        self.base.append(found[0])
        self.number.append(found[1])
        self.row.append(number)
        self.value.append(self._figure(number, row, heading.first))
        return True

    def _begin(self, cell: object, timed: object) -> tuple[int, int] | None:
        """Minutes from 1970 as labelled, and the half hour's number where it has one, else -1."""
        found = self._day(cell)
        if found is None:
            return None
        day, clock = found
        if self.heading.clock is not None:
            clock = _remembered(self._clocks, (timed, type(timed)), lambda key: clock_of(key[0]))
            if clock is None:
                return None
        elif clock is None:
            # A spreadsheet writes midnight as the day alone.
            clock = Clock(0, "bare")
        self.late = self.late or clock.minute == DAY
        self.kinds.add(clock.kind)
        if clock.step:
            self.steps.add(clock.step)
        numbered = clock.kind == "number"
        return day * DAY + (0 if numbered else clock.minute), clock.minute if numbered else -1

    def columns(self) -> tuple[Ints, Ints, Ints, Floats]:
        """Meter, minute as labelled, row and figure of every half hour (or hour) of the block; each (n,)."""
        point, base, row = (np.array(column, dtype=np.int64) for column in (self.point, self.base, self.row))
        value = np.array(self.value, dtype=np.float64)
        if not self.wide:
            return point, base, row, value
        minutes = np.array(self.heading.minutes, dtype=np.int64)
        count = len(minutes)
        return (
            np.repeat(point, count),
            (base[:, None] + minutes).ravel(),
            np.repeat(row, count),
            value,
        )


def _remembered(memory: dict[_K, _T], cell: _K, read: Callable[[_K], _T]) -> _T:
    """What a cell means, looked up where it has been met before."""
    try:
        return memory[cell]
    except KeyError:
        found = read(cell)
        if len(memory) < _REMEMBERED:
            memory[cell] = found
        return found
