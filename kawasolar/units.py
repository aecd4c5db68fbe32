"""What the yield simulates: the subarrays of the layout, or whole planes where capacity is told from their area."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from kawasolar.layout_values import by_density

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from kawasolar.profile import Profile


class Units(NamedTuple):
    """What is simulated: subarrays, or whole planes where capacity is told from their area; arrays of shape (units,).

    ``plane`` is the place of its plane in the frame, ``capacity`` in kW, ``rack`` whether it stands free of the roof, ``modules`` 0 where none are laid out.
    """

    plane: NDArray[np.int64]
    capacity: NDArray[np.float64]
    tilt: NDArray[np.float64]
    azimuth: NDArray[np.float64]
    rack: NDArray[np.bool_]
    slant: NDArray[np.float64]
    pitch: NDArray[np.float64]
    behind: NDArray[np.float64]
    modules: NDArray[np.int64]

    def where(self, wanted: NDArray[np.bool_]) -> Units:
        """Some of them."""
        return Units(**{name: values[wanted] for name, values in self._asdict().items()})


def plane_capacity(planes: gpd.GeoDataFrame, profile: Profile) -> NDArray[np.float64]:
    """Capacity [kW DC] of each plane: usable area × the density for flat or pitched roofs."""
    pitched = profile.number("pv.density_panel") * profile.number("pv.panel_ratio")
    density = np.where(planes["flat"].to_numpy(dtype=bool), profile.number("pv.density_flat"), pitched)
    return density * np.nan_to_num(planes["usable_m2"].to_numpy(dtype=np.float64))


def units_of(planes: gpd.GeoDataFrame, subarrays: gpd.GeoDataFrame, profile: Profile) -> Units:
    """What is simulated, in the order of the planes."""
    if by_density(profile):
        return _by_density(planes, profile)
    place = pd.Series(np.arange(len(planes)), index=planes["plane_id"]).reindex(subarrays["plane_id"])
    known = place.notna().to_numpy()
    rows = subarrays[known]
    capacity, tilt, azimuth, slant, pitch, behind = (
        rows[name].to_numpy(dtype=np.float64)
        for name in ("capacity_kw", "tilt", "azimuth", "slant_m", "pitch_m", "behind")
    )
    rack = rows["mounting"].to_numpy() != "roof"
    modules = rows["modules"].to_numpy(dtype=np.int64)
    return Units(place[known].to_numpy(dtype=np.int64), capacity, tilt, azimuth, rack, slant, pitch, behind, modules)


def _by_density(planes: gpd.GeoDataFrame, profile: Profile) -> Units:
    """Whole planes: on flat ones racks of one direction, whose distance from one another is in the density."""
    capacity = plane_capacity(planes, profile)
    some = np.flatnonzero(capacity > 0)
    flat = planes["flat"].to_numpy(dtype=bool)[some]
    tilt, azimuth = (np.nan_to_num(planes[name].to_numpy(dtype=np.float64)[some]) for name in ("tilt", "azimuth"))
    tilt = np.where(flat, profile.number("pv.rack_tilt"), tilt)
    azimuth = np.where(flat, profile.number("pv.rack_azimuth"), azimuth)
    ones, none = np.ones(len(some)), np.zeros(len(some), np.int64)
    return Units(some, capacity[some], tilt, azimuth, flat, ones, ones, none.astype(np.float64), none)
