"""PLATEAU city models: attributes and shapes as the files say them, what stands for nothing as nothing, and files that mean no good."""

from __future__ import annotations

import random
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from defusedxml import ElementTree
from pyproj import CRS, Transformer

from gis.citygml import read_roof_surfaces
from gis.errors import CrsMismatch, UnreadableFile
from gis.grid import Grid
from gis.model_surface import RoofPolygons, lay_roofs
from gis.plateau import CityModel, read_city_model
from gis.progress import Cancelled
from tests.support.plateau import EPSG_6697, HEAD, House, Writer, city_model, gable, square

if TYPE_CHECKING:
    from pathlib import Path

ZONE = CRS.from_epsg(6677)
X, Y = -15000.0, -41000.0
GML, BLDG = "{http://www.opengis.net/gml}", "{http://www.opengis.net/citygml/building/2.0}"


def read(tmp_path: Path, *houses: House | str, writer: Writer | None = None, srs: str | None = EPSG_6697) -> CityModel:
    path = tmp_path / "53392633_bldg_6697_op.gml"
    path.write_text(city_model(houses, writer, srs), encoding="utf-8")
    return read_city_model([path], ZONE)


def codes(model: CityModel) -> list[str]:
    return [finding.code for finding in model.findings]


# ---------------------------------------------------------------------------------------------- the real tile


@pytest.fixture(scope="module")
def kaga(realdata: Path) -> CityModel:
    return read_city_model([realdata / "plateau_kaga" / "54363371_bldg_6697.gml"])


@pytest.mark.realdata
def test_every_building_of_kaga_has_a_surface_and_none_a_height_that_stands_for_nothing(
    kaga: CityModel, realdata: Path
) -> None:
    frame = kaga.buildings
    assert len(frame) == 192
    assert frame.crs.to_epsg() == 6675
    assert frame["surface"].value_counts().to_dict() == {"lod1": 120, "assumed": 41, "lod2": 31}
    root = ElementTree.parse(realdata / "plateau_kaga" / "54363371_bldg_6697.gml").getroot()
    measured = {str(b.get(f"{GML}id")): b.findtext(f"{BLDG}measuredHeight") for b in root.iter(f"{BLDG}Building")}
    for row in frame.itertuples():
        own = measured[row.gml_id]
        assert np.isnan(row.height_m) if own is None else row.height_m == float(own)
    assert frame.loc[frame["surface"] == "assumed", "height_m"].isna().all()
    # Storeys are 9999 throughout, and the year of construction is nowhere.
    assert frame["storeys"].isna().all()
    assert frame["built_year"].isna().all()
    assert frame["building_id"].str.fullmatch(r"17206-bldg-\d+").all()
    depths: dict[str, float] = {}
    for building in root.iter(f"{BLDG}Building"):
        found = [float(e.text) for e in building.iter() if e.tag.endswith("}depth")]
        depths[str(building.get(f"{GML}id"))] = max(found) if found else np.nan
    assert np.allclose(frame["flood_depth_m"], [depths[name] for name in frame["gml_id"]], equal_nan=True)


def solid_volume(building: object) -> float:
    """Of LOD1, by the divergence theorem over its faces, in metres about its own place."""
    move = Transformer.from_crs(6668, 6675, always_xy=True)
    total, origin = 0.0, None
    for ring in building.find(f"{BLDG}lod1Solid").iter(f"{GML}exterior"):  # type: ignore[attr-defined]
        text = " ".join(part.text for part in ring.findall(f"{GML}LinearRing/{GML}posList"))
        if not text:
            continue
        lat, lon, z = np.array(text.split(), float).reshape(-1, 3).T
        x, y = move.transform(lon, lat)
        points = np.column_stack([x, y, z])
        origin = points[0].copy() if origin is None else origin
        points -= origin
        for k in range(1, len(points) - 2):
            total += float(np.dot(points[0], np.cross(points[k], points[k + 1]))) / 6.0
    return abs(total)


@pytest.mark.realdata
def test_volumes_of_kaga_are_those_of_its_solids(kaga: CityModel, realdata: Path) -> None:
    root = ElementTree.parse(realdata / "plateau_kaga" / "54363371_bldg_6697.gml").getroot()
    volumes = {str(b.get(f"{GML}id")): solid_volume(b) for b in root.iter(f"{BLDG}Building")}
    boxes = kaga.buildings[kaga.buildings["surface"] == "lod1"]
    own = boxes.geometry.area * (boxes["top_m"] - boxes["ground_m"])
    wanted = np.array([volumes[name] for name in boxes["gml_id"]])
    # Projected areas are smaller than those of the ground by the zone's scale.
    assert np.allclose(own, wanted, rtol=2e-3)


