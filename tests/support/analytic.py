"""A town whose heights and skylines are known exactly, and what a method makes of it from a raster.

The town is a list of facets: convex polygons, each with a plane roof. Its height is the highest facet's at each place, walls are upright
between them. Along a ray the slope towards a plane is monotone, so that the skyline of a facet is the steeper of the slopes to where the
ray enters and where it leaves the polygon: no sampling, no error but of rounding.

To judge a method: write ``method(town, cell, dsm, rows, cols) -> degrees (n, azimuths)`` and put it into a dict like :data:`METHODS`;
:func:`judge` does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from shapely.geometry import Polygon

from gis.grid import Grid
from gis.horizon import horizon_angles, sector_azimuths
from gis.irradiation import irradiation
from gis.raster import Surface
from gis.roofs import RoofSettings
from gis.sky import SkyTable
from gis.survey import SurveySettings, prepare
from gis.threads import run_blocks
from gis.usable import UsableRules
from tests.support.towns import NORTH, WEST, ZONE_9

if TYPE_CHECKING:
    from kawasolar.weather import Weather

Floats = NDArray[np.float64]
Cells = NDArray[np.int64]

TRUE_AZIMUTHS = 720
AZIMUTHS = 64
ALBEDO = 0.2
# Facets by what they are; roof cells are those of ROOF, not the tops of equipment.
GROUND, ROOF, EQUIPMENT = 0, 1, 2
# Nearer than this a crossing is the observer's own place [m].
_HERE = 1e-9
# Points of one piece of a thread's work.
_BLOCK = 500


@dataclass(frozen=True)
class Facets:
    """Convex quadrilaterals with plane roofs, in metres east and north of the town's south-western corner.

    Attributes
    ----------
    corners : (n, 4, 2), counter-clockwise [m]
    planes : (n, 3), height = a + b·x + c·y [m]
    kinds : (n,), GROUND, ROOF or EQUIPMENT
    buildings : (n,), 0 … of the building, −1 = ground
    """

    corners: Floats
    planes: Floats
    kinds: NDArray[np.int64]
    buildings: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def normals(self) -> Floats:
        """(n, 3), unit vectors, east-north-up."""
        up = np.stack([-self.planes[:, 1], -self.planes[:, 2], np.ones(len(self))], axis=1)
        return np.asarray(up / np.linalg.norm(up, axis=1, keepdims=True))

    def top(self, x: Floats, y: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """Exact height [m] of each place (n,), and the facet it lies on; NaN and −1 off the town."""
        z, facet = np.full(x.size, np.nan), np.full(x.size, -1, dtype=np.int64)

        def work(begin: int, end: int) -> None:
            now = slice(begin, end)
            _top(x[now], y[now], self.corners, self.planes, z[now], facet[now])

        run_blocks(work, x.size, 20 * _BLOCK)
        return z, facet


@dataclass(frozen=True)
class RoofPoints:
    """Cells of a raster that lie on roofs, away from edges.

    Attributes
    ----------
    rows, cols : (n,) of the raster
    points : (n, 3), x, y, exact height [m] of the cells' centres
    normals : (n, 3), of the exact planes, east-north-up
    """

    rows: Cells
    cols: Cells
    points: Floats
    normals: Floats


@dataclass(frozen=True)
class FacetTown:
    """Facets on a square of ``size`` metres, with the outlines of the buildings."""

    size: float
    facets: Facets
    shapes: tuple[Polygon, ...]
    equipment: tuple[Polygon, ...]

    def grid(self, cell: float) -> Grid:
        """The raster that covers the town."""
        n = round(self.size / cell)
        return Grid(n, n, cell, WEST, NORTH, ZONE_9)

    def centres(self, cell: float) -> tuple[Floats, Floats]:
        """x (cols,) and y (rows,) of the cells' centres in the town's metres; row 0 in the north."""
        along = (np.arange(round(self.size / cell), dtype=np.float64) + 0.5) * np.float64(cell)
        return along, self.size - along

    def render(self, cell: float) -> NDArray[np.float32]:
        """Exact heights at the cells' centres, float32 (rows, cols), row 0 in the north."""
        x, y = self.centres(cell)
        z, _ = self.facets.top(np.tile(x, len(y)), np.repeat(y, len(x)))
        return z.reshape(len(y), len(x)).astype(np.float32)

    def roof_points(self, cell: float, margin: float = 1.0, limit: int | None = None, seed: int = 0) -> RoofPoints:
        """Roof cells whose centres lie at least ``margin`` metres from the outline and from equipment; ridges are no edges.

        Parameters
        ----------
        limit : of more cells, this many are drawn
        """
        x, y = self.centres(cell)
        rows, cols = (part.ravel() for part in np.indices((len(y), len(x))))
        inner = shapely.union_all(shapely.buffer(np.array(self.shapes), -margin, join_style="mitre"))
        around = shapely.union_all(shapely.buffer(np.array(self.equipment, dtype=object), margin, join_style="mitre"))
        area = shapely.difference(inner, around)
        shapely.prepare(area)
        keep = np.flatnonzero(shapely.contains_xy(area, x[cols], y[rows]))
        if limit is not None and len(keep) > limit:
            keep = np.sort(np.random.default_rng(seed).choice(keep, limit, replace=False))
        rows, cols = rows[keep], cols[keep]
        z, facet = self.facets.top(x[cols], y[rows])
        assert (self.facets.kinds[facet] == ROOF).all()
        return RoofPoints(rows, cols, np.stack([x[cols], y[rows], z], axis=1), self.facets.normals[facet])

    def exact_points(self, cell: float, rows: Cells, cols: Cells) -> Floats:
        """x, y and exact height (n, 3) of cells' centres."""
        x, y = self.centres(cell)
        z, _ = self.facets.top(x[cols], y[rows])
        return np.stack([x[cols], y[rows], z], axis=1)

    def outlines(self) -> gpd.GeoDataFrame:
        """The buildings' outlines in the raster's coordinates, as :func:`gis.survey.prepare` takes them."""
        corner = np.array([WEST, NORTH - self.size])
        shapes = [shapely.transform(shape, lambda xy: xy + corner) for shape in self.shapes]
        rows = {"building_id": [f"B{k}" for k in range(len(shapes))], "name": None, "usage": None, "geometry": shapes}
        return gpd.GeoDataFrame(rows, crs=ZONE_9)

    def skyline_slopes(self, points: Floats, azimuths: Floats) -> Floats:
        """Tangent (≥ 0) of the exact horizon angle.

        Parameters
        ----------
        points : (n, 3), x, y, height [m]
        azimuths : (m,), degrees clockwise from north, ascending, 0 ≤ azimuth < 360

        Returns
        -------
        (n, m)
        """
        directions = np.asarray(azimuths, dtype=np.float64)
        assert (np.diff(directions) > 0).all()
        assert directions[0] >= 0
        assert directions[-1] < 360
        out = np.empty((len(points), len(directions)))

        def work(begin: int, end: int) -> None:
            now = slice(begin, end)
            _skylines(points[now], directions, self.facets.corners, self.facets.planes, out[now])

        run_blocks(work, len(points), _BLOCK)
        return out


