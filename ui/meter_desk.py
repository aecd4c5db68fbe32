"""What is asked of the plan's meters: the dialog that takes them, and the load of the facility that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gis.errors import CodedError

if TYPE_CHECKING:
    from kawasolar.meters import Load
    from ui.window import MainWindow


class MeterDesk(QObject):
    """The commands of meters."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def open(self) -> None:
        """Choose files of meters, or look at those of the plan."""
        from ui.meters_dialog import MetersDialog

        window = self._window
        if window.document.plan is None:
            return
        MetersDialog(window.look, window.jobs, window.remembered, window.document, window).open()

    def read_load(self, facility_id: str) -> None:
        """Read what a facility uses, and show it where it is still asked for."""
        from kawasolar.meters import load_of_facility

        window, plan, tab = self._window, self._window.document.plan, self._window.inspector.power
        if plan is None:
            return
        job = window.jobs.start(lambda progress: load_of_facility(plan, facility_id, progress), "load")

        def show(found: object) -> None:
            load: Load | None = found  # type: ignore[assignment]
            if window.document.plan is plan:
                tab.show_load(facility_id, load)

        def fail(error: object) -> None:
            if isinstance(error, CodedError):
                tab.metered.show_error(facility_id, error)
            else:
                window.controller.fail(error)

        job.done.connect(show)
        job.failed.connect(fail)
