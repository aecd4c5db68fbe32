"""The background map lies where it should, whatever is there of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from gis.basemap import HOLE, Basemap, Drawn, Key, TileCache, draw_whole, tile_of
from gis.basemap_kernels import AS_IT_IS, DIMMED, INVERTED, lay
from gis.grid import Grid
from gis.progress import Cancelled
from gis.tile_image import decoded, packed
from gis.tile_source import TileDamaged, TileFacts, TileUnavailable
from tests.support.tiles import FINEST, SQUARE, black, checkerboard, plain

ZONE_9 = CRS.from_epsg(6677)
X, Y = -18000.0, -52000.0


class Board:
    """A source of the checkerboard; some tiles may be missing."""

    def __init__(
        self, low: int = 0, high: int = FINEST, side: int = 256, without: set[tuple[int, int, int]] | None = None
    ) -> None:
        self.facts = TileFacts("board", low, high)
        self.side, self.without = side, without or set()
        self.asked: list[tuple[int, int, int]] = []

    def read(self, z: int, x: int, y: int) -> bytes | None:
        self.asked.append((z, x, y))
        return None if (z, x, y) in self.without else checkerboard(z, x, y, self.side)

    def close(self) -> None:
        pass


def places(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each pixel's middle lies on the board [px of the finest zoom], pixel by pixel by pyproj."""
    move = Transformer.from_crs(grid.crs, 3857, always_xy=True)
    rows, cols = np.indices(grid.shape)
    east, north = move.transform(*grid.centre(rows.ravel(), cols.ravel()))
    whole = 256.0 * 2**FINEST
    x, y = np.asarray(east) / (2 * np.pi * 6378137.0) + 0.5, 0.5 - np.asarray(north) / (2 * np.pi * 6378137.0)
    return (x * whole).reshape(grid.shape), (y * whole).reshape(grid.shape)


def off(grid: Grid, drawn: Drawn, slack: float) -> NDArray[np.bool_]:
    """Pixels with the wrong colour, of those that lie more than ``slack`` from an edge of a square [px of the finest zoom]."""
    x, y = places(grid)
    from_edge = np.minimum(*(np.abs((at + SQUARE / 2) % SQUARE - SQUARE / 2) for at in (x, y)))
    wanted = np.where(black(x, y), 0xFF000000, 0xFFFFFFFF)
    clear = from_edge > slack
    assert clear.mean() > 0.3
    return clear & (drawn.pixels != wanted)


@pytest.mark.parametrize("zone", [6677, 6669, 6680, 32654])
@pytest.mark.parametrize(
    ("cell", "x", "y"), [(0.5, X, Y), (0.5, 60_000.0, 90_000.0), (0.11, X, Y), (0.9, -90_000.0, -30_000.0)]
)
def test_each_pixel_lies_within_half_a_pixel(zone: int, cell: float, x: float, y: float) -> None:
    east, north = (500_000.0, 3_900_000.0) if zone == 32654 else (0.0, 0.0)
    grid = Grid(170, 301, cell, x + east, y + north, CRS.from_epsg(zone))
    drawn = draw_whole(Board(), grid)
    assert drawn.missing == ()
    # A pixel of a tile is mixed with its neighbour up to half a pixel from an edge.
    metres = 2 * np.pi * 6378137.0 / 256 / 2**FINEST * 0.82
    shown = max(1.0, 2.0 ** np.round(np.log2(cell / metres)))
    assert not off(grid, drawn, 0.5 * shown + 0.5 * min(cell / metres, 1.0)).any()


def test_tiles_of_512_pixels_lie_the_same() -> None:
    grid = Grid(128, 200, 0.5, X, Y, ZONE_9)
    assert not off(grid, draw_whole(Board(side=512), grid), 1.0).any()


