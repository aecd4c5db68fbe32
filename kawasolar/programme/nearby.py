"""Good answers near the prices of the rules, where the few sites that the prices leave open (the kernel of :mod:`kawasolar.programme.solving`) are not enough.

What is lost against the bound is what each site loses against its best year at the prices, and what is left over of each rule at its price. Both are
small only where many whole numbers fit at once. Two searches of small problems lead there, each ended by its nodes, so that every machine finds the same:
first how many of a group (shelters) are built in each year, then who they are; and, from any answer, a few years anew with all others held, those first
that lose most.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from kawasolar.programme.highs import Limits, Problem, relax, search

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.programme.highs import Answer, Watch

_ONE = 1e-6
# Columns beside those of the relaxation, the nearest to their site's best at the prices: to settle the counts, to choose for them, of years anew.
_FOR_COUNTS, _FOR_SITES, _FOR_YEARS = 800, 600, 1500
_COUNT_NODES, _SITE_NODES, _YEAR_NODES = 50, 1, 5
# Gap of the counts; of a small problem, as a share of the gap asked for; and what of it an answer must gain to be worth another round.
_COUNT_GAP, _PART_OF_GAP, _WORTH_A_ROUND = 3e-4, 0.2, 0.04
# Years anew at once; one more after so many rounds that gained nothing.
_YEARS_AT_ONCE, _PATIENCE = 3, 5
# Of free moves: what is no gain, as a share of the largest worth, and how often all are looked at again.
_LEAST_GAIN, _MOST_PASSES = 1e-12, 50


@dataclass(frozen=True, eq=False)
class Near:
    """A problem of sites and years with its relaxation.

    Attributes
    ----------
    problem : the first rows say that a site is built once at most, the others are rules; columns by site, then year
    relaxed : its linear relaxation, with prices
    years : how many years each site has
    target : an answer that is worth so much is good enough
    margin : [n, T + 1] by how much each year of a site, and at the end leaving it out, is worth less than its best at the prices; inf where not allowed
    """

    problem: Problem
    relaxed: Answer
    years: int
    target: float
    margin: NDArray[np.float64]

    @property
    def sites(self) -> int:
        return len(self.margin)

    def within(self, count: int) -> float:
        """The margin that so many columns beside those of the relaxation have at most."""
        some = self.margin[:, : self.years]
        beside = np.sort(some[np.isfinite(some) & (some > 0) & ~self.taken])
        return float(beside[min(count, len(beside)) - 1]) if len(beside) else 0.0

    @property
    def taken(self) -> NDArray[np.bool_]:
        """[n, T] what the relaxation takes, if only a part of it."""
        assert self.relaxed.x is not None  # noqa: S101 - of a relaxation that was solved
        return self.relaxed.x.reshape(-1, self.years) > _ONE


def near(problem: Problem, relaxed: Answer, years: int, target: float) -> Near:
    """What lies near the relaxation of a problem."""
    assert relaxed.prices is not None  # noqa: S101 - of a relaxation that was solved
    n = len(problem.worth) // years
    net = (problem.worth - problem.rows[n:].T @ relaxed.prices[n:]).reshape(-1, years)
    net = np.where(problem.upper.reshape(-1, years) > 0, net, -np.inf)
    each = np.concatenate([net, np.zeros((n, 1))], axis=1)
    return Near(problem, relaxed, years, target, each.max(axis=1, keepdims=True) - each)


def by_counts(near_: Near, groups: sp.csr_matrix, gap: float, watch: Watch) -> NDArray[np.float64] | None:
    """An answer for which the numbers of some groups are settled first; None where none was found.

    Parameters
    ----------
    groups : [g, m] columns of each group: of how many of them at most one a site is taken
    gap : as it is asked for of the whole search
    """
    problem, m, g = near_.problem, len(near_.problem.worth), groups.shape[0]
    counted = Problem(
        worth=np.append(problem.worth, np.zeros(g)),
        rows=sp.csr_matrix(sp.bmat([[problem.rows, None], [groups, -sp.eye(g)]])),
        low=np.append(problem.low, np.zeros(g)), high=np.append(problem.high, np.zeros(g)),
        lower=np.append(problem.lower, np.zeros(g)),
        upper=np.append(np.where(_close(near_, _FOR_COUNTS), problem.upper, 0.0), np.full(g, float(near_.sites))),
        whole=np.append(np.zeros(m, dtype=bool), np.ones(g, dtype=bool)),
    )  # fmt: skip
    found = search(counted, Limits(_COUNT_GAP, watch.left, _COUNT_NODES), watch)
    if found.x is None:
        return None
    numbers = np.rint(found.x[m:])
    fixed = replace(
        problem, rows=sp.csr_matrix(sp.vstack([problem.rows, groups])),
        low=np.append(problem.low, numbers), high=np.append(problem.high, numbers),
    )  # fmt: skip
    relaxed = relax(fixed, watch)
    if relaxed.x is None or relaxed.prices is None:
        return None
    mine = near(fixed, relaxed, near_.years, near_.target)
    small = replace(fixed, upper=np.where(_close(mine, _FOR_SITES), fixed.upper, 0.0))
    small = replace(small, low=_stays_in(mine, small.low, mine.margin[:, -1] > mine.within(_FOR_SITES)))
    tried = search(small, Limits(gap * _PART_OF_GAP, watch.left, _SITE_NODES), watch, target=near_.target)
    return None if tried.x is None else np.rint(tried.x)


def by_years(near_: Near, x: NDArray[np.float64], gap: float, watch: Watch) -> NDArray[np.float64]:
    """A better answer, or the same: a few years anew at a time, until it is good enough or nothing more is found."""
    problem, t = near_.problem, near_.years
    enough, worth = near_.within(_FOR_YEARS), float(problem.worth @ x)
    tried: set[tuple[int, ...]] = set()
    many, idle = min(_YEARS_AT_ONCE, t), 0
    while worth < near_.target and watch.left > 0:
        lost = _lost(near_, x)
        waiting = [some for some in itertools.combinations(range(t), many) if some not in tried]
        if not waiting or idle >= _PATIENCE:
            many, idle = many + 1, 0
            if many > t:
                break
            continue
        some = max(waiting, key=lambda one: sum(lost[k] for k in one))
        tried.add(some)
        limits = Limits(gap * _PART_OF_GAP, watch.left, _YEAR_NODES)
        found = search(_anew(near_, x, some, enough), limits, watch, start=x, target=near_.target)
        gain = found.worth - worth if found.x is not None else 0.0
        if found.x is not None and gain > 0:
            x = np.rint(found.x)
            worth = float(problem.worth @ x)
        if gain > abs(worth) * gap * _WORTH_A_ROUND:
            tried, idle = {some}, 0
        else:
            idle += 1
    return x


def with_free_moves(problem: Problem, x: NDArray[np.float64], years: int) -> NDArray[np.float64]:
    """The answer, or a better one: whichever site can move to a year that is worth more, with all others where they are, does so; the largest gain first.

    A search that ends at its gap leaves such moves.
    """
    n, m = len(problem.worth) // years, len(problem.worth)
    rules = sp.csc_matrix(sp.hstack([problem.rows[n:], sp.csc_matrix((problem.rows.shape[0] - n, 1))]))
    worth, low, high = np.append(problem.worth, 0.0), problem.low[n:], problem.high[n:]
    allowed, site = np.flatnonzero(problem.upper > problem.lower), np.arange(m) // years
    least = _LEAST_GAIN * float(np.abs(worth).max(initial=0.0))
    now = x.reshape(-1, years) > _ONE
    here = np.where(now.any(axis=1), np.arange(n) * years + now.argmax(axis=1), m)
    for _ in range(_MOST_PASSES):
        to = allowed[worth[allowed] - worth[here[site[allowed]]] > least]
        takes = sp.csc_matrix(rules[:, to] - rules[:, here[site[to]]])
        sums, moved = np.asarray(rules[:, here].sum(axis=1)).ravel(), set[int]()
        column = np.repeat(np.arange(len(to)), np.diff(takes.indptr))
        fits = np.bincount(column, weights=~_fit(takes.data, takes.indices, sums, low, high), minlength=len(to)) == 0
        gains = worth[to] - worth[here[site[to]]]
        for k in sorted(np.flatnonzero(fits).tolist(), key=lambda one: (-gains[one], one)):
            own, begin, end = int(site[to[k]]), takes.indptr[k], takes.indptr[k + 1]
            rows, amounts = takes.indices[begin:end], takes.data[begin:end]
            if own not in moved and bool(_fit(amounts, rows, sums, low, high).all()):
                sums[rows] += amounts
                here[own] = to[k]
                moved.add(own)
        if not moved:
            break
    better = np.zeros(m + 1)
    better[here] = 1.0
    return better[:m]


def _fit(
    amounts: NDArray[np.float64], rows: NDArray[np.int32], sums: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.bool_]:  # fmt: skip
    """Whether each amount leaves its row within its ends."""
    after = sums[rows] + amounts
    return np.where(amounts > 0, after <= high[rows], after >= low[rows])


def _anew(near_: Near, x: NDArray[np.float64], some: tuple[int, ...], enough: float) -> Problem:
    """The problem in which only sites of some years, and those that are out, may change, and only to these years or out."""
    problem, t = near_.problem, near_.years
    now = np.asarray(x > _ONE).reshape(-1, t)
    built = np.asarray(now.any(axis=1))
    moves = np.asarray(~built | now[:, list(some)].any(axis=1))
    to = np.zeros((near_.sites, t), dtype=bool)
    to[:, list(some)] = True
    allowed = (to & moves[:, None] & (near_.margin[:, :t] <= enough)) | now
    stays = built & moves & (near_.margin[:, t] > enough)
    return replace(
        problem, lower=(now & ~moves[:, None]).ravel().astype(np.float64), upper=np.where(allowed.ravel(), problem.upper, 0.0),
        low=_stays_in(near_, problem.low, stays),
    )  # fmt: skip


def _lost(near_: Near, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """[T] what each year loses at the prices: its sites against their best, and what is left over of its rules."""
    problem, n, t = near_.problem, near_.sites, near_.years
    rules, prices = sp.csr_matrix(problem.rows[n:]), near_.relaxed.prices
    assert prices is not None  # noqa: S101 - of a relaxation that was solved
    low, high, sums = problem.low[n:], problem.high[n:], rules @ x
    over = np.where(np.isfinite(high), high - sums, np.where(np.isfinite(low), sums - low, 0.0))
    cells = rules.tocoo()
    share = np.zeros((rules.shape[0], t))
    np.add.at(share, (cells.row, cells.col % t), 1.0)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1.0)
    own = (x.reshape(-1, t) * np.where(np.isfinite(near_.margin[:, :t]), near_.margin[:, :t], 0.0)).sum(axis=0)
    return np.asarray(share.T @ (np.abs(prices[n:]) * over) + own)


def _close(near_: Near, count: int) -> NDArray[np.bool_]:
    """[m] what the relaxation takes, and the nearest columns beside."""
    return np.asarray((near_.taken | (near_.margin[:, : near_.years] <= near_.within(count))).ravel())


def _stays_in(near_: Near, low: NDArray[np.float64], who: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The rows' lower ends with some sites built for sure."""
    return np.concatenate([np.where(who, 1.0, low[: near_.sites]), low[near_.sites :]])
