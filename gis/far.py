"""What lies beyond a window: block maxima of the whole raster, coarser the farther away, and what stands out of its surroundings as it is.

A block of side ``s`` at a distance ``d`` places what it holds within ``s / 2``; with ``d ≥ 64 s`` that is less than 0.8 % of the distance, and an
obstacle that is seen at 5° is seen within 0.04°. So each level serves from 64 times its side on, and a line needs about seventy samples for every
doubling of the distance, whatever the size of the raster.

A chimney is the exception: a block makes it wider than it is, and seen from three hundred metres it is a skyline of its own. So the cells of what rises
far above all around it are kept too, as patches.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis.aside import aside
from gis.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Distance from which a block may stand for its cells, in sides of the block.
SIDES_AWAY = 64
# Farther than this nothing is looked at [m]: Mount Fuji from Kawasaki is 90 km.
FARTHEST_M = 100_000.0
# Cells along a patch; one is kept where its highest cell rises this far [m] above the ground of its region: the median of the lowest cells of
# its patches.
PATCH = 16
PATCH_RISE_M = 25.0
_REGION = 16
# Rows read at a time while the maxima are taken.
_ROWS_AT_ONCE = 512


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
    patches: Patches


@dataclass(frozen=True)
class Patches:
    """Cells of what stands out.

    Attributes
    ----------
    number : int32 (patch rows, patch cols), 1 … of a patch, 0 where there is none; ``row``, ``col`` number the first in the whole raster
    heights : float32 (patches, PATCH, PATCH), of numbers 1, 2 …; NaN in holes
    """

    number: NDArray[np.int32]
    heights: NDArray[np.float32]
    row: int
    col: int


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
    patches: Patches

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
        return FarWindow(tuple(cut), np.array(reach), _patches_around(self.patches, (top, bottom, left, right)))


def _around(level: FarLevel, box: tuple[int, int, int, int], reach: float) -> FarLevel:
    rows, cols = level.heights.shape
    top, left = (max(0, math.floor((edge - reach) / level.side) - 1) for edge in (box[0], box[2]))
    bottom, right = (math.ceil((edge + reach) / level.side) + 1 for edge in (box[1], box[3]))
    part = np.array(level.heights[top : min(bottom, rows), left : min(right, cols)], dtype=np.float32)
    return FarLevel(level.side, part, top, left)


def _patches_around(patches: Patches, box: tuple[int, int, int, int]) -> Patches:
    """Those as far away as blocks no larger than a patch serve."""
    reach = 2 * SIDES_AWAY * PATCH
    top, left = (max(0, (edge - reach) // PATCH) for edge in (box[0], box[2]))
    bottom, right = (-(-(edge + reach) // PATCH) for edge in (box[1], box[3]))
    number = np.array(patches.number[top:bottom, left:right], dtype=np.int32)
    used = np.unique(number[number > 0])
    again = np.zeros(int(used[-1]) + 1 if len(used) else 1, dtype=np.int32)
    again[used] = np.arange(1, len(used) + 1)
    return Patches(again[number], np.array(patches.heights[used - 1], dtype=np.float32), top, left)


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
    finest = _array(folder, side, (-(-shape[0] // side), -(-shape[1] // side)))
    number = np.zeros((-(-shape[0] // PATCH), -(-shape[1] // PATCH)), dtype=np.int32)
    heights: list[NDArray[np.float32]] = [np.zeros((0, PATCH, PATCH), np.float32)]
    known = 0
    stripe = max(side, PATCH) * max(1, _ROWS_AT_ONCE // max(side, PATCH))

    def look(begin: int) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
        z = read_rows(begin, min(shape[0], begin + stripe))
        return block_maxima(z, side), *_standing_out(z)

    for begin in range(0, shape[0], stripe):
        maxima, found, cells = aside(partial(look, begin), progress, begin / shape[0], "far")
        finest[begin // side : -(-min(shape[0], begin + stripe) // side)] = maxima
        number[begin // PATCH : begin // PATCH + len(found)] = np.where(found > 0, found + known, 0)
        heights.append(cells)
        known += len(cells)
    levels = [FarLevel(side, finest, 0, 0)]
    # Coarser until one block spans what its own distance asks for.
    while SIDES_AWAY * levels[-1].side < max(shape) and max(levels[-1].heights.shape) > 1:
        side *= 2
        coarse = block_maxima(levels[-1].heights, 2)
        kept = _array(folder, side, coarse.shape)
        kept[:] = coarse
        levels.append(FarLevel(side, kept, 0, 0))
    patches = Patches(number, np.concatenate(heights), 0, 0)
    if folder is None:
        return FarField(shape, cell, near, tuple(levels), patches)
    for level in levels:
        getattr(level.heights, "flush", lambda: None)()
    np.save(folder / "patch_numbers.npy", patches.number)
    np.save(folder / "patch_heights.npy", patches.heights)
    return load_far_field(folder, shape, cell, near)


def load_far_field(folder: Path, shape: tuple[int, int], cell: float, near: int) -> FarField:
    """The levels that :func:`far_field` left in a folder, mapped; a process reads only what it looks at."""
    levels = []
    side = first_side(near)
    while (path := folder / f"far_{side}.npy").is_file():
        levels.append(FarLevel(side, np.load(path, mmap_mode="r"), 0, 0))
        side *= 2
    number, heights = (np.load(folder / f"patch_{name}.npy", mmap_mode="r") for name in ("numbers", "heights"))
    return FarField(shape, cell, near, tuple(levels), Patches(number, heights, 0, 0))


def _standing_out(z: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Which patches of some rows stand out, numbered from 1, and their cells."""
    highest, lowest = block_maxima(z, PATCH), -block_maxima(-z, PATCH)
    rows, cols = (-(-n // _REGION) for n in lowest.shape)
    regions = np.full((rows * _REGION, cols * _REGION), np.nan, np.float32)
    regions[: lowest.shape[0], : lowest.shape[1]] = lowest
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a region may be all holes
        ground = np.nanmedian(regions.reshape(rows, _REGION, cols, _REGION), axis=(1, 3))
    row, col = (np.arange(n) // _REGION for n in lowest.shape)
    with np.errstate(invalid="ignore"):
        out = highest - ground[np.ix_(row, col)] > PATCH_RISE_M
    number = np.where(out, np.cumsum(out).reshape(out.shape), 0).astype(np.int32)
    whole = np.full((out.shape[0] * PATCH, out.shape[1] * PATCH), np.nan, np.float32)
    whole[: z.shape[0], : z.shape[1]] = z
    cells = whole.reshape(out.shape[0], PATCH, out.shape[1], PATCH).transpose(0, 2, 1, 3)[out]
    return number, np.ascontiguousarray(cells)


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
