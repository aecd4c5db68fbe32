"""The sun's position at the middle of each interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# From its westernmost to its easternmost island, roughly [deg].
_JAPAN = (122.0, 154.0)


@dataclass(frozen=True)
class SunPosition:
    """Where the sun stands; arrays of shape (n,).

    Attributes
    ----------
    azimuth : degrees clockwise from true north
    elevation : degrees above the horizontal, without refraction
    cos_zenith : cosine of the zenith angle, negative at night
    """

    azimuth: NDArray[np.float64]
    elevation: NDArray[np.float64]
    cos_zenith: NDArray[np.float64]


def sun_position(
    times_end: pd.DatetimeIndex,
    latitude: float,
    longitude: float,
    altitude: float = 0.0,
    *,
    interval: pd.Timedelta | None = None,
) -> SunPosition:
    """Position of the sun at the middle of the intervals that *end* at ``times_end``.

    Parameters
    ----------
    times_end : DatetimeIndex, time-zone aware
    latitude, longitude : degrees
    altitude : metres
    interval : length of an interval; one hour unless given

    Notes
    -----
    NREL's solar position algorithm (Reda & Andreas 2004, doi:10.1016/j.solener.2003.12.003) by pvlib. The elevation is the geometric
    one: a DSM's skyline is geometric too, and refraction at the horizon (0.5°) lies below the DSM's own error.
    """
    from pvlib import solarposition

    half = (interval if interval is not None else pd.Timedelta(hours=1)) / 2
    table = solarposition.get_solarposition(times_end - half, latitude, longitude, altitude)
    elevation = table["elevation"].to_numpy(dtype=np.float64)
    return SunPosition(
        azimuth=table["azimuth"].to_numpy(dtype=np.float64) % 360.0,
        elevation=elevation,
        cos_zenith=np.sin(np.radians(elevation)),
    )


def zone_of(longitude: float) -> str:
    """Civil time of a place that has told none: Japan's inside Japan, else that of the nearest whole hour."""
    if _JAPAN[0] <= longitude <= _JAPAN[1]:
        return "Asia/Tokyo"
    hours = round(longitude / 15)
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"
