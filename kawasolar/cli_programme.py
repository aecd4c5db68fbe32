"""The command line for the half over the fiscal years: ``kawasolar programme``."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import EXIT_INPUT, app
from kawasolar.cli_project import AsJson, ProjectFile, Scenario, scenario_of
from kawasolar.console import State, bar, check_target, say_error, tell_findings, tell_written

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.programme.highs import Limits
    from kawasolar.programme.of_plan import Asked
    from kawasolar.programme.result import Nothing, Programme
    from kawasolar.programme.rules_file import RulesFile


@app.command("programme")
def programme(
    project: ProjectFile,
    rules: Annotated[
        Path | None, typer.Option(help="rules of the programme (TOML, docs/programme.md); without them exactly the plan's share")
    ] = None,
    scenario: Scenario = "",
    gap: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="proven gap at which the search ends")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="seconds after which it ends all the same")] = None,
    why: Annotated[str, typer.Option("--why", help="id of a facility: why, and exactly what deciding otherwise would lose")] = "",
    frontier: Annotated[int | None, typer.Option(min=2, max=50, help="points of the frontier of the objective against cost")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="years, sites and progress as an Excel workbook")] = None,
    csv: Annotated[Path | None, typer.Option(help="the sites as CSV")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Which eligible facility is built in which fiscal year: proven, with reasons; and what conflicts where nothing fits."""
    from kawasolar.programme.defaults import giving, limits
    from kawasolar.programme.of_plan import programme_of_plan
    from kawasolar.programme.result import make_programme, why_nothing
    from kawasolar.programme.rules_file import RulesFile, read_rules
    from kawasolar.project import load_project

    told = RulesFile() if rules is None else read_rules(rules)
    for target in (xlsx, csv):
        if target is not None:
            check_target(target, keep=(project, rules, *({xlsx, csv} - {target})))
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    asked = programme_of_plan(plan, told)
    tell_findings(asked.findings)
    searched = _limits(limits(), told, gap, seconds)
    if why:
        asked.sites.row(why)
    with bar() as progress:
        made = make_programme(asked.sites, asked.rules, searched, progress)
        nothing = None
        if made is None:
            nothing = why_nothing(asked.sites, asked.rules, {**giving(), **told.give}, searched, progress)
    if made is None or nothing is not None:
        _tell_nothing(nothing, asked, searched, as_json=as_json)
        raise typer.Exit(EXIT_INPUT)
    extra = _extra(made, asked, searched, why, frontier)
    if xlsx is not None:
        from kawasolar.export.programme import write_programme_xlsx

        write_programme_xlsx(made, asked, plan, xlsx, State.paper_language)
        tell_written(xlsx)
    if csv is not None:
        from kawasolar.export.programme import write_programme_csv

        write_programme_csv(made, asked, plan, csv, State.paper_language)
        tell_written(csv)
    if as_json:
        _print(_as_json(made, asked) | extra["json"])
        return
    from kawasolar.programme.words import programme_lines

    for line in [*programme_lines(State.language, made, asked), *extra["lines"]]:
        typer.echo(line)


def _limits(shipped: Limits, told: RulesFile, gap: float | None, seconds: float | None) -> Limits:
    """The command line's, else the rules file's, else the program's."""
    first = next((value for value in (gap, told.gap) if value is not None), shipped.gap)
    second = next((value for value in (seconds, told.seconds) if value is not None), shipped.seconds)
    return replace(shipped, gap=first, seconds=second)


