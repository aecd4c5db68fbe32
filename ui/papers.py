"""The papers that leave the house: written off the window's thread, noted in the project, written again when they are out of date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from kawasolar.export.kinds import suffix_of
from kawasolar.plan import ANSWERS
from ui import work
from ui.jobs import Job

if TYPE_CHECKING:
    from kawasolar.plan import ExportRecord, Plan
    from kawasolar.provenance.exports import ExportState
    from kawasolar.words import Language
    from ui.window import MainWindow

EXPORT_FILTERS = {
    ".xlsx": "Excel (*.xlsx)", ".csv": "CSV (*.csv)", ".gpkg": "GeoPackage (*.gpkg)", ".png": "PNG (*.png)",
}  # fmt: skip


class Papers(QObject):
    """What the commands of the exports do."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def export(self, kind: str) -> None:
        """Choose a place and write an export."""
        window = self._window
        window.document.settle()
        plan = window.document.plan
        if plan is None:
            return
        folder = window.document.path.parent if window.document.path is not None else Path(window.remembered.folder)
        say, suffix = window.look.say, suffix_of(kind)
        # A workbook of an answer lies beside the site list.
        beside = f" {say(f'paper.file.{kind}')}" if kind in ANSWERS else ""
        start = folder / f"{plan.name}{beside}{suffix}"
        name, _ = QFileDialog.getSaveFileName(window, say(f"ui.output.{kind}"), str(start), EXPORT_FILTERS[suffix])
        if name:
            self.export_to(kind, Path(name).with_suffix(suffix))

    def export_to(self, kind: str, path: Path) -> Job | None:
        """Write an export of the scenario that is worked on, off the window's thread."""
        plan = self._window.document.plan
        return None if plan is None else self._export(plan, kind, path, self._window.look.language)

    def _export(self, plan: Plan, kind: str, path: Path, language: Language) -> Job:
        window = self._window
        basemap = window.basemap.paper() if window.basemap is not None else None
        job = window.jobs.start(
            lambda progress: work.export_plan(plan, kind, path, language, progress, basemap), f"export.{kind}.{path}"
        )
        window.status.job.setText(window.look.say("ui.status.exporting", file=path.name))
        job.done.connect(self._on_exported)
        job.failed.connect(self._window.controller.fail)
        job.ended.connect(lambda: window.status.job.setText(""))
        return job

    def _on_exported(self, found: object) -> None:
        from kawasolar.provenance.exports import record

        kind, path, plan, language = cast("tuple[str, Path, Plan, Language]", found)
        window = self._window
        window.document.add_export(record(plan, kind, path, language, window.document.person()))
        if window.document.stale:
            # It shows what was computed, and says so by its number; nobody shall take it for the plan as it is set now.
            window.banner.tell(window.look.say("ui.output.done_stale", file=str(path)))
        else:
            window.banner.tell(window.look.say("ui.output.done", file=str(path)), kind="done")

    def export_again(self, records: Sequence[ExportRecord]) -> None:
        """Write papers again in their places, in their languages, from what their scenarios say now."""
        project = self._window.document.project
        if project is None:
            return
        for record in records:
            plan = project.plans.get(record.scenario, project.plan)
            self._export(plan, record.kind, Path(record.path), cast("Language", record.language))

    def look_at_papers(self) -> None:
        """See how the papers that were written stand; asks the file system, so not in the window's thread."""
        window = self._window
        project = window.document.project
        if project is None or not project.exports:
            window.output.show_papers([])
            return
        job = window.jobs.start(lambda _progress: work.paper_states(project), "papers")
        job.done.connect(lambda found: self._window.output.show_papers(cast("list[ExportState]", found)))
