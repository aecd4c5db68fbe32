"""The skyline of every cell of a surface, by one sweep an azimuth.

The skyline along a direction is a convex hull: the raster is cut into parallel digital lines, each cell lies on exactly one, and each line is
walked away from the sun with the upper hull of what has been passed::

    sun  ──►  walking direction
              ·top
            ·     ·            the slope from the new cell to the top of the
          ·         ·  o new   hull is its horizon; what the new cell sees no
        hull                   steeper than what lies behind it leaves the hull

Amortised O(1) a cell and azimuth, whatever the distance. After Timonen & Westerholm (2010), *Scalable Height Field Self-Shadowing*,
doi:10.1111/j.1467-8659.2009.01642.x.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from gis.progress import Progress, silent

# A drop of more than this many cells from one cell to the next is a wall. Walls stand on average half a cell before the centre of the first high
# cell, so the high point is moved half a cell towards the observer; measured in shared/peers.md: halves the bias of the yearly irradiation.
WALL_DROP_CELLS = 0.7
WALL_SHIFT_STEPS = 0.5
# Rows and columns of some cells.
Cells = tuple[NDArray[np.int64], NDArray[np.int64]]
# Neighbouring lines gathered into one block: their cells share cache lines of the raster.
_LINES_PER_TASK = 32
# Cells between two calls of ``progress``: about 50 ms, so that a cancel is heard soon.
_CELLS_PER_CALL = 4_000_000


@njit(nogil=True, cache=True)
def _walk(
    profile: NDArray[np.float32],
    facet: NDArray[np.int32],
    begin: int,
    end: int,
    drop: np.float32,
    positions: NDArray[np.float32],
    heights: NDArray[np.float32],
) -> None:
    """Replace the heights of one line, in walking order, by slopes per step towards the skyline behind.

    Between two cells of one facet (number > 0) there is no wall, however steep it is. The two top points of the hull are ``(p1, h1)`` and ``(p2, h2)``; the rest of it lies on the stack ``positions``, ``heights``.
    """
    half = np.float32(WALL_SHIFT_STEPS)
    zero = np.float32(0.0)
    size = 0
    p1 = p2 = h1 = h2 = zero
    waiting = False  # the last cell passed joins the hull once it is known whether a wall follows
    last_p = last_h = zero
    for index in range(begin, end):
        h = profile[index]
        if math.isnan(h):  # a hole: stays one
            continue
        p = np.float32(index)
        if waiting:
            steep = last_h - h > drop and p - last_p < np.float32(1.5)
            if steep and (facet[index] == 0 or facet[index] != facet[index - 1]):
                last_p += half
                while size >= 2 and (h2 - last_h) * (last_p - p1) >= (h1 - last_h) * (last_p - p2):
                    size -= 1
                    p1, h1 = p2, h2
                    if size >= 2:
                        p2, h2 = positions[size - 2], heights[size - 2]
            positions[size], heights[size] = last_p, last_h
            size += 1
            p2, h2 = p1, h1
            p1, h1 = last_p, last_h
            while size >= 2 and (h2 - h) * (p - p1) >= (h1 - h) * (p - p2):
                size -= 1
                p1, h1 = p2, h2
                if size >= 2:
                    p2, h2 = positions[size - 2], heights[size - 2]
            profile[index] = max((h1 - h) / (p - p1), zero)
        else:
            profile[index] = zero
        last_p, last_h = p, h
        waiting = True


@njit(nogil=True, cache=True, parallel=True)
def _sweep(
    z: NDArray[np.float32],
    out: NDArray[np.float32],
    lines: NDArray[np.int64],
    counts: NDArray[np.int64],
    stops: NDArray[np.int64],
    offsets: NDArray[np.int64],
    forward: bool,
    step: float,
    drop: float,
    facets: NDArray[np.int32],
    lean: NDArray[np.float32],
    shift: float,
) -> None:
    """Bands of lines: band t holds ``counts[t]`` lines from ``lines[t]`` on; line k holds the cells ``(k + offsets[major], major)``.

    Each is walked from the sun's side over ``stops[t]`` major indices; what lies farther casts no shadow on what lies nearer.
    A cell of a facet is moved along it to where the line really passes: ``lean`` is the facets' rise per minor index. ``facets`` may be empty.
    """
    minor_n, major_n = z.shape
    per_metre = np.float32(1.0 / step)
    for task in prange(lines.size):
        line, count, stop = lines[task], counts[task], min(major_n, stops[task])
        block = np.empty((_LINES_PER_TASK, major_n), dtype=np.float32)
        facet = np.zeros((_LINES_PER_TASK, major_n), dtype=np.int32)
        positions = np.empty(major_n + 1, dtype=np.float32)
        heights = np.empty(major_n + 1, dtype=np.float32)
        begins = np.full(_LINES_PER_TASK, major_n, dtype=np.int64)
        ends = np.zeros(_LINES_PER_TASK, dtype=np.int64)
        for index in range(stop):
            major = index if forward else major_n - 1 - index
            minor = line + offsets[major]
            aside = np.float32(shift * major - offsets[major])
            for k in range(max(0, -minor), min(count, minor_n - minor)):
                block[k, index] = z[minor + k, major]
                if facets.size > 0:
                    number = facets[minor + k, major]
                    facet[k, index] = number
                    block[k, index] += lean[number] * aside
                begins[k] = min(begins[k], index)
                ends[k] = index + 1
        for k in range(count):
            _walk(block[k], facet[k], begins[k], ends[k], np.float32(drop), positions, heights)
        for index in range(stop):
            major = index if forward else major_n - 1 - index
            minor = line + offsets[major]
            for k in range(max(0, -minor), min(count, minor_n - minor)):
                out[minor + k, major] = block[k, index] * per_metre


@njit(nogil=True, cache=True)
def _reach(
    minor: NDArray[np.int64],
    major: NDArray[np.int64],
    offsets: NDArray[np.int64],
    forward: bool,
    first: int,
    reach: NDArray[np.int64],
) -> None:
    """How far each line (from ``first`` on) must be walked to pass all the cells; what is 0 stays 0 where no cell lies."""
    for cell in range(minor.size):
        line = minor[cell] - offsets[major[cell]] - first
        index = major[cell] if forward else offsets.size - 1 - major[cell]
        reach[line] = max(reach[line], index + 1)


@njit(nogil=True, cache=True)
def _bands(reach: NDArray[np.int64], first: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Bands of neighbouring lines that hold every line with a reach: first line, number of lines, farthest reach."""
    lines, counts, stops = (
        np.empty(reach.size, np.int64),
        np.empty(reach.size, np.int64),
        np.empty(reach.size, np.int64),
    )
    bands, line = 0, 0
    while line < reach.size:
        if reach[line] == 0:
            line += 1
            continue
        count, stop = 0, 0
        for k in range(min(_LINES_PER_TASK, reach.size - line)):
            if reach[line + k] > 0:
                count, stop = k + 1, max(stop, reach[line + k])
        lines[bands], counts[bands], stops[bands] = first + line, count, stop
        bands += 1
        line += count
    return lines[:bands].copy(), counts[:bands].copy(), stops[:bands].copy()


