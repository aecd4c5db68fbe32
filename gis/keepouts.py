"""Hand-drawn areas of roofs where no modules may stand: for what is there, as a refuge from a tsunami, or for the ways of people and fire service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine
from shapely.affinity import translate

from gis.errors import CrsMismatch, KeepoutInvalid
from gis.findings import Finding
from gis.usable_kernels import ACCESS, KEEPOUT, REFUGE

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from gis.grid import Grid

_SHOWN = 5
# Purpose -> code of the rule that takes the cells.
PURPOSES = {"other": KEEPOUT, "refuge": REFUGE, "access": ACCESS}
# A centre that lies on a border belongs to one side of it, not to both: areas drawn along centres come out exact too.
_NUDGE_M = 1e-6


def mended(keepouts: gpd.GeoDataFrame, grid: Grid) -> gpd.GeoDataFrame:
    """Keep-outs as valid polygons.

    An outline that crosses itself is made valid (both loops of an eight count); what has no area, or no place, is refused.

    Parameters
    ----------
    keepouts : columns ``building_id`` and ``geometry``; row 0 is called row 1
    grid : where they must lie; keep-outs without a CRS are taken to be in the grid's

    Raises
    ------
    gis.errors.KeepoutInvalid
        ``keepout.not_polygon``: empty, missing, not finite, or without area.
    gis.errors.CrsMismatch
        ``keepout.wrong_crs``
    """
    if keepouts.crs is not None and keepouts.crs != grid.crs:
        raise CrsMismatch("keepout.wrong_crs", found=keepouts.crs.to_string(), expected=grid.crs.to_string())
    drawn = keepouts.geometry.to_numpy()
    kind = np.array(["empty" if shape is None else shape.geom_type for shape in drawn], dtype=object)
    points, owner = shapely.get_coordinates(drawn, return_index=True)
    good = np.isin(kind.astype(str), ("Polygon", "MultiPolygon")) & ~shapely.is_empty(drawn)
    good[owner[~np.isfinite(points).all(axis=1)]] = False
    shapes = np.full(len(drawn), None, dtype=object)
    # Only the areas: an outline that crosses itself may leave lines behind.
    shapes[good] = shapely.buffer(shapely.make_valid(shapely.force_2d(drawn[good])), 0.0)
    good[good] = shapely.area(shapes[good]) > 0.0
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        empty = drawn[row] is None or drawn[row].is_empty
        found = "empty" if empty else str(kind[row])
        raise KeepoutInvalid(
            "keepout.not_polygon", row=row + 1, item=str(keepouts["building_id"].iloc[row]), found=found, expected="Polygon, MultiPolygon"
        )  # fmt: skip
    return keepouts.set_geometry(shapes, crs=grid.crs)


def keepout_cells(
    keepouts: gpd.GeoDataFrame | None,
    outlines: pd.DataFrame,
    building_ids: NDArray[np.int32],
    boxes: NDArray[np.int64],
    labels: NDArray[np.int32],
    grid: Grid,
) -> tuple[NDArray[np.uint8], list[Finding]]:
    """Cells of a building's planes whose centres lie in a keep-out of that building; where several lie, the last one's purpose counts.

    Parameters
    ----------
    keepouts : ``building_id`` and ``geometry`` in the grid's CRS, any number a building; ``purpose`` (``other refuge access``) where it is told
    outlines : their ``building_id`` by row; row k has number k + 1 in ``building_ids``
    building_ids, labels : int32 (rows, cols)
    boxes : as :func:`gis.roofs.building_boxes` gives them

    Returns
    -------
    uint8 (rows, cols), the code of the rule or 0; and what a person should know: keep-outs that take nothing.

    Raises
    ------
    gis.errors.KeepoutInvalid, gis.errors.CrsMismatch
        as :func:`mended`
    """
    taken = np.zeros(grid.shape, dtype=np.uint8)
    if keepouts is None or len(keepouts) == 0:
        return taken, []
    valid = mended(keepouts, grid)
    number_of = dict(zip(outlines["building_id"], range(1, len(outlines) + 1), strict=True))
    idle: list[str] = []
    purposes = valid["purpose"] if "purpose" in valid else ["other"] * len(valid)
    for row, (ident, shape, purpose) in enumerate(zip(valid["building_id"], valid.geometry, purposes, strict=True)):
        number = number_of.get(ident, 0)
        if (
            number == 0
            or number >= len(boxes)
            or not _take(taken, shape, PURPOSES[purpose], number, boxes[number], building_ids, labels, grid)
        ):
            idle.append(str(valid["building_id"].iloc[row]))
    if not idle:
        return taken, []
    shown = ", ".join(dict.fromkeys(idle[:_SHOWN]))
    return taken, [Finding("keepout.idle", "warning", found=shown, details={"count": len(idle), "of": len(valid)})]


def _take(
    taken: NDArray[np.uint8],
    shape: shapely.Geometry,
    code: int,
    number: int,
    box: NDArray[np.int64],
    building_ids: NDArray[np.int32],
    labels: NDArray[np.int32],
    grid: Grid,
) -> bool:
    """Mark the roof cells of one building in one keep-out; whether there are any."""
    top, bottom, left, right = int(box[0]), int(box[1]) + 1, int(box[2]), int(box[3]) + 1
    if box[4] == 0:
        return False
    here = grid.transform * Affine.translation(left, top)
    shape = translate(shape, _NUDGE_M, _NUDGE_M)
    inside = rasterize([(shape, 1)], (bottom - top, right - left), transform=here, dtype="uint8") == 1
    inside &= (building_ids[top:bottom, left:right] == number) & (labels[top:bottom, left:right] > 0)
    taken[top:bottom, left:right][inside] = code
    return bool(inside.any())
