"""The outlines among which a review chooses, numbered, with the place of the facility."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPen

from ui.map.sketch import ground_path, on_screen, paint_outline, paint_plate
from ui.map.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath

    from kawasolar.join.review import Candidate
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens

# Around a place that is only known to the block [m].
_BLOCK_M = 40.0


@dataclass(frozen=True)
class _Outline:
    """One candidate as it is painted with every frame: its path in metres from a point inside, and its box."""

    path: QPainterPath
    inside: tuple[float, float]
    bounds: tuple[float, float, float, float]


def _outline(shape: shapely.Geometry) -> _Outline:
    point = shapely.point_on_surface(shape)
    inside = (float(point.x), float(point.y))
    west, south, east, north = shapely.bounds(shape).tolist()
    return _Outline(ground_path(shape, inside), inside, (west, south, east, north))


class ReviewTool(Tool):
    """Paints what the review looks at, and hands it the keys; the pointer moves the map as always."""

    cursor = Qt.CursorShape.ArrowCursor
    hovers = True

    def __init__(self, press: Callable[[QKeyEvent], bool]) -> None:
        super().__init__()
        self._press = press
        self.candidates: Sequence[Candidate] = ()
        self.place: tuple[float, float] | None = None
        self.exact = ""
        self._outlines: list[_Outline] = []

    def show(self, candidates: Sequence[Candidate], place: tuple[float, float] | None, exact: str) -> None:
        """Paint other outlines; ``exact``: how exact the place is, where that came from an address."""
        self.candidates, self.place, self.exact = candidates, place, exact
        self._outlines = [_outline(candidate.shape) for candidate in candidates]
        self.changed.emit()

    def telling(self) -> object:
        # Words are the panel's.
        return ""

    def key(self, event: QKeyEvent) -> bool:
        return self._press(event)

    def paint(self, painter: QPainter, view: Viewport, tokens: Tokens) -> None:
        seen = [view.sees(outline.bounds) for outline in self._outlines]
        both = list(zip(self.candidates, self._outlines, seen, strict=True))
        for candidate, outline, visible in reversed(both):
            if not visible:
                continue
            color = QColor(
                tokens.selection if candidate.linked else tokens.attention if candidate.owner else tokens.ink
            )
            width, fill = (3.0, 70) if candidate.linked else (1.8, 24)
            path = on_screen(outline.path, outline.inside, view)
            paint_outline(painter, path, tokens, color, width, fill=fill, dashed=not candidate.linked)
        for number, (_, outline, visible) in enumerate(both, start=1):
            if visible:
                paint_plate(painter, QPointF(*view.to_screen(*outline.inside)), str(number), tokens, strong=True)
        if self.place is not None:
            self._paint_place(painter, view, tokens)

    def _paint_place(self, painter: QPainter, view: Viewport, tokens: Tokens) -> None:
        at = QPointF(*view.to_screen(*self.place)) if self.place is not None else QPointF()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((QColor(tokens.panel), 4.5), (QColor(tokens.selection), 2.0)):
            painter.setPen(QPen(color, width))
            painter.drawLine(at + QPointF(-8, 0), at + QPointF(8, 0))
            painter.drawLine(at + QPointF(0, -8), at + QPointF(0, 8))
        if self.exact in ("block", "town"):
            painter.setPen(QPen(QColor(tokens.selection), 1.5, Qt.PenStyle.DashLine))
            painter.drawEllipse(at, _BLOCK_M / view.scale, _BLOCK_M / view.scale)
