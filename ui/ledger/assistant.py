"""What the assistants for ledgers share: a choice above each column of the first rows, what is wrong below, a sheet to send back."""

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
    QWidget,
)

from gis.errors import CodedError
from kawasolar.reasons import finding_brief
from ui.findings_list import FindingsList
from ui.ledger import reading
from ui.ledger.preview import Preview
from ui.parts import button, label, row, set_role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gis.findings import Finding
    from kawasolar.ledger.checking import Checked
    from kawasolar.ledger.mapping import Mapping
    from kawasolar.ledger.opening import Opened
    from ui.jobs import Job, Jobs, Work
    from ui.look import Look
    from ui.settings import Remembered

# Milliseconds after the last choice until the ledger is read by it.
_READ_AFTER = 250
# Findings that are listed here; all of them are in the sheet to send back.
_MOST_SHOWN = 200
# A heading lies near the top.
_LOWEST_HEADING = 100
_TOPICS = ("ledger.open", "ledger.read", "ledger.compare", "ledger.write")


class Assistant(QDialog):
    """The columns of a ledger, whichever it is. Who inherits says how its file is opened and read, and what goes around it."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, forms: Path | None, sheet: str, parent: QWidget | None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._jobs, self._remembered, self._forms, self._sheet = look, jobs, remembered, forms, sheet
        self._opened: Opened | None = None
        self._checked: Checked | None = None
        self._job: Job | None = None
        # What was done last, until something else is.
        self._told = ""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_READ_AFTER)
        self._later.timeout.connect(self._read)

    # ---------------------------------------------------------------- what the ledger's own dialog says

    @property
    def path(self) -> Path | None:
        """The file."""
        raise NotImplementedError

    def _opening(self) -> Work:
        """Open the file: gives :class:`kawasolar.ledger.opening.Opened`."""
        raise NotImplementedError

    def _proposing(self, opened: Opened, heading: tuple[int, int], begin: int | None, kept: Mapping | None) -> Work:
        """Propose the columns again: gives :class:`kawasolar.ledger.opening.Opened`."""
        raise NotImplementedError

    def _checking(self, opened: Opened, mapping: Mapping) -> Work:
        """Read the file by a mapping: gives :class:`kawasolar.ledger.checking.Checked`."""
        raise NotImplementedError

    def _outcome(self, checked: Checked) -> str:
        """How much can be read, and what is wrong, in words."""
        raise NotImplementedError

    def _findings(self, checked: Checked) -> Sequence[Finding]:
        """What is listed."""
        return checked.findings

    # ---------------------------------------------------------------- building

    def _outcome_line(self, *further: QWidget) -> QHBoxLayout:
        """How much can be read, and what can be done with it."""
        say, line = self._look.say, row(8)
        self.outcome = label("", "head", wrap=True)
        line.addWidget(self.outcome, 1)
        self.save_sheet = button(say("ui.ledger.save_sheet"))
        self.save_sheet.setToolTip(say("ui.ledger.save_sheet_tip"))
        self.save_sheet.setAutoDefault(False)
        self.save_sheet.clicked.connect(self._ask_sheet)
        for widget in (*further, self.save_sheet):
            line.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        return line

    def _make_preview(self) -> Preview:
        self.preview = Preview(self._look)
        self.preview.changed.connect(self._on_changed)
        return self.preview

    def _make_findings(self) -> FindingsList:
        self.findings = FindingsList(self._look, self._look.say("ui.data.findings_name"), 96)
        self.findings.setMaximumHeight(108)
        return self.findings

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

    def _make_progress(self) -> QProgressBar:
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(120)
        self.progress.setAccessibleName(self._look.say("ui.top.progress"))
        return self.progress

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

    def keep_form(self) -> None:
        """Remember what was chosen for the next file of this form.

        Raises
        ------
        kawasolar.errors.NotWritable
            The folder of the settings is read-only, the disk full.
        """
        chosen, forms = self.chosen, self._forms
        if chosen is not None and forms is not None:
            reading.keep_form(forms, chosen, plain=self.is_plain)

    # ---------------------------------------------------------------- opening

    def _start(
        self, topic: str, work: Work, done: Callable[[object], None], failed: Callable[[object], None] | None = None
    ) -> None:
        """Off the window's thread; an older job of the topic is of no use any more. ``failed``: what else than that the ledger cannot be read."""
        self._told = ""
        job = self._jobs.start(work, topic)
        self._job = job
        job.done.connect(done)
        job.failed.connect(failed or self._on_failed)
        job.ended.connect(lambda: self._ended(job))
        self._refresh()

    def _ended(self, job: Job) -> None:
        if self._job is job:
            self._job = None
            self._refresh()

    def _open(self) -> None:
        self._opened = self._checked = None
        self.outcome.setText("")
        self.findings.show_findings([])
        self._start("ledger.open", self._opening(), self._on_opened)

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
        self._start("ledger.open", self._proposing(opened, (first, last), None, None), self._on_opened)

    def _other_begin(self) -> None:
        opened, begin = self._opened, self.begin.value() - 1
        if opened is None or not opened.proposed.last < begin < len(opened.loaded.table.rows):
            return
        heading, kept = (opened.proposed.first, opened.proposed.last), self.chosen
        self._start("ledger.open", self._proposing(opened, heading, begin, kept), self._on_opened)

    # ---------------------------------------------------------------- reading

    def _on_changed(self) -> None:
        self._checked = None
        self._later.start()
        self._refresh()

    def _read(self) -> None:
        opened, mapping = self._opened, self.chosen
        if opened is None or mapping is None:
            return
        # Of a file that another has taken the place of, nothing is heard.
        self._start(
            "ledger.read",
            self._checking(opened, mapping),
            lambda found: self._on_read(found) if self._opened is opened else None,
        )

    def _on_read(self, found: object) -> None:
        checked = cast("Checked", found)
        self._checked = checked
        language = self._look.language
        self.outcome.setText(self._outcome(checked))
        set_role(self.outcome, "head")
        self.findings.show_findings(self._findings(checked), _MOST_SHOWN)
        shown = self.preview.model.last_row
        self.preview.model.show_wrong(
            {
                (one.place, column): "\n".join(finding_brief(language, finding) for finding in found)
                for one in checked.rows
                if one.place <= shown
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
        say, path = self._look.say, self.path
        if path is None:
            return
        start = path.with_name(f"{path.stem}{say('ui.ledger.sheet_suffix')}.xlsx")
        name, _ = QFileDialog.getSaveFileName(self, say("ui.ledger.save_sheet"), str(start), "Excel (*.xlsx)")
        if name:
            self.write_sheet(Path(name))

    def write_sheet(self, path: Path) -> None:
        """Write the findings for whoever keeps the ledger."""
        checked, language = self._checked, self._look.language
        if checked is None:
            return
        self._write(lambda progress: reading.write_sheet(checked, path, language, progress))

    def _write(self, work: Work) -> None:
        """Write a file; what was read stays where that fails."""
        self._start("ledger.write", work, self._on_written, self._on_not_written)

    def _on_written(self, path: object) -> None:
        self._told = self._look.say("cli.written", file=str(path))
        self._refresh()

    def _on_not_written(self, error: object) -> None:
        from ui.crash import report

        if isinstance(error, CodedError):
            self._told = self._look.say_error(error)
        elif isinstance(error, Exception):
            report(error, self, self._look)
        self._refresh()

    # ---------------------------------------------------------------- state

    @property
    def _is_ready(self) -> bool:
        """Whether what is chosen has been read."""
        return self._checked is not None and self._job is None

    def _refresh(self) -> None:
        """Show what can be done now."""
        self.progress.setVisible(self._job is not None)
        self.save_sheet.setEnabled(self._is_ready and bool(self._checked and self._checked.findings))
        self.state.setText(self._words())

    state: QLabel

    def _words(self) -> str:
        say, opened = self._look.say, self._opened
        if self._job is not None:
            return say("ui.ledger.reading")
        if self._told or opened is None:
            return self._told
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
        QTimer.singleShot(0, self, self.deleteLater)
