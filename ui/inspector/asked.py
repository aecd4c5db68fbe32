"""A figure's small "?": one click to why the number is what it is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from ui.look import Look
from ui.parts import Figure, label, row, tool

Ask = Callable[[str], object]


def why_mark(look: Look, name: str, code: str, ask: Ask) -> QToolButton:
    """The "?" of the figure ``name``; ``ask`` is called with its code."""
    made = tool(look, "help-circle-outline", look.say("ui.why.ask"), role="muted", size=14)
    made.setAccessibleName(look.say("ui.why.ask_of", name=name))
    made.setProperty("role", "why")
    # Who has the keyboard on it asks by F1.
    made.setProperty("why", code)
    made.setFixedSize(20, 20)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.clicked.connect(lambda: ask(code))
    return made


def asked_head(look: Look, words: str, code: str, ask: Ask, *, role: str = "head") -> QHBoxLayout:
    """A heading of what can be asked about."""
    line = row(4)
    line.addWidget(label(words, role, wrap=True), 1)
    line.addWidget(why_mark(look, words, code, ask), 0, Qt.AlignmentFlag.AlignTop)
    return line


def asked_line(look: Look, widget: QWidget, name: str, code: str, ask: Ask) -> QHBoxLayout:
    """A line of words that can be asked about."""
    line = row(4)
    line.addWidget(widget, 1)
    line.addWidget(why_mark(look, name, code, ask), 0, Qt.AlignmentFlag.AlignTop)
    return line


class AskedFigure(Figure):
    """A figure with its "?", which its context menu knows too."""

    def __init__(self, look: Look, words: str, code: str, ask: Ask, *, role: str = "figure") -> None:
        super().__init__(words, role=role)
        self._look, self._code, self._ask = look, code, ask
        self.why = why_mark(look, words, code, ask)
        outer = self.layout()
        first = None if outer is None else outer.itemAt(0)
        inner = None if first is None else first.layout()
        if isinstance(inner, QHBoxLayout):
            # After the unit, before the stretch that holds both at the left.
            inner.insertWidget(2, self.why, 0, Qt.AlignmentFlag.AlignVCenter)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().exec(event.globalPos())

    def menu(self) -> QMenu:
        """What can be asked."""
        made = QMenu(self)
        made.addAction(
            self._look.icon("help-circle-outline"), self._look.say("ui.why.ask"), lambda: self._ask(self._code)
        )
        return made
