"""Which table a dialog reckons with: the program's, or one of a city's own; and the program's written out, to be edited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.parts import Elided, button, column, row

if TYPE_CHECKING:
    from ui.look import Look
    from ui.settings import Remembered


class OwnTable(QWidget):
    """A line: its name, another one, the program's again, a copy of the program's; ``stacked``: two lines.

    Signals
    -------
    changed : another table is used
    copy_asked : where the program's is to be written
    """

    changed = Signal()
    copy_asked = Signal(object)

    def __init__(
        self, look: Look, remembered: Remembered, words: str, pattern: str, *, shipped: str, stacked: bool = False
    ) -> None:
        super().__init__()
        self._look, self._remembered, self._words, self._pattern, self._file = look, remembered, words, pattern, shipped
        self.path: Path | None = None
        line, outer = row(6), column(self, margin=0, spacing=2)
        self.name = Elided("", "muted")
        self.other = button(look.say("ui.own_table.other"), "link")
        self.shipped = button(look.say("ui.own_table.shipped"), "link")
        self.copy = button(look.say("ui.own_table.copy"), "link", tip=look.say("ui.own_table.copy.tip"))
        self.other.clicked.connect(self._ask)
        self.shipped.clicked.connect(lambda: self.use(None))
        self.copy.clicked.connect(self._ask_copy)
        if stacked:
            outer.addWidget(self.name)
        else:
            line.addWidget(self.name, 1)
        outer.addLayout(line)
        for widget in (self.other, self.shipped, self.copy):
            widget.setAutoDefault(False)
            line.addWidget(widget)
        if stacked:
            line.addStretch(1)
        self._show()

    def use(self, path: Path | None, *, tell: bool = True) -> None:
        """Another table; the program's where None."""
        if path != self.path:
            self.path = path
            self._show()
            if tell:
                self.changed.emit()

    def _show(self) -> None:
        told = self._look.say("ui.own_table.of_program") if self.path is None else self.path.name
        self.name.setText(self._look.say("ui.own_table.name", what=self._look.say(self._words), name=told))
        self.name.setToolTip("" if self.path is None else str(self.path))
        self.shipped.setVisible(self.path is not None)

    def _ask(self) -> None:
        folder = self._remembered.folder or str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self, self._look.say("ui.own_table.other"), folder, self._pattern)
        if chosen:
            self.use(Path(chosen))

    def _ask_copy(self) -> None:
        start = Path(self._remembered.folder or Path.home()) / self._file
        chosen, _ = QFileDialog.getSaveFileName(self, self._look.say("ui.own_table.copy"), str(start), self._pattern)
        if chosen:
            self.copy_asked.emit(Path(chosen))
