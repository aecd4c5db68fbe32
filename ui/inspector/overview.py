"""What the inspector shows while no facility is selected: the whole plan on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from ui import format as fmt
from ui.charts.bars import CompareBars, MonthBars
from ui.inspector.asked import asked_head, why_mark
from ui.inspector.band import band_of, band_text
from ui.look import Look
from ui.parts import Elided, button, clear, column, label, row, rule
from ui.reasons import criterion_name
from ui.status import STATUS_ICONS

if TYPE_CHECKING:
    import pandas as pd

    from kawasolar.plan import Plan

BEST = 5
MONTHS = [f"m{month:02d}" for month in range(1, 13)]


class Overview(QWidget):
    """Energy of the chosen by month and against their use, the best sites, what is to be checked, the data.

    Signals
    -------
    facility_asked : id of a facility to go to
    status_asked : a status to show alone in the table
    data_asked : the panel of the data is wanted
    why_asked : code of a figure of the whole plan
    """

    facility_asked = Signal(str)
    status_asked = Signal(str)
    data_asked = Signal()
    why_asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        say = look.say
        layout = column(self)
        self._hint = label(say("ui.overview.hint"), "muted", wrap=True)
        layout.addWidget(self._hint)
        layout.addLayout(asked_head(look, say("ui.overview.months"), "energy_kwh", self.why_asked.emit))
        self.months = MonthBars(look, say("ui.overview.months"))
        layout.addWidget(self.months)
        self.band = label("", "muted", wrap=True)
        layout.addWidget(self.band)
        self.against = CompareBars(look, say("ui.overview.against"))
        layout.addWidget(self.against)
        self._note = label("", "muted", wrap=True)
        layout.addWidget(self._note)
        layout.addWidget(rule())
        layout.addLayout(asked_head(look, say("ui.overview.best"), "chosen", self.why_asked.emit))
        self._best = QWidget()
        self._grid = QGridLayout(self._best)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        layout.addWidget(self._best)
        self.best: list[QPushButton] = []
        layout.addWidget(rule())
        self.check = self._line("help-circle-outline", "attention", say("ui.overview.check_show"))
        self.check[1].clicked.connect(lambda: self.status_asked.emit("unknown"))
        self.data = self._line("database-outline", "muted", say("ui.overview.data_show"))
        self.data[1].clicked.connect(self.data_asked)
        for words, link in (self.check, self.data):
            line = row(8)
            line.addWidget(words, 1)
            if words is self.check[0]:
                self.check_why = why_mark(look, say("ui.status.unknown"), "unknown", self.why_asked.emit)
                line.addWidget(self.check_why, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(link, 0, Qt.AlignmentFlag.AlignTop)
            layout.addLayout(line)
        layout.addStretch(1)

    def _line(self, icon: str, role: str, action: str) -> tuple[Elided, QPushButton]:
        link = button(action, "link")
        link.setIcon(self._look.icon(icon, role))
        link.setIconSize(QSize(16, 16))
        words = label("", wrap=True)
        return words, link  # type: ignore[return-value]

    def show_plan(self, plan: Plan) -> None:
        """Show the plan as it is decided."""
        sites, yields = plan.half.sites, plan.results.yields
        chosen = sites[sites["chosen"].to_numpy(dtype=bool)]
        mine = yields[yields["facility_id"].isin(chosen["facility_id"])]
        total = mine.sum(numeric_only=True)
        self.months.show_values([float(v) / 1000 for v in total[MONTHS]], "MWh", band_of(total))
        told = band_text(self._look, total)
        self.band.setText(told)
        self.band.setVisible(bool(told))
        self._show_against(plan, mine)
        self._show_best(plan, chosen, mine)
        self._show_check(plan)
        say = self._look.say
        counted = {kind: sum(f.severity == kind for f in plan.findings) for kind in ("error", "warning", "info")}
        self.data[0].setText(
            say(
                "ui.overview.data",
                station=plan.results.weather.station,
                warnings=f"{counted['error'] + counted['warning']:,}",
                notes=f"{counted['info']:,}",
            )
        )

    def _show_against(self, plan: Plan, mine: pd.DataFrame) -> None:
        say = self._look.say
        ledger = plan.facilities
        if "annual_kwh" not in ledger:
            used = np.full(len(mine), np.nan)
        else:
            by_id = ledger.set_index("facility_id")["annual_kwh"]
            used = by_id.reindex(mine["facility_id"]).to_numpy(dtype=float, na_value=np.nan)
        known = np.isfinite(used)
        energy = mine["energy_kwh"].to_numpy(dtype=float)
        made, need = float(np.nansum(energy[known])), float(used[known].sum())
        self.against.setVisible(need > 0)
        if need <= 0:
            self._note.setText(say("ui.overview.use_unknown"))
            return
        self.against.show_rows(
            [
                (say("ui.overview.produced"), made, " ".join(fmt.energy(made)), "sun"),
                (say("ui.overview.used"), need, " ".join(fmt.energy(need)), "muted"),
            ]
        )
        self._note.setText(
            say("ui.overview.ratio", ratio=fmt.percent(made / need), known=int(known.sum()), chosen=len(mine))
        )

    def _show_best(self, plan: Plan, chosen: pd.DataFrame, mine: pd.DataFrame) -> None:
        clear(self._grid)
        self.best = []
        names = plan.facilities.set_index("facility_id")["name"]
        made = mine.set_index("facility_id")["energy_kwh"]
        order = made.sort_values(ascending=False, kind="stable").head(BEST)
        if not len(order):
            self._grid.addWidget(label(self._look.say("ui.overview.none"), "muted", wrap=True), 0, 0)
            return
        icon, colour = STATUS_ICONS["chosen"]
        for k, (facility_id, energy) in enumerate(order.items()):
            name = str(names[facility_id])
            words = " ".join(fmt.energy(energy))
            link = NameButton(name)
            link.setIcon(self._look.icon(icon, colour))
            link.setAccessibleName(self._look.say("ui.overview.go_to", name=name, energy=words))
            link.clicked.connect(lambda _=False, wanted=str(facility_id): self.facility_asked.emit(wanted))
            self._grid.addWidget(link, k, 0)
            self._grid.addWidget(label(words), k, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.best.append(link)

    def _show_check(self, plan: Plan) -> None:
        """How many are to be checked, and which missing values would decide most of them."""
        say, decision = self._look.say, plan.decision
        waiting = decision.sites.loc[(decision.sites["status"] == "unknown").to_numpy(dtype=bool), "facility_id"]
        for widget in (*self.check, self.check_why):
            widget.setVisible(len(waiting) > 0)
        if not len(waiting):
            return
        outcomes = decision.outcomes
        mine = outcomes[outcomes["facility_id"].isin(waiting) & (outcomes["outcome"] == "unknown").to_numpy(dtype=bool)]
        counted = mine["criterion"].value_counts().head(3)
        parts = [
            say("ui.overview.missing", name=criterion_name(self._look, str(key)), number=f"{number:,}")
            for key, number in counted.items()
        ]
        self.check[0].setText(
            say("ui.overview.check", number=f"{len(waiting):,}", what=say("ui.list.comma").join(parts))
        )


class NameButton(QPushButton):
    """A row with a name that may be long: elided in the middle, whole in the tooltip."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setProperty("role", "row")
        self.setToolTip(name)
        self.setIconSize(QSize(16, 16))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(120, super().sizeHint().height())

    def resizeEvent(self, event: object) -> None:
        self.setText(self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, self.width() - 44))
        super().resizeEvent(event)  # type: ignore[arg-type]
