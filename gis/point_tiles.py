"""A point cloud larger than memory as surface and ground: points into cells block by block, then the surfaces tile by tile; the same to the last cell.

Blocks are cut where files end, so that most files are read once. What the points leave in the cells waits in a nameless file (16 bytes a cell, and 8 for
the surfaces) until the tiles around have their points too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gis.crs import label
from gis.errors import CrsMissing, NoOverlap
from gis.findings import Finding
from gis.point_blocks import Cells, Reading
from gis.point_grid import Made, grid_points, laid, mover, needed, reach
from gis.progress import Progress, part, silent
from gis.scratch import Block, Scratch

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.grid import Grid
    from gis.point_cloud import PointCloud

# Up to so many cells all is made in memory (1 GB); larger ones have so many cells a block (512 MB) and so many a side of a tile (300 MB with what lies around).
IN_MEMORY, BLOCK_CELLS, TILE_SIDE = 24_000_000, 32_000_000, 2048
_MOST_COLS = 32_768
# Rasters of the nameless file.
_TOP, _SECOND, _LOW, _COUNT, _DSM, _DTM = range(6)

Heights = Callable[["Grid"], "NDArray[np.float32]"]


@dataclass(frozen=True)
class GriddedCloud:
    """Surface and ground [m] on any rows of the grid; NaN where no point is near."""

    dsm: Heights
    dtm: Heights
    findings: tuple[Finding, ...]


def grid_cloud(
    cloud: PointCloud,
    grid: Grid,
    folder: Path,
    stack: ExitStack,
    progress: Progress = silent,
    *,
    fill: float,
    bridge: float = 50.0,
    stray: float = 5.0,
) -> GriddedCloud:
    """Grid a point cloud of any size; what is left out, and how gaps are filled, is as in :func:`gis.point_grid.grid_points`.

    Parameters
    ----------
    folder : where there is room for 24 bytes a cell, if the grid is large
    stack : as long as it is open, the heights can be read

    Raises
    ------
    gis.errors.GisError
        as :func:`gis.point_grid.grid_points`, but for the size
    OSError
        the disk is full, or the folder cannot be written
    """
    if grid.rows * grid.cols <= IN_MEMORY:
        made = grid_points(cloud, grid, progress, fill=fill, bridge=bridge, stray=stray)
        return GriddedCloud(_rows_of(made.dsm, grid), _rows_of(made.dtm, grid), made.findings)
    if cloud.crs is None:
        raise CrsMissing("point_cloud.no_crs", file=cloud.files[0].name)
    move = mover(cloud.crs, grid.crs)
    reading = Reading(grid, move, needed(cloud, grid, move), cloud.left)
    scratch = stack.enter_context(Scratch(folder, grid.shape, 6))
    _read_blocks(reading, scratch, part(progress, 0.0, 0.7))
    source = cloud.files[0].name
    if not reading.inside:
        raise NoOverlap("point_cloud.outside", file=source, found=label(cloud.crs))
    counted = _lay_tiles(scratch, grid, part(progress, 0.7, 1.0), fill, bridge, stray)
    found = reading.findings()
    if reading.noise:
        found.append(Finding("point_cloud.noise", "info", source, found=f"{reading.noise:,}"))
    found += counted.findings(source, stray)
    return GriddedCloud(_rows_kept(scratch, _DSM, grid), _rows_kept(scratch, _DTM, grid), tuple(found))


# ---------------------------------------------------------------------------------------------- points into blocks


def _read_blocks(reading: Reading, scratch: Scratch, progress: Progress) -> None:
    """All points into the cells, which wait in the scratch file."""
    blocks = blocks_of(reading.grid, reading.boxes)
    sizes = [1 + sum(reading.heads[k].count for k in reading.needed(block)) for block in blocks]
    total, done = sum(sizes), 0
    taken: list[set[int]] = []
    for block, size in zip(blocks, sizes, strict=True):
        some = reading.needed(block)
        taken.append(set(some))
        # Not by a name, which would keep one block while the next is read.
        _put(scratch, block, reading.read(block, some, part(progress, done / total, (done + size) / total)))
        done += size
    # A header may say less than where its points are.
    for block, before in zip(blocks, taken, strict=True):
        late = [k for k in reading.needed(block) if k not in before]
        if late:
            _put(scratch, block, reading.read(block, late, lambda _s, what: progress(1.0, what), _got(scratch, block)))


def blocks_of(grid: Grid, boxes: Iterable[Block]) -> list[Block]:
    """The grid in blocks of at most :data:`BLOCK_CELLS`, cut where the fewest files are cut."""
    spans = list(boxes)
    across = _cuts([(box.left, box.right) for box in spans], grid.cols, min(_MOST_COLS, BLOCK_CELLS))
    found = []
    for left, right in pairwise(across):
        here = [(box.top, box.bottom) for box in spans if box.left < right and left < box.right]
        down = _cuts(here, grid.rows, max(1, BLOCK_CELLS // (right - left)))
        found += [Block(top, bottom, left, right) for top, bottom in pairwise(down)]
    return found


def _cuts(spans: list[tuple[int, int]], size: int, most: int) -> list[int]:
    """Where to cut ``size`` cells into pieces of at most ``most``: in the second half of each piece, where the fewest spans go through, as late as can be."""
    through = np.zeros(size + 2, np.int64)
    for begin, end in spans:
        if end - begin > 1:
            through[begin + 1] += 1
            through[end] -= 1
    through = np.cumsum(through)
    cuts = [0]
    while size - cuts[-1] > most:
        first = cuts[-1] + most // 2 + 1
        where = through[first : cuts[-1] + most + 1]
        cuts.append(first + len(where) - 1 - int(np.argmin(where[::-1])) if len(where) else cuts[-1] + most)
    return [*cuts, size]


def _put(scratch: Scratch, block: Block, cells: Cells) -> None:
    for raster, values in ((_TOP, cells.top), (_SECOND, cells.second), (_LOW, cells.low), (_COUNT, cells.count)):
        scratch.write(raster, block, values)


def _got(scratch: Scratch, block: Block) -> Cells:
    top, second, low = (scratch.read(raster, block) for raster in (_TOP, _SECOND, _LOW))
    return Cells(top, second, low, scratch.read(_COUNT, block, np.int32))


# ---------------------------------------------------------------------------------------------- surfaces by tiles


def _lay_tiles(scratch: Scratch, grid: Grid, progress: Progress, fill: float, bridge: float, stray: float) -> Made:
    """The surfaces, from the cells that wait; returns what all cells are made of."""
    around, side = reach(grid.cell, fill, bridge), TILE_SIDE
    tiles = [
        Block(top, min(grid.rows, top + side), left, min(grid.cols, left + side))
        for top in range(0, grid.rows, side)
        for left in range(0, grid.cols, side)
    ]
    made = Made()
    for k, tile in enumerate(tiles):
        told = part(progress, k / len(tiles), (k + 1) / len(tiles))
        told(0.0, "grid")
        wide = tile.wider(around, grid.shape)
        inner = Block(tile.top - wide.top, tile.bottom - wide.top, tile.left - wide.left, tile.right - wide.left)
        dsm, dtm, counted = laid(_got(scratch, wide), grid.cell, inner, told, fill=fill, bridge=bridge, stray=stray)
        scratch.write(_DSM, tile, inner.of(dsm, (0, 0)))
        scratch.write(_DTM, tile, inner.of(dtm, (0, 0)))
        made.add(counted)
    return made


# ---------------------------------------------------------------------------------------------- heights by rows


def _rows_of(z: NDArray[np.float32], grid: Grid) -> Heights:
    """A part of a whole raster, which has all its columns."""

    def on(strip: Grid) -> NDArray[np.float32]:
        top = round((grid.north - strip.north) / grid.cell)
        return z[top : top + strip.rows]

    return on


def _rows_kept(scratch: Scratch, raster: int, grid: Grid) -> Heights:
    def on(strip: Grid) -> NDArray[np.float32]:
        top = round((grid.north - strip.north) / grid.cell)
        return scratch.read(raster, Block(top, top + strip.rows, 0, grid.cols))

    return on
