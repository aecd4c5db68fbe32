"""Which values of the profile say how modules are laid out (:mod:`kawasolar.layouts`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kawasolar.profile import Profile

Orientation = Literal["portrait", "landscape", "more"]
Racks = Literal["azimuth", "building", "east_west"]

# What strings ask of a module; where it stands does not depend on them.
MODULE = ("module.voc", "module.vmp", "module.temp_voc", "module.temp_pmax")
# All values that a module of the catalogue has.
OF_MODULE = ("module.power", "module.width", "module.length", "module.weight", *MODULE)
# Values by which a facility can be laid out otherwise than the rest of the plan.
CHOICES = (
    "layout.orientation", "layout.racks", "pv.rack_tilt", "pv.rack_azimuth",
    "layout.east_west_tilt", "layout.winter_hours", "layout.valley", "layout.gap", "layout.least_modules", "layout.most_kw",
    *OF_MODULE,
)  # fmt: skip
# In the order of their numbers, from 1.
ORIENTATIONS: tuple[Orientation, ...] = ("portrait", "landscape", "more")
RACKS: tuple[Racks, ...] = ("azimuth", "building", "east_west")
# How modules stand: flush with the roof, on racks, or in pairs on racks.
MOUNTINGS = ("roof", "rack", "back_to_back")
# How capacity is told: of modules that are laid out, or from the area by a density.
CAPACITIES = ("modules", "density")
# Columns of the frame of subarrays beside their shape; units in docs/nomenclature.md.
COLUMNS: dict[str, str] = {
    "plane_id": "int64", "building_id": "object", "mounting": "object", "portrait": "bool", "modules": "int64", "capacity_kw": "float64",
    "tilt": "float64", "azimuth": "float64", "pitch_m": "float64", "slant_m": "float64", "behind": "float64", "area_m2": "float64",
    "weight_kg": "float64",
}  # fmt: skip


def by_density(profile: Profile) -> bool:
    """Whether capacity is told from the area, and nothing is laid out."""
    return CAPACITIES[round(profile.number("pv.capacity")) - 1] == "density"
