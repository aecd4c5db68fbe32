"""The command line for who has no DSM: ``kawasolar surface``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kawasolar.bundled import profile_path
from kawasolar.cli import app
from kawasolar.console import State, bar, check_target, tell_findings
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.surface import SurfaceMade


@app.command()
def surface(
    models: Annotated[list[Path], typer.Argument(help="city models: PLATEAU CityGML (.gml), the zip as delivered, or a folder of them; with --measured also outlines (the GSI's BldA; GeoPackage, shapefile, GeoJSON)")],
    dsm: Annotated[Path, typer.Option(help="surface to write (GeoTIFF)")],
    buildings: Annotated[Path, typer.Option(help="building outlines to write (GeoPackage)")],
    ground: Annotated[list[Path] | None, typer.Option(help="elevation without buildings (PLATEAU's dem: .gml, the zip as delivered or a folder; the GSI's DEM: .xml or .zip; GeoTIFF, ASC); the better first")] = None,
    measured: Annotated[list[Path] | None, typer.Option(help="a measured surface (point cloud .las or .laz, DSM as GeoTIFF or ASC) that goes before the model where it has heights; the better first")] = None,
    crs: Annotated[str, typer.Option(help="CRS of the result (EPSG code); the zone of the prefecture unless given")] = "",
    cell: Annotated[float | None, typer.Option(min=0.1, max=5.0, help="side of a cell [m]; the profile's unless given")] = None,
    profile: Annotated[Path | None, typer.Option(parser=profile_path, help="profile of the municipality: TOML file, or the name of a bundled one")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:  # fmt: skip
    """Make a surface and building outlines for a plan from a city model."""
    from kawasolar.profile import load_profile
    from kawasolar.surface import SurfaceInputs, make_surface

    given = (*models, *(ground or ()), *(measured or ()), profile)
    for target in (dsm, buildings):
        check_target(target, keep=given)
    inputs = SurfaceInputs(tuple(models), dsm, buildings, tuple(ground or ()), tuple(measured or ()), crs, cell)
    with bar() as progress:
        made = make_surface(inputs, load_profile(profile), progress)
    tell_findings(made.findings)
    if as_json:
        typer.echo(json.dumps(figures(made), ensure_ascii=False, indent=2))
        return
    grid = made.grid
    typer.echo(
        say(
            State.language, "surface.made", buildings=f"{len(made.buildings):,}", cols=f"{grid.cols:,}", rows=f"{grid.rows:,}", cell=f"{grid.cell:g}",
            crs=f"EPSG:{grid.crs.to_epsg()}",
        )
    )  # fmt: skip
    for name, count in made.counts.items():
        if count:
            typer.echo(f"{say(State.language, f'surface.kind.{name}')}: {count:,}")
    if made.left_out:
        typer.echo(say(State.language, "surface.left_out", count=f"{made.left_out:,}", area=f"{made.lacking_km2:,.2f}"))
    for target in (dsm, buildings):
        typer.echo(say(State.language, "cli.written", file=str(target)))


def figures(made: SurfaceMade) -> dict[str, object]:
    """What was made, as plain values."""
    grid = made.grid
    return {
        "crs": f"EPSG:{grid.crs.to_epsg()}", "cell_m": grid.cell, "cols": grid.cols, "rows": grid.rows, "bounds": list(grid.bounds),
        "buildings": len(made.buildings), "by_surface": made.counts, "ground_of_data": round(made.ground, 4),
        "files_left_out": made.left_out, "area_lacking_km2": round(made.lacking_km2, 4),
    }  # fmt: skip
