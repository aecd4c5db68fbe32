"""When a kind of facility uses its electricity: the type of every day, and the power of every half hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kawasolar.demand.holidays import national_holidays
from kawasolar.demand.rows import CLOSED, DAYS, HOLIDAY, OPEN, SATURDAY, VACATION, WEEKDAYS
from kawasolar.half_hours import SLOTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.demand.rows import Span
    from kawasolar.demand.templates import Kind
    from kawasolar.half_hours import FiscalYear

    Bools = NDArray[np.bool_]
    Days = NDArray[np.datetime64]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_SATURDAY, _SUNDAY = 5, 6
# A ramp of less than a second is an edge [h].
_SHARP = 1.0 / 3600.0
_MIDDLES = (np.arange(SLOTS) + 0.5) / 2.0


def shape_of(kind: Kind, year: FiscalYear) -> Floats:
    """Share of the year's energy in every half hour: (17520,), none below nought, sum 1."""
    power = power_of(kind)[day_types(kind, year.dates), year.month - 1].ravel()
    return power / power.sum()


def power_of(kind: Kind) -> Floats:
    """Power by type of day, month and half hour: [5, 12, 48], as a share of that in full use without heating and cooling.

    ``base + (1 − base) · Σ level · window · (1 + cooling · course + heating · course)``: what always runs knows no season, and a window opens and closes smoothly within ``ramp_h``.
    """
    base = kind.template.base_share
    used = np.zeros((len(DAYS), SLOTS))
    for period in kind.periods:
        window = period.level * _window(period.begin_h, period.end_h, kind.template.ramp_h)
        for day in period.days:
            used[DAYS.index(day)] += window
    return base + (1.0 - base) * used[:, None, :] * (1.0 + _climate(kind))[None]


def _window(begin: float, end: float, ramp: float) -> Floats:
    """1 between two hours, with half of each ramp before and half after; round the clock, so that 0 to 24 has no seam."""
    hours = _MIDDLES[None, :] + np.array([[-24.0], [0.0], [24.0]])
    return np.asarray((_rise(hours - begin, ramp) - _rise(hours - end, ramp)).sum(axis=0))


def _rise(after: NDArray[np.floating], ramp: float) -> Floats:
    """From 0 to 1 around nought, level at both ends."""
    share = np.clip(after / ramp + 0.5, 0.0, 1.0) if ramp > _SHARP else (after >= 0.0).astype(np.float64)
    return np.asarray(share * share * (3.0 - 2.0 * share), dtype=np.float64)


def _climate(kind: Kind) -> Floats:
    """What heating and cooling add by month and half hour, as a share of use: [12, 48]."""
    course, template = kind.course, kind.template
    months = np.array([[row.cooling, row.heating] for row in kind.months])
    cooling = template.cooling * months[:, :1] * _course(course.cooling_peak_h, course.swing)
    heating = template.heating * months[:, 1:] * _course(course.heating_peak_h, course.swing)
    return cooling + heating


def _course(peak: float, swing: float) -> Floats:
    """1 at the peak, ``1 − swing`` twelve hours from it."""
    return 1.0 - swing * (1.0 - np.cos((_MIDDLES - peak) * np.pi / 12.0)) / 2.0


def day_types(kind: Kind, dates: Days) -> NDArray[np.int64]:
    """The type of every day, as its place in :data:`kawasolar.demand.rows.DAYS`.

    Yearly closing days come first, then the weekly one, Sundays and national holidays, Saturdays, vacations.

    Parameters
    ----------
    dates : (n,), datetime64[D], in order
    """
    weekday = (dates.astype(np.int64) + 3) % 7
    holiday = national_holidays(dates)
    found = np.full(len(dates), OPEN)
    found[_within(kind.spans, DAYS[VACATION], dates)] = VACATION
    found[weekday == _SATURDAY] = SATURDAY
    found[holiday | (weekday == _SUNDAY)] = HOLIDAY
    found[_weekly(kind, dates, weekday, holiday)] = CLOSED
    found[_within(kind.spans, DAYS[CLOSED], dates)] = CLOSED
    return found


def _weekly(kind: Kind, dates: Days, weekday: Ints, holiday: Bools) -> Bools:
    """Weekly closing days, and those to which they move where they are a national holiday."""
    template = kind.template
    closed = np.isin(weekday, [WEEKDAYS.index(name) for name in template.closed_weekdays])
    if template.closed_weeks:
        day = (dates - dates.astype("datetime64[M]")).astype(np.int64)
        closed &= np.isin(day // 7 + 1, [int(week) for week in template.closed_weeks])
    if template.on_holiday == "closed":
        return closed
    moved = np.flatnonzero(closed & holiday)
    closed &= ~holiday
    if template.on_holiday == "moves":
        # To the next day that is neither a holiday nor closed anyway.
        free = np.flatnonzero(~holiday & ~closed)
        places = np.searchsorted(free, moved)
        closed[free[places[places < len(free)]]] = True
    return closed


def _within(spans: tuple[Span, ...], day: str, dates: Days) -> Bools:
    """Days in spans of a type; one whose end lies before its begin goes over New Year."""
    months = dates.astype("datetime64[M]")
    number = (months.astype(np.int64) % 12 + 1) * 100 + (dates - months).astype(np.int64) + 1
    inside = np.zeros(len(dates), dtype=bool)
    for span in spans:
        if span.day == day:
            begin, end = (int(text.replace("-", "")) for text in (span.begin, span.end))
            after, before = number >= begin, number <= end
            inside |= (after & before) if begin <= end else (after | before)
    return inside
