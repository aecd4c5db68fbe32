"""Where the sample town lies, how fine its surface is, and what its parts are called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

EPSG = 6677
# South-west corner in zone IX; the middle lies near 35.600 N, 139.610 E.
WEST, SOUTH = -21240.0, -45100.0
WIDTH, HEIGHT = 2000.0, 1500.0
CELL = 0.5
# Heights are stored in steps of 1/32 m: finer than a survey's noise, and DEFLATE gets hold of them.
STEP = 1.0 / 32.0
NODATA = -9999.0
FISCAL_YEAR = 2024
CITY = "見本市"
WARDS = ("みほん区", "ためし区", "かりの区")
SYNTHETIC_NOTE = "合成データ(synthetic data) - not a real place; KawaSolar sample town"

Stage = int


@dataclass(frozen=True)
class Frame:
    """The raster of the town: rows from the north, local metres ``u`` east and ``v`` north of the corner."""

    rows: int = int(HEIGHT / CELL)
    cols: int = int(WIDTH / CELL)

    @property
    def transform(self) -> Affine:
        return Affine(CELL, 0.0, 0.0, 0.0, -CELL, HEIGHT)

    @property
    def transform_6677(self) -> Affine:
        return Affine(CELL, 0.0, WEST, 0.0, -CELL, SOUTH + HEIGHT)

    def axes(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """``u`` of the columns and ``v`` of the rows, at cell centres [m]."""
        u = (np.arange(self.cols) + 0.5) * CELL
        v = HEIGHT - (np.arange(self.rows) + 0.5) * CELL
        return u.astype(np.float32), v.astype(np.float32)


def random(seed: int, stage: str) -> np.random.Generator:
    """A generator of its own for each stage, so that a change in one leaves the others as they were."""
    return np.random.default_rng([seed, *stage.encode()])


def ward_of(u: float) -> str:
    """Fictitious ward of a point, from west to east."""
    return WARDS[0] if u < 690.0 else WARDS[1] if u < 1370.0 else WARDS[2]
