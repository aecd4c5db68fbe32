"""Outlines of roof planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import shapes
from rasterio.transform import Affine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.grid import Grid

# Visvalingam by area: the triangle of a stair is half a cell's square, so this takes stairs and nothing larger.
_STAIR_CELLS = 0.75


def plane_polygons(
    labels: NDArray[np.int32],
    grid: Grid,
    wanted: NDArray[np.int64] | None = None,
    *,
    group: NDArray[np.int32] | None = None,
    window: tuple[int, int, int, int] | None = None,
) -> gpd.GeoDataFrame:
    """Outlines of planes.

    Parameters
    ----------
    labels : int32 (rows, cols)
        Numbers of planes, 0 = none.
    grid : Grid
        Where they lie.
    wanted : array of int, optional
        Only these planes; all where None.
    group : array of int32, optional
        Group (building) of plane 1, 2, …; where given, a group's outlines do not depend on what lies beside it.
    window : first row, end row, first column, end column, optional
        Where the wanted planes lie, if that is known.

    Returns
    -------
    GeoDataFrame
        ``plane`` (int) and ``geometry`` (MultiPolygon), by plane. Stairs of single cells are smoothed (nothing
        moves by more than a cell, areas hold within about 1 %), neighbours (of a group) alike, so that no gaps
        open between them.
    """
    top, bottom, left, right = window if window is not None else (0, grid.rows, 0, grid.cols)
    cut = np.ascontiguousarray(labels[top:bottom, left:right], np.int32)
    chosen = np.zeros(int(cut.max(initial=0)) + 1, dtype=bool)
    chosen[1:] = wanted is None
    if wanted is not None:
        chosen[wanted[wanted < len(chosen)]] = True
    # In whole cells from the raster's corner: sums and areas are exact, and the same whatever the window.
    found = [
        (shape, int(value))
        for shape, value in shapes(cut, chosen[cut], connectivity=4, transform=Affine.translation(left, top))
    ]
    parts = np.array([shapely.geometry.shape(shape) for shape, _ in found], dtype=object)
    plane = np.array([value for _, value in found], dtype=np.int64)
    numbers, place = np.unique(plane, return_inverse=True)
    order = np.argsort(place, kind="stable")
    whole = shapely.multipolygons(parts[order], indices=place[order]) if parts.size else np.empty(0, dtype=object)
    smooth = _smoothed(whole, np.zeros(len(whole), np.int32) if group is None else group[numbers - 1])
    on_map = shapely.transform(smooth, lambda xy: np.array([grid.west, grid.north]) + xy * [grid.cell, -grid.cell])
    return gpd.GeoDataFrame({"plane": numbers}, geometry=list(on_map), crs=grid.crs)


def _smoothed(whole: NDArray[np.object_], group: NDArray[np.int32]) -> NDArray[np.object_]:
    """Each group of planes simplified as one coverage; shapely takes one coverage a call."""
    out = np.empty(len(whole), dtype=object)
    for rows in np.split(np.argsort(group, kind="stable"), np.flatnonzero(np.diff(np.sort(group))) + 1):
        if len(rows):
            out[rows] = shapely.coverage_simplify(whole[rows], _STAIR_CELLS)
    return out
