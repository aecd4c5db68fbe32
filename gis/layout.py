"""Modules laid out one by one on the cells of a roof plane that the rules have left.

Modules stand in rows. For every place that a row may have, from one end of the plane to the other in steps of some centimetres, it is
exactly known how many modules fit between what stands in it: each cell that is not usable is a square, and a strip of the row's depth
loses what of it the square covers. Which rows to take is then a choice of intervals, solved exactly by dynamic programming.
So no module touches a cell that a rule has taken, whatever the direction of the rows on the raster.

Lengths are in the horizontal, as the raster is: a module of length L at a tilt β covers L cos β. Azimuths are those of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gis import layout_kernels as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A row may begin every so many metres: of a module 1.1 m deep that is a tenth.
_STEP_M = 0.1
_NO_PATH = 10**9
# Declination of the sun at the winter solstice [deg].
_SOLSTICE = -23.44
# A row counts as close in front from half a pitch to one and a half, where it stands before at least a quarter of the module.
_NEXT_ROW, _OVERLAP = (0.4, 1.5), 0.75


class Module(NamedTuple):
    """A module's sides [m], the longer one second."""

    width: float
    length: float

    @property
    def area(self) -> float:
        """Of its face [m²]."""
        return self.width * self.length


@dataclass(frozen=True)
class Rows:
    """How modules stand in rows.

    Attributes
    ----------
    azimuth : where they face, clockwise from grid north [deg]; of two that stand back to back, the first
    tilt : of the modules [deg]
    across, depth : of a unit along and across its row, in the horizontal [m]
    gap : between units of a row [m]
    pitch : from the front of a row to that of the next [m], at least ``depth``
    each : modules in a unit: 2 where they stand back to back, facing away from each other
    slant : module's own side up the tilt [m]
    """

    azimuth: float
    tilt: float
    across: float
    depth: float
    gap: float
    pitch: float
    each: int
    slant: float


@dataclass(frozen=True)
class Paths:
    """Where somebody must be able to walk: an array larger than ``area`` [m²] of modules gets paths ``width`` [m] wide, none of its modules
    farther than ``reach`` [m] from one or from the array's end.
    """

    area: float
    reach: float
    width: float


@dataclass(frozen=True)
class Layout:
    """Modules on one plane.

    Attributes
    ----------
    corners : float64 (modules, 4, 2)
        x and y in the grid's own metres (x to the east from the west end of column 0, y to the north from the north end of row 0, so y ≤ 0):
        front left, front right, back right, back left as seen by who looks at their face.
    azimuth : float64 (modules,), where each faces, grid [deg]
    rows : how they stand
    """

    corners: NDArray[np.float64]
    azimuth: NDArray[np.float64]
    rows: Rows

    def __len__(self) -> int:
        return len(self.corners)


def flush(module: Module, *, portrait: bool, tilt: float, azimuth: float, gap: float) -> Rows:
    """Modules that lie on a pitched roof, their rows along its eaves."""
    across, slant = _sides(module, portrait=portrait)
    cosine = float(np.cos(np.radians(tilt)))
    return Rows(azimuth, tilt, across, slant * cosine, gap, (slant + gap) * cosine, 1, slant)


def racks(module: Module, *, portrait: bool, tilt: float, azimuth: float, gap: float, spacing: float) -> Rows:
    """Racks on a flat roof; ``spacing`` [m] is free between the back of a row and the front of the next."""
    across, slant = _sides(module, portrait=portrait)
    depth = slant * float(np.cos(np.radians(tilt)))
    return Rows(azimuth, tilt, across, depth, gap, depth + max(spacing, gap), 1, slant)


def back_to_back(module: Module, *, portrait: bool, tilt: float, azimuth: float, gap: float, valley: float) -> Rows:
    """Two modules that meet at a ridge, one facing ``azimuth``, the other away from it; ``valley`` [m] is free between two such pairs."""
    across, slant = _sides(module, portrait=portrait)
    depth = 2.0 * slant * float(np.cos(np.radians(tilt))) + gap
    return Rows(azimuth, tilt, across, depth, gap, depth + max(valley, gap), 2, slant)


