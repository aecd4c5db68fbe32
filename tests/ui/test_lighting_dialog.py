"""LED retrofits in the window: figures that are those of the domain, years and budget that are asked, a facility's ways, a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from PySide6.QtCore import QPointF, Qt

from kawasolar.lighting import lighting_of
from ui.lighting.dialog import LightingDialog
from ui.lighting.tables import COLUMNS, way_rows

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 60_000


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> LightingDialog:
    window.ensure_parts()
    plan = window.document.plan
    assert plan is not None
    window.document.select(str(plan.facilities["facility_id"].iloc[3]))
    window.menus.actions["lighting"].trigger()
    found = window.findChild(LightingDialog)
    assert found is not None
    settled(found, qtbot)
    return found


def settled(dialog: LightingDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog._job is None and not dialog._later.isActive(), timeout=WAIT)


def test_figures_are_those_of_the_domain(window: MainWindow, dialog: LightingDialog) -> None:
    plan, found = window.document.plan, dialog.found
    assert plan is not None
    assert found is not None
    before = window.document.dirty
    wanted = lighting_of(plan, dialog.asked.asked)
    assert [row["facility_id"] for row in dialog.facilities.rows] == wanted.facilities["facility_id"].tolist()
    assert [row["saved_yen"] for row in dialog.facilities.rows] == wanted.facilities["saved_yen"].tolist()
    assert dialog.facility == str(plan.facilities["facility_id"].iloc[3])
    rows = way_rows(dialog._look, wanted, dialog.facility)
    # A purchase has no provider, whose return is no number.
    assert dialog.ways.rows[:-1] == rows[:-1]
    assert dialog.ways.rows[-1].values[1:] == rows[-1].values[1:]
    assert len(dialog.ways.heads) == 3
    assert window.document.dirty == before
    # Without a budget all is done in the first year, and nothing is left.
    assert dialog.stock.series[0].values == (0.0,) * 5
    assert dialog.money.marks == ()


def test_years_and_budget_are_asked(dialog: LightingDialog, qtbot: QtBot) -> None:
    dialog.asked.first.setValue(2027)
    dialog.asked.last.setValue(2029)
    dialog.asked.budget.setValue(50.0)
    dialog.asked.deadlines.setChecked(False)
    settled(dialog, qtbot)
    found = dialog.found
    assert found is not None
    assert (found.head.first, found.head.last, found.head.budget_yen) == (2027, 2029, 50e6)
    assert (found.years["cost_yen"] <= 50e6).all()
    assert dialog.money.marks == (50.0, 50.0, 50.0)
    dialog.money.resize(400, dialog.money.sizeHint().height())
    assert "2027" in str(dialog.money.read(QPointF(80, 80)))
    assert dialog.money.read(QPointF(1, 1)) is None
    assert not dialog.money.grab().isNull()
    # The other end gives way.
    dialog.asked.first.setValue(2035)
    assert dialog.asked.asked.last == 2035


def test_the_table_sorts_and_is_written(dialog: LightingDialog, qtbot: QtBot, tmp_path: Path) -> None:
    assert dialog.found is not None
    dialog.table.sortByColumn(COLUMNS.index("cost_yen"), Qt.SortOrder.DescendingOrder)
    place = COLUMNS.index("cost_yen")
    shown = [str(dialog.sorted.index(k, place).data()) for k in range(dialog.sorted.rowCount())]
    costs = [float(text.replace(",", "")) for text in shown]
    assert costs == sorted(costs, reverse=True)
    dialog.table.setCurrentIndex(dialog.sorted.index(0, 0))
    dearest = dialog.found.facilities.sort_values("cost_yen", kind="stable")["facility_id"].iloc[-1]
    assert dialog.facility == dearest
    target = tmp_path / "LED.xlsx"
    dialog.write(target)
    settled(dialog, qtbot)
    assert len(openpyxl.load_workbook(target).sheetnames) == 7


def test_a_year_is_given_and_shown_on_the_map(window: MainWindow, dialog: LightingDialog, qtbot: QtBot) -> None:
    facility = dialog.facility
    assert facility is not None
    assert window.map is not None
    dialog.pin.setCurrentIndex(dialog.pin.findData(2028))
    dialog.pin.activated.emit(dialog.pin.currentIndex())
    settled(dialog, qtbot)
    assert dialog.found is not None
    years = dialog.found.facilities.set_index("facility_id")["year"]
    assert years[facility] == 2028
    assert set(years.drop(facility)) == {2026}
    assert (dialog.facility, dialog.pin.currentData()) == (facility, 2028)
    dialog.map.click()
    groups = window.map.groups
    assert groups is not None
    assert groups.of[facility].label == "28"
    assert {groups.names[kind] for kind in groups.of.values()} == {"2026 年度にLED化", "2028 年度にLED化"}
    window.map.groups_left.emit()
    assert window.map.groups is None
    # Years that are none of the programme any more are forgotten.
    dialog.asked.last.setValue(2027)
    settled(dialog, qtbot)
    assert dialog.pins == {}


def test_escape_stops_the_work_first(dialog: LightingDialog, qtbot: QtBot) -> None:
    dialog.asked.budget.setValue(30.0)
    qtbot.waitUntil(lambda: dialog._job is not None, timeout=WAIT)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    settled(dialog, qtbot)
    assert dialog.isVisible()
    assert dialog.save.isEnabled() == (dialog.found is not None)
