"""A surface from a file: GeoTIFF or ASC of any CRS, as float32 metres on a north-up grid of square cells."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.warp import calculate_default_transform, transform_bounds
from rasterio.windows import Window

from gis.crs import (
    height_name,
    horizontal,
    label,
    measures_metres,
    on_earth,
    parse_crs,
    to_lonlat,
    utm_at,
    vertical_unit,
)
from gis.datums import told_of
from gis.drivers import raster_driver
from gis.errors import CrsMismatch, CrsMissing, GisError, UnreadableFile
from gis.findings import Finding
from gis.grid import Grid
from gis.progress import Progress, silent

# Heights outside of this are no ground and no roof (Dead Sea −430 m, Everest 8,849 m): undeclared nodata, mostly −9999 or 3.4e38.
LOWEST_M, HIGHEST_M = -500.0, 9000.0
# A surface is held in memory for now, about 32 bytes a cell with all that a survey needs beside it: 200 M cells are 6.4 GB.
MAX_CELLS = 200_000_000
_ROWS_AT_ONCE = 1024
# No tree is taller [m]: heights above it are above the sea. Lower than the other it is grass, as for gis.canopy.
TALLEST_TREE_M, _LEAST_TREE_M = 100.0, 0.5
# Where nearly every cell has a tree, the heights may be of the ground and the houses.
_ALL_TREES = 0.95
# Larger cells show no roofs: a house is a dozen of them. The models of bare ground that everyone has (DEM5A) are among them.
COARSE_CELL_M = 2.0
# Metres in what a band may name as its unit.
_UNITS = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet", "international foot"), 0.3048),
    **dict.fromkeys(("us-ft", "us survey foot", "ftus", "us_survey_foot"), 1200.0 / 3937.0),
    **dict.fromkeys(("cm", "centimetre", "centimeter"), 0.01),
}
SYNTHETIC_TAG = "KAWASOLAR_SYNTHETIC"


@dataclass(frozen=True)
class Surface:
    """Heights and where they lie.

    Attributes
    ----------
    z : float32 (rows, cols), metres, NaN in holes
    grid : Grid
    synthetic : bool
        The file says of itself that it is made up.
    findings : what was noticed and mended
    """

    z: NDArray[np.float32]
    grid: Grid
    synthetic: bool
    findings: tuple[Finding, ...]


def read_surface(
    path: Path, *, crs: str | CRS | None = None, metric_crs: str | CRS | None = None, progress: Progress = silent
) -> Surface:
    """Read a DSM.

    Parameters
    ----------
    path : GeoTIFF or ESRI ASCII grid, by what it holds (:mod:`gis.drivers`)
    crs : what the file's coordinates are, where the file does not say (an ASC without .prj)
    metric_crs : the plane-rectangular zone to bring the surface to if its own CRS does not measure metres

    Raises
    ------
    UnreadableFile
        ``raster.missing``, ``raster.unreadable``, ``raster.truncated``, ``raster.picture``, ``raster.empty``, ``raster.no_height``,
        ``raster.too_large``
    CrsMissing
        ``raster.no_crs``
    CrsMismatch
        ``crs.unknown``, ``raster.wrong_crs``
    """
    with open_surface(path, crs=crs, metric_crs=metric_crs) as source:
        grid = source.grid
        if grid.rows * grid.cols > MAX_CELLS:
            raise UnreadableFile("raster.too_large", file=path.name, found=grid.rows * grid.cols, expected=MAX_CELLS)
        z = np.empty(grid.shape, dtype=np.float32)
        for row in range(0, grid.rows, _ROWS_AT_ONCE):
            progress(row / grid.rows, "read")
            end = min(grid.rows, row + _ROWS_AT_ONCE)
            z[row:end] = source.rows(row, end)
        return Surface(z, grid, source.synthetic, source.seen())


@dataclass(frozen=True)
class SurfaceHead:
    """What a surface's file says of itself before its heights are read; ``bounds`` and ``cell`` in the CRS's own units, ``heights`` as :func:`gis.crs.height_name`."""

    crs: CRS
    bounds: tuple[float, float, float, float]
    rows: int
    cols: int
    cell: float
    heights: str | None = None


def read_head(path: Path, *, crs: str | CRS | None = None) -> SurfaceHead:
    """Check a surface's file at once: its format, bands and coordinate system. Raises as :func:`read_surface`."""
    with _opened(path) as file:
        _check_bands(file, path, [])
        own, _ = _own_crs(file, path, crs, [])
        _check_place(file, path, own)
        west, south, east, north = (float(value) for value in file.bounds)
        heights = height_name(CRS.from_wkt(file.crs.to_wkt())) if file.crs else None
        cell = abs(float(file.transform.a))
        return SurfaceHead(own, (west, south, east, north), file.height, file.width, cell, heights)


