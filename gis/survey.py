"""What the surface says of each building: roof planes, shading, irradiation and usable area.

surface + outlines ──► building ids ──► roof planes ──► skylines, azimuth by azimuth ──► irradiation of each roof cell
                                                                                    └──► usable cells, planes' figures, sunlit shares
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numba import njit, prange
from numpy.typing import NDArray
from rasterio.features import rasterize

from gis.crs import meridian_convergence
from gis.findings import Finding
from gis.grid import Grid
from gis.horizon import Facets, Sweeper, each_azimuth
from gis.irradiation import add_sector, ground_reflected, sunlit_fractions
from gis.progress import Progress, part, silent
from gis.raster import Surface
from gis.roofs import RoofPlanes, RoofSettings, plane_polygons, segment_roofs
from gis.sky import SkyTable
from gis.usable import RULES, UsableArea, UsableRules, usable_cells

# A building with less of its outline on the DSM than this has no roof to speak of; with less than the second, only a part of one.
_NOTHING_SEEN, _ALL_SEEN = 0.05, 0.90
# An outline of which other outlines take more than half is said; below a hundred cells the raster is too coarse to tell.
_MOSTLY_COVERED, _FEW_CELLS = 0.5, 100
# If more than half of at least five buildings show no roof, the surface is likely a model of the bare ground.
_MOSTLY_FLAT, _ENOUGH = 0.5, 5


@dataclass(frozen=True)
class SurveySettings:
    """How to survey; the values come from the profile."""

    roofs: RoofSettings
    usable: UsableRules


@dataclass(frozen=True)
class Survey:
    """The result; frames as in ``docs/nomenclature.md``.

    Attributes
    ----------
    buildings : every outline with its roof's figures and ``status`` (``ok partly_outside outside_dsm no_plane``)
    planes : roof planes of the buildings that were asked for in detail
    sunlit : float32 (planes, azimuths, 91)
    irradiation : float32 (rows, cols), kWh/m² a on the cell's plane, NaN off the roofs
    plane_ids : int32 (rows, cols), 0 off the roofs
    open_sky_kwh_m2 : an open horizontal plane, for comparison
    """

    grid: Grid
    buildings: gpd.GeoDataFrame
    planes: gpd.GeoDataFrame
    sunlit: NDArray[np.float32]
    azimuths: NDArray[np.float64]
    irradiation: NDArray[np.float32]
    plane_ids: NDArray[np.int32]
    open_sky_kwh_m2: float
    findings: tuple[Finding, ...]


def survey(
    surface: Surface,
    outlines: gpd.GeoDataFrame,
    sky: SkyTable,
    settings: SurveySettings,
    *,
    detail: set[str] | None = None,
    progress: Progress = silent,
) -> Survey:
    """Survey all roofs of a surface.

    Parameters
    ----------
    surface : heights and grid
    outlines : in the surface's CRS, columns as in ``docs/nomenclature.md``
    sky : the year's weather as a table
    detail : ids of the buildings whose planes are kept with their skylines; None = all

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    grid, z = surface.grid, surface.z
    progress(0.0, "roofs")
    ids = building_raster(outlines, grid)
    roofs = segment_roofs(z, ids, grid.cell, settings.roofs, part(progress, 0.02, 0.2))
    turn = meridian_convergence(grid.crs, (grid.west + grid.east) / 2, (grid.south + grid.north) / 2)
    normals = _to_true_north(roofs.normals(), turn)
    azimuth = (roofs.azimuth_grid() + turn) % 360.0
    wanted = (
        outlines["building_id"].isin(detail).to_numpy() if detail is not None else np.ones(len(outlines), dtype=bool)
    )
    cells = _RoofCells.of(roofs, wanted)
    light = _shade(_sweeper(z, roofs, grid.cell), turn, sky, cells, normals, part(progress, 0.2, 0.9))
    irradiation = np.full(grid.shape, np.nan, dtype=np.float32)
    irradiation.ravel()[cells.index] = light.total
    progress(0.9, "usable")
    open_sky = float(sky.on_open_plane(np.array([0.0, 0.0, 1.0])))
    usable = usable_cells(roofs, z, ids, irradiation, open_sky, grid.cell, settings.usable, azimuth)
    progress(0.96, "planes")
    table = _plane_table(roofs, azimuth, usable, light, cells, settings.usable.flat_tilt, grid.cell)
    table["building_id"] = outlines["building_id"].to_numpy()[roofs.building - 1] if len(table) else []
    buildings, findings = _building_table(outlines, table, ids, z, grid)
    planes, sunlit = _details(table, roofs, wanted, usable, light, cells, grid)
    return Survey(
        grid, buildings, planes, sunlit, sky.azimuths, irradiation, roofs.labels, open_sky, tuple(findings)
    )  # fmt: skip


