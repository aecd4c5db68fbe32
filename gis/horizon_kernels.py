"""The kernels of the sweep: heights gathered along digital lines, walked with their hull, slopes written back (:mod:`gis.horizon`)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis.far import PATCH

# A drop from one cell to the next that exceeds the one before it, and the one after it, by more than this many cells is a wall; a steep roof drops
# evenly, but at its ridge. Walls stand on
# average half a cell before the centre of the first high cell, so the high point is moved half a cell towards the observer; measured in
# shared/peers.md: halves the bias of the yearly irradiation.
WALL_DROP_CELLS = 0.7
WALL_SHIFT_STEPS = 0.5
# Neighbours that differ by more than this many cells have a wall between them, and no height in between.
JOINED_CELLS = 1.2
# Side of the blocks by which cells are asked for [cells]; less than LANES / 2, so that a block lies on two bands of lines at most.
ASKED_SIDE = 8
# Lines walked side by side: their cells lie beside one another, two cache lines at a time.
LANES = 32
# Cells of a line that are gathered at a time: with all lanes 16 KB, half of the first-level cache.
STRETCH = 128
# Holes on both sides of the raster: lanes that lie outside of it, and the neighbours beside them.
RIM = LANES + 2
# Mean radius of the earth [m], and the share of its curvature that refraction takes back near the ground (ITU-R P.526, k = 4/3 is 0.25; surveyors use
# 0.13): a point at a distance d appears lower by d² (1 − 0.13) / 2R.
EARTH_RADIUS_M = 6_371_000.0
REFRACTION = 0.13
CURVATURE = (1.0 - REFRACTION) / (2.0 * EARTH_RADIUS_M)
# Nearer than this the curvature (0.01°) is below everything else.
FLAT_M = 2000.0
FAST: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}
# Functions that only kernels call have no way in from Python: a third of the time of compiling.
INNER: Any = {**FAST, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
KERNEL: Any = {**FAST, "cache": True, "no_cfunc_wrapper": True}


class FarArrays(NamedTuple):
    """Block maxima around the window, as the kernel needs them: all levels in one array.

    ``levels`` (n, 8): where the level begins in ``heights``, blocks along major and minor axis, strides along both, side of a block [cells], number of
    the first block along major and minor axis (in blocks of the whole raster).
    ``reach`` (n + 1,): distance from the window [cells] at which each level begins; the last ends there.
    ``patch`` (major, minor): number of the patch of cells there, from 1; ``cells`` (patches, major, minor); ``patch0``: numbers of the first patches.
    """

    heights: NDArray[np.float32]
    levels: NDArray[np.int64]
    reach: NDArray[np.float64]
    patch: NDArray[np.int32]
    cells: NDArray[np.float32]
    patch0: tuple[int, int]


class Lines(NamedTuple):
    """How the digital lines of one azimuth lie.

    Line k holds the cells ``(k + offsets[major], major)``; it really passes at ``k + offsets[major] + aside[major]``. ``shift`` minor cells a major
    cell; ``major0``, ``minor0`` is the window's corner in the whole raster, and ``base`` what was taken off the lines' numbers. ``forward``: the sun
    stands at the low major indices, so the walk goes up from there.
    """

    offsets: NDArray[np.int64]
    aside: NDArray[np.float32]
    shift: float
    major0: int
    minor0: int
    base: int
    forward: bool
    transposed: bool
    step: float


@njit(**INNER)
def lane_range(lines: Lines, line: int, minor_n: int) -> tuple[int, int]:  # pragma: no cover - compiled
    """First and end walking index of the line's cells inside the raster; the offsets are monotonic."""
    n = lines.offsets.size
    low, high = 0, n
    rising = lines.offsets[n - 1] >= lines.offsets[0]
    # First major index at which the line is no longer before the raster …
    while low < high:
        mid = (low + high) // 2
        minor = line + lines.offsets[mid]
        if (minor < 0) if rising else (minor >= minor_n):
            low = mid + 1
        else:
            high = mid
    first = low
    high = n
    # … and first at which it has passed it.
    while low < high:
        mid = (low + high) // 2
        minor = line + lines.offsets[mid]
        if (minor < minor_n) if rising else (minor >= 0):
            low = mid + 1
        else:
            high = mid
    if lines.forward:
        return first, low
    return n - low, n - first


