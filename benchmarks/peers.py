"""KawaSolar against its peers: GRASS r.horizon and r.sun, and topocalc.

    .venv/bin/python benchmarks/peers.py

Speed as ratios within one run, per CPU-second; then how far the skylines agree and what the differences are. What is not installed is
named and left out; ``tools/peers.sh`` installs it. docs/validation.md explains the figures.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import rasterio
from numpy.typing import NDArray

from gis.horizon import horizon_angles, sector_azimuths
from tests.support import grass
from tests.support.threads import threads

# Times as fast a CPU-second, at least.
TARGET_R_HORIZON, TARGET_TOPOCALC = 250.0, 120.0
# What KawaSolar − r.horizon is to be: its median [deg], rounded to one place, and the share within 1°.
BAR_MEDIAN, BAR_WITHIN = 0.05, 0.90
MAX_DISTANCE = 500.0
# Directions that lie on no axis and no diagonal, eight of them from 10° off east.
FIRST, STEP = 10, 45
DAYS = (80, 172, 355)
HOURS = 0.25
# Higher than this above the ground is a roof or a tree.
ROOF_METRES = 2.5
RINGS = (0.0, 0.001, 5.0, 10.0, 20.0, 50.0, 100.0, np.inf)

TOPOCALC = """
import sys, time
import numpy as np
from topocalc.horizon import horizon
surface, out, *azimuths = sys.argv[1:]
z = np.load(surface).astype(np.float64)
horizon(33.0, z[:50, :50].copy(), 1.0)
begin = time.process_time()
found = [horizon(float(azimuth), z, 1.0) for azimuth in azimuths]
print(time.process_time() - begin)
np.save(out, np.degrees(np.arcsin(np.stack(found))).astype(np.float32))
"""


@dataclass(frozen=True)
class Place:
    """A scene with a name, and which of its cells are roofs."""

    name: str
    scene: grass.Scene
    roofs: NDArray[np.bool_]


def city(size: int, west: float = -20200.0) -> Place:
    """The synthetic city."""
    z, roofs = grass.city(size)
    return Place(f"synthetic city, {size} m", grass.Scene(z, west=west), roofs)


def real_places() -> list[Place]:
    """Göteborg and Delft, where the real data are at hand."""
    named = os.environ.get("KAWASOLAR_REALDATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    files = {
        "Göteborg": ("goteborg/DSM_KRbig.tif", "goteborg/DEM_KRbig.tif"),
        "Delft": ("delft/derived_dsm_0p5m.tif", "delft/derived_dtm_0p5m.tif"),
    }
    if not folder.is_dir():
        print(f"real data not found at {folder}; set KAWASOLAR_REALDATA")
        return []
    places = []
    for name, (surface, terrain) in files.items():
        scene = read_scene(folder / surface)
        places.append(Place(name, scene, scene.z - read_scene(folder / terrain).z > ROOF_METRES))
    return places


def read_scene(path: Path) -> grass.Scene:
    """A raster as a scene."""
    with rasterio.open(path) as file:
        z = file.read(1, masked=True).astype(np.float32).filled(np.nan)
        return grass.Scene(z, file.res[0], file.bounds.left, file.bounds.top, f"EPSG:{file.crs.to_epsg()}")


def ours(scene: grass.Scene, azimuths: NDArray[np.float64]) -> NDArray[np.float32]:
    """Our skylines of a scene towards true azimuths."""
    return horizon_angles(scene.z, scene.cell, azimuths, convergence=scene.convergence)


class OurRate:
    """M cells × azimuths per CPU-second of our own, without any limit of distance, on one thread: a second would wait at our cost.

    Measured before the peer and again after it: the machine may be busier by then.
    """

    def __init__(self, scene: grass.Scene, azimuths: NDArray[np.float64]) -> None:
        self._scene, self._azimuths = scene, azimuths
        self._used = self._done = 0.0
        ours(scene, azimuths[:2])

    def measure(self) -> None:
        """Three more calls."""
        with threads(1):
            begin = time.process_time()
            for _ in range(3):
                self._done += ours(self._scene, self._azimuths).size
            self._used += time.process_time() - begin

    @property
    def rate(self) -> float:
        """Of all calls so far."""
        return self._done / self._used / 1e6


def speed_line(peer: str, theirs: float, mine: float, target: float) -> None:
    """Two rates and their ratio."""
    verdict = "" if mine / theirs >= target else "  MISSED"
    print(f"{peer:36s}{theirs:8.3f} M cells × azimuths per CPU-second")
    print(f"{'KawaSolar, no distance limit':36s}{mine:8.1f}")
    print(f"{'ratio':36s}{mine / theirs:8.0f} ×  (target {target:.0f} ×){verdict}")


# --- topocalc ------------------------------------------------------------------------------------------------------------


def topocalc_python() -> str | None:
    """An interpreter that has topocalc."""
    named = os.environ.get("KAWASOLAR_TOPOCALC_PYTHON")
    path = named or str(ROOT / ".venv-peers" / "bin" / "python")
    if not Path(path).is_file():
        return None
    works = subprocess.run([path, "-c", "import topocalc.horizon"], capture_output=True, check=False)
    return path if works.returncode == 0 else None


def topocalc(size: int = 2000) -> None:
    """Speed beside topocalc on a large surface, and how far the two agree."""
    print(f"\n== topocalc, {size} × {size}")
    python = topocalc_python()
    if python is None:
        print(
            "topocalc is not installed: tools/peers.sh (or name an interpreter that has it in KAWASOLAR_TOPOCALC_PYTHON)"
        )
        return
    place = city(size)
    azimuths = np.array([80.0, 35.0, 305.0, 170.0])
    mine_rate = OurRate(place.scene, azimuths)
    mine_rate.measure()
    with tempfile.TemporaryDirectory() as name:
        surface, out = Path(name) / "z.npy", Path(name) / "found.npy"
        np.save(surface, place.scene.z)
        # It counts from south, positive through east.
        theirs_azimuths = [f"{180.0 - azimuth}" for azimuth in azimuths]
        done = subprocess.run(
            [python, "-c", TOPOCALC, surface, out, *theirs_azimuths], capture_output=True, text=True, check=True
        )
        found = np.load(out)
    mine_rate.measure()
    speed_line("topocalc", found.size / float(done.stdout) / 1e6, mine_rate.rate, TARGET_TOPOCALC)
    keep = grass.away_from_edges(place.scene.z, 1.0)
    mine = horizon_angles(place.scene.z, 1.0, azimuths)
    summary("KawaSolar − topocalc, all cells", (mine - found)[:, keep])
    summary("KawaSolar − topocalc, roofs", (mine - found)[:, keep & place.roofs])


# --- GRASS r.horizon -----------------------------------------------------------------------------------------------------


def r_horizon_speed(size: int = 1000) -> None:
    """Speed beside r.horizon, which looks 500 m far; we look to the end."""
    print(f"\n== GRASS {grass.version()} r.horizon, {size} × {size}, maxdistance {MAX_DISTANCE:.0f} m")
    place = city(size)
    azimuths = np.array([grass.compass(angle) for angle in range(FIRST, FIRST + 360, STEP)])
    mine_rate = OurRate(place.scene, azimuths)
    mine_rate.measure()
    found = grass.r_horizon(place.scene, FIRST, STEP, max_distance=MAX_DISTANCE)
    mine_rate.measure()
    rate = found.degrees.size / found.cpu / 1e6
    print(f"{'its import, not counted':36s}{found.import_cpu:8.2f} CPU-seconds")
    speed_line("r.horizon", rate, mine_rate.rate, TARGET_R_HORIZON)


def summary(name: str, difference: NDArray[np.float32], *, bar: bool = False) -> None:
    """One line on how large differences [deg] are, with a word where a bar is asked for and missed."""
    d = difference[np.isfinite(difference)]
    size = np.abs(d)
    missed = bar and (abs(np.median(d)) > BAR_MEDIAN or np.mean(size <= 1) < BAR_WITHIN)
    print(
        f"{name:42s}median {np.median(d):6.3f}  median size {np.median(size):5.3f}  within 1° {100 * np.mean(size <= 1):5.1f} %  "
        f"99th percentile {np.percentile(size, 99):5.2f}  mean {d.mean():6.3f}"
        f"{f'  MISSED: median 0.0, {100 * BAR_WITHIN:.0f} % within 1°' if missed else ''}"
    )


def marched(scene: grass.Scene, azimuths: NDArray[np.float64], wall_shift: float) -> tuple[NDArray[np.float32], ...]:
    """r.horizon's rule in our own words, with or without our rule for walls: skylines and how far away they stand."""
    both = [grass.march(scene.z, scene.cell, a - scene.convergence, wall_shift, 1) for a in azimuths]
    return np.stack([degrees for degrees, _ in both]), np.stack([metres for _, metres in both])


