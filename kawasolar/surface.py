"""A surface and outlines for a plan, made from a city model: what a municipality has that has no DSM.

Each building keeps what its roof comes from: measured where a surface was measured, else the model's LOD2, else its LOD1 box; a box that stands for an unknown
height is laid too, for what it shades, but its building has no height and says so.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS

from gis.aside import aside
from gis.crs import parse_crs
from gis.datums import told_of
from gis.errors import CrsMismatch
from gis.fgd_buildings import read_fgd_buildings
from gis.findings import Finding
from gis.model_surface import RoofPolygons, grid_around, ground_between, model_surface
from gis.outlines import SURFACES, read_outlines
from gis.plateau import CityModel, read_city_model
from gis.progress import Progress, part, silent
from gis.raster_write import raster_by_rows
from kawasolar.errors import PlanError
from kawasolar.export.writing import atomic
from kawasolar.surface_layers import GroundBelow, Layers, is_gsi

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.grid import Grid
    from kawasolar.profile import Profile

# A building is of the measured surface if that has this share of its cells.
_MOSTLY = 0.9
# Outlines that are no city model.
_OUTLINES = (".gpkg", ".shp", ".geojson", ".json", ".sqlite", ".fgb")
# A surface is never larger than this [cells]: a prefecture at 0.5 m is another tool's work.
_MOST_CELLS = 4_000_000_000


@dataclass(frozen=True)
class SurfaceInputs:
    """What a surface is made from, and where it goes.

    Attributes
    ----------
    models : CityGML files, archives or folders of them; or, where a surface was measured, outlines: the GSI's BldA, or one layer (GeoPackage, shapefile, GeoJSON)
    dsm, buildings : GeoTIFF and GeoPackage to write
    ground : elevation without buildings: rasters (DEM), the better first, and behind them the terrain of a city model (``dem``) and the GSI's tiles
    measured : surface rasters (DSM) and point clouds (LAS, LAZ) that go before the model, the better first
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

    @property
    def left_out(self) -> int:
        """Damaged files that were left out."""
        return sum(int(_number(finding, "count")) for finding in self.findings if finding.code == "files.left_out")

    @property
    def lacking_km2(self) -> float:
        """Area of their data, as far as it is known."""
        return sum(_number(finding, "area_km2") for finding in self.findings if finding.code == "files.area_lacking")


def _number(finding: Finding, name: str) -> float:
    return float(str(finding.details[name]))


def make_surface(inputs: SurfaceInputs, profile: Profile, progress: Progress = silent) -> SurfaceMade:
    """Read a city model, lay its roofs on the ground and write both files; either both are there in the end, or what stood there before.

    Raises
    ------
    gis.errors.GisError
        a file cannot be used; ``surface.mixed_heights``: heights of different vertical datums
    PlanError
        ``surface.too_large``; ``surface.two_kinds``: city models and outlines together, or several layers of outlines; ``surface.no_heights``: outlines, and
        nothing that was measured
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
    findings = [*model.findings, *told_of(grid.crs, inputs.dsm.name)]
    own_cells = RoofPolygons.level(buildings.geometry.to_numpy())
    with ExitStack() as stack:
        # Put in its place last, and not at all if the surface fails.
        outlines = stack.enter_context(atomic(inputs.buildings, ".gpkg"))
        folder = inputs.dsm.parent
        layers = Layers.of(inputs.ground, inputs.measured, grid, profile, folder, stack, part(progress, 0.4, 0.6))
        _check_heights(inputs, model.heights, layers.heights)
        ground = GroundBelow(layers.ground, between)
        write = stack.enter_context(
            raster_by_rows(inputs.dsm, grid, "float32", nodata=np.nan, progress=part(progress, 0.95, 1.0))
        )
        own, seen = model_surface(
            roofs, grid, ground, write, part(progress, 0.6, 0.9), measured=layers.measured, outlines=own_cells
        )
        findings += layers.told()
        buildings = _with_surface(buildings, own, seen)
        buildings.to_file(outlines, layer="buildings", driver="GPKG", engine="pyogrio")
    findings += _told(buildings, ground.share)
    counts = buildings["surface"].value_counts()
    return SurfaceMade(
        grid, buildings, {name: int(counts.get(name, 0)) for name in SURFACES}, ground.share, tuple(findings)
    )


def _model(inputs: SurfaceInputs, target: CRS | None, profile: Profile, progress: Progress) -> CityModel:
    """The city model; or outlines, whose buildings have no shape: they are for a measured surface."""
    gsi = [path for path in inputs.models if is_gsi(path)]
    layers = [path for path in inputs.models if path.suffix.lower() in _OUTLINES]
    if not gsi and not layers:
        return read_city_model(inputs.models, target, progress)
    if len(gsi) < len(inputs.models) and len(inputs.models) > 1:
        raise PlanError("surface.two_kinds")
    if not inputs.measured:
        raise PlanError("surface.no_heights", file=", ".join(path.name for path in inputs.models[:3]))
    crs = target or CRS.from_epsg(profile.epsg)
    if gsi:
        frame, findings = read_fgd_buildings(gsi, crs, progress)
    else:
        outlines = aside(lambda: read_outlines(layers[0], crs), progress, 0.0, "read")
        frame, findings = outlines.frame, outlines.findings
    return CityModel.of_outlines(frame, tuple(findings))


def _check_heights(inputs: SurfaceInputs, model: str | None, layers: tuple[tuple[str, str], ...]) -> None:
    """Refuse heights that are measured from different levels; a file that does not say it is taken to be as the others are."""
    said = [(inputs.models[0].name, model)] if model is not None else []
    said += layers
    for name, found in said[1:]:
        if found != said[0][1]:
            raise CrsMismatch("surface.mixed_heights", file=name, found=found, other=said[0][0], expected=said[0][1])


def _with_surface(buildings: gpd.GeoDataFrame, own: NDArray[np.int64], seen: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Those whose cells were measured say so."""
    made = np.zeros((2, len(buildings)), np.int64)
    made[0, : len(own)], made[1, : len(seen)] = own, seen
    measured = made[1] >= np.maximum(1, _MOSTLY * made.sum(axis=0))
    return buildings.assign(surface=np.where(measured, "measured", buildings["surface"].to_numpy()))


def _told(buildings: gpd.GeoDataFrame, share: float) -> list[Finding]:
    """Where the ground comes from, if not from data."""
    if share >= 1.0:
        return []
    lacking = f"{100.0 * (1.0 - share):.1f}"
    if not np.isfinite(buildings["ground_m"].to_numpy()).any():
        return [Finding("surface.ground_unknown", "warning", found=lacking)]
    if share == 0.0:
        return [Finding("surface.ground_between", "warning")]
    return [Finding("surface.ground_in_part", "info", found=lacking)]
