"""PVGIS as CSV and JSON, typical year and hourly series: the known year written as PVGIS would, in UTC, and read back."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from gis.sun import sun_position
from kawasolar.weather import Weather, read_weather
from kawasolar.weather.pvgis import _offset_by_closure
from kawasolar.weather.pvgis_file import read_csv
from kawasolar.weather.text import Lines
from kawasolar.weather.year import year_index
from tests.kawasolar.weather_years import assert_no_shift, assert_same_year, codes, months, refused, sample, write

if TYPE_CHECKING:
    from pathlib import Path

LEGEND = [
    "",
    "T2m: 2-m air temperature (degree Celsius)",
    "G(h): Global irradiance on the horizontal plane (W/m2)",
    "",
    "PVGIS (c) European Union, 2001-2026",
]


@cache
def utc_rows(offset: float = 0.5) -> pd.DataFrame:
    """The known year from 1 January 0:00 UTC; radiation at ``offset`` hours after the stamp.

    At the half hour it is the year itself. Elsewhere a clear-enough sky of smooth parts, so that interpolation can give it back.
    """
    known = sample()
    hours = known.hours.iloc[np.r_[9:8760, 0:9]].reset_index(drop=True)
    hours["begin"] = pd.date_range("2023-01-01", periods=8760, freq="h")
    if offset != 0.5:
        up = np.maximum(smooth_up(offset), 0.0)
        # Clouds change at midnight in Japan.
        day = (np.arange(8760) + 9) // 24
        cloud = 0.5 + 0.4 * np.sin(day * 1.7)
        hours["dni"] = 850.0 * cloud * np.minimum(up * 4.0, 1.0)
        hours["dhi"] = 250.0 * (1.2 - cloud) * up
        hours["ghi"] = hours["dni"] * up + hours["dhi"]
    return hours


def smooth_up(offset: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    index = pd.date_range("2023-01-01 01:00", periods=8760, freq="h", tz="UTC")
    return sun_position(index, 35.6, 139.61, 13.0, interval=pd.Timedelta(hours=2.0 * (1.0 - offset))).cos_zenith


def smooth(offset: float) -> Weather:
    """What the reader should make of ``utc_rows(offset)``: the same sky at the middle of the hours."""
    rows = utc_rows(0.5 + 1e-9) if offset != 0.5 else utc_rows()
    hours = rows[["ghi", "dni", "dhi", "temp_air", "wind_speed"]].iloc[np.r_[8751:8760, 0:8751]]
    return Weather(hours.set_axis(sample().hours.index), 35.6, 139.61, 13.0, "", "", "tmy")


def tmy_csv(offset: str | None = "0.5", rows: pd.DataFrame | None = None) -> list[str]:
    head = ["Latitude (decimal degrees): 35.600", "Longitude (decimal degrees): 139.610", "Elevation (m): 13.0"]
    head += [] if offset is None else [f"Irradiance Time Offset (h): {offset}"]
    years = {month: 2005 + month for month in range(1, 13)}
    head += ["month,year", *(f"{month},{year}" for month, year in years.items())]
    lines = [*head, "time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP"]
    for row in (utc_rows() if rows is None else rows).itertuples():
        stamp = f"{years[row.begin.month]}{row.begin:%m%d:%H}00"
        beam = "-0.0" if row.dni == 0.0 else f"{row.dni:.2f}"
        lines.append(
            f"{stamp},{row.temp_air:.2f},66.0,{row.ghi:.2f},{beam},{row.dhi:.2f},330.1,{row.wind_speed:.2f},10.0,101300.0"
        )
    return lines + LEGEND


def hourly_csv(
    minute: int = 30,
    *,
    slope: str = "0 deg. ",
    parts: bool = True,
    years: tuple[int, ...] = (2021,),
    rows: pd.DataFrame | None = None,
) -> list[str]:
    lines = [
        "Latitude (decimal degrees):\t35.600", "Longitude (decimal degrees):\t139.610", "Elevation (m):\t13", "Radiation database:\tPVGIS-ERA5",
        "", "", f"Slope: {slope}", "Azimuth: 0 deg. ",
        f"time,{'Gb(i),Gd(i),Gr(i)' if parts else 'G(i)'},H_sun,T2m,WS10m,Int",
    ]  # fmt: skip
    year_rows = utc_rows() if rows is None else rows
    for year in years:
        # Other years are dull, so that the one that was taken shows.
        share = 1.0 if year == max(years) else 0.5
        for row in year_rows.itertuples():
            sun = f"{(row.ghi - row.dhi) * share:.3f},{row.dhi * share:.3f},0.0" if parts else f"{row.ghi * share:.3f}"
            lines.append(f"{year}{row.begin:%m%d:%H}{minute:02d},{sun},0.0,{row.temp_air:.2f},{row.wind_speed:.2f},0.0")
    return lines + LEGEND


def as_json(csv: list[str], *, typical: bool) -> dict[str, Any]:
    at = next(k for k, line in enumerate(csv) if line.startswith("time"))
    names = csv[at].split(",")
    records = []
    for line in csv[at + 1 :]:
        if not line:
            break
        stamp, *values = line.split(",")
        records.append({names[0]: stamp, **dict(zip(names[1:], map(float, values), strict=True))})
    location: dict[str, Any] = {"latitude": 35.6, "longitude": 139.61, "elevation": 13.0}
    inputs: dict[str, Any] = {"location": location, "meteo_data": {"radiation_db": "PVGIS-ERA5", "use_horizon": True}}
    if typical:
        location["irradiance_time_offset"] = 0.5
        return {"inputs": inputs, "outputs": {"months_selected": [], "tmy_hourly": records}, "meta": {}}
    inputs["mounting_system"] = {
        "fixed": {
            "slope": {"value": 0, "optimal": False},
            "azimuth": {"value": 0, "optimal": False},
            "type": "free-standing",
        }
    }
    return {"inputs": inputs, "outputs": {"hourly": records}, "meta": {}}


def write_json(path: Path, content: object, indent: int | None = None) -> Path:
    path.write_text(json.dumps(content, indent=indent), "utf-8")
    return path


@pytest.mark.parametrize("kind", ["tmy.csv", "tmy.json", "hourly.csv", "hourly.json"])
def test_the_known_year_comes_back(tmp_path: Path, kind: str) -> None:
    typical = kind.startswith("tmy")
    lines = tmy_csv() if typical else hourly_csv()
    path = tmp_path / "pvgis.dat"
    path = write_json(path, as_json(lines, typical=typical)) if kind.endswith("json") else write(path, lines)
    weather = read_weather(path)
    assert_same_year(weather, sample())
    assert weather.kind == ("tmy" if typical else "year")
    assert weather.source.startswith("PVGIS TMY" if typical else "PVGIS 2021 (PVGIS-ERA5)")
    assert (weather.latitude, weather.longitude, weather.altitude) == (35.6, 139.61, 13.0)
    assert str(weather.hours.index[0]) == "2023-01-01 01:00:00+09:00"
    found = {finding.code: finding.found for finding in weather.findings}
    assert found["weather.from_utc"] == "+9"
    assert not {"weather.moment_moved", "weather.moment_found", "weather.clock_off"} & set(found)


def test_the_same_as_pvlib_reads(tmp_path: Path) -> None:
    """pvlib's reader of the typical year, rolled to Japan: the same global, temperature and wind hour by hour."""
    from pvlib.iotools import read_pvgis_tmy

    path = write(tmp_path / "tmy.csv", tmy_csv())
    theirs, _ = read_pvgis_tmy(path)
    weather = read_weather(path)
    for column in ("ghi", "temp_air", "wind_speed"):
        np.testing.assert_allclose(weather.hours[column], np.roll(theirs[column].to_numpy(), 9), atol=1e-9)


