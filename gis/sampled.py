"""A raster's heights on another raster: what is measured, brought onto the cells that are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gis.grid import Grid
    from gis.raster import SurfaceSource

# A surface of the same cells is taken as it is; else bilinear between centres where the cells are of about one size or coarser.
_SAME = 1e-6


def on_grid(source: SurfaceSource) -> Callable[[Grid], NDArray[np.float32]]:
    """Heights of an open surface at the centres of any raster's cells in the surface's CRS; NaN beyond it and in its holes.

    Between the centres of four cells it is bilinear. Where one of them is unknown it is the nearest, so that a hole stays as large as it is.
    """
    own = source.grid

    def on(grid: Grid) -> NDArray[np.float32]:
        row = (own.north - grid.north + (np.arange(grid.rows) + 0.5) * grid.cell) / own.cell - 0.5
        col = (grid.west - own.west + (np.arange(grid.cols) + 0.5) * grid.cell) / own.cell - 0.5
        top, bottom = max(0, int(np.floor(row[0])) - 1), min(own.rows, int(np.ceil(row[-1])) + 2)
        left, right = max(0, int(np.floor(col[0])) - 1), min(own.cols, int(np.ceil(col[-1])) + 2)
        found = np.full(grid.shape, np.nan, np.float32)
        if top >= bottom or left >= right:
            return found
        z = source.read(top, bottom, left, right)
        inside_r, inside_c = (row >= -0.5) & (row < own.rows - 0.5), (col >= -0.5) & (col < own.cols - 0.5)
        if not inside_r.any() or not inside_c.any():
            return found
        row, col = row[inside_r] - top, col[inside_c] - left
        nearest = z[np.ix_(_nearest(row, len(z)), _nearest(col, z.shape[1]))]
        if np.abs(row - np.round(row)).max() > _SAME or np.abs(col - np.round(col)).max() > _SAME:
            between = bilinear(z, row, col)
            nearest = np.where(np.isfinite(between), between, nearest)
        found[np.ix_(inside_r, inside_c)] = nearest
        return found

    return on


def _nearest(place: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    return np.clip(np.floor(place + 0.5).astype(np.int64), 0, count - 1)


def bilinear(z: NDArray[np.float32], row: NDArray[np.floating], col: NDArray[np.floating]) -> NDArray[np.float32]:
    """Values between the centres of a raster's cells, at all of ``row`` × ``col`` (counted in cells from the first centre); the edge's beyond it.

    Rows first, then columns: a raster's cells lie on lines, so that each is a sum of two.
    """
    lower, share = _between(row, z.shape[0])
    upper = np.minimum(lower + 1, z.shape[0] - 1)
    lines = z[lower] + (z[upper] - z[lower]) * share[:, None]
    lower, share = _between(col, z.shape[1])
    upper = np.minimum(lower + 1, z.shape[1] - 1)
    left, found = lines[:, lower], lines[:, upper]
    found -= left
    found *= share
    found += left
    return found


def _between(place: NDArray[np.floating], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The centre before each place, and how far behind it the place lies [0…1]."""
    inside = np.clip(place, 0.0, count - 1.0)
    lower = np.floor(inside)
    return lower.astype(np.int64), (inside - lower).astype(np.float32)
