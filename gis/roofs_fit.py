"""Plane fits to the cells of buildings: small windows for a start, then regions grown from the smoothest cells.

Kernels for :mod:`gis.roofs`. They work on a block of buildings whose cells lie one after the other in flat arrays:

- ``spans``: of each building its first cell, the one after its last, the corner, width and height of its box in ``place``
- ``place``: the buildings' boxes, each with a rim of one cell; holds the cell's number or -1
- ``row``, ``col`` of each cell in its box, and ``at``, the same as one number of ``place``; ``x`` (east), ``y`` (north) and ``z`` are its local coordinates [m]
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis.kernels import inner, kernel

Floats = NDArray[np.float64]
Surface = NDArray[np.float32]
# int32, likewise.
Ints = NDArray[Any]
# int64; a compiled kernel takes its elements as int.
Longs = NDArray[Any]
Flags = NDArray[np.bool_]

# Columns of ``spans``.
FIRST, END, CORNER, WIDTH, HEIGHT = range(5)
# Moments of a set of points, enough to fit a plane and to know its residual: n, x, y, z, xx, xy, yy, xz, yz, zz.
MOMENTS = 10
# Fewer points than this say nothing of a plane's residual (three parameters).
LEAST_POINTS = 5
# Fewer cells than this make no plane, whatever their area: chance alone would put them on one.
LEAST_CELLS = 8
# Share of a window that must lie on the building: two columns at its edge (parapet and roof) always lie on one plane.
WINDOW_SHARE = 0.7
# The rms of the best of several windows is lower than the noise; measured on noisy planes, sigma 3 to 10 cm.
BEST_WINDOW_BIAS = 1.4
# Windows that miss by more than this many times the noise straddle something.
ROUGH = 1.5
# A region stops changing after three or four refits; more is a sign of two planes fighting over the same cells.
GROWTH_ROUNDS = 8
# Regions that are grown side by side before the best is kept; more gave no better planes.
RIVALS = 4
# Widens an int32 in a kernel, so that what it is given to is not compiled twice.
LONG: Any = np.int64
# The only row of an array. A NumPy number: of a plain one Numba would compile the callee anew for its very value.
_ONLY = LONG(0)
# Shorter stretches are sorted by insertion.
_SHORT = 15
# Rows of the stack of a sort: the longer part waits on it, so that 2 ** 64 cells would fit.
SORT_DEPTH = 64


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


@inner
def miss(i: int, x: Floats, y: Floats, z: Floats, p: int, planes: Floats) -> float:  # pragma: no cover - compiled
    """How far a cell lies above the plane in row ``p`` [m]."""
    return z[i] - planes[p, 0] * x[i] - planes[p, 1] * y[i] - planes[p, 2]


@inner
def norm2(p: int, planes: Floats) -> float:  # pragma: no cover - compiled
    """Squared length of the upward normal of the plane in row ``p``."""
    return 1.0 + planes[p, 0] * planes[p, 0] + planes[p, 1] * planes[p, 1]


@inner
def beside(i: int, k: int, width: int, place: Ints, at: Ints) -> int:  # pragma: no cover - compiled
    """The cell to the east (0), west (1), south (2) or north (3) of a cell, or -1."""
    step = width if k > 1 else 1
    return LONG(place[at[i] + (step if k % 2 == 0 else -step)])


@inner
def add_point(moments: Floats, a: int, x: float, y: float, z: float) -> None:  # pragma: no cover - compiled
    """Add one point to the moments of set ``a``."""
    moments[a, 0] += 1.0
    moments[a, 1] += x
    moments[a, 2] += y
    moments[a, 3] += z
    moments[a, 4] += x * x
    moments[a, 5] += x * y
    moments[a, 6] += y * y
    moments[a, 7] += x * z
    moments[a, 8] += y * z
    moments[a, 9] += z * z


@inner
def solve_plane(moments: Floats, a: int, planes: Floats, b: int) -> None:  # pragma: no cover - compiled
    """Least squares ``z = c + gx x + gy y`` from the moments of set ``a``: ``planes[b] = gx, gy, c, sum of squares left``.

    Points on one line leave the slope across it open: the flattest plane is taken.
    """
    n = moments[a, 0]
    planes[b, 0] = planes[b, 1] = planes[b, 2] = planes[b, 3] = 0.0
    if n < 1.0:
        return
    mx, my, mz = moments[a, 1] / n, moments[a, 2] / n, moments[a, 3] / n
    xx, xy, yy = moments[a, 4] - n * mx * mx, moments[a, 5] - n * mx * my, moments[a, 6] - n * my * my
    xz, yz, zz = moments[a, 7] - n * mx * mz, moments[a, 8] - n * my * mz, moments[a, 9] - n * mz * mz
    det = xx * yy - xy * xy
    gx, gy = 0.0, 0.0
    if det > 1e-6 * (xx + yy) * (xx + yy) and n >= 3.0:
        gx = (xz * yy - yz * xy) / det
        gy = (yz * xx - xz * xy) / det
    elif xx + yy > 0.0:
        # The points lie along (xx, xy) or (xy, yy): slope along that line only.
        ux, uy = xy, yy
        if xx >= yy:
            ux, uy = xx, xy
        norm = np.sqrt(ux * ux + uy * uy)
        ux, uy = ux / norm, uy / norm
        slope = (xz * ux + yz * uy) / (xx + yy)
        gx, gy = slope * ux, slope * uy
    left = zz - gx * xz - gy * yz
    planes[b, 0], planes[b, 1], planes[b, 2] = gx, gy, mz - gx * mx - gy * my
    planes[b, 3] = max(left, 0.0)


@kernel
def list_cells(
    surface: Surface,
    ids: Ints,
    numbers: Longs,
    boxes: Longs,
    cell: float,
    least: int,
    spans: Longs,
    place: Ints,
    row: Ints,
    col: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
) -> None:  # pragma: no cover - compiled
    """The cells of the buildings ``numbers`` that have a height; none of a building that has fewer than ``least``."""
    for b in range(numbers.size):
        k = numbers[b]
        top, left = boxes[k, 0] - 1, boxes[k, 2] - 1
        first, width, height = spans[b, FIRST], spans[b, WIDTH], spans[b, HEIGHT]
        n, base = first, 0.0
        for r in range(1, height - 1):
            for c in range(1, width - 1):
                if ids[top + r, left + c] != k or not np.isfinite(surface[top + r, left + c]):
                    continue
                if n == first:
                    base = surface[top + r, left + c]
                place[spans[b, CORNER] + r * width + c] = n
                row[n], col[n] = r, c
                x[n], y[n], z[n] = (c - width / 2) * cell, (height / 2 - r) * cell, surface[top + r, left + c] - base
                n += 1
        spans[b, END] = n if n - first >= least else first


@inner
def _fit_window(
    i: int,
    corner: int,
    width: int,
    height: int,
    place: Ints,
    row: Ints,
    col: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    radius: int,
    max_gradient: float,
    moments: Floats,
    fits: Floats,
) -> None:  # pragma: no cover - compiled
    """Plane through the window around a cell: ``fits[i] = gx, gy, c, rms``; rms is inf where there is none."""
    # As in ``add_point``, but in registers: this is where most of the time goes.
    n = sx = sy = sz = sxx = sxy = syy = sxz = syz = szz = 0.0
    for r in range(max(0, row[i] - radius), min(height, row[i] + radius + 1)):
        for c in range(max(0, col[i] - radius), min(width, col[i] + radius + 1)):
            j = place[corner + r * width + c]
            if j < 0:
                continue
            dx, dy, dz = x[j] - x[i], y[j] - y[i], z[j] - z[i]
            n += 1.0
            sx += dx
            sy += dy
            sz += dz
            sxx += dx * dx
            sxy += dx * dy
            syy += dy * dy
            sxz += dx * dz
            syz += dy * dz
            szz += dz * dz
    moments[0, 0], moments[0, 1], moments[0, 2], moments[0, 3], moments[0, 4] = n, sx, sy, sz, sxx
    moments[0, 5], moments[0, 6], moments[0, 7], moments[0, 8], moments[0, 9] = sxy, syy, sxz, syz, szz
    solve_plane(moments, _ONLY, fits, i)
    gx, gy = fits[i, 0], fits[i, 1]
    fits[i, 2] = fits[i, 2] + z[i] - gx * x[i] - gy * y[i]
    least = max(float(LEAST_POINTS), WINDOW_SHARE * (2 * radius + 1) ** 2)
    enough = n >= least and gx * gx + gy * gy <= max_gradient * max_gradient
    fits[i, 3] = np.sqrt(fits[i, 3] / (n - 3.0)) if enough else np.inf


@inner
def _take_best(
    i: int,
    corner: int,
    width: int,
    height: int,
    place: Ints,
    row: Ints,
    col: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    radius: int,
    max_gradient: float,
    moments: Floats,
    fits: Floats,
    local: Floats,
) -> None:  # pragma: no cover - compiled
    """Give a cell the best plane among all windows that hold it, if that is better than what it has.

    So no window needs to straddle a ridge or a wall. Windows that nobody has asked for yet (rms below 0) are fitted now.
    """
    least, best = local[i, 3], -1
    for r in range(max(0, row[i] - radius), min(height, row[i] + radius + 1)):
        for c in range(max(0, col[i] - radius), min(width, col[i] + radius + 1)):
            j = LONG(place[corner + r * width + c])
            if j < 0:
                continue
            if fits[j, 3] < 0.0:
                _fit_window(j, corner, width, height, place, row, col, x, y, z, radius, max_gradient, moments, fits)
            if fits[j, 3] >= least:
                continue
            own = abs(miss(i, x, y, z, j, fits))
            # A window counts by its own residual, and by how badly it misses this very cell.
            badness = max(fits[j, 3], 0.5 * own)
            if badness < least:
                least, best = badness, j
    if best >= 0:
        local[i, 0], local[i, 1], local[i, 2], local[i, 3] = fits[best, 0], fits[best, 1], fits[best, 2], least


@inner
def _select(values: Floats, count: int, k: int) -> float:  # pragma: no cover - compiled
    """The ``k``-th smallest of the first ``count`` values; those before it are put before it (Hoare's FIND)."""
    low, high = 0, count - 1
    while low < high:
        pivot, i, j = values[k], low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if j < k:
            low = i
        if k < i:
            high = j
    return values[k]


@kernel
def local_planes(
    spans: Longs,
    place: Ints,
    row: Ints,
    col: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    radius: int,
    max_gradient: float,
    noise_low: float,
    noise_high: float,
    moments: Floats,
    values: Floats,
    fits: Floats,
    local: Floats,
    noise: Floats,
) -> None:  # pragma: no cover - compiled
    """A first plane for every cell, ``local[i] = gx, gy, c, rms`` (inf where the cell lies on none), and the buildings' noise.

    The noise is the median of the best windows' rms, within the bounds. Where the windows fit worse than a few times
    that, windows of half the size are tried: parts narrower than a window.
    """
    for b in range(spans.shape[0]):
        first, end, corner, width, height = spans[b, 0], spans[b, 1], spans[b, 2], spans[b, 3], spans[b, 4]
        for i in range(first, end):
            fits[i, 3] = -1.0
            local[i, 3] = np.inf
        count = LONG(0)
        for i in range(first, end):
            _take_best(i, corner, width, height, place, row, col, x, y, z, radius, max_gradient, moments, fits, local)
            if np.isfinite(local[i, 3]):
                values[count] = local[i, 3]
                count += 1
            else:
                local[i, 0], local[i, 1], local[i, 2] = fits[i, 0], fits[i, 1], fits[i, 2]
        noise[b] = noise_high
        if count > 0:
            middle = _select(values, count, count // 2)
            if count % 2 == 0:
                below = values[0]
                for q in range(1, count // 2):
                    below = max(below, values[q])
                middle = (below + middle) / 2
            noise[b] = min(max(BEST_WINDOW_BIAS * middle, noise_low), noise_high)
        if radius < 2:
            continue
        for i in range(first, end):
            fits[i, 3] = -1.0
        for i in range(first, end):
            if local[i, 3] > ROUGH * noise[b]:
                _take_best(
                    i, corner, width, height, place, row, col, x, y, z, radius // 2, max_gradient, moments, fits, local
                )


@inner
def _before(i: int, j: int, key: Floats, order: Longs) -> bool:  # pragma: no cover - compiled
    return key[order[i]] < key[order[j]]


@inner
def _swap(i: int, j: int, order: Longs) -> None:  # pragma: no cover - compiled
    order[i], order[j] = order[j], order[i]


@inner
def _sort_order(key: Floats, order: Longs, count: int, stack: Longs) -> None:  # pragma: no cover - compiled
    """The places of the first ``count`` keys from the smallest to the largest, into ``order``.

    Quicksort by the median of three, as in ``np.argsort`` of Numba. Many cells share a window and so a key; which of them is
    the seed of a region hangs on this very order.
    """
    for i in range(count):
        order[i] = i
    stack[0, 0], stack[0, 1] = 0, count - 1
    n = 1
    while n > 0:
        n -= 1
        low, high = stack[n, 0], stack[n, 1]
        while high - low >= _SHORT:
            mid = (low + high) >> 1
            if _before(mid, low, key, order):
                _swap(low, mid, order)
            if _before(high, mid, key, order):
                _swap(high, mid, order)
            if _before(mid, low, key, order):
                _swap(low, mid, order)
            _swap(high, mid, order)
            # The pivot waits at the end.
            i, j = low, high - 1
            while True:
                while i < high and _before(i, high, key, order):
                    i += 1
                while j >= low and _before(high, j, key, order):
                    j -= 1
                if i >= j:
                    break
                _swap(i, j, order)
                i += 1
                j -= 1
            _swap(i, high, order)
            # The longer part waits.
            if high - i > i - low:
                stack[n, 0], stack[n, 1] = i + 1, high
                high = i - 1
            else:
                stack[n, 0], stack[n, 1] = low, i - 1
                low = i + 1
            n += 1
        for q in range(low + 1, high + 1):
            j = q
            while j > low and _before(j, j - 1, key, order):
                _swap(j, j - 1, order)
                j -= 1


@inner
def _flood(
    seed: int,
    plane: Floats,
    width: int,
    place: Ints,
    at: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    local: Floats,
    label: Ints,
    reach: float,
    cos_angle: float,
    queue: Ints,
    mark: Ints,
    stamp: int,
) -> int:  # pragma: no cover - compiled
    """Free cells joined to the seed which lie on the plane and lean the same way; their number, in ``queue``."""
    gx, gy, norm = plane[0, 0], plane[0, 1], np.sqrt(norm2(_ONLY, plane))
    queue[0] = seed
    mark[seed] = stamp
    count, head = 1, 0
    while head < count:
        i = LONG(queue[head])
        head += 1
        for k in range(4):
            j = beside(i, k, width, place, at)
            if j < 0 or label[j] != 0 or mark[j] == stamp:
                continue
            if abs(miss(j, x, y, z, _ONLY, plane)) > reach * norm:
                continue
            lx, ly = local[j, 0], local[j, 1]
            cos = (1.0 + gx * lx + gy * ly) / (norm * np.sqrt(1.0 + lx * lx + ly * ly))
            if cos < cos_angle:
                continue
            mark[j] = stamp
            queue[count] = j
            count += 1
    return count


@inner
def _grow(
    seed: int,
    width: int,
    place: Ints,
    at: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    local: Floats,
    label: Ints,
    reach: float,
    cos_angle: float,
    moments: Floats,
    plane: Floats,
    queue: Ints,
    mark: Ints,
    stamp: int,
) -> tuple[int, float, int]:  # pragma: no cover - compiled
    """Grow, refit, grow again until the region stands still; returns its size, its score and the last stamp.

    The score is the sum of ``1 - (residual / reach)²``: a region is the better the more cells lie close to it.
    """
    plane[0, 0], plane[0, 1], plane[0, 2] = local[seed, 0], local[seed, 1], local[seed, 2]
    count = 0
    for _ in range(GROWTH_ROUNDS):
        stamp += 1
        before = count
        count = _flood(seed, plane, width, place, at, x, y, z, local, label, reach, cos_angle, queue, mark, stamp)
        if count < LEAST_POINTS or count == before:
            break
        for k in range(MOMENTS):
            moments[0, k] = 0.0
        for q in range(count):
            i = queue[q]
            add_point(moments, _ONLY, x[i], y[i], z[i])
        solve_plane(moments, _ONLY, plane, _ONLY)
    score = 0.0
    scale = norm2(_ONLY, plane)
    for q in range(count):
        off = miss(LONG(queue[q]), x, y, z, _ONLY, plane)
        score += max(0.0, 1.0 - off * off / (scale * reach * reach))
    return count, score, stamp


@kernel
def grow_regions(
    spans: Longs,
    place: Ints,
    at: Ints,
    x: Floats,
    y: Floats,
    z: Floats,
    local: Floats,
    noise: Floats,
    growth: float,
    cos_angle: float,
    seed_cells: int,
    max_regions: int,
    moments: Floats,
    plane: Floats,
    key: Floats,
    order: Longs,
    stack: Longs,
    queue: Ints,
    kept: Ints,
    mark: Ints,
    covered: Ints,
    label: Ints,
    counts: Longs,
) -> None:  # pragma: no cover - compiled
    """First labels: the best of a few rival regions is kept, then the next, until no smooth cell is left.

    ``label`` (0 = none) of the cells, and the buildings' numbers of regions into ``counts``. ``mark``, ``covered`` and
    ``label`` come as zeros.
    """
    for b in range(spans.shape[0]):
        first, n, reach = spans[b, FIRST], spans[b, END] - spans[b, FIRST], growth * noise[b]
        for i in range(n):
            key[i] = local[first + i, 3]
        _sort_order(key, order, n, stack)
        regions, stamp, begin = 0, LONG(0), 0
        for turn in range(1, 4 * max_regions):
            best, best_count, rivals, head = 0.0, 0, 0, begin
            while head < n and rivals < RIVALS:
                seed = first + order[head]
                if local[seed, 3] > reach:
                    break
                # Covered in turn -1: too small a region grew from there.
                if label[seed] != 0 or covered[seed] < 0:
                    if head == begin:
                        begin += 1
                elif covered[seed] != turn:
                    count, score, stamp = _grow(
                        seed, spans[b, WIDTH], place, at, x, y, z, local, label, reach, cos_angle, moments, plane, queue, mark, stamp
                    )  # fmt: skip
                    small = count < seed_cells
                    rivals += not small
                    for q in range(count):
                        covered[queue[q]] = -1 if small or covered[queue[q]] < 0 else turn
                    if score > best and not small:
                        best, best_count = score, count
                        for q in range(count):
                            kept[q] = queue[q]
                head += 1
            if best_count == 0 or regions >= max_regions:
                break
            regions += 1
            for q in range(best_count):
                label[kept[q]] = regions
        counts[b] = regions
