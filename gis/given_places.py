"""Given roof planes in the outlines that they lie in: neighbours that are one plane as one, and of those above one another what is seen from above."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.findings import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.given_roofs import GivenRoofs

# A plane belongs to the outline that holds most of it, if that is as much as this of its area in plan: eaves reach beyond a wall.
_LEAST_SHARE = 0.5
# Shares that differ by less are the same: so much of a small roof is eaves.
_AS_MUCH = 0.15
# Neighbours within these of one another are one plane that was drawn in parts [deg, m].
_SAME_ANGLE, _SAME_HEIGHT_M = 1.0, 0.1
# How far apart neighbours are drawn, and how much of one another they may cover, and be neighbours still [m, m²].
_GAP_M, _OVERLAP_M2 = 0.05, 0.05
_SLIVER_M2 = 0.1
_NAMED = 5
_PLANE = ["rise_east", "rise_north", "x", "y", "height_m"]


def in_outlines(given: GivenRoofs, outlines: gpd.GeoDataFrame) -> GivenRoofs:
    """Each plane with its ``building_id``, in the order of the outlines; those that lie in none are left out, and said.

    Parameters
    ----------
    outlines : in the same CRS; ``building_id geometry``
    """
    frame = given.frame
    row = _outline_of(frame.geometry.to_numpy(), outlines.geometry.to_numpy())
    findings = list(given.findings)
    lost = frame.loc[row < 0, "item"]
    if len(lost):
        named = ", ".join(list(dict.fromkeys(filter(None, lost.astype(str))))[:_NAMED]) or "–"
        findings.append(
            Finding("roof_planes.no_building", "info", found=named, details={"count": len(lost), "of": len(frame)})
        )
    order = np.argsort(row, kind="stable")
    order = order[row[order] >= 0]
    kept = frame.iloc[order].reset_index(drop=True)
    kept["building_id"] = outlines["building_id"].to_numpy()[row[order]]
    return replace(given, frame=_seen_from_above(_as_one(kept, row[order])), findings=tuple(findings))


def of_buildings(given: GivenRoofs, ids: pd.Series[str]) -> GivenRoofs:
    """The planes of some buildings."""
    return replace(given, frame=given.frame[given.frame["building_id"].isin(ids)].reset_index(drop=True), findings=())


def _outline_of(shapes: NDArray[np.object_], outlines: NDArray[np.object_]) -> NDArray[np.int64]:
    """Row of the outline of each plane, or -1; of outlines that hold about as much of it the smaller one: a tower on a podium."""
    found = np.full(len(shapes), -1, np.int64)
    if not len(shapes) or not len(outlines):
        return found
    outline, plane = shapely.STRtree(shapes).query(outlines, predicate="intersects")
    share = shapely.area(shapely.intersection(outlines[outline], shapes[plane])) / shapely.area(shapes[plane])
    most = np.zeros(len(shapes))
    np.maximum.at(most, plane, share)
    order = np.lexsort((outline, shapely.area(outlines[outline]), plane))
    order = order[share[order] >= np.maximum(_LEAST_SHARE, most[plane[order]] - _AS_MUCH)]
    first = np.unique(plane[order], return_index=True)[1]
    found[plane[order][first]] = outline[order][first]
    return found


def height_at(frame: pd.DataFrame, rows: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:  # fmt: skip
    """Height of the planes in some rows at points [m]; NaN where the surface is to tell it."""
    east, north, x0, y0, level = (
        frame[name].to_numpy()[rows] for name in ("rise_east", "rise_north", "x", "y", "height_m")
    )
    return np.asarray(level + east * (x - x0) + north * (y - y0), dtype=np.float64)


def _pairs(shapes: NDArray[np.object_], row: NDArray[np.int64], distance: float) -> tuple[NDArray[np.int64], ...]:
    """Planes of one building that lie within a distance of each other."""
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=distance)
    here = (one < other) & (row[one] == row[other])
    return one[here], other[here]


def _as_one(frame: gpd.GeoDataFrame, row: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Neighbours of a building that are one plane but for drawing; LOD2 roofs often come in triangles."""
    shapes = frame.geometry.to_numpy()
    one, other = _pairs(shapes, row, _GAP_M)
    same = _agree(frame, one, other)
    graph = coo_array((np.ones(same.sum()), (one[same], other[same])), shape=(len(frame), len(frame)))
    group = connected_components(graph, directed=False)[1]
    order = np.argsort(group, kind="stable")
    gone, whole, planes = np.zeros(len(frame), dtype=bool), shapes.copy(), frame[_PLANE].to_numpy(copy=True)
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        merged = _merged(frame, members) if len(members) > 1 else None
        if merged is not None:
            whole[members[0]], planes[members[0]] = merged
            gone[members[1:]] = True
    out = frame.set_geometry(gpd.GeoSeries(whole, index=frame.index, crs=frame.crs))
    out[_PLANE] = planes
    return out[~gone].reset_index(drop=True)


