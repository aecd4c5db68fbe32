"""The fleet by fiscal year, as its dialog and its panel draw it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kawasolar.fleet.words import man_text
from ui.charts.fiscal_years import YearBar

if TYPE_CHECKING:
    from kawasolar.fleet import FleetResult
    from ui.charts.fiscal_years import FiscalYears
    from ui.look import Look

_PER_CENT = 100.0
# Money of the chart: 10,000 yen in Japanese, millions in English.
_UNIT = {"ja": 1e4, "en": 1e6}


def show_share(look: Look, chart: FiscalYears, found: FleetResult) -> None:
    """Next-generation cars of the passenger cars at the end of each year, and the target [%]."""
    bars = []
    for one in found.years.to_dict("records"):
        year, share = int(one["fiscal_year"]), _PER_CENT * one["share"]
        told = look.say(
            "ui.fleet.read.share", year=year, next=one["next_generation"], passenger=one["passenger"], share=share
        )
        bars.append(YearBar(year, share, f"{share:.0f} %", _PER_CENT * one["target"], told))
    chart.show_bars(bars)


def show_spend(look: Look, chart: FiscalYears, found: FleetResult) -> None:
    """What each year costs, and its budget; nothing is spent before the first year."""
    say, japanese = look.say, look.language == "ja"
    unit, bars = _UNIT[look.language], []
    for one in found.years.iloc[1:].to_dict("records"):
        year = int(one["fiscal_year"])
        money = man_text(one["spend_yen"]) if japanese else f"{one['spend_yen'] / unit:,.1f}"
        told = say("ui.fleet.read.spend", year=year, spend=money, replaced=one["replaced"])
        if not math.isnan(one["budget_yen"]):
            told += say("ui.fleet.read.budget", budget=f"{one['budget_yen'] / unit:,.{0 if japanese else 1}f}")
        bars.append(YearBar(year, one["spend_yen"] / unit, money, one["budget_yen"] / unit, told))
    chart.show_bars(bars)
