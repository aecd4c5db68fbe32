"""Columns of other ledgers: proposed by heading and content, said by a person, kept and remembered; what is wrong row by row."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from gis.findings import Finding
from kawasolar.__main__ import main
from kawasolar.errors import UnreadableLedger
from kawasolar.export.ledger_check import expected_text, write_ledger_check
from kawasolar.facility_names import FacilityNames
from kawasolar.ledger.headings import Column
from kawasolar.ledger.kinds import FACILITIES, ledger_kind
from kawasolar.ledger.loading import load
from kawasolar.ledger.mapping import Mapping, as_json, form_of, from_json, from_toml, is_plain, read_mapping, to_toml
from kawasolar.ledger.mapping_words import column_word
from kawasolar.ledger.notes import LISTED
from kawasolar.ledger.proposals import DOUBTFUL, propose
from kawasolar.ledger.remembered import forget, recall, remember, remembered
from kawasolar.ledger.tables import Table
from kawasolar.registers import KINDS, read_register, schema_of, supply_points_of
from kawasolar.registers.checking import check_register
from kawasolar.registers.expected import expected_words
from kawasolar.registers.opening import open_register
from kawasolar.words import LANGUAGES, catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.ledger.proposals import Proposed
    from kawasolar.registers.schema import Kind

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
POINT = "03001111222233334444"

# What a ledger of each kind has in its columns, and which of ours each column is.
ROWS: dict[Kind, tuple[str, list[list[str]]]] = {
    "lamps": (
        "facility building floor room fixture lamp_type lamps_per_fixture fixtures power_w hours_per_day days_per_year",
        [
            ["若葉台小学校", "校舎", "1階", "職員室", "FSA42017", "FLR40W×2", "2", "12", "85", "8", "245"],
            ["若葉台小学校", "体育館", "1階", "アリーナ", "NNF4501", "水銀灯400W", "1", "16", "415", "5", "300"],
            ["みどり橋小学校", "校舎", "2階", "教室", "FSA41001", "Hf32", "2", "30", "65", "6", "200"],
            ["みどり橋中学校", "校舎", "3F", "図工室", "HBF1001", "直管蛍光灯", "2", "24", "72", "7", "220"],
            ["若葉台図書館", "本館", "B1階", "閲覧室", "LD-2001", "LEDベースライト", "1", "10", "40", "10", "300"],
        ],
    ),
    "vehicles": (
        "vehicle department vehicle_class fuel seats first_year annual_km maker",
        [
            ["多摩 300 あ 12-34", "総務課", "小型乗用", "ガソリン", "5", "H30.4", "6,200", "トヨタ"],
            ["多摩 480 い 56-78", "税務課", "軽貨物", "ハイブリッド", "4", "令和元年5月", "4,100", "スズキ"],
            ["多摩 300 う 90-12", "総務課", "乗用", "EV", "5", "R2.6", "5,300", "日産"],
            ["多摩 800 あ ・・-・1", "警防課", "消防ポンプ車", "軽油", "6", "H28.3", "2,400", "日野"],
        ],
    ),
    "wings": (
        "facility wing use structure storeys floor_area_m2 built_year seismic",
        [
            ["若葉台小学校", "1-1", "校舎", "RC", "4階", "3,210.5", "S53.3", "旧"],
            ["若葉台小学校", "1-2", "体育館", "S造", "1階", "820.25", "H12.11", "新"],
            ["みどり橋中学校", "2", "校舎", "RC", "3階", "2,100.0", "S48.3", "旧"],
            ["みどり橋中学校", "3a", "プール", "W", "1階", "120.4", "S60", "新"],
        ],
    ),
    "meter_points": (
        "facility supply_point contract_kw voltage contract retailer",
        [
            ["若葉台小学校", f"{POINT}01", "120", "高圧", "業務用電力", "関東電力"],
            ["若葉台図書館", f"{POINT}02", "20", "低圧", "従量電灯C", "みんな電力"],
            ["みどり橋小学校", f"{POINT}03", "80", "高圧", "業務用電力", "関東電力"],
        ],
    ),
    "roof_works": (
        "facility year work cost_yen state",
        [
            ["若葉台小学校", "R9", "屋上防水改修", "12,500千円", "予定"],
            ["みどり橋中学校", "平成28年度", "外壁塗装", "8,000千円", "完了"],
            ["若葉台図書館", "R8", "屋上防水", "23,000千円", "契約済"],
        ],
    ),
}  # fmt: skip
FACILITIES_OF_PLAN = pd.DataFrame({"facility_id": ["A-1", "A-2"], "name": ["いろは", "にほへ"]})


def nameless(kind: Kind) -> list[list[str]]:
    """A ledger with headings that nobody knows."""
    _, rows = ROWS[kind]
    return [[f"項目{k}" for k in range(len(rows[0]))], *rows]


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="cp932", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def chosen(proposed: Proposed) -> dict[str, int]:
    return {one.column: one.index for one in proposed.columns if one.column}


# ---------------------------------------------------------------------------------------------- proposed


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("headed", [True, False])
def test_headings_that_nobody_knows(kind: Kind, *, headed: bool) -> None:
    rows = nameless(kind)
    proposed = propose(Table("", [*rows] if headed else [*rows[1:]]), kind=kind)
    assert (proposed.first, proposed.begin) == ((0, 1) if headed else (-1, 0))
    wanted = {name: k for k, name in enumerate(ROWS[kind][0].split())}
    assert chosen(proposed) == wanted
    # Bare numbers are never sure.
    numbers = {name for name, field in schema_of(kind).fields.items() if field.kind == "number"} - {"cost_yen"}
    for one in proposed.columns:
        if one.column in numbers:
            assert one.sure < DOUBTFUL
            assert one.is_doubtful


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_told_by_content_and_said_otherwise(tmp_path: Path, kind: Kind) -> None:
    path = write(tmp_path / "a.csv", nameless(kind))
    with pytest.raises(UnreadableLedger):
        read_register(path)
    opened = open_register(path)
    assert opened.proposed.kind == kind
    mapping = opened.proposed.mapping()
    assert mapping.kind == kind
    found = read_register(path, mapping=mapping)
    assert (found.kind, len(found.frame)) == (kind, len(ROWS[kind][1]))
    assert not found.findings
    # As it would be read with our own headings.
    names = ROWS[kind][0].split()
    usual = [schema_of(kind).fields[name].headings[0] for name in names]
    plain = read_register(write(tmp_path / "b.csv", [usual, *ROWS[kind][1]]), kind)
    assert_frame_equal(found.frame, plain.frame)


@QUICK
@given(st.data())
def test_any_columns_in_any_order_below_any_titles_are_read_as_ever(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Where all headings are ours, the proposal is what the headings say."""
    kind = data.draw(st.sampled_from(KINDS))
    schema, (names, rows) = schema_of(kind), ROWS[kind]
    ours = names.split()
    needed = [ours.index(name) for name in schema.needed]
    some = data.draw(st.lists(st.sampled_from(range(len(ours))), unique=True))
    places = data.draw(st.permutations(sorted({*needed, *some})))
    titles = data.draw(st.lists(st.sampled_from([["令和6年度　一覧"], [], ["環境局 調べ"]]), max_size=2))
    head = [data.draw(st.sampled_from(schema.fields[ours[k]].headings[:1])) for k in places]
    path = write(
        tmp_path_factory.mktemp("台帳") / "a.csv", [*titles, head, *[[row[k] for k in places] for row in rows]]
    )
    opened = open_register(path, kind)
    assert {one.reason for one in opened.proposed.columns} == {"heading"}
    plain, mapped = read_register(path, kind), read_register(path, kind, mapping=opened.proposed.mapping())
    assert_frame_equal(plain.frame, mapped.frame)
    assert (plain.columns, plain.findings) == (mapped.columns, mapped.findings)
    assert is_plain(opened.proposed.mapping(), opened.loaded.table.rows)


