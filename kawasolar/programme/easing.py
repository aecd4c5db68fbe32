"""The least relaxation: by how much rules would have to give way for something to fit, all together or one alone; each tried again.

What giving way costs is a table (``resources/programme.toml``): so much for one per cent of the largest rule of its kind, or for one site. The sum is
as small as possible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from kawasolar.programme.highs import Limits, Problem, Watch, search
from kawasolar.programme.rules import NUMBERED
from kawasolar.programme.sites import W_PER_KW
from kawasolar.programme.solving import problem_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from kawasolar.programme.model import Model
    from kawasolar.programme.rules import Rule

_MONEY = ("budget", "budget_total", "subsidy", "subsidy_total")
# Money and watts are continuous; all others are counted.
_MEASURED = (*_MONEY, "kw")
_HUNDRED = 100.0
_DUST = 1e-6
_LEAST_COST = 1e-12


@dataclass(frozen=True)
class GivingWay:
    """One rule gives way: ``before`` and ``after`` in its own unit (yen, kW, sites); of a rule for one site 1 and 0."""

    rule: Rule
    by: float
    before: float
    after: float


@dataclass(frozen=True)
class Relaxation:
    """Rules that give way so that something fits.

    Attributes
    ----------
    weighted, bound : what it costs by the table, and the least that any relaxation costs
    fits : tried again with these rules: something fits
    """

    ways: tuple[GivingWay, ...]
    weighted: float
    bound: float
    fits: bool

    @property
    def least(self) -> bool:
        """Whether it is proven that none costs less (by a thousandth)."""
        return self.weighted <= self.bound * 1.001 + _DUST


def least_relaxation(
    model: Model, give: Mapping[str, float], limits: Limits, watch: Watch, only: Collection[Rule] | None = None
) -> Relaxation | None:  # fmt: skip
    """The relaxation of least cost; None where there is none among the rules that may give way, or none was found in time.

    Parameters
    ----------
    give : kind of rule -> cost of giving way; a kind that is not named stands fast
    only : the rules that may give way; all unless given
    """
    may = [rule for rule in (*model.rules, *model.of_sites()) if rule.kind in give and (only is None or rule in only)]
    if not may:
        return None
    units = unit_costs(model, give)
    answer = search(_elastic(model, may, units), limits, watch)
    if answer.x is None:
        return None
    ways = _ways(model, may, answer.x[: model.columns] > 0.5)
    weighted = sum(units[way.rule] * _inner(way.rule, way.by) for way in ways)
    return Relaxation(ways, weighted, max(-answer.bound, 0.0), _fits(model, ways, limits, watch))


def each_alone(
    model: Model, rules: Collection[Rule], give: Mapping[str, float], limits: Limits, watch: Watch
) -> tuple[Relaxation, ...]:
    """For each rule by how much it alone would have to give way; those that are not enough alone are left out."""
    found = [least_relaxation(model, give, limits, watch, only=(rule,)) for rule in rules]
    return tuple(one for one in found if one is not None and one.fits)


def unit_costs(model: Model, give: Mapping[str, float]) -> dict[Rule, float]:
    """What it costs by the table that a rule gives way by one (yen, W, site)."""
    largest: dict[str, float] = {}
    for rule, own in zip(model.rules, _own_numbers(model).tolist(), strict=True):
        largest[rule.kind] = max(largest.get(rule.kind, 1.0), own)
    costs: dict[Rule, float] = {}
    for rule in (*model.rules, *model.of_sites()):
        if rule.kind in give:
            costs[rule] = give[rule.kind] * (_HUNDRED / largest[rule.kind] if rule.kind in NUMBERED else 1.0)
    return costs


def relaxed(model: Model, ways: Collection[GivingWay]) -> Model:
    """The model with rules that have given way."""
    by = {way.rule: _inner(way.rule, way.by) for way in ways}
    less = np.array([by.get(rule, 0.0) for rule in model.rules])
    lifted = [way.rule for way in ways]
    ids = model.sites.facility_id[model.site].astype(str)
    blocked = {
        kind: mask & ~np.isin(ids, sorted(rule.item for rule in lifted if rule.kind == kind) or [""])
        for kind, mask in model.blocked.items()
    }
    return replace(model, low=model.low - less, high=model.high + less, blocked=blocked)


def _own_numbers(model: Model) -> NDArray[np.float64]:
    """[r] the rule's own number, what stands counted in."""
    return np.where(np.isfinite(model.high), model.high, model.low) + model.base


def _inner(rule: Rule, amount: float) -> float:
    return amount * W_PER_KW if rule.kind == "kw" else amount


