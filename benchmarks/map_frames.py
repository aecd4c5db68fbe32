"""How smoothly the map moves: time of a frame, longest wait of the window, recolouring, picking.

    QT_QPA_PLATFORM=offscreen python benchmarks/map_frames.py [polygons or project file …]

Every figure is measured on the running widget while its worker renders: the view pans by a few pixels sixty
times a second, then zooms. A made-up town of 5 km × 5 km at 1 m, or smaller for few polygons.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication
from rasterio.enums import Resampling

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gis.hillshade import hillshade
from kawasolar.project import load_plan
from tests.support.plans import CRS_PLAN, NORTH, WEST, example_plan
from ui import theme
from ui.map import MapView
from ui.tokens import LIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.plan import Plan

FRAME = 1.0 / 60.0


def town(folder: Path, polygons: int) -> Plan:
    """``polygons`` buildings, one in 30 of a facility (1,000 at most), and their rasters."""
    facilities = min(polygons // 30, 1000)
    plan = example_plan(folder, facilities=facilities)
    size = int(min(5000, 40 * np.sqrt(polygons)))
    rng = np.random.default_rng(7)
    side = int(np.ceil(np.sqrt(polygons)))
    pitch = size / side
    k = np.arange(polygons)
    x, y = WEST + (k % side + 0.5) * pitch, NORTH - (k // side + 0.5) * pitch
    w, h = pitch * rng.uniform(0.25, 0.42, (2, polygons))
    outlines = shapely.box(x - w, y - h, x + w, y + h)
    ids = np.array([f"T{n:06d}" for n in k])
    mine = rng.choice(polygons, facilities, replace=False)
    buildings = gpd.GeoDataFrame({"building_id": ids, "name": None, "usage": None}, geometry=outlines, crs=CRS_PLAN)
    links = plan.results.links.assign(building_id=ids[mine])
    ledger = plan.facilities.set_geometry(gpd.points_from_xy(x[mine], y[mine]), crs=CRS_PLAN)
    _rasters(plan.cache, size, x, y, w, h, rng)
    subarrays = _modules(plan.results.subarrays, links["building_id"].to_numpy(), x[mine], y[mine], w[mine], h[mine])
    results = replace(plan.results, buildings=buildings, links=links, subarrays=subarrays)
    return replace(plan, facilities=ledger, results=results)


def _modules(like: gpd.GeoDataFrame, ids: NDArray[np.object_], *place: NDArray[np.floating]) -> gpd.GeoDataFrame:
    """400 modules on each facility's roof: two subarrays of 200, however small that makes them."""
    x, y, w, h = place
    at = (np.arange(20) - 9.5) / 10.0
    shapes = []
    for k in range(len(ids)):
        for half in (at[:10], at[10:]):
            cx, cy = (part.ravel() for part in np.meshgrid(x[k] + 0.9 * w[k] * half, y[k] + 0.9 * h[k] * at))
            a, b = 0.04 * w[k], 0.04 * h[k]
            shapes.append(shapely.multipolygons(shapely.box(cx - a, cy - b, cx + a, cy + b)))
    rows = like.iloc[np.arange(len(shapes)) % len(like)].reset_index(drop=True)
    return rows.assign(building_id=np.repeat(ids, 2), modules=200).set_geometry(shapes, crs=CRS_PLAN)


def _rasters(cache: Path, size: int, x: NDArray[np.floating], y: NDArray[np.floating], w: NDArray[np.floating],
             h: NDArray[np.floating], rng: np.random.Generator) -> None:  # fmt: skip
    surface = np.add.outer(np.sin(np.arange(size) / 300.0), np.cos(np.arange(size) / 200.0)).astype(np.float32) * 8
    sun = np.full((size, size), np.nan, np.float32)
    for cx, cy, a, b in zip(x - WEST, NORTH - y, w, h, strict=True):
        here = np.s_[int(cy - b) : int(cy + b), int(cx - a) : int(cx + a)]
        surface[here] += 8.0
        sun[here] = rng.uniform(600.0, 1400.0)
    sun += rng.normal(0.0, 40.0, sun.shape).astype(np.float32)
    for name, values, nodata in (
        ("surface", surface, np.nan),
        ("hillshade", hillshade(surface, 1.0), 0),
        ("irradiation", sun, np.nan),
    ):
        with rasterio.open(
            cache / f"{name}.tif", "w", driver="GTiff", height=size, width=size, count=1, dtype=values.dtype,
            crs=CRS_PLAN.to_wkt(), transform=rasterio.transform.from_origin(WEST, NORTH, 1.0, 1.0), nodata=nodata,
            tiled=True, blockxsize=512, blockysize=512, compress="deflate", zlevel=1,
        ) as file:  # fmt: skip
            file.write(values, 1)
            file.build_overviews([2, 4, 8, 16], Resampling.nearest)


