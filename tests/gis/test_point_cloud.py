"""Headers of point clouds: what they say, and files that lie."""

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
from pyproj import CRS

from gis import las_points, point_cloud
from gis.errors import CodedError, CrsMismatch, CrsMissing, NoOverlap, UnreadableFile
from gis.grid import Grid
from gis.las_crs import same_place
from gis.las_heads import read_las_head
from gis.las_points import check_points, portions
from gis.point_cloud import suggest_cell, survey_points
from tests.support.las import NORTH, WEST, ZONE, bare, brute, changed, points, square, write

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


def test_every_code_has_words() -> None:
    sources = Path(point_cloud.__file__).parent
    text = "".join(
        path.read_text(encoding="utf-8")
        for path in sources.glob("*.py")
        if path.stem.startswith(("las_", "point_", "ground_"))
    )
    import re

    assert set(re.findall(r'"(point_cloud\.[a-z_]+)"', text)) == set(WORDS)
