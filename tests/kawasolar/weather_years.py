"""A known year of hours, and what a reader must give back of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.resources import resource_path
from kawasolar.weather import Weather, months_of, read_weather

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

RADIATION = ("ghi", "dni", "dhi")


@cache
def sample() -> Weather:
    """The bundled sample's year, near Kawasaki, in Japan standard time."""
    return read_weather(resource_path().parent / "sample_data" / "weather.csv")


def write(path: Path, lines: Iterable[str], encoding: str = "utf-8") -> Path:
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


def refused(path: Path, code: str, **place: float) -> UnreadableWeather:
    with pytest.raises(UnreadableWeather) as caught:
        read_weather(path, **place)
    assert caught.value.code == code, caught.value
    return caught.value


def codes(weather: Weather) -> list[str]:
    return [finding.code for finding in weather.findings]


def months(weather: Weather, column: str) -> NDArray[np.float64]:
    return np.bincount(months_of(weather.hours.index), weights=weather.hours[column], minlength=13)[1:] / 1000.0


def assert_invariants(weather: Weather) -> None:
    """What every year of weather must be."""
    hours = weather.hours
    assert len(hours) == 8760
    assert (hours.index[0].year, hours.index[0].month, hours.index[0].day, hours.index[0].hour) == (2023, 1, 1, 1)
    assert hours.index.tz is not None
    assert not hours.isna().any().any()
    up = np.maximum(sun_position(hours.index, weather.latitude, weather.longitude, weather.altitude).cos_zenith, 0.0)
    np.testing.assert_allclose(hours["ghi"], hours["dni"] * up + hours["dhi"], atol=1e-9)
    assert (hours[["ghi", "dni", "dhi"]] >= 0.0).all().all()
    assert hours["dni"].max() < 1420.0


def assert_same_year(
    made: Weather, known: Weather, *, columns: tuple[str, ...] = RADIATION, within: float = 0.005
) -> None:
    """Sums of the year and its months, and no hour shifted against another."""
    assert_invariants(made)
    for column in columns:
        assert made.hours[column].sum() == pytest.approx(known.hours[column].sum(), rel=within), column
        np.testing.assert_allclose(months(made, column), months(known, column), rtol=within, err_msg=column)
    assert_no_shift(made, known)
    np.testing.assert_allclose(made.hours["temp_air"], known.hours["temp_air"], atol=0.06)
    np.testing.assert_allclose(made.hours["wind_speed"], known.hours["wind_speed"], atol=0.06)


def assert_no_shift(made: Weather, known: Weather, at_least: float = 0.999) -> None:
    """Hour by hour the two go together, and better so than with either moved by an hour; noon stays noon."""
    ghi, other = made.hours["ghi"].to_numpy(), known.hours["ghi"].to_numpy()
    together = {step: float(np.corrcoef(np.roll(ghi, step), other)[0, 1]) for step in (-9, -1, 0, 1, 9)}
    assert max(together, key=lambda step: together[step]) == 0, together
    assert together[0] >= at_least, together
    day = ghi.reshape(365, 24).sum(axis=0)
    assert day.argmax() == other.reshape(365, 24).sum(axis=0).argmax()
