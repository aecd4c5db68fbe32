"""The bill of a fiscal year in lines, month by month, for one facility or many at once.

Rounding is that of bills, by ``resources/electricity_rules.toml``: energy to whole kWh and demand to whole kW, lines down to 0.01 yen, the levy, the tax and the month's
total down to whole yen. What the total loses is a line of its own, so that the lines are always the total.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gis.findings import Finding
from kawasolar.errors import TariffError
from kawasolar.half_hours import COUNT
from kawasolar.tariff.contract import MONTHS, contract_of, power_factor_ratio, rounded
from kawasolar.tariff.times import by_month, zones_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from kawasolar.half_hours import FiscalYear
    from kawasolar.profiles.tables import Tariff
    from kawasolar.tariff.contract import Contract
    from kawasolar.tariff.rates import Rates

    Array = NDArray[np.float64]

# Lines in the order of a bill; words in ``bill.line.CODE``.
CODES = ("demand", "excess", "energy", "fuel", "market", "capacity", "levy", "tax", "rounding")


@dataclass(frozen=True)
class Line:
    """One line of a bill; arrays are [..., 12], April first.

    Attributes
    ----------
    code : one of :data:`CODES`
    season, time : of an energy charge; empty in other lines
    from_kwh : where the step begins that the price is of [kWh of the month]; None where there are no steps
    unit : ``kW``, ``kVA``, ``kWh`` or empty
    quantity : in that unit
    price : yen for a unit
    factor : by which quantity × price is multiplied: power factor, month without use, excess
    yen : what is to be paid
    """

    code: str
    season: str
    time: str
    from_kwh: float | None
    unit: str
    quantity: Array
    price: Array
    factor: Array
    yen: Array

    @property
    def key(self) -> tuple[str, str, str, float]:
        """What tells a line from the others of its bill."""
        return self.code, self.season, self.time, self.from_kwh or 0.0


@dataclass(frozen=True)
class Bill:
    """Bills of a fiscal year; the leading axes of all arrays are those of the series.

    Attributes
    ----------
    lines : in the order of :data:`CODES`
    peak_kw : [..., 12] highest half hour of each month
    contract_kw : [..., 12] kW, or kVA
    tax_yen : [..., 12] consumption tax that is in the total (うち消費税等相当額)
    findings : what the bill lacks or takes for granted
    """

    tariff: Tariff
    year: FiscalYear
    lines: tuple[Line, ...]
    peak_kw: Array
    contract_kw: Array
    tax_yen: Array
    findings: tuple[Finding, ...] = ()

    @property
    def total_yen(self) -> Array:
        """What is to be paid each month, [..., 12]."""
        total = np.zeros_like(self.contract_kw)
        for line in self.lines:
            total = total + line.yen
        return np.asarray(np.round(total, 6))

    @property
    def year_yen(self) -> Array:
        """What is to be paid in the year, [...]."""
        return np.asarray(self.total_yen.sum(axis=-1))

    def yen(self, code: str) -> Array:
        """All lines of a code together, [..., 12]; nought where there is none."""
        found = np.zeros_like(self.contract_kw)
        for line in self.lines:
            found = found + line.yen if line.code == code else found
        return found


def bill(
    import_kwh: ArrayLike, rates: Rates, year: FiscalYear, *, given_kw: ArrayLike | None = None, before_kw: ArrayLike | None = None,
    power_factor: ArrayLike | None = None, holidays: NDArray[np.bool_] | None = None,
) -> Bill:  # fmt: skip
    """The bill of a year of half hours.

    Parameters
    ----------
    import_kwh : [..., 17520] energy taken from the grid in each half hour [kWh]
    given_kw : [...] contract as the supplier has it [kW or kVA]; NaN where nobody knows
    before_kw : [..., n] highest half hours of the months before the year [kW]; the year repeats itself unless given
    power_factor : [...] or [..., 12], of the hours 8 to 22; the rule's unless given
    holidays : (365,) which days are holidays; the national ones unless given

    Raises
    ------
    TariffError
        the series is no year of half hours, or the tariff has no price for a half hour
    """
    energy = checked(import_kwh)
    lead = energy.shape[:-1]
    flat = energy.reshape(-1, COUNT)
    count = len(flat)
    zones = zones_of(rates, year, holidays)
    peaks, exact = by_month(flat, zones, year)
    kwh = rounded(exact, rates.rules.number("kwh_unit"))
    given = None if given_kw is None else np.broadcast_to(np.asarray(given_kw, dtype=float), lead).reshape(count)
    contract = contract_of(peaks, rates, given, _rows(before_kw, lead))
    levy, findings = rates.levy(year)
    made = _Lines(rates, count)
    made.demand(contract, kwh.sum(axis=-1), _factors(power_factor, rates, lead))
    for k, (season, time) in enumerate(zones.codes):
        made.energy(season, time, kwh[:, :, k])
    made.others(contract, kwh.sum(axis=-1), levy)
    lines = tuple(_shaped(line, lead) for line in made.closed())
    tax = made.tax_within()
    return Bill(
        rates.tariff, year, lines, peaks.reshape(*lead, MONTHS), contract.kw.reshape(*lead, MONTHS), tax.reshape(*lead, MONTHS),
        (*findings, *_findings(rates, contract)),
    )  # fmt: skip


def checked(import_kwh: ArrayLike) -> NDArray[np.floating]:
    """A series that is a year of half hours, or several; as exact as it was.

    Raises
    ------
    TariffError
        another number of half hours, or one that is missing or below nought
    """
    given = np.asarray(import_kwh)
    energy = given if given.dtype in (np.float32, np.float64) else given.astype(np.float64)
    if energy.ndim == 0 or energy.shape[-1] != COUNT:
        raise TariffError("tariff.no_year", found=energy.shape[-1] if energy.ndim else 1, expected=COUNT)
    if energy.size and not (energy.min() >= 0.0 and np.isfinite(energy.max())):
        bad = np.argwhere(~(np.isfinite(energy) & (energy >= 0.0)))[0]
        raise TariffError("tariff.bad_half_hour", row=int(bad[-1]) + 1, found=float(energy[tuple(bad)]))
    return energy


def _rows(values: ArrayLike | None, lead: tuple[int, ...]) -> Array | None:
    """Months before, a row for each facility."""
    if values is None:
        return None
    given = np.asarray(values, dtype=np.float64)
    return np.broadcast_to(given, (*lead, given.shape[-1])).reshape(-1, given.shape[-1])


def _factors(power_factor: ArrayLike | None, rates: Rates, lead: tuple[int, ...]) -> Array:
    """What the power factor makes of the basic charge, [n, 12]."""
    given = np.asarray(rates.rules.number("power_factor") if power_factor is None else power_factor, dtype=np.float64)
    by_month = given.ndim == len(lead) + 1 and given.shape[-1] == MONTHS
    whole = np.broadcast_to(given if by_month else given[..., None], (*lead, MONTHS)).reshape(-1, MONTHS)
    step = rates.rules.number("low_voltage_step")
    return power_factor_ratio(whole, rates.base_power_factor, rates.power_factor_rule, step)


def one_of(made: Bill, place: int) -> Bill:
    """One facility's bill out of many; the findings are those of all of them."""
    lines = tuple(
        replace(
            line, quantity=line.quantity[place], price=line.price[place], factor=line.factor[place], yen=line.yen[place]
        )
        for line in made.lines
    )
    return replace(
        made, lines=lines, peak_kw=made.peak_kw[place], contract_kw=made.contract_kw[place], tax_yen=made.tax_yen[place]
    )  # fmt: skip


