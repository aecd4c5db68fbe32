"""A file of roof planes in a plan: what it changes, what becomes stale by it, and where it is kept and said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
from geopandas.testing import assert_geodataframe_equal

from gis.errors import UnreadableFile
from gis.progress import Cancelled, silent
from gis.tiles import Tiling
from kawasolar.__main__ import main
from kawasolar.document import edits
from kawasolar.errors import UnreadableProject
from kawasolar.export.gpkg import write_gpkg
from kawasolar.pipeline import PlanInputs, input_files, inputs_of, make_project
from kawasolar.plan import no_file
from kawasolar.profile import load_profile, profile_from_text
from kawasolar.project import load_project, save_project
from kawasolar.provenance import explain, sentences
from kawasolar.reasons import finding_sentence
from kawasolar.stages import bring_up_to_date, observed, states, with_edit
from kawasolar.stages.bench import Bench
from kawasolar.stages.tiled import survey_large
from kawasolar.words import LANGUAGES
from tests.support.gml import town_model
from tests.support.town import small_town, square_on

if TYPE_CHECKING:
    from gis.findings import Finding
    from kawasolar.plan import Plan, Project

ME = edits.Author("試験 花子", "試験のため", "2026-04-01T09:00:00+00:00")
ROOFS = {f"B{k}" for k in range(6)}
SHIFT = "given.max_shift"
# 1° to the south.
LEAN = float(np.degrees(np.arctan(0.35 / 20.0)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("屋根のある町")


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[str, Path]:
    return {**small_town(folder), "roof_planes": town_model(folder / "53393419_bldg_6697_op.gml")}


@pytest.fixture(scope="module")
def inputs(files: dict[str, Path], folder: Path) -> PlanInputs:
    return PlanInputs(**files, out=folder / "plan.kawasolar", scenario="案1")


@pytest.fixture(scope="module")
def bare(inputs: PlanInputs) -> Project:
    return make_project(replace(inputs, roof_planes=None, out=inputs.out.with_name("bare.kawasolar")))


@pytest.fixture(scope="module")
def modelled(inputs: PlanInputs) -> Project:
    return make_project(inputs)


def standing(plan: Plan, project: Project) -> dict[str, str]:
    return {state.name: state.freshness for state in states(plan, project.profile)}


def of_given(findings: tuple[Finding, ...]) -> dict[str, int]:
    found = {finding.code: finding for finding in findings if finding.code.startswith(("survey.given", "roof_planes"))}
    return {code: int(str(finding.details["count"])) for code, finding in found.items()}


def sources(plan: Plan) -> dict[str, str]:
    return dict(plan.results.planes.groupby("building_id")["source"].agg("+".join))


def test_the_plan_takes_them_where_they_fit(bare: Project, modelled: Project) -> None:
    before, after = bare.plan, modelled.plan
    assert set(sources(before).values()) == {"dsm"}
    assert sources(after) == {"B0": "citygml", "B1": "citygml", "B2": "dsm", "B3": "dsm", "B4": "dsm"}
    leaning = after.results.planes.set_index("building_id").loc["B1"]
    assert leaning["tilt"] == pytest.approx(LEAN, abs=1e-3)
    assert leaning["azimuth"] == pytest.approx(180.0, abs=0.2)
    assert leaning["cells"] == 1600
    # Half a millimetre for each centimetre: the surface is level, the plane is not.
    assert leaning["residual_m"] == pytest.approx(0.35 / np.sqrt(12.0), rel=0.02)
    assert of_given(after.findings) == {"survey.given_taken": 2, "survey.given_refused": 1}
    assert of_given(before.findings) == {}
    refused = next(finding for finding in after.findings if finding.code == "survey.given_refused")
    assert refused.found == "B4"
    for language in LANGUAGES:
        assert "B4" in finding_sentence(language, refused)


def test_a_new_file_makes_the_survey_stale_and_a_taken_one_brings_it_back(
    bare: Project, modelled: Project, inputs: PlanInputs
) -> None:
    (file,) = [entry for entry in input_files(inputs) if entry.role == "roof_planes"]
    added = with_edit(bare, edits.exchange_files(bare.entries, bare.plan.inputs, [file], ME))
    assert [name for name, state in standing(added.plan, added).items() if state == "stale"] == ["survey"]
    (survey,) = [state for state in states(added.plan, added.profile) if state.name == "survey"]
    assert {(reason.kind, reason.name) for reason in survey.reasons} == {
        ("file", "roof_planes"), ("value", SHIFT), ("value", "given.max_residual"),
    }  # fmt: skip
    done = bring_up_to_date(added)
    assert done.plan.stamps["survey"].fingerprint == modelled.plan.stamps["survey"].fingerprint
    assert_geodataframe_equal(done.plan.results.planes, modelled.plan.results.planes)
    gone = with_edit(done, edits.exchange_files(done.entries, done.plan.inputs, [no_file("roof_planes")], ME))
    again = bring_up_to_date(gone, attic=[bare.plan])
    assert again.plan.results.planes is bare.plan.results.planes


def test_limits_of_the_profile_are_used_with_a_file_alone(bare: Project, modelled: Project) -> None:
    turned = with_edit(bare, edits.set_value(bare.entries, "s1", SHIFT, 6.0, ME))
    assert set(standing(turned.plan, turned).values()) == {"fresh"}
    assert not any("given" in name for name in bare.plan.stamps["survey"].inputs)
    wide = bring_up_to_date(with_edit(modelled, edits.set_value(modelled.entries, "s1", SHIFT, 6.0, ME)))
    assert sources(wide.plan)["B4"] == "citygml"
    assert of_given(wide.plan.findings) == {"survey.given_taken": 3, "survey.given_moved": 1}


def test_a_profile_of_before_has_the_bundled_values() -> None:
    text = load_profile().text
    begin = text.index('[values."given.max_shift"]')
    end = text.index("# -----", begin)
    older = profile_from_text(text[:begin] + text[end:], "older.toml")
    assert older.values == load_profile().values
    assert "given." not in older.text


def test_a_keepout_does_not_touch_them(modelled: Project, files: dict[str, Path]) -> None:
    """One building again, by the raster of the planes: the planes of all are the same to the last bit."""
    edit = edits.add_keepout(modelled.entries, "B1", square_on(1, 5.0), ME)
    done = bring_up_to_date(with_edit(modelled, edit))
    before, after = (project.plan.results.planes.set_index("building_id") for project in (modelled, done))
    same = ["plane_id", "tilt", "azimuth", "height_m", "cells", "residual_m", "source", "irradiation_kwh_m2"]
    assert before[same].equals(after[same])
    assert after.loc["B1", "lost_keepout_m2"] > 20.0
    assert of_given(done.plan.findings) == of_given(modelled.plan.findings)


def bench_of(inputs: PlanInputs) -> Bench:
    return Bench(input_files(inputs), 6677)


def test_a_survey_by_tiles_takes_the_same_planes(
    inputs: PlanInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = load_profile()
    whole = bench_of(inputs).survey(profile, ROOFS, None, silent, tmp_path)
    monkeypatch.setattr("kawasolar.stages.bench.ONE_WINDOW_CELLS", 1000)
    bench = bench_of(inputs)
    with bench._tiled(profile, ROOFS, None) as (source, given):
        found, _ = survey_large(source, replace(given, tiling=Tiling(tile_m=40.0)), tmp_path, silent)
    for column in ("building_id", "cells", "tilt", "azimuth", "height_m", "residual_m", "source"):
        np.testing.assert_array_equal(found.planes[column], whole.planes[column])
    assert of_given(found.findings) == of_given(whole.findings)
    again = bench.survey_some(profile, found, {"B1"}, ROOFS, None, None, silent, tmp_path)
    np.testing.assert_array_equal(again.planes["source"], whole.planes["source"])


def test_a_large_survey_keeps_what_was_said_of_them(
    inputs: PlanInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a keep-out is drawn, only some tiles are done again; what became of the planes is known of all."""
    monkeypatch.setattr("kawasolar.stages.bench.ONE_WINDOW_CELLS", 1000)
    made = make_project(replace(inputs, out=tmp_path / "large.kawasolar"))
    done = bring_up_to_date(with_edit(made, edits.add_keepout(made.entries, "B1", square_on(1, 5.0), ME)))
    assert of_given(done.plan.findings) == {"survey.given_taken": 2, "survey.given_refused": 1}


