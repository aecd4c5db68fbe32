"""Which facility a roof plane belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray


def owners_of_planes(planes: gpd.GeoDataFrame, links: pd.DataFrame) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Facilities with a building, and for each plane the place of its facility among them.

    Parameters
    ----------
    planes : GeoDataFrame
        With ``building_id``.
    links : DataFrame
        ``facility_id``, ``building_id`` and, if several facilities claim a building, ``score``: the best takes it.

    Returns
    -------
    facility_ids : ndarray of object
        In the order of ``links``.
    owner : ndarray of int64
        One per plane; -1 where no facility owns the building.
    """
    joined = links.dropna(subset=["building_id"])
    facility_ids = joined["facility_id"].drop_duplicates().to_numpy(dtype=object)
    single = _single(joined)
    place = pd.Series(np.arange(len(facility_ids)), index=facility_ids, dtype=np.int64)
    owner = planes["building_id"].map(single).map(place)
    return facility_ids, owner.fillna(-1).to_numpy(dtype=np.int64)


def owners_of_buildings(links: pd.DataFrame) -> dict[str, str]:
    """Building -> the facility that owns it; ``links`` as for :func:`owners_of_planes`."""
    single = _single(links.dropna(subset=["building_id"]))
    return dict(zip(single.index, single, strict=True))


def subarrays_of(subarrays: gpd.GeoDataFrame, links: pd.DataFrame, facility_id: str) -> gpd.GeoDataFrame:
    """Modules on the roofs that a facility owns; ``links`` as for :func:`owners_of_planes`."""
    return subarrays[subarrays["building_id"].map(owners_of_buildings(links)) == facility_id]


def _single(joined: pd.DataFrame) -> pd.Series[str]:
    """The one facility of each building."""
    ranked = joined.sort_values("score", ascending=False, kind="stable") if "score" in joined else joined
    return ranked.drop_duplicates("building_id").set_index("building_id")["facility_id"]
