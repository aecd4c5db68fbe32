"""LED, cars and chargers of the selected facility: figures that are those of the plan, a year that is given as one step, nothing where the plan keeps nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QLabel, QToolButton

from kawasolar.answers import answer_of, options_asked
from kawasolar.lighting.words import year_reason_text
from kawasolar.plan import ANSWERS
from kawasolar.stages import bring_up_to_date
from tests.kawasolar.test_answers import CARS, LAMPS, asked, town_with
from ui.charging.dialog import ChargingDialog
from ui.lighting.dialog import LightingDialog
from ui.measures.dialog import MeasuresDialog
from ui.why.rows import LineRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan, Project
    from ui.inspector.power import PowerTab
    from ui.window import MainWindow

POWER = 2


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Never changed by a test."""
    project = town_with(tmp_path_factory.mktemp("町"), {"lamps": LAMPS, "vehicles": CARS})
    for kind in ANSWERS:
        # The school's lamps cost more than a year has.
        project = asked(project, kind, {"budget_yen": 3_000_000.0} if kind == "lighting" else {})
    return bring_up_to_date(project)


@pytest.fixture
def tab(request: pytest.FixtureRequest, make_window: Callable[..., MainWindow], answered: Project) -> PowerTab:
    window = make_window(language=getattr(request, "param", "ja"))
    window.document.set_project(answered, None, saved=True)
    window.ensure_parts()
    window.inspector.tabs.setCurrentIndex(POWER)
    return window.inspector.power


def window_of(tab: PowerTab) -> MainWindow:
    return tab.window()  # type: ignore[return-value]


def plan_of(tab: PowerTab) -> Plan:
    plan = window_of(tab).document.plan
    assert plan is not None
    return plan


@pytest.mark.parametrize("tab", ["ja", "en"], indirect=True)
def test_lighting_is_what_the_plan_keeps(tab: PowerTab) -> None:
    found = answer_of(plan_of(tab), "lighting")
    part = tab.lighting
    for row in found.facilities.to_dict("records"):
        facility = str(row["facility_id"])
        window_of(tab).document.select(facility)
        assert not part.isHidden()
        assert year_reason_text(part._look.language, found, facility) in part.year.text()
        values = " ".join(value for _, value, _ in part.facts.facts)
        assert f"{row['saved_kwh']:,.0f}" in values
        assert f"{row['saved_yen']:,.0f}" in values
        assert f"{row['new_kw']:,.1f}" in values
        assert (str(row["last_day"]) in part.deadline.text()) == bool(row["last_day"])
        assert part.stale.isHidden()
    # The hall has nothing but LED.
    window_of(tab).document.select("003")
    assert "003" in found.head.done
    assert part.year.text() == part._look.say("ui.site_lighting.done")
    assert part.facts.isHidden()


def test_a_year_that_is_given_is_one_step_and_waits(tab: PowerTab) -> None:
    document, part = window_of(tab).document, tab.lighting
    document.select("001")
    assert (part.pin.currentData(), part.stale.isHidden()) == (None, True)
    year = answer_of(plan_of(tab), "lighting").head.last
    part.pin.setCurrentIndex(part.pin.findData(year))
    part.pin.activated.emit(part.pin.currentIndex())
    assert options_asked(plan_of(tab).entries, plan_of(tab).scenario, "lighting") == {
        "budget_yen": 3_000_000.0,
        "pins": {"001": year},
    }
    assert part.pin.currentData() == year
    assert not part.stale.isHidden()
    part.pin.setCurrentIndex(part.pin.findData(0))
    part.pin.activated.emit(part.pin.currentIndex())
    project = bring_up_to_date(document.project)  # type: ignore[arg-type]
    left = answer_of(project.plan, "lighting")
    assert int(left.facilities.set_index("facility_id")["year"]["001"]) == 0
    document.set_results(project)
    assert part._look.say("lighting.why_year.left_out") in part.year.text()
    assert part.stale.isHidden()
    document.undo()
    document.undo()
    assert options_asked(plan_of(tab).entries, plan_of(tab).scenario, "lighting") == {"budget_yen": 3_000_000.0}
    # What had been computed by these options is there still.
    assert (part.pin.currentData(), part.stale.isHidden()) == (None, True)
    assert part._look.say("lighting.why_year.left_out") not in part.year.text()


