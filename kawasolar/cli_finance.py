"""The command line for the money: ``kawasolar finance``."""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.bundled import profile_path
from kawasolar.cli import app
from kawasolar.cli_project import scenario_of
from kawasolar.console import State, check_target, tell_findings, tell_written
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kawasolar.finance import Bar, Comparison, Options, Outcome, Terms, Way
    from kawasolar.plan import Plan
    from kawasolar.profile import Profile
    from kawasolar.profiles.tables import Subsidy

_DAY = ["%Y-%m-%d"]
_MOST_BARS = 8


@app.command("finance")
def finance(
    project: Annotated[Path | None, typer.Argument(help="project file; without one give --kw and --self-use")] = None,
    facility: Annotated[str, typer.Argument(help="id of a facility of the plan")] = "",
    kw: Annotated[float | None, typer.Option(min=0.1, max=1e6, help="capacity [kW]")] = None,
    self_use: Annotated[float | None, typer.Option(min=0.0, max=1e10, help="energy of the first year that the site uses itself [kWh]")] = None,
    surplus: Annotated[float, typer.Option(min=0.0, max=1e10, help="energy of the first year that is left over [kWh]")] = 0.0,
    self_share: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="share of a plan's energy that the facility uses itself; by its half hours unless given")] = None,
    price: Annotated[float | None, typer.Option(min=0.0, max=500.0, help="what a self-used kWh need not be bought for [yen/kWh]; the profile's unless given")] = None,
    demand_saving: Annotated[float, typer.Option(min=0.0, max=1e10, help="what the demand charge is less [yen/a]")] = 0.0,
    roof: Annotated[float, typer.Option(min=0.0, max=1e7, help="area that a roof rent is paid for [m²]")] = 0.0,
    battery: Annotated[float, typer.Option(min=0.0, max=1e7, help="battery [kWh], as cost only")] = 0.0,
    ppa_price: Annotated[float | None, typer.Option(min=0.0, max=500.0, help="price of the PPA [yen/kWh]; solved for the operator's return unless given")] = None,
    subsidy: Annotated[str, typer.Option(help="part of a subsidy's name in the profile")] = "",
    programme_kw: Annotated[float | None, typer.Option(min=0.0, help="capacity of the whole programme, for subsidies that ask for a least one [kW]")] = None,
    contract: Annotated[datetime | None, typer.Option(formats=_DAY, help="day of the contract")] = None,
    decision: Annotated[datetime | None, typer.Option(formats=_DAY, help="day of the grant decision")] = None,
    sell: Annotated[bool, typer.Option("--sell/--no-sell", help="whether surplus may be fed in and sold")] = True,
    feed_in: Annotated[bool, typer.Option("--feed-in/--market", help="how the tenant of a roof sells")] = True,
    set_: Annotated[list[str] | None, typer.Option("--set", help="another assumption, KEY=NUMBER, as the profile's [[ppa]] calls it")] = None,
    figure: Annotated[str, typer.Option(help="whose sensitivities are told: WAY.FIGURE, as --json calls them")] = "",
    profile: Annotated[Path | None, typer.Option(parser=profile_path, help="profile of the municipality: TOML file, or the name of a bundled one")] = None,
    scenario: Annotated[str, typer.Option(help="name of the scenario; the active one unless given")] = "",
    xlsx: Annotated[Path | None, typer.Option(help="workbook to write: figures, both sides' cash flows, sensitivities, assumptions")] = None,
    csv: Annotated[Path | None, typer.Option(help="CSV to write: both sides' cash flows")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print all as JSON")] = False,
) -> None:  # fmt: skip
    """Four ways to a roof's PV side by side: on-site PPA, own purchase, lease, roof rent, with both sides' cash flows."""
    from kawasolar.finance import Site, Terms, compare, tornado
    from kawasolar.finance.of_plan import energy_band, site_of
    from kawasolar.profile import load_profile

    _check_numbers(
        kw=kw, self_use=self_use, surplus=surplus, self_share=self_share, price=price, demand_saving=demand_saving, roof=roof, battery=battery,
        ppa_price=ppa_price, programme_kw=programme_kw,
    )  # fmt: skip
    for target in (xlsx, csv):
        if target is not None:
            check_target(target, keep=(project, profile))
    plan = None
    if project is not None:
        if profile is not None:
            raise typer.BadParameter(say(State.language, "cli.finance.no_profile"), param_hint="--profile")
        plan = _plan(project, facility, scenario)
    numbers = load_profile(profile) if plan is None else plan.profile
    terms = _with(Terms.of(numbers), set_ or [])
    paid = terms.number("purchase_price") if price is None else price
    band = None
    if plan is not None:
        site = site_of(plan, facility, paid, self_share, demand_saving=demand_saving, battery_kwh=battery)
        band = energy_band(plan, facility)
    elif kw is None or self_use is None:
        raise typer.BadParameter(say(State.language, "cli.finance.needs"), param_hint="--kw, --self-use")
    else:
        site = Site(kw, self_use, surplus, paid, demand_saving, roof, battery)
    options = _options(numbers, subsidy, programme_kw, contract, decision, ppa_price, sell=sell, feed_in=feed_in)
    way, key = _asked_figure(figure, "ppa.city_npv" if ppa_price is not None else "ppa.unit")
    found = compare(site, terms, options)
    tornados = {asked: tornado(site, terms, *asked, options, band) for asked in dict.fromkeys([(way, key), ("ppa", "city_npv")])}  # fmt: skip
    tell_findings(found.findings)
    if xlsx is not None or csv is not None:
        _write(found, tornados, plan, facility, xlsx, csv)
    if as_json:
        typer.echo(json.dumps(_told(found, tornados), ensure_ascii=False, indent=2))
    else:
        _tell(found, way, key, tornados[way, key])


