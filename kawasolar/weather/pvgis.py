"""PVGIS of the European Commission: a typical year (``tmy``) or an hourly series (``seriescalc``), CSV or JSON.

Stamps are UTC. The radiation of a row is that of one moment: the row's minute (``20050101:0010``), or its stamp plus the
"irradiance time offset" that a typical year names since 2024. With ERA5 the moment is the middle of the hour and the value
its mean; with satellites it is the moment of the image, and beam and diffuse are brought to the middle of the hour by
straight lines between two images. Temperature and wind are taken as they stand in the row.

PVGIS counts the horizon of hills in by default; it says so in JSON only, and nothing here takes it out again.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.model import Weather
from kawasolar.weather.place import coordinate, hours_from_utc, standard_zone
from kawasolar.weather.pvgis_file import STAMP
from kawasolar.weather.table import LEAP_HOURS, in_order
from kawasolar.weather.year import HOURS, beam_by_erbs, extraterrestrial_normal, finish, mean_cosine, year_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.weather.pvgis_file import PvgisTable

    Array = NDArray[np.float64]
    Place = tuple[float, float, float]

# A moment this near to the middle of the hour [h] stands for it.
_MIDDLE = 0.05
_OFFSETS = (-0.5, 1.5)
# Mean of |global − direct·cos θz − diffuse| over the bright hours [W/m²] up to which a moment is found by it.
_CLOSES = 5.0
_BRIGHT = 200.0


def read_pvgis(table: PvgisTable) -> Weather:
    """The year of hours of a PVGIS file, in the standard time of its place.

    Raises
    ------
    UnreadableWeather
        no whole year, a tilted plane, a place or value that cannot be
    """
    head = table.head
    place = (
        coordinate(table.file, "latitude", head.get("latitude", "")),
        coordinate(table.file, "longitude", head.get("longitude", "")),
        coordinate(table.file, "altitude", head.get("altitude", "0")),
    )
    if not table.typical:
        _refuse_tilted(table)
    rows, findings = (range(len(table.stamps)), []) if table.typical else _newest_year(table)
    stamps = np.array([[int(part) for part in _parts(table.stamps[at])] for at in rows], dtype=np.float64)
    zone = standard_zone(place[0], place[1])
    ahead = hours_from_utc(zone)
    lines = [table.numbers[at] for at in rows]
    order, leap = in_order(stamps[:, 1], stamps[:, 2], stamps[:, 3], ahead, table.file, lines)
    if ahead:
        findings.append(Finding("weather.from_utc", "info", source=table.file, found=f"{ahead:+d}"))
    read = {code: table.column(name, code, rows)[order] for code, name in _names(table).items()}
    # PVGIS writes −0.0 by night.
    read = {code: np.where(np.abs(values) < 1e-6, 0.0, values) for code, values in read.items()}
    index = year_index(zone)
    offset, offset_findings = _offset(table, stamps, read, index, place)
    radiation, parts = _at_the_moment(read, index, place, offset, table.file)
    radiation, moved = _to_the_middle(radiation, index, place, offset, table.file)
    columns = {**radiation, "temp_air": read["temp_air"], "wind_speed": read["wind_speed"]}
    hours, more = finish(columns, zone, place, table.file)
    database = head.get("database", "").strip()[:40]
    what = "TMY" if table.typical else f"{stamps[0, 0]:.0f}"
    return Weather(
        hours=hours,
        latitude=place[0],
        longitude=place[1],
        altitude=place[2],
        station=f"{place[0]:.3f}, {place[1]:.3f}",
        source=f"PVGIS {what} ({database})" if database else f"PVGIS {what}",
        kind="tmy" if table.typical else "year",
        findings=(*findings, *leap, *offset_findings, *parts, *moved, *more),
    )


def _parts(stamp: str) -> tuple[str, ...]:
    """Year, month, day, hour, minute of a stamp."""
    match = STAMP.fullmatch(stamp)
    return match.groups() if match is not None else ()


def _refuse_tilted(table: PvgisTable) -> None:
    """Hourly series are for a plane; only the horizontal one is weather."""
    found = table.head.get("slope", "")
    match = re.match(r"-?\d+(?:\.\d+)?", found)
    if match is None or float(match[0]) != 0.0:
        raise UnreadableWeather("weather.pvgis_tilted", file=table.file, found=found[:40] or "?")


def _newest_year(table: PvgisTable) -> tuple[range, list[Finding]]:
    """Rows of the newest calendar year (UTC) that is whole."""
    years = Counter(stamp[:4] for stamp in table.stamps)
    whole = [year for year, count in years.items() if count in (HOURS, LEAP_HOURS)]
    if not whole:
        raise UnreadableWeather(
            "weather.hour_count",
            file=table.file,
            line=table.numbers[-1],
            found=max(years.values()),
            expected=HOURS,
        )
    year = max(whole)
    first = next(at for at, stamp in enumerate(table.stamps) if stamp.startswith(year))
    if len(years) == 1:
        return range(first, first + years[year]), []
    span = f"{min(years)}–{max(years)}"
    finding = Finding("weather.newest_year", "info", source=table.file, found=year, details={"span": span})
    return range(first, first + years[year]), [finding]


def _names(table: PvgisTable) -> dict[str, str]:
    """Our columns and PVGIS's names of them; of an hourly series with its parts or without."""
    air = {"temp_air": "T2m", "wind_speed": "WS10m"}
    if table.typical:
        return {"ghi": "G(h)", "dni": "Gb(n)", "dhi": "Gd(h)", **air}
    if "Gb(i)" in table.columns:
        return {"beam_horizontal": "Gb(i)", "dhi": "Gd(i)", **air}
    return {"ghi": "G(i)", **air}


