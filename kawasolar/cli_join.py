"""The command line for the links of facilities and buildings: ``kawasolar join``."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kawasolar.cli import app
from kawasolar.cli_project import ProjectFile, Scenario, Why, author, edited, scenario_of
from kawasolar.console import State, check_target, errors
from kawasolar.errors import PlanError
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kawasolar.document.entries import Edit
    from kawasolar.join.review import Item, Link
    from kawasolar.plan import Project
    from kawasolar.words import Language

_COLUMNS = ("facility_id", "name", "building_id", "how", "distance_m", "score", "why", "state", "others")


@app.command("join")
def join(
    project: ProjectFile,
    doubtful: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="list only what is less sure than this, or linked to nothing")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="write the list as CSV")] = None,
    links: Annotated[list[str] | None, typer.Option("--set", help="FACILITY=BUILDING[;BUILDING] names its buildings by hand; FACILITY= says that it has none")] = None,
    confirmed: Annotated[list[str] | None, typer.Option("--confirm", help="FACILITY: its links were looked at and are right")] = None,
    scenario: Scenario = "", why: Why = "",
    compute: Annotated[bool, typer.Option("--run", help="compute what follows at once")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the list as JSON")] = False,
) -> None:  # fmt: skip
    """Which building belongs to which facility, how sure that is and why; the least sure first."""
    from kawasolar.join.review import in_order, items_of
    from kawasolar.project import load_project

    if links or confirmed:
        if csv_file is not None or as_json or doubtful is not None:
            raise typer.BadParameter(say(State.language, "cli.join.either"), param_hint="--set, --confirm")
        wanted = dict(_named(text) for text in links or ())
        edited(project, lambda opened, _key: _edit(opened, wanted, confirmed or [], why), scenario, run=compute)
        return
    opened = load_project(project)
    plan = opened.plans[scenario_of(opened, scenario)]
    found = [item for item in in_order(items_of(plan)) if doubtful is None or item.score < doubtful]
    if csv_file is not None:
        check_target(csv_file, keep=(project, *(Path(entry.path) for entry in plan.inputs)))
        _write(csv_file, found)
        if not State.quiet:
            errors.print(say(State.language, "cli.written", file=str(csv_file)), markup=False)
    elif as_json:
        typer.echo(json.dumps([_told(item) for item in found], ensure_ascii=False, indent=2))
    else:
        _list(found)


def _named(text: str) -> tuple[str, list[str]]:
    facility, sign, buildings = text.partition("=")
    if not sign or not facility.strip():
        raise typer.BadParameter(text, param_hint="--set")
    return facility.strip(), [name.strip() for name in buildings.split(";") if name.strip()]


def _edit(opened: Project, wanted: dict[str, list[str]], confirmed: list[str], why: str) -> Edit:
    from kawasolar.document.entries import apply, edit_of
    from kawasolar.join.review import confirm, items_of, settle_as

    plan = opened.plan
    items = {item.facility_id: item for item in items_of(plan)}
    if strange := {*wanted, *confirmed} - set(items):
        raise PlanError("edit.no_such_facility", facility=", ".join(sorted(strange)))
    named = {name for buildings in wanted.values() for name in buildings}
    if strange := named - set(plan.results.buildings["building_id"]):
        raise PlanError("edit.no_such_building", building=", ".join(sorted(strange)))
    by, after = author(why), opened.entries
    for facility, buildings in wanted.items():
        after = apply(after, settle_as(after, items[facility], buildings, by))
    for facility in confirmed:
        after = apply(after, confirm(after, items[facility], by))
    places = {
        (table, key) for table in ("joins", "reviews") for key in (*after.table(table), *opened.entries.table(table))
    }
    first = next(iter((*wanted, *confirmed)), "")
    words = "ui.undo.join" if wanted else "ui.undo.review_confirmed"
    return edit_of(opened.entries, words, {place: after.get(*place) for place in places}, facility=first)


def _rows(items: list[Item]) -> Iterator[tuple[Item, Link | None]]:
    for item in items:
        yield from ((item, link) for link in item.links)
        if not item.links:
            yield item, None


def _why(language: Language, item: Item, link: Link | None) -> str:
    from kawasolar.join.told import reasons_text

    if link is not None:
        return reasons_text(language, link)
    if item.shared is not None:
        return say(language, "join.why.shared", building=item.shared[0], owner=item.shared[1])
    return say(language, "join.why.none")


def _list(items: list[Item]) -> None:
    from kawasolar.join.told import state_text

    for item, link in _rows(items):
        building = link.building_id if link is not None else "–"
        score = f"{link.score:.2f}" if link is not None else "–"
        typer.echo(
            say(State.language, "cli.join.line", id=item.facility_id, name=item.name, building=building, score=score, why=_why(State.language, item, link), state=state_text(State.language, item))
        )  # fmt: skip
    if not items:
        typer.echo(say(State.language, "cli.join.none"))


def _told(item: Item) -> dict[str, object]:
    return {
        "facility_id": item.facility_id, "name": item.name, "score": round(item.score, 4), "state": item.state,
        "placed": item.exact or None, "shared": None if item.shared is None else {"building_id": item.shared[0], "owner": item.shared[1]},
        "links": [
            {
                "building_id": link.building_id, "how": link.how, "distance_m": link.distance_m, "score": round(link.score, 4),
                "why": [{"code": reason.code, **reason.values} for reason in link.why],
                "others": [each.facility_id for each in link.others],
            }
            for link in item.links
        ],
    }  # fmt: skip


def _write(path: Path, items: list[Item]) -> None:
    from kawasolar.export.csv import harmless
    from kawasolar.export.writing import atomic
    from kawasolar.join.told import how_text, state_text

    language = State.paper_language
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([say(language, f"cli.join.column.{name}") for name in _COLUMNS])
    for item, link in _rows(items):
        away = "" if link is None or link.distance_m is None else f"{link.distance_m:.1f}"
        others = "" if link is None else ";".join(each.facility_id for each in link.others)
        texts = [
            item.facility_id, item.name, "" if link is None else link.building_id, "" if link is None else how_text(language, link.how), away,
            "" if link is None else f"{link.score:.3f}", _why(language, item, link), state_text(language, item), others,
        ]  # fmt: skip
        writer.writerow([harmless(text) for text in texts])
    with atomic(path, ".csv") as work:
        work.write_bytes(buffer.getvalue().encode("utf-8-sig"))
