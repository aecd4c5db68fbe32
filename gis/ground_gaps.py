"""The ground between ground points: linear between the cells at the rims of gaps, tile by tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_erosion
from scipy.spatial import Delaunay, QhullError

from gis.point_kernels import fill_triangles
from gis.progress import silent
from gis.threads import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.progress import Progress

# Side of a tile [cells], and how far around it rims are looked for at least and at most: twice as far as the widest gap in the tile, and a bit.
TILE = 256
_LEAST_HALO, MOST_HALO = 16, 256
# Corners of squares lie on circles, of which Qhull makes much work: shaken by so little [cells] it takes less than half of the time. Triangles of whole
# numbers have no area or half a cell, so that none is turned over by it.
_SHAKEN = 1e-3
_BESIDE = np.array([[False, True, False], [True, True, True], [False, True, False]])


def bridge_gaps(
    z: NDArray[np.float32],
    ring: NDArray[np.uint16],
    limit: int,
    progress: Progress = silent,
    box: tuple[int, int, int, int] | None = None,
) -> NDArray[np.float32]:
    """Interpolate unknown cells linearly over a Delaunay triangulation of the known ones.

    Of the known cells those beside an unknown one are enough: a triangle's circumcircle has no known cell inside, and beside a cell whose four
    neighbours are known there is no room for a circle that reaches an unknown one. Each tile is triangulated with what lies around it, so that memory
    stays bounded; in gaps wider than 128 cells, triangles may differ from tile to tile. Where four cells lie on a circle, either diagonal may be taken.

    Parameters
    ----------
    z : heights [m] (rows, cols); NaN where unknown
    ring : how many cells away the nearest known cell is, by the larger of rows and columns
    limit : cells farther away stay unknown
    box : top, bottom, left, right of the cells wanted, if not all: their tiles alone are filled. A part of a raster that begins with a whole number of tiles
        (:data:`TILE`), and has :data:`MOST_HALO` cells around the box wherever the raster has them, is filled as the whole raster is

    Returns
    -------
    a copy with what lies between known cells filled; at the rim, where no triangle reaches, cells stay NaN
    """
    rows, cols = z.shape
    out = z.copy()
    if not limit:
        return out
    first_row, last_row, first_col, last_col = box or (0, rows, 0, cols)
    corners = [(top, left) for top in range(first_row, last_row, TILE) for left in range(first_col, last_col, TILE)]

    def work(begin: int, end: int) -> None:
        for top, left in corners[begin:end]:
            _tile(z, ring, limit, (top, min(rows, top + TILE), left, min(cols, left + TILE)), out)

    run_blocks(work, len(corners), 1, progress, "grid")
    return out


def _tile(
    z: NDArray[np.float32], ring: NDArray[np.uint16], limit: int, box: tuple[int, int, int, int],
    out: NDArray[np.float32],
) -> None:  # fmt: skip
    top, bottom, left, right = box
    inside = ring[top:bottom, left:right]
    wanted = inside[(inside > 0) & (inside <= limit)]
    if not wanted.size:
        return
    halo = min(MOST_HALO, _LEAST_HALO + 2 * int(wanted.max()))
    row0, col0 = max(0, top - halo), max(0, left - halo)
    known = ring[row0 : bottom + halo, col0 : right + halo] == 0
    rim = np.argwhere(known & ~binary_erosion(known, _BESIDE, border_value=1))
    if len(rim) < 3:
        return
    try:
        corners = Delaunay(rim + np.random.default_rng(0).uniform(-_SHAKEN, _SHAKEN, rim.shape)).simplices
    except QhullError:  # all on one line
        return
    rim += np.array([row0, col0])
    fill_triangles(corners, rim, z, ring, limit, np.array(box, np.int64), out)
