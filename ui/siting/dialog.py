"""The dialog of sites of chargers: what is asked, the sites with why, what was left out, a map and the curve, papers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

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
from ui.parts import button, column, label, row, set_role
from ui.siting.asked import AskedSites
from ui.siting.files import as_said, files_taken, paths_of
from ui.siting.places import PlacesMap
from ui.siting.tables import LEFT_OUT, SITES, RowsModel
from ui.taking_dialog import TakingDialog

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.plan import InputFile, Plan
    from kawasolar.siting.of_plan import Siting
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "siting"
_WIDE, _HIGH, _HEAD_PX = 1180, 690, 56
_WIDTHS = {"how": 60, "fiscal_year": 60, "chargers": 76, "weight": 76, "share": 84, "mean_m": 84, "lost": 84}
Answer = tuple["Siting", "gpd.GeoDataFrame", "list[Finding]"]


class SitingDialog(TakingDialog):
    """Changes nothing in the plan before it is taken."""

    KIND = "siting"
    WHY_NOT = "ui.siting.incomplete"

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, plan: Plan, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._plan = look, jobs, remembered, plan
        self._job: Job | None = None
        self.found: Siting | None = None
        # Id and name of what is to be a site in any case, and of what may not be.
        self._pins: dict[str, str] = {}
        self._vetoes: dict[str, str] = {}
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
        self._begin_with(plan)
        self._refresh()

    def _begin_with(self, plan: Plan) -> None:
        """What the plan is asked for already, and its own files."""
        from kawasolar.answers.siting import checked, source_of

        wanted = checked(self.asked_before(plan) or {})
        paths = paths_of(plan)
        if wanted.ways != "roads":
            paths.pop("roads", None)
        demand = paths.get("demand")
        usual = "fleet" if demand is None and "vehicles" in plan.registers.by_kind else source_of(demand or Path())
        self.asked.show_wanted(wanted, paths, wanted.source or usual, plan.profile.plan_year)
        names = dict(zip(plan.facilities["facility_id"].astype(str), plan.facilities["name"].astype(str), strict=True))
        for marks, ids in ((self._pins, wanted.asked.pinned), (self._vetoes, wanted.vetoes)):
            marks.update({one: names.get(one, one) for one in ids})
        self._marked()

    def options(self) -> dict[str, Any] | None:
        from kawasolar.answers.siting import options_of

        if not self.asked.is_complete:
            return None
        wanted = replace(self.asked.wanted, vetoes=tuple(self._vetoes))
        return options_of(replace(wanted, asked=replace(wanted.asked, pinned=tuple(self._pins))))

    def files(self, plan: Plan) -> tuple[InputFile, ...]:
        """The files that a plan takes in with the options, as yet unread; one that was left is taken away."""
        return files_taken(plan, {name: part.path for name, part in self.asked.files.items()})

    # ---------------------------------------------------------------- building

    def _pages(self) -> QSplitter:
        say = self._look.say
        self.sites, self.left_out = RowsModel(self._look, SITES), RowsModel(self._look, LEFT_OUT)
        self.table = self._table(self.sites, say("ui.siting.sites"))
        for place, key in enumerate(SITES):
            if key in _WIDTHS:
                self.table.setColumnWidth(place, _WIDTHS[key])
        self.table.horizontalHeader().setStretchLastSection(False)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.selectionModel().currentRowChanged.connect(lambda now, _before: self._look_at(now.row()))
        self.out_table = self._table(self.left_out, say("ui.siting.left_out"))
        self.out_table.setColumnWidth(0, 220)
        self.tabs = QTabWidget()
        self.tabs.addTab(self._site_page(), say("ui.siting.sites"))
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

    def _site_page(self) -> QWidget:
        """The sites, why the one that is looked at is among them, and what is to be of it."""
        say, page = self._look.say, QWidget()
        layout = column(page, margin=0, spacing=6)
        layout.addWidget(self.table, 1)
        self.why = label("", "", wrap=True)
        layout.addWidget(self.why)
        line = row(8)
        self.pin, self.veto, self.release = (button(say(f"ui.siting.{code}"), tip=say(f"ui.siting.{code}.tip")) for code in ("pin", "veto", "release"))  # fmt: skip
        for widget, act in ((self.pin, self._pin), (self.veto, self._veto), (self.release, self._release)):
            widget.setAutoDefault(False)
            widget.clicked.connect(act)
            line.addWidget(widget)
        self.marks = label("", "muted", wrap=True)
        line.addWidget(self.marks, 1)
        layout.addLayout(line)
        return page

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
        table.horizontalHeader().setMinimumHeight(_HEAD_PX)
        return table

    def _foot(self) -> QHBoxLayout:
        say = self._look.say
        self.compute = button(say("ui.siting.compute"))
        self.compute.clicked.connect(self.reckon)
        self.layers = button(say("ui.siting.layers"), tip=say("ui.siting.layers.tip"))
        self.layers.clicked.connect(self._ask_layers)
        return self._foot_of(self.compute, self._taking(), self.layers)

    # ---------------------------------------------------------------- reckoning

    def reckon(self) -> None:
        """Choose sites by what is asked now."""
        if self._job is not None or not self.asked.is_complete:
            return
        plan, assumed = self._plan, self.asked.assumed
        sources = replace(as_said(self.asked.sources, self.files(self._plan)), vetoed=tuple(self._vetoes))
        asked = replace(self.asked.asked, pinned=tuple(self._pins))

        def work(progress: Progress) -> Answer:
            from kawasolar.siting.catchments import catchments
            from kawasolar.siting.inputs import sites_for

            found, findings = sites_for(plan, sources, assumed, asked, progress)
            return found, catchments(found.points, plan.crs), findings

        set_role(self.state, "muted")
        self.state.setText("")
        self._reckon(work, _TOPIC, "ui.siting.stopped")

    def _on_done(self, answer: object) -> None:
        from kawasolar.reasons import finding_sentence

        found, areas, findings = cast("Answer", answer)
        self._job = None
        language = self._look.language
        self._show(found, areas)
        told = [*notes(language, found, short=True), *(finding_sentence(language, one) for one in findings)]
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
        self.table.setColumnHidden(SITES.index("fiscal_year"), found is None or not found.head["budgets"])
        self.left_out.show_left_out(found)
        self.map.show_places(found, areas)
        self.chart.show_curve(None if found is None else found.curve, None if found is None else len(found.sites))
        count = self.left_out.rowCount()
        self.tabs.setTabText(1, self._look.say("ui.siting.left_out") + (f" ({count:,})" if count else ""))

    def _look_at(self, place: int) -> None:
        there = self.found is not None and 0 <= place < len(self.sites.rows)
        self.map.choose(place if there else None)
        self.why.setText(str(self.sites.rows[place]["why"]) if there else "")
        self._refresh()

    # ---------------------------------------------------------------- what is to be of a site

    @property
    def _site(self) -> str | None:
        """The site that is looked at; what stands is none that anything is to be of."""
        place = self.table.currentIndex().row()
        if self.found is None or not 0 <= place < len(self.found.sites):
            return None
        row_ = self.found.sites.iloc[place]
        return None if row_["how"] == "standing" else str(row_["site_id"])

    def _pin(self) -> None:
        self._mark(self._site, self._pins, self._vetoes)

    def _veto(self) -> None:
        self._mark(self._site, self._vetoes, self._pins)

    def _mark(self, site: str | None, into: dict[str, str], out_of: dict[str, str]) -> None:
        if site is not None and self.found is not None:
            into[site] = str(self.found.sites.set_index("site_id")["name"][site])
            out_of.pop(site, None)
            self._marked()

    def _release(self) -> None:
        self._pins.clear()
        self._vetoes.clear()
        self._marked()

    def _marked(self) -> None:
        """Say what is pinned and vetoed; it counts when it is computed again."""
        say = self._look.say
        told = [say(f"ui.siting.marked.{code}", names=say("siting.and").join(names.values())) for code, names in (("pin", self._pins), ("veto", self._vetoes)) if names]  # fmt: skip
        self.marks.setText(say("ui.siting.between").join(told))
        self._refresh()

    def _refresh_later(self) -> None:
        # While it is being put together there is no button yet.
        if hasattr(self, "close_button"):
            self._refresh()

    def _refresh(self) -> None:
        works = self._job is not None
        self.progress.setVisible(works)
        self.compute.setEnabled(not works and self.asked.is_complete)
        self.compute.setToolTip("" if self.asked.is_complete else self._look.say("ui.siting.incomplete"))
        self.save.setEnabled(self.found is not None and not works)
        self._refresh_taking(found=self.asked.is_complete)
        site = None if works else self._site
        self.pin.setEnabled(site is not None and site not in self._pins)
        self.veto.setEnabled(site is not None and site not in self._vetoes)
        self.release.setEnabled(bool(self._pins or self._vetoes) and not works)
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
