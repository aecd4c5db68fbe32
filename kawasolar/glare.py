"""Glare of one facility's modules in its neighbours' windows and in the eyes of who drives on the roads around: which, how long, when; worked out when
somebody asks.

The method and its sources are those of :mod:`gis.glare`: astronomical minutes under a clear sky, what stands between is in the surface model. What is
found is held against the German guidance (LAI 2012, annex 2: 30 minutes a day, 30 hours a year); Japan has no limit in numbers. For roads nobody has one: what is told is where a driver who looks ahead would see it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis.aside import aside
from gis.crs import meridian_convergence, to_lonlat
from gis.glare import GlareRules, Panels, Receptors, beam_half_angle, facade_points, mirrored, panel_skylines, sun_steps
from gis.grid import Grid
from gis.progress import Progress, part, silent
from gis.raster import open_surface
from gis.roads import outside, read_roads, road_points, without_vehicles
from gis.sun import zone_of
from kawasolar.errors import PlanError
from kawasolar.owners import owners_of_buildings, subarrays_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.glare import Glare, SunSteps
    from kawasolar.plan import Plan

# More modules than this are taken in groups: a point for each group, of its area.
_MOST_PANELS = 400
# How far before a wall the ground is looked for, and how far within it the roof [m].
_BESIDE, _WITHIN = 2.5, 1.0
_GROUND_PERCENTILE, _TOP_PERCENTILE = 10.0, 50.0
# Of a window before its wall, at least [m].
_BEFORE_WALL = 0.5
_MINUTES = 1


@dataclass(frozen=True)
class GlareReport:
    """Glare of a facility.

    Attributes
    ----------
    buildings : GeoDataFrame, one row per neighbour that is dazzled, the worst first: ``building_id``, ``name``, ``minutes`` (in the year) and ``days`` of its
        worst window, ``worst_day_minutes`` (the most on a day of any window), ``worst_day`` (month-day), ``plane_id`` (where the guilty modules stand), outline
    by_hour : float32 (12, 24), minutes by month and hour of the worst window
    neighbours, points : how many buildings and points in front of their walls were looked at
    reach : how far was looked [m]
    day_limit, year_limit : minutes
    roads : GeoDataFrame, one row per road that is dazzled, the worst first: ``name``, ``minutes`` and ``days`` of its worst point, ``worst_day_minutes``, ``worst_day``,
        ``plane_id``, ``metres`` of it that are dazzled at some time, and those points; None where no roads are known
    roads_by_hour : as ``by_hour``, of the worst point of a road
    road_points : how many points of roads were looked at
    """

    buildings: gpd.GeoDataFrame
    by_hour: NDArray[np.float32]
    neighbours: int
    points: int
    reach: float
    day_limit: float
    year_limit: float
    roads: gpd.GeoDataFrame | None = None
    roads_by_hour: NDArray[np.float32] | None = None
    road_points: int = 0

    @property
    def exceeds(self) -> NDArray[np.bool_]:
        """Which buildings have more than the limits, bool by row."""
        found = self.buildings
        day, year = found["worst_day_minutes"].to_numpy(), found["minutes"].to_numpy()
        return np.asarray((day > self.day_limit) | (year > self.year_limit))


@dataclass(frozen=True)
class _Scene:
    """Modules of a facility, what stands around, and the sun."""

    panels: Panels
    plane: NDArray[np.int64]
    z: NDArray[np.float32]
    grid: Grid
    sun: SunSteps
    rules: GlareRules
    convergence: float
    skyline: NDArray[np.float32]

    def onto(self, receptors: Receptors, progress: Progress) -> Glare:
        """What falls on some points."""
        return mirrored(
            self.panels, receptors, self.sun, self.z, self.grid, self.rules, convergence=self.convergence, skyline=self.skyline, progress=progress
        )  # fmt: skip


def glare_of(plan: Plan, facility_id: str, progress: Progress = silent, *, roads: Path | None = None) -> GlareReport:
    """Look at every building, and every road, within reach of a facility's modules.

    Parameters
    ----------
    roads : file of the roads; that of the plan, if it has one, unless given

    Raises
    ------
    PlanError
        ``glare.no_modules``; ``glare.no_surface`` where the file of the surface is not there
    gis.errors.GisError
        The surface or the roads cannot be read.
    gis.progress.Cancelled
        from ``progress``
    """
    progress(0.0, "glare")
    owners = owners_of_buildings(plan.results.links)
    mine = subarrays_of(plan.results.subarrays, plan.results.links, facility_id)
    if not len(mine):
        raise PlanError("glare.no_modules", facility=facility_id)
    if not plan.dsm.is_file():
        raise PlanError("glare.no_surface", file=str(plan.dsm))
    number = plan.profile.number
    own = {building for building, owner in owners.items() if owner == facility_id}
    near = _neighbours(plan, mine, own, number("glare.reach"))
    z, grid = aside(lambda: _surface(plan, mine, near, number("glare.reach")), progress, 0.02, "glare")
    scene = _scene(plan, mine, z, grid, progress)
    ground, top = _heights(near, z, grid)
    # A wall of the surface stands up to a cell and a half before that of the outline: nearer points would be hidden by their own building.
    before = max(_BEFORE_WALL, 1.5 * grid.cell)
    windows, index = facade_points(
        near.geometry.to_numpy(), ground, top, number("glare.spacing"), number("glare.storey"), before
    )
    found = scene.onto(windows, part(progress, 0.3, 0.7))
    table = _told(found, index, scene)
    report = GlareReport(
        _by_building(table[table["minutes"] > 0], near), _worst(found), len(near), len(windows), number("glare.reach"), number("glare.limit_day"),
        60.0 * number("glare.limit_year"),
    )  # fmt: skip
    known = next((entry for entry in plan.inputs if entry.role == "roads"), None)
    file = Path(known.path) if roads is None and known is not None else roads
    if file is None:
        return report
    crs = known.crs or None if roads is None and known is not None else None
    return _with_roads(report, plan, mine, scene, (file, crs), part(progress, 0.7, 1.0))


def _scene(plan: Plan, mine: gpd.GeoDataFrame, z: NDArray[np.float32], grid: Grid, progress: Progress) -> _Scene:
    number = plan.profile.number
    panels, plane = _panels(mine, z, grid, number("glare.above_roof"))
    x, y = float(panels.xyz[:, 0].mean()), float(panels.xyz[:, 1].mean())
    longitude, latitude = to_lonlat(plan.crs, x, y)
    sun = aside(lambda: sun_steps(latitude, longitude, zone_of(longitude), minutes=_MINUTES), progress, 0.05, "glare")
    reach = number("glare.reach")
    rules = GlareRules(beam_half_angle(number("glare.slope_error")), number("glare.apart"), reach, reach)
    turned = meridian_convergence(plan.crs, x, y)
    skyline = panel_skylines(panels, z, grid, rules, turned, part(progress, 0.1, 0.3))
    return _Scene(panels, plane, z, grid, sun, rules, turned, skyline)


def _with_roads(
    report: GlareReport,
    plan: Plan,
    mine: gpd.GeoDataFrame,
    scene: _Scene,
    roads: tuple[Path, str | None],
    progress: Progress,
) -> GlareReport:
    """The same report with what falls on the roads around."""
    number = plan.profile.number
    west, south, east, north = (float(end) for end in mine.total_bounds)
    reach = report.reach
    around = west - reach, south - reach, east + reach, north + reach
    known = aside(lambda: read_roads(roads[0], plan.crs, around, crs=roads[1]), progress, 0.0, "glare")
    spacing = number("glare.road_spacing")
    points, ways, index = road_points(known.geometry.to_numpy(), spacing)
    # Below a building, or on a line that is drawn across it, nobody sees a roof.
    open_air = outside(points, plan.results.buildings)
    points, ways, index = points[open_air], ways[open_air], index[open_air]
    road = aside(lambda: without_vehicles(scene.z, scene.grid.cell), progress, 0.0, "glare")
    eye = _sample(road, scene.grid, points[:, 0], points[:, 1]) + number("glare.eye_height")
    receptors = Receptors(np.column_stack([points, eye]), ways, number("glare.road_view"))
    found = scene.onto(receptors, progress)
    table = _told(found, index, scene).assign(x=points[:, 0], y=points[:, 1])
    return replace(
        report, roads=_by_road(table[table["minutes"] > 0], known, spacing), roads_by_hour=_worst(found), road_points=len(points)
    )  # fmt: skip


def _told(found: Glare, owner: NDArray[np.int64], scene: _Scene) -> pd.DataFrame:
    """A row a receptor, with the building or road that it belongs to."""
    return pd.DataFrame(
        {"owner": owner, "minutes": found.minutes, "days": found.days, "worst_day": found.worst_day, "worst_day_minutes": found.worst_day_minutes,
         "plane_id": scene.plane[found.worst_panel]}
    )  # fmt: skip


def _worst(found: Glare) -> NDArray[np.float32]:
    """Minutes by month and hour of the point with the most."""
    return found.by_hour[int(np.argmax(found.minutes))] if len(found.minutes) else np.zeros((12, 24), np.float32)


def _neighbours(plan: Plan, mine: gpd.GeoDataFrame, own: set[str], reach: float) -> gpd.GeoDataFrame:
    buildings = plan.results.buildings
    around = shapely.union_all(shapely.envelope(mine.geometry.to_numpy())).buffer(reach)
    hit = np.sort(buildings.sindex.query(around, predicate="intersects"))
    near = buildings.iloc[hit]
    return near[~near["building_id"].isin(own)].reset_index(drop=True)


def _surface(
    plan: Plan, mine: gpd.GeoDataFrame, near: gpd.GeoDataFrame, reach: float
) -> tuple[NDArray[np.float32], Grid]:
    """Heights around the modules and their neighbours, with what may stand before the sun."""
    entry = next((entry for entry in plan.inputs if entry.role == "dsm"), None)
    with open_surface(
        plan.dsm, crs=(entry.crs or None) if entry else None, metric_crs=f"EPSG:{plan.profile.epsg}"
    ) as source:
        grid = source.grid
        boxes = [mine.total_bounds, *([near.total_bounds] if len(near) else [])]
        west, south = np.min([box[:2] for box in boxes], axis=0) - reach
        east, north = np.max([box[2:] for box in boxes], axis=0) + reach
        left, top = max(0, int((west - grid.west) / grid.cell)), max(0, int((grid.north - north) / grid.cell))
        right, bottom = (
            min(grid.cols, int((east - grid.west) / grid.cell) + 1),
            min(grid.rows, int((grid.north - south) / grid.cell) + 1),
        )
        if right <= left or bottom <= top:
            raise PlanError("glare.no_surface", file=str(plan.dsm))
        z = source.read(top, bottom, left, right)
    here = Grid(
        bottom - top, right - left, grid.cell, grid.west + left * grid.cell, grid.north - top * grid.cell, grid.crs
    )
    return z, here


def _panels(
    mine: gpd.GeoDataFrame, z: NDArray[np.float32], grid: Grid, height: float
) -> tuple[Panels, NDArray[np.int64]]:
    """A point for every module, or for some together, and the plane that it stands on; ``height`` of the lower edge above the roof [m]."""
    modules, row = shapely.get_parts(mine.geometry.to_numpy(), return_index=True)
    step = max(1, -(-len(modules) // _MOST_PANELS))
    counts = np.diff(np.append(np.arange(0, len(modules), step), len(modules)))
    middle, row = shapely.centroid(modules[::step]), row[::step]
    x, y = shapely.get_x(middle), shapely.get_y(middle)
    tilt, slant = (mine[name].to_numpy(dtype=np.float64)[row] for name in ("tilt", "slant_m"))
    free = mine["mounting"].to_numpy()[row] != "roof"
    above = height + np.where(free, 0.5 * slant * np.sin(np.radians(tilt)), 0.0)
    face = (mine["area_m2"] / mine["modules"]).to_numpy(dtype=np.float64)[row]
    xyz = np.column_stack([x, y, _sample(z, grid, x, y) + above])
    azimuth = mine["azimuth"].to_numpy(dtype=np.float64)[row]
    return Panels(xyz, tilt, azimuth, face * counts), mine["plane_id"].to_numpy(dtype=np.int64)[row]


def _heights(
    near: gpd.GeoDataFrame, z: NDArray[np.float32], grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ground beside each building, and its top: percentiles of what the surface shows around and within its outline; NaN where it shows nothing."""
    shapes = near.geometry.to_numpy()
    inner = shapely.buffer(shapes, -_WITHIN)
    inner = np.where(shapely.is_empty(inner), shapes, inner)
    return (
        _percentile(shapely.buffer(shapes, _BESIDE), z, grid, _GROUND_PERCENTILE),
        _percentile(inner, z, grid, _TOP_PERCENTILE),
    )


