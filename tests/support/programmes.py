"""Random programmes small enough to try every one, and what trying every one gives; and larger ones that look like a city."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from kawasolar.half import basis_of
from kawasolar.programme.kept import COLUMNS, Kept
from kawasolar.programme.result import Proof
from kawasolar.programme.rules import NUMBERED, Rule, Rules
from kawasolar.programme.sites import Sites, make_sites, worth_of_annual
from kawasolar.selection import number_to_choose

if TYPE_CHECKING:
    from kawasolar.plan import Plan

FIRST = 2027


@st.composite
def cases(draw: st.DrawFn, most_sites: int = 6, most_years: int = 3) -> tuple[Sites, Rules]:
    """Sites and rules of all kinds, often such that nothing fits; whole numbers, so that sums are exact and ties happen."""
    n, t = draw(st.integers(1, most_sites)), draw(st.integers(1, most_years))
    years = tuple(range(FIRST, FIRST + t))
    whole = st.integers(0, 9)

    def each(what: st.SearchStrategy[Any], size: int = n) -> list[Any]:
        return draw(st.lists(what, min_size=size, max_size=size))

    table = lambda: np.array(each(whole, n * t), dtype=float).reshape(n, t)  # noqa: E731 - three tables alike
    states = each(st.sampled_from(["open"] * 6 + ["done", "contracted"]))
    sites = make_sites(
        [f"S{k}" for k in range(n)],
        years,
        worth={"co2": table() + draw(st.sampled_from([0.0, 0.0, -3.0]))},
        capacity_kw=each(st.integers(1, 5)),
        cost_yen=table(),
        subsidy_yen=table(),
        ward=np.array(each(st.sampled_from(["A", "B", ""])), dtype=object),
        shelter=each(st.booleans()),
        earliest=each(st.sampled_from([years[0]] * 4 + [years[-1]])),
        latest=each(st.sampled_from([years[-1]] * 4 + [years[0]])),
        renewal_year=each(st.sampled_from([math.nan] * 4 + [FIRST - 3.0, float(years[-1]), FIRST + 9.0])),
        state=np.array(states, dtype=object),
        state_year=[0 if s == "open" else draw(st.integers(FIRST - 1, years[-1] + 1)) for s in states],
        pinned=each(st.sampled_from([False] * 4 + [True])),
        vetoed=each(st.sampled_from([False] * 5 + [True])),
        pinned_year=each(st.sampled_from([0] * 6 + list(years))),
    )
    some = lambda what: draw(st.one_of(st.none(), what))  # noqa: E731
    by_year = lambda most: draw(st.dictionaries(st.sampled_from(years), st.integers(0, most), max_size=t))  # noqa: E731
    rules = Rules(
        share=some(st.sampled_from([0.0, 1 / 3, 0.5, 0.8, 1.0])),
        exactly=draw(st.booleans()),
        denominator=some(st.integers(0, n + 2)),
        budget_yen=by_year(20),
        budget_total_yen=some(st.integers(0, 40)),
        subsidy_yen=by_year(20),
        subsidy_total_yen=some(st.integers(0, 40)),
        sites_per_year=by_year(3),
        kw_per_year=by_year(10),
        ward_sites=draw(st.dictionaries(st.sampled_from(["A", "B"]), st.integers(0, 2))),
        ward_share=draw(st.dictionaries(st.sampled_from(["A", "*"]), st.sampled_from([0.3, 0.5]))),
        shelter_share=some(st.sampled_from([0.5, 1.0])),
        shelter_by=some(st.sampled_from(years)),
        shelters_first=draw(st.sampled_from([False, False, True])),
        renewal=draw(st.sampled_from(["free", "after", "in"])),
    )
    return sites, rules


def all_years(sites: Sites) -> Iterator[tuple[int, ...]]:
    """Every programme: of each site its year, 0 = not; what stands keeps its own."""
    options = [
        (0, *sites.years) if sites.state[k] == "open" else (int(sites.state_year[k]),) for k in range(len(sites))
    ]
    return itertools.product(*options)


def violations(sites: Sites, rules: Rules, years: tuple[int, ...]) -> dict[Rule, float]:
    """By how much a programme breaks each rule (yen, W, sites; 1 for a rule of one site), from the rules' own words."""
    n, last = len(sites), sites.years[-1]
    stands = [0 < y <= last for y in years]
    found: dict[Rule, float] = {}

    def at_least(rule: Rule, have: float, asked: float) -> None:
        found[rule] = max(asked - have, 0.0)

    def at_most(rule: Rule, have: float, allowed: float) -> None:
        found[rule] = max(have - allowed, 0.0)

    whole = n if rules.denominator is None else rules.denominator
    if rules.share is not None:
        number = number_to_choose(rules.share, whole)
        standing = sum(s for k, s in enumerate(stands) if sites.state[k] != "open")
        at_least(Rule("share"), sum(stands), number)
        if rules.exactly:
            at_most(Rule("most"), sum(stands), max(number, standing))
    in_years = [k for k in range(n) if years[k] in sites.years]
    amounts = {
        "budget": (lambda k: sites.cost_yen[k, years[k] - FIRST], rules.budget_yen, rules.budget_total_yen, 1),
        "subsidy": (lambda k: sites.subsidy_yen[k, years[k] - FIRST], rules.subsidy_yen, rules.subsidy_total_yen, 1),
        "sites": (lambda _k: 1, rules.sites_per_year, None, 1),
        "kw": (lambda k: sites.capacity_kw[k] * 1000, rules.kw_per_year, None, 1000),
    }
    for kind, (amount, by_year, total, unit) in amounts.items():
        for year, allowed in by_year.items():
            at_most(Rule(kind, year), sum(amount(k) for k in in_years if years[k] == year), allowed * unit)
        if total is not None:
            at_most(Rule(f"{kind}_total"), sum(amount(k) for k in in_years), total)
    for ward in {*sites.ward, *rules.ward_sites, *rules.ward_share} - {"", "*"}:
        mine = [k for k in range(n) if sites.ward[k] == ward]
        share = rules.ward_share.get(ward, rules.ward_share.get("*", 0.0))
        asked = max(number_to_choose(share, len(mine)), rules.ward_sites.get(ward, 0))
        at_least(Rule("ward", 0, ward), sum(stands[k] for k in mine), asked)
    if rules.shelter_share is not None:
        by = rules.shelter_by or last
        have = sum(1 for k in range(n) if sites.shelter[k] and 0 < years[k] <= by)
        at_least(Rule("shelters", by), have, number_to_choose(rules.shelter_share, int(sites.shelter.sum())))
    for k in range(n):
        if sites.state[k] != "open":
            continue
        name, y, renewal = str(sites.facility_id[k]), years[k], sites.renewal_year[k]
        if sites.pinned[k] and not sites.vetoed[k]:
            asked_year = int(sites.pinned_year[k])
            found[Rule("pin", asked_year, name)] = float(not (y == asked_year if asked_year else y > 0))
        if sites.vetoed[k]:
            found[Rule("veto", 0, name)] = float(y > 0)
        found[Rule("window", 0, name)] = float(y > 0 and not sites.earliest[k] <= y <= sites.latest[k])
        late = y > 0 and not math.isnan(renewal) and rules.renewal != "free" and y < renewal
        other = y > 0 and rules.renewal == "in" and renewal >= FIRST and y != renewal
        found[Rule("renewal", 0, name)] = float(late or other)
    return found