class _Lines:
    """Lines of n facilities while they are made."""

    def __init__(self, rates: Rates, count: int) -> None:
        self.rates, self.count = rates, count
        self.lines: list[Line] = []
        self.unit = rates.rules.number("bill_unit")

    def add(
        self, code: str, unit: str, quantity: Array, price: ArrayLike, factor: ArrayLike = 1.0, *, season: str = "", time: str = "",
        from_kwh: float | None = None, whole: bool = False,
    ) -> None:  # fmt: skip
        """A line: quantity × price × factor, down to the unit of lines, or to that of bills."""
        shape = (self.count, MONTHS)
        prices, factors = np.broadcast_to(price, shape), np.broadcast_to(factor, shape)
        yen = rounded(quantity * prices * factors, self.unit if whole else self.rates.rules.number("line_unit"), "down")
        self.lines.append(Line(code, season, time, from_kwh, unit, quantity, prices, factors, yen))

    def demand(self, contract: Contract, used: Array, ratio: Array) -> None:
        """Basic charge, and that for demand above an agreed contract."""
        tariff = self.rates.tariff
        price = tariff.demand_yen_per_kw_month
        if price is None:
            return
        unused = 1.0 if tariff.unused_share is None else tariff.unused_share
        unit = "kVA" if self.rates.contract == "capacity" else "kW"
        self.add("demand", unit, contract.kw, price, ratio * np.where(used > 0.0, 1.0, unused))
        if contract.excess_kw.any():
            self.add("excess", unit, contract.excess_kw, price, ratio * self.rates.excess_factor)

    def energy(self, season: str, time: str, kwh: Array) -> None:
        """Energy of a season and time of day, step by step."""
        steps = self.rates.steps(season, time)
        begins = [step.from_kwh or 0.0 for step in steps]
        for step, begin, end in zip(steps, begins, [*begins[1:], np.inf], strict=True):
            part = np.clip(kwh - begin, 0.0, end - begin)
            told = begin if len(steps) > 1 else None
            self.add("energy", "kWh", part, step.yen_per_kwh, season=season, time=time, from_kwh=told)

    def others(self, contract: Contract, used: Array, levy: Array) -> None:
        """Adjustments, capacity, levy."""
        tariff = self.rates.tariff
        for code, price in (("fuel", self.rates.fuel), ("market", self.rates.market)):
            if price is not None:
                self.add(code, "kWh", used, np.asarray(price))
        if tariff.capacity_yen_per_kw_month is not None:
            self.add("capacity", "kW", contract.kw, tariff.capacity_yen_per_kw_month)
        self.add("levy", "kWh", used, levy, whole=True)

    def _sum(self, *leave: str) -> Array:
        total = np.zeros((self.count, MONTHS))
        for line in self.lines:
            total = total if line.code in leave else total + line.yen
        return total

    def closed(self) -> list[Line]:
        """With tax, where it is not in the prices, and what rounding takes from the total."""
        none, one = np.zeros((self.count, MONTHS)), np.ones((self.count, MONTHS))
        if not self.rates.tariff.tax_included:
            # The levy's price has the tax in it, whatever the tariff's have.
            taxed = self._sum("levy")
            rate = self.rates.rules.number("tax_rate")
            yen = rounded(taxed * rate, self.unit, "down")
            self.lines.append(Line("tax", "", "", None, "", taxed, one * rate, one, yen))
        total = self._sum()
        lost = rounded(total, self.unit, "down") - total
        self.lines.append(Line("rounding", "", "", None, "", none, none, one, np.round(lost, 6)))
        place = {code: k for k, code in enumerate(CODES)}
        return sorted(self.lines, key=lambda line: place[line.code])

    def tax_within(self) -> Array:
        """The tax that is in the total."""
        rate = self.rates.rules.number("tax_rate")
        if self.rates.tariff.tax_included:
            return rounded(self._sum() * rate / (1.0 + rate), self.unit, "down")
        levy, tax = (sum((line.yen for line in self.lines if line.code == code), 0.0) for code in ("levy", "tax"))
        return np.asarray(tax + rounded(levy * rate / (1.0 + rate), self.unit, "down"))


def _shaped(line: Line, lead: tuple[int, ...]) -> Line:
    shape = (*lead, MONTHS)
    arrays = (one.reshape(shape) for one in (line.quantity, line.price, line.factor, line.yen))
    return Line(line.code, line.season, line.time, line.from_kwh, line.unit, *arrays)


def _findings(rates: Rates, contract: Contract) -> list[Finding]:
    """What the bill lacks or takes for granted."""
    found: list[Finding] = []
    tariff = rates.tariff.key
    if rates.fuel is None:
        found.append(Finding("tariff.no_fuel", "info", item=tariff))
    if rates.tariff.demand_yen_per_kw_month is None:
        found.append(Finding("tariff.no_demand_price", "warning", item=tariff))
    if contract.guessed.any():
        found.append(Finding("tariff.contract_guessed", "warning", details={"count": int(contract.guessed.sum())}))
    over = contract.excess_kw > 0.0
    if over.any():
        details: dict[str, object] = {
            "count": int(over.any(axis=1).sum()), "months": int(over.sum()), "kw": float(contract.excess_kw.max()),
        }  # fmt: skip
        found.append(Finding("tariff.excess", "warning", details=details))
    return found
