"""The cells of planes as text: they come back, say what the survey says, are the same however the roofs were surveyed, and nobody's text does harm."""

from __future__ import annotations

import base64
import math
import time
import tracemalloc
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gis.errors import SurveyChanged
from gis.far import far_field
from gis.plane_cells import PlaneCells, cells_of_planes
from gis.progress import silent
from gis.roof_light import RoofCells
from gis.roofs import RoofSettings
from gis.survey import Survey, SurveySettings, survey, survey_some
from gis.tiles import Assembled, TiledWork, Tiling, assemble, survey_tiles, tiles_of
from gis.usable import RULES, USABLE, UsableRules
from tests.gis.test_survey_some import NAMES, keepouts_of, make_town, surface_of
from tests.support.skies import tokyo_sky
from tests.support.towns import CELL, NORTH, WEST, ZONE_9, Town

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gis.sky import SkyTable

LAST = 1 + len(RULES)


def usable_rules(share: float) -> UsableRules:
    return UsableRules(
        max_tilt=25, flat_tilt=5, north_halfwidth=15, setback_m=0.5, step_m=0.3, obstacle_clearance_m=0.5, min_irradiation_share=share,
        min_area_m2=8, min_width_m=1,
    )  # fmt: skip


# Every rule takes something of the town; without the shade nothing depends on the light.
SETTINGS = SurveySettings(RoofSettings(min_plane_m2=8, obstacle_height_m=0.3), usable_rules(0.85))
WITHOUT_SHADE = SurveySettings(SETTINGS.roofs, usable_rules(0.0))


# ---------------------------------------------------------------------------------------------- there and back


@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=30), elements=st.integers(0, LAST)),
    st.floats(-1e7, 1e7),
    st.floats(-1e7, 1e7),
    st.floats(0.01, 50.0),
)
def test_cells_come_back(rules: NDArray[np.uint8], west: float, north: float, cell: float) -> None:
    text = PlaneCells(west, north, cell, rules).encode()
    back = PlaneCells.decode(text)
    np.testing.assert_array_equal(back.rules, rules)
    assert back.rules.dtype == np.uint8
    assert back.cell == cell
    # To the micrometre.
    assert (back.west, back.north) == (pytest.approx(west, abs=5.1e-7), pytest.approx(north, abs=5.1e-7))
    assert back.encode() == text
    np.testing.assert_array_equal(back.usable, rules == 1)
    # A part of a raster, whose rows do not lie one after the other, is as good.
    assert PlaneCells(west, north, cell, np.repeat(rules, 2, axis=1)[:, ::2]).encode() == text
    assert text.isascii()
    assert "\n" not in text


def test_the_largest_roof_comes_back_soon() -> None:
    rules = np.random.default_rng(1).integers(0, 2, (4000, 4000)).astype(np.uint8)
    begin = time.perf_counter()
    text = PlaneCells(0.0, 0.0, 0.5, rules).encode()
    np.testing.assert_array_equal(PlaneCells.decode(text).rules, rules)
    assert time.perf_counter() - begin < 8.0


# ---------------------------------------------------------------------------------------------- anybody's text


def packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")


def text_of(*words: object, code: str | None = None) -> str:
    return " ".join([*map(str, words), packed(bytes([1] * 6)) if code is None else code])


