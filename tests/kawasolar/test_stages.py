"""Stages: what makes each of them stale, that only what is stale is computed, and that this gives what computing everything gives."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

import kawasolar.decide
import kawasolar.join
import kawasolar.layouts
import kawasolar.ledger
import kawasolar.yields
from gis.errors import GisError
from gis.progress import Cancelled, silent
from kawasolar.choices import has_part
from kawasolar.document import edits
from kawasolar.document.entries import OF_SCENARIO, EditConflict, Entries, apply, edit_of, inverse
from kawasolar.document.views import profile_of, settings_of
from kawasolar.layout_values import MODULE
from kawasolar.layouts import compute_layouts
from kawasolar.owners import owners_of_buildings
from kawasolar.plan import InputFile, LedgerRead, Project, Results
from kawasolar.project import CACHE_RASTERS, load_project, save_project
from kawasolar.reasons import finding_sentence
from kawasolar.stages import (
    CHAIN,
    Bench,
    bring_up_to_date,
    observed,
    plan_fingerprint,
    stamped,
    states,
    with_edit,
    with_results,
)
from kawasolar.stages.chain import BY_NAME, expected
from kawasolar.stages.run import run_stale
from kawasolar.stages.steps import RUN
from kawasolar.stages.work import Work
from kawasolar.value_rules import CRITERION_RULES, INTEGERS, LATER_CRITERIA, VALUE_RULES
from kawasolar.words import catalogue
from tests.support.plans import example_plan
from tests.support.town import middles, project_of, small_town, square_on, write_ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.document.entries import Edit, Table
    from kawasolar.plan import Plan
    from kawasolar.profile import Profile, Value

BY = edits.Author("試験 花子", "試験のため", "2026-04-01T09:00:00+00:00")
ALL = (
    "ledger",
    "join",
    "registers",
    "survey",
    "layout",
    "yield",
    "eligibility",
    "selection",
    "programme",
    "lighting",
    "fleet",
    "use",
    "charging",
    "siting",
)
EVERYBODY = {"001", "002", "003", "004", "005"}
# Values of papers and warnings, which are computed when they are asked for.
OF_PAPERS = ("string.", "inverter.", "load.", "glare.", "ageing.", "surface.", "review.", "sizing.", *MODULE)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return small_town(tmp_path_factory.mktemp("町 data"))


@pytest.fixture(scope="module")
def project(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Never changed by a test: projects are values."""
    return project_of(files, tmp_path_factory.mktemp("計画"))


@pytest.fixture
def own(tmp_path: Path) -> tuple[dict[str, Path], Project]:
    """Files that a test may change, and their project."""
    made = small_town(tmp_path / "町")
    return made, project_of(made, tmp_path)


# ---------------------------------------------------------------------------------------------- helpers


def freshness(plan: Plan, base: Profile, inputs: tuple[InputFile, ...] | None = None) -> dict[str, str]:
    return {state.name: state.freshness for state in states(plan, base, inputs)}


def fresh(project: Project, key: str = "s1") -> bool:
    return set(freshness(project.plans[key], project.profile).values()) == {"fresh"}


def standing(*stale: str) -> dict[str, str]:
    """Freshness of all stages where these are stale by themselves: what comes after follows, each by the arrows of the chain."""
    after = {
        "ledger": set(), "join": {"ledger"}, "registers": set(), "survey": {"ledger", "join"}, "layout": {"ledger", "join", "survey"},
        "yield": {"ledger", "join", "survey", "layout"}, "use": {"ledger", "join", "survey", "layout", "yield"}, "eligibility": {"ledger", "join", "survey", "layout", "yield"},
        "selection": {"ledger", "join", "survey", "layout", "yield", "eligibility"}, "programme": set(), "lighting": set(), "fleet": set(), "charging": set(), "siting": set(),
    }  # fmt: skip
    return {
        name: "stale" if name in stale else "follows" if after[name].intersection(stale) else "fresh" for name in ALL
    }


def entered(project: Project, edit: Edit) -> Plan:
    """The plan under an edit, with nothing decided anew: as a file would be that another program changed."""
    return replace(project.plan, entries=apply(project.entries, edit))


def reasons(plan: Plan, base: Profile, inputs: tuple[InputFile, ...] | None = None) -> dict[str, set[tuple[str, str]]]:
    """Of the stages that are stale by themselves: kind and name of each reason that is no other stage."""
    found = {}
    for state in states(plan, base, inputs):
        if state.freshness == "stale":
            found[state.name] = {(reason.kind, reason.name) for reason in state.reasons if reason.kind != "stage"}
    return found


def other_value(project: Project, key: str) -> float:
    """Another value that the profile would allow."""
    _, low, high = VALUE_RULES[key]
    now = project.profile.number(key)
    step = 1.0 if now < high else -1.0
    wanted = now + step if key in INTEGERS else now + (high - now) / 8
    return wanted if wanted != now else (low + now) / 2


def from_scratch(project: Project, key: str, folder: Path, inputs: tuple[InputFile, ...] | None = None) -> Plan:
    """The scenario computed as if nothing of it had ever been computed."""
    plan, base = project.plans[key], project.profile
    work = Work(
        name=plan.name, scenario=key, entries=project.entries, base_profile=base, profile=profile_of(project.entries, key, base),
        settings=settings_of(project.entries, key, profile_of(project.entries, key, base)), inputs=inputs or plan.inputs, dsm=plan.dsm, cache_root=folder / "scratch.kawasolar-cache",
    )  # fmt: skip
    run_stale(work, Bench(work.inputs, base.epsg), [], silent)
    return work.plan()


def assert_same(one: Plan, other: Plan) -> None:
    """All results, the decision, the findings, and what they were computed from."""
    assert_geodataframe_equal(one.facilities, other.facilities)
    for name in (entry.name for entry in fields(Results)):
        left, right = getattr(one.results, name), getattr(other.results, name)
        if name in ("buildings", "planes", "subarrays"):
            assert_geodataframe_equal(left, right)
        elif name in ("links", "yields"):
            assert_frame_equal(left, right, check_exact=True)
        elif isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right)
        else:
            assert left == right
    assert_frame_equal(one.decision.outcomes, other.decision.outcomes)
    assert_frame_equal(one.decision.sites, other.decision.sites)
    assert one.decision.not_applied == other.decision.not_applied
    assert one.findings == other.findings
    assert (one.settings, one.profile) == (other.settings, other.profile)
    assert {name: stamp.fingerprint for name, stamp in one.stamps.items()} == {
        name: stamp.fingerprint for name, stamp in other.stamps.items()
    }


