"""The tab of the power: month by month, typical days, year by year, and against what the facility uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from kawasolar.ageing import RATE, energy_by_year
from ui import format as fmt
from ui.charts.bars import MonthBars
from ui.charts.days import Day, DayCurves
from ui.charts.years import YearBars
from ui.inspector.asked import asked_head, asked_line
from ui.inspector.band import band_of, band_text
from ui.inspector.fleet import CarsPart, ChargersPart
from ui.inspector.gather import Site
from ui.inspector.lighting import LightingPart
from ui.inspector.metered import MeteredPart
from ui.inspector.use import UsePart
from ui.look import Look
from ui.parts import chips, column, label, row, rule, tick

if TYPE_CHECKING:
    from kawasolar.meters import Load
    from kawasolar.plan import Plan
    from ui.document import Document

_DAYS_IN_MONTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
# The months of the solstices and equinoxes; a click on a month's bar shows any other.
_QUARTERS = (3, 6, 9, 12)
# Less snow than this share of the year is not worth a line.
_LITTLE_SNOW = 0.0005


class PowerTab(QWidget):
    """電力."""

    why_asked = Signal(str)

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look = look
        say = look.say
        layout = column(self)
        layout.addLayout(asked_head(look, say("ui.power.months"), "energy_kwh", self.why_asked.emit))
        self.months = MonthBars(look, say("ui.power.months"))
        layout.addWidget(self.months)
        self.band = label("", "muted", wrap=True)
        layout.addWidget(self.band)
        self._specific = label("", "muted", wrap=True)
        name = say("ui.column.specific_yield")
        layout.addLayout(asked_line(look, self._specific, name, "specific_yield", self.why_asked.emit))
        self.snow, self._snow_line = label("", "muted", wrap=True), QWidget()
        self._snow_line.setLayout(
            asked_line(look, self.snow, say("ui.column.snow_loss"), "snow_loss", self.why_asked.emit)
        )
        layout.addWidget(self._snow_line)
        layout.addWidget(rule())
        self.days = DaysPart(look)
        self.months.month_clicked.connect(self.days.show_month)
        layout.addWidget(self.days)
        layout.addWidget(rule())
        layout.addLayout(asked_head(look, say("ui.power.years"), "lifetime_kwh", self.why_asked.emit))
        self.years = YearBars(look, say("ui.power.years"))
        layout.addWidget(self.years)
        self.aged = label("", "muted", wrap=True)
        layout.addWidget(self.aged)
        layout.addWidget(rule())
        self.use = UsePart(look)
        layout.addWidget(self.use)
        self.lighting = LightingPart(look, document)
        self.cars, self.chargers = CarsPart(look), ChargersPart(look)
        self._answers: list[tuple[QWidget, LightingPart | CarsPart | ChargersPart]] = []
        for part in (self.lighting, self.cars, self.chargers):
            line = rule()
            layout.addWidget(line)
            layout.addWidget(part)
            part.why_asked.connect(self.why_asked)
            self._answers.append((line, part))
        layout.addWidget(rule())
        self.metered = MeteredPart(look)
        layout.addWidget(self.metered)
        layout.addStretch(1)
        self._site: Site | None = None

    def show_site(self, plan: Plan, site: Site) -> None:
        """Show one facility."""
        say = self._look.say
        self._site = site
        self.days.show_site(plan, site)
        self.use.show_site(plan, site.facility_id)
        for line, part in self._answers:
            part.show_site(plan, site.facility_id)
            line.setVisible(not part.isHidden())
        self.metered.show_site(plan, site.facility_id)
        self._show_years(plan, site)
        if site.yields is None:
            self.months.show_values([0.0] * 12, "MWh")
            self.band.hide()
            self._snow_line.hide()
            self._specific.setText("")
            return
        months = np.array([float(site.yields[f"m{k:02d}"]) for k in range(1, 13)]) / 1000
        self.months.show_values([float(v) for v in months], "MWh", band_of(site.yields))
        told = band_text(self._look, site.yields)
        self.band.setText(told)
        self.band.setVisible(bool(told))
        weather = plan.results.weather
        kind = say(f"ui.weather.{weather.kind}")
        specific = fmt.number(site.yields["specific_yield"])
        self._specific.setText(say("ui.power.specific", specific=specific, station=weather.station, kind=kind))
        lost = site.yields.get("snow_loss")
        snowy = lost is not None and not fmt.is_missing(lost) and float(lost) >= _LITTLE_SNOW
        self._snow_line.setVisible(snowy)
        if snowy:
            self.snow.setText(say("ui.power.snow", loss=fmt.percent(lost, 1)))

    def show_load(self, facility_id: str, load: Load | None) -> None:
        """What a facility's meters tell, once it is read."""
        self.metered.show_load(facility_id, load)

    def _show_years(self, plan: Plan, site: Site) -> None:
        energy = 0.0 if site.yields is None else float(site.yields["energy_kwh"])
        years = energy_by_year(energy, plan.profile)
        self.years.show_values([float(v) / 1000 for v in years], "MWh")
        self.aged.setVisible(energy > 0)
        if energy > 0:
            self.aged.setText(
                self._look.say(
                    "ui.power.aged", rate=fmt.percent(plan.profile.number(RATE), 2), years=len(years),
                    share=fmt.percent(years[-1] / years[0], 1), total=" ".join(fmt.energy(years.sum())),
                )
            )  # fmt: skip


