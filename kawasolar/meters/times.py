"""When a half hour begins: of labels that begin it, end it, or number it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from kawasolar.errors import UnreadableMeters
from kawasolar.meters.model import DAY, clock_text, stamp_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.meters.blocks import Block
    from kawasolar.meters.headings import Label

    Ints = NDArray[np.int64]

# Share of the steps between neighbouring labels that must be an hour for a file of hours.
_MOST = 0.9


@dataclass
class Times:
    """Labels of the long blocks of a file together: what one block does not tell, another may.

    Attributes
    ----------
    point, minute, row : of each figure; the minutes are as labelled until :meth:`begin` has been asked
    step : minutes of one figure
    label : begin or end
    findings : what had to be assumed
    """

    point: Ints
    minute: Ints
    row: Ints
    step: int
    label: Label
    findings: list[Finding]

    def begins(self) -> Ints:
        """Minutes from 1970 at which each figure's time begins."""
        return self.minute - self.step if self.label == "end" else self.minute


def long_times(blocks: Sequence[Block], file: str) -> Times:
    """Begins of all rows of the long blocks.

    Raises
    ------
    UnreadableMeters
        Labels change their kind within the file, or are not of half hours or hours.
    """
    point, minute, row, _ = (
        np.concatenate(parts) for parts in zip(*(block.columns() for block in blocks), strict=True)
    )
    number = np.concatenate([np.array(block.number, dtype=np.int64) for block in blocks])
    kinds = set().union(*(block.kinds for block in blocks))
    if "number" in kinds and len(kinds) > 1:
        raise UnreadableMeters("meters.labels_mixed", file=file, row=int(row[number >= 0][0]))
    if kinds == {"number"}:
        return _numbered(point, minute, row, number, file)
    if len(kinds - {"bare"}) > 1:
        raise UnreadableMeters("meters.labels_mixed", file=file, row=int(row[0]))
    minute = _midnights(point, minute, row, separate=any(block.heading.clock is not None for block in blocks))
    step = _step(point, minute, row, {step for block in blocks for step in block.steps}, file)
    label, findings = _label(blocks, kinds, point, minute, step, file)
    return Times(point, minute, row, step, label, findings)


def _numbered(point: Ints, minute: Ints, row: Ints, number: Ints, file: str) -> Times:
    """Half hours 1 to 48, hours 1 to 24 or 0 to 23, or times written 0, 30, 100, 130 …"""
    top, low = int(number.max()), int(number.min())
    if top > 48:
        hours, minutes = np.divmod(number, 100)
        at = hours * 60 + minutes
        if not np.isin(minutes, (0, 30)).all() or at.max() > DAY:
            wrong = int(np.argmax(~np.isin(minutes, (0, 30)) | (at > DAY)))
            raise UnreadableMeters("meters.not_half_hours", file=file, row=int(row[wrong]), found=str(number[wrong]))
        label: Label = "end" if at.max() == DAY else "begin"
        told = [] if at.max() == DAY or at.min() == 0 else [_assumed(file)]
        return Times(point, minute + at, row, 30, label, told)
    # Half hours of mornings alone would be numbered so too, but no meter stops at noon.
    if top <= 24 and top - low == 23 and len(np.unique(number)) == 24:
        return Times(point, minute + 60 * (number - low), row, 60, "begin", [])
    if low < 1:
        raise UnreadableMeters("meters.not_half_hours", file=file, row=int(row[np.argmin(number)]), found=str(low))
    return Times(point, minute + 30 * (number - 1), row, 30, "begin", [])


def _midnights(point: Ints, minute: Ints, row: Ints, *, separate: bool) -> Ints:
    """A day that goes 0:30 … 23:30, 0:00 with one date throughout ends with its last midnight, not with its first."""
    if not separate or len(minute) < 3:
        return minute
    order = np.lexsort((row, point))
    at, whose = minute[order], point[order]
    midnight = at % DAY == 0
    after = np.zeros(len(at), dtype=bool)
    after[1:] = midnight[1:] & (whose[1:] == whose[:-1]) & np.isin(at[1:] + DAY - at[:-1], (30, 60))
    if not midnight.any() or not after[midnight].mean() > _MOST:
        return minute
    moved = minute.copy()
    moved[order[after]] += DAY
    return moved


def _step(point: Ints, minute: Ints, row: Ints, said: set[int], file: str) -> int:
    """30 or 60 minutes, by what ranges say, else by the distances between neighbours."""
    if wrong := said - {30, 60}:
        raise UnreadableMeters("meters.not_half_hours", file=file, row=int(row[0]), found=f"{min(wrong)} min")
    if len(said) > 1:
        raise UnreadableMeters("meters.labels_mixed", file=file, row=int(row[0]))
    off = minute % 30 != 0
    if off.any():
        at = int(np.argmax(off))
        found = clock_text(stamp_of(int(minute[at])))
        raise UnreadableMeters("meters.not_half_hours", file=file, row=int(row[at]), found=found)
    if said:
        return said.pop()
    order = np.lexsort((minute, point))
    steps = np.diff(minute[order])[np.diff(point[order]) == 0]
    steps = steps[steps > 0]
    full = not (minute % 60 != 0).any()
    return 60 if full and len(steps) and float(np.mean(steps == 60)) > _MOST else 30


def _label(
    blocks: Sequence[Block], kinds: set[str], point: Ints, minute: Ints, step: int, file: str
) -> tuple[Label, list[Finding]]:
    """Begin or end: by ranges, by the headings' words, by 24:00, by notes above, by whole days, else the begin is assumed."""
    for kind in ("begin", "end"):
        if kind in kinds:
            return kind, []
    said = {block.heading.label for block in blocks} - {""} or {block.titles.label for block in blocks} - {""}
    if len(said) == 1:
        return said.pop(), []
    if any(block.late for block in blocks):
        return "end", []
    ends = _edges(point, minute, step)
    if ends is not None:
        return ends, []
    return "begin", [_assumed(file)]


def _edges(point: Ints, minute: Ints, step: int) -> Label | None:
    """What whole days tell: from 0:00 to 23:30 labels begin, from 0:30 to 0:00 they end; of most meters."""
    first: dict[Label, int] = {"begin": 0, "end": 0}
    meters = np.unique(point)
    for meter in meters[:100]:
        own = minute[point == meter]
        low, high = int(own.min()) % DAY, int(own.max()) % DAY
        if low == 0 and high == DAY - step:
            first["begin"] += 1
        elif low == step and high == 0:
            first["end"] += 1
    if first["begin"] and not first["end"]:
        return "begin"
    return "end" if first["end"] and not first["begin"] else None


def _assumed(file: str) -> Finding:
    return Finding("meters.label_assumed", "info", file)
