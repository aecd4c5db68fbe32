"""A dialog that has work done: Escape and its button stop the work first, and close it only then. Its result can be kept as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton

from gis.errors import CodedError
from ui.jobs import Job, Jobs
from ui.look import Look
from ui.parts import button, label, progress_bar, row, set_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.settings import Remembered


# Width of the bar of progress.
_BAR = 160


class WorkingDialog(QDialog):
    """``_job`` is what runs, None where nothing does; ``state`` the line that says so."""

    _job: Job | None = None
    _look: Look
    _jobs: Jobs
    _remembered: Remembered
    state: QLabel
    progress: QProgressBar
    save: QPushButton
    close_button: QPushButton

    def _foot_of(self, *others: QPushButton, bar: bool = True, quick: bool = False) -> QHBoxLayout:
        """The state, how far the work is, further buttons, keeping the result, and closing.

        Parameters
        ----------
        bar : whether the work says how far it is
        quick : it takes no time worth a bar, or a way to stop it
        """
        line = row(8)
        self.state = label("", "muted", wrap=True)
        line.addWidget(self.state, 1)
        if bar and not quick:
            self.progress = progress_bar(self._look, _BAR)
            line.addWidget(self.progress)
        self.save = button(self._look.say("ui.ways.save"))
        self.save.clicked.connect(self._ask_target)
        self.close_button = button(self._look.say("ui.surface.close"), "primary" if quick else "")
        self.close_button.clicked.connect(self.accept if quick else self._stop_or_close)
        for widget in (*others, self.save, self.close_button):
            widget.setAutoDefault(False)
            line.addWidget(widget)
        return line

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

    # ---------------------------------------------------------------- keeping the result

    def _ask_target(self) -> None:
        """Ask where to write the result."""
        raise NotImplementedError

    def write(self, path: Path) -> None:
        """Write the result as a workbook."""
        raise NotImplementedError

    def _ask_workbook(self, name: str) -> None:
        """Ask for a place, and write there; ``name`` is proposed."""
        start = Path(self._remembered.folder or Path.home()) / name
        chosen, _ = QFileDialog.getSaveFileName(self, self._look.say("ui.ways.save"), str(start), "Excel (*.xlsx)")
        if chosen:
            self.write(Path(chosen))

    def _keep(self, path: Path, write: Callable[[], None], topic: str) -> None:
        """Write off the window's thread, and say where it is."""

        def keep(_progress: object) -> Path:
            write()
            return path

        job = self._jobs.start(keep, topic)
        self._job = job
        job.done.connect(self._on_written)
        job.failed.connect(self._on_failed)
        self._refresh()

    def _on_written(self, path: object) -> None:
        self._job = None
        self._refresh()
        self.state.setText(self._look.say("cli.written", file=str(path)))
