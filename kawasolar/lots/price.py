"""One price for all sites of a lot, from the operator's cash flow, and what it would be without each of them.

After-tax cash flows are affine in the price (:mod:`kawasolar.finance.pricing`), and a lot's are the sum of its sites' and of what it costs as a whole; so with the
present values at the wanted rate of return of each site at price 0, ``V_s``, of its payments at one yen, ``E_s``, and of the lot's own costs, ``K``::

    price = (K − Σ w_s V_s) / Σ w_s E_s

and the same of any part of its sites: solved anew for each, exactly, with the middle of those that are left. ``w_s`` discounts a site that begins so many fiscal years
after the lot's first. A subsidy is affine too: as much of its present value as its rules pass on to the price is in ``V_s``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.finance import Options, Site, compare
from kawasolar.finance.measures import npv
from kawasolar.finance.plant import depreciation_shares
from kawasolar.finance.site import growth

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from kawasolar.finance import Terms
    from kawasolar.lots.rules import LotCosts
    from kawasolar.lots.sites import LotSites

_M_PER_KM = 1000.0
# A step of the price by which the slope is told: as large as prices are, so that nothing is lost to rounding.
_STEP = 10.0


@dataclass(frozen=True)
class Worths:
    """What the sites bring into a lot's price, each [n].

    Attributes
    ----------
    at_zero : present value of the operator's cash flow after tax at a price of 0, at the rate that he wants [yen]
    per_yen : the same of what he gets at a price of one yen/kWh, after tax [yen per yen/kWh]
    capex : of the plants [yen]
    grant : of ``at_zero`` what a subsidy brings [yen]
    places : [n, 2] metres
    years : [n] fiscal years in which they begin; with 0 in the lot's first
    rate : that the operator wants [-]
    costs : beside the plants
    once, yearly : present value after tax of a yen paid at the beginning (written off like the plant), and of a yen in each year (which rises with inflation)
    """

    at_zero: NDArray[np.float64]
    per_yen: NDArray[np.float64]
    capex: NDArray[np.float64]
    grant: NDArray[np.float64]
    places: NDArray[np.float64]
    years: NDArray[np.int64]
    rate: float
    costs: LotCosts
    once: float
    yearly: float


def lot_site(sites: LotSites, avoided: ArrayLike, demand_yen: ArrayLike = 0.0) -> Site:
    """The sites as the cash flows take them.

    Parameters
    ----------
    avoided : what a self-used kWh need not be bought for [yen/kWh]
    demand_yen : what the demand charge is less [yen/a]
    """
    return Site(sites.capacity_kw, sites.self_use_kwh, sites.surplus_kwh, avoided, demand_yen, roof_m2=sites.roof_m2)


def worths_of(
    sites: LotSites, terms: Terms, costs: LotCosts, *, sold: bool = True, grant_yen: ArrayLike = 0.0
) -> Worths:
    """Each site's part of a lot's price.

    Parameters
    ----------
    sold : whether the operator may sell the surplus
    grant_yen : what a subsidy pays each site, of which the price has as much as its rules ask for
    """
    site, rate, granted = lot_site(sites, 0.0), terms.number("operator_irr"), np.asarray(grant_yen, dtype=np.float64)
    zero, step = (
        compare(site, terms, Options(price=price, sold=sold), ("ppa",)).outcomes["ppa"] for price in (0.0, _STEP)
    )
    before, after = zero.case.operator, step.case.operator
    grant = np.zeros(len(sites))
    if granted.any():
        given = compare(site, terms, Options(price=0.0, sold=sold, grant_yen=granted), ("ppa",)).outcomes["ppa"]
        grant = terms.number("grant_pass") * npv(given.case.operator - before, rate)
    tax, years = terms.number("corporate_tax"), terms.years
    spread = np.concatenate([[0.0], growth(terms.number("inflation"), years)])
    once = -float(npv(np.eye(years + 1)[0] - tax * depreciation_shares(terms, years), rate))
    yearly = -float(npv((1.0 - tax) * spread, rate))
    return Worths(
        npv(before, rate) + grant, npv(after - before, rate) / _STEP, zero.figures["capex"], grant, sites.places,
        np.array(sites.years, dtype=np.int64), rate, costs, once, yearly,
    )  # fmt: skip


def begins(worths: Worths, member: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[lots, n] by what a site's cash flows are multiplied in its lot, for it begins so many years after the lot's first; 0 for who is not in it."""
    later = np.iinfo(np.int64).max
    dated = member & (worths.years > 0)
    first = np.where(dated, worths.years, later).min(axis=1, initial=later)
    after = np.where(dated, worths.years - np.where(dated.any(axis=1), first, 0)[:, None], 0)
    return np.asarray(np.where(member, (1.0 + worths.rate) ** -after.astype(np.float64), 0.0), dtype=np.float64)


