"""What is asked, checked and in one form: costs candidate by candidate, who must and may not be among the sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

# A cell of a matrix that may be asked for takes 8 bytes, a few times over.
MOST_CELLS = 50_000_000


@dataclass(frozen=True, eq=False)
class Question:
    """A location problem in one form.

    Attributes
    ----------
    cost : [m, n] of a point served from a candidate, weight in it; inf where it cannot be
    pinned, free : [m] sites in any case; candidates that may be among them, the pinned too
    number : how many sites, the pinned among them
    """

    cost: NDArray[np.float64]
    pinned: NDArray[np.bool_]
    free: NDArray[np.bool_]
    number: int

    @property
    def points(self) -> int:
        return self.cost.shape[1]


def question_of(
    cost: ArrayLike, number: int, weights: ArrayLike | None, pinned: Sequence[int], vetoed: Sequence[int]
) -> Question:
    """Check a question of ``number`` sites.

    Raises
    ------
    PlanError
        ``siting.not_a_table``, ``siting.too_large``, ``siting.bad_cost``, ``siting.bad_weight``, and those of :func:`wanted_of`
    """
    table = table_of(cost)
    if np.isnan(table).any() or (table < 0).any():
        row, column = (int(k) for k in np.argwhere(np.isnan(table) | (table < 0))[0])
        raise PlanError("siting.bad_cost", point=row, candidate=column, found=float(table[row, column]))
    heavy = weights_of(weights, table.shape[0])
    with np.errstate(invalid="ignore"):
        # A point of no weight that cannot be reached costs nothing (0 × inf).
        laid = np.ascontiguousarray(np.nan_to_num(table * heavy[:, None], nan=0.0, posinf=np.inf).T)
    pins, free = wanted_of(table.shape[1], number, pinned, vetoed)
    return Question(laid, pins, free, int(number))


def table_of(cost: ArrayLike) -> NDArray[np.float64]:
    """A matrix of points × candidates, neither of them empty."""
    table = np.asarray(cost, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise PlanError("siting.not_a_table", found=str(table.shape))
    if table.size > MOST_CELLS:
        raise PlanError("siting.too_large", points=table.shape[0], candidates=table.shape[1], most=MOST_CELLS)
    return table


def weights_of(weights: ArrayLike | None, points: int) -> NDArray[np.float64]:
    """Weights of the points; 1 each unless given."""
    if weights is None:
        return np.ones(points)
    heavy = np.asarray(weights, dtype=np.float64)
    if heavy.shape != (points,) or not np.isfinite(heavy).all() or (heavy < 0).any():
        raise PlanError("siting.bad_weight", points=points)
    return heavy


def wanted_of(
    candidates: int, number: int, pinned: Sequence[int], vetoed: Sequence[int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who is in any case and who may be among the sites.

    Raises
    ------
    PlanError
        ``siting.bad_number``, ``siting.no_such_candidate``, ``siting.pinned_and_vetoed``, ``siting.too_many_pins``, ``siting.too_few_candidates``
    """
    if number != int(number) or number < 1 or number > candidates:
        raise PlanError("siting.bad_number", found=number, most=candidates)
    pins, free = _mask(candidates, pinned), ~_mask(candidates, vetoed)
    both = np.flatnonzero(pins & ~free)
    if len(both):
        raise PlanError("siting.pinned_and_vetoed", candidate=int(both[0]))
    if pins.sum() > number:
        raise PlanError("siting.too_many_pins", found=int(pins.sum()), number=int(number))
    if free.sum() < number:
        raise PlanError("siting.too_few_candidates", found=int(free.sum()), number=int(number))
    return pins, free


def _mask(candidates: int, places: Sequence[int]) -> NDArray[np.bool_]:
    mask = np.zeros(candidates, dtype=bool)
    for place in places:
        if place != int(place) or not 0 <= place < candidates:
            raise PlanError("siting.no_such_candidate", found=str(place)[:20], candidates=candidates)
        mask[int(place)] = True
    return mask


def amounts_of(amounts: ArrayLike, count: int, code: str, *, positive: bool) -> NDArray[np.float64]:
    """Needs of the points or rooms of the candidates: finite, not negative; ``code`` of the error."""
    given = np.asarray(amounts, dtype=np.float64)
    if given.ndim == 0:
        given = np.full(count, float(given))
    low = given <= 0 if positive else given < 0
    if given.shape != (count,) or not np.isfinite(given).all() or low.any():
        raise PlanError(code, count=count)
    return given
