"""Two days of each month that stand for all: the one with the most and the one with the least sun of the year of weather."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.plane_light import Hours
    from kawasolar.weather import Weather

KINDS = ("sunniest", "dullest")
_BINS = len(KINDS) * 12 * 24


def typical_days(weather: Weather) -> NDArray[np.int64]:
    """Day of the month with the most and with the least global irradiation, shape (2, 12); of equal ones the first."""
    middle = pd.DatetimeIndex(weather.hours.index) - pd.Timedelta(minutes=30)
    sums = np.full((12, 31), np.nan)
    found = weather.hours["ghi"].groupby([middle.month, middle.day]).sum()
    months, days = (found.index.get_level_values(k).to_numpy(dtype=np.int64) - 1 for k in (0, 1))
    sums[months, days] = found.to_numpy(dtype=np.float64)
    return np.stack([np.nanargmax(sums, axis=1), np.nanargmin(sums, axis=1)]) + 1


@dataclass(frozen=True)
class DayHours:
    """The hours of those days among the hours with light: which they are, and where each goes in (kind, month, hour of the day)."""

    columns: NDArray[np.int64]
    bins: NDArray[np.int64]

    @classmethod
    def of(cls, weather: Weather, hours: Hours) -> DayHours:
        """Of a year of weather and its hours with light."""
        middle = pd.DatetimeIndex(weather.hours.index)[hours.rows] - pd.Timedelta(minutes=30)
        month, day, hour = (np.asarray(values, np.int64) for values in (middle.month, middle.day, middle.hour))
        picked = [np.flatnonzero(day == wanted[month - 1]) for wanted in typical_days(weather)]
        bins = [(kind * 12 + month[some] - 1) * 24 + hour[some] for kind, some in enumerate(picked)]
        return cls(np.concatenate(picked), np.concatenate(bins))

    def table(self, facilities: int) -> NDArray[np.float64]:
        """Zeros to be filled, shape (facilities, kinds × months × hours)."""
        return np.zeros((facilities, _BINS))
