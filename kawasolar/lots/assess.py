"""What each lot comes to: size, price, the city's saving, CO2; and which of its sites spoil the price, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.progress import silent
from kawasolar.finance import Options, compare
from kawasolar.lots.price import alone, distance_km, lot_site, price_of, without_each, worths_of
from kawasolar.lots.proposal import broken_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from gis.progress import Progress
    from kawasolar.finance import Terms
    from kawasolar.lots.price import Worths
    from kawasolar.lots.rules import LotCosts, LotRules
    from kawasolar.lots.sites import LotSites

_M_PER_KM = 1000.0
# Code of :data:`REASONS`, the site's figure, the lot's, what the price would fall by [yen/kWh].
Reason = tuple[str, float, float, float]
# By what a site is worse than its lot as a whole.
REASONS = ("small", "self_use", "yield", "far")
# A reason is named from this share of what the site raises the price by on.
_TOLD = 0.1
LOT_COLUMNS = (
    "lot", "name", "sites", "capacity_kw", "energy_kwh", "self_use_ratio", "price", "price_cleaned", "kw_cleaned", "spoilers", "saving_first_yen",
    "saving_total_yen", "co2_first_t", "capex_yen", "spread_km", "broken", "gone",
)  # fmt: skip
SITE_COLUMNS = (
    "lot", "lot_name", "facility_id", "name", "ward", "roof_type", "season", "fiscal_year", "capacity_kw", "specific_yield", "self_use_ratio",
    "yen_per_kw", "km", "price_alone", "price_without", "effect", "spoils", "reasons", "saving_first_yen",
)  # fmt: skip


@dataclass(frozen=True)
class Lot:
    """A lot as it is entered or proposed."""

    key: str
    name: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Assessed:
    """Lots in figures.

    Attributes
    ----------
    lots : a row a lot, :data:`LOT_COLUMNS`; ``price_cleaned`` and ``kw_cleaned`` are those without the sites that spoil it; ``broken`` keys of rules that it does not keep to, ``gone`` ids of
        facilities that are no sites (any more)
    sites : a row a site of a lot, :data:`SITE_COLUMNS`; ``effect`` is what it raises the lot's price by; ``reasons``: code of :data:`REASONS`,
        the site's figure, the lot's, and by how much the lot's price would fall if the site had the lot's [yen/kWh]
    """

    lots: pd.DataFrame
    sites: pd.DataFrame


def assess(
    lots: Sequence[Lot], sites: LotSites, terms: Terms, rules: LotRules, costs: LotCosts, *,
    avoided: ArrayLike | None = None, sold: bool = True, progress: Progress = silent,
) -> Assessed:  # fmt: skip
    """Prices and figures of lots.

    Parameters
    ----------
    avoided : what a self-used kWh need not be bought for [yen/kWh], of each site or of all; the profile's price of bought power unless given
    """
    worths = worths_of(sites, terms, costs, sold=sold)
    paid = terms.number("purchase_price") if avoided is None else avoided
    row = {name: k for k, name in enumerate(sites.ids)}
    heads: list[dict[str, Any]] = []
    parts: list[pd.DataFrame] = []
    for k, lot in enumerate(lots):
        progress(k / max(len(lots), 1), "stage.lot_prices")
        at = np.array([row[name] for name in lot.ids if name in row], dtype=np.intp)
        gone = tuple(name for name in lot.ids if name not in row)
        price = price_of(worths, at)
        city = _city(sites.taken(at), terms, price, np.broadcast_to(np.asarray(paid, float), len(sites))[at], sold=sold)
        frame = _site_rows(lot, sites, worths, at, price)
        frame["saving_first_yen"] = city["saving_first_yen"]
        effect = frame["effect"].to_numpy(dtype=np.float64)
        spoils = effect >= rules.spoils_yen
        frame["spoils"] = spoils
        resale = terms.number("resale") if sold else 0.0
        frame["reasons"] = pd.Series(_reasons(frame, sites, worths, at, price, resale), index=frame.index, dtype=object)
        spoilers = at[np.flatnonzero(spoils)[np.argsort(-effect[spoils], kind="stable")]]
        left = at[~spoils]
        parts.append(frame)
        heads.append(
            _head(lot, sites, worths, at) | {key: float(values.sum()) for key, values in city.items()} | {
                "price": price, "price_cleaned": price_of(worths, left), "kw_cleaned": float(sites.capacity_kw[left].sum()), "spoilers": tuple(sites.ids[j] for j in spoilers),
                "broken": tuple(broken_rules(sites, rules, lot.ids)), "gone": gone,
            }
        )  # fmt: skip
    progress(1.0, "stage.lot_prices")
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return Assessed(
        pd.DataFrame(heads, columns=list(LOT_COLUMNS)),
        table.reindex(columns=list(SITE_COLUMNS)),
    )


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


def _city(
    sites: LotSites, terms: Terms, price: float, avoided: NDArray[np.float64], *, sold: bool
) -> Mapping[str, NDArray[np.float64]]:
    """[n] what each site saves the city at the lot's price, and the CO2 that it saves."""
    if not len(sites):
        none = np.zeros(0)
        return {"saving_first_yen": none, "saving_total_yen": none, "co2_first_t": none}
    found = compare(lot_site(sites, avoided), terms, Options(price=price, sold=sold), ("ppa",)).outcomes["ppa"].figures
    return {
        "saving_first_yen": found["city_first"],
        "saving_total_yen": found["city_total"],
        "co2_first_t": found["co2_first"],
    }


