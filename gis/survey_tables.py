"""The survey's figures as frames: planes, buildings, and what the surface does not show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.findings import Finding, Severity
from gis.irradiation import sunlit_fractions
from gis.keepouts import PURPOSES
from gis.plane_cells import cells_of_planes
from gis.roofs import SOURCES
from gis.roofs_given import GivenTally
from gis.roofs_polygons import plane_polygons
from gis.usable import RULES, USABLE

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from gis.grid import Grid
    from gis.roof_light import RoofCells, RoofLight
    from gis.roofs import RoofPlanes
    from gis.usable import UsableArea

# A building with less of its outline on the DSM than this has no roof to speak of; with less than the second, only a part of one.
_NOTHING_SEEN, _ALL_SEEN = 0.05, 0.90
# An outline of which other outlines take more than half is said; below a hundred cells the raster is too coarse to tell.
_MOSTLY_COVERED, _FEW_CELLS = 0.5, 100
# Monthly means over a plane's cells, January first [kWh/m²].
MONTH_COLUMNS = tuple(f"irradiation_m{month:02d}" for month in range(1, 13))
# Rules by which nothing was taken before somebody could draw it.
_DRAWN = tuple(RULES[code - 2] for code in PURPOSES.values())
# If more than half of at least five buildings show no roof, the surface is likely a model of the bare ground.
_MOSTLY_FLAT, _ENOUGH = 0.5, 5


@dataclass(frozen=True)
class Coverage:
    """What of each outline the surface shows; arrays by outline.

    Attributes
    ----------
    share : share of its area with heights, 0…1
    overlapped : bool, other outlines take more than half of it
    given : what became of the planes that were given of it
    """

    share: NDArray[np.float64]
    overlapped: NDArray[np.bool_]
    given: GivenTally

    @classmethod
    def of(
        cls,
        outlines: gpd.GeoDataFrame,
        ids: NDArray[np.int32],
        boxes: NDArray[np.int64],
        z: NDArray[np.float32],
        grid: Grid,
        given: GivenTally | None = None,
    ) -> Coverage:
        """From the buildings' raster and their boxes (:func:`gis.roofs.building_boxes`)."""
        # What another outline covers is not missing from the DSM: count it by the outlines' own cells, and what lies beyond the raster by area.
        cells = boxes[1:, 4]
        drawn = cells * grid.cell**2
        holes = np.bincount(ids[~np.isfinite(z)], minlength=len(outlines) + 1)[1:]
        seen = (cells - holes) * grid.cell**2
        area = outlines.area.to_numpy()
        within = np.ones(len(outlines))
        west, south, east, north = outlines.bounds.to_numpy().T
        over = (west < grid.west) | (south < grid.south) | (east > grid.east) | (north > grid.north)
        cut = shapely.intersection(outlines.geometry.to_numpy()[over], shapely.box(*grid.bounds))
        within[over] = shapely.area(cut) / area[over]
        share = np.where(drawn > 0, seen / np.maximum(drawn, grid.cell**2), 1.0) * within
        covered = drawn < _MOSTLY_COVERED * area * within
        overlapped = covered & (within > _ALL_SEEN) & (area > _FEW_CELLS * grid.cell**2)
        return cls(share, overlapped, GivenTally.none(len(outlines)) if given is None else given)