def test_cars_and_chargers_of_the_base(tab: PowerTab) -> None:
    fleet, charging = answer_of(plan_of(tab), "fleet"), answer_of(plan_of(tab), "charging")
    for row in charging.bases.to_dict("records"):
        window_of(tab).document.select(str(row["facility_id"]))
        cars = fleet.cars[fleet.cars["facility_id"] == row["facility_id"]]
        assert str(len(cars)) in tab.cars.words.text()
        coming = {str(int(year)) for year in cars["fiscal_year"].dropna()}
        shown = " ".join(name for name, _, _ in tab.cars.models.facts)
        assert all(year in shown for year in coming)
        values = " ".join(value for _, value, _ in tab.chargers.facts.facts)
        assert f"{row['peak_staggered_kw']:,.1f}" in values
        # Cars are charged, and that is paid for.
        assert row["bill_staggered_yen"] > 0
        assert f"+{row['bill_staggered_yen']:,.0f}" in values
    # Nobody's car stands there.
    window_of(tab).document.select("003")
    assert tab.cars.isHidden()
    assert tab.chargers.isHidden()


def test_dialogs_open_at_the_facility(tab: PowerTab) -> None:
    window_of(tab).document.select("002")
    tab.lighting.open.click()
    tab.chargers.open.click()
    for kind in (LightingDialog, ChargingDialog):
        dialog = window_of(tab).findChild(kind)
        assert dialog is not None
        assert dialog._wanted == "002"
        dialog.close()


def test_nothing_without_an_answer(tab: PowerTab, answered: Project) -> None:
    plan = replace(answered.plan, answers={})
    window_of(tab).document.set_project(replace(answered, plans={answered.active: plan}), None, saved=True)
    window_of(tab).document.select("001")
    assert [part.isHidden() for part in (tab.lighting, tab.cars, tab.chargers)] == [True] * 3
    assert [line.isHidden() for line, _ in tab._answers] == [True] * 3


@pytest.mark.parametrize("tab", ["ja", "en"], indirect=True)
def test_every_mark_is_answered(tab: PowerTab) -> None:
    window = window_of(tab)
    window.document.select("001")
    parts = (tab.lighting, tab.cars, tab.chargers)
    marks = [mark for part in parts for mark in part.findChildren(QToolButton) if mark.property("role") == "why"]
    codes = {str(mark.property("why")) for mark in marks}
    assert codes == {
        "lighting_year", "lighting_saved_kwh", "lighting_saved_yen", "lighting_cost_yen", "fleet_cars", "chargers",
    }  # fmt: skip
    for mark in marks:
        mark.click()
        pane = window.why.pane
        assert pane is not None
        assert pane.value.text()
        assert not pane.message.isVisible()
        # Every line, opened.
        for made in pane.findChildren(LineRow):
            made.head.click()
        told = " ".join(one.text() for one in pane.findChildren(QLabel))
        assert "why." not in told
        window.why.close()


def test_measures_take_the_chargers_of_the_plan_unless_somebody_says_otherwise(tab: PowerTab, qtbot: QtBot) -> None:
    window = window_of(tab)
    window.document.select("001")
    window.controller.planning.order_measures()
    dialog = window.findChild(MeasuresDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.found is not None, timeout=20_000)
    charged = answer_of(plan_of(tab), "charging").bases.set_index("facility_id").loc["001", "charged_kwh"]
    assert f"{charged:,.0f}" in dialog.notes.text()
    asked = dialog.asked
    assert asked.of_plan is not None
    assert not asked.fields["chargers"].isEnabled()
    # The table's own numbers are somebody's, too, where the plan's chargers are not taken.
    asked.of_plan.setChecked(False)
    assert asked.fields["chargers"].isEnabled()
    assert {"chargers", "charger_days"} <= asked.assumed.asked
    qtbot.waitUntil(lambda: dialog.found is not None and "chargers" in dialog.found.assumed.asked, timeout=20_000)
    assert "入力値" in dialog.notes.text()
    dialog.close()
