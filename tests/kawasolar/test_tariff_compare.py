"""Differences of bills, what a kilowatt-hour is worth, measures in order, and which tariff a facility has."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.demand import demand_of
from kawasolar.errors import TariffError, UnreadableProfile
from kawasolar.half_hours import COUNT, DAYS, SLOTS
from kawasolar.profiles.tables import Tables
from kawasolar.resources import resource_path
from kawasolar.tariff import (
    Measure,
    Supply,
    bill,
    bill_at,
    bills_of,
    bundled_rules,
    difference,
    first_and_last,
    in_order,
    marginal,
    supply_of,
    tariff_of,
    voltage_of,
)
from kawasolar.tariff.rules import rules_from_text
from tests.kawasolar.tariffs import NO_HOLIDAYS, YEAR, charge, peaks_to_series, rates, tariff
from tests.kawasolar.test_tariff import PRICES, STEPS, TIMES
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from pathlib import Path


def _day(values: dict[range, float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A year of equal days: kWh of half hours by the slots in which they lie."""
    day = np.zeros(SLOTS)
    for slots, kwh in values.items():
        day[list(slots)] = kwh
    return np.tile(day, DAYS)


# 100 kW from 9 to 17 h, 20 kW at other times; PV of up to 120 kW from 10 to 14 h; lamps that take 30 kW less from 8 to 18 h.
LOAD = _day({range(SLOTS): 10.0, range(18, 34): 50.0})
PV = Measure("pv", _day({range(20, 28): -60.0}))
LED = Measure("led", _day({range(18, 34): -15.0}))


def test_a_difference_is_line_by_line() -> None:
    before, after = bill(LOAD, rates(), YEAR), bill(LOAD * 0.5, rates(), YEAR)
    saved = difference(before, after)
    assert saved.contract_kw.tolist() == [50.0] * 12
    assert saved.yen("demand").tolist() == [50 * 1000 * 0.85] * 12
    assert np.allclose(saved.total_yen, before.total_yen - after.total_yen)
    assert saved.year_yen == pytest.approx(float(before.year_yen - after.year_yen))
    # A line that only one of the two has.
    over = bill(peaks_to_series([600.0] * 12), rates(), YEAR, given_kw=500.0)
    assert (
        difference(bill(peaks_to_series([500.0] * 12), rates(), YEAR, given_kw=500.0), over).yen("excess").sum() < 0.0
    )


def test_what_a_kwh_is_worth_is_what_the_bill_says() -> None:
    # Whole kWh taken from every half hour of a day in July: no rounding is in the way.
    one = rates(tariff(fuel_adjustment_yen_per_kwh=2.0, demand_yen_per_kw_month=None), PRICES, TIMES)
    worth = marginal(one, YEAR, holidays=NO_HOLIDAYS).yen_per_kwh
    assert worth.shape == (COUNT,)
    at = 91 * SLOTS + np.array([4, 20, 28])
    # Night, day, peak of 1 July: (price + fuel) with 10 % on it, and the levy.
    assert worth[at] == pytest.approx([(14 + 2) * 1.1 + 3.98, (24 + 2) * 1.1 + 3.98, (30 + 2) * 1.1 + 3.98])
    load = np.full(COUNT, 1000.0)
    for k in at.tolist():
        less = load.copy()
        less[k] -= 1000.0
        saved = difference(bill(load, one, YEAR, holidays=NO_HOLIDAYS), bill(less, one, YEAR, holidays=NO_HOLIDAYS))
        assert saved.year_yen == pytest.approx(1000.0 * worth[k], abs=3.0)


def test_what_a_kw_is_worth() -> None:
    one = rates(tariff(capacity_yen_per_kw_month=100.0))
    assert marginal(one, YEAR).yen_per_kw == pytest.approx(12 * (1000 * 0.85 + 100) * 1.1)
    assert marginal(one, YEAR, power_factor=0.8).yen_per_kw == pytest.approx(12 * (1000 * 1.05 + 100) * 1.1)


def test_a_kwh_is_worth_the_highest_step_of_its_month() -> None:
    one = rates(tariff(voltage="low", contract="capacity", tax_included=True), STEPS)
    with pytest.raises(TariffError, match="steps_need_use"):
        marginal(one, YEAR)
    kwh = np.zeros(COUNT)
    kwh[[0, 30 * SLOTS, 61 * SLOTS]] = [120.0, 121.0, 301.0]
    worth = marginal(one, YEAR, kwh).yen_per_kwh
    assert worth[0] == pytest.approx(30.0 + 3.49)
    assert worth[[30 * SLOTS, 61 * SLOTS]] == pytest.approx([36.0 + 3.98, 40.0 + 3.98])
    assert marginal(one, YEAR, np.stack([kwh, kwh])).yen_per_kwh[1].tolist() == worth.tolist()


# ---------------------------------------------------------------------------------------------- order