def winter_spacing(slant: float, tilt: float, azimuth: float, latitude: float, hours: float) -> float:
    """Free distance between rows [m] at which none shades the next at the winter solstice within so many hours of true noon.

    The shadow of a row's upper edge, h = slant · sin(tilt), falls h · cos(azimuth of the sun − azimuth of the row) / tan(elevation of the sun)
    behind it; the longest within the hours counts. On the southern half of the globe the solstice is that of June.

    Raises
    ------
    ValueError
        The sun is not up at that hour.
    """
    phi, decl = np.radians(latitude), np.radians(_SOLSTICE if latitude >= 0 else -_SOLSTICE)
    hour = np.radians(15.0 * np.linspace(-hours, hours, 61))
    up = np.sin(phi) * np.sin(decl) + np.cos(phi) * np.cos(decl) * np.cos(hour)
    if (up <= 0).any():
        raise ValueError(f"the sun is not up {hours} h from noon at latitude {latitude}")
    east = -np.cos(decl) * np.sin(hour)
    north = np.sin(decl) * np.cos(phi) - np.cos(decl) * np.sin(phi) * np.cos(hour)
    towards = east * np.sin(np.radians(azimuth)) + north * np.cos(np.radians(azimuth))
    # towards / up = cos(Δ azimuth) / tan(elevation)
    return float(max(0.0, np.max(towards / up)) * slant * np.sin(np.radians(tilt)))


def lay_out(usable: NDArray[np.bool_], cell: float, rows: Rows, paths: Paths | None = None) -> Layout:
    """The most modules that these rows hold; an array that needs paths gets them.

    Parameters
    ----------
    usable : bool (rows, cols)
        Cells that may carry modules, row 0 in the north; each module stands on such cells alone.
    cell : side of a cell [m]
    rows : how they stand
    paths : None = none needed
    """
    found = _lay_out(usable, cell, rows, None)
    if paths is None or len(found) * rows.across * rows.slant <= paths.area:
        return found
    return _lay_out(usable, cell, rows, paths)


def best_of(layouts: list[Layout]) -> Layout:
    """The one with the most modules; of equals the first."""
    return max(layouts, key=len)


def _sides(module: Module, *, portrait: bool) -> tuple[float, float]:
    return (module.width, module.length) if portrait else (module.length, module.width)


def _lay_out(usable: NDArray[np.bool_], cell: float, rows: Rows, paths: Paths | None) -> Layout:
    if not usable.any():
        return _placed(np.zeros(0), np.zeros(0), rows)
    u, v = _blocked_squares(usable, cell, rows.azimuth)
    axes = 0.5 * cell * np.array(_axes(rows.azimuth)[0])
    half = float(np.abs(axes).sum())
    steps = max(1, round(rows.pitch / _STEP_M))
    step = rows.pitch / steps
    first = float(v.min()) - half
    count = max(0, int(np.floor((float(v.max()) + half - rows.depth - first) / step)) + 1)
    held = np.zeros(count, np.int64)
    kernels.count_in_strips(v, half, first, step, rows.depth, held)
    start = np.cumsum(held) - held
    end, blocked = start.copy(), np.empty((int(held.sum()), 2))
    kernels.blocked_in_strips(u, v, (float(axes[0]), float(axes[1])), half, first, step, rows.depth, end, blocked)
    most, width = _NO_PATH, 0.0
    if paths is not None:
        # A path on either side of a block reaches half of it.
        most, width = max(1, int((2.0 * paths.reach + rows.gap) / (rows.across + rows.gap))), paths.width
    units, low = np.zeros(count, np.int64), np.asarray(first + step * np.arange(count), np.float64)
    fit = (rows.across, rows.gap, most, width)
    kernels.fill_strips(start, end, blocked, *fit, units)
    if paths is not None:
        units[_on_path(low, rows.depth, units > 0, paths)] = 0
    best, chosen = np.zeros(count, np.int64), np.zeros(count, np.bool_)
    kernels.choose_strips(units, steps, best, chosen)
    taken = np.flatnonzero(chosen)
    left, strip = np.empty(int(units[taken].sum())), np.empty(int(units[taken].sum()), np.int64)
    placed = kernels.place_units(start, end, blocked, taken, *fit, left, strip)
    return _placed(left[:placed], low[strip[:placed]], rows)


