"""The command line: plan, export, status; what works on a project is in :mod:`kawasolar.cli_project`.

Exit codes: 0 done; 2 the command's words are wrong; 3 an input cannot be used; 4 a target cannot be written; 5 stopped by the user;
1 a fault of the program.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from typer.main import get_command

from gis.errors import CodedError
from gis.progress import Cancelled
from kawasolar import __version__
from kawasolar.bundled import profile_path
from kawasolar.console import State, bar, check_target, errors, say_error, tell_figures, tell_findings, tell_written
from kawasolar.errors import NotWritable, UnreadableProject
from kawasolar.plan import ANSWERS
from kawasolar.reasons import named_values
from kawasolar.words import Language, asked_language, default_language, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.export.csv import Encoding
    from kawasolar.export.png_basemap import PaperMap
    from kawasolar.plan import Objective, Plan, Project, Role

EXIT_OK, EXIT_FAULT, EXIT_USAGE, EXIT_INPUT, EXIT_WRITE, EXIT_STOPPED = 0, 1, 2, 3, 4, 5

app = typer.Typer(
    name="kawasolar",
    help="Shading-aware rooftop suitability and the half of a city's public facilities.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# 128 + SIGINT
_INTERRUPTED = 130


@app.callback(invoke_without_command=True)
def common(
    lang: Annotated[
        str, typer.Option(help="ja or en; unless given the locale's on the screen, and ja in exports")
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress, no notes")] = False,
    version: Annotated[bool, typer.Option("--version", help="print the version")] = False,
) -> None:
    """Options that every command has."""
    if lang not in ("", "ja", "en"):
        raise typer.BadParameter("ja or en", param_hint="--lang")
    State.language = cast("Language", lang) if lang else default_language()
    State.paper_language = cast("Language", lang) if lang else asked_language() or "ja"
    State.quiet = quiet
    if version:
        typer.echo(f"KawaSolar {__version__}")
        raise typer.Exit


@app.command()
def plan(
    dsm: Annotated[Path, typer.Option(help="surface raster (GeoTIFF, ASC)")],
    buildings: Annotated[Path, typer.Option(help="building outlines (GeoPackage, shapefile, GeoJSON)")],
    facilities: Annotated[Path, typer.Option(help="facility ledger (CSV, XLSX, GeoJSON, GeoPackage)")],
    weather: Annotated[
        Path, typer.Option(help="weather (METPV-20/11, EPW, TMY3, PVGIS CSV or JSON, hourly CSV, monthly normals)")
    ],
    out: Annotated[Path, typer.Option(help="project file to write (NAME.kawasolar)")],
    profile: Annotated[
        Path | None,
        typer.Option(parser=profile_path, help="profile of the municipality: TOML file, or the name of a bundled one"),
    ] = None,
    name: Annotated[str, typer.Option(help="name of the plan")] = "",
    share: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="share of the eligible facilities to choose")
    ] = None,
    objective: Annotated[str | None, typer.Option(help="co2 or energy")] = None,
    dsm_crs: Annotated[str | None, typer.Option(help="CRS of a raster that names none (EPSG code)")] = None,
    buildings_crs: Annotated[str | None, typer.Option(help="CRS of outlines that name none")] = None,
    buildings_layer: Annotated[str | None, typer.Option(help="layer of the outlines")] = None,
    facilities_crs: Annotated[str | None, typer.Option(help="CRS of a facility layer that names none")] = None,
    facilities_layer: Annotated[str | None, typer.Option(help="layer or sheet of the ledger")] = None,
    ledger_columns: Annotated[
        Path | None, typer.Option(help="which column of the ledger is which (TOML, of kawasolar ledger columns)")
    ] = None,
    sunny: Annotated[
        Path | None, typer.Option(help="a sunny year of the same station (METPV-20 max): upper end of the band")
    ] = None,
    dull: Annotated[
        Path | None, typer.Option(help="a dull year of the same station (METPV-20 min): lower end of the band")
    ] = None,
    canopy: Annotated[
        Path | None, typer.Option(help="vegetation raster: height of the treetops above the surface [m]")
    ] = None,
    canopy_crs: Annotated[str | None, typer.Option(help="CRS of a vegetation raster that names none")] = None,
    station: Annotated[
        list[Path] | None,
        typer.Option(help="a further weather station (up to two): the weather is then taken between them by distance"),
    ] = None,
    roads: Annotated[
        Path | None, typer.Option(help="roads for the glare: centre lines or areas (GeoPackage, shapefile, GeoJSON)")
    ] = None,
    meters: Annotated[
        Path | None, typer.Option(help="half hours of the facilities' meters, as kawasolar meters --out wrote them")
    ] = None,
    wards: Annotated[
        Path | None,
        typer.Option(
            help="areas of the wards with their names (国土数値情報 N03, GeoPackage, shapefile, GeoJSON): facilities without a ward get theirs"
        ),
    ] = None,
    wards_crs: Annotated[str | None, typer.Option(help="CRS of wards that name none")] = None,
    roof_planes: Annotated[
        Path | None,
        typer.Option(
            help="roof planes to take in the place of those found (CityGML LOD2 .gml or .zip; drawn: GeoPackage, shapefile, GeoJSON)"
        ),
    ] = None,
    roof_planes_crs: Annotated[str | None, typer.Option(help="CRS of roof planes that name none")] = None,
    roof_planes_layer: Annotated[str | None, typer.Option(help="layer of drawn roof planes")] = None,
    parcels: Annotated[
        Path | None,
        typer.Option(
            help="parcels of land for the join: polygons with parcel numbers (GeoPackage, shapefile, GeoJSON)"
        ),
    ] = None,
    parcels_crs: Annotated[str | None, typer.Option(help="CRS of parcels that name none")] = None,
    parcels_layer: Annotated[str | None, typer.Option(help="layer of the parcels")] = None,
    addresses: Annotated[
        Path | None,
        typer.Option(
            help="addresses with places for facilities that have none (CSV of the state, or any CSV or layer with addresses)"
        ),
    ] = None,
    addresses_crs: Annotated[str | None, typer.Option(help="CRS of a layer of addresses that names none")] = None,
    addresses_layer: Annotated[str | None, typer.Option(help="layer of the addresses")] = None,
    register: Annotated[
        list[Path] | None,
        typer.Option(
            help="ledger of lamps, vehicles, buildings, supply points or works on roofs, one of a kind (CSV, XLSX)"
        ),
    ] = None,
    ask: Annotated[
        list[str] | None,
        typer.Option(help="what the plan keeps besides, by the usual options: lighting, fleet, charging, siting"),
    ] = None,
    charge_demand: Annotated[
        Path | None, typer.Option(help="demand for shared chargers: points or a raster of population")
    ] = None,
    charge_candidates: Annotated[
        Path | None, typer.Option(help="what is known of candidates for shared chargers (CSV, XLSX)")
    ] = None,
    charge_standing: Annotated[Path | None, typer.Option(help="chargers that stand already (CSV, XLSX)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Make a plan from files: survey, yield, eligibility, the half."""
    from kawasolar.cli_edit_asked import kinds_asked
    from kawasolar.cli_project import held
    from kawasolar.cli_registers import kinds_of
    from kawasolar.decide import decision_findings
    from kawasolar.document import edits
    from kawasolar.figures import figures
    from kawasolar.ledger.mapping import read_mapping
    from kawasolar.pipeline import PlanInputs, make_and_save
    from kawasolar.project import load_project
    from kawasolar.stages import with_edit

    if objective not in (None, "co2", "energy"):
        raise typer.BadParameter("co2 or energy", param_hint="--objective")
    further = [*(station or ()), None, None]
    if len(further) > 4:
        raise typer.BadParameter("2", param_hint="--station")
    for_siting = {
        "charge_demand": charge_demand,
        "charge_candidates": charge_candidates,
        "charge_standing": charge_standing,
    }
    inputs = PlanInputs(
        dsm, buildings, facilities, weather, out, profile, name, dsm_crs, buildings_crs, facilities_crs, buildings_layer, facilities_layer,
        weather_sunny=sunny, weather_dull=dull, canopy=canopy, canopy_crs=canopy_crs, roof_planes=roof_planes,
        roof_planes_crs=roof_planes_crs, roof_planes_layer=roof_planes_layer, weather_2=further[0], weather_3=further[1], roads=roads,
        meters=meters, wards=wards, wards_crs=wards_crs, parcels=parcels, parcels_crs=parcels_crs, parcels_layer=parcels_layer,
        addresses=addresses, addresses_crs=addresses_crs, addresses_layer=addresses_layer,
        facilities_mapping=None if ledger_columns is None else read_mapping(ledger_columns),
        registers=kinds_of(register or []), siting=tuple((cast("Role", role), path) for role, path in for_siting.items() if path is not None), asks=kinds_asked(ask or []),
    )  # fmt: skip
    check_target(
        out,
        keep=(
            dsm, buildings, facilities, weather, *further, sunny, dull, canopy, roof_planes, roads, wards, meters, parcels, addresses, profile, *(register or ()), *for_siting.values(),
        ),
    )  # fmt: skip
    if out.exists():
        try:
            load_project(out)
        except UnreadableProject as error:
            # Somebody's file, mistyped.
            raise NotWritable("plan.target_not_ours", file=str(out)) from error

    def adjust(made: Project) -> Project:
        if share is not None:
            made = with_edit(made, edits.set_share(made.entries, made.active, share))
        if objective is not None:
            made = with_edit(made, edits.set_objective(made.entries, made.active, cast("Objective", objective)))
        return made

    with bar() as progress, held(out, exists=False):
        made = make_and_save(inputs, progress, adjust).plan
    tell_findings((*made.findings, *decision_findings(made.decision, made.settings)))
    found = figures(made)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        tell_figures(found, out)


