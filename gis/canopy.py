"""Trees as a second surface: a skyline that lets part of the light through, more of it when the leaves are down.

What comes from between the skyline of what is solid and that of the treetops is taken times the transmissivity of the month. A cell that lies under
a tree gets all of its light through it. As in SOLWEIG (Lindberg & Grimmond 2011, doi:10.1007/s00704-010-0382-8), where the trees are a raster of their own
beside a surface without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gis.horizon import Sweeper

if TYPE_CHECKING:
    from gis.prepared import Place

# Lower than this [m] it is grass, or noise.
LEAST_HEIGHT_M = 0.5


@dataclass(frozen=True)
class Canopy:
    """Vegetation on a surface's own grid.

    Attributes
    ----------
    heights : float32 (rows, cols), top above the surface [m]; 0 or NaN where there is none
    transmissivity : (12,), share of the light that passes, January first [0…1]
    """

    heights: NDArray[np.float32]
    transmissivity: NDArray[np.float64]

    def __post_init__(self) -> None:
        share = np.asarray(self.transmissivity, dtype=np.float64)
        if share.shape != (12,) or not ((share >= 0.0) & (share <= 1.0)).all():
            raise ValueError("twelve transmissivities of 0 to 1")


@dataclass(frozen=True)
class Treetops:
    """What the light has to pass.

    Attributes
    ----------
    sweeper : of the surface with the treetops on it
    covered : bool (rows, cols), cells that lie under a tree
    transmissivity : as in :class:`Canopy`
    """

    sweeper: Sweeper
    covered: NDArray[np.bool_]
    transmissivity: NDArray[np.float64]


def treetops(canopy: Canopy, level: NDArray[np.float32], cell: float, place: Place) -> Treetops | None:
    """The skyline to be of the treetops on a levelled surface; None where no tree stands.

    Raises
    ------
    ValueError
        The rasters differ in shape.
    """
    if canopy.heights.shape != level.shape:
        raise ValueError(f"canopy {canopy.heights.shape} and surface {level.shape} differ in shape")
    with np.errstate(invalid="ignore"):
        covered = canopy.heights > LEAST_HEIGHT_M
    if not covered.any():
        return None
    top = np.where(covered, level + canopy.heights, level).astype(np.float32)
    sweeper = Sweeper(top, cell, origin=place.origin, far=place.far, near=place.near)
    return Treetops(sweeper, covered, np.asarray(canopy.transmissivity, dtype=np.float64))