def test_beyond_the_finest_zoom_pixels_grow() -> None:
    grid = Grid(100, 160, 0.05, X, Y, ZONE_9)
    board = Board(high=FINEST)
    assert not off(grid, draw_whole(board, grid), 0.6).any()
    assert {key[0] for key in board.asked} == {FINEST}


def test_coarser_than_the_coarsest_zoom_tiles_shrink() -> None:
    grid = Grid(90, 120, 12.0, X, Y, ZONE_9)
    board = Board(low=16)
    drawn = draw_whole(board, grid)
    assert {key[0] for key in board.asked} == {16}
    # Two squares in a pixel and more: the mean of all.
    assert abs(float((drawn.pixels & 255).mean()) - 127.5) < 3
    assert (drawn.pixels >> 24 == 255).all()
    far = Grid(900, 1200, 200.0, X, Y, ZONE_9)
    assert Basemap(board.facts).draw(far).missing == ()


def test_a_missing_tile_is_shown_from_the_one_above() -> None:
    grid = Grid(64, 64, 0.5, X, Y, ZONE_9)
    layout = Basemap(Board().facts).layout(grid)
    assert layout is not None
    board = Board(without=set(layout.by_distance()))
    drawn = draw_whole(board, grid)
    assert {key[0] for key in board.asked} == {layout.zoom, layout.zoom - 1}
    assert (drawn.pixels >> 24 == 255).all()
    assert not off(grid, drawn, 3.0).any()


