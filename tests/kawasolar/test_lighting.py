"""LED retrofits: by hand, at the edges of fiscal years, against every programme there is, and what a table may not say."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy_financial
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.progress import Cancelled
from kawasolar.demand import demand_of
from kawasolar.errors import PlanError, UnreadableProfile
from kawasolar.half_hours import COUNT, fiscal_year
from kawasolar.lighting import (
    Asked,
    bundled_table,
    from_kept,
    kept,
    lighting_of,
    read_table,
    saved_share,
    saving_kwh,
    table_with,
)
from kawasolar.lighting.bills import savings
from kawasolar.lighting.deadlines import NEVER, deadline_years, fiscal_year_of, past_years, stock
from kawasolar.lighting.ledger import luminaires_of_plan
from kawasolar.lighting.lots import lots_of
from kawasolar.lighting.programme import Rules, Sites, plan_years, worth_of
from kawasolar.lighting.replacing import replaced
from kawasolar.lighting.ways import annuity, figures, flows, renewals
from kawasolar.measures import assumptions_with, measures_of, site_of
from kawasolar.plan import RegisterRead, Registers
from kawasolar.profiles.reader import HOW_SURE
from kawasolar.registers.of_plan import as_read
from kawasolar.registers.reading import read_register
from kawasolar.resources import resource_path
from kawasolar.tariff import bill
from kawasolar.tariff.of_plan import bills_of
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan

TABLE = bundled_table()


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return example_plan(tmp_path_factory.mktemp("plan"), 12)


def with_lamps(plan: Plan, *rows: dict[str, Any], works: list[dict[str, Any]] | None = None) -> Plan:
    """The plan with a ledger of lamps, and of works on roofs."""
    read = pd.DataFrame([{"source_row": k + 2, **row} for k, row in enumerate(rows)])
    held: dict[Any, RegisterRead] = {"lamps": RegisterRead(read, {})}
    if works is not None:
        held["roof_works"] = RegisterRead(
            pd.DataFrame([{"source_row": k + 2, **row} for k, row in enumerate(works)]), {}
        )
    return replace(plan, registers=Registers(held))


def one(plan: Plan, **row: Any) -> pd.Series[Any]:
    """A single row of a ledger as it is filled in and replaced."""
    name = str(plan.facilities["facility_id"].iloc[0])
    rows, _, _ = luminaires_of_plan(with_lamps(plan, {"facility": name, "fixtures": 1.0, **row}), TABLE, [name])
    return replaced(rows, TABLE).iloc[0]


# ---- the table


def test_every_row_says_where_it_comes_from_and_how_sure_it_is() -> None:
    for section, name, row in TABLE.rows():
        assert row.source_ja, (section, name)
        assert row.source_en, (section, name)
        assert row.how_sure in HOW_SURE
    for row in TABLE.replacements:
        value = row.led_w if row.ratio is None else row.ratio
        assert value is not None
        assert row.low is not None
        assert row.high is not None
        assert row.low <= value <= row.high, row.key


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value = 15\n", "value = 99\n"), ('unit = "a"', 'unit = "h"'), ("led_w = 9", "led_w = 9\nratio = 0.5"), ("led_w = 9\n", ""), ("to_w = 30", "to_w = 0"),
        ('key = "term"', 'key = "terms"'), ("[[densities]]", "[[density]]"), ("watts = 43", "watts = -1"), ('lamp = "sodium"', 'lamp = "sun"'),
        ("last_day = 2020-12-30", 'last_day = "2020"'), ("[[numbers]]", "[[numbers"), ("life_h = 12000", "life_h = 12000\ncolour = 3"), ('key = "tube_40x1"', 'key = "tube_20"'),
    ],
)  # fmt: skip
def test_a_table_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = resource_path("lighting.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / "own.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UnreadableProfile):
        read_table(path)


def test_another_table_takes_its_place(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "own.toml"
    path.write_text(resource_path("lighting.toml").read_text("utf-8").replace("led_w = 31", "led_w = 43"), "utf-8")
    name = str(plan.facilities["facility_id"].iloc[0])
    lamps = with_lamps(
        plan,
        {"facility": name, "lamp_type": "straight_fluorescent", "fixtures": 10.0, "power_w": 85.0, "hours_per_day": 10.0, "days_per_year": 100.0},
    )  # fmt: skip
    assert saving_kwh(lamps, name).sum() == pytest.approx(10 * (85 - 31))
    assert saving_kwh(lamps, name, read_table(path)).sum() == pytest.approx(10 * (85 - 43))


@pytest.mark.parametrize("asked", [{"term": 0.0}, {"term": 7.5}, {"lamp": 1.0}, {"discount_rate": math.nan}])
def test_numbers_out_of_range_are_refused(asked: dict[str, float]) -> None:
    with pytest.raises(PlanError):
        table_with(TABLE, asked)
    assert table_with(TABLE, {"term": 20.0}).whole("term") == 20


# ---- luminaires


def test_sixteen_lamps_of_a_gymnasium(plan: Plan) -> None:
    row = one(
        plan, lamp_type="mercury", fixtures=16.0, power_w=306.0, height_m=8.0, hours_per_day=10.0, days_per_year=200.0, installed_year=2000.0,
    )  # fmt: skip
    assert (row["old_kw"], row["new_kw"]) == (pytest.approx(4.896), pytest.approx(0.896))
    assert row["saved_kwh"] == pytest.approx(4.0 * 2_000.0)
    assert row["high"]
    # 98,000 yen each, as that gymnasium paid, and what is thrown away.
    assert row["cost_yen"] == pytest.approx(16 * 98_000 + row["waste_yen"])
    assert row["waste_yen"] == 16 * 400 + 16 * 4.0 * 60
    # 16 lamps of 12,000 h for 2,000 h a year.
    assert row["upkeep_yen"] == pytest.approx(16 * 2_000 / 12_000 * 14_000)
    assert row["life_years"] == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("fixture", "lamps", "power", "watts", "source"),
    [
        ("FLR40×2", None, None, 86.0, "standard"), ("ＦＬＲ４０Ｓ×２", None, None, 86.0, "standard"), ("FLR40", 2.0, 40.0, 80.0, "per_lamp"), ("FLR40", 2.0, 85.0, 85.0, "ledger"),
        ("FHF32", 2.0, 71.0, 71.0, "ledger"), ("FHF 32-EX", 2.0, 32.0, 64.0, "per_lamp"), ("", 2.0, None, 86.0, "standard"), ("FL20S", None, 23.0, 23.0, "ledger"),
        ("FLR40-R110/2", None, None, 43.0, "standard"), ("FLR40SEX-N×2", None, None, 86.0, "standard"), ("FL40x2", None, None, 86.0, "standard"),
        ("FLR40 EX-3", None, None, 43.0, "standard"), ("ＦＬ４０ ２灯用", None, None, 86.0, "standard"),
    ],
)  # fmt: skip
def test_watts_of_a_luminaire(
    plan: Plan, fixture: str, lamps: float | None, power: float | None, watts: float, source: str
) -> None:
    row = one(plan, lamp_type="straight_fluorescent", fixture=fixture, lamps_per_fixture=lamps, power_w=power)
    assert (row["old_w"], row["w_from"]) == (pytest.approx(watts), source)


@pytest.mark.parametrize(
    ("lamp", "fixture", "power", "ban"),
    [
        ("straight_fluorescent", "FHF32", 71.0, "straight_triphosphor"), ("straight_fluorescent", "FLR40SEX-N", 85.0, "straight_triphosphor"),
        ("straight_fluorescent", "FLR40SW/M", 85.0, "straight_halophosphate"), ("straight_fluorescent", "", 85.0, "straight_triphosphor"),
        ("compact_fluorescent", "FDL27", 31.0, "cfl_compact"), ("compact_fluorescent", "EFA15", 12.0, "cfl_bulb"), ("compact_fluorescent", "EFA", 40.0, "cfl_bulb_large"),
        ("ring_fluorescent", "FCL30", 32.0, "straight_triphosphor"), ("mercury", "HF400X", 425.0, "mercury_high_pressure"), ("metal_halide", "MF400", 425.0, ""), ("halogen", "", 75.0, ""),
    ],
)  # fmt: skip
def test_which_date_a_lamp_falls_under(plan: Plan, lamp: str, fixture: str, power: float, ban: str) -> None:
    assert one(plan, lamp_type=lamp, fixture=fixture, power_w=power)["ban"] == ban


def test_hours_of_the_kind_where_the_ledger_tells_none(plan: Plan) -> None:
    kind = str(plan.facilities["kind"].iloc[0])
    row = one(plan, lamp_type="halogen", hours_per_day=3.0)
    assert (row["hours"], row["hours_from"]) == (TABLE.density(kind).hours, "kind")
    row = one(plan, lamp_type="halogen", hours_per_day=3.0, days_per_year=100.0)
    assert (row["hours"], row["hours_from"]) == (300.0, "ledger")


def test_ballasts_that_have_to_be_looked_up(plan: Plan) -> None:
    old = {"lamp_type": "straight_fluorescent", "fixtures": 3.0, "power_w": 85.0, "installed_year": 1976.0}
    assert one(plan, **old)["survey"]
    assert not one(plan, **{**old, "installed_year": 1977.0})["survey"]
    assert not one(plan, **old, pcb=False)["survey"]
    assert not one(plan, **old, ballast="インバータ")["survey"]
    said = one(plan, **old, pcb=True)
    assert said["pcb"]
    assert said["waste_yen"] - one(plan, **old, pcb=False)["waste_yen"] == 3 * TABLE.number("pcb_yen")


def test_led_lamps_stay_and_nothing_ever_draws_more(plan: Plan) -> None:
    name = str(plan.facilities["facility_id"].iloc[0])
    lamps = with_lamps(plan, {"facility": name, "lamp_type": "led", "fixtures": 9.0, "power_w": 30.0})
    assert saving_kwh(lamps, name).sum() == 0.0
    assert saved_share(lamps, name) is None
    with pytest.raises(PlanError, match=r"lighting\.nobody"):
        lighting_of(lamps, facility_ids=[name])
    assert one(plan, lamp_type="straight_fluorescent", power_w=5.0)["saved_kwh"] == 0.0


def test_facilities_without_a_ledger_are_estimated_and_marked(plan: Plan) -> None:
    first, second = plan.facilities["facility_id"].astype(str).iloc[:2]
    lamps = with_lamps(plan, {"facility": first, "lamp_type": "halogen", "fixtures": 2.0, "power_w": 75.0})
    found = lighting_of(lamps, facility_ids=[first, second]).facilities.set_index("facility_id")
    assert found["estimated"].to_dict() == {first: False, second: True}
    row = plan.facilities.set_index("facility_id").loc[second]
    density = TABLE.density(str(row["kind"]))
    assert found.loc[second, "old_kw"] == pytest.approx(
        row["floor_area_m2"] * density.w_m2 / 1000.0, abs=density.luminaire_w / 2000.0
    )
    bare = replace(plan, facilities=plan.facilities.assign(floor_area_m2=np.nan))
    _, left_out, _ = luminaires_of_plan(bare, TABLE)
    assert set(left_out.values()) == {"lighting.no_floor"}
    nameless = with_lamps(plan, {"facility": first, "lamp_type": "halogen", "fixtures": None, "power_w": 75.0})
    assert luminaires_of_plan(nameless, TABLE, [first])[1] == {first: "lighting.no_number"}


def test_a_ledger_as_it_comes_from_a_city(tmp_path: Path, plan: Plan) -> None:
    first, second = plan.facilities["name"].astype(str).iloc[:2]
    path = tmp_path / "照明.csv"
    path.write_text(
        f"""施設名,棟,室名,器具型番,ランプ種別,灯数/台,台数,消費電力(W),点灯時間/日,点灯日数,高さ,高所,PCB,設置年度
{first},体育館,アリーナ,HF300X,水銀灯,1,16,306,10,200,8,有,不明,昭和50
{first},校舎,教室,FLR40×2,蛍光灯,2,9,40,8,200,2.7,,無,昭和50
{first},校舎,廊下,,LED,,12,20,8,200,2.7,,,2020
{second},,ロビー,FHT42,コンパクト形,1,30,,10,240,3,,,1998
どこにもない施設,,,,蛍光灯,1,5,40,8,200,3,,,1998
""",
        "utf-8",
    )
    told = replace(plan, registers=Registers({"lamps": as_read(read_register(path, "lamps"))}))
    ids = plan.facilities["facility_id"].astype(str).tolist()[:2]
    rows, left_out, findings = luminaires_of_plan(told, TABLE, ids)
    assert not left_out
    assert [one.code for one in findings] == ["register.no_facility"]
    assert rows["old_w"].tolist() == [306.0, 80.0, 20.0, 46.0]
    assert rows["high"].tolist() == [True, False, False, False]
    assert rows["survey"].tolist() == [True, False, False, False]
    found = lighting_of(told, facility_ids=ids).facilities.set_index("facility_id")
    assert found.loc[ids[0], ["luminaires", "led_luminaires"]].tolist() == [25.0, 12.0]
    assert found.loc[ids[0], "saved_kwh"] == pytest.approx(16 * 250 * 2.0 + 9 * (80 - 31) * 1.6)
    assert found.loc[ids[1], ["ban", "last_day", "deadline_year"]].tolist() == ["cfl_compact", "2026-12-31", 2026]


# ---- deadlines


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2027, 3, 31), 2026), (date(2027, 4, 1), 2027), (date(2026, 12, 31), 2026), (date(2027, 1, 1), 2026), (date(2028, 2, 29), 2027),
    ],
)  # fmt: skip
def test_fiscal_years_end_on_31_march(day: date, year: int) -> None:
    assert fiscal_year_of(day) == year


@pytest.mark.parametrize(
    ("last", "deadline", "first_past"),
    [
        (date(2027, 3, 30), 2026, 2026), (date(2027, 3, 31), 2026, 2027), (date(2027, 4, 1), 2027, 2027), (date(2027, 12, 31), 2027, 2027),
    ],
)  # fmt: skip
def test_stock_at_the_edges_of_a_fiscal_year(last: date, deadline: int, first_past: int) -> None:
    days = {"cfl_compact": last}
    assert deadline_years(["cfl_compact", ""], days).tolist() == [deadline, NEVER]
    assert past_years(["cfl_compact", ""], days).tolist() == [first_past, NEVER]
    rows = pd.DataFrame(
        {"ban": ["cfl_compact"] * 2, "fixtures": [10.0, 5.0], "lamps": [2.0, 1.0], "hours": [1000.0, 2000.0], "lamp_type": "compact_fluorescent"}
    )  # fmt: skip
    made = stock(rows, np.array([2027, NEVER]), [2025, 2026, 2027, 2028], days, TABLE).set_index("fiscal_year")
    assert made["left"].tolist() == [15.0, 15.0, 5.0, 5.0]
    assert made["past_without"].tolist() == [15.0 if year >= first_past else 0.0 for year in made.index]
    assert made["past"].tolist() == [
        left if year >= first_past else 0.0 for year, left in zip(made.index, made["left"], strict=True)
    ]
    # 10 luminaires of two lamps for 1,000 h, 5 of one for 2,000 h; a lamp lasts 10,000 h.
    assert made.loc[2028, "lamps_needed_without"] == pytest.approx(2.0 + 1.0)
    assert made.loc[2028, "lamps_needed"] == pytest.approx(1.0)


# ---- money


def test_the_bill_falls_by_what_two_bills_say(plan: Plan) -> None:
    names = plan.facilities["facility_id"].astype(str).tolist()
    demand = demand_of(plan, names)
    bills = bills_of(plan, demand)
    share = 0.2 * demand.kwh.sum(axis=1, dtype=np.float64)
    found = savings(plan, demand.facilities["facility_id"].tolist(), np.nan_to_num(share))
    made = fell = 0
    for key, (at, _) in bills.bills.items():
        for k in at[:2].tolist():
            name = str(demand.facilities["facility_id"].iloc[k])
            load = demand.kwh[k].astype(np.float64)
            less = np.minimum(site_of(plan, name).lit * share[k], load)
            given_kw = float(bills.facilities["contract_kw"].iloc[k])
            before = bill(load, bills.rates[key], demand.year, given_kw=given_kw)
            rates, stands = bills.rates[key], float(before.contract_kw[0])
            # Below 500 kW the contract follows the half hours; one that is agreed or by what is installed stays.
            follows = rates.contract == "measured" or (rates.contract == "by_size" and stands < 500.0)
            after = bill(load - less, rates, demand.year, given_kw=given_kw if follows else stands)
            row = found.iloc[k]
            assert row["contract_kw"] == before.contract_kw.max() - after.contract_kw.max()
            fell += row["contract_kw"] > 0
            assert row["by"] == "tariff"
            assert row["saved_yen"] == pytest.approx(float(before.year_yen - after.year_yen), abs=12.0)
            assert row["billed_kwh"] == pytest.approx(less.sum())
            made += 1
    assert made > 2
    assert fell
    assert (found["billed_kwh"] <= share + 1e-6).all()


def test_without_demand_the_profiles_price_holds(plan: Plan) -> None:
    bare = replace(plan, facilities=plan.facilities.assign(annual_kwh=np.nan, floor_area_m2=np.nan))
    name = str(plan.facilities["facility_id"].iloc[0])
    found = savings(bare, [name], np.array([1000.0])).iloc[0]
    assert found["by"] == "price"
    assert found["saved_yen"] > 5_000.0


def test_three_ways_by_hand() -> None:
    saving, cost = np.array([100.0]), np.array([500.0])
    own = {"term": 8.0, "discount_rate": 0.0, "lease_years": 5.0, "lease_rate": 0.0, "lease_fee": 0.2, "esco_years": 4.0, "esco_share": 0.5, "esco_fee": 0.0}  # fmt: skip
    table = table_with(TABLE, own)
    again = np.zeros((1, 9))
    again[0, 6] = 40.0
    made = flows(saving, cost, again, table)
    assert made["purchase"][0][0].tolist() == [-500.0, 100, 100, 100, 100, 100, 60, 100, 100]
    # 600 yen in five years; what wears out later is the city's.
    assert made["lease"][0][0].tolist() == [0.0, -20, -20, -20, -20, -20, 60, 100, 100]
    assert made["esco"][0][0].tolist() == [0.0, 50, 50, 50, 50, 100, 60, 100, 100]
    assert made["esco"][1][0].tolist() == [-500.0, 50, 50, 50, 50, 0, 0, 0, 0]
    told = figures(saving, cost, again, table)
    assert told["purchase"]["payback"][0] == pytest.approx(5.0)
    assert told["purchase"]["total_yen"][0] == 260.0
    assert told["lease"]["total_yen"][0] == 160.0
    assert told["esco"]["first_yen"][0] == 0.0
    assert annuity(0.0, 5) == 0.2


@settings(max_examples=30, deadline=None)
@given(st.floats(0.001, 0.2), st.integers(1, 15), st.floats(1e4, 1e8), st.one_of(st.just(0.0), st.floats(1.0, 1e7)))
def test_a_lessor_earns_the_rate_of_the_lease(rate: float, years: int, cost: float, saving: float) -> None:
    table = table_with(TABLE, {"lease_rate": rate, "lease_years": float(years), "term": 20.0})
    told = figures(np.array([saving]), np.array([cost]), np.zeros((1, 21)), table)
    assert told["lease"]["provider_irr"][0] == pytest.approx(rate, abs=1e-6)
    city = flows(np.array([saving]), np.array([cost]), np.zeros((1, 21)), table)
    for way, (mine, _) in city.items():
        assert told[way]["npv_yen"][0] == pytest.approx(
            numpy_financial.npv(table.number("discount_rate"), mine[0]), rel=1e-9, abs=1e-3
        )


def test_what_wears_out_is_bought_again_by_its_share_of_the_term() -> None:
    rows = pd.DataFrame(
        {"life_years": [4.0, 12.0, 30.0], "cost_yen": [110.0, 220.0, 300.0], "waste_yen": [10.0, 20.0, 0.0]}
    )
    made = renewals(rows, np.array([0, 0, 1]), 2, 15)
    # After 4, 8 and 12 years; the last lasts a year beyond the term, and that of twelve years nine.
    assert made[0, [4, 8]].tolist() == [100.0, 100.0]
    assert made[0, 12] == pytest.approx(100.0 * 3 / 4 + 200.0 * 3 / 12)
    assert made[0].sum() == pytest.approx(325.0)
    assert made[1].sum() == 0.0


# ---- the programme


def _best_by_all(sites: Sites, rules: Rules) -> tuple[float, float]:
    """Most luminaires in time of all programmes, and the most worth among those."""
    n, t = sites.worth.shape
    best = (-1.0, -1.0)
    for choice in itertools.product(range(t + 1), repeat=n):
        put = [(k, year) for k, year in enumerate(choice) if year < t]
        cost = np.zeros(t)
        for k, year in put:
            cost[year] += sites.cost_yen[k, year]
        if (cost > [rules.budget(year) for year in rules.years]).any():
            continue
        found = sum(sites.in_time[k, year] for k, year in put), sum(sites.worth[k, year] for k, year in put)
        best = max(best, (float(found[0]), float(found[1])))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_as_good_as_the_best_of_all_programmes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, years = 6, (2026, 2027, 2028)
    cost = rng.integers(1, 40, (n, 1)) * np.ones((1, 3)) - rng.integers(0, 2, (n, 3)) * (rng.random((n, 3)) < 0.3)
    due = rng.integers(2025, 2030, n)
    count = rng.integers(1, 30, n)
    in_time = np.array([[c if year <= d else 0.0 for year in years] for c, d in zip(count, due, strict=True)])
    worth = worth_of(rng.integers(1, 50, n).astype(float), years, 5, 0.02)
    sites = Sites(np.array([str(k) for k in range(n)], dtype=object), cost, worth, in_time)
    rules = Rules(years, budget_yen=float(rng.integers(10, 60)), budgets={2027: float(rng.integers(0, 60))}, gap=0.0)
    found = plan_years(sites, rules)
    best = _best_by_all(sites, rules)
    assert found.in_time == best[0]
    assert found.worth == pytest.approx(best[1], rel=1e-6)
    assert found.bound >= found.worth
    for year in years:
        mine = found.year == year
        assert cost[mine, years.index(year)].sum() <= rules.budget(year)


def test_without_a_budget_all_is_done_in_the_first_year(plan: Plan) -> None:
    found = lighting_of(plan)
    assert set(found.facilities["year"]) == {found.head.first}
    assert (found.head.status, found.head.gap) == ("done", pytest.approx(0.0, abs=1e-6))


def test_pins_budgets_and_works_on_roofs(plan: Plan) -> None:
    names = plan.facilities["facility_id"].astype(str).tolist()[:3]
    rows = [
        {"facility": name, "lamp_type": "mercury", "fixtures": 10.0, "power_w": 306.0, "height_m": 8.0}
        for name in names
    ]
    works = [
        {"facility": names[0], "year": 2027.0, "state": "planned"}, {"facility": names[1], "year": 2027.0, "state": "done"}, {"facility": names[2], "year": 2040.0, "state": None},
    ]  # fmt: skip
    lamps = with_lamps(plan, *rows, works=works)
    asked = Asked(first=2026, last=2028, pins={names[0]: 2027, names[1]: 2027, names[2]: 0})
    found = lighting_of(lamps, asked, facility_ids=names)
    made = found.facilities.set_index("facility_id")
    assert made["year"].to_dict() == {names[0]: 2027, names[1]: 2027, names[2]: 0}
    assert made["joint"].tolist() == [True, False, False]
    spared = TABLE.number("joint_share") * TABLE.number("high_place_yen") * 10
    assert made.loc[names[0], "year_cost_yen"] == pytest.approx(made.loc[names[0], "cost_yen"] - spared)
    assert made.loc[names[2], ["year_cost_yen", "lot"]].tolist() == [0.0, ""]
    assert made["late"].tolist() == [10.0, 10.0, 10.0]
    assert found.years.set_index("fiscal_year").loc[2027, "cost_yen"] == made["year_cost_yen"].sum()
    for wrong, code in (
        (Asked(pins={"nobody": 2026}), "no_such_pin"), (Asked(first=2026, pins={names[0]: 2050}), "pin_year"), (Asked(first=2030, last=2020), "years"), (Asked(budget_yen=-1.0), "budget"),
        (Asked(first=2026, budget_yen=1000.0, pins={names[0]: 2026}), "pins"),
    ):  # fmt: skip
        with pytest.raises(PlanError, match=rf"lighting\.{code}"):
            lighting_of(lamps, wrong, facility_ids=names)


def test_joint_works_draw_a_facility_into_their_year(plan: Plan) -> None:
    name = str(plan.facilities["facility_id"].iloc[0])
    row = {"facility": name, "lamp_type": "mercury", "fixtures": 10.0, "power_w": 306.0, "height_m": 8.0}
    lamps = with_lamps(plan, row, works=[{"facility": name, "year": 2028.0, "state": "planned"}])
    whole = lighting_of(lamps, Asked(first=2026, last=2028), facility_ids=[name]).facilities["cost_yen"].iloc[0]
    # Only with what the scaffold spares does it come within the budget.
    found = lighting_of(lamps, Asked(first=2026, last=2028, budget_yen=whole - 50_000.0), facility_ids=[name])
    assert found.facilities["year"].tolist() == [2028]


def test_a_cancel_is_heard(plan: Plan) -> None:
    def stop(share: float, what: str) -> None:
        if share > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        lighting_of(plan, Asked(budget_yen=2e7), progress=stop)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 2026, 2027]), st.sampled_from(["", "東", "西"]), st.integers(0, 900_000_000)), max_size=40))  # fmt: skip
def test_lots_keep_every_yen_and_every_facility(rows: list[tuple[int, str, int]]) -> None:
    frame = pd.DataFrame(
        [(str(k), year, ward, 3.0, float(yen)) for k, (year, ward, yen) in enumerate(rows)], columns=["facility_id", "year", "ward", "luminaires", "year_cost_yen"]
    )  # fmt: skip
    lots = lots_of(frame, TABLE)
    chosen = frame[frame["year"] > 0]
    assert lots["cost_yen"].sum() == chosen["year_cost_yen"].sum()
    ids = [name for text in lots["facility_ids"] for name in text.split(";")]
    assert sorted(ids) == sorted(chosen["facility_id"])
    assert lots["lot"].is_unique
    most = TABLE.number("lot_yen")
    assert ((lots["cost_yen"] <= most) | (lots["facilities"] == 1)).all()
    assert (lots["facilities"] <= TABLE.whole("lot_sites")).all()


# ---- a whole plan


def test_of_a_plan_and_back(plan: Plan) -> None:
    found = lighting_of(plan, Asked(budget_yen=3e7, budgets={2027: 5e7}))
    frame = found.facilities
    assert frame["saved_kwh"].sum() == pytest.approx(found.rows["saved_kwh"].sum())
    assert frame["cost_yen"].sum() == found.rows["cost_yen"].sum()
    assert (found.years["cost_yen"] <= found.years["budget_yen"]).all()
    assert found.years["luminaires"].sum() + found.years["left"].iloc[-1] == frame["luminaires"].sum()
    assert found.lots["cost_yen"].sum() == found.years["cost_yen"].sum()
    assert len(found.ways) == 3 * len(frame)
    last = found.stock[found.stock["fiscal_year"] == found.head.last]
    assert last["left"].sum() == found.years["left"].iloc[-1]
    head, frames = kept(found)
    again = from_kept(json.loads(json.dumps(head)), frames)
    assert again.head == found.head
    assert again.findings == found.findings
    for name, one_frame in frames.items():
        pd.testing.assert_frame_equal(getattr(again, name), one_frame)


def test_the_saving_falls_on_the_hours_of_use(plan: Plan) -> None:
    name = str(plan.facilities["facility_id"].iloc[0])
    saved = saving_kwh(plan, name)
    assert saved.shape == (COUNT,)
    assert (saved >= 0).all()
    found = lighting_of(plan, facility_ids=[name]).facilities
    assert saved.sum() == pytest.approx(found["saved_kwh"].iloc[0])
    year = fiscal_year(plan.profile.plan_year)
    days = saved.reshape(365, 48).sum(axis=1)
    assert days[year.weekday < 5].mean() > days[year.weekday == 6].mean()
    with pytest.raises(PlanError):
        saving_kwh(plan, "nobody")


def test_measures_take_the_lamps_of_the_ledger(plan: Plan) -> None:
    name = str(plan.facilities["facility_id"].iloc[0])
    row = {"facility": name, "lamp_type": "mercury", "fixtures": 16.0, "power_w": 306.0, "hours_per_day": 10.0, "days_per_year": 200.0}  # fmt: skip
    site = site_of(with_lamps(plan, row), name)
    assert site.led_saving(assumptions_with({})) == (pytest.approx(1 - 56 / 306), True)
    assert measures_of(site, assumptions_with({}))["led"].delta_kwh.sum() == pytest.approx(-8_000.0, rel=1e-6)
    assert site.led_saving(assumptions_with({"led_saving": 0.5})) == (0.5, False)
    assert site_of(plan, name).led_saving(assumptions_with({}))[1] is False