def building_raster(outlines: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.int32]:
    """Number of the outline (1 … n, its row + 1) that holds each cell's centre; 0 = none. Of outlines that overlap the smaller one has the cell."""
    shapes = outlines.geometry.to_numpy()
    order = np.argsort(-shapely.area(shapes), kind="stable")
    pairs = zip(shapes[order], (order + 1).tolist(), strict=True)
    return np.asarray(rasterize(pairs, grid.shape, transform=grid.transform, dtype="int32"), dtype=np.int32)


def _to_true_north(normals: NDArray[np.float64], convergence: float) -> NDArray[np.float64]:
    """Turn vectors given in grid east and north by the meridian convergence."""
    turn = np.radians(convergence)
    out = normals.copy()
    out[:, 0] = normals[:, 0] * np.cos(turn) + normals[:, 1] * np.sin(turn)
    out[:, 1] = normals[:, 1] * np.cos(turn) - normals[:, 0] * np.sin(turn)
    return np.ascontiguousarray(out)


@dataclass(frozen=True)
class _RoofCells:
    """The cells of all planes as flat lists."""

    index: NDArray[np.int64]  # into the raveled raster
    plane: NDArray[np.int32]  # 0 … planes−1
    keep: NDArray[np.int64]  # row in the kept skylines, −1 = not kept

    @classmethod
    def of(cls, roofs: RoofPlanes, wanted: NDArray[np.bool_]) -> _RoofCells:
        index = np.flatnonzero(roofs.labels)
        plane = (roofs.labels.ravel()[index] - 1).astype(np.int32)
        kept = wanted[roofs.building[plane] - 1] if len(plane) else np.zeros(0, dtype=bool)
        return cls(index, plane, np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int64))


@dataclass(frozen=True)
class _Light:
    """What falls on each roof cell."""

    total: NDArray[np.float64]  # kWh/m² a
    sky_view: NDArray[np.float64]  # 0…1 of the plane's own sky
    skyline: NDArray[np.uint16]  # kept cells × azimuths, 1/700°


def _sweeper(z: NDArray[np.float32], roofs: RoofPlanes, cell: float) -> Sweeper:
    """The surface to sweep: roof planes as planes.

    Five centimetres of noise on half-metre cells are a skyline of 6° all round each cell; the planes' own heights have none.
    """
    level = z.copy()
    _level_planes(
        level,
        roofs.labels,
        roofs.height,
        roofs.row,
        roofs.col,
        roofs.gradient_east * cell,
        -roofs.gradient_north * cell,
    )
    return Sweeper(level, cell, Facets(roofs.labels, roofs.gradient_east, roofs.gradient_north))


@njit(nogil=True, cache=True, parallel=True)
def _level_planes(
    z: NDArray[np.float32],
    labels: NDArray[np.int32],
    height: NDArray[np.float64],
    row: NDArray[np.float64],
    col: NDArray[np.float64],
    per_col: NDArray[np.float64],
    per_row: NDArray[np.float64],
) -> None:
    """Put each cell of a plane on its plane."""
    for i in prange(z.shape[0]):
        for j in range(z.shape[1]):
            if labels[i, j] > 0:
                p = labels[i, j] - 1
                z[i, j] = np.float32(height[p] + per_row[p] * (i - row[p]) + per_col[p] * (j - col[p]))


