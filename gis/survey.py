"""What the surface says of each building: roof planes, shading, irradiation and usable area.

surface + outlines ──► building ids ──► roof planes ──► skylines, azimuth by azimuth ──► irradiation of each roof cell
                                                                                    └──► usable cells, planes' figures, sunlit shares

:func:`survey` does all of it. :func:`survey_some` does some buildings again and takes the rest from an earlier survey: the roof planes
(:class:`Prepared`) are the same, and of the skylines only the lines through those buildings are walked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.aside import aside
from gis.canopy import Canopy
from gis.errors import SurveyChanged
from gis.findings import Finding
from gis.given_roofs import GivenRoofs
from gis.grid import Grid
from gis.keepouts import keepout_cells
from gis.prepared import Place, Prepared, building_raster, prepared_roofs
from gis.progress import Progress, part, silent
from gis.raster import Surface
from gis.roof_light import RoofCells, RoofLight, light_on
from gis.roofs import RoofPlanes, RoofSettings
from gis.sky import SkyTable
from gis.survey_tables import building_table, plane_details, plane_sunlit, plane_table, with_later_columns
from gis.usable import UsableArea, UsableRules, usable_cells

__all__ = [
    "EarlierSurvey", "PartSurvey", "Prepared", "Survey", "SurveySettings", "Surveyed", "building_raster", "prepare", "survey", "survey_some",
]  # fmt: skip


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


class Surveyed(Protocol):
    """What an earlier survey left, wherever it is kept: a :class:`Survey`, :class:`PartSurvey` or :class:`EarlierSurvey`."""

    @property
    def buildings(self) -> gpd.GeoDataFrame: ...
    @property
    def planes(self) -> gpd.GeoDataFrame: ...
    @property
    def sunlit(self) -> NDArray[np.float32]: ...
    @property
    def azimuths(self) -> NDArray[np.float64]: ...
    @property
    def open_sky_kwh_m2(self) -> float: ...


@dataclass(frozen=True)
class EarlierSurvey:
    """An earlier survey as a project file keeps it.

    Attributes
    ----------
    buildings : ``building_id roof_m2 usable_m2 irradiation_kwh_m2 planes`` of every outline
    planes : of the buildings that were in detail; ``lost_keepout_m2``, ``lost_refuge_m2`` and ``lost_access_m2`` may be missing where nobody had drawn any,
        ``source`` where nobody had given planes
    sunlit : float32 (planes, azimuths, 91), rows as in ``planes``
    """

    buildings: gpd.GeoDataFrame
    planes: gpd.GeoDataFrame
    sunlit: NDArray[np.float32]
    azimuths: NDArray[np.float64]
    open_sky_kwh_m2: float


@dataclass(frozen=True)
class PartSurvey:
    """An earlier survey with some buildings done again; as :class:`Survey`, without the rasters, which stay as they are.

    Attributes
    ----------
    computed : ids of the buildings that were done again
    """

    buildings: gpd.GeoDataFrame
    planes: gpd.GeoDataFrame
    sunlit: NDArray[np.float32]
    azimuths: NDArray[np.float64]
    open_sky_kwh_m2: float
    findings: tuple[Finding, ...]
    computed: frozenset[str]


def prepare(
    surface: Surface,
    outlines: gpd.GeoDataFrame,
    settings: SurveySettings,
    *,
    plane_ids: NDArray[np.int32] | None = None,
    place: Place | None = None,
    canopy: Canopy | None = None,
    given: GivenRoofs | None = None,
    progress: Progress = silent,
) -> Prepared:
    """What every survey of the same surface, outlines and roof settings begins with; keep it for the next one.

    Parameters
    ----------
    plane_ids : int32 (rows, cols), optional
        ``Survey.plane_ids`` of an earlier survey of the same. Saves the segmentation: of each building that is surveyed
        the planes are found again and compared. The caller answers for the others (fingerprints of surface, outlines and settings).
    place : where the surface lies in a larger one; it is all there is unless given
    canopy : vegetation on the same grid
    given : roof planes in these outlines (:func:`gis.given_places.in_outlines`), taken in the place of those found where they fit

    Raises
    ------
    gis.errors.SurveyChanged
        ``plane_ids`` cannot be of this surface and these outlines.
    gis.progress.Cancelled
        from ``progress``
    """
    progress(0.0, "roofs")
    ids = building_raster(outlines, surface.grid, part(progress, 0.0, 0.1))
    return prepared_roofs(
        surface, outlines, settings.roofs, ids, plane_ids, place, canopy, given, part(progress, 0.1, 1.0)
    )


def survey(
    surface: Surface,
    outlines: gpd.GeoDataFrame,
    sky: SkyTable,
    settings: SurveySettings,
    *,
    detail: set[str] | None = None,
    keepouts: gpd.GeoDataFrame | None = None,
    prepared: Prepared | None = None,
    progress: Progress = silent,
) -> Survey:
    """Survey all roofs of a surface.

    Parameters
    ----------
    surface : heights and grid
    outlines : in the surface's CRS, columns as in ``docs/nomenclature.md``
    sky : the year's weather as a table
    detail : ids of the buildings whose planes are kept with their skylines; None = all
    keepouts : ``building_id``, ``geometry``, ``purpose``
        Areas of that building's roof where no modules may stand, in the surface's CRS (rules ``keepout``, ``refuge``, ``access``).
    prepared : of the same surface, outlines and roof settings

    Raises
    ------
    gis.errors.KeepoutInvalid, gis.errors.CrsMismatch
        A keep-out is no area, or lies elsewhere; one that crosses itself is mended.
    gis.progress.Cancelled
        from ``progress``
    """
    progress(0.0, "roofs")
    ready = _ready(surface, outlines, settings, prepared, part(progress, 0.02, 0.2))
    kept = _marked(outlines, detail)
    every = np.ones(len(outlines), dtype=bool)
    done = compute(ready, outlines, sky, settings, every, kept, keepouts, part(progress, 0.2, 0.96))
    buildings, findings = aside(
        lambda: building_table(outlines, done.table, ready.roofs.building, ready.coverage), progress, 0.96, "planes"
    )
    planes, sunlit = aside(lambda: done.details(ready, kept), progress, 0.97, "planes")
    progress(0.99, "planes")
    irradiation = np.full(surface.grid.shape, np.nan, dtype=np.float32)
    irradiation.ravel()[done.cells.index] = done.light.total
    return Survey(
        surface.grid, buildings, planes, sunlit, sky.azimuths, irradiation, ready.roofs.labels, done.open_sky, (*findings, *done.findings)
    )  # fmt: skip


def survey_some(
    surface: Surface,
    outlines: gpd.GeoDataFrame,
    sky: SkyTable,
    settings: SurveySettings,
    before: Surveyed,
    wanted: set[str],
    *,
    detail: set[str] | None = None,
    keepouts: gpd.GeoDataFrame | None = None,
    prepared: Prepared | None = None,
    progress: Progress = silent,
) -> PartSurvey:
    """Survey some buildings and take the others from an earlier survey.

    What is computed is the same, to the last bit, as :func:`survey` with the same ``detail`` and ``keepouts`` gives; what is
    taken over is as it was kept. Surface, outlines, weather, and settings must be those of the earlier survey.

    Parameters
    ----------
    before : the earlier survey
    wanted : ids of the buildings whose keep-outs have changed, or that shall be done again for another reason
        Buildings in ``detail`` that were not so before are done besides; ids that no outline has are passed over.
    detail : ids of the buildings whose planes are kept; those of ``before`` that are not among them are dropped; None = all
    keepouts : all keep-outs, not only those of the wanted buildings
    prepared : of the same surface, outlines and roof settings; without it the roofs are segmented anew

    Raises
    ------
    gis.errors.SurveyChanged
        ``before`` does not go with the surface, the outlines or the weather: survey all.
    gis.errors.KeepoutInvalid, gis.errors.CrsMismatch, gis.progress.Cancelled
        as :func:`survey`
    """
    progress(0.0, "roofs")
    ready = _ready(surface, outlines, settings, prepared, part(progress, 0.02, 0.5), complete=False)
    kept = _marked(outlines, detail)
    count = np.bincount(ready.roofs.building, minlength=len(outlines) + 1)[1:]
    had = before.planes.groupby("building_id").size().reindex(outlines["building_id"]).fillna(0).to_numpy()
    among = _marked(outlines, wanted) | (kept & (had != count))
    ready.complete(among, part(progress, 0.5, 0.52))
    done = compute(ready, outlines, sky, settings, among, kept, keepouts, part(progress, 0.52, 0.96))
    buildings, findings = aside(
        lambda: building_table(outlines, done.table, ready.roofs.building, ready.coverage), progress, 0.96, "planes"
    )
    _check_buildings(buildings, before, sky, done.open_sky)
    earlier = before.buildings.set_index("building_id").reindex(outlines["building_id"])
    for column in ("usable_m2", "irradiation_kwh_m2"):
        buildings[column] = np.where(among, buildings[column], earlier[column].to_numpy(dtype=np.float64))
    planes, sunlit = aside(lambda: done.details(ready, kept & among), progress, 0.97, "planes")
    same = before.planes["building_id"].isin(outlines.loc[kept & ~among, "building_id"]).to_numpy()
    planes, sunlit = _joined(before.planes[same], before.sunlit[same], planes, sunlit, done.table)
    return PartSurvey(
        buildings, planes, sunlit, sky.azimuths, done.open_sky, (*findings, *done.findings),
        frozenset(outlines.loc[among, "building_id"].astype(str)),
    )  # fmt: skip


def _marked(outlines: gpd.GeoDataFrame, ids: set[str] | None) -> NDArray[np.bool_]:
    every = np.ones(len(outlines), dtype=bool)
    return every if ids is None else outlines["building_id"].isin(ids).to_numpy()


def _ready(
    surface: Surface,
    outlines: gpd.GeoDataFrame,
    settings: SurveySettings,
    prepared: Prepared | None,
    progress: Progress,
    *,
    complete: bool = True,
) -> Prepared:
    if prepared is None:
        return prepare(surface, outlines, settings, progress=progress)
    if not prepared.goes_with(surface, outlines, settings.roofs, prepared.canopy, prepared.given):
        raise ValueError("prepared for another surface, other outlines or other settings of the roofs")
    if complete:
        try:
            prepared.complete(np.ones(len(outlines), dtype=bool), progress)
        except SurveyChanged:  # it came from a raster of something else: a survey of all needs nobody's word
            return prepare(surface, outlines, settings, canopy=prepared.canopy, given=prepared.given, progress=progress)
    return prepared


@dataclass(frozen=True)
class Computed:
    """Light and usable area of some buildings; ``table`` has a row for every plane."""

    table: pd.DataFrame
    cells: RoofCells
    light: RoofLight
    usable: UsableArea
    open_sky: float
    findings: list[Finding]

    def sunlit(self, roofs: RoofPlanes, kept: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Which planes belong to buildings that are kept, bool by plane, and those planes' sunlit shares."""
        chosen = kept[roofs.building - 1]
        return chosen, plane_sunlit(chosen, self.usable, self.light, self.cells)

    def details(self, ready: Prepared, kept: NDArray[np.bool_]) -> tuple[gpd.GeoDataFrame, NDArray[np.float32]]:
        """Planes and sunlit shares of the buildings that are kept."""
        return plane_details(
            self.table, ready.roofs, kept, self.usable, self.light, self.cells, ready.surface.grid, ready.boxes
        )