def _ways(model: Model, may: list[Rule], x: NDArray[np.bool_]) -> tuple[GivingWay, ...]:
    """By how much each rule must give way for an answer, exactly."""
    broken = dict(zip(model.rules, model.broken(x).tolist(), strict=True))
    ids = model.sites.facility_id[model.site]
    used = {(kind, str(one)) for kind, mask in model.blocked.items() for one in ids[mask & x]}
    found = []
    for rule in may:
        if rule.kind not in NUMBERED and (broken.get(rule, 0.0) > 0 or (rule.kind, rule.item) in used):
            found.append(GivingWay(rule, 1.0, 1.0, 0.0))
        elif broken.get(rule, 0.0) > 0:
            row, by = model.rules.index(rule), broken[rule]
            own, up = float(_own_numbers(model)[row]), math.isfinite(model.high[row])
            unit = W_PER_KW if rule.kind == "kw" else 1.0
            found.append(GivingWay(rule, by / unit, own / unit, (own + by if up else own - by) / unit))
    return tuple(found)


def _elastic(model: Model, may: list[Rule], units: Mapping[Rule, float]) -> Problem:
    """The model with a column more for each rule that may give way; as little as possible of these."""
    plain = problem_of(model, np.zeros(model.columns))
    n, m, k = model.once.shape[0], model.columns, len(may)
    row_of = {rule: n + row for row, rule in enumerate(model.rules)}
    up = np.isfinite(plain.high)
    cost = np.array([units[rule] for rule in may])
    counted = np.array([rule.kind not in _MEASURED for rule in may], dtype=bool)
    # Yen and watts in steps of what costs one, so that all columns are of a size.
    step = np.where(counted, 1.0, 1.0 / np.maximum(cost, _LEAST_COST))
    entries = [
        (row_of[rule], j, -step[j] if up[row_of[rule]] else step[j]) for j, rule in enumerate(may) if rule in row_of
    ]
    slack = sp.csr_matrix(
        ([e[2] for e in entries], ([e[0] for e in entries], [e[1] for e in entries])), shape=(plain.rows.shape[0], k)
    )
    columns, own = _lifting(model, may)
    links = sp.csr_matrix(
        (
            np.concatenate([np.ones(len(columns)), -np.ones(len(columns))]),
            (np.tile(np.arange(len(columns)), 2), np.concatenate([columns, m + own])),
        ),
        shape=(len(columns), m + k),
    )
    upper = plain.upper.copy()
    upper[columns] = 1.0
    # Columns that something else forbids too, which may not give way.
    stay = np.zeros(m, dtype=bool)
    pairs = set(zip(columns.tolist(), own.tolist(), strict=True))
    for kind, mask in model.blocked.items():
        liftable = np.zeros(m, dtype=bool)
        liftable[[column for column, j in pairs if may[j].kind == kind]] = True
        stay |= mask & ~liftable
    upper[stay] = 0.0
    most = np.where([rule.kind in NUMBERED for rule in may], np.inf, 1.0)
    rows = sp.csr_matrix(sp.vstack([sp.hstack([plain.rows, slack]), links]))
    return Problem(
        worth=np.concatenate([np.zeros(m), -cost * step]), rows=rows,
        low=np.concatenate([plain.low, np.full(len(columns), -np.inf)]), high=np.concatenate([plain.high, np.zeros(len(columns))]),
        lower=np.zeros(m + k), upper=np.concatenate([upper, most]), whole=np.concatenate([plain.whole, counted]),
    )  # fmt: skip


def _lifting(model: Model, may: list[Rule]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which columns are allowed by the giving way of which rule: columns and indices of ``may``."""
    ids = model.sites.facility_id[model.site].astype(str)
    columns, own = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for kind, mask in model.blocked.items():
        of = {rule.item: j for j, rule in enumerate(may) if rule.kind == kind}
        if of:
            found = np.array([column for column in np.flatnonzero(mask).tolist() if ids[column] in of], dtype=np.int64)
            columns.append(found)
            own.append(np.array([of[ids[column]] for column in found.tolist()], dtype=np.int64))
    return np.concatenate(columns), np.concatenate(own)


def _fits(model: Model, ways: tuple[GivingWay, ...], limits: Limits, watch: Watch) -> bool:
    problem = problem_of(relaxed(model, ways), np.zeros(model.columns))
    answer = search(problem, Limits(0.0, limits.seconds), watch)
    return answer.x is not None and not relaxed(model, ways).broken(answer.x > 0.5).any()
