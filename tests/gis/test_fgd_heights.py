"""Terrain on a metric grid, against formulas, a plain reading of the rule, SciPy and GDAL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS, Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject
from scipy.ndimage import map_coordinates

from gis.fgd_dem import KINDS, DemTile, dem_on, read_dem_tiles
from gis.fgd_heights import _between
from gis.grid import Grid
from gis.progress import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Surface = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]

ZONE = CRS.from_epsg(6677)
WEST, NORTH = 139.7, 35.55


def tile(z: NDArray[np.float32], row: int = 0, col: int = 0, *, kind: str = "5A", crs: int = 6668) -> DemTile:
    """Cell (0, 0) of the tile is that many cells south and east of the place."""
    step = KINDS[kind] / 3600
    return DemTile(z, WEST + col * step, NORTH - row * step, step, step, crs, kind, f"{kind} {row} {col}")


def made(surface: Surface, shape: tuple[int, int], row: int = 0, col: int = 0, kind: str = "5A") -> DemTile:
    bare = tile(np.zeros(shape, np.float32), row, col, kind=kind)
    lon = bare.west + (np.arange(shape[1]) + 0.5) * bare.step_lon
    lat = bare.north - (np.arange(shape[0]) + 0.5) * bare.step_lat
    return replace(bare, z=surface(lon[None, :], lat[:, None]).astype(np.float32))


def grid_at(lon: float, lat: float, rows: int, cols: int, cell: float) -> Grid:
    """A grid around a place."""
    x, y = Transformer.from_crs(6668, ZONE, always_xy=True).transform(lon, lat)
    return Grid(rows, cols, cell, round(x) - cols * cell / 2, round(y) + rows * cell / 2, ZONE)


def lonlat(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    row, col = np.indices(grid.shape)
    lon, lat = Transformer.from_crs(ZONE, 6668, always_xy=True).transform(*grid.centre(row, col))
    return np.asarray(lon), np.asarray(lat)


def plane(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    return 40 + 9000 * (lon - WEST) - 7000 * (lat - NORTH)


def hills(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    return 50 + 12 * np.sin((lon - WEST) * 900) + 9 * np.cos((lat - NORTH) * 1100 + (lon - WEST) * 500)


def four(surface: Surface) -> list[DemTile]:
    """Four tiles of 60 × 90 cells that meet in a point."""
    return [made(surface, (60, 90), row, col) for row in (0, 60) for col in (0, 90)]


def middle(kind: str = "5A") -> tuple[float, float]:
    return WEST + 90 * KINDS[kind] / 3600, NORTH - 60 * KINDS[kind] / 3600


@pytest.mark.parametrize("cell", [0.5, 1.0, 7.0])
def test_a_plane_is_a_plane_over_all_seams(cell: float) -> None:
    grid = grid_at(*middle(), round(400 / cell), round(500 / cell), cell)
    found = dem_on(four(plane), grid)
    assert found.dtype == np.float32
    assert found.shape == grid.shape
    # No gap where tiles meet, and no step.
    np.testing.assert_allclose(found, plane(*lonlat(grid)), atol=2e-3)


def test_four_tiles_are_one() -> None:
    grid = grid_at(*middle(), 200, 300, 3.0)
    one = made(hills, (120, 180))
    parts = [tile(one.z[row : row + 60, col : col + 90], row, col) for row in (60, 0) for col in (0, 90)]
    np.testing.assert_array_equal(dem_on(parts, grid), dem_on([one], grid))


def test_against_gdal() -> None:
    grid = grid_at(*middle(), 300, 400, 1.0)
    whole = made(hills, (120, 180))
    expected = np.full(grid.shape, np.nan, np.float32)
    reproject(
        whole.z, expected, src_transform=Affine(whole.step_lon, 0, whole.west, 0, -whole.step_lat, whole.north), src_crs="EPSG:6668",
        dst_transform=grid.transform, dst_crs="EPSG:6677", resampling=Resampling.bilinear, dst_nodata=np.nan, src_nodata=np.nan, tolerance=0.0,
    )  # fmt: skip
    assert not np.isnan(expected).any()
    np.testing.assert_allclose(dem_on(four(hills), grid), expected, atol=0.02)
    np.testing.assert_allclose(dem_on(four(hills), grid), hills(*lonlat(grid)), atol=0.02)


@pytest.mark.realdata
def test_real_terrain_against_scipy(realdata: Path) -> None:
    tiles, _ = read_dem_tiles([realdata / "gsi" / "FG-GML-5238-74-00-DEM5A-20161001.xml"])
    real = tiles[0]
    zone = CRS.from_epsg(6676)
    x, y = Transformer.from_crs(6668, zone, always_xy=True).transform(138.506, 35.254)
    grid = Grid(500, 700, 1.0, round(x) - 350, round(y) + 250, zone)
    row, col = np.indices(grid.shape)
    lon, lat = Transformer.from_crs(zone, 6668, always_xy=True).transform(*grid.centre(row, col))
    places = [(real.north - lat) / real.step_lat - 0.5, (lon - real.west) / real.step_lon - 0.5]
    expected = map_coordinates(real.z.astype(float), places, order=1, cval=np.nan)
    found = dem_on(tiles, grid)
    # SciPy knows nothing where one of four is unknown.
    both = ~np.isnan(expected)
    assert both.mean() > 0.9
    np.testing.assert_allclose(found[both], expected[both], atol=0.02)
    assert np.isnan(found).sum() < np.isnan(expected).sum()


def plainly(z: NDArray[np.float32], down: float, across: float) -> float:
    """The rule for one place: down and across from the centre of cell (0, 0)."""
    row, col = int(np.floor(down)), int(np.floor(across))
    total = weight = 0.0
    best, near = -1.0, np.nan
    for r, c in ((row, col), (row, col + 1), (row + 1, col), (row + 1, col + 1)):
        inside = 0 <= r < z.shape[0] and 0 <= c < z.shape[1]
        value = float(z[r, c]) if inside else np.nan
        w = (1 - abs(down - r)) * (1 - abs(across - c))
        if w > best:
            best, near = w, value
        if not np.isnan(value):
            total, weight = total + w * value, weight + w
    return np.nan if np.isnan(near) else total / weight


heights = arrays(np.float32, (3, 4), elements=st.sampled_from([np.nan, 0.0, 1.0, 5.0, 100.0, -3.0]).map(np.float32))


@given(heights, st.lists(st.tuples(st.floats(-2, 5), st.floats(-2, 6)), min_size=1, max_size=20), st.booleans())
def test_the_rule_for_what_is_not_known(
    z: NDArray[np.float32], places: list[tuple[float, float]], parted: bool
) -> None:
    down, across = np.array(places).T
    # Where two cells are equally near, rounding decides.
    clear = (np.abs(down % 1 - 0.5) > 1e-6) & (np.abs(across % 1 - 0.5) > 1e-6)
    clear &= (np.minimum(down % 1, 1 - down % 1) > 1e-6) & (np.minimum(across % 1, 1 - across % 1) > 1e-6)
    tiles = [tile(z[:, :2], 0, 0), tile(z[:, 2:], 0, 2)] if parted else [tile(z)]
    step = tiles[0].step_lon
    found = _between(tiles, WEST + (across + 0.5) * step, NORTH - (down + 0.5) * step)
    expected = [plainly(z, *place) for place in places]
    np.testing.assert_allclose(found[clear], np.array(expected)[clear], rtol=1e-4, atol=1e-3)


def test_better_kinds_first_and_coarser_ones_in_their_gaps() -> None:
    kinds = list(KINDS)
    shapes = {"1A": (300, 300), "5A": (60, 60), "5B": (60, 60), "5C": (60, 60), "10A": (30, 30), "10B": (30, 30)}
    tiles = [tile(np.full(shapes[kind], k, np.float32), kind=kind) for k, kind in enumerate(kinds)]
    # One after the other, each is unknown in a strip further south.
    for k, each in enumerate(tiles):
        each.z[: each.z.shape[0] * (5 - k) // 6] = np.nan
    step = KINDS["5A"] / 3600
    grid = grid_at(WEST + 30 * step, NORTH - 30 * step, 300, 200, 1.0)
    lon, lat = lonlat(grid)
    for order in (tiles, tiles[::-1]):
        found = dem_on(order, grid)
        sixth = np.floor((NORTH - lat) / (10 * step))
        # Away from the edges of the strips.
        clear = np.abs((NORTH - lat) / (10 * step) % 1 - 0.5) < 0.4
        np.testing.assert_array_equal(found[clear], (5 - sixth)[clear])
    assert lon.min() > WEST


def test_newer_systems_first() -> None:
    old, new = tile(np.full((60, 90), 1, np.float32), crs=4612), tile(np.full((60, 45), 2, np.float32))
    grid = grid_at(WEST + 45 * new.step_lon, NORTH - 30 * new.step_lat, 100, 200, 1.0)
    found = dem_on([old, new], grid)
    assert (found[:, :90] == 2).all()
    assert (found[:, 110:] == 1).all()


def test_what_no_tile_knows() -> None:
    grid = grid_at(*middle(), 50, 60, 2.0)
    assert np.isnan(dem_on([], grid)).all()
    far = replace(tile(np.zeros((5, 5), np.float32)), west=130.0)
    assert np.isnan(dem_on([far], grid)).all()
    beyond = Grid(3, 3, 1.0, 1e30, 1e30, ZONE)
    assert np.isnan(dem_on(four(plane), beyond)).all()
    # Outside the outermost centres the nearest cell counts, and no further than its edge.
    lone = tile(np.full((1, 1), 7, np.float32))
    around = grid_at(WEST + lone.step_lon / 2, NORTH - lone.step_lat / 2, 200, 200, 0.1)
    lon, lat = lonlat(around)
    inside = (np.abs(lon - lone.west - lone.step_lon / 2) < lone.step_lon / 2) & (
        np.abs(lat - lone.north + lone.step_lat / 2) < lone.step_lat / 2
    )
    np.testing.assert_array_equal(dem_on([lone], around) == 7, inside)


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_blocks_make_no_difference(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = grid_at(*middle(), 20, 31, 20.0)
    tiles = [*four(hills), made(plane, (200, 300), -40, -40, kind="10B")]
    expected = dem_on(tiles, grid)
    monkeypatch.setattr("gis.fgd_heights._BLOCK", block)
    np.testing.assert_array_equal(dem_on(tiles, grid), expected)


def test_progress_and_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.fgd_heights._BLOCK", 100)
    grid = grid_at(*middle(), 50, 60, 2.0)
    shares: list[float] = []
    dem_on(four(plane), grid, lambda share, what: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 40

    def stop(share: float, what: str) -> None:
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        dem_on(four(plane), grid, stop)
