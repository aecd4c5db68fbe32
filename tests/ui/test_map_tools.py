"""Keep-outs and corrected joins, drawn and picked with the mouse on the map of a real, computed town."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from kawasolar.document import edits
from kawasolar.document.edits import Author
from kawasolar.words import LANGUAGES, catalogue
from tests.support.town import middles, project_of, small_town
from ui.document import Document
from ui.look import Look
from ui.map import MapView
from ui.map.geometry import crosses_itself, main_direction, rectangle, roof_of, snap, straightened
from ui.map.keepouts import drawn_on, stale_buildings, yield_is_stale
from ui.map.scene import Scene
from ui.map.sketch import measured_area
from ui.map.tools import JOIN_REASONS, KEEPOUT_REASONS, MapTools
from ui.tokens import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan, Project
    from ui.window import MainWindow

NONE, SHIFT, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("道具 tools")
    return project_of(small_town(folder), folder)


class Desk:
    """Map, document and tools as the window puts them together, and the hand that uses them."""

    def __init__(self, qtbot: QtBot, project: Project) -> None:
        self.look = Look("ja", LIGHT)
        self.document = Document()
        self.document.person = lambda: "設計 花子"
        self.view = MapView(LIGHT, "ja")
        qtbot.addWidget(self.view)
        self.view.resize(1000, 760)
        self.view.show()
        qtbot.waitExposed(self.view)
        self.view.picked.connect(self.document.select)
        self.document.plan_changed.connect(lambda: self.view.set_plan(self.document.plan))
        self.document.selection_changed.connect(self.view.set_selected)
        self.tools = MapTools(self.view, self.document, self.look)
        self.document.set_project(project, None, saved=True)
        self._qtbot = qtbot
        self.settle()

    def settle(self) -> None:
        self._qtbot.waitUntil(self.view.is_idle, timeout=20_000)

    def look_at_roof(self, roof: int, metres: float = 34.0) -> None:
        x, y = middles()[roof]
        self.view.look_at(self.view.viewport().fitted((x - metres / 2, y - metres / 2, x + metres / 2, y + metres / 2)))
        self.settle()

    def at(self, x: float, y: float) -> QPoint:
        px, py = self.view.viewport().to_screen(x, y)
        return QPoint(round(px), round(py))

    def on(self, roof: int, dx: float, dy: float) -> QPoint:
        """A point of the widget, by metres from the middle of a roof."""
        x, y = middles()[roof]
        return self.at(x + dx, y + dy)

    def move(self, to: QPoint, held: Any = NONE, button: Any = Qt.MouseButton.NoButton) -> None:
        where = QPointF(to)
        glob = self.view.mapToGlobal(where)
        event = QMouseEvent(QEvent.Type.MouseMove, where, glob, Qt.MouseButton.NoButton, button, held)
        QApplication.sendEvent(self.view, event)

    def click(self, to: QPoint, held: Any = NONE) -> None:
        self.move(to, held)
        QTest.mouseClick(self.view, LEFT, held, to)

    def drag(self, begin: QPoint, end: QPoint, held: Any = NONE, button: Any = LEFT) -> None:
        self.move(begin, held)
        QTest.mousePress(self.view, button, held, begin)
        for k in range(1, 6):
            self.move(begin + (end - begin) * k / 5, held, button)
        QTest.mouseRelease(self.view, button, held, end)

    def key(self, key: Qt.Key, held: Any = NONE) -> None:
        QTest.keyClick(self.view, key, held)

    def draw(self, roof: int, *corners: tuple[float, float], held: Any = ALT) -> None:
        """Click corners without snapping, by metres from the middle of a roof."""
        for dx, dy in corners:
            self.click(self.on(roof, dx, dy), held)

    def confirm(self, why: str = "") -> None:
        card = self.view.cards.reason
        assert card.isVisible()
        card.line.setText(why)
        QTest.keyClick(card.line, Qt.Key.Key_Return)

    @property
    def project(self) -> Project:
        assert self.document.project is not None
        return self.document.project

    @property
    def plan(self) -> Plan:
        return self.project.plan

    @property
    def tool(self) -> Any:
        return self.tools.tool

    @property
    def entries(self) -> Any:
        return self.document.entries

    @property
    def keepouts(self) -> dict[str, Any]:
        return dict(self.entries.table("keepouts"))

    @property
    def banner(self) -> str:
        banner = self.view.cards.banner
        return banner.text.text() if banner.isVisible() else ""

    def word(self, code: str, **values: object) -> str:
        return self.look.say(code, **values)

    @property
    def pixel(self) -> float:
        """Metres that a pixel's rounding may move a corner."""
        return self.view.viewport().scale


@pytest.fixture
def desk(qtbot: QtBot, town: Project) -> Iterator[Desk]:
    made = Desk(qtbot, town)
    made.look_at_roof(0)
    yield made
    made.view.shutdown()


