"""Puts roofs, equipment and trees on the ground: Numba loops over small windows of the raster."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sample_data.generator.place import CELL, HEIGHT
from sample_data.generator.shapes import Box

FLAT, GABLE, HIP, SAWTOOTH, SHED, VAULT, ROUND, SUNK = range(8)


@dataclass
class Parts:
    """A growing table of bodies to stamp.

    A row: x, y, angle, half length, half width, kind, height of the wall above the ground [m], two shape values
    (parapet height and width; pitch; rise and period; dome rise), height of the ground [m] or NaN = as it lies.
    """

    rows: list[tuple[float, ...]] = field(default_factory=list)

    def add(self, box: Box, kind: int, height: float, one: float = 0.0, two: float = 0.0, base: float = np.nan) -> None:
        self.rows.append((box.x, box.y, box.angle, box.length / 2, box.width / 2, kind, height, one, two, base))

    def array(self) -> NDArray[np.float64]:
        return np.array(self.rows, dtype=np.float64).reshape(-1, 10)


@njit(cache=True)
def _roof(kind: int, a: float, b: float, length: float, width: float, one: float, two: float) -> float:
    """Height of the roof above the top of the wall, at ``a`` along and ``b`` across."""
    to_end, to_side = length - abs(a), width - abs(b)
    if kind == 0:
        return one if min(to_end, to_side) < two else 0.0
    if kind == 1:
        return one * to_side
    if kind == 2:
        return one * min(to_end, to_side)
    if kind == 3:
        turn = (a + length) / two
        return float(one * (turn - np.floor(turn)))
    if kind == 4:
        return one * (b + width)
    if kind == 5:
        return one * (1.0 - (b / width) ** 2)
    if kind == 6:
        return float(one * np.sqrt(max(0.0, 1.0 - (a * a + b * b) / (length * length))))
    return 0.0


@njit(cache=True)
def stamp_parts(surface: NDArray[np.float32], ground: NDArray[np.float32], parts: NDArray[np.float64]) -> None:
    """Raise ``surface`` to the parts (or sink it, for basins). ``ground`` gives the height that they stand on."""
    rows, cols = surface.shape
    for i in range(parts.shape[0]):
        x, y, angle, length, width = parts[i, 0], parts[i, 1], parts[i, 2], parts[i, 3], parts[i, 4]
        kind = int(parts[i, 5])
        row = min(max(int((HEIGHT - y) / CELL), 0), rows - 1)
        col = min(max(int(x / CELL), 0), cols - 1)
        base = parts[i, 9]
        if np.isnan(base):
            base = ground[row, col]
        c, s = np.cos(angle), np.sin(angle)
        reach_x, reach_y = abs(c) * length + abs(s) * width, abs(s) * length + abs(c) * width
        for r in range(max(0, int((HEIGHT - y - reach_y) / CELL)), min(rows, int((HEIGHT - y + reach_y) / CELL) + 2)):
            dy = HEIGHT - (r + 0.5) * CELL - y
            for k in range(max(0, int((x - reach_x) / CELL)), min(cols, int((x + reach_x) / CELL) + 2)):
                dx = (k + 0.5) * CELL - x
                a, b = dx * c + dy * s, dy * c - dx * s
                if abs(a) > length or abs(b) > width:
                    continue
                if kind == 6 and a * a + b * b > length * length:
                    continue
                z = base + parts[i, 6] + _roof(kind, a, b, length, width, parts[i, 7], parts[i, 8])
                if kind == 7 or z > surface[r, k]:
                    surface[r, k] = z


@njit(cache=True)
def stamp_trees(surface: NDArray[np.float32], ground: NDArray[np.float32], trees: NDArray[np.float64]) -> None:
    """Raise ``surface`` to tree crowns; a row of ``trees``: x, y, crown radius, height [m], roughness 0…1."""
    rows, cols = surface.shape
    for i in range(trees.shape[0]):
        x, y, radius, height, rough = trees[i, 0], trees[i, 1], trees[i, 2], trees[i, 3], trees[i, 4]
        row, col = int((HEIGHT - y) / CELL), int(x / CELL)
        if row < 0 or row >= rows or col < 0 or col >= cols:
            continue
        base = ground[row, col]
        for r in range(max(0, int((HEIGHT - y - radius) / CELL)), min(rows, int((HEIGHT - y + radius) / CELL) + 2)):
            dy = HEIGHT - (r + 0.5) * CELL - y
            for k in range(max(0, int((x - radius) / CELL)), min(cols, int((x + radius) / CELL) + 2)):
                dx = (k + 0.5) * CELL - x
                far = (dx * dx + dy * dy) / (radius * radius)
                bump = rough * 0.22 * np.sin(2.4 * dx + i) * np.sin(2.1 * dy + 1.7 * i)
                if far > 1.0 + bump:
                    continue
                z = base + height * (0.52 + 0.48 * np.sqrt(max(0.0, 1.0 - far)) + 0.3 * bump)
                surface[r, k] = max(surface[r, k], z)
