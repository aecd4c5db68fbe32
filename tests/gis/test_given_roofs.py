"""Roof planes of others' making: read from CityGML and from drawn polygons, and brought into the outlines that they lie in."""

from __future__ import annotations

import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS

from gis.citygml import read_roof_surfaces
from gis.crs import meridian_convergence
from gis.errors import CrsMismatch, CrsMissing, GisError, NoOverlap, UnreadableFile
from gis.given_fit import fitted
from gis.given_places import height_at, in_outlines
from gis.given_roofs import GivenRoofs, read_given_roofs
from gis.progress import Cancelled
from gis.roofs import CITYGML, DRAWN
from tests.support.gml import city_model, roof_surface, write_model
from tests.support.lod2 import roof_surfaces

ZONE_9 = CRS.from_epsg(6677)
X, Y = -20000.0, -44500.0
BOUNDS = (X - 100, Y - 100, X + 100, Y + 100)


def slope(
    west: float, south: float, width: float, depth: float, low: float, high: float
) -> list[tuple[float, float, float]]:
    """A rectangle that falls to the south."""
    return [
        (X + west, Y + south, low), (X + west + width, Y + south, low), (X + west + width, Y + south + depth, high), (X + west, Y + south + depth, high),
    ]  # fmt: skip


GABLE = [slope(0, 0, 12, 5, 20, 23), slope(0, 10, 12, -5, 20, 23)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "53393419_bldg_6697.gml", [("A", [side]) for side in GABLE])


def read(path: Path, **more: object) -> GivenRoofs:
    return read_given_roofs(path, ZONE_9, **more)  # type: ignore[arg-type]


def codes(given: GivenRoofs) -> dict[str, object]:
    return {finding.code.removeprefix("roof_planes."): finding.details["count"] for finding in given.findings}


# ---------------------------------------------------------------------------------------------- CityGML


def one_member(member: str) -> str:
    """A roof surface of anything."""
    inside = f"<gml:MultiSurface>{member}</gml:MultiSurface>"
    return f"<bldg:RoofSurface><bldg:lod2MultiSurface>{inside}</bldg:lod2MultiSurface></bldg:RoofSurface>"


def test_latitude_comes_first_and_heights_are_those_of_the_file(model: Path) -> None:
    frame = read(model, bounds=BOUNDS).frame
    assert frame["source"].tolist() == [CITYGML] * 2
    assert frame["item"].tolist() == ["A"] * 2
    np.testing.assert_allclose(frame.area, 60.0, rtol=1e-6)
    np.testing.assert_allclose(frame["rise_north"], [0.6, -0.6], atol=1e-6)
    np.testing.assert_allclose(frame["rise_east"], 0.0, atol=1e-6)
    south = height_at(frame, np.array([0]), np.array([X + 6]), np.array([Y]))
    np.testing.assert_allclose(south, 20.0, atol=1e-5)


@pytest.mark.parametrize(
    "srs", ["urn:ogc:def:crs:EPSG::6677", "EPSG:6677", "http://www.opengis.net/gml/srs/epsg.xml#6677", "http://www.opengis.net/def/crs/EPSG/0/10170"],
)  # fmt: skip
def test_plane_rectangular_systems_have_north_first(tmp_path: Path, srs: str) -> None:
    text = city_model([("A", roof_surface([side], latlon=False)) for side in GABLE], srs=srs)
    path = tmp_path / "a.gml"
    path.write_text(text, encoding="utf-8")
    frame = read(path, bounds=BOUNDS).frame
    np.testing.assert_allclose(frame["rise_north"], [0.6, -0.6], atol=1e-6)
    np.testing.assert_allclose(frame.total_bounds, [X, Y, X + 12, Y + 10], atol=1e-3)


def test_holes_and_what_is_no_roof_of_lod2(tmp_path: Path) -> None:
    hole = [(X + 4, Y + 1, 20.6), (X + 6, Y + 1, 20.6), (X + 6, Y + 3, 21.8), (X + 4, Y + 3, 21.8)]
    surfaces = [
        ("A", roof_surface([GABLE[0], hole])),
        ("B", roof_surface([GABLE[1]], lod="lod3MultiSurface")),
        ("C", roof_surface([GABLE[1]]).replace("RoofSurface", "WallSurface")),
    ]
    path = tmp_path / "a.gml"
    path.write_text(city_model(surfaces), encoding="utf-8")
    frame = read(path).frame
    assert frame["item"].tolist() == ["A"]
    np.testing.assert_allclose(frame.area, 60.0 - 4.0, rtol=1e-6)