@pytest.mark.realdata
def test_a_zip_and_a_folder_are_the_same_as_the_file(kaga: CityModel, realdata: Path, tmp_path: Path) -> None:
    tile = realdata / "plateau_kaga" / "54363371_bldg_6697.gml"
    folder = tmp_path / "配布 データ" / "udx" / "bldg"
    folder.mkdir(parents=True)
    (folder / tile.name).write_bytes(tile.read_bytes())
    (tmp_path / "配布 データ" / "udx" / "tran.gml").write_text("<not-read/>", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "17206.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tile, f"17206/udx/bldg/{tile.name}")
        archive.writestr("17206/udx/tran/x_tran_6697.gml", "<not-read/>")
    for path in (tmp_path / "配布 データ", tmp_path / "17206.zip"):
        other = read_city_model([path])
        assert other.buildings.drop(columns="source").equals(kaga.buildings.drop(columns="source"))
        assert np.array_equal(other.roofs.xyz, kaga.roofs.xyz)


# ---------------------------------------------------------------------------------------------- what elements say


def test_attributes_of_iur_3_and_1_4(tmp_path: Path) -> None:
    new = House(
        "a", square(X, Y, 10.0), attributes=(
            "<gml:name>第一小学校</gml:name><bldg:usage>422</bldg:usage><bldg:yearOfConstruction>1978</bldg:yearOfConstruction>"
            "<bldg:measuredHeight uom='m'>12.5</bldg:measuredHeight><bldg:storeysAboveGround>3</bldg:storeysAboveGround>"
        ),
        uro=(
            "<uro:buildingIDAttribute><uro:BuildingIDAttribute><uro:buildingID>14130-bldg-7</uro:buildingID><uro:city>14130</uro:city>"
            "</uro:BuildingIDAttribute></uro:buildingIDAttribute><uro:bldgDisasterRiskAttribute><uro:RiverFloodingRiskAttribute>"
            "<uro:depth uom='m'>0.4</uro:depth></uro:RiverFloodingRiskAttribute></uro:bldgDisasterRiskAttribute><uro:bldgDisasterRiskAttribute>"
            "<uro:RiverFloodingRiskAttribute><uro:depth uom='m'>2.5</uro:depth></uro:RiverFloodingRiskAttribute></uro:bldgDisasterRiskAttribute>"
            "<uro:bldgDisasterRiskAttribute><uro:TsunamiRiskAttribute><uro:depth>-9999</uro:depth></uro:TsunamiRiskAttribute></uro:bldgDisasterRiskAttribute>"
            "<uro:buildingDetailAttribute><uro:BuildingDetailAttribute><uro:totalFloorArea uom='m2'>1234.5</uro:totalFloorArea>"
            "<uro:buildingStructureType>611</uro:buildingStructureType></uro:BuildingDetailAttribute></uro:buildingDetailAttribute>"
        ),
    )  # fmt: skip
    old = House(
        "b", square(X + 50, Y, 10.0), attributes=(
            "<bldg:yearOfConstruction>0001</bldg:yearOfConstruction><bldg:measuredHeight uom='m'>-9999</bldg:measuredHeight>"
            "<bldg:storeysAboveGround>9999</bldg:storeysAboveGround>"
        ),
        uro=(
            "<uro:buildingDetails><uro:BuildingDetails><uro:totalFloorArea>-9999</uro:totalFloorArea></uro:BuildingDetails></uro:buildingDetails>"
            "<uro:buildingDisasterRiskAttribute><uro:BuildingRiverFloodingRisk><uro:depth>1.1</uro:depth></uro:BuildingRiverFloodingRisk>"
            "</uro:buildingDisasterRiskAttribute>"
        ),
    )  # fmt: skip
    frame = read(tmp_path, new, old).buildings
    a, b = frame.iloc[0], frame.iloc[1]
    assert (a["building_id"], a["name"], a["usage"], a["structure"]) == ("14130-bldg-7", "第一小学校", "422", "611")
    assert (a["built_year"], a["storeys"], a["height_m"], a["floor_area_m2"]) == (1978.0, 3.0, 12.5, 1234.5)
    assert a["flood_depth_m"] == 2.5
    assert np.isnan(a["tsunami_depth_m"])
    assert b["building_id"] == "b"
    assert b[["built_year", "storeys", "measured_height_m", "floor_area_m2"]].isna().all()
    assert b["flood_depth_m"] == 1.1
    # Its box is 6 m high, and so nobody's stand-in.
    assert (b["surface"], b["height_m"]) == ("lod1", 6.0)


CODES = """<?xml version="1.0" encoding="UTF-8"?>
<gml:Dictionary xmlns:gml="http://www.opengis.net/gml" gml:id="cl"><gml:name>list</gml:name>{}</gml:Dictionary>"""


def code_list(**codes: str) -> str:
    entries = "".join(
        f"<gml:dictionaryEntry><gml:Definition gml:id='i{code}'><gml:description>{words}</gml:description><gml:name>{code[1:]}</gml:name>"
        "</gml:Definition></gml:dictionaryEntry>"
        for code, words in codes.items()
    )
    return CODES.format(entries)


def test_codes_have_the_words_of_the_lists_beside_the_model(tmp_path: Path) -> None:
    risk = "<uro:bldgDisasterRiskAttribute><uro:LandSlideRiskAttribute><uro:description>1</uro:description><uro:areaType codeSpace='../../codelists/LandSlide_areaType.xml'>{}</uro:areaType></uro:LandSlideRiskAttribute></uro:bldgDisasterRiskAttribute>"
    school = House(
        "a", square(X, Y, 10.0), attributes="<bldg:usage codeSpace='../../codelists/Building_usage.xml'>422</bldg:usage>", uro=House.uro + risk.format(1) + risk.format(2) + risk.format(1)
    )  # fmt: skip
    other = House(
        "b",
        square(X + 50, Y, 10.0),
        attributes="<bldg:usage codeSpace='../../codelists/Building_usage.xml'>999</bldg:usage>",
        uro="",
    )
    text = city_model([school, other])
    lists = {
        "Building_usage": code_list(c421="官公庁施設", c422="文教厚生施設"), "LandSlide_areaType": code_list(c1="土砂災害警戒区域", c2="土砂災害特別警戒区域"),
    }  # fmt: skip
    tile = tmp_path / "14130" / "udx" / "bldg" / "53392633_bldg_6697_op.gml"
    tile.parent.mkdir(parents=True)
    tile.write_text(text, encoding="utf-8")
    bare = read_city_model([tile]).buildings
    assert bare["landslide"].iloc[0] == "1;2"
    assert bare["landslide"].isna().tolist() == [False, True]
    assert bare["usage_name"].tolist() == [None, None]
    (tmp_path / "14130" / "codelists").mkdir()
    with zipfile.ZipFile(tmp_path / "14130.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"14130/udx/bldg/{tile.name}", text)
        for name, content in lists.items():
            (tmp_path / "14130" / "codelists" / f"{name}.xml").write_text(content, encoding="utf-8")
            archive.writestr(f"14130/codelists/{name}.xml", content)
    for path in (tile, tmp_path / "14130", tmp_path / "14130" / "udx" / "bldg", tmp_path / "14130.zip"):
        named = read_city_model([path]).buildings
        assert named["usage_name"].tolist() == ["文教厚生施設", None], path
        assert named["landslide_name"].tolist() == ["土砂災害警戒区域;土砂災害特別警戒区域", None]


@pytest.mark.parametrize("content", [
    b"", b"<gml:Dictionary", b"\xff\xfe\x00", b"<a>" * 100_000,
    b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a xmlns:gml='http://www.opengis.net/gml'><gml:Definition><gml:name>422</gml:name><gml:description>&x;</gml:description></gml:Definition></a>",
    b"<!DOCTYPE a [<!ENTITY x 'ha'>]><a xmlns:gml='http://www.opengis.net/gml'><gml:Definition><gml:name>422</gml:name><gml:description>&x;</gml:description></gml:Definition></a>",
])  # fmt: skip
def test_a_list_that_is_none_leaves_codes_as_they_are(tmp_path: Path, content: bytes) -> None:
    house = House(
        "a",
        square(X, Y, 10.0),
        attributes="<bldg:usage codeSpace='../../codelists/../../../etc/Building_usage.xml'>422</bldg:usage>",
    )
    tile = tmp_path / "udx" / "bldg" / "53392633_bldg_6697_op.gml"
    tile.parent.mkdir(parents=True)
    tile.write_text(city_model([house]), encoding="utf-8")
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "Building_usage.xml").write_bytes(content)
    frame = read_city_model([tile]).buildings
    assert (frame["usage"].tolist(), frame["usage_name"].tolist()) == (["422"], [None])


def test_a_box_of_three_metres_is_a_height_only_where_somebody_measured_it(tmp_path: Path) -> None:
    low = {"floor": 10.0, "top": 13.0}
    known = House("known", square(X, Y, 10.0), **low, attributes="<bldg:measuredHeight>3.1</bldg:measuredHeight>")  # type: ignore[arg-type]
    unknown = House("unknown", square(X + 50, Y, 10.0), **low, attributes="")  # type: ignore[arg-type]
    model = read(tmp_path, known, unknown)
    assert model.buildings["surface"].tolist() == ["lod1", "assumed"]
    assert model.buildings["height_m"].tolist()[0] == 3.1
    assert np.isnan(model.buildings["height_m"].iloc[1])
    assert codes(model) == ["citymodel.unknown_height"]


def test_lod2_goes_before_lod1_and_parts_belong_to_their_building(tmp_path: Path) -> None:
    roofs = gable(X, Y, 10.0, 16.0, 19.0)
    part = House("part", square(X + 10, Y, 5.0), top=13.0, uro="", attributes="")
    model = read(
        tmp_path,
        House("a", square(X, Y, 10.0), roofs=roofs, parts=[part]),
        House("b", square(X + 50, Y, 8.0), parts=[part]),
    )
    assert model.buildings["surface"].tolist() == ["lod2", "lod1"]
    assert np.bincount(model.roofs.building).tolist() == [2, 2]
    assert model.buildings.geometry.area.to_numpy() == pytest.approx([125.0, 64.0 + 25.0], rel=1e-3)
    assert model.roofs.xyz[:, 2].max() == 19.0


def test_roofs_that_are_only_named_are_found_in_the_solid(tmp_path: Path) -> None:
    made = Writer()
    roof = [(X, Y, 16.0), (X + 10, Y, 16.0), (X + 10, Y + 10, 18.0), (X, Y + 10, 18.0)]
    solid = (
        f"<bldg:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface><gml:surfaceMember>{made.polygon(roof, 'p1')}</gml:surfaceMember>"
        "</gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod2Solid>"
    )
    named = (
        "<bldg:boundedBy><bldg:RoofSurface><bldg:lod2MultiSurface><gml:MultiSurface><gml:surfaceMember xlink:href='#p1'/>"
        "<gml:surfaceMember xlink:href='#nowhere'/></gml:MultiSurface></bldg:lod2MultiSurface></bldg:RoofSurface></bldg:boundedBy>"
    )
    house = House("a", square(X, Y, 10.0), attributes=solid + named, lod="0")
    model = read(tmp_path, house)
    assert model.buildings["surface"].tolist() == ["lod2"]
    assert model.roofs.xyz[:, 2].max() == 18.0
    assert codes(model) == ["citymodel.broken"]


def test_without_lod0_the_floor_is_the_outline(tmp_path: Path) -> None:
    model = read(tmp_path, House("a", square(X, Y, 10.0), lod="1"), House("b", square(X + 50, Y, 10.0), lod=""))
    assert model.buildings["building_id"].tolist() == ["a"]
    assert model.buildings.geometry.iloc[0].area == pytest.approx(100.0, rel=1e-3)
    assert codes(model) == ["citymodel.no_outline"]


def test_courtyards_stay_open(tmp_path: Path) -> None:
    made = Writer()
    ring = [(x, y, 0.0) for x, y in square(X, Y, 30.0)]
    yard = [(x, y, 0.0) for x, y in square(X + 10, Y + 10, 10.0)]
    foot = f"<bldg:lod0RoofEdge>{made.surface([made.polygon(ring, holes=[yard])])}</bldg:lod0RoofEdge>"
    model = read(tmp_path, House("a", square(X, Y, 30.0), attributes=foot, lod="1"), House("b", square(X + 90, Y, 5.0)))
    assert model.buildings.geometry.area.to_numpy() == pytest.approx([800.0, 25.0], rel=1e-3)


def test_ids_that_two_buildings_have_are_told_apart(tmp_path: Path) -> None:
    uro = "<uro:buildingIDAttribute><uro:BuildingIDAttribute><uro:buildingID>14130-bldg-1</uro:buildingID></uro:BuildingIDAttribute></uro:buildingIDAttribute>"
    houses = [House(name, square(X + 50 * k, Y, 9.0), uro=uro) for k, name in enumerate("ab")]
    assert read(tmp_path, *houses).buildings["building_id"].tolist() == ["a", "b"]


# ---------------------------------------------------------------------------------------------- coordinates


@pytest.mark.parametrize(
    ("writer", "srs", "said"),
    [
        (Writer(), EPSG_6697, []),
        (Writer(longitude_first=True), EPSG_6697, ["citymodel.swapped"]),
        (Writer(), None, ["citymodel.no_crs"]),
        (Writer(6677), "EPSG:6677", []),
        (Writer(4612), "urn:ogc:def:crs:EPSG::4612", ["datum.jgd2000"]),
    ],
)
def test_wherever_it_is_written_it_lies_in_one_place(
    tmp_path: Path, writer: Writer, srs: str | None, said: list[str]
) -> None:
    model = read(tmp_path, House("a", square(X, Y, 10.0)), writer=writer, srs=srs)
    wanted = shapely.box(X, Y, X + 10, Y + 10)
    assert model.buildings.geometry.iloc[0].symmetric_difference(wanted).area < 0.05
    assert model.roofs.xyz[:, 2].tolist() == [16.0] * 5
    assert codes(model) == said


def test_the_zone_is_that_of_the_prefecture(tmp_path: Path) -> None:
    path = tmp_path / "a.gml"
    path.write_text(city_model([House("a", square(X, Y, 10.0))]), encoding="utf-8")
    assert read_city_model([path]).buildings.crs.to_epsg() == 6677
    path.write_text(city_model([House("a", square(X, Y, 10.0), uro="")]), encoding="utf-8")
    with pytest.raises(CrsMismatch, match=r"citymodel\.no_zone"):
        read_city_model([path])


@pytest.mark.parametrize(
    ("srs", "code"), [("EPSG:4979", "ellipsoidal"), ("EPSG:99999", "unknown_crs"), ("EPSG:6667", "ellipsoidal")]
)
def test_heights_of_another_kind_are_refused(tmp_path: Path, srs: str, code: str) -> None:
    with pytest.raises(CrsMismatch, match=code):
        read(tmp_path, House("a", square(X, Y, 10.0)), srs=srs)


def test_files_of_two_vertical_datums_are_not_mixed(tmp_path: Path) -> None:
    # EPSG:6697 is JGD2011 with its vertical datum; 7415 is Amersfoort with NAP.
    paths = [tmp_path / "a.gml", tmp_path / "b.gml"]
    for path, srs in zip(paths, (EPSG_6697, "EPSG:7415"), strict=True):
        path.write_text(city_model([House(path.stem, square(X, Y, 10.0))], srs=srs), encoding="utf-8")
    with pytest.raises(CrsMismatch, match=r"citymodel\.mixed_heights"):
        read_city_model(paths, ZONE)


# ---------------------------------------------------------------------------------------------- files that mean no good


def refused(path: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_city_model([path], ZONE)
    return caught.value.code


LAUGHS = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))


