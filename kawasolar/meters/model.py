"""What a meter tells: its supply point and one figure of energy for every half hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.findings import Finding

    Array = NDArray[np.float64]

TIMEZONE = "Asia/Tokyo"
HALF_HOUR = pd.Timedelta(minutes=30)
# Minutes of a day, and half hours of one.
DAY = 1440
SLOTS = 48


@dataclass(frozen=True)
class MeterSeries:
    """The half hours of one supply point, without holes in time.

    Attributes
    ----------
    supply_point : 22 digits, or what the file has in their place, or empty
    name : of the facility or contract, as the file has it, or empty
    start : begin of the first half hour, in Asia/Tokyo
    kwh : (n,) energy of each half hour [kWh]; NaN where the file has none that can be used
    findings : what was noticed of this supply point
    """

    supply_point: str
    name: str
    start: pd.Timestamp
    kwh: Array
    findings: tuple[Finding, ...] = ()

    @property
    def label(self) -> str:
        """What a message calls it."""
        return self.supply_point or self.name or "–"

    @property
    def end(self) -> pd.Timestamp:
        """End of the last half hour."""
        return self.start + len(self.kwh) * HALF_HOUR

    def begins(self) -> pd.DatetimeIndex:
        """Begin of every half hour; shape (n,)."""
        return pd.date_range(self.start, periods=len(self.kwh), freq=HALF_HOUR)


@dataclass(frozen=True)
class MeterReadings:
    """One file of meter readings.

    Attributes
    ----------
    source : name of the file
    series : one for each supply point, in the order of the file
    findings : what was noticed of the file as a whole
    """

    source: str
    series: tuple[MeterSeries, ...]
    findings: tuple[Finding, ...] = ()


def minute_of(stamp: pd.Timestamp) -> int:
    """Minutes from 1970-01-01 0:00 on the clock of Japan."""
    return int((stamp.tz_localize(None) - pd.Timestamp(0)) // pd.Timedelta(minutes=1))


def stamp_of(minute: int) -> pd.Timestamp:
    """The time so many minutes after 1970-01-01 0:00 on the clock of Japan, which has no summer time."""
    return (pd.Timestamp(0) + pd.Timedelta(minutes=int(minute))).tz_localize(TIMEZONE)


def clock_text(stamp: pd.Timestamp) -> str:
    """A time as messages show it."""
    return f"{stamp:%Y-%m-%d %H:%M}"
