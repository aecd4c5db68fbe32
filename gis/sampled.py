"""A raster's heights on another raster: what is measured, brought onto the cells that are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import map_coordinates

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
        at = np.meshgrid(row[inside_r] - top, col[inside_c] - left, indexing="ij")
        nearest = np.asarray(map_coordinates(z, at, order=0, mode="nearest"), np.float32)
        if np.abs(at[0] - np.round(at[0])).max() > _SAME or np.abs(at[1] - np.round(at[1])).max() > _SAME:
            between = np.asarray(map_coordinates(z, at, order=1, mode="nearest"), np.float32)
            nearest = np.where(np.isfinite(between), between, nearest)
        found[np.ix_(inside_r, inside_c)] = nearest
        return found

    return on
