"""Other ledgers in the window: read, seen, what is wrong followed to its row, empty ones made."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from kawasolar.ledger.mapping import as_json, from_json
from kawasolar.ledger.remembered import remembered as forms_of
from kawasolar.registers import read_register, schema_of
from kawasolar.words import LANGUAGES, Language
from ui.jobs import Jobs
from ui.ledger.register_reading import AskedRegister
from ui.look import Look
from ui.register_dialog import RegisterDialog
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from kawasolar.ledger.mapping import Mapping
    from ui.settings import Remembered
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
    assert "たくさん" in dialog.model.index(1, 6).data(Qt.ItemDataRole.ToolTipRole)
    assert not dialog.model.index(1, 6).data(Qt.ItemDataRole.DecorationRole).isNull()
    assert dialog.model.index(0, 6).data(Qt.ItemDataRole.DecorationRole) is None
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
    sheet.cell(
        2, [cell.value for cell in sheet[1]].index(schema_of("vehicles").fields["lease_end"].headings[0]) + 1, "R9.3.31"
    )
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


# ---------------------------------------------------------------------------------------------- columns

ODD = [["場", "灯", "数", "力"], ["東小学校", "FLR40W", "12", "85"], ["西図書館", "水銀灯", "16", "ろう"]]


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    assert made.shutdown(20_000)


@pytest.fixture
def ask(qtbot: QtBot, jobs: Jobs, remembered: Remembered, tmp_path: Path) -> Callable[..., RegisterDialog]:
    """The assistant on a table, with no plan."""
    parent = QWidget()
    qtbot.addWidget(parent)

    def make(rows: list[list[str]] | Path, language: Language = "ja", **words: Any) -> RegisterDialog:
        path = rows if isinstance(rows, Path) else tmp_path / "調査票.csv"
        if isinstance(rows, list):
            with path.open("w", encoding="cp932", newline="") as file:
                csv.writer(file).writerows(rows)
        made = RegisterDialog(Look(language, LIGHT), jobs, remembered, None, parent, **words)
        made.open()
        made.take(path)
        settle(qtbot, made, jobs)
        return made

    return make


def settle(qtbot: QtBot, dialog: RegisterDialog, jobs: Jobs) -> None:
    qtbot.waitUntil(lambda: not jobs.running() and not dialog._later.isActive(), timeout=20_000)


def columns_of(dialog: RegisterDialog) -> list[str]:
    return [str(choice.currentData()) for choice in dialog.preview.choices]


def test_a_column_chosen_changes_the_rows_and_is_remembered(
    ask: Callable[..., RegisterDialog], qtbot: QtBot, jobs: Jobs, tmp_path: Path
) -> None:
    dialog = ask(ODD)
    assert dialog.ledger_kind == "lamps", "by content: no heading is known"
    assert "照明台帳" in dialog.kind.itemText(0)
    assert columns_of(dialog) == ["facility", "lamp_type", "fixtures", ""]
    dialog.preview.choose(3, "power_w")
    unit = dialog.preview.units[3]
    unit.setCurrentIndex(unit.findData("kw"))
    settle(qtbot, dialog, jobs)
    assert "照明台帳 2 行" in dialog.outcome.text()
    # 85 kW is no lamp, ろう no number: both cells are coloured, and say why.
    wrong = [dialog.preview.model.index(row, 3).data(Qt.ItemDataRole.ForegroundRole).name() for row in (1, 2)]
    assert wrong == [LIGHT.attention.lower()] * 2
    assert not unit.isHidden()
    assert dialog.preview.units[1].isHidden()
    unit.setCurrentIndex(unit.findData("w"))
    settle(qtbot, dialog, jobs)
    dialog.views.button(1).click()
    assert dialog.pages.currentIndex() == 1
    assert shown(dialog, 0) == ["2", "東小学校", "直管蛍光ランプ", "12", "85"]
    assert dialog.model.headerData(4, Qt.Orientation.Horizontal) == "消費電力/台 [W]"
    assert dialog.model.headerData(4, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) == "力"
    dialog.write_sheet(tmp_path / "依頼.xlsx")
    settle(qtbot, dialog, jobs)
    found = [row[2] for row in openpyxl.load_workbook(tmp_path / "依頼.xlsx")["指摘一覧"].iter_rows(values_only=True)]
    assert "ろう" in found
    assert dialog.remember.isEnabled()
    dialog.remember.click()
    assert "記憶しました" in dialog.state.text()
    # The same form next year, below a title: as it was named.
    again = ask([["令和9年度"], *ODD])
    assert columns_of(again) == ["facility", "lamp_type", "fixtures", "power_w"]
    assert "前回" in again.state.text()
    assert again.model.rowCount() == 2


def test_a_plan_takes_what_was_chosen(
    ask: Callable[..., RegisterDialog], qtbot: QtBot, jobs: Jobs, remembered: Remembered, tmp_path: Path
) -> None:
    got: list[tuple[Path, str, str, Mapping | None]] = []
    assert ask(ODD).take_button.isHidden()
    dialog = ask(ODD, take=lambda *words: got.append(words))
    dialog.preview.choose(2, "")
    dialog.take_button.click()
    assert not got, "not before it is read"
    settle(qtbot, dialog, jobs)
    assert dialog.take_button.isEnabled()
    dialog.take_button.click()
    ((path, kind, sheet, mapping),) = got
    assert (path.name, kind, sheet) == ("調査票.csv", "lamps", "")
    assert mapping is not None
    assert set(mapping.columns) == {"facility", "lamp_type"}
    assert from_json(as_json(mapping), "lamps") == mapping
    assert read_register(path, "lamps", sheet=sheet, mapping=mapping).columns == {"facility": "場", "lamp_type": "灯"}
    assert [one.kind for one in forms_of(remembered.ledger_forms)] == ["lamps"]
    # Where the headings say it, there is nothing to be kept.
    plain = ask([["施設名", "ランプ種別"], *[row[:2] for row in ODD[1:]]], take=lambda *words: got.append(words))
    assert not plain.remember.isEnabled()
    plain.take_button.click()
    assert got[1][3] is None
    # Opened again on what a plan has.
    asked = AskedRegister(path, "lamps", "", mapping)
    (tmp_path / "調査票.csv").write_text("\n".join(",".join(row) for row in ODD), encoding="utf-8")
    parent = QWidget()
    qtbot.addWidget(parent)
    before = RegisterDialog(Look("ja", LIGHT), jobs, remembered, None, parent, asked=asked)
    settle(qtbot, before, jobs)
    assert columns_of(before) == ["facility", "lamp_type", "", ""]
    assert "この計画で指定した" in before.state.text()
    before.reject()


def test_another_kind_sheet_and_heading(
    ask: Callable[..., RegisterDialog], qtbot: QtBot, jobs: Jobs, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["目次"])
    for name, kind in (("車", "車種"), ("灯", "ランプ種別")):
        sheet = book.create_sheet(name)
        sheet.append(["登録番号" if name == "車" else "施設名", kind, "備考"])
        sheet.append(["多摩 300 あ 1", "乗用", "x"] if name == "車" else ["東小学校", "LED", "x"])
    path = tmp_path / "台帳.xlsx"
    book.save(path)
    dialog = ask(path)
    assert (dialog.ledger_kind, dialog.sheet.currentText()) == ("vehicles", "車")
    dialog.sheet.setCurrentIndex(2)
    dialog.sheet.activated.emit(2)
    settle(qtbot, dialog, jobs)
    assert (dialog.ledger_kind, dialog.model.rowCount()) == ("lamps", 1)
    dialog.heading.setValue(0)
    settle(qtbot, dialog, jobs)
    assert dialog.model.rowCount() == 0
    assert "ランプ種別" in dialog.outcome.text() or "施設" in dialog.outcome.text()
    dialog.heading.setValue(1)
    settle(qtbot, dialog, jobs)
    dialog.kind.setCurrentIndex(dialog.kind.findData("roof_works"))
    settle(qtbot, dialog, jobs)
    assert dialog.ledger_kind == "roof_works"
    assert "照明台帳" in dialog.state.text(), "its headings are of another kind"
    assert not dialog.save_csv.isEnabled()


def test_what_cannot_be_written_is_told_and_nothing_is_lost(
    ask: Callable[..., RegisterDialog], qtbot: QtBot, jobs: Jobs, tmp_path: Path
) -> None:
    dialog = ask(ODD)
    dialog.preview.choose(3, "power_w")
    settle(qtbot, dialog, jobs)
    (tmp_path / "依頼.xlsx").mkdir()
    dialog.write_sheet(tmp_path / "依頼.xlsx")
    settle(qtbot, dialog, jobs)
    assert "依頼.xlsx" in dialog.state.text()
    assert dialog.save_sheet.isEnabled()
    assert dialog.model.rowCount() == 2


def test_a_ledger_of_facilities_is_named(ask: Callable[..., RegisterDialog]) -> None:
    dialog = ask([["施設名称", "構造", "緯度", "経度"], ["東小学校", "RC", "35.6", "139.6"]])
    assert "施設台帳" in dialog.state.text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_widget_has_a_name_and_no_word_is_missing(
    ask: Callable[..., RegisterDialog], qtbot: QtBot, jobs: Jobs, language: Language
) -> None:
    dialog = ask(ODD, language, take=lambda *_words: None)
    for page in (0, 1):
        dialog.views.button(page).click()
        for widget in dialog.findChildren(QWidget):
            if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isVisible():
                face = QAccessible.queryAccessibleInterface(widget)
                assert face is not None
                assert face.text(QAccessible.Text.Name), type(widget).__name__
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    for kind in ("vehicles", "wings", "meter_points", "roof_works"):
        dialog.kind.setCurrentIndex(dialog.kind.findData(kind))
        settle(qtbot, dialog, jobs)
        texts += [box.itemText(k) for box in dialog.findChildren(QComboBox) for k in range(box.count())]
    assert not [text for text in texts if text.startswith(("ui.", "mapping.", "ledger.", "register."))]


def test_before_a_file_is_chosen_it_says_what_to_do(qtbot: QtBot, jobs: Jobs, remembered: Remembered) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = RegisterDialog(Look("ja", LIGHT), jobs, remembered, None, parent)
    dialog.open()
    assert dialog.pages.currentIndex() == 2
    assert not dialog.middle.isVisible()
    for widget in (dialog.save_csv, dialog.remember, dialog.save_sheet):
        assert not widget.isEnabled()
    dialog.hand_over()
    dialog._follow()
    dialog.reject()
