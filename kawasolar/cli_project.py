"""The command line on a project that is there: run, status, why, compare, scenario, recover; edits are in :mod:`kawasolar.cli_edit`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.console import State, bar, check_target, errors, tell_figures, tell_findings
from kawasolar.errors import NotWritable, PlanError
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit
    from kawasolar.plan import Plan, Project

scenario_app = typer.Typer(help="Scenarios of a project.", no_args_is_help=True, add_completion=False)
app.add_typer(scenario_app, name="scenario")

ProjectFile = Annotated[Path, typer.Argument(help="project file")]
Scenario = Annotated[str, typer.Option("--scenario", help="name of the scenario; the active one unless given")]
Why = Annotated[str, typer.Option("--why", help="the reason, as the list and the papers will give it")]
AsJson = Annotated[bool, typer.Option("--json", help="print as JSON")]


# ---------------------------------------------------------------------------------------------- shared


@contextmanager
def held(path: Path, *, exists: bool = True) -> Iterator[None]:
    """Hold the lock of a project while it is written.

    Raises
    ------
    NotWritable
        ``lock.held``: somebody else has it open; ``lock.unknown``: nobody knows who.
    """
    from kawasolar.document.lock import Lock, NoLock, Owner, Taken, refused, take

    if not exists and not path.parent.is_dir():
        yield
        return
    outcome = take(path, Owner.here())
    if exists and isinstance(outcome, NoLock):
        # Said before anything is computed, not after.
        raise NotWritable(outcome.code, file=str(path), reason=outcome.reason)
    if isinstance(outcome, Taken):
        raise refused(path, outcome.owner)
    try:
        yield
    finally:
        if isinstance(outcome, Lock):
            outcome.release()


def saved(project: Project, path: Path) -> Project:
    """Write a project back to its file, with a mark of its own; tell of a backup."""
    from uuid import uuid4

    from kawasolar.document.person import person_name
    from kawasolar.plan import SaveMark
    from kawasolar.project import carry_cache, save_project

    marked = replace(project, mark=SaveMark(uuid4().hex, 0))
    backup = save_project(marked, path, expect=project.mark, who=person_name())
    if backup is not None and not State.quiet:
        errors.print(say(State.language, "cli.backup", file=str(backup)), markup=False)
    return carry_cache(marked, path)


def author(why: str = "") -> Author:
    """Who calls the command, and why."""
    from kawasolar.document.edits import Author
    from kawasolar.document.person import person_name

    return Author(person_name(), why)


def scenario_of(project: Project, word: str) -> str:
    """Key of a scenario by its name or key; the active one for an empty word."""
    if not word:
        return project.active
    from kawasolar.compare import find_scenario

    return find_scenario(project, word)


def scenario_named(project: Project, word: str) -> str:
    """As :func:`scenario_of`, where one must be named: an empty word, such as a variable of a script that is not set, is none."""
    from kawasolar.compare import find_scenario

    return find_scenario(project, word)


def noted(path: Path, project: Project, plan: Plan, written: list[tuple[str, Path]]) -> None:
    """Note in the project which papers were written; a project that cannot be written is left as it is, and said."""
    from kawasolar.document.person import person_name
    from kawasolar.provenance.exports import record, with_record

    who = person_name()
    for kind, target in written:
        project = with_record(project, record(plan, kind, target, State.paper_language, who))
    try:
        with held(path):
            saved(project, path)
    except NotWritable as error:
        if not State.quiet:
            errors.print(say(State.language, "cli.not_noted", file=str(path), reason=error.code), markup=False)


def edited(path: Path, edit_of: Any, scenario: str = "", *, run: bool = False) -> None:  # noqa: ANN401 - a function of entries and key
    """Apply an edit to a project, compute what follows if asked, and save it."""
    from kawasolar.project import load_project
    from kawasolar.stages import bring_up_to_date, with_edit

    with held(path):
        project = load_project(path)
        key = scenario_of(project, scenario)
        edit: Edit = edit_of(project, key)
        if not edit.changes:
            typer.echo(say(State.language, "cli.nothing_changed"))
            return
        project = with_edit(project, edit)
        if run:
            with bar() as progress:
                project = bring_up_to_date(project, [key], progress)
        project = saved(project, path)
    _tell_stale(project, key if key in project.plans else project.active)


def _tell_stale(project: Project, key: str) -> None:
    from kawasolar.reasons import stage_sentence
    from kawasolar.stages import states

    plan = project.plans[key]
    stale = [state for state in states(plan, project.profile) if not state.is_fresh]
    for state in stale:
        typer.echo(stage_sentence(State.language, state, plan.profile))
    if stale:
        typer.echo(say(State.language, "cli.run_hint"))


# ---------------------------------------------------------------------------------------------- run and status


@app.command()
def run(
    project: ProjectFile,
    scenario: Scenario = "",
    everything: Annotated[bool, typer.Option("--all", help="all scenarios")] = False,
    force: Annotated[bool, typer.Option(help="compute everything anew, stale or not")] = False,
    as_json: AsJson = False,
) -> None:
    """Compute the stages that are stale, and only these."""
    from kawasolar.decide import decision_findings
    from kawasolar.figures import figures
    from kawasolar.profile import load_profile
    from kawasolar.project import load_project
    from kawasolar.stages import bring_up_to_date, observed

    with held(project):
        opened = load_project(project)
        keys = list(opened.plans) if everything else [scenario_of(opened, scenario)]
        inputs = observed(opened.plan.inputs)
        told = {entry.role: entry.sha256 for entry in opened.plan.inputs}
        changed = [entry for entry in inputs if entry.role == "profile" and entry.sha256 != told["profile"]]
        profile = load_profile(Path(changed[0].path)) if changed else None
        with bar() as progress:
            done = bring_up_to_date(opened, keys, progress, inputs=inputs, profile=profile, force=force)
        done = saved(done, project)
    plan = done.plans[keys[0]]
    tell_findings((*plan.findings, *decision_findings(plan.decision, plan.settings)))
    ran = {
        key: [name for name, stamp in done.plans[key].stamps.items() if stamp is not opened.plans[key].stamps.get(name)]
        for key in keys
    }
    if as_json:
        typer.echo(json.dumps({**figures(plan), "computed": ran}, ensure_ascii=False, indent=2))
        return
    tell_figures(figures(plan), project)


@app.command()
def status(project: ProjectFile, scenario: Scenario = "", as_json: AsJson = False) -> None:
    """Print the figures of a plan, what is stale and why, which papers are out of date, and what was noticed in the data."""
    from kawasolar.decide import decision_findings
    from kawasolar.figures import figures
    from kawasolar.project import load_project
    from kawasolar.provenance.exports import export_states
    from kawasolar.reasons import stage_sentence
    from kawasolar.stages import missing, observed, plan_fingerprint, states

    opened = load_project(project)
    key = scenario_of(opened, scenario)
    plan, home = opened.plans[key], project.resolve()
    found = states(plan, opened.profile, observed(plan.inputs, home=home))
    gone = missing(plan.inputs, home)
    papers = export_states(opened)
    if as_json:
        whole = {
            **figures(plan), "scenario": plan.scenario_name, "fingerprint": plan_fingerprint(plan),
            "scenarios": [one.scenario_name for one in opened.plans.values()],
            "stages": [
                {"stage": s.name, "state": s.freshness, "parts": s.parts, "stale_parts": s.stale_parts, "made": s.made, "seconds": s.seconds,
                 "reasons": [{"kind": r.kind, "name": r.name, "before": r.before, "after": r.after} for r in s.reasons]}
                for s in found
            ],
            "missing": list(gone),
            "exports": [{"kind": p.record.kind, "path": p.record.path, "state": p.state, "when": p.record.when} for p in papers],
        }  # fmt: skip
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    tell_findings((*plan.findings, *decision_findings(plan.decision, plan.settings)))
    typer.echo(say(State.language, "cli.scenario", name=plan.scenario_name, fingerprint=plan_fingerprint(plan)))
    for state in found:
        typer.echo(stage_sentence(State.language, state, plan.profile))
    for entry in plan.inputs:
        if entry.role in gone:
            role = say(State.language, f"ui.role.{entry.role}")
            typer.echo(say(State.language, "cli.input_gone", role=role, file=entry.path))
    for paper in papers:
        sentence = say(State.language, f"paper.is.{paper.state}")
        typer.echo(say(State.language, "cli.paper", file=paper.record.path, state=sentence, when=paper.record.when))
    tell_figures(figures(plan), project, written=False)


@app.command()
def why(
    project: ProjectFile,
    figure: Annotated[str, typer.Argument(help="name of the figure; nothing lists what can be asked")] = "",
    facility: Annotated[str, typer.Option(help="id of the facility; of the whole plan unless given")] = "",
    scenario: Scenario = "",
) -> None:
    """Say how a figure came about: the formula in words, every input with its source, down to the file and row."""
    from kawasolar.project import load_project
    from kawasolar.provenance import explain, figures_of, sentences

    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    if not figure:
        for code in figures_of(plan, facility or None):
            typer.echo(code)
        return
    for indent, text in sentences(explain(plan, figure, facility or None), State.language):
        typer.echo("  " * indent + text)


@app.command()
def compare(
    project: ProjectFile,
    scenarios: Annotated[list[str] | None, typer.Argument(help="names; all scenarios unless given")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="the comparison as an Excel workbook")] = None,
    csv: Annotated[Path | None, typer.Option(help="the sites that differ, as CSV")] = None,
) -> None:
    """Put scenarios side by side: figures, what was turned, and the sites that differ."""
    from kawasolar import compare as comparing
    from kawasolar.export.comparison import write_comparison_csv, write_comparison_xlsx
    from kawasolar.project import load_project

    opened = load_project(project)
    keys = [scenario_of(opened, word) for word in scenarios] if scenarios else list(opened.plans)
    found = comparing.compare(opened, keys)
    for target, write in ((xlsx, write_comparison_xlsx), (csv, write_comparison_csv)):
        if target is not None:
            check_target(target, keep=(project,))
            write(found, target, State.paper_language)
            errors.print(say(State.language, "cli.written", file=str(target)), markup=False)
    for line in comparing.lines(found, State.language):
        typer.echo(line)


@app.command()
def recover(
    project: ProjectFile,
    discard: Annotated[bool, typer.Option(help="throw them away instead")] = False,
) -> None:
    """Apply the edits that were not saved when the program ended the last time."""
    from kawasolar.document.journal import recovery_folder
    from kawasolar.document.recovery import find_recoveries
    from kawasolar.project import load_project
    from kawasolar.stages import with_edit

    with held(project):
        opened = load_project(project)
        found = find_recoveries(recovery_folder(), project, opened.mark)
        done = 0
        for recovery in found:
            for edit in () if discard else recovery.edits:
                try:
                    opened = with_edit(opened, edit)
                except PlanError:
                    break
                done += 1
        if done:
            saved(opened, project)
        for recovery in found:
            recovery.discard()
    typer.echo(say(State.language, "cli.recovered", done=done, count=sum(recovery.count for recovery in found)))


# ---------------------------------------------------------------------------------------------- scenarios


@scenario_app.command("list")
def scenario_list(project: ProjectFile) -> None:
    """Names of the scenarios, the active one marked."""
    from kawasolar.document.views import scenarios_of
    from kawasolar.project import load_project

    opened = load_project(project)
    for one in scenarios_of(opened.entries):
        mark = "*" if one.key == opened.active else " "
        typer.echo(f"{mark} {one.name}" + (f"  {one.note}" if one.note else ""))


@scenario_app.command("copy")
def scenario_copy(
    project: ProjectFile,
    name: Annotated[str, typer.Argument(help="name of the new one")],
    of: Annotated[str, typer.Option("--of", help="the one to copy")] = "",
    note: str = "",
) -> None:
    """Duplicate a scenario under another name."""
    from kawasolar.document import edits

    edited(project, lambda opened, key: edits.duplicate_scenario(opened.entries, key, name, note)[0], of)


@scenario_app.command("rename")
def scenario_rename(project: ProjectFile, old: str, new: str, note: str | None = None) -> None:
    """Call a scenario otherwise."""
    from kawasolar.document import edits

    edited(project, lambda opened, _key: edits.rename_scenario(opened.entries, scenario_named(opened, old), new, note))


@scenario_app.command("remove")
def scenario_remove(project: ProjectFile, name: str) -> None:
    """Take a scenario away."""
    from kawasolar.document import edits

    edited(project, lambda opened, _key: edits.remove_scenario(opened.entries, scenario_named(opened, name)))


@scenario_app.command("use")
def scenario_use(project: ProjectFile, name: str) -> None:
    """Make a scenario the active one."""
    from kawasolar.project import load_project

    with held(project):
        opened = load_project(project)
        saved(replace(opened, active=scenario_named(opened, name)), project)
