"""Both sides' cash flows of lots over the fiscal years: each site's begin in its year, a lot's own costs in its first.

A flow of a site in its year k (:mod:`kawasolar.finance`) is one of the fiscal year in which it begins, and k more: it is built in year 0, and gives power from the next on. The price is
that of its lot, the subsidy its share, and what the city saves that of its own bill, where it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.finance import Flow, Options, compare
from kawasolar.finance.measures import irr, npv
from kawasolar.finance.plant import depreciation_shares
from kawasolar.finance.site import growth
from kawasolar.lots.price import from_middle_km, lot_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from kawasolar.lots.assess import Assessed, Basis

# What a lot costs beside its plants.
LOT_COSTS = "lot_costs"
# In the order in which papers tell them.
LINES = (
    "avoided_energy", "avoided_demand", "capex", "grant", LOT_COSTS, "opex", "inverter", "battery", "insurance", "property_tax", "ppa_payment", "surplus",
    "removal", "resale", "corporate_tax",
)  # fmt: skip
YEAR_COLUMNS = (
    "fiscal_year", "sites", "capacity_kw", "sites_total", "capacity_total_kw", "self_use_kwh", "saved_yen", "paid_yen", "city_yen", "city_total_yen",
    "capex_yen", "grant_yen", "grant_cap_yen", "operator_yen", "operator_total_yen",
)  # fmt: skip
FIGURES = ("city_total", "city_npv", "operator_npv", "operator_irr", "grant_total")


@dataclass(frozen=True)
class LotFlows:
    """One lot, or all of them.

    Attributes
    ----------
    lot, name : key and name; empty of all together
    flows : lines of both sides in the order of :data:`LINES`, each [years]
    sites, capacity_kw : [years] what begins in each
    self_use_kwh : [years] what the city takes of it
    """

    lot: str
    name: str
    flows: tuple[Flow, ...]
    sites: NDArray[np.int64]
    capacity_kw: NDArray[np.float64]
    self_use_kwh: NDArray[np.float64]

    @property
    def city(self) -> NDArray[np.float64]:
        """[years] all that comes to and goes from the city."""
        return np.asarray(sum((flow.city for flow in self.flows), np.zeros(len(self.sites))), dtype=np.float64)

    @property
    def operator(self) -> NDArray[np.float64]:
        """[years] the same of the operator, after tax."""
        return np.asarray(sum((flow.operator for flow in self.flows), np.zeros(len(self.sites))), dtype=np.float64)

    def line(self, code: str) -> Flow:
        """The line of a code; nothing where there is none."""
        none = np.zeros(len(self.sites))
        return next((flow for flow in self.flows if flow.code == code), Flow(code, none, none))


@dataclass(frozen=True)
class YearFlows:
    """Lots over the fiscal years.

    Attributes
    ----------
    years : fiscal years, from the first in which a site begins to the last of the last term
    lots : those that have a price; each alone
    whole : all of them together
    caps : [years] money of the subsidy in each year; NaN without end, or without a subsidy
    without : keys of lots without a price
    discount_rate, operator_discount : by which the city's and the operator's flows are discounted to the first year
    """

    years: tuple[int, ...]
    lots: tuple[LotFlows, ...]
    whole: LotFlows
    caps: NDArray[np.float64]
    without: tuple[str, ...]
    discount_rate: float
    operator_discount: float

    @property
    def last_begin(self) -> int:
        """Place of the last year in which a site begins."""
        return int(np.flatnonzero(self.whole.sites)[-1]) if self.whole.sites.any() else 0

    def figures(self, one: LotFlows) -> dict[str, float]:
        """What the flows of a lot, or of all, come to: :data:`FIGURES`, present values in the first of all years; NaN where there is none."""
        if not self.years:
            return dict.fromkeys(FIGURES, float("nan"))
        return {
            "city_total": float(one.city.sum()), "city_npv": float(npv(one.city, self.discount_rate)),
            "operator_npv": float(npv(one.operator, self.operator_discount)), "operator_irr": float(irr(one.operator)),
            "grant_total": float(one.line("grant").operator.sum()),
        }  # fmt: skip

    def by_year(self, one: LotFlows) -> pd.DataFrame:
        """A row a fiscal year, :data:`YEAR_COLUMNS`: what begins and stands, what the city saves, pays and is left with, what the operator invests, gets of the subsidy and is left with."""
        saved = one.line("avoided_energy").city + one.line("avoided_demand").city
        return pd.DataFrame(
            {
                "fiscal_year": np.array(self.years, dtype=np.int64), "sites": one.sites, "capacity_kw": one.capacity_kw, "sites_total": np.cumsum(one.sites),
                "capacity_total_kw": np.cumsum(one.capacity_kw), "self_use_kwh": one.self_use_kwh, "saved_yen": saved, "paid_yen": -one.line("ppa_payment").city,
                "city_yen": one.city, "city_total_yen": np.cumsum(one.city), "capex_yen": -one.line("capex").operator, "grant_yen": one.line("grant").operator,
                "grant_cap_yen": np.where(np.arange(len(self.years)) <= self.last_begin, self.caps, np.nan), "operator_yen": one.operator, "operator_total_yen": np.cumsum(one.operator),
            },
            columns=list(YEAR_COLUMNS),
        )  # fmt: skip


def flows_of(found: Assessed) -> YearFlows:
    """Both sides' cash flows of assessed lots, year by year."""
    basis, terms = found.basis, found.basis.terms
    priced = [
        (str(row["lot"]), str(row["name"]), float(row["price"]), rows)
        for row, rows in zip(found.lots.to_dict("records"), found.members, strict=True)
        if np.isfinite(row["price"])
    ]
    begun = [int(year) for *_, rows in priced for year in basis.years[rows]]
    years = tuple(range(min(begun), max(begun) + terms.years + 1)) if begun else ()
    lots = tuple(_lot(*one, basis, years) for one in priced)
    caps = [basis.granted.pot.free(year) if basis.granted.subsidy is not None else None for year in years]
    known = {one.lot for one in lots}
    return YearFlows(
        years, lots, together(lots, len(years)), np.array([np.nan if cap is None else cap for cap in caps], dtype=np.float64),
        tuple(str(key) for key in found.lots["lot"] if key not in known), terms.number("discount_rate"), terms.number("operator_discount"),
    )  # fmt: skip


