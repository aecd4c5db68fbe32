"""Half hours of a meter as those of a fiscal year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.errors import TariffError
from kawasolar.half_hours import COUNT, DAYS, SLOTS, FiscalYear, fiscal_year
from kawasolar.meters.load import together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.meters import MeterSeries

_SATURDAY = 5


@dataclass(frozen=True)
class YearOfHalfHours:
    """A year of one facility.

    Attributes
    ----------
    kwh : (17520,) from 1 April; the months of a year that does not begin in April are put in its order by date
    filled : share of the half hours that the meter does not have, filled by the median of the month's same half hours
    """

    kwh: NDArray[np.float64]
    year: FiscalYear
    filled: float


def year_of(series: Sequence[MeterSeries], year: int | None = None) -> YearOfHalfHours:
    """The last year of meters of one facility, all together.

    Parameters
    ----------
    year : whose calendar tells Sundays and holidays; that in which most of the half hours lie unless given

    Raises
    ------
    TariffError
        a month has no half hour at all
    """
    whole = together(series)
    known = np.flatnonzero(~np.isnan(whole.kwh))
    if not len(known):
        raise TariffError("tariff.no_month", month=4)
    last = int(known[-1]) + 1
    # A leap day is left out, so that a year with one has a day more.
    first = max(0, last - (DAYS + 1) * SLOTS)
    begins = whole.begins()[first:last].tz_localize(None)
    month, day, slot = begins.month.to_numpy(), begins.day.to_numpy(), (begins.hour * 2 + begins.minute // 30).to_numpy()
    middle = begins[len(begins) // 2]
    calendar = fiscal_year(int(middle.year - (middle.month < 4)) if year is None else year)
    days = calendar.dates - calendar.dates.astype("datetime64[M]")
    place = {(int(m), int(d) + 1): k for k, (m, d) in enumerate(zip(calendar.month, days.astype(int), strict=True))}
    at = np.array([place.get((m, d), -1) for m, d in zip(month.tolist(), day.tolist(), strict=True)])
    values = whole.kwh[first:last]
    # The later of two half hours of the same date stands.
    kept = (at >= 0) & ~np.isnan(values)
    kwh = np.full((DAYS, SLOTS), np.nan)
    kwh[at[kept], slot[kept]] = values[kept]
    filled = float(np.isnan(kwh).mean())
    return YearOfHalfHours(_whole(kwh, calendar).reshape(COUNT), calendar, filled)


def _whole(kwh: NDArray[np.float64], year: FiscalYear) -> NDArray[np.float64]:
    """Holes filled by the median of the same half hour of the month, of workdays or of weekends where they have one."""
    found = kwh.copy()
    weekend = year.weekday >= _SATURDAY
    for month in range(1, 13):
        for days in (*((year.month == month) & (weekend == which) for which in (False, True)), year.month == month):
            part = found[days]
            rows, slots = np.nonzero(np.isnan(part))
            if len(rows):
                source = np.where(np.isnan(kwh[days]).all(axis=0), 0.0, kwh[days])
                median = np.where(np.isnan(kwh[days]).all(axis=0), np.nan, np.nanmedian(source, axis=0))
                part[rows, slots] = median[slots]
                found[days] = part
        if np.isnan(found[year.month == month]).any():
            raise TariffError("tariff.no_month", month=month)
    return found
