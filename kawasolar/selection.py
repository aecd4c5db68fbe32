"""The half: exactly ``ceil(share × eligible)`` facilities with the largest sum of the objective, pins and vetoes kept.

Every site counts one and sites do not depend on one another, so the best set of a given size is the best-ranked sites:
exchanging a chosen site for one left out can never raise the sum. Ties fall by facility id, so that the same input
gives the same list on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

# A share is meant as a short fraction: 0.1 is a tenth, 0.30000000000000004 was 0.3, and 2/3 of 3 is 2.
_LARGEST_DENOMINATOR = 1_000_000


@dataclass(frozen=True)
class Choice:
    """The chosen among the eligible; series by facility id, in the order given.

    Attributes
    ----------
    chosen : Series of bool
    rank : Series of int
        1 is the best by the objective, whatever is pinned or vetoed.
    number : int
        ``ceil(share × eligible)``.
    pins, vetoes : frozenset
        Those that took effect: among the eligible, a veto beats a pin, and what stands beats both.
    standing : frozenset
        What stands already.
    """

    chosen: pd.Series
    rank: pd.Series
    number: int
    pins: frozenset[str]
    vetoes: frozenset[str]
    standing: frozenset[str] = frozenset()

    @property
    def excess(self) -> int:
        """How many more are pinned than the number asks for beside what stands."""
        return min(len(self.pins), max(0, len(self.pins) + len(self.standing) - self.number))

    @property
    def short(self) -> int:
        """How many the vetoes leave missing."""
        return max(0, self.number - int(self.chosen.sum()))


def number_to_choose(share: float, eligible: int) -> int:
    """``ceil(share × eligible)`` in exact arithmetic on the share as a fraction.

    Raises
    ------
    ValueError
        If the share does not lie within 0 … 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share {share} outside 0 … 1")
    return math.ceil(Fraction(share).limit_denominator(_LARGEST_DENOMINATOR) * eligible)


def choose(
    values: pd.Series, share: float, pins: Collection[str] = (), vetoes: Collection[str] = (), standing: Collection[str] = ()
) -> Choice:  # fmt: skip
    """Choose the best share of the eligible.

    Parameters
    ----------
    values : Series by facility id
        Objective of every eligible facility; a missing value ranks last.
    share : float
        0 … 1 of the eligible. Vetoed facilities stay in that number; others take their place.
    pins : facility ids
        Taken first and counted; if more are pinned than asked for, all of them are chosen (``Choice.excess``).
    vetoes : facility ids
        Never chosen.
    standing : facility ids
        Done or contracted: taken before all others, and counted.
    """
    ids = values.index.to_numpy(dtype=object)
    worth = values.to_numpy(dtype=np.float64, na_value=np.nan)
    worth = np.where(np.isnan(worth), -np.inf, worth)
    by_id = np.argsort(ids.astype(str), kind="stable")
    order = by_id[np.argsort(-worth[by_id], kind="stable")]
    rank = np.empty(len(ids), dtype=np.int64)
    rank[order] = np.arange(1, len(ids) + 1)

    known = frozenset(ids)
    stands = known & frozenset(standing)
    vetoed = (known & frozenset(vetoes)) - stands
    pinned = (known & frozenset(pins)) - vetoed - stands
    number = number_to_choose(share, len(ids))
    is_sure, is_vetoed = (_among(ids[order], names) for names in (pinned | stands, vetoed))
    free = ~is_vetoed & ~is_sure
    left = max(0, number - int(is_sure.sum()))
    taken = is_sure | (free & (np.cumsum(free) <= left))
    chosen = np.zeros(len(ids), dtype=bool)
    chosen[order] = taken
    return Choice(
        chosen=pd.Series(chosen, index=values.index, dtype=bool),
        rank=pd.Series(rank, index=values.index),
        number=number,
        pins=pinned,
        vetoes=vetoed,
        standing=stands,
    )


def _among(ids: NDArray[np.object_], names: Collection[str]) -> NDArray[np.bool_]:
    return np.isin(ids, list(names)) if names else np.zeros(len(ids), dtype=bool)
