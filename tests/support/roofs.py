"""Synthetic roofs with known planes: a building at any angle, sampled on a raster, with noise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Raster = np.ndarray
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


def _frame(size: float, cell: float, angle: float, offset: tuple[float, float]) -> tuple[Raster, Raster]:
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


class _Builder:
    """Fills height and true plane, part by part; ``u`` runs along the building and ``v`` across it."""

    def __init__(self, u: Raster, v: Raster, length: float, width: float, tilt: float, eaves: float) -> None:
        self.u, self.v, self.length, self.width, self.eaves = u, v, length, width, eaves
        self.lean, self.slope = tilt, np.tan(np.radians(tilt))
        self.inside = (np.abs(u) < length / 2) & (np.abs(v) < width / 2)
        self.truth = np.zeros(u.shape, np.int32)
        self.height = np.full(u.shape, eaves)
        self.down: list[tuple[float, float]] = []
        self.tilts: list[float] = []

    def plane(self, where: Raster, rise: Raster | float, du: float, dv: float, lean: float | None = None) -> None:
        """One plane that rises above the eaves by ``rise`` and falls towards (du, dv)."""
        self.down.append((du, dv))
        self.tilts.append(self.lean if lean is None else lean)
        here = where & self.inside
        self.truth[here] = len(self.down)
        self.height[here] = self.eaves + np.broadcast_to(rise, self.u.shape)[here]

    def flat(self) -> None:
        self.plane(self.inside, 0.0, 0, 0, 0.0)

    def parapet(self) -> None:
        """A flat roof with a parapet of 0.6 m, a stair house of 4 × 3 m and a box of 2 × 2 m."""
        self.flat()
        u, v = self.u, self.v
        rim = self.inside & ((np.abs(u) > self.length / 2 - 0.6) | (np.abs(v) > self.width / 2 - 0.6))
        house = (np.abs(u - self.length / 4) < 2.0) & (np.abs(v) < 1.5)
        box = (np.abs(u + self.length / 4) < 1.0) & (np.abs(v + 1.0) < 1.0)
        self.height[rim] += 0.9
        self.height[house] += 2.8
        self.height[box] += 1.2
        self.truth[rim | house | box] = 0

    def shed(self) -> None:
        self.plane(self.inside, self.slope * (self.v + self.width / 2), 0, -1)

    def gable(self) -> None:
        for side in (-1, 1):
            self.plane(side * self.v > 0, self.slope * (self.width / 2 - np.abs(self.v)), 0, side)

    def hip(self) -> None:
        across, along = self.width / 2 - np.abs(self.v), self.length / 2 - np.abs(self.u)
        for side in (-1, 1):
            self.plane((across <= along) & (side * self.v > 0), self.slope * across, 0, side)
        for side in (-1, 1):
            self.plane((across > along) & (side * self.u > 0), self.slope * along, side, 0)

    def sawtooth(self) -> None:
        """Teeth of about 6 m with an upright side."""
        teeth = max(1, round(self.length / 6.0))
        pitch = self.length / teeth
        for tooth in range(teeth):
            t = self.u + self.length / 2 - tooth * pitch
            self.plane((t >= 0) & (t < pitch), self.slope * t, -1, 0)

    def lshape(self) -> None:
        """Two gable wings at right angles: a hip on the outer and a valley on the inner half of the diagonal."""
        half = self.width / 2.4
        v, u = self.v + self.width / 2 - half, self.u + self.length / 2 - half
        self.inside &= (v < half) | (u < half)
        first, second = half - np.abs(v), half - np.abs(u)
        along = np.where((v > 0) | (u > 0), u > v, first <= second)
        for side in (-1, 1):
            self.plane(along & (side * v > 0), self.slope * first, 0, side)
        for side in (-1, 1):
            self.plane(~along & (side * u > 0), self.slope * second, side, 0)

    def stepped(self) -> None:
        self.plane(self.u < 0, 0.0, 0, 0, 0.0)
        self.plane(self.u >= 0, 3.0, 0, 0, 0.0)


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
    """One building: ``flat parapet shed gable hip sawtooth lshape stepped``; noise is Gaussian, sigma in metres."""
    u, v = _frame(1.5 * np.hypot(length, width) + 8.0, cell, angle, offset)
    building = _Builder(u, v, length, width, tilt, eaves)
    getattr(building, kind)()
    z = np.where(building.inside, GROUND + building.height, GROUND)
    z += np.random.default_rng(seed).normal(0.0, 1.0, u.shape) * noise
    scene = Scene(z.astype(np.float32), building.inside.astype(np.int32), cell, building.truth)
    scene.tilt = building.tilts
    scene.azimuth = [_downhill(angle, du, dv) for du, dv in building.down]
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
