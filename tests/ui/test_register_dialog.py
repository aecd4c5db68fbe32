"""Other ledgers in the window: read, seen, what is wrong followed to its row, empty ones made."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import openpyxl
import pytest
from PySide6.QtCore import Qt

from kawasolar.words import LANGUAGES, Language
from ui.register_dialog import RegisterDialog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow


@pytest.fixture
def lamps(window: MainWindow, tmp_path: Path) -> Path:
    """Two rows of the plan's first facility, one of nobody's, a wrong number, a total."""
    assert window.document.plan is not None
    facility = str(window.document.plan.facilities["facility_id"].iloc[0])
    path = tmp_path / "照明 台帳.csv"
    rows = [
        ["施設番号", "室", "ランプ種別", "台数", "W/台", "高所"],
        [facility, "教室", "FLR40W×2", "12", "85", "×"],
        [facility, "体育館", "水銀灯", "16", "たくさん", "○"],
        ["どこか", "廊下", "LED", "3", "20", ""],
        ["合計", "", "", "31", "", ""],
    ]
    with path.open("w", encoding="cp932", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def opened(window: MainWindow) -> RegisterDialog:
    window.ensure_parts()
    window.menus.actions["register"].trigger()
    dialog = window.findChild(RegisterDialog)
    assert dialog is not None
    return dialog


def shown(dialog: RegisterDialog, row: int) -> list[str]:
    return [str(dialog.model.index(row, k).data()) for k in range(dialog.model.columnCount())]


def test_read_seen_and_followed(window: MainWindow, qtbot: QtBot, lamps: Path, tmp_path: Path) -> None:
    assert window.document.plan is not None
    name = str(window.document.plan.facilities["name"].iloc[0])
    dialog = opened(window)
    assert not dialog.save_csv.isEnabled()
    dialog.take(lamps)
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)
    assert dialog.model.rowCount() == 3
    assert shown(dialog, 0)[:2] == ["2", name]
    assert shown(dialog, 0)[4:] == ["直管蛍光ランプ", "12", "85", "×"]
    assert shown(dialog, 1)[4:] == ["水銀灯", "16", "", "○"]
    assert shown(dialog, 2)[1] == window.look.say("ui.meters.unknown")
    assert not dialog.model.index(2, 1).data(Qt.ItemDataRole.DecorationRole).isNull()
    assert "照明台帳 3 行" in dialog.summary.text()
    assert "2" in dialog.summary.text().partition("3 行")[2]
    texts = [dialog.findings.item(k).text() for k in range(dialog.findings.count())]
    assert len(texts) == 3
    dialog.findings.setCurrentRow(next(k for k, text in enumerate(texts) if "たくさん" in text))
    dialog._follow()
    assert [index.row() for index in dialog.table.selectionModel().selectedRows()] == [1]
    out = tmp_path / "読み取り.csv"
    dialog.write_csv(out)
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)
    assert "読み取り.csv" in dialog.state.text()
    with out.open(encoding="utf-8-sig", newline="") as file:
        assert [row["lamp_type"] for row in csv.DictReader(file)] == ["straight_fluorescent", "mercury", "led"]
    # Read as another kind it is none, and what is needed is said.
    dialog.kind.setCurrentIndex(dialog.kind.findData("vehicles"))
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)
    assert dialog.model.rowCount() == 0
    assert "登録番号" in dialog.outcome.text()
    assert not dialog.save_csv.isEnabled()


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_plan_and_an_empty_one(
    make_window: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path, language: Language
) -> None:
    window = make_window(language=language)
    dialog = opened(window)
    path = tmp_path / "車両.xlsx"
    dialog.write_template("vehicles", path)
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)
    assert path.name in dialog.state.text()
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet["A2"] = "川崎 300 あ 1"
    sheet.cell(2, [cell.value for cell in sheet[1]].index("リース満了") + 1, "R9.3.31")
    book.save(path)
    dialog.take(path)
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)
    assert dialog.model.rowCount() == 1
    assert "2027-03-31" in shown(dialog, 0)
    assert window.look.say("ui.register.facility") not in [
        dialog.model.headerData(k, Qt.Orientation.Horizontal) for k in range(3)
    ]


def test_a_broken_file_is_told(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = opened(window)
    path = tmp_path / "壊れた.xlsx"
    path.write_bytes(b"PK\x03\x04 no archive")
    dialog.take(path)
    qtbot.waitUntil(lambda: dialog._job is None, timeout=20_000)
    assert "壊れた.xlsx" in dialog.outcome.text()
    assert dialog.model.rowCount() == 0
