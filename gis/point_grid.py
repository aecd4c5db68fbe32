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
from gis.ground_gaps import bridge_gaps
from gis.las_crs import same_place
from gis.las_points import GROUND, NOISE, portions
from gis.point_kernels import add_points, fill_rings, rings_down, rings_up, take_strays
from gis.progress import part, silent
from gis.raster import HIGHEST_M, LOWEST_M, MAX_CELLS
from gis.threads import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.crs import Bounds
    from gis.grid import Grid
    from gis.las_heads import LasHead, Triple
    from gis.las_points import Portion
    from gis.point_cloud import PointCloud
    from gis.progress import Progress

# Rings of cells that are looked at around a gap at most.
_MOST_RINGS = 1000
_CELLS_AT_ONCE = 500_000
# Beyond the bounds of a file's header by more than this [m], points are damaged or the header is.
_BEYOND = 1.0


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


@dataclass
class Cells:
    """Of each cell the highest, second highest and lowest ground point [m] (-inf, -inf, inf without one), and how many points count.

    ``inside``: points in the grid; ``noise``: points left out; ``beyond``: points that lie outside of what their header says.
    """

    top: NDArray[np.float32]
    second: NDArray[np.float32]
    low: NDArray[np.float32]
    count: NDArray[np.int32]
    inside: int = 0
    noise: int = 0
    beyond: int = 0

    @classmethod
    def empty(cls, grid: Grid) -> Cells:
        """Cells without points."""
        top, second, low = (np.full(grid.shape, value, np.float32) for value in (-np.inf, -np.inf, np.inf))
        return cls(top, second, low, np.zeros(grid.shape, np.int32))


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
    move = None if same_place(cloud.crs, horizontal(grid.crs)) else _mover(cloud.crs, grid.crs)
    heads = _needed(cloud, grid, move)
    findings: list[Finding] = []
    cells = _read(heads, grid, move, part(progress, 0.0, 0.8), findings)
    if not cells.inside:
        raise NoOverlap("point_cloud.outside", file=cloud.files[0].name, found=label(cloud.crs))
    done = surfaces(cells, grid, cloud.files[0].name, part(progress, 0.8, 1.0), fill=fill, bridge=bridge, stray=stray)
    return replace(done, findings=(*findings, *done.findings))


def surfaces(
    cells: Cells, grid: Grid, source: str, progress: Progress = silent, *, fill: float, bridge: float, stray: float
) -> PointGrid:
    """The surfaces from what the points left in the cells; parameters as those of :func:`grid_points`."""
    findings = []
    if cells.noise:
        findings.append(Finding("point_cloud.noise", "info", source, found=f"{cells.noise:,}"))
    measured, strays = _without_strays(cells, stray, part(progress, 0.0, 0.15))
    if strays:
        expected = f"{stray:g} m"
        findings.append(Finding("point_cloud.strays", "info", source, found=f"{strays:,}", expected=expected))
    ring = _rings(measured, grid, fill, part(progress, 0.15, 0.3))
    dsm = _fill(measured, measured.copy(), ring, grid, fill, part(progress, 0.3, 0.5))
    findings.append(_shares("point_cloud.dsm", source, measured, dsm))
    ground = np.where(np.isfinite(cells.low), cells.low, np.float32(np.nan))
    dtm = _ground(ground, grid, fill, bridge, part(progress, 0.5, 1.0))
    if np.isfinite(ground).any():
        findings.append(_shares("point_cloud.dtm", source, ground, dtm))
    else:
        findings.append(Finding("point_cloud.no_ground", "warning", source))
    return PointGrid(grid, dsm, dtm, cells.count, tuple(findings))


def _mover(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, horizontal(target), always_xy=True)


def _needed(cloud: PointCloud, grid: Grid, move: Transformer | None) -> list[LasHead]:
    """The files that meet the grid."""

    def moved(box: Bounds) -> Bounds:
        if move is None:
            return box
        west, south, east, north = (float(value) for value in move.transform_bounds(*box))
        return west, south, east, north

    heads = [head for head in cloud.heads if overlap(_wider(moved(head.bounds), grid.cell), grid.bounds)]
    if not heads:
        code = "point_cloud.swapped" if overlap(swapped(moved(cloud.bounds)), grid.bounds) else "point_cloud.outside"
        raise NoOverlap(code, file=cloud.files[0].name, found="" if cloud.crs is None else label(cloud.crs))
    return heads


