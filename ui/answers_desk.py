"""What is asked of a plan besides the half: LED lighting, the fleet, chargers at its bases, and where shared chargers go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from ui.window import MainWindow


class AnswersDesk(QObject):
    """The commands of it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def light_sites(self) -> None:
        """What LED lighting would do at each facility, and in which fiscal year."""
        from ui.lighting.dialog import LightingDialog

        window, document = self._window, self._window.document
        if document.plan is None:
            return
        dialog = LightingDialog(
            window.look, window.jobs, window.remembered, document.plan, document.selected, window
        )  # fmt: skip
        dialog.mapped.connect(window.groups.lend)
        dialog.open()

    def renew_fleet(self) -> None:
        """Which next-generation car comes for each car, and when."""
        from ui.fleet.dialog import FleetDialog

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        FleetDialog(window.look, window.jobs, window.remembered, plan, window).open()

    def find_chargers(self) -> None:
        """Chargers at each base; the facility that is selected is shown first."""
        from ui.charging.dialog import ChargingDialog

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        ChargingDialog(window.look, window.jobs, window.remembered, plan, window.document.selected, window).open()

    def site_chargers(self) -> None:
        """Where shared and public chargers go."""
        from ui.siting.dialog import SitingDialog

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        SitingDialog(window.look, window.jobs, window.remembered, plan, window).open()
