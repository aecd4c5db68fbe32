"""Self-use as a stage of the plan: what it hangs on, what is kept, and that its figures are those of the half hours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kawasolar.demand import demand_of
from kawasolar.document import edits
from kawasolar.document.edits import Author
from kawasolar.half_hours import of_hours
from kawasolar.plan import USE_COLUMNS, InputFile, Plan, Project
from kawasolar.project import load_project, save_project
from kawasolar.provenance import explain, figures_of, sentences
from kawasolar.provenance.use import FIGURES
from kawasolar.stages import bring_up_to_date, observed, states, with_edit
from kawasolar.use import flows_of
from kawasolar.words import LANGUAGES
from tests.kawasolar.meter_files import POINT, RANGES, known, wide, write
from tests.support.town import project_of, small_town

BY = Author("係", "実績")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Never changed by a test: projects are values."""
    folder = tmp_path_factory.mktemp("計画")
    made = project_of(small_town(folder / "町"), folder)
    # One facility whose bill is known, one of which only the floor is.
    ids = made.plan.facilities["facility_id"].tolist()
    for column, facility, value in (("annual_kwh", ids[0], 90_000.0), ("annual_kwh", ids[1], None)):
        read = made.plan.facilities.set_index("facility_id").get(column)
        before = None if read is None or np.isnan(read[facility]) else float(read[facility])
        if before != value:
            made = with_edit(made, edits.correct_ledger(made.entries, facility, column, value, before, BY))
    return bring_up_to_date(made, inputs=made.plan.inputs)


def waiting(project: Project) -> set[str]:
    return {state.name for state in states(project.plan, project.profile) if not state.is_fresh}


def test_figures_are_those_of_the_half_hours(project: Project) -> None:
    plan = project.plan
    assert plan.use is not None
    frame = plan.use.frame
    assert frame["facility_id"].tolist() == plan.facilities["facility_id"].tolist()
    assert {str(name): str(kind) for name, kind in frame.dtypes.items()} == USE_COLUMNS
    first = frame.iloc[0]
    assert (first["source"], bool(first["estimated"])) == ("bill", True)
    assert first["load_kwh"] == pytest.approx(90_000, rel=1e-5)
    demand = demand_of(plan)
    for k, facility in enumerate(frame["facility_id"]):
        rows = np.flatnonzero((plan.results.yields["facility_id"] == facility).to_numpy())
        roof = of_hours(plan.results.hourly[rows[0]]) if len(rows) else np.zeros(17_520)
        used = np.minimum(demand.kwh[k], roof)
        if frame["source"].iloc[k] == "none":
            assert np.isnan(frame["self_use_kwh"].iloc[k])
            continue
        assert frame["self_use_kwh"].iloc[k] == pytest.approx(used.sum(), rel=1e-6, abs=1e-6)
        assert frame["surplus_kwh"].iloc[k] == pytest.approx((roof - used).sum(), rel=1e-6, abs=1e-3)
        assert frame["peak_after_kw"].iloc[k] == pytest.approx(2 * (demand.kwh[k] - used).max(), rel=1e-6)
        np.testing.assert_allclose(
            plan.use.months[k].sum(axis=1), [demand.kwh[k].sum(), roof.sum(), used.sum()], rtol=1e-4, atol=1e-2
        )
        np.testing.assert_allclose(
            plan.use.month_peaks[k].max(axis=1), frame[["peak_kw", "peak_after_kw"]].iloc[k].astype(float), rtol=1e-5
        )
        mine, flows = flows_of(plan, str(facility))
        assert mine.year is demand.year
        np.testing.assert_allclose(flows.self_use, used, rtol=1e-9)


def test_kept_and_opened_again(project: Project, tmp_path: Path) -> None:
    place = tmp_path / "計画.kawasolar"
    save_project(project, place)
    back = load_project(place).plan
    assert back.use is not None
    assert project.plan.use is not None
    assert back.use.frame.equals(project.plan.use.frame)
    np.testing.assert_array_equal(back.use.months, project.plan.use.months)
    np.testing.assert_array_equal(back.use.month_peaks, project.plan.use.month_peaks)
    assert waiting(load_project(place)) == waiting(project) == set()


def corrected(project: Project, column: str, value: object, read: object) -> Project:
    facility = str(project.plan.facilities["facility_id"].iloc[2])
    return with_edit(project, edits.correct_ledger(project.entries, facility, column, value, read, BY))


def test_only_what_tells_of_use_makes_it_stale(project: Project) -> None:
    assert "use" not in waiting(corrected(project, "built_year", 1999.0, 1985.0))
    more = corrected(project, "floor_area_m2", 4321.0, 1000.0)
    assert waiting(more) == {"use"}
    # Who knows no meters is not told otherwise by whose they would be.
    assert waiting(with_edit(project, edits.own_meters(project.entries, {POINT: "x"}, BY))) == set()


def with_meters(project: Project, folder: Path) -> Project:
    from kawasolar.meters import read_all, write_store

    name = str(project.plan.facilities["name"].iloc[1])
    path = write(folder / "a.csv", ["使用量(kWh)", *wide(known(days=365), RANGES, before=POINT)], "cp932")
    series, _, sources = read_all([path])
    write_store(series, folder / "meters.parquet", sources)
    files = observed([InputFile("meters", str(folder / "meters.parquet"), 0, "")])
    edited = with_edit(project, edits.exchange_files(project.entries, project.plan.inputs, files, BY))
    assert waiting(edited) == {"use"}
    assert name
    return bring_up_to_date(edited, inputs=edited.plan.inputs)


def row(plan: Plan, place: int) -> dict[str, object]:
    assert plan.use is not None
    return {str(key): value for key, value in plan.use.frame.iloc[place].items()}


def test_meters_go_before_the_bill(project: Project, tmp_path: Path) -> None:
    metered = with_meters(project, tmp_path)
    facility = str(project.plan.facilities["facility_id"].iloc[0])
    given = with_edit(metered, edits.own_meters(metered.entries, {POINT: facility}, BY))
    assert waiting(given) == {"use"}
    told = bring_up_to_date(given, inputs=given.plan.inputs)
    found = row(told.plan, 0)
    assert (found["source"], found["estimated"]) == ("meter", False)
    assert found["load_kwh"] != pytest.approx(90_000, rel=0.01)
    # Undone, what was reckoned before is taken over.
    back = with_edit(told, edits.own_meters(told.entries, {POINT: None}, BY), [metered.plan])
    assert waiting(back) == set()
    assert back.plan.use is metered.plan.use


def test_every_figure_is_explained_by_what_it_came_from(project: Project) -> None:
    plan = project.plan
    assert plan.use is not None
    for facility in plan.facilities["facility_id"].astype(str):
        found = plan.use.frame.set_index("facility_id").loc[facility]
        assert set(FIGURES) <= set(figures_of(plan, facility))
        for figure in FIGURES:
            told = explain(plan, figure, facility)
            value = float(found[figure])
            assert told.value is None if np.isnan(value) else told.value == pytest.approx(value)
            for language in LANGUAGES:
                text = "\n".join(line for _, line in sentences(told, language))
                assert "why." not in text, text
    first = str(plan.facilities["facility_id"].iloc[0])
    load = explain(plan, "load_kwh", first)
    assert load.formula == "load_bill"
    assert any(getattr(source, "column", "") == "annual_kwh" for source in load.inputs)
    assert [one.code for one in explain(plan, "self_use_ratio", first).inputs] == ["load_kwh", "energy_kwh"]
