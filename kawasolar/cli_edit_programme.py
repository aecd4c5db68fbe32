"""The command line for what a person enters of the programme: ``kawasolar edit rules | years | standing | count``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kawasolar.cli_edit import edit_app, known_facilities
from kawasolar.cli_project import ProjectFile, Scenario, Why, author, edited

if TYPE_CHECKING:
    from kawasolar.document.entries import Edit
    from kawasolar.plan import Project


@edit_app.command("rules")
def edit_rules(
    project: ProjectFile,
    rules: Annotated[Path | None, typer.Argument(help="rules file (TOML, docs/programme.md); none takes the programme away")] = None,
    why: Why = "",
    scenario: Scenario = "",
) -> None:  # fmt: skip
    """The rules of the programme that the plan keeps; pins, years and what stands in the file become entries, too."""
    from kawasolar.document import programme_edits
    from kawasolar.programme.rules_file import read_document

    tables = {} if rules is None else read_document(rules)

    def make(opened: Project, key: str) -> Edit:
        return programme_edits.take_rules(opened.entries, key, tables, author(why))

    edited(project, make, scenario)


@edit_app.command("years")
def edit_years(
    project: ProjectFile, facilities: list[str],
    earliest: Annotated[int | None, typer.Option(help="first fiscal year in which it may be built")] = None,
    latest: Annotated[int | None, typer.Option(help="last fiscal year in which it may be built")] = None,
    why: Why = "", scenario: Scenario = "",
) -> None:  # fmt: skip
    """Fiscal years between which facilities may be built; neither: whenever."""
    from kawasolar.document import programme_edits

    def make(opened: Project, key: str) -> Edit:
        names = known_facilities(opened, facilities)
        return programme_edits.give_years(opened.entries, key, names, earliest, latest, author(why))

    edited(project, make, scenario)


@edit_app.command("standing")
def edit_standing(
    project: ProjectFile, facilities: list[str],
    state: Annotated[str | None, typer.Option(help="done, contracted; without: neither")] = None,
    year: Annotated[int | None, typer.Option(help="fiscal year")] = None,
    capacity: Annotated[float | None, typer.Option("--kw", help="size, where it is known [kW]")] = None,
    why: Why = "",
) -> None:  # fmt: skip
    """What is done or contracted at facilities, in all scenarios."""
    from kawasolar.document import programme_edits

    def make(opened: Project, _key: str) -> Edit:
        names = known_facilities(opened, facilities)
        return programme_edits.stand(opened.entries, names, state, year, author(why), capacity_kw=capacity)

    edited(project, make, "")


@edit_app.command("count")
def edit_count(
    project: ProjectFile, day: Annotated[str, typer.Argument(help="day of the list, 2026-04-01")],
    facilities: Annotated[list[str] | None, typer.Argument(help="facilities of the list; else those that are eligible or stand now")] = None,
    forget: Annotated[bool, typer.Option("--forget", help="away with the list of that day")] = False,
    why: Why = "", scenario: Scenario = "",
) -> None:  # fmt: skip
    """Freeze the list of facilities of which the half is the half."""
    from kawasolar.document import programme_edits
    from kawasolar.programme.entered import countable

    def make(opened: Project, key: str) -> Edit:
        if forget:
            return programme_edits.forget_count(opened.entries, day)
        names = known_facilities(opened, facilities) if facilities else countable(opened.plans[key])
        return programme_edits.freeze_count(opened.entries, day, names, author(why))

    edited(project, make, scenario)
