"""The yield against an hour-by-hour pvlib computation written separately, hand-made skylines, and Tokyo's figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pvlib
import pytest
from pandas.testing import assert_frame_equal
from pyproj import CRS

from gis.irradiation import irradiation
from gis.layout import Module, back_to_back, racks, winter_spacing
from gis.progress import Cancelled
from gis.sky import SkyTable
from gis.sun import SunPosition
from kawasolar.layout_values import COLUMNS
from kawasolar.layouts import no_subarrays
from kawasolar.losses import LossModel, Mounting
from kawasolar.plane_light import (
    Mount,
    RowsBefore,
    daylight_hours,
    plane_irradiance,
    row_shade,
    sky_shares,
    sunlit_at,
    transpose,
)
from kawasolar.profile import Profile, load_profile, profile_from_text
from kawasolar.units import units_of
from kawasolar.weather import read_weather
from kawasolar.yields import Yields, compute_yields, plane_energy

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from kawasolar.plane_light import Hours

AZIMUTHS = np.arange(64) * 360.0 / 64
NOTHING = no_subarrays(CRS.from_epsg(6677))
ANY = Mounting(50.0, 0.38, 49.0)
FACTOR = 1.0 * 0.96 * 0.94 * 0.97 * 0.96 * 0.97


@dataclass(frozen=True)
class Sky:
    """A weather with what the yield reads of it."""

    hours: pd.DataFrame
    latitude: float = 35.6
    longitude: float = 139.61
    altitude: float = 40.0


@pytest.fixture(scope="module")
def modules() -> Profile:
    return load_profile()


@pytest.fixture(scope="module")
def profile(modules: Profile) -> Profile:
    """Capacity from area and density: whole planes, and no rows."""
    return modules.with_numbers({"pv.capacity": 2.0})


@pytest.fixture(scope="module")
def weather() -> Sky:
    """A clear-sky year dimmed day by day, so that all of Perez's classes of clearness occur."""
    end = pd.date_range("2025-01-01 01:00", periods=8760, freq="h", tz="Asia/Tokyo")
    middle = end - pd.Timedelta(minutes=30)
    place = pvlib.location.Location(35.6, 139.61, altitude=40.0)
    extra = pvlib.irradiance.get_extra_radiation(np.asarray(middle.day_of_year))
    clear = place.get_clearsky(middle, model="ineichen", linke_turbidity=3.5, dni_extra=extra)
    clearness = np.random.default_rng(7).beta(2, 1.2, 365).repeat(24)
    cosine = np.cos(np.radians(place.get_solarposition(middle)["zenith"].to_numpy()))
    dni = clear["dni"].to_numpy() * np.clip(1.4 * clearness - 0.4, 0, None)
    dhi = clear["dhi"].to_numpy() * (1 + 1.2 * (1 - clearness)) * clearness
    ghi = dhi + dni * np.clip(cosine, 0, None)
    temp = (
        15
        - 11 * np.cos(2 * np.pi * (np.arange(8760) / 8760 - 0.06))
        - 4 * np.cos(2 * np.pi * (np.arange(8760) % 24 - 2) / 24)
    )
    columns = {"ghi": ghi, "dni": dni, "dhi": dhi, "temp_air": temp, "wind_speed": 2.5}
    return Sky(pd.DataFrame(columns, index=end))


def roofs(tilt: list[float], azimuth: list[float], usable: float = 100.0) -> gpd.GeoDataFrame:
    count = len(tilt)
    columns = {
        "plane_id": np.arange(1, count + 1), "building_id": [f"B{k}" for k in range(count)], "tilt": tilt, "azimuth": azimuth,
        "flat": np.array(tilt) < 3, "area_m2": usable * 1.5, "usable_m2": usable, "usable_irradiation_kwh_m2": 1300.0,
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(np.arange(count), np.zeros(count)), crs=6677)


def links(planes: gpd.GeoDataFrame) -> pd.DataFrame:
    buildings = planes["building_id"].drop_duplicates().to_numpy()
    return pd.DataFrame({"facility_id": [f"F{name[1:]}" for name in buildings], "building_id": buildings, "score": 1.0})


def seen(planes: gpd.GeoDataFrame, share: float) -> NDArray[np.float32]:
    return np.full((len(planes), 64, 91), share, dtype=np.float32)


