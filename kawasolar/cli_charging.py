"""The command line for chargers at each base: ``kawasolar charging``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.cli_numbers import numbers_given
from kawasolar.cli_project import AsJson, ProjectFile, Scenario, scenario_of
from kawasolar.console import State, bar, check_target, tell_findings, tell_written
from kawasolar.errors import PlanError
from kawasolar.words import say

if TYPE_CHECKING:
    from gis.findings import Finding
    from kawasolar.charging import Charging
    from kawasolar.plan import Plan

# More bases than these are told by a table, without a line for each set and outage.
_WITH_LINES = 12
_SHOWN = ("facility_id", "cars", "chargers", "peak_none_kw", "peak_unmanaged_kw", "peak_staggered_kw", "peak_follow_kw", "bill_unmanaged_yen", "bill_staggered_yen", "bill_follow_yen", "cost_yen")  # fmt: skip


@app.command("charging")
def charging_command(
    project: ProjectFile,
    cars: Annotated[Path | None, typer.Option(help="cars to be charged (CSV); those that the fleet's programme brings by its last year unless given")] = None,
    ledger: Annotated[bool, typer.Option("--ledger", help="the cars that are electric in today's ledger of vehicles")] = False,
    base: Annotated[list[str] | None, typer.Option("--base", help="id of a facility whose cars are meant; all that have cars unless given")] = None,
    chargers: Annotated[str, typer.Option(help="chargers at every base, as in ac6=3,v2x=1; the smallest set of each base unless given")] = "",
    at_least: Annotated[str, typer.Option("--at-least", help="of the smallest set, at least so many of a kind, as in v2x=1")] = "",
    kinds: Annotated[Path | None, typer.Option(help="another table of chargers, with the columns of resources/chargers.csv")] = None,
    roof: Annotated[bool, typer.Option("--roof/--no-roof", help="whether the roofs of the plan's layout are there")] = True,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="whether PV-following charging is reckoned (a linear programme a week)")] = True,
    set_: Annotated[list[str] | None, typer.Option("--set", help="another assumption, KEY=NUMBER, as resources/charging.toml calls it")] = None,
    scenario: Scenario = "",
    xlsx: Annotated[Path | None, typer.Option(help="workbook to write: bases, sets, cars, half hours, outages, assumptions")] = None,
    csv: Annotated[Path | None, typer.Option(help="a row a base as CSV")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Find the chargers that each base needs, three ways of charging its cars, what they do to its bill, and what V2X gives in an outage."""
    from kawasolar.answers.own import own_table
    from kawasolar.charging import Asked, assumptions_with, bundled_kinds, charging_of, read_cars, read_kinds
    from kawasolar.charging.of_fleet import cars_of_fleet
    from kawasolar.project import load_project

    for target in (xlsx, csv):
        if target is not None:
            check_target(target, keep=(project, cars, kinds, *({xlsx, csv} - {target})))
    assumed = assumptions_with(numbers_given(set_ or [], "charging.bad_assumption"))
    given, least = _counts(chargers), _counts(at_least)
    rows = None if cars is None else read_cars(cars)
    said: list[Finding] = []
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    table = kinds or own_table(plan, "charging")
    there = bundled_kinds() if table is None else read_kinds(table)
    asked = Asked(there, assumed, given if chargers else None, least, roof, follow)
    if rows is None and not ledger:
        rows, said = cars_of_fleet(plan)
    with bar() as progress:
        found = charging_of(plan, rows, asked, base or None, progress)
    tell_findings((*said, *found.findings))
    _write(found, plan, xlsx, csv)
    if as_json:
        typer.echo(json.dumps(told(found), ensure_ascii=False, indent=2))
    else:
        _tell(found)


def _counts(text: str) -> dict[str, int]:
    """Chargers of each kind, from ``ac6=3,v2x=1``."""
    numbers = numbers_given([one for one in text.split(",") if one.strip()], "charging.bad_set")
    for key, value in numbers.items():
        if not math.isfinite(value) or value != int(value):
            raise PlanError("charging.bad_number", key=key[:60], found=value)
    return {key: int(value) for key, value in numbers.items()}


def _write(found: Charging, plan: Plan, xlsx: Path | None, csv: Path | None) -> None:
    from kawasolar.export.charging import write_charging_csv, write_charging_xlsx

    if xlsx is not None:
        write_charging_xlsx(found, plan, xlsx, State.paper_language)
        tell_written(xlsx)
    if csv is not None:
        write_charging_csv(found, plan, csv, State.paper_language)
        tell_written(csv)


def _tell(found: Charging) -> None:
    from kawasolar.charging.words import base_note, note_texts, sets, total_texts

    language, bases = State.language, found.bases
    for line in total_texts(language, found):
        typer.echo(line)
    _tell_table(found)
    told_sets = sets(language, found)
    for row in bases.to_dict("records") if len(bases) <= _WITH_LINES else []:
        note = base_note(language, {str(key): value for key, value in row.items()})
        line = say(language, "charging.cli.set", name=row["name"], set=told_sets[str(row["facility_id"])])
        typer.echo(f"{line}  {note}".rstrip())
        if not math.isnan(row["outage_median_h"]):
            hours = {name: row[f"outage_{name}_h"] for name in ("worst", "median", "pv_worst", "pv_median")}
            typer.echo(say(language, "charging.cli.outage", name=row["name"], **hours))
    for row in found.cars.to_dict("records"):
        who = {"vehicle": row["vehicle"], "facility": row["facility_id"]}
        if row["reason"]:
            typer.echo(say(language, "charging.cli.car", **who, reason=say(language, str(row["reason"]))))
        elif row["low_kwh"] < -1e-6:
            typer.echo(say(language, "charging.cli.short", **who, short=-row["low_kwh"]))
    for line in note_texts(language, found):
        typer.echo(line)


def _tell_table(found: Charging) -> None:
    """A row a base, in columns."""
    from kawasolar.charging.words import column_name, number_text
    from kawasolar.export.xlsx_book import text_width

    lines = [[column_name(State.language, key) for key in _SHOWN]]
    for row in found.bases[list(_SHOWN)].to_dict("records"):
        cells = [str(row["facility_id"])]
        cells += [number_text(float(row[key]), 1 if key.endswith("_kw") else 0) for key in _SHOWN[1:]]
        lines.append(cells)
    widths = [max(text_width(line[k]) for line in lines) for k in range(len(_SHOWN))]
    for line in lines:
        typer.echo("  ".join(" " * (width - text_width(text)) + text for text, width in zip(line, widths, strict=True)))


def told(found: Charging) -> dict[str, Any]:
    """All but the half hours for programs; None where there is none."""
    from kawasolar.charging import kept

    head, frames = kept(found)
    rows = {
        name: [{str(key): _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]
        for name, frame in frames.items()
        if name != "curves"
    }
    return {**head, **rows}


def _plain(value: object) -> object:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6) + 0.0
    return value