def test_the_order_of_measures_matters_and_their_sum_does_not() -> None:
    there = in_order(LOAD, [LED, PV], rates(), YEAR)
    back = in_order(LOAD, [PV, LED], rates(), YEAR)
    assert [step.name for step in there] == ["led", "pv"]
    assert there[-1].after.year_yen == back[-1].after.year_yen
    assert sum(float(step.saving.year_yen) for step in there) == pytest.approx(
        sum(float(step.saving.year_yen) for step in back)
    )
    # Lamps first leave less for the PV to replace.
    assert there[1].saving.year_yen < back[0].saving.year_yen
    # 8 half hours a day of 10 kWh more than is used; with the lamps replaced 25 kWh.
    assert back[0].surplus_kwh == 365 * 8 * 10.0
    assert there[1].surplus_kwh == 365 * 8 * 25.0
    ends = first_and_last(LOAD, [LED, PV], rates(), YEAR)
    assert ends["pv"] == (back[0].saving.year_yen, there[1].saving.year_yen)


def test_pv_alone_saves_no_contract_where_the_peak_is_before_noon() -> None:
    (step,) = in_order(LOAD, [PV], rates(), YEAR)
    assert not step.saving.contract_kw.any()
    (step,) = in_order(LOAD, [LED], rates(), YEAR)
    assert step.saving.contract_kw.tolist() == [30.0] * 12


def test_the_first_year_saves_less() -> None:
    (first,) = in_order(LOAD, [LED], rates(), YEAR, first_year=True)
    (later,) = in_order(LOAD, [LED], rates(), YEAR)
    assert first.saving.yen("demand").tolist() == [0.0] * 11 + [30 * 1000 * 0.85]
    assert first.saving.year_yen < later.saving.year_yen
    assert first.saving.yen("energy").tolist() == later.saving.yen("energy").tolist()


def test_pv_costs_power_factor() -> None:
    (plain,) = in_order(LOAD, [PV], rates(), YEAR, power_factor=0.9)
    (step,) = in_order(LOAD, [Measure("pv", PV.delta_kwh, active_only=True)], rates(), YEAR, power_factor=0.9)
    # From 8 to 22 h: 16 half hours of 50 and 12 of 10 kWh; the PV takes 8 of the 50 away.
    active, reactive = 8 * 50 + 12 * 10, (16 * 50 + 12 * 10) * np.tan(np.arccos(0.9))
    factor = round(float(active / np.hypot(active, reactive)), 2)
    assert step.after.yen("demand").tolist() == pytest.approx([100 * 1000 * (1.85 - factor)] * 12)
    assert step.saving.year_yen < plain.saving.year_yen
    # Where nothing is reactive nothing falls.
    (whole,) = in_order(LOAD, [Measure("pv", PV.delta_kwh, active_only=True)], rates(), YEAR)
    assert not whole.saving.yen("demand").any()


def test_chargers_raise_the_contract() -> None:
    charger = Measure("charger", _day({range(36, 44): 60.0}))
    (step,) = in_order(LOAD, [charger], rates(), YEAR)
    assert step.saving.contract_kw.tolist() == [-40.0] * 12
    assert step.saving.year_yen < 0.0


def test_a_contract_that_is_agreed_or_installed_stays() -> None:
    large = LOAD * 8.0
    (step,) = in_order(large, [LED], rates(), YEAR)
    assert step.before.contract_kw.tolist() == step.after.contract_kw.tolist() == [800.0] * 12
    low = rates(tariff(voltage="low", contract="load", tax_included=True))
    (step,) = in_order(LOAD, [LED], low, YEAR)
    assert not step.saving.contract_kw.any()


def test_the_public_figure_of_a_large_plant() -> None:
    """1,800 kW at 1,167 kWh/kW: at 9.45 yen instead of 25.2 yen a kWh about 33 million yen a year are saved."""
    energy = 1800.0 * 1167.0
    # All of it is used on the site; the price of a kWh from the grid is taken so that it is 25.2 yen with levy and tax.
    april = 30 / 365
    levy = 3.49 * april + 3.98 * (1.0 - april)
    one = rates(tariff(voltage="extra_high", demand_yen_per_kw_month=None), (charge((25.2 - levy) / 1.1),))
    load = np.full(COUNT, 2.0 * energy / COUNT)
    (step,) = in_order(load, [Measure("pv", np.full(COUNT, -energy / COUNT))], one, YEAR)
    assert float(step.saving.year_yen) - 9.45 * energy == pytest.approx(33.1e6, rel=0.01)


# ---------------------------------------------------------------------------------------------- which tariff


def test_the_voltage_is_that_of_the_contract_else_of_its_size_else_of_the_peak() -> None:
    rules = bundled_rules()
    assert [rules.kw(key) for key in ("pv_small_business", "low_voltage", "agreed", "extra_high")] == [
        10.0,
        50.0,
        500.0,
        2000.0,
    ]
    assert [voltage_of(Supply(), peak, rules) for peak in (49.9, 50.0, 1999.0, 2000.0)] == [
        "low",
        "high",
        "high",
        "extra_high",
    ]
    assert voltage_of(Supply(contract_kw=60.0), 30.0, rules) == "high"
    assert voltage_of(Supply(voltage="high", contract_kw=40.0), 30.0, rules) == "high"
    assert voltage_of(Supply(voltage="?"), 30.0, rules) == "low"


