"""Skylines and sunlit shares against GRASS: a second opinion from other people's code.

r.horizon takes a wall at the middle of its first high cell; our sweep brings it half a cell nearer, where it stands on average. So the two
differ on purpose near walls, and the agreement is asserted in two links: r.horizon is the march of :func:`tests.support.grass.march`, and
our sweep is that march with our walls. docs/validation.md says how far the two differ as they are, and which is nearer the truth.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gis.horizon import horizon_angles, sector_azimuths
from tests.support import grass

pytestmark = pytest.mark.skipif(not grass.available(), reason=f"GRASS is not installed: {grass.HOW_TO_INSTALL}")

SIZE = 200
Town = tuple[grass.Scene, NDArray[np.bool_], NDArray[np.bool_]]


def town(west: float = -20200.0) -> Town:
    """The scene, the cells that can be compared, and which of them are roofs."""
    z, roofs = grass.city(SIZE)
    keep = grass.away_from_edges(z, 1.0)
    assert keep.mean() > 0.5
    assert (keep & roofs).sum() > 1000
    return grass.Scene(z, west=west), keep, keep & roofs


@pytest.fixture(scope="module")
def compared() -> tuple[Town, grass.Horizons]:
    scene, keep, roofs = town()
    return (scene, keep, roofs), grass.r_horizon(scene, 10, 45)


def marched(scene: grass.Scene, azimuths: NDArray[np.float64], wall_shift: float) -> NDArray[np.float32]:
    return np.stack([grass.march(scene.z, scene.cell, a - scene.convergence, wall_shift, 1)[0] for a in azimuths])


def within(difference: NDArray[np.float32], degrees: float = 1.0) -> float:
    return float(np.mean(np.abs(difference) <= degrees))


def test_r_horizon_is_the_march_of_the_nearest_cells(compared: tuple[Town, grass.Horizons]) -> None:
    (scene, keep, _), found = compared
    difference = (marched(scene, found.azimuths, 0.0) - found.degrees)[:, keep]
    assert np.median(np.abs(difference)) <= 0.01
    assert within(difference) >= 0.98


def test_sweep_agrees_with_the_march_and_our_walls(compared: tuple[Town, grass.Horizons]) -> None:
    (scene, keep, roofs), found = compared
    ours = horizon_angles(scene.z, scene.cell, found.azimuths, convergence=scene.convergence)
    difference = ours - marched(scene, found.azimuths, 0.5)
    assert abs(np.median(difference[:, keep])) <= 0.05
    assert within(difference[:, keep]) >= 0.90
    assert np.median(np.abs(difference[:, roofs])) <= 0.05
    assert within(difference[:, roofs]) >= 0.90


def test_sweep_agrees_with_r_horizon(compared: tuple[Town, grass.Horizons]) -> None:
    (scene, keep, roofs), found = compared
    ours = horizon_angles(scene.z, scene.cell, found.azimuths, convergence=scene.convergence)
    difference = ours - found.degrees
    assert np.median(np.abs(difference[:, roofs])) <= 0.05
    assert within(difference[:, roofs]) >= 0.85
    assert within(difference[:, keep]) >= 0.75
    # Nowhere lower on the whole: a wall is brought nearer, never farther.
    assert 0.0 <= np.median(difference[:, keep]) <= 0.25


def test_directions_are_true_in_both() -> None:
    """200 km east of the meridian grid north is 1.3° off true north, where r.horizon looks."""
    scene, keep, _ = town(west=200_000.0)
    assert scene.convergence > 1.2
    found = grass.r_horizon(scene, 10, 90)
    turned = horizon_angles(scene.z, scene.cell, found.azimuths, convergence=scene.convergence) - found.degrees
    straight = horizon_angles(scene.z, scene.cell, found.azimuths) - found.degrees
    assert within(turned[:, keep]) > within(straight[:, keep]) + 0.05


def test_a_clear_day_is_as_long_as_r_suns() -> None:
    """Sunlit share of one winter day's beam on flat roofs: our sectors against r.sun with r.horizon's maps."""
    day, hours = 355, 0.5
    z, built = grass.city(120)
    scene = grass.Scene(z)
    roofs = grass.away_from_edges(z, 1.0) & built
    found = grass.r_sun(scene, (day,), horizon_step=10, hours=hours)
    lon, lat = scene.lonlat
    path = grass.sun_path(lat, lon, day, hours=hours, altitude=20.0)
    # The same sky: pvlib's sun through the atlas's air gives the day that r.sun gives.
    assert path.beam.sum() * hours == pytest.approx(float(np.median(found.unshaded)), rel=0.01)
    theirs = (found.shaded[0] / found.unshaded[0])[roofs]
    assert theirs.min() < 0.7  # some roof is shaded
    same = grass.sunlit_share(found.horizons.azimuths, found.horizons.degrees[:, roofs], path, between=True)
    assert abs(np.mean(same - theirs)) < 0.005
    sectors = sector_azimuths(64)
    ours = horizon_angles(z, 1.0, sectors, convergence=scene.convergence)
    difference = grass.sunlit_share(sectors, ours[:, roofs], path, between=False) - theirs
    assert abs(np.median(difference)) <= 0.005
    assert abs(np.mean(difference)) <= 0.015
    assert np.sqrt(np.mean(difference**2)) <= 0.05
