"""What the map draws of a plan, ready to be drawn: flat arrays, tiles, a tree to pick from."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from shapely import STRtree

from ui.map.style import Kind

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from PySide6.QtGui import QPainterPath

    from kawasolar.plan import Decision, Plan
    from ui.map.viewport import Bounds

# About this many polygons to a tile and to a path: one call of the painter holds the interpreter for long otherwise.
PER_TILE = 16
MOST_TILES = 128
PATHS_KEPT = 20_000
# Outlines taken apart in one call, which holds the interpreter.
_AT_ONCE = 4096


class Shapes:
    """Outlines of many buildings as one array of corners, relative to ``origin``.

    A ring's last corner repeats its first; ``joins`` says of each corner whether a line leads on to the next.
    """

    def __init__(self, geometries: NDArray[Any], origin: tuple[float, float]) -> None:
        self.geometries = geometries
        self.count = len(geometries)
        x, y, owner, joins = [], [], [], []
        for begin in range(0, self.count, _AT_ONCE):
            corners, of_geometry, joined = _corners(geometries[begin : begin + _AT_ONCE])
            x.append(corners[:, 0] - origin[0])
            y.append(corners[:, 1] - origin[1])
            owner.append(of_geometry + begin)
            joins.append(joined)
        self.x, self.y = _joined(x, np.float64), _joined(y, np.float64)
        self.joins, of_corner = _joined(joins, np.int32), _joined(owner, np.int64)
        self.begin = np.searchsorted(of_corner, np.arange(self.count), side="left")
        self.end = np.searchsorted(of_corner, np.arange(self.count), side="right")
        self.bounds = shapely.bounds(geometries).reshape(-1, 4)
        self.area = shapely.area(geometries)

    @cached_property
    def tree(self) -> STRtree:
        """Tree of the outlines, to pick from."""
        return STRtree(self.geometries)

    def path(self, which: NDArray[np.int64]) -> QPainterPath:
        """One path of the outlines ``which``; metres from the origin, north up."""
        from pyqtgraph.functions import arrayToQPath

        at = self.corners_of(which)
        return arrayToQPath(self.x[at], self.y[at], connect=self.joins[at], finiteCheck=False)

    def corners_of(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """Indices of the corners of the outlines ``which``."""
        return _ranges(self.begin[which], self.end[which])

    def within(self, bounds: Bounds) -> NDArray[np.int64]:
        """Indices of the outlines whose boxes meet ``bounds``."""
        box, west, south, east, north = self.bounds, *bounds
        hit = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
        return np.flatnonzero(hit)

    @cached_property
    def samples(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Four points inside each outline's box and the area [m²] that each stands for; for views from afar."""
        box = self.bounds
        x, y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
        dx, dy = (box[:, 2] - box[:, 0]) / 4, (box[:, 3] - box[:, 1]) / 4
        xs = np.concatenate([x + sx * dx for sx in (-1, 1) for _ in (-1, 1)])
        ys = np.concatenate([y + sy * dy for _ in (-1, 1) for sy in (-1, 1)])
        return xs, ys, np.tile(self.area / 4, 4)

    @cached_property
    def typical(self) -> float:
        """Side of the square as large as the median building [m]."""
        return float(np.sqrt(np.median(self.area))) if self.count else 0.0


class Tiles:
    """Outlines by squares of the ground; each square's path is made when it first comes into view."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        side = int(np.clip(np.ceil(np.sqrt(shapes.count / PER_TILE)), 1, MOST_TILES))
        if shapes.count == 0:
            self._keys = np.empty(0, np.int64)
            self.boxes = np.empty((0, 4))
            return
        box = shapes.bounds
        x, y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
        key = _slot(x, side) * side + _slot(y, side)
        order = np.argsort(key, kind="stable")
        _, first = np.unique(key[order], return_index=True)
        self._members = np.split(order, first[1:])
        self.boxes = np.column_stack(
            [np.minimum.reduceat(box[order, :2], first, axis=0), np.maximum.reduceat(box[order, 2:], first, axis=0)]
        )
        self._paths: OrderedDict[tuple[int, int], QPainterPath] = OrderedDict()

    def within(self, bounds: Bounds) -> NDArray[np.int64]:
        """Tiles that meet ``bounds``."""
        box, west, south, east, north = self.boxes, *bounds
        return np.flatnonzero((box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south))

    def paths(self, tile: int) -> list[QPainterPath]:
        """The tile's outlines, a few to a path."""
        members = self._members[tile]
        found = []
        for part, begin in enumerate(range(0, len(members), PER_TILE)):
            path = self._paths.get((tile, part))
            if path is None:
                path = self.shapes.path(members[begin : begin + PER_TILE])
                self._paths[tile, part] = path
                if len(self._paths) > PATHS_KEPT:
                    self._paths.popitem(last=False)
            found.append(path)
        return found


