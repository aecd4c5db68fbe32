"""What a scenario asks for beside the half, LED lighting, the fleet, charging, sites of shared chargers: computed by a stage of its own, and kept in the plan.

How it is asked for is an entry (``asked``), and so can be undone; the answer is a head of JSON values and tables, and the room of its kind makes
of them what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.findings import Finding
from kawasolar.answers.shapes import as_kept, check_shape
from kawasolar.errors import PlanError
from kawasolar.plan import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from gis.progress import Progress
    from kawasolar.document.entries import Entries
    from kawasolar.plan import AnswerKind, Plan

# Of a refusal that becomes a finding; longer ones are cut.
_SHOWN = 200


def _room(kind: AnswerKind) -> ModuleType:
    """Module of a kind: ``checked``, ``compute``, ``FRAMES``, ``HEAD``, ``result``, and ``check`` where shapes say too little. Imported when it is needed: a plan without it opens quickly."""
    # By name for whoever freezes the program.
    if kind == "lighting":
        from kawasolar.answers import lighting as room
    elif kind == "fleet":
        from kawasolar.answers import fleet as room  # type: ignore[no-redef]
    elif kind == "charging":
        from kawasolar.answers import charging as room  # type: ignore[no-redef]
    else:
        from kawasolar.answers import siting as room  # type: ignore[no-redef]
    return room


def options_asked(entries: Entries, scenario: str, kind: AnswerKind) -> dict[str, Any] | None:
    """How a scenario asks for it; None where it does not."""
    entry = entries.get("asked", f"{scenario}/{kind}")
    return None if entry is None else dict(entry["value"])


def check_options(kind: AnswerKind, options: Mapping[str, Any]) -> None:
    """Refuse options that cannot be.

    Raises
    ------
    PlanError
        ``answers.no_such_option``, ``answers.bad_option``, and what the room of the kind refuses
    """
    _room(kind).checked(options)


def compute(
    kind: AnswerKind, plan: Plan, options: Mapping[str, Any], progress: Progress
) -> tuple[Answer | None, list[Finding]]:
    """The answer for a plan, and what was noticed. Where this plan has nothing to answer with, that is noticed, and there is no answer.

    Raises
    ------
    PlanError
        of others than the room of the kind
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    room = _room(kind)
    try:
        answer, findings = room.compute(plan, options, progress)
    except PlanError as error:
        if not error.code.startswith(f"{kind}."):
            raise
        told: dict[str, object] = {
            key: value if isinstance(value, int | float) else str(value)[:_SHOWN]
            for key, value in error.details.items()
        }
        return None, [Finding(error.code, "warning", details=told)]
    # What is noticed in a ledger is shown where the ledger is.
    return as_kept(answer, room.FRAMES), [one for one in findings if one.code.startswith(f"{kind}.")]


def answer_of(plan: Plan, kind: AnswerKind) -> Any:  # noqa: ANN401 - the type is the room's
    """What a plan keeps of this kind, as its room has it: :class:`~kawasolar.lighting.Lighting`, :class:`~kawasolar.fleet.FleetResult`, :class:`~kawasolar.charging.Charging`, :class:`~kawasolar.siting.kept.KeptSiting`; None where it keeps none."""
    answer = plan.answers.get(kind)
    return None if answer is None else _room(kind).result(answer)


def columns_of(kind: AnswerKind) -> Mapping[str, Mapping[str, str]]:
    """Tables of a kind: name -> column -> type."""
    columns: Mapping[str, Mapping[str, str]] = _room(kind).FRAMES
    return columns


def check_answer(kind: AnswerKind, answer: Answer) -> None:
    """Refuse what is not of its kind: the head, and what the room itself looks at; the columns of the tables have been looked at.

    Raises
    ------
    ValueError
        names the place
    """
    room = _room(kind)
    check_shape(answer.head, room.HEAD, kind)
    if hasattr(room, "check"):
        room.check(answer)
