"""The site list: table, workbook and CSV, read again by other programs."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from gis.findings import Finding
from kawasolar.decide import decide, default_settings
from kawasolar.errors import NotWritable
from kawasolar.export.csv import write_csv
from kawasolar.export.table import (
    BRIEF,
    COLUMNS,
    chosen_ids,
    era_year,
    shown_date,
    site_columns,
    site_frame,
    site_table,
)
from kawasolar.export.xlsx import write_xlsx
from kawasolar.figures import figures
from kawasolar.plan import Settings
from kawasolar.words import LANGUAGES, Language, say
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from kawasolar.plan import Plan

TODAY = date(2026, 11, 23)
EVIL = ['=HYPERLINK("http://x")', "+81-44-200", "-1+1", "@SUM(A1)", "＝１＋１", "=1\n+2", "http://example.jp/"]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return example_plan(tmp_path_factory.mktemp("plan"), facilities=30)


@pytest.fixture(scope="module")
def evil(plan: Plan) -> Plan:
    """A ledger whose texts would like to be formulas."""
    ledger = plan.facilities.copy()
    ledger.loc[range(len(EVIL)), "name"] = EVIL
    ledger.loc[range(len(EVIL)), "address"] = EVIL
    return replace(plan, facilities=ledger)


# ---------------------------------------------------------------------------------------------- table


@pytest.mark.parametrize(
    ("year", "ja", "en"),
    [
        (1978.0, "昭和53年", "S53"), (1988, "昭和63年", "S63"), (1989, "平成元年", "H1"), (2018, "平成30年", "H30"), (2019, "令和元年", "R1"),
        (2026, "令和8年", "R8"), (1926, "昭和元年", "S1"), (1925, "大正14年", "T14"), (1868, "明治元年", "M1"), (1850, "1850", "1850"),
        (None, "", ""), (float("nan"), "", ""), (pd.NA, "", ""),
    ],
)  # fmt: skip
def test_years_by_era(year: object, ja: str, en: str) -> None:
    assert era_year("ja", year) == ja
    assert era_year("en", year) == en


def test_dates() -> None:
    assert shown_date("ja", TODAY) == "令和8年11月23日"
    assert shown_date("en", TODAY) == "23 November 2026"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_heading_has_words_and_a_unit_where_it_needs_one(language: Language) -> None:
    headings = [say(language, f"export.column.{column.key}") for column in COLUMNS]
    assert len(set(headings)) == len(headings)
    for column, heading in zip(COLUMNS, headings, strict=True):
        assert not heading.startswith("export.")
        unit = {"m2": "m²", "kw": "kW", "kwh": "kWh"}.get(column.key.rsplit("_", 1)[-1])
        assert unit is None or unit in heading


def test_the_table_says_what_the_plan_says(plan: Plan) -> None:
    table = site_table(plan, "ja")
    assert table["施設番号"].tolist() == plan.facilities["facility_id"].tolist()
    np.testing.assert_array_equal(table["年間発電量 (kWh)"], plan.results.yields["energy_kwh"])
    np.testing.assert_allclose(table["日影損失 (%)"], plan.results.yields["shading_loss"] * 100)
    sites = plan.decision.sites
    words = {"eligible": "設置可能", "unknown": "要確認", "ineligible": "設置不可"}
    assert table["設置可否"].tolist() == [words[status] for status in sites["status"]]
    assert table["選定"].tolist() == ["選定" if chosen else "－" for chosen in sites["chosen"]]
    known = plan.facilities["seismic"].notna().to_numpy()
    assert (table["耐震性"][~known] == "不明").all()
    assert set(table["耐震性"][known]) <= {"新耐震基準", "耐震改修済"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_and_criteria_of_a_real_decision_are_whole_sentences(
    plan: Plan, tmp_path: Path, language: Language
) -> None:
    decision = decide(plan.facilities, plan.results, plan.profile, default_settings(plan.profile))
    real = replace(plan, decision=decision)
    frame = site_frame(real, language)
    assert set(decision.sites["reason"]) >= {"chosen_rank", "outside_half", "failed"}
    for text in frame["reason"]:
        assert len(text) > 4
        assert not any(sign in text for sign in ("{", "–", "reason.", "criterion.", "nan"))
        assert not text.rstrip().endswith((":", "："))
    book = book_of(real, tmp_path / "s.xlsx", language)
    headings, rows = rows_below(book[say(language, "export.sheet.outcomes")], "No.")
    keys = list(dict.fromkeys(decision.outcomes["criterion"]))
    assert len(headings) == 4 + 2 * len(keys)
    for row in rows:
        assert not any(isinstance(value, str) and ("." in value or "_" in value) for value in row[4:])


def test_the_chosen_stand_by_rank_and_pinned_ones_without_rank_last(plan: Plan) -> None:
    sites = plan.decision.sites.copy()
    outside = sites.index[sites["status"] == "unknown"][0]
    sites.loc[outside, "chosen"] = True
    pinned = replace(plan, decision=replace(plan.decision, sites=sites))
    ids = chosen_ids(pinned)
    assert ids[-1] == sites["facility_id"][outside]
    ranks = sites.set_index("facility_id")["rank"].reindex(ids[:-1]).tolist()
    assert ranks == sorted(ranks)
    assert site_frame(pinned, "en", chosen_only=True)["facility_id"].tolist() == ids


def test_columns_that_the_ledger_lacks_are_left_out(plan: Plan) -> None:
    bare = replace(plan, facilities=plan.facilities.drop(columns=["shelter", "built_year", "contract_kw"]))
    keys = [column.key for column in site_columns(bare)]
    assert not {"shelter", "built_year", "built_era", "contract_kw"} & set(keys)
    assert list(site_frame(bare, "ja").columns) == keys


def test_a_facility_without_a_building_has_no_numbers(plan: Plan) -> None:
    gone = plan.facilities["facility_id"][4]
    yields = plan.results.yields[plan.results.yields["facility_id"] != gone]
    frame = site_frame(replace(plan, results=replace(plan.results, yields=yields)), "ja").set_index("facility_id")
    assert np.isnan(frame.loc[gone, "energy_kwh"])
    assert frame.drop(index=gone)["energy_kwh"].notna().all()


# ---------------------------------------------------------------------------------------------- workbook


def book_of(plan: Plan, path: Path, language: Language = "ja") -> Workbook:
    write_xlsx(plan, path, language, today=TODAY)
    return openpyxl.load_workbook(path)


def rows_below(sheet: Worksheet, first: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Headings (unit on the same line) and rows of the table that begins with the heading ``first``."""
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows()]
    head = next(place for place, row in enumerate(rows) if row[0] == first)
    return [str(value).replace("\n", " ") for value in rows[head]], rows[head + 1 :]