def test_what_is_no_plane_is_left_out_and_said(tmp_path: Path) -> None:
    wall = [(X, Y, 10.0), (X + 5, Y, 10.0), (X + 5, Y, 20.0), (X, Y, 20.0)]
    steep = [(X, Y, 10.0), (X + 5, Y, 10.0), (X + 5, Y + 1, 20.0), (X, Y + 1, 20.0)]
    bent = [(X, Y, 10.0), (X + 9, Y, 14.0), (X + 9, Y + 9, 10.0), (X, Y + 9, 14.0)]
    bow = [(X + 20, Y, 10.0), (X + 30, Y + 8, 10.0), (X + 30, Y, 10.0), (X + 20, Y + 8, 10.0)]
    good = roof_surface([GABLE[0]])
    surfaces = [
        *((name, roof_surface([ring])) for name, ring in (("W", wall), ("S", steep), ("N", bent), ("M", bow))), ("OK", good),
        ("T", good.replace("<gml:posList>", "<gml:posList>north ")), ("Q", good.replace("<gml:posList>", '<gml:posList srsDimension="2">')),
        ("I", good.replace("<gml:posList>", "<gml:posList>nan nan nan ")),
        ("E", one_member("<gml:surfaceMember><gml:Polygon/></gml:surfaceMember>")),
        ("X", one_member('<gml:surfaceMember xlink:href="http://127.0.0.1:9/x#p"/>')),
    ]  # fmt: skip
    path = tmp_path / "a.gml"
    path.write_text(city_model(surfaces), encoding="utf-8")
    given = read(path)
    assert given.frame["item"].tolist() == ["M", "OK"]
    assert codes(given) == {"broken": 4, "linked": 1, "sliver": 1, "steep": 1, "not_planar": 1, "mended": 1}
    assert {finding.found for finding in given.findings if finding.code.endswith("not_planar")} == {"N"}


def test_one_corner_that_is_wrong_does_not_turn_the_roof() -> None:
    x, y = (values.ravel() for values in np.meshgrid(np.arange(0.0, 13.0, 2.0), [0.0, 8.0]))
    ring = np.column_stack([x, y, 20.0 + 0.5 * y])[[*range(7), *range(13, 6, -1)]]
    spoilt = ring.copy()
    spoilt[3, 2] += 4.0
    planes, is_plane, tilt = fitted(np.array([shapely.Polygon(ring), shapely.Polygon(spoilt)], dtype=object))
    assert is_plane.all()
    np.testing.assert_allclose(planes[:, 1], 0.5, atol=0.02)
    np.testing.assert_allclose(tilt, np.degrees(np.arctan(0.5)), atol=1.0)


@pytest.mark.parametrize("size", [0, 1, 40, 200, 900])
def test_a_file_cut_short_is_said(model: Path, tmp_path: Path, size: int) -> None:
    short = tmp_path / "short.gml"
    short.write_bytes(model.read_bytes()[:size])
    with pytest.raises(UnreadableFile) as caught:
        read(short)
    assert caught.value.code == "roof_planes.unreadable"


LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
FILE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
REMOTE = '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">'


@pytest.mark.parametrize("head", [LAUGHS, FILE, REMOTE])
def test_entities_are_refused(model: Path, head: str) -> None:
    text = model.read_text("utf-8").replace("?>\n", f"?>\n{head}\n", 1)
    model.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile) as caught:
        read(model)
    assert caught.value.code == "roof_planes.entities"


def test_nesting_without_end_and_a_ring_without_end_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / "deep.gml"
    deep.write_text("<a>" * 100_000, encoding="utf-8")
    with pytest.raises(UnreadableFile, match="too deep"):
        read(deep)
    monkeypatch.setattr("gis.citygml._LONGEST", 1 << 20)
    endless = tmp_path / "endless.gml"
    text = city_model([("A", roof_surface([GABLE[0]]))])
    endless.write_text(text.replace("<gml:posList>", "<gml:posList>" + "1 2 3 " * 400_000), encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"roof_planes\.too_large"):
        read(endless)