# --- exact geometry


@njit(nogil=True, cache=True)
def _inside(x: float, y: float, corners: Floats) -> bool:
    """Whether a place lies in a convex polygon, its edge included."""
    ax, ay = corners[-1, 0], corners[-1, 1]
    for k in range(corners.shape[0]):
        bx, by = corners[k, 0], corners[k, 1]
        if (bx - ax) * (y - ay) - (by - ay) * (x - ax) < 0.0:
            return False
        ax, ay = bx, by
    return True


@njit(nogil=True, cache=True)
def _top(x: Floats, y: Floats, corners: Floats, planes: Floats, z: Floats, facet: NDArray[np.int64]) -> None:
    """Raise heights ``z`` that are NaN, and the facets' numbers."""
    count = corners.shape[0]
    boxes = np.empty((count, 4))
    for f in range(count):
        boxes[f, 0], boxes[f, 1] = corners[f, :, 0].min(), corners[f, :, 0].max()
        boxes[f, 2], boxes[f, 3] = corners[f, :, 1].min(), corners[f, :, 1].max()
    for i in range(x.size):
        px, py = x[i], y[i]
        for f in range(count):
            if px < boxes[f, 0] or px > boxes[f, 1] or py < boxes[f, 2] or py > boxes[f, 3]:
                continue
            h = planes[f, 0] + planes[f, 1] * px + planes[f, 2] * py
            if facet[i] >= 0 and h <= z[i]:
                continue
            if _inside(px, py, corners[f]):
                z[i], facet[i] = h, f


