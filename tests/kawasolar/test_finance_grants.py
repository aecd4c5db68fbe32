"""Subsidies by their rules: conditions, the programme's cap, and what of a grant reaches the city."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kawasolar.finance import Options, Site, Terms, compare
from kawasolar.finance.grants import Facts, allocate, checks, grant_of
from kawasolar.profile import load_profile
from kawasolar.reasons import finding_sentence
from kawasolar.words import LANGUAGES
from tests.kawasolar.test_finance import SITE, changed, figure, subsidy


@pytest.fixture(scope="module")
def terms() -> Terms:
    return Terms.of(load_profile())


@settings(max_examples=60, deadline=None)
@given(asked=st.lists(st.floats(0.0, 1e9), min_size=1, max_size=30), cap=st.floats(0.0, 5e9), data=st.data())
def test_a_programmes_money_goes_by_its_order_and_never_beyond_its_cap(asked: list[float], cap: float, data: st.DataObject) -> None:  # fmt: skip
    order = data.draw(st.permutations(range(len(asked))))
    got = allocate(asked, cap, order)
    assert (got >= 0.0).all()
    assert (got <= np.array(asked) + 1e-6).all()
    assert got.sum() == pytest.approx(min(cap, sum(asked)), rel=1e-9, abs=1e-3)
    # Whoever comes before one that gets something gets all that he asked.
    row = got[order]
    last = int(np.flatnonzero(row > 0)[-1]) if (row > 0).any() else 0
    assert row[:last] == pytest.approx(np.array(asked)[order][:last])


def test_a_cap_ends_within_a_site() -> None:
    assert allocate([40.0, 40.0, 40.0], 100.0) == pytest.approx([40.0, 40.0, 20.0])
    assert allocate([40.0, 40.0, 40.0], 100.0, [2, 0, 1]) == pytest.approx([40.0, 20.0, 40.0])
    assert allocate([40.0, 40.0], None) == pytest.approx([40.0, 40.0])
    assert allocate(np.array(70.0), 50.0) == pytest.approx(50.0)


def test_conditions_pass_fail_or_are_not_known() -> None:
    one = subsidy(
        rate=0.5,
        conditions=("no_fit", "contract_after_grant", "at_least_1_mw", "third_party", "purchase", "low_fiscal_index"),
    )

    def told(way: Any, **facts: Any) -> dict[str, str]:
        return {check.condition: check.outcome for check in checks(one, way, Facts(**facts))}

    assert told("ppa") == {
        "no_fit": "pass", "contract_after_grant": "unknown", "at_least_1_mw": "unknown", "third_party": "pass", "purchase": "fail",
        "low_fiscal_index": "unknown",
    }  # fmt: skip
    assert told("roof_rent")["no_fit"] == "fail"
    assert told("roof_rent", feed_in=False)["no_fit"] == "pass"
    assert told("lease", programme_kw=1000.0)["at_least_1_mw"] == "pass"
    assert told("lease", programme_kw=999.0)["at_least_1_mw"] == "fail"
    early, late = date(2026, 5, 1), date(2026, 6, 1)
    assert told("ppa", contract=early, decision=late)["contract_after_grant"] == "fail"
    assert told("ppa", contract=late, decision=early)["contract_after_grant"] == "pass"
    assert told("ppa", contract=early, decision=early)["contract_after_grant"] == "pass"
    assert told("purchase", fiscal_index=0.9)["low_fiscal_index"] == "fail"


def test_of_several_the_first_that_a_way_may_have() -> None:
    rows = [row for row in load_profile().tables.subsidies if row.yen_per_kw]
    capex, kw = np.array(20e6), np.array(100.0)
    assert grant_of(rows, "ppa", Facts(), capex, kw).yen == pytest.approx(5e6)
    assert grant_of(rows, "purchase", Facts(), capex, kw).yen == pytest.approx(4e6)
    refused = grant_of(rows, "roof_rent", Facts(), capex, kw)
    assert refused.yen == 0.0
    assert any(check.outcome == "fail" for check in refused.checks)
    assert grant_of([], "ppa", Facts(), capex, kw).subsidy is None


def test_a_grant_lowers_the_price_by_the_share_that_must_reach_the_city(terms: Terms) -> None:
    half = Options((subsidy(rate=0.5),))
    prices = [compare(SITE, changed(terms, grant_pass=share), half).outcomes["ppa"] for share in (0.0, 0.8, 1.0)]
    taken = [float(one.figures["unit"]) for one in prices]
    without = figure(SITE, terms, "ppa", "unit")
    assert taken[0] == pytest.approx(without)
    assert taken[0] > taken[1] > taken[2]
    assert taken[1] == pytest.approx(without - 0.8 * (without - taken[2]))
    # The operator keeps the rest.
    rates = [float(one.figures["operator_irr"]) for one in prices]
    assert rates[0] > rates[1] > rates[2] == pytest.approx(0.05, abs=1e-9)


def test_a_cap_over_the_programme_is_told(terms: Terms) -> None:
    site = Site(np.array([100.0, 100.0, 100.0]), 9e4, 2e4, 25.2)
    found = compare(site, terms, Options((subsidy(rate=0.5, cap_total_yen=15e6),)))
    assert found.outcomes["ppa"].grant.yen == pytest.approx([10e6, 5e6, 0.0])
    assert [finding.code for finding in found.findings] == ["finance.capped"] * 4
    for language in LANGUAGES:
        assert "15,000,000" in finding_sentence(language, found.findings[0])


def test_a_price_is_never_below_zero(terms: Terms) -> None:
    found = compare(Site(100.0, 1e5, 5e5, 25.2), terms)
    assert float(found.outcomes["ppa"].figures["unit"]) == 0.0
    assert "finance.at_floor" in [finding.code for finding in found.findings]
    nothing = compare(Site(100.0, 0.0, 1e5, 25.2), terms)
    assert np.isnan(nothing.outcomes["ppa"].figures["unit"])
    assert "finance.no_price" in [finding.code for finding in nothing.findings]
