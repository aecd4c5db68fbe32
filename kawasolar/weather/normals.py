"""A plausible year of hours from monthly normals.

The chain of published methods, in the order in which they are applied:

1. Days: the cumulative distribution of the daily clearness index about its monthly mean (Bendt, Collares-Pereira & Rabl
   1981, doi:10.1016/0038-092X(81)90013-9), with the largest index by Hollands & Huget 1983 and the closed fit of its
   parameter by Herzog 1985 (both in Duffie & Beckman, *Solar Engineering of Thermal Processes*, section 2.9).
   Its quantiles are the month's days, so that the distribution is met whatever the seed.
2. Their order: a first-order autoregressive Gaussian series of lag-one correlation 0.29 (Graham, Hollands & Huget 1988,
   doi:10.1016/0038-092X(88)90019-5), mapped onto the quantiles by rank. Only the order depends on the seed.
3. Hours: the ratio of hourly to daily irradiation of Collares-Pereira & Rabl 1979 (doi:10.1016/0038-092X(79)90100-3).
4. Diffuse: Erbs, Klein & Duffie 1982 (doi:10.1016/0038-092X(82)90302-4), by pvlib.
5. Temperature: the average daily course of Erbs, Klein & Beckman 1983 (*ASHRAE Journal* 25) about the smoothed monthly mean.

What it cannot give: the clouds within a day. Hours are as smooth as their day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather.model import months_of
from kawasolar.weather.year import (
    HOURS,
    beam_by_erbs,
    extraterrestrial_normal,
    split_from_beam_horizontal,
    year_index,
)

if TYPE_CHECKING:
    from datetime import tzinfo

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MONTHS = 12
# Daily clearness index of the dullest day (Bendt et al. 1981).
_DULLEST = 0.05
# Monthly mean clearness that the distribution is fitted for; beyond it the normals belong to another place or unit.
MEAN_CLEARNESS = (0.15, 0.80)
# Lag-one correlation of the days (Graham et al. 1988).
_DAY_TO_DAY = 0.29


def hourly_from_normals(
    normals: pd.DataFrame,
    latitude: float,
    longitude: float,
    altitude: float = 0.0,
    *,
    seed: int = 0,
    zone: tzinfo | None = None,
) -> pd.DataFrame:
    """Hours whose monthly totals and means are the normals.

    Parameters
    ----------
    normals : DataFrame
        twelve rows: ``month`` 1…12, ``ghi_kwh_m2`` (total of the month), ``temp_air`` [°C], ``wind_speed`` [m/s]
    latitude, longitude : degrees
    altitude : metres
    seed : of the order of bright and dull days; the same seed gives the same year
    zone : standard time, Asia/Tokyo unless given

    Returns
    -------
    DataFrame
        as :attr:`kawasolar.weather.Weather.hours`; monthly GHI equals the normals to 1e-6

    Raises
    ------
    UnreadableWeather
        not twelve months, or a month brighter or darker than the sky at this place can be
    """
    table = _checked(normals)
    index = year_index(zone if zone is not None else ZoneInfo("Asia/Tokyo"))
    cos_zenith = sun_position(index, latitude, longitude, altitude).cos_zenith
    limit = extraterrestrial_normal(index)
    months = months_of(index)
    totals = table["ghi_kwh_m2"].to_numpy(dtype=np.float64) * 1000.0
    clearness = mean_clearness(totals, limit * np.maximum(cos_zenith, 0.0), months)
    daily = _daily_clearness(clearness, _month_of_days(), np.random.default_rng(seed))
    ghi = _hourly_ghi(daily, limit, cos_zenith, longitude, index)
    ghi *= (totals / np.bincount(months, weights=ghi, minlength=MONTHS + 1)[1:])[months - 1]
    dni, dhi = _split(ghi, cos_zenith, limit, index)
    return pd.DataFrame(
        {
            "ghi": ghi,
            "dni": dni,
            "dhi": dhi,
            "temp_air": _temperature(table["temp_air"].to_numpy(dtype=np.float64), clearness, months),
            "wind_speed": np.maximum(_smooth(table["wind_speed"].to_numpy(dtype=np.float64), months), 0.0),
        },
        index=index,
    )


def mean_clearness(totals: Array, outside: Array, months: NDArray[np.int64]) -> Array:
    """Monthly irradiation over that outside the atmosphere on the horizontal, checked.

    Parameters
    ----------
    totals : (12,) Wh/m²
    outside : (8760,) W/m²
    months : (8760,) 1…12
    """
    ratio = totals / np.bincount(months, weights=outside, minlength=MONTHS + 1)[1:]
    low, high = MEAN_CLEARNESS
    bad = np.flatnonzero(~((ratio >= low) & (ratio <= high)))
    if bad.size:
        month = int(bad[0])
        scale = totals[month] / 1000.0 / ratio[month]
        raise UnreadableWeather(
            "weather.normal_impossible",
            month=month + 1,
            found=f"{totals[month] / 1000.0:.1f}",
            expected=f"{low * scale:.0f}–{high * scale:.0f}",
        )
    return np.asarray(ratio, dtype=np.float64)


def _checked(normals: pd.DataFrame) -> pd.DataFrame:
    table = normals.sort_values("month").reset_index(drop=True)
    if table["month"].tolist() != list(range(1, MONTHS + 1)):
        raise UnreadableWeather(
            "weather.months", found=", ".join(str(month) for month in table["month"]), expected=MONTHS
        )
    return table


def _month_of_days() -> NDArray[np.int64]:
    """Month 1…12 of each of the 365 days."""
    return months_of(year_index(ZoneInfo("UTC")))[::24]


def day_quantiles(mean: float, count: int) -> Array:
    """Daily clearness indices of a month, dull to bright, by the quantiles of Bendt's distribution.

    Parameters
    ----------
    mean : monthly mean clearness index
    count : days
    """
    brightest = 0.6313 + 0.267 * mean - 11.9 * (mean - 0.75) ** 8
    brightest = max(brightest, mean + 0.02)
    spread = brightest - _DULLEST
    xi = spread / (brightest - mean)
    gamma = -1.498 + (1.184 * xi - 27.182 * np.exp(-1.5 * xi)) / spread
    level = (np.arange(count) + 0.5) / count
    if abs(gamma) < 1e-6:
        return np.asarray(_DULLEST + spread * level, dtype=np.float64)
    return np.asarray(
        np.log((1.0 - level) * np.exp(gamma * _DULLEST) + level * np.exp(gamma * brightest)) / gamma, dtype=np.float64
    )


def _daily_clearness(clearness: Array, month_of_days: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """Clearness index of each day of the year; (365,)."""
    from scipy.signal import lfilter

    noise = rng.standard_normal(month_of_days.size)
    series = lfilter([1.0], [1.0, -_DAY_TO_DAY], noise)
    daily = np.empty(month_of_days.size)
    for month in range(1, MONTHS + 1):
        of_it = month_of_days == month
        rank = np.argsort(np.argsort(series[of_it]))
        daily[of_it] = day_quantiles(float(clearness[month - 1]), int(of_it.sum()))[rank]
    return daily


def _hourly_ghi(daily: Array, limit: Array, cos_zenith: Array, longitude: float, index: pd.DatetimeIndex) -> Array:
    """Daily irradiation spread over the hours by Collares-Pereira & Rabl; (8760,) W/m².

    ``r ∝ (a + b cos ω) · (cos ω − cos ωs)``; the second factor is proportional to cos θz, which is taken from the
    exact sun; ``a = 0.409 + 0.5016 sin(ωs − 60°)``, ``b = 0.6609 − 0.4767 sin(ωs − 60°)``.
    """
    from pvlib.solarposition import equation_of_time_spencer71

    up = np.maximum(cos_zenith, 0.0).reshape(-1, 24)
    day = np.asarray(index.day_of_year)
    offset = pd.Timestamp(index[0]).utcoffset()
    hours_from_utc = offset.total_seconds() / 3600.0 if offset is not None else 0.0
    solar = (np.asarray(index.hour) - 0.5) * 15.0 - 180.0 + longitude - 15.0 * hours_from_utc
    omega = np.radians(solar + np.asarray(equation_of_time_spencer71(day)) / 4.0).reshape(-1, 24)
    # Half the time the sun is up, as an angle: from the sunlit hours themselves, right at any latitude.
    sunset = np.radians(7.5 * np.maximum((up > 0.0).sum(axis=1), 1))[:, np.newaxis]
    a = 0.409 + 0.5016 * np.sin(sunset - np.pi / 3.0)
    b = 0.6609 - 0.4767 * np.sin(sunset - np.pi / 3.0)
    ratio = np.maximum(a + b * np.cos(omega), 0.0) * up
    ratio /= np.maximum(ratio.sum(axis=1, keepdims=True), 1e-12)
    outside = (limit.reshape(-1, 24) * up).sum(axis=1)
    return np.asarray(((daily * outside)[:, np.newaxis] * ratio).reshape(-1), dtype=np.float64)


def _split(ghi: Array, cos_zenith: Array, limit: Array, index: pd.DatetimeIndex) -> tuple[Array, Array]:
    """Direct normal and diffuse by Erbs, closed so that ``ghi = dni cos θz + dhi``."""
    beam = beam_by_erbs(ghi, cos_zenith, index)
    dni, dhi, _ = split_from_beam_horizontal(ghi, beam, cos_zenith, limit)
    return dni, dhi


def _temperature(means: Array, clearness: Array, months: NDArray[np.int64]) -> Array:
    """Monthly mean, smoothed over the months, plus the daily course; (8760,) °C.

    Erbs, Klein & Beckman 1983: amplitude ``25.8 K − 5.21`` (peak to peak), four harmonics of the hour.
    """
    amplitude = np.maximum(25.8 * clearness - 5.21, 0.0)[months - 1]
    angle = 2.0 * np.pi * np.arange(24) / 24.0
    course = (
        0.4632 * np.cos(angle - 3.805)
        + 0.0984 * np.cos(2.0 * angle - 0.360)
        + 0.0168 * np.cos(3.0 * angle - 0.822)
        + 0.0138 * np.cos(4.0 * angle - 3.513)
    )
    return np.asarray(
        _smooth(means, months) + amplitude * np.tile(course - course.mean(), HOURS // 24), dtype=np.float64
    )


def _smooth(means: Array, months: NDArray[np.int64]) -> Array:
    """Hours on straight lines between mid-months, whose monthly means are exactly ``means``; (8760,)."""
    centre = np.array([np.flatnonzero(months == month).mean() for month in range(1, MONTHS + 1)])
    hours = np.arange(HOURS)
    weights = np.column_stack([np.interp(hours, centre, unit, period=HOURS) for unit in np.eye(MONTHS)])
    average = np.array([weights[months == month].mean(axis=0) for month in range(1, MONTHS + 1)])
    return np.asarray(weights @ np.linalg.solve(average, means), dtype=np.float64)