def by_hand(weather: Sky, tilt: float, azimuth: float, fa: float, fb: float, *, sky: bool = True) -> pd.Series:
    """kWh per kW of each hour, unshaded, straight from pvlib's whole-series functions."""
    middle = weather.hours.index - pd.Timedelta(minutes=30)
    sun = pvlib.solarposition.spa_python(middle, weather.latitude, weather.longitude, weather.altitude)
    hours = weather.hours.set_index(middle)
    up = sun["elevation"] > 0
    dni, dhi = hours["dni"].where(up, 0.0), hours["dhi"].where(up, hours["ghi"])
    total = pvlib.irradiance.get_total_irradiance(
        tilt, azimuth, sun["zenith"], sun["azimuth"], dni, hours["ghi"], dhi, albedo=0.2, model="perez",
        dni_extra=pvlib.irradiance.get_extra_radiation(np.asarray(middle.day_of_year)), airmass=pvlib.atmosphere.get_relative_airmass(sun["zenith"].where(up)),
    )  # fmt: skip
    ground = total["poa_ground_diffuse"]
    diffuse = total["poa_sky_diffuse"].where(up, dhi * (1 + np.cos(np.radians(tilt))) / 2)
    poa = ground + (total["poa_direct"] + diffuse if sky else 0.0)
    temp = hours["temp_air"] + (fa / (fb * 1.5**0.8 + 1) + 2) * poa / 1000 - 2
    power = poa / 1000 * (1 - 0.0041 * (temp - 25)) * FACTOR
    return power.set_axis(weather.hours.index)


def month_hour_of(power: pd.Series) -> NDArray[np.float64]:
    """Sum by month and hour ending, in plain loops over the labels."""
    out = np.zeros((12, 24))
    for end, value in power.items():
        begin = end - pd.Timedelta(hours=1)
        out[begin.month - 1, begin.hour] += value
    return out


@pytest.mark.parametrize(("tilt", "azimuth"), [(0.0, 0.0), (12.0, 95.0), (30.0, 180.0), (45.0, 301.5), (60.0, 180.0)])
def test_unshaded_plane_is_the_hourly_sum(weather: Sky, profile: Profile, tilt: float, azimuth: float) -> None:
    planes = roofs([tilt], [azimuth])
    got = compute_yields(planes, seen(planes, 1.0), AZIMUTHS, NOTHING, links(planes), weather, profile)
    # A flat roof (0°) carries racks: south 15°, and the racks' module temperature.
    expected = by_hand(weather, 15.0, 180.0, 46.0, 0.41) if tilt < 3 else by_hand(weather, tilt, azimuth, 50.0, 0.38)
    kw = 100 * (0.1125 if tilt < 3 else 0.167 * 0.8)
    row = got.yields.iloc[0]
    assert row.capacity_kw == pytest.approx(kw, rel=1e-12)
    assert row.energy_kwh == pytest.approx(kw * expected.sum(), rel=1e-6)
    assert row.specific_yield == pytest.approx(expected.sum(), rel=1e-6)
    assert row.co2_t == pytest.approx(row.energy_kwh * 0.43 / 1000, rel=1e-12)
    assert abs(row.shading_loss) < 1e-6
    np.testing.assert_allclose(got.month_hour[0], kw * month_hour_of(expected), rtol=1e-5, atol=1e-6)


def test_nothing_seen_leaves_the_ground_alone(weather: Sky, profile: Profile) -> None:
    planes = roofs([30.0, 0.0], [180.0, 0.0])
    got = compute_yields(planes, seen(planes, 0.0), AZIMUTHS, NOTHING, links(planes), weather, profile)
    pitched = by_hand(weather, 30.0, 180.0, 50.0, 0.38, sky=False).sum()
    flat = by_hand(weather, 15.0, 180.0, 46.0, 0.41, sky=False).sum()
    np.testing.assert_allclose(got.yields.specific_yield, [pitched, flat], rtol=1e-6)
    assert 0 < pitched < 30


def test_half_the_cells_seen_takes_half_of_what_comes_from_the_sky(weather: Sky, profile: Profile) -> None:
    planes = roofs([25.0], [200.0])
    flat_response = replace(LossModel.of(profile, "webpro"), temp_coefficient=0.0)
    mount = Mount(np.array([[25.0]]), np.array([[200.0]]), Mounting.of(profile, "roof"))
    hours = daylight_hours(weather)
    half, free, *_ = plane_energy(seen(planes, 0.5), AZIMUTHS, mount, hours, flat_response, 0.2)
    none, *_ = plane_energy(seen(planes, 0.0), AZIMUTHS, mount, hours, flat_response, 0.2)
    # With no temperature effect the conversion is linear: half of the sky, all of the ground.
    np.testing.assert_allclose(half, (free + none) / 2, rtol=1e-6, atol=1e-9)
    got = compute_yields(planes, seen(planes, 0.5), AZIMUTHS, NOTHING, links(planes), weather, profile)
    assert 0.45 < got.yields.shading_loss[0] < 0.5


def test_months_sum_to_the_year_and_hours_to_the_months(weather: Sky, profile: Profile) -> None:
    planes = roofs([0.0, 20.0, 33.0], [0.0, 90.0, 250.0])
    table = np.clip(np.random.default_rng(3).normal(0.6, 0.5, (3, 64, 1)) + np.arange(91) / 60, 0, 1).astype(np.float32)
    got = compute_yields(planes, table, AZIMUTHS, NOTHING, links(planes), weather, profile)
    months = got.yields[[f"m{k:02d}" for k in range(1, 13)]].to_numpy()
    np.testing.assert_allclose(months.sum(axis=1), got.yields.energy_kwh, rtol=1e-12)
    np.testing.assert_allclose(got.month_hour.sum(axis=2), months, rtol=1e-5)
    whole = got.yields.energy_kwh.to_numpy() + got.month_hour_lost.sum(axis=(1, 2))
    np.testing.assert_allclose(1 - got.yields.energy_kwh / whole, got.yields.shading_loss, atol=1e-6)
    assert (got.yields.shading_loss > 0.02).all()


