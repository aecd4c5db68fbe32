"""What modules and racks weigh on each facility's roof, and the limits that a profile sets; for :mod:`kawasolar.roof_load`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.owners import owners_of_planes
from kawasolar.roof_load import Building, LoadLimits, RackWeights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kawasolar.profile import Profile
    from kawasolar.roof_load import Rack

_ROOF_TYPES = ("flat", "metal", "gable", "hip", "sawtooth", "other")
_STRUCTURES = ("rc", "src", "s", "cb", "w", "other")
_FIXED: tuple[Rack, ...] = ("bolted", "ballasted")
_FLUSH = "roof"


def rack_of(mounting: str, profile: Profile) -> Rack:
    """How modules of a mounting are held: flush, or as the profile fixes racks to flat roofs."""
    return "flush" if mounting == _FLUSH else _FIXED[round(profile.number("load.fixing")) - 1]


def weights_of(profile: Profile) -> RackWeights:
    """Weights of racks [kg/m²]."""
    return RackWeights(*(profile.number(f"load.rack_{name}") for name in ("flush", "bolted", "ballasted")))


def limits_of(profile: Profile) -> LoadLimits:
    """What may be added to roofs [N/m²]."""
    return LoadLimits(
        {name: profile.number(f"load.limit_{name}") for name in _ROOF_TYPES},
        {name: profile.number(f"load.structure_{name}") for name in _STRUCTURES},
        profile.number("load.old_share"),
    )


def building_of(ledger: Mapping[Any, Any]) -> Building:
    """What a row of the ledger says of a building."""
    roof, structure, year, seismic = (
        _known(ledger.get(name)) for name in ("roof_type", "structure", "built_year", "seismic")
    )
    return Building(roof, structure, None if year is None else int(float(year)), seismic)


@dataclass(frozen=True)
class Carried:
    """What the heaviest part of each facility's array weighs; worked out when a criterion asks.

    A roof without modules that are laid out is asked for the profile's module: on racks where some of it is flat, flush elsewhere.

    Attributes
    ----------
    ids : (n,) facilities
    subarrays : ``building_id mounting area_m2 weight_kg``; None where nothing is laid out
    flat_share : (n,) of the roof's area, NaN without a roof
    """

    ids: NDArray[np.object_]
    links: pd.DataFrame
    subarrays: pd.DataFrame | None
    flat_share: NDArray[np.float64]
    profile: Profile

    @cached_property
    def kg_m2(self) -> NDArray[np.float64]:
        """Over the array's own area, racks included [kg/m²], (n,); NaN without a roof."""
        number, weights = self.profile.number, weights_of(self.profile)
        flush, fixed = weights.flush, weights.of(rack_of("rack", self.profile))
        bare = number("module.weight") / (number("module.width") * number("module.length"))
        low, high = (
            np.where(part, bare + rack, np.nan)
            for part, rack in ((self.flat_share < 1.0, flush), (self.flat_share > 0.0, fixed))
        )
        supposed = np.fmax(low, high)
        if self.subarrays is None or not len(self.subarrays):
            return supposed
        owners, place = owners_of_planes(self.subarrays, self.links)
        area = self.subarrays["area_m2"].to_numpy(dtype=np.float64)
        counted = (place >= 0) & (area > 0)
        held = np.where(self.subarrays["mounting"].to_numpy(dtype=object) == _FLUSH, flush, fixed)
        most = np.full(len(owners), -np.inf)
        each = self.subarrays["weight_kg"].to_numpy(dtype=np.float64)[counted] / area[counted] + held[counted]
        np.maximum.at(most, place[counted], each)
        found = pd.Series(np.where(np.isfinite(most), most, np.nan), index=pd.Index(owners)).reindex(pd.Index(self.ids))
        laid = found.to_numpy(dtype=np.float64)
        return np.where(np.isnan(laid) | np.isnan(supposed), supposed, laid)


def _known(value: Any) -> Any:  # noqa: ANN401 - a cell of the ledger
    """None where the ledger says nothing."""
    return None if pd.isna(value) else value
