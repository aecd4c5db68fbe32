"""Pointer, wheel and keys: what moves the map, what is a click, and what belongs to the tool in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt

from ui.map.tool import Spot

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

    from ui.map.canvas import Canvas
    from ui.map.tool import Tool

ZOOM_STEP = 1.25
ARROW_STEP = 80.0
# A press that moves less than this [px] is a click.
CLICK_SLACK = 4.0
_ARROWS = {
    Qt.Key.Key_Left: (1.0, 0.0),
    Qt.Key.Key_Right: (-1.0, 0.0),
    Qt.Key.Key_Up: (0.0, 1.0),
    Qt.Key.Key_Down: (0.0, -1.0),
}


class Hand:
    """The left button pans and clicks unless a tool takes it; the middle one, and the left with space held, always pan."""

    def __init__(self, view: Canvas, clicked: Callable[[QPointF], None]) -> None:
        self._view = view
        self._clicked = clicked
        self.tool: Tool | None = None
        self.pointer: QPointF | None = None
        self._press: QPointF | None = None
        self._button = Qt.MouseButton.NoButton
        self._taken = self._dragged = self._space = False

    @property
    def is_busy(self) -> bool:
        """Whether a button is down."""
        return self._press is not None

    def set_tool(self, tool: Tool | None) -> None:
        """Another tool, or none; a press that the old one took is forgotten."""
        if self._taken:
            self._press, self._taken = None, False
        self.tool = tool
        self.show_cursor()

    def show_cursor(self) -> None:
        """The cursor of what a press would do."""
        shape = Qt.CursorShape.CrossCursor if self.tool is None else self.tool.cursor
        self._view.setCursor(Qt.CursorShape.OpenHandCursor if self._space else shape)

    def spot(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> Spot:
        """The pointer as a tool sees it."""
        view = self._view.viewport()
        x, y = view.to_ground(at.x(), at.y())
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        # Some desktops keep Alt with the mouse for themselves.
        free = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier
        return Spot(at, x, y, view.scale, shift, bool(modifiers & free))

    def press(self, event: QMouseEvent) -> None:
        """A button went down."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) or self._press is not None:
            return
        self._press = self.pointer = event.position()
        self._button, self._dragged = event.button(), False
        mine = event.button() == Qt.MouseButton.LeftButton and not self._space and self.tool is not None
        self._taken = mine and self.tool.press(self.spot(event.position(), event.modifiers()))  # type: ignore[union-attr]

    def move(self, event: QMouseEvent) -> None:
        """The pointer moved."""
        at, before = event.position(), self.pointer
        self.pointer = at
        if self._press is not None and not self._dragged and (at - self._press).manhattanLength() >= CLICK_SLACK:
            self._dragged = True
            before = self._press
        if self.tool is not None and (self._taken or self._press is None):
            self.tool.move(self.spot(at, event.modifiers()))
            if self._press is None:
                self.show_cursor()
        elif self._dragged and before is not None and self._press is not None:
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._view.look_at(self._view.viewport().panned(at.x() - before.x(), at.y() - before.y()))

    def release(self, event: QMouseEvent) -> None:
        """The button that was down went up."""
        if self._press is None or event.button() != self._button:
            return
        taken, dragged = self._taken, self._dragged
        self._press, self._taken, self._dragged = None, False, False
        if taken and self.tool is not None:
            self.tool.release(self.spot(event.position(), event.modifiers()), dragged=dragged)
        elif not taken and not dragged and not self._space and event.button() == Qt.MouseButton.LeftButton:
            spot = self.spot(event.position(), event.modifiers())
            if self.tool is None or not self.tool.click(spot):
                self._clicked(event.position())
        self.show_cursor()

    def double(self, event: QMouseEvent) -> bool:
        """A double click; True if the tool took it."""
        left = event.button() == Qt.MouseButton.LeftButton
        return left and self.tool is not None and self.tool.double(self.spot(event.position(), event.modifiers()))

    def wheel(self, event: QWheelEvent) -> None:
        """Closer or farther about the pointer; with Alt held a wheel turns sideways on some systems."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self._view.zoom_at(ZOOM_STEP ** (turned / 120.0), event.position().x(), event.position().y())
        event.accept()

    def key(self, event: QKeyEvent) -> bool:
        """A key went down; True if it had a meaning."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space:
            self._space = True
            self.show_cursor()
        elif self.tool is not None and self.tool.key(event):
            pass
        elif key in _ARROWS:
            dx, dy = _ARROWS[key]
            self._view.look_at(self._view.viewport().panned(dx * ARROW_STEP, dy * ARROW_STEP))
        elif event.text() in ("+", "=", ";", "＋"):
            self._view.zoom_in()
        elif event.text() in ("-", "−", "ー"):
            self._view.zoom_out()
        elif key == Qt.Key.Key_0:
            self._view.fit()
        else:
            return False
        return True

    def key_up(self, event: QKeyEvent) -> None:
        """A key went up."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.let_go()

    def let_go(self) -> None:
        """No key counts as held any more."""
        if self._space:
            self._space = False
            self.show_cursor()

    def leave(self) -> None:
        """The pointer left the map."""
        self.pointer = None
        if self.tool is not None:
            self.tool.leave()
