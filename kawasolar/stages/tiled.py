"""The survey of a surface that is too large to be held: tile by tile, its derived rasters put together on the disk."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.aside import aside
from gis.canopy import said_once
from gis.errors import SurveyChanged
from gis.far import far_field
from gis.mosaic import Mosaic
from gis.progress import Progress, part
from gis.survey import PartSurvey
from gis.survey_tables import coverage_findings, with_later_columns
from gis.tiles import Assembled, TiledWork, Tiling, assemble, survey_tiles, tiles_of, without_rasters
from kawasolar.stages.unfinished import Unfinished

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.far import FarField
    from gis.findings import Finding
    from gis.given_roofs import GivenRoofs
    from gis.raster import SurfaceSource
    from gis.sky import SkyTable
    from gis.survey import SurveySettings
    from gis.tiles import Reader, Tile, TileResult
    from kawasolar.stages.work import Surveyed

# Share of the time that the block maxima take: every cell is read once.
_FAR_SHARE = 0.06


@dataclass(frozen=True)
class TiledSurvey:
    """As :class:`gis.survey.Survey`; the rasters lie in a scratch folder that goes with this object."""

    buildings: gpd.GeoDataFrame
    planes: gpd.GeoDataFrame
    sunlit: NDArray[np.float32]
    azimuths: NDArray[np.float64]
    open_sky_kwh_m2: float
    findings: tuple[Finding, ...]
    mosaic: Mosaic
    scratch: tempfile.TemporaryDirectory[str]


@dataclass(frozen=True)
class TiledInputs:
    """What the survey takes; ``keepouts`` as for :func:`gis.survey.survey`, ``given`` as for :func:`gis.survey.prepare`, ``read_canopy`` as for :func:`gis.tiles.survey_tile`."""

    outlines: gpd.GeoDataFrame
    sky: SkyTable
    settings: SurveySettings
    detail: set[str]
    keepouts: gpd.GeoDataFrame | None
    tiling: Tiling = field(default_factory=Tiling)
    read_canopy: Reader | None = None
    transmissivity: NDArray[np.float64] | None = None
    given: GivenRoofs | None = None


def survey_large(
    source: SurfaceSource, inputs: TiledInputs, beside: Path, progress: Progress, key: str = ""
) -> tuple[TiledSurvey, tuple[Finding, ...]]:
    """Survey all roofs; besides, what was noticed in the surface while all of it was read.

    Parameters
    ----------
    beside : a folder on the disk that has room for eleven bytes a cell, if it exists
    key : name of all that the survey is made from; the tiles of one of that name that was stopped are taken over. Empty = none
    """
    grid = source.grid
    far = _far(source, inputs.tiling, part(progress, 0.0, _FAR_SHARE))
    noticed = source.seen()
    work = _work(source, inputs, cuts=True)
    scratch = tempfile.TemporaryDirectory(
        prefix=".kawasolar-", dir=beside if beside.is_dir() else None, ignore_cleanup_errors=True
    )
    mosaic = Mosaic(Path(scratch.name), grid)
    results = []
    tiles = aside(lambda: tiles_of(grid, inputs.outlines, inputs.tiling), progress, _FAR_SHARE, "read")
    total, done = sum(tile.cells for tile in tiles), 0
    within = part(progress, _FAR_SHARE, 1.0)
    kept = Unfinished(beside, key) if key and beside.is_dir() and len(tiles) > 1 else None

    def known(tile: Tile) -> TileResult | None:
        result = None if kept is None else kept.load(tile)
        if result is not None and inputs.read_canopy is not None:
            # What is said of the vegetation is said of all that was read.
            inputs.read_canopy(tile.top, tile.bottom, tile.left, tile.right)
        return result

    found_in = survey_tiles(source.read, tiles, work, far, within, read_canopy=inputs.read_canopy, known=known)
    for tile, result in zip(tiles, found_in, strict=True):
        if kept is not None:
            aside(partial(kept.save, tile, result), within, done / total, "write")
        aside(partial(mosaic.add, result), within, done / total, "write", abandoned=scratch.cleanup)
        done += tile.cells
        results.append(without_rasters(result))
    found = aside(lambda: assemble(inputs.outlines, results), progress, 1.0, "planes")
    if kept is not None:
        aside(kept.discard, progress, 1.0, "planes")
    mosaic.number(found.numbers)
    planes = _detailed(found)
    return TiledSurvey(
        found.buildings, planes, found.sunlit, inputs.sky.azimuths, found.open_sky_kwh_m2, found.findings, mosaic, scratch
    ), noticed  # fmt: skip


def survey_large_some(
    source: SurfaceSource, inputs: TiledInputs, before: Surveyed, changed: set[str], progress: Progress
) -> tuple[PartSurvey, tuple[Finding, ...]]:
    """Survey the tiles of some buildings again and take the others from an earlier survey.

    Raises
    ------
    gis.errors.SurveyChanged
        The earlier survey does not go with the files: survey all.
    """
    outlines = inputs.outlines
    ids = outlines["building_id"]
    earlier = before.buildings.set_index("building_id").reindex(ids)
    if len(before.buildings) != len(outlines) or earlier["planes"].isna().any():
        raise SurveyChanged("survey.changed", found="buildings")
    counts = earlier["planes"].to_numpy(dtype=np.int64)
    had = before.planes.groupby("building_id").size().reindex(ids).fillna(0).to_numpy()
    asked = ids.isin(changed).to_numpy() | (ids.isin(inputs.detail).to_numpy() & (had != counts))
    tiles = [tile for tile in tiles_of(source.grid, outlines, inputs.tiling) if asked[tile.own].any()]
    far = _far(source, inputs.tiling, part(progress, 0.0, 0.2))
    noticed = source.seen()
    work = _work(source, inputs, cuts=False)
    within = part(progress, 0.2, 1.0)
    results = list(survey_tiles(source.read, tiles, work, far, within, read_canopy=inputs.read_canopy))
    found = assemble(outlines, results)
    again = np.concatenate([tile.own for tile in tiles]) if tiles else np.zeros(0, np.int64)
    fresh = found.buildings.iloc[again]
    if not (fresh["planes"].to_numpy() == counts[again]).all():
        raise SurveyChanged("survey.changed", found="planes")
    buildings = before.buildings.set_index("building_id").reindex(ids).reset_index()
    buildings = gpd.GeoDataFrame(
        buildings[list(before.buildings.columns)], geometry="geometry", crs=before.buildings.crs
    )
    columns = [name for name in ("roof_m2", "usable_m2", "irradiation_kwh_m2", "status") if name in buildings]
    for column in columns:
        values = buildings[column].to_numpy().copy()
        values[again] = fresh[column].to_numpy()
        buildings[column] = values
    planes, sunlit = _merged(before, found, counts, ids, set(ids.iloc[again]), inputs.detail)
    # Which outlines overlap, and what became of given planes, is known of the tiles that were done again only; the rest is in the outlines' status.
    said = coverage_findings(buildings, np.zeros(len(buildings), dtype=bool))
    findings = (*said, *said_once(finding for result in results for finding in result.findings))
    return PartSurvey(
        buildings, planes, sunlit, inputs.sky.azimuths, before.open_sky_kwh_m2, findings, frozenset(ids.iloc[again])
    ), noticed  # fmt: skip


def _far(source: SurfaceSource, tiling: Tiling, progress: Progress) -> FarField:
    grid = source.grid
    return far_field(source.rows, grid.shape, grid.cell, tiling.near(grid.cell), progress=progress)


def _work(source: SurfaceSource, inputs: TiledInputs, *, cuts: bool) -> TiledWork:
    return TiledWork(
        source.grid, inputs.outlines, inputs.sky, inputs.settings, inputs.tiling, frozenset(inputs.detail), inputs.keepouts, geometry=False, cuts=cuts,
        cells=True, transmissivity=inputs.transmissivity, given=inputs.given,
    )  # fmt: skip


def _detailed(found: Assembled) -> gpd.GeoDataFrame:
    return found.planes[found.detailed].reset_index(drop=True)


def _merged(
    before: Surveyed, found: Assembled, counts: NDArray[np.int64], ids: pd.Series, again: set[str], detail: set[str]
) -> tuple[gpd.GeoDataFrame, NDArray[np.float32]]:
    """Planes of the tiles that were done again in the place of the earlier ones, numbered as in the whole."""
    fresh = _detailed(found)
    first = pd.Series(np.cumsum(counts) - counts, index=ids)
    part_of = fresh.groupby("building_id").cumcount().to_numpy()
    fresh["plane_id"] = first.loc[fresh["building_id"]].to_numpy() + part_of + 1
    owner = before.planes["building_id"]
    kept = (owner.isin(detail) & ~owner.isin(again)).to_numpy()
    old = with_later_columns(before.planes[kept].reset_index(drop=True))
    if set(fresh.columns) - set(old.columns) and len(old):
        # An older survey, which did not keep all of it.
        raise SurveyChanged("survey.changed", found="planes")
    both = fresh if len(old) == 0 else pd.concat([old[list(fresh.columns)], fresh], ignore_index=True)
    order = np.argsort(both["plane_id"].to_numpy(), kind="stable")
    sunlit = np.concatenate([np.asarray(before.sunlit, dtype=np.float32)[kept], found.sunlit])
    frame = gpd.GeoDataFrame(both.iloc[order].reset_index(drop=True), geometry="geometry", crs=fresh.crs)
    return frame, sunlit[order]