def _shade(
    sweeper: Sweeper,
    convergence: float,
    sky: SkyTable,
    cells: _RoofCells,
    normals: NDArray[np.float64],
    progress: Progress,
) -> _Light:
    count = len(cells.index)
    total, open_part = np.zeros(count), np.zeros(count)
    skyline = np.zeros((int(np.count_nonzero(cells.keep >= 0)), len(sky.azimuths)), dtype=np.uint16)
    rows, cols = sweeper.shape
    row, col = np.divmod(cells.index, cols)
    index_transposed = col * rows + row
    for k, slopes, transposed in each_azimuth(sweeper, sky.azimuths, convergence, progress):
        index = index_transposed if transposed else cells.index
        add_sector(
            total, open_part, skyline, cells.keep, slopes.ravel(), index, cells.plane, normals, sky.year, sky.sky, k, float(sky.azimuths[k])
        )  # fmt: skip
    up = normals[cells.plane, 2] if count else np.zeros(0)
    total += ground_reflected(sky, up)
    return _Light(total, open_part / ((1.0 + up) / 2.0), skyline)


def _mean_by_plane(
    values: NDArray[np.float64], plane: NDArray[np.int32], planes: int, weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    count = np.bincount(plane, weights=weight, minlength=planes)
    total = np.bincount(plane, weights=values * weight, minlength=planes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def _plane_table(
    roofs: RoofPlanes,
    azimuth: NDArray[np.float64],
    usable: UsableArea,
    light: _Light,
    cells: _RoofCells,
    flat_tilt: float,
    cell: float,
) -> pd.DataFrame:
    planes = len(roofs.building)
    tilt = roofs.tilt()
    footprint = roofs.cells * cell**2
    is_usable = (usable.mask.ravel()[cells.index] == 1).astype(np.float64)
    table = pd.DataFrame(
        {
            "plane_id": np.arange(1, planes + 1),
            "building_id": "",
            "tilt": tilt,
            "azimuth": azimuth,
            "flat": tilt < flat_tilt,
            "height_m": roofs.height,
            "cells": roofs.cells,
            "residual_m": roofs.residual,
            "footprint_m2": footprint,
            "area_m2": footprint / np.cos(np.radians(tilt)),
            "irradiation_kwh_m2": _mean_by_plane(light.total, cells.plane, planes, np.ones(len(cells.plane))),
            "sky_view": _mean_by_plane(light.sky_view, cells.plane, planes, np.ones(len(cells.plane))),
            "usable_m2": usable.usable_m2,
            "usable_irradiation_kwh_m2": _mean_by_plane(light.total, cells.plane, planes, is_usable),
        }
    )
    for rule in RULES:
        table[f"lost_{rule}_m2"] = usable.lost_m2[rule]
    return table


def _building_table(
    outlines: gpd.GeoDataFrame, planes: pd.DataFrame, ids: NDArray[np.int32], z: NDArray[np.float32], grid: Grid
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Figures by building, and what the DSM does not show."""
    weighted = planes.assign(light=planes["irradiation_kwh_m2"] * planes["area_m2"])
    sums = weighted.groupby("building_id")[["area_m2", "usable_m2", "light"]].sum()
    sums["planes"] = planes.groupby("building_id").size()
    sums = sums.reindex(outlines["building_id"])
    frame = outlines.copy()
    frame["roof_m2"] = sums["area_m2"].fillna(0.0).to_numpy()
    frame["usable_m2"] = sums["usable_m2"].fillna(0.0).to_numpy()
    frame["irradiation_kwh_m2"] = (sums["light"] / sums["area_m2"]).to_numpy()
    frame["planes"] = sums["planes"].fillna(0).astype(int).to_numpy()
    inside = ids > 0
    seen = np.bincount(ids[inside], weights=np.isfinite(z[inside]), minlength=len(outlines) + 1)[1:] * grid.cell**2
    # What another outline covers is not missing from the DSM: count it by the outlines' own cells, and what lies beyond the raster by area.
    drawn = np.bincount(ids[inside], minlength=len(outlines) + 1)[1:] * grid.cell**2
    box = shapely.box(*grid.bounds)
    area = outlines.area.to_numpy()
    within = shapely.area(shapely.intersection(outlines.geometry.to_numpy(), box)) / area
    share = np.where(drawn > 0, seen / np.maximum(drawn, grid.cell**2), 1.0) * within
    covered = drawn < _MOSTLY_COVERED * area * within
    frame["status"] = np.select(
        [share < _NOTHING_SEEN, share < _ALL_SEEN, frame["planes"].to_numpy() == 0],
        ["outside_dsm", "partly_outside", "no_plane"],
        "ok",
    )
    return frame, _coverage_findings(frame, covered & (within > _ALL_SEEN) & (area > _FEW_CELLS * grid.cell**2))


def _coverage_findings(buildings: gpd.GeoDataFrame, covered: NDArray[np.bool_]) -> list[Finding]:
    """What the user should know of the outlines as a whole, one sentence for each kind."""
    found = []
    total = len(buildings)
    if covered.any():
        ids = buildings.loc[covered, "building_id"].astype(str).head(5)
        details: dict[str, object] = {"count": int(covered.sum()), "of": total}
        found.append(Finding("survey.overlapped", "warning", "", found=", ".join(ids), details=details))
    seen = buildings[buildings["status"].isin(("ok", "no_plane"))]
    if len(seen) >= _ENOUGH and (seen["status"] == "no_plane").mean() > _MOSTLY_FLAT:
        found.append(
            Finding("survey.no_roofs", "warning", "", details={"count": int((seen["status"] == "no_plane").sum()), "of": len(seen)})
        )  # fmt: skip
    for status in ("outside_dsm", "partly_outside", "no_plane"):
        affected = buildings.loc[buildings["status"] == status, "building_id"]
        if len(affected):
            found.append(
                Finding(
                    f"survey.{status}", "info" if status == "no_plane" else "warning", "",
                    found=", ".join(affected.astype(str).head(5)), details={"count": len(affected), "of": len(buildings)},
                )
            )  # fmt: skip
    return found


def _details(
    table: pd.DataFrame,
    roofs: RoofPlanes,
    wanted: NDArray[np.bool_],
    usable: UsableArea,
    light: _Light,
    cells: _RoofCells,
    grid: Grid,
) -> tuple[gpd.GeoDataFrame, NDArray[np.float32]]:
    """Planes of the wanted buildings with their outlines, and the share of their cells that sees each height."""
    chosen = np.flatnonzero(wanted[roofs.building - 1]) if len(table) else np.zeros(0, dtype=np.intp)
    row_of = np.full(len(table), -1, dtype=np.int64)
    row_of[chosen] = np.arange(len(chosen))
    kept = cells.keep >= 0
    plane = row_of[cells.plane[kept]]
    good = (usable.mask.ravel()[cells.index[kept]] == 1).astype(np.float64)
    # A plane with no usable cell still has a skyline to show: that of all its cells.
    any_good = np.bincount(plane, weights=good, minlength=len(chosen)) > 0
    weight = np.where(any_good[plane], good, 1.0) if len(plane) else good
    sunlit = sunlit_fractions(light.skyline, plane, len(chosen), weight)
    shapes = plane_polygons(roofs.labels, grid, chosen + 1)
    frame = table.iloc[chosen].reset_index(drop=True)
    geometry = shapes.set_index("plane").geometry.reindex(frame["plane_id"]).to_numpy()
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=grid.crs), sunlit
