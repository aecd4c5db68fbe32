"""The price that gives the owner his return: of a kWh in a PPA, of a year in a lease.

After-tax cash flows are affine in the price, ``F(p) = F(0) + p (F(1) − F(0))``, and so is their present value: the price is the quotient
of two present values at the wanted rate of return, for all sites at once; ``F(1)`` tells how large it is, and a step of that size how large exactly. It is the lowest at which the owner gets that return.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.finance.measures import npv

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kawasolar.finance.ways import Case


@dataclass(frozen=True)
class Price:
    """Prices [yen/kWh, or yen/a], each ``[...]``.

    Attributes
    ----------
    without : without a grant
    lowest : with the whole grant in the price
    taken : with as much of the grant in the price as its rules ask for, never below zero
    at_floor : it would have been below zero
    """

    without: NDArray[np.float64]
    lowest: NDArray[np.float64]
    taken: NDArray[np.float64]
    at_floor: NDArray[np.bool_]


def solve(
    make: Callable[[NDArray[np.float64], NDArray[np.float64]], Case],
    grant: NDArray[np.float64],
    rate: float,
    passed: float,
) -> Price:
    """The price at which the owner gets a return.

    Parameters
    ----------
    make : the case by price and grant
    rate : internal rate of return after tax that the owner wants [-]
    passed : share of what the grant takes off the price that must reach the city [-]
    """
    none = np.zeros_like(grant)
    without, lowest = _solved(make, none, rate), _solved(make, grant, rate)
    price = without - passed * (without - lowest)
    return Price(without, lowest, np.where(np.isnan(price), price, np.maximum(price, 0.0)), price < 0.0)


def _solved(
    make: Callable[[NDArray[np.float64], NDArray[np.float64]], Case], grant: NDArray[np.float64], rate: float
) -> NDArray[np.float64]:
    zero = make(np.zeros_like(grant), grant).operator
    worth = npv(zero, rate)

    def quotient(step: NDArray[np.float64]) -> NDArray[np.float64]:
        slope = npv(make(step, grant).operator - zero, rate) / step
        return np.asarray(np.where(slope > 0.0, -worth / slope, np.nan), dtype=np.float64)

    with np.errstate(divide="ignore", invalid="ignore"):
        first = quotient(np.ones_like(grant))
        # One yen a year is lost among hundreds of millions: the slope is told anew by a step as large as the price itself.
        step = np.where(np.abs(first) > 1.0, np.abs(first), 1.0)
        return quotient(step)