@contextmanager
def _opened(path: Path) -> Iterator[DatasetReader]:
    """The open file; what GDAL says of it as our errors."""
    if not path.is_file():
        raise UnreadableFile("raster.missing", file=str(path))
    driver = raster_driver(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver=driver) as file:
                yield file
    except RasterioIOError as error:
        raise UnreadableFile(
            "raster.truncated" if _opens(path, driver) else "raster.unreadable", file=path.name
        ) from error
    except (RasterioError, CPLE_BaseError) as error:
        raise UnreadableFile("raster.unreadable", file=path.name) from error


def _opens(path: Path, driver: str) -> bool:
    try:
        with rasterio.open(path, driver=driver):
            return True
    except RasterioError:
        return False


class SurfaceSource:
    """A surface's file, opened to be read window by window; one thread's own.

    Attributes
    ----------
    grid : of the surface, after whatever was turned or reprojected
    synthetic : the file says of itself that it is made up
    """

    def __init__(
        self,
        file: DatasetReader | WarpedVRT,
        path: Path,
        grid: Grid,
        factor: float,
        synthetic: bool,
        findings: list[Finding],
    ) -> None:
        self.grid = grid
        self.synthetic = synthetic
        self._file = file
        self._path = path
        self._findings = findings
        self._scale, self._offset = float(file.scales[0]) * factor, float(file.offsets[0]) * factor
        self._cells = self._holes = self._wild = 0

    def read(self, top: int, bottom: int, left: int, right: int) -> NDArray[np.float32]:
        """Heights [m] of the cells ``[top, bottom) × [left, right)``; NaN in holes."""
        raw = self._file.read(1, window=Window(left, top, right - left, bottom - top))
        z = _metres(raw, self._file.nodata, self._scale, self._offset)
        wild = _clean(z)
        self._cells, self._wild = self._cells + z.size, self._wild + wild
        self._holes += int(np.count_nonzero(np.isnan(z)))
        return z

    def rows(self, top: int, bottom: int) -> NDArray[np.float32]:
        """Whole rows."""
        return self.read(top, bottom, 0, self.grid.cols)

    @property
    def is_read(self) -> bool:
        """Whether any of it has been read."""
        return self._cells > 0

    def seen(self) -> tuple[Finding, ...]:
        """What was noticed in all that has been read so far; to be asked once, after each cell was read once.

        Raises
        ------
        UnreadableFile
            ``raster.empty``, ``raster.no_height``: there is no height at all.
        """
        name, found = self._path.name, list(self._findings)
        if self._holes == self._cells:
            raise UnreadableFile("raster.no_height" if self._wild else "raster.empty", file=name)
        if self._wild:
            expected = f"{LOWEST_M:.0f} … {HIGHEST_M:.0f} m"
            found.append(
                Finding("raster.impossible_heights", "warning", name, expected=expected, details={"cells": self._wild})
            )
        cell = self.grid.cell
        if cell > COARSE_CELL_M:
            found.append(
                Finding("raster.coarse", "warning", name, found=f"{cell:.3g} m", expected=f"{COARSE_CELL_M:.0f} m")
            )
        if self._holes:
            share = 100.0 * self._holes / self._cells
            found.append(Finding("raster.holes", "info", name, details={"cells": self._holes, "share": share}))
        return tuple(found)