def test_skyline_in_the_east_takes_the_morning(weather: Sky, profile: Profile) -> None:
    planes = roofs([0.0], [0.0])
    wall = seen(planes, 1.0)
    east = (AZIMUTHS > 45) & (AZIMUTHS < 135)
    wall[:, east, :40] = 0.0
    got = compute_yields(planes, wall, AZIMUTHS, NOTHING, links(planes), weather, profile)
    lost = got.month_hour_lost[0].sum(axis=0)
    assert lost[:10].sum() > 5 * lost[13:].sum()
    assert lost[:10].sum() > 0.2 * (got.month_hour[0].sum(axis=0)[:10].sum() + lost[:10].sum())


def test_sunlit_share_is_linear_in_elevation_and_round_the_circle() -> None:
    table = np.zeros((1, 4, 91), dtype=np.float32)
    table[0, 0] = 1.0
    table[0, 3] = np.arange(91) / 90
    azimuth = np.array([0.0, 45.0, 90.0, 315.0, 359.0, 270.0, 270.0])
    elevation = np.array([10.0, 10.0, 10.0, 45.0, 0.0, 22.5, 90.0])
    got = sunlit_at(
        table, np.array([0.0, 90.0, 180.0, 270.0]), SunPosition(azimuth, elevation, np.sin(np.radians(elevation)))
    )
    np.testing.assert_allclose(got[0], [1.0, 0.5, 0.0, (1 + 0.5) / 2, 89 / 90, 0.25, 1.0], atol=1e-6)
    # Sectors that do not begin in the north are round, too.
    turned = sunlit_at(
        np.roll(table, 1, axis=1), np.array([0.0, 90.0, 180.0, 270.0]), SunPosition(azimuth + 90, elevation, elevation)
    )
    np.testing.assert_allclose(turned, got, atol=1e-6)


def test_sky_shares_of_a_uniform_skyline() -> None:
    # All round 30°: a horizontal plane sees cos²30° = 0.75 of its sky, nothing of the low sky.
    table = np.zeros((1, 64, 91), dtype=np.float32)
    table[:, :, 30:] = 1.0
    table[:, :, 30] = 0.5  # the edge lies on the node
    view, low = sky_shares(table, AZIMUTHS, Mount(np.array([[0.0]]), np.array([[0.0]]), ANY))
    assert view[0] == pytest.approx(0.75, abs=0.002)
    assert low[0] == 0.0
    # The northern half of the sky hidden: half of a horizontal plane's sky. A plane to the south at 60° has its normal
    # 30° above the south; a lune between angles p and q from the normal counts (sin q - sin p)/2, so that
    # (sin 60° + sin 30°) / (1 + sin 30°) is left.
    north = np.cos(np.radians(AZIMUTHS))
    table[:] = np.where(np.abs(north) < 1e-9, 0.5, north < 0)[None, :, None]
    both = np.array([[0.0], [60.0]]), np.array([[0.0], [180.0]])
    view, low = sky_shares(np.repeat(table, 2, axis=0), AZIMUTHS, Mount(*both, ANY))
    assert view[0] == pytest.approx(0.5, abs=1e-6)
    assert view[1] == pytest.approx((np.sin(np.radians(60)) + 0.5) / 1.5, abs=0.002)
    assert low[1] > 0.99


def test_irradiance_agrees_with_the_survey_by_vectors(weather: Sky) -> None:
    """Two ways that share nothing but the weather: hour by hour here, the year as a table of vectors in ``gis``."""
    rng = np.random.default_rng(2)
    count = 30
    tilt, azimuth = rng.uniform(0, 45, count), rng.uniform(0, 360, count)
    # Skylines at half degrees: read linearly between whole degrees, the share passes one half just there.
    waves = 18 + 14 * np.sin(
        np.radians(AZIMUTHS)[None, :] * rng.integers(1, 5, (count, 1)) + rng.uniform(0, 6, (count, 1))
    )
    skyline = np.floor(np.clip(waves, 0, 60)) + 0.5
    table = (np.arange(91)[None, None, :] > skyline[:, :, None]).astype(np.float32)
    radians = np.radians(tilt), np.radians(azimuth)
    level = np.sin(radians[0])
    normals = np.stack([level * np.sin(radians[1]), level * np.cos(radians[1]), np.cos(radians[0])], axis=1)
    place = (weather.latitude, weather.longitude, weather.altitude)
    by_vectors = irradiation(SkyTable.from_weather(weather.hours, *place, albedo=0.2), skyline, normals)
    mount = Mount(tilt[:, None], azimuth[:, None], ANY)
    shaded, free = plane_irradiance(table, AZIMUTHS, mount, daylight_hours(weather), 0.2)
    by_hours = shaded.sum(axis=1) / 1000
    assert (by_hours < 0.95 * free.sum(axis=1) / 1000).any()
    error = by_hours / by_vectors - 1
    assert np.sqrt(np.mean(error**2)) < 0.003
    assert np.abs(error).max() < 0.01


