"""A year of trips: which car is away in which of the 17,520 half hours, and what it drives up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.demand.holidays import national_holidays
from kawasolar.half_hours import DAYS, SLOTS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.charging.table import Assumptions
    from kawasolar.half_hours import FiscalYear

_FRIDAY = 4
# 29 December to 3 January: days on which offices are closed (行政機関の休日に関する法律 第1条, and the cities' own rules after it).
_NEW_YEAR = (1229, 1230, 1231, 101, 102, 103)


@dataclass(frozen=True, eq=False)
class Trips:
    """Trips of some cars, car by car, each car's in the order of the year.

    Attributes
    ----------
    first : (n + 1,), where each car's trips begin in the other arrays
    begin, end : half hours; the car is away from ``begin`` to before ``end``; the last one of a year may end after it
    kwh : what it takes from the battery [kWh]
    worst_day : day of the year on which every car that drives does its longest, in winter; -1 where nobody drives
    longest_kwh : (n,), the longest day in winter [kWh]
    """

    first: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    kwh: NDArray[np.float64]
    worst_day: int
    longest_kwh: NDArray[np.float64]

    def of(self, car: int) -> slice:
        """Places of a car's trips."""
        return slice(int(self.first[car]), int(self.first[car + 1]))


def working_days(year: FiscalYear) -> NDArray[np.bool_]:
    """(365,), days on which an office is open: Monday to Friday without national holidays and the days about New Year."""
    dates = year.dates
    months = dates.astype("datetime64[M]")
    number = year.month * 100 + (dates - months).astype(np.int64) + 1
    return np.asarray((year.weekday <= _FRIDAY) & ~national_holidays(dates) & ~np.isin(number, _NEW_YEAR))


def driving_order(year: FiscalYear) -> list[NDArray[np.int64]]:
    """Days by which are driven on first: working days, then Saturdays that are none, then the others."""
    works = working_days(year)
    saturday = ~works & (year.weekday == _FRIDAY + 1)
    return [np.flatnonzero(works), np.flatnonzero(saturday), np.flatnonzero(~works & ~saturday)]


def driving_days(year: FiscalYear, days: int) -> NDArray[np.bool_]:
    """(365,), the days on which a car drives: spread evenly over the working days, and over further days where those are too few.

    Cars with the same number drive on the same days, which is hardest on the chargers.
    """
    driven = np.zeros(DAYS, dtype=bool)
    left = min(days, DAYS)
    for some in driving_order(year):
        number = min(left, len(some))
        if number:
            # Day k is driven where the even line passes a whole number.
            steps = (np.arange(1, len(some) + 1) * number) // len(some)
            driven[some[np.diff(steps, prepend=0) > 0]] = True
        left -= number
    return driven


def in_winter(year: FiscalYear, assumed: Assumptions) -> NDArray[np.bool_]:
    """(365,), days of the winter months."""
    first, last = assumed.winter_from, assumed.winter_to
    if first <= last:
        return np.asarray((year.month >= first) & (year.month <= last))
    return np.asarray((year.month >= first) | (year.month <= last))


def trips_of(cars: pd.DataFrame, year: FiscalYear, assumed: Assumptions) -> Trips:
    """One trip a driving day, from ``leaves`` to ``returns``, begun and ended half hours counting as away.

    Energy of a day is distance times consumption, in winter that of winter. On :attr:`Trips.worst_day` all that drive do their longest; the other longest days of a car lie
    spread over its year, not the same for all.

    Parameters
    ----------
    cars : as of :func:`kawasolar.charging.cars.checked_cars`
    """
    winter = in_winter(year, assumed)
    counts = np.rint(cars["days_per_year"].to_numpy(dtype=np.float64)).astype(np.int64)
    by_count = {int(one): driving_days(year, int(one)) for one in np.unique(counts)}
    drives = np.array([by_count[int(one)] for one in counts]).reshape(len(cars), DAYS)
    far, near = (cars[name].to_numpy(dtype=np.float64) for name in ("km_longest", "km_day"))
    cold, mild = (cars[name].to_numpy(dtype=np.float64) for name in ("winter_kwh_per_km", "kwh_per_km"))
    leaves = np.floor(2.0 * cars["leaves"].to_numpy(dtype=np.float64)).astype(np.int64)
    returns = np.ceil(2.0 * cars["returns"].to_numpy(dtype=np.float64)).astype(np.int64)
    # Back on the next day; never the whole day, for a car that is never there is never charged.
    away = np.where(returns > leaves, returns - leaves, returns - leaves + SLOTS).clip(1, SLOTS - 1)
    worst = _worst_day(drives, winter, far * cold)
    parts: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
    for car in range(len(cars)):
        days = np.flatnonzero(drives[car])
        longest = _longest(days, car, assumed.longest_days, worst)
        km = np.where(longest, far[car], near[car])
        parts.append((days, km * np.where(winter[days], cold[car], mild[car])))
    lengths = [len(days) for days, _ in parts]
    first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    begin = np.concatenate([days * SLOTS for days, _ in parts] or [np.zeros(0, np.int64)]) + np.repeat(leaves, lengths)
    kwh = np.concatenate([one for _, one in parts] or [np.zeros(0)])
    return Trips(first, begin, begin + np.repeat(away, lengths), kwh, worst, far * np.maximum(cold, mild))


def _worst_day(drives: NDArray[np.bool_], winter: NDArray[np.bool_], kwh: NDArray[np.float64]) -> int:
    """Of winter, else of the year, the first day on which most energy would be driven if all drove their longest; not the year's first."""
    whole = kwh @ drives
    some = np.where(winter, whole, -1.0)
    some = some if some.max(initial=-1.0) > 0.0 else whole
    return int(np.argmax(some)) if some.max(initial=0.0) > 0.0 else -1


def _longest(days: NDArray[np.int64], car: int, number: int, worst: int) -> NDArray[np.bool_]:
    """Which of a car's driving days are its longest: the worst one, and others evenly from a place that differs from car to car."""
    found = days == worst
    others = min(number, len(days)) - int(found.sum())
    if others > 0:
        left = np.flatnonzero(~found)
        step = len(left) / others
        # The golden section spreads neighbours as far apart as can be.
        offset = (car * 0.6180339887) % 1.0
        found[left[((np.arange(others) + offset) * step).astype(np.int64)]] = True
    return found
