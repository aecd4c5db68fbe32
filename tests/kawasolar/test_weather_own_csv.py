"""A user's own hourly CSV: the known year written out in many ways and read back, and what is refused."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from kawasolar.weather import Weather, read_weather
from tests.kawasolar.weather_years import assert_no_shift, assert_same_year, codes, refused, sample, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLACE = {"latitude": 35.6, "longitude": 139.61, "altitude": 13.0}
ENGLISH = "time,ghi [W/m2],dni [W/m2],dhi [W/m2],temp_air [°C],wind_speed [m/s]"
MJ = 1e6 / 3600.0


def begins(known: Weather, year: int = 2023) -> pd.DatetimeIndex:
    """Beginning of each hour, as a clock without zone."""
    naive = (known.hours.index - pd.Timedelta(hours=1)).tz_localize(None)
    return pd.DatetimeIndex([stamp.replace(year=year) for stamp in naive])


@cache
def iso_end(begin: pd.Timestamp) -> str:
    return f"{begin + pd.Timedelta(hours=1):%Y-%m-%dT%H:%M}"


def slash_24(begin: pd.Timestamp) -> str:
    return f"{begin:%Y/%m/%d} {begin.hour + 1}:00"


def rows(
    known: Weather,
    stamp: Callable[[pd.Timestamp], str],
    factor: float = 1.0,
    columns: str = "ghi dni dhi",
    year: int = 2023,
) -> list[str]:
    made = []
    for begin, hour in zip(begins(known, year), known.hours.itertuples(), strict=True):
        values = [f"{getattr(hour, name) / factor:.6g}" for name in columns.split()]
        made.append(",".join([stamp(begin), *values, f"{hour.temp_air:.1f}", f"{hour.wind_speed:.1f}"]))
    return made


def english(**change: object) -> list[str]:
    return [ENGLISH, *rows(sample(), iso_end, **change)]


@pytest.mark.parametrize(
    ("heading", "stamp"),
    [
        (ENGLISH, iso_end),
        (ENGLISH.replace("time,", "datetime,"), lambda begin: f"{iso_end(begin)}:00+09:00"),
        (ENGLISH.replace("time,", "date,time,"), lambda begin: slash_24(begin).replace(" ", ",")),
        (ENGLISH.replace("time,", "month,day,hour,"), lambda begin: f"{begin.month},{begin.day},{begin.hour + 1}"),
        ("年月日時,全天日射量(W/㎡),直達日射量(法線面)[W/㎡],散乱日射量［Ｗ／㎡］,気温(℃),風速(m/s)", slash_24),
        (
            "月,日,時,全天日射量[W/m2],法線面直達日射量[W/m2],天空散乱日射量[W/m2],気温,風速",
            lambda begin: f"{begin.month},{begin.day},{begin.hour + 1}",
        ),
        (
            "日時,全天日射量[W/m2],法線面直達日射量[W/m2],天空散乱日射量[W/m2],気温,風速",
            lambda begin: f"{begin.year}年{begin.month}月{begin.day}日 {begin.hour + 1}時",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_ways_of_writing_the_same_year(
    tmp_path: Path, heading: str, stamp: Callable[[pd.Timestamp], str], encoding: str
) -> None:
    weather = read_weather(write(tmp_path / "own.dat", [heading, *rows(sample(), stamp)], encoding), **PLACE)
    assert_same_year(weather, sample())
    assert (weather.kind, weather.source) == ("year", "CSV")
    assert codes(weather).count("weather.place_of_site") == 1
    assert not {"weather.labels_begin", "weather.noon_off", "weather.normal_assumed", "weather.from_utc"} & set(
        codes(weather)
    )


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("[MJ/m²]", MJ),
        ("（MJ/㎡）", MJ),
        ("[0.01MJ/m2]", MJ / 100),
        ("[kWh/m2]", 1e3),
        ("[kJ/m^2]", MJ / 1e3),
        ("[W m-2]", 1.0),
        ("(Wh/m2)", 1.0),
        ("_w_m2", 1.0),
    ],
)
def test_units_of_the_heading(tmp_path: Path, unit: str, factor: float) -> None:
    heading = f"time,ghi{unit},dni{unit},dhi{unit},temp_air,wind_speed"
    weather = read_weather(write(tmp_path / "a.csv", [heading, *rows(sample(), iso_end, factor)]), **PLACE)
    assert_same_year(weather, sample())


@pytest.mark.parametrize("unit", ["", "[MJ]", "[MJ/m2/day]", "[lx]", "[MJ/m2・日]"])
def test_a_unit_is_never_guessed(tmp_path: Path, unit: str) -> None:
    error = refused(
        write(tmp_path / "a.csv", [ENGLISH.replace("ghi [W/m2]", f"ghi{unit}"), *english()[1:]]),
        "weather.no_hourly_unit",
        **PLACE,
    )
    assert error.details["line"] == 1


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [("[°C]", "[°F]", "temp_air"), ("[°C]", "[0.1℃]", "temp_air"), ("[m/s]", "[km/h]", "wind_speed")],
)
def test_other_units_of_temperature_and_wind(tmp_path: Path, old: str, new: str, column: str) -> None:
    error = refused(
        write(tmp_path / "a.csv", [ENGLISH.replace(old, new), *english()[1:]]), "weather.unit_unknown", **PLACE
    )
    assert error.details["column"] == column


def test_comments_name_the_place(tmp_path: Path) -> None:
    comments = ["# 緯度=35.6", "# 経度=139.61", "# 標高=13", '"# 地点=屋上, 本庁舎",,,,,']
    weather = read_weather(write(tmp_path / "a.csv", [*comments, *english()], "cp932"), latitude=10.0, longitude=10.0)
    assert (weather.latitude, weather.longitude, weather.altitude, weather.station) == (
        35.6,
        139.61,
        13.0,
        "屋上, 本庁舎",
    )
    assert "weather.place_of_site" not in codes(weather)
    assert_same_year(weather, sample())


def test_without_a_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", english())
    refused(path, "weather.no_place")
    assert refused(path, "weather.impossible_place", latitude=95.0, longitude=0.0).details["column"] == "latitude"


def test_labels_that_begin_the_hour_are_recognised_and_said(tmp_path: Path) -> None:
    lines = [ENGLISH, *rows(sample(), lambda begin: f"{begin:%Y-%m-%d %H:%M}")]
    weather = read_weather(write(tmp_path / "a.csv", lines), **PLACE)
    assert_same_year(weather, sample())
    assert "weather.labels_begin" in codes(weather)


def test_half_hours_are_the_middle(tmp_path: Path) -> None:
    lines = [ENGLISH, *rows(sample(), lambda begin: f"{begin:%Y-%m-%d %H}:30")]
    assert_same_year(read_weather(write(tmp_path / "a.csv", lines), **PLACE), sample())


def test_the_file_says_what_its_labels_are(tmp_path: Path) -> None:
    """End labels from 0:00 to 23:00, the first of them midnight's: only the comment can tell, and without it noon is off by an hour."""
    lines = rows(sample(), lambda begin: f"{begin + pd.Timedelta(hours=1):%m/%d %H:%M}")
    lines = [lines[-1], *lines[:-1]]
    said = read_weather(write(tmp_path / "a.csv", ["# 時刻=終わり", ENGLISH, *lines], "cp932"), **PLACE)
    assert_same_year(said, sample())
    assert "weather.labels_begin" not in codes(said)
    taken = read_weather(write(tmp_path / "b.csv", [ENGLISH, *lines]), **PLACE)
    assert {"weather.labels_begin", "weather.noon_off"} <= set(codes(taken))
    assert next(f.found for f in taken.findings if f.code == "weather.noon_off") == "+1.0"
    refused(write(tmp_path / "c.csv", ["# label=whatever", ENGLISH, *lines]), "weather.label_unknown", **PLACE)


