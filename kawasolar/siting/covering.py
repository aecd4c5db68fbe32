"""Maximal covering (Church & ReVelle, *Papers of the Regional Science Association* 32, 1974): so many sites, or a yearly budget, and the most weight within reach.

Points that the same candidates reach are one group, so that the rows that HiGHS gets are few; each choice begins with the greedy one, bettered by exchanges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from gis.progress import silent
from kawasolar.errors import PlanError
from kawasolar.programme.highs import Limits, Watch
from kawasolar.siting.checked import amounts_of, table_of, wanted_of, weights_of
from kawasolar.siting.models import Wanted, by_cover
from kawasolar.siting.result import Located
from kawasolar.siting.searching import searched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from gis.progress import Progress

_SECONDS = 600.0


def max_coverage(
    covers: ArrayLike, p: int, *, weights: ArrayLike | None = None, radius: float | None = None, pinned: Sequence[int] = (),
    vetoed: Sequence[int] = (),
) -> tuple[NDArray[np.int64], float]:  # fmt: skip
    """The ``p`` candidates that cover the most weight, proven.

    Parameters
    ----------
    covers : [points, candidates] whether a candidate covers a point; with ``radius`` the distance between them (inf: cannot)
    p : how many sites, the pinned among them
    weights : [points], not negative; 1 each unless given
    radius : a point is covered from so far, in the unit of the distances
    pinned, vetoed : places of candidates that are among the sites in any case, and of those that may not be

    Returns
    -------
    sites : [p] places of the chosen candidates, sorted
    covered : weight of the points that at least one of them covers

    Raises
    ------
    PlanError
        ``siting.not_a_table``, ``siting.bad_cost`` (NaN or negative), ``siting.bad_radius``, ``siting.bad_weight``, ``siting.bad_number``,
        ``siting.no_such_candidate``, ``siting.pinned_and_vetoed``, ``siting.too_many_pins``, ``siting.too_few_candidates``, ``siting.not_proven``
    """
    found = cover(covers, p, weights=weights, radius=radius, pinned=pinned, vetoed=vetoed)
    if not found.exact:
        raise PlanError("siting.not_proven", gap=found.gap, seconds=_SECONDS)
    return found.sites, found.total


def cover(
    covers: ArrayLike, p: int, *, weights: ArrayLike | None = None, radius: float | None = None, pinned: Sequence[int] = (),
    vetoed: Sequence[int] = (), gap: float = 0.0, seconds: float = _SECONDS, progress: Progress = silent,
) -> Located:  # fmt: skip
    """As :func:`max_coverage`, with the proof; who is covered is served by the first site in the order of the candidates that covers it."""
    reach = reach_of(covers, radius)
    heavy = weights_of(weights, reach.shape[0])
    pins, free = wanted_of(reach.shape[1], p, pinned, vetoed)
    watch = Watch(progress, "siting", 0.0, 1.0, seconds)
    model = _Model(reach, heavy)
    sites = model.greedy(pins, free, p)
    wanted = Wanted(pins, ~free, int(p))
    built = by_cover(model.groups, model.weight, [wanted], None, carried=False)
    answer = searched(built.problem, Limits(gap, seconds), watch, model.start([sites]))
    if answer.x is not None:
        taken = np.flatnonzero(answer.x[: reach.shape[1]] > 0.5)
        if model.covered(taken) >= model.covered(sites):
            sites = model.filled(taken, free, p)
    total = model.covered(sites)
    point, site = first_cover(reach, sites)
    return Located(sites, total, max(min(answer.bound, float(heavy.sum())), total), point, site, np.ones(len(point)))


def reach_of(covers: ArrayLike, radius: float | None) -> NDArray[np.bool_]:
    """[points, candidates] who is covered from where."""
    table = table_of(covers)
    if np.isnan(table).any() or (table < 0).any():
        row, column = (int(k) for k in np.argwhere(np.isnan(table) | (table < 0))[0])
        raise PlanError("siting.bad_cost", point=row, candidate=column, found=float(table[row, column]))
    if radius is None:
        return np.asarray(table > 0)
    if not np.isfinite(radius) or radius < 0:
        raise PlanError("siting.bad_radius", found=radius)
    return np.asarray(table <= radius)


def first_cover(reach: NDArray[np.bool_], sites: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The points that a site covers, and the first that does."""
    own = reach[:, sites]
    point = np.flatnonzero(own.any(axis=1))
    return point, sites[own[point].argmax(axis=1)]


@dataclass(frozen=True, eq=False)
class Yearly:
    """Covering by years: of each year the sites that stand, what they cover, what the year spends; the sum over the years, and its bound."""

    stands: tuple[NDArray[np.int64], ...]
    covered: tuple[float, ...]
    spent: tuple[float, ...]
    total: float
    bound: float

    @property
    def gap(self) -> float:
        """How much better the sum could be at most, as a share of it."""
        apart = max(self.bound - self.total, 0.0)
        return apart / self.total if self.total > 0 and apart > 1e-9 * self.total else 0.0 if apart <= 1e-9 else np.inf


