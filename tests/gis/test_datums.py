"""Older datums and exchanged axes in every reader of surfaces: brought over, or refused, and always said."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pyproj import CRS, Transformer
from scipy.spatial import Delaunay

from gis.datums import looks_like_tokyo, old_datum, tokyo_accuracy, told_of
from gis.fgd_buildings import read_fgd_buildings
from gis.fgd_dem import dem_on, read_dem_tiles
from gis.given_roofs import read_given_roofs
from gis.grid import Grid
from gis.left_out import mesh_bounds
from gis.outlines import read_outlines
from gis.plateau import read_city_model
from gis.point_cloud import survey_points
from gis.point_grid import grid_points
from gis.raster import open_surface
from gis.raster_write import write_raster
from gis.relief import read_relief
from kawasolar.words import LANGUAGES, say
from tests.support import las
from tests.support.fgd import dataset, dem_text, ground, house
from tests.support.plateau import House, Writer, city_model, gable, square
from tests.support.relief import places, terrain, tin

if TYPE_CHECKING:
    from pathlib import Path

ZONE = CRS.from_epsg(6677)
X, Y = -15000.0, -41000.0
# The origin of the Japanese datum by the GSI, before 2002 and now (it moved by 0.3 m in 2011).
ORIGIN_TOKYO = (35 + 39 / 60 + 17.5148 / 3600, 139 + 44 / 60 + 40.5020 / 3600)
ORIGIN = (35 + 39 / 60 + 29.1572 / 3600, 139 + 44 / 60 + 28.8869 / 3600)


def codes(findings: object) -> list[str]:
    return [finding.code for finding in findings]  # type: ignore[attr-defined]


def test_names_of_datums() -> None:
    for code, old in ((4301, 4301), (30169, 4301), (3095, 4301), (7414, 4301), (4612, 4612), (2451, 4612), (6668, None), (6677, None), (6697, None), (28992, None), (4326, None)):  # fmt: skip
        assert old_datum(CRS.from_epsg(code)) == old, code
    for code in (30169, 2451):
        (finding,) = told_of(CRS.from_epsg(code), "a.tif")
        for language in LANGUAGES:
            sentence = say(language, finding.code, **finding.values())
            assert "a.tif" in sentence
            assert f"EPSG:{code}" in sentence
    # Never a transformation that leaves the 450 m where they are.
    assert 0.0 < tokyo_accuracy() < 20.0


def test_the_origin_comes_to_where_the_gsi_says(tmp_path: Path) -> None:
    """Of every reader: what lies at the origin by the old datum lies there by the new one, as exactly as is said."""
    x, y = Transformer.from_crs(6668, 6677, always_xy=True).transform(ORIGIN[1], ORIGIN[0])
    east, north = Transformer.from_crs(4301, 30169, always_xy=True).transform(ORIGIN_TOKYO[1], ORIGIN_TOKYO[0])
    limit = tokyo_accuracy() + 1.0
    grid = Grid(240, 240, 1.0, x - 120.0, y + 120.0, ZONE)

    # A house around it.
    lat, lon = ORIGIN_TOKYO
    (tmp_path / "BldA.xml").write_text(dataset(house("a", lat - 5e-5, lon - 5e-5, srs="fguuid:tokyo.bl")), "utf-8")
    frame, findings = read_fgd_buildings([tmp_path / "BldA.xml"], ZONE)
    assert frame.geometry.iloc[0].centroid.distance(frame.geometry.iloc[0].centroid.__class__(x, y)) < limit
    assert "datum.tokyo" in codes(findings)

    # A peak in a terrain tile, in a raster, in a point cloud.
    step = 0.2 / 3600
    south, west = np.floor(lat / step) * step - 10 * step, np.floor(lon / step) * step - 10 * step
    heights = np.zeros((21, 21))
    heights[10, 10] = 100.0
    text = dem_text(ground(heights.ravel().tolist()), shape=(21, 21), corner=(south, west), srs="TD / (B, L)")
    (tmp_path / "a.xml").write_text(text, "utf-8")
    tiles, findings = read_dem_tiles([tmp_path / "a.xml"])
    assert "datum.tokyo" in codes(findings)
    assert _peak(dem_on(tiles, grid), grid, x, y) < limit + 6.0

    old = Grid(101, 101, 1.0, east - 50.5, north + 50.5, CRS.from_epsg(30169))
    z = np.zeros(old.shape, np.float32)
    z[50, 50] = 100.0
    write_raster(tmp_path / "a.tif", z, old, nodata=None)
    with open_surface(tmp_path / "a.tif", onto=ZONE) as source:
        assert _peak(source.rows(0, source.grid.rows), source.grid, x, y) < limit + 1.0
        assert "datum.tokyo" in codes(source.seen())

    what = las.points(400) | {"x": east + np.arange(400) % 20 - 10.0, "y": north + np.arange(400) // 20 - 10.0}
    what |= {"z": np.zeros(400), "classification": np.full(400, 1, np.uint8), "withheld": np.zeros(400, bool)}
    what |= {"synthetic": np.zeros(400, bool)}
    what["z"][210] = 100.0
    cloud = survey_points([las.write(tmp_path / "a.las", what, crs=CRS.from_epsg(30169))])
    assert "datum.tokyo" in codes(cloud.findings)
    assert _peak(grid_points(cloud, grid, fill=0.0, stray=np.inf).dsm, grid, x, y) < limit + 1.0


def _peak(z: np.ndarray, grid: Grid, x: float, y: float) -> float:
    """How far from a place the highest cells lie [m]."""
    row, col = np.nonzero(z > 0.9 * np.nanmax(z))
    at = grid.centre(row, col)
    return float(np.hypot(at[0].mean() - x, at[1].mean() - y))


def test_city_models_of_every_datum_lie_in_the_same_place(tmp_path: Path) -> None:
    houses = [House(f"h{k}", square(X + 30 * k, Y, 10.0)) for k in range(3)]
    for epsg, told in ((6668, []), (4612, ["datum.jgd2000"]), (4301, ["datum.tokyo"])):
        path = tmp_path / f"{epsg}.gml"
        srs = f"http://www.opengis.net/def/crs/EPSG/0/{epsg}"
        path.write_text(city_model(houses, Writer(epsg), srs), encoding="utf-8")
        model = read_city_model([path])
        assert codes(model.findings) == told
        np.testing.assert_allclose(model.buildings.total_bounds, (X, Y, X + 70, Y + 10), atol=0.05)


def test_a_model_of_the_old_datum_that_says_it_is_of_the_new_one(tmp_path: Path) -> None:
    """The mesh in its name gives it away; a model that lies in its mesh is not suspected, nor one of a few houses."""
    west, south, east, north = mesh_bounds("53392633")
    to_zone = Transformer.from_crs(6668, 6677, always_xy=True)
    rng = np.random.default_rng(1)
    x, y = to_zone.transform(rng.uniform(west, east - 2e-4, 60), rng.uniform(south, north - 2e-4, 60))
    houses = [House(f"h{k}", square(float(x[k]), float(y[k]), 8.0)) for k in range(60)]
    for epsg, count, suspected in ((6668, 60, False), (4301, 60, True), (4301, 6, False)):
        path = tmp_path / f"{epsg}-{count}" / "53392633_bldg_6697_op.gml"
        path.parent.mkdir()
        path.write_text(city_model(houses[:count], Writer(epsg)), encoding="utf-8")
        model = read_city_model([path])
        assert codes(model.findings) == (["datum.looks_tokyo"] if suspected else [])
    for language in LANGUAGES:
        sentence = say(language, "datum.looks_tokyo", source="a", found="EPSG:6668", expected="53392633")
        assert "53392633" in sentence


def test_terrain_of_the_old_datum_that_says_it_is_of_the_new_one(tmp_path: Path) -> None:
    """The ground of a mesh fills it; a part of one is not suspected."""
    west, south, east, north = mesh_bounds("53392633")
    lon, lat = np.meshgrid(np.linspace(west, east, 12), np.linspace(south, north, 12))
    x, y = Transformer.from_crs(6668, 6677, always_xy=True).transform(lon.ravel(), lat.ravel())
    points = np.column_stack([x, y, np.full(x.size, 5.0)])
    corners = Delaunay(np.column_stack([lon.ravel(), lat.ravel()])).simplices
    part = corners[(lon.ravel()[corners] < lon.mean()).all(axis=1)]
    grid = Grid(50, 50, 1.0, float(np.mean(x)), float(np.mean(y)), ZONE)
    for epsg, some, suspected in ((6668, corners, False), (4301, corners, True), (4301, part, False)):
        path = tmp_path / "53392633_dem_6697_op.gml"
        path.write_text(terrain(tin(places(points, epsg), some)), "utf-8")
        with ExitStack() as stack:
            made = read_relief([path], grid, tmp_path, stack, bridge=50.0)
        assert ("datum.relief_tokyo" in codes(made.findings)) == suspected
    with ExitStack() as stack:
        srs = "http://www.opengis.net/def/crs/EPSG/0/4301"
        path.write_text(terrain(tin(places(points, 4301), corners), srs=srs), "utf-8")
        made = read_relief([path], grid, tmp_path, stack, bridge=50.0)
        np.testing.assert_allclose(made.on(grid), 5.0)
    assert {"datum.tokyo", "relief.read"} == set(codes(made.findings))


@pytest.mark.realdata
def test_the_real_model_is_not_suspected(realdata: Path) -> None:
    model = read_city_model([realdata / "plateau_kaga" / "54363371_bldg_6697.gml"])
    assert not any(code.startswith("datum.") for code in codes(model.findings))
    west, south, east, north = mesh_bounds("54363371")
    here = model.buildings.to_crs(6668).representative_point()
    assert not looks_like_tokyo(here.y.to_numpy(), here.x.to_numpy(), "54363371")
    assert (here.x.between(west, east) & here.y.between(south, north)).mean() > 0.95


def test_longitude_before_latitude(tmp_path: Path) -> None:
    """In one file of several too; heights and places are those of the right order."""
    right = dem_text(ground([1.0, 2.0, 3.0, 4.0]), shape=(2, 2), corner=(35.25, 138.5))
    wrong = right
    for corner in ("lowerCorner", "upperCorner"):
        begin = wrong.index(f"<gml:{corner}>") + len(corner) + 6
        lat, lon = wrong[begin : wrong.index("<", begin)].split()
        wrong = wrong.replace(f"{lat} {lon}", f"{lon} {lat}")
    found = []
    for name, text in (("right.xml", right), ("wrong.xml", wrong)):
        (tmp_path / name).write_text(text, "utf-8")
        (tile,), findings = read_dem_tiles([tmp_path / name])
        found.append((tile.west, tile.north, tile.z.tolist()))
        assert ("fgd.swapped" in codes(findings)) == (name == "wrong.xml")
    assert found[0] == found[1]

    one, two = dataset(house("a")), dataset(house("b", 139.8, 35.7))
    (tmp_path / "1.xml").write_text(one, "utf-8")
    (tmp_path / "2.xml").write_text(two, "utf-8")
    frame, findings = read_fgd_buildings([tmp_path / "1.xml", tmp_path / "2.xml"], ZONE)
    assert "fgd.swapped" in codes(findings)
    at = frame.to_crs(6668).representative_point()
    np.testing.assert_allclose(sorted(at.x), [139.70005, 139.80005], atol=1e-6)

    houses = [House("a", square(X, Y, 10.0))], [House("b", square(X + 50, Y, 10.0))]
    (tmp_path / "a.gml").write_text(city_model(houses[0], Writer()), "utf-8")
    (tmp_path / "b.gml").write_text(city_model(houses[1], Writer(longitude_first=True)), "utf-8")
    model = read_city_model([tmp_path / "a.gml", tmp_path / "b.gml"])
    assert codes(model.findings) == ["citymodel.swapped"]
    np.testing.assert_allclose(model.buildings.total_bounds, (X, Y, X + 60, Y + 10), atol=0.01)


def test_roof_planes_of_the_old_datum_are_told(tmp_path: Path) -> None:
    houses = [House("a", square(X, Y, 20.0), roofs=gable(X, Y, 20.0, 16.0, 20.0))]
    srs = "http://www.opengis.net/def/crs/EPSG/0/4301"
    (tmp_path / "a.gml").write_text(city_model(houses, Writer(4301), srs), encoding="utf-8")
    roofs = read_given_roofs(tmp_path / "a.gml", ZONE)
    assert codes(roofs.findings) == ["datum.tokyo"]
    np.testing.assert_allclose(roofs.frame.total_bounds, (X, Y, X + 20, Y + 20), atol=0.05)


def test_outlines_of_the_old_datum_are_told(tmp_path: Path) -> None:
    import geopandas as gpd
    from shapely.geometry import box

    old = gpd.GeoDataFrame(geometry=[box(X, Y, X + 10, Y + 10)], crs=6677).to_crs(30169)
    old.to_file(tmp_path / "a.gpkg", driver="GPKG", engine="pyogrio")
    read = read_outlines(tmp_path / "a.gpkg", ZONE)
    assert "datum.tokyo" in codes(read.findings)
    np.testing.assert_allclose(read.frame.total_bounds, (X, Y, X + 10, Y + 10), atol=0.05)
