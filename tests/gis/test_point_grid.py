"""Gridded point clouds: against laspy and brute force, and against rasters made elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from scipy.interpolate import LinearNDInterpolator

from gis import ground_gaps, las_points, point_kernels, warm
from gis.grid import Grid
from gis.ground_gaps import bridge_gaps
from gis.las_points import Portion
from gis.point_cloud import suggest_cell, survey_points
from gis.point_grid import Cells, add_portion, grid_points, surfaces
from gis.progress import Cancelled
from tests.support.las import NORTH, WEST, ZONE, bare, brute, cells_of, changed, points, square, write

FORMATS = [("1.2", 1), ("1.2", 3), ("1.4", 6), ("1.4", 7)]


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
    x, y, *_ = add_portion(portion, (0.001, 0.001, 0.001), (WEST, NORTH, 0.0), grid, None, cells)
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
    monkeypatch.setattr(ground_gaps, "TILE", 30)
    z = random_holes((90, 80), share, 3)
    ring = np.where(np.isfinite(z), 0, 1).astype(np.uint16)
    found = bridge_gaps(z.astype(np.float32), ring, 50)
    known, wanted = np.argwhere(np.isfinite(z)), np.argwhere(np.isnan(z))
    whole = LinearNDInterpolator(known.astype(float), z[tuple(known.T)])(wanted)
    mine = found[tuple(wanted.T)]
    middle = ((wanted > 20) & (wanted < np.array(z.shape) - 20)).all(axis=1)
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
