"""A dialog that has work done: Escape and its button stop the work first, and close it only then."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog

from ui.jobs import Job


class WorkingDialog(QDialog):
    """``_job`` is what runs, None where nothing does."""

    _job: Job | None = None

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
        """Closed either way."""
        super().done(result)
        QTimer.singleShot(0, self.deleteLater)
