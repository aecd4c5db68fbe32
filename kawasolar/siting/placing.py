"""Points put to sites with room: in the order of what they lose elsewhere, moved and exchanged, sites moved to where their points would have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.siting.kernels import group_costs, improve, put

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.siting.checked import Question
    from kawasolar.siting.lagrange import Sizes


@dataclass(frozen=True, eq=False)
class Placed:
    """Sites (the dummy among them), the site of each point by place, and what it costs."""

    sites: NDArray[np.int64]
    placed: NDArray[np.int64]
    total: float


@dataclass(frozen=True, eq=False)
class Placing:
    """A question and its sizes; one of its candidates has room for all."""

    question: Question
    sizes: Sizes

    def put(
        self, sites: NDArray[np.int64], before: NDArray[np.int64] | None = None, *, improved: bool = False
    ) -> Placed:
        """All points at their site: first those that lose most where their cheapest site is full.

        Parameters
        ----------
        before : where points are already (place of the site; -1: nowhere), within the sites' room
        """
        cost, n, need = self.question.cost, self.question.points, self.sizes.need
        placed = np.full(n, -1, np.int64) if before is None else before.copy()
        some = np.flatnonzero(placed < 0)
        there = placed >= 0
        left = self.sizes.room[sites] - np.bincount(placed[there], weights=need[there], minlength=len(sites))
        if len(some):
            own = np.partition(cost[sites][:, some], min(1, len(sites) - 1), axis=0)
            lost = (own[min(1, len(sites) - 1)] - own[0]) / need[some]
            put(cost, sites, need, left, some[np.argsort(-lost, kind="stable")], placed)
        if improved:
            improve(cost, sites, need, left, placed, np.empty(n), np.empty(len(sites)))
        return Placed(sites, placed, float(cost[sites[placed], np.arange(n)].sum()))

    def settled(self, sites: NDArray[np.int64], before: NDArray[np.int64] | None = None) -> Placed:
        """Points improved, and each site moved to where its points would have it, until nothing changes."""
        one = self.put(sites, before, improved=True)
        while True:
            moved = self.moved(one)
            if (moved == one.sites).all():
                return one
            # From nothing the points fall otherwise than from where they are: each way finds what the other does not.
            other = self.put(moved, None if before is None else one.placed, improved=True)
            if other.total >= one.total - 1e-9 * abs(one.total):
                return one
            one = other

    def moved(self, one: Placed) -> NDArray[np.int64]:
        """Each site that is not pinned at the cheapest free candidate that has room for its points."""
        question = self.question
        sums = np.empty((len(question.cost), len(one.sites)))
        group_costs(question.cost, one.placed, sums)
        load = np.bincount(one.placed, weights=self.sizes.need, minlength=len(one.sites))
        taken = np.zeros(len(question.cost), dtype=bool)
        taken[one.sites] = True
        sites = one.sites.copy()
        for s in np.argsort(-load, kind="stable"):
            if question.pinned[sites[s]]:
                continue
            able = question.free & ~taken & (self.sizes.room * (1 + 1e-9) >= load[s])
            able[sites[s]] = True
            to = int(np.where(able, sums[:, s], np.inf).argmin())
            taken[sites[s]], taken[to] = False, True
            sites[s] = to
        return sites


def odds_of(worth: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """How often a candidate is tried: e times less for each step of ρ that lies between the best and the ``number``-th; none never."""
    ranked = np.sort(worth)
    step = max(float(ranked[min(number, len(ranked) - 1)] - ranked[0]), 1e-9)
    return np.maximum(np.exp(-(worth - ranked[0]) / step), 1e-6)
