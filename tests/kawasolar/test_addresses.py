"""Addresses in one form, looked up in tables, layers and parcels; bad files of them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from shapely.geometry import Point, Polygon, box

from gis.errors import CrsMissing, GisError, NoOverlap, UnreadableFile
from kawasolar.address import (
    AddressBook,
    building_entries,
    parse_address,
    placed_by_address,
    read_addresses,
    read_parcels,
)
from kawasolar.address.book import entry_of
from kawasolar.address.normal import kanji_number
from kawasolar.errors import UnreadableAddresses
from kawasolar.ledger import read_facilities
from kawasolar.words import LANGUAGES, say

ZONE = CRS.from_epsg(6677)
X, Y = -20000.0, -44300.0
BOUNDS = (X - 500, Y - 500, X + 500, Y + 500)
HEAD = '"都道府県名","市区町村名","大字・丁目名","小字・通称名","街区符号・地番","座標系番号","Ｘ座標","Ｙ座標","緯度","経度","住居表示フラグ","代表フラグ"'
# Town, smaller name, block, and metres east and north of the middle.
BLOCKS = (
    ("駅前本町", "", "11", 0, 0),
    ("駅前本町", "", "12", 80, 0),
    ("中央一丁目", "", "2", 0, 200),
    ("中央一丁目", "", "3", 90, 200),
    ("中央二丁目", "", "2", 400, 300),
    ("大字田中", "字前田", "12-3", -300, -300),
    ("三ヶ名", "", "1550", 300, -300),
)


def degrees(x: float, y: float) -> tuple[float, float]:
    lon, lat = Transformer.from_crs(6677, 6668, always_xy=True).transform(x, y)
    return lat, lon


def table(path: Path, *, plane: bool = False, encoding: str = "cp932", city: str = "見本市川辺区") -> Path:
    rows = [HEAD]
    for town, small, block, east, north in BLOCKS:
        lat, lon = degrees(X + east, Y + north)
        # X is north.
        place = f'"9","{Y + north:.1f}","{X + east:.1f}","",""' if plane else f'"9","","","{lat:.6f}","{lon:.6f}"'
        rows.append(f'"神奈川県","{city}","{town}","{small}","{block}",{place},"1","1"')
    path.write_text("\r\n".join(rows) + "\r\n", encoding=encoding)
    return path


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> AddressBook:
    made = AddressBook()
    made.add(read_addresses(table(tmp_path_factory.mktemp("住所") / "14_2023.csv"), ZONE, bounds=BOUNDS).entries)
    return made


@pytest.mark.parametrize(
    ("text", "words", "numbers"),
    [
        ("神奈川県川崎市川崎区駅前本町１１番地１", "川崎市川崎区駅前本町", "11 1"),
        ("川崎区駅前本町11-1", "川崎区駅前本町", "11 1"),
        ("駅前本町十一番地の一", "駅前本町", "11 1"),
        ("中央一丁目2番3号　市役所5階", "中央", "1 2 3"),
        ("中央1ー2ー3", "中央", "1 2 3"),
        ("中央１‐２−３", "中央", "1 2 3"),
        ("大字田中字前田12番地の3", "田中前田", "12 3"),
        ("〒210-8577 川崎市川崎区宮本町1番地", "川崎市川崎区宮本町", "1"),
        ("千代田区六番町３－１", "千代田区六番町", "3 1"),
        ("札幌市中央区北1条西2丁目", "札幌市中央区北一条西", "2"),
        ("静岡県焼津市三ヶ名1550-2", "焼津市三ケ名", "1550 2"),
        ("石川県加賀市大聖寺南町ニ41番地", "加賀市大聖寺南町ニ", "41"),
        ("本町5-6-1 201号室", "本町", "5 6 1"),
        ("岩手県", "岩手県", ""),
        ("", "", ""),
    ],
)
def test_one_form(text: str, words: str, numbers: str) -> None:
    found = parse_address(text)
    assert (found.words, " ".join(found.numbers)) == (words, numbers)


@given(st.integers(1, 99), st.integers(1, 999), st.integers(1, 99), st.data())
def test_all_ways_to_write_an_address_are_one(a: int, b: int, c: int, data: st.DataObject) -> None:
    full = str.maketrans("0123456789-", "０１２３４５６７８９－")
    plain = f"見本市中央{a}-{b}-{c}"
    ways = [
        plain, plain.translate(full), f"神奈川県見本市中央{a}丁目{b}番{c}号", f"見本市 中央 {a}丁目 {b}番地の{c}", f"見本市大字中央{a}丁目{b}番{c}号 見本ビル3階",
        f"見本市中央{a}‑{b}―{c}",
    ]  # fmt: skip
    assert parse_address(data.draw(st.sampled_from(ways))) == parse_address(plain)


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    parse_address(text)


def test_numbers_in_kanji() -> None:
    assert [kanji_number(text) for text in ("一", "十", "十一", "二十", "二十三", "百二", "一〇", "二三")] == [
        1,
        10,
        11,
        20,
        23,
        102,
        10,
        23,
    ]


@pytest.mark.parametrize(
    ("text", "place", "exact"),
    [
        ("神奈川県見本市川辺区駅前本町11番地1", (0, 0), "block"),
        ("見本市川辺区駅前本町12", (80, 0), "block"),
        ("川辺区駅前本町１１", (0, 0), "block"),
        ("駅前本町11-5", (0, 0), "block"),
        ("見本市川辺区中央1丁目3番4号", (90, 200), "block"),
        ("中央二丁目2-9", (400, 300), "block"),
        ("見本市川辺区田中12番地3", (-300, -300), "block"),
        ("見本市川辺区大字田中字前田12-3", (-300, -300), "block"),
        ("見本市川辺区三ケ名1550-2", (300, -300), "block"),
        # A block that nobody knows: the town.
        ("駅前本町99", (40, 0), "town"),
        # Two blocks of 中央一丁目 are near enough to be one place.
        ("中央1丁目", (0, 200), "block"),
        ("駅前本町団地内", (40, 0), "town"),
    ],
)
def test_found(book: AddressBook, text: str, place: tuple[float, float], exact: str) -> None:
    found = book.find(text)
    assert found is not None
    assert not found.ambiguous
    assert (found.x, found.y) == pytest.approx((X + place[0], Y + place[1]), abs=0.5)
    assert found.exact == exact


@pytest.mark.parametrize("text", ["見本市川辺区知らない町1-2", "隣市山手区駅前本町11", "", "1-2-3"])
def test_not_found(book: AddressBook, text: str) -> None:
    assert book.find(text) is None


def test_a_town_of_two_wards_must_be_named() -> None:
    book = AddressBook()
    book.add(
        [entry_of(city, "本町", " 1", x, 0.0, "block") for city, x in (("見本市東区", 0.0), ("見本市西区", 5000.0))]
    )
    found = book.find("見本市本町1-1")
    assert found is None or found.ambiguous
    found = book.find("本町1-1")
    assert found is not None
    assert found.ambiguous
    told = [book.find(f"{ward}本町1-1") for ward in ("東区", "神奈川県見本市西区")]
    assert [None if each is None else (each.x, each.exact) for each in told] == [(0.0, "block"), (5000.0, "block")]


def test_the_same_numbers_far_apart_are_ambiguous() -> None:
    book = AddressBook()
    book.add([entry_of("", "本町", " 1-1", x, 0.0, "parcel") for x in (0.0, 900.0)])
    found = book.find("本町1-1")
    assert found is not None
    assert found.ambiguous


def test_the_most_exact_layer_counts() -> None:
    book = AddressBook()
    book.add(
        [entry_of("見本市", "本町", " 1", 0.0, 0.0, "block"), entry_of("見本市", "本町", " 1-2", 30.0, 0.0, "parcel")]
    )
    book.add(building_entries(["見本市本町1番2号", None, ""], np.array([box(50, 0, 60, 10)] * 3, dtype=object)))
    told = [book.find(text) for text in ("本町1-2", "本町1-3", "本町1")]
    assert [None if each is None else (each.exact, each.x) for each in told] == [
        ("building", 55.0),
        ("block", 0.0),
        ("block", 0.0),
    ]


# ---------------------------------------------------------------------------------------------- facilities


def test_facilities_get_the_place_of_their_address(book: AddressBook) -> None:
    frame = gpd.GeoDataFrame(
        {
            "facility_id": list("abcdef"),
            "address": ["駅前本町11", "駅前本町99", "知らない町1", None, "駅前本町12", ""],
            "source_row": range(2, 8),
        },
        geometry=gpd.GeoSeries([None, None, None, None, Point(1, 2), Point()], crs=ZONE),
        crs=ZONE,
    )
    placed, findings = placed_by_address(frame, book)
    assert placed["placed"].tolist() == ["block", "town", None, None, None, None]
    assert placed.geometry.iloc[4] == Point(1, 2)
    assert placed.geometry.iloc[0].distance(Point(X, Y)) < 0.5
    assert [(f.code, f.item, f.row) for f in findings] == [
        ("addresses.placed", None, None), ("addresses.town_only", "b", 3), ("addresses.not_found", "c", 4),
    ]  # fmt: skip
    for finding in findings:
        for language in LANGUAGES:
            assert "{" not in say(language, finding.code, **finding.values())
    # Nobody is moved who has a place, and nothing changes where nothing is found.
    same, said = placed_by_address(frame.iloc[[4]], book)
    assert "placed" not in same
    assert said == []
    assert placed_by_address(frame, AddressBook())[0] is frame


# ---------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("encoding", ["cp932", "utf-8-sig", "utf-8"])
@pytest.mark.parametrize("plane", [False, True])
def test_the_state_s_table(tmp_path: Path, encoding: str, plane: bool) -> None:
    found = read_addresses(table(tmp_path / "a.csv", plane=plane, encoding=encoding), ZONE, bounds=BOUNDS)
    assert len(found.entries) == len(BLOCKS)
    assert not found.findings
    first = found.entries[0]
    assert (first.x, first.y) == pytest.approx((X, Y), abs=0.2)
    assert (first.city, first.numbers, first.exact) == ("見本市川辺区", ("11",), "block")


def test_a_table_of_towns(tmp_path: Path) -> None:
    lat, lon = degrees(X, Y)
    path = tmp_path / "towns.csv"
    path.write_text(f"市区町村名,大字町丁目名,緯度,経度\n見本市,中央一丁目,{lat},{lon}\n", encoding="utf-8")
    book = AddressBook()
    book.add(read_addresses(path, ZONE, bounds=BOUNDS).entries)
    found = book.find("見本市中央1-2-3")
    assert found is not None
    assert found.exact == "town"


def test_any_table_and_any_layer_with_addresses(tmp_path: Path) -> None:
    lat, lon = degrees(X, Y)
    path = tmp_path / "list.csv"
    path.write_text(f"番号,所在地,緯度,経度,備考\n1,見本市本町1-2,{lat},{lon},\n2,見本市本町1-3,,,\n", encoding="cp932")
    found = read_addresses(path, ZONE, bounds=BOUNDS)
    assert [(each.numbers, each.exact) for each in found.entries] == [(("1", "2"), "building")]
    assert [(f.code, f.details["count"]) for f in found.findings] == [("addresses.left_out", 1)]
    for name in ("points.gpkg", "points.geojson"):
        layer = tmp_path / name
        gpd.GeoDataFrame({"住所": ["見本市本町1-2", None]}, geometry=[Point(X, Y)] * 2, crs=6677).to_crs(6668).to_file(
            layer
        )
        again = read_addresses(layer, ZONE, bounds=BOUNDS)
        assert [(round(each.x), each.numbers) for each in again.entries] == [(round(X), ("1", "2"))]


LATIN = "caf\xe9,1\n" * 400


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\0\1\2\3" * 100, "not_text"),
        ("a.csv", LATIN.encode("latin-1"), "not_text"),
        ("a.csv", "施設,所在\n1,2\n".encode(), "no_columns"),
        ("a.csv", b"x" * 200_000, "damaged"),
        ("a.csv", "住所,緯度,経度\n見本市本町1,1.0,2.0\n".encode(), "no_places"),
        ("a.csv", "住所,緯度,経度\n見本市本町1,北,東\n".encode(), "no_places"),
        ("a.csv", ("住所,緯度,経度\n" + "\n" * 5000).encode(), "no_places"),
        ("a.gpkg", b"SQLite format 3\0" + b"\0" * 100, "damaged"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [', "damaged"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"x": 1}, "geometry": null}]}', "no_columns"),
    ],
)  # fmt: skip
def test_bad_tables(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UnreadableAddresses) as caught:
        read_addresses(path, ZONE, bounds=BOUNDS)
    assert caught.value.code == f"addresses.{code}"
    for language in LANGUAGES:
        assert "{" not in say(language, caught.value.code, **caught.value.details)


def test_no_table_and_no_system(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAddresses, match=r"addresses\.missing"):
        read_addresses(tmp_path / "none.csv", ZONE)
    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"address": ["x 1"]}, geometry=[Point(X, Y)]).to_file(path)
    with pytest.raises(CrsMissing, match=r"addresses\.no_crs"):
        read_addresses(path, ZONE)
    assert len(read_addresses(path, ZONE, crs="6677").entries) == 1


# ---------------------------------------------------------------------------------------------- parcels


def land(path: Path, *, crs: int | None = 6677, **columns: list[object]) -> Path:
    shapes = [box(X, Y, X + 40, Y + 40), box(X + 40, Y, X + 80, Y + 40)]
    gpd.GeoDataFrame(pd.DataFrame(columns), geometry=shapes, crs=crs).to_file(path)
    return path


@pytest.mark.parametrize(
    "columns",
    [
        {"地番": ["12-3", "12-4"], "大字名": ["大字田中"] * 2, "小字名": ["字前田"] * 2, "市区町村名": ["見本市"] * 2},
        {"地番": ["12-3", "12-4"], "大字名": ["田中"] * 2, "丁目名": [None, None]},
        {"所在地番": ["見本市大字田中12番3", "見本市大字田中12番4"]},
    ],
)  # fmt: skip
def test_parcels_are_addresses(tmp_path: Path, columns: dict[str, list[object]]) -> None:
    found = read_parcels(land(tmp_path / "筆.gpkg", **columns), ZONE, bounds=BOUNDS)
    assert found.frame["lot"].tolist() == ["12-3", "12-4"]
    book = AddressBook()
    book.add(found.entries())
    place = book.find("見本市田中12番地4")
    assert place is not None
    assert (place.exact, place.x, place.y) == ("parcel", X + 60, Y + 20)


def test_parcels_in_degrees_crossing_and_without_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    bow = Polygon([(X, Y), (X + 20, Y + 20), (X + 20, Y), (X, Y + 20)])
    gpd.GeoDataFrame({"n": [1, 2]}, geometry=[bow, box(X + 40, Y, X + 80, Y + 40)], crs=6677).to_crs(6668).to_file(path)
    found = read_parcels(path, ZONE, bounds=BOUNDS)
    assert found.frame.geometry.is_valid.all()
    assert found.frame.area.sum() == pytest.approx(200 + 1600, rel=1e-3)
    assert [f.code for f in found.findings] == ["parcels.no_lots"]
    assert found.entries() == []


def test_bad_parcels(tmp_path: Path) -> None:
    cases: list[tuple[Path, str, type[GisError]]] = [(tmp_path / "none.gpkg", "missing", UnreadableFile)]
    for name, data in (
        ("a.gpkg", b"SQLite format 3\0" + b"\0" * 50),
        ("a.geojson", b'{"type": "Feat'),
        ("a.shp", b"\0" * 100),
        ("b.gpkg", b""),
    ):
        (tmp_path / name).write_bytes(data)
        cases.append((tmp_path / name, "unreadable", UnreadableFile))
    points = tmp_path / "points.gpkg"
    gpd.GeoDataFrame({"地番": ["1"]}, geometry=[Point(X, Y)], crs=6677).to_file(points)
    cases.append((points, "no_polygons", UnreadableFile))
    cases.append((land(tmp_path / "naked.shp", crs=None, lot=["1", "2"]), "no_crs", CrsMissing))
    far = tmp_path / "far.gpkg"
    gpd.GeoDataFrame({"地番": ["1"]}, geometry=[box(90_000, 0, 90_010, 10)], crs=6677).to_file(far)
    cases.append((far, "no_overlap", NoOverlap))
    two = tmp_path / "two.gpkg"
    for layer in ("p", "q"):
        gpd.GeoDataFrame({"地番": ["1"]}, geometry=[box(X, Y, X + 9, Y + 9)], crs=6677).to_file(two, layer=layer)
    cases.append((two, "many_layers", UnreadableFile))
    for path, code, kind in cases:
        with pytest.raises(kind) as caught:
            read_parcels(path, ZONE, bounds=BOUNDS)
        assert caught.value.code == f"parcels.{code}", path.name
        for language in LANGUAGES:
            assert "{" not in say(language, caught.value.code, **caught.value.details)
    assert len(read_parcels(two, ZONE, layer="q", bounds=BOUNDS).frame) == 1
    with pytest.raises(UnreadableFile, match=r"parcels\.no_layer"):
        read_parcels(two, ZONE, layer="r", bounds=BOUNDS)


def test_addresses_of_a_real_city_find_one_another(realdata: Path) -> None:
    """Yaizu's lists: each address is found by the places of all, however each list writes it."""
    files = sorted((realdata / "yaizu_facilities").glob("222127_*.csv"))
    zone, book = CRS.from_epsg(6676), AddressBook()
    entries = [entry for path in files for entry in read_addresses(path, zone).entries]
    book.add(entries)
    assert len(entries) > 100
    for path in files:
        ledger = read_facilities(path, zone).facilities
        bare = ledger.set_geometry(gpd.GeoSeries([None] * len(ledger), crs=zone))
        placed, _ = placed_by_address(bare, book)
        away = placed.geometry.distance(ledger.geometry)[placed["placed"] == "building"]
        assert len(away) >= 0.9 * len(ledger)
        assert away.median() < 1.0
        assert away.max() < 150.0
