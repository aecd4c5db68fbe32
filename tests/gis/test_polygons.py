"""Outlines of planes, against GDAL's polygons of a raster and GEOS' simplified coverages."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS
from rasterio.features import shapes

from gis.grid import Grid
from gis.roofs_polygons import _arcs, _joined, _polygons, _traced, plane_polygons

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLANES = 5
NO_LABELS = np.zeros((4, 5), np.int32)

sides = st.tuples(st.integers(1, 12), st.integers(1, 12))
rasters = st.integers(1, PLANES).flatmap(lambda most: arrays(np.int32, sides, elements=st.integers(0, most)))
groups = arrays(np.int32, PLANES, elements=st.integers(0, 3))


def grid_of(labels: NDArray[np.int32], cell: float = 1.0) -> Grid:
    return Grid(labels.shape[0], labels.shape[1], cell, 0.0, 0.0, CRS.from_epsg(6677))


def unsmoothed(
    labels: NDArray[np.int32], group: NDArray[np.int32] | None = None, wanted: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Planes and their outlines along the cells' sides, with all vertices the smoothing sees."""
    grid = grid_of(labels)
    rings = _traced(labels, wanted, group, (0, grid.rows, 0, grid.cols))
    arcs = _arcs(rings, grid.cols + 1)
    return _polygons(rings, *_joined(rings, arcs, np.ones(len(rings.x), dtype=bool)), grid)


def by_gdal(labels: NDArray[np.int32]) -> dict[int, shapely.MultiPolygon]:
    found: dict[int, list[shapely.Geometry]] = {}
    for shape, value in shapes(labels, labels > 0, connectivity=4, transform=grid_of(labels).transform):
        found.setdefault(int(value), []).append(shapely.geometry.shape(shape))
    return {value: shapely.MultiPolygon(parts) for value, parts in sorted(found.items())}


def picture(*rows: str) -> NDArray[np.int32]:
    return np.array([[int(c) if c.isdigit() else 0 for c in row] for row in rows], np.int32)


def rings_of(outline: shapely.Geometry) -> list[int]:
    """Holes of each part."""
    return [len(part.interiors) for part in shapely.get_parts(outline)]


PICTURES = {
    "hole": (picture("111", "1.1", "111"), [1]),
    "hole in a corner's reach": (picture("1111", "1.11", "11.1", "1111"), [2]),
    "hole that touches the outside at a corner": (picture("111.", "1.11", "11.1", ".111"), [2]),
    "two parts that touch at a corner": (picture("1.", ".1"), [0, 0]),
    "two parts that touch at two corners": (picture(".11.", "1..1", "1..1", ".11."), [0, 0, 0, 0]),
    "island in a hole": (picture("11111", "1...1", "1.1.1", "1...1", "11111"), [1, 0]),
    "spiral": (picture("11111", "....1", "111.1", "1...1", "11111"), [0]),
    "all of the raster": (picture("11", "11"), [0]),
    "one cell": (picture("1"), [0]),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name: str) -> None:
    labels, holes = PICTURES[name]
    _, (outline,) = unsmoothed(labels)
    assert outline.is_valid
    assert outline.area == np.count_nonzero(labels)
    assert rings_of(outline) == holes
    assert outline.equals(by_gdal(labels)[1])
    assert plane_polygons(labels, grid_of(labels)).geometry.is_valid.all()


@given(rasters)
@settings(max_examples=300, deadline=None)
def test_rings_are_those_of_gdal(labels: NDArray[np.int32]) -> None:
    planes, outlines = unsmoothed(labels)
    expected = by_gdal(labels)
    assert planes.tolist() == list(expected)
    assert shapely.is_valid(outlines).all()
    assert shapely.area(outlines).tolist() == [np.count_nonzero(labels == plane) for plane in planes]
    for outline, other in zip(outlines, expected.values(), strict=True):
        assert sorted(rings_of(outline)) == sorted(rings_of(other))
        assert outline.symmetric_difference(other).area == 0.0
        shells = [shapely.Polygon(part.exterior) for part in shapely.get_parts(outline)]
        assert shapely.is_ccw([shell.exterior for shell in shells]).all()


@given(rasters, groups)
@settings(max_examples=300, deadline=None)
def test_smoothed_as_geos_smooths_a_coverage(labels: NDArray[np.int32], group: NDArray[np.int32]) -> None:
    planes, outlines = unsmoothed(labels, group)
    found = plane_polygons(labels, grid_of(labels), group=group)
    assert found["plane"].tolist() == planes.tolist()
    assert found.geometry.is_valid.all()
    for number in np.unique(group[planes - 1]):
        of_group = group[planes - 1] == number
        assert shapely.coverage_is_valid(outlines[of_group])
        expected = shapely.coverage_simplify(outlines[of_group], 0.75)
        smooth = found.geometry.to_numpy()[of_group]
        assert shapely.coverage_is_valid(smooth)
        assert shapely.equals_exact(shapely.normalize(smooth), shapely.normalize(expected)).all()


