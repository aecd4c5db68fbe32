"""A bound that no choice of sites can beat: the assignment relaxed with a price for each point (Lagrange), the prices by subgradient.

With prices u the sum falls apart into candidates: ``L(u) = Σ u_i + Σ ρ_j`` over the ``p`` candidates of the least ``ρ_j = Σ min(0, c_ij - u_i)``, under a
capacity the continuous knapsack of the same. The largest L is the bound of the strong linear relaxation. Source: Christofides & Beasley, *A tree search
algorithm for the p-median problem*, EJOR 10 (1982), for the steps and what the ρ rule out; Daskin, *Network and Discrete Location* (2013), ch. 6.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.siting.kernels import columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kawasolar.siting.checked import Question

_STEPS = 600
_FIRST_PACE = 2.0
# Without a better bound for so many steps the pace is halved, until it is as small as this.
_PATIENCE = 20
_LAST_PACE = 0.005


@dataclass(frozen=True, eq=False)
class Dual:
    """The best bound found, and what it was found with.

    Attributes
    ----------
    bound : no choice costs less
    prices : [n] of the points
    worth : [m] ρ of each candidate, not above 0
    """

    bound: float
    prices: NDArray[np.float64]
    worth: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sizes:
    """What the points need and the candidates have room for; in the same unit."""

    need: NDArray[np.float64]
    room: NDArray[np.float64]

    @staticmethod
    def without(question: Question) -> Sizes:
        """No capacity."""
        return Sizes(np.ones(question.points), np.full(len(question.cost), np.inf))


def dual(
    question: Question, sizes: Sizes, upper: Callable[[NDArray[np.int64]], float], tell: Callable[[float], None], *, seconds: float,
    enough: float = 0.0,
) -> Dual:  # fmt: skip
    """Ascend.

    Parameters
    ----------
    upper : told the sites of a step, says what the best known choice costs
    tell : told how far it is (0 to 1); may raise
    seconds : after which it ends, whatever it has
    enough : it ends too where the best known choice costs no more than this share above the bound
    """
    cost = question.cost
    m, n = cost.shape
    prices = _first_prices(question)
    keys, at, all_ = np.empty(n), np.empty(n, np.int64), np.arange(m, dtype=np.int64)
    best, pace, since, move = Dual(-np.inf, prices, np.zeros(m)), _FIRST_PACE, 0, np.zeros(n)
    ceiling, until = np.inf, time.monotonic() + seconds
    for step in range(_STEPS):
        tell(step / _STEPS)
        worth, served = np.empty(m), np.zeros(n)
        columns(cost, prices, sizes.need, sizes.room, all_, worth, served, keys, at)
        sites = chosen_of(question, worth)
        served[:] = 0.0
        columns(cost, prices, sizes.need, sizes.room, sites, np.empty(len(sites)), served, keys, at)
        bound = float(prices.sum() + worth[sites].sum())
        since += 1
        if bound > best.bound + 1e-9 * abs(bound):
            best, since = Dual(bound, prices.copy(), worth), 0
        ceiling = min(ceiling, upper(sites))
        short = 1.0 - served
        move = short + 0.3 * move
        size = float(move @ move)
        near = ceiling - best.bound <= max(enough * abs(ceiling), 1e-9 * max(abs(ceiling), 1.0))
        if near or not float(short @ short) or size <= 0 or pace < _LAST_PACE or time.monotonic() > until:
            break
        if since >= _PATIENCE:
            pace, since, prices = pace / 2.0, 0, best.prices.copy()
        prices = np.maximum(prices + pace * max(1.02 * ceiling - bound, 1e-9) / size * move, 0.0)
    return best


def _first_prices(question: Question) -> NDArray[np.float64]:
    """Halfway between the cheapest and the second cheapest candidate that may be a site."""
    cost = question.cost[question.free]
    return cost[0].copy() if len(cost) == 1 else np.partition(cost, 1, axis=0)[:2].mean(axis=0)


def chosen_of(question: Question, worth: NDArray[np.float64]) -> NDArray[np.int64]:
    """The pinned, and of the others those of the least ρ; sorted."""
    value = np.where(question.pinned, -np.inf, np.where(question.free, worth, np.inf))
    return np.sort(np.argsort(value, kind="stable")[: question.number]).astype(np.int64)


def ruled(question: Question, found: Dual, upper: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[m] which candidates are in every choice that costs less than ``upper``, and which in none; by what their ρ would add to the bound."""
    order = chosen_of(question, found.worth)
    inside = np.zeros(len(question.cost), dtype=bool)
    inside[order] = True
    changeable, waiting = inside & ~question.pinned, question.free & ~inside
    never, always = ~question.free, question.pinned.copy()
    slack = upper - found.bound - 1e-9 * max(abs(upper), 1.0)
    if changeable.any():
        never |= waiting & (found.worth - found.worth[changeable].max() > slack)
        if waiting.any():
            always |= changeable & (found.worth[waiting].min() - found.worth > slack)
    else:
        never |= waiting
    return always, never
