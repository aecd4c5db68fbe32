"""The dialog of sizes: what is asked, the answer for each site, one site's sizes as a chart, and taking sizes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QSortFilterProxyModel, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QProgressBar, QSplitter, QTableView, QWidget

from kawasolar.sizing import choose, sizes_of
from kawasolar.sizing.ladder import THRESHOLDS
from kawasolar.sizing.tables import most_kw
from kawasolar.sizing.words import duty_text, figure_text, note_texts, threshold_texts, why_text
from ui.charts.sizes import Panel, SizesChart
from ui.parts import button, column, label, row, scrolled, set_role
from ui.sizing.asked import AskedPart
from ui.sizing.tables import COLUMNS, SORT, SitesModel
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from pathlib import Path

    from kawasolar.plan import Plan
    from kawasolar.sizing import Sizes
    from ui.document import Document
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "sizing"
_WAIT_MS = 250
# Figures of the chart, by what they are multiplied there, and the limit that they must keep.
_PANELS = (("self_use_ratio", 100.0, "self_use"), ("price", 1.0, None), ("payback", 1.0, "payback"))


class SizingDialog(WorkingDialog):
    """Sizes are taken over through the document, all together in one step that can be undone.

    Signals
    -------
    taken : sizes were taken over; what follows is to be computed
    """

    taken = Signal()

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, document: Document, parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._document = look, jobs, remembered, document
        self._plan = cast("Plan", document.plan)
        self._job: Job | None = None
        self.found: Sizes | None = None
        say = look.say
        self.setWindowTitle(say("ui.sizing.title"))
        layout = column(self, margin=20, spacing=8)
        layout.addWidget(label(say("ui.sizing.title"), "title"))
        layout.addWidget(label(say("ui.sizing.intro"), "muted", wrap=True))
        self.asked = AskedPart(look, self._plan.profile)
        layout.addWidget(self.asked)
        layout.addWidget(self._pages(), 1)
        self.notes = label("", "muted", wrap=True)
        layout.addWidget(self.notes)
        layout.addLayout(self._foot())
        self.resize(1300, 720)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_WAIT_MS)
        self._later.timeout.connect(self._compute)
        self.asked.sizes_changed.connect(self._later.start)
        self.asked.wants_changed.connect(self._choose)
        self._compute()

    # ---------------------------------------------------------------- building

    def _pages(self) -> QSplitter:
        say = self._look.say
        self.sites = SitesModel(self._look)
        self.sorted = QSortFilterProxyModel(self)
        self.sorted.setSourceModel(self.sites)
        self.sorted.setSortRole(SORT)
        self.table = QTableView()
        self.table.setModel(self.sorted)
        self.table.setAccessibleName(say("ui.sizing.sites"))
        self.table.setTabKeyNavigation(False)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        heads = self.table.horizontalHeader()
        for place, key in enumerate(COLUMNS):
            self.table.setColumnWidth(place, {"name": 150, "price": 88}.get(key, 76))
        heads.setStretchLastSection(True)
        heads.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_site())
        self.table.selectionModel().currentChanged.connect(lambda *_: self._show_site())
        side = QWidget()
        layout = column(side, margin=0, spacing=6)
        self.name = label("", "head", wrap=True)
        self.chart = SizesChart(self._look, say("ui.sizing.chart"))
        self.chart.picked.connect(self._on_picked)
        self.why = label("", "", wrap=True)
        self.duty = label("", "muted", wrap=True)
        for shown in (self.name, self.chart, label(say("ui.sizing.legend"), "muted", wrap=True), self.why, self.duty):
            layout.addWidget(shown)
        layout.addStretch(1)
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(self.table)
        whole.addWidget(scrolled(side, say("ui.sizing.chart")))
        whole.setSizes([830, 430])
        return whole

    def _foot(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.state = label("", "muted", wrap=True)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(140)
        self.progress.setAccessibleName(say("ui.top.progress"))
        self.take = button(say("ui.sizing.take"), "primary", tip=say("ui.sizing.take.tip"))
        self.take.clicked.connect(self.take_over)
        self.take_all = button(say("ui.sizing.take_all"))
        self.take_all.clicked.connect(lambda: self._take(list(range(len(self.sites.choices)))))
        self.save = button(say("ui.ways.save"))
        self.save.clicked.connect(self._ask_target)
        self.close_button = button(say("ui.surface.close"))
        self.close_button.clicked.connect(self._stop_or_close)
        line.addWidget(self.state, 1)
        line.addWidget(self.progress)
        for widget in (self.take, self.take_all, self.save, self.close_button):
            widget.setAutoDefault(False)
            line.addWidget(widget)
        return line

    # ---------------------------------------------------------------- reckoning

    def _compute(self) -> None:
        if self._job is not None:
            self._job.drop()
        plan, asked = self._plan, self.asked.asked
        job = self._jobs.start(lambda progress: sizes_of(plan, None, asked, progress), _TOPIC)
        self._job = job
        job.progressed.connect(lambda share, _what: self.progress.setValue(round(1000 * share)))
        job.done.connect(self._on_done)
        job.failed.connect(self._not_found)
        job.cancelled.connect(lambda: self._ended("ui.sizing.stopped"))
        self.progress.setValue(0)
        self._refresh()

    def _on_done(self, found: object) -> None:
        self._job, self.found = None, cast("Sizes", found)
        self.state.setText("")
        set_role(self.state, "muted")
        self.notes.setText("\n".join(note_texts(self._look.language, self._plan, self.found)))
        self._choose()

    def _not_found(self, error: object) -> None:
        self.found = None
        self.sites.show_choices(None, [])
        self._on_failed(error)

    def _choose(self) -> None:
        """Of the sizes that are reckoned those that are asked for."""
        if self.found is None:
            return
        kept = self._facilities(self._selected())
        self.sites.show_choices(self.found, choose(self.found, self.asked.wants))
        self._select(kept or [name for name in (self._document.selected,) if name])
        self._refresh()

    # ---------------------------------------------------------------- the site that is looked at

    def _selected(self) -> list[int]:
        """Rows of the sites that are selected."""
        return [self.sorted.mapToSource(index).row() for index in self.table.selectionModel().selectedRows()]

    def _facilities(self, rows: list[int]) -> list[str]:
        sizes = self.sites.sizes
        return [] if sizes is None else [sizes.ladder.facility_ids[place] for place in rows]

    def _select(self, facilities: list[str]) -> None:
        """Select sites by their ids; the first of all where none of them is there."""
        known = [] if self.found is None else list(self.found.ladder.facility_ids)
        places = [known.index(name) for name in facilities if name in known] or [0]
        model = self.table.selectionModel()
        flags = model.SelectionFlag
        for k, place in enumerate(places):
            index = self.sorted.mapFromSource(self.sites.index(place, 0))
            model.select(index, (flags.ClearAndSelect if k == 0 else flags.Select) | flags.Rows)
        first = self.sorted.mapFromSource(self.sites.index(places[0], 0))
        model.setCurrentIndex(first, flags.NoUpdate)
        self.table.scrollTo(first)
        self._show_site()

    @property
    def site(self) -> int | None:
        """The site whose sizes are shown."""
        index = self.table.selectionModel().currentIndex()
        rows = self._selected()
        place = self.sorted.mapToSource(index).row() if index.isValid() else -1
        return place if place in rows else rows[0] if rows else None

    def _on_picked(self, place: int) -> None:
        site, found = self.site, self.found
        if site is not None and found is not None:
            self.sites.pick(site, int(np.flatnonzero(found.ladder.real[site])[place]))
            self._show_site()

    def _show_site(self) -> None:
        found, site, language = self.found, self.site, self._look.language
        self._refresh()
        if found is None or site is None or site >= len(self.sites.choices):
            self.chart.show_sizes(np.empty(0), (), (), None, None)
            for shown in (self.name, self.why, self.duty):
                shown.setText("")
            return
        ladder, size, choice = found.ladder, self.sites.size(site), self.sites.choices[site]
        real = np.flatnonzero(ladder.real[site])
        limits = self.asked.wants
        panels = [
            Panel(
                self._look.say(f"sizing.figure.{key}"), found.figures[key][site, real] * times,
                tuple(figure_text(key, float(value)) for value in found.figures[key][site, real]),
                None if limit is None or getattr(limits, limit) is None else getattr(limits, limit) * times,
            )
            for key, times, limit in _PANELS
        ]  # fmt: skip
        at = None if size is None else int(np.flatnonzero(real == size)[0])
        now = float(ladder.capacity_kw[site, ladder.now[site]])
        self.chart.show_sizes(ladder.capacity_kw[site, real], panels, THRESHOLDS, now, at)
        self.name.setText(found.names[site])
        told = why_text(language, found, site, choice)
        if site in self.sites.picked and size is not None:
            kw = figure_text("capacity_kw", float(ladder.capacity_kw[site, size]))
            told = self._look.say("ui.sizing.by_hand", kw=kw) + ("" if choice.size is None else f"\n{told}")
        self.why.setText(told)
        duties = [] if size is None else [duty_text(language, found, site, size)]
        self.duty.setText("\n".join([*duties, *threshold_texts(language, found, site)]))

    def _refresh(self) -> None:
        works = self._job is not None
        self.progress.setVisible(works)
        there = self.found is not None and not works
        some = [place for place in self._selected() if place < len(self.sites.choices)]
        self.take.setEnabled(there and any(self.sites.size(place) is not None for place in some))
        self.take_all.setEnabled(there)
        self.save.setEnabled(there)
        self.close_button.setText(self._look.say("ui.glare.stop" if works else "ui.surface.close"))

    # ---------------------------------------------------------------- taken over

    def take_over(self) -> None:
        """Take the sizes of the selected sites over."""
        self._take(self._selected())

    def _take(self, rows: list[int]) -> None:
        from kawasolar.document import size_edits

        found, document, project = self.found, self._document, self._document.project
        if found is None or project is None:
            return
        at = {place: size for place in rows if (size := self.sites.size(place)) is not None}
        wanted = most_kw(self._plan, found, at)
        edit = size_edits.size(
            project.entries, project.active, wanted, document.author(self._look.say("ui.sizing.reason"))
        )
        if not edit.changes:
            self.state.setText(self._look.say("ui.sizing.same"))
            return
        document.do(edit)
        self.taken.emit()
        self.accept()

    # ---------------------------------------------------------------- papers

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.sizing.file"))

    def write(self, path: Path) -> None:
        """Write the answers and all sizes as a workbook."""
        from kawasolar.export.sizing import write_sizing_xlsx

        found, plan, language = self.found, self._plan, self._look.language
        choices, wants = list(self.sites.choices), self.asked.wants
        if found is not None:
            self._keep(path, lambda: write_sizing_xlsx(found, choices, wants, plan, path, language), _TOPIC)