def _extra(made: Programme, asked: Asked, searched: Limits, why: str, points: int | None) -> dict[str, Any]:
    """The reason of one site and the frontier, where they are asked for: as lines and as JSON."""
    from kawasolar.programme.frontier import frontier, frontier_table
    from kawasolar.programme.reasons import loss_if, reason_table
    from kawasolar.programme.words import frontier_lines, loss_line, reason_text

    lines: list[str] = []
    found: dict[str, Any] = {}
    if why:
        row = asked.sites.row(why)
        told = reason_table(made).to_dict("records")[row]
        lines.append(f"{asked.names[why]}: {reason_text(State.language, told, made, asked.names)}")  # type: ignore[arg-type]
        if asked.sites.open[row]:
            with bar() as progress:
                loss = loss_if(made, why, None if made.planned[row] else 0, searched, progress)
            lines.append(loss_line(State.language, loss, made))
            found["why"] = {
                "facility_id": why, "sentence": lines[-2], "fits_otherwise": loss.fits, "loss": _finite(loss.loss),
                "at_least": _finite(loss.at_least), "at_most": _finite(loss.at_most), "changed": list(loss.changed),
            }  # fmt: skip
    if points is not None:
        with bar() as progress:
            curve = frontier(asked.sites, asked.rules, points, searched, progress)
        lines += frontier_lines(State.language, curve)
        found["frontier"] = _records(frontier_table(curve))
    return {"lines": lines, "json": found}


def _tell_nothing(nothing: Nothing | None, asked: Asked, searched: Limits, *, as_json: bool) -> None:
    """What conflicts, and what would do; or that the time was too short to know."""
    from kawasolar.programme.words import nothing_lines, rule_text

    if nothing is None or nothing.conflict is None:
        say_error("programme.nothing_found", seconds=searched.seconds)
        return
    language = State.language
    say_error("programme.nothing_fits")
    if not as_json:
        for line in nothing_lines(language, nothing, asked.names):
            typer.echo(line)
        return

    def relaxed(one: Any) -> dict[str, Any] | None:  # noqa: ANN401 - a relaxation or none
        if one is None:
            return None
        ways = [{**way.rule._asdict(), "by": way.by, "before": way.before, "after": way.after} for way in one.ways]
        return {"ways": ways, "weighted": one.weighted, "least": one.least, "fits": one.fits}

    _print(
        {
            "fits": False, "status": nothing.status, "smallest": nothing.conflict.smallest,
            "conflict": [{**rule._asdict(), "text": rule_text(language, rule, asked.names)} for rule in nothing.conflict.rules],
            "relaxation": relaxed(nothing.relaxation), "alone": [relaxed(one) for one in nothing.alone],
        }
    )  # fmt: skip


def _as_json(made: Programme, asked: Asked) -> dict[str, Any]:
    from kawasolar.programme.reasons import reason_table
    from kawasolar.programme.result import site_table, tracker, year_table

    proof, table = made.proof, site_table(made)
    table.insert(1, "name", table["facility_id"].map(dict(asked.names)))
    reasons = reason_table(made)
    for name in ("reason", "when", "margin"):
        table[name] = reasons[name]
    for name in ("rule", "when_rule"):
        table[name] = [
            None if not isinstance(rule, tuple) else "/".join(str(part) for part in rule if part)
            for rule in reasons[name]
        ]
    return {
        "fits": True, "objective": made.rules.objective, "number": made.number, "denominator": made.denominator, "assumed": dict(asked.assumed),
        "proof": {
            "status": proof.status, "worth": proof.worth, "bound": _finite(proof.bound), "gap": _finite(proof.gap), "nodes": proof.nodes,
            "seconds": round(proof.seconds, 3), "shelter_years": proof.shelter_years, "shelter_bound": proof.shelter_bound,
        },
        "years": _records(year_table(made)), "tracker": _records(tracker(made)), "sites": _records(table),
    }  # fmt: skip


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain JSON: missing values are null."""
    return [
        {str(key): _plain(value) for key, value in row.items()}
        for row in frame.astype(object).where(frame.notna(), None).to_dict("records")
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    item = getattr(value, "item", None)
    plain = item() if callable(item) else value
    return _finite(plain) if isinstance(plain, float) else plain


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _print(whole: dict[str, Any]) -> None:
    typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
