"""What modules and racks add to a roof, and whether such a roof bears it; to sort roofs with, no structural check.

Dead load only: wind and snow go by JIS C 8955 and are the designer's. A limit is what may be added to a roof of that kind; what is
not known of a building leaves several limits possible, and the outcome is unknown only where they disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Rack = Literal["flush", "bolted", "ballasted"]
Outcome = Literal["pass", "fail", "unknown"]
# What of the building's data decided, or is lacking.
Datum = Literal["roof_type", "structure", "seismic", "built_year"]

RACKS: tuple[Rack, ...] = ("flush", "bolted", "ballasted")
# Standard acceleration of gravity [m/s²], ISO 80000-3.
GRAVITY = 9.80665
# Buildings confirmed from 1 June 1981 follow the present seismic code (rule.seismic of the coefficients); the ledger has the year in which
# a building was finished: one of 1981 or 1982 may have been confirmed before or after.
LAST_OLD_YEAR, FIRST_NEW_YEAR = 1980, 1983
_SOUND = ("new", "retrofitted", "not_needed")


@dataclass(frozen=True)
class RackWeights:
    """Weight of racks per area of modules [kg/m²]: flush on a metal or pitched roof, bolted to a flat one, weighted on it."""

    flush: float
    bolted: float
    ballasted: float

    def of(self, rack: Rack) -> float:
        """That of one kind."""
        return {"flush": self.flush, "bolted": self.bolted, "ballasted": self.ballasted}[rack]


@dataclass(frozen=True)
class Load:
    """What an array weighs.

    Attributes
    ----------
    total_kg : modules and racks
    array_kg_m2, array_n_m2 : over the area that the array takes [kg/m², N/m²]
    roof_kg_m2, roof_n_m2 : over the usable area of the roof; NaN where that is not known
    """

    total_kg: float
    array_kg_m2: float
    array_n_m2: float
    roof_kg_m2: float
    roof_n_m2: float


@dataclass(frozen=True)
class LoadLimits:
    """What may be added [N/m²]; the lower of roof and structure counts, for a building of the old seismic code a share of it.

    Attributes
    ----------
    roof_type : code of the ledger (flat, gable, hip, sawtooth, metal, other) -> N/m²
    structure : code of the ledger (rc, src, s, w, cb, other) -> N/m²
    old_share : what of the limit an old, or insufficient, building is given [-], above 0, at most 1
    """

    roof_type: Mapping[str, float]
    structure: Mapping[str, float]
    old_share: float


@dataclass(frozen=True)
class Building:
    """What the ledger says; None where it says nothing. Codes as in ``resources/ledger_columns.toml``."""

    roof_type: str | None = None
    structure: str | None = None
    built_year: int | None = None
    seismic: str | None = None


@dataclass(frozen=True)
class Judgement:
    """Whether the roof bears the load.

    Attributes
    ----------
    outcome : pass, fail or unknown
    load_n_m2 : N/m², of the array's area
    limit_n_m2 : the limit that decided [N/m²]; for unknown, the lowest that is possible
    datum : what decided the limit; for unknown, what would have to be known
    """

    outcome: Outcome
    load_n_m2: float
    limit_n_m2: float
    datum: Datum


def dead_load(
    modules: int,
    module_weight_kg: float,
    module_area_m2: float,
    rack_kg_m2: float,
    *,
    array_m2: float | None = None,
    usable_m2: float | None = None,
) -> Load:
    """Weight of an array and what it makes per area.

    Parameters
    ----------
    modules : their number, above 0
    module_weight_kg, module_area_m2 : of one [kg, m²]
    rack_kg_m2 : of the rack per area of modules [kg/m²]
    array_m2 : area of the roof that the array takes, gaps and distances of rows included [m²]; None: that of the modules
    usable_m2 : usable area of the roof [m²]

    Raises
    ------
    ValueError
        No modules, an area that is not above 0, a negative weight.
    """
    sizes = (modules, module_area_m2, *(area for area in (array_m2, usable_m2) if area is not None))
    if not all(math.isfinite(size) and size > 0 for size in sizes):
        raise ValueError(f"a number or an area that is not above 0: {sizes}")
    if not all(math.isfinite(weight) and weight >= 0 for weight in (module_weight_kg, rack_kg_m2)):
        raise ValueError(f"a negative weight: {module_weight_kg}, {rack_kg_m2}")
    total = modules * (module_weight_kg + rack_kg_m2 * module_area_m2)
    array = total / (modules * module_area_m2 if array_m2 is None else array_m2)
    roof = math.nan if usable_m2 is None else total / usable_m2
    return Load(total, array, array * GRAVITY, roof, roof * GRAVITY)


def judge(load: Load, building: Building, limits: LoadLimits) -> Judgement:
    """Whether a building's roof bears the load over the array's area.

    Raises
    ------
    ValueError
        A limit that is negative or no number, or no limits at all.
    """
    return judge_at(load.array_n_m2, building, limits)


def judge_at(carried: float, building: Building, limits: LoadLimits) -> Judgement:
    """As :func:`judge`, for a load over the array's area [N/m²]."""
    _check(limits)
    roofs = _possible(limits.roof_type, building.roof_type)
    structures = _possible(limits.structure, building.structure)
    shares = _shares(building, limits.old_share)
    low = min(*roofs, *structures) * min(shares)
    high = min(max(roofs), max(structures)) * max(shares)
    if carried <= low:
        return Judgement("pass", carried, low, _binding(min(roofs), min(structures), min(shares), building))
    if carried > high:
        return Judgement("fail", carried, high, _binding(max(roofs), max(structures), max(shares), building))
    return Judgement("unknown", carried, low, _lacking(carried, roofs, structures, shares, building))