def agreement(place: Place) -> None:
    """How far our skylines and r.horizon's agree, and which part of the difference comes from what."""
    scene = place.scene
    found = grass.r_horizon(scene, FIRST, STEP)
    mine = ours(scene, found.azimuths)
    plain, metres = marched(scene, found.azimuths, 0.0)
    walls, _ = marched(scene, found.azimuths, 0.5)
    keep = grass.away_from_edges(scene.z, scene.cell)
    print(
        f"\n== skylines beside r.horizon: {place.name}, {scene.z.shape}, cell {scene.cell} m, convergence {scene.convergence:.3f}°"
    )
    for what, cells in (("all cells", keep), ("roofs", keep & place.roofs)):
        print(f"-- {what} at least 2 m from an edge: {cells.sum()} of {scene.z.size}")
        summary("KawaSolar − r.horizon", (mine - found.degrees)[:, cells], bar=True)
        summary("its march in our words − r.horizon", (plain - found.degrees)[:, cells])
        summary("KawaSolar − its march with our walls", (mine - walls)[:, cells])
        summary("walls half a cell nearer, alone", (walls - plain)[:, cells])
    by_distance(mine - found.degrees, mine - walls, metres, keep)


def by_distance(
    difference: NDArray[np.float32], sampled: NDArray[np.float32], metres: NDArray[np.float32], keep: NDArray[np.bool_]
) -> None:
    """Which cells lie beyond 1°, by how far away their skyline stands."""
    away = metres[:, keep]
    beyond, left = np.abs(difference[:, keep]) > 1, np.abs(sampled[:, keep]) > 1
    print("   skyline at [m]   share   beyond 1°   of all beyond   beyond with our walls in its march")
    for low, high in itertools.pairwise(RINGS):
        ring = (away >= low) & (away < high)
        if ring.any():
            name = "none" if high < 1 else f"{low:.0f}–{high:.0f}"
            print(
                f"   {name:>14s}   {100 * ring.mean():4.1f} %     {100 * beyond[ring].mean():5.1f} %         "
                f"{100 * beyond[ring].sum() / beyond.sum():5.1f} %   {100 * left[ring].mean():5.1f} %"
            )