def test_memory_does_not_grow_with_what_is_not_wanted(tmp_path: Path) -> None:
    """Appearances, walls and attributes are most of a file."""
    path = tmp_path / "a.gml"
    filler = '<bldg:boundedBy><bldg:WallSurface a="1">text</bldg:WallSurface></bldg:boundedBy>' * 200_000
    path.write_text(city_model([("A", filler + roof_surface([GABLE[0]]))]), encoding="utf-8")
    del filler
    tracemalloc.start()
    found = read_roof_surfaces(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.count == 1
    assert path.stat().st_size > 10_000_000
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("srs", "code", "error"),
    [
        (None, "roof_planes.no_crs", CrsMissing),
        ("urn:adv:crs:NOBODY", "roof_planes.unknown_crs", CrsMismatch),
        ("EPSG:5773", "roof_planes.unknown_crs", CrsMismatch),
        ("http://www.opengis.net/def/crs/EPSG/0/6669", "roof_planes.no_overlap", NoOverlap),
    ],
)
def test_a_system_that_is_not_known_is_asked_for(
    tmp_path: Path, srs: str | None, code: str, error: type[GisError]
) -> None:
    path = tmp_path / "a.gml"
    path.write_text(city_model([("A", roof_surface([GABLE[0]], latlon=False))], srs=srs), encoding="utf-8")
    with pytest.raises(error) as caught:
        read(path, bounds=BOUNDS)
    assert caught.value.code == code
    # What the user says goes before what the file says.
    assert len(read(path, bounds=BOUNDS, crs="6677").frame) == 1


def test_exchanged_axes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.gml"
    turned = [(y, x, z) for x, y, z in GABLE[0]]
    path.write_text(city_model([("A", roof_surface([turned], latlon=False))], srs="EPSG:6677"), encoding="utf-8")
    with pytest.raises(NoOverlap) as caught:
        read(path, bounds=BOUNDS)
    assert caught.value.code == "roof_planes.axes_swapped"


def packed(path: Path, members: dict[str, bytes], **more: object) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **more) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_an_archive_is_read_as_its_buildings(model: Path, tmp_path: Path) -> None:
    other = city_model([("B", roof_surface([slope(30, 0, 8, 8, 15, 15)]))]).encode()
    members = {
        "udx/bldg/53393419_bldg_6697_op.gml": model.read_bytes(), "udx/bldg/../../../53393418_bldg_6697_op.gml": other,
        "udx/tran/53393419_tran_6697_op.gml": b"<broken", "readme.txt": b"",
    }  # fmt: skip
    frame = read(packed(tmp_path / "data.zip", members)).frame
    assert sorted(frame["item"]) == ["A", "A", "B"]
    assert not (tmp_path.parent / "53393418_bldg_6697_op.gml").exists()


