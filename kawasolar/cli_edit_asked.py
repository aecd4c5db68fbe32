"""The command line for what a scenario asks for beside the half: ``kawasolar edit ask``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kawasolar.cli_edit import edit_app
from kawasolar.cli_project import ProjectFile, Scenario, Why, author, edited
from kawasolar.errors import PlanError
from kawasolar.plan import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.document.entries import Edit
    from kawasolar.plan import AnswerKind, Project


@edit_app.command("ask")
def edit_ask(
    project: ProjectFile,
    kind: Annotated[str, typer.Argument(help="lighting, fleet or charging")],
    options: Annotated[list[str] | None, typer.Argument(help="KEY=VALUE as docs/answers.md has them; a value is JSON or a text")] = None,
    off: Annotated[bool, typer.Option("--off", help="no longer, and away with the result")] = False,
    why: Why = "", scenario: Scenario = "",
) -> None:  # fmt: skip
    """Have the plan keep LED lighting, the fleet or charging: computed with the plan, stale and undone as the rest of it."""
    from kawasolar.document import asked_edits

    (asked,) = kinds_asked([kind])
    told = None if off else options_told(asked, options or [])

    def make(opened: Project, key: str) -> Edit:
        return asked_edits.ask(opened.entries, key, asked, told, author(why))

    edited(project, make, scenario)


def kinds_asked(texts: Sequence[str]) -> tuple[AnswerKind, ...]:
    """The kinds of these names, each once.

    Raises
    ------
    PlanError
        ``answers.no_such_kind``
    """
    for text in texts:
        if text not in ANSWERS:
            raise PlanError("answers.no_such_kind", found=text[:60], expected=", ".join(ANSWERS))
    return tuple(kind for kind in ANSWERS if kind in texts)


def options_told(kind: AnswerKind, options: Sequence[str]) -> dict[str, Any]:
    """Options from ``KEY=VALUE``.

    Raises
    ------
    PlanError
        ``answers.no_value``, and those of :func:`kawasolar.answers.check_options`
    """
    from kawasolar.answers import check_options

    found: dict[str, Any] = {}
    for one in options:
        key, sign, text = one.partition("=")
        if not sign:
            raise PlanError("answers.no_value", found=one[:60])
        try:
            found[key.strip()] = json.loads(text)
        except ValueError:
            found[key.strip()] = text
    check_options(kind, found)
    return found
