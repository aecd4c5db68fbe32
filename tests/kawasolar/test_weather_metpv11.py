"""METPV-11: the known year written in its layout, published rows of real files, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from kawasolar.weather import read_weather
from kawasolar.weather.metpv import TEXT_HEADER
from tests.kawasolar.weather_years import assert_same_year, codes, refused, sample, write

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "99901 TESTTOWN               35 36.0  139 36.6    13.0"
UNITS = 1e4 / 3600.0
# Kumagaya, 28 April, and Soyamisaki, 20 December, as published by people who read real files (see the module's docstring).
KUMAGAYA = (
    "00001  428  6.5   02   02   02   02   06   96  446 1566 2186 2666 2986 3116 3056 2806 2376 1796 1116  346   16   02   02"
    "   02   02   02  311 8888 2449 8888  118"
)
SOYA = (
    "00005 1220  8.0 -938 -978-1048-1048-1028-1028-1018-1018-1088-1018-1038 -948 -998 -968 -948 -868 -928 -898 -888 -948 -938"
    " -938 -958 -938  -86 -108 8888  -97  354"
)


def row(element: int, month: int, day: int, number: int, values: list[int], *, height: str = "  6.5") -> str:
    remarked = [(abs(value) * 10 + 6) * (-1 if value < 0 else 1) for value in values]
    tail = [max(values), min(values), sum(values) if element <= 3 else 8888, 8888, number]
    return f"{element:05d} {month:2d}{day:2d}{height}" + "".join(f"{value:5d}" for value in [*remarked, *tail])


def metpv11(*, height: str = "  6.5") -> list[str]:
    hours = sample().hours
    flat = (hours["ghi"] - hours["dhi"]).to_numpy()
    columns = {
        1: hours["ghi"].to_numpy() / UNITS, 2: flat / UNITS, 3: hours["dhi"].to_numpy() / UNITS, 4: np.zeros(8760), 5: hours["temp_air"].to_numpy() * 10,
        6: np.full(8760, 8.0), 7: hours["wind_speed"].to_numpy() * 10, 8: np.zeros(8760), 9: np.full(8760, 888.0),
    }  # fmt: skip
    lines = [HEADER]
    for number in range(365):
        day = hours.index[number * 24]
        for element, values in columns.items():
            whole = [round(float(value)) for value in values[number * 24 : number * 24 + 24]]
            lines.append(row(element, day.month, day.day, number + 1, whole, height=height))
    return lines


@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
@pytest.mark.parametrize("height", ["  6.5", " 10.0", "     "])
def test_the_known_year_comes_back(tmp_path: Path, encoding: str, height: str) -> None:
    lines = metpv11(height=height)
    assert len(lines) == 1 + 9 * 365
    if encoding == "cp932":
        lines[0] = lines[0].replace("TESTTOWN   ", "川崎   ")
    weather = read_weather(write(tmp_path / "mea99901.txt", lines, encoding))
    assert_same_year(weather, sample())
    assert (weather.source, weather.kind) == ("METPV-11", "average")
    assert weather.station == ("99901 川崎" if encoding == "cp932" else "99901 TESTTOWN")
    assert "weather.metpv_older" in codes(weather)
    assert "weather.daily_sum" not in codes(weather)


@pytest.mark.parametrize("published", [KUMAGAYA, SOYA])
def test_published_rows(tmp_path: Path, published: str) -> None:
    """A published row among ours: its hours without remarks, and its own sum agrees with them."""
    lines = metpv11()
    at = next(k for k, line in enumerate(lines) if line[:10] == published[:10])
    lines[at] = published
    weather = read_weather(write(tmp_path / "mea99901.txt", lines))
    day = int(published[-5:]) - 1
    hours = weather.hours.iloc[day * 24 : day * 24 + 24]
    if published is KUMAGAYA:
        assert hours["ghi"].sum() == pytest.approx(2449 * UNITS)
        assert hours["ghi"].iloc[11] == pytest.approx(311 * UNITS)
        assert "weather.daily_sum" not in codes(weather)
    else:
        assert hours["temp_air"].min() == pytest.approx(-10.8)
        assert hours["temp_air"].mean() == pytest.approx(-9.7, abs=0.05)


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ("43056 KUMAGAYA               36  9.0  139 22.8    30.0", (36, 9.0, 139, 22.8, 30.0)),
        ("11001 SOYAMISAKI             45 31.2  141 56.1    26.0", (45, 31.2, 141, 56.1, 26.0)),
        ("41247 NASU-KARASUYAMA        36 38.5  140  7.0    82.0", (36, 38.5, 140, 7.0, 82.0)),
    ],
)
def test_published_headers(header: str, place: tuple[float, ...]) -> None:
    match = TEXT_HEADER.match(header)
    assert match is not None
    assert tuple(float(text) for text in match.groups()[2:]) == place


def test_the_csv_too(tmp_path: Path) -> None:
    """Without remarks, the anemometer's height in the fourth field."""
    lines = metpv11()
    rows = []
    for line in lines[1:]:
        hours = [int(int(line[at : at + 5]) / 10) for at in range(15, 135, 5)]
        tail = [int(line[at : at + 5]) for at in range(135, 160, 5)]
        rows.append(",".join(map(str, [int(line[:5]), int(line[6:8]), int(line[8:10]), 6.5, *hours, *tail])))
    weather = read_weather(write(tmp_path / "hw99901year.csv", ["99901,TESTTOWN,35,36.0,139,36.6,13.0", *rows]))
    assert_same_year(weather, sample())
    assert weather.source == "METPV-11"


def test_cut_off(tmp_path: Path) -> None:
    lines = metpv11()
    error = refused(write(tmp_path / "mea.txt", lines[:-1]), "weather.row_count")
    assert (error.details["found"], error.details["expected"]) == (3284, 3285)
    refused(write(tmp_path / "mea.txt", lines[:1]), "weather.row_count")
    refused(write(tmp_path / "mea.txt", [*lines[:-1], lines[-1][:90]]), "weather.short_row")
    # Years instead of heights: METPV-20, whose ten elements are not all there.
    refused(write(tmp_path / "mea.txt", metpv11(height=" 2011")), "weather.row_count")


def test_a_missing_radiation_of_half_a_day(tmp_path: Path) -> None:
    lines = metpv11()
    lines[1] = lines[1][:15] + " 8888" * 24 + lines[1][135:]
    assert refused(write(tmp_path / "mea.txt", lines), "weather.gap").details["column"] == "ghi"


@pytest.mark.realdata
def test_metpv_20_stays_metpv_20(realdata: Path) -> None:
    weather = read_weather(realdata / "metpv" / "mea44132.txt")
    assert weather.source == "METPV-20"
    assert "weather.metpv_older" not in codes(weather)
