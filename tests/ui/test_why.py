"""Why this number: the pane over the inspector, as it is seen and used."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import shapely
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget

from kawasolar.document.edits import Author, add_keepout, correct_ledger, set_value
from kawasolar.document.entries import Entries
from kawasolar.provenance import explain, figures_of, sentences
from ui.why import desk as desk_module
from ui.why.lines import LONGEST
from ui.why.pane import WhyPane
from ui.why.rows import LineRow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Project
    from ui.window import MainWindow


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy computer does not turn explanations into jobs; what is slow is tested on its own."""
    monkeypatch.setattr(desk_module, "SLOW", 60.0)


def chosen_of(window: MainWindow) -> str:
    """A chosen facility."""
    sites = window.document.decision.sites  # type: ignore[union-attr]
    return str(sites.loc[sites["chosen"].to_numpy(dtype=bool), "facility_id"].iloc[0])


def pane_of(window: MainWindow) -> WhyPane:
    pane = window.why.pane
    assert pane is not None
    return pane


def asked(window: MainWindow, figure: str) -> str:
    """Ask about a figure of a chosen facility."""
    facility = chosen_of(window)
    window.document.select(facility)
    window.why.ask_here(figure)
    QApplication.processEvents()
    return facility


def words_of(widget: QWidget) -> str:
    """All words that are seen in it."""
    return "\n".join(made.text() for made in widget.findChildren(QLabel) if made.isVisible() and made.text())


def settle(qtbot: QtBot) -> None:
    """Until the document's news have reached the pane: none comes for a while, none waits."""
    from ui.window import MainWindow

    qtbot.wait(300)
    for made in QApplication.topLevelWidgets():
        if isinstance(made, MainWindow):
            qtbot.waitUntil(lambda window=made: window.why.is_settled, timeout=10_000)
    # What was put into the pane last is seen after the loop's next turns.
    qtbot.wait(100)


def opened(window: MainWindow, *codes: str) -> LineRow:
    """The row under these codes, each of them opened by a click."""
    pane = pane_of(window)
    for k in range(1, len(codes) + 1):
        row = pane.row_at(*codes[:k])
        if row.body is None:
            row.head.click()
            QApplication.processEvents()
    return pane.row_at(*codes)


def action(row: LineRow, words: str) -> QAbstractButton:
    return next(made for made in row.findChildren(QAbstractButton) if made.text() == words)


# ---------------------------------------------------------------------------------------------- what is seen


def test_the_usable_area_is_traced_to_the_setback_and_its_source(window: MainWindow) -> None:
    facility = asked(window, "usable_m2")
    pane, plan = pane_of(window), window.document.plan
    assert plan is not None
    found = explain(plan, "usable_m2", facility)
    assert pane.isVisible()
    assert window.inspector_title.name.text() == "数値の根拠"
    assert pane.name.text() == "設置可能面積"
    assert (pane.value.text(), pane.unit.text()) == (f"{found.value:,.1f}", "m²")
    assert facility in pane.whose.text()
    assert "差し引いた面積" in pane.formula.text()
    assert not pane.stale.isVisible()
    # The ladder of the explanation: the roof, and what each rule took.
    assert [row.path[-1][0] for row in pane.rows()] == [entry.code for entry in found.inputs]
    row = opened(window, "lost_setback_m2", "roof.setback")
    value = plan.profile.value("roof.setback")
    words = words_of(row)
    assert "屋根端からの離隔距離" in words
    assert f"{value.value:g} m" in words
    assert value.source_ja in words
    assert "0.5～1.5" in words
    assert "仮定・要確認" in words


