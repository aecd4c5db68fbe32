"""Skylines against cases derived by hand and a brute-force march."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gis.horizon import Asked, Sweeper, horizon_angles, sector_azimuths
from gis.progress import Cancelled

COMPASS = (0.0, 90.0, 180.0, 270.0)


def city(seed: int, size: int = 160, count: int = 60) -> NDArray[np.float32]:
    """Boxes on rolling ground."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[0:size, 0:size]
    z = (5 * np.sin(rows / 25) + 0.05 * cols).astype(np.float32)
    for _ in range(count):
        row, col = rng.integers(0, size - 15, 2)
        height, width = rng.integers(4, 14, 2)
        z[row : row + height, col : col + width] += rng.uniform(3, 30)
    return z


def march(z: NDArray[np.float32], cell: float, azimuth: float, reach: float = math.inf) -> NDArray[np.float64]:
    """The same digital lines, every cell looking at every cell before it no farther than ``reach`` [m]: slow and plain."""
    angle = math.radians(azimuth)
    towards_col, towards_row = math.sin(angle), -math.cos(angle)
    if abs(towards_col) < abs(towards_row):
        return march_cols(z.T, cell, towards_row, towards_col, reach).T
    return march_cols(z, cell, towards_col, towards_row, reach)


def march_cols(z: NDArray[np.float32], cell: float, major: float, minor: float, reach: float) -> NDArray[np.float64]:
    rows, cols = z.shape
    shift = minor / major
    passes = shift * np.arange(cols)
    offsets = np.floor(passes + 0.5).astype(np.int64)
    level = on_the_lines(z, passes - offsets, cell)
    out = np.full(z.shape, -1.0)
    for line in range(-int(offsets.max()), rows - int(offsets.min())):
        across = line + offsets
        along = np.flatnonzero((across >= 0) & (across < rows))
        if major > 0:  # the sun stands at the high columns
            along = along[::-1]
        out[across[along], along] = look_back(level[across[along], along], cell, cell * math.hypot(1.0, shift), reach)
    return out


def on_the_lines(z: NDArray[np.float32], aside: NDArray[np.float64], cell: float) -> NDArray[np.float32]:
    """Heights where the line passes each column, ``aside`` cells beside the cell's centre: between it and the neighbour, if no wall stands there.

    Beside a wall, or a hole, the slope from the other neighbour goes on; between two walls there is none.
    """
    outside = np.full((1, z.shape[1]), np.nan, np.float32)
    above, below = np.concatenate([outside, z[:-1]]), np.concatenate([z[1:], outside])
    rise = np.where(aside > 0, below, above) - z
    back = z - np.where(aside > 0, above, below)
    joined = np.float32(1.2 * cell)
    slope = np.where(np.abs(rise) < joined, rise, np.where(np.abs(back) < joined, back, np.float32(0.0)))
    return z + np.abs(aside).astype(np.float32) * slope


def look_back(heights: NDArray[np.float32], cell: float, step: float, reach: float) -> NDArray[np.float64]:
    """Slope towards the skyline of what lies before each cell of one line, ≥ 0, NaN in holes."""
    at = faces(heights, cell)
    out = np.zeros(len(heights))
    for k in range(len(heights)):
        # The cell's own place decides whether it is near enough, not its face.
        begin = next(j for j in range(k + 1) if (k - j) * step <= reach + 1e-9)
        slopes = (heights[begin:k].astype(np.float64) - heights[k]) / ((k - at[begin:k]) * step)
        out[k] = math.nan if np.isnan(heights[k]) else np.fmax.reduce(slopes, initial=0.0)
    return out


