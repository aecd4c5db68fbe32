"""The band of a sunny and a dull year: computed as the average year is, told where it is there, gone where its file is taken away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kawasolar.document import edits
from kawasolar.document.edits import Author
from kawasolar.export.table import site_frame
from kawasolar.pipeline import PlanInputs, make_project
from kawasolar.plan import InputFile, Project, no_file
from kawasolar.project import load_project, save_project
from kawasolar.provenance import explain, figures_of
from kawasolar.provenance.model import FileSource
from kawasolar.provenance.words import sentences
from kawasolar.stages import Bench, bring_up_to_date, observed, states, with_edit
from kawasolar.yields import MONTHS
from tests.kawasolar.test_provenance import NORMALS, town

BY = Author("川崎 花子", "試算", "2026-11-26T00:00:00+00:00")
SHARES = {"sunny": 1.15, "dull": 0.85}


def scaled(share: float) -> str:
    """The normals with other light."""
    head, *rows = NORMALS.splitlines()
    found = [row.split(",") for row in rows]
    return "\n".join(
        [head, *(",".join([month, f"{float(light) * share:.3f}", *rest]) for month, light, *rest in found)]
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("幅")
    paths = town(folder)
    for name, share in SHARES.items():
        (folder / f"{name}.csv").write_text(scaled(share), encoding="utf-8-sig")
    return make_project(
        PlanInputs(
            paths["dsm"], paths["buildings"], paths["facilities"], paths["weather"], folder / "計画.kawasolar",
            weather_sunny=folder / "sunny.csv", weather_dull=folder / "dull.csv",
        )
    )  # fmt: skip


def test_the_band_is_what_a_plan_of_that_year_alone_yields(project: Project) -> None:
    """The same roofs and modules under the other file: to the last digit."""
    yields = project.plan.results.yields
    for name in SHARES:
        path = next(entry.path for entry in project.plan.inputs if entry.role == f"weather_{name}")
        bench = Bench(
            tuple(replace(entry, path=path) if entry.role == "weather" else entry for entry in project.plan.inputs),
            6677,
        )
        from kawasolar.yields import compute_yields

        results = project.plan.results
        alone = compute_yields(
            results.planes,
            results.sunlit,
            results.azimuths,
            results.subarrays,
            results.links,
            bench.weather(),
            project.plan.profile,
        ).yields
        assert np.array_equal(yields[f"energy_{name}_kwh"], alone["energy_kwh"])
        for month in MONTHS:
            assert np.array_equal(yields[f"{name}_{month}"], alone[month])
    assert (yields["energy_dull_kwh"] < yields["energy_kwh"]).all()
    assert (yields["energy_kwh"] < yields["energy_sunny_kwh"]).all()


def test_a_year_that_is_taken_away_takes_its_figures_along(project: Project) -> None:
    edit = edits.exchange_files(
        project.entries,
        project.plan.inputs,
        [no_file("weather_dull")],
        BY,
        profile="",
        before=project.profile.to_toml(),
    )
    waiting = with_edit(project, edit)
    stale = [state.name for state in states(waiting.plan, waiting.profile) if not state.is_fresh]
    assert stale[0] == "yield"
    done = bring_up_to_date(waiting)
    yields = done.plan.results.yields
    assert "energy_sunny_kwh" in yields
    assert not [name for name in yields if "dull" in str(name)]
    assert done.plan.results.subarrays is project.plan.results.subarrays
    back = bring_up_to_date(with_edit(done, edits.exchange_files(
        done.entries, done.plan.inputs, observed([InputFile("weather_dull", str(Path(done.plan.inputs[0].path).parent / "dull.csv"), 0, "")]), BY,
        profile="", before=done.profile.to_toml(),
    )))  # fmt: skip
    assert np.array_equal(back.plan.results.yields["energy_dull_kwh"], project.plan.results.yields["energy_dull_kwh"])


def test_the_band_is_saved_listed_and_explained(project: Project, tmp_path: Path) -> None:
    save_project(project, tmp_path / "計画.kawasolar")
    plan = load_project(tmp_path / "計画.kawasolar").plan
    assert plan.results.yields.equals(project.plan.results.yields)
    frame = site_frame(plan, "ja")
    assert {"energy_dull_kwh", "energy_sunny_kwh"} <= set(frame)
    for name in SHARES:
        figure = f"energy_{name}_kwh"
        assert figure in figures_of(plan, "001")
        found = explain(plan, figure, "001")
        assert found.value == pytest.approx(plan.results.yields.set_index("facility_id").loc["001", figure])
        assert f"weather_{name}" in {entry.role for entry in found.walk() if isinstance(entry, FileSource)}
        for language in ("ja", "en"):
            assert all("why." not in line for _, line in sentences(found, language))  # type: ignore[arg-type]


def test_one_facility_computed_anew_keeps_the_band_of_all(project: Project) -> None:
    turned = with_edit(project, edits.lay_out(project.entries, "s1", ["002"], {"layout.racks": 3.0}, BY))
    after = bring_up_to_date(turned).plan.results.yields.set_index("facility_id")
    before = project.plan.results.yields.set_index("facility_id")
    assert list(after) == list(before)
    same = [name for name in before.index if name != "002"]
    assert after.loc[same].equals(before.loc[same])
    assert after.loc["002", "energy_sunny_kwh"] != before.loc["002", "energy_sunny_kwh"]
