"""Reading outlines: any CRS, crossing rings, repeated ids, and what bad files get."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from pyproj import CRS
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from gis.errors import CrsMissing, NoOverlap, UnreadableFile
from gis.outlines import read_outlines

ZONE_9 = CRS.from_epsg(6677)
X, Y = -20000.0, -44000.0
BOUNDS = (X - 100, Y - 100, X + 500, Y + 500)


def houses(count: int = 5) -> gpd.GeoDataFrame:
    shapes = [box(X + 30 * k, Y, X + 30 * k + 20, Y + 12) for k in range(count)]
    return gpd.GeoDataFrame(
        {"building_id": [f"B{k}" for k in range(count)], "name": ["市役所"] + [None] * (count - 1)},
        geometry=shapes,
        crs=ZONE_9,
    )


def codes(outlines) -> list[str]:  # noqa: ANN001
    return [finding.code for finding in outlines.findings]


@pytest.mark.parametrize("name", ["建物 外周線.gpkg", "a.geojson", "a.shp"])
def test_formats(tmp_path: Path, name: str) -> None:
    frame = houses()
    frame.to_file(tmp_path / name, **({"encoding": "cp932"} if name.endswith("shp") else {}))
    if name.endswith("shp"):
        (tmp_path / "a.cpg").unlink(missing_ok=True)  # as they come from Japanese offices
    found = read_outlines(tmp_path / name, ZONE_9, surface_bounds=BOUNDS)
    assert len(found.frame) == 5
    assert list(found.frame.columns) == ["building_id", "name", "usage", "id_given", "geometry"]
    assert found.frame["name"].iloc[0] == "市役所"
    assert found.frame.area.sum() == pytest.approx(5 * 240, rel=1e-3)
    assert found.frame.crs.to_epsg() == 6677


def test_other_crs_is_reprojected(tmp_path: Path) -> None:
    houses().to_crs(6668).to_file(tmp_path / "a.gpkg")
    found = read_outlines(tmp_path / "a.gpkg", ZONE_9, surface_bounds=BOUNDS)
    assert found.frame.area.sum() == pytest.approx(1200, rel=1e-4)
    assert codes(found) == ["outlines.reprojected"]


def test_no_crs_is_asked_for(tmp_path: Path) -> None:
    houses().to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    with pytest.raises(CrsMissing) as caught:
        read_outlines(tmp_path / "a.shp", ZONE_9)
    assert caught.value.code == "outlines.no_crs"
    assert len(read_outlines(tmp_path / "a.shp", ZONE_9, crs="6677").frame) == 5


def test_wrong_zone_is_named(tmp_path: Path) -> None:
    frame = houses().to_crs(6676).set_crs(6677, allow_override=True)
    frame.to_file(tmp_path / "a.gpkg")
    with pytest.raises(NoOverlap) as caught:
        read_outlines(tmp_path / "a.gpkg", ZONE_9, surface_bounds=BOUNDS)
    assert caught.value.code == "outlines.no_overlap_likely"
    assert caught.value.details["likely"] == "EPSG:6676"


def test_swapped_axes_are_noticed(tmp_path: Path) -> None:
    frame = houses()
    frame = frame.set_geometry(
        [Polygon([(y, x) for x, y in shape.exterior.coords]) for shape in frame.geometry], crs=ZONE_9
    )
    frame.to_file(tmp_path / "a.gpkg")
    with pytest.raises(NoOverlap) as caught:
        read_outlines(tmp_path / "a.gpkg", ZONE_9, surface_bounds=BOUNDS)
    assert caught.value.code == "outlines.axes_swapped"


def test_elsewhere(tmp_path: Path) -> None:
    houses().translate(90_000, 0).to_file(tmp_path / "a.gpkg")
    with pytest.raises(NoOverlap):
        read_outlines(tmp_path / "a.gpkg", ZONE_9, surface_bounds=BOUNDS)


def test_bad_rows_are_said_and_the_rest_kept(tmp_path: Path) -> None:
    frame = houses(7)
    bow = Polygon([(X, Y), (X + 20, Y + 12), (X + 20, Y), (X, Y + 12)])
    shapes = list(frame.geometry)
    shapes[1], shapes[2], shapes[3], shapes[4] = bow, Point(X, Y), None, box(X, Y, X + 0.5, Y + 0.5)
    frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=ZONE_9))
    frame.loc[6, "building_id"] = "B0"
    frame.to_file(tmp_path / "a.geojson")
    found = read_outlines(tmp_path / "a.geojson", ZONE_9, crs=ZONE_9, surface_bounds=BOUNDS)
    assert sorted(set(codes(found))) == [
        "outlines.crossing",
        "outlines.duplicate_id",
        "outlines.no_polygon",
        "outlines.sliver",
    ]
    assert found.frame["building_id"].tolist() == ["B0", "B1", "B5", "B0#2"]
    assert found.frame.geometry.is_valid.all()
    # The bow tie keeps both of its triangles.
    assert found.frame.area.iloc[1] == pytest.approx(120.0)


def test_numbers_as_ids_and_missing_ids(tmp_path: Path) -> None:
    frame = houses(3)
    frame["building_id"] = [101.0, None, 103.0]
    frame.to_file(tmp_path / "a.gpkg")
    assert read_outlines(tmp_path / "a.gpkg", ZONE_9).frame["building_id"].tolist() == ["101", "B00002", "103"]


def test_multipart_and_3d(tmp_path: Path) -> None:
    shape = MultiPolygon([box(X, Y, X + 5, Y + 5), box(X + 10, Y, X + 15, Y + 5)])
    solid = Polygon([(X, Y, 3), (X + 9, Y, 3), (X + 9, Y + 9, 3)])
    gpd.GeoDataFrame({"id": [1, 2]}, geometry=[shape, solid], crs=ZONE_9).to_file(tmp_path / "a.gpkg")
    found = read_outlines(tmp_path / "a.gpkg", ZONE_9).frame
    assert not found.geometry.has_z.any()
    assert found.area.tolist() == [pytest.approx(50), pytest.approx(40.5)]


def test_layers(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    houses(2).to_file(path, layer="roads_area")
    houses(3).to_file(path, layer="parcels")
    with pytest.raises(UnreadableFile) as caught:
        read_outlines(path, ZONE_9)
    assert caught.value.code == "outlines.many_layers"
    assert len(read_outlines(path, ZONE_9, layer="parcels").frame) == 3
    houses(4).to_file(path, layer="bldg")
    assert len(read_outlines(path, ZONE_9).frame) == 4
    with pytest.raises(UnreadableFile) as caught:
        read_outlines(path, ZONE_9, layer="ない")
    assert caught.value.code == "outlines.no_layer"


def test_lines_only_and_empty(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"id": [1]}, geometry=[LineString([(X, Y), (X + 5, Y)])], crs=ZONE_9).to_file(tmp_path / "a.gpkg")
    with pytest.raises(UnreadableFile) as caught:
        read_outlines(tmp_path / "a.gpkg", ZONE_9)
    assert caught.value.code == "outlines.no_polygons"
    houses(1).iloc[:0].to_file(tmp_path / "b.gpkg", geometry_type="Polygon")
    with pytest.raises(UnreadableFile) as caught:
        read_outlines(tmp_path / "b.gpkg", ZONE_9)
    assert caught.value.code == "outlines.empty"


@pytest.mark.parametrize("content", [b"", b"{", b'{"type": "FeatureCollection", "features": [', bytes(range(256)) * 8])
@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp"])
def test_what_is_no_outline(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        read_outlines(path, ZONE_9)


def test_invented_ids_are_marked(tmp_path: Path) -> None:
    houses(3).drop(columns="building_id").to_file(tmp_path / "a.gpkg")
    found = read_outlines(tmp_path / "a.gpkg", ZONE_9)
    assert found.frame["building_id"].tolist() == ["B00001", "B00002", "B00003"]
    assert not found.frame["id_given"].any()
    assert codes(found) == ["outlines.no_ids"]
    frame = houses(3)
    frame.loc[1, "building_id"] = None
    frame.to_file(tmp_path / "b.gpkg")
    assert read_outlines(tmp_path / "b.gpkg", ZONE_9).frame["id_given"].tolist() == [True, False, True]


def test_copies_and_blocks_are_left_out(tmp_path: Path) -> None:
    frame = houses(12)
    cover = gpd.GeoDataFrame({"building_id": ["site"]}, geometry=[box(X - 20, Y - 20, X + 400, Y + 60)], crs=ZONE_9)
    turned = frame.geometry.iloc[0].reverse()
    copy = gpd.GeoDataFrame({"building_id": ["copy"]}, geometry=[turned], crs=ZONE_9)
    pd.concat([frame, cover, copy]).to_file(tmp_path / "a.gpkg")
    found = read_outlines(tmp_path / "a.gpkg", ZONE_9)
    assert len(found.frame) == 12
    assert {(finding.code, finding.item) for finding in found.findings} == {
        ("outlines.block", "site"),
        ("outlines.copy", "copy"),
    }


def test_one_broken_shape_does_not_cost_the_layer(tmp_path: Path) -> None:
    good = {"type": "Polygon", "coordinates": [[[X, Y], [X + 20, Y], [X + 20, Y + 10], [X, Y + 10], [X, Y]]]}
    shapes = [
        good,
        {"type": "Polygon", "coordinates": [[[X, Y]]]},
        {"type": "Polygon", "coordinates": [[[X, Y], [float("nan"), Y], [X, Y + 9], [X, Y]]]},
    ]
    features = [{"type": "Feature", "properties": {"id": f"F{k}"}, "geometry": shape} for k, shape in enumerate(shapes)]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6677"}}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    found = read_outlines(tmp_path / "a.geojson", ZONE_9)
    assert found.frame["building_id"].tolist() == ["F0"]
    assert {finding.item for finding in found.findings if finding.code == "outlines.no_polygon"} == {"F1", "F2"}


def test_swapped_degrees_are_noticed(tmp_path: Path) -> None:
    frame = houses().to_crs(6668)
    frame = frame.set_geometry(
        [Polygon([(y, x) for x, y in shape.exterior.coords]) for shape in frame.geometry], crs=6668
    )
    frame.to_file(tmp_path / "a.gpkg")
    with pytest.raises(NoOverlap) as caught:
        read_outlines(tmp_path / "a.gpkg", ZONE_9, surface_bounds=BOUNDS)
    assert caught.value.code == "outlines.axes_swapped"


def test_a_view_is_no_layer(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    houses(3).to_file(path, layer="bldg")
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("ALTER TABLE bldg RENAME TO hidden")
        connection.execute(
            "CREATE VIEW bldg AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n AS fid, geom FROM r, hidden"
        )
    connection.close()
    with pytest.raises(UnreadableFile):
        read_outlines(path, ZONE_9, layer="bldg")


@pytest.mark.realdata
def test_real_outlines(realdata: Path) -> None:
    delft = read_outlines(realdata / "delft" / "bgt_pand.sqlite", CRS.from_epsg(28992))
    assert len(delft.frame) == 160
    assert delft.frame["building_id"].is_unique
    goteborg = read_outlines(realdata / "goteborg" / "buildings.shp", CRS.from_epsg(3007))
    assert len(goteborg.frame) == 137
    assert codes(goteborg).count("outlines.crossing") == 2
    assert goteborg.frame.geometry.is_valid.all()


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.geojson"])
def test_a_file_read_in_parts_is_the_same_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = houses()
    frame["id"] = [1, 2, None, 4, 5][: len(frame)]
    frame.drop(columns="building_id").to_file(
        tmp_path / name, **({"encoding": "utf-8"} if name.endswith("shp") else {})
    )
    whole = read_outlines(tmp_path / name, ZONE_9)
    monkeypatch.setattr("gis.outlines._ROWS_AT_ONCE", 2)
    parts = read_outlines(tmp_path / name, ZONE_9)
    assert parts.findings == whole.findings
    assert_geodataframe_equal(parts.frame, whole.frame)
