"""The dialog of chargers: bases with their sets, peaks and bills; of one base the worst day, a week and outages."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHeaderView, QSplitter, QTableView, QWidget

from kawasolar.charging import WAYS, charging_of, read_cars, read_kinds
from kawasolar.charging.of_fleet import cars_of_fleet
from kawasolar.charging.tables import times_of
from kawasolar.charging.words import note_texts
from kawasolar.half_hours import SLOTS
from ui.charging.asked import AskedPart
from ui.charging.tables import COLUMNS, SORT, BasesModel
from ui.charts.charging import ChargingCurves
from ui.parts import column, label, scrolled, set_role
from ui.sorted_table import sorted_table
from ui.taking_dialog import TakingDialog

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from gis.progress import Progress
    from kawasolar.charging import Charging
    from kawasolar.plan import Plan
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "charging"
_WAIT_MS = 300
# Beside the words of a heading.
_PADDING = 16
# Charts of more days than these name them shorter.
_FEW = 2
# Ways that differ by less are the same.
_SAME_KW = 1e-3
_PARTS = ("worst", "week")


class ChargingDialog(TakingDialog):
    """Changes nothing in the plan before it is taken."""

    KIND = "charging"

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, plan: Plan, facility_id: str | None = None, parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._plan = look, jobs, remembered, plan
        self._wanted = facility_id or ""
        self._job: Job | None = None
        self.found: Charging | None = None
        say = look.say
        self.setWindowTitle(say("ui.charging.title"))
        layout = column(self, margin=20, spacing=8)
        layout.addWidget(label(say("ui.charging.title"), "title"))
        layout.addWidget(label(say("ui.charging.intro"), "muted", wrap=True))
        self.asked = AskedPart(look, remembered)
        layout.addWidget(self.asked)
        layout.addWidget(self._pages(), 1)
        layout.addLayout(self._foot_of(self._taking()))
        self.resize(1360, 690)
        self._begin_with(plan)
        self._compute_after(_WAIT_MS, self.asked.changed)
        self._compute()

    def _begin_with(self, plan: Plan) -> None:
        """What the plan is asked for already."""
        from kawasolar.answers.charging import checked
        from kawasolar.answers.own import own_table

        before = self.asked_before(plan)
        self.asked.own.use(own_table(plan, "charging"), tell=False)
        self.asked.own.copy_asked.connect(lambda path: self._copy_table("chargers.csv", path))
        if before is not None:
            asked, of_fleet = checked(before)
            self.asked.show_asked(asked, "fleet" if of_fleet else "ledger")

    def own_table(self) -> Path | None:
        return self.asked.own.path

    def options(self) -> dict[str, Any] | None:
        from kawasolar.answers.charging import options_of

        return None if self.asked.path is not None else options_of(self.asked.asked, self.asked.source)

    # ---------------------------------------------------------------- building

    def _pages(self) -> QSplitter:
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(self._bases())
        whole.addWidget(scrolled(self._side(), self._look.say("ui.charging.base")))
        whole.setSizes([978, 342])
        whole.setChildrenCollapsible(False)
        return whole

    def _bases(self) -> QTableView:
        self.bases = BasesModel(self._look)
        self.table, self.sorted = sorted_table(self.bases, SORT, self._look.say("ui.charging.bases"))
        self.table.setWordWrap(True)
        heads = self.table.horizontalHeader()
        self._widen()
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        heads.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.selectionModel().currentChanged.connect(lambda *_: self._show_base())
        return self.table

    def _widen(self) -> None:
        """Texts have their width, numbers what they and their heading want."""
        font = self.table.horizontalHeader().font()
        font.setBold(True)
        metrics, horizontal = QFontMetrics(font), Qt.Orientation.Horizontal
        for place, width in enumerate(COLUMNS.values()):
            lines = str(self.bases.headerData(place, horizontal)).split("\n")
            wanted = max(metrics.horizontalAdvance(line) for line in lines) + _PADDING
            self.table.setColumnWidth(place, width or max(self.table.sizeHintForColumn(place), wanted))

    def _side(self) -> QWidget:
        say = self._look.say
        side = QWidget()
        layout = column(side, margin=0, spacing=4)
        layout.setContentsMargins(8, 0, 0, 0)
        self.name = label("", "head", wrap=True)
        self.about = label("", "", wrap=True)
        self.titles = {part: label("", "muted", wrap=True) for part in _PARTS}
        self.charts = {part: ChargingCurves(self._look, say(f"charging.part.{part}"), legend=part == "week") for part in _PARTS}  # fmt: skip
        self.outage = label("", "", wrap=True)
        self.notes = label("", "muted", wrap=True)
        layout.addWidget(self.name)
        layout.addWidget(self.about)
        for part in _PARTS:
            layout.addWidget(self.titles[part])
            layout.addWidget(self.charts[part])
        layout.addWidget(label(say("ui.charging.outage"), "head"))
        layout.addWidget(self.outage)
        layout.addWidget(label(say("ui.charging.notes"), "head"))
        layout.addWidget(self.notes)
        layout.addStretch(1)
        return side

    # ---------------------------------------------------------------- reckoning

    def _compute(self) -> None:
        plan, wanted, path, source = self._plan, self.asked.asked, self.asked.path, self.asked.source

        own = self.asked.own.path

        def reckon(progress: Progress) -> Charging:
            asked = wanted if own is None else replace(wanted, kinds=read_kinds(own))
            if path is not None:
                return charging_of(plan, read_cars(path), asked, None, progress)
            cars, told = cars_of_fleet(plan) if source == "fleet" else (None, [])
            found = charging_of(plan, cars, asked, None, progress)
            return replace(found, findings=(*told, *found.findings))

        self._reckon(reckon, _TOPIC, "ui.charging.stopped")

    def _on_done(self, found: object) -> None:
        kept = self.facility or self._wanted
        self._job, self.found = None, cast("Charging", found)
        set_role(self.state, "muted")
        self.bases.show_found(self.found)
        self._widen()
        self.table.resizeRowsToContents()
        self.notes.setText("\n".join(note_texts(self._look.language, self.found)))
        self._refresh()
        self._tell_total()
        self._select(kept)

    def _not_found(self, error: object) -> None:
        self.found = None
        self.bases.show_found(None)
        self.notes.setText("")
        self._show_base()
        self._on_failed(error)

    def _tell_total(self) -> None:
        if self.found is None:
            return
        bases, say = self.found.bases, self._look.say
        told = [say("charging.cli.total", bases=len(bases), cars=int(bases["cars"].sum()), chargers=int(bases["chargers"].sum()), cost=float(bases["cost_yen"].sum()))]  # fmt: skip
        told += [say(one.code, **one.values()) for one in self.found.findings]
        self.state.setText("  ".join(told))

    def _refresh(self) -> None:
        works = self._job is not None
        self.progress.setVisible(works)
        self.save.setEnabled(self.found is not None and not works)
        self._refresh_taking(found=self.found is not None)
        self.close_button.setText(self._look.say("ui.glare.stop" if works else "ui.surface.close"))

    # ---------------------------------------------------------------- the base that is looked at

    @property
    def facility(self) -> str:
        """The id of the base that is shown; empty for none."""
        index = self.table.selectionModel().currentIndex()
        return self.bases.facility(self.sorted.mapToSource(index).row()) if index.isValid() else ""

    def _select(self, facility: str) -> None:
        """Select a base; the first where that is not there."""
        rows = range(self.bases.rowCount())
        place = next((row for row in rows if self.bases.facility(row) == facility), 0)
        self.table.setCurrentIndex(self.sorted.mapFromSource(self.bases.index(place, 0)))
        self._show_base()

    def _show_base(self) -> None:
        found, facility = self.found, self.facility
        if found is None or not facility:
            for shown in (self.name, self.about, self.outage, *self.titles.values()):
                shown.setText("")
            for chart in self.charts.values():
                chart.show_days({}, ())
            return
        place = int(np.flatnonzero((found.bases["facility_id"] == facility).to_numpy())[0])
        row = {str(key): value for key, value in found.bases.iloc[place].items()}
        self.name.setText(str(row["name"]))
        self.about.setText("\n".join(self._about(row, self.bases.note(place))))
        self.outage.setText(self._outage(row))
        self._show_curves(facility)

    def _about(self, row: Mapping[str, Any], note: str) -> list[str]:
        """The peak without cars; what the set lacks; cars that cannot be served."""
        found, say = self.found, self._look.say
        if found is None:
            return []
        cars = found.cars[found.cars["facility_id"] == row["facility_id"]]
        unserved = cars[cars["reason"] != ""]
        peak = say("ui.charging.peak", peak=float(row["peak_none_kw"]))
        told = [
            say("ui.charging.car", vehicle=vehicle, reason=say(str(reason)))
            for vehicle, reason in zip(unserved["vehicle"], unserved["reason"], strict=True)
        ]
        return [peak, *([note] if note else []), *told]

    def _outage(self, row: Mapping[str, Any]) -> str:
        say = self._look.say
        hours = {key: float(row[f"outage_{key}"]) for key in ("worst_h", "median_h", "pv_worst_h", "pv_median_h", "worst_kwh", "median_kwh")}  # fmt: skip
        if math.isnan(hours["median_h"]):
            return say("ui.charging.no_outage")
        assumptions = cast("dict[str, float]", (self.found.head if self.found else {})["assumptions"])
        share = 100.0 * assumptions["critical_share"]
        return say("ui.charging.outage.told", share=share, most=assumptions["outage_hours"], **hours)

    def _show_curves(self, facility: str) -> None:
        found = self.found
        if found is None:
            return
        rows = found.curves[found.curves["facility_id"] == facility]
        for part, chart in self.charts.items():
            mine = rows[rows["part"] == part]
            series = {name: mine[f"{name}_kw"].to_numpy(dtype=np.float64) for name in ("pv", "load", *WAYS)}
            times = times_of(int(found.head["year"]), mine["slot"].to_numpy())[::SLOTS]
            short = "ui.charging.day.short" if len(times) > _FEW else "ui.charging.day"
            names = [self._day(at, short) for at in times]
            # The week is that in which following the roof does most, else that of the worst day.
            same = part == "week" and not np.abs(series["follow"] - series["staggered"]).max() > _SAME_KW
            title = f"ui.charging.part.{part}" + (".same" if same else "")
            self.titles[part].setText(self._look.say(title, day=self._day(times[0], "ui.charging.day")))
            chart.show_days(series, names)

    def _day(self, at: pd.Timestamp, code: str) -> str:
        weekday = self._look.say(f"ui.charging.weekday.{at.weekday()}")
        return self._look.say(code, month=at.month, day=at.day, weekday=weekday)

    # ---------------------------------------------------------------- papers

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.charging.file"))

    def write(self, path: Path) -> None:
        """Write all of it as a workbook."""
        from kawasolar.export.charging import write_charging_xlsx

        found, plan, language = self.found, self._plan, self._look.language
        if found is not None:
            self._keep(path, lambda: write_charging_xlsx(found, plan, path, language), _TOPIC)
