"""What is asked of a plan besides the half: LED lighting, the fleet, chargers at its bases, and where shared chargers go."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gis.progress import Progress
    from kawasolar.plan import AnswerKind, InputFile
    from ui.steps.answer import AnswerCard
    from ui.steps.fleet import FleetPanel
    from ui.steps.lighting import LightingPanel
    from ui.taking_dialog import TakingDialog
    from ui.window import MainWindow


class AnswersDesk(QObject):
    """The commands of it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def bind(self, lighting: LightingPanel, fleet: FleetPanel) -> None:
        """What the panels ask for."""
        window = self._window
        cards: tuple[tuple[AnswerKind, AnswerCard, Callable[[], None]], ...] = (
            ("lighting", lighting.card, self.light_sites),
            ("fleet", fleet.fleet, self.renew_fleet),
            ("charging", fleet.charging, self.find_chargers),
            ("siting", fleet.siting, self.site_chargers),
        )
        for kind, card, ask in cards:
            card.open_asked.connect(ask)
            card.leave_asked.connect(partial(self.keep, kind, None))
        lighting.in_demand_asked.connect(self.reckon_after_lighting)
        lighting.card.map_asked.connect(lambda: window.groups.set_mode("lighting"))
        fleet.siting.map_asked.connect(lambda: window.groups.set_mode("siting"))
        fleet.per_car.asked.connect(self.use_values)

    def keep(self, kind: AnswerKind, options: Mapping[str, object] | None) -> None:
        """Have the plan keep an answer, by these options, or no longer; it is computed at once where nothing else is."""
        from kawasolar.document.asked_edits import ask

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        window.document.do(ask(plan.entries, plan.scenario, kind, options, window.document.author()))
        if options is not None and not window.controller.is_running:
            window.controller.run()

    def reckon_after_lighting(self, on: bool) -> None:
        """Reckon self-use, bills and charging with what facilities use after their LEDs, or with what they use now."""
        from kawasolar.answers import options_asked

        plan = self._window.document.plan
        options = None if plan is None else options_asked(plan.entries, plan.scenario, "lighting")
        if options is not None:
            kept = {key: value for key, value in options.items() if key != "in_demand"}
            self.keep("lighting", {**kept, "in_demand": True} if on else kept)

    def use_values(self, values: Mapping[str, float]) -> None:
        """Reckon the plan's fleet with other assumptions; what else it is asked for by stays."""
        from kawasolar.answers import options_asked

        plan = self._window.document.plan
        options = None if plan is None else options_asked(plan.entries, plan.scenario, "fleet")
        if options is not None:
            self.keep("fleet", {**options, "values": {**options.get("values", {}), **values}})

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
        self._open("lighting", dialog)

    def renew_fleet(self) -> None:
        """Which next-generation car comes for each car, and when."""
        from ui.fleet.dialog import FleetDialog

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        self._open("fleet", FleetDialog(window.look, window.jobs, window.remembered, plan, window))

    def find_chargers(self) -> None:
        """Chargers at each base; the facility that is selected is shown first."""
        from ui.charging.dialog import ChargingDialog

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        selected = window.document.selected
        self._open("charging", ChargingDialog(window.look, window.jobs, window.remembered, plan, selected, window))

    def site_chargers(self) -> None:
        """Where shared and public chargers go."""
        from ui.siting.dialog import SitingDialog

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        dialog = SitingDialog(window.look, window.jobs, window.remembered, plan, window)
        self._open("siting", dialog)

    def open(self, kind: AnswerKind) -> None:
        """The dialog of a kind of answer."""
        {
            "lighting": self.light_sites,
            "fleet": self.renew_fleet,
            "charging": self.find_chargers,
            "siting": self.site_chargers,
        }[kind]()

    def _take(self, kind: AnswerKind, dialog: TakingDialog, options: Mapping[str, object]) -> None:
        """Have the plan keep an answer, and take the files in of which it is: one edit, once the files have been read."""
        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        # Of the plan as it is now: it may have taken files since the dialog was opened.
        files = dialog.files(plan)
        if not files:
            self.keep(kind, options)
            return

        def read(_progress: Progress) -> object:
            from kawasolar.stages import observed

            return observed([file for file in files if file.path])

        left = [file for file in files if not file.path]
        job = window.jobs.start(read, "exchange")
        job.done.connect(lambda found: self._enter(kind, options, (*cast("tuple[InputFile, ...]", found), *left)))
        job.failed.connect(window.controller.fail)

    def _enter(self, kind: AnswerKind, options: Mapping[str, object], files: Sequence[InputFile]) -> None:
        from kawasolar.document.asked_edits import ask
        from kawasolar.document.edits import exchange_files
        from kawasolar.document.entries import followed_by

        window, plan = self._window, self._window.document.plan
        if plan is None:
            return
        by = window.document.author()
        asked = ask(plan.entries, plan.scenario, kind, options, by)
        taken = exchange_files(plan.entries, plan.inputs, files, by)
        window.document.do(followed_by(asked, taken))
        if not window.controller.is_running:
            window.controller.run()

    def _open(self, kind: AnswerKind, dialog: TakingDialog) -> None:
        dialog.taken.connect(lambda options: self._take(kind, dialog, options))
        dialog.open()
