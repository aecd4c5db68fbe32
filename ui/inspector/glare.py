"""Glare of one facility's modules: asked for with a button, told by building and by month and hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from kawasolar.glare_words import glare_texts
from ui.charts.month_hour import MonthHourChart
from ui.look import Look
from ui.parts import button, column, label, row, set_role

if TYPE_CHECKING:
    from kawasolar.glare import GlareReport
    from kawasolar.plan import Plan


class GlarePart(QWidget):
    """反射光.

    Signals
    -------
    asked : facility whose glare is to be looked for
    stopped : what runs is to be stopped
    changed : another report, or none
    """

    asked = Signal(str)
    stopped = Signal()
    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look, self.facility = look, ""
        self._running = False
        # The modules that it was looked for, and the values of the profile by which.
        self._of: object = None
        self._asked: dict[str, float] = {}
        # Of the facility that is shown; others are forgotten.
        self.report: GlareReport | None = None
        layout = column(self, margin=0, spacing=6)
        head = row(8)
        head.addWidget(label(look.say("ui.glare.head"), "head"), 1)
        self.ask = button(look.say("ui.glare.ask"))
        self.ask.setIcon(look.icon("weather-partly-cloudy"))
        self.ask.clicked.connect(self._on_ask)
        head.addWidget(self.ask)
        layout.addLayout(head)
        self.text = label(look.say("ui.glare.about"), "muted", wrap=True)
        layout.addWidget(self.text)
        self.chart_name = label(look.say("ui.glare.hours"), "muted", wrap=True)
        layout.addWidget(self.chart_name)
        self.chart = MonthHourChart(look, look.say("ui.glare.hours"), unit=look.say("ui.unit.minutes"))
        layout.addWidget(self.chart)
        self.road_name = label(look.say("ui.glare.road_hours"), "muted", wrap=True)
        layout.addWidget(self.road_name)
        self.road_chart = MonthHourChart(look, look.say("ui.glare.road_hours"), unit=look.say("ui.unit.minutes"))
        layout.addWidget(self.road_chart)
        self.note = label(look.say("glare.note"), "muted", wrap=True)
        layout.addWidget(self.note)
        self._show()

    def show_site(self, plan: Plan, facility_id: str, modules: int) -> None:
        """Show one facility; what was found of another, of other modules or by other values, is forgotten."""
        asked = {key: plan.profile.number(key) for key in plan.profile.values if key.startswith("glare.")}
        same = facility_id == self.facility and plan.results.subarrays is self._of and asked == self._asked
        if not same:
            self.facility, self._of, self._asked, self.report = facility_id, plan.results.subarrays, asked, None
            self.changed.emit()
        self.ask.setEnabled(modules > 0)
        self._show()

    def show_progress(self, share: float | None) -> None:
        """How far it is, None when it has ended."""
        self._running = share is not None
        self.ask.setText(self._look.say("ui.glare.stop" if self._running else "ui.glare.ask"))
        if share is None:
            self._show()
        else:
            self.text.setText(self._look.say("ui.glare.running", percent=f"{100.0 * share:.0f}"))

    def show_report(self, facility_id: str, report: GlareReport) -> None:
        """What was found."""
        if facility_id == self.facility:
            self.report = report
            self.changed.emit()
        self._show()

    def _on_ask(self) -> None:
        if self._running:
            self.stopped.emit()
        else:
            self.asked.emit(self.facility)

    def _show(self) -> None:
        report = self.report
        found = report is not None and len(report.buildings) > 0
        on_roads = report is not None and report.roads is not None and len(report.roads) > 0
        for shown, seen in (
            (self.chart, found),
            (self.chart_name, found),
            (self.road_chart, on_roads),
            (self.road_name, on_roads),
        ):
            shown.setVisible(seen)
        self.note.setVisible(report is not None)
        set_role(self.text, "attention" if report is not None and report.exceeds.any() else "muted")
        if report is None:
            self.text.setText(self._look.say("ui.glare.about"))
            return
        self.text.setText("\n".join(glare_texts(self._look.language, report)))
        self.chart.show_values(report.by_hour if found else None)
        self.road_chart.show_values(report.roads_by_hour if on_roads else None)
