"""EPW against pvlib's reader, and files that are no weather at all."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.resources import resource_path
from kawasolar.weather import read_weather
from kawasolar.weather import text as text_module
from kawasolar.weather.year import fill_gaps, split_from_beam_horizontal

if TYPE_CHECKING:
    from pathlib import Path

DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def epw_lines(*, leap: bool = False, zone: float = 9.0, latitude: float = 35.6, longitude: float = 139.6) -> list[str]:
    """A year of EPW with a clear-looking day: GHI 500 from 9 to 15 h, DNI 300, DHI 300."""
    head = [
        f"LOCATION,Sample,-,JPN,Made,000000,{latitude},{longitude},{zone},30",
        *["X"] * 6,
        "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
    ]
    for month, days in enumerate(DAYS_IN_MONTH, start=1):
        for day in range(1, days + 1 + (leap and month == 2)):
            for hour in range(1, 25):
                sunny = 9 < hour <= 15
                fields = [2001, month, day, hour, 0, "?", 15.5, 5, 50, 101300, 0, 0, 0]
                fields += [500, 300, 300] if sunny else [0, 0, 0]
                fields += [0, 0, 0, 0, 90, 2.5, 0, 0]
                head.append(",".join(str(field) for field in fields))
    return head


def write(folder: Path, lines: list[str], name: str = "a.epw", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def refused(path: Path, code: str) -> UnreadableWeather:
    with pytest.raises(UnreadableWeather) as caught:
        read_weather(path)
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.mark.realdata
def test_tokyo_epw_against_pvlib(realdata: Path) -> None:
    from pvlib.iotools import read_epw

    path = realdata / "epw" / "tokyo.epw"
    weather = read_weather(path)
    theirs, _ = read_epw(path)
    np.testing.assert_allclose(weather.hours["ghi"], theirs["ghi"])
    np.testing.assert_allclose(weather.hours["temp_air"], theirs["temp_air"])
    np.testing.assert_allclose(weather.hours["wind_speed"], theirs["wind_speed"])
    assert weather.ghi_kwh_m2 == pytest.approx(1309.3, abs=0.05)
    assert weather.hours["dni"].sum() / 1000 == pytest.approx(1025.3, rel=0.01)
    assert weather.hours["dhi"].sum() / 1000 == pytest.approx(709.5, rel=0.01)
    up = np.maximum(sun_position(weather.hours.index, weather.latitude, weather.longitude, 9.0).cos_zenith, 0.0)
    np.testing.assert_allclose(weather.hours["ghi"], weather.hours["dni"] * up + weather.hours["dhi"], atol=1e-9)
    # pvlib labels the begin of the hour, we the end.
    assert weather.hours.index[0].hour == theirs.index[0].hour + 1
    assert weather.hours.index[0].utcoffset() == timedelta(hours=9)


def test_epw_keeps_its_own_zone(tmp_path: Path) -> None:
    weather = read_weather(write(tmp_path, epw_lines(zone=-3.5, latitude=40.0, longitude=-52.7)))
    assert weather.hours.index[0].utcoffset() == timedelta(hours=-3.5)
    assert weather.ghi_kwh_m2 == pytest.approx(365 * 6 * 0.5)
    assert weather.kind == "tmy"
    assert "weather.clock_off" not in [finding.code for finding in weather.findings]


def test_a_clock_an_hour_and_a_half_off_is_said(tmp_path: Path) -> None:
    """Three dark afternoons' share: 15 h becomes 16:30 at the sun, after sunset on the shortest days only."""
    weather = read_weather(write(tmp_path, epw_lines(zone=6.5)))
    assert "weather.clock_off" in [finding.code for finding in weather.findings]


# The made light lies about 12:00; the sun is highest at 12 − (longitude / 15 − zone), 2:42 for UTC at 139.6° E.
@pytest.mark.parametrize(
    ("zone", "longitude", "hours"), [(0.0, 139.6, "+9.3"), (9.0, -139.6, "+5.7"), (14.0, 139.6, "-4.7")]
)
def test_light_in_the_night_is_refused(tmp_path: Path, zone: float, longitude: float, hours: str) -> None:
    error = refused(write(tmp_path, epw_lines(zone=zone, longitude=longitude)), "weather.clock_wrong")
    assert (error.details["hours"], error.details["zone"]) == (hours, f"UTC{zone:+g}")


def test_seasons_of_the_other_hemisphere_are_refused(tmp_path: Path) -> None:
    """Summer light in June belongs north: the same file with −40° has more in June than reaches the ground there."""
    lines = epw_lines(latitude=40.0)
    bright = tuple(f"2001,{month}," for month in (5, 6, 7))
    summer = [line.replace(",500,300,300,", ",700,400,300,") if line.startswith(bright) else line for line in lines]
    assert read_weather(write(tmp_path, summer)).latitude == 40.0
    error = refused(write(tmp_path, [summer[0].replace(",40.0,", ",-40.0,"), *summer[1:]]), "weather.hemisphere")
    assert (error.details["month"], error.details["latitude"]) in {(5, "-40"), (6, "-40"), (7, "-40")}


def test_more_light_than_the_sky_sends_is_refused(tmp_path: Path) -> None:
    """December at 47.6° N: 500 W/m² for six hours a day is more than there is outside the atmosphere."""
    error = refused(write(tmp_path, epw_lines(latitude=47.6)), "weather.too_bright")
    assert (error.details["month"], error.details["found"]) == (12, "93")


def test_leap_year_loses_29_february(tmp_path: Path) -> None:
    lines = epw_lines(leap=True)
    assert len(lines) == 8 + 8784
    weather = read_weather(write(tmp_path, lines))
    assert len(weather.hours) == 8760
    assert "weather.leap_day_dropped" in [finding.code for finding in weather.findings]


