"""The project file: scenarios, corrections, upgrades of versions 1 and 2, and files that somebody has tampered with."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from kawasolar.document.edits import (
    Author,
    add_keepout,
    correct_join,
    correct_ledger,
    duplicate_scenario,
    set_objective,
    set_share,
    set_value,
    veto,
)
from kawasolar.document.entries import apply
from kawasolar.document.views import corrected, profile_of, settings_of
from kawasolar.errors import NotWritable, UnreadableProject
from kawasolar.layout_values import COLUMNS
from kawasolar.plan import Decision, ExportRecord, LedgerRead, Project, SaveMark
from kawasolar.project import (
    CACHE_RASTERS,
    cache_folder,
    carry_cache,
    load_plan,
    load_project,
    project_of,
    read_mark,
    save_plan,
    save_project,
)
from kawasolar.stages import stamped, states
from kawasolar.words import say
from tests.kawasolar.test_project import alter, assert_same
from tests.support.plans import example_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.document.entries import Edit, Entries
    from kawasolar.plan import Plan

VERSION_1 = Path(__file__).resolve().parent.parent / "data" / "version1"
VERSION_2 = VERSION_1.parent / "version2" / "edited.kawasolar"
BY = Author("川崎 花子", "現地で確認した", "2026-11-20T09:00:00+00:00")
FIRST = "0000001"


def entered(project: Project, *edits: Callable[[Entries], Edit]) -> Entries:
    entries = project.entries
    for edit in edits:
        entries = apply(entries, edit(entries))
    return entries


def placed(base: Project, entries: Entries, plans: dict[str, Plan]) -> Project:
    """The plans as scenarios of one project, each with what the entries say of it, and stamped."""
    made = {}
    for key, plan in plans.items():
        own = replace(
            plan, entries=entries, scenario=key, profile=profile_of(entries, key, base.profile),
            settings=settings_of(entries, key, base.profile),
        )  # fmt: skip
        made[key] = stamped(own, base.profile)
    return replace(base, entries=entries, plans=made)


def three_scenarios(folder: Path) -> Project:
    """The second scenario shares all but the decision, the third has yields of its own; the ledger and a join are corrected."""
    plan = example_plan(folder, facilities=9)
    columns = {"name": "施設名称", "built_year": "建築年度"}
    links = plan.results.links.copy()
    links.loc[0, "building_id"] = plan.results.buildings["building_id"].iloc[0]
    plan = replace(
        plan, read=LedgerRead(plan.facilities, plan.results.links, columns, "施設"), results=replace(plan.results, links=links)
    )  # fmt: skip
    base = project_of(plan)
    read = plan.facilities.loc[0, "built_year"]
    outline = plan.results.buildings.geometry.iloc[0]
    entries = entered(
        base,
        lambda e: correct_ledger(e, FIRST, "built_year", 1999, float(read), BY),
        lambda e: correct_ledger(e, "0000002", "name", "改称された学校", plan.facilities.loc[1, "name"], BY),
        lambda e: correct_join(e, FIRST, [str(links.loc[0, "building_id"])], BY),
        lambda e: add_keepout(e, str(links.loc[0, "building_id"]), outline.centroid.buffer(1.0), BY),
        lambda e: duplicate_scenario(e, "s1", "電力量を優先")[0],
        lambda e: duplicate_scenario(e, "s1", "効率のよい機器")[0],
        lambda e: set_objective(e, "s2", "energy"),
        lambda e: veto(e, "s2", ["0000003"], BY),
        lambda e: set_share(e, "s3", 0.25),
        lambda e: set_value(e, "s3", "pv.pcs_efficiency", 0.97, BY, source="カタログ"),
    )
    plan = replace(plan, facilities=corrected(entries, plan.facilities))
    decision = Decision(plan.decision.outcomes.copy(), plan.decision.sites.assign(chosen=False), ("flood",))
    yields = plan.results.yields.assign(energy_kwh=plan.results.yields["energy_kwh"] * 1.01)
    own = replace(plan.results, yields=yields, month_hour=plan.results.month_hour * np.float32(1.01))
    other = Decision(plan.decision.outcomes.copy(), plan.decision.sites.assign(rank=None))
    third = replace(plan, results=own, decision=other)
    project = placed(base, entries, {"s1": plan, "s2": replace(plan, decision=decision), "s3": third})
    papers = (ExportRecord("pdf", str(plan.cache / "一覧.pdf"), "ja", "s2", "0123-4567-89ab", "2026-11-21", "花子"),)
    return replace(project, active="s1", exports=papers, mark=SaveMark("j1", 41))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return three_scenarios(tmp_path_factory.mktemp("three"))


@pytest.fixture
def saved(three: Project, tmp_path: Path) -> Path:
    path = tmp_path / "三つの案.kawasolar"
    assert save_project(three, path) is None
    return path


def table_names(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    names = {row[0] for row in connection.execute("SELECT table_name FROM gpkg_contents")}
    connection.close()
    return names


# ---------------------------------------------------------------------------------------------- there and back


def assert_same_project(left: Project, right: Project) -> None:
    assert right.entries == left.entries
    assert right.entries.canonical() == left.entries.canonical()
    for name in ("active", "exports", "mark"):
        assert getattr(right, name) == getattr(left, name), name
    assert right.profile == left.profile
    assert list(right.plans) == list(left.plans)
    for key, plan in left.plans.items():
        back = right.plans[key]
        assert_same(plan, back)
        assert (back.scenario, back.scenario_name) == (key, plan.scenario_name)
        assert back.stamps == plan.stamps
        assert back.entries is right.entries
        assert plan.read is not None
        assert back.read is not None
        assert (back.read.columns, back.read.sheet) == (plan.read.columns, plan.read.sheet)
        assert_frame_equal(plan.read.links, back.read.links)
        assert_frame_equal(plan.read.frame.drop(columns="geometry"), back.read.frame.drop(columns="geometry"))
        for name in ("month_hour", "month_hour_lost", "typical_days", "hourly", "azimuths"):
            np.testing.assert_array_equal(getattr(back.results, name), getattr(plan.results, name))
        assert np.abs(back.results.sunlit - plan.results.sunlit).max() <= 1 / 510 + 1e-7


def test_three_scenarios_come_back(three: Project, saved: Path) -> None:
    back = load_project(saved)
    assert_same_project(three, back)
    assert back.upgraded_from is None
    assert [plan.settings.share for plan in back.plans.values()] == [0.5, 0.5, 0.25]
    assert [plan.settings.objective for plan in back.plans.values()] == ["co2", "energy", "co2"]
    assert [plan.profile.number("pv.pcs_efficiency") for plan in back.plans.values()][2] == 0.97
    assert back.profile.number("pv.pcs_efficiency") != 0.97
    for key, plan in back.plans.items():
        assert [s.freshness for s in states(plan, back.profile)] == ["fresh"] * 14, key


def test_what_scenarios_share_is_one_object_again(saved: Path) -> None:
    s1, s2, s3 = load_project(saved).plans.values()
    assert s1.results is s2.results
    assert s1.facilities is s2.facilities is s3.facilities
    assert s1.read is s2.read is s3.read
    assert s1.profile is s2.profile
    assert s1.inputs is s2.inputs is s3.inputs
    assert s1.findings is s2.findings is s3.findings
    for name in ("buildings", "planes", "sunlit", "azimuths", "subarrays", "links"):
        assert getattr(s1.results, name) is getattr(s3.results, name), name
    for name in ("yields", "month_hour", "month_hour_lost", "typical_days", "hourly"):
        assert getattr(s1.results, name) is not getattr(s3.results, name), name
    assert s1.decision is not s2.decision
    assert s1.decision is not s3.decision
    assert s1.cache == s2.cache == s3.cache


def test_what_scenarios_share_is_stored_once(three: Project, saved: Path, tmp_path: Path) -> None:
    base = {
        "facilities", "facilities_read", "buildings", "roof_planes", "subarrays", "links", "links_read", "yields", "outcomes", "sites",
        "inputs", "findings", "profile", "entries", "stamps", "exports", "kawasolar_arrays", "kawasolar_meta",
    }  # fmt: skip
    assert table_names(saved) == base | {"outcomes__s2", "sites__s2", "yields__s3", "outcomes__s3", "sites__s3"}
    connection = sqlite3.connect(saved)
    arrays = {row[0] for row in connection.execute("SELECT name FROM kawasolar_arrays")}
    titles = dict(connection.execute("SELECT table_name, description FROM gpkg_contents"))
    connection.close()
    assert arrays == {
        "sunlit", "azimuths", "month_hour", "month_hour_lost", "typical_days", "hourly",
        "month_hour__s3", "month_hour_lost__s3", "typical_days__s3", "hourly__s3",
    }  # fmt: skip
    assert titles["yields__s3"] == "施設別の発電量(効率のよい機器) / Yield of each facility (効率のよい機器)"
    assert titles["facilities"] == "公共施設 / Public facilities"
    alone = tmp_path / "alone.kawasolar"
    save_plan(three.plan, alone)
    assert load_project(alone).entries.table("scenarios").keys() == {"s1"}
    assert saved.stat().st_size < 2 * alone.stat().st_size


def test_the_active_scenario_has_the_plain_names(three: Project, tmp_path: Path) -> None:
    path = tmp_path / "p.kawasolar"
    save_project(replace(three, active="s3"), path)
    assert {"yields__s1", "sites__s1", "outcomes__s1"} < table_names(path)
    assert "yields__s3" not in table_names(path)
    assert_same_project(replace(three, active="s3"), load_project(path))
    assert load_plan(path).scenario == "s3"


def test_equal_stamps_are_stored_once_even_where_the_objects_differ(three: Project, tmp_path: Path) -> None:
    """Two scenarios that were computed one after the other from the same."""
    twin = replace(three.plans["s2"], results=replace(three.plan.results, yields=three.plan.results.yields.copy()))
    save_project(replace(three, plans={**three.plans, "s2": twin}), tmp_path / "p.kawasolar")
    assert "yields__s2" not in table_names(tmp_path / "p.kawasolar")


def test_surveys_and_ledgers_of_their_own(three: Project, tmp_path: Path) -> None:
    """A scenario that has not been brought up to date has everything of its own, layers too."""
    plan = three.plans["s2"]
    assert plan.read is not None
    keep = plan.results.planes.index < len(plan.results.planes) - 2
    standing = plan.results.subarrays["plane_id"].isin(plan.results.planes.loc[keep, "plane_id"])
    old = replace(
        plan, stamps={}, crs=plan.crs, read=LedgerRead(plan.read.frame.copy(), plan.read.links.copy(), {"name": "名"}),
        results=replace(
            plan.results, buildings=plan.results.buildings.copy(), planes=plan.results.planes[keep].copy(),
            sunlit=plan.results.sunlit[keep], subarrays=plan.results.subarrays[standing].reset_index(drop=True), links=plan.results.links.copy(), open_sky_kwh_m2=1.0,
        ),
        findings=plan.findings[:0], inputs=plan.inputs[:2], name="前の", synthetic=False,
    )  # fmt: skip
    project = replace(three, plans={**three.plans, "s2": old})
    path = tmp_path / "p.kawasolar"
    save_project(project, path)
    suffixed = {name for name in table_names(path) if name.endswith("__s2")}
    assert suffixed == {
        "facilities__s2", "facilities_read__s2", "buildings__s2", "roof_planes__s2", "subarrays__s2", "links__s2", "links_read__s2", "yields__s2",
        "outcomes__s2", "sites__s2", "findings__s2", "inputs__s2",
    } - {"yields__s2"}  # fmt: skip
    shutil.copy(path, path.with_suffix(".gpkg"))
    layers = {name for name, kind in pyogrio.list_layers(path.with_suffix(".gpkg")) if kind is not None}
    assert {"facilities__s2", "buildings__s2", "roof_planes__s2", "subarrays__s2"} < layers
    back = load_project(path)
    assert_same_project(project, back)
    assert back.plans["s2"].cache == cache_folder(path)
    assert back.plans["s1"].cache.parent == cache_folder(path)


def test_scenarios_come_back_in_their_order_and_by_any_key(three: Project, tmp_path: Path) -> None:
    renamed = {"s1": "s1", "s2": '案 "2"; DROP TABLE sites;--', "s3": "S1"}
    tables: dict[str, dict[str, Any]] = {}
    for name, table in three.entries.tables.items():
        tables[name] = {
            "/".join([renamed.get(key.split("/")[0], key.split("/")[0]), *key.split("/")[1:]]): e
            for key, e in table.items()
        }
    entries = replace(
        three.entries,
        tables={**tables, "scenarios": {**tables["scenarios"], "S1": {**tables["scenarios"]["S1"], "order": 0}}},
    )
    plans = {renamed[key]: replace(plan, scenario=renamed[key], entries=entries) for key, plan in three.plans.items()}
    project = replace(three, entries=entries, plans=plans)
    save_project(project, tmp_path / "p.kawasolar")
    back = load_project(tmp_path / "p.kawasolar")
    assert list(back.plans) == ["S1", "s1", renamed["s2"]]
    assert_same_project(replace(project, plans={key: plans[key] for key in back.plans}), back)


def test_corrections_are_seen_and_what_was_read_stays(three: Project, saved: Path) -> None:
    as_gpkg = saved.with_suffix(".gpkg")
    shutil.copy(saved, as_gpkg)
    shown = pyogrio.read_dataframe(as_gpkg, layer="facilities").set_index("facility_id")
    raw = pyogrio.read_dataframe(as_gpkg, layer="facilities_read").set_index("facility_id")
    assert (shown.loc[FIRST, "built_year"], shown.loc["0000002", "name"]) == (1999, "改称された学校")
    assert three.plan.read is not None
    assert raw.loc[FIRST, "built_year"] == three.plan.read.frame["built_year"].tolist()[0]
    back = load_plan(saved)
    assert back.read is not None
    assert back.facilities.loc[0, "built_year"] == 1999
    assert back.read.frame.loc[0, "built_year"] == raw.loc[FIRST, "built_year"]
    assert back.results.links["building_id"].tolist()[0] != back.read.links["building_id"].tolist()[0]


def test_a_column_that_the_ledger_lacks_can_be_corrected(three: Project, tmp_path: Path) -> None:
    plan = three.plan
    assert plan.read is not None
    raw = plan.read.frame.drop(columns="shelter")
    entries = apply(three.entries, correct_ledger(three.entries, FIRST, "shelter", True, None, BY))
    plan = replace(plan, read=replace(plan.read, frame=raw), facilities=corrected(entries, raw), entries=entries)
    save_plan(plan, tmp_path / "p.kawasolar")
    back = load_plan(tmp_path / "p.kawasolar")
    assert back.read is not None
    assert "shelter" not in back.read.frame.columns
    assert back.facilities["shelter"].iloc[0] is True
    assert back.facilities["shelter"].isna().tolist() == [False] + [True] * 8
    assert_same(plan, back)


def test_no_corrections_no_second_ledger(tmp_path: Path) -> None:
    plan = example_plan(tmp_path / "p", facilities=4)
    save_plan(plan, tmp_path / "p.kawasolar")
    assert not {"facilities_read", "links_read"} & table_names(tmp_path / "p.kawasolar")
    back = load_plan(tmp_path / "p.kawasolar")
    assert back.read is not None
    assert back.read.frame is back.facilities
    assert back.read.links is back.results.links


def test_half_a_character_does_not_stop_the_saving(three: Project, tmp_path: Path) -> None:
    entries = apply(three.entries, veto(three.entries, "s1", [FIRST], replace(BY, why="\ud83d 理由")))
    project = replace(three, entries=entries)
    save_project(project, tmp_path / "p.kawasolar")
    assert load_project(tmp_path / "p.kawasolar").entries == entries


def test_settings_that_no_entry_says_become_entries(tmp_path: Path) -> None:
    plan = example_plan(tmp_path / "p", facilities=4)
    turned = replace(plan.settings, share=0.3, pins=frozenset({FIRST}), criteria={"seismic": (False, None)})
    project = project_of(replace(plan, settings=turned))
    assert settings_of(project.entries, "s1", project.profile) == turned
    again = project_of(replace(project.plan, settings=replace(turned, share=0.9)))
    assert again.entries.get("share", "s1") == 0.9
    assert again.entries.get("pins", f"s1/{FIRST}") == {"why": "", "who": "", "when": ""}


def test_a_project_that_could_not_be_opened_is_not_written(three: Project, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="s3"):
        save_project(replace(three, plans={"s1": three.plan}), tmp_path / "p.kawasolar")
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["pins", "vetoes"]), st.sets(st.text(min_size=1, max_size=6), max_size=4)),
    st.text(max_size=12),
    st.floats(0, 1),
)
def test_entries_come_back_byte_for_byte(
    tmp_path: Path, three: Project, marks: dict[str, set[str]], why: str, share: float
) -> None:
    project = project_of(three.plan)
    mark = {"why": why, "who": "誰か", "when": ""}
    tables = {name: dict(table) for name, table in project.entries.tables.items()}
    for table, names in marks.items():
        tables[table] = {f"s1/{name}": mark for name in names}
    tables["share"] = {"s1": share}
    entries = replace(project.entries, tables=tables)
    path = tmp_path / "p.kawasolar"
    save_project(replace(project, entries=entries), path)
    assert load_project(path).entries.canonical() == entries.canonical()


# ---------------------------------------------------------------------------------------------- version 1


@pytest.fixture(params=["sample", "turned"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"{request.param}.kawasolar"
    shutil.copy(VERSION_1 / path.name, path)
    return path


def columns_of(path: Path, table: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608
    connection.close()
    return rows


def test_version_1_is_upgraded_saved_and_opened_again(older: Path) -> None:
    data = older.read_bytes()
    first = load_project(older)
    assert older.read_bytes() == data
    assert first.upgraded_from == 1
    assert first.plan.cache == cache_folder(older)
    assert first.plan.scenario_name in ("基本案", "Base case")
    # Its survey is of the engine of its time, its capacities are of the area, and nothing was laid out.
    _, _, _, survey, layout, made, *_ = states(first.plan, first.profile)
    assert [(reason.kind, reason.before, reason.after) for reason in survey.reasons] == [("version", "1", "3")]
    assert [(reason.kind, reason.before, reason.after) for reason in made.reasons] == [("version", "1", "4")]
    assert (layout.reasons, layout.parts, layout.stale_parts) == ((), layout.parts, layout.parts)
    # Its links were made without a look at size and use.
    standing = [
        "stale",
        "stale",
        "fresh",
        "stale",
        "missing",
        "stale",
        "follows",
        "follows",
        *["fresh"] * 3,
        "missing",
        "fresh",
        "fresh",
    ]
    assert [state.freshness for state in states(first.plan, first.profile)] == standing
    backup = save_project(first, older)
    assert backup == older.with_name(f"{older.stem}.v1.kawasolar")
    assert backup.read_bytes() == data
    second = load_project(older)
    assert second.upgraded_from is None
    assert_same_project(first, second)
    np.testing.assert_array_equal(first.plan.results.sunlit, second.plan.results.sunlit)
    # Saved again there is nothing old any more.
    assert save_project(second, older) is None
    assert sorted(path.name for path in older.parent.iterdir()) == sorted([older.name, backup.name])


def test_the_results_of_version_1_are_those_in_the_file(older: Path) -> None:
    """Read here by other means: SQL and GDAL."""
    plan = load_project(older).plan
    for table, frame in (
        ("yields", plan.results.yields),
        ("sites", plan.decision.sites),
        ("links", plan.results.links),
    ):
        rows = columns_of(older, table)
        assert len(rows) == len(frame)
        assert [row[1] for row in rows] == frame.iloc[:, 0].tolist()
    energy = [row[5] for row in columns_of(older, "yields")]
    assert plan.results.yields["energy_kwh"].tolist() == energy
    as_gpkg = older.with_suffix(".gpkg")
    shutil.copy(older, as_gpkg)
    planes = pyogrio.read_dataframe(as_gpkg, layer="roof_planes")
    assert planes["plane_id"].tolist() == plan.results.planes["plane_id"].tolist()
    assert shapely.area(planes.geometry.to_numpy()).sum() == pytest.approx(plan.results.planes.area.sum(), rel=1e-12)


def test_the_settings_of_version_1_become_entries(tmp_path: Path) -> None:
    project = load_project(VERSION_1 / "turned.kawasolar")
    turned = project.plan.settings
    assert (turned.share, turned.objective) == (0.4, "energy")
    assert turned.criteria == {"remaining_years": (True, 15.0), "seismic": (False, None)}
    assert turned.pins == {"0000001", "0000002"}
    assert turned.vetoes == {"0000004"}
    mark = {"why": "", "who": "", "when": "2026-11-23T20:28:25+00:00"}
    assert project.entries.get("pins", "s1/0000001") == mark
    assert project.entries.get("criteria", "s1/seismic") == {"applied": False, "threshold": None, **mark}
    assert project.entries.get("share", "s1") == 0.4
    assert project.mark == SaveMark()
    # Nothing was written beside the kept files.
    assert sorted(path.name for path in VERSION_1.iterdir()) == ["sample.kawasolar", "turned.kawasolar"]


def test_no_backup_is_ever_written_over(older: Path) -> None:
    data = older.read_bytes()
    project = load_project(older)
    taken = older.with_name(f"{older.stem}.v1.kawasolar")
    taken.write_bytes(b"another")
    backup = save_project(project, older)
    assert backup == older.with_name(f"{older.stem}.v1 (2).kawasolar")
    assert (taken.read_bytes(), backup.read_bytes()) == (b"another", data)
    # A crash between the copy and the saving leaves the copy: it is the same, and none is added.
    older.write_bytes(data)
    assert save_project(project, older) == backup


def test_without_a_backup_nothing_is_saved(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = older.read_bytes()
    project = load_project(older)

    def refuse(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(shutil, "copyfile", refuse)
    with pytest.raises(NotWritable) as caught:
        save_project(project, older)
    assert caught.value.code == "export.disk_full"
    assert older.read_bytes() == data
    assert [path.name for path in older.parent.iterdir()] == [older.name]


def test_saved_elsewhere_an_older_file_needs_no_backup(older: Path, tmp_path: Path) -> None:
    assert save_project(load_project(older), tmp_path / "neu" / "p.kawasolar") is None
    assert [path.name for path in (tmp_path / "neu").iterdir()] == ["p.kawasolar"]


def test_the_rasters_of_version_1_move_into_the_folder_of_their_survey(older: Path) -> None:
    root = cache_folder(older)
    root.mkdir()
    for name in CACHE_RASTERS:
        (root / name).write_text(name, encoding="utf-8")
    (root / "notes.txt").touch()
    project = load_project(older)
    save_project(project, older)
    carried = carry_cache(project, older)
    assert carried.plan.cache == root / project.plan.stamps["survey"].base[:12] == load_plan(older).cache
    assert sorted(path.name for path in carried.plan.cache.iterdir()) == sorted(CACHE_RASTERS)
    assert sorted(path.name for path in root.iterdir()) == sorted(["notes.txt", carried.plan.cache.name])


def test_absurd_sizes_are_not_copied_into_memory(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kawasolar.project.upgrade._LARGEST", 1000)
    with pytest.raises(UnreadableProject) as caught:
        load_project(older)
    assert caught.value.code == "project.damaged"


# ---------------------------------------------------------------------------------------------- saved meanwhile


def test_a_file_that_somebody_else_saved_is_not_replaced(three: Project, saved: Path) -> None:
    assert read_mark(saved) == three.mark
    save_project(replace(three, mark=SaveMark("j1", 42)), saved, expect=three.mark, who="太郎")
    data = saved.read_bytes()
    with pytest.raises(NotWritable) as caught:
        save_project(three, saved, expect=three.mark)
    error = caught.value
    assert (error.code, error.details["file"], error.details["who"]) == (
        "project.changed_meanwhile",
        str(saved),
        "太郎",
    )
    assert str(error.details["when"]).startswith("20")
    assert "太郎" in say("ja", error.code, **error.details)
    assert saved.read_bytes() == data
    save_project(three, saved, expect=SaveMark("j1", 42))
    assert read_mark(saved) == three.mark


def test_a_file_of_a_newer_program_is_not_replaced(three: Project, saved: Path) -> None:
    alter(
        saved,
        "UPDATE kawasolar_meta SET value = '8' WHERE key = 'format_version'",
        "UPDATE kawasolar_meta SET value = '[]' WHERE key = 'mark'",
    )
    data = saved.read_bytes()
    for expect in (three.mark, SaveMark()):
        with pytest.raises(NotWritable) as caught:
            save_project(three, saved, expect=expect)
        assert caught.value.code == "project.changed_meanwhile"
    assert saved.read_bytes() == data


def test_where_nothing_stands_nothing_has_changed(three: Project, tmp_path: Path) -> None:
    path = tmp_path / "p.kawasolar"
    assert read_mark(path) is None
    save_project(three, path, expect=SaveMark("other", 3))
    assert read_mark(path) == three.mark
    path.write_bytes(b"garbage")
    assert read_mark(path) is None
    save_project(three, path, expect=SaveMark("other", 3))
    assert load_project(path).mark == three.mark


def test_a_drive_that_is_gone_is_not_made_anew(three: Project, tmp_path: Path) -> None:
    path = tmp_path / "share" / "plans" / "p.kawasolar"
    with pytest.raises(NotWritable) as caught:
        save_project(three, path, expect=three.mark)
    assert caught.value.code == "project.folder_gone"
    assert str(path.parent) in say("en", caught.value.code, **caught.value.details)
    assert list(tmp_path.iterdir()) == []


def test_a_drive_that_goes_while_reading_is_said(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.stat

    def gone(self: Path, **named: bool) -> os.stat_result:
        if self == saved:
            raise OSError(5, os.strerror(5))
        return real(self, **named)

    monkeypatch.setattr(Path, "stat", gone)
    with pytest.raises(UnreadableProject) as caught:
        load_project(saved)
    assert caught.value.code == "project.not_readable"
    assert read_mark(saved) is None


def test_a_version_1_file_bears_no_mark(older: Path) -> None:
    project = load_project(older)
    assert read_mark(older) is None
    assert save_project(replace(project, mark=SaveMark("j", 1)), older, expect=project.mark) is not None
    assert read_mark(older) == SaveMark("j", 1)


def test_a_file_that_is_being_written_is_left_alone(older: Path) -> None:
    """Its version cannot be told, so that it could be lost without a backup."""
    project = load_project(older)
    other = sqlite3.connect(older, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE kawasolar_meta SET value = value || ' '")
    try:
        with pytest.raises(NotWritable) as caught:
            save_project(project, older)
        assert caught.value.code == "export.locked"
        assert read_mark(older) is None
    finally:
        other.rollback()
        other.close()
    assert load_project(older).upgraded_from == 1


# ---------------------------------------------------------------------------------------------- rasters


def test_scenarios_share_the_rasters_of_a_survey(three: Project, tmp_path: Path) -> None:
    project = three
    own = replace(project.plans["s3"].stamps["survey"], inputs={"file:dsm": "another"})
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(project.plan.cache, elsewhere)
    (elsewhere / "irradiation.tif").write_bytes(b"other light")
    third = replace(project.plans["s3"], stamps={**project.plans["s3"].stamps, "survey": own}, cache=elsewhere)
    project = replace(project, plans={**project.plans, "s3": third})
    path = tmp_path / "p.kawasolar"
    root = cache_folder(path)
    unused, foreign = root / ("0" * 12), root / "mine"
    for folder in (unused, foreign):
        folder.mkdir(parents=True)
        (folder / "planes.tif").touch()
    (root / "surface.tif").touch()
    save_project(project, path)
    carried = carry_cache(project, path)
    s1, s2, s3 = carried.plans.values()
    assert s1.cache == s2.cache != s3.cache
    assert (s3.cache / "irradiation.tif").read_bytes() == b"other light"
    assert (s1.cache / "irradiation.tif").read_bytes() == (three.plan.cache / "irradiation.tif").read_bytes()
    assert sorted(found.name for found in root.iterdir()) == sorted(["mine", s1.cache.name, s3.cache.name])
    back = load_project(path)
    assert [plan.cache for plan in back.plans.values()] == [s1.cache, s2.cache, s3.cache]
    assert carry_cache(back, path) is back


# ---------------------------------------------------------------------------------------------- other programs


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


def test_qgis_engine_reads_every_layer(three: Project, saved: Path) -> None:
    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("ogrinfo is not installed (Debian: gdal-bin)")
    as_gpkg = saved.with_suffix(".gpkg")
    shutil.copy(saved, as_gpkg)
    shown = run(program, "-ro", "-al", "-so", str(as_gpkg))
    assert (shown.returncode, shown.stderr) == (0, "")
    found = {line.removeprefix("Layer name: ") for line in shown.stdout.splitlines() if line.startswith("Layer name: ")}
    assert found == table_names(saved)
    # All rows too, not only their count.
    whole = run(program, "-ro", "-al", "-q", str(as_gpkg))
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "改称された学校" in whole.stdout
    # By its own name GDAL has one thing to say: the ending.
    own = run(program, "-ro", "-al", "-so", str(saved))
    assert own.returncode == 0
    assert [line for line in own.stderr.splitlines() if "non conformant file extension" not in line] == []


def validator() -> list[str]:
    """GDAL's own check of a GeoPackage, which comes with its Python bindings."""
    script = Path("/usr/lib/python3/dist-packages/osgeo_utils/samples/validate_gpkg.py")
    python = shutil.which("python3", path="/usr/bin")
    if python is None or not script.is_file():
        pytest.skip("validate_gpkg.py is not installed (Debian: python3-gdal)")
    return [python, str(script)]


