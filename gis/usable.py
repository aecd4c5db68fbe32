"""What of a roof plane may carry modules: rule after rule takes its cells, and every lost square metre has one reason.

Distances are those from the centre of a cell to the nearest point of the square beyond the edge, so that a set-back
of whole cells is exact on a roof that lies along the raster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gis.roofs import RoofPlanes

Floats = NDArray[np.float64]
Surface = NDArray[np.float32]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]
Codes = NDArray[np.uint8]

# The rules in the order in which they take cells; the code in the mask is 2 + the place in this list.
RULES = ("tilt", "north", "setback", "obstacle", "shade", "small")
NO_PLANE, USABLE = 0, 1
_TILT, _NORTH, _SETBACK, _OBSTACLE, _SHADE, _SMALL = range(2, 8)
# Millimetre: distances that are equal on paper must not differ by rounding.
_EXACT = 1e-3
# How an unassigned cell looks to the roof beside it.
_OPEN, _EDGE, _EQUIPMENT, _WAITING = 0, 1, 2, 3


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


@njit(nogil=True, cache=True, inline="always")
def _square_distance(dr: int, dc: int) -> float:  # pragma: no cover - compiled
    """Distance from a cell's centre to the square of the cell (dr, dc) away, in cells."""
    return np.hypot(max(abs(dr) - 0.5, 0.0), max(abs(dc) - 0.5, 0.0))


@njit(nogil=True, cache=True, inline="always")
def _plane_at(a: int, r: float, c: float, fit: Floats, cell: float) -> float:  # pragma: no cover - compiled
    """Height of plane ``a`` at row and column; ``fit``: gradient east, north, height, row, col."""
    f = fit[a - 1]
    return f[2] + f[0] * (c - f[4]) * cell - f[1] * (r - f[3]) * cell


@njit(nogil=True, cache=True)
def _collect(
    r: int, c: int, obstacle: Flags, ids: Ints, kind: Codes, queue: NDArray[np.int64]
) -> tuple[int, bool, NDArray[np.int64]]:  # pragma: no cover - compiled
    """Gather the obstacle cells joined to (r, c): their number, whether they reach the outline, and the list."""
    rows, cols = ids.shape
    queue[0] = r * cols + c
    kind[r, c] = _WAITING
    count, at, rim = 1, 0, False
    while at < count:
        qr, qc = queue[at] // cols, queue[at] % cols
        at += 1
        for k in range(9):
            nr, nc = qr + k // 3 - 1, qc + k % 3 - 1
            if nr < 0 or nc < 0 or nr >= rows or nc >= cols or ids[nr, nc] != ids[r, c]:
                rim = True
            elif obstacle[nr, nc] and kind[nr, nc] == _OPEN:
                kind[nr, nc] = _WAITING
                if count == queue.size:
                    longer = np.empty(2 * count, np.int64)
                    longer[:count] = queue
                    queue = longer
                queue[count] = nr * cols + nc
                count += 1
    return count, rim, queue


@njit(nogil=True, cache=True)
def _drops(
    r: int, c: int, labels: Ints, ids: Ints, z: Surface, fit: Floats, cell: float, step: float
) -> bool:  # pragma: no cover - compiled
    """Is this cell without a plane lower by more than a step than the roof beside it?"""
    for k in range(9):
        nr, nc = r + k // 3 - 1, c + k % 3 - 1
        if nr < 0 or nc < 0 or nr >= labels.shape[0] or nc >= labels.shape[1] or labels[nr, nc] == 0:
            continue
        if ids[nr, nc] == ids[r, c] and _plane_at(labels[nr, nc], r, c, fit, cell) - z[r, c] > step:
            return True
    return False


