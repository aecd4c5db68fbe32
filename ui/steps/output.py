"""The panel of the exports: what can be handed on, and the papers that were written, with those that are out of date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from kawasolar.export.kinds import KINDS, LISTS, kinds_of
from ui import icons
from ui.document import Document
from ui.look import Look
from ui.parts import Elided, button, clear, column, label, row, rule

if TYPE_CHECKING:
    from kawasolar.provenance.exports import ExportState

ICONS = {
    "xlsx": "file-excel-outline",
    "csv": "file-delimited-outline",
    "gpkg": "layers-outline",
    "png": "image-outline",
    "lighting": "lamp",
    "fleet": "car",
    "charging": "flash",
    "siting": "map-marker-outline",
}
# State of a paper -> icon and token.
STATES = {
    "current": ("check-circle", "accent"),
    "out_of_date": ("alert-circle-outline", "attention"),
    "missing": ("close-circle-outline", "muted"),
}


class OutputPanel(QWidget):
    """出力.

    Signals
    -------
    export_asked : kind of a new paper
    again_asked : papers (ExportRecord) to be written again in their places
    papers_asked : somebody looks, and wants to know how the papers stand
    """

    export_asked = Signal(str)
    again_asked = Signal(object)
    papers_asked = Signal()

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look, self._document = look, document
        self._papers: list[ExportState] = []
        say = look.say
        layout = column(self)
        layout.addWidget(label(say("ui.output.intro"), "muted", wrap=True))
        self.buttons: dict[str, QPushButton] = {}
        self._notes: dict[str, QLabel] = {}
        for kind in KINDS:
            made = button(say(f"ui.output.{kind}"))
            made.setIcon(look.icon(ICONS[kind]))
            made.setIconSize(QSize(20, 20))
            made.clicked.connect(lambda _=False, kind=kind: self.export_asked.emit(kind))
            note = label(say(f"ui.output.{kind}.note"), "muted", wrap=True)
            self.buttons[kind], self._notes[kind] = made, note
            layout.addWidget(made)
            layout.addWidget(note)
        layout.addWidget(rule())
        head = row(8)
        self._head = label(say("ui.papers.head"), "head")
        self.again = button(say("ui.papers.all_again"), "link", tip=say("ui.papers.all_again_tip"))
        self.again.clicked.connect(self._ask_again)
        head.addWidget(self._head, 1)
        head.addWidget(self.again)
        layout.addLayout(head)
        self._calm = label(say("ui.papers.none"), "muted", wrap=True)
        layout.addWidget(self._calm)
        self._list = QWidget()
        self._rows = column(self._list, margin=0, spacing=12)
        layout.addWidget(self._list)
        layout.addStretch(1)
        for signal in (document.plan_changed, document.exports_changed, document.states_changed):
            signal.connect(self._ask)
        # An answer comes and goes while all that was computed of roofs stays.
        for signal in (document.plan_changed, document.decision_changed):
            signal.connect(self._offer)
        self._offer()
        self.show_papers([])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _ask(self) -> None:
        if self.isVisible():
            self.papers_asked.emit()

    def _offer(self) -> None:
        """Workbooks of the answers that the plan keeps, beside what every plan has."""
        plan = self._document.plan
        offered = LISTS if plan is None else kinds_of(plan)
        for kind, made in self.buttons.items():
            made.setVisible(kind in offered)
            self._notes[kind].setVisible(kind in offered)

    def show_papers(self, papers: Sequence[ExportState]) -> None:
        """How the papers that were written stand; the latest first."""
        self._papers = list(reversed(papers))
        clear(self._rows)
        for paper in self._papers:
            self._rows.addWidget(self._row(paper))
        self._calm.setVisible(not papers)
        self.again.setVisible(bool(self.out_of_date))

    @property
    def out_of_date(self) -> list[ExportState]:
        """Papers that show another plan than the present one."""
        return [paper for paper in self._papers if paper.state == "out_of_date"]

    def _ask_again(self) -> None:
        self.again_asked.emit([paper.record for paper in self.out_of_date])

    def _row(self, paper: ExportState) -> QWidget:
        look, say, record = self._look, self._look.say, paper.record
        made, path = QWidget(), Path(record.path)
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        name, token = STATES[paper.state]
        picture = QLabel()
        picture.setPixmap(icons.pixmap(name, str(getattr(look.tokens, token)), 18, 2.0))
        grid.addWidget(picture, 0, 0, Qt.AlignmentFlag.AlignTop)
        place = Elided(path.name)
        place.setToolTip(record.path)
        grid.addWidget(place, 0, 1)
        state = label(
            say(f"paper.is.{paper.state}"), "attention" if paper.state == "out_of_date" else "muted", wrap=True
        )
        state.setAccessibleName(f"{path.name} {state.text()}")
        grid.addWidget(state, 1, 1)
        grid.addWidget(Elided(self._facts(paper), "muted", Qt.TextElideMode.ElideRight), 2, 1)
        line = row(12)
        if paper.state != "missing":
            opener = button(say("ui.output.open_folder"), "link")
            opener.setAccessibleName(say("ui.output.open_folder_of", file=path.name))
            opener.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))))
            line.addWidget(opener)
        if paper.state != "current":
            again = button(say("ui.papers.again"), "link")
            again.setAccessibleName(say("ui.papers.again_of", file=path.name))
            again.clicked.connect(lambda: self.again_asked.emit([record]))
            line.addWidget(again)
        line.addStretch(1)
        grid.addLayout(line, 3, 1)
        grid.setColumnStretch(1, 1)
        return made

    def _facts(self, paper: ExportState) -> str:
        """When, who, which scenario, and the number that stands on the paper."""
        record, project = paper.record, self._document.project
        try:
            when = datetime.fromisoformat(record.when).astimezone().strftime("%Y-%m-%d %H:%M")
        except ValueError:
            when = record.when
        entry = project.entries.get("scenarios", record.scenario) if project is not None else None
        scenario = str(entry["name"]) if entry else ""
        return self._look.say("ui.list.dot").join(
            part for part in (when, record.who, scenario, record.fingerprint) if part
        )
