"""The command line for LED retrofits: ``kawasolar lighting``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.cli_project import AsJson, ProjectFile, Scenario, scenario_of
from kawasolar.console import State, bar, check_target, tell_findings, tell_written
from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.lighting import Asked, Lighting, Table
    from kawasolar.plan import Plan

# More facilities than these are told by the table of the years alone, unless asked for.
_EACH = 40


@app.command("lighting")
def lighting_command(
    project: ProjectFile,
    facilities: Annotated[list[str] | None, typer.Argument(help="ids of facilities; all unless given")] = None,
    budget: Annotated[list[str] | None, typer.Option("--budget", help="yen of every year, or YEAR=YEN of one; no limit unless given")] = None,
    first: Annotated[int | None, typer.Option(min=2000, max=2100, help="first fiscal year; the plan's unless given")] = None,
    last: Annotated[int | None, typer.Option(min=2000, max=2100, help="last fiscal year; the fifth unless given")] = None,
    goal: Annotated[str, typer.Option(help="what there should be most of: saving or co2")] = "saving",
    deadlines: Annotated[bool, typer.Option("--deadlines/--no-deadlines", help="whether luminaires whose lamps are not made any more come first")] = True,
    pin: Annotated[list[str] | None, typer.Option("--pin", help="FACILITY=YEAR: in this fiscal year; 0 for in none")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="another number, KEY=NUMBER, as resources/lighting.toml calls it")] = None,
    table: Annotated[Path | None, typer.Option("--table", help="another table of the form of resources/lighting.toml")] = None,
    scenario: Scenario = "",
    xlsx: Annotated[Path | None, typer.Option(help="facilities, years, ways, deadlines, lots, luminaires and what is assumed as an Excel workbook")] = None,
    csv: Annotated[Path | None, typer.Option(help="the facilities with their years as CSV")] = None,
    gpkg: Annotated[Path | None, typer.Option(help="the facilities with their years as a layer (GeoPackage)")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """What LED lighting would do at each facility, until when its lamps are made, how it is paid for, and a programme by fiscal year under a budget."""
    from kawasolar.lighting import lighting_of, read_table, table_with
    from kawasolar.lighting.table import table_of_plan
    from kawasolar.project import load_project

    asked = asked_of(budget or [], first, last, goal, deadlines, pin or [])
    targets = (xlsx, csv, gpkg)
    for target in targets:
        if target is not None:
            check_target(target, keep=(project, table, *(set(targets) - {target})))
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    using = table_with(table_of_plan(plan) if table is None else read_table(table), _pairs(set_ or [], "lighting.bad_number"))  # fmt: skip
    with bar() as progress:
        found = lighting_of(plan, asked, using, facilities or None, progress)
    tell_findings(found.findings)
    _write(found, using, plan, xlsx, csv, gpkg)
    if as_json:
        typer.echo(json.dumps(_told(found), ensure_ascii=False, indent=2))
    else:
        _tell(found, each=bool(facilities) or len(found.facilities) <= _EACH)


def _write(found: Lighting, table: Table, plan: Plan, xlsx: Path | None, csv: Path | None, gpkg: Path | None) -> None:
    from kawasolar.export.lighting import write_lighting_csv, write_lighting_gpkg, write_lighting_xlsx

    if xlsx is not None:
        write_lighting_xlsx(found, table, plan, xlsx, State.paper_language)
        tell_written(xlsx)
    if csv is not None:
        write_lighting_csv(found, plan, csv, State.paper_language)
        tell_written(csv)
    if gpkg is not None:
        write_lighting_gpkg(found, plan, gpkg, State.paper_language)
        tell_written(gpkg)


def _pairs(given: Sequence[str], code: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in given:
        key, _, text = one.rpartition("=")
        try:
            found[key.strip()] = float(text)
        except ValueError as error:
            raise PlanError(code, found=one[:60]) from error
        if not key.strip():
            raise PlanError(code, found=one[:60])
    return found


def asked_of(
    budget: Sequence[str], first: int | None, last: int | None, goal: str, deadlines: bool, pin: Sequence[str]
) -> Asked:  # fmt: skip
    """What is asked, from the words of the command line.

    Raises
    ------
    PlanError
        ``lighting.bad_budget lighting.bad_goal lighting.bad_pin``
    """
    from kawasolar.lighting import GOALS, Asked

    yearly: float | None = None
    budgets: dict[int, float] = {}
    for one in budget:
        year, has_year, text = one.rpartition("=")
        try:
            yen = float(text.replace(",", ""))
            if has_year:
                budgets[int(year)] = yen
            else:
                yearly = yen
        except ValueError as error:
            raise PlanError("lighting.bad_budget", found=one[:60]) from error
    if goal not in GOALS:
        raise PlanError("lighting.bad_goal", found=goal[:60], expected=", ".join(GOALS))
    pins: dict[str, int] = {}
    for one, value in _pairs(pin, "lighting.bad_pin").items():
        if value != value or value != int(value):  # noqa: PLR0124 - not a number
            raise PlanError("lighting.bad_pin", found=one[:60])
        pins[one] = int(value)
    return Asked(first, last, yearly, budgets, goal, deadlines, pins)


def _tell(found: Lighting, *, each: bool) -> None:
    """What was asked, all together, facility by facility where there are few, then the years and the ways."""
    from kawasolar.lighting.words import asked_text, facility_text, note_texts, proof_text, total_text

    language = State.language
    typer.echo(asked_text(language, found.head))
    typer.echo(total_text(language, found))
    if each:
        for _, row in found.facilities.iterrows():
            typer.echo(facility_text(language, row))
    _tell_table(found, "years")
    if len(found.facilities) == 1:
        _tell_table(found, "ways")
    typer.echo(proof_text(language, found.head))
    for line in note_texts(language, found):
        typer.echo(line)


def _tell_table(found: Lighting, name: str) -> None:
    from kawasolar.export.xlsx_book import text_width
    from kawasolar.lighting.tables import headings, shown

    rows = shown(State.language, found, name).itertuples(index=False)
    lines = [headings(State.language, name), *([_text(cell) for cell in cells] for cells in rows)]
    if name == "years":
        # A year is no thousand.
        lines = [lines[0], *([line[0].replace(",", ""), *line[1:]] for line in lines[1:])]
    widths = [max(text_width(line[k]) for line in lines) for k in range(len(lines[0]))]
    for line in lines:
        typer.echo("  ".join(" " * (width - text_width(text)) + text for text, width in zip(line, widths, strict=True)))


def _text(cell: object) -> str:
    if cell is None or cell != cell:  # noqa: PLR0124 - not a number
        return "–"
    return f"{cell:,.10g}".replace("-", "−") if isinstance(cell, int | float) else str(cell)


def _told(found: Lighting) -> dict[str, Any]:
    """All for programs; None where there is none."""
    from kawasolar.lighting import kept

    head, frames = kept(found)
    told = {name: json.loads(frames[name].to_json(orient="records", double_precision=10)) for name in ("facilities", "years", "ways", "stock", "lots")}  # fmt: skip
    return {**head, **told}
