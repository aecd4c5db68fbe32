"""Points of many files into the cells of a block of a raster, each file as seldom as can be, and damaged ones not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gis.crs import overlap
from gis.errors import UnreadableFile
from gis.findings import Finding
from gis.las_points import GROUND, NOISE, portions
from gis.left_out import DAMAGE, LeftOut
from gis.point_cloud import area_of
from gis.point_kernels import add_points
from gis.progress import part
from gis.raster import HIGHEST_M, LOWEST_M
from gis.scratch import Block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pyproj import Transformer

    from gis.crs import Bounds
    from gis.grid import Grid
    from gis.las_heads import LasHead, Triple
    from gis.las_points import Portion
    from gis.progress import Progress

# Beyond the bounds of a file's header by more than this [m], points are damaged or the header is.
_BEYOND = 1.0


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
    def empty(cls, grid: Grid | Block) -> Cells:
        """Cells without points."""
        top, second, low = (np.full(grid.shape, value, np.float32) for value in (-np.inf, -np.inf, np.inf))
        return cls(top, second, low, np.zeros(grid.shape, np.int32))


def add_portion(
    portion: Portion,
    scale: Triple,
    offset: Triple,
    grid: Grid,
    move: Transformer | None,
    cells: Cells,
    corner: tuple[int, int] = (0, 0),
) -> tuple[NDArray[np.float64], ...]:
    """Take points into the cells, which begin with ``corner`` (row and column) of the grid. Returns x and y as the file holds them, and easting and northing."""
    x, y, z = (_metres(getattr(portion, axis), scale[k], offset[k]) for k, axis in enumerate("xyz"))
    use = ~(portion.flagged | np.isin(portion.kind, NOISE) | (z < LOWEST_M) | (z > HIGHEST_M))
    east, north = (x, y) if move is None else move.transform(x, y)
    ground = use & (portion.kind == GROUND)
    cells.noise += int(np.count_nonzero(~use))
    cells.inside += add_points(
        east, north, z.astype(np.float32), use, ground, grid.west, grid.north, grid.cell, grid.rows, grid.cols, *corner,
        cells.top, cells.second, cells.low, cells.count,
    )  # fmt: skip
    return x, y, np.asarray(east), np.asarray(north)


def _metres(whole: NDArray[np.int32], scale: float, offset: float) -> NDArray[np.float64]:
    return np.asarray(whole * scale + offset, dtype=np.float64)


def _beyond(x: NDArray[np.float64], y: NDArray[np.float64], head: LasHead) -> int:
    """How many points lie outside of what the header says."""
    west, south, east, north = wider(head.bounds, _BEYOND)
    if x.min() >= west and x.max() <= east and y.min() >= south and y.max() <= north:
        return 0
    return int(np.count_nonzero((x < west) | (x > east) | (y < south) | (y > north)))


def wider(box: Bounds, by: float) -> Bounds:
    """A box with so much around."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


@dataclass
class _Tally:
    """What a file's points turned out to be, all of them, whatever block they were read for."""

    inside: int = 0
    noise: int = 0
    beyond: int = 0
    box: Block | None = None


