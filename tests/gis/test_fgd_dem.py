"""Terrain tiles of the GSI, against a plain reading line by line."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis.errors import UnreadableFile
from gis.fgd_dem import read_dem_tiles
from gis.fgd_tuples import read_tuples
from gis.progress import Cancelled
from tests.support.fgd import dataset, dem_text, ground, house, packed

if TYPE_CHECKING:
    from pathlib import Path

    from gis.fgd_dem import DemTile
    from gis.findings import Finding

NAME = "FG-GML-5238-74-00-DEM5A-20161001.xml"
CLASSES = ("地表面", "表層面", "海水面", "海水底面", "内水面", "内水底面", "その他", "データなし")
VALUES = ("12.34", "0.00", "-3.5", "3776.24", "-9999.", "-9999.00", "-9999", "9999.9", "-99999.", "7", ".5")


def write(folder: Path, text: str, name: str = NAME, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def read(folder: Path, text: str, name: str = NAME, encoding: str = "utf-8") -> DemTile:
    tiles, _ = read_dem_tiles([write(folder, text, name, encoding)])
    (tile,) = tiles
    return tile


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def slowly(lines: list[str], shape: tuple[int, int], first: int) -> np.ndarray:
    """One tuple after the other."""
    z = np.full(shape[0] * shape[1], np.nan)
    for k, line in enumerate(lines, first):
        name, value = line.split(",")
        number = float(value)
        if name != "データなし" and name in CLASSES and -500 < number < 4000:
            z[k] = number
    return z.reshape(shape).astype(np.float32)


@pytest.mark.realdata
def test_a_tile_of_the_gsi(realdata: Path) -> None:
    path = realdata / "gsi" / NAME
    (tile,), findings = read_dem_tiles([path])
    lines = re.findall(r"^(\S+,\S+)\r?$", path.read_bytes().decode(), re.MULTILINE)
    assert len(lines) == 225 * 150
    np.testing.assert_array_equal(tile.z, slowly(lines, (150, 225), 0))
    assert np.count_nonzero(np.isnan(tile.z)) == 302
    assert (tile.west, tile.north) == pytest.approx((138.5, 35.258333333), abs=1e-9)
    assert (tile.step_lon, tile.step_lat) == pytest.approx((0.2 / 3600, 0.2 / 3600))
    assert (tile.crs, tile.kind, tile.source) == (6668, "5A", NAME)
    assert tile.z.dtype == np.float32
    assert codes(findings) == ["fgd.dem_classes"]
    assert findings[0].details["counts"] == {"地表面": 33448, "内水面": 302}
    assert (findings[0].details["unknown"], findings[0].details["cells"]) == (302, 33750)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_tuples_from_any_cell_on(tmp_path: Path, data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    first = data.draw(st.integers(0, shape[0] * shape[1] - 1))
    most = shape[0] * shape[1] - first
    pairs = st.tuples(st.sampled_from(CLASSES), st.sampled_from(VALUES))
    lines = [f"{name},{value}" for name, value in data.draw(st.lists(pairs, max_size=most))]
    low = data.draw(st.sampled_from(["0 0", "3 2"]))
    across, down = map(int, low.split())
    start = f"{across + first % shape[1]} {down + first // shape[1]}"
    path = write(tmp_path, dem_text(lines, shape=shape, start=start, low=low))
    (tile,), findings = read_dem_tiles([path])
    np.testing.assert_array_equal(tile.z, slowly(lines, shape, first))
    assert tile.north == pytest.approx(35.25 + shape[0] * 0.2 / 3600, abs=1e-12)
    said = {finding.code: finding for finding in findings}
    counts = said["fgd.dem_classes"].details["counts"]
    assert counts == {name: n for name in CLASSES if (n := sum(line.startswith(name + ",") for line in lines))}
    missing = shape[0] * shape[1] - len(lines)
    assert ("fgd.dem_missing" in said) == bool(missing)
    assert not missing or said["fgd.dem_missing"].details["cells"] == missing
    odd = sum(line.endswith((",9999.9", ",-99999.")) and not line.startswith("データなし") for line in lines)
    assert ("fgd.dem_impossible" in said) == bool(odd)


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("UTF-8", "utf-8"), ("UTF-8", "utf-8-sig"), ("UTF-16", "utf-16"), ("Shift_JIS", "shift_jis"), ("shift_jis", "cp932"), ("Windows-31J", "cp932"),
        ("EUC-JP", "euc_jp"), ("ISO-2022-JP", "iso2022_jp"),
    ],
)  # fmt: skip
def test_encodings(tmp_path: Path, declared: str, codec: str) -> None:
    text = dem_text([*ground([1.5, 2.5, 3.5]), "データなし,-9999.00"], shape=(2, 2), encoding=declared)
    np.testing.assert_array_equal(read(tmp_path, text, encoding=codec).z, [[1.5, 2.5], [3.5, np.nan]])


@pytest.mark.parametrize(("declared", "codec"), [("UTF-8", "shift_jis"), ("EUC-JP", "shift_jis"), ("x-mac-japanese", "utf-8"), ("idna", "utf-8"), ("zlib", "utf-8")])  # fmt: skip
def test_wrong_encodings(tmp_path: Path, declared: str, codec: str) -> None:
    text = dem_text(ground([1, 2, 3, 4]), shape=(2, 2), encoding=declared)
    with pytest.raises(UnreadableFile, match=r"fgd\.encoding"):
        read(tmp_path, text, encoding=codec)


@pytest.mark.parametrize(
    ("name", "said", "seconds", "kind"),
    [
        ("FG-GML-5238-74-00-DEM1A-20240101.xml", "", 0.04, "1A"), ("FG-GML-5238-74-00-DEM5B-20161001.xml", "5mメッシュ(標高)", 0.2, "5B"),
        ("fg-gml-5238-74-00-dem5c-20161001.xml", "", 0.2, "5C"), ("FG-GML-5238-74-DEM10A-20161001.xml", "", 0.4, "10A"), ("FG-GML-5238-74-dem10b-20161001.xml", "", 0.4, "10B"),
        ("a.xml", "5mメッシュ（標高）", 0.2, "5A"), ("a.xml", "5mメッシュ（数値地形）", 0.2, "5B"), ("a.xml", "10mメッシュ（標高）", 0.4, "10B"),
        ("a.xml", "１０ｍメッシュ（火山標高）", 0.4, "10A"), ("a.xml", "1mメッシュ（標高）", 0.04, "1A"),
    ],
)  # fmt: skip
def test_kinds(tmp_path: Path, name: str, said: str, seconds: float, kind: str) -> None:
    tile = read(tmp_path, dem_text(ground(range(6)), shape=(2, 3), seconds=seconds, kind=said), name)
    assert tile.kind == kind
    assert (tile.step_lat, tile.step_lon) == pytest.approx((seconds / 3600, seconds / 3600), rel=1e-12)


@pytest.mark.parametrize(("srs", "code"), [("fguuid:jgd2000.bl", 4612), ("fguuid:jgd2011.bl", 6668), ("fguuid:jgd2024.bl", 6668), ("JGD2011 / (B, L)", 6668), ("TD / (B, L)", 4301), ("fguuid:td.bl", 4301)])  # fmt: skip
def test_coordinate_systems(tmp_path: Path, srs: str, code: int) -> None:
    assert read(tmp_path, dem_text(ground([1]), shape=(1, 1), srs=srs)).crs == code


ONE = ground([1, 2, 3, 4])
REFUSED = {
    "fgd.crs": [dem_text(ONE, shape=(2, 2), srs=srs) for srs in ("", "fguuid:mars.bl", "EPSG:6668", "JGD2011 / 9(X, Y)")],
    "fgd.order": [dem_text(ONE, shape=(2, 2), order=order) for order in ("+x+y", "-y+x")],
    "fgd.grid": [
        dem_text(ONE, shape=(2, 2), seconds=0.4), dem_text(ONE, shape=(2, 2), corner=(35.25001, 138.5)),
        dem_text(ONE, shape=(2, 2)).replace("<gml:high>1 1", "<gml:high>1"), dem_text(ONE, shape=(2, 2)).replace("<gml:high>1 1", "<gml:high>1 nan"),
        dem_text(ONE, shape=(2, 2)).replace("<gml:high>1 1", "<gml:high>1 -5"), dem_text(ONE, shape=(2, 2)).replace("<gml:high>1 1", "<gml:high>99999 99999"),
        dem_text(ONE, shape=(2, 2)).replace("<gml:lowerCorner>", "<gml:lowerCorner>x"), dem_text(ONE, shape=(2, 2), start="inf 0"), dem_text(ONE, shape=(2, 2), start="a"),
    ],
    "fgd.tuples": [
        dem_text([*ONE, "地表面,5"], shape=(2, 2)), dem_text(ONE, shape=(2, 2), start="1 0"), dem_text(ONE[:1], shape=(2, 2), start="0 2"),
        dem_text(ONE[:1], shape=(2, 2), start="-1 0"), dem_text(ONE[:1], shape=(2, 2), start="2 0"), dem_text(ONE, shape=(2, 2)).replace("tupleList", "other"),
    ],
    "fgd.tuple": [
        dem_text([*ONE[:3], bad], shape=(2, 2))
        for bad in ("地表面", "地表面,", "地表面,nan", "地表面,inf", "地表面,1e3", "地表面,1-2", "地表面,1,2", ",1", "地表面,0x1", "地表面,1_0", "地表面,一", "地表面 1", "地表面,--1")
    ],
    "fgd.not_dem": [dataset(house("B")), "<a/>", dataset(), '<Dataset xmlns="x"><BldL/></Dataset>'],
    "fgd.unreadable": ["", "no XML", dem_text(ONE, shape=(2, 2))[:-20], "\x00" * 500, "<Dataset>" + "<DEM>" * 5000],
    "fgd.entities": ['<!DOCTYPE a [<!ENTITY b "c">]>' + dem_text(ONE, shape=(2, 2)).partition("?>")[2]],
}  # fmt: skip


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in REFUSED.items() for text in texts])
def test_what_is_refused(tmp_path: Path, code: str, text: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path, text)
    assert caught.value.code == code
    assert caught.value.details["file"] == NAME


def test_classes_that_nobody_knows_are_no_height(tmp_path: Path) -> None:
    path = write(tmp_path, dem_text(["地表面,1", "月面,2", "地表,3", "X地表面,4"], shape=(2, 2)))
    (tile,), findings = read_dem_tiles([path])
    np.testing.assert_array_equal(tile.z, [[1, np.nan], [np.nan, np.nan]])
    (strange,) = [finding for finding in findings if finding.code == "fgd.dem_strange"]
    assert strange.found is not None
    assert set(strange.found.split(", ")) == {"月面", "地表", "X地表面"}
    with pytest.raises(UnreadableFile, match=r"fgd\.tuple"):
        read(tmp_path, dem_text([f"{k}面,1" for k in range(100)], shape=(10, 10)))


def test_white_space_of_any_kind_stands_between_tuples() -> None:
    for space in ("\n", "\r\n", " ", "\t\n  ", "\n\n"):
        np.testing.assert_array_equal(read_tuples(space.join(["", *ONE, ""])).z, [1, 2, 3, 4])
    assert read_tuples(" \n ").z.size == 0


@pytest.mark.parametrize("part", [1, 5, 40, 10**6])
def test_parts_of_a_list_make_no_difference(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{CLASSES[k % 8]},{VALUES[k % 11]}" for k in range(200)] + ["月面,1"]
    monkeypatch.setattr("gis.fgd_tuples._PART", part)
    for space in ("\r\n", " ", "\n \n"):
        ticks: list[int] = []
        found = read_tuples(space.join(["", *lines, ""]), partial(ticks.append, 1))
        np.testing.assert_array_equal(found.z[None, :], slowly(lines, (1, 201), 0))
        assert found.classes["地表面"] == 25
        assert found.strange == ("月面",)
        assert len(ticks) >= min(100, 1500 / part)
        with pytest.raises(ValueError, match=r"^201: 地表面,x$"):
            read_tuples(space.join([*lines[:200], "地表面,x"]))


def test_archives_in_archives_and_folders(tmp_path: Path) -> None:
    names = [f"FG-GML-5238-74-0{k}-DEM5A-20161001.xml" for k in range(4)]
    texts = [dem_text(ground([k] * 4), shape=(2, 2), corner=(35.25, 138.5 + k * 0.4 / 3600)) for k in range(4)]
    inner = packed(tmp_path / "inner.zip", {f"x/{names[0]}": texts[0], "x/fmdid15-3101.xml": "<MD/>"}).read_bytes()
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    packed(folder / "PackDLMap.zip", {"FG-GML-5238-74-DEM5A.zip": inner, names[1]: texts[1], "readme.txt": "hello"})
    write(folder, texts[2], names[2])
    write(folder / "sub", texts[3], names[3].upper())
    write(folder, dataset(house("B")), "FG-GML-523874-BldA-20150101-0001.xml")
    tiles, findings = read_dem_tiles([folder])
    assert sorted(float(tile.z[0, 0]) for tile in tiles) == [0, 1, 2, 3]
    assert {tile.source for tile in tiles} == {
        f"PackDLMap.zip/FG-GML-5238-74-DEM5A.zip/{names[0]}", f"PackDLMap.zip/{names[1]}", names[2], names[3].upper(),
    }  # fmt: skip
    assert codes(findings) == ["fgd.dem_classes", "fgd.passed_over"]
    assert findings[1].details["count"] == 1


def test_the_later_of_two_and_years_that_do_not_match(tmp_path: Path) -> None:
    old = write(tmp_path, dem_text(ground([1]), shape=(1, 1)))
    new = write(tmp_path, dem_text(ground([2]), shape=(1, 1), srs="fguuid:jgd2024.bl"), NAME.replace("2016", "2025"))
    for paths in ([old, new], [new, old]):
        (tile,), findings = read_dem_tiles(paths)
        assert tile.z.tolist() == [[2.0]]
        assert codes(findings) == ["fgd.dem_classes", "fgd.dem_mixed", "fgd.dem_twice"]
        assert findings[1].found == "JGD2011, JGD2024"


def test_nothing_to_read(tmp_path: Path) -> None:
    for paths in ([], [tmp_path], [packed(tmp_path / "a.zip", {"a.txt": "x"})], [packed(tmp_path / "b.zip", {"a.xml": dataset(house("B"))})]):  # fmt: skip
        with pytest.raises(UnreadableFile, match=r"fgd\.no_dem"):
            read_dem_tiles(paths)
    with pytest.raises(UnreadableFile, match=r"fgd\.missing"):
        read_dem_tiles([tmp_path / "none.xml"])


def test_no_more_cells_than_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.fgd_dem.MOST_CELLS", 3)
    with pytest.raises(UnreadableFile, match=r"fgd\.too_many_cells"):
        read(tmp_path, dem_text(ONE, shape=(2, 2)))


def test_progress_and_stop(tmp_path: Path) -> None:
    lines = ground(np.arange(300 * 300) % 500)
    path = write(tmp_path, dem_text(lines, shape=(300, 300)))
    shares: list[float] = []
    read_dem_tiles([path, path], lambda share, what: shares.append(share))
    assert shares == sorted(shares)
    assert len(shares) >= 8
    assert shares[-1] == pytest.approx(1.0)

    def stop(share: float, what: str) -> None:
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_dem_tiles([path, path], stop)


@given(st.integers(0, 10**9), st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 255)), max_size=3), st.booleans())  # fmt: skip
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_are_refused_or_read(
    tmp_path: Path, cut: int, flips: list[tuple[int, int]], zipped: bool
) -> None:
    text = dem_text(ONE * 3, shape=(3, 4)).encode()
    whole = packed(tmp_path / "a.zip", {NAME: text}).read_bytes() if zipped else text
    damaged = bytearray(whole)
    for place, value in flips:
        damaged[place % len(damaged)] = value
    if cut % 3:
        damaged = damaged[: cut % len(damaged)]
    path = tmp_path / ("b.zip" if zipped else "b.xml")
    path.write_bytes(bytes(damaged))
    with suppress(UnreadableFile):
        tiles, _ = read_dem_tiles([path])
        assert all(tile.z.ndim == 2 for tile in tiles)
