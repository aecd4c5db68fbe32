"""What a background map costs: drawing a view from tiles in memory, and how the map moves with it and without it.

    QT_QPA_PLATFORM=offscreen python benchmarks/basemap.py [polygons]

Frames are measured with and without the background map in one run, on the same town; the tiles are noise in an MBTiles file, which unpacks
slower than any map. Read the ratios: the figures themselves depend on who else uses the machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.map_frames import Moves, settle, town
from gis.basemap import Basemap, tile_of
from gis.basemap_kernels import AS_IT_IS, lay
from gis.crs import to_lonlat
from gis.grid import Grid
from gis.tile_files import open_tiles
from tests.support.tiles import around, picture, write_mbtiles
from ui import theme
from ui.map import MapView
from ui.map.basemap import Backdrop
from ui.map.tile_loader import TileLoader
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from kawasolar.plan import Plan

ZOOMS = {13: 2, 14: 3, 15: 5, 16: 9, 17: 12, 18: 9}


def tiles(folder: Path, plan: Plan) -> Path:
    """Noise over the town at all zooms that its views use."""
    rng = np.random.default_rng(2)
    pictures = [picture(rng.integers(120, 255, (256, 256, 3), dtype=np.uint8)) for _ in range(8)]
    west, south, east, north = plan.results.buildings.total_bounds
    place = to_lonlat(plan.crs, (west + east) / 2, (south + north) / 2)
    keys = [key for zoom, reach in ZOOMS.items() for key in around(zoom, *place, reach=reach)]
    return write_mbtiles(folder / "noise.mbtiles", {key: pictures[k % 8] for k, key in enumerate(keys)})


def draw(path: Path, plan: Plan) -> None:
    """One view of 1,600 × 1,000 pixels, again and again."""
    source = open_tiles(path)
    west, south, east, north = plan.results.buildings.total_bounds
    for cell in (0.3, 0.6, 1.5):
        grid = Grid(1000, 1600, cell, (west + east) / 2 - 800 * cell, (south + north) / 2 + 500 * cell, plan.crs)
        basemap = Basemap(source.facts)
        begin = time.perf_counter()
        missing = basemap.draw(grid).missing
        for key in missing:
            basemap.cache.put(key, tile_of(source, key))
        loaded = time.perf_counter() - begin
        drawn, laid = [], []
        below = np.full(grid.shape, 0xFF808080, np.uint32)
        for _ in range(15):
            begin = time.perf_counter()
            pixels = basemap.draw(grid).pixels
            middle = time.perf_counter()
            lay(below, pixels, 200, AS_IT_IS)
            drawn.append(middle - begin)
            laid.append(time.perf_counter() - middle)
        print(
            f"  1600 × 1000 at {cell} m: {len(missing)} tiles read and unpacked in {1000 * loaded:.0f} ms;"
            f" drawn from memory in {1000 * np.median(drawn):.1f} ms, laid in {1000 * np.median(laid):.1f} ms"
        )
    source.close()


class Desk(QObject):
    """Hands a map's news to the window's thread, as that of the program does."""

    news = Signal(str)

    def __init__(self, view: MapView, path: Path) -> None:
        super().__init__(view)
        self._view = view
        self._loader = TileLoader(lambda: open_tiles(path), self.news.emit)
        self._backdrop = Backdrop(self._loader, 0.8, AS_IT_IS)
        self.news.connect(self._on_news, Qt.ConnectionType.QueuedConnection)

    def show(self) -> None:
        """Lay the map below from now on."""
        self._view.set_backdrop(self._backdrop)
        self._loader.start()

    def _on_news(self, _news: str) -> None:
        self._loader.heard()
        self._backdrop = replace(self._backdrop, revision=self._backdrop.revision + 1)
        self._view.set_backdrop(self._backdrop)


def move(app: QApplication, plan: Plan, path: Path) -> None:
    """The same movements without and with the map."""
    view = MapView(LIGHT, "ja")
    view.resize(1280, 800)
    view.show()
    view.set_plan(plan)
    settle(app, view)
    moves = Moves(app, view)
    whole = view.viewport()
    desk = Desk(view, path)
    for name in ("without", "with"):
        if name == "with":
            desk.show()
        for scale in (whole.scale, 1.0, 0.25):
            view.look_at(replace(whole, scale=min(scale, whole.scale)))
            settle(app, view)

            def step(k: int) -> None:
                view.look_at(view.viewport().panned(-7.0, 3.0 if k % 2 else -3.0))

            moves.run(f"{name}, pan {scale:.2f} m", 90, step)
        view.look_at(whole)
        settle(app, view)

        def zoom(k: int) -> None:
            view.look_at(view.viewport().zoomed(1.12 if k < 30 else 1 / 1.12, 500.0, 300.0))

        moves.run(f"{name}, zoom", 60, zoom)
    view.shutdown()


def main() -> None:
    """Measure with the number of polygons named on the command line."""
    app = QApplication([])
    theme.apply(app, LIGHT)
    polygons = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        plan = town(Path(folder), polygons)
        path = tiles(Path(folder), plan)
        print(f"{polygons:,} polygons, {path.stat().st_size / 2**20:.0f} MB of tiles")
        draw(path, plan)
        move(app, plan, path)


if __name__ == "__main__":
    main()
