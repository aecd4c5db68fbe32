"""The command line for the size of each site's PV: ``kawasolar sizing``."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.cli_project import AsJson, ProjectFile, Scenario, scenario_of
from kawasolar.console import State, bar, check_target, tell_findings, tell_written
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.plan import Plan
    from kawasolar.profile import Profile
    from kawasolar.sizing import Choice, Sizes, Wants

# More sites than these are told by a line each, without their ladders.
_WITH_LADDER = 3


@app.command("sizing")
def sizing(
    project: ProjectFile,
    facilities: Annotated[list[str] | None, typer.Argument(help="ids of facilities; all unless given")] = None,
    want: Annotated[list[str] | None, typer.Option("--want", help="largest, price, saving or co2; limits self_use, payback, below (the profile's), or as self_use=0.8, payback=12, below=0.05; the profile's self_use unless given")] = None,
    battery_kwh: Annotated[float, typer.Option(min=0.0, max=1e6, help="battery beside each roof [kWh]")] = 0.0,
    battery_kw: Annotated[float | None, typer.Option(min=0.0, max=1e6, help="its power [kW]; by the profile's hours unless given")] = None,
    peak_kw: Annotated[float, typer.Option(min=0.0, max=1e6, help="the battery is discharged only against what is drawn above this [kW]")] = 0.0,
    sell: Annotated[bool, typer.Option("--sell/--no-sell", help="whether surplus may be fed in and sold")] = False,
    scenario: Scenario = "",
    xlsx: Annotated[Path | None, typer.Option(help="the answer and every size of every site as an Excel workbook")] = None,
    csv: Annotated[Path | None, typer.Option(help="the answer for each site as CSV")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """How large the PV of each site should be, from the whole roof downwards, and why; take a size over by ``kawasolar edit layout --most-kw``."""
    from kawasolar.project import load_project
    from kawasolar.sizing import Asked, Battery, choose, sizes_of

    for value, name in ((battery_kwh, "--battery-kwh"), (battery_kw or 0.0, "--battery-kw"), (peak_kw, "--peak-kw")):
        if not math.isfinite(value):
            raise typer.BadParameter(str(value), param_hint=name)
    for target in (xlsx, csv):
        if target is not None:
            check_target(target, keep=(project, *({xlsx, csv} - {target})))
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    wants = _wants(want or [], plan.profile)
    battery = None
    if battery_kwh > 0.0:
        battery = Battery.of(plan.profile, battery_kwh, power_kw=battery_kw, limit_kw=peak_kw)
    with bar() as progress:
        sizes = sizes_of(plan, facilities or None, Asked(battery, sell), progress)
    choices = choose(sizes, wants)
    tell_findings(sizes.findings)
    _write(sizes, choices, wants, plan, xlsx, csv)
    if as_json:
        typer.echo(json.dumps(_told(sizes, choices, wants), ensure_ascii=False, indent=2))
    else:
        _tell(sizes, choices, wants, plan, ladder=len(sizes.names) <= _WITH_LADDER)


def _wants(given: Sequence[str], profile: Profile) -> Wants:
    """What is asked, from the words of the command line.

    Raises
    ------
    PlanError
        ``sizing.bad_want``
    """
    from kawasolar.errors import PlanError
    from kawasolar.sizing import Wants
    from kawasolar.sizing.choose import GOALS, LIMITS
    from kawasolar.value_rules import VALUE_RULES

    if not given:
        return Wants.of(profile)
    wants = Wants()
    for one in given:
        key, has_value, text = one.partition("=")
        if key in GOALS and not has_value:
            wants = replace(wants, goal=key)
            continue
        value = math.nan
        if key in LIMITS:
            rule = f"sizing.{'below_loss' if key == 'below' else key}"
            _, least, most = VALUE_RULES[rule]
            try:
                value = float(text) if has_value else profile.number(rule)
            except ValueError:
                value = math.nan
            if least <= value <= most:
                wants = replace(wants, **{key: value})  # type: ignore[arg-type] # names of limits
                continue
        known = ", ".join([*GOALS, *(f"{name}=…" for name in LIMITS)])
        raise PlanError("sizing.bad_want", found=one[:60], expected=known)
    return wants


def _write(
    sizes: Sizes, choices: Sequence[Choice], wants: Wants, plan: Plan, xlsx: Path | None, csv: Path | None
) -> None:
    from kawasolar.export.sizing import write_sizing_csv, write_sizing_xlsx

    if xlsx is not None:
        write_sizing_xlsx(sizes, choices, wants, plan, xlsx, State.paper_language)
        tell_written(xlsx)
    if csv is not None:
        write_sizing_csv(sizes, choices, plan, csv, State.paper_language)
        tell_written(csv)


def _tell(sizes: Sizes, choices: Sequence[Choice], wants: Wants, plan: Plan, *, ladder: bool) -> None:
    from kawasolar.sizing.words import asked_text, figure_text, note_texts, size_texts, threshold_texts, why_text

    language = State.language
    typer.echo(asked_text(language, sizes, wants))
    for row, choice in enumerate(choices):
        who = {
            "id": sizes.ladder.facility_ids[row],
            "name": sizes.names[row],
            "why": why_text(language, sizes, row, choice),
        }
        if choice.size is None:
            typer.echo(say(language, "sizing.cli.none", **who))
        else:
            kw = sizes.ladder.capacity_kw[row]
            ends = {
                "now": figure_text("capacity_kw", float(kw[sizes.ladder.now[row]])),
                "whole": figure_text("capacity_kw", float(kw[-1])),
            }
            typer.echo(say(language, "sizing.cli.line", **who, **ends, **size_texts(language, sizes, row, choice.size)))
        if ladder:
            _tell_ladder(sizes, row)
            for line in threshold_texts(language, sizes, row):
                typer.echo(line)
    for line in note_texts(language, plan, sizes):
        typer.echo(line)


def _tell_ladder(sizes: Sizes, row: int) -> None:
    """Every size of one site as a table."""
    from kawasolar.export.xlsx_book import text_width
    from kawasolar.sizing.sizes import FIGURES
    from kawasolar.sizing.words import figure_name, figure_text

    keys = ("capacity_kw", *FIGURES)
    lines = [[figure_name(State.language, key) for key in keys]]
    for size in sizes.ladder.real[row].nonzero()[0]:
        kw = float(sizes.ladder.capacity_kw[row, size])
        lines.append(
            [
                figure_text("capacity_kw", kw),
                *(figure_text(key, float(sizes.figures[key][row, size])) for key in FIGURES),
            ]
        )
    widths = [max(text_width(line[k]) for line in lines) for k in range(len(keys))]
    for line in lines:
        typer.echo("  ".join(" " * (width - text_width(text)) + text for text, width in zip(line, widths, strict=True)))


def _told(sizes: Sizes, choices: Sequence[Choice], wants: Wants) -> dict[str, Any]:
    """All for programs; None where there is none."""
    from dataclasses import asdict

    ladder = sizes.ladder

    def size(row: int, at: int) -> dict[str, Any]:
        return {
            "capacity_kw": round(float(ladder.capacity_kw[row, at]), 6), "modules": int(ladder.modules[row, at]), "duty": sizes.duty(row, at),
            **{key: None if math.isnan(values[row, at]) else round(float(values[row, at]), 6) for key, values in sizes.figures.items()},
        }  # fmt: skip

    return {
        "wants": asdict(wants),
        "battery": None if sizes.asked.battery is None else asdict(sizes.asked.battery),
        "sold": sizes.asked.sold,
        "left_out": dict(sizes.left_out),
        "sites": [
            {
                "facility_id": ladder.facility_ids[row],
                "name": sizes.names[row],
                "now_kw": round(float(ladder.capacity_kw[row, ladder.now[row]]), 6),
                "decided": choice.decided,
                "threshold_kw": choice.threshold,
                "size": None if choice.size is None else size(row, choice.size),
                "sizes": [size(row, int(at)) for at in ladder.real[row].nonzero()[0]],
            }
            for row, choice in enumerate(choices)
        ],
    }
