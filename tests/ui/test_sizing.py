"""Sizes in the window: chosen by what is asked, picked by hand, taken over in one step, and bounded in the inspector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pytest
from PySide6.QtCore import QPointF, Qt

from kawasolar.sizing import Asked, Battery, Wants, choose, sizes_of
from ui.sizing.dialog import SizingDialog
from ui.sizing.tables import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 60_000


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> SizingDialog:
    monkeypatch.setattr(window.controller, "run", lambda: None)
    window.ensure_parts()
    window.menus.actions["sizing"].trigger()
    found = window.findChild(SizingDialog)
    assert found is not None
    settled(found, qtbot)
    return found


def settled(dialog: SizingDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(
        lambda: dialog._job is None and not dialog._later.isActive() and dialog.found is not None, timeout=WAIT
    )


def test_what_is_asked_is_what_the_domain_answers(window: MainWindow, dialog: SizingDialog, qtbot: QtBot) -> None:
    plan = window.document.plan
    assert plan is not None
    sizes = sizes_of(plan)
    assert dialog.sites.choices == choose(sizes, Wants.of(plan.profile))
    tick, spin = dialog.asked.limits["payback"]
    tick.setChecked(True)
    spin.setValue(12.0)
    dialog.asked.goal.setCurrentIndex(3)
    wants = Wants("co2", plan.profile.number("sizing.self_use"), 12.0)
    assert dialog.asked.wants == wants
    assert dialog.sites.choices == choose(sizes, wants)
    dialog.asked.battery.setValue(20.0)
    settled(dialog, qtbot)
    assert dialog.sites.choices == choose(sizes_of(plan, None, Asked(Battery.of(plan.profile, 20.0))), wants)


def test_a_size_by_hand_is_taken_over_and_taken_back(window: MainWindow, dialog: SizingDialog, qtbot: QtBot) -> None:
    document, found = window.document, dialog.found
    assert found is not None
    assert document.plan is not None
    dialog.table.selectRow(2)
    site = dialog.site
    assert site is not None
    real = np.flatnonzero(found.ladder.real[site])
    dialog.chart.resize(460, 380)
    dialog.chart.picked.emit(5)
    assert dialog.sites.size(site) == real[5]
    qtbot.keyClick(dialog.chart, Qt.Key.Key_Right)
    assert dialog.sites.size(site) == real[6]
    x = dialog.chart._x(float(found.ladder.capacity_kw[site, real[4]]))
    qtbot.mouseClick(dialog.chart, Qt.MouseButton.LeftButton, pos=QPointF(x, 60).toPoint())
    assert dialog.sites.size(site) == real[4]
    assert f"{found.ladder.capacity_kw[site, real[4]]:,.2f} kW" in str(dialog.chart.read(QPointF(x, 60)))
    before = document.plan.entries.canonical()
    with qtbot.waitSignal(dialog.taken):
        dialog.take.click()
    facility = found.ladder.facility_ids[site]
    kw = float(found.ladder.capacity_kw[site, real[4]])
    entered = document.plan.entries.of_scenario("layouts", document.plan.scenario)
    assert {name: entry["values"] for name, entry in entered.items()} == {
        facility: {"layout.most_kw": pytest.approx(kw)}
    }
    document.undo()
    assert document.plan.entries.canonical() == before


def test_all_are_taken_over_in_one_step(window: MainWindow, dialog: SizingDialog) -> None:
    document = window.document
    dialog.asked.goal.setCurrentIndex(1)
    choices = list(dialog.sites.choices)
    assert document.plan is not None
    assert dialog.found is not None
    smaller = sum(choice.larger is not None for choice in choices)
    assert smaller > 1
    dialog.take_all.click()
    assert len(document.plan.entries.of_scenario("layouts", document.plan.scenario)) == smaller
    document.undo()
    assert not document.plan.entries.of_scenario("layouts", document.plan.scenario)


def test_the_table_sorts_and_is_written(dialog: SizingDialog, qtbot: QtBot, tmp_path: Path) -> None:
    column = COLUMNS.index("capacity_kw")
    dialog.table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    rows = [dialog.sorted.mapToSource(dialog.sorted.index(k, 0)).row() for k in range(dialog.sorted.rowCount())]
    kw = np.nan_to_num([dialog.sites.value(k, "capacity_kw") for k in rows], nan=-1.0)
    assert (np.diff(kw) <= 0).all()
    target = tmp_path / "規模.xlsx"
    dialog.write(target)
    settled(dialog, qtbot)
    sheet = openpyxl.load_workbook(target).worksheets[0]
    assert {dialog.sites.sizes.names[k] for k in rows} <= {cell.value for cell in sheet["B"]}  # type: ignore[union-attr]


def test_a_bound_in_the_inspector(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window.controller, "run", lambda: None)
    plan = window.document.plan
    assert plan is not None
    facility = str(plan.results.yields.sort_values("capacity_kw")["facility_id"].iloc[-1])
    window.document.select(facility)
    window.inspector.tabs.setCurrentIndex(1)
    part = window.inspector.roof.layout_part
    part.most.setValue(10.0)
    assert window.document.plan is not None
    assert window.document.plan.entries.of_scenario("layouts", "s1")[facility]["values"] == {"layout.most_kw": 10.0}
    links = window.document.plan.results.links
    mine = links.loc[links["facility_id"] == facility, "building_id"]
    laid = window.document.plan.results.subarrays
    assert 8.0 < laid.loc[laid["building_id"].isin(mine), "capacity_kw"].sum() <= 10.0
    part.most.setValue(0.0)
    assert not window.document.plan.entries.of_scenario("layouts", "s1")
