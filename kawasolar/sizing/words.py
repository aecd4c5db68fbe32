"""Sizes, and why one of them, in words."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from kawasolar.finance import Terms
from kawasolar.sizing.ladder import THRESHOLDS
from kawasolar.strings import regulation
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from kawasolar.sizing.choose import Choice, Wants
    from kawasolar.sizing.sizes import Sizes
    from kawasolar.words import Language

_DASH = "–"
# Ratios are told as per cent.
_RATIOS = ("self_use_ratio", "self_supply_ratio")
_DIGITS = {
    "price": 2,
    "payback": 1,
    "co2_t": 1,
    "self_use_ratio": 1,
    "self_supply_ratio": 1,
    "peak_kw": 1,
    "capacity_kw": 2,
}


def figure_name(language: Language, key: str) -> str:
    """What a figure is called, with its unit."""
    return say(language, f"sizing.figure.{key}")


def figure_number(key: str, value: float) -> float | None:
    """A figure in its unit, rounded as it is told; None where there is none."""
    if math.isnan(value):
        return None
    return round(value * 100.0 if key in _RATIOS else value, _DIGITS.get(key, 0)) + 0.0


def figure_text(key: str, value: float) -> str:
    """A figure without its unit; a dash where there is none."""
    number = figure_number(key, value)
    return _DASH if number is None else f"{number:,.{_DIGITS.get(key, 0)}f}".replace("-", "−")


def size_texts(language: Language, sizes: Sizes, row: int, size: int) -> dict[str, str]:
    """One size in words: ``kw self_use price payback co2``."""
    at = {key: float(values[row, size]) for key, values in sizes.figures.items()}
    payback = at["payback"]
    return {
        "kw": figure_text("capacity_kw", float(sizes.ladder.capacity_kw[row, size])),
        "self_use": _DASH if math.isnan(at["self_use_ratio"]) else f"{figure_text('self_use_ratio', at['self_use_ratio'])} %",
        "price": _DASH if math.isnan(at["price"]) else say(language, "sizing.yen_kwh", value=figure_text("price", at["price"])),
        "payback": say(language, "sizing.never") if math.isnan(payback) else say(language, "sizing.years", value=figure_text("payback", payback)),
        "co2": figure_text("co2_t", at["co2_t"]),
    }  # fmt: skip


def why_text(language: Language, sizes: Sizes, row: int, choice: Choice, *, neighbours: bool = True) -> str:
    """Which wish decided, and what the sizes beside it would do."""
    if choice.size is None:
        least = int(sizes.ladder.real[row].argmax())
        return say(language, "sizing.why.none", **size_texts(language, sizes, row, least))
    more: dict[str, object] = {}
    if choice.threshold is not None:
        duty = regulation(choice.threshold, high_voltage=bool(sizes.high_voltage[row]))
        more = {"threshold": f"{choice.threshold:,.0f}", "duty": say(language, f"system.regulation.{duty}")}
    told = [say(language, f"sizing.why.{choice.decided}", **more)]
    for name, size in (("larger", choice.larger), ("smaller", choice.smaller)):
        if neighbours and size is not None:
            told.append(say(language, f"sizing.why.{name}", **size_texts(language, sizes, row, size)))
    return (" " if language == "en" else "").join(told)


def duty_text(language: Language, sizes: Sizes, row: int, size: int) -> str:
    """What a size counts as."""
    return say(language, f"system.regulation.{sizes.duty(row, size)}")


def threshold_texts(language: Language, sizes: Sizes, row: int) -> list[str]:
    """What each threshold that the roof reaches changes for a site."""
    high, most = bool(sizes.high_voltage[row]), float(sizes.ladder.capacity_kw[row].max())
    found = []
    for threshold in THRESHOLDS:
        if threshold > most:
            continue
        before, after = (regulation(kw, high_voltage=high) for kw in (math.nextafter(threshold, 0.0), threshold))
        code = "sizing.threshold.same" if before == after else "sizing.threshold"
        found.append(say(language, code, kw=f"{threshold:,.0f}", duty=say(language, f"system.regulation.{after}")))
    return found


def asked_text(language: Language, sizes: Sizes, wants: Wants) -> str:
    """What was asked for."""
    limits = ""
    for name, value in (("self_use", wants.self_use), ("payback", wants.payback), ("below", wants.below)):
        if value is not None:
            limits += say(language, f"sizing.limit.{name}", value=f"{value if name == 'payback' else 100.0 * value:g}")
    battery = sizes.asked.battery
    stands = "" if battery is None else say(language, "sizing.battery", kwh=f"{battery.capacity_kwh:,g}", kw=f"{battery.power_kw:,g}")  # fmt: skip
    sold = say(language, "sizing.sold" if sizes.asked.sold else "sizing.unsold")
    return say(language, "sizing.asked", goal=say(language, f"sizing.goal.{wants.goal}"), limits=limits, battery=stands, sold=sold)  # fmt: skip


def note_texts(language: Language, plan: Plan, sizes: Sizes) -> list[str]:
    """What was assumed, and who is left out."""
    found = [say(language, "sizing.note.share")]
    without = int((~sizes.by_tariff).sum())
    if without:
        price = Terms.of(plan.profile).number("purchase_price")
        found.append(say(language, "sizing.note.tariff", count=without, price=f"{price:,g}"))
    if sizes.left_out:
        counts = Counter(sizes.left_out.values())
        reasons = " / ".join(f"{say(language, code)} {count}" for code, count in sorted(counts.items()))
        found.append(say(language, "sizing.note.left_out", count=len(sizes.left_out), reasons=reasons))
    return found
