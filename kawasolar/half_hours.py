"""The 17,520 half hours of a fiscal year, by which loads, yields and bills are told.

A fiscal year of Japan begins on 1 April. Every year here has 365 days: one with a 29 February leaves that day out, as typical years of weather have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAYS, SLOTS = 365, 48
COUNT = DAYS * SLOTS
HOURS = 8_760
# Hours from 1 January to 1 April in a year of 365 days.
_APRIL = 90 * 24


@dataclass(frozen=True)
class FiscalYear:
    """The calendar of a fiscal year, day by day.

    Attributes
    ----------
    year : in which it begins
    dates : (365,), datetime64[D], from 1 April; without 29 February
    month : (365,), 1 … 12
    weekday : (365,), 0 is Monday
    """

    year: int
    dates: NDArray[np.datetime64]
    month: NDArray[np.int64]
    weekday: NDArray[np.int64]

    @property
    def month_of_half_hour(self) -> NDArray[np.int64]:
        """Month of every half hour, (17520,)."""
        return np.repeat(self.month, SLOTS)


@lru_cache(maxsize=16)
def fiscal_year(year: int) -> FiscalYear:
    """The fiscal year that begins in April of ``year``."""
    dates = np.arange(np.datetime64(f"{year}-04-01"), np.datetime64(f"{year + 1}-04-01"))
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) % 12 + 1
    day = (dates - months).astype(np.int64) + 1
    kept = ~((month == 2) & (day == 29))
    dates, month = dates[kept], month[kept]
    # 1 January 1970 was a Thursday.
    return FiscalYear(year, dates, month, (dates.astype(np.int64) + 3) % 7)


def of_hours(hours: NDArray[np.floating]) -> NDArray[np.float64]:
    """Energy of the hours of a year, January first, as half hours of a fiscal year; the energy of every hour stays what it is.

    Within the hour it leans as its neighbours do: the two halves differ by an eighth of the difference between the hours beside it, which is exact where power
    rises evenly, and never so much that a half would be below nought.

    Parameters
    ----------
    hours : [..., 8760], energy of each hour, in order

    Returns
    -------
    [..., 17520], from 1 April
    """
    energy = np.roll(np.asarray(hours, dtype=np.float64), -_APRIL, axis=-1)
    if energy.shape[-1] != HOURS:
        raise ValueError(f"{energy.shape[-1]} hours")
    lean = (np.roll(energy, -1, axis=-1) - np.roll(energy, 1, axis=-1)) / 16.0
    lean = np.clip(lean, -np.abs(energy) / 2.0, np.abs(energy) / 2.0)
    halves = np.stack([energy / 2.0 - lean, energy / 2.0 + lean], axis=-1)
    return halves.reshape(*energy.shape[:-1], COUNT)


def month_starts(year: FiscalYear) -> NDArray[np.int64]:
    """The first half hour of each month, April first, (12,)."""
    return np.flatnonzero(np.diff(year.month, prepend=-1)) * SLOTS


def monthly(half_hours: NDArray[np.floating], year: FiscalYear) -> NDArray[np.float64]:
    """Sum of each month, April first: [..., 17520] → [..., 12]."""
    return np.asarray(np.add.reduceat(np.asarray(half_hours, dtype=np.float64), month_starts(year), axis=-1))
