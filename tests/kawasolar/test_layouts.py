"""Modules on roofs: on usable cells alone, as many as they say, facing where the profile says, and a facility laid out otherwise by itself."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pyproj import CRS, Proj, Transformer
from shapely import affinity

from gis.errors import GisError
from gis.plane_cells import PlaneCells
from gis.progress import Cancelled
from kawasolar.document import edits
from kawasolar.document.entries import apply, edit_of, inverse
from kawasolar.errors import PlanError
from kawasolar.layout_values import CHOICES, COLUMNS, MODULE
from kawasolar.layouts import compute_layouts, no_subarrays, places_of, wall_directions
from kawasolar.owners import owners_of_buildings
from kawasolar.pipeline import PlanInputs, make_project
from kawasolar.plan import ANSWERS, Results
from kawasolar.profile import Profile, load_profile
from kawasolar.project import load_project, save_project
from kawasolar.stages import bring_up_to_date, states, with_edit
from kawasolar.value_rules import INTEGERS, VALUE_RULES
from kawasolar.words import catalogue
from tests.support.town import project_of, small_town

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from kawasolar.plan import Plan, Project

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
BY = edits.Author("試験 花子", "試験のため", "2026-04-01T09:00:00+00:00")
ZONE_9 = CRS.from_epsg(6677)
# Corners are rounded to the millimetre.
ROUNDED = 0.002


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The sample town, computed; never changed."""
    files = (SAMPLE / name for name in ("dsm.tif", "buildings.gpkg", "facilities.csv", "weather.csv"))
    return make_project(PlanInputs(*files, tmp_path_factory.mktemp("見本") / "plan.kawasolar")).plan


def laid_out(
    plan: Plan, values: Mapping[str, float] | None = None, special: Mapping[str, Mapping[str, float]] | None = None
) -> gpd.GeoDataFrame:
    """The sample's roofs by other values, some facilities by others again."""
    results, profile = plan.results, plan.profile.with_numbers(dict(values or {}))
    own = {name: profile.with_numbers(dict(numbers)) for name, numbers in (special or {}).items()}
    return compute_layouts(results.planes, results.buildings, owners_of_buildings(results.links), profile, own)


@pytest.fixture(scope="module")
def east_west(sample: Plan) -> gpd.GeoDataFrame:
    return laid_out(sample, {"layout.racks": 3.0})


def of_planes(plan: Plan, subarrays: gpd.GeoDataFrame, column: str) -> NDArray[np.generic]:
    """A column of the plane that each subarray stands on."""
    return plan.results.planes.set_index("plane_id")[column].loc[subarrays["plane_id"]].to_numpy()


def modules_of(subarrays: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """All modules as shapes, and the place of each one's subarray."""
    found, place = shapely.get_parts(subarrays.geometry.to_numpy(), return_index=True)
    return np.asarray(found, dtype=object), place


def off(one: object, other: object, turn: float = 360.0) -> NDArray[np.float64]:
    """Difference of directions, −turn/2 … turn/2 [deg]."""
    return (np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64) + turn / 2) % turn - turn / 2


# ---------------------------------------------------------------------------------------------- where modules stand


def usable_region(code: str) -> shapely.Geometry:
    """The usable cells of a plane as one shape."""
    cells = PlaneCells.decode(code)
    row, col = np.nonzero(cells.usable)
    west, north = cells.west + col * cells.cell, cells.north - row * cells.cell
    # On the raster's own lines, so that squares side by side share their corners.
    squares = shapely.box(*(np.round(side, 6) for side in (west, north - cells.cell, west + cells.cell, north)))
    return shapely.coverage_union_all(squares)


@pytest.mark.parametrize("racks", [1.0, 2.0, 3.0])
def test_every_module_stands_on_usable_cells_alone(sample: Plan, racks: float) -> None:
    subarrays = laid_out(sample, {"layout.racks": racks})
    codes = sample.results.planes.set_index("plane_id")["cell_rules"]
    modules, place = modules_of(subarrays)
    planes = subarrays["plane_id"].to_numpy()[place]
    # Less what rounding may have moved them by.
    inner = shapely.buffer(modules, -ROUNDED, join_style="mitre")
    for number in np.unique(planes):
        region = usable_region(codes[number])
        shapely.prepare(region)
        assert shapely.covers(region, inner[planes == number]).all(), number
    assert len(modules) > 10_000


@pytest.mark.parametrize("racks", [1.0, 2.0, 3.0])
def test_no_module_lies_on_another(sample: Plan, racks: float) -> None:
    """On any roof; those of one plane keep the gap between them."""
    subarrays = laid_out(sample, {"layout.racks": racks})
    modules, place = modules_of(subarrays)
    planes = subarrays["plane_id"].to_numpy()[place]
    one, other = shapely.STRtree(modules).query(modules, predicate="intersects")
    assert (one == other).all()
    gap = sample.profile.number("layout.gap") * np.cos(np.radians(subarrays["tilt"].to_numpy()[place]))
    one, other = shapely.STRtree(modules).query(modules, predicate="dwithin", distance=gap - ROUNDED)
    assert not ((one != other) & (planes[one] == planes[other])).any()


