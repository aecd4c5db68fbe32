"""A dialog whose answer the plan can keep: it begins with what the plan is asked for, and hands its options over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal, SignalInstance

from kawasolar.answers import options_asked
from kawasolar.plan import OWN_TABLES, InputFile, no_file
from ui.parts import button
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QPushButton

    from gis.progress import Progress
    from kawasolar.plan import AnswerKind, Plan


class TakingDialog(WorkingDialog):
    """``KIND`` of what it finds.

    Signals
    -------
    taken : the plan is to be asked for it by these options
    """

    KIND: AnswerKind
    # Why it cannot be taken where :meth:`options` says so.
    WHY_NOT = "ui.answers.own_files"
    taken = Signal(object)
    take: QPushButton

    def options(self) -> dict[str, Any] | None:
        """As they are chosen now, as an entry has them; None where no plan keeps it (:attr:`WHY_NOT`)."""
        raise NotImplementedError

    def own_table(self) -> Path | None:
        """The table of somebody's own that is used; None where it is the program's."""
        return None

    def files(self, plan: Plan) -> tuple[InputFile, ...]:
        """The files that a plan takes in with the options, as yet unread; one that was left is taken away."""
        role, path = OWN_TABLES.get(self.KIND), self.own_table()
        before = next((file for file in plan.inputs if file.role == role), None)
        if role is None or (path is None and before is None):
            return ()
        if path is None:
            return (no_file(role),)
        same = before is not None and Path(before.path) == path.absolute()
        return (before if before is not None and same else InputFile(role, str(path.absolute()), 0, ""),)

    def _copy_table(self, name: str, path: Path) -> None:
        """Write one of the program's tables, to be edited."""
        from kawasolar.export.writing import atomic
        from kawasolar.resources import resource_path

        def write() -> None:
            with atomic(path, path.suffix) as work:
                work.write_bytes(resource_path(name).read_bytes())

        self._keep(path, write, self.KIND)

    def _on_done(self, found: object) -> None:
        raise NotImplementedError

    def _not_found(self, error: object) -> None:
        raise NotImplementedError

    def _reckon(self, work: Callable[[Progress], object], topic: str, stopped: str) -> None:
        """Reckon off the window's thread, in the place of what is reckoned now; ``stopped`` is what is said where it is stopped."""
        if self._job is not None:
            self._job.drop()
        job = self._jobs.start(work, topic)
        self._job = job
        job.progressed.connect(lambda share, _what: self.progress.setValue(round(1000 * share)))
        job.done.connect(self._on_done)
        job.failed.connect(self._not_found)
        job.cancelled.connect(lambda: self._ended(stopped))
        self.progress.setValue(0)
        self._refresh()

    def _compute(self) -> None:
        """Reckon by what is asked now."""
        raise NotImplementedError

    def _compute_after(self, wait_ms: int, *changed: SignalInstance) -> None:
        """Reckon once what is asked has stood still for so long; not in a dialog that is hidden meanwhile."""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(wait_ms)
        self._later.timeout.connect(lambda: self._compute() if self.isVisible() else None)
        for signal in changed:
            signal.connect(self._later.start)

    def asked_before(self, plan: Plan) -> dict[str, Any] | None:
        """How the plan asks for it; None where it does not."""
        return options_asked(plan.entries, plan.scenario, self.KIND)

    def _taking(self) -> QPushButton:
        self.take = button(self._look.say("ui.answers.take"), "primary", tip=self._look.say("ui.answers.take.tip"))
        self.take.clicked.connect(self._on_take)
        return self.take

    def _refresh_taking(self, *, found: bool) -> None:
        """Whether it can be taken now."""
        own = self.options() is None
        self.take.setEnabled(found and self._job is None and not own)
        self.take.setToolTip(self._look.say(self.WHY_NOT if own else "ui.answers.take.tip"))

    def _on_take(self) -> None:
        options = self.options()
        if options is not None:
            self.taken.emit(options)
            self.state.setText(self._look.say("ui.answers.taken"))
