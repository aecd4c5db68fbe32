"""Roof surfaces of a CityGML file as planes, and the surface that a DSM of them would show: an oracle made from somebody else's model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from defusedxml import ElementTree
from pyproj import Transformer

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_BLDG = "{http://www.opengis.net/citygml/building/2.0}"
_GML = "{http://www.opengis.net/gml}"


@dataclass(frozen=True)
class Surface:
    """One roof surface: outline (2-D, metres), and z = a x + b y + c."""

    building: int
    shape: shapely.Polygon
    fit: NDArray[np.float64]

    @property
    def tilt(self) -> float:
        """Degrees from the horizontal."""
        return float(np.degrees(np.arctan(np.hypot(self.fit[0], self.fit[1]))))

    @property
    def azimuth(self) -> float:
        """Downhill, degrees clockwise from grid north."""
        return float(np.degrees(np.arctan2(-self.fit[0], -self.fit[1])) % 360.0)

    def height(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height of its plane [m]."""
        return self.fit[0] * x + self.fit[1] * y + self.fit[2]


def roof_surfaces(path: Path, epsg: int) -> list[Surface]:
    """All LOD2 roof surfaces; x and y of the plane-rectangular zone are moved to begin near 0."""
    move = Transformer.from_crs(6668, epsg, always_xy=True)
    raw: list[tuple[int, NDArray[np.float64]]] = []
    for number, building in enumerate(ElementTree.parse(path).getroot().iter(f"{_BLDG}Building")):
        for roof in building.iter(f"{_BLDG}RoofSurface"):
            for ring in roof.iter(f"{_GML}exterior"):
                numbers = np.array(" ".join(part.text for part in ring.iter(f"{_GML}posList")).split(), dtype=float)
                latitude, longitude, height = numbers.reshape(-1, 3).T
                x, y = move.transform(longitude, latitude)
                raw.append((number, np.column_stack([x, y, height])))
    corner = np.floor(np.min([points.min(axis=0) for _, points in raw], axis=0)) - 10.0
    corner[2] = 0.0
    found = []
    for number, points in raw:
        own = points - corner
        middle = own.mean(axis=0)
        # Least squares about the middle; a surface that stands upright has no place in a DSM.
        gradient = np.linalg.lstsq(own[:, :2] - middle[:2], own[:, 2] - middle[2], rcond=None)[0]
        shape = shapely.Polygon(own[:, :2])
        if shape.is_valid and shape.area > 0.01:
            fit = np.array([*gradient, middle[2] - gradient @ middle[:2]])
            found.append(Surface(number, shape, fit))
    return found


def merged(surfaces: list[Surface], *, tilt: float = 1.0, step: float = 0.1) -> list[Surface]:
    """Surfaces of a building that touch and are one plane but for drawing, as one."""
    groups = list(range(len(surfaces)))

    def root(k: int) -> int:
        while groups[k] != k:
            k = groups[k]
        return k

    shapes = np.array([one.shape for one in surfaces], dtype=object)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=0.05)
    for a, b in zip(first, second, strict=True):
        one, other = surfaces[a], surfaces[b]
        if a >= b or one.building != other.building:
            continue
        normals = [np.array([-s.fit[0], -s.fit[1], 1.0]) for s in (one, other)]
        cosine = normals[0] @ normals[1] / np.linalg.norm(normals[0]) / np.linalg.norm(normals[1])
        xy = np.concatenate([shapely.get_coordinates(s.shape) for s in (one, other)])
        apart = np.abs(one.height(*xy.T) - other.height(*xy.T)).max()
        if np.degrees(np.arccos(min(1.0, cosine))) < tilt and apart < step:
            groups[root(a)] = root(b)
    found = []
    for k in sorted({root(k) for k in range(len(surfaces))}):
        parts = [one for j, one in enumerate(surfaces) if root(j) == k]
        area = np.array([one.shape.area for one in parts])
        fit = np.average([one.fit for one in parts], axis=0, weights=area)
        found.append(
            Surface(parts[0].building, shapely.union_all([one.shape.buffer(0.02) for one in parts]).buffer(-0.02), fit)
        )
    return found


def rendered(surfaces: list[Surface], cell: float) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
    """Heights, buildings (1 …) and the surface (1 …) that is seen from above in each cell's middle."""
    ends = shapely.total_bounds([one.shape for one in surfaces])
    rows, cols = int(np.ceil((ends[3] + 10.0) / cell)), int(np.ceil((ends[2] + 10.0) / cell))
    z = np.full((rows, cols), np.nan)
    ids, seen = np.zeros((rows, cols), np.int32), np.zeros((rows, cols), np.int32)
    numbers = {building: k + 1 for k, building in enumerate(sorted({one.building for one in surfaces}))}
    for k, one in enumerate(surfaces):
        west, south, east, north = one.shape.bounds
        col = np.arange(int(west / cell), min(cols, int(east / cell) + 1))
        row = np.arange(rows - 1 - int(north / cell), min(rows, rows - int(south / cell)))
        x, y = np.meshgrid((col + 0.5) * cell, (rows - row - 0.5) * cell)
        inside = shapely.contains_xy(one.shape, x, y)
        height = one.height(x, y)
        window = np.ix_(row, col)
        above = inside & ~(height <= z[window])
        z[window] = np.where(above, height, z[window])
        ids[window] = np.where(above, numbers[one.building], ids[window])
        seen[window] = np.where(above, k + 1, seen[window])
    ground = np.nanmin(z) - 6.0
    return np.where(np.isnan(z), ground, z).astype(np.float32), ids, seen
