"""Lamps by fiscal year, as the dialog and the panel of lighting draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.charts.year_columns import Series

if TYPE_CHECKING:
    from kawasolar.lighting import Lighting
    from ui.charts.year_columns import YearColumns
    from ui.look import Look

_MILLION = 1e6
_THOUSAND = 1e3
# Of the stock: name, column, colour, fill.
_STOCK = (
    ("left", "left", "accent", "full"),
    ("past", "past", "attention", "hatch"),
    ("without", "past_without", "muted", "open"),
)


def show_stock(look: Look, chart: YearColumns, found: Lighting | None) -> None:
    """What is left of the lamps each year, and past the state's dates, with the programme and without [thousands]."""
    if found is None:
        chart.show_years((), ())
        return
    sums = found.stock.groupby("fiscal_year")[["left", "past", "past_without"]].sum() / _THOUSAND
    series = [
        Series(look.say(f"ui.lighting.stock.{name}"), tuple(sums[key].tolist()), role, fill)
        for name, key, role, fill in _STOCK
    ]
    chart.show_years(sums.index.tolist(), series)


def show_money(look: Look, chart: YearColumns, found: Lighting | None) -> None:
    """What each year costs and saves, beside its budget [millions of yen]."""
    if found is None:
        chart.show_years((), ())
        return
    say, frame = look.say, found.years
    cost, saved = ((frame[key] / _MILLION).tolist() for key in ("cost_yen", "saved_total_yen"))
    budget = [] if frame["budget_yen"].isna().any() else (frame["budget_yen"] / _MILLION).tolist()
    series = [
        Series(say("ui.lighting.money.cost"), tuple(cost), "accent"),
        Series(say("ui.lighting.money.saved"), tuple(saved), "sun", "hatch"),
    ]
    chart.show_years(frame["fiscal_year"].tolist(), series, budget, say("ui.lighting.money.budget"))
