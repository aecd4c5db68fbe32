"""GRASS as a second opinion: r.horizon and r.sun run from outside, in a location that vanishes with the run.

Directions here are true azimuths, degrees clockwise from north, as everywhere in KawaSolar; GRASS counts from east anticlockwise.
"""

from __future__ import annotations

import functools
import itertools
import math
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numba import njit
from pvlib.solarposition import equation_of_time_spencer71
from pyproj import CRS, Transformer
from scipy import ndimage

from gis.crs import meridian_convergence, to_lonlat
from gis.sun import sun_position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HOW_TO_INSTALL = "tools/peers.sh, or as root: apt-get install --no-install-recommends grass-core"
# r.sun's clear sky.
LINKE = 3.0
# It keeps skylines in one byte, in steps of 1/150 rad.
R_SUN_STEP_DEG = math.degrees(1.0 / 150.0)
_NULL = -9999.0
_TIMES = re.compile(r"(\d+)m([\d.]+)s\s+(\d+)m([\d.]+)s")

Command = tuple[str, ...]


class GrassFailed(RuntimeError):
    """A GRASS session ended with an error; the message is what it said."""


@dataclass(frozen=True)
class Scene:
    """A surface somewhere on the earth.

    r.horizon asks for a projection (8.2.1 stops in an XY location, whatever its manual says) and turns its directions to true north
    there, cell by cell; so a scene has a projected CRS, and :attr:`convergence` turns ours.

    Attributes
    ----------
    z : float32 (rows, cols), heights [m], row 0 in the north, NaN in holes
    cell : metres
    west, north : corner of the raster in the CRS
    crs : as GRASS and pyproj both read it
    """

    z: NDArray[np.float32]
    cell: float = 1.0
    west: float = -20200.0
    north: float = -44200.0
    crs: str = "EPSG:6677"

    @property
    def centre(self) -> tuple[float, float]:
        """Easting and northing of the middle."""
        rows, cols = self.z.shape
        return self.west + cols * self.cell / 2, self.north - rows * self.cell / 2

    @functools.cached_property
    def convergence(self) -> float:
        """Azimuth of grid north at the middle [deg]."""
        return meridian_convergence(CRS.from_user_input(self.crs), *self.centre)

    def r_horizon_grid_azimuth(self, azimuth: float) -> float:
        """Where r.horizon looks for a true azimuth, clockwise from grid north, at the middle.

        It goes 10⁻⁴ rad along parallel and meridian as on a sphere and takes where that leads on the map; on the ellipsoid this is up to
        0.12° beside the true azimuth at 35° north, most on the diagonals.
        """
        crs = CRS.from_user_input(self.crs)
        to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
        lon, lat = to_degrees.transform(*self.centre)
        a = math.radians(azimuth)
        lon += math.degrees(1e-4 * math.sin(a) / math.cos(math.radians(lat)))
        lat += math.degrees(1e-4 * math.cos(a))
        x, y = to_degrees.transform(lon, lat, direction="INVERSE")
        return math.degrees(math.atan2(x - self.centre[0], y - self.centre[1])) % 360.0

    @property
    def lonlat(self) -> tuple[float, float]:
        """Longitude and latitude of the middle."""
        return to_lonlat(CRS.from_user_input(self.crs), *self.centre)


@dataclass(frozen=True)
class Horizons:
    """What r.horizon found.

    Attributes
    ----------
    azimuths : (n,), degrees clockwise from true north
    degrees : float32 (n, rows, cols), skyline, clamped at 0
    cpu : CPU-seconds of r.horizon itself
    import_cpu : CPU-seconds of reading the surface in
    """

    azimuths: NDArray[np.float64]
    degrees: NDArray[np.float32]
    cpu: float
    import_cpu: float


