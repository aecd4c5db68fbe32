"""Ledgers as files: encodings, headings, rows left out, places, limits, and hostile input."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import os
import sqlite3
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from shapely.geometry import Point, Polygon, box

from gis.errors import CrsMissing, GisError
from kawasolar.errors import PlanError, UnreadableLedger
from kawasolar.ledger import Ledger, read_facilities, tables
from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from collections.abc import Callable

IX = CRS.from_epsg(6677)
SAMPLE_HEADINGS = (
    "施設番号,施設名称,施設名称カナ,大分類,小分類,所管課,区,住居表示,緯度,経度,建物ID,延面積(㎡),構造,階数,建築年度,耐震基準,屋根形状,"
    "防水改修年度,残存使用年数,廃止予定年度,避難所指定,浸水想定(m),年間電力使用量(kWh),契約電力(kW),備考"
)
FULL = f"""令和6年度　公共施設台帳

{SAMPLE_HEADINGS}
0001,高津小学校,タカツショウガッコウ,学校教育系施設,小学校,教育環境整備課,高津区,溝口4-19-1,35.6010,139.6110,B1;B2,"6,543.21",ＲＣ造,4,S53,耐震改修済,陸屋根,平成20年度,20,,○,0.5m～3.0m,"123,456",80,
0002,高津図書館,タカツトショカン,社会教育系施設,図書館,生涯学習推進課,高津区,溝口4-16-3,35.6020,139.6120,,不明,SRC,－,昭和59年3月,新耐震,陸屋根,,,R12,×,,－,,古い資料
,,,,,,,,,,,,,,,,,,,,,,,,
小計,,,,,,,,,,,"6,543.21",,,,,,,,,,,"123,456",,
合計,,,,,,,,,,,"6,543.21",,,,,,,,,,,"123,456",,
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes or text under a Japanese folder name with blanks."""

    def inner(content: str | bytes, name: str = "施設 台帳.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / "高津区 資料" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return inner


def codes(ledger: Ledger) -> list[str]:
    for finding in ledger.findings:
        for language in ("ja", "en"):
            assert finding.code in catalogue(), finding.code
            sentence = say(language, finding.code, **finding.values())
            assert "{" not in sentence or any("{" in str(value) for value in finding.values().values())
            # A dash stands for a value that the sentence names and the finding lacks.
        assert "–" not in sentence or "–" in str(finding.values()), (finding, sentence)
    return [finding.code for finding in ledger.findings if finding.code != "ledger.unused_columns"]


def refused(path: Path, **options: object) -> UnreadableLedger:
    with pytest.raises(UnreadableLedger) as caught:
        read_facilities(path, IX, **options)  # type: ignore[arg-type]
    sentence = say("ja", caught.value.code, **caught.value.details)
    assert sentence != caught.value.code
    assert path.name in sentence
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_sample_layout_in_every_encoding_and_delimiter(
    write: Callable[..., Path], encoding: str, delimiter: str
) -> None:
    content = FULL.replace(";", "/") if delimiter == ";" else FULL
    content = content.replace("B1/B2", "B1、B2")
    if delimiter != ",":
        content = "\n".join(delimiter.join(cells) for cells in csv.reader(io.StringIO(content), delimiter=","))
    ledger = read_facilities(write(content, encoding=encoding), IX)
    frame = ledger.facilities
    assert frame.crs == IX
    assert list(frame["facility_id"]) == ["0001", "0002"]
    first, second = frame.iloc[0], frame.iloc[1]
    assert first["name"] == "高津小学校"
    assert first["kana"] == "タカツショウガッコウ"
    assert (first["kind"], second["kind"]) == ("school", "library")
    assert (first["ward"], first["department"], first["address"]) == ("高津区", "教育環境整備課", "溝口4-19-1")
    assert first["building_ids"] == "B1;B2"
    assert second["building_ids"] is None
    assert first["floor_area_m2"] == 6543.21
    assert np.isnan(second["floor_area_m2"])
    assert (first["structure"], second["structure"]) == ("rc", "src")
    assert first["storeys"] == 4
    assert np.isnan(second["storeys"])
    assert list(frame["built_year"]) == [1978, 1984]
    assert (first["seismic"], second["seismic"]) == ("retrofitted", "new")
    assert first["roof_type"] == "flat"
    assert first["waterproofed_year"] == 2008
    assert first["remaining_years"] == 20
    assert np.isnan(first["closure_year"])
    assert second["closure_year"] == 2030
    assert list(frame["shelter"]) == [True, False]
    assert first["flood_depth_m"] == 3.0
    assert first["annual_kwh"] == 123456
    assert first["contract_kw"] == 80
    assert list(frame["source_row"]) == [4, 5]
    x, y = Transformer.from_crs(6668, 6677, always_xy=True).transform(139.6110, 35.6010)
    assert first.geometry.distance(Point(x, y)) < 0.01
    assert codes(ledger) == ["ledger.left_out_total"] * 2
    assert [f.row for f in ledger.findings if f.code == "ledger.left_out_total"] == [7, 8]
    assert ledger.columns["floor_area_m2"].startswith("延面積")
    assert len(ledger.columns) == 24


def test_columns_that_the_ledger_lacks_are_absent(write: Callable[..., Path]) -> None:
    frame = read_facilities(write("施設番号,施設名称\n1,高津小学校\n"), IX).facilities
    assert set(frame.columns) == {"facility_id", "name", "kind", "source_row", "geometry"}
    assert frame.geometry.isna().all()


def test_closure_column_present_and_undecided(write: Callable[..., Path]) -> None:
    text = "施設番号,施設名称,廃止予定年度\n1,高津小学校,\n2,橘小学校,なし\n3,末長小学校,検討中\n4,久本小学校,H42\n"
    ledger = read_facilities(write(text), IX)
    assert ledger.facilities["closure_year"].tolist()[3] == 2030
    assert ledger.facilities["closure_year"].isna().tolist() == [True, True, True, False]
    assert ledger.facilities["closure_known"].tolist() == [True, True, False, True]
    assert codes(ledger) == ["ledger.closure_undecided", "ledger.no_place"]


def test_what_a_ledger_tells_of_hazards_heritage_and_load(write: Callable[..., Path]) -> None:
    text = (
        "施設番号,施設名称,高潮浸水想定,津波浸水深(cm),土砂災害警戒区域,文化財,屋根材,屋根許容荷重(kg/㎡),耐震補強予定年度\n"
        "1,高津小学校,0.5～3.0m,50,特別警戒区域,登録有形文化財,瓦,20,R9\n2,橘小学校,区域外,,区域外,,折板,196N/m2,\n3,末長小学校,,不明,,不明,,0.5kN/㎡,予定なし\n"
    )
    ledger = read_facilities(write(text), IX)
    frame = ledger.facilities
    assert frame["storm_surge_depth_m"].tolist()[:2] == [3.0, 0.0]
    assert frame["tsunami_depth_m"][0] == 0.5
    assert frame["landslide"].tolist() == ["special", "none", None]
    # Only the one that is protected is marked: a blank is none, 不明 stays unknown.
    assert frame["heritage"].tolist() == ["registered", "none", None]
    assert frame["roofing"].tolist() == ["tile", "metal", None]
    assert frame["roof_bears_n_m2"].tolist() == pytest.approx([196.133, 196.0, 500.0])
    assert frame["seismic_work_year"].isna().tolist() == [False, True, True]
    assert frame["seismic_work_year"][0] == 2027
    assert codes(ledger) == ["ledger.blank_is_none", "ledger.no_place"]
    told = next(f for f in ledger.findings if f.code == "ledger.blank_is_none")
    assert (told.column, told.values()["count"]) == ("文化財", 1)
    assert list(frame.columns)[-8:-1] == [
        "storm_surge_depth_m", "tsunami_depth_m", "landslide", "heritage", "roof_bears_n_m2", "seismic_work_year", "source_row",
    ]  # fmt: skip


def test_covering_told_as_the_shape_of_the_roof(write: Callable[..., Path]) -> None:
    frame = read_facilities(
        write("施設番号,施設名称,屋根形状\n1,高津小学校,瓦\n2,橘小学校,陸屋根\n3,末長小学校,石綿スレート\n"), IX
    ).facilities
    assert frame["roofing"].tolist() == ["tile", None, "asbestos_slate"]
    assert frame["roof_type"].tolist() == ["other", "flat", "metal"]
    plain = read_facilities(write("施設番号,施設名称,屋根形状\n1,高津小学校,陸屋根\n2,橘小学校,折板\n"), IX).facilities
    assert "roofing" not in plain


def test_marks_that_nobody_understands_are_said(write: Callable[..., Path]) -> None:
    ledger = read_facilities(
        write(
            "施設番号,施設名称,土砂災害特別警戒区域,屋根許容荷重\n1,高津小学校,○,60000\n2,橘小学校,謎,重い\n3,末長小学校,×,100\n"
        ),
        IX,
    )
    assert ledger.facilities["landslide"].tolist() == ["special", None, "none"]
    assert ledger.facilities["roof_bears_n_m2"].isna().tolist() == [True, True, False]
    assert {"ledger.not_code", "ledger.not_number", "ledger.out_of_range"} <= set(codes(ledger))


def test_units_in_headings_and_cells(write: Callable[..., Path]) -> None:
    text = "施設番号,施設名称,年間電力使用量（千kWh）,契約電力(MW),延床面積（千㎡）,浸水深(cm)\n1,高津小学校,12.5,0.08,2.5,50\n2,橘小学校,12500kWh,80kW,300㎡,0.5m\n"
    frame = read_facilities(write(text), IX).facilities
    assert frame["annual_kwh"].tolist() == [12500, 12500]
    assert frame["contract_kw"].tolist() == [80, 80]
    assert frame["floor_area_m2"].tolist() == [2500, 300]
    assert frame["flood_depth_m"].tolist() == [0.5, 0.5]


def test_money_is_not_energy(write: Callable[..., Path]) -> None:
    ledger = read_facilities(write("施設番号,施設名称,電気使用量(千円)\n1,高津小学校,500\n"), IX)
    assert "annual_kwh" not in ledger.facilities
    finding = next(f for f in ledger.findings if f.code == "ledger.wrong_unit")
    assert (finding.severity, finding.column, finding.found) == ("error", "電気使用量(千円)", "千円")
    assert "annual_kwh" not in ledger.columns


def test_values_that_cannot_be_are_missing_and_said(write: Callable[..., Path]) -> None:
    text = (
        "施設番号,施設名称,緯度,経度,延面積,建築年度,構造,避難所指定\n"
        "1,高津小学校,1354.3,139.61,-5,2978,紙,たぶん\n2,橘小学校,35.60,139.61,広い,53,RC,○\n"
    )
    ledger = read_facilities(write(text), IX)
    first = ledger.facilities.iloc[0]
    assert first.geometry is None
    for name in ("latitude", "longitude", "floor_area_m2", "built_year", "structure", "shelter"):
        assert pd.isna(first[name])
    found = {(f.code, f.row, f.column, f.found) for f in ledger.findings}
    assert found >= {
        ("ledger.out_of_range", 2, "緯度", "1354.3"),
        ("ledger.out_of_range", 2, "延面積", "-5"),
        ("ledger.out_of_range", 2, "建築年度", "2978"),
        ("ledger.not_code", 2, "構造", "紙"),
        ("ledger.not_flag", 2, "避難所指定", "たぶん"),
        ("ledger.not_number", 3, "延面積", "広い"),
        ("ledger.not_year", 3, "建築年度", "53"),
    }
    codes(ledger)


def test_duplicate_and_missing_ids(write: Callable[..., Path]) -> None:
    text = "施設番号,施設名称,緯度,経度\n1,高津小学校,35.6,139.6\n,橘小学校,35.6,139.6\n1,末長小学校,35.6,139.6\n4,,35.6,139.6\n,,35.6,139.6\nrow-3,久本小学校,35.6,139.6\n"
    ledger = read_facilities(write(text), IX)
    assert list(ledger.facilities["facility_id"]) == ["1", "row-3-a", "4", "row-3"]
    assert list(ledger.facilities["name"]) == ["高津小学校", "橘小学校", "4", "久本小学校"]
    by_code = {f.code: f for f in ledger.findings}
    duplicate = by_code["ledger.duplicate_id"]
    assert (duplicate.severity, duplicate.row, duplicate.details["other"], duplicate.item) == (
        "error",
        4,
        2,
        "末長小学校",
    )
    assert by_code["ledger.no_id"].row == 3
    assert (by_code["ledger.nameless"].severity, by_code["ledger.nameless"].row) == ("error", 6)
    assert by_code["ledger.no_name"].row == 5
    codes(ledger)


def test_many_findings_of_one_kind_are_counted(write: Callable[..., Path]) -> None:
    rows = "".join(f"{i},施設{i},広い\n" for i in range(120))
    ledger = read_facilities(write("施設番号,施設名称,延面積\n" + rows), IX)
    assert codes(ledger).count("ledger.not_number") == 20
    at, more = next((at, f) for at, f in enumerate(ledger.findings) if f.code == "ledger.more")
    # Rows 2 to 21 one by one; the count stands right behind them and names all the others.
    assert (more.column, more.details["count"], more.found) == ("延面積", 100, "22–121")
    assert [f.row for f in ledger.findings[at - 20 : at]] == list(range(2, 22))


@pytest.mark.parametrize(("near", "code"), [(0, "ledger.none_near"), (2, "ledger.few_near"), (3, None)])
def test_a_ledger_beside_the_surface_is_said_first(write: Callable[..., Path], near: int, code: str | None) -> None:
    """Six with a place and one without, near or 30 km away; half of them near is as it should be."""
    rows = [f"{i},施設{i},{35.600 if i < near else 35.9},139.610" for i in range(6)]
    text = "\n".join(["施設番号,施設名称,緯度,経度", *rows, "9,無い,,"])
    x, y = Transformer.from_crs(6668, 6677, always_xy=True).transform(139.610, 35.600)
    ledger = read_facilities(write(text), IX, area=(x - 300, y - 300, x - 150, y + 300))
    assert "ledger.far" not in codes(ledger)
    first = ledger.findings[0]
    if code is None:
        assert not {"ledger.none_near", "ledger.few_near"} & set(codes(ledger))
    else:
        assert (first.code, first.details) == (code, {"count": 6, "near": near})


def test_swapped_and_far_places(write: Callable[..., Path]) -> None:
    text = "名称,緯度,経度\nい小学校,35.60,139.61\nろ小学校,139.61,35.60\nは小学校,35.61,139.62\nに小学校,34.0,138.9\nほ小学校,0,0\n"
    ledger = read_facilities(write(text), IX)
    points = ledger.facilities.geometry
    assert points[0].distance(points[1]) < 1e-6
    assert ledger.facilities["latitude"].tolist()[1] == 35.60
    assert points[4] is None
    assert [(f.code, f.row) for f in ledger.findings if f.code in {"ledger.swapped", "ledger.far"}] == [
        ("ledger.swapped", 3),
        ("ledger.far", 5),
    ]
    codes(ledger)
    nearby = read_facilities(write(text), IX, area=(-90_000, -230_000, -10_000, -30_000))
    assert "ledger.far" not in codes(nearby)


def test_official_x_is_north(write: Callable[..., Path]) -> None:
    text = "名称,X座標,Y座標\nい小学校,-44029.03,-20659.22\nろ小学校,-44020,-20650\n"
    point = read_facilities(write(text), IX).facilities.geometry[0]
    assert (point.x, point.y) == (-20659.22, -44029.03)
    # A GIS writes the easting first, and says so.
    text = "name,xcoord,ycoord\na school,-20659.22,-44029.03\n"
    ledger = read_facilities(write(text), IX)
    assert (ledger.facilities.geometry[0].x, ledger.facilities.geometry[0].y) == (-20659.22, -44029.03)
    assert ledger.facilities["latitude"][0] == pytest.approx(35.602927, abs=1e-6)
    # Dutch coordinates have no axis that is called X and means north.
    text = "name,X,Y\na school,85000,446000\n"
    point = read_facilities(write(text), CRS.from_epsg(28992)).facilities.geometry[0]
    assert (point.x, point.y) == (85000, 446000)


def test_plane_coordinates_that_only_fit_the_other_way(write: Callable[..., Path]) -> None:
    text = "名称,X座標,Y座標\nい小学校,-20659,-144029\n"
    area = (-21_000.0, -145_000.0, -20_000.0, -143_000.0)
    ledger = read_facilities(write(text), IX, area=area)
    assert (ledger.facilities.geometry[0].x, ledger.facilities.geometry[0].y) == (-20659, -144029)
    assert "ledger.swapped" in codes(ledger)


def test_degrees_in_x_and_y_and_the_old_datum(write: Callable[..., Path]) -> None:
    ledger = read_facilities(write("名称,X,Y\nい小学校,139.61,35.60\n"), IX)
    assert ledger.facilities["latitude"][0] == pytest.approx(35.60)
    assert "ledger.degrees_in_xy" in codes(ledger)
    new = read_facilities(write("名称,緯度(世界測地系),経度\nい小学校,35.60,139.61\n"), IX).facilities.geometry[0]
    ledger = read_facilities(write("名称,緯度(日本測地系),経度(日本測地系)\nい小学校,35.60,139.61\n"), IX)
    assert 350 < ledger.facilities.geometry[0].distance(new) < 550
    assert "ledger.tokyo_datum" in codes(ledger)


def test_header_of_two_rows_repeated_heading_and_note(write: Callable[..., Path]) -> None:
    text = (
        "施設カルテ一覧,,,,,\n令和6年4月1日現在,,,,,\n施設番号,施設名称,主たる建物,,,延面積\n,,構造,階数,建築年度,\n"
        "1,高津小学校,RC,4,S53,100\n施設番号,施設名称,構造,階数,建築年度,延面積\n2,橘小学校,S,2,H2,200\n※延面積は令和6年4月1日現在,,,,,\n"
    )
    ledger = read_facilities(write(text), IX)
    assert ledger.facilities["structure"].tolist() == ["rc", "s"]
    assert ledger.facilities["floor_area_m2"].tolist() == [100, 200]
    assert ledger.facilities["source_row"].tolist() == [5, 7]
    assert codes(ledger) == ["ledger.left_out_heading", "ledger.left_out_note", "ledger.no_place"]


def test_subtotals_by_ward_go_and_a_facility_called_total_stays(write: Callable[..., Path]) -> None:
    text = "施設番号,施設名称,区,延面積\n1,高津小学校,高津区,10\n,高津区小計,,10\n2,健康診断合計センター合計,高津区,5\n合　計,,,15\n"
    ledger = read_facilities(write(text), IX)
    assert list(ledger.facilities["facility_id"]) == ["1", "2"]


def test_a_total_in_a_column_that_is_none_of_ours(write: Callable[..., Path]) -> None:
    ledger = read_facilities(write("№,施設番号,施設名称,延面積\n1,00001,高津小学校,10\n合計,,,10\n"), IX)
    assert list(ledger.facilities["facility_id"]) == ["00001"]
    assert "ledger.left_out_total" in codes(ledger)
    assert not any(finding.severity == "error" for finding in ledger.findings)


def test_takamatsu_and_standard_headings(write: Callable[..., Path]) -> None:
    text = "#property,latitude,longitude,name,address,telephoneNumber,referenceObject,note\n,34.34,134.05,新番丁小学校,錦町2丁目,087,,\n"
    ledger = read_facilities(write(text), CRS.from_epsg(6672))
    assert ledger.facilities["name"].tolist() == ["新番丁小学校"]
    assert ledger.facilities["facility_id"].tolist() == ["row-2"]
    assert "ledger.no_id_column" in codes(ledger)
    text = "全国地方公共団体コード,ID,地方公共団体名,名称,名称_カナ,所在地_連結表記,緯度,経度\n141305,A01,川崎市,高津図書館,タカツトショカン,溝口,35.6,139.6\n"
    ledger = read_facilities(write(text), IX)
    assert set(ledger.columns) == {"facility_id", "name", "kana", "address", "latitude", "longitude"}
    assert ledger.facilities["kind"].tolist() == ["library"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "ledger.empty"),
        ("\n\n  \n", "ledger.empty"),
        ("a,b,c\n1,2,3\n", "ledger.no_header"),
        ("2021/1/1 18:10 UPDATE\n\nDATE,TIME,実績(万kW)\n2019/1/1,0:00,3017\n", "ledger.no_header"),
        ("施設番号,施設名称,緯度\n\n合計,,\n", "ledger.no_rows"),
        ("施設番号,施設名称,緯度\n,,35.6\n", "ledger.no_rows"),
        ("施設番号,施設名,棟,階,室,器具型番,ランプ種別,台数\n1,高津小学校,1,1,教室,A,FL40,3\n", "ledger.other_lamps"),
        (
            "学校名,棟番号,枝番,棟用途,建築年月,構造,階数,棟面積\n高津小学校,1,1,校舎,S8.1,R,3,500\n",
            "ledger.other_wings",
        ),
        ("管理番号,名称,登録番号,車種,乗車定員\n1,1号車,川崎500,軽,4\n", "ledger.other_vehicles"),
    ],
)
def test_what_is_no_list_of_facilities(write: Callable[..., Path], text: str, code: str) -> None:
    assert refused(write(text)).code == code


def test_no_header_names_what_was_found(write: Callable[..., Path]) -> None:
    assert refused(write("い,ろ\n1,2\n")).details["found"] == "い, ろ"


def test_missing_locked_large_and_binary(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(FULL)
    assert refused(path.with_name("無い.csv")).code == "ledger.missing"
    assert refused(path.parent).code == "ledger.missing"
    assert refused(write(b"\x00\x01\x02" * 50)).code == "ledger.not_text"
    assert refused(write(b"\xff\x80\xa0" * 50)).code == "ledger.not_text"
    assert refused(write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "古い.xls")).code == "ledger.old_excel"
    path = write(FULL)
    monkeypatch.setattr(tables, "MAX_BYTES", 100)
    assert refused(path).code == "ledger.too_large"
    monkeypatch.undo()

    def held(self: Path) -> bytes:
        raise PermissionError(13, "held by Excel")

    monkeypatch.setattr(Path, "read_bytes", held)
    assert refused(path).code == "ledger.locked"


def test_too_many_rows_and_many_blank_ones(write: Callable[..., Path]) -> None:
    text = "施設番号,施設名称\n" + "".join(f"{i},施設{i}\n" for i in range(tables.MAX_ROWS + 200))
    assert refused(write(text)).code == "ledger.too_many_rows"
    text = "施設番号,施設名称\n1,高津小学校\n" + ",\n" * 300_000
    assert len(read_facilities(write(text), IX).facilities) == 1


@pytest.mark.parametrize("content", ["a" * 300_000, '"' + "a" * 300_000, "施設番号," + "," * 300_000])
def test_one_endless_line(write: Callable[..., Path], content: str) -> None:
    error = refused(write(content))
    assert error.code == "ledger.no_header"
    assert len(str(error.details["found"])) <= 500


def test_broken_quotes_lose_no_row(write: Callable[..., Path]) -> None:
    text = '施設番号,施設名称,備考\n1,高津小学校,"閉じない\n2,橘小学校,\n3,末長小学校,\n'
    ledger = read_facilities(write(text), IX)
    assert list(ledger.facilities["facility_id"]) == ["1", "2", "3"]
    assert "ledger.broken_quotes" in codes(ledger)
    text = '施設番号,施設名称,住所\n1,高津小学校,"溝口\n4-19-1"\n2,橘小学校,子母口\n'
    ledger = read_facilities(write(text), IX)
    assert list(ledger.facilities["source_row"]) == [2, 3]


def test_a_few_bad_characters_are_said(write: Callable[..., Path]) -> None:
    content = ("施設番号,施設名称\n" + "".join(f"{i},施設{i}\n" for i in range(100))).encode(
        "cp932"
    ) + b"100,\xfd\xfe\n"
    ledger = read_facilities(write(content), IX)
    assert len(ledger.facilities) == 101
    finding = next(f for f in ledger.findings if f.code == "ledger.bad_characters")
    assert finding.row == 102


def test_a_line_without_end_is_said(write: Callable[..., Path]) -> None:
    text = "施設番号,施設名称\n1,高津小学校\n2," + "あ" * 1_100_000 + "\n"
    error = refused(write(text))
    assert (error.code, error.details["row"]) == ("ledger.long_line", 3)


# ---- spreadsheets -------------------------------------------------------------------------------------------------


def workbook(path: Path, sheets: dict[str, list[list[object]]], merges: list[str] | None = None) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    for merge in merges or []:
        book.worksheets[-1].merge_cells(merge)
    book.save(path)
    return path


def test_workbook_sheet_types_and_merged_cells(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["公共施設台帳"],
        [],
        ["施設番号", "大分類", "小分類", "施設名称", "延面積(㎡)", "建築年月日", "備考"],
        [101, "学校教育系施設", "小学校", "いろは", 1234.5, dt.date(1978, 3, 31), None],
        ["0102", None, None, "にほへ", "=2*50", "H元", None],
        [103.0, None, "中学校", "とちり", 20, 1990, None],
        [104, None, None, "ぬるを", 20, 1990, None],
        ["合計", None, None, None, 3000, None, None],
    ]
    path = workbook(
        tmp_path / "台帳.xlsx", {"説明": [["この表は"], ["説明です"]], "一覧": rows}, ["A1:G1", "B4:B7", "C4:C5"]
    )
    ledger = read_facilities(path, IX)
    frame = ledger.facilities
    assert ledger.sheet == "一覧"
    assert list(frame["facility_id"]) == ["101", "0102", "103", "104"]
    # Rows of a merged class have it; 104 has no fine class of its own, only the coarse one.
    assert list(frame["kind"]) == ["school"] * 4
    assert list(frame["built_year"]) == [1978, 1989, 1990, 1990]
    assert frame["floor_area_m2"].tolist()[0] == 1234.5
    assert list(frame["source_row"]) == [4, 5, 6, 7]
    assert refused(path, layer="無い").code == "ledger.no_layer"
    assert refused(path, layer="説明").code == "ledger.no_header"


def test_formulas_that_nobody_calculated_are_said(tmp_path: Path) -> None:
    """openpyxl writes ``<f>`` without a result; Excel's empty text (kind ``str``) is a result."""
    rows: list[list[object]] = [
        ["施設番号", "施設名称", "延面積(㎡)", "契約電力", "備考"],
        ["01", "い", "=2*50", 5, "=1+1"],
        ["02", "ろ", 10, '=IF(1=1,"",0)', None],
        ["03", "は", "=A1+1", 7, None],
    ]
    path = workbook(tmp_path / "a.xlsx", {"s": rows})
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    stored = sheet.replace('<c r="D3"><f>', '<c r="D3" t="str"><f>').replace("<f>A1+1</f><v />", "<f>A1+1</f><v>3</v>")
    stored = stored.replace("<f>A1+1</f><v></v>", "<f>A1+1</f><v>3</v>")
    assert stored.count('t="str"') == sheet.count('t="str"') + 1
    assert "<v>3</v>" in stored
    path = repack(path, tmp_path / "b.xlsx", {"xl/worksheets/sheet1.xml": stored.encode()})
    ledger = read_facilities(path, IX)
    assert ledger.facilities["floor_area_m2"].isna().tolist() == [True, False, False]
    blank = [f for f in ledger.findings if f.code == "ledger.formula_blank"]
    # 備考 is no column of ours.
    assert [(f.row, f.column) for f in blank] == [(2, "延面積(m2)")]
    assert "Excel" in say("ja", blank[0].code, **blank[0].values())
    codes(ledger)


