"""A tariff with all that it charges: prices by season, time of day and step, adjustments, the levy of every month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from kawasolar.errors import TariffError
from kawasolar.tariff.rules import Rules, bundled_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from kawasolar.half_hours import FiscalYear
    from kawasolar.profiles.tables import EnergyCharge, Tables, Tariff, TariffTime

    Array = NDArray[np.float64]

_DEFAULT_CONTRACT = {"low": "load", "high": "by_size", "extra_high": "agreed"}


@dataclass(frozen=True)
class Rates:
    """A tariff and what belongs to it.

    Attributes
    ----------
    fuel, market : adjustments of each month [yen/kWh], (12,), April first; None where nobody knows them: then they are not in the bill
    levies : levy by the fiscal year whose May it begins in [yen/kWh]
    """

    tariff: Tariff
    charges: tuple[EnergyCharge, ...]
    times: tuple[TariffTime, ...]
    levies: Mapping[int, float]
    rules: Rules
    fuel: tuple[float, ...] | None = None
    market: tuple[float, ...] | None = None

    @property
    def contract(self) -> str:
        """How the contract comes about, one of :data:`kawasolar.profiles.tables.CONTRACTS`."""
        return self.tariff.contract or _DEFAULT_CONTRACT[self.tariff.voltage]

    @property
    def summer(self) -> tuple[int, int]:
        """First and last month of the summer."""
        first, last = self.tariff.summer_first, self.tariff.summer_last
        return first or int(self.rules.number("summer_first")), last or int(self.rules.number("summer_last"))

    @property
    def power_factor_rule(self) -> str:
        """How the power factor counts: as the tariff says, else not at low voltage and by the per cent above it."""
        return self.tariff.power_factor_rule or ("none" if self.tariff.voltage == "low" else "per_percent")

    @property
    def base_power_factor(self) -> float:
        """The power factor at which nothing is given or taken."""
        own = self.tariff.base_power_factor
        return self.rules.number("base_power_factor") if own is None else own

    @property
    def excess_factor(self) -> float:
        """By what the basic charge is multiplied for demand above an agreed contract."""
        own = self.tariff.excess_factor
        return self.rules.number("excess_factor") if own is None else own

    def steps(self, season: str, time: str) -> tuple[EnergyCharge, ...]:
        """The prices of a season and time of day, the lowest step first: the most exact that the tariff has.

        Raises
        ------
        TariffError
            the tariff has no price for it
        """
        for pair in ((season, time), (season, "all"), ("all", time), ("all", "all")):
            found = [charge for charge in self.charges if (charge.season, charge.time) == pair]
            if found:
                steps = tuple(sorted(found, key=lambda charge: charge.from_kwh or 0.0))
                if steps[0].from_kwh:
                    break
                return steps
        raise TariffError("tariff.no_price", tariff=self.tariff.key, season=season, time=time)

    def levy(self, year: FiscalYear) -> tuple[Array, tuple[Finding, ...]]:
        """The levy of each month [yen/kWh], (12,): April is still of the year before; with what is to be said of it."""
        first = int(self.rules.number("levy_first_month"))
        months = np.roll(np.arange(1, 13), -3)
        years = [year.year - 1 if 4 <= month < first else year.year for month in months.tolist()]
        if not self.levies:
            return np.zeros(12), (Finding("tariff.no_levy", "warning"),)
        other = sorted(set(years) - set(self.levies))
        findings = tuple(
            Finding("tariff.levy_of_other_year", "warning", details={"year": one, "taken": self._nearest(one)})
            for one in other
        )
        return np.array([self.levies[self._nearest(one)] for one in years]), findings

    def _nearest(self, year: int) -> int:
        """The year whose levy is taken: that year's, else the last before it, else the first."""
        earlier = [one for one in self.levies if one <= year]
        return max(earlier) if earlier else min(self.levies)


def rates_of(
    tables: Tables, key: str, rules: Rules | None = None, *, fuel: Sequence[float] | float | None = None,
    market: Sequence[float] | float | None = None,
) -> Rates:  # fmt: skip
    """A tariff of a profile with all that it charges.

    Parameters
    ----------
    key : of the tariff
    rules : those of the program unless given
    fuel, market : adjustments [yen/kWh], one for all months or twelve, April first; as the tariff says unless given

    Raises
    ------
    TariffError
        no such tariff, it has no energy charge, or not twelve months were given
    """
    tariff = next((one for one in tables.tariffs if one.key == key), None)
    if tariff is None:
        known = ", ".join(one.key for one in tables.tariffs) or "–"
        raise TariffError("tariff.unknown", tariff=key, known=known)
    charges = tuple(one for one in tables.energy_charges if one.tariff == key)
    if not charges:
        raise TariffError("tariff.no_price", tariff=key, season="all", time="all")
    own_fuel, own_market = tariff.fuel_adjustment_yen_per_kwh, tariff.market_adjustment_yen_per_kwh
    return Rates(
        tariff, charges, tuple(one for one in tables.tariff_times if one.tariff == key), {one.fiscal_year: one.yen_per_kwh for one in tables.levies},
        bundled_rules() if rules is None else rules, _months(own_fuel if fuel is None else fuel, key), _months(own_market if market is None else market, key),
    )  # fmt: skip


def _months(given: Sequence[float] | float | None, key: str) -> tuple[float, ...] | None:
    if given is None:
        return None
    values = (
        tuple(np.broadcast_to(np.asarray(given, dtype=np.float64), (12,)).tolist()) if np.size(given) in (1, 12) else ()
    )
    if not values or not all(np.isfinite(values)):
        raise TariffError("tariff.bad_adjustment", tariff=key, found=np.size(given))
    return values