def test_a_year_that_starts_anywhere(tmp_path: Path) -> None:
    """A fiscal year is a year; one that starts in the middle of a day does not tell its labels."""
    lines = english()
    april = 1 + 90 * 24
    assert_same_year(
        read_weather(write(tmp_path / "a.csv", [lines[0], *lines[april:], *lines[1:april]]), **PLACE), sample()
    )
    turned = [lines[0], *lines[6:], *lines[1:6]]
    refused(write(tmp_path / "b.csv", turned), "weather.label_unknown", **PLACE)


@pytest.mark.parametrize("stamp", ["Z", "+00:00", ""])
def test_utc_is_brought_to_japan(tmp_path: Path, stamp: str) -> None:
    """A year of UTC from 0:00: its last nine hours are the first of the year in Japan."""
    known = sample()
    hours = known.hours.iloc[np.r_[9:8760, 0:9]]
    turned = Weather(hours.set_axis(known.hours.index), known.latitude, known.longitude, known.altitude, "", "", "year")
    heading = ENGLISH if stamp else ENGLISH.replace("time,", "time(UTC),")
    lines = [heading, *rows(turned, lambda begin: f"{begin:%Y-%m-%dT%H:%M}{stamp}")]
    weather = read_weather(write(tmp_path / "a.csv", lines), **PLACE)
    assert_same_year(weather, known)
    assert next(f.found for f in weather.findings if f.code == "weather.from_utc") == "+9"


