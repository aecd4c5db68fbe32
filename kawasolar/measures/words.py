"""Measures one after the other in words and as tables, the same for window, paper and command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.measures.order import CODES, lines_of
from kawasolar.tariff.words import contract_unit, line_name
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kawasolar.measures.order import Code, Found, Ordered
    from kawasolar.words import Language


_ROUNDED = 0.5


@dataclass(frozen=True)
class Row:
    """A line of a table: its name, its numbers (NaN where there is none), and whether it adds up others."""

    name: str
    values: tuple[float, ...]
    summed: bool = False


def code_name(language: Language, code: str) -> str:
    """What a measure is called."""
    return say(language, f"measures.code.{code}")


def order_name(language: Language, order: Iterable[str]) -> str:
    """An order of measures: ``LED化 → 太陽光発電``."""
    return say(language, "measures.then").join(code_name(language, code) for code in order)


def assumption_name(language: Language, key: str) -> str:
    """What an assumption is called."""
    return say(language, f"measures.assumption.{key}")


def unit_name(language: Language, unit: str) -> str:
    """A unit of the assumptions."""
    return say(language, f"measures.unit.{unit}")


def step_names(language: Language, ordered: Ordered) -> list[str]:
    """Headings of the bills: before all, then after each."""
    after = [say(language, "measures.after", name=code_name(language, code)) for code in ordered.order]
    return [say(language, "measures.before"), *after]


def bill_rows(language: Language, ordered: Ordered) -> list[Row]:
    """The bills of the year before all measures and after each: lines [yen], the total, contract, highest demand, and what of the PV is used at once."""
    bills = ordered.bills
    rows = [
        Row(line_name(language, line, made), yen) for line, made, yen in lines_of(ordered) if line.code != "rounding"
    ]
    rows.append(Row(say(language, "measures.line.total"), tuple(float(made.year_yen) for made in bills), summed=True))
    unit = contract_unit(bills[0])
    rows.append(
        Row(say(language, "measures.line.contract", unit=unit), tuple(float(one.contract_kw.max()) for one in bills))
    )
    rows.append(Row(say(language, "measures.line.peak"), tuple(float(made.peak_kw.max()) for made in bills)))
    if "pv" in ordered.order:
        for name, values in (("self_use", ordered.self_use_kwh), ("surplus", ordered.surplus_kwh)):
            rows.append(Row(say(language, f"measures.line.{name}"), (np.nan, *values)))
    return rows


def worth_heads(language: Language, found: Found, other: Ordered) -> list[str]:
    """Headings of :func:`worth_rows`."""
    orders = [found.asked, other] if other is not found.asked else [found.asked]
    unit = contract_unit(found.asked.bills[0])
    told = [say(language, "measures.head.saved_in", order=order_name(language, one.order)) for one in orders]
    told += [say(language, "measures.head.least"), say(language, "measures.head.most")]
    return [*told, say(language, "measures.head.contract_change", unit=unit)]


def worth_rows(language: Language, found: Found, other: Ordered) -> list[Row]:
    """What each measure saves a year in the order asked for and in another, the least and most of all orders, what it does to the contract in the order asked for; then all together."""
    asked = found.asked
    orders = [asked, other] if other is not asked else [asked]
    rows = [
        Row(
            code_name(language, code),
            (*(one.saved_yen(code) for one in orders), *found.span_yen(code), asked.contract_kw(code)),
        )
        for code in CODES
        if code in asked.order
    ]
    totals = [one.total_yen for one in orders]
    ends = [one.total_yen for one in found.orders]
    contract = sum(asked.contract_kw(code) for code in asked.order)
    rows.append(Row(say(language, "measures.total"), (*totals, min(ends), max(ends), contract), summed=True))
    return rows


def notes(language: Language, found: Found, *, whole: bool = True) -> list[str]:
    """What is to be known of the figures; ``whole``: also what holds for every facility."""
    told = []
    if found.site.estimated:
        told.append(say(language, "measures.note.estimated"))
    if "led" in found.asked.order:
        kwh, lit = found.site.lighting(found.assumed)
        told.append(say(language, f"measures.lit.{lit}", kwh=kwh))
    if "chargers" in found.asked.order:
        told.append(charged_text(language, found))
    told += _over(language, found.asked)
    if whole:
        told += [assumed_text(language, found), say(language, "measures.note.order")]
    return told


def charged_text(language: Language, found: Found) -> str:
    """What chargers draw a year, and who says so."""
    kwh, by = found.site.charging(found.assumed)
    values: dict[str, object] = {"kwh": float(kwh.sum())}
    if by == "cars" and found.site.cars is not None:
        cars = found.site.cars
        each = [say(language, "charging.counted", name=kind.name(language), number=number) for kind, number in cars.chargers]  # fmt: skip
        values |= {"cars": cars.cars, "set": say(language, "charging.join").join(each) or say(language, "charging.none")}  # fmt: skip
    return say(language, f"measures.charged.{by}", **values)


def assumed_text(language: Language, found: Found) -> str:
    """What is simple in the figures: lamps and, where no cars of the plan tell them, chargers."""
    by_cars = found.site.charging(found.assumed)[1] == "cars"
    return say(language, "measures.note.assumed_led" if by_cars else "measures.note.assumed")


def _over(language: Language, one: Ordered) -> list[str]:
    """Where a contract that does not follow the half hours is less than what is drawn: nobody reckons what another would cost."""
    for code, made in zip(one.order, one.bills[1:], strict=True):
        peak, contract = float(made.peak_kw.max()), float(made.contract_kw.max())
        # A contract by the half hours is rounded to whole kilowatts.
        if peak > contract + _ROUNDED:
            values = {"peak": peak, "contract": contract, "unit": contract_unit(made)}
            return [say(language, "measures.note.over", name=code_name(language, code), **values)]
    return []


def total_text(language: Language, found: Found) -> str:
    """What all save together, in any order."""
    total = found.asked.total_yen
    return say(language, "measures.same" if total >= 0 else "measures.costs", total=abs(total))


def assumed_values(found: Found) -> list[tuple[str, float, str]]:
    """Key, value and unit of every assumption that has a part in the figures."""
    assumed, codes = found.assumed, found.asked.order
    keys: list[tuple[str, float, str]] = []
    if "led" in codes:
        kwh, lit = found.site.lighting(assumed)
        if lit == "share":
            keys.append(("lighting_share", assumed.lighting_share, "-"))
        keys += [("lighting_kwh", kwh, "kWh"), ("led_saving", found.site.led_saving(assumed)[0], "-")]
    if "chargers" in codes and found.site.cars is not None and found.site.charging(assumed)[1] == "cars":
        number = sum(count for _, count in found.site.cars.chargers)
        keys += [("chargers", float(number), "units"), ("charged_kwh", float(found.site.cars.kwh.sum()), "kWh")]
    elif "chargers" in codes:
        keys += [
            ("chargers", float(assumed.chargers), "units"), ("charger_kw", assumed.charger_kw, "kW"), ("charger_from", assumed.charger_from, "h"),
            ("charger_hours", assumed.charger_hours, "h"), ("charger_days", float(assumed.charger_days), "d"),
        ]  # fmt: skip
    return keys


def as_codes(words: Sequence[str]) -> tuple[Code, ...] | None:
    """Measures by their codes; None where one is none, or stands twice, or there are none."""
    found = tuple(code for word in words for code in CODES if code == word.strip())
    return found if found and len(found) == len(words) and len(set(found)) == len(found) else None