@dataclass(frozen=True)
class Facility:
    """One facility as the map names it."""

    facility_id: str
    name: str
    x: float
    y: float
    capacity_kw: float | None
    energy_kwh: float | None
    irradiation_kwh_m2: float | None


@dataclass(frozen=True)
class Arrows:
    """Roof planes: outlines, a point inside each, and the way down (unit east, north; 0 where flat)."""

    shapes: Shapes
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    east: NDArray[np.float64]
    north: NDArray[np.float64]
    flat: NDArray[np.bool_]


class Scene:
    """All vector data of one plan. Built off the window's thread, not changed afterwards."""

    def __init__(self, plan: Plan, bounds: Bounds | None = None) -> None:
        buildings = plan.results.buildings
        geometry = np.asarray(buildings.geometry.array)
        usable = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
        ids = buildings["building_id"].astype(str).to_numpy()[usable]
        geometry = geometry[usable]
        self.bounds = bounds if bounds is not None else _extent(geometry, plan.facilities)
        self.origin = ((self.bounds[0] + self.bounds[2]) / 2, (self.bounds[1] + self.bounds[3]) / 2)
        linked = plan.results.links
        is_public = pd.Series(ids).isin(linked["building_id"].astype(str)).to_numpy()
        self.public_ids, self.other_ids = ids[is_public], ids[~is_public]
        self.public = Shapes(geometry[is_public], self.origin)
        self.others = Tiles(Shapes(geometry[~is_public], self.origin))
        self.modules = Shapes(np.asarray(plan.results.subarrays.geometry.array), self.origin)
        self.arrows = _arrows(plan.results.planes, self.origin)
        self._link(self.public_ids, linked, plan)

    def _link(self, public_ids: NDArray[Any], links: pd.DataFrame, plan: Plan) -> None:
        """Which facility has which public building, both ways, by position."""
        facility_ids = plan.facilities["facility_id"].astype(str).to_numpy()
        self.position = {name: k for k, name in enumerate(facility_ids)}
        building = {name: k for k, name in enumerate(public_ids)}
        pairs = [
            (self.position[f], building[b])
            for f, b in zip(links["facility_id"].astype(str), links["building_id"].astype(str), strict=True)
            if f in self.position and b in building
        ]
        table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        self.link_facility, self.link_building = table[:, 0], table[:, 1]
        self.facilities = _facilities(plan, self.public, table)
        self.points = np.array([[f.x, f.y] for f in self.facilities]).reshape(-1, 2)

    def buildings_of(self, position: int) -> NDArray[np.int64]:
        """Public outlines of a facility."""
        return self.link_building[self.link_facility == position]

    @cached_property
    def _by_id(self) -> dict[str, tuple[bool, int]]:
        """Of each building whether it is a facility's, and its place among those."""
        found = {name: (False, k) for k, name in enumerate(self.other_ids.tolist())}
        found.update({name: (True, k) for k, name in enumerate(self.public_ids.tolist())})
        return found

    def outline_of(self, building_id: str) -> shapely.Geometry | None:
        """The outline of a building; None where there is none of that name."""
        if building_id not in self._by_id:
            return None
        public, k = self._by_id[building_id]
        return (self.public if public else self.others.shapes).geometries[k]

    def pick(self, x: float, y: float, reach: float, *, buildings: bool) -> list[int]:
        """Facilities at a point: those whose marker is within ``reach`` [m], the nearest first; else by building."""
        if reach > 0.0 and len(self.points):
            away = np.hypot(self.points[:, 0] - x, self.points[:, 1] - y)
            near = np.flatnonzero(away <= reach)
            if len(near):
                return [int(k) for k in near[np.argsort(away[near], kind="stable")]]
        return self.facilities_at(x, y) if buildings else []

    def facilities_at(self, x: float, y: float) -> list[int]:
        """Facilities whose building lies under a point, by position."""
        hit = self.public.tree.query(shapely.Point(x, y), predicate="intersects")
        return sorted(set(self.link_facility[np.isin(self.link_building, hit)].tolist()))

    def extent_of(self, position: int) -> Bounds:
        """Box around a facility's buildings and marker."""
        box = self.public.bounds[self.buildings_of(position)]
        point = self.points[position]
        corners = np.vstack([box.reshape(-1, 2), point[None, :]]) if np.isfinite(point).all() else box.reshape(-1, 2)
        if len(corners) == 0:
            return self.bounds
        west, south = corners.min(axis=0)
        east, north = corners.max(axis=0)
        return float(west), float(south), float(east), float(north)

    def kinds(self, decision: Decision) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Class of each facility and of each public outline; a facility without a decision is ineligible."""
        facility = np.full(len(self.facilities), int(Kind.INELIGIBLE))
        sites = decision.sites
        names = sites["facility_id"].astype(str)
        at = names.map(self.position)
        known = at.notna().to_numpy()
        status = sites["status"].map({"eligible": Kind.ELIGIBLE, "unknown": Kind.UNKNOWN}).fillna(Kind.INELIGIBLE)
        value = np.where(sites["chosen"].to_numpy(dtype=bool), int(Kind.CHOSEN), status.to_numpy(dtype=np.int64))
        facility[at[known].to_numpy(dtype=np.int64)] = value[known]
        outline = np.full(self.public.count, int(Kind.INELIGIBLE))
        np.maximum.at(outline, self.link_building, facility[self.link_facility])
        return facility, outline


def same_ground(before: Plan, now: Plan) -> bool:
    """Whether only what was decided differs."""
    return (
        before.results is now.results
        and before.facilities is now.facilities
        and before.cache == now.cache
        and before.synthetic == now.synthetic
    )


def _corners(geometries: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int32]]:
    """Corners of all rings, the geometry each belongs to, and whether a line leads on from it."""
    parts, of_part = shapely.get_parts(geometries, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    corners, of_corner = shapely.get_coordinates(rings, return_index=True)
    joins = np.ones(len(corners), dtype=np.int32)
    joins[:-1][np.diff(of_corner) != 0] = 0
    joins[-1:] = 0
    return corners, of_part[of_ring[of_corner]], joins


def _joined(arrays: list[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype)


def _ranges(begin: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """All of ``begin[0]:end[0], begin[1]:end[1] …`` in one array."""
    length = end - begin
    offset = np.repeat(begin - np.concatenate([[0], np.cumsum(length)[:-1]]), length)
    return offset + np.arange(int(length.sum()))


def _slot(values: NDArray[np.float64], side: int) -> NDArray[np.int64]:
    low, high = float(values.min()), float(values.max())
    step = max((high - low) / side, 1e-9)
    return np.minimum(((values - low) / step).astype(np.int64), side - 1)


def _extent(geometry: NDArray[Any], facilities: gpd.GeoDataFrame) -> Bounds:
    """Around the buildings; around the facilities where there are none."""
    there = geometry if len(geometry) else facilities.geometry.dropna().to_numpy()
    if len(there) == 0:
        return -500.0, -500.0, 500.0, 500.0
    west, south, east, north = (float(v) for v in shapely.total_bounds(there))
    pad = max(east - west, north - south, 20.0) * 0.02
    return west - pad, south - pad, east + pad, north + pad


def _arrows(planes: gpd.GeoDataFrame, origin: tuple[float, float]) -> Arrows:
    geometry = np.asarray(planes.geometry.array)
    usable = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    geometry = geometry[usable]
    inside = shapely.get_coordinates(shapely.point_on_surface(geometry)).reshape(-1, 2)
    azimuth = np.radians(planes["azimuth"].to_numpy(dtype=float)[usable])
    flat = planes["flat"].to_numpy(dtype=bool)[usable]
    return Arrows(Shapes(geometry, origin), inside[:, 0], inside[:, 1], np.sin(azimuth), np.cos(azimuth), flat)


def _facilities(plan: Plan, public: Shapes, table: NDArray[np.int64]) -> list[Facility]:
    """Facilities in the ledger's order; one without a point stands on its first building."""
    ledger = plan.facilities
    geometry = np.asarray(ledger.geometry.array)
    there = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    x, y = np.full(len(ledger), np.nan), np.full(len(ledger), np.nan)
    x[there], y[there] = shapely.get_x(geometry[there]), shapely.get_y(geometry[there])
    if len(table):
        at, first = np.unique(table[:, 0], return_index=True)
        middle = shapely.point_on_surface(public.geometries[table[first, 1]])
        lost = ~there[at]
        x[at[lost]], y[at[lost]] = shapely.get_x(middle)[lost], shapely.get_y(middle)[lost]
    columns = ["capacity_kw", "energy_kwh", "irradiation_kwh_m2"]
    ids = ledger["facility_id"].astype(str)
    yields = plan.results.yields.drop_duplicates("facility_id").set_index("facility_id")
    yields.index = yields.index.astype(str)
    figures = yields.reindex(columns=columns).reindex(ids).to_numpy(dtype=float)
    names = ledger["name"].fillna(ledger["facility_id"]).astype(str)
    return [
        Facility(str(i), n, float(a), float(b), *(None if np.isnan(v) else float(v) for v in row))
        for i, n, a, b, row in zip(ids, names, x, y, figures, strict=True)
    ]
