"""Chargers in the window: cars of a list, figures that are those of the domain, curves, outages, a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pandas as pd
import pytest
from PySide6.QtCore import QPointF, Qt

from kawasolar.charging import Asked, assumptions_with, charging_of, read_cars
from kawasolar.half_hours import SLOTS
from ui.charging.dialog import ChargingDialog
from ui.charging.tables import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 60_000
CAR = {
    "model": "m", "battery_kwh": 20.0, "usable_share": 0.9, "kwh_per_km": 0.15, "winter_kwh_per_km": 0.2, "km_day": 30.0, "km_longest": 60.0, "leaves": 9.0, "returns": 17.0,
    "days_per_year": 240, "charge_kw": 3.0,
}  # fmt: skip


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of four cars: two at one base, one of which no charger serves, two at another."""
    rows = [
        {**CAR, "vehicle": "v1", "facility_id": "004", "v2x": 1}, {**CAR, "vehicle": "v2", "facility_id": "004", "v2x": 0, "km_longest": 99.0},
        {**CAR, "vehicle": "v3", "facility_id": "001", "v2x": 0}, {**CAR, "vehicle": "v4", "facility_id": "001", "v2x": 0},
    ]  # fmt: skip
    path = tmp_path / "車両.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def settled(dialog: ChargingDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog._job is None and not dialog._later.isActive(), timeout=WAIT)


@pytest.fixture
def dialog(opened: MainWindow, qtbot: QtBot, listed: Path) -> ChargingDialog:
    opened.ensure_parts()
    opened.document.select("004")
    opened.menus.actions["charging"].trigger()
    found = opened.findChild(ChargingDialog)
    assert found is not None
    settled(found, qtbot)
    # The plan has no ledger of vehicles: it is said, and nothing can be kept.
    assert found.found is None
    assert opened.look.say("charging.no_cars") in found.state.text()
    assert not found.save.isEnabled()
    found.asked.take_cars(listed)
    found.asked.changed.emit()
    settled(found, qtbot)
    assert found.found is not None
    return found


def test_figures_are_those_of_the_domain(
    opened: MainWindow, dialog: ChargingDialog, qtbot: QtBot, listed: Path, tmp_path: Path
) -> None:
    plan = opened.document.plan
    assert plan is not None
    assert dialog.found is not None
    before = opened.document.dirty
    wanted = charging_of(plan, read_cars(listed))
    pd.testing.assert_frame_equal(dialog.found.bases, wanted.bases)
    # The facility that was selected is shown; its car that no charger serves is told.
    assert dialog.facility == "004"
    assert "v2" in dialog.about.text()
    assert dialog.outage.text() == opened.look.say("ui.charging.no_outage")
    column = list(COLUMNS).index("cost_yen")
    dialog.table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    shown = [str(dialog.sorted.index(row, column).data()).replace(",", "") for row in range(2)]
    assert [float(one) for one in shown] == sorted(wanted.bases["cost_yen"] / 1000.0, reverse=True)
    rows = wanted.curves[(wanted.curves["facility_id"] == "004") & (wanted.curves["part"] == "worst")]
    chart = dialog.charts["worst"]
    np.testing.assert_allclose(chart.series["unmanaged"], rows["unmanaged_kw"])
    assert len(chart.series["load"]) == 2 * SLOTS
    chart.resize(400, chart.sizeHint().height())
    assert "kW" in str(chart.read(QPointF(200, 60)))
    assert chart.read(QPointF(1, 1)) is None
    assert not chart.grab().isNull()
    target = tmp_path / "充電.xlsx"
    dialog.write(target)
    settled(dialog, qtbot)
    assert len(openpyxl.load_workbook(target).sheetnames) == 5
    assert opened.document.dirty == before


def test_what_is_asked(opened: MainWindow, dialog: ChargingDialog, qtbot: QtBot) -> None:
    asked = dialog.asked
    assert asked.asked == Asked()
    asked.v2x.setValue(1)
    asked.fields["reserve_share"].setValue(30)
    asked.roof.setChecked(False)
    settled(dialog, qtbot)
    assert asked.asked == Asked(assumed=assumptions_with({"reserve_share": 0.3}), least={"v2x": 1}, roof=False)
    assert dialog.found is not None
    assert (dialog.found.chargers["kind"] == "v2x").sum() == 2
    assert "20" in dialog.outage.text()
    assert not dialog.charts["week"].series["pv"].any()
    # A file that is none is told, and what was there goes.
    asked.take_cars(asked.path.with_name("nobody.csv") if asked.path else None)
    asked.changed.emit()
    settled(dialog, qtbot)
    assert "nobody.csv" in dialog.state.text()
    assert dialog.found is None
    assert not dialog.charts["worst"].series
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=WAIT)
