"""Measures one after the other in the window: figures that are those of the domain, another order, assumptions, a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from PySide6.QtCore import QPointF

from kawasolar.measures import CODES, assumptions_with, compare_orders, site_of
from kawasolar.measures.words import bill_rows, worth_rows
from ui.measures.dialog import MeasuresDialog
from ui.measures.tables import cell

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 20_000


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> MeasuresDialog:
    window.ensure_parts()
    plan = window.document.plan
    assert plan is not None
    assert plan.use is not None
    known = plan.use.frame.loc[plan.use.frame["surplus_kwh"] > 0, "facility_id"]
    window.document.select(str(known.iloc[0]))
    window.inspector.power.use.bill.measures.click()
    found = window.findChild(MeasuresDialog)
    assert found is not None
    qtbot.waitUntil(lambda: found.found is not None, timeout=WAIT)
    return found


def test_figures_are_those_of_the_domain(window: MainWindow, dialog: MeasuresDialog, qtbot: QtBot) -> None:
    plan = window.document.plan
    assert plan is not None
    before = window.document.dirty
    site = site_of(plan, dialog.facility)
    wanted = compare_orders(site, assumptions_with({}), CODES)
    assert dialog.asked.assumed == assumptions_with({})
    assert dialog.worth.rows == worth_rows("ja", wanted, wanted.orders[1])
    # The charts stand on one scale, and end at the same bill.
    ends = [chart.falls[-1].end for chart in dialog.charts]
    assert ends[0] == pytest.approx(ends[1], abs=0.012)
    assert [one.words for one in dialog.charts[1].falls[1:-1]] == [
        one.words for one in reversed(dialog.charts[0].falls[1:-1])
    ]
    chart = dialog.charts[0]
    chart.resize(500, chart.sizeHint().height())
    assert chart.falls[0].shown in (chart.read(QPointF(80, 60)) or "")
    assert chart.read(QPointF(2, 2)) is None
    assert not chart.grab().isNull()
    # Another order is another bill on the way; the one to compare with follows.
    dialog.asked.order.setCurrentIndex(2)
    order = dialog.asked.asked_order
    qtbot.waitUntil(lambda: dialog.found is not None and dialog.found.asked.order == order, timeout=WAIT)
    assert dialog.asked.other_order == order[::-1]
    texts = [row.values for row in bill_rows("ja", wanted.of(order))]
    assert [row.values[:1] for row in dialog.bill.rows] == [values[:1] for values in texts]
    dialog.which.setCurrentIndex(1)
    assert dialog.bill_order.text() == dialog.heads[1].text()
    assert window.document.dirty == before


def test_what_is_assumed_and_which_measures(dialog: MeasuresDialog, qtbot: QtBot) -> None:
    asked = dialog.asked
    asked.fields["chargers"].setValue(20)
    asked.fields["lighting_kwh"].setValue(9_000)
    asked.days.setCurrentIndex(1)
    assert asked.assumed == assumptions_with({"chargers": 20, "charger_days": 7}, lighting_kwh=9_000.0)
    assert not asked.fields["lighting_share"].isEnabled()
    qtbot.waitUntil(lambda: dialog.found is not None and dialog.found.assumed.chargers == 20, timeout=WAIT)
    assert "9,000" in dialog.notes.text()
    asked.ticks["led"].setChecked(False)
    assert not asked.fields["led_saving"].isEnabled()
    qtbot.waitUntil(lambda: dialog.found is not None and len(dialog.found.orders) == 2, timeout=WAIT)
    assert len(dialog.worth.rows) == 3
    asked.ticks["chargers"].setChecked(False)
    qtbot.waitUntil(lambda: dialog.found is not None and len(dialog.found.orders) == 1, timeout=WAIT)
    assert not asked.other.isEnabled()
    asked.ticks["pv"].setChecked(False)
    qtbot.waitUntil(lambda: dialog.found is None, timeout=WAIT)
    assert not dialog.save.isEnabled()
    assert dialog.state.text()
    # The lighting that somebody entered stays where LED comes back.
    asked.ticks["led"].setChecked(True)
    qtbot.waitUntil(lambda: dialog.found is not None, timeout=WAIT)
    assert not dialog.state.text()
    assert not asked.fields["lighting_share"].isEnabled()


def test_the_workbook(dialog: MeasuresDialog, qtbot: QtBot, tmp_path: Path) -> None:
    target = tmp_path / "対策.xlsx"
    dialog.asked.other.setCurrentIndex(3)
    other = dialog.other
    assert other is not None
    dialog.write(target)
    qtbot.waitUntil(lambda: target.name in dialog.state.text(), timeout=WAIT)
    rows = list(openpyxl.load_workbook(target).worksheets[1].iter_rows(values_only=True))
    total = next(row for row in rows if row[0] == "年間電気料金（税込）")
    assert total[5:9] == pytest.approx([float(made.year_yen) for made in other.bills])


def test_numbers_in_cells() -> None:
    assert [cell(value) for value in (1234.5, 12.34, -0.04, -7.0, float("nan"))] == ["1,234", "12.3", "0.0", "−7", ""]
