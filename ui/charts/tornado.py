"""What moves a figure most: for each uncertain input a bar from the figure at its low to the figure at its high."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from ui.charts.base import Chart
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW, TOP, LABEL = 34, 8, 300


@dataclass(frozen=True)
class Swing:
    """One input: its words, the figure at its low and high, and these in words."""

    words: str
    at_low: float
    at_high: float
    low_words: str
    high_words: str


class TornadoChart(Chart):
    """The longest bar first; the line is the figure as it stands."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 2 * TOP + ROW, title, parent)
        self.swings: tuple[Swing, ...] = ()
        self._base = 0.0
        self.setMinimumWidth(560)

    def show_swings(self, swings: Sequence[Swing], base: float) -> None:
        """Draw bars around ``base``; ends that are no number are left out."""
        self.swings = tuple(one for one in swings if math.isfinite(one.at_low) and math.isfinite(one.at_high))
        self._base = base
        self.set_height(2 * TOP + ROW * max(1, len(self.swings)))
        self.setMinimumHeight(2 * TOP + ROW * max(1, len(self.swings)))
        self.update()

    def _scale(self) -> tuple[QRectF, float, float]:
        metrics = QFontMetricsF(self.font())
        ends = [metrics.horizontalAdvance(text) for one in self.swings for text in (one.low_words, one.high_words)]
        room = max(ends, default=0.0) + 8
        area = QRectF(LABEL + room, TOP, max(40.0, self.width() - LABEL - 2 * room), ROW * len(self.swings))
        values = [self._base, *(value for one in self.swings for value in (one.at_low, one.at_high))]
        return area, min(values), max(values)

    def _x(self, value: float) -> float:
        area, low, high = self._scale()
        return area.center().x() if high <= low else area.left() + (value - low) / (high - low) * area.width()

    def draw(self, painter: QPainter) -> None:
        if not self.swings:
            self.text(painter, self.width() / 2, self.height() / 2, self.look.say("ui.chart.nothing"))
            return
        area, _, _ = self._scale()
        base = self._x(self._base)
        for k, one in enumerate(self.swings):
            y = area.top() + k * ROW
            words = painter.fontMetrics().elidedText(one.words, Qt.TextElideMode.ElideRight, LABEL - 8)
            self.text(painter, 0, y + ROW / 2, words, role="ink", align="left")
            for value, text, role in ((one.at_low, one.low_words, "muted"), (one.at_high, one.high_words, "accent")):
                x = self._x(value)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.ink(role, 0.8))
                painter.drawRect(QRectF(min(x, base), y + 7, abs(x - base), ROW - 14))
                left = value < self._base or (value == self._base and max(one.at_low, one.at_high) > self._base)
                self.text(painter, x - 4 if left else x + 4, y + ROW / 2, text, align="right" if left else "left")
        painter.setPen(self.pen("ink", 1.2))
        painter.drawLine(QPointF(base, area.top()), QPointF(base, area.bottom()))

    def read(self, position: QPointF) -> str | None:
        row = int((position.y() - TOP) // ROW)
        if not 0 <= row < len(self.swings):
            return None
        one = self.swings[row]
        return self.look.say("ui.ways.swing", words=one.words, low=one.low_words, high=one.high_words)