def test_gdal_calls_it_a_valid_geopackage(three: Project, saved: Path, tmp_path: Path) -> None:
    check = [*validator(), "-k", "--extra", "--warning-as-error"]
    as_gpkg = saved.with_suffix(".gpkg")
    shutil.copy(saved, as_gpkg)
    found = run(*check, str(as_gpkg))
    assert (found.returncode, found.stderr) == (0, ""), found.stdout
    # The check can fail: a layer whose envelope is wrong.
    connection = sqlite3.connect(as_gpkg)
    with connection:
        connection.execute(
            "UPDATE gpkg_geometry_columns SET geometry_type_name = 'LINESTRING' WHERE table_name = 'buildings'"
        )
    connection.close()
    assert run(*check, str(as_gpkg)).returncode != 0


def test_every_table_is_registered_and_every_layer_has_its_index(three: Project, saved: Path) -> None:
    connection = sqlite3.connect(saved)
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    own = {name for (name,) in rows if not name.startswith(("gpkg_", "rtree_", "sqlite_"))}
    assert own == table_names(saved)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    layers = [name for (name,) in connection.execute("SELECT table_name FROM gpkg_geometry_columns")]
    assert sorted(layers) == ["buildings", "facilities", "facilities_read", "roof_planes", "subarrays"]
    for layer in layers:
        shapes = connection.execute(f"SELECT count(*) FROM {layer} WHERE geom IS NOT NULL").fetchone()  # noqa: S608
        assert connection.execute(f"SELECT count(*) FROM rtree_{layer}_geom").fetchone() == shapes  # noqa: S608
        extension = "SELECT count(*) FROM gpkg_extensions WHERE table_name = ? AND extension_name = 'gpkg_rtree_index'"
        assert connection.execute(extension, (layer,)).fetchone() == (1,)
    connection.close()


