"""TMY3: the known year written as NREL would, pvlib's own example, and files broken on purpose."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from kawasolar.weather import read_weather
from tests.kawasolar.weather_years import assert_invariants, assert_same_year, codes, refused, sample, write

if TYPE_CHECKING:
    from pathlib import Path

HEAD = '999999,"KAWASAKI, ""TEST""",JP,9.0,35.600,139.610,13'
NAMES = "Date (MM/DD/YYYY),Time (HH:MM),ETR (W/m^2),GHI (W/m^2),GHI source,DNI (W/m^2),DHI (W/m^2),Dry-bulb (C),Wspd (m/s),Alb (unitless)"


def tmy3(*, midnight: str = "24:00") -> list[str]:
    """Months of different years; midnight as NREL writes it (24:00), or as SolarAnywhere (00:00 of the next day)."""
    lines = [HEAD, NAMES]
    for end, hour in zip(sample().hours.index, sample().hours.itertuples(), strict=True):
        begin = end - pd.Timedelta(hours=1)
        date, time = f"{begin:%m/%d}/{1980 + begin.month}", f"{begin.hour + 1:02d}:00"
        if time == "24:00" and midnight == "00:00":
            date, time = f"{end:%m/%d}/{1980 + end.month}", midnight
        lines.append(
            f"{date},{time},0,{hour.ghi:.1f},1,{hour.dni:.1f},{hour.dhi:.1f},{hour.temp_air:.1f},{hour.wind_speed:.1f},-9900"
        )
    return lines


@pytest.mark.parametrize("midnight", ["24:00", "00:00"])
@pytest.mark.parametrize("encoding", ["ascii", "cp932", "utf-8-sig"])
def test_the_known_year_comes_back(tmp_path: Path, midnight: str, encoding: str) -> None:
    weather = read_weather(write(tmp_path / "tmy3.txt", tmy3(midnight=midnight), encoding))
    assert_same_year(weather, sample())
    assert (weather.source, weather.kind, weather.station) == ("TMY3", "tmy", '999999 KAWASAKI, "TEST"')
    assert weather.findings == ()


@pytest.mark.parametrize(
    ("name", "station", "zone"),
    [("703165TY.csv", "703165 SAND POINT", -9), ("723170TYA.CSV", "723170 GREENSBORO PIEDMONT TRIAD INT", -5)],
)
def test_against_pvlib(name: str, station: str, zone: int) -> None:
    """NREL's own files, as pvlib ships them and reads them; its GHI, temperature and wind hour by hour."""
    from pvlib.iotools import read_tmy3

    path = files("pvlib") / "data" / name
    weather = read_weather(str(path))
    theirs, meta = read_tmy3(str(path), coerce_year=2023)
    assert (weather.station, weather.latitude, weather.longitude) == (station, meta["latitude"], meta["longitude"])
    assert weather.hours.index[0].utcoffset() == pd.Timedelta(hours=zone)
    assert_invariants(weather)
    for column in ("ghi", "temp_air", "wind_speed"):
        np.testing.assert_allclose(weather.hours[column], theirs[column], atol=1e-9)
    assert (weather.hours.index.tz_convert("UTC") == theirs.index.tz_convert("UTC")).all()
    assert weather.hours["dni"].sum() == pytest.approx(theirs["dni"].sum(), rel=0.03)
    assert weather.hours["dhi"].sum() == pytest.approx(theirs["dhi"].sum(), rel=0.03)


def test_missing_hours(tmp_path: Path) -> None:
    lines = tmy3()
    for at in range(400, 404):
        fields = lines[at].rsplit(",", 3)
        lines[at] = ",".join([fields[0], "-9900", *fields[2:]])
    weather = read_weather(write(tmp_path / "a.csv", lines))
    assert codes(weather) == ["weather.gaps_filled"]
    for at in range(404, 408):
        fields = lines[at].rsplit(",", 3)
        lines[at] = ",".join([fields[0], "-9900", *fields[2:]])
    assert refused(write(tmp_path / "a.csv", lines), "weather.gap").details["column"] == "temp_air"


def test_broken_files(tmp_path: Path) -> None:
    lines = tmy3()

    def broken(at: int, text: str, code: str) -> dict[str, object]:
        return refused(write(tmp_path / "a.csv", [*lines[:at], text, *lines[at + 1 :]]), code).details

    assert broken(40, lines[40][:30], "weather.short_row")["line"] == 41
    assert broken(40, lines[39], "weather.no_such_hour")["line"] == 41
    assert broken(40, lines[40].replace(":00,", ":30,", 1), "weather.no_stamp")["line"] == 41
    assert (
        broken(40, lines[40].replace(",1,", ",x,", 1).replace(",0,", ",0,O", 1), "weather.not_a_number")["column"]
        == "ghi"
    )
    assert broken(40, "02/30/1981" + lines[40][10:], "weather.no_such_hour")["found"].startswith("2/30")
    assert broken(0, HEAD.replace("9.0", "JST"), "weather.not_a_number")["column"] == "time zone"
    assert broken(0, HEAD.replace("35.600", "95"), "weather.impossible_place")["column"] == "latitude"
    assert broken(0, "999999,KAWASAKI", "weather.short_row")["expected"] == 7
    assert broken(0, HEAD.replace("9.0", "0.0"), "weather.clock_wrong")["hours"] == "+9.0"
    assert broken(1, NAMES.replace("DNI", "XNI"), "weather.no_hourly_column")["column"] == "dni"
    for count in (2, 5000, 8761):
        assert refused(write(tmp_path / "a.csv", lines[:count]), "weather.hour_count").details["found"] == count - 2