@contextmanager
def open_surface(
    path: Path, *, crs: str | CRS | None = None, metric_crs: str | CRS | None = None, onto: CRS | None = None, smooth: bool = False
) -> Iterator[SurfaceSource]:  # fmt: skip
    """A surface to be read by windows. Parameters and errors as :func:`read_surface`.

    Parameters
    ----------
    onto : bring it to this CRS, though its own measures metres
    smooth : if it is turned or reprojected, between its cells and not by the nearest: of a surface without walls
    """
    with _opened(path) as file:
        findings: list[Finding] = []
        _check_bands(file, path, findings)
        own, metres = _own_crs(file, path, crs, findings)
        x, y = _check_place(file, path, own)
        factor = _height_unit(file, path, metres, findings)
        findings += told_of(own, path.name)
        synthetic = file.tags().get(SYNTHETIC_TAG) == "1"
        if (
            measures_metres(own, x, y)
            and _is_plain(file)
            and (onto is None or horizontal(own).equals(horizontal(onto), ignore_axis_order=True))
        ):
            grid = Grid(file.height, file.width, file.transform.a, file.transform.c, file.transform.f, own)
            yield SurfaceSource(file, path, grid, factor, synthetic, findings)
            return
        target = _target(own, metric_crs, x, y) if onto is None else onto
        code = "raster.resampled" if target == own else "raster.reprojected"
        findings.append(Finding(code, "info", path.name, found=label(own), expected=label(target)))
        grid = _target_grid(file, own, target, path)
        with _warped(file, own, grid, Resampling.bilinear if smooth else Resampling.nearest) as view:
            yield SurfaceSource(view, path, grid, factor, synthetic, findings)


class CanopySource:
    """Vegetation on the grid of a surface, opened to be read window by window; one thread's own."""

    def __init__(
        self, file: DatasetReader | WarpedVRT, path: Path, grid: Grid, factor: float, findings: list[Finding]
    ) -> None:
        self.grid = grid
        self._file = file
        self._path = path
        self._findings = findings
        self._scale, self._offset = float(file.scales[0]) * factor, float(file.offsets[0]) * factor
        self._cells = self._trees = 0
        self._top = 0.0

    def read(self, top: int, bottom: int, left: int, right: int) -> NDArray[np.float32]:
        """Treetops above the surface [m] of the cells ``[top, bottom) × [left, right)``; 0 where there is none.

        Raises
        ------
        UnreadableFile
            ``raster.canopy_absolute``: no tree is that tall.
        """
        raw = self._file.read(1, window=Window(left, top, right - left, bottom - top))
        height = _metres(raw, self._file.nodata, self._scale, self._offset)
        _clean(height)
        with np.errstate(invalid="ignore"):
            height[~(height > 0.0)] = 0.0
        tallest = float(height.max(initial=0.0))
        if tallest > TALLEST_TREE_M:
            raise UnreadableFile(
                "raster.canopy_absolute", file=self._path.name, found=f"{tallest:.0f}", expected=f"{TALLEST_TREE_M:.0f}"
            )
        self._cells, self._trees = self._cells + height.size, self._trees + int((height > _LEAST_TREE_M).sum())
        self._top = max(self._top, tallest)
        return height

    def rows(self, top: int, bottom: int) -> NDArray[np.float32]:
        """Whole rows."""
        return self.read(top, bottom, 0, self.grid.cols)

    def whole(self, progress: Progress = silent) -> NDArray[np.float32]:
        """All of it."""
        heights = np.empty(self.grid.shape, dtype=np.float32)
        for row in range(0, self.grid.rows, _ROWS_AT_ONCE):
            progress(row / self.grid.rows, "read")
            end = min(self.grid.rows, row + _ROWS_AT_ONCE)
            heights[row:end] = self.rows(row, end)
        return heights

    @property
    def share(self) -> float:
        """Share of the cells that were read in which a tree stands."""
        return self._trees / max(self._cells, 1)

    @property
    def tallest(self) -> float:
        """The tallest tree that was read [m]."""
        return self._top

    def seen(self) -> tuple[Finding, ...]:
        """What was noticed in all that has been read so far."""
        name, found = self._path.name, list(self._findings)
        if self._trees == 0:
            found.append(Finding("raster.canopy_empty", "warning", name, expected=f"{_LEAST_TREE_M:g} m"))
        elif self.share > _ALL_TREES:
            found.append(Finding("raster.canopy_everywhere", "warning", name, details={"share": 100.0 * self.share}))
        return tuple(found)


