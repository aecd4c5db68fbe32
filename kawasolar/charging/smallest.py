"""The least dear set of chargers that leaves no car short in the whole year, its worst day included.

Sets are tried from the cheapest upwards, each by the year's simulation, so that the first that is enough is the cheapest: no rule that more chargers are never worse is taken for granted.
What cannot be enough by its energy alone is left out without a simulation (:func:`_energy`).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.progress import silent
from kawasolar.charging.base import bottom, enough
from kawasolar.half_hours import COUNT, SLOTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gis.progress import Progress
    from kawasolar.charging.base import Base
    from kawasolar.charging.kinds import Charger

# Cars that are simulated, sets times cars of the base, before the search is given up for a set that is enough, without a proof that none is cheaper.
_MOST = 120_000
# Sets that are looked at, the most of them without a simulation.
_SEEN = 200_000
# Windows whose energy is looked at [days].
_WINDOWS = (1, 2, 3, 5, 7, 14)


@dataclass(frozen=True)
class Smallest:
    """The set that was found.

    Attributes
    ----------
    counts : chargers of each kind
    proven : whether nothing cheaper is enough
    tried : sets that were simulated
    reasons : (cars of the base) why no set is enough for a car: ``charging.too_far`` for its battery, ``charging.no_time`` to charge; empty where one is. Such cars are left out of the search
    """

    counts: tuple[int, ...]
    proven: bool
    tried: int
    reasons: tuple[str, ...]


def reasons_of(base: Base) -> list[str]:
    """Why a car cannot be served by any set of chargers, empty where it can: each alone at the kind that is fastest for it."""
    short = bottom(base) < -1e-9
    found = []
    for car in range(len(base)):
        if short[car]:
            found.append("charging.too_far")
            continue
        alone = base.part(np.array([car]))
        fast = int(np.argmax(alone.most[0] * alone.ways))
        one = [int(j == fast) for j in range(len(base.kinds))]
        found.append("" if enough(alone, one) else "charging.no_time")
    return found


def smallest(base: Base, least: Sequence[int] | None = None, progress: Progress = silent, most: int = _MOST) -> Smallest:  # fmt: skip
    """The cheapest set, after subsidies, at which no car ever comes below its reserve.

    Of sets that cost the same the one with fewer chargers, then with fewer that give back, then with less power is found.

    Parameters
    ----------
    least : of each kind at least so many
    most : cars that are simulated at most, over all sets

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    floor = tuple(least or (0,) * len(base.kinds))
    reasons = reasons_of(base)
    rows = np.flatnonzero([not why for why in reasons])
    if not len(rows):
        return Smallest(floor, proven=True, tried=0, reasons=tuple(reasons))
    some = base.part(rows)
    bounds = _energy(some)
    tried, seen = 0, 0
    for counts in _by_cost(some, floor):
        seen += 1
        if not _may(some, counts, bounds):
            continue
        if (tried + 1) * len(some) > most or seen > _SEEN:
            break
        tried += 1
        progress(0.0, "charging")
        if enough(some, counts):
            return Smallest(counts, proven=True, tried=tried, reasons=tuple(reasons))
    return Smallest(_descend(some, floor), proven=False, tried=tried, reasons=tuple(reasons))


def _by_cost(base: Base, floor: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Sets from the cheapest upwards, each once; more of a kind than there are cars are of no use."""
    costs, power = np.array([kind.cost_yen for kind in base.kinds]), np.array([kind.power_kw for kind in base.kinds])
    both = np.array([int(kind.both_ways) for kind in base.kinds])
    ceiling = [max(len(base), low) for low in floor]

    def key(counts: tuple[int, ...]) -> tuple[float, int, int, float, tuple[int, ...]]:
        return float(costs @ counts), sum(counts), int(both @ counts), float(power @ counts), counts

    heap = [key(floor)]
    while heap:
        counts = heapq.heappop(heap)[-1]
        yield counts
        # Each set has one parent: that with one less of its last kind that is above the floor.
        last = max((j for j, one in enumerate(counts) if one > floor[j]), default=0)
        for j in range(last, len(counts)):
            grown = (*counts[:j], counts[j] + 1, *counts[j + 1 :])
            if grown[j] <= ceiling[j]:
                heapq.heappush(heap, key(grown))


def _energy(base: Base) -> list[tuple[float, float]]:
    """(half hours, energy into the batteries [kWh]) that must be charged in some window: what all cars drive up in it, less all that they can bring into it."""
    driven = np.concatenate([[0.0], np.cumsum(base.driven_kwh.sum(axis=0))])
    brought = float((base.full - base.least).sum())
    found = [(float(COUNT), float(driven[-1]) - brought)]
    for days in _WINDOWS:
        slots = days * SLOTS
        found.append((float(slots), float((driven[slots:] - driven[:-slots]).max()) - brought))
    return found


def _may(base: Base, counts: Sequence[int], bounds: list[tuple[float, float]]) -> bool:
    """Whether a set has the power for the energy of every window."""
    fastest = base.most.max(axis=0) * base.ways
    power = float(fastest @ np.asarray(counts))
    return all(power * slots >= energy - 1e-9 for slots, energy in bounds)


def _descend(base: Base, floor: tuple[int, ...]) -> tuple[int, ...]:
    """A cheap set that is enough: of each two kinds the cheapest numbers, as far as more of the first are never worse; else the fastest charger for each car."""
    fast = np.bincount(np.argmax(base.most * base.ways, axis=1), minlength=len(base.kinds))
    best = tuple(max(int(one), low) for one, low in zip(fast, floor, strict=True))
    for j, first in enumerate(base.kinds):
        for k, second in enumerate(base.kinds):
            if second.cost_yen < first.cost_yen or (j != k and second.power_kw <= first.power_kw):
                continue
            for more in range(len(base) + 1 if j != k else 1):
                room = cost_of(base.kinds, best) - cost_of(base.kinds, _with(floor, k, more))
                if room <= 0.0:
                    break
                most = min(len(base), int(np.ceil(room / max(first.cost_yen, 1.0))) - 1)
                best = _fewest(base, _with(floor, k, more), j, most) or best
    return best


def _with(counts: tuple[int, ...], j: int, more: int) -> tuple[int, ...]:
    return (*counts[:j], counts[j] + more, *counts[j + 1 :])


def _fewest(base: Base, counts: tuple[int, ...], j: int, most: int) -> tuple[int, ...] | None:
    """The set with the fewest more of a kind that is enough; None where so many are not."""
    if most < 0 or not enough(base, _with(counts, j, most)):
        return None
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if enough(base, _with(counts, j, middle)):
            high = middle
        else:
            low = middle + 1
    return _with(counts, j, high)


def cost_of(kinds: Sequence[Charger], counts: Sequence[int]) -> float:
    """What a set costs after subsidies [yen]."""
    return float(sum(kind.cost_yen * int(count) for kind, count in zip(kinds, counts, strict=True)))
