"""The dialog of the programme: what it must keep to, the search with its proof, years and sites, and what conflicts where nothing fits."""

from __future__ import annotations

import copy
import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QSpinBox,
    QTableView,
    QTabWidget,
    QWidget,
)

from kawasolar.errors import PlanError
from kawasolar.programme.given_way import can_take
from kawasolar.programme.words import nothing_lines, programme_lines
from ui.charts.frontier import FrontierChart, Spot
from ui.parts import button, column, label, row, set_role
from ui.programme.rules import entered_rules, even, put, same_rules
from ui.programme.tables import BarDelegate, SitesModel, YearsModel, sorting
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.plan import Plan
    from kawasolar.programme.finding import Found
    from kawasolar.programme.frontier import Point
    from kawasolar.programme.rules_file import RulesFile
    from ui.document import Document
    from ui.jobs import Job, Jobs
    from ui.look import Look
    from ui.settings import Remembered

_TOPIC = "programme"
_MILLION = 1_000_000.0
_EACH, _TOTAL = "each", "total"


class ProgrammeDialog(WorkingDialog):
    """Looks for programmes; nothing of the plan changes before one is taken over. Share, objective, pins and vetoes are those of the scenario."""

    # A programme was taken over, or the plan's own is to go.
    taken = Signal()

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, document: Document, go_to: Callable[[str], None], parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        from kawasolar.export.programme import names_of

        plan = document.plan
        if plan is None:
            raise AssertionError("there is no plan")
        self._look, self._jobs, self._remembered, self._document, self._go_to = look, jobs, remembered, document, go_to
        self._job: Job | None = None
        # What is to be said when the search has ended.
        self._said = ""
        self._rules = entered_rules(plan)
        self._names = names_of(plan)
        self.found: Found | None = None
        self.points: tuple[Point, ...] = ()
        say = look.say
        self.setWindowTitle(say("ui.programme.title"))
        layout = column(self, margin=20, spacing=8)
        layout.addWidget(label(say("ui.programme.title"), "title"))
        layout.addWidget(label(say("ui.programme.intro"), "muted", wrap=True))
        layout.addLayout(self._asked())
        layout.addLayout(self._listed())
        line = row(8)
        self.head = label("", "head", wrap=True)
        self.ease = button(say("ui.programme.ease"), tip=say("ui.programme.ease.tip"))
        self.ease.setAutoDefault(False)
        self.ease.clicked.connect(self._take_easing)
        line.addWidget(self.head, 1)
        line.addWidget(self.ease, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(line)
        self.tabs = QTabWidget()
        self.years = YearsModel(look)
        self.tabs.addTab(self._years_table(), say("ui.programme.years"))
        self.tabs.addTab(self._sites_page(), say("ui.programme.sites"))
        self.frontier = FrontierChart(look, say("ui.programme.frontier"))
        self.frontier.picked.connect(self._take_money)
        self.tabs.addTab(self.frontier, say("ui.programme.frontier"))
        self.tabs.setTabToolTip(2, say("ui.programme.frontier.tip"))
        self.tabs.currentChanged.connect(self._maybe_draw)
        layout.addWidget(self.tabs, 1)
        self.proof = label("", "muted", wrap=True)
        layout.addWidget(self.proof)
        layout.addLayout(self._foot())
        self.resize(1120, 700)
        if not self._rules:
            # As the plan has the half: so many, and no more.
            self._rules = {"share": {"exactly": True}}
            self.sites_a_year.setValue(even(plan))
        self._show_rules()
        self.start()

    @property
    def _plan(self) -> Plan:
        plan = self._document.plan
        if plan is None:
            raise AssertionError("there is no plan")
        return plan

    def _asked(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.sites_a_year = QSpinBox()
        self.sites_a_year.setRange(0, 1000)
        self.budget, self.total = QDoubleSpinBox(), QDoubleSpinBox()
        for money in (self.budget, self.total):
            money.setRange(0.0, 1_000_000.0)
            money.setDecimals(0)
        for widget in (self.sites_a_year, self.budget, self.total):
            widget.setSpecialValueText(say("ui.programme.no_limit"))
            widget.setMinimumWidth(84)
        self.shelters = QCheckBox(say("ui.programme.shelters"))
        self.shelters.setToolTip(say("ui.programme.shelters.tip"))
        for code, widget in (("sites_a_year", self.sites_a_year), ("budget", self.budget), ("total", self.total)):
            words = label(say(f"ui.programme.{code}"))
            words.setBuddy(widget)
            widget.setAccessibleName(say(f"ui.programme.{code}"))
            line.addWidget(words)
            line.addWidget(widget)
        line.addWidget(self.shelters)
        line.addStretch(1)
        self.make = button(say("ui.programme.make"), "primary")
        self.make.clicked.connect(self.start)
        self.make.setAutoDefault(False)
        line.addWidget(self.make)
        return line

    def _listed(self) -> QHBoxLayout:
        """Of which list the half is the half, and the rules file."""
        say, line = self._look.say, row(8)
        self.list = QComboBox()
        self.list.setAccessibleName(say("ui.programme.list"))
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        words = label(say("ui.programme.list"))
        words.setBuddy(self.list)
        self.freeze = button(say("ui.programme.freeze"), "link", tip=say("ui.programme.freeze.tip"))
        self.freeze.clicked.connect(self.freeze_today)
        self.rules = button(say("ui.programme.rules"), "link", tip=say("ui.programme.rules.tip"))
        self.rules.clicked.connect(self._ask_rules)
        for widget in (words, self.list, self.freeze, self.rules):
            line.addWidget(widget)
        line.addStretch(1)
        for made in (self.rules, self.freeze):
            made.setAutoDefault(False)
        return line

    def _show_rules(self) -> None:
        """The rules in the fields that there are for some of them."""
        rules = self._rules
        each = rules.get("capacity", {}).get("sites", {}).get(_EACH)
        if each is not None:
            self.sites_a_year.setValue(int(each))
        for field, key in ((self.budget, _EACH), (self.total, _TOTAL)):
            field.setValue(float(rules.get("budget", {}).get(key, 0.0)) / _MILLION)
        self.shelters.setChecked(bool(rules.get("shelters", {}).get("first", False)))
        self._show_lists(str(rules.get("share", {}).get("list", "")))

    def _show_lists(self, chosen: str) -> None:
        from kawasolar.programme.entered import countable, days_counted, list_of

        say, plan = self._look.say, self._plan
        self.list.clear()
        self.list.addItem(say("ui.programme.list.now", count=len(countable(plan))), "")
        for day in days_counted(plan.entries):
            self.list.addItem(say("ui.programme.list.day", day=day, count=len(list_of(plan.entries, day))), day)
        self.list.setCurrentIndex(max(self.list.findData(chosen), 0))

    def freeze_today(self) -> None:
        """Keep the list of today; the half is its half from now on."""
        from kawasolar.document.programme_edits import freeze_count
        from kawasolar.programme.entered import countable

        plan, day = self._plan, datetime.now().astimezone().date().isoformat()
        try:
            self._document.do(freeze_count(plan.entries, day, countable(plan), self._document.author()))
        except PlanError as error:
            self._on_failed(error)
            return
        self._show_lists(day)

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
        say = self._look.say
        self.drop = button(say("ui.programme.drop"), "link", tip=say("ui.programme.drop.tip"))
        self.drop.clicked.connect(self.drop_programme)
        self.take = button(say("ui.programme.take"), tip=say("ui.programme.take.tip"))
        self.take.clicked.connect(self.take_over)
        return self._foot_of(self.drop, self.take)

    # ---------------------------------------------------------------- searching

    @property
    def document_of_rules(self) -> dict[str, Any]:
        """The rules as a rules file has them: those that were read, and what is chosen here."""
        made: dict[str, Any] = copy.deepcopy(self._rules)
        fields = (
            (("capacity", "sites", _EACH), self.sites_a_year.value() or None),
            (("budget", _EACH), self.budget.value() * _MILLION or None),
            (("budget", _TOTAL), self.total.value() * _MILLION or None),
            (("shelters", "first"), self.shelters.isChecked() or None),
            (("share", "list"), self.list.currentData() or None),
        )
        for path, value in fields:
            put(made, path, value)
        return made

    @property
    def told(self) -> RulesFile:
        """The same, taken."""
        from kawasolar.programme.rules_file import rules_of

        # Without any rule exactly the share, as the plan has it.
        return rules_of(self.document_of_rules)

    def start(self) -> None:
        """Search for the best programme."""
        from kawasolar.programme.finding import find_programme

        plan, told = self._plan, self.told
        job = self._jobs.start(lambda progress: find_programme(plan, told, progress), _TOPIC)
        self._begin(job)
        job.done.connect(self._on_done)

    def _begin(self, job: Job) -> None:
        self._job = job
        job.progressed.connect(lambda share, _what: self.progress.setValue(round(1000 * share)))
        job.failed.connect(self._on_failed)
        job.cancelled.connect(lambda: self._ended("ui.surface.stopped"))
        self.progress.setValue(0)
        self._refresh()

    def _on_done(self, found: object) -> None:
        self._job, self.found, self.points = None, cast("Found", found), ()
        self._show()
        self._refresh()
        self._maybe_draw()
        if self._said:
            self.state.setText(self._look.say(self._said))
            self._said = ""

    def _show(self) -> None:
        found, language = self.found, self._look.language
        kept = None if found is None else found.kept
        self.years.show_programme(kept)
        self.sites.show_programme(kept, self._names)
        set_role(self.head, "head")
        self.proof.setText("")
        nothing = None if found is None else found.kept.nothing
        self.ease.setVisible(nothing is not None and nothing.relaxation is not None and can_take(nothing.relaxation))
        self.frontier.show_spots((), "", "")
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
            told = [] if nothing is None else nothing_lines(language, nothing, self._names)
            self.head.setText("\n".join([self._look.say("ui.programme.nothing"), *told]))

    def _refresh(self) -> None:
        busy = self._job is not None
        self.progress.setVisible(busy)
        self.make.setEnabled(not busy)
        self.rules.setEnabled(not busy)
        found = None if self.found is None else self.found.programme
        self.take.setEnabled(not busy and found is not None and not self._is_kept())
        self.drop.setVisible(self._plan.programme is not None)
        self.drop.setEnabled(not busy)
        self.freeze.setEnabled(not busy)
        self.save.setEnabled(not busy and self.found is not None and self.found.programme is not None)
        self.close_button.setText(self._look.say("ui.top.cancel" if busy else "ui.surface.close"))
        set_role(self.state, "muted")
        self.state.setText(self._look.say("stage.programme") if busy else "")

    # ---------------------------------------------------------------- taking over

    def _is_kept(self) -> bool:
        """Whether the plan has just these rules."""
        kept = entered_rules(self._plan)
        return bool(kept) and same_rules(kept, self.document_of_rules)

    def take_over(self) -> None:
        """The rules become the plan's; it computes the same programme as its own."""
        from kawasolar.document.programme_edits import take_rules

        document = self._document
        try:
            document.do(take_rules(self._plan.entries, document.scenario, self.document_of_rules, document.author()))
        except PlanError as error:
            self._on_failed(error)
            return
        self._rules = entered_rules(self._plan)
        self._refresh()
        self.state.setText(self._look.say("ui.programme.taken"))
        self.taken.emit()

    def drop_programme(self) -> None:
        """The plan has no programme any more."""
        from kawasolar.document.programme_edits import set_rules

        document = self._document
        document.do(set_rules(self._plan.entries, document.scenario, {}, document.author()))
        self._refresh()
        self.taken.emit()

    def _take_easing(self) -> None:
        """The rules with what would have to give way; pins, vetoes and years that people entered are taken back as one edit."""
        from kawasolar.document.programme_edits import give_way
        from kawasolar.programme.given_way import with_given_way

        found, document = self.found, self._document
        nothing = None if found is None else found.kept.nothing
        if found is None or nothing is None or nothing.relaxation is None:
            return
        rules = [way.rule for way in nothing.relaxation.ways]
        edit = give_way(self._plan.entries, document.scenario, rules)
        if edit.changes:
            document.do(edit)
            self._said = "ui.programme.eased"
        self._rules = with_given_way(self.document_of_rules, nothing.relaxation, found.asked)
        self.sites_a_year.setValue(0)
        self._show_rules()
        self.start()

    def _take_money(self, allowed_yen: float) -> None:
        """A point of the frontier: so much over all years."""
        self.total.setValue(math.ceil(allowed_yen / _MILLION))
        self.start()

    def _maybe_draw(self) -> None:
        """The frontier is reckoned once somebody looks at it."""
        found = self.found
        if self._job is not None or self.points or found is None or found.programme is None:
            return
        if self.tabs.currentWidget() is not self.frontier:
            return
        from kawasolar.programme.defaults import points
        from kawasolar.programme.frontier import frontier

        asked, ends = found.asked, found.ends
        job = self._jobs.start(lambda progress: frontier(asked.sites, asked.rules, points(), ends, progress), _TOPIC)
        self._begin(job)
        job.done.connect(self._on_points)

    def _on_points(self, found: object) -> None:
        from kawasolar.programme.words import frontier_lines, unit_text

        self._job, self.points = None, cast("tuple[Point, ...]", found)
        self._refresh()
        kept = None if self.found is None else self.found.kept
        if kept is None:
            return
        lines = frontier_lines(self._look.language, self.points)
        spots = [
            Spot(point.cost_yen / _MILLION, point.worth, point.allowed_yen, words)
            for point, words in zip(self.points, lines, strict=True)
        ]
        up = self._look.say("ui.programme.frontier.worth", unit=unit_text(self._look.language, kept.objective))
        self.frontier.show_spots(spots, self._look.say("ui.programme.frontier.cost"), up)

    # ---------------------------------------------------------------- files

    def _ask_rules(self) -> None:
        words = self._look.say("ui.programme.rules")
        name, _ = QFileDialog.getOpenFileName(self, words, self._remembered.folder, f"{words} (*.toml);;(*)")
        if name:
            self.take_rules(Path(name))

    def take_rules(self, path: Path) -> None:
        """Read a rules file; what is chosen here holds besides."""
        from gis.errors import CodedError
        from kawasolar.programme.rules_file import read_document

        try:
            self._rules = read_document(path)
        except CodedError as error:
            self._on_failed(error)
            return
        self.rules.setText(self._look.say("ui.programme.rules_are", file=path.name))
        self._show_rules()
        self.start()

    def _ask_target(self) -> None:
        self._ask_workbook(self._look.say("ui.programme.file", name=self._plan.name))

    def write(self, path: Path) -> None:
        """Write years, sites and progress as a workbook."""
        from kawasolar.export.programme import write_programme_xlsx

        found, plan, language = self.found, self._plan, self._look.language
        if found is None or found.programme is None:
            return

        self._keep(path, lambda: write_programme_xlsx(found.kept, plan, path, language), _TOPIC)
