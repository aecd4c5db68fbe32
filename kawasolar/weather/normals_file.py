"""Monthly normals as a small CSV: the month, global irradiation in any of the usual units, temperature, wind.

The unit stands in the heading. The place comes from the caller or from comment lines at the top, ``# latitude=35.6``.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.model import Weather
from kawasolar.weather.normals import MONTHS, hourly_from_normals
from kawasolar.weather.place import comment, place_of
from kawasolar.weather.text import plain, split_row
from kawasolar.weather.year import DUMMY_YEAR, POSSIBLE

if TYPE_CHECKING:
    from kawasolar.weather.text import Lines

_NAMES: dict[str, tuple[str, ...]] = {
    "month": ("月", "month"),
    "ghi": ("全天日射量", "水平面日射量", "日射量", "globalhorizontal", "ghi", "irradiation"),
    "temp_air": ("平均気温", "気温", "temp"),
    "wind_speed": ("平均風速", "風速", "wind"),
}
_KWH_PER_MJ = 1.0 / 3.6


def is_normals(lines: Lines) -> bool:
    """Whether one of the first lines is a heading with a month and a radiation column."""
    return _heading(lines) is not None


def read_normals(
    lines: Lines, *, latitude: float | None = None, longitude: float | None = None, altitude: float | None = None
) -> Weather:
    """Read monthly normals and generate the hours, for the place that the file names, else for the one given.

    Raises
    ------
    UnreadableWeather
        no place given, a column or month is missing, a value is no number or cannot be
    """
    at = _heading(lines)
    if at is None:
        raise UnreadableWeather("weather.unknown_format", file=lines.file)
    where, place_findings = place_of(lines, latitude, longitude, altitude)
    table = _table(lines, at)
    try:
        hours = hourly_from_normals(table, *where)
    except UnreadableWeather as error:
        raise UnreadableWeather(error.code, file=lines.file, **error.details) from error
    total = float(table["ghi_kwh_m2"].sum())
    findings = [Finding("weather.from_normals", "warning", source=lines.file, found=f"{total:,.0f}"), *place_findings]
    return Weather(
        hours=hours,
        latitude=where[0],
        longitude=where[1],
        altitude=where[2],
        station=comment(lines, "station") or "",
        source="normals",
        kind="normals",
        findings=tuple(findings),
    )


def _find(headings: list[str], name: str) -> int | None:
    for wanted in _NAMES[name]:
        for position, heading in enumerate(headings):
            word = re.split(r"[(\[]", heading)[0]
            if (word == wanted) if name == "month" else (wanted in word):
                return position
    return None


def _heading(lines: Lines) -> int | None:
    for at, row in enumerate(lines.rows[:10]):
        headings = [plain(field) for field in split_row(row)]
        if _find(headings, "month") is not None and _find(headings, "ghi") is not None:
            return at
    return None


def _per_month(heading: str, lines: Lines, number: int) -> tuple[float, bool]:
    """kWh/m² for the heading's unit, and whether it is per day."""
    unit = heading.replace("日射量", "").replace("月別", "").replace("月平均", "")
    if "mj" in unit:
        # The weather service gives the mean of the days and says only MJ/m².
        return _KWH_PER_MJ, not re.search(r"月|month", unit)
    if "kwh" in unit:
        return 1.0, re.search(r"日|day|/d\b|\bd\b|・d|·d|\.d", unit) is not None
    raise UnreadableWeather("weather.no_unit", file=lines.file, line=number, found=heading)


def _table(lines: Lines, at: int) -> pd.DataFrame:
    headings = [plain(field) for field in split_row(lines.rows[at])]
    positions: dict[str, int] = {}
    for name in _NAMES:
        position = _find(headings, name)
        if position is None:
            raise UnreadableWeather("weather.no_column", file=lines.file, line=lines.numbers[at], column=name)
        positions[name] = position
    factor, per_day = _per_month(headings[positions["ghi"]], lines, lines.numbers[at])
    rows: list[dict[str, float]] = []
    for row, number in zip(lines.rows[at + 1 :], lines.numbers[at + 1 :], strict=True):
        fields = split_row(row)
        month = _month(fields[positions["month"]] if len(fields) > positions["month"] else "")
        if month is None:
            # The line of yearly means below the months, or a note.
            continue
        values = {name: _value(fields, positions[name], name, lines, number) for name in _NAMES if name != "month"}
        rows.append({"month": month, **values})
    table = pd.DataFrame(rows, columns=["month", "ghi", "temp_air", "wind_speed"])
    if sorted(table["month"]) != list(range(1, MONTHS + 1)):
        found = ", ".join(f"{month:.0f}" for month in sorted(table["month"])) or "0"
        raise UnreadableWeather("weather.months", file=lines.file, found=found, expected=MONTHS)
    table["month"] = table["month"].astype(np.int64)
    days = np.array([pd.Timestamp(DUMMY_YEAR, month, 1).days_in_month for month in table["month"]])
    table["ghi_kwh_m2"] = table.pop("ghi") * factor * (days if per_day else 1)
    return table


def _month(text: str) -> int | None:
    match = re.fullmatch(r"(\d{1,2})月?", plain(text))
    if match:
        month = int(match.group(1))
        return month if 1 <= month <= MONTHS else None
    names = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    return names.index(plain(text)[:3]) + 1 if plain(text)[:3] in names else None


def _value(fields: list[str], position: int, name: str, lines: Lines, number: int) -> float:
    text = fields[position] if position < len(fields) else ""
    try:
        value = float(unicodedata.normalize("NFKC", text).replace(",", ""))
    except ValueError:
        value = np.nan
    # Radiation is checked against the sky of the place, later.
    low, high = POSSIBLE[name] if name in ("temp_air", "wind_speed") else (0.0, np.inf)
    if not (np.isfinite(value) and low <= value <= high):
        raise UnreadableWeather("weather.not_a_number", file=lines.file, line=number, column=name, found=text)
    return value
