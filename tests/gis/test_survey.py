"""The survey as a whole: scenes whose result is known."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS
from shapely.geometry import Polygon, box

from gis.crs import meridian_convergence
from gis.grid import Grid
from gis.irradiation import irradiation
from gis.progress import Cancelled
from gis.raster import Surface, read_surface
from gis.roofs import RoofSettings
from gis.sky import SkyTable
from gis.survey import Survey, SurveySettings, building_raster, survey
from gis.usable import RULES, UsableRules
from tests.support.skies import tokyo_sky

ZONE_9 = CRS.from_epsg(6677)
WEST, NORTH, CELL = -20200.0, -44200.0, 0.5
RULES_NONE = UsableRules(
    max_tilt=60, flat_tilt=3, north_halfwidth=15, setback_m=0, step_m=0.3, obstacle_clearance_m=0, min_irradiation_share=0,
    min_area_m2=0, min_width_m=0,
)  # fmt: skip
SETTINGS = SurveySettings(RoofSettings(min_plane_m2=10, obstacle_height_m=0.3), RULES_NONE)


@pytest.fixture(scope="module")
def sky() -> SkyTable:
    return tokyo_sky()


def scene(size: int = 200) -> tuple[Grid, np.ndarray]:
    return Grid(size, size, CELL, WEST, NORTH, ZONE_9), np.full((size, size), 10.0, np.float32)


def outline(ident: str, west: float, north: float, width: float, depth: float) -> dict[str, object]:
    """A rectangle given in metres from the scene's north-west corner."""
    shape = box(WEST + west, NORTH - north - depth, WEST + west + width, NORTH - north)
    return {"building_id": ident, "name": None, "usage": None, "geometry": shape}


def run(grid: Grid, z: np.ndarray, sky: SkyTable, *rows: dict[str, object], **more: object) -> Survey:
    frame = gpd.GeoDataFrame(list(rows), crs=ZONE_9)
    return survey(Surface(z, grid, False, ()), frame, sky, SETTINGS, **more)  # type: ignore[arg-type]


def test_lone_flat_roof_gets_the_open_sky(sky: SkyTable) -> None:
    grid, z = scene()
    z[80:120, 60:140] = 20.0
    found = run(grid, z, sky, outline("A", 30, 40, 40, 20))
    plane = found.planes.iloc[0]
    assert len(found.planes) == 1
    assert plane.tilt < 0.1
    assert plane.area_m2 == pytest.approx(800, rel=0.01)
    assert plane.irradiation_kwh_m2 == pytest.approx(found.open_sky_kwh_m2, rel=1e-3)
    assert plane.sky_view == pytest.approx(1.0, abs=1e-3)
    assert (found.sunlit[0] == 1.0).all()
    assert found.buildings.status.tolist() == ["ok"]
    assert np.isnan(found.irradiation[0, 0])


def test_wall_in_the_south_takes_what_the_table_says(sky: SkyTable) -> None:
    grid, z = scene()
    z[80:120, 60:140] = 20.0
    z[120:124, :] = 32.0  # a long wall 12 m above the roof, its face at the roof's southern edge
    found = run(grid, z, sky, outline("A", 30, 40, 40, 20))
    row = found.irradiation[80:120, 100]
    assert (np.diff(row) < 0).all()  # darker towards the wall
    # A cell 10 m north of the face in the middle: the wall is long, so its skyline is atan(12 cos(a) / 10) over the southern half.
    away = 9.75  # row 100's centre, 0.25 m less than 10 m
    turn = meridian_convergence(ZONE_9, WEST + 50, NORTH - 50)  # the wall runs along the grid
    relative = np.radians(found.azimuths - turn - 180)
    skyline = np.degrees(np.arctan(np.maximum(12 * np.cos(relative) / away, 0)))
    edge = np.degrees(np.arctan2(20 + 30, away))  # the scene ends 50 m to either side
    skyline[np.abs(np.degrees(relative)) > edge] = 0
    expected = irradiation(sky, skyline[None], np.array([[0.0, 0.0, 1.0]]))[0]
    assert row[20] == pytest.approx(expected, rel=0.015)
    assert found.planes.iloc[0].irradiation_kwh_m2 < 0.9 * found.open_sky_kwh_m2


