"""METPV-20 of NEDO (2010–2018) and METPV-11 before it (1990–2009), fixed-width text and CSV.

One header line, then ten elements for each day, nine in METPV-11. Element 1 is global, 2 direct *horizontal*, 3 diffuse irradiation
[0.01 MJ/m² in the hour], 5 air temperature [0.1 °C], 7 wind speed [0.1 m/s], 9 depth of snow [cm]; hours end at their label 1 … 24 in
Japan standard time. In the text the last digit of every hourly value is a remark and no part of it; the CSV has none.

METPV-11 has the same columns but one: where METPV-20 has the year a day was taken from, it has the height of the anemometer
[m], ``6.5``, or nothing. That tells the two apart. NEDO's own description (content/100500502.pdf) was not at hand; the layout
is that of independent accounts of it: of the text smectic-g.hatenablog.jp/entry/2012/12/09/140445 and the comments of a
parser in Scala (``metpv11_parser``), whose rows are tried in the tests; of the CSV, and of 8888 for a missing value, a reader in
Python (``NEDOLocation``). Assumed: that the CSV has no remarks, as in METPV-20.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.model import Kind, Weather
from kawasolar.weather.year import DUMMY_YEAR, finish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.weather.text import Lines

TEXT_HEADER = re.compile(r"^\s*(\d{5}) (.{1,28}?)\s+(\d{1,3})\s+([\d.]+)\s+(\d{1,3})\s+([\d.]+)\s+(-?[\d.]+)\s*$")
CSV_HEADER = re.compile(
    r"^\s*(\w{1,12})\s*,([^,]*),\s*(\d{1,3})\s*,\s*([\d.]+)\s*,\s*(\d{1,3})\s*,\s*([\d.]+)\s*,\s*(-?[\d.]+)[\s,]*$"
)

# Rows of a day. The tenth element of METPV-20 is possible sunshine, which nothing here needs.
_ELEMENTS, _OLDER_ELEMENTS = 10, 9
# What stands in columns 11–15: a year, or the height of an anemometer [m].
_FIRST_YEAR = 1900.0
_NONE = 8888
# W/m² in one hour for 0.01 MJ/m²: 10,000 J / 3,600 s.
_WATTS = 1e4 / 3600.0
# Element -> column and factor from the file's unit.
_WANTED: dict[int, tuple[str, float]] = {
    1: ("ghi", _WATTS),
    2: ("beam_horizontal", _WATTS),
    5: ("temp_air", 0.1),
    7: ("wind_speed", 0.1),
    9: ("snow_depth", 1.0),
}
_MIN_FIELDS = 28
_DAYS, _LEAP_DAYS = 365, 366
_SUM_FIELD = 30
# 24 hourly values, each rounded to one unit: their sum may miss the sum of the exact ones by 12.
_SUM_TOLERANCE = 12.0
_KINDS: dict[str, Kind] = {"mea": "average", "max": "sunny", "min": "dull"}


@dataclass(frozen=True)
class _Table:
    """Fields of all data rows as numbers: (rows, 33); hourly values without remark, NaN where none."""

    element: NDArray[np.int64]
    month: NDArray[np.int64]
    day: NDArray[np.int64]
    hours: NDArray[np.float64]
    sums: NDArray[np.float64]


def read_metpv(lines: Lines) -> Weather:
    """Read a METPV-20 file of either flavour, or a METPV-11 file, which is said.

    Raises
    ------
    UnreadableWeather
        a row is missing, cut off or doubled, or a field is no number; names the line and column
    """
    header = lines.rows[0]
    text = TEXT_HEADER.match(header)
    match = text or CSV_HEADER.match(header)
    if match is None:
        raise UnreadableWeather("weather.unknown_format", file=lines.file)
    name, lat, lat_min, lon, lon_min, altitude = match.groups()[1:]
    latitude, longitude = _degrees(lines, lat, lat_min), _degrees(lines, lon, lon_min)
    place = latitude, longitude, _number(lines, altitude, "altitude")
    older = _is_older(lines, flagged=text is not None)
    table = _parse(lines, flagged=text is not None, elements=_OLDER_ELEMENTS if older else _ELEMENTS)
    table, findings = _without_leap_day(table, lines)
    columns = {column: _year(table, element, lines) * factor for element, (column, factor) in _WANTED.items()}
    findings += _sum_findings(table, lines)
    if older:
        findings.append(Finding("weather.metpv_older", "info", source=lines.file))
    kind, kind_findings = _kind(lines.file)
    hours, more = finish(columns, ZoneInfo("Asia/Tokyo"), place, lines.file)
    return Weather(
        hours=hours,
        latitude=latitude,
        longitude=longitude,
        altitude=place[2],
        station=f"{match.group(1)} {name.strip()}".strip(),
        source="METPV-11" if older else "METPV-20",
        kind=kind,
        findings=tuple(findings + kind_findings + more),
    )


def _number(lines: Lines, text: str, column: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UnreadableWeather(
            "weather.not_a_number", file=lines.file, line=lines.numbers[0], column=column, found=text
        ) from error


def _degrees(lines: Lines, whole: str, minutes: str) -> float:
    return int(whole) + _number(lines, minutes, "minutes") / 60.0


def _split_text(row: str) -> list[str]:
    """Columns 1–5 element, 7–8 month, 9–10 day, 11–15 year of origin, then 29 fields of five."""
    return [row[0:5], row[5:8], row[8:10], row[10:15], *(row[at : at + 5] for at in range(15, 15 + 29 * 5, 5))]


def _is_older(lines: Lines, *, flagged: bool) -> bool:
    """Whether the rows have heights of anemometers where METPV-20 has years: METPV-11."""
    fields = [] if len(lines.rows) < 2 else _split_text(lines.rows[1]) if flagged else lines.rows[1].split(",")
    if len(fields) < 4:
        return False
    field = fields[3].strip()
    try:
        return not field or float(field) < _FIRST_YEAR
    except ValueError:
        return False


def _parse(lines: Lines, *, flagged: bool, elements: int) -> _Table:
    rows = lines.rows[1:]
    if len(rows) not in (elements * _DAYS, elements * _LEAP_DAYS):
        raise UnreadableWeather(
            "weather.row_count", file=lines.file, line=lines.numbers[-1], found=len(rows), expected=elements * _DAYS
        )
    fields = [_split_text(row) if flagged else row.split(",") for row in rows]
    for position, row in enumerate(fields):
        if len(row) < _MIN_FIELDS or not row[_MIN_FIELDS - 1].strip():
            raise UnreadableWeather(
                "weather.short_row",
                file=lines.file,
                line=lines.numbers[position + 1],
                found=sum(1 for field in row if field.strip()),
                expected=_MIN_FIELDS,
            )
    numbers = _numbers([row[:3] + row[4:_MIN_FIELDS] for row in fields], lines)
    hours = numbers[:, 3:]
    missing = np.abs(hours) == _NONE
    if flagged:
        values = np.trunc(hours / 10.0)
        missing |= np.abs(values) == _NONE
        hours = values
    sums = pd.to_numeric(
        pd.Series([row[_SUM_FIELD] if len(row) > _SUM_FIELD else "" for row in fields]), errors="coerce"
    ).to_numpy(dtype=np.float64)
    return _Table(
        element=numbers[:, 0].astype(np.int64),
        month=numbers[:, 1].astype(np.int64),
        day=numbers[:, 2].astype(np.int64),
        hours=np.where(missing, np.nan, hours),
        sums=np.where(sums == _NONE, np.nan, sums),
    )


def _numbers(fields: Sequence[Sequence[str]], lines: Lines) -> NDArray[np.float64]:
    """All fields as finite numbers; the first that is none is named by line and field."""
    flat = pd.Series([field.strip() for row in fields for field in row], dtype="str")
    numbers = pd.to_numeric(flat, errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        row, field = divmod(int(bad[0]), len(fields[0]))
        raise UnreadableWeather(
            "weather.not_a_number",
            file=lines.file,
            line=lines.numbers[row + 1],
            column=field + (1 if field < 3 else 2),
            found=str(flat.iloc[int(bad[0])]),
        )
    return numbers.reshape(len(fields), -1)


def _without_leap_day(table: _Table, lines: Lines) -> tuple[_Table, list[Finding]]:
    leap = (table.month == 2) & (table.day == 29)
    if not leap.any():
        return table, []
    keep = ~leap
    shorter = _Table(table.element[keep], table.month[keep], table.day[keep], table.hours[keep], table.sums[keep])
    return shorter, [Finding("weather.leap_day_dropped", "info", source=lines.file)]


def _year(table: _Table, element: int, lines: Lines) -> NDArray[np.float64]:
    """Hours of one element in the order of the calendar; every day must be there once."""
    of_it = table.element == element
    stamps = pd.to_datetime({"year": DUMMY_YEAR, "month": table.month[of_it], "day": table.day[of_it]}, errors="coerce")
    days = stamps.dt.day_of_year.to_numpy(dtype=np.float64)
    if np.isnan(days).any():
        at = np.flatnonzero(of_it)[int(np.flatnonzero(np.isnan(days))[0])]
        raise UnreadableWeather(
            "weather.no_such_day",
            file=lines.file,
            line=lines.numbers[int(at) + 1],
            found=f"{table.month[at]}/{table.day[at]}",
        )
    counts = np.bincount(days.astype(np.int64), minlength=_DAYS + 1)[1:]
    if (counts != 1).any():
        wrong = int(np.flatnonzero(counts != 1)[0])
        day = pd.Timestamp(DUMMY_YEAR, 1, 1) + pd.Timedelta(days=wrong)
        raise UnreadableWeather(
            "weather.day_count",
            file=lines.file,
            element=element,
            day=f"{day.month}/{day.day}",
            found=int(counts[wrong]),
            expected=1,
        )
    return table.hours[of_it][np.argsort(days)].reshape(-1)


def _sum_findings(table: _Table, lines: Lines) -> list[Finding]:
    """The file's own daily sums of global irradiation must be those of its hours."""
    of_it = table.element == 1
    with np.errstate(invalid="ignore"):
        off = np.abs(np.nansum(table.hours[of_it], axis=1) - table.sums[of_it]) > _SUM_TOLERANCE
    if not off.any():
        return []
    first = int(np.flatnonzero(off)[0])
    month, day = table.month[of_it][first], table.day[of_it][first]
    return [
        Finding(
            "weather.daily_sum",
            "warning",
            source=lines.file,
            column="ghi",
            found=str(int(off.sum())),
            details={"day": f"{month}/{day}"},
        )
    ]


def _kind(file: str) -> tuple[Kind, list[Finding]]:
    """Average, sunny or dull stands only in the file's name."""
    kind = _KINDS.get(file[:3].lower())
    if kind is not None:
        return kind, []
    return "average", [Finding("weather.kind_assumed", "info", source=file)]