@contextmanager
def open_canopy(path: Path, grid: Grid, *, crs: str | CRS | None = None) -> Iterator[CanopySource]:
    """Heights of vegetation to be read by windows of a surface's grid.

    Another grid or CRS is brought to the surface's by nearest cell; outside of the file there is no tree.

    Parameters
    ----------
    path, crs : as for :func:`read_surface`
    grid : of the surface

    Raises
    ------
    UnreadableFile, CrsMissing, CrsMismatch
        as :func:`read_surface`, and ``raster.canopy_outside``: it does not meet the surface
    """
    with _opened(path) as file:
        findings: list[Finding] = []
        _check_bands(file, path, findings)
        own, metres = _own_crs(file, path, crs, findings)
        findings += told_of(own, path.name)
        _check_place(file, path, own)
        _check_meets(file, path, own, grid)
        factor = _height_unit(file, path, metres, findings)
        if _is_on(file, own, grid):
            yield CanopySource(file, path, grid, factor, findings)
            return
        if not own.equals(grid.crs, ignore_axis_order=True):
            findings.append(
                Finding("raster.reprojected", "info", path.name, found=label(own), expected=label(grid.crs))
            )
        with _warped(file, own, grid) as view:
            yield CanopySource(view, path, grid, factor, findings)


def _is_on(file: DatasetReader, own: CRS, grid: Grid) -> bool:
    """Whether the file's cells are those of a grid."""
    if not own.equals(grid.crs, ignore_axis_order=True) or (file.height, file.width) != grid.shape:
        return False
    return bool(file.transform.almost_equals(grid.transform, precision=1e-6 * grid.cell))


def _check_meets(file: DatasetReader, path: Path, own: CRS, grid: Grid) -> None:
    """Vegetation that lies elsewhere is another town's, or its system is wrong."""
    west, south, east, north = transform_bounds(own.to_wkt(), grid.crs.to_wkt(), *file.bounds)
    if west >= grid.east or east <= grid.west or south >= grid.north or north <= grid.south:
        raise CrsMismatch("raster.canopy_outside", file=path.name, crs=label(own))


def _metres(raw: NDArray[Any], nodata: float | None, scale: float, offset: float) -> NDArray[np.float32]:
    """Heights as float32 metres, NaN where the file has none."""
    z = raw.astype(np.float32, copy=False)
    if nodata is not None and not math.isnan(nodata):
        z[raw == raw.dtype.type(nodata)] = np.nan
    if scale != 1.0 or offset != 0.0:
        z = (z * scale + offset).astype(np.float32)
    return z