def test_other_zones_stay(tmp_path: Path) -> None:
    lines = english()
    lines = [lines[0], *(line.replace(":00,", ":00+08:30,", 1) for line in lines[1:])]
    weather = read_weather(write(tmp_path / "a.csv", lines), latitude=35.6, longitude=132.1)
    assert str(weather.hours.index[0]) == "2023-01-01 01:00:00+08:30"


def test_a_leap_year_loses_its_29_february(tmp_path: Path) -> None:
    lines = english(year=2024)
    day = [line.replace("2024-02-28", "2024-02-29") for line in lines if line.startswith("2024-02-28")]
    day = [day[-1], *day[:-1]] if day[0].startswith("2024-02-29T00") else day
    at = next(k for k, line in enumerate(lines) if line.startswith("2024-03-01T01"))
    # Labels end the hours: the day runs from 01:00 to 00:00 of the next.
    lines[at:at] = [line.replace("T00:00", "T24:00") for line in day]
    assert len(lines) == 1 + 8784
    lines[1:] = [line.replace("2024-03-01T00:00", "2024-02-28T24:00") for line in lines[1:]]
    weather = read_weather(write(tmp_path / "a.csv", lines), **PLACE)
    assert_same_year(weather, sample())
    assert "weather.leap_day_dropped" in codes(weather)


@pytest.mark.parametrize(
    ("names", "columns", "code"),
    [
        ("ghi [W/m2],dni [W/m2]", "ghi dni", None),
        ("ghi [W/m2],dhi [W/m2]", "ghi dhi", None),
        ("dni [W/m2],dhi [W/m2]", "dni dhi", "weather.ghi_from_parts"),
        ("全天日射量[W/m2],直達日射量[W/m2]", "ghi dni", "weather.normal_assumed"),
    ],
)
def test_two_of_three_are_enough(tmp_path: Path, names: str, columns: str, code: str | None) -> None:
    lines = [f"time,{names},temp_air,wind_speed", *rows(sample(), iso_end, columns=columns)]
    weather = read_weather(write(tmp_path / "a.csv", lines), **PLACE)
    assert_same_year(weather, sample())
    assert code is None or code in codes(weather)


def test_direct_on_the_horizontal(tmp_path: Path) -> None:
    known = sample()
    flat = known.hours.assign(flat=known.hours["ghi"] - known.hours["dhi"])
    turned = Weather(flat, known.latitude, known.longitude, known.altitude, "", "", "year")
    for names, columns in (
        ("全天日射量[W/m2],水平面直達日射量[W/m2]", "ghi flat"),
        ("水平面直達日射量[W/m2],散乱日射量[W/m2]", "flat dhi"),
    ):
        lines = [f"日時,{names},気温,風速", *rows(turned, iso_end, columns=columns)]
        assert_same_year(read_weather(write(tmp_path / "a.csv", lines, "cp932"), **PLACE), known)


def test_global_alone_is_split_by_a_model_and_said(tmp_path: Path) -> None:
    lines = ["time,ghi [W/m2],temp_air,wind_speed", *rows(sample(), iso_end, columns="ghi")]
    weather = read_weather(write(tmp_path / "a.csv", lines), **PLACE)
    assert_same_year(weather, sample(), columns=("ghi",))
    assert_no_shift(weather, sample())
    assert "weather.parts_by_model" in codes(weather)
    assert weather.hours["dhi"].sum() == pytest.approx(sample().hours["dhi"].sum(), rel=0.15)


def test_little_below_zero_is_zero(tmp_path: Path) -> None:
    lines = [line.replace(",0,0,0,", ",-3.2,0,0,") for line in english()]
    weather = read_weather(write(tmp_path / "a.csv", lines), **PLACE)
    assert_same_year(weather, sample())
    assert "weather.negative_as_zero" in codes(weather)


@pytest.mark.parametrize("blank", ["", "NaN", "NA"])
def test_gaps(tmp_path: Path, blank: str) -> None:
    """Six hours are bridged and said, seven are not."""
    lines = english()
    for at in range(101, 107):
        lines[at] = lines[at].rsplit(",", 2)[0] + f",{blank},2.0"
    weather = read_weather(write(tmp_path / "a.csv", lines), **PLACE)
    assert "weather.gaps_filled" in codes(weather)
    lines[107] = lines[107].rsplit(",", 2)[0] + f",{blank},2.0"
    assert refused(write(tmp_path / "a.csv", lines), "weather.gap", **PLACE).details["column"] == "temp_air"


