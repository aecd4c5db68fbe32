"""A list of files in a dialog."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QGridLayout, QWidget

from ui.look import Look
from ui.parts import button, clear, column, label, row
from ui.settings import Remembered


class FileList(QFrame):
    """Files of one kind, the better first: dropped or chosen, each taken away again.

    ``code`` names it, and with ``.hint`` says what it is for; ``pattern`` is that of the file dialog.
    """

    changed = Signal()

    def __init__(
        self, look: Look, code: str, pattern: str, remembered: Remembered, *, folders: bool = False
    ) -> None:  # fmt: skip
        super().__init__()
        self._look, self._code, self._pattern, self._remembered = look, code, pattern, remembered
        say = look.say
        self.paths: list[Path] = []
        self.setObjectName("drop")
        self.setAcceptDrops(True)
        name = say(code)
        self.setAccessibleName(name)
        layout = column(self, margin=12, spacing=4)
        top = row(8)
        words = QWidget()
        texts = column(words, margin=0, spacing=2)
        texts.addWidget(label(name, "head"))
        texts.addWidget(label(say(f"{code}.hint"), "muted", wrap=True))
        top.addWidget(words, 1)
        self.add = button(say("ui.surface.add_files"))
        self.add.setAccessibleName(say("ui.new.choose_role", role=name))
        self.add.clicked.connect(self._ask_files)
        top.addWidget(self.add)
        self.add_folder = button(say("ui.surface.add_folder"))
        self.add_folder.clicked.connect(self._ask_folder)
        self.add_folder.setVisible(folders)
        top.addWidget(self.add_folder)
        layout.addLayout(top)
        self._rows = QGridLayout()
        self._rows.setColumnStretch(0, 1)
        layout.addLayout(self._rows)
        for widget in (self.add, self.add_folder):
            widget.setAutoDefault(False)

    def take(self, paths: list[Path]) -> None:
        """Add files; those that are there already stay where they are."""
        self.paths = list(dict.fromkeys((*self.paths, *paths)))
        self._refresh()

    def _remove(self, path: Path) -> None:
        self.paths.remove(path)
        self._refresh()
        self.add.setFocus()

    def _refresh(self) -> None:
        clear(self._rows)
        for line, path in enumerate(self.paths):
            name = label(path.name)
            name.setToolTip(str(path))
            away = button(self._look.say("ui.new.clear"), "link")
            away.setAccessibleName(self._look.say("ui.new.clear_role", role=path.name))
            away.setAutoDefault(False)
            away.clicked.connect(lambda _=False, path=path: self._remove(path))
            self._rows.addWidget(name, line, 0)
            self._rows.addWidget(away, line, 1)
        self.changed.emit()

    def _ask_files(self) -> None:
        words = self._look.say(self._code)
        names, _ = QFileDialog.getOpenFileNames(self, words, self._remembered.folder, f"{words} ({self._pattern});;(*)")
        self._took([Path(name) for name in names])

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self._look.say(self._code), self._remembered.folder)
        self._took([Path(name)] if name else [])

    def _took(self, paths: list[Path]) -> None:
        if paths:
            self._remembered.folder = str(paths[0].parent)
            self.take(paths)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.take([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()