GOOD = (0.0, 10.0, 0.5, 2, 3)
HOSTILE = {
    "nothing": "",
    "a word": "x",
    "five words": "0.0 10.0 0.5 2 3",
    "seven words": text_of(*GOOD) + " x",
    "two spaces": text_of(*GOOD).replace(" ", "  ", 1),
    "tabs": text_of(*GOOD).replace(" ", "\t"),
    "a line more": text_of(*GOOD) + "\n",
    "no number": text_of("west", 10.0, 0.5, 2, 3),
    "NaN west": text_of("nan", 10.0, 0.5, 2, 3),
    "endless north": text_of(0.0, "-inf", 0.5, 2, 3),
    "too large a number": text_of(0.0, "1e400", 0.5, 2, 3),
    "NaN cell": text_of(0.0, 10.0, "nan", 2, 3),
    "no cell": text_of(0.0, 10.0, 0.0, 2, 3),
    "negative cell": text_of(0.0, 10.0, -0.5, 2, 3),
    "endless cell": text_of(0.0, 10.0, "inf", 2, 3),
    "rows with a point": text_of(0.0, 10.0, 0.5, "2.0", 3),
    "no rows": text_of(0.0, 10.0, 0.5, 0, 3, code=packed(b"")),
    "no columns": text_of(0.0, 10.0, 0.5, 2, 0, code=packed(b"")),
    "negative rows": text_of(0.0, 10.0, 0.5, -2, 3),
    "negative both": text_of(0.0, 10.0, 0.5, -2, -3),
    "huge rows": text_of(0.0, 10.0, 0.5, 10**15, 3),
    "huge rows and columns": text_of(0.0, 10.0, 0.5, 10**9, 10**9),
    "a row too many": text_of(0.0, 10.0, 0.5, 4001, 4000),
    "digits without end": text_of(0.0, 10.0, 0.5, "9" * 100_000, 3),
    "no code": text_of(*GOOD, code=""),
    "no base64": text_of(*GOOD, code="*" * 16),
    "cut base64": text_of(*GOOD, code=packed(bytes([1] * 6))[:-1]),
    "no ASCII": text_of(*GOOD, code="屋根"),
    "no deflate": text_of(*GOOD, code=base64.b64encode(b"not deflated at all").decode()),
    "cut deflate": text_of(*GOOD, code=base64.b64encode(zlib.compress(bytes([1] * 6))[:4]).decode()),
    "too few cells": text_of(*GOOD, code=packed(bytes([1] * 5))),
    "a cell too many": text_of(*GOOD, code=packed(bytes([1] * 7))),
    "far too few cells": text_of(0.0, 10.0, 0.5, 4000, 4000),
    "a code out of range": text_of(*GOOD, code=packed(bytes([1, 1, 1, 1, 1, LAST + 1]))),
    "the last code of a byte": text_of(*GOOD, code=packed(bytes([255, 1, 1, 1, 1, 1]))),
    "a bomb": text_of(*GOOD, code=packed(bytes(400_000_000))),
    "a bomb in the largest box": text_of(0.0, 10.0, 0.5, 4000, 4000, code=packed(bytes(400_000_000))),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_text_that_is_none_is_refused_soon(kind: str) -> None:
    text = HOSTILE[kind]
    tracemalloc.start()
    begin = time.perf_counter()
    try:
        with pytest.raises(ValueError, match=r".+"):
            PlaneCells.decode(text)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - begin < 1.0


def test_what_they_are_made_of_is_a_text() -> None:
    found = PlaneCells.decode(text_of(*GOOD, code=packed(bytes([0, 1, 2, LAST, 1, 0]))))
    assert (found.west, found.north, found.cell) == (0.0, 10.0, 0.5)
    assert found.rules.tolist() == [[0, 1, 2], [LAST, 1, 0]]
    assert found.usable.tolist() == [[False, True, False], [False, True, False]]


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_text_is_refused_with_value_error_or_is_one(data: st.DataObject) -> None:
    rules = np.arange(30, dtype=np.uint8).reshape(5, 6) % (LAST + 1)
    signs = list(PlaneCells(-20200.25, -44200.5, 0.5, rules).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(signs) - 1))
        signs[place] = data.draw(st.characters(exclude_categories=["Cs"]) | st.sampled_from("0123456789-+ eE=/"))
    try:
        found = PlaneCells.decode("".join(signs))
    except ValueError:
        return
    assert found.rules.ndim == 2
    assert found.rules.max() <= LAST
    assert math.isfinite(found.west + found.north + found.cell)
    assert found.cell > 0


# ---------------------------------------------------------------------------------------------- what the survey says


@pytest.fixture(scope="module")
def sky() -> SkyTable:
    return tokyo_sky()


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


@pytest.fixture(scope="module")
def whole(town: Town, sky: SkyTable) -> Survey:
    return survey(surface_of(town), town.outlines, sky, SETTINGS, keepouts=keepouts_of(town, "row2"))


def squares(cells: PlaneCells, mask: NDArray[np.bool_]) -> shapely.Geometry:
    """Some cells of a plane as one shape."""
    row, col = np.nonzero(mask)
    west, north = cells.west + col * cells.cell, cells.north - row * cells.cell
    return shapely.union_all(shapely.box(west, north - cells.cell, west + cells.cell, north))


def test_cells_are_the_areas_of_the_survey(whole: Survey) -> None:
    """Rule by rule, to the square millimetre."""
    taken = dict.fromkeys(RULES, 0.0)
    for plane in whole.planes.itertuples():
        cells = PlaneCells.decode(plane.cell_rules)
        assert cells.cell == CELL
        size = cells.cell**2 / np.cos(np.radians(plane.tilt))
        assert np.count_nonzero(cells.rules) == plane.cells
        assert np.count_nonzero(cells.usable) * size == pytest.approx(plane.usable_m2, abs=1e-6)
        for k, rule in enumerate(RULES):
            lost = np.count_nonzero(cells.rules == 2 + k) * size
            assert lost == pytest.approx(getattr(plane, f"lost_{rule}_m2"), abs=1e-6)
            taken[rule] += lost
        # The box is no larger than it must be.
        assert all(
            (side > 0).any() for side in (cells.rules[0], cells.rules[-1], cells.rules[:, 0], cells.rules[:, -1])
        )
    assert len(whole.planes) > 6
    assert whole.planes["usable_m2"].sum() > 100
    # Purposes of keep-outs are tried by themselves (test_keepouts).
    assert {rule for rule, area in taken.items() if area == 0} <= {"north", "refuge", "access"}


