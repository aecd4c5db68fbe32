"""The command line for the electricity bill: ``kawasolar bill``."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gis.findings import Finding
from gis.progress import part
from kawasolar.bundled import profile_path
from kawasolar.cli import app
from kawasolar.console import State, bar, check_target, tell_findings, tell_written
from kawasolar.errors import TariffError
from kawasolar.reasons import named_values
from kawasolar.words import say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kawasolar.half_hours import FiscalYear
    from kawasolar.plan import Plan
    from kawasolar.profiles.tables import Tables
    from kawasolar.tariff import Bill, Supply


@dataclass(frozen=True)
class _Use:
    """Half hours of one facility, and what is known of its contract."""

    kwh: NDArray[np.float64]
    year: FiscalYear
    supply: Supply
    whose: str
    findings: tuple[Finding, ...] = ()


@app.command("bill")
def bill_command(
    facility: Annotated[str, typer.Argument(help="facility of the plan (施設番号); all of them, a line each, unless given")] = "",
    csv: Annotated[list[Path] | None, typer.Option(help="half-hourly meter files of one facility (CSV, XLSX, .parquet of kawasolar meters)")] = None,
    plan: Annotated[Path | None, typer.Option(help="project file: the facility's meters, else its demand as estimated")] = None,
    tariff: Annotated[str, typer.Option(help="key of a tariff of the profile; by contract, voltage and size unless given")] = "",
    profile: Annotated[Path | None, typer.Option(parser=profile_path, help="profile with the tariffs, with --csv: TOML file, or the name of a bundled one")] = None,
    year: Annotated[int | None, typer.Option(min=1990, max=2100, help="fiscal year whose Sundays, holidays and levy count; the meters' or the plan's unless given")] = None,
    contract_kw: Annotated[float | None, typer.Option(min=0.0, help="contract kW or kVA as the bills have it")] = None,
    power_factor: Annotated[float | None, typer.Option(min=0.5, max=1.0, help="power factor of the bills")] = None,
    fuel: Annotated[float | None, typer.Option(min=-100.0, max=100.0, help="fuel cost adjustment [yen/kWh]")] = None,
    market: Annotated[float | None, typer.Option(min=-100.0, max=100.0, help="market price adjustment [yen/kWh]")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="the bill's lines as an Excel workbook")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:  # fmt: skip
    """Make the electricity bill of a facility in lines, month by month."""
    from kawasolar.export.xlsx_bill import write_bill
    from kawasolar.profile import load_profile
    from kawasolar.project import load_plan
    from kawasolar.tariff import bill, bundled_rules, marginal, rates_of, tariff_of
    from kawasolar.tariff.words import figures

    if bool(csv) == (plan is not None) or (facility and plan is None):
        raise typer.BadParameter(say(State.language, "tariff.one_source"))
    if xlsx is not None:
        check_target(xlsx, keep=(*(csv or ()), plan, profile))
    if plan is not None and not facility:
        if xlsx is not None or tariff or contract_kw is not None:
            raise typer.BadParameter(say(State.language, "tariff.one_facility"))
        _tell_all(load_plan(plan), year, as_json=as_json)
        return
    tables: Tables
    if plan is not None:
        opened = load_plan(plan)
        use, tables = _of_plan(opened, facility, year), opened.profile.tables
    else:
        use, tables = _of_files(csv or [], year), load_profile(profile).tables
    if contract_kw is not None:
        use = replace(use, supply=replace(use.supply, contract_kw=contract_kw))
    peak, rules = 2.0 * float(use.kwh.max()), bundled_rules()
    chosen, findings = (None, ()) if tariff else tariff_of(tables, use.supply, peak, use.year.year, rules)
    rates = rates_of(tables, tariff if chosen is None else chosen.key, rules, fuel=fuel, market=market)
    made = bill(use.kwh, rates, use.year, given_kw=use.supply.contract_kw, power_factor=power_factor)
    made = replace(made, findings=(*use.findings, *findings, *made.findings, *_other_contract(use, made)))
    tell_findings(made.findings)
    if xlsx is not None:
        write_bill(made, xlsx, State.paper_language, whose=use.whose)
        tell_written(xlsx)
    worth = marginal(rates, use.year, use.kwh, power_factor=power_factor)
    span = float(worth.yen_per_kwh.min()), float(worth.yen_per_kwh.max())
    if as_json:
        told = {"facility": facility or None, "whose": use.whose, **figures(State.language, made)}
        told |= {"worth_yen_per_kwh": [round(end, 4) for end in span], "worth_yen_per_kw": round(worth.yen_per_kw, 2)}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    _tell(made, use)
    typer.echo(say(State.language, "bill.cli.worth", low=span[0], high=span[1], kw=worth.yen_per_kw))


def _of_plan(plan: Plan, facility: str, year: int | None) -> _Use:
    """Half hours of a facility of a plan: measured, or estimated, which is told."""
    from kawasolar.demand import demand_of
    from kawasolar.tariff import supply_of

    rows = plan.facilities[plan.facilities["facility_id"] == facility]
    if not len(rows):
        raise TariffError("tariff.no_facility", facility=facility)
    with bar() as progress:
        demand = demand_of(plan, [facility], year=year, progress=progress)
    row = demand.facilities.iloc[0]
    if row["source"] == "none":
        raise TariffError("tariff.nothing_known", facility=facility)
    supply = supply_of(plan, facility)
    findings = [*demand.findings, *_filled(float(row["filled"]))]
    if facility in demand.after_led:
        findings.append(Finding("bill.note.after_led", "info"))
    if row["estimated"]:
        source = say(State.language, f"demand.source.{row['source']}")
        findings.append(Finding("bill.note.estimated", "info", source=source))
    if supply.points > 1:
        findings.append(Finding("tariff.several_points", "warning", details={"count": supply.points}))
    kwh = demand.of(facility).astype("float64")
    return _Use(kwh, demand.year, supply, f"{facility} {rows['name'].iloc[0]}", tuple(findings))


def _of_files(files: list[Path], year: int | None) -> _Use:
    """Half hours of one facility from files of meters."""
    from kawasolar.demand import bundled_templates, metered_year
    from kawasolar.half_hours import fiscal_year
    from kawasolar.meters import read_all
    from kawasolar.tariff import Supply

    with bar() as progress:
        series, findings, sources = read_all(files, progress)
    found = metered_year(series, bundled_templates().kind(None))
    if found is None:
        raise TariffError("tariff.no_half_hours", source=", ".join(sources))
    # The fiscal year in which most of the last 365 days lie.
    last = max(one.end for one in series).tz_localize(None) - timedelta(days=183)
    calendar = fiscal_year(int(last.year - (last.month < 4)) if year is None else year)
    more = tuple(_filled(found.filled))
    return _Use(found.kwh, calendar, Supply(), ", ".join(sources), (*findings, *more))


def _other_contract(use: _Use, made: Bill) -> list[Finding]:
    """The contract that is known is not that of the bill, which follows from the half hours."""
    known, taken = use.supply.contract_kw, float(made.contract_kw.max())
    if known is None or round(known) == round(taken):
        return []
    return [Finding("tariff.other_contract", "info", details={"known": known, "taken": taken})]


def _filled(share: float) -> list[Finding]:
    return [Finding("tariff.filled", "warning", details={"share": share})] if share > 0.0 else []


def _tell(made: Bill, use: _Use) -> None:
    """The bill on the screen: the lines of the year, then its months."""
    from kawasolar.tariff.words import contract_unit, head, line_name, month_names

    language = State.language
    typer.echo(f"{use.whose}  {head(language, made)}")
    for line in made.lines:
        total = float(line.yen.sum())
        if line.code == "rounding" and not total:
            continue
        kwh = line.unit == "kWh"
        quantity = say(language, "bill.cli.quantity", quantity=f"{line.quantity.sum():,.0f}", unit="kWh") if kwh else ""
        yen = f"{total:,.2f}".removesuffix(".00")
        typer.echo(say(language, "bill.cli.line", name=line_name(language, line, made), quantity=quantity, yen=yen))
    for k, month in enumerate(month_names(language, made.year.year)):
        values = {
            "contract": made.contract_kw[k],
            "unit": contract_unit(made),
            "peak": made.peak_kw[k],
            "total": made.total_yen[k],
        }
        typer.echo(say(language, "bill.cli.month", month=month, **values))
    kwh_year, total = float(use.kwh.sum()), float(made.year_yen)
    mean = f"{total / kwh_year:,.2f}" if kwh_year > 0.0 else None
    typer.echo(say(language, "bill.cli.total", kwh=kwh_year, total=total, tax=float(made.tax_yen.sum()), mean=mean))


def _tell_all(plan: Plan, year: int | None, *, as_json: bool) -> None:
    """A line for every facility of a plan."""
    import pandas as pd

    from kawasolar.demand import demand_of
    from kawasolar.tariff import bills_of

    with bar() as progress:
        demand = demand_of(plan, year=year, progress=part(progress, 0.0, 0.7))
        found = bills_of(plan, demand, progress=part(progress, 0.7, 1.0))
    names = dict(zip(plan.facilities["facility_id"], plan.facilities["name"], strict=True))
    rows: list[dict[str, Any]] = [
        {
            **{str(name): None if pd.isna(value) else value for name, value in row.items()},
            "name": names[row["facility_id"]],
        }
        for row in found.facilities.to_dict("records")
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    told: list[Finding] = []
    for finding in (one for _, made in found.bills.values() for one in made.findings):
        if finding not in told:
            told.append(finding)
    tell_findings(tuple(told))
    done = [row for row in rows if row["tariff"]]
    total, kwh = (sum(row[name] for row in done) for name in ("year_yen", "annual_kwh"))
    head = {"count": len(rows), "made": len(done), "year": demand.year.year, "total": total, "kwh": kwh}
    typer.echo(say(State.language, "bill.cli.all", **head))
    for row in rows:
        typer.echo(_line(row))


def _line(row: dict[str, Any]) -> str:
    """One facility of a plan: its bill, or why it has none."""
    language = State.language
    if row["tariff"]:
        mean = row["year_yen"] / row["annual_kwh"] if row["annual_kwh"] else None
        return say(language, "bill.cli.row", **row, mean=mean)
    code = str(row["why_not"])
    details = {"facility": row["facility_id"], "voltage": row["voltage"], "kw": row["contract_kw"] or row["peak_kw"]}
    return say(language, "bill.cli.row_none", **row, why=say(language, code, **named_values(language, code, details)))
