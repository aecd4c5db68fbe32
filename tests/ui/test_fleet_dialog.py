"""The fleet in the window: figures of the domain, other wishes, cars without a substitute, a workbook, a plan without cars."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest
from PySide6.QtCore import QPointF, Qt

from kawasolar.fleet import default_rules, plan_fleet
from kawasolar.fleet.table import assumption_rows
from kawasolar.fleet.tables import car_table
from kawasolar.plan import RegisterRead, Registers
from ui.fleet.assumed import COLUMNS
from ui.fleet.dialog import FleetDialog

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan
    from ui.window import MainWindow

WAIT = 30_000


@pytest.fixture
def plan(opened: MainWindow) -> Plan:
    """The town's plan with four cars, of which one has no substitute."""
    found = opened.document.plan
    assert found is not None
    names = found.facilities["name"].tolist()
    frame = pd.DataFrame({
        "vehicle": [f"川崎 {k}" for k in range(4)], "base": names[:4], "vehicle_class": ["passenger", "kei_passenger", "passenger", "passenger"],
        "fuel": "petrol", "seats": [5.0, 4.0, 9.0, 5.0], "annual_km": 5000.0, "days_per_year": 200.0, "km_longest": 60.0,
        "lease_end": pd.to_datetime(["2028-03-31", "2027-03-31", "2027-03-31", "2026-09-30"]), "source_row": range(2, 6),
    })  # fmt: skip
    return replace(
        found, registers=Registers({"vehicles": RegisterRead(frame, {"vehicle": "登録番号", "base": "配置施設"})})
    )


@pytest.fixture
def dialog(opened: MainWindow, plan: Plan, qtbot: QtBot) -> FleetDialog:
    made = FleetDialog(opened.look, opened.jobs, opened.remembered, plan, opened)
    made.open()
    settled(made, qtbot)
    return made


