"""The dialog of the programme: what it must keep to, the search with its proof, years and sites, and what conflicts where nothing fits."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QSpinBox,
    QTableView,
    QTabWidget,
    QWidget,
)

from kawasolar.programme.words import nothing_lines, programme_lines
from ui.parts import button, column, label, row, set_role
from ui.programme.tables import BarDelegate, SitesModel, YearsModel, sorting
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.progress import Progress
    from kawasolar.plan import Plan
    from kawasolar.programme.finding import Found
    from kawasolar.programme.rules_file import RulesFile
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "programme"
_MILLION = 1_000_000.0
_EACH = "each"


def _even(plan: Plan) -> int:
    """So many sites a year that the half is spread over the years; 0 where nobody knows the years."""
    from gis.errors import CodedError
    from kawasolar.programme.of_plan import programme_of_plan

    try:
        years = len(programme_of_plan(plan).sites.years)
    except CodedError:
        return 0
    return math.ceil(int(plan.decision.sites["chosen"].sum()) / years)


class ProgrammeDialog(WorkingDialog):
    """Changes nothing in the plan; share, objective, pins and vetoes are those of the scenario."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, plan: Plan, go_to: Callable[[str], None], parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        from kawasolar.export.programme import names_of
        from kawasolar.programme.rules_file import RulesFile

        self._look, self._jobs, self._remembered, self._plan, self._go_to = look, jobs, remembered, plan, go_to
        self._job: Job | None = None
        self._file = RulesFile()
        self._names = names_of(plan)
        self.found: Found | None = None
        say = look.say
        self.setWindowTitle(say("ui.programme.title"))
        layout = column(self, margin=20, spacing=10)
        layout.addWidget(label(say("ui.programme.title"), "title"))
        layout.addWidget(label(say("ui.programme.intro"), "muted", wrap=True))
        layout.addLayout(self._asked())
        self.head = label("", "head", wrap=True)
        layout.addWidget(self.head)
        self.tabs = QTabWidget()
        self.years = YearsModel(look)
        self.tabs.addTab(self._years_table(), say("ui.programme.years"))
        self.tabs.addTab(self._sites_page(), say("ui.programme.sites"))
        layout.addWidget(self.tabs, 1)
        self.proof = label("", "muted", wrap=True)
        layout.addWidget(self.proof)
        layout.addLayout(self._foot())
        self.resize(1120, 700)
        self.sites_a_year.setValue(_even(plan))
        self.start()

    def _asked(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.sites_a_year = QSpinBox()
        self.sites_a_year.setRange(0, 1000)
        self.budget = QDoubleSpinBox()
        self.budget.setRange(0.0, 100_000.0)
        self.budget.setDecimals(0)
        for widget in (self.sites_a_year, self.budget):
            widget.setSpecialValueText(say("ui.programme.no_limit"))
            widget.setMinimumWidth(96)
        self.shelters = QCheckBox(say("ui.programme.shelters"))
        self.shelters.setToolTip(say("ui.programme.shelters.tip"))
        for code, widget in (("sites_a_year", self.sites_a_year), ("budget", self.budget)):
            words = label(say(f"ui.programme.{code}"))
            words.setBuddy(widget)
            widget.setAccessibleName(say(f"ui.programme.{code}"))
            line.addWidget(words)
            line.addWidget(widget)
        line.addWidget(self.shelters)
        self.rules = button(say("ui.programme.rules"), "link", tip=say("ui.programme.rules.tip"))
        self.rules.clicked.connect(self._ask_rules)
        line.addWidget(self.rules)
        line.addStretch(1)
        self.make = button(say("ui.programme.make"), "primary")
        self.make.clicked.connect(self.start)
        line.addWidget(self.make)
        for made in (self.rules, self.make):
            made.setAutoDefault(False)
        return line

    def _years_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.years)
        table.setAccessibleName(self._look.say("ui.programme.years"))
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        return table

    def _sites_page(self) -> QWidget:
        page, say = QWidget(), self._look.say
        layout = column(page, margin=0, spacing=6)
        self.search = QLineEdit()
        self.search.setPlaceholderText(say("ui.ledger.search"))
        self.search.setAccessibleName(say("ui.ledger.search"))
        layout.addWidget(self.search)
        self.sites = SitesModel(self._look)
        self._shown = sorting(self.sites)
        self._shown.setParent(self)
        self.search.textChanged.connect(self._shown.setFilterFixedString)
        self.table = QTableView()
        self.table.setModel(self._shown)
        self.table.setAccessibleName(say("ui.programme.sites"))
        self.table.setItemDelegate(BarDelegate(self.table))
        self.table.setSortingEnabled(True)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.activated.connect(lambda index: self._go_to(self.sites.ids[self._shown.mapToSource(index).row()]))
        layout.addWidget(self.table, 1)
        return page

    def _foot(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.state = label("", "muted", wrap=True)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.setAccessibleName(say("ui.top.progress"))
        self.save = button(say("ui.ways.save"))
        self.save.clicked.connect(self._ask_target)
        self.close_button = button(say("ui.surface.close"))
        self.close_button.clicked.connect(self._stop_or_close)
        line.addWidget(self.state, 1)
        for widget in (self.progress, self.save, self.close_button):
            line.addWidget(widget)
        for made in (self.save, self.close_button):
            made.setAutoDefault(False)
        return line

    # ---------------------------------------------------------------- searching

    @property
    def told(self) -> RulesFile:
        """The rules: those of the file, and what is chosen here."""
        yearly = {name: dict(values) for name, values in self._file.yearly.items()}
        if self.sites_a_year.value():
            yearly["sites"] = {**yearly.get("sites", {}), _EACH: float(self.sites_a_year.value())}
        if self.budget.value():
            yearly["budget"] = {**yearly.get("budget", {}), _EACH: self.budget.value() * _MILLION}
        first = self.shelters.isChecked() or self._file.shelters_first
        return replace(self._file, yearly=yearly, shelters_first=first)

    def start(self) -> None:
        """Search for the best programme."""
        from kawasolar.programme.finding import find_programme

        plan, told = self._plan, self.told
        job = self._jobs.start(lambda progress: find_programme(plan, told, progress), _TOPIC)
        self._job = job
        job.progressed.connect(lambda share, _what: self.progress.setValue(round(1000 * share)))
        job.done.connect(self._on_done)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(lambda: self._ended("ui.surface.stopped"))
        self.progress.setValue(0)
        self._refresh()

    def _on_done(self, found: object) -> None:
        self._job, self.found = None, cast("Found", found)
        self._show()
        self._refresh()

    def _show(self) -> None:
        found, language = self.found, self._look.language
        kept = None if found is None else found.kept
        self.years.show_programme(kept)
        self.sites.show_programme(kept, self._names)
        set_role(self.head, "head")
        self.proof.setText("")
        if found is None:
            self.head.setText("")
        elif found.programme is not None:
            lines = programme_lines(language, found.kept)
            years = len(found.kept.years)
            # Years and progress stand in the table.
            self.head.setText(lines[0])
            self.proof.setText("\n".join([lines[1], *lines[2 + years :]]))
            header = self.table.horizontalHeader()
            for k in range(self.sites.columnCount() - 1):
                self.table.setColumnWidth(k, (170, 84, 110)[k] if k < 3 else 52)
            header.setSortIndicator(3, Qt.SortOrder.AscendingOrder)
        else:
            set_role(self.head, "attention")
            nothing = found.kept.nothing
            told = [] if nothing is None else nothing_lines(language, nothing, self._names)
            self.head.setText("\n".join([self._look.say("ui.programme.nothing"), *told]))

    def _refresh(self) -> None:
        busy = self._job is not None
        self.progress.setVisible(busy)
        self.make.setEnabled(not busy)
        self.rules.setEnabled(not busy)
        self.save.setEnabled(not busy and self.found is not None and self.found.programme is not None)
        self.close_button.setText(self._look.say("ui.top.cancel" if busy else "ui.surface.close"))
        set_role(self.state, "muted")
        self.state.setText(self._look.say("stage.programme") if busy else "")

    # ---------------------------------------------------------------- files

    def _ask_rules(self) -> None:
        words = self._look.say("ui.programme.rules")
        name, _ = QFileDialog.getOpenFileName(self, words, self._remembered.folder, f"{words} (*.toml);;(*)")
        if name:
            self.take_rules(Path(name))

    def take_rules(self, path: Path) -> None:
        """Read a rules file; what it says holds besides what is chosen here."""
        from gis.errors import CodedError
        from kawasolar.programme.rules_file import read_rules

        try:
            self._file = read_rules(path)
        except CodedError as error:
            self._on_failed(error)
            return
        self.rules.setText(self._look.say("ui.programme.rules_are", file=path.name))
        self.start()

    def _ask_target(self) -> None:
        words = self._look.say("ui.ways.save")
        start = Path(self._remembered.folder or Path.home()) / self._look.say("ui.programme.file", name=self._plan.name)
        name, _ = QFileDialog.getSaveFileName(self, words, str(start), "Excel (*.xlsx)")
        if name:
            self.write(Path(name))

    def write(self, path: Path) -> None:
        """Write years, sites and progress as a workbook."""
        from kawasolar.export.programme import write_programme_xlsx

        found, plan, language = self.found, self._plan, self._look.language
        if found is None or found.programme is None:
            return

        def keep(_progress: Progress) -> Path:
            write_programme_xlsx(found.kept, plan, path, language)
            return path

        job = self._jobs.start(keep, _TOPIC)
        self._job = job
        job.done.connect(self._on_written)
        job.failed.connect(self._on_failed)
        self._refresh()

    def _on_written(self, path: object) -> None:
        self._job = None
        self._refresh()
        self.state.setText(self._look.say("cli.written", file=str(path)))
