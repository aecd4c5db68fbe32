"""A choice of sites with its proof, and who is served from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Located:
    """Sites, and what is proven of them.

    Attributes
    ----------
    sites : [s] places of the candidates that are chosen, sorted
    total : what they cost (p-median: weights × cost) or cover (covering: weight)
    bound : no choice costs less, or covers more
    point, site, share : [k] which point is served from which candidate, and how much of it (1 but where points are split); a point in no row, or whose
        shares sum to less than 1, is not served, or not all of it
    exact : whether ``total`` is proven the best, to the rounding
    """

    sites: NDArray[np.int64]
    total: float
    bound: float
    point: NDArray[np.int64]
    site: NDArray[np.int64]
    share: NDArray[np.float64]

    @property
    def gap(self) -> float:
        """How much better it could be at most, as a share of the total (0: the best is proven)."""
        apart = abs(self.bound - self.total)
        if apart <= 1e-9 * max(abs(self.total), 1.0):
            return 0.0
        return apart / abs(self.total) if self.total else np.inf

    @property
    def exact(self) -> bool:
        return self.gap <= 1e-7

    def served(self, points: int) -> NDArray[np.float64]:
        """[points] how much of each point is served (0 to 1)."""
        return np.bincount(self.point, weights=self.share, minlength=points).astype(np.float64)


def nearest(cost: NDArray[np.float64], sites: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The cheapest of ``sites`` for each point ([n] of candidates) and what it costs; ``cost`` is [m, n]."""
    place = cost[sites].argmin(axis=0)
    return sites[place], cost[sites[place], np.arange(cost.shape[1])]
