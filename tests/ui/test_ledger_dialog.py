"""The assistant for ledgers: a choice above each column, what is wrong below, and the changes of a newer one before they are applied."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QFocusEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QWidget

from kawasolar.ledger.remembered import remembered as forms_of
from kawasolar.words import LANGUAGES
from ui.jobs import Jobs
from ui.ledger import reading
from ui.ledger.desk import columns_dialog
from ui.ledger.preview import SHOWN_COLUMNS
from ui.look import Look
from ui.newplan import NewPlanDialog
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan
    from kawasolar.words import Language
    from ui.ledger.dialog import LedgerDialog
    from ui.settings import Remembered
    from ui.window import MainWindow

WAIT = 30_000
KNOWN = "施設番号,施設名称,建築年度,年間電力使用量(千kWh),備考\n001,東小学校,S53,12,\n002,西小学校,築浅,13,\n003,南図書館,H2,14,\n"
ODD = "甲,乙,丙,丁\nA1,いろは,300,12\nA2,にほへ,400,13\n"


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    assert made.shutdown(20_000)


@pytest.fixture
def ask(qtbot: QtBot, jobs: Jobs, remembered: Remembered, tmp_path: Path) -> Callable[..., LedgerDialog]:
    """Open the assistant on a text, as a new plan does."""
    parent = QWidget()
    qtbot.addWidget(parent)

    def make(text: str | Path, language: Language = "ja") -> LedgerDialog:
        path = text if isinstance(text, Path) else tmp_path / "台帳.csv"
        if isinstance(text, str):
            path.write_text(text, encoding="utf-8")
        made = columns_dialog(parent, Look(language, LIGHT), jobs, remembered, path, None, 6677, None, None, None)
        settle(qtbot, made, jobs)
        return made

    return make


def settle(qtbot: QtBot, dialog: LedgerDialog, jobs: Jobs) -> None:
    qtbot.waitUntil(lambda: not jobs.running() and not dialog._later.isActive(), timeout=WAIT)


def column_of(dialog: LedgerDialog, index: int) -> str:
    return str(dialog.preview.choices[index].currentData())


def test_headings_that_are_known_are_filled_in_and_quiet(ask: Callable[..., LedgerDialog]) -> None:
    dialog = ask(KNOWN)
    assert [column_of(dialog, k) for k in range(5)] == ["facility_id", "name", "built_year", "annual_kwh", ""]
    assert "読み込める施設 3 件" in dialog.outcome.text()
    assert dialog.preview.units[3].currentData() == "千kwh"
    assert dialog.preview.units[3].isVisible()
    assert not dialog.preview.units[1].isVisible()
    assert dialog.is_plain
    assert dialog.mapping is None, "the headings say it"
    assert {why.property("role") for why in dialog.preview._whys} == {"muted"}
    # The cell that is wrong is coloured, and says why.
    model = dialog.preview.model
    index = model.index(2, 2)
    assert index.data() == "築浅"
    assert index.data(Qt.ItemDataRole.ForegroundRole).name() == LIGHT.attention.lower()
    assert "築浅" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_another_column_chosen_changes_what_is_read(
    ask: Callable[..., LedgerDialog], qtbot: QtBot, jobs: Jobs, remembered: Remembered, tmp_path: Path
) -> None:
    dialog = ask(ODD)
    chosen = {k: column_of(dialog, k) for k in range(4) if column_of(dialog, k)}
    assert chosen == {0: "facility_id", 1: "kana"}, "a guess that a person mends"
    dialog.preview.choose(1, "name")
    settle(qtbot, dialog, jobs)
    assert "2 件" in dialog.outcome.text()
    checked = dialog._checked
    assert checked is not None
    assert checked.ledger.facilities["name"].tolist() == ["いろは", "にほへ"]
    # One of ours is of one of theirs.
    dialog.preview.choose(3, "name")
    settle(qtbot, dialog, jobs)
    assert column_of(dialog, 1) == ""
    dialog.preview.choose(2, "annual_kwh")
    unit = dialog.preview.units[2]
    unit.setCurrentIndex(unit.findData("千kwh"))
    settle(qtbot, dialog, jobs)
    assert dialog._checked is not None
    assert dialog._checked.ledger.facilities["annual_kwh"].tolist() == [300_000, 400_000]
    assert not dialog.is_plain
    # Neither number nor name: it can't be read, and that is said.
    for k in (0, 3):
        dialog.preview.choose(k, "")
    settle(qtbot, dialog, jobs)
    assert "施設番号" in dialog.outcome.text()
    assert not dialog.apply.isEnabled()
    dialog.preview.choose(1, "name")
    settle(qtbot, dialog, jobs)
    dialog.accept()
    (kept,) = forms_of(remembered.ledger_forms)
    assert {name: column.index for name, column in kept.columns.items()} == {"name": 1, "annual_kwh": 2}
    # The same form again: as it was named.
    (tmp_path / "来年.csv").write_text("令和9年度\n" + ODD, encoding="utf-8")
    again = ask(tmp_path / "来年.csv")
    assert [column_of(again, k) for k in range(4)] == ["", "name", "annual_kwh", ""]
    assert again._opened is not None
    assert again._opened.known == "remembered"
    assert "前回" in again.state.text()


def test_heading_and_first_row_can_be_said(ask: Callable[..., LedgerDialog], qtbot: QtBot, jobs: Jobs) -> None:
    dialog = ask("一覧,,\n" + KNOWN)
    assert dialog.heading.value() == 2
    dialog.heading.setValue(0)
    settle(qtbot, dialog, jobs)
    mapping = dialog.chosen
    assert mapping is not None
    assert (mapping.first, mapping.begin) == (-1, 0)
    assert not dialog.heading_lines.isEnabled()
    dialog.heading.setValue(2)
    settle(qtbot, dialog, jobs)
    assert column_of(dialog, 2) == "built_year"
    dialog.preview.choose(2, "waterproofed_year")
    dialog.begin.setValue(4)
    settle(qtbot, dialog, jobs)
    assert dialog._checked is not None
    assert dialog._checked.ledger.facilities["facility_id"].tolist() == ["002", "003"]
    assert column_of(dialog, 2) == "waterproofed_year", "what was chosen stays"


def test_sheets_can_be_chosen(ask: Callable[..., LedgerDialog], qtbot: QtBot, jobs: Jobs, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for k, name in enumerate(("令和7", "令和8")):
        sheet = book.active if k == 0 else book.create_sheet()
        sheet.title = name
        sheet.append(["施設番号", "施設名称", "延面積"])
        sheet.append([f"{k}", f"第{k}小学校", 300])
    book.save(tmp_path / "台帳.xlsx")
    dialog = ask(tmp_path / "台帳.xlsx")
    assert [dialog.sheet.itemText(k) for k in range(2)] == ["令和7", "令和8"]
    dialog.sheet.setCurrentIndex(1)
    dialog.sheet.activated.emit(1)
    settle(qtbot, dialog, jobs)
    assert dialog.mapping is not None
    assert dialog.mapping.sheet == "令和8"
    assert dialog._checked is not None
    assert dialog._checked.ledger.facilities["facility_id"].tolist() == ["1"]


def test_the_sheet_to_send_back_is_saved(
    ask: Callable[..., LedgerDialog], qtbot: QtBot, jobs: Jobs, tmp_path: Path
) -> None:
    dialog = ask(KNOWN)
    assert dialog.save_sheet.isEnabled()
    dialog.write_sheet(tmp_path / "依頼.xlsx")
    settle(qtbot, dialog, jobs)
    assert openpyxl.load_workbook(tmp_path / "依頼.xlsx").sheetnames == ["指摘一覧", "該当する行"]
    assert "依頼.xlsx" in dialog.state.text()


def test_files_are_read_off_the_windows_thread(
    ask: Callable[..., LedgerDialog], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    for name in ("open_ledger", "check"):
        own = getattr(reading, name)
        monkeypatch.setattr(reading, name, lambda *words, own=own: (threads.append(threading.current_thread()), own(*words))[1])  # fmt: skip
    ask(KNOWN)
    assert len(threads) == 2
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("text", ["", "x", "登録番号,車台番号,走行距離\n川崎300あ1,X1,12000\n", "\0\0\0"])
def test_files_that_are_no_ledger_are_said_in_words(ask: Callable[..., LedgerDialog], text: str) -> None:
    dialog = ask(text)
    assert dialog.outcome.text()
    assert not dialog.apply.isEnabled() or "ほかの種類" in dialog.state.text()


def test_a_table_of_very_many_columns_is_shown_in_part(ask: Callable[..., LedgerDialog]) -> None:
    wide = ",".join(["施設番号", "施設名称", *(f"項目{k}" for k in range(300)), "建築年度"])
    dialog = ask(f"{wide}\n" + ",".join(["1", "東小学校", *["あ"] * 300, "S53"]) + "\n")
    assert dialog.chosen is not None
    assert dialog.chosen.columns["built_year"].index == 302, "what is not shown is read all the same"
    assert dialog.is_plain
    assert len(dialog.preview.choices) == SHOWN_COLUMNS
    assert "1 件" in dialog.outcome.text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_widget_has_a_name_and_no_word_is_missing(ask: Callable[..., LedgerDialog], language: Language) -> None:
    dialog = ask(ODD, language)
    for widget in dialog.findChildren(QWidget):
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.isVisible():
            face = QAccessible.queryAccessibleInterface(widget)
            assert face is not None
            assert face.text(QAccessible.Text.Name), type(widget).__name__
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    texts += [box.itemText(k) for box in dialog.findChildren(QComboBox) for k in range(box.count())]
    assert not [text for text in texts if text.startswith(("ui.", "mapping.", "ledger.", "renewal."))]


# ---------------------------------------------------------------------------------------------- the new plan


def test_a_new_plan_takes_the_columns_and_the_next_one_knows_them(
    qtbot: QtBot, jobs: Jobs, remembered: Remembered, tmp_path: Path
) -> None:
    path = tmp_path / "台帳.csv"
    path.write_text(ODD, encoding="utf-8")
    dialog = NewPlanDialog(Look("ja", LIGHT), jobs, remembered)
    qtbot.addWidget(dialog)
    dialog.show()
    card = dialog.cards["facilities"]
    assert not card.columns.isVisible()
    assert dialog.ask_columns() is None
    dialog.choose("facilities", path)
    qtbot.waitUntil(lambda: card.checked is not None, timeout=WAIT)
    assert card.checked is not None
    assert not card.checked.good, "its headings mean nothing"
    assert card.columns.isVisible()
    asked = dialog.ask_columns()
    assert asked is not None
    settle(qtbot, asked, jobs)
    asked.preview.choose(1, "name")
    settle(qtbot, asked, jobs)
    asked.accept()
    qtbot.waitUntil(lambda: card.checked is not None and card.checked.good, timeout=WAIT)
    assert "2 施設" in card.result.text()
    assert "指定した列の対応" in card.result.text()
    for role in ("dsm", "buildings", "weather"):
        dialog.choose(role, path)  # type: ignore[arg-type]
    mapping = dialog.inputs().facilities_mapping
    assert mapping is not None
    assert mapping.columns["name"].index == 1
    other = NewPlanDialog(Look("ja", LIGHT), jobs, remembered)
    qtbot.addWidget(other)
    other.choose("facilities", path)
    qtbot.waitUntil(lambda: other.cards["facilities"].checked is not None, timeout=WAIT)
    checked = other.cards["facilities"].checked
    assert checked is not None
    assert (checked.good, checked.known) == (True, "memory")
    assert "前回と同じ様式" in other.cards["facilities"].result.text()
    qtbot.waitUntil(lambda: not jobs.running(), timeout=WAIT)


# ---------------------------------------------------------------------------------------------- a newer ledger


@pytest.fixture
def newer(example: Plan, tmp_path: Path) -> Path:
    """The example's ledger with a facility less, one more, a name changed."""
    frame = example.facilities.drop(columns="geometry")
    rows = ["施設番号,施設名称,緯度,経度,延面積(㎡),建築年度"]
    for k, row in enumerate(frame.to_dict("records")):
        if k == 3:
            continue
        name = "改称小学校" if k == 0 else row["name"]
        rows.append(
            f"{row['facility_id']},{name},{row['latitude']!r},{row['longitude']!r},{row['floor_area_m2']:.0f},{row['built_year']:.0f}"
        )
    path = tmp_path / "新 台帳.csv"
    path.write_text("\n".join([*rows, "9999999,新図書館,,,,"]) + "\n", encoding="utf-8")
    return path


