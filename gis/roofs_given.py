"""Given roof planes on the surface's cells: which cells each has, how well it lies on them, and whether it is of the same roof at all.

A model is rarely of the day of the surface. Each plane is moved up or down by the median of what it is off; one that is off by more than a shift explains, or
does not lie on its cells then, is of another roof. Where most of a building's planes are, the building keeps those that the surface itself shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from affine import Affine
from rasterio.features import rasterize

from gis.given_places import height_at

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from gis.given_roofs import GivenRoofs
    from gis.grid import Grid
    from gis.roofs import RoofSettings

# Of the median deviation: as the standard deviation of noise without outliers.
_ROBUST = 1.4826
# A cell is off a plane where it is off by more than noise would be: one cell in twenty thousand.
_OFF_SIGMAS = 4.0
# If more of a building's cells lie on planes that do not fit, it is another roof.
_MOSTLY = 0.5
# A given plane needs no cells to be known by; on fewer than this there is nothing to see of it [m², cells].
_LEAST_M2, _LEAST_CELLS = 1.0, 3
# Cell centres in every window of a raster are the same numbers.
_MICROMETRE = 6


@dataclass(frozen=True)
class GivenCells:
    """The given planes that are taken, 0…P-1, building by building, and what became of the others.

    Attributes
    ----------
    index : int64 (cells,), places in the raster, ascending
    plane : int64 (cells,)
    building : int32 (P,), as in ``building_ids``
    figures : float64 (P, 8), as of :meth:`gis.roofs_segment.Block.figures`
    source : int8 (P,), as in :data:`gis.roofs.SOURCES`
    tally : what became of the planes of each outline
    """

    index: NDArray[np.int64]
    plane: NDArray[np.int64]
    building: NDArray[np.int32]
    figures: NDArray[np.float64]
    source: NDArray[np.int8]
    tally: GivenTally

    def counts(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many planes each of some buildings (ascending or not) has been given."""
        begin = np.searchsorted(self.building, numbers, side="left")
        return np.asarray(np.searchsorted(self.building, numbers, side="right") - begin, np.int64)

    def first(self) -> NDArray[np.int64]:
        """Number of the first plane of the building of each plane."""
        return np.searchsorted(self.building, self.building, side="left").astype(np.int64)

    def numbers_at(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Within its building, the number of the plane that has each of some places in the raster, from 1; 0 where none has."""
        if not len(self.index):
            return np.zeros(len(index), np.int64)
        place = np.minimum(np.searchsorted(self.index, index), len(self.index) - 1)
        plane = self.plane[place]
        return np.where(self.index[place] == index, plane - self.first()[plane] + 1, 0)


@dataclass(frozen=True)
class GivenTally:
    """What became of the given planes of each outline; arrays by outline.

    Attributes
    ----------
    taken, left : int32, planes that are taken, and those that do not lie on the surface
    shift_m : float64, the farthest that one which is taken was moved, up or down, if that is worth a word [m]; else 0
    """

    taken: NDArray[np.int32]
    left: NDArray[np.int32]
    shift_m: NDArray[np.float64]

    @classmethod
    def none(cls, outlines: int) -> GivenTally:
        """Nobody has given any."""
        return cls(np.zeros(outlines, np.int32), np.zeros(outlines, np.int32), np.zeros(outlines))

    def columns(self, rows: NDArray[np.bool_] | None = None) -> dict[str, NDArray[np.int32] | NDArray[np.float64]]:
        """As columns of a table of outlines: of some, or the arrays themselves."""
        found: dict[str, NDArray[np.int32] | NDArray[np.float64]] = {
            "taken": self.taken,
            "left": self.left,
            "shift_m": self.shift_m,
        }
        return found if rows is None else {name: values[rows] for name, values in found.items()}


@dataclass(frozen=True)
class _Cells:
    """Cells that planes (rows of the frame) have, row by row of the raster; ``off`` is how far the surface lies above the plane there [m]."""

    index: NDArray[np.int64]
    row: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    off: NDArray[np.float64]

    def some(self, which: NDArray[np.bool_]) -> _Cells:
        return _Cells(self.index[which], self.row[which], self.x[which], self.y[which], self.off[which])


def given_cells(
    given: GivenRoofs,
    outlines: gpd.GeoDataFrame,
    z: NDArray[np.float32],
    ids: NDArray[np.int32],
    grid: Grid,
    settings: RoofSettings,
) -> GivenCells:
    """Lay the planes on the surface.

    Parameters
    ----------
    given : of :func:`gis.given_places.in_outlines`; planes of other outlines are passed over
    outlines : ``building_id``, in the order of ``ids``
    z : float32 (rows, cols), heights; NaN where they are not known
    ids : int32 (rows, cols), 0 = no building, k = the outline of row k - 1
    """
    frame = given.frame
    owner = pd.Index(outlines["building_id"]).get_indexer(frame["building_id"])
    order = np.argsort(owner, kind="stable")
    order = order[owner[order] >= 0]
    frame, owner = frame.iloc[order].reset_index(drop=True), owner[order].astype(np.int64)
    cells = _cells_of(frame, owner, z, ids, grid)
    absolute = frame["height_m"].notna().to_numpy()
    shift = _medians(cells.off, cells.row, len(frame))
    cells = _Cells(cells.index, cells.row, cells.x, cells.y, cells.off - shift[cells.row])
    spread = _ROBUST * _medians(np.abs(cells.off), cells.row, len(frame))
    count = np.bincount(cells.row, minlength=len(frame))
    least = max(_LEAST_CELLS, round(_LEAST_M2 / grid.cell**2))
    seen = count >= least
    fits = (spread <= settings.given_residual_m) & (~absolute | (np.abs(shift) <= settings.given_shift_m))
    same_roof = _same_roof(owner, np.where(seen, count, 0), fits, len(outlines))
    wanted = seen & fits & same_roof[owner]
    reach = np.maximum(settings.obstacle_height_m, _OFF_SIGMAS * np.minimum(spread, settings.noise_high_m))
    cells = cells.some(wanted[cells.row] & (np.abs(cells.off) <= reach[cells.row]))
    wanted &= np.bincount(cells.row, minlength=len(frame)) >= least
    # A building of which less is known than one plane must have is not looked at by the segmentation either.
    whole = np.bincount(owner[cells.row], wanted[cells.row], minlength=len(outlines))
    wanted &= whole[owner] >= settings.tolerances(grid.cell).plane_cells
    moved = np.where(absolute & (np.abs(shift) > settings.given_said_m), shift, 0.0)
    tally = _tally(owner, wanted, seen & ~fits | seen & ~same_roof[owner], moved, len(outlines))
    return _numbered(frame, owner, cells.some(wanted[cells.row]), wanted, shift, grid, tally)


def _cells_of(
    frame: gpd.GeoDataFrame, owner: NDArray[np.int64], z: NDArray[np.float32], ids: NDArray[np.int32], grid: Grid
) -> _Cells:
    """Cells whose middle lies in a plane, and that are its building's."""
    empty = np.zeros(0)
    nowhere = _Cells(np.zeros(0, np.int64), np.zeros(0, np.int64), empty, empty, empty)
    if not len(frame):
        return nowhere
    west, south, east, north = frame.total_bounds
    top, bottom = (
        max(0, int((grid.north - north) / grid.cell) - 1),
        min(grid.rows, int((grid.north - south) / grid.cell) + 2),
    )
    left, right = (
        max(0, int((west - grid.west) / grid.cell) - 1),
        min(grid.cols, int((east - grid.west) / grid.cell) + 2),
    )
    if top >= bottom or left >= right:
        return nowhere
    corner = Affine(grid.cell, 0.0, grid.west + left * grid.cell, 0.0, -grid.cell, grid.north - top * grid.cell)
    numbered = zip(frame.geometry.to_numpy(), range(1, len(frame) + 1), strict=True)
    raster = rasterize(numbered, out_shape=(bottom - top, right - left), transform=corner, dtype="int32")
    row, col = np.nonzero(raster)
    plane = raster[row, col].astype(np.int64) - 1
    row, col = row + top, col + left
    mine = (ids[row, col] == owner[plane] + 1) & np.isfinite(z[row, col])
    row, col, plane = row[mine], col[mine], plane[mine]
    x, y = (np.round(values, _MICROMETRE) for values in grid.centre(row, col))
    level = height_at(_with_heights(frame), plane, x, y)
    return _Cells(row * grid.cols + col, plane, x, y, z[row, col].astype(np.float64) - level)


def _with_heights(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Where the surface is to tell the height, all of it is a shift."""
    return frame.assign(height_m=frame["height_m"].fillna(0.0))


def _medians(values: NDArray[np.float64], group: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Median by group; NaN where it is empty."""
    order = np.lexsort((values, group))
    size = np.bincount(group, minlength=count)
    first = np.cumsum(size) - size
    ordered = np.append(values[order], np.nan)
    last = len(values)
    low = np.where(size > 0, first + (size - 1) // 2, last)
    high = np.where(size > 0, first + size // 2, last)
    return np.asarray((ordered[low] + ordered[high]) / 2)


def _same_roof(
    owner: NDArray[np.int64], count: NDArray[np.int64], fits: NDArray[np.bool_], outlines: int
) -> NDArray[np.bool_]:
    """By outline: whether most of the cells of its planes lie on planes that fit."""
    every = np.bincount(owner, count, minlength=outlines)
    off = np.bincount(owner, np.where(fits, 0, count), minlength=outlines)
    return np.asarray(off <= _MOSTLY * every)


def _tally(
    owner: NDArray[np.int64],
    taken: NDArray[np.bool_],
    left: NDArray[np.bool_],
    moved: NDArray[np.float64],
    outlines: int,
) -> GivenTally:
    farthest = np.zeros(outlines)
    order = np.argsort(np.abs(moved), kind="stable")
    order = order[taken[order]]
    farthest[owner[order]] = moved[order]
    number = [np.bincount(owner, which, minlength=outlines).astype(np.int32) for which in (taken, left)]
    return GivenTally(number[0], number[1], farthest)


def _numbered(
    frame: gpd.GeoDataFrame,
    owner: NDArray[np.int64],
    cells: _Cells,
    taken: NDArray[np.bool_],
    shift: NDArray[np.float64],
    grid: Grid,
    tally: GivenTally,
) -> GivenCells:
    """The planes that are taken, with their figures."""
    plane = (np.cumsum(taken) - 1)[cells.row]
    many = int(taken.sum())
    kept = frame[taken].reset_index(drop=True)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(plane, values, minlength=many) / count

    count = np.bincount(plane, minlength=many).astype(np.float64)
    row, col = np.divmod(cells.index, grid.cols)
    every = np.arange(many)
    at_middle = height_at(_with_heights(kept), every, mean(cells.x), mean(cells.y))
    figures = np.column_stack(
        [
            owner[taken] + 1, kept["rise_east"], kept["rise_north"], at_middle + shift[taken], count, np.sqrt(mean(cells.off**2)),
            mean(row.astype(np.float64)), mean(col.astype(np.float64)),
        ]
    )  # fmt: skip
    building = (owner[taken] + 1).astype(np.int32)
    return GivenCells(cells.index, plane, building, figures, kept["source"].to_numpy(np.int8), tally)
