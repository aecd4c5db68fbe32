"""What follows from a review, worked out off the window's thread when it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.plan import Plan, Project
    from ui.jobs import Job
    from ui.window import MainWindow

# What takes longer [ms] is shown, and can be ended.
_SHOWN_AFTER = 700


class Settling(QObject):
    """Until it is done the plan is as it was, and what follows from the links is stale."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._job: Job | None = None
        # Something was entered meanwhile: what has been computed helps the next attempt.
        self._helpers: Sequence[Plan] | None = None
        self._slow = QTimer(self, singleShot=True, interval=_SHOWN_AFTER)
        self._slow.timeout.connect(self._show)
        window.review.left.connect(self.start)

    def start(self) -> None:
        """Compute what waits, unless that is being done."""
        from kawasolar.stages import settled

        document = self._window.document
        project = document.project
        if project is None or not document.waiting or document.is_patient or self._job is not None:
            return
        attic, self._helpers = (*document.attic, *(self._helpers or ())), None
        job = self._job = self._window.jobs.start(lambda progress: settled(project, attic, progress), "settle")
        job.done.connect(lambda found: self._take(project, cast("Project", found)))
        job.failed.connect(self._window.controller.fail)
        job.ended.connect(self._end)
        self._slow.start()

    def _take(self, before: Project, after: Project) -> None:
        if not self._window.document.take_settled(before, after):
            self._helpers = tuple(after.plans.values())

    def _end(self) -> None:
        self._job = None
        self._slow.stop()
        if self._helpers is not None:
            self.start()

    def _show(self) -> None:
        """In the place of the Run button, as any calculation."""
        if self._job is not None and not self._window.controller.is_running:
            self._window.controller.watch_run(self._job)
