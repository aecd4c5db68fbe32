"""From a surface and building outlines to roof planes.

Each building is taken by itself. (1) Every cell gets the best plane among the small windows that hold it, so that
no window needs to straddle a ridge or a wall. (2) Regions grow from the smoothest cells, refitted as they grow; of
several rivals the one that explains most is kept. (3) Cells are relabelled to the cheapest plane around them, planes
that one plane explains as well are merged, and both again. (4) What is too small, too narrow, stands on a larger
roof or lies on the ground is no plane; what rises above the plane beside it is an obstacle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.progress import Progress, silent
from gis.roofs_fit import LEAST_CELLS, Flags, Floats, Ints, Tolerances
from gis.roofs_segment import (
    City,
    boxes_of,
    give_block,
    measure_block,
    owners_of,
    same_labels,
    segment_block,
)
from gis.threads import run_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gis.roofs_given import GivenCells

# Who made a plane: by number in RoofPlanes, by name in tables.
SOURCES = ("dsm", "citygml", "drawn")
CITYGML, DRAWN = 1, 2
# Cells of outlines that one thread works on at once: some 30 ms of segmentation, and little enough to stay in its cache.
_BLOCK_CELLS = 15_000
# … and of a pass that does little to each.
_PASS_CELLS = 1_000_000


@dataclass(frozen=True)
class RoofSettings:
    """Tolerances of the algorithm; none of them is a coefficient of the domain.

    Attributes
    ----------
    window_m : float
        Half width of the windows of the first fits [m]; at least one cell. Larger is calmer, and blind to smaller planes.
    noise_low_m, noise_high_m : float
        Bounds of the noise estimated per building [m]: laser scanning is rarely better than the lower,
        and above the higher the cells are trees rather than a rough roof.
    growth_sigmas : float
        A cell joins a growing region within this many times the noise.
    growth_angle : float
        … and if its own window leans within this of the region [deg]; several times the scatter at 1 m cells.
    merge_angle : float
        Neighbours that lean within this of one another and meet without a step are one roof (drainage falls) [deg].
    max_tilt : float
        Steeper is a wall [deg].
    min_plane_m2, min_width_m : float
        Smaller (horizontal area) or narrower is no plane [m², m]; the width is at least three cells.
    max_superstructure_m2 : float
        A region up to this size that stands on a larger, lower roof is an obstacle of that roof [m²].
    obstacle_height_m : float
        A cell without a plane is an obstacle if it rises this far above the plane beside it [m].
    ground_drop_m, ground_reach_m : float
        A roof stands this far above something outside the outline [m], looked for within the reach [m].
    label_cost, smoothness : float
        Price of one more plane, and of one pair of neighbours with different labels, in squared sigmas.
    max_planes : int
        Most regions grown in one building: bounds the work where an outline is full of trees.
    given_shift_m, given_residual_m : float
        A plane that was given (:mod:`gis.roofs_given`) is of another roof if it lies farther than this from the surface, or its cells scatter more [m].
    given_said_m : float
        A given plane that is moved by more is said [m].
    """

    window_m: float = 1.25
    noise_low_m: float = 0.05
    noise_high_m: float = 0.15
    growth_sigmas: float = 3.0
    growth_angle: float = 15.0
    merge_angle: float = 3.5
    max_tilt: float = 75.0
    min_plane_m2: float = 5.0
    min_width_m: float = 1.5
    max_superstructure_m2: float = 40.0
    obstacle_height_m: float = 0.3
    ground_drop_m: float = 1.5
    ground_reach_m: float = 3.0
    label_cost: float = 20.0
    smoothness: float = 0.4
    max_planes: int = 400
    given_shift_m: float = 1.5
    given_residual_m: float = 0.5
    given_said_m: float = 0.5

    def tolerances(self, cell: float) -> Tolerances:
        """The same in the units of the kernels, for cells of ``cell`` metres."""

        def cells(area: float) -> int:
            return max(1, round(area / cell**2))

        return Tolerances(
            radius=max(1, round(self.window_m / cell)),
            noise_low=self.noise_low_m,
            noise_high=self.noise_high_m,
            growth=self.growth_sigmas,
            cos_growth_angle=float(np.cos(np.radians(self.growth_angle))),
            cos_merge_angle=float(np.cos(np.radians(self.merge_angle))),
            max_gradient=float(np.tan(np.radians(self.max_tilt))),
            seed_cells=max(5, cells(self.min_plane_m2 / 2.0)),
            plane_cells=max(LEAST_CELLS, cells(self.min_plane_m2)),
            # Two columns of cells always lie on a plane, parapet and roof among them: three say something.
            width_cells=max(3, int(np.ceil(self.min_width_m / cell - 1e-9))),
            superstructure_cells=cells(self.max_superstructure_m2),
            obstacle_height=self.obstacle_height_m,
            ground_drop=self.ground_drop_m,
            ground_reach=max(1, round(self.ground_reach_m / cell)),
            label_cost=self.label_cost,
            smoothness=self.smoothness,
            max_regions=self.max_planes,
        )


@dataclass(frozen=True)
class RoofPlanes:
    """Roof planes, numbered 1…P in ``labels``; element ``p - 1`` of the arrays belongs to plane ``p``.

    Attributes
    ----------
    labels : int32 (rows, cols)
        Number of the plane, 0 = none.
    obstacle : bool (rows, cols)
        Cells inside an outline which belong to no plane and rise above the plane beside them.
    building : int32 (P,)
        As in ``building_ids``.
    gradient_east, gradient_north : float64 (P,)
        Rise per metre to the (grid) east and north.
    height : float64 (P,)
        Mean height of the cells [m].
    cells : int64 (P,)
    residual : float64 (P,)
        rms of the vertical residuals [m].
    row, col : float64 (P,)
        Mean row and column of the cells: there the plane has its ``height``.
    source : int8 (P,)
        Who made it, by its place in :data:`SOURCES`; those that were given come first in their building.
    """

    labels: NDArray[np.int32]
    obstacle: NDArray[np.bool_]
    building: NDArray[np.int32]
    gradient_east: NDArray[np.float64]
    gradient_north: NDArray[np.float64]
    height: NDArray[np.float64]
    cells: NDArray[np.int64]
    residual: NDArray[np.float64]
    row: NDArray[np.float64]
    col: NDArray[np.float64]
    source: NDArray[np.int8]

    def __len__(self) -> int:
        return int(self.building.size)

    def tilt(self) -> NDArray[np.float64]:
        """Degrees from the horizontal."""
        return np.degrees(np.arctan(np.hypot(self.gradient_east, self.gradient_north)))

    def azimuth_grid(self) -> NDArray[np.float64]:
        """Downhill direction, degrees clockwise from grid north, 0 ≤ a < 360; 0 where there is no slope at all."""
        azimuth = np.degrees(np.arctan2(-self.gradient_east, -self.gradient_north)) % 360.0
        level = (self.gradient_east == 0.0) & (self.gradient_north == 0.0)
        # -1e-17 % 360 rounds to 360 itself.
        return np.where(level | (azimuth >= 360.0), 0.0, azimuth)

    def normals(self) -> NDArray[np.float64]:
        """Upward unit vectors (P, 3): east, north, up."""
        up = np.column_stack([-self.gradient_east, -self.gradient_north, np.ones(len(self))])
        return np.asarray(up / np.linalg.norm(up, axis=1, keepdims=True))


def segment_roofs(
    z: NDArray[np.float32],
    building_ids: NDArray[np.int32],
    cell: float,
    settings: RoofSettings,
    progress: Progress = silent,
    given: GivenCells | None = None,
) -> RoofPlanes:
    """Find the planes of every building's roof.

    Parameters
    ----------
    z : float32 (rows, cols)
        Surface [m], row 0 in the north; NaN where it is not known.
    building_ids : int32 (rows, cols)
        0 = no building, k = k-th building.
    cell : float
        Side of a cell [m]; made and measured for 0.25–2 m.
    settings : RoofSettings
    progress : Progress
        Called between blocks of buildings; may raise :class:`gis.progress.Cancelled`.
    given : GivenCells, optional
        Planes that are taken in the place of those that are found there.

    Returns
    -------
    RoofPlanes

    Raises
    ------
    ValueError
        The two rasters differ in shape.
    """
    if z.shape != building_ids.shape:
        raise ValueError(f"surface {z.shape} and buildings {building_ids.shape} differ in shape")
    z = np.ascontiguousarray(z, np.float32)
    ids = np.ascontiguousarray(building_ids, np.int32)
    boxes = building_boxes(ids)
    labels, obstacle = np.zeros(z.shape, np.int32), np.zeros(z.shape, np.bool_)
    city = City(z, ids, boxes, cell, settings.tolerances(cell), labels, obstacle)
    counts, figures = _segment(city, np.flatnonzero(boxes[:, 4]), progress, given)
    before = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int32)

    def number_through(begin: int, end: int) -> None:
        some = labels[begin:end]
        np.add(some, before[ids[begin:end]], out=some, where=some > 0)

    run_blocks(number_through, len(labels), 1 + _PASS_CELLS // max(1, z.shape[-1]))
    progress(1.0, "roofs")
    return _planes(labels, obstacle, figures, given)


def building_boxes(building_ids: NDArray[np.int32], buildings: int | None = None) -> NDArray[np.int64]:
    """First and last row and column of each building, and its number of cells: ``(buildings + 1, 5)``, row 0 unused."""
    boxes = np.empty((1 + (int(building_ids.max(initial=0)) if buildings is None else buildings), 5), np.int64)
    boxes_of(building_ids, boxes)
    return boxes


def work_by_blocks(
    work: Callable[[NDArray[np.int64]], None],
    order: NDArray[np.int64],
    boxes: NDArray[np.int64],
    cells: int,
    progress: Progress = silent,
    what: str = "",
) -> None:
    """``work(numbers)`` on all cores for blocks of the buildings in ``order`` that have about so many ``cells``.

    Parameters
    ----------
    boxes : as :func:`building_boxes` gives them
    progress, what : as for :func:`gis.threads.run_blocks`
    """
    block = np.cumsum(boxes[order, 4]) // cells
    ends = np.flatnonzero(np.diff(block, append=-1)) + 1

    def some(begin: int, end: int) -> None:
        work(order[ends[begin - 1] if begin > 0 else 0 : ends[end - 1]])

    run_blocks(some, len(ends), 1, progress, what)


def roofs_of_labels(
    z: NDArray[np.float32],
    building_ids: NDArray[np.int32],
    labels: NDArray[np.int32],
    cell: float,
    given: GivenCells | None = None,
) -> RoofPlanes | None:
    """The planes that an earlier :func:`segment_roofs` left in a raster, measured again; the obstacles are not known.

    Parameters
    ----------
    given : the same as for the earlier one

    Returns
    -------
    RoofPlanes or None
        None where the raster cannot be of this surface and these buildings: a plane on two buildings, off the
        buildings or over a hole, numbers out of order, or given planes elsewhere. To be sure, segment a building and compare
        (:func:`segment_again`).
    """
    if z.shape != labels.shape or labels.min(initial=0) < 0 or labels.max(initial=0) > np.count_nonzero(building_ids):
        return None
    labels = np.ascontiguousarray(labels, np.int32)
    owner = np.zeros(int(labels.max(initial=0)) + 1, np.int32)
    fits = owners_of(z, building_ids, labels, owner) and bool((owner[1:] > 0).all() and (np.diff(owner[1:]) >= 0).all())
    if not fits:
        return None
    boxes, obstacle = building_boxes(building_ids), np.zeros(z.shape, np.bool_)
    first = np.searchsorted(owner[1:], np.arange(len(boxes) + 1), side="left")
    city = City(z, building_ids, boxes, cell, RoofSettings().tolerances(cell), labels, obstacle)
    figures: dict[int, Floats] = {}

    def measure(numbers: NDArray[np.int64]) -> None:
        figures[int(numbers[0])] = measure_block(city, numbers, first)

    work_by_blocks(measure, np.unique(owner[1:]).astype(np.int64), boxes, _BLOCK_CELLS)
    planes = _planes(labels, obstacle, figures, None)
    return planes if given is None else _with_given(planes, given)


def segment_again(
    planes: RoofPlanes,
    z: NDArray[np.float32],
    building_ids: NDArray[np.int32],
    cell: float,
    settings: RoofSettings,
    boxes: NDArray[np.int64],
    only: NDArray[np.int64],
    progress: Progress = silent,
    given: GivenCells | None = None,
) -> bool:
    """Segment some buildings anew and put their obstacles into ``planes.obstacle``.

    Parameters
    ----------
    planes : RoofPlanes
        Of :func:`roofs_of_labels`.
    z, building_ids, cell, settings, given : as for :func:`segment_roofs`
    boxes : as :func:`building_boxes` gives them
    only : numbers of the buildings

    Returns
    -------
    bool
        Whether the planes came out as they stand in ``planes``.
    """
    labels = np.zeros(z.shape, np.int32)
    present = only[boxes[only, 4] > 0]
    city = City(z, building_ids, boxes, cell, settings.tolerances(cell), labels, planes.obstacle)
    counts, _ = _segment(city, present, progress, given)
    first = np.searchsorted(planes.building, np.arange(len(boxes)), side="left")
    known = np.bincount(planes.building, minlength=len(boxes))
    same = np.array_equal(counts[present], known[present])
    return same and same_labels(present, boxes, building_ids, labels, planes.labels, first)


def _segment(
    city: City, order: NDArray[np.int64], progress: Progress, given: GivenCells | None
) -> tuple[NDArray[np.int64], dict[int, Floats]]:
    """Segment the buildings in ``order`` into the rasters, the planes of each numbered from 1.

    Returns
    -------
    counts : int64 (buildings + 1,)
        Number of planes by building.
    figures : dict
        The planes' figures by the first building of a block.
    """
    counts, figures = np.zeros(len(city.boxes), np.int64), {}

    def segment(numbers: NDArray[np.int64]) -> None:
        counts[numbers], found = segment_block(city, numbers)
        mine = numbers[given.counts(numbers) > 0] if given is not None else numbers[:0]
        if given is not None and len(mine):
            counts[mine], own = give_block(city, mine, given)
            found = np.concatenate([found[~np.isin(found[:, 0], mine)], own])
            found = found[np.argsort(found[:, 0], kind="stable")]
        figures[int(numbers[0])] = found

    work_by_blocks(segment, order, city.boxes, _BLOCK_CELLS, progress, "roofs")
    return counts, figures


def _planes(labels: Ints, obstacle: Flags, by_block: dict[int, Floats], given: GivenCells | None) -> RoofPlanes:
    figures = np.concatenate([np.empty((0, 8)), *(by_block[first] for first in sorted(by_block))])
    return _measured(labels, obstacle, figures, given)


def _measured(labels: Ints, obstacle: Flags, figures: Floats, given: GivenCells | None) -> RoofPlanes:
    source = np.zeros(len(figures), np.int8)
    if given is not None:
        source[_rows_of(figures[:, 0].astype(np.int32), given)] = given.source
    return RoofPlanes(
        labels=labels,
        obstacle=obstacle,
        building=figures[:, 0].astype(np.int32),
        gradient_east=figures[:, 1].copy(),
        gradient_north=figures[:, 2].copy(),
        height=figures[:, 3].copy(),
        cells=figures[:, 4].astype(np.int64),
        residual=figures[:, 5].copy(),
        row=figures[:, 6].copy(),
        col=figures[:, 7].copy(),
        source=source,
    )


def _rows_of(building: NDArray[np.int32], given: GivenCells) -> NDArray[np.int64]:
    """Which of all planes the given ones are: in their buildings they come first."""
    number = np.arange(len(given.building)) - given.first()
    return np.searchsorted(building, given.building, side="left") + number


def _with_given(planes: RoofPlanes, given: GivenCells) -> RoofPlanes | None:
    """Planes measured in a raster, the given ones as they were given; None where they do not stand there."""
    rows = _rows_of(planes.building, given)
    inside = len(rows) == 0 or rows[-1] < len(planes)
    if not inside or not np.array_equal(planes.building[rows], given.building):
        return None
    there = np.array_equal(planes.labels.ravel()[given.index], rows[given.plane] + 1)
    if not there or not np.array_equal(planes.cells[rows], given.figures[:, 4].astype(np.int64)):
        return None
    figures = np.column_stack(
        [
            planes.building, planes.gradient_east, planes.gradient_north, planes.height, planes.cells, planes.residual, planes.row, planes.col,
        ]
    ).astype(np.float64)  # fmt: skip
    figures[rows] = given.figures
    return _measured(planes.labels, planes.obstacle, figures, given)
