"""The command line for the half over the fiscal years: ``kawasolar programme``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import EXIT_INPUT, app
from kawasolar.cli_project import AsJson, ProjectFile, Scenario, scenario_of
from kawasolar.console import State, bar, check_target, say_error, tell_findings, tell_written
from kawasolar.words import say

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.programme.finding import Found
    from kawasolar.programme.highs import Limits
    from kawasolar.programme.kept import Kept
    from kawasolar.programme.of_plan import Asked
    from kawasolar.programme.result import Programme


@app.command("programme")
def programme(
    project: ProjectFile,
    rules: Annotated[
        Path | None, typer.Option(help="rules of the programme (TOML, docs/programme.md); else those of the plan, else exactly its share")
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
    from kawasolar.programme.entered import told_of
    from kawasolar.programme.finding import find_programme
    from kawasolar.programme.of_plan import programme_of_plan
    from kawasolar.programme.rules_file import read_rules
    from kawasolar.project import load_project

    told = None if rules is None else read_rules(rules)
    for target in (xlsx, csv):
        if target is not None:
            check_target(target, keep=(project, *([rules] if rules else []), *({xlsx, csv} - {target})))
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    if told is None:
        told = told_of(plan.entries, plan.scenario)
    if why:
        # A name that is none is told before the search.
        programme_of_plan(plan, told).sites.row(why)
    with bar() as progress:
        found = find_programme(plan, told, progress, gap=gap, seconds=seconds)
    asked, made, kept = found.asked, found.programme, found.kept
    tell_findings(asked.findings)
    if made is None:
        _tell_nothing(kept, asked, found.ends, as_json=as_json)
        raise typer.Exit(EXIT_INPUT)
    extra = _extra(found, made, why, frontier)
    if xlsx is not None:
        from kawasolar.export.programme import write_programme_xlsx

        write_programme_xlsx(kept, plan, xlsx, State.paper_language)
        tell_written(xlsx)
    if csv is not None:
        from kawasolar.export.programme import write_programme_csv

        write_programme_csv(kept, plan, csv, State.paper_language)
        tell_written(csv)
    if as_json:
        _print(_as_json(kept, asked) | extra["json"])
        return
    from kawasolar.programme.words import programme_lines

    for line in [*programme_lines(State.language, kept), *extra["lines"]]:
        typer.echo(line)


def _extra(search: Found, made: Programme, why: str, points: int | None) -> dict[str, Any]:
    """The reason of one site and the frontier, where they are asked for: as lines and as JSON."""
    from kawasolar.programme.frontier import frontier, frontier_table
    from kawasolar.programme.reasons import loss_if
    from kawasolar.programme.words import frontier_lines, loss_if_line, reason_text, year_text
    from kawasolar.programme.year_why import year_why

    asked, kept, ends = search.asked, search.kept, search.ends
    lines: list[str] = []
    found: dict[str, Any] = {}
    if why:
        row = asked.sites.row(why)
        told = kept.frame.to_dict("records")[row]
        exact = year_why(made, why)
        parts = (
            reason_text(State.language, told, kept.objective, asked.names, when=False),  # type: ignore[arg-type]
            year_text(State.language, exact, kept.objective, made.proof.gap, asked.names),
        )
        sentence = say(State.language, "programme.sentence_gap").join(part for part in parts if part)
        lines.append(f"{asked.names[why]}: {sentence}")
        if asked.sites.open[row]:
            into = None if made.planned[row] else 0
            with bar() as progress:
                loss = loss_if(made, why, into, ends, progress)
            lines.append(loss_if_line(State.language, loss, kept.objective, into, asked.names))
            found["why"] = {
                "facility_id": why, "sentence": lines[-2], "fits_otherwise": loss.fits, "loss": _finite(loss.loss),
                "at_least": _finite(loss.at_least), "at_most": _finite(loss.at_most), "changed": list(loss.changed),
            }  # fmt: skip
    if points is not None:
        with bar() as progress:
            curve = frontier(asked.sites, asked.rules, points, ends, progress)
        lines += frontier_lines(State.language, curve)
        found["frontier"] = _records(frontier_table(curve))
    return {"lines": lines, "json": found}


def _tell_nothing(kept: Kept, asked: Asked, searched: Limits, *, as_json: bool) -> None:
    """What conflicts, and what would do; or that the time was too short to know."""
    from kawasolar.programme.words import nothing_lines, rule_text

    nothing = kept.nothing
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


def _as_json(kept: Kept, asked: Asked) -> dict[str, Any]:
    proof, table = kept.proof, kept.frame.copy()
    assert proof is not None  # noqa: S101 - there is a programme
    table.insert(1, "name", table["facility_id"].map(dict(asked.names)))
    table["fiscal_year"] = table["fiscal_year"].astype("Int64").mask(table["fiscal_year"] == 0)
    for name in ("rule", "when", "when_rule"):
        table[name] = table[name].map(_short)
    return {
        "fits": True, "objective": kept.objective, "number": kept.number, "denominator": kept.denominator, "list": kept.count or None, "assumed": dict(asked.assumed),
        "proof": {
            "status": proof.status, "worth": proof.worth, "bound": _finite(proof.bound), "gap": _finite(proof.gap), "nodes": proof.nodes,
            "seconds": round(proof.seconds, 3), "shelter_years": proof.shelter_years, "shelter_bound": proof.shelter_bound,
        },
        "years": _records(kept.by_year()), "tracker": _records(kept.tracker()), "sites": _records(table),
    }  # fmt: skip


def _short(rule: str) -> str | None:
    """A rule without the parts that it does not have; None where there is none."""
    return "/".join(part for part in rule.split("/", 2) if part not in ("", "0")) or None


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
