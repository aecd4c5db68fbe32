"""The hours of the dummy year: calendar, gaps, and the split of radiation into beam and diffuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.checks import check_sun, dni_finding, moved_finding, radiation_findings

if TYPE_CHECKING:
    from datetime import tzinfo

    from numpy.typing import NDArray

# Typical years mix months of several calendar years. All are put on this one: not a leap year, so that
# 8,760 hours fill it. The sun's position differs between years by less than 0.3° in the same hour.
DUMMY_YEAR = 2023
HOURS = 8760
# Longer gaps are not bridged: a straight line says nothing of half a day.
MAX_GAP_HOURS = 6
# What no weather on earth exceeds; beyond it a value is a mark for "missing" or a broken file.
POSSIBLE: dict[str, tuple[float, float]] = {
    "ghi": (0.0, 1600.0),
    "dni": (0.0, 1400.0),
    "dhi": (0.0, 1200.0),
    "beam_horizontal": (0.0, 1400.0),
    "temp_air": (-70.0, 60.0),
    "wind_speed": (0.0, 90.0),
    # Ibuki, 1927: 11.82 m, the deepest that was ever measured.
    "snow_depth": (0.0, 1200.0),
}
# Below this height at mid-hour [degrees] the sun's mean over the hour is taken in steps; above, mid-hour is the mean.
_LOW_SUN = 10.0
_STEPS = 12


def year_index(zone: tzinfo) -> pd.DatetimeIndex:
    """The *end* of each of the 8,760 hours of the dummy year, in standard time ``zone``."""
    return pd.date_range(f"{DUMMY_YEAR}-01-01 01:00", periods=HOURS, freq="h", tz=zone)


def fill_gaps(values: NDArray[np.float64], column: str, file: str) -> tuple[NDArray[np.float64], list[Finding]]:
    """Bridge short gaps of one column by straight lines; the year's end meets its beginning.

    Parameters
    ----------
    values : (8760,), NaN where missing
    column : its name, which also gives the possible range; values outside are missing

    Raises
    ------
    UnreadableWeather
        a gap is longer than ``MAX_GAP_HOURS`` or nothing is there
    """
    low, high = POSSIBLE[column]
    with np.errstate(invalid="ignore"):
        missing = ~((values >= low) & (values <= high))
    if not missing.any():
        return values, []
    longest, begin = _longest_run(missing)
    if longest > MAX_GAP_HOURS:
        raise UnreadableWeather(
            "weather.gap", file=file, column=column, found=longest, expected=MAX_GAP_HOURS, hour=hour_name(begin)
        )
    known = np.flatnonzero(~missing)
    filled = values.copy()
    filled[missing] = np.interp(np.flatnonzero(missing), known, values[known], period=values.size)
    count = int(missing.sum())
    finding = Finding(
        "weather.gaps_filled",
        "warning",
        source=file,
        column=column,
        found=str(count),
        expected=str(MAX_GAP_HOURS),
        details={"longest": longest, "hour": hour_name(begin)},
    )
    return filled, [finding]


def hour_name(position: int) -> str:
    """Month, day and hour 1…24 of a row of the year, for messages."""
    begin = pd.Timestamp(DUMMY_YEAR, 1, 1) + pd.Timedelta(hours=int(position) % HOURS)
    return f"{begin.month}/{begin.day} {begin.hour + 1}:00"


def _longest_run(missing: NDArray[np.bool_]) -> tuple[int, int]:
    """Length and first position of the longest run of missing hours, the year taken as a ring."""
    if missing.all():
        return missing.size, 0
    start = int(np.flatnonzero(~missing)[0])
    edges = np.diff(np.concatenate(([0], np.roll(missing, -start).astype(np.int8), [0])))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    lengths = ends - begins
    best = int(lengths.argmax())
    return int(lengths[best]), (int(begins[best]) + start) % missing.size


def extraterrestrial_normal(index: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Irradiance outside the atmosphere, normal to the beam [W/m²] (Spencer 1971, by pvlib)."""
    from pvlib.irradiance import get_extra_radiation

    return np.asarray(get_extra_radiation(np.asarray(index.day_of_year)), dtype=np.float64)


