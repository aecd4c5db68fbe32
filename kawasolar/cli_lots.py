"""The command line for tender lots: ``kawasolar lots``, and what a person does with them: ``kawasolar edit lot``."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.cli_edit import edit_app
from kawasolar.cli_finance import subsidies_named
from kawasolar.cli_project import AsJson, ProjectFile, Scenario, Why, author, edited, held, saved, scenario_of
from kawasolar.console import State, bar, check_target, tell_written
from kawasolar.errors import PlanError
from kawasolar.words import say

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.document.entries import Edit
    from kawasolar.lots.assess import Assessed, Lot
    from kawasolar.plan import Plan, Project

_DAY = ["%Y-%m-%d"]
lot_app = typer.Typer(help="Tender lots: what is in which.", no_args_is_help=True, add_completion=False)
edit_app.add_typer(lot_app, name="lot")


@app.command("lots")
def lots(
    project: ProjectFile,
    propose: Annotated[bool, typer.Option("--propose", help="group the chosen sites anew, in place of the lots that are entered")] = False,
    take_over: Annotated[bool, typer.Option("--take-over", help="enter the proposal as the scenario's lots")] = False,
    rule: Annotated[list[str] | None, typer.Option("--rule", help="KEY=NUMBER of another rule: min_kw max_kw min_sites max_sites max_distance_km same_ward same_roof same_season year_span lot_km2 spoils_yen")] = None,
    cost: Annotated[list[str] | None, typer.Option("--cost", help="KEY=NUMBER of another cost: site_once lot_once lot_yearly visits travel")] = None,
    facility: Annotated[list[str] | None, typer.Option("--facility", help="ids of facilities in place of those that are chosen")] = None,
    subsidy: Annotated[str, typer.Option(help="part of a subsidy's name in the profile, to be in the price")] = "",
    contract: Annotated[datetime | None, typer.Option(formats=_DAY, help="day of the contract, for what the subsidy asks")] = None,
    decision: Annotated[datetime | None, typer.Option(formats=_DAY, help="day of the grant decision")] = None,
    bills: Annotated[bool, typer.Option("--bills/--one-price", help="what the city saves by each facility's own bill, or by the profile's price of bought power for all")] = True,
    by_year: Annotated[bool, typer.Option("--by-year", help="also tell both sides' money over the fiscal years")] = False,
    why: Why = "", scenario: Scenario = "",
    xlsx: Annotated[Path | None, typer.Option(help="lots, sites, the money by fiscal year and all assumptions as an Excel workbook")] = None,
    csv: Annotated[Path | None, typer.Option(help="the sites with their lots as CSV")] = None,
    gpkg: Annotated[Path | None, typer.Option(help="the sites with their lots as a layer (GeoPackage)")] = None,
    flows: Annotated[Path | None, typer.Option(help="both sides' cash flows of the lots by fiscal year as CSV")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Tender lots with a price each, which sites spoil it and why; proposed, or as they are entered."""
    from kawasolar.finance.grants import Facts
    from kawasolar.lots.of_plan import assess_of_plan, bills_of_lots, entered_lots, propose_of_plan
    from kawasolar.lots.rules import costs_with, rules_with
    from kawasolar.lots.words import named_lots
    from kawasolar.project import load_project

    if take_over and not propose:
        raise typer.BadParameter(say(State.language, "cli.lots.take_what"), param_hint="--take-over")
    rules, costs = rules_with(_numbers(rule, "--rule")), costs_with(_numbers(cost, "--cost"))
    targets = (xlsx, csv, gpkg, flows)
    for target in targets:
        if target is not None:
            check_target(target, keep=(project, *(set(targets) - {target})))
    opened = load_project(project)
    key = scenario_of(opened, scenario)
    plan = opened.plans[key]
    left: dict[str, str] = {}
    with bar() as progress:
        if propose:
            made, refused = propose_of_plan(plan, rules, facilities=facility or None, progress=progress)
            found, left = named_lots(State.paper_language, made), {**made.left, **refused}
        else:
            found = entered_lots(opened.entries, key)
        own = bills_of_lots(plan, found, progress) if bills else None
        assessed = assess_of_plan(
            plan, found, rules, costs, bills=own, subsidies=subsidies_named(plan.profile, subsidy),
            facts=Facts(feed_in=False, contract=_day(contract), decision=_day(decision)), progress=progress,
        )  # fmt: skip
    if take_over:
        plan = _take(project, key, found, why)
    _write(assessed, found, plan, xlsx, csv, gpkg, flows)
    if as_json:
        typer.echo(json.dumps(_as_json(assessed, left, plan, found), ensure_ascii=False, indent=2))
    else:
        _tell(assessed, left, plan, found, by_year=by_year)


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _write(
    assessed: Assessed, found: tuple[Lot, ...], plan: Plan, xlsx: Path | None, csv: Path | None, gpkg: Path | None, flows: Path | None
) -> None:  # fmt: skip
    from kawasolar.export.lots import write_flows_csv, write_lots_csv, write_lots_gpkg, write_lots_xlsx
    from kawasolar.lots.sites import sites_of_plan

    if xlsx is not None:
        write_lots_xlsx(assessed, found, plan, xlsx, State.paper_language)
        tell_written(xlsx)
    if csv is not None:
        write_lots_csv(assessed, plan, csv, State.paper_language)
        tell_written(csv)
    if gpkg is not None:
        sites, _ = sites_of_plan(plan, [str(name) for name in assessed.sites["facility_id"]])
        write_lots_gpkg(assessed, sites, plan, gpkg, State.paper_language)
        tell_written(gpkg)
    if flows is not None:
        write_flows_csv(assessed, plan, flows, State.paper_language)
        tell_written(flows)


