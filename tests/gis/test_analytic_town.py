"""Skylines of the engine against a town whose skylines are known exactly, and the exact ones against formulas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gis.horizon import sector_azimuths
from kawasolar.weather import read_weather
from tests.support.analytic import (
    EQUIPMENT,
    ROOF,
    Case,
    FacetTown,
    House,
    Skies,
    judge,
    random_town,
    sweep,
    town_of,
    truth,
)

WEATHER = Path(__file__).resolve().parents[2] / "sample_data" / "weather.csv"
# Of the benchmark's towns the one nearest to their mean; a town with more cells right below towers is worse.
SEED = 4


@pytest.fixture(scope="module")
def skies() -> Skies:
    return Skies(read_weather(WEATHER))


@pytest.fixture(scope="module")
def town() -> FacetTown:
    return random_town(SEED)


@pytest.mark.parametrize(("cell", "bias", "rms"), [(1.0, 0.005, 0.015), (0.5, 0.003, 0.010)])
def test_irradiation_of_a_sampled_town(town: FacetTown, skies: Skies, cell: float, bias: float, rms: float) -> None:
    found = judge(sweep, Case.of(town, cell, skies, limit=4000), skies)
    assert abs(found.bias) <= bias
    assert found.rms <= rms


def test_box_by_hand() -> None:
    """From a low roof: a wall 30 m long whose face stands 12 m to the north, 15 m above."""
    town = town_of(100.0, [House(50, 30, 0, 20, 20, 5), House(50, 52, 0, 30, 20, 20)])
    azimuths = sector_azimuths(360)
    found = town.skyline_slopes(np.array([[50.0, 30.0, 5.0]]), azimuths)[0]
    relative = np.radians((azimuths + 180) % 360 - 180)
    edge = np.arctan2(15, 12)
    wall = np.where(np.abs(relative) < edge, 15 * np.cos(relative) / 12, 0.0)
    # Past the near corners nothing is seen: the side walls recede.
    np.testing.assert_allclose(found, wall, atol=1e-9)


def test_turned_box_is_the_same_box_turned() -> None:
    straight = town_of(100.0, [House(50, 70, 0, 29, 10, 20)])
    turned = town_of(100.0, [House(30, 50, 90, 29, 10, 20)])  # a quarter turn to the left about the middle
    place = np.array([[50.0, 50.0, 1.0]])
    azimuths = sector_azimuths(72)
    found = turned.skyline_slopes(place, azimuths)[0]
    np.testing.assert_allclose(np.roll(found, 18), straight.skyline_slopes(place, azimuths)[0], atol=1e-9)


@pytest.mark.parametrize("distance", [4.0, 30.0])
def test_gable_shows_eaves_near_by_and_ridge_from_afar(distance: float) -> None:
    town = town_of(100.0, [House(50, 60, 0, 30, 10, 6, tilt=30)])
    slope = town.skyline_slopes(np.array([[50.0, 55 - distance, 0.0]]), np.array([0.0]))[0, 0]
    ridge = 6 + 5 * np.tan(np.radians(30))
    assert slope == pytest.approx(max(6 / distance, ridge / (distance + 5)), rel=1e-12)
    assert (slope == pytest.approx(6 / distance)) == (distance < 10)


def test_own_roof_is_its_own_slope() -> None:
    town = town_of(60.0, [House(30, 30, 0, 20, 10, 6, tilt=30)])
    height = 6 + 3 * np.tan(np.radians(30))
    found = town.skyline_slopes(np.array([[30.0, 28.0, height]]), np.array([0.0, 60.0, 180.0]))[0]
    np.testing.assert_allclose(found, np.tan(np.radians(30)) * np.array([1.0, 0.5, 0.0]), atol=1e-9)


def test_exact_skylines_against_a_fine_march(town: FacetTown) -> None:
    rng = np.random.default_rng(0)
    points = rng.permutation(town.roof_points(1.0).points)[:6]
    azimuths = np.sort(rng.uniform(0, 360, 12))
    exact = town.skyline_slopes(points, azimuths)
    away = np.arange(1, 60_000) * 0.005
    for i, (x, y, z) in enumerate(points):
        for k, a in enumerate(np.radians(azimuths)):
            height, _ = town.facets.top(x + away * np.sin(a), y + away * np.cos(a))
            marched = max(float(np.nanmax((height - z) / away)), 0.0)
            # The march never sees more, and meets an edge at most one step late, here not nearer than a metre.
            assert marched - 1e-9 <= exact[i, k] <= marched * 1.005 + 1e-9


def test_town_is_what_it_says(town: FacetTown) -> None:
    assert 60 <= len(town.shapes) <= 100
    assert {ROOF, EQUIPMENT} <= set(town.facets.kinds)
    assert min(a.distance(b) for i, a in enumerate(town.shapes) for b in town.shapes[:i]) >= 1.0
    again = random_town(SEED)
    np.testing.assert_array_equal(again.facets.corners, town.facets.corners)
    dsm = town.render(0.5)
    assert dsm.shape == (440, 440)
    x, y = town.centres(0.5)
    rows, cols = np.array([3, 200, 436]), np.array([17, 300, 5])
    np.testing.assert_array_equal(dsm[rows, cols], town.facets.top(x[cols], y[rows])[0].astype(np.float32))


def test_roof_points_keep_away_from_edges(town: FacetTown) -> None:
    cells = town.roof_points(0.5)
    x, y, z = cells.points.T
    _, own = town.facets.top(x, y)
    for a in np.radians(np.arange(0, 360, 15)):
        there, facet = town.facets.top(x + 0.999 * np.sin(a), y + 0.999 * np.cos(a))
        assert (town.facets.kinds[facet] == ROOF).all()
        assert (town.facets.buildings[facet] == town.facets.buildings[own]).all()
        same = facet == own  # elsewhere beyond a ridge
        n = cells.normals[same]
        np.testing.assert_allclose(
            (there - z)[same] * n[:, 2], -0.999 * (n[:, 0] * np.sin(a) + n[:, 1] * np.cos(a)), atol=1e-9
        )


def test_lone_roof_gets_the_open_sky(skies: Skies) -> None:
    town = town_of(60.0, [House(30, 30, 20, 20, 14, 6)])
    cells = town.roof_points(1.0)
    sky = skies[64]
    found = truth(town, cells.points, cells.normals, sky)
    np.testing.assert_allclose(found, sky.on_open_plane(np.array([0.0, 0.0, 1.0])), rtol=1e-12)
