"""The year's light on the cells of roofs, azimuth by azimuth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from gis.horizon import each_azimuth
from gis.irradiation import add_sector, ground_reflected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.horizon import Sweeper
    from gis.progress import Progress
    from gis.roofs import RoofPlanes
    from gis.sky import SkyTable


@dataclass(frozen=True)
class RoofCells:
    """The cells of planes as flat lists, those of a plane in the order of the raster.

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
        whole = bool(among.all())
        if whole:
            index = np.flatnonzero(roofs.labels)
        else:
            index = _cells_in(np.flatnonzero(among) + 1, boxes, building_ids, roofs.labels)
        plane = (roofs.labels.ravel()[index] - 1).astype(np.int32)
        wanted = kept[roofs.building[plane] - 1] if len(plane) else np.zeros(0, dtype=bool)
        return cls(index, plane, np.where(wanted, np.cumsum(wanted) - 1, -1).astype(np.int64), whole)


@dataclass(frozen=True)
class RoofLight:
    """What falls on each roof cell.

    Attributes
    ----------
    total : float64, kWh/m² a
    sky_view : float64, 0…1 of the plane's own sky
    skyline : uint16 (kept cells, azimuths), 1/700°
    """

    total: NDArray[np.float64]
    sky_view: NDArray[np.float64]
    skyline: NDArray[np.uint16]


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


def light_on(
    sweeper: Sweeper,
    convergence: float,
    sky: SkyTable,
    cells: RoofCells,
    normals: NDArray[np.float64],
    progress: Progress,
) -> RoofLight:
    """Sweep every azimuth and add up what reaches the cells.

    Parameters
    ----------
    sweeper : of the whole surface, roofs levelled
    convergence : degrees, azimuth of grid north
    cells : where light is wanted; unless they are all, only the lines through them are swept
    normals : (planes, 3), east-north-up from true north
    """
    count = len(cells.index)
    total, open_part = np.zeros(count), np.zeros(count)
    skyline = np.zeros((int(np.count_nonzero(cells.keep >= 0)), len(sky.azimuths)), dtype=np.uint16)
    rows, cols = sweeper.shape
    row, col = np.divmod(cells.index, cols)
    index_transposed = col * rows + row
    only = None if cells.whole else (row, col)
    for k, slopes, transposed in each_azimuth(sweeper, sky.azimuths, convergence, progress, only):
        index = index_transposed if transposed else cells.index
        add_sector(
            total, open_part, skyline, cells.keep, slopes.ravel(), index, cells.plane, normals, sky.year, sky.sky, k, float(sky.azimuths[k])
        )  # fmt: skip
    up = normals[cells.plane, 2] if count else np.zeros(0)
    total += ground_reflected(sky, up)
    return RoofLight(total, open_part / ((1.0 + up) / 2.0), skyline)
