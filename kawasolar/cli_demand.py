"""The command line for what facilities use in the half hours of a year: ``kawasolar demand``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from kawasolar.cli import app
from kawasolar.console import State, bar, check_target, tell_findings, tell_written
from kawasolar.errors import PlanError
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kawasolar.demand import Demand, Templates
    from kawasolar.plan import Plan


@app.command("demand")
def demand(
    file: Annotated[Path, typer.Argument(help="project file")],
    facility: Annotated[str, typer.Argument(help="id of one facility: its months and an average week")] = "",
    year: Annotated[int | None, typer.Option(min=1990, max=2100, help="fiscal year whose calendar estimates follow; the plan's unless given")] = None,
    month: Annotated[int | None, typer.Option(min=1, max=12, help="month of the average week; that with the highest half hour unless given")] = None,
    loads: Annotated[Path | None, typer.Option(help="your own tables of loads (TOML, sections as in resources/load_templates.toml), laid over those of the program")] = None,
    csv: Annotated[Path | None, typer.Option(help="CSV of the half hours to write, a column for each facility")] = None,
    as_it_is: Annotated[bool, typer.Option("--as-it-is", help="as it is now, also where the plan reckons after its LED lighting")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:  # fmt: skip
    """What facilities use in the half hours of a year: by their meters, or estimated by kind from bill or floor area."""
    from kawasolar.demand import demand_of, laid_over, templates_of
    from kawasolar.project import load_plan

    if csv is not None:
        check_target(csv, keep=(file, loads))
    plan = load_plan(file)
    tables = templates_of(plan.profile.code)
    if loads is not None:
        tables = laid_over(tables, loads)
    if facility and facility not in set(plan.facilities["facility_id"]):
        raise PlanError("edit.no_such_facility", facility=facility)
    with bar() as progress:
        found = demand_of(
            plan, [facility] if facility else None, year=year, templates=tables, as_it_is=as_it_is, progress=progress
        )
    tell_findings(found.findings)
    rows = _rows(plan, found)
    if csv is not None:
        _write(csv, found, rows)
        tell_written(csv)
    if not facility:
        _tell_all(found, rows, as_json=as_json)
        return
    one = {**rows[0], **_months(found), **_week(found, month)}
    if as_json:
        typer.echo(json.dumps(one, ensure_ascii=False, indent=2))
    else:
        _tell_one(plan, tables, one)


def _rows(plan: Plan, found: Demand) -> list[dict[str, Any]]:
    """Figures of each facility; None where nobody knows."""
    names = dict(zip(plan.facilities["facility_id"].astype(str), plan.facilities["name"].astype(str), strict=True))
    figures = {"annual_kwh": 1, "peak_kw": 3, "load_factor": 4, "filled": 4}
    frame = found.facilities.copy()
    frame.insert(1, "name", [names[name] for name in frame["facility_id"]])
    rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    for row in rows:
        row["after_led"] = row["facility_id"] in found.after_led
        row.update({key: None if math.isnan(row[key]) else round(row[key], digits) for key, digits in figures.items()})
    return rows


def _tell_all(found: Demand, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"fiscal_year": found.year.year, "facilities": rows}, ensure_ascii=False, indent=2))
        return
    counts = found.facilities["source"].value_counts()
    by_source = {source: int(counts.get(source, 0)) for source in ("meter", "bill", "area", "none")}
    total = float(found.facilities["annual_kwh"].sum())
    typer.echo(say(State.language, "demand.count", year=found.year.year, count=len(rows), total=total, **by_source))
    for row in rows:
        typer.echo(_line(row))


def _line(row: dict[str, Any]) -> str:
    """One facility in a line."""
    source = say(State.language, f"demand.source.{row['source']}")
    line = say(State.language, "demand.line", **{**row, "source": source})
    notes = [say(State.language, f"demand.note.{row['note']}")] if row["note"] else []
    notes += [say(State.language, "demand.after_led")] if row["after_led"] else []
    for note in notes:
        line = say(State.language, "demand.line_note", line=line, note=note)
    return line


def _months(found: Demand) -> dict[str, Any]:
    """Energy and highest half hour of every month of the one facility, April first."""
    from kawasolar.half_hours import monthly

    month = found.year.month_of_half_hour
    peaks = [2.0 * float(found.kwh[0][month == number].max()) for number in _from_april()]
    return {
        "months_kwh": [round(float(value), 1) for value in monthly(found.kwh[0], found.year)],
        "months_peak_kw": [round(peak, 3) for peak in peaks],
    }


def _from_april() -> list[int]:
    return [*range(4, 13), 1, 2, 3]


def _week(found: Demand, month: int | None) -> dict[str, Any]:
    """Mean power of every hour of the weekdays of a month: [24 hours][7 days], Monday first."""
    days = found.kwh[0].reshape(-1, 48)
    if month is None:
        month = int(found.year.month[int(days.max(axis=1).argmax())])
    hours = days.reshape(-1, 24, 2).sum(axis=2)
    inside = found.year.month == month
    means = [hours[inside & (found.year.weekday == weekday)].mean(axis=0) for weekday in range(7)]
    return {"week_month": month, "week_kw": [[round(float(day[hour]), 2) for day in means] for hour in range(24)]}


def _tell_one(plan: Plan, tables: Templates, one: dict[str, Any]) -> None:
    """One facility: what it rests on, its months, an average week."""
    language = State.language
    typer.echo(_line(one))
    if one["filled"]:
        typer.echo(say(language, "demand.filled", filled=one["filled"]))
    if one["source"] == "none":
        return
    for line in _rests_on(plan, tables, one):
        typer.echo(line)
    typer.echo(say(language, "demand.months"))
    for month, kwh, kw in zip(_from_april(), one["months_kwh"], one["months_peak_kw"], strict=True):
        typer.echo(say(language, "demand.month", name=say(language, f"export.month.short.{month}"), kwh=kwh, kw=kw))
    typer.echo(say(language, "demand.week", name=say(language, f"export.month.short.{one['week_month']}")))
    # A sign of Japanese is as wide as two of the digits below it.
    wide = 8 if language == "ja" else 9
    names = [say(language, f"demand.weekday.{day}") for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
    typer.echo("      " + "".join(f"{name:>{wide}}" for name in names))
    for hour, values in enumerate(one["week_kw"]):
        typer.echo(
            f"{say(language, 'demand.week_hour', hour=hour):<6}" + "".join(f"{value:>9,.1f}" for value in values)
        )


def _rests_on(plan: Plan, tables: Templates, one: dict[str, Any]) -> Iterator[str]:
    """The tables that an estimate rests on, with their sources."""
    if not one["estimated"]:
        return
    language = State.language
    kinds = plan.facilities.set_index("facility_id")["kind"] if "kind" in plan.facilities else {}
    template = tables.kind(kinds.get(one["facility_id"])).template
    rows = {"template": template, "intensity": tables.intensities.get(template.kind)}
    for key, row in rows.items():
        if row is None or (key == "intensity" and one["source"] != "area"):
            continue
        yield say(
            language, f"demand.{key}", kind=say(language, f"kind.{template.kind}"), source=row.source(language), how_sure=say(language, f"how_sure.{row.how_sure}"),
            low=row.low, high=row.high, kwh_m2=getattr(row, "kwh_m2", None),
        )  # fmt: skip


def _write(path: Path, found: Demand, rows: list[dict[str, Any]]) -> None:
    """The half hours below one another: begin, then a column for each facility; empty where nobody knows."""
    from kawasolar.export.csv import harmless, write_table

    known = np.array([row["source"] != "none" for row in rows])
    heads = [harmless(say(State.paper_language, "demand.column.kwh", **row)) for row in rows]
    begin = say(State.paper_language, "demand.column.begin")
    write_table(path, [begin, *heads], _half_hours(found, known))


def _half_hours(found: Demand, known: NDArray[np.bool_]) -> Iterator[list[object]]:
    """The rows of the table, one after the other."""
    for day, date in enumerate(found.year.dates.tolist()):
        values = np.round(found.kwh[:, day * 48 : (day + 1) * 48].astype(np.float64), 4)
        for slot in range(48):
            cells: list[object] = values[:, slot].tolist()
            if not known.all():
                cells = [cell if there else None for cell, there in zip(cells, known.tolist(), strict=True)]
            yield [f"{date:%Y-%m-%d} {slot // 2:02d}:{slot % 2 * 30:02d}", *cells]
