"""Buildings segmented one by one, and the planes of all of them numbered through and measured.

Kernels for :mod:`gis.roofs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit, prange

from gis import roofs_regions as regions
from gis.roofs_fit import Flags, Floats, House, Ints, Tolerances, grow_regions, local_planes, refine_rough

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The rms of the best of several windows is lower than the noise; measured on noisy planes, sigma 3 to 10 cm.
_BEST_WINDOW_BIAS = 1.4
# Windows that miss by more than this many times the noise straddle something.
_ROUGH = 1.5
_RELABEL_ROUNDS = 6


@njit(nogil=True, cache=True)
def boxes_of(ids: Ints, count: int) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """First and last row and column of each building, and its number of cells: ``(count + 1, 5)``."""
    boxes = np.empty((count + 1, 5), np.int64)
    boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3], boxes[:, 4] = ids.shape[0], -1, ids.shape[1], -1, 0
    for r in range(ids.shape[0]):
        for c in range(ids.shape[1]):
            k = ids[r, c]
            if k > 0:
                box = boxes[k]
                box[0], box[1] = min(box[0], r), max(box[1], r)
                box[2], box[3] = min(box[2], c), max(box[3], c)
                box[4] += 1
    return boxes


@njit(nogil=True, cache=True)
def _cells_of(
    z: NDArray[np.float32], ids: Ints, k: int, box: NDArray[np.int64], cell: float
) -> House:  # pragma: no cover - compiled
    """Building ``k`` with its box (first and last row and column, cells) as a list of cells."""
    top, left = box[0] - 1, box[2] - 1
    index = np.full((box[1] - box[0] + 3, box[3] - box[2] + 3), -1, np.int32)
    row, col = np.empty(box[4], np.int32), np.empty(box[4], np.int32)
    x, y, height = np.empty(box[4]), np.empty(box[4]), np.empty(box[4])
    n, base = 0, 0.0
    for r in range(box[0], box[1] + 1):
        for c in range(box[2], box[3] + 1):
            if ids[r, c] != k or not np.isfinite(z[r, c]):
                continue
            if n == 0:
                base = z[r, c]
            index[r - top, c - left] = n
            row[n], col[n] = r - top, c - left
            x[n], y[n] = (c - left - index.shape[1] / 2) * cell, (index.shape[0] / 2 - (r - top)) * cell
            height[n] = z[r, c] - base
            n += 1
    return House(index, row[:n], col[:n], x[:n], y[:n], height[:n])


@njit(nogil=True, cache=True)
def _noise(local: Floats, tol: Tolerances) -> float:  # pragma: no cover - compiled
    """Noise of the building's surface [m]: the median of the best windows' rms, within the bounds."""
    rms = local[:, 3][np.isfinite(local[:, 3])]
    if rms.size == 0:
        return tol.noise_high
    return min(max(_BEST_WINDOW_BIAS * np.median(rms), tol.noise_low), tol.noise_high)


@njit(nogil=True, cache=True)
def _segment_one(
    z: NDArray[np.float32],
    ids: Ints,
    k: int,
    box: NDArray[np.int64],
    cell: float,
    tol: Tolerances,
    labels: Ints,
    obstacle: Flags,
) -> int:  # pragma: no cover - compiled
    """Planes of building ``k``, numbered from 1, written into the rasters; returns their number."""
    house = _cells_of(z, ids, k, box, cell)
    row, col = house.row, house.col
    if row.size < tol.plane_cells:
        return 0
    local = local_planes(house, tol.radius, tol.max_gradient)
    noise = _noise(local, tol)
    refine_rough(house, local, tol, _ROUGH * noise)
    label, count = grow_regions(house, local, tol, tol.growth * noise)
    for _ in range(2):
        regions.relabel(house, label, count, noise, tol.smoothness, _RELABEL_ROUNDS)
        regions.merge_regions(house, label, count, noise, tol)
    count = regions.split_parts(house, label)
    regions.drop_small(house, label, count, tol.seed_cells, tol.width_cells)
    regions.relabel(house, label, count, noise, tol.smoothness, _RELABEL_ROUNDS)
    for _ in range(2):
        regions.straighten(house, label, count, noise, cell, 4)
    count = regions.split_parts(house, label)
    regions.drop_small(house, label, count, tol.plane_cells, tol.width_cells)
    regions.drop_ground(house, label, count, z, ids, box[0] - 1, box[2] - 1, tol)
    regions.drop_superstructures(house, label, count, tol)
    count = regions.split_parts(house, label)
    high = regions.find_obstacles(house, label, count, tol.obstacle_height)
    for i in range(row.size):
        labels[box[0] - 1 + row[i], box[2] - 1 + col[i]] = label[i]
        obstacle[box[0] - 1 + row[i], box[2] - 1 + col[i]] = high[i]
    return count


@njit(nogil=True, cache=True, parallel=True)
def segment_many(
    z: NDArray[np.float32],
    ids: Ints,
    order: NDArray[np.int64],
    boxes: NDArray[np.int64],
    cell: float,
    tol: Tolerances,
    labels: Ints,
    obstacle: Flags,
    counts: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Segment the buildings in ``order``, each numbered from 1; their numbers of planes into ``counts``."""
    for q in prange(order.size):
        k = order[q]
        counts[k] = _segment_one(z, ids, k, boxes[k], cell, tol, labels, obstacle)