@dataclass
class Calls:
    """What was computed: how often, and of whom."""

    ledger: int = 0
    survey: int = 0
    # Surveys of some buildings that had to become whole ones.
    widened: int = 0
    some: list[set[str]] = field(default_factory=list)
    # Facilities that were laid out, and whose year was computed.
    layouts: list[set[str]] = field(default_factory=list)
    yields: list[set[str]] = field(default_factory=list)
    decide: int = 0

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Counts the real functions as they are called; a survey inside a survey of some buildings is not counted twice."""
    found = Calls()
    inside = []
    ledger, survey, some = kawasolar.ledger.read_facilities, Bench.survey, Bench.survey_some
    layouts, yields, decide = compute_layouts, kawasolar.yields.compute_yields, kawasolar.decide.decide

    def read_facilities(*args: Any, **more: Any) -> Any:
        found.ledger += 1
        return ledger(*args, **more)

    def whole(*args: Any) -> Any:
        found.survey += not inside
        found.widened += bool(inside)
        return survey(*args)

    def partly(bench: Bench, profile: Profile, before: Any, changed: set[str], *more: Any) -> Any:
        found.some.append(set(changed))
        inside.append(1)
        try:
            return some(bench, profile, before, changed, *more)
        finally:
            inside.pop()

    def lay_out(planes: Any, buildings: Any, owners: Any, *more: Any, **named: Any) -> Any:
        found.layouts.append(set(owners.values()))
        return layouts(planes, buildings, owners, *more, **named)

    def compute(planes: Any, sunlit: Any, azimuths: Any, subarrays: Any, links: Any, *more: Any, **named: Any) -> Any:
        found.yields.append(set(links["facility_id"]))
        return yields(planes, sunlit, azimuths, subarrays, links, *more, **named)

    def decided(*args: Any) -> Any:
        found.decide += 1
        return decide(*args)

    monkeypatch.setattr(kawasolar.ledger, "read_facilities", read_facilities)
    monkeypatch.setattr(Bench, "survey", whole)
    monkeypatch.setattr(Bench, "survey_some", partly)
    monkeypatch.setattr(kawasolar.layouts, "compute_layouts", lay_out)
    monkeypatch.setattr(kawasolar.yields, "compute_yields", compute)
    monkeypatch.setattr(kawasolar.decide, "decide", decided)
    return found


# ---------------------------------------------------------------------------------------------- what is declared is true


class Watched(Mapping[str, "Value"]):
    """The values of a profile; notes which are asked for."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values_, self.asked = values, set[str]()

    def __getitem__(self, key: str) -> Value:
        self.asked.add(key)
        return self.values_[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)

    def items(self) -> Any:
        # Making stamps is no use of a value.
        return self.values_.items()


class WatchedEntries(Entries):
    """Entries; notes which tables are asked for."""

    def table(self, name: str) -> Table:
        self.__dict__.setdefault("asked", set()).add(name)
        return super().table(name)


class WatchedBench(Bench):
    """A bench; notes which files are opened."""

    def path(self, role: Any) -> Path:
        self.__dict__.setdefault("opened", set()).add(role)
        return super().path(role)


@dataclass(frozen=True)
class Used:
    values: frozenset[str]
    files: frozenset[str]
    tables: frozenset[str]


def used_by(project: Project, stage: str) -> Used:
    """What a stage really asks for, run once more on a plan that has everything before it."""
    work = Work.of(project.plan, project.profile)
    values = Watched(project.profile.values)
    work.profile = replace(project.profile, values=values)
    work.entries = WatchedEntries(project.entries.tables)
    work.origin = None
    bench = WatchedBench(work.inputs, project.profile.epsg)
    values.asked.clear()
    RUN[stage](work, bench, None, silent)
    asked = work.entries.__dict__.get("asked", set())
    return Used(frozenset(values.asked), frozenset(bench.__dict__.get("opened", set())), frozenset(asked))


def declared_by(project: Project, profile: Profile, stage: str) -> set[str]:
    """The values that would be in the stamp of a stage's result under a profile."""
    inputs = expected(BY_NAME[stage], Work.of(project.plan, profile)).inputs
    return {name.removeprefix("value:") for name in inputs if name.startswith("value:")}


# Tables from which the settings on the bench are made; the stages ask the settings.
IN_SETTINGS = {"share", "objective", "criteria", "pins", "vetoes", "values", "scenarios"}


@pytest.mark.parametrize("name", ["ledger", "join", "survey", "layout", "yield"])
def test_a_stage_uses_exactly_what_it_declares(project: Project, name: str) -> None:
    stage, used = BY_NAME[name], used_by(project, name)
    have = {entry.role for entry in project.plan.inputs}
    declared = declared_by(project, project.profile, name)
    # The layout reads all of its values at once; those without a part change nothing (the test after the next).
    asked = {key for key in used.values if has_part(key, project.profile)} if name == "layout" else used.values
    assert asked == declared
    assert used.files == set(stage.files) & have
    assert used.tables - IN_SETTINGS == {*stage.drawn, *stage.entered} - {"epsg"} - IN_SETTINGS


@pytest.mark.parametrize("name", ["layout", "yield"])
def test_by_density_a_stage_uses_exactly_what_it_declares(project: Project, name: str) -> None:
    profile = project.profile.with_numbers({"pv.capacity": 2.0})
    assert used_by(replace(project, profile=profile), name).values == declared_by(project, profile, name)


@pytest.mark.parametrize(
    "chosen", [{"pv.capacity": 2.0}, {"layout.racks": 1.0}, {"layout.racks": 2.0}, {"layout.racks": 3.0}]
)
def test_a_value_without_a_part_changes_no_layout_and_no_capacity(project: Project, chosen: dict[str, float]) -> None:
    """What is not in the stamp of a result may not be in the result."""
    results, profile = project.plan.results, project.profile.with_numbers(chosen)
    owners = owners_of_buildings(results.links)
    stamped_with = declared_by(project, profile, "layout")
    without = {
        key: other_value(project, key)
        for key in VALUE_RULES
        if key not in chosen and key.startswith(("module.", "layout.", "pv.")) and key not in stamped_with
    }
    assert without
    one, other = (
        compute_layouts(results.planes, results.buildings, owners, each, {})
        for each in (profile, profile.with_numbers(without))
    )
    assert_geodataframe_equal(one, other)
    assert (len(one) == 0) == ("pv.capacity" in chosen)


def test_the_decision_uses_exactly_what_its_two_stages_declare(project: Project) -> None:
    used = used_by(project, "selection")
    # The sum of structures is asked for at once; a criterion that is off asks for nothing, so switch all on.
    turned = project
    for key in CRITERION_RULES:
        turned = with_edit(turned, edits.set_criterion(turned.entries, "s1", key, True, None, BY))
    # This town's ledger has no kind of roof, by which loads are judged.
    turned = with_edit(turned, edits.correct_ledger(turned.entries, "001", "roof_type", "flat", None, BY))
    used = used_by(turned, "selection")
    assert used.values == {key for key in VALUE_RULES if BY_NAME["eligibility"].uses(key)}
    assert used.files == set()
    assert used.tables - IN_SETTINGS == {"ledger"}
    assert not BY_NAME["selection"].values


def test_every_value_of_the_profile_is_declared_by_a_stage() -> None:
    undeclared = {key for key in VALUE_RULES if not any(stage.uses(key) for stage in CHAIN)}
    # The share is what the settings have where nobody entered one; years of operation are the programme's, where there is one, loads the
    # criterion's, where it is applied.
    assert undeclared == {
        "plan.share",
        *(
            key
            for key in VALUE_RULES
            if key.startswith(OF_PAPERS) and key != "ageing.years" and not key.startswith("load.")
        ),
    }