def test_indented_json_too(tmp_path: Path) -> None:
    assert_same_year(
        read_weather(write_json(tmp_path / "a.json", as_json(tmy_csv(), typical=True), indent=2)), sample()
    )


@pytest.mark.parametrize("minute", [0, 10, 45])
def test_moments_are_brought_to_the_middle(tmp_path: Path, minute: int) -> None:
    """A satellite's image at HH:10 is no hour's mean: noon may not move by 20 minutes."""
    rows = utc_rows(minute / 60.0)
    for lines in (hourly_csv(minute, rows=rows), tmy_csv(f"{minute / 60.0:.4f}", rows)):
        weather = read_weather(write(tmp_path / "a.csv", lines))
        assert_no_shift(weather, smooth(minute / 60.0), 0.9995)
        assert weather.ghi_kwh_m2 == pytest.approx(smooth(minute / 60.0).ghi_kwh_m2, rel=0.01)
        np.testing.assert_allclose(months(weather, "dni"), months(smooth(minute / 60.0), "dni"), rtol=0.03)
        assert next(f.found for f in weather.findings if f.code == "weather.moment_moved") == str(minute)


@pytest.mark.parametrize("minute", [7, 30])
def test_older_files_do_not_name_the_moment(tmp_path: Path, minute: int) -> None:
    """It is found where the three irradiances close."""
    weather = read_weather(write(tmp_path / "a.csv", tmy_csv(None, utc_rows(minute / 60.0))))
    assert next(f.found for f in weather.findings if f.code == "weather.moment_found") == str(minute)
    assert_no_shift(weather, smooth(minute / 60.0), 0.999)


