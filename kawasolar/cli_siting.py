"""The command line for sites of chargers: ``kawasolar siting``."""

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
    import pandas as pd

    from kawasolar.plan import Plan
    from kawasolar.siting.inputs import Sources
    from kawasolar.siting.of_plan import Siting


@app.command("siting")
def siting_command(
    project: ProjectFile,
    points: Annotated[Path | None, typer.Option(help="points of demand with weights (CSV or XLSX with latitude and longitude, GeoJSON, GeoPackage, shapefile): flats without a socket, for example")] = None,
    population: Annotated[Path | None, typer.Option(help="raster of persons a cell (GeoTIFF, ASC)")] = None,
    fleet: Annotated[bool, typer.Option("--fleet", help="demand is the plan's vehicles at their bases")] = False,
    demand_crs: Annotated[str | None, typer.Option(help="CRS of points or a raster that name none (EPSG code)")] = None,
    demand_layer: Annotated[str | None, typer.Option(help="layer or sheet of the points")] = None,
    number: Annotated[int | None, typer.Option(min=1, max=100_000, help="how many sites, those that stand among them; with budgets the most that are new")] = None,
    budget: Annotated[str, typer.Option(help="yearly budgets with commas [yen], from the plan's fiscal year; only with cover")] = "",
    carried: Annotated[bool, typer.Option("--carried", help="what a year does not spend is there in the next")] = False,
    method: Annotated[str, typer.Option(help="cover (most weight within the radius), distance (p-median), room (p-median with what the chargers can give)")] = "cover",
    split: Annotated[bool, typer.Option("--split", help="with room: a point may be served from several sites")] = False,
    candidates: Annotated[Path | None, typer.Option(help="what is known of candidates: CSV or XLSX by facility number (stalls, spare_kw, open_from, open_to, visible, hazard, price_yen, chargers), other places with latitude and longitude")] = None,
    existing: Annotated[Path | None, typer.Option(help="chargers that stand already: CSV or XLSX by facility number, or with latitude and longitude")] = None,
    roads: Annotated[Path | None, typer.Option(help="roads to go along (GeoPackage, shapefile, GeoJSON); else the straight line × detour")] = None,
    roads_crs: Annotated[str | None, typer.Option(help="CRS of roads that name none")] = None,
    spare: Annotated[bool, typer.Option("--spare", help="reckon the contracts' spare power: contract × (1 − margin) − highest half hour")] = False,
    visible: Annotated[bool, typer.Option("--visible", help="leave out what the table of candidates says is not visible")] = False,
    pin: Annotated[list[str] | None, typer.Option("--pin", help="id of a site that is chosen in any case")] = None,
    veto: Annotated[list[str] | None, typer.Option("--veto", help="id of a candidate that may not be")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="another assumption, KEY=NUMBER, as resources/siting.toml calls it: radius_m, detour, ev_share …")] = None,
    gap: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="the search ends at this proven gap; 0.001 unless given, with room 0.01")] = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400.0, help="and not later than this")] = 60.0,
    curve: Annotated[bool, typer.Option("--curve/--no-curve", help="what more and fewer sites would bring")] = True,
    scenario: Scenario = "",
    xlsx: Annotated[Path | None, typer.Option(help="workbook to write: sites, candidates, curve, points, assumptions")] = None,
    csv: Annotated[Path | None, typer.Option(help="the sites as CSV")] = None,
    gpkg: Annotated[Path | None, typer.Option(help="layers sites, points, catchments, candidates as GeoPackage")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Choose sites for shared or public chargers among the facilities, with proof: why each, what is not covered, and what more would bring."""
    from kawasolar.project import load_project
    from kawasolar.siting.inputs import Sources, sites_for
    from kawasolar.siting.of_plan import METHODS, Asked
    from kawasolar.siting.table import assumptions_with

    if method not in METHODS:
        raise typer.BadParameter(", ".join(METHODS), param_hint="--method")
    if (points is not None) + (population is not None) + fleet != 1:
        raise typer.BadParameter(say(State.language, "siting.cli.one_source"))
    targets = [one for one in (xlsx, csv, gpkg) if one is not None]
    for k, target in enumerate(targets):
        others = (one for j, one in enumerate(targets) if j != k)
        check_target(target, keep=(project, points, population, candidates, existing, roads, *others))
    assumed = assumptions_with(numbers_given(set_ or [], "siting.bad_assumption"))
    sources = Sources(
        "fleet" if fleet else "points" if points is not None else "population", points if points is not None else population, demand_crs, demand_layer,
        candidates, existing, roads=roads, roads_crs=roads_crs, spare=spare, visible=visible, vetoed=tuple(veto or ()),
    )  # fmt: skip
    asked = Asked(
        method, number, _budgets(budget), carried=carried, pinned=tuple(pin or ()), split=split, gap=gap, seconds=seconds, curve=curve,
    )  # fmt: skip
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    with bar() as progress:
        found, findings = sites_for(plan, sources, assumed, asked, progress)
    tell_findings(tuple(findings))
    _write(plan, found, xlsx, csv, gpkg)
    if as_json:
        typer.echo(json.dumps(told(found), ensure_ascii=False, indent=2))
    else:
        _tell(found, sources)


def _budgets(text: str) -> tuple[float, ...]:
    if not text.strip():
        return ()
    try:
        found = tuple(float(one) for one in text.split(","))
    except ValueError as error:
        raise PlanError("siting.bad_budget") from error
    if not all(math.isfinite(one) and one >= 0 for one in found):
        raise PlanError("siting.bad_budget")
    return found


def _write(plan: Plan, found: Siting, xlsx: Path | None, csv: Path | None, gpkg: Path | None) -> None:
    from kawasolar.export.siting import write_siting_csv, write_siting_gpkg, write_siting_xlsx

    for path, write in ((xlsx, write_siting_xlsx), (csv, write_siting_csv), (gpkg, write_siting_gpkg)):
        if path is not None:
            write(plan, found, path, State.paper_language)
            tell_written(path)


def _tell(found: Siting, sources: Sources) -> None:
    """The line of figures, a line a site, the curve, and what else is to be known."""
    from kawasolar.siting.words import cell, head_text, notes, sites_in_words, source_name, weight_name

    language = State.language
    typer.echo(head_text(language, found))
    typer.echo(
        say(
            language, "siting.cli.demand", source=source_name(language, sources.source), points=found.head["points"], weight=found.head["weight"],
            name=weight_name(language, sources.source), candidates=found.head["candidates"],
        )
    )  # fmt: skip
    for row in sites_in_words(language, found).to_dict("records"):
        year = row["fiscal_year"]
        when = "" if year is None or year != year else say(language, "siting.cli.year", year=int(year))  # noqa: PLR0124 - NaN
        typer.echo(
            say(
                language, "siting.cli.site", site=row["site_id"], name=row["name"], how=row["how"], year=when, chargers=cell(row["chargers"]), weight=row["weight"],
                share=row["share"], mean=cell(row["mean_m"]), why=row["why"],
            )
        )  # fmt: skip
    for row in found.curve.to_dict("records"):
        typer.echo(
            say(language, "siting.cli.curve", number=row["number"], share=row["covered_share"], mean=cell(row["mean_m"]), gap=row["gap"])
        )  # fmt: skip
    for text in notes(language, found):
        typer.echo(text)


def told(found: Siting) -> dict[str, Any]:
    """All for programs; None where there is none."""
    return {
        **found.head,
        "sites": _rows(found.sites),
        "points": _rows(found.points),
        "candidates": _rows(found.candidates),
        "curve": _rows(found.curve),
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Plain values; None where there is none, or no end."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): _plain(value) for key, value in row.items()} for row in plain.to_dict("records")]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    made = value.item() if hasattr(value, "item") else value
    return None if isinstance(made, float) and not math.isfinite(made) else made
