"""What each lot comes to: size, price, the city's saving, CO2; and which of its sites spoil the price, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.progress import silent
from kawasolar.finance import Options, compare
from kawasolar.finance.grants import Facts
from kawasolar.lots.price import alone, begins, distance_km, from_middle_km, lot_site, price_of, without_each, worths_of
from kawasolar.lots.proposal import broken_rules, lot_years, strays
from kawasolar.lots.subsidy import Granted, Pot, granted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.finance import Terms
    from kawasolar.lots.price import Worths
    from kawasolar.lots.rules import LotCosts, LotRules
    from kawasolar.lots.sites import LotSites
    from kawasolar.profiles.tables import Subsidy, Tariff

# Code of :data:`REASONS`, the site's figure, the lot's, what the price would fall by [yen/kWh].
Reason = tuple[str, float, float, float]
# By what a site is worse than its lot as a whole.
REASONS = ("small", "self_use", "yield", "far")
# A reason is named from this share of what the site raises the price by on.
_TOLD = 0.1
LOT_COLUMNS = (
    "lot", "name", "years", "sites", "capacity_kw", "energy_kwh", "self_use_ratio", "price", "price_ungranted", "price_cleaned", "kw_cleaned", "spoilers",
    "losers", "saving_first_yen", "saving_total_yen", "co2_first_t", "capex_yen", "grant_yen", "spread_km", "broken", "strays", "gone",
)  # fmt: skip
SITE_COLUMNS = (
    "lot", "lot_name", "facility_id", "name", "ward", "roof_type", "season", "fiscal_year", "capacity_kw", "specific_yield", "self_use_ratio",
    "tariff", "avoided_yen", "demand_yen", "yen_per_kw", "grant_yen", "km", "price_alone", "price_without", "effect", "spoils", "reasons", "saving_first_yen", "loses",
)  # fmt: skip


@dataclass(frozen=True)
class Lot:
    """A lot as it is entered or proposed."""

    key: str
    name: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Paid:
    """What each site need not pay for, [n].

    Attributes
    ----------
    yen_per_kwh : what a self-used kWh need not be bought for
    demand_yen : what the contract is less, a year
    tariffs : that of its own bill; None where the profile's price of bought power stands in
    """

    yen_per_kwh: NDArray[np.float64]
    demand_yen: NDArray[np.float64]
    tariffs: tuple[Tariff | None, ...]

    @classmethod
    def alike(cls, count: int, price: float) -> Paid:
        """The same price for all."""
        return cls(np.full(count, price), np.zeros(count), (None,) * count)


@dataclass(frozen=True)
class Basis:
    """What the prices are made with.

    Attributes
    ----------
    years : [n] fiscal year in which each site begins: its own, or the first of its lot, or the plan's
    dated : whether any site has a year of its own
    """

    sites: LotSites
    terms: Terms
    rules: LotRules
    costs: LotCosts
    paid: Paid
    granted: Granted
    years: NDArray[np.int64]
    dated: bool
    sold: bool


@dataclass(frozen=True)
class Assessed:
    """Lots in figures.

    Attributes
    ----------
    lots : a row a lot, :data:`LOT_COLUMNS`; ``years`` the first and the last of its fiscal years (empty where there is none); ``price_ungranted`` without a subsidy; ``price_cleaned``
        and ``kw_cleaned`` are those without the sites that spoil it; ``losers`` ids of sites at which the city pays more than it saves; ``broken`` keys of rules that it does not keep to;
        ``strays`` its sites of another fiscal year, each with its own; ``gone`` ids of facilities that are no sites (any more)
    sites : a row a site of a lot, :data:`SITE_COLUMNS`; ``effect`` is what it raises the lot's price by; ``reasons``: code of :data:`REASONS`,
        the site's figure, the lot's, and by how much the lot's price would fall if the site had the lot's [yen/kWh]
    members : rows of the sites of each lot
    """

    lots: pd.DataFrame
    sites: pd.DataFrame
    basis: Basis
    members: tuple[NDArray[np.intp], ...]


def assess(
    lots: Sequence[Lot], sites: LotSites, terms: Terms, rules: LotRules, costs: LotCosts, *,
    paid: Paid | None = None, subsidy: Subsidy | None = None, facts: Facts | None = None, pot: Pot | None = None, plan_year: int = 0,
    sold: bool = True, progress: Progress = silent,
) -> Assessed:  # fmt: skip
    """Prices and figures of lots.

    Parameters
    ----------
    paid : what the sites need not pay for; the profile's price of bought power unless given
    subsidy : in the price, by its rules
    facts : what its conditions are checked against
    pot : its money
    plan_year : in which lots begin that have no year
    """
    row = {name: k for k, name in enumerate(sites.ids)}
    members = tuple(np.array([row[name] for name in lot.ids if name in row], dtype=np.intp) for lot in lots)
    years = _begin_years(sites, members, plan_year)
    order = sorted(range(len(members)), key=lambda k: int(years[members[k]].min(initial=np.iinfo(np.int64).max)))
    capex = sites.capacity_kw * terms.capex_per_kw(sites.capacity_kw)
    given = granted(
        subsidy, facts or Facts(), capex, sites.capacity_kw, years, [members[k] for k in order], pot or Pot()
    )
    paid = paid or Paid.alike(len(sites), terms.number("purchase_price"))
    basis = Basis(sites, terms, rules, costs, paid, given, years, any(sites.years), sold)
    worths = worths_of(sites, terms, costs, sold=sold, grant_yen=given.yen)
    heads: list[dict[str, Any]] = []
    parts: list[pd.DataFrame] = []
    for k, (lot, at) in enumerate(zip(lots, members, strict=True)):
        progress(k / max(len(lots), 1), "stage.lot_prices")
        head, frame = _one(lot, at, basis, worths)
        heads.append(head | {"gone": tuple(name for name in lot.ids if name not in row)})
        parts.append(frame)
    progress(1.0, "stage.lot_prices")
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return Assessed(
        pd.DataFrame(heads, columns=list(LOT_COLUMNS)), table.reindex(columns=list(SITE_COLUMNS)), basis, members
    )


def _begin_years(sites: LotSites, members: Sequence[NDArray[np.intp]], plan_year: int) -> NDArray[np.int64]:
    own = np.array(sites.years, dtype=np.int64)
    found = np.where(own > 0, own, plan_year)
    for rows in members:
        dated = own[rows][own[rows] > 0]
        if len(dated):
            found[rows] = np.where(own[rows] > 0, own[rows], dated.min())
    return found


def _one(lot: Lot, at: NDArray[np.intp], basis: Basis, worths: Worths) -> tuple[dict[str, Any], pd.DataFrame]:
    """One lot, and its sites."""
    sites, rules = basis.sites, basis.rules
    price = price_of(worths, at)
    city = _city(basis, at, price)
    frame = _site_rows(lot, at, basis, worths, price)
    frame["saving_first_yen"] = city["saving_first_yen"]
    frame["loses"] = city["saving_first_yen"] < 0.0
    effect = frame["effect"].to_numpy(dtype=np.float64)
    spoils = effect >= rules.spoils_yen
    frame["spoils"] = spoils
    frame["reasons"] = pd.Series(_reasons(frame, basis, worths, at, price), index=frame.index, dtype=object)
    spoilers = at[np.flatnonzero(spoils)[np.argsort(-effect[spoils], kind="stable")]]
    losers = at[np.flatnonzero(frame["loses"])]
    left = at[~spoils]
    head = _head(lot, sites, worths, at) | {key: float(values.sum()) for key, values in city.items()} | {
        "years": lot_years([sites.years[k] for k in at], rules.year_span) or (), "grant_yen": float(basis.granted.yen[at].sum()),
        "price": price, "price_ungranted": price_of(worths, at, granted=False), "price_cleaned": price_of(worths, left),
        "kw_cleaned": float(sites.capacity_kw[left].sum()), "spoilers": tuple(sites.ids[j] for j in spoilers), "losers": tuple(sites.ids[j] for j in losers),
        "broken": tuple(broken_rules(sites, rules, lot.ids)), "strays": tuple(strays(sites, rules, lot.ids)),
    }  # fmt: skip
    return head, frame


def _head(lot: Lot, sites: LotSites, worths: Worths, at: NDArray[np.intp]) -> dict[str, Any]:
    energy, own = float(sites.energy_kwh[at].sum()), float(sites.self_use_kwh[at].sum())
    member = np.zeros((1, len(sites)), dtype=bool)
    member[0, at] = True
    return {
        "lot": lot.key, "name": lot.name, "sites": len(at), "capacity_kw": float(sites.capacity_kw[at].sum()), "energy_kwh": energy,
        "self_use_ratio": _ratio(own, energy), "capex_yen": float(worths.capex[at].sum()),
        "spread_km": _ratio(float(distance_km(sites.places, member)[0]), len(at)),
    }  # fmt: skip


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _city(basis: Basis, at: NDArray[np.intp], price: float) -> Mapping[str, NDArray[np.float64]]:
    """[n] what each site saves the city at the lot's price, and the CO2 that it saves."""
    if not len(at):
        none = np.zeros(0)
        return {"saving_first_yen": none, "saving_total_yen": none, "co2_first_t": none}
    site = lot_site(basis.sites.taken(at), basis.paid.yen_per_kwh[at], basis.paid.demand_yen[at])
    found = compare(site, basis.terms, Options(price=price, sold=basis.sold), ("ppa",)).outcomes["ppa"].figures
    return {
        "saving_first_yen": found["city_first"],
        "saving_total_yen": found["city_total"],
        "co2_first_t": found["co2_first"],
    }