def _numbers(pairs: list[str] | None, hint: str) -> dict[str, float]:
    found = {}
    for pair in pairs or ():
        key, _, text = pair.partition("=")
        try:
            found[key] = float(text)
        except ValueError:
            raise typer.BadParameter(say(State.language, "cli.lots.rule_words", found=pair), param_hint=hint) from None
    return found


def _take(path: Path, key: str, found: tuple[Lot, ...], why: str) -> Plan:
    """The plan with these lots, as it is saved: papers bear its number."""
    from kawasolar.document.lot_edits import set_lots
    from kawasolar.project import load_project
    from kawasolar.stages import with_edit

    with held(path):
        project = load_project(path)
        edit = set_lots(project.entries, key, {lot.key: (lot.name, lot.ids) for lot in found}, author(why))
        if edit.changes:
            project = with_edit(project, edit)
            saved(project, path)
        return project.plans[key]


def _tell(
    assessed: Assessed, left: dict[str, str], plan: Plan, found: tuple[Lot, ...], *, by_year: bool
) -> None:  # fmt: skip
    from kawasolar.lots.flows import flows_of
    from kawasolar.lots.of_plan import not_chosen, without_lot
    from kawasolar.lots.sites import chosen_ids
    from kawasolar.lots.words import flow_lines, left_lines, lot_lines, note_lines

    language = State.language
    names = dict(zip(plan.facilities["facility_id"], plan.facilities["name"], strict=True))
    if not found and not left:
        typer.echo(say(language, "lots.none" if chosen_ids(plan) else "lots.nobody"))
        return
    lines = [
        *lot_lines(language, assessed, names, not_chosen(plan, found)),
        *left_lines(language, left, names),
        *(flow_lines(language, flows_of(assessed)) if by_year else ()),
        *note_lines(language, assessed.basis),
    ]
    missing = without_lot(plan, found)
    if missing:
        lines.append(say(language, "lots.without_line", count=len(missing)))
    for line in lines:
        typer.echo(line)