@njit(nogil=True, cache=True)
def _crossing(x: float, y: float, dx: float, dy: float, corners: Floats) -> tuple[float, float]:
    """Where a ray enters and leaves a convex polygon [m along it]; leaves before it enters = passes by."""
    enter, leave = -np.inf, np.inf
    ax, ay = corners[-1, 0], corners[-1, 1]
    for k in range(corners.shape[0]):
        ex, ey = corners[k, 0] - ax, corners[k, 1] - ay
        room = ex * (y - ay) - ey * (x - ax)  # ≥ 0 inside this edge
        ax, ay = corners[k, 0], corners[k, 1]
        gain = ex * dy - ey * dx
        if gain > 0.0:
            enter = max(enter, -room / gain)
        elif gain < 0.0:
            leave = min(leave, -room / gain)
        elif room < 0.0:
            return 1.0, 0.0
    return enter, leave


@njit(nogil=True, cache=True)
def _facet_slope(x: float, y: float, z: float, dx: float, dy: float, corners: Floats, plane: Floats) -> float:
    """Steepest slope from a point on or above the town towards one facet; −inf where the ray passes by."""
    enter, leave = _crossing(x, y, dx, dy, corners)
    if leave <= max(enter, _HERE):
        return -np.inf
    rise = plane[0] + plane[1] * x + plane[2] * y - z  # of the facet's plane above the point, at the point
    along = plane[1] * dx + plane[2] * dy
    best = along + rise / leave
    # A facet that holds the point lies at or below it: the slope only grows until the ray leaves.
    if enter > _HERE:
        best = max(best, along + rise / enter)
    return best


@njit(nogil=True, cache=True)
def _room(x: float, y: float, corners: Floats) -> float:
    """Distance [m] inside the nearest edge of a convex polygon; outside, minus a distance that no ray to it is shorter than."""
    room = np.inf
    ax, ay = corners[-1, 0], corners[-1, 1]
    for k in range(corners.shape[0]):
        ex, ey = corners[k, 0] - ax, corners[k, 1] - ay
        room = min(room, (ex * (y - ay) - ey * (x - ax)) / math.hypot(ex, ey))
        ax, ay = corners[k, 0], corners[k, 1]
    return room


@njit(nogil=True, cache=True)
def _seen(x: float, y: float, corners: Floats) -> tuple[float, float]:
    """First azimuth [deg, 0 … 360] and width [deg] of what a facet covers of the view from outside, a little generous."""
    middle = math.degrees(math.atan2(corners[:, 0].mean() - x, corners[:, 1].mean() - y))
    low = high = 0.0
    for k in range(corners.shape[0]):
        aside = math.degrees(math.atan2(corners[k, 0] - x, corners[k, 1] - y)) - middle
        aside -= 360.0 * round(aside / 360.0)
        low, high = min(low, aside), max(high, aside)
    return (middle + low - 1e-6) % 360.0, high - low + 2e-6


@njit(nogil=True, cache=True)
def _raise_skyline(
    skyline: Floats,
    place: Floats,
    azimuths: Floats,
    east: Floats,
    north: Floats,
    corners: Floats,
    plane: Floats,
    highest: float,
) -> None:
    """Raise one point's slopes (azimuths,) to one facet's; azimuths that the facet does not cover are not looked at."""
    x, y, z = place[0], place[1], place[2]
    room = _room(x, y, corners)
    count, k = azimuths.size, 0
    # Seen from within or right beside it, a facet may cover any part of the view.
    limit, begin, width = np.inf, 0.0, 360.0
    if room < -1e-6:
        limit = (highest - z) / -room
        begin, width = _seen(x, y, corners)
        k = int(np.searchsorted(azimuths, begin)) % count
    for _ in range(count):
        ahead = azimuths[k] - begin
        if (ahead if ahead >= 0.0 else ahead + 360.0) > width:
            break
        if limit > skyline[k]:
            skyline[k] = max(skyline[k], _facet_slope(x, y, z, east[k], north[k], corners, plane))
        k = k + 1 if k + 1 < count else 0


