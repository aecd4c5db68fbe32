"""Which column of a ledger is which: proposed by heading and content, said by a person, kept and remembered."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pyproj import CRS

from gis.errors import GisError
from kawasolar.errors import NotWritable, UnreadableLedger
from kawasolar.ledger import read_facilities
from kawasolar.ledger import tables as ledger_tables
from kawasolar.ledger.content import detectors, foreign, samples
from kawasolar.ledger.headings import Column, find_header, joined_headings
from kawasolar.ledger.loading import Loaded, load, sheets_of
from kawasolar.ledger.mapping import (
    Mapping,
    as_json,
    form_of,
    from_json,
    from_toml,
    index_of,
    is_plain,
    letter_of,
    read_mapping,
    to_toml,
    write_mapping,
)
from kawasolar.ledger.mapping_words import column_word, reason_words
from kawasolar.ledger.proposals import DOUBTFUL, propose, with_mapping
from kawasolar.ledger.remembered import MOST_FORMS, forget, recall, remember, remembered
from kawasolar.ledger.tables import Table, read_text
from kawasolar.ledger.vocabulary import vocabulary
from kawasolar.words import LANGUAGES, catalogue
from tests.kawasolar.test_ledger_files import FULL

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.ledger.proposals import Proposed

IX = CRS.from_epsg(6677)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def table(*rows: list[object]) -> Table:
    return Table("", list(rows))


def chosen(proposed: Proposed) -> dict[str, int]:
    return {one.column: one.index for one in proposed.columns if one.column}


# ---------------------------------------------------------------------------------------------- by content


# File, coordinate zone aside: what must be found without headings, by the headings that the file has.
REAL = [
    ("yaizu_facilities/222127_evacuation_space.csv", "名称 名称_カナ 住所 緯度 経度 NO"),
    ("yaizu_facilities/222127_junior_high_school.csv", "名称 名称_カナ 住所 緯度 経度 NO 団体名"),
    ("yaizu_facilities/222127_preschool.csv", "名称 住所 緯度 経度 NO 種別"),
    ("yaizu_facilities/222127_library.csv", "名称 住所 緯度 経度 NO"),
    ("yaizu_facilities/222127_facilities_culture.csv", "名称 住所 緯度 経度 NO"),
    ("kawasaki_nurseries/all.geojson", "name address"),
    ("kawasaki_shelters/evacuation_141305.json", "施設・場所名 住所"),
    ("kawasaki_shelters/emergency_141305.json", "施設・場所名 住所"),
]


@pytest.mark.realdata
@pytest.mark.parametrize(("file", "wanted"), REAL)
def test_columns_of_real_files_are_told_without_their_headings(realdata: Path, file: str, wanted: str) -> None:
    whole = load(realdata / file).table
    header = find_header(whole.rows)
    assert header is not None
    bare = propose(Table("", whole.rows[header.last + 1 :]))
    assert (bare.first, bare.last, bare.begin) == (-1, -1, 0)
    found = chosen(bare)
    by_heading = {column.heading: name for name, column in header.columns.items()}
    texts = joined_headings(whole.rows, header.first, header.last)
    for heading in wanted.split():
        assert found.get(by_heading[heading]) == texts.index(heading), heading
    # Phones, postcodes and addresses of pages are nobody's numbers.
    for k, text in enumerate(texts):
        if text in ("電話番号", "FAX番号", "phone", "postcode", "link", "開始時間"):
            assert bare.columns[k].reason in ("foreign", "empty"), text
    # Headings are recognised as such where none of their words is ours.
    renamed = [[f"項目{k}" for k in range(len(texts))], *whole.rows[header.last + 1 :]]
    again = propose(Table("", renamed))
    assert (again.first, again.begin) == (0, 1)
    assert chosen(again) == found


@pytest.mark.realdata
@pytest.mark.parametrize(("file", "_wanted"), REAL)
def test_reading_by_the_headings_that_were_found_is_reading_as_ever(realdata: Path, file: str, _wanted: str) -> None:
    path = realdata / file
    proposed = propose(load(path).table)
    by_heading = replace(
        proposed, columns=tuple(one for one in proposed.columns if one.reason in ("heading", "unlike"))
    )
    plain, mapped = read_facilities(path, IX), read_facilities(path, IX, mapping=by_heading.mapping())
    assert_frame_equal(plain.facilities, mapped.facilities)
    assert plain.columns == mapped.columns
    kept = [finding for finding in plain.findings if finding.code != "ledger.unused_columns"]
    assert kept == [finding for finding in mapped.findings if finding.code != "ledger.unused_columns"]


@QUICK
@given(st.data())
def test_where_all_headings_are_known_the_proposal_reads_as_ever(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any of the columns in any order, below any number of titles."""
    rows = list(csv.reader(io.StringIO(FULL)))
    width = len(rows[2])
    places = data.draw(st.permutations(range(width)))[: data.draw(st.integers(4, width))]
    places = list(dict.fromkeys([0, 1, *places]))
    titles = data.draw(st.lists(st.sampled_from([["令和6年度　公共施設台帳"], [], ["資産管理課"]]), max_size=3))
    body = [[row[k] if k < len(row) else "" for k in places] for row in rows[2:]]
    out = io.StringIO()
    csv.writer(out).writerows([*titles, *body])
    path = tmp_path_factory.mktemp("台帳") / "a.csv"
    path.write_text(out.getvalue(), encoding="utf-8")
    proposed = propose(load(path).table)
    assert {one.reason for one in proposed.columns} <= {"heading", "not_ours"}
    plain, mapped = read_facilities(path, IX), read_facilities(path, IX, mapping=proposed.mapping())
    assert_frame_equal(plain.facilities, mapped.facilities)
    assert (plain.columns, plain.findings) == (mapped.columns, mapped.findings)
    assert is_plain(proposed.mapping(), load(path).table.rows)