# ---------------------------------------------------------------------------------------------- what is left behind


def test_what_a_killed_program_left_is_swept_away_a_day_later(three: Project, tmp_path: Path) -> None:
    old, young = tmp_path / ".kawasolar-0123456789ab.gpkg", tmp_path / ".kawasolar-ba9876543210.gpkg"
    others = tmp_path / ".kawasolar-notes.txt", tmp_path / "x.kawasolar-0123456789ab"
    for path in (old, young, *others):
        path.touch()
    for path in (old, *others):
        os.utime(path, (time.time() - 100_000,) * 2)
    save_plan(three.plan, tmp_path / "p.kawasolar")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {young.name, "p.kawasolar", *(path.name for path in others)}


@pytest.fixture
def second(tmp_path: Path) -> Path:
    path = tmp_path / "edited.kawasolar"
    shutil.copy(VERSION_2, path)
    return path


def test_the_kept_file_of_version_2_opens_as_it_was_saved() -> None:
    """Written when version 2 was settled: whatever changes since, it must open, through an upgrade or without."""
    kept = load_project(VERSION_2)
    less, more = kept.plans["s1"], kept.plans["s2"]
    assert (less.settings.share, more.settings.share) == (0.4, 0.7)
    assert (more.scenario_name, kept.mark.seq) == ("7割", 8)
    assert less.profile.number("co2.grid_factor") == 0.38
    assert len(less.settings.pins) == 2
    assert len(less.settings.vetoes) == 1
    assert less.facilities["structure"].iloc[0] == "w"
    assert len(kept.entries.table("keepouts")) == 1
    assert less.results.planes is more.results.planes
    assert set(less.decision.sites.loc[less.decision.sites["chosen"], "facility_id"]) == less.settings.pins