def test_modules_have_their_size_and_face_where_they_say(sample: Plan, east_west: gpd.GeoDataFrame) -> None:
    """Told by their corners: the front comes first. True north and the grid's differ by the convergence at the building."""
    profile = sample.profile
    long, short = profile.number("module.length"), profile.number("module.width")
    middle = sample.results.buildings.set_index("building_id").geometry.centroid
    for subarrays in (sample.results.subarrays, east_west):
        modules, place = modules_of(subarrays)
        corners = shapely.get_coordinates(modules).reshape(-1, 5, 2)[:, :4]
        slant = np.where(subarrays["portrait"], long, short)
        np.testing.assert_allclose(subarrays["slant_m"], slant)
        depth = (slant * np.cos(np.radians(subarrays["tilt"].to_numpy())))[place]
        across = np.where(subarrays["portrait"], short, long)[place]
        sides = np.hypot(*(np.roll(corners, -1, axis=1) - corners).transpose(2, 0, 1))
        expected = np.stack([across, depth, across, depth], axis=-1)
        assert np.abs(sides - expected).max() < ROUNDED
        front = (corners[:, :2].mean(axis=1) - corners.mean(axis=1)) / (depth / 2)[:, None]
        count = subarrays["modules"].to_numpy()
        east, north = (np.bincount(place, weights=front[:, k]) / count for k in (0, 1))
        points = middle.loc[subarrays["building_id"]]
        lon, lat = Transformer.from_crs(ZONE_9, 6668, always_xy=True).transform(points.x, points.y)
        turn = Proj(ZONE_9).get_factors(lon, lat).meridian_convergence
        assert np.abs(turn).min() > 0.05
        enough = count >= 10
        found = np.degrees(np.arctan2(east, north)) + turn
        assert np.abs(off(found, subarrays["azimuth"]))[enough].max() < 0.03
        assert enough.sum() > 100


# ---------------------------------------------------------------------------------------------- how many


def test_what_a_subarray_says_adds_up(sample: Plan, east_west: gpd.GeoDataFrame) -> None:
    number = sample.profile.number
    for subarrays in (sample.results.subarrays, east_west):
        count = subarrays["modules"].to_numpy()
        assert count.tolist() == shapely.get_num_geometries(subarrays.geometry.to_numpy()).tolist()
        np.testing.assert_allclose(subarrays["capacity_kw"], count * number("module.power") / 1000, rtol=1e-12)
        np.testing.assert_allclose(
            subarrays["area_m2"], count * number("module.width") * number("module.length"), rtol=1e-12
        )
        np.testing.assert_allclose(subarrays["weight_kg"], count * number("module.weight"), rtol=1e-12)
        assert {name: str(subarrays[name].dtype) for name in COLUMNS} == COLUMNS
        assert list(subarrays.columns) == [*COLUMNS, "geometry"]
        assert subarrays.crs == sample.results.planes.crs
        assert subarrays["plane_id"].is_monotonic_increasing
        assert (of_planes(sample, subarrays, "building_id") == subarrays["building_id"]).all()
        assert subarrays["behind"].between(0.0, 1.0).all()
        # What a plane carries covers no more than it has.
        area = subarrays.groupby("plane_id")["area_m2"].sum()
        assert (area <= sample.results.planes.set_index("plane_id")["usable_m2"].loc[area.index] * 1.2).all()


def test_the_capacity_of_a_facility_is_that_of_its_subarrays(sample: Plan) -> None:
    results = sample.results
    owner = results.subarrays["building_id"].map(owners_of_buildings(results.links))
    assert owner.notna().all()
    yields = results.yields.set_index("facility_id")
    for column in ("capacity_kw", "modules"):
        by_owner = results.subarrays.groupby(owner)[column].sum().reindex(yields.index, fill_value=0)
        np.testing.assert_allclose(yields[column], by_owner, rtol=1e-12)
    assert yields["capacity_kw"].sum() > 1000


def test_planes_with_few_modules_have_none(sample: Plan) -> None:
    every = laid_out(sample, {"layout.least_modules": 1.0, "layout.racks": 3.0})
    count = every.groupby("plane_id")["modules"].sum()
    assert count.min() < 10
    for least in (10, 20, 100):
        some = laid_out(sample, {"layout.least_modules": float(least), "layout.racks": 3.0})
        wanted = every["plane_id"].isin(count.index[count >= least])
        assert 0 < wanted.sum() < len(every)
        assert_geodataframe_equal(some, every[wanted].reset_index(drop=True))
    # One plane alone, to the module.
    planes, buildings = roof(8, 8)
    one = load_profile().with_numbers({"layout.least_modules": 1.0})
    (found,) = compute_layouts(planes, buildings, {"B": "F"}, one, {})["modules"]
    for least, left in ((found, 1), (found + 1, 0)):
        profile = one.with_numbers({"layout.least_modules": float(least)})
        assert len(compute_layouts(planes, buildings, {"B": "F"}, profile, {})) == left


