"""Season and time of day of every half hour by a tariff, and the highest half hour and the energy of every month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.half_hours import COUNT, DAYS, SLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.half_hours import FiscalYear
    from kawasolar.profiles.tables import TariffTime
    from kawasolar.tariff.rates import Rates

_SUNDAY = 6
# Rows whose half hours are put in order at once; a row is 140 kB.
_ROWS = 64


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


def holidays_of(year: FiscalYear) -> NDArray[np.bool_]:
    """Which days of a fiscal year are national holidays (国民の祝日・休日), (365,)."""
    import holidays

    known = holidays.country_holidays("JP", years=(year.year, year.year + 1))
    return np.array([day in known for day in year.dates.tolist()])


def sundays_of(rates: Rates, year: FiscalYear, holidays: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Which days a tariff counts as Sundays: those, holidays, and its own dates; (365,)."""
    own = set(rates.tariff.sunday_dates.split())
    dates = np.array([f"{day:%m-%d}" in own for day in year.dates.tolist()])
    free = holidays_of(year) if holidays is None else np.asarray(holidays, dtype=bool)
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
    seasons = np.where(np.repeat(summer, SLOTS), 0, 1)
    times = _times(rates.times, summer, sundays_of(rates, year, holidays)) if rates.times else np.full(COUNT, "all")
    # Where nothing is priced by season the year is one.
    if not {charge.season for charge in rates.charges} - {"all"} and not rates.times:
        seasons = np.full(COUNT, 2)
    pairs = list(zip(np.array(["summer", "other", "all"])[seasons].tolist(), times.tolist(), strict=True))
    codes = tuple(dict.fromkeys(pairs))
    place = {pair: k for k, pair in enumerate(codes)}
    return Zones(codes, np.array([place[pair] for pair in pairs], dtype=np.uint8))


def in_summer(rates: Rates, year: FiscalYear) -> NDArray[np.bool_]:
    """Which days are of the tariff's summer, (365,)."""
    first, last = rates.summer
    inside = (year.month >= first) & (year.month <= last) if first <= last else (year.month >= first) | (year.month <= last)
    return np.asarray(inside)


def _times(rows: Sequence[TariffTime], summer: NDArray[np.bool_], sunday: NDArray[np.bool_]) -> NDArray[np.str_]:
    """Time of day of every half hour: that of the first row that holds it, else night."""
    begin = np.arange(SLOTS) / 2.0
    found = np.full((DAYS, SLOTS), "night", dtype="<U5")
    for row in reversed(rows):
        days = np.ones(DAYS, dtype=bool) if row.days == "all" else sunday == (row.days == "sunday")
        if row.season != "all":
            days = days & (summer == (row.season == "summer"))
        late = row.from_hour > row.to_hour
        after, before = begin >= row.from_hour, begin < row.to_hour
        found[np.ix_(days, after | before if late else after & before)] = row.time
    return found.ravel()


def month_starts(year: FiscalYear) -> NDArray[np.int64]:
    """Index of the first half hour of each month, April first, (12,)."""
    return np.flatnonzero(np.diff(year.month, prepend=-1)) * SLOTS


def month_index(year: FiscalYear) -> NDArray[np.int64]:
    """Month of every half hour, April is 0; (17520,)."""
    return (year.month_of_half_hour - 4) % 12


def monthly_peaks(kwh: NDArray[np.float64], year: FiscalYear) -> NDArray[np.float64]:
    """Mean power of the highest half hour of each month [kW]: [..., 17520] → [..., 12]."""
    return np.asarray(2.0 * np.maximum.reduceat(kwh, month_starts(year), axis=-1))


def energy_by_zone(kwh: NDArray[np.float64], zones: Zones, year: FiscalYear) -> NDArray[np.float64]:
    """Energy of each month in each zone [kWh]: [n, 17520] → [n, 12, zones].

    Each row is summed by itself in the same order, so that a facility's bill is the same to the last bit in whatever company it is made.
    """
    count = len(zones.codes)
    key = month_index(year) * count + zones.of_half_hour
    order = np.argsort(key, kind="stable")
    groups, starts = np.unique(key[order], return_index=True)
    found = np.zeros((len(kwh), 12 * count))
    sorted_already = bool(np.all(order == np.arange(COUNT)))
    for first in range(0, len(kwh), _ROWS):
        part = kwh[first : first + _ROWS]
        part = part if sorted_already else np.take(part, order, axis=1)
        found[first : first + _ROWS, groups] = np.add.reduceat(part, starts, axis=1)
    return found.reshape(len(kwh), 12, count)
