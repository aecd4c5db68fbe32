"""Some buildings surveyed again must come out, to the last bit, as in a survey of all."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import add

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from shapely.geometry import Point, box

from gis.errors import KeepoutInvalid, SurveyChanged
from gis.progress import Cancelled
from gis.raster import Surface
from gis.roofs import RoofSettings
from gis.sky import SkyTable
from gis.sun import sun_position
from gis.survey import EarlierSurvey, PartSurvey, Survey, SurveySettings, prepare, survey, survey_some
from gis.usable import UsableRules
from tests.support.towns import GROUND, ZONE_9, Town, outlines_frame, rectangle, shed

RULES = UsableRules(
    max_tilt=50, flat_tilt=5, north_halfwidth=15, setback_m=0.5, step_m=0.3, obstacle_clearance_m=0.5, min_irradiation_share=0.6,
    min_area_m2=8, min_width_m=1,
)  # fmt: skip
SETTINGS = SurveySettings(RoofSettings(min_plane_m2=8, obstacle_height_m=0.3), RULES)
NAMES = {"tower", "row1", "row2", "row3", "turned", "rim", "bare", "off", "far"}


@pytest.fixture(scope="module")
def sky() -> SkyTable:
    index = pd.date_range("2023-01-01 01:00", periods=8760, freq="h", tz="Asia/Tokyo")
    sun = sun_position(index, 35.6, 139.6)
    up = np.maximum(sun.cos_zenith, 0)
    hours = pd.DataFrame({"dni": np.where(up > 0, 450.0, 0), "dhi": 130.0 * (up > 0)}, index=index)
    hours["ghi"] = hours.dni * up + hours.dhi
    return SkyTable.from_weather(hours, 35.6, 139.6, albedo=0.2, n_azimuths=20)


def make_town(seed: int = 0) -> Town:
    """A tower, a row of three that touch, a turned roof, one cut by the raster's border, an outline on bare ground, one off the surface."""
    rng = np.random.default_rng(seed)
    lean = rng.uniform(5, 35, 5)
    town = reduce(
        add,
        [
            shed("tower", 22, 30, 14, 12, eaves=float(rng.uniform(20, 35))),
            shed("row1", 40, 40, 8, 10, lean[0], eaves=6.0),
            shed("row2", 48, 40, 8, 10, lean[1], eaves=float(rng.uniform(5, 8))),
            shed("row3", 56, 40, 8, 10, lean[2], eaves=6.0),
            shed("turned", 45, 14, 18, 11, lean[3], turn=float(rng.uniform(0, 90))),
            shed("rim", 66, 62, 24, 10, lean[4]),
            shed("far", 3, 60, 12, 9, 0.0),
        ],
    )
    z = town.z + rng.normal(0, 0.03, town.z.shape).astype(np.float32)
    z[70:74, 52:56] += 2.0  # equipment on the tower
    bare = [rectangle("bare", 8, 8, 6, 6), rectangle("off", 200, 200, 10, 10)]
    return Town(town.grid, z.astype(np.float32), outlines_frame(*town.outlines.to_dict("records"), *bare))


def surface_of(town: Town) -> Surface:
    return Surface(town.z, town.grid, False, ())


def keepouts_of(town: Town, *names: str, share: float = 0.5) -> gpd.GeoDataFrame:
    """The western part of each outline's box."""
    parts = []
    for name in names:
        west, south, east, north = town.outlines.set_index("building_id").geometry[name].bounds
        parts.append(box(west, south, west + share * (east - west), north))
    return gpd.GeoDataFrame({"building_id": list(names)}, geometry=parts, crs=ZONE_9)


def whole(town: Town, sky: SkyTable, detail: set[str] | None, keepouts: gpd.GeoDataFrame | None = None) -> Survey:
    return survey(surface_of(town), town.outlines, sky, SETTINGS, detail=detail, keepouts=keepouts)


def same(part: PartSurvey, full: Survey) -> None:
    assert_frame_equal(part.planes, full.planes, check_exact=True)
    assert_frame_equal(part.buildings, full.buildings, check_exact=True)
    assert np.array_equal(part.sunlit, full.sunlit)
    assert part.sunlit.dtype == np.float32
    assert np.array_equal(part.azimuths, full.azimuths)
    assert part.open_sky_kwh_m2 == full.open_sky_kwh_m2
    assert part.findings == full.findings


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


