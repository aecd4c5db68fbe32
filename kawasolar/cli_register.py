"""The command line for ledgers of other things than facilities: ``kawasolar register``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from kawasolar.cli import app
from kawasolar.cli_columns import finding_cells, heading_rows, tell_checked, tell_columns
from kawasolar.console import State, check_target, tell_findings, tell_written
from kawasolar.words import say

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.ledger.mapping import Mapping
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
    mapping: Annotated[Path | None, typer.Option(help="which column is which (TOML, as --out-mapping writes it)")] = None,
    columns: Annotated[bool, typer.Option("--columns", help="say what each column seems to be, by heading or by content, and how sure that is")] = False,
    heading: Annotated[int | None, typer.Option(min=0, help="with --columns: row of the heading; 0 for none")] = None,
    heading_lines: Annotated[int, typer.Option("--heading-rows", min=1, max=2, help="with --heading: how many rows it has")] = 1,
    out_mapping: Annotated[Path | None, typer.Option("--out-mapping", help="with --columns: mapping to write (TOML); edit it and give it as --mapping")] = None,
    check: Annotated[bool, typer.Option("--check", help="list all that is wrong, row by row, with what is expected")] = False,
    xlsx: Annotated[Path | None, typer.Option(help="workbook to send back: what is wrong, and the rows concerned")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the rows as JSON")] = False,
) -> None:  # fmt: skip
    """Read a ledger of lamps, vehicles, buildings, supply points or works on roofs, and say what is wrong in it, row by row."""
    if (file is None) == (template is None):
        raise typer.BadParameter(say(State.language, "cli.register_words"), param_hint="file")
    if template is not None:
        _write_template(*template)
        return
    path, of = cast("Path", file), known_kind(kind) if kind else None
    if columns:
        _columns(path, of, sheet, plan, heading, heading_lines, out_mapping, as_json=as_json)
        return
    from kawasolar.ledger.notes import folded
    from kawasolar.registers.checking import check_register
    from kawasolar.registers.paper import plain_rows, write_rows
    from kawasolar.registers.reading import locate

    for target in (csv, xlsx):
        if target is not None:
            check_target(target, keep=(path, plan, mapping))
    chosen, loaded, named = locate(path, of, sheet=sheet or None, mapping=_mapping(mapping, of))
    facilities, said = _facilities(plan)
    found = check_register(loaded, chosen, mapping=named, facilities=facilities, said=said)
    if xlsx is not None:
        from kawasolar.export.ledger_check import write_ledger_check

        write_ledger_check(found, xlsx, State.paper_language)
        tell_written(xlsx)
    if csv is not None:
        write_rows(found.frame, csv)
        tell_written(csv)
    if as_json:
        wrong = [finding_cells(found, finding) for finding in found.findings]
        rows = plain_rows(found.frame).to_dict("records")
        whole = {"kind": chosen, "columns": found.columns, "rows": rows, "findings": wrong}
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
    if check and not as_json:
        tell_checked(found)
        return
    tell_findings(tuple(folded(found.told)))
    if not as_json:
        _tell(found.register, found.frame, with_plan=plan is not None)


def _columns(
    path: Path, kind: Kind | None, sheet: str, plan: Path | None, heading: int | None, lines: int, out: Path | None, *, as_json: bool
) -> None:  # fmt: skip
    """What each column seems to be."""
    from kawasolar.facility_names import FacilityNames
    from kawasolar.ledger.mapping import write_mapping
    from kawasolar.ledger.opening import opened_again
    from kawasolar.registers import schema_of
    from kawasolar.registers.opening import open_register

    if out is not None:
        check_target(out, keep=(path, plan))
    facilities, said = _facilities(plan)
    names = None if facilities is None else FacilityNames.of(facilities, said)
    opened = open_register(path, kind, sheet, facilities=names)
    asked = heading_rows(heading, lines, opened.loaded.table)
    if asked is not None:
        opened = opened_again(opened, asked, None, facilities=names)
    found = opened.proposed
    if out is not None:
        write_mapping(found.mapping(), out)
        tell_written(out)
    if not as_json:
        name = schema_of(known_kind(found.kind)).name(State.language)
        typer.echo(say(State.language, "register.title.columns", file=path.name, name=name))
    tell_columns(found, as_json=as_json)


def _write_template(kind: str, path: Path) -> None:
    from kawasolar.registers import write_template

    check_target(path)
    write_template(known_kind(kind), path, State.paper_language)
    tell_written(path)


def _facilities(plan: Path | None) -> tuple[pd.DataFrame | None, dict[str, str]]:
    """Those of a plan, and what people say of names there."""
    if plan is None:
        return None, {}
    from kawasolar.document.views import aliases_of
    from kawasolar.project import load_plan

    opened = load_plan(plan)
    return opened.facilities, aliases_of(opened.entries)


def _mapping(path: Path | None, kind: Kind | None) -> Mapping | None:
    """A mapping of the kind that is asked for, or of any register."""
    from kawasolar.ledger.mapping import read_mapping

    if path is None:
        return None
    found = read_mapping(path, kind)
    known_kind(found.kind)
    return found


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