def _as_json(assessed: Assessed, left: dict[str, str], plan: Plan, found: tuple[Lot, ...]) -> dict[str, Any]:
    from kawasolar.lots.flows import flows_of
    from kawasolar.lots.of_plan import not_chosen, without_lot

    flows, given = flows_of(assessed), assessed.basis.granted
    return {
        "lots": _records(assessed.lots), "sites": _records(assessed.sites), "left": left,
        "not_chosen": {key: list(ids) for key, ids in not_chosen(plan, found).items()}, "without_lot": list(without_lot(plan, found)),
        "subsidy": None if given.subsidy is None else given.subsidy.name(State.language), "conditions": {check.condition: check.outcome for check in given.checks},
        "years": _records(flows.by_year(flows.whole)), "money": {one.lot or "*": _finite(flows.figures(one)) for one in (flows.whole, *flows.lots)},
    }  # fmt: skip


def _finite(figures: dict[str, float]) -> dict[str, float | None]:
    return {key: value if math.isfinite(value) else None for key, value in figures.items()}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    item = getattr(value, "item", None)
    plain = item() if callable(item) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


# ---------------------------------------------------------------------------------------------- edit lot


@lot_app.command("new")
def edit_lot_new(
    project: ProjectFile, name: str, facilities: list[str], why: Why = "", scenario: Scenario = ""
) -> None:
    """A new lot of some facilities, out of any other lot: also how a lot is split."""
    from kawasolar.document import lot_edits

    edited(
        project,
        lambda opened, key: lot_edits.new_lot(opened.entries, key, name, _known(opened, facilities), author(why)),
        scenario,
    )


@lot_app.command("move")
def edit_lot_move(
    project: ProjectFile, lot: str, facilities: list[str], why: Why = "", scenario: Scenario = ""
) -> None:
    """Facilities into a lot (key or name), out of any other."""
    from kawasolar.document import lot_edits

    def make(opened: Project, key: str) -> Edit:
        return lot_edits.move_to_lot(
            opened.entries, key, _known(opened, facilities), _key_of(opened, key, lot), author(why)
        )

    edited(project, make, scenario)


@lot_app.command("out")
def edit_lot_out(project: ProjectFile, facilities: list[str], why: Why = "", scenario: Scenario = "") -> None:
    """Facilities out of their lots."""
    from kawasolar.document import lot_edits

    edited(
        project,
        lambda opened, key: lot_edits.move_to_lot(opened.entries, key, facilities, None, author(why)),
        scenario,
    )


@lot_app.command("rename")
def edit_lot_rename(project: ProjectFile, lot: str, name: str, why: Why = "", scenario: Scenario = "") -> None:
    """Call a lot otherwise."""
    from kawasolar.document import lot_edits

    edited(
        project,
        lambda opened, key: lot_edits.rename_lot(opened.entries, key, _key_of(opened, key, lot), name, author(why)),
        scenario,
    )


@lot_app.command("merge")
def edit_lot_merge(project: ProjectFile, into: str, others: list[str], why: Why = "", scenario: Scenario = "") -> None:
    """Other lots into one, which keeps its name."""
    from kawasolar.document import lot_edits

    def make(opened: Project, key: str) -> Edit:
        keys = [_key_of(opened, key, other) for other in others]
        return lot_edits.merge_lots(opened.entries, key, _key_of(opened, key, into), keys, author(why))

    edited(project, make, scenario)


@lot_app.command("dissolve")
def edit_lot_dissolve(project: ProjectFile, lots: list[str], why: Why = "", scenario: Scenario = "") -> None:
    """Lots that are no more."""
    from kawasolar.document import lot_edits

    def make(opened: Project, key: str) -> Edit:
        return lot_edits.dissolve_lots(opened.entries, key, [_key_of(opened, key, lot) for lot in lots], author(why))

    edited(project, make, scenario)


def _key_of(project: Project, scenario: str, word: str) -> str:
    """Key of a lot by itself or by its name; what is neither is refused by the edit."""
    found = project.entries.of_scenario("lots", scenario)
    if word in found:
        return word
    named = [key for key, entry in found.items() if entry["name"] == word]
    return named[0] if len(named) == 1 else word


def _known(project: Project, facilities: list[str]) -> list[str]:
    strange = set(facilities) - set(project.plan.facilities["facility_id"])
    if strange:
        raise PlanError("edit.no_such_facility", facility=", ".join(sorted(strange)))
    return facilities
