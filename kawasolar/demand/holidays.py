"""National holidays of Japan, by the law and the library that keeps up with it."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# 国民の祝日に関する法律 is of July 1948; the first whole year under it is 1949. Of later years than the last the equinoxes are not sure.
FIRST, LAST = 1949, 2099


def national_holidays(dates: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Which days are holidays: 国民の祝日 with 振替休日 and 国民の休日.

    Before :data:`FIRST` there are none. After :data:`LAST` a year has the holidays of the latest year up to it that has the same calendar.

    Parameters
    ----------
    dates : (n,), datetime64[D]
    """
    if not len(dates):
        return np.zeros(0, dtype=bool)
    first, last = (int(end.astype("datetime64[Y]").astype(np.int64)) + 1970 for end in (dates.min(), dates.max()))
    known = [day for year in range(first, last + 1) for day in _of_year(year)]
    return np.isin(dates, np.array(known, dtype="datetime64[D]"))


@lru_cache(maxsize=64)
def _of_year(year: int) -> tuple[date, ...]:
    """Holidays of a calendar year."""
    if year < FIRST:
        return ()
    if year > LAST:
        return tuple(day.replace(year=year) for day in _of_year(_twin(year)))
    from jpholiday import JPHoliday

    return tuple(sorted({found.date for found in JPHoliday().year_holidays(year)}))


def _twin(year: int) -> int:
    """The latest year that the library is sure of with the weekdays and the length of this one."""
    return next(old for old in range(LAST, FIRST, -1) if _calendar(old) == _calendar(year))


def _calendar(year: int) -> tuple[int, int]:
    return date(year, 1, 1).weekday(), date(year, 12, 31).weekday()
