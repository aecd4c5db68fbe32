"""The panel of the assumptions: found, changed with a reason, seen to be stale, taken back; by keyboard alone."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit

from kawasolar.choices import has_part
from kawasolar.document.edits import duplicate_scenario, set_share, set_value
from kawasolar.layout_values import MODULE
from kawasolar.losses import LossModel
from kawasolar.profile import load_profile
from kawasolar.stages import states
from kawasolar.value_rules import INTEGERS, VALUE_RULES
from kawasolar.words import LANGUAGES, say
from tests.support.town import project_of, small_town
from ui.assumptions.band import ends_of
from ui.assumptions.editor import effect_words
from ui.assumptions.fields import ChoiceField, number_of
from ui.assumptions.values import assumptions, at_once_stages, effect_of, group_of, step_of
from ui.document import Document
from ui.look import Look
from ui.steps.assumptions import AssumptionsPanel
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Project
    from ui.assumptions.editor import ValueEditor
    from ui.window import MainWindow

CODE = re.compile(r"\b(ui|edit|stages)\.[a-z_0-9.]+")
SETBACK = "roof.setback"


@pytest.fixture
def panel(window: MainWindow) -> AssumptionsPanel:
    """The panel, shown, of somebody whose name is known."""
    window.remembered.person = "山田 花子"
    window.show_step("assumptions")
    return window.assumptions


def editor_of(panel: AssumptionsPanel, key: str) -> ValueEditor:
    """The editor of a value, opened."""
    panel.lines[key].open_editor()
    editor = panel.lines[key].editor
    assert editor is not None
    return editor


def change(panel: AssumptionsPanel, key: str, text: str, why: str, source: str = "") -> None:
    """Change a value as a person does."""
    editor = editor_of(panel, key)
    editor.number.setText(text)
    editor.number.textEdited.emit(text)
    editor.reason.setEditText(why)
    editor.source.setText(source)
    editor.apply.click()


def shown_badges(panel: AssumptionsPanel, key: str) -> set[str]:
    return {code for code, badge in panel.lines[key].badges.items() if not badge.isHidden()}


def wait_for_states(qtbot: QtBot, window: MainWindow, *, stale: bool) -> None:
    qtbot.waitUntil(lambda: bool(window.document.stale) is stale, timeout=5000)
    qtbot.waitUntil(lambda: window.assumptions._notice.isVisible() is stale, timeout=5000)


def words_of(panel: AssumptionsPanel) -> list[str]:
    labels = [w.text() for w in panel.findChildren(QLabel)] + [w.text() for w in panel.findChildren(QAbstractButton)]
    tips = [w.toolTip() for w in (*panel.findChildren(QLabel), *panel.findChildren(QAbstractButton))]
    return labels + tips


# ---------------------------------------------------------------------------------------------- what is shown


def test_every_value_stands_once_with_unit_range_and_source(panel: AssumptionsPanel) -> None:
    profile = load_profile()
    assert set(panel.lines) == set(VALUE_RULES)
    for key, line in panel.lines.items():
        value = profile.value(key)
        assert line.name.text() == value.name_ja
        if value.unit.startswith("choice."):
            assert line.value.text() == say("ja", f"{value.unit}.{value.value:.0f}")
            continue
        assert number_of(line.value.text().split(" ")[0]) == value.value or key == "plan.year"
        if value.unit not in ("-", "a", "calendar year", "month"):
            assert line.value.text().endswith(value.unit)
        assert line.source.text() == value.source_ja
        assert value.source_ja in line.head.toolTip()
        if value.low is not None:
            assert f"{value.low:,.8g}".replace("-", "−") in line.range.text() or key == "plan.year"
        assert ("assumed" in shown_badges(panel, key)) == (value.how_sure == "verify")
    assert panel.lines["plan.year"].value.text() == "2026 年"
    assert panel.lines["canopy.leaf_on_month"].value.text() == "4 月"


def test_groups_stand_in_the_order_of_the_work(panel: AssumptionsPanel) -> None:
    order = [group_of(key) for key in panel.visible_keys()]
    firsts = list(dict.fromkeys(order))
    wanted = [
        "roof", "module", "layout", "pv", "losses", "temp", "jis", "pvwatts", "snow", "ageing", "co2", "life", "join", "plan", "string", "load", "glare", "canopy", "given",
        "surface", "sizing", "engine",
    ]  # fmt: skip
    assert firsts == wanted
    assert order == sorted(order, key=firsts.index)
    assert group_of("pv.loss_ageing") == group_of("pv.pcs_efficiency") == "losses"


def test_search_finds_by_name_in_either_language(panel: AssumptionsPanel) -> None:
    cases: tuple[tuple[str, set[str]], ...] = (
        ("離隔", {"roof.setback", "roof.obstacle_clearance"}),
        ("set-back", {"roof.setback"}),
        ("co2.grid", {"co2.grid_factor"}),
        ("目標使用年数 木造", {"life.w"}),
        ("ＫＷＨ", {"co2.grid_factor"}),
    )
    for words, expected in cases:
        panel.search.setText(words)
        found = set(panel.visible_keys())
        assert found >= expected, words
        assert len(found) < 6, words


def test_what_nobody_has_is_said(panel: AssumptionsPanel) -> None:
    panel.search.setText("zzzz")
    assert panel.visible_keys() == []
    assert panel._none.isVisible()
    panel.search.clear()
    assert len(panel.visible_keys()) == len(VALUE_RULES)


def test_filters_of_changed_and_unverified(panel: AssumptionsPanel) -> None:
    unverified = {key for key, value in load_profile().values.items() if value.how_sure == "verify"}
    panel.chips["assumed"].click()
    assert set(panel.visible_keys()) == unverified
    assert str(len(unverified)) in panel.chips["assumed"].text()
    panel.chips["changed"].click()
    assert panel.visible_keys() == []
    assert not panel.chips["assumed"].isChecked()
    panel.chips["changed"].click()
    change(panel, "pv.rack_tilt", "10", "南面の影を避ける")
    panel.chips["changed"].click()
    assert panel.visible_keys() == ["pv.rack_tilt"]


# ---------------------------------------------------------------------------------------------- a change


def test_a_changed_value_is_marked_stale_and_undone(panel: AssumptionsPanel, window: MainWindow, qtbot: QtBot) -> None:
    document = window.document
    assert not panel._notice.isVisible()
    change(panel, SETBACK, "1.2", "防水の保証条件", "仕様書 2026")
    plan = document.plan
    assert plan is not None
    assert plan.profile.number(SETBACK) == 1.2
    entry = document.entries.get("values", f"s1/{SETBACK}")  # type: ignore[union-attr]
    assert (entry["value"], entry["why"], entry["who"], entry["source"]) == (
        1.2, "防水の保証条件", "山田 花子", "仕様書 2026",
    )  # fmt: skip
    line = panel.lines[SETBACK]
    assert line.value.text() == "1.2 m"
    assert "川崎市の設定値 1 m" in line.told.text()
    assert "防水の保証条件" in line.told.text()
    assert "山田 花子" in line.told.text()
    assert line.source.text() == "仕様書 2026"
    wait_for_states(qtbot, window, stale=True)
    assert "屋根の調査" in panel.stale.text()
    assert shown_badges(panel, SETBACK) == {"waits", "changed"}
    assert shown_badges(panel, "roof.max_tilt") == set()
    document.undo()
    wait_for_states(qtbot, window, stale=False)
    assert line.value.text() == "1 m"
    assert shown_badges(panel, SETBACK) == {"assumed"}
    assert not line.told.isVisible()
    document.redo()
    wait_for_states(qtbot, window, stale=True)
    assert line.value.text() == "1.2 m"


def test_without_a_reason_nothing_is_entered(panel: AssumptionsPanel, window: MainWindow) -> None:
    editor = editor_of(panel, SETBACK)
    editor.number.setText("1.2")
    editor.number.textEdited.emit("1.2")
    for empty in ("", "   "):
        editor.reason.setEditText(empty)
        editor.apply.click()
        assert editor.missing.isVisible()
        assert not window.document.entries.table("values")  # type: ignore[union-attr]
    assert panel.lines[SETBACK].editor is editor
    editor.reason.setEditText("理由")
    assert not editor.missing.isVisible()


def test_by_keyboard_alone(panel: AssumptionsPanel, window: MainWindow, qtbot: QtBot) -> None:
    panel.search.setFocus()
    QTest.keyClicks(panel.search, "set-back")
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    line = panel.lines[SETBACK]
    assert QApplication.focusWidget() is line.head
    QTest.keyClick(line.head, Qt.Key.Key_Return)
    editor = line.editor
    assert editor is not None
    assert QApplication.focusWidget() is editor.number
    # Tab goes through the editor as it stands, and back to its row.
    for stop in editor.stops[1:]:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is stop or focused is getattr(stop, "lineEdit", lambda: None)()
    for _ in editor.stops[1:]:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
    assert QApplication.focusWidget() is editor.number
    QTest.keyClick(editor.number, Qt.Key.Key_Up)
    QTest.keyClick(editor.number, Qt.Key.Key_Up)
    assert editor.number.value == 1.2
    # Enter without a reason leads to the reason.
    QTest.keyClick(editor.number, Qt.Key.Key_Return)
    focused = QApplication.focusWidget()
    assert focused is editor.reason or focused is editor.reason.lineEdit()
    assert editor.missing.isVisible()
    QTest.keyClicks(editor.reason.lineEdit(), "guarantee")
    QTest.keyClick(editor.reason.lineEdit(), Qt.Key.Key_Return)
    assert line.editor is None
    assert window.document.plan.profile.number(SETBACK) == 1.2  # type: ignore[union-attr]
    assert QApplication.focusWidget() is line.head
    # Through the rows with the arrows, past the top back to the search.
    QTest.keyClick(line.head, Qt.Key.Key_Up)
    assert QApplication.focusWidget() is panel.search


def test_escape_leaves_everything_as_it_was(panel: AssumptionsPanel, window: MainWindow) -> None:
    editor = editor_of(panel, SETBACK)
    QTest.keyClicks(editor.number, "9")
    QTest.keyClick(editor.number, Qt.Key.Key_Escape)
    assert panel.lines[SETBACK].editor is None
    assert not window.document.dirty
    assert QApplication.focusWidget() is panel.lines[SETBACK].head


def test_one_editor_at_a_time(panel: AssumptionsPanel) -> None:
    editor_of(panel, SETBACK)
    editor_of(panel, "pv.albedo")
    assert panel.lines[SETBACK].editor is None
    # What is being edited stays, whatever is searched for.
    panel.search.setText("zzzz")
    assert panel.visible_keys() == ["pv.albedo"]


def test_outside_the_usual_range_is_said_and_allowed(panel: AssumptionsPanel, window: MainWindow) -> None:
    editor = editor_of(panel, SETBACK)
    assert not editor.note.isVisible()
    editor.number.setText("3")
    editor.number.textEdited.emit("3")
    assert "範囲外" in editor.note.text()
    assert editor.note.isVisible()
    editor.reason.setEditText("強風地域の基準")
    editor.submit()
    assert window.document.plan.profile.number(SETBACK) == 3.0  # type: ignore[union-attr]


def test_what_cannot_be_is_refused_with_the_bounds(panel: AssumptionsPanel, window: MainWindow) -> None:
    for key, text, told in (
        (SETBACK, "20.5", "20"),
        (SETBACK, "-1", "0"),
        (SETBACK, "abc", "数値"),
        (SETBACK, "", "数値"),
        (SETBACK, "nan", "数値"),
        (SETBACK, "1e999", "数値"),
        ("engine.azimuths", "64.5", "整数"),
        ("pv.temp_coefficient", "0.004", "0"),
    ):
        editor = editor_of(panel, key)
        editor.reason.setEditText("理由")
        editor.number.setText(text)
        editor.number.textEdited.emit(text)
        editor.apply.click()
        assert panel.lines[key].editor is editor
        assert told in editor.note.text()
        assert editor.note.isVisible()
        assert not window.document.entries.table("values")  # type: ignore[union-attr]


def test_full_width_digits_are_numbers(panel: AssumptionsPanel, window: MainWindow) -> None:
    change(panel, SETBACK, "１．４", "全角で入力")
    assert window.document.plan.profile.number(SETBACK) == 1.4  # type: ignore[union-attr]


def test_reset_one_and_all(panel: AssumptionsPanel, window: MainWindow, qtbot: QtBot) -> None:
    change(panel, SETBACK, "1.2", "a")
    change(panel, "co2.grid_factor", "0.40", "b")
    change(panel, "life.rc", "65", "c")
    assert panel.reset_all.isVisible()
    panel.lines["life.rc"].reset.click()
    values = window.document.entries.table("values")  # type: ignore[union-attr]
    assert set(values) == {f"s1/{SETBACK}", "s1/co2.grid_factor"}
    panel.reset_all.click()
    assert not window.document.entries.table("values")  # type: ignore[union-attr]
    wait_for_states(qtbot, window, stale=False)
    assert window.document.plan.profile == load_profile()  # type: ignore[union-attr]
    window.document.undo()
    assert len(window.document.entries.table("values")) == 2  # type: ignore[union-attr]


def test_the_same_value_with_a_reason_is_a_confirmation(panel: AssumptionsPanel, window: MainWindow) -> None:
    before = panel.chips["assumed"].text()
    change(panel, SETBACK, "1.0", "防水工事の仕様書で確認", "仕様書 p. 3")
    assert shown_badges(panel, SETBACK) == {"confirmed"}
    assert panel.chips["assumed"].text() != before
    assert window.document.plan.profile.number(SETBACK) == 1.0  # type: ignore[union-attr]
    assert states(window.document.plan, window.document.project.profile)[2].is_fresh  # type: ignore[union-attr,arg-type]


def test_applying_again_what_stands_is_no_edit(panel: AssumptionsPanel, window: MainWindow) -> None:
    change(panel, SETBACK, "1.2", "a")
    change(panel, SETBACK, "1.2", "a")
    window.document.undo()
    assert window.document.undo_words is None


def test_an_override_belongs_to_its_scenario(panel: AssumptionsPanel, window: MainWindow) -> None:
    document = window.document
    assert document.entries is not None
    edit, key = duplicate_scenario(document.entries, "s1", "別案")
    document.do(edit)
    document.use_scenario(key)
    change(panel, SETBACK, "1.2", "別案だけ")
    assert panel.lines[SETBACK].value.text() == "1.2 m"
    document.use_scenario("s1")
    assert panel.lines[SETBACK].value.text() == "1 m"
    document.use_scenario(key)
    assert panel.lines[SETBACK].value.text() == "1.2 m"


# ---------------------------------------------------------------------------------------------- what a change does


def some_of_each() -> list[str]:
    """All values that are their stage's alone; of large families that are treated alike the first two."""
    families = (
        "jis.",
        "pvwatts.",
        "canopy.",
        "given.",
        "load.limit_",
        "load.structure_",
        "load.rack_",
        "glare.",
        "string.",
        "life.",
        "pv.loss_",
    )
    found = [key for key in VALUE_RULES if not key.startswith(families)]
    return sorted(found + [key for name in families for key in [k for k in VALUE_RULES if k.startswith(name)][:2]])


