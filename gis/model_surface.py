"""A surface (DSM) from a city model's roofs on the ground, where nobody has measured one.

Cells whose centre lies in a roof have the roof's height, the highest where several lie above one another; all others have the ground's. The ground is that of
elevation data where there are some, else what lies between the floors of the buildings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.grid import Grid
from gis.model_kernels import lay_polygons
from gis.plateau_place import Roofs
from gis.progress import Progress, silent
from gis.sampled import bilinear

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS


# Rows that are made at once, and how far apart the ground between buildings is told before it is smoothed over the cells [m].
_ROWS = 256
_GROUND_STEP_M = 10.0
# Floors that tell the ground beyond the outermost buildings.
_NEAREST = 12
# Crossings of a line with one roof; more has no roof.
_MOST_CROSSINGS = 4096


@dataclass(frozen=True)
class RoofPolygons:
    """Roofs ready to be laid on a raster, all of one CRS.

    Attributes
    ----------
    xy, ring_start, polygon_start, plane : as :func:`gis.model_kernels.lay_polygons` takes them
    bounds : (polygons, 4) west, south, east, north [m]
    building : row of the building by polygon
    """

    xy: NDArray[np.float64]
    ring_start: NDArray[np.int64]
    polygon_start: NDArray[np.int64]
    plane: NDArray[np.float64]
    bounds: NDArray[np.float64]
    building: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.building)

    @classmethod
    def level(cls, shapes: NDArray[np.object_]) -> RoofPolygons:
        """Outlines as roofs at height 0: for who asks which cells are whose."""
        parts, building = shapely.get_parts(shapes, return_index=True)
        rings, polygon = shapely.get_rings(parts, return_index=True)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        lengths = np.bincount(ring, minlength=len(rings))
        xyz = np.column_stack([xy, np.zeros(len(xy))])
        return cls.of(Roofs(xyz, lengths.astype(np.int64), polygon.astype(np.int64), building.astype(np.int64)))

    @classmethod
    def of(cls, roofs: Roofs) -> RoofPolygons:
        """Each polygon with the plane that fits its corners best; a wall covers no cell's centre and lays nothing."""
        ring_start = np.concatenate([[0], np.cumsum(roofs.lengths)]).astype(np.int64)
        count = len(roofs.building)
        polygon_start = np.searchsorted(roofs.polygon, np.arange(count + 1)).astype(np.int64)
        xyz = roofs.xyz
        if not count:
            return cls(np.zeros((0, 2)), ring_start, polygon_start, np.zeros((0, 7)), np.zeros((0, 4)), roofs.building)
        begin = ring_start[polygon_start[:-1]]
        least, most = np.minimum.reduceat(xyz, begin), np.maximum.reduceat(xyz, begin)
        bounds = np.column_stack([least[:, 0], least[:, 1], most[:, 0], most[:, 1]])
        plane = _planes(xyz, begin, least[:, 2], most[:, 2])
        return cls(np.ascontiguousarray(xyz[:, :2]), ring_start, polygon_start, plane, bounds, roofs.building)