def test_an_override_shows_who_and_why_and_that_the_result_is_stale(window: MainWindow, qtbot: QtBot) -> None:
    asked(window, "usable_m2")
    opened(window, "lost_setback_m2", "roof.setback")
    document = window.document
    assert document.entries is not None
    author = Author("施設課 田中", "点検通路を広げる")
    document.do(set_value(document.entries, document.scenario, "roof.setback", 1.4, author, source="消防局の指導"))
    settle(qtbot)
    pane = pane_of(window)
    assert pane.stale.isVisible()
    assert "その後変わった値があります" in pane.stale_words.text()
    assert "屋根端からの離隔距離" in pane.stale_words.text()
    # What was open is open still, and says who did it.
    seen = ("施設課 田中", "点検通路を広げる", "消防局の指導", "1.4 m")

    def all_said() -> bool:
        words = words_of(pane.row_at("lost_setback_m2", "roof.setback"))
        return all(part in words for part in seen)

    qtbot.waitUntil(all_said, timeout=10_000)
    assert pane.row_at("lost_setback_m2", "roof.setback").body is not None
    assert pane.row_at("lost_setback_m2").line.stale
    document.undo()
    settle(qtbot)
    assert not pane.stale.isVisible()
    assert "施設課 田中" not in words_of(pane)


def test_a_value_of_the_ledger_shows_row_and_column_and_who_corrected_it(window: MainWindow, qtbot: QtBot) -> None:
    facility = asked(window, "ledger.built_year")
    pane, document, plan = pane_of(window), window.document, window.document.plan
    assert plan is not None
    assert document.entries is not None
    ledger = plan.facilities.set_index("facility_id").loc[facility]
    words = words_of(pane.row_at("ledger:built_year"))
    assert "facilities.csv" in words
    assert f"{int(ledger['source_row'])} 行目" in words
    read = int(ledger["built_year"])
    document.do(
        correct_ledger(document.entries, facility, "built_year", read + 3, read, Author("佐藤", "建築確認で確認"))
    )
    settle(qtbot)
    words = words_of(pane.row_at("ledger:built_year"))
    assert pane.value.text() == str(read + 3)
    assert f"台帳の記載 {read} → {read + 3}" in words
    assert "佐藤" in words
    assert "建築確認で確認" in words
    assert "訂正" in words


def test_the_sum_of_the_plan_is_folded_and_unfolds(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LONGEST, "facilities", 3)
    window.half.slider.setValue(100)
    window.why.ask_plan("energy_kwh")
    QApplication.processEvents()
    pane, plan = pane_of(window), window.document.plan
    assert plan is not None
    count = int(plan.decision.sites["chosen"].sum())
    sites = [row for row in pane.rows() if row.line.node is not None and row.line.node.formula == "of_facility"]
    assert len(sites) == 3 < count - 2
    more = next(made for made in pane.findChildren(QAbstractButton) if made.text() == f"ほか {count - 3} 件を表示")
    more.click()
    QApplication.processEvents()
    sites = [row for row in pane.rows() if row.line.node is not None and row.line.node.formula == "of_facility"]
    assert len(sites) == count
    assert QApplication.focusWidget() is sites[3].head
    # What was left out of the sum is explained where it is opened.
    first = sites[0]
    first.head.click()
    QApplication.processEvents()
    node = first.line.node
    assert node is not None
    whole = explain(plan, "energy_kwh", node.facility_id)
    inside = [row.path[1][0] for row in pane.rows() if row.path[0] == first.path[0] and len(row.path) == 2]
    assert next(code for code in inside if not code.startswith(("pv.", "temp."))) == whole.inputs[0].code


def test_a_veto_and_a_keepout_of_a_person_are_named(window: MainWindow, qtbot: QtBot) -> None:
    facility = chosen_of(window)
    window.remembered.person = "山田 花子"
    window.document.veto([facility], "建替えの予定")
    window.why.ask("chosen", facility)
    settle(qtbot)
    words = words_of(pane_of(window))
    assert "「選ばない」の指定" in words
    assert "建替えの予定" in words


def test_nothing_to_explain_is_said(window: MainWindow) -> None:
    plan = window.document.plan
    assert plan is not None
    window.why.ask("no_such_figure", chosen_of(window))
    pane = pane_of(window)
    assert pane.message.isVisible()
    assert pane.message.text()
    assert not pane.copy.isEnabled()