class DaysPart(QWidget):
    """代表日: hours of the sunniest, the mean and the dullest day of a month."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._plan: Plan | None = None
        self._site: Site | None = None
        self.month = 6
        say = look.say
        layout = column(self, spacing=4)
        layout.setContentsMargins(0, 0, 0, 0)
        self._head = label("", "head")
        layout.addWidget(self._head)
        line = row(4)
        self._chips = chips(self, line, [say("ui.power.month", month=month) for month in _QUARTERS])
        line.addStretch(1)
        self._chips.idClicked.connect(lambda k: self.show_month(_QUARTERS[k]))
        layout.addLayout(line)
        self.curves = DayCurves(look, say("ui.power.days.title"))
        layout.addWidget(self.curves)
        layout.addWidget(label(say("ui.power.days.note"), "muted", wrap=True))

    def show_site(self, plan: Plan, site: Site) -> None:
        """Show one facility; the month stays."""
        self._plan, self._site = plan, site
        self.show_month(self.month)

    def show_month(self, month: int) -> None:
        """Show another month, 1 … 12."""
        self.month = month
        tick(self._chips, _QUARTERS.index(month) if month in _QUARTERS else None)
        self._head.setText(self._look.say("ui.power.days", month=month))
        if self._plan is None or self._site is None or self._site.month_hour is None:
            self.curves.show_days((), 0.0)
            return
        mean = self._site.month_hour / _DAYS_IN_MONTH[:, None]
        typical = self._site.typical_days
        known = typical is not None and bool(np.isfinite(typical).all())
        top = float(max(mean.max(), np.max(typical) if known and typical is not None else 0.0))
        self.curves.show_days(self._days(month, mean[month - 1], typical if known else None), top)

    def _days(self, month: int, mean: Any, typical: Any) -> list[Day]:  # noqa: ANN401 - rows of arrays
        say, weather = self._look.say, None if self._plan is None else self._plan.results.weather
        found = [Day(say("ui.power.day.mean"), mean, "sun", filled=True)]
        # A year made of monthly normals has no days that are better than others.
        if typical is None or weather is None or not weather.sunniest_days or weather.kind == "normals":
            return found
        best, least = weather.sunniest_days[month - 1], weather.dullest_days[month - 1]
        sunniest = Day(say("ui.power.day.sunniest", month=month, day=best), typical[0, month - 1], "ink")
        dullest = Day(say("ui.power.day.dullest", month=month, day=least), typical[1, month - 1], "muted", Qt.PenStyle.DashLine)  # fmt: skip
        return [*found, sunniest, dullest]