def _site_rows(lot: Lot, sites: LotSites, worths: Worths, at: NDArray[np.intp], price: float) -> pd.DataFrame:
    own = sites.taken(at)
    without = without_each(worths, at)
    # What goes with a site falls on fewer kW where it is small: its own costs beside the plant, too.
    dear = worths.capex[at] + worths.costs.site_once
    middle = own.places.mean(axis=0) if len(at) else np.zeros(2)
    return pd.DataFrame(
        {
            "lot": lot.key, "lot_name": lot.name, "facility_id": own.ids, "name": own.names, "ward": own.wards, "roof_type": own.roofs,
            "season": own.seasons, "fiscal_year": [year or None for year in own.years], "capacity_kw": own.capacity_kw,
            "specific_yield": own.energy_kwh / own.capacity_kw, "self_use_ratio": own.self_use_kwh / own.energy_kwh, "yen_per_kw": dear / own.capacity_kw,
            "km": np.sqrt(((own.places - middle) ** 2).sum(axis=1)) / _M_PER_KM, "price_alone": alone(worths, at),
            "price_without": without, "effect": price - without,
        }
    )  # fmt: skip


def _reasons(
    frame: pd.DataFrame, sites: LotSites, worths: Worths, at: NDArray[np.intp], price: float, resale: float
) -> list[tuple[Reason, ...]]:
    """Why each site that spoils the price does: what the price would fall by if one of its figures were the lot's; most first.

    The price is a quotient of present values (:mod:`kawasolar.lots.price`); the falls need not add up to the site's effect.
    """
    own, costs = sites.taken(at), worths.costs
    energy, used, kw = own.energy_kwh, own.self_use_kwh, own.capacity_kw
    paid = float(worths.per_yen[at].sum())
    if not len(at) or not paid > 0.0:
        return [()] * len(at)
    # Present value of a kWh of the first year that one yen is paid for, self-used or sold.
    each = paid / float(used.sum())
    whole = {
        "small": float((worths.capex[at] + costs.site_once).sum() / kw.sum()), "self_use": float(used.sum() / energy.sum()),
        "yield": float(energy.sum() / kw.sum()), "far": float(frame["km"].mean()),
    }  # fmt: skip
    columns = {"small": "yen_per_kw", "self_use": "self_use_ratio", "yield": "specific_yield", "far": "km"}
    mine = {key: frame[column].to_numpy(dtype=np.float64) for key, column in columns.items()}

    def if_more(own_kwh: NDArray[np.float64], sold_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the price falls by if so many more kWh are used and sold."""
        return np.asarray(price - (price * paid - each * resale * sold_kwh) / (paid + each * own_kwh), dtype=np.float64)

    more, scale = energy * whole["self_use"] - used, whole["yield"] / mine["yield"] - 1.0
    falls = {
        "small": (mine["small"] - whole["small"]) * kw * worths.once / paid,
        "self_use": if_more(more, -more),
        "yield": if_more(used * scale, (energy - used) * scale),
        "far": (mine["far"] - whole["far"]) * 2.0 * costs.visits * costs.travel * worths.yearly / paid,
    }
    found = []
    for k, (spoils, effect) in enumerate(zip(frame["spoils"], frame["effect"], strict=True)):
        told = [(key, float(mine[key][k]), whole[key], float(falls[key][k])) for key in REASONS]
        named = [one for one in told if spoils and one[3] >= _TOLD * effect]
        found.append(tuple(sorted(named, key=lambda one: -one[3])))
    return found
