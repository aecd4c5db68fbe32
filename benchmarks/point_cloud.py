"""How long a point cloud takes to become surface and ground, and how much memory: in one piece, and by blocks and tiles.

    python benchmarks/point_cloud.py [million points]

A made-up ward: sheets of 400 × 300 m as a city delivers them (LAZ, 3.3 points a square metre), slopes, boxes of houses, ground points between them. Each way in
a process of its own, since memory is measured at its highest.
"""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import laspy
import numpy as np
from pyproj import CRS

from gis import point_tiles
from gis.model_surface import grid_around, strips
from gis.point_cloud import survey_points
from gis.point_tiles import grid_cloud
from gis.threads import threads

_ZONE = CRS.from_epsg(6677)
_WIDE, _HIGH, _DENSITY = 400.0, 300.0, 10.0 / 3.0
_WEST, _SOUTH = -20_000.0, -50_000.0
_CELL = 0.5


def _sheet(path: Path, col: int, row: int) -> None:
    """One sheet: a slope with a house every 20 m."""
    rng = np.random.default_rng(row * 1000 + col)
    number = round(_WIDE * _HIGH * _DENSITY)
    east, north = rng.uniform(0, _WIDE, number), rng.uniform(0, _HIGH, number)
    house = (east % 20.0 < 12.0) & (north % 20.0 < 10.0)
    z = 20.0 + 0.02 * (east + col * _WIDE) + np.where(house, 6.0 + (col + row) % 5, 0.0) + rng.normal(0, 0.03, number)
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.scales, header.offsets = np.full(3, 0.01), np.array([_WEST, _SOUTH, 0.0])
    header.add_crs(_ZONE)
    las = laspy.LasData(header)
    las.x, las.y, las.z = _WEST + col * _WIDE + east, _SOUTH + row * _HIGH + north, z
    las.classification = np.where(house, 6, 2).astype(np.uint8)
    las.write(path)


def _measure(folder: Path, way: str) -> None:
    """Grid all sheets and read all rows once, as the surface does."""
    point_tiles.IN_MEMORY = 10**12 if way == "one" else 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, cpu = time.perf_counter(), time.process_time()
    cloud = survey_points([folder])
    grid = grid_around(cloud.bounds, _CELL, _ZONE)
    total = 0.0
    with ExitStack() as stack:
        made = grid_cloud(cloud, grid, folder, stack, fill=2.0, bridge=50.0, stray=5.0)
        for _, strip in strips(grid):
            total += float(np.nansum(made.dsm(strip), dtype=np.float64) + np.nansum(made.dtm(strip), dtype=np.float64))
    took, own = time.perf_counter() - begin, time.process_time() - cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{way}: {cloud.points / 1e6:,.0f} million points, {grid.rows * grid.cols / 1e6:,.0f} million cells: {took:.1f} s ({own:.1f} CPU-s, {threads()} threads), "
        f"memory {before / 1024:.0f} → {most / 1024:.0f} MB; sum of all heights {total:.3f}",
        flush=True,
    )


def main() -> None:
    """Make the sheets and print both."""
    if len(sys.argv) > 3:
        _measure(Path(sys.argv[2]), sys.argv[3])
        return
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    count = max(1, round(millions * 1e6 / (_WIDE * _HIGH * _DENSITY)))
    across = max(1, math.isqrt(count * 3 // 4))
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
        for k in range(count):
            _sheet(Path(place) / f"{k:05d}.laz", k % across, k // across)
        for way in ("blocks", "one"):
            subprocess.run([sys.executable, __file__, str(millions), place, way], check=True)


if __name__ == "__main__":
    main()
