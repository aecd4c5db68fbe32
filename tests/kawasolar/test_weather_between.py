"""Weather between stations: weights, what stays exact, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.findings import Finding
from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather import Weather, between, read_weather
from kawasolar.weather.interpolation import distances, weights
from kawasolar.weather.year import split_from_beam_horizontal
from tests.kawasolar.weather_years import assert_invariants, assert_no_shift, sample

if TYPE_CHECKING:
    from pathlib import Path


def station(
    latitude: float, longitude: float, share: float = 1.0, name: str = "A", temperature: float = 0.0
) -> Weather:
    """The sample's year at another place, dimmer by a share and warmer."""
    known = sample()
    hours = known.hours
    up = np.maximum(sun_position(hours.index, latitude, longitude, 13.0).cos_zenith, 0.0)
    ghi = hours["ghi"].to_numpy() * share
    beam = np.minimum(hours["dni"].to_numpy() * share * up, ghi)
    dni, dhi, _ = split_from_beam_horizontal(ghi, beam, up, np.full(8760, 1360.0))
    made = hours.assign(ghi=ghi, dni=dni, dhi=dhi, temp_air=hours["temp_air"] + temperature)
    return Weather(
        made,
        latitude,
        longitude,
        13.0,
        name,
        "METPV-20",
        "average",
        (Finding("weather.kind_assumed", "info", source=name),),
    )


def test_halfway_between_two() -> None:
    west, east = station(35.6, 139.4, 1.0, "W"), station(35.6, 139.8, 0.8, "E", 2.0)
    weather = between([west, east], 35.6, 139.6)
    assert_invariants(weather)
    assert weather.ghi_kwh_m2 == pytest.approx((west.ghi_kwh_m2 + east.ghi_kwh_m2) / 2)
    np.testing.assert_allclose(weather.hours["ghi"], (west.hours["ghi"] + east.hours["ghi"]) / 2)
    np.testing.assert_allclose(weather.hours["temp_air"], west.hours["temp_air"] + 1.0)
    assert weather.hours["dni"].sum() == pytest.approx(
        (west.hours["dni"].sum() + east.hours["dni"].sum()) / 2, rel=0.01
    )
    assert_no_shift(weather, sample())
    assert (weather.latitude, weather.longitude, weather.altitude, weather.kind) == (35.6, 139.6, 13.0, "average")
    finding = weather.findings[-1]
    assert finding.code == "weather.interpolated"
    assert finding.found == "E 18.1 km 50%; W 18.1 km 50%"
    assert [f.source for f in weather.findings[:2]] == ["E", "W"]


def test_inverse_squares() -> None:
    """Twice as far is a quarter of the weight: 20 % and 80 %."""
    near, far = station(35.6, 139.5, 1.0, "N"), station(35.6, 139.9, 0.5, "F")
    weather = between([far, near], 35.6, 139.63333)
    assert weather.ghi_kwh_m2 == pytest.approx(0.8 * near.ghi_kwh_m2 + 0.2 * far.ghi_kwh_m2, rel=1e-4)
    assert weather.findings[-1].details["stations"][1]["weight"] == pytest.approx(0.2, abs=1e-3)


def test_at_a_station_it_is_the_station() -> None:
    one, other = station(35.6, 139.6, 1.0, "A"), station(35.7, 139.7, 0.5, "B")
    for place in ((35.6, 139.6), (35.605, 139.605)):
        weather = between([other, one], *place)
        pd.testing.assert_frame_equal(weather.hours, one.hours)
        assert (weather.station, weather.latitude) == ("A", 35.6)
        assert weather.findings[-1].found.startswith("A 0.")
        assert "100%" in weather.findings[-1].found
    # Just beyond a kilometre the other one has a little of it.
    away = between([other, one], 35.6, 139.6115)
    assert 0.9 < away.findings[-1].details["stations"][0]["weight"] < 1.0


def test_one_station_far_away() -> None:
    one = station(35.6, 139.6)
    weather = between([one], 35.7, 139.8)
    assert_invariants(weather)
    assert weather.ghi_kwh_m2 == pytest.approx(one.ghi_kwh_m2)
    assert (weather.latitude, weather.longitude) == (35.7, 139.8)


def test_the_order_does_not_matter() -> None:
    stations = [
        station(35.5, 139.6, 1.0, "A"),
        station(35.7, 139.6, 0.9, "B"),
        station(35.6, 139.4, 0.8, "C"),
        station(35.6, 139.8, 0.7, "C"),
    ]
    first = between(stations, 35.6, 139.6)
    for turned in (stations[::-1], stations[2:] + stations[:2]):
        again = between(turned, 35.6, 139.6)
        pd.testing.assert_frame_equal(again.hours, first.hours)
        assert again.findings == first.findings


def test_it_changes_nothing_that_was_given() -> None:
    one, other = station(35.6, 139.4), station(35.6, 139.8, 0.8, "B")
    before = one.hours.copy()
    between([one, other], 35.6, 139.6)
    pd.testing.assert_frame_equal(one.hours, before)


@given(st.lists(st.floats(0.0, 2e7), min_size=1, max_size=8))
def test_weights(metres: list[float]) -> None:
    distance = np.array(metres)
    share = weights(distance)
    assert share.sum() == pytest.approx(1.0)
    assert (share >= 0.0).all()
    if distance.min() < 1000.0:
        assert share[distance.argmin()] == 1.0
    else:
        order = np.argsort(distance)
        assert (np.diff(share[order]) <= 1e-12).all()


def test_distances_are_geodesic() -> None:
    """A degree of the meridian at 35.5° N is 110.95 km."""
    assert distances([station(36.0, 139.6)], 35.0, 139.6)[0] == pytest.approx(110_949, abs=10)


def test_what_is_refused() -> None:
    one = station(35.6, 139.4)
    for stations, code in (
        ([], "weather.no_stations"),
        ([one, replace(station(35.6, 139.8), kind="sunny")], "weather.kinds_differ"),
        ([one, replace(station(35.6, 139.8), hours=one.hours.tz_convert("UTC"))], "weather.zones_differ"),
    ):
        with pytest.raises(UnreadableWeather) as caught:
            between(stations, 35.6, 139.6)
        assert caught.value.code == code


@pytest.mark.realdata
def test_between_tokyo_and_komatsu(realdata: Path) -> None:
    tokyo, komatsu = (
        read_weather(realdata / name) for name in ("metpv/mea44132.txt", "plateau_kaga/hm56276year_KOMATSU.csv")
    )
    weather = between([komatsu, tokyo], 36.0, 138.6)
    assert_invariants(weather)
    assert komatsu.ghi_kwh_m2 < weather.ghi_kwh_m2 < tokyo.ghi_kwh_m2
    assert "TOKYO" in weather.station