def test_gable_faces_get_their_own_light(sky: SkyTable) -> None:
    grid, z = scene()
    rows = np.arange(60)
    ridge = 20.0 - np.abs(rows - 29.5) * CELL * np.tan(np.radians(30))
    z[70:130, 50:150] = ridge[:, None].astype(np.float32)
    found = run(grid, z, sky, outline("A", 25, 35, 50, 30)).planes.sort_values("azimuth")
    assert len(found) == 2
    assert found.tilt.to_numpy() == pytest.approx([30, 30], abs=0.5)
    # The two faces look north and south; the north one may come out as 359.9°.
    facing = np.cos(np.radians(found.azimuth.to_numpy()))
    assert sorted(facing) == pytest.approx([-1, 1], abs=0.01)
    for azimuth, value in zip(found.azimuth, found.irradiation_kwh_m2, strict=True):
        b, a = np.radians(30), np.radians(azimuth)
        n = np.array([np.sin(b) * np.sin(a), np.sin(b) * np.cos(a), np.cos(b)])
        assert value == pytest.approx(sky.on_open_plane(n), rel=0.01)


def test_months_areas_and_details_add_up(sky: SkyTable) -> None:
    grid, z = scene()
    z[20:60, 20:60] = 18.0
    z[100:160, 20:90] = 25.0
    z[110:116, 40:46] = 28.0  # a stair house
    found = run(grid, z, sky, outline("A", 10, 10, 20, 20), outline("B", 10, 50, 35, 30), detail={"B"})
    assert set(found.planes.building_id) == {"B"}
    assert len(found.sunlit) == len(found.planes)
    lost = sum(found.planes[f"lost_{rule}_m2"] for rule in RULES)
    np.testing.assert_allclose(found.planes.area_m2, found.planes.usable_m2 + lost, rtol=1e-9)
    by_id = found.buildings.set_index("building_id")
    assert by_id.loc["A", "roof_m2"] == pytest.approx(400, rel=0.02)
    assert by_id.loc["B", "roof_m2"] >= found.planes.area_m2.sum() - 1e-6
    assert set(np.unique(found.plane_ids)) >= set(found.planes.plane_id)
    assert (found.planes.geometry.area / found.planes.footprint_m2).between(0.9, 1.1).all()


def test_off_the_surface_is_said(sky: SkyTable) -> None:
    grid, z = scene()
    z[80:120, 60:140] = 20.0
    z[150:170, 20:60] = np.nan
    found = run(
        grid, z, sky, outline("A", 30, 40, 40, 20), outline("far", 400, 400, 20, 20), outline("half", 90, 10, 20, 20), outline("hole", 10, 75, 20, 10)
    )  # fmt: skip
    assert found.buildings.set_index("building_id").status.to_dict() == {
        "A": "ok", "far": "outside_dsm", "half": "partly_outside", "hole": "outside_dsm",
    }  # fmt: skip
    assert {finding.code for finding in found.findings} >= {"survey.outside_dsm", "survey.partly_outside"}


def test_no_roof_at_all(sky: SkyTable) -> None:
    grid, z = scene(60)
    found = run(grid, z, sky, outline("shed", 10, 10, 1.2, 1.2))
    assert len(found.planes) == 0
    assert found.sunlit.shape == (0, 64, 91)
    assert found.buildings.status.tolist() == ["no_plane"]


def test_cancel(sky: SkyTable) -> None:
    grid, z = scene()
    z[80:120, 60:140] = 20.0

    def stop(share: float, _what: str) -> None:
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(grid, z, sky, outline("A", 30, 40, 40, 20), progress=stop)


