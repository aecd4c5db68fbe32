"""The rules of usable area, compiled: rule by rule, each on a block of buildings.

Kernels for :mod:`gis.usable`. Nothing of a building depends on what lies outside its outline, so that one building
alone comes out as among thousands; and a building's cells and planes are its own, so that no two threads write to the same place.

``numbers`` are the buildings of the block, ``boxes`` tells where each building lies in the rasters. ``fits`` has a row for each plane: gradient
to the east and north, height, row and column of its middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gis.kernels import inner, kernel

Floats = NDArray[np.float64]
Surface = NDArray[np.float32]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.uint8]

# The rules; the code in the mask is 2 + the place in this list. They take cells in this order, but for the last two: what is kept free for people is
# taken with the keep-outs. They stand last so that codes that are kept in files mean what they did.
RULES = ("tilt", "north", "keepout", "setback", "obstacle", "shade", "small", "refuge", "access")
NO_PLANE, USABLE = 0, 1
TILT, NORTH, KEEPOUT, _SETBACK, _OBSTACLE, _SHADE, _SMALL, REFUGE, ACCESS = range(2, 2 + len(RULES))
# How an unassigned cell looks to the roof beside it.
_OPEN, _EDGE, _EQUIPMENT, _WAITING = 0, 1, 2, 3


@inner
def _plane_at(a: int, r: float, c: float, fits: Floats, cell: float) -> float:  # pragma: no cover - compiled
    """Height of plane ``a`` at row and column."""
    return fits[a - 1, 2] + fits[a - 1, 0] * (c - fits[a - 1, 4]) * cell - fits[a - 1, 1] * (r - fits[a - 1, 3]) * cell


@kernel
def take_planes_and_keepouts(
    numbers: Longs, boxes: Longs, ids: Ints, labels: Ints, plane_rule: Codes, keepout: Codes, mask: Codes
) -> None:  # pragma: no cover - compiled
    """Whole planes by their rule, then the cells where a person wants no modules: ``keepout`` is 0 or the code of the rule that takes them."""
    for n in range(numbers.size):
        k = numbers[n]
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if labels[r, c] > 0 and ids[r, c] == k:
                    rule = plane_rule[labels[r, c] - 1]
                    mask[r, c] = keepout[r, c] if rule == USABLE and keepout[r, c] else rule


@inner
def _collect(
    r: int, c: int, obstacle: Flags, ids: Ints, kind: Codes, queue: Longs
) -> tuple[int, bool]:  # pragma: no cover - compiled
    """Gather the obstacle cells joined to (r, c) into the queue: their number, and whether they reach the outline."""
    queue[0] = r * ids.shape[1] + c
    kind[r, c] = _WAITING
    count, at, rim = 1, 0, False
    while at < count:
        qr, qc = queue[at] // ids.shape[1], queue[at] % ids.shape[1]
        at += 1
        for k in range(9):
            nr, nc = qr + k // 3 - 1, qc + k % 3 - 1
            if nr < 0 or nc < 0 or nr >= ids.shape[0] or nc >= ids.shape[1] or ids[nr, nc] != ids[r, c]:
                rim = True
            elif obstacle[nr, nc] and kind[nr, nc] == _OPEN:
                kind[nr, nc] = _WAITING
                queue[count] = nr * ids.shape[1] + nc
                count += 1
    return count, rim


@inner
def _drops(
    r: int, c: int, labels: Ints, ids: Ints, height: float, fits: Floats, cell: float, step: float
) -> bool:  # pragma: no cover - compiled
    """Is this cell without a plane lower by more than a step than the roof beside it?"""
    for k in range(9):
        nr, nc = r + k // 3 - 1, c + k % 3 - 1
        if nr < 0 or nc < 0 or nr >= labels.shape[0] or nc >= labels.shape[1] or labels[nr, nc] == 0:
            continue
        if ids[nr, nc] == ids[r, c] and _plane_at(labels[nr, nc], r, c, fits, cell) - height > step:
            return True
    return False


@kernel
def classify(
    numbers: Longs,
    boxes: Longs,
    ids: Ints,
    labels: Ints,
    obstacle: Flags,
    z: Surface,
    fits: Floats,
    cell: float,
    step: float,
    queue: Longs,
    kind: Codes,
) -> None:  # pragma: no cover - compiled
    """What the cells without a plane inside outlines are to the roof around them, into ``kind``.

    A group of obstacle cells that reaches the outline is a parapet (or a tree over the wall) and counts as edge; one
    that lies within the roof is equipment. A hole, and a cell lower than its plane by more than a step, are edges.
    """
    for n in range(numbers.size):
        k = numbers[n]
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if ids[r, c] != k or labels[r, c] > 0 or kind[r, c] != _OPEN:
                    continue
                if obstacle[r, c]:
                    count, rim = _collect(r, c, obstacle, ids, kind, queue)
                    for q in range(count):
                        kind[queue[q] // ids.shape[1], queue[q] % ids.shape[1]] = _EDGE if rim else _EQUIPMENT
                elif not np.isfinite(z[r, c]) or _drops(r, c, labels, ids, z[r, c], fits, cell, step):
                    kind[r, c] = _EDGE


@inner
def _is_edge(
    r: int, c: int, br: int, bc: int, labels: Ints, ids: Ints, kind: Codes, fits: Floats, cell: float, step: float
) -> bool:  # pragma: no cover - compiled
    """Does the roof of a plane end between its cell (r, c) and the neighbour (br, bc)?"""
    if br < 0 or bc < 0 or br >= labels.shape[0] or bc >= labels.shape[1] or ids[br, bc] != ids[r, c]:
        return True
    a, b = labels[r, c], labels[br, bc]
    if b == a:
        return False
    if b == 0:
        return kind[br, bc] == _EDGE
    mr, mc = 0.5 * (r + br), 0.5 * (c + bc)
    return abs(_plane_at(a, mr, mc, fits, cell) - _plane_at(b, mr, mc, fits, cell)) > step


@kernel
def take_setback(
    numbers: Longs,
    boxes: Longs,
    ids: Ints,
    labels: Ints,
    kind: Codes,
    fits: Floats,
    cell: float,
    step: float,
    near: Longs,
    mask: Codes,
) -> None:  # pragma: no cover - compiled
    """Take the cells of a plane that lie ``near`` (rows and columns away) an edge of that plane."""
    for n in range(numbers.size):
        k = numbers[n]
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                a = labels[r, c]
                if a == 0 or ids[r, c] != k:
                    continue
                for m in range(9):
                    br, bc = r + m // 3 - 1, c + m % 3 - 1
                    if m == 4 or not _is_edge(r, c, br, bc, labels, ids, kind, fits, cell, step):
                        continue
                    for q in range(near.shape[0]):
                        pr, pc = br + near[q, 0], bc + near[q, 1]
                        if pr < 0 or pc < 0 or pr >= labels.shape[0] or pc >= labels.shape[1]:
                            continue
                        if labels[pr, pc] == a and mask[pr, pc] == USABLE:
                            mask[pr, pc] = _SETBACK


@kernel
def take_clearance_and_shade(
    numbers: Longs,
    boxes: Longs,
    ids: Ints,
    labels: Ints,
    obstacle: Flags,
    z: Surface,
    fits: Floats,
    cell: float,
    near: Longs,
    irradiation: Surface,
    threshold: float,
    mask: Codes,
) -> None:  # pragma: no cover - compiled
    """Take roof cells ``near`` an obstacle of the same building that rises above their plane; then those that get too little light, or nobody knows."""
    for n in range(numbers.size):
        k = numbers[n]
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if ids[r, c] != k or not obstacle[r, c]:
                    continue
                for q in range(near.shape[0]):
                    pr, pc = r + near[q, 0], c + near[q, 1]
                    if pr < 0 or pc < 0 or pr >= labels.shape[0] or pc >= labels.shape[1]:
                        continue
                    a = labels[pr, pc]
                    if a == 0 or mask[pr, pc] != USABLE or ids[pr, pc] != k:
                        continue
                    if z[r, c] > _plane_at(a, r, c, fits, cell):
                        mask[pr, pc] = _OBSTACLE
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if ids[r, c] == k and mask[r, c] == USABLE and not irradiation[r, c] >= threshold:
                    mask[r, c] = _SHADE


@kernel
def take_narrow(
    numbers: Longs, boxes: Longs, ids: Ints, labels: Ints, disc: Flags, mask: Codes, wide: Flags
) -> None:  # pragma: no cover - compiled
    """Cells of patches too narrow for a module: morphological opening, plane by plane, by a disc, and by a square where a square fits.

    The disc serves roofs at any angle to the raster; the square keeps the corners of those that lie along it.
    ``disc``: which cells of the square it holds. ``wide``: a raster of False.
    """
    width = disc.shape[0]
    for n in range(numbers.size):
        k = numbers[n]
        for r in range(boxes[k, 0], boxes[k, 1] + 2 - width):
            for c in range(boxes[k, 2], boxes[k, 3] + 2 - width):
                a = labels[r, c + width // 2]
                fits = a > 0 and ids[r, c + width // 2] == k
                square = fits
                dr = 0
                while fits and dr < width:
                    for dc in range(width):
                        if labels[r + dr, c + dc] != a or mask[r + dr, c + dc] != USABLE:
                            square = False
                            fits &= not disc[dr, dc]
                    dr += 1
                if not fits:
                    continue
                for dr in range(width):
                    for dc in range(width):
                        if square or disc[dr, dc]:
                            wide[r + dr, c + dc] = True
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if ids[r, c] == k and mask[r, c] == USABLE and not wide[r, c]:
                    mask[r, c] = _SMALL


@kernel
def take_small(
    numbers: Longs,
    boxes: Longs,
    ids: Ints,
    labels: Ints,
    least_cells: Floats,
    queue: Longs,
    mask: Codes,
    seen: Flags,
    cells: Longs,
) -> None:  # pragma: no cover - compiled
    """Take 4-connected usable patches of fewer cells than their plane asks for, and count the planes' ``cells`` by the value of the mask.

    ``seen``: a raster of False.
    """
    rows, cols = labels.shape
    for n in range(numbers.size):
        k = numbers[n]
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if mask[r, c] != USABLE or seen[r, c] or ids[r, c] != k:
                    continue
                a = labels[r, c]
                queue[0] = r * cols + c
                seen[r, c] = True
                count, at = 1, 0
                while at < count:
                    qr, qc = queue[at] // cols, queue[at] % cols
                    at += 1
                    for m in range(4):
                        nr = qr + (1 if m == 2 else -1 if m == 3 else 0)
                        nc = qc + (1 if m == 0 else -1 if m == 1 else 0)
                        if nr < 0 or nc < 0 or nr >= rows or nc >= cols or seen[nr, nc]:
                            continue
                        if labels[nr, nc] == a and mask[nr, nc] == USABLE:
                            seen[nr, nc] = True
                            queue[count] = nr * cols + nc
                            count += 1
                if count < least_cells[a - 1] - 1e-9:
                    for q in range(count):
                        mask[queue[q] // cols, queue[q] % cols] = _SMALL
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if labels[r, c] > 0 and ids[r, c] == k:
                    cells[labels[r, c] - 1, mask[r, c]] += 1
