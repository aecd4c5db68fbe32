"""The map, driven as a user drives it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import rasterio
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QAccessible, QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from shapely.geometry import MultiPolygon, Point, Polygon, box

from kawasolar.words import LANGUAGES, catalogue
from tests.support.plans import example_plan
from ui.map import LAYERS, MapView
from ui.map.labels import Wanted, place, within
from ui.map.overlays import round_length
from ui.map.rasters import Rasters, rounded_range
from ui.map.scene import Scene, Shapes, Tiles
from ui.map.style import PUBLIC, WORDS, Kind, kind_color, ramp_table, relief_table
from ui.map.viewport import Viewport
from ui.tokens import DARK, IRRADIATION_RAMP, LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Decision, Plan


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return example_plan(tmp_path_factory.mktemp("地図 plan"))


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Callable[..., MapView]]:
    made: list[MapView] = []

    def build(plan: Plan | None, size: tuple[int, int] = (800, 600), tokens: Any = LIGHT) -> MapView:
        view = MapView(tokens, "ja")
        qtbot.addWidget(view)
        view.resize(*size)
        view.show()
        view.set_plan(plan)
        settle(qtbot, view)
        made.append(view)
        return view

    yield build
    for view in made:
        view.shutdown()


def settle(qtbot: QtBot, view: MapView) -> None:
    qtbot.waitUntil(view.is_idle, timeout=20_000)


def grab(view: MapView) -> QImage:
    return view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def at(view: MapView, x: float, y: float) -> QPoint:
    px, py = view.viewport().to_screen(x, y)
    return QPoint(round(px), round(py))


def building_of(plan: Plan, facility_id: str) -> Any:
    link = plan.results.links.set_index("facility_id").loc[facility_id, "building_id"]
    return plan.results.buildings.set_index("building_id").geometry[link]


def move_to(view: MapView, point: QPoint) -> None:
    """A pointer that moves with no button pressed; offscreen windows get no such events of their own."""
    from PySide6.QtGui import QMouseEvent

    none = Qt.MouseButton.NoButton
    where = QPointF(point)
    event = QMouseEvent(
        QEvent.Type.MouseMove, where, view.mapToGlobal(where), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view, event)


def wheel(view: MapView, point: QPoint, steps: int) -> None:
    event = QWheelEvent(
        QPointF(point), view.mapToGlobal(QPointF(point)), QPoint(), QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def count_near(image: QImage, area: QRectF, color: QColor, slack: int = 24) -> int:
    """Pixels of ``area`` whose colour is close to ``color``."""
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    part = pixels[int(area.top()) : int(area.bottom()) + 1, int(area.left()) : int(area.right()) + 1, 2::-1].astype(int)
    return int((np.abs(part - [color.red(), color.green(), color.blue()]).max(axis=2) <= slack).sum())


def flipped(decision: Decision) -> Decision:
    """What was chosen is out, what was out is chosen."""
    sites = decision.sites.copy()
    chosen = sites["chosen"].to_numpy(dtype=bool)
    sites["chosen"] = ~chosen
    sites["status"] = np.where(chosen, "ineligible", "eligible")
    return replace(decision, sites=sites)


# Picking and selection


def test_a_click_on_a_building_picks_its_facility_and_on_nothing_none(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot
) -> None:
    view = make(plan)
    for facility_id in plan.facilities.facility_id.iloc[[0, 7, 21]]:
        view.zoom_to(facility_id)
        # Not the middle, where the marker is: the building itself.
        inside = Point(building_of(plan, facility_id).exterior.coords[0])
        middle = building_of(plan, facility_id).centroid
        spot = at(view, 0.8 * inside.x + 0.2 * middle.x, 0.8 * inside.y + 0.2 * middle.y)
        with qtbot.waitSignal(view.picked) as signal:
            qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot)
        assert signal.args == [facility_id]
    gap = at(view, *_empty_ground(plan, view))
    with qtbot.waitSignal(view.picked) as signal:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=gap)
    assert signal.args == [""]


def _empty_ground(plan: Plan, view: MapView) -> tuple[float, float]:
    west, south, east, north = view.viewport().bounds
    rng = np.random.default_rng(5)
    built = plan.results.buildings.geometry.buffer(5).union_all()
    cards = view._cards.covered()
    while True:
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        spot = QPointF(*view.viewport().to_screen(x, y))
        if not built.contains(Point(x, y)) and not any(card.contains(spot) for card in cards):
            return x, y


def test_a_building_of_no_facility_picks_none(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    private = plan.results.buildings[~plan.results.buildings.building_id.isin(plan.results.links.building_id)]
    x, y = private.geometry.iloc[10].centroid.coords[0]
    view.look_at(replace(view.viewport(), x=x, y=y, scale=0.1))
    with qtbot.waitSignal(view.picked) as signal:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at(view, x, y))
    assert signal.args == [""]


def test_two_facilities_in_one_building_are_picked_in_turn(make: Callable[..., MapView], plan: Plan) -> None:
    first, second = plan.facilities.facility_id.iloc[:2]
    links = plan.results.links.copy()
    links.loc[links.facility_id == second, "building_id"] = links.set_index("facility_id").building_id[first]
    view = make(replace(plan, results=replace(plan.results, links=links)))
    view.set_layer("facilities", False)
    middle = QPointF(at(view, *building_of(plan, first).centroid.coords[0]))
    found = []
    for _ in range(3):
        found.append(view.facility_at(middle))
        view.set_selected(found[-1])
    assert set(found) == {first, second}
    assert found[0] == found[2] != found[1]


def test_dragging_pans_and_picks_nothing(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    before = view.viewport()
    picked: list[str] = []
    view.picked.connect(picked.append)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(400, 300))
    qtbot.mouseMove(view, QPoint(430, 310))
    qtbot.mouseMove(view, QPoint(460, 340))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(460, 340))
    after = view.viewport()
    assert picked == []
    assert after.scale == before.scale
    # The ground under the pointer goes along with it.
    assert after.to_screen(*before.to_ground(400, 300)) == pytest.approx((460, 340))


def test_revealing_brings_a_facility_into_view_and_marks_it(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot
) -> None:
    view = make(plan)
    far, near = plan.facilities.facility_id.iloc[3], plan.facilities.facility_id.iloc[30]
    view.zoom_to(near)
    x, y = building_of(plan, far).centroid.coords[0]
    assert not view.viewport().sees((x, y, x, y))
    with qtbot.waitSignal(view.view_changed):
        view.set_selected(far, reveal=True)
    settle(qtbot, view)
    px, py = view.viewport().to_screen(x, y)
    assert QRectF(view.rect()).contains(px, py)
    assert not any(card.contains(px, py) for card in view._cards.covered())
    area = QRectF(0, 0, 799, 599)
    marked = count_near(grab(view), area, QColor(LIGHT.selection))
    view.set_selected(None)
    assert marked > count_near(grab(view), area, QColor(LIGHT.selection)) + 200


def test_a_selection_made_before_the_plan_has_loaded_holds(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot
) -> None:
    view = make(None)
    view.set_plan(plan)
    view.set_selected(plan.facilities.facility_id.iloc[4])
    settle(qtbot, view)
    assert count_near(grab(view), QRectF(view.rect()), QColor(LIGHT.selection), slack=4) > 50


# Colours


def test_a_new_decision_recolours_an_outline(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    view.set_layer("facilities", False)
    sites = plan.decision.sites
    chosen = sites[sites.chosen].facility_id.iloc[0]
    view.zoom_to(chosen)
    settle(qtbot, view)
    box = QRectF(*_screen_box(view, building_of(plan, chosen).bounds))
    accent = QColor(LIGHT.accent)
    before = count_near(grab(view), box, accent)
    assert before > 2 * (box.width() + box.height()) * 0.8
    view.set_decision(flipped(plan.decision))
    settle(qtbot, view)
    assert count_near(grab(view), box, accent) < before / 20
    view.set_decision(plan.decision)
    settle(qtbot, view)
    assert count_near(grab(view), box, accent) == before


def _screen_box(view: MapView, bounds: tuple[float, ...]) -> tuple[float, float, float, float]:
    left, top = view.viewport().to_screen(bounds[0], bounds[3])
    right, bottom = view.viewport().to_screen(bounds[2], bounds[1])
    return left - 3, top - 3, right - left + 6, bottom - top + 6


def test_irradiation_is_drawn_in_the_ramps_colours_where_it_lies(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot
) -> None:
    """The pixel over the middle of a known cell has that cell's colour: raster, window and ramp agree."""
    view = make(plan)
    for name in ("buildings", "facilities", "planes", "modules"):
        view.set_layer(name, False)
    with rasterio.open(plan.cache / "irradiation.tif") as file:
        values, place_of = file.read(1), file.transform
    rows, cols = np.nonzero(np.isfinite(values))
    pick = np.random.default_rng(2).choice(len(rows), 12, replace=False)
    low, high = view._loaded.span  # type: ignore[union-attr]
    for row, col in zip(rows[pick], cols[pick], strict=True):
        x, y = place_of.c + (col + 0.5) * place_of.a, place_of.f + (row + 0.5) * place_of.e
        view.look_at(replace(view.viewport(), x=x, y=y, scale=0.0999))
        settle(qtbot, view)
        step = int(np.clip((values[row, col] - low) / (high - low) * 255, 0, 255))
        image = grab(view)
        # The cell is ten pixels wide: its middle and near its corners.
        for dx, dy in ((0, 0), (-4, -4), (4, 4), (-4, 4), (4, -4)):
            found = np.uint32(image.pixel(400 + dx, 300 + dy))
            assert abs(int(found >> 8 & 255) - int(ramp_table()[step] >> 8 & 255)) <= 2