def who_is_right(size: int = 200) -> None:
    """The town drawn on cells of 1/9 m is the truth; which of the two comes nearer from cells of 1 m?"""
    place = city(size)
    scene = place.scene
    found = grass.r_horizon(scene, FIRST, STEP)
    fine, _ = grass.city(size, finer=9)
    truth = np.stack([grass.march(fine, 1 / 9, a - scene.convergence, 0.0, 9)[0] for a in found.azimuths])
    finer = grass.r_horizon(scene, FIRST, STEP, sampling=0.5)
    mine = ours(scene, found.azimuths)
    keep = grass.away_from_edges(scene.z, scene.cell)
    print(f"\n== who is right: {place.name}, the truth marched on cells of 1/9 m")
    for what, cells in (("all cells", keep), ("roofs", keep & place.roofs)):
        summary(f"KawaSolar − truth, {what}", (mine - truth)[:, cells])
        summary(f"r.horizon − truth, {what}", (found.degrees - truth)[:, cells])
        summary(f"r.horizon, half steps − truth, {what}", (finer.degrees - truth)[:, cells])
        summary(f"r.horizon, half steps − whole, {what}", (finer.degrees - found.degrees)[:, cells])


def convergence() -> None:
    """Far from the central meridian: r.horizon's directions are true, so ours must be turned."""
    place = city(300, west=200_000.0)
    scene = place.scene
    found = grass.r_horizon(scene, FIRST, STEP)
    keep = grass.away_from_edges(scene.z, scene.cell)
    print(f"\n== true north: 200 km east of the meridian of {scene.crs}, convergence {scene.convergence:.3f}°")
    ways: dict[str, Callable[[float], float]] = {
        "turned by it": lambda azimuth: azimuth - scene.convergence,
        "not turned": lambda azimuth: azimuth,
        "turned as it does, on a sphere": scene.r_horizon_grid_azimuth,
    }
    for name, turned in ways.items():
        its_march = np.stack([grass.march(scene.z, scene.cell, turned(a), 0.0, 1)[0] for a in found.azimuths])
        summary(f"its march, {name}", (its_march - found.degrees)[:, keep])
    off = [scene.r_horizon_grid_azimuth(a) - (a - scene.convergence) for a in found.azimuths]
    print(f"it looks beside the true azimuths by up to {max(abs((o + 180) % 360 - 180) for o in off):.3f}°")