@pytest.mark.parametrize("key", some_of_each())
def test_the_stage_that_is_told_is_the_first_that_becomes_stale(example_project: Project, key: str) -> None:
    document = Document()
    document.set_project(example_project, None, saved=True)
    told = effect_of(key, document)
    value, (_, low, high) = example_project.profile.value(key), VALUE_RULES[key]
    step = step_of(value, whole=key in INTEGERS)
    other = value.value + step if value.value + step <= high else value.value - step
    assert low <= other <= high
    assert document.entries is not None
    before = example_project.plan.stamps
    document.do(set_value(document.entries, "s1", key, other, document.author("試算")))
    plan = document.plan
    assert plan is not None
    now = states(plan, example_project.profile)
    touched = [state.name for state in now if not state.is_fresh or plan.stamps[state.name] != before[state.name]]
    if key.startswith(("canopy.", "given.")):
        assert (told.stage, touched) == (None, []), "the example has no file of trees, nor of roof planes"
        return
    if key.startswith("surface."):
        assert (told.stage, touched) == (None, []), "a surface is made before a plan"
        for language in LANGUAGES:
            look = Look(language, LIGHT)
            assert effect_words(look, document, key) == look.say("ui.assumptions.effect.surface")
        return
    if key.startswith("sizing."):
        assert (told.stage, touched) == (None, []), "sizes are worked out when somebody asks"
        for language in LANGUAGES:
            look = Look(language, LIGHT)
            assert effect_words(look, document, key) == look.say("ui.assumptions.effect.sizing")
        return
    if key.startswith("review."):
        assert (told.stage, touched) == (None, []), "it orders a list"
        for language in LANGUAGES:
            look = Look(language, LIGHT)
            assert effect_words(look, document, key) == look.say("ui.assumptions.effect.review")
        return
    if not has_part(key, example_project.profile):
        assert (told.stage, touched) == (None, []), "the example's choices ask for other values"
        return
    if key.startswith(("string.", "inverter.", "load.", "glare.", "ageing.", *MODULE)):
        assert (told.stage, told.at_once, touched) == ("layout", True, []), "worked out when it is shown"
        return
    # A changed join has no files to be computed from here, and is stale for that; the ledger before it is what is told.
    slow = [name for name in touched if name not in at_once_stages()]
    assert told.stage == (slow or touched)[0]
    assert told.at_once == (told.stage in at_once_stages())
    assert bool([state for state in now if not state.is_fresh]) != told.at_once


