"""The plan's derived rasters, read by windows at the scale of the screen. Used by one thread only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gis.hillshade import hillshade

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from ui.map.viewport import Bounds, Viewport

RasterName = Literal["surface", "hillshade", "irradiation"]
NAMES: tuple[RasterName, ...] = ("surface", "hillshade", "irradiation")
# Heights under the cursor are kept by squares of this many cells.
BLOCK = 256


@dataclass(frozen=True)
class Patch:
    """Part of a raster on the pixels of the screen; its first pixel lies at ``top, left``."""

    values: NDArray[np.generic]
    top: int
    left: int


@dataclass(frozen=True)
class Surface:
    """Where the heights lie, so that the window can ask for the block under the cursor."""

    west: float
    north: float
    cell: float
    rows: int
    cols: int

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the cell that holds the point, None outside."""
        row, col = int((self.north - y) // self.cell), int((x - self.west) // self.cell)
        return (row, col) if 0 <= row < self.rows and 0 <= col < self.cols else None


@dataclass(frozen=True)
class RoofLight:
    """Irradiation of some cells [kWh/m² a], NaN off the roofs; row 0 in the north."""

    values: NDArray[np.float32]
    west: float
    north: float
    cell: float


class Rasters:
    """Open rasters of one cache folder; a file that is missing or broken reads as None."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, DatasetReader | None] = {}

    def close(self) -> None:
        """Let go of the files, so that a run may replace them; they open again at the next read."""
        for data in self._open.values():
            if data is not None:
                data.close()
        self._open = {}

    def missing(self) -> tuple[RasterName, ...]:
        """Names of the rasters that cannot be read."""
        return tuple(name for name in NAMES if self._data(name) is None)

    def bounds(self) -> Bounds | None:
        """Extent of the first raster that is there: west, south, east, north [m]."""
        for name in NAMES:
            data = self._data(name)
            if data is not None:
                west, south, east, north = data.bounds
                return float(west), float(south), float(east), float(north)
        return None

    def surface(self) -> Surface | None:
        """Frame of the heights."""
        data = self._data("surface")
        if data is None:
            return None
        return Surface(data.transform.c, data.transform.f, data.transform.a, data.height, data.width)

    def block(self, row: int, col: int) -> NDArray[np.float32] | None:
        """Heights [m] of the block with that block row and column, full resolution."""
        from rasterio.windows import Window

        data = self._data("surface")
        if data is None:
            return None
        top, left = row * BLOCK, col * BLOCK
        window = Window(left, top, min(BLOCK, data.width - left), min(BLOCK, data.height - top))
        values = self._read(data, "surface", window=window)
        return None if values is None else values.astype(np.float32)

    def relief(self, view: Viewport) -> Patch | None:
        """Hillshade (uint8, 0 = nothing there) on the pixels of ``view``; from the surface where it is missing."""
        if self._data("hillshade") is not None:
            return self._patch("hillshade", view, smooth=True)
        heights = self._patch("surface", view, smooth=True)
        if heights is None:
            return None
        pixel = view.scale / view.ratio
        return Patch(hillshade(heights.values.astype(np.float32), pixel), heights.top, heights.left)

    def irradiation(self, view: Viewport) -> Patch | None:
        """Irradiation [kWh/m² a], NaN off roofs, on the pixels of ``view``; single cells where they are seen."""
        data = self._data("irradiation")
        if data is None:
            return None
        return self._patch("irradiation", view, smooth=view.scale / view.ratio > data.transform.a)

    def light(self, bounds: Bounds) -> RoofLight | None:
        """Irradiation of the cells within some bounds, at full resolution; None where there are none."""
        from rasterio.windows import Window

        data = self._data("irradiation")
        if data is None:
            return None
        west, south, east, north = bounds
        cell = float(data.transform.a)
        left, top = (max(0, int(begin // cell)) for begin in (west - data.bounds.left, data.bounds.top - north))
        right = min(data.width, int(-(-(east - data.bounds.left) // cell)))
        bottom = min(data.height, int(-(-(data.bounds.top - south) // cell)))
        if right <= left or bottom <= top:
            return None
        values = self._read(data, "irradiation", window=Window(left, top, right - left, bottom - top))
        if values is None:
            return None
        return RoofLight(values.astype(np.float32), data.bounds.left + left * cell, data.bounds.top - top * cell, cell)

    def irradiation_range(self) -> tuple[float, float] | None:
        """Where the ramp begins and ends [kWh/m² a]: 2nd and 98th percentile, rounded to 100."""
        data = self._data("irradiation")
        if data is None:
            return None
        shrink = max(1.0, max(data.height, data.width) / 1500)
        shape = (max(1, round(data.height / shrink)), max(1, round(data.width / shrink)))
        values = self._read(data, "irradiation", out_shape=shape)
        return None if values is None else rounded_range(values)

    def _data(self, name: RasterName) -> DatasetReader | None:
        import rasterio
        from rasterio.errors import RasterioError

        if name not in self._open:
            path = self._folder / f"{name}.tif"
            try:
                self._open[name] = rasterio.open(path, driver="GTiff") if path.is_file() else None
            except (RasterioError, OSError):
                self._open[name] = None
        return self._open[name]

    def _read(self, data: DatasetReader, name: str, **how: object) -> NDArray[np.generic] | None:
        """Read one band; a file that breaks off counts as missing from then on."""
        from rasterio.errors import RasterioError

        try:
            return data.read(1, **how)
        except (RasterioError, OSError):
            data.close()
            self._open[name] = None
            return None

    def _patch(self, name: RasterName, view: Viewport, *, smooth: bool) -> Patch | None:
        """The raster on those pixels of ``view`` whose centres it covers."""
        from rasterio.enums import Resampling
        from rasterio.windows import Window

        data = self._data(name)
        if data is None:
            return None
        width, height = view.device_size
        pixel = view.scale / view.ratio
        west, _, _, north = view.bounds
        left, right = _span(data.bounds.left - west, data.bounds.right - west, pixel, width)
        top, bottom = _span(north - data.bounds.top, north - data.bounds.bottom, pixel, height)
        if right <= left or bottom <= top:
            return None
        cell = data.transform.a
        col, cols = _inside((west + left * pixel - data.bounds.left) / cell, (right - left) * pixel / cell, data.width)
        row, rows = _inside((data.bounds.top - north + top * pixel) / cell, (bottom - top) * pixel / cell, data.height)
        values = self._read(
            data,
            name,
            window=Window(col, row, cols, rows),
            out_shape=(bottom - top, right - left),
            resampling=Resampling.bilinear if smooth else Resampling.nearest,
        )
        return None if values is None else Patch(values, top, left)


def roof_light(folder: Path, bounds: Bounds) -> RoofLight | None:
    """The cells within some bounds at full resolution; None where the raster is not there or ends before."""
    rasters = Rasters(folder)
    try:
        return rasters.light(bounds)
    finally:
        rasters.close()


def _span(begin: float, end: float, pixel: float, count: int) -> tuple[int, int]:
    """First and one-past-last pixel whose centre lies between two distances [m] from the view's edge."""
    first = int(np.ceil(begin / pixel - 0.5))
    last = int(np.floor(end / pixel - 0.5)) + 1
    return min(max(first, 0), count), min(max(last, 0), count)


def _inside(begin: float, length: float, cells: int) -> tuple[float, float]:
    """Begin and length of a window, cut to the raster: half a pixel may overhang its rim."""
    first = min(max(begin, 0.0), cells - 1e-3)
    last = min(max(begin + length, first + 1e-3), float(cells))
    return first, last - first


def rounded_range(values: NDArray[np.generic], step: float = 100.0) -> tuple[float, float] | None:
    """2nd and 98th percentile of the finite values, rounded outwards to ``step``; None where there are none."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return None
    low, high = np.percentile(finite, [2.0, 98.0])
    begin, end = float(np.floor(low / step) * step), float(np.ceil(high / step) * step)
    return begin, max(end, begin + step)
