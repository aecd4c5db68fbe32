"""The window as a planner uses it: one selection, one decision, everywhere the same."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLabel, QLineEdit, QWidget

from ui.document import Document
from ui.frame import STEPS
from ui.inspector.reasons import ReasonCard
from ui.window import MainWindow

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan

CODE = re.compile(r"[a-z_]+\.[a-z_0-9.]+")


def eligible(document: Document) -> int:
    assert document.decision is not None
    return int((document.decision.sites["status"] == "eligible").sum())


def chosen_ids(document: Document) -> set[str]:
    assert document.decision is not None
    sites = document.decision.sites
    return set(sites.loc[sites["chosen"].to_numpy(dtype=bool), "facility_id"])


def in_table(window: MainWindow, status: str) -> set[str]:
    """Facilities that the table shows under a status, as a user would find them: by its chip."""
    window.table.show_only([status])
    found = {window.table.model.id_at(row) for row in range(window.table.model.rowCount())}
    window.table.show_only([])
    return found


def test_opens_on_a_plan_with_table_map_and_figures(window: MainWindow, example: Plan) -> None:
    assert window.pages.currentWidget() is window.map_frame
    assert window.table.model.rowCount() == len(example.facilities) == 60
    assert all(dock.isVisible() for dock in window.docks.values())
    assert window.half.figures["chosen"].value == str(len(chosen_ids(window.document)))
    assert window.windowTitle().startswith(example.name)


@pytest.mark.parametrize("percent", [0, 1, 37, 50, 99, 100])
def test_share_chooses_the_ceiling_everywhere(
    window: MainWindow, percent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(window.map, "set_decision", told.append)
    window.half.slider.setValue(49)
    window.half.slider.setValue(percent)
    expected = math.ceil(round(percent * eligible(window.document) / 100, 9))
    assert len(chosen_ids(window.document)) == expected
    assert window.half.figures["chosen"].value == str(expected)
    assert window.half.spin.value() == percent
    assert in_table(window, "chosen") == chosen_ids(window.document)
    assert told[-1] is window.document.decision


def test_a_criterion_moves_the_eligible_by_its_stated_effect(window: MainWindow) -> None:
    document = window.document
    for key, line in window.half.rows.items():
        before, effect = eligible(document), document.effects()[key]
        was_applied = line.check.isChecked()
        line.check.click()
        change = eligible(document) - before
        assert change == (-effect if was_applied else effect), key
        line.check.click()
        assert eligible(document) == before
    assert any(effect != 0 for effect in document.effects().values())


def test_a_threshold_counts_at_once(window: MainWindow) -> None:
    line = window.half.rows["remaining_years"]
    assert line.spin is not None
    before = eligible(window.document)
    line.spin.setValue(0)
    relaxed = eligible(window.document)
    line.spin.setValue(100)
    assert relaxed > before > eligible(window.document) == 0
    assert window.half.figures["chosen"].value == "0"


def test_counts_are_of_all_facilities(window: MainWindow, example: Plan) -> None:
    shown = [int(link.text().split()[-1]) for link in window.half.counts.values()]
    assert sum(shown) == len(example.facilities)


def test_one_selection_from_table_map_search_and_findings(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_map: list[object] = []
    monkeypatch.setattr(window.map, "set_selected", lambda facility, **_: on_map.append(facility))
    table = window.table
    name_of = dict(
        zip(window.document.plan.facilities["facility_id"], window.document.plan.facilities["name"], strict=True)
    )  # type: ignore[union-attr]
    third = table.model.id_at(3)
    table.view.selectRow(3)
    assert window.document.selected == third
    assert window.inspector.name.text() == name_of[third]
    assert on_map[-1] == third
    other = table.model.id_at(20)
    window.map.picked.emit(other)  # type: ignore[union-attr]
    assert table.selected_ids() == [other]
    assert window.inspector.name.text() == name_of[other]
    window.search.setFocus()
    # QTest types ASCII only: the kana arrive as from an input method.
    window.search.setText("みほん第7")
    window.search.textEdited.emit("みほん第7")
    assert window.search.list.isVisible()
    qtbot.keyClick(window.search, Qt.Key.Key_Return)
    assert name_of[window.document.selected or ""].startswith("みほん第7")
    assert table.selected_ids() == [window.document.selected]
    assert on_map[-1] == window.document.selected


def test_search_finds_by_number_address_and_command(window: MainWindow) -> None:
    document = window.document
    window.search.search("0000042")
    found = [window.search.list.item(k).data(Qt.ItemDataRole.UserRole) for k in range(window.search.list.count())]
    assert "0000042" in found
    window.search.search("42丁目")
    assert window.search.list.item(0).data(Qt.ItemDataRole.UserRole) == "0000042"
    window.search.search("自治体の設定値")
    action = window.search.list.item(0).data(Qt.ItemDataRole.UserRole)
    assert action is window.actions_named("reset")
    window.search.search("zzz")
    assert window.search.list.item(0).flags() == Qt.ItemFlag.NoItemFlags
    assert document.selected is None


def test_undo_and_redo_bring_the_decision_back(window: MainWindow) -> None:
    document = window.document
    first = chosen_ids(document)
    for value in range(51, 71):
        window.half.slider.setValue(value)
    window.half.slider.sliderReleased.emit()
    more = chosen_ids(document)
    assert first < more
    assert document.dirty
    window.half.rows["waterproofing"].check.click()
    assert chosen_ids(document) != more
    window.actions_named("undo").trigger()
    assert chosen_ids(document) == more
    window.top.undo.click()
    assert chosen_ids(document) == first, "a drag is one step"
    assert window.half.slider.value() == 50
    assert not document.dirty
    assert not window.top.undo.isEnabled()
    window.top.redo.click()
    assert chosen_ids(document) == more


def test_a_pin_that_cannot_hold_is_said(window: MainWindow) -> None:
    document = window.document
    plan = document.plan
    assert plan is not None
    before = window.half.note.text()
    out = str(plan.decision.sites.loc[plan.decision.sites["status"] == "ineligible", "facility_id"].iloc[0])
    document.pin([out])
    assert out not in chosen_ids(document)
    assert out in window.half.note.text()
    window.top.undo.click()
    assert window.half.note.text() == before


def test_pin_and_veto_hold(window: MainWindow) -> None:
    document = window.document
    plan = document.plan
    assert plan is not None
    sites = plan.decision.sites
    out = str(sites.loc[(sites["status"] == "eligible") & ~sites["chosen"], "facility_id"].iloc[-1])
    best = str(sites.loc[sites["rank"] == 1, "facility_id"].iloc[0])
    number = len(chosen_ids(document))
    document.select(out)
    window.inspector.pin.click()
    assert out in chosen_ids(document)
    assert window.inspector.pin.isChecked()
    document.select(best)
    assert not window.inspector.pin.isChecked()
    window.inspector.veto.click()
    card = window.findChild(ReasonCard)
    assert card is not None
    card.without.click()
    assert best not in chosen_ids(document)
    assert len(chosen_ids(document)) == number
    window.inspector.veto.click()
    assert best in chosen_ids(document)


def test_filter_sort_and_copy(window: MainWindow) -> None:
    table = window.table
    table.filter.setText("図書館")
    names = [table.model.data(table.model.index(row, 0)) for row in range(table.model.rowCount())]
    assert names
    assert all("図書館" in str(name) for name in names)
    table.filter.clear()
    column = next(k for k, c in enumerate(table.model.columns) if c.key == "capacity_kw")
    table.view.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    numbers = [
        float(str(table.model.data(table.model.index(row, column))).replace(",", ""))
        for row in range(table.model.rowCount())
    ]
    assert numbers == sorted(numbers, reverse=True)
    table.view.selectRow(0)
    table.copy()
    lines = QGuiApplication.clipboard().text().split("\n")
    assert len(lines) == 2
    assert lines[0].split("\t")[0] == "施設"
    assert lines[1].split("\t")[0] == table.model.data(table.model.index(0, 0))
    assert len(lines[0].split("\t")) == len(lines[1].split("\t"))


def test_steps_and_docks(window: MainWindow) -> None:
    for name, _ in STEPS:
        window.rail.buttons[name].click()
        assert window.step == name
        assert window.step_title.name.text() == window.look.say(f"ui.step.{name}")
    window.docks["table"].hide()
    window.docks["inspector"].setFloating(True)
    window.reset_layout()
    assert all(dock.isVisible() and not dock.isFloating() for dock in window.docks.values())


def texts(root: QWidget) -> list[str]:
    """All that can be read in a window."""
    found: list[str] = []
    for widget in [root, *root.findChildren(QWidget)]:
        found += [widget.toolTip(), widget.accessibleName(), widget.windowTitle()]
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            found.append(widget.text())
        if isinstance(widget, QLineEdit):
            found.append(widget.placeholderText())
        if isinstance(widget, QComboBox):
            found += [widget.itemText(k) for k in range(widget.count())]
    found += [action.text() for action in root.actions()] if isinstance(root, MainWindow) else []
    return [text for text in found if text]


def untranslated(words: list[str]) -> list[str]:
    """Texts, or lines of them, that are a code of the catalogue that has no words."""
    lines = [line.strip() for text in words for line in text.split("\n")]
    return [
        line for line in lines if CODE.fullmatch(line) and not re.search(r"\.(tif|gpkg|csv|xlsx|kawasolar|epw)$", line)
    ]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_word_is_translated(window: MainWindow, language: str, example: Plan) -> None:
    window.set_language("en" if language == "ja" else "ja")
    window.set_language(language)  # type: ignore[arg-type]
    window.document.select(str(example.facilities["facility_id"].iloc[0]))
    for name, _ in STEPS:
        window.show_step(name)
    for tab in range(window.inspector.tabs.count()):
        window.inspector.tabs.setCurrentIndex(tab)
    read = texts(window)
    model = window.table.model
    read += [
        str(model.data(model.index(row, column)))
        for row in range(model.rowCount())
        for column in range(model.columnCount())
    ]
    read += [model.heading(column) for column in range(model.columnCount())]
    assert len(read) > 400
    assert untranslated(read) == []
    assert window.look.say("ui.step.half") == ("半数選定" if language == "ja" else "The half")
    if language == "en":
        own = {
            str(value) for column in ("name", "ward", "department", "address") for value in example.facilities[column]
        }
        japanese = re.compile(r"[\u3041-\u30ff]")
        rest = [text for text in texts(window.half) + texts(window.output) + texts(window.top) if japanese.search(text)]
        assert [
            text
            for text in rest
            if not any(name in text for name in (*own, example.name)) and "出典" not in text and "Source" not in text
        ] == []


def test_language_and_theme_switch_keep_what_is_open(window: MainWindow, example: Plan) -> None:
    window.document.select(str(example.facilities["facility_id"].iloc[5]))
    window.show_step("roofs")
    view = window.map
    window.set_language("en")
    window.set_theme("dark")
    assert window.step == "roofs"
    assert window.map is view
    assert view.parent() is not None
    assert window.table.selected_ids() == [window.document.selected]
    assert window.look.tokens.name == "dark"
    window.half.slider.setValue(10)
    assert window.half.figures["chosen"].value == str(len(chosen_ids(window.document)))


def test_every_focusable_widget_has_a_name(window: MainWindow, example: Plan) -> None:
    window.document.select(str(example.facilities["facility_id"].iloc[0]))
    nameless = []
    for widget in window.findChildren(QWidget):
        inner = isinstance(widget.parent(), QAbstractSpinBox | QComboBox)
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or inner or not widget.isVisible():
            continue
        face = QAccessible.queryAccessibleInterface(widget)
        if face is None or not face.text(QAccessible.Text.Name):
            nameless.append(f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}")
    assert nameless == []


def test_empty_window_says_what_to_do(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    assert window.pages.currentWidget() is window.start
    assert window.start.new.isVisible()
    assert window.start.open.isVisible()
    assert not window.actions_named("save").isEnabled()
    window.ensure_parts()
    assert not any(dock.isVisible() for dock in window.docks.values())


def test_docks_keep_their_sizes_when_the_language_changes(window: MainWindow, qtbot: QtBot) -> None:
    def sizes() -> list[tuple[int, int]]:
        return [(dock.width(), dock.height()) for dock in window.docks.values()]

    window.resizeDocks([window.docks["table"]], [210], Qt.Orientation.Vertical)
    qtbot.waitUntil(lambda: abs(window.docks["table"].height() - 210) < 3)
    before = sizes()
    for language in ("en", "ja"):
        window.set_language(language)  # type: ignore[arg-type]
        qtbot.waitUntil(
            lambda: all(
                abs(a - b) <= 2 for x, y in zip(sizes(), before, strict=True) for a, b in zip(x, y, strict=True)
            )
        )
    window.set_theme("dark")
    qtbot.waitUntil(lambda: sizes()[2][1] == before[2][1])


@pytest.mark.parametrize(("typed", "action"), [("dark", "theme_dark"), ("run", "run"), ("undo", "undo")])
def test_commands_are_found_by_their_names_in_either_language(window: MainWindow, typed: str, action: str) -> None:
    window.half.slider.setValue(70)
    window.search.search(typed)
    found = [window.search.list.item(k).data(Qt.ItemDataRole.UserRole) for k in range(window.search.list.count())]
    assert window.actions_named(action) in found
