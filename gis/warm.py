"""Compiling all kernels ahead of their first use: ``python -m gis.warm``.

Set-up does it, so that nobody's first plan waits for a compiler. Half of them in another process, since Numba compiles one function at a time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.raster import Surface
    from gis.survey import SurveySettings

_SIDE = 60
_HALVES = ("roofs", "light")


def _scene() -> tuple[Surface, gpd.GeoDataFrame, SurveySettings]:
    """Three houses and their rules: enough for every kernel to be called as a survey calls it."""
    import geopandas as gpd
    import numpy as np
    from pyproj import CRS
    from shapely import affinity
    from shapely.geometry import box

    from gis.grid import Grid
    from gis.raster import Surface
    from gis.roofs import RoofSettings
    from gis.survey import SurveySettings
    from gis.usable import UsableRules

    crs = CRS.from_epsg(6669)
    grid = Grid(_SIDE, _SIDE, 0.5, 0.0, 0.0, crs)
    z = np.random.default_rng(0).normal(5.0, 0.02, grid.shape).astype(np.float32)
    z[5:25, 5:25] += 6.0
    z[12:15, 12:15] += 2.0
    z[30:55, 30:50] += 4.0 + 0.2 * np.arange(25, dtype=np.float32)[:, None]
    shapes = [box(2.5, -12.5, 12.5, -2.5), box(15.0, -27.5, 25.0, -15.0), affinity.rotate(box(3, -28, 8, -20), 20)]
    outlines = gpd.GeoDataFrame({"building_id": ["a", "b", "c"]}, geometry=shapes, crs=crs)
    rules = UsableRules(
        max_tilt=60, flat_tilt=3, north_halfwidth=15, setback_m=0.5, step_m=0.3, obstacle_clearance_m=0.5, min_irradiation_share=0.5,
        min_area_m2=5, min_width_m=1.5,
    )  # fmt: skip
    return Surface(z, grid, False, ()), outlines, SurveySettings(RoofSettings(), rules)


def warm(half: str) -> None:
    """Compile the kernels that find roofs, or those of skylines, light, rules and outlines."""
    import numpy as np
    import pandas as pd

    from gis.far import far_field
    from gis.horizon import horizon_angles
    from gis.prepared import Place, building_raster, prepared_roofs
    from gis.progress import silent
    from gis.sky import SkyTable
    from gis.survey import compute
    from gis.survey_tables import plane_details

    surface, outlines, settings = _scene()
    if half == "roofs":
        from gis.survey import prepare

        prepare(surface, outlines, settings)
        _warm_modules(surface)
        _warm_points(surface)
        return
    grid = surface.grid
    horizon_angles(surface.z, grid.cell, [10.0, 100.0])
    ids = building_raster(outlines, grid)
    far = far_field(lambda top, bottom: surface.z[top:bottom], grid.shape, grid.cell, 20)
    place = Place((0, 0), far.window(0, 40, 0, 40), None, 0.0)
    ready = prepared_roofs(surface, outlines, settings.roofs, ids, ids, place)
    index = pd.date_range("2023-01-01 01:00", periods=48, freq="h", tz="Asia/Tokyo")
    hours = pd.DataFrame({"ghi": 300.0, "dni": 300.0, "dhi": 100.0}, index=index)
    sky = SkyTable.from_weather(hours, 35.6, 139.6, albedo=0.2, n_azimuths=8)
    every = np.ones(len(outlines), dtype=bool)
    done = compute(ready, outlines, sky, settings, every, every, None, silent)
    plane_details(done.table, ready.roofs, every, done.usable, done.light, done.cells, grid, ready.boxes)


def _warm_modules(surface: Surface) -> None:
    """Those that lay modules out, and look for their glare."""
    import numpy as np

    from gis.glare import GlareRules, Panels, Receptors, mirrored, sun_steps
    from gis.layout import Module, Paths, flush, lay_out, share_behind

    rows = flush(Module(1.1, 1.7), portrait=False, tilt=20.0, azimuth=170.0, gap=0.02)
    share_behind(lay_out(np.ones((20, 20), np.bool_), 0.5, rows, Paths(10.0, 4.0, 1.0)))
    one = np.array([10.0])
    panels = Panels(np.array([[5.0, -5.0, 12.0]]), one, 180.0 + one, one)
    receptors = Receptors.around(np.array([[8.0, -9.0, 9.0]]))
    sun = sun_steps(35.6, 139.6, "Asia/Tokyo", minutes=60)
    mirrored(panels, receptors, sun, surface.z, surface.grid, GlareRules(0.3))
    _warm_model(surface)


def _warm_model(surface: Surface) -> None:
    """That which lays a city model's roofs on a raster."""
    import numpy as np

    from gis.model_kernels import lay_triangles
    from gis.model_surface import RoofPolygons, lay_roofs
    from gis.plateau_place import Roofs

    corners = np.array([[1.0, -1.0, 5.0], [9.0, -1.0, 5.0], [9.0, -9.0, 6.0], [1.0, -1.0, 5.0]])
    first = np.zeros(1, np.int64)
    corner = np.zeros((1, 3))
    lay_triangles(0, 1, corner, corner, corner, 0.0, 0.0, 1.0, 0, 0, np.zeros((1, 1), np.float32))
    lay_roofs(RoofPolygons.of(Roofs(corners, np.array([4]), first, first)), surface.grid)
    _warm_basemap(surface)


def _warm_basemap(surface: Surface) -> None:
    """Those that draw a background map."""
    import numpy as np

    from gis.basemap import Basemap
    from gis.basemap_kernels import lay
    from gis.tile_source import TileFacts

    drawn = Basemap(TileFacts("", 0, 18)).draw(surface.grid)
    lay(np.zeros(drawn.pixels.shape, np.uint32), drawn.pixels, 256, 0)


def _warm_points(surface: Surface) -> None:
    """Those that grid point clouds."""
    import numpy as np

    from gis.las_points import Portion
    from gis.point_grid import Cells, add_portion, surfaces

    cells = Cells.empty(surface.grid)
    x, y = np.meshgrid(np.arange(0, 30, 2, dtype=np.int32), -np.arange(1, 30, 2, dtype=np.int32))
    kind = np.full(x.size, 2, np.uint8)
    portion = Portion(x.ravel(), y.ravel(), np.ones(x.size, np.int32), kind, np.zeros(x.size, np.bool_))
    add_portion(portion, (1.0, 1.0, 1.0), (0.25, 0.25, 0.0), surface.grid, None, cells)
    surfaces(cells, surface.grid, "", fill=2.0, bridge=2.0, stray=5.0)


def main() -> int:
    """Compile both halves side by side; returns the exit code."""
    if len(sys.argv) > 1:
        warm(sys.argv[1])
        return 0
    home = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))
    words = [[sys.executable, "-m", "gis.warm", half] for half in _HALVES]
    running = [subprocess.Popen(each, env={**os.environ, "PYTHONPATH": path}) for each in words]  # noqa: S603 -- ourselves
    return max(process.wait() for process in running)


if __name__ == "__main__":
    sys.exit(main())
