"""Names and values of a part, a line each; what can be asked about has its "?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ui.inspector.asked import why_mark
from ui.parts import clear, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ui.inspector.asked import Ask
    from ui.look import Look


class FactGrid(QWidget):
    """Lines of a name and a value."""

    def __init__(self, look: Look, ask: Ask) -> None:
        super().__init__()
        self._look, self._ask = look, ask
        self.facts: list[tuple[str, str, str]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)

    def show_facts(self, facts: Sequence[tuple[str, str, str]]) -> None:
        """Other lines: name, value, and the code of the figure that it is, empty for none."""
        clear(self._grid)
        self.facts = list(facts)
        for line, (name, value, code) in enumerate(facts):
            shown = label(value, wrap=True)
            shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(label(name, "muted", wrap=True), line, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(shown, line, 1)
            if code:
                self._grid.addWidget(why_mark(self._look, name, code, self._ask), line, 2, Qt.AlignmentFlag.AlignTop)
