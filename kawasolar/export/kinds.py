"""Kinds of papers of a plan: lists, layers and a map of every plan, and a workbook of each answer that it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.errors import PlanError
from kawasolar.plan import ANSWERS

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from kawasolar.plan import AnswerKind, Plan
    from kawasolar.words import Language

LISTS = ("xlsx", "csv", "gpkg", "png")
KINDS = (*LISTS, *ANSWERS)


def suffix_of(kind: str) -> str:
    """How a file of this kind ends."""
    return ".xlsx" if kind in ANSWERS else f".{kind}"


def kinds_of(plan: Plan) -> tuple[str, ...]:
    """The papers that can be written from a plan."""
    return (*LISTS, *(kind for kind in ANSWERS if kind in plan.answers))


def check_kept(plan: Plan, kind: AnswerKind) -> None:
    """Refuse a paper of an answer that the plan does not keep.

    Raises
    ------
    PlanError
        ``answers.not_kept``
    """
    if kind not in plan.answers:
        raise PlanError("answers.not_kept", kind=kind)


def write_answer(plan: Plan, kind: AnswerKind, path: Path, language: Language, *, today: date | None = None) -> None:
    """Write the workbook of an answer as the plan keeps it; nothing is computed.

    Raises
    ------
    PlanError
        ``answers.not_kept``
    NotWritable
        Open in Excel, read-only, disk full.
    """
    from kawasolar.answers import answer_of

    check_kept(plan, kind)
    found = answer_of(plan, kind)
    if kind == "lighting":
        from kawasolar.export.lighting import write_lighting_xlsx
        from kawasolar.lighting.table import table_known

        # Another one than that it was reckoned with makes the answer stale.
        write_lighting_xlsx(found, table_known(plan), plan, path, language, today=today)
    elif kind == "fleet":
        from kawasolar.export.fleet import write_fleet_xlsx

        write_fleet_xlsx(found, plan, path, language, today=today)
    elif kind == "siting":
        from kawasolar.export.siting import write_siting_xlsx

        write_siting_xlsx(plan, found.siting, path, language, today=today)
    else:
        from kawasolar.export.charging import write_charging_xlsx

        write_charging_xlsx(found, plan, path, language, today=today)
