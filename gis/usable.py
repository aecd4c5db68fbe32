"""What of a roof plane may carry modules: rule after rule takes its cells, and every lost square metre has one reason.

Distances are those from the centre of a cell to the nearest point of the square beyond the edge, so that a set-back
of whole cells is exact on a roof that lies along the raster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis import usable_kernels as kernels
from gis.progress import Progress, silent
from gis.roofs import building_boxes, work_by_blocks
from gis.usable_kernels import NO_PLANE, NORTH, RULES, TILT, USABLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.roofs import RoofPlanes

# Cells of outlines that one thread works on at once: some 20 ms.
_BLOCK_CELLS = 30_000
# Millimetre: distances that are equal on paper must not differ by rounding.
_EXACT = 1e-3

__all__ = ["NO_PLANE", "RULES", "USABLE", "UsableArea", "UsableRules", "usable_cells"]


@dataclass(frozen=True)
class UsableRules:
    """Values of the rules; they come from the profile.

    Attributes
    ----------
    max_tilt : float
        Steeper planes are left out [deg].
    flat_tilt : float
        Below this a plane counts as flat and has no direction [deg].
    north_halfwidth : float
        Tilted planes facing within this of true north are left out [deg]; 0 turns the rule off.
    setback_m : float
        Distance to keep from the roof's edge [m].
    step_m : float
        A drop or rise larger than this between neighbouring planes of a roof is an edge [m].
    obstacle_clearance_m : float
        Distance to keep from what rises out of the roof [m].
    min_irradiation_share : float
        Least irradiation as a share of the open sky's, 0…1.
    min_area_m2 : float
        Least area of a connected patch, along the slope [m²].
    min_width_m : float
        Least width of a patch [m], measured in the horizontal.
    """

    max_tilt: float
    flat_tilt: float
    north_halfwidth: float
    setback_m: float
    step_m: float
    obstacle_clearance_m: float
    min_irradiation_share: float
    min_area_m2: float
    min_width_m: float


@dataclass(frozen=True)
class UsableArea:
    """What the rules leave and what each took.

    Attributes
    ----------
    mask : uint8 (rows, cols)
        0 = no plane, 1 = usable, 2 + i = taken by ``RULES[i]``.
    area_m2, usable_m2 : float64 (P,)
        Along the slope [m²].
    lost_m2 : dict of float64 (P,)
        By rule; ``area_m2 = usable_m2 + Σ lost_m2``.
    """

    mask: NDArray[np.uint8]
    area_m2: NDArray[np.float64]
    usable_m2: NDArray[np.float64]
    lost_m2: dict[str, NDArray[np.float64]]


def _plane_rules(planes: RoofPlanes, rules: UsableRules, azimuth_true: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Mask value of each plane as a whole: usable, too steep, or facing north."""
    tilt = planes.tilt()
    off_north = np.abs((np.asarray(azimuth_true) + 180.0) % 360.0 - 180.0)
    north = (tilt >= rules.flat_tilt) & (off_north <= rules.north_halfwidth) & (rules.north_halfwidth > 0.0)
    found = np.select([tilt > rules.max_tilt, north], [TILT, NORTH], USABLE)
    return np.asarray(found, np.uint8)