def cover_by_years(
    covers: ArrayLike, price: ArrayLike, budgets: Sequence[float], *, weights: ArrayLike | None = None, radius: float | None = None,
    standing: Sequence[int] = (), pinned: Sequence[int] = (), vetoed: Sequence[int] = (), most: int | None = None, carried: bool = False,
    gap: float = 0.0, seconds: float = _SECONDS, progress: Progress = silent,
) -> Yearly:  # fmt: skip
    """Sites opened year by year within each year's budget, so that the weight covered, summed over the years, is the most.

    One whole-number problem over all years, not year after year: what is dear and covers much may be waited for.

    Parameters
    ----------
    covers, weights, radius : as :func:`max_coverage`
    price : [candidates] or one for all, not negative; what stands already costs nothing
    budgets : of each year; what a year does not spend is lost (会計年度独立の原則) unless ``carried``
    standing : candidates that stand already
    pinned : candidates that stand at the latest in the last year
    most : so many sites that do not stand yet, at most

    Raises
    ------
    PlanError
        as :func:`max_coverage`; ``siting.bad_price``, ``siting.bad_budget``, ``siting.pins_too_dear``: the pinned do not fit into the budgets
    """
    reach = reach_of(covers, radius)
    points, m = reach.shape
    heavy = weights_of(weights, points)
    if not len(budgets) or not all(np.isfinite(one) and one >= 0 for one in budgets):
        raise PlanError("siting.bad_budget")
    last, free = wanted_of(m, m if not vetoed else m - len(set(vetoed)), [*standing, *pinned], vetoed)
    first = wanted_of(m, m, standing, ())[0]
    spent = np.where(first, 0.0, amounts_of(price, m, "siting.bad_price", positive=False))
    number = None if most is None else int(most) + int(first.sum())
    model, t = _Model(reach, heavy), len(budgets)
    wanted = [Wanted(last if k == t - 1 else first, ~free, number, spent, float(one)) for k, one in enumerate(budgets)]
    built = by_cover(model.groups, model.weight, wanted, spent, carried=carried)
    answer = searched(built.problem, Limits(gap, seconds), Watch(progress, "siting", 0.0, 1.0, seconds))
    if answer.status == "none":
        raise PlanError("siting.pins_too_dear")
    if answer.x is None:
        raise PlanError("siting.no_answer", seconds=seconds)
    open_ = answer.x[: t * m].reshape(t, m) > 0.5
    stands = tuple(np.flatnonzero(row) for row in open_)
    covered = tuple(model.covered(row) for row in stands)
    fresh = np.diff(open_.astype(np.int64), axis=0, prepend=first[None, :].astype(np.int64)) > 0
    total = float(sum(covered))
    return Yearly(stands, covered, tuple(float(spent[row].sum()) for row in fresh), total, max(answer.bound, total))


class _Model:
    """Points in groups of those that the same candidates cover; points that none covers are left out."""

    def __init__(self, reach: NDArray[np.bool_], heavy: NDArray[np.float64]) -> None:
        used = reach.any(axis=1) & (heavy > 0)
        packed = np.packbits(reach[used], axis=1)
        same, group = np.unique(packed, axis=0, return_inverse=True)
        rows = np.unpackbits(same, axis=1, count=reach.shape[1]).astype(bool) if used.any() else np.zeros((0, reach.shape[1]), bool)  # fmt: skip
        self.groups = sp.csr_matrix(rows.astype(np.float64))
        self._by_candidate = np.ascontiguousarray(rows.T)
        self.weight = np.bincount(group.ravel(), weights=heavy[used], minlength=len(rows)).astype(np.float64)

    def covered(self, sites: NDArray[np.int64]) -> float:
        """Weight that the sites cover."""
        return float(self.weight[self._by_candidate[sites].any(axis=0)].sum())

    def filled(self, sites: NDArray[np.int64], free: NDArray[np.bool_], p: int) -> NDArray[np.int64]:
        """Further sites that add the most, or the first where none adds anything, up to ``p``."""
        chosen = np.zeros(len(free), dtype=bool)
        chosen[sites] = True
        left = np.where(self._by_candidate[sites].any(axis=0), 0.0, self.weight)
        while chosen.sum() < p:
            gains = np.where(free & ~chosen, self._by_candidate @ left, -1.0)
            best = int(gains.argmax())
            chosen[best] = True
            left[self._by_candidate[best]] = 0.0
        return np.flatnonzero(chosen)

    def greedy(self, pins: NDArray[np.bool_], free: NDArray[np.bool_], p: int) -> NDArray[np.int64]:
        """One site after the other, then exchanges of one for another while that covers more."""
        sites = self.filled(np.flatnonzero(pins), free, p)
        while True:
            count = self._by_candidate[sites].sum(axis=0)
            change, out, into = 0.0, -1, -1
            for k in np.flatnonzero(~pins[sites]):
                alone = count - self._by_candidate[sites[k]]
                left = np.where(alone > 0, 0.0, self.weight)
                gains = self._by_candidate @ left
                gains[~free] = gains[sites] = -1.0
                best = int(gains.argmax())
                gain = float(gains[best] - left[self._by_candidate[sites[k]]].sum())
                if gain > change + 1e-9 * float(self.weight.sum()):
                    change, out, into = gain, int(k), best
            if out < 0:
                return np.sort(sites)
            sites[out] = into

    def start(self, stands: list[NDArray[np.int64]]) -> NDArray[np.float64]:
        """Choices of the years as columns."""
        y = np.zeros((len(stands), self.groups.shape[1]))
        z = np.zeros((len(stands), len(self.weight)))
        for k, sites in enumerate(stands):
            y[k, sites] = 1.0
            z[k] = self._by_candidate[sites].any(axis=0)
        return np.concatenate([y.ravel(), z.ravel()])