# Drawing


def test_a_drawn_polygon_becomes_a_keepout_of_its_building_with_reason_and_person(desk: Desk) -> None:
    desk.tools.toggle_draw()
    assert desk.tools.mode == "draw"
    corners = [(-4.0, -3.0), (3.0, -3.0), (3.0, 2.0), (-4.0, 2.0)]
    desk.draw(0, *corners)
    desk.click(desk.on(0, -4.0, -3.0))
    desk.confirm("高架水槽")
    (entry,) = desk.keepouts.values()
    assert entry["building_id"] == "B0"
    assert (entry["why"], entry["who"]) == ("高架水槽", "設計 花子")
    shape = shapely.Polygon(entry["rings"][0])
    x, y = middles()[0]
    # Seven by five metres, to the rounding of the mouse to whole pixels.
    assert shape.area == pytest.approx(35.0, abs=12 * desk.pixel)
    assert shape.centroid.distance(shapely.Point(x - 0.5, y - 0.5)) < desk.pixel
    assert shape.hausdorff_distance(shapely.box(x - 4, y - 3, x + 3, y + 2)) < desk.pixel


def test_a_drawn_keepout_makes_its_roof_stale_and_the_map_says_how_to_go_on(desk: Desk, qtbot: QtBot) -> None:
    assert stale_buildings(desk.plan) == set()
    desk.tools.toggle_draw()
    desk.drag(desk.on(0, -3, -2), desk.on(0, 3, 2))
    desk.confirm()
    plan = desk.plan
    assert stale_buildings(plan) == {"B0"}
    owner = plan.results.links.set_index("building_id").loc["B0", "facility_id"]
    (row,) = drawn_on(plan)
    assert (row.facility_id, row.computed) == (owner, False)
    assert desk.word("ui.tool.run") in desk.banner
    with qtbot.waitSignal(desk.tools.run_asked):
        desk.view.cards.banner.buttons["run"].click()


def test_after_the_run_the_keepout_is_in_the_results_and_the_usable_area_is_less(desk: Desk) -> None:
    from kawasolar.stages import bring_up_to_date

    desk.tools.toggle_draw()
    desk.look_at_roof(1)
    desk.drag(desk.on(1, -4, -4), desk.on(1, 4, 4))
    desk.confirm("点検通路")
    before = desk.plan.results.planes
    project = bring_up_to_date(desk.project)
    planes = project.plan.results.planes
    lost = planes.loc[planes["building_id"] == "B1", "lost_keepout_m2"].sum()
    assert 0 < lost <= 64.0 + 1.0
    usable = [frame.loc[frame["building_id"] == "B1", "usable_m2"].sum() for frame in (before, planes)]
    assert usable[1] < usable[0]
    desk.document.set_results(project)
    desk.settle()
    assert [row.computed for row in drawn_on(desk.plan)] == [True]
    assert [row.computed for row in desk.view.keepouts.rows] == [True]


def test_a_refuge_is_kept_apart_from_other_keepouts(desk: Desk) -> None:
    from kawasolar.stages import bring_up_to_date

    desk.tools.toggle_draw()
    desk.look_at_roof(1)
    desk.drag(desk.on(1, -4, -4), desk.on(1, 4, 4))
    desk.confirm("津波避難場所（東側）")
    (entry,) = desk.plan.entries.table("keepouts").values()
    assert (entry["purpose"], entry["why"]) == ("refuge", "津波避難場所（東側）")
    planes = bring_up_to_date(desk.project).plan.results.planes
    mine = planes[planes["building_id"] == "B1"]
    assert mine["lost_keepout_m2"].sum() == 0.0 < mine["lost_refuge_m2"].sum()


@pytest.mark.parametrize("how", ["enter", "double", "first corner"])
def test_a_polygon_is_closed_in_each_way(desk: Desk, how: str) -> None:
    desk.tools.toggle_draw()
    desk.draw(0, (-4, -3), (3, -3))
    if how == "double":
        last = desk.on(0, 3, 2)
        desk.click(last, ALT)
        QTest.mouseDClick(desk.view, LEFT, ALT, last)
    else:
        desk.draw(0, (3, 2))
        desk.key(Qt.Key.Key_Return) if how == "enter" else desk.click(desk.on(0, -4, -3))
    desk.confirm()
    (entry,) = desk.keepouts.values()
    assert len(entry["rings"][0]) == 4
    assert shapely.Polygon(entry["rings"][0]).area == pytest.approx(17.5, abs=12 * desk.pixel)


