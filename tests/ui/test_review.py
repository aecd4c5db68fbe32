"""The review of links, worked through with keys alone, on the map of a real, computed town."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gis.progress import silent
from kawasolar import stages
from kawasolar.join.review import items_of, links_now, renewed
from kawasolar.owners import owners_of_buildings
from kawasolar.words import LANGUAGES, say
from tests.support.town import middles, project_of, small_town
from ui.map.reviewing import ReviewTool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytestqt.qtbot import QtBot

    from gis.progress import Progress
    from kawasolar.plan import Plan, Project
    from ui.review.desk import ReviewDesk
    from ui.review.panel import ReviewPanel
    from ui.window import MainWindow

K = Qt.Key


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("確認 review")
    return project_of(small_town(folder), folder)


@pytest.fixture
def window(make_window: Callable[..., MainWindow], town: Project, qtbot: QtBot) -> MainWindow:
    made = make_window()
    made.document.person = lambda: "設計 花子"
    made.document.set_project(town, None, saved=True)
    qtbot.waitUntil(lambda: made.map is not None and made.map.is_idle(), timeout=20_000)
    QTest.keyClick(made, K.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert made.step == "join"
    return made


@pytest.fixture
def desk(window: MainWindow) -> ReviewDesk:
    return window.review


@pytest.fixture
def panel(window: MainWindow) -> ReviewPanel:
    return window.links


def press(panel: ReviewPanel, *keys: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    for key in keys:
        QTest.keyClick(panel.list, key, held)


def reviews(window: MainWindow) -> dict[str, str]:
    assert window.document.entries is not None
    return {name: entry["verdict"] for name, entry in window.document.entries.table("reviews").items()}


def joins(window: MainWindow) -> dict[str, list[str]]:
    assert window.document.entries is not None
    return {name: entry["building_ids"] for name, entry in window.document.entries.table("joins").items()}


def settled(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until what follows from the review has been computed."""
    qtbot.waitUntil(lambda: not window.document.waiting and not window.jobs.running("settle"), timeout=10_000)


def test_all_of_them_with_one_key(window: MainWindow, desk: ReviewDesk, panel: ReviewPanel) -> None:
    assert len(desk.queue.rows) == 5
    # The keyboard is in the list as soon as the step is shown.
    assert window.focusWidget() is panel.list
    results = window.document.plan.results  # type: ignore[union-attr]
    for _ in range(5):
        press(panel, K.Key_Return)
    assert reviews(window) == dict.fromkeys(("001", "002", "003", "004", "005"), "confirmed")
    assert panel.counts.text() == "確認済 5 / 5 施設"
    assert panel.bar.value() == 5
    assert "もうありません" in panel.empty.text()
    # It stays in sight until the step is shown again.
    assert len(desk.queue.rows) == 5
    window.show_step("data")
    window.show_step("join")
    assert desk.queue.rows == []
    # Nothing was computed, and nothing need be.
    assert window.document.plan.results is results  # type: ignore[union-attr]
    assert not window.document.stale
    entry = window.document.entries.get("reviews", "003")  # type: ignore[union-attr]
    assert (entry["who"], entry["building_ids"]) == ("設計 花子", ["B2"])


def test_next_previous_later_and_undo(window: MainWindow, desk: ReviewDesk, panel: ReviewPanel) -> None:
    first, second, third = desk.queue.rows[:3]
    press(panel, K.Key_N)
    assert desk.queue.current == second
    press(panel, K.Key_P)
    assert desk.queue.current == first
    press(panel, K.Key_S)
    assert (reviews(window), desk.queue.current) == ({first: "later"}, second)
    assert "保留 1" in panel.doubtful.text()
    press(panel, K.Key_Space)
    assert (reviews(window)[second], desk.queue.current) == ("confirmed", third)
    press(panel, K.Key_U)
    assert (reviews(window), desk.queue.current) == ({first: "later"}, second)
    window.menus.actions["undo"].trigger()
    assert reviews(window) == {}
    window.menus.actions["redo"].trigger()
    assert reviews(window) == {first: "later"}
    assert desk.queue.item(first).state == "later"  # type: ignore[union-attr]
    # What is put off is gone round only at the end.
    press(panel, K.Key_Down, K.Key_Up, K.Key_Up)
    assert desk.queue.current == first


