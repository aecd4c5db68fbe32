"""Reading surfaces: any CRS, any nodata, and what bad files get."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.transform import from_origin

from gis.crs import likely_crs, measures_metres, meridian_convergence
from gis.errors import CrsMismatch, CrsMissing, UnreadableFile
from gis.grid import Grid
from gis.progress import Cancelled
from gis.raster import read_surface
from gis.raster_write import write_raster

ZONE_9 = CRS.from_epsg(6677)
WEST, NORTH = -20200.0, -44200.0


def codes(surface) -> set[str]:  # noqa: ANN001
    return {finding.code for finding in surface.findings}


def write(
    path: Path,
    z: NDArray[np.generic],
    *,
    crs: str | None = "EPSG:6677",
    nodata: float | None = None,
    transform: rasterio.Affine | None = None,
    **more: object,
) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=z.shape[-2], width=z.shape[-1], count=1, dtype=z.dtype, crs=crs, nodata=nodata,
        transform=transform or from_origin(WEST, NORTH, 0.5, 0.5), **more,
    ) as file:  # fmt: skip
        file.write(z, 1)
    return path


@pytest.fixture
def hill() -> NDArray[np.float32]:
    rows, cols = np.mgrid[0:60, 0:80]
    return (20 + 0.1 * cols + 0.2 * rows).astype(np.float32)


def test_plain_geotiff_comes_as_it_is(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    folder = tmp_path / "数値表層 モデル"
    folder.mkdir()
    surface = read_surface(write(folder / "標高 データ.tif", hill))
    np.testing.assert_array_equal(surface.z, hill)
    assert surface.grid == Grid(60, 80, 0.5, WEST, NORTH, surface.grid.crs)
    assert surface.grid.crs.to_epsg() == 6677
    assert surface.findings == ()
    assert not surface.synthetic


def test_asc_with_and_without_crs(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    path = tmp_path / "dsm.asc"
    head = f"ncols 80\nnrows 60\nxllcorner {WEST}\nyllcorner {NORTH - 30}\ncellsize 0.5\nNODATA_value -9999\n"
    path.write_text(head + "\n".join(" ".join(f"{v:.3f}" for v in row) for row in hill), encoding="ascii")
    with pytest.raises(CrsMissing) as caught:
        read_surface(path)
    assert caught.value.code == "raster.no_crs"
    surface = read_surface(path, crs="EPSG:6677")
    np.testing.assert_allclose(surface.z, hill, atol=1e-3)
    assert surface.grid.north == pytest.approx(NORTH)


@pytest.mark.parametrize("nodata", [-9999.0, 0.0, 1e20])
def test_declared_nodata_becomes_nan(tmp_path: Path, hill: NDArray[np.float32], nodata: float) -> None:
    hill[3:5, 4:9] = nodata
    surface = read_surface(write(tmp_path / "a.tif", hill, nodata=nodata))
    assert np.isnan(surface.z[3:5, 4:9]).all()
    assert int(np.isnan(surface.z).sum()) == 10
    assert codes(surface) == {"raster.holes"}


def test_undeclared_sentinels_are_no_heights(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    hill[0, 0], hill[1, 1], hill[2, 2], hill[3, 3] = -9999, 3.4e38, np.inf, np.nan
    surface = read_surface(write(tmp_path / "a.tif", hill))
    assert int(np.isnan(surface.z).sum()) == 4
    assert codes(surface) == {"raster.impossible_heights", "raster.holes"}


def test_integers_with_scale_and_offset(tmp_path: Path) -> None:
    raw = np.arange(600, dtype=np.int16).reshape(20, 30)
    path = write(tmp_path / "a.tif", raw, nodata=-1)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.01,), (100.0,)
    np.testing.assert_allclose(read_surface(path).z, 100 + raw * 0.01, atol=1e-4)


def test_geographic_surface_is_brought_to_the_zone(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    path = write(tmp_path / "a.tif", hill, crs="EPSG:6668", transform=from_origin(139.61, 35.60, 1e-5, 1e-5))
    surface = read_surface(path, metric_crs="EPSG:6677")
    assert surface.grid.crs.to_epsg() == 6677
    assert surface.grid.cell == pytest.approx(1.0, rel=0.15)
    assert "raster.reprojected" in codes(surface)
    # The middle keeps its height.
    x, y = Transformer.from_crs(6668, 6677, always_xy=True).transform(139.61 + 40e-5, 35.60 - 30e-5)
    row, col = surface.grid.index(np.array([x]), np.array([y]))
    assert surface.z[row[0], col[0]] == pytest.approx(float(hill[30, 40]), abs=0.5)


def test_web_mercator_is_no_measure(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    x, y = Transformer.from_crs(6668, 3857, always_xy=True).transform(139.61, 35.60)
    surface = read_surface(
        write(tmp_path / "a.tif", hill, crs="EPSG:3857", transform=from_origin(x, y, 1.0, 1.0)), metric_crs="EPSG:6677"
    )
    assert surface.grid.crs.to_epsg() == 6677
    assert surface.grid.cell == pytest.approx(np.cos(np.radians(35.6)), rel=0.03)


def test_zone_far_from_the_surface_gives_way_to_utm(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    path = write(tmp_path / "a.tif", hill, crs="EPSG:4326", transform=from_origin(4.36, 52.0, 1e-5, 1e-5))
    assert read_surface(path, metric_crs="EPSG:6677").grid.crs.to_epsg() == 32631


def test_feet_are_not_metres() -> None:
    assert not measures_metres(CRS.from_epsg(2263), 980000, 190000)
    assert measures_metres(ZONE_9, WEST, NORTH)


def test_oblong_cells_become_square(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    surface = read_surface(write(tmp_path / "a.tif", hill, transform=rasterio.Affine(1.0, 0, WEST, 0, -0.5, NORTH)))
    assert surface.grid.cell == pytest.approx(0.5)
    assert surface.grid.crs.to_epsg() == 6677


def test_south_up_raster_is_turned(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    path = write(tmp_path / "a.tif", hill[::-1].copy(), transform=rasterio.Affine(0.5, 0, WEST, 0, 0.5, NORTH - 30))
    surface = read_surface(path)
    np.testing.assert_allclose(surface.z, hill)


def test_many_bands_and_synthetic_mark(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    path = tmp_path / "a.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=60,
        width=80,
        count=2,
        dtype="float32",
        crs="EPSG:6677",
        transform=from_origin(WEST, NORTH, 0.5, 0.5),
    ) as file:
        file.write(hill, 1)
        file.write(hill * 0, 2)
        file.update_tags(KAWASOLAR_SYNTHETIC="1")
    surface = read_surface(path)
    assert surface.synthetic
    assert codes(surface) == {"raster.many_bands"}


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_truncated_tiff(tmp_path: Path, keep: float) -> None:
    noise = np.random.default_rng(0).uniform(0, 50, (300, 300)).astype(np.float32)
    path = write(tmp_path / "a.tif", noise, compress="deflate")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(UnreadableFile) as caught:
        read_surface(path)
    assert caught.value.code in {"raster.truncated", "raster.unreadable"}


@pytest.mark.parametrize("content", [b"", b"hello", b"II*\x00" + b"\xff" * 40, bytes(range(256)) * 20])
def test_what_is_no_raster(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        read_surface(path)


def test_missing_empty_unknown(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_surface(tmp_path / "ない.tif")
    assert caught.value.code == "raster.missing"
    path = write(tmp_path / "a.tif", np.full((10, 10), -9999, np.float32), nodata=-9999)
    with pytest.raises(UnreadableFile) as caught:
        read_surface(path)
    assert caught.value.code == "raster.empty"
    with pytest.raises(CrsMismatch):
        read_surface(write(tmp_path / "b.tif", hill, crs=None), crs="川崎")


def test_written_raster_reads_back(tmp_path: Path, hill: NDArray[np.float32]) -> None:
    grid = Grid(60, 80, 0.5, WEST, NORTH, ZONE_9)
    hill[5, 5] = np.nan
    write_raster(tmp_path / "x.tif", hill, grid, nodata=float("nan"))
    again = read_surface(tmp_path / "x.tif")
    np.testing.assert_array_equal(again.z, hill)
    assert [path.name for path in tmp_path.iterdir()] == ["x.tif"]


def test_a_reader_that_lets_go_is_waited_for(
    tmp_path: Path, hill: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = Grid(60, 80, 0.5, WEST, NORTH, ZONE_9)
    write_raster(tmp_path / "x.tif", hill, grid, nodata=None)
    held = [True, True]
    replace = Path.replace

    def locked(self: Path, target: Path) -> Path:
        if held and held.pop():
            raise PermissionError(13, "in use")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", locked)
    write_raster(tmp_path / "x.tif", hill + 1, grid, nodata=None)
    np.testing.assert_array_equal(read_surface(tmp_path / "x.tif").z, hill + 1)


def test_what_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, hill: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = Grid(60, 80, 0.5, WEST, NORTH, ZONE_9)
    write_raster(tmp_path / "x.tif", hill, grid, nodata=None)
    monkeypatch.setattr("gis.raster_write._REPLACE_WAIT_S", 0.001)

    def denied(_self: Path, _target: Path) -> Path:
        raise PermissionError(13, "in use")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", denied)
        with pytest.raises(PermissionError):
            write_raster(tmp_path / "x.tif", hill + 1, grid, nodata=None)
    np.testing.assert_array_equal(read_surface(tmp_path / "x.tif").z, hill)
    assert [path.name for path in tmp_path.iterdir()] == ["x.tif"]


def test_convergence_is_the_geodesic_azimuth_of_grid_north() -> None:
    from pyproj import Geod

    for x, y in ((-20200.0, -44200.0), (30000.0, 10000.0)):
        to_lonlat = Transformer.from_crs(6677, 6668, always_xy=True)
        a, b = to_lonlat.transform(x, y), to_lonlat.transform(x, y + 100)
        azimuth = Geod(ellps="GRS80").inv(*a, *b)[0]
        assert meridian_convergence(ZONE_9, x, y) == pytest.approx(azimuth, abs=1e-4)


def test_likely_crs_names_the_zone_that_fits() -> None:
    x, y = Transformer.from_crs(6677, 6676, always_xy=True).transform(WEST, NORTH)
    bounds = (x - 500, y - 500, x + 500, y + 500)
    assert likely_crs(bounds, ZONE_9, (WEST - 600, NORTH - 600, WEST + 600, NORTH + 600)) == "EPSG:6676"


@pytest.mark.realdata
def test_real_surfaces(realdata: Path) -> None:
    delft = read_surface(realdata / "delft" / "derived_dsm_0p5m.tif")
    assert delft.grid.shape == (459, 529)
    assert int(np.isnan(delft.z).sum()) == 4823
    goteborg = read_surface(realdata / "goteborg" / "DSM_KRbig.tif")
    assert goteborg.grid.cell == 1.0
    assert goteborg.grid.crs.to_epsg() == 3007
    with pytest.raises(CrsMissing):
        read_surface(realdata / "goteborg" / "CDSM_KRbig.asc")


@pytest.mark.parametrize("stop", range(1, 6))
def test_a_write_that_is_stopped_leaves_neither_file_nor_memory(
    tmp_path: Path, stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whichever look at the progress: rows, before the packing, while packing."""
    import time

    from rasterio.io import MemoryFile

    opened: list[MemoryFile] = []

    class Watched(MemoryFile):
        def __init__(self) -> None:
            super().__init__()
            opened.append(self)

    monkeypatch.setattr("gis.raster_write.MemoryFile", Watched)
    grid = Grid(600, 400, 1.0, 0.0, 0.0, CRS.from_epsg(6677))
    calls: list[float] = []

    def progress(share: float, _what: str) -> None:
        calls.append(share)
        if len(calls) == stop:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_raster(tmp_path / "a.tif", np.ones((600, 400), np.float32), grid, nodata=None, progress=progress)
    assert list(tmp_path.iterdir()) == []
    until = time.monotonic() + 10.0
    while not all(memory.closed for memory in opened) and time.monotonic() < until:
        time.sleep(0.02)
    assert opened
    assert all(memory.closed for memory in opened)
