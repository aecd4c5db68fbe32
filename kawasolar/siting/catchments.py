"""Areas of sites: the ground that is nearer to a point of this site than to any other point, no farther than people come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    import pandas as pd
    from pyproj import CRS

# How far an area goes beyond its points: so many times what lies between a point and its neighbour.
_BEYOND = 1.5
_LEAST_M = 50.0
# Neighbours' sides are brought together to so much: else slits stay between them.
_GRID_M = 0.01


def catchments(points: pd.DataFrame, crs: CRS) -> gpd.GeoDataFrame:
    """The catchment of each site that serves somebody: Voronoi cells of its points, put together; points that nobody serves have none.

    An area tells who is assigned where, not how far a site would reach: no cell goes farther from its point than one and a half times what usually
    lies between two neighbours, so that empty ground belongs to nobody.

    Parameters
    ----------
    points : ``site_id x y weight`` as of :class:`kawasolar.siting.of_plan.Siting`

    Returns
    -------
    ``site_id``, ``points``, ``weight``, ``area_m2``, geometry (MultiPolygon), by the sites' ids
    """
    served = points["site_id"].notna().to_numpy()
    if not served.any():
        return gpd.GeoDataFrame({"site_id": [], "points": [], "weight": [], "area_m2": []}, geometry=[], crs=crs)
    xy = points[["x", "y"]].to_numpy(float)
    # Points at the same place have one cell: that of the first.
    places, first, place = np.unique(xy, axis=0, return_index=True, return_inverse=True)
    within = shapely.buffer(shapely.points(places), _reach(places), quad_segs=8)
    cells = within if len(places) == 1 else shapely.intersection(_cells(places), within)
    frame = points.assign(place=place.ravel())[served]
    grouped = frame.groupby("site_id", sort=True)
    ids, shapes = [], []
    owner = points["site_id"].to_numpy(object)[first]
    for site_id in grouped.groups:
        mine = cells[owner == site_id]
        whole = shapely.union_all(mine, grid_size=_GRID_M) if len(mine) else shapely.MultiPolygon()
        ids.append(site_id)
        shapes.append(whole if whole.geom_type == "MultiPolygon" else shapely.MultiPolygon([whole] if whole.geom_type == "Polygon" else []))  # fmt: skip
    made = gpd.GeoDataFrame({"site_id": ids}, geometry=shapes, crs=crs)
    made["points"], made["weight"] = grouped.size().to_numpy(int), grouped["weight"].sum().to_numpy(float)
    made["area_m2"] = made.area
    return made[["site_id", "points", "weight", "area_m2", "geometry"]]


def _reach(places: np.ndarray) -> float:
    from scipy.spatial import cKDTree

    if len(places) < 2:
        return _LEAST_M
    apart = cKDTree(places).query(places, k=2)[0][:, 1]
    return max(_BEYOND * float(np.quantile(apart, 0.9)), _LEAST_M)


def _cells(places: np.ndarray) -> np.ndarray:
    """Voronoi cells in the order of the places."""
    found = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(places)))
    tree = shapely.STRtree(found)
    point, cell = tree.query(shapely.points(places), predicate="intersects")
    made = np.full(len(places), shapely.Polygon(), dtype=object)
    made[point] = found[cell]
    return made