def usable_cells(
    planes: RoofPlanes,
    z: NDArray[np.float32],
    building_ids: NDArray[np.int32],
    irradiation: NDArray[np.float32],
    open_sky: float,
    cell: float,
    rules: UsableRules,
    azimuth_true: NDArray[np.float64],
    *,
    keepout: NDArray[np.uint8] | None = None,
    only: NDArray[np.int64] | None = None,
    boxes: NDArray[np.int64] | None = None,
    progress: Progress = silent,
) -> UsableArea:
    """Apply the rules in the order of ``RULES``; each cell is lost to the first that takes it.

    Parameters
    ----------
    planes : RoofPlanes
        Whole buildings: a roof cut by the raster's border is taken to end there.
    z, building_ids : (rows, cols)
        As given to :func:`gis.roofs.segment_roofs`.
    irradiation : float32 (rows, cols)
        On the plane, shaded [kWh/m² a]; NaN counts as too little.
    open_sky : float
        Of an unshaded horizontal surface [kWh/m² a].
    cell : float
        Side of a cell [m].
    rules : UsableRules
    azimuth_true : float64 (P,)
        Downhill direction of the planes from true north [deg].
    keepout : uint8 (rows, cols), optional
        Cells where a person wants no modules, by the code of the rule; 0 elsewhere (:func:`gis.keepouts.keepout_cells`).
    only : int64, optional
        Numbers of the buildings to look at; the others' cells stay 0 and their areas are not told.
    boxes : int64 (buildings + 1, 5), optional
        As :func:`gis.roofs.building_boxes` gives them, where they are known already.
    progress : Progress
        Called between blocks of buildings.

    Returns
    -------
    UsableArea

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``
    """
    fits = np.column_stack([planes.gradient_east, planes.gradient_north, planes.height, planes.row, planes.col])
    slope = 1.0 / np.cos(np.radians(planes.tilt()))
    labels, obstacle, ids = planes.labels, planes.obstacle, building_ids
    where = building_boxes(ids) if boxes is None else boxes
    rule, least = _plane_rules(planes, rules, azimuth_true), rules.min_area_m2 / (cell**2 * slope)
    edge, clear = _near(rules.setback_m, cell), _near(rules.obstacle_clearance_m, cell)
    disc = _disc(int(np.ceil(rules.min_width_m / cell - _EXACT)))
    threshold = rules.min_irradiation_share * open_sky
    taken = np.zeros(labels.shape, np.uint8) if keepout is None else keepout
    mask, kind = np.zeros(labels.shape, np.uint8), np.zeros(labels.shape, np.uint8)
    wide, seen = np.zeros(labels.shape, np.bool_), np.zeros(labels.shape, np.bool_)
    cells = np.zeros((len(planes), 2 + len(RULES)), np.int64)

    def all_rules(some: NDArray[np.int64]) -> None:
        queue = np.empty(where[some, 4].max(), np.int64)
        kernels.take_planes_and_keepouts(some, where, ids, labels, rule, taken, mask)
        kernels.classify(some, where, ids, labels, obstacle, z, fits, cell, rules.step_m, queue, kind)
        kernels.take_setback(some, where, ids, labels, kind, fits, cell, rules.step_m, edge, mask)
        kernels.take_clearance_and_shade(
            some, where, ids, labels, obstacle, z, fits, cell, clear, irradiation, threshold, mask
        )
        if len(disc) > 1:
            kernels.take_narrow(some, where, ids, labels, disc, mask, wide)
        kernels.take_small(some, where, ids, labels, least, queue, mask, seen, cells)

    order = np.unique(planes.building).astype(np.int64) if only is None else np.asarray(only, np.int64)
    work_by_blocks(all_rules, order[where[order, 4] > 0], where, _BLOCK_CELLS, progress, "usable")
    along_slope = cells * (cell**2 * slope)[:, np.newaxis]
    return UsableArea(
        mask=mask,
        area_m2=planes.cells * cell**2 * slope,
        usable_m2=along_slope[:, USABLE].copy(),
        lost_m2={rule: along_slope[:, 2 + place].copy() for place, rule in enumerate(RULES)},
    )


def _near(distance: float, cell: float) -> NDArray[np.int64]:
    """Rows and columns to the cells whose centres lie closer than ``distance`` to the square of a cell."""
    reach = int(np.ceil(distance / cell + 0.5))
    row, col = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    apart = np.hypot(np.maximum(np.abs(row) - 0.5, 0.0), np.maximum(np.abs(col) - 0.5, 0.0)) * cell
    near = apart < distance - _EXACT
    return np.column_stack([row[near], col[near]]).astype(np.int64)


def _disc(width: int) -> NDArray[np.bool_]:
    """Cells of a disc in a square of ``width`` cells; a quarter of a cell more, so that three across is a plus of five."""
    place = np.arange(max(0, width)) - 0.5 * (width - 1)
    return np.asarray(np.hypot(place[:, np.newaxis], place) <= 0.5 * (width - 1) + 0.25)