# ---------------------------------------------------------------------------------------------- the way


def test_deeper_and_back_again(window: MainWindow) -> None:
    asked(window, "energy_kwh")
    pane = pane_of(window)
    action(opened(window, "capacity_kw"), "この数値を詳しく").click()
    assert pane.name.text() == "設備容量"
    action(opened(window, "usable_m2"), "この数値を詳しく").click()
    action(opened(window, "lost_setback_m2"), "この数値を詳しく").click()
    assert pane.name.text() == "屋根端からの離隔による除外面積"
    for name in ("年間発電量", "設備容量", "設置可能面積"):
        assert name in pane.way.text()
    QTest.keyClick(pane, Qt.Key.Key_Backspace)
    assert pane.name.text() == "設置可能面積"
    # The row from which it was asked is open still.
    assert pane.row_at("lost_setback_m2").body is not None
    pane.way.linkActivated.emit("0")
    assert pane.name.text() == "年間発電量"
    assert not pane.back.isEnabled()


def test_escape_closes_and_the_keyboard_goes_back(window: MainWindow) -> None:
    window.document.select(chosen_of(window))
    mark = window.inspector.figures["kw"].why
    mark.setFocus()
    QTest.keyClick(mark, Qt.Key.Key_Space)
    QApplication.processEvents()
    pane = pane_of(window)
    assert pane.name.text() == "設備容量"
    focused = QApplication.focusWidget()
    assert focused is not None
    assert pane.isAncestorOf(focused)
    QTest.keyClick(focused, Qt.Key.Key_Escape)
    assert not pane.isVisible()
    assert window.inspector.isVisible()
    assert QApplication.focusWidget() is mark
    assert window.inspector_title.name.text() == "選択した施設"


def test_the_arrow_keys_go_through_the_rows(window: MainWindow) -> None:
    asked(window, "usable_m2")
    pane = pane_of(window)
    rows = pane.rows()
    assert QApplication.focusWidget() is rows[0].head
    QTest.keyClick(rows[0].head, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is rows[1].head
    QTest.keyClick(rows[1].head, Qt.Key.Key_Right)
    is_open = [rows[1].body is not None]
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Return, Qt.Key.Key_Return):
        QTest.keyClick(rows[1].head, key)
        is_open.append(rows[1].body is not None)
    assert is_open == [True, False, False, True, False]


# ---------------------------------------------------------------------------------------------- ways in


def test_every_figure_of_the_half_is_asked_of_the_plan(window: MainWindow) -> None:
    window.document.select(chosen_of(window))
    pane = pane_of(window)
    names = {"chosen": "選定施設数", "kw": "設備容量", "kwh": "年間発電量", "co2": "CO₂削減量"}
    for code, name in names.items():
        window.half.figures[code].why.click()
        assert pane.name.text() == name
        assert "計画全体" in pane.whose.text()
    assert window.document.selected is not None


def test_the_cell_of_the_table_is_asked_about(window: MainWindow) -> None:
    table, pane = window.table, pane_of(window)
    plan = window.document.plan
    assert plan is not None
    facility = table.model.id_at(2)
    known = {*figures_of(plan, chosen_of(window))}
    assert {column.figure for column in table.model.columns} <= known
    place = next(k for k, column in enumerate(table.model.columns) if column.key == "capacity_kw")
    index = table.model.index(2, place)
    table.view.setCurrentIndex(index)
    menu = table.menu(index)
    next(one for one in menu.actions() if one.text() == "この値の根拠").trigger()
    assert pane.name.text() == "設備容量"
    assert facility in pane.whose.text()
    window.why.close()
    # The same by the keyboard.
    table.view.setFocus()
    window.actions_named("why").trigger()
    assert pane.isVisible()
    assert pane.name.text() == "設備容量"