def test_a_large_array_leaves_paths(sample: Plan) -> None:
    """With paths it holds less, on no roof more; without an area that large nothing changes."""
    wide = {"layout.path_area": 100.0, "layout.path_reach": 10.0, "layout.path_width": 2.0}
    never, often, usual = (
        laid_out(sample, values).groupby("plane_id")["modules"].sum()
        for values in ({"layout.path_area": 100_000.0}, wide, {})
    )
    assert (often.reindex(never.index, fill_value=0) <= never).all()
    assert often.sum() < 0.97 * never.sum()
    assert usual.sum() < never.sum()
    area = sample.profile.number("module.width") * sample.profile.number("module.length")
    small = never.index[never * area <= 100.0]
    assert len(small) > 20
    assert often.loc[small].equals(never.loc[small])


# ---------------------------------------------------------------------------------------------- which way


def nearest_wall(plan: Plan, subarrays: gpd.GeoDataFrame, azimuth: float) -> NDArray[np.float64]:
    """How far each subarray's direction is from the walls of its building, told by their longest side; checks that none of the other three is nearer to ``azimuth``."""
    shapes = plan.results.buildings.set_index("building_id").geometry
    found = []
    for row in subarrays.itertuples():
        rectangle = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shapes[row.building_id]))
        side = rectangle[1] - rectangle[0]
        found.append(off(row.azimuth, np.degrees(np.arctan2(*side)), 90.0))
        assert abs(off(row.azimuth, azimuth)) < 46
    return np.array(found)


def test_racks_to_the_azimuth_given_face_it_truly(sample: Plan) -> None:
    for wanted in (180.0, 205.0):
        subarrays = laid_out(sample, {"layout.racks": 1.0, "pv.rack_azimuth": wanted, "pv.rack_tilt": 20.0})
        flat = subarrays["mounting"] == "rack"
        assert (flat == of_planes(sample, subarrays, "flat").astype(bool)).all()
        assert np.abs(off(subarrays.loc[flat, "azimuth"], wanted)).max() < 1e-9
        assert (subarrays.loc[flat, "tilt"] == 20.0).all()
        assert flat.sum() > 50


def test_racks_along_the_building_face_nearly_the_azimuth_given(sample: Plan) -> None:
    for wanted in (180.0, 240.0):
        subarrays = laid_out(sample, {"layout.racks": 2.0, "pv.rack_azimuth": wanted})
        flat = subarrays[subarrays["mounting"] == "rack"]
        turned = np.abs(nearest_wall(sample, flat, wanted))
        # The grid's walls and true directions differ by the convergence.
        assert np.quantile(turned, 0.9) < 0.3
        assert len(flat) > 50
    assert_geodataframe_equal(laid_out(sample, {"layout.racks": 2.0}), sample.results.subarrays)


def test_back_to_back_a_flat_roof_has_two_subarrays_that_face_away_from_each_other(
    sample: Plan, east_west: gpd.GeoDataFrame
) -> None:
    flat = east_west[east_west["mounting"] == "back_to_back"]
    assert (of_planes(sample, east_west, "flat").astype(bool) == (east_west["mounting"] == "back_to_back")).all()
    for _, pair in flat.groupby("plane_id"):
        assert len(pair) == 2
        one, other = pair.itertuples()
        assert abs(off(one.azimuth + 180.0, other.azimuth)) < 1e-9
        assert one.modules == other.modules
        # Nearer to the east than any other wall, and then to the west.
        assert abs(off(one.azimuth, 90.0)) <= 45.01
        assert one.tilt == other.tilt == sample.profile.number("layout.east_west_tilt")
    assert np.quantile(np.abs(nearest_wall(sample, flat.iloc[::2], 90.0)), 0.9) < 0.3
    # Pitched roofs are as they are.
    pitched = sample.results.subarrays["mounting"] == "roof"
    assert_geodataframe_equal(
        east_west[east_west["mounting"] == "roof"].reset_index(drop=True),
        sample.results.subarrays[pitched].reset_index(drop=True),
    )


def test_on_pitched_roofs_modules_lie_along_the_roof(sample: Plan) -> None:
    subarrays = sample.results.subarrays
    pitched = subarrays[subarrays["mounting"] == "roof"]
    assert not of_planes(sample, pitched, "flat").any()
    assert (pitched["tilt"] == of_planes(sample, pitched, "tilt")).all()
    assert np.abs(off(pitched["azimuth"], of_planes(sample, pitched, "azimuth"))).max() < 1e-9
    assert (pitched["behind"] == 0).all()
    gap = sample.profile.number("layout.gap")
    np.testing.assert_allclose(pitched["pitch_m"], (pitched["slant_m"] + gap) * np.cos(np.radians(pitched["tilt"])))


