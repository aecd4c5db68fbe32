"""Tables of a city's own in the place of those of the program: lamps and what replaces them, models of cars, chargers. They are input files of the plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gis.errors import CodedError
from kawasolar.errors import PlanError
from kawasolar.plan import OWN_TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.plan import AnswerKind, Plan

_T = TypeVar("_T")


def own_table(plan: Plan, kind: AnswerKind) -> Path | None:
    """The plan's own table for an answer; None where the program's holds."""
    role = OWN_TABLES.get(kind)
    return next((Path(file.path) for file in plan.inputs if file.role == role), None)


def read_own(plan: Plan, kind: AnswerKind, read: Callable[[Path], _T], code: str) -> _T | None:
    """What is in the plan's own table; None where it has none.

    Parameters
    ----------
    code : of the refusal where it cannot be read: of a plan's many results this is one

    Raises
    ------
    PlanError
        ``code``, with the file and the code of the reason
    """
    path = own_table(plan, kind)
    if path is None:
        return None
    try:
        return read(path)
    except CodedError as error:
        raise PlanError(code, file=path.name, reason=error.code) from error