def test_a_heading_that_contains_ours_tells_marks_apart() -> None:
    rows = [[f"{k}小学校", "FLR40", "○", "×"] for k in ("東", "西", "南")]
    bare = propose(Table("", [["施設名", "ランプ種別", "甲", "乙"], *rows]), kind="lamps")
    assert chosen(bare) == {"facility": 0, "lamp_type": 1}
    told = propose(Table("", [["施設名", "ランプ種別", "高所作業をするか", "石綿の調査"], *rows]), kind="lamps")
    assert chosen(told) == {"facility": 0, "lamp_type": 1, "scaffold": 2, "asbestos": 3}
    assert [one.reason for one in told.columns] == ["heading", "heading", "alike", "alike"]
    # Facilities are told as ever: no hint of theirs.
    assert ledger_kind(FACILITIES).hint("施設番号の控え") == ""


def test_the_unit_above_numbers_is_theirs_and_says_what_they_are(tmp_path: Path) -> None:
    rows = [
        ["登録番号", "走り(千km)", "使い道の費用(千円)"],
        *[[f"多摩 300 あ 1{k}", f"{k}.5", "300"] for k in range(4)],
    ]
    opened = open_register(write(tmp_path / "a.csv", rows), "vehicles")
    one = opened.proposed.columns[1]
    assert (one.column, one.unit, one.reason, one.is_doubtful) == ("annual_km", "千km", "alike", True)
    found = check_register(opened.loaded, "vehicles", mapping=opened.proposed.mapping())
    assert found.frame["annual_km"].tolist() == [500, 1500, 2500, 3500]
    assert opened.proposed.columns[2].column == ""
    # Of facilities: what stands above in another quantity's unit is not taken for it.
    content = [[f"第{k}小学校", f"{k}3,500", f"{k}2,201"] for k in range(4, 9)]
    told = propose(Table("", [["施設名称", "でんき(円)", "つかった(千kWh)"], *content]))
    assert "annual_kwh" not in {one.named for one in told.columns[:2]}
    assert (told.columns[2].column, told.columns[2].unit) == ("annual_kwh", "千kwh")


