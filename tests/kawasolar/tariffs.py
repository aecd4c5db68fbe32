"""Tariffs for tests: prices that are easy to reckon by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from kawasolar.half_hours import COUNT, DAYS, SLOTS, FiscalYear, fiscal_year
from kawasolar.profiles.tables import EnergyCharge, Levy, Tables, Tariff, TariffTime
from kawasolar.tariff import Rates, rates_of

CITED: dict[str, Any] = {
    "source_ja": "試験用", "source_en": "test", "note_ja": "", "note_en": "", "how_sure": "verify", "low": None, "high": None, "coefficient": "",
}  # fmt: skip
_NONE = dict.fromkeys(
    (
        "supply", "from_kw", "to_kw", "contract", "kw_rounding", "demand_yen_per_kw_month", "base_power_factor", "power_factor_rule", "unused_share",
        "excess_factor", "fuel_adjustment_yen_per_kwh", "market_adjustment_yen_per_kwh", "capacity_yen_per_kw_month", "summer_first", "summer_last",
    )
)  # fmt: skip
YEAR = fiscal_year(2025)
NO_HOLIDAYS = np.zeros(DAYS, dtype=bool)
LEVIES = ((2024, 3.49), (2025, 3.98), (2026, 4.18))


def tariff(key: str = "t", **more: Any) -> Tariff:
    """A high-voltage tariff without tax in its prices; 1,000 yen a kW unless said."""
    given = {
        "voltage": "high", "valid_from": date(2025, 4, 1), "tax_included": False, "operator_ja": "電力", "operator_en": "Power", "name_ja": "高圧", "name_en": "High",
        "sunday_dates": "", **_NONE, "demand_yen_per_kw_month": 1000.0, **more,
    }  # fmt: skip
    return Tariff(key=key, **given, **CITED)


def charge(
    yen: float, season: str = "all", time: str = "all", from_kwh: float | None = None, key: str = "t"
) -> EnergyCharge:
    return EnergyCharge(tariff=key, season=season, time=time, from_kwh=from_kwh, yen_per_kwh=yen, **CITED)


def hours(season: str, time: str, days: str, begin: float, end: float) -> TariffTime:
    return TariffTime(tariff="t", season=season, time=time, days=days, from_hour=begin, to_hour=end, **CITED)


def rates(
    one: Tariff | None = None, charges: tuple[EnergyCharge, ...] = (charge(20.0),), times: tuple[TariffTime, ...] = (), **more: Any
) -> Rates:  # fmt: skip
    levies = tuple(Levy(fiscal_year=year, yen_per_kwh=yen, **CITED) for year, yen in LEVIES)
    tables = Tables(tariffs=(one or tariff(),), tariff_times=times, energy_charges=charges, levies=levies)
    return rates_of(tables, "t", **more)


def peaks_to_series(
    peaks_kw: list[float], year: FiscalYear = YEAR, base_kw: float = 0.0
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A year whose months, April first, have these peaks in one half hour each."""
    kwh = np.full(COUNT, base_kw / 2.0)
    starts = np.flatnonzero(np.diff(year.month, prepend=-1)) * SLOTS
    kwh[starts + 24] = np.asarray(peaks_kw) / 2.0
    return kwh