def test_numbers_that_lost_their_zeros_are_said_and_kept(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["施設番号", "施設名称"],
        ["0101001", "い"],
        ["0101002", "ろ"],
        [401009, "は"],
        ["K-1", "に"],
    ]
    ledger = read_facilities(workbook(tmp_path / "a.xlsx", {"s": rows}), IX)
    assert ledger.facilities["facility_id"].tolist() == ["0101001", "0101002", "401009", "K-1"]
    short = [f for f in ledger.findings if f.code == "ledger.short_id"]
    assert [(f.row, f.column, f.found, f.expected) for f in short] == [(4, "施設番号", "401009", "7")]
    codes(ledger)
    # Without a zero in front anywhere, numbers of several widths are what they are.
    plain = [["施設番号", "施設名称"], *([n, "い"] for n in (1, 22, 33, 44, 555))]
    assert "ledger.short_id" not in codes(read_facilities(workbook(tmp_path / "b.xlsx", {"s": plain}), IX))


def test_merged_class_fills_and_merged_area_does_not(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["施設番号", "区", "施設名称", "延面積"],
        [1, "高津区", "い", 10],
        [2, None, "ろ", None],
        [3, None, "は", 5],
    ]
    frame = read_facilities(workbook(tmp_path / "a.xlsx", {"s": rows}, ["B2:B3", "D2:D3"]), IX).facilities
    assert frame["ward"].tolist() == ["高津区", "高津区", None]
    assert frame["floor_area_m2"].isna().tolist() == [False, True, False]