def test_sheets_of_the_workbook(plan: Plan, tmp_path: Path) -> None:
    japanese = book_of(plan, tmp_path / "選定 施設.xlsx")
    assert japanese.sheetnames == [
        "選定施設一覧",
        "全施設",
        "配置・電気・荷重",
        "年別発電量",
        "判定根拠",
        "前提条件",
        "手動修正",
        "データの確認事項",
        "概要",
    ]
    english = book_of(plan, tmp_path / "sites.xlsx", "en")
    assert english.sheetnames == [
        "Chosen sites", "All facilities", "Layout", "Years", "Criteria", "Assumptions", "Entered by hand", "Findings", "Overview",
    ]  # fmt: skip
    for sheet in japanese.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        # One page wide (1 is the default of the format) and as many high as needed.
        assert sheet.page_setup.fitToWidth in (None, 1)
        assert sheet.page_setup.fitToHeight == 0
        assert "&P" in sheet.oddFooter.center.text
        assert any("合成データ" in str(cell.value) for cell in sheet["A"][:5])
        assert "令和8年11月23日" in sheet["A2"].value
    first = japanese["選定施設一覧"]
    assert first.page_setup.paperSize == 9
    assert first.print_title_rows is not None
    assert first.freeze_panes is not None
    assert first.auto_filter.ref