@app.command()
def export(
    project: Annotated[Path, typer.Argument(help="project file")],
    xlsx: Annotated[Path | None, typer.Option(help="site list as an Excel workbook")] = None,
    csv: Annotated[Path | None, typer.Option(help="site list as CSV")] = None,
    csv_encoding: Annotated[str, typer.Option(help="utf-8-sig or cp932")] = "utf-8-sig",
    gpkg: Annotated[Path | None, typer.Option(help="layers for QGIS")] = None,
    png: Annotated[Path | None, typer.Option(help="map picture")] = None,
    lighting: Annotated[Path | None, typer.Option(help="workbook of LED lighting, as the plan keeps it")] = None,
    fleet: Annotated[Path | None, typer.Option(help="workbook of the fleet's programme, as the plan keeps it")] = None,
    charging: Annotated[Path | None, typer.Option(help="workbook of the chargers, as the plan keeps them")] = None,
    siting: Annotated[
        Path | None, typer.Option(help="workbook of the sites of shared chargers, as the plan keeps them")
    ] = None,
    basemap: Annotated[
        Path | None, typer.Option(help="background map of the picture: MBTiles, PMTiles or a folder of tiles")
    ] = None,
    credit: Annotated[str, typer.Option(help="who made the background map, where its file does not say")] = "",
    scenario: Annotated[str, typer.Option(help="name of the scenario; the active one unless given")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Write a plan's site list, layers, map, and workbooks of the answers that it keeps."""
    from kawasolar.cli_project import noted, scenario_of
    from kawasolar.export.kinds import check_kept
    from kawasolar.figures import figures
    from kawasolar.project import load_project

    targets: dict[str, Path | None] = {
        "xlsx": xlsx, "csv": csv, "gpkg": gpkg, "png": png, "lighting": lighting, "fleet": fleet, "charging": charging,
        "siting": siting,
    }  # fmt: skip
    if not any(targets.values()) and not as_json:
        raise typer.BadParameter(", ".join(f"--{kind}" for kind in targets))
    if csv_encoding not in ("utf-8-sig", "cp932"):
        raise typer.BadParameter("utf-8-sig, cp932", param_hint="--csv-encoding")
    opened = load_project(project)
    loaded = opened.plans[scenario_of(opened, scenario)]
    # Before anything is written.
    for answer in ANSWERS:
        if targets[answer] is not None:
            check_kept(loaded, answer)
    map_below = _paper_map(basemap, credit) if basemap is not None else None
    asked = [path for path in targets.values() if path is not None]
    for k, target in enumerate(asked):
        kept = [Path(entry.path) for entry in loaded.inputs] + ([basemap] if basemap is not None else [])
        check_target(target, keep=(project, *asked[:k], *kept))
    written: list[tuple[str, Path]] = []
    for kind, path in targets.items():
        if path is not None:
            _write(kind, loaded, path, cast("Encoding", csv_encoding), map_below)
            written.append((kind, path))
            tell_written(path)
    if written:
        _tell_if_stale(opened, loaded)
        noted(project, opened, loaded, written)
    if as_json:
        typer.echo(json.dumps(figures(loaded), ensure_ascii=False, indent=2))


def _paper_map(path: Path, credit: str) -> PaperMap:
    """The background map, opened once before anything is written."""
    from contextlib import closing
    from functools import partial

    from gis.tile_files import open_tiles
    from kawasolar.export.png_basemap import PaperMap

    with closing(open_tiles(path)) as source:
        said = credit.strip() or source.facts.attribution
    return PaperMap(
        partial(open_tiles, path), said or say(State.paper_language, "map.basemap.credit_file", name=path.name)
    )


def _tell_if_stale(project: Project, plan: Plan) -> None:
    """Say that a paper is one of results that wait for a run."""
    from kawasolar.stages import observed, states

    found = states(plan, project.profile, observed(plan.inputs))
    if not State.quiet and not all(state.is_fresh for state in found):
        errors.print(say(State.language, "cli.export_stale"), markup=False, style="yellow")


def run_command(words: list[str]) -> int:
    """Run the command line; errors on stderr with what to do, an exit code that means something."""
    from kawasolar import (  # noqa: F401 -- their commands, and with them those of cli_project
        cli_bill,
        cli_charging,
        cli_demand,
        cli_edit,
        cli_edit_asked,
        cli_edit_programme,
        cli_eligibility,
        cli_finance,
        cli_fleet,
        cli_join,
        cli_layout,
        cli_ledger,
        cli_lighting,
        cli_lots,
        cli_measures,
        cli_meters,
        cli_profile,
        cli_programme,
        cli_register,
        cli_registers,
        cli_siting,
        cli_sizing,
        cli_surface,
        cli_survey,
        cli_yield,
    )

    _utf8()
    State.language = default_language()
    try:
        code = _run(words)
        sys.stdout.flush()
    except OSError as error:
        # The reader of a pipe has gone (head), or the disk behind the redirection is full.
        if error.errno != errno.EPIPE:
            say_error("cli.no_output", reason=error.strerror or "")
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 -- flushed at exit, once more
        return EXIT_OK if error.errno == errno.EPIPE else EXIT_WRITE
    return code


def _run(words: list[str]) -> int:
    try:
        code = int(_command()(words, standalone_mode=False) or EXIT_OK)
    except typer.Exit as stop:
        code = int(stop.exit_code)
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except CodedError as error:
        say_error(error.code, **named_values(State.language, error.code, error.details))
        return EXIT_WRITE if isinstance(error, NotWritable) else EXIT_INPUT
    except MemoryError:
        say_error("cli.no_memory")
        return EXIT_INPUT
    except _usage_error() as error:
        errors.print(error.format_message(), markup=False)
        errors.print(say(State.language, "cli.help"), markup=False)
        return EXIT_USAGE
    if code == _INTERRUPTED:  # Typer's own code for Ctrl-C
        say_error("cli.stopped")
        return EXIT_STOPPED
    return code


@cache
def _command() -> Callable[..., int | None]:
    """All commands, put together once."""
    return cast("Callable[..., int | None]", get_command(app))


def _usage_error() -> type[typer.BadParameter]:
    """The base class of click's complaints; typer may carry its own copy of click."""
    found = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")
    return cast("type[typer.BadParameter]", found)


def _utf8() -> None:
    """Never fail for a letter: UTF-8 where the console has no Japanese, a question mark for what its code page lacks."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            japanese = (stream.encoding or "").lower().replace("-", "") in ("utf8", "cp932", "shiftjis", "eucjp")
            reconfigure(encoding=None if japanese else "utf-8", errors="replace")


def _write(kind: str, plan: Plan, path: Path, encoding: Encoding, basemap: PaperMap | None) -> None:
    """Write one export; libraries are imported only for what is asked."""
    language = State.paper_language
    if kind == "xlsx":
        from kawasolar.export.xlsx import write_xlsx

        write_xlsx(plan, path, language)
    elif kind == "csv":
        from kawasolar.export.csv import write_csv

        tell_findings(write_csv(plan, path, language, encoding=encoding))
    elif kind == "gpkg":
        from kawasolar.export.gpkg import write_gpkg

        write_gpkg(plan, path, language)
    elif kind in ANSWERS:
        from kawasolar.export.kinds import write_answer

        write_answer(plan, kind, path, language)
    else:
        from kawasolar.export.png import write_png

        write_png(plan, path, language, basemap=basemap)
