"""Monthly normals: what must be exact, what must be like the observed year, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather import hourly_from_normals, months_of, read_weather
from kawasolar.weather.normals import day_quantiles

if TYPE_CHECKING:
    from pathlib import Path

# Made up, of the order of the Kanto plain.
GHI = (86.0, 92.0, 121.0, 142.0, 158.0, 133.0, 147.0, 152.0, 108.0, 92.0, 76.0, 75.0)
TEMPERATURE = (5.4, 6.1, 9.4, 14.3, 18.8, 21.9, 25.7, 26.9, 23.3, 18.0, 12.5, 7.7)
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def normals() -> pd.DataFrame:
    return pd.DataFrame(
        {"month": np.arange(1, 13), "ghi_kwh_m2": GHI, "temp_air": TEMPERATURE, "wind_speed": np.linspace(2.0, 3.1, 12)}
    )


def write(
    path: Path, heading: str, factor: float, *, per_day: bool, comments: str = "", encoding: str = "utf-8"
) -> Path:
    rows = [
        f"{month + 1},{GHI[month] * factor / (DAYS[month] if per_day else 1)!r},{TEMPERATURE[month]},2.5"
        for month in range(12)
    ]
    path.write_text(comments + heading + "\n" + "\n".join(rows) + "\n", encoding=encoding)
    return path


def test_months_are_exact() -> None:
    hours = hourly_from_normals(normals(), 35.6, 139.6, 30.0)
    months = months_of(hours.index)
    np.testing.assert_allclose(hours["ghi"].groupby(months).sum() / 1000, GHI, rtol=1e-9)
    np.testing.assert_allclose(hours["temp_air"].groupby(months).mean(), TEMPERATURE, atol=1e-6)
    np.testing.assert_allclose(hours["wind_speed"].groupby(months).mean(), normals()["wind_speed"], atol=1e-6)
    up = np.maximum(sun_position(hours.index, 35.6, 139.6, 30.0).cos_zenith, 0.0)
    np.testing.assert_allclose(hours["ghi"], hours["dni"] * up + hours["dhi"], atol=1e-9)
    assert (hours[["ghi", "dni", "dhi"]] >= 0).all().all()
    assert (hours["ghi"][up == 0] == 0).all()
    assert len(hours) == 8760
    assert not hours.isna().any().any()


def test_seed_changes_the_order_of_the_days_only() -> None:
    first, again, other = (hourly_from_normals(normals(), 35.6, 139.6, seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not np.allclose(first["ghi"], other["ghi"])
    assert first["dni"].sum() == pytest.approx(other["dni"].sum(), rel=0.02)


@pytest.mark.realdata
def test_like_the_observed_year(realdata: Path) -> None:
    """From Tokyo's own monthly sums: the diffuse share and the irradiation of tilted planes within a few per cent."""
    from pvlib.irradiance import get_total_irradiance

    observed = read_weather(realdata / "metpv" / "mea44132.txt")
    months = months_of(observed.hours.index)
    table = pd.DataFrame(
        {
            "month": np.arange(1, 13),
            "ghi_kwh_m2": observed.months_ghi_kwh_m2,
            "temp_air": observed.hours["temp_air"].groupby(months).mean().to_numpy(),
            "wind_speed": observed.hours["wind_speed"].groupby(months).mean().to_numpy(),
        }
    )
    made = hourly_from_normals(table, observed.latitude, observed.longitude, observed.altitude)
    sun = sun_position(made.index, observed.latitude, observed.longitude, observed.altitude)
    for tilt, azimuth in ((30, 180), (30, 90), (20, 270)):
        planes = [
            get_total_irradiance(tilt, azimuth, 90 - sun.elevation, sun.azimuth, h["dni"], h["ghi"], h["dhi"])[
                "poa_global"
            ].sum()
            for h in (made, observed.hours)
        ]
        assert planes[0] == pytest.approx(planes[1], rel=0.04)
    # Bright and dull days: the spread of the daily sums is that of the observed year.
    spreads = [h["ghi"].to_numpy().reshape(365, 24).sum(axis=1).std() for h in (made, observed.hours)]
    assert spreads[0] == pytest.approx(spreads[1], rel=0.12)
    # Solar noon stands where it does: centre of gravity of the mean day within a quarter of an hour.
    clock = np.tile(np.arange(24) + 0.5, 365)
    centres = [float((h["ghi"] * clock).sum() / h["ghi"].sum()) for h in (made, observed.hours)]
    assert centres[0] == pytest.approx(centres[1], abs=0.25)


@given(st.floats(0.2, 0.75), st.integers(28, 31))
def test_quantiles_of_the_days(mean: float, count: int) -> None:
    """Rising, between the dullest and the brightest day, and about their mean (Bendt's own fit: within 0.03)."""
    days = day_quantiles(mean, count)
    assert (np.diff(days) > 0).all()
    assert days[0] >= 0.05
    assert days[-1] < 0.9
    assert days.mean() == pytest.approx(mean, abs=0.03)