def _possible(table: Mapping[str, float], code: str | None) -> tuple[float, ...]:
    """The limit of a code; all there are where the code is not known, or has none."""
    return tuple(table.values()) if code is None or code not in table else (table[code],)


def _shares(building: Building, old_share: float) -> tuple[float, ...]:
    """1 for a sound building, the share for an old one, both where that is not known."""
    if building.seismic in _SOUND:
        return (1.0,)
    if building.seismic == "insufficient":
        return (old_share,)
    if building.built_year is None or LAST_OLD_YEAR < building.built_year < FIRST_NEW_YEAR:
        return (old_share, 1.0)
    return (1.0,) if building.built_year >= FIRST_NEW_YEAR else (old_share,)


def _binding(roof: float, structure: float, share: float, building: Building) -> Datum:
    """What sets a limit: the age where it takes something off, else the lower of roof and structure."""
    if share < 1.0:
        return _age(building)
    return "structure" if structure < roof else "roof_type"


def _lacking(
    carried: float,
    roofs: tuple[float, ...],
    structures: tuple[float, ...],
    shares: tuple[float, ...],
    building: Building,
) -> Datum:
    """The first datum that alone can still make the roof fail; of none alone, the first that is lacking."""
    if min(*roofs, max(structures)) * max(shares) < carried:
        return "roof_type"
    if min(max(roofs), *structures) * max(shares) < carried:
        return "structure"
    if min(max(roofs), max(structures)) * min(shares) < carried:
        return _age(building)
    return "roof_type" if len(set(roofs)) > 1 else "structure"


def _age(building: Building) -> Datum:
    """The seismic state where the ledger tells it, or where the year of building does not tell the code; else the year."""
    known = building.seismic is not None
    between = building.built_year is not None and LAST_OLD_YEAR < building.built_year < FIRST_NEW_YEAR
    return "seismic" if known or between else "built_year"


def _check(limits: LoadLimits) -> None:
    values = [*limits.roof_type.values(), *limits.structure.values()]
    if not limits.roof_type or not limits.structure or not all(math.isfinite(value) and value >= 0 for value in values):
        raise ValueError(f"limits that are none: {limits}")
    if not 0.0 < limits.old_share <= 1.0:
        raise ValueError(f"a share that is none: {limits.old_share}")
