"""The year's light on the cells of roofs, azimuth by azimuth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from gis.aside import aside
from gis.horizon import Asked, each_azimuth
from gis.irradiation import LightSums, add_sector, ground_reflected
from gis.kernels import kernel
from gis.progress import part
from gis.threads import run_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.canopy import Treetops
    from gis.horizon import Sweeper
    from gis.progress import Progress
    from gis.roofs import RoofPlanes
    from gis.sky import SkyTable

# Planes whose cells are looked up between two looks at ``progress``: a millisecond or two.
_PLANES_PER_BLOCK = 2000
# Tangent of as good as 90°.
_OVERHEAD = np.float32(1e6)


@dataclass(frozen=True)
class RoofCells:
    """The cells of planes as flat lists, plane by plane, those of a plane in the order of the raster.

    Attributes
    ----------
    index : int64, into the raveled raster
    plane : int32, 0 … planes−1
    keep : int64, row in the kept skylines, −1 = not kept
    whole : bool, all planes are there
    """

    index: NDArray[np.int64]
    plane: NDArray[np.int32]
    keep: NDArray[np.int64]
    whole: bool

    @classmethod
    def of(
        cls,
        roofs: RoofPlanes,
        building_ids: NDArray[np.int32],
        boxes: NDArray[np.int64],
        among: NDArray[np.bool_],
        kept: NDArray[np.bool_],
    ) -> RoofCells:
        """Cells of the buildings ``among`` (bool by building); the skylines of ``kept`` ones among them are wanted."""
        index = _cells_in(np.flatnonzero(among) + 1, boxes, building_ids, roofs.labels)
        plane = (roofs.labels.ravel()[index] - 1).astype(np.int32)
        index, plane = _by_plane(index, plane, len(roofs.building))
        wanted = kept[roofs.building[plane] - 1] if len(plane) else np.zeros(0, dtype=bool)
        return cls(index, plane, np.where(wanted, np.cumsum(wanted) - 1, -1).astype(np.int64), bool(among.all()))


@dataclass(frozen=True)
class RoofLight:
    """What falls on each roof cell.

    Attributes
    ----------
    total : float64, kWh/m² a
    sky_view : float64 (planes,), 0…1 of the plane's own sky, mean over the cells; NaN where a plane has none here
    months : float64 (planes, 12), kWh/m², mean over the cells; likewise
    skyline : uint16 (kept cells, azimuths), 1/700°
    behind_trees : the same with the treetops, and the share of the year's light that passes them; None where there are none
    """

    total: NDArray[np.float64]
    sky_view: NDArray[np.float64]
    months: NDArray[np.float64]
    skyline: NDArray[np.uint16]
    behind_trees: tuple[NDArray[np.uint16], float] | None = None


@njit(nogil=True, cache=True)
def _cells_in(
    numbers: NDArray[np.int64], boxes: NDArray[np.int64], ids: NDArray[np.int32], labels: NDArray[np.int32]
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Places of the plane cells of some buildings, building by building."""
    most = 0
    for k in numbers:
        most += boxes[k, 4]
    found = np.empty(most, np.int64)
    count = 0
    for k in numbers:
        for r in range(boxes[k, 0], boxes[k, 1] + 1):
            for c in range(boxes[k, 2], boxes[k, 3] + 1):
                if ids[r, c] == k and labels[r, c] > 0:
                    found[count] = r * labels.shape[1] + c
                    count += 1
    return found[:count].copy()