def test_the_moment_of_a_real_file() -> None:
    """4 and 5 January of the typical year at 45° N, 8° E in pvlib's tests, from before 2024; today PVGIS names 0.1761 h there."""
    real = {80: (82, 155.73, 60), 81: (162.75, 330.71, 77.6), 82: (344, 859.21, 54), 84: (388, 929.41, 44), 85: (235.55, 449.19, 91.6),
            86: (223, 833.5, 31), 105: (176.95, 367.43, 82), 106: (257, 295.15, 157), 108: (288, 311.77, 172)}  # fmt: skip
    read = {name: np.zeros(8760) for name in ("ghi", "dni", "dhi")}
    for hour, values in real.items():
        for name, value in zip(read, values, strict=True):
            read[name][hour] = value
    from zoneinfo import ZoneInfo

    offset, findings = _offset_by_closure("a.csv", read, year_index(ZoneInfo("UTC")), (45.0, 8.0, 250.0))
    assert offset == pytest.approx(0.1761, abs=0.04)
    assert [finding.code for finding in findings] == ["weather.moment_found"]


def test_parts_that_close_nowhere(tmp_path: Path) -> None:
    rows = utc_rows().assign(dhi=0.0, dni=lambda table: table["ghi"] * 0.7)
    weather = read_weather(write(tmp_path / "a.csv", tmy_csv(None, rows)))
    assert "weather.moment_unknown" in codes(weather)


def test_global_alone_is_split_by_a_model(tmp_path: Path) -> None:
    weather = read_weather(write(tmp_path / "a.csv", hourly_csv(parts=False)))
    assert_same_year(weather, sample(), columns=("ghi",))
    assert "weather.parts_by_model" in codes(weather)


def test_the_newest_whole_year_of_many(tmp_path: Path) -> None:
    """The last year is cut off; the one before is taken, and it is said."""
    lines = hourly_csv(years=(2018, 2019, 2021), rows=utc_rows())
    begun = [line.replace("2021", "2022", 1) for line in lines if line.startswith("202101")]
    cut = [*lines[: -len(LEGEND)], *begun, *LEGEND]
    weather = read_weather(write(tmp_path / "a.csv", cut))
    assert_same_year(weather, sample())
    finding = next(f for f in weather.findings if f.code == "weather.newest_year")
    assert (finding.found, finding.details["span"]) == ("2021", "2018–2022")
    content = as_json(cut, typical=False)
    assert_same_year(read_weather(write_json(tmp_path / "a.json", content)), sample())


def test_a_leap_year(tmp_path: Path) -> None:
    """29 February of Japan's clock goes, which is 15:00 of the 28th to 15:00 of the 29th in UTC."""
    rows = utc_rows()
    at = 59 * 24
    day = rows.iloc[at - 24 : at].assign(
        begin=lambda table: table["begin"].map(lambda t: t.replace(year=2020) + pd.Timedelta(days=1))
    )
    longer = pd.concat([rows.iloc[:at], day, rows.iloc[at:]])
    weather = read_weather(write(tmp_path / "a.csv", hourly_csv(years=(2020,), rows=longer)))
    assert len(longer) == 8784
    assert "weather.leap_day_dropped" in codes(weather)
    assert_no_shift(weather, sample())
    np.testing.assert_allclose(months(weather, "ghi"), months(sample(), "ghi"), rtol=0.03)


@pytest.mark.parametrize("slope", ["35 deg. ", "35 deg. (optimum)", "", "-"])
def test_tilted_planes_are_refused(tmp_path: Path, slope: str) -> None:
    refused(write(tmp_path / "a.csv", hourly_csv(slope=slope)), "weather.pvgis_tilted")


def test_trackers_are_refused(tmp_path: Path) -> None:
    content = as_json(hourly_csv(), typical=False)
    content["inputs"]["mounting_system"] = {"two_axis": {"slope": {"value": "-"}}}
    refused(write_json(tmp_path / "a.json", content), "weather.pvgis_tilted")


