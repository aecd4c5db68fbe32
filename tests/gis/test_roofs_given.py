"""Given roof planes on a surface: taken where they fit, kept out where they are of another roof, and the same however the survey is done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pandas.testing import assert_frame_equal
from pyproj import CRS

from gis.errors import SurveyChanged
from gis.far import far_field
from gis.given_places import in_outlines
from gis.given_roofs import GivenRoofs, read_given_roofs
from gis.grid import Grid
from gis.prepared import building_raster
from gis.roofs import CITYGML, DRAWN, SOURCES, RoofPlanes, RoofSettings, segment_roofs
from gis.roofs_given import given_cells
from gis.sky import SkyTable
from gis.survey import EarlierSurvey, SurveySettings, prepare, survey, survey_some
from gis.tiles import TiledWork, Tiling, assemble, survey_tiles, tiles_of
from tests.gis.test_survey_some import RULES, keepouts_of, make_town, surface_of
from tests.gis.test_survey_some import sky as sky  # noqa: PLC0414 - a fixture
from tests.support.lod2 import rendered, roof_surfaces
from tests.support.towns import CELL, GROUND, NORTH, WEST, ZONE_9, Town, outlines_frame, rectangle

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.findings import Finding

ROOFS = RoofSettings(min_plane_m2=8, obstacle_height_m=0.3)
SETTINGS = SurveySettings(ROOFS, RULES)
SIZE = 160
EAVES = 18.0
TILT = 30.0
RISE = float(np.tan(np.radians(TILT)))


def given_of(*rows: dict[str, object]) -> GivenRoofs:
    """Planes as the reader gives them: ``geometry``, and what differs from a flat roof at 18 m."""
    usual: dict[str, object] = {
        "rise_east": 0.0,
        "rise_north": 0.0,
        "x": WEST,
        "y": NORTH,
        "height_m": EAVES,
        "source": CITYGML,
        "item": "M",
    }
    frame = gpd.GeoDataFrame([{**usual, **row} for row in rows], geometry="geometry", crs=ZONE_9)
    return GivenRoofs(frame.astype({"source": np.int8}), ())


def part_of(ident: str, west: float, north: float, width: float, depth: float, **more: object) -> dict[str, object]:
    return {"geometry": rectangle(ident, west, north, width, depth)["geometry"], **more}


def gable(noise: float = 0.0, seed: int = 0) -> Town:
    """A roof of 20 × 12 m with its ridge from west to east, 30° to both sides."""
    grid = Grid(SIZE, SIZE, CELL, WEST, NORTH, ZONE_9)
    frame = outlines_frame(rectangle("A", 20, 20, 20, 12))
    row, col = np.mgrid[0:SIZE, 0:SIZE]
    _, y = grid.centre(row, col)
    z = np.full(grid.shape, GROUND)
    up = np.minimum(NORTH - 20 - y, y - (NORTH - 32)) * RISE
    inside = building_raster(frame, grid) > 0
    z[inside] = EAVES + up[inside]
    z += np.random.default_rng(seed).normal(0.0, noise, z.shape) if noise else 0.0
    return Town(grid, z.astype(np.float32), frame)


SOUTH = part_of("A", 20, 26, 20, 6, rise_north=RISE, y=NORTH - 32)
NORTHERN = part_of("A", 20, 20, 20, 6, rise_north=-RISE, y=NORTH - 20)


def found_in(town: Town, given: GivenRoofs | None, settings: RoofSettings = ROOFS) -> tuple[RoofPlanes, list[Finding]]:
    ready = prepare(surface_of(town), town.outlines, replace(SETTINGS, roofs=settings), given=placed(given, town))
    from gis.survey_tables import given_findings

    return ready.roofs, given_findings(town.outlines, ready.coverage.given)


def placed(given: GivenRoofs | None, town: Town) -> GivenRoofs | None:
    return None if given is None else in_outlines(given, town.outlines)


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code.removeprefix("survey.given_") for finding in findings}


# ---------------------------------------------------------------------------------------------- taken


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_given_planes_are_taken_as_they_are(noise: float) -> None:
    town = gable(noise)
    roofs, said = found_in(town, given_of(SOUTH, NORTHERN))
    assert roofs.source.tolist() == [CITYGML] * 2
    np.testing.assert_allclose(roofs.tilt(), TILT, atol=1e-9)
    np.testing.assert_allclose(roofs.azimuth_grid(), [180.0, 0.0], atol=1e-9)
    assert roofs.cells.sum() == pytest.approx(960, abs=2)
    np.testing.assert_allclose(roofs.residual, noise, atol=0.01)
    np.testing.assert_allclose(roofs.height, EAVES + 3.0 * RISE, atol=0.03 if noise else 1e-4)
    assert codes(said) == {"taken"}
    assert said[0].details["planes"] == 2


def test_a_plane_is_moved_to_the_surface_and_said_if_it_is_much() -> None:
    town = gable(0.05)
    for shift, kinds in ((0.3, {"taken"}), (-0.9, {"taken", "moved"})):
        low = [dict(part, height_m=EAVES - shift) for part in (SOUTH, NORTHERN)]
        roofs, said = found_in(town, given_of(*low))
        assert codes(said) == kinds
        np.testing.assert_allclose(roofs.height, EAVES + 3.0 * RISE, atol=0.03)
        np.testing.assert_allclose(roofs.residual, 0.05, atol=0.01)
    moved = next(finding for finding in said if finding.code == "survey.given_moved")
    assert moved.details["most"] == pytest.approx(0.9, abs=0.05)
    assert moved.details["median"] == pytest.approx(-0.9, abs=0.05)
    assert moved.found == "A"


@pytest.mark.parametrize(
    "wrong",
    [
        {"height_m": EAVES + 5.0},
        {"height_m": EAVES - 5.0},
        {"height_m": EAVES + 37.0},
        {"rise_north": 0.0, "height_m": EAVES + 1.7},
        {"rise_east": 0.2, "x": WEST + 30},
    ],
)
def test_planes_of_another_roof_are_not_taken(wrong: dict[str, object]) -> None:
    town = gable(0.05)
    bare, _ = found_in(town, None)
    roofs, said = found_in(town, given_of({**SOUTH, **wrong}, {**NORTHERN, **wrong}))
    assert codes(said) == {"refused"}
    assert said[0].severity == "warning"
    np.testing.assert_array_equal(roofs.labels, bare.labels)
    np.testing.assert_array_equal(roofs.obstacle, bare.obstacle)
    np.testing.assert_array_equal(roofs.gradient_north, bare.gradient_north)
    assert not roofs.source.any()
    # With limits that allow it, it is taken.
    lax = replace(ROOFS, given_shift_m=40.0, given_residual_m=5.0)
    assert found_in(town, given_of({**SOUTH, **wrong}, {**NORTHERN, **wrong}), lax)[0].source.any()


def test_one_plane_that_is_wrong_leaves_its_place_to_the_surface() -> None:
    """The smaller half is wrong: the other is taken, and what the surface shows stands beside it."""
    town = gable(0.03)
    south = part_of("A", 20, 26, 20, 6, rise_north=RISE, y=NORTH - 32)
    north = part_of("A", 20, 20, 20, 5.5, rise_north=-RISE, y=NORTH - 20, height_m=EAVES + 4)
    roofs, said = found_in(town, given_of(south, north))
    assert codes(said) == {"taken", "partly"}
    assert roofs.source.tolist() == [CITYGML, 0]
    np.testing.assert_allclose(roofs.azimuth_grid() % 360.0, [180.0, 0.0], atol=2.0)
    assert roofs.cells.sum() == pytest.approx(960, abs=20)


def test_what_no_given_plane_covers_is_found_if_it_is_large_enough() -> None:
    town = gable(0.03)
    half, _ = found_in(town, given_of(SOUTH))
    assert half.source.tolist() == [CITYGML, 0]
    assert half.cells.tolist() == [480, pytest.approx(480, abs=15)]
    assert half.tilt()[1] == pytest.approx(TILT, abs=0.5)
    # A strip of a metre along the eaves is none.
    short = [
        part_of("A", 20, 26, 20, 5, rise_north=RISE, y=NORTH - 32),
        part_of("A", 20, 21, 20, 5, rise_north=-RISE, y=NORTH - 20),
    ]
    roofs, _ = found_in(town, given_of(*short))
    assert roofs.source.tolist() == [CITYGML] * 2
    assert roofs.cells.tolist() == [400, 400]
    assert not roofs.obstacle.any()


def test_what_rises_from_a_given_plane_is_an_obstacle_and_a_hole_is_not_of_it() -> None:
    town = gable(0.05)
    z = town.z.copy()
    z[56:59, 50:54] += 1.0
    z[60:62, 60:64] -= 2.0
    roofs, _ = found_in(Town(town.grid, z, town.outlines), given_of(SOUTH, NORTHERN))
    high, low = np.zeros(z.shape, bool), np.zeros(z.shape, bool)
    high[56:59, 50:54] = low[60:62, 60:64] = True
    assert (roofs.labels[high | low] == 0).all()
    assert roofs.obstacle[high].all()
    assert not roofs.obstacle[~high].any()
    assert roofs.cells.sum() == pytest.approx(960 - 12 - 8, abs=1)


def test_noise_is_no_obstacle() -> None:
    """At 10 cm of noise 30 cm are three sigmas, which one cell in a thousand has."""
    for seed in range(5):
        roofs, _ = found_in(gable(0.1, seed), given_of(SOUTH, NORTHERN))
        assert np.count_nonzero(roofs.obstacle) <= 1


def test_drawn_planes_have_their_height_from_the_surface_or_say_it() -> None:
    town = gable(0.05)
    for height in (float("nan"), EAVES):
        planes = [dict(part, height_m=height, source=DRAWN) for part in (SOUTH, NORTHERN)]
        roofs, said = found_in(town, given_of(*planes))
        assert roofs.source.tolist() == [DRAWN] * 2
        np.testing.assert_allclose(roofs.height, EAVES + 3.0 * RISE, atol=0.03)
        assert codes(said) == {"taken"}, "to be laid on the surface is no shift"


def test_tiny_planes_and_those_off_the_surface_are_passed_over() -> None:
    town = gable()
    tiny = part_of("A", 25, 29, 0.6, 0.6, rise_north=RISE, y=NORTH - 32)
    off = part_of("A", 500, 500, 20, 20)
    roofs, said = found_in(town, given_of(SOUTH, NORTHERN, tiny))
    assert len(roofs) == 2
    assert codes(said) == {"taken"}
    bare, _ = found_in(town, None)
    for given in (given_of(tiny), given_of(off), GivenRoofs(given_of(off).frame.iloc[:0], ())):
        roofs, said = found_in(town, given)
        np.testing.assert_array_equal(roofs.labels, bare.labels)
        assert not said
    # Heights are missing where the planes lie.
    gone = Town(town.grid, np.where(town.ids() > 0, np.nan, town.z).astype(np.float32), town.outlines)
    assert len(found_in(gone, given_of(SOUTH, NORTHERN))[0]) == 0


# ---------------------------------------------------------------------------------------------- the same every way


def given_town() -> tuple[Town, GivenRoofs]:
    """The town of the partial surveys, with planes for four of its roofs: two fit, one only in part, one not at all."""
    town = make_town(3)
    shapes = town.outlines.set_index("building_id").geometry
    bare = prepare(surface_of(town), town.outlines, SETTINGS).roofs
    rows: list[dict[str, object]] = []
    for name, off, share in (("row1", 0.2, 1.0), ("row2", -0.7, 0.5), ("turned", 0.0, 1.0), ("tower", 6.0, 1.0)):
        number = int(np.flatnonzero(town.outlines["building_id"] == name)[0]) + 1
        p = int(np.flatnonzero(bare.building == number)[0])
        x, y = WEST + (bare.col[p] + 0.5) * CELL, NORTH - (bare.row[p] + 0.5) * CELL
        west, south, east, north = shapes[name].bounds
        kept = shapes[name].intersection(shapely.box(west, south, west + share * (east - west), north))
        rise = {"rise_east": bare.gradient_east[p], "rise_north": bare.gradient_north[p]}
        rows.append({"geometry": kept, "x": x, "y": y, "height_m": bare.height[p] + off, **rise})
    given = in_outlines(given_of(*rows), town.outlines)
    assert given.frame["building_id"].tolist() == ["tower", "row1", "row2", "turned"]
    return town, given


@pytest.fixture(scope="module")
def given_and_town() -> tuple[Town, GivenRoofs]:
    return given_town()


def test_a_part_is_as_the_whole_to_the_last_bit(given_and_town: tuple[Town, GivenRoofs], sky: SkyTable) -> None:
    town, given = given_and_town
    surface, detail = surface_of(town), {"row1", "row2", "tower", "turned"}
    ready = prepare(surface, town.outlines, SETTINGS, given=given)
    before = survey(surface, town.outlines, sky, SETTINGS, detail=detail, prepared=ready)
    assert set(before.planes["source"]) == {"dsm", "citygml"}
    assert codes([finding for finding in before.findings if "given" in finding.code]) == {"taken", "refused", "moved"}
    keepouts = keepouts_of(town, "row1", "row2")
    full = survey(surface, town.outlines, sky, SETTINGS, detail=detail, keepouts=keepouts, prepared=ready)
    kept = EarlierSurvey(before.buildings, before.planes, before.sunlit, before.azimuths, before.open_sky_kwh_m2)
    for raster in (None, before.plane_ids):
        again = prepare(surface, town.outlines, SETTINGS, plane_ids=raster, given=given)
        np.testing.assert_array_equal(again.roofs.gradient_east, ready.roofs.gradient_east)
        np.testing.assert_array_equal(again.roofs.residual, ready.roofs.residual)
        np.testing.assert_array_equal(again.roofs.source, ready.roofs.source)
        part = survey_some(
            surface, town.outlines, sky, SETTINGS, kept, {"row1", "row2"}, detail=detail, keepouts=keepouts, prepared=again
        )  # fmt: skip
        assert_frame_equal(part.planes, full.planes, check_exact=True)
        assert_frame_equal(part.buildings, full.buildings, check_exact=True)
        assert np.array_equal(part.sunlit, full.sunlit)
        assert part.findings == full.findings
        assert set(part.computed) == {"row1", "row2"}


def test_a_raster_without_the_given_planes_is_another(given_and_town: tuple[Town, GivenRoofs]) -> None:
    town, given = given_and_town
    surface = surface_of(town)
    with_them = prepare(surface, town.outlines, SETTINGS, given=given)
    without = prepare(surface, town.outlines, SETTINGS)
    with pytest.raises(SurveyChanged):
        prepare(surface, town.outlines, SETTINGS, plane_ids=without.roofs.labels, given=given)
    late = prepare(surface, town.outlines, SETTINGS, plane_ids=with_them.roofs.labels)
    with pytest.raises(SurveyChanged):
        late.complete(np.ones(len(town.outlines), dtype=bool))
    assert with_them.goes_with(surface, town.outlines, ROOFS, None, given)
    assert not with_them.goes_with(surface, town.outlines, ROOFS, None, None)
    assert not with_them.goes_with(surface, town.outlines, replace(ROOFS, given_shift_m=2.0), None, given)
    # An obstacle within a given plane comes out of the raster too.
    again = prepare(surface, town.outlines, SETTINGS, plane_ids=with_them.roofs.labels, given=given)
    again.complete(np.ones(len(town.outlines), dtype=bool))
    np.testing.assert_array_equal(again.roofs.obstacle, with_them.roofs.obstacle)


def test_buildings_without_given_planes_do_not_change(given_and_town: tuple[Town, GivenRoofs]) -> None:
    town, given = given_and_town
    surface = surface_of(town)
    some, none = (prepare(surface, town.outlines, SETTINGS, given=planes) for planes in (given, None))
    others = ~np.isin(
        some.ids, [1 + k for k, name in enumerate(town.outlines["building_id"]) if name in {"row1", "row2", "turned"}]
    )
    np.testing.assert_array_equal(some.roofs.labels[others] > 0, none.roofs.labels[others] > 0)
    np.testing.assert_array_equal(some.roofs.obstacle[others], none.roofs.obstacle[others])


@pytest.mark.parametrize("tile_m", [18.0, 40.0])
def test_tiles_give_what_one_window_gives(
    given_and_town: tuple[Town, GivenRoofs], sky: SkyTable, tile_m: float
) -> None:
    town, given = given_and_town
    one = survey(
        surface_of(town),
        town.outlines,
        sky,
        SETTINGS,
        prepared=prepare(surface_of(town), town.outlines, SETTINGS, given=given),
    )
    tiling = Tiling(tile_m=tile_m, near_m=60.0)
    far = far_field(lambda top, bottom: town.z[top:bottom], town.grid.shape, CELL, tiling.near(CELL))
    work = TiledWork(town.grid, town.outlines, sky, SETTINGS, tiling, cells=True, given=given)
    tiles = tiles_of(town.grid, town.outlines, tiling)
    assert len(tiles) > 2
    many = assemble(town.outlines, list(survey_tiles(lambda a, b, c, d: town.z[a:b, c:d].copy(), tiles, work, far)))
    for column in (
        "plane_id",
        "building_id",
        "cells",
        "height_m",
        "area_m2",
        "tilt",
        "azimuth",
        "residual_m",
        "source",
    ):
        np.testing.assert_array_equal(many.planes[column], one.planes[column])
    np.testing.assert_allclose(many.planes["irradiation_kwh_m2"], one.planes["irradiation_kwh_m2"], rtol=5e-3)
    given_of_both = [[finding for finding in found.findings if "given" in finding.code] for found in (one, many)]
    assert given_of_both[0] == given_of_both[1]


def test_the_survey_tells_who_made_each_plane(sky: SkyTable) -> None:
    town = gable(0.05)
    given = in_outlines(given_of(SOUTH), town.outlines)
    found = survey(
        surface_of(town),
        town.outlines,
        sky,
        SETTINGS,
        prepared=prepare(surface_of(town), town.outlines, SETTINGS, given=given),
    )
    assert found.planes["source"].tolist() == ["citygml", "dsm"]
    assert found.planes["source"].dtype == object
    assert set(found.planes["source"]) <= set(SOURCES)
    lost = found.planes.filter(like="lost_").sum(axis=1)
    np.testing.assert_allclose(found.planes["usable_m2"] + lost, found.planes["area_m2"])
    # In the levelled surface the plane is a plane, and no noise shades it.
    assert found.planes["tilt"][0] == pytest.approx(TILT, abs=1e-9)


# ---------------------------------------------------------------------------------------------- somebody else's model


@pytest.mark.realdata
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_the_roofs_of_kaga_come_out_as_they_were_modelled(realdata: Path, noise: float) -> None:
    """Of a surface made from the model the planes found are two thirds of the model's at 10 cm of noise; the given ones are all of them."""
    path = realdata / "plateau_kaga" / "54363371_bldg_6697.gml"
    surfaces = roof_surfaces(path, 6675)
    z, _, seen = rendered(surfaces, 0.5)
    z = (z + np.random.default_rng(0).normal(0.0, noise, z.shape)).astype(np.float32)
    given = read_given_roofs(path, CRS.from_epsg(6675))
    frame = given.frame
    corner = np.round(frame.total_bounds[:2] - shapely.total_bounds([one.shape for one in surfaces])[:2])
    grid = Grid(*z.shape, 0.5, corner[0], corner[1] + z.shape[0] * 0.5, CRS.from_epsg(6675))
    shapes = frame.groupby("item", sort=False).geometry.apply(lambda parts: shapely.union_all(parts.to_numpy().copy()))
    outlines = gpd.GeoDataFrame({"building_id": shapes.index}, geometry=shapes.to_numpy(), crs=frame.crs)
    ids = building_raster(outlines, grid)
    cells = given_cells(in_outlines(given, outlines), outlines, z, ids, grid, RoofSettings())
    assert (cells.tally.left == 0).all()
    with_model = segment_roofs(z, ids, 0.5, RoofSettings(), given=cells)
    without = segment_roofs(z, ids, 0.5, RoofSettings())
    share_with, share_without = (_recovered(planes, surfaces, seen) for planes in (with_model, without))
    assert share_with >= 0.98
    assert share_without <= (0.96 if noise == 0.0 else 0.75)
    whole = np.count_nonzero(ids) * 0.25
    assert with_model.cells.sum() * 0.25 == pytest.approx(whole, rel=0.003)
    assert len(with_model) == len(cells.building) >= 230


def _recovered(planes: RoofPlanes, surfaces: list, seen: NDArray[np.int32]) -> float:  # type: ignore[type-arg]
    """Share of the surfaces of 20 m² and more whose plane leans within 1° and has 5 % of its cells."""
    found, total = 0, 0
    for k, one in enumerate(surfaces):
        mine = seen == k + 1
        if one.shape.area < 20.0 or mine.sum() < 80:
            continue
        total += 1
        labels = planes.labels[mine]
        if not labels.any():
            continue
        plane = int(np.bincount(labels[labels > 0]).argmax()) - 1
        up = np.array([-one.fit[0], -one.fit[1], 1.0])
        cosine = float(planes.normals()[plane] @ up / np.linalg.norm(up))
        angle = np.degrees(np.arccos(min(1.0, cosine)))
        found += bool(angle < 1.0 and abs(planes.cells[plane] / mine.sum() - 1.0) < 0.05)
    assert total > 70
    return found / total
