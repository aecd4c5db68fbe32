"""The command line for next-generation cars: ``kawasolar fleet``."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.cli_numbers import numbers_given
from kawasolar.cli_project import AsJson, ProjectFile, Scenario, scenario_of
from kawasolar.console import State, bar, check_target, tell_findings, tell_written
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from kawasolar.fleet import FleetResult
    from kawasolar.plan import Plan

# Rows of bases and of cars without a substitute that are told on the screen.
_MOST = 15


@app.command("fleet")
def fleet(
    project: ProjectFile,
    first_year: Annotated[int | None, typer.Option(help="first fiscal year in which cars are replaced")] = None,
    last_year: Annotated[int | None, typer.Option(help="last fiscal year; the target holds at its end")] = None,
    target: Annotated[float | None, typer.Option(help="share of the passenger cars, 0 to 1")] = None,
    counts: Annotated[str | None, typer.Option(help="what counts as next-generation: ev,phev,fcv,hev")] = None,
    prefer: Annotated[str | None, typer.Option(help="the first that fits is taken; a slash where cost decides: ev,phev/hev")] = None,
    way: Annotated[str, typer.Option(help="as_held, lease or purchase")] = "as_held",
    objective: Annotated[str | None, typer.Option(help="due (follow the leases), cost or co2")] = None,
    classes: Annotated[list[str] | None, typer.Option("--class", help="classes of the ledger that are replaced; passenger cars unless given")] = None,
    budget: Annotated[float | None, typer.Option(help="at most so much a year [yen]")] = None,
    year_budget: Annotated[list[str] | None, typer.Option(help="at most so much in one year, YEAR=YEN")] = None,
    cars_per_year: Annotated[int | None, typer.Option(help="at most so many cars a year")] = None,
    sharing: Annotated[bool, typer.Option("--sharing/--no-sharing", help="residents rent cars outside hours")] = False,
    set_: Annotated[list[str] | None, typer.Option("--set", help="another assumption, KEY=NUMBER, as resources/fleet.toml calls it")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="another catalogue of vehicles (CSV)")] = None,
    write_catalogue: Annotated[Path | None, typer.Option(help="the catalogue that is used as CSV, to be edited")] = None,
    scenario: Scenario = "",
    xlsx: Annotated[Path | None, typer.Option(help="years, cars, bases, cars without a substitute and assumptions as a workbook")] = None,
    csv: Annotated[Path | None, typer.Option(help="the cars as CSV")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Which next-generation car replaces each car of the ledger, in which fiscal year, what it costs and saves, and what each base charges."""
    from kawasolar.answers.own import own_table
    from kawasolar.fleet import default_rules, plan_fleet
    from kawasolar.project import load_project

    targets = [path for path in (xlsx, csv, write_catalogue) if path is not None]
    for path in targets:
        check_target(path, keep=(project, catalogue, *(other for other in targets if other is not path)))
    told: dict[str, Any] = {
        "first_year": first_year, "last_year": last_year, "target": target, "prefer": prefer, "objective": objective, "way": way, "budget_yen": budget,
        "cars_per_year": cars_per_year, "sharing": sharing, "classes": tuple(classes or ()),
        "counts": None if counts is None else tuple(one.strip() for one in counts.split(",")),
        "budgets": {int(year): yen for year, yen in _numbers(year_budget or [], "fleet.bad_year_budget").items()},
        "values": _numbers(set_ or [], "fleet.bad_assumption"),
    }  # fmt: skip
    rules = replace(default_rules(), **{key: value for key, value in told.items() if value is not None})
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    with bar() as progress:
        result = plan_fleet(plan, rules, progress, catalogue=catalogue or own_table(plan, "fleet"))
    tell_findings(result.findings)
    _write(result, plan, xlsx, csv, write_catalogue)
    if as_json:
        typer.echo(json.dumps(_told(result), ensure_ascii=False, indent=2))
    else:
        _tell(result)