def _planes(
    xyz: NDArray[np.float64], begin: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least-squares planes of runs of corners, (polygons, 7); level where the corners lie on a line."""
    sizes = np.diff(np.append(begin, len(xyz)))
    mean = np.add.reduceat(xyz, begin) / sizes[:, None]
    u, v, w = (xyz - np.repeat(mean, sizes, axis=0)).T
    uu, uv, vv, uw, vw = (np.add.reduceat(product, begin) for product in (u * u, u * v, v * v, u * w, v * w))
    det = uu * vv - uv * uv
    # On a line, or nearly: the ground below a wall tells no slope.
    flat = det <= 1e-9 * np.maximum(uu + vv, 1e-12) ** 2
    det = np.where(flat, 1.0, det)
    east = np.where(flat, 0.0, (uw * vv - vw * uv) / det)
    north = np.where(flat, 0.0, (vw * uu - uw * uv) / det)
    return np.column_stack([east, north, mean, low, high])


def lay_roofs(
    roofs: RoofPolygons, grid: Grid, some: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Heights of the roofs on a raster, NaN where there is none, and the row of the building, -1 where there is none; both (rows, cols)."""
    top = np.full(grid.shape, np.nan, np.float32)
    owner = np.full(grid.shape, -1, np.int32)
    if some is None:
        some = np.arange(len(roofs), dtype=np.int64)
    west, south, east, north = grid.bounds
    near = roofs.bounds[some]
    some = some[(near[:, 0] < east) & (near[:, 2] > west) & (near[:, 1] < north) & (near[:, 3] > south)]
    room = np.empty(_MOST_CROSSINGS)
    lay_polygons(
        some, roofs.xy, roofs.ring_start, roofs.polygon_start, roofs.plane, grid.west, grid.north, grid.cell, room, top, owner
    )  # fmt: skip
    there = owner >= 0
    owner[there] = roofs.building[owner[there]].astype(np.int32)
    return top, owner


def ground_between(buildings: gpd.GeoDataFrame, grid: Grid) -> Callable[[Grid], NDArray[np.float32]]:
    """The ground where no elevation data are: straight from floor to floor of the buildings, beyond them by the distance to the nearest.

    Parameters
    ----------
    buildings : ``ground_m geometry``, in the grid's CRS

    Returns
    -------
    the heights on any part of ``grid``
    """
    from scipy.interpolate import LinearNDInterpolator

    known = buildings[np.isfinite(buildings["ground_m"].to_numpy())]
    middle = known.geometry.representative_point()
    points, z = np.column_stack([middle.x, middle.y]), known["ground_m"].to_numpy()
    step = max(_GROUND_STEP_M, grid.cell)
    cols = int(np.ceil((grid.east - grid.west) / step)) + 1
    rows = int(np.ceil((grid.north - grid.south) / step)) + 1
    x, y = np.meshgrid(grid.west + step * np.arange(cols), grid.north - step * np.arange(rows))
    coarse = np.full((rows, cols), np.nan)
    if len(z) > 3:
        coarse = LinearNDInterpolator(points, z)(x, y)
    if len(z):
        beyond = ~np.isfinite(coarse)
        coarse[beyond] = _by_distance(points, z, np.column_stack([x[beyond], y[beyond]]))
    coarse = coarse.astype(np.float32)

    def on(part: Grid) -> NDArray[np.float32]:
        row = (grid.north - part.north + (np.arange(part.rows) + 0.5) * part.cell) / step
        col = (part.west - grid.west + (np.arange(part.cols) + 0.5) * part.cell) / step
        return bilinear(coarse, row, col)

    return on


def _by_distance(points: NDArray[np.float64], z: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the nearest, by the inverse square of the distance (Shepard 1968): no step from the land of one to that of the next."""
    from scipy.spatial import cKDTree

    distance, index = cKDTree(points).query(at, k=min(_NEAREST, len(z)))
    if distance.ndim == 1:
        distance, index = distance[:, None], index[:, None]
    weight = 1.0 / np.maximum(distance, 1e-6) ** 2
    return np.asarray((weight * z[index]).sum(axis=1) / weight.sum(axis=1))


def strips(grid: Grid, rows: int = _ROWS) -> list[tuple[int, Grid]]:
    """A raster in strips of rows: the first row of each, and where it lies."""
    return [
        (top, Grid(min(rows, grid.rows - top), grid.cols, grid.cell, grid.west, grid.north - top * grid.cell, grid.crs))
        for top in range(0, grid.rows, rows)
    ]


def model_surface(
    roofs: RoofPolygons,
    grid: Grid,
    ground: Callable[[Grid], NDArray[np.float32]],
    write: Callable[[int, NDArray[np.float32]], None],
    progress: Progress = silent,
    *,
    measured: Callable[[Grid], NDArray[np.float32]] | None = None,
    outlines: RoofPolygons | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Make the surface strip by strip.

    Parameters
    ----------
    ground : heights of the ground on a raster, NaN where unknown
    write : takes the first row of a strip, and its heights
    measured : heights of a measured surface, which go before the model's; NaN where it has none
    outlines : whose cells are counted; the roofs' own unless given

    Returns
    -------
    cells of each building that are the model's, and that were measured; (buildings,) by row of the building
    """
    of_whom = roofs if outlines is None else outlines
    count = int(of_whom.building.max()) + 1 if len(of_whom) else 0
    own, other = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for top, strip in strips(grid):
        progress(top / grid.rows, "surface")
        z, owner = lay_roofs(roofs, strip)
        if outlines is not None:
            owner = lay_roofs(outlines, strip)[1]
        below = ground(strip)
        # A roof below the ground is one of an underground part, or of another datum: what is seen is the ground.
        surface = np.fmax(z, below).astype(np.float32)
        there = owner >= 0
        if measured is not None:
            seen = measured(strip)
            known = np.isfinite(seen)
            surface[known] = seen[known]
            other += np.bincount(owner[there & known], minlength=count)[:count]
            there &= ~known
        own += np.bincount(owner[there], minlength=count)[:count]
        write(top, surface)
    progress(1.0, "surface")
    return own, other


def grid_around(bounds: tuple[float, float, float, float], cell: float, crs: CRS, margin: float = 0.0) -> Grid:
    """Whole cells, counted from the CRS's origin so that neighbouring areas have the same, around west, south, east, north [m]."""
    west, south, east, north = bounds
    left, bottom = np.floor((west - margin) / cell), np.floor((south - margin) / cell)
    right, top = np.ceil((east + margin) / cell), np.ceil((north + margin) / cell)
    return Grid(int(top - bottom), int(right - left), cell, float(left * cell), float(top * cell), crs)