def test_whose_a_row_is_told_by_the_facilities_of_the_plan() -> None:
    rows = [["場", "灯"], *[[name, "FLR40W"] for name in ("いろは", "にほへ", "いろは", "その他")]]
    names = FacilityNames.of(FACILITIES_OF_PLAN)
    assert "facility" not in chosen(propose(Table("", [*rows]), kind="lamps"))
    assert chosen(propose(Table("", [*rows]), kind="lamps", facilities=names))["facility"] == 0


def test_a_known_heading_over_other_cells_is_doubted() -> None:
    rows = [["施設名", "ランプ種別", "台数"], *[[f"第{k}小学校", "2階", f"{k}"] for k in range(1, 6)]]
    one = propose(Table("", [*rows]), kind="lamps").columns[1]
    assert (one.column, one.reason, one.is_doubtful) == ("lamp_type", "unlike", True)


def test_of_two_columns_of_years_the_earlier_is_of_the_making() -> None:
    rows = [["若葉台小学校", f"H{k}", f"S{40 + k}"] for k in range(10, 16)]
    proposed = propose(Table("", [["甲", "乙", "丙"], *rows]), kind="wings")
    assert chosen(proposed)["built_year"] == 2
    assert (proposed.columns[1].column, proposed.columns[1].named) == ("", "retrofit_year")


def test_supply_points_are_nobodys_numbers_elsewhere() -> None:
    rows = [["施設名", "ランプ種別", "丁"], *[["東小学校", "LED", f"{POINT}{k:02d}"] for k in range(4)]]
    assert propose(Table("", [*rows]), kind="lamps").columns[2].reason == "foreign"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [[], [[]], [[None]], [["x"]], [["a", "b"]] * 3, [[1, 2.5, None]] * 4])
def test_tables_that_are_none(kind: Kind, rows: list[list[object]]) -> None:
    proposed = propose(Table("", [*rows]), kind=kind)
    assert ledger_kind(kind).lacking(proposed.mapping().columns)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"\0\0", b"\xff\xfe\xff", b"a,b\n" * 300, b'"' * 5000, b"x" * 2_000_000, b"\x83" * 90],
)
def test_files_that_are_damaged_or_no_ledger(tmp_path: Path, name: str, content: bytes) -> None:
    """A message, or a table of which nothing that is needed is proposed."""
    path = tmp_path / name
    path.write_bytes(content)
    said: list[str] = []
    try:
        proposed = open_register(path).proposed
        assert ledger_kind(proposed.kind).lacking(proposed.mapping().columns)
    except UnreadableLedger as error:
        said.append(error.code)
    assert set(said) <= set(catalogue())


# ---------------------------------------------------------------------------------------------- said, kept, remembered


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    return write(tmp_path / "a.csv", [["場", "灯", "数"], ["A-1", "FLR40W", "1"], ["A-2", "水銀灯", "2"]])