def test_wrong_extent_of_a_sheet_is_not_believed(small_book: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(small_book) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert b'ref="A1:B2"' in sheet
    path = repack(small_book, tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": sheet.replace(b"A1:B2", b"A1:A1")})
    assert read_facilities(path, IX).facilities["name"].tolist() == ["高津小学校"]


def test_hidden_sheet_only_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    old = book.create_sheet("旧", 0)
    for sheet, name in ((old, "旧小学校"), (book["Sheet"], "高津小学校")):
        sheet.append(["施設番号", "施設名称"])
        sheet.append([1, name])
    old.sheet_state = "hidden"
    book.save(path)
    assert read_facilities(path, IX).facilities["name"].tolist() == ["高津小学校"]
    assert read_facilities(path, IX, layer="旧").facilities["name"].tolist() == ["旧小学校"]


def test_million_formatted_blank_rows_do_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "big.xlsx"
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    for column, text in enumerate(["施設番号", "施設名称"]):
        sheet.write(0, column, text)
    sheet.write_row(1, 0, ["0001", "高津小学校"])
    sheet.write(1_048_575, 0, "")
    bold = book.add_format({"bold": True})
    for row in range(2, 60_000):
        sheet.write_blank(row, 0, None, bold)
    book.close()
    assert list(read_facilities(path, IX).facilities["facility_id"]) == ["0001"]


def repack(path: Path, target: Path, changes: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for item in source.infolist():
            out.writestr(item.filename, changes.get(item.filename, source.read(item.filename)))
    return target


@pytest.fixture
def small_book(tmp_path: Path) -> Path:
    return workbook(tmp_path / "small.xlsx", {"s": [["施設番号", "施設名称"], [1, "高津小学校"]]})


def test_bombs_are_refused_before_they_are_unpacked(small_book: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(small_book) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for item in source.infolist():
            out.writestr(item.filename, source.read(item.filename))
        with out.open("xl/media/zeros.bin", "w", force_zip64=True) as stream:
            for _ in range(700):
                stream.write(b"\0" * 2**20)
    assert path.stat().st_size < 2 * 2**20
    assert refused(path).code == "ledger.bomb"
    sheet = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row>'
    sheet += b"<c/>" * 2_000_000 + b"</row></sheetData></worksheet>"
    assert refused(repack(small_book, path, {"xl/worksheets/sheet1.xml": sheet})).code == "ledger.bomb"


@pytest.mark.parametrize(
    "head",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<?xml version="1.0"?><!-- --><!DOCTYPE a SYSTEM "http://example.invalid/a.dtd">',
        '<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16"),
    ],
)
def test_entities_and_document_types_are_refused(small_book: Path, tmp_path: Path, head: bytes) -> None:
    with zipfile.ZipFile(small_book) as book:
        body = book.read("xl/worksheets/sheet1.xml").partition(b"?>")[2] or book.read("xl/worksheets/sheet1.xml")
    path = repack(small_book, tmp_path / "x.xlsx", {"xl/worksheets/sheet1.xml": head + body})
    assert refused(path).code == "ledger.unsafe_xml"


def test_workbook_damaged_in_any_way_is_refused(small_book: Path, tmp_path: Path) -> None:
    data = small_book.read_bytes()
    path = tmp_path / "cut.xlsx"
    for size in (4, 100, len(data) // 2, len(data) - 30):
        path.write_bytes(data[:size])
        assert refused(path).code in {"ledger.damaged", "ledger.unsafe_xml"}
    path.write_bytes(b"this is text")
    assert refused(path).code == "ledger.damaged"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("hello.txt", "hello")
    assert refused(path).code == "ledger.damaged"


# ---- map layers ---------------------------------------------------------------------------------------------------


def layer_frame(crs: int | None = 6668) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "施設番号": ["0001", "0002"],
            "施設名称": ["高津小学校", "高津図書館"],
            "延面積": [10.5, np.nan],
            "建築年": [1978, 1984],
        },
        geometry=[Point(139.611, 35.601), Point(139.612, 35.602)],
        crs=crs,
    )


@pytest.mark.parametrize("name", ["施設.geojson", "施設.json", "施設.gpkg", "施設.shp"])
def test_layers(tmp_path: Path, name: str) -> None:
    path = tmp_path / "地図 資料" / name
    path.parent.mkdir()
    frame = layer_frame()
    if path.suffix == ".shp":
        frame.to_file(path, encoding="cp932")
        path.with_suffix(".cpg").unlink(missing_ok=True)
    else:
        frame.to_file(path, driver="GPKG" if path.suffix == ".gpkg" else "GeoJSON")
    ledger = read_facilities(path, IX)
    assert ledger.facilities["facility_id"].tolist() == ["0001", "0002"]
    assert ledger.facilities["name"].tolist() == ["高津小学校", "高津図書館"]
    assert ledger.facilities["source_row"].tolist() == [1, 2]
    assert ledger.facilities["built_year"].tolist() == [1978, 1984]
    x, y = Transformer.from_crs(6668, 6677, always_xy=True).transform(139.611, 35.601)
    assert ledger.facilities.geometry[0].distance(Point(x, y)) < 0.02
    assert ledger.facilities["latitude"][0] == pytest.approx(35.601, abs=1e-6)
    assert ledger.outlines is None


def test_layer_of_polygons_gives_points_and_outlines(tmp_path: Path) -> None:
    shapes = [box(0, 0, 30, 20), Polygon([(100, 0), (130, 0), (130, 30), (120, 30), (120, 10), (100, 10)])]
    frame = layer_frame().set_geometry(shapes, crs=6677)
    frame.loc[2] = ["0001", "二重", 1.0, 1980, box(200, 0, 210, 10)]
    frame.to_file(tmp_path / "a.gpkg")
    ledger = read_facilities(tmp_path / "a.gpkg", IX)
    assert set(ledger.facilities.geom_type) == {"Point"}
    assert ledger.outlines is not None
    assert ledger.outlines.index.tolist() == ["0001", "0002"]
    assert [a.equals(b) for a, b in zip(ledger.outlines, shapes, strict=True)] == [True, True]
    assert all(shape.contains(p) for shape, p in zip(shapes, ledger.facilities.geometry, strict=True))
    assert "ledger.duplicate_id" in codes(ledger)


@pytest.mark.filterwarnings("ignore:.*(crs|decode|Normalized).*")
def test_layer_without_crs_is_a_question(tmp_path: Path) -> None:
    layer_frame(None).to_file(tmp_path / "a.shp", encoding="utf-8")
    with pytest.raises(CrsMissing) as caught:
        read_facilities(tmp_path / "a.shp", IX)
    assert "a.shp" in say("ja", caught.value.code, **caught.value.details)


@pytest.mark.filterwarnings("ignore:.*(crs|decode|Normalized).*")
@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_shapefile_names_that_the_format_cut(tmp_path: Path, encoding: str) -> None:
    """Field names end after 10 bytes: five characters of cp932, three and a third of UTF-8."""
    frame = layer_frame().rename(columns={"延面積": "年間電力使用量", "建築年": "耐震基準"})
    frame["耐震基準"] = ["耐震改修済", "新耐震"]
    frame.to_file(tmp_path / "a.shp", encoding=encoding)
    ledger = read_facilities(tmp_path / "a.shp", IX)
    assert ledger.facilities["facility_id"].tolist() == ["0001", "0002"]
    assert ledger.facilities["name"].tolist() == ["高津小学校", "高津図書館"]
    assert ledger.facilities["seismic"].tolist() == ["retrofitted", "new"]
    assert ledger.facilities["annual_kwh"].tolist()[0] == 10.5


def test_layer_by_name_and_first_with_headings(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    layer_frame()[["延面積", "geometry"]].to_file(path, layer="other")
    layer_frame().to_file(path, layer="施設", mode="a")
    assert read_facilities(path, IX).sheet == "施設"
    assert refused(path, layer="other").code == "ledger.no_header"
    assert refused(path, layer="none").code == "ledger.no_layer"


def test_layer_with_swapped_coordinates_and_empty_geometry(tmp_path: Path) -> None:
    frame = layer_frame()
    frame.loc[1, "geometry"] = Point(35.602, 139.612)
    frame.loc[2] = ["0003", "い", 1.0, 1980, None]
    frame.to_file(tmp_path / "a.geojson", driver="GeoJSON")
    ledger = read_facilities(tmp_path / "a.geojson", IX)
    assert ledger.facilities.geometry[1].distance(ledger.facilities.geometry[0]) < 200
    assert ledger.facilities.geometry[2] is None
    assert {"ledger.swapped", "ledger.no_place"} <= set(codes(ledger))


def test_disguised_formats_never_reach_gdal(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("施設番号,施設名称\n1,秘密\n", encoding="utf-8")
    disguise = f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    for name in ("a.geojson", "a.gpkg", "a.shp", "a.json"):
        (tmp_path / name).write_text(disguise, encoding="utf-8")
        assert refused(tmp_path / name).code == "ledger.damaged"


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"FeatureCollection","crs":{"type":"link","properties":{"href":"http://127.0.0.1:9/crs"}},"features":[]}',
        '{"displayFieldName":"","geometryType":"esriGeometryPoint","features":[]}',
        '{"type":"Topology","objects":{}}',
        '{"url":"http://127.0.0.1:9/collections"}',
    ],
)
def test_json_that_is_no_geojson_or_points_elsewhere(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.geojson").write_text(text, encoding="utf-8")
    assert refused(tmp_path / "a.geojson").code == "ledger.not_layer"


def test_a_cut_off_geopackage_is_damaged(tmp_path: Path) -> None:
    layer_frame().to_file(tmp_path / "a.gpkg")
    (tmp_path / "a.gpkg").write_bytes((tmp_path / "a.gpkg").read_bytes()[:3000])
    assert refused(tmp_path / "a.gpkg").code == "ledger.damaged"


def test_views_are_no_layers(tmp_path: Path) -> None:
    """A view may be a query without an end; reading it would hang, and so would a catalogue that is one."""
    path = tmp_path / "a.gpkg"
    layer_frame().to_file(path, layer="施設")
    endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE VIEW 無限 AS {endless} SELECT n AS fid, NULL AS geom, '1' AS 施設番号 FROM r")  # noqa: S608
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, srs_id) SELECT '無限', data_type, srs_id FROM gpkg_contents"
        )
        connection.execute(
            "INSERT INTO gpkg_geometry_columns SELECT '無限', column_name, geometry_type_name, srs_id, z, m"
            " FROM gpkg_geometry_columns"
        )
        connection.commit()
        assert read_facilities(path, IX).sheet == "施設"
        assert refused(path, layer="無限").code == "ledger.no_layer"
        connection.execute("ALTER TABLE gpkg_contents RENAME TO old")
        connection.execute(f"CREATE VIEW gpkg_contents AS {endless} SELECT n AS table_name FROM r")  # noqa: S608
        connection.commit()
    assert refused(path).code == "ledger.not_layer"