def test_the_chosen_list(plan: Plan, tmp_path: Path) -> None:
    sheet = book_of(plan, tmp_path / "s.xlsx")["選定施設一覧"]
    headings, rows = rows_below(sheet, "No.")
    # Without a programme there are no years.
    assert headings == [say("ja", f"export.column.{key}") for key in BRIEF if key != "programme_year"]
    chosen = chosen_ids(plan)
    assert len(rows) == len(chosen) + 1
    places = {heading: place for place, heading in enumerate(headings)}
    assert [row[places["施設番号"]] for row in rows[:-1]] == chosen
    yields = plan.results.yields.set_index("facility_id").loc[chosen]
    # The format keeps 16 digits.
    np.testing.assert_allclose([row[places["設備容量 (kW)"]] for row in rows[:-1]], yields["capacity_kw"], rtol=1e-14)
    np.testing.assert_allclose([row[places["年間発電量 (kWh)"]] for row in rows[:-1]], yields["energy_kwh"], rtol=1e-14)
    cell = sheet.cell(sheet.max_row - 1, places["施設番号"] + 1)
    assert (cell.data_type, cell.number_format) == ("s", "@")
    assert sheet.cell(sheet.max_row - 1, places["年間発電量 (kWh)"] + 1).number_format.startswith("#,##0")