def test_facilities_with_several_buildings_and_none_usable(weather: Sky, profile: Profile) -> None:
    planes = roofs([0.0, 25.0, 25.0, 10.0], [0.0, 180.0, 180.0, 90.0])
    planes.loc[2, ["usable_m2", "usable_irradiation_kwh_m2"]] = [0.0, np.nan]
    planes.loc[1, "usable_irradiation_kwh_m2"] = 1000.0
    joined = pd.DataFrame(
        {"facility_id": ["X", "X", "Y", "Z"], "building_id": ["B0", "B1", "B2", "nowhere"], "score": 1.0}
    )
    got = compute_yields(planes, seen(planes, 1.0), AZIMUTHS, NOTHING, joined, weather, profile).yields.set_index(
        "facility_id"
    )
    assert list(got.index) == ["X", "Y", "Z"]
    assert got.capacity_kw["X"] == pytest.approx(100 * 0.1125 + 100 * 0.167 * 0.8)
    assert got.irradiation_kwh_m2["X"] == pytest.approx(1150.0)
    assert got.roof_m2["X"] == pytest.approx(300.0)
    for name in ("Y", "Z"):
        assert got.capacity_kw[name] == got.energy_kwh[name] == got.co2_t[name] == 0.0
        assert np.isnan(got.specific_yield[name])
        assert np.isnan(got.shading_loss[name])
    assert got.roof_m2["Y"] == 150.0
    assert got.roof_m2["Z"] == 0.0


def test_building_claimed_twice_counts_once(weather: Sky, profile: Profile) -> None:
    planes = roofs([0.0], [0.0])
    joined = pd.DataFrame({"facility_id": ["A", "B"], "building_id": ["B0", "B0"], "score": [0.6, 0.9]})
    got = compute_yields(planes, seen(planes, 1.0), AZIMUTHS, NOTHING, joined, weather, profile).yields.set_index(
        "facility_id"
    )
    assert got.capacity_kw["A"] == 0.0
    assert got.capacity_kw["B"] > 0.0


def test_chunks_do_not_show_and_cancel_stops(weather: Sky, profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    planes = roofs(list(rng.uniform(0, 40, 12)), list(rng.uniform(0, 360, 12)))
    table = np.sort(rng.random((12, 64, 91)), axis=2).astype(np.float32)
    whole = compute_yields(planes, table, AZIMUTHS, NOTHING, links(planes), weather, profile)
    monkeypatch.setattr("kawasolar.yields._CHUNK_BYTES", 1)
    told: list[float] = []
    single = compute_yields(
        planes, table, AZIMUTHS, NOTHING, links(planes), weather, profile, lambda share, _: told.append(share)
    )
    np.testing.assert_allclose(single.yields.energy_kwh, whole.yields.energy_kwh, rtol=1e-12)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)
    # On one core each plane is told.
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    told.clear()
    compute_yields(
        planes, table, AZIMUTHS, NOTHING, links(planes), weather, profile, lambda share, _: told.append(share)
    )
    assert told == sorted(told)
    assert len(told) == 13

    def stop(share: float, _what: str) -> None:
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        compute_yields(planes, table, AZIMUTHS, NOTHING, links(planes), weather, profile, stop)