def test_archives_made_to_harm_are_refused(model: Path, tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.zip", {"a_bldg_.gml": b"<a>" + b" " * 30_000_000})
    with pytest.raises(UnreadableFile) as caught:
        read(bomb)
    assert caught.value.code == "roof_planes.archive"
    liar = packed(tmp_path / "liar.zip", {"a.gml": model.read_bytes()})
    content = bytearray(liar.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = (100).to_bytes(4, "little")  # it says that it is smaller
    liar.write_bytes(content)
    other = tmp_path / "lzma.zip"
    with zipfile.ZipFile(other, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.gml", model.read_bytes())
    broken = tmp_path / "broken.zip"
    broken.write_bytes(packed(tmp_path / "whole.zip", {"a.gml": model.read_bytes()}).read_bytes()[:300])
    nothing = packed(tmp_path / "nothing.zip", {"readme.txt": b"x"})
    for path, code in (
        (liar, "unreadable"), (other, "archive"), (broken, "unreadable"), (nothing, "no_surfaces"),
    ):  # fmt: skip
        with pytest.raises(UnreadableFile) as caught:
            read(path)
        assert caught.value.code == f"roof_planes.{code}", path.name


def test_no_file_and_no_surface_are_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"roof_planes\.missing"):
        read(tmp_path / "gone.gml")
    empty = tmp_path / "empty.gml"
    empty.write_text(city_model([("A", "")]), encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"roof_planes\.no_surfaces"):
        read(empty)


def test_reading_can_be_stopped(model: Path) -> None:
    def stop(_share: float, _what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        read(model, progress=stop)


def test_a_stream_of_nonsense_never_ends_otherwise_than_in_words(model: Path, tmp_path: Path) -> None:
    whole = model.read_bytes()
    rng = np.random.default_rng(1)
    path = tmp_path / "spoilt.gml"
    for _ in range(150):
        content = bytearray(whole)
        for place in rng.integers(0, len(content), 3):
            content[place] = int(rng.integers(0, 256))
        path.write_bytes(content)
        with suppress(GisError):
            read(path, bounds=BOUNDS)


@pytest.mark.realdata
def test_the_roofs_of_kaga(realdata: Path) -> None:
    path = realdata / "plateau_kaga" / "54363371_bldg_6697.gml"
    given = read_given_roofs(path, CRS.from_epsg(6675))
    assert (len(given.frame), codes(given)) == (238, {"sliver": 2})
    assert given.frame["item"].nunique() == 31
    expected = roof_surfaces(path, 6675)
    area = np.array([one.shape.area for one in expected if one.shape.area > 0.1])
    holed = np.array([len(shape.interiors) > 0 for shape in given.frame.geometry])
    np.testing.assert_allclose(given.frame.area[~holed], area[~holed], rtol=1e-6)
    # One has a court in it, which the oracle does not know.
    assert given.frame.area[holed].tolist() == [pytest.approx(106.65, abs=0.01)]
    tilt = np.degrees(np.arctan(np.hypot(given.frame["rise_east"], given.frame["rise_north"])))
    np.testing.assert_allclose(tilt, [one.tilt for one in expected if one.shape.area > 0.1], atol=0.05)


# ---------------------------------------------------------------------------------------------- drawn


def drawn(path: Path, shapes: list[shapely.Geometry], crs: int | None = 6677, **columns: list[object]) -> Path:
    gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_file(path)
    return path


SQUARE = shapely.box(X, Y, X + 10, Y + 8)


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp"])
def test_a_drawn_plane_leans_to_true_north(tmp_path: Path, suffix: str) -> None:
    path = drawn(
        tmp_path / f"屋根.{suffix}", [SQUARE, SQUARE], tilt=[20.0, 0.0], azimuth=[180.0, None], height=[31.5, None]
    )
    if suffix == "geojson":
        gpd.read_file(path).to_crs(6668).to_file(path)
    frame = read(path, bounds=BOUNDS).frame
    assert frame["source"].tolist() == [DRAWN] * 2
    turn = meridian_convergence(ZONE_9, X, Y)
    downhill = np.degrees(np.arctan2(-frame["rise_east"], -frame["rise_north"]))
    assert (downhill[0] + turn) % 360.0 == pytest.approx(180.0, abs=1e-3)
    np.testing.assert_allclose(
        np.hypot(frame["rise_east"], frame["rise_north"]), [np.tan(np.radians(20.0)), 0.0], atol=1e-9
    )
    middle = height_at(frame, np.array([0, 1]), np.full(2, X + 5), np.full(2, Y + 4))
    assert middle[0] == pytest.approx(31.5, abs=1e-3)
    assert np.isnan(middle[1]), "the surface is to tell it"


def test_drawn_planes_with_heights_need_no_angles(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.gpkg", [shapely.Polygon(GABLE[0]), SQUARE], name=["a", "b"])
    given = read(path)
    assert codes(given) == {"no_tilt": 1}
    assert {finding.found for finding in given.findings} == {"2"}
    np.testing.assert_allclose(given.frame["rise_north"], 0.6, atol=1e-9)
    assert given.frame["source"].tolist() == [DRAWN]


def test_drawn_planes_that_are_wrong_are_left_out(tmp_path: Path) -> None:
    angles = [(20.0, 90.0), (-1.0, 90.0), (80.0, 90.0), ("steil", 90.0), (10.0, 900.0), (10.0, None), (None, 90.0)]
    columns: dict[str, list[object]] = {"傾斜": [str(a) for a, _ in angles], "方位": [b for _, b in angles]}
    given = read(drawn(tmp_path / "a.gpkg", [SQUARE] * len(angles), **columns))
    assert given.frame["item"].tolist() == ["1"]
    assert codes(given) == {"no_tilt": 5, "steep": 1}


def test_drawn_files_say_what_is_wrong_with_them(tmp_path: Path) -> None:
    none = drawn(tmp_path / "none.shp", [SQUARE], None, tilt=[1.0], azimuth=[2.0])
    with pytest.raises(CrsMissing, match=r"roof_planes\.no_crs"):
        read(none)
    assert len(read(none, crs="EPSG:6677").frame) == 1
    many = drawn(tmp_path / "many.gpkg", [SQUARE], tilt=[1.0], azimuth=[2.0])
    gpd.GeoDataFrame({"tilt": [1.0], "azimuth": [2.0]}, geometry=[SQUARE], crs=6677).to_file(many, layer="other")
    with pytest.raises(UnreadableFile, match=r"roof_planes\.many_layers"):
        read(many)
    assert len(read(many, layer="other").frame) == 1
    for path in (Path(__file__), tmp_path):
        with pytest.raises(UnreadableFile, match=r"roof_planes\.(unreadable|missing)"):
            read(path)
    points = tmp_path / "points.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(X, Y)], crs=6677).to_file(points)
    with pytest.raises(UnreadableFile, match=r"roof_planes\.no_polygons"):
        read(points)


# ---------------------------------------------------------------------------------------------- in outlines


def outlines(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"building_id": [f"B{k}" for k in range(len(shapes))]}, geometry=list(shapes), crs=ZONE_9)


def given_of(tmp_path: Path, *roofs: list[tuple[float, float, float]]) -> GivenRoofs:
    return read(write_model(tmp_path / "m.gml", [(f"M{k}", [ring]) for k, ring in enumerate(roofs)]))


def test_a_plane_belongs_where_most_of_it_lies(tmp_path: Path) -> None:
    given = given_of(
        tmp_path, slope(-0.3, -0.3, 10.6, 10.6, 20, 24), slope(30, 0, 10, 10, 9, 9), slope(10, 0, 10, 10, 9, 9)
    )
    frame = outlines(
        shapely.box(X, Y, X + 10, Y + 10), shapely.box(X + 37, Y, X + 60, Y + 10), shapely.box(X + 13, Y, X + 28, Y + 10),
        shapely.box(X - 50, Y - 50, X + 80, Y + 80),
    )  # fmt: skip
    placed = in_outlines(given, frame.iloc[:3])
    assert placed.frame[["building_id", "item"]].to_numpy().tolist() == [["B0", "M0"], ["B2", "M2"]]
    assert codes(placed) == {"no_building": 1}
    # Of outlines that hold about as much of it the smaller one.
    assert in_outlines(given, frame).frame["building_id"].tolist() == ["B0", "B3", "B3"]
    assert in_outlines(given, frame.iloc[:0]).frame.empty


def test_triangles_of_one_plane_are_one(tmp_path: Path) -> None:
    corners = slope(0, 0, 12, 5, 20, 23)
    fan = [[corners[0], corners[1], corners[2]], [corners[0], corners[2], corners[3]], GABLE[1]]
    placed = in_outlines(given_of(tmp_path, *fan), outlines(shapely.box(X, Y, X + 12, Y + 10)))
    assert len(placed.frame) == 2
    np.testing.assert_allclose(np.sort(placed.frame.area), [60.0, 60.0], rtol=1e-3)
    np.testing.assert_allclose(np.sort(placed.frame["rise_north"]), [-0.6, 0.6], atol=1e-4)


def test_the_strips_of_a_vault_stay_what_they_are(tmp_path: Path) -> None:
    """Each leans as its neighbours do, but for a little; all of them together are no plane."""
    edges = np.linspace(0.0, 10.0, 31)
    rise = 1.5 * np.sin(np.pi * edges / 10.0)
    strips = [
        slope(0, a, 12, b - a, 20 + low, 20 + high)
        for a, b, low, high in zip(edges, edges[1:], rise, rise[1:], strict=False)
    ]
    placed = in_outlines(given_of(tmp_path, *strips), outlines(shapely.box(X, Y, X + 12, Y + 10)))
    corners, owner = shapely.get_coordinates(placed.frame.geometry.to_numpy(), return_index=True)
    curve = 20 + 1.5 * np.sin(np.pi * (corners[:, 1] - Y) / 10.0)
    assert np.abs(height_at(placed.frame, owner, *corners.T) - curve).max() < 0.12
    assert placed.frame.area.sum() == pytest.approx(120.0, rel=1e-3)


def test_what_lies_under_another_plane_is_not_seen(tmp_path: Path) -> None:
    low, high = slope(0, 0, 12, 10, 20, 20), slope(4, 2, 5, 4, 24, 24)
    placed = in_outlines(given_of(tmp_path, high, low), outlines(shapely.box(X, Y, X + 12, Y + 10)))
    area = placed.frame.set_index("item").area
    assert area["M0"] == pytest.approx(20.0, rel=1e-4)
    assert area["M1"] == pytest.approx(100.0, rel=1e-4)


def test_drawn_planes_without_heights_lie_on_larger_ones(tmp_path: Path) -> None:
    path = drawn(
        tmp_path / "a.gpkg", [SQUARE.buffer(-2, join_style="mitre"), SQUARE], tilt=[5.0, 0.0], azimuth=[90.0, 0.0]
    )
    placed = in_outlines(read(path), outlines(SQUARE))
    np.testing.assert_allclose(np.sort(placed.frame.area), [24.0, 56.0], rtol=1e-6)