def test_a_later_criterion_is_an_input_only_where_it_is_applied(project: Project) -> None:
    """A plan of before there was such a criterion stays fresh; applied, it is stale by what the criterion uses."""
    plain = project.plan.stamps["eligibility"].inputs
    assert not [
        name for name in plain if name.startswith("value:load.") or name.removeprefix("criterion:") in LATER_CRITERIA
    ]
    on = with_edit(project, edits.set_criterion(project.entries, "s1", "roof_load", True, None, BY))
    inputs = on.plan.stamps["eligibility"].inputs
    assert {"criterion:roof_load", "value:load.limit_flat", "value:module.weight"} <= set(inputs)
    heavier = entered(on, edits.set_value(on.entries, "s1", "load.rack_flush", 4.5, BY))
    assert freshness(heavier, on.profile) == standing("eligibility")


# ---------------------------------------------------------------------------------------------- what makes stale


def test_a_new_project_is_fresh(project: Project) -> None:
    assert fresh(project)
    assert all(state.made and not state.reasons for state in states(project.plan, project.profile))
    assert {state.name: state.parts for state in states(project.plan, project.profile) if state.parts} == {
        "survey": 5,
        "layout": 5,
        "yield": 5,
    }


def _stages_of(key: str) -> tuple[str, ...]:
    """The stages that a value of the profile means, told by its name."""
    if key == "pv.albedo":
        return ("survey", "yield")
    if key == "plan.share":
        return ("selection",)
    if key == "plan.year":
        return ("use", "eligibility")
    if key.startswith(("canopy.", "given.")):
        return ()  # the town has no file of trees, nor of roof planes
    if key.startswith(("jis.", "pvwatts.")):
        return ()  # the town's losses are WEBPRO's
    if key.startswith(("pv.density_", "pv.panel_ratio", "layout.east_west_tilt", "layout.valley")):
        return ()  # its modules are laid out along the buildings
    if key == "pv.capacity":
        return ("layout", "yield")
    if key.startswith(OF_PAPERS):
        return ()
    if key.startswith("pv.rack_"):
        return ("layout",)
    first = {
        "module": "layout",
        "layout": "layout",
        "join": "ledger",
        "roof": "survey",
        "engine": "survey",
        "pv": "yield",
        "temp": "yield",
        "snow": "yield",
        "co2": "yield",
        "life": "eligibility",
        "plan": "eligibility",
    }
    return (first[key.split(".", maxsplit=1)[0]],)


@pytest.mark.parametrize("key", VALUE_RULES)
def test_a_value_makes_its_stages_stale(project: Project, key: str) -> None:
    edit = edits.set_value(project.entries, "s1", key, other_value(project, key), BY)
    plan = entered(project, edit)
    stages = _stages_of(key)
    assert freshness(plan, project.profile) == standing(*stages)
    reason = ("entered", "share") if key == "plan.share" else ("value", key)
    assert reasons(plan, project.profile) == {name: {reason} for name in stages}
    for name in stages[:1]:
        state = next(state for state in states(plan, project.profile) if state.name == name)
        assert (state.reasons[0].before, state.reasons[0].after) == (
            repr(project.profile.number(key)), repr(float(other_value(project, key))),
        )  # fmt: skip


@pytest.mark.parametrize("number", [2.0, 3.0])
def test_each_model_of_the_losses_uses_exactly_its_values(project: Project, number: float) -> None:
    """The yield of another model asks for its own values and no other's; the model alone is the reason that it waits."""
    plan = entered(project, edits.set_value(project.entries, "s1", "pv.losses", number, BY))
    assert reasons(plan, project.profile) == {"yield": {("value", "pv.losses")}}
    profile = project.profile.with_numbers({"pv.losses": number})
    assert used_by(replace(project, profile=profile), "yield").values == declared_by(project, profile, "yield")


@pytest.mark.parametrize(
    ("key", "before", "after", "stages"),
    [
        ("pv.capacity", 2.0, 1.0, ("layout", "yield")),
        ("pv.capacity", 1.0, 2.0, ("layout", "yield")),
        ("layout.racks", 3.0, 2.0, ("layout",)),
        ("layout.racks", 2.0, 3.0, ("layout",)),
        ("pv.losses", 3.0, 2.0, ("yield",)),
    ],
)
def test_another_way_to_compute_is_the_one_reason(
    project: Project, key: str, before: float, after: float, stages: tuple[str, ...]
) -> None:
    """Values that come and go with it are none of their own, in either direction."""
    there = bring_up_to_date(with_edit(project, edits.set_value(project.entries, "s1", key, before, BY)))
    assert fresh(there)
    plan = entered(there, edits.set_value(there.entries, "s1", key, after, BY))
    assert reasons(plan, there.profile) == {name: {("value", key)} for name in stages}


ENTERED: dict[str, tuple[Callable[[Entries], Edit], str, tuple[str, str]]] = {
    "share": (lambda entries: edits.set_share(entries, "s1", 0.8), "selection", ("entered", "share")),
    "objective": (lambda entries: edits.set_objective(entries, "s1", "energy"), "selection", ("entered", "objective")),
    "pin": (lambda entries: edits.pin(entries, "s1", ["002"], BY), "selection", ("pin", "002")),
    "veto": (lambda entries: edits.veto(entries, "s1", ["004"], BY), "selection", ("veto", "004")),
    "criterion": (
        lambda entries: edits.set_criterion(entries, "s1", "remaining_years", True, 3.0, BY), "eligibility", ("criterion", "remaining_years"),
    ),
    "criterion off": (
        lambda entries: edits.set_criterion(entries, "s1", "seismic", False, None, BY), "eligibility", ("criterion", "seismic"),
    ),
    "ledger": (
        lambda entries: edits.correct_ledger(entries, "003", "seismic", "new", None, BY), "eligibility", ("ledger", "seismic/003"),
    ),
    "join": (lambda entries: edits.correct_join(entries, "001", ["B0", "B5"], BY), "join", ("join", "001")),
    "keep-out": (lambda entries: edits.add_keepout(entries, "B1", square_on(1, 6.0), BY), "survey", ("parts", "1")),
    "layout": (lambda entries: edits.lay_out(entries, "s1", ["002"], {"layout.racks": 3.0}, BY), "layout", ("layouts", "1")),
}  # fmt: skip


@pytest.mark.parametrize("kind", ENTERED)
def test_an_entry_makes_its_stage_stale(project: Project, kind: str) -> None:
    make, stage, reason = ENTERED[kind]
    plan = entered(project, make(project.entries))
    assert freshness(plan, project.profile) == standing(stage)
    assert reasons(plan, project.profile) == {stage: {reason}}


def test_a_keepout_makes_one_building_stale(project: Project) -> None:
    plan = entered(project, edits.add_keepout(project.entries, "B1", square_on(1, 6.0), BY))
    survey = next(state for state in states(plan, project.profile) if state.name == "survey")
    assert (survey.parts, survey.stale_parts) == (5, 1)


@pytest.mark.parametrize("role", ["dsm", "buildings", "facilities", "weather"])
def test_a_changed_file_makes_its_stages_stale(own: tuple[dict[str, Path], Project], role: str) -> None:
    made, project = own
    path = made[role]
    before = project.plan.inputs
    stamp = path.stat()
    os.utime(path, (stamp.st_atime + 60, stamp.st_mtime + 60))
    assert observed(before) == before, "touched, with the same content"
    path.write_bytes(path.read_bytes() + b"\n")
    now = observed(before)
    assert {entry.role for entry, old in zip(now, before, strict=True) if entry != old} == {role}
    stages = {
        "dsm": ("ledger", "survey"),
        "buildings": ("ledger", "survey"),
        "facilities": ("ledger",),
        "weather": ("survey", "yield"),
    }[role]
    assert freshness(project.plan, project.profile, now) == standing(*stages)
    assert reasons(project.plan, project.profile, now) == {name: {("file", role)} for name in stages}
    # A file that is gone is not a changed one.
    path.unlink()
    assert observed(before) == before
    # What was not touched since is not read again.
    later = path.parent / "later"
    later.mkdir()
    assert observed(before, since=0.0) == before


