"""Self-use in the tab of the power: what of the roof's energy the building uses at once, in figures and in a week of half hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from kawasolar.half_hours import SLOTS
from ui import format as fmt
from ui.charts.bars import CompareBars
from ui.charts.week import DAYS, WeekCurves
from ui.look import Look
from ui.parts import chips, column, label, row, set_role

if TYPE_CHECKING:
    import pandas as pd

    from gis.errors import CodedError
    from kawasolar.half_hours import FiscalYear
    from kawasolar.plan import Plan
    from kawasolar.self_use import Flows

# Months of the quarters, as for the days of the yield.
_QUARTERS = (3, 6, 9, 12)
_MIDDLE = 15


@dataclass(frozen=True)
class SiteUse:
    """Half hours of one facility in a fiscal year."""

    facility_id: str
    year: FiscalYear
    flows: Flows

    @property
    def top_kw(self) -> float:
        """The highest half hour of load and yield [kW]."""
        return 2.0 * float(max(self.flows.load.max(initial=0.0), self.flows.produced.max(initial=0.0)))


def use_row(plan: Plan, facility_id: str) -> pd.Series | None:
    """What the plan knows of a facility's use; None where it has not been reckoned."""
    if plan.use is None:
        return None
    found = plan.use.frame[plan.use.frame["facility_id"] == facility_id]
    return found.iloc[0] if len(found) else None


def week_of(year: FiscalYear, month: int) -> slice:
    """Half hours of the week from Monday on that holds the middle of a month."""
    days = np.flatnonzero(year.month == month)
    middle = int(days[_MIDDLE - 1])
    first = min(max(middle - int(year.weekday[middle]), 0), len(year.month) - DAYS)
    return slice(first * SLOTS, (first + DAYS) * SLOTS)


class UsePart(QWidget):
    """自家消費.

    Signals
    -------
    asked : facility whose half hours are to be reckoned
    """

    asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look, self.facility, self.month = look, "", 6
        self.site: SiteUse | None = None
        say = look.say
        layout = column(self, margin=0, spacing=6)
        layout.addWidget(label(say("ui.use.head"), "head"))
        self.source = label("", "muted", wrap=True)
        layout.addWidget(self.source)
        self.bars = CompareBars(look, say("ui.use.head"))
        layout.addWidget(self.bars)
        self.figures = label("", "", wrap=True)
        layout.addWidget(self.figures)
        self.peaks = label("", "muted", wrap=True)
        layout.addWidget(self.peaks)
        self._week = QWidget()
        week = column(self._week, margin=0, spacing=4)
        self.week_head = label("", "head")
        week.addWidget(self.week_head)
        line = row(4)
        self._chips = chips(self, line, [say("ui.power.month", month=month) for month in _QUARTERS])
        line.addStretch(1)
        self._chips.idClicked.connect(lambda k: self.show_month(_QUARTERS[k]))
        week.addLayout(line)
        self.curves = WeekCurves(look, say("ui.use.week.title"))
        week.addWidget(self.curves)
        week.addWidget(label(say("ui.use.week.note"), "muted", wrap=True))
        layout.addWidget(self._week)

    def show_site(self, plan: Plan, facility_id: str) -> None:
        """Show one facility; its half hours are asked for."""
        self.facility, self.site = facility_id, None
        found = use_row(plan, facility_id)
        set_role(self.source, "muted")
        known = found is not None and str(found["source"]) != "none"
        for part in (self.bars, self.figures, self.peaks):
            part.setVisible(known)
        self._week.hide()
        if found is None or not known:
            self.source.setText(self._look.say("ui.use.not_reckoned" if found is None else "ui.use.source.none"))
            return
        self._show_figures(found)
        self.asked.emit(facility_id)

    def _show_figures(self, found: pd.Series) -> None:
        say = self._look.say
        told = [say(f"ui.use.source.{found['source']}")]
        if str(found["note"]):
            told.append(say(f"demand.note.{found['note']}"))
        if float(found["filled"]) > 0:
            told.append(say("ui.use.filled", share=fmt.percent(found["filled"], 1)))
        self.source.setText(" ".join(told))
        set_role(self.source, "attention" if bool(found["estimated"]) else "muted")
        load, used, over = (float(found[name]) for name in ("load_kwh", "self_use_kwh", "surplus_kwh"))
        rows = [(load, "load", "muted"), (used, "self_use", "accent"), (over, "surplus", "sun")]
        self.bars.show_rows([(say(f"ui.use.{name}"), v, " ".join(fmt.energy(v)), role) for v, name, role in rows])
        self.figures.setText(
            say(
                "ui.use.ratios",
                use=fmt.percent(found["self_use_ratio"]),
                supply=fmt.percent(found["self_supply_ratio"]),
            )
        )
        self.peaks.setText(
            say("ui.use.peaks", before=fmt.number(found["peak_kw"], 1), after=fmt.number(found["peak_after_kw"], 1))
        )

    def show_use(self, found: SiteUse) -> None:
        """Its half hours, once they are reckoned."""
        if found.facility_id == self.facility:
            self.site = found
            self._week.show()
            self.show_month(self.month)

    def show_error(self, facility_id: str, error: CodedError) -> None:
        """Why there are none."""
        if facility_id == self.facility:
            set_role(self.source, "attention")
            self.source.setText(self._look.say_error(error))

    def show_month(self, month: int) -> None:
        """Show the week in the middle of another month, 1 … 12."""
        self.month = month
        self._chips.setExclusive(False)
        for chip in self._chips.buttons():
            chip.setChecked(_QUARTERS[self._chips.id(chip)] == month)
        self._chips.setExclusive(True)
        site, say = self.site, self._look.say
        if site is None:
            return
        week = week_of(site.year, month)
        days = site.year.dates[week.start // SLOTS : week.stop // SLOTS].tolist()
        names = [say(f"ui.use.weekday.{day.weekday()}") for day in days]
        first, last = (f"{day.month}/{day.day}" for day in (days[0], days[-1]))
        self.week_head.setText(say("ui.use.week", month=month, first=first, last=last))
        self.curves.show_week(2.0 * site.flows.load[week], 2.0 * site.flows.produced[week], names, site.top_kw)