def _mean_by_plane(
    values: NDArray[np.float64], plane: NDArray[np.int32], planes: int, weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    count = np.bincount(plane, weights=weight, minlength=planes)
    total = np.bincount(plane, weights=values * weight, minlength=planes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def plane_table(
    roofs: RoofPlanes,
    azimuth: NDArray[np.float64],
    usable: UsableArea,
    light: RoofLight,
    cells: RoofCells,
    ids: NDArray[np.object_],
    flat_tilt: float,
    cell: float,
) -> pd.DataFrame:
    """All planes; what the light says of them is NaN, and what the rules say 0, for those without ``cells``."""
    planes = len(roofs.building)
    tilt = roofs.tilt()
    footprint = roofs.cells * cell**2
    is_usable = (usable.mask.ravel()[cells.index] == USABLE).astype(np.float64)
    table = pd.DataFrame(
        {
            "plane_id": np.arange(1, planes + 1),
            "building_id": ids[roofs.building - 1] if planes else [],
            "tilt": tilt,
            "azimuth": azimuth,
            "flat": tilt < flat_tilt,
            "height_m": roofs.height,
            "cells": roofs.cells,
            "residual_m": roofs.residual,
            "source": pd.Series(np.array(SOURCES, dtype=object)[roofs.source], dtype=object),
            "footprint_m2": footprint,
            "area_m2": footprint / np.cos(np.radians(tilt)),
            "irradiation_kwh_m2": _mean_by_plane(light.total, cells.plane, planes, np.ones(len(cells.plane))),
            **{month: light.months[:, k] for k, month in enumerate(MONTH_COLUMNS)},
            "sky_view": light.sky_view,
            "usable_m2": usable.usable_m2,
            "usable_irradiation_kwh_m2": _mean_by_plane(light.total, cells.plane, planes, is_usable),
        }
    )
    for rule in RULES:
        table[f"lost_{rule}_m2"] = usable.lost_m2[rule]
    return table


def with_later_columns(planes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Planes of an earlier survey with the columns that surveys got since, where they say that there was nothing of the kind."""
    later = {**{f"lost_{rule}_m2": 0.0 for rule in _DRAWN}, "source": SOURCES[0]}
    return planes.assign(**{name: value for name, value in later.items() if name not in planes})


def building_table(
    outlines: gpd.GeoDataFrame, planes: pd.DataFrame, building: NDArray[np.int32], coverage: Coverage
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Figures by building, and what the DSM does not show; ``building`` is the outline's row + 1 of each plane."""

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        # Not groupby: its sums depend in the last digit on NaN among other groups.
        return np.bincount(building, weights=values, minlength=len(outlines) + 1)[1:].astype(np.float64)

    area = planes["area_m2"].to_numpy(dtype=np.float64)
    frame = outlines.copy()
    frame["roof_m2"] = total(area)
    frame["usable_m2"] = total(planes["usable_m2"].to_numpy(dtype=np.float64))
    with np.errstate(invalid="ignore"):
        light = planes["irradiation_kwh_m2"].to_numpy(dtype=np.float64)
        frame["irradiation_kwh_m2"] = total(light * area) / total(area)
    frame["planes"] = np.bincount(building, minlength=len(outlines) + 1)[1:]
    frame["status"] = np.select(
        [coverage.share < _NOTHING_SEEN, coverage.share < _ALL_SEEN, frame["planes"].to_numpy() == 0],
        ["outside_dsm", "partly_outside", "no_plane"],
        "ok",
    )
    return frame, [*coverage_findings(frame, coverage.overlapped), *given_findings(frame, coverage.given)]


def coverage_findings(buildings: gpd.GeoDataFrame, covered: NDArray[np.bool_]) -> list[Finding]:
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


def box_findings(buildings: gpd.GeoDataFrame, some: Collection[str]) -> list[Finding]:
    """Of some buildings those whose roof is a box of a city model: its slope and what stands on it are not known, or not even its height."""
    if "surface" not in buildings:
        return []
    mine = buildings[buildings["building_id"].isin(some)]
    found = []
    for kind, severity in (("lod1", "info"), ("assumed", "warning"), ("none", "warning")):
        ids = mine.loc[mine["surface"] == kind, "building_id"].astype(str)
        if len(ids):
            details: dict[str, object] = {"count": len(ids), "of": len(mine)}
            named = ", ".join(ids.head(5))
            found.append(
                Finding(f"survey.surface_{kind}", cast("Severity", severity), "", found=named, details=details)
            )
    return found


def given_findings(buildings: gpd.GeoDataFrame, given: GivenTally) -> list[Finding]:
    """What became of the planes that were given, one sentence for each kind."""
    taken, refused = given.taken > 0, (given.taken == 0) & (given.left > 0)
    partly, moved = taken & (given.left > 0), given.shift_m != 0.0
    kinds: tuple[tuple[str, Severity, NDArray[np.bool_], dict[str, object]], ...] = (
        ("taken", "info", taken, {"planes": int(given.taken.sum())}),
        ("refused", "warning", refused, {"planes": int(given.left[refused].sum())}),
        ("partly", "info", partly, {"planes": int(given.left[partly].sum())}),
        ("moved", "info", moved, {"most": float(np.abs(given.shift_m).max(initial=0.0)), "median": float(np.median(given.shift_m[moved])) if moved.any() else 0.0}),
    )  # fmt: skip
    return [
        Finding(
            f"survey.given_{kind}", severity, found=", ".join(buildings.loc[which, "building_id"].astype(str).head(5)),
            details={"count": int(which.sum()), **details},
        )
        for kind, severity, which, details in kinds
        if which.any()
    ]  # fmt: skip


def plane_details(
    table: pd.DataFrame,
    roofs: RoofPlanes,
    wanted: NDArray[np.bool_],
    usable: UsableArea,
    light: RoofLight,
    cells: RoofCells,
    grid: Grid,
    boxes: NDArray[np.int64],
) -> tuple[gpd.GeoDataFrame, NDArray[np.float32]]:
    """Planes of the wanted buildings with their outlines and cells, and the share of their cells that sees each height."""
    mask = wanted[roofs.building - 1] if len(table) else np.zeros(0, dtype=bool)
    sunlit = plane_sunlit(mask, usable, light, cells)
    chosen = np.flatnonzero(mask)
    # By building: the outlines of one must not depend on whether its neighbour is wanted too.
    shapes = plane_polygons(
        roofs.labels, grid, chosen + 1, group=roofs.building, window=_window(boxes[np.unique(roofs.building[chosen])])
    )
    frame = table.iloc[chosen].reset_index(drop=True)
    # As objects: pandas would make another kind of text of it where none is missing.
    frame["cell_rules"] = pd.Series(cells_of_planes(mask, cells, usable.mask, grid)[chosen], dtype=object)
    geometry = shapes.set_index("plane").geometry.reindex(frame["plane_id"]).to_numpy()
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=grid.crs), sunlit


def plane_sunlit(
    chosen: NDArray[np.bool_], usable: UsableArea, light: RoofLight, cells: RoofCells
) -> NDArray[np.float32]:
    """Share of the chosen planes' (bool by plane) cells that sees each height: float32 (chosen, azimuths, 91)."""
    count = int(np.count_nonzero(chosen))
    row_of = np.where(chosen, np.cumsum(chosen) - 1, -1)
    kept = cells.keep >= 0
    plane = row_of[cells.plane[kept]]
    good = (usable.mask.ravel()[cells.index[kept]] == USABLE).astype(np.float64)
    # A plane with no usable cell still has a skyline to show: that of all its cells.
    any_good = np.bincount(plane, weights=good, minlength=count) > 0
    weight = np.where(any_good[plane], good, 1.0) if len(plane) else good
    solid = sunlit_fractions(light.skyline, plane, count, weight)
    if light.behind_trees is None:
        return solid
    skyline, passes = light.behind_trees
    # What shines through leaves counts as that share of the cells; the year's mean, for the table knows no months.
    return np.asarray(passes * solid + (1.0 - passes) * sunlit_fractions(skyline, plane, count, weight), np.float32)


def _window(boxes: NDArray[np.int64]) -> tuple[int, int, int, int]:
    """First row, end row, first and end column around some boxes."""
    if len(boxes) == 0:
        return 0, 1, 0, 1
    return int(boxes[:, 0].min()), int(boxes[:, 1].max()) + 1, int(boxes[:, 2].min()), int(boxes[:, 3].max()) + 1