@pytest.mark.parametrize(
    ("heading", "factor", "per_day"),
    [
        ("month,ghi (kWh/m2/month),temp_air,wind_speed", 1.0, False),
        ("月,全天日射量(kWh/m2),平均気温(℃),平均風速(m/s)", 1.0, False),
        ("月,全天日射量(kWh/㎡・日),平均気温(℃),平均風速(m/s)", 1.0, True),
        ("月,平均全天日射量(MJ/㎡),平均気温(℃),平均風速(m/s)", 3.6, True),
        ("Month,GHI [kWh/m2/day],Temp,Wind", 1.0, True),
        ("月,月別全天日射量（MJ/㎡・月）,気温,風速", 3.6, False),
    ],
)
def test_units_of_the_heading(tmp_path: Path, heading: str, factor: float, per_day: bool) -> None:
    comments = '"# a comma, so Excel quotes it"\n# 地点=作成した町,,,\n# latitude=35.6\n"# 経度=139.6"\n'
    weather = read_weather(
        write(tmp_path / "n.csv", heading, factor, per_day=per_day, comments=comments, encoding="utf-8")
    )
    np.testing.assert_allclose(weather.months_ghi_kwh_m2, GHI, rtol=1e-9)
    assert (weather.kind, weather.station, weather.latitude) == ("normals", "作成した町", 35.6)
    assert [finding.code for finding in weather.findings] == ["weather.from_normals"]


def test_cp932_and_the_place_by_argument(tmp_path: Path) -> None:
    heading = "月,全天日射量(kWh/m2・日),平均気温,平均風速"
    path = write(tmp_path / "平年値.csv", heading, 1.0, per_day=True, encoding="cp932")
    weather = read_weather(path, latitude=35.6, longitude=139.6)
    assert weather.ghi_kwh_m2 == pytest.approx(sum(GHI))
    assert [(found.code, found.found) for found in weather.findings[1:]] == [("weather.place_of_site", "35.60, 139.60")]
    with pytest.raises(UnreadableWeather, match=r"weather\.no_place"):
        read_weather(path)
    with pytest.raises(UnreadableWeather, match=r"weather\.impossible_place"):
        read_weather(path, latitude=-11000.0, longitude=139.6)


def test_the_place_in_the_file_counts_before_the_site_s(tmp_path: Path) -> None:
    """Normals are those of their station; a longitude alone is no place."""
    comments = "# 緯度=43.1\n# 経度=141.3\n"
    heading = "月,全天日射量(kWh/m2),平均気温,平均風速"
    path = write(tmp_path / "n.csv", heading, 0.9, per_day=False, comments=comments)
    weather = read_weather(path, latitude=35.6, longitude=139.6)
    assert (weather.latitude, weather.longitude) == (43.1, 141.3)
    assert "weather.place_of_site" not in [finding.code for finding in weather.findings]
    path = write(tmp_path / "n.csv", heading, 0.9, per_day=False, comments="# 経度=141.3\n")
    weather = read_weather(path, latitude=35.6, longitude=139.6)
    assert (weather.latitude, weather.longitude) == (35.6, 141.3)
    assert "weather.place_of_site" in [finding.code for finding in weather.findings]


@pytest.mark.parametrize(
    ("heading", "factor", "code"),
    [
        ("月,全天日射量,平均気温,平均風速", 1.0, "weather.no_unit"),
        ("月,全天日射量(kWh/m2),平均気温,降水量", 1.0, "weather.no_column"),
        ("月,全天日射量(MJ/m2・日),平均気温,平均風速", 1.0, "weather.normal_impossible"),
    ],
)
def test_headings_that_do_not_do(tmp_path: Path, heading: str, factor: float, code: str) -> None:
    path = write(tmp_path / "n.csv", heading, factor, per_day=False)
    with pytest.raises(UnreadableWeather) as caught:
        read_weather(path, latitude=35.6, longitude=139.6)
    assert caught.value.code == code
    assert caught.value.details["file"] == "n.csv"


def test_a_missing_month_and_a_word(tmp_path: Path) -> None:
    path = write(tmp_path / "n.csv", "month,ghi (kWh/m2),temp,wind", 1.0, per_day=False)
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(UnreadableWeather, match=r"weather\.months"):
        read_weather(path, latitude=35.6, longitude=139.6)
    lines[3] = lines[3].replace("121.0", "///")
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(UnreadableWeather) as caught:
        read_weather(path, latitude=35.6, longitude=139.6)
    assert (caught.value.code, caught.value.details["line"], caught.value.details["column"]) == (
        "weather.not_a_number",
        4,
        "ghi",
    )