def _check_numbers(**given: float | None) -> None:
    """Refuse what is no number: bounds let it through."""
    for name, value in given.items():
        if value is not None and not math.isfinite(value):
            raise typer.BadParameter(str(value), param_hint=f"--{name.replace('_', '-')}")


def _plan(project: Path, facility: str, scenario: str) -> Plan:
    from kawasolar.project import load_project

    if not facility:
        raise typer.BadParameter(say(State.language, "cli.finance.needs"), param_hint="FACILITY")
    opened = load_project(project)
    return opened.plans[scenario_of(opened, scenario)]


def _with(terms: Terms, given: Sequence[str]) -> Terms:
    """Other assumptions, within the bounds of the profile's table."""
    from kawasolar.errors import PlanError
    from kawasolar.profiles.tables import PPA_RULES

    for one in given:
        key, _, text = one.partition("=")
        if key not in PPA_RULES:
            raise PlanError("finance.unknown_term", found=key[:60], expected=", ".join(PPA_RULES))
        _, least, most = PPA_RULES[key]
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            raise PlanError("finance.bad_term", key=key, found=text[:60], expected=f"{least:g} … {most:g}")
        terms = terms.with_number(key, number)
    return terms


def _options(
    profile: Profile, subsidy: str, programme_kw: float | None, contract: datetime | None, decision: datetime | None,
    price: float | None, *, sell: bool, feed_in: bool,
) -> Options:  # fmt: skip
    from kawasolar.finance import Options
    from kawasolar.finance.grants import Facts

    facts = Facts(
        programme_kw, feed_in, None if contract is None else contract.date(), None if decision is None else decision.date()
    )  # fmt: skip
    return Options(subsidies_named(profile, subsidy), facts, price, sold=sell)


def subsidies_named(profile: Profile, asked: str) -> tuple[Subsidy, ...]:
    """The rows whose name has the words in it."""
    from kawasolar.errors import PlanError

    if not asked:
        return ()
    rows = profile.tables.subsidies
    found = tuple(row for row in rows if asked.casefold() in f"{row.name_ja}\n{row.name_en}".casefold())
    if not found:
        names = ", ".join(dict.fromkeys(row.name(State.language) for row in rows))
        raise PlanError("finance.no_subsidy", found=asked[:60], expected=names)
    return found


def _asked_figure(asked: str, default: str) -> tuple[Way, str]:
    from kawasolar.finance import WAYS
    from kawasolar.finance.compare import FIGURES

    way, _, key = (asked or default).partition(".")
    if way not in WAYS or key not in FIGURES:
        raise typer.BadParameter(f"{' | '.join(WAYS)} . {' | '.join(FIGURES)}", param_hint="--figure")
    return way, key