def test_a_share_that_the_scenario_sets_hides_the_profiles(example_project: Project) -> None:
    document = Document()
    document.set_project(example_project, None, saved=True)
    assert document.entries is not None
    assert effect_of("plan.share", document).setting == ""
    document.do(set_share(document.entries, "s1", 0.7))
    assert effect_of("plan.share", document).setting == "share"


def test_the_editor_says_what_becomes_stale(panel: AssumptionsPanel) -> None:
    editor = editor_of(panel, "pv.pcs_efficiency")
    editor.number.setText("0.95")
    editor.number.textEdited.emit("0.95")
    assert "発電量" in editor.effect.text()
    assert "再計算" in editor.effect.text()
    editor = editor_of(panel, "life.rc")
    editor.number.setText("65")
    editor.number.textEdited.emit("65")
    assert "すぐに" in editor.effect.text()


def test_a_run_takes_the_change_in_and_undo_brings_the_results_back(
    make_window: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path
) -> None:
    project = project_of(small_town(tmp_path / "town"), tmp_path)
    window = make_window()
    window.document.set_project(project, tmp_path / "plan.kawasolar", saved=False)
    window.show_step("assumptions")
    panel, document = window.assumptions, window.document

    def energy() -> float:
        return float(document.plan.results.yields["energy_kwh"].sum())  # type: ignore[union-attr]

    before = energy()
    change(panel, "pv.loss_ageing", "0.48", "半分に")
    wait_for_states(qtbot, window, stale=True)
    assert energy() == before
    assert "waits" in shown_badges(panel, "pv.loss_ageing")
    survey = document.plan.stamps["survey"]  # type: ignore[union-attr]
    panel.run.click()
    qtbot.waitUntil(lambda: not window.controller.is_running, timeout=60_000)
    wait_for_states(qtbot, window, stale=False)
    # Half of the factor, half of the energy; and no roof was surveyed again.
    assert energy() == pytest.approx(before * 0.48 / 0.96, rel=1e-6)
    assert document.plan.stamps["survey"] is survey  # type: ignore[union-attr]
    assert shown_badges(panel, "pv.loss_ageing") == {"changed"}
    document.undo()
    assert energy() == before
    wait_for_states(qtbot, window, stale=False)
    assert shown_badges(panel, "pv.loss_ageing") == set()