def test_building_raster_counts_cells() -> None:
    grid, _ = scene()
    ids = building_raster(gpd.GeoDataFrame([outline("A", 10, 20, 15, 5)], crs=ZONE_9), grid)
    assert int((ids == 1).sum()) == 30 * 10
    assert ids[40, 20] == 1
    assert ids[39, 20] == 0


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("dsm", "buildings", "planes"),
    [
        ("delft/derived_dsm_0p5m.tif", "delft/bgt_pand.sqlite", 120),
        ("goteborg/DSM_KRbig.tif", "goteborg/buildings.shp", 40),
    ],
)
def test_real_places(realdata: Path, sky: SkyTable, dsm: str, buildings: str, planes: int) -> None:
    from gis.outlines import read_outlines

    surface = read_surface(realdata / dsm)
    outlines = read_outlines(realdata / buildings, surface.grid.crs, surface_bounds=surface.grid.bounds)
    found = survey(surface, outlines.frame, sky, SETTINGS)
    assert len(found.planes) > planes
    # Horizontal roofs: near the open sky, less shading; never above it.
    flat = found.planes[found.planes.flat & (found.planes.area_m2 > 50)]
    ratio = flat.irradiation_kwh_m2 / found.open_sky_kwh_m2
    assert ratio.max() < 1.03
    assert 0.7 < np.average(ratio, weights=flat.area_m2) < 1.0
    # South is better than north.
    tilted = found.planes[(found.planes.tilt > 15) & (found.planes.tilt < 50)]
    south = tilted[np.cos(np.radians(tilted.azimuth - 180)) > 0.7]
    north = tilted[np.cos(np.radians(tilted.azimuth)) > 0.7]
    assert south.irradiation_kwh_m2.median() > 1.2 * north.irradiation_kwh_m2.median()


@pytest.mark.parametrize("tilt", [20.0, 35.0, 50.0])
@pytest.mark.parametrize("facing", [180.0, 157.0, 100.0, 10.0])
def test_turned_roof_does_not_shade_itself(sky: SkyTable, tilt: float, facing: float) -> None:
    # A lone plane at any angle to the grid gets what its plane gets; sampled lines alone would take up to 5 % from it.
    grid, z = scene(120)
    a, slope = np.radians(facing), np.tan(np.radians(tilt))
    rows, cols = np.mgrid[0:120, 0:120]
    x, y = (cols - 59.5) * CELL, (59.5 - rows) * CELL
    along, across = x * np.cos(a) - y * np.sin(a), x * np.sin(a) + y * np.cos(a)
    inside = (np.abs(along) < 9) & (np.abs(across) < 6)
    z[inside] = (40 - across * slope)[inside]
    corners = [(9, 6), (9, -6), (-9, -6), (-9, 6)]
    ring = [(WEST + 30 + u * np.cos(a) + v * np.sin(a), NORTH - 30 - u * np.sin(a) + v * np.cos(a)) for u, v in corners]
    found = run(grid, z, sky, {"building_id": "A", "name": None, "usage": None, "geometry": Polygon(ring)})
    plane = found.planes.sort_values("cells").iloc[-1]
    turn = meridian_convergence(ZONE_9, WEST + 30, NORTH - 30)
    b, a = np.radians(tilt), np.radians(facing + turn)
    normal = np.array([np.sin(b) * np.sin(a), np.sin(b) * np.cos(a), np.cos(b)])
    assert plane.irradiation_kwh_m2 == pytest.approx(sky.on_open_plane(normal), rel=0.004)


def test_noise_of_the_surface_does_not_shade_the_roof(sky: SkyTable) -> None:
    grid, z = scene()
    z[80:120, 60:140] = 20.0
    z += np.random.default_rng(1).normal(0, 0.05, z.shape).astype(np.float32)
    found = run(grid, z, sky, outline("A", 30, 40, 40, 20))
    assert len(found.planes) == 1
    assert found.planes.iloc[0].irradiation_kwh_m2 == pytest.approx(found.open_sky_kwh_m2, rel=2e-3)