def compute(
    ready: Prepared,
    outlines: gpd.GeoDataFrame,
    sky: SkyTable,
    settings: SurveySettings,
    among: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    keepouts: gpd.GeoDataFrame | None,
    progress: Progress,
) -> Computed:
    """Light and rules for the buildings ``among``."""
    roofs, grid = ready.roofs, ready.surface.grid
    # Before the long work: a keep-out that is no area is refused at once.
    taken, findings = keepout_cells(keepouts, outlines, ready.ids, ready.boxes, roofs.labels, grid)
    progress(0.0, "roofs")
    cells = aside(
        lambda: RoofCells.of(roofs, ready.ids, ready.boxes, among, kept & among),
        part(progress, 0.0, 0.92),
        0.0,
        "roofs",
    )
    light = light_on(
        ready.sweeper, ready.convergence, sky, cells, ready.normals, part(progress, 0.0, 0.92), ready.trees
    )
    progress(0.92, "usable")
    # Zeros cost nothing until they are written; only the cells of these buildings are read.
    irradiation = np.zeros(grid.shape, dtype=np.float32)
    irradiation.ravel()[cells.index] = light.total
    open_sky = float(sky.on_open_plane(np.array([0.0, 0.0, 1.0])))
    here = np.unique(roofs.building).astype(np.int64)
    usable = usable_cells(
        roofs, ready.surface.z, ready.ids, irradiation, open_sky, grid.cell, settings.usable, ready.azimuth,
        keepout=taken, only=here[among[here - 1]], boxes=ready.boxes, progress=part(progress, 0.92, 0.99),
    )  # fmt: skip
    names, flat = outlines["building_id"].to_numpy(), settings.usable.flat_tilt
    table = aside(
        lambda: plane_table(roofs, ready.azimuth, usable, light, cells, names, flat, grid.cell),
        progress,
        0.99,
        "usable",
    )
    return Computed(table, cells, light, usable, open_sky, [*ready.noticed, *findings])


