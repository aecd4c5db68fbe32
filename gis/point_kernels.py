"""Kernels of :mod:`gis.point_grid`: points into cells, stray points out of them, and gaps filled from around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gis.kernels import inner, kernel

Floats = NDArray[np.float64]
Heights = NDArray[np.float32]
Counts = NDArray[np.int32]
Rings = NDArray[np.uint16]
Flags = NDArray[np.bool_]
Longs = NDArray[np.int64]

# A cell is judged by its neighbours if so many are known: fewer say little, and a corner of the raster has three.
LEAST_NEIGHBOURS = 3


@kernel
def add_points(
    x: Floats, y: Floats, z: Heights, use: Flags, ground: Flags, west: float, north: float, cell: float,
    rows: int, cols: int, first_row: int, first_col: int, top: Heights, second: Heights, low: Heights, count: Counts,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Take points into their cells: the highest and second highest of those in use, the lowest of the ground. Returns how many lie in the raster.

    ``west``, ``north``, ``rows`` and ``cols`` are the raster's; ``top`` and the others may be a part of it from ``first_row`` and ``first_col`` on, and only
    its cells are changed. Cells begin with -inf, -inf, inf and 0. A coordinate that is no number lies nowhere.
    """
    inside = 0
    for k in range(x.size):
        r = (north - y[k]) / cell
        c = (x[k] - west) / cell
        if not (r >= 0.0 and r < rows and c >= 0.0 and c < cols):
            continue
        inside += 1
        if not use[k]:
            continue
        i, j = int(r) - first_row, int(c) - first_col
        if i < 0 or i >= top.shape[0] or j < 0 or j >= top.shape[1]:
            continue
        h = z[k]
        count[i, j] += 1
        if h > top[i, j]:
            second[i, j] = top[i, j]
            top[i, j] = h
        elif h > second[i, j]:
            second[i, j] = h
        if ground[k] and h < low[i, j]:
            low[i, j] = h
    return inside


@kernel
def take_strays(
    begin: int, end: int, top: Heights, second: Heights, above: float, out: Heights, count: Counts, taken: Counts
) -> None:  # pragma: no cover - compiled
    """Rows ``[begin, end)`` of the surface less the points that stand alone in the air; NaN where there is no point.

    ``taken`` (rows,): how many were taken away.
    """
    rows, cols = top.shape
    for r in range(begin, end):
        for c in range(cols):
            h = top[r, c]
            if not np.isfinite(h):
                out[r, c] = np.nan
                continue
            highest, known = np.float32(-np.inf), 0
            for i in range(max(0, r - 1), min(rows, r + 2)):
                for j in range(max(0, c - 1), min(cols, c + 2)):
                    if (i != r or j != c) and np.isfinite(top[i, j]):
                        known += 1
                        highest = max(highest, top[i, j])
            limit = highest + above
            if known >= LEAST_NEIGHBOURS and h > limit and not second[r, c] > limit:
                h = second[r, c] if np.isfinite(second[r, c]) else np.float32(np.nan)
                count[r, c] -= 1
                taken[r] += 1
            out[r, c] = h


@inner
def _nearer(ring: Rings, r: int, c: int, i: int, j: int) -> None:  # pragma: no cover - compiled
    """Ring of (r, c) by way of (i, j), if that lies in the raster."""
    if i >= 0 and i < ring.shape[0] and j >= 0 and j < ring.shape[1] and ring[i, j] + 1 < ring[r, c]:
        ring[r, c] = ring[i, j] + 1


@kernel
def rings_down(begin: int, end: int, ring: Rings) -> None:  # pragma: no cover - compiled
    """First of two passes: how many cells away, by the larger of rows and columns, the nearest known cell (0) lies above or to the left.

    Rosenfeld & Pfaltz 1968 (Distance functions on digital pictures), the chessboard distance. Blocks of rows one after the other, downwards.
    """
    for r in range(begin, end):
        for c in range(ring.shape[1]):
            if ring[r, c]:
                for j in range(c - 1, c + 2):
                    _nearer(ring, r, c, r - 1, j)
                _nearer(ring, r, c, r, c - 1)


