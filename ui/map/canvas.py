"""A widget that looks at the ground from above: pan, zoom, pointer and keys, and the tool that may take them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from ui.map.navigate import ZOOM_STEP, Hand
from ui.map.viewport import Viewport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QFocusEvent

    from ui.map.tool import Tool
    from ui.map.viewport import Bounds


class Canvas(QWidget):
    """Holds the view; what lies below it, and what a click on it means, is told by who inherits it."""

    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = Viewport(0.0, 0.0, 1.0, max(self.width(), 1), max(self.height(), 1), self.devicePixelRatioF())
        self._fitted = True
        self._hand = Hand(self, self._on_click)
        self._framed = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._hand.show_cursor()

    # What who inherits this says of what lies below

    def _ground(self) -> Bounds | None:
        """The extent of everything; None while there is nothing."""
        return None

    def _on_look(self) -> None:
        """Another view."""

    def _on_click(self, at: QPointF) -> None:
        """A click that no tool took."""

    def _on_point(self) -> None:
        """The pointer moved or left."""

    # Where it looks

    def viewport(self) -> Viewport:
        """Where the map looks."""
        return self._view

    def look_at(self, view: Viewport) -> None:
        """Look elsewhere; the ground never leaves the window wholly."""
        ground = self._ground()
        if ground is not None:
            west, south, east, north = ground
            view = replace(view, x=min(max(view.x, west), east), y=min(max(view.y, south), north))
        self._fitted = False
        if view != self._view:
            self._view = view
            self._on_look()
            self.view_changed.emit()

    def fit(self) -> None:
        """Show everything."""
        ground = self._ground()
        if ground is not None:
            self.look_at(self._view.fitted(ground))
            self._fitted = True

    def zoom_in(self) -> None:
        """Closer, about the centre."""
        self.zoom_at(ZOOM_STEP**2, self._view.width / 2, self._view.height / 2)

    def zoom_out(self) -> None:
        """Farther, about the centre."""
        self.zoom_at(ZOOM_STEP**-2, self._view.width / 2, self._view.height / 2)

    def zoom_at(self, factor: float, px: float, py: float) -> None:
        """Closer by ``factor``; what lies below the pixel stays there. Not much farther than everything."""
        ground = self._ground()
        if ground is None:
            return
        farthest = self._view.fitted(ground).scale * 3.0
        view = self._view.zoomed(factor, px, py)
        if factor < 1.0 and view.scale > farthest:
            view = self._view.zoomed(min(self._view.scale / farthest, 1.0), px, py)
        self.look_at(view)

    def fill_with(self, box: Bounds, share: float) -> None:
        """Fill ``share`` of the view with a piece of ground."""
        target = self._view.fitted(box, share)
        self.look_at(replace(target, scale=max(target.scale, 0.08)))

    def _bring_into_view(self, box: Bounds, covered: Iterable[QRectF]) -> None:
        """Move so that a piece of ground is seen, where nothing covers it; closer only if it would be a speck."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        view = self._view
        size = max(box[2] - box[0], box[3] - box[1])
        if size / view.scale < 8.0:
            view = replace(view, x=x, y=y, scale=max(size, 10.0) / 60.0)
        px, py = view.to_screen(x, y)
        inner = QRectF(self.rect()).adjusted(
            0.12 * view.width, 0.12 * view.height, -0.12 * view.width, -0.12 * view.height
        )
        if not inner.contains(px, py) or any(card.contains(px, py) for card in covered):
            view = replace(view, x=x, y=y)
        self.look_at(view)

    # The tool in use

    def use_tool(self, tool: Tool | None) -> None:
        """Let a tool have pointer and keys before the map; None takes it away."""
        if self._hand.tool is not None:
            self._hand.tool.changed.disconnect(self.update)
        self._hand.set_tool(tool)
        if tool is not None:
            tool.changed.connect(self.update)
        self.update()

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._hand.press(event)
        self._on_point()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hand.move(event)
        self._on_point()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._hand.release(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._hand.wheel(event)

    def event(self, event: QEvent) -> bool:
        """As every widget, but a key that the tool needs is no shortcut meanwhile."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            tool = self._hand.tool
            if tool is not None and tool.wants(event):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._hand.key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._hand.key_up(event)
        super().keyReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hand.leave()
        self._on_point()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._view = replace(self._view, width=max(self.width(), 1), height=max(self.height(), 1))
        if self._fitted and self._ground() is not None:
            self.fit()
        else:
            self._on_look()
        self.view_changed.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        # A frame for those who came by the keyboard; those who clicked know where they are.
        self._framed = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._framed = False
        self._hand.let_go()
        self.update()
