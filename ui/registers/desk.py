"""The commands for the other ledgers of the plan that is open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from gis.progress import Progress
    from kawasolar.document.edits import Author
    from kawasolar.document.entries import Edit, Entries
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.plan import InputFile, OtherLedger
    from kawasolar.registers import NewerRegister
    from ui.register_dialog import RegisterDialog
    from ui.window import MainWindow


class RegisterDesk(QObject):
    """Ledgers of lamps, vehicles, buildings, supply points and works on roofs."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def open(self, kind: OtherLedger | None = None) -> RegisterDialog:
        """Choose a ledger, see how it is read and what is wrong in it, and take it into the plan that is open."""
        from kawasolar.document.views import aliases_of, mapping_of
        from kawasolar.plan import OTHER_LEDGERS
        from ui.register_dialog import RegisterDialog

        window, plan = self._window, self._window.document.plan
        if plan is None:
            dialog = RegisterDialog(window.look, window.jobs, window.remembered, None, window)
        else:
            columns = {
                name: mapping for name in OTHER_LEDGERS if (mapping := mapping_of(plan.entries, name)) is not None
            }
            dialog = RegisterDialog(
                window.look, window.jobs, window.remembered, plan.facilities, window, take=self.take, said=aliases_of(plan.entries), known=columns
            )  # fmt: skip
        if kind is not None:
            dialog.choose_kind(kind)
        dialog.open()
        return dialog

    def take(self, path: Path, kind: OtherLedger, sheet: str, mapping: Mapping | None) -> None:
        """Take a ledger into the plan; where it has one of that kind already, say first what changes."""
        from kawasolar.registers import newer_register, read_register

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return

        def read(progress: Progress) -> NewerRegister:
            register = read_register(path, kind, sheet=sheet or None, mapping=mapping, progress=progress)
            return newer_register(plan, path, register, mapping, sheet)

        job = window.jobs.start(read, "register")
        job.done.connect(lambda found: self._on_read(cast("NewerRegister", found)))
        job.failed.connect(window.controller.fail)

    def _on_read(self, newer: NewerRegister) -> None:
        from ui.registers.changes import RegisterChanges

        if newer.renewal is None:
            self._enter(newer)
            return
        dialog = RegisterChanges(self._window.look, newer, newer.renewal, self._window)
        dialog.accepted.connect(lambda: self._enter(newer))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _enter(self, newer: NewerRegister) -> None:
        from kawasolar.registers import take_register

        self._do(lambda entries, inputs, by: take_register(entries, inputs, newer, by))

    def leave(self, kind: OtherLedger) -> None:
        """Take a ledger out of the plan again; one step to undo."""
        from kawasolar.registers import leave_register

        self._do(lambda entries, inputs, by: leave_register(entries, inputs, kind, by))

    def _do(self, make: Callable[[Entries, Sequence[InputFile], Author], Edit]) -> None:
        """Enter an edit, and read what is to be read."""
        document = self._window.document
        if document.entries is None or document.plan is None:
            return
        edit = make(document.entries, document.plan.inputs, document.author())
        if edit.changes:
            document.do(edit)
            self._window.controller.run()

    def ask_names(self) -> None:
        """Which facilities the names of the plan's other ledgers mean."""
        from kawasolar.registers.names import names_of_plan

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        job = window.jobs.start(lambda progress: names_of_plan(plan, progress), "register")
        job.done.connect(lambda found: self._show_names(cast("pd.DataFrame", found)))
        job.failed.connect(window.controller.fail)

    def _show_names(self, found: pd.DataFrame) -> None:
        from ui.registers.names import NamesDialog

        if self._window.document.plan is None:
            return
        dialog = NamesDialog(self._window.look, self._window.document, found, self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
