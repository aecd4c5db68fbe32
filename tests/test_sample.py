"""The sample town: complete, marked as synthetic, consistent with itself, and what its generator makes."""

from __future__ import annotations

import csv
import math
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterio.features
import rasterio.windows
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from kawasolar.weather import read_weather
from sample_data.generator import __main__ as generator
from sample_data.generator import town as town_module

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
DATA = ("dsm.tif", "buildings.gpkg", "facilities.csv", "private_facilities.csv", "lamps.csv", "vehicles.csv",
        "supply_points.csv", "weather.csv", "weather_normals.csv", "README.md")  # fmt: skip


def rows_of(name: str) -> list[list[str]]:
    with (SAMPLE / name).open(encoding="cp932", newline="") as file:
        return list(csv.reader(file))


def number(text: str) -> float:
    return float(unicodedata.normalize("NFKC", text).replace(",", ""))


def table(name: str, key: str = "施設番号") -> pd.DataFrame:
    rows = rows_of(name)
    at = next(i for i, row in enumerate(rows) if key in row)
    return pd.DataFrame([row for row in rows[at + 1 :] if row[0] != "合計"], columns=rows[at])


@pytest.fixture(scope="module")
def buildings() -> gpd.GeoDataFrame:
    return gpd.read_file(SAMPLE / "buildings.gpkg", layer="buildings").set_index("building_id", drop=False)


@pytest.fixture(scope="module")
def facilities() -> pd.DataFrame:
    return table("facilities.csv").set_index("施設番号", drop=False)


@pytest.fixture(scope="module")
def surface() -> NDArray[np.float32]:
    with rasterio.open(SAMPLE / "dsm.tif") as file:
        return file.read(1, masked=True).filled(np.nan)