def test_a_drag_draws_a_rectangle_along_the_roof(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.drag(desk.on(0, -5, -4), desk.on(0, 1, 3), ALT)
    desk.confirm()
    (entry,) = desk.keepouts.values()
    ring = np.array(entry["rings"][0])
    assert len(ring) == 5
    assert shapely.Polygon(ring).area == pytest.approx(42.0, abs=14 * desk.pixel)
    way = np.diff(ring, axis=0)
    assert np.abs((way[:-1] * way[1:]).sum(axis=1)).max() < 0.05


def test_the_last_corner_is_taken_back_by_backspace_and_by_undo_before_the_document_is(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.draw(0, (-4, -3), (3, -3), (3, 2), (6, 6))
    desk.key(Qt.Key.Key_Backspace)
    undo = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    undo.ignore()
    QApplication.sendEvent(desk.view, undo)
    assert undo.isAccepted()
    desk.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(desk.tool.points) == 2
    desk.key(Qt.Key.Key_Backspace)
    desk.key(Qt.Key.Key_Backspace)
    free = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    free.ignore()
    QApplication.sendEvent(desk.view, free)
    # With nothing drawn, undo is the document's again.
    assert not free.isAccepted()


def test_escape_drops_what_is_drawn_then_leaves(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.draw(0, (-4, -3), (3, -3), (3, 2))
    desk.key(Qt.Key.Key_Escape)
    assert (desk.tools.mode, desk.tool.points) == ("draw", [])
    desk.key(Qt.Key.Key_Escape)
    assert desk.tools.mode == ""
    assert not desk.view.cards.banner.isVisible()
    assert not desk.keepouts
    assert not desk.document.dirty


def test_escape_in_the_reason_drops_the_shape(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.drag(desk.on(0, -3, -2), desk.on(0, 3, 2))
    QTest.keyClick(desk.view.cards.reason.line, Qt.Key.Key_Escape)
    assert not desk.view.cards.reason.isVisible()
    assert not desk.keepouts
    assert (desk.tools.mode, desk.tool.stage) == ("draw", "begin")


def test_a_side_that_would_cross_is_refused_at_once_with_a_sentence(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.draw(0, (-4, -3), (4, -3), (4, 3), (0, -5))
    assert len(desk.tool.points) == 3
    assert desk.banner == desk.word("ui.tool.draw.fault.crossing")
    # A hook whose closing side would cross is refused as well, and stays as it was drawn.
    desk.key(Qt.Key.Key_Escape)
    desk.draw(0, (-3, -2), (3, -2), (3, 2), (0, 2), (0, -1), (2, -1), (2, 1))
    desk.key(Qt.Key.Key_Return)
    assert desk.banner == desk.word("ui.tool.draw.fault.crossing")
    assert not desk.view.cards.reason.isVisible()
    assert len(desk.tool.points) == 7
    desk.key(Qt.Key.Key_Backspace)
    desk.key(Qt.Key.Key_Backspace)
    desk.key(Qt.Key.Key_Return)
    assert desk.view.cards.reason.isVisible()


@pytest.mark.parametrize(
    ("roof", "begin", "end", "fault"),
    [
        (5, (-3, -2), (3, 2), "not_a_facility"),
        (0, (10, 13), (14, 16), "nowhere"),
        (0, (9, -3), (19, 3), "beside"),
    ],
)
def test_a_shape_elsewhere_is_refused_with_the_reason(desk: Desk, roof: int, begin: Any, end: Any, fault: str) -> None:
    desk.look_at_roof(roof)
    desk.tools.toggle_draw()
    desk.drag(desk.on(roof, *begin), desk.on(roof, *end), ALT)
    assert desk.banner == desk.word(f"ui.tool.draw.fault.{fault}")
    assert not desk.view.cards.reason.isVisible()
    assert not desk.keepouts


def test_two_corners_are_no_area(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.draw(0, (-4, -3), (3, -3))
    desk.key(Qt.Key.Key_Return)
    assert desk.banner == desk.word("ui.tool.draw.fault.few")


def test_corners_snap_to_the_roof_unless_alt_is_held(desk: Desk) -> None:
    corner = 11.0
    near = 5 * desk.pixel
    desk.tools.toggle_draw()
    desk.click(desk.on(0, corner - near, corner - near))
    desk.click(desk.on(0, corner - near, 0))
    desk.click(desk.on(0, 5, 0), ALT)
    x, y = middles()[0]
    points = np.array(desk.tool.points) - (x, y)
    assert points[0] == pytest.approx([corner, corner], abs=1e-6)
    assert points[1][0] == pytest.approx(corner, abs=1e-6)
    desk.key(Qt.Key.Key_Escape)
    desk.click(desk.on(0, corner - near, corner - near), ALT)
    assert np.abs(np.array(desk.tool.points[0]) - (x + corner, y + corner)).min() > desk.pixel


def test_shift_squares_the_next_side(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.click(desk.on(0, -5, -4), ALT)
    desk.click(desk.on(0, 4, -3.2), SHIFT)
    desk.click(desk.on(0, 3.1, 5), SHIFT)
    a, b, c = (np.array(point) for point in desk.tool.points)
    assert (b - a)[1] == pytest.approx(0.0, abs=1e-9)
    assert float(np.dot(b - a, c - b)) == pytest.approx(0.0, abs=1e-6)


def test_the_map_moves_while_a_polygon_is_drawn(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.draw(0, (-4, -3), (3, -3))
    drawn = list(desk.tool.points)
    before = desk.view.viewport()
    desk.drag(desk.on(0, 0, 0), desk.on(0, 0, 0) + QPoint(60, 30), button=MIDDLE)
    panned = desk.view.viewport()
    assert (panned.x, panned.y) == pytest.approx((before.x - 60 * before.scale, before.y + 30 * before.scale))
    QTest.keyPress(desk.view, Qt.Key.Key_Space)
    desk.drag(QPoint(400, 300), QPoint(460, 300))
    QTest.keyRelease(desk.view, Qt.Key.Key_Space)
    spaced = desk.view.viewport()
    assert spaced.x == pytest.approx(panned.x - 60 * before.scale)
    wheel = QWheelEvent(
        QPointF(500, 380), desk.view.mapToGlobal(QPointF(500, 380)), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(desk.view, wheel)
    assert desk.view.viewport().scale < spaced.scale
    assert desk.tool.points == drawn


def test_undo_and_redo_take_the_keepout_off_the_map_and_put_it_back(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.drag(desk.on(0, -3, -2), desk.on(0, 3, 2))
    desk.confirm("緑化")
    assert len(desk.view.keepouts.rows) == 1
    desk.document.undo()
    assert desk.view.keepouts.rows == []
    assert stale_buildings(desk.plan) == set()
    desk.document.redo()
    assert [row.mark.why for row in desk.view.keepouts.rows] == ["緑化"]


# Keep-outs on the map


def _with_keepout(desk: Desk, roof: int = 0, purpose: str = "other") -> str:
    x, y = middles()[roof]
    shape = shapely.box(x - 3, y - 2, x + 3, y + 2)
    desk.document.do(edits.add_keepout(desk.entries, f"B{roof}", shape, Author("設計 花子", "空調設備"), purpose))
    return max(desk.keepouts)


def test_a_click_selects_a_keepout_and_its_facility_and_delete_removes_it(desk: Desk) -> None:
    key = _with_keepout(desk)
    desk.click(desk.on(0, 2, 1))
    assert desk.view.keepouts.selected == key
    links = desk.plan.results.links.set_index("building_id")
    assert desk.document.selected == links.loc["B0", "facility_id"]
    assert "空調設備" in desk.banner
    desk.key(Qt.Key.Key_Delete)
    assert not desk.keepouts
    assert not desk.view.keepouts.selected
    desk.document.undo()
    assert list(desk.keepouts) == [key]


def test_a_click_beside_leaves_the_keepout_and_picks_the_building(desk: Desk) -> None:
    _with_keepout(desk)
    desk.click(desk.on(0, 2, 1))
    desk.click(desk.on(0, 7, 7))
    assert desk.view.keepouts.selected is None
    assert not desk.view.cards.banner.isVisible()
    assert desk.keepouts


def test_a_corner_and_the_whole_are_dragged_as_one_step_each_and_keep_their_reason(desk: Desk) -> None:
    key = _with_keepout(desk)
    desk.click(desk.on(0, 2, 1))
    desk.drag(desk.on(0, 3, 2), desk.on(0, 5, 4), ALT)
    x, y = middles()[0]
    wanted = shapely.Polygon([(x + 3, y - 2), (x + 5, y + 4), (x - 3, y + 2), (x - 3, y - 2)])
    now = shapely.Polygon(desk.keepouts[key]["rings"][0])
    assert now.hausdorff_distance(wanted) < 2 * desk.pixel
    assert desk.keepouts[key]["why"] == "空調設備"
    desk.drag(desk.on(0, 0, 0), desk.on(0, -4, 1), ALT)
    moved = shapely.Polygon(desk.keepouts[key]["rings"][0])
    assert moved.area == pytest.approx(now.area, rel=1e-3)
    assert moved.centroid.x - now.centroid.x == pytest.approx(-4.0, abs=2 * desk.pixel)
    desk.document.undo()
    assert shapely.Polygon(desk.keepouts[key]["rings"][0]).equals(now)
    desk.document.undo()
    assert shapely.Polygon(desk.keepouts[key]["rings"][0]).area == pytest.approx(24.0)


def test_a_refuge_that_is_moved_stays_a_refuge(desk: Desk) -> None:
    key = _with_keepout(desk, purpose="refuge")
    desk.click(desk.on(0, 2, 1))
    before = desk.keepouts[key]["rings"]
    desk.drag(desk.on(0, 0, 0), desk.on(0, -4, 1), ALT)
    assert desk.keepouts[key]["rings"] != before
    assert desk.keepouts[key]["purpose"] == "refuge"


def test_a_keepout_is_not_dragged_off_its_roof_or_across_itself(desk: Desk) -> None:
    key = _with_keepout(desk)
    before = desk.keepouts[key]
    desk.click(desk.on(0, 2, 1))
    desk.drag(desk.on(0, 0, 0), desk.on(0, 12, 0), ALT)
    assert desk.keepouts[key] == before
    assert desk.banner == desk.word("ui.tool.draw.fault.beside")
    desk.drag(desk.on(0, 3, 2), desk.on(0, 0, -5), ALT)
    assert desk.keepouts[key] == before
    assert desk.banner == desk.word("ui.tool.draw.fault.crossing")


def test_the_card_at_the_cursor_says_size_reason_person_and_that_it_is_not_computed(desk: Desk) -> None:
    _with_keepout(desk)
    desk.move(desk.on(0, 2, 1))
    desk.view._hover_timer.timeout.emit()
    lines = "\n".join(desk.view.cards.hover.lines)
    for part in ("24.0 m²", "空調設備", "設計 花子", desk.word("map.keepout.waiting")):
        assert part in lines


def test_a_keepout_is_seen_close_up_and_not_from_afar_nor_with_its_layer_off(desk: Desk) -> None:
    def picture() -> Any:
        desk.settle()
        image = desk.view.grab().toImage()
        spot = desk.on(0, 0, 0)
        return image.copy(spot.x() - 20, spot.y() - 12, 40, 24)

    bare = picture()
    _with_keepout(desk)
    assert picture() != bare
    desk.view.set_layer("keepouts", visible=False)
    assert picture() == bare
    desk.view.set_layer("keepouts", visible=True)
    x, y = middles()[0]
    assert desk.view.keepouts.at(x, y, 0.1) is not None
    assert desk.view.keepouts.at(x, y, 5.0) is None


def test_the_legend_names_keepouts_only_where_there_are_any(desk: Desk) -> None:
    def shown() -> bool:
        labels = desk.view.cards.legend.findChildren(QLabel)
        return any(label.text() == desk.word("map.legend.keepouts") and label.isVisible() for label in labels)

    assert not shown()
    _with_keepout(desk)
    assert shown()
    desk.view.set_layer("keepouts", visible=False)
    assert not shown()
    desk.view.set_layer("keepouts", visible=True)
    assert shown()
    desk.document.undo()
    assert not shown()


def test_the_area_of_a_keepout_is_what_lies_on_its_building(desk: Desk) -> None:
    x, y = middles()[0]
    # The roof ends at 11 m: of four metres by four, two by two lie on it.
    shape = shapely.box(x + 9, y + 9, x + 13, y + 13)
    desk.document.do(edits.add_keepout(desk.entries, "B0", shape, Author("設計 花子")))
    (row,) = drawn_on(desk.plan)
    assert row.area_m2 == pytest.approx(4.0, abs=1e-6)


# Joins


def _owner(desk: Desk, building: str) -> str:
    return str(desk.plan.results.links.set_index("building_id").loc[building, "facility_id"])


def _buildings(desk: Desk, facility: str) -> set[str]:
    links = desk.plan.results.links
    return set(links.loc[links["facility_id"] == facility, "building_id"])


def _pick_on(desk: Desk, facility: str) -> None:
    desk.tools.pick(facility)
    desk.view.fit()
    desk.settle()


def test_two_buildings_picked_by_hand_are_the_entry_and_undo_brings_the_programs_back(desk: Desk) -> None:
    one = _owner(desk, "B0")
    _pick_on(desk, one)
    desk.click(desk.on(5, 0, 3))
    assert desk.tool.chosen == {"B0", "B5"}
    desk.key(Qt.Key.Key_Return)
    desk.confirm("合築・併設")
    entry = desk.entries.get("joins", one)
    assert entry["building_ids"] == ["B0", "B5"]
    assert (entry["why"], entry["who"]) == ("合築・併設", "設計 花子")
    assert _buildings(desk, one) == {"B0", "B5"}
    links = desk.plan.results.links
    assert set(links.loc[links["facility_id"] == one, "how"]) == {"person"}
    assert stale_buildings(desk.plan) == {"B5"}
    assert yield_is_stale(desk.plan, one)
    assert not yield_is_stale(desk.plan, _owner(desk, "B1"))
    desk.document.undo()
    assert _buildings(desk, one) == {"B0"}
    assert stale_buildings(desk.plan) == set()


def test_a_building_of_another_facility_is_taken_only_after_it_was_said(desk: Desk) -> None:
    one, other = _owner(desk, "B0"), _owner(desk, "B1")
    _pick_on(desk, one)
    desk.click(desk.on(1, 0, 4))
    assert desk.tool.chosen == {"B0"}
    name = desk.plan.facilities.set_index("facility_id").loc[other, "name"]
    assert name in desk.banner
    desk.click(desk.on(1, 1, 4))
    assert desk.tool.chosen == {"B0", "B1"}
    assert name in desk.banner
    desk.key(Qt.Key.Key_Return)
    desk.confirm()
    assert _buildings(desk, one) == {"B0", "B1"}
    assert _buildings(desk, other) == set()


def test_a_building_that_a_person_gave_to_another_is_taken_from_there_in_the_same_step(desk: Desk) -> None:
    one, other = sorted((_owner(desk, "B0"), _owner(desk, "B1")))
    mine = next(iter(_buildings(desk, other)))
    desk.document.do(edits.correct_join(desk.entries, one, [*_buildings(desk, one), "B5"], Author("前任")))
    desk.settle()
    _pick_on(desk, other)
    desk.click(desk.on(5, 0, 3))
    desk.click(desk.on(5, 1, 3))
    desk.key(Qt.Key.Key_Return)
    desk.confirm()
    assert _buildings(desk, other) == {mine, "B5"}
    assert "B5" not in _buildings(desk, one)
    desk.document.undo()
    assert "B5" in _buildings(desk, one)


def test_cancel_and_an_unchanged_choice_enter_nothing(desk: Desk) -> None:
    one = _owner(desk, "B0")
    _pick_on(desk, one)
    desk.click(desk.on(5, 0, 3))
    desk.key(Qt.Key.Key_Escape)
    assert desk.tools.mode == ""
    _pick_on(desk, one)
    desk.key(Qt.Key.Key_Return)
    assert desk.tools.mode == ""
    assert not desk.view.cards.reason.isVisible()
    assert not desk.entries.table("joins")


def test_automatic_again_takes_the_entry_away(desk: Desk) -> None:
    one = _owner(desk, "B0")
    _pick_on(desk, one)
    assert "automatic" not in desk.view.cards.banner.buttons
    desk.tools.leave()
    desk.document.do(edits.correct_join(desk.entries, one, ["B5"], Author("前任")))
    desk.settle()
    assert _buildings(desk, one) == {"B5"}
    _pick_on(desk, one)
    desk.view.cards.banner.buttons["automatic"].click()
    assert desk.entries.get("joins", one) is None
    assert _buildings(desk, one) == {"B0"}
    assert desk.tools.mode == ""


def test_a_drag_while_picking_moves_the_map_and_picks_nothing(desk: Desk) -> None:
    one = _owner(desk, "B0")
    _pick_on(desk, one)
    before = desk.view.viewport()
    desk.drag(desk.on(5, 0, 0), desk.on(5, 0, 0) + QPoint(-40, -20))
    assert desk.tool.chosen == {"B0"}
    assert desk.view.viewport() != before


def test_without_a_selected_facility_the_banner_says_what_to_do(desk: Desk) -> None:
    desk.document.select(None)
    desk.tools.pick()
    assert desk.tools.mode == ""
    assert desk.banner == desk.word("ui.tool.pick.no_facility")


# The tools and the rest of the window


def test_language_and_theme_change_in_the_midst_of_drawing(desk: Desk) -> None:
    desk.tools.toggle_draw()
    desk.draw(0, (-4, -3), (3, -3), (3, 2))
    japanese = desk.banner
    desk.look.language, desk.look.tokens = "en", DARK
    desk.view.set_tokens(DARK)
    desk.view.set_language("en")
    assert len(desk.tool.points) == 3
    assert desk.banner == desk.word("ui.tool.draw.close") != japanese
    desk.key(Qt.Key.Key_Return)
    card = desk.view.cards.reason
    assert [chip.text() for chip in card.chips] == [desk.word(f"ui.tool.why.{code}") for code in KEEPOUT_REASONS]
    card.chips[1].click()
    desk.look.language = "ja"
    desk.view.set_language("ja")
    assert card.isVisible()
    # What was written stays as it was written.
    assert card.line.text() == "Water tank"
    QTest.keyClick(card.line, Qt.Key.Key_Return)
    assert [entry["why"] for entry in desk.keepouts.values()] == ["Water tank"]


def test_a_plan_that_goes_takes_the_tool_with_it(desk: Desk) -> None:
    for begin in (desk.tools.toggle_draw, lambda: desk.tools.pick(_owner(desk, "B0"))):
        begin()
        assert desk.tools.mode
        project = desk.project
        desk.document.set_project(None, None, saved=True)
        assert desk.tools.mode == ""
        assert not desk.view.cards.banner.isVisible()
        desk.document.set_project(project, None, saved=True)
        desk.settle()


def test_results_that_arrive_while_drawing_leave_the_polygon_alone(desk: Desk) -> None:
    from dataclasses import replace

    desk.tools.toggle_draw()
    desk.draw(0, (-4, -3), (3, -3), (3, 2))
    project = desk.project
    plan = project.plan
    again = replace(project, plans={plan.scenario: replace(plan, results=replace(plan.results))})
    desk.document.set_results(again)
    desk.settle()
    assert len(desk.tool.points) == 3
    desk.key(Qt.Key.Key_Return)
    desk.confirm()
    assert [entry["building_id"] for entry in desk.keepouts.values()] == ["B0"]


def test_the_banner_and_the_reason_never_leave_the_map(desk: Desk) -> None:
    for size in ((1000, 760), (560, 420), (1600, 900)):
        desk.view.resize(*size)
        desk.look_at_roof(0)
        desk.tools.toggle_draw()
        for language in LANGUAGES:
            desk.look.language = language
            desk.view.set_language(language)
            assert desk.view.rect().contains(desk.view.cards.banner.geometry())
            cards = desk.view.cards.covered()
            assert not any(a.intersects(b) for k, a in enumerate(cards) for b in cards[k + 1 :])
        desk.drag(desk.on(0, -3, -2), desk.on(0, 3, 2))
        assert desk.view.rect().contains(desk.view.cards.reason.geometry())
        desk.tools.leave()


def test_every_word_of_the_tools_is_there_in_both_languages() -> None:
    codes = [f"ui.tool.why.{code}" for code in (*KEEPOUT_REASONS, *JOIN_REASONS)]
    codes += [f"ui.tool.draw.{stage}" for stage in ("begin", "more", "close", "wait")]
    faults = ("few", "crossing", "small", "nowhere", "not_a_facility", "beside")
    codes += [f"ui.tool.draw.fault.{fault}" for fault in faults]
    codes += ["ui.undo.keepout", "ui.undo.move_keepout", "ui.undo.remove_keepout", "ui.undo.join", "ui.how.person"]
    for code in codes:
        assert all(catalogue()[code].get(language) for language in LANGUAGES), code


# Geometry

_NUMBER = st.floats(-50.0, 50.0)


@given(st.floats(0.0, math.pi / 2, exclude_max=True), st.floats(2.0, 60.0), st.floats(2.0, 60.0))
def test_the_main_direction_of_a_turned_rectangle_is_its_turn(angle: float, width: float, height: float) -> None:
    turned = shapely.affinity.rotate(shapely.box(0, 0, width, height), angle, use_radians=True)
    found = main_direction(turned)
    away = abs(found - angle) % (math.pi / 2)
    assert min(away, math.pi / 2 - away) < 1e-6


@given(_NUMBER, _NUMBER, _NUMBER, _NUMBER, st.floats(0.0, math.pi))
def test_a_rectangle_has_its_two_corners_and_right_angles(
    ax: float, ay: float, bx: float, by: float, turn: float
) -> None:
    a, b, c, d = (np.array(corner) for corner in rectangle((ax, ay), (bx, by), turn))
    assert a == pytest.approx([ax, ay])
    assert c == pytest.approx([bx, by])
    assert float(np.dot(b - a, d - a)) == pytest.approx(0.0, abs=1e-6)
    assert b - a == pytest.approx(c - d, abs=1e-9)
    assert measured_area([tuple(p) for p in (a, b, c, d)]) == pytest.approx(
        shapely.Polygon([a, b, c, d]).area, abs=1e-6
    )


@given(_NUMBER, _NUMBER, st.floats(0.0, math.pi))
def test_what_is_straightened_lies_on_a_line_and_no_other_is_nearer(x: float, y: float, turn: float) -> None:
    found = np.array(straightened((0.0, 0.0), (x, y), [turn]))
    lines = [np.array([math.cos(turn + k * math.pi / 2), math.sin(turn + k * math.pi / 2)]) for k in (0, 1)]
    assert min(abs(float(found[0] * u[1] - found[1] * u[0])) for u in lines) < 1e-6
    nearest = min(float(np.linalg.norm(np.array([x, y]) - u * (x * u[0] + y * u[1]))) for u in lines)
    assert float(np.linalg.norm(found - (x, y))) == pytest.approx(nearest, abs=1e-6)


def test_crossing_is_told_of_lines_and_of_rings() -> None:
    bow = [(0.0, 0.0), (4.0, 4.0), (4.0, 0.0), (0.0, 4.0)]
    assert crosses_itself(bow, closed=False)
    # The line alone does not cross; the side that closes it does.
    assert not crosses_itself([(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, -2.0 + 3.0)], closed=False)
    hook = [(0.0, 0.0), (6.0, 0.0), (6.0, 4.0), (3.0, 4.0), (3.0, 1.0), (5.0, 1.0), (5.0, 3.0)]
    assert not crosses_itself(hook, closed=False)
    assert crosses_itself(hook, closed=True)


def test_snapping_prefers_corners_and_reaches_no_farther_than_told(town: Project) -> None:
    scene = Scene(town.plan)
    x, y = middles()[0]
    corner = snap([scene.public], scene.origin, x + 10.6, y + 10.7, 0.8)
    assert corner is not None
    assert corner.kind == "corner"
    assert (corner.x, corner.y) == pytest.approx((x + 11, y + 11))
    side = snap([scene.public], scene.origin, x + 10.6, y + 2.0, 0.8)
    assert side is not None
    assert side.kind == "side"
    assert (side.x, side.y) == pytest.approx((x + 11, y + 2))
    assert snap([scene.public], scene.origin, x, y, 0.8) is None


def test_the_roof_of_a_shape_is_the_one_that_holds_most_of_it(town: Project) -> None:
    scene = Scene(town.plan)
    x, y = middles()[1]
    found = roof_of(scene, shapely.box(x - 2, y - 2, x + 2, y + 2))
    assert (found.building_id, found.fault) == ("B1", "")
    assert found.area == pytest.approx(16.0)
    assert roof_of(scene, shapely.box(x + 100, y + 100, x + 101, y + 101)).fault == "nowhere"


# In the window


def test_the_panel_of_the_roofs_lists_shows_and_removes_what_is_drawn(window: MainWindow, qtbot: QtBot) -> None:
    plan = window.document.plan
    assert plan is not None
    assert window.map is not None
    panel = window.roofs.keepouts
    assert panel.rows == []
    building = str(plan.results.links["building_id"].iloc[3])
    middle = plan.results.buildings.set_index("building_id").geometry[building].centroid
    shape = shapely.box(middle.x - 2, middle.y - 1, middle.x + 2, middle.y + 1)
    entries = window.document.entries
    assert entries is not None
    window.document.do(edits.add_keepout(entries, building, shape, Author("設計 花子", "アンテナ")))
    (row,) = panel.rows
    assert (row.facility_id, row.mark.why) == (str(plan.results.links["facility_id"].iloc[3]), "アンテナ")
    assert row.area_m2 == pytest.approx(8.0)
    assert panel.stale.text() == window.look.say("ui.tool.stale", count=1)
    qtbot.waitUntil(window.map.is_idle, timeout=20_000)
    panel.zoom_asked.emit(row.key)
    assert window.map.keepouts.selected == row.key
    assert window.document.selected == row.facility_id
    west, south, east, north = window.map.viewport().bounds
    assert shapely.box(west, south, east, north).contains(shape)
    panel.remove_asked.emit(row.key)
    assert panel.rows == []
    assert not entries.table("keepouts")


def test_commands_of_the_menu_start_the_tools_and_a_new_language_keeps_them(window: MainWindow, qtbot: QtBot) -> None:
    assert window.map is not None
    assert window.tools is not None
    qtbot.waitUntil(window.map.is_idle, timeout=20_000)
    window.actions_named("draw_keepout").trigger()
    assert window.tools.mode == "draw"
    window.set_language("en")
    window.set_theme("dark")
    assert window.tools.mode == "draw"
    assert window.map.cards.banner.title.text() == catalogue()["ui.tool.draw.title"]["en"]
    window.actions_named("draw_keepout").trigger()
    assert window.tools.mode == ""
    plan = window.document.plan
    assert plan is not None
    window.document.select(str(plan.facilities["facility_id"].iloc[0]))
    window.actions_named("pick_buildings").trigger()
    assert window.tools.mode == "pick"
    window.tools.leave()


def test_the_inspector_says_who_named_the_buildings_and_starts_the_choice(window: MainWindow, qtbot: QtBot) -> None:
    plan, entries = window.document.plan, window.document.entries
    assert plan is not None
    assert entries is not None
    assert window.tools is not None
    facility = str(plan.facilities["facility_id"].iloc[0])
    spare = next(iter(set(plan.results.buildings["building_id"]) - set(plan.results.links["building_id"])))
    window.document.select(facility)
    window.inspector.tabs.setCurrentIndex(1)
    part = window.inspector.roof.buildings
    assert part.by_hand.text() == ""
    window.document.do(edits.correct_join(entries, facility, [spare], Author("設計 花子", "位置のずれ")))
    assert "設計 花子" in part.by_hand.text()
    assert "位置のずれ" in part.by_hand.text()
    assert part.stale.text() == window.look.say("ui.tool.stale", count=1)
    part.pick.click()
    assert window.tools.mode == "pick"
    window.tools.leave()
