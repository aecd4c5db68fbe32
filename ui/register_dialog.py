"""Ledgers of other things than facilities: choose one, see how it is read and what is wrong in it; or get an empty one to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QProgressBar, QTableView, QWidget

from ui.findings_list import FindingsList
from ui.jobs import Job, Jobs
from ui.look import Look
from ui.parts import Elided, button, column, label, row, set_role
from ui.register_table import MOST_ROWS, RegisterModel
from ui.settings import Remembered
from ui.working_dialog import WorkingDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.registers import Register
    from kawasolar.registers.schema import Kind

_TOPIC = "register"
_PATTERN = "*.csv *.xlsx *.txt"
Read = tuple["Register", "pd.DataFrame", list["Finding"]]


def read(path: Path, kind: Kind | None, facilities: pd.DataFrame | None, progress: Progress) -> Read:
    """The ledger, its rows, with their facilities where a plan is open, and all that was noticed."""
    from kawasolar.registers import read_register, with_facilities

    register = read_register(path, kind, progress=progress)
    if facilities is None:
        return register, register.frame, list(register.findings)
    rows, further = with_facilities(register, facilities)
    return register, rows, [*register.findings, *further]


class RegisterDialog(WorkingDialog):
    """Looks at ledgers; changes nothing."""

    def __init__(
        self, look: Look, jobs: Jobs, remembered: Remembered, facilities: pd.DataFrame | None, parent: QWidget | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        from kawasolar.registers import KINDS, schema_of

        self._look, self._jobs, self._remembered, self._facilities = look, jobs, remembered, facilities
        self._job: Job | None = None
        self._path: Path | None = None
        self._read: Read | None = None
        say = look.say
        self._names = {kind: schema_of(kind).name(look.language) for kind in KINDS}
        self.setAcceptDrops(True)
        self.setWindowTitle(say("ui.register.title"))
        layout = column(self, margin=20, spacing=12)
        layout.addWidget(label(say("ui.register.title"), "title"))
        layout.addWidget(label(say("ui.register.intro"), "muted", wrap=True))
        layout.addLayout(self._choice())
        self.summary = label("", "head", wrap=True)
        layout.addWidget(self.summary)
        self.unused = label("", "muted", wrap=True)
        layout.addWidget(self.unused)
        self.model = RegisterModel(look)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(say("ui.register.title"))
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.setMinimumHeight(180)
        layout.addWidget(self.table, 3)
        self.findings = FindingsList(look, say("ui.surface.findings"), 110)
        self.findings.itemActivated.connect(lambda _item: self._follow())
        self.findings.itemClicked.connect(lambda _item: self._follow())
        layout.addWidget(self.findings, 2)
        layout.addLayout(self._foot())
        self.resize(980, 700)
        self._refresh()

    def _choice(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        self.file = Elided(say("ui.register.drop"), "muted")
        self.choose = button(say("ui.new.choose"))
        self.choose.setAccessibleName(say("ui.new.choose_role", role=say("ui.register.title")))
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._ask_file)
        self.kind = QComboBox()
        self.kind.setAccessibleName(say("ui.register.kind"))
        self.kind.addItem(say("ui.register.by_headings"), "")
        for kind, name in self._names.items():
            self.kind.addItem(name, kind)
        self.kind.currentIndexChanged.connect(lambda _k: self._start())
        words = label(say("ui.register.kind"))
        words.setBuddy(self.kind)
        line.addWidget(self.choose)
        line.addWidget(self.file, 1)
        line.addWidget(words)
        line.addWidget(self.kind)
        return line

    def _foot(self) -> QHBoxLayout:
        say, line = self._look.say, row(8)
        words = QWidget()
        texts = column(words, margin=0, spacing=4)
        self.state = label("", "muted", wrap=True)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(say("ui.top.progress"))
        texts.addWidget(self.state)
        texts.addWidget(self.progress)
        self.template = QComboBox()
        self.template.setAccessibleName(say("ui.register.template"))
        self.template.addItem(say("ui.register.template"), "")
        for kind, name in self._names.items():
            self.template.addItem(name, kind)
        self.template.activated.connect(self._ask_template)
        self.save_csv = button(say("ui.register.csv"))
        self.save_csv.clicked.connect(self._ask_csv)
        self.close_button = button(say("ui.surface.close"))
        self.close_button.clicked.connect(self.reject)
        line.addWidget(words, 1)
        line.addWidget(self.template)
        for widget in (self.save_csv, self.close_button):
            widget.setAutoDefault(False)
            line.addWidget(widget)
        return line

    # ---------------------------------------------------------------- reading

    def take(self, path: Path) -> None:
        """Read a file."""
        self._path = path
        self._remembered.folder = str(path.parent)
        self._start()

    def _start(self) -> None:
        if self._path is None:
            return
        path, facilities = self._path, self._facilities
        kind = cast("Kind | None", self.kind.currentData() or None)
        self._read = None
        self._run(lambda progress: read(path, kind, facilities, progress), self._on_read)

    def _run(self, work: Callable[[Progress], object], done: Callable[[object], None]) -> None:
        job = self._job = self._jobs.start(work, _TOPIC)
        job.done.connect(lambda found: self._heard(job, done, found))
        job.failed.connect(lambda error: self._heard(job, self._on_failed, error))
        job.cancelled.connect(lambda: self._heard(job, lambda _none: None, None))
        self._refresh()

    def _heard(self, job: Job, then: Callable[[object], None], what: object) -> None:
        """Of a job that another has taken the place of, nothing is heard."""
        if job is self._job:
            self._ended("")
            then(what)

    def _on_read(self, found: object) -> None:
        self._read = cast("Read", found)
        self._refresh()

    # ---------------------------------------------------------------- what is seen

    def _refresh(self) -> None:
        say, busy = self._look.say, self._job is not None
        self.file.setText(say("ui.register.drop") if self._path is None else self._path.name)
        self.progress.setVisible(busy)
        set_role(self.state, "muted")
        self.state.setText(say("ui.register.reading") if busy else "")
        for widget in (self.summary, self.unused, self.findings):
            widget.setVisible(False)
        self.save_csv.setEnabled(self._read is not None and not busy)
        if self._read is None:
            self.model.show_register(None, None, None)
            return
        register, rows, findings = self._read
        names = self._facilities
        known = None if names is None else dict(zip(names["facility_id"].tolist(), names["name"].tolist(), strict=True))
        self.model.show_register(register, rows, known)
        self.table.resizeColumnsToContents()
        name = self._names[register.kind]
        parts = [say("ui.register.read", name=name, rows=f"{len(rows):,}")]
        if known is not None:
            parts.append(say("ui.register.known", known=f"{int(rows['facility_id'].notna().sum()):,}"))
        if len(rows) > MOST_ROWS:
            parts.append(say("ui.register.first", rows=f"{MOST_ROWS:,}"))
        self.summary.setText(say("ui.list.dot").join(parts))
        self.summary.setVisible(True)
        self.unused.setText(say("register.unused", unused=say("ui.list.comma").join(register.unused)))
        self.unused.setVisible(bool(register.unused))
        self.findings.show_findings(findings)

    def _follow(self) -> None:
        """The row that a finding is of."""
        if self._read is None:
            return
        text = self.findings.currentItem().text()
        # The list is in the order of gravity: what it shows is found again by its words.
        from ui.reasons import finding_text

        found = next((one for one in self._read[2] if finding_text(self._look, one) == text), None)
        place = self.model.row_of(found.row) if found is not None and found.row is not None else -1
        if place >= 0:
            self.table.selectRow(place)
            self.table.scrollTo(self.model.index(place, 0))

    # ---------------------------------------------------------------- files

    def _ask_file(self) -> None:
        words = self._look.say("ui.register.title")
        name, _ = QFileDialog.getOpenFileName(self, words, self._remembered.folder, f"{words} ({_PATTERN});;(*)")
        if name:
            self.take(Path(name))

    def _ask_csv(self) -> None:
        words = self._look.say("ui.register.csv")
        name, _ = QFileDialog.getSaveFileName(self, words, self._remembered.folder, "CSV (*.csv)")
        if name:
            self.write_csv(Path(name))

    def write_csv(self, path: Path) -> None:
        """The rows as they were understood."""
        if self._read is None:
            return
        rows = self._read[1]

        def write(_progress: Progress) -> object:
            from kawasolar.registers.paper import write_rows

            write_rows(rows, path)
            return path

        self._run(write, self._on_written)

    def _ask_template(self, index: int) -> None:
        kind = str(self.template.itemData(index) or "")
        self.template.setCurrentIndex(0)
        if not kind:
            return
        words, place = self._look.say("ui.register.template"), Path(self._remembered.folder or Path.home())
        start = str(place / f"{self._names[cast('Kind', kind)]}.xlsx")
        name, _ = QFileDialog.getSaveFileName(self, words, start, "Excel (*.xlsx)")
        if name:
            self.write_template(cast("Kind", kind), Path(name))

    def write_template(self, kind: Kind, path: Path) -> None:
        """An empty ledger of a kind."""
        language = self._look.language

        def write(_progress: Progress) -> object:
            from kawasolar.registers import write_template

            write_template(kind, path, language)
            return path

        self._run(write, self._on_written)

    def _on_written(self, path: object) -> None:
        self.state.setText(self._look.say("ui.register.written", file=Path(str(path)).name))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.take(paths[0])
            event.acceptProposedAction()
