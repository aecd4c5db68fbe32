"""``kawasolar surface``: a city model as the files that a plan takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import rasterio.windows
from pyproj import CRS
from pyproj.crs import CompoundCRS
from scipy.spatial import Delaunay
from shapely.geometry import box

from gis.errors import CrsMismatch, GisError
from gis.fgd_buildings import read_fgd_buildings
from gis.fgd_dem import read_dem_tiles
from gis.grid import Grid
from gis.outlines import read_outlines
from gis.progress import Cancelled
from gis.raster import read_surface
from gis.raster_write import write_raster
from kawasolar.__main__ import main
from kawasolar.errors import PlanError
from kawasolar.profile import load_profile
from kawasolar.surface import SurfaceInputs, make_surface
from tests.support import las
from tests.support.fgd import dem_text, ground
from tests.support.plateau import House, city_model, gable, square
from tests.support.relief import places, terrain, tin

ZONE = CRS.from_epsg(6677)
X, Y = -15000.0, -41000.0


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A gable, a box and a stand-in box."""
    houses = [
        House("gable", square(X, Y, 20.0), roofs=gable(X, Y, 20.0, 16.0, 20.0)),
        House("box", square(X + 40, Y, 10.0), top=25.0),
        House("unknown", square(X + 80, Y, 10.0), floor=11.0, top=14.0, attributes=""),
    ]
    path = tmp_path / "都市 モデル" / "53392633_bldg_6697_op.gml"
    path.parent.mkdir()
    path.write_text(city_model(houses), encoding="utf-8")
    return path


def inputs(model: Path, tmp_path: Path, **more: object) -> SurfaceInputs:
    return SurfaceInputs((model,), tmp_path / "地表面.tif", tmp_path / "建物.gpkg", **more)  # type: ignore[arg-type]


def level(
    path: Path, z: float, *, west: float = X - 400, cell: float = 5.0, epsg: int = 6677, heights: int | None = None
) -> Path:
    """A level raster of a kilometre."""
    side = round(1000 / cell)
    crs = CRS.from_epsg(epsg)
    if heights is not None:
        crs = CompoundCRS("both", [crs, CRS.from_epsg(heights)])
    grid = Grid(side, side, cell, west, Y + 500, crs)
    write_raster(path, np.full(grid.shape, z, np.float32), grid, nodata=np.nan)
    return path


def test_what_a_plan_takes_comes_out(model: Path, tmp_path: Path) -> None:
    made = make_surface(inputs(model, tmp_path), load_profile())
    assert made.counts == {"measured": 0, "lod2": 1, "lod1": 1, "assumed": 1, "none": 0}
    assert [finding.code for finding in made.findings] == ["citymodel.unknown_height", "surface.ground_between"]
    surface = read_surface(tmp_path / "地表面.tif")
    assert (surface.grid.crs.to_epsg(), surface.grid.cell) == (6677, 0.5)
    assert np.isfinite(surface.z).all()

    def height(x: float, y: float) -> float:
        row, col = surface.grid.index(np.array([x]), np.array([y]))
        return float(surface.z[row[0], col[0]])

    assert height(X + 10, Y + 9.9) == pytest.approx(20.0, abs=0.15)
    assert height(X + 10, Y + 0.3) == pytest.approx(16.0, abs=0.15)
    assert height(X + 45, Y + 5) == 25.0
    assert height(X + 85, Y + 5) == 14.0
    # Beside the walls the floors' heights, beyond them a mean of the nearest.
    assert height(X + 20.3, Y + 10) == pytest.approx(10.0, abs=0.3)
    assert 10.0 <= height(X - 190, Y) <= 11.0
    outlines = read_outlines(tmp_path / "建物.gpkg", ZONE, surface_bounds=surface.grid.bounds)
    assert outlines.frame["building_id"].tolist() == ["gable", "box", "unknown"]
    # Read by another program.
    layer = gpd.read_file(tmp_path / "建物.gpkg", engine="pyogrio").set_index("building_id")
    assert layer["surface"].to_dict() == {"gable": "lod2", "box": "lod1", "unknown": "assumed"}
    assert np.isnan(layer.loc["unknown", "height_m"])


def test_elevation_data_are_the_ground_and_a_measured_surface_goes_first(model: Path, tmp_path: Path) -> None:
    ground = level(tmp_path / "dem.tif", 9.0)
    # Measured to the west of the box; in another zone, and so brought over.
    measured = level(tmp_path / "dsm.tif", 30.0, west=X - 970)
    made = make_surface(inputs(model, tmp_path, ground=(ground,), measured=(measured,)), load_profile())
    assert made.ground == 1.0
    assert made.counts == {"measured": 1, "lod2": 0, "lod1": 1, "assumed": 1, "none": 0}
    with rasterio.open(tmp_path / "地表面.tif") as file:
        points = [(X + 10, Y + 10), (X + 35, Y + 5), (X + 45, Y + 5)]
        assert [float(value[0]) for value in file.sample(points)] == [30.0, 9.0, 25.0]
    assert not any(finding.code.startswith("surface.ground") for finding in made.findings)


