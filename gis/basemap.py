"""A background map under a view: which tiles it needs, and those that are there warped from Web Mercator into the plan's own coordinates."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from pyproj import CRS, Transformer

from gis.basemap_kernels import sample
from gis.crs import horizontal
from gis.progress import Progress, silent
from gis.tile_image import Pixels, decoded, enlarged, halved
from gis.tile_source import TileDamaged, TileFacts, TileSource, TileUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gis.grid import Grid

Key = tuple[int, int, int]  # zoom, column, row
Hole = Literal["hole"]
HOLE: Hole = "hole"
SIDE = 256
# Every so many pixels of the view the way between the two maps is computed, and straight in between: at 200 m a pixel that is 0.02 pixels off.
_STEP = 64
# Half the circumference of Web Mercator's globe [m].
_HALF = math.pi * 6378137.0
# A view coarser than the coarsest tiles is put together from tiles made smaller so often by half.
_MOST_SHRINKS = 3
# A tile that is not there is shown from one coarser by so many zooms.
_MOST_UP = 5
# Of what the memory of tiles holds, the share that one view may need.
_SHARE_OF_VIEW = 0.75


class TileCache:
    """Unpacked tiles, those used last; for several threads. All are of one size, that of the first."""

    def __init__(self, most_bytes: int = 128 * 2**20) -> None:
        self.most_bytes = most_bytes
        self.side = SIDE
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Pixels | Hole] = OrderedDict()
        self._bytes = 0
        self._sized = False

    def get(self, key: Key) -> Pixels | Hole | None:
        """The tile; ``hole`` where it is known not to be there, None where nothing is known."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Key, tile: Pixels | None) -> None:
        """Keep a tile, or that there is none."""
        with self._lock:
            if tile is not None and not self._sized:
                self.side, self._sized = tile.shape[0], True
            fitted = HOLE if tile is None else self._fitted(tile)
            self._bytes += _bytes(fitted) - _bytes(self._kept.pop(key, None))
            self._kept[key] = fitted
            while self._bytes > self.most_bytes and len(self._kept) > 1:
                self._bytes -= _bytes(self._kept.popitem(last=False)[1])

    @property
    def bytes(self) -> int:
        """What the tiles take up."""
        return self._bytes

    def _fitted(self, tile: Pixels) -> Pixels:
        while tile.shape[0] > self.side:
            tile = halved(tile)
        return enlarged(tile, self.side // tile.shape[0]) if tile.shape[0] < self.side else tile


def _bytes(tile: Pixels | Hole | None) -> int:
    # What stands for a tile takes room too.
    return 0 if tile is None else 200 if isinstance(tile, str) else tile.nbytes + 200


@dataclass(frozen=True)
class Layout:
    """The tiles of a zoom that a view needs, put side by side, and where its pixels lie on them.

    Attributes
    ----------
    zoom, shrinks : int
        Of the tiles, and how often they are made smaller by half.
    col, row, cols, rows : int
        The first tile and how many there are.
    side : int
        Of a tile when it has been made smaller [px].
    mesh_x, mesh_y : float64 ``[node, node]``
        Each ``_STEP`` pixels of the view, from its corner: place on the tiles [px].
    """

    zoom: int
    shrinks: int
    col: int
    row: int
    cols: int
    rows: int
    side: int
    mesh_x: NDArray[np.float64]
    mesh_y: NDArray[np.float64]

    def by_distance(self) -> list[Key]:
        """All tiles, those in the middle first."""
        middle = self.col + (self.cols - 1) / 2, self.row + (self.rows - 1) / 2
        every = [(x, y) for y in range(self.row, self.row + self.rows) for x in range(self.col, self.col + self.cols)]
        every.sort(key=lambda at: (at[0] - middle[0]) ** 2 + (at[1] - middle[1]) ** 2)
        return [(self.zoom, x, y) for x, y in every]


@dataclass(frozen=True)
class Drawn:
    """A view of the map: pixels ``0xAARRGGBB`` (alpha 0 where nothing is), and the tiles that are not yet known."""

    pixels: Pixels
    missing: tuple[Key, ...]


class Basemap:
    """Draws views from the tiles that are in memory. Says what is missing; whoever has a source puts it there."""

    def __init__(self, facts: TileFacts, cache: TileCache | None = None) -> None:
        self.facts = facts
        self.cache = cache if cache is not None else TileCache()

    def draw(self, grid: Grid, detail: float = 1.0) -> Drawn:
        """The map on the cells of a grid.

        Parameters
        ----------
        grid : Grid
            The pixels of the view, in any projected CRS.
        detail : float
            Pixels of tiles for a pixel of the view that are wished for: more is sharper, with smaller letters.
        """
        out = np.zeros(grid.shape, np.uint32)
        plan = self.layout(grid, detail)
        if plan is None:
            return Drawn(out, ())
        missing: dict[Key, None] = {}
        tiles = np.zeros((plan.rows * plan.side, plan.cols * plan.side), np.uint32)
        for key in plan.by_distance():
            found = self._tile(key, missing)
            if found is not None:
                for _ in range(plan.shrinks):
                    found = halved(found)
                top, left = (key[2] - plan.row) * plan.side, (key[1] - plan.col) * plan.side
                tiles[top : top + plan.side, left : left + plan.side] = found
        sample(tiles, plan.mesh_x, plan.mesh_y, _STEP, out)
        return Drawn(out, tuple(missing))

    def layout(self, grid: Grid, detail: float = 1.0) -> Layout | None:
        """What a view needs; None where there is nothing of the map, or it would take too many tiles."""
        across, down = _mesh(grid)
        if not (np.isfinite(across).all() and np.isfinite(down).all()):
            return None
        size = self.cache.side
        step = math.hypot(across[0, 1] - across[0, 0], down[0, 1] - down[0, 0]) / _STEP
        wished = round(math.log2(detail / (step * size)))
        zoom = min(max(wished, self.facts.minzoom), self.facts.maxzoom)
        shrinks = max(zoom - wished, 0)
        if shrinks > _MOST_SHRINKS:
            return None
        side, count = size >> shrinks, 1 << zoom
        # A pixel more on each side, for what is mixed from neighbours.
        rim = 1.0 / (side * count)
        col, last_col = _range(across.min() - rim, across.max() + rim, count)
        row, last_row = _range(down.min() - rim, down.max() + rim, count)
        cols, rows = last_col - col + 1, last_row - row + 1
        if cols <= 0 or rows <= 0 or cols * rows * size * size * 4 > _SHARE_OF_VIEW * self.cache.most_bytes:
            return None
        across, down = (across * count - col) * side, (down * count - row) * side
        return Layout(zoom, shrinks, col, row, cols, rows, side, across, down)

    def _tile(self, key: Key, missing: dict[Key, None]) -> Pixels | None:
        """A tile, or what stands for it: a part of a coarser one, or finer ones made smaller."""
        if not self.facts.holds(*key):
            return None
        found = self.cache.get(key)
        if isinstance(found, np.ndarray):
            return found
        if found is None:
            missing[key] = None
        higher = self._from_above(key, missing, ask=found is not None)
        return higher if higher is not None else self._from_below(key)

    def _from_above(self, key: Key, missing: dict[Key, None], *, ask: bool) -> Pixels | None:
        zoom, x, y = key
        for up in range(1, min(_MOST_UP, zoom - self.facts.minzoom) + 1):
            above = (zoom - up, x >> up, y >> up)
            found = self.cache.get(above)
            if found is None:
                if ask:
                    missing[above] = None
                    ask = False
            elif isinstance(found, np.ndarray):
                side = self.cache.side >> up
                left, top = (x & ((1 << up) - 1)) * side, (y & ((1 << up) - 1)) * side
                return enlarged(found[top : top + side, left : left + side], 1 << up)
        return None

    def _from_below(self, key: Key) -> Pixels | None:
        zoom, x, y = key
        half = self.cache.side // 2
        made: Pixels | None = None
        for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
            found = self.cache.get((zoom + 1, 2 * x + right, 2 * y + down))
            if isinstance(found, np.ndarray):
                made = np.zeros((2 * half, 2 * half), np.uint32) if made is None else made
                made[down * half : (down + 1) * half, right * half : (right + 1) * half] = halved(found)
        return made


def draw_whole(source: TileSource, grid: Grid, detail: float = 1.0, progress: Progress = silent) -> Drawn:
    """A view with all its tiles read from their source; ``missing`` are those that could not be had."""
    basemap = Basemap(source.facts)
    lost: set[Key] = set()
    while True:
        drawn = basemap.draw(grid, detail)
        wanted = [key for key in drawn.missing if key not in lost]
        if not wanted:
            return drawn
        for k, key in enumerate(wanted):
            progress(k / len(wanted), "basemap")
            try:
                basemap.cache.put(key, tile_of(source, key))
            except TileUnavailable:
                lost.add(key)
            except TileDamaged:
                basemap.cache.put(key, None)


def tile_of(source: TileSource, key: Key) -> Pixels | None:
    """Read and unpack a tile; None where it is not there.

    Raises
    ------
    TileUnavailable
    TileDamaged
        It is there, and cannot be unpacked; one that is only kept here is let go of and had anew first.
    """
    forget = getattr(source, "forget", None)
    for attempt in (1, 2):
        data = source.read(*key)
        if data is None:
            return None
        found = decoded(data)
        if found is not None:
            return found
        if forget is None or attempt == 2:
            break
        forget(*key)
    raise TileDamaged


def _range(begin: float, end: float, count: int) -> tuple[int, int]:
    """First and last tile between two places, 0…1 across the world."""
    return max(math.floor(begin * count), 0), min(math.floor(end * count), count - 1)


def _mesh(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places in Web Mercator, 0…1 from the north-west, of each ``_STEP`` pixels of a grid, and one step beyond."""
    x = grid.west + np.arange(-(-grid.cols // _STEP) + 1) * _STEP * grid.cell
    y = grid.north - np.arange(-(-grid.rows // _STEP) + 1) * _STEP * grid.cell
    east, north = _to_mercator(grid.crs).transform(*np.meshgrid(x, y))
    return np.asarray(east) / (2 * _HALF) + 0.5, 0.5 - np.asarray(north) / (2 * _HALF)


@lru_cache(maxsize=4)
def _to_mercator(crs: CRS) -> Transformer:
    return Transformer.from_crs(horizontal(crs), CRS.from_epsg(3857), always_xy=True)
