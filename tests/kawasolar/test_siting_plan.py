"""Sites for a plan: files that people give, who may have chargers, ways, and what is said of the sites."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from kawasolar.errors import PlanError
from kawasolar.siting.candidates import candidates_of, hours_open, spare_power
from kawasolar.siting.catchments import catchments
from kawasolar.siting.fleet import fleet_points
from kawasolar.siting.kept import from_kept, kept
from kawasolar.siting.of_plan import Asked, siting_of
from kawasolar.siting.population import gathered, read_population
from kawasolar.siting.reading import clock, read_known, read_points
from kawasolar.siting.table import assumption_rows, assumptions_with
from kawasolar.siting.ways import along, straight
from kawasolar.siting.words import notes
from kawasolar.words import LANGUAGES, say
from tests.support.plans import CRS_PLAN, NORTH, SIZE, WEST, example_plan

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan

ASSUMED = assumptions_with({"detour": 1.0, "radius_m": 100.0, "flood_m": 20.0, "years_least": 0.0})


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return example_plan(tmp_path_factory.mktemp("plan"), 20)


def drawn(count: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "point_id": [f"P{k}" for k in range(count)], "name": "", "weight": rng.integers(1, 50, count).astype(float),
            "x": rng.uniform(WEST, WEST + SIZE, count), "y": rng.uniform(NORTH - SIZE, NORTH, count),
        }
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------- table


def test_every_number_has_unit_range_and_source() -> None:
    for key, row in assumption_rows().items():
        assert row.low <= row.value <= row.high, key
        assert row.unit
        assert row.source_ja
        assert row.source_en
        assert row.how_sure in ("primary", "secondary", "derived", "verify")


@pytest.mark.parametrize(("asked", "code"), [({"radius": 1.0}, "siting.no_such_assumption"), ({"radius_m": 1.0}, "siting.range"), ({"detour": np.nan}, "siting.range"), ({"chargers_most": 1.5}, "siting.range")])  # fmt: skip
def test_assumptions_that_cannot_be(asked: dict[str, float], code: str) -> None:
    with pytest.raises(PlanError) as error:
        assumptions_with(asked)
    assert error.value.code == code


# ------------------------------------------------------------------------------------------------- reading


def test_points_of_a_table_with_japanese_headings(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text('地点番号,名称,緯度,経度,世帯数\nA,団地,35.6,139.61,120\nB,棟,35.61,139.62,\n,角,35.62,139.63,"1,200"\nD,外,,,3\n', "cp932")  # fmt: skip
    frame, findings = read_points(path, CRS_PLAN)
    assert frame["point_id"].tolist() == ["A", "#4"]
    assert frame["weight"].tolist() == [120.0, 1200.0]
    assert [one.code for one in findings] == ["siting.row_no_place", "siting.row_no_weight"]
    assert [one.row for one in findings] == [5, 3]
    # 0.02 degrees of latitude are 2.2 km.
    assert np.hypot(*(frame[["x", "y"]].iloc[1] - frame[["x", "y"]].iloc[0])) == pytest.approx(2864, abs=30)


def test_points_of_a_layer_in_another_crs(tmp_path: Path) -> None:
    path = tmp_path / "flats.gpkg"
    shapes = [shapely.box(139.6, 35.6, 139.601, 35.601), shapely.Point(139.61, 35.61)]
    gpd.GeoDataFrame({"戸数": [30, 0]}, geometry=shapes, crs=6668).to_file(path)
    frame, _ = read_points(path, CRS_PLAN)
    assert frame["weight"].tolist() == [30.0]
    back = gpd.GeoSeries(gpd.points_from_xy(frame["x"], frame["y"]), crs=CRS_PLAN).to_crs(6668)
    assert shapes[0].contains(back.iloc[0])


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", "a,b\n1,2\n", "siting.no_headings"),
        ("b.csv", "名称,人口\nA,2\n", "siting.no_place"),
        ("c.csv", "緯度,経度,人口\n35.6,139.6,0\n", "siting.no_points"),
        ("d.geojson", "{}", "siting.unreadable"),
        ("e.geojson", '{"type":"FeatureCollection","features":[', "siting.unreadable"),
    ],
)
def test_files_that_are_no_points(tmp_path: Path, name: str, content: str, code: str) -> None:
    from gis.errors import CodedError

    path = tmp_path / name
    path.write_text(content, "utf-8")
    with pytest.raises(CodedError) as error:
        read_points(path, CRS_PLAN)
    assert error.value.code == code


@pytest.mark.parametrize(("cell", "hour"), [("9", 9.0), ("9:30", 9.5), ("21時15分", 21.25), ("24:00", 24.0), ("25:00", None), ("夜", None), (None, None)])  # fmt: skip
def test_hours_of_the_day(cell: object, hour: float | None) -> None:
    assert clock(cell) == pytest.approx(np.nan if hour is None else hour, nan_ok=True)


def test_hours_over_midnight() -> None:
    assert hours_open(np.array([9.0, 20.0, 0.0, np.nan]), np.array([17.0, 6.0, 24.0, 6.0])) == pytest.approx([8, 10, 24, np.nan], nan_ok=True)  # fmt: skip


# ---------------------------------------------------------------------------------------------- population


def write_population(path: Path, values: np.ndarray, cell: float = 10.0) -> None:
    with rasterio.open(path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype="float32", crs=CRS_PLAN.to_wkt(), transform=from_origin(WEST, NORTH, cell, cell), nodata=-999.0) as file:  # fmt: skip
        file.write(values.astype(np.float32), 1)


def test_a_raster_of_population_keeps_its_people(tmp_path: Path) -> None:
    values = np.random.default_rng(3).integers(0, 9, (60, 60)).astype(float)
    values[:5] = -999.0
    write_population(tmp_path / "pop.tif", values)
    bounds = (WEST, NORTH - 600, WEST + 600, NORTH)
    people = values[values > 0].sum()
    for most in (10_000, 400, 9):
        frame, k = read_population(tmp_path / "pop.tif", CRS_PLAN, bounds, most=most)
        assert len(frame) <= most
        assert frame["weight"].sum() == pytest.approx(people)
        rows, columns = np.indices(values.shape)
        used = np.maximum(values, 0)
        assert (frame["x"] * frame["weight"]).sum() / people == pytest.approx(WEST + 10 * (used * (columns + 0.5)).sum() / people)  # fmt: skip
        assert (frame["y"] * frame["weight"]).sum() / people == pytest.approx(NORTH - 10 * (used * (rows + 0.5)).sum() / people)  # fmt: skip
        assert (k == 1) == (most == 10_000)
    half, _ = read_population(tmp_path / "pop.tif", CRS_PLAN, (WEST, NORTH - 600, WEST + 300, NORTH))
    assert half["weight"].sum() == pytest.approx(np.maximum(values[:, :30], 0).sum())
    with pytest.raises(PlanError) as error:
        read_population(tmp_path / "pop.tif", CRS_PLAN, (0.0, 0.0, 100.0, 100.0))
    assert error.value.code == "siting.nobody"


def test_many_points_become_fewer_with_the_same_weight() -> None:
    points = drawn(2000)
    made, side = gathered(points, 300)
    assert len(made) <= 300
    assert side > 0
    assert made["weight"].sum() == pytest.approx(points["weight"].sum())
    assert gathered(points, 2000)[0] is points


# ---------------------------------------------------------------------------------------------------- ways


def test_along_a_square_of_roads_by_hand() -> None:
    roads = np.array([shapely.LineString([(0, 0), (100, 0), (100, 100)]), shapely.LineString([(0, 0), (0, 300)]), shapely.LineString([(5000, 0), (5001, 0)])])  # fmt: skip
    points = np.array([[0.0, 10.0], [100.0, 100.0], [0.0, 300.0]])
    sites = np.array([[0.0, 0.0], [110.0, 100.0]])
    found = along(roads, points, sites, 1.5)
    # The first point goes 10 m × 1.5 to the vertex at the corner.
    assert found[0] == pytest.approx([15.0, 15 + 200 + 15])
    assert found[1] == pytest.approx([200.0, 15.0])
    assert found[2] == pytest.approx([300.0, 300 + 200 + 15])
    with pytest.raises(PlanError):
        along(np.array([shapely.Point(0, 0)]), points, sites, 1.0)


def test_no_way_between_two_nets() -> None:
    roads = np.array([shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 500), (100, 500)])])
    found = along(roads, np.array([[0.0, 0.0]]), np.array([[100.0, 0.0], [100.0, 500.0]]), 1.0)
    assert found[0, 0] == pytest.approx(100.0)
    assert np.isinf(found[0, 1])


# ---------------------------------------------------------------------------------------------- candidates


def test_who_may_not_and_why(plan: Plan, tmp_path: Path) -> None:
    ledger = plan.facilities.copy()
    ids = ledger["facility_id"].tolist()
    ledger["flood_depth_m"] = np.nan
    ledger.loc[0, "flood_depth_m"] = 1.0
    ledger["landslide"] = None
    ledger.loc[1, "landslide"] = "special"
    ledger["closure_year"] = np.nan
    ledger.loc[2, "closure_year"] = plan.profile.plan_year + 2
    path = tmp_path / "known.csv"
    path.write_text(
        f"施設番号,区画数,余力kW,開放開始,開放終了,視認性,緯度,経度,名称\n{ids[3]},0,,,,,,,\n{ids[4]},5,5.9,9:00,22:00,,,,\n{ids[5]},5,20,9:00,12:00,無,,,\nX1,10,100,0:00,24:00,有,35.6,139.61,道の駅\n",
        "utf-8",
    )
    known, _ = read_known(path, CRS_PLAN)
    stands = pd.DataFrame(
        {
            "id": [ids[0], "S9"],
            "name": [None, "既設"],
            "x": [np.nan, WEST],
            "y": [np.nan, NORTH],
            "chargers": [2.0, 3.0],
        }
    )
    assumed = assumptions_with({})
    frame = candidates_of(
        replace(plan, facilities=ledger), assumed, known=known, standing=stands, visible=True, vetoed=[ids[6]]
    )
    why = dict(zip(frame["site_id"], frame["why_not"], strict=True))
    assert why[ids[0]] == ""
    assert why[ids[1]] == "landslide"
    assert why[ids[2]] == "closing"
    assert why[ids[3]] == "few_stalls"
    assert why[ids[4]] == "no_power"
    assert why[ids[5]] == "short_hours;not_visible"
    assert why[ids[6]] == "vetoed"
    assert why["X1"] == ""
    row = frame.set_index("site_id")
    assert row.loc["X1", "chargers"] == 4
    assert row.loc["X1", "kwh_day"] == pytest.approx(4 * 6.0 * 24 * 0.25)
    assert row.loc["X1", "price_yen"] == 6_000_000
    assert row.loc["S9", "standing"]
    assert row.loc["S9", "price_yen"] == 0
    assert row.loc[ids[0], "chargers"] == 2
    with pytest.raises(PlanError) as error:
        candidates_of(plan, assumed, vetoed=["nobody"])
    assert error.value.code == "siting.no_such_site"


def test_numbers_without_their_noughts_and_names_mean_the_facility(plan: Plan, tmp_path: Path) -> None:
    name = plan.facilities["name"].iloc[1]
    path = tmp_path / "known.csv"
    path.write_text(f"施設番号,名称,区画数\n1,,7\n,{name},9\n", "utf-8")
    known, _ = read_known(path, CRS_PLAN)
    frame = candidates_of(plan, ASSUMED, known=known)
    assert frame["stalls"].iloc[:2].tolist() == [7.0, 9.0]
    assert len(frame) == len(plan.facilities)
    path.write_text("施設番号,区画数\nX,7\n", "utf-8")
    with pytest.raises(PlanError) as error:
        candidates_of(plan, ASSUMED, known=read_known(path, CRS_PLAN)[0])
    assert error.value.code == "siting.no_such_site"


def test_spare_power_is_the_contract_less_the_peak(plan: Plan) -> None:
    from kawasolar.demand import demand_of

    rows = plan.facilities.iloc[:3].copy().reset_index(drop=True)
    rows["annual_kwh"], rows["contract_kw"] = [100_000.0, 100_000.0, 100_000.0], [90.0, np.nan, 5.0]
    small = replace(plan, facilities=rows)
    spare = spare_power(small, ASSUMED)
    peak = demand_of(small).facilities["peak_kw"]
    assert spare[rows["facility_id"][0]] == pytest.approx(90 * 0.9 - peak[0], rel=1e-6)
    assert rows["facility_id"][1] not in spare
    assert spare[rows["facility_id"][2]] == 0.0


# ------------------------------------------------------------------------------------------------ together


@pytest.mark.parametrize("method", ["distance", "room", "cover"])
def test_sites_points_and_curve_agree(plan: Plan, method: str) -> None:
    points, candidates = drawn(60), candidates_of(plan, ASSUMED)
    asked = Asked(method=method, number=4, pinned=(str(candidates["site_id"][7]),), seconds=10.0, gap=0.0)  # type: ignore[arg-type]
    found = siting_of(points, candidates, ASSUMED, asked)
    assert len(found.sites) == 4
    assert found.sites.set_index("site_id").loc[candidates["site_id"][7], "how"] == "pinned"
    assert found.head["gap"] == 0.0
    place = candidates.set_index("site_id")
    served = found.points.dropna(subset=["site_id"])
    apart = np.hypot(
        served["x"] - place.loc[served["site_id"], "x"].to_numpy(),
        served["y"] - place.loc[served["site_id"], "y"].to_numpy(),
    )
    assert apart.to_numpy() == pytest.approx(served["distance_m"].to_numpy())
    assert found.sites["weight"].sum() == pytest.approx(served["weight"].sum())
    curve = found.curve.set_index("number")
    assert curve.loc[4, "total"] == pytest.approx(found.head["total"])
    assert curve.loc[4, "covered_share"] == pytest.approx(found.head["covered_share"])
    steps = np.diff(curve["total"].to_numpy())
    assert (steps >= -1e-6).all() if method == "cover" else (steps <= 1e-6).all()
    total = (served["weight"] * served["distance_m"]).sum()
    if method == "cover":
        assert found.head["total"] == pytest.approx(found.points.loc[found.points["covered"], "weight"].sum())
    elif method == "distance":
        assert found.head["total"] == pytest.approx(total)


def test_what_is_lost_is_what_the_total_would_lose(plan: Plan) -> None:
    points, candidates = drawn(40), candidates_of(plan, ASSUMED)
    way = straight(points[["x", "y"]].to_numpy(), candidates[["x", "y"]].to_numpy(), 1.0)
    place = {one: k for k, one in enumerate(candidates["site_id"])}
    weight = points["weight"].to_numpy()
    for method in ("cover", "distance"):
        found = siting_of(points, candidates, ASSUMED, Asked(method=method, number=3, curve=False))  # type: ignore[arg-type]
        sites = [place[one] for one in found.sites["site_id"]]
        for k, lost in enumerate(found.sites["lost"]):
            rest = way[:, [s for j, s in enumerate(sites) if j != k]].min(axis=1)
            left = weight[rest <= 100.0].sum() if method == "cover" else (weight * rest).sum()
            assert lost == pytest.approx(abs(left - found.head["total"]))


def test_that_fewer_sites_would_cover_as_much_is_said(plan: Plan) -> None:
    candidates = candidates_of(plan, ASSUMED)
    points = drawn(12)
    # All of them beside one candidate.
    points[["x", "y"]] = candidates.loc[0, ["x", "y"]].to_numpy(dtype=float) + 1.0
    many = siting_of(points, candidates, ASSUMED, Asked(method="cover", number=3))
    one = siting_of(points, candidates, ASSUMED, Asked(method="cover", number=1))
    for language in LANGUAGES:
        assert say(language, "siting.note.enough", number=1, sites=3) in notes(language, many)
        assert not any(
            line.startswith(say(language, "siting.note.enough", number=1, sites=1)[:8]) for line in notes(language, one)
        )


def test_budgets_by_year_open_sites_one_after_the_other(plan: Plan) -> None:
    points, candidates = drawn(60), candidates_of(plan, ASSUMED)
    found = siting_of(points, candidates, ASSUMED, Asked(budgets=(6e6, 12e6), first_year=2027, curve=False))
    assert found.sites["fiscal_year"].value_counts().to_dict() == {2027: 1, 2028: 2}
    by_year = found.sites.groupby("fiscal_year")["price_yen"].sum()
    assert by_year.to_dict() == {2027: 6e6, 2028: 12e6}
    for asked, code in (
        (Asked(method="room", budgets=(1.0,)), "siting.budget_needs_cover"),
        (Asked(), "siting.no_number"),
        (Asked(number=2, pinned=("?",)), "siting.no_such_site"),
        (Asked(number=99), "siting.bad_number"),
        (Asked(method="nearest", number=1), "siting.no_such_method"),  # type: ignore[arg-type]
    ):
        with pytest.raises(PlanError) as error:
            siting_of(points, candidates, ASSUMED, asked)
        assert error.value.code == code


def test_a_full_site_sends_its_points_elsewhere(plan: Plan) -> None:
    points, candidates = drawn(30), candidates_of(plan, ASSUMED)
    tight = assumptions_with({"detour": 1.0, "ev_share": 1.0, "use_share": 0.25, "flood_m": 20.0, "years_least": 0.0})
    found = siting_of(points, candidates, tight, Asked(method="room", number=10, curve=False, seconds=5.0))
    assert (found.sites["load_kwh_day"] <= found.sites["kwh_day"] + 1e-6).all()
    assert found.head["served_share"] < 1.0
    assert found.points["site_id"].isna().sum() == (found.points["served"] < 0.5).sum()


def test_fleets_by_their_kilometres(plan: Plan) -> None:
    from kawasolar.plan import RegisterRead, Registers

    with pytest.raises(PlanError) as error:
        fleet_points(plan, ASSUMED)
    assert error.value.code == "siting.no_fleet"
    ids = plan.facilities["facility_id"].tolist()
    frame = pd.DataFrame({"source_row": [2, 3, 4, 5], "vehicle": ["a", "b", "c", "d"], "base": [ids[0], ids[0], ids[1], "?"], "annual_km": [3650.0, 3650.0, np.nan, 100.0]})  # fmt: skip
    with_fleet = replace(
        plan, registers=Registers({"vehicles": RegisterRead(frame, {"vehicle": "車両", "base": "配置"})})
    )
    points = fleet_points(with_fleet, ASSUMED)
    assert points["point_id"].tolist() == [ids[0]]
    assert points["weight"].tolist() == pytest.approx([20 * 0.15])


# ------------------------------------------------------------------------------------- catchments and kept


def test_catchments_hold_their_points_and_do_not_overlap(plan: Plan) -> None:
    points, candidates = drawn(80), candidates_of(plan, ASSUMED)
    found = siting_of(points, candidates, ASSUMED, Asked(method="distance", number=5, curve=False))
    areas = catchments(found.points, CRS_PLAN).set_index("site_id")
    assert areas["points"].sum() == 80
    for site, rows in found.points.groupby("site_id"):
        assert shapely.intersects_xy(areas.geometry[site], rows["x"], rows["y"]).all()
    assert shapely.union_all(areas.geometry.to_numpy()).area == pytest.approx(areas.area.sum(), rel=1e-6)
    nobody = found.points.assign(site_id=None)
    assert len(catchments(nobody, CRS_PLAN)) == 0
    one = found.points.iloc[:1]
    assert catchments(one, CRS_PLAN)["area_m2"].iloc[0] > 0


def test_kept_and_read_again(plan: Plan) -> None:
    found = siting_of(drawn(30), candidates_of(plan, ASSUMED), ASSUMED, Asked(number=3))
    head, frames = kept(found)
    again = from_kept(head, frames)
    assert again.head == found.head
    for name in ("sites", "points", "candidates", "curve"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name))