def test_what_the_user_says_of_a_file_counts(project: Project) -> None:
    said = tuple(replace(entry, crs="EPSG:6677") if entry.role == "dsm" else entry for entry in project.plan.inputs)
    assert freshness(project.plan, project.profile, said) == standing("ledger", "survey")
    noted = tuple(replace(entry, note="from the survey of 2024") for entry in project.plan.inputs)
    assert set(freshness(project.plan, project.profile, noted).values()) == {"fresh"}


def test_names_notes_and_reasons_make_nothing_stale(project: Project) -> None:
    turned = project
    for make, _, _ in ENTERED.values():
        turned = with_edit(turned, make(turned.entries))
    turned = bring_up_to_date(turned)
    assert fresh(turned)
    before = {name: stamp.fingerprint for name, stamp in turned.plan.stamps.items()}
    other = edits.Author("別人", "別の理由")
    again = [
        edits.pin(turned.entries, "s1", ["002"], other),
        edits.veto(turned.entries, "s1", ["004"], other),
        edits.correct_ledger(turned.entries, "003", "seismic", "new", None, other),
        edits.correct_join(turned.entries, "001", ["B5", "B0"], other),
        edits.rename_scenario(turned.entries, "s1", "改めた案", "覚え書き"),
    ]
    for edit in again:
        assert edit.changes
        plan = entered(turned, edit)
        assert set(freshness(plan, turned.profile).values()) == {"fresh"}, edit.words
        turned = with_edit(turned, edit)
    assert {name: stamp.fingerprint for name, stamp in turned.plan.stamps.items()} == before
    # A value with another source is the same value.
    valued = bring_up_to_date(with_edit(turned, edits.set_value(turned.entries, "s1", "co2.grid_factor", 0.4, BY)))
    sourced = edits.set_value(valued.entries, "s1", "co2.grid_factor", 0.4, other, source="告示")
    assert sourced.changes
    assert fresh(with_edit(valued, sourced))


def test_another_version_of_a_stage_is_a_reason(project: Project) -> None:
    older = replace(project.plan.stamps["yield"], version=0)
    plan = replace(project.plan, stamps={**project.plan.stamps, "yield": older})
    assert freshness(plan, project.profile) == standing("yield")
    assert reasons(plan, project.profile) == {"yield": {("version", "")}}
    none = replace(
        project.plan, stamps={name: stamp for name, stamp in project.plan.stamps.items() if name != "survey"}
    )
    assert freshness(none, project.profile)["survey"] == "missing"


# ---------------------------------------------------------------------------------------------- computing only what is stale


# Edit -> what of the expensive stages a run computes: the ledger, whole surveys, buildings surveyed alone, facilities laid out, facilities of the yield.
RUNS: dict[str, tuple[Callable[[Entries], Edit], int, int, list[set[str]], list[set[str]], list[set[str]]]] = {
    **{kind: (ENTERED[kind][0], 0, 0, [], [], []) for kind in ("share", "objective", "pin", "veto", "criterion", "criterion off", "ledger")},
    "CO2 factor": (lambda entries: edits.set_value(entries, "s1", "co2.grid_factor", 0.4, BY), 0, 0, [], [], [EVERYBODY]),
    "density": (lambda entries: edits.set_value(entries, "s1", "pv.density_flat", 0.15, BY), 0, 0, [], [], []),
    "capacity by density": (lambda entries: edits.set_value(entries, "s1", "pv.capacity", 2.0, BY), 0, 0, [], [EVERYBODY], [EVERYBODY]),
    "rated power": (lambda entries: edits.set_value(entries, "s1", "module.power", 500.0, BY), 0, 0, [], [EVERYBODY], [EVERYBODY]),
    "tilt of racks": (lambda entries: edits.set_value(entries, "s1", "pv.rack_tilt", 25.0, BY), 0, 0, [], [EVERYBODY], [EVERYBODY]),
    "service life": (lambda entries: edits.set_value(entries, "s1", "life.rc", 70.0, BY), 0, 0, [], [], []),
    "set-back": (lambda entries: edits.set_value(entries, "s1", "roof.setback", 1.5, BY), 0, 1, [], [EVERYBODY], [EVERYBODY]),
    "albedo": (lambda entries: edits.set_value(entries, "s1", "pv.albedo", 0.3, BY), 0, 1, [], [EVERYBODY], [EVERYBODY]),
    "reach of the join": (lambda entries: edits.set_value(entries, "s1", "join.nearest_m", 5.0, BY), 1, 0, [], [], []),
    "keep-out": (ENTERED["keep-out"][0], 0, 0, [{"B1"}], [{"002"}], [{"002"}]),
    "keep-out on nobody's roof": (lambda entries: edits.add_keepout(entries, "B5", square_on(5, 6.0), BY), 0, 0, [], [], []),
    "join of one more": (ENTERED["join"][0], 0, 0, [{"B5"}], [{"001"}], [{"001"}]),
    "join taken from another": (lambda entries: edits.correct_join(entries, "001", ["B0", "B1"], BY), 0, 0, [], [], [{"001"}]),
    "join of none": (lambda entries: edits.correct_join(entries, "003", [], BY), 0, 0, [{"B2"}], [], [set()]),
    "layout": (ENTERED["layout"][0], 0, 0, [], [], [{"002"}]),
}  # fmt: skip


@pytest.mark.parametrize("kind", RUNS)
def test_a_run_computes_what_is_stale_and_no_more(project: Project, calls: Calls, tmp_path: Path, kind: str) -> None:
    make, ledger, survey, some, layouts, yields = RUNS[kind]
    turned = with_edit(project, make(project.entries))
    assert (calls.ledger, calls.survey, calls.some, calls.yields) == (0, 0, [], []), (
        "an edit computes nothing that takes time"
    )
    calls.clear()
    done = bring_up_to_date(turned)
    assert (calls.ledger, calls.survey, calls.some, calls.widened) == (ledger, survey, some, 0)
    for told, wanted in ((calls.layouts, layouts), (calls.yields, yields)):
        assert [found for found in told if found] == [found for found in wanted if found]
    assert fresh(done)
    assert_same(done.plan, from_scratch(done, "s1", tmp_path))
    # Once more, and nothing is left to do.
    calls.clear()
    again = bring_up_to_date(done)
    assert calls == Calls()
    assert again.plan.results is done.plan.results


def test_a_keepout_takes_roof_from_its_building_alone(project: Project) -> None:
    done = bring_up_to_date(with_edit(project, ENTERED["keep-out"][0](project.entries)))
    before, after = (
        plan.results.planes.groupby("building_id")["usable_m2"].sum() for plan in (project.plan, done.plan)
    )
    # A square of 6 m in the middle of a flat roof, with no clearance round what a person drew.
    assert before["B1"] - after["B1"] == pytest.approx(36.0, rel=0.1)
    assert before.drop("B1").equals(after.drop("B1"))


