"""Whether a surface holds its trees already."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gis.canopy import TWICE, said_once, trees_twice
from gis.findings import Finding

Field = NDArray[np.float32]


def wood(seed: int, slope: float) -> tuple[Field, Field, NDArray[np.bool_]]:
    """Ground on a slope with houses, round crowns of 4 to 14 m, and where the houses are."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[0:300, 0:260].astype(np.float32)
    ground = (20.0 + slope * cols + rng.normal(0.0, 0.05, rows.shape)).astype(np.float32)
    built = np.zeros(rows.shape, dtype=bool)
    for _ in range(20):
        r, c = rng.integers(0, 280), rng.integers(0, 240)
        built[r : r + 15, c : c + 12] = True
    ground[built] += np.float32(8.0)
    crowns = np.zeros(rows.shape, np.float32)
    for _ in range(60):
        r, c, radius, top = rng.uniform(0, 300), rng.uniform(0, 260), rng.uniform(3, 9), rng.uniform(4, 14)
        away = np.hypot(rows - r, cols - c) / radius
        crowns = np.where(away < 1.0, np.maximum(crowns, top * (1.0 - 0.5 * away**2)), crowns).astype(np.float32)
    crowns[built] = 0.0
    return ground, crowns, built


@pytest.mark.parametrize("slope", [0.0, 0.35])
@pytest.mark.parametrize("seed", [1, 2])
def test_trees_that_the_surface_has_too_are_said(seed: int, slope: float) -> None:
    ground, crowns, built = wood(seed, slope)
    assert trees_twice(crowns, ground, built) == []
    (said,) = trees_twice(crowns, ground + crowns, built)
    assert said.code == TWICE
    assert float(str(said.details["share"])) > 90.0
    # Laser sees the twigs, and the raster of crowns is smoother: most of the height is enough.
    assert len(trees_twice(crowns, ground + np.float32(0.7) * crowns, built)) == 1
    assert trees_twice(crowns, ground + np.float32(0.3) * crowns, built) == []


def test_holes_and_few_trees_say_nothing() -> None:
    ground, crowns, built = wood(3, 0.1)
    assert trees_twice(crowns, np.full_like(ground, np.nan), built) == []
    few = np.zeros_like(crowns)
    few[100:103, 100:103] = 9.0
    assert trees_twice(few, ground + few, built & False) == []
    holed = (ground + crowns).astype(np.float32)
    holed[::7] = np.nan
    assert len(trees_twice(crowns, holed, built)) == 1


def test_of_many_windows_it_is_said_once() -> None:
    def found(share: float, ends: int) -> Finding:
        return Finding(TWICE, "warning", details={"share": share, "ends": ends})

    other = Finding("roof.small", "info")
    said = said_once([found(60.0, 100), other, found(90.0, 300), other])
    assert said == [other, other, found(82.5, 400)]
    assert said_once([other]) == [other]
