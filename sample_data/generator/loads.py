"""Half-hourly demand of metered facilities in fiscal year 2024, from hours of use, season and chance."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sample_data.generator.facts import Fact
from sample_data.generator.place import FISCAL_YEAR, random

HALF_HOURS = 17_520
# Public holidays of fiscal year 2024, substitute holidays included.
HOLIDAYS = frozenset(
    dt.date.fromisoformat(day)
    for day in (
        "2024-04-29", "2024-05-03", "2024-05-04", "2024-05-05", "2024-05-06", "2024-07-15", "2024-08-11", "2024-08-12",
        "2024-09-16", "2024-09-22", "2024-09-23", "2024-10-14", "2024-11-03", "2024-11-04", "2024-11-23", "2025-01-01",
        "2025-01-13", "2025-02-11", "2025-02-23", "2025-02-24", "2025-03-20",
    )
)  # fmt: skip


class Use(NamedTuple):
    """How a kind of facility uses power: shares of its full load, and when it is in use."""

    base: float
    begin: float
    end: float
    cooling: float
    heating: float
    closed: str  # "weekend", "monday", "school", "" = never
    round_the_clock: bool = False


USES: dict[str, Use] = {
    "小学校": Use(0.09, 7.5, 17.5, 0.080, 0.060, "school"),
    "中学校": Use(0.09, 7.5, 18.5, 0.080, 0.058, "school"),
    "高等学校": Use(0.10, 7.5, 19.5, 0.080, 0.055, "school"),
    "特別支援学校": Use(0.16, 7.5, 18.0, 0.060, 0.050, "school"),
    "庁舎": Use(0.20, 7.5, 20.0, 0.050, 0.035, "weekend"),
    "図書館": Use(0.17, 8.5, 20.0, 0.050, 0.035, "monday"),
    "保育所": Use(0.14, 6.5, 19.5, 0.060, 0.050, "sunday"),
    "消防署": Use(0.42, 6.0, 23.0, 0.035, 0.025, "", True),
    "市民館": Use(0.14, 8.5, 22.0, 0.055, 0.035, "monday"),
    "スポーツ施設": Use(0.22, 8.5, 22.0, 0.035, 0.030, "monday"),
    "老人福祉施設": Use(0.16, 8.0, 17.5, 0.055, 0.050, "weekend"),
    "車両基地": Use(0.20, 5.5, 19.0, 0.030, 0.030, "sunday"),
    "清掃工場": Use(0.72, 0.0, 24.0, 0.004, 0.002, "", True),
    "水道施設": Use(0.70, 5.0, 23.0, 0.003, 0.001, "", True),
    "下水道施設": Use(0.45, 5.0, 24.0, 0.002, 0.001, "", True),
}


@dataclass
class Series:
    """The half-hours of one facility [kWh] from 1 April 2024, 0:00, and their resolution."""

    fact: Fact
    kwh: NDArray[np.float64]
    step: float

    @property
    def peak_kw(self) -> float:
        """Highest half-hour as mean power."""
        return float(self.kwh.max() * 2.0)


def days() -> pd.DatetimeIndex:
    """The 365 days of the fiscal year."""
    return pd.date_range(f"{FISCAL_YEAR}-04-01", f"{FISCAL_YEAR + 1}-03-31", freq="D")


def _open_days(closed: str) -> NDArray[np.float64]:
    """Degree of use of each day, 0…1."""
    use = []
    for day in days():
        date = day.date()
        holiday = date in HOLIDAYS or (date.month, date.day) in {(12, 29), (12, 30), (12, 31), (1, 2), (1, 3)}
        weekday = date.weekday()
        if closed == "school":
            off = (7, 20) <= (date.month, date.day) <= (8, 31) or (date.month, date.day) >= (12, 25)
            off = off or (date.month, date.day) <= (1, 7) or (3, 26) <= (date.month, date.day) <= (4, 5)
            use.append(0.12 if holiday or weekday == 6 else 0.22 if weekday == 5 else 0.35 if off else 1.0)
        elif closed == "weekend":
            use.append(0.08 if holiday or weekday >= 5 else 1.0)
        elif closed == "sunday":
            use.append(0.07 if holiday or weekday == 6 else 0.55 if weekday == 5 else 1.0)
        elif closed == "monday":
            year_end = (date.month, date.day) >= (12, 29) or (date.month, date.day) <= (1, 3)
            use.append(0.1 if year_end or (weekday == 0 and not holiday) else 1.0)
        else:
            use.append(1.0)
    return np.array(use)


def _temperatures(hours: pd.DataFrame) -> NDArray[np.float64]:
    """Air temperature of each half-hour of the fiscal year, from the sample's weather of the same date."""
    by_day = hours["temp_air"].to_numpy().reshape(365, 24)
    order = [(day.day_of_year if not day.is_leap_year or day.month < 3 else day.day_of_year - 1) - 1 for day in days()]
    return np.asarray(np.repeat(by_day[np.array(order)], 2, axis=1))


def _shape(use: Use, hours: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
    """Relative demand, ``[day, half-hour]``."""
    time = (np.arange(48) + 0.5) / 2.0
    inside = np.clip((time - use.begin) / 1.5, 0, 1) * np.clip((use.end - time) / 1.5, 0, 1)
    noon = 1.0 - 0.1 * np.exp(-(((time - 12.5) / 0.7) ** 2))
    opened = _open_days(use.closed)[:, None]
    temp = _temperatures(hours)
    # The building follows the air slowly: half of it is the mean of the day.
    felt = 0.5 * temp + 0.5 * temp.mean(axis=1, keepdims=True)
    climate = use.cooling * np.maximum(0.0, felt - 23.0) * 2.2 + use.heating * np.maximum(0.0, 15.0 - felt)
    start = 1.0 + 0.18 * np.exp(-(((time - use.begin - 1.2) / 0.8) ** 2)) * (climate > 0.05)
    day_factor = np.exp(rng.normal(0.0, 0.05, (365, 1)))
    occupied = inside * noon * opened * (0.42 + 0.75 * climate * start) * day_factor
    night = use.base * (0.8 + 0.25 * climate if use.round_the_clock else 1.0)
    wobble = np.exp(rng.normal(0.0, 0.035, (365, 48)))
    return np.asarray((night + (1.0 - use.base) * occupied) * wobble)


def demand(facts: list[Fact], hours: pd.DataFrame, seed: int) -> list[Series]:
    """Series of the facilities given; their ``kwh`` and ``contract_kw`` are set to what the meters then say."""
    found = []
    for fact in facts:
        rng = random(seed, f"meter {fact.number}")
        use = Use(0.14, 9.0, 21.5, 0.030, 0.030, "monday") if fact.entry.shape == "vault" else USES[fact.kind]
        shape = _shape(use, hours, rng).reshape(-1)
        step = 1.0 if fact.kwh > 1_500_000 else 0.1
        kwh = np.round(shape * (fact.kwh / shape.sum()) / step) * step
        series = Series(fact, np.round(kwh, 1), step)
        fact.kwh = round(float(series.kwh.sum()))
        fact.contract_kw = contract_kw(series.peak_kw)
        found.append(series)
    return found


def contract_kw(peak: float) -> int:
    """Under 500 kW the highest half-hour of twelve months (実量制); above, agreed on in tens of kW (協議制)."""
    whole = int(np.ceil(round(peak, 6)))
    return whole if whole < 500 else int(np.ceil(whole / 10.0) * 10)