@njit(nogil=True, cache=True)
def _skylines(points: Floats, azimuths: Floats, corners: Floats, planes: Floats, out: Floats) -> None:
    """Slopes (points, azimuths). Facets that lie no higher than the point are left out."""
    count = corners.shape[0]
    out[:] = 0.0
    highest = np.empty(count)
    for f in range(count):
        highest[f] = (planes[f, 0] + planes[f, 1] * corners[f, :, 0] + planes[f, 2] * corners[f, :, 1]).max()
    east, north = np.sin(np.radians(azimuths)), np.cos(np.radians(azimuths))
    for i in range(points.shape[0]):
        for f in range(count):
            if highest[f] > points[i, 2]:
                _raise_skyline(out[i], points[i], azimuths, east, north, corners[f], planes[f], highest[f])


# --- the town


class _Site:
    """A rectangle turned about its middle; u runs along its length, v across."""

    def __init__(self, x: float, y: float, turn: float) -> None:
        self.x, self.y = x, y
        self.cos, self.sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))

    def place(self, uv: Floats) -> Floats:
        """(…, 2) local to the site → the town's metres."""
        return np.stack(
            [
                self.x + uv[..., 0] * self.cos - uv[..., 1] * self.sin,
                self.y + uv[..., 0] * self.sin + uv[..., 1] * self.cos,
            ],
            axis=-1,
        )

    def rectangle(self, u: tuple[float, float], v: tuple[float, float]) -> Floats:
        """Corners (4, 2), counter-clockwise."""
        return self.place(np.array([[u[0], v[0]], [u[1], v[0]], [u[1], v[1]], [u[0], v[1]]]))

    def plane(self, height: float, rise_v: float = 0.0) -> Floats:
        """Plane of ``height`` at the middle that rises by ``rise_v`` per metre along v."""
        b, c = -rise_v * self.sin, rise_v * self.cos
        return np.array([height - b * self.x - c * self.y, b, c])


class _Builder:
    """Collects facets."""

    def __init__(self) -> None:
        self.rows: list[tuple[Floats, Floats, int, int]] = []
        self.shapes: list[Polygon] = []
        self.equipment: list[Polygon] = []

    def add(self, corners: Floats, plane: Floats, kind: int) -> None:
        building = -1 if kind == GROUND else len(self.shapes) - 1
        self.rows.append((corners, plane, kind, building))
        if kind == EQUIPMENT:
            self.equipment.append(Polygon(corners))

    def flat(self, site: _Site, length: float, width: float, height: float) -> None:
        self.add(site.rectangle((-length / 2, length / 2), (-width / 2, width / 2)), site.plane(height), ROOF)

    def gable(self, site: _Site, length: float, width: float, eaves: float, tilt: float) -> None:
        """Two planes that meet in a ridge along the length."""
        rise = math.tan(math.radians(tilt))
        ridge, along = eaves + rise * width / 2, (-length / 2, length / 2)
        self.add(site.rectangle(along, (-width / 2, 0.0)), site.plane(ridge, rise), ROOF)
        self.add(site.rectangle(along, (0.0, width / 2)), site.plane(ridge, -rise), ROOF)

    def box(self, site: _Site, u: tuple[float, float], v: tuple[float, float], top: float) -> None:
        """Rooftop equipment."""
        self.add(site.rectangle(u, v), site.plane(top), EQUIPMENT)

    def town(self, size: float) -> FacetTown:
        corners, planes, kinds, buildings = zip(*self.rows, strict=True)
        facets = Facets(np.array(corners), np.array(planes), np.array(kinds), np.array(buildings))
        return FacetTown(size, facets, tuple(self.shapes), tuple(self.equipment))


def _add_equipment(
    builder: _Builder, rng: np.random.Generator, site: _Site, length: float, width: float, height: float
) -> None:
    """One to four boxes 1–3 m high that do not reach the outline; they may touch one another."""
    for _ in range(rng.integers(1, 5)):
        du, dv = rng.uniform(1.5, 5.0), rng.uniform(1.5, 4.0)
        u = rng.uniform(-length / 2 + 0.5, length / 2 - 0.5 - du)
        v = rng.uniform(-width / 2 + 0.5, width / 2 - 0.5 - dv)
        builder.box(site, (u, u + du), (v, v + dv), height + rng.uniform(1.0, 3.0))


