"""The p-median: so many sites that the points' weighted distances to the nearest are least, with proof.

A bound by Lagrange (:mod:`kawasolar.siting.lagrange`), choices by exchange of one site for another (Teitz & Bart 1968, in the fast form of Whitaker 1983),
candidates ruled in and out by what they would add to the bound, and the rest put to HiGHS.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from gis.progress import silent
from kawasolar.errors import PlanError
from kawasolar.programme.highs import Limits, Watch
from kawasolar.siting.checked import question_of
from kawasolar.siting.kernels import best_exchange, nearest_two
from kawasolar.siting.lagrange import Dual, Sizes, dual, ruled
from kawasolar.siting.models import Wanted, by_levels
from kawasolar.siting.result import Located, nearest
from kawasolar.siting.searching import searched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from gis.progress import Progress
    from kawasolar.siting.checked import Question

# Beyond all costs together, so that a pair that cannot be is in no best choice where there is another.
_FAR = 4.0
_SECONDS = 600.0
# All pairs of exchange are gone through so often at the beginning, then once a step of the bound.
_PASSES = 150
# Share of the progress that the bound takes, and of the time at most; the search has the rest.
_BOUND_PART, _BOUND_TIME = 0.4, 0.7


def p_median(
    cost: ArrayLike, p: int, *, weights: ArrayLike | None = None, pinned: Sequence[int] = (), vetoed: Sequence[int] = ()
) -> tuple[NDArray[np.int64], float]:  # fmt: skip
    """The ``p`` candidates for which ``Σ weight × cost to the nearest chosen candidate`` is least, proven.

    Parameters
    ----------
    cost : [points, candidates] distance or time, not negative; inf where a point cannot be served from there
    p : how many sites, the pinned among them
    weights : [points], not negative; 1 each unless given
    pinned, vetoed : places of candidates that are among the sites in any case (those that stand already), and of those that may not be

    Returns
    -------
    sites : [p] places of the chosen candidates, sorted
    total : in the unit of weight × cost

    Raises
    ------
    PlanError
        ``siting.not_a_table``, ``siting.bad_cost`` (NaN or negative), ``siting.bad_weight``, ``siting.bad_number``, ``siting.no_such_candidate``,
        ``siting.pinned_and_vetoed``, ``siting.too_many_pins``, ``siting.too_few_candidates``; ``siting.out_of_reach``: no ``p`` sites reach all points;
        ``siting.not_proven``: ten minutes were too short
    """
    found = locate(cost, p, weights=weights, pinned=pinned, vetoed=vetoed)
    if not found.exact:
        raise PlanError("siting.not_proven", gap=found.gap, seconds=_SECONDS)
    return found.sites, found.total


def locate(
    cost: ArrayLike, p: int, *, weights: ArrayLike | None = None, pinned: Sequence[int] = (), vetoed: Sequence[int] = (),
    gap: float = 0.0, seconds: float = _SECONDS, progress: Progress = silent,
) -> Located:  # fmt: skip
    """As :func:`p_median`, with who is served from where, and the proof: ends at the ``gap`` (share of the total) or after ``seconds``.

    Raises
    ------
    PlanError
        as :func:`p_median`, but for ``siting.not_proven``: the gap is in what is returned
    gis.progress.Cancelled
        from ``progress``
    """
    asked = question_of(cost, p, weights, pinned, vetoed)
    question, far = without_inf(asked)
    watch = Watch(progress, "siting", _BOUND_PART, 1.0, seconds)
    sites, total, bound = _solved(question, gap, watch)
    if total >= far:
        raise PlanError("siting.out_of_reach", points=_unreached(asked, sites), number=p)
    place, value = nearest(question.cost, sites)
    points = np.arange(question.points)
    return Located(sites, float(value.sum()), min(bound, float(value.sum())), points, place, np.ones(len(points)))


def without_inf(asked: Question) -> tuple[Question, float]:
    """The question with a large number for inf, and that number; inf where there was none."""
    from dataclasses import replace

    reached = np.isfinite(asked.cost)
    if reached.all():
        return asked, np.inf
    largest = np.where(reached, asked.cost, 0.0).max(axis=0, initial=0.0).sum()
    far = _FAR * max(float(largest), 1.0)
    return replace(asked, cost=np.where(reached, asked.cost, far)), far


def _unreached(asked: Question, sites: NDArray[np.int64]) -> int:
    return int((~np.isfinite(asked.cost[sites])).all(axis=0).sum())


def _solved(question: Question, gap: float, watch: Watch) -> tuple[NDArray[np.int64], float, float]:
    """Sites, what they cost, and the bound."""
    best = _Best(question)
    begun = time.monotonic()

    def tell(share: float) -> None:
        watch.progress(_BOUND_PART * share, watch.what)

    found = dual(question, Sizes.without(question), best.seen, tell, seconds=watch.seconds * _BOUND_TIME, enough=gap)
    if _near(best.total, _whole_bound(question, found.bound), gap):
        return best.sites, best.total, _whole_bound(question, found.bound)
    left = max(watch.seconds - (time.monotonic() - begun), 0.0)
    return _closed(question, found, best, gap, watch, left)


def _closed(
    question: Question, found: Dual, best: _Best, gap: float, watch: Watch, seconds: float
) -> tuple[NDArray[np.int64], float, float]:
    """What the bound leaves open, by HiGHS; what it rules out cannot cost less than the best known, so that the best of both is the best."""
    begun = time.monotonic()
    always, never = ruled(question, found, best.total)
    model = by_levels(question.cost, Wanted(always, never, question.number))
    start = np.zeros(len(model.problem.worth))
    start[best.sites] = 1.0
    known = start if not never[best.sites].any() else None
    answer = searched(model.problem, Limits(gap, max(seconds - (time.monotonic() - begun), 0.0)), watch, known)
    if answer.x is not None:
        sites = np.flatnonzero(answer.x[: len(question.cost)] > 0.5).astype(np.int64)
        best.take(sites)
    inner = np.inf if answer.status == "none" else model.base - answer.bound
    bound = max(_whole_bound(question, max(found.bound, min(inner, best.total))), found.bound)
    return best.sites, best.total, min(bound, best.total)


def _near(total: float, bound: float, gap: float) -> bool:
    return total - bound <= max(gap * abs(total), 1e-9 * max(abs(total), 1.0))


def _whole_bound(question: Question, bound: float) -> float:
    """Where all costs are whole numbers, so is the least sum."""
    whole = bool((question.cost == np.rint(question.cost)).all())
    return float(np.ceil(bound - 1e-6 * max(1.0, abs(bound) * 1e-6))) if whole else bound


class _Best:
    """The best choice that is known. New ones that the bound comes upon are bettered by exchanges, as long as these take no longer than the bound itself."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.sites: NDArray[np.int64] = np.zeros(0, np.int64)
        self.total = np.inf
        self._known: set[bytes] = set()
        self._steps = self._passes = 0

    def seen(self, sites: NDArray[np.int64]) -> float:
        key = sites.tobytes()
        self._steps += 1
        if key not in self._known:
            self._known.add(key)
            if self._passes <= self._steps + _PASSES:
                sites, passes = exchanged(self.question, sites)
                self._passes += passes
            self.take(sites)
        return self.total

    def take(self, sites: NDArray[np.int64]) -> None:
        total = float(nearest(self.question.cost, sites)[1].sum())
        if total < self.total:
            self.sites, self.total = np.sort(sites), total


def exchanged(question: Question, sites: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Exchange one site for one candidate, the best pair first, until none helps; and how often all pairs were gone through."""
    cost, n = question.cost, question.points
    sites = sites.copy()
    first, one, two = np.empty(n, np.int64), np.empty(n), np.empty(n)
    lost, found = np.empty(len(sites)), np.zeros(3)
    passes = 0
    while True:
        passes += 1
        nearest_two(cost, sites, first, one, two)
        outside = question.free.copy()
        outside[sites] = False
        best_exchange(cost, ~question.pinned[sites], outside, first, one, two, lost, found)
        if found[2] >= -1e-9 * max(float(one.sum()), 1e-9):
            break
        sites[int(found[0])] = int(found[1])
    return np.sort(sites), passes
