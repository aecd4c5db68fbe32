"""Small towns on a raster, built of sheds whose place and lean are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
from pyproj import CRS
from shapely import affinity
from shapely.geometry import Polygon, box

from gis.grid import Grid
from gis.survey import building_raster

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZONE_9 = CRS.from_epsg(6677)
WEST, NORTH, CELL, GROUND = -20200.0, -44200.0, 0.5, 10.0


@dataclass(frozen=True)
class Town:
    """A surface with its outlines; towns of one size can be added."""

    grid: Grid
    z: NDArray[np.float32]
    outlines: gpd.GeoDataFrame

    def ids(self) -> NDArray[np.int32]:
        return building_raster(self.outlines, self.grid)

    def __add__(self, other: Town) -> Town:
        rows = [*self.outlines.to_dict("records"), *other.outlines.to_dict("records")]
        return Town(self.grid, np.maximum(self.z, other.z), outlines_frame(*rows))


def rectangle(
    ident: str, west: float, north: float, width: float, depth: float, turn: float = 0.0
) -> dict[str, object]:
    """An outline given in metres from the scene's north-west corner, turned (deg) about its middle."""
    shape = box(WEST + west, NORTH - north - depth, WEST + west + width, NORTH - north)
    return {"building_id": ident, "name": None, "usage": None, "geometry": affinity.rotate(shape, turn)}


def outlines_frame(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(list(rows), crs=ZONE_9)


def shed(
    ident: str,
    west: float,
    north: float,
    width: float,
    depth: float,
    tilt: float = 0.0,
    *,
    turn: float = 0.0,
    eaves: float = 8.0,
    size: int = 160,
) -> Town:
    """One roof that falls to the south, ``eaves`` above the ground at its lower side; ``size`` is the scene's, in cells."""
    grid = Grid(size, size, CELL, WEST, NORTH, ZONE_9)
    row = rectangle(ident, west, north, width, depth, turn)
    shape = row["geometry"]
    assert isinstance(shape, Polygon)
    frame = outlines_frame(row)
    inside = building_raster(frame, grid) > 0
    rows, cols = np.mgrid[0:size, 0:size]
    x, y = grid.centre(rows, cols)
    a = np.radians(turn)
    up = -(x - shape.centroid.x) * np.sin(a) + (y - shape.centroid.y) * np.cos(a) + depth / 2
    z = np.full(grid.shape, GROUND, np.float32)
    z[inside] = (GROUND + eaves + up * np.tan(np.radians(tilt)))[inside]
    return Town(grid, z, frame)