def claimed_by_one(planes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Links of a facility that owns every building."""
    return links(planes).assign(facility_id="F")


@pytest.mark.parametrize("size", [1, 3_000_000, 10_000_000])
def test_the_year_of_a_facility_is_the_same_to_the_bit_however_it_is_computed(
    weather: Sky, profile: Profile, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """On any number of cores, in chunks of any size, among others or alone: a part computed anew is what computing everything gives."""
    rng = np.random.default_rng(8)
    planes = roofs(list(rng.uniform(0, 40, 14)), list(rng.uniform(0, 360, 14)))
    table = np.sort(rng.random((14, 64, 91)), axis=2).astype(np.float32)
    joined = claimed_by_one(planes)
    joined.loc[:3, "facility_id"] = "A"

    def year(asked: pd.DataFrame) -> Yields:
        return compute_yields(planes, table, AZIMUTHS, NOTHING, asked, weather, profile)

    whole = year(joined)
    monkeypatch.setattr("kawasolar.yields._CHUNK_BYTES", size)
    alone = year(joined[joined["facility_id"] == "F"])
    cores = [year(joined)]
    for count in ("1", "2"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", count)
        cores.append(year(joined))
    for got in cores:
        assert_frame_equal(got.yields, whole.yields, check_exact=True)
        np.testing.assert_array_equal(got.month_hour, whole.month_hour)
        np.testing.assert_array_equal(got.month_hour_lost, whole.month_hour_lost)
    assert_frame_equal(alone.yields, whole.yields.iloc[1:].reset_index(drop=True), check_exact=True)


def test_no_links_at_all(weather: Sky, profile: Profile) -> None:
    planes = roofs([0.0], [0.0])
    nothing = pd.DataFrame({"facility_id": [], "building_id": [], "score": []}, dtype=object)
    got: Yields = compute_yields(planes, seen(planes, 1.0), AZIMUTHS, NOTHING, nothing, weather, profile)
    assert len(got.yields) == 0
    assert got.month_hour.shape == got.month_hour_lost.shape == (0, 12, 24)


# ---------------------------------------------------------------------------------------------- modules that are laid out


def subarrays(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    """Subarrays of ten modules of 440 W along the roof, but for what is said of each."""
    usual = {
        "plane_id": 1, "building_id": "B0", "mounting": "roof", "portrait": True, "modules": 10, "capacity_kw": 4.4, "tilt": 30.0, "azimuth": 180.0,
        "pitch_m": 1.782, "slant_m": 1.762, "behind": 0.0, "area_m2": 20.0, "weight_kg": 220.0,
    }  # fmt: skip
    frame = pd.DataFrame([{**usual, **row} for row in rows])[list(COLUMNS)].astype(COLUMNS)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(np.zeros(len(rows)), np.zeros(len(rows))), crs=6677)


def test_a_facility_makes_what_its_subarrays_make(weather: Sky, modules: Profile) -> None:
    planes = roofs([0.0, 30.0, 20.0, 25.0], [0.0, 180.0, 90.0, 180.0])
    joined = pd.DataFrame({"facility_id": ["X", "X", "Y"], "building_id": ["B0", "B1", "B2"], "score": 1.0})
    standing = subarrays(
        {"plane_id": 1, "building_id": "B0", "mounting": "back_to_back", "tilt": 10.0, "azimuth": 93.0, "modules": 7, "capacity_kw": 3.08},
        {"plane_id": 1, "building_id": "B0", "mounting": "back_to_back", "tilt": 10.0, "azimuth": 273.0, "modules": 8, "capacity_kw": 3.52},
        {"plane_id": 2, "building_id": "B1", "capacity_kw": 5.0},
        # On nobody's roof, and on one that the survey does not know.
        {"plane_id": 4, "building_id": "B3"},
        {"plane_id": 9, "building_id": "B0"},
    )  # fmt: skip
    got = compute_yields(planes, seen(planes, 1.0), AZIMUTHS, standing, joined, weather, modules)
    table = got.yields.set_index("facility_id")
    assert table.capacity_kw.to_dict() == {"X": pytest.approx(3.08 + 3.52 + 5.0, rel=1e-12), "Y": 0.0}
    assert table.modules.to_dict() == {"X": 25, "Y": 0}
    # Free of the roof they are cooler than along it.
    parts = [(3.08, 10.0, 93.0, 46.0, 0.41), (3.52, 10.0, 273.0, 46.0, 0.41), (5.0, 30.0, 180.0, 50.0, 0.38)]
    energy = sum(power * by_hand(weather, tilt, azimuth, fa, fb) for power, tilt, azimuth, fa, fb in parts)
    assert table.energy_kwh["X"] == pytest.approx(energy.sum(), rel=1e-6)
    np.testing.assert_allclose(got.month_hour[0], month_hour_of(energy), rtol=1e-5, atol=1e-6)
    assert np.isnan(table.specific_yield["Y"])
    # The roof is told whole, whatever stands on it.
    assert table.usable_m2.to_dict() == {"X": 200.0, "Y": 100.0}
    units = units_of(planes, standing, modules)
    assert units.plane.tolist() == [0, 0, 1, 3]
    assert units.rack.tolist() == [True, True, False, False]


def test_by_density_nobody_looks_at_the_modules(weather: Sky, profile: Profile) -> None:
    planes = roofs([0.0, 30.0], [0.0, 180.0])
    one, other = (
        compute_yields(planes, seen(planes, 1.0), AZIMUTHS, each, links(planes), weather, profile).yields
        for each in (NOTHING, subarrays({}, {"plane_id": 2}))
    )
    assert_frame_equal(one, other)
    assert one["modules"].tolist() == [0, 0]


def test_a_subarray_has_the_skyline_of_its_plane(weather: Sky, modules: Profile) -> None:
    planes = roofs([30.0, 30.0], [180.0, 180.0])
    table = seen(planes, 1.0)
    table[1] = 0.0
    standing = subarrays({"plane_id": 2, "building_id": "B1"}, {})
    got = compute_yields(planes, table, AZIMUTHS, standing, links(planes), weather, modules).yields.set_index(
        "facility_id"
    )
    assert got.energy_kwh["F0"] == pytest.approx(4.4 * by_hand(weather, 30.0, 180.0, 50.0, 0.38).sum(), rel=1e-6)
    assert got.energy_kwh["F1"] < 0.05 * got.energy_kwh["F0"]


# ---------------------------------------------------------------------------------------------- rows before rows


@dataclass(frozen=True)
class Suns:
    """Hours of which only the sun matters."""

    sun: SunPosition


def suns(azimuth: NDArray[np.float64], elevation: NDArray[np.float64]) -> Hours:
    return Suns(SunPosition(azimuth, elevation, np.sin(np.radians(elevation))))  # type: ignore[return-value]


def section(tilt: float, facing: float, sun: SunPosition) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sun in the plane across the rows: towards where they face, and up; and nothing of it where it stands behind the modules."""
    towards = np.cos(np.radians(sun.elevation)) * np.cos(np.radians(sun.azimuth - facing))
    up = np.sin(np.radians(sun.elevation))
    lit = np.sin(np.radians(tilt)) * towards + np.cos(np.radians(tilt)) * up > 0
    return np.where(lit & (up > 0), towards, np.nan), np.where(lit & (up > 0), up, np.nan)


def shaded_by_rays(
    slant: float,
    tilt: float,
    facing: float,
    sun: SunPosition,
    front: tuple[tuple[float, float], tuple[float, float]],
    points: int = 1500,
) -> NDArray[np.float64]:
    """Share of a row whose rays to the sun meet the segment in front (its ends as distance before the row's lower edge, and height), ray by ray."""
    towards, up = section(tilt, facing, sun)
    t = (np.arange(points) + 0.5) / points * slant
    # Points of the row lie behind its lower edge and above it.
    x, z = -t * np.cos(np.radians(tilt)), t * np.sin(np.radians(tilt))
    (ax, az), (bx, bz) = front
    ex, ez = bx - ax, bz - az
    # x + k·towards = ax + m·ex, z + k·up = az + m·ez
    cross = towards * ez - up * ex
    qx, qz = ax - x[:, None], az - z[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        k = (qx * ez - qz * ex) / cross
        m = (qx * up - qz * towards) / cross
        met = (k > 0) & (m >= 0) & (m <= 1)
    return met.mean(axis=0)


@pytest.mark.parametrize("tilt", [5.0, 15.0, 35.0, 60.0])
@pytest.mark.parametrize("facing", [180.0, 210.0, 95.0, 275.0, 0.0])
@pytest.mark.parametrize("free", [0.05, 0.4, 1.5])
def test_shade_of_rows_on_rows_ray_by_ray(tilt: float, facing: float, free: float) -> None:
    """Suns all round, on what the row of the next in front leaves of the slant; within 1 % of it."""
    slant = 1.762
    rows = racks(Module(1.134, slant), portrait=True, tilt=tilt, azimuth=facing, gap=0.02, spacing=free)
    azimuth, elevation = (grid.ravel() for grid in np.meshgrid(np.arange(0.0, 360.0, 7.5), np.arange(0.5, 90.0, 1.25)))
    depth, height = slant * np.cos(np.radians(tilt)), slant * np.sin(np.radians(tilt))
    hours = suns(azimuth, elevation)
    mount = Mount(np.array([[tilt]]), np.array([[facing]]), ANY)
    got = row_shade(mount, RowsBefore(*(np.array([[value]]) for value in (slant, rows.pitch, 1.0))), hours)[0]
    expected = shaded_by_rays(slant, tilt, facing, hours.sun, ((rows.pitch, 0.0), (rows.pitch - depth, height)))
    np.testing.assert_allclose(got, expected, atol=0.01)
    assert (expected > 0.05).sum() > 20
    assert (expected == 0).sum() > 1000


@pytest.mark.parametrize("tilt", [5.0, 10.0, 15.0])
def test_of_a_pair_back_to_back_the_nearer_half_shades(tilt: float) -> None:
    """The module that faces away, on the other side of the valley, is what rays from the row meet."""
    slant, valley = 1.134, 0.3
    rows = back_to_back(Module(slant, 1.762), portrait=False, tilt=tilt, azimuth=90.0, gap=0.02, valley=valley)
    azimuth, elevation = (grid.ravel() for grid in np.meshgrid(np.arange(0.0, 360.0, 7.5), np.arange(0.5, 60.0, 0.75)))
    depth, height = slant * np.cos(np.radians(tilt)), slant * np.sin(np.radians(tilt))
    hours = suns(azimuth, elevation)
    for facing in (90.0, 270.0):
        mount = Mount(np.array([[tilt]]), np.array([[facing]]), ANY)
        got = row_shade(mount, RowsBefore(*(np.array([[value]]) for value in (slant, rows.pitch, 1.0))), hours)[0]
        expected = shaded_by_rays(slant, tilt, facing, hours.sun, ((valley, 0.0), (valley + depth, height)))
        # The two halves of a pair are a gap apart at the ridge.
        np.testing.assert_allclose(got, expected, atol=0.02)
        assert (expected > 0.05).sum() > 20


@pytest.mark.parametrize(
    ("latitude", "day"), [(35.53, "2025-12-21"), (35.53, "2025-12-22"), (43.0, "2025-12-21"), (-35.0, "2025-06-21")]
)
@pytest.mark.parametrize("turned", [0.0, 30.0, -30.0])
@pytest.mark.parametrize("hours", [1.0, 2.0, 3.0])
def test_nothing_is_in_the_shade_around_noon_of_the_shortest_day(
    latitude: float, day: str, turned: float, hours: float
) -> None:
    """The distance from a formula of the sun's own, the suns from pvlib's algorithm, minute by minute."""
    slant, tilt = 1.762, 15.0
    facing = (180.0 if latitude > 0 else 0.0) + turned
    times = pd.date_range(f"{day} 00:00", f"{day} 23:59", freq="min", tz="Etc/GMT-9")
    longitude = 135.0
    found = pvlib.solarposition.get_solarposition(times, latitude, longitude)
    noon = times[int(found["apparent_elevation"].to_numpy().argmax())]
    off = np.abs((times - noon).total_seconds().to_numpy()) / 3600.0
    sun = suns(found["azimuth"].to_numpy(), found["elevation"].to_numpy())
    mount = Mount(np.array([[tilt]]), np.array([[facing]]), ANY)

    def shade(spacing: float) -> NDArray[np.float64]:
        rows = racks(Module(1.134, slant), portrait=True, tilt=tilt, azimuth=facing, gap=0.0, spacing=spacing)
        return row_shade(mount, RowsBefore(*(np.array([[value]]) for value in (slant, rows.pitch, 1.0))), sun)[0]

    spacing = winter_spacing(slant, tilt, facing, latitude, hours)
    within = off <= hours
    assert shade(spacing)[within].max() < 0.004
    # And no farther apart than that needs: later, or with less between them, there is some.
    assert shade(spacing)[off <= hours + 0.5].max() > 0.01
    assert shade(0.9 * spacing)[within].max() > 0.03


def behind(share: float, slant: float = 1.762, pitch: float = 2.2) -> RowsBefore:
    return RowsBefore(*(np.array([[value]]) for value in (slant, pitch, share)))


def test_rows_with_none_before_them_are_no_rows(weather: Sky, modules: Profile) -> None:
    hours, losses = daylight_hours(weather), LossModel.of(modules)
    table = np.sort(np.random.default_rng(1).random((1, 64, 91)), axis=2).astype(np.float32)
    bare = Mount(np.array([[15.0]]), np.array([[180.0]]), Mounting.of(modules, "rack"))
    for one, other in zip(
        plane_energy(table, AZIMUTHS, bare, hours, losses, 0.2),
        plane_energy(table, AZIMUTHS, replace(bare, rows=behind(0.0)), hours, losses, 0.2),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_rows_take_less_than_a_wall_and_more_than_nothing(weather: Sky, modules: Profile) -> None:
    """The wall is as high from every point of the modules as the row before is from their lower edge."""
    hours, losses = daylight_hours(weather), LossModel.of(modules)
    slant, tilt, facing, pitch = 1.762, 15.0, 200.0, 2.2
    bare = Mount(np.array([[tilt]]), np.array([[facing]]), Mounting.of(modules, "rack"))
    free = seen(roofs([0.0], [0.0]), 1.0)
    depth, height = slant * np.cos(np.radians(tilt)), slant * np.sin(np.radians(tilt))
    wall = walled(facing, [height / (pitch - depth)])
    energy = [
        plane_energy(table, AZIMUTHS, mount, hours, losses, 0.2)[0].sum()
        for table, mount in ((wall, bare), (free, replace(bare, rows=behind(1.0))), (free, replace(bare, rows=behind(0.5))), (free, bare))
    ]  # fmt: skip
    assert energy == sorted(energy)
    assert energy[0] < 0.99 * energy[1] < 0.98 * energy[3]
    # What is taken is in proportion to how many stand behind others.
    assert energy[3] - energy[2] == pytest.approx((energy[3] - energy[1]) / 2, rel=0.02)
    # Under an open sky it counts as lost to shade.
    standing = subarrays(
        {"mounting": "rack", "tilt": tilt, "azimuth": facing, "slant_m": slant, "pitch_m": pitch, "behind": 1.0}
    )
    planes = roofs([0.0], [0.0])
    got = compute_yields(planes, free, AZIMUTHS, standing, links(planes), weather, modules).yields.iloc[0]
    assert got.energy_kwh == pytest.approx(4.4 * energy[1], rel=1e-9)
    assert got.shading_loss == pytest.approx(1 - energy[1] / energy[3], rel=1e-6)


def walled(facing: float, slopes: list[float]) -> NDArray[np.float32]:
    """Share of points that see each height where a wall without end stands before each, across the direction ``facing``, whose top has this slope."""
    across = np.maximum(np.cos(np.radians(AZIMUTHS - facing)), 0.0)
    # Sectors are read linearly, and so are degrees.
    top = np.degrees(np.arctan(np.array(slopes)[:, None] * across[None, :]))
    shares = np.clip(np.arange(91)[None, None, :] - top[:, :, None] + 0.5, 0.0, 1.0)
    return shares.mean(axis=0, keepdims=True).astype(np.float32)


@pytest.mark.parametrize(
    ("tilt", "facing", "pitch"), [(15.0, 180.0, 2.4), (15.0, 215.0, 2.4), (30.0, 180.0, 3.0), (10.0, 90.0, 1.95)]
)
def test_rows_agree_with_skylines_from_points_along_the_slant(
    weather: Sky, tilt: float, facing: float, pitch: float
) -> None:
    """Nothing of the formulas of rows in it: each of sixty points of a module has the row before it as a skyline, read as that of a roof's cell."""
    slant = 1.762
    depth, height = slant * np.cos(np.radians(tilt)), slant * np.sin(np.radians(tilt))
    t = (np.arange(60) + 0.5) / 60
    slopes = (height - t * height) / (pitch - depth + t * depth)
    mount = Mount(np.array([[tilt]]), np.array([[facing]]), ANY)
    hours = daylight_hours(weather)
    by_points, free = plane_irradiance(walled(facing, slopes.tolist()), AZIMUTHS, mount, hours, 0.2)
    rows = replace(mount, rows=behind(1.0, slant, pitch))
    by_rows, _ = plane_irradiance(walled(facing, [0.0]) * 0 + 1, AZIMUTHS, rows, hours, 0.2)
    lost, told = 1 - by_points.sum() / free.sum(), 1 - by_rows.sum() / free.sum()
    assert lost > 0.005
    assert told == pytest.approx(lost, abs=0.002)


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "figure"), [("mea", 1131.0), ("min", 951.0), ("max", 1289.0)])
def test_tokyo_gives_what_webpro_gives(realdata: Path, profile: Profile, name: str, figure: float) -> None:
    """1,131 kWh/kW (951 dull, 1,289 sunny): racks to the south at 10°, isotropic sky, a 96 % inverter."""
    year = read_weather(next((realdata / "metpv").rglob(f"{name}44132*")))
    hours, losses, rack = daylight_hours(year), LossModel.of(profile, "webpro"), Mounting.of(profile, "rack")
    mount = Mount(np.array([[10.0]]), np.array([[180.0]]), rack)
    beam, _, _ = transpose(mount, hours)
    tilted = np.cos(np.radians(10.0))
    isotropic = beam + hours.dhi * (1 + tilted) / 2 + hours.ghi * 0.2 * (1 - tilted) / 2
    assert losses.power(isotropic, hours.temp_air, hours.wind_speed, rack).sum() == pytest.approx(figure, rel=0.003)
    # Perez's sky is brighter round the sun: 1 to 3 % more, and never less, on racks to the south.
    low = profile_from_text(
        profile.text.replace('value = 15.0\nunit = "°"\nlow = 5.0', 'value = 10.0\nunit = "°"\nlow = 5.0'), "test"
    ).with_numbers({"pv.capacity": 2.0})
    assert low.number("pv.rack_tilt") == 10.0
    planes = roofs([0.0], [0.0])
    got = compute_yields(planes, seen(planes, 1.0), AZIMUTHS, NOTHING, links(planes), year, low)
    assert 1.01 < got.yields.specific_yield[0] / figure < 1.03


@pytest.mark.realdata
@pytest.mark.parametrize("file", ["metpv/mea44132.txt", "epw/tokyo.epw"])
def test_tokyo_agrees_with_pvwatts_chain(realdata: Path, profile: Profile, file: str) -> None:
    """PVWatts' own chain: its cell temperature (SAPM), its 14 % losses and 96 % inverter, south 30°."""
    year = read_weather(realdata / file)
    end = year.hours.index
    middle = end - pd.Timedelta(minutes=30)
    hours = year.hours.set_index(middle)
    sun = pvlib.solarposition.get_solarposition(middle, year.latitude, year.longitude, year.altitude)
    poa = pvlib.irradiance.get_total_irradiance(
        30.0, 180.0, sun["apparent_zenith"], sun["azimuth"], hours["dni"], hours["ghi"], hours["dhi"], albedo=0.2,
        model="haydavies", dni_extra=pvlib.irradiance.get_extra_radiation(np.asarray(middle.day_of_year)),
    )["poa_global"].fillna(0.0)  # fmt: skip
    kind = pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"]["open_rack_glass_polymer"]
    cell = pvlib.temperature.sapm_cell(poa, hours["temp_air"], 2.0, **kind)
    dc = pvlib.pvsystem.pvwatts_dc(poa, cell, 1.0, -0.0041) * (1 - pvlib.pvsystem.pvwatts_losses() / 100)
    chain = pvlib.inverter.pvwatts(dc, 1.0, eta_inv_nom=0.96).sum()
    planes = roofs([30.0], [180.0])
    got = compute_yields(planes, seen(planes, 1.0), AZIMUTHS, NOTHING, links(planes), year, profile)
    assert got.yields.specific_yield[0] == pytest.approx(chain, rel=0.04)
