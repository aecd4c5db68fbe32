"""Hillshade against values derived by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gis.hillshade import hillshade
from gis.progress import Cancelled


def _plane(slope: float, downhill: float, rows: int = 9, cols: int = 11, cell: float = 0.5) -> NDArray[np.float32]:
    """A plane that falls towards ``downhill`` (deg from north) by ``slope`` (deg)."""
    col, row = np.meshgrid(np.arange(cols), np.arange(rows))
    east, north = col * cell, -row * cell
    along = east * np.sin(np.radians(downhill)) + north * np.cos(np.radians(downhill))
    return (100.0 - np.tan(np.radians(slope)) * along).astype(np.float32)


def _expected(slope: float, downhill: float, azimuth: float, altitude: float) -> float:
    s, h, d = np.radians(slope), np.radians(altitude), np.radians(downhill - azimuth)
    return 1.0 + 254.0 * max(0.0, float(np.sin(h) * np.cos(s) + np.cos(h) * np.sin(s) * np.cos(d)))


@pytest.mark.parametrize("altitude", [15.0, 30.0, 45.0, 90.0])
def test_flat_ground_is_the_sine_of_the_altitude(altitude: float) -> None:
    shade = hillshade(np.full((6, 7), 12.5, np.float32), 1.0, altitude=altitude)
    assert np.all(shade == round(1 + 254 * np.sin(np.radians(altitude))))


def test_a_plane_square_to_the_light_is_white_and_its_back_is_black() -> None:
    facing = hillshade(_plane(45.0, 315.0), 0.5)
    away = hillshade(_plane(60.0, 135.0), 0.5)
    assert np.all(facing[1:-1, 1:-1] == 255)
    assert np.all(away[1:-1, 1:-1] == 1)


@given(
    st.floats(0.0, 80.0),
    st.floats(0.0, 360.0),
    st.floats(0.0, 360.0),
    st.floats(5.0, 90.0),
)
def test_planes_follow_lamberts_law(slope: float, downhill: float, azimuth: float, altitude: float) -> None:
    shade = hillshade(_plane(slope, downhill), 0.5, azimuth=azimuth, altitude=altitude)
    assert np.all(np.abs(shade[1:-1, 1:-1] - _expected(slope, downhill, azimuth, altitude)) <= 1.0)


def test_north_is_row_zero() -> None:
    """Ground falling to the north is bright under a light from the north, dark under one from the south."""
    north_slope = _plane(30.0, 0.0)
    assert north_slope[0, 0] < north_slope[-1, 0]
    lit = hillshade(north_slope, 0.5, azimuth=0.0)[4, 5]
    dark = hillshade(north_slope, 0.5, azimuth=180.0)[4, 5]
    assert lit == round(_expected(30.0, 0.0, 0.0, 45.0))
    assert dark == round(_expected(30.0, 0.0, 180.0, 45.0))
    assert lit > dark


def test_missing_cells_are_zero_and_do_not_spread() -> None:
    z = np.full((5, 5), 3.0, np.float32)
    z[2, 2] = np.nan
    shade = hillshade(z, 1.0)
    assert shade[2, 2] == 0
    assert np.count_nonzero(shade == 0) == 1
    assert np.all(shade[shade > 0] == round(1 + 254 * np.sin(np.radians(45.0))))


def test_exaggeration_is_a_steeper_plane() -> None:
    gentle = _plane(10.0, 315.0)
    steep = np.degrees(np.arctan(3.0 * np.tan(np.radians(10.0))))
    shade = hillshade(gentle, 0.5, z_factor=3.0)
    assert abs(int(shade[4, 5]) - _expected(float(steep), 315.0, 315.0, 45.0)) <= 1.0


def test_blocks_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    z = rng.normal(20.0, 4.0, (97, 60)).astype(np.float32)
    z[rng.random(z.shape) < 0.05] = np.nan
    whole = hillshade(z, 0.5)
    monkeypatch.setattr("gis.hillshade._BLOCK_ROWS", 7)
    assert np.array_equal(whole, hillshade(z, 0.5))


def test_it_can_be_stopped() -> None:
    def stop(share: float, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        hillshade(np.zeros((4, 4), np.float32), 1.0, progress=stop)


@pytest.mark.parametrize(("shape", "cell"), [((4,), 1.0), ((4, 4), 0.0)])
def test_nonsense_is_refused(shape: tuple[int, ...], cell: float) -> None:
    with pytest.raises(ValueError, match="found"):
        hillshade(np.zeros(shape, np.float32), cell)
