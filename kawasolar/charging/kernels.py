"""Cars of one base at their chargers, half hour by half hour; sessions that are filled into the valleys of a load; cars as a store in an outage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gis.kernels import inner, kernel

# A battery that lacks less than this is full, one that is below its reserve by less is not [kWh].
FULL = 1e-9
# Who is at a charger, and where a car is: nobody, or nowhere; it waits; it is out.
NOBODY, WAITS, OUT = -1, -2, -3
# Half hours until a car leaves that drives no more in the year.
NEVER = 1e6
# What a round of valley filling may still move before it is done [kWh].
_ROUND = 1e-4
_STEPS = 80


@inner
def _fits(lacks: float, slots: float, most: float, way: float, dear: float) -> float:  # pragma: no cover - compiled
    """How good a charger is for a car, the lower the better: the slowest that fills it in time, else the fastest."""
    if most * way * slots >= lacks:
        return most + dear
    # Behind all that fill it in time.
    return 1e6 - most * way


@inner
def _next(
    i: int, t: int, first: NDArray[np.int64], begin: NDArray[np.int64], kwh: NDArray[np.float64], bounds: NDArray[np.float64],
    stored: NDArray[np.float64], trip: NDArray[np.int64], fast: float,
) -> tuple[float, float]:  # fmt: skip # pragma: no cover - compiled
    """Half hours until a car leaves, and those of them that it does not need to be charged for its next trip."""
    k = trip[i]
    if k >= first[i + 1]:
        return NEVER, NEVER
    slots = float(begin[k] - t)
    return slots, slots - (bounds[0, i] + kwh[k] - stored[i]) / fast


@inner
def _fastest(i: int, most: NDArray[np.float64], ways: NDArray[np.float64]) -> float:  # pragma: no cover - compiled
    fast = 0.0
    for j in range(ways.size):
        fast = max(fast, most[i, j] * ways[j])
    return fast


@inner
def _moves(
    i: int, t: int, first: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64], kwh: NDArray[np.float64],
    stored: NDArray[np.float64], trip: NDArray[np.int64], where: NDArray[np.int64], place: NDArray[np.int64],
) -> bool:  # fmt: skip # pragma: no cover - compiled
    """Drive a car that is out in this half hour; whether it is."""
    k = trip[i]
    while k < first[i + 1] and end[k] <= t:
        k += 1
    trip[i] = k
    if k >= first[i + 1] or begin[k] > t:
        if where[i] == OUT:
            where[i] = NOBODY
        return False
    if where[i] >= 0:
        place[where[i]] = NOBODY
    where[i] = OUT
    stored[i] -= kwh[k] / (end[k] - begin[k])
    return True


@inner
def _came(
    i: int, t: int, first: NDArray[np.int64], end: NDArray[np.int64], trip: NDArray[np.int64]
) -> bool:  # fmt: skip # pragma: no cover - compiled
    """Whether a car is just back."""
    return trip[i] > first[i] and end[trip[i] - 1] == t


@inner
def _ready(
    i: int, first: NDArray[np.int64], kwh: NDArray[np.float64], bounds: NDArray[np.float64], stored: NDArray[np.float64], trip: NDArray[np.int64]
) -> bool:  # fmt: skip # pragma: no cover - compiled
    """Whether a car has enough for its next trip."""
    k = trip[i]
    return k >= first[i + 1] or stored[i] - kwh[k] >= bounds[0, i]


@inner
def _queue(
    t: int, staffed: bool, first: NDArray[np.int64], end: NDArray[np.int64], kwh: NDArray[np.float64], bounds: NDArray[np.float64],
    stored: NDArray[np.float64], trip: NDArray[np.int64], where: NDArray[np.int64], place: NDArray[np.int64],
) -> int:  # fmt: skip # pragma: no cover - compiled
    """Mark the cars that want a charger and may find one, and count them."""
    free, ready = 0, 0
    for c in range(place.size):
        holder = place[c]
        if holder < 0 or stored[holder] >= bounds[1, holder] - FULL:
            free += 1
        elif _ready(holder, first, kwh, bounds, stored, trip):
            ready += 1
    waits = 0
    if free + ready == 0:
        return 0
    for i in range(where.size):
        if where[i] != NOBODY or stored[i] >= bounds[1, i] - FULL or not (staffed or _came(i, t, first, end, trip)):
            continue
        if free > 0 or not _ready(i, first, kwh, bounds, stored, trip):
            where[i] = WAITS
            waits += 1
    return waits


@inner
def _place_for(
    who: int, slots: float, staffed: bool, first: NDArray[np.int64], kwh: NDArray[np.float64], bounds: NDArray[np.float64],
    most: NDArray[np.float64], ways: NDArray[np.float64], kinds: NDArray[np.int64], back: NDArray[np.float64], stored: NDArray[np.float64],
    trip: NDArray[np.int64], place: NDArray[np.int64],
) -> int:  # fmt: skip # pragma: no cover - compiled
    """The charger that suits a car best of those that are free or, while somebody is there, held by one that gives way: a full car, or one that is ready for its next trip to one that is not."""
    best, best_fit = NOBODY, 0.0
    urgent = not _ready(who, first, kwh, bounds, stored, trip)
    for c in range(kinds.size):
        holder, j = place[c], kinds[c]
        if most[who, j] <= 0.0:
            continue
        if holder >= 0:
            full = stored[holder] >= bounds[1, holder] - FULL
            if not staffed or not (full or (urgent and _ready(holder, first, kwh, bounds, stored, trip))):
                continue
        fit = _fits(bounds[1, who] - stored[who], slots, most[who, j], ways[j], back[who, j])
        # One that is free rather than one from which somebody has to be put away.
        if holder >= 0:
            fit += 1e3
        if best < 0 or fit < best_fit:
            best, best_fit = c, fit
    return best


@inner
def _urgent(
    t: int, first: NDArray[np.int64], begin: NDArray[np.int64], kwh: NDArray[np.float64], bounds: NDArray[np.float64], most: NDArray[np.float64],
    ways: NDArray[np.float64], stored: NDArray[np.float64], trip: NDArray[np.int64], where: NDArray[np.int64],
) -> tuple[int, float]:  # fmt: skip # pragma: no cover - compiled
    """Of the cars that wait the one with least slack, and the half hours until it leaves."""
    who, least, slots = NOBODY, 0.0, 0.0
    for i in range(where.size):
        if where[i] == WAITS:
            until, slack = _next(i, t, first, begin, kwh, bounds, stored, trip, _fastest(i, most, ways))
            if who < 0 or slack < least:
                who, least, slots = i, slack, until
    return who, slots


@inner
def _power(
    i: int, j: int, bounds: NDArray[np.float64], most: NDArray[np.float64], ways: NDArray[np.float64], stored: NDArray[np.float64]
) -> float:  # fmt: skip # pragma: no cover - compiled
    """Charge a car for a half hour at full power, and no further than it holds; what is drawn."""
    drawn = max(min(most[i, j], (bounds[1, i] - stored[i]) / ways[j]), 0.0)
    stored[i] += drawn * ways[j]
    return drawn


@kernel
def simulate(
    first: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64], kwh: NDArray[np.float64],
    bounds: NDArray[np.float64], most: NDArray[np.float64], ways: NDArray[np.float64], kinds: NDArray[np.int64], back: NDArray[np.float64],
    staff: NDArray[np.bool_], stored: NDArray[np.float64], trip: NDArray[np.int64], where: NDArray[np.int64], place: NDArray[np.int64],
    charge: NDArray[np.float64], plug: NDArray[np.int64], low: NDArray[np.float64], record: bool, stop: bool,
) -> bool:  # fmt: skip # pragma: no cover - compiled
    """The year of one base: who comes plugs in where there is a place, and is charged at once with full power.

    Of those that wait the one with least slack is first: half hours until it leaves, less those that it needs for its next trip. It takes the slowest charger that fills it in time,
    else the fastest. A full car is put away for another, and one that is ready for its next trip for one that is not: while ``staff`` is there, or by who comes just then. At other hours nobody plugs in.

    ``bounds`` (2, n): least and most state of charge [kWh]; ``most`` (n, kinds): drawn in a half hour [kWh], nought where a car cannot stand; ``ways`` (kinds,): what of it is stored; ``kinds`` (chargers,): which each is;
    ``back`` (n, kinds): below nought where the car had rather stand; ``stored`` (n,): at the beginning, and then at the end. Filled: ``low`` (n,), the least that is left above the least;
    ``charge`` and ``plug`` (n, T) where ``record`` (``plug`` comes full of -1). ``trip`` (n,) comes as ``first``, ``where`` (n,) and ``place`` (chargers,) full of -1.
    False at the first car below its reserve where ``stop``, and at the end where there was one.
    """
    n, enough = first.size - 1, True
    for i in range(n):
        low[i] = stored[i] - bounds[0, i]
    for t in range(staff.size):
        for i in range(n):
            if _moves(i, t, first, begin, end, kwh, stored, trip, where, place):
                low[i] = min(low[i], stored[i] - bounds[0, i])
                enough = enough and low[i] >= -FULL
        if stop and not enough:
            return False
        for _ in range(_queue(t, staff[t], first, end, kwh, bounds, stored, trip, where, place)):
            who, slots = _urgent(t, first, begin, kwh, bounds, most, ways, stored, trip, where)
            # Who drove it here can put another one away.
            staffed = staff[t] or _came(who, t, first, end, trip)
            best = _place_for(who, slots, staffed, first, kwh, bounds, most, ways, kinds, back, stored, trip, place)
            where[who] = best
            if best >= 0:
                if place[best] >= 0:
                    where[place[best]] = NOBODY
                place[best] = who
        for c in range(kinds.size):
            if place[c] >= 0:
                drawn = _power(place[c], kinds[c], bounds, most, ways, stored)
                if record:
                    charge[place[c], t] = drawn
                    plug[place[c], t] = c
    return enough


@inner
def _filled(
    base: NDArray[np.float64], begin: int, end: int, most: float, level: float
) -> tuple[float, float]:  # pragma: no cover - compiled
    """What valleys up to a level hold, each half hour at most ``most``, and how many half hours grow with it."""
    held, grow = 0.0, 0.0
    for t in range(begin, end):
        room = level - base[t]
        if room >= most:
            held += most
        elif room > 0.0:
            held += room
            grow += 1.0
    return held, grow


@kernel
def fill_valleys(
    begin: NDArray[np.int64], end: NDArray[np.int64], most: NDArray[np.float64], first: NDArray[np.int64], base: NDArray[np.float64],
    drawn: NDArray[np.float64], rounds: int,
) -> int:  # fmt: skip # pragma: no cover - compiled
    """Move what each session draws within its window to where the load with all others is lowest; again and again until nothing moves.

    Session s has half hours ``begin[s]`` to before ``end[s]`` and its part of ``drawn`` from ``first[s]``, at most ``most[s]`` each; its sum stays. ``base`` (T,) is the load with all
    sessions and is kept up. No step raises the highest half hour, for it only levels. Gives the rounds that were made.
    """
    for made in range(rounds):
        moved = 0.0
        for s in range(begin.size):
            b, e, p, off = begin[s], end[s], most[s], first[s]
            energy, low, high = 0.0, np.inf, -np.inf
            for t in range(b, e):
                x = drawn[off + t - b]
                energy += x
                base[t] -= x
                low, high = min(low, base[t]), max(high, base[t])
            if energy <= 0.0 or e - b < 2:
                for t in range(b, e):
                    base[t] += drawn[off + t - b]
                continue
            high += p
            level = low + energy / (e - b)
            for _ in range(_STEPS):
                held, grow = _filled(base, b, e, p, level)
                wrong = energy - held
                if abs(wrong) <= 1e-13 * (1.0 + energy):
                    break
                if wrong > 0.0:
                    low = level
                else:
                    high = level
                level = level + wrong / grow if grow > 0.0 else 0.5 * (low + high)
                if not low < level < high:
                    level = 0.5 * (low + high)
            rest = energy
            for t in range(b, e):
                x = max(min(level - base[t], p), 0.0)
                rest -= x
                moved = max(moved, abs(x - drawn[off + t - b]))
                drawn[off + t - b] = x
            # What rounding left goes to where there is room for it.
            for t in range(b, e):
                x = drawn[off + t - b]
                new = max(min(x + rest, p), 0.0)
                rest -= new - x
                drawn[off + t - b] = new
                base[t] += new
        if moved < _ROUND:
            return made + 1
    return rounds


@kernel
def outages(
    need: NDArray[np.float64], sun: NDArray[np.float64], stored: NDArray[np.float64], room: NDArray[np.float64], power: NDArray[np.float64],
    way: float, back: float, most: int, found: NDArray[np.float64],
) -> None:  # fmt: skip # pragma: no cover - compiled
    """How long the cars at a base keep up a need from an outage that begins at every half hour.

    ``need``, ``sun`` (T,) [kWh]; ``stored``, ``room`` (T,): what the cars that are there can give, and what they could hold [kWh in the battery]; ``power`` (T,): most in a half hour, given
    or taken [kWh]. The cars stay. ``found`` (T,): half hours that are served whole, at most ``most``. The year goes on in its first day.
    """
    total = need.size
    for t in range(total):
        left, most_left, limit = stored[t], room[t], power[t]
        served = 0
        for k in range(most):
            u = (t + k) % total
            net = need[u] - sun[u]
            if net > 0.0:
                if net > limit + 1e-12 or net > left * back + 1e-12:
                    break
                left -= net / back
            else:
                left += max(min(-net, limit, (most_left - left) / way), 0.0) * way
            served += 1
        found[t] = served