def test_what_a_newer_ledger_changes_is_shown_before_it_is_applied(
    window: MainWindow, qtbot: QtBot, newer: Path, example: Plan
) -> None:
    from kawasolar.document import edits

    document = window.document
    ids = example.facilities["facility_id"].tolist()
    assert document.entries is not None
    document.do(edits.correct_ledger(document.entries, ids[0], "name", "わが校", "x", document.author("現地")))
    document.pin([ids[3]], "x")
    dialog = window.controller.ledger.open(newer)
    assert dialog is not None
    settle(qtbot, dialog, window.jobs)
    assert dialog.next.isVisible()
    assert not dialog.apply.isVisible()
    dialog.next.click()
    settle(qtbot, dialog, window.jobs)
    page = dialog.changes
    assert dialog.pages.currentIndex() == 1
    assert "追加 1 施設、削除 1 施設" in page.summary.text()
    assert "1 件" in page.notes.text(), "a pin of a facility that goes"
    counts = {kind: page.model.count(kind) for kind in ("added", "removed", "changed_cell", "correction")}
    assert counts == {"added": 1, "removed": 2, "changed_cell": 1, "correction": 1}
    page.kinds.button(1).click()
    assert page.model.rowCount() == 1
    assert page.model.row(0)["name"] == "新図書館"
    page.kinds.button(0).click()
    page.search.setText("改称")
    assert {page.model.row(k)["code"] for k in range(page.model.rowCount())} == {"changed_cell", "changed"}
    page.search.setText("")
    # What is to be decided stands first, and the correction is kept unless the box is emptied.
    keep = page.model.index(0, page.model.columnCount() - 1)
    assert keep.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    page.table.setCurrentIndex(keep)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Space)
    assert keep.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    assert dialog.taken == {f"name/{ids[0]}"}
    dialog.back.click()
    assert dialog.pages.currentIndex() == 0
    dialog.reject()
    assert document.plan is not None
    assert document.entries.get("inputs", "facilities") is None, "nothing was applied"