def test_another_candidate_and_none(window: MainWindow, desk: ReviewDesk, panel: ReviewPanel, qtbot: QtBot) -> None:
    desk.queue.go_to("001")
    numbers = {each.building_id: k for k, each in enumerate(desk.candidates, start=1)}
    assert numbers["B0"] == 1
    assert set(numbers) == {f"B{k}" for k in range(6)}
    press(panel, K(int(K.Key_0) + numbers["B5"]))
    assert joins(window) == {"001": ["B5"]}
    assert reviews(window) == {"001": "confirmed"}
    assert desk.queue.item("001").buildings == ("B5",)  # type: ignore[union-attr]
    # It is seen at once, and computed when the review is over.
    assert owners_of_buildings(window.document.plan.results.links)["B0"] == "001"  # type: ignore[union-attr]
    desk.queue.go_to("002")
    press(panel, K.Key_0)
    assert joins(window)["002"] == []
    assert desk.queue.item("002").links == ()  # type: ignore[union-attr]
    desk.queue.go_to("003")
    press(panel, K.Key_1)
    assert (joins(window).get("003"), reviews(window)["003"]) == (None, "confirmed")
    assert window.document.waiting
    before = window.document.plan
    window.show_step("half")
    # Not on the window's thread: it is as it was until that is done.
    assert window.document.plan is before
    settled(window, qtbot)
    owners = owners_of_buildings(window.document.plan.results.links)  # type: ignore[union-attr]
    assert (owners["B5"], "B0" in owners, "B1" in owners) == ("001", False, False)
    qtbot.waitUntil(lambda: {state.name for state in window.document.stale} >= {"survey"}, timeout=3000)


def test_together_and_beside(window: MainWindow, desk: ReviewDesk, panel: ReviewPanel) -> None:
    desk.queue.go_to("001")
    number = next(k for k, each in enumerate(desk.candidates, start=1) if each.building_id == "B5")
    key = K(int(K.Key_0) + number)
    press(panel, key, held=Qt.KeyboardModifier.AltModifier)
    assert joins(window)["001"] == ["B0", "B5"]
    assert desk.queue.current == "001"
    number = next(k for k, each in enumerate(desk.candidates, start=1) if each.building_id == "B5")
    press(panel, K(int(K.Key_0) + number), held=Qt.KeyboardModifier.AltModifier)
    assert joins(window)["001"] == ["B0"]
    # The nursery is in the school: the roof stays the school's.
    desk.queue.go_to("005")
    number = next(k for k, each in enumerate(desk.candidates, start=1) if each.building_id == "B0")
    press(panel, K.Key_C)
    assert "同じ建物に入る" in panel.near.text()
    press(panel, K.Key_Escape)
    assert not desk.beside
    desk.act("beside")
    press(panel, K(int(K.Key_0) + number))
    entry = window.document.entries.get("joins", "005")  # type: ignore[union-attr]
    # It keeps its own building beside.
    assert (entry["building_ids"], entry["shared"]) == (["B4"], ["B0"])
    desk.queue.go_to("001")
    assert "東保育園" in panel.good.text()
    window.show_step("data")
    assert owners_of_buildings(window.document.plan.results.links)["B0"] == "001"  # type: ignore[union-attr]


def test_search(desk: ReviewDesk, panel: ReviewPanel, window: MainWindow) -> None:
    press(panel, K.Key_Slash)
    window.activateWindow()
    panel.search.setText("図書館")
    assert desk.queue.rows == ["003"]
    QTest.keyClick(panel.search, K.Key_Return)
    assert desk.queue.current == "003"
    QTest.keyClick(panel.search, K.Key_Escape)
    assert len(desk.queue.rows) == 5
    panel.search.setText("どこにもない")
    assert panel.empty.text() == "該当する施設がありません。"
    panel.search.clear()
    panel.filter.button(1).click()
    assert desk.queue.rows == []
    panel.filter.button(2).click()
    assert len(desk.queue.rows) == 5


def test_the_map_goes_to_the_place_and_numbers_the_outlines(window: MainWindow, desk: ReviewDesk, panel: ReviewPanel, qtbot: QtBot) -> None:  # fmt: skip
    view = window.map
    assert view is not None
    desk.queue.go_to("004")
    x, y = middles()[3]
    west, south, east, north = view.viewport().bounds
    assert west < x < east
    assert south < y < north
    assert isinstance(window.tools.tool, ReviewTool)  # type: ignore[union-attr]
    assert [each.linked for each in window.tools.tool.candidates][:2] == [True, False]  # type: ignore[union-attr]
    view.grab()
    # Keys on the map are the review's too; the selection follows when the hand rests.
    qtbot.waitUntil(lambda: window.document.selected == "004", timeout=3000)
    QTest.keyClick(view, K.Key_Return)
    assert reviews(window) == {"004": "confirmed"}
    # Another tool goes first, and the review comes back after it.
    window.tools.toggle_draw()  # type: ignore[union-attr]
    desk.queue.go_to("001")
    assert window.tools.mode == "draw"  # type: ignore[union-attr]
    window.tools.leave()  # type: ignore[union-attr]
    assert isinstance(window.tools.tool, ReviewTool)  # type: ignore[union-attr]
    window.document.select("002")
    assert desk.queue.current == "002"
    window.show_step("roofs")
    assert window.tools.tool is None  # type: ignore[union-attr]
    window.document.select("003")
    window.show_step("join")
    assert desk.queue.current == "003"