def _check_buildings(buildings: gpd.GeoDataFrame, before: Surveyed, sky: SkyTable, open_sky: float) -> None:
    """The earlier survey must have found the same roofs under the same sky; areas depend on all heights of the roofs."""
    earlier = before.buildings.set_index("building_id").reindex(buildings["building_id"])
    roof_m2 = earlier["roof_m2"].to_numpy(dtype=np.float64)
    checks: dict[str, Callable[[], bool]] = {
        "buildings": lambda: len(before.buildings) == len(buildings) and bool(np.isfinite(roof_m2).all()),
        "planes": lambda: bool((earlier["planes"].to_numpy() == buildings["planes"].to_numpy()).all()),
        "roof_m2": lambda: np.allclose(roof_m2, buildings["roof_m2"].to_numpy(), rtol=1e-9, atol=1e-9),
        "azimuths": lambda: np.array_equal(before.azimuths, sky.azimuths),
        "open_sky_kwh_m2": lambda: bool(np.isclose(before.open_sky_kwh_m2, open_sky, rtol=1e-9)),
    }
    for what, holds in checks.items():
        if not holds():
            raise SurveyChanged("survey.changed", found=what)


def _joined(
    old: gpd.GeoDataFrame,
    old_sunlit: NDArray[np.float32],
    fresh: gpd.GeoDataFrame,
    fresh_sunlit: NDArray[np.float32],
    table: pd.DataFrame,
) -> tuple[gpd.GeoDataFrame, NDArray[np.float32]]:
    """Rows that were kept and rows that are new, by plane."""
    number = old["plane_id"].to_numpy(dtype=np.int64)
    known = number.size == 0 or (number.min() >= 1 and number.max() <= len(table))
    if not known or not _same_planes(old, table.iloc[number - 1]):
        raise SurveyChanged("survey.changed", found="planes")
    if len(old) == 0:
        return fresh, fresh_sunlit
    if "cell_rules" not in old:
        # An older survey, which did not keep them.
        raise SurveyChanged("survey.changed", found="planes")
    rows = with_later_columns(old.reset_index(drop=True))
    types = {name: kind for name, kind in fresh.dtypes.items() if name != "geometry"}
    rows = gpd.GeoDataFrame(rows[list(fresh.columns)].astype(types), geometry="geometry", crs=fresh.crs)
    sunlit = np.concatenate([np.asarray(old_sunlit, dtype=np.float32), fresh_sunlit])
    both = (
        rows.copy() if len(fresh) == 0 else gpd.GeoDataFrame(pd.concat([rows, fresh], ignore_index=True), crs=fresh.crs)
    )
    # Two frames put together may have made another kind of text of them.
    both[["source", "cell_rules"]] = both[["source", "cell_rules"]].astype(object)
    order = np.argsort(both["plane_id"].to_numpy(), kind="stable")
    return both.iloc[order].reset_index(drop=True), sunlit[order]


def _same_planes(old: pd.DataFrame, now: pd.DataFrame) -> bool:
    return bool(
        (old["building_id"].to_numpy() == now["building_id"].to_numpy()).all()
        and (old["cells"].to_numpy() == now["cells"].to_numpy()).all()
        and np.allclose(old["height_m"].to_numpy(dtype=np.float64), now["height_m"].to_numpy(), rtol=0.0, atol=1e-6)
    )
