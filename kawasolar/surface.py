"""A surface and outlines for a plan, made from a city model: what a municipality has that has no DSM.

Each building keeps what its roof comes from: measured where a surface was measured, else the model's LOD2, else its LOD1 box; a box that stands for an unknown
height is laid too, for what it shades, but its building has no height and says so.
"""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS

from gis.archives import DAMAGED, ZIP_MAGIC
from gis.aside import aside
from gis.crs import parse_crs
from gis.fgd_buildings import read_fgd_buildings
from gis.fgd_dem import dem_on, read_dem_tiles
from gis.findings import Finding
from gis.model_surface import RoofPolygons, grid_around, ground_between, model_surface
from gis.outlines import SURFACES
from gis.plateau import CityModel, read_city_model
from gis.progress import Progress, part, silent
from gis.raster import open_surface
from gis.raster_write import raster_by_rows
from gis.sampled import on_grid
from kawasolar.errors import PlanError
from kawasolar.export.writing import atomic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.grid import Grid
    from kawasolar.profile import Profile

# A building is of the measured surface if that has this share of its cells.
_MOSTLY = 0.9
# How much of a file, and how many names of an archive, tell what it is.
_HEAD, _LOOKED_AT = 4096, 50
# A surface is never larger than this [cells]: a prefecture at 0.5 m is another tool's work.
_MOST_CELLS = 4_000_000_000


@dataclass(frozen=True)
class SurfaceInputs:
    """What a surface is made from, and where it goes.

    Attributes
    ----------
    models : CityGML files, archives or folders of them; or outlines of the GSI (BldA), where a surface was measured
    dsm, buildings : GeoTIFF and GeoPackage to write
    ground : elevation without buildings: rasters (DEM), the better first, and behind them the GSI's tiles
    measured : surface rasters (DSM) that go before the model, the better first
    crs : of the result; that of the prefecture's zone unless given
    cell : side of a cell [m]; the profile's unless given
    """

    models: tuple[Path, ...]
    dsm: Path
    buildings: Path
    ground: tuple[Path, ...] = ()
    measured: tuple[Path, ...] = ()
    crs: str = ""
    cell: float | None = None


@dataclass(frozen=True)
class SurfaceMade:
    """What was made.

    Attributes
    ----------
    buildings : as written: those of the model, ``surface`` as in :data:`SURFACES`
    counts : buildings by ``surface``
    ground : share of the cells whose ground comes from elevation data [0…1]
    """

    grid: Grid
    buildings: gpd.GeoDataFrame
    counts: dict[str, int]
    ground: float
    findings: tuple[Finding, ...] = field(default=())


def make_surface(inputs: SurfaceInputs, profile: Profile, progress: Progress = silent) -> SurfaceMade:
    """Read a city model, lay its roofs on the ground and write both files; either both are there in the end, or what stood there before.

    Raises
    ------
    gis.errors.GisError
        a file cannot be used
    PlanError
        ``surface.too_large``
    kawasolar.errors.NotWritable
        a target cannot be written
    gis.progress.Cancelled
        from ``progress``
    """
    target = parse_crs(inputs.crs) if inputs.crs else None
    model = _model(inputs, target, profile, part(progress, 0.0, 0.4))
    buildings, crs = model.buildings, model.buildings.crs
    cell = inputs.cell or profile.number("surface.cell")
    grid = grid_around(tuple(buildings.total_bounds.tolist()), cell, crs, profile.number("surface.margin"))
    if grid.rows * grid.cols > _MOST_CELLS:
        raise PlanError("surface.too_large", found=f"{grid.cols:,} × {grid.rows:,}", expected=f"{_MOST_CELLS:,}")
    roofs = aside(lambda: RoofPolygons.of(model.roofs), progress, 0.4, "surface")
    between = aside(lambda: ground_between(buildings, grid), progress, 0.4, "surface")
    findings = list(model.findings)
    with ExitStack() as stack:
        terrain = tuple(path for path in inputs.ground if _is_gsi(path))
        rasters = tuple(path for path in inputs.ground if path not in terrain)
        known, told = _layers(rasters, crs, stack, smooth=True)
        if terrain:
            tiles, noticed = read_dem_tiles(terrain, part(progress, 0.4, 0.45))
            findings += noticed
            known = _one_above(known, lambda on: dem_on(tiles, on))
        measured, told_of_surface = _layers(inputs.measured, crs, stack, smooth=False)
        ground = _Ground(known, between)
        # Put in its place last, and not at all if the surface fails.
        outlines = stack.enter_context(atomic(inputs.buildings, ".gpkg"))
        write = stack.enter_context(
            raster_by_rows(inputs.dsm, grid, "float32", nodata=np.nan, progress=part(progress, 0.95, 1.0))
        )
        own, seen = model_surface(
            roofs,
            grid,
            ground,
            write,
            part(progress, 0.45, 0.9),
            measured=measured if inputs.measured else None,
            outlines=RoofPolygons.level(buildings.geometry.to_numpy()),
        )
        findings += [*told(), *told_of_surface()]
        buildings = _with_surface(buildings, own, seen)
        buildings.to_file(outlines, layer="buildings", driver="GPKG", engine="pyogrio")
    findings += _told(inputs, ground.share)
    counts = buildings["surface"].value_counts()
    return SurfaceMade(
        grid, buildings, {name: int(counts.get(name, 0)) for name in SURFACES}, ground.share, tuple(findings)
    )