def faces(heights: NDArray[np.float32], cell: float) -> NDArray[np.float64]:
    """Where on the line each height stands: half a step nearer than its cell, if the drop behind it exceeds those before and after by more than 0.7 cell."""
    at = np.arange(len(heights), dtype=np.float64)
    known = [k for k in range(len(heights)) if not np.isnan(heights[k])]
    for place, k in enumerate(known[:-1]):
        if known[place + 1] > k + 1:  # a hole: nobody knows where the wall stands
            continue
        before = heights[known[place - 1]] - heights[k] if place > 0 else np.float32(0.0)
        down = heights[k] - heights[k + 1]
        after = heights[k + 1] - heights[k + 2] if k + 2 < len(heights) and not np.isnan(heights[k + 2]) else -np.inf
        if down - max(before, after, np.float32(0.0)) > np.float32(0.7 * cell):
            at[k] += 0.5
    return at


@pytest.mark.parametrize("azimuth", [0.0, 17.0, 45.0, 90.0, 123.4, 180.0, 225.0, 300.0])
def test_sweep_equals_march_along_the_same_lines(azimuth: float) -> None:
    z = city(3, size=70, count=20)
    swept = Sweeper(z, 1.0).slopes(azimuth)
    np.testing.assert_allclose(swept, march(z, 1.0, azimuth), atol=2e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 359.9), st.floats(0.25, 5.0), st.floats(0, 0.3))
def test_sweep_equals_march_on_any_surface(seed: int, azimuth: float, cell: float, holes: float) -> None:
    rng = np.random.default_rng(seed)
    z = rng.uniform(0, 12, (18, 23)).astype(np.float32)
    z[rng.random(z.shape) < holes] = np.nan
    swept = Sweeper(z, cell).slopes(azimuth)
    np.testing.assert_allclose(swept, march(z, cell, azimuth), rtol=1e-4, atol=1e-4)


def test_flat_ground_sees_the_whole_sky() -> None:
    angles = horizon_angles(np.full((40, 50), 12.5, np.float32), 1.0, sector_azimuths(16))
    assert angles.shape == (16, 40, 50)
    assert angles.dtype == np.float32
    assert (angles == 0).all()


def test_wall_in_the_south() -> None:
    # A wall 10 m high whose face stands between rows 30 and 31; the cell 20 rows north of the face sees it at atan(10 / 20).
    z = np.zeros((60, 40), np.float32)
    z[31:, :] = 10.0
    angles = horizon_angles(z, 1.0, COMPASS)
    # Row 11's centre is 19.5 m from the face (row 31's northern edge).
    assert angles[2, 11, 20] == pytest.approx(math.degrees(math.atan(10 / 19.5)), abs=0.01)
    assert angles[0, 11, 20] == 0.0
    assert angles[1, 11, 20] == 0.0
    # On top of the cliff nothing is seen.
    assert angles[:, 31:, :].max() == 0.0


def test_cell_at_the_foot_of_a_wall_sees_it_half_a_cell_away() -> None:
    z = np.zeros((20, 20), np.float32)
    z[10:, :] = 5.0
    angles = horizon_angles(z, 0.5, COMPASS)
    assert angles[2, 9, 10] == pytest.approx(math.degrees(math.atan(5 / 0.25)), abs=0.01)


def test_tower_hides_the_sun_only_behind_it() -> None:
    z = np.zeros((101, 101), np.float32)
    z[50, 50] = 100.0
    south, west = horizon_angles(z, 1.0, [180.0, 270.0])
    # Seen from 40 m north of its centre; its face is half a cell nearer.
    assert south[10, 50] == pytest.approx(math.degrees(math.atan(100 / 39.5)), abs=0.01)
    assert south[10, 49] == 0.0
    assert west[50, 90] == pytest.approx(math.degrees(math.atan(100 / 39.5)), abs=0.01)
    assert south[60, 50] == 0.0


def test_slope_is_its_own_skyline_uphill() -> None:
    rows = np.arange(80, dtype=np.float32)
    z = np.repeat((rows * 0.3)[:, None], 30, axis=1)  # rises to the south
    north, south = horizon_angles(z, 1.0, [0.0, 180.0])
    np.testing.assert_allclose(south[:-1], math.degrees(math.atan(0.3)), atol=0.01)
    assert (north == 0).all()