# --- GRASS r.sun ---------------------------------------------------------------------------------------------------------


def beam_agreement(place: Place) -> None:
    """Sunlit share of a clear day's beam on the horizontal, beside r.sun with r.horizon's maps."""
    scene = place.scene
    print(f"\n== sunlit share of the day's beam beside r.sun: {place.name}, percentage points")
    begin = time.process_time()
    found = grass.r_sun(scene, DAYS, hours=HOURS)
    sectors = sector_azimuths(64)
    skyline = {64: ours(scene, sectors), 72: ours(scene, found.horizons.azimuths)}
    step = np.float32(grass.R_SUN_STEP_DEG)
    rounded = np.round(found.horizons.degrees / step) * step
    lon, lat = scene.lonlat
    keep = grass.away_from_edges(scene.z, scene.cell) & place.roofs
    print(f"roof cells at least 2 m from an edge: {keep.sum()}; r.sun {found.cpu:.1f} CPU-seconds for {len(DAYS)} days")
    for k, day in enumerate(DAYS):
        path = grass.sun_path(lat, lon, day, hours=HOURS, altitude=float(np.nanmedian(scene.z)))
        theirs = (found.shaded[k] / found.unshaded[k])[keep]
        total = float(np.median(found.unshaded[k][keep]))
        print(
            f"-- day {day}: beam unshaded {total:.0f} Wh/m² by r.sun, {path.beam.sum() * HOURS:.0f} here; lit {100 * theirs.mean():.1f} %"
        )
        ways = {
            "KawaSolar, 64 sectors": (sectors, skyline[64], False),
            "KawaSolar, its 72 directions": (found.horizons.azimuths, skyline[72], True),
            "its own skylines in our sum": (found.horizons.azimuths, found.horizons.degrees, True),
            "the same, rounded as it does": (found.horizons.azimuths, rounded, True),
        }
        for name, way in ways.items():
            share_line(name, way, path, keep, theirs)
    print(f"({time.process_time() - begin:.0f} CPU-seconds here)")


def share_line(
    name: str,
    way: tuple[NDArray[np.float64], NDArray[np.float32], bool],
    path: grass.SunPath,
    keep: NDArray[np.bool_],
    theirs: NDArray[np.float32],
) -> None:
    """One line on our sunlit shares less r.sun's."""
    azimuths, degrees, between = way
    d = 100.0 * (grass.sunlit_share(azimuths, degrees[:, keep], path, between=between) - theirs)
    print(f"   {name:32s}median {np.median(d):6.2f}  mean {d.mean():6.2f}  rms {np.sqrt(np.mean(d**2)):5.2f}")


def main() -> None:
    """Print the figures."""
    if grass.available():
        r_horizon_speed()
    else:
        print(f"GRASS is not installed: {grass.HOW_TO_INSTALL}")
    topocalc()
    if grass.available():
        places = [city(300), *real_places()]
        for place in places:
            agreement(place)
        who_is_right()
        convergence()
        for place in places[:2]:
            beam_agreement(place)


if __name__ == "__main__":
    main()
