"""What a tool on the map is: it sees pointer and keys before the map does, and paints above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QKeyEvent, QPainter

    from ui.map.viewport import Viewport
    from ui.tokens import Tokens


@dataclass(frozen=True)
class Spot:
    """Where the pointer is, on the widget [px] and on the ground [m], how many metres a pixel is, and which keys are held: ``shift`` squares, ``free`` stops snapping."""

    at: QPointF
    x: float
    y: float
    scale: float
    shift: bool = False
    free: bool = False


class Tool(QObject):
    """Takes what it wants of pointer and keys; what it does not take moves the map as always.

    Signals
    -------
    changed : it looks different, or has something else to say
    """

    changed = Signal()
    cursor = Qt.CursorShape.CrossCursor
    # Whether the card of what lies at the cursor is shown meanwhile.
    hovers = False
    # Whether markers and names would be in its way on roofs seen from near; else it paints below them or above them.
    clears = False
    below_markers = False

    def telling(self) -> object:
        """What the words about it depend on: equal where nothing else need be said."""
        return object()

    def press(self, spot: Spot) -> bool:
        """The left button went down; True if the tool takes it until it goes up."""
        return False

    def move(self, spot: Spot) -> bool:
        """The pointer moved, with the button down if the press was taken; True if the tool has a use for it."""
        return False

    def release(self, spot: Spot, *, dragged: bool) -> None:
        """The button that was taken went up."""

    def click(self, spot: Spot) -> bool:
        """A click whose press the tool did not take; True if it takes the click."""
        return False

    def double(self, spot: Spot) -> bool:
        """A double click; the press and the release before it have been told."""
        return False

    def key(self, event: QKeyEvent) -> bool:
        """A key went down; True if the tool takes it."""
        return False

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key that is somebody's shortcut is the tool's now."""
        return False

    def leave(self) -> None:
        """The pointer left the map."""

    def paint(self, painter: QPainter, view: Viewport, tokens: Tokens) -> None:
        """Draw above the map, in logical pixels."""