@pytest.mark.parametrize(
    "declared",
    [
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(tmp_path: Path, declared: str, encoding: str) -> None:
    text = city_model([House("a", square(X, Y, 10.0), attributes="<gml:name>&l9;&e;</gml:name>")])
    text = text.replace("UTF-8", encoding).replace("?>\n", f"?>{declared}", 1)
    path = tmp_path / "a.gml"
    path.write_text(text, encoding=encoding)
    assert refused(path) == "citymodel.entities"


def test_what_is_no_city_model_is_said(tmp_path: Path) -> None:
    for name, content, code in (
        ("a.gml", b"", "citymodel.unreadable"),
        ("b.gml", b"hello", "citymodel.unreadable"),
        ("c.gml", b"\x00\xff" * 500, "citymodel.unreadable"),
        ("d.gml", f"{HEAD}</core:CityModel>".encode(), "citymodel.no_buildings"),
        ("e.gml", b"PK\x03\x04broken", "citymodel.unreadable"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert refused(path) == code, name
    assert refused(tmp_path / "none.gml") == "citymodel.missing"
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "empty") == "citymodel.no_files"
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("udx/bldg/a_bldg_6697.gml", " " * 50_000_000)
    assert refused(bomb) == "citymodel.archive"


def test_broken_bytes_are_refused_or_harmless(tmp_path: Path) -> None:
    good = city_model(
        [House(f"h{k}", square(X + 40 * k, Y, 10.0), roofs=gable(X + 40 * k, Y, 10.0, 16, 18)) for k in range(4)]
    ).encode()
    rng = random.Random(7)  # noqa: S311
    digits = [k for k, byte in enumerate(good) if chr(byte).isdigit()]
    path = tmp_path / "a.gml"
    read_in_full = 0
    for _ in range(120):
        content = bytearray(good)
        kind = rng.randrange(4)
        for _ in range(rng.choice((1, 3, 20))):
            # Numbers that are others, marks that are none, bytes of any kind, a file that ends.
            if kind == 0:
                content[rng.choice(digits)] = rng.choice(b"0123456789")
            elif kind == 1:
                content[rng.choice(digits)] = rng.choice(b"0123456789.-e nax")
            else:
                content[rng.randrange(len(content))] = rng.randrange(256)
        if kind == 3:
            del content[rng.randrange(len(content)) :]
        path.write_bytes(content)
        try:
            model = read_city_model([path], ZONE)
        except (UnreadableFile, CrsMismatch):
            continue
        read_in_full += 1
        assert len(model.buildings) <= 4
        assert model.buildings.is_valid.all()
    assert 10 < read_in_full < 110


def test_memory_is_that_of_what_is_kept(tmp_path: Path) -> None:
    """Twenty megabytes of textures and two buildings."""
    texture = f"<app:appearanceMember xmlns:app='http://www.opengis.net/citygml/appearance/2.0'>{'<app:x>0 1 0 1</app:x>' * 400}</app:appearanceMember>"
    houses = [House(name, square(X + 40 * k, Y, 10.0)) for k, name in enumerate("ab")]
    text = city_model(houses).replace("<core:cityObjectMember>", texture * 2000 + "<core:cityObjectMember>", 1)
    path = tmp_path / "a.gml"
    path.write_text(text, encoding="utf-8")
    assert path.stat().st_size > 15e6
    tracemalloc.start()
    read_city_model([path], ZONE)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5e6


def test_it_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.gml"
    path.write_text(city_model([House(f"h{k}", square(X + 20 * k, Y, 10.0)) for k in range(300)]), encoding="utf-8")
    shares: list[float] = []

    def stop(share: float, _what: str) -> None:
        shares.append(share)
        if share > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_city_model([path], ZONE, stop)
    assert shares == sorted(shares)


def installation(writer: Writer, x: float, y: float, z: float, *, whole: bool = False) -> str:
    """A block of 2 m on a roof: with surfaces of its own, or as one geometry with walls."""
    house = House("i", square(x, y, 2.0), floor=z - 2.0, top=z)
    if whole:
        inside = f"<bldg:lod2Geometry>{writer.box(house)}</bldg:lod2Geometry>"
    else:
        roof = writer.surface([writer.polygon([(a, b, z) for a, b in house.foot])])
        inside = f"<bldg:boundedBy><bldg:RoofSurface><bldg:lod2MultiSurface>{roof}</bldg:lod2MultiSurface></bldg:RoofSurface></bldg:boundedBy>"
    return f"<bldg:outerBuildingInstallation><bldg:BuildingInstallation>{inside}</bldg:BuildingInstallation></bldg:outerBuildingInstallation>"


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("lod", [1, 2])
def test_what_stands_on_a_roof_is_in_the_surface_and_no_roof_plane(tmp_path: Path, whole: bool, lod: int) -> None:
    writer = Writer()
    roofs = gable(X, Y, 20.0, 16.0, 20.0) if lod == 2 else ()
    on_it = installation(writer, X + 4.0, Y + 4.0, 25.0, whole=whole)
    house = House("a", square(X, Y, 20.0), roofs=roofs, attributes=on_it)
    model = read(tmp_path, house, House("b", square(X + 40, Y, 10.0)), writer=writer)
    assert model.buildings["surface"].tolist() == ["lod2" if lod == 2 else "lod1", "lod1"]
    # The building is no higher for it.
    assert model.buildings["top_m"].iloc[0] == (20.0 if lod == 2 else 16.0)
    (told,) = (finding for finding in model.findings if finding.code == "citymodel.installations")
    assert told.details == {"count": 1, "of": 2}
    z, owner = lay_roofs(RoofPolygons.of(model.roofs), Grid(40, 40, 0.5, X, Y + 20.0, CRS.from_epsg(6677)))
    row, col = np.nonzero(z > 21.0)
    assert (row.min(), row.max(), col.min(), col.max()) == (28, 31, 8, 11)
    np.testing.assert_allclose(z[28:32, 8:12], 25.0)
    assert (owner[28:32, 8:12] == 0).all()
    found = read_roof_surfaces(tmp_path / "53392633_bldg_6697_op.gml")
    assert found.count == len(roofs)
    assert not found.broken
