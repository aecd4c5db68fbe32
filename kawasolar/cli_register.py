"""The command line for ledgers of other things than facilities: ``kawasolar register``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from kawasolar.cli import app
from kawasolar.console import State, check_target, tell_findings, tell_written
from kawasolar.words import say

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.registers import Register
    from kawasolar.registers.schema import Kind


@app.command("register")
def register(
    file: Annotated[Path | None, typer.Argument(help="ledger of lamps, vehicles, buildings, supply points or works on roofs (CSV, XLSX)")] = None,
    kind: Annotated[str, typer.Option(help="lamps, vehicles, wings, meter_points or roof_works; told by its headings unless given")] = "",
    sheet: Annotated[str, typer.Option(help="sheet; the first that fits unless given")] = "",
    plan: Annotated[Path | None, typer.Option(help="project file: whose facility each row is")] = None,
    csv: Annotated[Path | None, typer.Option(help="CSV to write: the rows as they were understood")] = None,
    template: Annotated[tuple[str, Path] | None, typer.Option(help="kind and workbook: write an empty ledger to fill in")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the rows as JSON")] = False,
) -> None:  # fmt: skip
    """Read a ledger of lamps, vehicles, buildings, supply points or works on roofs, and say what is wrong in it, row by row."""
    from kawasolar.registers import read_register, with_facilities, write_template
    from kawasolar.registers.paper import plain_rows, write_rows

    if (file is None) == (template is None):
        raise typer.BadParameter(say(State.language, "cli.register_words"), param_hint="file")
    if template is not None:
        check_target(template[1])
        write_template(known_kind(template[0]), template[1], State.paper_language)
        tell_written(template[1])
        return
    path = cast("Path", file)
    if csv is not None:
        check_target(csv, keep=(path, plan))
    found = read_register(path, known_kind(kind) if kind else None, sheet=sheet or None)
    frame, findings = found.frame, list(found.findings)
    if plan is not None:
        from kawasolar.document.views import aliases_of
        from kawasolar.project import load_plan

        opened = load_plan(plan)
        frame, further = with_facilities(found, opened.facilities, aliases_of(opened.entries))
        findings += further
    tell_findings(tuple(findings))
    if csv is not None:
        write_rows(frame, csv)
        tell_written(csv)
    if as_json:
        whole = {"kind": found.kind, "columns": found.columns, "rows": plain_rows(frame).to_dict("records")}
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    _tell(found, frame, with_plan=plan is not None)


def known_kind(text: str) -> Kind:
    """The kind of ledger that is meant; a usage error where there is none such."""
    from kawasolar.registers import KINDS

    if text not in KINDS:
        raise typer.BadParameter(", ".join(KINDS), param_hint="--kind")
    return text


def _tell(found: Register, frame: pd.DataFrame, *, with_plan: bool) -> None:
    language = State.language
    columns = ", ".join(found.columns.values())
    typer.echo(
        say(
            language,
            "register.head",
            file=found.source,
            name=found.schema.name(language),
            rows=len(frame),
            columns=columns,
        )
    )
    if found.unused:
        typer.echo(say(language, "register.unused", unused=", ".join(found.unused)[:400]))
    if with_plan:
        typer.echo(say(language, "register.facilities", known=int(frame["facility_id"].notna().sum()), rows=len(frame)))
