"""Facilities to buildings: the kinds of evidence, ties, shared buildings, and an oracle by brute force."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS
from shapely.geometry import Point, Polygon, box

from gis.errors import CrsMismatch
from gis.progress import Cancelled
from kawasolar.join import LINK_COLUMNS, claim_buildings, join_facilities
from kawasolar.words import catalogue

CRS_IX = CRS.from_epsg(6677)


def make_facilities(rows: list[tuple[str, str, object, str | None]]) -> gpd.GeoDataFrame:
    """Facilities of (id, name, geometry, building_ids)."""
    frame = pd.DataFrame(rows, columns=["facility_id", "name", "geometry", "building_ids"])
    frame["source_row"] = range(2, len(frame) + 2)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS_IX)


def make_buildings(rows: list[tuple[str, object, str | None]]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(rows, columns=["building_id", "geometry", "name"])
    return gpd.GeoDataFrame(frame.assign(usage=None), geometry="geometry", crs=CRS_IX)


BUILDINGS = make_buildings(
    [
        ("B1", box(0, 0, 10, 10), None),
        ("B2", box(20, 0, 30, 10), None),
        ("B3", box(40, 0, 50, 10), "みほん 市民館"),
        ("B4", box(60, 0, 70, 10), "みほん市民館"),
        ("B5", box(1000, 0, 1010, 10), "みほん市民館"),
    ]
)


def pairs(links: pd.DataFrame) -> set[tuple[str, str, str]]:
    return set(zip(links["facility_id"], links["building_id"], links["how"], strict=True))


def test_each_kind_of_evidence_in_its_order() -> None:
    facilities = make_facilities(
        [
            ("by-id", "い", Point(25, 5), "B1"),
            ("by-point", "ろ", Point(25, 5), None),
            ("by-name", "みほん市民館", Point(55, 20), None),
            ("near", "は", Point(1015, 5), None),
            ("far", "に", Point(500, 500), None),
            ("nowhere", "ほ", None, None),
        ]
    )
    links, findings = join_facilities(facilities, BUILDINGS, nearest_m=10.0)
    assert list(links.columns) == list(LINK_COLUMNS)
    # The point of by-id lies in B2: the id counts more. The third building of that name is 945 m away.
    assert pairs(links) == {
        ("by-id", "B1", "id"),
        ("by-point", "B2", "point"),
        ("by-name", "B3", "name"),
        ("by-name", "B4", "name"),
        ("near", "B5", "nearest"),
    }
    of = links.set_index("building_id")
    assert of.loc["B1", "distance_m"] == 15.0
    assert of.loc["B2", "distance_m"] == 0.0
    assert of.loc["B3", "distance_m"] == pytest.approx(math.hypot(5, 10))
    assert of.loc["B5", "distance_m"] == 5.0
    assert of.loc["B1", "score"] > of.loc["B2", "score"] > of.loc["B3", "score"] > of.loc["B5", "score"] > 0
    assert [(f.code, f.item) for f in findings] == [("join.no_building", "far"), ("join.no_place", "nowhere")]
    assert [f.row for f in findings] == [6, 7]


def test_score_of_the_nearest_falls_with_distance_and_reach_is_kept() -> None:
    facilities = make_facilities(
        [("a", "い", Point(5, 12), None), ("b", "ろ", Point(25, 19), None), ("c", "は", Point(5, -21), None)]
    )
    links, _ = join_facilities(facilities, BUILDINGS, nearest_m=10.0)
    assert list(links["facility_id"]) == ["a", "b"]
    assert links["score"].iloc[0] > links["score"].iloc[1] > 0


def test_unknown_building_id_is_said_and_the_next_evidence_is_used() -> None:
    facilities = make_facilities([("a", "い", Point(5, 5), "X9"), ("b", "ろ", None, "B2;X8")])
    links, findings = join_facilities(facilities, BUILDINGS, nearest_m=0.0)
    assert pairs(links) == {("a", "B1", "point"), ("b", "B2", "id")}
    assert math.isnan(links.set_index("facility_id").loc["b", "distance_m"])
    assert [(f.code, f.found, f.item) for f in findings] == [
        ("join.unknown_building", "X9", "a"),
        ("join.unknown_building", "X8", "b"),
    ]


def test_shared_building_goes_to_the_better_evidence_once() -> None:
    facilities = make_facilities(
        [
            ("near", "い", Point(11, 5), None),
            ("point", "ろ", Point(9, 5), None),
            ("id", "は", Point(100, 100), "B1"),
            ("id2", "に", Point(12, 5), "B2;B1"),
        ]
    )
    links, findings = join_facilities(facilities, BUILDINGS, nearest_m=5.0)
    # Of two ids the nearer: id2 lies 2 m from B1, id some 127 m.
    assert pairs(links) == {("id2", "B1", "id"), ("id2", "B2", "id")}
    shared = [f for f in findings if f.code == "join.shared_building"]
    assert {(f.item, f.found, f.details["owner"]) for f in shared} == {
        (n, "B1", "id2") for n in ("near", "point", "id")
    }
    # They share a building, so they are not said to have none.
    assert not [f for f in findings if f.code == "join.no_building"]
    claims, _ = claim_buildings(facilities, BUILDINGS, nearest_m=5.0)
    assert len(claims) == 5


def test_equal_claims_are_settled_by_the_first_id_whatever_the_order() -> None:
    rows = [("b", "い", Point(5, 5), None), ("a", "ろ", Point(6, 5), None)]
    for order in (rows, rows[::-1]):
        links, _ = join_facilities(make_facilities(order), BUILDINGS, nearest_m=5.0)
        assert pairs(links) == {("a", "B1", "point")}


def test_polygon_of_a_site_takes_the_buildings_on_it() -> None:
    site = box(-1, -1, 31, 11)
    facilities = make_facilities(
        [("site", "い", site.representative_point(), None), ("touch", "ろ", box(49, 0, 60.5, 10), None)]
    )
    links, _ = join_facilities(
        facilities, BUILDINGS, nearest_m=0.0, outlines=gpd.GeoSeries([site], index=["site"], crs=CRS_IX)
    )
    # B3 and B4 are only touched: a tenth and a twentieth of them.
    assert pairs(links) == {("site", "B1", "point"), ("site", "B2", "point")}


def test_of_nested_outlines_the_smallest() -> None:
    buildings = make_buildings([("A-outer", box(0, 0, 100, 100), None), ("B-inner", box(40, 40, 60, 60), None)])
    links, _ = join_facilities(make_facilities([("a", "い", Point(50, 50), None)]), buildings, nearest_m=5.0)
    assert pairs(links) == {("a", "B-inner", "point")}


def test_a_name_that_two_placeless_facilities_bear_decides_nothing() -> None:
    facilities = make_facilities([("a", "みほん市民館", None, None), ("b", "みほん市民館", None, None)])
    links, findings = join_facilities(facilities, BUILDINGS, nearest_m=5.0)
    assert links.empty
    assert [f.code for f in findings] == ["join.ambiguous_name"] * 2 + ["join.no_place"] * 2


def test_distant_building_of_an_id_is_doubtful() -> None:
    _, findings = join_facilities(make_facilities([("a", "い", Point(5, 5), "B5")]), BUILDINGS, nearest_m=5.0)
    assert [(f.code, f.details) for f in findings] == [("join.id_far", {"distance_m": 995})]


def test_empty_sides_and_odd_geometry() -> None:
    nothing = BUILDINGS.iloc[:0]
    facilities = make_facilities([("a", "い", Point(5, 5), "B1"), ("b", "ろ", Point(), None)])
    links, findings = join_facilities(facilities, nothing, nearest_m=5.0)
    assert links.empty
    assert list(links.columns) == list(LINK_COLUMNS)
    assert {f.code for f in findings} == {"join.unknown_building", "join.no_building", "join.no_place"}
    odd = make_buildings([("B1", None, None), ("B2", Polygon(), None), ("B3", box(0, 0, 9, 9), None)])
    links, _ = join_facilities(facilities.iloc[[0]].assign(building_ids=None), odd, nearest_m=5.0)
    assert pairs(links) == {("a", "B3", "point")}
    without = facilities.drop(columns=["building_ids", "source_row"])
    links, _ = join_facilities(without, BUILDINGS.drop(columns=["name", "usage"]), nearest_m=5.0)
    assert pairs(links) == {("a", "B1", "point")}


def test_other_crs_is_refused() -> None:
    with pytest.raises(CrsMismatch) as caught:
        join_facilities(make_facilities([("a", "い", Point(5, 5), None)]), BUILDINGS.to_crs(6676), nearest_m=5.0)
    assert caught.value.code in catalogue()


def test_the_same_crs_in_other_words_is_taken() -> None:
    worded = CRS.from_wkt(CRS_IX.to_wkt("WKT1_GDAL"))
    assert worded != CRS_IX
    links, _ = join_facilities(
        make_facilities([("a", "い", Point(5, 5), None)]), BUILDINGS.set_crs(worded, allow_override=True), nearest_m=5.0
    )
    assert pairs(links) == {("a", "B1", "point")}


def test_cancel() -> None:
    def stop(share: float, what: str) -> None:
        assert what in catalogue()
        if share > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        join_facilities(make_facilities([("a", "い", Point(5, 5), None)]), BUILDINGS, nearest_m=5.0, progress=stop)


@pytest.mark.parametrize("seed", range(5))
def test_places_against_brute_force(seed: int) -> None:
    """Oracle: all distances, facility by facility."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 400, (60, 2))
    shapes = [
        shapely.affinity.rotate(box(x, y, x + 12, y + 8), a)
        for (x, y), a in zip(corners, rng.uniform(0, 90, 60), strict=True)
    ]
    buildings = make_buildings([(f"B{i:02d}", shape, None) for i, shape in enumerate(shapes)])
    places = rng.uniform(0, 400, (40, 2))
    facilities = make_facilities([(f"F{i:02d}", f"施設{i}", Point(p), None) for i, p in enumerate(places)])
    claims, _ = claim_buildings(facilities, buildings, nearest_m=25.0)
    expected = {}
    for i, place in enumerate(places):
        distances = [shape.distance(Point(place)) for shape in shapes]
        if min(distances) <= 25.0:
            inside = [k for k, d in enumerate(distances) if d == 0.0]
            best = min(inside, key=lambda k: (shapes[k].area, k)) if inside else int(np.argmin(distances))
            expected[f"F{i:02d}"] = (f"B{best:02d}", "point" if inside else "nearest", distances[best])
    found = {c.facility_id: (c.building_id, c.how, c.distance_m) for c in claims.itertuples()}
    assert found.keys() == expected.keys()
    for key, (building, how, distance) in expected.items():
        assert found[key][1] == how
        assert found[key][2] == pytest.approx(distance, abs=1e-9)
        # Rotated copies differ in area by rounding alone, so which of two overlapping ones is left open.
        assert found[key][0] == building or (
            how == "point" and shapes[int(found[key][0][1:])].covers(Point(places[int(key[1:])]))
        )
    links, _ = join_facilities(facilities, buildings, nearest_m=25.0)
    assert links["building_id"].is_unique
    assert set(links["building_id"]) == set(claims["building_id"])


