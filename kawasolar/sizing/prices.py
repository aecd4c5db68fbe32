"""What a self-used kilowatt-hour, and a kilowatt of contract less, saves each site, without consumption tax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.errors import TariffError
from kawasolar.half_hours import COUNT
from kawasolar.tariff.contract import rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.progress import Progress
    from kawasolar.demand import Demand
    from kawasolar.plan import Plan
    from kawasolar.tariff.rates import Rates


@dataclass(frozen=True)
class Prices:
    """Prices of sites.

    Attributes
    ----------
    series : (p, 17520) [yen/kWh]
    which : (n,), which of them each site has
    contracts : places of the sites whose contract follows the highest half hour of the year, with unit [kW] and rule of rounding, and what a kW costs [yen/a]
    by_tariff : (n,), whether a tariff is known; else it is the profile's one price
    """

    series: NDArray[np.float64]
    which: NDArray[np.int64]
    contracts: tuple[tuple[NDArray[np.int64], float, str, float], ...]
    by_tariff: NDArray[np.bool_]

    def demand_yen(self, before_kw: NDArray[np.float64], after_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a lower contract saves in a year; (n, 1) and (n, k) highest half hours → (n, k)."""
        saved = np.zeros_like(after_kw)
        for at, unit, rule, yen in self.contracts:
            saved[at] = (rounded(before_kw[at], unit, rule) - rounded(after_kw[at], unit, rule)) * yen
        return np.maximum(saved, 0.0)


def prices_of(plan: Plan, demand: Demand, usual: float, progress: Progress) -> Prices:
    """By each site's tariff; ``usual`` where it has none that is known [yen/kWh].

    A contract by the highest half hours (実量制) is taken as it stands once the months before are with the roof, too.

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    from kawasolar.tariff.compare import marginal
    from kawasolar.tariff.of_plan import bills_of

    count = len(demand.kwh)
    series = [np.full((1, COUNT), usual)]
    which, known = np.zeros(count, np.int64), np.zeros(count, bool)
    contracts = []
    rows = 1
    try:
        bills = bills_of(plan, demand, progress=progress)
        for key, (at, made) in bills.bills.items():
            rates = bills.rates[key]
            net = 1.0 / (1.0 + rates.rules.number("tax_rate"))
            worth = marginal(rates, demand.year, demand.kwh[at] if _has_steps(rates) else None)
            found = np.atleast_2d(worth.yen_per_kwh) * net
            series.append(found)
            which[at] = rows if len(found) == 1 else rows + np.arange(len(at))
            rows += len(found)
            known[at] = True
            follows = at[_follows(rates, made.contract_kw.max(axis=-1))]
            rule = rates.tariff.kw_rounding or "half_up"
            contracts.append((follows, rates.rules.number("kw_unit"), rule, worth.yen_per_kw * net))
    except TariffError:
        return Prices(series[0], np.zeros(count, np.int64), (), np.zeros(count, bool))
    return Prices(np.concatenate(series), which, tuple(contracts), known)


def _has_steps(rates: Rates) -> bool:
    pairs = {(charge.season, charge.time) for charge in rates.charges}
    return any(len(rates.steps(*pair)) > 1 for pair in pairs)


def _follows(rates: Rates, contract_kw: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the contract follows the highest half hour (:func:`kawasolar.tariff.compare.in_order`)."""
    if rates.contract == "measured":
        return np.ones(len(contract_kw), bool)
    if rates.contract == "by_size":
        return np.asarray(contract_kw < rates.rules.kw("agreed"))
    return np.zeros(len(contract_kw), bool)
