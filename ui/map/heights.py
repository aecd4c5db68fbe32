"""Heights under the pointer: squares of the surface, read by the worker when first needed, then kept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ui.map.rasters import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from ui.map.rasters import Surface

BLOCKS_KEPT = 64


class Heights:
    """Answers at once from what is there; else asks for the square, one at a time, and answers None."""

    def __init__(self, surface: Surface | None, ask: Callable[[int, int], None]) -> None:
        self._surface = surface
        self._ask = ask
        self._blocks: dict[tuple[int, int], NDArray[np.float32] | None] = {}
        self._awaited: tuple[int, int] | None = None

    @property
    def waiting(self) -> bool:
        """Whether a square has been asked for and has not come."""
        return self._awaited is not None

    def at(self, x: float, y: float) -> float | None:
        """Height [m] of the cell that holds the point; None outside, without a value, or not yet read."""
        cell = self._surface.cell_at(x, y) if self._surface is not None else None
        if cell is None:
            return None
        key = (cell[0] // BLOCK, cell[1] // BLOCK)
        if key not in self._blocks:
            if self._awaited is None:
                self._awaited = key
                self._ask(*key)
            return None
        values = self._blocks[key]
        value = float(values[cell[0] % BLOCK, cell[1] % BLOCK]) if values is not None else math.nan
        return None if math.isnan(value) else value

    def take(self, row: int, col: int, values: NDArray[np.float32] | None) -> None:
        """A square has come."""
        self._awaited = None
        if len(self._blocks) >= BLOCKS_KEPT:
            self._blocks.pop(next(iter(self._blocks)))
        self._blocks[row, col] = values
