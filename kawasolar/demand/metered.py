"""A facility's own half hours as those of a fiscal year: the last year of its meters, by date, with its gaps filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.demand.shape import day_types, power_of
from kawasolar.half_hours import COUNT, DAYS, SLOTS
from kawasolar.meters.load import together
from kawasolar.meters.model import minute_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.demand.templates import Kind
    from kawasolar.meters.model import MeterSeries

    Bools = NDArray[np.bool_]
    Dates = NDArray[np.datetime64]
    Floats = NDArray[np.float64]

_DAY_MINUTES = 24 * 60
# A year, a 29 February, and a day before the first for what the last day does not have yet.
_LOOKED_AT = DAYS + 2


@dataclass(frozen=True, eq=False)
class Metered:
    """Half hours of a fiscal year from meters.

    Attributes
    ----------
    kwh : (17520,), from 1 April [kWh]; what was measured is as it was measured
    filled : share of the half hours that were not [0…1]
    part_year : some month has no figure at all, and its half hours are the kind's template at the meters' level
    """

    kwh: Floats
    filled: float
    part_year: bool


def metered_year(series: Sequence[MeterSeries], kind: Kind) -> Metered | None:
    """The last 365 days of a facility's meters, April to March by date, without 29 February; None where they have no half hour in common.

    A gap takes the median of its half hour of the day on days of the same type (:func:`kawasolar.demand.shape.day_types`) in that month, else on any day in that month, else the
    kind's template, scaled to what was measured.
    """
    whole = together(series)
    there = np.flatnonzero(~np.isnan(whole.kwh))
    if not len(there):
        return None
    dates, kwh = _last_year(minute_of(whole.start), whole.kwh[: there[-1] + 1])
    if np.isnan(kwh).all():
        # Nothing but a 29 February.
        return None
    filled, part_year = _fill(kind, dates, kwh)
    # Dates are a year's, in order, wherever it begins: 1 April comes first.
    april = int(np.flatnonzero(_month_day(dates) == 401)[0])
    return Metered(np.roll(kwh, -april, axis=0).ravel(), filled / COUNT, part_year)


def _last_year(minute: int, kwh: Floats) -> tuple[Dates, Floats]:
    """Dates (365,) and half hours [365, 48] up to the day of the last one; NaN where there is none."""
    first = minute // _DAY_MINUTES
    before = (minute % _DAY_MINUTES) // 30
    days = -(-(before + len(kwh)) // SLOTS)
    table = np.full((_LOOKED_AT, SLOTS), np.nan)
    # The last day is the table's last row; what lies before its first is left out.
    start = (_LOOKED_AT - days) * SLOTS + before
    there, left_out = max(start, 0), max(-start, 0)
    table.ravel()[there : there + len(kwh) - left_out] = kwh[left_out:]
    last = np.datetime64(int(first + days - 1), "D")
    dates = last - np.arange(_LOOKED_AT - 1, -1, -1)
    kept = np.flatnonzero(_month_day(dates) != 229)
    of_year, day_before = kept[-DAYS:], kept[-DAYS - 1]
    found = table[of_year]
    # The last day may end before midnight: a year before it did not.
    known = np.flatnonzero(~np.isnan(found[-1]))
    end = int(known[-1]) + 1 if len(known) else 0
    found[-1, end:] = table[day_before, end:]
    return dates[of_year], found


def _month_day(dates: Dates) -> NDArray[np.int64]:
    months = dates.astype("datetime64[M]")
    return (months.astype(np.int64) % 12 + 1) * 100 + (dates - months).astype(np.int64) + 1


def _fill(kind: Kind, dates: Dates, kwh: Floats) -> tuple[int, bool]:
    """Fill gaps in place; how many half hours they were, and whether the template had to help."""
    gaps = np.isnan(kwh)
    count = int(gaps.sum())
    if not count:
        return 0, False
    month = _month_day(dates) // 100
    types = day_types(kind, dates)
    measured = kwh.copy()
    lacking = gaps.any(axis=1)
    for of_month in np.unique(month[lacking]):
        same = month == of_month
        for of_type in np.unique(types[same & lacking]):
            days = same & (types == of_type)
            kwh[days] = _filled(kwh[days], _usual(measured[days]))
            if np.isnan(kwh[days]).any():
                kwh[days] = _filled(kwh[days], _usual(measured[same]))
    open_still = np.isnan(kwh)
    if not open_still.any():
        return count, False
    power = power_of(kind)[types, month - 1]
    level = float(np.nansum(measured)) / float(power[~gaps].sum())
    kwh[open_still] = level * power[open_still]
    return count, True


def _filled(kwh: Floats, usual: Floats) -> Floats:
    return np.where(np.isnan(kwh), usual[None], kwh)


def _usual(days: Floats) -> Floats:
    """Median of every half hour of the day, of days [n, 48]; NaN where none of them has it."""
    # np.nanmedian takes thirty times as long.
    in_order = np.sort(days, axis=0)
    count = (~np.isnan(days)).sum(axis=0)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(days) - 1)
    slots = np.arange(days.shape[1])
    return np.asarray((in_order[low, slots] + in_order[high, slots]) / 2.0)
