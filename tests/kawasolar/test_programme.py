"""The half over the years: equal to trying every programme; what conflicts really does, and the least that would do really is the least."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis.progress import Cancelled
from kawasolar.errors import ProgrammeInvalid
from kawasolar.programme.easing import unit_costs
from kawasolar.programme.frontier import frontier, frontier_table
from kawasolar.programme.highs import Limits
from kawasolar.programme.model import build
from kawasolar.programme.reasons import loss_if, reason_table
from kawasolar.programme.result import Programme, make_programme, site_table, tracker, why_nothing, year_table
from kawasolar.programme.rules import KINDS, Rules
from kawasolar.programme.sites import Sites, make_sites, worth_of_annual
from kawasolar.programme.year_why import YearWhy, year_why
from kawasolar.selection import choose
from tests.support.programmes import (
    all_years,
    best_by_trying,
    cases,
    city,
    holds_by_trying,
    least_by_trying,
    permuted,
    violations,
    without,
    worth_of,
)

EXACT = Limits(gap=0.0, seconds=30.0)
GIVE = dict.fromkeys(KINDS, 1.0)
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)


@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
@given(cases())
def test_programme_is_the_best_of_all(case: tuple[Sites, Rules]) -> None:
    sites, rules = case
    truth, made = best_by_trying(sites, rules), make_programme(sites, rules, EXACT)
    assert (made is None) == (truth is None)
    if made is None or truth is None:
        return
    years = tuple(int(y) for y in made.year)
    assert not any(violations(sites, rules, years).values())
    assert worth_of(sites, rules, years) == pytest.approx(truth, abs=1e-9)
    assert made.proof.worth == pytest.approx(truth[1], abs=1e-9)
    assert made.proof.bound >= truth[1] - 1e-9
    assert made.proof.bound <= truth[1] + 1e-3


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(cases(most_sites=4))
def test_what_conflicts_does_and_no_part_of_it_does(case: tuple[Sites, Rules]) -> None:
    sites, rules = case
    if make_programme(sites, rules, EXACT) is not None:
        return
    told = why_nothing(sites, rules, GIVE, EXACT)
    assert told.conflict is not None
    assert told.conflict.smallest
    found = set(told.conflict.rules)
    assert not holds_by_trying(sites, rules, found)
    for rule in found:
        assert holds_by_trying(sites, rules, found - {rule})


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(cases(most_sites=4), st.sampled_from([GIVE, {**GIVE, "share": 3.0, "pin": 20.0}, {"budget": 1.0, "pin": 2.0}]))
def test_relaxation_is_the_least_and_fits(case: tuple[Sites, Rules], give: dict[str, float]) -> None:
    sites, rules = case
    if make_programme(sites, rules, EXACT) is not None:
        return
    told = why_nothing(sites, rules, give, EXACT)
    least = least_by_trying(sites, rules, unit_costs(build(sites, rules), give))
    assert (told.relaxation is None) == (not np.isfinite(least))
    if told.relaxation is not None:
        assert told.relaxation.fits
        assert told.relaxation.least
        assert told.relaxation.weighted == pytest.approx(least, rel=1e-6)
    for alone in told.alone:
        (way,) = alone.ways
        units = {way.rule: 1.0}
        assert least_by_trying(sites, rules, units) == pytest.approx(way.by * (1000 if way.rule.kind == "kw" else 1))


def test_a_relaxation_without_a_site_to_decide_is_proven() -> None:
    """Only money gives way: a problem without whole numbers, whose optimum is its own bound."""
    sites = make_sites(
        ["a"], (2027, 2028), worth={"co2": 0.0}, capacity_kw=1.0, cost_yen=1.0, state="done", state_year=2027
    )
    told = why_nothing(sites, Rules(budget_yen={2027: 0}), GIVE, EXACT)
    assert told.relaxation is not None
    assert told.relaxation.ways[0].by == 1.0
    assert told.relaxation.least


def test_what_conflicts_is_named() -> None:
    sites = make_sites(
        ["a", "b", "c", "d"], (2027, 2028), worth={"co2": [4.0, 3, 2, 1]}, capacity_kw=10, cost_yen=[10, 10, 10, 90],
        ward=np.array(["x", "x", "x", "y"], dtype=object),
    )  # fmt: skip
    rules = Rules(budget_yen={2027: 30, 2028: 30}, ward_sites={"y": 1}, sites_per_year={2027: 4, 2028: 4})
    told = why_nothing(sites, rules, GIVE, EXACT)
    assert told.conflict is not None
    assert [tuple(rule) for rule in told.conflict.rules] == [
        ("budget", 2027, ""),
        ("budget", 2028, ""),
        ("ward", 0, "y"),
    ]
    by = {tuple(one.ways[0].rule): one.ways[0].by for one in told.alone}
    assert by == {("budget", 2027, ""): 60, ("budget", 2028, ""): 60, ("ward", 0, "y"): 1}


# ---------------------------------------------------------------------------------------------- the same answer


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(cases(), st.randoms(use_true_random=False))
def test_order_of_input_changes_nothing(case: tuple[Sites, Rules], random: object) -> None:
    sites, rules = case
    order = list(range(len(sites)))
    random.shuffle(order)  # type: ignore[attr-defined]
    one, other = make_programme(sites, rules, EXACT), make_programme(permuted(sites, order), rules, EXACT)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.year.tolist() == other.year.tolist()


def test_equals_are_built_early_and_by_their_ids() -> None:
    sites = make_sites(["c", "a", "b", "d"], (2027, 2028, 2029), worth={"co2": 5.0}, capacity_kw=1)
    made = make_programme(sites, Rules(share=0.5, exactly=True, sites_per_year=dict.fromkeys(sites.years, 1)), EXACT)
    assert made is not None
    assert site_table(made).set_index("facility_id")["fiscal_year"].dropna().to_dict() == {"a": 2027, "b": 2028}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12, unique=True), st.floats(0, 1), st.data())
def test_without_years_it_is_the_half_as_ever(values: list[int], share: float, data: st.DataObject) -> None:
    ids = [f"{k:02d}" for k in range(len(values))]
    pins = data.draw(st.sets(st.sampled_from(ids), max_size=2))
    vetoes = data.draw(st.sets(st.sampled_from(ids), max_size=2)) - pins
    import pandas as pd

    half = choose(pd.Series(values, index=ids, dtype=float), share, pins, vetoes)
    sites = make_sites(
        ids, (2030,), worth={"co2": values}, capacity_kw=1, pinned=np.isin(ids, list(pins)), vetoed=np.isin(ids, list(vetoes))
    )  # fmt: skip
    made = make_programme(sites, Rules(share=share, exactly=True), EXACT)
    if half.excess or half.short:
        assert made is None
    else:
        assert made is not None
        assert set(sites.facility_id[made.planned]) == set(half.chosen.index[half.chosen])


# ---------------------------------------------------------------------------------------------- shares, what stands


def test_denominator_can_be_frozen_and_what_stands_counts() -> None:
    sites = make_sites(
        list("abcdef"), (2027, 2028), worth={"co2": [6.0, 5, 4, 3, 2, 1]}, capacity_kw=[10, 20, 30, 40, 50, 60], cost_yen=7,
        state=np.array(["open", "done", "contracted", "contracted", "open", "open"], dtype=object), state_year=[0, 2020, 2027, 2031, 0, 0],
    )  # fmt: skip
    made = make_programme(sites, Rules(share=0.5, denominator=8, exactly=True, budget_yen={2027: 14}), EXACT)
    assert made is not None
    assert (made.number, made.denominator) == (4, 8)
    # b and c stand, d only after the last year; c has taken 7 of the year's 14.
    assert made.year.tolist() == [2027, 2020, 2027, 2031, 2028, 0]
    assert tracker(made).set_index("status")["sites"].to_dict() == {"done": 1, "contracted": 2, "planned": 2, "open": 1}
    assert tracker(made)["capacity_kw"].sum() == 210
    years = year_table(made)
    assert years["sites"].tolist() == [2, 1]
    assert years["sites_total"].tolist() == [3, 4]
    assert years["cost_yen"].tolist() == [14, 7]
    assert years["share"].tolist() == [3 / 8, 4 / 8]
    assert years["capacity_total_kw"].tolist() == [60, 110]


@pytest.mark.parametrize(("share", "number"), [(0.0, 0), (0.5, 2), (1 / 3, 1), (0.34, 2), (1.0, 3)])
def test_share_is_counted_up(share: float, number: int) -> None:
    sites = make_sites(list("abc"), (2027,), worth={"co2": [1.0, 2, 3]}, capacity_kw=1)
    made = make_programme(sites, Rules(share=share, exactly=True), EXACT)
    assert made is not None
    assert int(made.planned.sum()) == number


def test_no_sites_and_more_standing_than_asked_for() -> None:
    nobody = make_programme(make_sites([], (2027,), worth={}, capacity_kw=[]), Rules(share=0.5), EXACT)
    assert nobody is not None
    assert len(site_table(nobody)) == 0
    stand = make_sites(
        list("abc"), (2027,), worth={"co2": 1.0}, capacity_kw=1, state=np.array(["done", "done", "open"], dtype=object), state_year=[2020, 2020, 0]
    )  # fmt: skip
    made = make_programme(stand, Rules(share=0.5, denominator=2, exactly=True), EXACT)
    assert made is not None
    assert not made.planned.any()


def test_worth_counts_the_years_after_and_is_discounted() -> None:
    worth = worth_of_annual([10.0], (2027, 2028), 2030, 0.1)
    assert worth[0] == pytest.approx([10 / 1.1 + 10 / 1.21 + 10 / 1.331, 10 / 1.21 + 10 / 1.331])
    raw = make_sites(["a"], (2027, 2028), worth={"co2": [[1.0, 1.0]]}, capacity_kw=1, rate=0.25)
    assert raw.worth["co2"].tolist() == [[1.0, 0.8]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"facility_id": ["a", "a"]}, {"years": (2027, 2029)}, {"years": ()}, {"capacity_kw": [1.0, np.nan]}, {"cost_yen": -1},
        {"cost_yen": 1e300}, {"worth": {"co2": np.inf}}, {"worth": {}}, {"state": np.array(["open", "gone"], dtype=object)}, {"pinned_year": 1999},
    ],
)  # fmt: skip
def test_sites_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"facility_id": ["a", "b"], "years": (2027,), "worth": {"co2": 1.0}, "capacity_kw": 1.0}
    with pytest.raises(ProgrammeInvalid):
        make_sites(**{**right, **wrong})  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------- why


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(cases(most_sites=4), st.data())
def test_loss_is_that_of_trying_every_programme_with_the_site_forced(
    case: tuple[Sites, Rules], data: st.DataObject
) -> None:
    sites, rules = case
    rules = replace(rules, shelters_first=False)
    made = make_programme(sites, rules, EXACT)
    if made is None or not sites.open.any():
        return
    k = data.draw(st.sampled_from(np.flatnonzero(sites.open).tolist()))
    into = data.draw(st.sampled_from([None, 0, *sites.years]))
    found = loss_if(made, str(sites.facility_id[k]), into, EXACT)
    # A person who forces a site takes back what was pinned or vetoed there.
    free = replace(sites, pinned=_put(sites.pinned, k, False), vetoed=_put(sites.vetoed, k, False))
    wanted = [
        worth_of(sites, rules, y)[1] for y in all_years(free)
        if not any(violations(free, rules, y).values()) and (y[k] == 0 if into is None else y[k] > 0 if into == 0 else y[k] == into)
    ]  # fmt: skip
    assert found.fits == bool(wanted)
    if wanted:
        assert found.loss == pytest.approx(made.proof.worth - max(wanted), abs=1e-6)
        assert found.at_least - 1e-9 <= max(found.loss, 0.0)
        assert found.loss <= found.at_most + 1e-9


def _put(values: np.ndarray, k: int, value: bool) -> np.ndarray:
    changed = values.copy()
    changed[k] = value
    return changed


def test_every_site_has_a_reason() -> None:
    sites = make_sites(
        list("abcdefg"), (2027, 2028), worth={"co2": [[9, 8], [8, 7], [7, 6], [1, 1], [6, 5], [5, 4], [3, 3]]}, capacity_kw=1, cost_yen=10,
        ward=np.array(["x", "x", "x", "y", "x", "x", "x"], dtype=object), renewal_year=[np.nan, 2028, np.nan, np.nan, 2040, np.nan, np.nan],
        pinned=[False, False, True, False, False, False, False], vetoed=[False] * 5 + [True, False],
    )  # fmt: skip
    made = make_programme(sites, Rules(budget_yen={2027: 20, 2028: 20}, ward_sites={"y": 1}), EXACT)
    assert made is not None
    table = reason_table(made).set_index("facility_id")
    assert table["reason"].to_dict() == {
        "a": "worth", "b": "worth", "c": "pinned", "d": "needed", "e": "no_year", "f": "vetoed", "g": "no_room",
    }  # fmt: skip
    assert table.loc["b", "when"] == "renewal"
    assert table.loc["d", "rule"].kind == "ward"
    assert table.loc["g", "rule"].kind == "budget"
    assert table.loc["g", "margin"] > 0


# ---------------------------------------------------------------------------------------------- frontier, cancel


def test_more_money_is_never_worth_less() -> None:
    sites, rules = city(3, count=100, years=3)
    points = frontier(sites, rules, 5, Limits(0.01, 30.0))
    table = frontier_table(points)
    assert len(table) == 5
    assert (np.diff(table["worth"]) >= 0).all()
    assert (table["cost_yen"] <= table["allowed_yen"]).all()
    assert (table["gap"] <= 0.0101).all()
    assert table["worth"].iloc[-1] == pytest.approx(table["bound"].iloc[-1], rel=0.0101)


def test_city_keeps_every_rule_at_the_gap() -> None:
    sites, rules = city(1, count=300, years=4)
    made = make_programme(sites, rules, Limits(0.005, 20.0))
    assert made is not None
    assert made.proof.gap <= 0.005
    years = tuple(int(y) for y in made.year)
    with_first = {rule: amount for rule, amount in _broken(sites, rules, years).items() if amount}
    assert not with_first
    same = make_programme(sites, rules, Limits(0.005, 20.0))
    assert same is not None
    assert same.year.tolist() == made.year.tolist()


def _broken(sites: Sites, rules: Rules, years: tuple[int, ...]) -> dict[object, float]:
    import tests.support.programmes as support

    first, support.FIRST = support.FIRST, sites.years[0]
    try:
        return dict(violations(sites, rules, years))
    finally:
        support.FIRST = first


def test_cancel_is_heard_in_the_middle_of_the_search() -> None:
    sites, rules = city(0)
    begun = threading.Event()
    when: list[float] = []

    def progress(share: float, what: str) -> None:
        if begun.is_set():
            when.append(time.monotonic())
            raise Cancelled

    threading.Timer(0.3, begun.set).start()
    with pytest.raises(Cancelled):
        make_programme(sites, rules, Limits(0.0, 60.0), progress)
    assert when


@settings(max_examples=40, deadline=None)
@given(case=cases(most_sites=6, most_years=3))
def test_near_the_prices_nothing_is_lost(case: tuple[Sites, Rules]) -> None:
    """The searches for large cities, on small ones: every rule is kept, and nothing is better by more than the gap that is told."""
    sites, rules = without(*case)
    gap = 0.05
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("kawasolar.programme.solving._KERNEL", 1)
        made = make_programme(sites, rules, Limits(gap, 30.0))
    best = best_by_trying(sites, rules)
    assert (made is None) == (best is None)
    if made is None or best is None:
        return
    assert not any(violations(sites, rules, tuple(made.year.tolist())).values())
    assert made.proof.bound >= best[1] - 1e-6
    assert made.proof.worth >= made.proof.bound - gap * abs(made.proof.worth) - 1e-4 * max(abs(best[1]), 1.0)


def test_shelters_first_of_a_city_and_no_move_that_is_free() -> None:
    """Early years that are full to the last place: proven to the gap, by its nodes alone, and no site could be built earlier or besides as it is."""
    sites, rules = city(2, count=300, years=6, money=0.7)
    first = replace(rules, shelters_first=True)
    made = make_programme(sites, first, Limits(0.02, 120.0))
    assert made is not None
    assert made.proof.status == "done"
    assert made.proof.gap <= 0.02
    assert made.proof.shelter_years is not None
    assert made.proof.shelter_bound is not None
    assert made.proof.shelter_years >= math.floor(made.proof.shelter_bound * 0.98)
    assert not made.model.broken(made.solved.x).any()  # type: ignore[arg-type]
    again = make_programme(sites, first, Limits(0.02, 120.0))
    assert again is not None
    assert (again.year == made.year).all()
    for name in sites.facility_id:
        why = year_why(made, str(name))
        assert why.hindrance != "gap"
        assert (why.hindrance == "lacks") == bool(why.lacking)
        _holds_as_told(made, why)


def _holds_as_told(made: Programme, why: YearWhy) -> None:
    """Moved as it says, just the rules that it names are broken, and by so much."""
    if why.hindrance not in ("lacks", "worth"):
        return
    sites, model = made.sites, made.model
    x = made.solved.x
    assert x is not None
    moved = x.copy()
    own = np.flatnonzero(model.site == sites.row(why.facility_id))
    moved[own] = False
    moved[own[why.other - sites.years[0]]] = True
    broken = {rule: amount for rule, amount in zip(model.rules, model.broken(moved), strict=True) if amount}
    told = {room.rule: room.lacks * (1000.0 if room.rule.kind == "kw" else 1.0) for room in why.lacking}
    assert told.keys() == broken.keys()
    for rule, amount in told.items():
        assert amount == pytest.approx(broken[rule])
    assert why.gain == pytest.approx(float(model.worth @ moved) - float(model.worth @ x))