# ---------------------------------------------------------------------------------------------- who


def test_the_name_of_who_sits_here(
    panel: AssumptionsPanel, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui.assumptions import person

    editor = editor_of(panel, SETBACK)
    assert "山田 花子" in editor.who.text()

    shown: list[str] = []

    def answer(dialog: person.PersonDialog) -> int:
        shown.append(dialog.name.text())
        dialog.name.setText("  佐藤 次郎 ")
        return 1

    monkeypatch.setattr(person.PersonDialog, "exec", answer)
    editor.who.click()
    assert "佐藤 次郎" in editor.who.text()
    change(panel, SETBACK, "1.3", "理由")
    assert window.document.entries.get("values", f"s1/{SETBACK}")["who"] == "佐藤 次郎"  # type: ignore[union-attr]
    window.actions_named("person").trigger()
    assert shown == ["山田 花子", "佐藤 次郎"]


def test_without_a_name_the_system_s_is_taken(panel: AssumptionsPanel, window: MainWindow) -> None:
    from kawasolar.document.person import person_name

    window.remembered.person = ""
    assert window.document.person() == person_name() != ""


# ---------------------------------------------------------------------------------------------- looks


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nothing_is_cut_unnamed_or_unsaid(
    make_window: Callable[..., MainWindow], example_project: Project, qtbot: QtBot, language: str
) -> None:
    window = make_window(language=language)
    window.resize(1366, 768)
    window.document.set_project(example_project, None, saved=True)
    window.show_step("assumptions")
    panel = window.assumptions
    for key in (SETBACK, "co2.grid_factor", "temp.rack_fa", "engine.azimuths"):
        editor_of(panel, key)
        qtbot.wait(20)
        assert panel._box.width() <= panel._area.viewport().width(), key
        for made in (
            *panel.findChildren(QAbstractButton),
            *panel.findChildren(QLineEdit),
            *panel.findChildren(QComboBox),
        ):
            # The icons within a search field are drawn by Qt and are no controls of their own.
            if made.isVisible() and not isinstance(made.parent(), QLineEdit):
                assert made.accessibleName() or (isinstance(made, QAbstractButton) and made.text()), made
    assert not [text for text in words_of(panel) if CODE.search(text)]


# ---------------------------------------------------------------------------------------------- numbers


@given(st.floats(-1e9, 1e9))
def test_a_number_is_read_as_it_was_written(number: float) -> None:
    assert number_of(f"{number:.10g}") == pytest.approx(number, rel=1e-9, abs=1e-12)
    wide = f"{number:.6f}".translate({ord(c): ord(c) - 0x20 + 0xFF00 for c in "0123456789.-"})
    assert number_of(wide) == pytest.approx(round(number, 6), abs=1e-6)


@given(st.text(max_size=20))
def test_no_text_breaks_the_field(text: str) -> None:
    found = number_of(text)
    assert found is None or math.isfinite(found)


@given(st.floats(-100, 100), st.floats(0, 50), st.floats(-1000, 1000))
def test_the_band_holds_the_range_and_no_impossible_numbers(low: float, size: float, value: float) -> None:
    high = low + size
    start, end = ends_of(low, high, low - 3, high + 3, (value,))
    assert low - 3 <= start <= low
    assert high <= end <= high + 3


def test_steps_follow_the_digits_of_the_source() -> None:
    values = load_profile().values
    assert step_of(values["roof.setback"], whole=False) == 0.1
    assert step_of(values["pv.temp_coefficient"], whole=False) == pytest.approx(0.0001)
    assert step_of(values["life.rc"], whole=False) == 1.0
    assert step_of(values["engine.azimuths"], whole=True) == 1.0


def test_all_values_of_a_project_are_assumptions(example_project: Project) -> None:
    document = Document()
    assert assumptions(document) == {}
    document.set_project(example_project, None, saved=True)
    assert {one.key: one.now for one in assumptions(document).values()} == {
        key: value.value for key, value in example_project.profile.values.items()
    }


def test_another_model_of_the_losses_is_chosen_by_name(
    make_window: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path
) -> None:
    """A list of names, no number and no range; the year is computed anew, and what the model does not use waits for nothing."""
    project = project_of(small_town(tmp_path / "town"), tmp_path)
    window = make_window()
    window.document.set_project(project, tmp_path / "plan.kawasolar", saved=False)
    window.remembered.person = "山田 花子"
    window.show_step("assumptions")
    panel = window.assumptions
    line = panel.lines["pv.losses"]
    assert line.value.text() == "WEBPRO（非住宅版）"
    assert line.band.isHidden()
    assert line.range.text() == ""
    before = window.document.plan.results.yields.set_index("facility_id")["energy_kwh"]  # type: ignore[union-attr]
    editor = editor_of(panel, "pv.losses")
    assert isinstance(editor.number, ChoiceField)
    assert [editor.number.itemText(k) for k in range(3)] == ["WEBPRO（非住宅版）", "JIS C 8907:2005", "NREL PVWatts"]
    editor.number.setFocus()
    QTest.keyClick(editor.number, Qt.Key.Key_Down)
    editor.number.activated.emit(1)
    editor.reason.setEditText("仕様書による")
    editor.submit()
    assert line.value.text() == "JIS C 8907:2005"
    wait_for_states(qtbot, window, stale=True)
    assert shown_badges(panel, "pv.loss_ageing") == set()
    assert "waits" in shown_badges(panel, "pv.losses")
    panel.run.click()
    qtbot.waitUntil(lambda: not window.controller.is_running, timeout=60_000)
    wait_for_states(qtbot, window, stale=False)
    after = window.document.plan.results.yields.set_index("facility_id")["energy_kwh"]  # type: ignore[union-attr]
    ratio = LossModel.of(load_profile(), "jis").factor / LossModel.of(load_profile(), "webpro").factor
    assert (after / before).dropna().to_numpy() == pytest.approx(ratio, rel=1e-6)
    assert effect_of("pv.loss_ageing", window.document).stage is None
    assert effect_of("jis.k_pd", window.document).stage == "yield"