def test_a_version_2_is_upgraded_saved_and_opened_again(second: Path) -> None:
    """It has no layout: nothing stands on its roofs, its yields are those that were saved, and both are said to be old."""
    data = second.read_bytes()
    first = load_project(second)
    assert second.read_bytes() == data
    assert first.upgraded_from == 2
    for plan in first.plans.values():
        results = plan.results
        assert len(results.subarrays) == 0
        assert list(results.subarrays.columns) == [*COLUMNS, "geometry"]
        assert {name: str(results.subarrays[name].dtype) for name in COLUMNS} == COLUMNS
        assert results.subarrays.crs == results.planes.crs
        assert "cell_rules" not in results.planes
        assert results.yields["capacity_kw"].sum() > 0
        found = {state.name: state for state in states(plan, first.profile)}
        assert [(r.kind, r.before, r.after) for r in found["survey"].reasons] == [("version", "1", "3")]
        assert ("version", "1", "4") in [(r.kind, r.before, r.after) for r in found["yield"].reasons]
        assert [state.freshness for state in found.values()] == [
            "stale", "stale", "fresh", "stale", "missing", "stale", "follows", "follows", *["fresh"] * 3, "missing", "fresh", "fresh",
        ]  # fmt: skip
    backup = save_project(first, second)
    assert backup == second.with_name("edited.v2.kawasolar")
    assert backup.read_bytes() == data
    again = load_project(second)
    assert again.upgraded_from is None
    assert_same_project(first, again)
    assert again.plans["s1"].results.subarrays is again.plans["s2"].results.subarrays
    assert "subarrays" in table_names(second)
    assert save_project(again, second) is None


def test_what_a_newer_program_left_in_a_version_2_is_not_taken_for_a_layout(second: Path) -> None:
    """A table of that name that version 2 knows nothing of."""
    alter(
        second,
        "CREATE TABLE subarrays (fid INTEGER PRIMARY KEY, plane_id)",
        "INSERT INTO subarrays (plane_id) VALUES (1)",
    )
    assert len(load_project(second).plan.results.subarrays) == 0
