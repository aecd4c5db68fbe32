"""Roof planes: recovered from generated roofs whose planes are known, and plausible on real surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS
from rasterio.features import rasterize
from scipy import ndimage

from gis.grid import Grid
from gis.progress import Cancelled
from gis.roofs import RoofPlanes, RoofSettings, segment_roofs
from gis.roofs_polygons import plane_polygons
from tests.support.lod2 import merged, rendered, roof_surfaces
from tests.support.roofs import GROUND, Scene, roof, town

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SETTINGS = RoofSettings()
KINDS = ("flat", "parapet", "shed", "gable", "hip", "sawtooth", "lshape", "stepped")


def segment(scene: Scene, settings: RoofSettings = SETTINGS) -> RoofPlanes:
    return segment_roofs(scene.z, scene.ids, scene.cell, settings)


def random_town(cell: float, noise: float, seed: int, each: int = 10) -> Scene:
    """All kinds of roofs at random sizes, tilts, angles and offsets to the raster."""
    rng = np.random.default_rng(seed)
    scenes = [
        roof(
            kind,
            rng.uniform(14, 30),
            rng.uniform(9, 16),
            tilt=rng.uniform(10, 40),
            cell=cell,
            angle=rng.uniform(0, 180),
            noise=noise,
            seed=int(rng.integers(1 << 30)),
            offset=tuple(rng.uniform(-0.5, 0.5, 2)),
        )
        for kind in KINDS
        for _ in range(each)
    ]
    return town(scenes, 10)


def score(scene: Scene, planes: RoofPlanes) -> tuple[float, float]:
    """Share of the true planes of 20 m² and more found within 2° and 5°, and of those within 5 % of area as well."""
    tilt, azimuth = planes.tilt(), planes.azimuth_grid()
    leaning, whole, total = 0, 0, 0
    for number, (true_tilt, true_azimuth) in enumerate(zip(scene.tilt, scene.azimuth, strict=True), start=1):
        here = scene.truth == number
        if here.sum() * scene.cell**2 < 20.0:
            continue
        total += 1
        found = np.bincount(planes.labels[here], minlength=len(planes) + 1)
        found[0] = 0
        if not found.any():
            continue
        k = int(found.argmax()) - 1
        turned = abs((azimuth[k] - true_azimuth + 180.0) % 360.0 - 180.0) if true_tilt else 0.0
        if abs(tilt[k] - true_tilt) <= 2.0 and turned <= 5.0:
            leaning += 1
            whole += bool(abs(planes.cells[k] / here.sum() - 1.0) <= 0.05)
    return leaning / total, whole / total


# The bars lie just below what was measured.
@pytest.mark.parametrize(
    ("cell", "noise", "least_leaning", "least_whole"),
    [
        (0.5, 0.03, 0.99, 0.97),
        (0.5, 0.10, 0.97, 0.95),
        (1.0, 0.03, 0.99, 0.95),
        # At 1 m and 10 cm a twentieth of a 20 m² plane is one cell: lean and direction hold, the area not always.
        (1.0, 0.10, 0.96, 0.85),
    ],
)
def test_known_planes_are_recovered(cell: float, noise: float, least_leaning: float, least_whole: float) -> None:
    scene = random_town(cell, noise, seed=7)
    planes = segment(scene)
    leaning, whole = score(scene, planes)
    assert leaning >= least_leaning
    assert whole >= least_whole
    assert len(planes) <= 1.03 * len(scene.tilt)


# Of the 88 surfaces of 20 m² and more. Roofs of neighbouring wings that differ by 10° grow together under noise.
@pytest.mark.realdata
@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.95), (0.03, 0.94), (0.05, 0.88)])
def test_planes_of_a_city_model_are_recovered(realdata: Path, noise: float, least: float) -> None:
    """LOD2 roofs of PLATEAU, seen from above on cells of 0.5 m: tilt within 2°, azimuth within 5°, area within 5 %."""
    surfaces = merged(roof_surfaces(realdata / "plateau_kaga" / "54363371_bldg_6697.gml", 6675))
    z, ids, seen = rendered(surfaces, 0.5)
    z = (z + np.random.default_rng(1).normal(0.0, noise, z.shape)).astype(np.float32)
    planes = segment_roofs(z, ids, 0.5, SETTINGS)
    tilt, azimuth = planes.tilt(), planes.azimuth_grid()
    right, total = 0, 0
    for number, surface in enumerate(surfaces, start=1):
        here = seen == number
        if here.sum() * 0.25 < 20.0:
            continue
        total += 1
        found = np.bincount(planes.labels[here], minlength=len(planes) + 1)
        found[0] = 0
        k = int(found.argmax()) - 1
        if k < 0:
            continue
        turned = abs((azimuth[k] - surface.azimuth + 180.0) % 360.0 - 180.0) if surface.tilt >= 3.0 else 0.0
        area = abs(int(planes.cells[k]) - int(here.sum())) <= 0.05 * here.sum()
        right += bool(abs(tilt[k] - surface.tilt) <= 2.0 and turned <= 5.0 and area)
    assert total == 88
    assert right / total >= least


@pytest.mark.parametrize("cell", [0.25, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("angle", [0.0, 27.0])
def test_noise_does_not_shatter_a_flat_roof(cell: float, angle: float) -> None:
    scene = roof("flat", 40, 24, cell=cell, angle=angle, noise=0.10, seed=4)
    planes = segment(scene)
    assert len(planes) == 1
    assert planes.tilt()[0] < 0.5
    assert planes.cells[0] == pytest.approx(scene.ids.sum(), rel=0.02)
    assert planes.height[0] == pytest.approx(GROUND + 6.0, abs=0.02)


@pytest.mark.parametrize(
    ("angle", "expected"), [(0.0, 180.0), (90.0, 270.0), (180.0, 0.0), (270.0, 90.0), (30.0, 210.0)]
)
def test_azimuth_is_downhill_clockwise_from_north(angle: float, expected: float) -> None:
    """The shed falls to the south; turned clockwise by an angle, its azimuth grows by that angle."""
    planes = segment(roof("shed", tilt=20.0, angle=angle))
    assert len(planes) == 1
    assert (planes.azimuth_grid()[0] - expected + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=0.1)
    assert 0.0 <= planes.azimuth_grid()[0] < 360.0
    assert planes.tilt()[0] == pytest.approx(20.0, abs=0.05)


def test_normals_point_up_and_downhill() -> None:
    planes = segment(roof("hip", 24, 14, tilt=30.0, angle=10.0))
    normals = planes.normals()
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0)
    assert normals[:, 2] == pytest.approx(np.cos(np.radians(planes.tilt())))
    towards = np.degrees(np.arctan2(normals[:, 0], normals[:, 1])) % 360.0
    assert towards == pytest.approx(planes.azimuth_grid())


def test_level_plane_has_azimuth_zero() -> None:
    planes = segment(roof("flat"))
    assert planes.tilt().tolist() == [0.0]
    assert planes.azimuth_grid().tolist() == [0.0]


def test_parapet_and_equipment_are_obstacles() -> None:
    scene = roof("parapet", 24, 16, cell=0.5, angle=20.0, noise=0.03)
    planes = segment(scene)
    rises = (scene.ids > 0) & (scene.truth == 0)
    assert len(planes) == 1
    assert planes.obstacle[rises].mean() > 0.98
    assert not planes.obstacle[scene.truth > 0].any()


def test_stair_house_large_enough_for_a_plane_is_still_an_obstacle() -> None:
    scene = roof("flat", 40, 30)
    middle = scene.z.shape[0] // 2
    scene.z[middle : middle + 10, middle : middle + 12] += 3.0
    planes = segment(scene)
    assert len(planes) == 1
    assert planes.obstacle.sum() == 120
    assert segment(scene, RoofSettings(max_superstructure_m2=10.0)).cells.tolist() == [4800 - 120, 120]


def test_ground_inside_a_shifted_outline_is_no_roof() -> None:
    scene = roof("gable", 24, 14, cell=0.5)
    scene.ids = np.roll(scene.ids, 6, axis=1)
    planes = segment(scene)
    assert len(planes) == 2
    assert (planes.labels[scene.z < GROUND + 1.0] == 0).all()
    assert not planes.obstacle.any()


def test_roof_of_a_terrace_keeps_its_plane_though_neighbours_have_no_outline() -> None:
    """Two thirds of the border run along party walls: the free thirds tell it from ground."""
    scene = roof("flat", 60, 10)
    column = np.arange(scene.z.shape[1])
    scene.ids[:, np.abs(column - column.size / 2) > 10] = 0
    assert len(segment(scene)) == 1


def test_tree_over_a_house_stays_without_plane() -> None:
    scene = roof("gable", 24, 14, cell=0.5, noise=0.03)
    crown = np.hypot(*(np.indices(scene.z.shape) - scene.z.shape[0] // 2 - 8)) < 6
    rough = np.random.default_rng(0).uniform(1.0, 5.0, scene.z.shape)
    scene.z[crown] = (GROUND + 9.0 + rough)[crown]
    planes = segment(scene)
    assert (planes.labels[crown] == 0).mean() > 0.97
    assert planes.obstacle[crown & (scene.ids > 0)].mean() > 0.9
    assert len(planes) == 2


def test_two_heights_in_one_outline_are_two_planes() -> None:
    planes = segment(roof("stepped", 30, 14, angle=15.0, noise=0.05))
    assert np.sort(planes.height) == pytest.approx([GROUND + 6.0, GROUND + 9.0], abs=0.02)


def test_height_above_the_sea_does_not_cost_precision() -> None:
    low, high = roof("hip", 24, 14, tilt=25.0), roof("hip", 24, 14, tilt=25.0)
    high.z += 2048.0
    assert segment(high).tilt() == pytest.approx(segment(low).tilt(), abs=0.02)


def test_numbers_run_through_and_each_plane_is_one_piece_of_one_building() -> None:
    scene = random_town(0.5, 0.05, seed=3, each=3)
    planes = segment(scene)
    assert np.array_equal(np.unique(planes.labels[planes.labels > 0]), np.arange(1, len(planes) + 1))
    assert np.array_equal(np.bincount(planes.labels.ravel())[1:], planes.cells)
    assert (np.diff(planes.building) >= 0).all()
    for number in range(1, len(planes) + 1):
        here = planes.labels == number
        assert (scene.ids[here] == planes.building[number - 1]).all()
        assert ndimage.label(here)[1] == 1
    assert not (planes.obstacle & ((planes.labels > 0) | (scene.ids == 0))).any()


def test_figures_are_the_least_squares_fit_of_the_cells() -> None:
    scene = roof("gable", 20, 12, cell=1.0, angle=40.0, noise=0.08)
    planes = segment(scene)
    row, col = np.nonzero(planes.labels == 1)
    design = np.column_stack([col * scene.cell, -row * scene.cell, np.ones(row.size)])
    height = scene.z[row, col].astype(float)
    (east, north, _), left, *_ = np.linalg.lstsq(design, height, rcond=None)
    assert planes.gradient_east[0] == pytest.approx(east, abs=1e-9)
    assert planes.gradient_north[0] == pytest.approx(north, abs=1e-9)
    assert planes.residual[0] == pytest.approx(np.sqrt(left[0] / row.size), rel=1e-6)
    assert (planes.row[0], planes.col[0]) == pytest.approx((row.mean(), col.mean()))


def test_same_input_same_planes() -> None:
    scene = random_town(1.0, 0.08, seed=5, each=2)
    assert np.array_equal(segment(scene).labels, segment(scene).labels)


def test_nothing_to_find() -> None:
    z, none = np.zeros((20, 30), np.float32), np.zeros((20, 30), np.int32)
    assert len(segment_roofs(z, none, 0.5, SETTINGS)) == 0
    assert len(segment_roofs(np.full_like(z, np.nan), none + 1, 0.5, SETTINGS)) == 0
    assert len(segment_roofs(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.int32), 0.5, SETTINGS)) == 0
    with pytest.raises(ValueError, match="differ in shape"):
        segment_roofs(z, none[:-1], 0.5, SETTINGS)


def test_holes_are_left_out() -> None:
    scene = roof("flat", 20, 12)
    middle = scene.z.shape[0] // 2
    scene.z[middle : middle + 3, middle : middle + 4] = np.nan
    planes = segment(scene)
    assert planes.cells.tolist() == [960 - 12]
    assert np.isfinite(planes.height).all()


def test_cancelling_stops_the_work() -> None:
    def stop(share: float, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        segment_roofs(roof("flat").z, roof("flat").ids, 0.5, SETTINGS, stop)


# ---- polygons


def grid_of(scene: Scene) -> Grid:
    rows, cols = scene.z.shape
    return Grid(rows, cols, scene.cell, -20_000.0, -40_000.0, CRS.from_epsg(6677))


def squares(mask: NDArray[np.bool_], grid: Grid) -> shapely.Geometry:
    """Union of the cells."""
    x, y = grid.centre(*np.nonzero(mask))
    half = grid.cell / 2.0
    return shapely.union_all(shapely.box(x - half, y - half, x + half, y + half))


def test_polygons_follow_the_planes_without_gaps() -> None:
    scene = roof("hip", 24, 14, cell=0.5, angle=33.0)
    planes = segment(scene)
    outlines = plane_polygons(planes.labels, grid_of(scene))
    assert outlines["plane"].tolist() == [1, 2, 3, 4]
    assert outlines.crs.to_epsg() == 6677
    assert outlines.geometry.is_valid.all()
    assert outlines.area.to_numpy() == pytest.approx(planes.cells * 0.25, rel=0.03)
    whole = outlines.geometry.union_all()
    assert whole.area == pytest.approx(outlines.area.sum(), rel=1e-9)
    assert len(shapely.get_parts(whole)) == 1
    assert not whole.interiors
    for number, outline in zip(outlines["plane"], outlines.geometry, strict=True):
        stairs = squares(planes.labels == number, grid_of(scene))
        assert outline.boundary.hausdorff_distance(stairs.boundary) <= 0.5 * np.sqrt(2.0) + 1e-9
        assert outline.symmetric_difference(stairs).area < 0.5 * scene.cell * stairs.length


def test_polygons_lie_where_the_cells_lie() -> None:
    labels = np.zeros((10, 12), np.int32)
    labels[2:5, 3:9] = 7
    labels[7:9, 3:9] = 7
    labels[0, 0] = 2
    grid = Grid(10, 12, 2.0, 100.0, 500.0, CRS.from_epsg(6677))
    found = plane_polygons(labels, grid, wanted=np.array([7]))
    assert found["plane"].tolist() == [7]
    two = shapely.union_all([shapely.box(106, 490, 118, 496), shapely.box(106, 482, 118, 486)])
    assert found.geometry.iloc[0].equals(two)
    assert plane_polygons(np.zeros_like(labels), grid).empty


# ---- real surfaces


def read_real(dsm: Path, outlines: Path) -> tuple[NDArray[np.float32], NDArray[np.int32], float]:
    with rasterio.open(dsm) as file:
        z = file.read(1, masked=True).astype(np.float32).filled(np.nan)
        transform, cell = file.transform, float(file.res[0])
    shapes = shapely.make_valid(gpd.read_file(outlines).geometry.to_numpy())
    ids = rasterize(zip(shapes, range(1, len(shapes) + 1), strict=True), z.shape, transform=transform, dtype="int32")
    return z, ids, cell


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("dsm", "outlines", "least_share", "most_residual"),
    [
        ("delft/derived_dsm_0p5m.tif", "delft/bgt_pand.sqlite", 0.80, 0.15),
        ("goteborg/DSM_KRbig.tif", "goteborg/buildings.shp", 0.85, 0.10),
    ],
)
def test_real_roofs_are_few_planes_that_fit(
    realdata: Path, dsm: str, outlines: str, least_share: float, most_residual: float
) -> None:
    z, ids, cell = read_real(realdata / dsm, realdata / outlines)
    planes = segment_roofs(z, ids, cell, SETTINGS)
    assert (planes.labels > 0).sum() / (ids > 0).sum() > least_share
    assert np.average(planes.residual, weights=planes.cells) < most_residual
    # Delft's houses are 15 to 60 m² with two slopes and more: nothing is shattered if most lies in planes of 10 m².
    area = planes.cells * cell**2
    assert area[area >= 10.0].sum() > 0.8 * area.sum()


@pytest.mark.realdata
def test_pitched_roofs_of_goteborg_come_in_opposite_pairs(realdata: Path) -> None:
    """Perimeter blocks with gable roofs: a slope of a ridge has its like on the other side."""
    z, ids, cell = read_real(realdata / "goteborg/DSM_KRbig.tif", realdata / "goteborg/buildings.shp")
    planes = segment_roofs(z, ids, cell, SETTINGS)
    tilt, azimuth, area = planes.tilt(), planes.azimuth_grid(), planes.cells * cell**2
    pitched = np.flatnonzero((tilt > 15.0) & (tilt < 50.0) & (area > 60.0))
    paired = 0
    for k in pitched:
        turned = np.abs((azimuth - azimuth[k]) % 360.0 - 180.0)
        paired += bool(((planes.building == planes.building[k]) & (turned < 8.0) & (tilt > 10.0)).any())
    assert pitched.size > 20
    assert paired > 0.9 * pitched.size