# ---- anything ------------------------------------------------------------------------------------------------------

SUFFIXES = [".csv", ".txt", ".xlsx", ".geojson", ".gpkg", ".shp", ".xls", ""]
HEADS = [
    b"",
    b"PK\x03\x04",
    b"\xef\xbb\xbf",
    b"{",
    b"SQLite format 3\0",
    b"\x00\x00\x27\x0a",
    "施設番号,施設名称,緯度\n".encode(),
    b'{"type":"FeatureCollection","features":[',
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SUFFIXES), st.sampled_from(HEADS), st.binary(max_size=400))
def test_random_bytes_raise_only_our_errors(tmp_path: Path, suffix: str, head: bytes, tail: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(head + tail)
    try:
        ledger = read_facilities(path, IX)
    except (PlanError, GisError) as error:
        code = error.code
    else:
        assert ledger.facilities["facility_id"].is_unique
        code = (codes(ledger) or ["ledger.empty"])[0]
    assert code in catalogue()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text(max_size=12), min_size=24, max_size=25), min_size=1, max_size=6))
def test_random_cells_under_the_sample_heading(tmp_path: Path, rows: list[list[str]]) -> None:
    path = tmp_path / "a.csv"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(SAMPLE_HEADINGS.split(","))
    writer.writerows(rows)
    path.write_text(buffer.getvalue(), encoding="utf-8", errors="replace", newline="")
    try:
        ledger = read_facilities(path, IX)
    except UnreadableLedger:
        return
    assert len(ledger.facilities) <= len(rows)
    assert ledger.facilities["facility_id"].is_unique
    codes(ledger)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_flipped_bytes_of_good_files(tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["xlsx", "gpkg", "geojson"]))
    good = tmp_path / f"good.{kind}"
    if not good.exists():
        if kind == "xlsx":
            workbook(good, {"s": [["施設番号", "施設名称"], [1, "高津小学校"]]})
        else:
            layer_frame().to_file(good, driver="GPKG" if kind == "gpkg" else "GeoJSON")
    content = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"bad.{kind}"
    path.write_bytes(bytes(content))
    code = "ledger.empty"
    try:
        read_facilities(path, IX)
    except (PlanError, GisError) as error:
        code = error.code
    assert code in catalogue()