def price_of(worths: Worths, rows: NDArray[np.intp], *, granted: bool = True) -> float:
    """The price of a lot of these sites [yen/kWh]; NaN where they use nothing themselves, or there are none; never below zero."""
    member = np.zeros((1, len(worths.at_zero)), dtype=bool)
    member[0, rows] = True
    return float(prices_of(worths, member, granted=granted)[0])


def prices_of(worths: Worths, member: NDArray[np.bool_], *, granted: bool = True) -> NDArray[np.float64]:
    """Prices of many lots at once.

    Parameters
    ----------
    member : [lots, n] whether a site is in a lot
    granted : with what a subsidy pays

    Returns
    -------
    [lots], as :func:`price_of`
    """
    some, costs = begins(worths, member), worths.costs
    # The lot's own costs are those of the term from its first year on, a site's those of its own.
    once = costs.lot_once + costs.site_once * some.sum(axis=1)
    yearly = costs.lot_yearly + costs.visits * costs.travel * 2.0 * distance_km(worths.places, member, some)
    own = -(worths.once * once + worths.yearly * yearly)
    value = worths.at_zero if granted else worths.at_zero - worths.grant
    with np.errstate(divide="ignore", invalid="ignore"):
        price = (own - some @ value) / (some @ worths.per_yen)
    return np.asarray(np.where(np.isfinite(price), np.maximum(price, 0.0), np.nan), dtype=np.float64)


def distance_km(
    places: NDArray[np.float64], member: NDArray[np.bool_], weight: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """[lots] sum of the distances of a lot's sites from its middle [km], each times its weight."""
    some = member.astype(np.float64)
    middle = (some @ places) / np.maximum(some.sum(axis=1), 1.0)[:, None]
    apart = np.sqrt(((places[None, :, :] - middle[:, None, :]) ** 2).sum(axis=-1))
    return np.asarray((apart * (some if weight is None else weight)).sum(axis=1) / _M_PER_KM, dtype=np.float64)


def from_middle_km(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n] distance of each of a lot's sites from its middle [km]."""
    middle = places.mean(axis=0) if len(places) else np.zeros(2)
    return np.asarray(np.sqrt(((places - middle) ** 2).sum(axis=1)) / _M_PER_KM, dtype=np.float64)


def without_each(worths: Worths, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """The lot's price without each of its sites [yen/kWh], in the order of ``rows``; NaN where nothing is left."""
    own = _part(worths, rows)
    return prices_of(own, ~np.eye(len(rows), dtype=bool))


def alone(worths: Worths, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """The price of each of these sites as a lot of its own [yen/kWh]."""
    return prices_of(_part(worths, rows), np.eye(len(rows), dtype=bool))


def _part(worths: Worths, rows: NDArray[np.intp]) -> Worths:
    return replace(
        worths, at_zero=worths.at_zero[rows], per_yen=worths.per_yen[rows], capex=worths.capex[rows], grant=worths.grant[rows], places=worths.places[rows],
        years=worths.years[rows],
    )  # fmt: skip
