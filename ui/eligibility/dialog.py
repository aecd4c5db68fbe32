"""The dialog of eligibility: criteria with their counts, facilities that fail with the cheapest change, what has to be found out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QTableView, QTabWidget, QWidget

from ui.eligibility.tables import BAR, FrameModel, StackedDelegate, sorting
from ui.parts import button, column, label, row
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from PySide6.QtCore import QModelIndex, QSortFilterProxyModel

    from kawasolar.plan import Plan
    from kawasolar.remedies.of_plan import Laid
    from kawasolar.words import Language
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "eligibility"
_PAGES: dict[str, tuple[tuple[str, int], ...]] = {
    "counts": (("criterion", 150), (BAR, 220), ("passes", 80), ("fails", 80), ("unknown", 90), ("alone_fails", 120), ("alone_unknown", 130), ("alone_kw", 130)),
    "remedies": (("name", 180), ("ward", 80), ("criteria", 150), ("remedy", 330), ("yen", 110), ("capacity_kw", 110), ("yen_per_kw", 110), ("yen_per_t", 150), ("planned_year", 120)),
    "unknowns": (("name", 180), ("ward", 80), ("criterion", 120), ("find", 420), ("capacity_kw", 110), ("alone", 100)),
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """Eligibility laid open, and its tables in words."""

    laid: Laid
    frames: dict[str, pd.DataFrame]


def lay(plan: Plan, language: Language) -> Found:
    """Lay a plan's eligibility open."""
    from kawasolar.export.eligibility import remedies_in_words, unknowns_in_words
    from kawasolar.reasons import criterion_name
    from kawasolar.remedies.of_plan import lay_open

    laid = lay_open(plan)
    counts = laid.counts.assign(criterion=[criterion_name(language, key) for key in laid.counts["criterion"]])
    frames = {
        "counts": counts,
        "remedies": remedies_in_words(laid, language),
        "unknowns": unknowns_in_words(laid, language),
    }
    return Found(laid, frames)


class EligibilityDialog(WorkingDialog):
    """Changes nothing in the plan."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, plan: Plan, go_to: Callable[[str], None], parent: QWidget | None = None, *,
        at: str = "",
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._plan, self._go_to = look, jobs, remembered, plan, go_to
        self._at = at
        self._job: Job | None = None
        self.found: Found | None = None
        self.models: dict[str, FrameModel] = {}
        self.tables: dict[str, QTableView] = {}
        self._shown: dict[str, QSortFilterProxyModel] = {}
        say = look.say
        self.setWindowTitle(say("ui.eligibility.title"))
        layout = column(self, margin=20, spacing=10)
        layout.addWidget(label(say("ui.eligibility.title"), "title"))
        layout.addWidget(label(say("ui.eligibility.intro"), "muted", wrap=True))
        self.search = QLineEdit()
        self.search.setPlaceholderText(say("ui.ledger.search"))
        self.search.setAccessibleName(say("ui.ledger.search"))
        layout.addWidget(self.search)
        self.tabs = QTabWidget()
        for name in _PAGES:
            self.tabs.addTab(self._table(name), say(f"ui.eligibility.{name}"))
        layout.addWidget(self.tabs, 1)
        layout.addWidget(label(say("eligibility.note.profile") + say("eligibility.note.costs"), "muted", wrap=True))
        layout.addLayout(self._foot())
        self.resize(1180, 700)
        self.start()

    def _table(self, name: str) -> QTableView:
        model, table = FrameModel(self._look, tuple(key for key, _ in _PAGES[name])), QTableView()
        shown = sorting(model)
        shown.setParent(self)
        self.search.textChanged.connect(shown.setFilterFixedString)
        table.setModel(shown)
        table.setAccessibleName(self._look.say(f"ui.eligibility.{name}"))
        table.setSortingEnabled(True)
        table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        table.horizontalHeader().setStretchLastSection(True)
        for place, (key, width) in enumerate(_PAGES[name]):
            table.setColumnWidth(place, width)
            if key == BAR:
                table.setItemDelegateForColumn(place, StackedDelegate(table))
        if name != "counts":
            table.activated.connect(lambda index: self._go(name, index))
        self.models[name], self.tables[name], self._shown[name] = model, table, shown
        return table

    def _go(self, name: str, index: QModelIndex) -> None:
        """To the facility of a row."""
        place = self._shown[name].mapToSource(index).row()
        self._go_to(str(self.models[name].frame["facility_id"].iloc[place]))

    def _foot(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.state = label("", "muted", wrap=True)
        self.save = button(say("ui.ways.save"))
        self.save.clicked.connect(self._ask_target)
        self.close_button = button(say("ui.surface.close"))
        self.close_button.clicked.connect(self._stop_or_close)
        line.addWidget(self.state, 1)
        for made in (self.save, self.close_button):
            made.setAutoDefault(False)
            line.addWidget(made)
        return line

    def start(self) -> None:
        """Lay it open, off the window's thread."""
        plan, language = self._plan, self._look.language
        job = self._jobs.start(lambda _progress: lay(plan, language), _TOPIC)
        self._job = job
        job.done.connect(self._on_done)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(lambda: self._ended("ui.surface.stopped"))
        self._refresh()

    def _on_done(self, found: object) -> None:
        self._job, self.found = None, cast("Found", found)
        for name, frame in self.found.frames.items():
            self.models[name].show_frame(frame)
        self._show_at()
        self._refresh()

    def _show_at(self) -> None:
        """The row of the facility that is asked for."""
        if self.found is None or not self._at:
            return
        ids = self.found.laid.remedies["facility_id"].astype(str).tolist()
        if self._at in ids:
            self.tabs.setCurrentIndex(list(_PAGES).index("remedies"))
            table, model = self.tables["remedies"], self.models["remedies"]
            shown = self._shown["remedies"].mapFromSource(model.index(ids.index(self._at), 0))
            table.selectRow(shown.row())
            table.scrollTo(shown)
            table.setFocus()

    def _refresh(self) -> None:
        busy = self._job is not None
        self.save.setEnabled(not busy and self.found is not None)
        self.close_button.setText(self._look.say("ui.top.cancel" if busy else "ui.surface.close"))
        self.state.setText(self._look.say("ui.eligibility.busy") if busy else "")

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.eligibility.file", name=self._plan.name))

    def write(self, path: Path) -> None:
        """Write the workbook."""
        from kawasolar.export.eligibility import write_eligibility_xlsx

        found, plan, language = self.found, self._plan, self._look.language
        if found is None:
            return

        self._keep(
            path, lambda: write_eligibility_xlsx(found.laid, plan, range(len(plan.facilities)), path, language), _TOPIC
        )
