"""A surface (DSM) and the ground under it (DTM) from a point cloud."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from gis.crs import horizontal, label, overlap, swapped
from gis.errors import CrsMissing, NoOverlap, UnreadableFile
from gis.findings import Finding
from gis.ground_gaps import MOST_HALO, TILE, bridge_gaps
from gis.las_crs import same_place
from gis.point_blocks import Cells, Reading, add_portion, meets_grid, moved_box
from gis.point_kernels import fill_rings, rings_down, rings_up, take_strays
from gis.progress import part, silent
from gis.raster import MAX_CELLS
from gis.scratch import Block
from gis.threads import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.grid import Grid
    from gis.las_heads import LasHead
    from gis.point_cloud import PointCloud
    from gis.progress import Progress

# Rings of cells that are looked at around a gap at most.
_MOST_RINGS = 1000
_CELLS_AT_ONCE = 500_000
__all__ = ["Cells", "PointGrid", "add_portion", "grid_points", "surfaces"]


@dataclass(frozen=True)
class PointGrid:
    """What the points say of each cell.

    Attributes
    ----------
    grid : Grid
    dsm : float32 (rows, cols)
        Highest point [m]; NaN where none is near.
    dtm : float32 (rows, cols)
        Lowest ground point, and the ground between them [m]; NaN where none is near.
    count : int32 (rows, cols)
        Points that count. A DSM cell is measured where it is above 0.
    findings : shares of cells, and points left out
    """

    grid: Grid
    dsm: NDArray[np.float32]
    dtm: NDArray[np.float32]
    count: NDArray[np.int32]
    findings: tuple[Finding, ...]


def grid_points(
    cloud: PointCloud,
    grid: Grid,
    progress: Progress = silent,
    *,
    fill: float,
    bridge: float = 50.0,
    stray: float = 5.0,
) -> PointGrid:
    """Grid a point cloud.

    Left out: noise (classes 7 and 18), points flagged as withheld or synthetic, heights below −500 m or above 9,000 m. Heights stay as they are.

    Parameters
    ----------
    fill : gaps of the DSM are filled from so near [m]: the median of the nearest ring of cells with points (a square around the gap; of two heights
        in the middle the lower, since gaps lie in the lee of walls and on water). Beyond, cells are NaN
    bridge : the ground between ground points is interpolated linearly (Delaunay) where the nearest, by rows or columns, is so near [m]. 50 m spans
        buildings up to 100 m wide. At the rim, where nothing spans, the DTM is filled as the DSM is
    stray : a single point of a cell higher than all its neighbours' points by more than this [m], with no other point of the cell above that, is a
        bird and no roof. 5 m: what is narrower than a cell and stands free above a roof (a chimney, an aerial, a lamp) is mostly lower, and shades
        next to nothing; a roof, a crown or a tank fills a neighbouring cell too. At least three neighbours must have points

    Returns
    -------
    PointGrid; memory is 22 bytes a cell and some tens of megabytes, whatever the number of points

    Raises
    ------
    CrsMissing
        ``point_cloud.no_crs``: the cloud names none; :func:`gis.point_cloud.survey_points` can be told
    NoOverlap
        ``point_cloud.outside``, ``point_cloud.swapped`` (x and y exchanged)
    UnreadableFile
        ``point_cloud.grid_too_large``, ``point_cloud.damaged``, ``point_cloud.truncated``
    """
    if cloud.crs is None:
        raise CrsMissing("point_cloud.no_crs", file=cloud.files[0].name)
    if grid.rows * grid.cols > MAX_CELLS:
        raise UnreadableFile(
            "point_cloud.grid_too_large", file=cloud.files[0].name, found=grid.rows * grid.cols, expected=MAX_CELLS
        )
    move = mover(cloud.crs, grid.crs)
    reading = Reading(grid, move, needed(cloud, grid, move), cloud.left)
    every = Block(0, grid.rows, 0, grid.cols)
    cells = reading.read(every, range(len(reading.heads)), part(progress, 0.0, 0.8))
    if not reading.inside:
        raise NoOverlap("point_cloud.outside", file=cloud.files[0].name, found=label(cloud.crs))
    done = surfaces(cells, grid, cloud.files[0].name, part(progress, 0.8, 1.0), fill=fill, bridge=bridge, stray=stray)
    return replace(done, findings=(*reading.findings(), *done.findings))


def surfaces(
    cells: Cells, grid: Grid, source: str, progress: Progress = silent, *, fill: float, bridge: float, stray: float
) -> PointGrid:
    """The surfaces from what the points left in the cells; parameters as those of :func:`grid_points`."""
    findings = []
    if cells.noise:
        findings.append(Finding("point_cloud.noise", "info", source, found=f"{cells.noise:,}"))
    every = Block(0, grid.rows, 0, grid.cols)
    dsm, dtm, made = laid(cells, grid.cell, every, progress, fill=fill, bridge=bridge, stray=stray)
    return PointGrid(grid, dsm, dtm, cells.count, (*findings, *made.findings(source, stray)))


@dataclass
class Made:
    """Cells by how their heights came about: measured, then with those filled from around; of the surface and of the ground."""

    size: int = 0
    strays: int = 0
    measured: int = 0
    filled: int = 0
    ground: int = 0
    bridged: int = 0

    def add(self, other: Made) -> None:
        """Those of another part of the raster too."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def findings(self, source: str, stray: float) -> list[Finding]:
        """What is to be said of all cells."""
        found = []
        if self.strays:
            found.append(
                Finding("point_cloud.strays", "info", source, found=f"{self.strays:,}", expected=f"{stray:g} m")
            )
        found.append(_shares("point_cloud.dsm", source, self.measured, self.filled, self.size))
        if self.ground:
            found.append(_shares("point_cloud.dtm", source, self.ground, self.bridged, self.size))
        else:
            found.append(Finding("point_cloud.no_ground", "warning", source))
        return found


