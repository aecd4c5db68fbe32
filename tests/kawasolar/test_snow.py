"""Snow on modules: against pvlib's own model, on two real winters, and what the yields and readers make of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pvlib.snow import coverage_nrel

from kawasolar.array_yield import Array, array_year
from kawasolar.loss_values import LOSSES
from kawasolar.losses import LossModel
from kawasolar.profile import Profile, load_profile
from kawasolar.snow import SnowModel, SnowYear, new_snow
from kawasolar.weather import Weather, between, read_weather
from kawasolar.yields import compute_yields
from tests.kawasolar.test_weather_files import epw_lines
from tests.kawasolar.test_weather_own_csv import english
from tests.kawasolar.test_yields import AZIMUTHS, NOTHING, links, roofs, seen
from tests.kawasolar.weather_years import codes, sample, write

if TYPE_CHECKING:
    from pathlib import Path

MODEL = SnowModel(threshold=1.0, least_depth=1.0, slide_when=-80.0, slide=0.197, strings=1)
WINTER = [0, 1, 11]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile()


@pytest.fixture(scope="module")
def komatsu(realdata: Path) -> Weather:
    return read_weather(realdata / "plateau_kaga" / "hm56276year_KOMATSU.csv")


@pytest.fixture(scope="module")
def tokyo(realdata: Path) -> Weather:
    return read_weather(realdata / "metpv" / "mea44132.txt")


def snowy(depth: np.ndarray) -> Weather:
    """The sample's year, 8 °C colder, with snow on the ground."""
    known = sample()
    return replace(known, hours=known.hours.assign(snow_depth=depth, temp_air=known.hours["temp_air"] - 8.0))


def january(*falls: tuple[int, float]) -> np.ndarray:
    """Depth that jumps in some hours of January and is gone on its last day."""
    depth = np.zeros(8760)
    for hour, growth in falls:
        depth[hour : 30 * 24] += growth
    return depth


@pytest.mark.filterwarnings("ignore:A future version of pandas:Warning:pvlib.*")
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    tilts=st.lists(st.floats(0.0, 60.0), min_size=1, max_size=3),
    threshold=st.sampled_from([0.5, 1.0, 2.0]),
)
def test_covers_as_pvlib_has_it(seed: int, tilts: list[float], threshold: float) -> None:
    """One month of random snow; pvlib asks for more than the threshold where SAM asks for as much."""
    rng = np.random.default_rng(seed)
    index = pd.date_range("2023-01-01 01:00", periods=700, freq="h", tz="Asia/Tokyo")
    depth = np.maximum(np.cumsum(rng.integers(-2, 3, 700)), 0).astype(float)
    temp, poa = rng.normal(0.0, 5.0, 700), np.maximum(rng.normal(0.0, 200.0, (len(tilts), 700)), 0.0)
    model = replace(MODEL, threshold=threshold)
    falls = new_snow(depth, index, model)
    last = np.maximum.accumulate(np.where(falls, np.arange(700), -1))
    mine = SnowYear(model, depth, temp, falls, last).covered(poa, np.array(tilts)[:, None])
    fallen = pd.Series(np.maximum(np.diff(depth, prepend=depth[:1]), 0.0), index)
    for tilt, light, found in zip(tilts, poa, mine, strict=True):
        theirs = coverage_nrel(
            fallen, pd.Series(light, index), pd.Series(temp, index), tilt, pd.Series(depth, index), threshold_snowfall=threshold - 1e-9
        )  # fmt: skip
        np.testing.assert_allclose(found, theirs, atol=1e-9)


def test_what_differs_between_two_months_has_not_fallen() -> None:
    index = pd.DatetimeIndex(sample().hours.index)
    depth = np.zeros(8760)
    depth[31 * 24 :] = 30.0
    assert not new_snow(depth, index, MODEL).any()
    assert new_snow(np.roll(depth, 1), index, MODEL).tolist().index(True) == 31 * 24 + 1


def test_a_fall_takes_the_days_until_it_has_slid(profile: Profile) -> None:
    """10 cm at 5 h on 10 January: no power in the morning, and the steeper the sooner it is gone."""
    weather = snowy(january((9 * 24 + 4, 10.0)))
    energy = {}
    for tilt in (5.0, 20.0, 45.0):
        with_snow = array_year(Array(tilt, 180.0, 1.0), weather, profile)
        without = array_year(Array(tilt, 180.0, 1.0), weather, profile.with_numbers({"pv.snow": 2.0}))
        months = np.array(without.months_kwh) - np.array(with_snow.months_kwh)
        assert months[0] > 0 == months[1:].max()
        assert with_snow.snow_kwh == pytest.approx(without.energy_kwh - with_snow.energy_kwh)
        assert with_snow.snow_loss == pytest.approx(1 - with_snow.energy_kwh / without.energy_kwh)
        day = with_snow.hours["ac_kw"].to_numpy().reshape(365, 24)
        assert day[9, :10].sum() == 0.0 < without.hours["ac_kw"].to_numpy().reshape(365, 24)[9, :10].sum()
        np.testing.assert_array_equal(day[:9], without.hours["ac_kw"].to_numpy().reshape(365, 24)[:9])
        energy[tilt] = with_snow.snow_kwh / without.months_kwh[0]
    assert list(energy.values()) == sorted(energy.values(), reverse=True)


def test_strings_along_the_slant_give_while_others_are_covered(profile: Profile) -> None:
    weather = snowy(january((9 * 24 + 4, 10.0)))
    lost = [
        array_year(Array(20.0, 180.0, 1.0), weather, profile.with_numbers({"snow.strings": count})).snow_kwh
        for count in (1.0, 3.0, 12.0)
    ]
    assert lost[0] > lost[1] > lost[2] > 0