def test_the_ramp_keeps_its_order_and_ends() -> None:
    table = ramp_table()
    assert table[0] == QColor(IRRADIATION_RAMP[0]).rgb()
    assert table[-1] == QColor(IRRADIATION_RAMP[-1]).rgb()
    grey = 0.2126 * (table >> 16 & 255) + 0.7152 * (table >> 8 & 255) + 0.0722 * (table & 255)
    assert np.all(np.diff(grey) >= 0)
    assert np.all(np.diff(grey[::8]) > 0)


def test_dark_relief_is_darker_than_light_relief_and_both_rise() -> None:
    for tokens in (LIGHT, DARK):
        green = (relief_table(tokens)[1:] >> np.uint32(8) & np.uint32(255)).astype(int)
        assert np.all(np.diff(green) >= 0)
    assert np.all((relief_table(DARK)[1:] & 255) < (relief_table(LIGHT)[1:] & 255))


def test_a_theme_changes_the_ground(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    light = QColor(grab(view).pixel(400, 5)).lightness()
    view.set_tokens(DARK)
    settle(qtbot, view)
    assert QColor(grab(view).pixel(400, 5)).lightness() < light - 100


def test_recolouring_costs_the_window_less_than_loading_by_far(
    make: Callable[..., MapView], tmp_path: Path, qtbot: QtBot
) -> None:
    """A decision for 1,000 facilities among 3,000 buildings: the window's share against the worker's work."""
    big = example_plan(tmp_path, facilities=1000)
    view = make(big)
    start = time.perf_counter()
    Scene(big)
    loading = time.perf_counter() - start
    other = flipped(big.decision)
    spent = []
    for decision in (other, big.decision) * 3:
        start = time.perf_counter()
        view.set_decision(decision)
        spent.append(time.perf_counter() - start)
        settle(qtbot, view)
    assert min(spent) < loading / 2


# The view


def test_the_wheel_zooms_about_the_cursor(make: Callable[..., MapView], plan: Plan) -> None:
    view = make(plan)
    spot = QPoint(500, 200)
    before = view.viewport()
    wheel(view, spot, 4)
    after = view.viewport()
    assert after.scale < before.scale
    assert after.to_ground(500, 200) == pytest.approx(before.to_ground(500, 200))


def test_keys_move_zoom_and_fit(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    whole = view.viewport()
    qtbot.keyClicks(view, "+")
    assert view.viewport().scale < whole.scale
    before = view.viewport()
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.viewport().x > before.x
    assert view.viewport().y == before.y
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view.viewport().y > before.y
    qtbot.keyClicks(view, "-")
    assert view.viewport().scale == pytest.approx(whole.scale)
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.viewport() == whole


def test_buttons_do_what_their_names_say(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    whole = view.viewport()
    buttons = view._cards.buttons.button
    qtbot.mouseClick(buttons["zoom_in"], Qt.MouseButton.LeftButton)
    assert view.viewport().scale < whole.scale
    qtbot.mouseClick(buttons["zoom_out"], Qt.MouseButton.LeftButton)
    assert view.viewport().scale == pytest.approx(whole.scale)
    qtbot.mouseClick(buttons["zoom_in"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(buttons["fit"], Qt.MouseButton.LeftButton)
    assert view.viewport() == whole


def test_double_click_goes_to_the_facility(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    facility_id = plan.facilities.facility_id.iloc[11]
    x, y = building_of(plan, facility_id).centroid.coords[0]
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at(view, x, y))
    assert view.viewport().to_screen(x, y) == pytest.approx((400, 300), abs=2)
    box = _screen_box(view, building_of(plan, facility_id).bounds)
    assert 0.2 < max(box[2] / 800, box[3] / 600) < 0.6


def test_the_whole_plan_is_fitted_and_stays_so_until_the_user_moves(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot
) -> None:
    view = make(plan)
    view.resize(1200, 500)
    west, south, east, north = view.viewport().bounds
    box = view._loaded.scene.bounds  # type: ignore[union-attr]
    assert west < box[0]
    assert south < box[1]
    assert east > box[2]
    assert north > box[3]
    view.zoom_in()
    scale = view.viewport().scale
    view.resize(900, 600)
    assert view.viewport().scale == scale


def test_a_plan_of_the_same_place_does_not_move_the_view(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot
) -> None:
    view = make(plan)
    view.zoom_to(plan.facilities.facility_id.iloc[5])
    before = view.viewport()
    view.set_plan(replace(plan, decision=flipped(plan.decision)))
    view.set_plan(replace(plan, results=replace(plan.results)))
    settle(qtbot, view)
    assert view.viewport() == before


# Hovering


def test_hovering_tells_place_and_height_of_the_cell(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    told: list[tuple[float, float, float | None]] = []
    view.hovered.connect(lambda x, y, z: told.append((x, y, z)))
    with rasterio.open(plan.cache / "surface.tif") as file:
        values, place_of = file.read(1), file.transform
    for row, col in ((300, 310), (10, 400), (590, 255), (256, 256)):
        x, y = place_of.c + (col + 0.5) * place_of.a, place_of.f + (row + 0.5) * place_of.e
        view.look_at(replace(view.viewport(), x=x, y=y, scale=0.1))
        move_to(view, QPoint(400, 300))
        settle(qtbot, view)
        assert told[-1][:2] == pytest.approx((x, y))
        assert told[-1][2] == pytest.approx(float(values[row, col]))


def test_beyond_the_surface_there_is_no_height(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    told: list[object] = []
    view.hovered.connect(lambda x, y, z: told.append(z))
    move_to(view, QPoint(790, 300))
    settle(qtbot, view)
    assert told == [None]


def test_the_card_at_the_cursor_says_name_class_and_figures(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot
) -> None:
    view = make(plan)
    sites = plan.decision.sites
    facility_id = sites[sites.chosen].facility_id.iloc[0]
    view.zoom_to(facility_id)
    move_to(view, at(view, *building_of(plan, facility_id).centroid.coords[0]))
    hover = view._cards.hover
    assert not hover.isVisible()
    qtbot.waitUntil(hover.isVisible, timeout=3000)
    row = plan.results.yields.set_index("facility_id").loc[facility_id]
    name, kind, figures = hover.lines
    assert name == plan.facilities.set_index("facility_id").name[facility_id]
    assert kind == "選定"
    assert f"{row.capacity_kw:,.0f} kW" in figures
    assert f"{row.irradiation_kwh_m2:,.0f} kWh/m²" in figures
    assert QRectF(view.rect()).contains(QRectF(hover.geometry()))
    move_to(view, QPoint(3, 300))
    assert not hover.isVisible()


# Cards


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [(400, 220), (900, 500), (1366, 768), (2560, 1440)])
@pytest.mark.parametrize("rasters", [True, False])
def test_no_card_covers_another_or_is_cut_off(
    make: Callable[..., MapView], plan: Plan, tmp_path: Path, size: tuple[int, int], language: Any, rasters: bool
) -> None:
    view = make(plan if rasters else replace(plan, cache=tmp_path), size=size)
    view.set_language(language)
    cards = view._cards.covered()
    assert len(cards) == (4 if rasters else 5)
    for k, card in enumerate(cards):
        assert QRectF(view.rect()).contains(card)
        assert not any(card.intersects(other) for other in cards[k + 1 :])
    assert view._cards.legend.is_open == (size[1] >= 500)
    # No word of the legend is cut.
    words = [label for label in view._cards.legend.findChildren(QLabel) if label.isVisible()]
    assert len(words) == (2 if rasters else 1) if size[1] < 500 else len(words) >= 10
    assert all(label.width() >= label.sizeHint().width() for label in words)


def test_the_legend_folds_and_stays_folded(make: Callable[..., MapView], plan: Plan) -> None:
    view = make(plan)
    legend = view._cards.legend
    tall = legend.height()
    legend.toggle()
    assert legend.height() < tall / 2
    view.resize(1000, 800)
    assert not legend.is_open
    legend.toggle()
    assert legend.height() == tall


def test_the_legend_counts_the_classes(make: Callable[..., MapView], plan: Plan) -> None:
    view = make(plan)
    sites = plan.decision.sites
    counts = {kind: view._cards.legend._counts[kind].text() for kind in PUBLIC}
    assert counts[Kind.CHOSEN] == str(int(sites.chosen.sum()))
    assert counts[Kind.ELIGIBLE] == str(int(((sites.status == "eligible") & ~sites.chosen).sum()))
    assert counts[Kind.UNKNOWN] == str(int((sites.status == "unknown").sum()))
    assert counts[Kind.INELIGIBLE] == str(int((sites.status == "ineligible").sum()))


def test_the_scale_bar_is_a_round_length_of_the_right_size(make: Callable[..., MapView], plan: Plan) -> None:
    view = make(plan)
    for _ in range(6):
        bar = view._cards.scale_bar
        number, unit = bar.text.replace(",", "").split()
        metres = float(number) * {"km": 1000.0, "m": 1.0, "cm": 0.01}[unit]
        assert bar._length * view.viewport().scale == pytest.approx(metres)
        assert number.strip("0") in ("1", "2", "5")
        view.zoom_in()


@pytest.mark.parametrize(("metres", "expected"), [(9.99, 5), (10, 10), (49, 20), (50, 50), (1999, 1000), (0.03, 0.02)])
def test_round_lengths(metres: float, expected: float) -> None:
    assert round_length(metres) == pytest.approx(expected)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_button_has_a_name_and_every_word_exists(make: Callable[..., MapView], plan: Plan, language: Any) -> None:
    view = make(plan)
    view.set_language(language)
    buttons = view.findChildren(QToolButton)
    assert len(buttons) == 6
    for widget in (view, *buttons):
        name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
        assert name
        assert not name.startswith("map.")
    codes = [*WORDS.values(), *(f"map.layer.{name}" for name in LAYERS)]
    assert all(catalogue()[code][language] for code in codes)
    assert [a.text() for a in view._cards.buttons.action.values()] == [
        catalogue()[f"map.layer.{n}"][language] for n in LAYERS
    ]


def test_layers_are_switched_by_the_menu_and_by_call(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    everything = grab(view)
    view._cards.buttons.action["irradiation"].trigger()
    assert view.layers()["irradiation"] is False
    settle(qtbot, view)
    assert grab(view) != everything
    view.set_layer("irradiation", True)
    assert view._cards.buttons.action["irradiation"].isChecked()
    settle(qtbot, view)
    assert grab(view) == everything
    with pytest.raises(KeyError):
        view.set_layer("clouds", True)  # type: ignore[arg-type]


def test_a_synthetic_plan_says_so(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    assert view._cards.chip.isVisible()
    assert view._cards.chip.text == "合成データ"
    view.set_plan(replace(plan, synthetic=False))
    settle(qtbot, view)
    assert not view._cards.chip.isVisible()


# What is missing


def test_without_a_plan_there_is_a_hint_and_nothing_to_press(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot
) -> None:
    view = make(None)
    assert view.is_idle()
    assert view._cards.covered() == []
    image = grab(view)
    background = QColor(LIGHT.background)
    assert count_near(image, QRectF(0, 0, 799, 599), background, 2) < 800 * 600
    with qtbot.assertNotEmitted(view.picked):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(400, 300))
    view.set_plan(plan)
    settle(qtbot, view)
    view.set_plan(None)
    assert grab(view) == image


@pytest.mark.parametrize(
    ("gone", "notice"),
    [
        (("surface", "hillshade", "irradiation", "planes"), "map.notice.no_rasters"),
        (("irradiation",), "map.notice.no_irradiation"),
        (("surface",), "map.notice.no_surface"),
        (("hillshade",), None),
        (("planes",), None),
    ],
)
def test_missing_rasters_are_said_and_the_rest_is_drawn(
    make: Callable[..., MapView], tmp_path: Path, qtbot: QtBot, gone: tuple[str, ...], notice: str | None
) -> None:
    plan = example_plan(tmp_path)
    for name in gone:
        (plan.cache / f"{name}.tif").unlink()
    view = make(plan)
    shown = view._cards.notice
    assert shown.isVisible() == (notice is not None)
    assert shown.text == (catalogue()[notice]["ja"] if notice else "")
    facility_id = plan.decision.sites[plan.decision.sites.chosen].facility_id.iloc[0]
    box = QRectF(*_screen_box(view, building_of(plan, facility_id).bounds))
    assert count_near(grab(view), box, QColor(LIGHT.accent)) > 30
    if gone == ("hillshade",):
        # The relief is made from the surface.
        relief = [QColor(grab(view).pixel(x, 300)).lightness() for x in range(150, 650)]
        assert len(set(relief)) > 3


def test_a_truncated_raster_counts_as_missing(make: Callable[..., MapView], tmp_path: Path) -> None:
    plan = example_plan(tmp_path)
    path = plan.cache / "irradiation.tif"
    path.write_bytes(path.read_bytes()[:5000])
    view = make(plan)
    assert view._cards.notice.text == catalogue()["map.notice.no_irradiation"]["ja"]


def test_facilities_without_point_building_or_yield_do_no_harm(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot
) -> None:
    ledger = plan.facilities.copy()
    ledger.geometry = [None, None, *ledger.geometry.iloc[2:]]
    first, second = ledger.facility_id.iloc[:2]
    links = plan.results.links[plan.results.links.facility_id != first]
    yields = plan.results.yields[plan.results.yields.facility_id != second]
    view = make(replace(plan, facilities=ledger, results=replace(plan.results, links=links, yields=yields)))
    scene = view._loaded.scene  # type: ignore[union-attr]
    assert np.isnan(scene.points[0]).all()
    # The second stands on its building.
    assert building_of(plan, second).contains(Point(scene.points[1]))
    view.set_selected(first, reveal=True)
    view.set_selected(second, reveal=True)
    settle(qtbot, view)
    assert view.facility_at(QPointF(at(view, *scene.points[1]))) == second


def test_a_plan_with_nothing_in_it_is_shown(make: Callable[..., MapView], plan: Plan, tmp_path: Path) -> None:
    results = plan.results
    empty = replace(
        results, buildings=results.buildings.iloc[:0], planes=results.planes.iloc[:0],
        links=results.links.iloc[:0], yields=results.yields.iloc[:0],
    )  # fmt: skip
    decision = replace(plan.decision, sites=plan.decision.sites.iloc[:0])
    view = make(replace(plan, facilities=plan.facilities.iloc[:0], results=empty, decision=decision, cache=tmp_path))
    assert view._cards.legend._counts[Kind.CHOSEN].text() == "0"


# The worker


def _workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "kawasolar-map"]


def test_no_thread_outlives_the_map(plan: Plan, qtbot: QtBot) -> None:
    assert _workers() == []
    view = MapView(LIGHT, "ja")
    view.set_plan(plan)
    view.close()
    assert _workers() == []
    # A child that is destroyed without having been closed, at work.
    view = MapView(LIGHT, "ja")
    view.set_plan(plan)
    qtbot.waitUntil(lambda: len(_workers()) == 1)
    view.deleteLater()
    QApplication.sendPostedEvents(view, QEvent.Type.DeferredDelete)
    assert _workers() == []


def test_a_map_in_a_window_rests_while_hidden_and_catches_up_when_shown(plan: Plan, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    view = MapView(LIGHT, "ja", window)
    view.resize(600, 400)
    window.show()
    view.set_plan(plan)
    # Closed before the worker has begun, and in the middle of loading.
    window.close()
    assert _workers() == []
    window.show()
    qtbot.waitUntil(lambda: len(_workers()) == 1)
    window.close()
    assert _workers() == []
    window.show()
    settle(qtbot, view)
    first = grab(view)
    assert first.pixelColor(300, 200) != QColor(LIGHT.background)
    # Another decision while hidden.
    window.hide()
    assert _workers() == []
    view.set_decision(flipped(plan.decision))
    window.show()
    settle(qtbot, view)
    assert grab(view) != first
    window.close()
    assert _workers() == []


def test_a_closed_map_can_be_shown_again(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    before = grab(view)
    view.close()
    view.show()
    view.zoom_in()
    view.fit()
    settle(qtbot, view)
    assert grab(view) == before


def test_idle_files_are_let_go(
    make: Callable[..., MapView], plan: Plan, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows does not replace an open file: the map must not keep them."""
    monkeypatch.setattr("ui.map.renderer.LET_GO_AFTER", 0.05)
    view = make(plan)
    qtbot.waitUntil(lambda: not view._renderer._rasters._open, timeout=3000)  # type: ignore[union-attr]
    view.zoom_in()
    settle(qtbot, view)


def test_only_the_last_of_many_views_counts(make: Callable[..., MapView], plan: Plan, qtbot: QtBot) -> None:
    view = make(plan)
    for k in range(60):
        wheel(view, QPoint(100 + 9 * k, 300), 1 if k % 3 else -1)
    settle(qtbot, view)
    hurried = grab(view)
    view._frame = None
    view._ask()
    settle(qtbot, view)
    assert grab(view) == hurried


# Parts


def test_viewports_go_there_and_back() -> None:
    view = Viewport(1000.0, 2000.0, 0.5, 800, 600)
    assert view.to_screen(1000, 2000) == (400, 300)
    assert view.to_ground(*view.to_screen(1234.5, 1999.25)) == pytest.approx((1234.5, 1999.25))
    assert view.bounds == (800.0, 1850.0, 1200.0, 2150.0)
    assert view.panned(10, 20).to_screen(1000, 2000) == (410, 320)
    assert view.fitted((0, 0, 100, 10), share=1.0).bounds[::2] == pytest.approx((0, 100))
    assert view.grown(10).to_screen(1000, 2000) == (410, 310)


def test_paths_keep_rings_apart() -> None:
    hole = Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(4, 4), (6, 4), (6, 6), (4, 6)]])
    two = MultiPolygon([box(20, 0, 22, 2), box(30, 0, 32, 2)])
    shapes = Shapes(np.array([hole, two], dtype=object), (0.0, 0.0))
    path = shapes.path(np.array([0, 1]))
    assert len(path.toSubpathPolygons()) == 4
    assert path.contains(QPointF(2, 2))
    assert not path.contains(QPointF(5, 5))
    assert path.contains(QPointF(31, 1))
    assert not path.contains(QPointF(25, 1))
    assert len(shapes.path(np.array([1])).toSubpathPolygons()) == 2


def test_tiles_hold_each_outline_once() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 1000, (2, 700))
    tiles = Tiles(Shapes(np.array([box(a, b, a + 5, b + 5) for a, b in zip(x, y, strict=True)], dtype=object), (0, 0)))
    everything = (0.0, 0.0, 1005.0, 1005.0)
    found = sum(len(p.toSubpathPolygons()) for tile in tiles.within(everything) for p in tiles.paths(int(tile)))
    assert found == 700
    corner = tiles.within((0.0, 0.0, 100.0, 100.0))
    assert 0 < len(corner) < len(tiles.boxes) / 4


def test_names_do_not_overlap_and_the_first_wins() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(0, 400, (80, 2))
    wanted = [Wanted(k, x, y, 90.0, 16.0) for k, (x, y) in enumerate(points.tolist())]
    found = place(wanted, dict(enumerate(map(tuple, points.tolist()))))
    assert 10 < len(found) < 80
    boxes = [QRectF(points[k, 0] + o.x(), points[k, 1] + o.y(), 90.0, 16.0) for k, o in found.items()]
    assert not any(a.intersects(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])
    # Of two at one place the first is named; one that must be shown is shown all the same.
    crowd = [Wanted(k, 0.0, 0.0, 300.0, 300.0) for k in range(5)]
    assert 0 in place(crowd, {})
    assert 4 not in place(crowd, {})
    assert 4 in place([*crowd[:4], replace(crowd[4], must=True)], {})


def test_the_ramps_range_is_round_and_never_empty() -> None:
    values = np.concatenate([np.linspace(612.0, 1388.0, 1000), [np.nan, np.inf]])
    assert rounded_range(values) == (600.0, 1400.0)
    assert rounded_range(np.full(5, 1000.0)) == (1000.0, 1100.0)
    assert rounded_range(np.full(5, np.nan)) is None


def test_heights_read_by_blocks_are_those_of_the_file(plan: Plan) -> None:
    rasters = Rasters(plan.cache)
    with rasterio.open(plan.cache / "surface.tif") as file:
        values = file.read(1)
    assert np.array_equal(rasters.block(2, 1), values[512:, 256:512])  # type: ignore[arg-type]
    rasters.close()


def test_classes_come_from_the_decision_and_the_higher_counts(plan: Plan) -> None:
    scene = Scene(plan)
    facility, outline = scene.kinds(plan.decision)
    sites = plan.decision.sites.set_index("facility_id")
    for k, one in enumerate(scene.facilities):
        row = sites.loc[one.facility_id]
        assert Kind(facility[k]).name.lower() == ("chosen" if row.chosen else row.status)
        assert all(outline[scene.buildings_of(k)] == facility[k])
    shared = pd.concat(
        [plan.results.links, plan.results.links.assign(building_id=plan.results.links.building_id.iloc[0])]
    )
    scene = Scene(replace(plan, results=replace(plan.results, links=shared)))
    facility, outline = scene.kinds(plan.decision)
    at_first = scene.link_building[0]
    assert outline[at_first] == Kind.CHOSEN
    assert kind_color(Kind.CHOSEN, LIGHT) == QColor(LIGHT.accent)


@pytest.mark.parametrize(
    ("x", "y"), [(4.0, 200.0), (596.0, 200.0), (300.0, 3.0), (300.0, 397.0), (4.0, 3.0), (596.0, 397.0), (300.0, 200.0)]
)
@pytest.mark.parametrize("side", [(9.0, -10.0), (-109.0, -10.0), (-50.0, -29.0), (-50.0, 9.0)])
def test_the_selected_name_is_never_cut_by_the_views_edge(x: float, y: float, side: tuple[float, float]) -> None:
    plate = QRectF(x + side[0], y + side[1], 100.0, 20.0)
    moved = within(plate, QPointF(x, y), 600.0, 400.0)
    assert moved.size() == plate.size()
    assert QRectF(0, 0, 600, 400).contains(moved)
    if QRectF(0, 0, 600, 400).contains(plate):
        assert moved == plate