def worth_of(sites: Sites, rules: Rules, years: tuple[int, ...]) -> tuple[float, float]:
    """What is as large as possible: shelters' years first where they are, then the worth of what is still open."""
    shelter = sum(
        len(sites.years) - (y - FIRST)
        for k, y in enumerate(years)
        if y and sites.shelter[k] and sites.state[k] == "open"
    )
    worth = sum(sites.worth["co2"][k, y - FIRST] for k, y in enumerate(years) if y and sites.state[k] == "open")
    return (float(shelter) if rules.shelters_first else 0.0), float(worth)


def best_by_trying(sites: Sites, rules: Rules) -> tuple[float, float] | None:
    """The best of all programmes that break nothing; None where each breaks something."""
    fitting = [y for y in all_years(sites) if not any(violations(sites, rules, y).values())]
    return max((worth_of(sites, rules, y) for y in fitting), default=None)


def holds_by_trying(sites: Sites, rules: Rules, active: set[Rule]) -> bool:
    """Whether some programme keeps the active rules, whatever else it breaks."""
    return any(
        not any(amount for rule, amount in violations(sites, rules, years).items() if rule in active)
        for years in all_years(sites)
    )


def least_by_trying(sites: Sites, rules: Rules, units: Mapping[Rule, float]) -> float:
    """The least that breaking rules costs; a rule without a cost may not be broken."""

    def cost(years: tuple[int, ...]) -> float:
        broken = {rule: amount for rule, amount in violations(sites, rules, years).items() if amount}
        return sum(units.get(rule, math.inf) * amount for rule, amount in broken.items())

    return min(map(cost, all_years(sites)))


def is_numbered(rule: Rule) -> bool:
    return rule.kind in NUMBERED