def test_the_models_terrain_and_the_gsis_the_finer_first(model: Path, tmp_path: Path) -> None:
    """A level terrain to the west of the gable's middle; the GSI's around. DEM5A goes before triangles of 20 m, and after those of 4 m."""
    lat, lon = gpd.GeoSeries.from_xy([X], [Y], crs=6677).to_crs(6668).get_coordinates().to_numpy()[0][::-1]

    def net(side: float, z: float) -> Path:
        x, y = np.meshgrid(np.arange(X - 100, X + 10.1, side), np.arange(Y - 100, Y + 100.1, side))
        points = np.column_stack([x.ravel(), y.ravel(), np.full(x.size, z)])
        path = tmp_path / f"533926_dem_{side:.0f}.gml"
        path.write_text(terrain(tin(places(points), Delaunay(points[:, :2] - [X, Y]).simplices)), encoding="utf-8")
        return path

    step, half = 0.2 / 3600, 90
    corner = (round(lat / step) - half) * step, (round(lon / step) - half) * step
    five = tmp_path / "FG-GML-5339-26-00-DEM5A-20240101.xml"
    five.write_text(
        dem_text(ground([5.0] * (4 * half * half)), shape=(2 * half, 2 * half), corner=corner), encoding="utf-8"
    )

    outside = (X - 40.0, Y + 5.0), (X + 35.0, Y + 5.0)
    for given, wanted, told in (
        ((five, net(4.0, 7.0)), [7.0, 5.0], "533926_dem_4.gml"),
        ((net(20.0, 8.0), five), [5.0, 5.0], "DEM5A"),
    ):
        made = make_surface(inputs(model, tmp_path, ground=given), load_profile())
        with rasterio.open(tmp_path / "地表面.tif") as file:
            assert [float(value[0]) for value in file.sample(outside)] == pytest.approx(wanted)
        (source,) = (finding for finding in made.findings if finding.code == "surface.ground_from")
        assert source.found is not None
        assert source.found.startswith(told)
    assert "relief.read" in {finding.code for finding in made.findings}


def test_a_raster_of_another_zone_is_brought_over_and_one_beside_is_said(model: Path, tmp_path: Path) -> None:
    moved = gpd.GeoSeries.from_xy([X], [Y], crs=6677).to_crs(6676).iloc[0]
    side = 200
    grid = Grid(side, side, 10.0, moved.x - 1000, moved.y + 1000, CRS.from_epsg(6676))
    write_raster(tmp_path / "zone8.tif", np.full(grid.shape, 8.0, np.float32), grid, nodata=np.nan)
    made = make_surface(inputs(model, tmp_path, ground=(tmp_path / "zone8.tif",)), load_profile())
    assert made.ground == 1.0
    beside = level(tmp_path / "far.tif", 8.0, west=X + 5000)
    made = make_surface(inputs(model, tmp_path, ground=(beside,)), load_profile())
    assert made.ground == 0.0
    assert {"surface.beside", "surface.ground_between"} <= {finding.code for finding in made.findings}
    # One whose axes are exchanged is told as that.
    turned = Grid(200, 200, 5.0, Y - 500, X + 600, ZONE)
    write_raster(tmp_path / "turned.tif", np.full(turned.shape, 8.0, np.float32), turned, nodata=np.nan)
    made = make_surface(inputs(model, tmp_path, ground=(tmp_path / "turned.tif",)), load_profile())
    assert "surface.swapped" in {finding.code for finding in made.findings}


@pytest.mark.realdata
@pytest.mark.parametrize(("vertical", "other"), [(6695, None), (None, None), (5709, "EPSG:5709"), (5773, "EPSG:5773")])
def test_heights_of_two_datums_are_not_mixed(
    model: Path, tmp_path: Path, vertical: int | None, other: str | None
) -> None:
    """The model's are above T.P. (JGD2011, 6695); a raster in a compound system above NAP or EGM96 is refused, one that does not say it is taken."""
    ground = level(tmp_path / "dem.tif", 9.0, heights=vertical)
    wanted = inputs(model, tmp_path, ground=(ground,))
    if other is None:
        assert make_surface(wanted, load_profile()).ground == 1.0
        return
    with pytest.raises(CrsMismatch) as caught:
        make_surface(wanted, load_profile())
    assert (caught.value.code, caught.value.details["found"]) == ("surface.mixed_heights", other)
    assert caught.value.details["expected"] == "EPSG:6695"
    assert not wanted.dsm.exists()


