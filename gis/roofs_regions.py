"""Regions of one building made into roof planes: relabelled, merged, split where not joined, and weeded.

Kernels for :mod:`gis.roofs`; Label 0 is "no plane".
The labelling minimises the sum over cells of (residual / noise)², cut off where "no plane" is cheaper,
plus a price for every pair of neighbours with different labels (a Potts model, solved cell by cell).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from gis.roofs_fit import MOMENTS, Flags, Floats, House, Ints, Plane, Tolerances, add_point, solve_plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Residual, in units of the noise, from which a cell alone is cheaper without a plane: 3 sigma.
OUTLIER = 9.0
# Share of a region's border that must touch one lower roof for it to count as standing on that roof.
STANDS_ON = 0.5
# Cosine between a border's direction and the line of cut below which they have nothing to do with one another.
BORDER_ALIGNED = 0.9
# Share of a region's outer border with a drop beside it, below which it is ground: a roof has a free side somewhere.
FREE_SIDE = 0.1


@njit(nogil=True, cache=True, inline="always")
def _set_plane(planes: Floats, a: int, plane: Plane) -> None:  # pragma: no cover - compiled
    planes[a, 0], planes[a, 1], planes[a, 2], planes[a, 3] = plane.east, plane.north, plane.level, plane.left


@njit(nogil=True, cache=True)
def fit_regions(house: House, label: Ints, count: int) -> tuple[Floats, Floats]:  # pragma: no cover - compiled
    """Moments and planes of the regions: ``(count + 1, 10)`` and ``(count + 1, 4)`` with gx, gy, c, sum of squares."""
    x, y, z = house.x, house.y, house.z
    moments = np.zeros((count + 1, MOMENTS))
    for i in range(label.size):
        if label[i] > 0:
            add_point(moments[label[i]], x[i], y[i], z[i])
    planes = np.zeros((count + 1, 4))
    for a in range(1, count + 1):
        _set_plane(planes, a, solve_plane(moments[a]))
    return moments, planes


@njit(nogil=True, cache=True)
def _cheapest(
    i: int, house: House, label: Ints, planes: Floats, noise: float, smoothness: float
) -> int:  # pragma: no cover - compiled
    """Label of the cell's neighbourhood, or 0, that costs least."""
    index, row, col, x, y, z = house
    best, least = 0, np.inf
    for k in range(-1, 9):
        if k == -1:
            a = 0
        else:
            j = index[row[i] + k // 3 - 1, col[i] + k % 3 - 1]
            if j < 0 or label[j] == 0:
                continue
            a = label[j]
        cost = OUTLIER
        if a > 0:
            miss = z[i] - planes[a, 0] * x[i] - planes[a, 1] * y[i] - planes[a, 2]
            cost = miss * miss / (noise * noise * (1.0 + planes[a, 0] ** 2 + planes[a, 1] ** 2))
        for q in range(9):
            j = index[row[i] + q // 3 - 1, col[i] + q % 3 - 1]
            if j >= 0 and j != i and label[j] != a:
                cost += smoothness
        if cost < least - 1e-9:
            least, best = cost, a
    return best


@njit(nogil=True, cache=True)
def relabel(
    house: House, label: Ints, count: int, noise: float, smoothness: float, rounds: int
) -> None:  # pragma: no cover - compiled
    """Give every cell the cheapest label around it and refit, until nothing moves or the rounds are over."""
    for _ in range(rounds):
        _moments, planes = fit_regions(house, label, count)
        moved = 0
        for i in range(label.size):
            a = _cheapest(i, house, label, planes, noise, smoothness)
            if a != label[i]:
                label[i] = a
                moved += 1
        if moved * 500 < label.size:
            break


@njit(nogil=True, cache=True)
def _borders(house: House, label: Ints, count: int) -> Floats:  # pragma: no cover - compiled
    """For each pair of regions: number of neighbouring cells, sum of their positions, sum of the steps across."""
    index, row, col, x, y = house.place, house.row, house.col, house.x, house.y
    border = np.zeros((count + 1, count + 1, 5))
    for i in range(row.size):
        for k in range(4):
            dr, dc = (0, 1) if k == 0 else (1, -1) if k == 1 else (1, 0) if k == 2 else (1, 1)
            j = index[row[i] + dr, col[i] + dc]
            if j < 0:
                continue
            a, b = label[i], label[j]
            if a == b or a * b == 0:
                continue
            mx, my = 0.5 * (x[i] + x[j]), 0.5 * (y[i] + y[j])
            for p, q, way in ((a, b, 1.0), (b, a, -1.0)):
                border[p, q, 0] += 1.0
                border[p, q, 1] += mx
                border[p, q, 2] += my
                border[p, q, 3] += way * (x[j] - x[i])
                border[p, q, 4] += way * (y[j] - y[i])
    return border


@njit(nogil=True, cache=True)
def _gap(a: int, b: int, planes: Floats, border: Floats) -> float:  # pragma: no cover - compiled
    """Step between two planes in the middle of their border [m]."""
    mx, my = border[a, b, 1] / border[a, b, 0], border[a, b, 2] / border[a, b, 0]
    gx, gy = planes[a, 0] - planes[b, 0], planes[a, 1] - planes[b, 1]
    return abs(gx * mx + gy * my + planes[a, 2] - planes[b, 2])


@njit(nogil=True, cache=True)
def _gain(
    a: int, b: int, moments: Floats, planes: Floats, border: Floats, noise: float, tol: Tolerances
) -> float:  # pragma: no cover - compiled
    """What is won by making one plane of two, in units of the labelling's cost; not positive where they must stay two."""
    pairs = border[a, b, 0]
    if pairs < 2.0:
        return -1.0
    if _gap(a, b, planes, border) > 2.0 * noise:
        return -1.0
    both = solve_plane(moments[a] + moments[b])
    norm2 = 1.0 + both.east**2 + both.north**2
    worse = max(0.0, both.left - planes[a, 3] - planes[b, 3]) / norm2
    na = np.sqrt(1.0 + planes[a, 0] ** 2 + planes[a, 1] ** 2)
    nb = np.sqrt(1.0 + planes[b, 0] ** 2 + planes[b, 1] ** 2)
    cos = (1.0 + planes[a, 0] * planes[b, 0] + planes[a, 1] * planes[b, 1]) / (na * nb)
    # A roof laid to falls is one roof: leaning alike, meeting without a step, and fitted by one plane all the same.
    if cos >= tol.cos_merge_angle and both.left / norm2 <= (1.5 * noise) ** 2 * (moments[a, 0] + moments[b, 0]):
        return 1e6 - worse
    return tol.label_cost + tol.smoothness * pairs - worse / (noise * noise)


@njit(nogil=True, cache=True)
def merge_regions(
    house: House, label: Ints, count: int, noise: float, tol: Tolerances
) -> None:  # pragma: no cover - compiled
    """Merge neighbours, best pair first, as long as one plane explains both about as well as two."""
    if count < 2:
        return
    moments, planes = fit_regions(house, label, count)
    border = _borders(house, label, count)
    gain = np.full((count + 1, count + 1), -1.0)
    for a in range(1, count + 1):
        for b in range(a + 1, count + 1):
            gain[a, b] = _gain(a, b, moments, planes, border, noise, tol)
    into = np.arange(count + 1)
    while True:
        best = int(np.argmax(gain))
        a, b = best // (count + 1), best % (count + 1)
        if gain[a, b] <= 0.0:
            break
        into[b] = a
        moments[a] += moments[b]
        _set_plane(planes, a, solve_plane(moments[a]))
        border[a] += border[b]
        border[:, a] += border[:, b]
        border[b], border[:, b], border[a, a] = 0.0, 0.0, 0.0
        gain[b], gain[:, b] = -1.0, -1.0
        for c in range(1, count + 1):
            if c != a and border[a, c, 0] > 0.0:
                gain[min(a, c), max(a, c)] = _gain(a, c, moments, planes, border, noise, tol)
    for b in range(count, 0, -1):
        a = b
        while into[a] != a:
            a = into[a]
        into[b] = a
    for i in range(label.size):
        label[i] = into[label[i]]


@njit(nogil=True, cache=True)
def _beyond(
    a: int, b: int, px: float, py: float, planes: Floats, border: Floats, noise: float, cell: float
) -> bool:  # pragma: no cover - compiled
    """Does a point of plane ``a`` lie beyond the line where it cuts its neighbour ``b``, within the border's length?"""
    pairs = border[a, b, 0]
    if pairs < 4.0 or _gap(a, b, planes, border) > 2.0 * noise:
        return False
    gx, gy = planes[a, 0] - planes[b, 0], planes[a, 1] - planes[b, 1]
    apart = gx * px + gy * py + planes[a, 2] - planes[b, 2]
    across = gx * border[a, b, 3] + gy * border[a, b, 4]
    if apart * across <= 0.0 or abs(apart) > 4.0 * noise:
        return False
    # A border along the cut runs square to the difference of slopes; planes that touch in a point do not.
    steepness = np.hypot(gx, gy)
    if abs(across) < BORDER_ALIGNED * steepness * np.hypot(border[a, b, 3], border[a, b, 4]):
        return False
    along = ((px - border[a, b, 1] / pairs) * gy - (py - border[a, b, 2] / pairs) * gx) / steepness
    return abs(along) <= (pairs / 6.0 + 1.5) * cell


@njit(nogil=True, cache=True)
def straighten(
    house: House, label: Ints, count: int, noise: float, cell: float, rounds: int
) -> None:  # pragma: no cover - compiled
    """Move the border of two planes that meet without a step to the line where they cut.

    Near that line the heights of noisy cells do not tell one plane from the other; the planes themselves do.
    """
    index, row, col, x, y = house.place, house.row, house.col, house.x, house.y
    _moments, planes = fit_regions(house, label, count)
    border = _borders(house, label, count)
    for _ in range(rounds):
        moved = 0
        for i in range(row.size):
            a = label[i]
            if a == 0:
                continue
            for k in range(9):
                j = index[row[i] + k // 3 - 1, col[i] + k % 3 - 1]
                if j < 0 or label[j] == 0 or label[j] == a:
                    continue
                if _beyond(a, label[j], x[i], y[i], planes, border, noise, cell):
                    label[i] = label[j]
                    moved += 1
                    break
        if moved == 0:
            break


@njit(nogil=True, cache=True)
def split_parts(house: House, label: Ints) -> int:  # pragma: no cover - compiled
    """Number the 4-connected parts of every label anew, from 1; returns their number."""
    index, row, col = house.place, house.row, house.col
    n = row.size
    fresh = np.zeros(n, np.int32)
    queue = np.empty(n, np.int32)
    parts = 0
    for seed in range(n):
        if label[seed] == 0 or fresh[seed] != 0:
            continue
        parts += 1
        fresh[seed] = parts
        queue[0] = seed
        count, at = 1, 0
        while at < count:
            i = queue[at]
            at += 1
            for k in range(4):
                dr, dc = (0, 1) if k == 0 else (0, -1) if k == 1 else (1, 0) if k == 2 else (-1, 0)
                j = index[row[i] + dr, col[i] + dc]
                if j >= 0 and fresh[j] == 0 and label[j] == label[i]:
                    fresh[j] = parts
                    queue[count] = j
                    count += 1
    label[:] = fresh
    return parts


@njit(nogil=True, cache=True)
def _wide(house: House, label: Ints, count: int, width: int) -> Flags:  # pragma: no cover - compiled
    """Regions in which a disc of ``width`` cells across finds room somewhere."""
    index, row, col = house.place, house.row, house.col
    wide = np.zeros(count + 1, np.bool_)
    height, across = index.shape
    middle = 0.5 * (width - 1)
    for i in range(row.size):
        a = label[i]
        if wide[a] or row[i] + width > height or col[i] - width // 2 < 0 or col[i] - width // 2 + width > across:
            continue
        fits = a > 0
        for r in range(width):
            for c in range(width):
                # A quarter of a cell more: a plus of five cells counts as three across, at any angle of the building.
                if not fits or np.hypot(r - middle, c - middle) > middle + 0.25:
                    continue
                j = index[row[i] + r, col[i] - width // 2 + c]
                fits = j >= 0 and label[j] == a
        wide[a] = fits
    return wide


@njit(nogil=True, cache=True)
def drop_small(house: House, label: Ints, count: int, cells: int, width: int) -> None:  # pragma: no cover - compiled
    """Take the label from regions of too few cells, or too narrow for a roof: walls, gutters, strips of ground."""
    size = np.zeros(count + 1, np.int64)
    for i in range(label.size):
        size[label[i]] += 1
    wide = _wide(house, label, count, width)
    for i in range(label.size):
        a = label[i]
        if a > 0 and (size[a] < cells or not wide[a]):
            label[i] = 0


@njit(nogil=True, cache=True)
def drop_superstructures(house: House, label: Ints, count: int, tol: Tolerances) -> None:  # pragma: no cover - compiled
    """Small flat tops that stand on a larger roof (stair house, lift shaft) are obstacles of that roof."""
    index, row, col, x, y, z = house
    moments, planes = fit_regions(house, label, count)
    reach = max(2, tol.width_cells)
    for a in range(1, count + 1):
        if moments[a, 0] == 0.0 or moments[a, 0] > tol.superstructure_cells:
            continue
        rim, stands = 0, 0
        for i in range(row.size):
            if label[i] != a:
                continue
            for k in range(4):
                dr, dc = (0, 1) if k == 0 else (0, -1) if k == 1 else (1, 0) if k == 2 else (-1, 0)
                j = index[row[i] + dr, col[i] + dc]
                if j >= 0 and label[j] == a:
                    continue
                rim += 1
                # The wall's mixed cells belong to nobody: look a little farther for the roof below.
                for step in range(1, reach + 1):
                    r, c = row[i] + dr * step, col[i] + dc * step
                    if r < 0 or c < 0 or r >= index.shape[0] or c >= index.shape[1] or index[r, c] < 0:
                        break
                    b = label[index[r, c]]
                    if b == 0:
                        continue
                    below = z[i] - planes[b, 0] * x[i] - planes[b, 1] * y[i] - planes[b, 2]
                    if b != a and below > tol.obstacle_height and moments[b, 0] > 2.0 * moments[a, 0]:
                        stands += 1
                    break
        if rim > 0 and stands > STANDS_ON * rim:
            for i in range(row.size):
                if label[i] == a:
                    label[i] = 0


@njit(nogil=True, cache=True)
def drop_ground(
    house: House,
    label: Ints,
    count: int,
    surface: NDArray[np.float32],
    ids: Ints,
    top: int,
    left: int,
    tol: Tolerances,
) -> None:  # pragma: no cover - compiled
    """Regions that have no free side: what lies outside the outline beside them is about as high as they are.

    ``surface`` and ``ids`` are the whole rasters; (top, left) is where the box (with its rim) begins in them.
    """
    row, col = house.row, house.col
    outer = np.zeros(count + 1, np.int64)
    free = np.zeros(count + 1, np.int64)
    for i in range(row.size):
        a = label[i]
        if a == 0:
            continue
        edge = False
        for k in range(4):
            dr, dc = (0, 1) if k == 0 else (0, -1) if k == 1 else (1, 0) if k == 2 else (-1, 0)
            r, c = top + row[i] + dr, left + col[i] + dc
            if 0 <= r < ids.shape[0] and 0 <= c < ids.shape[1] and ids[r, c] == 0:
                edge = True
        if not edge:
            continue
        lowest = np.inf
        for r in range(max(0, top + row[i] - tol.ground_reach), min(ids.shape[0], top + row[i] + tol.ground_reach + 1)):
            for c in range(
                max(0, left + col[i] - tol.ground_reach), min(ids.shape[1], left + col[i] + tol.ground_reach + 1)
            ):
                if ids[r, c] == 0 and surface[r, c] < lowest:
                    lowest = surface[r, c]
        if np.isfinite(lowest):
            outer[a] += 1
            if surface[top + row[i], left + col[i]] - lowest > tol.ground_drop:
                free[a] += 1
    for i in range(row.size):
        a = label[i]
        if a > 0 and outer[a] >= 3 and free[a] < FREE_SIDE * outer[a]:
            label[i] = 0


@njit(nogil=True, cache=True)
def find_obstacles(
    house: House, label: Ints, count: int, obstacle_height: float
) -> Flags:  # pragma: no cover - compiled
    """Cells without a plane that rise above the plane nearest to them (by steps from cell to cell)."""
    index, row, col, x, y, z = house
    n = row.size
    _moments, planes = fit_regions(house, label, count)
    nearest = label.copy()
    obstacle = np.zeros(n, np.bool_)
    queue = np.empty(n, np.int32)
    count_q = 0
    for i in range(n):
        if label[i] > 0:
            queue[count_q] = i
            count_q += 1
    at = 0
    while at < count_q:
        i = queue[at]
        at += 1
        for k in range(4):
            dr, dc = (0, 1) if k == 0 else (0, -1) if k == 1 else (1, 0) if k == 2 else (-1, 0)
            j = index[row[i] + dr, col[i] + dc]
            if j < 0 or nearest[j] != 0:
                continue
            a = nearest[i]
            nearest[j] = a
            queue[count_q] = j
            count_q += 1
            obstacle[j] = z[j] - planes[a, 0] * x[j] - planes[a, 1] * y[j] - planes[a, 2] > obstacle_height
    return obstacle
