"""The background map in the picture that the worker makes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.basemap_kernels import lay
from gis.grid import Grid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyproj import CRS

    from ui.map.tile_loader import TileLoader
    from ui.map.viewport import Viewport


@dataclass(frozen=True)
class Backdrop:
    """Which map, how strong (0…1), and in which tone (of :mod:`gis.basemap_kernels`); ``revision`` changes when tiles have come."""

    loader: TileLoader
    opacity: float
    tone: int
    revision: int = 0

    @property
    def look(self) -> tuple[object, ...]:
        """What a picture of it depends on besides its tiles."""
        return self.loader, self.opacity, self.tone


def paint_backdrop(
    pixels: NDArray[np.uint32], view: Viewport, backdrop: Backdrop, crs: CRS, *, behind: bool = False
) -> bool:
    """Lay the map on what is painted, and ask for what it lacks; whether something is still to come."""
    basemap = backdrop.loader.basemap
    if basemap is None:
        return True
    west, _, _, north = view.bounds
    rows, cols = pixels.shape
    grid = Grid(rows, cols, view.scale / view.ratio, west, north, crs)
    # On a fine screen half of what it could show: letters would be too small to read.
    drawn = basemap.draw(grid, 1.0 / math.sqrt(view.ratio))
    backdrop.loader.want(drawn.missing, behind=behind)
    lay(pixels, drawn.pixels, round(256 * backdrop.opacity), backdrop.tone)
    return bool(drawn.missing)