def test_orientation_upright_lying_or_whichever_holds_more(sample: Plan) -> None:
    upright, lying, more = (laid_out(sample, {"layout.orientation": number}) for number in (1.0, 2.0, 3.0))
    assert upright["portrait"].all()
    assert not lying["portrait"].any()
    counts = pd.concat([each.groupby("plane_id")["modules"].sum() for each in (upright, lying, more)], axis=1).fillna(0)
    counts.columns = ["upright", "lying", "more"]
    assert (counts["more"] == counts[["upright", "lying"]].max(axis=1)).all()
    chosen = more.set_index("plane_id")["portrait"]
    assert (chosen == (counts["upright"] > counts["lying"]).loc[chosen.index]).all()
    assert 0.1 < chosen.mean() < 0.9


def test_rows_of_racks_stand_as_far_apart_as_the_sun_of_the_shortest_day_asks(sample: Plan) -> None:
    """By a formula of its own: the shadow of an upper edge at solar noon ± hours, for rows that face south."""
    latitude = np.radians(35.6)
    for hours in (1.0, 3.0):
        subarrays = laid_out(sample, {"layout.racks": 1.0, "layout.winter_hours": hours, "pv.rack_azimuth": 180.0})
        rows = subarrays[subarrays["mounting"] == "rack"]
        declination, angle = np.radians(-23.44), np.radians(15.0 * hours)
        up = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
        south = np.sin(latitude) * np.cos(declination) * np.cos(angle) - np.cos(latitude) * np.sin(declination)
        tilt = np.radians(rows["tilt"])
        expected = rows["slant_m"] * (np.cos(tilt) + np.sin(tilt) * south / up)
        np.testing.assert_allclose(rows["pitch_m"], expected, rtol=0.005)


def roof(rows: int, cols: int, *, mask: NDArray[np.uint8] | None = None) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """A flat roof of half-metre cells on the meridian of the zone, and its building."""
    rules = np.ones((rows, cols), np.uint8) if mask is None else mask
    west, north = 0.0, -44000.0
    shape = shapely.box(west, north - rows / 2, west + cols / 2, north)
    planes = gpd.GeoDataFrame(
        {
            "plane_id": [1], "building_id": ["B"], "flat": [True], "tilt": [0.5], "azimuth": [np.nan], "usable_m2": [rules.sum() / 4],
            "cell_rules": [PlaneCells(west, north, 0.5, rules).encode()],
        },
        geometry=[shape], crs=ZONE_9,
    )  # fmt: skip
    return planes, gpd.GeoDataFrame({"building_id": ["B"]}, geometry=[shape], crs=ZONE_9)


@pytest.mark.parametrize("racks", [1.0, 3.0])
def test_behind_others_stand_all_rows_but_the_first(racks: float) -> None:
    planes, buildings = roof(60, 60)
    profile = load_profile().with_numbers({"layout.racks": racks, "layout.path_area": 1e5})
    subarrays = compute_layouts(planes, buildings, {"B": "F"}, profile, {})
    modules, place = modules_of(subarrays)
    middle = shapely.get_coordinates(shapely.centroid(modules))
    for k, row in enumerate(subarrays.itertuples()):
        # Rows run from west to east where they face south, from north to south where they face east or west.
        across = middle[place == k][:, 0 if racks == 3.0 else 1]
        _, counts = np.unique(np.round(across, 1), return_counts=True)
        assert len(counts) > 3
        assert len(set(counts.tolist())) == 1
        assert row.behind == pytest.approx(1 - 1 / len(counts))
    # One row alone has nothing before it.
    planes, buildings = roof(60, 5) if racks == 3.0 else roof(5, 60)
    alone = compute_layouts(planes, buildings, {"B": "F"}, profile, {})
    assert len(alone) == (2 if racks == 3.0 else 1)
    assert (alone["behind"] == 0).all()


def test_rows_on_two_parts_of_a_roof_are_not_before_one_another() -> None:
    """Thirty metres of equipment between them; and of rows beside each other only those that overlap."""
    mask = np.ones((90, 40), np.uint8)
    mask[7:83] = 4
    planes, buildings = roof(90, 40, mask=mask)
    profile = load_profile().with_numbers({"layout.racks": 1.0, "layout.orientation": 2.0})
    subarrays = compute_layouts(planes, buildings, {"B": "F"}, profile, {})
    assert subarrays["modules"].item() > 20
    assert subarrays["behind"].item() <= 0.5
    one = load_profile().with_numbers({"layout.racks": 1.0, "layout.orientation": 1.0, "layout.winter_hours": 3.0})
    mask[:] = 4
    mask[0:5], mask[85:90] = 1, 1
    planes, buildings = roof(90, 40, mask=mask)
    apart = compute_layouts(planes, buildings, {"B": "F"}, one, {})
    assert apart["modules"].item() > 20
    assert apart["behind"].item() == 0.0


