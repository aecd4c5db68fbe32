"""The command line for eligibility laid open: ``kawasolar eligibility``."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli import app
from kawasolar.cli_project import AsJson, ProjectFile, Scenario, scenario_of
from kawasolar.console import State, check_target, tell_written

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.plan import Plan
    from kawasolar.remedies.of_plan import Laid

# Lines of a list on the screen.
_LISTED = 20


@app.command("eligibility")
def eligibility(
    project: ProjectFile,
    facility: Annotated[list[str] | None, typer.Argument(help="ids of facilities; without them all")] = None,
    scenario: Scenario = "",
    xlsx: Annotated[Path | None, typer.Option(help="criteria, outcomes, remedies and what is to be found out as an Excel workbook")] = None,
    csv: Annotated[Path | None, typer.Option(help="facilities that are not eligible, and what would change it, as CSV")] = None,
    costs: Annotated[Path | None, typer.Option("--remedies", help="your own prices of remedies (TOML, [[remedies]] as in a profile), instead of those of the plan's profile")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Who is eligible and why: counts by criterion, the datum of each outcome, the cheapest change, what has to be found out."""
    from kawasolar.project import load_project
    from kawasolar.remedies.of_plan import lay_open
    from kawasolar.remedies.table import read_costs, remedies_by
    from kawasolar.remedies.words import count_lines

    for target in (xlsx, csv):
        if target is not None:
            check_target(target, keep=(project, costs, *({xlsx, csv} - {target})))
    own = () if costs is None else read_costs(costs)
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    rows = _rows(plan, facility or [])
    laid = _narrowed(lay_open(plan, remedies_by(plan.profile, own)), facility or [])
    if costs is not None:
        laid = replace(laid, costs_file=costs.name)
    if xlsx is not None:
        from kawasolar.export.eligibility import write_eligibility_xlsx

        write_eligibility_xlsx(laid, plan, rows, xlsx, State.paper_language)
        tell_written(xlsx)
    if csv is not None:
        from kawasolar.export.eligibility import write_eligibility_csv

        write_eligibility_csv(laid, plan, csv, State.paper_language)
        tell_written(csv)
    if as_json:
        typer.echo(json.dumps(_as_json(plan, laid, rows), ensure_ascii=False, indent=2))
        return
    for line in [*(_of_facilities(plan, laid, rows) if facility else count_lines(State.language, laid)), *_lists(laid)]:
        typer.echo(line)


def _rows(plan: Plan, wanted: list[str]) -> list[int]:
    """Places in the ledger of the facilities that are asked for."""
    from kawasolar.errors import PlanError

    places = {str(one): row for row, one in enumerate(plan.facilities["facility_id"])}
    for one in wanted:
        if one not in places:
            raise PlanError("eligibility.no_facility", facility=one[:100])
    return [places[one] for one in wanted] if wanted else list(places.values())


def _narrowed(laid: Laid, wanted: list[str]) -> Laid:
    """The lists of the facilities that are asked for; the counts are of all."""
    if not wanted:
        return laid

    def only(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["facility_id"].astype(str).isin(wanted)].reset_index(drop=True)

    return replace(laid, remedies=only(laid.remedies), unknowns=only(laid.unknowns))


def _of_facilities(plan: Plan, laid: Laid, rows: list[int]) -> list[str]:
    from kawasolar.remedies.words import outcome_table

    return [
        f"{row.facility_id} {row.name}  {row.criterion}: {row.outcome}  {row.datum}"
        for row in outcome_table(State.language, plan, laid, rows).itertuples(index=False)
    ]


def _lists(laid: Laid) -> list[str]:
    """Remedies and what has to be found out, the first of each."""
    from kawasolar.reasons import criterion_name
    from kawasolar.remedies.words import find_sentence, remedy_sentence
    from kawasolar.words import say

    language = State.language
    changes = [
        f"  {row['facility_id']} {row['name']}: {remedy_sentence(language, row)}"
        for row in laid.remedies.head(_LISTED).to_dict("records")
    ]
    unknown = [
        f"  {row['facility_id']} {row['name']} ({row['capacity_kw']:,.1f} kW) {criterion_name(language, row['criterion'])}: {find_sentence(language, row['criterion'])}"
        for row in laid.unknowns.head(_LISTED).to_dict("records")
    ]
    lines: list[str] = []
    for head, listed, count in (
        ("remedies", changes, len(laid.remedies)),
        ("unknowns", unknown, len(laid.unknowns)),
    ):
        if listed:
            lines += [say(language, f"eligibility.line.{head}"), *listed]
        if count > len(listed):
            lines.append(say(language, "eligibility.line.more", count=count - len(listed)))
    return lines


def _as_json(plan: Plan, laid: Laid, rows: list[int]) -> dict[str, Any]:
    from kawasolar.eligibility import OUTCOMES
    from kawasolar.remedies.words import datum_sentence

    seen = laid.assessment
    ids = seen.case.ledger["facility_id"].tolist()
    outcomes = [
        {
            "facility_id": ids[row], "criterion": key, "outcome": OUTCOMES[seen.outcome[k, row]], "value": _plain(seen.value[k, row]),
            "threshold": seen.thresholds[k], "datum": datum_sentence(State.language, plan, laid, k, row),
        }
        for row in rows
        for k, key in enumerate(seen.keys)
    ]  # fmt: skip
    return {
        "not_applied": list(seen.not_applied), "criteria": _records(laid.counts), "outcomes": outcomes,
        "remedies": _records(laid.remedies), "unknowns": _records(laid.unknowns),
    }  # fmt: skip


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    import pandas as pd

    if isinstance(value, tuple):
        return list(value)
    if value is None or value is pd.NA:
        return None
    item = getattr(value, "item", None)
    plain = item() if callable(item) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
