"""The four ways side by side, and what each comes to for the city and for the operator."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from kawasolar.finance import measures, ways
from kawasolar.finance.grants import Facts, Grant, grant_of
from kawasolar.finance.plant import plant_of
from kawasolar.finance.pricing import Price, solve
from kawasolar.finance.site import years_of
from kawasolar.finance.terms import GRID_FACTOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from kawasolar.finance.plant import Plant
    from kawasolar.finance.site import Site, Years
    from kawasolar.finance.terms import Terms
    from kawasolar.profiles.tables import Subsidy

_KG_PER_T = 1000.0
# In the order in which papers tell them.
FIGURES = (
    "unit", "unit_without", "capex", "grant", "city_first", "city_total", "city_npv", "city_irr", "city_payback", "city_payback_discounted",
    "operator_npv", "operator_irr", "operator_payback", "lcoe", "tax_total", "co2_first", "co2_total",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """How the ways are looked at.

    Attributes
    ----------
    subsidies : of which the first that a way may have is taken; none unless given
    price : yen/kWh of a PPA; solved for the operator's return unless given
    sold : whether the surplus may be sold at all (逆潮流)
    order : the sites in the order of the programme, for the cap of a subsidy
    grant_yen : what each site gets of a subsidy, where somebody has shared it out already; not asked of any conditions
    """

    subsidies: tuple[Subsidy, ...] = ()
    facts: Facts = field(default_factory=Facts)
    price: ArrayLike | None = None
    sold: bool = True
    order: Sequence[int] | None = None
    grant_yen: ArrayLike | None = None


@dataclass(frozen=True)
class Outcome:
    """One way in figures, each ``[...]`` over sites.

    Attributes
    ----------
    case : its cash flows
    grant : what a subsidy pays, and its conditions
    price : of a PPA or a lease; None where there is none, or it was given
    figures : by :data:`FIGURES`; NaN where there is none
    """

    case: ways.Case
    grant: Grant
    price: Price | None
    figures: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Comparison:
    """All four, by way; ``findings`` are what should be said beside them."""

    site: Site
    terms: Terms
    years: Years
    outcomes: Mapping[ways.Way, Outcome]
    findings: tuple[Finding, ...]


def compare(
    site: Site, terms: Terms, options: Options | None = None, asked: Sequence[ways.Way] = ways.WAYS
) -> Comparison:
    """Both sides' cash flows and figures of the four ways, or of those that are asked for.

    Raises
    ------
    PlanError
        A number that nobody has; years given one by one that are fewer than the term.
    """
    chosen = options or Options()
    years = years_of(site, terms)
    shape = np.broadcast_shapes(years.self_use_kwh.shape[:-1], *(
        np.shape(value) for value in (site.capacity_kw, site.roof_m2, site.battery_kwh)
    ))  # fmt: skip
    years = _broadcast(years, shape)
    plant = plant_of(site, terms, shape)
    made = {way: _outcome(way, site, years, plant, terms, chosen) for way in asked}
    return Comparison(site, terms, years, made, tuple(_findings(terms, made)))


def _broadcast(years: Years, shape: tuple[int, ...]) -> Years:
    parts = (years.self_use_kwh, years.surplus_kwh, years.avoided_yen, years.demand_yen)
    return type(years)(*(np.broadcast_to(part, (*shape, part.shape[-1])) for part in parts))


def _outcome(way: ways.Way, site: Site, years: Years, plant: Plant, terms: Terms, options: Options) -> Outcome:
    capacity = np.broadcast_to(np.asarray(site.capacity_kw, dtype=np.float64), plant.capex.shape)
    grant = grant_of(options.subsidies, way, options.facts, plant.capex, capacity, options.order)
    if options.grant_yen is not None:
        told = np.broadcast_to(np.asarray(options.grant_yen, dtype=np.float64), plant.capex.shape)
        grant = replace(grant, yen=np.minimum(told, plant.capex), asked=told)
    price: Price | None = None
    if way == "purchase":
        case = ways.purchase(years, plant, grant.yen, terms, sold=options.sold)
    elif way == "roof_rent":
        area = np.broadcast_to(np.asarray(site.roof_m2, dtype=np.float64), plant.capex.shape)
        rent = area * terms.number("roof_rent")
        case = ways.roof_rent(years, plant, grant.yen, rent, terms, feed_in=options.facts.feed_in)
    else:
        make = ways.ppa if way == "ppa" else ways.lease

        def by_price(unit: NDArray[np.float64], given: NDArray[np.float64]) -> ways.Case:
            return make(years, plant, given, unit, terms, sold=options.sold)

        if way == "ppa" and options.price is not None:
            unit = np.broadcast_to(np.asarray(options.price, dtype=np.float64), plant.capex.shape)
        else:
            wanted = terms.number("operator_irr" if way == "ppa" else "lease_irr")
            price = solve(by_price, grant.yen, wanted, terms.number("grant_pass"))
            unit = price.taken
        case = by_price(unit, grant.yen)
    return Outcome(case, grant, price, _figures(case, grant, price, years, plant, terms))


def _figures(
    case: ways.Case, grant: Grant, price: Price | None, years: Years, plant: Plant, terms: Terms
) -> dict[str, NDArray[np.float64]]:
    city, operator = case.city, case.operator
    # A lessor reckons with the rate that is his price.
    ours, theirs = (
        terms.number("discount_rate"),
        terms.number("lease_irr" if case.way == "lease" else "operator_discount"),
    )
    none = np.full(plant.capex.shape, np.nan)
    owned = case.way == "purchase"
    # A roof that is let lowers nobody's bill here: what it feeds in counts where it is bought.
    used = np.zeros_like(years.self_use_kwh) if case.way == "roof_rent" else years.self_use_kwh
    co2 = used * terms.number(GRID_FACTOR) / _KG_PER_T
    return {
        "unit": case.unit,
        "unit_without": none if price is None else price.without,
        "capex": plant.capex,
        "grant": grant.yen,
        "city_first": city[..., 1],
        "city_total": city.sum(axis=-1),
        "city_npv": measures.npv(city, ours),
        "city_irr": measures.irr(city),
        "city_payback": measures.payback(city),
        "city_payback_discounted": measures.payback(city, ours),
        "operator_npv": none if owned else measures.npv(operator, theirs),
        "operator_irr": none if owned else measures.irr(operator),
        "operator_payback": none if owned else measures.payback(operator),
        "lcoe": measures.levelised(case.costs, years.energy_kwh, ours if owned else theirs),
        "tax_total": _paid(case, "property_tax"),
        "co2_first": co2[..., 0],
        "co2_total": co2.sum(axis=-1),
    }


def _paid(case: ways.Case, code: str) -> NDArray[np.float64]:
    """What the operator pays on a line over the term; tax on assets goes to the city, but is no part of its cash flow: it may lose as much of what the state allots it."""
    line = case.line(code)
    return np.zeros_like(case.grant) if line is None else -line.operator.sum(axis=-1)


def _findings(terms: Terms, made: Mapping[ways.Way, Outcome]) -> list[Finding]:
    """What was taken from elsewhere, prices at zero, money that did not last."""
    found = []
    if terms.borrowed:
        found.append(
            Finding("finance.borrowed", "warning", details={"count": len(terms.borrowed), "keys": terms.borrowed})
        )
    for way, outcome in made.items():
        if outcome.price is not None and outcome.price.at_floor.any():
            found.append(Finding("finance.at_floor", "warning", details={"way": way}))
        if outcome.price is not None and np.isnan(outcome.price.taken).any():
            found.append(Finding("finance.no_price", "warning", details={"way": way}))
        cap = outcome.grant.subsidy.cap_total_yen if outcome.grant.subsidy is not None else None
        if cap is not None and outcome.grant.yen.any() and (outcome.grant.yen < outcome.grant.asked - 0.5).any():
            found.append(Finding("finance.capped", "warning", details={"way": way, "cap": cap}))
    return found
