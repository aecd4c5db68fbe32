"""What of a roof plane may carry modules: rule after rule takes its cells, and every lost square metre has one reason.

Distances are those from the centre of a cell to the nearest point of the square beyond the edge, so that a set-back
of whole cells is exact on a roof that lies along the raster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.roofs import building_boxes
from gis.usable_kernels import EXACT, NO_PLANE, NORTH, RULES, TILT, USABLE, Limits, rules_of_many

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.roofs import RoofPlanes

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
    keepout: NDArray[np.bool_] | None = None,
    only: NDArray[np.int64] | None = None,
    boxes: NDArray[np.int64] | None = None,
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
    keepout : bool (rows, cols), optional
        Cells where a person wants no modules (:func:`gis.keepouts.keepout_cells`).
    only : int64, optional
        Numbers of the buildings to look at; the others' cells stay 0 and their areas are not told.
    boxes : int64 (buildings + 1, 5), optional
        As :func:`gis.roofs.building_boxes` gives them, where they are known already.

    Returns
    -------
    UsableArea
    """
    fit = np.column_stack([planes.gradient_east, planes.gradient_north, planes.height, planes.row, planes.col])
    slope = 1.0 / np.cos(np.radians(planes.tilt()))
    limits = Limits(
        setback=rules.setback_m,
        step=rules.step_m,
        clearance=rules.obstacle_clearance_m,
        threshold=rules.min_irradiation_share * open_sky,
        width=int(np.ceil(rules.min_width_m / cell - EXACT)),
    )
    mask = np.zeros(planes.labels.shape, np.uint8)
    cells = np.zeros((len(planes), 2 + len(RULES)), np.int64)
    rules_of_many(
        np.unique(planes.building).astype(np.int64) if only is None else np.asarray(only, np.int64),
        building_boxes(building_ids) if boxes is None else boxes,
        planes.labels, planes.obstacle, building_ids, z, irradiation,
        np.zeros(mask.shape, np.bool_) if keepout is None else keepout,
        fit, cell, _plane_rules(planes, rules, azimuth_true), rules.min_area_m2 / (cell**2 * slope), limits, mask, cells,
    )  # fmt: skip
    along_slope = cells * (cell**2 * slope)[:, np.newaxis]
    return UsableArea(
        mask=mask,
        area_m2=planes.cells * cell**2 * slope,
        usable_m2=along_slope[:, USABLE].copy(),
        lost_m2={rule: along_slope[:, 2 + place].copy() for place, rule in enumerate(RULES)},
    )
