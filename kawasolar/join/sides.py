"""Facilities and buildings as arrays, and what each kind of evidence makes of them: claims, pairs of positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from kawasolar.join.evidence import Reason, table

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

# A facility whose address led only to a town has no place to join by.
NO_PLACE = "town"


class Sides:
    """Both layers as arrays; claims are pairs of positions in them.

    Attributes
    ----------
    exact : how exact the place of each facility is that was found by its address (``building parcel block town``), empty where the ledger has it
    reach_m : how far from each facility's place its buildings are looked for
    """

    def __init__(
        self,
        facilities: gpd.GeoDataFrame,
        buildings: gpd.GeoDataFrame,
        outlines: gpd.GeoSeries | None,
        nearest_m: float,
    ) -> None:
        self.facilities = facilities.reset_index(drop=True)
        self.facility_ids = self.facilities["facility_id"].astype(str).to_numpy(dtype=object)
        self.buildings = buildings.reset_index(drop=True)
        self.building_ids = self.buildings["building_id"].astype(str).to_numpy(dtype=object)
        self.id_given = np.ones(len(self.buildings), dtype=bool)
        if "id_given" in self.buildings:
            self.id_given = self.buildings["id_given"].to_numpy(dtype=bool)
        self.shapes = np.asarray(self.buildings.geometry.array, dtype=object)
        self.exact = exactness(self.facilities)
        geometry = np.asarray(self.facilities.geometry.array, dtype=object).copy()
        geometry[shapely.is_empty(geometry) | (self.exact == NO_PLACE)] = None
        areal = np.isin(shapely.get_type_id(geometry), [3, 6])
        self.polygons = geometry.copy()
        self.polygons[~areal] = None
        if outlines is not None:
            given = np.asarray(outlines.reindex(self.facility_ids).array, dtype=object)
            self.polygons[~pd.isna(given)] = given[~pd.isna(given)]
        # No point is made up for a polygon: its own test has said all that it can say.
        self.points = geometry.copy()
        self.points[areal] = None
        self.places = geometry
        self.nearest_m = nearest_m
        block = max(nearest_m, table().block_reach_m) if nearest_m > 0 else 0.0
        self.reach_m = np.where(self.exact == "block", block, nearest_m)
        self.tree = shapely.STRtree(self.shapes)

    def open(self, parts: list[pd.DataFrame]) -> NDArray[np.int64]:
        """Positions of the facilities that nothing has linked yet."""
        linked = np.zeros(len(self.facility_ids), dtype=bool)
        for part in parts:
            linked[part["facility"].to_numpy()] = True
        return np.flatnonzero(~linked)

    def claims(self, facility: NDArray[Any], building: NDArray[Any], how: str) -> pd.DataFrame:
        """Pairs with their distance [m], the evidence's full score, and no reasons yet."""
        distance = shapely.distance(self.places[facility], self.shapes[building])
        return pd.DataFrame(
            {
                "facility": np.asarray(facility, dtype=np.int64),
                "building": np.asarray(building, dtype=np.int64),
                "how": how,
                "distance_m": np.asarray(distance, dtype=np.float64),
                "score": table().score[how],
                "why": pd.Series([()] * len(facility), dtype=object),
            }
        )

    def by_address(self, claims: pd.DataFrame) -> pd.DataFrame:
        """Claims by a place that came from an address say so, and are worth less the less exact it is."""
        exact = self.exact[claims["facility"].to_numpy(dtype=np.int64)]
        placed = exact != ""
        if not placed.any():
            return claims
        worth, best = table().exact, table().score["address"]
        left = np.array([worth.get(str(name), 1.0) for name in exact])
        # Where the place itself led to the building the address is all that there is; a parcel or a name is evidence beside it.
        led = placed & claims["how"].isin(("point", "nearest")).to_numpy()
        score = claims["score"].to_numpy(dtype=np.float64)
        told = [
            (*why, Reason("address", {"exact": str(name)})) if name else why
            for why, name in zip(claims["why"], exact, strict=True)
        ]
        return claims.assign(
            how=np.where(led, "address", claims["how"].to_numpy(dtype=object)),
            score=np.where(placed, np.where(led, np.minimum(score, best), score) * left, score),
            why=pd.Series(told, index=claims.index, dtype=object),
        )


def exactness(facilities: pd.DataFrame) -> NDArray[np.object_]:
    """How exact each place is that an address gave; empty where the ledger has the place itself."""
    if "placed" not in facilities:
        return np.full(len(facilities), "", dtype=object)
    return np.array([value if isinstance(value, str) else "" for value in facilities["placed"]], dtype=object)


def with_reasons(claims: pd.DataFrame, reasons: list[Reason]) -> pd.DataFrame:
    """Claims with one reason each."""
    return claims.assign(why=pd.Series([(reason,) for reason in reasons], index=claims.index, dtype=object))
