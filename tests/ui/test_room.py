"""Nothing that can be read is cut: every label, button and editor has the room that its words need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo, QGuiApplication, QTextLayout
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QToolButton,
    QWidget,
)

from ui import theme
from ui.frame import STEPS
from ui.newplan import NewPlanDialog
from ui.parts import Elided, Paragraph
from ui.table_model import COLUMNS
from ui.window import MainWindow

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Project

SMALL = (1366, 768)


def advance(widget: QWidget, text: str) -> int:
    return widget.fontMetrics().horizontalAdvance(text)


def lack(widget: QWidget) -> int:
    """Pixels that the widget's words lack; 0 where they fit or may be elided with a tooltip."""
    if isinstance(widget, Paragraph):
        words = widget.text().split()
        wide = max((advance(widget, word) for word in words), default=0) if widget.text().isascii() else 0
        return max(0, wide - widget.width(), widget.heightForWidth(widget.width()) - widget.height())
    if isinstance(widget, Elided):
        return 0 if widget.toolTip() else max(0, advance(widget, widget.text()) - widget.contentsRect().width())
    if isinstance(widget, QLabel):
        lines = widget.text().split("\n")
        wide = max(advance(widget, line) for line in lines) - widget.contentsRect().width()
        high = widget.fontMetrics().height() * len(lines) - widget.height()
        return max(0, wide, high)
    if isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        field = widget.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, widget
        )
        return max(0, advance(widget, widget.currentText()) - field.width())
    if isinstance(widget, QAbstractSpinBox):
        line = widget.findChild(QLineEdit)
        # Two pixels a side are the line's own.
        return max(0, advance(widget, widget.text()) + 4 - line.width())
    if isinstance(widget, QToolButton | QPushButton) and widget.text():
        whole = widget.property("role") != "row" or not widget.toolTip()
        return max(0, widget.sizeHint().width() - widget.width()) if whole else 0
    return 0


def readable(window: QWidget) -> Iterator[QWidget]:
    for kind in (QLabel, QAbstractButton, QAbstractSpinBox, QComboBox):
        for widget in window.findChildren(kind):
            if widget.isVisible() and (not isinstance(widget, QLabel) or widget.text()):
                yield widget


def cut(window: QWidget) -> list[str]:
    found = [f"{type(w).__name__} “{w.text()}” lacks {lack(w)} px" for w in readable(window)
             if not isinstance(w, QComboBox) and lack(w)]  # fmt: skip
    found += [f"QComboBox “{w.currentText()}”" for w in window.findChildren(QComboBox) if w.isVisible() and lack(w)]
    for bar in window.findChildren(QTabBar):
        if bar.isVisible():
            found += [f"tab “{bar.tabText(k)}”" for k in range(bar.count())
                      if bar.tabRect(k).width() < advance(bar, bar.tabText(k)) + 8]  # fmt: skip
    for area in window.findChildren(QScrollArea):
        inner = area.widget()
        if area.isVisible() and inner is not None and inner.minimumSizeHint().width() > area.viewport().width():
            found.append(f"{area.accessibleName()} is wider than its place")
    return found


def settled(window: QWidget, qtbot: QtBot, place: str) -> None:
    """Nothing is cut once the layouts have come to rest."""

    def whole() -> None:
        assert cut(window) == [], place

    qtbot.waitUntil(whole, timeout=3000)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nothing_is_cut_in_a_small_window(
    make_window: Callable[..., MainWindow], example_project: Project, example_path: Path, language: str, qtbot: QtBot
) -> None:
    window = make_window(language=language)
    window.resize(*SMALL)
    window.document.set_project(example_project, example_path, saved=True)
    qtbot.waitUntil(lambda: window.docks["steps"].width() > 300)
    for name, _ in STEPS:
        window.show_step(name)
        settled(window, qtbot, name)
    window.document.select(window.table.model.id_at(0))
    for tab in range(window.inspector.tabs.count()):
        window.inspector.tabs.setCurrentIndex(tab)
        settled(window.inspector, qtbot, f"tab {tab}")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_measure_finds_what_is_cut(
    make_window: Callable[..., MainWindow], example_project: Project, example_path: Path, language: str
) -> None:
    window = make_window(language=language)
    window.document.set_project(example_project, None, saved=True)
    QApplication.processEvents()
    editor = window.half.rows["irradiation"].spin
    assert editor is not None
    editor.setFixedWidth(editor.width() - 24)
    window.top.run.setFixedWidth(30)
    QApplication.processEvents()
    assert lack(editor) > 0
    assert lack(window.top.run) > 0


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_is_asked_first_stands_in_the_small_table(
    make_window: Callable[..., MainWindow], example_project: Project, example_path: Path, language: str, qtbot: QtBot
) -> None:
    window = make_window(language=language)
    window.resize(*SMALL)
    window.document.set_project(example_project, None, saved=True)
    view = window.table.view
    place = [column.key for column in COLUMNS].index("reason")

    def end() -> int:
        return view.columnViewportPosition(place) + view.columnWidth(place)

    qtbot.waitUntil(lambda: 0 < view.viewport().width() - end() + 1 < 8)
    assert [column.key for column in COLUMNS][:5] == ["name", "status", "capacity_kw", "energy_kwh", "reason"]
    assert view.columnWidth(place) >= 160
    assert view.horizontalScrollBar().value() == 0
    for k in range(4):
        texts = [str(view.model().data(view.model().index(row, k))) for row in range(view.model().rowCount())]
        heading = str(view.model().headerData(k, view.horizontalHeader().orientation())).split("\n")
        widest = max(advance(view, text) for text in ([*texts, *heading] if k else heading))
        assert widest + 8 <= view.columnWidth(k), texts[0]


def test_latin_and_japanese_come_from_their_own_fonts(make_window: Callable[..., MainWindow]) -> None:
    make_window()
    font = QFont(QGuiApplication.font())
    latin = next((name for name in theme.LATIN_FAMILIES if name in QFontDatabase.families()), theme.FONT_FAMILY)
    assert theme.load_fonts()
    assert QFontInfo(font).family() == latin
    for bold in (False, True):
        font.setBold(bold)
        assert families(font, "半数選定のかな") == {theme.FONT_FAMILY}
        assert families(font, "Agpy 0123 ≥≤±²") == {latin}


def families(font: QFont, text: str) -> set[str]:
    layout = QTextLayout(text, font)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    return {run.rawFont().familyName() for run in layout.glyphRuns()}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nothing_is_cut_at_the_start_and_in_the_assistant(
    make_window: Callable[..., MainWindow], language: str, qtbot: QtBot
) -> None:
    window = make_window(language=language)
    window.resize(*SMALL)
    settled(window.start, qtbot, "start page")
    dialog = NewPlanDialog(window.look, window.jobs, window.remembered, window)
    qtbot.addWidget(dialog)
    dialog.show()
    settled(dialog, qtbot, "assistant")