def _add_building(
    builder: _Builder, rng: np.random.Generator, ground: Floats, size: float, taken: list[Polygon]
) -> None:
    """Try one building at a random place; nothing where it would stand within a metre of another."""
    gabled = rng.random() < 0.4
    length, width = rng.uniform(9.0, 26.0), rng.uniform(8.0, 12.0 if gabled else 18.0)
    site = _Site(rng.uniform(0.0, size), rng.uniform(0.0, size), rng.uniform(0.0, 180.0))
    shape = Polygon(site.rectangle((-length / 2, length / 2), (-width / 2, width / 2)))
    west, south, east, north = shape.bounds
    beyond = min(west, south) < 2.0 or max(east, north) > size - 2.0
    if beyond or (shapely.distance(shape, np.array(taken, dtype=object)) < 1.0).any():
        return
    taken.append(shape)
    builder.shapes.append(shape)
    floor = float(ground[0] + ground[1] * site.x + ground[2] * site.y)
    if gabled:
        builder.gable(site, length, width, floor + rng.uniform(4.0, 9.0), rng.uniform(15.0, 40.0))
        return
    height = floor + 4.0 + 36.0 * rng.random() ** 2  # many low ones, few high ones
    builder.flat(site, length, width, height)
    if rng.random() < 0.6:
        _add_equipment(builder, rng, site, length, width, height)


def square(size: float) -> Floats:
    """Corners (4, 2) of the town's ground."""
    return np.array([[0.0, 0.0], [size, 0.0], [size, size], [0.0, size]])


def random_town(seed: int, size: float = 220.0, count: int = 80) -> FacetTown:
    """Flat and gabled boxes of 4–40 m at any angle, with rooftop equipment, on ground that may slope by up to 3 %."""
    rng = np.random.default_rng(seed)
    slope, towards = rng.choice([0.0, rng.uniform(0.005, 0.03)]), rng.uniform(0.0, 2.0 * np.pi)
    ground = np.array([10.0, slope * np.sin(towards), slope * np.cos(towards)])
    builder = _Builder()
    builder.add(square(size), ground, GROUND)
    taken: list[Polygon] = []
    for _ in range(2000):
        if len(taken) < count:
            _add_building(builder, rng, ground, size, taken)
    return builder.town(size)


@dataclass(frozen=True)
class House:
    """Middle [m], turn of its length from east, counter-clockwise [deg], sides and height of the eaves [m]; gabled if its roof is tilted [deg]."""

    x: float
    y: float
    turn: float
    length: float
    width: float
    height: float
    tilt: float = 0.0


def town_of(size: float, houses: list[House]) -> FacetTown:
    """Given houses on level ground at 0."""
    builder = _Builder()
    builder.add(square(size), np.zeros(3), GROUND)
    for h in houses:
        site = _Site(h.x, h.y, h.turn)
        builder.shapes.append(Polygon(site.rectangle((-h.length / 2, h.length / 2), (-h.width / 2, h.width / 2))))
        if h.tilt > 0:
            builder.gable(site, h.length, h.width, h.height, h.tilt)
        else:
            builder.flat(site, h.length, h.width, h.height)
    return builder.town(size)


# --- methods and their errors


class Skies:
    """One year of weather as tables of any number of azimuths, each made once."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self._tables: dict[int, SkyTable] = {}

    def __getitem__(self, n_azimuths: int) -> SkyTable:
        if n_azimuths not in self._tables:
            w = self._weather
            self._tables[n_azimuths] = SkyTable.from_weather(
                w.hours, w.latitude, w.longitude, w.altitude, albedo=ALBEDO, n_azimuths=n_azimuths
            )
        return self._tables[n_azimuths]


def exact_degrees(town: FacetTown, points: Floats, n_azimuths: int) -> Floats:
    """Exact skylines (n, n_azimuths) [deg]."""
    return np.degrees(np.arctan(town.skyline_slopes(points, sector_azimuths(n_azimuths))))


def truth(town: FacetTown, points: Floats, normals: Floats, sky: SkyTable) -> Floats:
    """Yearly irradiation [kWh/m²] (n,) of points (n, 3) on planes (n, 3) under exact skylines at the table's azimuths."""
    found = np.empty(len(points))
    facets = town.facets

    def work(begin: int, end: int) -> None:
        # Block by block: the skylines of all at 720 azimuths would be large.
        now = slice(begin, end)
        slopes = np.empty((end - begin, len(sky.azimuths)))
        _skylines(points[now], sky.azimuths, facets.corners, facets.planes, slopes)
        found[now] = irradiation(sky, np.degrees(np.arctan(slopes)), normals[now])

    run_blocks(work, len(points), _BLOCK)
    return found


