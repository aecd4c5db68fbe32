"""Other ledgers of the open plan: taken in, seen in the data step, renewed after a look, named once, taken out, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton

from kawasolar.project import load_project
from ui.registers.changes import RegisterChanges
from ui.registers.names import FACILITY, NamesDialog

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 60_000
LAMPS = "施設名,棟,階,室,ランプ種別,台数,W/台\n{0},校舎,1,職員室,FLR40W×2,12,85\n川中島小,校舎,2,教室,Hf32,30,65\n{1}の小,校舎,1,廊下,LED,5,20\n"


def ledger(window: MainWindow, path: Path, text: str = LAMPS) -> Path:
    plan = window.document.plan
    assert plan is not None
    names = plan.facilities["name"].tolist()
    path.write_text(text.format(names[0], names[1]), encoding="cp932")
    return path


def take(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    window.ensure_parts()
    dialog = window.controller.registers.open("lamps")
    dialog.take(path)
    qtbot.waitUntil(dialog.take_button.isEnabled, timeout=WAIT)
    dialog.take_button.click()


def settled(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.controller.is_running and not window.document.stale, timeout=WAIT)


def texts(window: MainWindow, kind: type[QLabel | QPushButton] = QLabel) -> list[str]:
    return [found.text() for found in window.data.findChildren(kind) if found.text()]


def test_from_the_file_to_the_next_year(opened: MainWindow, qtbot: QtBot, place: Path) -> None:
    opened.ensure_parts()
    document, say = opened.document, opened.look.say
    assert "照明台帳" not in texts(opened)
    take(opened, qtbot, ledger(opened, place.parent / "照明 台帳.csv"))
    qtbot.waitUntil(lambda: "lamps" in document.plan.registers.by_kind, timeout=WAIT)  # type: ignore[union-attr]
    settled(opened, qtbot)
    assert "照明台帳" in texts(opened)
    assert any("3 行" in text and "施設不明 2 行" in text for text in texts(opened))
    # A newer one is looked at before it is taken.
    newer = ledger(opened, place.parent / "照明 新.csv", LAMPS.replace(",12,85", ",10,85"))
    take(opened, qtbot, newer)
    qtbot.waitUntil(lambda: opened.findChild(RegisterChanges) is not None, timeout=WAIT)
    changes = opened.findChild(RegisterChanges)
    assert changes is not None
    first = str(document.plan.facilities["name"].iloc[0])  # type: ignore[union-attr]
    assert changes.model.rows == [("changed", "2", f"{first} 校舎 1 職員室 直管蛍光ランプ", "台数", "12", "10")]
    assert "変更 1 行" in changes.summary.text()
    changes.take.click()
    qtbot.waitUntil(lambda: document.plan.registers.by_kind["lamps"].frame["fixtures"].iloc[0] == 10, timeout=WAIT)  # type: ignore[union-attr]
    settled(opened, qtbot)
    opened.actions_named("undo").trigger()
    assert document.plan.registers.by_kind["lamps"].frame["fixtures"].iloc[0] == 12  # type: ignore[union-attr]
    assert not document.stale
    # What is saved is what is seen.
    opened.controller.save()
    qtbot.waitUntil(lambda: not document.dirty, timeout=WAIT)
    assert load_project(place).plan.registers.by_kind["lamps"].frame["fixtures"].iloc[0] == 12
    (leave,) = [found for found in opened.data.findChildren(QPushButton) if found.text() == say("ui.data.leave")]
    leave.click()
    settled(opened, qtbot)
    assert document.plan is not None
    assert not document.plan.registers.by_kind


def test_a_name_is_told_once(opened: MainWindow, qtbot: QtBot, place: Path) -> None:
    opened.ensure_parts()
    document, say = opened.document, opened.look.say
    take(opened, qtbot, ledger(opened, place.parent / "照明.csv"))
    qtbot.waitUntil(lambda: "lamps" in document.plan.registers.by_kind, timeout=WAIT)  # type: ignore[union-attr]
    settled(opened, qtbot)
    opened.actions_named("names").trigger()
    qtbot.waitUntil(lambda: opened.findChild(NamesDialog) is not None, timeout=WAIT)
    dialog = opened.findChild(NamesDialog)
    assert dialog is not None
    assert document.plan is not None
    facilities = document.plan.facilities["facility_id"].tolist()
    assert dialog.model.lacking == 2
    # One candidate: its name has all letters of another's in their order.
    assert list(dialog.model.candidates.values()) == [facilities[1]]
    row = next(k for k, found in enumerate(dialog.model.rows) if found["name"] == "川中島小")
    index = dialog.model.index(row, FACILITY)
    dialog.table.setCurrentIndex(index)
    dialog.table.edit(index)
    (editor,) = dialog.table.viewport().findChildren(QComboBox)
    line = editor.lineEdit()
    assert line is not None
    QTest.keyClicks(line, str(facilities[2]))
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.model.lacking == 1, timeout=WAIT)
    dialog.take_all.click()
    assert dialog.model.lacking == 0
    assert dialog.state.text() == say("ui.registers.all_known")
    assert not dialog.take_all.isVisible()
    dialog.close_button.click()
    qtbot.waitUntil(lambda: not any("施設不明" in text for text in texts(opened)), timeout=WAIT)
    assert not document.stale, "nothing is computed from names"
    opened.actions_named("undo").trigger()
    opened.actions_named("undo").trigger()
    assert any("施設不明 2 行" in text for text in texts(opened))
    for language in ("en", "ja"):
        for head in ("name", "ledgers", "rows", "facility", "candidate"):
            assert opened.look.say(f"ui.registers.head.{head}") != f"ui.registers.head.{head}", language
