"""Hand-drawn keep-outs: exact on the raster, fair off it, and refused or mended where they are no areas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from gis.errors import CrsMismatch, GisError
from gis.keepouts import keepout_cells, mended
from gis.roofs import RoofPlanes, RoofSettings, building_boxes, segment_roofs
from gis.usable import UsableArea, UsableRules, usable_cells
from tests.support.towns import CELL, NORTH, WEST, ZONE_9, Town, outlines_frame, rectangle, shed

NO_RULES = UsableRules(90, 5, 0, 0, 0.5, 0, 0, 0, 0)


def drawn(*areas: tuple[str, object], crs: object = ZONE_9) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"building_id": [a for a, _ in areas]}, geometry=[g for _, g in areas], crs=crs)


def place(west: float, north: float, width: float, depth: float) -> Polygon:
    """A rectangle given in metres from the north-west corner of the scene."""
    return box(WEST + west, NORTH - north - depth, WEST + west + width, NORTH - north)


def one_roof(tilt: float = 0.0) -> Town:
    """Building A, 30 × 20 m, its corner 20 m from the corner of the scene."""
    return shed("A", 20, 20, 30, 20, tilt)


def rules_on(
    town: Town, keepouts: gpd.GeoDataFrame | None, rules: UsableRules = NO_RULES
) -> tuple[RoofPlanes, UsableArea, list[str]]:
    ids = town.ids()
    planes = segment_roofs(town.z, ids, CELL, RoofSettings())
    taken, findings = keepout_cells(keepouts, town.outlines, ids, building_boxes(ids), planes.labels, town.grid)
    light = np.full(ids.shape, 1000.0, np.float32)
    area = usable_cells(planes, town.z, ids, light, 1000.0, CELL, rules, planes.azimuth_grid(), keepout=taken)
    return planes, area, [finding.code for finding in findings]


@pytest.mark.parametrize("tilt", [0.0, 20.0, 40.0])
@pytest.mark.parametrize(("west", "north"), [(25.0, 25.0), (25.25, 25.25)])
def test_keepout_along_the_raster_is_exact(tilt: float, west: float, north: float) -> None:
    """4 × 3 m; borders between cells, and borders through their centres."""
    planes, area, found = rules_on(one_roof(tilt), drawn(("A", place(west, north, 4, 3))))
    assert len(planes) == 1
    assert found == []
    assert area.lost_m2["keepout"][0] == pytest.approx(12.0 / np.cos(np.radians(planes.tilt()[0])), rel=1e-12)
    assert area.usable_m2[0] == pytest.approx(area.area_m2[0] - area.lost_m2["keepout"][0], rel=1e-12)


@budget(max_examples=25, deadline=None)
@given(angle=st.floats(0, 180), east=st.floats(0, 0.5), south=st.floats(0, 0.5))
def test_turned_keepout_is_within_the_cells_of_its_rim(angle: float, east: float, south: float) -> None:
    """A cell is taken by its centre: the error is at most half a cell's diagonal along the rim; in truth far less."""
    shape = affinity.rotate(place(30 + east, 26 + south, 4, 3), angle)
    _, area, _ = rules_on(one_roof(), drawn(("A", shape)))
    assert abs(area.lost_m2["keepout"][0] - 12.0) <= 0.5 * CELL * shape.length


def test_a_person_wins_over_every_rule_but_the_whole_planes() -> None:
    whole = drawn(("A", place(0, 0, 100, 100)))
    every = UsableRules(20.0, 5.0, 0.0, 1.0, 0.5, 1.0, 2.0, 50.0, 1.0)  # no cell gets twice the open sky
    _, area, _ = rules_on(one_roof(10.0), whole, every)
    assert area.lost_m2["keepout"].tolist() == area.area_m2.tolist()
    assert area.usable_m2.tolist() == [0.0]
    _, area, _ = rules_on(one_roof(30.0), whole, every)
    assert area.lost_m2["tilt"].tolist() == area.area_m2.tolist()
    assert area.lost_m2["keepout"].tolist() == [0.0]


def test_small_and_narrow_act_on_what_is_left_and_no_setback_grows() -> None:
    """30 × 20 m cut by a strip 24…25 m from the west: 23 × 18 m within the set-back, and 5 × 18 m, of 90 m²."""
    strip = drawn(("A", place(44, 20, 1, 20)))
    rules = UsableRules(90, 5, 0, 1.0, 0.5, 1.0, 0, 0.0, 0)
    _, area, _ = rules_on(one_roof(), strip, rules)
    assert area.lost_m2["keepout"].tolist() == [20.0]
    assert area.usable_m2.tolist() == [(28 - 1) * 18.0]
    _, area, _ = rules_on(one_roof(), strip, UsableRules(90, 5, 0, 1.0, 0.5, 1.0, 0, 72.5, 0))
    assert area.lost_m2["small"].tolist() == [4 * 18.0]
    assert area.usable_m2.tolist() == [23 * 18.0]


