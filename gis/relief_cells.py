"""Triangles of the ground on a raster's cells, in bounded memory: what has been read of a file waits on the disk until the file has ended well."""

from __future__ import annotations

import math
import tempfile
from array import array
from contextlib import contextmanager
from itertools import pairwise
from typing import IO, TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer

from gis.aside import aside
from gis.crs import horizontal
from gis.datums import covers_as_tokyo, exchanged, told_of
from gis.errors import UnreadableFile
from gis.findings import Finding
from gis.left_out import mesh_in
from gis.model_kernels import lay_triangles
from gis.sheets import SIDE, Sheets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import ExitStack
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.grid import Grid
    from gis.progress import Progress

    Floats = NDArray[np.float64]

# No ground in Japan is lower or higher [m]: sentinels.
_LOWEST, _HIGHEST = -500.0, 4000.0
# Points of mass are triangulated at once, some 60 bytes and 20 µs each.
_MOST_POINTS = 3_000_000
# Cells looked at for all triangles, by those of the raster: triangles of the ground do not lie above one another.
_MOST_TIMES, _WORK_FREELY = 64, 100_000_000
# Cells between two looks whether to stop: some hundredths of a second.
_WORK_AT_ONCE = 5_000_000


class Corners:
    """Corners of triangles, and points of mass, as they stand in a file."""

    def __init__(self, at_once: int) -> None:
        self.triangles, self.points = array("d"), array("d")
        self.broken = 0
        self._at_once = at_once

    @property
    def full(self) -> bool:
        """Whether there are as many as are to be taken at once."""
        return len(self.triangles) >= 9 * self._at_once or len(self.points) >= 3 * self._at_once

    def add_triangle(self, text: str) -> None:
        """Three corners, and the first one again."""
        numbers = _numbers(text)
        if numbers is None or len(numbers) not in (9, 12):
            self.broken += 1
        else:
            self.triangles.extend(numbers[:9])

    def add_points(self, text: str) -> None:
        """Any number of points."""
        numbers = _numbers(text)
        if numbers is None or len(numbers) % 3:
            self.broken += 1
        else:
            self.points.extend(numbers)

    def taken(self) -> tuple[Floats, Floats, int]:
        """Triangles (n, 3, 3) and points (n, 3) in the file's order of numbers, and how many were broken; none of them is here any more."""
        found = np.array(self.triangles).reshape(-1, 3, 3), np.array(self.points).reshape(-1, 3), self.broken
        self.triangles, self.points, self.broken = array("d"), array("d"), 0
        return found


def _numbers(text: str) -> array[float] | None:
    try:
        return array("d", map(float, text.split()))
    except ValueError:
        return None


