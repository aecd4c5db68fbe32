"""The command line for one array: ``kawasolar yield``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from kawasolar.bundled import profile_path
from kawasolar.cli import app
from kawasolar.console import State, check_target, tell_findings
from kawasolar.words import say

_PLACES = ("rack", "roof")


@app.command("yield")
def yield_(
    weather: Annotated[list[Path], typer.Option(help="weather (METPV-20/11, EPW, TMY3, PVGIS CSV or JSON, hourly CSV, monthly normals); several stations are interpolated to the place")],
    tilt: Annotated[float, typer.Option(min=0.0, max=90.0, help="tilt of the modules [°]")],
    azimuth: Annotated[float, typer.Option(min=0.0, max=360.0, help="direction they face, clockwise from true north [°]")],
    latitude: Annotated[float | None, typer.Option(min=-90.0, max=90.0, help="of the place: for several stations, and for weather that names none [°]")] = None,
    longitude: Annotated[float | None, typer.Option(min=-180.0, max=180.0, help="of the place: for several stations, and for weather that names none [°]")] = None,
    sunny: Annotated[Path | None, typer.Option(help="a sunny year of the same station (METPV-20 max): upper end of the band")] = None,
    dull: Annotated[Path | None, typer.Option(help="a dull year of the same station (METPV-20 min): lower end of the band")] = None,
    losses: Annotated[str, typer.Option(help="webpro, jis or pvwatts; the profile's unless given")] = "",
    kw: Annotated[float, typer.Option(min=0.001, max=1e7, help="rated power of the modules [kW]")] = 1.0,
    mounting: Annotated[str, typer.Option(help="rack, or roof for modules flush with it")] = "rack",
    profile: Annotated[Path | None, typer.Option(parser=profile_path, help="profile of the municipality: TOML file, or the name of a bundled one")] = None,
    hourly: Annotated[Path | None, typer.Option(help="CSV of the 8,760 hours to write")] = None,
    years: Annotated[int | None, typer.Option(min=1, max=50, help="tell this many years of operation, as the modules age")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:  # fmt: skip
    """The year of one array that nothing shades, by the functions that the plan uses: to check its figures."""
    from kawasolar.ageing import energy_by_year
    from kawasolar.array_yield import Array, array_year
    from kawasolar.loss_values import LOSSES, LossName
    from kawasolar.losses import LossModel
    from kawasolar.profile import load_profile
    from kawasolar.weather import between, read_weather

    if losses not in ("", *LOSSES):
        raise typer.BadParameter(", ".join(LOSSES), param_hint="--losses")
    if mounting not in _PLACES:
        raise typer.BadParameter(", ".join(_PLACES), param_hint="--mounting")
    if hourly is not None:
        check_target(hourly, keep=(*weather, sunny, dull, profile))
    numbers = load_profile(profile)
    model = LossModel.of(numbers, cast("LossName", losses) if losses else None)
    stations = [read_weather(file, latitude=latitude, longitude=longitude) for file in weather]
    if len(stations) == 1:
        year = stations[0]
    elif latitude is None or longitude is None:
        raise typer.BadParameter(say(State.language, "cli.yield.needs_place"), param_hint="--latitude, --longitude")
    else:
        year = between(stations, latitude, longitude)
    array = Array(tilt, azimuth % 360.0, kw, cast("Literal['rack', 'roof']", mounting))
    found = array_year(array, year, numbers, model)
    tell_findings(year.findings)
    figures: dict[str, Any] = {
        "weather": {
            "station": year.station, "source": year.source, "kind": year.kind, "latitude": round(year.latitude, 5),
            "longitude": round(year.longitude, 5), "ghi_kwh_m2": round(year.ghi_kwh_m2, 3),
        },
        **found.figures(),
    }  # fmt: skip
    for name, file in (("sunny", sunny), ("dull", dull)):
        if file is not None:
            other = read_weather(file, latitude=latitude, longitude=longitude)
            tell_findings(other.findings)
            figures[f"{name}_kwh"] = round(array_year(array, other, numbers, model).energy_kwh, 3)
    if years is not None:
        figures["years_kwh"] = [round(float(value), 3) for value in energy_by_year(found.energy_kwh, numbers, years)]
    if hourly is not None:
        from kawasolar.export.writing import atomic

        with atomic(hourly) as target:
            found.hours.round(4).to_csv(target, index_label="hour_ending", encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        _tell(figures)


def _tell(figures: dict[str, Any]) -> None:
    """The year in a few lines, on stdout."""
    weather, language = figures["weather"], State.language
    typer.echo(
        say(language, "cli.yield.weather", station=weather["station"] or weather["source"], ghi=weather["ghi_kwh_m2"])
    )
    names = ("poa_global_kwh_m2", "factor", "performance_ratio", "specific_yield", "energy_kwh")
    for name in names:
        digits = 3 if name in ("factor", "performance_ratio") else 1
        typer.echo(f"{say(language, f'cli.yield.{name}')}: {figures[name]:,.{digits}f}")
    if figures["snow_loss"]:
        typer.echo(f"{say(language, 'cli.yield.snow_loss')}: {figures['snow_loss']:.1%}")
    for name in ("sunny_kwh", "dull_kwh"):
        if name in figures:
            share = figures[name] / figures["energy_kwh"] - 1.0 if figures["energy_kwh"] > 0 else 0.0
            typer.echo(f"{say(language, f'cli.yield.{name}')}: {figures[name]:,.1f} ({share:+.1%})")
    for year, value in enumerate(figures.get("years_kwh", ()), start=1):
        typer.echo(f"{say(language, 'cli.yield.year', year=year)}: {value:,.1f}")
    months = "  ".join(f"{value:,.1f}" for value in figures["months_kwh"])
    typer.echo(f"{say(language, 'cli.yield.months_kwh')}: {months}")