def test_the_gsis_terrain_is_ground_and_its_outlines_do_where_somebody_measured(realdata: Path, tmp_path: Path) -> None:
    """A house of ours on the GSI's tile; and the GSI's own outlines below a measured surface."""
    gsi = realdata / "gsi"
    terrain = gsi / "FG-GML-5238-74-00-DEM5A-20161001.xml"
    (tile,), _ = read_dem_tiles([terrain])
    row, col = np.argwhere(np.isfinite(tile.z))[len(np.argwhere(np.isfinite(tile.z))) // 2]
    lon, lat = tile.west + (col + 0.5) * tile.step_lon, tile.north - (row + 0.5) * tile.step_lat
    at = gpd.GeoSeries.from_xy([lon], [lat], crs=6668).to_crs(6677).iloc[0]
    path = tmp_path / "a.gml"
    path.write_text(city_model([House("a", square(at.x + 30, at.y, 10.0), floor=0.0, top=3000.0)]), encoding="utf-8")
    made = make_surface(replace(inputs(path, tmp_path), ground=(terrain,), crs="EPSG:6677"), load_profile())
    assert made.ground > 0.5
    with rasterio.open(tmp_path / "地表面.tif") as file:
        assert next(file.sample([(at.x, at.y)]))[0] == pytest.approx(float(tile.z[row, col]), abs=0.2)
        assert next(file.sample([(at.x + 35, at.y + 5)]))[0] == 3000.0
    houses = gsi / "BldA_533946.xml"
    with pytest.raises(PlanError, match=r"surface\.no_heights"):
        make_surface(inputs(houses, tmp_path), load_profile())
    frame, _ = read_fgd_buildings([houses], ZONE)
    west, south, east, north = frame.total_bounds
    half = Grid(200, round((east - west) / 20) + 1, 10.0, west - 5, (south + north) / 2 + 1000, ZONE)
    write_raster(tmp_path / "dsm.tif", np.full(half.shape, 44.0, np.float32), half, nodata=np.nan)
    made = make_surface(inputs(houses, tmp_path, measured=(tmp_path / "dsm.tif",)), load_profile())
    assert len(made.buildings) == len(frame)
    assert made.counts["measured"] + made.counts["none"] == len(frame)
    inside = frame.geometry.within(box(*half.bounds)).to_numpy()
    assert (made.buildings["surface"].to_numpy()[inside] == "measured").all()
    beside = ~frame.geometry.intersects(box(*half.bounds)).to_numpy()
    assert (made.buildings["surface"].to_numpy()[beside] == "none").all()
    assert inside.any()


@pytest.mark.realdata
def test_a_point_cloud_below_outlines(realdata: Path, tmp_path: Path) -> None:
    """Delft's AHN3 and its outlines: cells with points have the heights of the DSM that others made of it."""
    delft = realdata / "delft"
    wanted = SurfaceInputs(
        (delft / "bgt_pand.sqlite",), tmp_path / "d.tif", tmp_path / "b.gpkg", measured=(delft / "ahn3",), crs="EPSG:28992"
    )  # fmt: skip
    made = make_surface(wanted, load_profile())
    assert made.counts["measured"] == len(made.buildings) == 160
    told = [finding.code for finding in made.findings]
    assert {"surface.cloud_crs", "surface.ground_unknown"} <= set(told)
    with rasterio.open(tmp_path / "d.tif") as own, rasterio.open(delft / "derived_dsm_0p5m.tif") as other:
        theirs = other.read(1, masked=True).filled(np.nan)
        top = round((own.transform.f - other.transform.f) / 0.5)
        left = round((other.transform.c - own.transform.c) / 0.5)
        ours = own.read(1, window=rasterio.windows.Window(left, top, other.width, other.height))
    off = np.abs(ours - theirs)
    known = np.isfinite(off)
    assert known.mean() > 0.97
    # Gaps are filled otherwise there.
    assert (off[known] < 0.1).mean() > 0.95


def test_nothing_is_left_of_a_run_that_was_stopped_or_failed(model: Path, tmp_path: Path) -> None:
    for target in ("地表面.tif", "建物.gpkg"):
        (tmp_path / target).write_bytes(b"before")

    def stop(share: float, _what: str) -> None:
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_surface(inputs(model, tmp_path), load_profile(), stop)
    (tmp_path / "broken.tif").write_bytes(b"II*\x00broken")
    with pytest.raises(GisError):
        make_surface(inputs(model, tmp_path, ground=(tmp_path / "broken.tif",)), load_profile())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["地表面.tif", "建物.gpkg", "broken.tif", "都市 モデル"]
    )
    assert (tmp_path / "地表面.tif").read_bytes() == b"before"
    assert (tmp_path / "建物.gpkg").read_bytes() == b"before"


