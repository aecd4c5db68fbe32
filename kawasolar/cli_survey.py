"""The command line for areas larger than a plan: ``kawasolar survey``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from gis.progress import Cancelled
from kawasolar.bundled import profile_path
from kawasolar.cli import app
from kawasolar.console import State, bar, errors, tell_findings
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.cluster.inputs import Sunlit
    from kawasolar.cluster.make import Tally

_SUNLIT = ("facilities", "all", "none")


@app.command()
def survey(
    dsm: Annotated[Path, typer.Option(help="surface raster (GeoTIFF, ASC)")],
    buildings: Annotated[Path, typer.Option(help="building outlines (GeoPackage, shapefile, GeoJSON)")],
    weather: Annotated[Path, typer.Option(help="weather (METPV-20/11, EPW, TMY3, PVGIS CSV or JSON, hourly CSV, monthly normals)")],
    out: Annotated[Path, typer.Option(help="folder of the dataset; one with an unfinished survey of the same is gone on with")],
    facilities: Annotated[Path | None, typer.Option(help="facility ledger: its buildings are marked")] = None,
    only_facilities: Annotated[bool, typer.Option("--only-facilities", help="survey the ledger's buildings only")] = False,
    profile: Annotated[Path | None, typer.Option(parser=profile_path, help="profile of the municipality: TOML file, or the name of a bundled one")] = None,
    canopy: Annotated[Path | None, typer.Option(help="vegetation: heights of treetops above the surface (GeoTIFF, ASC)")] = None,
    canopy_crs: Annotated[str | None, typer.Option(help="CRS of a vegetation raster that names none")] = None,
    roof_planes: Annotated[Path | None, typer.Option(help="roof planes to take in the place of those found (CityGML LOD2 .gml or .zip; drawn: GeoPackage, shapefile, GeoJSON)")] = None,
    roof_planes_crs: Annotated[str | None, typer.Option(help="CRS of roof planes that name none")] = None,
    roof_planes_layer: Annotated[str | None, typer.Option(help="layer of drawn roof planes")] = None,
    dsm_crs: Annotated[str | None, typer.Option(help="CRS of a raster that names none (EPSG code)")] = None,
    buildings_crs: Annotated[str | None, typer.Option(help="CRS of outlines that name none")] = None,
    buildings_layer: Annotated[str | None, typer.Option(help="layer of the outlines")] = None,
    facilities_crs: Annotated[str | None, typer.Option(help="CRS of a facility layer that names none")] = None,
    facilities_layer: Annotated[str | None, typer.Option(help="layer or sheet of the ledger")] = None,
    tile: Annotated[float, typer.Option(min=10.0, max=100_000.0, help="side of a tile [m]")] = 3072.0,
    sunlit: Annotated[str, typer.Option(help="whose sunlit shares are kept: facilities, all or none")] = "",
    geometry: Annotated[bool, typer.Option("--geometry/--no-geometry", help="outlines of the roof planes")] = True,
    scheduler: Annotated[str, typer.Option(help="Dask scheduler (tcp://host:port); this machine unless given")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="take an earlier survey in the folder away first")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:  # fmt: skip
    """Survey all roofs of a city, a prefecture or a nation into a GeoParquet dataset."""
    from kawasolar.cluster.inputs import SurveyInputs
    from kawasolar.cluster.make import Tally, make_dataset

    kept = sunlit or ("none" if facilities is None else "facilities")
    if kept not in _SUNLIT:
        raise typer.BadParameter(", ".join(_SUNLIT), param_hint="--sunlit")
    if facilities is None and (only_facilities or kept == "facilities"):
        raise typer.BadParameter(say(State.language, "cluster.needs_ledger"), param_hint="--facilities")
    inputs = SurveyInputs(
        dsm, buildings, weather, out, facilities, only_facilities, profile, dsm_crs, buildings_crs, buildings_layer, facilities_crs,
        facilities_layer, tile, cast("Sunlit", kept), geometry, canopy, canopy_crs, roof_planes, roof_planes_crs, roof_planes_layer,
    )  # fmt: skip
    tally = Tally()
    try:
        with bar() as progress:
            made = make_dataset(inputs, progress, scheduler=scheduler, fresh=fresh, tally=tally)
    except (Cancelled, KeyboardInterrupt):
        _tell_stopped(tally)
        raise
    tell_findings(made.findings)
    if as_json:
        typer.echo(json.dumps(made.figures, ensure_ascii=False, indent=2))
    else:
        _tell(made.figures)


def _tell_stopped(tally: Tally) -> None:
    """What of the work stays."""
    if tally.tiles and not State.quiet:
        done = tally.kept + tally.computed
        errors.print(say(State.language, "cluster.stopped", done=done, tiles=tally.tiles), markup=False)


def _tell(figures: dict[str, Any]) -> None:
    """The dataset in a few figures, on stdout."""
    for key in ("buildings", "surveyed", "planes", "roof_m2", "usable_m2", "irradiation_kwh_m2"):
        value = figures[key]
        typer.echo(f"{say(State.language, f'cluster.figure.{key}')}: {'–' if value is None else f'{value:,.0f}'}")
    typer.echo(
        say(
            State.language, "cluster.tiles", tiles=figures["tiles"], computed=figures["computed"], kept=figures["kept"],
            seconds=figures["seconds"]["all"],
        )
    )  # fmt: skip
    typer.echo(say(State.language, "cli.written", file=figures["folder"]))
