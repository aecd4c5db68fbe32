"""The dialog of the next-generation fleet: the share by fiscal year against the target, the cars, those without a substitute, electricity by base."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QSplitter, QTabWidget, QWidget

from kawasolar.fleet.tables import WITHOUT_TABLE, base_table, car_table, without_table, year_table
from kawasolar.fleet.words import note_texts, short_texts, summary_texts
from ui.charts.fiscal_years import FiscalYears
from ui.fleet.asked import AskedFleet
from ui.fleet.assumed import AssumedPage
from ui.fleet.tables import FrameModel, table_of
from ui.fleet.years import show_share, show_spend
from ui.parts import column, label, row, scrolled, set_role
from ui.taking_dialog import TakingDialog

if TYPE_CHECKING:
    from kawasolar.fleet import FleetResult, FleetRules
    from kawasolar.plan import Plan
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "fleet"
_WAIT_MS = 400
_YEARS = (
    "year", "replaced", "next_generation", "share", "spend_yen", "saved_t", "kwh", "sharing_yen",
)  # fmt: skip
_CARS = (
    "vehicle", "base_name", "vehicle_class", "power", "model", "fiscal_year", "why", "km_longest", "range_km", "old_yearly_yen", "new_yearly_yen", "old_tco_yen", "new_tco_yen", "old_co2_t",
    "new_co2_t", "kwh", "filled",
)  # fmt: skip
_BASES = ("facility_id", "name", "cars", "next_generation", "ev", "phev", "kwh", "charge_kw")
_WITHOUT = tuple(name for name in WITHOUT_TABLE if name not in {"facility_id", "department", "load_kg"})
_WIDTHS = {
    "vehicle": 128, "base_name": 120, "name": 240, "vehicle_class": 104, "spend_yen": 92, "sharing_yen": 92, "power": 88, "model": 136, "why": 250, "filled": 150, "fiscal_year": 60,
    "natural_year": 76, "reasons": 300, "seats": 56, "cars": 70, "ev": 60, "phev": 60,
}  # fmt: skip


class FleetDialog(TakingDialog):
    """Changes nothing in the plan before it is taken."""

    KIND = "fleet"

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, plan: Plan, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._plan = look, jobs, remembered, plan
        self._job: Job | None = None
        self.found: FleetResult | None = None
        say = look.say
        self.setWindowTitle(say("ui.fleet.title"))
        layout = column(self, margin=20, spacing=8)
        layout.addWidget(label(say("ui.fleet.title"), "title"))
        layout.addWidget(label(say("ui.fleet.intro"), "muted", wrap=True))
        self.asked = AskedFleet(look)
        layout.addWidget(self.asked)
        self.short = label("", "attention", wrap=True)
        layout.addWidget(self.short)
        self.tabs = QTabWidget()
        self.models = {
            name: FrameModel(look, columns)
            for name, columns in (("years", _YEARS), ("cars", _CARS), ("without", _WITHOUT), ("bases", _BASES))
        }
        self.tabs.addTab(self._years_page(), say("ui.fleet.tab.years"))
        self.tables = {
            name: table_of(self.models[name], say(f"ui.fleet.tab.{name}"), _WIDTHS)
            for name in ("cars", "without", "bases")
        }
        for name, table in self.tables.items():
            self.tabs.addTab(table, say(f"ui.fleet.tab.{name}"))
        layout.addWidget(self.tabs, 1)
        self.assumed = AssumedPage(look, plan.profile, remembered)
        self.assumed.keep.clicked.connect(self._keep_catalogue)
        self.tabs.addTab(self.assumed, say("ui.fleet.tab.assumed"))
        layout.addLayout(self._foot_of(self._taking()))
        self.resize(1180, 690)
        self._begin_with(plan)
        self._compute_after(_WAIT_MS, self.asked.changed, self.assumed.changed)
        self._compute()

    def _begin_with(self, plan: Plan) -> None:
        """What the plan is asked for already."""
        from kawasolar.answers.fleet import checked
        from kawasolar.answers.own import own_table

        before = self.asked_before(plan)
        self.assumed.begin_with(own_table(plan, "fleet"))
        if before is not None:
            rules = checked(before)
            self.asked.show_rules(rules)
            self.assumed.model.use(rules.values)

    def options(self) -> dict[str, Any]:
        from kawasolar.answers.fleet import options_of

        return options_of(self._rules)

    def own_table(self) -> Path | None:
        return self.assumed.catalogue

    @property
    def _rules(self) -> FleetRules:
        return replace(self.asked.rules, values=dict(self.assumed.model.values))

    def _years_page(self) -> QWidget:
        page, say = QWidget(), self._look.say
        layout = column(page, margin=0, spacing=6)
        layout.setContentsMargins(0, 8, 0, 0)
        line = row(16)
        self.charts = {"share": FiscalYears(self._look, say("ui.fleet.chart.share")), "spend": FiscalYears(self._look, say("ui.fleet.chart.spend"), "sun")}  # fmt: skip
        for name, chart in self.charts.items():
            holder = QWidget()
            side = column(holder, margin=0, spacing=2)
            side.addWidget(label(say(f"ui.fleet.chart.{name}"), "head"))
            side.addWidget(chart)
            line.addWidget(holder, 1)
        layout.addLayout(line)
        self.years = table_of(self.models["years"], say("ui.fleet.tab.years"), _WIDTHS)
        told = QWidget()
        words = column(told, margin=0, spacing=6)
        words.setContentsMargins(10, 0, 4, 0)
        self.summary, self.notes = label("", "", wrap=True), label("", "muted", wrap=True)
        words.addWidget(self.summary)
        words.addWidget(self.notes)
        words.addStretch(1)
        below = QSplitter(Qt.Orientation.Horizontal)
        below.addWidget(self.years)
        below.addWidget(scrolled(told, say("ui.fleet.summary")))
        below.setSizes([745, 395])
        layout.addWidget(below, 1)
        return page

    # ---------------------------------------------------------------- reckoning

    def _compute(self) -> None:
        from kawasolar.fleet import plan_fleet

        plan, catalogue = self._plan, self.assumed.catalogue
        rules = self._rules
        self._reckon(
            lambda progress: plan_fleet(plan, rules, progress, catalogue=catalogue), _TOPIC, "ui.fleet.stopped"
        )
        set_role(self.state, "muted")
        self.state.setText(self._look.say("ui.fleet.works"))

    def _on_done(self, found: object) -> None:
        self._job, self.found = None, cast("FleetResult", found)
        self.state.setText("")
        self._show()
        self._refresh()

    def _not_found(self, error: object) -> None:
        self.found = None
        self._show()
        self._on_failed(error)

    def _show(self) -> None:
        found, language, say = self.found, self._look.language, self._look.say
        if found is None:
            for model in self.models.values():
                model.show_frame(model.frame.iloc[:0])
            for chart in self.charts.values():
                chart.show_bars(())
            for words in (self.short, self.summary, self.notes):
                words.setText("")
            return
        separator = "" if language == "ja" else " "
        self.short.setText(separator.join(short_texts(language, found)))
        self.summary.setText("\n".join(summary_texts(language, found)))
        self.notes.setText("\n".join(note_texts(language, found)))
        frames = {
            "years": year_table(found), "cars": car_table(language, found), "without": without_table(language, found), "bases": base_table(found),
        }  # fmt: skip
        for name, frame in frames.items():
            self.models[name].show_frame(frame)
        for place, key in enumerate(_YEARS):
            self.years.setColumnHidden(place, key == "sharing_yen" and bool(found.years[key].isna().all()))
        self.tabs.setTabText(2, say("ui.fleet.tab.without.count", count=len(found.without)))
        show_share(self._look, self.charts["share"], found)
        show_spend(self._look, self.charts["spend"], found)

    def _refresh(self) -> None:
        works = self._job is not None
        self.progress.setVisible(works)
        for widget in (self.save, self.assumed.keep):
            widget.setEnabled(self.found is not None and not works)
        self._refresh_taking(found=self.found is not None)
        self.close_button.setText(self._look.say("ui.glare.stop" if works else "ui.surface.close"))

    # ---------------------------------------------------------------- papers

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.fleet.file"))

    def write(self, path: Path) -> None:
        """Write years, cars, bases, cars without a substitute and assumptions as a workbook."""
        from kawasolar.export.fleet import write_fleet_xlsx

        found, plan, language = self.found, self._plan, self._look.language
        if found is not None:
            self._keep(path, lambda: write_fleet_xlsx(found, plan, path, language), _TOPIC)

    def _keep_catalogue(self) -> None:
        start = Path(self._remembered.folder or Path.home()) / self._look.say("ui.fleet.catalogue.file")
        words = self._look.say("ui.fleet.catalogue.keep")
        chosen, _ = QFileDialog.getSaveFileName(self, words, str(start), "CSV (*.csv)")
        if chosen:
            self.write_catalogue(Path(chosen))

    def write_catalogue(self, path: Path) -> None:
        """Write the catalogue that is used, to be edited in a spreadsheet."""
        from kawasolar.export.fleet import write_fleet_catalogue

        found = self.found
        if found is not None:
            self._keep(path, lambda: write_fleet_catalogue(found, path), _TOPIC)