def laid(
    cells: Cells, cell: float, inner: Block, progress: Progress, *, fill: float, bridge: float, stray: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], Made]:
    """DSM and DTM of cells; right within ``inner``, which is what is counted. Parameters as those of :func:`grid_points`."""
    measured, taken = _without_strays(cells, stray, inner, part(progress, 0.0, 0.15))
    ring = _rings(measured, cell, fill, part(progress, 0.15, 0.3))
    dsm = _fill(measured, measured.copy(), ring, cell, fill, part(progress, 0.3, 0.5))
    ground = np.where(np.isfinite(cells.low), cells.low, np.float32(np.nan))
    dtm = _ground(ground, cell, inner, fill, bridge, part(progress, 0.5, 1.0))
    counts = (int(np.count_nonzero(np.isfinite(inner.of(z, (0, 0))))) for z in (measured, dsm, ground, dtm))
    return dsm, dtm, Made(inner.shape[0] * inner.shape[1], taken, *counts)


def reach(cell: float, fill: float, bridge: float) -> int:
    """How many cells around a part of a raster decide what is laid within, in whole tiles of :func:`gis.ground_gaps.bridge_gaps`."""
    return -(-max(MOST_HALO, 2 + _limit(max(fill, bridge), cell)) // TILE) * TILE


def mover(source: CRS, target: CRS) -> Transformer | None:
    """From the cloud's coordinates to the grid's; None where they are the same."""
    if same_place(source, horizontal(target)):
        return None
    return Transformer.from_crs(source, horizontal(target), always_xy=True)


def needed(cloud: PointCloud, grid: Grid, move: Transformer | None) -> list[LasHead]:
    """The files that meet the grid.

    Raises
    ------
    NoOverlap
        ``point_cloud.outside``, ``point_cloud.swapped``
    """
    heads = [head for head in cloud.heads if meets_grid(moved_box(head.bounds, move), grid)]
    if not heads:
        other = swapped(moved_box(cloud.bounds, move))
        code = "point_cloud.swapped" if overlap(other, grid.bounds) else "point_cloud.outside"
        raise NoOverlap(code, file=cloud.files[0].name, found="" if cloud.crs is None else label(cloud.crs))
    return heads


def _block(grid_cols: int) -> int:
    """Rows of a block of work."""
    return max(1, _CELLS_AT_ONCE // max(1, grid_cols))


def _without_strays(cells: Cells, above: float, inner: Block, progress: Progress) -> tuple[NDArray[np.float32], int]:
    rows, cols = cells.top.shape
    out, before = np.empty_like(cells.top), inner.of(cells.count, (0, 0)).sum(dtype=np.int64)
    taken = np.zeros(rows, np.int32)
    run_blocks(
        lambda a, b: take_strays(a, b, cells.top, cells.second, above, out, cells.count, taken),
        rows, _block(cols), progress, "grid",
    )  # fmt: skip
    return out, int(before - inner.of(cells.count, (0, 0)).sum(dtype=np.int64))


def _limit(distance: float, cell: float) -> int:
    """Rings of cells within a distance."""
    return max(0, min(_MOST_RINGS, math.floor(distance / cell + 1e-9)))


def _rings(known: NDArray[np.float32], cell: float, distance: float, progress: Progress) -> NDArray[np.uint16]:
    """How many cells away the nearest known cell is, up to the distance; one more where it is farther."""
    ring = np.where(np.isfinite(known), 0, _limit(distance, cell) + 1).astype(np.uint16)
    rows, step = known.shape[0], _block(known.shape[1])
    starts = range(0, rows, step)
    for k, begin in enumerate(starts):
        progress(0.5 * k / len(starts), "grid")
        rings_down(begin, min(rows, begin + step), ring)
    for k, begin in enumerate(reversed(starts)):
        progress(0.5 + 0.5 * k / len(starts), "grid")
        rings_up(begin, min(rows, begin + step), ring)
    return ring


def _fill(
    known: NDArray[np.float32], out: NDArray[np.float32], ring: NDArray[np.uint16], cell: float, fill: float,
    progress: Progress,
) -> NDArray[np.float32]:  # fmt: skip
    """Fill what is NaN in ``out`` from the nearest ring of known cells."""
    limit = _limit(fill, cell)
    if limit:
        run_blocks(
            lambda a, b: fill_rings(a, b, known, ring, limit, np.empty(8 * limit, np.float32), out),
            known.shape[0], max(1, _block(known.shape[1]) // 8), progress, "grid",
        )  # fmt: skip
    return out


def _ground(
    known: NDArray[np.float32], cell: float, inner: Block, fill: float, bridge: float, progress: Progress
) -> NDArray[np.float32]:
    if not np.isfinite(known).any():
        return known
    ring = _rings(known, cell, max(fill, bridge), part(progress, 0.0, 0.1))
    box = (inner.top, inner.bottom, inner.left, inner.right)
    out = bridge_gaps(known, ring, _limit(bridge, cell), part(progress, 0.1, 0.9), box)
    return _fill(known, out, ring, cell, fill, part(progress, 0.9, 1.0))


def _shares(code: str, source: str, known: int, filled: int, size: int) -> Finding:
    """Shares of the cells [%] that were measured, filled, and stay unknown."""
    measured, some = 100.0 * known / size, 100.0 * filled / size
    shares: dict[str, object] = {"measured": measured, "filled": some - measured, "unknown": 100.0 - some}
    return Finding(code, "info", source, details=shares)