def test_f1_asks_about_the_figure_with_the_keyboard_and_lists_all_otherwise(window: MainWindow) -> None:
    facility = chosen_of(window)
    window.document.select(facility)
    pane, plan = pane_of(window), window.document.plan
    assert plan is not None
    assert window.actions_named("why").shortcut().toString() == "F1"
    window.half.figures["co2"].why.setFocus()
    window.actions_named("why").trigger()
    assert pane.name.text() == "CO₂削減量"
    assert "計画全体" in pane.whose.text()
    window.why.close()
    window.pages.setFocus()
    window.actions_named("why").trigger()
    assert pane.index.isVisible()
    assert len(pane.index.visible_rows()) == len(figures_of(plan, facility)) + len(figures_of(plan))
    pane.index.search.setText("日影")
    assert 0 < len(pane.index.visible_rows()) < 6
    QTest.keyClick(pane.index.search, Qt.Key.Key_Return)
    assert pane.area.isVisible()
    assert pane.name.text() == "日影による損失"
    assert facility in pane.whose.text()


def test_f1_on_a_row_looks_into_it(window: MainWindow) -> None:
    asked(window, "capacity_kw")
    pane = pane_of(window)
    pane.row_at("usable_m2").head.setFocus()
    window.actions_named("why").trigger()
    assert pane.name.text() == "設置可能面積"
    assert "設備容量" in pane.way.text()


def test_the_marks_of_the_tabs_and_of_the_overview_are_answered(window: MainWindow) -> None:
    pane, inspector = pane_of(window), window.inspector
    figures = set()
    marks = [made for made in inspector.overview.findChildren(QToolButton) if made.property("role") == "why"]
    assert len(marks) >= 3
    for mark in marks:
        mark.click()
        assert pane.isVisible()
        assert "計画全体" in pane.whose.text()
        figures.add(pane.name.text())
        window.why.close()
    facility = chosen_of(window)
    window.document.select(facility)
    for place in range(inspector.tabs.count()):
        inspector.tabs.setCurrentIndex(place)
        marks = [
            made for made in inspector.tabs.currentWidget().findChildren(QToolButton) if made.property("role") == "why"
        ]
        assert marks
        for mark in marks:
            mark.click()
            assert facility in pane.whose.text()
            assert pane.value.text()
            assert not pane.message.isVisible()
            figures.add(pane.name.text())
            window.why.close()
    assert {"年間発電量", "設置可能面積", "日影による損失", "設置可否", "施設の建物", "耐震性"} <= figures


# ---------------------------------------------------------------------------------------------- what can be done


def test_a_value_is_changed_where_it_is_explained(window: MainWindow, qtbot: QtBot) -> None:
    asked(window, "usable_m2")
    action(opened(window, "lost_setback_m2", "roof.setback"), "この値を変更…").click()
    assert window.step == "assumptions"
    qtbot.waitUntil(lambda: window.assumptions.lines["roof.setback"].editor is not None, timeout=3000)
    editor = window.assumptions.lines["roof.setback"].editor
    assert editor is not None
    assert QApplication.focusWidget() is editor.number


def test_a_value_of_the_ledger_is_corrected_where_it_is_explained(window: MainWindow) -> None:
    facility = asked(window, "ledger.built_year")
    action(opened(window, "ledger:built_year"), "台帳の値を訂正…").click()
    assert not pane_of(window).isVisible()
    assert window.document.selected == facility
    assert window.inspector.basis.ledger.lines["built_year"].editor is not None
    assert window.inspector.basis.isVisible()


def test_a_criterion_and_a_setting_are_changed_where_they_are_explained(window: MainWindow, qtbot: QtBot) -> None:
    facility = chosen_of(window)
    window.show_step("roofs")
    window.why.ask("criterion.capacity", facility)
    action(opened(window, "criterion:capacity"), "この要件を変更…").click()
    assert window.step == "half"
    spin = window.half.rows["capacity"].spin
    assert spin is not None
    qtbot.waitUntil(spin.hasFocus, timeout=3000)
    window.document.set_share(0.4)
    window.show_step("roofs")
    window.why.ask_plan("share")
    row = opened(window, "entered:share")
    assert row.line.value == "40.0%"
    action(row, "この設定を変更…").click()
    qtbot.waitUntil(window.half.spin.hasFocus, timeout=3000)


