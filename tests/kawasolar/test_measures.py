"""Measures one after the other: by hand, in every order, on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pandas as pd
import pytest

from kawasolar.errors import PlanError, TariffError
from kawasolar.export.measures import write_measures
from kawasolar.half_hours import COUNT, SLOTS
from kawasolar.measures import (
    CODES,
    Site,
    assumption_rows,
    assumptions_with,
    compare_orders,
    lamps_of,
    measures_of,
    orders_of,
    site_of,
)
from kawasolar.measures.site import charging
from kawasolar.measures.words import as_codes, assumed_values, bill_rows, worth_heads, worth_rows
from kawasolar.plan import RegisterRead, Registers
from kawasolar.roof_bill import RoofBill, roof_bill
from kawasolar.stages.state import plan_fingerprint
from kawasolar.use import flows_of
from kawasolar.words import LANGUAGES, Language, say
from tests.kawasolar.tariffs import YEAR, rates
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan

# Ten kW from 8 to 18 o'clock, two at night; a roof with 16 kW from 10 to 14.
_HOUR = np.tile(np.arange(SLOTS) / 2.0, COUNT // SLOTS)
LOAD = np.where((_HOUR >= 8) & (_HOUR < 18), 5.0, 1.0)
ROOF = np.where((_HOUR >= 10) & (_HOUR < 14), 8.0, 0.0)
LIT = np.where((_HOUR >= 8) & (_HOUR < 18), 1.0, 0.0) / (20 * 365)
SITE = Site("1", YEAR, LOAD, ROOF, LIT, None, rates(), float("nan"), estimated=False)
# Two of the ten kW are lamps: 7,300 kWh; all of it saved by half.
ASSUMED = assumptions_with(
    {"led_saving": 0.5, "chargers": 3, "charger_kw": 4.0, "charger_from": 8.0, "charger_hours": 2.0, "charger_days": 7}, lighting_kwh=7_300.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return example_plan(tmp_path_factory.mktemp("plan"), 8)


def test_every_number_of_the_table_has_unit_range_and_source() -> None:
    for key, row in assumption_rows().items():
        assert row.low <= row.value <= row.high, key
        assert row.source("ja")
        assert row.source("en")
        for language in LANGUAGES:
            assert say(language, f"measures.assumption.{key}") != f"measures.assumption.{key}"
            assert say(language, f"measures.unit.{row.unit}") != f"measures.unit.{row.unit}"


@pytest.mark.parametrize(
    "asked",
    [
        {"led_saving": 0.95}, {"chargers": -1}, {"chargers": 1.5}, {"charger_days": 6}, {"charger_kw": float("nan")}, {"charger_from": 24.0}, {"lamps": 1.0},
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(asked: dict[str, float]) -> None:
    with pytest.raises(PlanError):
        assumptions_with(asked)
    with pytest.raises(PlanError):
        assumptions_with({}, lighting_kwh=float("inf"))


def test_by_hand() -> None:
    made = measures_of(SITE, ASSUMED)
    # One kW less by day: half a kWh in each of 20 half hours a day.
    assert made["led"].delta_kwh[SLOTS // 2] == pytest.approx(-0.5)
    assert made["led"].delta_kwh.sum() == pytest.approx(-3_650.0)
    # 12 kW from 8 to 10 o'clock.
    assert made["chargers"].delta_kwh[16:21].tolist() == [6.0, 6.0, 6.0, 6.0, 0.0]
    assert made["chargers"].delta_kwh.sum() == pytest.approx(24.0 * 365)
    found = compare_orders(SITE, ASSUMED, ("pv", "led", "chargers"))
    first, back = found.asked, found.of(("led", "pv", "chargers"))
    # The roof has three kWh beyond the load in each of 8 half hours a day, and half a kWh more once the lamps are LED.
    assert first.surplus_kwh[:2] == pytest.approx((3.0 * 8 * 365, 3.5 * 8 * 365))
    assert np.isnan(back.surplus_kwh[0])
    assert back.self_use_kwh[1] == pytest.approx(4.5 * 8 * 365)
    # LED saves 12 half hours a day where the roof is there before it, and all 20 where it is not.
    assert first.steps[1].saving.yen("energy").sum() == pytest.approx(0.5 * 12 * 365 * 20.0, rel=1e-3)
    assert back.steps[0].saving.yen("energy").sum() == pytest.approx(0.5 * 20 * 365 * 20.0, rel=1e-3)
    # PV is worth less after LED; the peak before ten o'clock is LED's and the chargers', not the roof's.
    assert back.saved_yen("pv") < first.saved_yen("pv")
    assert (first.contract_kw("led"), first.contract_kw("pv"), first.contract_kw("chargers")) == (-1.0, 0.0, 12.0)
    assert first.saved_yen("chargers") < 0


def test_the_sum_is_the_same_in_every_order_and_the_span_holds_all() -> None:
    found = compare_orders(SITE, ASSUMED, CODES)
    assert len(found.orders) == 6
    assert [one.order for one in found.orders[:2]] == [CODES, CODES[::-1]]
    for one in found.orders:
        # Each of a bill's months is rounded down to a yen.
        assert one.total_yen == pytest.approx(found.asked.total_yen, abs=12.0)
        assert sum(one.saved_yen(code) for code in one.order) == pytest.approx(one.total_yen)
        for code in one.order:
            low, high = found.span_yen(code)
            assert low <= one.saved_yen(code) <= high
    assert orders_of(("pv",)) == [("pv",)]
    assert compare_orders(SITE, ASSUMED, ("pv",)).span_yen("pv")[0] > 0
    for wrong in ((), ("pv", "pv")):
        with pytest.raises(ValueError):  # noqa: PT011 - said by nobody
            compare_orders(SITE, ASSUMED, wrong)  # type: ignore[arg-type]


def test_charging_over_midnight_and_on_working_days() -> None:
    asked = {"chargers": 1, "charger_kw": 6.0, "charger_from": 23.0, "charger_hours": 2.25, "charger_days": 5}
    made = charging(assumptions_with(asked), YEAR)
    assert made.sum() == pytest.approx(6.0 * 2.25 * (YEAR.weekday <= 4).sum())
    friday = int(np.flatnonzero(YEAR.weekday == 4)[0])
    assert made[friday * SLOTS + 46 : friday * SLOTS + 51].tolist() == [3.0, 3.0, 3.0, 3.0, 1.5]
    # Nobody begins on Saturday, so that Sunday has none.
    assert made[(friday + 2) * SLOTS : (friday + 3) * SLOTS].sum() == 0.0
    assert charging(assumptions_with({"chargers": 0}), YEAR).sum() == 0.0


def test_led_never_makes_a_surplus() -> None:
    much = replace(ASSUMED, lighting_kwh=1e9)
    assert (measures_of(SITE, much)["led"].delta_kwh >= -LOAD).all()


def test_of_a_plan(plan: Plan) -> None:
    made = 0
    for facility in plan.facilities["facility_id"].astype(str):
        try:
            site = site_of(plan, facility)
        except TariffError:
            continue
        made += 1
        assert site.lit.sum() == pytest.approx(1.0)
        assert (site.lit >= 0).all()
        assert site.lighting(assumptions_with({}))[1] == "share"
        # The roof alone saves what the bill of the roof says.
        other = roof_bill(plan, *flows_of(plan, facility))
        assert isinstance(other, RoofBill)
        found = compare_orders(site, assumptions_with({}), ("pv",))
        assert found.asked.total_yen == pytest.approx(other.saved_yen, abs=1e-6)
    assert made > 3


def test_who_has_no_known_use_has_none(plan: Plan) -> None:
    bare = replace(plan, facilities=plan.facilities.assign(annual_kwh=np.nan, floor_area_m2=np.nan))
    with pytest.raises(TariffError) as told:
        site_of(bare, str(plan.facilities["facility_id"].iloc[0]))
    assert told.value.code == "tariff.nothing_known"


def test_lamps_of_the_ledger_come_before_the_share(plan: Plan) -> None:
    facility = str(plan.facilities["facility_id"].iloc[0])
    assert lamps_of(plan, facility) is None
    frame = pd.DataFrame(
        {
            "source_row": [2, 3, 4, 5], "facility": [facility] * 4, "lamp_type": ["straight_fluorescent", "mercury", "led", "halogen"], "fixtures": [100.0, 4.0, 50.0, None],
            "power_w": [80.0, 415.0, 30.0, 75.0], "hours_per_day": [10.0, 5.0, 10.0, 1.0], "days_per_year": [250.0, 200.0, 250.0, 10.0],
        }
    )  # fmt: skip
    known = replace(plan, registers=Registers({"lamps": RegisterRead(frame, {})}))
    # 100 × 80 W × 2,500 h and 4 × 415 W × 1,000 h: what is LED already, or has no number, counts for nothing.
    assert lamps_of(known, facility) == pytest.approx(20_000.0 + 1_660.0)
    site = site_of(known, facility)
    assert site.lighting(assumptions_with({})) == (pytest.approx(21_660.0), "lamps")
    assert site.lighting(assumptions_with({"lighting_share": 0.1}))[1] == "share"
    assert site.lighting(assumptions_with({}, lighting_kwh=5.0)) == (5.0, "given")
    keys = [key for key, _, _ in assumed_values(compare_orders(site, assumptions_with({}), ("led",)))]
    assert keys == ["lighting_kwh", "led_saving"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables(language: Language) -> None:
    found = compare_orders(SITE, ASSUMED, CODES)
    rows = bill_rows(language, found.asked)
    whole = next(row for row in rows if row.summed)
    assert whole.values == tuple(float(made.year_yen) for made in found.asked.bills)
    lines = rows[: rows.index(whole)]
    for k in range(4):
        # All but the parts of a yen that a bill leaves out.
        assert sum(row.values[k] for row in lines) == pytest.approx(whole.values[k], abs=12.0)
    told = worth_rows(language, found, found.orders[1])
    assert {len(row.values) for row in told} == {len(worth_heads(language, found, found.orders[1]))} == {5}
    assert told[-1].values[0] == pytest.approx(sum(row.values[0] for row in told[:-1]))


def test_orders_in_words() -> None:
    assert as_codes(["pv", " led"]) == ("pv", "led")
    assert as_codes(["pv", "pv"]) is as_codes(["sun"]) is as_codes([""]) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_workbook(tmp_path: Path, plan: Plan, language: Language) -> None:
    found = compare_orders(SITE, ASSUMED, CODES)
    path = tmp_path / "対策.xlsx"
    write_measures(replace(plan, synthetic=True), found, path, language, "=学校")
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        told = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
        assert say(language, "export.synthetic.long") in told
        assert any(text.startswith("=学校  ") and plan_fingerprint(plan) in text for text in told)
    assert book.sheetnames == [say(language, f"export.sheet.measures_{name}") for name in ("orders", "bill", "terms")]
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    head = next(k for k, row in enumerate(rows) if row[0] == say(language, "measures.head.order"))
    body = rows[head + 1 :]
    assert len(body) == 6
    assert body[0][1:4] == pytest.approx([found.asked.saved_yen(code) for code in CODES])
    assert {round(float(str(row[4]))) for row in body} == {round(found.asked.total_yen)}
    bills = list(book.worksheets[1].iter_rows(values_only=True))
    total = next(row for row in bills if row[0] == say(language, "measures.line.total"))
    assert total[1:5] == pytest.approx([float(made.year_yen) for made in found.asked.bills])
    assert total[5:9] == pytest.approx([float(made.year_yen) for made in found.orders[1].bills])
    terms = {row[0]: row for row in book.worksheets[2].iter_rows(values_only=True)}
    assert terms[say(language, "measures.assumption.led_saving")][1] == 0.5
    assert terms[say(language, "measures.assumption.led_saving")][5] == say(language, "measures.paper.changed")
    assert not any(cell.data_type == "f" for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)
