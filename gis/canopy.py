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

from gis.findings import Finding
from gis.horizon import Sweeper

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gis.prepared import Place

# Lower than this [m] it is grass, or noise.
LEAST_HEIGHT_M = 0.5
# Where the treetops rise by more than this from one cell to the next [m] a crown ends; so many ends tell whether the surface has the crown too.
_CROWN_END_M = 2.0
_ENOUGH_ENDS = 50
_MOSTLY = 0.5
_ROWS_AT_ONCE = 1024
TWICE = "raster.canopy_in_surface"


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


def trees_twice(heights: NDArray[np.float32], z: NDArray[np.float32], built: NDArray[np.bool_]) -> list[Finding]:
    """Say when the surface has the trees already: they would be solid, and stand on top of themselves.

    At the end of a crown the treetops fall to the ground from one cell to the next. The surface falls there too only if it has the crown.

    Parameters
    ----------
    heights : float32 (rows, cols), top above the surface [m]
    z : float32 (rows, cols), the surface
    built : bool (rows, cols), cells of buildings, where it may fall for another reason
    """
    ends, both = 0, 0
    for top in range(0, len(z), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE + 1)
        for axis in (0, 1):
            tree, ground = np.diff(heights[rows], axis=axis), np.diff(z[rows], axis=axis)
            off = ~(built[rows][1:] | built[rows][:-1]) if axis == 0 else ~(built[rows][:, 1:] | built[rows][:, :-1])
            with np.errstate(invalid="ignore"):
                end = (np.abs(tree) > _CROWN_END_M) & off & np.isfinite(ground)
            ends += int(np.count_nonzero(end))
            both += int(np.count_nonzero(ground[end] * np.sign(tree[end]) > _MOSTLY * np.abs(tree[end])))
    if ends < _ENOUGH_ENDS or both <= _MOSTLY * ends:
        return []
    return [Finding(TWICE, "warning", details={"share": 100.0 * both / ends, "ends": ends})]


def said_once(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of many windows of one surface: that trees are there twice is said once, of all of them."""
    kept: list[Finding] = []
    shares: list[tuple[float, int]] = []
    for finding in findings:
        if finding.code != TWICE:
            kept.append(finding)
            continue
        shares.append((float(str(finding.details["share"])), int(str(finding.details["ends"]))))
    if shares:
        ends = sum(count for _, count in shares)
        share = sum(share * count for share, count in shares) / ends
        kept.append(Finding(TWICE, "warning", details={"share": share, "ends": ends}))
    return kept
