"""Sites grouped into lots: a start by growing lots from the outside inwards, then moves, exchanges, mergers and cuts while any of them helps.

What is minimised, in this order of weight: sites outside of any lot; a lot's worth (``lot_km2``) for each lot; the sum of squared distances of the sites from
the middle of their lot. A lot below its least size counts its sites as outside, the less so the fuller it is, so that a move which fills it is seen
as one that helps; at the end they all count alike. Nothing is drawn by lot: the same sites and rules give the same lots.

Distances between all sites are held at once (1,000 sites: 8 MB); a move is looked at only into lots of near neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kawasolar.lots.rules import LotRules

# What a site outside weighs against a squared kilometre: more than any lot can be compact.
_OUTSIDE = 1e7
# Of it what filling a lot below its least size takes off.
_FILL = 0.5
_NEIGHBOURS = 16
# Shares of the room between least and greatest size to which lots are grown; each is a start of its own.
_STARTS = (0.0, 0.35, 0.7, 1.0)
_MOST_SWEEPS = 400
# Below this an improvement is the rounding of floats.
_HELPS = 1e-9
# A least size below this is none [kW].
_LEAST_KW = 1e-3
# Beyond any city.
_FAR_KM = 1e6
# So few sites that every one of them is tried as the first.
_FEW = 12


@dataclass
class _State:
    """Lots while they are changed: ``label`` of each site, and of each label count, kW, sums of places and of their squares, the farthest member."""

    label: NDArray[np.intp]
    count: NDArray[np.float64]
    kw: NDArray[np.float64]
    middle_sum: NDArray[np.float64]
    square: NDArray[np.float64]
    farthest: NDArray[np.float64]


class Grouping:
    """One set of sites that may all be together as far as ward, roof and season go.

    Parameters
    ----------
    years : [n] fiscal years; what lies further apart than ``year_span`` allows is infinitely far. Of no year are those with 0, and only with one another
    """

    def __init__(
        self, places_km: NDArray[np.float64], kw: NDArray[np.float64], rules: LotRules, years: NDArray[np.int64] | None = None
    ) -> None:  # fmt: skip
        self.kw, self.rules = kw, rules
        self.places = places_km - places_km.mean(axis=0)
        self.apart = np.sqrt(((self.places[:, None, :] - self.places[None, :, :]) ** 2).sum(axis=-1))
        if years is not None and rules.year_span:
            # Of three sites the first and the last are apart the most, so pairs say it of all of a lot.
            self.apart[np.abs(years[:, None] - years[None, :]) >= rules.year_span] = np.inf
        self.squares = (self.places**2).sum(axis=1)
        self.near = np.argsort(self.apart, axis=1, kind="stable")[:, 1 : _NEIGHBOURS + 1]
        self._fill = _FILL

    def best(self, tell: Callable[[float], None]) -> NDArray[np.intp]:
        """[n] label of each site's lot; -1 outside.

        Parameters
        ----------
        tell : told the share that is done; may raise ``Cancelled``
        """
        count = len(self.kw)
        least, found = np.inf, np.full(count, -1, dtype=np.intp)
        starts = [(fill, first) for fill in _STARTS for first in (range(count) if count <= _FEW else (None,))]
        for k, (fill, first) in enumerate(starts):
            hear = partial(tell, k / len(starts))
            self._fill = _FILL
            label = self.improved(self.grown(fill, first), hear)
            # Which of them stay outside is no longer a matter of how full they are.
            self._fill = 0.0
            label = self.improved(label, hear)
            worth = self.worth(label)
            if worth < least - _HELPS:
                least, found = worth, label
        tell(1.0)
        return self._ready(found)

    def worth(self, label: NDArray[np.intp]) -> float:
        """What is minimised, of any grouping; all sites outside count alike."""
        self._fill = 0.0
        state = self._state(label)
        return float(self._cost(state.count, state.kw, state.square - self._shift(state)).sum())

    # ---------------------------------------------------------------- start

    def grown(self, fill: float, first: int | None) -> NDArray[np.intp]:
        """Lots grown one after the other: the outermost site that is left, then always the nearest that fits, up to a size between least and greatest."""
        rules, kw = self.rules, self.kw
        goal_kw = rules.min_kw + fill * (rules.max_kw - rules.min_kw)
        goal_sites = rules.min_sites + fill * (rules.max_sites - rules.min_sites)
        label = np.full(len(kw), -1, dtype=np.intp)
        outward = self.squares.copy() if first is None else np.minimum(self.apart[first], _FAR_KM) + 1.0
        if first is not None:
            outward[first] = np.inf
        next_label = 0
        while (label < 0).any():
            seed = int(np.argmax(np.where(label < 0, outward, -1.0)))
            label[seed] = next_label
            power, members, reach = kw[seed], 1, self.apart[seed].copy()
            total = self.apart[seed].copy()
            while power < goal_kw or members < max(goal_sites if fill > 0 else rules.min_sites, 1):
                may = (label < 0) & (reach <= rules.max_distance_km) & (power + kw <= rules.max_kw)
                if members >= rules.max_sites or not may.any():
                    break
                taken = int(np.argmin(np.where(may, total, np.inf)))
                label[taken] = next_label
                power, members = power + kw[taken], members + 1
                reach = np.maximum(reach, self.apart[taken])
                total += self.apart[taken]
                # One of the two least sizes may be large and the other reached long ago: the greatest of either ends it.
                if fill > 0 and power >= goal_kw and members >= rules.min_sites:
                    break
            next_label += 1
        return label

    # ---------------------------------------------------------------- improvement

    def improved(self, label: NDArray[np.intp], hear: Callable[[], None]) -> NDArray[np.intp]:
        """The same lots after all moves, exchanges, mergers, cuts and dissolutions that help."""
        state = self._state(label)
        for _ in range(_MOST_SWEEPS):
            hear()
            steps = (self._move, self._exchange, self._merge, self._split, self._dissolve)
            if not any(step(state) for step in steps):
                break
        return state.label

    def _cost(
        self, count: NDArray[np.float64], kw: NDArray[np.float64], spread: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What lots of this many sites, this size and this sum of squared distances [km²] weigh."""
        rules = self.rules
        fill = np.minimum(kw / max(rules.min_kw, _LEAST_KW), count / max(rules.min_sites, 1)).clip(0.0, 1.0)
        # Sizes are sums of floats: a lot of exactly the least size has it.
        ready = (kw >= rules.min_kw * (1 - 1e-12)) & (count >= rules.min_sites)
        short = _OUTSIDE * count * (1.0 - self._fill * fill)
        whole = np.where(ready, rules.lot_km2, short) + np.maximum(spread, 0.0)
        return np.asarray(np.where(count > 0, whole, 0.0), dtype=np.float64)

    def _state(self, label: NDArray[np.intp]) -> _State:
        """Sums of the lots; a site outside is a lot by itself. Labels are as many as sites, so that there is always an empty one."""
        size, mine = len(label) + 1, label.copy()
        free = iter(sorted(set(range(size)) - set(mine.tolist())))
        for k in np.flatnonzero(mine < 0):
            mine[k] = next(free)
        state = _State(
            mine, np.zeros(size), np.zeros(size), np.zeros((size, 2)), np.zeros(size), np.zeros((len(label), size))
        )
        for one in np.unique(mine):
            self._renew(state, int(one))
        return state

    def _renew(self, state: _State, one: int) -> None:
        members = np.flatnonzero(state.label == one)
        state.count[one] = len(members)
        state.kw[one] = self.kw[members].sum()
        state.middle_sum[one] = self.places[members].sum(axis=0)
        state.square[one] = self.squares[members].sum()
        state.farthest[:, one] = self.apart[:, members].max(axis=1) if len(members) else 0.0

    @staticmethod
    def _shift(state: _State) -> NDArray[np.float64]:
        """Σ|x|² less this is the sum of squared distances from the middle."""
        return np.asarray((state.middle_sum**2).sum(axis=1) / np.maximum(state.count, 1.0), dtype=np.float64)

    def _costs(self, state: _State) -> NDArray[np.float64]:
        return self._cost(state.count, state.kw, state.square - self._shift(state))

    def _changed(
        self, state: _State, lot: NDArray[np.intp], count: float | NDArray[np.float64], kw: NDArray[np.float64], place: NDArray[np.float64], square: NDArray[np.float64]
    ) -> NDArray[np.float64]:  # fmt: skip
        """Cost of lots after something is added to them (or taken away, with signs)."""
        members = state.count[lot] + count
        sums = state.middle_sum[lot] + place
        spread = state.square[lot] + square - (sums**2).sum(axis=-1) / np.maximum(members, 1.0)
        return self._cost(members, state.kw[lot] + kw, spread)

    def _move(self, state: _State) -> bool:
        """Sites into other lots: of each lot the best at most, so that what one was weighed by still holds."""
        rules, cost, sites = self.rules, self._costs(state), np.arange(len(self.kw))
        empty = int(np.flatnonzero(state.count == 0)[0])
        to = np.concatenate([state.label[self.near], np.full((len(sites), 1), empty)], axis=1)
        own = state.label[:, None]
        left = self._changed(state, state.label, -1.0, -self.kw, -self.places, -self.squares)
        after = self._changed(state, to, 1.0, self.kw[:, None], self.places[:, None, :], self.squares[:, None])
        gain = cost[own] + cost[to] - left[:, None] - after
        fits = (
            (to != own)
            & (state.count[to] + 1 <= rules.max_sites)
            & (state.kw[to] + self.kw[:, None] <= rules.max_kw)
            & (state.farthest[sites[:, None], to] <= rules.max_distance_km)
        )
        gain = np.where(fits | ((to == empty) & (state.count[own] > 1)), gain, -np.inf)
        best = np.argmax(gain, axis=1)
        gains = gain[sites, best]
        touched: set[int] = set()
        moved = False
        for k in np.argsort(-gains, kind="stable"):
            if gains[k] <= _HELPS:
                break
            before, after_lot = int(state.label[k]), int(to[k, best[k]])
            if before in touched or after_lot in touched:
                continue
            touched |= {before, after_lot}
            state.label[k] = after_lot
            self._renew(state, before)
            self._renew(state, after_lot)
            moved = True
        return moved

    def _exchange(self, state: _State) -> bool:
        """One site against another of a near lot."""
        rules, cost = self.rules, self._costs(state)
        first = np.repeat(np.arange(len(self.kw)), self.near.shape[1])
        second = self.near.reshape(-1)
        keep = state.label[first] != state.label[second]
        first, second = first[keep], second[keep]
        if not len(first):
            return False
        a, b = state.label[first], state.label[second]
        kw, place, square = (values[second] - values[first] for values in (self.kw, self.places, self.squares))
        gain = (
            cost[a]
            + cost[b]
            - self._changed(state, a, 0.0, kw, place, square)
            - self._changed(state, b, 0.0, -kw, -place, -square)
        )
        gain = np.where((state.kw[a] + kw <= rules.max_kw) & (state.kw[b] - kw <= rules.max_kw), gain, -np.inf)
        touched: set[int] = set()
        changed = False
        for k in np.argsort(-gain, kind="stable"):
            if gain[k] <= _HELPS:
                break
            i, j = int(first[k]), int(second[k])
            lot_i, lot_j = int(a[k]), int(b[k])
            if lot_i in touched or lot_j in touched or not self._may_swap(state, i, j):
                continue
            touched |= {lot_i, lot_j}
            state.label[i], state.label[j] = lot_j, lot_i
            self._renew(state, lot_i)
            self._renew(state, lot_j)
            changed = True
        return changed

    def _may_swap(self, state: _State, i: int, j: int) -> bool:
        """Whether both are near enough to all the others of their new lots."""
        for mine, other in ((i, j), (j, i)):
            members = np.flatnonzero(state.label == state.label[other])
            members = members[members != other]
            if len(members) and self.apart[mine, members].max() > self.rules.max_distance_km:
                return False
        return True

    def _merge(self, state: _State) -> bool:
        """Two near lots as one."""
        rules, cost = self.rules, self._costs(state)
        pairs = np.stack([np.repeat(state.label, self.near.shape[1]), state.label[self.near].reshape(-1)], axis=1)
        pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
        if not len(pairs):
            return False
        a, b = pairs[:, 0], pairs[:, 1]
        whole = self._changed(state, a, state.count[b], state.kw[b], state.middle_sum[b], state.square[b])
        fits = (state.count[a] + state.count[b] <= rules.max_sites) & (state.kw[a] + state.kw[b] <= rules.max_kw)
        gain = np.where(fits, cost[a] + cost[b] - whole, -np.inf)
        touched: set[int] = set()
        for k in np.argsort(-gain, kind="stable"):
            if gain[k] <= _HELPS:
                break
            members = np.flatnonzero(state.label == a[k])
            pair = {int(a[k]), int(b[k])}
            if pair & touched or state.farthest[members, b[k]].max() > rules.max_distance_km:
                continue
            touched |= pair
            state.label[state.label == b[k]] = a[k]
            self._renew(state, int(a[k]))
            self._renew(state, int(b[k]))
        return bool(touched)

    def _split(self, state: _State) -> bool:
        """A lot cut in two across its length, or across the line from one of its sites to another, where the halves weigh less."""
        cost, changed = self._costs(state), False
        for lot in np.flatnonzero(state.count >= max(2 * self.rules.min_sites, 2)):
            members = np.flatnonzero(state.label == lot)
            ends = [int(members[np.argmax(self.apart[k, members])]) for k in members[:_NEIGHBOURS]]
            best = (cost[lot] - _HELPS, members[:0])
            for one, other in zip(members[:_NEIGHBOURS].tolist(), ends, strict=True):
                along = (self.places[members] - self.places[one]) @ (self.places[other] - self.places[one])
                order = members[np.argsort(along, kind="stable")]
                sums = [np.cumsum(values[order], axis=0)[:-1] for values in (self.kw, self.places, self.squares)]
                count = np.arange(1.0, len(order))
                near = self._cost(count, sums[0], sums[2] - (sums[1] ** 2).sum(axis=1) / count)
                far = self._changed(state, np.full(len(count), lot), -count, -sums[0], -sums[1], -sums[2])
                cut = int(np.argmin(near + far))
                if near[cut] + far[cut] < best[0]:
                    best = (float(near[cut] + far[cut]), order[: cut + 1])
            if len(best[1]):
                empty = int(np.flatnonzero(state.count == 0)[0])
                state.label[best[1]] = empty
                self._renew(state, int(lot))
                self._renew(state, empty)
                changed = True
        return changed

    def _dissolve(self, state: _State) -> bool:
        """A small lot shared out among its neighbours, where together they gain by it."""
        before = self._costs(state)
        for lot in np.argsort(np.where(state.count > 0, state.count, np.inf), kind="stable"):
            members = np.flatnonzero(state.label == lot)
            if not 1 <= len(members) <= max(self.rules.min_sites, 3):
                continue
            kept = state.label.copy()
            touched = {int(lot)}
            for k in members:
                goal = self._nearest_with_room(state, int(k), int(lot))
                if goal is None:
                    break
                state.label[k] = goal
                touched.add(goal)
                self._renew(state, goal)
            self._renew(state, int(lot))
            if self._costs(state).sum() < before.sum() - _HELPS and (state.label != kept).any():
                return True
            state.label[:] = kept
            for one in touched:
                self._renew(state, one)
        return False

    def _nearest_with_room(self, state: _State, site: int, but: int) -> int | None:
        rules = self.rules
        for neighbour in self.near[site]:
            lot = int(state.label[neighbour])
            fits = state.count[lot] + 1 <= rules.max_sites and state.kw[lot] + self.kw[site] <= rules.max_kw
            if lot != but and fits and state.farthest[site, lot] <= rules.max_distance_km:
                return lot
        return None

    def _ready(self, label: NDArray[np.intp]) -> NDArray[np.intp]:
        """Lots that keep to all rules, numbered from 0 by their first site; what is left outside -1."""
        state, found = self._state(label), np.full(len(label), -1, dtype=np.intp)
        rules, number = self.rules, 0
        for k in range(len(label)):
            lot = state.label[k]
            ready = state.kw[lot] >= rules.min_kw * (1 - 1e-12) and state.count[lot] >= rules.min_sites
            own = state.kw[lot] <= rules.max_kw and state.count[lot] <= rules.max_sites
            if found[k] < 0 and ready and own:
                found[state.label == lot] = number
                number += 1
        return found