def test_every_code_of_the_join_has_its_sentence() -> None:
    words = catalogue()
    for code in ("unknown_building", "ambiguous_name", "id_far", "shared_building", "no_building", "no_place", "crs"):
        assert set(words[f"join.{code}"]) == {"ja", "en"}


def test_ids_that_were_made_up_are_nobody_s() -> None:
    """The file had no ids, so ``B1`` … were invented: the ledger's ``B1`` is another building."""
    made_up = BUILDINGS.assign(id_given=False)
    facilities = make_facilities([("a", "い", Point(25, 5), "B1"), ("b", "ろ", Point(45, 5), "B5;B4")])
    links, findings = join_facilities(facilities, made_up, nearest_m=0.0)
    assert pairs(links) == {("a", "B2", "point"), ("b", "B3", "point")}
    assert [(f.code, f.details["count"]) for f in findings] == [("join.no_ids", 3)]
    # One building with an id of its own keeps it; of the others each is said.
    partly = BUILDINGS.assign(id_given=[True, False, False, False, False])
    links, findings = join_facilities(facilities, partly, nearest_m=0.0)
    assert pairs(links) == {("a", "B1", "id"), ("b", "B3", "point")}
    assert [(f.code, f.found) for f in findings] == [("join.unknown_building", "B5"), ("join.unknown_building", "B4")]


