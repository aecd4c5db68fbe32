"""Point clouds: against laspy and brute force, against rasters made elsewhere, and against files that lie."""

from __future__ import annotations

import struct
import time
import tomllib
import tracemalloc
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from scipy.interpolate import LinearNDInterpolator

from gis import ground_gaps, las_points, point_cloud, point_kernels, warm
from gis.errors import CodedError, CrsMismatch, CrsMissing, NoOverlap, UnreadableFile
from gis.grid import Grid
from gis.ground_gaps import bridge_gaps
from gis.las_crs import same_place
from gis.las_heads import read_las_head
from gis.las_points import Portion, check_points, portions
from gis.point_cloud import PointCloud, suggest_cell, survey_points
from gis.point_grid import Cells, PointGrid, add_portion, grid_points, surfaces
from gis.progress import Cancelled

ZONE = CRS.from_epsg(6677)
WEST, NORTH = -20000.0, -40000.0
FORMATS = [("1.2", 1), ("1.2", 3), ("1.4", 6), ("1.4", 7)]


def points(number: int, side: float = 20.0, seed: int = 0) -> dict[str, np.ndarray]:
    """Random points over a square, of all classes that matter."""
    rng = np.random.default_rng(seed)
    return {
        "x": WEST + np.round(rng.uniform(0, side, number), 3),
        "y": NORTH - np.round(rng.uniform(0, side, number), 3),
        "z": np.round(rng.uniform(0, 30, number), 3),
        "classification": rng.choice(np.array([1, 2, 6, 7, 9], np.uint8), number),
        "withheld": rng.uniform(size=number) < 0.05,
        "synthetic": rng.uniform(size=number) < 0.05,
    }


def write(path: Path, what: dict[str, np.ndarray], version: str = "1.4", form: int = 6, crs: CRS | None = ZONE) -> Path:
    header = laspy.LasHeader(version=version, point_format=form)
    header.scales, header.offsets = np.array([0.001, 0.001, 0.001]), np.array([WEST, NORTH, 0.0])
    if crs is not None:
        header.add_crs(crs)
    las = laspy.LasData(header)
    for name, values in what.items():
        setattr(las, name, values)
    las.write(path)
    return path


def square(side: float = 20.0, cell: float = 0.5, crs: CRS = ZONE) -> Grid:
    n = round(side / cell)
    return Grid(n, n, cell, WEST, NORTH, crs)


