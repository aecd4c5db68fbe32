"""Scenarios as a planner uses them: copied, turned, put side by side, taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QAccessible, QColor, QImage, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from kawasolar.words import LANGUAGES
from ui.map import differences as looks
from ui.map.differences import Difference, Differences, only
from ui.tokens import DARK, LIGHT
from ui.window import MainWindow

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Project


def chosen_in(window: MainWindow, key: str) -> set[str]:
    project = window.document.project
    assert project is not None
    sites = project.plans[key].decision.sites
    return set(sites.loc[sites["chosen"].to_numpy(dtype=bool), "facility_id"])


def names(window: MainWindow) -> list[str]:
    """Scenarios as the menu of the top bar lists them."""
    window.top.scenario.fill()
    return [action.text() for action in window.top.scenario.menu().actions() if action.isCheckable()]


def copied(window: MainWindow, name: str) -> str:
    """A copy of the scenario that is worked on, made as a person makes it; its key."""
    window.actions_named("scenario_duplicate").trigger()
    line = window.scenarios.commands.line
    assert line is not None
    line.edit.setText(name)
    QTest.keyClick(line.edit, Qt.Key.Key_Return)
    return window.document.scenario


@pytest.fixture
def compared(window: MainWindow, qtbot: QtBot) -> tuple[MainWindow, str, str]:
    """The example beside a copy with a larger share, a veto and a pin; the comparison is shown."""
    first, second = window.document.scenario, copied(window, "案2")
    window.document.set_share(0.9)
    window.document.veto([min(chosen_in(window, first))], "屋根の改修")
    qtbot.wait(200)
    window.actions_named("scenario_compare").trigger()
    return window, first, second


# ---------------------------------------------------------------------------------------------- the chooser


def test_a_copy_is_named_in_place_worked_on_and_taken_back(window: MainWindow) -> None:
    before = names(window)
    assert len(before) == 1
    assert window.top.scenario.text() == before[0]
    window.actions_named("scenario_duplicate").trigger()
    line = window.scenarios.commands.line
    assert line is not None
    assert line.isVisible()
    assert not line.isWindow(), "no dialog: a line in the window"
    assert line.edit.text() == "案2"
    assert line.edit.selectedText() == "案2"
    QTest.keyClick(line.edit, Qt.Key.Key_Return)
    assert line.isHidden()
    assert names(window) == [*before, "案2"]
    assert window.top.scenario.text() == "案2"
    window.actions_named("undo").trigger()
    assert names(window) == before
    assert window.top.scenario.text() == before[0]


def test_escape_and_a_click_elsewhere_leave_all_as_it_was(window: MainWindow) -> None:
    for leave in (
        lambda line: QTest.keyClick(line.edit, Qt.Key.Key_Escape),
        lambda _: QTest.mouseClick(window.status, Qt.MouseButton.LeftButton),
    ):
        window.actions_named("scenario_duplicate").trigger()
        line = window.scenarios.commands.line
        assert line is not None
        leave(line)
        assert line.isHidden()
        assert len(names(window)) == 1
        assert window.scenarios.commands.line is None


@pytest.mark.parametrize("name", ["", "   ", "own"])
def test_a_name_that_cannot_be_is_refused_in_place(window: MainWindow, name: str) -> None:
    own = window.top.scenario.text()
    window.actions_named("scenario_duplicate").trigger()
    line = window.scenarios.commands.line
    assert line is not None
    line.edit.setText(own if name == "own" else name)
    QTest.keyClick(line.edit, Qt.Key.Key_Return)
    assert line.isVisible()
    assert "名前" in line.wrong.text()
    assert names(window) == [own]
    QTest.keyClicks(line.edit, "x")
    assert line.wrong.text() == "", "what was said goes when the name changes"
    line.dismiss()


def test_rename_and_note_are_edits(window: MainWindow, qtbot: QtBot) -> None:
    own = window.top.scenario.text()
    window.actions_named("scenario_rename").trigger()
    line = window.scenarios.commands.line
    assert line is not None
    assert line.edit.text() == own
    line.edit.setText("現行案")
    QTest.keyClick(line.edit, Qt.Key.Key_Return)
    assert names(window) == ["現行案"]
    window.show_step("scenarios")
    card = window.scenarios.panel.cards["s1"]
    card.note.setFocus()
    card.note.setText("議会説明用")
    QTest.keyClick(card.note, Qt.Key.Key_Return)
    assert window.scenarios.standing.names()[0].note == "議会説明用"
    assert names(window) == ["現行案"]
    window.actions_named("undo").trigger()
    assert window.scenarios.standing.names()[0].note == ""
    window.actions_named("undo").trigger()
    assert names(window) == [own]


def test_the_menu_switches_between_scenarios(window: MainWindow) -> None:
    first = window.document.scenario
    second = copied(window, "案2")
    window.half.slider.setValue(90)
    assert len(chosen_in(window, second)) > len(chosen_in(window, first))
    window.top.scenario.fill()
    window.top.scenario.menu().actions()[0].trigger()
    assert window.document.scenario == first
    assert window.half.slider.value() == 50
    assert window.half.figures["chosen"].value == str(len(chosen_in(window, first)))


def test_a_removed_scenario_gives_place_to_the_one_before_and_comes_back(window: MainWindow) -> None:
    first = window.document.scenario
    second, third = copied(window, "案2"), copied(window, "案3")
    window.document.use_scenario(first)
    window.document.use_scenario(second)
    window.document.set_share(0.9)
    kept = chosen_in(window, second)
    window.actions_named("scenario_remove").trigger()
    assert window.document.scenario == first, "worked on before, though another one was made later"
    assert third in window.document.project.plans  # type: ignore[union-attr]
    assert "案2" in window.banner.text
    window.banner.action.click()
    assert names(window) == [names(window)[0], "案2", "案3"]
    assert chosen_in(window, second) == kept


def test_the_last_scenario_stays_and_a_sentence_says_why(window: MainWindow) -> None:
    before = names(window)
    window.actions_named("scenario_remove").trigger()
    assert names(window) == before
    assert window.banner.isVisible()
    assert "最後のシナリオ" in window.banner.text
    assert window.document.undo_words is None


def test_what_is_offered_to_be_undone_is_the_removal(window: MainWindow) -> None:
    copied(window, "案2")
    window.actions_named("scenario_remove").trigger()
    assert window.banner.isVisible()
    window.document.set_share(0.9)
    assert not window.banner.isVisible(), "undo would take the share back now, not the removal"


def test_a_long_name_is_elided_and_told_whole(window: MainWindow, qtbot: QtBot) -> None:
    name = "令和九年度までに避難所となる施設を優先して整備し発電量を最大にする案"
    copied(window, name)
    assert window.top.scenario.width() <= 220
    assert name in window.top.scenario.toolTip()
    assert name in window.top.scenario.accessibleName()
    window.show_step("scenarios")
    card = window.scenarios.panel.cards[window.document.scenario]
    qtbot.waitUntil(lambda: "…" in card.name.text())
    assert card.name.toolTip() == name
    assert card.width() <= window.docks["steps"].width()


# ---------------------------------------------------------------------------------------------- the panel


def test_the_panel_shows_figures_and_what_differs(window: MainWindow) -> None:
    first = window.document.scenario
    second = copied(window, "案2")
    window.document.set_share(0.9)
    window.show_step("scenarios")
    cards = window.scenarios.panel.cards
    more = len(chosen_in(window, second)) - len(chosen_in(window, first))
    assert cards[first].cells["chosen"].value.text() == str(len(chosen_in(window, first)))
    assert cards[second].cells["chosen"].value.text() == str(len(chosen_in(window, second)))
    assert cards[first].cells["chosen"].change.text() == f"−{more}", "by as many fewer than where we work"
    assert not cards[second].cells["chosen"].change.isVisible()
    cards[first].name.click()
    assert window.document.scenario == first
    assert cards[second].cells["chosen"].change.text() == f"+{more}"


def test_four_can_be_compared_and_a_fifth_cannot(window: MainWindow) -> None:
    for number in range(2, 6):
        copied(window, f"案{number}")
    window.show_step("scenarios")
    cards = list(window.scenarios.panel.cards.values())
    for card in cards[:4]:
        assert card.tick.isEnabled()
        card.tick.click()
    assert [card.tick.isChecked() for card in cards] == [True] * 4 + [False]
    assert not cards[4].tick.isEnabled()
    assert "4" in cards[4].tick.toolTip()
    assert [card.badge.accessibleName() for card in cards[:4]] == ["A", "B", "C", "D"]
    cards[1].tick.click()
    assert cards[4].tick.isEnabled()
    assert [cards[k].badge.accessibleName() for k in (0, 2, 3)] == ["A", "B", "C"]


def test_a_stale_scenario_is_marked_everywhere(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kawasolar.document import edits

    document = window.document
    first, second = document.scenario, copied(window, "案2")
    entries = document.entries
    assert entries is not None
    document.do(edits.set_value(entries, second, "pv.albedo", 0.35, edits.Author("山田", "白い防水シート")))
    qtbot.waitUntil(lambda: bool(document.stale))
    window.show_step("scenarios")
    cards = window.scenarios.panel.cards
    qtbot.waitUntil(cards[second].mark.isVisible)
    assert cards[second].stale.isVisible()
    assert not cards[first].mark.isVisible()
    assert window.scenarios.panel.run_all.isVisible()
    asked: list[bool] = []
    monkeypatch.setattr(window.controller, "run_all", lambda: asked.append(True))
    window.scenarios.panel.run_all.click()
    assert asked
    assert window.top.scenario.accessibleDescription() != ""
    assert names(window)[1] != "案2"
    assert "案2" in names(window)[1]
    document.use_scenario(first)
    assert window.top.scenario.accessibleDescription() == ""
    assert cards[second].mark.isVisible(), "stale, whichever is worked on"
    window.scenarios.compare()
    heads = window.scenarios.comparison.figures.cells.heads
    assert [bool(head.stale) for head in heads if head.letter] == [False, True]
    figures = window.scenarios.comparison.figures.cells
    assert {figures.cell(row, 2).ink for row in range(figures.rowCount())} == {"attention"}
    assert {figures.cell(row, 1).ink for row in range(figures.rowCount())} == {""}


# ---------------------------------------------------------------------------------------------- the comparison


def test_comparison_lists_the_sites_that_differ(compared: tuple[MainWindow, str, str]) -> None:
    window, first, second = compared
    assert window.scenarios.lower.is_comparing
    view = window.scenarios.comparison
    assert view.sites.isVisible()
    table = view.sites.cells
    listed = {table.key_at(row) for row in range(table.rowCount())}
    assert chosen_in(window, first) ^ chosen_in(window, second) <= listed
    project = window.document.project
    assert project is not None
    status = [
        plan.decision.sites.assign(kind=lambda s: np.where(s["chosen"], "chosen", s["status"])).set_index("facility_id")["kind"]
        for plan in (project.plans[first], project.plans[second])
    ]  # fmt: skip
    assert listed == set(status[0].index[status[0] != status[1]])
    assert str(len(listed)) in view.chips["sites"].text()
    vetoed = min(chosen_in(window, first))
    row = table.row_of(vetoed)
    assert row is not None
    assert table.cell(row, 1).text == "選定"
    assert table.cell(row, 2).text != "選定"
    assert table.cell(row, 1).icon is not None
    assert "A：" in table.cell(row, 4).text
    assert "B：" in table.cell(row, 4).text


def test_figures_and_settings_side_by_side(compared: tuple[MainWindow, str, str]) -> None:
    window, first, second = compared
    view = window.scenarios.comparison
    view.chips["figures"].click()
    assert view.figures.isVisible()
    row = view.figures.cells.row_of("chosen")
    assert row is not None
    counts = [len(chosen_in(window, key)) for key in (first, second)]
    assert [view.figures.cells.cell(row, k).text for k in (1, 2)] == [str(count) for count in counts]
    assert view.figures.cells.cell(row, 2).more == f"+{counts[1] - counts[0]}"
    view.chips["settings"].click()
    cells = view.settings.cells
    assert {cells.key_at(k).split("/")[0] for k in range(cells.rowCount())} == {"share", "veto"}
    share = cells.row_of("share/")
    assert share is not None
    assert "50" in cells.cell(share, 1).text
    assert "90" in cells.cell(share, 2).text
    assert cells.cell(share, 2).bold
    veto = next(k for k in range(cells.rowCount()) if cells.key_at(k).startswith("veto"))
    assert "屋根の改修" in cells.cell(veto, 3).text


def test_the_comparison_follows_the_slider(compared: tuple[MainWindow, str, str], qtbot: QtBot) -> None:
    window, first, second = compared
    window.show_step("half")
    before = window.scenarios.comparison.sites.cells.rowCount()
    window.half.slider.setValue(50)
    qtbot.waitUntil(lambda: window.scenarios.comparison.sites.cells.rowCount() < before)
    left = {
        window.scenarios.comparison.sites.cells.key_at(k)
        for k in range(window.scenarios.comparison.sites.cells.rowCount())
    }
    assert chosen_in(window, first) ^ chosen_in(window, second) <= left
    assert window.scenarios.lower.is_comparing


def test_one_selection_for_comparison_table_map_and_inspector(
    compared: tuple[MainWindow, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    window, *_ = compared
    on_map: list[object] = []
    monkeypatch.setattr(window.map, "set_selected", lambda facility, **_: on_map.append(facility))
    sites = window.scenarios.comparison.sites
    sites.selectRow(1)
    wanted = sites.cells.key_at(1)
    assert window.document.selected == wanted
    assert window.table.selected_ids() == [wanted]
    assert on_map[-1] == wanted
    assert window.inspector.name.text() in sites.cells.cell(1, 0).text
    window.document.select(sites.cells.key_at(0))
    assert [index.row() for index in sites.selectionModel().selectedRows()] == [0]


def test_sorting_keeps_row_and_facility_together(compared: tuple[MainWindow, str, str]) -> None:
    window, *_ = compared
    sites = window.scenarios.comparison.sites
    sites.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    shown = [float(sites.cells.cell(k, 3).text) for k in range(sites.cells.rowCount())]
    assert shown == sorted(shown, reverse=True)
    plan = window.document.plan
    assert plan is not None
    capacity = plan.results.yields.set_index("facility_id")["capacity_kw"]
    assert [round(float(capacity[sites.cells.key_at(k)]), 1) for k in range(len(shown))] == shown


def test_ending_brings_table_and_map_back(compared: tuple[MainWindow, str, str]) -> None:
    window, *_ = compared
    window.scenarios.comparison.end.click()
    assert not window.scenarios.lower.is_comparing
    assert window.table.isVisible()
    assert not window.scenarios.lower.to_comparison.isVisible()
    assert window.scenarios.comparing.keys == ()
    assert window.map is not None
    assert window.map.layers()["irradiation"] is True


def test_removing_one_of_two_ends_the_comparison(compared: tuple[MainWindow, str, str]) -> None:
    window, _, second = compared
    window.scenarios.commands.remove(second)
    assert window.scenarios.comparing.found is None
    assert not window.scenarios.lower.is_comparing


def test_another_project_is_not_compared_with_the_old_keys(
    compared: tuple[MainWindow, str, str], example_project: Project, example_path: Path
) -> None:
    window, _first, second = compared
    project = window.document.project
    assert project is not None
    assert second in project.plans
    other = replace(project, entries=replace(project.entries))
    window.document.set_project(other, example_path, saved=True)
    assert window.scenarios.comparing.keys == ()
    assert not window.scenarios.lower.is_comparing


def test_the_comparison_is_written_and_read_back(
    compared: tuple[MainWindow, str, str], tmp_path: Path, qtbot: QtBot
) -> None:
    window, first, second = compared
    target = tmp_path / "比較 表.xlsx"
    job = window.scenarios.export_to("xlsx", target)
    assert job is not None
    qtbot.waitUntil(target.exists, timeout=10_000)
    qtbot.waitUntil(lambda: str(target) in window.banner.text)
    book = openpyxl.load_workbook(target, read_only=True)
    texts = {
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
    }
    book.close()
    assert chosen_in(window, first) ^ chosen_in(window, second) <= texts
    assert "案2" in texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_comparison_survives_language_and_theme(compared: tuple[MainWindow, str, str], language: str) -> None:
    window, *_ = compared
    rows = window.scenarios.comparison.sites.cells.rowCount()
    window.set_language("en" if language == "ja" else "ja")
    window.set_theme("dark")
    assert window.scenarios.lower.is_comparing
    assert window.scenarios.comparison.sites.cells.rowCount() == rows
    assert window.scenarios.comparing.shown
    assert len([name for name in names(window) if "案2" in name]) == 1
    window.set_language("ja")


# ---------------------------------------------------------------------------------------------- on the map


def test_map_classes_are_those_of_the_choices(compared: tuple[MainWindow, str, str], qtbot: QtBot) -> None:
    window, first, second = compared
    view = window.map
    assert view is not None
    qtbot.waitUntil(view.is_idle, timeout=10_000)
    assert view._loaded is not None
    assert view._kinds is not None
    a, b = chosen_in(window, first), chosen_in(window, second)
    expected = {
        facility: Difference.ALL if facility in a & b else Difference.ONLY_A if facility in a else Difference.ONLY_B if facility in b else Difference.NONE
        for facility in (one.facility_id for one in view._loaded.scene.facilities)
    }  # fmt: skip
    assert a - b
    assert b - a
    shown = {
        one.facility_id: Difference(int(kind))
        for one, kind in zip(view._loaded.scene.facilities, view._kinds[0], strict=True)
    }
    assert shown == expected
    legend = view._cards.difference_legend
    assert legend is not None
    assert legend.isVisible()
    assert not view._cards.legend.isVisible()
    assert [int(count) for _, count in legend.rows()] == [
        len(a & b),
        len(a - b),
        len(b - a),
        len(expected) - len(a | b),
    ]
    assert "案2" in legend.rows()[2][0]


def test_the_legend_leads_out_and_the_button_back(compared: tuple[MainWindow, str, str], qtbot: QtBot) -> None:
    window, *_ = compared
    view = window.map
    assert view is not None
    qtbot.waitUntil(view.is_idle, timeout=10_000)
    assert view.layers()["irradiation"] is False, "quiet roofs"
    legend = view._cards.difference_legend
    assert legend is not None
    legend.leave.click()
    assert not legend.isVisible()
    assert view._cards.legend.isVisible()
    assert view.layers()["irradiation"] is True
    assert view._kinds is not None
    assert set(view._kinds[0].tolist()) <= {1, 2, 3, 4}
    assert window.scenarios.lower.is_comparing, "the tables stay"
    window.scenarios.comparison.on_map.click()
    assert legend.isVisible()
    window.scenarios.lower.to_table.click()
    assert not legend.isVisible(), "the facilities are listed as they are: so is the map"
    window.scenarios.lower.to_comparison.click()
    assert legend.isVisible()


def test_another_scenario_keeps_the_differences(compared: tuple[MainWindow, str, str], qtbot: QtBot) -> None:
    window, first, _ = compared
    view = window.map
    assert view is not None
    qtbot.waitUntil(view.is_idle, timeout=10_000)
    before = view._kinds[0].copy()  # type: ignore[index]
    window.document.use_scenario(first)
    qtbot.waitUntil(view.is_idle, timeout=10_000)
    assert view._kinds is not None
    assert np.array_equal(view._kinds[0], before)


def test_recolouring_paints_nothing_below_anew(
    compared: tuple[MainWindow, str, str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui.map import paint

    window, *_ = compared
    view = window.map
    assert view is not None
    qtbot.waitUntil(view.is_idle, timeout=10_000)
    grounds: list[object] = []
    whole = paint.ground
    monkeypatch.setattr(paint, "ground", lambda *values: (grounds.append(1), whole(*values))[1])
    window.scenarios.comparing.set_keys(tuple(reversed(window.scenarios.comparing.keys)))
    window.document.set_share(0.7)
    qtbot.wait(300)
    qtbot.waitUntil(view.is_idle, timeout=10_000)
    assert grounds == []


def test_the_card_at_the_cursor_names_the_scenario(compared: tuple[MainWindow, str, str], qtbot: QtBot) -> None:
    window, first, second = compared
    view = window.map
    assert view is not None
    qtbot.waitUntil(view.is_idle, timeout=10_000)
    assert view._loaded is not None
    facility = min(chosen_in(window, second) - chosen_in(window, first))
    view.zoom_to(facility)
    point = view._loaded.scene.points[view._loaded.scene.position[facility]]
    view._hand.pointer = QPointF(*view.viewport().to_screen(*point.tolist()))
    view._show_hover()
    assert "案2" in view._cards.hover.lines[1]


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_classes_differ_without_colour(tokens: object, qapp: QApplication) -> None:
    """In grey print each class still has its own picture: of the marker, and of the outline with its filling."""
    kinds = list(Difference)
    pictures = {kind: (grey(kind, tokens, marker=True), grey(kind, tokens, marker=False)) for kind in kinds}
    for k, one in enumerate(kinds):
        for other in kinds[k + 1 :]:
            for mine, theirs in zip(pictures[one], pictures[other], strict=True):
                # Brightness alone may be alike: the shapes must not.
                assert (np.abs(mine - theirs) > 40).mean() > 0.02, (one, other)


def grey(kind: Difference, tokens: object, *, marker: bool) -> np.ndarray:
    """The class in two tones, so that shape and hatching alone count."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPainter

    image = QImage(32, 32, QImage.Format.Format_Grayscale8)
    image.fill(QColor(tokens.panel))  # type: ignore[attr-defined]
    painter = QPainter(image)
    if marker:
        painter.translate(16, 16)
        painter.scale(1.8, 1.8)
        looks.draw_marker(painter, QPointF(0, 0), kind, tokens)  # type: ignore[arg-type]
    else:
        painter.fillRect(QRectF(0, 0, 32, 32), looks.brush(kind, tokens))  # type: ignore[arg-type]
        for pen in looks.pens(kind, tokens, 1.0):  # type: ignore[arg-type]
            painter.setPen(pen)
            painter.drawRect(QRectF(3, 3, 26, 26))
    painter.end()
    bits = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(32, image.bytesPerLine())[:, :32].astype(float)
    return np.where(bits > (bits.min() + bits.max()) / 2, 255.0, 0.0)


