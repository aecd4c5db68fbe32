"""Kernels of :mod:`gis.glare`: the skyline of a panel, the line of sight, and the steps of a year whose sun a panel mirrors onto a receptor.

All directions are those of the grid: x east, y north, z up.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis.kernels import inner, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = NDArray[np.int32]
Bits = NDArray[np.uint64]

# Rounding of a direction [rad]: a candidate is rather looked at in vain than left out.
_ROUNDING = 1e-9
# The search for a point of a rim: halvings of a quarter turn, then parabolas through points so far apart [rad].
_HALVINGS, _PARABOLAS, _TURN = 7, 4, 0.01
# Bins of the result: month × hour, and days of the year from 1 to 366.
HOURS = 12 * 24
DAYS = 367


class Ground(NamedTuple):
    """Heights ``z`` (rows, cols) [m], the outer corner of cell (0, 0), the side of a cell [m], and the highest height."""

    z: NDArray[np.float32]
    west: float
    north: float
    cell: float
    top: float


class Sky(NamedTuple):
    """The sun's steps, in the order of the bins of direction that they stand in.

    ``vectors`` (n, 3) towards the sun, ``elevation`` (n,) [deg], ``column`` (n,) of the skylines, ``hour`` (n,) month × 24 + hour and ``day`` (n,)
    of the year. ``start`` (rows × cols + 1,): where the steps of each bin begin, by elevation from 0 to 90° and azimuth of the grid from 0 to 360°.
    """

    vectors: Floats
    elevation: Floats
    column: Ints
    hour: Ints
    day: Ints
    start: Ints
    rows: int
    cols: int


class Mirrors(NamedTuple):
    """Panels: ``xyz`` and ``normal`` (p, 3), ``radius`` (p,) of a disc of their area [m], ``skyline`` (p, columns) [deg]."""

    xyz: Floats
    normal: Floats
    radius: Floats
    skyline: NDArray[np.float32]


class Limits(NamedTuple):
    """``beam`` [rad]; ``apart``: cosine of the least angle between sun and panel as the receptor sees them; the others in metres.

    ``clear`` and ``short``: what of a ray is not looked at, at the panel and at the receptor; ``step``: from sample to sample.
    """

    beam: float
    apart: float
    reach: float
    clear: float
    short: float
    step: float


class Found(NamedTuple):
    """What is found of each receptor: ``by_hour`` (r, 288), ``days``, ``worst_day``, ``worst_steps``, ``panel``, ``panel_steps`` (r,), ``cosine`` (r,)."""

    by_hour: Counts
    days: Counts
    worst_day: Counts
    worst_steps: Counts
    panel: Counts
    panel_steps: Counts
    cosine: Floats


@inner
def _place(ground: Ground, x: float, y: float) -> tuple[int, int]:  # pragma: no cover - compiled
    """Row and column of the cell at a point; row -1 beyond the raster."""
    row = math.floor((ground.north - y) / ground.cell)
    col = math.floor((x - ground.west) / ground.cell)
    if row < 0 or col < 0 or row >= ground.z.shape[0] or col >= ground.z.shape[1]:
        return -1, 0
    return row, col


@kernel
def skylines(
    xyz: Floats, begin: int, end: int, directions: Floats, ground: Ground, clear: float, reach: float, step: float,
    out: NDArray[np.float32],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Elevation [deg, at least 0] of what stands from ``clear`` to ``reach`` around some points; ``directions`` (m, 2) horizontal unit vectors."""
    for k in range(begin, end):
        x, y, z = xyz[k, 0], xyz[k, 1], xyz[k, 2]
        rise = ground.top - z
        for j in range(directions.shape[0]):
            slope = 0.0
            i = 1
            d = clear + step
            # Once even the highest height would not be seen above what is, the march ends.
            while d <= reach and slope * d < rise:
                row, col = _place(ground, x + d * directions[j, 0], y + d * directions[j, 1])
                if row < 0:
                    break
                seen = (ground.z[row, col] - z) / d
                if seen > slope:  # noqa: PLR1730 -- False in a hole, where max() might say otherwise
                    slope = seen
                i += 1
                d = clear + i * step
            out[k, j] = math.degrees(math.atan(slope))


@inner
def _free(
    ground: Ground, limits: Limits, x: float, y: float, z: float, vx: float, vy: float, vz: float
) -> bool:  # pragma: no cover - compiled
    """Does nothing stand between a panel at (x, y, z) and the receptor that lies (vx, vy, vz) from it?"""
    if min(z, z + vz) >= ground.top:
        return True
    length = math.sqrt(vx * vx + vy * vy)
    last = length - limits.short
    i = 1
    d = limits.clear + limits.step
    while d <= last:
        share = d / length
        row, col = _place(ground, x + share * vx, y + share * vy)
        if row >= 0 and ground.z[row, col] > z + share * vz:
            return False
        i += 1
        d = limits.clear + i * limits.step
    return True