@dataclass(frozen=True)
class Beam:
    """What r.sun found for some days, on the horizontal.

    Attributes
    ----------
    horizons : the skylines it was fed with
    shaded : float32 (days, rows, cols), Wh/m² a day with them
    unshaded : float32 (days, rows, cols), without any
    cpu : CPU-seconds of r.sun with horizons, all days
    """

    horizons: Horizons
    shaded: NDArray[np.float32]
    unshaded: NDArray[np.float32]
    cpu: float


def available() -> bool:
    """Whether GRASS is installed."""
    return shutil.which("grass") is not None


@functools.cache
def version() -> str:
    """Version of GRASS, such as ``8.2.1``."""
    said = subprocess.run(["grass", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\d+\.\d+\.\d+", said.stdout + said.stderr)
    return found.group() if found else "unknown"


def compass(anticlockwise_from_east: float) -> float:
    """GRASS's direction as an azimuth, clockwise from north."""
    return (90.0 - anticlockwise_from_east) % 360.0


def r_horizon(
    scene: Scene, first: int, step: int, *, max_distance: float | None = None, sampling: float = 1.0
) -> Horizons:
    """Skylines by r.horizon towards ``first``, ``first + step`` … (whole degrees from east, anticlockwise), once round.

    Parameters
    ----------
    max_distance : how far it looks [m]; to the end of the raster unless given
    sampling : length of a step in cells, 0.5 … 1.5
    """
    with tempfile.TemporaryDirectory(prefix="kawasolar-grass-") as name:
        folder = Path(name)
        angles = range(first, first + 360, step)
        begin = _import(scene, folder)
        search: Command = ("r.horizon", "-d", "elevation=z", f"direction={first}", f"step={step}", "output=h")
        search = (*search, f"distance={sampling}")
        if max_distance is not None:
            search = (*search, f"maxdistance={max_distance}")
        end = [_export(f"h_{angle:03d}", folder) for angle in angles]
        cpu = _run([*begin, search, *end], scene.crs, folder)
        degrees = np.stack([_read(scene, f"h_{angle:03d}", folder) for angle in angles])
    azimuths = np.array([compass(angle) for angle in angles])
    return Horizons(azimuths, np.maximum(degrees, np.float32(0.0)), cpu[len(begin)], sum(cpu[: len(begin)]))


def r_sun(scene: Scene, days: Sequence[int], *, horizon_step: int = 5, hours: float = 0.25) -> Beam:
    """Beam on the horizontal for days of the year, with and without the skylines of r.horizon.

    The skylines are clamped at 0 before r.sun gets them: it keeps them in one byte and takes what is negative for very high.
    """
    angles = range(0, 360, horizon_step)
    with tempfile.TemporaryDirectory(prefix="kawasolar-grass-") as name:
        folder = Path(name)
        rules = folder / "clamp"
        rules.write_text("".join(f"c_{a:03d} = max(h_{a:03d}, 0.0)\n" for a in angles))
        begin = _import(scene, folder)
        search: Command = ("r.horizon", "elevation=z", "direction=0", f"step={horizon_step}", "output=h")
        clamp: Command = ("r.mapcalc", f"file={rules}")
        shaded, unshaded, out = [], [], [_export(f"h_{a:03d}", folder) for a in angles]
        for day in days:
            common = ("r.sun", "elevation=z", f"linke_value={LINKE}", f"day={day}", f"step={hours}", "nprocs=1")
            fed = ("horizon_basename=c", f"horizon_step={horizon_step}")
            shaded.append((*common, *fed, f"beam_rad=shaded_{day}"))
            unshaded.append((*common, "-p", f"beam_rad=open_{day}"))
            out += [_export(f"shaded_{day}", folder), _export(f"open_{day}", folder)]
        cpu = _run([*begin, search, clamp, *shaded, *unshaded, *out], scene.crs, folder)
        degrees = np.degrees(np.stack([_read(scene, f"h_{a:03d}", folder) for a in angles]))
        horizons = Horizons(
            np.array([compass(a) for a in angles]),
            np.maximum(degrees, np.float32(0.0)),
            cpu[len(begin)],
            sum(cpu[: len(begin)]),
        )
        first = len(begin) + 2
        return Beam(
            horizons,
            np.stack([_read(scene, f"shaded_{day}", folder) for day in days]),
            np.stack([_read(scene, f"open_{day}", folder) for day in days]),
            sum(cpu[first : first + len(days)]),
        )


def _import(scene: Scene, folder: Path) -> list[Command]:
    """Commands that read the surface in and set the region to it."""
    rows, cols = scene.z.shape
    np.where(np.isnan(scene.z), np.float32(_NULL), scene.z).astype("<f4").tofile(folder / "z")
    south, east = scene.north - rows * scene.cell, scene.west + cols * scene.cell
    return [
        (
            "r.in.bin", "-f", f"input={folder / 'z'}", "output=z", "bytes=4", "order=little", f"anull={_NULL}",
            f"north={scene.north}", f"south={south}", f"east={east}", f"west={scene.west}", f"rows={rows}", f"cols={cols}",
        ),
        ("g.region", "raster=z"),
    ]  # fmt: skip


def _export(name: str, folder: Path) -> Command:
    return ("r.out.bin", f"input={name}", f"output={folder / name}", "bytes=4", "order=little", f"null={_NULL}")


def _read(scene: Scene, name: str, folder: Path) -> NDArray[np.float32]:
    values = np.fromfile(folder / name, dtype="<f4").reshape(scene.z.shape)
    return np.where(values == np.float32(_NULL), np.float32(np.nan), values)


def _run(commands: Sequence[Command], crs: str, folder: Path) -> list[float]:
    """Run commands in one session; CPU-seconds of each.

    The shell's ``times`` counts what its children used, so that GRASS's own start does not count.
    """
    script = folder / "script.sh"
    lines = ["set -e", "times"]
    for command in commands:
        lines += [shlex.join(command) + " >&2", "times"]
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    # Its settings, and its temporary files, stay out of the user's home.
    env = {**os.environ, "HOME": str(home), "TMPDIR": str(folder), "GRASS_VERBOSE": "0", "LC_ALL": "C"}
    done = subprocess.run(
        ["grass", "--tmp-location", crs, "--exec", "sh", str(script)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    used = [_seconds(match) for match in _TIMES.finditer(done.stdout)][1::2]
    if done.returncode or len(used) != len(commands) + 1:
        raise GrassFailed(done.stderr[-2000:])
    return [after - before for before, after in itertools.pairwise(used)]


def _seconds(match: re.Match[str]) -> float:
    user_m, user_s, system_m, system_s = (float(part) for part in match.groups())
    return 60.0 * (user_m + system_m) + user_s + system_s


# --- a surface to compare on, and which of its cells can be compared -----------------------------------------------------


def city(
    size: int, seed: int = 1, *, share: float = 0.23, finer: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A town of turned buildings on rolling ground, ``size`` metres square: heights, and which cells are roofs.

    Most buildings are 4 to 14 m high, one in twelve 15 to 60 m; a third of the low ones have gables of up to 25°.

    Parameters
    ----------
    share : about how much of the ground is built on
    finer : cells in a metre; an odd number has cells whose middles are those of the cells of 1 m
    """
    rng = np.random.default_rng(seed)
    rows, cols = ((np.mgrid[0 : size * finer, 0 : size * finer] + 0.5) / finer).astype(np.float32)
    z = _ground(rows, cols)
    roofs = np.zeros(z.shape, dtype=bool)
    # Buildings fall on the ground as they like, the first one stays; 247 m² is the mean of one.
    for _ in range(round(-math.log(1.0 - share) * size**2 / 247.0)):
        row, col = rng.uniform(0, size, 2)
        length, width, turn = rng.uniform(8, 35), rng.uniform(8, 15), rng.uniform(0, math.pi)
        high = rng.random() < 1 / 12
        height = rng.uniform(15, 60) if high else rng.uniform(4, 14)
        pitch = math.tan(math.radians(rng.uniform(15, 25))) if not high and rng.random() < 1 / 3 else 0.0
        reach = math.hypot(length, width) / 2 + 1
        window = tuple(slice(max(0, int((p - reach) * finer)), int((p + reach) * finer)) for p in (row, col))
        down, right = rows[window] - row, cols[window] - col
        along = right * math.cos(turn) + down * math.sin(turn)
        across = down * math.cos(turn) - right * math.sin(turn)
        inside = (np.abs(along) < length / 2) & (np.abs(across) < width / 2) & ~roofs[window]
        base = float(_ground(row, col)) + height
        z[window][inside] = (base + pitch * (width / 2 - np.abs(across)))[inside]
        roofs[window] |= inside
    return z, roofs


def _ground(rows: NDArray[np.float32] | float, cols: NDArray[np.float32] | float) -> NDArray[np.float32]:
    return np.asarray(20.0 + 4.0 * np.sin(rows / 90.0) + 3.0 * np.cos(cols / 70.0), dtype=np.float32)


def away_from_edges(z: NDArray[np.float32], cell: float, metres: float = 2.0, step: float = 0.5) -> NDArray[np.bool_]:
    """Cells that lie more than ``metres`` from any cell that differs from a neighbour by more than ``step`` metres.

    Beside a wall the skyline hangs on where within a cell the wall stands, which the raster does not say. Holes count as edges.
    """
    filled = np.where(np.isnan(z), np.float32(1e6), z)
    square = np.ones((3, 3), dtype=bool)
    lower = ndimage.minimum_filter(filled, footprint=square)
    upper = ndimage.maximum_filter(filled, footprint=square)
    edge = np.maximum(filled - lower, upper - filled) > step
    return (ndimage.distance_transform_edt(~edge) * cell > metres) & ~np.isnan(z)


@njit(nogil=True, cache=True)
def _height(z: NDArray[np.float32], row: float, col: float) -> float:
    """Height of the nearest cell, NaN outside."""
    r, c = math.ceil(row - 0.5), math.floor(col + 0.5)
    inside = 0 <= r < z.shape[0] and 0 <= c < z.shape[1]
    return z[r, c] if inside else math.nan


@njit(nogil=True, cache=True)
def march(
    z: NDArray[np.float32], cell: float, azimuth: float, wall_shift: float, every: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """r.horizon's own rule, without its short cuts: from a cell outwards in steps of one cell, the nearest cell's height at its own distance.

    Parameters
    ----------
    azimuth : degrees clockwise from GRID north
    wall_shift : by how many cells a wall is brought nearer; 0 as r.horizon does. A wall rises in one step by 0.7 of a cell more than the
        surface behind it does in the next.
    every : of how many cells each way one is an observer, the middle one; an odd number

    Returns
    -------
    degrees : skyline, clamped at 0, NaN in holes
    metres : how far away it stands, 0 where there is none
    """
    rows, cols = z.shape
    right, down = math.sin(math.radians(azimuth)), -math.cos(math.radians(azimuth))
    shape = (rows // every, cols // every)
    degrees, metres = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    top = np.nanmax(z)
    for i in range(shape[0]):
        for j in range(shape[1]):
            row, col = i * every + every // 2, j * every + every // 2
            own = before = z[row, col]
            slope, where, steps = 0.0, 0.0, 0
            while not math.isnan(own) and own + slope * steps * cell <= top:
                steps += 1
                r, c = math.ceil(row + steps * down - 0.5), math.floor(col + steps * right + 0.5)
                if r < 0 or c < 0 or r >= rows or c >= cols:
                    break
                away = math.hypot(r - row, c - col)
                behind = _height(z, row + (steps + 1) * down, col + (steps + 1) * right)
                on = 0.0 if math.isnan(behind) else max(behind - z[r, c], 0.0)
                wall = z[r, c] - before - on > 0.7 * cell
                before = z[r, c]
                found = (before - own) / ((away - wall_shift if wall else away) * cell)
                if found > slope:
                    slope, where = found, away * cell
            degrees[i, j] = math.nan if math.isnan(own) else math.degrees(math.atan(slope))
            metres[i, j] = where
    return degrees, metres


# --- the day's beam, with r.sun's clear sky and pvlib's sun --------------------------------------------------------------


@dataclass(frozen=True)
class SunPath:
    """The sun over a day, in the middle of each interval; arrays of shape (n,).

    Attributes
    ----------
    azimuth, elevation : degrees, true north, clockwise
    beam : W/m² on the horizontal
    """

    azimuth: NDArray[np.float64]
    elevation: NDArray[np.float64]
    beam: NDArray[np.float64]


def sun_path(latitude: float, longitude: float, day: int, *, hours: float = 0.25, altitude: float = 0.0) -> SunPath:
    """The sun's way over one day of 2023 by pvlib, with the beam that r.sun computes for a clear sky."""
    step = pd.Timedelta(hours=hours)
    # The day and its intervals are true solar time, as r.sun's are.
    ahead = longitude / 15.0 + float(equation_of_time_spencer71(day)) / 60.0
    begin = pd.Timestamp(2023, 1, 1, tz="UTC") + pd.Timedelta(days=day - 1, hours=-ahead)
    ends = pd.date_range(begin + step, periods=round(24.0 / hours), freq=step)
    sun = sun_position(ends, latitude, longitude, altitude, interval=step)
    up = sun.elevation > 0.0
    beam = clear_beam(sun.elevation[up], day, altitude)
    return SunPath(sun.azimuth[up], sun.elevation[up], beam)


def clear_beam(elevation: NDArray[np.float64], day: int, altitude: float) -> NDArray[np.float64]:
    """Beam on the horizontal [W/m²] under the clear sky of the European Solar Radiation Atlas, as in r.sun.

    Rigollier, Bauer & Wald (2000), doi:10.1016/S0038-092X(99)00055-9.
    """
    h = np.radians(elevation)
    outside = 1367.0 * (1.0 + 0.03344 * math.cos(2.0 * math.pi * day / 365.25 - 0.048869))
    refraction = 0.061359 * (0.1594 + h * (1.123 + 0.065656 * h)) / (1.0 + h * (28.9344 + 277.3971 * h))
    seen = h + refraction
    mass = math.exp(-altitude / 8434.5) / (np.sin(seen) + 0.50572 * (np.degrees(seen) + 6.07995) ** -1.6364)
    thin = 1.0 / (6.6296 + mass * (1.7513 + mass * (-0.1202 + mass * (0.0065 - mass * 0.00013))))
    thickness = np.where(mass <= 20.0, thin, 1.0 / (10.4 + 0.718 * mass))
    return outside * np.sin(h) * np.exp(-0.8662 * LINKE * mass * thickness)


def sunlit_share(
    azimuths: NDArray[np.float64], degrees: NDArray[np.float32], path: SunPath, *, between: bool
) -> NDArray[np.float64]:
    """Share of the day's beam that passes the skylines of cells.

    Parameters
    ----------
    azimuths : (n,), once round in equal steps, in any order
    degrees : (n, cells)
    between : whether the skyline is linear between two directions, as in r.sun, or the nearest direction's, as in our tables
    """
    order = np.argsort(azimuths)
    width, first, skyline = 360.0 / len(azimuths), azimuths[order[0]], degrees[order]
    total = np.zeros(degrees.shape[1])
    for azimuth, elevation, beam in zip(path.azimuth, path.elevation, path.beam, strict=True):
        place = ((azimuth - first) % 360.0) / width
        low, share = (int(place), place % 1.0) if between else (round(place), 0.0)
        n = len(azimuths)
        total += beam * ((1.0 - share) * skyline[low % n] + share * skyline[(low + 1) % n] <= elevation)
    return total / path.beam.sum()
