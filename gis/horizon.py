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

Three things make the digital line as good as a ray. Heights are taken on the line itself, between the cell that it passes and the neighbour beside
it, unless a wall stands between them. A wall stands, on average, half a cell before the first high cell. And what lies beyond the raster comes from
block maxima of the whole area (:mod:`gis.far`), as a first part of the hull.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis.far import PATCH
from gis.horizon_kernels import (
    ASKED_SIDE,
    JOINED_CELLS,
    LANES,
    RIM,
    WALL_DROP_CELLS,
    FarArrays,
    Lines,
    reach_of_bands,
    sweep_bands,
)
from gis.progress import Progress, silent
from gis.threads import run_blocks

if TYPE_CHECKING:
    from gis.far import FarWindow
# Cells between two looks at ``progress``, a thread: about 4 ms. Larger ones leave one thread waiting for the other's last.
CELLS_PER_BLOCK = 250_000


class Asked(NamedTuple):
    """Cells that are asked for, as numbers of the blocks of ``ASKED_SIDE`` × ``ASKED_SIDE`` cells that hold them."""

    row: NDArray[np.int64]
    col: NDArray[np.int64]

    @classmethod
    def of(cls, row: NDArray[np.int64], col: NDArray[np.int64], shape: tuple[int, int]) -> Asked:
        """From rows and columns of cells of a surface of some shape."""
        held = np.zeros((shape[0] // ASKED_SIDE + 1, shape[1] // ASKED_SIDE + 1), dtype=bool)
        held[row // ASKED_SIDE, col // ASKED_SIDE] = True
        return cls(*np.nonzero(held))


class Sweeper:
    """Skylines of one surface, azimuth by azimuth, without holding them all.

    Holds two copies of the surface, one of them transposed: a walk passes cells beside one another at a time.

    Parameters
    ----------
    z : float32 (rows, cols)
        Heights [m]; NaN is a hole, which casts no shadow and gets none. Row 0 in the north.
    cell : float
        Side of a square cell [m].
    origin : row and column of the surface's corner in a larger raster
        The digital lines of two windows of one raster are the same.
    far : what lies around the surface
    near : cells, optional
        Where only some cells are asked for, how far before the first of them the surface itself is looked at; beyond it is ``far``'s.
    """

    def __init__(
        self,
        z: NDArray[np.float32],
        cell: float,
        *,
        origin: tuple[int, int] = (0, 0),
        far: FarWindow | None = None,
        near: int | None = None,
    ) -> None:
        self._cell = float(cell)
        self._origin = origin
        self._near = near if far is not None else None
        self._by_rows = _padded(np.asarray(z, dtype=np.float32))
        self._by_cols = _padded(np.asarray(z, dtype=np.float32).T)
        self._far_rows, self._far_cols = _both_ways(far)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the surface."""
        return self._by_rows.shape[0], self._by_cols.shape[0]

    def slopes(self, azimuth: float, progress: Progress = silent) -> NDArray[np.float32]:
        """Tangent of the horizon angle of each cell towards one azimuth [degrees clockwise from GRID north]: (rows, cols), ≥ 0, NaN in holes."""
        out = np.empty(self.shape, dtype=np.float32)
        self.sweep(azimuth, out, progress)
        return out

    def sweep(
        self,
        azimuth: float,
        out: NDArray[np.float32],
        progress: Progress = silent,
        only: Asked | None = None,
        *,
        degrees: bool = False,
    ) -> None:
        """Write the tangent of the horizon angle of each cell towards one azimuth into ``out``.

        Parameters
        ----------
        azimuth : degrees clockwise from GRID north
        out : float32 (rows, cols), contiguous; gets values ≥ 0, NaN in holes
        only : the cells that are asked for
            Only the lines that pass through them are walked, and only as far; their values are the same to the last bit, the
            others' are undefined.
        degrees : the angle itself, in degrees, in the place of its tangent
        """
        lines = self._lines(azimuth)
        z, far = (self._by_cols, self._far_cols) if lines.transposed else (self._by_rows, self._far_rows)
        bands = self._bands(lines, only)
        joined, drop = JOINED_CELLS * self._cell, WALL_DROP_CELLS * self._cell

        def walk(begin: int, end: int) -> None:
            sweep_bands(z, out, lines, far, bands, begin, end, drop, joined, degrees)

        run_blocks(walk, len(bands), CELLS_PER_BLOCK // (LANES * z.shape[0]), progress, "horizon")

    def _lines(self, azimuth: float) -> Lines:
        angle = math.radians(azimuth)
        towards_col, towards_row = math.sin(angle), -math.cos(angle)
        transposed = abs(towards_col) >= abs(towards_row)
        major, minor = (towards_col, towards_row) if transposed else (towards_row, towards_col)
        row0, col0 = self._origin
        major0, minor0 = (col0, row0) if transposed else (row0, col0)
        shift = minor / major
        passes = shift * (np.arange(self.shape[transposed]) + major0)
        offsets = np.floor(passes + 0.5).astype(np.int64)
        base = int(offsets[0])
        return Lines(
            offsets - base, (passes - offsets).astype(np.float32), shift, major0, minor0, base, major < 0, transposed,
            self._cell * math.hypot(1.0, shift),
        )  # fmt: skip

    def _bands(self, lines: Lines, only: Asked | None) -> NDArray[np.int64]:
        """First line, first and end walking index of each band of the lanes that must be walked."""
        n = len(lines.offsets)
        minor_n = self.shape[not lines.transposed]
        last = int(lines.offsets[-1])
        first = -max(last, 0)
        count = -(-(minor_n - min(last, 0) - first) // LANES)
        bands = np.empty((count, 3), dtype=np.int64)
        bands[:, 0] = first + LANES * np.arange(count)
        if only is None:
            bands[:, 1], bands[:, 2] = 0, n
            return bands
        reach = np.zeros((count, 2), dtype=np.int64)
        reach[:, 0] = n
        row, col = only
        reach_of_bands(*((row, col) if lines.transposed else (col, row)), lines, first, minor_n, reach)
        bands[:, 1] = 0 if self._near is None else np.maximum(reach[:, 0] - self._near, 0)
        bands[:, 2] = reach[:, 1]
        return bands[reach[:, 1] > 0]


def _padded(z: NDArray[np.float32]) -> NDArray[np.float32]:
    out = np.full((z.shape[0], z.shape[1] + 2 * RIM), np.nan, dtype=np.float32)
    out[:, RIM:-RIM] = z
    return out


def _both_ways(far: FarWindow | None) -> tuple[FarArrays, FarArrays]:
    """The block maxima for walks along rows' order (major = row) and along columns' order."""
    if far is None:
        none = FarArrays(
            np.zeros(1, np.float32), np.zeros((0, 8), np.int64), np.zeros(1), np.zeros((0, 0), np.int32), np.zeros((0, PATCH, PATCH), np.float32), (0, 0)
        )  # fmt: skip
        return none, none
    heights = np.concatenate([level.heights.ravel() for level in far.levels]).astype(np.float32)
    starts = np.cumsum([0, *(level.heights.size for level in far.levels)])
    ways = []
    for transposed in (False, True):
        table = []
        for start, level in zip(starts, far.levels, strict=False):
            rows, cols = level.heights.shape
            if transposed:
                table.append([start, cols, rows, 1, cols, level.side, level.col, level.row])
            else:
                table.append([start, rows, cols, cols, 1, level.side, level.row, level.col])
        patches = far.patches
        number, cells = np.ascontiguousarray(patches.number), patches.heights
        first = (patches.row, patches.col)
        if transposed:
            number, cells, first = (
                np.ascontiguousarray(number.T),
                np.ascontiguousarray(cells.transpose(0, 2, 1)),
                first[::-1],
            )
        reach = np.asarray(far.reach, dtype=np.float64)
        ways.append(FarArrays(heights, np.array(table, np.int64).reshape(-1, 8), reach, number, cells, first))
    return ways[0], ways[1]


def horizon_angles(
    dsm: NDArray[np.float32],
    cell_size: float,
    azimuths: Sequence[float] | NDArray[np.float64],
    *,
    max_distance: float | None = None,
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
    max_distance : metres
        What lies farther is not looked at; everything unless given, which is faster.
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
    if max_distance is not None:
        from gis.horizon_limited import limited_angles  # which builds on this module

        return limited_angles(surface, cell_size, directions, max_distance, convergence, progress)
    sweeper = Sweeper(surface, cell_size)
    out = np.empty((len(directions), *surface.shape), dtype=np.float32)
    for k, azimuth in enumerate(directions):
        progress(k / len(directions), "horizon")
        sweeper.sweep(azimuth - convergence, out[k], degrees=True)
    return out


def sector_azimuths(count: int) -> NDArray[np.float64]:
    """Centres of ``count`` equal sectors, degrees clockwise from true north; the first looks north."""
    return np.arange(count, dtype=np.float64) * np.float64(360.0 / count)


def each_azimuth(
    sweeper: Sweeper, azimuths: NDArray[np.float64], convergence: float, progress: Progress, only: Asked | None = None
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """:meth:`Sweeper.sweep` for each azimuth in turn, into one buffer, with progress true to the work."""
    out = np.empty(sweeper.shape, dtype=np.float32)
    for k, azimuth in enumerate(azimuths):
        begin = k / len(azimuths)
        progress(begin, "horizon")

        def inner(share: float, what: str, begin: float = begin) -> None:
            progress(begin + share / len(azimuths), what)

        sweeper.sweep(float(azimuth) - convergence, out, inner, only)
        yield k, out
