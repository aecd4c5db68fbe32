"""Kernel of :mod:`gis.model_surface`: polygons with a slope laid on a raster, the highest of them seen."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gis.kernels import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def lay_polygons(
    some: Ints,
    xy: Floats,
    ring_start: Ints,
    polygon_start: Ints,
    plane: Floats,
    west: float,
    north: float,
    cell: float,
    crossings: Floats,
    top: NDArray[np.float32],
    owner: NDArray[np.int32],
) -> None:
    """Give each cell whose centre lies in a polygon the polygon's height there, if that is higher than what it has.

    Parameters
    ----------
    some : polygons to lay
    xy : (n, 2) corners; ring k has those from ``ring_start[k]`` to ``ring_start[k + 1]``, polygon p the rings from ``polygon_start[p]`` on
    plane : (polygons, 7): rise to the east, rise to the north, x, y and z of a point, lowest and highest corner
    west, north, cell : of the raster [m]
    crossings : room for the crossings of a row of centres with a polygon's rings
    top, owner : (rows, cols), changed: height (NaN where none), and the polygon that it is of
    """
    rows, cols = top.shape
    for index in range(len(some)):
        p = some[index]
        first, last = ring_start[polygon_start[p]], ring_start[polygon_start[p + 1]]
        low, high = math.inf, -math.inf
        for k in range(first, last):
            low, high = min(low, xy[k, 1]), max(high, xy[k, 1])
        for row in range(
            max(0, math.ceil((north - high) / cell - 0.5)), min(rows - 1, math.floor((north - low) / cell - 0.5)) + 1
        ):
            y = north - (row + 0.5) * cell
            count = 0
            for ring in range(polygon_start[p], polygon_start[p + 1]):
                begin, end = ring_start[ring], ring_start[ring + 1]
                before = end - 1
                for k in range(begin, end):
                    # Of an edge the lower end belongs to it and the upper one does not: each crossing counts once.
                    if (xy[k, 1] <= y) != (xy[before, 1] <= y) and count < len(crossings):
                        share = (y - xy[k, 1]) / (xy[before, 1] - xy[k, 1])
                        crossings[count] = xy[k, 0] + share * (xy[before, 0] - xy[k, 0])
                        count += 1
                    before = k
            for a in range(1, count):
                value = crossings[a]
                b = a - 1
                while b >= 0 and crossings[b] > value:
                    crossings[b + 1] = crossings[b]
                    b -= 1
                crossings[b + 1] = value
            for pair in range(count // 2):
                left, right = crossings[2 * pair], crossings[2 * pair + 1]
                for col in range(
                    max(0, math.ceil((left - west) / cell - 0.5)),
                    min(cols - 1, math.ceil((right - west) / cell - 0.5) - 1) + 1,
                ):
                    x = west + (col + 0.5) * cell
                    z = plane[p, 4] + plane[p, 0] * (x - plane[p, 2]) + plane[p, 1] * (y - plane[p, 3])
                    z = min(max(z, plane[p, 5]), plane[p, 6])
                    if not top[row, col] >= z:
                        top[row, col] = z
                        owner[row, col] = p


@kernel
def lay_triangles(
    begin: int, end: int, x: Floats, y: Floats, z: Floats, west: float, north: float, cell: float, top: int, left: int, out: NDArray[np.float32]
) -> None:  # fmt: skip
    """Give each cell of a part of a raster whose centre lies in a triangle of ``[begin, end)``, or on its edge, the triangle's height there.

    Parameters
    ----------
    x, y, z : (n, 3) corners [m]
    west, north, cell : of the whole raster [m]
    top, left : first row and column of the part
    out : (rows, cols), changed; where triangles lie above one another the last one stays
    """
    rows, cols = out.shape
    for k in range(begin, end):
        # From the first corner, so that no digits are lost to large coordinates.
        bx, by, dx, dy = x[k, 1] - x[k, 0], y[k, 1] - y[k, 0], x[k, 2] - x[k, 0], y[k, 2] - y[k, 0]
        area = bx * dy - by * dx
        if not abs(area) > 1e-9:
            continue
        high, low = max(y[k, 0], y[k, 1], y[k, 2]), min(y[k, 0], y[k, 1], y[k, 2])
        near, far = min(x[k, 0], x[k, 1], x[k, 2]), max(x[k, 0], x[k, 1], x[k, 2])
        first_row = max(0, math.ceil((north - high) / cell - 0.5 - 1e-9) - top)
        last_row = min(rows - 1, math.floor((north - low) / cell - 0.5 + 1e-9) - top)
        first_col = max(0, math.ceil((near - west) / cell - 0.5 - 1e-9) - left)
        last_col = min(cols - 1, math.floor((far - west) / cell - 0.5 + 1e-9) - left)
        for row in range(first_row, last_row + 1):
            py = north - (top + row + 0.5) * cell - y[k, 0]
            for col in range(first_col, last_col + 1):
                px = west + (left + col + 0.5) * cell - x[k, 0]
                u = (px * dy - py * dx) / area
                v = (bx * py - by * px) / area
                # Neighbours share their edges: a cell that digits put between two is of both.
                if u >= -1e-6 and v >= -1e-6 and u + v <= 1.0 + 1e-6:
                    out[row, col] = z[k, 0] + u * (z[k, 1] - z[k, 0]) + v * (z[k, 2] - z[k, 0])