@kernel
def rings_up(begin: int, end: int, ring: Rings) -> None:  # pragma: no cover - compiled
    """Second pass: upwards, from row ``end`` - 1 to ``begin``."""
    for r in range(end - 1, begin - 1, -1):
        for c in range(ring.shape[1] - 1, -1, -1):
            if ring[r, c]:
                for j in range(c - 1, c + 2):
                    _nearer(ring, r, c, r + 1, j)
                _nearer(ring, r, c, r, c + 1)


@inner
def _insert(buffer: Heights, n: int, h: float) -> int:  # pragma: no cover - compiled
    """Put a height in its place among ``n`` sorted ones; returns how many there are then."""
    k = n
    while k > 0 and buffer[k - 1] > h:
        buffer[k] = buffer[k - 1]
        k -= 1
    buffer[k] = h
    return n + 1


@inner
def _insert_at(buffer: Heights, n: int, z: Heights, ring: Rings, i: int, j: int) -> int:  # pragma: no cover - compiled
    """As :func:`_insert`, the height of cell (i, j) if it is one and known."""
    if i >= 0 and i < z.shape[0] and j >= 0 and j < z.shape[1] and ring[i, j] == 0:
        return _insert(buffer, n, z[i, j])
    return n


@kernel
def fill_rings(
    begin: int, end: int, z: Heights, ring: Rings, limit: int, buffer: Heights, out: Heights
) -> None:  # pragma: no cover - compiled
    """Fill cells of rows ``[begin, end)`` whose ``out`` is NaN by the median of the nearest ring of known cells, if that is the ``limit``-th or nearer.

    ``buffer`` (8 × limit,) is room for a ring. Of two in the middle the lower counts.
    """
    for r in range(begin, end):
        for c in range(z.shape[1]):
            k = int(ring[r, c])
            if k == 0 or k > limit or not np.isnan(out[r, c]):
                continue
            n = 0
            for j in range(c - k, c + k + 1):
                n = _insert_at(buffer, n, z, ring, r - k, j)
                n = _insert_at(buffer, n, z, ring, r + k, j)
            for i in range(r - k + 1, r + k):
                n = _insert_at(buffer, n, z, ring, i, c - k)
                n = _insert_at(buffer, n, z, ring, i, c + k)
            if n:
                out[r, c] = buffer[(n - 1) // 2]


@inner
def _side(a: Longs, b: Longs, r: int, c: int) -> int:  # pragma: no cover - compiled
    """Twice the area of the triangle of a, b and (r, c); its sign tells on which side of the line from a to b (r, c) lies."""
    return (b[0] - a[0]) * (c - a[1]) - (b[1] - a[1]) * (r - a[0])


@kernel
def fill_triangles(
    corners: Counts, at: Longs, z: Heights, ring: Rings, limit: int, box: Longs, out: Heights
) -> None:  # pragma: no cover - compiled
    """Fill the cells of ``box`` (top, bottom, left, right) that are not known but ``limit`` rings near, linearly in the triangle that holds them.

    ``corners`` (n, 3) are numbers of rows of ``at`` (m, 2): row and column of known cells. Whole numbers, so that no cell falls between two triangles.
    """
    for k in range(corners.shape[0]):
        a, b, d = at[corners[k, 0]], at[corners[k, 1]], at[corners[k, 2]]
        area = _side(a, b, d[0], d[1])
        if area == 0:
            continue
        sign = 1 if area > 0 else -1
        top, bottom = max(box[0], min(a[0], b[0], d[0])), min(box[1], max(a[0], b[0], d[0]) + 1)
        left, right = max(box[2], min(a[1], b[1], d[1])), min(box[3], max(a[1], b[1], d[1]) + 1)
        for r in range(top, bottom):
            for c in range(left, right):
                if ring[r, c] == 0 or ring[r, c] > limit:
                    continue
                ua, ub, ud = sign * _side(b, d, r, c), sign * _side(d, a, r, c), sign * _side(a, b, r, c)
                if ua >= 0 and ub >= 0 and ud >= 0:
                    weighted = ua * z[a[0], a[1]] + ub * z[b[0], b[1]] + ud * z[d[0], d[1]]
                    out[r, c] = weighted / (sign * area)
