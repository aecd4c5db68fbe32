"""Location problems as whole-number rows for HiGHS (:mod:`kawasolar.programme.highs`): what the bounds before have left open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from kawasolar.programme.highs import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.siting.lagrange import Sizes


@dataclass(frozen=True, eq=False)
class Wanted:
    """Who may and must be among the sites: [m] ``always``, ``never``; how many, or what they may cost together (``price`` [m], ``budget``)."""

    always: NDArray[np.bool_]
    never: NDArray[np.bool_]
    number: int | None
    price: NDArray[np.float64] | None = None
    budget: float = np.inf

    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest value of each candidate's column."""
        return self.always.astype(np.float64), (~self.never).astype(np.float64)

    def rows(self, columns: int) -> tuple[list[sp.csr_matrix], list[float], list[float]]:
        """Rows over ``columns`` columns, of which the first are the candidates'."""
        m = len(self.always)
        rows, low, high = [], [], []
        if self.number is not None:
            rows.append(_widened(np.ones(m), columns))
            low.append(float(self.number))
            high.append(float(self.number))
        if self.price is not None:
            rows.append(_widened(self.price, columns))
            low.append(-np.inf)
            high.append(self.budget)
        return rows, low, high


def _widened(row: NDArray[np.float64], columns: int) -> sp.csr_matrix:
    """A row over the first columns as one over all."""
    at = np.arange(len(row))
    return sp.csr_matrix((row, (np.zeros(len(row), np.int64), at)), shape=(1, columns))


@dataclass(frozen=True, eq=False)
class Levels:
    """A p-median by the steps of each point's costs, and what it costs in any case."""

    problem: Problem
    base: float


def by_levels(cost: NDArray[np.float64], wanted: Wanted) -> Levels:
    """The p-median with a column for each different cost of a point, 1 while no site is that near (Elloumi, *J. Comb. Optim.* 19 (2010)).

    ``z_k + Σ y of the sites at level k ≥ z_(k-1)``: few entries, and its relaxation is as tight as that of the pairs. Levels beyond the nearest site that is
    in any case are not needed.

    Parameters
    ----------
    cost : [m, n], finite
    """
    m, n = cost.shape
    open_ = np.flatnonzero(~wanted.never)
    nearest = cost[wanted.always].min(axis=0) if wanted.always.any() else np.full(n, np.inf)
    entries: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    worth: list[NDArray[np.float64]] = []
    low: list[NDArray[np.float64]] = []
    before: list[NDArray[np.int64]] = []
    base, row, column = 0.0, 0, m
    chain: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for i in range(n):
        values = cost[open_, i]
        near = values <= nearest[i]
        levels, place = np.unique(values[near], return_inverse=True)
        base += float(levels[0])
        steps = len(levels) - 1
        # Row k of the point: its level's sites, its own column but in the last row, the column before taken off but in the first.
        entries.append((row + place, open_[near]))
        own = np.arange(steps)
        chain.extend(((row + own, column + own, np.ones(steps)), (row + 1 + own, column + own, -np.ones(steps))))
        worth.append(-np.diff(levels))
        first = np.zeros(steps + 1)
        first[0] = 1.0
        low.append(first)
        before.append(own)
        row += steps + 1
        column += steps
    rows = [np.concatenate([one[0] for one in entries] + [one[0] for one in chain])]
    at = [np.concatenate([one[1] for one in entries] + [one[1] for one in chain])]
    value = np.concatenate([np.ones(sum(len(one[0]) for one in entries)), *(one[2] for one in chain)])
    matrix = sp.csr_matrix((value, (rows[0], at[0])), shape=(row, column))
    more, more_low, more_high = wanted.rows(column)
    lower, upper = wanted.bounds()
    steps = column - m
    problem = Problem(
        worth=np.concatenate([np.zeros(m), *worth]),
        rows=sp.vstack([matrix, *more]).tocsr(),
        low=np.concatenate([*low, more_low]), high=np.concatenate([np.full(row, np.inf), more_high]),
        lower=np.concatenate([lower, np.zeros(steps)]), upper=np.concatenate([upper, np.ones(steps)]),
        whole=np.concatenate([np.ones(m, bool), np.zeros(steps, bool)]),
    )  # fmt: skip
    return Levels(problem, base)


@dataclass(frozen=True, eq=False)
class Pairs:
    """A capacitated p-median by its pairs; ``site`` and ``point`` [k] of the columns after the candidates'."""

    problem: Problem
    site: NDArray[np.int64]
    point: NDArray[np.int64]