# ---- real files ------------------------------------------------------------------------------------------------------


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "epsg", "rows", "kind", "share"),
    [
        ("yaizu_facilities/222127_junior_high_school.csv", 6676, 9, "school", 1.0),
        ("yaizu_facilities/222127_preschool.csv", 6676, 60, "nursery", 1.0),
        ("yaizu_facilities/222127_evacuation_space.csv", 6676, 31, "park", 0.2),
        ("yaizu_facilities/222127_library.csv", 6676, 11, "library", 0.1),
        ("yaizu_facilities/222127_facilities_culture.csv", 6676, 6, "hall", 0.8),
        ("kawasaki_shelters/evacuation_141305.json", 6677, 174, "school", 0.9),
        ("kawasaki_shelters/emergency_141305.json", 6677, 187, "school", 0.9),
        ("kawasaki_nurseries/all.geojson", 6677, 391, "nursery", 0.8),
    ],
)
def test_real_files(realdata: Path, file: str, epsg: int, rows: int, kind: str, share: float) -> None:
    ledger = read_facilities(realdata / file, CRS.from_epsg(epsg))
    assert len(ledger.facilities) == rows
    assert ledger.facilities.geometry.notna().all()
    assert (ledger.facilities["kind"] == kind).mean() >= share
    assert "ledger.far" not in codes(ledger)
    assert not [f for f in ledger.findings if f.severity == "error"]


