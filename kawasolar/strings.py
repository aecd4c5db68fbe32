"""Strings of modules and the inverters of one facility, by a stated rule; a size to plan with, no electrical design.

Voltages of one module at a cell temperature T [°C] (coefficients in %/°C, from the data sheet)::

    Voc(T) = Voc · (1 + β/100 · (T − 25))            β of the open-circuit voltage
    Vmp(T) = Vmp · (1 + (γ − α)/100 · (T − 25))      γ of the power, α of the current: P = V · I, so V falls by what P falls and I rises

A string holds at most ``⌊V_max / Voc(T_low)⌋`` modules, so that it stays below the voltage limit on the coldest morning, and at least
``⌈V_mppt / Vmp(T_high)⌉``, so that the inverter still follows it on the hottest day. All strings of a group are equally long; among the
lengths that leave over the fewest modules the longest is taken, for it needs the fewest strings. Inverters are of one size, as few as
keep the rated DC power within the DC/AC ratio.

Low voltage ends at 750 V DC and 600 V AC (電気設備に関する技術基準を定める省令, article 2): beyond, a system is no small one whatever its kW.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.modules import Module

Regulation = Literal["general", "small_business", "private", "construction_plan"]

# Article 2 of the ordinance on technical standards of electrical equipment [V].
LOW_VOLTAGE_DC = 750.0
# Rated kW from which each begins, Electricity Business Act: METI Shikoku, 太陽電池発電設備 (safety-shikoku.meti.go.jp); thr.* of the coefficients.
SMALL_BUSINESS_KW = 10.0
PRIVATE_KW = 50.0
CONSTRUCTION_PLAN_KW = 2000.0
_STC = 25.0
# Of a quotient: 600 / 50 may come out as 11.999999999999998.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Electrical:
    """What strings ask of a module.

    Attributes
    ----------
    power_w : rated power [W]
    voc_v, vmp_v : open-circuit voltage and voltage at the maximum power point [V]
    temp_voc_pct, temp_pmax_pct : coefficients of voltage and power [%/°C], negative
    """

    power_w: float
    voc_v: float
    vmp_v: float
    temp_voc_pct: float
    temp_pmax_pct: float

    @classmethod
    def of(cls, module: Module) -> Electrical:
        """Of a module of the catalogue."""
        return cls(module.power_w, module.voc_v, module.vmp_v, module.temp_voc_pct, module.temp_pmax_pct)


@dataclass(frozen=True)
class Rules:
    """What strings and inverters must keep to; all of it from the profile.

    Attributes
    ----------
    temp_low, temp_high : lowest and highest temperature of the cells [°C]
    system_voltage : highest DC voltage of the system [V]: the least of inverter, modules and law
    mppt_low, mppt_high : the inverter's window of operation [V]
    inverter_kw : rated AC power of one inverter [kW]
    dc_ac_ratio : highest rated DC power per AC power [-]
    temp_isc_pct : coefficient of the current [%/°C], positive; data sheets give 0.04 to 0.06
    """

    temp_low: float
    temp_high: float
    system_voltage: float
    mppt_low: float
    mppt_high: float
    inverter_kw: float
    dc_ac_ratio: float
    temp_isc_pct: float


@dataclass(frozen=True)
class Group:
    """Modules that may share a string: one kind, one plane or planes of one orientation.

    Attributes
    ----------
    key : what the caller calls it
    modules : their number
    tilt, azimuth : degrees, azimuth from north clockwise
    """

    key: str
    modules: int
    tilt: float
    azimuth: float


@dataclass(frozen=True)
class StringGroup:
    """The strings of one group: ``strings`` of ``length`` modules each, ``unstrung`` left over."""

    group: Group
    length: int
    strings: int
    unstrung: int
    reasons: tuple[str, ...]

    @property
    def strung(self) -> int:
        """Modules in strings."""
        return self.length * self.strings


@dataclass(frozen=True)
class Design:
    """Strings and inverters of a facility.

    Attributes
    ----------
    least, most : modules per string; ``most < least`` where no length serves
    dc_kw : rated power of the modules in strings [kW]
    ac_kw : rated power of the inverters [kW]
    units : number of inverters
    ratio : dc_kw / ac_kw [-]; 0 without inverters
    highest_voltage : of the longest string at the lowest temperature, without load [V]; 0 without strings
    reasons : codes of what to know: ``strings.no_length``, ``strings.too_few``, ``strings.left_over``, ``strings.above_mppt``,
        ``strings.not_low_voltage``; each once
    """

    groups: tuple[StringGroup, ...]
    least: int
    most: int
    dc_kw: float
    ac_kw: float
    units: int
    ratio: float
    highest_voltage: float
    reasons: tuple[str, ...]

    @property
    def strung(self) -> int:
        """Modules in strings."""
        return sum(part.strung for part in self.groups)

    @property
    def unstrung(self) -> int:
        """Modules that no string takes."""
        return sum(part.unstrung for part in self.groups)

    @property
    def strings(self) -> int:
        """Strings of all groups."""
        return sum(part.strings for part in self.groups)

    @property
    def rated_kw(self) -> float:
        """What the system is rated at where nothing lies between modules and inverters: the smaller of both [kW]."""
        return min(self.dc_kw, self.ac_kw)


def design(groups: Sequence[Group], module: Electrical, rules: Rules) -> Design:
    """Strings for each group by itself, and inverters for all of them together.

    Raises
    ------
    ValueError
        Numbers that no system has: no voltage, temperatures the wrong way round, a negative number of modules. That no
        length of string serves is a result: ``strings.no_length``.
    """
    _check(module, rules)
    least, most = least_length(module, rules), most_length(module, rules)
    parts = tuple(_strung(group, least, most) for group in groups)
    longest = max((part.length for part in parts), default=0)
    dc_kw = sum(part.strung for part in parts) * module.power_w / 1000.0
    units = inverters(dc_kw, rules.inverter_kw, rules.dc_ac_ratio)
    ac_kw = units * rules.inverter_kw
    highest = longest * voltage_open(module, rules.temp_low)
    reasons = [reason for part in parts for reason in part.reasons]
    if longest * voltage_at_power(module, rules.temp_low, rules.temp_isc_pct) > rules.mppt_high * (1.0 + _ROUNDING):
        reasons.append("strings.above_mppt")
    if highest > LOW_VOLTAGE_DC * (1.0 + _ROUNDING):
        reasons.append("strings.not_low_voltage")
    return Design(
        parts, least, most, dc_kw, ac_kw, units, dc_kw / ac_kw if units else 0.0, highest, tuple(dict.fromkeys(reasons))
    )  # fmt: skip


def most_length(module: Electrical, rules: Rules) -> int:
    """Most modules of a string: open at the lowest temperature, it is not above the system's voltage."""
    return math.floor(rules.system_voltage / voltage_open(module, rules.temp_low) * (1.0 + _ROUNDING))