def test_cells_lie_where_the_plane_lies(whole: Survey) -> None:
    for plane in whole.planes.itertuples():
        cells = PlaneCells.decode(plane.cell_rules)
        shape = squares(cells, cells.rules > 0)
        assert shape.area == pytest.approx(plane.footprint_m2, rel=1e-9)
        assert shape.intersection(plane.geometry).area > 0.93 * shape.union(plane.geometry).area
        # And on the raster's own cells.
        for place, begin in ((cells.west, WEST), (cells.north, NORTH)):
            assert (place - begin) / CELL == pytest.approx(round((place - begin) / CELL), abs=1e-6)
    ids = whole.plane_ids
    for plane in whole.planes.itertuples():
        cells = PlaneCells.decode(plane.cell_rules)
        top, left = round((NORTH - cells.north) / CELL), round((cells.west - WEST) / CELL)
        mine = ids[top : top + cells.rules.shape[0], left : left + cells.rules.shape[1]] == plane.plane_id
        np.testing.assert_array_equal(mine, cells.rules > 0)


def test_a_keepout_takes_its_own_cells(whole: Survey, town: Town, sky: SkyTable) -> None:
    free = survey(surface_of(town), town.outlines, sky, SETTINGS).planes.set_index("plane_id")["cell_rules"]
    drawn = whole.planes.set_index("plane_id")
    other = free.index[free != drawn["cell_rules"]]
    assert set(drawn.loc[other, "building_id"]) == {"row2"}
    west, _, east, _ = keepouts_of(town, "row2").total_bounds
    keepout = 2 + RULES.index("keepout")
    found = [PlaneCells.decode(drawn.loc[name, "cell_rules"]) for name in other]
    shape = shapely.union_all([squares(cells, cells.rules == keepout) for cells in found])
    assert shape.area > 10
    assert shape.bounds[0] >= west - CELL
    assert shape.bounds[2] <= east + CELL


def test_who_is_not_chosen_has_none() -> None:
    from gis.grid import Grid

    grid = Grid(4, 5, 0.5, 100.0, 200.0, ZONE_9)
    mask = np.zeros((4, 5), np.uint8)
    mask[1, 1:4], mask[2, 2] = USABLE, 4
    mask[3, 4] = USABLE
    # The second plane has one cell in the corner, the third none that anybody asked for.
    index = np.array([6, 7, 8, 12, 19])
    cells = RoofCells(index, np.array([0, 0, 0, 0, 1], np.int32), np.full(5, -1), whole=True)
    found = cells_of_planes(np.array([True, True, False]), cells, mask, grid)
    one, other = PlaneCells.decode(found[0]), PlaneCells.decode(found[1])
    assert (one.west, one.north, one.rules.tolist()) == (100.5, 199.5, [[1, 1, 1], [0, 4, 0]])
    assert (other.west, other.north, other.rules.tolist()) == (102.0, 198.5, [[1]])
    assert found[2] is None
    assert cells_of_planes(np.array([False, False, False]), cells, mask, grid).tolist() == [None, None, None]
    none = RoofCells(index[:0], np.zeros(0, np.int32), np.zeros(0, np.int64), whole=True)
    assert cells_of_planes(np.zeros(0, bool), none, mask, grid).tolist() == []


# ---------------------------------------------------------------------------------------------- however it was surveyed


def by_plane(planes: gpd.GeoDataFrame) -> dict[int, str]:
    return dict(zip(planes["plane_id"].tolist(), planes["cell_rules"].tolist(), strict=True))


@pytest.mark.parametrize("detail", [NAMES, {"tower", "row2", "rim"}, {"far"}, set()])
def test_a_survey_of_some_gives_the_same_text(town: Town, sky: SkyTable, whole: Survey, detail: set[str]) -> None:
    before = survey(surface_of(town), town.outlines, sky, SETTINGS, detail=detail)
    drawn = keepouts_of(town, "row2")
    some = survey_some(surface_of(town), town.outlines, sky, SETTINGS, before, {"row2"}, detail=NAMES, keepouts=drawn)
    assert by_plane(some.planes) == by_plane(whole.planes)
    assert some.planes["cell_rules"].dtype == whole.planes["cell_rules"].dtype


