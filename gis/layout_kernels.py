"""Rows of modules on a mask of usable cells, seen in the rows' own frame: u along a row, v away from where the modules face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gis.kernels import inner, kernel

# Squares that only touch a strip do not stand in it [m].
TOUCH = 1e-6


@inner
def _widen(lo: float, hi: float, u: float) -> tuple[float, float]:  # pragma: no cover - compiled
    return min(lo, u), max(hi, u)


@inner
def _extent(
    u: float, v: float, ax: float, ay: float, low: float, high: float
) -> tuple[float, float]:  # pragma: no cover - compiled
    """Along u, what of a square around (u, v) stands in the strip low < v < high; first > last where nothing does.

    (ax, ay) is half a side along the raster's columns, in the rows' frame; half of the other side is (−ay, ax).
    """
    lo, hi = np.inf, -np.inf
    for k in range(4):
        # Corners one after the other, and the side from each to the next.
        s = 1.0 if k in (0, 3) else -1.0
        t = 1.0 if k < 2 else -1.0
        pu, pv = u + s * ax - t * ay, v + s * ay + t * ax
        s, t = -t, s
        qu, qv = u + s * ax - t * ay, v + s * ay + t * ax
        if low < pv < high:
            lo, hi = _widen(lo, hi, pu)
        for edge in (low, high):
            if (pv < edge) != (qv < edge):
                lo, hi = _widen(lo, hi, pu + (qu - pu) * (edge - pv) / (qv - pv))
    return lo, hi


@kernel
def count_in_strips(
    v: NDArray[np.float64], half: float, first: float, step: float, depth: float, count: NDArray[np.int64]
) -> None:  # pragma: no cover - compiled
    """How many squares may stand in each strip; strip j is ``first + j step … + depth``."""
    for k in range(v.size):
        begin = max(0, int(np.floor((v[k] - half - depth - first) / step)))
        end = min(count.size, int(np.ceil((v[k] + half - first) / step)) + 1)
        for j in range(begin, end):
            count[j] += 1


@kernel
def blocked_in_strips(
    u: NDArray[np.float64],
    v: NDArray[np.float64],
    axes: tuple[float, float],
    half: float,
    first: float,
    step: float,
    depth: float,
    place: NDArray[np.int64],
    blocked: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """First and last u of every square that stands in each strip; squares come by u, ``place`` is where each strip's begin (is moved to their end)."""
    for k in range(v.size):
        begin = max(0, int(np.floor((v[k] - half - depth - first) / step)))
        end = min(place.size, int(np.ceil((v[k] + half - first) / step)) + 1)
        for j in range(begin, end):
            low = first + j * step
            lo, hi = _extent(u[k], v[k], axes[0], axes[1], low + TOUCH, low + depth - TOUCH)
            if lo < hi:
                at = place[j]
                blocked[at, 0], blocked[at, 1] = lo, hi
                place[j] = at + 1


@inner
def _units(length: float, across: float, gap: float, most: int, path: float) -> int:  # pragma: no cover - compiled
    """Units side by side in a free length; after each ``most`` a path."""
    if length + TOUCH < across:
        return 0
    block = most * (across + gap) - gap + path
    whole = int(np.floor((length + path + TOUCH) / block))
    rest = length - whole * block
    more = int(np.floor((rest + gap + TOUCH) / (across + gap))) if rest > 0.0 else 0
    return whole * most + min(more, most)


@inner
def _taken(units: int, across: float, gap: float, most: int, path: float) -> float:  # pragma: no cover - compiled
    """Length that units side by side take, with their paths."""
    return units * (across + gap) - gap + (units - 1) // most * (path - gap)


@kernel
def fill_strips(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    blocked: NDArray[np.float64],
    across: float,
    gap: float,
    most: int,
    path: float,
    units: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Units that fit in each strip, between what stands in it; sorts ``blocked`` of each strip by its first u."""
    for j in range(units.size):
        for k in range(start[j] + 1, end[j]):
            lo, hi = blocked[k, 0], blocked[k, 1]
            at = k
            # Nearly in order already: the squares came by their centres.
            while at > start[j] and blocked[at - 1, 0] > lo:
                blocked[at, 0], blocked[at, 1] = blocked[at - 1, 0], blocked[at - 1, 1]
                at -= 1
            blocked[at, 0], blocked[at, 1] = lo, hi
        units[j] = 0
        if end[j] == start[j]:
            continue
        reach = blocked[start[j], 1]
        for k in range(start[j] + 1, end[j]):
            units[j] += _units(blocked[k, 0] - reach, across, gap, most, path)
            reach = max(reach, blocked[k, 1])


@kernel
def choose_strips(
    units: NDArray[np.int64], apart: int, best: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> None:  # pragma: no cover - compiled
    """Strips at least ``apart`` from one another that hold the most units (dynamic programming, exact); of equals the first."""
    count = units.size
    for j in range(count - 1, -1, -1):
        later = best[j + apart] if j + apart < count else 0
        best[j] = max(best[j + 1] if j + 1 < count else 0, units[j] + later)
    j = 0
    while j < count:
        later = best[j + apart] if j + apart < count else 0
        if units[j] > 0 and units[j] + later == best[j]:
            chosen[j] = True
            j += apart
        else:
            j += 1


@inner
def _begin(reach: float, slack: float, period: float, phase: float) -> float:  # pragma: no cover - compiled
    """Where a run begins within its free length: in step with the longest run if it can, so that rows line up, else in the middle."""
    after = (phase - reach) % period
    return reach + after if after <= slack else reach + 0.5 * slack


@kernel
def place_units(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    blocked: NDArray[np.float64],
    chosen: NDArray[np.int64],
    across: float,
    gap: float,
    most: int,
    path: float,
    left: NDArray[np.float64],
    strip: NDArray[np.int64],
) -> int:  # pragma: no cover - compiled
    """First u of every unit in the chosen strips; how many."""
    count = 0
    longest, phase = 0.0, 0.0
    for j in chosen:
        if end[j] == start[j]:
            continue
        reach = blocked[start[j], 1]
        for k in range(start[j] + 1, end[j]):
            length = blocked[k, 0] - reach
            if length > longest:
                longest = length
                units = _units(length, across, gap, most, path)
                phase = reach + 0.5 * max(0.0, length - _taken(units, across, gap, most, path))
            reach = max(reach, blocked[k, 1])
    for j in chosen:
        if end[j] == start[j]:
            continue
        reach = blocked[start[j], 1]
        for k in range(start[j] + 1, end[j]):
            length = blocked[k, 0] - reach
            units = _units(length, across, gap, most, path)
            if units > 0:
                slack = max(0.0, length - _taken(units, across, gap, most, path))
                begin = _begin(reach, slack, across + gap, phase)
                for n in range(units):
                    left[count] = begin + n * (across + gap) + (n // most) * (path - gap)
                    strip[count] = j
                    count += 1
            reach = max(reach, blocked[k, 1])
    return count


@kernel
def count_behind(
    u: NDArray[np.float64],
    order: NDArray[np.int64],
    mine: NDArray[np.int64],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    near: float,
) -> int:  # pragma: no cover - compiled
    """How many of ``mine`` have one of ``order[begin … end]`` nearer than ``near`` along u."""
    count = 0
    for k in range(mine.size):
        here = u[mine[k]]
        for place in range(begin[k], end[k]):
            if abs(u[order[place]] - here) < near:
                count += 1
                break
    return count