def least_length(module: Electrical, rules: Rules) -> int:
    """Least modules of a string: at the highest temperature, it is not below the inverter's window; at least 1."""
    needed = rules.mppt_low / voltage_at_power(module, rules.temp_high, rules.temp_isc_pct)
    return max(1, math.ceil(needed * (1.0 - _ROUNDING)))


def best_length(modules: int, least: int, most: int) -> int:
    """Length of equal strings that leaves over the fewest modules, the longest of several; 0 where none serves."""
    lengths = range(max(1, least), min(most, modules) + 1)
    return min(lengths, key=lambda length: (modules % length, -length), default=0)


def inverters(dc_kw: float, inverter_kw: float, dc_ac_ratio: float) -> int:
    """Fewest inverters that keep the rated DC power [kW] within the ratio."""
    return math.ceil(dc_kw / dc_ac_ratio / inverter_kw * (1.0 - _ROUNDING))


def voltage_open(module: Electrical, temp: float) -> float:
    """Open-circuit voltage of a module [V] at a cell temperature [°C]."""
    return module.voc_v * (1.0 + module.temp_voc_pct / 100.0 * (temp - _STC))


def voltage_at_power(module: Electrical, temp: float, temp_isc_pct: float) -> float:
    """Voltage of a module at its maximum power point [V] at a cell temperature [°C]."""
    return module.vmp_v * (1.0 + (module.temp_pmax_pct - temp_isc_pct) / 100.0 * (temp - _STC))


def regulation(kw: float, *, high_voltage: bool = False) -> Regulation:
    """What a system counts as under the Electricity Business Act.

    Parameters
    ----------
    kw : rated power: of the modules; where no battery lies between them and the inverters, that of the inverters may be taken
    high_voltage : the facility takes its power at high voltage, or strings go beyond :data:`LOW_VOLTAGE_DC`

    Returns
    -------
    str
        ``general`` (一般用): nothing to do. ``small_business`` (小規模事業用, from 10 kW): basic information and own check before use.
        ``private`` (自家用, from 50 kW or with high voltage): a chief engineer (電気主任技術者) and safety rules.
        ``construction_plan`` (from 2,000 kW): the plan of construction besides, and a connection at extra-high voltage.
    """
    if not kw >= 0.0:
        raise ValueError(f"no rated power: {kw}")
    if kw >= CONSTRUCTION_PLAN_KW:
        return "construction_plan"
    if kw >= PRIVATE_KW or high_voltage:
        return "private"
    return "small_business" if kw >= SMALL_BUSINESS_KW else "general"


def _strung(group: Group, least: int, most: int) -> StringGroup:
    if group.modules < 0:
        raise ValueError(f"a negative number of modules: {group}")
    length = best_length(group.modules, least, most)
    strings = group.modules // length if length else 0
    unstrung = group.modules - length * strings
    reasons: tuple[str, ...] = ()
    if most < least:
        reasons = ("strings.no_length",)
    elif 0 < group.modules < least:
        reasons = ("strings.too_few",)
    elif unstrung:
        reasons = ("strings.left_over",)
    return StringGroup(group, length, strings, unstrung, reasons)


def _check(module: Electrical, rules: Rules) -> None:
    """Every quantity finite and of the right sign, so that the quotients mean something."""
    positive = (
        module.power_w,
        module.voc_v,
        module.vmp_v,
        rules.system_voltage,
        rules.mppt_low,
        rules.inverter_kw,
        rules.dc_ac_ratio,
    )
    if not all(math.isfinite(value) and value > 0.0 for value in positive):
        raise ValueError(f"a power, voltage or ratio that is not above 0: {module} {rules}")
    if not -273.15 <= rules.temp_low <= rules.temp_high < math.inf:
        raise ValueError(f"temperatures the wrong way round: {rules}")
    if not rules.mppt_low <= rules.mppt_high < math.inf:
        raise ValueError(f"the inverter's window the wrong way round: {rules}")
    extremes = [
        *(voltage_open(module, temp) for temp in (rules.temp_low, rules.temp_high)),
        *(voltage_at_power(module, temp, rules.temp_isc_pct) for temp in (rules.temp_low, rules.temp_high)),
    ]
    if not all(math.isfinite(value) and value > 0.0 for value in extremes):
        raise ValueError(f"no voltage is left at these temperatures: {module} {rules}")