def _lot(
    key: str, name: str, price: float, rows: NDArray[np.intp], basis: Basis, years: Sequence[int]
) -> LotFlows:  # fmt: skip
    sites, terms, count = basis.sites.taken(rows), basis.terms, len(years)
    site = lot_site(sites, basis.paid.yen_per_kwh[rows], basis.paid.demand_yen[rows])
    made = compare(site, terms, Options(price=price, sold=basis.sold, grant_yen=basis.granted.yen[rows]), ("ppa",))
    starts = basis.years[rows] - years[0]
    lines = [
        Flow(one.code, *(shifted(side, starts, count) for side in (one.city, one.operator)))
        for one in (*made.outcomes["ppa"].case.flows, *_own(sites.places, starts, basis))
    ]
    used = np.concatenate([np.zeros((len(rows), 1)), made.years.self_use_kwh], axis=1)
    return LotFlows(
        key, name, summed(lines, count), np.bincount(starts, minlength=count).astype(np.int64),
        np.bincount(starts, weights=sites.capacity_kw, minlength=count).astype(np.float64), shifted(used, starts, count),
    )  # fmt: skip


def _own(places: NDArray[np.float64], starts: NDArray[np.int64], basis: Basis) -> list[Flow]:
    """What the lot itself costs the operator, and the tax that this saves, [n, term + 1]: as :mod:`kawasolar.lots.price` reckons with it; what is of no single site begins with the first."""
    terms, costs, term = basis.terms, basis.costs, basis.terms.years
    lot = np.zeros(len(starts))
    lot[np.argmin(starts)] = 1.0
    once = costs.site_once + costs.lot_once * lot
    yearly = costs.lot_yearly * lot + 2.0 * costs.visits * costs.travel * from_middle_km(places)
    spread = np.concatenate([[0.0], growth(terms.number("inflation"), term)])
    paid = once[:, None] * np.eye(term + 1)[0] + yearly[:, None] * spread
    written = once[:, None] * depreciation_shares(terms, term) + yearly[:, None] * spread
    none = np.zeros_like(paid)
    return [Flow(LOT_COSTS, none, -paid), Flow("corporate_tax", none, terms.number("corporate_tax") * written)]


def shifted(flows: NDArray[np.float64], starts: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """[count] rows [n, k], each moved to where it begins, together."""
    found = np.zeros(count)
    for begin in np.unique(starts):
        found[begin : begin + flows.shape[-1]] += flows[starts == begin].sum(axis=0)
    return found


def summed(lines: Iterable[Flow], count: int) -> tuple[Flow, ...]:
    """Lines [count] of the same code as one, in the order of :data:`LINES`; those on which nothing stands are left out."""
    city, operator = ({code: np.zeros(count) for code in LINES} for _ in range(2))
    for one in lines:
        city[one.code] += one.city
        operator[one.code] += one.operator
    return tuple(Flow(code, city[code], operator[code]) for code in LINES if city[code].any() or operator[code].any())


def together(lots: Sequence[LotFlows], count: int) -> LotFlows:
    """All lots as one."""
    sites, power, used = np.zeros(count, dtype=np.int64), np.zeros(count), np.zeros(count)
    for lot in lots:
        sites, power, used = sites + lot.sites, power + lot.capacity_kw, used + lot.self_use_kwh
    return LotFlows("", "", summed((flow for lot in lots for flow in lot.flows), count), sites, power, used)
