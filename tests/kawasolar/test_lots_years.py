"""Lots that know the programme: fiscal years in a lot, each site's own bill, a subsidy with its money by year, both sides' cash flows over the years, papers that go out of date."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy_financial as npf
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.__main__ import main
from kawasolar.document import lot_edits, programme_edits
from kawasolar.document.edits import Author
from kawasolar.document.entries import apply
from kawasolar.finance import Options, compare
from kawasolar.finance.grants import Facts
from kawasolar.lots.assess import Assessed, Lot, Paid, assess
from kawasolar.lots.flows import LINES, flows_of
from kawasolar.lots.of_plan import assess_of_plan, bills_of_lots, not_chosen, propose_of_plan, without_lot
from kawasolar.lots.price import lot_site, price_of, without_each, worths_of
from kawasolar.lots.proposal import broken_rules, lot_years, propose, strays
from kawasolar.lots.rules import default_costs, default_rules, rules_with
from kawasolar.lots.sites import LotSites, chosen_ids, years_of
from kawasolar.lots.subsidy import Pot, first_of, granted, pot_of, share_out
from kawasolar.lots.words import flow_lines, lot_lines, lot_title, named_lots, note_lines
from kawasolar.plan import Plan
from kawasolar.profile import load_profile
from kawasolar.project import save_project
from kawasolar.project.single import project_of
from kawasolar.roof_bill import RoofBill, roof_bill
from kawasolar.stages import plan_fingerprint
from kawasolar.use import compute_use
from kawasolar.use import flows_of as half_hours_of
from kawasolar.words import LANGUAGES, say
from tests.kawasolar.test_lots import TERMS, asked, sites, whole_cash
from tests.support.plans import example_plan
from tests.support.programmes import with_programme

ME = Author("甲", "試験", "2026-11-27T00:00:00+00:00")
SUBSIDIES = load_profile().tables.subsidies
GRANT = SUBSIDIES[0]


# ---------------------------------------------------------------------------------------------- years in a lot


@settings(max_examples=15, deadline=None)
@given(asked(), st.integers(0, 3), st.integers(0, 10_000))
def test_a_lot_is_of_years_in_a_row(case: tuple[LotSites, Any], span: int, seed: int) -> None:
    some, rules = case
    drawn = np.random.default_rng(seed).integers(2026, 2031, len(some))
    some, rules = replace(some, years=tuple(int(year) for year in drawn)), replace(rules, year_span=span)
    found = propose(some, rules)
    year = dict(zip(some.ids, some.years, strict=True))
    for lot in found.lots:
        own = {year[name] for name in lot}
        assert span == 0 or max(own) - min(own) < span
        assert broken_rules(some, rules, lot) == []
    assert sorted([*(one for lot in found.lots for one in lot), *found.left]) == sorted(some.ids)


def test_years_of_a_lot_are_those_of_most_of_its_sites() -> None:
    assert lot_years([2028, 2030, 2028, 0], 1) == (2028, 2028)
    assert lot_years([2028, 2030], 1) == (2028, 2028)
    assert lot_years([2030, 2029, 2028, 2030], 2) == (2029, 2030)
    assert lot_years([2028, 2030], 0) == (2028, 2030)
    assert lot_years([0, 0], 1) is None
    some = replace(sites(4, 1), years=(2028, 2028, 2030, 0))
    rules = rules_with({"min_kw": 0, "min_sites": 1})
    assert strays(some, rules, some.ids) == [("F0002", 2030)]
    assert "year_span" in broken_rules(some, rules, some.ids)
    assert "year_span" not in broken_rules(some, replace(rules, year_span=3), some.ids)
    assert "year_span" not in broken_rules(some, replace(rules, year_span=0), some.ids)


@pytest.mark.parametrize("seed", range(3))
def test_the_price_of_a_lot_over_years_with_a_subsidy(seed: int) -> None:
    some = sites(6, seed)
    some = replace(some, years=tuple(2027 + k % 3 for k in range(6)))
    found = assess(
        [Lot("l1", "北", some.ids)],
        some,
        TERMS,
        default_rules(),
        default_costs(),
        subsidy=GRANT,
        facts=Facts(feed_in=False),
    )
    price, given_yen = float(found.lots["price"].iloc[0]), found.basis.granted.yen
    assert given_yen == pytest.approx(some.capacity_kw * TERMS.capex_per_kw(some.capacity_kw) * GRANT.rate)
    flows = flows_of(found)
    assert float(npf.irr(flows.whole.operator)) == pytest.approx(TERMS.number("operator_irr"), abs=1e-8)
    before = float(found.lots["price_ungranted"].iloc[0])
    assert before > price
    # What the cash flows without it say, told site by site.
    assert float(npf.irr(whole_cash(some, before))) == pytest.approx(TERMS.number("operator_irr"), abs=1e-8)
    # Without each: as if it had never been there, with the years of the rest.
    worths = worths_of(some, TERMS, default_costs(), grant_yen=given_yen)
    for k, without in enumerate(without_each(worths, np.arange(6))):
        rest = np.delete(np.arange(6), k)
        alone = worths_of(some.taken(rest), TERMS, default_costs(), grant_yen=given_yen[rest])
        assert float(without) == pytest.approx(price_of(alone, np.arange(5)))


def test_as_much_of_a_subsidy_is_in_the_price_as_must_be() -> None:
    some = replace(sites(4, 2), years=(0,) * 4)

    def price(passed: float) -> float:
        terms = TERMS.with_number("grant_pass", passed)
        found = assess([Lot("l1", "北", some.ids)], some, terms, default_rules(), default_costs(), subsidy=GRANT)
        return float(found.lots["price"].iloc[0])

    whole, half, none = price(1.0), price(0.5), price(0.0)
    assert half == pytest.approx((whole + none) / 2)
    assert whole < none


# ---------------------------------------------------------------------------------------------- the subsidy's money


@st.composite
def sharing(draw: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], list[np.ndarray[Any, Any]], Pot]:
    count = draw(st.integers(1, 14))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    years = rng.integers(2026, 2030, count)
    label = rng.integers(0, 4, count)
    lots = [np.flatnonzero(label == k) for k in range(3)]
    each = draw(st.none() | st.floats(0.0, 300.0))
    named = {2027: draw(st.floats(0.0, 300.0))} if draw(st.booleans()) else {}
    gone = {2026: draw(st.floats(0.0, 80.0))} if draw(st.booleans()) else {}
    return rng.uniform(0.0, 100.0, count), years, lots, Pot(draw(st.none() | st.floats(0.0, 600.0)), named, each, gone)


@settings(max_examples=80, deadline=None)
@given(sharing())
def test_no_year_and_no_programme_gives_more_than_it_has(case: Any) -> None:
    wanted, years, lots, pot = case
    given_yen = share_out(wanted, years, lots, pot)
    inside = np.zeros(len(wanted), dtype=bool)
    for rows in lots:
        inside[rows] = True
    assert (given_yen >= 0.0).all()
    assert (given_yen <= wanted + 1e-9).all()
    assert not given_yen[~inside].any()
    total_free = np.inf if pot.total is None else max(pot.total - sum(pot.gone.values()), 0.0)
    assert given_yen.sum() <= total_free + 1e-6
    for year in set(years.tolist()):
        free, mine = pot.free(year), years == year
        assert free is None or given_yen[mine].sum() <= free + 1e-6
        # Who gets less than it asks for does so because some money has ended.
        if (given_yen[mine & inside] < wanted[mine & inside] - 1e-6).any():
            short = free is not None and given_yen[mine].sum() >= free - 1e-6
            assert short or given_yen.sum() >= total_free - 1e-6
        for rows in lots:
            some = rows[(years[rows] == year) & (wanted[rows] > 1e-9)]
            shares = given_yen[some] / wanted[some]
            assert np.allclose(shares, shares[:1], atol=1e-9)


def test_shared_out_by_hand() -> None:
    wanted, years = np.array([60.0, 40.0, 80.0, 50.0]), np.array([2027, 2027, 2028, 2028])
    lots = [np.array([0, 1]), np.array([2]), np.array([3])]
    # 2027: 50 of 100, half to each; 2028: what is left of the whole, the first lot first.
    assert share_out(wanted, years, lots, Pot(150.0, {2027: 50.0})).tolist() == [30.0, 20.0, 80.0, 20.0]
    assert share_out(wanted, years, lots, Pot(gone={2027: 9.0}, each=100.0)).tolist() == pytest.approx(
        [54.6, 36.4, 80.0, 20.0]
    )


def test_conditions_of_a_subsidy() -> None:
    kw, capex, none = np.array([100.0, 50.0]), np.array([3e7, 1.5e7]), np.zeros(2, dtype=np.int64)
    mega = next(one for one in SUBSIDIES if "at_least_1_mw" in one.conditions)
    rows = [np.array([0, 1])]
    assert not granted(mega, Facts(programme_kw=900.0, feed_in=False), capex, kw, none, rows, Pot()).yen.any()
    assert granted(mega, Facts(programme_kw=1000.0, feed_in=False), capex, kw, none, rows, Pot()).yen == pytest.approx(
        capex * mega.rate
    )
    from datetime import date

    late = Facts(feed_in=False, contract=date(2027, 4, 1), decision=date(2027, 5, 1))
    refused = granted(GRANT, late, capex, kw, none, rows, Pot())
    assert refused.refused
    assert not refused.yen.any()
    # Of two rows of one name that for PPA.
    both = [one for one in SUBSIDIES if one.yen_per_kw]
    assert "third_party" in getattr(first_of(both[::-1], Facts()), "conditions", ())


# ---------------------------------------------------------------------------------------------- cash flows over the years


def assessed(seed: int = 4, count: int = 9) -> Assessed:
    some = sites(count, seed)
    rng = np.random.default_rng(seed)
    some = replace(some, years=tuple(int(year) for year in rng.integers(2026, 2031, count)))
    paid = Paid(rng.uniform(15.0, 30.0, count), rng.uniform(0.0, 2e5, count), (None,) * count)
    lots = [Lot("l1", "北", some.ids[:4]), Lot("l2", "南", some.ids[4:8])]
    return assess(
        lots, some, TERMS, default_rules(), default_costs(), paid=paid, subsidy=GRANT, facts=Facts(feed_in=False), pot=Pot(9e7, each=4e7),
    )  # fmt: skip


def test_flows_are_the_sum_of_single_sites_each_in_its_year() -> None:
    found = assessed()
    flows, basis, term = flows_of(found), found.basis, TERMS.years
    first = flows.years[0]
    assert first == min(basis.sites.years[:8])
    assert flows.years[-1] == max(basis.sites.years[:8]) + term
    price = {
        name: float(row["price"])
        for row, names in zip(found.lots.to_dict("records"), (range(4), range(4, 8)), strict=True)
        for name in names
    }
    city, operator = ({code: np.zeros(len(flows.years)) for code in LINES} for _ in range(2))
    for k in range(8):
        one = lot_site(basis.sites.taken([k]), basis.paid.yen_per_kwh[k], basis.paid.demand_yen[k])
        case = (
            compare(one, TERMS, Options(price=price[k], grant_yen=basis.granted.yen[k]), ("ppa",)).outcomes["ppa"].case
        )
        at = basis.sites.years[k] - first
        for flow in case.flows:
            city[flow.code][at : at + term + 1] += flow.city[0]
            operator[flow.code][at : at + term + 1] += flow.operator[0]
    for code in set(LINES) - {"lot_costs", "corporate_tax"}:
        assert flows.whole.line(code).city == pytest.approx(city[code], abs=1e-3)
        assert flows.whole.line(code).operator == pytest.approx(operator[code], abs=1e-3)
    # The city knows nothing of the lots' own costs.
    assert flows.whole.city == pytest.approx(sum(city.values()), abs=1e-3)
    # What one side pays the other.
    paid = flows.whole.line("ppa_payment")
    assert paid.city == pytest.approx(-paid.operator)


def test_figures_of_the_flows_are_those_of_numpy_financial() -> None:
    found = assessed(7)
    flows = flows_of(found)
    for one in (flows.whole, *flows.lots):
        figures = flows.figures(one)
        assert figures["city_npv"] == pytest.approx(npf.npv(TERMS.number("discount_rate"), one.city), rel=1e-9)
        assert figures["operator_npv"] == pytest.approx(
            npf.npv(TERMS.number("operator_discount"), one.operator), rel=1e-9, abs=1.0
        )
        held = np.trim_zeros(one.operator)
        assert figures["operator_irr"] == pytest.approx(npf.irr(held), abs=1e-8)
        # Each lot's price gives its operator what he wants, and so do all together.
        assert figures["operator_irr"] == pytest.approx(TERMS.number("operator_irr"), abs=1e-7)
        table = flows.by_year(one)
        assert table["city_total_yen"].iloc[-1] == pytest.approx(figures["city_total"])
        # Nobody draws on years in which nothing is built.
        assert (table["grant_yen"] <= table["grant_cap_yen"].fillna(0.0) + 1e-6).all()
        assert table["sites_total"].iloc[-1] == (4 if one.lot else 8)
    total = found.basis.granted.yen.sum()
    assert flows.figures(flows.whole)["grant_total"] == pytest.approx(total)
    assert total <= 9e7 + 1e-6
    assert sum(one.city for one in flows.lots) == pytest.approx(flows.whole.city)


def test_no_lots_no_flows() -> None:
    some = sites(2, 1)
    found = assess([], some, TERMS, default_rules(), default_costs())
    flows = flows_of(found)
    assert flows.years == ()
    assert np.isnan(flows.figures(flows.whole)["city_npv"])
    assert flow_lines("ja", flows) == []


def test_who_loses_is_named_by_its_own_bill() -> None:
    some = replace(sites(3, 6), years=(0,) * 3)
    paid = Paid(np.array([99.0, 99.0, 0.5]), np.zeros(3), (None,) * 3)
    found = assess([Lot("l1", "北", some.ids)], some, TERMS, default_rules(), default_costs(), paid=paid)
    assert found.lots["losers"].iloc[0] == ("F0002",)
    assert found.sites["loses"].tolist() == [False, False, True]
    assert any("施設2" in line for line in lot_lines("ja", found, dict(zip(some.ids, some.names, strict=True)), {}))


# ---------------------------------------------------------------------------------------------- a plan with a programme


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    made = example_plan(tmp_path_factory.mktemp("lots"))
    return replace(made, use=compute_use(made, made.results.yields, made.results.hourly)[0])


@pytest.fixture(scope="module")
def plan(plain: Plan) -> Plan:
    ids = chosen_ids(plain)
    states = {name: ("planned", 2027 + k % 3) for k, name in enumerate(ids)}
    return with_programme(plain, {**states, ids[0]: ("done", 2026), ids[1]: ("contracted", 2027), ids[2]: ("open", 0)})


def test_what_is_tendered_is_what_the_programme_builds(plan: Plan, plain: Plan) -> None:
    ids = chosen_ids(plain)
    assert years_of(plain) == {}
    assert chosen_ids(plan) == ids[3:]
    assert chosen_ids(plan, standing=True) == [*ids[:2], *ids[3:]]
    rules = rules_with({"min_kw": 0, "min_sites": 1})
    made, refused = propose_of_plan(plan, rules)
    lots = named_lots("ja", made)
    assert lots[0].name == "2027年度 第1ロット"
    year = years_of(plan)
    assert all(len({year[name] for name in lot.ids}) == 1 for lot in lots)
    assert not set(ids[:3]) & {name for lot in lots for name in lot.ids}
    assert without_lot(plan, lots) == tuple(name for name in ids[3:] if name in {**made.left, **refused})
    # What has been contracted since stays in its lot; what the programme does not build is told.
    assert not_chosen(plan, [Lot("l1", "北", tuple(ids[:4]))]) == {"l1": (ids[2],)}


def test_lots_of_a_plan_with_bills_and_subsidy(plan: Plan) -> None:
    rules = rules_with({"min_kw": 0, "min_sites": 1})
    lots = named_lots("ja", propose_of_plan(plan, rules)[0])
    bills = bills_of_lots(plan, lots)
    rows = [one for one in plan.profile.tables.subsidies if one.name_ja == GRANT.name_ja]
    found = assess_of_plan(plan, lots, rules, bills=bills, subsidies=rows)
    own = found.sites[found.sites["tariff"] != ""]
    assert len(own)
    for row in own.head(4).to_dict("records"):
        bill = roof_bill(plan, *half_hours_of(plan, row["facility_id"]))
        assert isinstance(bill, RoofBill)
        assert row["avoided_yen"] == pytest.approx(bill.yen_per_kwh)
        assert row["demand_yen"] == pytest.approx(bill.demand_yen)
        # Of the first year: what the bill falls by, less what is paid for it.
        used = row["self_use_ratio"] * row["specific_yield"] * row["capacity_kw"]
        price = float(found.lots.set_index("lot").loc[row["lot"], "price"])
        assert row["saving_first_yen"] == pytest.approx((bill.yen_per_kwh - price) * used + bill.demand_yen, rel=1e-6)
    # One of those that stand already has had of the money.
    assert found.basis.granted.pot == pot_of(plan, GRANT, found.basis.sites.ids)
    assert found.basis.granted.pot.gone == {2026: 2e6, 2027: 2e6}
    for language in LANGUAGES:
        lines = [
            *lot_lines(language, found, {}, not_chosen(plan, lots)), *note_lines(language, found.basis), *flow_lines(language, flows_of(found))
        ]  # fmt: skip
        assert all("{" not in line for line in lines)


def test_money_of_the_rules_of_the_programme(plan: Plan) -> None:
    told = {"subsidy": {"each": 3e6, "2028": 1e6, "total": 5e6}}
    with_rules = replace(
        plan, entries=apply(plan.entries, programme_edits.set_rules(plan.entries, plan.scenario, told, ME))
    )
    pot = pot_of(with_rules, GRANT)
    assert (pot.total, pot.free(2026), pot.free(2028), pot.free(2029)) == (5e6, 1e6, 1e6, 3e6)
    assert pot_of(plan, GRANT).total == GRANT.cap_total_yen
    lots = named_lots("ja", propose_of_plan(plan, rules_with({"min_kw": 0, "min_sites": 1}))[0])
    found = assess_of_plan(with_rules, lots, subsidies=[GRANT])
    table = flows_of(found).by_year(flows_of(found).whole)
    drawn = dict(zip(table["fiscal_year"], table["grant_yen"], strict=True))
    assert sum(drawn.values()) == pytest.approx(1e6)
    assert drawn[2027] == pytest.approx(1e6)


def test_a_lot_with_another_year_is_told(plan: Plan) -> None:
    year = years_of(plan)
    odd = [name for name in chosen_ids(plan) if year[name] == 2028][:3]
    other = next(name for name in chosen_ids(plan) if year[name] == 2029)
    found = assess_of_plan(plan, [Lot("l1", "北", (*odd, other))])
    assert found.lots["strays"].iloc[0] == ((other, 2029),)
    assert found.lots["years"].iloc[0] == (2028, 2028)
    text = "\n".join(lot_lines("ja", found, {other: "丙"}, {}))
    assert "丙(2029年度)" in text
    assert "ロットの年度は2028年度" in text
    assert "北(2028年度)" in text
    assert lot_title("ja", "2028年度 第1ロット", (2028, 2028)) == "2028年度 第1ロット"


def test_papers_of_lots_go_out_of_date(plan: Plan) -> None:
    bare = plan_fingerprint(plan)
    ids = chosen_ids(plan)

    def with_lots(lots: dict[str, tuple[str, list[str]]], of: Plan = plan) -> str:
        return plan_fingerprint(
            replace(of, entries=apply(of.entries, lot_edits.set_lots(of.entries, of.scenario, lots, ME)))
        )

    first = with_lots({"l1": ("北", ids[:3]), "l2": ("南", ids[3:5])})
    moved = with_lots({"l1": ("北", ids[:2]), "l2": ("南", ids[2:5])})
    named = with_lots({"l1": ("東", ids[:3]), "l2": ("南", ids[3:5])})
    assert len({bare, first, moved, named}) == 4
    assert with_lots({}) == bare


# ---------------------------------------------------------------------------------------------- papers and command line


def test_command_line_with_years(plain: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from kawasolar.stages import stamped

    project = project_of(
        with_programme(plain, {name: ("planned", 2027 + k % 3) for k, name in enumerate(chosen_ids(plain))})
    )
    path = tmp_path / "計画.kawasolar"
    save_project(replace(project, plans={"s1": stamped(project.plan, project.profile)}), path)
    book, table = tmp_path / "lots.xlsx", tmp_path / "flows.csv"
    easy = ["--rule", "min_kw=0", "--rule", "min_sites=1", "--rule", "year_span=2"]
    wanted = [
        "lots",
        str(path),
        "--propose",
        "--take-over",
        *easy,
        "--subsidy",
        "先行地域",
        "--xlsx",
        str(book),
        "--flows",
        str(table),
        "--json",
    ]
    assert main(wanted) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["conditions"] == {"no_fit": "pass", "contract_after_grant": "unknown"}
    assert {lot["years"][0] for lot in told["lots"]} <= {2027, 2028, 2029}
    assert all(lot["grant_yen"] > 0 for lot in told["lots"])
    assert told["money"]["*"]["operator_irr"] == pytest.approx(TERMS.number("operator_irr"), abs=1e-5)
    sheets = openpyxl.load_workbook(book)
    sheet = sheets["年度別収支"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    begin = next(k for k, row in enumerate(rows) if row[0] == "年度") + 1
    years = rows[begin : begin + len(told["years"])]
    assert [row[0] for row in years] == [row["fiscal_year"] for row in told["years"]]
    at = [str(head).split("\n")[0] for head in rows[begin - 1]].index("市の収支")
    assert [row[at] for row in years] == pytest.approx([row["city_yen"] for row in told["years"]], abs=0.51)
    with table.open(encoding="utf-8-sig") as file:
        lines = list(csv.reader(file))
    width = lines[0].index("2027年度")
    city = next(row for row in lines if row[0] == "全ロット" and row[1] == "市" and row[2] == say("ja", "finance.sum"))
    assert [float(one) for one in city[width : width + len(years)]] == pytest.approx(
        [row["city_yen"] for row in told["years"]], abs=0.51
    )
    for language in LANGUAGES:
        assert main(["--lang", language, "lots", str(path), "--by-year", "--one-price"]) == 0
        assert "{" not in capsys.readouterr().out
    assert main(["lots", str(path), "--subsidy", "そんなものはない"]) == 3
