"""Weather between stations, by inverse distance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.model import SNOW, Weather
from kawasolar.weather.year import finish, year_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Nearer than this [m] a station counts alone: its grounds are the place.
ALONE = 1000.0
# Weights fall with this power of the distance (Shepard 1968, doi:10.1145/800186.810616).
_POWER = 2.0


def between(stations: Sequence[Weather], latitude: float, longitude: float) -> Weather:
    """The weather of a place, from stations round it.

    Each hour of global, direct normal, temperature and wind, and of the depth of snow where all of them tell it, is the mean of the stations by inverse squares of their
    geodesic distances. The interpolated global irradiation is kept; direct is held within it, the sun of the place and the
    sky's limit, as it is for a file; diffuse is what remains: ``ghi = dni · max(cos θz, 0) + dhi`` at the place.

    Parameters
    ----------
    stations : of one kind and one time zone, in any order
    latitude, longitude : degrees

    Returns
    -------
    Weather
        with the findings of the stations that count, and one that names them with distance and weight

    Raises
    ------
    UnreadableWeather
        ``weather.no_stations``, ``weather.kinds_differ`` or ``weather.zones_differ``; what the checks of a file refuse
    """
    if not stations:
        raise UnreadableWeather("weather.no_stations")
    metres = distances(stations, latitude, longitude)
    # The nearest first; equal distances by name, so that the order in which they were given does not matter.
    order = sorted(range(len(stations)), key=lambda at: (round(float(metres[at]), 3), _key(stations[at])))
    ordered, metres = [stations[at] for at in order], metres[order]
    kinds = sorted({station.kind for station in ordered})
    if len(kinds) > 1:
        raise UnreadableWeather("weather.kinds_differ", found=", ".join(kinds))
    shares = weights(metres)
    used = [(station, share) for station, share in zip(ordered, shares, strict=True) if share > 0.0]
    said = _finding(ordered, metres, shares)
    findings = tuple(finding for station, _ in used for finding in station.findings)
    if len(used) == 1 and metres[0] < ALONE:
        return replace(used[0][0], findings=(*findings, said))
    offsets = {station.hours.index[0].utcoffset() for station, _ in used}
    if len(offsets) > 1:
        raise UnreadableWeather("weather.zones_differ", found=", ".join(sorted(f"UTC{_hours(o):+g}" for o in offsets)))
    altitude = float(sum(share * station.altitude for station, share in used))
    place = latitude, longitude, altitude
    names = " + ".join(station.station or station.source for station, _ in used)
    zone = pd.DatetimeIndex(used[0][0].hours.index).tz or UTC
    columns = {name: _mean(used, name) for name in ("ghi", "dni", "temp_air", "wind_speed")}
    if all(SNOW in station.hours for station, _ in used):
        columns[SNOW] = _mean(used, SNOW)
    # Where the sun is down at the place it may still stand over a station.
    columns["dni"] = np.where(sun_position(year_index(zone), *place).cos_zenith > 0.0, columns["dni"], 0.0)
    hours, more = finish(columns, zone, place, names)
    return Weather(
        hours=hours,
        latitude=latitude,
        longitude=longitude,
        altitude=altitude,
        station=names,
        source=", ".join(dict.fromkeys(station.source for station, _ in used)),
        kind=used[0][0].kind,
        findings=(*findings, *more, said),
    )


def distances(stations: Sequence[Weather], latitude: float, longitude: float) -> Array:
    """Geodesic distance of each station [m]; (n,)."""
    from pyproj import Geod

    count = len(stations)
    _, _, metres = Geod(ellps="GRS80").inv(
        [longitude] * count,
        [latitude] * count,
        [station.longitude for station in stations],
        [station.latitude for station in stations],
    )
    return np.asarray(metres, dtype=np.float64)


def weights(metres: Array) -> Array:
    """Weight of each station, summing to 1; one nearer than ``ALONE`` has all of it.

    Parameters
    ----------
    metres : distances, (n,); of several below ``ALONE`` the nearest, of equally near ones the first, counts
    """
    nearest = int(metres.argmin())
    if metres[nearest] < ALONE:
        alone = np.zeros_like(metres)
        alone[nearest] = 1.0
        return alone
    # Over the nearest: the square of a distance in metres is a large number.
    share = (metres[nearest] / metres) ** _POWER
    return np.asarray(share / share.sum(), dtype=np.float64)


def _mean(used: Sequence[tuple[Weather, float]], name: str) -> Array:
    total = np.zeros(len(used[0][0].hours))
    for station, share in used:
        total += share * station.hours[name].to_numpy(dtype=np.float64)
    return total


def _key(station: Weather) -> tuple[str, str, float, float, float]:
    return station.station, station.source, station.latitude, station.longitude, station.ghi_kwh_m2


def _hours(offset: object) -> float:
    return offset.total_seconds() / 3600.0 if isinstance(offset, timedelta) else 0.0


def _finding(stations: Sequence[Weather], metres: Array, shares: Array) -> Finding:
    """Every station with its distance and weight, also those that do not count."""
    parts = [
        f"{station.station or station.source} {distance / 1000.0:.1f} km {share:.0%}"
        for station, distance, share in zip(stations, metres, shares, strict=True)
    ]
    details: dict[str, object] = {
        "stations": [
            {"station": station.station, "km": round(float(distance) / 1000.0, 3), "weight": float(share)}
            for station, distance, share in zip(stations, metres, shares, strict=True)
        ]
    }
    return Finding("weather.interpolated", "info", source=stations[0].station, found="; ".join(parts), details=details)