def mapping_of(path: Path, columns: dict[str, Column]) -> Mapping:
    return Mapping(0, 0, 1, columns, form=form_of(["場", "灯", "数"]), kind="lamps")


ODD = {"facility": Column(0, "場", ""), "lamp_type": Column(1, "灯", ""), "power_w": Column(2, "数", "kw")}


def test_a_file_is_read_as_a_person_says(odd: Path) -> None:
    mapping = mapping_of(odd, ODD)
    found = read_register(odd, "lamps", mapping=mapping)
    assert found.frame["power_w"].tolist() == [1000.0, 2000.0]
    assert found.columns == {"facility": "場", "lamp_type": "灯", "power_w": "数"}
    # The caller knows the kind; so may the mapping alone.
    assert read_register(odd, mapping=mapping).kind == "lamps"
    assert read_register(odd, "lamps", mapping=replace(mapping, kind=FACILITIES)).columns == found.columns
    with pytest.raises(UnreadableLedger) as caught:
        read_register(odd, "lamps", mapping=mapping_of(odd, {"facility": Column(0, "場", "")}))
    assert (caught.value.code, caught.value.details["expected"]) == ("register.mapped_nothing", "ランプ種別")
    assert all(caught.value.code in catalogue() for _ in LANGUAGES)


def test_a_mapping_for_other_headings_is_not_used_and_that_is_said(odd: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "b.csv", [["施設名", "ランプ種別"], ["東小学校", "LED"]])
    found = read_register(other, "lamps", mapping=mapping_of(odd, ODD))
    assert found.frame["facility"].tolist() == ["東小学校"]
    assert [finding.code for finding in found.findings] == ["register.other_form"]


def test_the_sheet_in_which_the_headings_stand(tmp_path: Path, odd: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["目次"])
    sheet = book.create_sheet("照明")
    for row in csv.reader(odd.open(encoding="cp932")):
        sheet.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    found = read_register(path, "lamps", mapping=mapping_of(odd, ODD))
    assert (found.sheet, len(found.frame)) == ("照明", 2)
    assert open_register(path, "lamps", mapping=mapping_of(odd, ODD)).known == "plan"


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    kind = draw(st.sampled_from((FACILITIES, *KINDS)))
    ours = draw(st.lists(st.sampled_from(ledger_kind(kind).words.columns), unique=True, max_size=6))
    places = draw(st.lists(st.integers(0, 800), unique=True, min_size=len(ours), max_size=len(ours)))
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    columns = {name: Column(k, draw(texts), draw(st.sampled_from(["", "kw", "千円"]))) for name, k in zip(ours, places, strict=True)}  # fmt: skip
    first = draw(st.integers(-1, 9))
    last = first + (draw(st.integers(0, 1)) if first >= 0 else 0)
    return Mapping(first, last, last + 1 + draw(st.integers(0, 3)), columns, draw(texts), draw(texts), kind)


@settings(max_examples=60, deadline=None)
@given(mappings())
def test_as_json_and_as_toml_and_back(mapping: Mapping) -> None:
    kept = json.loads(json.dumps(as_json(mapping)))
    assert from_json(kept, mapping.kind) == mapping
    assert from_toml(to_toml(mapping), "a.toml", mapping.kind) == mapping
    assert from_toml(to_toml(mapping), "a.toml", None) == mapping
    # Plans and settings of before say no kind: they are of facilities.
    assert ("kind" in kept) == (mapping.kind != FACILITIES)
    other = "lamps" if mapping.kind != "lamps" else FACILITIES
    if mapping.kind != FACILITIES:
        with pytest.raises(ValueError, match="kind"):
            from_json(kept, other)
        with pytest.raises(UnreadableLedger):
            from_toml(to_toml(mapping), "a.toml")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"columns": {"name": [0, "", ""]}}, "lamps"), ({"columns": {"lamp_type": [0, "", ""]}}, "facilities"), ({"kind": "boats"}, "lamps"),
        ({"columns": {"lamp_type": [0, "", ""], "room": [0, "", ""]}}, "lamps"), ({"columns": {"lamp_type": [-1, "", ""]}}, "lamps"),
        ({"kind": ["lamps"]}, "lamps"), ({}, "boats"), ({"first": 5}, "lamps"), ({"more": 1}, "lamps"),
    ],
)  # fmt: skip
def test_what_is_no_mapping(value: dict[str, object], kind: str) -> None:
    whole = {"first": 0, "last": 0, "begin": 1, "sheet": "", "form": "", "columns": {}, **value}
    with pytest.raises(ValueError, match=r"."):
        from_json(whole, kind)


