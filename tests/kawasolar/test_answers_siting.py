"""Sites of shared chargers in a plan: from its own files, stale with them, as the room finds them, back from the file with their catchments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from rasterio.transform import from_origin
from shapely.geometry import LineString

from kawasolar.__main__ import main
from kawasolar.answers import answer_of, options_asked
from kawasolar.answers.siting import WantedSites, checked, options_of, sources_of
from kawasolar.document import asked_edits, edits
from kawasolar.document.edits import Author
from kawasolar.document.entries import apply, followed_by, inverse
from kawasolar.errors import PlanError
from kawasolar.pipeline import PlanInputs, make_project
from kawasolar.plan import InputFile, no_file, taken_away
from kawasolar.project import load_project, save_project
from kawasolar.siting.catchments import catchments
from kawasolar.siting.inputs import SOURCES, sites_for
from kawasolar.siting.kept import areas_from_text
from kawasolar.siting.of_plan import METHODS, Asked
from kawasolar.siting.table import assumption_rows, assumptions_with
from kawasolar.siting.words import assumed_values, notes
from kawasolar.stages import bring_up_to_date, observed, states, with_edit
from kawasolar.words import LANGUAGES, say
from tests.support.town import NORTH, WEST, small_town

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Project

BY = Author("試験 花子", "試験のため", "2026-04-01T09:00:00+00:00")
NEAR: dict[str, Any] = {"number": 2, "values": {"radius_m": 50.0, "detour": 1.0}, "curve": False}
KNOWN = "施設番号,駐車台数,視認性\n001,10,有\n002,8,無\n003,5,\n"


def write_flats(path: Path, seed: int = 4, count: int = 40) -> None:
    rng = np.random.default_rng(seed)
    places = gpd.points_from_xy(rng.uniform(WEST, WEST + 100, count), rng.uniform(NORTH - 100, NORTH, count))
    gpd.GeoDataFrame({"戸数": rng.integers(1, 30, count)}, geometry=places, crs=6677).to_file(path)


def write_population(path: Path, values: np.ndarray) -> None:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype="float32", crs="EPSG:6677",
        transform=from_origin(WEST, NORTH, 10.0, 10.0),
    ) as file:  # fmt: skip
        file.write(values.astype(np.float32), 1)


def asked(project: Project, options: dict[str, Any] | None) -> Project:
    return with_edit(project, asked_edits.ask(project.entries, "s1", "siting", options, BY))


def waiting(project: Project, inputs: tuple[InputFile, ...] | None = None) -> set[str]:
    return {state.name for state in states(project.plan, project.profile, inputs) if not state.is_fresh}


def told(project: Project) -> set[str]:
    return {finding.code for finding in project.plan.findings if finding.code.startswith("siting.")}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("町")
    files = small_town(folder)
    paths = (files[role] for role in ("dsm", "buildings", "facilities", "weather"))
    return make_project(PlanInputs(*paths, folder / "plan.kawasolar", scenario="案1"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("充電")
    write_flats(made / "集合住宅.gpkg")
    (made / "候補地.csv").write_text(KNOWN, "cp932")
    return made


@pytest.fixture(scope="module")
def project(bare: Project, folder: Path) -> Project:
    """With files of demand and candidates, asked and computed."""
    files = observed(
        [
            InputFile("charge_demand", str(folder / "集合住宅.gpkg"), 0, ""),
            InputFile("charge_candidates", str(folder / "候補地.csv"), 0, ""),
        ]
    )
    edit = followed_by(
        asked_edits.ask(bare.entries, "s1", "siting", NEAR, BY),
        edits.exchange_files(bare.entries, bare.plan.inputs, files, BY),
    )
    return bring_up_to_date(with_edit(bare, edit))


def test_it_is_what_the_room_finds_by_the_plans_files(project: Project) -> None:
    plan, wanted = project.plan, checked(NEAR)
    assert waiting(project) == set()
    kept = answer_of(plan, "siting")
    sources = sources_of(plan, wanted)
    assert sources.source == "points"
    here, _ = sites_for(plan, sources, assumptions_with(NEAR["values"]), Asked(number=2, curve=False))
    assert kept.siting.head == here.head
    for name in ("sites", "points", "candidates"):
        frames = (getattr(one, name).astype(object) for one in (kept.siting, here))
        assert_frame_equal(*(frame.where(frame.notna(), None) for frame in frames))
    areas = catchments(here.points, plan.crs)
    again = kept.catchments(plan.crs)
    assert again.geometry.geom_equals(areas.geometry).all()
    assert again["site_id"].tolist() == areas["site_id"].tolist()
    # What nobody knows of a candidate is still unknown, not false.
    assert kept.siting.candidates["visible"].tolist()[:3] == [True, False, None]
    for language in LANGUAGES:
        assert all("{" not in line for line in notes(language, kept.siting))
    assert len(assumed_values(kept.siting)) == len(assumption_rows())


def test_it_comes_back_from_the_file(project: Project, tmp_path: Path) -> None:
    save_project(project, tmp_path / "計画 1.kawasolar")
    back = load_project(tmp_path / "計画 1.kawasolar")
    assert waiting(back) == set()
    before, after = (answer_of(one.plan, "siting") for one in (project, back))
    assert before.siting.head == after.siting.head
    for name in ("sites", "points", "candidates", "curve"):
        assert_frame_equal(getattr(before.siting, name), getattr(after.siting, name))
    assert (before.areas["shape"] == after.areas["shape"]).all()


def test_its_files_make_it_stale_and_nothing_else(project: Project, folder: Path, tmp_path: Path) -> None:
    write_flats(tmp_path / "別.gpkg", seed=9)
    other = observed([InputFile("charge_demand", str(tmp_path / "別.gpkg"), 0, "")])
    edit = edits.exchange_files(project.entries, project.plan.inputs, other, BY)
    after = with_edit(project, edit)
    assert waiting(after) == {"siting"}
    done = bring_up_to_date(after)
    assert len(answer_of(done.plan, "siting").siting.points) == 40
    assert (
        not answer_of(done.plan, "siting")
        .siting.points["x"]
        .equals(answer_of(project.plan, "siting").siting.points["x"])
    )
    # Taken back, what was computed before is there again.
    again = with_edit(done, inverse(edit), attic=[project.plan])
    assert waiting(again) == set()
    # A file that somebody has written anew in its place.
    (folder / "候補地.csv").write_text(KNOWN + "004,3,有\n", "cp932")
    try:
        assert waiting(project, observed(project.plan.inputs)) == {"siting"}
    finally:
        (folder / "候補地.csv").write_text(KNOWN, "cp932")
    assert waiting(project, observed(project.plan.inputs)) == set()
    share = with_edit(project, edits.set_share(project.entries, "s1", 0.9))
    assert "siting" not in waiting(share)


def test_its_files_stay_where_the_others_are_exchanged(project: Project) -> None:
    assert [file.role for file in taken_away(project.plan.inputs, ())] == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "siting.no_demand"),
        ({"source": "points"}, "siting.no_demand_file"),
        ({"source": "population"}, "siting.no_demand_file"),
        ({"source": "fleet"}, "siting.no_fleet"),
    ],
)
def test_what_the_plan_lacks_is_told_and_the_rest_goes_on(bare: Project, options: dict[str, Any], code: str) -> None:
    done = bring_up_to_date(asked(bare, options))
    assert waiting(done) == set()
    assert "siting" not in done.plan.answers
    assert told(done) == {code}
    for language in LANGUAGES:
        assert "{" not in say(language, code)
    assert told(asked(done, None)) == set()


def test_files_that_are_gone_or_bad_are_told(project: Project, tmp_path: Path) -> None:
    roads = bring_up_to_date(asked(project, {**NEAR, "ways": "roads"}))
    assert told(roads) == {"siting.no_roads_file"}
    away = edits.exchange_files(project.entries, project.plan.inputs, [no_file("charge_demand")], BY)
    assert told(bring_up_to_date(with_edit(project, away))) == {"siting.no_demand"}
    (tmp_path / "壊れ.gpkg").write_bytes(b"no layer")
    (tmp_path / "空.csv").write_text("a\n", "utf-8")
    lonely = tmp_path / "系なし.geojson"
    for path, role, code in (
        (tmp_path / "壊れ.gpkg", "charge_demand", "siting.unreadable"),
        (tmp_path / "空.csv", "charge_candidates", "siting.no_headings"),
        (lonely, "charge_demand", "siting.missing"),
    ):
        files = observed([InputFile(role, str(path), 0, "")])  # type: ignore[arg-type]
        broken = with_edit(project, edits.exchange_files(project.entries, project.plan.inputs, files, BY))
        done = bring_up_to_date(broken)
        assert told(done) == {code}
        assert "siting" not in done.plan.answers
        assert waiting(done) == set()


def test_shapes_that_are_none_are_refused() -> None:
    for text in ("", "zz", "01", None, "010100000000000000000000000000000000000000"):
        frame = pd.DataFrame({"site_id": ["A"], "shape": pd.Series([text], dtype=object)})
        with pytest.raises(ValueError, match="shape"):
            areas_from_text(frame)


@st.composite
def wanted_sites(draw: st.DrawFn) -> WantedSites:
    budgets = tuple(draw(st.lists(st.integers(0, 10**9).map(float), max_size=4)))
    ids = draw(st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=4))
    at = draw(st.integers(0, len(ids)))
    number = draw(st.none() | st.integers(1, 900))
    made = Asked(
        "cover" if budgets else draw(st.sampled_from(METHODS)), number, budgets, draw(st.integers(2000, 2050)) if budgets else 0,
        carried=draw(st.booleans()), pinned=tuple(ids[:at]), split=draw(st.booleans()), gap=draw(st.floats(0, 1)), seconds=draw(st.floats(1, 900)),
        curve=draw(st.booleans()),
    )  # fmt: skip
    values = draw(st.dictionaries(st.sampled_from(["radius_m", "detour"]), st.floats(50, 60)))
    values = {key: value if key == "radius_m" else value / 30 for key, value in values.items()}
    return WantedSites(
        made, assumptions_with(values), draw(st.none() | st.sampled_from(SOURCES)), draw(st.sampled_from(["straight", "roads"])),
        draw(st.booleans()), draw(st.booleans()), tuple(ids[at:]),
    )  # fmt: skip


@given(wanted_sites())
@settings(max_examples=60, deadline=None)
def test_options_there_and_back(wanted: WantedSites) -> None:
    assert checked(options_of(wanted)) == wanted


def test_budgets_are_by_fiscal_year() -> None:
    found = checked({"budgets": {"2029": 5e6, "2027": 3e7}})
    assert (found.asked.first_year, found.asked.budgets, found.asked.number) == (2027, (3e7, 0.0, 5e6), None)
    for broken in ({"budgets": {"0": 1.0}}, {"budgets": {"2000": 1.0, "2099": 1.0}}):
        with pytest.raises(PlanError) as caught:
            checked(broken)
        assert caught.value.code == "siting.bad_budget"


def test_the_command_line_takes_files_and_asks(
    bare: Project, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "p.kawasolar")
    save_project(bare, tmp_path / "p.kawasolar")
    assert main(["edit", "input", path, "charge_demand", str(folder / "集合住宅.gpkg")]) == 0
    assert main(["edit", "ask", path, "siting", "number=2", 'values={"radius_m": 50}', "curve=false"]) == 0
    assert options_asked(load_project(tmp_path / "p.kawasolar").entries, "s1", "siting") == {
        "number": 2,
        "values": {"radius_m": 50},
        "curve": False,
    }
    assert main(["run", path]) == 0
    assert answer_of(load_project(tmp_path / "p.kawasolar").plan, "siting").siting.head["number"] == 2
    assert main(["edit", "input", path, "charge_demand", "--none"]) == 0
    assert main(["run", path]) == 0
    assert "siting" not in load_project(tmp_path / "p.kawasolar").plan.answers
    capsys.readouterr()
    assert main(["edit", "ask", path, "siting", "number=0"]) != 0


def test_roads_people_and_spare_power_are_the_plans_own(bare: Project, tmp_path: Path) -> None:
    lines = [
        LineString([(WEST - 20, NORTH - y), (WEST + 60, NORTH - y), (WEST + 120, NORTH - y)]) for y in (0, 50, 100)
    ]
    lines.append(LineString([(WEST + 60, NORTH), (WEST + 60, NORTH - 50), (WEST + 60, NORTH - 100)]))
    gpd.GeoDataFrame(geometry=lines, crs=6677).to_file(tmp_path / "道路.gpkg")
    write_population(tmp_path / "人口.tif", np.full((10, 10), 3.0))
    files = observed(
        [
            InputFile("roads", str(tmp_path / "道路.gpkg"), 0, ""),
            InputFile("charge_demand", str(tmp_path / "人口.tif"), 0, ""),
        ]
    )
    taken = with_edit(bare, edits.exchange_files(bare.entries, bare.plan.inputs, files, BY))
    done = bring_up_to_date(asked(taken, {**NEAR, "ways": "roads", "spare": True}))
    assert told(done) == set()
    found = answer_of(done.plan, "siting").siting
    assert (found.head["source"], found.head["way"], found.head["weight"]) == ("population", "roads", 300.0)
    straight = answer_of(bring_up_to_date(asked(taken, NEAR)).plan, "siting").siting
    # No way is shorter than the straight line.
    assert found.head["covered_share"] < straight.head["covered_share"]
    # Contracts that the ledger does not tell have no spare power to look at.
    assert found.candidates["spare_kw"].isna().all()
    contract = edits.correct_ledger(done.entries, "001", "contract_kw", 5000.0, None, BY)
    more = bring_up_to_date(with_edit(done, contract))
    assert answer_of(more.plan, "siting").siting.candidates.set_index("site_id").loc["001", "spare_kw"] > 0


def test_a_new_plan_takes_files_and_asks_by_the_usual_options(folder: Path, tmp_path: Path) -> None:
    files = small_town(tmp_path)
    paths = [str(files[role]) for role in ("dsm", "buildings", "facilities", "weather")]
    named = [word for role, path in zip(("dsm", "buildings", "facilities", "weather"), paths, strict=True) for word in (f"--{role}", path)]  # fmt: skip
    out = tmp_path / "新.kawasolar"
    more = [
        "--ask",
        "siting",
        "--charge-demand",
        str(folder / "集合住宅.gpkg"),
        "--charge-candidates",
        str(folder / "候補地.csv"),
    ]
    assert main(["plan", *named, *more, "--out", str(out)]) == 0
    made = load_project(out)
    assert {file.role for file in made.plan.inputs} >= {"charge_demand", "charge_candidates"}
    found = answer_of(made.plan, "siting").siting
    # Fewer places than there are sites usually: all of them.
    assert found.head["number"] == (found.candidates["why_not"] == "").sum() < 8
    assert waiting(made) == set()


def test_an_answer_of_another_scenario_is_its_own(project: Project) -> None:
    copied, key = edits.duplicate_scenario(project.entries, "s1", "案2")
    both = with_edit(project, copied)
    third = asked_edits.ask(both.entries, key, "siting", {**NEAR, "number": 3}, BY)
    done = bring_up_to_date(with_edit(both, third), [key])
    assert answer_of(done.plans[key], "siting").siting.head["number"] == 3
    assert answer_of(done.plans["s1"], "siting").siting.head["number"] == 2
    assert apply(done.entries, inverse(third)).canonical() == both.entries.canonical()
    assert replace(done.plans["s1"]).answers["siting"] is project.plan.answers["siting"]