@pytest.mark.parametrize(("far", "said"), [(2, False), (3, True), (4, True)])
def test_most_ids_far_away_are_another_layer_s(far: int, said: bool) -> None:
    """Of four links by id, three at 990 m are no slips."""
    shapes = [(f"B{i}", box(20 * i, 0, 20 * i + 10, 10), None) for i in range(4)]
    rows = [(f"f{i}", "い", Point(20 * i + 5, 1000.0 if i < far else 5.0), f"B{i}") for i in range(4)]
    links, findings = join_facilities(make_facilities(rows), make_buildings(shapes), nearest_m=0.0)
    assert set(links["how"]) == {"id"}
    codes = [f.code for f in findings]
    assert codes == ["join.ids_elsewhere"] * said + ["join.id_far"] * far
    if said:
        assert findings[0].details == {"count": 4, "far": far}


def test_many_findings_of_one_kind_are_folded() -> None:
    rows = [(f"f{i}", "い", Point(5000 + i, 0), None) for i in range(50)]
    _, findings = join_facilities(make_facilities(rows), BUILDINGS, nearest_m=5.0)
    assert [f.code for f in findings] == ["join.no_building"] * 20 + ["ledger.more_rows"]
    assert (findings[-1].details["count"], findings[-1].found, findings[-1].severity) == (30, "22–51", "warning")