CONTENT = {
    "latitude": ["35.6012", "35.59", "北緯35度36分12秒"],
    "longitude": ["139.6012", "139.59", "139.7"],
    "facility_id": ["0101001", "0101002", "K-3"],
    "kana": ["タカツショウガッコウ", "みぞのくちとしょかん", "タカツ クヤクショ"],
    "ward": ["高津区", "川崎区", "高津区"],
    "address": ["川崎区大島4-17-2", "高津区溝口4丁目16番3号", "麻生区王禅寺1285"],
    "building_ids": ["14134-bldg-1201", "14134-bldg-1202;14134-bldg-9", "14134-bldg-77"],
    "structure": ["RC造", "S", "鉄骨鉄筋コンクリート造"],
    "seismic": ["新耐震", "耐震改修済", "新耐震"],
    "roof_type": ["陸屋根", "折板", "陸屋根"],
    "built_year": ["S53", "昭和62年3月", "H元"],
    "storeys": ["3階", "地上2階地下1階", "平屋"],
    "flood_depth_m": ["0.5m～3.0m", "区域外", "3.0m以上"],
    "shelter": ["指定避難所", "避難場所のみ", "指定避難所"],
    "floor_area_m2": ["4,435.00㎡", "300㎡", "12.5㎡"],
    "annual_kwh": ["141,419kWh", "12,000kWh", "9kWh"],
    "contract_kw": ["90kW", "120kW", "49kW"],
}


