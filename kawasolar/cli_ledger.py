"""The command line for ledgers of facilities: ``kawasolar ledger``: columns, what is wrong, and a newer one for a plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.bundled import profile_path
from kawasolar.cli import app
from kawasolar.cli_project import AsJson, ProjectFile, Why, author, edited
from kawasolar.console import State, check_target, tell_findings, tell_written
from kawasolar.errors import PlanError
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gis.findings import Finding
    from kawasolar.document.entries import Edit
    from kawasolar.ledger.checking import Checked
    from kawasolar.ledger.loading import Loaded
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.proposals import Proposal
    from kawasolar.plan import Project
    from kawasolar.renewing import Newer

ledger_app = typer.Typer(
    help="Ledgers of facilities: which column is which, what is wrong, and a newer one for a plan.", no_args_is_help=True, add_completion=False,
)  # fmt: skip
app.add_typer(ledger_app, name="ledger")

LedgerFile = Annotated[Path, typer.Argument(help="ledger (CSV, XLSX, GeoJSON, GeoPackage, shapefile)")]
Sheet = Annotated[
    str, typer.Option("--sheet", help="sheet or layer; the first with a heading that is known unless given")
]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", help="which column is which (TOML, as ledger columns writes it)")
]
Crs = Annotated[str, typer.Option("--crs", help="CRS of a map layer that names none")]
ProfileFile = Annotated[
    Path | None,
    typer.Option(
        "--profile", parser=profile_path, help="profile of the municipality: TOML file, or the name of a bundled one"
    ),
]


@ledger_app.command("columns")
def ledger_columns(
    file: LedgerFile, sheet: Sheet = "",
    heading: Annotated[int | None, typer.Option("--heading", min=0, help="row of the heading; 0 for none")] = None,
    rows: Annotated[int, typer.Option("--heading-rows", min=1, max=2, help="how many rows the heading has")] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="mapping to write (TOML); edit it and give it as --mapping")] = None,
    crs: Crs = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say what each column seems to be, by heading or by content, and how sure that is."""
    from kawasolar.ledger.mapping import write_mapping
    from kawasolar.ledger.proposals import propose

    loaded = _loaded(file, sheet, crs)
    asked = None if heading is None else (-1, -1) if heading == 0 else (heading - 1, heading + rows - 2)
    if asked is not None and asked[1] >= len(loaded.table.rows):
        raise typer.BadParameter(str(len(loaded.table.rows)), param_hint="--heading")
    found = propose(loaded.table, asked)
    if out is not None:
        check_target(out, keep=(file,))
        write_mapping(found.mapping(), out)
        tell_written(out)
    if as_json:
        told = [{"index": one.index, "heading": one.heading, "column": one.column, "unit": one.unit, "reason": one.reason, "named": one.named,
                 "sure": round(one.sure, 3)} for one in found.columns]  # fmt: skip
        head = [found.first + 1, found.last + 1] if found.first >= 0 else []
        whole = {
            "sheet": found.sheet,
            "heading_rows": head,
            "first_row": found.begin + 1,
            "other": found.other,
            "columns": told,
        }
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    for one in found.columns:
        typer.echo(_proposal_line(one))


def _proposal_line(one: Proposal) -> str:
    from kawasolar.ledger.mapping import letter_of
    from kawasolar.ledger.mapping_words import column_word, reason_words

    language = State.language
    column = column_word(language, one.column)
    mark = say(language, "mapping.look") if one.is_doubtful else ""
    return "\t".join((letter_of(one.index), one.heading, column, reason_words(language, one), mark)).rstrip()


@ledger_app.command("check")
def ledger_check(
    file: LedgerFile, sheet: Sheet = "", mapping: MappingFile = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="workbook to send back: what is wrong, and the rows concerned")] = None,
    profile: ProfileFile = None, crs: Crs = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """List all that is wrong in a ledger, row by row; the good rows can be read all the same."""
    from pyproj import CRS

    from kawasolar.ledger.checking import check_ledger
    from kawasolar.profile import load_profile

    asked = _mapping(mapping)
    loaded = _loaded(file, sheet or (asked.sheet if asked is not None else ""), crs)
    checked = check_ledger(loaded, CRS.from_epsg(load_profile(profile).epsg), mapping=asked)
    if xlsx is not None:
        from kawasolar.export.ledger_check import write_ledger_check

        check_target(xlsx, keep=(file, mapping))
        write_ledger_check(checked, xlsx, State.paper_language)
        tell_written(xlsx)
    rows = [_finding_cells(checked, finding) for finding in checked.findings]
    if as_json:
        whole = {"facilities": len(checked.ledger.facilities), "columns": checked.ledger.columns, "findings": rows}
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    if rows:
        names = ("row", "column", "found", "expected", "text")
        typer.echo("\t".join(say(State.language, f"ledger.paper.{name}") for name in names))
        for row in rows:
            typer.echo("\t".join("" if row[name] is None else str(row[name]) for name in names))
    number = f"{len(checked.ledger.facilities):,}"
    typer.echo(say(State.language, "ledger.paper.note", good=number, count=f"{len(rows):,}"))


