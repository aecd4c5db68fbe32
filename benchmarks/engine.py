"""The shading engine: rates and ratios within one run.

    .venv/bin/python benchmarks/engine.py

Sweep against a plain compiled march on the same surface, one thread against two, the stages of the plan on the sample, and what
a keep-out on one roof costs against a survey of all.
Rates are per CPU-second: the machine may be busy.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import geopandas as gpd
import numpy as np
from numba import njit
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

from gis.horizon import Sweeper, sector_azimuths
from gis.outlines import read_outlines
from gis.raster import Surface, read_surface
from gis.survey import PartSurvey, Prepared, prepare, survey, survey_some
from kawasolar.pipeline import PlanInputs, make_plan, sky_table, survey_settings
from kawasolar.plan import Plan
from kawasolar.weather import read_weather
from tests.support.threads import threads

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
MARCH_METRES = 250.0
TARGET_THREADS = 1.8


@njit(nogil=True, cache=True)
def march(z: NDArray[np.float32], out: NDArray[np.float32], azimuth: float, cell: float, steps: int) -> None:
    """What r.horizon does at heart: from each cell outwards in steps of one cell."""
    rows, cols = z.shape
    d_col, d_row = math.sin(math.radians(azimuth)), -math.cos(math.radians(azimuth))
    for i in range(rows):
        for j in range(cols):
            best = np.float32(0.0)
            for k in range(1, steps):
                row, col = round(i + d_row * k), round(j + d_col * k)
                if row < 0 or col < 0 or row >= rows or col >= cols:
                    break
                best = max(best, (z[row, col] - z[i, j]) / np.float32(k * cell))
            out[i, j] = best


def cpu(work: Callable[[], object]) -> float:
    """CPU-seconds of the fastest of two calls."""
    times = []
    for _ in range(2):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def wall(work: Callable[[], object]) -> float:
    """Seconds of the fastest of three calls."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """CPU-seconds and seconds, each of the fastest of three calls."""
    times = []
    for _ in range(3):
        cpu_begin, begin = time.process_time(), time.perf_counter()
        work()
        times.append((time.process_time() - cpu_begin, time.perf_counter() - begin))
    return min(used for used, _ in times), min(passed for _, passed in times)


def speed_up(work: Callable[[], object]) -> None:
    """Two threads against one, in turns: a neighbour on the machine would else be counted against one of them."""
    ratios = []
    for _ in range(5):
        seconds = []
        for count in (1, 2):
            with threads(count):
                begin = time.perf_counter()
                work()
                seconds.append(time.perf_counter() - begin)
        ratios.append(seconds[0] / seconds[1])
    middle = sorted(ratios)[2]
    print(
        f"1 → 2 threads                 {middle:8.2f} × ({min(ratios):.2f}–{max(ratios):.2f}){'' if middle >= TARGET_THREADS else '  MISSED'}"
    )


def correction(plan: Plan, surface: Surface) -> None:
    """One facility gets a keep-out: survey of all against survey of its buildings, which must come out the same."""
    outlines = read_outlines(SAMPLE / "buildings.gpkg", surface.grid.crs, surface_bounds=surface.grid.bounds).frame
    latitude, longitude = plan.results.weather.latitude, plan.results.weather.longitude
    sky = sky_table(read_weather(SAMPLE / "weather.csv", latitude=latitude, longitude=longitude), plan.profile)
    settings, detail = survey_settings(plan.profile), set(plan.results.links["building_id"])
    before = survey(surface, outlines, sky, settings, detail=detail)
    shape = before.planes.sort_values("usable_m2").iloc[-1]
    wanted = {str(shape["building_id"])}
    keepouts = gpd.GeoDataFrame(
        {"building_id": list(wanted)}, geometry=[shape.geometry.centroid.buffer(5)], crs=surface.grid.crs
    )
    prepared = prepare(surface, outlines, settings)

    def some(ready: Callable[[], Prepared]) -> PartSurvey:
        return survey_some(
            surface, outlines, sky, settings, before, wanted, detail=detail, keepouts=keepouts, prepared=ready()
        )

    full = survey(surface, outlines, sky, settings, detail=detail, keepouts=keepouts)
    part = some(lambda: prepared)
    assert_frame_equal(part.planes, full.planes, check_exact=True)
    assert np.array_equal(part.sunlit, full.sunlit)
    base, base_wall = spent(lambda: survey(surface, outlines, sky, settings, detail=detail, keepouts=keepouts))
    print(f"survey of all                 {base:8.2f} CPU-seconds, {base_wall:.2f} s ({len(outlines)} buildings)")
    ways: dict[str, Callable[[], Prepared]] = {
        "one, nothing kept": lambda: prepare(surface, outlines, settings),
        "one, planes from the raster": lambda: prepare(surface, outlines, settings, plane_ids=before.plane_ids),
        "one, prepared": lambda: prepared,
    }
    for name, ready in ways.items():
        used, passed = spent(lambda ready=ready: some(ready))  # type: ignore[misc]
        print(
            f"{name:30s}{used:8.2f} CPU-seconds, {passed:.2f} s: 1/{base / used:.1f} and 1/{base_wall / passed:.1f} of all"
        )


def main() -> None:
    """Print the figures."""
    surface = read_surface(SAMPLE / "dsm.tif")
    z, cell = surface.z, surface.grid.cell
    azimuths = [float(a) + 2.0 for a in sector_azimuths(8)]
    sweeper = Sweeper(z, cell)
    buffer = sweeper.slopes(1.0)
    sweeper.slopes(91.0)
    rate = len(azimuths) * z.size / cpu(lambda: [sweeper.sweep(a, buffer) for a in azimuths]) / 1e6
    print(f"sweep, no distance limit      {rate:8.1f} M cells × azimuths per CPU-second ({z.shape[0]} × {z.shape[1]})")
    part = np.ascontiguousarray(z[1000:1600, 1000:1600])
    out = np.empty_like(part)
    steps = int(MARCH_METRES / cell)
    march(part, out, 1.0, cell, 2)
    plain = len(azimuths) * part.size / cpu(lambda: [march(part, out, a, cell, steps) for a in azimuths]) / 1e6
    print(f"plain march, {MARCH_METRES:.0f} m           {plain:8.1f} M cells × azimuths per CPU-second")
    print(f"ratio                         {rate / plain:8.1f}")
    speed_up(lambda: [sweeper.sweep(a, buffer) for a in azimuths])
    with tempfile.TemporaryDirectory() as folder:
        inputs = PlanInputs(
            SAMPLE / "dsm.tif", SAMPLE / "buildings.gpkg", SAMPLE / "facilities.csv", SAMPLE / "weather.csv", Path(folder) / "plan.kawasolar"
        )  # fmt: skip
        begin = time.process_time()
        plan = make_plan(inputs)
        used = time.process_time() - begin
    print("stages of the sample, seconds ", ", ".join(f"{name} {value:.2f}" for name, value in plan.seconds.items()))
    print(f"the whole plan                {used:8.1f} CPU-seconds")
    correction(plan, surface)


if __name__ == "__main__":
    main()
