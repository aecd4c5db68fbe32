"""Point clouds of random points, written by laspy, and their gridding by NumPy alone."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import laspy
import numpy as np
from pyproj import CRS

from gis.grid import Grid
from gis.point_grid import Cells, PointGrid, grid_points

if TYPE_CHECKING:
    from pathlib import Path

    from gis.point_cloud import PointCloud

ZONE = CRS.from_epsg(6677)
WEST, NORTH = -20000.0, -40000.0


def points(number: int, side: float = 20.0, seed: int = 0) -> dict[str, np.ndarray]:
    """Random points over a square, of all classes that matter."""
    rng = np.random.default_rng(seed)
    return {
        "x": WEST + np.round(rng.uniform(0, side, number), 3),
        "y": NORTH - np.round(rng.uniform(0, side, number), 3),
        "z": np.round(rng.uniform(0, 30, number), 3),
        "classification": rng.choice(np.array([1, 2, 6, 7, 9], np.uint8), number),
        "withheld": rng.uniform(size=number) < 0.05,
        "synthetic": rng.uniform(size=number) < 0.05,
    }


def write(path: Path, what: dict[str, np.ndarray], version: str = "1.4", form: int = 6, crs: CRS | None = ZONE) -> Path:
    header = laspy.LasHeader(version=version, point_format=form)
    header.scales, header.offsets = np.array([0.001, 0.001, 0.001]), np.array([WEST, NORTH, 0.0])
    if crs is not None:
        header.add_crs(crs)
    las = laspy.LasData(header)
    for name, values in what.items():
        setattr(las, name, values)
    las.write(path)
    return path


def square(side: float = 20.0, cell: float = 0.5, crs: CRS = ZONE) -> Grid:
    n = round(side / cell)
    return Grid(n, n, cell, WEST, NORTH, crs)


def brute(what: dict[str, np.ndarray], grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Highest, lowest ground and number of the points that count, by NumPy alone."""
    use = ~(np.isin(what["classification"], (7, 18)) | what["withheld"] | what["synthetic"])
    row, col = grid.index(what["x"], what["y"])
    use &= (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
    top, low = np.full(grid.shape, -np.inf), np.full(grid.shape, np.inf)
    count = np.zeros(grid.shape, int)
    np.maximum.at(top, (row[use], col[use]), what["z"][use])
    np.add.at(count, (row[use], col[use]), 1)
    use &= what["classification"] == 2
    np.minimum.at(low, (row[use], col[use]), what["z"][use])
    return np.where(np.isfinite(top), top, np.nan), np.where(np.isfinite(low), low, np.nan), count


def bare(cloud: PointCloud, grid: Grid) -> PointGrid:
    """Gridded, and nothing mended."""
    return grid_points(cloud, grid, fill=0.0, bridge=0.0, stray=np.inf)


def cells_of(z: np.ndarray) -> Cells:
    """Cells with one point each where ``z`` is known."""
    grid = Grid(*z.shape, 1.0, 0.0, 0.0, ZONE)
    cells = Cells.empty(grid)
    known = np.isfinite(z)
    cells.top[known] = cells.low[known] = z[known]
    cells.count[known] = 1
    return cells


def changed(path: Path, at: int, form: str, *values: float) -> Path:
    """Put other numbers at a place of a file."""
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, at, *values)
    path.write_bytes(data)
    return path
