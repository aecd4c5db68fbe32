"""Ledgers of lamps, vehicles, buildings, supply points and works on roofs."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kawasolar.cli import EXIT_INPUT, EXIT_OK, EXIT_USAGE, run_command
from kawasolar.errors import UnreadableLedger
from kawasolar.project import save_plan
from kawasolar.registers import KINDS, read_register, schema_of, with_facilities, write_template
from kawasolar.registers.dates import day
from kawasolar.registers.owners import OWNER
from kawasolar.words import LANGUAGES, catalogue, say
from tests.support.plans import example_plan

FACILITIES = pd.DataFrame(
    {"facility_id": ["0001", "0002", "0003"], "name": ["若葉台小学校", "みどり橋 小学校", "体育館"]}
)
LAMPS = [
    ["令和6年度 照明台帳", *[""] * 11],
    ["施設名", "棟", "階", "室", "器具型番", "ランプ種別", "灯数/台", "台数", "W/台", "点灯h/日", "日/年", "高所(足場)"],
    ["若葉台小学校", "校舎", "1", "職員室", "FSA42017", "FLR40W×2", "2", "12", "85", "8", "２４５", ""],
    ["若葉台小学校", "体育館", "1", "アリーナ", "", "水銀灯400W", "1", "16", "0.415kW", "5", "300", "○"],
    ["みどり橋小学校(本校)", "", "2", "教室", "", "Hf32", "2", "30", "65W", "6", "200", "×"],
    ["0003", "", "", "", "", "LEDベースライト", "1", "10", "x", "30", "200", "－"],
    ["合計", *[""] * 6, "68", "", "", "", ""],
]  # fmt: skip


def write(path: Path, rows: list[list[str]], encoding: str = "cp932") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_lamps_as_people_write_them(tmp_path: Path) -> None:
    found = read_register(write(tmp_path / "照明.csv", LAMPS))
    assert found.kind == "lamps"
    frame = found.frame
    assert frame["source_row"].tolist() == [3, 4, 5, 6]
    assert frame["lamp_type"].tolist() == ["straight_fluorescent", "mercury", "straight_fluorescent", "led"]
    assert frame["power_w"].tolist()[:3] == [85.0, 415.0, 65.0]
    assert frame["days_per_year"].tolist() == [245.0, 300.0, 200.0, 200.0]
    assert frame["scaffold"].tolist() == [None, True, False, None]
    told = {(finding.code, finding.row) for finding in found.findings}
    assert told == {("ledger.left_out_total", 7), ("ledger.not_number", 6), ("ledger.out_of_range", 6)}
    assert frame["power_w"].isna().tolist() == [False, False, False, True]
    rows, findings = with_facilities(found, FACILITIES)
    assert rows["facility_id"].tolist() == ["0001", "0001", "0002", "0003"]
    assert rows["how"].tolist() == ["name", "name", "name", "id"]
    assert findings == []


def test_a_name_that_nobody_or_two_bear_is_told_with_its_row(tmp_path: Path) -> None:
    rows = [LAMPS[1], ["体育館", *LAMPS[2][1:]], ["分館", *LAMPS[2][1:]]]
    both = pd.concat([FACILITIES, pd.DataFrame({"facility_id": ["0004"], "name": ["体育館"]})], ignore_index=True)
    frame, findings = with_facilities(read_register(write(tmp_path / "a.csv", rows)), both)
    assert frame["facility_id"].tolist() == [None, None]
    assert [(finding.code, finding.row, finding.found) for finding in findings] == [
        ("register.no_facility", 2, "体育館"), ("register.no_facility", 3, "分館")
    ]  # fmt: skip


def test_vehicles_with_merged_cells_and_japanese_days(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "目次"  # type: ignore[union-attr]
    sheet = book.create_sheet("車両")
    for row in (
        ["登録番号", "所属", "車種", "燃料", "乗車定員", "リース満了日", "年間走行距離", "初度登録年月"],
        ["川崎 300 あ 12-34", "総務課", "小型乗用", "ガソリン", "5人", "R9.3.31", "6,200", "H30.4"],
        ["川崎 480 い 56-78", None, "軽貨物", "ハイブリッド", 4, dt.date(2028, 9, 30), "4.1千km", "令和元年"],
        ["川崎 300 あ 12-34", None, "消防ポンプ車", "軽油", 6, "令和8年度末", None, "不明"],
        ["川崎 300 う 1", "総務課", "乗用", "EV", 5, "未定日", 900000, "2020"],
    ):
        sheet.append(row)
    sheet.merge_cells("B2:B4")
    path = tmp_path / "車両 台帳.xlsx"
    book.save(path)
    found = read_register(path)
    frame = found.frame
    assert (found.kind, found.sheet) == ("vehicles", "車両")
    assert frame["department"].tolist() == ["総務課"] * 4
    assert frame["vehicle_class"].tolist() == ["passenger", "kei_truck", "fire", "passenger"]
    assert frame["fuel"].tolist() == ["petrol", "hybrid", "diesel", "electric"]
    assert frame["seats"].tolist() == [5, 4, 6, 5]
    assert frame["lease_end"].dt.date.tolist()[:3] == [dt.date(2027, 3, 31), dt.date(2028, 9, 30), dt.date(2027, 3, 31)]
    assert frame["annual_km"].tolist()[:2] == [6200, 4100]
    assert frame["first_year"].tolist()[:2] == [2018, 2019]
    told = {(finding.code, finding.row) for finding in found.findings}
    assert told == {("register.twice", 4), ("ledger.not_date", 5), ("ledger.out_of_range", 5)}


def test_supply_points_keep_their_zeros_and_lost_digits_are_said(tmp_path: Path) -> None:
    point = "0300111122223333444455"
    rows = [
        ["施設名称", "供給地点特定番号", "契約電力(kW)", "供給電圧"],
        ["体育館", "03-0011-1122-2233-3344-4455", "120", "高圧"],
        ["体育館", "3.00111E+20", "20", "従量電灯C"],
    ]
    found = read_register(write(tmp_path / "p.csv", rows, "utf-8-sig"))
    assert found.kind == "meter_points"
    assert found.frame["supply_point"].tolist() == [point, None]
    assert found.frame["voltage"].tolist() == ["high", "low"]
    assert [finding.code for finding in found.findings] == ["ledger.not_digits"]


def test_books_of_buildings_and_works_on_roofs(tmp_path: Path) -> None:
    wings = [
        ["学校名", "棟番号", "構造", "階数", "棟面積(㎡)", "建築年月", "新旧基準", "改修後Is値", "取得価額(円)"],
        ["若葉台小学校", "1-1", "RC", "4", "3,210", "S53.3", "旧", "0.75", "1"],
        ["若葉台小学校", "2", "S造", "平屋", "820", "H12.11", "新", "", "120,000,000"],
    ]
    found = read_register(write(tmp_path / "w.csv", wings))
    assert found.kind == "wings"
    assert found.frame["structure"].tolist() == ["rc", "s"]
    assert found.frame["built_year"].tolist() == [1978, 2000]
    assert found.frame["acquisition_yen"].isna().tolist() == [True, False]
    assert [finding.code for finding in found.findings] == ["register.memo"]
    works = [
        ["施設名", "改修予定年度", "工事内容", "概算工事費(千円)", "状況"],
        ["体育館", "R9", "屋上防水改修", "12,500", "予定"],
        ["体育館", "平成28年度", "外壁改修", "8,000", "完了"],
    ]
    found = read_register(write(tmp_path / "r.csv", works))
    assert found.kind == "roof_works"
    assert found.frame["year"].tolist() == [2027, 2016]
    assert found.frame["work"].tolist() == ["waterproofing", "other"]
    assert found.frame["cost_yen"].tolist() == [12.5e6, 8e6]
    assert found.frame["state"].tolist() == ["planned", "done"]


# ---------------------------------------------------------------------------------------------- days


@given(st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31)))
def test_any_day_in_any_usual_form(value: dt.date) -> None:
    era, first = ("R", 2019) if value >= dt.date(2019, 5, 1) else ("H", 1989)
    count = value.year - first + 1
    for text in (
        f"{value:%Y/%m/%d}", f"{value.year}-{value.month}-{value.day}", f"{value:%Y%m%d}", f"{value.year}年{value.month}月{value.day}日",
        f"{era}{count}.{value.month}.{value.day}", f"{'令和' if era == 'R' else '平成'}{count}年{value.month}月{value.day}日",
    ):  # fmt: skip
        assert day(text) == value, text
    last = (value.replace(day=1) + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
    assert day(f"{value.year}年{value.month}月") == last
    assert day(f"{value.year}年度") == dt.date(value.year + 1, 3, 31)


@given(st.text(max_size=30))
def test_what_is_no_day_is_refused_or_is_one(text: str) -> None:
    try:
        found = day(text)
    except ValueError:
        return
    assert found is None or isinstance(found, dt.date)


# ---------------------------------------------------------------------------------------------- forms and files


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_ledger_is_one_of_its_kind_once_it_has_a_row(tmp_path: Path, kind: str) -> None:
    schema = schema_of(kind)  # type: ignore[arg-type]
    path = tmp_path / "ひな形.xlsx"
    write_template(schema.kind, path, "ja")
    book = openpyxl.load_workbook(path)
    (sheet,) = book.worksheets
    assert all(cell.comment is not None for cell in sheet[1])
    values = {
        "number": 1,
        "storeys": 2,
        "year": "R5",
        "date": "R9.3.31",
        "flag": "○",
        "digits": "0" * 22,
        "text": "0001",
    }
    sheet.append([
        values.get(field.kind, field.codes and field.codes.patterns[0][1]) if field.kind != "code" else "その他"
        for field in schema.fields.values()
    ])  # fmt: skip
    book.save(path)
    found = read_register(path)
    assert found.kind == kind
    # Headings that two columns share are read as one of them.
    assert set(schema.needed) <= set(found.columns)
    assert len(found.columns) >= len(schema.fields) - 1


def test_every_code_and_kind_of_column_has_words() -> None:
    for kind in KINDS:
        schema = schema_of(kind)
        assert OWNER[kind] in schema.fields
        for field in schema.fields.values():
            for code in (f"register.kind.{field.kind}", *(f"{field.said_as}.{name}" for name in field.code_names)):
                assert code in catalogue(), code
                assert all(say(language, code) for language in LANGUAGES)


def test_another_list_is_refused_with_its_headings(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", [["品名", "単価"], ["机", "100"]])
    for kind, code in ((None, "register.unknown"), ("lamps", "register.not_this")):
        with pytest.raises(UnreadableLedger) as caught:
            read_register(path, kind)  # type: ignore[arg-type]
        assert caught.value.code == code
        assert "品名" in str(caught.value.details["found"])


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project, out = tmp_path / "plan.kawasolar", tmp_path / "rows.csv"
    plan = example_plan(tmp_path, 12)
    save_plan(plan, project)
    facility = str(plan.facilities["facility_id"].iloc[0])
    path = write(tmp_path / "照明.csv", [LAMPS[1], [facility, *LAMPS[2][1:]], ["=1+1", *LAMPS[2][1:]]])
    assert (
        run_command(["--lang", "en", "register", str(path), "--plan", str(project), "--csv", str(out), "--json"])
        == EXIT_OK
    )
    shown = capsys.readouterr()
    whole = json.loads(shown.out)
    assert whole["kind"] == "lamps"
    assert [row["facility_id"] for row in whole["rows"]] == [facility, None]
    assert "row 3" in shown.err
    assert pd.read_csv(out, dtype=str)["facility"].tolist() == [facility, "'=1+1"]
    assert run_command(["-q", "register", "--template", "lamps", str(tmp_path / "t.xlsx")]) == EXIT_OK
    assert (tmp_path / "t.xlsx").is_file()
    assert run_command(["-q", "register", "--template", "boats", str(tmp_path / "b.xlsx")]) == EXIT_USAGE
    assert run_command(["-q", "register"]) == EXIT_USAGE
    assert run_command(["-q", "register", str(tmp_path / "none.csv")]) == EXIT_INPUT