def _on_path(low: NDArray[np.float64], depth: float, filled: NDArray[np.bool_], paths: Paths) -> NDArray[np.bool_]:
    """Strips that stand in a path along the rows, which divides an array that is deeper than two reaches."""
    if not filled.any():
        return filled
    begin, period = float(low[filled].min()), 2.0 * paths.reach + paths.width
    into = (low - begin) % period
    return into + depth > 2.0 * paths.reach + kernels.TOUCH


def _axes(azimuth: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """East and north in the rows' frame: u along a row, v away from where they face."""
    sine, cosine = float(np.sin(np.radians(azimuth))), float(np.cos(np.radians(azimuth)))
    return (-cosine, -sine), (sine, -cosine)


def _blocked_squares(
    usable: NDArray[np.bool_], cell: float, azimuth: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middles, by u, of the cells that are not usable within the box of those that are and one cell around it."""
    where = np.nonzero(usable)
    top, bottom = int(where[0].min()), int(where[0].max()) + 1
    west, east = int(where[1].min()), int(where[1].max()) + 1
    box = np.pad(usable[top:bottom, west:east], 1)
    row, col = np.nonzero(~box)
    x, y = (col + west - 0.5) * cell, -(row + top - 0.5) * cell
    (eu, ev), (nu, nv) = _axes(azimuth)
    u, v = x * eu + y * nu, x * ev + y * nv
    order = np.argsort(u, kind="stable")
    return u[order], v[order]


def _placed(left: NDArray[np.float64], low: NDArray[np.float64], rows: Rows) -> Layout:
    """Units as modules, back in east and north."""
    side = rows.depth if rows.each == 1 else (rows.depth - rows.gap) / 2.0
    begins = [low] if rows.each == 1 else [low, low + rows.depth - side]
    corners, azimuth = [], []
    (eu, ev), (nu, nv) = _axes(rows.azimuth)
    for k, begin in enumerate(begins):
        u = np.stack([left, left + rows.across, left + rows.across, left], axis=-1)
        v = np.stack([begin, begin, begin + side, begin + side], axis=-1)
        if k:
            # It faces the other way: its front is the far side.
            u, v = u[:, [2, 3, 0, 1]], v[:, [2, 3, 0, 1]]
        # The frame is turned, not mirrored, so its inverse is its transpose.
        corners.append(np.stack([u * eu + v * ev, u * nu + v * nv], axis=-1))
        azimuth.append(np.full(len(left), (rows.azimuth + 180.0 * k) % 360.0))
    return Layout(np.concatenate(corners), np.concatenate(azimuth), rows)


def share_behind(layout: Layout) -> NDArray[np.float64]:
    """For each direction in which modules face, those of ``rows.azimuth`` first: the share of them that has another row close in front [-]."""
    rows = layout.rows
    middle = layout.corners.mean(axis=1)
    found = []
    for k in range(rows.each):
        facing = (rows.azimuth + 180.0 * k) % 360.0
        (eu, ev), (nu, nv) = _axes(facing)
        u, v = middle[:, 0] * eu + middle[:, 1] * nu, middle[:, 0] * ev + middle[:, 1] * nv
        mine = np.flatnonzero(layout.azimuth == facing)
        found.append(_behind(u, v, mine, rows) if len(mine) else 0.0)
    return np.array(found)


def _behind(u: NDArray[np.float64], v: NDArray[np.float64], mine: NDArray[np.int64], rows: Rows) -> float:
    """Of a pair that stands back to back the nearer half is what shades: it begins somewhat less than a pitch in front."""
    order = np.argsort(v, kind="stable")
    sorted_v = v[order]
    begin = np.searchsorted(sorted_v, v[mine] - _NEXT_ROW[1] * rows.pitch)
    end = np.searchsorted(sorted_v, v[mine] - _NEXT_ROW[0] * rows.pitch)
    return kernels.count_behind(u, order, mine, begin, end, _OVERLAP * rows.across) / len(mine)