def by_pairs(
    cost: NDArray[np.float64], sizes: Sizes, wanted: Wanted, kept: NDArray[np.bool_], *, split: bool, dummy: int
) -> Pairs:
    """The capacitated p-median: ``x ≤ y`` for each pair, all of a point served, a site's room kept.

    Parameters
    ----------
    cost : [m, n], finite
    kept : [m, n] pairs that may be
    split : a point may be served from several sites
    dummy : the candidate that stands for not being served: no row of room, no row of pairs
    """
    m, n = cost.shape
    site, point = np.nonzero(kept & ~wanted.never[:, None])
    k, all_ = len(site), m + len(site)
    at = m + np.arange(k)
    once = sp.csr_matrix((np.ones(k), (point, at)), shape=(n, all_))
    bound = np.flatnonzero(site != dummy)
    link = sp.csr_matrix(
        (
            np.concatenate([np.ones(len(bound)), -np.ones(len(bound))]),
            (np.tile(np.arange(len(bound)), 2), np.concatenate([at[bound], site[bound]])),
        ),
        shape=(len(bound), all_),
    )
    real = np.flatnonzero((np.arange(m) != dummy) & ~wanted.never)
    place = np.full(m, -1, np.int64)
    place[real] = np.arange(len(real))
    room = sp.csr_matrix(
        (
            np.concatenate([sizes.need[point[bound]], -sizes.room[real]]),
            (np.concatenate([place[site[bound]], place[real]]), np.concatenate([at[bound], real])),
        ),
        shape=(len(real), all_),
    )
    more, more_low, more_high = wanted.rows(all_)
    lower, upper = wanted.bounds()
    tops = len(bound) + len(real)
    problem = Problem(
        worth=np.concatenate([np.zeros(m), -cost[site, point]]),
        rows=sp.vstack([once, link, room, *more]).tocsr(),
        low=np.concatenate([np.ones(n), np.full(tops, -np.inf), more_low]),
        high=np.concatenate([np.ones(n), np.zeros(tops), more_high]),
        lower=np.concatenate([lower, np.zeros(k)]), upper=np.concatenate([upper, np.ones(k)]),
        whole=np.concatenate([np.ones(m, bool), np.full(k, not split)]),
    )  # fmt: skip
    return Pairs(problem, site, point)


def shipping(cost: NDArray[np.float64], need: NDArray[np.float64], room: NDArray[np.float64]) -> Problem:
    """Points split among sites that are set (a transportation problem): columns site by site, shares of the points.

    Parameters
    ----------
    cost : [s, n] of all of a point from a site
    """
    s, n = cost.shape
    site, point = np.repeat(np.arange(s), n), np.tile(np.arange(n), s)
    k = np.arange(s * n)
    bounded = np.isfinite(room)
    rows = sp.vstack(
        [
            sp.csr_matrix((np.ones(s * n), (point, k)), shape=(n, s * n)),
            sp.csr_matrix((need[point], (site, k)), shape=(s, s * n))[np.flatnonzero(bounded)],
        ]
    ).tocsr()
    ends = int(bounded.sum())
    return Problem(
        worth=-cost.ravel(), rows=rows, low=np.concatenate([np.ones(n), np.full(ends, -np.inf)]), high=np.concatenate([np.ones(n), room[bounded]]),
        lower=np.zeros(s * n), upper=np.ones(s * n), whole=np.zeros(s * n, bool),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cover:
    """Covering over years: columns ``y`` (candidate, year) by year, then ``z`` (group of points, year)."""

    problem: Problem
    candidates: int
    years: int


def by_cover(
    covers: sp.csr_matrix, weight: NDArray[np.float64], wanted: list[Wanted], spent: NDArray[np.float64] | None, carried: bool
) -> Cover:  # fmt: skip
    """Maximal covering (Church & ReVelle 1974) of each year, what stands in a year stands after it: the weights covered, summed over the years.

    Parameters
    ----------
    covers : [groups, m]
    wanted : of each year; ``budget`` of the year, ``number`` of all that stand then
    spent : [m] price of a site; None without budgets
    carried : what a year does not spend is there in the next
    """
    g, m = covers.shape
    t = len(wanted)
    all_ = t * (m + g)
    eye, rows, low, high = sp.identity(g, format="csr"), [], [], []

    def add(blocks: list[tuple[int, sp.csr_matrix]], least: NDArray[np.float64], most: NDArray[np.float64]) -> None:
        parts = [sp.csr_matrix((blocks[0][1].shape[0], all_))]
        for start, block in blocks:
            left = sp.csr_matrix((block.shape[0], start))
            right = sp.csr_matrix((block.shape[0], all_ - start - block.shape[1]))
            parts.append(sp.hstack([left, block, right]).tocsr())
        rows.append(sum(parts[1:], parts[0]))
        low.append(least)
        high.append(most)

    one = sp.identity(m, format="csr")
    for year, asked in enumerate(wanted):
        y, z = year * m, t * m + year * g
        add([(z, eye), (y, (-covers).tocsr())], np.full(g, -np.inf), np.zeros(g))
        if asked.number is not None:
            add([(y, sp.csr_matrix(np.ones((1, m))))], np.array([-np.inf]), np.array([float(asked.number)]))
        if year:
            add([(y, one), (y - m, (-one).tocsr())], np.zeros(m), np.full(m, np.inf))
        if spent is not None:
            price = sp.csr_matrix(spent[None, :])
            before = [] if carried or not year else [(y - m, (-price).tocsr())]
            most = sum(w.budget for w in wanted[: year + 1]) if carried else asked.budget
            add([(y, price), *before], np.array([-np.inf]), np.array([most]))
    bounds = [one.bounds() for one in wanted]
    problem = Problem(
        worth=np.concatenate([np.zeros(t * m), np.tile(weight, t)]), rows=sp.vstack(rows).tocsr(), low=np.concatenate(low), high=np.concatenate(high),
        lower=np.concatenate([*(b[0] for b in bounds), np.zeros(t * g)]), upper=np.concatenate([*(b[1] for b in bounds), np.ones(t * g)]),
        whole=np.concatenate([np.ones(t * m, bool), np.zeros(t * g, bool)]),
    )  # fmt: skip
    return Cover(problem, m, t)
