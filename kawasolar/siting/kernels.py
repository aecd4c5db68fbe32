"""Sums over candidates × points, compiled: the Lagrangian's columns, exchanges of one site for another, points put to sites with room.

Costs lie candidate by candidate (``cost[j, i]``), weights already in them, so that every loop walks along a row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gis.kernels import inner, kernel

# Of a size: what rounding may add or take.
_TINY = 1e-12
# How often all points are gone over while a step still helps.
_ROUNDS = 50


@inner
def _sift(keys: NDArray[np.float64], at: NDArray[np.int64], root: int, end: int) -> None:  # pragma: no cover - compiled
    """One step of a heap sort: the largest key to the root."""
    k = root
    while 2 * k + 1 < end:
        child = 2 * k + 1
        if child + 1 < end and keys[child + 1] > keys[child]:
            child += 1
        if keys[k] >= keys[child]:
            return
        key, place = keys[k], at[k]
        keys[k], at[k] = keys[child], at[child]
        keys[child], at[child] = key, place
        k = child


@kernel
def columns(
    cost: NDArray[np.float64],
    prices: NDArray[np.float64],
    need: NDArray[np.float64],
    room: NDArray[np.float64],
    which: NDArray[np.int64],
    worth: NDArray[np.float64],
    served: NDArray[np.float64],
    keys: NDArray[np.float64],
    at: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """What each site of ``which`` is worth at ``prices`` of the points: the continuous knapsack of what costs less than its price.

    ``worth`` (sites of ``which``) is set; ``served`` (points) is added to; ``keys`` and ``at`` (points) are memory.
    """
    for k in range(which.size):
        j = which[k]
        count, asked, total = 0, 0.0, 0.0
        for i in range(prices.size):
            gain = cost[j, i] - prices[i]
            if gain < 0.0:
                at[count] = i
                keys[count] = gain / need[i]
                count += 1
                asked += need[i]
                total += gain
        if asked <= room[j]:
            worth[k] = total
            for c in range(count):
                served[at[c]] += 1.0
            continue
        for root in range(count // 2 - 1, -1, -1):
            _sift(keys, at, root, count)
        for end in range(count - 1, 0, -1):
            key, place = keys[0], at[0]
            keys[0], at[0] = keys[end], at[end]
            keys[end], at[end] = key, place
            _sift(keys, at, 0, end)
        left, total = room[j], 0.0
        for c in range(count):
            if left <= 0.0:
                break
            taken = min(left, need[at[c]])
            left -= taken
            total += keys[c] * taken
            served[at[c]] += taken / need[at[c]]
        worth[k] = total


@kernel
def nearest_two(
    cost: NDArray[np.float64], sites: NDArray[np.int64], first: NDArray[np.int64], one: NDArray[np.float64], two: NDArray[np.float64]
) -> None:  # fmt: skip # pragma: no cover - compiled
    """Of each point the place of its nearest site in ``sites``, what that costs, and what the second nearest would (inf where there is none)."""
    for i in range(one.size):
        first[i], one[i], two[i] = -1, np.inf, np.inf
    for s in range(sites.size):
        for i in range(one.size):
            value = cost[sites[s], i]
            if value < one[i]:
                two[i] = one[i]
                one[i] = value
                first[i] = s
            elif value < two[i]:
                two[i] = value


@kernel
def best_exchange(
    cost: NDArray[np.float64],
    inside: NDArray[np.bool_],
    outside: NDArray[np.bool_],
    first: NDArray[np.int64],
    one: NDArray[np.float64],
    two: NDArray[np.float64],
    lost: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """The best exchange of one site for another (Whitaker 1983): ``found`` = place taken out, candidate taken in, change of the cost.

    ``inside`` (sites) may be taken out, ``outside`` (candidates) taken in; ``lost`` (sites) is memory.
    """
    found[2] = 0.0
    for j in range(cost.shape[0]):
        if not outside[j]:
            continue
        gain = 0.0
        for s in range(lost.size):
            lost[s] = 0.0
        for i in range(one.size):
            value = cost[j, i]
            if value < one[i]:
                gain += value - one[i]
            else:
                lost[first[i]] += min(value, two[i]) - one[i]
        for s in range(lost.size):
            if inside[s] and gain + lost[s] < found[2]:
                found[0], found[1], found[2] = s, j, gain + lost[s]


@kernel
def put(
    cost: NDArray[np.float64],
    sites: NDArray[np.int64],
    need: NDArray[np.float64],
    left: NDArray[np.float64],
    order: NDArray[np.int64],
    placed: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Points of ``order`` that are placed nowhere (-1), one after the other, to the cheapest site that has room for all of it; ``left`` is what remains."""
    for k in range(order.size):
        i = order[k]
        if placed[i] >= 0:
            continue
        best, least = -1, np.inf
        for s in range(sites.size):
            if left[s] + _TINY >= need[i] and cost[sites[s], i] < least:
                best, least = s, cost[sites[s], i]
        if best >= 0:
            placed[i] = best
            left[best] -= need[i]


@inner
def _compare(
    cost: NDArray[np.float64], sites: NDArray[np.int64], a: int, i: int, more: NDArray[np.float64]
) -> None:  # pragma: no cover - compiled
    """What a point would cost more at each site than at the one of place ``a``."""
    for s in range(sites.size):
        more[s] = cost[sites[s], i] - cost[sites[a], i]


@kernel
def improve(
    cost: NDArray[np.float64],
    sites: NDArray[np.int64],
    need: NDArray[np.float64],
    left: NDArray[np.float64],
    placed: NDArray[np.int64],
    least: NDArray[np.float64],
    more: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Move a point to another site, or exchange two points between theirs, as long as it costs less and both have room.

    All points are placed. ``least`` (points) is set to what each costs at its cheapest site; ``more`` (sites) is memory: what a point would cost more at each.
    """
    n = placed.size
    for i in range(n):
        least[i] = np.inf
        for s in range(sites.size):
            least[i] = min(least[i], cost[sites[s], i])
    for _ in range(_ROUNDS):
        better = False
        for i in range(n):
            a = placed[i]
            _compare(cost, sites, a, i, more)
            for b in range(sites.size):
                if more[b] < -_TINY and more[b] < more[a] and left[b] + _TINY >= need[i]:
                    left[a] += need[i]
                    left[b] -= need[i]
                    a, better = b, True
            if a != placed[i]:
                placed[i] = a
                _compare(cost, sites, a, i, more)
            for k in range(n):
                b = placed[k]
                own = cost[sites[b], k]
                # The other gains at most what it lacks of its cheapest.
                if more[b] >= own - least[k] or b == a:
                    continue
                if more[b] + cost[sites[a], k] - own >= -1e-9 * (1.0 + own):
                    continue
                if left[a] + need[i] + _TINY >= need[k] and left[b] + need[k] + _TINY >= need[i]:
                    left[a] += need[i] - need[k]
                    left[b] += need[k] - need[i]
                    placed[i], placed[k] = b, a
                    a, better = b, True
                    _compare(cost, sites, a, i, more)
        if not better:
            return


@kernel
def group_costs(
    cost: NDArray[np.float64], placed: NDArray[np.int64], sums: NDArray[np.float64]
) -> None:  # pragma: no cover - compiled
    """``sums`` (candidates, sites): what the points of each site would cost from each candidate."""
    for j in range(cost.shape[0]):
        for s in range(sums.shape[1]):
            sums[j, s] = 0.0
        for i in range(placed.size):
            if placed[i] >= 0:
                sums[j, placed[i]] += cost[j, i]
