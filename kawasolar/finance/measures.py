"""What a row of cash flows comes to: net present value, internal rate of return, payback, levelised cost.

Cash flows are ``[..., years + 1]``, the first column undiscounted; measures are ``[...]``. NaN where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Discount factors 1 / (1 + r) between which a rate of return is looked for: from −50 % to 900 % a year.
_LEAST_FACTOR, _MOST_FACTOR = 0.1, 2.0
_GRID = 400
# Halvings of a cell of the grid: to the last bit of a float.
_STEPS = 45


def discount(rate: ArrayLike, years: int) -> NDArray[np.float64]:
    """Factors by which flows of the years 0 … ``years`` are multiplied, shape (..., years + 1)."""
    base = 1.0 + np.asarray(rate, dtype=np.float64)[..., None]
    return np.asarray(base ** -np.arange(years + 1.0), dtype=np.float64)


def npv(flows: ArrayLike, rate: ArrayLike) -> NDArray[np.float64]:
    """Net present value in the year of the investment."""
    cash = np.asarray(flows, dtype=np.float64)
    return np.asarray((cash * discount(rate, cash.shape[-1] - 1)).sum(axis=-1), dtype=np.float64)


def irr(flows: ArrayLike) -> NDArray[np.float64]:
    """Internal rate of return: where the present value falls through zero as the rate rises.

    An investor's rate: money first given, then got back. Where costs at the end make a second root, the present value rises through it,
    and it is not taken; of several falling ones the nearest to zero is. NaN where there is none, as for who invests nothing.
    """
    cash = np.asarray(flows, dtype=np.float64)
    rows = cash.reshape(-1, cash.shape[-1])
    grid = np.geomspace(_LEAST_FACTOR, _MOST_FACTOR, _GRID)
    values = rows @ (grid[:, None] ** np.arange(rows.shape[-1])).T
    # A factor that rises is a rate that falls: the value rises with the factor.
    falling = (values[:, :-1] < 0.0) & (values[:, 1:] >= 0.0)
    cell = np.where(falling, np.abs(1.0 / grid[1:] - 1.0), np.inf).argmin(axis=1)
    low, high = grid[cell], grid[cell + 1]
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        below = _worth(rows, middle) < 0.0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    rate = np.where(falling.any(axis=1), 2.0 / (low + high) - 1.0, np.nan)
    return np.asarray(rate.reshape(cash.shape[:-1]), dtype=np.float64)


def _worth(rows: NDArray[np.float64], factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Present value of each row by its own factor of a year."""
    powers = factor[..., None] ** np.arange(rows.shape[-1])
    return np.asarray((rows * powers).sum(axis=-1), dtype=np.float64)


def payback(flows: ArrayLike, rate: float = 0.0) -> NDArray[np.float64]:
    """Years until what was paid has come back, linear within a year; discounted where a rate is given.

    0 where nothing was ever paid in advance, NaN where it does not come back within the term.
    """
    cash = np.asarray(flows, dtype=np.float64)
    cash = cash * discount(rate, cash.shape[-1] - 1)
    total = np.cumsum(cash, axis=-1)
    back = (total[..., 1:] >= 0.0) & (total[..., :-1] < 0.0)
    first = np.argmax(back, axis=-1)[..., None]
    before = np.take_along_axis(total, first, axis=-1)[..., 0]
    gain = np.take_along_axis(cash, first + 1, axis=-1)[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        years = first[..., 0] + np.where(gain > 0.0, -before / gain, 0.0)
    # Who pays nothing in advance and gains has nothing to wait for.
    never_out = (total >= 0.0).all(axis=-1)
    return np.asarray(np.where(never_out, 0.0, np.where(back.any(axis=-1), years, np.nan)), dtype=np.float64)


def levelised(costs: ArrayLike, energy_kwh: ArrayLike, rate: ArrayLike) -> NDArray[np.float64]:
    """Levelised cost of energy [yen/kWh]: present value of the costs over that of the energy.

    Parameters
    ----------
    costs : [..., years + 1], yen
    energy_kwh : [..., years], of the years of operation
    """
    energy = np.asarray(energy_kwh, dtype=np.float64)
    factors = discount(rate, energy.shape[-1])[..., 1:]
    whole = (energy * factors).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole > 0.0, npv(costs, rate) / whole, np.nan), dtype=np.float64)