def mean_cosine(
    index: pd.DatetimeIndex, place: tuple[float, float, float], cos_zenith: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean over each hour of ``max(cos θz, 0)``, at least that at mid-hour; (n,).

    Beam on the horizontal is DNI times this mean. In the hours of sunrise and sunset mid-hour can be near zero while
    the mean is not; dividing by mid-hour there gives normal irradiances above the extraterrestrial one.
    """
    mean = np.maximum(cos_zenith, 0.0)
    low = np.flatnonzero(np.abs(cos_zenith) < np.sin(np.radians(_LOW_SUN)))
    step = pd.Timedelta(hours=1) / _STEPS
    total = np.zeros(low.size)
    for back in range(_STEPS):
        total += np.maximum(sun_position(index[low] - back * step, *place, interval=step).cos_zenith, 0.0)
    mean[low] = np.maximum(mean[low], total / _STEPS)
    return mean


def split_from_beam_horizontal(
    ghi: NDArray[np.float64],
    beam: NDArray[np.float64],
    cos_zenith: NDArray[np.float64],
    limit: NDArray[np.float64],
    mean_cos: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Direct normal and diffuse irradiance from global and direct *horizontal*.

    Beam that cannot be given to the sun where it stands at mid-hour (below the horizon, or so low that the normal
    irradiance would exceed the extraterrestrial one) is counted as diffuse: ``ghi = dni · max(cos θz, 0) + dhi`` holds.

    Parameters
    ----------
    ghi, beam : W/m², (n,)
    cos_zenith : of the sun at mid-hour
    limit : extraterrestrial normal irradiance [W/m²]
    mean_cos : mean over the hour, see :func:`mean_cosine`; mid-hour unless given

    Returns
    -------
    dni, dhi : W/m²
    moved : beam counted as diffuse, sum over the hours [Wh/m²]
    """
    given = np.minimum(beam, ghi)
    up = np.maximum(cos_zenith, 0.0)
    divisor = up if mean_cos is None else mean_cos
    # A sun at the horizon makes the quotient overflow; the limit catches it.
    with np.errstate(over="ignore"):
        dni = np.divide(given, divisor, out=np.zeros_like(given), where=up > 0.0)
    dni = np.minimum(dni, limit)
    # Rounding of the quotient can leave −1e-14.
    dhi = np.maximum(ghi - dni * up, 0.0)
    return dni, dhi, float((given - dni * up).sum())


def beam_by_erbs(
    ghi: NDArray[np.float64], cos_zenith: NDArray[np.float64], index: pd.DatetimeIndex
) -> NDArray[np.float64]:
    """Direct *horizontal* irradiance from global alone (Erbs, Klein & Duffie 1982, doi:10.1016/0038-092X(82)90302-4).

    Parameters
    ----------
    ghi : W/m², (n,); NaN stays NaN
    cos_zenith : of the sun where ``ghi`` was measured
    index : the days, for the sun's distance
    """
    from pvlib.irradiance import erbs

    zenith = np.degrees(np.arccos(np.clip(cos_zenith, -1.0, 1.0)))
    parts = erbs(ghi, zenith, np.asarray(index.day_of_year))
    return np.clip(ghi - np.asarray(parts["dhi"], dtype=np.float64), 0.0, None)


def finish(
    columns: dict[str, NDArray[np.float64]], zone: tzinfo, place: tuple[float, float, float], file: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Complete hours from ``ghi``, ``temp_air``, ``wind_speed`` and either ``dni`` or ``beam_horizontal``.

    Parameters
    ----------
    columns : (8760,) each, NaN where missing; ``snow_depth`` where the file has it
    zone : standard time of the station
    place : latitude, longitude [degrees], altitude [m]

    Raises
    ------
    UnreadableWeather
        a gap is too long, or the radiation does not fit the sun of the place
    """
    findings: list[Finding] = []
    columns = dict(columns)
    depth = columns.pop("snow_depth", None)
    filled: dict[str, NDArray[np.float64]] = {}
    for name, values in columns.items():
        filled[name], found = fill_gaps(values, name, file)
        findings += found
    index = year_index(zone)
    sun = sun_position(index, *place)
    up = np.maximum(sun.cos_zenith, 0.0)
    ghi = filled["ghi"]
    limit = extraterrestrial_normal(index)
    check_sun(ghi, sun.cos_zenith, limit, index, place, file)
    if "beam_horizontal" in filled:
        beam = filled["beam_horizontal"]
        mean_cos = mean_cosine(index, place, sun.cos_zenith)
        dni, dhi, moved = split_from_beam_horizontal(ghi, beam, sun.cos_zenith, limit, mean_cos)
        findings += moved_finding(beam, moved, file)
    else:
        dni, dhi, _ = split_from_beam_horizontal(ghi, filled["dni"] * up, sun.cos_zenith, limit)
        findings += dni_finding(filled["dni"], dni, file)
    findings += radiation_findings(ghi, sun.cos_zenith, file)
    hours = pd.DataFrame(
        {"ghi": ghi, "dni": dni, "dhi": dhi, "temp_air": filled["temp_air"], "wind_speed": filled["wind_speed"]},
        index=index,
    )
    if depth is not None:
        known, found = _snow(depth, file)
        findings += found
        if known is not None:
            hours["snow_depth"] = known
    return hours, findings


def _snow(depth: NDArray[np.float64], file: str) -> tuple[NDArray[np.float64] | None, list[Finding]]:
    """Depth of the snow on the ground [cm]; None where the file tells none. Snow stays as it was while nobody looked."""
    low, high = POSSIBLE["snow_depth"]
    with np.errstate(invalid="ignore"):
        known = (depth >= low) & (depth <= high)
    if not known.any():
        return None, []
    missing = int((~known).sum())
    if not missing:
        return depth, []
    filled = pd.Series(np.where(known, depth, np.nan)).ffill().fillna(0.0).to_numpy(dtype=np.float64)
    return np.asarray(filled, dtype=np.float64), [
        Finding("weather.snow_gaps", "info", source=file, column="snow_depth", found=f"{missing:,}")
    ]