def _numbers(given: Sequence[str], code: str) -> dict[str, float]:
    """KEY=NUMBER as the command line gives them; a year must be whole."""
    from kawasolar.errors import PlanError

    found = numbers_given(given, code)
    for key in found if code == "fleet.bad_year_budget" else ():
        if not key.isdigit():
            raise PlanError(code, found=key[:60])
    return found


def _write(result: FleetResult, plan: Plan, xlsx: Path | None, csv: Path | None, catalogue: Path | None) -> None:
    from kawasolar.export.fleet import write_fleet_catalogue, write_fleet_csv, write_fleet_xlsx

    if xlsx is not None:
        write_fleet_xlsx(result, plan, xlsx, State.paper_language)
        tell_written(xlsx)
    if csv is not None:
        write_fleet_csv(result, plan, csv, State.paper_language)
        tell_written(csv)
    if catalogue is not None:
        write_fleet_catalogue(result, catalogue)
        tell_written(catalogue)


def _tell(result: FleetResult) -> None:
    """What is short, the summary, the years, models, bases, cars without a substitute, and what is to be known."""
    from kawasolar.fleet.tables import base_table, without_table, year_table
    from kawasolar.fleet.words import model_names, note_texts, short_texts, summary_texts

    language = State.language
    for text in (*short_texts(language, result), *summary_texts(language, result)):
        typer.echo(text)
    years = year_table(result)
    empty = [name for name in ("budget_yen", "sharing_yen") if years[name].isna().all()]
    typer.echo()
    _table(years.drop(columns=["passenger", *empty]))
    replaced = result.cars[result.cars["fiscal_year"].notna()]
    typer.echo(f"\n{say(language, 'fleet.cli.models')}")
    for key, count in replaced["model"].value_counts().items():
        typer.echo(f"  {model_names(language, result.catalogue)[str(key)]}: {count:,}")
    charged = base_table(result).query("kwh > 0")
    typer.echo(f"\n{say(language, 'fleet.cli.bases')}")
    for base in charged.head(_MOST).itertuples():
        typer.echo(f"  {base.facility_id} {base.name}: {base.kwh:,.0f} (EV {base.ev}, PHEV {base.phev})")
    _more(len(charged))
    without = without_table(language, result)
    if len(without):
        typer.echo(f"\n{say(language, 'fleet.cli.without')}")
        for car in without.head(_MOST).itertuples():
            typer.echo(f"  {car.vehicle} {car.base_name}: {car.reasons}")
        _more(len(without))
    typer.echo()
    for text in note_texts(language, result):
        typer.echo(text)


def _more(count: int) -> None:
    if count > _MOST:
        typer.echo("  " + say(State.language, "fleet.cli.more", count=count - _MOST))


def _table(frame: pd.DataFrame) -> None:
    """Numbers in columns below their headings."""
    from kawasolar.export.xlsx_book import text_width
    from kawasolar.fleet.words import head_name

    lines = [[head_name(State.language, name) for name in frame.columns]]
    lines += [
        [_cell(name, value) for name, value in zip(frame.columns, row, strict=True)]
        for row in frame.itertuples(index=False)
    ]
    widths = [max(text_width(line[k]) for line in lines) for k in range(len(frame.columns))]
    for line in lines:
        typer.echo("  ".join(" " * (width - text_width(text)) + text for text, width in zip(line, widths, strict=True)))


def _cell(name: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    if name == "year":
        return str(int(value))
    return f"{value:,.1f}" if name in {"share", "target", "co2_t", "saved_t"} else f"{value:,.0f}"


def _told(result: FleetResult) -> dict[str, Any]:
    """All for programs; None where there is none."""
    return {
        **result.head,
        **{name: _records(getattr(result, name)) for name in ("years", "bases", "assumptions", "cars")},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        frame.to_json(orient="records", date_format="iso", date_unit="s", double_precision=6, force_ascii=False)
    )
    return found
