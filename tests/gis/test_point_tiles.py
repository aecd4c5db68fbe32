"""Large point clouds block by block and tile by tile, against the same in one piece."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from gis import point_tiles
from gis.errors import NoOverlap, UnreadableFile
from gis.grid import Grid
from gis.las_heads import read_las_head
from gis.point_cloud import survey_points
from gis.point_grid import grid_points
from gis.point_tiles import blocks_of, grid_cloud
from gis.progress import Cancelled
from gis.scratch import Block, Scratch
from tests.support.las import NORTH, WEST, ZONE, changed, points, square, write

if TYPE_CHECKING:
    from pathlib import Path

    from gis.findings import Finding
    from gis.point_cloud import PointCloud

LIMITS = {"fill": 3.0, "bridge": 30.0, "stray": 4.0}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rasters of some thousand cells count as large."""
    monkeypatch.setattr(point_tiles, "IN_MEMORY", 1000)
    monkeypatch.setattr(point_tiles, "BLOCK_CELLS", 60_000)
    monkeypatch.setattr(point_tiles, "_MOST_COLS", 400)
    monkeypatch.setattr(point_tiles, "TILE_SIDE", 256)


def clustered(number: int, side: float, seed: int) -> dict[str, np.ndarray]:
    """Points in flocks, with wide gaps between them."""
    what = points(number, side, seed)
    rng = np.random.default_rng(seed)
    middle = rng.uniform(0, side, (40, 2))
    some = rng.integers(0, 40, number)
    east, north = (np.clip(middle[some] + rng.normal(0, side / 40, (number, 2)), 0, side)).T
    return what | {"x": WEST + np.round(east, 3), "y": NORTH - np.round(north, 3)}


def both(cloud: PointCloud, grid: Grid, folder: Path) -> tuple[list[Finding], list[Finding]]:
    """Findings of the one way and of the other; the heights must be the same to the last cell."""
    one = grid_points(cloud, grid, **LIMITS)
    with ExitStack() as stack:
        other = grid_cloud(cloud, grid, folder, stack, **LIMITS)
        for top in range(0, grid.rows, 100):
            rows = min(100, grid.rows - top)
            strip = Grid(rows, grid.cols, grid.cell, grid.west, grid.north - top * grid.cell, grid.crs)
            np.testing.assert_array_equal(other.dsm(strip), one.dsm[top : top + rows])
            np.testing.assert_array_equal(other.dtm(strip), one.dtm[top : top + rows])
    return list(one.findings), list(other.findings)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("suffix", "crs"), [(".las", 6677), (".laz", 6677), (".laz", 6676)])