# -- the whole ----------------------------------------------------------------------------------------------------
def test_complete_and_small() -> None:
    assert [name for name in DATA if not (SAMPLE / name).is_file()] == []
    size = sum(p.stat().st_size for p in SAMPLE.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    assert size <= 15_000_000
    assert len(list((SAMPLE / "meters").glob("*.csv"))) == 19


@pytest.mark.parametrize("name", ["facilities.csv", "private_facilities.csv", "lamps.csv", "vehicles.csv"])
def test_ledgers_say_that_they_are_synthetic_in_the_first_line(name: str) -> None:
    raw = (SAMPLE / name).read_bytes()
    assert "合成データ・実在しません" in raw.split(b"\r\n")[0].decode("cp932")
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_the_rest_is_marked_too() -> None:
    with rasterio.open(SAMPLE / "dsm.tif") as file:
        tags = file.tags()
    assert tags["KAWASOLAR_SYNTHETIC"] == "1"
    assert "合成データ" in tags["TIFFTAG_IMAGEDESCRIPTION"]
    assert "合成データ" in (SAMPLE / "weather_normals.csv").read_text("utf-8-sig")
    assert "SYNTHETIC" in (SAMPLE / "weather.csv").read_text("ascii").splitlines()[0]
    for path in (SAMPLE / "meters").glob("*.csv"):
        text = path.read_bytes().decode("cp932")
        assert "合成データ" in text or "0399990000" in text


# -- surface and outlines ------------------------------------------------------------------------------------------
def test_surface_is_what_the_readme_says(surface: NDArray[np.float32]) -> None:
    with rasterio.open(SAMPLE / "dsm.tif") as file:
        assert (file.crs.to_epsg(), file.res, file.shape, file.nodata) == (6677, (0.5, 0.5), (3000, 4000), -9999.0)
        assert (file.block_shapes[0], file.compression.value) == ((256, 256), "DEFLATE")
        west, south, east, north = file.bounds
    longitude, latitude = Transformer.from_crs(6677, 6668, always_xy=True).transform(
        (west + east) / 2, (south + north) / 2
    )
    assert (latitude, longitude) == pytest.approx((35.600, 139.610), abs=0.001)
    steps = surface[::7, ::7] * 32.0
    assert np.nanmax(np.abs(steps - np.round(steps))) == 0.0
    holes = np.isnan(surface).sum()
    assert 100 < holes < 0.001 * surface.size


def test_outlines(buildings: gpd.GeoDataFrame) -> None:
    assert list(buildings.columns) == ["building_id", "name", "usage", "storeys", "height_m", "geometry"]
    assert buildings.crs.to_epsg() == 6677
    assert 2_800 <= len(buildings) <= 3_400
    assert buildings["building_id"].is_unique
    assert buildings.is_valid.all()
    assert (buildings.geom_type == "Polygon").all()
    assert {"401", "402", "411", "412", "421", "422", "431", "441", "452"} == set(buildings["usage"])
    assert shapely.box(-21240, -45100, -19240, -43600).contains(buildings.union_all())
    tree = shapely.STRtree(buildings.geometry.to_numpy())
    pairs = tree.query(buildings.geometry.to_numpy(), predicate="overlaps")
    assert pairs.shape[1] == 0


def _cut_out(surface: NDArray[np.float32], shape: shapely.Geometry, buffer: float) -> tuple[NDArray[np.float32], ...]:
    """Cells within a shape, and those of a ring of ``buffer`` metres round it."""
    west, south, east, north = shape.buffer(buffer).bounds
    c0, r0 = max(0, int((west + 21240) / 0.5)), max(0, int((-43600 - north) / 0.5))
    c1, r1 = int((east + 21240) / 0.5) + 1, int((-43600 - south) / 0.5) + 1
    window = surface[r0:r1, c0:c1]
    transform = rasterio.transform.from_origin(-21240 + c0 * 0.5, -43600 - r0 * 0.5, 0.5, 0.5)
    inside = rasterio.features.rasterize([shape], window.shape, transform=transform) == 1
    near = rasterio.features.rasterize([shape.buffer(buffer)], window.shape, transform=transform) == 1
    return window[inside], window[near & ~inside]


def test_roofs_of_facilities_stand_as_high_as_the_outlines_say(
    buildings: gpd.GeoDataFrame, surface: NDArray[np.float32]
) -> None:
    named = buildings[buildings["name"].fillna("") != ""]
    assert len(named) >= 100
    off = []
    for _, row in named.iterrows():
        roof, ring = _cut_out(surface, row.geometry, 3.0)
        ground = np.nanpercentile(ring, 10)
        # Parapet and ridge are the top; nine tenths of the roof lie no more than a few metres below, none far above.
        low, high = np.nanpercentile(roof, [20, 90]) - ground
        off.append((row["name"], row["height_m"] - 5.5 <= low and high <= row["height_m"] + 4.5))
    assert [name for name, good in off if not good] == []


def test_two_towers_shade_facilities_to_their_north(buildings: gpd.GeoDataFrame, surface: NDArray[np.float32]) -> None:
    towers = buildings[buildings["height_m"] > 100.0]
    assert len(towers) == 2
    for _, tower in towers.iterrows():
        roof, ring = _cut_out(surface, tower.geometry, 3.0)
        assert np.nanmax(roof) - np.nanpercentile(ring, 10) > 100.0
    for name in ("みどり橋図書館", "みほん市民館"):
        site = buildings[buildings["name"] == name].geometry.iloc[0].centroid
        nearest = towers.iloc[int(np.argmin(towers.distance(site)))]
        away = nearest.geometry.centroid
        assert site.y - away.y > 25.0
        assert math.degrees(math.atan2(nearest["height_m"] - 20.0, site.distance(away))) > 45.0


def test_facilities_under_trees_have_crowns_above_their_roofs(
    buildings: gpd.GeoDataFrame, surface: NDArray[np.float32]
) -> None:
    for name in ("どんぐり保育園", "けやき坂老人いこいの家", "中央公園管理事務所"):
        shape = buildings[buildings["name"] == name].geometry.iloc[0]
        roof, ring = _cut_out(surface, shape, 7.0)
        assert np.nanmax(ring) > np.nanmedian(roof) + 3.0


# -- the facility ledger -------------------------------------------------------------------------------------------
def test_ledger_layout() -> None:
    rows = rows_of("facilities.csv")
    assert rows[0] == ["令和6年度 公共施設台帳（合成データ・実在しません）"]
    assert rows[1] == []
    assert rows[2] == [
        "施設番号", "施設名称", "施設名称カナ", "大分類", "小分類", "所管課", "区", "住居表示", "緯度", "経度", "建物ID",
        "延面積(㎡)", "構造", "階数", "建築年度", "耐震基準", "屋根形状", "防水改修年度", "残存使用年数", "廃止予定年度",
        "避難所指定", "浸水想定(m)", "年間電力使用量(kWh)", "契約電力(kW)", "備考",
    ]  # fmt: skip
    assert rows[-1][0] == "合計"
    assert {len(row) for row in rows[2:]} == {25}


def test_ledger_values(facilities: pd.DataFrame) -> None:
    assert len(facilities) == 80
    assert facilities.index.is_unique
    assert facilities.index.str.fullmatch(r"0?\d{7}|\d{7}").all()
    assert facilities.index.str.startswith("0").sum() > 60
    assert facilities["施設名称"].is_unique
    assert set(facilities["耐震基準"]) == {"新耐震", "耐震改修済", "耐震性あり(診断済)", "未改修", "不明"}
    assert set(facilities["屋根形状"]) == {"陸屋根", "切妻", "寄棟", "のこぎり", "折板", "不明"}
    years = " ".join(facilities["建築年度"])
    assert all(mark in years for mark in ("S", "昭和", "H", "平成", "年度"))
    assert any(c in "０１２３４５６７８９" for c in "".join(facilities["年間電力使用量(kWh)"]))
    assert set(facilities["区"]) == {"みほん区", "ためし区", "かりの区"}
    assert set(facilities["避難所指定"]) == {"○", "×", ""}


def test_ledger_totals(facilities: pd.DataFrame) -> None:
    rows = rows_of("facilities.csv")
    for column in ("延面積(㎡)", "年間電力使用量(kWh)"):
        assert number(rows[-1][rows[2].index(column)]) == pytest.approx(facilities[column].map(number).sum(), abs=0.005)


def test_ledger_points_at_buildings(facilities: pd.DataFrame, buildings: gpd.GeoDataFrame) -> None:
    with_ids = facilities[facilities["建物ID"] != ""]
    assert len(facilities) - len(with_ids) == 15
    ids = with_ids["建物ID"].str.split(";")
    assert set(ids.explode()) <= set(buildings.index)
    assert ids.explode().is_unique
    for number_, found in ids.items():
        assert all(buildings.loc[i, "name"].startswith(facilities.loc[number_, "施設名称"]) for i in found)
    schools = with_ids[with_ids["小分類"].isin(["小学校", "中学校", "高等学校"])]
    assert (schools["建物ID"].str.count(";") >= 1).all()


def test_facilities_without_building_id_lie_at_their_building(
    facilities: pd.DataFrame, buildings: gpd.GeoDataFrame
) -> None:
    rest = facilities[facilities["建物ID"] == ""]
    x, y = Transformer.from_crs(6668, 6677, always_xy=True).transform(
        rest["経度"].astype(float).to_numpy(), rest["緯度"].astype(float).to_numpy()
    )
    inside = 0
    for name, point in zip(rest["施設名称"], shapely.points(x, y), strict=True):
        distance = buildings[buildings["name"].str.startswith(name)].distance(point).min()
        assert distance < 10.0
        inside += distance == 0.0
    assert 0 < inside < len(rest)


def test_floor_area_fits_the_outlines(facilities: pd.DataFrame, buildings: gpd.GeoDataFrame) -> None:
    for _, row in facilities.iterrows():
        own = buildings[buildings["name"].str.split(" ").str[0] == row["施設名称"]]
        most = (own.area * own["storeys"]).sum()
        assert 0.3 * most < number(row["延面積(㎡)"]) <= most


# -- meters --------------------------------------------------------------------------------------------------------
@dataclass
class Meter:
    """What a file says: kWh by the start of the half-hour."""

    kwh: pd.Series


def _clock(text: str) -> timedelta:
    hour, minute = text.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y/%m/%d")  # noqa: DTZ007 - clock time, as the files have it


def read_meter(path: str, point: str) -> pd.Series:
    """Read one supply point from any of the layouts; written for this test, knows nothing of the generator."""
    rows = [row for row in rows_of(path) if row]
    found: dict[datetime, float] = {}
    if "several" in path:
        for supply, day, start, value in rows[1:]:
            if supply == point:
                when = datetime.strptime(day + start, "%Y%m%d%H%M")  # noqa: DTZ007
                found[when] = float(value)
        return pd.Series(found)
    assert ["供給地点特定番号", point] in rows
    unit = (
        0.5
        if any(row[0] == "単位" and row[1].startswith("kW") and not row[1].startswith("kWh") for row in rows)
        else 1.0
    )
    half = timedelta(minutes=30)
    month = ""
    for row in rows:
        if "_monthly" in path:
            if row[0].endswith("月分"):
                month = row[0].removesuffix("月分").replace("年", "/")
            elif month and row[0].isdigit():
                found |= {_day(f"{month}/{row[0]}") + half * k: float(v) for k, v in enumerate(row[1:])}
        elif row[0][:2] != "20":
            continue
        elif "_koma" in path:
            found[_day(row[0]) + half * (int(row[1]) - 1)] = float(row[2])
        elif "_stamp" in path:
            day, clock = row[0].split(" ")
            when = _day(day) + _clock(clock) - (half if "_end" in path else timedelta(0))
            found[when] = float(row[1]) * unit
        else:
            found |= {_day(row[0]) + half * k: float(v) * unit for k, v in enumerate(row[1:]) if v}
    return pd.Series(found)


POINTS = table("supply_points.csv")


def test_twenty_supply_points() -> None:
    assert len(POINTS) == 20
    assert POINTS["供給地点特定番号"].is_unique
    assert POINTS["供給地点特定番号"].str.fullmatch(r"\d{22}").all()
    assert set(POINTS["ファイル"]) == {f"meters/{p.name}" for p in (SAMPLE / "meters").glob("*.csv")}
    families = POINTS["ファイル"].str.extract(r"\d_(.*)\.csv")[0].dropna().unique()
    assert set(families) == {
        "wide", "wide_gaps", "wide_kw", "monthly", "koma", "stamp_start_kw", "stamp_end", "stamp_end_24",
    }  # fmt: skip


@pytest.mark.parametrize("at", range(len(POINTS)))
def test_meter_agrees_with_the_ledger(at: int, facilities: pd.DataFrame) -> None:
    point = POINTS.iloc[at]
    ledger = facilities.loc[point["施設番号"]]
    series = read_meter(point["ファイル"], point["供給地点特定番号"])
    whole = pd.date_range("2024-04-01", periods=17_520, freq="30min")
    assert series.index.isin(whole).all()
    missing = 17_520 - len(series)
    yearly = number(ledger["年間電力使用量(kWh)"])
    if "gaps" in point["ファイル"]:
        assert missing == 2 * 48 + 8 + 1
        assert 0.985 * yearly < series.sum() < yearly
    else:
        assert missing == 0
        assert series.sum() == pytest.approx(yearly, abs=0.51)
    contract = number(ledger["契約電力(kW)"])
    assert contract == number(point["契約電力(kW)"]) == math.ceil(round(series.max() * 2.0, 6))
    assert contract < 500.0
    assert series.min() > 0.0


def test_schools_rest_on_sundays() -> None:
    school = POINTS[POINTS["施設名称"] == "若葉台小学校"].iloc[0]
    series = read_meter(school["ファイル"], school["供給地点特定番号"])
    noon = series[series.index.hour == 11]
    assert noon[noon.index.day_of_week == 6].mean() < 0.55 * noon[noon.index.day_of_week == 2].mean()


# -- lamps, vehicles, private facilities ---------------------------------------------------------------------------
def test_lamps_agree_with_the_ledger(facilities: pd.DataFrame) -> None:
    lamps = table("lamps.csv")
    assert len(lamps) > 500
    assert set(lamps["施設番号"]) < set(facilities.index)
    assert len(facilities) - lamps["施設番号"].nunique() >= 10
    assert (lamps["施設番号"].map(facilities["施設名称"]) == lamps["施設名称"]).all()
    hours = lamps["点灯時間(h/日)"].astype(float) * lamps["点灯日数(日/年)"].astype(int)
    assert hours.between(50, 8_784).all()
    kwh = lamps["W/台"].astype(float) * lamps["台数"].astype(int) * hours / 1000.0
    share = kwh.groupby(lamps["施設番号"]).sum() / facilities["年間電力使用量(kWh)"].map(number)
    assert share.dropna().max() < 0.85
    schools = share[facilities["小分類"].isin(["小学校", "中学校"])].dropna()
    assert schools.between(0.08, 0.42).all()
    assert {"LED一体型ベース", "FLR40W（直管・ラピッド）", "FHF32W（直管・Hf）", "HF400W（水銀灯）"} <= set(
        lamps["ランプ種別"]
    )


def test_vehicles_hang_together(facilities: pd.DataFrame) -> None:
    cars = table("vehicles.csv", "車両番号")
    assert len(cars) > 100
    assert cars["車両番号"].is_unique
    assert (cars["配置施設番号"].map(facilities["施設名称"]) == cars["配置施設名称"]).all()
    km = cars[["走行距離R4(km)", "走行距離R5(km)", "走行距離R6(km)"]].map(number)
    assert (cars["累計走行距離(km)"].map(number) >= km.sum(axis=1)).all()
    per_day = km["走行距離R6(km)"] / cars["稼働日数R6(日)"].astype(int)
    assert (cars["最長日走行距離(km)"].astype(float) > per_day).all()
    burns = cars["燃料"] != "電気"
    economy = km["走行距離R6(km)"][burns] / cars["燃料消費量R6(L)"][burns].map(number)
    assert economy.between(2.5, 26.0).all()
    assert (cars["燃料消費量R6(L)"][~burns] == "").all()
    leased = cars["取得区分"] == "リース"
    assert ((cars["リース満了"] != "") == leased).all()


def test_private_facilities(buildings: gpd.GeoDataFrame) -> None:
    members = table("private_facilities.csv")
    assert len(members) == 38
    named = members[members["建物ID"] != ""]
    assert named["建物ID"].is_unique
    assert set(named["建物ID"]) <= set(buildings.index)
    assert (buildings.loc[named["建物ID"], "name"].fillna("") == "").all()
    assert "のこぎり" in set(members["屋根形状"])
    x, y = Transformer.from_crs(6668, 6677, always_xy=True).transform(
        named["経度"].astype(float).to_numpy(), named["緯度"].astype(float).to_numpy()
    )
    shapes = buildings.loc[named["建物ID"]].geometry.to_numpy()
    assert (shapely.distance(shapes, shapely.points(x, y)) < 0.5).all()


# -- weather -------------------------------------------------------------------------------------------------------
def test_weather_keeps_the_normals() -> None:
    hours = read_weather(SAMPLE / "weather.csv").hours
    assert len(hours) == 8_760
    text = (SAMPLE / "weather_normals.csv").read_text("utf-8-sig").splitlines()
    rows = np.array([[float(v) for v in line.split(",")] for line in text if line[:1].isdigit()])
    month = (hours.index - pd.Timedelta(minutes=30)).month
    assert (hours["ghi"].groupby(month).sum() / 1000.0).to_numpy() == pytest.approx(rows[:, 1], rel=0.003)
    assert hours["temp_air"].groupby(month).mean().to_numpy() == pytest.approx(rows[:, 2], abs=0.6)
    assert hours["ghi"].sum() / 1000.0 == pytest.approx(1_400.0, rel=0.002)


def test_weather_file_is_laid_out_as_metpv20() -> None:
    lines = (SAMPLE / "weather.csv").read_text("ascii").splitlines()
    assert lines[0].count(",") == 6
    fields = np.array([[float(v) for v in line.split(",")] for line in lines[1:]])
    assert fields.shape == (3_650, 33)
    assert (fields[:, 0].reshape(365, 10) == np.arange(1, 11)).all()
    by_element = fields[:, 4:28].reshape(365, 10, 24)
    # Global = direct on the horizontal + diffuse, in whole units.
    assert (by_element[:, 0] == by_element[:, 1] + by_element[:, 2]).all()
    assert (fields[::10, 30] == by_element[:, 0].sum(axis=1)).all()


# -- the generator -------------------------------------------------------------------------------------------------
def test_generator_makes_these_very_files(
    tmp_path: Path, surface: NDArray[np.float32], buildings: gpd.GeoDataFrame
) -> None:
    """Byte for byte where arithmetic rounds as it did when the files were made. Elsewhere a corner differs by a micrometre, a lot of the hillside is cut
    another way, and the draws after it are others: houses in the last blocks, nothing else. That nobody changed the generator since is told by its sources.
    """
    assert generator.STATE.read_text("ascii").strip() == generator.state()
    made = town_module.make(generator.SEED)
    again = np.where(made.surface == -9999.0, np.nan, made.surface)
    generator.write_tables(tmp_path, made, generator.SEED)
    written = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*.csv"))
    assert len(written) == 19 + 7
    changed = [p for p in written if (tmp_path / p).read_bytes() != (SAMPLE / p).read_bytes()]
    layer = generator.layers.outlines(made.buildings, generator.building_names(made))
    if np.array_equal(again, surface, equal_nan=True):
        assert changed == []
        assert list(layer["building_id"]) == list(buildings.index)
        assert shapely.equals_exact(layer.geometry.to_numpy(), buildings.geometry.to_numpy(), 1e-9).all()
        return
    # The ledger tells buildings' numbers, which count through the houses too.
    assert changed in ([], [Path("facilities.csv")])
    kept, fresh = ((folder / "facilities.csv").read_bytes().splitlines() for folder in (SAMPLE, tmp_path))
    assert len(kept) == len(fresh)
    assert sum(one != other for one, other in zip(kept, fresh, strict=True)) <= 8
    named, known = (
        frame[frame["name"] != ""].sort_values(["name", "height_m"]).reset_index(drop=True)
        for frame in (layer, buildings)
    )
    assert list(named["name"]) == list(known["name"])
    assert shapely.equals_exact(named.geometry.to_numpy(), known.geometry.to_numpy(), 0.002).all()
    old = set(buildings.geometry.to_wkb())
    in_order = np.array([shape in old for shape in layer.sort_index().geometry.to_wkb()])
    assert in_order[: len(buildings) * 4 // 5].mean() > 0.99
    assert len(layer) == pytest.approx(len(buildings), rel=0.03)
    assert np.array_equal(np.isnan(again), np.isnan(surface))
    assert np.mean(np.abs(np.nan_to_num(again) - np.nan_to_num(surface)) <= 1 / 32) > 0.8
