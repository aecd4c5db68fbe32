"""What a facility uses, from its meters: energy of a year, the highest half hour, and when in the day and the year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.meters.model import HALF_HOUR, SLOTS, MeterSeries

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

_DAYS_OF_YEAR = 365


@dataclass(frozen=True)
class Load:
    """Load of one facility in the last year of its meters.

    Attributes
    ----------
    start, end : begin of the first and end of the last half hour that is looked at
    known : share of the half hours that have a figure [0…1]
    annual_kwh : energy of a year [kWh/a]: mean power of the known half hours × 8,760 h
    whole_year : the period is a year; where not, the season is not in the balance and ``annual_kwh`` only an estimate
    peak_kw : mean power of the highest half hour [kW], all meters together; never averaged over more than the half hour
    peak_at : its begin
    load_factor : mean over highest power; NaN where all are nought
    month_hour : [12, 24] mean energy of an hour in that month [kWh]; NaN where nothing is known
    meters : how many supply points are in it
    """

    start: pd.Timestamp
    end: pd.Timestamp
    known: float
    annual_kwh: float
    whole_year: bool
    peak_kw: float
    peak_at: pd.Timestamp
    load_factor: float
    month_hour: NDArray[np.float32]
    meters: int


def together(series: Sequence[MeterSeries]) -> MeterSeries:
    """Several supply points of one facility as one; only half hours in which all of them have a figure have one.

    The highest half hour of the sum is lower than the sum of the highest: what counts is what was drawn at once.
    """
    if len(series) == 1:
        return series[0]
    start, end = min(one.start for one in series), max(one.end for one in series)
    total = np.zeros((end - start) // HALF_HOUR)
    for one in series:
        part = np.full(len(total), np.nan)
        at = (one.start - start) // HALF_HOUR
        part[at : at + len(one.kwh)] = one.kwh
        total += part
    return MeterSeries("", series[0].name, start, total)


def load_of(series: Sequence[MeterSeries]) -> Load | None:
    """The load of a facility; None where its meters have no half hour in common."""
    whole = together(series)
    there = np.flatnonzero(~np.isnan(whole.kwh))
    if not len(there):
        return None
    last = int(there[-1]) + 1
    first = max(int(there[0]), last - _DAYS_OF_YEAR * SLOTS)
    kwh, start = whole.kwh[first:last], whole.start + first * HALF_HOUR
    known = ~np.isnan(kwh)
    mean_kw = 2.0 * float(kwh[known].mean())
    at = int(np.nanargmax(kwh))
    peak = 2.0 * float(kwh[at])
    return Load(
        start, start + len(kwh) * HALF_HOUR, float(known.mean()), mean_kw * 8760.0, len(kwh) == _DAYS_OF_YEAR * SLOTS, peak,
        start + at * HALF_HOUR, mean_kw / peak if peak > 0.0 else float("nan"), _by_hour(start, kwh), len(series),
    )  # fmt: skip


def _by_hour(start: pd.Timestamp, kwh: NDArray[np.float64]) -> NDArray[np.float32]:
    minutes = start.hour * 60 + start.minute + 30 * np.arange(len(kwh))
    hour = (minutes // 60) % 24
    day = np.datetime64(start.tz_localize(None).date(), "D") + (minutes // 1440).astype("timedelta64[D]")
    month = day.astype("datetime64[M]").astype(np.int64) % 12
    place, known = month * 24 + hour, ~np.isnan(kwh)
    total = np.bincount(place[known], weights=kwh[known], minlength=288)
    count = np.bincount(place[known], minlength=288)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (2.0 * total / count).reshape(12, 24).astype(np.float32)
