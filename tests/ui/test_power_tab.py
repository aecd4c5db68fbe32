"""The tab of the power: typical days of any month, years of operation, snow where there is any."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from kawasolar.roof_bill import RoofBill
from ui.inspector.gather import site_of
from ui.inspector.use import week_of

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan
    from ui.inspector.power import PowerTab
    from ui.window import MainWindow

POWER = 2


@pytest.fixture
def tab(window: MainWindow) -> PowerTab:
    plan = window.document.plan
    assert plan is not None
    window.document.select(str(plan.results.yields["facility_id"].iloc[0]))
    window.inspector.tabs.setCurrentIndex(POWER)
    window.inspector.power.resize(380, 900)
    return window.inspector.power


def plan_of(window: MainWindow) -> Plan:
    assert window.document.plan is not None
    return window.document.plan


def test_three_days_of_the_month_that_is_asked_for(window: MainWindow, tab: PowerTab) -> None:
    results = plan_of(window).results
    mean, sunniest, dullest = tab.days.curves.days
    np.testing.assert_allclose(mean.power, results.month_hour[0, 5] / 30, rtol=1e-6)
    np.testing.assert_array_equal(sunniest.power, results.typical_days[0, 0, 5])
    np.testing.assert_array_equal(dullest.power, results.typical_days[0, 1, 5])
    assert (sunniest.words, dullest.words) == ("晴天日 6/4", "曇雨天日 6/21")
    chips = {chip.text(): chip for chip in tab.days._chips.buttons()}
    assert [text for text, chip in chips.items() if chip.isChecked()] == ["6月"]
    chips["12月"].click()
    np.testing.assert_array_equal(tab.days.curves.days[1].power, results.typical_days[0, 0, 11])
    assert [text for text, chip in chips.items() if chip.isChecked()] == ["12月"]


def test_a_click_on_a_bar_shows_its_month(window: MainWindow, tab: PowerTab) -> None:
    bars = tab.months
    bars.resize(360, bars.sizeHint().height())
    area = bars._area()
    QTest.mouseClick(
        bars, Qt.MouseButton.LeftButton, pos=QPointF(area.left() + 1.5 * area.width() / 12, area.center().y()).toPoint()
    )
    assert tab.days.month == 2
    assert "2月" in tab.days._head.text()
    assert not any(chip.isChecked() for chip in tab.days._chips.buttons())
    results = plan_of(window).results
    np.testing.assert_allclose(tab.days.curves.days[0].power, results.month_hour[0, 1] / 28, rtol=1e-6)


def test_the_pointer_reads_the_hour(tab: PowerTab) -> None:
    curves = tab.days.curves
    curves.resize(360, curves.sizeHint().height())
    area = curves._area()
    told = curves.read(QPointF(area.left() + area.width() * 8.5 / 16, area.center().y()))
    assert told is not None
    assert told.startswith("12～13時")
    assert told.count("kW") == 3


def test_years_of_operation(window: MainWindow, tab: PowerTab) -> None:
    energy = float(plan_of(window).results.yields["energy_kwh"].iloc[0])
    assert tab.years.values == pytest.approx([energy / 1000 * 0.995**k for k in range(20)])
    assert "20年目は1年目の90.9" in tab.aged.text()


@pytest.mark.parametrize(("loss", "shown"), [(0.0, False), (0.034, True)])
def test_snow_is_told_where_it_takes_something(window: MainWindow, tab: PowerTab, loss: float, shown: bool) -> None:
    plan = plan_of(window)
    yields = plan.results.yields.assign(snow_loss=loss)
    other = replace(plan, results=replace(plan.results, yields=yields))
    tab.show_site(other, site_of(other, str(yields["facility_id"].iloc[0])))
    assert tab.snow.isVisibleTo(tab) == shown
    if shown:
        assert "3.4" in tab.snow.text()


def test_monthly_normals_have_no_days_of_their_own(window: MainWindow, tab: PowerTab) -> None:
    plan = plan_of(window)
    normals = replace(plan, results=replace(plan.results, weather=replace(plan.results.weather, kind="normals")))
    tab.show_site(normals, site_of(normals, str(plan.results.yields["facility_id"].iloc[0])))
    assert [day.words for day in tab.days.curves.days] == ["月平均"]


def test_a_plan_of_before_shows_the_mean_alone(window: MainWindow, tab: PowerTab) -> None:
    plan = plan_of(window)
    unknown = np.full_like(plan.results.typical_days, np.nan)
    weather = replace(plan.results.weather, sunniest_days=(), dullest_days=())
    other = replace(plan, results=replace(plan.results, typical_days=unknown, weather=weather))
    tab.show_site(other, site_of(other, str(plan.results.yields["facility_id"].iloc[0])))
    assert [day.words for day in tab.days.curves.days] == ["月平均"]


def test_self_use_in_figures_and_in_a_week(window: MainWindow, tab: PowerTab, qtbot: QtBot) -> None:
    plan = plan_of(window)
    assert plan.use is not None
    facility = tab.use.facility
    found = plan.use.frame.set_index("facility_id").loc[facility]
    assert tab.use.source.text().startswith(window.look.say(f"ui.use.source.{found['source']}"))
    assert [row[1] for row in tab.use.bars._rows] == [found["load_kwh"], found["self_use_kwh"], found["surplus_kwh"]]
    qtbot.waitUntil(lambda: tab.use.site is not None, timeout=20_000)
    site, curves = tab.use.site, tab.use.curves
    assert site is not None
    assert site.flows.self_use.sum() == pytest.approx(found["self_use_kwh"], rel=1e-6)
    assert len(curves.load) == 7 * 48
    assert isinstance(site.bill, RoofBill)
    assert f"{site.bill.saved_yen:,.0f}" in tab.use.bill.saved.text()
    assert tab.use.bill.isVisibleTo(tab)
    shown = {found.text() for found in tab.use.bill.findChildren(QLabel)}
    assert {f"{float(one.year_yen):,.0f}" for one in (site.bill.before, site.bill.after)} <= shown
    tab.use.bill.show_bill("tariff.nothing_known")
    assert tab.use.bill.tariff.text() == window.look.say("tariff.nothing_known")
    assert not tab.use.bill.saved.isVisibleTo(tab)
    # Monday to Sunday around the middle of June.
    assert "6月" in tab.use.week_head.text()
    assert curves._names == ("月", "火", "水", "木", "金", "土", "日")
    june = week_of(site.year, 6)
    np.testing.assert_allclose(curves.produced, 2 * site.flows.produced[june])
    tab.use.show_month(3)
    assert "3月" in tab.use.week_head.text()
    for month in range(1, 13):
        week = week_of(site.year, month)
        dates = site.year.dates[week.start // 48 : week.stop // 48].tolist()
        assert len(dates) == 7
        assert any((day.month, day.day) == (month, 15) for day in dates)
    curves.resize(360, curves.sizeHint().height())
    area = curves._area()
    told = curves.read(QPointF(area.left() + area.width() * (12.25 / 24) / 7, area.center().y()))
    assert told is not None
    assert told.startswith("月 12:00")
    assert curves.read(QPointF(0.0, 0.0)) is None


def test_who_knows_nothing_of_use_says_so(window: MainWindow, tab: PowerTab) -> None:
    plan = plan_of(window)
    assert plan.use is not None
    facility = tab.use.facility
    tab.use.show_site(replace(plan, use=None), facility)
    assert tab.use.source.text() == window.look.say("ui.use.not_reckoned")
    assert not tab.use.bars.isVisibleTo(tab)
    frame = plan.use.frame.assign(source="none")
    tab.use.show_site(replace(plan, use=replace(plan.use, frame=frame)), facility)
    assert tab.use.source.text() == window.look.say("ui.use.source.none")
    assert not tab.use.figures.isVisibleTo(tab)


def test_half_hours_are_reckoned_only_where_they_are_seen(window: MainWindow, qtbot: QtBot) -> None:
    plan = plan_of(window)
    asked: list[str] = []
    window.inspector.tabs.setCurrentIndex(0)
    window.inspector.power.use.asked.connect(asked.append)
    ids = [str(name) for name in plan.results.yields["facility_id"].iloc[:3]]
    for facility in ids:
        window.document.select(facility)
    assert asked == []
    window.inspector.tabs.setCurrentIndex(POWER)
    qtbot.waitUntil(lambda: asked == [ids[-1]], timeout=5_000)
    window.document.select(ids[0])
    assert asked == [ids[-1], ids[0]]
