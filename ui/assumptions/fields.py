"""Fields for a change that somebody answers for: a number, the reason, a row that opens to them."""

from __future__ import annotations

import itertools
import math
import unicodedata
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QScrollArea, QSizePolicy, QWidget

from ui import icons
from ui.look import Look

# More than anybody writes in one line; the file refuses what is longer still.
LONGEST_TEXT = 500
# Room that is left above or below what is scrolled to [px].
_MARGIN = 8


def number_of(text: str) -> float | None:
    """A number as people type it, full width or with separators; None where it is none."""
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").replace("‐", "-").replace(",", "").strip()
    # ``float`` would also take words and underscores for numbers.
    if not plain or any(c not in "0123456789.+-eE" for c in plain):
        return None
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class NumberField(QLineEdit):
    """A number, right-aligned; the arrow keys turn it by a step.

    Signals
    -------
    submitted : Enter
    """

    submitted = Signal()

    def __init__(self, name: str, *, step: float = 1.0, low: float = -math.inf, high: float = math.inf) -> None:
        super().__init__()
        self._step, self._low, self._high = step, low, high
        self.setAccessibleName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setMaxLength(40)

    @property
    def value(self) -> float | None:
        """What stands in it; None where it is no number."""
        return number_of(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turns = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        if event.key() in turns and self.value is not None:
            self._turn(turns[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.submitted.emit()
        else:
            super().keyPressEvent(event)

    def _turn(self, steps: int) -> None:
        # On the grid of the steps, so that 0.1 + 0.1 + 0.1 stays what people expect.
        wanted = round((self.value or 0.0) / self._step + steps) * self._step
        self.setText(f"{min(max(wanted, self._low), self._high):.10g}")
        self.textEdited.emit(self.text())


class ChoiceField(QComboBox):
    """One of several, where other values have a :class:`NumberField`; numbered from 1.

    Signals
    -------
    textEdited : another was chosen
    submitted : Enter
    """

    textEdited = Signal()
    submitted = Signal()

    def __init__(self, name: str, words: tuple[str, ...]) -> None:
        super().__init__()
        self.addItems(list(words))
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.activated.connect(self.textEdited)

    @property
    def value(self) -> float:
        """Number of the chosen one."""
        return float(self.currentIndex() + 1)

    def setText(self, number: str) -> None:
        """Choose by number."""
        self.setCurrentIndex(round(float(number)) - 1)

    def selectAll(self) -> None:
        """Nothing is typed here."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.submitted.emit()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QEvent) -> None:
        # Who scrolls the panel does not mean to choose.
        event.ignore()


class ReasonField(QComboBox):
    """Why: what is often the reason to pick, or one's own words.

    Signals
    -------
    submitted : Enter
    """

    submitted = Signal()

    def __init__(self, look: Look, name: str, common: tuple[str, ...], *, hint: str = "") -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        # What completes by itself would end up in the file as somebody's reason.
        self.setCompleter(None)  # type: ignore[arg-type] # Qt takes none; the stubs do not say so
        self.addItems(list(common))
        self.setCurrentIndex(-1)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # One that is put in from outside would have a frame of its own within that of the box.
        edit = cast("QLineEdit", self.lineEdit())
        edit.setMaxLength(LONGEST_TEXT)
        edit.setPlaceholderText(hint or look.say("ui.reason.hint"))
        self.setAccessibleName(name)
        edit.setAccessibleName(name)
        edit.returnPressed.connect(self.submitted)

    @property
    def text(self) -> str:
        """The reason without blanks around it."""
        return self.currentText().strip()

    def wheelEvent(self, event: QEvent) -> None:
        # Who scrolls the panel does not mean to change the reason.
        event.ignore()


class Row(QPushButton):
    """A line that is a button: what it holds is laid out in it, a pencil shows that it can be changed.

    Signals
    -------
    moved : +1 or -1, the arrow keys
    """

    moved = Signal(int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setProperty("role", "line")
        self.setAutoDefault(False)
        # A button would be at least as wide as its words; these wrap.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._pencil = icons.icon("pencil-outline", look.tokens.accent)
        self.pencil = QLabel()
        self.pencil.setFixedSize(14, 14)
        self.pencil.setAccessibleName("")

    def sizeHint(self) -> QSize:
        inside = self.layout()
        return super().sizeHint() if inside is None else inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        inside = self.layout()
        return super().minimumSizeHint() if inside is None else inside.minimumSize()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(-1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def _show_pencil(self, on: bool) -> None:
        if on:
            self.pencil.setPixmap(self._pencil.pixmap(QSize(14, 14), self.devicePixelRatioF()))
        else:
            self.pencil.clear()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._show_pencil(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._show_pencil(self.hasFocus())
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._show_pencil(True)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._show_pencil(self.underMouse())
        super().focusOutEvent(event)


def holds_keyboard(widget: QWidget) -> bool:
    """Whether what is typed arrives in the widget."""
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


def in_order(*widgets: QWidget) -> None:
    """The Tab key goes through them in this order; what is made later would come at the end of the window."""
    for first, second in itertools.pairwise(widgets):
        QWidget.setTabOrder(first, second)


def bring_into_view(widget: QWidget) -> None:
    """Scroll whatever scrolls around the widget so that it is seen whole; its top, where there is no room for all."""
    timer = QTimer(widget)
    timer.setSingleShot(True)
    timer.timeout.connect(lambda: _scroll_to(widget))
    timer.timeout.connect(timer.deleteLater)
    # What was just put into a layout has its place only after the layout has run.
    timer.start(0)


def _scroll_to(widget: QWidget) -> None:
    area = widget.parentWidget()
    while area is not None:
        inside = area.widget() if isinstance(area, QScrollArea) else None
        if isinstance(area, QScrollArea) and inside is not None:
            top = widget.mapTo(inside, QPoint(0, 0)).y()
            bar, room = area.verticalScrollBar(), area.viewport().height()
            if top + widget.height() > bar.value() + room:
                bar.setValue(top + widget.height() - room + _MARGIN)
            if top < bar.value():
                bar.setValue(top - _MARGIN)
        area = area.parentWidget()