def test_unfinished_tiles_know_them_again(inputs: PlanInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kawasolar.stages.bench.ONE_WINDOW_CELLS", 1000)
    bench = bench_of(inputs)

    def surveyed(key: str, progress: object = silent) -> object:
        with bench._tiled(load_profile(), ROOFS, None) as (source, given):
            return survey_large(source, replace(given, tiling=Tiling(tile_m=40.0)), tmp_path, progress, key)[0]  # type: ignore[arg-type]

    whole = surveyed("")

    def stop(share: float, _what: str) -> None:
        if share > 0.7:
            raise Cancelled

    with pytest.raises(Cancelled):
        surveyed("鍵", stop)
    assert len(list(tmp_path.glob(".kawasolar-tiles-*/*.npz"))) >= 2
    again = surveyed("鍵")
    assert_geodataframe_equal(again.planes, whole.planes)  # type: ignore[attr-defined]
    assert again.findings == whole.findings  # type: ignore[attr-defined]


def test_a_dataset_of_an_area_takes_them(inputs: PlanInputs, files: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    out = tmp_path / "調査"
    given = [part for role in ("dsm", "buildings", "weather") for part in (f"--{role}", str(files[role]))]
    asked = [*given, "--roof-planes", str(files["roof_planes"]), "--out", str(out), "--tile", "40"]
    assert main(["-q", "survey", *asked]) == 0
    planes = gpd.read_parquet(out / "planes")
    assert dict(zip(planes["building_id"], planes["source"], strict=True)) == {
        "B0": "citygml", "B1": "citygml", "B2": "dsm", "B3": "dsm", "B4": "dsm", "B5": "dsm",
    }  # fmt: skip
    told = json.loads((out / "survey.json").read_text("utf-8"))
    assert {"given.max_shift", "given.max_residual"} <= set(told["values"])
    assert "roof_planes" in {entry["role"] for entry in told["files"]}
    said = {finding["code"]: finding["details"] for finding in told["findings"]}
    assert said["survey.given_taken"]["count"] == 2
    assert said["survey.given_refused"]["count"] == 1
    # Without the file it is another survey.
    first = told["fingerprint"]
    assert main(["-q", "survey", *given, "--out", str(out), "--tile", "40"]) == 0
    told = json.loads((out / "survey.json").read_text("utf-8"))
    assert told["fingerprint"] != first
    assert told["counts"]["kept"] == 0
    assert set(gpd.read_parquet(out / "planes")["source"]) == {"dsm"}


# ---------------------------------------------------------------------------------------------- kept, shown, said


def test_the_project_keeps_them(modelled: Project, files: dict[str, Path], tmp_path: Path) -> None:
    save_project(modelled, tmp_path / "plan.kawasolar")
    again = load_project(tmp_path / "plan.kawasolar")
    assert_geodataframe_equal(again.plan.results.planes, modelled.plan.results.planes)
    assert again.plan.inputs == modelled.plan.inputs
    assert inputs_of(again.plan, tmp_path / "plan.kawasolar").roof_planes == files["roof_planes"].resolve()
    assert set(standing(again.plan, again).values()) == {"fresh"}
    assert observed(again.plan.inputs) == again.plan.inputs
    write_gpkg(again.plan, tmp_path / "layers.gpkg", "ja")
    layer = gpd.read_file(tmp_path / "layers.gpkg", layer="roof_planes")
    assert dict(zip(layer["building_id"], layer["source"], strict=True)) == sources(modelled.plan)


@pytest.mark.parametrize("name", ["version1/sample.kawasolar", "version2/edited.kawasolar"])
def test_planes_of_older_files_are_the_surfaces(name: str, tmp_path: Path) -> None:
    path = Path(__file__).parents[1] / "data" / name
    project = load_project(path)
    for plan in project.plans.values():
        planes = plan.results.planes
        assert set(planes["source"]) == {"dsm"}
        columns = list(planes.columns)
        assert columns.index("source") == columns.index("residual_m") + 1
    save_project(project, tmp_path / "new.kawasolar")
    assert_geodataframe_equal(load_project(tmp_path / "new.kawasolar").plan.results.planes, project.plan.results.planes)


def test_a_source_that_nobody_knows_is_refused(modelled: Project, tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "plan.kawasolar"
    save_project(modelled, path)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER IF EXISTS rtree_roof_planes_geom_update1")
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE roof_planes SET source = 'dream' WHERE fid = 1")
    with pytest.raises(UnreadableProject) as caught:
        load_project(path)
    assert (caught.value.details["column"], caught.value.details["found"]) == ("source", "dream")


def test_it_says_why(modelled: Project, bare: Project) -> None:
    def told(plan: Plan, figure: str, facility: str) -> str:
        return json.dumps(explain(plan, figure, facility), default=str, ensure_ascii=False)

    name = "53393419_bldg_6697_op.gml"
    for figure in ("roof_m2", "usable_m2", "irradiation_kwh_m2", "energy_kwh"):
        assert name in told(modelled.plan, figure, "002"), figure
        assert name not in told(bare.plan, figure, "002")
    for language, words in (("ja", "屋根面データ"), ("en", "CityGML LOD2")):
        lines = " ".join(text for _, text in sentences(explain(modelled.plan, "roof_m2", "002"), language))  # type: ignore[arg-type]
        assert words in lines
        assert "1,600" in lines
    lines = " ".join(text for _, text in sentences(explain(modelled.plan, "roof_m2", "003"), "ja"))
    assert "平面を当てはめて" in lines


def test_the_command_line_takes_it_and_takes_it_away(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "計画.kawasolar"
    given = [part for role in ("dsm", "buildings", "facilities", "weather") for part in (f"--{role}", str(files[role]))]
    drawn = tmp_path / "面.geojson"
    shapes = [square_on(2, 18.0), square_on(3, 24.0)]
    layer = gpd.GeoDataFrame({"tilt": [1.5, 0.0], "azimuth": [90.0, 0.0]}, geometry=shapes, crs=6677)
    layer.to_crs(6668).to_file(drawn)
    assert main(["-q", "plan", *given, "--roof-planes", str(drawn), "--out", str(target)]) == 0
    assert sources(load_project(target).plan) == {"B0": "dsm", "B1": "dsm", "B2": "drawn", "B3": "drawn", "B4": "dsm"}
    broken = tmp_path / "broken.gml"
    broken.write_bytes(files["roof_planes"].read_bytes()[:500])
    assert main(["-q", "plan", *given, "--roof-planes", str(broken), "--out", str(tmp_path / "no.kawasolar")]) == 3
    assert "broken.gml" in capsys.readouterr().err
    assert not (tmp_path / "no.kawasolar").exists()
    bare_shp = tmp_path / "no.shp"
    layer.set_crs(None, allow_override=True).to_file(bare_shp)
    assert main(["-q", "plan", *given, "--roof-planes", str(bare_shp), "--out", str(tmp_path / "no.kawasolar")]) == 3
    assert "--roof-planes-crs" in capsys.readouterr().err
    assert main(["-q", "edit", "input", str(target), "roof_planes", "--none", "--run"]) == 0
    project = load_project(target)
    assert set(sources(project.plan).values()) == {"dsm"}
    assert "roof_planes" not in {entry.role for entry in project.plan.inputs}
    assert main(["-q", "edit", "input", str(target), "roof_planes", str(files["roof_planes"]), "--run"]) == 0
    project = load_project(target)
    assert sources(project.plan)["B1"] == "citygml"
    assert set(standing(project.plan, project).values()) == {"fresh"}


def test_a_file_that_is_gone_is_said_when_it_is_needed(
    inputs: PlanInputs, files: dict[str, Path], tmp_path: Path
) -> None:
    gone = bench_of(replace(inputs, roof_planes=tmp_path / "gone.gml"))
    with pytest.raises(UnreadableFile, match=r"roof_planes\.missing"):
        gone.survey(load_profile(), ROOFS, None, silent, tmp_path)
    assert files["roof_planes"].is_file()