# ---------------------------------------------------------------------------------------------- walls


def turned(shape: shapely.Geometry, degrees: float) -> shapely.Geometry:
    """Clockwise, as azimuths are."""
    return affinity.rotate(shape, -degrees, origin=(0, 0))


@given(
    st.floats(0, 360),
    st.floats(3, 80),
    st.floats(3, 80),
    st.tuples(st.floats(-3e4, 3e4), st.floats(-3e4, 3e4)),
    st.booleans(),
)
def test_walls_of_turned_rectangles(
    degrees: float, width: float, depth: float, place: tuple[float, float], mirrored: bool
) -> None:
    shape = shapely.box(0, 0, width, depth, ccw=mirrored)
    moved = affinity.translate(turned(shape, degrees), *place)
    found = wall_directions(np.array([moved], dtype=object))
    assert found.shape == (1,)
    assert 0 <= found[0] < 90
    assert abs(off(found[0], degrees, 90.0)) < 1e-3


@given(st.lists(st.tuples(st.floats(0, 90), st.floats(5, 40), st.floats(5, 40)), min_size=1, max_size=8))
def test_each_building_has_its_own_walls(parts: list[tuple[float, float, float]]) -> None:
    """Whatever stands before and after it in the list."""
    shapes = [
        affinity.translate(turned(shapely.box(0, 0, width, depth), degrees), 100.0 * k, -70.0 * k)
        for k, (degrees, width, depth) in enumerate(parts)
    ]
    found = wall_directions(np.array(shapes, dtype=object))
    assert np.abs(off(found, [degrees for degrees, _, _ in parts], 90.0)).max() < 1e-3


L_SHAPE = shapely.Polygon([(0, 0), (40, 0), (40, 12), (12, 12), (12, 30), (0, 30)])
COURTYARD = shapely.box(0, 0, 40, 30).difference(shapely.box(14, 9, 31, 22))
TWO_PARTS = shapely.union_all([shapely.box(0, 0, 12, 9), shapely.box(31, 17, 45, 27)])
CHAMFERED = shapely.box(0, 0, 40, 20).difference(shapely.Polygon([(0, 0), (6, 0), (0, 5)]))


@pytest.mark.parametrize("shape", [L_SHAPE, COURTYARD, TWO_PARTS], ids=["angle", "courtyard", "two parts"])
@pytest.mark.parametrize("degrees", [0.0, 17.0, 44.0, 63.5])
def test_walls_of_other_shapes(shape: shapely.Geometry, degrees: float) -> None:
    """Whatever the order of their rings: no wall leads from one to the next."""
    found = wall_directions(np.array([turned(shape, degrees)], dtype=object))
    assert abs(off(found[0], degrees, 90.0)) < 0.01


def test_most_of_the_walls_count() -> None:
    found = wall_directions(np.array([turned(CHAMFERED, 30.0)], dtype=object))
    assert abs(off(found[0], 30.0, 90.0)) < 3.0


def test_places_of_buildings() -> None:
    buildings = gpd.GeoDataFrame(
        {"building_id": ["A", "B"]},
        geometry=[
            turned(shapely.box(0, 0, 20, 10), 12.0),
            affinity.translate(shapely.box(0, 0, 9, 9), -60_000, -40_000),
        ],
        crs=ZONE_9,
    )
    found = places_of(buildings)
    lon, lat = Transformer.from_crs(ZONE_9, 6668, always_xy=True).transform(-59_995.5, -39_995.5)
    assert found["B"].latitude == pytest.approx(lat, abs=1e-6)
    # West of the zone's meridian the grid's north lies to the west of the true one.
    assert found["B"].convergence == pytest.approx((lon - (139 + 50 / 60)) * np.sin(np.radians(lat)), abs=0.005)
    assert abs(found["A"].convergence) < 0.001
    assert found["A"].walls == pytest.approx(12.0, abs=1e-6)
    assert places_of(buildings.iloc[:0]) == {}


# ---------------------------------------------------------------------------------------------- what is laid out


def test_only_what_belongs_to_a_facility_is_laid_out(sample: Plan) -> None:
    results = sample.results
    owners = owners_of_buildings(results.links)
    some = dict(list(owners.items())[::3])
    found = compute_layouts(results.planes, results.buildings, some, sample.profile, {})
    expected = results.subarrays[results.subarrays["building_id"].isin(some)].reset_index(drop=True)
    assert_geodataframe_equal(found, expected)
    assert 0 < len(found) < len(results.subarrays)
    assert len(compute_layouts(results.planes, results.buildings, {}, sample.profile, {})) == 0


def test_nothing_is_laid_out_by_density_or_without_cells(sample: Plan) -> None:
    results = sample.results
    owners = owners_of_buildings(results.links)
    dense = sample.profile.with_numbers({"pv.capacity": 2.0})
    older = results.planes.drop(columns="cell_rules")
    without = results.planes.assign(cell_rules=None)
    for planes, profile in (
        (results.planes, dense),
        (older, sample.profile),
        (without, sample.profile),
        (results.planes.iloc[:0], sample.profile),
    ):
        assert_geodataframe_equal(
            compute_layouts(planes, results.buildings, owners, profile, {}), no_subarrays(planes.crs)
        )