def _offset(
    table: PvgisTable, stamps: Array, read: dict[str, Array], index: pd.DatetimeIndex, place: Place
) -> tuple[float, list[Finding]]:
    """Hours from the full hour of a row to the moment of its radiation."""
    minutes = np.unique(stamps[:, 4])
    if minutes.size > 1:
        at = int(np.flatnonzero(stamps[:, 4] != stamps[0, 4])[0])
        raise UnreadableWeather(
            "weather.stamps_mixed", file=table.file, line=int(table.numbers[at]), found=table.stamps[at]
        )
    past = float(minutes[0]) / 60.0
    if not table.typical:
        return past, []
    text = table.head.get("offset")
    if text is None:
        return _offset_by_closure(table.file, read, index, place)
    try:
        offset = past + float(text)
    except ValueError:
        offset = np.nan
    if not _OFFSETS[0] <= offset <= _OFFSETS[1]:
        raise UnreadableWeather(
            "weather.not_a_number", file=table.file, line=1, column="irradiance time offset", found=text[:40]
        )
    return offset, []


def _offset_by_closure(
    file: str, read: dict[str, Array], index: pd.DatetimeIndex, place: Place
) -> tuple[float, list[Finding]]:
    """The minute at which ``ghi = dni · cos θz + dhi`` holds best, for files from before PVGIS named it.

    Only the bright hours count. Where nothing closes, the middle of the hour is taken; either is said.
    """
    with np.errstate(invalid="ignore"):
        bright = np.flatnonzero(read["dni"] > _BRIGHT)
    # A few hundred hours over the year are enough.
    bright = bright[:: max(bright.size // 400, 1)]
    ghi, dni, dhi = (read[name][bright] for name in ("ghi", "dni", "dhi"))
    misfits = [
        float(np.nanmean(np.abs(ghi - dni * _cosine(index[bright], place, minute / 60.0) - dhi)))
        if bright.size
        else np.inf
        for minute in range(60)
    ]
    best = int(np.argmin(misfits))
    if not misfits[best] <= _CLOSES:
        return 0.5, [Finding("weather.moment_unknown", "warning", source=file)]
    return best / 60.0, [Finding("weather.moment_found", "info", source=file, found=str(best))]


def _cosine(index: pd.DatetimeIndex, place: Place, offset: float) -> Array:
    """Cosine of the sun's zenith ``offset`` hours after the beginning of each hour."""
    return sun_position(index, *place, interval=pd.Timedelta(hours=2.0 * (1.0 - offset))).cos_zenith


def _at_the_moment(
    read: dict[str, Array], index: pd.DatetimeIndex, place: Place, offset: float, file: str
) -> tuple[dict[str, Array], list[Finding]]:
    """Global, and direct irradiance normal or horizontal, of the moment of each row [W/m²]."""
    if "dni" in read:
        return {"ghi": read["ghi"], "dni": read["dni"]}, []
    if "beam_horizontal" in read:
        beam = read["beam_horizontal"]
        return {"ghi": beam + read["dhi"], "beam_horizontal": beam}, []
    beam = beam_by_erbs(read["ghi"], _cosine(index, place, offset), index)
    finding = Finding("weather.parts_by_model", "warning", source=file, column="ghi")
    return {"ghi": read["ghi"], "beam_horizontal": beam}, [finding]


def _to_the_middle(
    radiation: dict[str, Array], index: pd.DatetimeIndex, place: Place, offset: float, file: str
) -> tuple[dict[str, Array], list[Finding]]:
    """Radiation of one moment in each hour as that of its middle.

    Beam and diffuse of two neighbouring moments are joined by a straight line, the year taken as a ring. The state of the
    sky is interpolated, the sun is not: global is put together again from the parts at the middle of the hour.
    """
    if abs(offset - 0.5) <= _MIDDLE:
        return radiation, []
    up = np.maximum(_cosine(index, place, offset), 0.0)
    if "dni" in radiation:
        dni = radiation["dni"]
        beam = dni * up
    else:
        beam = radiation["beam_horizontal"]
        with np.errstate(over="ignore"):
            dni = np.divide(beam, up, out=np.zeros_like(beam), where=up > 0.0)
        dni = np.minimum(dni, extraterrestrial_normal(index))
    diffuse = np.maximum(radiation["ghi"] - beam, 0.0)
    share = abs(0.5 - offset)
    step = -1 if offset < 0.5 else 1
    dni = (1.0 - share) * dni + share * np.roll(dni, step)
    diffuse = (1.0 - share) * diffuse + share * np.roll(diffuse, step)
    middle = sun_position(index, *place).cos_zenith
    flat = dni * np.where(middle > 0.0, mean_cosine(index, place, middle), 0.0)
    before, after = float(np.nansum(radiation["ghi"])) / 1000.0, float(np.nansum(flat + diffuse)) / 1000.0
    finding = Finding(
        "weather.moment_moved",
        "info",
        source=file,
        found=f"{offset * 60.0:.0f}",
        details={"before": f"{before:,.1f}", "after": f"{after:,.1f}"},
    )
    return {"ghi": flat + diffuse, "beam_horizontal": flat}, [finding]
