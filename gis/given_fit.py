"""Planes through the corners of polygons, all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]

# A corner within this of the plane lies on it [m]; so must all but a fifth of the corners.
_ON_PLANE_M = 0.25
_MOST_OFF = 0.2
# Beyond this a corner counts less and less: one that is wrong must not turn the roof (Huber's weights).
_TRUSTED_M = 0.05
_ROUNDS = 6
# Corners that lie this near to one line have no plane: smaller over larger spread, as squares.
_LINE = 1e-6


def fitted(shapes: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Least squares ``z = height + rise_east (x - x0) + rise_north (y - y0)`` through the corners.

    Parameters
    ----------
    shapes : polygons with heights [m]

    Returns
    -------
    planes : float64 (n, 5)
        Rise to the east and north, x0, y0 (mean of the corners) and the height there.
    is_plane : bool (n,)
        Whether its corners lie on it.
    tilt : float64 (n,)
        From the horizontal [deg]; NaN where the corners in plan lie on one line.
    """
    corners, owner = _corners(shapes)
    count = len(shapes)

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(owner, values, minlength=count), np.float64)

    with np.errstate(invalid="ignore", divide="ignore"):
        number = summed(np.ones(len(owner)))
        origin = np.column_stack([summed(corners[:, k]) / number for k in range(3)])
        local = corners - origin[owner]
        weight = np.ones(len(owner))
        for _ in range(_ROUNDS):
            east, north, level = _weighted(local, weight, summed, owner)
            off = np.abs(local[:, 2] - level[owner] - east[owner] * local[:, 0] - north[owner] * local[:, 1])
            weight = _TRUSTED_M / np.maximum(off, _TRUSTED_M)
        east, north, level = _weighted(local, weight, summed, owner)
        off = np.abs(local[:, 2] - level[owner] - east[owner] * local[:, 0] - north[owner] * local[:, 1])
        tilt = np.degrees(np.arctan(np.hypot(east, north)))
    is_plane = (summed((off > _ON_PLANE_M).astype(np.float64)) <= _MOST_OFF * number) & np.isfinite(tilt)
    return np.column_stack([east, north, origin[:, :2], origin[:, 2] + level]), is_plane, tilt


def _weighted(
    local: Floats, weight: Floats, summed: Callable[[Floats], Floats], owner: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Rise to the east and north and height of the origin, of each polygon; NaN where its corners lie on one line."""
    total = summed(weight)
    middle = np.column_stack([summed(weight * local[:, k]) / total for k in range(3)])
    u, v, w = (local - middle[owner]).T
    xx, xy, yy, xz, yz = (summed(weight * product) for product in (u * u, u * v, v * v, u * w, v * w))
    det = xx * yy - xy * xy
    det = np.where(det > _LINE * (xx + yy) ** 2, det, np.nan)
    east, north = (xz * yy - yz * xy) / det, (yz * xx - xz * xy) / det
    return east, north, middle[:, 2] - east * middle[:, 0] - north * middle[:, 1]


def _corners(shapes: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each corner once (a ring ends where it begins), and the polygon that it belongs to."""
    parts, of_shape = shapely.get_parts(shapes, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    corners, of_ring = shapely.get_coordinates(rings, include_z=True, return_index=True)
    first = np.ones(len(of_ring), dtype=bool)
    first[:-1] = of_ring[1:] == of_ring[:-1]
    if len(first):
        first[-1] = False
    return corners[first], of_shape[of_part[of_ring[first]]].astype(np.int64)