def test_broken_csv(tmp_path: Path) -> None:
    lines = tmy_csv()
    first = 1 + next(k for k, line in enumerate(lines) if line.startswith("time"))

    def broken(change: dict[int, str | None], code: str) -> dict[str, object]:
        made = [change.get(at, line) for at, line in enumerate(lines)]
        return refused(write(tmp_path / "a.csv", [line for line in made if line is not None]), code).details

    assert broken({first + 5: "rubbish"}, "weather.short_row")["line"] == first + 6
    assert broken({first + 5: lines[first + 5][:30]}, "weather.short_row")["line"] == first + 6
    assert (
        broken(
            {first + 12: lines[first + 12].replace(",330.1", ",330.1,").replace("66.0,", "66.0,x", 1)},
            "weather.not_a_number",
        )["column"]
        == "ghi"
    )
    assert broken({first + 5: None}, "weather.hour_count")["found"] == 8759
    assert broken({first + 5: lines[first + 4]}, "weather.no_such_hour")["line"] == first + 6
    assert broken({first + 5: "20060230:0500" + lines[first + 5][13:]}, "weather.no_such_hour")["found"] == "2/30 5:00"
    assert broken({first - 1: lines[first - 1].replace("Gb(n)", "Gb")}, "weather.pvgis_column")["found"] == "Gb(n)"
    assert broken({3: "Irradiance Time Offset (h): noon"}, "weather.not_a_number")["column"] == "irradiance time offset"
    assert broken({3: "Irradiance Time Offset (h): 9"}, "weather.not_a_number")["found"] == "9"
    assert broken({0: "Latitude (decimal degrees): 135.6"}, "weather.impossible_place")["column"] == "latitude"
    assert broken({1: "Longitude (decimal degrees): nan"}, "weather.impossible_place")["column"] == "longitude"
    assert broken({1: "Longitude (decimal degrees): -139.61"}, "weather.clock_wrong")["hours"] == "+5.4"
    refused(write(tmp_path / "a.csv", lines[: first - 1]), "weather.pvgis_no_table")
    refused(write(tmp_path / "a.csv", [*lines[:first], *LEGEND]), "weather.pvgis_no_table")
    hourly = hourly_csv()
    refused(
        write(tmp_path / "a.csv", [line.replace("20210301:0530", "20210301:0540") for line in hourly]),
        "weather.stamps_mixed",
    )
    refused(write(tmp_path / "a.csv", hourly[:5000]), "weather.hour_count")


def test_a_csv_of_a_hundred_years(tmp_path: Path) -> None:
    lines = hourly_csv()
    refused(write(tmp_path / "a.csv", [*lines[:9], *lines[9:10] * 500_000]), "weather.pvgis_too_large")


def test_broken_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    good = as_json(tmy_csv(), typical=True)
    text = json.dumps(good)
    path.write_text(text[: len(text) // 2], "utf-8")
    refused(path, "weather.json_broken")
    path.write_text('{"a":' * 100_000, "utf-8")
    refused(path, "weather.json_broken")
    path.write_text('{"a":' + "[" * 700_000, "utf-8")
    refused(path, "weather.pvgis_too_large")
    path.write_text('{"a":[' + "1," * 6_000_000 + "1]}", "utf-8")
    refused(path, "weather.pvgis_too_large")
    path.write_text('{"a":' + "9" * 100_000 + "}", "utf-8")
    refused(path, "weather.json_broken")
    for content in (
        {"outputs": []},
        {"outputs": {"tmy_hourly": 3}},
        {"outputs": {"tmy_hourly": [1, 2]}},
        {"outputs": {"tmy_hourly": []}},
        {"outputs": {"hourly": None}},
    ):
        refused(write_json(path, content), "weather.pvgis_no_table")
    for other in ({}, {"type": "FeatureCollection", "features": []}):
        refused(write_json(path, other), "weather.unknown_format")
    for key, value, code in (
        ("T2m", "warm", "weather.not_a_number"),
        ("G(h)", [1], "weather.not_a_number"),
        ("time(UTC)", 5, "weather.no_stamp"),
        ("Gb(n)", float("inf"), "weather.not_a_number"),
    ):
        content = json.loads(text)
        content["outputs"]["tmy_hourly"][40][key] = value
        assert refused(write_json(path, content), code).details["line"] == 41
    content = json.loads(text)
    content["inputs"]["location"] = ["somewhere"]
    refused(write_json(path, content), "weather.impossible_place")


def test_missing_values_of_json(tmp_path: Path) -> None:
    content = as_json(tmy_csv(), typical=True)
    for at in range(100, 104):
        content["outputs"]["tmy_hourly"][at]["T2m"] = None
    content["outputs"]["tmy_hourly"][200]["WS10m"] = float("nan")
    weather = read_weather(write_json(tmp_path / "a.json", content))
    assert codes(weather).count("weather.gaps_filled") == 2


def test_half_a_character_in_json(tmp_path: Path) -> None:
    """It could neither be shown nor saved."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(as_json(tmy_csv(), typical=True)).replace("PVGIS-ERA5", "\\ud800X"), "utf-8")
    assert read_weather(path).source == "PVGIS TMY (?X)"


def test_rows_of_a_csv_keep_their_line(tmp_path: Path) -> None:
    table = read_csv(
        Lines("a.csv", ("Slope: 0 deg.", "time,T2m", "20210101:0010,1", "20210101:0110,2"), (7, 8, 9, 10), {})
    )
    assert list(table.numbers) == [9, 10]
    assert table.column("T2m", "temp_air", [1]).tolist() == [2.0]
