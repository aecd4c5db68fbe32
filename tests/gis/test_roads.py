"""Roads: read from any CRS, cut to the place; points along them with the ways of driving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from gis.errors import CrsMissing, UnreadableFile
from gis.roads import outside, read_roads, road_points, without_vehicles

if TYPE_CHECKING:
    from pathlib import Path

ZONE = CRS.from_epsg(6677)
BOX = (-20000.0, -40000.0, -19000.0, -39000.0)


def layer(*shapes: shapely.Geometry, names: list[str | None] | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": names or [f"R{k}" for k in range(len(shapes))]}, geometry=list(shapes), crs=ZONE)


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(-20000 + x, -40000 + y) for x, y in points])


@pytest.mark.parametrize(("suffix", "epsg"), [(".gpkg", 6677), (".geojson", 4326), (".shp", 6668)])
def test_what_is_near_is_read_and_cut(tmp_path: Path, suffix: str, epsg: int) -> None:
    far = line((5000.0, 0.0), (6000.0, 0.0))
    through = line((500.0, -500.0), (500.0, 1500.0))
    area = shapely.box(-19900, -39900, -19880, -39500)
    path = tmp_path / f"道路 網{suffix}"
    frame = layer(through, far, area) if suffix != ".shp" else layer(through, far)
    frame.to_crs(epsg).to_file(path)
    found = read_roads(path, ZONE, BOX)
    assert found["name"].tolist() == (["R0", "R2"] if suffix != ".shp" else ["R0"])
    assert found.geometry[0].length == pytest.approx(1000.0, abs=0.05)
    assert found.crs == ZONE


@pytest.mark.filterwarnings("ignore:.crs. was not provided:UserWarning")
def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"roads\.missing"):
        read_roads(tmp_path / "no.gpkg", ZONE, BOX)
    (tmp_path / "x.gpkg").write_bytes(b"\x00" * 300)
    with pytest.raises(UnreadableFile):
        read_roads(tmp_path / "x.gpkg", ZONE, BOX)
    layer(shapely.Point(-19500, -39500)).to_file(tmp_path / "points.gpkg")
    with pytest.raises(UnreadableFile, match=r"roads\.no_lines"):
        read_roads(tmp_path / "points.gpkg", ZONE, BOX)
    layer(line((0, 0), (9, 9))).set_crs(None, allow_override=True).to_file(tmp_path / "bare.shp")
    with pytest.raises(CrsMissing, match=r"roads\.no_crs"):
        read_roads(tmp_path / "bare.shp", ZONE, BOX)
    assert len(read_roads(tmp_path / "bare.shp", ZONE, BOX, crs="EPSG:6677")) == 1
    layer(line((5000, 0), (6000, 0))).to_file(tmp_path / "far.gpkg")
    assert len(read_roads(tmp_path / "far.gpkg", ZONE, BOX)) == 0


@given(st.floats(0.5, 300.0), st.floats(0.0, 360.0), st.floats(1.0, 40.0))
def test_a_straight_road_is_driven_both_ways(length: float, turn: float, spacing: float) -> None:
    way = np.array([np.sin(np.radians(turn)), np.cos(np.radians(turn))])
    road = shapely.LineString([(0, 0), length * way])
    points, ways, index = road_points(np.array([road]), spacing)
    half = len(points) // 2
    assert half == np.ceil(road.length / spacing)
    assert (index == 0).all()
    np.testing.assert_allclose(points[:half], points[half:])
    np.testing.assert_allclose(ways[:half], np.broadcast_to(way, (half, 2)), atol=1e-6)
    np.testing.assert_allclose(ways[half:], -ways[:half], atol=1e-12)
    along = points[:half] @ way
    assert (np.diff(along) <= spacing + 1e-9).all()
    assert along[0] == pytest.approx(length - along[-1])


def test_curves_areas_and_collections() -> None:
    bend = shapely.LineString([(0, 0), (10, 0), (10, 10)])
    both = shapely.MultiLineString([[(0, 0), (4, 0)], [(0, 9), (4, 9)]])
    points, ways, index = road_points(np.array([bend, shapely.box(0, 0, 6, 100), both]), 5.0)
    assert np.bincount(index).tolist() == [8, 43, 4]
    assert np.isnan(ways[index == 1]).all()
    np.testing.assert_allclose(np.linalg.norm(ways[index != 1], axis=1), 1.0)
    np.testing.assert_allclose(ways[index == 0][:4], [[1, 0], [1, 0], [0, 1], [0, 1]], atol=1e-9)
    assert shapely.distance(shapely.box(0, 0, 6, 100).exterior, shapely.points(points[index == 1])).max() < 1e-9


def test_points_in_buildings_are_not_outside() -> None:
    houses = gpd.GeoDataFrame(geometry=[shapely.box(10, 0, 20, 10), shapely.box(15, 5, 30, 10)], crs=ZONE)
    points = np.array([[5.0, 5.0], [12.0, 5.0], [17.0, 7.0], [25.0, 2.0], [29.0, 9.0], [31.0, 9.0]])
    assert outside(points, houses).tolist() == [True, False, False, True, False, True]
    assert outside(points, houses.iloc[:0]).all()
    assert outside(np.zeros((0, 2)), houses).shape == (0,)


@pytest.mark.parametrize("cell", [0.5, 1.0, 2.0])
def test_a_car_does_not_lift_the_road_and_a_slope_little(cell: float) -> None:
    n = round(60 / cell)
    slope = np.broadcast_to(0.05 * cell * np.arange(n, dtype=np.float32), (n, n)).copy()
    z = slope.copy()
    car = slice(round(20 / cell), round(20 / cell) + max(1, round(2 / cell)))
    z[car, car] += 1.6
    z[round(40 / cell), :] = np.nan
    found = without_vehicles(z, cell)
    assert found.dtype == np.float32
    # The lowest within reach lies that much downhill, and nothing of the car is left.
    assert (np.abs(found - slope) <= 0.05 * (2.5 + cell) + 1e-5).all()
    assert np.isnan(without_vehicles(np.full((9, 9), np.nan, np.float32), cell)).all()
