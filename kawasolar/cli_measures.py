"""The command line for measures one after the other: ``kawasolar measures``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.cli_numbers import numbers_given
from kawasolar.cli_project import scenario_of
from kawasolar.console import State, bar, check_target, tell_written
from kawasolar.errors import PlanError
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.measures import Assumptions, Code, Found, Ordered


@app.command("measures")
def measures_command(
    project: Annotated[Path, typer.Argument(help="project file")],
    facility: Annotated[str, typer.Argument(help="id of a facility of the plan (施設番号)")],
    order: Annotated[str, typer.Option(help="measures one after the other: led, pv, chargers")] = "led,pv,chargers",
    lighting_kwh: Annotated[float | None, typer.Option(min=0.0, max=1e9, help="what lighting uses a year [kWh]; by the ledger of lamps, else a share of the load, unless given")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="another assumption, KEY=NUMBER, as resources/measures.toml calls it")] = None,
    scenario: Annotated[str, typer.Option(help="name of the scenario; the active one unless given")] = "",
    xlsx: Annotated[Path | None, typer.Option(help="workbook to write: every order, the bill after each step, assumptions")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print all as JSON")] = False,
) -> None:  # fmt: skip
    """Show what LED, the roof's PV and chargers save on a facility's bill one after the other, and in every other order."""
    from kawasolar.export.measures import write_measures
    from kawasolar.measures import compare_orders, site_of
    from kawasolar.measures.words import as_codes
    from kawasolar.project import load_project

    codes = as_codes(order.split(","))
    if codes is None:
        raise typer.BadParameter(say(State.language, "measures.bad_order", expected="led, pv, chargers"))
    assumed = _assumed(set_ or [], lighting_kwh)
    if xlsx is not None:
        check_target(xlsx, keep=(project,))
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    rows = plan.facilities[plan.facilities["facility_id"] == facility]
    if not len(rows):
        raise PlanError("measures.no_facility", facility=facility[:60])
    with bar() as progress:
        site = site_of(plan, facility, progress)
        found = compare_orders(site, assumed, codes, progress)
    name = f"{facility} {rows['name'].iloc[0]}"
    if xlsx is not None:
        write_measures(plan, found, xlsx, State.paper_language, name)
        tell_written(xlsx)
    if as_json:
        typer.echo(json.dumps(_told(found, codes), ensure_ascii=False, indent=2))
    else:
        _tell(found, codes, facility, str(rows["name"].iloc[0]))


def _assumed(given: Sequence[str], lighting_kwh: float | None) -> Assumptions:
    from kawasolar.measures import assumptions_with

    return assumptions_with(numbers_given(given, "measures.bad_assumption"), lighting_kwh)


def _tell(found: Found, codes: Sequence[Code], facility: str, name: str) -> None:
    """The steps of the order asked for, then what each measure saves over all orders."""
    from kawasolar.measures.words import code_name, notes, order_name, total_text
    from kawasolar.tariff.words import contract_unit, head

    language, first = State.language, found.asked
    told = {"tariff": head(language, first.bills[0]), "order": order_name(language, first.order)}
    typer.echo(say(language, "measures.cli.head", facility=facility, name=name, **told))
    unit = contract_unit(first.bills[0])
    for k, (code, step) in enumerate(zip(first.order, first.steps, strict=True)):
        contract = {"before": float(step.before.contract_kw.max()), "after": float(step.after.contract_kw.max())}
        typer.echo(
            say(language, "measures.cli.step", name=code_name(language, code), saved=first.saved_yen(code), unit=unit, **contract)
        )  # fmt: skip
        if not math.isnan(first.surplus_kwh[k]):
            typer.echo(say(language, "measures.cli.pv", own=first.self_use_kwh[k], surplus=first.surplus_kwh[k]))
    typer.echo(total_text(language, found))
    if len(codes) > 1:
        for code in codes:
            low, high = found.span_yen(code)
            typer.echo(say(language, "measures.span", name=code_name(language, code), low=low, high=high))
    for text in notes(language, found):
        typer.echo(text)


def _told(found: Found, codes: Sequence[Code]) -> dict[str, Any]:
    """All for programs; None where there is none."""
    from kawasolar.measures.words import assumed_values

    kwh, lit = found.site.lighting(found.assumed)
    charged, by = found.site.charging(found.assumed)
    return {
        "facility": found.site.facility_id,
        "tariff": found.site.rates.tariff.key,
        "year": found.site.year.year,
        "estimated": found.site.estimated,
        "lighting": {"kwh": round(kwh, 1), "from": lit},
        "charging": {"kwh": round(float(charged.sum()), 1), "from": by},
        "assumptions": {key: value for key, value, _ in assumed_values(found)},
        "orders": [_told_order(one) for one in found.orders],
        "span_yen": {code: [round(end, 2) for end in found.span_yen(code)] for code in codes},
    }


def _told_order(one: Ordered) -> dict[str, Any]:
    return {
        "order": list(one.order),
        "bills_yen": [round(float(made.year_yen), 2) for made in one.bills],
        "saved_yen": {code: round(one.saved_yen(code), 2) for code in one.order},
        "contract": [round(float(made.contract_kw.max()), 3) for made in one.bills],
        "self_use_kwh": [None if math.isnan(value) else round(value, 1) for value in one.self_use_kwh],
        "surplus_kwh": [None if math.isnan(value) else round(value, 1) for value in one.surplus_kwh],
    }