@pytest.mark.parametrize("name", CONTENT)
def test_each_content_is_told_from_all_others(name: str) -> None:
    (sample,) = samples([[cell] for cell in CONTENT[name]], 1)
    found = {ours: detect(sample) for ours, detect in detectors().items()}
    assert found[name] >= 0.6, found
    assert max(found, key=lambda ours: found[ours]) == name, found
    assert not foreign(sample)


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("phone", ["(054)625-0128", "044-222-7252"]),
        ("postcode", ["210-0834", "〒213-0001"]),
        ("url", ["https://www.city.example.jp/a", "b@example.jp"]),
        ("clock", ["09:00", "17:30"]),
        ("supply_point", ["0300111200000000000001", "0300111200000000000002"]),
    ],
)
def test_what_is_nobodys_number(kind: str, cells: list[str]) -> None:
    (sample,) = samples([[cell] for cell in cells], 1)
    assert foreign(sample) == kind
    proposed = propose(table(["施設名称", "欄"], *[[f"第{k}小学校", cell] for k, cell in enumerate(cells)]))
    assert (proposed.columns[1].column, proposed.columns[1].reason, proposed.columns[1].named) == ("", "foreign", kind)


def test_a_known_heading_over_other_cells_is_doubted_not_dropped() -> None:
    proposed = propose(
        table(["施設番号", "施設名称", "建築年度"], *[[str(k), f"第{k}小学校", "RC造"] for k in range(9)])
    )
    one = proposed.columns[2]
    assert (one.column, one.reason, one.share) == ("built_year", "unlike", 0.0)
    assert one.is_doubtful
    assert not proposed.columns[0].is_doubtful


def test_a_lone_latitude_is_some_other_number_and_years_are_told_apart() -> None:
    rows = [[f"第{k}小学校", f"35.{k}1", f"S{50 + k}", f"H{20 + k}", "2035"] for k in range(1, 8)]
    proposed = propose(table(["施設名称", "甲", "乙", "丙", "丁"], *rows))
    assert proposed.columns[1].column == ""
    assert [(one.column, one.named) for one in proposed.columns[2:4]] == [
        ("built_year", "built_year"), ("", "waterproofed_year"),
    ]  # fmt: skip
    assert proposed.columns[3].is_doubtful


def test_an_other_ledger_is_named() -> None:
    assert propose(table(["登録番号", "車台番号", "走行距離"], ["川崎300あ1", "X1", "12000"])).other == "vehicles"


@pytest.mark.parametrize("rows", [[], [[]], [[None, None]], [["x"]], [[1, 2, 3]], [["a", "b"]] * 3])
def test_tables_that_are_none_are_proposed_nothing(rows: list[list[object]]) -> None:
    proposed = propose(Table("", rows))
    assert proposed.mapping().columns.keys() <= {"name", "facility_id"}
    for language in LANGUAGES:
        assert all(reason_words(language, one) for one in proposed.columns)


def test_every_column_reason_and_kind_has_words() -> None:
    reasons = [
        "heading",
        "unlike",
        "content",
        "maybe",
        "second",
        "foreign",
        "not_ours",
        "empty",
        "unknown",
        "person",
        "remembered",
    ]
    codes = [f"mapping.reason.{reason}" for reason in reasons]
    codes += [f"mapping.foreign.{kind}" for kind in ("url", "phone", "postcode", "clock", "supply_point")]
    codes += [f"mapping.column.{name}" for name in (*vocabulary().columns, "none")]
    for code in codes:
        assert all(catalogue()[code][language] for language in LANGUAGES), code
    assert len({column_word("ja", name) for name in vocabulary().columns}) == len(vocabulary().columns)
    assert 0 < DOUBTFUL < 1


