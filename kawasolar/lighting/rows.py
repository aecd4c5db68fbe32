"""Rows of ``resources/lighting.toml``: what lamps draw, what takes their place, until when they are made, what is assumed. Each says its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from kawasolar.demand.rows import KINDS
from kawasolar.profiles import fields as of
from kawasolar.profiles.reader import Cited
from kawasolar.profiles.tables import LAMPS as BANNED

# Kinds of lamps as the ledger of lamps has them; ``led`` is none that is replaced.
LED: Final = "led"
LAMPS: Final = (
    "straight_fluorescent", "ring_fluorescent", "compact_fluorescent", "mercury", "metal_halide", "sodium", "halogen", "incandescent", "other",
)  # fmt: skip
# A date of the waste, not of making lamps.
PCB: Final = "pcb_low"
BANS: Final = (*BANNED, "mercury_high_pressure")
_W, _YEN, _H = 100_000.0, 1e7, 500_000.0

# Single numbers: unit, and whether it is whole.
NUMBERS: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "term": ("a", True), "discount_rate": ("-", False), "lease_years": ("a", True), "lease_rate": ("-", False), "lease_fee": ("-", False),
        "esco_years": ("a", True), "esco_share": ("-", False), "esco_fee": ("-", False), "esco_rate": ("-", False), "high_place_m": ("m", False),
        "high_place_yen": ("yen", False), "joint_share": ("-", False), "emergency_yen": ("yen", False), "dimming_yen": ("yen", False), "asbestos_yen": ("yen", False),
        "pcb_yen": ("yen", False), "pcb_survey_yen": ("yen", False), "pcb_last_year": ("fiscal_year", True), "luminaire_kg": ("kg", False),
        "luminaire_waste_yen_kg": ("yen/kg", False), "lot_sites": ("sites", True), "lot_yen": ("yen", False),
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Number(Cited):
    """A number by itself; ``low`` and ``high`` are the range that is allowed."""

    key: str = of.choice(*NUMBERS)
    value: float = of.number("", -1e12, 1e12)
    unit: str = of.text()


@dataclass(frozen=True, kw_only=True)
class Lamp(Cited):
    """A kind of lamp: how long one lasts, what a new one and its exchange cost, what is left of it; ``ban`` where no words of the luminaire tell another."""

    lamp: str = of.choice(*LAMPS)
    life_h: float = of.number("h", 100.0, 200_000.0)
    lamp_yen: float = of.number("yen", 0.0, _YEN)
    exchange_yen: float = of.number("yen", 0.0, _YEN)
    kg: float = of.number("kg", 0.0, 100.0)
    disposal_yen: float = of.number("yen", 0.0, _YEN)
    mercury: bool = of.flag()
    ballast: bool = of.flag()
    ban: str | None = of.choice(*BANS, needed=False)


@dataclass(frozen=True, kw_only=True)
class KindRule(Cited):
    """Which date a lamp falls under by words of its luminaire, and by the watts of one lamp."""

    lamp: str = of.choice(*LAMPS)
    words: str = of.text()
    below_w: float | None = of.number("W", 0.0, _W, needed=False)
    ban: str = of.choice(*BANS)


@dataclass(frozen=True, kw_only=True)
class Ban(Cited):
    """A last day that the profile does not tell."""

    ban: str = of.choice(*BANS, PCB)
    last_day: date = of.day()  # noqa: RUF009 - a field, not a date


@dataclass(frozen=True, kw_only=True)
class Standard(Cited):
    """What one lamp draws with its ballast, by the code of the luminaire; without a code, of any other of the kind."""

    lamp: str = of.choice(*LAMPS)
    code: str = of.text(needed=False)
    watts: float = of.number("W", 1.0, 5_000.0)


@dataclass(frozen=True, kw_only=True)
class Replacement(Cited):
    """What takes a luminaire's place: LED watts, or a share of the old ones; the first row that fits a luminaire's watts and height holds."""

    key: str = of.text(pattern=r"[a-z][a-z0-9_]{0,39}", example="tube_40x2")
    lamp: str = of.choice(*LAMPS)
    from_w: float = of.number("W", 0.0, _W)
    to_w: float = of.number("W", 0.0, _W)
    from_m: float | None = of.number("m", 0.0, 60.0, needed=False)
    led_w: float | None = of.number("W", 0.1, _W, needed=False)
    ratio: float | None = of.number("-", 0.01, 1.0, needed=False)
    life_h: float = of.number("h", 1_000.0, _H)
    yen: float = of.number("yen", 0.0, _YEN)


@dataclass(frozen=True, kw_only=True)
class Density(Cited):
    """What lighting a kind of facility has by its floor, and for how long: where no ledger tells it."""

    kind: str = of.choice(*KINDS)
    w_m2: float = of.number("W/m²", 0.1, 100.0)
    hours: float = of.number("h/a", 1.0, 8_784.0)
    luminaire_w: float = of.number("W", 1.0, _W)
    lamp: str = of.choice(*LAMPS)


@dataclass(frozen=True)
class Section:
    """A table: what its rows are, and which fields tell one from another."""

    row: type[Cited]
    identity: tuple[str, ...]


SECTIONS: Mapping[str, Section] = MappingProxyType(
    {
        "numbers": Section(Number, ("key",)),
        "lamps": Section(Lamp, ("lamp",)),
        "kinds": Section(KindRule, ("lamp", "words", "ban")),
        "bans": Section(Ban, ("ban",)),
        "standards": Section(Standard, ("lamp", "code")),
        "replacements": Section(Replacement, ("key",)),
        "densities": Section(Density, ("kind",)),
    }
)
