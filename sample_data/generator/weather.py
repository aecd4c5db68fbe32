"""Monthly normals of the town, and a year of hours made from them, in the CSV layout of METPV-20."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kawasolar.weather.normals import hourly_from_normals
from sample_data.generator.place import random
from sample_data.generator.text import write_csv

LATITUDE, LONGITUDE, ALTITUDE = 35.6, 139.61, 13.0
STATION_ID, STATION = "99901", "MIHON-SYNTHETIC"
# Round figures made up for the town, near those of the southern Kanto plain: month, kWh/m2, deg C, m/s.
NORMALS = (
    (1, 84, 6.0, 2.6), (2, 92, 6.5, 2.8), (3, 121, 10.0, 3.0), (4, 143, 15.0, 3.1), (5, 160, 19.0, 2.9),
    (6, 134, 22.5, 2.6), (7, 147, 26.5, 2.7), (8, 153, 27.5, 2.7), (9, 114, 24.0, 2.6), (10, 99, 18.5, 2.4),
    (11, 80, 13.0, 2.3), (12, 73, 8.5, 2.4),
)  # fmt: skip
_NONE = 8888
# 0.01 MJ/m2 in the hour for a mean of 1 W/m2.
_UNITS = 0.36
_SOURCE_YEAR = "2024.0"


def normals() -> pd.DataFrame:
    """The normals as ``kawasolar`` takes them."""
    return pd.DataFrame(NORMALS, columns=["month", "ghi_kwh_m2", "temp_air", "wind_speed"])


def hours(seed: int) -> pd.DataFrame:
    """8,760 hours as in ``kawasolar.weather.Weather.hours``."""
    return hourly_from_normals(normals(), LATITUDE, LONGITUDE, ALTITUDE, seed=seed)


def write_normals(path: Path) -> None:
    """The normals as an official would type them."""
    rows: list[list[object]] = [
        ["# 合成データ: 見本市の月別平年値（実在の観測値ではありません・synthetic）"],
        [f"# 緯度={LATITUDE}"],
        [f"# 経度={LONGITUDE}"],
        [f"# 標高={ALTITUDE}"],
        [f"# 地点={STATION}"],
        ["月", "全天日射量(kWh/m2)", "平均気温(℃)", "平均風速(m/s)"],
    ]
    rows += [list(row) for row in NORMALS]
    write_csv(path, rows, encoding="utf-8-sig")


def _degrees(value: float) -> tuple[int, float]:
    whole = int(value)
    return whole, round((value - whole) * 60.0, 1)


def _elements(frame: pd.DataFrame, seed: int) -> NDArray[np.int64]:
    """The ten elements, ``[day, element, hour]``, in the units of METPV-20."""
    rng = random(seed, "weather")
    ghi, dhi, dni = (frame[name].to_numpy().reshape(365, 24) for name in ("ghi", "dhi", "dni"))
    temp, wind = (frame[name].to_numpy().reshape(365, 24) for name in ("temp_air", "wind_speed"))
    total = np.round(ghi * _UNITS).astype(np.int64)
    diffuse = np.minimum(np.round(dhi * _UNITS).astype(np.int64), total)
    sunshine = np.where(total - diffuse > 0, np.clip(np.round((dni - 40.0) / 16.0), 0, 10), 0).astype(np.int64)
    possible = np.where(ghi > 0, np.where(ghi > 25, 10, 5), 0).astype(np.int64)
    dull = ghi.sum(axis=1) / np.maximum(1.0, pd.Series(ghi.sum(axis=1)).rolling(31, 1, center=True).max().to_numpy())
    wet = (dull < 0.34)[:, None] & (rng.random((365, 24)) < 0.45)
    rain = np.where(wet, np.round(rng.gamma(0.9, 22.0, (365, 24)) / 5.0) * 5, 0).astype(np.int64)
    # The breeze comes from the south in summer, from the north in winter; 16 points, 0 = calm.
    season = np.cos(2 * np.pi * (np.arange(365) - 15) / 365.0)[:, None]
    turned = np.where(season > 0, 16, 8) + np.round(rng.normal(0.0, 2.2, (365, 24)))
    direction = ((turned.astype(np.int64) - 1) % 16) + 1
    gust = np.maximum(0.0, wind * rng.gamma(6.0, 1 / 6.0, (365, 24)))
    gust = gust * wind.mean() / gust.mean()
    speed = np.round(gust * 10.0).astype(np.int64)
    direction = np.where(speed == 0, 0, direction)
    snow = np.zeros((365, 24), dtype=np.int64)
    return np.stack(
        [total, total - diffuse, diffuse, np.minimum(sunshine, possible), np.round(temp * 10.0).astype(np.int64),
         direction, speed, rain, snow, possible], axis=1,
    )  # fmt: skip


def _summary(element: int, values: NDArray[np.int64]) -> list[int]:
    """Maximum, minimum, sum and mean of a day; 8888 where the format has none."""
    least = int(values.min()) if element == 5 else _NONE
    total = int(values.sum()) if element in (1, 2, 3, 4, 8, 10) else _NONE
    mean = round(float(values.mean())) if element in (5, 7) else _NONE
    return [int(values.max()), least, total, mean]


def write_weather(path: Path, frame: pd.DataFrame, seed: int) -> None:
    """The hours in the CSV layout of METPV-20 (``hm…year.csv``)."""
    table = _elements(frame, seed)
    days = pd.date_range("2023-01-01", periods=365, freq="D")
    rows: list[list[object]] = [
        [STATION_ID, STATION, *_degrees(LATITUDE), *_degrees(LONGITUDE), ALTITUDE],
    ]
    for number, day in enumerate(days):
        for element in range(1, 11):
            values = table[number, element - 1]
            rows.append(
                [element, day.month, day.day, _SOURCE_YEAR, *values.tolist(), *_summary(element, values), number + 1]
            )
    write_csv(path, rows, encoding="ascii")