@dataclass(frozen=True)
class Facets:
    """Plane parts of a surface, such as roof planes.

    A digital line passes up to half a cell beside the centres of its cells; on a steep roof that alone would raise a skyline by many degrees.
    Where the plane is known, its height on the line itself is known too.

    Attributes
    ----------
    labels : int32 (rows, cols), number of the facet 1 … n, 0 = none
    gradient_east, gradient_north : (n,), rise per metre towards grid east and north
    """

    labels: NDArray[np.int32]
    gradient_east: NDArray[np.float64]
    gradient_north: NDArray[np.float64]


class Sweeper:
    """Skylines of one surface, azimuth by azimuth, without holding them all.

    Parameters
    ----------
    z : float32 (rows, cols)
        Heights [m]; NaN is a hole, which casts no shadow and gets none. Row 0 in the north.
    cell : float
        Side of a square cell [m].
    facets : Facets, optional
        Where the surface is known to be plane.
    """

    def __init__(self, z: NDArray[np.float32], cell: float, facets: Facets | None = None) -> None:
        self._cell = float(cell)
        none = np.zeros((0, 0), dtype=np.int32)
        self._facets_rows = none if facets is None else np.ascontiguousarray(facets.labels, dtype=np.int32)
        self._facets_cols = np.ascontiguousarray(self._facets_rows.T)
        # Rise per row (southwards) and per column (eastwards).
        self._lean_rows = np.zeros(1) if facets is None else np.append(0.0, -facets.gradient_north * cell)
        self._lean_cols = np.zeros(1) if facets is None else np.append(0.0, facets.gradient_east * cell)
        self._along_rows = np.ascontiguousarray(z, dtype=np.float32)
        # Sweeps that run north–south walk a transposed copy, so that each walk is contiguous in memory.
        self._along_cols = np.ascontiguousarray(self._along_rows.T)
        self._out = np.empty(self._along_rows.size, dtype=np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the surface."""
        rows, cols = self._along_rows.shape
        return rows, cols

    def slopes(self, azimuth: float, progress: Progress = silent) -> NDArray[np.float32]:
        """Tangent of the horizon angle of each cell towards one azimuth, as :meth:`sweep`, in the raster's own order.

        Returns
        -------
        float32 (rows, cols), ≥ 0, NaN in holes. A view of a buffer that the next call overwrites.
        """
        out, transposed = self.sweep(azimuth, progress)
        return out.T if transposed else out

    def sweep(
        self, azimuth: float, progress: Progress = silent, only: Cells | None = None
    ) -> tuple[NDArray[np.float32], bool]:
        """Tangent of the horizon angle of each cell towards one azimuth.

        Parameters
        ----------
        azimuth : degrees clockwise from GRID north
        only : rows and columns of the cells that are asked for
            Only the lines that pass through them are walked, and only as far; their values are the same to the last bit, the
            others' are undefined.

        Returns
        -------
        slopes : float32, contiguous, ≥ 0, NaN in holes; a buffer that the next call overwrites
        transposed : whether it is (cols, rows) rather than (rows, cols)
        """
        angle = math.radians(azimuth)
        towards_col, towards_row = math.sin(angle), -math.cos(angle)
        along_rows = abs(towards_col) >= abs(towards_row)
        z = self._along_rows if along_rows else self._along_cols
        out = self._out.reshape(z.shape)
        facets = self._facets_rows if along_rows else self._facets_cols
        lean = (self._lean_rows if along_rows else self._lean_cols).astype(np.float32)
        major, minor = (towards_col, towards_row) if along_rows else (towards_row, towards_col)
        shift = minor / major
        forward = major < 0  # the sun is at the low indices: walk up from there
        minor_n, major_n = z.shape
        offsets = np.floor(shift * np.arange(major_n) + 0.5).astype(np.int64)
        first, last = -max(int(offsets[-1]), 0), minor_n - min(int(offsets[-1]), 0)
        if only is None:
            reach = np.full(last - first, major_n, dtype=np.int64)
        else:
            reach = np.zeros(last - first, dtype=np.int64)
            _reach(only[0 if along_rows else 1], only[1 if along_rows else 0], offsets, forward, first, reach)
        lines, counts, stops = _bands(reach, first)
        step = self._cell * math.hypot(1.0, shift)
        drop = WALL_DROP_CELLS * self._cell
        block = max(2, _CELLS_PER_CALL // (major_n * _LINES_PER_TASK))
        for begin in range(0, len(lines), block):
            progress(begin / len(lines), "horizon")
            now = slice(begin, begin + block)
            _sweep(z, out, lines[now], counts[now], stops[now], offsets, forward, step, drop, facets, lean, shift)
        return out, not along_rows


def horizon_angles(
    dsm: NDArray[np.float32],
    cell_size: float,
    azimuths: Sequence[float] | NDArray[np.float64],
    *,
    convergence: float = 0.0,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Elevation of the skyline seen from the surface of each cell.

    Parameters
    ----------
    dsm : float32 (rows, cols)
        Heights [m], row 0 in the north, NaN in holes.
    cell_size : metres
    azimuths : degrees clockwise from true north
    convergence : degrees
        Meridian convergence: azimuth of grid north (:func:`gis.crs.meridian_convergence`).

    Returns
    -------
    float32 (n_azimuths, rows, cols), degrees; 0 where the terrain falls away, NaN in holes (which cast no shadow).
    """
    surface = np.asarray(dsm, dtype=np.float32)
    if surface.ndim != 2:
        raise ValueError("dsm must have two dimensions")
    directions = np.asarray(azimuths, dtype=np.float64)
    sweeper = Sweeper(surface, cell_size)
    out = np.empty((len(directions), *surface.shape), dtype=np.float32)
    for k, azimuth in enumerate(directions):
        progress(k / len(directions), "horizon")
        out[k] = np.degrees(np.arctan(sweeper.slopes(azimuth - convergence)))
    return out


def sector_azimuths(count: int) -> NDArray[np.float64]:
    """Centres of ``count`` equal sectors, degrees clockwise from true north; the first looks north."""
    return np.arange(count, dtype=np.float64) * np.float64(360.0 / count)


def each_azimuth(
    sweeper: Sweeper, azimuths: NDArray[np.float64], convergence: float, progress: Progress, only: Cells | None = None
) -> Iterator[tuple[int, NDArray[np.float32], bool]]:
    """:meth:`Sweeper.sweep` for each azimuth in turn, with progress true to the work."""
    for k, azimuth in enumerate(azimuths):
        begin = k / len(azimuths)
        progress(begin, "horizon")

        def inner(share: float, what: str, begin: float = begin) -> None:
            progress(begin + share / len(azimuths), what)

        yield k, *sweeper.sweep(float(azimuth) - convergence, inner, only)
