"""METPV-20, text and CSV: against the files' own digits and sums, and against files broken on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gis.sun import sun_position
from kawasolar.errors import UnreadableWeather
from kawasolar.weather import Weather, read_weather

if TYPE_CHECKING:
    from pathlib import Path

DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def rows_of_year(*, flagged: bool, leap: bool = False) -> list[str]:
    """A year of METPV-20 in which hour h of day n has the GHI of a fixed daily pattern."""
    pattern = [0] * 24
    pattern[7:17] = [20, 80, 140, 180, 200, 200, 180, 140, 80, 20]
    rows = []
    number = 0
    for month, days in enumerate(DAYS_IN_MONTH, start=1):
        for day in range(1, days + 1 + (leap and month == 2)):
            number += 1
            for element in range(1, 11):
                scale = {1: 1.0, 2: 0.5, 3: 0.5}.get(element)
                values = [int(value * scale) for value in pattern] if scale else [element] * 24
                if element == 5:
                    values = [-35] * 24
                rows.append(_row(element, month, day, values, number, flagged=flagged))
    return rows


def _row(element: int, month: int, day: int, values: list[int], number: int, *, flagged: bool) -> str:
    tail = [max(values), 8888, sum(values), 8888, number]
    if not flagged:
        return ",".join(str(value) for value in [element, month, day, "2010.0", *values, *tail])
    remarked = [(abs(value) * 10 + 3) * (-1 if value < 0 else 1) for value in values]
    return f"{element:05d} {month:2d}{day:2d} 2010" + "".join(f"{value:5d}" for value in [*remarked, *tail])


HEADERS = {True: "99999 TOWN                   35 36.0  139 37.0    40.0", False: "99999,TOWN,35,36.0,139,37.0,40.0"}


def write(folder: Path, rows: list[str], *, flagged: bool, name: str = "meatown.txt") -> Path:
    path = folder / name
    path.write_text("\r\n".join([HEADERS[flagged], *rows]) + "\r\n", encoding="ascii", newline="")
    return path


def refused(path: Path, code: str) -> UnreadableWeather:
    with pytest.raises(UnreadableWeather) as caught:
        read_weather(path)
    assert caught.value.code == code, caught.value
    return caught.value


def assert_closed(weather: Weather) -> None:
    """GHI = DNI cos + DHI in every hour, nothing negative, nothing above the sun."""
    hours = weather.hours
    sun = sun_position(hours.index, weather.latitude, weather.longitude, weather.altitude)
    up = np.maximum(sun.cos_zenith, 0.0)
    np.testing.assert_allclose(hours["ghi"], hours["dni"] * up + hours["dhi"], atol=1e-9)
    assert (hours[["ghi", "dni", "dhi"]] >= 0.0).all().all()
    assert hours["dni"].max() < 1420.0
    assert (hours.loc[up <= 0.0, "dni"] == 0.0).all()


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "kind", "ghi"),
    [
        ("metpv/mea44132.txt", "average", 1367.8),
        ("metpv/max44132.txt", "sunny", 1559.1),
        ("metpv/min44132.txt", "dull", 1147.8),
        ("plateau_kaga/hm56276year_KOMATSU.csv", "average", 1325.7),
    ],
)
def test_yearly_sums_of_real_files(realdata: Path, file: str, kind: str, ghi: float) -> None:
    """Tokyo average and Komatsu are published check values; sunny and dull are the files' own daily sums."""
    weather = read_weather(realdata / file)
    assert weather.ghi_kwh_m2 == pytest.approx(ghi, abs=0.05)
    assert weather.kind == kind
    assert_closed(weather)
    # The file's own sum field, which the reader does not use: to the rounding of the hours.
    lines = (realdata / file).read_text("ascii").splitlines()[1:]
    fields = [line.split(",") if "," in line else [line[:5], *[""] * 29, line[145:150]] for line in lines]
    total = sum(float(row[30]) for row in fields if int(row[0]) == 1) / 360.0
    assert weather.ghi_kwh_m2 == pytest.approx(total, rel=2e-3)


@pytest.mark.realdata
def test_first_day_of_tokyo_by_hand(realdata: Path) -> None:
    """1 January: 07–08 h reads `  251`, that is 0.25 MJ/m² and a remark; 11–12 h reads ` 1971`."""
    weather = read_weather(realdata / "metpv" / "mea44132.txt")
    hours = weather.hours
    assert str(hours.index[0]) == "2023-01-01 01:00:00+09:00"
    assert str(hours.index[-1]) == "2024-01-01 00:00:00+09:00"
    assert len(hours) == 8760
    assert hours["ghi"].iloc[7] == pytest.approx(0.25e6 / 3600.0)
    assert hours["ghi"].iloc[12] == pytest.approx(1.92e6 / 3600.0)
    assert hours["ghi"].iloc[:7].sum() == 0.0
    # Direct horizontal at 11–12 h reads ` 1609`: 1.60 MJ/m²; the rest is diffuse.
    assert hours["dhi"].iloc[11] == pytest.approx((1.97e6 - 1.60e6) / 3600.0, rel=1e-6)
    assert weather.latitude == pytest.approx(35 + 41.5 / 60)
    assert weather.longitude == pytest.approx(139.75)
    assert weather.altitude == 25.0
    assert weather.station == "44132 TOKYO"


