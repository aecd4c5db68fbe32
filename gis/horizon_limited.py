"""Skylines of what stands within a given distance: the sweep of :mod:`gis.horizon` with a window that moves along each line.

A hull loses points easily at the end where it grows, not at its tail. So each line is cut into blocks as long as the distance: what a cell may see is
the rest of the block before its own and the beginning of its own::

    sun  ──►   │ · · · ·[· · · · │ · · · ·] o · · · │
               block before       block of the cell

The hull of the beginning grows as in the unlimited sweep. The hull of the block before is built from its near end outwards, with a note of what each
point displaced; as the cell moves on, its farthest point is taken off again by that note. From the cell, the slopes along a hull rise to the skyline
and fall after it, so that a binary search finds it: O(1) and O(log n) a cell and azimuth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis.horizon import CELLS_PER_BLOCK, Asked, Sweeper
from gis.horizon_kernels import (
    FLAT_M,
    INNER,
    JOINED_CELLS,
    KERNEL,
    LANES,
    RIM,
    STRETCH,
    WALL_DROP_CELLS,
    WALL_SHIFT_STEPS,
    Lines,
    bent,
    gather,
    lane_range,
    scatter,
)
from gis.progress import Progress, part, silent
from gis.threads import run_blocks

# Share of a step by which a distance may miss a whole number of steps: 0.3 m are three steps of 0.1 m.
_ROUNDING_STEPS = 1e-6
# A walk of a line here takes about this many times as long as without a limit.
_COST = 3


@njit(**INNER)
def _faces(
    heights: NDArray[np.float32], begin: int, end: int, known: int, drop: np.float32, at: NDArray[np.float32]
) -> None:  # pragma: no cover - compiled
    """Where along the line each cell's height stands: its centre, or the face of a wall half a step nearer, as in the unlimited sweep.

    ``known``: end of the heights that may be looked at.
    """
    zero, hole = np.float32(0.0), np.float32(np.inf)
    last, fall = -hole, zero
    for index in range(begin, end):
        h = heights[index]
        at[index] = np.float32(index)
        if math.isnan(h):
            fall = hole
            continue
        down = last - h
        # Never right after a hole, so the top of the wall is the cell before.
        after = h - heights[index + 1] if index + 1 < known else zero
        if down - max(fall, zero) > drop and fall < hole and not down - after <= drop:
            at[index - 1] += np.float32(WALL_SHIFT_STEPS)
        last, fall = h, down


@njit(**INNER)
def _copy_row(
    source: NDArray[np.float32], row: np.uintp, to: NDArray[np.float32], place: np.uintp
) -> None:  # pragma: no cover - compiled
    to[place, 0], to[place, 1], to[place, 2], to[place, 3] = (
        source[row, 0],
        source[row, 1],
        source[row, 2],
        source[row, 3],
    )


@njit(**INNER)
def _hull_before(
    heights: NDArray[np.float32], at: NDArray[np.float32], begin: int, end: int, hull: NDArray[np.float32], undo: NDArray[np.float32],
    sizes: NDArray[np.uintp],
) -> tuple[np.uintp, np.float32]:  # fmt: skip  # pragma: no cover - compiled
    """Upper hull of the cells ``begin`` … ``end`` from the nearest to the farthest: its size, and the highest point.

    Rows of ``hull``: position, height, rise per step from the point before it (nearer), and the height at ``end`` of that edge prolonged to there.
    ``undo`` and ``sizes``: the row that each cell displaced, and the hull's size before it joined.
    """
    one, size = np.uintp(1), np.uintp(0)
    edge, highest = np.float32(end), np.float32(-np.inf)
    top_p, top_h, top_g = edge, highest, np.float32(np.inf)
    for k in range(end - begin):
        place = np.uintp(end - 1 - k)
        cell = place - np.uintp(begin)
        h = heights[place]
        sizes[cell] = size
        if math.isnan(h):
            if size > 0:  # displaces the last row by itself
                _copy_row(hull, size - one, undo, cell)
            continue
        highest = max(highest, h)
        p = at[place]
        # The edge to the nearest point rises infinitely, so nothing hides it.
        while h >= top_h + top_g * (top_p - p):
            size -= one
            top_p, top_h, top_g = hull[size - one, 0], hull[size - one, 1], hull[size - one, 2]
        rise, level = np.float32(np.inf), np.float32(-np.inf)
        if size > 0:
            rise = (h - top_h) / (top_p - p)
            level = top_h - rise * (edge - top_p)
        _copy_row(hull, size, undo, cell)
        hull[size, 0], hull[size, 1], hull[size, 2], hull[size, 3] = p, h, rise, level
        size += one
        top_p, top_h, top_g = p, h, rise
    return size, highest


@njit(**INNER)
def _steepest(
    hull: NDArray[np.float32], size: np.uintp, h: np.float32, beyond: np.float32
) -> np.uintp:  # pragma: no cover - compiled
    """Point of the hull that is seen steepest from the height ``h``, ``beyond`` steps past the end of its block.

    From above an edge, prolonged to the cell, its farther end is seen at least as steeply as its nearer one; the farther the edge, the higher it ends.
    """
    one, low = np.uintp(1), np.uintp(0)
    while size > one:
        half = size >> one
        low += half if h >= hull[low + half, 3] - hull[low + half, 2] * beyond else np.uintp(0)
        size -= half
    return low


@njit(**INNER)
def _walk_block(
    heights: NDArray[np.float32], at: NDArray[np.float32], first: int, begin: int, end: int, step: np.float32, stack: NDArray[np.float32],
    hull: NDArray[np.float32], undo: NDArray[np.float32], sizes: NDArray[np.uintp],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Replace the heights of one block by slopes per step, with the block before it from ``first``; none before if ``first`` is ``begin``."""
    zero, one, half = np.float32(0.0), np.uintp(1), np.float32(WALL_SHIFT_STEPS)
    flat = np.float32(FLAT_M) / step
    rest, highest = _hull_before(heights, at, first, begin, hull, undo, sizes)
    # As in the unlimited sweep: the top in registers, the others on the stack, below all of them something infinitely deep.
    size = np.uintp(0)
    top_p, top_h, top_g = np.float32(-1e9), np.float32(-np.inf), np.float32(np.inf)
    for index in range(end - begin):
        # The farthest cell of the block before goes; from the block's own first cell on, all of it is near enough.
        if index > 0 and rest > 0:
            gone = np.uintp(index) - one
            _copy_row(undo, gone, hull, rest - one)
            rest = sizes[gone]
        place = np.uintp(begin + index)
        h = heights[place]
        if math.isnan(h):
            continue
        p = np.float32(place)
        while h >= top_h + top_g * (p - top_p):
            size -= one
            top_p, top_h, top_g = stack[size, 0], stack[size, 1], stack[size, 2]
        slope = (top_h - h) / (p - top_p)
        seen, away = max(slope, zero), p - top_p
        beyond = np.float32(index)
        # Most cells need no search: what stands in the block before is too low to be seen over what is nearer.
        if rest > 0 and highest > h + seen * (beyond + half):
            point = _steepest(hull, rest, h, beyond)
            steeper = (hull[point, 1] - h) / (p - hull[point, 0])
            if steeper > seen:
                seen, away = steeper, p - hull[point, 0]
        if away > flat:
            seen = max(bent(seen, away, zero, zero, step), zero)
        heights[place] = seen
        stack[size, 0], stack[size, 1], stack[size, 2] = top_p, top_h, top_g
        size += one
        top_p, top_h, top_g = at[place], h, -slope
        if top_p > p:
            # A wall's face, nearer than the cell: what the cell hid is not all that the face hides.
            size -= one
            while h >= stack[size, 1] + stack[size, 2] * (top_p - stack[size, 0]):
                size -= one
            top_g = (h - stack[size, 1]) / (top_p - stack[size, 0])
            size += one


