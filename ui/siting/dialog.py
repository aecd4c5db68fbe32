"""The dialog of sites of chargers: what is asked, the sites with why, what was left out, a map and the curve, papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QTableView,
    QTabWidget,
    QWidget,
)

from kawasolar.siting.words import head_text, notes
from ui.charts.cover import CoverChart
from ui.parts import button, column, label, set_role
from ui.siting.asked import AskedSites
from ui.siting.places import PlacesMap
from ui.siting.tables import LEFT_OUT, SITES, RowsModel
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.plan import Plan
    from kawasolar.siting.of_plan import Siting
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "siting"
_WIDE, _HIGH = 1180, 690
_WIDTHS = {"name": 150, "how": 52, "fiscal_year": 62, "chargers": 62, "weight": 88, "share": 70, "mean_m": 74}
Answer = tuple["Siting", "gpd.GeoDataFrame", "list[Finding]"]


class SitingDialog(WorkingDialog):
    """Changes nothing in the plan."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, plan: Plan, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._plan = look, jobs, remembered, plan
        self._job: Job | None = None
        self.found: Siting | None = None
        say = look.say
        self.setWindowTitle(say("ui.siting.title"))
        layout = column(self, margin=16, spacing=8)
        layout.addWidget(label(say("ui.siting.title"), "title"))
        layout.addWidget(label(say("ui.siting.intro"), "muted", wrap=True))
        self.asked = AskedSites(look, remembered, fleet="vehicles" in plan.registers.by_kind)
        self.asked.changed.connect(self._refresh_later)
        layout.addWidget(self.asked)
        self.head = label("", "head", wrap=True)
        layout.addWidget(self.head)
        layout.addWidget(self._pages(), 1)
        self.notes = label("", "muted", wrap=True)
        layout.addWidget(self.notes)
        layout.addLayout(self._foot())
        self.resize(_WIDE, _HIGH)
        self._refresh()

    # ---------------------------------------------------------------- building

    def _pages(self) -> QSplitter:
        say = self._look.say
        self.sites, self.left_out = RowsModel(self._look, SITES), RowsModel(self._look, LEFT_OUT)
        self.table = self._table(self.sites, say("ui.siting.sites"))
        for place, key in enumerate(SITES[:-1]):
            self.table.setColumnWidth(place, _WIDTHS[key])
        self.table.selectionModel().currentRowChanged.connect(lambda now, _before: self._look_at(now.row()))
        self.out_table = self._table(self.left_out, say("ui.siting.left_out"))
        self.out_table.setColumnWidth(0, 220)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.table, say("ui.siting.sites"))
        self.tabs.addTab(self.out_table, say("ui.siting.left_out"))
        self.map = PlacesMap(self._look, say("ui.siting.map"))
        self.map.picked.connect(self.table.selectRow)
        self.chart = CoverChart(self._look, say("ui.siting.curve"))
        self.pictures = QTabWidget()
        self.pictures.addTab(self.map, say("ui.siting.map"))
        self.pictures.addTab(self.chart, say("ui.siting.curve"))
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(self.tabs)
        whole.addWidget(self.pictures)
        whole.setSizes([680, 460])
        return whole

    def _table(self, model: RowsModel, name: str) -> QTableView:
        table = QTableView()
        table.setModel(model)
        table.setAccessibleName(name)
        table.setTabKeyNavigation(False)
        table.setWordWrap(True)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setStretchLastSection(True)
        return table

    def _foot(self) -> QHBoxLayout:
        say = self._look.say
        self.compute = button(say("ui.siting.compute"), "primary")
        self.compute.clicked.connect(self.reckon)
        self.layers = button(say("ui.siting.layers"), tip=say("ui.siting.layers.tip"))
        self.layers.clicked.connect(self._ask_layers)
        return self._foot_of(self.compute, self.layers)

    # ---------------------------------------------------------------- reckoning

    def reckon(self) -> None:
        """Choose sites by what is asked now."""
        if self._job is not None or not self.asked.is_complete:
            return
        plan, sources, assumed, asked = self._plan, self.asked.sources, self.asked.assumed, self.asked.asked

        def work(progress: Progress) -> Answer:
            from kawasolar.siting.catchments import catchments
            from kawasolar.siting.inputs import sites_for

            found, findings = sites_for(plan, sources, assumed, asked, progress)
            return found, catchments(found.points, plan.crs), findings

        job = self._jobs.start(work, _TOPIC)
        self._job = job
        job.progressed.connect(lambda share, _what: self.progress.setValue(round(1000 * share)))
        job.done.connect(self._on_done)
        job.failed.connect(self._not_found)
        job.cancelled.connect(lambda: self._ended("ui.siting.stopped"))
        self.progress.setValue(0)
        set_role(self.state, "muted")
        self.state.setText("")
        self._refresh()

    def _on_done(self, answer: object) -> None:
        from kawasolar.reasons import finding_sentence

        found, areas, findings = cast("Answer", answer)
        self._job = None
        language = self._look.language
        self._show(found, areas)
        told = [*notes(language, found), *(finding_sentence(language, one) for one in findings)]
        self.notes.setText(self._look.say("ui.siting.between").join(told))
        self._refresh()
        if len(found.sites):
            self.table.selectRow(0)

    def _not_found(self, error: object) -> None:
        self._show(None, None)
        self.notes.setText("")
        self._on_failed(error)

    def _show(self, found: Siting | None, areas: gpd.GeoDataFrame | None) -> None:
        self.found = found
        self.head.setText("" if found is None else head_text(self._look.language, found))
        self.sites.show_sites(found)
        self.left_out.show_left_out(found)
        self.map.show_places(found, areas)
        self.chart.show_curve(None if found is None else found.curve, None if found is None else len(found.sites))
        count = self.left_out.rowCount()
        self.tabs.setTabText(1, self._look.say("ui.siting.left_out") + (f" ({count:,})" if count else ""))

    def _look_at(self, place: int) -> None:
        self.map.choose(place if place >= 0 else None)

    def _refresh_later(self) -> None:
        # While it is being put together there is no button yet.
        if hasattr(self, "compute"):
            self._refresh()

    def _refresh(self) -> None:
        works = self._job is not None
        self.progress.setVisible(works)
        self.compute.setEnabled(not works and self.asked.is_complete)
        self.compute.setToolTip("" if self.asked.is_complete else self._look.say("ui.siting.incomplete"))
        self.save.setEnabled(self.found is not None and not works)
        self.layers.setEnabled(self.found is not None and not works)
        self.close_button.setText(self._look.say("ui.glare.stop" if works else "ui.surface.close"))

    # ---------------------------------------------------------------- papers

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.siting.file"))

    def _ask_layers(self) -> None:
        start = Path(self._remembered.folder or Path.home()) / self._look.say("ui.siting.layers.file")
        chosen, _ = QFileDialog.getSaveFileName(self, self._look.say("ui.siting.layers"), str(start), "GeoPackage (*.gpkg)")  # fmt: skip
        if chosen:
            self.write_layers(Path(chosen))

    def write(self, path: Path) -> None:
        """Write sites, candidates, curve, points and assumptions as a workbook."""
        from kawasolar.export.siting import write_siting_xlsx

        found, plan, language = self.found, self._plan, self._look.language
        if found is not None:
            self._keep(path, lambda: write_siting_xlsx(plan, found, path, language), _TOPIC)

    def write_layers(self, path: Path) -> None:
        """Write sites, points, catchments and candidates as layers."""
        from kawasolar.export.siting import write_siting_gpkg

        found, plan, language = self.found, self._plan, self._look.language
        if found is not None:
            self._keep(path, lambda: write_siting_gpkg(plan, found, path, language), _TOPIC)
