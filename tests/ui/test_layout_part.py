"""Modules in the window: laid out otherwise with one choice, seen at once, taken back; the catalogue; glare; the roof from above."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from PySide6.QtCore import QPointF

from kawasolar.document import edits
from kawasolar.modules import shipped_catalogue, values_of, write_catalogue
from tests.ui.conftest import is_settled
from ui.charts.bars import MonthBars
from ui.inspector.band import band_of, band_text

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

ROOF = 1


@pytest.fixture
def facility(window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """One with modules, selected, its roof shown; no run follows and no catalogue of this person's is read."""
    monkeypatch.setattr(window.controller, "run", lambda: None)
    monkeypatch.setattr("kawasolar.modules.own_catalogue", lambda: tmp_path / "modules.csv")
    plan = window.document.plan
    assert plan is not None
    with_modules = (
        plan.results.subarrays.merge(plan.results.links, on="building_id").groupby("facility_id")["modules"].sum()
    )
    name = str(with_modules.idxmax())
    window.document.select(name)
    window.inspector.tabs.setCurrentIndex(ROOF)
    return name


def numbers(window: MainWindow, facility: str) -> tuple[int, set[str]]:
    plan = window.document.plan
    assert plan is not None
    links = plan.results.links
    buildings = links.loc[links["facility_id"] == facility, "building_id"]
    mine = plan.results.subarrays[plan.results.subarrays["building_id"].isin(buildings)]
    return int(mine["modules"].sum()), set(mine["mounting"])


def test_another_direction_is_laid_out_at_once_and_taken_back(window: MainWindow, facility: str) -> None:
    part = window.inspector.roof.layout_part
    before = numbers(window, facility)
    assert f"{before[0]:,}" in part.sum.text()
    field = part.choices["layout.racks"]
    field.setCurrentIndex(3)
    field.activated.emit(3)
    after = numbers(window, facility)
    assert "rack" not in after[1]
    assert f"{after[0]:,} 枚" in part.sum.text()
    assert part.reset.isVisibleTo(part)
    assert window.document.plan is not None
    assert window.document.plan.entries.of_scenario("layouts", "s1")[facility]["values"] == {"layout.racks": 3.0}
    window.document.undo()
    assert numbers(window, facility)[1] == before[1]
    window.document.redo()
    assert numbers(window, facility) == after
    part.reset.click()
    assert not window.document.plan.entries.of_scenario("layouts", "s1")
    assert field.currentIndex() == 0


def test_a_module_of_the_catalogue_for_one_facility_and_for_all(window: MainWindow, facility: str) -> None:
    part, document = window.inspector.roof.layout_part, window.document
    module = shipped_catalogue()[3]
    part.module.setCurrentIndex(4)
    part.module.activated.emit(4)
    assert document.plan is not None
    assert document.plan.entries.of_scenario("layouts", "s1")[facility]["values"] == values_of(module)
    assert f"{module.power_w:g} W" in part.sum.text()
    assert part.module.currentIndex() == 4
    window.show_step("roofs")
    window.roofs.module.setCurrentIndex(4)
    window.roofs.module.activated.emit(4)
    assert document.plan.profile.number("module.power") == module.power_w
    assert document.plan.profile.number("module.voc") == module.voc_v
    assert window.roofs.module.currentIndex() == 4


def test_a_catalogue_of_ones_own_is_offered_and_a_damaged_one_is_told(
    window: MainWindow, facility: str, tmp_path: Path
) -> None:
    part = window.inspector.roof.layout_part
    assert part.module.count() == 1 + len(shipped_catalogue())
    write_catalogue(tmp_path / "modules.csv", shipped_catalogue()[:2])
    window.inspector.refresh()
    assert part.module.count() == 3
    (tmp_path / "modules.csv").write_bytes(b"\x00\x01\x02")
    window.inspector.refresh()
    assert part.module.count() == 1 + len(shipped_catalogue())
    assert "modules.csv" in part.module.toolTip()


def test_the_roof_from_above_reads_what_lies_below_the_pointer(window: MainWindow, facility: str) -> None:
    chart = window.inspector.roof.layout_part.chart
    chart.resize(400, chart.sizeHint().height())
    roof = chart._roof
    assert roof is not None
    way = chart.to_screen()
    module = shapely.get_parts(roof.modules)[0].centroid
    assert chart.read(way.map(QPointF(module.x, -module.y))) == "モジュール"
    cells = roof.cells[0]
    covered = shapely.union_all(roof.modules)
    for row, col in np.argwhere(cells.rules > 0)[::37]:
        x, y = cells.west + (col + 0.5) * cells.cell, cells.north - (row + 0.5) * cells.cell
        read = chart.read(way.map(QPointF(x, -y)))
        wanted = (
            "モジュール"
            if covered.intersects(shapely.Point(x, y))
            else window.look.say(f"ui.roof.cell.{cells.rules[row, col]}")
        )
        assert read == wanted
    assert chart.read(QPointF(-5, -5)) is None


