"""The rules of usable area, compiled: building by building, on cut-outs of the rasters.

Kernels for :mod:`gis.usable`. Nothing of a building depends on what lies outside its outline, so that one building
alone comes out as among thousands.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Surface = NDArray[np.float32]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]
Codes = NDArray[np.uint8]

# The rules in the order in which they take cells; the code in the mask is 2 + the place in this list.
RULES = ("tilt", "north", "keepout", "setback", "obstacle", "shade", "small")
NO_PLANE, USABLE = 0, 1
TILT, NORTH, _KEEPOUT, _SETBACK, _OBSTACLE, _SHADE, _SMALL = range(2, 2 + len(RULES))
# Millimetre: distances that are equal on paper must not differ by rounding.
EXACT = 1e-3
# How an unassigned cell looks to the roof beside it.
_OPEN, _EDGE, _EQUIPMENT, _WAITING = 0, 1, 2, 3


class _Fits(NamedTuple):
    """The fitted planes, seen from a cut-out of the raster that begins at cell (top, left)."""

    figures: Floats  # (P, 5): gradient east, gradient north, height, row, column
    cell: float
    top: int
    left: int


class Limits(NamedTuple):
    """``UsableRules`` as the kernels need them."""

    setback: float
    step: float
    clearance: float
    threshold: float  # least irradiation [kWh/m² a]
    width: int  # cells


@njit(nogil=True, cache=True, inline="always")
def _square_distance(dr: int, dc: int) -> float:  # pragma: no cover - compiled
    """Distance from a cell's centre to the square of the cell (dr, dc) away, in cells."""
    return np.hypot(max(abs(dr) - 0.5, 0.0), max(abs(dc) - 0.5, 0.0))


@njit(nogil=True, cache=True, inline="always")
def _plane_at(a: int, r: float, c: float, fits: _Fits) -> float:  # pragma: no cover - compiled
    """Height of plane ``a`` at row and column of the cut-out."""
    f = fits.figures[a - 1]
    return f[2] + f[0] * (c + fits.left - f[4]) * fits.cell - f[1] * (r + fits.top - f[3]) * fits.cell


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
    r: int, c: int, labels: Ints, ids: Ints, z: Surface, fits: _Fits, step: float
) -> bool:  # pragma: no cover - compiled
    """Is this cell without a plane lower by more than a step than the roof beside it?"""
    for k in range(9):
        nr, nc = r + k // 3 - 1, c + k % 3 - 1
        if nr < 0 or nc < 0 or nr >= labels.shape[0] or nc >= labels.shape[1] or labels[nr, nc] == 0:
            continue
        if ids[nr, nc] == ids[r, c] and _plane_at(labels[nr, nc], r, c, fits) - z[r, c] > step:
            return True
    return False