def _check_place(file: DatasetReader, path: Path, own: CRS) -> tuple[float, float]:
    """The middle of the raster, if it is any place on earth."""
    x, y = (float(value) for value in file.xy(file.height // 2, file.width // 2))
    if not on_earth(own, x, y):
        raise CrsMismatch("raster.wrong_crs", file=path.name, found=f"{x:.7g}, {y:.7g}", crs=label(own))
    return x, y


def _check_bands(file: DatasetReader, path: Path, findings: list[Finding]) -> None:
    """Heights are one band of real numbers; a picture is none."""
    colours = {ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.palette}
    if colours & set(file.colorinterp) or file.dtypes[0].startswith("complex"):
        raise UnreadableFile("raster.picture", file=path.name)
    if file.count > 1:
        findings.append(Finding("raster.many_bands", "warning", path.name, details={"count": file.count}))


def _height_unit(file: DatasetReader, path: Path, metres: float, findings: list[Finding]) -> float:
    """Metres in one of the file's units of height: the vertical CRS's or the band's own."""
    unit = (file.units[0] or "").strip().lower()
    factor = _UNITS.get(unit, metres)
    if unit and unit not in _UNITS:
        findings.append(Finding("raster.unknown_unit", "warning", path.name, found=unit))
    if factor != 1.0:
        findings.append(Finding("raster.heights_converted", "info", path.name, found=unit or f"{factor:.6g} m"))
    return factor


def _own_crs(file: DatasetReader, path: Path, crs: str | CRS | None, findings: list[Finding]) -> tuple[CRS, float]:
    """The horizontal CRS, as the file or the user says, and metres in a unit of its vertical part."""
    stated = CRS.from_wkt(file.crs.to_wkt()) if file.crs else None
    metres = 1.0 if stated is None else vertical_unit(stated)
    if crs is None:
        if stated is None:
            raise CrsMissing("raster.no_crs", file=path.name)
        return parse_crs(stated), metres
    given = parse_crs(crs)
    if stated is not None and not horizontal(stated).equals(given, ignore_axis_order=True):
        findings.append(
            Finding("raster.crs_overridden", "warning", path.name, found=label(stated), expected=label(given))
        )
    return given, metres


def _is_plain(file: DatasetReader) -> bool:
    """North-up with square cells."""
    t = file.transform
    return t.b == 0 and t.d == 0 and t.a > 0 and t.e < 0 and math.isclose(t.a, -t.e, rel_tol=1e-6)


def _target(own: CRS, metric_crs: str | CRS | None, x: float, y: float) -> CRS:
    lon, lat = to_lonlat(own, x, y)
    if measures_metres(own, x, y):
        return own  # only turned or stretched: keep its system
    if metric_crs is not None:
        wished = horizontal(parse_crs(metric_crs))
        area = wished.area_of_use
        if area is None or (area.west <= lon <= area.east and area.south <= lat <= area.north):
            return wished
    return utm_at(lon, lat)


def _clean(block: NDArray[np.float32]) -> int:
    """Turn impossible heights of a block into NaN; how many there were."""
    with np.errstate(invalid="ignore"):
        wild = (block < LOWEST_M) | (block > HIGHEST_M) | np.isinf(block)
    count = int(np.count_nonzero(wild))
    if count:
        block[wild] = np.nan
    return count


def _target_grid(file: DatasetReader, own: CRS, target: CRS, path: Path) -> Grid:
    transform, width, height = calculate_default_transform(
        own.to_wkt(), target.to_wkt(), file.width, file.height, *file.bounds
    )
    if width is None or height is None:
        raise GisError("raster.unreadable", file=path.name, reason="transform")
    cell = min(transform.a, -transform.e)
    cols = max(1, round(width * transform.a / cell))
    rows = max(1, round(height * -transform.e / cell))
    return Grid(rows, cols, cell, transform.c, transform.f, target)


def _warped(file: DatasetReader, own: CRS, grid: Grid, resampling: Resampling = Resampling.nearest) -> WarpedVRT:
    """The file on another grid; by nearest cell, so that walls stay walls."""
    return WarpedVRT(
        file, src_crs=own.to_wkt(), crs=grid.crs.to_wkt(), transform=grid.transform, width=grid.cols, height=grid.rows,
        resampling=resampling, src_nodata=file.nodata, nodata=file.nodata if file.nodata is not None else math.nan, dtype="float32",
    )  # fmt: skip
