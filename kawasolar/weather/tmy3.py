"""TMY3 of NREL: a line of the station, a line of columns, then 8,760 hours that end at their label 01:00 … 24:00.

The radiation is what arrived in the 60 minutes before the label [Wh/m²], the clock is the station's standard time
(Wilcox & Marion 2008, *Users Manual for TMY3 Data Sets*, NREL/TP-581-43156, doi:10.2172/928611). SolarAnywhere writes
midnight as 00:00 of the next day, which is the same hour.
"""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.errors import UnreadableWeather
from kawasolar.weather.model import Weather
from kawasolar.weather.place import coordinate
from kawasolar.weather.table import LEAP_HOURS, in_order, numbers
from kawasolar.weather.text import split_row
from kawasolar.weather.year import HOURS, finish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.weather.text import Lines

    Array = NDArray[np.float64]

_DATE, _TIME = "Date (MM/DD/YYYY)", "Time (HH:MM)"
_STAMP = re.compile(r"(\d{1,2})/(\d{1,2})/\d{4} (\d{1,2}):00")
_COLUMNS = {
    "ghi": "GHI (W/m^2)",
    "dni": "DNI (W/m^2)",
    "temp_air": "Dry-bulb (C)",
    "wind_speed": "Wspd (m/s)",
}
_STATION_FIELDS = 7
_MAX_OFFSET_HOURS = 14.0
# −9900 marks a missing value.
_MISSING = -9900.0


def is_tmy3(lines: Lines) -> bool:
    """Whether the second line names the columns of TMY3."""
    return len(lines.rows) > 1 and split_row(lines.rows[1])[:2] == [_DATE, _TIME]


def read_tmy3(lines: Lines) -> Weather:
    """Read a TMY3 file; its DNI is kept, and diffuse is what GHI leaves.

    Raises
    ------
    UnreadableWeather
        header or rows broken, or not 8,760 hours
    """
    station, place, offset = _station(lines)
    names = split_row(lines.rows[1])
    rows, line = _rows(lines, names)
    stamps = [
        _stamp(row[names.index(_DATE)], row[names.index(_TIME)], lines.file, number)
        for row, number in zip(rows, line, strict=True)
    ]
    month, day, hour = (np.array([stamp[at] for stamp in stamps], dtype=np.float64) for at in range(3))
    order, findings = in_order(month, day, hour, -1, lines.file, line)
    columns = {code: _column(rows, names, code, lines.file, line)[order] for code in _COLUMNS}
    hours, more = finish(columns, timezone(timedelta(hours=offset)), place, lines.file)
    return Weather(
        hours=hours,
        latitude=place[0],
        longitude=place[1],
        altitude=place[2],
        station=station,
        source="TMY3",
        kind="tmy",
        findings=tuple(findings + more),
    )


def _station(lines: Lines) -> tuple[str, tuple[float, float, float], float]:
    """Name, (latitude, longitude, altitude), hours from UTC."""
    fields = split_row(lines.rows[0])
    if len(fields) < _STATION_FIELDS:
        raise UnreadableWeather(
            "weather.short_row",
            file=lines.file,
            line=lines.numbers[0],
            found=len(fields),
            expected=_STATION_FIELDS,
        )
    place = (
        coordinate(lines.file, "latitude", fields[4]),
        coordinate(lines.file, "longitude", fields[5]),
        coordinate(lines.file, "altitude", fields[6]),
    )
    try:
        offset = float(fields[3])
    except ValueError:
        offset = np.nan
    if not abs(offset) <= _MAX_OFFSET_HOURS:
        raise UnreadableWeather(
            "weather.not_a_number", file=lines.file, line=lines.numbers[0], column="time zone", found=fields[3][:40]
        )
    return f"{fields[0]} {fields[1]}".strip(), place, offset


def _rows(lines: Lines, names: Sequence[str]) -> tuple[list[list[str]], tuple[int, ...]]:
    """Fields of the rows that are needed, and the number of the line of each."""
    missing = [code for code, name in _COLUMNS.items() if name not in names]
    if missing:
        raise UnreadableWeather("weather.no_hourly_column", file=lines.file, line=lines.numbers[1], column=missing[0])
    texts, line = lines.rows[2:], lines.numbers[2:]
    if len(texts) not in (HOURS, LEAP_HOURS):
        raise UnreadableWeather(
            "weather.hour_count", file=lines.file, line=lines.numbers[-1], found=len(texts), expected=HOURS
        )
    rows = [split_row(text) for text in texts]
    needed = 1 + max(names.index(name) for name in _COLUMNS.values())
    short = next((at for at, row in enumerate(rows) if len(row) < needed), None)
    if short is not None:
        raise UnreadableWeather(
            "weather.short_row", file=lines.file, line=line[short], found=len(rows[short]), expected=needed
        )
    return rows, line


def _stamp(date: str, time: str, file: str, line: int) -> tuple[int, int, int]:
    """Month, day, hour of a label on the full hour."""
    match = _STAMP.fullmatch(f"{date} {time}")
    if match is None:
        raise UnreadableWeather("weather.no_stamp", file=file, line=line, found=f"{date} {time}"[:40])
    return int(match[1]), int(match[2]), int(match[3])


def _column(rows: list[list[str]], names: Sequence[str], code: str, file: str, line: Sequence[int]) -> Array:
    at = names.index(_COLUMNS[code])
    values = numbers([row[at] for row in rows], code, file, line)
    return np.where(values <= _MISSING, np.nan, values)
