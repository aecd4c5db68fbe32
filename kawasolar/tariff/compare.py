"""Two bills against one another, what a kilowatt-hour or a kilowatt less is worth, and measures one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.errors import TariffError
from kawasolar.half_hours import COUNT
from kawasolar.tariff.billing import bill, checked
from kawasolar.tariff.contract import power_factor_after, power_factor_ratio, rounded
from kawasolar.tariff.times import by_month, daytime_energy, month_index, zones_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from kawasolar.half_hours import FiscalYear
    from kawasolar.tariff.billing import Bill
    from kawasolar.tariff.rates import Rates

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """What a change saves; more to pay is below nought.

    Attributes
    ----------
    lines : [..., 12] yen by the key of the line (:attr:`kawasolar.tariff.billing.Line.key`)
    contract_kw : [..., 12] by which the contract falls
    """

    lines: Mapping[tuple[str, str, str, float], Array]
    contract_kw: Array

    @property
    def total_yen(self) -> Array:
        """By month, [..., 12]."""
        return np.asarray(sum(self.lines.values(), np.zeros_like(self.contract_kw)))

    @property
    def year_yen(self) -> Array:
        """Of the year, [...]."""
        return np.asarray(self.total_yen.sum(axis=-1))

    def yen(self, code: str) -> Array:
        """All lines of a code together, [..., 12]."""
        parts = [yen for key, yen in self.lines.items() if key[0] == code]
        return np.asarray(sum(parts, np.zeros_like(self.contract_kw)))


def difference(before: Bill, after: Bill) -> Difference:
    """What one bill has more than the other, line by line."""
    found: dict[tuple[str, str, str, float], Array] = {}
    for sign, one in ((1.0, before), (-1.0, after)):
        for line in one.lines:
            found[line.key] = found.get(line.key, np.zeros_like(one.contract_kw)) + sign * line.yen
    return Difference(found, before.contract_kw - after.contract_kw)


@dataclass(frozen=True)
class Marginal:
    """What a little less is worth, tax included.

    Attributes
    ----------
    yen_per_kwh : (17520,) or [..., 17520] of each half hour: energy, adjustments, levy, tax
    yen_per_kw : of a kilowatt of contract less, a year
    """

    yen_per_kwh: Array
    yen_per_kw: float


def marginal(
    rates: Rates, year: FiscalYear, import_kwh: ArrayLike | None = None, *, power_factor: float | None = None,
    holidays: NDArray[np.bool_] | None = None,
) -> Marginal:  # fmt: skip
    """What a kilowatt-hour of PV that is used on the site is worth in every half hour, and a kilowatt less of contract.

    Parameters
    ----------
    import_kwh : [..., 17520]; needed by a tariff with steps: a kWh less is one of the month's highest step

    Raises
    ------
    TariffError
        the tariff has steps, and nobody says what is used
    """
    zones = zones_of(rates, year, holidays)
    steps = [rates.steps(season, time) for season, time in zones.codes]
    taxed = 1.0 if rates.tariff.tax_included else 1.0 + rates.rules.number("tax_rate")
    months = month_index(year)
    levy, _ = rates.levy(year)
    adjustment = np.zeros(12)
    for part in (rates.fuel, rates.market):
        adjustment = adjustment if part is None else adjustment + np.asarray(part)
    if max(map(len, steps)) == 1:
        price = np.array([step[0].yen_per_kwh for step in steps])[zones.of_half_hour]
    elif import_kwh is None:
        raise TariffError("tariff.steps_need_use", tariff=rates.tariff.key)
    else:
        energy = checked(import_kwh)
        flat = energy.reshape(-1, COUNT)
        used = rounded(by_month(flat, zones, year)[1], rates.rules.number("kwh_unit"))
        top = np.empty_like(used)
        for k, step in enumerate(steps):
            begins = np.array([one.from_kwh or 0.0 for one in step])
            prices = np.array([one.yen_per_kwh for one in step])
            top[:, :, k] = prices[np.maximum(np.searchsorted(begins, used[:, :, k], side="left") - 1, 0)]
        price = top[:, months, zones.of_half_hour].reshape(*energy.shape)
    factor = rates.rules.number("power_factor") if power_factor is None else power_factor
    ratio = power_factor_ratio(
        factor, rates.base_power_factor, rates.power_factor_rule, rates.rules.number("low_voltage_step")
    )
    by_kw = (rates.tariff.demand_yen_per_kw_month or 0.0) * float(ratio) + (
        rates.tariff.capacity_yen_per_kw_month or 0.0
    )
    return Marginal((price + adjustment[months]) * taxed + levy[months], 12.0 * by_kw * taxed)


@dataclass(frozen=True)
class Measure:
    """A measure: how it changes what is used in each half hour [kWh], [..., 17520]; below nought where it is less.

    ``active_only``: it takes away active energy only, as PV does; the power factor falls with it.
    """

    name: str
    delta_kwh: Array
    active_only: bool = False


@dataclass(frozen=True)
class Step:
    """What a measure saves at its place in the order.

    Attributes
    ----------
    surplus_kwh : [...] of the year, what the measures so far give beyond what is used
    """

    name: str
    before: Bill
    after: Bill
    saving: Difference
    surplus_kwh: Array


def in_order(
    load_kwh: ArrayLike, measures: Sequence[Measure], rates: Rates, year: FiscalYear, *, given_kw: ArrayLike | None = None,
    first_year: bool = False, power_factor: ArrayLike | None = None, holidays: NDArray[np.bool_] | None = None,
) -> list[Step]:  # fmt: skip
    """Bills before and after each measure, taken in this order.

    What is taken from the grid is the load with all measures so far, never below nought: surplus PV saves nothing on the bill, so that what a measure saves depends
    on what was done before it, and all together save the same in any order. A contract that is agreed or follows from what is installed stays as it was.

    Parameters
    ----------
    load_kwh : [..., 17520] before all measures
    power_factor : [...] or [..., 12] before all measures, of the hours 8 to 22; the rule's unless given
    first_year : the months before the year are those without any of the measures: what is saved in the first twelve months
    """
    load = checked(load_kwh).astype(np.float64)
    factor = np.asarray(rates.rules.number("power_factor") if power_factor is None else power_factor, dtype=np.float64)
    factor = np.broadcast_to(factor if factor.ndim == load.ndim else factor[..., None], (*load.shape[:-1], 12))
    last = bill(load, rates, year, given_kw=given_kw, power_factor=factor, holidays=holidays)
    before = last.peak_kw if first_year else None
    kept = _kept(last, rates, given_kw)
    steps: list[Step] = []
    for measure in measures:
        drawn, load = np.maximum(load, 0.0), load + measure.delta_kwh
        left = np.maximum(load, 0.0)
        if measure.active_only:
            active = (daytime_energy(one, rates, year) for one in (drawn, left))
            factor = power_factor_after(factor, *active)
        after = bill(
            left, rates, year, given_kw=kept, before_kw=before, power_factor=factor, holidays=holidays
        )  # fmt: skip
        surplus = np.maximum(-load, 0.0).sum(axis=-1)
        steps.append(Step(measure.name, last, after, difference(last, after), surplus))
        last = after
    return steps


def _kept(first: Bill, rates: Rates, given_kw: ArrayLike | None) -> ArrayLike | None:
    """The contracts that measures do not change."""
    if rates.contract == "measured":
        return None
    if rates.contract == "by_size":
        given = np.nan if given_kw is None else np.asarray(given_kw, dtype=np.float64)
        standing = first.contract_kw[..., 0]
        return np.where(standing >= rates.rules.kw("agreed"), standing, given)
    return first.contract_kw[..., 0]


def first_and_last(
    load_kwh: ArrayLike, measures: Sequence[Measure], rates: Rates, year: FiscalYear, **known: ArrayLike | None
) -> dict[str, tuple[Array, Array]]:
    """What each measure saves a year where it is the first, and where it is the last: how much the order matters."""
    found: dict[str, tuple[Array, Array]] = {}
    for k, measure in enumerate(measures):
        others = [one for j, one in enumerate(measures) if j != k]
        first = in_order(load_kwh, [measure], rates, year, **known)[0]  # type: ignore[arg-type]
        last = in_order(load_kwh, [*others, measure], rates, year, **known)[-1]  # type: ignore[arg-type]
        found[measure.name] = (first.saving.year_yen, last.saving.year_yen)
    return found