def brute(what: dict[str, np.ndarray], grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Highest, lowest ground and number of the points that count, by NumPy alone."""
    use = ~(np.isin(what["classification"], (7, 18)) | what["withheld"] | what["synthetic"])
    row, col = grid.index(what["x"], what["y"])
    use &= (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
    top, low = np.full(grid.shape, -np.inf), np.full(grid.shape, np.inf)
    count = np.zeros(grid.shape, int)
    np.maximum.at(top, (row[use], col[use]), what["z"][use])
    np.add.at(count, (row[use], col[use]), 1)
    use &= what["classification"] == 2
    np.minimum.at(low, (row[use], col[use]), what["z"][use])
    return np.where(np.isfinite(top), top, np.nan), np.where(np.isfinite(low), low, np.nan), count


def bare(cloud: PointCloud, grid: Grid) -> PointGrid:
    """Gridded, and nothing mended."""
    return grid_points(cloud, grid, fill=0.0, bridge=0.0, stray=np.inf)


def cells_of(z: np.ndarray) -> Cells:
    """Cells with one point each where ``z`` is known."""
    grid = Grid(*z.shape, 1.0, 0.0, 0.0, ZONE)
    cells = Cells.empty(grid)
    known = np.isfinite(z)
    cells.top[known] = cells.low[known] = z[known]
    cells.count[known] = 1
    return cells


# ---------------------------------------------------------------------------------------------- reading and gridding


@pytest.mark.parametrize("suffix", [".las", ".laz"])
@pytest.mark.parametrize(("version", "form"), FORMATS)
def test_formats_of_laspy(tmp_path: Path, version: str, form: int, suffix: str) -> None:
    what = points(120_000)
    path = write(tmp_path / f"点群{suffix}", what, version, form)
    cloud = survey_points([path])
    assert cloud.points == 120_000
    assert cloud.crs is not None
    assert cloud.crs.to_epsg() == 6677
    assert cloud.classified
    assert cloud.bounds == pytest.approx((what["x"].min(), what["y"].min(), what["x"].max(), what["y"].max()))
    grid = square()
    done = bare(cloud, grid)
    top, low, count = brute(what, grid)
    np.testing.assert_allclose(done.dsm, top, atol=1e-5)
    np.testing.assert_allclose(done.dtm, low, atol=1e-5)
    np.testing.assert_array_equal(done.count, count)
    assert done.dsm.dtype == done.dtm.dtype == np.float32
    assert done.count.dtype == np.int32


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 300), st.integers(0, 2**32 - 1), st.sampled_from([0.25, 0.3, 0.5, 1.0, 7.0]), st.floats(1.0, 40.0)
)
def test_any_points_against_brute_force(number: int, seed: int, cell: float, side: float) -> None:
    what = points(number, side, seed)
    # Points on the lines between cells too.
    what["x"][::5] = WEST + np.round((what["x"][::5] - WEST) / cell) * cell
    grid = Grid(23, 17, cell, WEST + 1.0, NORTH - 1.0, ZONE)
    cells = Cells.empty(grid)
    whole = [np.round((what[axis] - base) * 1000).astype(np.int32) for axis, base in zip("xyz", (WEST, NORTH, 0.0), strict=True)]  # fmt: skip
    portion = Portion(*whole, what["classification"], what["withheld"] | what["synthetic"])
    x, y = add_portion(portion, (0.001, 0.001, 0.001), (WEST, NORTH, 0.0), grid, None, cells)
    top, low, count = brute(what | {"x": x, "y": y}, grid)
    np.testing.assert_array_equal(cells.count, count)
    np.testing.assert_allclose(np.where(np.isfinite(cells.top), cells.top, np.nan), top, atol=1e-5)
    np.testing.assert_allclose(np.where(np.isfinite(cells.low), cells.low, np.nan), low, atol=1e-5)
    assert (cells.second <= cells.top).all()


def test_folders_and_files_are_one_cloud(tmp_path: Path) -> None:
    parts = [points(3000, seed=k) for k in range(3)]
    write(tmp_path / "b.LAZ", parts[0])
    write(tmp_path / "a.las", parts[1], "1.2", 3)
    other = write(tmp_path / "other.laz", parts[2])
    (tmp_path / "readme.txt").write_text("no points")
    cloud = survey_points([tmp_path, other])
    assert [path.name for path in cloud.files] == ["a.las", "b.LAZ", "other.laz"]
    assert cloud.points == 9000
    together = {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}
    done = bare(cloud, square())
    np.testing.assert_allclose(done.dsm, brute(together, square())[0], atol=1e-5)


def test_points_are_brought_to_the_grid_and_heights_stay(tmp_path: Path) -> None:
    what = points(20_000)
    cloud = survey_points([write(tmp_path / "zone9.laz", what)])
    utm = CRS.from_epsg(6691)
    x, y = Transformer.from_crs(ZONE, utm, always_xy=True).transform(what["x"], what["y"])
    grid = Grid(60, 60, 0.5, float(x.min()) - 2.0, float(y.max()) + 2.0, utm)
    done = bare(cloud, grid)
    top, low, _ = brute(what | {"x": x, "y": y}, grid)
    assert (np.isclose(done.dsm, top, atol=1e-4) | np.isnan(top)).mean() > 0.999
    assert np.nanmax(done.dsm) == pytest.approx(np.nanmax(top), abs=1e-4)
    assert (np.isnan(done.dtm) == np.isnan(low)).mean() > 0.999


def test_impossible_heights_are_noise() -> None:
    grid = square(1.0, 1.0)
    cells = Cells.empty(grid)
    z = np.array([5, 20000, -9999], np.int32)
    portion = Portion(np.zeros(3, np.int32), np.zeros(3, np.int32), z, np.full(3, 2, np.uint8), np.zeros(3, np.bool_))
    add_portion(portion, (1.0, 1.0, 1.0), (WEST + 0.5, NORTH - 0.5, 0.0), grid, None, cells)
    assert (cells.top[0, 0], cells.low[0, 0], cells.count[0, 0], cells.noise) == (5.0, 5.0, 1, 2)


# ---------------------------------------------------------------------------------------------- strays and gaps


def test_a_bird_goes_and_a_mast_with_two_points_stays() -> None:
    z = np.full((9, 9), 10.0)
    cells = cells_of(z)
    cells.top[2, 2], cells.second[2, 2], cells.count[2, 2] = 40.0, 10.2, 3
    cells.top[2, 6], cells.second[2, 6], cells.count[2, 6] = 40.0, 39.0, 3
    cells.top[6, 2], cells.count[6, 2] = 40.0, 1
    cells.top[6, 6] = 15.0
    done = surfaces(cells, Grid(9, 9, 1.0, 0, 0, ZONE), "a", fill=0.0, bridge=0.0, stray=5.0)
    assert done.dsm[2, 2] == pytest.approx(10.2)
    assert done.dsm[2, 6] == 40.0
    assert np.isnan(done.dsm[6, 2])
    assert done.dsm[6, 6] == 15.0
    assert (done.count[2, 2], done.count[6, 2]) == (2, 0)
    assert [f.found for f in done.findings if f.code == "point_cloud.strays"] == ["2"]


def random_holes(shape: tuple[int, int], share: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    z = rng.normal(10.0, 3.0, shape).astype(np.float32).astype(float)
    z[rng.uniform(size=shape) < share] = np.nan
    return z


def filled(z: np.ndarray, limit: int) -> np.ndarray:
    """The lower median of the nearest square ring with known cells, cell by cell."""
    out = z.copy()
    row, col = np.indices(z.shape)
    for r, c in np.argwhere(np.isnan(z)):
        away = np.maximum(abs(row - r), abs(col - c))
        for k in range(1, limit + 1):
            ring = np.sort(z[(away == k) & np.isfinite(z)])
            if ring.size:
                out[r, c] = ring[(ring.size - 1) // 2]
                break
    return out


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 25), st.integers(1, 25), st.floats(0.0, 1.0), st.integers(0, 2**32 - 1), st.floats(0.0, 12.0))
def test_gaps_of_the_surface_against_brute_force(rows: int, cols: int, share: float, seed: int, fill: float) -> None:
    z = random_holes((rows, cols), share, seed)
    grid = Grid(rows, cols, 1.0, 0.0, 0.0, ZONE)
    done = surfaces(cells_of(z), grid, "a", fill=fill, bridge=0.0, stray=np.inf)
    np.testing.assert_allclose(done.dsm, filled(z, int(fill)), rtol=1e-6)
    finding = next(f for f in done.findings if f.code == "point_cloud.dsm")
    shares = [float(str(finding.details[name])) for name in ("measured", "filled", "unknown")]
    assert shares[0] == pytest.approx(100 * np.isfinite(z).mean())
    assert shares[2] == pytest.approx(100 * np.isnan(done.dsm).mean())
    assert sum(shares) == pytest.approx(100.0)


@settings(max_examples=15, deadline=None)
@given(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0), st.floats(0.05, 0.95), st.integers(0, 2**32 - 1))
def test_the_ground_of_a_slope_is_the_slope(a: float, b: float, share: float, seed: int) -> None:
    row, col = np.indices((40, 50))
    plane = 100.0 + a * row + b * col
    z = np.where(np.isnan(random_holes(plane.shape, share, seed)), np.nan, plane)
    z[[0, 0, -1, -1], [0, -1, 0, -1]] = plane[[0, 0, -1, -1], [0, -1, 0, -1]]
    done = surfaces(cells_of(z), Grid(40, 50, 1.0, 0, 0, ZONE), "a", fill=0.0, bridge=100.0, stray=np.inf)
    np.testing.assert_allclose(done.dtm, plane, atol=1e-3)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_tiles_are_as_one_triangulation(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against SciPy's interpolator over all known cells; random corners, so that no four cells lie on a circle often."""
    monkeypatch.setattr(ground_gaps, "_TILE", 50)
    z = random_holes((130, 170), share, 3)
    ring = np.where(np.isfinite(z), 0, 1).astype(np.uint16)
    found = bridge_gaps(z.astype(np.float32), ring, 50)
    known, wanted = np.argwhere(np.isfinite(z)), np.argwhere(np.isnan(z))
    whole = LinearNDInterpolator(known.astype(float), z[tuple(known.T)])(wanted)
    mine = found[tuple(wanted.T)]
    middle = ((wanted > 30) & (wanted < np.array(z.shape) - 30)).all(axis=1)
    assert np.isfinite(mine[middle]).all()
    # Squares of four known cells may be cut along either diagonal.
    assert (np.abs(mine - whole)[middle] < 1e-4).mean() > (0.45 if share < 0.5 else 0.9)


def test_wide_gaps_stay_and_the_rim_is_filled() -> None:
    z = np.full((60, 60), np.nan)
    z[5:55, 5:10] = z[5:55, 50:55] = 7.0
    done = surfaces(cells_of(z), Grid(60, 60, 1.0, 0, 0, ZONE), "a", fill=2.0, bridge=15.0, stray=5.0)
    assert np.isfinite(done.dtm[10:50, 10:25]).all()
    assert np.isnan(done.dtm[10:50, 25:35]).all()
    assert np.isfinite(done.dtm[10:50, 3:5]).all()
    assert np.isnan(done.dtm[10:50, :3]).all()
    assert np.nanmin(done.dtm) == np.nanmax(done.dtm) == 7.0


def test_ground_on_a_line_or_none() -> None:
    z = np.full((20, 20), np.nan)
    z[7, 2:9] = 4.0
    grid = Grid(20, 20, 1.0, 0, 0, ZONE)
    assert np.isfinite(surfaces(cells_of(z), grid, "a", fill=1.0, bridge=9.0, stray=5.0).dtm[6:9, 2:9]).all()
    none = cells_of(z)
    none.low[:] = np.inf
    done = surfaces(none, grid, "a", fill=1.0, bridge=9.0, stray=5.0)
    assert np.isnan(done.dtm).all()
    assert "point_cloud.no_ground" in {f.code for f in done.findings}


# ---------------------------------------------------------------------------------------------- what headers say


@pytest.mark.parametrize(("density", "cell"), [(2, 1.0), (8.5, 0.5), (14, 0.5), (33, 0.25), (0.1, 1.0)])
def test_cells_hold_two_points(tmp_path: Path, density: float, cell: float) -> None:
    cloud = survey_points([write(tmp_path / "a.las", points(round(400 * density)))])
    assert suggest_cell(cloud) == cell


def test_coordinate_systems(tmp_path: Path) -> None:
    what = points(50)
    bare_file = write(tmp_path / "bare.las", what, crs=None)
    assert survey_points([bare_file]).crs is None
    assert survey_points([bare_file], crs="EPSG:6677").crs == ZONE
    with pytest.raises(CrsMissing, match=r"point_cloud\.no_crs"):
        bare(survey_points([bare_file]), square())
    keys = write(tmp_path / "keys.las", what, "1.2", 1)
    text = write(tmp_path / "text.las", what, "1.4", 6)
    both = survey_points([keys, text])
    assert both.crs is not None
    assert both.crs.to_epsg() == 6677
    with pytest.raises(CrsMissing, match=r"point_cloud\.some_no_crs"):
        survey_points([keys, bare_file])
    assert survey_points([keys, bare_file], crs=6677).points == 100
    other = write(tmp_path / "other.las", what, crs=CRS.from_epsg(6676))
    with pytest.raises(CrsMismatch, match=r"point_cloud\.mixed_crs"):
        survey_points([keys, other])
    feet = write(tmp_path / "feet.las", what, crs=CRS.from_epsg(2263))
    with pytest.raises(CrsMismatch, match=r"point_cloud\.not_metres"):
        survey_points([feet])
    for form in (1, 6):
        degrees = write(tmp_path / "degrees.las", what, "1.4", form, CRS.from_epsg(6668))
        with pytest.raises(CrsMismatch, match=r"point_cloud\.degrees"):
            survey_points([degrees])
    with pytest.raises(CrsMismatch, match=r"point_cloud\.degrees"):
        survey_points([bare_file], crs="EPSG:6668")


def test_degrees_without_a_crs(tmp_path: Path) -> None:
    header = laspy.LasHeader(version="1.2", point_format=1)
    header.scales, header.offsets = np.array([1e-7, 1e-7, 0.001]), np.array([139.0, 35.0, 0.0])
    las = laspy.LasData(header)
    las.x, las.y, las.z = np.array([139.7, 139.71]), np.array([35.5, 35.51]), np.array([3.0, 4.0])
    las.write(tmp_path / "a.las")
    with pytest.raises(CrsMismatch, match=r"point_cloud\.degrees"):
        survey_points([tmp_path / "a.las"])


def test_systems_of_heights(tmp_path: Path) -> None:
    what = points(50)
    tokyo = write(tmp_path / "a.las", what, crs=CRS.from_user_input("EPSG:6677+6695"))
    unsaid = write(tmp_path / "b.las", what)
    cloud = survey_points([tokyo, unsaid])
    assert cloud.heights == "EPSG:6695"
    assert [f.code for f in cloud.findings] == ["point_cloud.heights_unsaid"]
    other = write(tmp_path / "c.las", what, crs=CRS.from_user_input("EPSG:6677+5773"))
    with pytest.raises(CrsMismatch, match=r"point_cloud\.mixed_heights"):
        survey_points([tokyo, other])


@pytest.mark.parametrize(
    "wkt", [b"", b"\xff\xfe\x00", b"PROJCS[", "測量".encode("cp932"), b"A" * 60000, b'LOCAL_CS["x"]', b"<!DOCTYPE x>"]
)
def test_a_crs_that_is_none(tmp_path: Path, wkt: bytes) -> None:
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.scales, header.offsets = np.array([0.001] * 3), np.array([WEST, NORTH, 0.0])
    header.vlrs.append(laspy.VLR("LASF_Projection", 2112, "", wkt))
    las = laspy.LasData(header)
    what = points(10)
    las.x, las.y, las.z = what["x"], what["y"], what["z"]
    las.write(tmp_path / "a.las")
    cloud = survey_points([tmp_path / "a.las"])
    assert cloud.crs is None
    assert [f.code for f in cloud.findings] == ([] if wkt in (b"", b"\x00") else ["point_cloud.unknown_crs"])


@pytest.mark.parametrize("written", ["WKT1_GDAL", "WKT1_ESRI", "WKT2_2019"])
@pytest.mark.parametrize("epsg", [6677, 6669, 2451, 28992, 32654])
def test_one_crs_however_it_is_written(epsg: int, written: str) -> None:
    own = CRS.from_epsg(epsg)
    again = CRS.from_wkt(own.to_wkt(written))
    assert same_place(own, again)
    assert same_place(again, own)
    others = [CRS.from_epsg(code) for code in (6678, 6670, 2452, 2443, 28991, 32653, 6690, 6668) if code != epsg]
    assert not any(same_place(again, other) or same_place(other, again) for other in others)


def test_a_crs_behind_the_points(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las", points(100), crs=None)
    data = bytearray(path.read_bytes())
    text = ZONE.to_wkt("WKT1_GDAL").encode() + b"\0"
    data[235:247] = struct.pack("<QI", len(data), 1)
    path.write_bytes(bytes(data) + struct.pack("<H16sHQ32s", 0, b"LASF_Projection", 2112, len(text), b"") + text)
    found = survey_points([path]).crs
    assert found is not None
    assert found.to_epsg() == 6677


def test_where_it_does_not_lie(tmp_path: Path) -> None:
    what = points(100)
    cloud = survey_points([write(tmp_path / "a.las", what)])
    with pytest.raises(NoOverlap, match=r"point_cloud\.outside"):
        bare(cloud, Grid(10, 10, 1.0, 0.0, 0.0, ZONE))
    with pytest.raises(NoOverlap, match=r"point_cloud\.swapped"):
        bare(cloud, Grid(20, 20, 1.0, NORTH - 20.0, WEST + 20.0, ZONE))
    with pytest.raises(UnreadableFile, match=r"point_cloud\.grid_too_large"):
        bare(cloud, Grid(100_000, 100_000, 1.0, WEST, NORTH, ZONE))
    assert len(survey_points([tmp_path]).files) == 1


# ---------------------------------------------------------------------------------------------- files that lie


def changed(path: Path, at: int, form: str, *values: float) -> Path:
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, at, *values)
    path.write_bytes(data)
    return path


def refused(path: Path, code: str, error: type[CodedError] = UnreadableFile) -> None:
    begin = time.monotonic()
    with pytest.raises(error) as caught:
        survey_points([path])
    assert caught.value.code == code
    assert time.monotonic() - begin < 5.0


def test_what_is_no_point_cloud(tmp_path: Path) -> None:
    refused(tmp_path / "no.las", "point_cloud.missing")
    with pytest.raises(UnreadableFile, match=r"point_cloud\.no_files"):
        survey_points([tmp_path])
    with pytest.raises(UnreadableFile, match=r"point_cloud\.no_files"):
        survey_points([])
    for content in (b"", b"LAS", b"PK\x03\x04" * 100, "測量成果".encode("cp932"), b"<?xml version='1.0'?>"):
        (tmp_path / "a.las").write_bytes(content)
        refused(tmp_path / "a.las", "point_cloud.not_las")
    (tmp_path / "a.las").write_bytes(b"LASF" + bytes(100))
    refused(tmp_path / "a.las", "point_cloud.truncated")
    empty = write(tmp_path / "a.las", points(0))
    refused(empty, "point_cloud.empty")
    full = write(tmp_path / "b.las", points(10))
    assert [f.code for f in survey_points([empty, full]).findings] == ["point_cloud.empty_file"]


@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_headers_that_lie(tmp_path: Path, suffix: str) -> None:
    def fresh() -> Path:
        return write(tmp_path / f"a{suffix}", points(1000))

    refused(changed(fresh(), 247, "<Q", 10**18), "point_cloud.too_many")
    code = "point_cloud.damaged" if suffix == ".laz" else "point_cloud.truncated"
    refused(changed(fresh(), 247, "<Q", 19 * 10**9), code)
    for scale in (0.0, -0.001, float("nan"), float("inf"), 1e9, 1e-300):
        refused(changed(fresh(), 131, "<d", scale), "point_cloud.bad_scale")
    for offset in (float("nan"), float("-inf"), 1e300):
        refused(changed(fresh(), 163, "<d", offset), "point_cloud.bad_scale")
    for most in (float("nan"), 1e300, -1e300):
        refused(changed(fresh(), 179, "<d", most), "point_cloud.bad_bounds")
    refused(changed(fresh(), 24, "<B", 2), "point_cloud.version")
    refused(changed(fresh(), 25, "<B", 9), "point_cloud.version")
    refused(changed(fresh(), 104, "<B", 63), "point_cloud.version")
    refused(changed(fresh(), 105, "<H", 3), "point_cloud.damaged")
    refused(changed(fresh(), 96, "<I", 2**32 - 1), "point_cloud.damaged")
    refused(changed(fresh(), 96, "<I", 10**6), "point_cloud.truncated")
    refused(changed(fresh(), 96, "<I", 300), "point_cloud.damaged")
    refused(changed(fresh(), 100, "<I", 2**32 - 1), "point_cloud.damaged")
    assert survey_points([changed(fresh(), 235, "<QI", 2**63, 2**32 - 1)]).points == 1000


def laszip(path: Path) -> int:
    """Where the record of LASzip begins."""
    return path.read_bytes().index(b"laszip encoded") - 2 + 54


@pytest.mark.parametrize("form", [3, 7])
def test_compressed_points_that_lie(tmp_path: Path, form: int) -> None:
    def fresh() -> Path:
        return write(tmp_path / "a.laz", points(60_000), "1.4", form)

    path = fresh()
    start, record = read_las_head(path).start, laszip(path)
    table = struct.unpack_from("<q", path.read_bytes(), start)[0]
    for at in (2**62, table + 10**6, start + 4):
        refused(changed(fresh(), start, "<q", at), "point_cloud.truncated")
    for number in (0, 1, 10**6, 2**32 - 1):
        refused(changed(fresh(), table + 4, "<I", number), "point_cloud.damaged")
    for size in (0, 1, 20_000):
        refused(changed(fresh(), record + 12, "<I", size), "point_cloud.damaged")
    refused(changed(fresh(), record, "<H", 1), "point_cloud.version")
    refused(changed(fresh(), record + 34, "<H", 9), "point_cloud.damaged")
    refused(changed(fresh(), record + 36, "<H", 60000), "point_cloud.damaged")
    refused(changed(fresh(), record + 38, "<H", 77), "point_cloud.version")
    refused(changed(fresh(), record + 32, "<H", 65535), "point_cloud.damaged")
    if form == 7:
        length = read_las_head(path).record_length
        refused(changed(fresh(), start + 8 + length + 4 + 8, "<I", 2**32 - 1), "point_cloud.damaged")


@pytest.mark.parametrize("size", [60_000, 2**24, 2**31, 2**32 - 2])
def test_room_is_made_for_points_and_not_for_promises(tmp_path: Path, size: int) -> None:
    """One chunk of 30,000 points that could hold many more: the parallel decompressor would reserve up to 146 GB."""
    what = points(30_000)
    path = write(tmp_path / "a.laz", what)
    changed(path, laszip(path) + 12, "<I", size)
    assert check_points(read_las_head(path)) == (size < 10**6)
    np.testing.assert_allclose(bare(survey_points([path]), square()).dsm, brute(what, square())[0], atol=1e-5)


@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_files_cut_anywhere(tmp_path: Path, suffix: str) -> None:
    whole = write(tmp_path / f"a{suffix}", points(3000, seed=5)).read_bytes()
    path = tmp_path / f"b{suffix}"
    for length in [*range(0, 3000, 97), *range(3000, len(whole), 4001), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadableFile) as caught:
            bare(survey_points([path]), square())
        assert caught.value.code in {"point_cloud.not_las", "point_cloud.truncated", "point_cloud.damaged"}


WORDS = tomllib.loads((Path(__file__).parents[2] / "resources/words/point_cloud.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("form", [1, 3, 6, 7])
@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_flipped_bytes_end_in_an_error_or_a_grid(tmp_path: Path, form: int, suffix: str) -> None:
    """Whatever is flipped, it is a coded error or a grid, soon, in little memory."""
    whole = write(tmp_path / f"a{suffix}", points(2000, seed=form), "1.4", form).read_bytes()
    head = read_las_head(tmp_path / f"a{suffix}").start + 200
    path = tmp_path / f"b{suffix}"
    rng = np.random.default_rng(form)
    tracemalloc.start()
    begin = time.monotonic()
    ends: dict[str, int] = {}
    for turn in range(150):
        data = bytearray(whole)
        for at in rng.integers(4, head if turn % 3 else len(data), 1 + turn % 4):
            data[at] = rng.integers(256)
        path.write_bytes(data)
        try:
            cloud = survey_points([path], crs=6677)
            bare(cloud, square())
            end = "fine"
        except CodedError as error:
            end = error.code
            assert end == "crs.unknown" or set(WORDS[end]) == {"ja", "en"}
        ends[end] = ends.get(end, 0) + 1
    assert time.monotonic() - begin < 60.0
    assert tracemalloc.get_traced_memory()[1] < 200e6
    tracemalloc.stop()
    assert len(ends) > 3, ends


def test_a_panic_of_the_decompressor_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicError(BaseException):
        pass

    def panic(record: Any) -> None:
        raise PanicError

    head = read_las_head(write(tmp_path / "a.laz", points(10)))
    monkeypatch.setattr(las_points, "_portion", panic)
    with pytest.raises(UnreadableFile, match=r"point_cloud\.damaged"):
        list(portions(head))


@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_records_that_nobody_asks_for_do_no_harm(tmp_path: Path, suffix: str) -> None:
    """Names in Shift-JIS, extra values of no known type: laspy refuses such files."""
    what = points(5000)
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.scales, header.offsets = np.array([0.001] * 3), np.array([WEST, NORTH, 0.0])
    header.add_extra_dim(laspy.ExtraBytesParams("quality", np.uint16))
    header.vlrs.append(laspy.VLR("vendor0", 7, "", b"x"))
    las = laspy.LasData(header)
    for name, values in what.items():
        setattr(las, name, values)
    path = tmp_path / f"a{suffix}"
    las.write(path)
    data = (
        path.read_bytes().replace(b"quality", "測量値".encode("cp932") + b"x").replace(b"vendor0", b"\xff\xfe\x83vend")
    )
    path.write_bytes(data)
    with pytest.raises(UnicodeDecodeError):
        laspy.read(path)
    np.testing.assert_allclose(bare(survey_points([path], crs=6677), square()).dsm, brute(what, square())[0], atol=1e-5)


def test_a_file_that_changed_is_not_read(tmp_path: Path) -> None:
    cloud = survey_points([write(tmp_path / "a.las", points(1000))])
    write(tmp_path / "a.las", points(1001))
    with pytest.raises(UnreadableFile, match=r"point_cloud\.changed"):
        bare(cloud, square())
    (tmp_path / "a.las").unlink()
    with pytest.raises(UnreadableFile, match=r"point_cloud\.missing"):
        bare(cloud, square())


def test_warming_compiles_what_is_used(tmp_path: Path) -> None:
    warm._warm_points(warm._scene()[0])
    grid_points(survey_points([write(tmp_path / "a.laz", points(5000))]), square(), fill=2.0)
    kernels = [each for each in vars(point_kernels).values() if hasattr(each, "signatures") and each.targetoptions]
    called = [each for each in kernels if not each.targetoptions.get("no_cpython_wrapper")]
    assert len(called) == 6
    assert all(len(each.signatures) == 1 for each in called)


def test_large_chunks_are_read_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    what = points(120_000)
    cloud = survey_points([write(tmp_path / "a.laz", what)])
    monkeypatch.setattr(las_points, "_LARGE_CHUNK", 1000)
    np.testing.assert_allclose(bare(cloud, square()).dsm, brute(what, square())[0], atol=1e-5)


def test_points_beyond_the_header_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las", points(1000))
    changed(path, 179, "<d", WEST + 10.0)
    done = bare(survey_points([path]), square())
    assert "point_cloud.beyond_header" in {f.code for f in done.findings}


def test_progress_rises_and_may_stop(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz", points(300_000))
    cloud = survey_points([path])
    told: list[float] = []
    grid_points(cloud, square(), lambda share, what: told.append(share), fill=2.0)
    assert told == sorted(told)
    assert 0.0 <= told[0] <= told[-1] <= 1.0
    assert len(told) > 6

    def stop(share: float, what: str) -> None:
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        grid_points(cloud, square(), stop, fill=2.0)
    with pytest.raises(Cancelled):
        survey_points([path], lambda share, what: (_ for _ in ()).throw(Cancelled()))


def test_every_code_has_words() -> None:
    sources = Path(point_cloud.__file__).parent
    text = "".join(
        path.read_text(encoding="utf-8")
        for path in sources.glob("*.py")
        if path.stem.startswith(("las_", "point_", "ground_"))
    )
    import re

    assert set(re.findall(r'"(point_cloud\.[a-z_]+)"', text)) == set(WORDS)


# ---------------------------------------------------------------------------------------------- real data


@pytest.mark.realdata
def test_delft_against_rasters_made_elsewhere(realdata: Path) -> None:
    """AHN3: highest point that is no noise, and lowest ground point, of cells of 0.5 m (``SOURCE.txt``)."""
    folder = realdata / "delft"
    assert survey_points([folder / "ahn3"]).crs is None
    cloud = survey_points([folder / "ahn3"], crs="EPSG:28992")
    assert (cloud.points, cloud.classified, suggest_cell(cloud)) == (848_942, True, 0.5)
    surface: dict[str, np.ndarray] = {}
    for name in ("dsm", "dtm"):
        with rasterio.open(folder / f"derived_{name}_0p5m.tif") as file:
            z = file.read(1)
            grid = Grid(file.height, file.width, 0.5, file.bounds.left, file.bounds.top, CRS.from_epsg(28992))
            surface[name] = np.where(z == -9999, np.nan, z)
    plain = bare(cloud, grid)
    measured, ground = plain.count > 0, np.isfinite(plain.dtm)
    assert measured.mean() > 0.85
    # The same rule: all cells with points are the same.
    np.testing.assert_allclose(plain.dsm[measured], surface["dsm"][measured], atol=1e-3)
    np.testing.assert_allclose(plain.dtm[ground], surface["dtm"][ground], atol=1e-3)
    # With our rules for strays and gaps: a handful of strays, gaps by the ring and not by the nearest cell.
    done = grid_points(cloud, grid, fill=5.0)
    assert (np.abs(done.dsm - surface["dsm"])[measured] <= 0.1).mean() > 0.9995
    assert (np.abs(done.dtm - surface["dtm"]) <= 0.1).mean() > 0.85
    assert np.isnan(done.dsm).mean() < 0.02
    assert np.isnan(done.dtm).mean() < 0.01