@inner
def _seen(
    turn: float, radius: float, along: float, across: float, up: float, flat: float, up_ray: float
) -> float:  # pragma: no cover - compiled
    """Cosine of the angle between the ray and the way to the receptor at (along, across, up) from the rim's point at ``turn``."""
    x, y = along - radius * math.cos(turn), across - radius * math.sin(turn)
    return (x * flat + up_ray) / math.sqrt(x * x + y * y + up * up)


@inner
def _mirrored(
    sx: float, sy: float, sz: float, nx: float, ny: float, nz: float, vx: float, vy: float, vz: float, nv: float,
    radius: float, cosine: float,
) -> bool:  # fmt: skip  # pragma: no cover - compiled
    """Does the receptor see the sun s in the disc, or no farther from it than the beam whose cosine is given?

    Backwards along the reflected ray the receptor meets the plane at q from the disc's middle; where that lies outside, the point of the rim counts
    that the receptor sees nearest to the ray. Seen along the ray the disc is an ellipse with the half axes radius × n·s and radius.
    """
    ns = nx * sx + ny * sy + nz * sz
    if ns <= 0.0:
        return False
    rx, ry, rz = 2.0 * ns * nx - sx, 2.0 * ns * ny - sy, 2.0 * ns * nz - sz
    t = nv / ns
    qx, qy, qz = vx - t * rx, vy - t * ry, vz - t * rz
    away = math.sqrt(qx * qx + qy * qy + qz * qz)
    if away <= radius:
        return True
    # The nearest of the rim in the plane is seldom the nearest as it is seen, but where it is near enough, nothing more is asked.
    share = radius / away
    wx, wy, wz = vx - share * qx, vy - share * qy, vz - share * qz
    if wx * rx + wy * ry + wz * rz >= cosine * math.sqrt(wx * wx + wy * wy + wz * wz):
        return True
    # In the plane: (ax, ay, az) the unit vector along the ray, shortened by n·s as it is seen; across it nothing is shortened.
    flat = math.sqrt(max(1e-30, 1.0 - ns * ns))
    ax, ay, az = (rx - ns * nx) / flat, (ry - ns * ny) / flat, (rz - ns * nz) / flat
    bx, by, bz = ny * az - nz * ay, nz * ax - nx * az, nx * ay - ny * ax
    along, across = qx * ax + qy * ay + qz * az, qx * bx + qy * by + qz * bz
    u, v = ns * abs(along), abs(across)
    # The nearest point of an ellipse lies in the quadrant of the point, where the slope of the distance changes its sign once.
    low, high = 0.0, 0.5 * math.pi
    for _ in range(_HALVINGS):
        turn = 0.5 * (low + high)
        c, d = math.cos(turn), math.sin(turn)
        if (u - ns * radius * c) * ns * d > (v - radius * d) * c:
            high = turn
        else:
            low = turn
    turn = math.atan2(math.copysign(math.sin(low), across), math.copysign(math.cos(low), along))
    # Distances are not quite angles: parabolas lead to the smallest angle.
    across_v, along_v, up_r = vx * bx + vy * by + vz * bz, vx * ax + vy * ay + vz * az, nv * ns
    best = -1.0
    for _ in range(_PARABOLAS):
        before = _seen(turn - _TURN, radius, along_v, across_v, nv, flat, up_r)
        here = _seen(turn, radius, along_v, across_v, nv, flat, up_r)
        after = _seen(turn + _TURN, radius, along_v, across_v, nv, flat, up_r)
        best = max(best, before, here, after)
        bend = before - 2.0 * here + after
        if best >= cosine or bend >= 0.0:
            break
        turn += max(-0.3, min(0.3, 0.5 * _TURN * (before - after) / bend))
    return best >= cosine


