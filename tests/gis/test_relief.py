"""Terrain of a city model on a raster's cells: against linear interpolation over the same triangles, and files that somebody damaged or made to do harm."""

from __future__ import annotations

import time
import tracemalloc
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay

from gis import relief, relief_cells, sheets
from gis.errors import CrsMismatch, GisError, UnreadableFile
from gis.grid import Grid
from gis.model_kernels import lay_triangles
from gis.progress import Cancelled, Progress, silent
from gis.relief import is_relief, read_relief
from kawasolar.words import LANGUAGES, catalogue, say
from tests.support.fgd import packed
from tests.support.plateau import House, city_model, square
from tests.support.relief import mass, places, terrain, tin

if TYPE_CHECKING:
    from pathlib import Path

    from gis.findings import Finding

ZONE = CRS.from_epsg(6677)
X, Y = -15000.0, -41000.0
GRID = Grid(80, 100, 1.0, X, Y + 80.0, ZONE)


def land(count: int = 120, seed: int = 0, side: float = 120.0) -> np.ndarray:
    """Points of a hilly land around the grid, to the hundredth of a metre."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-10.0, side, (2, count))
    return np.round(np.column_stack([X + x, Y + y, 20.0 + 5.0 * np.sin(x / 20.0) + 0.1 * y]), 2)


def read(path: Path, grid: Grid = GRID, progress: Progress = silent) -> tuple[np.ndarray, relief.Relief]:
    with ExitStack() as stack:
        made = read_relief([path], grid, path.parent, stack, progress, bridge=50.0)
        return made.on(grid), made


def write(folder: Path, text: str, name: str = "533926_dem_6697_op.gml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def expected(points: np.ndarray, grid: Grid = GRID) -> np.ndarray:
    x, y = grid.centre(np.arange(grid.rows)[:, None], np.arange(grid.cols)[None, :])
    return np.asarray(LinearNDInterpolator(points[:, :2] - [X, Y], points[:, 2])(x - X, y - Y))


def net(points: np.ndarray) -> np.ndarray:
    return np.asarray(Delaunay(points[:, :2] - [X, Y]).simplices)


def told(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    for finding in findings:
        for language in LANGUAGES:
            assert say(language, finding.code, **finding.values()) != finding.code
    return {finding.code: finding for finding in findings}


@pytest.mark.parametrize("way", ["6697", "6677", "no srs", "longitude first", "zip", "folder"])
def test_triangles_against_interpolation(tmp_path: Path, way: str) -> None:
    points = land()
    epsg, srs = (6677, "EPSG:6677") if way == "6677" else (6668, None if way == "no srs" else relief_srs())
    corners = places(points, epsg, longitude_first=way == "longitude first")
    if way == "6677":
        # Officially north first.
        corners = places(points, epsg)
    text = terrain(tin(corners, net(points)), srs=srs)
    path = write(tmp_path, text)
    if way == "zip":
        inside = {
            "udx/dem/533926_dem_6697_op.gml": text,
            "udx/bldg/53392633_bldg_6697_op.gml": city_model([House("a", square(X, Y, 5.0))]),
        }
        path = packed(tmp_path / "city.zip", inside)
    elif way == "folder":
        path = tmp_path
    z, made = read(path)
    wanted = expected(points)
    np.testing.assert_array_equal(np.isfinite(z), np.isfinite(wanted))
    np.testing.assert_allclose(z, wanted, atol=0.01)
    said = told(made.findings)
    assert set(said) == {"relief.read"} | {"no srs": {"citymodel.no_crs"}, "longitude first": {"citymodel.swapped"}}.get(way, set())  # fmt: skip
    assert made.heights == (None if way in ("no srs", "6677") else "EPSG:6695")
    assert 5.0 < made.spacing < 20.0


def relief_srs() -> str:
    return "http://www.opengis.net/def/crs/EPSG/0/6697"


def test_points_of_mass_and_levels_of_detail(tmp_path: Path) -> None:
    """A finer level of a part goes before the coarser of all; between points of mass the ground is linear, and over wide gaps there is none."""
    points, fine = land(), land(200, 1, 40.0)
    fine[:, 2] += 100.0
    text = terrain(tin(places(fine), net(fine), 2), tin(places(points), net(points), 1))
    z, made = read(write(tmp_path, text))
    upper, lower = expected(fine), expected(points)
    np.testing.assert_allclose(z, np.where(np.isfinite(upper), upper, lower), atol=0.01)
    assert told(made.findings)["relief.read"].found == "LOD2, LOD1"
    z, made = read(write(tmp_path, terrain(mass(places(points)))))
    np.testing.assert_allclose(z, expected(points), atol=0.01)
    assert told(made.findings)["relief.read"].details["points"] == 120
    apart = points[(points[:, 0] < X + 10) | (points[:, 0] > X + 118)]
    with ExitStack() as stack:
        path = write(tmp_path, terrain(mass(places(apart))))
        assert np.isnan(read_relief([path], GRID, tmp_path, stack, bridge=20.0).on(GRID)[:, 40:60]).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=4, max_size=30, unique=True), st.sampled_from([0.5, 1.0, 3.0]))  # fmt: skip
def test_neighbours_leave_no_gap(places_: list[tuple[int, int]], cell: float) -> None:
    """Corners and edges through the middles of cells: every cell within the hull has a height."""
    points = np.array(places_, float) / 2.0
    if np.linalg.matrix_rank(points - points[0]) < 2:
        return
    corners = points[Delaunay(points).simplices]
    z = 3.0 + corners[..., 0] - 2.0 * corners[..., 1]
    out = np.full((round(24 / cell), round(24 / cell)), np.nan, np.float32)
    x, y = (np.ascontiguousarray(corners[..., axis]) for axis in (0, 1))
    lay_triangles(0, len(x), x, y, np.ascontiguousarray(z), -1.0, 22.0, cell, 0, 0, out)
    row, col = np.mgrid[: out.shape[0], : out.shape[1]]
    at = np.column_stack([(-1.0 + (col + 0.5) * cell).ravel(), (22.0 - (row + 0.5) * cell).ravel()])
    inside = Delaunay(points).find_simplex(at, tol=1e-9) >= 0
    flat = out.ravel()
    assert np.isfinite(flat[inside]).all()
    np.testing.assert_allclose(flat[inside], 3.0 + at[inside, 0] - 2.0 * at[inside, 1], atol=1e-3)
    assert np.isnan(flat[Delaunay(points).find_simplex(at, tol=1e-3) < 0]).all()


def test_a_land_larger_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Squares that go to the disk and come back, triangles by the dozen: nothing changes."""
    points = land(400, 3, 100.0)
    path = write(tmp_path, terrain(tin(places(points), net(points))))
    whole, _ = read(path)
    for module in (sheets, relief_cells):
        monkeypatch.setattr(module, "SIDE", 16)
    monkeypatch.setattr(sheets, "MOST_HELD", 3)
    monkeypatch.setattr(relief, "_AT_ONCE", 37)
    monkeypatch.setattr(relief_cells, "_WORK_AT_ONCE", 100)
    with ExitStack() as stack:
        made = read_relief([path], GRID, tmp_path, stack, bridge=50.0)
        for top in range(0, GRID.rows, 7):
            rows = min(7, GRID.rows - top)
            strip = Grid(rows, GRID.cols, 1.0, GRID.west, GRID.north - top, ZONE)
            np.testing.assert_array_equal(made.on(strip), whole[top : top + rows])
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Twelve thousand triangles beside the grid, and a few on it."""
    points = land()
    far = np.vstack([points + np.array([5000.0 + 200.0 * k, 0.0, 0.0]) for k in range(60)])
    path = write(tmp_path, terrain(tin(places(far), net(far)), tin(places(points), net(points))))
    assert path.stat().st_size > 3_000_000
    read(path)
    tracemalloc.start()
    z, made = read(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.isfinite(z).mean() > 0.9
    assert most < 16_000_000
    # A net over all of it has triangles from there to here.
    assert told(made.findings)["relief.read"].details["triangles"] < 500


@pytest.mark.parametrize("damage", ["cut", "head", "zip"])
def test_one_damaged_file_among_others_leaves_no_triangle(tmp_path: Path, damage: str) -> None:
    points = land()
    high = points + np.array([0.0, 0.0, 500.0])
    good = terrain(tin(places(points), net(points)))
    bad = terrain(tin(places(high), net(high)))
    bad = bad[: len(bad) // 2] if damage == "cut" else bad.replace("</gml:exterior>", "</gml:interior>", 1)
    write(tmp_path, bad, "533925_dem_6697_op.gml")
    path = write(tmp_path, good)
    if damage == "zip":
        path = packed(tmp_path / "a.zip", {"dem/533925_dem_6697_op.gml": bad, "dem/533926_dem_6697_op.gml": good})
    z, made = read(path if damage == "zip" else tmp_path)
    np.testing.assert_allclose(z, expected(points), atol=0.01)
    said = told(made.findings)
    assert said["files.left_out"].details == {"count": 1, "of": 2}
    assert said["files.area_lacking"].found == "533925"
    (tmp_path / "533926_dem_6697_op.gml").write_text(good[:1000], encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"relief\.unreadable"):
        read_relief(sorted(tmp_path.glob("*.gml")), GRID, tmp_path, ExitStack(), bridge=50.0)


def test_what_is_broken_or_impossible_is_left_out_and_said(tmp_path: Path) -> None:
    points = land()
    text = terrain(tin(places(points), net(points)))
    first, second = text.index("<gml:posList>") + 13, text.index("<gml:posList>", text.index("<gml:posList>") + 20) + 13
    text = (
        text[:first]
        + "a b c "
        + text[first:second]
        + "nan nan -9999 " * 3
        + text[text.index("</gml:posList>", second) :]
    )
    z, made = read(write(tmp_path, text))
    assert {"relief.broken", "relief.impossible"} <= set(told(made.findings))
    assert np.isfinite(z).mean() > 0.8
    beside = points + np.array([9000.0, 0.0, 0.0])
    z, made = read(write(tmp_path, terrain(tin(places(beside), net(beside)))))
    assert "relief.beside" in told(made.findings)
    assert np.isnan(z).all()


LAUGHS = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))
HARM = {
    "relief.entities": [f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>', '<!DOCTYPE a SYSTEM "file:///etc/passwd">'],
    "relief.no_relief": [],
    "relief.too_large": ["<!--" + "x" * (2 << 20) + "-->"],
}


@pytest.mark.parametrize("code", HARM)
def test_what_is_refused(tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.gml_stream.LONGEST", 1 << 20)
    points = land(10)
    head, _, rest = terrain(tin(places(points), net(points))).partition("?>")
    texts = [f"{head}?>{harm}{rest}" for harm in HARM[code]] or [terrain(), city_model([House("a", square(X, Y, 5.0))])]
    for text in texts:
        begin = time.monotonic()
        with pytest.raises(UnreadableFile) as caught:
            read(write(tmp_path, text))
        assert caught.value.code == code
        assert time.monotonic() - begin < 10.0
    with pytest.raises(UnreadableFile, match=r"relief\.missing"):
        read_relief([tmp_path / "none.gml"], GRID, tmp_path, ExitStack(), bridge=50.0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableFile, match=r"relief\.no_files"):
        read_relief([tmp_path / "empty"], GRID, tmp_path, ExitStack(), bridge=50.0)


def test_triangles_over_all_of_the_grid_many_times_are_refused_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(relief_cells, "_WORK_FREELY", 100_000)
    points = np.array([[X - 500, Y - 500, 1.0], [X + 900, Y - 500, 1.0], [X, Y + 900, 1.0]])
    text = terrain(tin(places(points), np.tile([0, 1, 2], (300, 1))))
    with pytest.raises(UnreadableFile, match=r"relief\.too_many") as caught:
        read(write(tmp_path, text))
    assert caught.value.details["file"] == "533926_dem_6697_op.gml"
    monkeypatch.setattr(relief_cells, "_MOST_POINTS", 50)
    with pytest.raises(UnreadableFile, match=r"relief\.too_many"):
        read(write(tmp_path, terrain(mass(places(land())))))


def test_heights_of_two_kinds_and_a_stop(tmp_path: Path) -> None:
    points = land()
    write(tmp_path, terrain(tin(places(points), net(points))), "a_dem_1.gml")
    write(tmp_path, terrain(tin(places(points), net(points)), srs="EPSG:4979"), "b_dem_1.gml")
    with pytest.raises(CrsMismatch, match=r"citymodel\.ellipsoidal"):
        read(tmp_path / "b_dem_1.gml")

    def stop(share: float, what: str) -> None:
        if share > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        read(tmp_path / "a_dem_1.gml", progress=stop)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_flipped_or_cut_it_is_an_error_or_a_ground(seed: int) -> None:
    import tempfile
    from pathlib import Path

    rng = np.random.default_rng(seed)
    points = land(12, 5)
    data = bytearray(terrain(tin(places(points), net(points)), mass(places(points))).encode())
    for at in rng.integers(0, len(data), rng.integers(0, 4)):
        data[at] = rng.integers(256)
    if rng.uniform() < 0.3:
        del data[rng.integers(len(data)) :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.gml"
        path.write_bytes(bytes(data))
        code = ""
        try:
            z, made = read(path)
            told(made.findings)
            assert z.shape == GRID.shape
        except GisError as error:
            code = error.code
        assert not code or set(catalogue()[code]) == set(LANGUAGES)


def test_what_is_a_relief(tmp_path: Path) -> None:
    gml = write(tmp_path, terrain())
    assert is_relief(gml)
    assert is_relief(tmp_path)
    assert is_relief(packed(tmp_path / "a.zip", {"udx/dem/a.gml": "x"}))
    assert not is_relief(packed(tmp_path / "b.zip", {"a.xml": "x"}))
    (tmp_path / "c.zip").write_bytes(b"PK\x03\x04 no archive")
    for name in ("c.zip", "none.gml", "d.tif"):
        assert not is_relief(tmp_path / name)