def test_8784_hours_without_29_february(tmp_path: Path) -> None:
    lines = epw_lines()
    assert refused(write(tmp_path, lines + lines[-24:]), "weather.hour_count").details["found"] == 8784


def test_an_hour_twice(tmp_path: Path) -> None:
    lines = epw_lines()
    lines[100] = lines[99]
    assert refused(write(tmp_path, lines), "weather.no_such_hour").details["line"] == 101


def test_epw_cut_off(tmp_path: Path) -> None:
    assert refused(write(tmp_path, epw_lines()[:5000]), "weather.hour_count").details["found"] == 4992
    assert refused(write(tmp_path, epw_lines()[:4]), "weather.no_data_periods").details["line"] == 4
    lines = epw_lines()
    lines[-1] = lines[-1][:30]
    assert refused(write(tmp_path, lines), "weather.short_row").details["line"] == 8768


def test_letters_in_an_epw(tmp_path: Path) -> None:
    lines = epw_lines()
    lines[20] = lines[20].replace(",500,", ",5OO,", 1)
    error = refused(write(tmp_path, lines), "weather.not_a_number")
    assert (error.details["line"], error.details["column"], error.details["found"]) == (21, "ghi", "5OO")


def test_epw_without_global_is_summed_from_its_parts(tmp_path: Path) -> None:
    lines = [
        line.replace(",500,300,300,", ",9999,300,300,").replace(",0,0,0,0,0,0,0,90", ",9999,0,0,0,0,0,0,90")
        if at >= 8
        else line
        for at, line in enumerate(epw_lines())
    ]
    # 9999 by day and by night is no GHI at all.
    lines = [line.replace(",0,0,0,0,0,0,0,0,0,0,90", ",0,0,0,9999,0,0,0,0,0,0,90") for line in lines]
    weather = read_weather(write(tmp_path, lines))
    hours = weather.hours
    up = np.maximum(sun_position(hours.index, 35.6, 139.6, 30.0).cos_zenith, 0.0)
    sunny = (hours.index.hour > 9) & (hours.index.hour <= 15)
    np.testing.assert_allclose(hours["ghi"][sunny], 300.0 * up[sunny] + 300.0)
    assert "weather.ghi_from_parts" in [finding.code for finding in weather.findings]


def test_missing_temperature_is_bridged_across_new_year(tmp_path: Path) -> None:
    lines = epw_lines()
    for at in (8, 9, -1, -2):
        lines[at] = lines[at].replace(",15.5,", ",99.9,")
    weather = read_weather(write(tmp_path, lines))
    assert weather.hours["temp_air"].to_numpy() == pytest.approx(15.5)
    finding = next(finding for finding in weather.findings if finding.code == "weather.gaps_filled")
    assert finding.details["longest"] == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    lines = epw_lines()
    lines[0] = lines[0].replace("Sample", "溝口")
    assert read_weather(write(tmp_path, lines, encoding=encoding)).station == "溝口"


def test_latin_1_header(tmp_path: Path) -> None:
    lines = epw_lines()
    lines[0] = lines[0].replace("Sample", "Göteborg ÿ\xff")
    assert read_weather(write(tmp_path, lines, encoding="latin-1")).ghi_kwh_m2 == pytest.approx(1095.0)


def test_no_weather_at_all(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    refused(empty, "weather.empty")
    empty.write_bytes(b"\r\n \r\n")
    refused(empty, "weather.empty")
    binary = tmp_path / "weather.xlsx"
    binary.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 4)
    refused(binary, "weather.not_text")
    refused(tmp_path, "weather.is_folder")
    refused(tmp_path / "nowhere.epw", "weather.missing")
    other = write(tmp_path, ["施設番号,施設名称", "1,本庁舎"], "ledger.csv", "cp932")
    assert refused(other, "weather.unknown_format").details["found"] == "施設番号,施設名称"


def test_large_files_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.epw"
    with path.open("wb") as file:
        file.truncate(text_module.MAX_BYTES + 1)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setattr("pathlib.Path.open", never)
    refused(path, "weather.too_large")


@pytest.mark.realdata
def test_other_real_csv_is_refused(realdata: Path) -> None:
    refused(realdata / "plateau_kaga" / "data_201001_202312_KOMATSU.csv", "weather.unknown_format")


def test_every_code_raised_has_words() -> None:
    """Codes in the source stand in the catalogue, and none stands there in vain."""
    with resource_path("words", "weather.toml").open("rb") as file:
        words = tomllib.load(file)
    folder = resource_path().parent / "kawasolar" / "weather"
    source = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    for code, texts in words.items():
        assert set(texts) == {"ja", "en"}
        used = code.removeprefix("weather.column.")
        assert code.startswith("weather.kind.") or f'"{used}"' in source, code


@given(
    st.lists(
        st.tuples(st.floats(0, 1200), st.floats(0, 1200), st.floats(-1, 1), st.floats(1300, 1420)),
        min_size=1,
        max_size=50,
    )
)
def test_split_always_closes(rows: list[tuple[float, float, float, float]]) -> None:
    ghi, beam, cosine, limit = (np.array(column) for column in zip(*rows, strict=True))
    dni, dhi, moved = split_from_beam_horizontal(ghi, beam, cosine, limit)
    np.testing.assert_allclose(dni * np.maximum(cosine, 0) + dhi, ghi, atol=1e-9)
    assert (dni <= limit).all()
    assert (dhi >= 0).all()
    assert -1e-6 <= moved <= np.minimum(beam, ghi).sum() + 1e-6


def test_a_column_with_nothing_in_it() -> None:
    with pytest.raises(UnreadableWeather, match=r"weather\.gap"):
        fill_gaps(np.full(8760, np.nan), "wind_speed", "a.epw")