def _agree(frame: gpd.GeoDataFrame, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pairs lean alike, come from one source, and meet at one height where they meet."""
    rise = frame[["rise_east", "rise_north"]].to_numpy()
    up = np.column_stack([-rise, np.ones(len(rise))])
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    alike = (up[one] * up[other]).sum(axis=1) > np.cos(np.radians(_SAME_ANGLE))
    shapes, source = frame.geometry.to_numpy(), frame["source"].to_numpy()
    middle = shapely.centroid(shapes)
    apart = np.zeros(len(one))
    for place in (one, other):
        x, y = shapely.get_x(middle[place]), shapely.get_y(middle[place])
        apart = np.maximum(apart, np.abs(height_at(frame, one, x, y) - height_at(frame, other, x, y)))
    # NaN: the surface tells the height, and nobody knows yet whether they meet.
    return np.asarray(alike & (source[one] == source[other]) & (apart < _SAME_HEIGHT_M))


def _merged(frame: gpd.GeoDataFrame, members: NDArray[np.int64]) -> tuple[shapely.Geometry, NDArray[np.float64]] | None:
    """One plane for several, by their areas; None where they bend away from it, as the strips of a vault do."""
    shapes = frame.geometry.to_numpy()[members]
    area, middle = shapely.area(shapes), shapely.centroid(shapes)
    x, y = shapely.get_x(middle), shapely.get_y(middle)
    level = height_at(frame, members, x, y)
    rise = frame[["rise_east", "rise_north"]].to_numpy()[members]
    plane = np.average(np.column_stack([rise, x, y, level]), axis=0, weights=area)
    corners, owner = shapely.get_coordinates(shapes, return_index=True)
    own = height_at(frame, members[owner], *corners.T)
    if np.abs(own - plane[4] - (corners - plane[2:4]) @ plane[:2]).max() > _SAME_HEIGHT_M:
        return None
    # Gaps of the drawing are closed.
    half = _GAP_M / 2
    whole = shapely.buffer(
        shapely.union_all(shapely.buffer(shapes, half, join_style="mitre")), -half, join_style="mitre"
    )
    return whole, plane


def _seen_from_above(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Planes less what lies under another of the building; where no heights are known, the smaller one lies on the larger."""
    shapes = frame.geometry.to_numpy().copy()
    row = pd.factorize(frame["building_id"])[0]
    one, other = _pairs(shapes, row, 0.0)
    common = shapely.intersection(shapes[one], shapes[other])
    real = shapely.area(common) > _OVERLAP_M2
    one, other, common = one[real], other[real], common[real]
    point = shapely.point_on_surface(common)
    x, y = shapely.get_x(point), shapely.get_y(point)
    above = height_at(frame, one, x, y) - height_at(frame, other, x, y)
    area = shapely.area(shapes)
    first_on_top = np.where(np.isfinite(above) & (above != 0.0), above > 0.0, area[one] < area[other])
    top, below = np.where(first_on_top, one, other), np.where(first_on_top, other, one)
    covers: dict[int, list[int]] = {}
    for k, upper in zip(below.tolist(), top.tolist(), strict=True):
        covers.setdefault(k, []).append(upper)
    whole = shapes.copy()
    for k, uppers in covers.items():
        shapes[k] = shapely.difference(whole[k], shapely.union_all(whole[uppers]))
    out = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    return out[shapely.area(shapes) > _SLIVER_M2].reset_index(drop=True)