def test_a_building_is_shown_on_the_map(window: MainWindow) -> None:
    facility = asked(window, "link")
    pane = pane_of(window)
    row = next(row for row in pane.rows() if row.path[-1][0] == "link_building")
    row.head.click()
    before = window.map.viewport()  # type: ignore[union-attr]
    action(row, "地図で見る").click()
    assert window.map.viewport() != before  # type: ignore[union-attr]
    assert pane.isVisible()
    assert window.document.selected == facility


def test_the_folder_of_a_file_is_opened(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[Path] = []
    monkeypatch.setattr(window, "open_folder", asked_for.append)
    asked(window, "ledger.name")
    plan = window.document.plan
    assert plan is not None
    action(opened(window, "file:facilities"), "フォルダーを開く").click()
    file = next(entry.path for entry in plan.inputs if entry.role == "facilities")
    assert [str(folder) for folder in asked_for] == [file.rpartition("/")[0]]


def test_the_whole_explanation_is_copied(window: MainWindow) -> None:
    facility = asked(window, "energy_kwh")
    pane_of(window).copy.click()
    plan = window.document.plan
    assert plan is not None
    text = QGuiApplication.clipboard().text().split("\n")
    told = sentences(explain(plan, "energy_kwh", facility), "ja")
    assert facility in text[0]
    assert [line.strip() for line in text[1:]] == [line.strip() for _depth, line in told]
    assert text[1] == told[0][1]
    assert text[2].startswith("  ")


# ---------------------------------------------------------------------------------------------- the document's news


def test_another_facility_is_asked_the_same_and_none_closes(window: MainWindow) -> None:
    facility = asked(window, "capacity_kw")
    pane = pane_of(window)
    sites = window.document.decision.sites  # type: ignore[union-attr]
    other = str(sites.loc[sites["chosen"].to_numpy(dtype=bool), "facility_id"].iloc[1])
    assert other != facility
    window.document.select(other)
    assert pane.isVisible()
    assert pane.name.text() == "設備容量"
    assert other in pane.whose.text()
    window.document.select(None)
    assert not pane.isVisible()


def test_it_follows_the_decision_and_goes_with_the_project(window: MainWindow, qtbot: QtBot) -> None:
    window.why.ask_plan("chosen")
    pane = pane_of(window)
    window.half.slider.setValue(0)
    settle(qtbot)
    assert pane.value.text() == "0"
    window.half.slider.setValue(100)
    settle(qtbot)
    sites = window.document.decision.sites  # type: ignore[union-attr]
    assert pane.value.text() == str(int((sites["status"] == "eligible").sum()))
    window.document.set_project(None, None, saved=True)
    assert not window.why.is_open


def test_another_project_closes_it(window: MainWindow, example_project: Project, example_path: Path) -> None:
    asked(window, "capacity_kw")
    window.document.set_project(
        replace(example_project, entries=Entries(dict(example_project.entries.tables))), example_path, saved=True
    )
    assert not window.why.is_open
    assert window.inspector.isVisible()


def test_rows_in_use_stay_while_nothing_of_them_changes(window: MainWindow, qtbot: QtBot) -> None:
    asked(window, "usable_m2")
    row = opened(window, "lost_setback_m2", "roof.setback")
    window.document.states_changed.emit()
    window.document.set_share(0.3)
    settle(qtbot)
    assert pane_of(window).row_at("lost_setback_m2", "roof.setback") is row
    window.why.show_list()
    pane_of(window).index.search.setText("日影")
    window.document.set_share(0.4)
    settle(qtbot)
    assert pane_of(window).index.search.text() == "日影"


def test_a_keepout_says_who_drew_it_and_why_and_is_shown_on_the_map(window: MainWindow, qtbot: QtBot) -> None:
    facility = asked(window, "usable_m2")
    plan, entries = window.document.plan, window.document.entries
    assert plan is not None
    assert entries is not None
    building = str(plan.results.links.set_index("facility_id").loc[facility, "building_id"])
    shapes = plan.results.buildings.set_index("building_id").geometry
    shape = shapely.box(*shapes[building].centroid.buffer(3).bounds)
    window.document.do(add_keepout(entries, building, shape, Author("鈴木", "室外機がある")))
    settle(qtbot)
    row = opened(window, "lost_keepout_m2", "entered:keepout")
    words = words_of(row)
    assert "36.0 m²" in words
    assert "鈴木" in words
    assert "室外機がある" in words
    tools, view = window.tools, window.map
    assert tools is not None
    assert view is not None
    qtbot.waitUntil(lambda: view.keepouts.row("k1") is not None, timeout=5000)
    action(row, "地図で見る").click()
    assert view.keepouts.selected == "k1"
    assert pane_of(window).isVisible()


def test_what_takes_its_time_is_done_in_a_job(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "SLOW", -1.0)
    facility = chosen_of(window)
    window.document.select(facility)
    window.why.ask_here("usable_m2")
    topics = [job.topic for job in window.jobs.running()]
    assert [topic for topic in topics if topic.startswith("why")] == [f"why:usable_m2:{facility}"]
    pane = pane_of(window)
    qtbot.waitUntil(lambda: pane.name.text() == "設置可能面積" and bool(pane.rows()), timeout=10_000)
    # A way that a later question overtook is not shown.
    window.why.ask_here("capacity_kw")
    window.why.ask_here("co2_t")
    qtbot.waitUntil(lambda: not window.jobs.running(), timeout=10_000)
    qtbot.waitUntil(lambda: pane.name.text() == "CO₂削減量", timeout=10_000)


def test_it_stays_open_in_another_language(window: MainWindow, qtbot: QtBot) -> None:
    asked(window, "usable_m2")
    opened(window, "lost_setback_m2")
    window.set_language("en")
    settle(qtbot)
    pane = pane_of(window)
    assert pane.isVisible()
    assert pane.name.text() == "Usable roof area"
    row = opened(window, "lost_setback_m2", "roof.setback")
    words = words_of(row)
    plan = window.document.plan
    assert plan is not None
    assert plan.profile.value("roof.setback").source_en in words
    assert "0.5 to 1.5" in words
    assert not any("\u3040" <= letter <= "\u9fff" for letter in words_of(pane).replace(pane.whose.text(), ""))
    window.set_language("ja")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_all_figures_fit_and_everything_has_a_name(
    make_window: Callable[..., MainWindow], example_project: Project, example_path: Path, language: str
) -> None:
    window = make_window(language=language)
    window.resize(1366, 768)
    window.document.set_project(example_project, example_path, saved=True)
    facility = chosen_of(window)
    plan, pane = window.document.plan, pane_of(window)
    assert plan is not None
    window.document.select(facility)
    asked_for = [(code, facility) for code in figures_of(plan, facility) if not code.startswith(("m0", "m1"))]
    for code, whose in [*asked_for, *((code, None) for code in figures_of(plan))]:
        window.why.ask(code, whose)
        QApplication.processEvents()
        for row in pane.rows():
            row.turn(True)
        QApplication.processEvents()
        seen = pane.area.viewport().width()
        body = pane.area.widget()
        assert body is not None
        for made in body.findChildren(QWidget):
            if not made.isVisible():
                continue
            right = made.mapTo(body, QPoint(made.width(), 0)).x()
            assert right <= seen, (code, made, made.property("text"))
            if made.focusPolicy() != Qt.FocusPolicy.NoFocus:
                told = QAccessible.queryAccessibleInterface(made)
                assert told.text(QAccessible.Text.Name), (code, made)
        texts = words_of(pane)
        assert "{" not in texts
        assert "ui.why" not in texts
        assert "why.line" not in texts
