"""A dialog that has work done: Escape and its button stop the work first, and close it only then."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QLabel

from gis.errors import CodedError
from ui.jobs import Job
from ui.look import Look
from ui.parts import set_role


class WorkingDialog(QDialog):
    """``_job`` is what runs, None where nothing does; ``state`` the line that says so."""

    _job: Job | None = None
    _look: Look
    state: QLabel

    def _refresh(self) -> None:
        """Show what can be done now."""
        raise NotImplementedError

    def _ended(self, code: str) -> None:
        """The work has ended without a result; ``code`` is what is said of it."""
        self._job = None
        self._refresh()
        if code:
            self.state.setText(self._look.say(code))

    def _on_failed(self, error: object) -> None:
        """Say what to do; what nobody expected goes to the log."""
        from ui.crash import report

        self._ended("")
        set_role(self.state, "attention")
        if isinstance(error, CodedError):
            self.state.setText(self._look.say_error(error))
        elif isinstance(error, Exception):
            report(error, self, self._look)

    def _stop_or_close(self) -> None:
        if self._job is not None:
            self._job.cancel()
        else:
            self.reject()

    def reject(self) -> None:
        """Escape while it works stops the work first."""
        if self._job is not None:
            self._job.cancel()
            return
        super().reject()

    def done(self, result: int) -> None:
        """Closed either way: what still runs is of no use any more."""
        if self._job is not None:
            self._job.drop()
        super().done(result)
        QTimer.singleShot(0, self.deleteLater)
