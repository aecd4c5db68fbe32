"""The command line for ledgers of facilities: ``kawasolar ledger``: columns, what is wrong, and a newer one for a plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.bundled import profile_path
from kawasolar.cli import app
from kawasolar.cli_columns import finding_cells, heading_rows, tell_checked, tell_columns
from kawasolar.cli_project import AsJson, ProjectFile, Why, author, edited
from kawasolar.console import State, check_target, tell_findings, tell_written
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kawasolar.document.entries import Edit
    from kawasolar.ledger.loading import Loaded
    from kawasolar.ledger.mapping import Mapping
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
    found = propose(loaded.table, heading_rows(heading, rows, loaded.table))
    if out is not None:
        check_target(out, keep=(file,))
        write_mapping(found.mapping(), out)
        tell_written(out)
    tell_columns(found, as_json=as_json)


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
    if as_json:
        rows = [finding_cells(checked, finding) for finding in checked.findings]
        whole = {"facilities": checked.good, "columns": checked.columns, "findings": rows}
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    tell_checked(checked)


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