def test_only_the_roof_of_its_own_building() -> None:
    town = shed("A", 20, 20, 20, 20) + shed("B", 40, 20, 20, 20)
    across = place(36, 25, 8, 5)  # half on each
    for name, lost in (("A", [20.0, 0.0]), ("B", [0.0, 20.0])):
        planes, area, found = rules_on(town, drawn((name, across)))
        assert planes.building.tolist() == [1, 2]
        assert area.lost_m2["keepout"].tolist() == lost
        assert found == []


def test_what_takes_nothing_is_said() -> None:
    aside = drawn(("A", place(2, 2, 5, 5)), ("B", place(25, 25, 5, 5)), ("A", place(25, 25, 2, 2)))
    _, area, found = rules_on(one_roof(), aside)
    assert area.lost_m2["keepout"].tolist() == [4.0]
    assert found == ["keepout.idle"]


def test_two_on_one_roof_count_their_union() -> None:
    both = drawn(("A", place(25, 25, 4, 4)), ("A", MultiPolygon([place(27, 25, 4, 4), place(40, 30, 2, 2)])))
    _, area, _ = rules_on(one_roof(), both)
    assert area.lost_m2["keepout"].tolist() == [6 * 4.0 + 4.0]


def test_outline_that_crosses_itself_is_mended() -> None:
    """An eight of two triangles of 4 m base and 2 m height, whose middle lies between cells."""
    x, y = WEST + 30, NORTH - 30
    eight = Polygon([(x, y), (x + 4, y), (x, y - 4), (x + 4, y - 4)])
    valid = mended(drawn(("A", eight)), one_roof().grid)
    assert valid.geometry.is_valid.all()
    assert valid.area.tolist() == pytest.approx([8.0])
    _, area, _ = rules_on(one_roof(), drawn(("A", eight)))
    assert area.lost_m2["keepout"][0] == pytest.approx(8.0, abs=1.0)


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (Polygon(), "empty"),
        (None, "empty"),
        (Point(0, 0), "Point"),
        (LineString([(0, 0), (1, 1)]), "LineString"),
        (Polygon([(0, 0), (1, 1), (2, 2)]), "Polygon"),
        (Polygon([(0, 0), (1, 1), (2, float("inf"))]), "Polygon"),
    ],
)
def test_what_is_no_area_is_refused_with_its_row(shape: object, found: str) -> None:
    frame = drawn(("A", place(25, 25, 2, 2)), ("B", shape))
    with pytest.raises(GisError) as caught:
        mended(frame, one_roof().grid)
    assert caught.value.code == "keepout.not_polygon"
    assert caught.value.details["row"] == 2
    assert caught.value.details["item"] == "B"
    assert caught.value.details["found"] == found


def test_another_crs_is_refused() -> None:
    with pytest.raises(CrsMismatch) as caught:
        mended(drawn(("A", place(25, 25, 2, 2)), crs="EPSG:6676"), one_roof().grid)
    assert caught.value.code == "keepout.wrong_crs"


def test_a_frame_without_crs_lies_on_the_surface() -> None:
    frame = drawn(("A", place(25, 25, 2, 2)), crs=None)
    assert mended(frame, one_roof().grid).crs == ZONE_9


def test_none_drawn() -> None:
    for nothing in (None, drawn()):
        _, area, found = rules_on(one_roof(), nothing)
        assert area.lost_m2["keepout"].tolist() == [0.0]
        assert found == []
    assert len(outlines_frame(rectangle("A", 0, 0, 1, 1))) == 1


def test_what_is_kept_for_people_is_told_apart() -> None:
    """Three areas of one roof, 12, 8 and 6 m²; where two lie, the purpose of the later one counts."""
    drawn_areas = drawn(("A", place(22, 22, 4, 3)), ("A", place(30, 22, 4, 2)), ("A", place(24, 23, 3, 2)))
    found, area, codes = rules_on(one_roof(), drawn_areas.assign(purpose=["other", "refuge", "access"]))
    assert codes == []
    assert {rule: float(lost[0]) for rule, lost in area.lost_m2.items() if lost[0]} == {
        "keepout": 12.0 - 4.0, "refuge": 8.0, "access": 6.0,
    }  # fmt: skip
    assert area.usable_m2[0] == area.area_m2[0] - 22.0
    assert len(found) == 1
