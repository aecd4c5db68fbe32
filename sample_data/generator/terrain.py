"""The bare ground: a hillside in the south, a river flat with its levees in the north."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sample_data.generator.place import HEIGHT, WIDTH, Frame

Array = NDArray[np.float32]
WATER, TERRACE, CREST = 5.0, 8.5, 17.0
LEVEE_OFFSET = 112.0


def river_middle(u: Array) -> Array:
    """``v`` of the river's middle."""
    return np.asarray(1408.0 + 26.0 * np.sin(2 * np.pi * u / 2300.0 + 0.6), dtype=np.float32)


def hill_foot(u: Array) -> Array:
    """``v`` of the foot of the hill."""
    waved = 455.0 + 62.0 * np.sin(2 * np.pi * u / 1500.0 + 1.1)
    return np.asarray(waved + 38.0 * np.sin(2 * np.pi * u / 640.0 + 0.3), dtype=np.float32)


def smooth(x: Array) -> Array:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(x, 0.0, 1.0)
    return (t * t * (3.0 - 2.0 * t)).astype(np.float32)


def soft_noise(shape: tuple[int, int], wave: float, rng: np.random.Generator) -> Array:
    """Smooth noise, rms about 1, with features of about ``wave`` metres."""
    small = rng.normal(size=(int(HEIGHT / wave) + 4, int(WIDTH / wave) + 4))
    rows = np.linspace(1.0, small.shape[0] - 2.0, shape[0], dtype=np.float32)
    cols = np.linspace(1.0, small.shape[1] - 2.0, shape[1], dtype=np.float32)
    coarse_rows = np.linspace(1.0, small.shape[0] - 2.0, shape[0] // 8 + 1)
    coarse_cols = np.linspace(1.0, small.shape[1] - 2.0, shape[1] // 8 + 1)
    coarse = ndimage.map_coordinates(small, np.meshgrid(coarse_rows, coarse_cols, indexing="ij"), order=3)
    scale = [
        (rows - 1.0) / (rows[-1] - 1.0) * (coarse.shape[0] - 1),
        (cols - 1.0) / (cols[-1] - 1.0) * (coarse.shape[1] - 1),
    ]
    grid = np.meshgrid(*scale, indexing="ij")
    return np.asarray(ndimage.map_coordinates(coarse.astype(np.float32), grid, order=1), dtype=np.float32)


def bare_ground(frame: Frame, rng: np.random.Generator) -> Array:
    """Heights of the natural ground [m above sea level], float32, row 0 in the north."""
    u, v = (axis.astype(np.float32) for axis in frame.axes())
    v = v[:, None]
    shape = (frame.rows, frame.cols)
    inward = hill_foot(u) - v
    breadth = 290.0 + 105.0 * np.sin(2 * np.pi * u / 880.0 + 2.0)
    rise = smooth(inward / breadth)
    height = 43.0 + 7.0 * np.sin(2 * np.pi * u / 1250.0 + 0.4)
    hill = height * rise
    for middle, depth, width in ((660.0, 17.0, 42.0), (1475.0, 15.0, 50.0), (1890.0, 11.0, 36.0)):
        off = (u - middle - 42.0 * np.sin(v / 92.0)) / width
        hill = hill - depth * np.exp(-(off**2)) * smooth(inward / 130.0) * smooth((420.0 - inward) / 330.0)
    hill = hill + (2.6 * soft_noise(shape, 130.0, rng) + 0.7 * soft_noise(shape, 45.0, rng)) * smooth(inward / 160.0)
    flat = 13.6 - 1.7 * np.clip((v - 500.0) / 780.0, 0.0, 1.2) + 0.22 * soft_noise(shape, 160.0, rng)
    ground = flat + np.maximum(hill, -1.0)
    return _with_river(ground.astype(np.float32), u, v, rng)


def _with_river(ground: Array, u: Array, v: Array, rng: np.random.Generator) -> Array:
    """Dig the river bed and raise the levees."""
    off = v - river_middle(u)
    bank = np.abs(off + 10.0 * np.sin(u / 140.0))
    bed = np.where(bank < 36.0, WATER, np.minimum(WATER + (bank - 36.0) * 0.5, TERRACE))
    bed = bed + 0.25 * soft_noise(ground.shape, 25.0, rng) * (bank > 42.0)
    side = np.abs(np.abs(off) - LEVEE_OFFSET)
    levee = CREST - np.maximum(side - 3.5, 0.0) * 0.5
    inside = np.abs(off) < LEVEE_OFFSET
    return np.asarray(np.where(inside, np.maximum(bed, levee), np.maximum(ground, levee)), dtype=np.float32)
