"""The year's table against pvlib hour by hour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pvlib import atmosphere, irradiance

from gis.irradiation import SKYLINE_SCALE, irradiation, sunlit_fractions
from gis.sky import SkyTable, perez_parts
from gis.sun import sun_position

LATITUDE, LONGITUDE, ALBEDO = 35.6, 139.6, 0.2
# The weather is made here, from a clear sky with a drawn clearness a day: no file, and every oracle sees the same.


@pytest.fixture(scope="module")
def hours() -> pd.DataFrame:
    index = pd.date_range("2023-01-01 01:00", periods=8760, freq="h", tz="Asia/Tokyo")
    sun = sun_position(index, LATITUDE, LONGITUDE)
    rng = np.random.default_rng(4)
    clearness = np.repeat(rng.beta(2.0, 1.3, 365), 24) * 0.8
    ghi = 1361 * np.maximum(sun.cos_zenith, 0) * clearness
    split = irradiance.erbs(ghi, 90 - sun.elevation, index.day_of_year.to_numpy())
    dni = np.where(sun.elevation > 2, np.nan_to_num(np.asarray(split["dni"])), 0.0)
    dhi = ghi - dni * np.maximum(sun.cos_zenith, 0)
    return pd.DataFrame({"ghi": ghi, "dni": dni, "dhi": dhi}, index=index)


@pytest.fixture(scope="module")
def table(hours: pd.DataFrame) -> SkyTable:
    return SkyTable.from_weather(hours, LATITUDE, LONGITUDE, albedo=ALBEDO)


def normal(tilt: float, azimuth: float) -> NDArray[np.float64]:
    b, a = np.radians(tilt), np.radians(azimuth)
    return np.array([np.sin(b) * np.sin(a), np.sin(b) * np.cos(a), np.cos(b)])


def pvlib_year(hours: pd.DataFrame, tilt: float, azimuth: float) -> float:
    sun = sun_position(pd.DatetimeIndex(hours.index), LATITUDE, LONGITUDE)
    zenith = 90 - sun.elevation
    found = irradiance.get_total_irradiance(
        tilt, azimuth, zenith, sun.azimuth, hours.dni.to_numpy(), hours.ghi.to_numpy(), hours.dhi.to_numpy(),
        dni_extra=np.asarray(irradiance.get_extra_radiation(pd.DatetimeIndex(hours.index).day_of_year.to_numpy())),
        airmass=atmosphere.get_relative_airmass(np.minimum(zenith, 90)), albedo=ALBEDO, model="perez",
    )  # fmt: skip
    return float(np.nansum(found["poa_global"]) / 1000)


@pytest.mark.parametrize(
    ("tilt", "azimuth"), [(0, 180), (5, 180), (10, 180), (30, 180), (30, 90), (30, 270), (30, 0), (45, 135), (60, 220)]
)
def test_open_plane_is_pvlibs_perez_sum(hours: pd.DataFrame, table: SkyTable, tilt: float, azimuth: float) -> None:
    assert table.on_open_plane(normal(tilt, azimuth)) == pytest.approx(pvlib_year(hours, tilt, azimuth), rel=0.004)


def test_open_horizontal_is_the_weathers_ghi(hours: pd.DataFrame, table: SkyTable) -> None:
    assert table.ghi.sum() == pytest.approx(hours.ghi.sum() / 1000, rel=1e-12)
    assert table.on_open_plane(normal(0, 0)) == pytest.approx(table.ghi.sum(), rel=1e-3)


def test_months_are_parts_of_the_year(hours: pd.DataFrame, table: SkyTable) -> None:
    np.testing.assert_allclose(table.months.sum(axis=0), table.year, rtol=1e-12)
    january = hours.ghi.to_numpy()[: 31 * 24].sum() / 1000
    assert table.ghi[0] == pytest.approx(january, rel=1e-12)


def test_perez_parts_lose_no_light(hours: pd.DataFrame) -> None:
    index = pd.DatetimeIndex(hours.index)
    sun = sun_position(index, LATITUDE, LONGITUDE)
    parts = perez_parts(index, sun, hours.dni.to_numpy(), hours.dhi.to_numpy())
    total = parts.isotropic + parts.circumsolar * np.maximum(sun.cos_zenith, 0)
    np.testing.assert_allclose(total, hours.dhi.to_numpy(), atol=1e-9)


def hourly_sum(hours: pd.DataFrame, skyline: NDArray[np.float64], tilt: float, azimuth: float) -> float:
    """Direct sum over the hours: the sun above the skyline of its azimuth, the diffuse sky on a half-degree mesh."""
    index = pd.DatetimeIndex(hours.index)
    sun = sun_position(index, LATITUDE, LONGITUDE)
    parts = perez_parts(index, sun, hours.dni.to_numpy(), hours.dhi.to_numpy())
    n = normal(tilt, azimuth)
    sectors = len(skyline)
    sector = np.round(sun.azimuth / (360 / sectors)).astype(int) % sectors
    a, e = np.radians(sun.azimuth), np.radians(sun.elevation)
    cosine = np.cos(e) * (np.sin(a) * n[0] + np.cos(a) * n[1]) + np.sin(e) * n[2]
    lit = (sun.elevation > 0) & (sun.elevation > skyline[sector]) & (cosine > 0)
    beam = ((hours.dni.to_numpy() + parts.circumsolar) * cosine)[lit].sum()
    azimuths = np.radians(np.arange(0.25, 360, 0.5))
    elevations = np.radians(np.arange(0.25, 90, 0.5))
    aa, ee = np.meshgrid(azimuths, elevations, indexing="ij")
    here = np.round(np.degrees(aa) / (360 / sectors)).astype(int) % sectors
    cosine = np.cos(ee) * (np.sin(aa) * n[0] + np.cos(aa) * n[1]) + np.sin(ee) * n[2]
    seen = (np.degrees(ee) > skyline[here]) & (cosine > 0)
    patch = np.radians(0.5) ** 2 * np.cos(ee)
    sky = parts.isotropic.sum() * (cosine * patch)[seen].sum() / np.pi
    across = np.sin(azimuths) * n[0] + np.cos(azimuths) * n[1]
    open_band = np.clip(1 - skyline[np.round(np.degrees(azimuths) / (360 / sectors)).astype(int) % sectors] / 6.5, 0, 1)
    band = parts.horizon.sum() * (np.clip(across, 0, None) * open_band).sum() * np.radians(0.5) / 2
    ground = hours.ghi.sum() * ALBEDO * (1 - n[2]) / 2
    return float((beam + sky + band + ground) / 1000)


def test_shaded_planes_against_the_sum_over_hours(hours: pd.DataFrame, table: SkyTable) -> None:
    rng = np.random.default_rng(11)
    errors = []
    for _ in range(40):
        smooth = np.clip(np.convolve(rng.uniform(-15, 45, 96), np.ones(8) / 8, "same")[:64] + rng.uniform(0, 15), 0, 75)
        tilt, azimuth = rng.uniform(0, 45), rng.uniform(0, 360)
        mine = irradiation(table, smooth[None], normal(tilt, azimuth)[None])[0]
        errors.append(mine / hourly_sum(hours, smooth, tilt, azimuth) - 1)
    assert float(np.sqrt(np.mean(np.square(errors)))) < 0.005
    assert float(np.abs(errors).max()) < 0.015


def test_wall_to_the_zenith_leaves_the_ground(table: SkyTable) -> None:
    dark = irradiation(table, np.full((1, 64), 90.0), normal(30, 180)[None])[0]
    assert dark == pytest.approx(table.ghi.sum() * ALBEDO * (1 - np.cos(np.radians(30))) / 2, rel=1e-9)


def test_half_the_sky_of_a_uniform_sky(table: SkyTable) -> None:
    # Under a wall that hides the southern half of the sky, half of a uniform sky is left on the horizontal.
    north_half = table.sky[(np.cos(np.radians(table.azimuths)) > 1e-9)][:, 0, 2].sum()
    edge = table.sky[np.abs(np.cos(np.radians(table.azimuths))) <= 1e-9][:, 0, 2].sum()
    assert north_half + edge / 2 == pytest.approx(0.5, rel=1e-9)
    assert table.sky[:, 0, 2].sum() == pytest.approx(1.0, rel=1e-12)


def test_sunlit_fractions_of_known_cells() -> None:
    degrees = np.array([[10.0, 0.0], [20.5, 0.0], [90.0, 45.0]])
    skyline = np.round(degrees * SKYLINE_SCALE).astype(np.uint16)
    found = sunlit_fractions(skyline, np.array([0, 0, 1]), 2, np.ones(3))
    assert found.shape == (2, 2, 91)
    assert found[0, 0, 9] == 0.0
    assert found[0, 0, 10] == 0.5
    assert found[0, 0, 20] == 0.5
    assert found[0, 0, 21] == 1.0
    assert (found[0, 1] == 1.0).all()
    assert found[1, 0, 89] == 0.0
    assert found[1, 0, 90] == 1.0


@pytest.mark.realdata
def test_tokyo_epw_year(realdata: Path) -> None:
    from pvlib import iotools

    data, meta = iotools.read_epw(realdata / "epw" / "tokyo.epw")
    index = pd.date_range("2023-01-01 01:00", periods=8760, freq="h", tz="Asia/Tokyo")
    year = pd.DataFrame({name: data[name].to_numpy(dtype=float) for name in ("ghi", "dni", "dhi")}, index=index)
    sky = SkyTable.from_weather(year, meta["latitude"], meta["longitude"], albedo=0.2)
    assert sky.ghi.sum() == pytest.approx(1309.3, abs=0.1)
    # Beam and diffuse of this file do not sum to its GHI exactly; the table holds the parts.
    assert sky.on_open_plane(normal(0, 0)) == pytest.approx(1303.9, abs=0.5)
