"""The command line for readings of electricity meters: ``kawasolar meters``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gis.progress import part
from kawasolar.cli import app
from kawasolar.console import State, bar, check_target, errors, tell_findings
from kawasolar.reasons import finding_sentence
from kawasolar.words import say

if TYPE_CHECKING:
    from gis.findings import Finding
    from kawasolar.meters import MeterSeries


@app.command("meters")
def meters(
    files: Annotated[list[Path], typer.Argument(help="half-hourly meter files (CSV, XLSX); several of one supply point are joined in time")],
    csv: Annotated[Path | None, typer.Option(help="CSV of all half hours to write: supply point, begin, kWh")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:  # fmt: skip
    """Read 30-minute meter files: period, energy, peak and what is wrong with them, for each supply point."""
    from kawasolar.meters import join_meters, read_meters, summary, write_tidy

    if csv is not None:
        check_target(csv, keep=tuple(files))
    with bar() as progress:
        count = len(files)
        readings = [read_meters(file, part(progress, k / count, (k + 1) / count)) for k, file in enumerate(files)]
    series = join_meters(readings)
    of_files = tuple(finding for reading in readings for finding in reading.findings)
    tell_findings((*of_files, *(finding for one in series for finding in one.findings)))
    if csv is not None:
        write_tidy(series, csv)
        if not State.quiet:
            errors.print(say(State.language, "cli.written", file=str(csv)), markup=False)
    if as_json:
        found = {"findings": [_told(finding) for finding in of_files], "meters": [_figures(one) for one in series]}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for one in series:
        values = _shown(summary(one))
        for key in ("head", "period", "missing", "total", "peak", "load_factor"):
            typer.echo(say(State.language, f"cli.meters.{key}", **values))


def _figures(series: MeterSeries) -> dict[str, Any]:
    """Figures and findings of one meter for programs."""
    from kawasolar.meters import summary

    found = summary(series)
    return {
        "supply_point": found.supply_point,
        "name": found.name,
        "from": found.start.isoformat(),
        "to": found.end.isoformat(),
        "days": round(found.days, 4),
        "missing": found.missing,
        "total_kwh": round(found.total_kwh, 6),
        "peak_kw": round(found.peak_kw, 6),
        "peak_at": found.peak_at.isoformat(),
        "load_factor": None if math.isnan(found.load_factor) else round(found.load_factor, 6),
        "findings": [_told(finding) for finding in series.findings],
    }


def _told(finding: Finding) -> dict[str, str]:
    text = finding_sentence(State.language, finding)
    return {"code": finding.code, "severity": finding.severity, "text": text}


def _shown(found: Any) -> dict[str, object]:  # noqa: ANN401 -- Summary, imported where it is used
    """The values that the lines name."""
    return {
        "point": found.supply_point or found.name or None,
        "name": found.name if found.supply_point else "",
        "begin": f"{found.start:%Y-%m-%d %H:%M}",
        "end": f"{found.end:%Y-%m-%d %H:%M}",
        "days": found.days,
        "missing": found.missing,
        "total": found.total_kwh,
        "peak": found.peak_kw,
        "at": f"{found.peak_at:%Y-%m-%d %H:%M}",
        "load_factor": None if math.isnan(found.load_factor) else found.load_factor,
    }
