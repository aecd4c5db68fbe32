"""Every size of every site with what it comes to: self-use, price of a PPA, saving, payback, CO2, duties."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from gis.progress import Progress, part, silent
from kawasolar.demand import demand_of
from kawasolar.errors import PlanError
from kawasolar.finance import Options, Site, Terms, compare
from kawasolar.layout_values import by_density
from kawasolar.owners import owners_of_buildings
from kawasolar.sizing.battery import Battery, years_of_sizes
from kawasolar.sizing.ladder import Ladder, ladder_of
from kawasolar.sizing.prices import prices_of
from kawasolar.strings import regulation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from kawasolar.plan import Plan
    from kawasolar.strings import Regulation

# Sites whose half hours are held at once: some 30 MB.
_AT_ONCE = 200
# From this contract on power is taken at high voltage [kW], and the roof belongs to an installation with a chief engineer whatever its size.
_HIGH_VOLTAGE_KW = 50.0
# In the order in which papers tell them.
FIGURES = (
    "energy_kwh", "self_use_kwh", "surplus_kwh", "self_use_ratio", "self_supply_ratio", "price", "saving", "saving_npv", "capex", "payback",
    "co2_t", "peak_kw",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What stands beside the roof, and whether surplus is sold.

    Attributes
    ----------
    battery : the same at every site; None for none
    sold : whether surplus may be fed in and sold (逆潮流)
    """

    battery: Battery | None = None
    sold: bool = False


@dataclass(frozen=True)
class Sizes:
    """The ladder with its figures.

    Attributes
    ----------
    figures : by :data:`FIGURES`, ``[sites, sizes]``: energy of the first year [kWh], ratios [-], price of a PPA for the operator's return [yen/kWh], what the city saves by it in
        the first year [yen] and over the term [yen, present value], cost and payback of own purchase [yen, a], CO2 of the first year [t], highest half hour drawn [kW]
    high_voltage : (sites,), whether power is taken at high voltage
    by_tariff : (sites,), whether a tariff is known
    left_out : facilities that have no ladder, with the code why
    """

    ladder: Ladder
    names: tuple[str, ...]
    figures: Mapping[str, NDArray[np.float64]]
    high_voltage: NDArray[np.bool_]
    by_tariff: NDArray[np.bool_]
    asked: Asked
    left_out: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def duty(self, site: int, size: int) -> Regulation:
        """What a size counts as under the Electricity Business Act."""
        return regulation(float(self.ladder.capacity_kw[site, size]), high_voltage=bool(self.high_voltage[site]))