def settle(app: QApplication, view: MapView) -> float:
    """Run the window until nothing is pending; the time it took [s]."""
    begin = time.perf_counter()
    while not view.is_idle():
        app.processEvents()
        time.sleep(0.001)
    app.processEvents()
    return time.perf_counter() - begin


class Moves:
    """Steps of a movement at sixty a second: how long each held the window."""

    def __init__(self, app: QApplication, view: MapView) -> None:
        self._app, self._view = app, view

    def run(self, name: str, steps: int, step: object) -> None:
        """Make ``steps`` calls of ``step`` and print what a frame cost."""
        paints, holds = [], []
        for k in range(steps):
            begin = time.perf_counter()
            step(k)  # type: ignore[operator]
            self._view.repaint()
            paints.append(time.perf_counter() - begin)
            self._app.processEvents()
            holds.append(time.perf_counter() - begin)
            time.sleep(max(0.0, FRAME - (time.perf_counter() - begin)))
        rest = settle(self._app, self._view)
        a, b = np.array(paints) * 1000, np.array(holds) * 1000
        print(
            f"  {name:<22} frame median {np.median(a):5.1f}  95 % {np.percentile(a, 95):5.1f}  worst {a.max():5.1f} ms"
            f"   window held at most {b.max():5.1f} ms   sharp again after {rest * 1000:4.0f} ms"
        )


def measure(app: QApplication, subject: str) -> None:
    """All figures for one town: a number of polygons, or a project file."""
    with tempfile.TemporaryDirectory() as folder:
        plan = town(Path(folder), int(subject)) if subject.isdigit() else load_plan(Path(subject))
        view = MapView(LIGHT, "ja")
        view.resize(1280, 800)
        view.show()
        begin = time.perf_counter()
        view.set_plan(plan)
        held = time.perf_counter() - begin
        waited = settle(app, view)
        laid = int(plan.results.subarrays["modules"].sum())
        print(
            f"{len(plan.results.buildings):,} polygons, {len(plan.facilities):,} facilities, {laid:,} modules, 1280 × 800"
        )
        print(f"  set_plan holds the window {held * 1000:.1f} ms; shown after {waited:.2f} s")
        moves = Moves(app, view)
        whole = view.viewport()
        for name, scale in (("everything", whole.scale), ("1 m a pixel", 1.0), ("0.25 m a pixel", 0.25)):
            view.look_at(replace(whole, scale=min(scale, whole.scale)))
            settle(app, view)
            moves.run(f"pan, {name}", 90, lambda k: view.look_at(view.viewport().panned(-7.0, 3.0 if k % 2 else -3.0)))
        view.fit()
        settle(app, view)
        moves.run(
            "zoom in and out",
            60,
            lambda k: view.look_at(view.viewport().zoomed(1.12 if k < 30 else 1 / 1.12, 500.0, 300.0)),
        )
        _recolour(app, view, plan)
        view.shutdown()


def _recolour(app: QApplication, view: MapView, plan: Plan) -> None:
    view.fit()
    settle(app, view)
    sites = plan.decision.sites.assign(chosen=~plan.decision.sites["chosen"])
    held, shown = [], []
    for decision in (replace(plan.decision, sites=sites), plan.decision) * 5:
        begin = time.perf_counter()
        view.set_decision(decision)
        held.append(time.perf_counter() - begin)
        settle(app, view)
        shown.append(time.perf_counter() - begin)
    rng = np.random.default_rng(1)
    spots = [QPointF(*spot) for spot in rng.uniform((0, 0), (1280, 800), (300, 2)).tolist()]
    begin = time.perf_counter()
    for spot in spots:
        view.facility_at(spot)
    pick = (time.perf_counter() - begin) / len(spots)
    print(
        f"  set_decision holds the window {np.median(held) * 1000:.1f} ms; new colours after {np.median(shown) * 1000:.0f} ms;"
        f" a pick {pick * 1000:.3f} ms"
    )


def main() -> None:
    """Measure each subject named on the command line."""
    app = QApplication([])
    theme.apply(app, LIGHT)
    for subject in sys.argv[1:] or ["3000", "100000"]:
        measure(app, subject)


if __name__ == "__main__":
    main()