@njit(nogil=True, cache=True)
def _classify(
    labels: Ints, obstacle: Flags, ids: Ints, z: Surface, fits: _Fits, step: float, kind: Codes
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
            elif not np.isfinite(z[r, c]) or _drops(r, c, labels, ids, z, fits, step):
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
    fits: _Fits,
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
    return abs(_plane_at(a, mr, mc, fits) - _plane_at(b, mr, mc, fits)) > step


@njit(nogil=True, cache=True)
def _take_setback(
    labels: Ints, ids: Ints, kind: Codes, fits: _Fits, step: float, distance: float, mask: Codes
) -> None:  # pragma: no cover - compiled
    """Take the cells of a plane that lie closer than ``distance`` to an edge of that plane."""
    rows, cols = labels.shape
    reach = int(np.ceil(distance / fits.cell + 0.5))
    for r in range(rows):
        for c in range(cols):
            a = labels[r, c]
            if a == 0:
                continue
            for k in range(9):
                br, bc = r + k // 3 - 1, c + k % 3 - 1
                if k == 4 or not _is_edge(a, ids[r, c], r, c, br, bc, labels, ids, kind, fits, step):
                    continue
                for pr in range(max(0, br - reach), min(rows, br + reach + 1)):
                    for pc in range(max(0, bc - reach), min(cols, bc + reach + 1)):
                        near = _square_distance(pr - br, pc - bc) * fits.cell < distance - EXACT
                        if near and labels[pr, pc] == a and mask[pr, pc] == USABLE:
                            mask[pr, pc] = _SETBACK


@njit(nogil=True, cache=True)
def _take_clearance(
    labels: Ints, obstacle: Flags, ids: Ints, z: Surface, fits: _Fits, distance: float, mask: Codes
) -> None:  # pragma: no cover - compiled
    """Take roof cells closer than ``distance`` to an obstacle of the same building that rises above their plane."""
    rows, cols = labels.shape
    reach = int(np.ceil(distance / fits.cell + 0.5))
    for r in range(rows):
        for c in range(cols):
            if not obstacle[r, c]:
                continue
            for pr in range(max(0, r - reach), min(rows, r + reach + 1)):
                for pc in range(max(0, c - reach), min(cols, c + reach + 1)):
                    a = labels[pr, pc]
                    if a == 0 or mask[pr, pc] != USABLE or ids[pr, pc] != ids[r, c]:
                        continue
                    near = _square_distance(pr - r, pc - c) * fits.cell < distance - EXACT
                    if near and z[r, c] > _plane_at(a, r, c, fits):
                        mask[pr, pc] = _OBSTACLE


@njit(nogil=True, cache=True, inline="always")
def _in_disc(dr: int, dc: int, width: int) -> bool:  # pragma: no cover - compiled
    """Cells of a disc of ``width`` cells across; a quarter of a cell more, so that three across is a plus of five."""
    middle = 0.5 * (width - 1)
    return np.hypot(dr - middle, dc - middle) <= middle + 0.25


@njit(nogil=True, cache=True)
def _mark_wide(labels: Ints, mask: Codes, width: int) -> Flags:  # pragma: no cover - compiled
    """Morphological opening, plane by plane, by a disc of ``width`` cells, and by a square where a square fits.

    The disc serves roofs at any angle to the raster; the square keeps the corners of those that lie along it.
    """
    rows, cols = labels.shape
    wide = np.zeros(labels.shape, np.bool_)
    for r in range(max(0, rows - width + 1)):
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
def _take_planes_and_keepouts(
    labels: Ints, plane_rule: Codes, keepout: Flags, mask: Codes
) -> None:  # pragma: no cover - compiled
    """Whole planes by their rule, then the cells where a person wants no modules."""
    for r in range(labels.shape[0]):
        for c in range(labels.shape[1]):
            if labels[r, c] > 0:
                rule = plane_rule[labels[r, c] - 1]
                mask[r, c] = _KEEPOUT if rule == USABLE and keepout[r, c] else rule


@njit(nogil=True, cache=True)
def _take_shade(irradiation: Surface, threshold: float, mask: Codes) -> None:  # pragma: no cover - compiled
    """Cells that get too little, or nobody knows."""
    for r in range(mask.shape[0]):
        for c in range(mask.shape[1]):
            if mask[r, c] == USABLE and not irradiation[r, c] >= threshold:
                mask[r, c] = _SHADE


@njit(nogil=True, cache=True)
def _take_narrow(labels: Ints, width: int, mask: Codes) -> None:  # pragma: no cover - compiled
    """Cells of patches too narrow for a module."""
    wide = _mark_wide(labels, mask, width)
    for r in range(mask.shape[0]):
        for c in range(mask.shape[1]):
            if mask[r, c] == USABLE and not wide[r, c]:
                mask[r, c] = _SMALL


@njit(nogil=True, cache=True)
def _own(
    k: int, ids: Ints, labels: Ints, obstacle: Flags, top: int, left: int, rows: int, cols: int
) -> tuple[Ints, Ints, Flags]:  # pragma: no cover - compiled
    """Number, planes and obstacles of building ``k`` alone, cut out at (top, left)."""
    number, plane = np.zeros((rows, cols), np.int32), np.zeros((rows, cols), np.int32)
    high = np.zeros((rows, cols), np.bool_)
    for r in range(rows):
        for c in range(cols):
            if ids[top + r, left + c] == k:
                number[r, c] = k
                plane[r, c] = labels[top + r, left + c]
                high[r, c] = obstacle[top + r, left + c]
    return number, plane, high


@njit(nogil=True, cache=True)
def _rules_of_one(
    k: int,
    box: NDArray[np.int64],
    labels: Ints,
    obstacle: Flags,
    ids: Ints,
    z: Surface,
    irradiation: Surface,
    keepout: Flags,
    figures: Floats,
    cell: float,
    plane_rule: Codes,
    least_cells: Floats,
    limits: Limits,
    mask: Codes,
    cells: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """All rules on building ``k``, into ``mask``, and its planes' cells by the value of the mask, into ``cells``."""
    top, left, rows, cols = box[0], box[2], box[1] - box[0] + 1, box[3] - box[2] + 1
    number, plane, high = _own(k, ids, labels, obstacle, top, left, rows, cols)
    here = np.zeros((rows, cols), np.uint8)
    kind = np.zeros((rows, cols), np.uint8)
    fits = _Fits(figures, cell, top, left)
    height = z[top : top + rows, left : left + cols].copy()
    _take_planes_and_keepouts(plane, plane_rule, keepout[top : top + rows, left : left + cols].copy(), here)
    _classify(plane, high, number, height, fits, limits.step, kind)
    _take_setback(plane, number, kind, fits, limits.step, limits.setback, here)
    _take_clearance(plane, high, number, height, fits, limits.clearance, here)
    _take_shade(irradiation[top : top + rows, left : left + cols].copy(), limits.threshold, here)
    if limits.width > 1:
        _take_narrow(plane, limits.width, here)
    _take_small(plane, here, least_cells)
    for r in range(rows):
        for c in range(cols):
            if plane[r, c] > 0:
                mask[top + r, left + c] = here[r, c]
                cells[plane[r, c] - 1, here[r, c]] += 1


@njit(nogil=True, cache=True, parallel=True)
def rules_of_many(
    order: NDArray[np.int64],
    boxes: NDArray[np.int64],
    labels: Ints,
    obstacle: Flags,
    ids: Ints,
    z: Surface,
    irradiation: Surface,
    keepout: Flags,
    figures: Floats,
    cell: float,
    plane_rule: Codes,
    least_cells: Floats,
    limits: Limits,
    mask: Codes,
    cells: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """All rules on the buildings in ``order``: each cell's fate into ``mask``, cells of planes by fate into ``cells``."""
    # A building's cells and planes are its own: no two threads write to the same place.
    for q in prange(order.size):
        _rules_of_one(
            order[q], boxes[order[q]], labels, obstacle, ids, z, irradiation, keepout, figures, cell, plane_rule, least_cells, limits, mask, cells
        )  # fmt: skip
