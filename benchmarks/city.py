"""A whole synthetic Kawasaki: 12,000 × 12,000 cells of a metre, 250,000 buildings, from GeoTIFF to roof planes with monthly irradiation.

    .venv/bin/python benchmarks/city.py           # 1, 16 and 144 km², all roofs and the facilities alone: eight minutes
    .venv/bin/python benchmarks/city.py --small   # without 144 km²

Each city is made (or taken from the folder named by KAWASOLAR_CITIES), surveyed by tiles in a process of its own, and measured from opening the files to
the assembled table: seconds, CPU-seconds, greatest memory. The cost of a square kilometre is that of the survey itself (block maxima, tiles, table), without
the weather's table, which costs the same for any city, and is compared with that of the smallest one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.synthetic_city import make_city

WEATHER = Path(__file__).resolve().parents[1] / "sample_data" / "weather.csv"
LATITUDE, LONGITUDE = 35.6, 139.5
SIDES_KM = (1, 4, 12)
LIMIT_S = {("all roofs", 12): 300.0, ("facilities", 12): 150.0}
LIMIT_MB = 2000.0


def measure(folder: Path, only_facilities: bool) -> dict[str, float]:
    """Survey a city in this process."""
    import resource

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    import shapely

    from gis.far import far_field
    from gis.outlines import read_outlines
    from gis.raster import open_surface
    from gis.survey_tables import MONTH_COLUMNS
    from gis.tiles import TiledWork, Tiling, assemble, survey_tiles, tiles_of
    from kawasolar.pipeline import sky_table, survey_settings
    from kawasolar.profile import load_profile
    from kawasolar.weather import read_weather

    profile = load_profile(None)
    begin, cpu = time.perf_counter(), time.process_time()
    with open_surface(folder / "dsm.tif") as surface:
        grid = surface.grid
        outlines = read_outlines(folder / "buildings.gpkg", grid.crs, surface_bounds=grid.bounds).frame
        sky = sky_table(read_weather(WEATHER, latitude=LATITUDE, longitude=LONGITUDE), profile)
        tiling = Tiling()
        survey_cpu = time.process_time()
        far = far_field(surface.rows, grid.shape, grid.cell, tiling.near(grid.cell))
        wanted = None
        if only_facilities:
            ledger = pd.read_csv(folder / "facilities.csv")
            lon, lat = (ledger[name].to_numpy() for name in ("経度", "緯度"))
            points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=6668).to_crs(grid.crs)
            hit = shapely.STRtree(outlines.geometry.to_numpy()).query(points.to_numpy(), predicate="within")[1]
            wanted = np.isin(np.arange(len(outlines)), hit)
        work = TiledWork(
            grid, outlines, sky, survey_settings(profile), tiling, None if only_facilities else frozenset(), near_only=only_facilities
        )  # fmt: skip
        results = list(survey_tiles(surface.read, tiles_of(grid, outlines, tiling, wanted), work, far))
        found = assemble(outlines, results)
    seconds, used = time.perf_counter() - begin, time.process_time() - cpu
    survey_cpu = time.process_time() - survey_cpu
    months = found.planes[list(MONTH_COLUMNS)].sum(axis=1).to_numpy()
    assert np.allclose(months, found.planes["irradiation_kwh_m2"], rtol=1e-9)
    return {
        "seconds": seconds, "cpu": used, "survey_cpu": survey_cpu, "planes": len(found.planes), "buildings": len(outlines) if wanted is None else int(wanted.sum()),
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, "mean": float(found.planes["irradiation_kwh_m2"].mean()),
    }  # fmt: skip


def in_own_process(folder: Path, only_facilities: bool) -> dict[str, float]:
    """:func:`measure` in a fresh process: its memory is its own."""
    words = [sys.executable, __file__, "--measure", str(folder), *(["--facilities"] if only_facilities else [])]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--measure", type=Path)
    parser.add_argument("--facilities", action="store_true")
    asked = parser.parse_args()
    if asked.measure is not None:
        print(json.dumps(measure(asked.measure, asked.facilities)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(os.environ.get("KAWASOLAR_CITIES", scratch))
        base: dict[str, float] = {}
        print(
            f"{'':12}{'km²':>6}{'buildings':>11}{'planes':>9}{'seconds':>9}{'CPU-s':>8}{'MB':>7}{'CPU-s/km²':>11}   limit"
        )
        for side in SIDES_KM[:2] if asked.small else SIDES_KM:
            folder = home / f"city{side}"
            if not (folder / "dsm.tif").exists():
                make_city(folder, side * 1000)
            for kind in ("all roofs", "facilities"):
                if side == SIDES_KM[0]:
                    in_own_process(folder, kind == "facilities")  # kernels are compiled, files are in memory
                found = in_own_process(folder, kind == "facilities")
                each = found["survey_cpu"] / side**2
                base.setdefault(kind, each)
                limit = LIMIT_S.get((kind, side))
                said = (
                    f"{limit:.0f} s, {LIMIT_MB:.0f} MB"
                    if limit
                    else f"{100 * (each / base[kind] - 1):+.0f} % against {SIDES_KM[0]} km²"
                )
                print(
                    f"{kind:12}{side**2:6}{found['buildings']:11,.0f}{found['planes']:9,.0f}{found['seconds']:9.1f}{found['cpu']:8.1f}{found['mb']:7.0f}"
                    f"{each:11.3f}   {said}"
                )


if __name__ == "__main__":
    main()
