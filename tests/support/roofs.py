"""Synthetic roofs with known planes: a building at any angle, sampled on a raster, with noise."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

GROUND = 20.0


@dataclass
class Scene:
    """A surface, its outlines, and for each cell the true plane (0 = none) with true tilt, azimuth, and footprint."""

    z: NDArray[np.float32]
    ids: NDArray[np.int32]
    cell: float
    truth: NDArray[np.int32]
    tilt: list[float] = field(default_factory=list)
    azimuth: list[float] = field(default_factory=list)


def _frame(size: float, cell: float, angle: float, offset: tuple[float, float]) -> tuple[NDArray, NDArray]:
    """Coordinates along (u) and across (v) a building whose u axis points to ``angle`` (deg clockwise from east)."""
    # Even, so that the middle lies between cells.
    n = 2 * int(np.ceil(size / cell / 2.0))
    x = (np.arange(n) + 0.5 - n / 2) * cell + offset[0]
    y = (n / 2 - np.arange(n) - 0.5) * cell + offset[1]
    east, north = np.meshgrid(x, y)
    a = np.radians(angle)
    return east * np.cos(a) - north * np.sin(a), east * np.sin(a) + north * np.cos(a)


def _downhill(angle: float, du: float, dv: float) -> float:
    """Grid azimuth of a direction given in the building's frame."""
    a = np.radians(angle)
    east, north = du * np.cos(a) + dv * np.sin(a), -du * np.sin(a) + dv * np.cos(a)
    return float(np.degrees(np.arctan2(east, north)) % 360.0)


def roof(
    kind: str,
    length: float = 20.0,
    width: float = 12.0,
    *,
    tilt: float = 25.0,
    eaves: float = 6.0,
    cell: float = 0.5,
    angle: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
    offset: tuple[float, float] = (0.0, 0.0),
) -> Scene:
    """One building: ``flat parapet gable hip sawtooth lshape stepped shed``; noise is Gaussian, sigma in metres."""
    u, v = _frame(1.5 * np.hypot(length, width) + 8.0, cell, angle, offset)
    inside = (np.abs(u) < length / 2) & (np.abs(v) < width / 2)
    slope = np.tan(np.radians(tilt))
    truth = np.zeros(u.shape, np.int32)
    height = np.full(u.shape, eaves)
    down: list[tuple[float, float]] = []
    tilts: list[float] = []

    def plane(where: NDArray, surface: NDArray | float, du: float, dv: float, lean: float) -> None:
        down.append((du, dv))
        tilts.append(lean)
        truth[where & inside] = len(down)
        height[where & inside] = np.broadcast_to(surface, u.shape)[where & inside]

    everywhere = np.ones(u.shape, bool)
    if kind in ("flat", "parapet"):
        plane(everywhere, eaves, 0, 0, 0.0)
    elif kind == "shed":
        plane(everywhere, eaves + slope * (v + width / 2), 0, -1, tilt)
    elif kind == "gable":
        for side in (-1, 1):
            plane(side * v > 0, eaves + slope * (width / 2 - np.abs(v)), 0, side, tilt)
    elif kind == "hip":
        across, along = width / 2 - np.abs(v), length / 2 - np.abs(u)
        for side in (-1, 1):
            plane((across <= along) & (side * v > 0), eaves + slope * across, 0, side, tilt)
        for side in (-1, 1):
            plane((across > along) & (side * u > 0), eaves + slope * along, side, 0, tilt)
    elif kind == "sawtooth":
        teeth = max(1, round(length / 6.0))
        pitch = length / teeth
        for tooth in range(teeth):
            t = u + length / 2 - tooth * pitch
            plane((t >= 0) & (t < pitch), eaves + slope * t, -1, 0, tilt)
    elif kind == "lshape":
        # Two gable wings of the same width at right angles; the corner is cut along the diagonal (hip and valley).
        w = width / 2.4
        inside &= (v < -width / 2 + 2 * w) | (u < -length / 2 + 2 * w)
        a, b = v + width / 2 - w, u + length / 2 - w
        first, second = w - np.abs(a), w - np.abs(b)
        one = np.where((a > 0) | (b > 0), np.where(b > a, True, False), first <= second)
        # Outer corner: hip along the diagonal; inner corner: valley along the same diagonal.
        for side in (-1, 1):
            plane(one & (side * a > 0), eaves + slope * first, 0, side, tilt)
        for side in (-1, 1):
            plane(~one & (side * b > 0), eaves + slope * second, side, 0, tilt)
    elif kind == "stepped":
        plane(u < 0, eaves, 0, 0, 0.0)
        plane(u >= 0, eaves + 3.0, 0, 0, 0.0)
    else:
        raise ValueError(kind)
    if kind == "parapet":
        rim = inside & ((np.abs(u) > length / 2 - 0.6) | (np.abs(v) > width / 2 - 0.6))
        house = (np.abs(u - length / 4) < 2.0) & (np.abs(v) < 1.5)
        box = (np.abs(u + length / 4) < 1.0) & (np.abs(v + 1.0) < 1.0)
        height[rim] += 0.9
        height[house] += 2.8
        height[box] += 1.2
        truth[rim | house | box] = 0
    z = np.where(inside, GROUND + height, GROUND) + np.random.default_rng(seed).normal(0.0, 1.0, u.shape) * noise
    scene = Scene(z.astype(np.float32), inside.astype(np.int32), cell, truth)
    scene.tilt = tilts
    scene.azimuth = [_downhill(angle, du, dv) for du, dv in down]
    return scene


def town(scenes: list[Scene], columns: int) -> Scene:
    """Scenes side by side in one raster, buildings and true planes numbered through."""
    side = max(max(s.z.shape) for s in scenes)
    rows = -(-len(scenes) // columns)
    z = np.full((rows * side, columns * side), GROUND, np.float32)
    ids, truth = np.zeros(z.shape, np.int32), np.zeros(z.shape, np.int32)
    whole = Scene(z, ids, scenes[0].cell, truth)
    for number, scene in enumerate(scenes):
        r, c = (number // columns) * side, (number % columns) * side
        here = (slice(r, r + scene.z.shape[0]), slice(c, c + scene.z.shape[1]))
        z[here] = scene.z
        ids[here] = np.where(scene.ids > 0, number + 1, 0)
        truth[here] = np.where(scene.truth > 0, scene.truth + len(whole.tilt), 0)
        whole.tilt += scene.tilt
        whole.azimuth += scene.azimuth
    return whole