@pytest.mark.realdata
def test_moved_beam_is_tiny_and_said(realdata: Path) -> None:
    weather = read_weather(realdata / "metpv" / "mea44132.txt")
    moved = next(finding for finding in weather.findings if finding.code == "weather.beam_as_diffuse")
    assert 0.0 < float(str(moved.details["moved_kwh_m2"])) < 1.0
    # Dividing by the sun at mid-hour gave 1,414 W/m² at sunset.
    assert weather.hours["dni"].max() < 950.0


@pytest.mark.parametrize("flagged", [True, False])
def test_both_flavours_give_the_same_year(tmp_path: Path, flagged: bool) -> None:
    weather = read_weather(write(tmp_path, rows_of_year(flagged=flagged), flagged=flagged))
    assert weather.ghi_kwh_m2 == pytest.approx(365 * 12.4 / 3.6)
    assert weather.months_ghi_kwh_m2[1] == pytest.approx(28 * 12.4 / 3.6)
    assert weather.hours["temp_air"].unique() == pytest.approx([-3.5])
    assert weather.hours["wind_speed"].unique() == pytest.approx([0.7])
    assert weather.summary().ghi_kwh_m2 == weather.ghi_kwh_m2
    assert_closed(weather)


def test_leap_day_is_dropped_and_said(tmp_path: Path) -> None:
    weather = read_weather(write(tmp_path, rows_of_year(flagged=True, leap=True), flagged=True))
    assert len(weather.hours) == 8760
    assert "weather.leap_day_dropped" in [finding.code for finding in weather.findings]


def test_cut_off_by_one_row(tmp_path: Path) -> None:
    error = refused(write(tmp_path, rows_of_year(flagged=True)[:-1], flagged=True), "weather.row_count")
    assert (error.details["found"], error.details["expected"], error.details["line"]) == (3649, 3650, 3650)


def test_cut_off_within_a_row(tmp_path: Path) -> None:
    rows = rows_of_year(flagged=True)
    rows[-1] = rows[-1][:60]
    error = refused(write(tmp_path, rows, flagged=True), "weather.short_row")
    assert error.details["line"] == 3651


@pytest.mark.parametrize("flagged", [True, False])
def test_letters_in_a_number(tmp_path: Path, flagged: bool) -> None:
    rows = rows_of_year(flagged=flagged)
    rows[10] = rows[10].replace("803" if flagged else ",80,", " X3" if flagged else ",8O,", 1)
    error = refused(write(tmp_path, rows, flagged=flagged), "weather.not_a_number")
    assert error.details["line"] == 12
    assert error.details["column"] == 13
    assert error.details["found"] == ("X3" if flagged else "8O")


def test_a_day_twice_is_no_year(tmp_path: Path) -> None:
    rows = rows_of_year(flagged=True)
    rows[20] = rows[10]
    error = refused(write(tmp_path, rows, flagged=True), "weather.day_count")
    assert error.details["element"] == 1


def test_a_day_that_does_not_exist(tmp_path: Path) -> None:
    rows = rows_of_year(flagged=True)
    rows[0] = rows[0].replace("00001  1 1", "00001 1332", 1)
    error = refused(write(tmp_path, rows, flagged=True), "weather.no_such_day")
    assert error.details["line"] == 2


@pytest.mark.parametrize(("hours", "accepted"), [(6, True), (7, False)])
def test_missing_hours_are_bridged_up_to_six(tmp_path: Path, hours: int, accepted: bool) -> None:
    rows = rows_of_year(flagged=False)
    fields = rows[4].split(",")
    fields[10 : 10 + hours] = ["8888"] * hours
    rows[4] = ",".join(fields)
    path = write(tmp_path, rows, flagged=False)
    if not accepted:
        error = refused(path, "weather.gap")
        assert (error.details["found"], error.details["column"], error.details["hour"]) == (7, "temp_air", "1/1 7:00")
        return
    weather = read_weather(path)
    assert weather.hours["temp_air"].to_numpy() == pytest.approx(-3.5)
    finding = next(finding for finding in weather.findings if finding.code == "weather.gaps_filled")
    assert (finding.column, finding.found) == ("temp_air", "6")


def test_hours_that_do_not_add_up_are_said(tmp_path: Path) -> None:
    rows = rows_of_year(flagged=False)
    rows[0] = rows[0].replace(",200,200,", ",200,400,", 1)
    weather = read_weather(write(tmp_path, rows, flagged=False, name="hm.csv"))
    codes = [finding.code for finding in weather.findings]
    assert "weather.daily_sum" in codes
    assert "weather.kind_assumed" in codes


def test_the_name_does_not_matter_for_the_format(tmp_path: Path) -> None:
    folder = tmp_path / "気象 データ"
    folder.mkdir()
    assert read_weather(write(folder, rows_of_year(flagged=True), flagged=True, name="平均年.epw")).source == "METPV-20"
