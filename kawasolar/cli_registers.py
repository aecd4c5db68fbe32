"""The command line for a plan's other ledgers: ``kawasolar registers``, ``kawasolar edit register | alias``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from kawasolar.cli import app
from kawasolar.cli_edit import edit_app
from kawasolar.cli_project import AsJson, ProjectFile, Why, author, edited
from kawasolar.cli_register import known_kind
from kawasolar.console import State, check_target, tell_findings, tell_written
from kawasolar.errors import PlanError
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.document.entries import Edit
    from kawasolar.plan import OtherLedger, Plan, Project


@app.command("registers")
def registers(
    project: ProjectFile,
    kind: Annotated[str, typer.Argument(help="lamps, vehicles, wings, meter_points or roof_works: its rows; which the plan has unless given")] = "",
    csv: Annotated[Path | None, typer.Option(help="CSV to write: the rows with their facilities")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say which ledgers of lamps, vehicles, buildings, supply points and works on roofs a plan has, or list the rows of one with their facilities."""
    from kawasolar.project import load_project

    plan = load_project(project).plan
    if not kind:
        _tell_all(plan, as_json=as_json)
        return
    from kawasolar.registers import rows_of_plan
    from kawasolar.registers.paper import plain_rows, write_rows

    wanted = known_kind(kind)
    if wanted not in plan.registers.by_kind:
        raise PlanError("register.plan_has_none", kind=say(State.language, f"ui.role.{wanted}"))
    rows, findings = rows_of_plan(plan, wanted)
    tell_findings((*plan.registers.by_kind[wanted].findings, *findings))
    if csv is not None:
        check_target(csv, keep=(project, *(Path(file.path) for file in plan.inputs)))
        write_rows(rows, csv)
        tell_written(csv)
    if as_json:
        typer.echo(json.dumps(plain_rows(rows).to_dict("records"), ensure_ascii=False, indent=2))
        return
    typer.echo(_line(plan, wanted))


def _tell_all(plan: Plan, *, as_json: bool) -> None:
    kinds = list(plan.registers.by_kind)
    if as_json:
        told = [{"kind": kind, **dict(zip(("rows", "known"), _counts(plan, kind), strict=True))} for kind in kinds]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for kind in kinds:
        typer.echo(_line(plan, kind))
    if not kinds:
        typer.echo(say(State.language, "register.plan_has_no_other"))


def _counts(plan: Plan, kind: OtherLedger) -> tuple[int, int]:
    from kawasolar.registers import rows_of_plan

    rows, _ = rows_of_plan(plan, kind)
    return len(rows), int(rows["facility_id"].notna().sum())


def _line(plan: Plan, kind: OtherLedger) -> str:
    count, known = _counts(plan, kind)
    file = next((Path(entry.path).name for entry in plan.inputs if entry.role == kind), "–")
    name = say(State.language, f"ui.role.{kind}")
    return say(State.language, "register.of_plan", name=name, file=file, rows=f"{count:,}", known=f"{known:,}")


@edit_app.command("register")
def edit_register(
    project: ProjectFile,
    file: Annotated[Path, typer.Argument(help="ledger of lamps, vehicles, buildings, supply points or works on roofs (CSV, XLSX)")],
    kind: Annotated[str, typer.Option(help="lamps, vehicles, wings, meter_points or roof_works; told by its headings unless given")] = "",
    sheet: Annotated[str, typer.Option(help="sheet; the first that fits unless given")] = "",
    mapping: Annotated[Path | None, typer.Option(help="which column is which (TOML, as register --columns --out-mapping writes it)")] = None,
    show: Annotated[bool, typer.Option("--show", help="say only what it would change")] = False,
    why: Why = "",
) -> None:  # fmt: skip
    """Take a ledger of lamps, vehicles, buildings, supply points or works on roofs into a plan, in the place of the one of that kind; say what changes."""
    from kawasolar.ledger.mapping import read_mapping
    from kawasolar.project import load_project
    from kawasolar.registers import NewerRegister, newer_register, read_register, schema_of, take_register
    from kawasolar.registers.told import renewal_lines

    wanted = known_kind(kind) if kind else None
    asked = None if mapping is None else read_mapping(mapping, wanted)
    if asked is not None:
        wanted = known_kind(asked.kind)
    named = sheet or (asked.sheet if asked is not None else "")

    def read(opened: Project) -> NewerRegister:
        register = read_register(file, wanted, sheet=named or None, mapping=asked)
        tell_findings(register.findings)
        newer = newer_register(opened.plan, file, register, asked, named)
        if newer.renewal is not None:
            schema = schema_of(newer.kind)
            for line in renewal_lines(State.language, newer.renewal, schema, register.columns):
                typer.echo(line)
        else:
            name = say(State.language, f"ui.role.{newer.kind}")
            typer.echo(say(State.language, "register.taken_first", name=name, rows=f"{len(register.frame):,}"))
        return newer

    if show:
        read(load_project(project))
        return

    def make(opened: Project, _key: str) -> Edit:
        return take_register(opened.entries, opened.plan.inputs, read(opened), author(why))

    edited(project, make, run=True)


@edit_app.command("alias")
def edit_alias(
    project: ProjectFile,
    name: Annotated[str, typer.Argument(help="what other ledgers and meters call a facility")],
    facility: Annotated[str | None, typer.Argument(help="facility_id that is meant")] = None,
    automatic: Annotated[bool, typer.Option("--automatic", help="as the program takes it by its name")] = False,
    none: Annotated[bool, typer.Option("--none", help="it is no facility of the plan")] = False,
    why: Why = "",
) -> None:  # fmt: skip
    """Say which facility is meant by a name, in all other ledgers and meters."""
    from kawasolar.document import edits
    from kawasolar.facility_names import name_key

    if (facility is not None, automatic, none).count(True) != 1 or not name_key(name):
        raise typer.BadParameter(say(State.language, "cli.alias_words"), param_hint="facility")

    def make(opened: Project, _key: str) -> Edit:
        if facility is not None and facility not in set(opened.plan.facilities["facility_id"]):
            raise PlanError("edit.no_such_facility", facility=facility)
        said = None if automatic else (facility or "")
        return edits.name_facilities(opened.entries, {name: said}, author(why))

    edited(project, make)


def kinds_of(files: list[Path]) -> tuple[tuple[OtherLedger, Path], ...]:
    """Of which kind each ledger is, by its headings; one of a kind.

    Raises
    ------
    UnreadableLedger
        One is none that is known.
    typer.BadParameter
        Two are of one kind.
    """
    from kawasolar.registers import read_register

    found: dict[OtherLedger, Path] = {}
    for file in files:
        kind = read_register(file).kind
        if kind in found:
            raise typer.BadParameter(f"{found[kind].name}, {file.name}", param_hint="--register")
        found[kind] = file
    return tuple(cast("list[tuple[OtherLedger, Path]]", list(found.items())))