@pytest.mark.parametrize("role", ["dsm", "buildings", "facilities", "weather"])
def test_a_changed_file_is_read_anew(
    own: tuple[dict[str, Path], Project], calls: Calls, tmp_path: Path, role: str
) -> None:
    made, project = own
    _change(made, role)
    now = observed(project.plan.inputs)
    done = bring_up_to_date(project, inputs=now)
    assert fresh(done)
    assert done.plan.inputs == now
    expected = {
        "dsm": (1, 1, [EVERYBODY]),
        "buildings": (1, 1, [EVERYBODY]),
        "facilities": (1, 0, []),
        "weather": (0, 1, [EVERYBODY]),
    }[role]
    assert (calls.ledger, calls.survey, calls.yields) == expected
    assert_same(done.plan, from_scratch(done, "s1", tmp_path, now))
    with pytest.raises(AssertionError):
        assert_same(done.plan, project.plan)
    # The same through other files in their place.
    told = bring_up_to_date(
        with_edit(
            project,
            edits.exchange_files(
                project.entries, project.plan.inputs, [entry for entry in now if entry.role == role], BY
            ),
        )
    )
    assert_same(told.plan, done.plan)


def _change(made: dict[str, Path], role: str) -> None:
    """Another content that can be read, and that changes the results."""
    if role == "dsm":
        with rasterio.open(made["dsm"], "r+") as file:
            z = file.read(1)
            z[20:30, 20:30] += 3.0
            file.write(z, 1)
    elif role == "buildings":
        import geopandas as gpd

        frame = gpd.read_file(made["buildings"])
        frame.loc[3, "geometry"] = frame.geometry.iloc[3].buffer(-3.0, join_style="mitre")
        made["buildings"].unlink()
        frame.to_file(made["buildings"])
    elif role == "facilities":
        write_ledger(made["facilities"], middles(), years=-38)
    else:
        text = made["weather"].read_text("utf-8-sig").replace("5,160", "5,171")
        made["weather"].write_text(text, encoding="utf-8-sig")


def test_outlines_that_a_person_named_are_looked_for_in_the_new_file(
    own: tuple[dict[str, Path], Project], tmp_path: Path
) -> None:
    """The survey that stands is of the old outlines when the join runs."""
    import geopandas as gpd

    made, project = own
    project = bring_up_to_date(with_edit(project, edits.correct_join(project.entries, "003", ["B5"], BY)))
    frame = gpd.read_file(made["buildings"])
    frame["building_id"] = frame["building_id"].replace({"B5": "B9"})
    made["buildings"].unlink()
    frame.to_file(made["buildings"])
    now = observed(project.plan.inputs)
    gone = bring_up_to_date(project, inputs=now)
    assert [finding.code for finding in gone.plan.findings if finding.code.startswith("links.")] == [
        "links.no_such_building"
    ]
    (said,) = [finding for finding in gone.plan.findings if finding.code.startswith("links.")]
    assert "B5" in finding_sentence("ja", said)
    assert "B5" in finding_sentence("en", said)
    assert "003" not in set(gone.plan.results.links["facility_id"])
    named = bring_up_to_date(with_edit(gone, edits.correct_join(gone.entries, "003", ["B9"], BY)))
    assert set(named.plan.results.links.set_index("facility_id").loc[["003"], "building_id"]) == {"B9"}
    assert_same(named.plan, from_scratch(named, "s1", tmp_path, now))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device")
def test_a_device_in_the_place_of_a_file_is_not_read(project: Project) -> None:
    """It never ends: a project from elsewhere would hang whoever asks how it stands."""
    (weather,) = [entry for entry in project.plan.inputs if entry.role == "weather"]
    device = replace(weather, path="/dev/zero")
    assert observed([device]) == (device,)


def test_a_join_of_a_facility_that_the_ledger_lacks_waits(own: tuple[dict[str, Path], Project], tmp_path: Path) -> None:
    """What it says would be a link, and so a yield, of nobody: the saved file could not be opened again."""
    made, project = own
    before = bring_up_to_date(with_edit(project, edits.correct_join(project.entries, "003", ["B5"], BY)))
    ledger = made["facilities"]
    whole = ledger.read_bytes()
    ledger.write_bytes(b"".join(line for line in whole.splitlines(keepends=True) if b"003" not in line))
    gone = bring_up_to_date(before, inputs=observed(before.plan.inputs))
    assert "003" not in {*gone.plan.results.links["facility_id"], *gone.plan.results.yields["facility_id"]}
    (said,) = [finding for finding in gone.plan.findings if finding.code.startswith("links.")]
    assert (said.code, said.item) == ("links.no_such_facility", "003")
    for language in ("ja", "en"):
        assert "003" in finding_sentence(language, said)
    save_project(gone, tmp_path / "gone.kawasolar")
    assert load_project(tmp_path / "gone.kawasolar").entries == gone.entries
    ledger.write_bytes(whole)
    back = bring_up_to_date(gone, inputs=observed(gone.plan.inputs))
    assert_same(back.plan, before.plan)


MORE: dict[str, Callable[[Entries], Edit]] = {
    "keep-out on nobody's roof yet": lambda entries: edits.add_keepout(entries, "B5", square_on(5, 5.0), BY),
    "another keep-out": lambda entries: edits.add_keepout(entries, "B0", square_on(0, 4.0), BY),
    "keep-out removed": lambda entries: edits.remove_keepouts(entries, list(entries.table("keepouts"))[:1]),
    "nobody's roof joined": lambda entries: edits.correct_join(entries, "003", ["B5"], BY),
    "two roofs joined": lambda entries: edits.correct_join(entries, "005", ["B2", "B5"], BY),
    "join left to the program": lambda entries: edits.correct_join(entries, "005", None, BY),
}