def _finding_cells(checked: Checked, finding: Finding) -> dict[str, Any]:
    from kawasolar.export.ledger_check import expected_text
    from kawasolar.reasons import finding_brief

    ours = checked.our_columns.get(finding.column or "", "")
    return {
        "code": finding.code, "severity": finding.severity, "row": finding.row, "column": finding.column, "found": finding.found,
        "expected": expected_text(State.language, finding, ours), "text": finding_brief(State.language, finding),
    }  # fmt: skip


@ledger_app.command("diff")
def ledger_diff(
    project: ProjectFile, file: LedgerFile, sheet: Sheet = "", mapping: MappingFile = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="the differences as an Excel workbook")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="the differences as CSV")] = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Compare a newer ledger with that of a plan: what comes, goes and changes, and what becomes of corrected cells."""
    from kawasolar.export.ledger_renewal import write_renewal_csv, write_renewal_xlsx
    from kawasolar.project import load_project

    opened = load_project(project)
    newer = _newer(opened, file, sheet, _mapping(mapping))
    for target, write in ((xlsx, write_renewal_xlsx), (csv, write_renewal_csv)):
        if target is not None:
            check_target(target, keep=(project, file, mapping))
            write(newer, target, State.paper_language)
            tell_written(target)
    if as_json:
        typer.echo(json.dumps(_as_json(newer), ensure_ascii=False, indent=2, default=str))
    else:
        _tell(newer)


@ledger_app.command("update")
def ledger_update(
    project: ProjectFile, file: LedgerFile, sheet: Sheet = "", mapping: MappingFile = None,
    take: Annotated[list[str] | None, typer.Option("--take", help="COLUMN/NUMBER of a corrected cell of which the newer ledger shall count; all that are to be decided: all")] = None,
    why: Why = "", compute: Annotated[bool, typer.Option("--run/--later", help="compute what follows at once")] = True,
) -> None:  # fmt: skip
    """Take a newer ledger in the place of that of a plan; what people corrected stays, unless told otherwise."""
    from kawasolar.renewing import renew_ledger

    asked = _mapping(mapping)

    def make(opened: Project, _key: str) -> Edit:
        newer = _newer(opened, file, sheet, asked)
        _tell(newer)
        by = author(why)
        return renew_ledger(opened.entries, opened.plan.inputs, newer, by, _taken(newer, take or ()))

    edited(project, make, run=compute)


def _taken(newer: Newer, words: Iterable[str]) -> set[str]:
    """Keys of the corrected cells that are named."""
    known = {one.key: one for one in newer.renewal.corrections if one.state != "gone"}
    wanted = set(words)
    if "all" in wanted:
        wanted = {*(wanted - {"all"}), *(key for key, one in known.items() if one.state == "changed")}
    strange = sorted(wanted - known.keys())
    if strange:
        raise PlanError("ledger.no_such_correction", found=", ".join(strange)[:200])
    return wanted


def _newer(opened: Project, file: Path, sheet: str, mapping: Mapping | None) -> Newer:
    from kawasolar.renewing import load_newer, read_newer

    loaded = load_newer(opened.plan, file, sheet or (mapping.sheet if mapping is not None else ""))
    newer = read_newer(opened.plan, loaded, mapping, sheet)
    tell_findings(newer.ledger.findings)
    return newer


def _tell(newer: Newer) -> None:
    from kawasolar.ledger.mapping_words import renewal_lines

    for line in renewal_lines(State.language, newer.renewal):
        typer.echo(line)


def _as_json(newer: Newer) -> dict[str, Any]:
    renewal = newer.renewal
    return {
        "added": [list(one) for one in renewal.added], "removed": [list(one) for one in renewal.removed], "same": renewal.same,
        "changed": [vars(one) for one in renewal.changed], "columns_gone": list(renewal.columns_gone), "columns_new": list(renewal.columns_new),
        "corrections": [{**vars(one), "key": one.key} for one in renewal.corrections], "lost": [vars(one) for one in renewal.lost],
        "renumbered": renewal.renumbered, "by_name": renewal.by_name,
    }  # fmt: skip


def _mapping(path: Path | None) -> Mapping | None:
    from kawasolar.ledger.mapping import read_mapping

    return None if path is None else read_mapping(path)


def _loaded(path: Path, sheet: str, crs: str) -> Loaded:
    from gis.crs import parse_crs
    from kawasolar.ledger.loading import load

    return load(path, sheet or None, parse_crs(crs) if crs else None)
