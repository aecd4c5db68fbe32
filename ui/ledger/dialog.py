"""The assistant for a ledger: which column is which, what is wrong, and, for a plan that is open, what a newer one changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSpinBox,
    QStackedWidget,
    QWidget,
)

from gis.errors import CodedError
from kawasolar.reasons import finding_brief
from ui.findings_list import FindingsList
from ui.ledger import reading
from ui.ledger.changes import ChangesPage
from ui.ledger.preview import Preview
from ui.parts import Elided, button, column, label, row, set_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.ledger.checking import Checked
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.plan import Plan
    from kawasolar.renewing import Newer
    from ui.jobs import Job, Jobs, Work
    from ui.ledger.reading import Asked, Opened
    from ui.look import Look
    from ui.settings import Remembered

FILTER = "*.csv *.xlsx *.xlsm *.gpkg *.geojson *.json *.shp *.txt"
# Milliseconds after the last choice until the ledger is read by it.
_READ_AFTER = 250
# Findings that are listed here; all of them are in the sheet to send back.
_MOST_SHOWN = 200
# A heading lies near the top.
_LOWEST_HEADING = 100
_TOPICS = ("ledger.open", "ledger.read", "ledger.compare", "ledger.write")


class LedgerDialog(QDialog):
    """Look at a ledger's columns; with ``plan``, go on to what it changes there. What was chosen is in ``mapping``, ``sheet`` and ``newer``."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, asked: Asked, parent: QWidget | None = None, plan: Plan | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._asked, self._plan = look, jobs, remembered, asked, plan
        self._opened: Opened | None = None
        self._checked: Checked | None = None
        self.newer: Newer | None = None
        self._sheet = asked.sheet
        self._job: Job | None = None
        # What was done last, until something else is.
        self._told = ""
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
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_READ_AFTER)
        self._later.timeout.connect(self._read)
        self.resize(1080, 690)
        self._open()

    # ---------------------------------------------------------------- building

    def _columns_page(self) -> QWidget:
        say, page = self._look.say, QWidget()
        layout = column(page, margin=0, spacing=8)
        layout.addLayout(self._file_line())
        layout.addLayout(self._table_line())
        self.preview = Preview(self._look)
        self.preview.changed.connect(self._on_changed)
        layout.addWidget(self.preview, 1)
        below = row(8)
        self.outcome = label("", "head", wrap=True)
        below.addWidget(self.outcome, 1)
        self.save_sheet = button(say("ui.ledger.save_sheet"))
        self.save_sheet.setToolTip(say("ui.ledger.save_sheet_tip"))
        self.save_sheet.clicked.connect(self._ask_sheet)
        below.addWidget(self.save_sheet, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(below)
        self.findings = FindingsList(self._look, say("ui.data.findings_name"), 96)
        self.findings.setMaximumHeight(108)
        layout.addWidget(self.findings)
        return page

    def _file_line(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.name = Elided(self._asked.path.name)
        self.name.setToolTip(str(self._asked.path))
        line.addWidget(label(say("ui.ledger.file"), "muted"))
        line.addWidget(self.name, 1)
        self.other = button(say("ui.new.choose"))
        self.other.setAccessibleName(say("ui.new.choose_role", role=say("ui.role.facilities")))
        self.other.clicked.connect(self._ask_file)
        self.other.setVisible(self._plan is not None)
        line.addWidget(self.other)
        return line

    def _table_line(self) -> QHBoxLayout:
        """Sheet, heading, first row."""
        say, line = self._look.say, row(8)
        self.sheet = QComboBox()
        self.sheet.setMinimumWidth(140)
        self.sheet.activated.connect(lambda _k: self._other_sheet())
        self._sheet_words = label(say("ui.ledger.sheet"))
        self.heading = QSpinBox()
        self.heading.setRange(0, _LOWEST_HEADING)
        self.heading.setSpecialValueText(say("ui.ledger.no_heading"))
        self.heading.setMinimumWidth(110)
        self.heading_lines = QComboBox()
        for count in (1, 2):
            self.heading_lines.addItem(say(f"ui.ledger.heading_rows.{count}"), count)
        self.begin = QSpinBox()
        self.begin.setRange(1, 10_000)
        parts: tuple[tuple[QLabel, QWidget], ...] = (
            (self._sheet_words, self.sheet), (label(say("ui.ledger.heading")), self.heading), (label(""), self.heading_lines),
            (label(say("ui.ledger.begin")), self.begin),
        )  # fmt: skip
        names = ("sheet", "heading", "heading_depth", "begin")
        for (words, widget), name in zip(parts, names, strict=True):
            widget.setAccessibleName(say(f"ui.ledger.{name}"))
            if isinstance(widget, QSpinBox):
                # What screen readers come to is the field inside.
                widget.lineEdit().setAccessibleName(say(f"ui.ledger.{name}"))
            words.setBuddy(widget)
            if words.text():
                line.addWidget(words)
            line.addWidget(widget)
        line.addStretch(1)
        self.heading.valueChanged.connect(lambda _v: self._other_heading())
        self.heading_lines.activated.connect(lambda _k: self._other_heading())
        self.begin.valueChanged.connect(lambda _v: self._other_begin())
        return line

    def _foot(self) -> QHBoxLayout:
        say, foot = self._look.say, row(8)
        self.state = label("", "muted", wrap=True)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(120)
        self.progress.setAccessibleName(say("ui.top.progress"))
        self.cancel = button(say("ui.new.cancel"))
        self.cancel.clicked.connect(self.reject)
        self.back = button(say("ui.ledger.back"))
        self.back.clicked.connect(self._to_columns)
        self.next = button(say("ui.ledger.next"), "primary")
        self.next.clicked.connect(self._compare)
        self.apply = button(say("ui.ledger.use" if self._plan is None else "ui.ledger.apply"), "primary")
        self.apply.clicked.connect(self.accept)
        foot.addWidget(self.state, 1)
        for widget in (self.progress, self.cancel, self.back, self.next, self.apply):
            foot.addWidget(widget)
        for made in (self.cancel, self.back, self.next, self.apply, self.save_sheet, self.other):
            made.setAutoDefault(False)
        return foot

    # ---------------------------------------------------------------- what was chosen

    @property
    def chosen(self) -> Mapping | None:
        """The columns as they are chosen now."""
        return self.preview.mapping()

    @property
    def is_plain(self) -> bool:
        """Whether the file's headings say the same, and nothing need be kept."""
        from kawasolar.ledger.mapping import is_plain

        opened, mapping = self._opened, self.chosen
        return (
            opened is not None
            and mapping is not None
            and not self._sheet
            and is_plain(mapping, opened.loaded.table.rows)
        )

    @property
    def mapping(self) -> Mapping | None:
        """What a plan shall keep; None where the headings say it."""
        chosen = self.chosen
        if chosen is None or self.is_plain:
            return None
        return replace(chosen, sheet=self._sheet)

    @property
    def path(self) -> Path:
        """The file."""
        return self._asked.path

    def keep_form(self) -> None:
        """Remember what was chosen for the next file of this form."""
        chosen, forms = self.chosen, self._asked.forms
        if chosen is not None and forms is not None:
            reading.keep_form(forms, chosen, plain=self.is_plain)

    @property
    def taken(self) -> set[str]:
        """Corrected cells of which the ledger shall count."""
        return set(self.changes.model.taken)

    # ---------------------------------------------------------------- opening

    def _start(self, topic: str, work: Work, done: Callable[[object], None]) -> None:
        """Off the window's thread; an older job of the topic is of no use any more."""
        self._told = ""
        job = self._jobs.start(work, topic)
        self._job = job
        job.done.connect(done)
        job.failed.connect(self._on_failed)
        job.ended.connect(lambda: self._ended(job))
        self._refresh()

    def _ended(self, job: Job) -> None:
        if self._job is job:
            self._job = None
            self._refresh()

    def _open(self) -> None:
        asked = replace(self._asked, sheet=self._sheet)
        self._opened = self._checked = None
        self.outcome.setText("")
        self.findings.show_findings([])
        self._start("ledger.open", lambda progress: reading.open_ledger(asked, progress), self._on_opened)

    def _on_opened(self, found: object) -> None:
        opened = cast("Opened", found)
        is_first = self._opened is None
        self._opened = opened
        if self._sheet not in opened.sheets:
            self._sheet = ""
        for widget in (self.sheet, self.heading, self.heading_lines, self.begin):
            widget.blockSignals(True)
        self.sheet.clear()
        self.sheet.addItems(list(opened.sheets))
        self.sheet.setCurrentText(opened.loaded.table.name)
        self.sheet.setVisible(len(opened.sheets) > 1)
        self._sheet_words.setVisible(len(opened.sheets) > 1)
        proposed = opened.proposed
        self.heading.setValue(proposed.first + 1)
        self.heading_lines.setCurrentIndex(max(proposed.last - proposed.first, 0))
        self.heading_lines.setEnabled(proposed.first >= 0)
        self.begin.setValue(proposed.begin + 1)
        for widget in (self.sheet, self.heading, self.heading_lines, self.begin):
            widget.blockSignals(False)
        self.preview.show_table(opened.loaded.table.rows, proposed)
        # Who is turning one of these goes on turning it; at first the keyboard is at one of them because it must be somewhere.
        if is_first or not any(
            widget.hasFocus() for widget in (self.sheet, self.heading, self.heading_lines, self.begin)
        ):
            self.preview.focus_first()
        self._read()

    def _other_sheet(self) -> None:
        self._sheet = self.sheet.currentText()
        self._open()

    def _other_heading(self) -> None:
        opened, first = self._opened, self.heading.value() - 1
        if opened is None:
            return
        rows = len(opened.loaded.table.rows)
        last = min(first + int(self.heading_lines.currentData()) - 1, rows - 1) if first >= 0 else -1
        if first >= rows:
            return
        self._start(
            "ledger.open", lambda progress: reading.propose_again(opened, (first, last), None, progress), self._on_opened
        )  # fmt: skip

    def _other_begin(self) -> None:
        opened, begin = self._opened, self.begin.value() - 1
        if opened is None or not opened.proposed.last < begin < len(opened.loaded.table.rows):
            return
        heading, kept = (opened.proposed.first, opened.proposed.last), self.chosen
        self._start(
            "ledger.open", lambda progress: reading.propose_again(opened, heading, begin, progress, kept), self._on_opened
        )  # fmt: skip

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

    # ---------------------------------------------------------------- reading

    def _on_changed(self) -> None:
        self._checked = None
        self._later.start()
        self._refresh()

    def _read(self) -> None:
        opened, mapping = self._opened, self.chosen
        if opened is None or mapping is None:
            return
        self._start("ledger.read", lambda progress: reading.check(opened, mapping, progress), self._on_read)

    def _on_read(self, found: object) -> None:
        checked = cast("Checked", found)
        self._checked = checked
        look, ledger = self._look, checked.ledger
        errors = sum(finding.severity == "error" for finding in checked.findings)
        words = look.say("ui.ledger.result", good=f"{len(ledger.facilities):,}", findings=f"{len(checked.findings):,}")
        if errors:
            words += look.say("ui.ledger.result_errors", errors=f"{errors:,}")
        self.outcome.setText(words)
        set_role(self.outcome, "head")
        self.findings.show_findings(checked.findings, _MOST_SHOWN)
        shown = self.preview.model.last_row
        shift = 0 if self._opened is not None and self._opened.loaded.geometry is not None else -1
        self.preview.model.show_wrong(
            {
                (one.number + shift, column): "\n".join(finding_brief(look.language, finding) for finding in found)
                for one in checked.rows
                if one.number + shift <= shown
                for column, found in one.findings.items()
                if column >= 0
            }
        )
        self._refresh()

    def _on_failed(self, error: object) -> None:
        from ui.crash import report

        self._checked = None
        self.findings.show_findings([])
        self.preview.model.show_wrong({})
        set_role(self.outcome, "attention")
        if isinstance(error, CodedError):
            self.outcome.setText(self._look.say_error(error))
        elif isinstance(error, Exception):
            report(error, self, self._look)
        self._refresh()

    # ---------------------------------------------------------------- the sheet to send back

    def _ask_sheet(self) -> None:
        say = self._look.say
        start = self.path.with_name(f"{self.path.stem}{say('ui.ledger.sheet_suffix')}.xlsx")
        name, _ = QFileDialog.getSaveFileName(self, say("ui.ledger.save_sheet"), str(start), "Excel (*.xlsx)")
        if name:
            self.write_sheet(Path(name))

    def write_sheet(self, path: Path) -> None:
        """Write the findings for whoever keeps the ledger."""
        checked, language = self._checked, self._look.language
        if checked is None:
            return
        self._start(
            "ledger.write", lambda progress: reading.write_sheet(checked, path, language, progress), self._on_written
        )

    def _on_written(self, path: object) -> None:
        self._told = self._look.say("cli.written", file=str(path))
        self._refresh()

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
        busy, ready = self._job is not None, self._checked is not None
        first, updating = self.pages.currentIndex() == 0, self._plan is not None
        self.progress.setVisible(busy)
        self.back.setVisible(updating and not first)
        self.next.setVisible(updating and first)
        self.apply.setVisible(not updating or not first)
        self.intro.setVisible(first)
        self.next.setEnabled(ready and not busy)
        self.apply.setEnabled(ready and not busy)
        self.save_sheet.setEnabled(ready and not busy and bool(self._checked and self._checked.findings))
        self.state.setText(self._words(busy))

    def _words(self, busy: bool) -> str:
        say, opened = self._look.say, self._opened
        if busy:
            return say("ui.ledger.reading")
        if self._told:
            return self._told
        if opened is None or self.pages.currentIndex() == 1:
            return ""
        if opened.proposed.other is not None and self._checked is not None:
            return say("ui.ledger.other")
        doubtful = sum(one.is_doubtful for one in opened.proposed.columns)
        if opened.known:
            return say(f"ui.ledger.by_{opened.known}")
        return say("ui.ledger.doubtful", count=doubtful) if doubtful else say("ui.ledger.sure")

    def done(self, result: int) -> None:
        """Closed either way: what still runs is of no use any more."""
        self._later.stop()
        for job in self._jobs.running():
            if job.topic in _TOPICS:
                job.drop()
        super().done(result)
        QTimer.singleShot(0, self.deleteLater)