def test_a_mapping_is_remembered_by_kind_and_form(tmp_path: Path, odd: Path) -> None:
    forms, rows = tmp_path / "forms.json", load(odd).table.rows
    lamps = mapping_of(odd, ODD)
    facilities = Mapping(0, 0, 1, {"name": Column(0, "場", "")}, form=lamps.form)
    remember(forms, facilities)
    # As it stands in settings of before: without a kind.
    assert "kind" not in forms.read_text(encoding="utf-8")
    assert recall(forms, rows, kind="lamps") is None
    remember(forms, lamps)
    assert len(remembered(forms)) == 2
    assert recall(forms, rows) == facilities
    assert recall(forms, rows, kind="lamps") == lamps
    opened = open_register(odd, forms=forms)
    assert (opened.known, opened.proposed.kind) == ("remembered", "lamps")
    assert chosen(opened.proposed) == {"facility": 0, "lamp_type": 1, "power_w": 2}
    assert not any(one.is_doubtful for one in opened.proposed.columns)
    forget(forms, lamps.form, "lamps")
    assert remembered(forms) == [facilities]
    forms.write_text(json.dumps([{**as_json(lamps), "kind": "boats"}, {**as_json(lamps), "kind": 7}, as_json(lamps)]))
    assert remembered(forms) == [lamps], "what another version knows is passed over"


def test_a_list_of_contracts_is_read_as_it_was_named(tmp_path: Path) -> None:
    rows = [["ばしょ", "ばんごう"], ["いろは", f"{POINT}01"], ["A-2", f"{POINT}02"]]
    path, forms = write(tmp_path / "a.csv", rows), tmp_path / "forms.json"
    with pytest.raises(UnreadableLedger):
        supply_points_of(path, FACILITIES_OF_PLAN, forms=forms)
    remember(
        forms, open_register(path, "meter_points", facilities=FacilityNames.of(FACILITIES_OF_PLAN)).proposed.mapping()
    )
    points, findings = supply_points_of(path, FACILITIES_OF_PLAN, forms=forms)
    assert points == {f"{POINT}01": "A-1", f"{POINT}02": "A-2"}
    assert not findings


# ---------------------------------------------------------------------------------------------- row by row


MANY = 3 * LISTED


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    rows = [["施設名", "ランプ種別", "W/台", "高所", "設置年度"]]
    rows += [["A-1", "ろうそく", "85", "○", "H10"] for _ in range(MANY)]
    rows += [["A-2", "LED", "9000", "たぶん", "大昔"], ["", "LED", "40", "×", "3000"], ["どこか", "", "=1+1", "", ""]]
    return write(tmp_path / "照明.csv", [*rows, ["合計", "", "", "", ""]])