def test_other_language_other_plan_and_none(window: MainWindow, desk: ReviewDesk, town: Project) -> None:
    for language in LANGUAGES:
        window.set_language(language)
        assert window.links.buttons["later"].text() == say(language, "ui.review.do.later")
        press(window.links, K.Key_N)
    press(window.links, K.Key_Return)
    window.document.set_project(town, None, saved=True)
    assert reviews(window) == {}
    assert all(desk.queue.item(name).state == "open" for name in desk.queue.rows)  # type: ignore[union-attr]
    window.document.set_project(None, None, saved=True)
    assert desk.queue.rows == []
    press(window.links, K.Key_Return, K.Key_0, K.Key_1, K.Key_N, K.Key_U)


def test_a_click_takes_a_candidate_too(window: MainWindow, desk: ReviewDesk, panel: ReviewPanel) -> None:
    desk.queue.go_to("001")
    QApplication.processEvents()
    number = next(k for k, each in enumerate(desk.candidates) if each.building_id == "B5")
    QTest.mouseClick(panel.candidates[number], Qt.MouseButton.LeftButton)
    assert joins(window) == {"001": ["B5"]}
    panel.buttons["undo"].click()
    assert joins(window) == {}
    assert desk.queue.current == "001"


def test_what_is_shown_meanwhile_is_what_is_computed_afterwards(
    window: MainWindow, desk: ReviewDesk, panel: ReviewPanel, qtbot: QtBot
) -> None:
    """An oracle of the fast way: the items after a hasty review are those of the computed plan."""
    for facility, key in (
        ("001", K.Key_2),
        ("002", K.Key_0),
        ("003", K.Key_3),
        ("004", K.Key_Return),
        ("005", K.Key_2),
    ):
        desk.queue.go_to(facility)
        press(panel, key)
    press(panel, K.Key_U)
    plan = window.document.plan
    assert plan is not None
    hasty = {name: desk.queue.item(name) for name in ("001", "002", "003", "004", "005")}
    window.show_step("half")
    settled(window, qtbot)
    computed = window.document.plan
    assert computed is not None
    assert {item.facility_id: item for item in items_of(computed)} == hasty
    ids = set(plan.facilities["facility_id"]), set(plan.results.buildings["building_id"])
    assert renewed(hasty, links_now(computed, *ids), computed.entries) == hasty  # type: ignore[arg-type]


class Slow:
    """Stands in for the calculation after a review: it waits until it is let go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.real, self.go, self.times = stages.settled, threading.Event(), 0
        monkeypatch.setattr(stages, "settled", self)

    def __call__(self, project: Project, attic: Sequence[Plan] = (), progress: Progress = silent) -> Project:
        self.times += 1
        while not self.go.wait(0.01):
            progress(0.5, "join")
        return self.real(project, attic, progress)


def test_what_is_entered_while_it_is_computed_counts(
    window: MainWindow, desk: ReviewDesk, panel: ReviewPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.queue.go_to("002")
    press(panel, K.Key_0)
    desk.queue.go_to("003")
    press(panel, K.Key_0)
    slow = Slow(monkeypatch)
    window.show_step("half")
    window.document.undo()
    assert set(joins(window)) == {"002"}
    slow.go.set()
    settled(window, qtbot)
    assert slow.times == 2
    owned = set(owners_of_buildings(window.document.plan.results.links).values())  # type: ignore[union-attr]
    assert "002" not in owned
    assert "003" in owned
    # One step of the way back takes one word back, as ever.
    window.document.undo()
    assert joins(window) == {}
    assert "002" in owners_of_buildings(window.document.plan.results.links).values()  # type: ignore[union-attr]


def test_a_long_one_is_shown_and_can_be_ended(
    window: MainWindow, desk: ReviewDesk, panel: ReviewPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.queue.go_to("002")
    press(panel, K.Key_0)
    slow = Slow(monkeypatch)
    window.show_step("half")
    qtbot.waitUntil(window.top.cancel.isVisible, timeout=5000)
    window.top.cancel.click()
    qtbot.waitUntil(lambda: not window.controller.is_running, timeout=5000)
    # What was said stands, and what follows from it waits, visibly.
    assert set(joins(window)) == {"002"}
    assert window.document.waiting
    qtbot.waitUntil(lambda: "join" in {state.name for state in window.document.stale}, timeout=5000)
    # A save, or a paper, does not go without it.
    slow.go.set()
    assert "002" not in owners_of_buildings(window.document.with_mark().plan.results.links).values()


def test_another_project_meanwhile(
    window: MainWindow, desk: ReviewDesk, panel: ReviewPanel, town: Project, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    desk.queue.go_to("002")
    press(panel, K.Key_0)
    slow = Slow(monkeypatch)
    window.show_step("half")
    window.document.set_project(town, None, saved=True)
    slow.go.set()
    settled(window, qtbot)
    assert window.document.project is town
