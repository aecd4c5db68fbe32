"""What is wrong in a ledger: all of it, row by row, as a workbook to send back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import openpyxl
import pytest
from pyproj import CRS
from shapely.geometry import Point

from kawasolar.__main__ import main
from kawasolar.export.ledger_check import expected_text, write_ledger_check
from kawasolar.ledger.checking import check_ledger
from kawasolar.ledger.loading import load
from kawasolar.ledger.notes import LISTED
from kawasolar.reasons import finding_brief
from kawasolar.words import LANGUAGES, catalogue

if TYPE_CHECKING:
    from kawasolar.ledger.checking import CheckedLedger

IX = CRS.from_epsg(6677)
DAY = date(2026, 5, 1)
# More of one kind than are told one by one where a plan is made.
MANY = 3 * LISTED


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    rows = ["令和8年度 公共施設台帳", "", "施設番号,施設名称,建築年度,延面積,構造,避難所指定,緯度,経度"]
    rows += [f"{k:07d},第{k}小学校,築{k}年,300,RC,○,35.6,139.6" for k in range(1, MANY + 1)]
    rows += ["0000900,東小学校,S53,広い,紙,たぶん,35.6,139.6", "0000900,重複校,S53,300,RC,○,,", ",,S53,,,,,"]
    rows += ["合計,,,,,,,"]
    path = tmp_path / "施設台帳.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def checked(path: Path) -> CheckedLedger:
    return check_ledger(load(path), IX)


def test_every_finding_is_told_and_the_good_rows_are_read(ledger: Path) -> None:
    found = checked(ledger)
    assert len(found.ledger.facilities) == MANY + 1
    years = [one.row for one in found.findings if one.code == "ledger.not_year"]
    assert years == list(range(4, 4 + MANY))
    codes = {one.code for one in found.findings}
    assert codes >= {
        "ledger.not_number",
        "ledger.not_code",
        "ledger.not_flag",
        "ledger.duplicate_id",
        "ledger.nameless",
    }
    assert not codes & {"ledger.more", "ledger.left_out_total", "ledger.no_place"}
    assert "ledger.no_place_row" in codes
    rows = [one.row or 0 for one in found.findings]
    assert rows == sorted(rows)
    numbers = [row.number for row in found.rows]
    assert numbers == sorted(set(rows) - {0})
    last = next(row for row in found.rows if row.number == 4 + MANY)
    assert sorted(last.findings) == [3, 4, 5]


def test_the_workbook_read_again(ledger: Path, tmp_path: Path) -> None:
    found, path = checked(ledger), tmp_path / "確認依頼.xlsx"
    write_ledger_check(found, path, "ja", today=DAY)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["指摘一覧", "該当する行"]
    sheet = book["指摘一覧"]
    head = next(row for row in sheet.iter_rows() if row[0].value == "行")
    assert [cell.value for cell in head] == ["行", "列", "見つかった値", "期待する値", "内容", "記入欄"]
    rows = list(sheet.iter_rows(min_row=head[0].row + 1, values_only=True))
    assert len(rows) == len(found.findings)
    assert all(row[5] is None for row in rows)
    assert sheet.auto_filter.ref == f"A{head[0].row}:F{head[0].row + len(rows)}"
    by_text = {(row[0], row[1]): row for row in rows}
    assert by_text[4, "建築年度"][2:4] == ("築1年", "年（S53、昭和53年度、1978 など）")
    paper = by_text[4 + MANY, "構造"]
    assert paper[2] == "紙"
    assert "鉄筋コンクリート" in str(paper[3])
    assert not any(ledger.name in str(row[4]) or "行目「" in str(row[4]) for row in rows)
    assert ledger.name in str(sheet["A2"].value)
    assert "2026-05-01" in str(sheet["A2"].value)
    # The rows as they stand: numbers of things are texts, bad cells coloured and noted.
    original = book["該当する行"]
    top = next(row for row in original.iter_rows() if row[0].value == "行")
    assert [cell.value for cell in top][:3] == ["行", "施設番号", "施設名称"]
    first = original[top[0].row + 1]
    assert (first[1].value, first[1].data_type) == ("0000001", "s")
    assert first[3].comment is not None
    assert "築1年" in first[3].comment.text
    assert first[3].fill.start_color.rgb == "FFF3DDDA"
    assert first[2].comment is None
    assert first[2].fill.fill_type is None
    assert len(list(original.iter_rows(min_row=top[0].row + 1))) == len(found.rows)


def test_nothing_in_a_cell_becomes_a_formula(tmp_path: Path) -> None:
    path, out = tmp_path / "a.csv", tmp_path / "b.xlsx"
    path.write_text('施設番号,施設名称,建築年度\n=1+1,@東小学校,=HYPERLINK("http://x")\n', encoding="utf-8")
    write_ledger_check(checked(path), out, "en", today=DAY)
    cells = [cell for sheet in openpyxl.load_workbook(out) for row in sheet.iter_rows() for cell in row]
    assert any(cell.value == "=1+1" for cell in cells)
    assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)


def test_rows_of_a_map_layer_are_its_features(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"施設番号": ["1", "2"], "施設名称": ["東小学校", "西小学校"], "建築年度": ["S53", "大昔"]},
        geometry=[Point(-20000, -44000), Point(-20100, -44000)], crs=IX,
    )  # fmt: skip
    frame.to_file(tmp_path / "a.gpkg", layer="台帳")
    (row,) = [row for row in checked(tmp_path / "a.gpkg").rows if 2 in row.findings]
    assert (row.number, row.cells[1]) == (2, "西小学校")


def test_every_finding_of_a_row_has_short_words_and_what_is_expected() -> None:
    """Each kind that names a cell says what should stand there, or why that cannot be said."""
    unsaid = {"ledger.out_of_range", "ledger.short_id", "ledger.ward_contradicts", "ledger.not_code", "ledger.left_out_total", "ledger.left_out_heading", "ledger.left_out_note"}  # fmt: skip
    of_rows = {code for code, texts in catalogue().items() if code.startswith("ledger.") and texts["ja"].startswith("{source} {row} 行目")}  # fmt: skip
    assert len(of_rows) > 20
    for code in of_rows - unsaid:
        assert f"ledger.expected.{code.partition('.')[2]}" in catalogue(), code
    from gis.findings import Finding

    for code in sorted(of_rows):
        finding = Finding(code, "warning", "台帳.csv", 12, "列", "値", None, "品", {"count": 3, "other": 4})
        for language in LANGUAGES:
            words = finding_brief(language, finding)
            if code != "ledger.bad_characters":
                assert "台帳.csv" not in words, code
            assert words[0] == words[0].upper()
    assert expected_text("ja", Finding("ledger.not_code", "warning"), "structure") != ""


def test_check_from_the_command_line(ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "戻り 表.xlsx"
    assert main(["--lang", "ja", "-q", "ledger", "check", str(ledger), "--xlsx", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "行\t列\t見つかった値\t期待する値\t内容"
    assert sum("\t建築年度\t" in line for line in lines) == MANY
    assert out.is_file()
    assert main(["-q", "ledger", "check", str(ledger), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["facilities"] == MANY + 1
    # The ledger itself is not written over.
    assert main(["-q", "ledger", "check", str(ledger), "--xlsx", str(ledger)]) == 4
    assert main(["-q", "ledger", "check", str(tmp_path / "gone.csv")]) == 3
    capsys.readouterr()


def test_columns_from_the_command_line(ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = tmp_path / "列.toml"
    assert main(["--lang", "en", "-q", "ledger", "columns", str(ledger), "--out", str(mapping)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("\t")[:3] == ["A", "施設番号", "facility number"]
    assert "look" in next(line for line in lines if line.startswith("C\t"))
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("built_year", "waterproofed_year"), encoding="utf-8")
    words = ["-q", "ledger", "check", str(ledger), "--mapping", str(mapping), "--json"]
    assert main(words) == 0
    assert "waterproofed_year" in json.loads(capsys.readouterr().out)["columns"]
    assert main(["-q", "ledger", "columns", str(ledger), "--heading", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["heading_rows"] == []
    assert main(["-q", "ledger", "columns", str(ledger), "--heading", "99999"]) == 2
    mapping.write_text("x = [", encoding="utf-8")
    assert main(words) == 3
    capsys.readouterr()