def test_totals_are_sums_of_what_is_shown(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    book = book_of(plan, path)
    headings, rows = rows_below(book["全施設"], "No.")
    place = headings.index("年間発電量 (kWh)")
    formula = rows[-1][place]
    letter = openpyxl.utils.get_column_letter(place + 1)
    last = book["全施設"].max_row - 1
    assert formula == f"=SUBTOTAL(109,{letter}{last - len(plan.facilities) + 1}:{letter}{last})"
    cached = openpyxl.load_workbook(path, data_only=True)["選定施設一覧"]
    headings, rows = rows_below(cached, "No.")
    total = figures(plan)
    assert rows[-1][headings.index("年間発電量 (kWh)")] == pytest.approx(total["energy_kwh"], abs=1e-3)
    assert rows[-1][headings.index("設備容量 (kW)")] == pytest.approx(total["capacity_kw"], abs=1e-3)
    assert rows[-1][headings.index("kWあたり年間発電量 (kWh/kW)")] == pytest.approx(
        total["specific_yield_kwh_kw"], abs=1e-3
    )


def test_no_text_becomes_a_formula_or_a_link(evil: Plan, tmp_path: Path) -> None:
    path = tmp_path / "evil.xlsx"
    book = book_of(evil, path)
    _, rows = rows_below(book["全施設"], "No.")
    assert [row[2] for row in rows[: len(EVIL)]] == EVIL
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                formula = str(cell.value).startswith(("=SUBTOTAL(109,", "=IF("))
                assert cell.data_type != "f" or (formula and cell.row == sheet.max_row)
                assert cell.hyperlink is None
    with zipfile.ZipFile(path) as parts:
        assert not any("externalLink" in name for name in parts.namelist())


def test_outcomes_of_each_criterion(plan: Plan, tmp_path: Path) -> None:
    sheet = book_of(plan, tmp_path / "s.xlsx")["判定根拠"]
    headings, rows = rows_below(sheet, "No.")
    assert headings == ["No.", "施設番号", "施設名称", "設置可否", "判定", "値", "判定", "値"]
    words = {"pass": "適", "fail": "否", "unknown": "要確認"}
    outcomes = plan.decision.outcomes
    for place, key in ((4, "seismic"), (6, "remaining_years")):
        mine = outcomes[outcomes["criterion"] == key].set_index("facility_id")
        for row in rows:
            assert row[place] == words[mine.loc[row[1], "outcome"]]
    years = outcomes[outcomes["criterion"] == "remaining_years"]["value"].tolist()
    assert [row[7] for row in rows] == years
    asked = " ".join(str(cell.value) for cell in sheet[sheet.max_row - len(rows) - 1])
    assert "残存使用年数が20年以上" in asked


def test_assumptions_have_unit_range_and_source(plan: Plan, tmp_path: Path) -> None:
    turned = replace(
        plan, settings=replace(plan.settings, criteria={"flood": (True, 99.0), "usable_area": (False, 100.0)})
    )
    sheet = book_of(turned, tmp_path / "s.xlsx")["前提条件"]
    headings, rows = rows_below(sheet, "項目")
    assert headings == ["項目", "値", "単位", "下限", "上限", "年", "出典", "確からしさ", "確認", "備考"]
    assert len(rows) == len(plan.profile.values) + len(plan.profile.criteria)
    by_name = {row[0]: row for row in rows}
    for value in plan.profile.values.values():
        row = by_name[value.name_ja]
        if value.unit.startswith("choice."):
            assert tuple(row[1:5]) == (say("ja", f"{value.unit}.{value.value:.0f}"), None, None, None)
        else:
            assert float(row[1]) == value.value
        assert row[6] == value.source("ja")
        inside = (value.low is None or value.low <= value.value) and (value.high is None or value.value <= value.high)
        assert row[8] == ("範囲外" if not inside else "要確認" if value.how_sure == "verify" else None)
    flood = by_name["判定要件：浸水想定"]
    assert flood[1] == 99.0
    assert flood[8] == "範囲外"
    assert "プロファイル" in flood[9]
    # A year has no thousands' comma.
    assert by_name["計画年"][1] == plan.profile.plan_year
    assert sheet.cell(sheet.max_row - len(rows) + 1, 2).number_format == "0_ "


def test_findings_are_sentences(plan: Plan, tmp_path: Path) -> None:
    more = replace(
        plan,
        findings=(Finding("ledger.no_name", "warning", "C:/役所/台帳.csv", 12, "施設名称", item="=1+1"),),
        settings=Settings(0.5, "co2", pins=frozenset({"no such"})),
        decision=replace(plan.decision, not_applied=("flood",)),
    )
    headings, rows = rows_below(book_of(more, tmp_path / "s.xlsx")["データの確認事項"], "区分")
    assert headings == ["区分", "ファイル", "行", "列", "施設・項目", "記載内容", "想定", "内容"]
    assert rows[0][1:5] == ("台帳.csv", 12, "施設名称", "=1+1")
    assert rows[0][7] == say("ja", "ledger.no_name", **more.findings[0].values())
    messages = " ".join(row[7] for row in rows)
    assert "no such" in messages
    assert "浸水想定" in messages
    assert "flood" not in messages


def test_findings_stand_by_file_and_row(plan: Plan, tmp_path: Path) -> None:
    """The count of further ones stays behind the last of its kind; what concerns the file comes before its rows."""
    found = (
        Finding("ledger.no_name", "warning", "b.csv", 30, "名称", item="x"),
        Finding("ledger.no_name", "warning", "b.csv", 7, "名称", item="y"),
        Finding("ledger.more", "warning", "b.csv", None, "名称", found="31–40", details={"count": 10}),
        Finding("join.no_building", "warning", "", 5, item="z"),
        Finding("ledger.unused_columns", "info", "b.csv", found="備考", details={"count": 1}),
        Finding("ledger.no_name", "warning", "a.csv", 9, "名称", item="w"),
    )
    more = replace(plan, findings=found, decision=replace(plan.decision, not_applied=()), settings=Settings(0.5, "co2"))
    _, rows = rows_below(book_of(more, tmp_path / "s.xlsx")["データの確認事項"], "区分")
    assert [(row[1], row[2]) for row in rows[:5]] == [
        ("a.csv", 9), ("b.csv", None), ("b.csv", 7), ("b.csv", None), ("b.csv", 30),
    ]  # fmt: skip
    assert "31–40" in rows[3][7]
    assert (rows[5][1] or "", rows[5][2]) == ("", 5)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2: relative luminances, each raised by 0.05."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_rows_that_are_not_eligible_can_be_read_in_print(plan: Plan, tmp_path: Path) -> None:
    sheet = book_of(plan, tmp_path / "s.xlsx")["全施設"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "設置不可"]
    assert cells
    for cell in cells:
        assert contrast(cell.font.color.rgb[2:], cell.fill.fgColor.rgb[2:]) > 7


def test_overview_has_the_figures_and_the_fingerprints(plan: Plan, tmp_path: Path) -> None:
    sheet = book_of(plan, tmp_path / "s.xlsx")["概要"]
    pairs = {row[0].value: row[1].value for row in sheet.iter_rows() if row[0].value}
    total = figures(plan)
    assert pairs["選定施設数"] == total["chosen"]
    assert pairs["設備容量 (kW)"] == total["capacity_kw"]
    assert pairs["座標系"] == "JGD2011 平面直角座標系 第IX系 (EPSG:6677)"
    assert "合成データ" in pairs["データ"]
    cells = {cell.value for row in sheet.iter_rows() for cell in row}
    assert {file.sha256 for file in plan.inputs} <= cells


def test_nothing_chosen_nothing_found(plan: Plan, tmp_path: Path) -> None:
    sites = plan.decision.sites.assign(chosen=False)
    empty = replace(plan, findings=(), decision=replace(plan.decision, sites=sites))
    book = book_of(empty, tmp_path / "s.xlsx")
    _, rows = rows_below(book["選定施設一覧"], "No.")
    assert rows == []
    assert "確認事項はありません" in " ".join(str(cell.value) for cell in book["データの確認事項"]["A"])


def test_a_workbook_open_in_excel_is_said_and_stands(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(b"stands")

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "being used by another process", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    for write in (write_xlsx, write_csv):
        with pytest.raises(NotWritable) as caught:
            write(plan, path, "ja")
        assert caught.value.code == "export.locked"
        assert "Excel" in say("ja", caught.value.code, **caught.value.details)
    assert path.read_bytes() == b"stands"
    assert list(tmp_path.iterdir()) == [path]


# ---------------------------------------------------------------------------------------------- CSV


def read(path: Path, encoding: str) -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file, strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_for_excel(plan: Plan, tmp_path: Path, language: Language) -> None:
    path = tmp_path / "一覧.csv"
    assert write_csv(plan, path, language) == ()
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n") == len(plan.facilities) + 1
    rows = read(path, "utf-8-sig")
    own = [say(language, f"why.paper.{key}") for key in ("name", "date", "fingerprint")]
    assert rows[0] == [*(say(language, f"export.column.{column.key}") for column in site_columns(plan)), *own]
    place = {column.key: number for number, column in enumerate(site_columns(plan))}
    assert [row[place["facility_id"]] for row in rows[1:]] == plan.facilities["facility_id"].tolist()
    frame = pd.read_csv(path, dtype={rows[0][place["facility_id"]]: str})
    np.testing.assert_allclose(frame.iloc[:, place["energy_kwh"]], plan.results.yields["energy_kwh"], atol=0.5)
    np.testing.assert_allclose(frame.iloc[:, place["capacity_kw"]], plan.results.yields["capacity_kw"], atol=0.05)


def test_csv_runs_nothing(evil: Plan, tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    write_csv(evil, path, "ja")
    rows = read(path, "utf-8-sig")
    names = [row[2] for row in rows[1 : len(EVIL) + 1]]
    assert names == ["'" + text.replace("\n", " ") for text in EVIL[:-1]] + EVIL[-1:]
    for row in rows[1:]:
        assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in row)


def test_csv_in_shift_jis_says_what_it_lost(plan: Plan, tmp_path: Path) -> None:
    ledger = plan.facilities.copy()
    ledger.loc[0, "name"] = "𠮷野〜小学校−①髙﨑"
    ledger.loc[1, "name"] = "か\u3099く園"
    found = write_csv(replace(plan, facilities=ledger), tmp_path / "s.csv", "ja", encoding="cp932")
    rows = read(tmp_path / "s.csv", "cp932")
    # 髙 and 﨑 are in Microsoft's cp932; the wave dash and the minus are there under another code point.
    assert rows[1][2] == "〓野～小学校－①髙﨑"
    assert rows[2][2] == "がく園"
    assert "設置可能面積 (m2)" in rows[0]
    assert "CO2削減量 (t-CO2/年)" in rows[0]
    assert [finding.code for finding in found] == ["export.replaced_characters"]
    assert found[0].found == "𠮷"
    assert found[0].details["count"] == 1
    assert "𠮷" in say("ja", found[0].code, **found[0].values())