@njit(nogil=True, cache=True)
def _classify(
    labels: Ints, obstacle: Flags, ids: Ints, z: Surface, fit: Floats, cell: float, step: float, kind: Codes
) -> None:  # pragma: no cover - compiled
    """What the cells without a plane inside outlines are to the roof around them, into ``kind``.

    A group of obstacle cells that reaches the outline is a parapet (or a tree over the wall) and counts as edge; one
    that lies within the roof is equipment. A hole, and a cell lower than its plane by more than a step, are edges.
    """
    rows, cols = labels.shape
    queue = np.empty(1024, np.int64)
    for r in range(rows):
        for c in range(cols):
            if ids[r, c] == 0 or labels[r, c] > 0 or kind[r, c] != _OPEN:
                continue
            if obstacle[r, c]:
                count, rim, queue = _collect(r, c, obstacle, ids, kind, queue)
                for q in range(count):
                    kind[queue[q] // cols, queue[q] % cols] = _EDGE if rim else _EQUIPMENT
            elif not np.isfinite(z[r, c]) or _drops(r, c, labels, ids, z, fit, cell, step):
                kind[r, c] = _EDGE


@njit(nogil=True, cache=True, inline="always")
def _is_edge(
    a: int,
    building: int,
    r: int,
    c: int,
    br: int,
    bc: int,
    labels: Ints,
    ids: Ints,
    kind: Codes,
    fit: Floats,
    cell: float,
    step: float,
) -> bool:  # pragma: no cover - compiled
    """Does the roof of plane ``a`` end between its cell (r, c) and the neighbour (br, bc)?"""
    if br < 0 or bc < 0 or br >= labels.shape[0] or bc >= labels.shape[1] or ids[br, bc] != building:
        return True
    b = labels[br, bc]
    if b == a:
        return False
    if b == 0:
        return kind[br, bc] == _EDGE
    mr, mc = 0.5 * (r + br), 0.5 * (c + bc)
    return abs(_plane_at(a, mr, mc, fit, cell) - _plane_at(b, mr, mc, fit, cell)) > step


@njit(nogil=True, cache=True)
def _take_setback(
    labels: Ints, ids: Ints, kind: Codes, fit: Floats, cell: float, step: float, distance: float, mask: Codes
) -> None:  # pragma: no cover - compiled
    """Take the cells of a plane that lie closer than ``distance`` to an edge of that plane."""
    rows, cols = labels.shape
    reach = int(np.ceil(distance / cell + 0.5))
    for r in range(rows):
        for c in range(cols):
            a = labels[r, c]
            if a == 0:
                continue
            for k in range(9):
                br, bc = r + k // 3 - 1, c + k % 3 - 1
                if k == 4 or not _is_edge(a, ids[r, c], r, c, br, bc, labels, ids, kind, fit, cell, step):
                    continue
                for pr in range(max(0, br - reach), min(rows, br + reach + 1)):
                    for pc in range(max(0, bc - reach), min(cols, bc + reach + 1)):
                        near = _square_distance(pr - br, pc - bc) * cell < distance - _EXACT
                        if near and labels[pr, pc] == a and mask[pr, pc] == USABLE:
                            mask[pr, pc] = _SETBACK


@njit(nogil=True, cache=True)
def _take_clearance(
    labels: Ints, obstacle: Flags, ids: Ints, z: Surface, fit: Floats, cell: float, distance: float, mask: Codes
) -> None:  # pragma: no cover - compiled
    """Take roof cells closer than ``distance`` to an obstacle of the same building that rises above their plane."""
    rows, cols = labels.shape
    reach = int(np.ceil(distance / cell + 0.5))
    for r in range(rows):
        for c in range(cols):
            if not obstacle[r, c]:
                continue
            for pr in range(max(0, r - reach), min(rows, r + reach + 1)):
                for pc in range(max(0, c - reach), min(cols, c + reach + 1)):
                    a = labels[pr, pc]
                    if a == 0 or mask[pr, pc] != USABLE or ids[pr, pc] != ids[r, c]:
                        continue
                    near = _square_distance(pr - r, pc - c) * cell < distance - _EXACT
                    if near and z[r, c] > _plane_at(a, r, c, fit, cell):
                        mask[pr, pc] = _OBSTACLE


@njit(nogil=True, cache=True, inline="always")
def _in_disc(dr: int, dc: int, width: int) -> bool:  # pragma: no cover - compiled
    """Cells of a disc of ``width`` cells across; a quarter of a cell more, so that three across is a plus of five."""
    middle = 0.5 * (width - 1)
    return np.hypot(dr - middle, dc - middle) <= middle + 0.25


@njit(nogil=True, cache=True, parallel=True)
def _mark_wide(labels: Ints, mask: Codes, width: int) -> Flags:  # pragma: no cover - compiled
    """Morphological opening, plane by plane, by a disc of ``width`` cells, and by a square where a square fits.

    The disc serves roofs at any angle to the raster; the square keeps the corners of those that lie along it.
    """
    rows, cols = labels.shape
    wide = np.zeros(labels.shape, np.bool_)
    for r in prange(max(0, rows - width + 1)):
        for c in range(max(0, cols - width + 1)):
            a = labels[r, c + width // 2]
            disc = a > 0
            square = disc
            for dr in range(width):
                for dc in range(width):
                    if disc and not (labels[r + dr, c + dc] == a and mask[r + dr, c + dc] == USABLE):
                        square = False
                        disc = not _in_disc(dr, dc, width)
                if not disc:
                    break
            if not disc:
                continue
            for dr in range(width):
                for dc in range(width):
                    # Several threads may write here; all write the same.
                    if square or _in_disc(dr, dc, width):
                        wide[r + dr, c + dc] = True
    return wide


@njit(nogil=True, cache=True)
def _take_small(labels: Ints, mask: Codes, least_cells: Floats) -> None:  # pragma: no cover - compiled
    """Take 4-connected usable patches of fewer cells than their plane asks for."""
    rows, cols = labels.shape
    seen = np.zeros(labels.shape, np.bool_)
    queue = np.empty(1024, np.int64)
    for r in range(rows):
        for c in range(cols):
            if mask[r, c] != USABLE or seen[r, c]:
                continue
            a = labels[r, c]
            queue[0] = r * cols + c
            seen[r, c] = True
            count, at = 1, 0
            while at < count:
                qr, qc = queue[at] // cols, queue[at] % cols
                at += 1
                for k in range(4):
                    dr, dc = (0, 1) if k == 0 else (0, -1) if k == 1 else (1, 0) if k == 2 else (-1, 0)
                    nr, nc = qr + dr, qc + dc
                    if nr < 0 or nc < 0 or nr >= rows or nc >= cols or seen[nr, nc]:
                        continue
                    if labels[nr, nc] == a and mask[nr, nc] == USABLE:
                        seen[nr, nc] = True
                        if count == queue.size:
                            longer = np.empty(2 * count, np.int64)
                            longer[:count] = queue
                            queue = longer
                        queue[count] = nr * cols + nc
                        count += 1
            if count < least_cells[a - 1] - 1e-9:
                for q in range(count):
                    mask[queue[q] // cols, queue[q] % cols] = _SMALL


@njit(nogil=True, cache=True)
def _take_planes_and_shade(
    labels: Ints, plane_rule: Codes, irradiation: Surface, threshold: float, shade: bool, mask: Codes
) -> None:  # pragma: no cover - compiled
    """First pass (``shade`` False): whole planes by their rule. Second: cells that get too little, or nobody knows."""
    for r in range(labels.shape[0]):
        for c in range(labels.shape[1]):
            a = labels[r, c]
            if a == 0:
                continue
            if not shade:
                mask[r, c] = plane_rule[a - 1]
            elif mask[r, c] == USABLE and not irradiation[r, c] >= threshold:
                mask[r, c] = _SHADE


@njit(nogil=True, cache=True)
def _count(labels: Ints, mask: Codes, planes: int) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Cells of each plane by the value of the mask: ``(planes, 8)``."""
    cells = np.zeros((planes, 8), np.int64)
    for r in range(labels.shape[0]):
        for c in range(labels.shape[1]):
            if labels[r, c] > 0:
                cells[labels[r, c] - 1, mask[r, c]] += 1
    return cells


def _plane_rules(planes: RoofPlanes, rules: UsableRules, azimuth_true: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Mask value of each plane as a whole: usable, too steep, or facing north."""
    tilt = planes.tilt()
    off_north = np.abs((np.asarray(azimuth_true) + 180.0) % 360.0 - 180.0)
    north = (tilt >= rules.flat_tilt) & (off_north <= rules.north_halfwidth) & (rules.north_halfwidth > 0.0)
    found = np.select([tilt > rules.max_tilt, north], [_TILT, _NORTH], USABLE)
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

    Returns
    -------
    UsableArea
    """
    labels, obstacle = planes.labels, planes.obstacle
    fit = np.column_stack([planes.gradient_east, planes.gradient_north, planes.height, planes.row, planes.col])
    mask = np.zeros(labels.shape, np.uint8)
    slope = 1.0 / np.cos(np.radians(planes.tilt()))
    threshold = rules.min_irradiation_share * open_sky
    plane_rule = _plane_rules(planes, rules, azimuth_true)
    _take_planes_and_shade(labels, plane_rule, irradiation, threshold, False, mask)
    kind = np.zeros(labels.shape, np.uint8)
    _classify(labels, obstacle, building_ids, z, fit, cell, rules.step_m, kind)
    _take_setback(labels, building_ids, kind, fit, cell, rules.step_m, rules.setback_m, mask)
    _take_clearance(labels, obstacle, building_ids, z, fit, cell, rules.obstacle_clearance_m, mask)
    _take_planes_and_shade(labels, plane_rule, irradiation, threshold, True, mask)
    width = int(np.ceil(rules.min_width_m / cell - _EXACT))
    if width > 1:
        mask[(mask == USABLE) & ~_mark_wide(labels, mask, width)] = _SMALL
    _take_small(labels, mask, rules.min_area_m2 / (cell**2 * slope))
    along_slope = _count(labels, mask, len(planes)) * (cell**2 * slope)[:, np.newaxis]
    return UsableArea(
        mask=mask,
        area_m2=planes.cells * cell**2 * slope,
        usable_m2=along_slope[:, USABLE].copy(),
        lost_m2={rule: along_slope[:, 2 + place].copy() for place, rule in enumerate(RULES)},
    )
