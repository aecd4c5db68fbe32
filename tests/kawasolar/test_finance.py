"""The money: measures against numpy-financial, cases worked by hand, and what must hold whatever the numbers."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.bundled import profile_path
from kawasolar.errors import PlanError
from kawasolar.finance import WAYS, Options, Site, Terms, compare, tornado
from kawasolar.finance.compare import FIGURES
from kawasolar.finance.grants import Facts
from kawasolar.finance.measures import irr, levelised, npv, payback
from kawasolar.finance.plant import depreciation_shares, property_tax_shares
from kawasolar.finance.ways import TRANSFERS
from kawasolar.finance.words import figure_name, figure_text, grant_texts, input_name, input_unit, line_name
from kawasolar.profile import load_profile
from kawasolar.profiles.tables import Subsidy
from kawasolar.reasons import finding_sentence
from kawasolar.words import LANGUAGES

SITE = Site(100.0, 90_000.0, 20_000.0, 25.2, roof_m2=900.0)
# No taxes, no inflation, no ageing, no costs but the plant: what can be worked by hand.
BARE = {
    "opex": 0.0, "insurance": 0.0, "inverter_share": 0.0, "removal": 0.0, "corporate_tax": 0.0, "property_tax": 0.0, "ageing.rate": 0.0,
    "inflation": 0.0, "price_escalation": 0.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def terms() -> Terms:
    return Terms.of(load_profile())


def changed(terms: Terms, **numbers: float) -> Terms:
    for key, value in numbers.items():
        terms = terms.with_number(key.replace("__", "."), value)
    return terms


def bare(terms: Terms, **numbers: float) -> Terms:
    for key, value in {**BARE, **numbers}.items():
        terms = terms.with_number(key, value)
    return terms


def figure(site: Site, terms: Terms, way: Any, key: str, options: Options | None = None) -> float:
    return float(compare(site, terms, options, (way,)).outcomes[way].figures[key])


def subsidy(**fields: Any) -> Subsidy:
    cited = {
        "source_ja": "例",
        "source_en": "example",
        "note_ja": "",
        "note_en": "",
        "how_sure": "verify",
        "coefficient": "",
    }
    plain = {"name_ja": "補助", "name_en": "Grant", "rate": None, "yen_per_kw": None, "cap_total_yen": None, "conditions": (), "low": None, "high": None}  # fmt: skip
    return Subsidy(**{**cited, **plain, **fields})


# ---------------------------------------------------------------------------------------------- measures


@settings(max_examples=150, deadline=None)
@given(
    first=st.floats(1e3, 1e9),
    shares=st.lists(st.floats(-0.1, 0.6), min_size=2, max_size=30)
    | st.lists(st.floats(0.02, 0.3), min_size=5, max_size=30),
    rate=st.floats(0.0, 0.3),
)
def test_measures_are_those_of_numpy_financial(first: float, shares: list[float], rate: float) -> None:
    flows = np.array([-first, *(first * share for share in shares)])
    assert npv(flows, rate) == pytest.approx(npf.npv(rate, flows), rel=1e-9, abs=1e-6 * first)
    found = float(irr(flows))
    if np.isnan(found):
        return
    assert abs(float(npv(flows, found))) < 1e-6 * first
    # With one change of sign there is one rate, and both find it.
    if (flows[1:] > 0.01 * first).all():
        assert found == pytest.approx(npf.irr(flows), rel=1e-3, abs=1e-9)


def test_rates_of_many_sites_are_those_of_each() -> None:
    rows = np.array(
        [[-100.0, 60.0, 60.0, 0.0], [-100.0, 10.0, 10.0, 10.0], [0.0, 5.0, 5.0, 5.0], [-1000.0, 500.0, 400.0, 300.0]]
    )
    found = irr(rows)
    assert found[[0, 1, 3]] == pytest.approx([npf.irr(row) for row in rows[[0, 1, 3]]], rel=1e-6)
    # Who puts nothing in has no rate.
    assert np.isnan(found[2])
    assert irr(rows.reshape(2, 2, 4)).shape == (2, 2)
    assert np.isnan(irr([-1.0, np.nan, 3.0]))


def test_a_rate_is_the_investors_though_costs_at_the_end_make_a_second_one() -> None:
    """−100, 120, −20 … : the net value falls through zero at one rate and rises through it at another."""
    flows = np.array([-100.0, *[15.0] * 19, -120.0])
    found = float(irr(flows))
    assert npv(flows, found) == pytest.approx(0.0, abs=1e-6)
    assert npv(flows, found - 0.01) > 0.0 > npv(flows, found + 0.01)


def test_payback_within_a_year_discounted_and_never() -> None:
    assert payback([-100.0, 40.0, 40.0, 40.0]) == pytest.approx(2.5)
    # 40/1.1 + 40/1.21 = 69.42; 30.58 of 30.05 in the third year: not within it.
    assert np.isnan(payback([-100.0, 40.0, 40.0, 40.0], 0.1))
    assert payback([-100.0, 40.0, 40.0, 40.0, 40.0], 0.1) == pytest.approx(3.0 + (100 - 99.4741) / 27.3205, abs=1e-4)
    assert payback([0.0, 1.0, 1.0]) == 0.0
    assert np.isnan(payback([-1.0, 0.0, 0.0]))
    assert np.isnan(payback([0.0, -1.0, -1.0]))
    assert payback([[-10.0, 5.0, 5.0], [0.0, 1.0, 1.0]]) == pytest.approx([2.0, 0.0])


def test_levelised_cost_without_interest_is_cost_over_energy() -> None:
    assert levelised([1000.0, 50.0, 50.0], [100.0, 100.0], 0.0) == pytest.approx(5.5)
    assert levelised([1000.0, 0.0], [100.0], 0.1) == pytest.approx(11.0)
    assert np.isnan(levelised([1000.0, 0.0], [0.0], 0.1))


# ---------------------------------------------------------------------------------------------- taxes


def test_straight_line_and_declining_balance(terms: Terms) -> None:
    straight = depreciation_shares(terms, 20)
    assert straight[1:18] == pytest.approx(np.full(17, 1 / 17))
    assert straight[[0, 18, 19, 20]] == pytest.approx(0.0)
    # The table of the ordinance for 17 years: rate 0.118, guarantee 0.04038.
    declining = depreciation_shares(changed(terms, depreciation=2), 20)
    assert declining[1] == pytest.approx(0.118, abs=5e-4)
    assert declining[2] == pytest.approx(0.118 * 0.882, abs=5e-4)
    assert declining[1:18].min() == pytest.approx(0.04038, abs=2e-4)
    for years in (5, 10, 17, 20):
        for how in (1, 2):
            assert depreciation_shares(changed(terms, depreciation=how), years).sum() == pytest.approx(1.0)
    # What is left when it is given away is written off then.
    assert depreciation_shares(terms, 10)[10] == pytest.approx(8 / 17)


def test_tax_on_depreciable_assets_falls_to_a_twentieth(terms: Terms) -> None:
    """17 years: 0.127 a year, half of it in the first."""
    shares = property_tax_shares(changed(terms, term=40))
    assert shares[0] == 0.0
    assert shares[1] == pytest.approx(0.014 * (1 - 0.127 / 2))
    assert shares[2] == pytest.approx(0.014 * (1 - 0.127 / 2) * (1 - 0.127))
    assert shares[-1] == pytest.approx(0.014 * 0.05)
    relieved = property_tax_shares(changed(terms, property_tax_relief_years=3, property_tax_relief=2 / 3))
    assert relieved[1:4] == pytest.approx(shares[1:4] * 2 / 3)
    assert relieved[4] == pytest.approx(shares[4])


# ---------------------------------------------------------------------------------------------- by hand


def test_a_lease_without_taxes_and_costs_is_an_annuity(terms: Terms) -> None:
    fee = figure(SITE, bare(terms, lease_irr=0.03, lease_term=15), "lease", "unit")
    assert fee == pytest.approx(-npf.pmt(0.03, 15, 20_000_000.0), rel=1e-9)


def test_a_price_without_taxes_and_costs_is_an_annuity_a_kilowatt_hour(terms: Terms) -> None:
    plain = bare(terms, operator_irr=0.05, resale=0.0)
    annuity = -npf.pmt(0.05, 20, 20_000_000.0)
    assert figure(SITE, plain, "ppa", "unit") == pytest.approx(annuity / 90_000.0, rel=1e-9)
    # What the surplus earns comes off it.
    sold = figure(SITE, bare(terms, operator_irr=0.05, resale=9.6), "ppa", "unit")
    assert sold == pytest.approx((annuity - 20_000.0 * 9.6) / 90_000.0, rel=1e-9)
    unsold = figure(SITE, bare(terms, operator_irr=0.05, resale=9.6), "ppa", "unit", Options(sold=False))
    assert unsold == pytest.approx(annuity / 90_000.0, rel=1e-9)


def test_own_purchase_by_hand(terms: Terms) -> None:
    """20 M yen; 90 MWh at 25.2 and 20 MWh at 9.6, 0.4 M yen of operation a year, 10 kW × 10,000 … removed after 20 years."""
    plain = changed(bare(terms), opex=4000.0, removal=10_000.0)
    case = compare(SITE, plain).outcomes["purchase"]
    yearly = 90_000 * 25.2 + 20_000 * 9.6 - 400_000.0
    flows = [-20_000_000.0, *[yearly] * 19, yearly - 1_000_000.0]
    assert case.case.city == pytest.approx(flows)
    assert not case.case.operator.any()
    assert case.figures["city_npv"] == pytest.approx(npf.npv(0.04, flows), rel=1e-9)
    assert case.figures["city_irr"] == pytest.approx(npf.irr(flows), rel=1e-3)
    assert case.figures["city_payback"] == pytest.approx(20_000_000.0 / yearly)
    assert case.figures["city_first"] == pytest.approx(yearly)


def test_roof_rent_is_the_rent_and_two_prices_of_the_grid(terms: Terms) -> None:
    outcome = compare(SITE, bare(terms)).outcomes["roof_rent"].case
    assert outcome.city == pytest.approx([0.0, *[300.0 * 900.0] * 20])
    sold = outcome.line("sold")
    assert sold is not None
    assert sold.operator[1:] == pytest.approx([110_000 * 19.0] * 5 + [110_000 * 8.3] * 15)
    market = compare(SITE, bare(terms), Options(facts=Facts(feed_in=False))).outcomes["roof_rent"].case.line("sold")
    assert market is not None
    assert market.operator[1:] == pytest.approx([110_000 * 9.6] * 20)


def test_tax_on_assets_is_told_beside_the_citys_cash_flow(terms: Terms) -> None:
    outcomes = compare(SITE, terms).outcomes
    assert float(outcomes["ppa"].figures["tax_total"]) == pytest.approx(20e6 * property_tax_shares(terms).sum())
    assert float(outcomes["purchase"].figures["tax_total"]) == 0.0
    # A lessor pays while he owns it.
    assert float(outcomes["lease"].figures["tax_total"]) == pytest.approx(20e6 * property_tax_shares(terms)[:16].sum())
    line = outcomes["ppa"].case.line("property_tax")
    assert line is not None
    assert not line.city.any()


def test_who_removes_and_what_is_paid_at_the_end(terms: Terms) -> None:
    def removal(after: int, side: str, **more: float) -> float:
        case = compare(SITE, changed(terms, after_term=after, **more)).outcomes["ppa"].case
        line = case.line("removal")
        assert line is not None
        return float(getattr(line, side)[-1])

    assert (removal(1, "city"), removal(1, "operator")) == (-1_000_000.0, 0.0)
    assert (removal(2, "city"), removal(2, "operator")) == (0.0, -1_000_000.0)
    sold = compare(SITE, changed(terms, after_term=3, residual=0.05)).outcomes["ppa"].case.line("resale")
    assert sold is not None
    assert sold.city[-1] == -sold.operator[-1] == -1_000_000.0
    # Nobody knows the price that the city pays at the end.
    with pytest.raises(PlanError, match=r"finance\.lacking"):
        compare(SITE, changed(terms, after_term=3))


def test_parts_are_replaced_in_their_year_but_not_in_the_last(terms: Terms) -> None:
    def years(**numbers: float) -> list[int]:
        case = (
            compare(Site(100.0, 9e4, 0.0, 25.2, battery_kwh=50.0), changed(terms, **numbers)).outcomes["purchase"].case
        )
        line = case.line("inverter")
        assert line is not None
        return [int(year) for year in np.flatnonzero(line.city)]

    assert years() == [15]
    assert years(inverter_year=7) == [7, 14]
    assert years(inverter_year=10) == [10]
    assert years(inverter_year=20) == []
    with_battery = compare(Site(100.0, 9e4, 0.0, 25.2, battery_kwh=50.0), terms).outcomes["purchase"]
    assert with_battery.figures["capex"] == 20_000_000.0 + 50 * 92_000.0


def test_public_figures_of_the_sewage_plant(terms: Terms) -> None:
    """1,800 kW at 1,167 kWh/kW, 9.45 yen/kWh, bought at 25.2: about 33 million yen and 900 t-CO2 a year."""
    site = Site(1800.0, 1800.0 * 1167.0, 0.0, 25.2)
    found = compare(site, terms, Options(price=9.45)).outcomes["ppa"]
    assert float(found.figures["city_first"]) == pytest.approx(33e6, rel=0.01)
    assert float(found.figures["co2_first"]) == pytest.approx(900.0, rel=0.01)
    assert found.figures["unit"] == 9.45
    assert found.price is None


def test_the_sewage_plants_price_lies_where_ours_says(terms: Terms) -> None:
    """9.45 yen/kWh were agreed with a grant of two thirds: no lower than ours at the least cost of a plant, well below ours at the usual one."""
    site = Site(1800.0, 1800.0 * 1167.0, 0.0, 25.2)
    rows = tuple(row for row in load_profile().tables.subsidies if row.rate == 0.667)
    (ends,) = (bar for bar in tornado(site, terms, "ppa", "unit", Options(rows)) if bar.code == "capex")
    assert ends.at_low < 9.45 < figure(site, terms, "ppa", "unit", Options(rows)) < ends.at_high
    assert ends.at_low == pytest.approx(9.45, rel=0.02)


def test_years_given_one_by_one_are_taken_as_they_are(terms: Terms) -> None:
    own = np.linspace(90_000.0, 60_000.0, 20)
    site = Site(100.0, own, np.full(20, 1e4), np.linspace(20.0, 30.0, 20), np.full(20, 5e4), by_year=True)
    found = compare(site, terms)
    assert found.years.self_use_kwh == pytest.approx(own)
    assert found.years.avoided_yen == pytest.approx(own * np.linspace(20.0, 30.0, 20))
    with pytest.raises(PlanError, match="years_short"):
        compare(site, changed(terms, term=25))
    # The same years from the first one.
    aged = 9e4 * 0.995 ** np.arange(20)
    ones = Site(100.0, aged, 0.0, 25.2, by_year=True)
    assert figure(ones, terms, "ppa", "unit") == pytest.approx(
        figure(Site(100.0, 9e4, 0.0, 25.2), terms, "ppa", "unit")
    )


def test_many_sites_at_once_are_each_alone(terms: Terms) -> None:
    kw, own, surplus = np.array([50.0, 100.0, 300.0]), np.array([4e4, 9e4, 1e5]), np.array([0.0, 2e4, 2e5])
    many = compare(Site(kw, own, surplus, 25.2, roof_m2=kw * 9), terms)
    for k in range(3):
        one = compare(Site(kw[k], own[k], surplus[k], 25.2, roof_m2=kw[k] * 9), terms)
        for way in WAYS:
            for key in FIGURES:
                assert many.outcomes[way].figures[key][k] == pytest.approx(float(one.outcomes[way].figures[key]), nan_ok=True, rel=1e-9)  # fmt: skip


def test_cost_goes_by_the_size(terms: Terms) -> None:
    import dataclasses

    row = terms.capex[0]
    sizes = (
        dataclasses.replace(row, from_kw=10.0, to_kw=50.0, yen_per_kw=300_000.0),
        dataclasses.replace(row, from_kw=50.0, to_kw=None, yen_per_kw=200_000.0),
    )
    other = dataclasses.replace(terms, capex=sizes)
    assert other.capex_per_kw([5.0, 10.0, 49.9, 50.0, 1000.0]) == pytest.approx([3e5, 3e5, 3e5, 2e5, 2e5])


# ---------------------------------------------------------------------------------------------- what must hold

numbers = st.fixed_dictionaries({
    "operator_irr": st.floats(0.0, 0.15), "corporate_tax": st.floats(0.0, 0.5), "opex": st.floats(0.0, 20_000.0), "insurance": st.floats(0.0, 0.02),
    "term": st.integers(5, 30), "after_term": st.sampled_from([1, 2]), "depreciation": st.sampled_from([1, 2]), "inflation": st.floats(0.0, 0.03),
    "price_escalation": st.floats(-0.01, 0.03), "inverter_share": st.floats(0.0, 0.2), "lease_term": st.integers(3, 30), "grant_pass": st.floats(0.0, 1.0),
    "lease_irr": st.floats(0.0, 0.1), "feed_in_step": st.integers(0, 30),
})  # fmt: skip
sites = st.builds(
    Site, st.floats(1.0, 3000.0), st.floats(1e3, 3e6), st.floats(0.0, 3e6), st.floats(5.0, 60.0), st.floats(0.0, 1e6), st.floats(0.0, 1e5),
    st.floats(0.0, 500.0),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(site=sites, drawn=numbers, rate=st.floats(0.0, 0.9))
def test_whatever_the_numbers(site: Site, drawn: dict[str, float], rate: float) -> None:
    terms = changed(Terms.of(load_profile()), **drawn)
    given_ = subsidy(rate=rate, cap_total_yen=5e7, conditions=("no_fit",))
    found = compare(site, terms, Options((given_,)))
    for outcome in found.outcomes.values():
        for flow in outcome.case.flows:
            if flow.code in TRANSFERS:
                assert flow.city + flow.operator == pytest.approx(0.0)
        assert outcome.case.city + outcome.case.operator == pytest.approx(
            sum(flow.city + flow.operator for flow in outcome.case.flows if flow.code not in TRANSFERS), abs=1e-3
        )
        assert (outcome.grant.yen <= 5e7 + 1e-6).all()
        assert (outcome.grant.yen <= outcome.figures["capex"] + 1e-6).all()
    ppa, lease = found.outcomes["ppa"], found.outcomes["lease"]
    for outcome, key in ((ppa, "operator_irr"), (lease, "lease_irr")):
        assert outcome.price is not None
        # Without a grant the solved price gives the owner the return that he wants, by the flows themselves.
        plain = compare(site, terms, None, (outcome.case.way,)).outcomes[outcome.case.way]
        assert plain.price is not None
        scale = float(np.abs(plain.case.operator).sum())
        if not plain.price.at_floor.any():
            assert float(npv(plain.case.operator, terms.number(key))) == pytest.approx(0.0, abs=1e-9 * scale)
        assert float(outcome.price.taken) >= 0.0
        # With one it never is dearer, and what the owner keeps of it never lowers his worth.
        assert float(outcome.price.lowest) <= float(outcome.price.without) + 1e-9 * scale
        assert float(npv(outcome.case.operator, terms.number(key))) >= -1e-9 * scale


def test_a_lease_fee_is_exact_to_the_last_digits() -> None:
    """Found by the properties: a fee of a hundred million a year, told by a step of one yen, left the owner yen short of his return."""
    site = Site(2321.0, 1000.0, 0.0, 5.0, 0.0, 0.0, 48.875)
    drawn = {
        "operator_irr": 0.0, "corporate_tax": 0.42714858191659977, "opex": 0.0, "insurance": 0.015625, "term": 5, "after_term": 1, "depreciation": 2,
        "inflation": 0.0, "price_escalation": 0.0, "inverter_share": 0.0, "lease_term": 4, "grant_pass": 0.0, "lease_irr": 0.0, "feed_in_step": 0,
    }  # fmt: skip
    terms = changed(Terms.of(load_profile()), **drawn)
    for way, key in (("ppa", "operator_irr"), ("lease", "lease_irr")):
        flows = compare(site, terms, None, (way,)).outcomes[way].case.operator
        assert float(npv(flows, terms.number(key))) == pytest.approx(0.0, abs=1e-13 * float(np.abs(flows).sum()))


@settings(max_examples=40, deadline=None)
@given(site=sites, drawn=numbers, more=st.floats(1.0, 3.0))
def test_a_dearer_plant_never_lowers_the_price(site: Site, drawn: dict[str, float], more: float) -> None:
    import dataclasses

    terms = changed(Terms.of(load_profile()), **drawn)
    dearer = dataclasses.replace(terms, capex_factor=more)
    for way in ("ppa", "lease"):
        low, high = (figure(site, one, way, "unit") for one in (terms, dearer))
        assert high >= low * (1 - 1e-12) - 1e-9


# ---------------------------------------------------------------------------------------------- profiles


def test_what_a_profile_lacks_is_taken_from_the_first_and_named() -> None:
    assert Terms.of(load_profile()).borrowed == ()
    kaga = Terms.of(load_profile(profile_path("kaga")))
    assert "tax_life" in kaga.borrowed
    assert "opex" not in kaga.borrowed
    found = compare(SITE, kaga)
    (finding,) = found.findings
    assert finding.code == "finance.borrowed"
    for language in LANGUAGES:
        assert str(len(kaga.borrowed)) in finding_sentence(language, finding)


# ---------------------------------------------------------------------------------------------- sensitivities


def test_a_tornado_is_the_figure_at_both_ends_sorted(terms: Terms) -> None:
    bars = tornado(SITE, terms, "ppa", "unit")
    assert [bar.span for bar in bars] == sorted((bar.span for bar in bars), reverse=True)
    by_code = {bar.code: bar for bar in bars}
    wanted = by_code["operator_irr"]
    assert (wanted.low, wanted.base, wanted.high) == (0.03, 0.05, 0.08)
    assert wanted.at_low == pytest.approx(figure(SITE, changed(terms, operator_irr=0.03), "ppa", "unit"))
    assert wanted.at_high == pytest.approx(figure(SITE, changed(terms, operator_irr=0.08), "ppa", "unit"))
    assert (by_code["capex"].low, by_code["capex"].high) == (150_000.0, 250_000.0)
    # What moves nothing is not told: the price of bought power is no part of the operator's.
    assert "purchase_price" not in by_code
    assert "discount_rate" not in by_code
    city = {bar.code: bar for bar in tornado(SITE, terms, "purchase", "city_npv", energy=(0.9, 1.1))}
    assert (city["purchase_price"].low, city["purchase_price"].base) == pytest.approx((23.0, 25.2))
    assert city["energy"].at_low < city["energy"].at_high
    assert "operator_irr" not in city


def test_a_subsidy_is_an_uncertain_input_too(terms: Terms) -> None:
    rows = tuple(row for row in load_profile().tables.subsidies if row.rate == 0.667)
    bars = {bar.code: bar for bar in tornado(SITE, terms, "ppa", "unit", Options(rows))}
    assert bars["subsidy"].low == pytest.approx(0.5 / 0.667)
    assert bars["subsidy"].at_low > bars["subsidy"].at_high


def test_a_figure_that_is_lost_at_one_end_stands_first(terms: Terms) -> None:
    """Bought power so cheap that the plant never pays back."""
    poor = Site(100.0, 80_000.0, 20_000.0, 25.2)
    bars = tornado(poor, terms, "purchase", "city_payback_discounted", energy=(0.5, 1.2))
    assert np.isnan(bars[0].at_low) or np.isnan(bars[0].at_high)


# ---------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_has_words(terms: Terms, language: Any) -> None:
    rows = tuple(row for row in load_profile().tables.subsidies if row.rate == 0.667)
    found = compare(SITE, changed(terms, after_term=3, residual=0.1), Options(rows))
    told = []
    for way, outcome in found.outcomes.items():
        told += [line_name(language, flow.code) for flow in outcome.case.flows]
        told += [
            figure_name(language, key) + figure_text(language, way, key, float(outcome.figures[key])) for key in FIGURES
        ]
        told += grant_texts(language, outcome.grant)
    told += [
        input_name(language, code) + input_unit(language, code)
        for code in (*terms.numbers, "capex", "energy", "subsidy")
    ]
    assert not [text for text in told if not text or "finance." in text or "profile." in text or "unit." in text]
    assert isinstance(terms.numbers, MappingProxyType)
