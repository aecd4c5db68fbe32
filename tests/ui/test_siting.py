"""Sites of chargers in the window: asked, reckoned as the domain does, looked at, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
from PySide6.QtCore import QPointF, Qt

from kawasolar.siting.inputs import Sources, sites_for
from kawasolar.siting.of_plan import Asked
from kawasolar.siting.table import assumptions_with
from ui.siting.dialog import SitingDialog

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan
    from ui.window import MainWindow

WAIT = 60_000


SITES = 3


def write_points(path: Path, plan: Plan, count: int = 60) -> Path:
    """Around the facilities, each its own way off."""
    rng = np.random.default_rng(2)
    own = plan.facilities.geometry.get_coordinates().to_numpy()
    xy = own[rng.integers(0, len(own), count)] + rng.normal(0, 40, (count, 2))
    frame = gpd.GeoDataFrame({"戸数": rng.integers(1, 40, count)}, geometry=gpd.points_from_xy(*xy.T), crs=plan.crs)
    frame.to_file(path)
    return path


@pytest.fixture
def dialog(opened: MainWindow, tmp_path: Path) -> SitingDialog:
    window, plan = opened, opened.document.plan
    assert plan is not None
    window.ensure_parts()
    window.menus.actions["siting"].trigger()
    found = window.findChild(SitingDialog)
    assert found is not None
    assert not found.compute.isEnabled()
    assert not found.save.isEnabled()
    found.asked.files["demand"].take(write_points(tmp_path / "集合住宅.gpkg", plan))
    found.asked.number.setValue(SITES)
    found.asked.fields["radius_m"].setValue(60.0)
    return found


def settled(dialog: SitingDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog._job is None, timeout=WAIT)


def test_the_answer_is_the_domains(opened: MainWindow, dialog: SitingDialog, qtbot: QtBot, tmp_path: Path) -> None:
    plan = opened.document.plan
    assert plan is not None
    assert dialog.compute.isEnabled()
    qtbot.mouseClick(dialog.compute, Qt.MouseButton.LeftButton)
    settled(dialog, qtbot)
    found = dialog.found
    assert found is not None
    wanted, _ = sites_for(plan, Sources("points", tmp_path / "集合住宅.gpkg"), assumptions_with({"radius_m": 60.0}), Asked(number=SITES))  # fmt: skip
    assert found.sites["site_id"].tolist() == wanted.sites["site_id"].tolist()
    assert dialog.sites.rowCount() == SITES
    assert dialog.left_out.rowCount() == int((wanted.candidates["why_not"] != "").sum())
    assert str(dialog.sites.data(dialog.sites.index(0, 0))) == wanted.sites["name"].iloc[0]
    assert f"{SITES} か所" in dialog.head.text()
    assert "siting." not in dialog.notes.text()
    # The map and the table look at the same site.
    dialog.map.resize(400, 300)
    x, y = wanted.sites[["x", "y"]].iloc[2]
    qtbot.mouseClick(dialog.map, Qt.MouseButton.LeftButton, pos=dialog.map.at(float(x), float(y)).toPoint())
    assert dialog.table.currentIndex().row() == 2
    assert dialog.map.chosen == 2
    assert dialog.map.read(dialog.map.at(float(x), float(y))) == wanted.sites["name"].iloc[2]
    assert "か所" in str(dialog.chart.read(QPointF(200, 60)))


def test_a_site_is_pinned_or_vetoed_and_released(dialog: SitingDialog, qtbot: QtBot) -> None:
    dialog.reckon()
    settled(dialog, qtbot)
    assert dialog.found is not None
    first, second = dialog.found.sites["site_id"].tolist()[:2]
    dialog.table.selectRow(0)
    assert "なければ" in dialog.why.text()
    dialog.veto.click()
    dialog.table.selectRow(1)
    dialog.pin.click()
    assert not dialog.pin.isEnabled()
    dialog.reckon()
    settled(dialog, qtbot)
    again = dialog.found.sites.set_index("site_id")
    assert first not in again.index
    assert again.loc[second, "how"] == "pinned"
    assert "必ず設置" in dialog.marks.text()
    dialog.release.click()
    assert not dialog.marks.text()
    dialog.reckon()
    settled(dialog, qtbot)
    assert first in dialog.found.sites["site_id"].tolist()


def test_papers_are_written(dialog: SitingDialog, qtbot: QtBot, tmp_path: Path) -> None:
    dialog.reckon()
    settled(dialog, qtbot)
    dialog.write(tmp_path / "a.xlsx")
    settled(dialog, qtbot)
    dialog.write_layers(tmp_path / "a.gpkg")
    settled(dialog, qtbot)
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames[0] == "設置地点"
    assert len(gpd.read_file(tmp_path / "a.gpkg", layer="sites")) == SITES
    assert "a.gpkg" in dialog.state.text()


def test_what_cannot_be_is_said_and_a_stop_is_heard(dialog: SitingDialog, qtbot: QtBot) -> None:
    dialog.asked.budget.setText("20, x")
    assert not dialog.compute.isEnabled()
    dialog.asked.budget.setText("12、12")
    assert dialog.asked.asked.budgets == (12e6, 12e6)
    dialog.reckon()
    settled(dialog, qtbot)
    assert dialog.found is not None
    assert set(dialog.found.sites["fiscal_year"]) <= {
        dialog.found.head["first_year"],
        dialog.found.head["first_year"] + 1,
    }
    dialog.asked.budget.setText("")
    dialog.asked.number.setValue(5000)
    dialog.reckon()
    settled(dialog, qtbot)
    assert dialog.found is None
    assert "5000" in dialog.state.text()
    assert dialog.sites.rowCount() == 0
    dialog.asked.number.setValue(SITES)
    dialog.reckon()
    dialog.reject()
    settled(dialog, qtbot)
    assert dialog.isVisible()
    assert dialog.compute.isEnabled()