def _percentile(shapes: NDArray[np.object_], z: NDArray[np.float32], grid: Grid, share: float) -> NDArray[np.float64]:
    points, owner = shapely.get_coordinates(shapely.segmentize(shapely.boundary(shapes), grid.cell), return_index=True)
    heights = _sample(z, grid, points[:, 0], points[:, 1])
    found = pd.Series(heights).groupby(owner).quantile(share / 100.0)
    return found.reindex(range(len(shapes))).to_numpy(dtype=np.float64)


def _sample(z: NDArray[np.float32], grid: Grid, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    row = np.clip(((grid.north - y) / grid.cell).astype(np.int64), 0, grid.rows - 1)
    col = np.clip(((x - grid.west) / grid.cell).astype(np.int64), 0, grid.cols - 1)
    return z[row, col].astype(np.float64)


def _by_owner(table: pd.DataFrame) -> pd.DataFrame:
    """The worst point of each building or road, the worst first; another point may have the worse day."""
    ranked = table.sort_values("minutes", ascending=False, kind="stable")
    found = ranked.drop_duplicates("owner").reset_index(drop=True)
    most = table.groupby("owner")["worst_day_minutes"].max().reindex(found["owner"]).to_numpy()
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(found["worst_day"] - 1, unit="D")
    return found.assign(worst_day_minutes=most, worst_day=days.dt.strftime("%m-%d"))


_FIGURES = ["minutes", "days", "worst_day_minutes", "worst_day", "plane_id"]


def _by_building(table: pd.DataFrame, near: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    found = _by_owner(table)
    rows = near.iloc[found["owner"].to_numpy(dtype=np.int64)]
    names = {"building_id": rows["building_id"].to_numpy(), "name": rows["name"].to_numpy() if "name" in rows else None}
    return rows.__class__({**names, **found[_FIGURES]}, geometry=rows.geometry.to_numpy(), crs=near.crs)


def _by_road(table: pd.DataFrame, roads: gpd.GeoDataFrame, spacing: float) -> gpd.GeoDataFrame:
    """A road's dazzled points stand for the length between them; where both ways are dazzled it counts once."""
    found = _by_owner(table)
    places = table.drop_duplicates(["owner", "x", "y"])
    points = [
        shapely.multipoints(places.loc[places["owner"] == owner, ["x", "y"]].to_numpy(dtype=np.float64))
        for owner in found["owner"]
    ]
    metres = [spacing * len(shapely.get_parts(each)) for each in points]
    names = roads["name"].to_numpy(dtype=object)[found["owner"].to_numpy(dtype=np.int64)]
    return roads.__class__({"name": names, **found[_FIGURES], "metres": metres}, geometry=points, crs=roads.crs)
