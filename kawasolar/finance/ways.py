"""The four ways, each as lines of both sides' cash flows; what one side pays the other stands on one line with both signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from kawasolar.finance.plant import depreciation_shares, years_until
from kawasolar.finance.terms import HANDOVER, REMOVAL, RESALE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kawasolar.finance.plant import Plant
    from kawasolar.finance.site import Years
    from kawasolar.finance.terms import Terms

Way = Literal["ppa", "purchase", "lease", "roof_rent"]
WAYS: tuple[Way, ...] = ("ppa", "purchase", "lease", "roof_rent")
# Lines on which one side pays the other: their sum over both is nothing.
TRANSFERS = ("ppa_payment", "lease_payment", "rent", "resale")
# Lines of the owner's costs that a levelised cost of energy is made of.
COSTS = ("capex", "grant", "opex", "inverter", "battery", "insurance", "property_tax", "removal")


@dataclass(frozen=True)
class Flow:
    """One line, yen, ``[..., years + 1]``; what comes in is positive, what goes out negative."""

    code: str
    city: NDArray[np.float64]
    operator: NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One way with its lines; ``unit`` is what the city pays a unit: yen/kWh of a PPA, yen/a of a lease, yen/a of rent that it gets."""

    way: Way
    flows: tuple[Flow, ...]
    unit: NDArray[np.float64]
    grant: NDArray[np.float64]

    @property
    def city(self) -> NDArray[np.float64]:
        """All that comes to and goes from the city."""
        return np.asarray(sum(flow.city for flow in self.flows), dtype=np.float64)

    @property
    def operator(self) -> NDArray[np.float64]:
        """The same of the operator, lessor or tenant, after tax."""
        return np.asarray(sum(flow.operator for flow in self.flows), dtype=np.float64)

    @property
    def costs(self) -> NDArray[np.float64]:
        """What the plant costs whoever pays, as positive yen, without taxes on income."""
        return np.asarray(
            -sum(flow.city + flow.operator for flow in self.flows if flow.code in COSTS), dtype=np.float64
        )

    def line(self, code: str) -> Flow | None:
        """The line of a code."""
        return next((flow for flow in self.flows if flow.code == code), None)


def spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Years of operation as cash flows: nothing in the year of the investment."""
    return np.concatenate([np.zeros((*values.shape[:-1], 1)), values], axis=-1)


def first(values: NDArray[np.float64], years: int) -> NDArray[np.float64]:
    """A sum of the year of the investment as cash flows."""
    return np.asarray(values[..., None] * np.eye(years + 1)[0], dtype=np.float64)


def purchase(years: Years, plant: Plant, grant: NDArray[np.float64], terms: Terms, *, sold: bool) -> Case:
    """The city owns it: a city pays neither property tax on it nor tax on what it saves."""
    none = np.zeros_like(plant.opex)
    lines = [
        *_saved(years), *_invested(plant, grant, city=True),
        *(_costs(code, getattr(plant, code), city=True) for code in ("opex", "inverter", "battery", "insurance", "removal")),
    ]  # fmt: skip
    if sold:
        lines.append(Flow("surplus", spread(years.surplus_kwh) * terms.number("resale"), none))
    return Case("purchase", tuple(lines), np.full(grant.shape, np.nan), grant)


def ppa(years: Years, plant: Plant, grant: NDArray[np.float64], price: NDArray[np.float64], terms: Terms, *, sold: bool) -> Case:  # fmt: skip
    """The operator owns it and sells the city what it uses, at one price over the term; the surplus is his."""
    none = np.zeros_like(plant.opex)
    paid = spread(years.self_use_kwh) * price[..., None]
    after = terms.whole("after_term")
    operator = [
        *_invested(plant, grant, city=False),
        *(_costs(code, getattr(plant, code), city=False) for code in ("opex", "inverter", "battery", "insurance", "property_tax")),
        Flow("ppa_payment", -paid, paid),
        _costs("removal", plant.removal, city=after != REMOVAL),
    ]  # fmt: skip
    if sold:
        operator.append(Flow("surplus", none, spread(years.surplus_kwh) * terms.number("resale")))
    if after == RESALE:
        last = np.eye(terms.years + 1)[-1]
        given = (plant.capex * terms.number("residual"))[..., None] * last
        operator.append(Flow("resale", -given, given))
    lines = [*_saved(years), *operator]
    return Case("ppa", (*lines, _tax(lines, plant, grant, terms, terms.years)), price, grant)


def lease(years: Years, plant: Plant, grant: NDArray[np.float64], fee: NDArray[np.float64], terms: Terms, *, sold: bool) -> Case:  # fmt: skip
    """The lessor owns it for the term of the lease, then gives it to the city; the city runs it throughout."""
    none = np.zeros_like(plant.opex)
    count = lease_years(terms)
    paid = years_until(spread(np.ones_like(years.self_use_kwh)) * fee[..., None], count)
    insured = years_until(plant.insurance, count)
    lines = [
        *_saved(years), *_invested(plant, grant, city=False),
        *(_costs(code, getattr(plant, code), city=True) for code in ("opex", "inverter", "battery", "removal")),
        Flow("insurance", insured - plant.insurance, -insured),
        _costs("property_tax", years_until(plant.property_tax, count), city=False),
        Flow("lease_payment", -paid, paid),
    ]  # fmt: skip
    if sold:
        lines.append(Flow("surplus", spread(years.surplus_kwh) * terms.number("resale"), none))
    return Case("lease", (*lines, _tax(lines, plant, grant, terms, count)), fee, grant)


def roof_rent(years: Years, plant: Plant, grant: NDArray[np.float64], rent: NDArray[np.float64], terms: Terms, *, feed_in: bool) -> Case:  # fmt: skip
    """The city lets the roof; the tenant sells all to the grid, and takes it away at the end. The city's bill stays as it is."""
    none = np.zeros_like(plant.opex)
    paid = spread(np.ones_like(years.energy_kwh)) * rent[..., None]
    lines = [
        *_invested(plant, grant, city=False),
        *(_costs(code, getattr(plant, code), city=False) for code in ("opex", "inverter", "battery", "insurance", "property_tax", "removal")),
        Flow("rent", paid, -paid),
        Flow("sold", none, spread(years.energy_kwh * sale_prices(terms, feed_in=feed_in))),
    ]  # fmt: skip
    return Case("roof_rent", (*lines, _tax(lines, plant, grant, terms, terms.years)), rent, grant)