@dataclass(frozen=True)
class Case:
    """A town on a raster, with the true irradiation [kWh/m²] (n,) of its roof cells."""

    town: FacetTown
    cell: float
    cells: RoofPoints
    truth: Floats

    @cached_property
    def dsm(self) -> NDArray[np.float32]:
        return self.town.render(self.cell)

    @classmethod
    def of(cls, town: FacetTown, cell: float, skies: Skies, limit: int | None = None) -> Case:
        """Of more cells than ``limit``, that many are drawn."""
        cells = town.roof_points(cell, limit=limit)
        return cls(town, cell, cells, truth(town, cells.points, cells.normals, skies[TRUE_AZIMUTHS]))


# Town, side of a cell [m], surface (rows, cols), and rows and columns of n cells → skylines [deg] (n, any number of azimuths from north on).
Method = Callable[[FacetTown, float, NDArray[np.float32], Cells, Cells], Floats]


def sweep(_town: FacetTown, cell: float, dsm: NDArray[np.float32], rows: Cells, cols: Cells) -> Floats:
    """The engine's skylines of the bare surface."""
    return horizon_angles(dsm, cell, sector_azimuths(AZIMUTHS))[:, rows, cols].T.astype(np.float64)


# As tests/gis/test_survey.py has them; no rule matters here.
_SETTINGS = SurveySettings(
    RoofSettings(min_plane_m2=10, obstacle_height_m=0.3),
    UsableRules(
        max_tilt=60, flat_tilt=3, north_halfwidth=15, setback_m=0, step_m=0.3, obstacle_clearance_m=0,
        min_irradiation_share=0, min_area_m2=0, min_width_m=0,
    ),
)  # fmt: skip


def sweep_roofs(town: FacetTown, cell: float, dsm: NDArray[np.float32], rows: Cells, cols: Cells) -> Floats:
    """The survey's skylines: roof planes found in the surface, levelled and swept as planes."""
    prepared = prepare(Surface(dsm, town.grid(cell), False, ()), town.outlines(), _SETTINGS)
    slopes = [prepared.sweeper.slopes(float(a))[rows, cols] for a in sector_azimuths(AZIMUTHS)]
    return np.degrees(np.arctan(np.stack(slopes, axis=1).astype(np.float64)))


def exact(n_azimuths: int) -> Method:
    """Exact skylines at fewer azimuths than the truth: the error of the azimuths alone."""

    def method(town: FacetTown, cell: float, _dsm: NDArray[np.float32], rows: Cells, cols: Cells) -> Floats:
        return exact_degrees(town, town.exact_points(cell, rows, cols), n_azimuths)

    return method


METHODS: dict[str, Method] = {
    "sweep": sweep,
    "sweep, roof planes": sweep_roofs,
    "exact, 64 azimuths": exact(64),
    "exact, 128 azimuths": exact(128),
}


@dataclass(frozen=True)
class Errors:
    """Relative errors of the yearly irradiation [1]: mean, root mean square, greatest amount."""

    bias: float
    rms: float
    worst: float


def judge(method: Method, case: Case, skies: Skies) -> Errors:
    """Errors of a method's skylines on one town and raster, with exact normals."""
    skyline = method(case.town, case.cell, case.dsm, case.cells.rows, case.cells.cols)
    error = irradiation(skies[skyline.shape[1]], skyline, case.cells.normals) / case.truth - 1.0
    return Errors(float(error.mean()), float(np.sqrt((error**2).mean())), float(np.abs(error).max()))