# ---------------------------------------------------------------------------------------------- what a person says


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A ledger whose headings mean nothing."""
    path = tmp_path / "台帳.csv"
    path.write_text("甲,乙,丙,丁\nA1,いろは,300,12\nA2,にほへ,400,13\n", encoding="utf-8")
    return path


def mapping_of(path: Path, columns: dict[str, Column], *, first: int = 0, begin: int = 1) -> Mapping:
    rows = load(path).table.rows
    return Mapping(first, first, begin, columns, form=form_of(joined_headings(rows, first, first)))


ODD = {"facility_id": Column(0, "甲", ""), "name": Column(1, "乙", ""), "annual_kwh": Column(2, "丙", "千kwh")}


def test_a_file_is_read_as_a_person_says(odd: Path) -> None:
    with pytest.raises(UnreadableLedger):
        read_facilities(odd, IX)
    ledger = read_facilities(odd, IX, mapping=mapping_of(odd, ODD))
    assert ledger.facilities["facility_id"].tolist() == ["A1", "A2"]
    assert ledger.facilities["annual_kwh"].tolist() == [300_000, 400_000]
    assert ledger.columns == {"facility_id": "甲", "name": "乙", "annual_kwh": "丙"}
    assert "丁" in str(next(f.found for f in ledger.findings if f.code == "ledger.unused_columns"))


def test_titles_may_come_and_go_above_the_heading(odd: Path) -> None:
    mapping = mapping_of(odd, ODD)
    odd.write_text("令和8年度\n\n" + odd.read_text(encoding="utf-8"), encoding="utf-8")
    ledger = read_facilities(odd, IX, mapping=mapping)
    assert ledger.facilities["source_row"].tolist() == [4, 5]


def test_a_mapping_for_other_headings_is_not_used_and_that_is_said(tmp_path: Path, odd: Path) -> None:
    other = tmp_path / "別.csv"
    other.write_text("施設番号,施設名称,延面積\n1,東小学校,300\n", encoding="utf-8")
    ledger = read_facilities(other, IX, mapping=mapping_of(odd, ODD))
    assert ledger.facilities["name"].tolist() == ["東小学校"]
    assert [f.severity for f in ledger.findings if f.code == "ledger.other_form"] == ["warning"]
    # The unit is part of the form: thousands of yen are no kilowatt-hours.
    assert form_of(["施設", "電気(kWh)"]) != form_of(["施設", "電気(千円)"])
    assert form_of(["施設 番号", "名称", "", ""]) == form_of(["施設番号", "名称"])


def test_a_table_without_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("A1,東小学校,昭和53年\nA2,西小学校,H2\n", encoding="utf-8")
    mapping = propose(load(path).table).mapping()
    assert not mapping.has_heading
    ledger = read_facilities(path, IX, mapping=mapping)
    assert ledger.facilities["built_year"].tolist() == [1978, 1990]
    assert ledger.facilities["source_row"].tolist() == [1, 2]
    path.write_text("A1,東小学校,昭和53年,もう一つ\n", encoding="utf-8")
    with pytest.raises(UnreadableLedger):
        read_facilities(path, IX, mapping=mapping)


def test_a_mapping_without_name_and_number_is_refused(odd: Path) -> None:
    with pytest.raises(UnreadableLedger) as caught:
        read_facilities(odd, IX, mapping=mapping_of(odd, {"annual_kwh": Column(2, "丙", "")}))
    assert caught.value.code == "ledger.mapped_nothing"
    # A column beyond the table is blank.
    far = read_facilities(odd, IX, mapping=mapping_of(odd, {**ODD, "kana": Column(30, "", "")}))
    assert far.facilities["kana"].isna().all()


def test_the_sheet_that_is_said(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["施設番号", "施設名称", "延面積"])
    book.active.append([1, "東小学校", 300])
    second = book.create_sheet("令和8")
    second.append(["番", "よび名"])
    second.append(["0007", "西図書館"])
    path = tmp_path / "台帳.xlsx"
    book.save(path)
    assert sheets_of(path) == ("Sheet", "令和8")
    rows = load(path, "令和8").table.rows
    columns = {"facility_id": Column(0, "番", ""), "name": Column(1, "よび名", "")}
    mapping = Mapping(0, 0, 1, columns, "令和8", form_of(joined_headings(rows, 0, 0)))
    ledger = read_facilities(path, IX, mapping=mapping)
    assert (ledger.sheet, ledger.facilities["facility_id"].tolist()) == ("令和8", ["0007"])


def test_a_persons_choice_in_the_place_of_the_proposal(odd: Path) -> None:
    proposed = propose(load(odd).table)
    told = with_mapping(proposed, mapping_of(odd, ODD))
    assert told.mapping().columns == ODD
    assert {one.reason for one in told.columns if one.column and one != proposed.columns[one.index]} == {"person"}


def test_what_a_person_has_looked_at_is_not_doubted_again() -> None:
    rows = [[f"第{k}小学校", f"S{50 + k}", f"H{20 + k}"] for k in range(1, 8)]
    proposed = propose(table(["施設名称", "乙", "丙"], *rows))
    assert proposed.columns[2].is_doubtful
    mapping = proposed.mapping()
    assert with_mapping(proposed, mapping).columns == proposed.columns
    confirmed = with_mapping(proposed, mapping, "remembered", confirmed=True)
    assert not any(one.is_doubtful for one in confirmed.columns)
    assert confirmed.mapping() == mapping


# ---------------------------------------------------------------------------------------------- kept and remembered

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    ours = draw(st.lists(st.sampled_from(vocabulary().columns), unique=True, max_size=6))
    places = draw(st.lists(st.integers(0, 800), unique=True, min_size=len(ours), max_size=len(ours)))
    columns = {name: Column(k, draw(TEXTS), draw(st.sampled_from(["", "kwh", "千kwh"]))) for name, k in zip(ours, places, strict=True)}  # fmt: skip
    first = draw(st.integers(-1, 20))
    last = first + (draw(st.integers(0, 1)) if first >= 0 else 0)
    return Mapping(first, last, last + 1 + draw(st.integers(0, 3)), columns, draw(TEXTS), draw(TEXTS))


@settings(max_examples=60, deadline=None)
@given(mappings())
def test_as_json_and_as_toml_and_back(mapping: Mapping) -> None:
    assert from_json(as_json(mapping)) == mapping
    assert from_toml(to_toml(mapping), "a.toml") == mapping


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 15_000))
def test_letters_of_columns(index: int) -> None:
    assert index_of(letter_of(index)) == index


@pytest.mark.parametrize(
    "text",
    [
        "", "heading_rows = 3", "x = [", 'heading_rows = [1]\nfirst_row = 2\n[columns]\nname = { column = "!" }',
        'heading_rows = [1]\nfirst_row = 2\n[columns]\nother = { column = "A" }', "heading_rows = [1]\nfirst_row = 1\n[columns]\n",
        'heading_rows = ["a"]\nfirst_row = 2\n[columns]\n', "heading_rows = [1]\nfirst_row = 2\ncolumns = 7",
        'heading_rows = [1]\nfirst_row = 2\n[columns]\nname = { column = "A" }\nkana = { column = "A" }', "heading_rows = [99999999999999999999]",
    ],
)  # fmt: skip
def test_files_that_are_no_mapping(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableLedger) as caught:
        read_mapping(path)
    assert caught.value.code == "ledger.bad_mapping"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableLedger):
        read_mapping(path)
    path.write_bytes(b"# " * 300_000)
    with pytest.raises(UnreadableLedger):
        read_mapping(path)
    with pytest.raises(UnreadableLedger):
        read_mapping(tmp_path / "gone.toml")


def test_a_mapping_is_remembered_for_its_form(tmp_path: Path, odd: Path) -> None:
    forms, mapping = tmp_path / "設定" / "forms.json", mapping_of(odd, ODD)
    rows = load(odd).table.rows
    assert recall(forms, rows) is None
    remember(forms, mapping)
    assert recall(forms, rows) == mapping
    shifted = [["令和9年度"], *rows]
    found = recall(forms, shifted, "令和9")
    assert found is not None
    assert (found.first, found.begin, found.sheet, found.columns) == (1, 2, "令和9", ODD)
    assert recall(forms, [["甲", "乙", "丙"], *rows[1:]]) is None
    other = replace(mapping, columns={"name": Column(1, "乙", "")})
    remember(forms, other)
    assert remembered(forms) == [other], "the latest of a form"
    forget(forms, mapping.form)
    assert remembered(forms) == []
    headless = Mapping(-1, -1, 0, ODD, form="-4")
    remember(forms, headless)
    assert remembered(forms) == [], "a table without a heading has no form"
    for k in range(MOST_FORMS + 5):
        remember(forms, replace(mapping, form=f"{k:016d}"))
    assert len(remembered(forms)) == MOST_FORMS


@pytest.mark.parametrize("content", [b"", b"{}", b"[1, null, {}]", b"[" * 50_000, b"\xff\xfe", b'{"a": "' + b"x" * 100])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, odd: Path, content: bytes) -> None:
    forms = tmp_path / "forms.json"
    forms.write_bytes(content)
    assert remembered(forms) == []
    remember(forms, mapping_of(odd, ODD))
    assert len(remembered(forms)) == 1


def test_a_memory_that_cannot_be_written_says_so(tmp_path: Path, odd: Path) -> None:
    folder = tmp_path / "forms.json"
    folder.mkdir()
    with pytest.raises(NotWritable):
        remember(folder, mapping_of(odd, ODD))
    write_mapping(mapping_of(odd, ODD), tmp_path / "m.toml")
    assert read_mapping(tmp_path / "m.toml") == mapping_of(odd, ODD)


def test_two_rows_of_headings_and_a_person_who_says_one(tmp_path: Path) -> None:
    text = "施設,,電力,\n番号,名称,年間電力使用量(千kWh),備考\n1,東小学校,5,\n"
    loaded = Loaded(tmp_path / "a.csv", read_text(text.encode(), "a.csv"))
    proposed = propose(loaded.table, (0, 1))
    assert (proposed.begin, chosen(proposed)["annual_kwh"]) == (2, 2)
    alone = propose(loaded.table, (1, 1))
    assert chosen(alone)["annual_kwh"] == 2
    assert alone.columns[2].unit == "千kwh"
    assert ledger_tables.MAX_ROWS > alone.begin == 2


class _Seen(Exception):
    """What a new plan begins with."""


@pytest.mark.parametrize("mapped", [True, False])
def test_a_new_plan_keeps_the_mapping_as_an_input_of_its_ledger(
    odd: Path, monkeypatch: pytest.MonkeyPatch, *, mapped: bool
) -> None:
    from kawasolar.document.views import mapping_of as entered
    from kawasolar.pipeline import PlanInputs, make_project
    from kawasolar.stages.chain import BY_NAME, expected

    def stop(work: object, *_: object) -> None:
        raise _Seen(work)

    monkeypatch.setattr("kawasolar.stages.run.run_stale", stop)
    mapping = mapping_of(odd, ODD) if mapped else None
    inputs = PlanInputs(odd, odd, odd, odd, odd.with_name("a.kawasolar"), facilities_mapping=mapping)
    with pytest.raises(_Seen) as caught:
        make_project(inputs)
    work = caught.value.args[0]
    assert entered(work.entries) == mapping
    told = expected(BY_NAME["ledger"], work).inputs
    # Nothing where nobody says anything: ledgers of older projects stay fresh.
    assert ("columns:facilities" in told) == mapped


@pytest.mark.parametrize("name", ["a.xlsx", "a.gpkg", "a.geojson", "a.shp", "a.csv"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 500, b"SQLite format 3\0" + b"\0" * 100, b"\x00\x00\x27\x0a", b"{", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])  # fmt: skip
def test_sheets_of_files_that_are_damaged(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    said: list[str] = []
    for ask in (sheets_of, load):
        try:
            ask(path)
        except (UnreadableLedger, GisError) as error:
            said.append(error.code)
    assert set(said) <= set(catalogue())
    assert content[:2] != b"PK" or said == ["ledger.damaged"] * 2
