"""The command line for readings of electricity meters: ``kawasolar meters``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.console import State, bar, check_target, tell_findings, tell_written
from kawasolar.reasons import finding_sentence
from kawasolar.words import say

if TYPE_CHECKING:
    import pandas as pd

    from gis.findings import Finding
    from kawasolar.meters import Load, MeterSeries


@app.command("meters")
def meters(
    files: Annotated[list[Path], typer.Argument(help="half-hourly meter files (CSV, XLSX); several of one supply point are joined in time")],
    csv: Annotated[Path | None, typer.Option(help="CSV of all half hours to write: supply point, begin, kWh")] = None,
    out: Annotated[Path | None, typer.Option(help="file of meters for a plan to write (.parquet; kawasolar plan --meters, edit input)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:  # fmt: skip
    """Read 30-minute meter files: period, energy, peak and what is wrong with them, for each supply point."""
    from kawasolar.meters import read_all, summary, write_store, write_tidy

    for target in (csv, out):
        if target is not None:
            check_target(target, keep=tuple(files))
    with bar() as progress:
        series, findings, sources = read_all(files, progress)
    tell_findings(findings)
    if csv is not None:
        write_tidy(series, csv)
        tell_written(csv)
    if out is not None:
        write_store(series, out, sources)
        tell_written(out)
    if as_json:
        own = {id(finding) for one in series for finding in one.findings}
        of_files = [_told(finding) for finding in findings if id(finding) not in own]
        found = {"findings": of_files, "meters": [_figures(one) for one in series]}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for one in series:
        values = _shown(summary(one))
        for key in ("head", "period", "missing", "total", "peak", "load_factor"):
            typer.echo(say(State.language, f"cli.meters.{key}", **values))


@app.command("loads")
def loads(
    file: Annotated[Path, typer.Argument(help="project file")],
    csv: Annotated[Path | None, typer.Option(help="CSV to write: a line for each facility with meters")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """What the facilities of a plan use by their meters, against what the ledger says."""
    from kawasolar.export.csv import write_table
    from kawasolar.meters import loads_of
    from kawasolar.project import load_plan

    if csv is not None:
        check_target(csv, keep=(file,))
    plan = load_plan(file)
    with bar() as progress:
        found = loads_of(plan, None, progress)
    ledger = plan.facilities.set_index("facility_id")
    rows = [_load_row(name, load, ledger) for name, load in found.items()]
    if csv is not None:
        heads = [say(State.language, f"loads.column.{key}") for key in _LOAD_KEYS]
        write_table(csv, heads, [[row[key] for key in _LOAD_KEYS] for row in rows])
        tell_written(csv)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    typer.echo(say(State.language, "loads.count", count=len(rows), of=len(ledger)))
    for row in rows:
        typer.echo(say(State.language, "loads.line" if row["ledger_kwh"] is None else "loads.line_ledger", **row))


_LOAD_KEYS = (
    "facility_id", "name", "begin", "end", "known", "annual_kwh", "ledger_kwh", "peak_kw", "peak_at", "load_factor", "meters",
)  # fmt: skip


def _load_row(facility_id: str, load: Load, ledger: pd.DataFrame) -> dict[str, Any]:
    """Figures of one facility; None where nobody knows."""
    used = ledger["annual_kwh"].get(facility_id) if "annual_kwh" in ledger else None
    return {
        "facility_id": facility_id, "name": str(ledger["name"][facility_id]), "begin": f"{load.start:%Y-%m-%d %H:%M}", "end": f"{load.end:%Y-%m-%d %H:%M}",
        "known": round(load.known, 4), "annual_kwh": round(load.annual_kwh, 1), "ledger_kwh": None if used is None or math.isnan(used) else float(used),
        "peak_kw": round(load.peak_kw, 3), "peak_at": f"{load.peak_at:%Y-%m-%d %H:%M}",
        "load_factor": None if math.isnan(load.load_factor) else round(load.load_factor, 4), "meters": load.meters,
    }  # fmt: skip


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
