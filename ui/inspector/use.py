"""Self-use in the tab of the power: what of the roof's energy the building uses at once, in figures and in a week of half hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from kawasolar.half_hours import SLOTS
from kawasolar.tariff.words import contract_unit, line_name
from kawasolar.tariff.words import head as bill_head
from ui import format as fmt
from ui.charts.bars import CompareBars
from ui.charts.week import DAYS, WeekCurves
from ui.look import Look
from ui.parts import button, chips, clear, column, label, row, set_role, tick

if TYPE_CHECKING:
    import pandas as pd

    from gis.errors import CodedError
    from kawasolar.half_hours import FiscalYear
    from kawasolar.plan import Plan
    from kawasolar.roof_bill import RoofBill
    from kawasolar.self_use import Flows

# Months of the quarters, as for the days of the yield.
_QUARTERS = (3, 6, 9, 12)
_MIDDLE = 15


@dataclass(frozen=True)
class SiteUse:
    """Half hours of one facility in a fiscal year, and its bill; where there is none the code why."""

    facility_id: str
    year: FiscalYear
    flows: Flows
    bill: RoofBill | str = ""

    @property
    def top_kw(self) -> float:
        """The highest half hour of load and yield [kW]."""
        return 2.0 * float(max(self.flows.load.max(initial=0.0), self.flows.produced.max(initial=0.0)))


def is_after_led(plan: Plan, facility_id: str) -> bool:
    """Whether the plan reckons with what a facility uses after its LED lighting."""
    from kawasolar.demand.after_led import saved_by_facility

    return facility_id in saved_by_facility(plan.entries, plan.scenario, plan.answers.get("lighting"))


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


class BillPart(QWidget):
    """電気料金: the lines of a year's bill without and with the roof.

    Signals
    -------
    measures_asked : measures one after the other are to be compared
    """

    measures_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        layout = column(self, margin=0, spacing=4)
        head = row(8)
        head.addWidget(label(look.say("ui.bill.head"), "head"), 1)
        self.measures = button(look.say("ui.use.measures"), "link")
        self.measures.clicked.connect(self.measures_asked)
        head.addWidget(self.measures)
        layout.addLayout(head)
        self.tariff = label("", "muted", wrap=True)
        layout.addWidget(self.tariff)
        self._lines = QWidget()
        self._grid = QGridLayout(self._lines)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        layout.addWidget(self._lines)
        self.saved = label("", "", wrap=True)
        layout.addWidget(self.saved)

    def show_bill(self, found: RoofBill | str) -> None:
        """A bill, or the code why there is none."""
        say, language = self._look.say, self._look.language
        clear(self._grid)
        self.setVisible(bool(found))
        told = not isinstance(found, str)
        for part in (self._lines, self.saved, self.measures):
            part.setVisible(told)
        if isinstance(found, str):
            self.tariff.setText(say(found) if found else "")
            return
        self.tariff.setText(bill_head(language, found.before))
        self._row(0, say("ui.bill.line"), say("ui.bill.before"), say("ui.bill.after"), "muted")
        after = {line.key: line for line in found.after.lines}
        shown = [line for line in found.before.lines if line.code != "rounding"]
        for k, line in enumerate(shown, start=1):
            other = after.get(line.key)
            values = (float(line.yen.sum()), 0.0 if other is None else float(other.yen.sum()))
            self._row(k, line_name(language, line, found.before), f"{values[0]:,.0f}", f"{values[1]:,.0f}")
        whole = (float(found.before.year_yen), float(found.after.year_yen))
        self._row(len(shown) + 1, say("ui.bill.total"), f"{whole[0]:,.0f}", f"{whole[1]:,.0f}", "head")
        contract = (float(one.contract_kw.max()) for one in (found.before, found.after))
        self._row(
            len(shown) + 2, say("ui.bill.contract", unit=contract_unit(found.before)), *(f"{v:,.0f}" for v in contract)
        )
        self.saved.setText(
            say("ui.bill.saved", saved=f"{found.saved_yen:,.0f}", share=fmt.percent(found.saved_yen / whole[0] if whole[0] else 0.0), first=f"{found.saved_first_yen:,.0f}")
        )  # fmt: skip

    def _row(self, place: int, name: str, before: str, after: str, role: str = "") -> None:
        self._grid.addWidget(label(name, role or "muted", wrap=True), place, 0)
        for k, text in enumerate((before, after), start=1):
            self._grid.addWidget(
                label(text, role), place, k, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            )


class UsePart(QWidget):
    """自家消費.

    Signals
    -------
    asked : facility whose half hours are to be reckoned
    ways_asked : the four ways to its roof are to be compared
    """

    asked = Signal(str)
    ways_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look, self.facility, self.month = look, "", 6
        self.site: SiteUse | None = None
        self._waiting = False
        say = look.say
        layout = column(self, margin=0, spacing=6)
        head = row(8)
        head.addWidget(label(say("ui.use.head"), "head"), 1)
        self.ways = button(say("ui.use.ways"), "link")
        self.ways.clicked.connect(self.ways_asked)
        head.addWidget(self.ways)
        layout.addLayout(head)
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
        self.bill = BillPart(look)
        layout.addWidget(self.bill)

    def show_site(self, plan: Plan, facility_id: str) -> None:
        """Show one facility; its half hours are asked for."""
        self.facility, self.site, self._waiting = facility_id, None, False
        found = use_row(plan, facility_id)
        set_role(self.source, "muted")
        known = found is not None and str(found["source"]) != "none"
        for part in (self.bars, self.figures, self.peaks, self.ways):
            part.setVisible(known)
        self._week.hide()
        self.bill.hide()
        if found is None or not known:
            self.source.setText(self._look.say("ui.use.not_reckoned" if found is None else "ui.use.source.none"))
            return
        self._show_figures(found, after_led=is_after_led(plan, facility_id))
        # Who goes through facilities in another tab shall not have the half hours of each reckoned.
        self._waiting = not self.isVisible()
        if not self._waiting:
            self.asked.emit(facility_id)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._waiting:
            self._waiting = False
            self.asked.emit(self.facility)

    def _show_figures(self, found: pd.Series, *, after_led: bool) -> None:
        say = self._look.say
        told = [say(f"ui.use.source.{found['source']}")]
        if str(found["note"]):
            told.append(say(f"demand.note.{found['note']}"))
        if after_led:
            told.append(say("demand.after_led"))
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
            self.bill.show_bill(found.bill)

    def show_error(self, facility_id: str, error: CodedError) -> None:
        """Why there are none."""
        if facility_id == self.facility:
            set_role(self.source, "attention")
            self.source.setText(self._look.say_error(error))

    def show_month(self, month: int) -> None:
        """Show the week in the middle of another month, 1 … 12."""
        self.month = month
        tick(self._chips, _QUARTERS.index(month) if month in _QUARTERS else None)
        site, say = self.site, self._look.say
        if site is None:
            return
        week = week_of(site.year, month)
        days = site.year.dates[week.start // SLOTS : week.stop // SLOTS].tolist()
        names = [say(f"ui.use.weekday.{day.weekday()}") for day in days]
        first, last = (f"{day.month}/{day.day}" for day in (days[0], days[-1]))
        self.week_head.setText(say("ui.use.week", month=month, first=first, last=last))
        self.curves.show_week(2.0 * site.flows.load[week], 2.0 * site.flows.produced[week], names, site.top_kw)
