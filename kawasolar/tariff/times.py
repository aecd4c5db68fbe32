"""Season and time of day of every half hour by a tariff, and the highest half hour and the energy of every month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.demand import national_holidays
from kawasolar.half_hours import COUNT, DAYS, SLOTS
from kawasolar.profiles.tables import SEASONS, TIMES
from kawasolar.tariff.contract import MONTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.half_hours import FiscalYear
    from kawasolar.profiles.tables import TariffTime
    from kawasolar.tariff.rates import Rates

_SUNDAY = 6
# Rows whose half hours are looked at at once: they stay near the processor; a row is 140 kB.
_ROWS = 16


@dataclass(frozen=True)
class Zones:
    """What each half hour counts as.

    Attributes
    ----------
    codes : season and time of day, such as ``("summer", "peak")``, in the order in which the year first has them
    of_half_hour : (17520,) index into ``codes``
    """

    codes: tuple[tuple[str, str], ...]
    of_half_hour: NDArray[np.uint8]


def sundays_of(rates: Rates, year: FiscalYear, holidays: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Which days a tariff counts as Sundays: those, holidays, and its own dates; (365,)."""
    own = set(rates.tariff.sunday_dates.split())
    dates = np.array([f"{day:%m-%d}" in own for day in year.dates.tolist()])
    free = national_holidays(year.dates) if holidays is None else np.asarray(holidays, dtype=bool)
    if free.shape != (DAYS,):
        raise ValueError(f"{free.shape} holidays")
    return np.asarray((year.weekday == _SUNDAY) | free | dates)


def zones_of(rates: Rates, year: FiscalYear, holidays: NDArray[np.bool_] | None = None) -> Zones:
    """The time-of-use code of every half hour.

    Parameters
    ----------
    holidays : (365,) which days are holidays; the national ones unless given
    """
    summer = in_summer(rates, year)
    seasons = np.repeat(np.where(summer, SEASONS.index("summer"), SEASONS.index("other")), SLOTS)
    # Where nothing is priced by season the year is one.
    if not rates.times and all(charge.season == "all" for charge in rates.charges):
        seasons = np.full(COUNT, SEASONS.index("all"))
    times = np.full(COUNT, TIMES.index("all"))
    if rates.times:
        times = _times(rates.times, summer, sundays_of(rates, year, holidays))
    pairs, first, place = np.unique(seasons * len(TIMES) + times, return_index=True, return_inverse=True)
    order = np.argsort(first)
    codes = tuple((SEASONS[pair // len(TIMES)], TIMES[pair % len(TIMES)]) for pair in pairs[order].tolist())
    return Zones(codes, np.argsort(order)[place].astype(np.uint8))


def in_summer(rates: Rates, year: FiscalYear) -> NDArray[np.bool_]:
    """Which days are of the tariff's summer, (365,)."""
    first, last = rates.summer
    inside = (
        (year.month >= first) & (year.month <= last) if first <= last else (year.month >= first) | (year.month <= last)
    )
    return np.asarray(inside)


def _times(rows: Sequence[TariffTime], summer: NDArray[np.bool_], sunday: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Time of day of every half hour, its place in :data:`TIMES`: that of the first row that holds it, else night."""
    begin = np.arange(SLOTS) / 2.0
    found = np.full((DAYS, SLOTS), TIMES.index("night"))
    for row in reversed(rows):
        days = np.ones(DAYS, dtype=bool) if row.days == "all" else sunday == (row.days == "sunday")
        if row.season != "all":
            days = days & (summer == (row.season == "summer"))
        late = row.from_hour > row.to_hour
        after, before = begin >= row.from_hour, begin < row.to_hour
        found[np.ix_(days, after | before if late else after & before)] = TIMES.index(row.time)
    return found.ravel()


def daytime_energy(kwh: NDArray[np.floating], rates: Rates, year: FiscalYear) -> NDArray[np.float64]:
    """Energy of each month in the hours whose power factor counts (8–22 h) [kWh]: [..., 17520] → [..., 12]."""
    ends = (rates.rules.number(f"power_factor_{end}_hour") for end in ("first", "last"))
    first, last = (round(2.0 * hour) for hour in ends)
    days = np.asarray(kwh, dtype=np.float64).reshape(*kwh.shape[:-1], DAYS, SLOTS)[..., first:last].sum(axis=-1)
    return np.asarray(np.add.reduceat(days, month_starts(year) // SLOTS, axis=-1))


def month_starts(year: FiscalYear) -> NDArray[np.int64]:
    """Index of the first half hour of each month, April first, (12,)."""
    return np.flatnonzero(np.diff(year.month, prepend=-1)) * SLOTS


def month_index(year: FiscalYear) -> NDArray[np.int64]:
    """Month of every half hour, April is 0; (17520,)."""
    return (year.month_of_half_hour - 4) % 12


def by_month(
    kwh: NDArray[np.floating], zones: Zones, year: FiscalYear
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Highest half hour of each month, and the energy of each month in each zone.

    Each row is summed by itself in the same order, so that a facility's bill is the same to the last bit in whatever company it is made.

    Parameters
    ----------
    kwh : [n, 17520]

    Returns
    -------
    [n, 12] mean power of the highest half hour [kW]; [n, 12, zones] kWh
    """
    count = len(zones.codes)
    key = month_index(year) * count + zones.of_half_hour
    order = np.argsort(key, kind="stable")
    groups, starts = np.unique(key[order], return_index=True)
    in_order = bool(np.all(order == np.arange(COUNT)))
    peaks, energy = np.zeros((len(kwh), MONTHS)), np.zeros((len(kwh), MONTHS * count))
    months = month_starts(year)
    for first in range(0, len(kwh), _ROWS):
        rows = slice(first, first + _ROWS)
        part = np.asarray(kwh[rows], dtype=np.float64)
        peaks[rows] = 2.0 * np.maximum.reduceat(part, months, axis=1)
        energy[rows, groups] = np.add.reduceat(part if in_order else np.take(part, order, axis=1), starts, axis=1)
    return peaks, energy.reshape(len(kwh), MONTHS, count)
