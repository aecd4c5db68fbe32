"""The command line for modules: ``kawasolar layout``, ``kawasolar glare`` and ``kawasolar modules``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.cli_project import ProjectFile, Scenario, scenario_of
from kawasolar.console import State, bar, check_target, tell_findings
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.electrical import System
    from kawasolar.plan import Plan


@app.command("layout")
def layout(
    project: ProjectFile,
    facilities: Annotated[list[str] | None, typer.Argument(help="ids of facilities; all unless given")] = None,
    scenario: Scenario = "",
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Modules, strings, inverters and the load on the roofs, as the project was computed last."""
    from kawasolar.electrical import systems_of
    from kawasolar.errors import PlanError
    from kawasolar.project import load_project

    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    asked = set(facilities or ())
    unknown = asked - set(plan.facilities["facility_id"])
    if unknown:
        raise PlanError("edit.no_such_facility", facility=min(unknown))
    found = [(name, system) for name, system in systems_of(plan) if not asked or name in asked]
    if as_json:
        typer.echo(
            json.dumps({name: _figures(plan, name, system) for name, system in found}, ensure_ascii=False, indent=2)
        )
        return
    names = dict(zip(plan.facilities["facility_id"], plan.facilities["name"], strict=True))
    for name, system in found:
        _tell(plan, name, str(names[name]), system)
    if not found:
        typer.echo(say(State.language, "cli.layout.none"))


def _tell(plan: Plan, facility_id: str, name: str, system: System) -> None:
    from kawasolar.electrical_words import load_texts, system_texts
    from kawasolar.owners import subarrays_of

    mine = subarrays_of(plan.results.subarrays, plan.results.links, facility_id)
    language = State.language
    head = say(
        language, "cli.layout.head", id=facility_id, name=name, modules=f"{int(mine['modules'].sum()):,}", kw=f"{mine['capacity_kw'].sum():,.1f}"
    )  # fmt: skip
    typer.echo(head)
    for line in (*system_texts(language, system), *load_texts(language, system)):
        typer.echo(f"  {line}")


def _figures(plan: Plan, facility_id: str, system: System) -> dict[str, Any]:
    from kawasolar.owners import subarrays_of

    mine = subarrays_of(plan.results.subarrays, plan.results.links, facility_id)
    strings = system.strings
    columns = (
        "plane_id",
        "building_id",
        "mounting",
        "portrait",
        "modules",
        "capacity_kw",
        "tilt",
        "azimuth",
        "pitch_m",
        "behind",
    )
    return {
        "modules": int(mine["modules"].sum()),
        "capacity_kw": round(float(mine["capacity_kw"].sum()), 3),
        "subarrays": json.loads(mine[list(columns)].to_json(orient="records", double_precision=4)),
        "strings": [
            {"tilt": part.group.tilt, "azimuth": part.group.azimuth, "length": part.length, "strings": part.strings, "unstrung": part.unstrung}
            for part in strings.groups
        ],
        "inverter_kw": round(strings.ac_kw, 3),
        "inverters": strings.units,
        "dc_ac": round(strings.ratio, 4),
        "highest_voltage": round(strings.highest_voltage, 1),
        "reasons": list(strings.reasons),
        "regulation": system.regulation,
        "loads": [
            {
                "mounting": load.mounting, "kg_m2": round(load.load.array_kg_m2, 2), "n_m2": round(load.judgement.load_n_m2, 1),
                "limit_n_m2": load.judgement.limit_n_m2, "datum": load.judgement.datum, "outcome": load.judgement.outcome,
            }
            for load in system.loads
        ],
    }  # fmt: skip


@app.command("glare")
def glare(
    project: ProjectFile,
    facility: Annotated[str, typer.Argument(help="id of the facility")],
    scenario: Scenario = "",
    roads: Annotated[Path | None, typer.Option(help="centre lines or areas of roads (GeoPackage, shapefile, GeoJSON)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:  # fmt: skip
    """Which neighbours and roads a facility's modules dazzle, how long and when."""
    from kawasolar.errors import PlanError
    from kawasolar.glare import glare_of
    from kawasolar.glare_words import glare_texts
    from kawasolar.project import load_project

    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    if facility not in set(plan.facilities["facility_id"]):
        raise PlanError("edit.no_such_facility", facility=facility)
    with bar() as progress:
        report = glare_of(plan, facility, progress, roads=roads)
    if as_json:
        rows = report.buildings.drop(columns="geometry").assign(exceeds=report.exceeds)
        told = {
            "facility_id": facility, "neighbours": report.neighbours, "points": report.points, "reach_m": report.reach,
            "limit_day_min": report.day_limit, "limit_year_min": report.year_limit, "buildings": json.loads(rows.to_json(orient="records")),
            "month_hour_min": report.by_hour.tolist(),
        }  # fmt: skip
        if report.roads is not None:
            told["road_points"] = report.road_points
            told["roads"] = json.loads(report.roads.drop(columns="geometry").to_json(orient="records"))
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for line in glare_texts(State.language, report, most=max(len(report.buildings), 50)):
        typer.echo(line)
    typer.echo(say(State.language, "glare.note"))


@app.command("modules")
def modules(
    catalogue: Annotated[Path | None, typer.Option(help="CSV; your own, else the shipped one, unless given")] = None,
    out: Annotated[Path | None, typer.Option(help="write it as CSV, to be edited in Excel")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False,
) -> None:
    """The catalogue of modules: list it, check one of your own, or write it out to be edited."""
    from kawasolar.modules import catalogue as known
    from kawasolar.modules import read_catalogue, write_catalogue

    found, findings = known() if catalogue is None else read_catalogue(catalogue)
    tell_findings(findings)
    if out is not None:
        check_target(out, keep=() if catalogue is None else (catalogue,))
        write_catalogue(out, found)
    if as_json:
        typer.echo(json.dumps([asdict(module) for module in found], ensure_ascii=False, indent=2))
        return
    for module in found:
        typer.echo(
            say(
                State.language, "cli.modules.line", key=module.key, maker=module.maker, name=module.name, power=f"{module.power_w:g}",
                width=f"{module.width_m:.3f}", length=f"{module.length_m:.3f}", weight=f"{module.weight_kg:g}",
                sure=say(State.language, f"how_sure.{module.how_sure}"),
            )
        )  # fmt: skip
