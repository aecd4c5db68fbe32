"""The cells of one roof plane with what the rules say of each, as a short text that goes wherever the plane's row goes.

The text is ``west north side rows cols code``: the corner of the box of cells in the survey's CRS [m], the side of a cell [m], the size of the box, and
one byte for each cell (deflated, base64): 0 = not of this plane, 1 = usable, 2 + i = taken by ``RULES[i]``.
"""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gis.usable import RULES, USABLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.grid import Grid
    from gis.roof_light import RoofCells

# Larger than any roof at any cell: 4 km² at half a metre.
_MOST_CELLS = 16_000_000
_LAST_CODE = 1 + len(RULES)
# Places of a corner that are the same in every window of a raster.
_MICROMETRE = 6


@dataclass(frozen=True)
class PlaneCells:
    """Cells of a plane.

    Attributes
    ----------
    west, north : corner of the box [m], in the CRS of the survey
    cell : side of a cell [m]
    rules : uint8 (rows, cols), row 0 in the north; 0 = not of the plane, 1 = usable, 2 + i = taken by ``RULES[i]``
    """

    west: float
    north: float
    cell: float
    rules: NDArray[np.uint8]

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Cells that may carry modules."""
        return np.asarray(self.rules == USABLE)

    def encode(self) -> str:
        """As text."""
        rows, cols = self.rules.shape
        code = base64.b64encode(zlib.compress(np.ascontiguousarray(self.rules).tobytes(), 6)).decode("ascii")
        return f"{self.west:.{_MICROMETRE}f} {self.north:.{_MICROMETRE}f} {self.cell!r} {rows} {cols} {code}"

    @classmethod
    def decode(cls, text: str) -> PlaneCells:
        """What :meth:`encode` wrote; the text may be anybody's.

        Raises
        ------
        ValueError
            It is no such text; nothing of more than some megabytes is ever unpacked.
        """
        words = text.split(" ")
        if len(words) != 6:
            raise ValueError("not the cells of a plane")
        west, north, cell = (float(word) for word in words[:3])
        rows, cols = int(words[3]), int(words[4])
        if not (math.isfinite(west) and math.isfinite(north) and math.isfinite(cell) and cell > 0):
            raise ValueError("no place for the cells of a plane")
        if rows < 1 or cols < 1 or rows * cols > _MOST_CELLS:
            raise ValueError(f"{rows} × {cols} cells of a plane")
        unpack = zlib.decompressobj()
        try:
            code = unpack.decompress(base64.b64decode(words[5], validate=True), rows * cols)
            more = unpack.decompress(unpack.unconsumed_tail, 1)
        except (binascii.Error, zlib.error) as error:
            raise ValueError("cells of a plane are damaged") from error
        rules = np.frombuffer(code, np.uint8)
        if more or not unpack.eof or rules.size != rows * cols or rules.max() > _LAST_CODE:
            raise ValueError("cells of a plane are damaged")
        return cls(west, north, cell, rules.reshape(rows, cols))


def cells_of_planes(
    chosen: NDArray[np.bool_], cells: RoofCells, mask: NDArray[np.uint8], grid: Grid
) -> NDArray[np.object_]:
    """The cells of some planes as text, None for the others.

    Parameters
    ----------
    chosen : bool by plane
    cells : of the roofs; every chosen plane's are among them
    mask : uint8 (rows, cols), as :class:`gis.usable.UsableArea` has it
    """
    found = np.full(len(chosen), None, dtype=object)
    mine = np.flatnonzero(chosen[cells.plane]) if len(chosen) else np.zeros(0, np.int64)
    if not len(mine):
        return found
    mine = mine[np.argsort(cells.plane[mine], kind="stable")]
    plane = cells.plane[mine]
    row, col = np.divmod(cells.index[mine], mask.shape[1])
    value = mask.ravel()[cells.index[mine]]
    begins = np.flatnonzero(np.diff(plane, prepend=-1))
    box = [function.reduceat(part, begins) for part in (row, col) for function in (np.minimum, np.maximum)]
    ends = np.append(begins[1:], len(plane))
    for k, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
        top, bottom, left, right = (int(side[k]) for side in box)
        rules = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
        rules[row[begin:end] - top, col[begin:end] - left] = value[begin:end]
        west, north = grid.west + left * grid.cell, grid.north - top * grid.cell
        found[plane[begin]] = PlaneCells(west, north, grid.cell, rules).encode()
    return found
