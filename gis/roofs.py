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
from gis.roofs_fit import LEAST_CELLS, Flags, Ints, Tolerances
from gis.roofs_segment import boxes_of, number_through, owners_of, plane_figures, same_labels, segment_many

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Cells of outlines between two calls of ``progress``: a second or two of work.
_BLOCK_CELLS = 1_000_000


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
        Mean row and column of the cells: there the fitted plane has its ``height``.
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
    counts = _segment(z, ids, cell, settings, boxes, np.flatnonzero(boxes[:, 4]), labels, obstacle, progress)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    number_through(ids, labels, first)
    progress(1.0, "roofs")
    return _measured(z, ids, labels, obstacle, int(counts.sum()), cell)


def building_boxes(building_ids: NDArray[np.int32], buildings: int | None = None) -> NDArray[np.int64]:
    """First and last row and column of each building, and its number of cells: ``(buildings + 1, 5)``, row 0 unused."""
    return boxes_of(building_ids, int(building_ids.max(initial=0)) if buildings is None else buildings)


def roofs_of_labels(
    z: NDArray[np.float32], building_ids: NDArray[np.int32], labels: NDArray[np.int32], cell: float
) -> RoofPlanes | None:
    """The planes that an earlier :func:`segment_roofs` left in a raster, measured again; the obstacles are not known.

    Returns
    -------
    RoofPlanes or None
        None where the raster cannot be of this surface and these buildings: a plane on two buildings, off the
        buildings or over a hole, or numbers out of order. To be sure, segment a building and compare
        (:func:`segment_again`).
    """
    if z.shape != labels.shape or labels.min(initial=0) < 0 or labels.max(initial=0) > np.count_nonzero(building_ids):
        return None
    labels = np.ascontiguousarray(labels, np.int32)
    owner = np.zeros(int(labels.max(initial=0)) + 1, np.int32)
    fits = owners_of(z, building_ids, labels, owner) and bool((owner[1:] > 0).all() and (np.diff(owner[1:]) >= 0).all())
    if not fits:
        return None
    return _measured(z, building_ids, labels, np.zeros(z.shape, np.bool_), len(owner) - 1, cell)


def segment_again(
    planes: RoofPlanes,
    z: NDArray[np.float32],
    building_ids: NDArray[np.int32],
    cell: float,
    settings: RoofSettings,
    boxes: NDArray[np.int64],
    only: NDArray[np.int64],
    progress: Progress = silent,
) -> bool:
    """Segment some buildings anew and put their obstacles into ``planes.obstacle``.

    Parameters
    ----------
    planes : RoofPlanes
        Of :func:`roofs_of_labels`.
    z, building_ids, cell, settings : as for :func:`segment_roofs`
    boxes : as :func:`building_boxes` gives them
    only : numbers of the buildings

    Returns
    -------
    bool
        Whether the planes came out as they stand in ``planes``.
    """
    labels = np.zeros(z.shape, np.int32)
    present = only[boxes[only, 4] > 0]
    counts = _segment(z, building_ids, cell, settings, boxes, present, labels, planes.obstacle, progress)
    first = np.searchsorted(planes.building, np.arange(len(boxes)), side="left")
    known = np.bincount(planes.building, minlength=len(boxes))
    same = np.array_equal(counts[present], known[present])
    return same and same_labels(present, boxes, building_ids, labels, planes.labels, first)


def _segment(
    z: NDArray[np.float32],
    ids: Ints,
    cell: float,
    settings: RoofSettings,
    boxes: NDArray[np.int64],
    order: NDArray[np.int64],
    labels: Ints,
    obstacle: Flags,
    progress: Progress,
) -> NDArray[np.int64]:
    """Segment the buildings in ``order`` into the rasters, each numbered from 1; number of planes by building."""
    counts = np.zeros(len(boxes), np.int64)
    tolerances = settings.tolerances(cell)
    blocks = np.cumsum(boxes[order, 4]) // _BLOCK_CELLS
    for number in range(int(blocks[-1]) + 1 if order.size else 0):
        progress(number / (int(blocks[-1]) + 1), "roofs")
        segment_many(z, ids, order[blocks == number], boxes, cell, tolerances, labels, obstacle, counts)
    return counts


def _measured(z: NDArray[np.float32], ids: Ints, labels: Ints, obstacle: Flags, planes: int, cell: float) -> RoofPlanes:
    figures = plane_figures(z, ids, labels, planes, cell)
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
    )
