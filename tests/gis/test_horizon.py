"""Skylines against cases derived by hand and a brute-force march."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gis.horizon import Facets, Sweeper, horizon_angles, sector_azimuths
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


def march(z: NDArray[np.float32], cell: float, azimuth: float) -> NDArray[np.float64]:
    """The same digital line walked cell by cell from every cell, with the wall rule: slow and plain."""
    angle = math.radians(azimuth)
    towards_col, towards_row = math.sin(angle), -math.cos(angle)
    if abs(towards_col) < abs(towards_row):
        return march_rows(z.T, cell, towards_row, towards_col).T
    return march_rows(z, cell, towards_col, towards_row)


def march_rows(z: NDArray[np.float32], cell: float, major: float, minor: float) -> NDArray[np.float64]:
    rows, cols = z.shape
    shift = minor / major
    step = cell * math.hypot(1.0, shift)
    way = 1 if major > 0 else -1
    out = np.zeros(z.shape)
    for row in range(rows):
        for col in range(cols):
            line = row - math.floor(shift * col + 0.5)
            best = 0.0
            before = float(z[row, col])
            for count in range(1, cols):
                there = col + way * count
                across = line + math.floor(shift * there + 0.5)
                if not (0 <= there < cols and 0 <= across < rows):
                    break
                height = float(z[across, there])
                # A wall: the high cell's face stands half a cell nearer.
                distance = count * step - (0.5 * step if height - before > 0.7 * cell else 0.0)
                best = max(best, (height - float(z[row, col])) / distance)
                before = height
            out[row, col] = best
    return out


@pytest.mark.parametrize("azimuth", [0.0, 17.0, 45.0, 90.0, 123.4, 180.0, 225.0, 300.0])
def test_sweep_equals_march_along_the_same_lines(azimuth: float) -> None:
    z = city(3, size=70, count=20)
    swept = Sweeper(z, 1.0).slopes(azimuth)
    np.testing.assert_allclose(swept, march(z, 1.0, azimuth), atol=2e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 359.9), st.floats(0.25, 5.0))
def test_sweep_equals_march_on_any_surface(seed: int, azimuth: float, cell: float) -> None:
    rng = np.random.default_rng(seed)
    z = rng.uniform(0, 12, (18, 23)).astype(np.float32)
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
    facets = Facets(rng.integers(0, 3, z.shape).astype(np.int32), np.array([0.1, -0.3]), np.array([0.2, 0.0]))
    sweeper = Sweeper(z, 0.5, facets)
    whole = sweeper.slopes(azimuth)[row, col].copy()
    slopes, transposed = sweeper.sweep(azimuth, only=(row, col))
    found = (slopes.T if transposed else slopes)[row, col]
    assert np.array_equal(found, whole, equal_nan=True)


@pytest.mark.parametrize("azimuth", [3.0, 45.0, 93.0, 181.0, 260.0])
def test_only_the_lines_through_the_cells_are_walked(azimuth: float) -> None:
    """A block of 6 × 6 cells in the middle: what is written lies in a band through it, and ends with it."""
    z = city(5)
    sweeper = Sweeper(z, 0.5)
    row, col = (a.ravel() for a in np.meshgrid(np.arange(80, 86), np.arange(70, 76), indexing="ij"))
    buffer, _ = sweeper.sweep(azimuth)
    buffer[:] = -1.0
    slopes, transposed = sweeper.sweep(azimuth, only=(row, col))
    written = (slopes.T if transposed else slopes) >= 0.0
    assert written[row, col].all()
    rows, cols = np.nonzero(written)
    a = math.radians(azimuth)
    aside = (cols - 72.5) * math.cos(a) + (rows - 82.5) * math.sin(a)
    towards = (cols - 72.5) * math.sin(a) - (rows - 82.5) * math.cos(a)
    assert np.abs(aside).max() < 6.0
    assert towards.min() > -12.0
    assert written.sum() < 0.08 * z.size


def test_no_cell_no_line() -> None:
    sweeper = Sweeper(city(1), 0.5)
    none = np.zeros(0, dtype=np.int64)
    buffer, _ = sweeper.sweep(10.0)
    buffer[:] = -1.0
    slopes, _ = sweeper.sweep(10.0, only=(none, none))
    assert (slopes == -1.0).all()
