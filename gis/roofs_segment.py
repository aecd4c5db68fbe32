"""Buildings segmented block by block, and the planes of all of them numbered through and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gis import roofs_regions as regions
from gis.kernels import kernel
from gis.roofs_fit import (
    CORNER,
    END,
    FIRST,
    HEIGHT,
    MOMENTS,
    SORT_DEPTH,
    WIDTH,
    Flags,
    Floats,
    Ints,
    Longs,
    Surface,
    Tolerances,
    grow_regions,
    list_cells,
    local_planes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.roofs_given import GivenCells

_RELABEL_ROUNDS = 6
_STRAIGHTEN_ROUNDS = 4


class City(NamedTuple):
    """What segmentation reads, and the rasters it writes."""

    surface: Surface
    ids: Ints
    boxes: Longs
    cell: float
    tolerances: Tolerances
    labels: Ints
    obstacle: Flags


@kernel
def boxes_of(ids: Ints, boxes: Longs) -> None:  # pragma: no cover - compiled
    """First and last row and column of each building, and its number of cells, into ``boxes``."""
    for k in range(boxes.shape[0]):
        boxes[k, 0], boxes[k, 1], boxes[k, 2], boxes[k, 3], boxes[k, 4] = ids.shape[0], -1, ids.shape[1], -1, 0
    for r in range(ids.shape[0]):
        for c in range(ids.shape[1]):
            k = ids[r, c]
            if k > 0:
                boxes[k, 0], boxes[k, 1] = min(boxes[k, 0], r), max(boxes[k, 1], r)
                boxes[k, 2], boxes[k, 3] = min(boxes[k, 2], c), max(boxes[k, 3], c)
                boxes[k, 4] += 1


class Block:
    """Some buildings, laid out as :mod:`gis.roofs_fit` says, on their way from cells to planes.

    All memory of the kernels is here; what they do not touch costs nothing. Arrays by region have a row for each cell, and one a building.
    A building without some of its heights has fewer cells than room; ``used`` are those that are cells.
    """

    def __init__(self, city: City, numbers: Longs, least: int) -> None:
        self.city, self.numbers = city, numbers
        boxes = city.boxes[numbers]
        self.spans, cells, room = _spans(boxes)
        self.place, self.field = np.full(room, -1, np.int32), np.full(room, -1, np.int32)
        self.row, self.col = np.full(cells, -1, np.int32), np.full(cells, -1, np.int32)
        self.x, self.y, self.z = np.empty(cells), np.empty(cells), np.empty(cells)
        list_cells(
            city.surface, city.ids, numbers, city.boxes, city.cell, least,
            self.spans, self.place, self.row, self.col, self.x, self.y, self.z,
        )  # fmt: skip
        self.used = np.flatnonzero(self.row >= 0)
        self.owner = np.repeat(np.arange(numbers.size), boxes[:, 4])
        self.at = self.spans[self.owner, CORNER] + self.row * self.spans[self.owner, WIDTH] + self.col
        self.raster_row, self.raster_col = boxes[self.owner, 0] - 1 + self.row, boxes[self.owner, 2] - 1 + self.col
        self.label = np.zeros(cells, np.int32)
        self.queue, self.spare = np.empty(cells, np.int32), np.empty(cells, np.int32)
        self.noise = np.empty(numbers.size)
        self.counts = np.zeros(numbers.size, np.int64)
        rows = cells + numbers.size
        self.moments, self.planes = np.empty((rows, MOMENTS)), np.empty((rows, 4))
        self.tally, self.more = np.empty(rows, np.int64), np.empty(rows, np.int64)
        # Of eight neighbours four look at a pair of cells from its other side.
        self.pairs, self.sums = np.empty((4 * cells, 3), np.int64), np.empty((4 * cells, 5))
        self.ends = np.empty(numbers.size, np.int64)

    def grow(self) -> None:
        """Noise and first regions."""
        t, cells = self.city.tolerances, self.at.size
        value, one = np.empty(cells), np.empty((1, MOMENTS))
        fits, local = np.empty((cells, 4)), np.empty((cells, 4))
        local_planes(
            self.spans, self.place, self.row, self.col, self.x, self.y, self.z, t.radius, t.max_gradient, t.noise_low, t.noise_high,
            one, value, fits, local, self.noise,
        )  # fmt: skip
        grow_regions(
            self.spans, self.place, self.at, self.x, self.y, self.z, local, self.noise, t.growth, t.cos_growth_angle, t.seed_cells, t.max_regions,
            one, np.empty((1, 4)), value, np.empty(cells, np.int64), np.empty((SORT_DEPTH, 2), np.int64),
            self.queue, self.spare, np.zeros(cells, np.int32), np.zeros(cells, np.int32), self.label, self.counts,
        )  # fmt: skip

    def relabel(self) -> None:
        """Every cell to the cheapest plane around it, and refit, until nothing moves or the rounds are over."""
        moving = np.ones(self.numbers.size, np.bool_)
        for _ in range(_RELABEL_ROUNDS):
            self._fit(moving)
            if not regions.relabel(
                self.spans, self.at, self.x, self.y, self.z, self.label, self.field, self.planes, self.noise,
                self.city.tolerances.smoothness, np.empty(9, np.int64), moving,
            ):  # fmt: skip
                break

    def merge(self) -> None:
        """One plane where it explains as well as two."""
        t = self.city.tolerances
        self._fit()
        self._find_borders()
        regions.merge_regions(
            self.spans, self.label, self.counts, self.noise, t.cos_merge_angle, t.label_cost, t.smoothness,
            self.ends, self.pairs, self.sums, self.tally, self.more, self.moments, self.planes, np.empty(self.pairs.shape[0]),
        )  # fmt: skip

    def straighten(self) -> None:
        """Borders to the lines where the planes cut."""
        self._fit()
        self._find_borders()
        regions.straighten(
            self.spans, self.place, self.at, self.x, self.y, self.label, self.planes, self.noise, self.city.cell, _STRAIGHTEN_ROUNDS,
            self.tally, self.pairs, self.sums,
        )  # fmt: skip

    def split(self) -> None:
        """Parts that are not joined become regions of their own."""
        regions.split_parts(self.spans, self.place, self.at, self.label, self.spare, self.queue, self.counts)

    def drop_small(self, cells: int) -> None:
        """No regions of fewer cells, or narrower than a plane may be."""
        width = self.city.tolerances.width_cells
        room = np.empty(self.tally.size, np.bool_)
        regions.drop_small(
            self.spans, self.place, self.row, self.col, self.label, self.counts, cells, width, _disc(width), self.tally, room
        )  # fmt: skip

    def drop_what_is_no_roof(self) -> None:
        """The ground, and what stands on a roof."""
        city, t = self.city, self.city.tolerances
        regions.drop_ground(
            self.spans, self.raster_row, self.raster_col, self.label, self.counts, city.surface, city.ids, t.ground_reach, t.ground_drop,
            self.tally, self.more,
        )  # fmt: skip
        self._fit()
        cells, starts = self._cells_of_regions(t.superstructure_cells)
        regions.drop_superstructures(
            self.spans, self.place, self.at, self.x, self.y, self.z, self.label, self.counts, self.moments, self.planes,
            max(2, t.width_cells), t.obstacle_height, starts, cells,
        )  # fmt: skip

    def read(self) -> None:
        """Planes as they stand in the raster, numbered from 1 within each building."""
        self.label[self.used] = self.city.labels[self.raster_row[self.used], self.raster_col[self.used]]

    def give(self, given: GivenCells) -> Floats:
        """Given planes in the place of those that were found, which keep what is left if that is large and wide enough.

        Returns
        -------
        float64 (planes, 8)
            Figures of all planes, building by building: the given ones first.
        """
        flat = self.raster_row[self.used] * np.int64(self.city.labels.shape[1]) + self.raster_col[self.used]
        mine = given.numbers_at(flat)
        place, number = self.used[mine > 0], mine[mine > 0]
        self.label[place] = 0
        self.split()
        self.drop_small(self.city.tolerances.plane_cells)
        self.split()
        found, own = self.figures(), given.counts(self.numbers)
        self.label[self.label > 0] += own[self.owner[self.label > 0]].astype(np.int32)
        self.label[place] = number
        self.counts += own
        figures = np.concatenate([given.figures[np.isin(given.building, self.numbers)], found])
        return figures[np.argsort(figures[:, 0], kind="stable")]

    def write(self, given: GivenCells | None = None) -> None:
        """Planes and obstacles into the rasters."""
        self._fit()
        if given is not None:
            self._lay(given)
        high = np.zeros(self.at.size, np.bool_)
        regions.find_obstacles(
            self.spans, self.place, self.at, self.x, self.y, self.z, self.label, self.planes, self.city.tolerances.obstacle_height,
            self.spare, self.queue, high,
        )  # fmt: skip
        where = self.raster_row[self.used], self.raster_col[self.used]
        self.city.labels[where], self.city.obstacle[where] = self.label[self.used], high[self.used]

    def _lay(self, given: GivenCells) -> None:
        """The given planes as they were given, in the place of their fits."""
        planes = np.flatnonzero(np.isin(given.building, self.numbers))
        b = np.searchsorted(self.numbers, given.building[planes])
        first, number = self.spans[b, FIRST], planes - given.first()[planes] + 1
        _, east, north, height, _, _, row, col = given.figures[planes].T
        # Where the block's own coordinates begin: in the middle of the box, at the height of its first cell.
        cell, boxes = self.city.cell, self.city.boxes[self.numbers[b]]
        middle_row = boxes[:, 0] - 1 + self.spans[b, HEIGHT] / 2
        middle_col = boxes[:, 2] - 1 + self.spans[b, WIDTH] / 2
        base = self.city.surface[self.raster_row[first], self.raster_col[first]].astype(np.float64)
        level = height - base + north * (row - middle_row) * cell + east * (middle_col - col) * cell
        self.planes[first + b + number, :3] = np.column_stack([east, north, level])

    def figures(self) -> Floats:
        """Building, gradients, mean height, cells, rms, mean row and column of each plane: ``(planes, 8)``.

        Two passes, the second around each plane's own centre: heights of thousands of metres must not eat the digits.
        """
        cells = np.flatnonzero(self.label > 0)
        first = np.cumsum(self.counts) - self.counts
        plane = first[self.owner[cells]] + self.label[cells] - 1

        def summed(values: NDArray[np.generic]) -> Floats:
            return np.asarray(np.bincount(plane, values, int(self.counts.sum())), np.float64)

        row, col = self.raster_row[cells], self.raster_col[cells]
        height = self.city.surface[row, col].astype(np.float64)
        count = summed(np.ones(cells.size))
        middle, across, level = summed(row) / count, summed(col) / count, summed(height) / count
        x, y, h = (col - across[plane]) * self.city.cell, (middle[plane] - row) * self.city.cell, height - level[plane]
        xx, xy, yy, xz, yz, zz = (summed(product) for product in (x * x, x * y, y * y, x * h, y * h, h * h))
        det = xx * yy - xy * xy
        tilted, slope = det > 0.0, np.where(det > 0.0, det, 1.0)
        gx = np.where(tilted, (xz * yy - yz * xy) / slope, 0.0)
        gy = np.where(tilted, (yz * xx - xz * xy) / slope, 0.0)
        rms = np.sqrt(np.maximum(0.0, zz - gx * xz - gy * yz) / count)
        building = np.repeat(self.numbers, self.counts)
        return np.column_stack([building, gx, gy, level, count, rms, middle, across])

    def _cells_of_regions(self, most: int) -> tuple[Longs, Longs]:
        """The cells of regions of up to ``most`` cells, region by region, and where in the list each region begins."""
        cells = np.flatnonzero(self.label > 0)
        region = self.spans[self.owner[cells], FIRST] + self.owner[cells] + self.label[cells]
        small = self.moments[region, 0] <= most
        cells, region = cells[small], region[small]
        starts = np.concatenate([[0], np.cumsum(np.bincount(region, minlength=self.tally.size))])
        return cells[np.argsort(region, kind="stable")], starts

    def _fit(self, among: Flags | None = None) -> None:
        every = np.ones(self.numbers.size, np.bool_) if among is None else among
        regions.fit_regions(
            self.spans, self.x, self.y, self.z, self.label, self.counts, every, self.moments, self.planes
        )

    def _find_borders(self) -> None:
        regions.find_borders(
            self.spans, self.place, self.at, self.x, self.y, self.label, self.counts, self.tally, self.ends, self.pairs, self.sums
        )  # fmt: skip


def segment_block(city: City, numbers: Longs) -> tuple[Longs, Floats]:
    """Segment some buildings into the rasters, the planes of each numbered from 1.

    Returns
    -------
    counts : int64 (buildings,)
        Their numbers of planes.
    figures : float64 (planes, 8)
        As of :meth:`Block.figures`, building by building.
    """
    block = Block(city, numbers, city.tolerances.plane_cells)
    block.grow()
    for _ in range(2):
        block.relabel()
        block.merge()
    block.split()
    block.drop_small(city.tolerances.seed_cells)
    block.relabel()
    for _ in range(2):
        block.straighten()
    block.split()
    block.drop_small(city.tolerances.plane_cells)
    block.drop_what_is_no_roof()
    block.split()
    block.write()
    return block.counts, block.figures()


def give_block(city: City, numbers: Longs, given: GivenCells) -> tuple[Longs, Floats]:
    """Given planes into the rasters, in some buildings (ascending) that have been segmented; as :func:`segment_block`."""
    block = Block(city, numbers, 0)
    block.read()
    figures = block.give(given)
    block.write(given)
    return block.counts, figures


def measure_block(city: City, numbers: Longs, first: Longs) -> Floats:
    """Figures of planes that stand in the raster, numbered through: ``first[k]`` planes come before those of building ``k``."""
    block = Block(city, numbers, 0)
    found = city.labels[block.raster_row[block.used], block.raster_col[block.used]]
    block.label[block.used] = np.where(found > 0, found - first[numbers[block.owner[block.used]]], 0)
    block.counts = first[numbers + 1] - first[numbers]
    return block.figures()


def _spans(boxes: Longs) -> tuple[Longs, int, int]:
    """Where each building's cells and box lie in the block, and how many cells and places there are."""
    spans = np.empty((len(boxes), 5), np.int64)
    spans[:, HEIGHT], spans[:, WIDTH] = boxes[:, 1] - boxes[:, 0] + 3, boxes[:, 3] - boxes[:, 2] + 3
    places = np.cumsum(spans[:, HEIGHT] * spans[:, WIDTH])
    spans[:, CORNER] = places - spans[:, HEIGHT] * spans[:, WIDTH]
    spans[:, END] = np.cumsum(boxes[:, 4])
    spans[:, FIRST] = spans[:, END] - boxes[:, 4]
    return spans, int(spans[-1, END]), int(places[-1])


