"""Surveys by tiles: the same as in one piece, whatever the tiles."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from gis.far import far_field
from gis.grid import Grid
from gis.progress import Cancelled
from gis.roofs import RoofSettings
from gis.sky import SkyTable
from gis.survey import SurveySettings
from gis.survey_tables import MONTH_COLUMNS
from gis.tiles import (
    Assembled,
    TiledWork,
    TileResult,
    Tiling,
    assemble,
    convergence_at,
    survey_tile,
    survey_tiles,
    tiles_of,
)
from gis.usable import UsableRules
from tests.support.skies import tokyo_sky
from tests.support.towns import NORTH, WEST, ZONE_9

SIZE = 520
SETTINGS = SurveySettings(
    RoofSettings(min_plane_m2=10, obstacle_height_m=0.3),
    UsableRules(
        max_tilt=60, flat_tilt=3, north_halfwidth=15, setback_m=1, step_m=0.3, obstacle_clearance_m=0.5,
        min_irradiation_share=0.7, min_area_m2=10, min_width_m=2,
    ),
)  # fmt: skip
ONE = Tiling(tile_m=1e6)


def town(seed: int = 1) -> tuple[Grid, NDArray[np.float32], gpd.GeoDataFrame]:
    """Turned flat houses and a few towers on a slope, with centimetres of noise, one metre a cell."""
    rng = np.random.default_rng(seed)
    grid = Grid(SIZE, SIZE, 1.0, WEST, NORTH, ZONE_9)
    rows, cols = np.mgrid[0:SIZE, 0:SIZE]
    z = (10 + 0.02 * cols + rng.normal(0, 0.02, (SIZE, SIZE))).astype(np.float32)
    x, y = grid.centre(rows, cols)
    shapes: list[shapely.Polygon] = []
    for k in range(230):
        middle = rng.uniform(12, SIZE - 12, 2)
        width, depth = rng.uniform(8, 16, 2) if k > 8 else rng.uniform(12, 22, 2)
        box = shapely.box(-width / 2, -depth / 2, width / 2, depth / 2)
        turned = shapely.affinity.rotate(box, rng.uniform(0, 90))
        shape = shapely.affinity.translate(turned, WEST + middle[0], NORTH - middle[1])
        if any(shape.distance(other) < 2.0 for other in shapes):
            continue
        shapes.append(shape)
        inside = shapely.contains_xy(shape, x, y)
        z[inside] = z[inside].mean() + (rng.uniform(4, 9) if k > 8 else rng.uniform(25, 60))
    names = [f"B{k:03d}" for k in range(len(shapes))]
    return grid, z, gpd.GeoDataFrame({"building_id": names}, geometry=shapes, crs=ZONE_9)


@pytest.fixture(scope="module")
def place() -> tuple[Grid, NDArray[np.float32], gpd.GeoDataFrame, SkyTable]:
    return (*town(), tokyo_sky())


def by_tiles(
    place: tuple[Grid, NDArray[np.float32], gpd.GeoDataFrame, SkyTable], tiling: Tiling, **more: object
) -> tuple[Assembled, list[TileResult]]:
    grid, z, outlines, sky = place
    far = far_field(lambda top, bottom: z[top:bottom], grid.shape, grid.cell, tiling.near(grid.cell))
    work = replace(TiledWork(grid, outlines, sky, SETTINGS, tiling, cuts=True), **more)
    tiles = tiles_of(grid, outlines, tiling)
    results = list(survey_tiles(lambda a, b, c, d: z[a:b, c:d].copy(), tiles, work, far))
    return assemble(outlines, results), results


def raster(results: list[TileResult], grid: Grid) -> NDArray[np.float32]:
    out = np.full(grid.shape, np.nan, np.float32)
    for result in results:
        cut = result.cut
        assert cut is not None
        there = out[cut.top : cut.top + cut.plane.shape[0], cut.left : cut.left + cut.plane.shape[1]]
        mine = cut.plane > 0
        assert np.isnan(there[mine]).all()  # no cell is surveyed twice
        there[mine] = cut.irradiation[mine]
    return out


@pytest.mark.parametrize("tile_m", [90.0, 200.0, 331.0])
def test_no_seam_shows_in_the_irradiation(
    place: tuple[Grid, NDArray[np.float32], gpd.GeoDataFrame, SkyTable], tile_m: float
) -> None:
    one, whole = by_tiles(place, ONE)
    many, tiles = by_tiles(place, Tiling(tile_m=tile_m, near_m=128.0))
    assert len(whole) == 1
    assert len(tiles) > 3
    a, b = raster(whole, place[0]), raster(tiles, place[0])
    np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
    off = np.abs(b / a - 1.0)[np.isfinite(a)]
    assert (off > 0.001).mean() < 0.01
    assert off.max() < 0.005
    # The planes are the same planes, under the same numbers.
    for column in ("plane_id", "building_id", "cells", "height_m", "area_m2"):
        np.testing.assert_array_equal(many.planes[column], one.planes[column])
    assert shapely.equals_exact(many.planes.geometry.to_numpy(), one.planes.geometry.to_numpy(), 1e-6).all()
    assert (many.buildings["status"] == one.buildings["status"]).all()
    assert (np.abs(many.sunlit - one.sunlit) > 0.05).mean() < 0.001
    assert np.abs(many.sunlit - one.sunlit).mean() < 1e-4


def test_months_add_up_to_the_year(place: tuple[Grid, NDArray[np.float32], gpd.GeoDataFrame, SkyTable]) -> None:
    planes = by_tiles(place, Tiling(tile_m=200.0))[0].planes
    months = planes[list(MONTH_COLUMNS)]
    np.testing.assert_allclose(months.sum(axis=1), planes["irradiation_kwh_m2"], rtol=1e-9)
    # A clear sky of the north's summer: June gives more than twice what December does on a flat roof.
    assert (months["irradiation_m06"] > 1.5 * months["irradiation_m12"]).all()


def test_a_few_roofs_alone_get_what_they_get_among_all(
    place: tuple[Grid, NDArray[np.float32], gpd.GeoDataFrame, SkyTable],
) -> None:
    grid, z, outlines, sky = place
    all_of_them = by_tiles(place, ONE)[0].planes.set_index("plane_id")
    tiling = Tiling(tile_m=250.0, near_m=96.0)
    far = far_field(lambda top, bottom: z[top:bottom], grid.shape, grid.cell, tiling.near(grid.cell))
    wanted = np.zeros(len(outlines), dtype=bool)
    wanted[[3, 40, 41, 100]] = True
    work = TiledWork(grid, outlines, sky, SETTINGS, tiling, near_only=True)
    tiles = tiles_of(grid, outlines, tiling, wanted)
    results = [survey_tile(lambda a, b, c, d: z[a:b, c:d].copy(), tile, work, far) for tile in tiles]
    found = assemble(outlines, results)
    assert set(found.planes["building_id"]) == set(outlines["building_id"][wanted])
    same = all_of_them[all_of_them["building_id"].isin(found.planes["building_id"])]
    np.testing.assert_allclose(found.planes["irradiation_kwh_m2"], same["irradiation_kwh_m2"], rtol=0.002)


def test_each_outline_on_the_raster_belongs_to_one_tile() -> None:
    grid, _, outlines = town(2)
    far_away = shapely.box(WEST - 500, NORTH - 50, WEST - 480, NORTH - 30)
    over_the_edge = shapely.box(WEST - 8, NORTH - 50, WEST + 4, NORTH - 40)
    more = gpd.GeoDataFrame({"building_id": ["X", "Y"]}, geometry=[far_away, over_the_edge], crs=ZONE_9)
    every = gpd.GeoDataFrame(np.vstack([outlines, more]), columns=outlines.columns, geometry="geometry", crs=ZONE_9)
    tiles = tiles_of(grid, every, Tiling(tile_m=130.0))
    own = np.concatenate([tile.own for tile in tiles])
    assert len(np.unique(own)) == len(own) == len(outlines) + 1
    for tile in tiles:
        assert 0 <= tile.top < tile.bottom <= SIZE
        assert 0 <= tile.left < tile.right <= SIZE
        assert not np.isin(tile.own, tile.ring).any()


def test_cancel_is_heard(place: tuple[Grid, NDArray[np.float32], gpd.GeoDataFrame, SkyTable]) -> None:
    grid, z, outlines, sky = place
    tiling = Tiling(tile_m=200.0)
    far = far_field(lambda top, bottom: z[top:bottom], grid.shape, grid.cell, tiling.near(grid.cell))
    work = TiledWork(grid, outlines, sky, SETTINGS, tiling)
    shares: list[float] = []

    def stop(share: float, what: str) -> None:
        shares.append(share)
        if what == "horizon" and share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(survey_tiles(lambda a, b, c, d: z[a:b, c:d].copy(), tiles_of(grid, outlines, tiling), work, far, stop))
    assert shares == sorted(shares)
    assert 0.3 < shares[-1] < 0.5


def test_convergence_is_one_for_a_city_and_each_tiles_own_for_a_prefecture() -> None:
    city = Grid(12_000, 12_000, 1.0, -25_000.0, -40_000.0, ZONE_9)
    prefecture = Grid(10_000, 10_000, 10.0, -90_000.0, -20_000.0, ZONE_9)
    one = gpd.GeoDataFrame(
        {"building_id": ["A"]}, geometry=[shapely.box(-24_900, -40_200, -24_880, -40_180)], crs=ZONE_9
    )
    (tile,) = tiles_of(city, one, Tiling())
    other = replace(tile, left=11_000, right=12_000)
    assert convergence_at(city, tile) == convergence_at(city, other)
    assert (
        abs(convergence_at(prefecture, tile) - convergence_at(prefecture, replace(tile, left=9_000, right=10_000)))
        > 0.4
    )
