"""Which car is replaced in which fiscal year: whole-number rows on HiGHS.

One column for each car and year, and one for never; each car has exactly one. Rows: as many cars as the target asks for, each year's budget, each year's
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
_HALF = 0.5
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
    """

    schedule: Schedule
    need: int
    counted: NDArray[np.bool_]
    budgets: Mapping[int, float]
    per_year: int | None = None
    objective: Objective = "due"


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
    found = _search(asked, ends, part(progress, 0.0, 0.4))
    if found is not None:
        return found
    most = _most(asked, ends, part(progress, 0.4, 0.6))
    nearest = _search(replace(asked, need=most), ends, part(progress, 0.6, 0.8))
    if nearest is None:
        # Replacing nobody keeps every rule, so this does not happen but where the time is over.
        nearest = Found(np.full(len(asked.schedule), len(asked.schedule.years)), "time", 0, most, gap=np.nan)
    short = _short(asked, ends, part(progress, 0.8, 0.9))
    least, proven = np.nan, False
    if short != ("cars_per_year",):
        free = replace(asked, per_year=None) if "cars_per_year" in short else asked
        least, proven = _least(free, ends, part(progress, 0.9, 1.0))
    return replace(nearest, need=asked.need, short=short, least_yen=least, least_proven=proven)


def _search(asked: Asked, ends: Limits, progress: Progress) -> Found | None:
    """The best programme that keeps all rules; None where it is proven, or the time ends before one is found, that there is none."""
    worth = _worth(asked)
    answer = search(_problem(asked, worth, asked.need), ends, Watch(progress, _WHAT, seconds=ends.seconds))
    if answer.x is None:
        return None
    year = _years(asked, answer)
    reached = int((asked.counted & (year < len(asked.schedule.years))).sum())
    span = abs(answer.bound - answer.worth) / max(abs(answer.worth), _YEN)
    return Found(year, "done" if answer.status == "done" else "time", reached, asked.need, gap=span)


def _worth(asked: Asked) -> NDArray[np.float64]:
    """[n, T + 1] not below 0: what each choice is better than the car's worst; of equal ones the earlier."""
    plan = asked.schedule
    value = {"due": -plan.off_yen, "cost": -plan.cost_yen, "co2": plan.saved_t}[asked.objective]
    worth = value - value.min(axis=1, keepdims=True)
    scale = max(float(worth.max()), 1e-9)
    # What breaks ties is below the gap of any one car.
    return np.asarray(worth + 1e-9 * scale * np.arange(worth.shape[1], 0, -1))


def _problem(asked: Asked, worth: NDArray[np.float64], need: int) -> Problem:
    n, t = len(asked.schedule), len(asked.schedule.years)
    columns = np.arange(n * (t + 1)).reshape(n, t + 1)
    once = sp.csr_matrix(
        (np.ones(columns.size), columns.ravel(), np.arange(0, columns.size + 1, t + 1)), shape=(n, columns.size)
    )
    rows: list[sp.csr_matrix] = [once]
    low, high = [np.ones(n)], [np.ones(n)]
    counted = np.zeros((n, t + 1))
    counted[asked.counted, :t] = 1.0
    rows.append(sp.csr_matrix(counted.reshape(1, -1)))
    low.append(np.array([float(need)]))
    high.append(np.array([np.inf]))
    for k, year in enumerate(asked.schedule.years):
        if year in asked.budgets:
            spent = np.hstack([asked.schedule.spend_yen[:, :, k], np.zeros((n, 1))])
            rows.append(sp.csr_matrix(spent.reshape(1, -1)))
            low.append(np.array([-np.inf]))
            high.append(np.array([asked.budgets[year]]))
        if asked.per_year is not None:
            mine = np.zeros((n, t + 1))
            mine[:, k] = 1.0
            rows.append(sp.csr_matrix(mine.reshape(1, -1)))
            low.append(np.array([-np.inf]))
            high.append(np.array([float(asked.per_year)]))
    size = columns.size
    return Problem(
        worth.ravel(), sp.vstack(rows, format="csr"), np.concatenate(low), np.concatenate(high), np.zeros(size), np.ones(size), np.ones(size, dtype=bool)
    )  # fmt: skip


def _years(asked: Asked, answer: Answer) -> NDArray[np.int64]:
    x = np.asarray(answer.x)[: len(asked.schedule) * (len(asked.schedule.years) + 1)]
    return np.asarray(x.reshape(len(asked.schedule), -1).argmax(axis=1), dtype=np.int64)


def _most(asked: Asked, ends: Limits, progress: Progress) -> int:
    """How many counted cars can be replaced within the rules."""
    n, t = len(asked.schedule), len(asked.schedule.years)
    worth = np.zeros((n, t + 1))
    worth[asked.counted, :t] = 1.0
    exact = replace(ends, gap=0.0)
    answer = search(_problem(asked, worth, 0), exact, Watch(progress, _WHAT, seconds=ends.seconds))
    if answer.x is None:
        return 0
    return int((asked.counted & (_years(asked, answer) < t)).sum())


def _short(asked: Asked, ends: Limits, progress: Progress) -> tuple[str, ...]:
    """Which rules keep the target from being reached, each by itself."""
    t = len(asked.schedule.years)
    found = []
    if asked.per_year is not None and asked.per_year * t < asked.need:
        found.append("cars_per_year")
    if asked.budgets:
        alone = replace(asked, per_year=None)
        if _most(alone, ends, progress) < asked.need:
            found.append("budget")
    return tuple(found) or ("together",)


def _least(asked: Asked, ends: Limits, progress: Progress) -> tuple[float, bool]:
    """The least equal yearly budget with which as many as are needed are replaced [yen], and whether that is proven: min B, every year's spending ≤ B."""
    n, t = len(asked.schedule), len(asked.schedule.years)
    gap, seconds = search_ends("least_")
    fixed = dict.fromkeys(asked.schedule.years, 0.0)
    free = replace(asked, budgets=fixed)
    problem = _problem(free, np.zeros((n, t + 1)), asked.need)
    # The rows of the budgets: what is spent less B is at most 0.
    unit = max(float(asked.schedule.spend_yen.max()), 1.0)
    each = 1 if asked.per_year is None else 2
    spent = n + 1 + each * np.arange(t)
    factor = sp.csr_matrix(
        (np.full(len(spent), -unit), (spent, np.zeros(len(spent), np.int64))), shape=(problem.rows.shape[0], 1)
    )
    answer = search(
        replace(
            problem, worth=np.append(problem.worth, -1.0), rows=sp.hstack([problem.rows, factor], format="csr"), lower=np.append(problem.lower, 0.0),
            upper=np.append(problem.upper, np.inf), whole=np.append(problem.whole, False),
        ),
        Limits(gap, min(seconds, ends.seconds)), Watch(progress, _WHAT, seconds=min(seconds, ends.seconds)),
    )  # fmt: skip
    if answer.x is None:
        return np.nan, False
    year = _years(asked, answer)
    chosen = np.flatnonzero(year < t)
    spending = asked.schedule.spend_yen[chosen, year[chosen]].sum(axis=0)
    return float(np.ceil(spending.max() - 1e-6)) if len(chosen) else 0.0, answer.status == "done"