def settled(dialog: FleetDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(
        lambda: dialog._job is None and not dialog._later.isActive() and dialog.found is not None, timeout=WAIT
    )


def test_figures_are_those_of_the_domain(dialog: FleetDialog, plan: Plan, qtbot: QtBot) -> None:
    wanted = plan_fleet(plan)
    assert dialog.found is not None
    pd.testing.assert_frame_equal(dialog.found.cars, wanted.cars)
    pd.testing.assert_frame_equal(dialog.models["cars"].frame, car_table("ja", wanted))
    assert dialog.models["without"].rowCount() == 1
    assert "1" in dialog.tabs.tabText(2)
    assert "代替車のない" in dialog.short.text()
    share = dialog.charts["share"]
    assert [round(bar.value) for bar in share.bars] == [0, 25, 50, 75, 75, 75]
    share.resize(520, 170)
    assert "2028" in (share.read(QPointF(44 + 3.5 * 466 / 6, 80)) or "")
    assert share.read(QPointF(2, 2)) is None
    assert not share.grab().isNull()
    # Other wishes are another programme.
    dialog.asked.cars.setValue(1)
    dialog.asked.first.setValue(2028)
    dialog.asked.objective.setCurrentIndex(1)
    dialog.asked.sharing.setChecked(True)
    settled(dialog, qtbot)
    rules = replace(default_rules(), cars_per_year=1, first_year=2028, objective="cost", sharing=True)
    assert dialog.asked.rules == rules
    pd.testing.assert_frame_equal(dialog.found.years, plan_fleet(plan, rules).years)
    assert not dialog.years.isColumnHidden(dialog.models["years"].columns.index("sharing_yen"))
    dialog.asked.budget.setValue(1.0)
    settled(dialog, qtbot)
    assert dialog.found.head["rules"]["budget_yen"] == 10_000.0
    assert dialog.found.head["totals"]["replaced"] == 0
    assert "予算" in dialog.short.text()


def test_cars_sort_and_are_written(dialog: FleetDialog, qtbot: QtBot, tmp_path: Path) -> None:
    table, columns = dialog.tables["cars"], dialog.models["cars"].columns
    table.sortByColumn(columns.index("fiscal_year"), Qt.SortOrder.DescendingOrder)
    shown = [table.model().index(k, columns.index("fiscal_year")).data() for k in range(4)]
    assert shown == ["2028", "2027", "2026", "–"]
    target = tmp_path / "公用車.xlsx"
    dialog.write(target)
    settled(dialog, qtbot)
    cells = {cell.value for sheet in openpyxl.load_workbook(target) for row in sheet.iter_rows() for cell in row}
    assert {"川崎 0", "川崎 2"} <= cells


def test_the_menu_opens_it_and_a_plan_without_cars_says_so(opened: MainWindow, qtbot: QtBot) -> None:
    opened.ensure_parts()
    opened.menus.actions["fleet"].trigger()
    found = opened.findChild(FleetDialog)
    assert found is not None
    qtbot.waitUntil(lambda: found._job is None, timeout=WAIT)
    assert "車両台帳" in found.state.text()
    assert not found.save.isEnabled()
    assert found.models["cars"].rowCount() == 0
    qtbot.keyClick(found, Qt.Key.Key_Escape)
    assert not found.isVisible()


def test_assumptions_and_another_catalogue(dialog: FleetDialog, plan: Plan, qtbot: QtBot, tmp_path: Path) -> None:
    page, model = dialog.assumed, dialog.assumed.model
    keys = list(assumption_rows())

    def write(key: str, text: str) -> bool:
        return model.setData(model.index(keys.index(key), COLUMNS.index("value")), text)

    assert write("reserve_share", "0.5")
    settled(dialog, qtbot)
    assert dialog.found is not None
    rules = replace(default_rules(), values={"reserve_share": 0.5})
    pd.testing.assert_frame_equal(dialog.found.cars, plan_fleet(plan, rules).cars)
    # Out of its range, or no number: said, and left as it was.
    assert not write("reserve_share", "0.9")
    assert "0.6" in page.told.text()
    assert not write("reserve_share", "多め")
    assert model.values == {"reserve_share": 0.5}
    assert not write("days", "245")
    assert write("reserve_share", "")
    assert model.values == {}
    settled(dialog, qtbot)
    own = tmp_path / "own.csv"
    dialog.write_catalogue(own)
    settled(dialog, qtbot)
    lines = [line for line in own.read_text("utf-8-sig").splitlines() if not line.startswith("ev-")]
    own.write_text("\n".join(lines), "utf-8-sig")
    page.use(own)
    settled(dialog, qtbot)
    assert set(dialog.found.cars["model_power"]) <= {"phev", "hev", ""}
    assert "own.csv" in dialog.notes.text()
    page.use(tmp_path / "none.csv")
    qtbot.waitUntil(lambda: dialog._job is None and not dialog._later.isActive(), timeout=WAIT)
    assert dialog.found is None
    assert "none.csv" in dialog.state.text()
    page.use(None)
    settled(dialog, qtbot)
    assert "ev" in set(dialog.found.cars["model_power"])
    dialog.asked.every.setChecked(True)
    assert set(dialog.asked.rules.classes) == {"kei_passenger", "passenger", "kei_truck", "truck", "bus", "motorcycle"}
    settled(dialog, qtbot)


def test_years_stay_in_order_and_one_that_is_hidden_reckons_no_more(dialog: FleetDialog, qtbot: QtBot) -> None:
    dialog.asked.first.setValue(2035)
    assert dialog.asked.rules.last_year >= 2035
    settled(dialog, qtbot)
    assert dialog.found is not None
    assert dialog.found.head["rules"]["first_year"] == 2035
    dialog.asked.cars.setValue(3)
    assert dialog._later.isActive()
    dialog.hide()
    qtbot.waitUntil(lambda: not dialog._later.isActive(), timeout=WAIT)
    assert dialog._job is None