def test_while_tiles_are_on_their_way_coarser_and_finer_ones_stand_for_them() -> None:
    grid = Grid(64, 64, 0.5, X, Y, ZONE_9)
    for zoom in (-1, 1):
        basemap = Basemap(Board().facts)
        wanted = basemap.draw(grid)
        assert not wanted.pixels.any()
        for z, x, y in wanted.missing:
            above = (
                [(z - 1, x // 2, y // 2)]
                if zoom < 0
                else [(z + 1, 2 * x + i, 2 * y + j) for i in (0, 1) for j in (0, 1)]
            )
            for key in above:
                basemap.cache.put(key, decoded(checkerboard(*key)))
        drawn = basemap.draw(grid)
        assert set(drawn.missing) == set(wanted.missing)
        assert (drawn.pixels >> 24 == 255).all()
        assert not off(grid, drawn, 3.0).any()


def test_holes_are_clear_and_not_asked_for_again() -> None:
    basemap = Basemap(Board(low=14).facts)
    grid = Grid(64, 64, 0.5, X, Y, ZONE_9)
    rounds = 0
    while missing := basemap.draw(grid).missing:
        rounds += 1
        for key in missing:
            basemap.cache.put(key, None)
    assert rounds == 5  # 18, 17, 16, 15, 14
    assert not basemap.draw(grid).pixels.any()


def test_a_source_that_does_not_answer_leaves_what_is_missing() -> None:
    class Silent(Board):
        def read(self, z: int, x: int, y: int) -> bytes | None:
            raise TileUnavailable

    grid = Grid(64, 64, 0.5, X, Y, ZONE_9)
    drawn = draw_whole(Silent(), grid)
    assert len(drawn.missing) >= 1
    assert not drawn.pixels.any()


def test_drawing_can_be_stopped() -> None:
    def stop(share: float, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        draw_whole(Board(), Grid(64, 64, 0.5, X, Y, ZONE_9), progress=stop)


def test_off_the_earth_there_is_nothing() -> None:
    for west, north in ((1e12, 0.0), (0.0, 9.9e6), (np.inf, 0.0)):
        drawn = Basemap(Board().facts).draw(Grid(10, 10, 1.0, west, north, ZONE_9))
        assert drawn.pixels.shape == (10, 10)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=200))
def test_the_memory_of_tiles_is_bounded_and_keeps_the_latest(steps: list[tuple[int, bool]]) -> None:
    tile = decoded(plain((1, 2, 3), 128))
    assert tile is not None
    cache = TileCache(10 * tile.nbytes)
    for k, there in steps:
        cache.put((5, k, 0), tile if there else None)
        assert cache.bytes <= cache.most_bytes
        found = cache.get((5, k, 0))
        assert found is not None
        assert (found is not HOLE) == there


def test_tiles_of_several_sizes_become_one(tmp_path: Path) -> None:
    cache = TileCache()
    for k, side in enumerate((256, 128, 512)):
        cache.put((3, k, 0), decoded(plain((k, 0, 0), side)))
        found = cache.get((3, k, 0))
        assert not isinstance(found, str)
        assert found is not None
        assert found.shape == (256, 256)


class Broken(Board):
    """One of its tiles is cut off."""

    bad: Key = (18, 0, 0)

    def read(self, z: int, x: int, y: int) -> bytes | None:
        return checkerboard(z, x, y)[: 200 if (z, x, y) == self.bad else None]


def test_a_damaged_tile_is_told_and_the_others_are_drawn() -> None:
    source, grid = Broken(), Grid(600, 600, 0.5, X, Y, ZONE_9)
    whole = draw_whole(source, grid)
    plan = Basemap(source.facts).layout(grid)
    assert plan is not None
    source.bad = plan.by_distance()[0]
    with pytest.raises(TileDamaged):
        tile_of(source, source.bad)
    drawn = draw_whole(source, grid)
    assert drawn.missing == ()
    # A coarser one stands in its place.
    assert (drawn.pixels != 0).all()
    assert np.mean(drawn.pixels != whole.pixels) < 0.5


def test_a_kept_tile_that_is_damaged_is_had_anew_once() -> None:
    class Kept(Board):
        count = 0
        forgotten: tuple[Key, ...] = ()
        mends = True

        def read(self, z: int, x: int, y: int) -> bytes | None:
            self.count += 1
            return checkerboard(z, x, y)[: None if self.forgotten and self.mends else 200]

        def forget(self, z: int, x: int, y: int) -> None:
            self.forgotten += ((z, x, y),)

    source = Kept()
    found = tile_of(source, (3, 1, 1))
    assert found is not None
    assert (source.count, source.forgotten) == (2, ((3, 1, 1),))
    source.mends = False
    with pytest.raises(TileDamaged):
        tile_of(source, (3, 1, 2))
    assert source.count == 4


# Laid on what lies below


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(0, 255)] * 4), st.integers(0, 256),
)  # fmt: skip
def test_laid_with_opacity(below: tuple[int, ...], above: tuple[int, ...], opacity: int) -> None:
    ground = packed(np.array([[below]], np.uint8))
    lay(ground, packed(np.array([[above]], np.uint8)), opacity, AS_IT_IS)
    share = above[3] / 255 * opacity / 256
    expected = np.array(below) * (1 - share) + np.array(above[:3]) * share
    found = [(int(ground[0, 0]) >> shift) & 255 for shift in (16, 8, 0)]
    assert np.abs(np.array(found) - expected).max() <= 1.5
    assert int(ground[0, 0]) >> 24 == 255


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_inverted_light_keeps_the_hue(colour: tuple[int, ...]) -> None:
    import colorsys

    ground = np.zeros((1, 1), np.uint32) | np.uint32(0xFF000000)
    lay(ground, packed(np.array([[colour]], np.uint8)), 256, INVERTED)
    found = [((int(ground[0, 0]) >> shift) & 255) / 255 for shift in (16, 8, 0)]
    hue, light, strength = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    assert np.allclose(found, colorsys.hls_to_rgb(hue, 1 - light, strength), atol=1.01 / 255)


def test_dimmed_is_less_than_half() -> None:
    ground = np.full((1, 1), 0xFF000000, np.uint32)
    lay(ground, np.full((1, 1), 0xFFFFFFFF, np.uint32), 256, DIMMED)
    assert 100 < int(ground[0, 0]) & 255 < 128