@dataclass
class Reading:
    """Reads the files of one cloud, block by block.

    Attributes
    ----------
    boxes : of each file, the cells that its header speaks of, and once it has been read those that it has points in
    left : damaged files
    """

    grid: Grid
    move: Transformer | None
    heads: list[LasHead]
    left: LeftOut
    boxes: list[Block] = field(init=False)
    _tallies: dict[int, _Tally] = field(default_factory=dict)
    _damaged: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        boxes = [_cells_of(moved_box(head.bounds, self.move), self.grid) for head in self.heads]
        # One that only touches the grid is read once, to see.
        self.boxes = [box if min(box.shape) > 0 else Block(0, 1, 0, 1) for box in boxes]

    def needed(self, block: Block) -> list[int]:
        """Files, by number, that have points in a block as far as is known."""
        return [k for k, box in enumerate(self.boxes) if k not in self._damaged and box.meets(block)]

    def read(self, block: Block, some: Sequence[int], progress: Progress, into: Cells | None = None) -> Cells:
        """The cells of a block with the points of some files; or these points besides what the cells have already, of files that have been read before.

        A file whose points turn out to be damaged has spoilt the cells: they are read once more without it.
        """
        cells = into or Cells.empty(block)
        spoilt = False
        total, done = max(1, sum(self.heads[k].count for k in some)), 0
        for k in some:
            head = self.heads[k]
            try:
                self._file(k, block, cells, part(progress, done / total, (done + head.count) / total))
            except UnreadableFile as error:
                if error.code not in DAMAGE or into is not None:
                    raise
                self._damaged.add(k)
                self._tallies.pop(k, None)
                self.left.take(error, head.path.name, area_of(head))
                spoilt = True
            done += head.count
        if not spoilt:
            return cells
        if len(self._damaged) == len(self.heads):
            self.left.raise_first()
        return self.read(block, [k for k in some if k not in self._damaged], progress)

    def _file(self, number: int, block: Block, cells: Cells, progress: Progress) -> None:
        head = self.heads[number]
        before, beyond, done = (cells.inside, cells.noise), 0, 0
        reach: list[Bounds] = []
        progress(0.0, "read")
        for portion in portions(head):
            x, y, east, north = add_portion(portion, head.scale, head.offset, self.grid, self.move, cells, block.corner)
            beyond += _beyond(x, y, head)
            reach.append(_around(east, north))
            done += portion.x.size
            progress(done / head.count, "read")
        west, south, right, top = (np.array(values) for values in zip(*reach, strict=True))
        box = (float(west.min()), float(south.min()), float(right.max()), float(top.max()))
        real = _cells_of(box, self.grid)
        self.boxes[number] = real
        self._tallies[number] = _Tally(cells.inside - before[0], cells.noise - before[1], beyond, real)

    @property
    def inside(self) -> int:
        """Points in the grid, of all files read."""
        return sum(tally.inside for tally in self._tallies.values())

    @property
    def noise(self) -> int:
        """Points left out, of all files read."""
        return sum(tally.noise for tally in self._tallies.values())

    def findings(self) -> list[Finding]:
        """Of files whose points lie outside of what their header says."""
        return [
            Finding("point_cloud.beyond_header", "warning", self.heads[k].path.name, found=f"{tally.beyond:,}")
            for k, tally in sorted(self._tallies.items())
            if tally.beyond
        ]


def moved_box(box: Bounds, move: Transformer | None) -> Bounds:
    """A box of the cloud's coordinates in the grid's."""
    if move is None:
        return box
    west, south, east, north = (float(value) for value in move.transform_bounds(*box))
    return west, south, east, north


def meets_grid(box: Bounds, grid: Grid) -> bool:
    """Whether points of a box may lie in the grid."""
    return overlap(wider(box, grid.cell), grid.bounds)


def _around(east: NDArray[np.float64], north: NDArray[np.float64]) -> Bounds:
    with np.errstate(invalid="ignore"):
        return float(np.fmin.reduce(east)), float(np.fmin.reduce(north)), float(np.fmax.reduce(east)), float(np.fmax.reduce(north))  # fmt: skip


def _cells_of(box: Bounds, grid: Grid) -> Block:
    """The cells that a box touches, within the grid; none of it is an empty block."""
    west, south, east, north = box
    if not np.isfinite(box).all():
        return Block(0, grid.rows, 0, grid.cols)
    top, bottom = (_clipped((grid.north - y) / grid.cell, grid.rows) for y in (north, south))
    left, right = (_clipped((x - grid.west) / grid.cell, grid.cols) for x in (west, east))
    return Block(top, min(grid.rows, bottom + 1), left, min(grid.cols, right + 1))


def _clipped(place: float, count: int) -> int:
    return int(min(max(np.floor(place), 0.0), count))