def _wider(box: Bounds, by: float) -> Bounds:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _read(
    heads: list[LasHead], grid: Grid, move: Transformer | None, progress: Progress, findings: list[Finding]
) -> Cells:
    """All points of the files into the cells."""
    cells = Cells.empty(grid)
    total, done = sum(head.count for head in heads), 0
    for head in heads:
        progress(done / total, "read")
        before = cells.beyond
        for portion in portions(head):
            x, y = add_portion(portion, head.scale, head.offset, grid, move, cells)
            cells.beyond += _beyond(x, y, head)
            done += portion.x.size
            progress(done / total, "read")
        if cells.beyond > before:
            findings.append(
                Finding("point_cloud.beyond_header", "warning", head.path.name, found=f"{cells.beyond - before:,}")
            )
    return cells


def add_portion(
    portion: Portion, scale: Triple, offset: Triple, grid: Grid, move: Transformer | None, cells: Cells
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take points into the cells. Returns x and y as the file holds them."""
    x, y, z = (_metres(getattr(portion, axis), scale[k], offset[k]) for k, axis in enumerate("xyz"))
    use = ~(portion.flagged | np.isin(portion.kind, NOISE) | (z < LOWEST_M) | (z > HIGHEST_M))
    east, north = (x, y) if move is None else move.transform(x, y)
    ground = use & (portion.kind == GROUND)
    cells.noise += int(np.count_nonzero(~use))
    cells.inside += add_points(
        east, north, z.astype(np.float32), use, ground, grid.west, grid.north, grid.cell,
        cells.top, cells.second, cells.low, cells.count,
    )  # fmt: skip
    return x, y


def _metres(whole: NDArray[np.int32], scale: float, offset: float) -> NDArray[np.float64]:
    return np.asarray(whole * scale + offset, dtype=np.float64)


def _beyond(x: NDArray[np.float64], y: NDArray[np.float64], head: LasHead) -> int:
    """How many points lie outside of what the header says."""
    west, south, east, north = _wider(head.bounds, _BEYOND)
    if x.min() >= west and x.max() <= east and y.min() >= south and y.max() <= north:
        return 0
    return int(np.count_nonzero((x < west) | (x > east) | (y < south) | (y > north)))


def _block(grid_cols: int) -> int:
    """Rows of a block of work."""
    return max(1, _CELLS_AT_ONCE // max(1, grid_cols))


def _without_strays(cells: Cells, above: float, progress: Progress) -> tuple[NDArray[np.float32], int]:
    rows, cols = cells.top.shape
    out, taken = np.empty_like(cells.top), np.zeros(rows, np.int32)
    run_blocks(
        lambda a, b: take_strays(a, b, cells.top, cells.second, above, out, cells.count, taken),
        rows, _block(cols), progress, "grid",
    )  # fmt: skip
    return out, int(taken.sum())


def _limit(distance: float, cell: float) -> int:
    """Rings of cells within a distance."""
    return max(0, min(_MOST_RINGS, math.floor(distance / cell + 1e-9)))


def _rings(known: NDArray[np.float32], grid: Grid, distance: float, progress: Progress) -> NDArray[np.uint16]:
    """How many cells away the nearest known cell is, up to the distance; one more where it is farther."""
    ring = np.where(np.isfinite(known), 0, _limit(distance, grid.cell) + 1).astype(np.uint16)
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
    known: NDArray[np.float32], out: NDArray[np.float32], ring: NDArray[np.uint16], grid: Grid, fill: float,
    progress: Progress,
) -> NDArray[np.float32]:  # fmt: skip
    """Fill what is NaN in ``out`` from the nearest ring of known cells."""
    limit = _limit(fill, grid.cell)
    if limit:
        run_blocks(
            lambda a, b: fill_rings(a, b, known, ring, limit, np.empty(8 * limit, np.float32), out),
            known.shape[0], max(1, _block(known.shape[1]) // 8), progress, "grid",
        )  # fmt: skip
    return out


def _ground(
    known: NDArray[np.float32], grid: Grid, fill: float, bridge: float, progress: Progress
) -> NDArray[np.float32]:
    if not np.isfinite(known).any():
        return known
    ring = _rings(known, grid, max(fill, bridge), part(progress, 0.0, 0.1))
    out = bridge_gaps(known, ring, _limit(bridge, grid.cell), part(progress, 0.1, 0.9))
    return _fill(known, out, ring, grid, fill, part(progress, 0.9, 1.0))


def _shares(code: str, source: str, known: NDArray[np.float32], filled: NDArray[np.float32]) -> Finding:
    """Shares of the cells [%] that were measured, filled, and stay unknown."""
    measured, some = (100.0 * int(np.count_nonzero(np.isfinite(z))) / z.size for z in (known, filled))
    shares: dict[str, object] = {"measured": measured, "filled": some - measured, "unknown": 100.0 - some}
    return Finding(code, "info", source, details=shares)
