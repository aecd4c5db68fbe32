"""The papers that were written from a project: which plan each shows, and whether the project still says the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kawasolar.plan import ExportRecord
from kawasolar.project.format import absolute
from kawasolar.stages.state import plan_fingerprint, states

if TYPE_CHECKING:
    from kawasolar.plan import Plan, Project
    from kawasolar.words import Language

PaperState = Literal["current", "out_of_date", "missing"]


@dataclass(frozen=True)
class ExportState:
    """A paper and how it stands: ``out_of_date`` where the plan is another now, ``missing`` where the file is no longer there."""

    record: ExportRecord
    state: PaperState


def record(plan: Plan, kind: str, path: Path, language: Language, who: str) -> ExportRecord:
    """What to remember of a paper that has just been written; ``kind`` is one of :data:`kawasolar.export.kinds.KINDS`."""
    return ExportRecord(
        kind=kind, path=str(absolute(Path(path))), language=language, scenario=plan.scenario, fingerprint=plan_fingerprint(plan),
        when=datetime.now(UTC).isoformat(timespec="seconds"), who=who,
    )  # fmt: skip


def with_record(project: Project, made: ExportRecord) -> Project:
    """The project with one more paper; it replaces an older one of the same kind at the same path."""
    kept = tuple(entry for entry in project.exports if (entry.kind, entry.path) != (made.kind, made.path))
    return replace(project, exports=(*kept, made))


def export_states(project: Project) -> list[ExportState]:
    """How each paper stands, in the order in which they were written.

    A paper is out of date where the plan of its scenario has another fingerprint now, where a stage of that plan would have to be
    computed anew, or where the scenario is gone. Whether a file is there is asked of the file system: on a share that does not answer
    this takes as long as the system waits (half a minute and more on Windows). Call it in a thread, never in the window's own.
    """
    now = {key: _fresh_fingerprint(project, plan) for key, plan in project.plans.items()}
    return [ExportState(entry, _state(entry, now.get(entry.scenario))) for entry in project.exports]


def _fresh_fingerprint(project: Project, plan: Plan) -> str | None:
    """The plan's fingerprint; None where what it shows is not what would be computed."""
    if not all(state.is_fresh for state in states(plan, project.profile)):
        return None
    return plan_fingerprint(plan)


def _state(entry: ExportRecord, now: str | None) -> PaperState:
    if not _there(entry.path):
        return "missing"
    return "current" if now == entry.fingerprint else "out_of_date"


def _there(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        # A name that this system cannot have, or a share that refuses.
        return False
