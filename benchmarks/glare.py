"""Glare: a year of minutes of panels and façades, against every minute of every pair.

    .venv/bin/python benchmarks/glare.py

The ratio is of a small scene, where half of the engine's time goes into sorting the suns; it grows with the scene.

A town of blocks on a regular street grid, modules on a roof in its middle facing north (the worst case), façades within 200 m. The plain reckoning is
compiled too and leaves out what stands between; on a bare surface both must find the same minutes.
Seconds of CPU: the machine may be busy.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from pyproj import CRS

from gis.glare import GlareRules, Panels, Receptors, SunSteps, beam_half_angle, facade_points, mirrored, sun_steps
from gis.grid import Grid

CELL, SIDE = 0.5, 480.0
# A block is so long, and so far from the next [m].
HOUSE, PITCH = 14.0, 22.0
PANEL_POINTS, FACADE_POINTS = 200, 2000
SMALL = (20, 100)
TARGET_RATIO, TARGET_S = 50.0, 10.0

Found = TypeVar("Found")


@njit(nogil=True, cache=True)
def every_minute(
    xyz: NDArray[np.float64], normal: NDArray[np.float64], radius: NDArray[np.float64], to: NDArray[np.float64],
    sun: NDArray[np.float64], cosine: float,
) -> NDArray[np.int64]:  # fmt: skip
    """Minutes of each receptor by asking all of them."""
    minutes = np.zeros(len(to), np.int64)
    for k in range(len(to)):
        for j in range(len(sun)):
            s = sun[j]
            for p in range(len(xyz)):
                n = normal[p]
                v0, v1, v2 = to[k, 0] - xyz[p, 0], to[k, 1] - xyz[p, 1], to[k, 2] - xyz[p, 2]
                nv, ns = n[0] * v0 + n[1] * v1 + n[2] * v2, n[0] * s[0] + n[1] * s[1] + n[2] * s[2]
                if nv <= 0.0 or ns <= 0.0:
                    continue
                r0, r1, r2 = 2.0 * ns * n[0] - s[0], 2.0 * ns * n[1] - s[1], 2.0 * ns * n[2] - s[2]
                t = nv / ns
                q0, q1, q2 = v0 - t * r0, v1 - t * r1, v2 - t * r2
                away = math.sqrt(q0 * q0 + q1 * q1 + q2 * q2)
                share = min(1.0, radius[p] / away)
                w0, w1, w2 = v0 - share * q0, v1 - share * q1, v2 - share * q2
                if away <= radius[p] or w0 * r0 + w1 * r1 + w2 * r2 >= cosine * math.sqrt(w0 * w0 + w1 * w1 + w2 * w2):
                    minutes[k] += 1
                    break
    return minutes


def cpu(work: Callable[[], Found]) -> tuple[float, float, Found]:
    """Seconds of CPU and of the clock of the fastest of two calls (the first compiles), and what was found."""
    spent = []
    for _ in range(2):
        begin, clock = time.process_time(), time.perf_counter()
        found = work()
        spent.append((time.process_time() - begin, time.perf_counter() - clock))
    return *min(spent), found


def town() -> tuple[NDArray[np.float32], Grid, Panels, Receptors]:
    """Blocks of 4 to 16 m; 40 modules in five points each on the one in the middle; façade points around."""
    rng = np.random.default_rng(3)
    cells = round(SIDE / CELL)
    grid = Grid(cells, cells, CELL, 0.0, SIDE, CRS.from_epsg(6677))
    z = np.zeros(grid.shape, np.float32)
    begins = np.arange(4.0, SIDE - HOUSE, PITCH)
    x, y = (each.ravel() for each in np.meshgrid(begins, begins))
    height = rng.uniform(4.0, 16.0, len(x))
    centre = int(np.hypot(x - SIDE / 2, y - SIDE / 2).argmin())
    height[centre] = 8.0
    for west, south, top in zip(x, y, height, strict=True):
        row = round((SIDE - south - HOUSE) / CELL)
        col = round(west / CELL)
        z[row : row + round(HOUSE / CELL), col : col + round(HOUSE / CELL)] = top
    boxes = shapely.box(x, y, x + HOUSE, y + HOUSE)
    receptors, index = facade_points(boxes, np.zeros(len(x)), height, 7.0, 3.0)
    away = np.hypot(*(receptors.xyz[:, :2] - [x[centre] + HOUSE / 2, y[centre] + HOUSE / 2]).T)
    near = np.flatnonzero((index != centre) & (away < 200.0))
    near = np.sort(rng.permutation(near)[:FACADE_POINTS])
    east, north = (
        each.ravel()[:PANEL_POINTS] for each in np.meshgrid(np.linspace(1.5, 12.5, 20), np.linspace(2, 12, 10))
    )
    places = np.column_stack([x[centre] + east, y[centre] + north, 8.3 + 0.1 * north])
    count = len(places)
    panels = Panels(places, np.full(count, 20.0), np.full(count, 350.0), np.full(count, 0.4))
    return z, grid, panels, Receptors(receptors.xyz[near], receptors.normal[near])


def small(panels: Panels, receptors: Receptors) -> tuple[Panels, Receptors]:
    """Some of each, spread over all; the receptors look in all directions."""
    p, r = (np.linspace(0, len(each) - 1, n).astype(int) for each, n in zip((panels, receptors), SMALL, strict=True))
    # So small that only the beam counts: of a disc the plain reckoning knows only the nearest point in its plane.
    few = Panels(panels.xyz[p], panels.tilt[p], panels.azimuth[p], np.full(len(p), 1e-20))
    return few, Receptors.around(receptors.xyz[r])


def vectors(azimuth: NDArray[np.float64], elevation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors of directions in degrees."""
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.stack([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)], axis=-1)