def test_broken_rows(tmp_path: Path) -> None:
    good = english()

    def broken(line: int, text: str, code: str) -> dict[str, object]:
        lines = list(good)
        lines[line - 1] = text
        return refused(write(tmp_path / "a.csv", lines), code, **PLACE).details

    assert broken(50, good[49].replace(",", ",x", 1), "weather.not_a_number")["line"] == 50
    assert broken(50, good[49].rsplit(",", 1)[0] + ",inf", "weather.not_a_number")["column"] == "wind_speed"
    assert broken(50, good[49][:24], "weather.short_row")["line"] == 50
    assert broken(50, good[48], "weather.no_such_hour")["line"] == 50
    assert broken(50, "2023-02-30T01:00,0,0,0,1,1", "weather.no_such_hour")["line"] == 50
    assert broken(50, "2023-13-01T01:00,0,0,0,1,1", "weather.no_such_hour")["line"] == 50
    assert broken(50, "2023-01-03T25:00,0,0,0,1,1", "weather.no_such_hour")["line"] == 50
    assert broken(50, "2023-01-03T01:15,0,0,0,1,1", "weather.stamps_mixed")["line"] == 50
    assert broken(50, "yesterday,0,0,0,1,1", "weather.no_stamp")["found"] == "yesterday"
    assert broken(50, '"' + good[49], "weather.short_row")["line"] == 50
    for count in (1, 5000, 8759):
        error = refused(write(tmp_path / "a.csv", good[: count + 1]), "weather.hour_count", **PLACE)
        assert error.details["found"] == count
    refused(write(tmp_path / "a.csv", good + good[1:]), "weather.hour_count", **PLACE)
    refused(write(tmp_path / "a.csv", good + good[1:25]), "weather.no_such_hour", **PLACE)


def test_headings_that_do_not_do(tmp_path: Path) -> None:
    body = english()[1:]
    for old, new, code in (
        ("dni [W/m2]", "ghi2 [W/m2]", "weather.column_twice"),
        ("temp_air [°C]", "dew [°C]", "weather.no_hourly_column"),
        ("wind_speed [m/s]", "最大瞬間風速 [m/s]", "weather.no_hourly_column"),
        ("time,ghi [W/m2],dni [W/m2]", "time,x,y", "weather.no_hourly_column"),
        ("time", "row", "weather.unknown_format"),
    ):
        refused(write(tmp_path / "a.csv", [ENGLISH.replace(old, new), *body]), code, **PLACE)


def test_a_wrong_unit_is_seen_by_the_sky(tmp_path: Path) -> None:
    """Watts under a heading of MJ, megajoules under one of kWh, and kWh under one of MJ."""
    for unit, factor, code in (
        ("MJ/m2", 1.0, "weather.values_impossible"),
        ("kWh/m2", MJ, "weather.values_impossible"),
    ):
        lines = [ENGLISH.replace("W/m2", unit), *rows(sample(), iso_end, factor)]
        refused(write(tmp_path / "a.csv", lines), code, **PLACE)


def test_binary_and_huge_files(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(ENGLISH.encode() + b"\n" + bytes(range(256)) * 100)
    refused(path, "weather.not_text", **PLACE)
    refused(write(path, ["x" * 200_000, ENGLISH]), "weather.hour_count", **PLACE)
    refused(write(path, ["x" * 200_000, "y"]), "weather.unknown_format", **PLACE)
    refused(write(path, [ENGLISH, "z" * 200_000, *english()[2:]]), "weather.short_row", **PLACE)
    refused(write(path, [ENGLISH, *["2023-01-01T01:00,1,1,1,1,1"] * 900_000]), "weather.hour_count", **PLACE)
    refused(write(path, [ENGLISH, *["2023-01-01T01:00,1,1,1,1,1"] * 2_000_000]), "weather.too_large", **PLACE)


@pytest.mark.realdata
def test_metpv_of_tokyo_through_a_csv(tmp_path: Path, realdata: Path) -> None:
    known = read_weather(realdata / "metpv" / "mea44132.txt")
    place = {"latitude": known.latitude, "longitude": known.longitude, "altitude": known.altitude}
    weather = read_weather(write(tmp_path / "a.csv", [ENGLISH, *rows(known, iso_end)]), **place)
    assert weather.ghi_kwh_m2 == pytest.approx(1367.8, abs=0.1)
    assert_same_year(weather, known)
