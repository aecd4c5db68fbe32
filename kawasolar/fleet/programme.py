"""Which car is replaced in which fiscal year: whole-number rows on HiGHS.

Cars that are alike in all that counts are one group, so that the search does not try them in every order. One column for each group and year, and one for
never: how many of its cars. Rows: as many cars as the target asks for, each year's budget, each year's
number of cars. First it is asked whether that can be; if not, how many can, and the least equal yearly budget that would do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from gis.progress import Progress, part, silent
from kawasolar.fleet.table import search_ends
from kawasolar.programme.highs import Answer, Limits, Problem, Watch, search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kawasolar.fleet.rules import Objective
    from kawasolar.fleet.schedule import Schedule

_YEN = 1.0
_WHAT = "fleet"


@dataclass(frozen=True, eq=False)
class Asked:
    """What a search must keep to.

    Attributes
    ----------
    schedule : of the cars that can be replaced
    need : at least so many of ``counted`` are replaced
    counted : [n] the cars of which the target speaks
    budgets : fiscal year -> yen at most; unnamed years are free
    per_year : cars a year at most; None: free
    objective : ``due cost co2``, as of :class:`kawasolar.fleet.rules.FleetRules`
    first : [n] of cars that are alike the lowest go first, NaN last; as they come where None
    """

    schedule: Schedule
    need: int
    counted: NDArray[np.bool_]
    budgets: Mapping[int, float]
    per_year: int | None = None
    objective: Objective = "due"
    first: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class _Groups:
    """Cars that are alike: ``of`` [n] the group of each, ``size`` [g]; worth [g, T + 1], spend [g, T, T] and counted [g] of one of its cars."""

    of: NDArray[np.int64]
    size: NDArray[np.float64]
    worth: NDArray[np.float64]
    spend: NDArray[np.float64]
    counted: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Found:
    """A programme.

    Attributes
    ----------
    year : [n] index of the year; T for never
    status : ``done`` to the gap, ``time`` the best that was found in the time
    reached, need : how many counted cars are replaced, and were to be
    short : rules that keep it from that: ``budget``, ``cars_per_year``, ``together`` (only both); empty where it is reached
    least_yen : least equal yearly budget with which the target would be reached; without the number of cars a year, where that forbids it too; NaN where
        only that does, or it is reached
    least_proven : whether no smaller one would do (to the gap)
    gap : proven share of the objective that is at most missing; NaN where nobody knows
    """

    year: NDArray[np.int64]
    status: str
    reached: int
    need: int
    short: tuple[str, ...] = ()
    least_yen: float = np.nan
    least_proven: bool = False
    gap: float = 0.0


def plan_years(asked: Asked, ends: Limits, progress: Progress = silent) -> Found:
    """The best programme that reaches the target; where none does, the best of those that come nearest.

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    if not len(asked.schedule):
        return Found(np.zeros(0, np.int64), "done", 0, asked.need, ("budget",) if asked.need > 0 else ())
    groups = _groups(asked)
    found = _search(asked, groups, asked.need, ends, part(progress, 0.0, 0.4))
    if found is not None:
        return found
    most, begun = _most(asked, groups, ends, part(progress, 0.4, 0.6))
    # As many as can be is a needle's eye: the search begins with a programme that has passed it.
    nearest = _search(asked, groups, min(most, asked.need), ends, part(progress, 0.6, 0.8), begun)
    if nearest is None:
        nearest = Found(_years(asked, groups, begun), "time", most, asked.need, gap=np.nan)
    if most >= asked.need:
        return nearest
    short = _short(asked, groups, ends, part(progress, 0.8, 0.9))
    least, proven = np.nan, False
    if short != ("cars_per_year",):
        free = replace(asked, per_year=None) if "cars_per_year" in short else asked
        least, proven = _least(free, groups, ends, part(progress, 0.9, 1.0))
    return replace(nearest, need=asked.need, short=short, least_yen=least, least_proven=proven)


def _groups(asked: Asked) -> _Groups:
    """Cars with the same worth in every year, the same spending and the same part in the target."""
    plan, n = asked.schedule, len(asked.schedule)
    worth = _worth(asked)
    # To a hundredth of a yen, and of a kilogram where CO2 is searched for.
    keys = np.hstack(
        [
            np.round(worth, 5 if asked.objective == "co2" else 2),
            np.round(plan.spend_yen.reshape(n, -1), 2),
            asked.counted[:, None],
        ]
    )
    _, at, of, size = np.unique(keys, axis=0, return_index=True, return_inverse=True, return_counts=True)
    return _Groups(np.reshape(of, -1), size.astype(np.float64), worth[at], plan.spend_yen[at], asked.counted[at])


def _search(
    asked: Asked, groups: _Groups, need: int, ends: Limits, progress: Progress, begun: NDArray[np.int64] | None = None
) -> Found | None:  # fmt: skip
    """The best programme that keeps all rules; None where it is proven that there is none, or the time ends before one is found.

    Parameters
    ----------
    begun : [g, T + 1] a programme to begin with
    """
    problem = _problem(asked, groups, groups.worth, need)
    start = None if begun is None else begun.ravel().astype(np.float64)
    answer = search(problem, ends, Watch(progress, _WHAT, seconds=ends.seconds), start=start)
    if answer.x is None:
        return None
    chosen = _numbers(groups, answer)
    reached = int(chosen[groups.counted, :-1].sum())
    gap = abs(answer.bound - answer.worth) / max(abs(answer.worth), _YEN)
    return Found(_years(asked, groups, chosen), "done" if answer.status == "done" else "time", reached, need, gap=gap)


