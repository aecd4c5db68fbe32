"""The ground between ground points: linear between the cells at the rims of gaps, tile by tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import binary_erosion
from scipy.spatial import QhullError

from gis.progress import silent
from gis.threads import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.progress import Progress

# Side of a tile [cells], and how far around it rims are looked for at most.
_TILE = 256
_MOST_HALO = 256
_AROUND = np.ones((3, 3), np.bool_)


def bridge_gaps(
    z: NDArray[np.float32], ring: NDArray[np.uint16], limit: int, progress: Progress = silent
) -> NDArray[np.float32]:
    """Interpolate unknown cells linearly over a Delaunay triangulation of the known ones.

    Of the known cells those beside an unknown one are enough: a triangle that holds an unknown cell has an empty circumcircle, and around a cell with
    all its neighbours known there is no room for one. Each tile is triangulated with what lies around it, so that memory stays bounded; in gaps wider
    than that, triangles may differ from tile to tile.

    Parameters
    ----------
    z : heights [m] (rows, cols); NaN where unknown
    ring : how many cells away the nearest known cell is, by the larger of rows and columns
    limit : cells farther away stay unknown

    Returns
    -------
    a copy with what lies between known cells filled; at the rim, where no triangle reaches, cells stay NaN
    """
    rows, cols = z.shape
    out = z.copy()
    if not limit:
        return out
    across = -(-cols // _TILE)
    halo = min(_MOST_HALO, max(16, 2 * limit))

    def work(begin: int, end: int) -> None:
        for k in range(begin, end):
            top, left = k // across * _TILE, k % across * _TILE
            _tile(z, ring, limit, halo, (top, min(rows, top + _TILE), left, min(cols, left + _TILE)), out)

    run_blocks(work, -(-rows // _TILE) * across, 1, progress, "grid")
    return out


def _tile(
    z: NDArray[np.float32], ring: NDArray[np.uint16], limit: int, halo: int, box: tuple[int, int, int, int],
    out: NDArray[np.float32],
) -> None:  # fmt: skip
    top, bottom, left, right = box
    inside = ring[top:bottom, left:right]
    wanted = np.argwhere((inside > 0) & (inside <= limit))
    if not wanted.size:
        return
    row0, col0 = max(0, top - halo), max(0, left - halo)
    around = np.s_[row0 : bottom + halo, col0 : right + halo]
    known = ring[around] == 0
    rim = np.argwhere(known & ~binary_erosion(known, _AROUND, border_value=1))
    if len(rim) < 3:
        return
    at = wanted + np.array([top - row0, left - col0])
    try:
        found = LinearNDInterpolator(rim.astype(np.float64), z[around][tuple(rim.T)].astype(np.float64))(at)
    except QhullError:  # all on one line
        return
    out[top + wanted[:, 0], left + wanted[:, 1]] = found