def test_the_tariff_follows_from_name_voltage_size_and_year() -> None:
    rows = (
        tariff("old", valid_from=date(2024, 4, 1)), tariff("new", valid_from=date(2025, 4, 1)), tariff("other", name_ja="業務用 電力（500kW以上）", from_kw=500.0),
        tariff("light", voltage="low", valid_from=date(2026, 4, 1)),
    )  # fmt: skip
    tables, rules = Tables(tariffs=rows), bundled_rules()

    def chosen(year: int, **known: Any) -> tuple[str, list[str]]:
        found, findings = tariff_of(tables, Supply(**known), 100.0, year, rules)
        return found.key, [finding.code for finding in findings]

    assert chosen(2024) == ("old", ["tariff.chosen_by_rule"])
    assert chosen(2025) == ("new", ["tariff.chosen_by_rule"])
    assert chosen(2026) == ("new", ["tariff.chosen_by_rule"])
    assert chosen(2023) == ("old", ["tariff.chosen_by_rule", "tariff.begins_later"])
    assert chosen(2026, contract="業務用電力", contract_kw=600.0) == ("other", [])
    power = tariff("power", voltage="low", supply="power", name_ja="低圧電力")
    tables = Tables(tariffs=(*rows, power))
    assert chosen(2026, contract_kw=30.0)[0] == "light"
    assert chosen(2026, contract_kw=30.0, contract="低圧電力") == ("power", [])
    assert chosen(2025, contract_kw=30.0) == ("light", ["tariff.chosen_by_rule", "tariff.begins_later"])
    with pytest.raises(TariffError, match="none_extra_high"):
        chosen(2025, voltage="extra_high")
    with pytest.raises(TariffError, match="none_fits"):
        tariff_of(Tables(), Supply(), 100.0, 2025, rules)


# ---------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("value = 0.1\n", "value = 10\n", "out_of_range"), ('unit = "kWh"', 'unit = "Wh"', "bad_unit"), ('key = "agreed"', 'key = "low_voltage"', "duplicate"),
        ('key = "tax_rate"', 'key = "vat"', "bad_value"), ("kw = 10.0", 'kw = "ten"', "bad_value"), ("value = 5\n", "value = 5.5\n", "not_whole"),
        ("[[limits]]", "[[sizes]]", "unknown_key"), ('how_sure = "primary"', "", "bad_value"), ("[[rules]]", "[[rules]", "not_toml"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_named(old: str, new: str, code: str) -> None:
    text = resource_path("electricity_rules.toml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(UnreadableProfile, match=code):
        rules_from_text(text.replace(old, new, 1) if code != "unknown_key" else text.replace(old, new), "rules.toml")


def test_a_rule_that_is_not_there_is_named() -> None:
    text = resource_path("electricity_rules.toml").read_text(encoding="utf-8")
    first, *rest = text.split("[[rules]]")
    with pytest.raises(UnreadableProfile, match="tax_rate"):
        rules_from_text("[[rules]]".join([first, *rest[1:]]), "rules.toml")


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_order_of_any_measures_ends_at_the_same_bill(seed: int) -> None:
    made = np.random.default_rng(seed)
    load = made.gamma(1.0, 30.0, COUNT)
    measures = [Measure(name, made.normal(-2.0, 10.0, COUNT).round(3)) for name in "abc"]
    orders = [measures, measures[::-1], [measures[1], measures[2], measures[0]]]
    ends = [in_order(load, order, rates(), YEAR, holidays=NO_HOLIDAYS)[-1].after for order in orders]
    assert all(np.allclose(end.total_yen, ends[0].total_yen, atol=30.0) for end in ends)


def test_bills_of_a_plan_are_as_one_by_one(tmp_path: Path) -> None:
    plan = example_plan(tmp_path, facilities=6)
    demand = demand_of(plan, year=2026)
    found = bills_of(plan, demand)
    rows = found.facilities.set_index("facility_id")
    assert list(rows.index) == demand.facilities["facility_id"].tolist()
    made = [name for name in rows.index if rows["tariff"][name]]
    assert made
    for name in made:
        supply = supply_of(plan, name)
        one = bill(demand.of(name), found.rates[str(rows["tariff"][name])], demand.year, given_kw=supply.contract_kw)
        assert rows["year_yen"][name] == one.year_yen
        assert rows["billed_kw"][name] == one.contract_kw.max()
        whole = bill_at(found, name)
        assert whole is not None
        assert np.array_equal(whole.total_yen, one.total_yen)
        assert [line.key for line in whole.lines] == [line.key for line in one.lines]
    assert bill_at(found, "nobody") is None