def _for_scenario(entries: Entries, edit: Edit, key: str) -> Edit:
    """The edit of the first scenario, made in another one."""
    wanted = {
        (change.table, change.key.replace("s1", key, 1) if change.table in OF_SCENARIO else change.key): change.after for change in edit.changes
    }  # fmt: skip
    return edit_of(entries, edit.words, wanted)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_sequence_of_edits_ends_where_computing_everything_does(
    project: Project, tmp_path: Path, seed: int
) -> None:
    """Drawn at random: edits in up to three scenarios, some taken back, runs, saving and opening in between, results of before to take over."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    turned, attic, done, runs = project, [project.plan], [], 0
    kinds = {**{kind: made[0] for kind, made in RUNS.items()}, **MORE}
    for _ in range(16):
        key, what = rng.choice(list(turned.plans)), rng.random()
        if done and what < 0.2:
            with suppress(EditConflict):
                turned = with_edit(turned, inverse(done.pop()), attic)
        elif what < 0.3 and len(turned.plans) < 3:
            turned = with_edit(turned, edits.duplicate_scenario(turned.entries, key, f"案{rng.random()}")[0], attic)
        elif what < 0.35 and len(turned.plans) > 1:
            attic.append(turned.plans[key])
            turned = with_edit(turned, edits.remove_scenario(turned.entries, key), attic)
        elif what < 0.42:
            save_project(turned, tmp_path / "plan.kawasolar")
            turned = load_project(tmp_path / "plan.kawasolar")
        else:
            edit = _for_scenario(turned.entries, kinds[rng.choice(list(kinds))](turned.entries), key)
            turned = with_edit(turned, edit, attic)
            done += [edit] if edit.changes else []
        if rng.random() < 0.4:
            keys = rng.sample(list(turned.plans), rng.randint(1, len(turned.plans)))
            turned = bring_up_to_date(turned, keys, attic=attic)
            attic += [turned.plans[name] for name in keys]
            runs += 1
    turned = bring_up_to_date(turned, list(turned.plans), attic=attic)
    assert runs > 2
    for key, plan in turned.plans.items():
        assert fresh(turned, key)
        assert_same(plan, from_scratch(turned, key, tmp_path / key))


def test_a_file_that_changed_meanwhile_is_not_taken_for_the_old_one(
    own: tuple[dict[str, Path], Project], tmp_path: Path
) -> None:
    """Nobody said that it changed; the run looks before it reads."""
    made, project = own
    _change(made, "dsm")
    turned = with_edit(project, edits.set_value(project.entries, "s1", "roof.setback", 1.5, BY))
    done = bring_up_to_date(turned)
    assert done.plan.inputs == observed(project.plan.inputs) != project.plan.inputs
    assert fresh(done)
    assert_same(done.plan, from_scratch(done, "s1", tmp_path))
    # Where nothing is read, nothing is looked at.
    _change(made, "weather")
    assert bring_up_to_date(done).plan.inputs == done.plan.inputs


def test_scenarios_of_different_files_are_computed_each_from_its_own(
    own: tuple[dict[str, Path], Project], tmp_path: Path
) -> None:
    made, project = own
    edit, key = edits.duplicate_scenario(project.entries, "s1", "案2")
    project = with_edit(project, edit)
    other = small_town(tmp_path / "別の町")
    _change(other, "dsm")
    entry = next(entry for entry in project.plan.inputs if entry.role == "dsm")
    moved = tuple(replace(old, path=str(other["dsm"])) if old is entry else old for old in project.plan.inputs)
    project = bring_up_to_date(project, ["s1"], inputs=observed(moved))
    for name in ("s1", key):
        project = with_edit(project, edits.set_value(project.entries, name, "roof.setback", 1.5, BY))
    done = bring_up_to_date(project, ["s1", key])
    assert [Path(plan.inputs[0].path).parent for plan in done.plans.values()] == [
        other["dsm"].parent,
        made["dsm"].parent,
    ]
    for name in ("s1", key):
        assert_same(done.plans[name], from_scratch(done, name, tmp_path / name))


def test_force_computes_everything(project: Project, calls: Calls) -> None:
    done = bring_up_to_date(project, force=True)
    assert (calls.ledger, calls.survey, calls.some, calls.yields, calls.decide) == (1, 1, [], [EVERYBODY], 1)
    assert_same(done.plan, project.plan)
    assert done.plan.results is not project.plan.results


def test_progress_of_a_run_rises_from_0_to_1(project: Project) -> None:
    turned = with_edit(project, edits.set_value(project.entries, "s1", "roof.setback", 1.5, BY))
    seen: list[float] = []
    bring_up_to_date(turned, progress=lambda share, _what: seen.append(share))
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] < seen[-1] == 1.0


def test_cancel_leaves_the_project(project: Project) -> None:
    turned = with_edit(project, edits.set_value(project.entries, "s1", "roof.setback", 1.75, BY))
    stood = states(turned.plan, turned.profile)
    results = {entry.name: getattr(turned.plan.results, entry.name) for entry in fields(Results)}
    rasters = {path: path.read_bytes() for path in turned.plan.cache.iterdir()}

    def stop(share: float, _what: str) -> None:
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        bring_up_to_date(turned, progress=stop)
    assert states(turned.plan, turned.profile) == stood
    assert all(getattr(turned.plan.results, name) is value for name, value in results.items())
    assert {path: path.read_bytes() for path in turned.plan.cache.iterdir()} == rasters
    assert fresh(bring_up_to_date(turned))


# ---------------------------------------------------------------------------------------------- taking over


def test_a_value_set_back_takes_its_results_from_before(project: Project, calls: Calls) -> None:
    edit = edits.set_value(project.entries, "s1", "roof.setback", 1.5, BY)
    there = bring_up_to_date(with_edit(project, edit))
    assert not there.plan.results.planes["usable_m2"].equals(project.plan.results.planes["usable_m2"])
    calls.clear()
    back = with_edit(there, inverse(edit), attic=[project.plan])
    assert calls == Calls()
    assert fresh(back)
    assert back.plan.results.planes is project.plan.results.planes
    assert back.plan.cache == project.plan.cache
    assert_same(back.plan, project.plan)
    # And there again.
    forth = with_edit(back, edit, attic=[project.plan, there.plan])
    assert calls == Calls()
    assert_same(forth.plan, there.plan)


def test_without_an_attic_a_value_set_back_is_computed(project: Project) -> None:
    edit = edits.set_value(project.entries, "s1", "co2.grid_factor", 0.4, BY)
    back = with_edit(bring_up_to_date(with_edit(project, edit)), inverse(edit))
    assert freshness(back.plan, back.profile) == standing("yield")
    assert_same(bring_up_to_date(back).plan, project.plan)


def test_a_copy_of_a_scenario_takes_everything_over(project: Project, calls: Calls) -> None:
    edit, key = edits.duplicate_scenario(project.entries, "s1", "案2")
    copied = with_edit(project, edit)
    assert calls == Calls()
    one, other = copied.plans["s1"], copied.plans[key]
    assert other.results is one.results
    assert other.decision is one.decision
    assert other.facilities is one.facilities
    assert (other.scenario, other.scenario_name) == (key, "案2")
    assert fresh(copied, key)
    assert one.results is project.plan.results


def test_scenarios_compute_apart_and_share_what_they_have_in_common(
    project: Project, calls: Calls, tmp_path: Path
) -> None:
    edit, key = edits.duplicate_scenario(project.entries, "s1", "案2")
    two = with_edit(project, edit)
    two = with_edit(two, edits.set_value(two.entries, key, "co2.grid_factor", 0.3, BY))
    assert fresh(two, "s1")
    assert two.plans["s1"].decision is project.plan.decision
    assert freshness(two.plans[key], two.profile) == standing("yield")
    done = bring_up_to_date(two, [key])
    assert done.plans["s1"] is two.plans["s1"]
    assert done.plans[key].results.planes is done.plans["s1"].results.planes
    assert (calls.survey, calls.some, calls.yields) == (0, [], [EVERYBODY])
    for name in ("s1", key):
        assert_same(done.plans[name], from_scratch(done, name, tmp_path / name))
    # The first gets the same value: what the second has computed will do.
    calls.clear()
    same = with_edit(done, edits.set_value(done.entries, "s1", "co2.grid_factor", 0.3, BY))
    assert calls == Calls()
    assert fresh(same, "s1")
    assert same.plans["s1"].results.yields is done.plans[key].results.yields


def test_corrections_reach_every_scenario(project: Project, calls: Calls, tmp_path: Path) -> None:
    edit, key = edits.duplicate_scenario(project.entries, "s1", "案2")
    two = with_edit(project, edit)
    two = with_edit(two, edits.set_share(two.entries, key, 1.0))
    calls.clear()
    two = with_edit(two, edits.correct_ledger(two.entries, "003", "seismic", "new", None, BY))
    two = with_edit(two, edits.add_keepout(two.entries, "B1", square_on(1, 6.0), BY))
    assert calls.decide == 2, "each scenario once, for the ledger"
    assert all(freshness(plan, two.profile) == standing("survey") for plan in two.plans.values())
    calls.clear()
    done = bring_up_to_date(two, list(two.plans))
    assert (calls.some, calls.yields) == ([{"B1"}], [{"002"}]), "the second takes over what the first computed"
    assert done.plans["s1"].results is not None
    assert done.plans["s1"].results.planes is done.plans[key].results.planes
    for name in two.plans:
        assert_same(done.plans[name], from_scratch(done, name, tmp_path / name))


def test_a_scenario_that_comes_back_finds_its_results(project: Project, calls: Calls) -> None:
    edit, key = edits.duplicate_scenario(project.entries, "s1", "案2")
    two = with_edit(project, edit)
    two = with_edit(two, edits.set_value(two.entries, key, "module.power", 500.0, BY))
    two = bring_up_to_date(replace(two, active=key))
    calls.clear()
    removal = edits.remove_scenario(two.entries, key)
    one = with_edit(two, removal)
    assert (list(one.plans), one.active) == (["s1"], "s1")
    back = with_edit(one, inverse(removal), attic=[two.plans[key]])
    assert calls == Calls()
    assert_same(back.plans[key], two.plans[key])


def test_a_survey_that_comes_back_while_the_layout_waits_can_be_saved(
    own: tuple[dict[str, Path], Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands is on planes of another surface: the saved file could not be opened again.

    More facilities than are laid out with an edit stand for themselves here by none.
    """
    monkeypatch.setattr("kawasolar.stages.run.LAID_OUT_AT_ONCE", 0)
    made, project = own
    turned = with_edit(project, edits.set_value(project.entries, "s1", "layout.gap", 0.03, BY))
    other = made["dsm"].with_name("別の地表.tif")
    shutil.copy(made["dsm"], other)
    with rasterio.open(other, "r+") as file:
        z = file.read(1)
        # The roof of B1 in two heights: one plane more.
        z[10:30, 75:115] += 4.0
        file.write(z, 1)
    now = observed([InputFile("dsm", str(other), 0, "")])
    exchange = edits.exchange_files(turned.entries, turned.plan.inputs, now, BY)
    there = bring_up_to_date(with_edit(turned, exchange))
    assert there.plan.results.planes["plane_id"].max() > project.plan.results.planes["plane_id"].max()
    back = with_edit(there, inverse(exchange), attic=[project.plan, turned.plan])
    assert back.plan.results.planes is project.plan.results.planes
    found = freshness(back.plan, back.profile)
    assert (found["survey"], found["layout"]) == ("fresh", "stale")
    save_project(back, tmp_path / "back.kawasolar")
    opened = load_project(tmp_path / "back.kawasolar")
    assert set(opened.plan.results.subarrays["plane_id"]) <= set(opened.plan.results.planes["plane_id"])
    assert_same(bring_up_to_date(opened).plan, from_scratch(back, "s1", tmp_path))


