"""The assistant for a ledger of facilities: which column is which, what is wrong, and, for a plan that is open, what a newer one changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QWidget

from ui.ledger import reading
from ui.ledger.assistant import Assistant
from ui.ledger.changes import ChangesPage
from ui.parts import Elided, button, column, label, row

if TYPE_CHECKING:
    from kawasolar.ledger.checking import Checked
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.opening import Opened
    from kawasolar.plan import Plan
    from kawasolar.renewing import Newer
    from ui.jobs import Jobs, Work
    from ui.ledger.reading import Asked
    from ui.look import Look
    from ui.settings import Remembered

FILTER = "*.csv *.xlsx *.xlsm *.gpkg *.geojson *.json *.shp *.txt"


class LedgerDialog(Assistant):
    """Look at a ledger's columns; with ``plan``, go on to what it changes there. What was chosen is in ``mapping``, ``sheet`` and ``newer``."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, asked: Asked, parent: QWidget | None = None, plan: Plan | None = None
    ) -> None:  # fmt: skip
        super().__init__(look, jobs, remembered, asked.forms, asked.sheet, parent)
        self._asked, self._plan = asked, plan
        self.newer: Newer | None = None
        say = look.say
        self.setWindowTitle(say("ui.ledger.title" if plan is None else "ui.ledger.title_update"))
        layout = column(self, margin=20, spacing=10)
        layout.addWidget(label(self.windowTitle(), "title"))
        self.intro = label(say("ui.ledger.intro" if plan is None else "ui.ledger.intro_update"), "muted", wrap=True)
        layout.addWidget(self.intro)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._columns_page())
        self.changes = ChangesPage(look)
        self.pages.addWidget(self.changes)
        layout.addWidget(self.pages, 1)
        layout.addLayout(self._foot())
        self.resize(1080, 690)
        self._open()

    # ---------------------------------------------------------------- building

    def _columns_page(self) -> QWidget:
        page = QWidget()
        layout = column(page, margin=0, spacing=8)
        layout.addLayout(self._file_line())
        layout.addLayout(self._table_line())
        layout.addWidget(self._make_preview(), 1)
        layout.addLayout(self._outcome_line())
        layout.addWidget(self._make_findings())
        return page

    def _file_line(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.name = Elided(self.path.name)
        self.name.setToolTip(str(self.path))
        line.addWidget(label(say("ui.ledger.file"), "muted"))
        line.addWidget(self.name, 1)
        self.other = button(say("ui.new.choose"))
        self.other.setAccessibleName(say("ui.new.choose_role", role=say("ui.role.facilities")))
        self.other.clicked.connect(self._ask_file)
        self.other.setVisible(self._plan is not None)
        line.addWidget(self.other)
        return line

    def _foot(self) -> QHBoxLayout:
        say, foot = self._look.say, row(8)
        self.state = label("", "muted", wrap=True)
        self.cancel = button(say("ui.new.cancel"))
        self.cancel.clicked.connect(self.reject)
        self.back = button(say("ui.ledger.back"))
        self.back.clicked.connect(self._to_columns)
        self.next = button(say("ui.ledger.next"), "primary")
        self.next.clicked.connect(self._compare)
        self.apply = button(say("ui.ledger.use" if self._plan is None else "ui.ledger.apply"), "primary")
        self.apply.clicked.connect(self.accept)
        foot.addWidget(self.state, 1)
        for widget in (self._make_progress(), self.cancel, self.back, self.next, self.apply):
            foot.addWidget(widget)
        for made in (self.cancel, self.back, self.next, self.apply, self.other):
            made.setAutoDefault(False)
        return foot

    # ---------------------------------------------------------------- the file and how it is read

    @property
    def path(self) -> Path:
        """The file."""
        return self._asked.path

    @property
    def taken(self) -> set[str]:
        """Corrected cells of which the ledger shall count."""
        return set(self.changes.model.taken)

    def _opening(self) -> Work:
        asked = replace(self._asked, sheet=self._sheet)
        return lambda progress: reading.open_ledger(asked, progress)

    def _proposing(self, opened: Opened, heading: tuple[int, int], begin: int | None, kept: Mapping | None) -> Work:
        return lambda progress: reading.propose_again(opened, heading, begin, progress, kept)

    def _checking(self, opened: Opened, mapping: Mapping) -> Work:
        asked = self._asked
        return lambda progress: reading.check(asked, opened, mapping, progress)

    def _outcome(self, checked: Checked) -> str:
        say = self._look.say
        errors = sum(finding.severity == "error" for finding in checked.findings)
        words = say("ui.ledger.result", good=f"{checked.good:,}", findings=f"{len(checked.findings):,}")
        return words + say("ui.ledger.result_errors", errors=f"{errors:,}") if errors else words

    def _ask_file(self) -> None:
        say = self._look.say
        words = say("ui.role.facilities")
        name, _ = QFileDialog.getOpenFileName(self, words, str(self.path.parent), f"{words} ({FILTER});;(*)")
        if name:
            self.take(Path(name))

    def take(self, path: Path) -> None:
        """Another file."""
        self._remembered.folder = str(path.parent)
        self._asked = replace(self._asked, path=path)
        self._sheet = ""
        self.name.setText(path.name)
        self.name.setToolTip(str(path))
        self._open()

    # ---------------------------------------------------------------- what changes

    def _compare(self) -> None:
        opened, plan = self._opened, self._plan
        if opened is None or plan is None or self._checked is None:
            return
        mapping, sheet = self.mapping, self._sheet
        self._start(
            "ledger.compare", lambda progress: reading.compare(plan, opened, mapping, sheet, progress), self._on_compared
        )  # fmt: skip

    def _on_compared(self, found: object) -> None:
        self.newer = cast("Newer", found)
        self.changes.show_newer(self.newer)
        self.pages.setCurrentIndex(1)
        self._refresh()
        self.apply.setFocus()

    def _to_columns(self) -> None:
        self.newer = None
        self.pages.setCurrentIndex(0)
        self._refresh()

    # ---------------------------------------------------------------- state

    def _refresh(self) -> None:
        super()._refresh()
        first, updating = self.pages.currentIndex() == 0, self._plan is not None
        self.back.setVisible(updating and not first)
        self.next.setVisible(updating and first)
        self.apply.setVisible(not updating or not first)
        self.intro.setVisible(first)
        self.next.setEnabled(self._is_ready)
        self.apply.setEnabled(self._is_ready)

    def _words(self) -> str:
        opened = self._opened
        if self._job is None and not self._told and opened is not None:
            if self.pages.currentIndex() == 1:
                return ""
            if opened.proposed.other is not None and self._checked is not None:
                return self._look.say("ui.ledger.other")
        return super()._words()