def test_azimuths_are_clockwise_from_true_north() -> None:
    z = np.zeros((41, 41), np.float32)
    z[20, 30] = 20.0  # ten cells east of the middle
    azimuths = sector_azimuths(8)
    seen = horizon_angles(z, 1.0, azimuths)[:, 20, 20]
    assert azimuths[int(seen.argmax())] == 90.0


def test_convergence_turns_the_grid() -> None:
    z = city(5)
    turned = horizon_angles(z, 1.0, [100.0], convergence=10.0)
    np.testing.assert_array_equal(turned, horizon_angles(z, 1.0, [90.0]))


def test_holes_cast_no_shadow_and_get_none() -> None:
    z = np.zeros((30, 30), np.float32)
    z[20, :] = 15.0
    z[20, 15] = np.nan
    angles = horizon_angles(z, 1.0, [180.0])[0]
    assert np.isnan(angles[20, 15])
    assert angles[5, 15] == 0.0
    assert angles[5, 14] > 40.0
    assert np.isfinite(np.delete(angles.ravel(), 20 * 30 + 15)).all()


def test_rotating_the_surface_rotates_the_skyline() -> None:
    z = city(8)
    east = horizon_angles(z, 1.0, [90.0])[0]
    # np.rot90 turns the map a quarter anticlockwise: what stood in the east stands in the north.
    north = horizon_angles(np.ascontiguousarray(np.rot90(z)), 1.0, [0.0])[0]
    np.testing.assert_allclose(np.rot90(east), north, atol=1e-4)


def test_cell_size_scales() -> None:
    z = city(9)
    np.testing.assert_allclose(horizon_angles(z, 1.0, [33.0]), horizon_angles(z * 2, 2.0, [33.0]), atol=1e-3)


def test_cancel_is_heard() -> None:
    calls = []

    def stop(share: float, _what: str) -> None:
        calls.append(share)
        if len(calls) > 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        horizon_angles(city(1), 1.0, sector_azimuths(64), progress=stop)
    assert len(calls) == 4


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), azimuth=st.floats(0.0, 360.0), cells=st.integers(1, 60), spread=st.integers(1, 160))
def test_only_some_cells_are_the_same_to_the_last_bit(seed: int, azimuth: float, cells: int, spread: int) -> None:
    z = city(seed)[:, :130]
    z[40:45, 60:66] = np.nan
    rng = np.random.default_rng(seed)
    row, col = (rng.integers(0, 160 - 130) + rng.integers(0, min(spread, 130), (2, cells))).astype(np.int64)
    col = np.minimum(col, 129)
    sweeper = Sweeper(z, 0.5)
    some = np.full(z.shape, -1.0, np.float32)
    sweeper.sweep(azimuth, some, only=Asked.of(row, col, z.shape))
    np.testing.assert_array_equal(some[row, col], sweeper.slopes(azimuth)[row, col])


@pytest.mark.parametrize("azimuth", [3.0, 45.0, 93.0, 181.0, 260.0])
def test_only_the_lines_through_the_cells_are_walked(azimuth: float) -> None:
    """A block of 6 × 6 cells in the middle: what is written lies in one or two bands of 32 lines through it, and ends with it, or with its block of those that are asked for."""
    z = city(5, size=400, count=300)
    row, col = (a.ravel() for a in np.meshgrid(np.arange(200, 206), np.arange(190, 196), indexing="ij"))
    slopes = np.full(z.shape, -1.0, np.float32)
    Sweeper(z, 0.5).sweep(azimuth, slopes, only=Asked.of(row, col, z.shape))
    written = slopes >= 0.0
    assert written[row, col].all()
    down, right = (cells - middle for cells, middle in zip(np.nonzero(written), (202.5, 192.5), strict=True))
    a = math.radians(azimuth)
    east, north = math.sin(a), math.cos(a)
    assert np.abs(right * north + down * east).max() < 32.0 + 6.0
    # Lines are walked from the sun, along the axis that they are nearer to.
    away = -right * np.sign(east) if abs(east) >= abs(north) else down * np.sign(north)
    # Its last block's last cell: rows 200 … 207, columns 184 … 199 are asked for.
    if abs(east) >= abs(north):
        assert away.max() == (192.5 - 184 if east > 0 else 199 - 192.5)
    else:
        assert away.max() == (207 - 202.5 if north > 0 else 202.5 - 200)
    assert written.sum() < 0.09 * z.size