# ---------------------------------------------------------------------------------------------- like a city


def city(seed: int, count: int = 1000, years: int = 8, money: float = 1.0) -> tuple[Sites, Rules]:
    """Sites of a city with rules of all kinds: sizes by a lognormal law, cost by size, roofs that wait for their renewal, seven wards, some done.

    ``money``: how much of everything there is; below about 0.7 little is left to choose.
    """
    rng = np.random.default_rng(seed)
    span = tuple(range(2023, 2023 + years))
    kw = np.clip(rng.lognormal(4.0, 0.8, count), 10, 800).round(2)
    co2 = kw * rng.uniform(950, 1250, count) * 0.43 / 1000
    cost = kw * 250_000 * rng.uniform(0.85, 1.2, count) * np.where(kw > 50, 0.9, 1.05)
    subsidy = cost * np.where(rng.random(count) < 0.6, 1 / 3, 0.0)
    done = rng.random(count) < 0.04
    renewal = np.where(rng.random(count) < 0.35, rng.integers(2020, 2036, count), np.nan)
    # Nobody pins a site whose roof waits beyond the programme.
    pinned = (rng.random(count) < 0.02) & ~(renewal > span[-1])
    sites = make_sites(
        [f"{k:05d}" for k in range(count)], span, worth={"co2": worth_of_annual(co2, span, 2050, 0.02)}, capacity_kw=kw,
        cost_yen=cost[:, None] * 1.01 ** -np.arange(years), subsidy_yen=subsidy,
        ward=np.array([f"W{k}" for k in rng.integers(0, 7, count)], dtype=object), shelter=rng.random(count) < 0.4,
        renewal_year=renewal,
        state=np.where(done, "done", "open").astype(object), state_year=np.where(done, 2021, 0),
        pinned=pinned, vetoed=rng.random(count) < 0.02,
    )  # fmt: skip
    yearly, kw_all = cost.sum() * 0.6 / years * money, kw.sum() * 0.6 / years * money
    rules = Rules(
        share=0.4 * min(money, 1.0), budget_yen={y: yearly * (0.8 + 0.1 * (k % 4)) for k, y in enumerate(span)},
        subsidy_yen={y: subsidy.sum() * 0.5 / years * money for y in span}, subsidy_total_yen=subsidy.sum() * 0.45 * money,
        sites_per_year={y: int(count * 0.55 / years * money) for y in span}, kw_per_year=dict.fromkeys(span, kw_all),
        ward_share={"*": 0.35 * min(money, 1.0)}, shelter_share=0.4 * min(money, 1.0), shelter_by=span[years // 2], renewal="after",
    )  # fmt: skip
    return sites, rules


def permuted(sites: Sites, order: list[int]) -> Sites:
    """The same sites, given in another order."""
    return make_sites(
        [str(sites.facility_id[k]) for k in order], sites.years, worth={name: table[order] for name, table in sites.worth.items()},
        **{
            name: getattr(sites, name)[order]
            for name in ("capacity_kw", "cost_yen", "subsidy_yen", "ward", "shelter", "earliest", "latest", "renewal_year", "state", "state_year", "pinned", "vetoed", "pinned_year")
        },
    )  # fmt: skip


def without(sites: Sites, rules: Rules) -> tuple[Sites, Rules]:
    """The same with shelters as any other: for what is asked of rules only."""
    return sites, replace(rules, shelters_first=False)


# ---------------------------------------------------------------------------------------------- kept by a plan


def with_programme(plan: Plan, states: Mapping[str, tuple[str, int]]) -> Plan:
    """The plan with a programme that says this of its facilities: status and fiscal year; what stands has had 2 M yen."""
    frame = pd.DataFrame(
        [
            {
                "facility_id": name, "fiscal_year": year, "status": state, "listed": True, "ward": "", "shelter": False, "capacity_kw": 100.0, "cost_yen": 1e7,
                "subsidy_yen": 2e6, "worth": 1.0, "reason": "best", "rule": "", "when": "", "when_rule": "", "margin": 0.0,
            }
            for name, (state, year) in states.items()
        ]
    ).astype(COLUMNS)  # fmt: skip
    standing = {name: (state, year) for name, (state, year) in states.items() if state in ("done", "contracted")}
    made = replace(plan, settings=replace(plan.settings, standing=standing))
    kept = Kept(
        "programme", tuple(range(2026, 2031)), "co2", frame, len(states), len(states), proof=Proof("done", 1.0, 1.0, 0.0, 1, 0.1),
        basis=basis_of(made.decision, made.settings),
    )  # fmt: skip
    return replace(made, programme=kept)