@njit(nogil=True, cache=True)
def number_through(ids: Ints, labels: Ints, first: NDArray[np.int64]) -> None:  # pragma: no cover - compiled
    """Numbers within a building become numbers in the whole: ``first[k]`` planes come before building ``k``."""
    for r in range(ids.shape[0]):
        for c in range(ids.shape[1]):
            if labels[r, c] > 0:
                labels[r, c] += first[ids[r, c]]


@njit(nogil=True, cache=True)
def owners_of(z: NDArray[np.float32], ids: Ints, labels: Ints, owner: Ints) -> bool:  # pragma: no cover - compiled
    """Building of each plane, into ``owner``; False where a plane lies on two, on none, or over a hole."""
    for r in range(labels.shape[0]):
        for c in range(labels.shape[1]):
            a = labels[r, c]
            if a == 0:
                continue
            if ids[r, c] == 0 or not np.isfinite(z[r, c]) or (owner[a] != 0 and owner[a] != ids[r, c]):
                return False
            owner[a] = ids[r, c]
    return True


@njit(nogil=True, cache=True)
def same_labels(
    order: NDArray[np.int64], boxes: NDArray[np.int64], ids: Ints, own: Ints, whole: Ints, first: NDArray[np.int64]
) -> bool:  # pragma: no cover - compiled
    """Do the buildings' own numbers agree with the numbers in the whole?"""
    for k in order:
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if ids[r, c] != k:
                    continue
                expected = own[r, c] + first[k] if own[r, c] > 0 else 0
                if whole[r, c] != expected:
                    return False
    return True


@njit(nogil=True, cache=True)
def plane_figures(
    z: NDArray[np.float32], ids: Ints, labels: Ints, planes: int, cell: float
) -> Floats:  # pragma: no cover - compiled
    """Building, gradients, mean height, cells, rms, mean row and column of each plane: ``(planes, 8)``.

    Two passes, the second around each plane's own centre: heights of thousands of metres must not eat the digits.
    """
    mean = np.zeros((planes + 1, 5))
    for r in range(z.shape[0]):
        for c in range(z.shape[1]):
            a = labels[r, c]
            if a > 0:
                m = mean[a]
                m[0] += 1.0
                m[1] += r
                m[2] += c
                m[3] += z[r, c]
                m[4] = ids[r, c]
    for a in range(1, planes + 1):
        mean[a, 1:4] /= mean[a, 0]
    spread = np.zeros((planes + 1, 6))
    for r in range(z.shape[0]):
        for c in range(z.shape[1]):
            a = labels[r, c]
            if a > 0:
                x, y, h = (c - mean[a, 2]) * cell, (mean[a, 1] - r) * cell, z[r, c] - mean[a, 3]
                s = spread[a]
                s[0] += x * x
                s[1] += x * y
                s[2] += y * y
                s[3] += x * h
                s[4] += y * h
                s[5] += h * h
    figures = np.empty((planes, 8))
    for a in range(1, planes + 1):
        xx, xy, yy, xz, yz, zz = spread[a]
        det = xx * yy - xy * xy
        gx = (xz * yy - yz * xy) / det if det > 0.0 else 0.0
        gy = (yz * xx - xz * xy) / det if det > 0.0 else 0.0
        f = figures[a - 1]
        f[0], f[1], f[2], f[3], f[4] = mean[a, 4], gx, gy, mean[a, 3], mean[a, 0]
        f[5] = np.sqrt(max(0.0, zz - gx * xz - gy * yz) / mean[a, 0])
        f[6], f[7] = mean[a, 1], mean[a, 2]
    return figures