def _worth(asked: Asked) -> NDArray[np.float64]:
    """[n, T + 1] not below 0: what each choice is better than the car's worst; of equal ones the earlier."""
    plan = asked.schedule
    value = {"due": -plan.off_yen, "cost": -plan.cost_yen, "co2": plan.saved_t}[asked.objective]
    worth = value - value.min(axis=1, keepdims=True)
    scale = max(float(worth.max()), 1e-9)
    # What breaks ties is below the gap of any one car.
    return np.asarray(worth + 1e-9 * scale * np.arange(worth.shape[1], 0, -1))


def _problem(asked: Asked, groups: _Groups, worth: NDArray[np.float64], need: int) -> Problem:
    """Rows: each group's cars, the target, then for each year its budget where there is one, and its number of cars."""
    g, t = len(groups.size), len(asked.schedule.years)
    rows = [sp.csr_matrix((np.ones(g * (t + 1)), np.arange(g * (t + 1)), np.arange(0, g * (t + 1) + 1, t + 1)))]
    low, high = [*groups.size], [*groups.size]

    def add(cells: NDArray[np.float64], least: float, most: float) -> None:
        whole = np.hstack([cells, np.zeros((g, 1))])
        rows.append(sp.csr_matrix(whole.reshape(1, -1)))
        low.append(least)
        high.append(most)

    add(np.repeat(groups.counted.astype(np.float64)[:, None], t, axis=1), float(need), np.inf)
    for k, year in enumerate(asked.schedule.years):
        if year in asked.budgets:
            add(groups.spend[:, :, k], -np.inf, asked.budgets[year])
        if asked.per_year is not None:
            add(np.repeat((np.arange(t) == k).astype(np.float64)[None, :], g, axis=0), -np.inf, float(asked.per_year))
    upper = np.repeat(groups.size, t + 1)
    return Problem(
        worth.ravel(), sp.vstack(rows, format="csr"), np.array(low), np.array(high), np.zeros(len(upper)), upper, np.ones(len(upper), dtype=bool)
    )  # fmt: skip


def _numbers(groups: _Groups, answer: Answer) -> NDArray[np.int64]:
    """[g, T + 1] cars of each group in each year and never."""
    x = np.asarray(answer.x)[: groups.worth.size]
    return np.rint(x.reshape(groups.worth.shape)).astype(np.int64)


def _years(asked: Asked, groups: _Groups, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """[n] the year of each car: of those that are alike, whoever is due first."""
    first = np.full(len(groups.of), np.nan) if asked.first is None else asked.first
    order = np.lexsort((np.arange(len(first)), first, groups.of))
    year = np.empty(len(first), dtype=np.int64)
    year[order] = np.repeat(np.tile(np.arange(chosen.shape[1]), len(chosen)), chosen.ravel())
    return year


def _most(asked: Asked, groups: _Groups, ends: Limits, progress: Progress) -> tuple[int, NDArray[np.int64]]:
    """How many counted cars can be replaced within the rules, and [g, T + 1] such a programme."""
    worth = np.zeros(groups.worth.shape)
    worth[groups.counted, :-1] = 1.0
    exact = replace(ends, gap=0.0)
    answer = search(_problem(asked, groups, worth, 0), exact, Watch(progress, _WHAT, seconds=ends.seconds))
    if answer.x is None:
        # The time was over before anything was found; replacing nobody keeps every rule.
        nobody = np.zeros(groups.worth.shape, dtype=np.int64)
        nobody[:, -1] = np.rint(groups.size)
        return 0, nobody
    chosen = _numbers(groups, answer)
    return int(chosen[groups.counted, :-1].sum()), chosen


def _short(asked: Asked, groups: _Groups, ends: Limits, progress: Progress) -> tuple[str, ...]:
    """Which rules keep the target from being reached, each by itself."""
    found = []
    if asked.per_year is not None and asked.per_year * len(asked.schedule.years) < asked.need:
        found.append("cars_per_year")
    if asked.budgets and _most(replace(asked, per_year=None), groups, ends, progress)[0] < asked.need:
        found.append("budget")
    return tuple(found) or ("together",)


def _least(asked: Asked, groups: _Groups, ends: Limits, progress: Progress) -> tuple[float, bool]:
    """The least equal yearly budget with which as many as are needed are replaced [yen], and whether that is proven: min B, every year's spending ≤ B."""
    g, t = len(groups.size), len(asked.schedule.years)
    gap, seconds = search_ends("least_")
    fixed = dict.fromkeys(asked.schedule.years, 0.0)
    problem = _problem(replace(asked, budgets=fixed), groups, np.zeros(groups.worth.shape), asked.need)
    unit = max(float(groups.spend.max()), 1.0)
    # The rows of the budgets: what is spent less B is at most 0.
    spent = g + 1 + (1 if asked.per_year is None else 2) * np.arange(t)
    rows = problem.rows.shape[0]
    factor = sp.csr_matrix((np.full(t, -unit), (spent, np.zeros(t, np.int64))), shape=(rows, 1))
    widened = replace(
        problem, worth=np.append(problem.worth, -1.0), rows=sp.hstack([problem.rows, factor], format="csr"), lower=np.append(problem.lower, 0.0),
        upper=np.append(problem.upper, np.inf), whole=np.append(problem.whole, False),
    )  # fmt: skip
    limit = min(seconds, ends.seconds)
    answer = search(widened, Limits(gap, limit), Watch(progress, _WHAT, seconds=limit))
    if answer.x is None:
        return np.nan, False
    spending = np.einsum("gt,gts->s", _numbers(groups, answer)[:, :-1], groups.spend)
    return float(np.ceil(spending.max() - 1e-6)), answer.status == "done"
