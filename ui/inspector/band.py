"""The band of a sunny and a dull year: ends of the months' bars, and the years in words."""

from __future__ import annotations

from typing import Any

from ui import format as fmt
from ui.look import Look

_YEARS = ("dull", "sunny")


def band_of(yields: Any) -> list[tuple[float, float]]:  # noqa: ANN401 - a row of the yields, or a sum of such
    """Lowest and highest of the average, the dull and the sunny year by month [MWh]; empty where there is one year only."""
    years = [name for name in _YEARS if f"energy_{name}_kwh" in yields]
    if not years:
        return []
    found = []
    for k in range(1, 13):
        values = [float(yields[f"{prefix}m{k:02d}"]) / 1000 for prefix in ("", *(f"{name}_" for name in years))]
        found.append((min(values), max(values)))
    return found


def band_text(look: Look, yields: Any) -> str:  # noqa: ANN401
    """Energy of the dull and of the sunny year; empty where there is neither."""
    known = [
        look.say(f"ui.power.{name}", energy=" ".join(fmt.energy(yields[f"energy_{name}_kwh"])))
        for name in _YEARS
        if f"energy_{name}_kwh" in yields
    ]
    return look.say("ui.list.comma").join(known)
