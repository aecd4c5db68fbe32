"""A user's own year of hours as CSV: a line of headings in Japanese or English, then 8,760 or 8,784 rows.

Radiation needs its unit in the heading (W/m², MJ/m² …). Global is enough; its parts are then a model's (Erbs), which is
said. The place comes from comment lines at the top (``# latitude=35.6``) or from the caller.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.checks import noon_offset
from kawasolar.weather.hourly_headings import RADIATION, find_headings, read_headings
from kawasolar.weather.hourly_time import read_stamps
from kawasolar.weather.model import Weather
from kawasolar.weather.place import comment, hours_from_utc, place_of, standard_zone
from kawasolar.weather.table import LEAP_HOURS, in_order, numbers
from kawasolar.weather.text import split_row
from kawasolar.weather.year import HOURS, POSSIBLE, beam_by_erbs, finish, year_index

if TYPE_CHECKING:
    from datetime import tzinfo

    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.weather.hourly_headings import Headings
    from kawasolar.weather.hourly_time import Stamps
    from kawasolar.weather.text import Lines

    Array = NDArray[np.float64]

# A pyranometer cools towards the night sky and reads a little below zero; more is a broken value [W/m²].
_BELOW_ZERO = -20.0
# Share of the year's hours brighter than any weather from which on the unit is wrong, not the values.
_IMPOSSIBLE_SHARE = 0.002
# Hours between the middle of a year's radiation and solar noon: 0.1 in Japan's station files, 0.5 in the worst.
_NOON_OFF = 0.75


def is_hourly(lines: Lines) -> bool:
    """Whether one of the first lines is a heading with a time and a radiation column."""
    return find_headings(lines) is not None


def read_hourly(
    lines: Lines, *, latitude: float | None = None, longitude: float | None = None, altitude: float | None = None
) -> Weather:
    """Read a user's own hourly CSV.

    Parameters
    ----------
    latitude, longitude, altitude : degrees, m; for a file that does not say its place

    Raises
    ------
    UnreadableWeather
        a column, unit, place or hour is missing or there twice, or a value is no number
    """
    at = find_headings(lines)
    if at is None:
        raise UnreadableWeather("weather.unknown_format", file=lines.file)
    headings = read_headings(lines, at)
    rows, line = _rows(lines, headings)
    stamps = read_stamps(rows, headings, lines, line)
    place, findings = place_of(lines, latitude, longitude, altitude)
    zone, shift, clock_findings = _clock(stamps, place, lines.file)
    order, leap_findings = in_order(stamps.month, stamps.day, stamps.hour, shift, lines.file, line)
    columns, value_findings = _values(rows, headings, lines.file, line)
    columns = {name: values[order] for name, values in columns.items()}
    index = year_index(zone)
    columns, part_findings = _complete(columns, index, place, lines.file)
    hours, more = finish(columns, zone, place, lines.file)
    findings += [*clock_findings, *leap_findings, *value_findings, *part_findings, *more]
    if headings.normal_assumed:
        findings.append(Finding("weather.normal_assumed", "warning", source=lines.file))
    findings += _noon_findings(hours["ghi"].to_numpy(), index, place[1], lines.file)
    return Weather(
        hours=hours,
        latitude=place[0],
        longitude=place[1],
        altitude=place[2],
        station=comment(lines, "station") or "",
        source="CSV",
        kind="year",
        findings=tuple(findings),
    )


def _rows(lines: Lines, headings: Headings) -> tuple[list[list[str]], tuple[int, ...]]:
    """Fields of the rows below the headings, and the number of the line of each."""
    texts, line = lines.rows[headings.row + 1 :], lines.numbers[headings.row + 1 :]
    # Counted before anything is parsed: a hundred years of rows cost nothing.
    if len(texts) not in (HOURS, LEAP_HOURS):
        raise UnreadableWeather(
            "weather.hour_count", file=lines.file, line=lines.numbers[-1], found=len(texts), expected=HOURS
        )
    rows = [split_row(text) for text in texts]
    needed = 1 + max(*headings.columns.values(), *headings.times.values())
    short = next((at for at, row in enumerate(rows) if len(row) < needed), None)
    if short is not None:
        raise UnreadableWeather(
            "weather.short_row", file=lines.file, line=line[short], found=len(rows[short]), expected=needed
        )
    return rows, line


def _clock(stamps: Stamps, place: tuple[float, float, float], file: str) -> tuple[tzinfo, int, list[Finding]]:
    """Standard time of the year, hours from a stamp to the beginning of its hour, and what was taken for granted."""
    shift = -1 if stamps.label == "end" else 0
    zone = standard_zone(place[0], place[1])
    findings: list[Finding] = []
    if stamps.label == "begin" and not stamps.told:
        findings.append(Finding("weather.labels_begin", "info", source=file))
    own = hours_from_utc(zone)
    if stamps.utc_offset == 0 and own != 0:
        findings.append(Finding("weather.from_utc", "info", source=file, found=f"{own:+d}"))
        return zone, shift + own, findings
    if stamps.utc_offset is not None and stamps.utc_offset != own * 60:
        return timezone(timedelta(minutes=stamps.utc_offset)), shift, findings
    return zone, shift, findings


def _values(
    rows: list[list[str]], headings: Headings, file: str, line: tuple[int, ...]
) -> tuple[dict[str, Array], list[Finding]]:
    """Columns in W/m², °C, m/s, in the order of the file; a little below zero at night is zero."""
    columns: dict[str, Array] = {}
    below = 0
    for name, position in headings.columns.items():
        values = numbers([row[position] for row in rows], name, file, line)
        if name in RADIATION:
            values *= headings.factors[name]
            small = (values < 0.0) & (values >= _BELOW_ZERO)
            below += int(small.sum())
            values[small] = 0.0
            _refuse_other_unit(values, name, file)
        columns[name] = values
    findings = [Finding("weather.negative_as_zero", "info", source=file, found=f"{below:,}")] if below else []
    return columns, findings


def _refuse_other_unit(values: Array, name: str, file: str) -> None:
    """Single values that cannot be are missing ones; many of them are another unit than the heading's."""
    high = POSSIBLE[name][1]
    if (values > high).mean() > _IMPOSSIBLE_SHARE:
        raise UnreadableWeather(
            "weather.values_impossible",
            file=file,
            column=name,
            found=f"{np.nanmax(values):,.0f}",
            expected=f"{high:,.0f}",
        )


