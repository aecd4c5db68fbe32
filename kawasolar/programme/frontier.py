"""What more money buys: the frontier of the objective against the cost to the city, point by point, each proven to a gap."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import Progress, part, silent
from kawasolar.programme.highs import Limits, Watch, relax
from kawasolar.programme.model import build
from kawasolar.programme.result import Programme, make_programme
from kawasolar.programme.solving import best, gap_of, problem_of

if TYPE_CHECKING:
    from kawasolar.programme.rules import Rules
    from kawasolar.programme.sites import Sites


@dataclass(frozen=True, eq=False)
class Point:
    """A programme that costs the city at most ``allowed_yen`` over all years."""

    allowed_yen: float
    cost_yen: float
    programme: Programme

    @property
    def worth(self) -> float:
        return self.programme.proof.worth


def cost_of(programme: Programme) -> float:
    """What a programme costs the city in its years, what is contracted in them counted in [yen]."""
    sites = programme.sites
    k = programme.year - sites.years[0]
    rows = np.flatnonzero(programme.counted & (k >= 0))
    return float(sites.cost_yen[rows, k[rows]].sum())


def frontier(
    sites: Sites, rules: Rules, points: int, limits: Limits, progress: Progress = silent
) -> tuple[Point, ...]:  # fmt: skip
    """The frontier from the cheapest programme that keeps the rules to the best one, in even steps of money.

    Each point begins with the one before it, which fits too: so the worth never falls as the money grows. Points at which nothing was found in the time
    are left out; none at all where nothing fits.

    Parameters
    ----------
    rules : that shelters come first is left out, or more money could be worth less
    limits : of each point
    """
    rules = replace(rules, shelters_first=False)
    dear = make_programme(sites, rules, limits, part(progress, 0.0, 1 / (points + 1)))
    if dear is None:
        return ()
    most = cost_of(dear)
    least = _least_cost(sites, rules, limits, part(progress, 1 / (points + 1), 2 / (points + 1)))
    found: list[Point] = []
    steps = np.linspace(min(least, most), most, max(points, 2))
    for k, allowed in enumerate(steps.tolist()):
        done = (2 + k * (points - 1) / max(points, 2)) / (points + 1)
        capped = replace(rules, budget_total_yen=min(math.ceil(allowed), rules.budget_total_yen or math.inf))
        start = found[-1].programme if found else None
        if allowed >= most and (start is None or dear.proof.worth > start.proof.worth):
            start = dear
        made = make_programme(
            sites, capped, limits, part(progress, min(done, 1.0), min(done + 1 / (points + 1), 1.0)), start=start
        )
        if made is None:
            continue
        if found and made.proof.worth < found[-1].worth:
            # By less than what breaks ties.
            same = found[-1].programme
            bound = max(made.proof.bound, same.proof.worth)
            proof = replace(same.proof, bound=bound, gap=gap_of(same.proof.worth, bound), status=made.proof.status)
            made = replace(same, rules=capped, proof=proof)
        found.append(Point(math.ceil(allowed), cost_of(made), made))
    progress(1.0, "programme")
    return tuple(found)


def frontier_table(points: tuple[Point, ...]) -> pd.DataFrame:
    """One row per point: ``allowed_yen, cost_yen, worth, bound, gap, sites, capacity_kw``."""
    return pd.DataFrame(
        [
            {
                "allowed_yen": point.allowed_yen, "cost_yen": point.cost_yen, "worth": point.worth, "bound": point.programme.proof.bound,
                "gap": point.programme.proof.gap, "sites": int(point.programme.counted.sum()),
                "capacity_kw": float(point.programme.sites.capacity_kw[point.programme.counted].sum()),
            }
            for point in points
        ],
        columns=["allowed_yen", "cost_yen", "worth", "bound", "gap", "sites", "capacity_kw"],
    )  # fmt: skip


def _least_cost(sites: Sites, rules: Rules, limits: Limits, progress: Progress) -> float:
    """What the cheapest programme that keeps the rules costs, to the gap."""
    model = build(sites, rules)
    cost = sites.cost_yen[model.site, model.year]
    cheap = replace(model, worth=-cost, tie=np.zeros(model.columns))
    solved = best(cheap, limits, Watch(progress, seconds=limits.seconds))
    standing = float(-solved.worth) if solved.x is not None else math.inf
    k = sites.state_year - sites.years[0]
    taken = np.flatnonzero(~sites.open & (k >= 0) & (k < len(sites.years)))
    return standing + float(sites.cost_yen[taken, k[taken]].sum())


def linear_bound(sites: Sites, rules: Rules, progress: Progress = silent) -> float:
    """No programme is worth more: the linear relaxation alone, in milliseconds."""
    model = build(sites, rules)
    return relax(problem_of(model, model.worth), Watch(progress)).bound
