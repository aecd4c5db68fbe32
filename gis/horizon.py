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

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from gis.progress import Progress, silent

# A drop of more than this many cells from one cell to the next is a wall. Walls stand on average half a cell before the centre of the first high
# cell, so the high point is moved half a cell towards the observer; measured in shared/peers.md: halves the bias of the yearly irradiation.
WALL_DROP_CELLS = 0.7
WALL_SHIFT_STEPS = 0.5
# Lines a block: about 50 ms of work for a 2,000-cell line, so that a cancel is heard soon.
_LINES_PER_TASK = 16


@njit(nogil=True, cache=True, inline="always")
def _pop(
    positions: NDArray[np.float64], heights: NDArray[np.float64], size: int, position: float, height: float
) -> int:
    """Size of the hull after dropping the points that the one at ``position`` sees no steeper than what lies behind them."""
    while size >= 2:
        behind = (heights[size - 2] - height) * (position - positions[size - 1])
        top = (heights[size - 1] - height) * (position - positions[size - 2])
        if behind < top:
            break
        size -= 1
    return size


@njit(nogil=True, cache=True)
def _sweep_line(
    z: NDArray[np.float32],
    out: NDArray[np.float32],
    line: int,
    shift: float,
    forward: bool,
    step: float,
    drop: float,
    positions: NDArray[np.float64],
    heights: NDArray[np.float64],
) -> None:
    """One digital line: minor index ``line + round(shift * major)`` for each major index; slopes into ``out``."""
    minor_n, major_n = z.shape
    size = 0
    waiting = False  # the last cell passed, which joins the hull once it is known whether a wall follows
    last_position = 0.0
    last_height = 0.0
    for count in range(major_n):
        major = count if forward else major_n - 1 - count
        minor = line + int(math.floor(shift * major + 0.5))
        if minor < 0 or minor >= minor_n:
            continue
        height = float(z[minor, major])
        if math.isnan(height):
            out[minor, major] = np.nan
            continue
        position = count * step
        if waiting:
            if last_height - height > drop and position - last_position < 1.5 * step:
                last_position += WALL_SHIFT_STEPS * step
                size = _pop(positions, heights, size, last_position, last_height)
            positions[size] = last_position
            heights[size] = last_height
            size += 1
        size = _pop(positions, heights, size, position, height)
        slope = 0.0
        if size > 0:
            slope = (heights[size - 1] - height) / (position - positions[size - 1])
        out[minor, major] = max(slope, 0.0)
        last_position = position
        last_height = height
        waiting = True


@njit(nogil=True, cache=True, parallel=True)
def _sweep(
    z: NDArray[np.float32],
    out: NDArray[np.float32],
    first_line: int,
    last_line: int,
    shift: float,
    forward: bool,
    step: float,
    drop: float,
) -> None:
    """All lines from ``first_line`` to ``last_line`` (exclusive), in parallel blocks."""
    major_n = z.shape[1]
    tasks = (last_line - first_line + _LINES_PER_TASK - 1) // _LINES_PER_TASK
    for task in prange(tasks):
        positions = np.empty(major_n, dtype=np.float64)
        heights = np.empty(major_n, dtype=np.float64)
        begin = first_line + task * _LINES_PER_TASK
        for line in range(begin, min(begin + _LINES_PER_TASK, last_line)):
            _sweep_line(z, out, line, shift, forward, step, drop, positions, heights)


class Sweeper:
    """Skylines of one surface, azimuth by azimuth, without holding them all.

    Parameters
    ----------
    z : float32 (rows, cols)
        Heights [m]; NaN is a hole, which casts no shadow and gets none. Row 0 in the north.
    cell : float
        Side of a square cell [m].
    """

    def __init__(self, z: NDArray[np.float32], cell: float) -> None:
        self._cell = float(cell)
        self._along_rows = np.ascontiguousarray(z, dtype=np.float32)
        # Sweeps that run north–south walk a transposed copy, so that each walk is contiguous in memory.
        self._along_cols = np.ascontiguousarray(self._along_rows.T)
        self._out_rows = np.empty_like(self._along_rows)
        self._out_cols = np.empty_like(self._along_cols)

    def slopes(self, azimuth: float, progress: Progress = silent) -> NDArray[np.float32]:
        """Tangent of the horizon angle of each cell towards one azimuth.

        Parameters
        ----------
        azimuth : degrees clockwise from GRID north

        Returns
        -------
        float32 (rows, cols), ≥ 0, NaN in holes. A view of a buffer that the next call overwrites.
        """
        angle = math.radians(azimuth)
        towards_col, towards_row = math.sin(angle), -math.cos(angle)
        along_rows = abs(towards_col) >= abs(towards_row)
        z, out = (self._along_rows, self._out_rows) if along_rows else (self._along_cols, self._out_cols)
        major, minor = (towards_col, towards_row) if along_rows else (towards_row, towards_col)
        shift = minor / major
        forward = major < 0  # the sun is at the low indices: walk up from there
        minor_n, major_n = z.shape
        reach = int(math.floor(shift * (major_n - 1) + 0.5))
        first, last = min(0, -reach), minor_n + max(0, -reach)
        step = self._cell * math.hypot(1.0, shift)
        drop = WALL_DROP_CELLS * self._cell
        block = max(_LINES_PER_TASK * 8, 4_000_000 // max(major_n, 1))
        for begin in range(first, last, block):
            progress((begin - first) / (last - first), "horizon")
            _sweep(z, out, begin, min(begin + block, last), shift, forward, step, drop)
        return out if along_rows else out.T


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
    return np.arange(count) * (360.0 / count)


def each_azimuth(
    sweeper: Sweeper, azimuths: NDArray[np.float64], convergence: float, progress: Progress
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Slopes for each azimuth in turn, with progress true to the work."""
    for k, azimuth in enumerate(azimuths):
        begin = k / len(azimuths)

        def inner(share: float, what: str, begin: float = begin) -> None:
            progress(begin + share / len(azimuths), what)

        yield k, sweeper.slopes(float(azimuth) - convergence, inner)