def lease_years(terms: Terms) -> int:
    """Years of the lease: no longer than the term that is looked at."""
    return min(terms.whole("lease_term"), terms.years)


def sale_prices(terms: Terms, *, feed_in: bool) -> NDArray[np.float64]:
    """What the grid pays for a kWh in each year of operation [yen/kWh], shape (years,)."""
    year = np.arange(1, terms.years + 1)
    market = np.full(len(year), terms.number("resale"))
    if not feed_in:
        return market
    paid = np.where(year <= terms.whole("feed_in_step"), terms.number("feed_in_early"), terms.number("feed_in_late"))
    return np.where(year <= terms.whole("feed_in_years"), paid, market)


def _saved(years: Years) -> list[Flow]:
    none = np.zeros_like(spread(years.avoided_yen))
    return [
        Flow("avoided_energy", spread(years.avoided_yen), none),
        Flow("avoided_demand", spread(years.demand_yen), none),
    ]


def _invested(plant: Plant, grant: NDArray[np.float64], *, city: bool) -> list[Flow]:
    years = plant.opex.shape[-1] - 1
    return [_costs("capex", first(plant.capex, years), city=city), _costs("grant", -first(grant, years), city=city)]


def _costs(code: str, costs: NDArray[np.float64], *, city: bool) -> Flow:
    none = np.zeros_like(costs)
    return Flow(code, -costs, none) if city else Flow(code, none, -costs)


def _tax(lines: Iterable[Flow], plant: Plant, grant: NDArray[np.float64], terms: Terms, years: int) -> Flow:
    """Tax on the owner's income; what is lost in a year is set off against other income of the same year.

    A grant is no income: it is taken off the price that is written off (圧縮記帳).
    """
    operating = np.asarray(
        sum(flow.operator for flow in lines if flow.code not in ("capex", "grant")), dtype=np.float64
    )
    written = np.zeros(operating.shape[-1])
    written[: years + 1] = depreciation_shares(terms, years)
    base = np.maximum(plant.capex - grant, 0.0)[..., None]
    tax = terms.number("corporate_tax") * (operating - base * written)
    return Flow("corporate_tax", np.zeros_like(tax), -tax)


__all__ = ["COSTS", "HANDOVER", "TRANSFERS", "WAYS", "Case", "Flow", "Way", "lease", "ppa", "purchase", "roof_rent"]