@njit(**KERNEL)
def limited_sweep(
    z: NDArray[np.float32], out: NDArray[np.float32], lines: Lines, bands: NDArray[np.int64], begin: int, end: int, drop: float,
    joined: float, steps: int, degrees: bool,
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Walk the bands ``begin`` … ``end`` as the unlimited sweep does, each cell seeing the ``steps`` ≥ 1 cells before it.

    ``z`` (major, minor padded by NaN on both sides); rows of ``bands`` are first line, first and end walking index.
    """
    n = lines.offsets.size
    minor_n = out.shape[0] if lines.transposed else out.shape[1]
    block = np.empty((STRETCH, LANES), np.float32)
    heights = np.empty((LANES, n), np.float32)
    at = np.empty(n, np.float32)
    stack = np.empty((steps + 2, 3), np.float32)
    hull, undo, sizes = (
        np.zeros((steps + 1, 4), np.float32),
        np.empty((steps, 4), np.float32),
        np.empty(steps, np.uintp),
    )
    step = np.float32(lines.step)
    for band in range(begin, end):
        line, start, stop = bands[band]
        known = min(stop + 1, n)
        for first in range(start, known, STRETCH):
            after = min(first + STRETCH, known)
            gather(z, lines, line, first, after, np.float32(joined), block)
            for lane in range(LANES):
                for i in range(after - first):
                    heights[lane, first + i] = block[i, lane]
        for lane in range(LANES):
            enter, leave = lane_range(lines, line + lane, minor_n)
            enter, leave = max(enter, start), min(leave, stop)
            if enter >= leave:
                continue
            _faces(heights[lane], enter, leave, known, np.float32(drop), at)
            # Blocks from the last to the first: a block's heights are needed until the one after it has been walked.
            for number in range((leave - enter - 1) // steps, -1, -1):
                here = enter + number * steps
                _walk_block(
                    heights[lane], at, max(enter, here - steps), here, min(leave, here + steps), step, stack, hull, undo, sizes
                )  # fmt: skip
        for first in range(start, stop, STRETCH):
            after = min(first + STRETCH, stop)
            for lane in range(LANES):
                for i in range(after - first):
                    block[i, lane] = heights[lane, first + i]
            scatter(block, lines, line, first, after, np.float32(1.0) / step, degrees, out)


class LimitedSweeper(Sweeper):
    """Skylines of one surface as of :class:`gis.horizon.Sweeper`, of what stands within a distance.

    Parameters
    ----------
    z : float32 (rows, cols)
        Heights [m]; NaN is a hole, which casts no shadow and gets none. Row 0 in the north.
    cell : float
        Side of a square cell [m].
    max_distance : metres > 0
        Along the line, from a cell's centre to that of the cell it sees; what lies farther is not there.
    origin : row and column of the surface's corner in a larger raster
        The digital lines of two windows of one raster are the same.

    Raises
    ------
    ValueError
        for a distance that is not above zero
    """

    def __init__(
        self, z: NDArray[np.float32], cell: float, max_distance: float, *, origin: tuple[int, int] = (0, 0)
    ) -> None:
        if not max_distance > 0.0:
            raise ValueError("max_distance must be above zero")
        super().__init__(z, cell, origin=origin)
        self._max_distance = float(max_distance)

    def sweep(
        self,
        azimuth: float,
        out: NDArray[np.float32],
        progress: Progress = silent,
        only: Asked | None = None,
        *,
        degrees: bool = False,
    ) -> None:
        lines = self._lines(azimuth)
        z = self._by_cols if lines.transposed else self._by_rows
        steps = math.floor(min(self._max_distance / lines.step + _ROUNDING_STEPS, z.shape[0]))
        if steps < 1:
            surface = self._by_rows[:, RIM:-RIM]
            np.copyto(out, np.where(np.isnan(surface), surface, np.float32(0.0)))
            return
        bands = self._bands(lines, only)
        drop, joined = WALL_DROP_CELLS * self._cell, JOINED_CELLS * self._cell

        def walk(begin: int, end: int) -> None:
            limited_sweep(z, out, lines, bands, begin, end, drop, joined, steps, degrees)

        run_blocks(walk, len(bands), CELLS_PER_BLOCK // (_COST * LANES * z.shape[0]), progress, "horizon")


def limited_angles(
    dsm: NDArray[np.float32],
    cell_size: float,
    azimuths: Sequence[float] | NDArray[np.float64],
    max_distance: float,
    convergence: float = 0.0,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Elevation of the skyline of what stands within ``max_distance`` [m], as :func:`gis.horizon.horizon_angles` gives it.

    Parameters
    ----------
    dsm : float32 (rows, cols)
        Heights [m], row 0 in the north, NaN in holes.
    cell_size : metres
    azimuths : degrees clockwise from true north
    max_distance : metres > 0
        Along the line, from cell to cell: exact.
    convergence : degrees
        Meridian convergence: azimuth of grid north (:func:`gis.crs.meridian_convergence`).

    Returns
    -------
    float32 (n_azimuths, rows, cols), degrees; 0 where nothing near stands higher, NaN in holes (which cast no shadow).

    Raises
    ------
    ValueError
        for a distance that is not above zero
    """
    surface = np.asarray(dsm, dtype=np.float32)
    sweeper = LimitedSweeper(surface, cell_size, max_distance)
    out = np.empty((len(azimuths), *surface.shape), dtype=np.float32)
    for k, azimuth in enumerate(azimuths):
        inner = part(progress, k / len(azimuths), (k + 1) / len(azimuths))
        sweeper.sweep(float(azimuth) - convergence, out[k], inner, degrees=True)
    return out
