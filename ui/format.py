"""Numbers as people read them: thousands separators, a unit that keeps them short, a dash for what is missing."""

from __future__ import annotations

import math
import unicodedata
from typing import SupportsFloat, cast

MISSING = "–"


def is_missing(value: object) -> bool:
    """None, NaN and pandas' NA."""
    if value is None:
        return True
    if isinstance(value, str):
        return value == ""
    try:
        return math.isnan(float(cast("SupportsFloat", value)))
    except (TypeError, ValueError):
        return type(value).__name__ in {"NAType", "NaTType"}


def number(value: object, digits: int = 0) -> str:
    """``12345.6`` -> ``12,346``."""
    if is_missing(value):
        return MISSING
    return f"{float(cast('SupportsFloat', value)):,.{digits}f}"


def significant(value: float) -> str:
    """Three figures where the number is small, whole numbers where it is large."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3 if size > 0 else 0
    return f"{value:,.{digits}f}"


def power(kw: object) -> tuple[str, str]:
    """Capacity and its unit: kW below a megawatt."""
    if is_missing(kw):
        return MISSING, "kW"
    value = float(cast("SupportsFloat", kw))
    return (significant(value / 1000), "MW") if value >= 1000 else (significant(value), "kW")


def energy(kwh: object) -> tuple[str, str]:
    """Energy of a year and its unit: MWh, GWh from a thousand on."""
    if is_missing(kwh):
        return MISSING, "MWh"
    value = float(cast("SupportsFloat", kwh)) / 1000
    return (significant(value / 1000), "GWh") if value >= 1000 else (significant(value), "MWh")


def mass(tonnes: object) -> str:
    """Tonnes of CO2, three figures."""
    return MISSING if is_missing(tonnes) else significant(float(cast("SupportsFloat", tonnes)))


def percent(share: object, digits: int = 0) -> str:
    """``0.123`` -> ``12 %``."""
    return MISSING if is_missing(share) else f"{float(cast('SupportsFloat', share)) * 100:,.{digits}f} %"


def folded(text: object) -> str:
    """Text as it is searched: full and half width, upper and lower case, hiragana and katakana alike."""
    if is_missing(text):
        return ""
    plain = unicodedata.normalize("NFKC", str(text)).casefold()
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in plain)
