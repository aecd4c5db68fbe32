"""What is asked of a plan's money and years: self-use and bill of a facility, four ways to its roof, measures one after the other, the programme by fiscal year, tender lots."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QTimer

from gis.errors import CodedError

if TYPE_CHECKING:
    from gis.progress import Progress
    from kawasolar.programme.reasons import Loss
    from ui.inspector.use import SiteUse
    from ui.window import MainWindow


_REST_MS = 800


class PlanningDesk(QObject):
    """The commands of it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        # A pin or another share: the programme follows when the hand has come to rest, and after no other change by itself.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_REST_MS)
        self._later.timeout.connect(self.compute_programme)
        window.document.decision_changed.connect(self._later.start)

    def read_use(self, facility_id: str) -> None:
        """Reckon the half hours of a facility, and show them where they are still asked for."""
        from ui.inspector.use import SiteUse

        window, plan, part = self._window, self._window.document.plan, self._window.inspector.power.use
        if plan is None:
            return

        def reckon(progress: Progress) -> SiteUse:
            from kawasolar.errors import TariffError
            from kawasolar.roof_bill import roof_bill
            from kawasolar.use import flows_of

            demand, flows = flows_of(plan, facility_id, progress)
            try:
                made = roof_bill(plan, demand, flows)
            except TariffError as error:
                made = error.code
            return SiteUse(facility_id, demand.year, flows, made)

        job = window.jobs.start(reckon, "use")

        def show(found: object) -> None:
            if window.document.plan is plan:
                part.show_use(cast("SiteUse", found))

        def fail(error: object) -> None:
            if isinstance(error, CodedError):
                part.show_error(facility_id, error)
            else:
                window.controller.fail(error)

        job.done.connect(show)
        job.failed.connect(fail)

    def read_loss(self, facility_id: str, into: object) -> None:
        """What it would cost the programme to decide a facility otherwise: planned again, and shown where it is still asked for."""
        from kawasolar.programme.as_kept import loss_in_plan

        window, plan, part = self._window, self._window.document.plan, self._window.inspector.basis.programme
        if plan is None:
            return
        forced = into if isinstance(into, int) else None
        job = window.jobs.start(lambda progress: loss_in_plan(plan, facility_id, forced, progress), "loss")
        job.progressed.connect(lambda share, _what: part.show_progress(share))
        job.done.connect(lambda found: part.show_loss(plan, facility_id, forced, cast("Loss", found)))
        job.cancelled.connect(lambda: part.show_error(facility_id, None))

        def fail(error: object) -> None:
            part.show_error(facility_id, error if isinstance(error, CodedError) else None)
            if not isinstance(error, CodedError):
                window.controller.fail(error)

        job.failed.connect(fail)

    def stop_loss(self) -> None:
        """It is not asked any more."""
        for job in self._window.jobs.running("loss"):
            job.cancel()

    def compare_ways(self) -> None:
        """Four ways to the roof of the facility that is selected."""
        from ui.ways.dialog import WaysDialog

        window, plan = self._window, self._window.document.plan
        facility = window.document.selected
        if plan is None or facility is None:
            return
        WaysDialog(window.look, window.jobs, window.remembered, plan, facility, window).open()

    def order_measures(self) -> None:
        """LED, PV and chargers one after the other at the facility that is selected."""
        from ui.measures.dialog import MeasuresDialog

        window, plan = self._window, self._window.document.plan
        facility = window.document.selected
        if plan is None or facility is None:
            return
        MeasuresDialog(window.look, window.jobs, window.remembered, plan, facility, window).open()

    def size_sites(self) -> None:
        """How large the PV of each site should be; what follows from sizes that are taken over is computed at once."""
        from ui.sizing.dialog import SizingDialog

        window, document = self._window, self._window.document
        if document.plan is None:
            return
        dialog = SizingDialog(window.look, window.jobs, window.remembered, document, window)
        dialog.taken.connect(lambda: None if window.controller.is_running else window.controller.run())
        dialog.open()

    def make_programme(self) -> None:
        """Which of the half is built in which fiscal year."""
        from ui.programme.dialog import ProgrammeDialog

        window, document = self._window, self._window.document
        if document.plan is None:
            return
        dialog = ProgrammeDialog(window.look, window.jobs, window.remembered, document, window.go_to, window)
        dialog.taken.connect(self.compute_programme)
        dialog.open()

    def compute_programme(self) -> None:
        """The plan's programme follows, where nothing else waits."""
        window, document = self._window, self._window.document
        project = document.project
        if project is None or window.controller.is_running:
            return
        from kawasolar.stages import states

        found = states(project.plan, project.profile, document.observed)
        if {state.name for state in found if not state.is_fresh} == {"programme"}:
            window.controller.run()

    def make_lots(self) -> None:
        """What is tendered together, at which price."""
        from ui.lots.dialog import LotsDialog

        window = self._window
        if window.document.plan is None:
            return
        LotsDialog(window.look, window.jobs, window.remembered, window.document, window).open()

    def lay_eligibility(self) -> None:
        """Who is eligible and why, what would change it, and what has to be found out."""
        self.lay_eligibility_of("")

    def lay_eligibility_of(self, facility_id: str) -> None:
        """As :meth:`lay_eligibility`, at what would make a facility eligible."""
        from ui.eligibility.dialog import EligibilityDialog

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        EligibilityDialog(
            window.look, window.jobs, window.remembered, plan, window.go_to, window, at=facility_id
        ).open()
