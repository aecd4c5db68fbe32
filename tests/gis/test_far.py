"""What lies beyond a window: block maxima, patches, the earth's curvature."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gis.far import PATCH, FarField, block_maxima, far_field, first_side
from gis.horizon import Sweeper, horizon_angles, sector_azimuths
from gis.horizon_kernels import CURVATURE

NEAR = 128


def rolling_town(seed: int, size: int = 700) -> NDArray[np.float32]:
    """Low houses on gentle hills, and a few towers."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[0:size, 0:size]
    z = (6 * np.sin(rows / 90) + 4 * np.cos(cols / 70)).astype(np.float32)
    for _ in range(size):
        row, col = rng.integers(0, size - 20, 2)
        height, width = rng.integers(6, 16, 2)
        z[row : row + height, col : col + width] += rng.uniform(3, 9)
    for _ in range(12):
        row, col = rng.integers(0, size - 30, 2)
        side = rng.integers(3, 25)
        z[row : row + side, col : col + side] += rng.uniform(25, 90)
    return z


def field_of(z: NDArray[np.float32], folder: Path | None = None) -> FarField:
    return far_field(lambda top, bottom: z[top:bottom], z.shape, 1.0, NEAR, folder=folder)


def windowed(
    z: NDArray[np.float32], far: FarField, top: int, left: int, size: int, azimuth: float
) -> NDArray[np.float32]:
    """Slopes of ``size`` × ``size`` cells from their window alone."""
    a, b = max(0, top - NEAR), min(z.shape[0], top + size + NEAR)
    c, d = max(0, left - NEAR), min(z.shape[1], left + size + NEAR)
    sweeper = Sweeper(z[a:b, c:d], 1.0, origin=(a, c), far=far.window(a, b, c, d))
    return sweeper.slopes(azimuth)[top - a : top - a + size, left - c : left - c + size]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_seam_shows(seed: int) -> None:
    """A window with what lies around it sees what the whole sees: within 0.1° for 99 % of cells and azimuths."""
    z = rolling_town(seed)
    whole, far = Sweeper(z, 1.0), field_of(z)
    off, lost = [], []
    for azimuth in sector_azimuths(16) + 3.1:
        slopes = whole.slopes(float(azimuth))
        for top, left in ((0, 0), (250, 300), (500, 500)):
            seen = windowed(z, far, top, left, 200, float(azimuth))
            off.append(np.degrees(np.arctan(seen) - np.arctan(slopes[top : top + 200, left : left + 200])))
            bare = Sweeper(z[top : top + 200, left : left + 200], 1.0, origin=(top, left)).slopes(float(azimuth))
            lost.append(np.degrees(np.arctan(bare) - np.arctan(slopes[top : top + 200, left : left + 200])))
    miss, bare_miss = np.abs(np.stack(off)), np.abs(np.stack(lost))
    assert (miss > 0.1).mean() < 0.01
    assert abs(np.stack(off).mean()) < 0.005
    # Without what lies around it the same window misses ten times as often.
    assert (bare_miss > 0.1).mean() > 0.05


def test_chimney_beyond_the_window_is_as_thin_as_it_is() -> None:
    """A stack of 3 × 3 m, 60 m high, 200 m away: seen by just the lines that pass it, at its height."""
    z = np.zeros((600, 600), np.float32)
    z[300:303, 500:503] = 60.0
    far = field_of(z)
    for azimuth in (90.0, 83.0, 101.7):
        seen = windowed(z, far, 200, 200, 200, azimuth)
        slopes = Sweeper(z, 1.0).slopes(azimuth)[200:400, 200:400]
        np.testing.assert_array_equal(seen > 0.01, slopes > 0.01)
        np.testing.assert_allclose(seen, slopes, atol=0.004)


def test_levels_kept_in_a_folder_are_the_same(tmp_path: Path) -> None:
    z = rolling_town(3, 500)
    z[100:140, 100:140] = np.nan
    here, kept = field_of(z), field_of(z, tmp_path)
    for a, b in zip(here.levels, kept.levels, strict=True):
        np.testing.assert_array_equal(a.heights, b.heights)
    np.testing.assert_array_equal(here.patches.heights, kept.patches.heights)
    for azimuth in (10.0, 100.0):
        np.testing.assert_array_equal(
            windowed(z, here, 200, 200, 90, azimuth), windowed(z, kept, 200, 200, 90, azimuth)
        )


def test_block_maxima_pass_over_holes() -> None:
    z = np.array([[1, 2, 3], [4, np.nan, np.nan], [7, 8, np.nan]], np.float32)
    np.testing.assert_array_equal(block_maxima(z, 2), np.array([[4, 3], [8, np.nan]], np.float32))


def test_patches_hold_what_stands_out() -> None:
    z = np.zeros((400, 400), np.float32)
    z[100:104, 37] = 40.0
    patches = field_of(z).patches
    row, col = 100 // PATCH, 37 // PATCH
    assert patches.number.max() == 1
    assert patches.number[row, col] == 1
    np.testing.assert_array_equal(patches.heights[0], z[row * PATCH :, col * PATCH :][:PATCH, :PATCH])


def test_the_whole_raster_has_nothing_around_it() -> None:
    z = rolling_town(4, 200)
    assert field_of(z).window(0, 200, 0, 200) is None


def test_first_side_follows_the_near_field() -> None:
    assert [first_side(near) for near in (10, 128, 256, 512, 600)] == [2, 2, 4, 8, 8]


def test_the_earth_is_round() -> None:
    """A ridge of 300 m at 9 km over a flat plain, from cells of 30 m: lower by what curvature, less refraction, takes."""
    cell, distance = 30.0, 300
    z = np.zeros((40, 340), np.float32)
    z[:, 10 + distance] = 300.0
    angle = horizon_angles(z, cell, [90.0])[0, 20, 10]
    metres = distance * cell
    expected = math.degrees(math.atan((300.0 - CURVATURE * metres**2) / metres))
    assert angle == pytest.approx(expected, abs=0.004)
    assert math.degrees(math.atan(300.0 / metres)) - expected > 0.03


def test_a_mountain_beyond_the_window_is_lowered_alike() -> None:
    """The same ridge, once in the raster and once only in the far field."""
    cell = 30.0
    z = np.zeros((64, 512), np.float32)
    z[:, 400:404] = 300.0
    far = far_field(lambda top, bottom: z[top:bottom], z.shape, cell, 16)
    whole = Sweeper(z, cell).slopes(90.0)[:, :100]
    cut = Sweeper(z[:, :120], cell, far=far.window(0, 64, 0, 120)).slopes(90.0)[:, :100]
    # 3 km on, the blocks are four cells wide.
    np.testing.assert_allclose(np.degrees(np.arctan(cut)), np.degrees(np.arctan(whole)), atol=0.06)