CASES = {
    # detail before, keep-outs before, wanted, detail after, keep-outs after, computed
    "new keep-out": ({"tower", "row2"}, (), {"row2"}, {"tower", "row2"}, ("row2",), {"row2"}),
    "keep-out removed": ({"tower", "row2"}, ("row2", "tower"), {"row2"}, {"tower", "row2"}, ("tower",), {"row2"}),
    "newly in detail": ({"row2"}, ("row2",), set(), {"row1", "row2"}, ("row2",), {"row1"}),
    "no longer in detail": ({"row1", "row2"}, (), set(), {"row1"}, (), set()),
    "none before": (set(), (), set(), {"tower", "far"}, (), {"tower", "far"}),
    "none after": ({"tower"}, (), {"far"}, set(), ("far",), {"far"}),
    "several": ({"tower", "far"}, ("far",), {"tower", "rim", "turned"}, {"rim", "far", "turned"}, ("far", "rim", "turned"),
                {"tower", "rim", "turned"}),
    "at the border": (NAMES, (), {"rim"}, NAMES, ("rim",), {"rim"}),
    "without planes": ({"bare", "tower"}, (), {"bare", "off"}, {"bare", "off", "tower"}, ("bare",), {"bare", "off"}),
    "not in detail": ({"tower"}, (), {"row3"}, {"tower"}, ("row3",), {"row3"}),
    "an id that nobody has": ({"tower"}, (), {"nobody"}, {"tower", "nobody"}, (), set()),
    "all": (NAMES, (), NAMES, NAMES, ("tower", "row1", "turned"), NAMES),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_part_is_as_the_whole(town: Town, sky: SkyTable, case: str) -> None:
    detail, drawn, wanted, detail_after, drawn_after, computed = CASES[case]
    before = whole(town, sky, detail, keepouts_of(town, *drawn))
    keepouts = keepouts_of(town, *drawn_after)
    part = survey_some(
        surface_of(town), town.outlines, sky, SETTINGS, before, wanted, detail=detail_after, keepouts=keepouts
    )
    assert part.computed == computed
    full = whole(town, sky, detail_after, keepouts)
    same(part, full)
    # The town is not trivial: whoever has planes and is kept has rows, and keep-outs take something.
    assert set(full.planes.building_id) == detail_after & (NAMES - {"bare", "off"})
    for name in set(drawn_after) & set(full.planes.building_id):
        assert full.planes.loc[full.planes.building_id == name, "lost_keepout_m2"].sum() > 10


@pytest.mark.parametrize("seed", range(6))
def test_random_corrections_one_after_another(sky: SkyTable, seed: int) -> None:
    """Five corrections in a session on one ``Prepared``; each result is the next one's beginning."""
    rng = np.random.default_rng(seed)
    town = make_town(seed + 1)
    surface, names = surface_of(town), sorted(NAMES)
    prepared = prepare(surface, town.outlines, SETTINGS)
    shares: dict[str, float] = {}
    state: Survey | PartSurvey = whole(town, sky, {"row1"})
    detail: set[str] = set()
    keepouts: gpd.GeoDataFrame | None = None
    for _ in range(5):
        wanted = set(rng.choice(names, rng.integers(0, 4), replace=False).tolist())
        for name in wanted:
            if shares.pop(name, None) is None:
                shares[name] = float(rng.uniform(0.1, 1.0))
        detail = set(rng.choice(names, rng.integers(0, 8), replace=False).tolist())
        parts = [keepouts_of(town, name, share=share) for name, share in shares.items()]
        keepouts = pd.concat(parts, ignore_index=True) if parts else None
        part = survey_some(
            surface, town.outlines, sky, SETTINGS, state, wanted, detail=detail, keepouts=keepouts, prepared=prepared
        )
        same(part, survey(surface, town.outlines, sky, SETTINGS, detail=detail, keepouts=keepouts, prepared=prepared))
        state = part
    assert_frame_equal(state.planes, whole(town, sky, detail, keepouts).planes, check_exact=True)


def kept_in_a_file(found: Survey) -> EarlierSurvey:
    """As a project of version 1 keeps it: sunlit in steps of 1/255, other integer types, no column for keep-outs."""
    planes = found.planes.drop(columns=["lost_keepout_m2", "lost_refuge_m2", "lost_access_m2", "source"]).astype(
        {"plane_id": "int32", "flat": "int8"}
    )
    steps = np.round(found.sunlit * 255).astype(np.uint8)
    order = [*planes.columns[3:], *planes.columns[:3]]
    return EarlierSurvey(
        found.buildings[["building_id", "roof_m2", "usable_m2", "irradiation_kwh_m2", "planes"]].iloc[::-1],
        planes[order], (steps / np.float32(255)).astype(np.float32), found.azimuths, found.open_sky_kwh_m2,
    )  # fmt: skip


def test_from_a_project_file(town: Town, sky: SkyTable) -> None:
    before = whole(town, sky, {"tower", "row2", "far"})
    keepouts = keepouts_of(town, "row2")
    detail = {"tower", "row1", "row2"}
    part = survey_some(
        surface_of(town), town.outlines, sky, SETTINGS, kept_in_a_file(before), {"row2"}, detail=detail, keepouts=keepouts
    )  # fmt: skip
    full = whole(town, sky, detail, keepouts)
    assert_frame_equal(part.planes, full.planes, check_exact=True)
    assert_frame_equal(part.buildings, full.buildings, check_exact=True)
    fresh = full.planes.building_id.isin({"row1", "row2"}).to_numpy()
    assert np.array_equal(part.sunlit[fresh], full.sunlit[fresh])
    assert np.abs(part.sunlit[~fresh] - full.sunlit[~fresh]).max() <= 0.5 / 255 + 1e-6
    assert (part.sunlit[~fresh] != full.sunlit[~fresh]).any()


def test_a_raster_of_planes_saves_the_segmentation(town: Town, sky: SkyTable, monkeypatch: pytest.MonkeyPatch) -> None:
    before = whole(town, sky, {"tower", "row2"})

    def never(*_args: object, **_more: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr("gis.prepared.segment_roofs", never)
        prepared = prepare(surface_of(town), town.outlines, SETTINGS, plane_ids=before.plane_ids)
        assert not prepared.segmented.any()
        keepouts = keepouts_of(town, "tower")
        part = survey_some(
            surface_of(town), town.outlines, sky, SETTINGS, before, {"tower"}, detail={"tower", "row2"}, keepouts=keepouts,
            prepared=prepared,
        )  # fmt: skip
        assert town.outlines.building_id[prepared.segmented].tolist() == ["tower"]
        again = survey(
            surface_of(town), town.outlines, sky, SETTINGS, detail={"tower", "row2"}, keepouts=keepouts, prepared=prepared
        )  # fmt: skip
    full = whole(town, sky, {"tower", "row2"}, keepouts)
    same(part, full)
    assert_frame_equal(again.buildings, full.buildings, check_exact=True)
    assert np.array_equal(again.plane_ids, full.plane_ids)
    assert np.array_equal(again.irradiation, full.irradiation, equal_nan=True)


def test_another_raster_of_planes_is_refused(town: Town, sky: SkyTable) -> None:
    good = whole(town, sky, None).plane_ids
    off_the_roofs, exchanged, negative = good.copy(), good.max() + 1 - good, good.copy()
    off_the_roofs[0, 0] = 1
    exchanged[good == 0] = 0
    negative[0, 0] = -1
    for wrong in (off_the_roofs, exchanged, negative, good[1:], np.full_like(good, 2**31 - 1)):
        with pytest.raises(SurveyChanged):
            prepare(surface_of(town), town.outlines, SETTINGS, plane_ids=wrong)
    # One cell less on one roof: only the building itself shows it.
    row, col = np.argwhere(good > 0)[0]
    name = town.outlines.building_id[town.ids()[row, col] - 1]
    less = good.copy()
    less[row, col] = 0
    prepared = prepare(surface_of(town), town.outlines, SETTINGS, plane_ids=less)
    before = whole(town, sky, set())
    with pytest.raises(SurveyChanged) as caught:
        survey_some(surface_of(town), town.outlines, sky, SETTINGS, before, {name}, detail=set(), prepared=prepared)
    assert caught.value.details["found"] == "plane_ids"
    # A survey of all trusts nobody's raster.
    found = survey(surface_of(town), town.outlines, sky, SETTINGS, detail=set(), prepared=prepared)
    assert np.array_equal(found.plane_ids, good)


def test_another_survey_is_refused(town: Town, sky: SkyTable) -> None:
    before = whole(town, sky, {"tower", "row2"})
    higher = town.z.copy()
    higher[town.ids() == 2] += 1.0  # row1 stands a metre higher: shade on row2 has changed, its areas have not
    lower = town.z.copy()
    lower[town.ids() == 5] = GROUND  # the turned roof is gone
    fewer = town.outlines.iloc[:-1]
    other_sky = replace(sky, azimuths=sky.azimuths + 1.0)

    def again(z: np.ndarray, outlines: gpd.GeoDataFrame, year: SkyTable, earlier: Survey) -> object:
        surface = Surface(z, town.grid, False, ())
        return survey_some(surface, outlines, year, SETTINGS, earlier, {"row2"}, detail={"tower", "row2", "row1"})

    heights = replace(before, planes=before.planes.assign(height_m=before.planes.height_m + 1))
    numbers = replace(before, planes=before.planes.assign(plane_id=before.planes.plane_id + 1000))
    for z, outlines, year, earlier, what in (
        (lower, town.outlines, sky, before, "planes"),
        (town.z, fewer, sky, before, "buildings"),
        (town.z, town.outlines, other_sky, before, "azimuths"),
        (town.z, town.outlines, sky, replace(before, open_sky_kwh_m2=1.0), "open_sky_kwh_m2"),
        (town.z, town.outlines, sky, heights, "planes"),
        (town.z, town.outlines, sky, numbers, "planes"),
    ):
        with pytest.raises(SurveyChanged) as caught:
            again(z, outlines, year, earlier)
        assert caught.value.code == "survey.changed"
        assert caught.value.details["found"] == what
    # What no number of the earlier survey shows is the caller's to know, by the surface's fingerprint.
    again(higher, town.outlines, sky, before)


def test_prepared_for_something_else(town: Town, sky: SkyTable) -> None:
    prepared = prepare(surface_of(town), town.outlines, SETTINGS)
    other = make_town(1)
    moved = town.outlines.set_geometry(town.outlines.translate(0.5), crs=ZONE_9)
    named = town.outlines.assign(building_id=town.outlines.building_id + "x")
    for surface, outlines, settings in (
        (surface_of(other), town.outlines, SETTINGS),
        (surface_of(town), moved, SETTINGS),
        (surface_of(town), named, SETTINGS),
        (surface_of(town), town.outlines.iloc[:-1], SETTINGS),
        (surface_of(town), town.outlines, replace(SETTINGS, roofs=RoofSettings(min_plane_m2=9))),
    ):
        with pytest.raises(ValueError, match="prepared for another"):
            survey(surface, outlines, sky, settings, prepared=prepared)
    # The same read again, and other rules for the modules, are no hindrance.
    copy = Surface(town.z.copy(), town.grid, False, ())
    assert prepared.goes_with(copy, town.outlines.copy(), SETTINGS.roofs)


def test_progress_rises_and_cancel_is_heard(town: Town, sky: SkyTable) -> None:
    before = whole(town, sky, {"tower"})
    prepared = prepare(surface_of(town), town.outlines, SETTINGS, plane_ids=before.plane_ids)
    for ready in (None, prepared):
        seen: list[float] = []

        def note(share: float, _what: str, seen: list[float] = seen) -> None:
            seen.append(share)

        def run(progress: object, ready: object = ready) -> PartSurvey:
            return survey_some(
                surface_of(town), town.outlines, sky, SETTINGS, before, {"tower"}, detail={"tower"}, prepared=ready, progress=progress  # type: ignore[arg-type]
            )  # fmt: skip

        for stop in (0.0, 0.52, 0.7, 0.95):

            def stopped(share: float, _what: str, stop: float = stop) -> None:
                if share >= stop:
                    raise Cancelled

            with pytest.raises(Cancelled):
                run(stopped)
        # A cancelled run leaves what was prepared as good as before.
        same(run(note), before)
        assert seen == sorted(seen)
        assert seen[0] == 0.0
        assert seen[-1] >= 0.9
        assert len(seen) > len(sky.azimuths)


def test_bad_keepout_stops_before_the_work(town: Town, sky: SkyTable) -> None:
    bad = gpd.GeoDataFrame({"building_id": ["tower"]}, geometry=[Point(0, 0)], crs=ZONE_9)
    seen: list[str] = []
    with pytest.raises(KeepoutInvalid):
        survey(
            surface_of(town), town.outlines, sky, SETTINGS, keepouts=bad, progress=lambda _share, what: seen.append(what)
        )  # fmt: skip
    assert "horizon" not in seen


def test_keepout_over_a_whole_roof_keeps_its_skyline(town: Town, sky: SkyTable) -> None:
    free = whole(town, sky, {"far"})
    full = whole(town, sky, {"far"}, keepouts_of(town, "far", share=1.0))
    plane = full.planes.iloc[0]
    assert len(full.planes) == 1
    assert plane.usable_m2 == 0.0
    assert plane.lost_keepout_m2 == pytest.approx(plane.area_m2, rel=1e-12)
    assert np.isnan(plane.usable_irradiation_kwh_m2)
    assert full.sunlit[0, :, -1].tolist() == [1.0] * len(sky.azimuths)
    assert np.array_equal(free.irradiation, full.irradiation, equal_nan=True)
    assert np.array_equal(free.plane_ids, full.plane_ids)


def test_outlines_of_planes_do_not_depend_on_the_neighbours_detail(town: Town, sky: SkyTable) -> None:
    alone, row = whole(town, sky, {"row2"}), whole(town, sky, {"row1", "row2", "row3"})
    middle = row.planes[row.planes.building_id == "row2"]
    assert alone.planes.geometry.to_wkb().tolist() == middle.geometry.to_wkb().tolist()