def test_the_same_to_the_last_cell(tmp_path: Path, suffix: str, crs: int) -> None:
    """Several files that overlap, more blocks than one both ways, gaps over the tiles' borders; in the grid's own zone and in another."""
    for k in range(4):
        what = clustered(40_000, 250.0, k)
        what["x"], what["y"] = what["x"] + 200.0 * (k % 2), what["y"] - 200.0 * (k // 2)
        write(tmp_path / f"{k}{suffix}", what)
    cloud = survey_points([tmp_path])
    grid = Grid(700, 1000, 0.5, WEST - 10.0, NORTH + 10.0, ZONE)
    if crs != 6677:
        zone = CRS.from_epsg(crs)
        x, y = Transformer.from_crs(ZONE, zone, always_xy=True).transform(WEST, NORTH)
        grid = Grid(700, 1000, 0.5, round(x) - 10.0, round(y) + 10.0, zone)
    reading = [Block(0, grid.rows, 0, grid.cols)] * 4
    assert len(blocks_of(grid, reading)) > 10
    one, other = both(cloud, grid, tmp_path)
    assert {finding.code for finding in one} == {finding.code for finding in other}
    by_code = {finding.code: finding for finding in other}
    for finding in one:
        assert by_code[finding.code] == finding
    assert not [path for path in tmp_path.iterdir() if path.suffix not in (".las", ".laz")]


@pytest.mark.usefixtures("small")
def test_headers_that_say_less_than_there_is(tmp_path: Path) -> None:
    """Points far beyond their header's bounds lie in blocks that were done before it was known."""
    path = write(tmp_path / "a.las", clustered(50_000, 300.0, 1))
    changed(path, 195, "<dd", NORTH - 280.0, NORTH - 300.0)
    cloud = survey_points([path])
    assert cloud.bounds[3] == NORTH - 280.0
    one, other = both(cloud, Grid(620, 620, 0.5, WEST - 5.0, NORTH + 5.0, ZONE), tmp_path)
    assert one == other
    assert "point_cloud.beyond_header" in {finding.code for finding in one}


@pytest.mark.parametrize("large", [False, True])
def test_points_that_turn_out_damaged_are_left_out_as_a_whole(
    tmp_path: Path, large: bool, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if large:
        request.getfixturevalue("small")
    # Taller than all others, so that one point of it would be seen.
    bad = clustered(150_000, 250.0, 3) | {"z": np.full(150_000, 500.0)}
    write(tmp_path / "b.laz", bad)
    good = [write(tmp_path / f"{name}.laz", clustered(20_000, 250.0, seed)) for seed, name in enumerate("ac")]
    head = read_las_head(tmp_path / "b.laz")
    data = bytearray((tmp_path / "b.laz").read_bytes())
    data[head.size // 2 : head.size // 2 + 2000] = bytes(2000)
    (tmp_path / "b.laz").write_bytes(data)
    real = point_tiles.Reading._file

    def breaks(self: object, number: int, *rest: object) -> None:
        real(self, number, *rest)  # type: ignore[arg-type]
        if self.heads[number].path.name == "b.laz":  # type: ignore[attr-defined]
            raise UnreadableFile("point_cloud.damaged", file="b.laz")

    monkeypatch.setattr(point_tiles.Reading, "_file", breaks)
    grid = Grid(500, 500, 0.5, WEST, NORTH, ZONE)
    cloud, alone = survey_points([tmp_path]), survey_points(good)
    with ExitStack() as stack:
        made = grid_cloud(cloud, grid, tmp_path, stack, **LIMITS)
        np.testing.assert_array_equal(made.dsm(grid), grid_points(alone, grid, **LIMITS).dsm)
    assert [error.code for error in cloud.left.errors] == ["point_cloud.damaged"]
    told = cloud.left.findings(3)
    assert [finding.code for finding in told] == ["point_cloud.damaged", "files.left_out", "files.area_lacking"]
    assert told[1].details == {"count": 1, "of": 3}
    assert told[2].details["area_km2"] == pytest.approx(0.25**2, rel=0.05)
    # Nothing is left: that is an error.
    with pytest.raises(UnreadableFile, match=r"point_cloud\.damaged"), ExitStack() as stack:
        grid_cloud(survey_points([tmp_path / "b.laz"]), grid, tmp_path, stack, **LIMITS)


@pytest.mark.usefixtures("small")
def test_beside_the_grid_and_stopped(tmp_path: Path) -> None:
    cloud = survey_points([write(tmp_path / "a.las", points(1000))])
    far = Grid(200, 200, 0.5, WEST + 5000.0, NORTH, ZONE)

    def stop(share: float, what: str) -> None:
        if share > 0.2:
            raise Cancelled

    with ExitStack() as stack:
        with pytest.raises(NoOverlap, match=r"point_cloud\.outside"):
            grid_cloud(cloud, far, tmp_path, stack, **LIMITS)
        with pytest.raises(Cancelled):
            grid_cloud(cloud, square(300.0), tmp_path, stack, stop, **LIMITS)
    assert [path.name for path in tmp_path.iterdir()] == ["a.las"]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.lists(st.tuples(*[st.integers(0, 900)] * 4), max_size=12))
def test_blocks_are_the_grid_once(rows: int, cols: int, ends: list[tuple[int, int, int, int]]) -> None:
    boxes = [Block(min(a, b, rows), min(max(a, b), rows), min(c, d, cols), min(max(c, d), cols)) for a, b, c, d in ends]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(point_tiles, "BLOCK_CELLS", 5000)
        patch.setattr(point_tiles, "_MOST_COLS", 300)
        blocks = blocks_of(Grid(rows, cols, 1.0, 0.0, 0.0, ZONE), boxes)
    seen = np.zeros((rows, cols), int)
    for block in blocks:
        assert block.shape[0] * block.shape[1] <= 5000
        seen[block.top : block.bottom, block.left : block.right] += 1
    assert (seen == 1).all()


def test_blocks_end_where_files_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_tiles, "BLOCK_CELLS", 250 * 400)
    sheets = [Block(top, top + 100, left, left + 100) for top in range(0, 1000, 100) for left in range(0, 400, 100)]
    blocks = blocks_of(Grid(1000, 400, 1.0, 0.0, 0.0, ZONE), sheets)
    assert [block.top for block in blocks] == [0, 200, 400, 600, 800]


def test_a_full_disk_is_said_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="space"):
        Scratch(tmp_path, (10**8, 10**8), 6)