def test_a_special_layout_is_that_of_a_plan_of_these_values(sample: Plan) -> None:
    values = {"layout.racks": 3.0, "module.power": 500.0, "layout.orientation": 1.0, "layout.valley": 0.6}
    owners = owners_of_buildings(sample.results.links)
    facilities = sorted(set(owners.values()))[:5]
    found = laid_out(sample, special=dict.fromkeys(facilities, values))
    alike = laid_out(sample, values)
    mine = found["building_id"].map(owners).isin(facilities)
    theirs = alike["building_id"].map(owners).isin(facilities)
    assert_geodataframe_equal(found[mine].reset_index(drop=True), alike[theirs].reset_index(drop=True))
    usual = sample.results.subarrays
    rest = ~usual["building_id"].map(owners).isin(facilities)
    assert_geodataframe_equal(found[~mine].reset_index(drop=True), usual[rest].reset_index(drop=True))
    assert 5 < mine.sum() < len(found) / 2


def test_progress_rises_and_cancel_is_heard(sample: Plan) -> None:
    results, told = sample.results, []
    owners = owners_of_buildings(results.links)
    compute_layouts(
        results.planes, results.buildings, owners, sample.profile, {}, lambda share, what: told.append((share, what))
    )
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1], {what for _, what in told}) == (0.0, 1.0, {"layout"})
    assert len(told) > 100

    def stop(share: float, _what: str) -> None:
        if share > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        compute_layouts(results.planes, results.buildings, owners, sample.profile, {}, stop)


@pytest.mark.parametrize(("epsg", "hours"), [(32635, 3.0), (32635, 4.0), (28992, 4.0)])
def test_where_the_winter_sun_is_not_up_so_long_it_is_said_or_laid_out(epsg: int, hours: float) -> None:
    """Helsinki and Amersfoort: nobody is shown a traceback."""
    x, y = (400_000.0, 6_670_000.0) if epsg == 32635 else (155_000.0, 463_000.0)
    shape = shapely.box(x, y - 20, x + 30, y)
    cells = PlaneCells(x, y, 0.5, np.ones((40, 60), np.uint8))
    planes = gpd.GeoDataFrame(
        {"plane_id": [1], "building_id": ["B"], "flat": [True], "tilt": [0.0], "azimuth": [0.0], "usable_m2": [600.0], "cell_rules": [cells.encode()]},
        geometry=[shape], crs=epsg,
    )  # fmt: skip
    buildings = gpd.GeoDataFrame({"building_id": ["B"]}, geometry=[shape], crs=epsg)
    profile = load_profile().with_numbers({"layout.winter_hours": hours})
    said: list[str] = []
    found = no_subarrays(planes.crs)
    try:
        found = compute_layouts(planes, buildings, {"B": "F"}, profile, {})
    except (PlanError, GisError) as error:
        said.append(error.code)
    assert said or len(found) == 1
    assert all(code in catalogue() for code in said)


# ---------------------------------------------------------------------------------------------- in a project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Five facilities with a flat roof each; never changed."""
    return project_of(small_town(tmp_path_factory.mktemp("町")), tmp_path_factory.mktemp("計画"))


OWN = {"layout.racks": 3.0, "module.power": 500.0}


def entered(project: Project, facility: str, values: Mapping[str, float], scenario: str = "s1") -> Project:
    wanted = {("layouts", f"{scenario}/{facility}"): {"values": dict(values), **BY.mark()}}
    return with_edit(project, edit_of(project.entries, "ui.undo.layout", wanted))


def for_all(project: Project, values: Mapping[str, float]) -> Project:
    for key, value in values.items():
        project = with_edit(project, edits.set_value(project.entries, "s1", key, value, BY))
    return bring_up_to_date(project)


def building_of(project: Project, facility: str) -> str:
    links = project.plan.results.links.set_index("facility_id")["building_id"]
    return str(links[facility])


