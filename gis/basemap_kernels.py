"""Pixels of a background map, compiled: sampled where the view needs them, and laid on what lies below. All are ``0xAARRGGBB``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gis.kernels import inner, kernel

Pixels = NDArray[np.uint32]
# Kernels reckon with pixels as signed numbers of 64 bits.
Whole = int | np.int64

AS_IT_IS, DIMMED, INVERTED = 0, 1, 2
# What is left of the brightness, of 256.
_DIM = 120


@inner
def _mixed(a: Whole, b: Whole, share: Whole) -> Whole:  # pragma: no cover - compiled
    """``share`` of 256 of the second pixel in the first; two channels at a time."""
    low = ((a & 0x00FF00FF) * (256 - share) + (b & 0x00FF00FF) * share + 0x00800080) >> 8
    high = ((a >> 8) & 0x00FF00FF) * (256 - share) + ((b >> 8) & 0x00FF00FF) * share + 0x00800080
    return (low & 0x00FF00FF) | (high & 0xFF00FF00)


@inner
def _sampled(tiles: Pixels, x: int, y: int) -> Whole:  # pragma: no cover - compiled
    """The pixel at a place of the tiles [65,536ths of a pixel from the middle of the first], between the four nearest."""
    col, row = x >> 16, y >> 16
    last_col, last_row = min(col + 1, tiles.shape[1] - 1), min(row + 1, tiles.shape[0] - 1)
    col, row = max(col, 0), max(row, 0)
    right, down = (x >> 8) & 255, (y >> 8) & 255
    above = _mixed(np.int64(tiles[row, col]), np.int64(tiles[row, last_col]), right)
    below = _mixed(np.int64(tiles[last_row, col]), np.int64(tiles[last_row, last_col]), right)
    return _mixed(above, below, down)


@kernel
def sample(
    tiles: Pixels, mesh_x: NDArray[np.float64], mesh_y: NDArray[np.float64], step: int, out: Pixels
) -> None:  # pragma: no cover - compiled
    """Fill ``out`` from the tiles; the mesh tells each ``step`` pixels which place of the tiles [px] it is."""
    rows, cols = out.shape
    half = 32768
    far_x, far_y = (tiles.shape[1] << 16) - half, (tiles.shape[0] << 16) - half
    for r in range(rows):
        i = r // step
        v = (r + 0.5 - i * step) / step
        for j in range((cols + step - 1) // step):
            left = mesh_x[i, j] * (1.0 - v) + mesh_x[i + 1, j] * v
            top = mesh_y[i, j] * (1.0 - v) + mesh_y[i + 1, j] * v
            # Along the row it goes in whole 65,536ths: what that is off does not add up to a 500th of a pixel.
            along = (mesh_x[i, j + 1] * (1.0 - v) + mesh_x[i + 1, j + 1] * v - left) / step
            fall = (mesh_y[i, j + 1] * (1.0 - v) + mesh_y[i + 1, j + 1] * v - top) / step
            dx, dy = int(np.rint(along * 65536.0)), int(np.rint(fall * 65536.0))
            x = int((left + 0.5 * along) * 65536.0) - half
            y = int((top + 0.5 * fall) * 65536.0) - half
            for c in range(j * step, min((j + 1) * step, cols)):
                inside = -half <= x < far_x and -half <= y < far_y
                out[r, c] = _sampled(tiles, x, y) if inside else 0
                x += dx
                y += dy


@inner
def _toned(
    red: Whole, green: Whole, blue: Whole, alpha: Whole, tone: int
) -> tuple[Whole, Whole, Whole]:  # pragma: no cover - compiled
    if tone == DIMMED:
        return (red * _DIM) >> 8, (green * _DIM) >> 8, (blue * _DIM) >> 8
    if tone == INVERTED:
        # Light becomes dark, each hue stays what it is.
        turn = alpha - max(red, green, blue) - min(red, green, blue)
        return red + turn, green + turn, blue + turn
    return red, green, blue


@kernel
def lay(below: Pixels, above: Pixels, opacity: int, tone: int) -> None:  # pragma: no cover - compiled
    """Lay pixels (colours multiplied by alpha) on opaque ones, in place. ``opacity`` of 256."""
    rows, cols = below.shape
    for r in range(rows):
        for c in range(cols):
            a = np.int64(above[r, c])
            alpha = a >> 24
            if alpha == 0:
                continue
            over_red, over_green, over_blue = _toned((a >> 16) & 255, (a >> 8) & 255, a & 255, alpha, tone)
            # What is seen of the pixel below, of 256 × 255. No colour exceeds its alpha, so no sum exceeds 255.
            rest = 65280 - alpha * opacity
            b = np.int64(below[r, c])
            red = (over_red * opacity * 255 + ((b >> 16) & 255) * rest + 32640) // 65280
            green = (over_green * opacity * 255 + ((b >> 8) & 255) * rest + 32640) // 65280
            blue = (over_blue * opacity * 255 + (b & 255) * rest + 32640) // 65280
            below[r, c] = 0xFF000000 | red << 16 | green << 8 | blue