def test_without_a_plan_there_is_nothing_to_renew(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    assert not window.menus.actions["renew_ledger"].isEnabled()
    assert window.controller.ledger.open(Path("a.csv")) is None
    window.controller.ledger.ask()


def test_the_step_of_the_data_leads_to_it(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        "ui.ledger.desk.QFileDialog.getOpenFileName", lambda *words: (asked.append(words[2]), ("", ""))[1]
    )
    window.data.renew_asked.emit()
    assert len(asked) == 1


def test_the_keyboard_brings_a_column_into_view(ask: Callable[..., LedgerDialog]) -> None:
    heads = [f"項目{k}" for k in range(30)]
    dialog = ask(",".join(["施設番号", "施設名称", *heads]) + "\n" + ",".join(["1", "東小学校", *["あ"] * 30]) + "\n")
    last = dialog.preview.choices[-1]
    QApplication.sendEvent(last, QFocusEvent(QEvent.Type.FocusIn))
    bars = [view.horizontalScrollBar() for view in (dialog.preview.head, dialog.preview.rows)]
    assert bars[0].value() == bars[1].value() > 0
    # The wheel moves the table, not what is chosen under it.
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, -120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(last, wheel)
    assert last.currentData() == ""


def test_a_plan_goes_on_reading_its_ledger_as_it_does(
    qtbot: QtBot, jobs: Jobs, remembered: Remembered, example: Plan, tmp_path: Path, ask: Callable[..., LedgerDialog]
) -> None:
    """What was remembered since, of a ledger of the same form, is for other plans."""
    path = tmp_path / "施設.csv"
    path.write_text(KNOWN, encoding="utf-8")
    dialog = ask(path)
    dialog.preview.choose(2, "closure_year")
    settle(qtbot, dialog, jobs)
    dialog.accept()
    inputs = [replace(entry, path=str(path)) if entry.role == "facilities" else entry for entry in example.inputs]
    again = NewPlanDialog(Look("ja", LIGHT), jobs, remembered)
    qtbot.addWidget(again)
    again.fill(replace(example, inputs=tuple(inputs)), None)
    card = again.cards["facilities"]
    qtbot.waitUntil(lambda: card.checked is not None and not jobs.running(), timeout=WAIT)
    assert card.checked is not None
    assert (card.checked.known, again.inputs().facilities_mapping) == ("", None)
    # Another file of that form is read as it was named.
    (tmp_path / "令和9.csv").write_text(KNOWN, encoding="utf-8")
    card.chosen.emit("facilities", tmp_path / "令和9.csv")
    qtbot.waitUntil(lambda: card.checked is not None and not jobs.running(), timeout=WAIT)
    assert card.checked.known == "memory"
