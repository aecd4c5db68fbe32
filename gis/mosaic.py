"""The derived rasters of a tiled survey, put together on the disk: memory holds a tile of them, never the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.hillshade import hillshade
from gis.progress import Progress, part, silent
from gis.raster_write import raster_by_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.grid import Grid
    from gis.tiles import RasterCut, TileResult

# Rows at a time: half a block of the files.
_ROWS = 128
# Heights are kept in 1/32 m: pictures of the surface need centimetres, not micrometres, and this packs five times better.
_HEIGHT_STEPS = 32


class Mosaic:
    """Two plain files in a scratch folder, that tiles are written into as they come.

    Parameters
    ----------
    folder : must exist, and holds the files as long as they are wanted
    """

    def __init__(self, folder: Path, grid: Grid) -> None:
        self._grid = grid
        self._planes, self._light = folder / "planes.raw", folder / "irradiation.raw"
        self._known = np.zeros(1, dtype=np.int32)  # provisional number → plane_id, 0 = none
        for path in (self._planes, self._light):
            # A file with holes, where the system has them: what is no roof takes no room.
            with path.open("wb") as file:
                file.truncate(grid.rows * grid.cols * 4)

    def add(self, result: TileResult) -> None:
        """Write a tile's cells; they lie where no other tile's do."""
        cut = result.cut
        if cut is not None and cut.plane.size:
            _paste(
                self._planes, np.int32, self._grid, cut, np.where(cut.plane > 0, cut.plane + len(self._known) - 1, 0)
            )
            _paste(self._light, np.float32, self._grid, cut, cut.irradiation)
        self._known = np.append(self._known, np.zeros(len(result.planes), np.int32))

    def number(self, numbers: tuple[NDArray[np.int32], ...]) -> None:
        """Say what the planes are called in the whole: ``plane_id`` of each tile's rows, tiles in the order in which they were added."""
        self._known = np.concatenate([[0], *numbers]).astype(np.int32)

    def write(self, folder: Path, rows: Callable[[int, int], NDArray[np.float32]], progress: Progress = silent) -> None:
        """Write ``irradiation.tif planes.tif hillshade.tif surface.tif`` as the map shows them.

        Parameters
        ----------
        rows : first and end row → heights of the surface

        Raises
        ------
        OSError
            A file cannot be written.
        """
        grid = self._grid

        def planes(top: int, bottom: int) -> NDArray[np.generic]:
            return np.asarray(self._known[_rows(self._planes, np.int32, grid, top, bottom)])

        def light(top: int, bottom: int) -> NDArray[np.generic]:
            values = _rows(self._light, np.float32, grid, top, bottom)
            return np.where(_rows(self._planes, np.int32, grid, top, bottom) > 0, values, np.float32(np.nan))

        def shade(top: int, bottom: int) -> NDArray[np.generic]:
            first, last = max(0, top - 1), min(grid.rows, bottom + 1)
            return hillshade(rows(first, last), grid.cell)[top - first : bottom - first]

        def heights(top: int, bottom: int) -> NDArray[np.generic]:
            return np.round(rows(top, bottom) * _HEIGHT_STEPS) / np.float32(_HEIGHT_STEPS)

        made = (
            ("irradiation.tif", "float32", float("nan"), light), ("planes.tif", "int32", 0, planes),
            ("hillshade.tif", "uint8", 0, shade), ("surface.tif", "float32", float("nan"), heights),
        )  # fmt: skip
        for k, (name, dtype, nodata, take) in enumerate(made):
            within = part(progress, k / len(made), (k + 1) / len(made))
            last = part(within, 0.7, 1.0)
            with raster_by_rows(folder / name, grid, dtype, nodata=nodata, progress=last) as write:
                for top in range(0, grid.rows, _ROWS):
                    within(0.7 * top / grid.rows, "write")
                    write(top, take(top, min(grid.rows, top + _ROWS)))


def _paste(path: Path, dtype: type[np.generic], grid: Grid, cut: RasterCut, values: NDArray[np.generic]) -> None:
    """Write the cut's own cells. The file is mapped only here, so that its pages do not stay in memory."""
    whole = np.memmap(path, dtype=dtype, mode="r+", shape=grid.shape)
    there = whole[cut.top : cut.top + values.shape[0], cut.left : cut.left + values.shape[1]]
    mine = cut.plane > 0
    there[mine] = values[mine]
    del there, whole


def _rows(path: Path, dtype: type[np.generic], grid: Grid, top: int, bottom: int) -> NDArray[Any]:
    count = (bottom - top) * grid.cols
    with path.open("rb") as file:
        file.seek(top * grid.cols * 4)
        return np.fromfile(file, dtype=dtype, count=count).reshape(bottom - top, grid.cols)
