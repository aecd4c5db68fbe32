"""One damaged file among many: the others are used as if it had not been there, and what is lacking is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from gis.errors import UnreadableFile
from gis.fgd_buildings import read_fgd_buildings
from gis.fgd_dem import read_dem_tiles
from gis.left_out import DAMAGE, mesh_bounds, mesh_in
from gis.plateau import read_city_model
from gis.point_cloud import survey_points
from kawasolar.words import LANGUAGES, catalogue, say
from tests.support import las
from tests.support.fgd import dataset, dem_text, ground, house, packed
from tests.support.plateau import House, city_model, square

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.findings import Finding

ZONE = CRS.from_epsg(6677)
X, Y = -15000.0, -41000.0


def told(findings: Sequence[Finding]) -> dict[str, Finding]:
    """By code; every sentence is whole in both languages."""
    for finding in findings:
        for language in LANGUAGES:
            sentence = say(language, finding.code, **finding.values())
            assert sentence != finding.code
            assert not re.search(r"[{}]|\bNone\b", sentence), sentence
    return {finding.code: finding for finding in findings}


def dem(k: int, name: str = "") -> tuple[str, str]:
    text = dem_text(ground([float(k)] * 4), shape=(2, 2), corner=(35.25, 138.5 + k * 0.4 / 3600))
    return name or f"FG-GML-5238-74-0{k}-DEM5A-20161001.xml", text


BROKEN_DEM = {
    "fgd.unreadable": lambda text: text[: len(text) // 2],
    "fgd.tuple": lambda text: text.replace(",1.", ",x1."),
    "fgd.encoding": lambda text: text.replace("UTF-8", "x-none"),
    "fgd.crs": lambda text: text.replace("fguuid:jgd2011.bl", "fguuid:mars.bl"),
    "fgd.grid": lambda text: text.replace("<gml:high>1 1", "<gml:high>9 9"),
}


@pytest.mark.parametrize("code", BROKEN_DEM)
@pytest.mark.parametrize("form", ["files", "folder", "zip", "zips"])
def test_a_terrain_tile(tmp_path: Path, code: str, form: str) -> None:
    tiles = dict(dem(k) for k in range(3))
    bad = dem(1)[0]
    tiles[bad] = BROKEN_DEM[code](tiles[bad])
    folder = tmp_path / "in"
    folder.mkdir()
    if form == "zip":
        packed(folder / "all.zip", tiles)
    for name, text in tiles.items():
        if form == "zips":
            packed(folder / f"{name[:-4]}.zip", {name: text})
        elif form != "zip":
            (folder / name).write_text(text, encoding="utf-8")
    paths = sorted(folder.iterdir()) if form == "files" else [folder]
    found, findings = read_dem_tiles(paths)
    assert sorted(float(tile.z[0, 0]) for tile in found) == [0.0, 2.0]
    said = told(findings)
    assert bad in said[code].source
    assert said["files.left_out"].details == {"count": 1, "of": 3}
    # Mesh 5238-74-01: 30″ × 45″.
    assert said["files.area_lacking"].found == "52387401"
    assert said["files.area_lacking"].details["area_km2"] == pytest.approx(0.9247 * 1.1379, rel=0.01)
    # Its cells are not counted, nor is anything else of it said.
    assert said["fgd.dem_classes"].details["cells"] == 8
    assert "fgd.dem_mixed" not in said


def test_what_another_file_has_of_the_same_mesh_is_not_lacking(tmp_path: Path) -> None:
    name, text = dem(1)
    (tmp_path / name).write_text(text[:300], encoding="utf-8")
    (tmp_path / name.replace("2016", "2012")).write_text(text, encoding="utf-8")
    _, findings = read_dem_tiles([tmp_path])
    assert {"files.left_out", "fgd.unreadable"} <= set(told(findings))
    assert "files.area_lacking" not in told(findings)


def test_damaged_archives_among_others(tmp_path: Path) -> None:
    for k in range(3):
        packed(tmp_path / f"FG-GML-5238-74-0{k}-DEM5A.zip", dict([dem(k)]))
    whole = (tmp_path / "FG-GML-5238-74-01-DEM5A.zip").read_bytes()
    for content in (whole[: len(whole) // 2], whole[:100] + b"\xff" * 20 + whole[120:]):
        (tmp_path / "FG-GML-5238-74-01-DEM5A.zip").write_bytes(content)
        found, findings = read_dem_tiles([tmp_path])
        assert len(found) == 2
        assert told(findings)["files.area_lacking"].found == "52387401"
    # The same within an archive of archives.
    inside = {path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())}
    found, findings = read_dem_tiles([packed(tmp_path / "outer.zip", inside)])
    assert len(found) == 2
    assert told(findings)["fgd.unreadable"].source.startswith("outer.zip/FG-GML-5238-74-01-DEM5A.zip")


def test_harm_stays_an_error_and_so_does_what_is_missing(tmp_path: Path) -> None:
    good = tmp_path / dem(0)[0]
    good.write_text(dem(0)[1], encoding="utf-8")
    bad = tmp_path / "a.xml"
    bad.write_text('<!DOCTYPE a [<!ENTITY b "c">]>' + dem(1)[1].partition("?>")[2], encoding="utf-8")
    for path, code in ((bad, "fgd.entities"), (tmp_path / "none.xml", "fgd.missing")):
        with pytest.raises(UnreadableFile) as caught:
            read_dem_tiles([good, path])
        assert caught.value.code == code
        assert code not in DAMAGE
    nested = packed(tmp_path / "x.zip", {"y.zip": packed(tmp_path / "y", {"z.zip": b"PK"}).read_bytes()})
    with pytest.raises(UnreadableFile, match=r"fgd\.nested"):
        read_dem_tiles([good, nested])


def test_where_nothing_is_left_the_first_damage_is_the_error(tmp_path: Path) -> None:
    for k in range(3):
        name, text = dem(k)
        (tmp_path / name).write_text(text[:400], encoding="utf-8")
    with pytest.raises(UnreadableFile) as caught:
        read_dem_tiles([tmp_path])
    assert (caught.value.code, caught.value.details["file"]) == ("fgd.unreadable", dem(0)[0])


def test_outlines_of_the_gsi(tmp_path: Path) -> None:
    """Nothing stays of the file that breaks off, though its first buildings could be read."""
    for k in range(3):
        text = dataset(*(house(f"B{k}{n}", 35.7 + 0.001 * n, 139.7 + 0.01 * k, kind=f"家{k}") for n in range(4)))
        text = text[: text.index("B13") + 50] if k == 1 else text
        (tmp_path / f"FG-GML-53394{k}-BldA-20150101-0001.xml").write_text(text, encoding="utf-8")
    frame, findings = read_fgd_buildings([tmp_path], ZONE)
    assert [name[:2] for name in frame["building_id"]] == ["B0"] * 4 + ["B2"] * 4
    said = told(findings)
    assert said["files.area_lacking"].found == "533941"
    assert said["fgd.kinds_strange"].found == "家0, 家2"


@pytest.mark.parametrize("form", ["folder", "zip", "head"])
def test_city_models(tmp_path: Path, form: str) -> None:
    meshes = ("53392633", "53392634", "53392635")
    texts = {
        f"{mesh}_bldg_6697_op.gml": city_model([House(f"{mesh}-{n}", square(X + 30 * n + 500 * k, Y, 10.0)) for n in range(3)])
        for k, mesh in enumerate(meshes)
    }  # fmt: skip
    bad = f"{meshes[1]}_bldg_6697_op.gml"
    if form != "head":
        texts[bad] = texts[bad][: texts[bad].index(f"{meshes[1]}-2") + 200]
    whole = read_city_model([_folder(tmp_path / "good", {k: v for k, v in texts.items() if k != bad})])
    if form == "folder":
        path = _folder(tmp_path / "in", texts)
    else:
        path = packed(tmp_path / "model.zip", {f"udx/bldg/{name}": text for name, text in texts.items()})
    if form == "head":
        # The local header of the middle member: the archive's directory is whole.
        data = bytearray(path.read_bytes())
        data[data.index(b"PK\x03\x04", 10)] ^= 0xFF
        path.write_bytes(data)
    model = read_city_model([path])
    assert model.buildings["gml_id"].tolist() == whole.buildings["gml_id"].tolist()
    np.testing.assert_array_equal(model.roofs.xyz, whole.roofs.xyz)
    said = told(model.findings)
    assert said["citymodel.unreadable"].severity == "error"
    assert said["files.left_out"].details == {"count": 1, "of": 3}
    assert said["files.area_lacking"].found == meshes[1]


def _folder(path: Path, texts: dict[str, str]) -> Path:
    path.mkdir()
    for name, text in texts.items():
        (path / name).write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_point_clouds(tmp_path: Path, suffix: str) -> None:
    """One cut off, whose header tells its area; one that has no header at all."""
    for name in "abc":
        las.write(tmp_path / f"{name}{suffix}", las.points(2000))
    whole = (tmp_path / f"b{suffix}").read_bytes()
    (tmp_path / f"b{suffix}").write_bytes(whole[: len(whole) * 3 // 4])
    (tmp_path / f"d{suffix}").write_bytes(b"nothing")
    cloud = survey_points([tmp_path])
    assert [path.name[0] for path in cloud.files] == ["a", "c"]
    said = told(cloud.left.findings(4))
    assert said["files.left_out"].details == {"count": 2, "of": 4}
    assert said["files.area_lacking"].found == f"b{suffix}"
    assert said["files.area_lacking"].details["area_km2"] == pytest.approx(20 * 20 / 1e6, rel=0.01)
    assert said["files.area_unknown"].details["count"] == 1
    with pytest.raises(UnreadableFile, match=r"point_cloud\.not_las"):
        survey_points([tmp_path / f"d{suffix}"])


@pytest.mark.parametrize(
    ("name", "mesh"),
    [
        ("FG-GML-5238-74-00-DEM5A-20161001.xml", "52387400"), ("a.zip/fg-gml-5238-74-dem10b-20161001.xml", "523874"), ("FG-GML-523874-BldA-20150101-0001.xml", "523874"),
        ("53392633_bldg_6697_op.gml", "53392633"), ("533926_dem_6697_op.gml", "533926"), ("a.zip/udx/533926331_bldg_6697.gml", "53392633"), ("53392683_bldg.gml", None),
        ("a.xml", None), ("FG-GML-9938-74-00-DEM5A.xml", None), ("20240101_notes.gml", None),
    ],
)  # fmt: skip
def test_the_mesh_in_a_name(name: str, mesh: str | None) -> None:
    assert mesh_in(name) == mesh


@given(st.integers(30, 67), st.integers(22, 53), st.integers(0, 7), st.integers(0, 7), st.integers(0, 9), st.integers(0, 9))  # fmt: skip
def test_meshes_lie_within_each_other(p: int, u: int, q: int, v: int, r: int, w: int) -> None:
    outer = mesh_bounds(f"{p}{u}")
    for code, parts in ((f"{p}{u}{q}{v}", 8), (f"{p}{u}{q}{v}{r}{w}", 80)):
        west, south, east, north = mesh_bounds(code)
        assert outer[0] - 1e-9 <= west < east <= outer[2] + 1e-9
        assert outer[1] - 1e-9 <= south < north <= outer[3] + 1e-9
        assert ((east - west) * parts, (north - south) * parts) == pytest.approx((1.0, 2 / 3))


def test_every_kind_of_damage_has_words() -> None:
    assert {code for code in DAMAGE if not code.startswith("relief.")} <= set(catalogue())
