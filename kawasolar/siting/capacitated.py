"""The p-median with room at each site: a point is served whole from one site, or split where that is allowed; what finds no room stays unserved at a penalty.

Not being served is a candidate of its own (the dummy: always there, room for all, cost = penalty), so that there is always an answer. The bound and the
candidates as :mod:`kawasolar.siting.locate`, with the continuous knapsack for the columns; choices by putting points to sites in the order of what they
lose elsewhere, then moving and exchanging points, moving sites to where their points would have them, and shaking that (iterated local search).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gis.progress import silent
from kawasolar.programme.highs import Limits, Watch, relax
from kawasolar.siting.checked import amounts_of, question_of, weights_of
from kawasolar.siting.lagrange import Dual, Sizes, chosen_of, dual, ruled
from kawasolar.siting.models import Wanted, by_pairs, shipping
from kawasolar.siting.placing import Placed, Placing, odds_of
from kawasolar.siting.result import Located
from kawasolar.siting.searching import searched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from gis.progress import Progress
    from kawasolar.siting.checked import Question

_SECONDS = 60.0
_GAP = 0.01
# Of the time: until when the bound, and until when choices are shaken; beyond ``_SHAKE_UNTIL`` only where HiGHS cannot be asked for all of it.
_BOUND_UNTIL, _SHAKE_UNTIL = 0.4, 0.6
_SHAKES = (0.15, 0.3, 0.45, _SHAKE_UNTIL, 0.75, 0.9)
# So many pairs HiGHS takes within a minute or so.
_MOST_PAIRS = 120_000
# Shakes without a better choice after which HiGHS is asked, if it can be.
_TIRED = 60
# … or where that is too much for it.
_EXHAUSTED = 10_000
# In how many of the shakes the other sites keep their points, as a share.
_STAY = 0.5
# Sites that change places in a shake, at most.
_MOST_SHAKEN = 3
# Sites that a point may be put to in the end, and how much of the time is left for that.
_NEIGHBOURS, _PUT_PART = 6, 0.15
# Candidates for other sites, as a multiple of the sites; how many of them a point may be put to; and how much of the time that may take.
_WIDER, _NEAREST, _WIDER_PART = 2, 10, 0.25
_SEED = 20260501
# Of what all points need, for a point that needs nothing.
_NOTHING = 1e-12


def capacitated_p_median(
    cost: ArrayLike, p: int, need: ArrayLike, room: ArrayLike, *, weights: ArrayLike | None = None, pinned: Sequence[int] = (),
    vetoed: Sequence[int] = (), penalty: float | None = None, split: bool = False, gap: float = _GAP, seconds: float = _SECONDS,
    progress: Progress = silent,
) -> Located:  # fmt: skip
    """``p`` sites, and who is served from which, so that ``Σ weight × cost`` and the penalties are least and no site serves more than it has room for.

    Parameters
    ----------
    cost : [points, candidates] not negative; inf where a point cannot be served from there
    p : how many sites, the pinned among them
    need : [points] or one for all, not negative; in the unit of ``room``
    room : [candidates] or one for all, not negative
    weights : [points]; ``need`` unless given
    penalty : what a unit of weight costs that is not served, in the unit of ``cost``; twice the largest finite cost unless given
    split : a point may be served from several sites; else from one or not at all
    gap, seconds : the search ends at this proven gap (share of the total), or then

    Returns
    -------
    Located : ``total`` with the penalties; what is served less than whole is not served with the rest

    Raises
    ------
    PlanError
        as :func:`kawasolar.siting.locate.p_median`; ``siting.bad_need``, ``siting.bad_room``, ``siting.bad_penalty``
    gis.progress.Cancelled
        from ``progress``
    """
    table = np.asarray(cost, dtype=np.float64)
    points, candidates = table.shape if table.ndim == 2 else (0, 0)
    needs = amounts_of(need, points, "siting.bad_need", positive=False)
    heavy = weights_of(needs if weights is None else weights, points)
    question = _with_dummy(question_of(table, p, heavy, pinned, vetoed), table, heavy, penalty)
    floor = _NOTHING * max(float(needs.sum()), 1.0)
    rooms = np.append(amounts_of(room, candidates, "siting.bad_room", positive=False), np.inf)
    work = _Work(
        question,
        Sizes(np.maximum(needs, floor), rooms),
        split,
        Watch(progress, "siting", _SHAKE_UNTIL, 1.0, seconds),
        gap,
    )
    return work.solved()


def _with_dummy(
    asked: Question, table: NDArray[np.float64], heavy: NDArray[np.float64], penalty: float | None
) -> Question:
    """The question with the dummy as its last candidate; what costs more than the penalty, or cannot be, costs a hair more than it."""
    from kawasolar.errors import PlanError

    finite = table[np.isfinite(table)]
    each = 2.0 * float(finite.max(initial=0.0)) if penalty is None else penalty
    if not np.isfinite(each) or each < 0:
        raise PlanError("siting.bad_penalty", found=each)
    unserved = heavy * max(each, 1e-9)
    cost = np.vstack([np.minimum(asked.cost, 1.001 * unserved), unserved])
    return replace(asked, cost=np.ascontiguousarray(cost), pinned=np.append(asked.pinned, True), free=np.append(asked.free, True), number=asked.number + 1)  # fmt: skip


class _Work:
    """The search, step by step."""

    def __init__(self, question: Question, sizes: Sizes, split: bool, watch: Watch, gap: float) -> None:
        self.question, self.sizes, self.split, self.watch, self.gap = question, sizes, split, watch, gap
        self.placing, self.dummy = Placing(question, sizes), len(question.cost) - 1
        self.best = Placed(np.zeros(0, np.int64), np.zeros(0, np.int64), np.inf)
        self.bound = -np.inf
        self._known: set[bytes] = set()

    def solved(self) -> Located:
        found = dual(self.question, self.sizes, self._seen, self._tell_bound, seconds=_BOUND_UNTIL * self.watch.seconds)
        self.bound = found.bound
        rng = np.random.default_rng(_SEED)
        located = self._settle(found, rng, 0.0, 0)
        for k, until in enumerate(_SHAKES):
            # Where HiGHS can be asked for all of it, it gets the rest of the time.
            if self._near(located.total) or (until > _SHAKE_UNTIL and not self._too_much(found)):
                break
            if k == 0:
                self._sites_by_highs(found)
            located = self._settle(found, rng, until, _TIRED if until <= _SHAKE_UNTIL else _EXHAUSTED)
        if not self._near(located.total) and self.watch.left > 0.05:
            located = self._by_highs(found, located)
        return located

    def _settle(self, found: Dual, rng: np.random.Generator, until: float, tired: int) -> Located:
        """Shake until this part of the time, and put the points in the best way to what was found."""
        self._shake(found, rng, until * self.watch.seconds, tired)
        if not self.split and not self._near(self.best.total):
            self._put_by_highs()
        return self._as_located(*self._finished(self.best))

    def _near(self, total: float) -> bool:
        """Whether that is near enough to the bound."""
        return total - self.bound <= self.gap * total

    def _tell_bound(self, share: float) -> None:
        self.watch.progress(_BOUND_UNTIL * share, self.watch.what)

    # -------------------------------------------------------------------------------------- choices

    def _seen(self, sites: NDArray[np.int64]) -> float:
        """Of a choice that the bound comes upon: every new one is tried, few are settled, since that takes longer."""
        key = sites.tobytes()
        if key not in self._known and self.watch.spent < _BOUND_UNTIL * self.watch.seconds:
            self._known.add(key)
            # Each time twice as many later: settling takes long where points are many.
            often = len(self._known) & (len(self._known) - 1) == 0
            self._keep(self.placing.settled(sites) if often else self.placing.put(sites))
        return self.best.total

    def _keep(self, one: Placed) -> bool:
        better = one.total < self.best.total - 1e-9 * abs(one.total)
        if better:
            self.best = one
        return better

    def _shake(self, found: Dual, rng: np.random.Generator, until: float, tired: int) -> None:
        """Some sites somewhere else, settled again; what is better is kept. Candidates of the better ρ are tried more often.

        Ends at the gap, after ``until`` seconds, or when ``tired`` shakes one after the other have bettered nothing.
        """
        fixed = self.question.pinned
        free = np.flatnonzero(self.question.free & ~fixed)
        movable = int((~fixed[self.best.sites]).sum())
        if not movable or len(free) <= movable:
            return
        odds = odds_of(found.worth[free], movable)
        idle = 0
        while idle < tired and self.watch.spent < until and not self._near(self.best.total):
            self.watch.progress(max(_BOUND_UNTIL, min(self.watch.spent / self.watch.seconds, 1.0)), self.watch.what)
            sites = self.best.sites.copy()
            some = rng.permutation(np.flatnonzero(~fixed[sites]))[: int(rng.integers(1, _MOST_SHAKEN + 1))]
            outside = ~np.isin(free, sites)
            some = some[: int(outside.sum())]
            chances = np.where(outside, odds, 0.0)
            sites[some] = rng.choice(free, len(some), replace=False, p=chances / chances.sum())
            before = np.where(np.isin(self.best.placed, some), -1, self.best.placed) if rng.random() < _STAY else None
            idle = 0 if self._keep(self.placing.settled(sites, before)) else idle + 1

    def _too_much(self, found: Dual) -> bool:
        never = ruled(self.question, found, self.best.total)[1]
        return int(self._pairs_left(found, self.best.total, never).sum()) > _MOST_PAIRS

    # ---------------------------------------------------------------------------------------- finish

    def _sites_by_highs(self, found: Dual) -> None:
        """Other sites among the candidates of the best ρ and those that are known best, with points split among their nearest: few columns, and near to the whole."""
        question, cost, best = self.question, self.question.cost, self.best
        movable = int((~question.pinned[best.sites]).sum())
        inside = question.pinned.copy()
        inside[best.sites] = True
        order = np.argsort(np.where(question.free, found.worth, np.inf), kind="stable")[: _WIDER * movable]
        inside[order[question.free[order]]] = True
        some, points = np.flatnonzero(inside), np.arange(question.points)
        ranked = np.argsort(cost[some], axis=0, kind="stable")[:_NEAREST]
        kept = np.zeros(cost.shape, dtype=bool)
        kept[some[ranked], points] = True
        kept[best.sites[best.placed], points] = kept[self.dummy] = True
        asked = Wanted(question.pinned, ~inside, question.number)
        pairs = by_pairs(cost, self.sizes, asked, kept, split=True, dummy=self.dummy)
        start = _start_of(pairs.site, pairs.point, self._as_placed(best), self.dummy, question)
        limits = Limits(self.gap / 4.0, min(_WIDER_PART * self.watch.seconds, self.watch.left))
        answer = searched(pairs.problem, limits, replace(self.watch, begin=_BOUND_UNTIL), start)
        if answer.x is not None:
            self._keep(self.placing.settled(np.flatnonzero(answer.x[: len(cost)] > 0.5)))

    def _put_by_highs(self) -> None:
        """Points put anew to the sites that are known best, each to one of its cheapest: moves and exchanges of two leave something there."""
        cost, best = self.question.cost, self.best
        kept = np.zeros(cost.shape, dtype=bool)
        points = np.arange(self.question.points)
        ranked = np.argsort(cost[best.sites], axis=0, kind="stable")[:_NEIGHBOURS]
        kept[best.sites[ranked], points] = True
        kept[best.sites[best.placed], points] = kept[self.dummy] = True
        inside = np.zeros(len(cost), dtype=bool)
        inside[best.sites] = True
        pairs = by_pairs(cost, self.sizes, Wanted(inside, ~inside, None), kept, split=False, dummy=self.dummy)
        start = _start_of(pairs.site, pairs.point, self._as_placed(best), self.dummy, self.question)
        limits = Limits(self.gap / 10.0, _PUT_PART * self.watch.left)
        answer = searched(pairs.problem, limits, replace(self.watch, begin=_SHAKE_UNTIL), start)
        if answer.x is None:
            return
        placed, used = best.placed.copy(), answer.x[len(cost) :] > 0.5
        place = np.empty(len(cost), np.int64)
        place[best.sites] = np.arange(len(best.sites))
        placed[pairs.point[used]] = place[pairs.site[used]]
        self._keep(Placed(best.sites, placed, float(cost[best.sites[placed], points].sum())))

    def _finished(self, one: Placed) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Pairs of a choice: as placed, or split in the cheapest way."""
        n = self.question.points
        if not self.split:
            return np.arange(n), one.sites[one.placed], np.ones(n)
        problem = shipping(self.question.cost[one.sites], self.sizes.need, self.sizes.room[one.sites])
        answer = relax(problem, replace(self.watch, seconds=np.inf))
        if answer.x is None:
            return np.arange(n), one.sites[one.placed], np.ones(n)
        flow = answer.x.reshape(len(one.sites), n)
        site, point = np.nonzero(flow > 1e-9)
        return point, one.sites[site], flow[site, point]

    def _as_placed(self, one: Placed) -> Located:
        n = self.question.points
        return self._as_located(np.arange(n), one.sites[one.placed], np.ones(n))

    def _as_located(
        self, point: NDArray[np.int64], site: NDArray[np.int64], share: NDArray[np.float64], sites: NDArray[np.int64] | None = None
    ) -> Located:  # fmt: skip
        total = float((self.question.cost[site, point] * share).sum())
        # Served at more than the penalty is not served.
        real = (site != self.dummy) & (self.question.cost[site, point] <= self.question.cost[self.dummy, point])
        chosen = self.best.sites if sites is None else sites
        total = min(total, float((np.minimum(self.question.cost[site, point], self.question.cost[self.dummy, point]) * share).sum()))  # fmt: skip
        return Located(np.sort(chosen[chosen != self.dummy]), total, min(self.bound, total), point[real], site[real], share[real])  # fmt: skip

    def _by_highs(self, found: Dual, before: Located) -> Located:
        """What the bound leaves open; too much of it is left as it is, with its gap."""
        always, never = ruled(self.question, found, before.total)
        kept = self._pairs_left(found, before.total, never)
        if int(kept.sum()) > _MOST_PAIRS:
            return before
        asked = Wanted(always, never, self.question.number)
        pairs = by_pairs(self.question.cost, self.sizes, asked, kept, split=self.split, dummy=self.dummy)
        start = _start_of(pairs.site, pairs.point, before, self.dummy, self.question)
        watch = replace(self.watch, begin=_SHAKE_UNTIL)
        answer = searched(pairs.problem, Limits(self.gap, self.watch.left), watch, start)
        if answer.status == "none":
            self.bound = before.total
        else:
            self.bound = max(self.bound, min(-answer.bound, before.total))
        if answer.x is not None and -answer.worth < before.total:
            m = len(self.question.cost)
            flow = answer.x[m:]
            used = flow > (1e-9 if self.split else 0.5)
            share = flow[used] if self.split else np.ones(int(used.sum()))
            sites = np.flatnonzero(answer.x[:m] > 0.5)
            return self._as_located(pairs.point[used], pairs.site[used], share, sites)
        return replace(before, bound=min(self.bound, before.total))

    def _pairs_left(self, found: Dual, upper: float, never: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """[m, n] pairs that may be in a choice below ``upper``: serving a point from a site adds what it costs above its price.

        Holds for whole points only: a part of a point adds a part.
        """
        cost = self.question.cost
        # Nobody is served at more than the penalty.
        kept = (cost <= cost[self.dummy]) & ~never[:, None]
        if self.split:
            return np.asarray(kept)
        slack = upper - found.bound + 1e-9 * max(abs(upper), 1.0)
        inside = np.zeros(len(cost), dtype=bool)
        inside[chosen_of(self.question, found.worth)] = True
        changeable = inside & ~self.question.pinned
        threshold = found.worth[changeable].max() if changeable.any() else -np.inf
        entered = np.where(inside, 0.0, np.maximum(found.worth - threshold, 0.0))
        return np.asarray(kept & (entered[:, None] + np.maximum(cost - found.prices, 0.0) <= slack))


def _start_of(
    site: NDArray[np.int64], point: NDArray[np.int64], before: Located, dummy: int, question: Question
) -> NDArray[np.float64] | None:
    """The known choice as columns; None where one of its pairs is ruled out (it is then no better than what is known)."""
    m, n = question.cost.shape
    start = np.zeros(m + len(site))
    start[before.sites] = 1.0
    start[dummy] = 1.0
    place = np.full((m, n), -1, np.int64)
    place[site, point] = np.arange(len(site))
    short = 1.0 - before.served(n)
    rest = np.flatnonzero(short > 1e-9)
    at = np.concatenate([place[before.site, before.point], place[dummy, rest]])
    if (at < 0).any():
        return None
    start[m + at] = np.concatenate([before.share, short[rest]])
    return start
