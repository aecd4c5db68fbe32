"""Plane fits to the cells of one building: small windows for a start, then regions grown from the smoothest cells.

Kernels for :mod:`gis.roofs`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]

# Moments of a set of points, enough to fit a plane and to know its residual: n, x, y, z, xx, xy, yy, xz, yz, zz.
MOMENTS = 10
# Fewer points than this say nothing of a plane's residual (three parameters).
LEAST_POINTS = 5
# Fewer cells than this make no plane, whatever their area: chance alone would put them on one.
LEAST_CELLS = 8
# Share of a window that must lie on the building: two columns at its edge (parapet and roof) always lie on one plane.
WINDOW_SHARE = 0.7
# A region stops changing after three or four refits; more is a sign of two planes fighting over the same cells.
GROWTH_ROUNDS = 8
# Regions that are grown side by side before the best is kept; more gave no better planes.
RIVALS = 4


class Tolerances(NamedTuple):
    """``RoofSettings`` in the units of the kernels: cells, gradients, metres."""

    radius: int
    noise_low: float
    noise_high: float
    growth: float
    cos_growth_angle: float
    cos_merge_angle: float
    max_gradient: float
    seed_cells: int
    plane_cells: int
    width_cells: int
    superstructure_cells: int
    obstacle_height: float
    ground_drop: float
    ground_reach: int
    label_cost: float
    smoothness: float
    max_regions: int


class House(NamedTuple):
    """The cells of one building that have a height, as a list.

    ``place`` covers the building's box and a rim of one cell, and holds the cell's place in the list or -1; ``row`` and
    ``col`` are the place in it; ``x`` (east), ``y`` (north) and ``z`` are local coordinates [m].
    """

    place: Ints
    row: Ints
    col: Ints
    x: Floats
    y: Floats
    z: Floats


class Plane(NamedTuple):
    """``z = level + east x + north y``; ``left`` is the sum of squares that the fit leaves."""

    east: float
    north: float
    level: float
    left: float


@njit(nogil=True, cache=True, inline="always")
def add_point(m: Floats, x: float, y: float, z: float) -> None:  # pragma: no cover - compiled
    """Add one point to the moments."""
    m[0] += 1.0
    m[1] += x
    m[2] += y
    m[3] += z
    m[4] += x * x
    m[5] += x * y
    m[6] += y * y
    m[7] += x * z
    m[8] += y * z
    m[9] += z * z


@njit(nogil=True, cache=True)
def solve_plane(m: Floats) -> Plane:  # pragma: no cover - compiled
    """Least squares ``z = c + gx x + gy y`` from moments.

    Points on one line leave the slope across it open: the flattest plane is taken.
    """
    n = m[0]
    if n < 1.0:
        return Plane(0.0, 0.0, 0.0, 0.0)
    mx, my, mz = m[1] / n, m[2] / n, m[3] / n
    xx, xy, yy = m[4] - n * mx * mx, m[5] - n * mx * my, m[6] - n * my * my
    xz, yz, zz = m[7] - n * mx * mz, m[8] - n * my * mz, m[9] - n * mz * mz
    det = xx * yy - xy * xy
    if det > 1e-6 * (xx + yy) * (xx + yy) and n >= 3.0:
        gx = (xz * yy - yz * xy) / det
        gy = (yz * xx - xz * xy) / det
    elif xx + yy > 0.0:
        # The points lie along (xx, xy) or (xy, yy): slope along that line only.
        ux, uy = (xx, xy) if xx >= yy else (xy, yy)
        norm = np.sqrt(ux * ux + uy * uy)
        ux, uy = ux / norm, uy / norm
        slope = (xz * ux + yz * uy) / (xx + yy)
        gx, gy = slope * ux, slope * uy
    else:
        gx, gy = 0.0, 0.0
    left = zz - gx * xz - gy * yz
    return Plane(gx, gy, mz - gx * mx - gy * my, max(left, 0.0))


@njit(nogil=True, cache=True)
def _centred_fits(house: House, radius: int, max_gradient: float, fits: Floats) -> None:  # pragma: no cover - compiled
    """Plane through the window around every cell: ``fits[i] = gx, gy, c, rms``; rms is inf where there is none."""
    index, row, col, x, y, z = house
    height, width = index.shape
    m = np.empty(MOMENTS)
    least = max(float(LEAST_POINTS), WINDOW_SHARE * (2 * radius + 1) ** 2)
    for i in range(row.size):
        m[:] = 0.0
        for r in range(max(0, row[i] - radius), min(height, row[i] + radius + 1)):
            for c in range(max(0, col[i] - radius), min(width, col[i] + radius + 1)):
                j = index[r, c]
                if j >= 0:
                    add_point(m, x[j] - x[i], y[j] - y[i], z[j] - z[i])
        gx, gy, level, left = solve_plane(m)
        fits[i, 0], fits[i, 1] = gx, gy
        fits[i, 2] = level + z[i] - gx * x[i] - gy * y[i]
        enough = m[0] >= least and gx * gx + gy * gy <= max_gradient**2
        fits[i, 3] = np.sqrt(left / (m[0] - 3.0)) if enough else np.inf


@njit(nogil=True, cache=True)
def local_planes(house: House, radius: int, max_gradient: float) -> Floats:  # pragma: no cover - compiled
    """For every cell the best plane among all windows that hold it, so that none needs to straddle a ridge or a wall.

    Returns ``(cells, 4)``: gx, gy, c and rms; rms is inf where the cell lies on no plane.
    """
    index, row, col, x, y, z = house
    n = row.size
    fits = np.empty((n, 4))
    _centred_fits(house, radius, max_gradient, fits)
    best = np.empty((n, 4))
    height, width = index.shape
    for i in range(n):
        best[i] = fits[i]
        least = np.inf
        for r in range(max(0, row[i] - radius), min(height, row[i] + radius + 1)):
            for c in range(max(0, col[i] - radius), min(width, col[i] + radius + 1)):
                j = index[r, c]
                if j < 0 or not np.isfinite(fits[j, 3]):
                    continue
                own = abs(z[i] - fits[j, 0] * x[i] - fits[j, 1] * y[i] - fits[j, 2])
                # A window counts by its own residual, and by how badly it misses this very cell.
                badness = max(fits[j, 3], 0.5 * own)
                if badness < least:
                    least = badness
                    best[i] = fits[j]
        best[i, 3] = least
    return best


@njit(nogil=True, cache=True)
def refine_rough(house: House, local: Floats, tol: Tolerances, rough: float) -> None:  # pragma: no cover - compiled
    """Try windows of half the size where the large ones fit worse than ``rough`` [m]: parts narrower than a window."""
    if tol.radius < 2:
        return
    fine = local_planes(house, tol.radius // 2, tol.max_gradient)
    for i in range(local.shape[0]):
        if local[i, 3] > rough and fine[i, 3] < local[i, 3]:
            local[i] = fine[i]


@njit(nogil=True, cache=True)
def _flood(
    seed: int,
    plane: Plane,
    house: House,
    local: Floats,
    label: Ints,
    reach: float,
    cos_angle: float,
    queue: Ints,
    mark: Ints,
    stamp: int,
) -> int:  # pragma: no cover - compiled
    """Free cells joined to the seed which lie on the plane and lean the same way; their number, in ``queue``."""
    index, row, col, x, y, z = house
    gx, gy, level = plane.east, plane.north, plane.level
    norm = np.sqrt(1.0 + gx * gx + gy * gy)
    queue[0] = seed
    mark[seed] = stamp
    count, at = 1, 0
    while at < count:
        i = queue[at]
        at += 1
        for k in range(4):
            dr, dc = (0, 1) if k == 0 else (0, -1) if k == 1 else (1, 0) if k == 2 else (-1, 0)
            j = index[row[i] + dr, col[i] + dc]
            if j < 0 or label[j] != 0 or mark[j] == stamp:
                continue
            if abs(z[j] - gx * x[j] - gy * y[j] - level) > reach * norm:
                continue
            lx, ly = local[j, 0], local[j, 1]
            cos = (1.0 + gx * lx + gy * ly) / (norm * np.sqrt(1.0 + lx * lx + ly * ly))
            if cos < cos_angle:
                continue
            mark[j] = stamp
            queue[count] = j
            count += 1
    return count


@njit(nogil=True, cache=True)
def _grow(
    seed: int,
    house: House,
    local: Floats,
    label: Ints,
    tol: Tolerances,
    reach: float,
    queue: Ints,
    mark: Ints,
    stamp: int,
) -> tuple[int, float, int]:  # pragma: no cover - compiled
    """Grow, refit, grow again until the region stands still; returns its size, its score and the last stamp.

    The score is the sum of ``1 - (residual / reach)²``: a region is the better the more cells lie close to it.
    """
    x, y, z = house.x, house.y, house.z
    plane = Plane(local[seed, 0], local[seed, 1], local[seed, 2], 0.0)
    m = np.empty(MOMENTS)
    count = 0
    for _ in range(GROWTH_ROUNDS):
        stamp += 1
        before = count
        count = _flood(seed, plane, house, local, label, reach, tol.cos_growth_angle, queue, mark, stamp)
        if count < LEAST_POINTS or count == before:
            break
        m[:] = 0.0
        for q in range(count):
            add_point(m, x[queue[q]], y[queue[q]], z[queue[q]])
        plane = solve_plane(m)
    score = 0.0
    norm2 = 1.0 + plane.east**2 + plane.north**2
    for q in range(count):
        i = queue[q]
        miss = z[i] - plane.east * x[i] - plane.north * y[i] - plane.level
        score += max(0.0, 1.0 - miss * miss / (norm2 * reach * reach))
    return count, score, stamp


@njit(nogil=True, cache=True)
def grow_regions(
    house: House, local: Floats, tol: Tolerances, reach: float
) -> tuple[Ints, int]:  # pragma: no cover - compiled
    """First labels: the best of a few rival regions is kept, then the next, until no smooth cell is left.

    Returns ``label`` (0 = none) and the number of regions.
    """
    n = house.row.size
    label = np.zeros(n, np.int32)
    queue, kept = np.empty(n, np.int32), np.empty(n, np.int32)
    mark = np.zeros(n, np.int32)
    spent = np.zeros(n, np.bool_)
    covered = np.zeros(n, np.int32)
    order = np.argsort(local[:, 3])
    regions, stamp, begin = 0, 0, 0
    for turn in range(1, 4 * tol.max_regions):
        best, best_count, rivals, at = 0.0, 0, 0, begin
        while at < n and rivals < RIVALS:
            seed = order[at]
            if local[seed, 3] > reach:
                break
            if label[seed] != 0 or spent[seed]:
                if at == begin:
                    begin += 1
            elif covered[seed] != turn:
                count, score, stamp = _grow(seed, house, local, label, tol, reach, queue, mark, stamp)
                small = count < tol.seed_cells
                for q in range(count):
                    covered[queue[q]] = turn
                    if small:
                        spent[queue[q]] = True
                if not small:
                    rivals += 1
                    if score > best:
                        best, best_count = score, count
                        kept[:count] = queue[:count]
            at += 1
        if best_count == 0 or regions >= tol.max_regions:
            break
        regions += 1
        for q in range(best_count):
            label[kept[q]] = regions
    return label, regions