def test_classes_of_three_and_the_order_in_which_buildings_are_drawn() -> None:
    found = Differences(
        ("あ", "い", "う"),
        {"1": (True, True, True), "2": (True, False, True), "3": (False, True, False), "4": (False,) * 3},
    )
    assert [found.class_of(name) for name in "1234"] == [Difference.ALL, Difference.SOME, only(1), Difference.NONE]
    assert found.class_of("not there") == Difference.NONE
    assert found.counts() == {
        Difference.ALL: 1,
        Difference.SOME: 1,
        only(0): 0,
        only(1): 1,
        only(2): 0,
        Difference.NONE: 1,
    }
    assert Difference.NONE < Difference.ALL < Difference.SOME < only(0), "what tells most is drawn last"


# ---------------------------------------------------------------------------------------------- for everybody


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_has_a_name_and_every_word_exists(
    make_window: Callable[..., MainWindow], example_project: Project, example_path: Path, language: str
) -> None:
    window = make_window(language=language)
    window.document.set_project(example_project, example_path, saved=True)
    copied(window, "案2")
    window.document.set_share(0.9)
    window.show_step("scenarios")
    window.scenarios.compare()
    parts: list[QWidget] = [
        window.top.scenario,
        window.scenarios.panel,
        window.scenarios.comparison,
        window.scenarios.lower.title,
    ]
    for part in parts:
        for widget in [part, *part.findChildren(QWidget)]:
            texts = [widget.toolTip(), widget.accessibleName()]
            texts += [widget.text()] if isinstance(widget, QLabel) else []
            for text in texts:
                assert not text.startswith(("ui.", "map.", "compare.", "edit.")), text
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
                interface = QAccessible.queryAccessibleInterface(widget)
                assert interface.text(QAccessible.Text.Name), widget
    for page in ("sites", "figures", "settings"):
        cells = getattr(window.scenarios.comparison, page).cells
        for row in range(cells.rowCount()):
            for k in range(cells.columnCount()):
                assert not cells.cell(row, k).text.startswith(("ui.", "compare.", "reason.")), cells.cell(row, k)
        assert all(not head.text.startswith(("ui.", "compare.")) for head in cells.heads)


def test_the_keyboard_reaches_the_chooser(window: MainWindow, qtbot: QtBot) -> None:
    chooser = window.top.scenario
    assert chooser.focusPolicy() & Qt.FocusPolicy.TabFocus
    shown: list[bool] = []
    # The menu waits for an answer once it is there.
    chooser.menu().aboutToShow.connect(lambda: (shown.append(True), QTimer.singleShot(50, chooser.menu().close)))
    chooser.setFocus()
    QApplication.sendEvent(chooser, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier))
    QApplication.sendEvent(chooser, QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier))
    assert shown


def test_a_plan_without_a_project_has_no_chooser(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    assert not window.top.scenario.isVisible()
    assert not window.actions_named("scenario_duplicate").isEnabled()
