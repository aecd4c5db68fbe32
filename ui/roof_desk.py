"""What is asked of one facility's roofs: other modules, their glare, the light on them; and the catalogue of modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ui.window import MainWindow

# Stages that are computed with a new layout by themselves: seconds at most.
_SOON = {"yield", "use", "eligibility", "selection", "programme"}


class RoofDesk(QObject):
    """The commands of the roof's tab."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def lay_out(self, facility_id: str, values: Mapping[str, float | None]) -> None:
        """Lay a facility out by other values than the rest; where only its year follows, that is computed at once."""
        self._window.document.lay_out([facility_id], values)
        self.follow()

    def follow(self) -> None:
        """Compute what follows from another layout, where that is all that waits."""
        from kawasolar.stages import states

        document = self._window.document
        project = document.project
        if project is None or self._window.controller.is_running:
            return
        waiting = {
            state.name for state in states(project.plan, project.profile, document.observed) if not state.is_fresh
        }
        if waiting and waiting <= _SOON:
            self._window.controller.run()

    def look_for_glare(self, facility_id: str) -> None:
        """Which neighbours a facility's modules dazzle."""
        from kawasolar.glare import GlareReport, glare_of

        window, plan, part = self._window, self._window.document.plan, self._window.inspector.roof.glare
        if plan is None:
            return
        job = window.jobs.start(lambda progress: glare_of(plan, facility_id, progress), "glare", pool="kernel")
        part.show_progress(0.0)
        job.progressed.connect(lambda share, _what: part.show_progress(share))
        job.ended.connect(lambda: part.show_progress(None))
        job.failed.connect(self._window.controller.fail)

        def show(report: object) -> None:
            if isinstance(report, GlareReport) and window.document.plan is plan:
                part.show_report(facility_id, report)

        job.done.connect(show)

    def stop_glare(self) -> None:
        """Stop looking."""
        for job in self._window.jobs.running("glare"):
            job.cancel()

    def edit_catalogue(self) -> None:
        """Open the person's own catalogue of modules in the program for such files; the shipped one is copied there first."""
        from kawasolar.modules import own_catalogue, shipped_catalogue, write_catalogue

        path = own_catalogue()
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_catalogue(path, shipped_catalogue())
        except (OSError, PlanError) as error:
            self._window.controller.fail(error)
            return
        self._window.open_folder(path)

    def show_light(self, facility_id: str, bounds: object) -> None:
        """Read the irradiation of a roof for its picture; bounds are west, south, east, north [m]."""
        from ui.map.rasters import roof_light

        window, plan, part = self._window, self._window.document.plan, self._window.inspector.roof.layout_part
        if plan is None or not isinstance(bounds, tuple):
            return
        cache = plan.cache
        job = window.jobs.start(lambda _progress: roof_light(cache, bounds), "roof_light")
        job.done.connect(lambda light: part.show_light(facility_id, light))
        job.failed.connect(lambda _error: part.show_light(facility_id, None))