def test_sample_adds_up_to_its_own_total() -> None:
    """Oracle: the ledger's 合計 row, which is not read as a facility."""
    path = Path(__file__).resolve().parents[2] / "sample_data" / "facilities.csv"
    ledger = read_facilities(path, IX)
    rows = list(csv.reader(path.read_text(encoding="cp932").splitlines()))
    head = next(row for row in rows if "施設番号" in row)
    total = next(row for row in rows if row and row[0] == "合計")
    for heading, column in (("延面積(㎡)", "floor_area_m2"), ("年間電力使用量(kWh)", "annual_kwh")):
        printed = float(total[head.index(heading)].replace(",", ""))
        assert ledger.facilities[column].sum() == pytest.approx(printed, abs=0.01)
    assert len(ledger.facilities) == len([row for row in rows[rows.index(head) + 1 :] if any(row)]) - 1
    assert len(ledger.columns) == len(head) - 1
    assert ledger.facilities.geometry.notna().all()
    assert not [f for f in ledger.findings if f.severity == "error" or f.code.startswith(("ledger.not_", "ledger.out"))]


@pytest.mark.parametrize(
    ("file", "code"),
    [("lamps.csv", "lamps"), ("vehicles.csv", "vehicles"), ("supply_points.csv", "meters")],
)
def test_other_ledgers_of_the_sample_are_refused(file: str, code: str) -> None:
    assert refused(Path(__file__).resolve().parents[2] / "sample_data" / file).code == f"ledger.other_{code}"


def test_facility_ledger_with_supply_points_is_still_one(write: Callable[..., Path]) -> None:
    text = "施設番号,施設名称,住所,供給地点特定番号,契約種別\n1,高津小学校,溝口,0300000000000000000000,高圧\n"
    assert len(read_facilities(write(text), IX).facilities) == 1


@pytest.mark.realdata
def test_real_file_with_bad_coordinates_and_the_decoy(realdata: Path) -> None:
    ledger = read_facilities(realdata / "yaizu_facilities" / "invalid-latlon-type.csv", CRS.from_epsg(6672))
    assert ledger.facilities.geometry.notna().tolist() == [True, False, False]
    error = refused(realdata / "tepco_area_demand" / "juyo-2019.csv")
    assert error.code == "ledger.no_header"
    assert "DATE, TIME" in str(error.details["found"])


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_unreadable_layer_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer_frame().to_file(tmp_path / "a.shp", encoding="cp932")
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith(".dbf") and real(path, mode))
    with pytest.raises(UnreadableLedger) as caught:
        read_facilities(tmp_path / "a.shp", IX)
    assert (caught.value.code, caught.value.details["file"]) == ("ledger.locked", "a.dbf")
