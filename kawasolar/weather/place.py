"""Where a file without a station's header belongs, and what time is kept there."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from gis.findings import Finding
from kawasolar.errors import UnreadableWeather

if TYPE_CHECKING:
    from datetime import tzinfo

    from kawasolar.weather.text import Lines

_COMMENTS: dict[str, tuple[str, ...]] = {
    "latitude": ("latitude", "緯度"),
    "longitude": ("longitude", "経度"),
    "altitude": ("altitude", "elevation", "標高"),
    "station": ("station", "地点"),
    "label": ("label", "時刻"),
}
# Beyond the polar circles there are days without sun, which the methods here do not know.
_LIMITS = {"latitude": 66.0, "longitude": 180.0, "altitude": 6000.0}
# West, south, east, north: all of Japan keeps one time.
_JAPAN = (122.0, 20.0, 154.0, 46.0)


def comment(lines: Lines, name: str) -> str | None:
    """What the file says of itself in a line ``# name=…`` at the top."""
    return next((lines.comments[key] for key in _COMMENTS[name] if key in lines.comments), None)


def place_of(
    lines: Lines, latitude: float | None, longitude: float | None, altitude: float | None
) -> tuple[tuple[float, float, float], list[Finding]]:
    """Latitude, longitude [degrees], altitude [m]: what the file says itself, else what the caller gave, which is said.

    Raises
    ------
    UnreadableWeather
        neither says the place, or it cannot be
    """
    given = {"latitude": latitude, "longitude": longitude, "altitude": altitude}
    place = {name: _coordinate(lines, name, value) for name, value in given.items()}
    if place["latitude"] is None or place["longitude"] is None:
        raise UnreadableWeather("weather.no_place", file=lines.file)
    where = place["latitude"], place["longitude"], place["altitude"] or 0.0
    if all(comment(lines, name) for name in ("latitude", "longitude")):
        return where, []
    # The caller gave the place of the surface; hills or a coast between it and the station would matter.
    where_taken = f"{where[0]:.2f}, {where[1]:.2f}"
    return where, [Finding("weather.place_of_site", "warning", source=lines.file, found=where_taken)]


def _coordinate(lines: Lines, name: str, given: float | None) -> float | None:
    """What the file says itself, else what the caller gave."""
    text = comment(lines, name) or given
    return None if text is None else coordinate(lines.file, name, text)


def coordinate(file: str, name: str, text: str | float) -> float:
    """A latitude, longitude [degrees] or altitude [m] that can be.

    Raises
    ------
    UnreadableWeather
        no number, or out of range
    """
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not abs(value) <= _LIMITS[name]:
        raise UnreadableWeather("weather.impossible_place", file=file, column=name, found=str(text)[:40])
    return value


def standard_zone(latitude: float, longitude: float) -> tzinfo:
    """Standard time of a place: Japan's inside Japan, else the nearest whole hour of its longitude [degrees]."""
    west, south, east, north = _JAPAN
    if west <= longitude <= east and south <= latitude <= north:
        return ZoneInfo("Asia/Tokyo")
    return timezone(timedelta(hours=round(longitude / 15.0)))


def hours_from_utc(zone: tzinfo) -> int:
    """Whole hours that the clock of ``standard_zone`` is ahead of UTC."""
    from kawasolar.weather.year import year_index

    offset = year_index(zone)[0].utcoffset()
    return round(offset.total_seconds() / 3600.0) if offset is not None else 0
