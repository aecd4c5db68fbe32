"""The background map of a picture on paper."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.basemap import draw_whole
from gis.basemap_kernels import AS_IT_IS, lay
from gis.grid import Grid
from gis.progress import Progress, silent
from gis.tile_image import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from pyproj import CRS

    from gis.tile_source import TileSource
    from kawasolar.export.png_map import View

# A pixel of a tile on paper [mm]: letters of the map, some ten pixels high, can then be read.
_PIXEL_MM = 0.2


@dataclass(frozen=True)
class PaperMap:
    """What opens the tiles, who made them, and how strong they are shown (0…1)."""

    opens: Callable[[], TileSource]
    credit: str
    opacity: float = 0.8


def lay_paper_map(
    ground: NDArray[np.uint8], view: View, crs: CRS, unit: float, paper: PaperMap, progress: Progress = silent
) -> tuple[NDArray[np.uint8], bool]:
    """The ground with the map laid on it; whether tiles could not be had.

    Parameters
    ----------
    ground : uint8 ``[row, col, 3]``
    unit : float
        Pixels per millimetre on paper.

    Raises
    ------
    UnreadableFile
        as :func:`gis.tile_files.open_tiles`
    """
    grid = Grid(view.rows, view.columns, view.resolution, view.west, view.north, crs)
    with closing(paper.opens()) as source:
        drawn = draw_whole(source, grid, 1.0 / (_PIXEL_MM * unit), progress)
    pixels = packed(ground)
    lay(pixels, drawn.pixels, round(256 * paper.opacity), AS_IT_IS)
    return unpacked(pixels), bool(drawn.missing)