def _complete(
    columns: dict[str, Array], index: pd.DatetimeIndex, place: tuple[float, float, float], file: str
) -> tuple[dict[str, Array], list[Finding]]:
    """Global and one kind of direct irradiance, from whichever of the four the file has."""
    whole = dict(columns)
    if "ghi" not in whole:
        whole["ghi"] = whole.pop("dhi") + _on_the_flat(whole, index, place)
        return whole, [Finding("weather.ghi_from_parts", "info", source=file, column="ghi")]
    diffuse = whole.pop("dhi", None)
    if "dni" in whole:
        # Of two kinds of direct irradiance one is enough.
        whole.pop("beam_horizontal", None)
        return whole, []
    if "beam_horizontal" in whole:
        return whole, []
    if diffuse is not None:
        whole["beam_horizontal"] = np.maximum(whole["ghi"] - diffuse, 0.0)
        return whole, []
    cos_zenith = sun_position(index, *place).cos_zenith
    whole["beam_horizontal"] = beam_by_erbs(whole["ghi"], cos_zenith, index)
    return whole, [Finding("weather.parts_by_model", "warning", source=file, column="ghi")]


def _on_the_flat(columns: dict[str, Array], index: pd.DatetimeIndex, place: tuple[float, float, float]) -> Array:
    """Direct irradiance on the horizontal [W/m²]."""
    if "beam_horizontal" in columns:
        return columns["beam_horizontal"]
    return columns["dni"] * np.maximum(sun_position(index, *place).cos_zenith, 0.0)


def _noon_findings(ghi: Array, index: pd.DatetimeIndex, longitude: float, file: str) -> list[Finding]:
    """Say where the middle of the radiation lies an hour from noon: labels or clock are then not what they were taken for."""
    off = noon_offset(ghi, index, longitude)
    if abs(off) < _NOON_OFF:
        return []
    return [Finding("weather.noon_off", "warning", source=file, found=f"{off:+.1f}")]
