"""Glare of one facility's modules in its neighbours' windows: which buildings, how long, when; worked out when somebody asks.

The method and its sources are those of :mod:`gis.glare`: astronomical minutes under a clear sky, what stands between is in the surface model. What is
found is held against the German guidance (LAI 2012, annex 2: 30 minutes a day, 30 hours a year); Japan has no limit in numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis.aside import aside
from gis.crs import meridian_convergence, to_lonlat
from gis.glare import GlareRules, Panels, beam_half_angle, facade_points, mirrored, sun_steps
from gis.grid import Grid
from gis.progress import Progress, part, silent
from gis.raster import open_surface
from gis.sun import zone_of
from kawasolar.errors import PlanError
from kawasolar.owners import owners_of_buildings, subarrays_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from kawasolar.plan import Plan

# More modules than this are taken in groups: a point for each group, of its area.
_MOST_PANELS = 400
# Of racks above the roof [m], below the middle of the module.
_ABOVE_ROOF = 0.2
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
    """

    buildings: gpd.GeoDataFrame
    by_hour: NDArray[np.float32]
    neighbours: int
    points: int
    reach: float
    day_limit: float
    year_limit: float

    @property
    def exceeds(self) -> NDArray[np.bool_]:
        """Which buildings have more than the limits, bool by row."""
        found = self.buildings
        day, year = found["worst_day_minutes"].to_numpy(), found["minutes"].to_numpy()
        return np.asarray((day > self.day_limit) | (year > self.year_limit))


def glare_of(plan: Plan, facility_id: str, progress: Progress = silent) -> GlareReport:
    """Look at every building within reach of a facility's modules.

    Raises
    ------
    PlanError
        ``glare.no_modules``; ``glare.no_surface`` where the file of the surface is not there
    gis.errors.GisError
        The surface cannot be read.
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
    panels, plane = _panels(mine, z, grid)
    ground, top = _heights(near, z, grid)
    shapes = near.geometry.to_numpy()
    # A wall of the surface stands up to a cell and a half before that of the outline: nearer points would be hidden by their own building.
    before = max(_BEFORE_WALL, 1.5 * grid.cell)
    receptors, index = facade_points(shapes, ground, top, number("glare.spacing"), number("glare.storey"), before)
    x, y = float(panels.xyz[:, 0].mean()), float(panels.xyz[:, 1].mean())
    longitude, latitude = to_lonlat(plan.crs, x, y)
    sun = aside(lambda: sun_steps(latitude, longitude, zone_of(longitude), minutes=_MINUTES), progress, 0.05, "glare")
    rules = GlareRules(
        beam_half_angle(number("glare.slope_error")),
        number("glare.apart"),
        number("glare.reach"),
        number("glare.reach"),
    )
    turned = meridian_convergence(plan.crs, x, y)
    found = mirrored(panels, receptors, sun, z, grid, rules, convergence=turned, progress=part(progress, 0.1, 1.0))
    table = pd.DataFrame(
        {"building": index, "minutes": found.minutes, "days": found.days, "worst_day": found.worst_day, "worst_day_minutes": found.worst_day_minutes,
         "panel": found.worst_panel}
    )  # fmt: skip
    worst = int(np.argmax(found.minutes)) if len(found.minutes) else -1
    by_hour = found.by_hour[worst] if worst >= 0 else np.zeros((12, 24), np.float32)
    return GlareReport(
        _by_building(table[table["minutes"] > 0], near, plane), by_hour, len(near), len(receptors), number("glare.reach"), number("glare.limit_day"),
        60.0 * number("glare.limit_year"),
    )  # fmt: skip


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


def _panels(mine: gpd.GeoDataFrame, z: NDArray[np.float32], grid: Grid) -> tuple[Panels, NDArray[np.int64]]:
    """A point for every module, or for some together, and the row of the subarray that it belongs to."""
    modules, row = shapely.get_parts(mine.geometry.to_numpy(), return_index=True)
    step = max(1, -(-len(modules) // _MOST_PANELS))
    counts = np.diff(np.append(np.arange(0, len(modules), step), len(modules)))
    middle, row = shapely.centroid(modules[::step]), row[::step]
    x, y = shapely.get_x(middle), shapely.get_y(middle)
    tilt, slant = (mine[name].to_numpy(dtype=np.float64)[row] for name in ("tilt", "slant_m"))
    free = mine["mounting"].to_numpy()[row] != "roof"
    above = np.where(free, _ABOVE_ROOF + 0.5 * slant * np.sin(np.radians(tilt)), _ABOVE_ROOF)
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


def _by_building(table: pd.DataFrame, near: gpd.GeoDataFrame, plane: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """The worst window of each building."""
    ranked = table.sort_values("minutes", ascending=False, kind="stable")
    found = ranked.drop_duplicates("building").reset_index(drop=True)
    # Another window may have the worse day.
    worst = table.groupby("building")["worst_day_minutes"].max()
    rows = near.iloc[found["building"].to_numpy(dtype=np.int64)]
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(found["worst_day"] - 1, unit="D")
    frame = {
        "building_id": rows["building_id"].to_numpy(), "name": rows["name"].to_numpy() if "name" in rows else None, "minutes": found["minutes"],
        "days": found["days"], "worst_day_minutes": worst.reindex(found["building"]).to_numpy(), "worst_day": days.dt.strftime("%m-%d"),
        "plane_id": plane[found["panel"].to_numpy(dtype=np.int64)],
    }  # fmt: skip
    return rows.__class__(frame, geometry=rows.geometry.to_numpy(), crs=near.crs)
