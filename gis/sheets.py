"""A raster that is filled here and there, in squares of which the last ones used are in memory and the others in a nameless file."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from gis.scratch import Block, Scratch

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.grid import Grid

# Cells on a side of a square (1 MB), and squares in memory.
SIDE, MOST_HELD = 512, 256


class Sheets:
    """Heights of a grid's cells, float32, NaN where nobody has put one; one thread's own.

    Raises
    ------
    OSError
        The disk is full, or the folder cannot be written.
    """

    def __init__(self, grid: Grid, folder: Path, stack: ExitStack) -> None:
        """``folder`` is where there is room for four bytes a cell, ``stack`` what closes the file in the end."""
        self._grid, self._folder, self._stack = grid, folder, stack
        self._held: OrderedDict[tuple[int, int], NDArray[np.float32]] = OrderedDict()
        self._kept: set[tuple[int, int]] = set()
        self._scratch: Scratch | None = None

    def square(self, row: int, col: int) -> tuple[NDArray[np.float32], Block]:
        """The square of a number of squares down and across, to be changed at once, and where it lies."""
        block, key = self._block(row, col), (row, col)
        z = self._held.pop(key, None)
        if z is None:
            z = self._read(key, block)
        self._held[key] = z
        if len(self._held) > MOST_HELD:
            self._let_go(*self._held.popitem(last=False))
        return z, block

    def rows(self, top: int, bottom: int) -> NDArray[np.float32]:
        """Whole rows."""
        found = np.full((bottom - top, self._grid.cols), np.nan, np.float32)
        for key in (*self._kept, *self._held):
            block = self._block(*key)
            if block.top >= bottom or block.bottom <= top:
                continue
            part = Block(max(top, block.top), min(bottom, block.bottom), block.left, block.right)
            held = self._held.get(key)
            values = part.of(held, block.corner) if held is not None else self._file().read(0, part)
            found[part.top - top : part.bottom - top, part.left : part.right] = values
        return found

    def _block(self, row: int, col: int) -> Block:
        grid = self._grid
        return Block(row * SIDE, min(grid.rows, (row + 1) * SIDE), col * SIDE, min(grid.cols, (col + 1) * SIDE))

    def _read(self, key: tuple[int, int], block: Block) -> NDArray[np.float32]:
        if key in self._kept:
            return self._file().read(0, block)
        return np.full(block.shape, np.nan, np.float32)

    def _let_go(self, key: tuple[int, int], z: NDArray[np.float32]) -> None:
        self._file().write(0, self._block(*key), z)
        self._kept.add(key)

    def _file(self) -> Scratch:
        if self._scratch is None:
            self._scratch = self._stack.enter_context(Scratch(self._folder, self._grid.shape, 1))
        return self._scratch