def test_glare_is_told_stopped_and_forgotten(
    window: MainWindow, facility: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    from kawasolar.glare import GlareReport

    part, go = window.inspector.roof.glare, threading.Event()
    assert window.document.plan is not None
    buildings = window.document.plan.results.buildings.head(2)
    frame = buildings[["building_id", "geometry"]].assign(
        minutes=[2400.0, 60.0], days=[90, 9], worst_day_minutes=[31.0, 8.0], worst_day="06-21", plane_id=1
    )
    report = GlareReport(frame, np.ones((12, 24), np.float32), 5, 200, 100.0, 30.0, 1800.0)
    assert report.exceeds.tolist() == [True, False]

    def slow(_plan: object, _facility: str, progress: object) -> GlareReport:
        while not go.wait(0.01):
            progress(0.5, "glare")  # type: ignore[operator]
        return report

    monkeypatch.setattr("kawasolar.glare.glare_of", slow)
    part.ask.click()
    qtbot.waitUntil(lambda: "50" in part.text.text())
    part.ask.click()
    qtbot.waitUntil(lambda: not window.jobs.running("glare"))
    assert part.report is None
    part.ask.click()
    go.set()
    qtbot.waitUntil(lambda: part.report is report)
    assert "40.0 時間" in part.text.text()
    assert "6月21日" in part.text.text()
    assert window.map is not None
    assert window.map.glare.report is report
    window.map.repaint()
    # Of another facility, or of other modules, nothing is known.
    window.document.do(
        edits.lay_out(window.document.entries, "s1", [facility], {"layout.gap": 0.05}, window.document.author())
    )  # type: ignore[arg-type]
    assert part.report is None
    assert window.map.glare.report is None


def test_a_band_stands_on_the_bars(window: MainWindow, qtbot: QtBot) -> None:
    bars = MonthBars(window.look, "月別")
    qtbot.addWidget(bars)
    bars.resize(300, 172)
    values = [float(k) for k in range(1, 13)]
    bars.show_values(values, "MWh")
    plain = bars.grab().toImage()
    bars.show_values(values, "MWh", [(0.8 * value, 1.3 * value) for value in values])
    assert bars.grab().toImage() != plain
    assert band_of({"energy_kwh": 1.0}) == []
    assert band_text(window.look, {"energy_kwh": 1.0}) == ""
    assert (
        band_text(window.look, {"energy_dull_kwh": 4000.0, "energy_sunny_kwh": 5e6})
        == "寡照年 4.00 MWh、多照年 5.00 GWh"
    )
    row = {
        "energy_dull_kwh": 1.0,
        **{f"m{k:02d}": 2000.0 for k in range(1, 13)},
        **{f"dull_m{k:02d}": 1500.0 for k in range(1, 13)},
    }
    assert band_of(row) == [(1.5, 2.0)] * 12


def test_the_light_on_the_roof_is_that_of_the_raster(window: MainWindow, facility: str, qtbot: QtBot) -> None:
    import rasterio

    plan, part = window.document.plan, window.inspector.roof.layout_part
    assert plan is not None
    part.chart.resize(400, part.chart.sizeHint().height())
    chips = {chip.text(): chip for chip in part._shown.buttons()}
    chips["日射量"].click()
    qtbot.waitUntil(lambda: part.chart._light is not None)
    roof = part.chart._roof
    assert roof is not None
    way = part.chart.to_screen()
    with rasterio.open(plan.cache / "irradiation.tif") as data:
        values = data.read(1)
        for outline in roof.outlines[:5]:
            point = outline.representative_point()
            row, col = data.index(point.x, point.y)
            read = part.chart.read(way.map(QPointF(point.x, -point.y)))
            assert read == (f"年間日射量 {values[row, col]:,.0f} kWh/m²" if np.isfinite(values[row, col]) else None)
    assert not part.no_light.isVisibleTo(part)
    chips["設置可否"].click()
    assert part.chart._light is None


def test_a_roof_without_a_raster_says_so(window: MainWindow, facility: str, qtbot: QtBot) -> None:
    part = window.inspector.roof.layout_part
    part._bounds = (0.0, 0.0, 1.0, 1.0)
    part._shown.button(1).click()
    qtbot.waitUntil(lambda: part.no_light.isVisibleTo(part))
    assert part.chart._light is None


def test_the_year_of_another_layout_follows_by_itself(opened: MainWindow, qtbot: QtBot) -> None:
    """Whatever stages come after the layout: nothing waits for a press of the button."""
    opened.ensure_parts()
    qtbot.waitUntil(lambda: is_settled(opened), timeout=60_000)
    plan = opened.document.plan
    assert plan is not None
    facility = str(plan.results.links.dropna(subset=["building_id"])["facility_id"].iloc[0])
    before = plan.results.yields.set_index("facility_id")["energy_kwh"][facility]
    opened.controller.roof.lay_out(facility, {"layout.gap": 0.3})
    assert opened.controller.is_running
    qtbot.waitUntil(lambda: is_settled(opened), timeout=60_000)
    plan = opened.document.plan
    assert plan is not None
    assert plan.results.yields.set_index("facility_id")["energy_kwh"][facility] < before
