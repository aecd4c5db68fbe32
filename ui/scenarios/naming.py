"""Asking for a name where it is needed: a line that appears below what was pressed, and goes again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QWidget

from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from ui.look import Look

_WIDTH = 320
_GAP = 4


class NameLine(QFrame):
    """Enter takes the name, Escape or a click elsewhere leaves all as it was.

    A part of the window and no pop-up of its own, so that Japanese can be typed into it with every input method.
    """

    closed = Signal()

    def __init__(
        self, look: Look, anchor: QWidget, words: str, name: str, act: str, take: Callable[[str], str | None]
    ) -> None:
        """``take`` is given the name and returns what is wrong with it, None where nothing is."""
        super().__init__(anchor.window())
        self._inside = anchor.window()
        self._take, self._back = take, QApplication.focusWidget()
        self.setObjectName("card")
        self.setProperty("active", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(words)
        layout = column(self, margin=12, spacing=8)
        head = label(words, "head")
        self.edit = QLineEdit(name)
        self.edit.setMaxLength(80)
        self.edit.setAccessibleName(words)
        head.setBuddy(self.edit)
        self.wrong = label("", "attention", wrap=True)
        self.wrong.hide()
        line = row(8)
        self.cancel = button(look.say("ui.scenarios.cancel"))
        self.ok = button(act, "primary")
        line.addStretch(1)
        line.addWidget(self.cancel)
        line.addWidget(self.ok)
        for part in (head, self.edit, self.wrong):
            layout.addWidget(part)
        layout.addLayout(line)
        self.edit.returnPressed.connect(self.accept)
        self.edit.textEdited.connect(lambda _text: self._say_wrong(""))
        self.ok.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.dismiss)
        self.setFixedWidth(_WIDTH)
        self._put_below(anchor)
        self.show()
        self.raise_()
        self.edit.setFocus()
        self.edit.selectAll()
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]

    def _put_below(self, anchor: QWidget) -> None:
        self._fit()
        window = self._inside
        at = anchor.mapTo(window, QPoint(0, anchor.height() + _GAP))
        if at.y() + self.height() > window.height() - _GAP:
            at.setY(anchor.mapTo(window, QPoint(0, 0)).y() - self.height() - _GAP)
        x = min(max(_GAP, at.x()), window.width() - self.width() - _GAP)
        self.move(x, max(_GAP, at.y()))

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self.resize(_WIDTH, self.sizeHint().height())

    def _say_wrong(self, words: str) -> None:
        self.wrong.setText(words)
        self.wrong.setVisible(bool(words))
        self._fit()

    def accept(self) -> None:
        """Take the name; stay with a sentence where it cannot be."""
        wrong = self._take(self.edit.text())
        if wrong is None:
            self.dismiss()
        else:
            self._say_wrong(wrong)
            self.edit.setFocus()

    def dismiss(self) -> None:
        """Go, and give the keyboard back."""
        if self.isHidden():
            return
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        focus = QApplication.focusWidget()
        held = focus is not None and self.isAncestorOf(focus)
        self.hide()
        back = self._back
        if held and _alive(back) and back is not None and back.isVisible():
            back.setFocus()
        self.closed.emit()
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(watched, QWidget):
            inside = watched is self or self.isAncestorOf(watched)
            if not inside and watched.window() is self.window():
                self.dismiss()
        elif event.type() == QEvent.Type.Resize and watched is self._inside:
            self.dismiss()
        return False


def _alive(widget: QWidget | None) -> bool:
    """Whether the window's part is still there: a panel may have been built anew meanwhile."""
    from shiboken6 import isValid

    return widget is not None and isValid(widget)
