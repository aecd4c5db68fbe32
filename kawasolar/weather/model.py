"""What a year of weather is to the program."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from kawasolar.plan import WeatherSummary

if TYPE_CHECKING:
    import pandas as pd

    from gis.findings import Finding

# Depth of the snow on the ground [cm], in the weather of stations that measure it.
SNOW = "snow_depth"
Kind = Literal["average", "sunny", "dull", "tmy", "normals", "year"]


@dataclass(frozen=True)
class Weather:
    """One year of hourly weather at one place.

    Attributes
    ----------
    hours : DataFrame
        8,760 rows; index = time-zone aware *end* of each hour of the dummy year 2023 in the station's standard
        time; columns ``ghi dni dhi`` [W/m², mean of the hour], ``temp_air`` [°C], ``wind_speed`` [m/s], and where the station measures it
        ``snow_depth`` [cm] at the end of the hour.
        In every hour ``ghi = dni · max(cos θz, 0) + dhi`` with the sun at the middle of the hour.
    latitude, longitude : degrees
    altitude : metres above the sea
    station : name as the file gives it
    source : the file's format
    kind : which kind of year
    findings : what the reader mended or assumed
    """

    hours: pd.DataFrame
    latitude: float
    longitude: float
    altitude: float
    station: str
    source: str
    kind: Kind
    findings: tuple[Finding, ...] = ()

    @property
    def ghi_kwh_m2(self) -> float:
        """Global horizontal irradiation of the year [kWh/m²]."""
        return float(self.hours["ghi"].sum()) / 1000.0

    @property
    def months_ghi_kwh_m2(self) -> tuple[float, ...]:
        """Global horizontal irradiation of the twelve months [kWh/m²]."""
        sums = np.bincount(months_of(self.hours.index), weights=self.hours["ghi"].to_numpy(), minlength=13)
        return tuple(float(value) / 1000.0 for value in sums[1:])

    def summary(self) -> WeatherSummary:
        """What the inspector and the exports say of it."""
        from kawasolar.typical_days import typical_days

        sunniest, dullest = (tuple(int(day) for day in days) for days in typical_days(self))
        return WeatherSummary(
            station=self.station,
            source=self.source,
            kind=self.kind,
            latitude=self.latitude,
            longitude=self.longitude,
            ghi_kwh_m2=self.ghi_kwh_m2,
            months_ghi_kwh_m2=self.months_ghi_kwh_m2,
            sunniest_days=sunniest,
            dullest_days=dullest,
        )

    def with_findings(self, *more: Finding) -> Weather:
        """The same weather with more to tell."""
        return replace(self, findings=self.findings + more)


def months_of(index: pd.Index) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Month 1…12 that each hour belongs to; the hour that ends at midnight is the old month's."""
    import pandas as pd

    return np.asarray((pd.DatetimeIndex(index) - pd.Timedelta(hours=1)).month, dtype=np.int64)