def _site_rows(lot: Lot, at: NDArray[np.intp], basis: Basis, worths: Worths, price: float) -> pd.DataFrame:
    own, grant = basis.sites.taken(at), basis.granted.yen[at]
    without = without_each(worths, at)
    # What goes with a site falls on fewer kW where it is small: its own costs beside the plant, too. What a subsidy takes off the price is none of them.
    dear = worths.capex[at] + worths.costs.site_once - basis.terms.number("grant_pass") * grant
    return pd.DataFrame(
        {
            "lot": lot.key, "lot_name": lot.name, "facility_id": own.ids, "name": own.names, "ward": own.wards, "roof_type": own.roofs,
            "season": own.seasons, "fiscal_year": [year or None for year in own.years], "capacity_kw": own.capacity_kw,
            "specific_yield": own.energy_kwh / own.capacity_kw, "self_use_ratio": own.self_use_kwh / own.energy_kwh,
            "tariff": [getattr(basis.paid.tariffs[k], "key", "") for k in at], "avoided_yen": basis.paid.yen_per_kwh[at], "demand_yen": basis.paid.demand_yen[at],
            "yen_per_kw": dear / own.capacity_kw, "grant_yen": grant,
            "km": from_middle_km(own.places), "price_alone": alone(worths, at),
            "price_without": without, "effect": price - without,
        }
    )  # fmt: skip


