"""The commands for the ledger of the plan that is open."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from kawasolar.errors import NotWritable, PlanError

if TYPE_CHECKING:
    from kawasolar.ledger.mapping import Mapping
    from ui.check import Area
    from ui.jobs import Jobs
    from ui.ledger.dialog import LedgerDialog
    from ui.look import Look
    from ui.settings import Remembered
    from ui.window import MainWindow


def columns_dialog(
    parent: QWidget, look: Look, jobs: Jobs, remembered: Remembered, path: Path, area: Area | None, epsg: int, crs: str | None,
    sheet: str | None, mapping: Mapping | None,
) -> LedgerDialog:  # fmt: skip
    """The assistant for the columns of a ledger that no plan has yet; what is chosen is remembered for its form.

    Parameters
    ----------
    area, epsg : where the surface lies, or the system of the profile until it is known
    crs, sheet : what the user said of the file
    mapping : as it was chosen before
    """
    from pyproj import CRS

    from ui.ledger.dialog import LedgerDialog
    from ui.ledger.reading import Asked

    target, bounds = (CRS.from_epsg(epsg), None) if area is None else (area.crs, area.bounds)
    named = sheet or (mapping.sheet if mapping is not None else "")
    asked = Asked(path, target, bounds, named, crs, mapping, remembered.ledger_forms)
    dialog = LedgerDialog(look, jobs, remembered, asked, parent)
    dialog.accepted.connect(lambda: _keep(dialog))
    dialog.open()
    return dialog


def _keep(dialog: LedgerDialog) -> None:
    """Remember the columns; they hold for this plan even where that fails."""
    with suppress(NotWritable):
        dialog.keep_form()


class LedgerDesk(QObject):
    """Takes a newer ledger in the place of the plan's."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def ask(self) -> None:
        """Choose a newer ledger, and look at what it changes."""
        from kawasolar.renewing import ledger_file

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        from ui.ledger.dialog import FILTER

        words = window.look.say("ui.menu.renew_ledger").rstrip("…")
        start = str(Path(ledger_file(plan).path).parent)
        name, _ = QFileDialog.getOpenFileName(
            window, words, start, f"{window.look.say('ui.role.facilities')} ({FILTER});;(*)"
        )
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> LedgerDialog | None:
        """The assistant on a file, beside the plan."""
        from kawasolar.document.views import mapping_of
        from kawasolar.renewing import area_of, ledger_file
        from ui.ledger.dialog import LedgerDialog
        from ui.ledger.reading import Asked

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return None
        before = ledger_file(plan)
        asked = Asked(
            path, plan.crs, area_of(plan), before.layer, before.crs or None, mapping_of(plan.entries), window.remembered.ledger_forms
        )  # fmt: skip
        dialog = LedgerDialog(window.look, window.jobs, window.remembered, asked, window, plan)
        dialog.accepted.connect(lambda: self._apply(dialog))
        dialog.open()
        return dialog

    def _apply(self, dialog: LedgerDialog) -> None:
        from kawasolar.renewing import renew_ledger

        document, control = self._window.document, self._window.controller
        newer = dialog.newer
        if document.project is None or document.entries is None or newer is None:
            return
        try:
            edit = renew_ledger(
                document.entries, document.project.plan.inputs, newer, document.author(), dialog.taken
            )  # fmt: skip
            if edit.changes:
                document.do(edit)
            dialog.keep_form()
        except (PlanError, OSError) as error:
            control.fail(error)
            return
        if edit.changes:
            control.run()