@given(rasters, groups, st.data())
@settings(max_examples=200, deadline=None)
def test_a_group_does_not_depend_on_others(
    labels: NDArray[np.int32], group: NDArray[np.int32], data: st.DataObject
) -> None:
    grid = grid_of(labels, 0.3)
    found = plane_polygons(labels, grid, group=group).set_index("plane").geometry
    number = data.draw(st.sampled_from(group.tolist()))
    members = np.flatnonzero(group == number) + 1
    alone = np.where(np.isin(labels, members), labels, 0).astype(np.int32)
    rows, cols = np.nonzero(alone)
    box = (int(rows.min()), int(rows.max()) + 1, int(cols.min()), int(cols.max()) + 1) if len(rows) else (0, 1, 0, 1)
    for other in (
        plane_polygons(labels, grid, members, group=group),
        plane_polygons(labels, grid, members, group=group, window=box),
        plane_polygons(alone, grid),
        plane_polygons(alone, grid, members, window=box),
    ):
        assert other["plane"].tolist() == [plane for plane in members if (labels == plane).any()]
        assert shapely.equals_identical(other.geometry.to_numpy(), found[other["plane"]].to_numpy()).all()


def test_a_group_does_not_depend_on_its_place() -> None:
    rng = np.random.default_rng(3)
    house = np.kron(rng.integers(0, 4, (5, 6)), np.ones((2, 2))).astype(np.int32)
    house[rng.random(house.shape) < 0.1] = 0
    down, across = house.shape
    town = np.zeros((3 * down, 4 * across), np.int32)
    for k in range(12):
        i, j = k // 4 * down, k % 4 * across
        town[i : i + down, j : j + across] = np.where(house > 0, house + 3 * k, 0)
    found = plane_polygons(town, grid_of(town), group=np.repeat(np.arange(12, dtype=np.int32), 3)).geometry.to_numpy()
    first = found[:3]
    for k in range(12):
        moved = shapely.transform(
            found[3 * k : 3 * k + 3], lambda xy, k=k: xy + np.array([-(k % 4) * across, k // 4 * down])
        )
        assert shapely.equals_identical(moved, first).all()


@given(rasters, st.data())
@settings(max_examples=100, deadline=None)
def test_a_window_cuts_what_lies_beyond(labels: NDArray[np.int32], data: st.DataObject) -> None:
    top, bottom = sorted(data.draw(st.tuples(*[st.integers(0, labels.shape[0])] * 2)))
    left, right = sorted(data.draw(st.tuples(*[st.integers(0, labels.shape[1])] * 2)))
    inside = np.zeros_like(labels)
    inside[top:bottom, left:right] = labels[top:bottom, left:right]
    grid = grid_of(labels)
    cut, whole = plane_polygons(labels, grid, window=(top, bottom, left, right)), plane_polygons(inside, grid)
    assert cut["plane"].tolist() == whole["plane"].tolist()
    assert shapely.equals_identical(cut.geometry.to_numpy(), whole.geometry.to_numpy()).all()


def test_wanted_planes_that_are_not_there() -> None:
    labels = picture("11.33")
    found = plane_polygons(labels, grid_of(labels), np.array([0, 2, 3, 99]))
    assert found["plane"].tolist() == [3]
    assert found.geometry.iloc[0].equals(shapely.box(3, -1, 5, 0))
    assert plane_polygons(NO_LABELS, grid_of(NO_LABELS)).empty
    assert plane_polygons(labels, grid_of(labels), np.array([], np.int64)).empty


def test_three_planes_at_a_point_share_a_vertex() -> None:
    labels = picture("112222", "112222", "333333", "333333")
    *_, south = plane_polygons(labels, grid_of(labels)).geometry
    assert (2.0, -2.0) in south.geoms[0].exterior.coords


def test_smooth_outlines_stay_near_the_cells() -> None:
    i, j = np.mgrid[:40, :40]
    roof = (abs(i - 20) * 0.8 + abs(j - 20) * 0.6 < 14).astype(np.int32) * (1 + (i * 0.9 > j).astype(np.int32))
    _, outlines = unsmoothed(roof)
    smooth = plane_polygons(roof, grid_of(roof)).geometry.to_numpy()
    assert shapely.hausdorff_distance(shapely.boundary(smooth), shapely.boundary(outlines)).max() <= 1.0
    assert shapely.area(smooth) == pytest.approx(shapely.area(outlines), rel=0.01)
    assert (shapely.get_num_coordinates(smooth) < 0.7 * shapely.get_num_coordinates(outlines)).all()
    assert shapely.union_all(smooth).area == pytest.approx(shapely.area(smooth).sum(), rel=1e-12)
    for a, b in pairwise(smooth):
        assert a.intersection(b).area == pytest.approx(0.0, abs=1e-12)
