"""The window of a municipality's profile: what is wrong is said beside the field, every step has a way back, a plan can take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QPlainTextEdit, QWidget

from kawasolar.bundled import bundled_profiles
from kawasolar.profile import load_profile
from kawasolar.profiles.draft import GRID_FACTOR
from kawasolar.profiles.toml import document_of
from ui.look import Look
from ui.profiles.entries import GROUPS, LISTS
from ui.profiles.window import ProfileWindow
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.words import Language
    from ui.window import MainWindow


@pytest.fixture
def form(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ProfileWindow:
    """The window on the first bundled profile, as if a plan had it; without the main window, which takes its time."""
    made = ProfileWindow(Look("ja", LIGHT), load_profile)
    monkeypatch.setattr(made, "may_leave", lambda: True)
    qtbot.addWidget(made)
    made.show_profile(load_profile(), None, "bundled")
    made.show()
    return made


@pytest.fixture
def opened(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> ProfileWindow:
    """As it is opened from the menu, on the profile of the example plan."""
    window.data.profile_asked.emit()
    made = window.controller.profiles.form
    assert made is not None
    monkeypatch.setattr(made, "may_leave", lambda: True)
    return made


def go(form: ProfileWindow, section: str, at: str) -> None:
    form.show_place(section, at)
    assert form.form._place == (section, at)


def type_in(form: ProfileWindow, name: str, text: str) -> None:
    editor = form.form.boxes[name].editor
    editor.setFocus()
    if isinstance(editor, QPlainTextEdit):
        editor.setPlainText(text)
        return
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    editor.insert(text)


def choose(form: ProfileWindow, name: str, code: str) -> None:
    box = form.form.boxes[name].editor
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData(code))
    box.activated.emit(box.currentIndex())


def test_the_menu_opens_it_without_a_plan_too(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    window.menus.actions["profile"].trigger()
    made = window.controller.profiles.form
    assert made is not None
    assert made.isVisible()
    assert not made.use_button.isEnabled()
    assert "付属" in made.whence.text()
    # Once more: the same window, in front.
    window.menus.actions["profile"].trigger()
    assert window.controller.profiles.form is made
    made.close()


def test_it_begins_with_the_plans_profile(opened: ProfileWindow, window: MainWindow) -> None:
    form = opened
    assert form.title.text() == "川崎市"
    assert form.draft is not None
    assert form.draft.document == document_of(window.document.project.profile)  # type: ignore[union-attr]
    assert not form.use_button.isEnabled()
    assert not form.draft.problems
    assert form.state.text().startswith("要検証")


def test_every_group_can_be_looked_at(form: ProfileWindow) -> None:
    for k, group in enumerate(GROUPS):
        form.groups.setCurrentRow(k)
        # Few have tariffs by time of day.
        assert form.model.entries or group == "tariff_times", group
        for line, entry in enumerate(form.model.entries):
            form._select(line)
            assert form.form.boxes
            assert form.form.title.text() == entry.title or entry.section in ("municipality", "plan")
            shown = [form.model.data(form.model.index(line, column)) for column in range(5)]
            assert not any("profile." in str(text) or "{" in str(text) for text in shown)
    # Nothing was changed by looking.
    assert form.draft is not None
    assert not form.draft.dirty


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_saved(form: ProfileWindow) -> None:
    go(form, "values", "roof.setback")
    type_in(form, "value", "50")
    box = form.form.boxes["value"]
    assert "0 … 20" in box.wrong.text()
    assert not box.wrong.isHidden()
    assert form.model.entries[form.table.currentIndex().row()].wrong
    assert not form.save_button.isEnabled()
    assert not form.use_button.isEnabled()
    assert "誤り 1件" in form.state.text()
    type_in(form, "value", "１．５")
    assert box.wrong.isHidden()
    assert form.draft is not None
    assert form.draft.document["values"]["roof.setback"]["value"] == 1.5
    assert form.save_as_button.isEnabled()
    assert form.use_button.isEnabled()
    type_in(form, "value", "about 1")
    assert not box.wrong.isHidden()


def test_steps_are_taken_back_field_by_field(form: ProfileWindow) -> None:
    assert form.draft is not None
    before = form.draft.document
    go(form, "values", "roof.setback")
    type_in(form, "value", "1.25")
    type_in(form, "source_ja", "現地調査の結果")
    # While somebody types, one field is one step.
    editor = form.form.boxes["source_ja"].editor
    QTest.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert form.draft.document["values"]["roof.setback"]["source_ja"] == before["values"]["roof.setback"]["source_ja"]
    assert form.draft.document["values"]["roof.setback"]["value"] == 1.25
    form.undo()
    assert form.draft.document == before
    assert not form.undo_button.isEnabled()
    assert form.form.boxes["value"].editor.text() == "1"  # type: ignore[attr-defined]
    form.redo()
    form.redo()
    assert form.draft.document["values"]["roof.setback"]["source_ja"] == "現地調査の結果"


def test_rows_are_added_filled_moved_and_removed(form: ProfileWindow) -> None:
    assert form.draft is not None
    before = form.draft.document
    go(form, "wards", "7")
    form.tools["add"].click()
    assert form._place == ("wards", "8")
    # All that is missing is said at once, each beside its field.
    wrong = {name for name, box in form.form.boxes.items() if not box.wrong.isHidden()}
    assert wrong == {"code", "name_ja", "name_en", "source_ja", "source_en"}
    texts = {"code": "14138", "name_ja": "新区", "name_en": "New Ward", "source_ja": "条例", "source_en": "By-law"}
    for name, text in texts.items():
        type_in(form, name, text)
    assert not form.draft.problems
    form.change_row("up")
    assert [ward["code"] for ward in form.draft.document["wards"]][-2:] == ["14138", "14137"]
    assert form._place == ("wards", "7")
    QTest.keyClick(form, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    form.tools["copy"].click()
    assert len(form.draft.document["wards"]) == 9
    assert "同じ行" in form.form.wrong.text()
    form.tools["remove"].click()
    form.tools["remove"].click()
    assert form.draft.document == before
    for _ in range(30):
        form.undo()
    assert form.draft.document == before


def test_a_choice_that_is_not_needed_can_be_left_open(form: ProfileWindow) -> None:
    assert form.draft is not None
    go(form, "tariffs", "1")
    assert "supply" not in form.draft.document["tariffs"][0]
    assert form.form.boxes["supply"].editor.currentText() == "（指定なし）"  # type: ignore[attr-defined]
    choose(form, "supply", "power")
    assert form.draft.document["tariffs"][0]["supply"] == "power"
    choose(form, "supply", "")
    assert "supply" not in form.draft.document["tariffs"][0]
    # A new row has none of them yet, and says that what is needed lacks.
    form.change_row("add")
    new = form.draft.document["tariffs"][1]
    assert "contract" not in new
    assert new["voltage"] == "low"


def test_the_last_row_of_a_table_can_go(form: ProfileWindow) -> None:
    assert form.draft is not None
    form.show_place("levies", "1")
    for _ in tuple(form.draft.document["levies"]):
        form.change_row("remove")
    assert "levies" not in form.draft.document
    assert not form.draft.problems
    assert form.empty.isVisible()
    assert not form.tools["remove"].isEnabled()
    form.change_row("add")
    assert len(form.draft.document["levies"]) == 1
    assert set(LISTS) <= set(GROUPS)


def test_what_is_not_known_is_shown_and_can_be_entered(form: ProfileWindow) -> None:
    assert form.draft is not None
    go(form, "ppa", "residual")
    line = form.table.currentIndex().row()
    assert [form.model.data(form.model.index(line, column)) for column in (1, 3)] == ["–", "要確認"]
    assert not form.form.unused.isVisible()
    type_in(form, "value", "0.02")
    assert {name for name, box in form.form.boxes.items() if not box.wrong.isHidden()} == {"source_ja", "source_en"}
    type_in(form, "source_ja", "財政部局の設定")
    type_in(form, "source_en", "Set by the treasury")
    assert not form.draft.problems
    form.change_row("remove")
    assert "residual" not in [row["key"] for row in form.draft.document["ppa"]]


def test_what_becomes_of_a_plant_is_chosen_in_words(form: ProfileWindow) -> None:
    assert form.draft is not None
    go(form, "ppa", "after_term")
    choose(form, "value", "2")
    assert not form.draft.problems
    row = form.table.currentIndex().row()
    assert form.model.data(form.model.index(row, 1)) == "事業者が撤去"


def test_a_row_of_the_factors_becomes_the_plans_factor(form: ProfileWindow) -> None:
    assert form.draft is not None
    go(form, "emission_factors", "3")
    assert "0.43" in form.form.used.text()
    form.form.use.click()
    value = form.draft.document["values"][GRID_FACTOR]
    row = form.draft.document["emission_factors"][2]
    assert (value["value"], value["year"], value["source_ja"]) == (row["kg_co2_per_kwh"], 2023, row["source_ja"])
    assert (value["how_sure"], value["coefficient"]) == ("verify", "ef.tepco_fy2023")
    assert "0.37" in form.form.used.text()
    assert not form.draft.problems


def test_the_keyboard_finds_an_entry_and_goes_to_its_fields(form: ProfileWindow) -> None:
    form.activateWindow()
    form._find()
    QTest.keyClicks(form.search, "setback")
    assert [entry.at for entry in form.model.entries] == ["roof.setback"]
    QTest.keyClicks(form.search, " nowhere")
    assert form.empty.isVisible()
    form.search.setText("離隔 屋上設備")
    assert [entry.at for entry in form.model.entries] == ["roof.obstacle_clearance"]
    QTest.keyClick(form.search, Qt.Key.Key_Return)
    QTest.keyClick(form.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert form.form.boxes["value"].editor.hasFocus() or not form.isActiveWindow()
    QTest.keyClick(form, Qt.Key.Key_Escape)
    assert form.search.text() == ""
    assert form.isVisible()


def test_a_saved_profile_is_read_as_it_was_edited(
    opened: ProfileWindow, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = opened
    assert form.draft is not None
    file = tmp_path / "新 市.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(file.with_suffix("")), ""))
    go(form, "municipality", "")
    type_in(form, "name_ja", "新市")
    choose(form, "epsg", "6675")
    form.save_as_button.click()
    assert document_of(load_profile(file)) == form.draft.document
    assert (load_profile(file).name("ja"), load_profile(file).epsg) == ("新市", 6675)
    assert not form.draft.dirty
    assert form.path == file
    # Saved once more in the same place, without a question.
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: pytest.fail("asked"))
    type_in(form, "name_en", "New City")
    form.save_button.click()
    assert load_profile(file).name("en") == "New City"
    # A folder in its place: said, and nothing is lost.
    file.unlink()
    file.mkdir()
    type_in(form, "name_en", "Newer City")
    form.save_button.click()
    assert form.draft.dirty
    assert str(file) in form.state.text() or file.name in form.state.text()


def test_the_plan_takes_it_and_gives_it_back(opened: ProfileWindow, window: MainWindow, qtbot: QtBot) -> None:
    form = opened
    project = window.document.project
    assert project is not None
    before = project.profile
    go(form, "values", GRID_FACTOR)
    type_in(form, "value", "0.3")
    form.use_button.click()
    now = window.document.project
    assert now is not None
    assert now.profile.number(GRID_FACTOR) == 0.3
    assert not form.use_button.isEnabled()
    assert "置き換え" in form.state.text()
    qtbot.waitUntil(lambda: "yield" in {state.name for state in window.document.stale}, timeout=10_000)
    window.document.undo()
    back = window.document.project
    assert back is not None
    assert back.profile == before
    qtbot.waitUntil(lambda: not window.document.stale, timeout=10_000)


def test_another_profile_is_opened_in_its_place(
    opened: ProfileWindow, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = opened
    assert form.draft is not None
    form.open_asked.emit("kaga")
    assert form.title.text() == "加賀市"
    assert form.path is None
    form.groups.setCurrentRow(GROUPS.index("wards"))
    assert form.empty.isVisible()
    bad = tmp_path / "bad.toml"
    bad.write_text(load_profile().text.replace("value = 0.43", "value = 43"), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (str(bad), ""))
    form.open_asked.emit("file")
    assert "co2.grid_factor" in form.state.text()
    assert form.title.text() == "加賀市"
    file = tmp_path / "市.toml"
    file.write_text(load_profile(bundled_profiles()["kaga"]).text, encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a: (str(file), ""))
    form.open_asked.emit("file")
    assert form.path == file


def test_unsaved_changes_are_not_left_without_a_question(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    window.controller.profiles.open()
    made = window.controller.profiles.form
    assert made is not None
    go(made, "values", "roof.setback")
    type_in(made, "value", "1.25")
    asked: list[bool] = []
    monkeypatch.setattr(made, "may_leave", lambda: asked.append(True) and False)
    made.close()
    assert made.isVisible()
    made.open_asked.emit("kaga")
    assert made.title.text() == "川崎市"
    assert len(asked) == 2
    monkeypatch.setattr(made, "may_leave", lambda: True)
    made.close()
    assert not made.isVisible()


def test_another_language_keeps_what_is_edited(
    opened: ProfileWindow, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(opened, "values", "roof.setback")
    type_in(opened, "value", "1.25")
    window.set_language("en")
    made = window.controller.profiles.form
    assert made is not None
    assert made is not opened
    assert made.isVisible()
    assert made.title.text() == "Kawasaki City"
    assert made._place == ("values", "roof.setback")
    assert made.draft is not None
    assert made.draft.document["values"]["roof.setback"]["value"] == 1.25
    assert "not saved" in made.state.text()
    asked: list[bool] = []
    monkeypatch.setattr(made, "may_leave", lambda: asked.append(True) and False)
    assert not window.controller.profiles.may_leave()
    assert asked
    made.undo()
    monkeypatch.undo()
    assert window.controller.profiles.may_leave()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_everything_has_a_name_and_words(qtbot: QtBot, language: Language) -> None:
    made = ProfileWindow(Look(language, LIGHT), load_profile)
    qtbot.addWidget(made)
    made.show_profile(load_profile(), None, "bundled")
    made.show()
    for section, at in (
        ("subsidies", "1"),
        ("tariffs", "1"),
        ("values", "pv.losses"),
        ("municipality", ""),
        ("criteria", "capacity"),
    ):
        made.show_place(section, at)
        for widget in made.findChildren(QWidget):
            if not widget.isVisibleTo(made) or widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
                continue
            if isinstance(widget, QWidget) and widget.objectName().startswith("qt_"):
                continue
            name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
            assert name, (section, widget)
            assert "ui.profile" not in name
            assert "profile." not in name
    made.close()