@pytest.mark.parametrize("losses", LOSSES)
def test_the_yield_of_roofs_counts_it(profile: Profile, losses: str) -> None:
    weather = snowy(january((9 * 24 + 4, 10.0), (20 * 24 + 12, 4.0)))
    planes = roofs([10.0, 40.0], [180.0, 90.0])
    by_area = profile.with_numbers({"pv.capacity": 2.0, "pv.losses": 1.0 + LOSSES.index(losses)})
    sunlit = seen(planes, 0.7)
    found = compute_yields(planes, sunlit, AZIMUTHS, NOTHING, links(planes), weather, by_area).yields
    bare = compute_yields(
        planes, sunlit, AZIMUTHS, NOTHING, links(planes), weather, by_area.with_numbers({"pv.snow": 2.0})
    ).yields
    np.testing.assert_allclose(found["snow_loss"], 1 - found["energy_kwh"] / bare["energy_kwh"], rtol=1e-9)
    assert (found["snow_loss"] > 0.001).all()
    assert (bare["snow_loss"] == 0).all()
    for month in ("m02", "m07", "m12"):
        np.testing.assert_array_equal(found[month], bare[month])


def test_no_snow_in_the_weather_is_no_loss(profile: Profile) -> None:
    assert SnowYear.of(sample(), profile) is None
    assert SnowYear.of(snowy(np.full(8760, 5.0)), profile) is None
    assert array_year(Array(20.0, 180.0, 1.0), sample(), profile).snow_loss == 0.0


@pytest.mark.realdata
def test_two_real_winters(komatsu: Weather, tokyo: Weather, profile: Profile) -> None:
    """Komatsu in the snow country 2–4 %, all of it in winter; Tokyo with the fall of 22 January 2018 a few thousandths."""
    assert komatsu.hours["snow_depth"].max() == 31.0
    assert tokyo.hours["snow_depth"].max() == 23.0
    assert int(tokyo.hours["snow_depth"].to_numpy().argmax()) // 24 == 21
    for weather, low, high in ((komatsu, 0.02, 0.04), (tokyo, 0.001, 0.008)):
        flat, steep = (array_year(Array(tilt, 180.0, 1.0), weather, profile) for tilt in (10.0, 30.0))
        assert low < steep.snow_loss < flat.snow_loss < high


@pytest.mark.realdata
@pytest.mark.parametrize(("tilt", "azimuth"), [(10.0, 180.0), (30.0, 180.0), (20.0, 90.0)])
def test_near_sams_own(komatsu: Weather, profile: Profile, tilt: float, azimuth: float) -> None:
    """NREL's Pvwattsv8 with its snow switched on: each winter month within 5 points (its snow slides by rules of its own at night)."""
    from tests.kawasolar.test_losses import pvwatts

    theirs = 1 - pvwatts(komatsu, tilt, azimuth, snow=True) / pvwatts(komatsu, tilt, azimuth)
    model = LossModel.of(profile, "pvwatts")
    months = [
        np.array(array_year(Array(tilt, azimuth, 1.0, "roof"), komatsu, some, model).months_kwh)
        for some in (profile, profile.with_numbers({"pv.snow": 2.0}))
    ]
    mine = 1 - months[0] / months[1]
    np.testing.assert_allclose(mine[WINTER], theirs[WINTER], atol=0.05)
    assert mine[WINTER].min() > 0.05
    assert theirs[3:10].max() < 1e-9 >= mine[3:10].max()


# ------------------------------------------------------------------------------------------------------ readers


def test_own_csv_with_depths(tmp_path: Path) -> None:
    lines = english()
    lines[0] += ",積雪の深さ(cm)"
    lines[1:] = [f"{line},{min(k // 100, 40)}" for k, line in enumerate(lines[1:])]
    hours = read_weather(write(tmp_path / "a.csv", lines), latitude=35.6, longitude=139.6).hours
    np.testing.assert_array_equal(hours["snow_depth"], np.minimum(np.arange(8760) // 100, 40))


def test_depths_in_another_unit_are_refused(tmp_path: Path) -> None:
    from tests.kawasolar.weather_years import refused

    lines = [f"{line},1" for line in english()]
    lines[0] = lines[0].removesuffix(",1") + ",snow_depth [m]"
    error = refused(write(tmp_path / "a.csv", lines), "weather.unit_unknown", latitude=35.6, longitude=139.6)
    assert error.details["expected"] == "cm"


def test_epw_with_depths(tmp_path: Path) -> None:
    """Field 31; 999 is nobody looked, and the snow stays as it was."""
    lines = epw_lines()
    body = [f"{line},9,9,0,0,0,0,{999 if k in (5, 6) else 7 if k < 20 else 0}" for k, line in enumerate(lines[8:])]
    assert len(body[0].split(",")) == 31
    weather = read_weather(write(tmp_path / "a.epw", [*lines[:8], *body]))
    np.testing.assert_array_equal(weather.hours["snow_depth"][:22], [7.0] * 20 + [0.0] * 2)
    assert "weather.snow_gaps" in codes(weather)
    none = [",".join([*line.split(",")[:30], "999"]) for line in body]
    assert "snow_depth" not in read_weather(write(tmp_path / "b.epw", [*lines[:8], *none])).hours


def test_between_stations_only_where_all_of_them_tell_it() -> None:
    one = snowy(january((100, 10.0)))
    other = replace(snowy(january((100, 20.0))), latitude=one.latitude + 0.2, station="other")
    middle = between([one, other], one.latitude + 0.1, one.longitude)
    assert middle.hours["snow_depth"].max() == pytest.approx(15.0, rel=1e-2)
    silent = replace(other, hours=other.hours.drop(columns="snow_depth"))
    assert "snow_depth" not in between([one, silent], one.latitude + 0.1, one.longitude).hours
