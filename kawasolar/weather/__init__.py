"""A year of hourly weather from METPV-20 and METPV-11, EPW, TMY3, PVGIS, a user's own hourly CSV, or monthly normals."""

from __future__ import annotations

from pathlib import Path

from kawasolar.errors import UnreadableWeather
from kawasolar.weather.epw import read_epw
from kawasolar.weather.hourly_csv import is_hourly, read_hourly
from kawasolar.weather.interpolation import between
from kawasolar.weather.metpv import CSV_HEADER, TEXT_HEADER, read_metpv
from kawasolar.weather.model import Kind, Weather, months_of
from kawasolar.weather.normals import hourly_from_normals
from kawasolar.weather.normals_file import is_normals, read_normals
from kawasolar.weather.pvgis import read_pvgis
from kawasolar.weather.pvgis_file import CSV_HEADER as PVGIS_HEADER
from kawasolar.weather.pvgis_file import read_csv, read_json
from kawasolar.weather.text import read_lines
from kawasolar.weather.tmy3 import is_tmy3, read_tmy3

__all__ = ["Kind", "Weather", "between", "hourly_from_normals", "months_of", "read_weather"]


def read_weather(
    path: str | Path,
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    altitude: float | None = None,
) -> Weather:
    """Read a weather file; its content, not its name, tells the format.

    Parameters
    ----------
    path : METPV-20 or METPV-11 as text or CSV, EPW, TMY3, PVGIS as CSV or JSON, own hours or monthly normals as CSV
    latitude, longitude, altitude : degrees, m
        place of own hours and monthly normals whose file names none, which is said; a file's own place counts before these

    Raises
    ------
    UnreadableWeather
        with a code and the file, line, column, what was found and what was expected
    """
    lines = read_lines(Path(path))
    first = lines.rows[0].lstrip("\ufeff")
    if first[:9].upper() == "LOCATION,":
        return read_epw(lines)
    if TEXT_HEADER.match(first) or CSV_HEADER.match(first):
        return read_metpv(lines)
    if is_tmy3(lines):
        return read_tmy3(lines)
    if PVGIS_HEADER.match(first):
        return read_pvgis(read_csv(lines))
    if first.lstrip().startswith("{"):
        return read_pvgis(read_json(lines))
    # Before the normals: a table with months, days and hours has a month too.
    if is_hourly(lines):
        return read_hourly(lines, latitude=latitude, longitude=longitude, altitude=altitude)
    if is_normals(lines):
        return read_normals(lines, latitude=latitude, longitude=longitude, altitude=altitude)
    raise UnreadableWeather("weather.unknown_format", file=lines.file, found=first[:60])
