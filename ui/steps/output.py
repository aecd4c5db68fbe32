"""The panel of the exports: what can be handed on, and where it went."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from ui.document import Document
from ui.look import Look
from ui.parts import Elided, button, column, label, row, rule

KINDS = ("xlsx", "csv", "gpkg", "png")
ICONS = {
    "xlsx": "file-excel-outline",
    "csv": "file-delimited-outline",
    "gpkg": "layers-outline",
    "png": "image-outline",
}


class OutputPanel(QWidget):
    """出力."""

    export_asked = Signal(str)

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self._look = look
        say = look.say
        layout = column(self)
        layout.addWidget(label(say("ui.output.intro"), "muted", wrap=True))
        self.buttons: dict[str, QPushButton] = {}
        self._written: dict[str, Path] = {}
        self._places: dict[str, tuple[QLabel, QPushButton]] = {}
        for kind in KINDS:
            layout.addWidget(rule())
            made = button(say(f"ui.output.{kind}"))
            made.setIcon(look.icon(ICONS[kind]))
            made.setIconSize(QSize(20, 20))
            made.clicked.connect(lambda _=False, kind=kind: self.export_asked.emit(kind))
            self.buttons[kind] = made
            layout.addWidget(made)
            layout.addWidget(label(say(f"ui.output.{kind}.note"), "muted", wrap=True))
            line = row(4)
            place = Elided("")
            opener = button(say("ui.output.open_folder"), "link")
            line.addWidget(place, 1)
            line.addWidget(opener, 0, Qt.AlignmentFlag.AlignRight)
            opener.clicked.connect(lambda _=False, kind=kind: self._open_folder(kind))
            place.hide()
            opener.hide()
            self._places[kind] = (place, opener)
            layout.addLayout(line)
        layout.addStretch(1)
        document.plan_changed.connect(self._forget)

    def show_place(self, kind: str, path: Path) -> None:
        """Say where a file went."""
        place, opener = self._places[kind]
        place.setText(path.name)
        place.setToolTip(str(path))
        opener.setAccessibleName(self._look.say("ui.output.open_folder_of", file=path.name))
        self._written[kind] = path
        place.show()
        opener.show()

    def _open_folder(self, kind: str) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written[kind].parent)))

    def _forget(self) -> None:
        for place, opener in self._places.values():
            place.hide()
            opener.hide()