def test_an_earlier_survey_without_cells_is_done_again(town: Town, sky: SkyTable) -> None:
    before = survey(surface_of(town), town.outlines, sky, SETTINGS, detail={"tower", "row2"})
    older = replace(before, planes=before.planes.drop(columns="cell_rules"))
    with pytest.raises(SurveyChanged):
        survey_some(surface_of(town), town.outlines, sky, SETTINGS, older, {"row2"}, detail={"tower", "row2"})


def tiled(
    town: Town, sky: SkyTable, chosen: SurveySettings, tiling: Tiling, detail: set[str] | None = None
) -> Assembled:
    grid, z = town.grid, town.z
    far = far_field(lambda top, bottom: z[top:bottom], grid.shape, grid.cell, tiling.near(grid.cell))
    wanted = None if detail is None else frozenset(detail)
    work = TiledWork(grid, town.outlines, sky, chosen, tiling, wanted, keepouts_of(town, "row2"), cells=True)
    tiles = tiles_of(grid, town.outlines, tiling)
    return assemble(town.outlines, list(survey_tiles(lambda a, b, c, d: z[a:b, c:d].copy(), tiles, work, far)))


@pytest.mark.parametrize("tile_m", [20.0, 33.0, 1e6])
def test_tiles_give_the_same_text(town: Town, sky: SkyTable, tile_m: float) -> None:
    """In windows that begin elsewhere; shade apart, which may differ by a cell at its border."""
    one = survey(surface_of(town), town.outlines, sky, WITHOUT_SHADE, keepouts=keepouts_of(town, "row2"))
    many = tiled(town, sky, WITHOUT_SHADE, Tiling(tile_m=tile_m, near_m=64.0))
    assert by_plane(many.planes) == by_plane(one.planes)
    with_shade = survey(surface_of(town), town.outlines, sky, SETTINGS, keepouts=keepouts_of(town, "row2"))
    shaded = tiled(town, sky, SETTINGS, Tiling(tile_m=tile_m, near_m=64.0))
    other = total = 0
    for number, text in by_plane(with_shade.planes).items():
        a, b = PlaneCells.decode(text), PlaneCells.decode(by_plane(shaded.planes)[number])
        assert (a.west, a.north, a.cell) == (b.west, b.north, b.cell)
        assert a.rules.shape == b.rules.shape
        other, total = other + int((a.rules != b.rules).sum()), total + a.rules.size
    assert other <= 0.001 * total


def test_by_tiles_only_planes_in_detail_have_cells(town: Town, sky: SkyTable) -> None:
    found = tiled(town, sky, WITHOUT_SHADE, Tiling(tile_m=33.0, near_m=64.0), {"tower", "row2"}).planes
    has = found["cell_rules"].notna()
    assert set(found.loc[has, "building_id"]) == {"tower", "row2"}
    assert (found["building_id"].isin({"tower", "row2"}) == has).all()


def test_a_large_project_has_the_text_of_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Surveyed as a whole in memory, by tiles on the disk, by tiles for some: as a plan keeps it."""
    from kawasolar.pipeline import PlanInputs, input_files
    from kawasolar.profile import load_profile
    from kawasolar.stages.bench import Bench
    from kawasolar.stages.work import Surveyed
    from tests.support.town import small_town

    inputs = PlanInputs(**small_town(tmp_path / "町"), out=tmp_path / "plan.kawasolar")
    profile = load_profile().with_numbers({"roof.irradiation_share": 0.0})
    detail = {"B0", "B1", "B3"}

    def surveyed(bench: Bench, wanted: set[str]) -> Surveyed:
        found = bench.survey(profile, wanted, None, silent, tmp_path, "")
        return Surveyed(found.buildings, found.planes, found.sunlit, found.azimuths, found.open_sky_kwh_m2)

    whole = surveyed(Bench(input_files(inputs), 6677), detail)
    monkeypatch.setattr("kawasolar.stages.bench.ONE_WINDOW_CELLS", 1000)
    large = Bench(input_files(inputs), 6677)
    assert large.is_large()
    assert by_plane(surveyed(large, detail).planes) == by_plane(whole.planes)
    before = surveyed(large, {"B0"})
    some = large.survey_some(profile, before, {"B3"}, detail, None, None, silent, tmp_path)
    assert by_plane(some.planes) == by_plane(whole.planes)
    assert set(whole.planes["building_id"]) == detail
    assert whole.planes["cell_rules"].notna().all()
