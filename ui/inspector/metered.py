"""What a facility uses by its meters, in the tab of the power."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui import format as fmt
from ui.charts.month_hour import MonthHourChart
from ui.look import Look
from ui.parts import button, column, label, row, set_role

if TYPE_CHECKING:
    from gis.errors import CodedError
    from kawasolar.meters import Load
    from kawasolar.plan import Plan


class MeteredPart(QWidget):
    """30分値（実績）.

    Signals
    -------
    asked : facility whose load is to be read
    meters_asked : meters are to be given to the plan, or looked at
    """

    asked = Signal(str)
    meters_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look, self.facility = look, ""
        self.load: Load | None = None
        layout = column(self, margin=0, spacing=6)
        head = row(8)
        head.addWidget(label(look.say("ui.metered.head"), "head"), 1)
        self.open = button(look.say("ui.metered.open"), "link")
        self.open.clicked.connect(self.meters_asked)
        head.addWidget(self.open)
        layout.addLayout(head)
        self.text = label("", "muted", wrap=True)
        layout.addWidget(self.text)
        self.chart_name = label(look.say("ui.metered.hours"), "muted", wrap=True)
        layout.addWidget(self.chart_name)
        self.chart = MonthHourChart(look, look.say("ui.metered.hours"), unit="kW", mean=True)
        layout.addWidget(self.chart)
        self._show(None)

    def show_site(self, plan: Plan, facility_id: str) -> None:
        """Show one facility: what it uses is read, where the plan has meters."""
        self.facility, self.load = facility_id, None
        has = any(file.role == "meters" for file in plan.inputs)
        self._show(None)
        set_role(self.text, "muted")
        self.text.setText("" if has else self._look.say("ui.metered.no_file"))
        self.text.setVisible(not has)
        if has:
            self.asked.emit(facility_id)

    def show_load(self, facility_id: str, load: Load | None) -> None:
        """What was read of it."""
        if facility_id == self.facility:
            self.load = load
            self._show(load)
            self.text.setVisible(True)

    def show_error(self, facility_id: str, error: CodedError) -> None:
        """Why nothing was read."""
        if facility_id == self.facility:
            set_role(self.text, "attention")
            self.text.setText(self._look.say_error(error))
            self.text.setVisible(True)

    def _show(self, load: Load | None) -> None:
        say = self._look.say
        for part in (self.chart, self.chart_name):
            part.setVisible(load is not None)
        self.chart.show_values(None if load is None else load.month_hour)
        if load is None:
            self.text.setText(say("ui.metered.none"))
            return
        lines = [
            say(
                "ui.metered.figures", annual=" ".join(fmt.energy(load.annual_kwh)), peak=fmt.number(load.peak_kw, 1), at=f"{load.peak_at:%Y-%m-%d %H:%M}",
                factor=fmt.percent(load.load_factor),
            ),
            say("ui.metered.period", begin=f"{load.start:%Y-%m-%d}", end=f"{load.end:%Y-%m-%d}", meters=load.meters, known=fmt.percent(load.known, 1)),
        ]  # fmt: skip
        if not load.whole_year:
            lines.append(say("ui.metered.not_a_year"))
        self.text.setText("\n".join(lines))