def test_a_damaged_tile_among_others_is_told_with_the_area_that_is_lacking(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of each kind one: a city model, a terrain tile, a point cloud."""
    (model.parent / "53392634_bldg_6697_op.gml").write_text(model.read_text("utf-8")[:3000], encoding="utf-8")
    terrain = tmp_path / "dem"
    terrain.mkdir()
    for k in range(2):
        text = dem_text(ground([1.0] * 4), shape=(2, 2), corner=(35.25, 138.5 + k * 0.4 / 3600))
        text = text[: len(text) // 2] if k else text
        (terrain / f"FG-GML-5238-74-0{k}-DEM5A-20161001.xml").write_text(text, encoding="utf-8")
    clouds = tmp_path / "las"
    clouds.mkdir()
    over = las.points(4000) | {"x": X + np.arange(4000) % 63, "y": Y + np.arange(4000) // 63}
    las.write(clouds / "a.las", over)
    (clouds / "b.las").write_bytes((clouds / "a.las").read_bytes()[:5000])
    made = make_surface(inputs(model.parent, tmp_path, ground=(terrain,), measured=(clouds,)), load_profile())
    assert made.left_out == 3
    assert made.lacking_km2 == pytest.approx(2.1, abs=0.1)
    assert made.counts["measured"] == 2
    words = [
        str(model.parent),
        f"--dsm={tmp_path / 'd.tif'}",
        f"--buildings={tmp_path / 'b.gpkg'}",
        "--ground",
        str(terrain),
    ]
    assert main(["--lang", "ja", "surface", *words, "--json"]) == 0
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert (told["files_left_out"], told["buildings"]) == (2, 3)
    assert told["area_lacking_km2"] == pytest.approx(2.1, abs=0.1)
    assert "53392634" in shown.err
    assert "km²" in shown.err
    assert main(["--lang", "ja", "surface", *words, "--cell", "2"]) == 0
    assert "壊れたファイル 2 件" in capsys.readouterr().out


def test_on_the_command_line(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(model.parent), f"--dsm={tmp_path / 'd.tif'}", f"--buildings={tmp_path / 'b.gpkg'}"]
    assert main(["-q", "surface", *words, "--cell", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["crs"], told["cell_m"], told["buildings"], told["by_surface"]["lod2"]) == ("EPSG:6677", 1.0, 3, 1)
    for language in ("ja", "en"):
        assert main(["--lang", language, "surface", *words]) == 0
        shown = capsys.readouterr()
        assert "LOD2" in shown.out
        assert "unknown" in shown.err
    # An input is never written over.
    assert main(["-q", "surface", str(model), f"--dsm={model}", f"--buildings={tmp_path / 'b.gpkg'}"]) != 0
    assert model.read_text("utf-8").startswith("<?xml")
    assert main(["-q", "surface", str(tmp_path / "none.gml"), *words[1:]]) == 3


def test_a_plan_on_it_knows_which_roofs_are_boxes(tmp_path: Path) -> None:
    """From the city model to the plan and its file: what a roof is made of comes along, and is said."""
    from kawasolar.pipeline import PlanInputs, make_and_save
    from kawasolar.project import load_plan

    houses = [
        House("gable", square(X, Y, 20.0), roofs=gable(X, Y, 20.0, 16.0, 20.0)),
        House("box", square(X + 40, Y, 14.0), top=25.0),
        House("stand-in", square(X + 80, Y, 12.0), top=13.0, attributes=""),
        House("other", square(X + 120, Y, 12.0)),
    ]
    path = tmp_path / "53392633_bldg_6697_op.gml"
    path.write_text(city_model(houses), encoding="utf-8")
    make_surface(replace(inputs(path, tmp_path), cell=1.0), load_profile())
    rows = ["施設番号,施設名称,建物ID,延床面積(㎡)"]
    rows += [f"{k:03},{name},{name},800" for k, name in enumerate(("gable", "box", "stand-in"), 1)]
    (tmp_path / "facilities.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    weather = Path(__file__).resolve().parents[2] / "sample_data" / "weather.csv"
    wanted = PlanInputs(
        tmp_path / "地表面.tif",
        tmp_path / "建物.gpkg",
        tmp_path / "facilities.csv",
        weather,
        tmp_path / "計画.kawasolar",
    )
    make_and_save(wanted)
    plan = load_plan(tmp_path / "計画.kawasolar")
    told = {finding.code: finding for finding in plan.findings}
    assert told["survey.surface_lod1"].found == "box"
    assert told["survey.surface_assumed"].details == {"count": 1, "of": 3}
    kinds = plan.results.buildings.set_index("building_id")["surface"].to_dict()
    assert kinds == {"gable": "lod2", "box": "lod1", "stand-in": "assumed", "other": "lod1"}
    planes = plan.results.planes.set_index("building_id")
    assert planes.loc["gable", "tilt"].to_numpy() == pytest.approx([21.8, 21.8], abs=1.0)
    assert planes.loc[["box"], "flat"].all()