def _write(
    found: Comparison, tornados: Mapping[tuple[Way, str], Sequence[Bar]], plan: Plan | None, facility: str,
    xlsx: Path | None, csv: Path | None,
) -> None:  # fmt: skip
    from kawasolar.export.finance import write_finance_csv, write_finance_xlsx
    from kawasolar.export.fingerprint import Origin

    language = State.paper_language
    name = "" if plan is None else str(plan.facilities.set_index("facility_id")["name"][facility])
    origin = None if plan is None else Origin.of(plan)
    if xlsx is not None:
        write_finance_xlsx(found, xlsx, language, name=name, tornados=tornados, origin=origin)
        tell_written(xlsx)
    if csv is not None:
        write_finance_csv(found, csv, language, name=name, origin=origin)
        tell_written(csv)


# ---------------------------------------------------------------------------------------------- told


def _tell(found: Comparison, way: Way, key: str, bars: Sequence[Bar]) -> None:
    """The ways as a table, subsidies, what moves the figure most."""
    from kawasolar.export.xlsx_book import text_width
    from kawasolar.finance import WAYS
    from kawasolar.finance.compare import FIGURES
    from kawasolar.finance.words import figure_name, figure_text, grant_texts, input_name, price_texts, way_name

    language = State.language
    rows = [["", *(way_name(language, one) for one in WAYS)]]
    for name in FIGURES:
        values = [figure_text(language, one, name, float(found.outcomes[one].figures[name])) for one in WAYS]
        rows.append([figure_name(language, name), *values])
    widths = [max(text_width(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = [" " * (width - text_width(text)) + text for text, width in zip(row[1:], widths[1:], strict=True)]
        typer.echo("  ".join([row[0] + " " * (widths[0] - text_width(row[0])), *cells]).rstrip())
    for one in WAYS:
        outcome = found.outcomes[one]
        for text in (*grant_texts(language, outcome.grant), *price_texts(language, one, outcome)):
            typer.echo(f"{way_name(language, one)}: {text}")
    if bars:
        typer.echo(say(language, "cli.finance.tornado", figure=figure_name(language, key), way=way_name(language, way)))
    for bar in bars[:_MOST_BARS]:
        ends = {name: figure_text(language, way, key, getattr(bar, name)) for name in ("at_low", "at_high")}
        typer.echo(
            say(language, "cli.finance.bar", input=input_name(language, bar.code), low=f"{bar.low:,.6g}", high=f"{bar.high:,.6g}", **ends)
        )  # fmt: skip


def _told(found: Comparison, tornados: Mapping[tuple[Way, str], Sequence[Bar]]) -> dict[str, Any]:
    """All for programs; None where there is none."""
    from dataclasses import asdict

    return {
        "years": found.terms.years,
        "terms": dict(found.terms.numbers),
        "borrowed": list(found.terms.borrowed),
        "findings": [finding.code for finding in found.findings],
        "ways": {way: _told_way(outcome) for way, outcome in found.outcomes.items()},
        "tornado": {
            f"{way}.{key}": [{name: _plain(value) for name, value in asdict(bar).items()} for bar in bars]
            for (way, key), bars in tornados.items()
        },
    }


def _told_way(outcome: Outcome) -> dict[str, Any]:
    grant, price = outcome.grant, outcome.price
    return {
        "figures": {key: _plain(float(value)) for key, value in outcome.figures.items()},
        "price": None if price is None else {name: _plain(float(getattr(price, name))) for name in ("without", "lowest", "taken")},
        "subsidy": None if grant.subsidy is None else grant.subsidy.name(State.language),
        "conditions": {check.condition: check.outcome for check in grant.checks},
        "cash": {
            side: {flow.code: [round(float(value), 2) for value in getattr(flow, side)] for flow in outcome.case.flows}
            for side in ("city", "operator")
        },
        "sums": {side: [round(float(value), 2) for value in getattr(outcome.case, side)] for side in ("city", "operator")},
    }  # fmt: skip


def _plain(value: Any) -> Any:  # noqa: ANN401 - a text or a number
    return None if isinstance(value, float) and not math.isfinite(value) else value