@njit(**INNER)
def _far_hull(
    far: FarArrays, lines: Lines, line: int, entry: int, state: NDArray[np.float32], stack: NDArray[np.float32]
) -> None:  # pragma: no cover - compiled
    """Begin a line's hull with what lies beyond the raster, from the farthest block to the nearest; patches cell by cell.

    In one piece: a call that hands over ``far`` takes longer than a point.
    """
    heights, patch, cells = far.heights, far.patch, far.cells
    patch_row, patch_col = far.patch0
    n = lines.offsets.size
    here = (entry if lines.forward else n - 1 - entry) + lines.major0
    forward, shift, step = lines.forward, lines.shift, lines.step
    way = -1.0 if forward else 1.0
    # Of cells: the one that a line passes holds its coordinate, less a half.
    apart = lines.minor0 - lines.base + line + 0.5
    one = np.uintp(1)
    size, top_p, top_h, top_g = np.uintp(state[0]), state[1], state[2], state[3]
    for level in range(far.levels.shape[0] - 1, -1, -1):
        start, majors, minors, by_major, by_minor, side, first_major, first_minor = far.levels[level]
        per_side = 1.0 / side
        # Blocks whose centres lie between the level's bounds.
        nearest, farthest = here + way * (far.reach[level] + 1e-6), here + way * far.reach[level + 1]
        low, high = min(nearest, farthest), max(nearest, farthest)
        begin = max(math.ceil((low + 0.5) / side - 0.5), first_major)
        end = min(math.floor((high + 0.5) / side - 0.5), first_major + majors - 1)
        for turn in range(end - begin + 1):
            block = begin + turn if forward else end - turn
            centre = (block + 0.5) * side - 0.5
            place = shift * centre + apart
            pieces = 1
            if side <= PATCH:
                row, col = block * side // PATCH - patch_row, math.floor(place) // PATCH - patch_col
                if 0 <= row < patch.shape[0] and 0 <= col < patch.shape[1] and patch[np.uintp(row), np.uintp(col)] > 0:
                    pieces = side
            for piece in range(pieces):
                h = np.float32(np.nan)
                away = abs(centre - here)
                if pieces > 1:
                    major = block * side + (piece if forward else side - 1 - piece)
                    minor = math.floor(shift * major + apart)
                    away = float(abs(major - here))
                    row, col = major // PATCH - patch_row, minor // PATCH - patch_col
                    if 0 <= col < patch.shape[1] and patch[row, col] > 0 and away > 0.0:
                        h = cells[patch[row, col] - 1, major % PATCH, minor % PATCH]
                else:
                    within = place * per_side
                    across = math.floor(within)
                    to = by_minor if within - across > 0.5 else -by_minor
                    across -= first_minor
                    if 0 <= across < minors:
                        at = start + (block - first_major) * by_major + across * by_minor
                        h = heights[np.uintp(at)]
                        if 0 < across < minors - 1:
                            # Where something high reaches into the block from one side and the line passes on the other half, it passes by.
                            beside, behind = heights[np.uintp(at + to)], heights[np.uintp(at - to)]
                            if h - behind < np.float32(0.5) * (h - beside):
                                h = beside
                if math.isnan(h):
                    continue
                # Lowered by the earth's curvature.
                distance = away * step
                h -= np.float32(CURVATURE * distance * distance)
                p = np.float32(entry - away)
                while h >= top_h + top_g * (p - top_p):
                    size -= one
                    top_p, top_h, top_g = stack[size, 0], stack[size, 1], stack[size, 2]
                stack[size, 0], stack[size, 1], stack[size, 2] = top_p, top_h, top_g
                size += one
                top_g = (h - top_h) / (p - top_p)
                top_p, top_h = p, h
    state[0], state[1], state[2], state[3] = size, top_p, top_h, top_g


@njit(**INNER)
def bent(
    slope: np.float32, p: np.float32, top_p: np.float32, entry: np.float32, step: np.float32
) -> np.float32:  # pragma: no cover - compiled
    """Slope per step, less what the earth's curvature takes from it; what lies beyond the entry was lowered to be right there."""
    c = np.float32(CURVATURE)
    if top_p < entry:
        t, d = (p - entry) * step, (entry - top_p) * step
        return slope - c * t * (d + d + t) / (d + t) * step
    return slope - c * (p - top_p) * step * step