def apart(frame: pd.DataFrame, column: str, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Its rows, and the others."""
    mine = frame[column] == name
    return frame[mine].reset_index(drop=True), frame[~mine].reset_index(drop=True)


def freshness(plan: Plan, base: Profile) -> dict[str, str]:
    return {state.name: state.freshness for state in states(plan, base)}


@pytest.mark.parametrize(
    "values",
    [
        OWN,
        {"module.power": 500.0},
        {"pv.rack_tilt": 25.0, "pv.rack_azimuth": 150.0},
        {"layout.orientation": 1.0, "layout.gap": 0.05},
    ],
)
def test_a_facility_laid_out_otherwise_changes_itself_alone(project: Project, values: dict[str, float]) -> None:
    done = bring_up_to_date(entered(project, "002", values))
    alike = for_all(project, values)
    building = building_of(project, "002")
    usual, own, every = (each.plan.results for each in (project, done, alike))
    mine, others = apart(own.subarrays, "building_id", building)
    assert_geodataframe_equal(others, apart(usual.subarrays, "building_id", building)[1])
    assert_geodataframe_equal(mine, apart(every.subarrays, "building_id", building)[0])
    with pytest.raises(AssertionError):
        assert_geodataframe_equal(mine, apart(usual.subarrays, "building_id", building)[0])
    # The year of each, to the bit.
    mine, others = apart(own.yields, "facility_id", "002")
    assert_frame_equal(others, apart(usual.yields, "facility_id", "002")[1], check_exact=True)
    assert_frame_equal(mine, apart(every.yields, "facility_id", "002")[0], check_exact=True)
    assert own.yields["facility_id"].tolist() == usual.yields["facility_id"].tolist()
    here = own.yields["facility_id"].to_numpy() == "002"
    for name in ("month_hour", "month_hour_lost"):
        np.testing.assert_array_equal(getattr(own, name)[~here], getattr(usual, name)[~here])
        np.testing.assert_array_equal(getattr(own, name)[here], getattr(every, name)[here])
    # Nothing before the layout is another object.
    assert own.planes is usual.planes
    assert own.links is usual.links


def test_undo_brings_the_old_result_back(project: Project) -> None:
    entry = edits.lay_out(project.entries, "s1", ["002", "004"], OWN, BY)
    there = with_edit(project, entry)
    assert freshness(there.plan, there.profile) == {
        "ledger": "fresh", "join": "fresh", "registers": "fresh", "survey": "fresh", "layout": "fresh", "yield": "follows", "use": "follows", "eligibility": "follows", "selection": "follows", "programme": "fresh", **dict.fromkeys(ANSWERS, "fresh"),
    }  # fmt: skip
    done = bring_up_to_date(there)
    for attic in ([project.plan], []):
        back = with_edit(done, inverse(entry), attic)
        assert back.entries.canonical() == project.entries.canonical()
        if attic:
            assert back.plan.results.subarrays is project.plan.results.subarrays
            assert back.plan.results.yields is project.plan.results.yields
        finished = bring_up_to_date(back)
        assert_geodataframe_equal(finished.plan.results.subarrays, project.plan.results.subarrays)
        assert_frame_equal(finished.plan.results.yields, project.plan.results.yields, check_exact=True)
        assert set(freshness(finished.plan, finished.profile).values()) == {"fresh"}


def test_parts_of_the_stage_are_facilities(project: Project) -> None:
    before = project.plan.stamps
    after = bring_up_to_date(entered(project, "002", OWN)).plan.stamps
    assert set(before["layout"].parts) == {"001", "002", "003", "004", "005"}
    for stage in ("layout", "yield"):
        changed = {name for name, part in before[stage].parts.items() if after[stage].parts[name] != part}
        assert changed == {"002"}
        assert after[stage].base == before[stage].base
    assert after["survey"].fingerprint == before["survey"].fingerprint


def test_a_layout_that_waits_says_why(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many facilities at once are not laid out with the edit."""
    monkeypatch.setattr("kawasolar.stages.run.LAID_OUT_AT_ONCE", 0)
    waiting = entered(entered(project, "002", OWN), "003", {"layout.racks": 1.0})
    found = {state.name: state for state in states(waiting.plan, waiting.profile)}
    assert [(r.kind, r.name) for r in found["layout"].reasons] == [("layouts", "2")]
    assert (found["layout"].freshness, found["layout"].parts, found["layout"].stale_parts) == ("stale", 5, 2)
    assert {name: state.freshness for name, state in found.items() if name != "layout"} == {
        "ledger": "fresh", "join": "fresh", "registers": "fresh", "survey": "fresh", "yield": "follows", "use": "follows", "eligibility": "follows", "selection": "follows", "programme": "fresh", **dict.fromkeys(ANSWERS, "fresh"),
    }  # fmt: skip
    # The value is the reason where it changed for all.
    both = with_edit(waiting, edits.set_value(waiting.entries, "s1", "layout.gap", 0.03, BY))
    found = {state.name: state for state in states(both.plan, both.profile)}
    assert [(r.kind, r.name) for r in found["layout"].reasons] == [("value", "layout.gap")]
    assert found["layout"].stale_parts == 5


def test_a_value_without_a_part_in_the_plan_has_one_where_a_facility_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The valley between pairs is of racks back to back, which only one facility has."""
    monkeypatch.setattr("kawasolar.stages.run.LAID_OUT_AT_ONCE", 0)
    done = bring_up_to_date(entered(project, "002", {"layout.racks": 3.0}))
    wider = with_edit(done, edits.set_value(done.entries, "s1", "layout.valley", 0.9, BY))
    found = {state.name: state for state in states(wider.plan, wider.profile)}
    assert (found["layout"].freshness, found["layout"].stale_parts) == ("stale", 1)
    after = bring_up_to_date(wider).plan.results.subarrays
    before = done.plan.results.subarrays
    building = building_of(project, "002")
    assert (
        apart(after, "building_id", building)[0]["pitch_m"] > apart(before, "building_id", building)[0]["pitch_m"] + 0.5
    ).all()
    assert_geodataframe_equal(apart(after, "building_id", building)[1], apart(before, "building_id", building)[1])


def test_every_choice_of_a_facility_counts(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each value by which a single facility can be laid out makes it stale, or is none of the layout's."""
    monkeypatch.setattr("kawasolar.stages.run.LAID_OUT_AT_ONCE", 0)
    for key in CHOICES:
        _, low, high = VALUE_RULES[key]
        now = project.profile.number(key)
        other = (now - 1.0 if now > low else now + 1.0) if key in INTEGERS else now + (high - now) / 8
        waiting = entered(project, "002", {key: other})
        state = next(state for state in states(waiting.plan, waiting.profile) if state.name == "layout")
        assert state.stale_parts == (0 if key in MODULE else 1), key


def test_a_layout_of_nobody_changes_nothing(project: Project) -> None:
    """Of a facility that the ledger lacks, or one without a building."""
    turned = entered(project, "999", OWN)
    assert set(freshness(turned.plan, turned.profile).values()) == {"fresh"}
    done = bring_up_to_date(turned)
    assert done.plan.results is project.plan.results
    bare = bring_up_to_date(with_edit(project, edits.correct_join(project.entries, "003", [], BY)))
    again = bring_up_to_date(entered(bare, "003", OWN))
    assert_geodataframe_equal(again.plan.results.subarrays, bare.plan.results.subarrays)
    assert "B2" not in set(again.plan.results.subarrays["building_id"])


def test_a_layout_is_of_its_scenario(project: Project, tmp_path: Path) -> None:
    edit, key = edits.duplicate_scenario(project.entries, "s1", "案2")
    two = bring_up_to_date(entered(with_edit(project, edit), "002", OWN, key), [key])
    assert two.plans["s1"].results is project.plan.results
    assert two.plans[key].results.planes is project.plan.results.planes
    assert set(two.plans[key].results.subarrays["mounting"]) == {"rack", "back_to_back"}
    # A copy of it has the layout too, and takes its results over.
    more, third = edits.duplicate_scenario(two.entries, key, "案3")
    copied = with_edit(two, more)
    for entry in fields(Results):
        assert getattr(copied.plans[third].results, entry.name) is getattr(two.plans[key].results, entry.name), (
            entry.name
        )
    path = tmp_path / "計画.kawasolar"
    save_project(copied, path)
    opened = load_project(path)
    for name in ("s1", key, third):
        assert set(freshness(opened.plans[name], opened.profile).values()) == {"fresh"}
        assert_geodataframe_equal(opened.plans[name].results.subarrays, copied.plans[name].results.subarrays)
    assert opened.plans[key].results.subarrays is opened.plans[third].results.subarrays
    # What is computed on what was loaded is what would have been computed without saving.
    one, other = (bring_up_to_date(entered(each, "004", OWN, key), [key]) for each in (copied, opened))
    assert_geodataframe_equal(one.plans[key].results.subarrays, other.plans[key].results.subarrays)
    assert one.plans[key].stamps["layout"].fingerprint == other.plans[key].stamps["layout"].fingerprint


def test_a_keepout_on_a_roof_that_is_laid_out_otherwise(project: Project) -> None:
    """Both parts in one: the roof is surveyed again and laid out by its own values."""
    building = building_of(project, "002")
    outline = project.plan.results.buildings.set_index("building_id").geometry[building]
    drawn = outline.centroid.buffer(3.0, cap_style="square")
    turned = entered(project, "002", OWN)
    turned = bring_up_to_date(with_edit(turned, edits.add_keepout(turned.entries, building, drawn, BY)))
    mine, others = apart(turned.plan.results.subarrays, "building_id", building)
    assert_geodataframe_equal(others, apart(project.plan.results.subarrays, "building_id", building)[1])
    assert set(mine["mounting"]) == {"back_to_back"}
    modules, _ = modules_of(mine)
    assert shapely.intersection(modules, drawn.buffer(-0.5)).tolist() == [shapely.Polygon()] * len(modules)
    free = bring_up_to_date(entered(project, "002", OWN)).plan.results.subarrays
    assert mine["modules"].sum() < apart(free, "building_id", building)[0]["modules"].sum()


def test_reasons_and_names_of_a_layout_make_nothing_stale(project: Project) -> None:
    done = bring_up_to_date(entered(project, "002", OWN))
    other = edits.lay_out(done.entries, "s1", ["002"], OWN, edits.Author("別人", "別の理由"))
    assert other.changes
    plan = replace(done.plan, entries=apply(done.entries, other))
    assert set(freshness(plan, done.profile).values()) == {"fresh"}