def sizes_of(
    plan: Plan, facility_ids: Sequence[str] | None = None, asked: Asked | None = None, progress: Progress = silent
) -> Sizes:
    """The sizes of some facilities, or of all.

    Raises
    ------
    PlanError
        ``edit.no_such_facility``; ``sizing.by_density``: nothing is laid out; ``sizing.nobody``: none has modules, a year and a known use
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    if by_density(plan.profile):
        raise PlanError("sizing.by_density")
    chosen = asked or Asked()
    wanted, left_out = _sites(plan, facility_ids)
    if not wanted:
        raise PlanError("sizing.nobody")
    ladder = ladder_of(plan, wanted)
    shape = ladder.share.shape
    found = {key: np.full(shape, np.nan) for key in FIGURES}
    by_tariff = np.zeros(len(wanted), bool)
    told_of: dict[str, Finding] = {}
    for begin in range(0, len(wanted), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        told = part(progress, begin / len(wanted), min(begin + _AT_ONCE, len(wanted)) / len(wanted))
        known, heard = _some(plan, wanted[some], ladder, some, found, chosen, told)
        by_tariff[some] = known
        told_of |= {one.code: one for one in heard}
    findings = tuple(told_of.values())
    for values in found.values():
        values[~ladder.real] = np.nan
    # Sizes without a module have no price, and are none.
    if not np.isnan(found["price"][ladder.real]).any():
        findings = tuple(one for one in findings if one.code != "finance.no_price")
    rows = plan.facilities.drop_duplicates("facility_id").set_index("facility_id").reindex(wanted)
    high = np.zeros(len(wanted), bool)
    if "contract_kw" in rows:
        high = np.nan_to_num(rows["contract_kw"].to_numpy(dtype=np.float64)) >= _HIGH_VOLTAGE_KW
    names = tuple(str(name) for name in rows["name"])
    return Sizes(ladder, names, found, high, by_tariff, chosen, left_out, findings)


def _sites(plan: Plan, facility_ids: Sequence[str] | None) -> tuple[list[str], dict[str, str]]:
    """Facilities with modules, a year and a known use, in the ledger's order; the others with the code why not."""
    every = plan.facilities["facility_id"].astype(str).tolist()
    unknown = [name for name in facility_ids or () if name not in set(every)]
    if unknown:
        raise PlanError("edit.no_such_facility", facility=unknown[0])
    asked = set(every if facility_ids is None else facility_ids)
    results = plan.results
    owner = results.subarrays["building_id"].map(owners_of_buildings(results.links))
    stands = results.subarrays["capacity_kw"].groupby(owner).sum()
    laid = set(stands.index)
    year = results.yields.drop_duplicates("facility_id").set_index("facility_id")
    yielded = set(year.index[year["energy_kwh"] > 0.0])
    # Laid out anew, and its year not yet computed: the energy is that of other modules.
    known = year["capacity_kw"].reindex(stands.index)
    waits = set(stands.index[~np.isclose(stands.to_numpy(dtype=np.float64), known.to_numpy(dtype=np.float64))])
    used = set()
    if plan.use is not None:
        frame: pd.DataFrame = plan.use.frame
        used = set(frame.loc[(frame["source"] != "none") & (frame["load_kwh"] > 0.0), "facility_id"].astype(str))
    wanted, left_out = [], {}
    for name in dict.fromkeys(every):
        if name not in asked:
            continue
        if name in plan.settings.standing:
            left_out[name] = "sizing.stands"
            continue
        lacking = [
            code
            for code, has in (("no_modules", laid), ("no_yield", yielded - waits), ("no_use", used))
            if name not in has
        ]
        if lacking:
            left_out[name] = f"sizing.{lacking[0]}"
        else:
            wanted.append(name)
    return wanted, left_out


def _some(
    plan: Plan, ids: list[str], ladder: Ladder, some: slice, found: dict[str, NDArray[np.float64]], asked: Asked, progress: Progress
) -> tuple[NDArray[np.bool_], tuple[Finding, ...]]:  # fmt: skip
    """Fill the figures of some sites; which of them have a tariff."""
    terms, results = Terms.of(plan.profile), plan.results
    demand = demand_of(plan, ids, progress=part(progress, 0.0, 0.3))
    usual = terms.number("purchase_price")
    prices = prices_of(plan, demand, usual, part(progress, 0.3, 0.5))
    place = {str(name): row for row, name in enumerate(results.yields["facility_id"])}
    hourly = results.hourly[[place[name] for name in ids]]
    year = years_of_sizes(
        demand.kwh, hourly, ladder.share[some], demand.year, prices.series, prices.which, asked.battery, part(progress, 0.5, 0.9)
    )  # fmt: skip
    load = demand.kwh.sum(axis=1, dtype=np.float64)[:, None]
    own, surplus = np.minimum(year.delivered_kwh, year.produced_kwh), year.surplus_kwh
    after = year.month_peaks.max(axis=-1)
    before = 2.0 * demand.kwh.max(axis=1).astype(np.float64)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.where(own > 0.0, year.saved_yen / own, usual)
        ratios = own / year.produced_kwh, own / load
    demand_yen = prices.demand_yen(before, after)
    kwh = 0.0 if asked.battery is None else asked.battery.capacity_kwh
    site = Site(ladder.capacity_kw[some], own, surplus, worth, demand_yen, battery_kwh=kwh)
    money = compare(site, terms, Options(sold=asked.sold), ("ppa", "purchase"))
    ppa, bought = money.outcomes["ppa"].figures, money.outcomes["purchase"].figures
    told = {
        "energy_kwh": year.produced_kwh, "self_use_kwh": own, "surplus_kwh": surplus, "self_use_ratio": ratios[0], "self_supply_ratio": ratios[1],
        "price": ppa["unit"], "saving": ppa["city_first"], "saving_npv": ppa["city_npv"], "capex": bought["capex"],
        "payback": bought["city_payback"], "co2_t": ppa["co2_first"], "peak_kw": after,
    }  # fmt: skip
    for key, values in told.items():
        found[key][some] = values
    progress(1.0, "use")
    return prices.by_tariff, money.findings
