"""Whether a year of hours can belong to the sun of its place: what is refused, and what is only said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.model import months_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.findings import Severity

    Array = NDArray[np.float64]

# Yearly GHI of inhabited places lies within [kWh/m²]; outside the file's unit is suspect.
PLAUSIBLE_GHI = (500.0, 2800.0)
# Share of the year's radiation that may fall while the sun's centre is down at mid-hour (twilight, rounding): Tokyo's
# files have 0.1 to 0.3 %. Above the first it is said; above the second the clock or the place is not the file's.
MAX_NIGHT_SHARE = 0.02
IMPOSSIBLE_NIGHT_SHARE = 0.10
# Monthly irradiation over that outside the atmosphere; the clearest high deserts stay under 0.8.
MAX_CLEARNESS = 0.90
# Months darker than this outside the atmosphere [kWh/m²] (polar night) say nothing of clearness.
_DARK_MONTH = 20.0
# Share of the beam that the sun at its place cannot have sent.
MAX_BEAM_MOVED = 0.10


def check_sun(
    ghi: Array, cos_zenith: Array, limit: Array, index: pd.DatetimeIndex, place: tuple[float, float, float], file: str
) -> None:
    """Refuse radiation that the sun of the file's own place and clock cannot have sent.

    Parameters
    ----------
    ghi : (8760,) W/m²
    cos_zenith : of the sun at mid-hour
    limit : extraterrestrial normal irradiance [W/m²]
    index : end of each hour, time-zone aware
    place : latitude, longitude [degrees], altitude [m]

    Raises
    ------
    UnreadableWeather
        ``weather.clock_wrong`` (time zone or longitude), ``weather.hemisphere`` (the latitude's sign) or
        ``weather.too_bright`` (latitude or unit)
    """
    night = night_share(ghi, cos_zenith)
    if night > IMPOSSIBLE_NIGHT_SHARE:
        raise UnreadableWeather(
            "weather.clock_wrong",
            file=file,
            found=f"{night:.0%}",
            expected=f"{IMPOSSIBLE_NIGHT_SHARE:.0%}",
            hours=f"{noon_offset(ghi, index, place[1]):+.1f}",
            longitude=f"{place[1]:g}",
            zone=_zone(index),
        )
    months = months_of(index)
    totals = np.bincount(months, weights=ghi, minlength=13)[1:] / 1000.0
    outside = _outside(cos_zenith, limit, months)
    month = _brightest(totals, outside)
    if totals[month] <= MAX_CLEARNESS * outside[month] or outside[month] < _DARK_MONTH:
        return
    mirrored = _outside(sun_position(index, -place[0], *place[1:]).cos_zenith, limit, months)
    other = _brightest(totals, mirrored)
    swapped = totals[other] <= MAX_CLEARNESS * mirrored[other]
    raise UnreadableWeather(
        "weather.hemisphere" if swapped else "weather.too_bright",
        file=file,
        month=month + 1,
        found=f"{totals[month]:.0f}",
        expected=f"{MAX_CLEARNESS * outside[month]:.0f}",
        latitude=f"{place[0]:g}",
    )


def _outside(cos_zenith: Array, limit: Array, months: NDArray[np.int64]) -> Array:
    """Irradiation outside the atmosphere on the horizontal of each month; (12,) kWh/m²."""
    return np.bincount(months, weights=limit * np.maximum(cos_zenith, 0.0), minlength=13)[1:] / 1000.0


def _brightest(totals: Array, outside: Array) -> int:
    """Month 0…11 of the highest clearness among those with daylight."""
    return int(np.where(outside >= _DARK_MONTH, totals / np.maximum(outside, _DARK_MONTH), -1.0).argmax())


def night_share(ghi: Array, cos_zenith: Array) -> float:
    """Share of the year's radiation in hours whose middle has the sun below the horizon."""
    return float(ghi[cos_zenith <= 0.0].sum()) / max(float(ghi.sum()), 1.0)


def noon_offset(ghi: Array, index: pd.DatetimeIndex, longitude: float) -> float:
    """Hours by which the middle of the radiation lies after solar noon; −12…12."""
    angle = np.radians((np.asarray(index.hour) - 0.5) * 15.0)
    middle = np.degrees(np.arctan2((ghi * np.sin(angle)).sum(), (ghi * np.cos(angle)).sum())) / 15.0
    noon = 12.0 - (longitude / 15.0 - _utc_offset(index))
    return float((middle - noon + 12.0) % 24.0 - 12.0)


def _utc_offset(index: pd.DatetimeIndex) -> float:
    offset = pd.Timestamp(index[0]).utcoffset()
    return offset.total_seconds() / 3600.0 if offset is not None else 0.0


def _zone(index: pd.DatetimeIndex) -> str:
    return f"UTC{_utc_offset(index):+g}"


def moved_finding(beam: Array, moved: float, file: str) -> list[Finding]:
    """Beam of the file that became diffuse, where it shows in the first decimal of kWh/m².

    Raises
    ------
    UnreadableWeather
        More than ``MAX_BEAM_MOVED`` of it: the sun does not stand where the file's beam comes from.
    """
    if moved < 50.0:
        return []
    share = moved / max(float(beam.sum()), 1.0)
    if share > MAX_BEAM_MOVED:
        raise UnreadableWeather(
            "weather.beam_impossible", file=file, found=f"{share:.0%}", expected=f"{MAX_BEAM_MOVED:.0%}"
        )
    details: dict[str, object] = {"share": f"{share:.2%}", "moved_kwh_m2": moved / 1000.0}
    return [Finding("weather.beam_as_diffuse", "info", source=file, found=f"{moved / 1000.0:.1f}", details=details)]


def dni_finding(given: Array, kept: Array, file: str) -> list[Finding]:
    """Direct normal irradiation that the file's own global irradiation does not bear; much of it is a warning."""
    before, after = float(given.sum()) / 1000.0, float(kept.sum()) / 1000.0
    if before - after < 1.0:
        return []
    severity: Severity = "warning" if before - after > MAX_BEAM_MOVED * before else "info"
    details: dict[str, object] = {"kept": f"{after:,.0f}"}
    return [Finding("weather.dni_reduced", severity, source=file, found=f"{before:,.0f}", details=details)]


def radiation_findings(ghi: Array, cos_zenith: Array, file: str) -> list[Finding]:
    """A yearly sum out of the usual, and more light after sunset than twilight explains."""
    findings: list[Finding] = []
    total = float(ghi.sum()) / 1000.0
    low, high = PLAUSIBLE_GHI
    if not low <= total <= high:
        expected = f"{low:,.0f}–{high:,.0f}"
        findings.append(
            Finding(
                "weather.ghi_implausible",
                "warning",
                source=file,
                column="ghi",
                found=f"{total:,.0f}",
                expected=expected,
            )
        )
    night = night_share(ghi, cos_zenith)
    if night > MAX_NIGHT_SHARE:
        findings.append(
            Finding(
                "weather.clock_off", "warning", source=file, found=f"{night:.1%}", expected=f"{MAX_NIGHT_SHARE:.0%}"
            )
        )
    return findings