@inner
def _pair(
    x: float, y: float, z: float, fx: float, fy: float, view: float, p: int, mirrors: Mirrors, sky: Sky, ground: Ground, limits: Limits,
    bits: Bits, panel_bits: Bits,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """In how many steps panel ``p`` mirrors the sun onto the receptor at (x, y, z) that looks to (fx, fy) and as far beside it as the cosine ``view`` says; marks them in ``bits`` and ``panel_bits``."""
    px, py, pz = mirrors.xyz[p, 0], mirrors.xyz[p, 1], mirrors.xyz[p, 2]
    vx, vy, vz = x - px, y - py, z - pz
    dist = math.sqrt(vx * vx + vy * vy + vz * vz)
    # Who looks in all directions has NaN for a direction, and the comparison is False. A point that is not known (NaN) is within no reach.
    if not dist <= limits.reach or -(fx * vx + fy * vy) <= view * math.hypot(vx, vy):
        return 0
    nx, ny, nz = mirrors.normal[p, 0], mirrors.normal[p, 1], mirrors.normal[p, 2]
    nv = nx * vx + ny * vy + nz * vz
    if not nv > 0.0:
        return 0
    radius = mirrors.radius[p]
    dx, dy, dz = vx / dist, vy / dist, vz / dist
    nd = nv / dist
    # Where the sun must stand for the disc's middle.
    tx, ty, tz = 2.0 * nd * nx - dx, 2.0 * nd * ny - dy, 2.0 * nd * nz - dz
    wide = math.pi if radius >= dist else limits.beam + math.asin(radius / dist) + _ROUNDING
    cone = -2.0 if wide >= math.pi else math.cos(wide)
    at = math.asin(max(-1.0, min(1.0, tz)))
    if not at + wide >= 0.0:
        return 0
    size = 0.5 * math.pi / sky.rows
    low, high = max(0, math.floor((at - wide) / size)), min(sky.rows - 1, math.floor((at + wide) / size))
    first, count = 0, sky.cols
    if abs(at) + wide < 0.5 * math.pi:
        side = 2.0 * math.pi / sky.cols
        middle = math.atan2(tx, ty)
        half = math.asin(min(1.0, math.sin(wide) / math.cos(at))) + _ROUNDING
        first = math.floor((middle - half) / side)
        count = min(sky.cols, math.floor((middle + half) / side) - first + 1)
    cosine = math.cos(limits.beam)
    found, seen = 0, False
    for row in range(low, high + 1):
        for turn in range(count):
            place = row * sky.cols + (first + turn) % sky.cols
            for k in range(sky.start[place], sky.start[place + 1]):
                sx, sy, sz = sky.vectors[k, 0], sky.vectors[k, 1], sky.vectors[k, 2]
                if tx * sx + ty * sy + tz * sz < cone:
                    continue
                if not _mirrored(sx, sy, sz, nx, ny, nz, vx, vy, vz, nv, radius, cosine):
                    continue
                if (
                    -(sx * dx + sy * dy + sz * dz) > limits.apart
                    or sky.elevation[k] <= mirrors.skyline[p, sky.column[k]]
                ):
                    continue
                if not seen:
                    if not _free(ground, limits, px, py, pz, vx, vy, vz):
                        return 0
                    seen = True
                bit = np.uint64(1) << np.uint64(k & 63)
                bits[k >> 6] |= bit
                panel_bits[p, k >> 6] |= bit
                found += 1
    return found


@inner
def _count(bits: Bits, sky: Sky, r: int, found: Found, by_day: Counts) -> None:  # pragma: no cover - compiled
    """Count the marked steps of receptor ``r`` by hour and by day, and take the marks away."""
    for day in range(by_day.size):
        by_day[day] = 0
    for word in range(bits.size):
        left = bits[word]
        bits[word] = np.uint64(0)
        k = word * 64
        while left != np.uint64(0):
            if left & np.uint64(1):
                found.by_hour[r, sky.hour[k]] += 1
                by_day[sky.day[k]] += 1
            left >>= np.uint64(1)
            k += 1
    for day in range(by_day.size):
        if by_day[day] > 0:
            found.days[r] += 1
        if by_day[day] > found.worst_steps[r]:
            found.worst_day[r], found.worst_steps[r] = day, by_day[day]


@kernel
def mirror(
    xyz: Floats, facing: Floats, view: float, begin: int, end: int, mirrors: Mirrors, sky: Sky, ground: Ground, limits: Limits,
    bits: Bits, panel_bits: Bits, by_day: Counts, found: Found,
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Which steps the panels mirror onto the receptors ``begin`` … ``end``.

    ``bits`` (words,) of one receptor is zero before and after; ``panel_bits`` (p, words) gathers. A step is one bit, in the order of ``sky``.
    """
    for r in range(begin, end):
        x, y, z, fx, fy = xyz[r, 0], xyz[r, 1], xyz[r, 2], facing[r, 0], facing[r, 1]
        any_found = False
        for p in range(mirrors.radius.size):
            steps = _pair(x, y, z, fx, fy, view, p, mirrors, sky, ground, limits, bits, panel_bits)
            if steps == 0:
                continue
            any_found = True
            if steps > found.panel_steps[r]:
                found.panel[r], found.panel_steps[r] = p, steps
            vx, vy, vz = x - mirrors.xyz[p, 0], y - mirrors.xyz[p, 1], z - mirrors.xyz[p, 2]
            across = mirrors.normal[p, 0] * vx + mirrors.normal[p, 1] * vy + mirrors.normal[p, 2] * vz
            found.cosine[r] = min(found.cosine[r], across / math.sqrt(vx * vx + vy * vy + vz * vz))
        if any_found:
            _count(bits, sky, r, found, by_day)