def _reasons(
    frame: pd.DataFrame, basis: Basis, worths: Worths, at: NDArray[np.intp], price: float
) -> list[tuple[Reason, ...]]:
    """Why each site that spoils the price does: what the price would fall by if one of its figures were the lot's; most first.

    The price is a quotient of present values (:mod:`kawasolar.lots.price`); the falls need not add up to the site's effect.
    """
    own, costs = basis.sites.taken(at), worths.costs
    energy, used, kw = own.energy_kwh, own.self_use_kwh, own.capacity_kw
    member = np.zeros((1, len(basis.sites)), dtype=bool)
    member[0, at] = True
    begun = begins(worths, member)[0, at]
    paid = float((begun * worths.per_yen[at]).sum())
    if not len(at) or not paid > 0.0:
        return [()] * len(at)
    # Present value of a kWh of the first year that one yen is paid for, self-used or sold.
    each = begun * float(worths.per_yen[at].sum()) / float(used.sum())
    resale = basis.terms.number("resale") if basis.sold else 0.0
    dear = frame["yen_per_kw"].to_numpy(dtype=np.float64) * kw
    whole = {
        "small": float(dear.sum() / kw.sum()), "self_use": float(used.sum() / energy.sum()),
        "yield": float(energy.sum() / kw.sum()), "far": float(frame["km"].mean()),
    }  # fmt: skip
    columns = {"small": "yen_per_kw", "self_use": "self_use_ratio", "yield": "specific_yield", "far": "km"}
    mine = {key: frame[column].to_numpy(dtype=np.float64) for key, column in columns.items()}

    def if_more(own_kwh: NDArray[np.float64], sold_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the price falls by if so many more kWh are used and sold."""
        return np.asarray(price - (price * paid - each * resale * sold_kwh) / (paid + each * own_kwh), dtype=np.float64)

    more, scale = energy * whole["self_use"] - used, whole["yield"] / mine["yield"] - 1.0
    falls = {
        "small": begun * (mine["small"] - whole["small"]) * kw * worths.once / paid,
        "self_use": if_more(more, -more),
        "yield": if_more(used * scale, (energy - used) * scale),
        "far": begun * (mine["far"] - whole["far"]) * 2.0 * costs.visits * costs.travel * worths.yearly / paid,
    }
    found = []
    for k, (spoils, effect) in enumerate(zip(frame["spoils"], frame["effect"], strict=True)):
        told = [(key, float(mine[key][k]), whole[key], float(falls[key][k])) for key in REASONS]
        named = [one for one in told if spoils and one[3] >= _TOLD * effect]
        found.append(tuple(sorted(named, key=lambda one: -one[3])))
    return found
