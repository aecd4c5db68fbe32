"""Skylines within a distance against the brute-force march, and against the sweep without a limit."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gis.horizon import Asked, Sweeper, horizon_angles, sector_azimuths
from gis.horizon_limited import LimitedSweeper, limited_angles
from gis.progress import Cancelled
from tests.gis.test_horizon import city, march


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000), st.floats(0, 359.9), st.floats(0.25, 5.0), st.floats(0, 0.3), st.floats(0.5, 40.0), st.booleans()
)  # fmt: skip
@example(1, 90.0, 1.0, 0.0, 1.0, True)
@example(2, 225.0, 0.5, 0.1, 2.0, False)
def test_limited_equals_march_on_any_surface(
    seed: int, azimuth: float, cell: float, holes: float, cells: float, smooth: bool
) -> None:
    rng = np.random.default_rng(seed)
    z = rng.uniform(0, 12, (31, 38)).astype(np.float32)
    if smooth:  # long hulls: a bowl, of which each cell sees much
        rows, cols = np.mgrid[0:31, 0:38]
        z = (z * 0.02 * cell + 0.02 * cell * ((rows - 15.0) ** 2 + (cols - 20.0) ** 2)).astype(np.float32)
    z[rng.random(z.shape) < holes] = np.nan
    seen = LimitedSweeper(z, cell, cells * cell).slopes(azimuth)
    np.testing.assert_allclose(seen, march(z, cell, azimuth, cells * cell), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "azimuth", [0.0, 11.0, 45.0, 72.0, 90.0, 123.4, 135.0, 180.0, 200.0, 225.0, 250.0, 270.0, 315.0, 340.0]
)
@pytest.mark.parametrize("reach", [3.0, 12.5, 40.0])
def test_limited_equals_march_in_a_city(azimuth: float, reach: float) -> None:
    z = city(3, size=70, count=20)
    z[30:33, 40:50] = np.nan
    np.testing.assert_allclose(LimitedSweeper(z, 1.0, reach).slopes(azimuth), march(z, 1.0, azimuth, reach), atol=2e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 359.9), st.floats(0.25, 100.0))
@example(4, 45.0, 60.0)
def test_beyond_the_diagonal_there_is_no_limit(seed: int, azimuth: float, cell: float) -> None:
    """Also where the earth's curvature counts: 160 cells of 100 m."""
    z = city(seed)
    z[60:64, 20:90] = np.nan
    unlimited = horizon_angles(z, cell, [azimuth])
    for reach in (160 * cell * math.sqrt(2.0), math.inf):
        np.testing.assert_allclose(limited_angles(z, cell, [azimuth], reach), unlimited, atol=1e-4)


def test_curvature_is_taken_off_in_both_blocks() -> None:
    """A mountain 6 km away, in the block before the cell's and in the cell's own, is seen as without a limit."""
    z = np.zeros((3, 400), np.float32)
    z[:, 350] = 500.0
    unlimited = horizon_angles(z, 30.0, [90.0])[0]
    for steps in (201, 260, 349):
        limited = limited_angles(z, 30.0, [90.0], steps * 30.0)[0]
        np.testing.assert_array_equal(limited[:, 350 - steps :], unlimited[:, 350 - steps :])
        assert (limited[:, : 350 - steps] == 0.0).all()


@pytest.mark.parametrize("cell", [0.5, 1.0, 0.1])
def test_tower_is_seen_within_the_distance_only(cell: float) -> None:
    z = np.zeros((31, 1500), np.float32)
    z[:, 1400] = 30.0
    away = 1000 * cell
    at = math.degrees(math.atan(30 / (away - 0.5 * cell)))
    for reach, seen in ((1.5 * away, at), (away, at), (away - 0.01 * cell, 0.0), (0.5 * away, 0.0)):
        assert limited_angles(z, cell, [90.0], reach)[0, 15, 400] == pytest.approx(seen, abs=1e-3)


def test_tower_at_100_m() -> None:
    z = np.zeros((240, 240), np.float32)
    z[120, 120] = 40.0
    for azimuth, row, col in ((0.0, 220, 120), (90.0, 120, 20), (180.0, 20, 120), (270.0, 120, 220)):
        far, near = (limited_angles(z, 1.0, [azimuth], reach)[0] for reach in (150.0, 50.0))
        assert far[row, col] == pytest.approx(math.degrees(math.atan(40 / 99.5)), abs=0.01)
        assert near[row, col] == 0.0


def test_less_than_a_step_sees_nothing() -> None:
    z = city(2)
    z[10:12, 30:40] = np.nan
    # 1.2 m is one step along rows and columns, and none along the diagonal.
    diagonal, along = limited_angles(z, 1.0, [45.0, 90.0], 1.2)
    assert np.nanmax(diagonal) == 0.0
    assert np.nanmax(along) > 45.0
    np.testing.assert_array_equal(np.isnan(diagonal), np.isnan(z))
    assert np.nanmax(limited_angles(z, 1.0, sector_azimuths(8), 0.3)) == 0.0


@pytest.mark.parametrize("reach", [0.0, -3.0, math.nan])
def test_distance_must_be_above_zero(reach: float) -> None:
    with pytest.raises(ValueError, match="max_distance"):
        limited_angles(city(1), 1.0, [0.0], reach)


def test_azimuths_and_convergence_are_those_of_the_unlimited_sweep() -> None:
    z = city(5)
    turned = limited_angles(z, 1.0, [100.0, 30.0], 25.0, convergence=10.0)
    assert turned.dtype == np.float32
    np.testing.assert_array_equal(turned, limited_angles(z, 1.0, [90.0, 20.0], 25.0))


def test_farther_sees_at_least_as_much() -> None:
    z = city(6)
    slopes = [LimitedSweeper(z, 0.5, reach).slopes(217.0) for reach in (1.0, 5.0, 10.0, 20.0, 40.0)]
    slopes.append(Sweeper(z, 0.5).slopes(217.0))
    for less, more in pairwise(slopes):
        assert (more >= less - 1e-6).all()
        assert (more > less + 1e-3).any()


def test_only_some_cells_are_the_same_to_the_last_bit() -> None:
    z = city(9)
    row, col = np.array([20, 77, 80, 81]), np.array([150, 3, 60, 61])
    for azimuth in (5.0, 100.0, 225.0):
        sweeper = LimitedSweeper(z, 0.5, 17.0)
        some = np.full(z.shape, -1.0, np.float32)
        sweeper.sweep(azimuth, some, only=Asked.of(row, col, z.shape))
        np.testing.assert_array_equal(some[row, col], sweeper.slopes(azimuth)[row, col])


def test_cancel_is_heard() -> None:
    calls = []

    def stop(share: float, _what: str) -> None:
        calls.append(share)
        if len(calls) > 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        limited_angles(city(1), 1.0, sector_azimuths(64), 20.0, progress=stop)
    assert len(calls) == 4
    assert calls == sorted(calls)


def test_horizon_angles_takes_the_distance() -> None:
    z = city(4)
    azimuths = sector_azimuths(6)
    limited = limited_angles(z, 0.5, azimuths, 12.0, 0.7)
    np.testing.assert_array_equal(horizon_angles(z, 0.5, azimuths, max_distance=12.0, convergence=0.7), limited)
    with pytest.raises(ValueError, match="max_distance"):
        horizon_angles(z, 0.5, azimuths, max_distance=0.0)