def test_no_cell_no_line() -> None:
    z = city(1)
    none = np.zeros(0, dtype=np.int64)
    slopes = np.full(z.shape, -1.0, np.float32)
    Sweeper(z, 0.5).sweep(10.0, slopes, only=Asked.of(none, none, z.shape))
    assert (slopes == -1.0).all()


@pytest.mark.parametrize("azimuth", [0.0, 31.0, 45.0, 77.7, 120.0, 199.0, 270.0, 333.3])
@pytest.mark.parametrize("window", [(20, 150, 13, 160), (37, 140, 31, 137)])
def test_lines_of_a_window_are_those_of_the_whole(azimuth: float, window: tuple[int, int, int, int]) -> None:
    top, bottom, left, right = window
    z = np.zeros((170, 180), np.float32)
    z[45:130, 40:125] = city(7)[:85, :85] + 8.0
    part = np.s_[top:bottom, left:right]
    seen = Sweeper(z[part], 0.5, origin=(top, left)).slopes(azimuth)
    np.testing.assert_array_equal(seen, Sweeper(z, 0.5).slopes(azimuth)[part])


@pytest.mark.parametrize("turned", [0.0, 13.0, 45.0, 71.3, 90.0, 158.0, 225.0, 301.0])
@pytest.mark.parametrize("aside", [0.0, 20.0, 45.0, -35.0])
def test_steep_roof_sees_nothing_uphill_beyond_its_own_slope(turned: float, aside: float) -> None:
    """A plane of 50° that falls away towards ``turned`` from a crest, over which the slope begins in five cells; seen uphill, and askew."""
    steep, crest, half = math.tan(math.radians(50.0)), 5.0, 40.0
    right, north = np.arange(-half, half + 1)[None, :], -np.arange(-half, half + 1)[:, None]
    a = math.radians(turned)
    past = right * math.sin(a) + north * math.cos(a) + half / 2  # the crest's beginning
    z = -steep * np.where(past < 0, 0.0, np.where(past < crest, past**2 / (2 * crest), past - crest / 2))
    seen = horizon_angles(z.astype(np.float32), 1.0, [turned + 180.0 + aside])[0]
    # Cells that look over the crest, not over the raster's edge.
    to_crest = past / math.cos(math.radians(aside))
    a += math.radians(180.0 + aside)
    looked_at = np.maximum(np.abs(right + to_crest * math.sin(a)), np.abs(north + to_crest * math.cos(a)))
    cells = (past > crest + 3) & (looked_at < half - 1)
    assert cells.sum() > 500
    own = math.degrees(math.atan(steep * math.cos(math.radians(aside))))
    np.testing.assert_allclose(seen[cells], own, atol=0.05)


@pytest.mark.parametrize("tilt", [30.0, 40.0])
@pytest.mark.parametrize("turned", [0.0, 22.5, 45.0, 120.0])
def test_ridge_of_a_steep_gable_is_no_wall(tilt: float, turned: float) -> None:
    """Seen uphill from its side, a gable is as steep as it leans and no steeper, at any angle to the raster."""
    steep, half = math.tan(math.radians(tilt)), 30.0
    right, north = np.arange(-half, half + 1)[None, :], -np.arange(-half, half + 1)[:, None]
    a = math.radians(turned)
    past = right * math.sin(a) + north * math.cos(a)
    z = (50.0 - steep * np.abs(past)).astype(np.float32)
    seen = horizon_angles(z, 1.0, [turned + 180.0])[0]
    inside = np.maximum(np.abs(right - past * math.sin(a)), np.abs(north - past * math.cos(a))) < half - 2
    cells = (past > 3.0) & inside
    assert cells.sum() > 300
    np.testing.assert_allclose(seen[cells], tilt, atol=0.6)
