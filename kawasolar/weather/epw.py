"""EnergyPlus weather files: eight header lines, then 8,760 hours that end at their label 1 … 24."""

from __future__ import annotations

import math
from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.model import Weather
from kawasolar.weather.year import DUMMY_YEAR, HOURS, finish, year_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.weather.text import Lines

# Position in the row and the mark for "missing" (EnergyPlus Auxiliary Programs, "EPW Data Dictionary").
_FIELDS: dict[str, tuple[int, float]] = {
    "temp_air": (6, 99.9),
    "ghi": (13, 9999.0),
    "dni": (14, 9999.0),
    "dhi": (15, 9999.0),
    "wind_speed": (21, 999.0),
}
# Depth of snow [cm]; files of three decades leave the last fields out.
_SNOW, _NO_SNOW = 30, 999.0
_CALENDAR = {"month": 1, "day": 2, "hour": 3}
_MIN_FIELDS = 22
_LOCATION_FIELDS = 10
_MAX_OFFSET_HOURS = 14.0
_MAX_LATITUDE, _MAX_LONGITUDE = 90.0, 180.0


def read_epw(lines: Lines) -> Weather:
    """Read an EPW file; its DNI is kept, and diffuse is what GHI leaves.

    Raises
    ------
    UnreadableWeather
        header or rows broken, not 8,760 hours, or global and direct irradiance missing
    """
    station, place, offset, made_of = _location(lines)
    table, first = _rows(lines)
    numbers = _numbers(table, lines, first)
    numbers, findings = _calendar(numbers, lines, first)
    columns: dict[str, NDArray[np.float64]] = {}
    for name, (_, mark) in _FIELDS.items():
        values = numbers[name].to_numpy(dtype=np.float64)
        columns[name] = np.where(values >= mark, np.nan, values)
    if "snow_depth" in numbers:
        depth = numbers["snow_depth"].to_numpy(dtype=np.float64)
        columns["snow_depth"] = np.where(depth >= _NO_SNOW, np.nan, depth)
    zone = timezone(timedelta(hours=offset))
    diffuse = columns.pop("dhi")
    if not np.nansum(columns["ghi"]) > 0.0:
        up = np.maximum(sun_position(year_index(zone), *place).cos_zenith, 0.0)
        columns["ghi"] = columns["dni"] * up + diffuse
        findings.append(Finding("weather.ghi_from_parts", "warning", source=lines.file, column="ghi"))
    hours, more = finish(columns, zone, place, lines.file)
    return Weather(
        hours=hours,
        latitude=place[0],
        longitude=place[1],
        altitude=place[2],
        station=station,
        source=f"EPW ({made_of})" if made_of else "EPW",
        kind="tmy",
        findings=tuple(findings + more),
    )


def _location(lines: Lines) -> tuple[str, tuple[float, float, float], float, str]:
    """Name, (latitude, longitude, altitude), hours from UTC, and what the data were made of."""
    fields = [field.strip() for field in lines.rows[0].split(",")]
    if len(fields) < _LOCATION_FIELDS:
        raise UnreadableWeather(
            "weather.short_row",
            file=lines.file,
            line=lines.numbers[0],
            found=len(fields),
            expected=_LOCATION_FIELDS,
        )
    values: list[float] = []
    for name, text, limit in zip(
        ("latitude", "longitude", "time zone", "altitude"),
        fields[6:10],
        (_MAX_LATITUDE, _MAX_LONGITUDE, _MAX_OFFSET_HOURS, math.inf),
        strict=True,
    ):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and abs(value) <= limit):
            raise UnreadableWeather(
                "weather.not_a_number", file=lines.file, line=lines.numbers[0], column=name, found=text
            )
        values.append(value)
    latitude, longitude, offset, altitude = values
    return fields[1], (latitude, longitude, altitude), offset, fields[4]


def _rows(lines: Lines) -> tuple[list[list[str]], int]:
    """Data rows as fields, and the position of the first; the header ends with DATA PERIODS."""
    first = next((at + 1 for at, row in enumerate(lines.rows[:40]) if row.upper().startswith("DATA PERIODS")), None)
    if first is None:
        raise UnreadableWeather("weather.no_data_periods", file=lines.file, line=lines.numbers[-1])
    table = [row.split(",") for row in lines.rows[first:]]
    for position, row in enumerate(table):
        if len(row) < _MIN_FIELDS:
            raise UnreadableWeather(
                "weather.short_row",
                file=lines.file,
                line=lines.numbers[first + position],
                found=len(row),
                expected=_MIN_FIELDS,
            )
    if len(table) < HOURS:
        raise UnreadableWeather(
            "weather.hour_count", file=lines.file, line=lines.numbers[-1], found=len(table), expected=HOURS
        )
    return table, first


def _numbers(table: list[list[str]], lines: Lines, first: int) -> pd.DataFrame:
    columns: dict[str, NDArray[np.float64]] = {}
    wanted = _CALENDAR | {name: at for name, (at, _) in _FIELDS.items()}
    if all(len(row) > _SNOW for row in table):
        wanted["snow_depth"] = _SNOW
    for name, at in wanted.items():
        texts = pd.Series([row[at].strip() for row in table], dtype="str")
        values = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64)
        # An empty field is a missing value; letters are a broken file.
        bad = np.flatnonzero(~np.isfinite(values) & ((texts != "").to_numpy() | (name in _CALENDAR)))
        if bad.size:
            raise UnreadableWeather(
                "weather.not_a_number",
                file=lines.file,
                line=lines.numbers[first + int(bad[0])],
                column=name,
                found=str(texts.iloc[int(bad[0])]),
            )
        columns[name] = values
    return pd.DataFrame(columns)


def _calendar(numbers: pd.DataFrame, lines: Lines, first: int) -> tuple[pd.DataFrame, list[Finding]]:
    """Rows in the order of the dummy year; each hour must be there once."""
    findings: list[Finding] = []
    leap = (numbers["month"] == 2) & (numbers["day"] == 29)
    line = np.asarray(lines.numbers[first:])[~leap.to_numpy()]
    if leap.any():
        numbers = numbers[~leap].reset_index(drop=True)
        findings.append(Finding("weather.leap_day_dropped", "info", source=lines.file))
    if len(numbers) != HOURS:
        raise UnreadableWeather(
            "weather.hour_count", file=lines.file, line=lines.numbers[-1], found=len(numbers), expected=HOURS
        )
    days = pd.to_datetime(
        {"year": DUMMY_YEAR, "month": numbers["month"], "day": numbers["day"]}, errors="coerce"
    ).dt.day_of_year.to_numpy(dtype=np.float64)
    hour = numbers["hour"].to_numpy(dtype=np.float64)
    order = (days - 1.0) * 24.0 + hour - 1.0
    bad = np.flatnonzero(~((hour >= 1.0) & (hour <= 24.0) & (order == np.floor(order))))
    if not bad.size:
        twice = pd.Series(order).duplicated().to_numpy()
        bad = np.flatnonzero(twice)
    if bad.size:
        at = int(bad[0])
        row = numbers.iloc[at]
        raise UnreadableWeather(
            "weather.no_such_hour",
            file=lines.file,
            line=int(line[at]),
            found=f"{row['month']:g}/{row['day']:g} {row['hour']:g}:00",
        )
    return numbers.iloc[np.argsort(order)].reset_index(drop=True), findings