def _model(inputs: SurfaceInputs, target: CRS | None, profile: Profile, progress: Progress) -> CityModel:
    """The city model, or outlines of the GSI, whose buildings have no shape: they are for a measured surface."""
    outlines = [path for path in inputs.models if _is_gsi(path)]
    if not outlines:
        return read_city_model(inputs.models, target, progress)
    if len(outlines) < len(inputs.models):
        raise PlanError("surface.two_kinds")
    if not inputs.measured:
        raise PlanError("surface.no_heights", file=", ".join(path.name for path in outlines[:3]))
    frame, findings = read_fgd_buildings(outlines, target or CRS.from_epsg(profile.epsg), progress)
    return CityModel.of_outlines(frame, tuple(findings))


# The GSI's own name in its files' first lines, and in the names of what it delivers.
_GSI, _GSI_NAME = b"fgd.gsi.go.jp", "FG-GML"


def _is_gsi(path: Path) -> bool:
    """Whether a file, or what is in a folder or an archive, is the GSI's 基盤地図情報."""
    if path.is_dir():
        return any(_is_gsi(file) for file in sorted(path.glob("*.[xXzZ][mMiI][lLpP]"))[:1])
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if head.startswith(ZIP_MAGIC):
            with zipfile.ZipFile(path) as archive:
                return any(
                    _GSI_NAME in name or name.lower().endswith(".zip") for name in archive.namelist()[:_LOOKED_AT]
                )
    except DAMAGED:
        return False
    return _GSI in head


def _one_above(*layers: Callable[[Grid], NDArray[np.float32]]) -> Callable[[Grid], NDArray[np.float32]]:
    """Heights of several layers: the first that knows one tells it."""

    def on(grid: Grid) -> NDArray[np.float32]:
        found = np.full(grid.shape, np.nan, np.float32)
        for layer in layers:
            lacking = np.isnan(found)
            if not lacking.any():
                break
            found[lacking] = layer(grid)[lacking]
        return found

    return on


class _Ground:
    """Elevation data where there are some, else what lies between the buildings; counts which."""

    def __init__(
        self, known: Callable[[Grid], NDArray[np.float32]], between: Callable[[Grid], NDArray[np.float32]]
    ) -> None:
        self._known, self._between = known, between
        self._cells, self._of_data = 0, 0

    def __call__(self, grid: Grid) -> NDArray[np.float32]:
        z = self._known(grid)
        there = np.isfinite(z)
        self._cells, self._of_data = self._cells + z.size, self._of_data + int(np.count_nonzero(there))
        return z if there.all() else np.where(there, z, self._between(grid)).astype(np.float32)

    @property
    def share(self) -> float:
        """Of the cells, those with elevation data [0…1]."""
        return self._of_data / max(1, self._cells)


def _layers(
    paths: tuple[Path, ...], crs: CRS, stack: ExitStack, *, smooth: bool
) -> tuple[Callable[[Grid], NDArray[np.float32]], Callable[[], list[Finding]]]:
    """Rasters one above the other, the first that knows a height tells it; and what was noticed in them, to be asked in the end."""
    sources = [stack.enter_context(open_surface(path, onto=crs, smooth=smooth)) for path in paths]
    layers = [on_grid(source) for source in sources]
    on = _one_above(*layers)

    def told() -> list[Finding]:
        # Coarse cells and holes are what elevation data have; the surface made of them has neither.
        passed_over = ("raster.coarse", "raster.holes")
        found = [
            Finding("surface.beside", "warning", path.name)
            for path, source in zip(paths, sources, strict=True)
            if not source.is_read
        ]
        noticed = [finding for source in sources if source.is_read for finding in source.seen()]
        return found + [finding for finding in noticed if finding.code not in passed_over]

    return on, told


def _with_surface(buildings: gpd.GeoDataFrame, own: NDArray[np.int64], seen: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Those whose cells were measured say so."""
    made = np.zeros((2, len(buildings)), np.int64)
    made[0, : len(own)], made[1, : len(seen)] = own, seen
    measured = made[1] >= np.maximum(1, _MOSTLY * made.sum(axis=0))
    return buildings.assign(surface=np.where(measured, "measured", buildings["surface"].to_numpy()))


def _told(inputs: SurfaceInputs, share: float) -> list[Finding]:
    """Where the ground comes from, if not from data."""
    if not inputs.ground:
        return [Finding("surface.ground_between", "warning")]
    if share < 1.0:
        return [Finding("surface.ground_in_part", "info", found=f"{100.0 * (1.0 - share):.1f}")]
    return []
