"""Roofs of a city model on a raster, against shapely point by point; the ground between them; measured heights before the model's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy.ndimage import map_coordinates

from gis.grid import Grid
from gis.model_surface import RoofPolygons, grid_around, ground_between, lay_roofs, model_surface, strips
from gis.plateau_place import Roofs
from gis.sampled import bilinear

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZONE = CRS.from_epsg(6677)


def roofs_of(polygons: list[list[NDArray[np.float64]]], building: list[int] | None = None) -> Roofs:
    """Each polygon a list of rings (n, 3), which close."""
    rings = [np.vstack([ring, ring[:1]]) for polygon in polygons for ring in polygon]
    owner = [k for k, polygon in enumerate(polygons) for _ in polygon]
    rows = list(range(len(polygons))) if building is None else building
    return Roofs(
        np.vstack(rings), np.array([len(ring) for ring in rings], np.int64), np.array(owner, np.int64), np.array(rows, np.int64)
    )  # fmt: skip


def sloping(ring: list[tuple[float, float]], a: float, b: float, c: float) -> NDArray[np.float64]:
    x, y = np.array(ring, float).T
    return np.column_stack([x, y, a * x + b * y + c])


CENTRE = st.tuples(st.floats(2, 38), st.floats(-38, -2))


@st.composite
def stars(draw: st.DrawFn) -> tuple[NDArray[np.float64], tuple[float, float, float]]:
    """A polygon that a point inside sees whole, on a plane."""
    x, y = draw(CENTRE)
    count = draw(st.integers(3, 12))
    turn = draw(st.floats(0, 6))
    reach = draw(st.lists(st.floats(0.5, 15), min_size=count, max_size=count))
    angle = turn + np.arange(count) * 2 * np.pi / count
    plane = draw(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 30)))
    return sloping(
        list(zip(x + np.array(reach) * np.cos(angle), y + np.array(reach) * np.sin(angle), strict=True)), *plane
    ), plane


@settings(deadline=None, max_examples=60)
@given(st.lists(stars(), min_size=1, max_size=5), st.sampled_from([0.5, 1.0, 1.7]))
def test_each_cell_has_the_highest_roof_over_its_centre(
    made: list[tuple[NDArray[np.float64], tuple[float, float, float]]], cell: float
) -> None:
    grid = Grid(int(40 / cell), int(40 / cell), cell, 0.0, 0.0, ZONE)
    z, owner = lay_roofs(RoofPolygons.of(roofs_of([[ring] for ring, _ in made])), grid)
    row, col = np.indices(grid.shape)
    x, y = grid.centre(row.ravel(), col.ravel())
    wanted = np.full(x.shape, -np.inf)
    near = np.zeros(x.shape, np.bool_)
    for ring, (a, b, c) in made:
        shape = shapely.Polygon(ring[:, :2])
        height = np.clip(a * x + b * y + c, ring[:, 2].min(), ring[:, 2].max())
        wanted = np.where(shapely.contains_xy(shape, x, y), np.maximum(wanted, height), wanted)
        near |= shapely.distance(shape.exterior, shapely.points(x, y)) < 1e-6
    found = np.where(np.isfinite(z), z, -np.inf).ravel()
    sure = ~near
    assert (np.isfinite(found) == np.isfinite(wanted))[sure].all()
    there = sure & np.isfinite(wanted)
    assert np.allclose(found[there], wanted[there], atol=2e-3)
    assert ((owner.ravel() >= 0) == np.isfinite(found)).all()


def test_courtyards_are_open_and_neighbours_leave_no_seam() -> None:
    outer, yard = [(0.0, 0.0), (20, 0), (20, -20), (0, -20)], [(5.0, -5.0), (15, -5), (15, -15), (5, -15)]
    ring = [sloping(outer, 0, 0, 8.0), sloping(yard, 0, 0, 8.0)]
    beside = [sloping([(20, 0), (30, 0), (30, -20), (20, -20)], 0, 0, 5.0)]
    z, owner = lay_roofs(RoofPolygons.of(roofs_of([ring, beside])), Grid(20, 30, 1.0, 0.0, 0.0, ZONE))
    assert np.isnan(z[5:15, 5:15]).all()
    assert np.isfinite(z).sum() == 20 * 30 - 100
    assert (owner[:, :20][np.isfinite(z[:, :20])] == 0).all()
    assert (z[:, 20:] == 5.0).all()


def test_a_wall_is_no_roof_and_a_warped_roof_stays_within_its_corners() -> None:
    wall = np.array([[3.0, -3.0, 0.0], [9.0, -3.0, 0.0], [9.0, -3.0, 50.0], [3.0, -3.0, 50.0]])
    warped = np.array([[0.0, 0.0, 5.0], [10, 0, 5.0], [10, -10, 5.0], [0, -10, 9.0]])
    z, _ = lay_roofs(RoofPolygons.of(roofs_of([[wall], [warped]])), Grid(12, 12, 1.0, 0.0, 0.0, ZONE))
    there = np.isfinite(z)
    assert there.sum() == 100
    assert z[there].min() >= 5.0
    assert z[there].max() <= 9.0


def test_strips_are_the_whole(tmp_path: object) -> None:
    rng = np.random.default_rng(3)
    polygons = []
    for _ in range(40):
        x, y, w, h = rng.uniform(0, 90), rng.uniform(-90, 0), *rng.uniform(3, 30, 2)
        polygons.append([sloping([(x, y), (x + w, y), (x + w, y - h), (x, y - h)], *rng.uniform(-0.5, 0.5, 2), 20)])
    roofs = RoofPolygons.of(roofs_of(polygons))
    grid = Grid(200, 200, 0.5, 0.0, 0.0, ZONE)
    whole, owner = lay_roofs(roofs, grid)
    parts = [lay_roofs(roofs, strip) for _, strip in strips(grid, 37)]
    assert np.array_equal(np.vstack([z for z, _ in parts]), whole, equal_nan=True)
    assert np.array_equal(np.vstack([ids for _, ids in parts]), owner)


def test_the_ground_is_straight_between_floors() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 400, 60), rng.uniform(-400, 0, 60)
    shapes = shapely.box(x, y, x + 4, y + 4)
    frame = gpd.GeoDataFrame({"ground_m": 10 + 0.03 * (x + 2) - 0.02 * (y + 2)}, geometry=shapes, crs=ZONE)
    frame.loc[5, "ground_m"] = np.nan
    grid = Grid(400, 400, 1.0, 0.0, 0.0, ZONE)
    z = ground_between(frame, grid)(grid)
    row, col = np.indices(grid.shape)
    cx, cy = grid.centre(row.ravel(), col.ravel())
    plane = (10 + 0.03 * cx - 0.02 * cy).reshape(grid.shape)
    inside = shapely.contains_xy(shapely.MultiPoint(np.column_stack([x + 2, y + 2])).convex_hull.buffer(-20), cx, cy)
    assert np.abs(z - plane).ravel()[inside].max() < 0.02
    assert np.isfinite(z).all()
    assert z.min() >= frame["ground_m"].min() - 1e-4
    assert z.max() <= frame["ground_m"].max() + 1e-4
    # A part of it is the same heights.
    part = Grid(50, 60, 1.0, 100.0, -200.0, ZONE)
    assert np.allclose(ground_between(frame, grid)(part), z[200:250, 100:160], atol=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_a_few_buildings_give_a_ground_too(count: int) -> None:
    shapes = [shapely.box(10 * k, -10, 10 * k + 5, -5) for k in range(count)]
    frame = gpd.GeoDataFrame({"ground_m": [7.0] * count}, geometry=shapes, crs=ZONE)
    grid = Grid(20, 40, 1.0, 0.0, 0.0, ZONE)
    assert (ground_between(frame, grid)(grid) == 7.0).all()


def test_what_is_measured_goes_before_the_model() -> None:
    roof = RoofPolygons.of(
        roofs_of([[sloping([(10, -10), (20, -10), (20, -20), (10, -20)], 0, 0, 9.0)], [sloping([(30, -10), (40, -10), (40, -20), (30, -20)], 0, 0, 9.0)]])
    )  # fmt: skip
    grid = Grid(30, 50, 1.0, 0.0, 0.0, ZONE)
    rows: list[NDArray[np.float32]] = []

    def measured(part: Grid) -> NDArray[np.float32]:
        z = np.full(part.shape, np.nan, np.float32)
        z[:, :25] = 3.5
        return z

    own, seen = model_surface(
        roof, grid, lambda part: np.full(part.shape, 2.0, np.float32), lambda _top, z: rows.append(z), measured=measured
    )
    z = np.vstack(rows)
    assert (z[:, :25] == 3.5).all()
    assert (z[10:20, 30:40] == 9.0).all()
    assert z[0, 45] == 2.0
    assert (own.tolist(), seen.tolist()) == ([0, 100], [100, 0])


def test_a_roof_under_the_ground_is_not_seen() -> None:
    roof = RoofPolygons.of(roofs_of([[sloping([(0, 0), (5, 0), (5, -5), (0, -5)], 0, 0, -3.0)]]))
    rows: list[NDArray[np.float32]] = []
    grid = Grid(5, 5, 1.0, 0.0, 0.0, ZONE)
    model_surface(roof, grid, lambda part: np.full(part.shape, 4.0, np.float32), lambda _top, z: rows.append(z))
    assert (np.vstack(rows) == 4.0).all()


def test_neighbouring_areas_have_the_same_cells() -> None:
    a = grid_around((-101.3, 20.2, -3.7, 80.9), 0.5, ZONE, 10)
    b = grid_around((-3.7, 20.2, 90.0, 80.9), 0.5, ZONE, 3)
    assert ((a.west - b.west) / 0.5) % 1 == 0
    assert ((a.north - b.north) / 0.5) % 1 == 0
    assert a.west <= -111.3
    assert a.east >= 6.3
    assert a.shape == (round((a.north - a.south) / 0.5), round((a.east - a.west) / 0.5))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_between_centres_as_scipy_tells_it(rows: int, cols: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.uniform(-5, 60, (rows, cols)).astype(np.float32)
    row, col = rng.uniform(-2, rows + 1, 9), rng.uniform(-2, cols + 1, 7)
    at = np.meshgrid(row, col, indexing="ij")
    np.testing.assert_allclose(bilinear(z, row, col), map_coordinates(z, at, order=1, mode="nearest"), atol=1e-4)