@njit(**INNER)
def _walk(
    values: NDArray[np.float32], first: int, begin: int, end: int, drop: np.float32, step: np.float32, entry: np.float32,
    state: NDArray[np.float32], stack: NDArray[np.float32],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Replace the heights of a stretch of one line by slopes per step towards the skyline behind.

    A point of the hull is its position, its height and the rise per step from the point behind it. From above that edge, prolonged, the point behind
    is seen at least as steeply, and the point leaves the hull. The one passed last is the top, in registers; the others lie on the stack, the lowest
    of them infinitely deep. ``fall`` is how much the last cell lay below the one before; behind the stretch lies one more cell, to look at.
    """
    half, zero, one = np.float32(WALL_SHIFT_STEPS), np.float32(0.0), np.uintp(1)
    flat = np.float32(FLAT_M) / step
    size = np.uintp(state[0])
    top_p, top_h, top_g, fall = state[1], state[2], state[3], state[4]
    for index in range(begin, end):
        h = values[index - first]
        if math.isnan(h):  # a hole stays one, and what lies on its two sides says nothing of a wall
            fall = np.float32(np.inf)
            continue
        p = np.float32(index)
        down = top_h - h
        if (
            down - max(fall, zero) > drop
            and fall < np.float32(np.inf)
            and not down - (h - values[index + 1 - first]) <= drop
        ):
            # The last cell is the top of a wall: what it hid is what its face hides, half a step nearer.
            top_p += half
            size -= one
            while top_h >= stack[size, 1] + stack[size, 2] * (top_p - stack[size, 0]):
                size -= one
            top_g = (top_h - stack[size, 1]) / (top_p - stack[size, 0])
            size += one
        fall = down
        while h >= top_h + top_g * (p - top_p):
            size -= one
            top_p, top_h, top_g = stack[size, 0], stack[size, 1], stack[size, 2]
        slope = (top_h - h) / (p - top_p)
        stack[size, 0], stack[size, 1], stack[size, 2] = top_p, top_h, top_g
        size += one
        seen = slope
        if p - top_p > flat:
            seen = bent(slope, p, top_p, entry, step)
        values[index - first] = max(seen, zero)
        top_p, top_h, top_g = p, h, -slope
    state[0], state[1], state[2], state[3], state[4] = size, top_p, top_h, top_g, fall


@njit(**INNER)
def gather(
    z: NDArray[np.float32],
    lines: Lines,
    line: int,
    first: int,
    end: int,
    joined: np.float32,
    block: NDArray[np.float32],
) -> None:  # pragma: no cover - compiled
    """Heights on the lines ``line``, ``line + 1`` … from the padded raster: between two cells beside one another, unless a wall stands between.

    At a wall the slope on the near side goes on, so that the last cells of a sloping roof lie on it too.
    """
    n = lines.offsets.size
    for i in range(end - first):
        major = first + i if lines.forward else n - 1 - first - i
        at = line + lines.offsets[major] + RIM
        share = lines.aside[major]
        here = z[major, at : at + LANES]
        # The neighbour towards which the line lies, and the other.
        to, off = (1, -1) if share > 0.0 else (-1, 1)
        beside = z[major, at + to : at + to + LANES]
        behind = z[major, at + off : at + off + LANES]
        share = abs(share)
        heights = block[i]
        for lane in range(LANES):
            h = here[lane]
            rise, back = beside[lane] - h, h - behind[lane]
            d = rise if abs(rise) < joined else (back if abs(back) < joined else np.float32(0.0))
            heights[lane] = h + share * d


@njit(**INNER)
def degrees_of(s: np.float32) -> np.float32:  # pragma: no cover - compiled
    """Arc tangent of s ≥ 0 in degrees; polynomial of Cephes' atanf (Moshier), right to 1e-5 degrees."""
    one = np.float32(1.0)
    steep, middle = s > np.float32(2.414213562), s > np.float32(0.414213562)
    over = -one if steep else (s - one if middle else s)
    under = s if steep else (s + one if middle else one)
    base = np.float32(90.0) if steep else (np.float32(45.0) if middle else np.float32(0.0))
    x = over / under
    q = x * x
    poly = (
        (np.float32(8.05374449538e-2) * q - np.float32(1.38776856032e-1)) * q + np.float32(1.99777106478e-1)
    ) * q - np.float32(3.33329491539e-1)
    return base + (poly * q * x + x) * np.float32(57.29577951308232)


@njit(**INNER)
def scatter(
    block: NDArray[np.float32],
    lines: Lines,
    line: int,
    first: int,
    end: int,
    factor: np.float32,
    degrees: bool,
    out: NDArray[np.float32],
) -> None:  # pragma: no cover - compiled
    """Write slopes, or degrees, of the lanes to their cells; ``out`` (rows, cols)."""
    n = lines.offsets.size
    minor_n = out.shape[0] if lines.transposed else out.shape[1]
    # All lanes as one row: a loop of constant length would be unrolled, and not vectorised.
    flat = block.reshape(block.size)
    if degrees:
        for i in range((end - first) * LANES):
            flat[i] = degrees_of(flat[i] * factor)
    else:
        for i in range((end - first) * LANES):
            flat[i] = flat[i] * factor
    to = out.reshape(out.size)
    width = out.shape[1]
    for i in range(end - first):
        major = first + i if lines.forward else n - 1 - first - i
        minor = line + lines.offsets[major]
        begin, stop = max(0, -minor), min(LANES, minor_n - minor)
        source = np.uintp(i * LANES + begin)
        if lines.transposed:
            place, hop = np.uintp((minor + begin) * width + major), np.uintp(width)
            for _ in range(stop - begin):
                to[place] = flat[source]
                place += hop
                source += np.uintp(1)
        else:
            place = np.uintp(major * width + minor + begin)
            for lane in range(stop - begin):
                to[place + np.uintp(lane)] = flat[source + np.uintp(lane)]


@njit(**KERNEL)
def sweep_bands(
    z: NDArray[np.float32],
    out: NDArray[np.float32],
    lines: Lines,
    far: FarArrays,
    bands: NDArray[np.int64],
    begin: int,
    end: int,
    drop: float,
    joined: float,
    degrees: bool,
) -> None:  # pragma: no cover - compiled
    """Walk the bands ``begin`` … ``end``: rows of ``bands`` are first line, first and end walking index.

    ``z`` (major, minor padded by NaN on both sides).
    """
    n = lines.offsets.size
    minor_n = out.shape[0] if lines.transposed else out.shape[1]
    block = np.empty((STRETCH + 1, LANES), np.float32)
    depth = n + 2
    for level in range(far.levels.shape[0]):
        # A block may be a patch, and each of its cells a point.
        depth += far.levels[level, 1] * min(far.levels[level, 5], PATCH)
    stack = np.empty((LANES, depth, 3), np.float32)
    state = np.zeros((LANES, 5), np.float32)
    ranges = np.zeros((LANES, 2), np.int64)
    step = np.float32(lines.step)
    for band in range(begin, end):
        line, start, stop = bands[band]
        last = start
        for lane in range(LANES):
            enter, leave = lane_range(lines, line + lane, minor_n)
            ranges[lane, 0], ranges[lane, 1] = max(enter, start), min(leave, stop)
            last = max(last, ranges[lane, 1])
            # Nothing on the stack, and as the top something before the line, infinitely deep.
            state[lane, 0], state[lane, 1], state[lane, 2], state[lane, 3] = 0.0, -1e9, -np.inf, np.inf
            state[lane, 4] = 0.0
            if far.levels.shape[0] > 0 and ranges[lane, 0] < ranges[lane, 1]:
                _far_hull(far, lines, line + lane, ranges[lane, 0], state[lane], stack[lane])
        begin_all = last
        for lane in range(LANES):
            if ranges[lane, 0] < ranges[lane, 1]:
                begin_all = min(begin_all, ranges[lane, 0])
        for first in range(begin_all, last, STRETCH):
            after = min(first + STRETCH, last)
            gather(z, lines, line, first, min(after + 1, n), np.float32(joined), block)
            if after == n:
                block[after - first] = np.nan
            for lane in range(LANES):
                _walk(
                    block[:, lane], first, max(first, ranges[lane, 0]), min(after, ranges[lane, 1]), np.float32(drop), step,
                    np.float32(ranges[lane, 0]), state[lane], stack[lane],
                )  # fmt: skip
            scatter(block, lines, line, first, after, np.float32(1.0) / step, degrees, out)


@njit(**KERNEL)
def reach_of_bands(
    minor: NDArray[np.int64], major: NDArray[np.int64], lines: Lines, first: int, minor_n: int, reach: NDArray[np.int64]
) -> None:  # pragma: no cover - compiled
    """From where to where each band (from line ``first`` on) must be walked to pass all the blocks: first and end index."""
    n = lines.offsets.size
    for block in range(minor.size):
        begin, across = major[block] * ASKED_SIDE, minor[block] * ASKED_SIDE
        end, beyond = min(begin + ASKED_SIDE, n), min(across + ASKED_SIDE, minor_n)
        one, other = lines.offsets[begin], lines.offsets[end - 1]
        low, high = (begin, end) if lines.forward else (n - end, n - begin)
        for line in (across - max(one, other), beyond - 1 - min(one, other)):
            band = (line - first) // LANES
            reach[band, 0] = min(reach[band, 0], low)
            reach[band, 1] = max(reach[band, 1], high)
