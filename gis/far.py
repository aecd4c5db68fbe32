"""What lies beyond a window: block maxima of the whole raster, coarser the farther away.

A block of side ``s`` at a distance ``d`` places what it holds within ``s / 2``; with ``d ≥ 128 s`` that is less than 0.4 % of the distance, and an
obstacle that is seen at 5° is seen within 0.02°. So each level serves from 128 times its side on, and a line needs about 130 samples for every
doubling of the distance, whatever the size of the raster.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Distance from which a block may stand for its cells, in sides of the block.
SIDES_AWAY = 128
# Farther than this nothing is looked at [m]: Mount Fuji from Kawasaki is 90 km.
FARTHEST_M = 100_000.0
# Rows read at a time while the maxima are taken.
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class FarLevel:
    """Maxima of blocks of ``side`` × ``side`` cells; ``row``, ``col`` number the first block in the whole raster."""

    side: int
    heights: NDArray[np.float32]
    row: int
    col: int


@dataclass(frozen=True)
class FarWindow:
    """What lies around one window, fine to coarse.

    Attributes
    ----------
    reach : (levels + 1,), distance from the window's edge [cells] from which each level serves, and where the last ends
    """

    levels: tuple[FarLevel, ...]
    reach: NDArray[np.float64]


@dataclass(frozen=True)
class FarField:
    """All levels of a raster; arrays in memory, or mapped from files.

    Attributes
    ----------
    near : cells that every window holds around its own, at full resolution
    """

    shape: tuple[int, int]
    cell: float
    near: int
    levels: tuple[FarLevel, ...]

    def window(self, top: int, bottom: int, left: int, right: int) -> FarWindow | None:
        """Levels around the cells ``[top, bottom) × [left, right)``, each as far as it serves; None where they are the whole raster."""
        if top <= 0 and left <= 0 and bottom >= self.shape[0] and right >= self.shape[1]:
            return None
        farthest = FARTHEST_M / self.cell
        reach = [0.0]
        cut = []
        for level in self.levels:
            begin = reach[-1]
            end = min(2.0 * SIDES_AWAY * level.side - self.near, farthest)
            if level is self.levels[-1]:
                end = farthest
            if end <= begin:
                break
            cut.append(_around(level, (top, bottom, left, right), end))
            reach.append(end)
        return FarWindow(tuple(cut), np.array(reach))


def _around(level: FarLevel, box: tuple[int, int, int, int], reach: float) -> FarLevel:
    rows, cols = level.heights.shape
    top, left = (max(0, math.floor((edge - reach) / level.side) - 1) for edge in (box[0], box[2]))
    bottom, right = (math.ceil((edge + reach) / level.side) + 1 for edge in (box[1], box[3]))
    part = np.array(level.heights[top : min(bottom, rows), left : min(right, cols)], dtype=np.float32)
    return FarLevel(level.side, part, top, left)


def first_side(near: int) -> int:
    """Side of the finest blocks for windows with ``near`` cells around them: a power of two, at least 2."""
    return max(2, 2 ** math.floor(math.log2(max(near / SIDES_AWAY, 2.0))))


def far_field(
    read_rows: Callable[[int, int], NDArray[np.float32]],
    shape: tuple[int, int],
    cell: float,
    near: int,
    *,
    folder: Path | None = None,
    progress: Progress = silent,
) -> FarField:
    """Take the maxima of a raster, some rows at a time.

    Parameters
    ----------
    read_rows : first and end row → float32 (rows, cols), NaN in holes
    near : cells around each window at full resolution
    folder : where the levels are kept as files that processes share; in memory unless given
    """
    side = first_side(near)
    rows, cols = -(-shape[0] // side), -(-shape[1] // side)
    finest = _array(folder, side, (rows, cols))
    stripe = side * max(1, _ROWS_AT_ONCE // side)
    for begin in range(0, shape[0], stripe):
        progress(begin / shape[0], "far")
        z = read_rows(begin, min(shape[0], begin + stripe))
        finest[begin // side : -(-min(shape[0], begin + stripe) // side)] = block_maxima(z, side)
    levels = [FarLevel(side, finest, 0, 0)]
    # Coarser until one block spans what its own distance asks for.
    while SIDES_AWAY * levels[-1].side < max(shape) and max(levels[-1].heights.shape) > 1:
        side *= 2
        coarse = block_maxima(levels[-1].heights, 2)
        kept = _array(folder, side, coarse.shape)
        kept[:] = coarse
        levels.append(FarLevel(side, kept, 0, 0))
    if folder is not None:
        for level in levels:
            getattr(level.heights, "flush", lambda: None)()
        return load_far_field(folder, shape, cell, near)
    return FarField(shape, cell, near, tuple(levels))


def load_far_field(folder: Path, shape: tuple[int, int], cell: float, near: int) -> FarField:
    """The levels that :func:`far_field` left in a folder, mapped; a process reads only what it looks at."""
    levels = []
    side = first_side(near)
    while (path := folder / f"far_{side}.npy").is_file():
        levels.append(FarLevel(side, np.load(path, mmap_mode="r"), 0, 0))
        side *= 2
    return FarField(shape, cell, near, tuple(levels))


def _array(folder: Path | None, side: int, shape: tuple[int, int]) -> NDArray[np.float32]:
    if folder is None:
        return np.empty(shape, dtype=np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    return np.lib.format.open_memmap(folder / f"far_{side}.npy", mode="w+", dtype=np.float32, shape=shape)


@njit(nogil=True, cache=True)
def block_maxima(z: NDArray[np.float32], side: int) -> NDArray[np.float32]:  # pragma: no cover - compiled
    """Highest cell of each block of ``side`` × ``side``; blocks at the end may be smaller, NaN where all are holes."""
    rows, cols = -(-z.shape[0] // side), -(-z.shape[1] // side)
    out = np.full((rows, cols), np.nan, np.float32)
    for r in range(z.shape[0]):
        for c in range(z.shape[1]):
            h = z[r, c]
            if not out[r // side, c // side] >= h and not np.isnan(h):
                out[r // side, c // side] = h
    return out
