"""The search: which open site is built in which year, with a proof of how much better it could be at most.

The linear relaxation gives the bound and the prices of the rules. At these prices nearly every site is decided by far; the few that are not (the
kernel) are decided by HiGHS with all others held, which takes a moment and mostly reaches the gap. Where it does not, as where shelters come first and
the early years are full to the last place, :mod:`kawasolar.programme.nearby` makes it better a few years at a time. Only after that the whole problem is
searched, beginning with what was found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from kawasolar.programme.highs import Answer, Limits, Problem, Watch, relax, search
from kawasolar.programme.nearby import by_counts, by_years, near, with_free_moves

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from kawasolar.programme.model import Model
    from kawasolar.programme.rules import Rule

# Sites of the first kernel, below which the whole problem is one; it doubles so often while the gap is not reached. So many nodes of its tree are
# worth the time.
_KERNEL = 40
_KERNELS = 3
_KERNEL_NODES = 1000
# Of the time, what the kernels and the shelters may take.
_KERNEL_TIME = 0.8
_SHELTER_TIME = 0.5
# Longest row of which the rounding of HiGHS is taken back.
_REPAIRS = 3
_ONE = 1e-6
# Of the gap: what breaks ties is in the worth that is searched, and not in the one that is told.
_WITHIN = 0.99


@dataclass(frozen=True, eq=False)
class Solved:
    """An answer of the search over a model's columns.

    Attributes
    ----------
    status : ``done time nodes``; ``none`` where nothing fits (proven), ``unknown`` where the time ended before anything was found
    x : [m] bool, None where there is none
    worth, bound : of the objective, without what breaks ties; no programme is worth more than the bound
    prices : [r] what one more unit of a row would be worth, by the linear relaxation (0 where it does not bind)
    shelter_years, shelter_bound : sites × years of shelters where they come first
    """

    status: str
    x: NDArray[np.bool_] | None
    worth: float
    bound: float
    nodes: int
    prices: NDArray[np.float64]
    shelter_years: int | None = None
    shelter_bound: int | None = None

    @property
    def gap(self) -> float:
        """(bound − worth) / worth."""
        return math.inf if self.x is None else gap_of(self.worth, self.bound)


def gap_of(worth: float, bound: float) -> float:
    """(bound − worth) / worth; infinite where nothing is known."""
    over = max(bound - worth, 0.0)
    return 0.0 if over == 0 else over / abs(worth) if worth and math.isfinite(over) else math.inf


def problem_of(
    model: Model, worth: NDArray[np.float64], *, lifted: Collection[Rule] = (), rows: NDArray[np.bool_] | None = None
) -> Problem:  # fmt: skip
    """The model as a problem: all rows or some, with what is lifted allowed."""
    kept = np.ones(len(model.rules), dtype=bool) if rows is None else rows
    n = model.once.shape[0]
    m = model.columns
    return Problem(
        worth=worth,
        rows=sp.csr_matrix(sp.vstack([model.once, model.rows[kept]])),
        low=np.concatenate([np.full(n, -np.inf), model.low[kept]]), high=np.concatenate([np.ones(n), model.high[kept]]),
        lower=np.zeros(m), upper=model.free(lifted).astype(np.float64), whole=np.ones(m, dtype=bool),
    )  # fmt: skip


def best(model: Model, limits: Limits, watch: Watch, start: NDArray[np.bool_] | None = None) -> Solved:
    """The programme that is worth most."""
    problem = problem_of(model, model.worth + model.tie)
    begun = None if start is None or not _fits(model, start) else start.astype(np.float64)
    return _best(model, problem, model.worth, limits, watch, begun)


def best_with_shelters_first(model: Model, limits: Limits, watch: Watch) -> Solved:
    """Among the programmes whose shelters stand longest, to the gap, the one that is worth most."""
    t = len(model.sites.years)
    stands = np.where(model.sites.shelter[model.site], t - model.year, 0).astype(np.float64)
    first = replace(watch, seconds=min(watch.seconds, watch.spent + _SHELTER_TIME * watch.left))
    # Whole numbers: the best is proven as soon as nothing better by one is left.
    half = replace(limits, gap=limits.gap / 2)
    found = _best(model, problem_of(model, stands), stands, half, first, step=1.0)
    if found.x is None:
        return found
    most = max(math.floor(found.bound + _ONE), round(found.worth))
    least = min(round(found.worth), math.ceil(most * (1 - limits.gap)))
    problem = problem_of(model, model.worth + model.tie)
    kept = replace(
        problem, rows=sp.csr_matrix(sp.vstack([problem.rows, stands[None, :]])),
        low=np.append(problem.low, float(least)), high=np.append(problem.high, np.inf),
    )  # fmt: skip
    # Every shelter's year that is missing is dear: how many are built in each year is settled before who they are.
    second = _best(model, kept, model.worth, limits, watch, found.x.astype(np.float64), groups=_by_year(stands > 0, t))
    years = None if second.x is None else round(float(stands @ second.x))
    return replace(second, shelter_years=years, shelter_bound=most)


def _by_year(columns: NDArray[np.bool_], years: int) -> sp.csr_matrix:
    """[T, m] those of the columns that are of each year."""
    chosen = np.flatnonzero(columns)
    return sp.csr_matrix((np.ones(len(chosen)), (chosen % years, chosen)), shape=(years, len(columns)))


def _best(
    model: Model, problem: Problem, plain: NDArray[np.float64], limits: Limits, watch: Watch, start: NDArray[np.float64] | None = None, *,
    step: float = 0.0, groups: sp.csr_matrix | None = None,
) -> Solved:  # fmt: skip
    """``plain``: the worth without what breaks ties; ``step``: what a better answer is better by at least, where that is known; ``groups``: of columns
    whose numbers are settled first.
    """
    r = len(model.rules)
    nothing = np.zeros(r)
    relaxed = relax(problem, watch)
    if relaxed.x is None or relaxed.prices is None:
        status = "none" if relaxed.status == "none" else "unknown"
        return Solved(status, None, -math.inf, -math.inf if status == "none" else math.inf, 0, nothing)
    prices = relaxed.prices[model.once.shape[0] :][:r]
    bound = relaxed.bound
    found, nodes = start, 0
    if _open_sites(model) > _KERNEL:
        inner = replace(watch, seconds=min(watch.seconds, watch.spent + _KERNEL_TIME * watch.left))
        found = _good(model, problem, relaxed, limits, inner, start, step, groups)
    reached = -math.inf if found is None else float(problem.worth @ found)
    status = "done"
    if found is None or bound - reached > max(limits.gap * abs(reached), step * (1 - _ONE)):
        whole = search(problem, limits, watch, start=found)
        if whole.status == "none":
            return Solved("none", None, -math.inf, -math.inf, whole.nodes, nothing)
        status, nodes = whole.status, whole.nodes
        bound = min(bound, whole.bound)
        if whole.x is not None and (found is None or whole.worth > reached):
            found = np.rint(whole.x)
    if found is None:
        return Solved("unknown", None, -math.inf, bound, nodes, prices)
    found = with_free_moves(problem, found, len(model.sites.years))
    kept = _kept_exactly(model, problem, found > 0.5, limits, watch)
    if kept is None:
        return Solved("unknown", None, -math.inf, bound, nodes, prices)
    worth = float(plain @ kept)
    return Solved(status, kept, worth, max(bound, worth), nodes, prices)


def _open_sites(model: Model) -> int:
    return int(model.once.shape[0])


def _fits(model: Model, x: NDArray[np.bool_]) -> bool:
    """Whether an answer of another model of the same columns keeps the rules of this one."""
    return len(x) == model.columns and not model.broken(x).any() and not (x & ~model.free()).any()


def _good(
    model: Model, problem: Problem, relaxed: Answer, limits: Limits, watch: Watch, start: NDArray[np.float64] | None, step: float,
    groups: sp.csr_matrix | None,
) -> NDArray[np.float64] | None:  # fmt: skip
    """A good answer, mostly within the gap of the bound."""
    # The gap is a share of the worth, which lies below the bound.
    within = limits.gap / (1 + math.copysign(limits.gap, relaxed.worth)) * abs(relaxed.worth)
    target = relaxed.worth - max(within * _WITHIN, step * (1 - _ONE))
    if limits.gap <= 0:
        return _kernel(model, problem, relaxed, limits, watch, start, target)
    close = near(problem, relaxed, len(model.sites.years), target)
    if groups is None or start is None:
        found = _kernel(model, problem, relaxed, limits, watch, start, target)
    else:
        tried = by_counts(close, groups, limits.gap, watch)
        found = start if tried is None or problem.worth @ tried <= problem.worth @ start else tried
    return None if found is None else by_years(close, found, limits.gap, watch)


def _kernel(
    model: Model, problem: Problem, relaxed: Answer, limits: Limits, watch: Watch, start: NDArray[np.float64] | None, target: float
) -> NDArray[np.float64] | None:  # fmt: skip
    """A good answer: the sites that the prices decide by far are held as the relaxation has them."""
    assert relaxed.x is not None and relaxed.prices is not None  # noqa: S101, PT018 - the caller has looked
    t = len(model.sites.years)
    n = model.once.shape[0]
    net = (problem.worth - problem.rows[n:].T @ relaxed.prices[n:]).reshape(-1, t)
    net = np.where(problem.upper.reshape(-1, t) > 0, net, -np.inf)
    ranked = np.sort(np.concatenate([net, np.zeros((len(net), 1))], axis=1), axis=1)
    margin = ranked[:, -1] - ranked[:, -2]
    x = relaxed.x.reshape(-1, t)
    margin[((x > _ONE) & (x < 1 - _ONE)).any(axis=1)] = -1.0
    order = np.argsort(margin, kind="stable")
    found = start
    # To the very best only the whole problem leads; one kernel gives it a start.
    for size in [_KERNEL * 2**k for k in range(_KERNELS if limits.gap > 0 else 1)]:
        if size >= n or watch.left <= 0 or (found is not None and problem.worth @ found >= target):
            break
        held = np.ones(n, dtype=bool)
        held[order[:size]] = False
        columns = np.repeat(held, t)
        fixed = np.rint(relaxed.x)
        small = replace(
            problem, lower=np.where(columns, fixed, problem.lower), upper=np.where(columns, fixed, problem.upper)
        )
        # What a smaller kernel found lies in this one; what a person gave may not.
        begin = found if found is not None and (found[columns] == fixed[columns]).all() else None
        tried = search(small, Limits(limits.gap / 20, watch.left, _KERNEL_NODES), watch, start=begin, target=target)
        if tried.x is not None and (found is None or tried.worth > problem.worth @ found):
            found = np.rint(tried.x)
    return found


def _kept_exactly(
    model: Model, problem: Problem, x: NDArray[np.bool_], limits: Limits, watch: Watch
) -> NDArray[np.bool_] | None:  # fmt: skip
    """The answer, where it keeps every row to the last yen; HiGHS may break one by a millionth, then the row is drawn in by that."""
    n = model.once.shape[0]
    for _ in range(_REPAIRS):
        broken = model.broken(x)
        if not broken.any():
            return x
        low, high = problem.low.copy(), problem.high.copy()
        low[n : n + len(broken)] += 2 * broken
        high[n : n + len(broken)] -= 2 * broken
        problem = replace(problem, low=low, high=high)
        again = search(problem, limits, watch)
        if again.x is None:
            return None
        x = again.x > 0.5
    return None if model.broken(x).any() else x
