"""Where a raster lies: shape, cell size, corner and coordinate system in one value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS


@dataclass(frozen=True)
class Grid:
    """A north-up raster of square cells; row 0 in the north.

    Attributes
    ----------
    rows, cols : int
    cell : float
        Side of a cell [m].
    west, north : float
        Outer corner of cell (0, 0): easting and northing [m].
    crs : pyproj.CRS
        Projected, in metres.
    """

    rows: int
    cols: int
    cell: float
    west: float
    north: float
    crs: CRS

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.cols

    @property
    def east(self) -> float:
        return self.west + self.cols * self.cell

    @property
    def south(self) -> float:
        return self.north - self.rows * self.cell

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north [m]."""
        return self.west, self.south, self.east, self.north

    @property
    def transform(self) -> Affine:
        """GDAL's affine transform from (column, row) to (easting, northing)."""
        return Affine(self.cell, 0.0, self.west, 0.0, -self.cell, self.north)

    def index(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and column of the cells that hold the points; may lie outside the raster."""
        col = np.floor((np.asarray(x) - self.west) / self.cell).astype(np.int64)
        row = np.floor((self.north - np.asarray(y)) / self.cell).astype(np.int64)
        return row, col

    def centre(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Easting and northing of cell centres [m]."""
        x = np.asarray(self.west + (np.asarray(col) + 0.5) * self.cell, dtype=np.float64)
        y = np.asarray(self.north - (np.asarray(row) + 0.5) * self.cell, dtype=np.float64)
        return x, y