def _disc(width: int) -> Longs:
    """Rows and columns of a disc of ``width`` cells across, from the corner of its square.

    A quarter of a cell more: a plus of five cells counts as three across, at any angle of the building.
    """
    r, c = np.indices((width, width))
    middle = 0.5 * (width - 1)
    inside = np.hypot(r - middle, c - middle) <= middle + 0.25
    return np.column_stack([r[inside], c[inside]]).astype(np.int64)


@kernel
def owners_of(z: Surface, ids: Ints, labels: Ints, owner: Ints) -> bool:  # pragma: no cover - compiled
    """Building of each plane, into ``owner``; False where a plane lies on two, on none, or over a hole."""
    for r in range(labels.shape[0]):
        for c in range(labels.shape[1]):
            a = labels[r, c]
            if a == 0:
                continue
            if ids[r, c] == 0 or not np.isfinite(z[r, c]) or (owner[a] != 0 and owner[a] != ids[r, c]):
                return False
            owner[a] = ids[r, c]
    return True


@kernel
def same_labels(
    order: Longs, boxes: Longs, ids: Ints, own: Ints, whole: Ints, first: Longs
) -> bool:  # pragma: no cover - compiled
    """Do the buildings' own numbers agree with the numbers in the whole?"""
    for k in order:
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if ids[r, c] != k:
                    continue
                expected = own[r, c] + first[k] if own[r, c] > 0 else 0
                if whole[r, c] != expected:
                    return False
    return True