@kernel
def _by_plane(
    index: NDArray[np.int64], plane: NDArray[np.int32], planes: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:  # pragma: no cover - compiled
    """Places plane by plane, those of a plane in the order in which they come."""
    place = np.zeros(planes + 1, np.int64)
    for cell in range(plane.size):
        place[plane[cell] + 1] += 1
    for k in range(planes):
        place[k + 1] += place[k]
    to_index, to_plane = np.empty_like(index), np.empty_like(plane)
    for cell in range(plane.size):
        at = place[plane[cell]]
        place[plane[cell]] = at + 1
        to_index[at], to_plane[at] = index[cell], plane[cell]
    return to_index, to_plane


def light_on(
    sweeper: Sweeper,
    convergence: float,
    sky: SkyTable,
    cells: RoofCells,
    normals: NDArray[np.float64],
    progress: Progress,
    trees: Treetops | None = None,
) -> RoofLight:
    """Sweep every azimuth and add up what reaches the cells.

    Parameters
    ----------
    sweeper : of the surface, roofs levelled
    convergence : degrees, azimuth of grid north
    cells : where light is wanted; only the lines through them are swept
    normals : (planes, 3), east-north-up from true north
    trees : what lets part of the light through
    """
    count = len(cells.index)
    here, begins = np.unique(cells.plane, return_index=True)
    bounds = np.append(begins, count).astype(np.int64)
    normal = np.ascontiguousarray(normals[here]) if count else np.zeros((0, 3))
    sums = LightSums.zeros(count, len(here), int(np.count_nonzero(cells.keep >= 0)), len(sky.azimuths))
    behind = None
    if trees is None:
        _add(sweeper, convergence, sky, cells, bounds, normal, sums, progress)
    else:
        passes = trees.transmissivity
        _add(sweeper, convergence, sky.through(passes), cells, bounds, normal, sums, part(progress, 0.0, 0.5))
        more = sums._replace(skyline=np.zeros_like(sums.skyline))
        covered = cells.index[trees.covered.ravel()[cells.index]]
        _add(
            trees.sweeper, convergence, sky.through(1.0 - passes), cells, bounds, normal, more, part(progress, 0.5, 1.0), covered
        )  # fmt: skip
        behind = more.skyline, float((passes * sky.ghi).sum() / sky.ghi.sum())
    up = normals[cells.plane, 2] if count else np.zeros(0)
    total = sums.total + ground_reflected(sky, up)
    months, sky_view = np.full((len(normals), 12), np.nan), np.full(len(normals), np.nan)
    cells_of = np.maximum(np.diff(bounds), 1)
    vectors = sums.months.reshape(len(here), 12, 3)
    mean = np.einsum("pmv,pv->pm", vectors, normal) / cells_of[:, None]
    months[here] = mean + sky.ghi * (sky.albedo * (1.0 - normal[:, 2:]) / 2.0)
    sky_view[here] = sums.open_part / cells_of / ((1.0 + normal[:, 2]) / 2.0)
    return RoofLight(total, sky_view, months, sums.skyline, behind)


def _add(
    sweeper: Sweeper,
    convergence: float,
    sky: SkyTable,
    cells: RoofCells,
    bounds: NDArray[np.int64],
    normals: NDArray[np.float64],
    sums: LightSums,
    progress: Progress,
    covered: NDArray[np.int64] | None = None,
) -> None:
    """Add what comes over one skyline.

    Parameters
    ----------
    bounds, normals : of the planes that have cells
    covered : cells that see nothing over it, whatever the direction
    """
    only = aside(lambda: Asked.of(*np.divmod(cells.index, sweeper.shape[1]), sweeper.shape), progress, 0.0, "horizon")
    for k, slopes in each_azimuth(sweeper, sky.azimuths, convergence, progress, only):
        if covered is not None:
            slopes.ravel()[covered] = _OVERHEAD

        def look(begin: int, end: int, k: int = k, slopes: NDArray[np.float32] = slopes) -> None:
            add_sector(
                begin, end, *sums, cells.keep, slopes.ravel(), cells.index, bounds, normals, sky.year[k], sky.sky[k], sky.by_month[k], k,
                float(sky.azimuths[k]),
            )  # fmt: skip

        run_blocks(look, len(bounds) - 1, _PLANES_PER_BLOCK)
