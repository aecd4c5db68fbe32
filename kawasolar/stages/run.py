"""Computing only what is stale, and taking over what another scenario has computed from the same."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gis.progress import Progress, part, silent
from kawasolar.document.entries import Edit, EditConflict, apply
from kawasolar.plan import ANSWERS, InputFile, Plan, Project, no_file
from kawasolar.stages.bench import Bench, observed
from kawasolar.stages.chain import CHAIN, expected, touched
from kawasolar.stages.state import changed_parts, states_of
from kawasolar.stages.steps import (
    RUN,
    can_restore_rasters,
    known_buildings,
    restore_rasters,
    run_decision,
    take_over,
)
from kawasolar.stages.work import Work

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from kawasolar.document.entries import Entries
    from kawasolar.plan import Role
    from kawasolar.profile import Profile
    from kawasolar.stages.chain import Stage

# What time a stage takes beside the others, for the progress bar.
_WEIGHT = {
    "ledger": 0.08,
    "join": 0.01,
    "registers": 0.01,
    "survey": 0.74,
    "layout": 0.05,
    "yield": 0.07,
    "use": 0.02,
    "eligibility": 0.005,
    "selection": 0.005,
    "programme": 0.01,
    "lighting": 0.03,
    "fleet": 0.01,
    "charging": 0.08,
}
# Computed at once with every edit: they take milliseconds.
AT_ONCE = ("eligibility", "selection")
# Facilities that are laid out again with the edit that says so.
LAID_OUT_AT_ONCE = 10


def bring_up_to_date(
    project: Project,
    scenarios: Iterable[str] | None = None,
    progress: Progress = silent,
    *,
    inputs: tuple[InputFile, ...] | None = None,
    profile: Profile | None = None,
    attic: Sequence[Plan] = (),
    bench: Bench | None = None,
    force: bool = False,
) -> Project:
    """Compute the stale stages of some scenarios; all others stay the same objects.

    Parameters
    ----------
    scenarios : keys; the active one unless given
    inputs : the files as they are now (:func:`kawasolar.stages.bench.observed`); looked at where something must be read, unless given
    profile : the municipality's, where it was read anew
    attic : plans of before, whose results are taken over where they were computed from the same
    bench : files that are open already; used for those scenarios that are made from just these
    force : compute everything anew

    Raises
    ------
    gis.errors.GisError, kawasolar.errors.PlanError
        An input that is needed cannot be used.
    gis.progress.Cancelled
        from ``progress``; the project given stays as it was.
    """
    wanted = [project.active] if scenarios is None else list(scenarios)
    base = project.profile if profile is None else profile
    plans = dict(project.plans)
    for k, key in enumerate(wanted):
        work = Work.of(plans[key], base, project.entries, inputs)
        if inputs is None and (force or _reads_files(work)):
            # A result may not claim to be of a file that has changed since.
            work.inputs = observed(work.inputs)
        if force:
            work.stamps.clear()
        donors = [] if force else [*(plan for name, plan in plans.items() if name != key), *attic]
        if bench is None or bench.inputs != work.inputs:
            bench = Bench(work.inputs, base.epsg)
        run_stale(work, bench, donors, part(progress, k / len(wanted), (k + 1) / len(wanted)))
        plans[key] = work.plan()
    return replace(project, plans=plans, profile=base)


def _reads_files(work: Work) -> bool:
    """Whether a run will open a file."""
    waiting = {state.name for state in states_of(work) if not state.is_fresh}
    return not waiting <= {*AT_ONCE, "programme", *ANSWERS} or can_restore_rasters(work)


def run_stale(work: Work, bench: Bench, donors: Sequence[Plan], progress: Progress) -> None:
    """Bring every stage of a plan on the bench up to date, in order, and bring its derived rasters back where they were deleted."""
    at, whole = 0.0, sum(_WEIGHT[stage.name] for stage in CHAIN if not stage.is_idle(work))
    for stage in CHAIN:
        end = at if stage.is_idle(work) else min(at + _WEIGHT[stage.name] / whole, 1.0)
        wanted, stamp = expected(stage, work), work.stamps.get(stage.name)
        if stamp is None or stamp.fingerprint != wanted.fingerprint:
            donor = _donor(stage, wanted.fingerprint, donors)
            if donor is not None:
                take_over(work, stage.name, Work.of(donor, work.base_profile))
            else:
                _run(stage, work, bench, part(progress, at, end))
        if stage.name == "survey" and can_restore_rasters(work):
            restore_rasters(work, bench, part(progress, at, end))
        at = end
    progress(1.0, "selection")


def _run(stage: Stage, work: Work, bench: Bench, progress: Progress) -> None:
    wanted, stamp = expected(stage, work), work.stamps.get(stage.name)
    changed = changed_parts(stamp, wanted) if stamp is not None and wanted.parts and stamp.base == wanted.base else None
    progress(0.0, stage.name)
    begin = time.perf_counter()
    if changed is None or changed:
        RUN[stage.name](work, bench, changed, progress)
    spent = round(time.perf_counter() - begin, 3)
    work.seconds[stage.name] = spent
    made = datetime.now(UTC).isoformat(timespec="seconds")
    work.stamps[stage.name] = replace(wanted, made=made, seconds=spent)


def _donor(stage: Stage, wanted: str, donors: Sequence[Plan]) -> Plan | None:
    for donor in donors:
        stamp = donor.stamps.get(stage.name)
        if stamp is not None and stamp.fingerprint == wanted:
            return donor
    return None


def with_edit(project: Project, edit: Edit, attic: Sequence[Plan] = ()) -> Project:
    """The project after an edit: what takes milliseconds is decided at once, what takes longer becomes stale.

    Parameters
    ----------
    attic : plans of before: a scenario that comes back finds its results there, as does a value that is set back

    Raises
    ------
    kawasolar.document.entries.EditConflict
        The edit does not fit; nothing is changed.
    """
    entries = apply(project.entries, edit)
    keys = list(entries.table("scenarios"))
    if not keys:
        raise EditConflict("edit.last_scenario")
    donors = [*project.plans.values(), *attic]
    other_files = "inputs" in edit.tables
    if other_files:
        project = _with_exchanged(project, edit)
    plans = {}
    for key in keys:
        own = project.plans.get(key)
        if own is None:
            plans[key] = with_entries(_origin(project, entries, key, attic), entries, key, project.profile, donors)
            continue
        stages = None if other_files else touched(edit.changes, key)
        if other_files:
            plans[key] = with_entries(own, entries, key, project.profile, donors)
        elif stages is None:
            plans[key] = replace(own, entries=entries)
        else:
            plans[key] = with_entries(own, entries, key, project.profile, donors, stages)
    active = project.active if project.active in plans else keys[0]
    return replace(project, entries=entries, plans=plans, active=active)


def with_words(project: Project, edit: Edit) -> Project:
    """The project after an edit of what no file need be opened for, with nothing computed: what follows from it is stale until somebody asks.

    Raises
    ------
    kawasolar.document.entries.EditConflict
        The edit does not fit; nothing is changed.
    """
    entries = apply(project.entries, edit)
    return replace(
        project, entries=entries, plans={key: replace(plan, entries=entries) for key, plan in project.plans.items()}
    )


def settled(project: Project, attic: Sequence[Plan] = (), progress: Progress = silent) -> Project:
    """The project with all that takes milliseconds computed from what was entered (:func:`with_words`).

    Raises
    ------
    gis.progress.Cancelled
        from ``progress``, between two scenarios
    """
    donors = [*project.plans.values(), *attic]
    plans = {}
    for done, (key, plan) in enumerate(project.plans.items()):
        progress(done / len(project.plans), "join")
        plans[key] = with_entries(plan, project.entries, key, project.profile, donors)
    return replace(project, plans=plans)


def with_results(project: Project, finished: Project, attic: Sequence[Plan] = ()) -> Project:
    """The project as it is now with the results of one that was computed meanwhile: what was entered since then counts."""
    plans, base = {}, finished.profile
    file = _path_of(project.plan, "profile")
    # One that the plan keeps without a file is read from nowhere: what stands in it now counts.
    if not file or file != _path_of(finished.plan, "profile"):
        base = project.profile
    for key, plan in project.plans.items():
        fresh = finished.plans.get(key, plan)
        # A file that was exchanged meanwhile stays exchanged.
        paths = {entry.role: entry.path for entry in fresh.inputs}
        moved = [entry for entry in plan.inputs if paths.get(entry.role) != entry.path]
        # And one that was taken away stays away.
        moved += [no_file(role) for role in set(paths) - {entry.role for entry in plan.inputs}]
        fresh = _with_files(fresh, moved) if moved else fresh
        plans[key] = with_entries(fresh, project.entries, key, base, [*finished.plans.values(), *attic])
    return replace(project, plans=plans, profile=base)


def _path_of(plan: Plan, role: Role) -> str:
    return next((entry.path for entry in plan.inputs if entry.role == role), "")


def _with_exchanged(project: Project, edit: Edit) -> Project:
    """The project with the files that an edit says; what was computed from others is stale."""
    from kawasolar.profile import profile_from_text

    files, profile = [], project.profile
    for change in edit.changes:
        if change.table != "inputs":
            continue
        state = change.after if change.after is not None else change.before["was"]
        role = cast("Role", change.key)
        files.append(
            InputFile(role, state["path"], state["size"], state["sha256"], crs=state["crs"], layer=state["layer"])
        )
        if role == "profile" and state["text"]:
            profile = profile_from_text(state["text"], Path(state["path"]).name or project.profile.source)
    plans = {key: _with_files(plan, files) for key, plan in project.plans.items()}
    return replace(project, plans=plans, profile=profile)


def _with_files(plan: Plan, files: Sequence[InputFile]) -> Plan:
    """A plan with other files in the place of those of the same role; one without a path takes the role away."""
    by_role = {entry.role: entry for entry in files}
    roles = {entry.role for entry in plan.inputs}
    kept = [by_role.get(entry.role, entry) for entry in plan.inputs]
    inputs = (*kept, *(entry for role, entry in by_role.items() if role not in roles))
    dsm = Path(by_role["dsm"].path) if "dsm" in by_role else plan.dsm
    return replace(plan, inputs=tuple(entry for entry in inputs if entry.path), dsm=dsm)


def _origin(project: Project, entries: Entries, key: str, attic: Sequence[Plan]) -> Plan:
    """The plan that a scenario begins with: its own of before, else one with the same values, else the active one."""
    for plan in attic:
        if plan.scenario == key:
            return plan

    def own(scenario: str) -> list[dict[str, Any]]:
        return [entries.of_scenario(table, scenario) for table in ("values", "layouts")]

    for plan in project.plans.values():
        if own(plan.scenario) == own(key):
            return plan
    return project.plan


def with_entries(
    plan: Plan,
    entries: Entries,
    scenario: str,
    base: Profile,
    donors: Sequence[Plan] = (),
    only: Collection[str] | None = None,
) -> Plan:
    """A plan under other entries: results taken over where they fit, the decision made anew where it must be.

    Parameters
    ----------
    only : stages that the entries may have made stale; all unless given
    """
    work = Work.of(plan if plan.scenario == scenario else replace(plan, scenario=scenario), base, entries)
    for stage in CHAIN:
        if only is not None and stage.name not in only:
            continue
        wanted, stamp = expected(stage, work), work.stamps.get(stage.name)
        if stamp is not None and stamp.fingerprint == wanted.fingerprint:
            continue
        donor = _donor(stage, wanted.fingerprint, donors)
        if donor is not None:
            take_over(work, stage.name, Work.of(donor, base))
        elif stage.name == "join":
            # No file is opened for an edit: where only the outlines' file can tell, the join waits for the next run.
            if known_buildings(work) is not None:
                _run(stage, work, Bench(work.inputs, base.epsg), silent)
        elif stage.name == "layout" and stamp is not None and stamp.base == wanted.base:
            # A few facilities take milliseconds, and no file.
            if len(changed_parts(stamp, wanted)) <= LAID_OUT_AT_ONCE:
                _run(stage, work, Bench(work.inputs, base.epsg), silent)
        elif stage.name in AT_ONCE:
            _decide(stage, work)
        elif stage.is_idle(work):
            # Nobody asks for it any more, or never did.
            _run(stage, work, Bench(work.inputs, base.epsg), silent)
    return work.plan()


def _decide(stage: Stage, work: Work) -> None:
    begin = time.perf_counter()
    if stage.name == "selection":
        run_decision(work)
    spent = round(time.perf_counter() - begin, 3)
    work.seconds[stage.name] = spent
    made = datetime.now(UTC).isoformat(timespec="seconds")
    work.stamps[stage.name] = replace(expected(stage, work), made=made, seconds=spent)


def stamped(plan: Plan, base: Profile, version: int | None = None) -> Plan:
    """A plan of an older file, which kept no stamps: its results are those of the inputs that it names.

    Parameters
    ----------
    version : of the calculation of all stages; the present one unless given
    """
    work = Work.of(plan, base)
    for stage in CHAIN:
        if version is not None and stage.name in ("layout", "use", "programme", *ANSWERS):
            # No older file has one.
            continue
        wanted = expected(stage, work)
        work.stamps[stage.name] = wanted if version is None else replace(wanted, version=version)
    return work.plan()
