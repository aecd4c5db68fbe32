"""Four ways in the window: figures that are those of the domain, cash flows, what moves them, a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from PySide6.QtCore import QPointF, Qt

from kawasolar.finance import WAYS, Options, Terms, compare
from kawasolar.finance.compare import FIGURES
from kawasolar.finance.of_plan import site_of
from kawasolar.finance.words import figure_text
from kawasolar.roof_bill import RoofBill
from ui.ways.dialog import WaysDialog

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 20_000


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> WaysDialog:
    window.ensure_parts()
    plan = window.document.plan
    assert plan is not None
    assert plan.use is not None
    known = plan.use.frame.loc[plan.use.frame["self_use_kwh"] > 0, "facility_id"]
    window.document.select(str(known.iloc[0]))
    window.inspector.power.use.ways.click()
    found = window.findChild(WaysDialog)
    assert found is not None
    qtbot.waitUntil(lambda: found.found is not None, timeout=WAIT)
    return found


def test_figures_are_those_of_the_domain(window: MainWindow, dialog: WaysDialog, qtbot: QtBot) -> None:
    plan = window.document.plan
    assert plan is not None
    before = window.document.dirty
    terms = Terms.of(plan.profile)

    def told(price: float, demand: float) -> list[list[str]]:
        found = compare(site_of(plan, dialog.facility, price, demand_saving=demand), terms, Options())
        return [
            [figure_text("ja", way, key, float(found.outcomes[way].figures[key])) for way in WAYS] for key in FIGURES
        ]

    bill = dialog.bill
    assert isinstance(bill, RoofBill)
    # By the tariff first; then by a price.
    assert dialog.figures.texts == told(bill.yen_per_kwh, bill.demand_yen)
    assert f"{bill.demand_yen:,.0f}" in dialog.by_tariff.text()
    assert not dialog.price.isEnabled()
    dialog.by_tariff.setChecked(False)
    texts = told(terms.number("purchase_price"), 0.0)
    qtbot.waitUntil(lambda: dialog.figures.texts == texts, timeout=WAIT)
    assert dialog.price.isEnabled()
    # A price that is given is the price.
    dialog.given.setChecked(True)
    dialog.ppa.setValue(12.5)
    qtbot.waitUntil(lambda: dialog.figures.texts[0][0].startswith("12.50"), timeout=WAIT)
    dialog.price.setValue(30.0)
    wanted = compare(site_of(plan, dialog.facility, 30.0), terms, Options(price=12.5))
    first = figure_text("ja", "ppa", "city_first", float(wanted.outcomes["ppa"].figures["city_first"]))
    row = FIGURES.index("city_first")
    qtbot.waitUntil(lambda: dialog.figures.texts[row][0] == first, timeout=WAIT)
    assert window.document.dirty == before


def test_a_subsidy_lowers_the_price_and_its_conditions_are_told(dialog: WaysDialog, qtbot: QtBot) -> None:
    def price() -> float:
        return float(dialog.figures.texts[0][0].split()[0])

    before = price()
    dialog.subsidy.setCurrentIndex(1)
    qtbot.waitUntil(lambda: price() < before, timeout=WAIT)
    assert dialog.subsidy.currentText() in dialog.notes.text()
    assert "契約は交付決定後" in dialog.notes.text()


def test_cash_flows_and_what_moves_a_figure(dialog: WaysDialog, qtbot: QtBot) -> None:
    found = dialog.found
    assert found is not None
    for k, way in enumerate(WAYS):
        dialog.way.setCurrentIndex(k)
        case = found.comparison.outcomes[way].case
        sums = [row for row in dialog.cash.rows if row.summed]
        assert sums[0].total == pytest.approx(float(case.city.sum()), abs=1)
        last = dialog.cash.columnCount() - 1
        cell = str(dialog.cash.index(dialog.cash.rows.index(sums[0]), last).data())
        assert int(cell.replace(",", "").replace("−", "-")) == round(float(case.city.sum()) / 1000)
        assert "−0" not in [str(dialog.cash.index(0, column).data()) for column in range(last)]
    dialog.tabs.setCurrentIndex(2)
    spans = [abs(one.at_high - one.at_low) for one in dialog.chart.swings]
    assert len(spans) > 3
    assert spans == sorted(spans, reverse=True)
    dialog.figure.setCurrentIndex(2)
    qtbot.waitUntil(lambda: dialog.found is not None and dialog.found.way == "purchase", timeout=WAIT)
    chart = dialog.chart
    chart.resize(800, chart.sizeHint().height())
    assert chart.read(QPointF(10, 20)) is not None
    assert chart.read(QPointF(10, 9999)) is None
    assert not chart.grab().isNull()


def test_the_workbook(dialog: WaysDialog, qtbot: QtBot, tmp_path: Path) -> None:
    target = tmp_path / "比較.xlsx"
    dialog.write(target)
    qtbot.waitUntil(lambda: target.name in dialog.state.text(), timeout=WAIT)
    book = openpyxl.load_workbook(target)
    assert len(book.sheetnames) == 7
    assert dialog.save.isEnabled()
    assert dialog.tabs.tabBar().count() == 3
    assert dialog.close_button.focusPolicy() != Qt.FocusPolicy.NoFocus