# ---------------------------------------------------------------------------------------------- edits are quick


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two scenarios of 1,000 facilities."""
    plan = example_plan(tmp_path_factory.mktemp("large"), facilities=1000)
    entries = apply(Entries(), edits.first_scenario(Entries(), "案1"))
    entries = apply(entries, edits.duplicate_scenario(entries, "s1", "案2")[0])
    plan = replace(plan, entries=entries, read=LedgerRead(plan.facilities, plan.results.links, {}))
    plans = {key: stamped(replace(plan, scenario=key), plan.profile) for key in ("s1", "s2")}
    return Project(entries, "s1", plan.profile, plans)


@pytest.mark.parametrize("kind", ["share", "objective", "pin", "veto", "criterion", "ledger", "scenario name"])
def test_turning_the_settings_looks_at_no_parts(
    large: Project, calls: Calls, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    make = {
        "share": lambda entries: edits.set_share(entries, "s1", 0.4),
        "pin": lambda entries: edits.pin(entries, "s1", ["0000002"], BY),
        "veto": lambda entries: edits.veto(entries, "s1", ["0000004"], BY),
        "ledger": lambda entries: edits.correct_ledger(entries, "0000003", "built_year", 1999.0, 1970.0, BY),
        "scenario name": lambda entries: edits.rename_scenario(entries, "s1", "別の案"),
    }.get(kind) or ENTERED[kind][0]
    parts: list[str] = []
    for name in ("owned", "buildings_of_facilities"):
        monkeypatch.setattr(Work, name, lambda _work, name=name: parts.append(name) or [])
    turned = with_edit(large, make(large.entries))
    assert parts == []
    decided = {"ledger": 2, "scenario name": 0}.get(kind, 1)
    assert calls == Calls(decide=decided)
    touched = {"ledger": {"s1", "s2"}, "scenario name": set()}.get(kind, {"s1"})
    assert {key for key in ("s1", "s2") if turned.plans[key].decision is not large.plans[key].decision} == touched
    assert all(plan.entries is turned.entries for plan in turned.plans.values())
    assert all(turned.plans[key].results is large.plans[key].results for key in turned.plans)
    monkeypatch.undo()
    assert fresh(turned, "s1")
    assert fresh(turned, "s2")


# ---------------------------------------------------------------------------------------------- files that come and go


def test_a_missing_surface_matters_only_where_it_is_needed(
    own: tuple[dict[str, Path], Project], tmp_path: Path
) -> None:
    made, project = own
    kept = tmp_path / "kept.tif"
    turned = with_edit(project, edits.set_value(project.entries, "s1", "co2.grid_factor", 0.4, BY))
    wanted = bring_up_to_date(turned)
    made["dsm"].rename(kept)
    done = bring_up_to_date(turned)
    assert_same(done.plan, wanted.plan)
    needed = with_edit(done, edits.set_value(done.entries, "s1", "roof.setback", 1.5, BY))
    with pytest.raises(GisError) as raised:
        bring_up_to_date(needed)
    assert raised.value.code.startswith("raster.")
    assert str(made["dsm"].name) in str(raised.value.details)
    assert freshness(needed.plan, needed.profile) == standing("survey")
    kept.rename(made["dsm"])
    assert fresh(bring_up_to_date(needed))


def test_deleted_rasters_come_back(own: tuple[dict[str, Path], Project], calls: Calls) -> None:
    made, project = own
    cache = project.plan.cache
    before = {name: (cache / name).read_bytes() for name in CACHE_RASTERS}
    (cache / "irradiation.tif").unlink()
    done = bring_up_to_date(project)
    assert calls == Calls(survey=1)
    assert done.plan.results is project.plan.results
    assert done.plan.stamps == project.plan.stamps
    assert done.plan.cache == cache
    assert {name: (cache / name).read_bytes() for name in CACHE_RASTERS} == before
    # With something to compute as well: the survey as a whole, and of the yield only what is stale.
    shutil.rmtree(cache)
    calls.clear()
    done = bring_up_to_date(with_edit(project, edits.add_keepout(project.entries, "B1", square_on(1, 6.0), BY)))
    assert (calls.ledger, calls.survey, calls.some, calls.yields) == (0, 1, [], [{"002"}])
    assert sorted(path.name for path in done.plan.cache.iterdir()) == sorted(CACHE_RASTERS)
    # Without the surface they stay away, and nothing else is disturbed.
    shutil.rmtree(cache)
    made["dsm"].unlink()
    calls.clear()
    same = bring_up_to_date(project)
    assert calls == Calls()
    assert same.plan.results is project.plan.results
    assert not cache.exists()


def test_a_saved_project_is_as_fresh_as_it_was(
    own: tuple[dict[str, Path], Project], calls: Calls, tmp_path: Path
) -> None:
    _, project = own
    edit, key = edits.duplicate_scenario(project.entries, "s1", "案2")
    project = with_edit(project, edit)
    for make, _, _ in ENTERED.values():
        project = with_edit(project, make(project.entries))
    for name, value in (("co2.grid_factor", 0.3), ("plan.share", 0.9)):
        project = with_edit(project, edits.set_value(project.entries, key, name, value, BY))
    project = bring_up_to_date(project, ["s1", key])
    assert project.plans[key].settings.share == 0.9
    path = tmp_path / "plan.kawasolar"
    save_project(project, path)
    calls.clear()
    loaded = load_project(path)
    for name in ("s1", key):
        assert fresh(loaded, name)
        assert loaded.plans[name].stamps == project.plans[name].stamps
        assert loaded.plans[name].settings == project.plans[name].settings
        assert loaded.plans[name].profile == project.plans[name].profile
        assert plan_fingerprint(loaded.plans[name]) == plan_fingerprint(project.plans[name])
    again = bring_up_to_date(loaded, ["s1", key])
    assert calls == Calls()
    # One building alone, on what was loaded.
    drawn = bring_up_to_date(with_edit(loaded, edits.add_keepout(loaded.entries, "B0", square_on(0, 4.0), BY)))
    assert (calls.survey, calls.widened, calls.some) == (0, 0, [{"B0"}])
    assert_same(drawn.plan, from_scratch(drawn, "s1", tmp_path / "scratch"))
    # What is computed from what was loaded is what would have been computed without saving.
    factor = edits.set_value(project.entries, "s1", "module.power", 500.0, BY)
    one, other = (bring_up_to_date(with_edit(each, factor)) for each in (project, again))
    for name in ("s1", key):
        np.testing.assert_array_equal(
            one.plans[name].results.yields["energy_kwh"], other.plans[name].results.yields["energy_kwh"]
        )
        assert one.plans[name].decision.sites["chosen"].tolist() == other.plans[name].decision.sites["chosen"].tolist()
        assert one.plans[name].stamps["selection"].fingerprint == other.plans[name].stamps["selection"].fingerprint


# ---------------------------------------------------------------------------------------------- the fingerprint of a plan


def test_the_fingerprint_of_a_plan_is_that_of_its_content(
    project: Project, files: dict[str, Path], tmp_path: Path
) -> None:
    twin = project_of(files, tmp_path)
    assert plan_fingerprint(twin.plan) == plan_fingerprint(project.plan)
    seen = {plan_fingerprint(project.plan)}
    for make, _, _ in ENTERED.values():
        seen.add(plan_fingerprint(bring_up_to_date(with_edit(project, make(project.entries))).plan))
    assert len(seen) == 1 + len(ENTERED)


def test_an_exchanged_file_is_an_edit_that_can_be_taken_back(
    files: dict[str, Path], project: Project, tmp_path: Path
) -> None:
    other = tmp_path / "別の台帳.csv"
    other.write_bytes(files["facilities"].read_bytes().replace("東小学校".encode("cp932"), "改称学校".encode("cp932")))
    file = InputFile("facilities", str(other), other.stat().st_size, "f" * 64)
    edit = edits.exchange_files(project.entries, project.plan.inputs, [*project.plan.inputs, file], BY)
    assert [change.key for change in edit.changes] == ["facilities"]
    taken = with_edit(project, edit)
    assert next(s.name for s in states(taken.plan, taken.profile) if not s.is_fresh) == "ledger"
    done = bring_up_to_date(taken)
    assert "改称学校" in done.plan.facilities["name"].tolist()
    back = with_edit(done, inverse(edit), [*project.plans.values()])
    assert back.entries.canonical() == project.entries.canonical()
    assert back.plan.inputs == project.plan.inputs
    assert fresh(back)
    assert_same(back.plan, project.plan)


def _with_other_power(text: str) -> str:
    """A profile with other modules."""
    key = '[values."module.power"]'
    head, tail = text.split(key)
    return head + key + re.sub(r"value = \d+(\.0)?", "value = 500", tail, count=1)


def test_an_exchanged_profile_counts_and_comes_back(project: Project, tmp_path: Path) -> None:
    text = project.profile.to_toml()
    other = tmp_path / "別の自治体.toml"
    other.write_text(_with_other_power(text), encoding="utf-8")
    file = InputFile("profile", str(other), other.stat().st_size, "e" * 64)
    edit = edits.exchange_files(
        project.entries, project.plan.inputs, [file], BY, profile=other.read_text(encoding="utf-8"), before=text
    )
    taken = with_edit(project, edit)
    assert taken.profile.number("module.power") == 500.0
    assert [s.name for s in states(taken.plan, taken.profile) if s.freshness == "stale"] == ["layout"]
    back = with_edit(taken, inverse(edit))
    assert back.profile.to_toml() == text
    assert [entry.role for entry in back.plan.inputs] == [entry.role for entry in project.plan.inputs]
    assert fresh(back)


def test_a_server_that_only_the_project_names_is_not_asked() -> None:
    from kawasolar.stages.bench import is_elsewhere

    share = r"\\city-nas\plans\計画.kawasolar"
    assert is_elsewhere(r"\\evil\share\dsm.tif", Path(r"C:\plans\p.kawasolar"))
    assert is_elsewhere("//evil/share/dsm.tif", Path(share))
    assert not is_elsewhere(r"\\CITY-NAS\data\dsm.tif", Path(share))
    assert not is_elsewhere(r"C:\data\dsm.tif", Path(share))
    assert not is_elsewhere("/data/dsm.tif", Path("/plans/p.kawasolar"))
    assert not is_elsewhere(r"\\evil\share\dsm.tif", None), "a run was asked for"


def test_a_profile_exchanged_while_a_run_goes_on_stays_exchanged(project: Project, tmp_path: Path) -> None:
    text = project.profile.to_toml()
    other = tmp_path / "別の自治体.toml"
    file = InputFile("profile", str(other), 1, "e" * 64)
    changed = _with_other_power(text)
    edit = edits.exchange_files(project.entries, project.plan.inputs, [file], BY, profile=changed, before=text)
    finished = bring_up_to_date(project, force=True)
    now = with_results(with_edit(project, edit), finished)
    assert now.profile.number("module.power") == 500.0
    assert [entry.path for entry in now.plan.inputs if entry.role == "profile"] == [str(other)]
    assert [s.name for s in states(now.plan, now.profile) if s.freshness == "stale"] == ["layout"]


def test_every_stage_has_its_words() -> None:
    """What is stale, what runs, and where a figure comes from; told by code, so that no search for codes finds one that is missing."""
    known = catalogue()
    for stage in CHAIN:
        for code in (f"stages.{stage.name}", f"stage.{stage.name}", f"why.stage.{stage.name}"):
            assert code in known, code