def against_plain(panels: Panels, receptors: Receptors, sun: SunSteps, grid: Grid, rules: GlareRules) -> float:
    """How many times as long the plain reckoning takes on a bare surface."""
    few, around = small(panels, receptors)
    bare = np.zeros(grid.shape, np.float32)
    own, _, found = cpu(lambda: mirrored(few, around, sun, bare, grid, rules))
    rays = vectors(sun.position.azimuth, sun.position.elevation)
    normal, radius = vectors(few.azimuth, 90.0 - few.tilt), np.sqrt(few.area / np.pi)
    cosine = math.cos(math.radians(rules.beam))
    plain, _, minutes = cpu(lambda: every_minute(few.xyz, normal, radius, around.xyz, rays, cosine))
    assert (found.minutes == minutes).all()
    assert minutes.any()
    print(f"{SMALL[0]} × {SMALL[1]} bare      engine {own:7.3f} s CPU   plain {plain:7.2f} s CPU")
    return plain / own


def main() -> None:
    """Print the figures."""
    spent, _, sun = cpu(lambda: sun_steps(35.6, 139.6, "Asia/Tokyo"))
    print(f"sun of a year        {spent:7.2f} s CPU   {len(sun):,} minutes of day")
    z, grid, panels, receptors = town()
    for name, beam in (
        ("ideal mirror", beam_half_angle(0.0)),
        ("smooth glass", beam_half_angle(6.55)),
        ("SGHAT 3 sd", beam_half_angle(6.55, 3.0)),
    ):
        rules = GlareRules(beam=beam)
        spent, clock, found = cpu(lambda rules=rules: mirrored(panels, receptors, sun, z, grid, rules))
        lit = int((found.minutes > 0).sum())
        missed = "" if spent < TARGET_S else f"  MISSED: {TARGET_S:.0f} s"
        print(
            f"{name:12} {beam:5.2f}°   {spent:7.2f} s CPU  {clock:6.2f} s clock  {len(panels)} × {len(receptors):,}, {lit} points lit{missed}"
        )
    ratio = against_plain(panels, receptors, sun, grid, GlareRules(beam_half_angle(6.55), reach=1000.0))
    print(f"ratio                {ratio:7.0f}{'' if ratio > TARGET_RATIO else f'  MISSED: {TARGET_RATIO:.0f}'}")


if __name__ == "__main__":
    main()