def test_everything_that_is_wrong_is_told_row_by_row(wrong: Path) -> None:
    found = check_register(load(wrong), "lamps", facilities=FACILITIES_OF_PLAN)
    assert found.good == MANY + 3 == len(found.frame)
    assert found.frame["facility_id"].notna().sum() == MANY + 1
    assert sum(one.code == "ledger.not_code" for one in found.findings) == MANY
    last = [(one.code, one.row, one.column) for one in found.findings if (one.row or 0) > MANY + 1]
    assert sorted(last) == sorted([
        ("ledger.out_of_range", MANY + 2, "W/台"), ("ledger.not_flag", MANY + 2, "高所"), ("ledger.not_year", MANY + 2, "設置年度"),
        ("register.lacking", MANY + 3, "施設名"), ("ledger.out_of_range", MANY + 3, "設置年度"),
        ("register.lacking", MANY + 4, "ランプ種別"), ("ledger.not_number", MANY + 4, "W/台"), ("register.no_facility", MANY + 4, "施設名"),
    ])  # fmt: skip
    # A total is told, and is nothing to be mended.
    assert {one.code for one in found.told} - {one.code for one in found.findings} == {"ledger.left_out_total"}
    row = next(row for row in found.rows if row.number == MANY + 2)
    assert (sorted(row.findings), row.place) == ([2, 3, 4], MANY + 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_expected_is_said_of_every_column(language: str) -> None:
    for kind in KINDS:
        for name, field in schema_of(kind).fields.items():
            words = expected_words(field, language)  # type: ignore[arg-type]
            assert words
            assert "{" not in words
            assert not words.startswith("register.")
            said = column_word(language, name, kind)  # type: ignore[arg-type]
            assert not said.startswith("mapping.")
        named = [column_word(language, name, kind) for name in schema_of(kind).fields]  # type: ignore[arg-type]
        assert len(set(named)) == len(named)
    finding = Finding("ledger.out_of_range", "warning", "a.csv", 3, "W/台", "9000", "0…3000")
    assert expected_text("ja", finding, "power_w", "lamps") == "数値（0～3,000 W）"
    assert expected_text("ja", finding, "", "lamps") == "0…3000"
    assert "ガソリン" in expected_text("ja", Finding("ledger.not_code", "warning"), "fuel", "vehicles")
    for code in ("register.twice", "register.no_facility"):
        assert expected_text("en", Finding(code, "warning"), "vehicle", "vehicles")


def test_the_workbook_to_send_back(wrong: Path, tmp_path: Path) -> None:
    path = tmp_path / "確認依頼.xlsx"
    found = check_register(load(wrong), "lamps", facilities=FACILITIES_OF_PLAN)
    write_ledger_check(found, path, "ja")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["指摘一覧", "該当する行"]
    rows = list(book["指摘一覧"].iter_rows(values_only=True))
    assert any(f"照明台帳: 読み込める行 {MANY + 3} 行、指摘 {MANY + 8} 件。" in str(row[0]) for row in rows)
    head = next(k for k, row in enumerate(rows) if row[0] == "行")
    assert len(rows) == head + 1 + MANY + 8
    told = {(row[0], row[1]): row for row in rows[head + 1 :]}
    assert told[2, "ランプ種別"][2] == "ろうそく"
    assert "水銀灯" in str(told[2, "ランプ種別"][3])
    assert told[MANY + 3, "施設名"][3] == "文字"
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any(cell.value == "=1+1" for cell in cells)
    assert not any(cell.data_type == "f" for cell in cells)


# ---------------------------------------------------------------------------------------------- from the command line


def test_columns_mapping_and_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, mapping = write(tmp_path / "照明.csv", nameless("lamps")), tmp_path / "列.toml"
    assert main(["-q", "register", str(path)]) == 3
    assert main(["--lang", "ja", "-q", "register", str(path), "--columns", "--out-mapping", str(mapping)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "照明台帳" in lines[0]
    assert next(line for line in lines if line.startswith("F\t")).split("\t")[2] == "ランプ種別"
    assert next(line for line in lines if line.startswith("I\t")).endswith("要確認")
    assert read_mapping(mapping, None).kind == "lamps"
    words = ["-q", "register", str(path), "--mapping", str(mapping)]
    assert main([*words, "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert (whole["kind"], len(whole["rows"]), whole["findings"]) == ("lamps", 5, [])
    # A person mends it: these numbers are of another thing.
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("power_w", "height_m"), encoding="utf-8")
    out = tmp_path / "戻り.xlsx"
    assert main(["--lang", "ja", *words, "--check", "--xlsx", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "行\t列\t見つかった値\t期待する値\t内容"
    assert lines[1].split("\t")[:4] == ["2", "項目8", "85", "数値（0～60 m）"]
    assert "指摘 4 件" in lines[-1]
    assert out.is_file()
    # What is read is not written over; what is no mapping, or one of facilities, is refused.
    assert main([*words, "--xlsx", str(path)]) == 4
    assert main([*words, "--xlsx", str(mapping)]) == 4
    assert main([*words, "--kind", "vehicles"]) == 3
    mapping.write_text('heading_rows = [1]\nfirst_row = 2\n[columns]\nname = { column = "A" }', encoding="utf-8")
    assert main(words) == 2
    mapping.write_text("x = [", encoding="utf-8")
    assert main(words) == 3
    capsys.readouterr()


def test_the_heading_can_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.csv", nameless("vehicles"))
    words = ["-q", "register", str(path), "--columns", "--json", "--kind", "vehicles"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["heading_rows"] == [1, 1]
    assert main([*words, "--heading", "0"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["heading_rows"], found["first_row"], found["kind"]) == ([], 1, "vehicles")
    assert main([*words, "--heading", "99"]) == 2
    capsys.readouterr()