class ReliefCells:
    """The cells of a grid, by level of detail.

    Attributes
    ----------
    count : triangles and points read of all files, wherever they lie
    failed : the disk, not a file, is to blame for the last error
    """

    def __init__(self, grid: Grid, folder: Path, stack: ExitStack, bridge: float) -> None:
        self.count, self.failed = 0, False
        self.tick: Callable[[], None] = lambda: None
        self._grid, self._folder, self._stack, self._bridge = grid, folder, stack, bridge
        self._levels: dict[int, Sheets] = {}
        self._points: list[Floats] = []
        self._point_level = 1
        self._kept: IO[bytes] | None = None
        self._waiting: list[tuple[int, int]] = []
        self._move: Transformer | None = None
        self._name = ""
        # South, west, north, east [deg] of all corners of the file that is read.
        self._around = [math.inf, math.inf, -math.inf, -math.inf]
        self._geographic, self._north_first = True, True
        self._broken = self._impossible = self._laid = self._mass = self._work = 0
        self._sizes: list[float] = []
        self._swapped = False

    def source(self, crs: CRS, name: str, findings: list[Finding]) -> None:
        """What comes next is of this file and in this system."""
        self._name = name
        self._around = [math.inf, math.inf, -math.inf, -math.inf]
        self._move = Transformer.from_crs(crs, horizontal(self._grid.crs), always_xy=True)
        self._geographic = bool(crs.is_geographic)
        # Officially the first axis points north, also of the plane rectangular systems.
        self._north_first = self._geographic or crs.axis_info[0].direction.lower() == "north"
        findings += told_of(crs, name)

    def looks_like_tokyo(self) -> bool:
        """Whether the file that was read last fills the mesh of its name only if it is taken to be of the old datum."""
        mesh = mesh_in(self._name)
        south, west, north, east = self._around
        if mesh is None or not self._geographic or not north > south:
            return False
        return covers_as_tokyo((west, south, east, north), mesh)

    # ---------------------------------------------------------------------------------------------- file by file

    @contextmanager
    def whole_or_nothing(self) -> Iterator[None]:
        """What is taken within lies on the cells in the end; if the file turns out to be damaged, nothing of it."""
        before = self.count, self._broken, self._impossible, len(self._points), self._swapped
        self._waiting = []
        try:
            yield
        except BaseException:
            self.count, self._broken, self._impossible, points, self._swapped = before
            del self._points[points:]
            self._rewind()
            raise
        with self._disk():
            self._lay_waiting()

    def take(self, corners: Corners, level: int) -> None:
        """Bring some triangles and points to the grid; those that meet it wait for the end of the file."""
        triangles, points, broken = corners.taken()
        self._broken += broken
        self.count += len(triangles) + len(points)
        if len(triangles):
            near = self._near(self._good(self._moved(triangles)))
            if len(near):
                with self._disk():
                    self._keep(near, level)
        if len(points):
            near = self._near(self._good(self._moved(points[:, None, :])), self._bridge)
            self._points.append(near[:, 0, :])
            self._point_level = level
            if sum(map(len, self._points)) > _MOST_POINTS:
                raise UnreadableFile(
                    "relief.too_many", found=f">{_MOST_POINTS:,}", expected=f"{_MOST_POINTS:,}", file=self._name
                )
        self.tick()

    def _moved(self, corners: Floats) -> Floats:
        """Easting, northing and height of corners (n, k, 3)."""
        first, second, z = corners[..., 0], corners[..., 1], corners[..., 2]
        north, east = (first, second) if self._north_first else (second, first)
        if self._geographic:
            swapped = exchanged(first, second)
            self._swapped |= bool(swapped.any())
            north, east = np.where(swapped, second, first), np.where(swapped, first, second)
            least, most = (np.fmin.reduce, np.fmax.reduce)
            self._around[:2] = map(min, self._around[:2], (least(north.ravel()), least(east.ravel())))
            self._around[2:] = map(max, self._around[2:], (most(north.ravel()), most(east.ravel())))
        if self._move is None:
            raise ValueError("no source")
        x, y = self._move.transform(east, north)
        return np.stack([np.asarray(x), np.asarray(y), z], axis=-1)

    def _good(self, corners: Floats) -> Floats:
        """Those that are places, with heights that a place can have."""
        z = corners[..., 2]
        good = np.isfinite(corners).all(axis=(1, 2)) & ((z > _LOWEST) & (z < _HIGHEST)).all(axis=1)
        self._impossible += int(np.count_nonzero(~good))
        return corners[good]

    def _near(self, corners: Floats, by: float = 0.0) -> Floats:
        """Those that meet the grid."""
        west, south, east, north = self._grid.bounds
        x, y = corners[..., 0], corners[..., 1]
        meets = (x.min(axis=1) < east + by) & (x.max(axis=1) > west - by)
        return corners[meets & (y.min(axis=1) < north + by) & (y.max(axis=1) > south - by)]

    # ---------------------------------------------------------------------------------------------- on the disk

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self.failed = True
            raise

    def _keep(self, triangles: Floats, level: int) -> None:
        if self._kept is None:
            self._kept = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 -- closed by the stack
            self._stack.callback(self._kept.close)
        self._kept.write(np.ascontiguousarray(triangles).tobytes())
        self._waiting.append((level, len(triangles)))

    def _rewind(self) -> None:
        self._waiting = []
        if self._kept is not None:
            self._kept.seek(0)
            self._kept.truncate()

    def _lay_waiting(self) -> None:
        if self._kept is not None:
            self._kept.seek(0)
            for level, count in self._waiting:
                triangles = np.frombuffer(self._kept.read(count * 72), np.float64).reshape(-1, 3, 3)
                self._lay(triangles, level)
        self._rewind()

    # ---------------------------------------------------------------------------------------------- on the cells

    def _lay(self, triangles: Floats, level: int) -> None:
        grid = self._grid
        sheets = self._levels.setdefault(level, Sheets(grid, self._folder, self._stack))
        x, y, z = (np.ascontiguousarray(triangles[..., axis]) for axis in range(3))
        area = np.abs((x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) - (y[:, 1] - y[:, 0]) * (x[:, 2] - x[:, 0])) / 2.0
        self._laid += len(triangles)
        self._sizes.append(float(np.median(area)))
        top, bottom = _clipped((grid.north - y.max(axis=1)) / grid.cell, grid.rows), _clipped((grid.north - y.min(axis=1)) / grid.cell, grid.rows)  # fmt: skip
        left, right = _clipped((x.min(axis=1) - grid.west) / grid.cell, grid.cols), _clipped((x.max(axis=1) - grid.west) / grid.cell, grid.cols)  # fmt: skip
        work = (bottom - top + 1) * (right - left + 1)
        self._work += int(work.sum())
        most = _WORK_FREELY + _MOST_TIMES * grid.rows * grid.cols
        if self._work > most:
            raise UnreadableFile("relief.too_many", found=f"{self._work:,}", expected=f"{most:,}", file=self._name)
        down, across = bottom // SIDE - top // SIDE + 1, right // SIDE - left // SIDE + 1
        # A triangle is laid in each square that it meets; mostly that is one.
        which = np.repeat(np.arange(len(x)), down * across)
        place = np.arange(len(which)) - np.repeat(np.cumsum(down * across) - down * across, down * across)
        row, col = (top // SIDE)[which] + place // across[which], (left // SIDE)[which] + place % across[which]
        key = row * (grid.cols // SIDE + 1) + col
        order = np.argsort(key, kind="stable")
        cuts = np.flatnonzero(np.diff(key[order])) + 1
        for some in np.split(order, cuts):
            square, block = sheets.square(int(row[some[0]]), int(col[some[0]]))
            here = which[some]
            corners = x[here], y[here], z[here]
            for begin, end in _portions(work[here]):
                self.tick()
                lay_triangles(begin, end, *corners, grid.west, grid.north, grid.cell, block.top, block.left, square)

    def finish(self, progress: Progress) -> None:
        """Lay the ground between the points of mass, once all are known."""
        points = np.concatenate([np.zeros((0, 3)), *self._points])
        self._points, self._mass = [], len(points)
        if len(points) < 3:
            return
        triangles = aside(lambda: _triangulated(points, self._bridge), progress, 1.0, "surface")
        for begin in range(0, len(triangles), 20_000):
            progress(1.0, "surface")
            self._lay(triangles[begin : begin + 20_000], self._point_level)

    def rows_of(self, strip: Grid) -> NDArray[np.float32]:
        """Heights on some rows of the grid."""
        top = round((self._grid.north - strip.north) / self._grid.cell)
        found = np.full(strip.shape, np.nan, np.float32)
        for level in sorted(self._levels, reverse=True):
            lacking = np.isnan(found)
            if not lacking.any():
                break
            found[lacking] = self._levels[level].rows(top, top + strip.rows)[lacking]
        return found

    @property
    def spacing(self) -> float:
        """As :attr:`gis.relief.Relief.spacing`."""
        return math.sqrt(2.0 * float(np.median(self._sizes))) if self._sizes else math.inf

    def findings(self, source: str) -> list[Finding]:
        """What was read, and what could not be."""
        levels = ", ".join(f"LOD{level}" for level in sorted(self._levels, reverse=True)) or "–"
        details: dict[str, object] = {"triangles": self._laid, "points": self._mass, "spacing": self.spacing}
        found = [Finding("relief.read", "info", source, found=levels, details=details)]
        if not self._laid:
            found = [Finding("relief.beside", "warning", source)]
        if self._swapped:
            found.append(Finding("citymodel.swapped", "warning"))
        for code, count in (("relief.broken", self._broken), ("relief.impossible", self._impossible)):
            if count:
                found.append(Finding(code, "warning", source, details={"count": count}))
        return found


def _clipped(place: Floats, count: int) -> NDArray[np.int64]:
    return np.clip(np.floor(place), 0, count - 1).astype(np.int64)


def _portions(work: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of triangles of some work each."""
    number = np.cumsum(work) // _WORK_AT_ONCE
    cuts = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(work)]
    return [(begin, end) for begin, end in pairwise(cuts) if end > begin]


def _triangulated(points: Floats, longest: float) -> Floats:
    """Triangles (n, 3, 3) between points, without those that span more than twice ``longest`` [m]."""
    from scipy.spatial import Delaunay, QhullError

    xy = points[:, :2] - points[:, :2].mean(axis=0)
    try:
        corners = Delaunay(xy).simplices
    except QhullError:  # all on one line
        return np.zeros((0, 3, 3))
    triangles = points[corners]
    sides = triangles[:, :, :2] - np.roll(triangles[:, :, :2], 1, axis=1)
    return np.asarray(triangles[np.hypot(sides[..., 0], sides[..., 1]).max(axis=1) <= 2.0 * longest])
