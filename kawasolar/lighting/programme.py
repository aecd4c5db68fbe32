"""Which facility's lamps are replaced in which fiscal year, under a budget a year: whole numbers on HiGHS.

Deadlines come first: to the gap, no programme has more luminaires replaced by the last fiscal year in which their lamps can be had new. Among those, the one that is worth most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy.sparse as sp

from gis.progress import Progress, part, silent
from kawasolar.errors import PlanError
from kawasolar.lighting.deadlines import NEVER
from kawasolar.programme.highs import Answer, Limits, Problem, Watch, relax, search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Goal = Literal["saving", "co2"]
GOALS: tuple[Goal, ...] = ("saving", "co2")
MOST_YEARS = 30
# Of the largest worth: among equals the earlier year, then the first in the list.
_TIE = 1e-7
_HALF = 0.5
_REPAIRS, _WHOLE = 5, 1e-9


@dataclass(frozen=True)
class Rules:
    """What a programme keeps to.

    Attributes
    ----------
    years : fiscal years in a row
    budget_yen : of every year; None for none
    budgets : of single years, in its place
    goal : ``saving``: yen saved until ``term`` years after the last year, discounted; ``co2``: tonnes until then
    deadlines : whether deadlines come first
    pins : facility -> fiscal year in which it must be; 0 for in none
    gap, seconds, nodes : when each of the two searches ends; how near it came is told
    """

    years: tuple[int, ...]
    budget_yen: float | None = None
    budgets: Mapping[int, float] = field(default_factory=dict)
    goal: Goal = "saving"
    deadlines: bool = True
    pins: Mapping[str, int] = field(default_factory=dict)
    gap: float = 5e-3
    seconds: float = 10.0
    nodes: int = 20_000

    def budget(self, year: int) -> float:
        """Yen of a year; infinite where nobody limits it."""
        some = self.budgets.get(year, self.budget_yen)
        return math.inf if some is None else float(some)


@dataclass(frozen=True, eq=False)
class Sites:
    """What the search knows of each facility; arrays are [n], or [n, years].

    Attributes
    ----------
    cost_yen : [n, years] whole yen, with what joint works spare
    worth : [n, years] of the goal
    in_time : [n, years] luminaires that are in time if replaced in that year
    """

    facility_id: NDArray[np.object_]
    cost_yen: Floats
    worth: Floats
    in_time: Floats


@dataclass(frozen=True, eq=False)
class Found:
    """A programme.

    Attributes
    ----------
    year : [n] fiscal year of each facility; :data:`kawasolar.lighting.deadlines.NEVER` where it is in none
    status : ``done`` to the gap asked for, ``time``
    worth, bound : of the goal; no programme that keeps the deadlines as well is worth more than ``bound``
    in_time, most_in_time : luminaires replaced in time, and a bound of any programme's
    """

    year: Ints
    status: str
    worth: float
    bound: float
    in_time: float
    most_in_time: float

    @property
    def gap(self) -> float:
        """(bound − worth) / worth."""
        over = max(self.bound - self.worth, 0.0)
        return 0.0 if over == 0.0 else over / abs(self.worth) if self.worth else math.inf


def worth_of(
    saved: Floats, years: Sequence[int], term: int, rate: float
) -> Floats:  # fmt: skip
    """[n, years] what is saved from the year after the works until ``term`` years after the last year, discounted to the first.

    Parameters
    ----------
    saved : [n] of a year
    """
    first, end = years[0], years[-1] + term
    factor = np.array(
        [sum((1.0 + rate) ** -(t - first) for t in range(year + 1, end + 1)) for year in years]
    )  # fmt: skip
    return np.asarray(saved[:, None] * factor[None, :])


def plan_years(sites: Sites, rules: Rules, progress: Progress = silent) -> Found:
    """The best programme.

    Raises
    ------
    PlanError
        ``lighting.years``, ``lighting.budget``; ``lighting.no_such_pin``, ``lighting.pin_year``: a pin of no facility or year of the programme; ``lighting.pins``: the pins cost more than a year has
    gis.progress.Cancelled
        from ``progress``
    """
    check(rules)
    problem = _problem(sites, rules)
    limits, whole = Limits(rules.gap, rules.seconds, rules.nodes), len(sites.facility_id) * len(rules.years)
    if not whole:
        return Found(np.zeros(0, np.int64), "done", 0.0, 0.0, 0.0, 0.0)
    urgent, start, most = sites.in_time.ravel(), None, 0.0
    status = "done"
    if rules.deadlines and urgent.any():
        watch = Watch(part(progress, 0.0, 0.5), "programme", seconds=rules.seconds)
        first = _answer(replace(problem, worth=urgent), limits, watch)
        start, status = np.rint(_pinned(problem) if first.x is None else first.x), first.status
        reached, most = float(urgent @ start), max(math.floor(first.bound + _HALF), 0.0)
        most = max(most, reached)
        least = min(reached, math.ceil(most * (1.0 - rules.gap)))
        problem = replace(
            problem, rows=sp.csr_matrix(sp.vstack([problem.rows, urgent[None, :]])), low=np.append(problem.low, least - _HALF),
            high=np.append(problem.high, np.inf),
        )  # fmt: skip
    worth = sites.worth.ravel()
    watch = Watch(part(progress, 0.5, 1.0), "programme", seconds=rules.seconds)
    last = _answer(replace(problem, worth=worth + _ties(sites, worth)), limits, watch, start)
    x = np.rint(last.x if last.x is not None else _pinned(problem) if start is None else start)
    chosen = x.reshape(sites.worth.shape) > _HALF
    year = np.where(chosen.any(axis=1), np.asarray(rules.years)[chosen.argmax(axis=1)], NEVER)
    value = float(worth @ x)
    in_time = float(urgent @ x)
    status = "done" if status == last.status == "done" else "time"
    return Found(year, status, value, max(last.bound, value), in_time, max(most, in_time))


def check(rules: Rules) -> None:
    """Refuse rules that mean nothing.

    Raises
    ------
    PlanError
        ``lighting.years``, ``lighting.budget``
    """
    years = rules.years
    if not 1 <= len(years) <= MOST_YEARS or list(years) != list(range(years[0], years[0] + len(years))):
        raise PlanError("lighting.years", found=", ".join(map(str, years))[:60], expected=MOST_YEARS)
    for some in (rules.budget_yen, *rules.budgets.values()):
        if some is not None and not (math.isfinite(some) and some >= 0.0):
            raise PlanError("lighting.budget", found=some)


def _answer(problem: Problem, limits: Limits, watch: Watch, start: Floats | None = None) -> Answer:
    """An answer that keeps every row to the last yen: HiGHS may break one by a millionth, then the row is drawn in by that."""
    found = Answer("none", None, -math.inf, -math.inf)
    for _ in range(_REPAIRS):
        relaxed = relax(problem, watch)
        whole = relaxed.x is not None and np.abs(relaxed.x - np.rint(relaxed.x)).max() < _WHOLE
        found = relaxed if whole else search(problem, limits, watch, start=start)
        if found.x is None:
            return found
        sums = problem.rows @ np.rint(found.x)
        over = np.maximum(np.maximum(sums - problem.high, problem.low - sums), 0.0)
        if not (over > _WHOLE).any():
            return found
        problem = replace(problem, low=problem.low + 2 * over, high=problem.high - 2 * over)
    return replace(found, x=None)


def _pinned(problem: Problem) -> Floats:
    """The pins alone, which the budgets bear: an answer where a search ran out of time before its first."""
    return problem.lower


def _ties(sites: Sites, worth: Floats) -> Floats:
    n, t = sites.worth.shape
    order = 0.5 * (1.0 - np.arange(n) / n)[:, None] + 0.5 * (1.0 - np.arange(t) / t)[None, :]
    return np.asarray(order.ravel() * _TIE * (float(np.abs(worth).max()) or 1.0))


def _problem(sites: Sites, rules: Rules) -> Problem:
    """Each facility at most once, each year within its budget, pins as bounds."""
    n, t = sites.worth.shape
    m = n * t
    cost = sites.cost_yen.ravel()
    once = sp.csr_matrix((np.ones(m), np.arange(m), np.arange(0, m + 1, t)), shape=(n, m))
    budgets = np.array([rules.budget(year) for year in rules.years])
    yearly = sp.csr_matrix((cost, (np.tile(np.arange(t), n), np.arange(m))), shape=(t, m))
    lower, upper = _pins(sites, rules)
    over = (lower.reshape(n, t) * sites.cost_yen).sum(axis=0) > budgets + _HALF
    if over.any():
        raise PlanError("lighting.pins", year=rules.years[int(over.argmax())])
    return Problem(
        worth=sites.worth.ravel(), rows=sp.csr_matrix(sp.vstack([once, yearly])), low=np.full(n + t, -np.inf), high=np.concatenate([np.ones(n), budgets]),
        lower=lower, upper=upper, whole=np.ones(m, dtype=bool),
    )  # fmt: skip


def _pins(sites: Sites, rules: Rules) -> tuple[Floats, Floats]:
    n, t = sites.worth.shape
    lower, upper = np.zeros((n, t)), np.ones((n, t))
    place = {str(name): k for k, name in enumerate(sites.facility_id)}
    for name, year in rules.pins.items():
        if name not in place:
            raise PlanError("lighting.no_such_pin", facility=name[:60])
        upper[place[name]] = 0.0
        if year:
            if year not in rules.years:
                raise PlanError("lighting.pin_year", facility=name[:60], found=year)
            k = rules.years.index(year)
            lower[place[name], k] = upper[place[name], k] = 1.0
    return lower.ravel(), upper.ravel()
