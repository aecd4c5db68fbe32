"""One bar a fiscal year, with what it must reach or keep to as a line across it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.charts.base import Chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from ui.look import Look

LEFT, RIGHT, TOP, BOTTOM = 44, 10, 18, 22
_HEIGHT = 170
# Room above the highest bar for its number.
_ROOM = 1.12
# Pixels from a bar's end to a line above it, so that no number fits between.
_CLOSE = 18.0


@dataclass(frozen=True)
class YearBar:
    """A year: its bar with the number above it, and the height of its line (NaN for none); ``told`` is read by the pointer."""

    year: int
    value: float
    shown: str
    line: float = math.nan
    told: str = ""


class FiscalYears(Chart):
    """Bars of fiscal years."""

    def __init__(self, look: Look, title: str, role: str = "accent", parent: QWidget | None = None) -> None:
        super().__init__(look, _HEIGHT, title, parent)
        self._role = role
        self.bars: tuple[YearBar, ...] = ()

    def show_bars(self, bars: Sequence[YearBar]) -> None:
        """Draw other years."""
        self.bars = tuple(bars)
        self.update()

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def draw(self, painter: QPainter) -> None:
        area = self._area()
        heights = [value for bar in self.bars for value in (bar.value, bar.line) if math.isfinite(value)]
        top = _ROOM * max(heights, default=0.0)
        if top <= 0:
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return
        self.levels(painter, area, top)
        width = area.width() / len(self.bars)
        for k, bar in enumerate(self.bars):
            height = bar.value / top * area.height()
            left = area.left() + k * width
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.ink(self._role))
            painter.drawRect(QRectF(left + 0.2 * width, area.bottom() - height, 0.6 * width, height))
            self.text(painter, left + width / 2, area.bottom() + 11, str(bar.year))
            if math.isfinite(bar.line):
                y = area.bottom() - bar.line / top * area.height()
                pen = QPen(self.ink("attention"), 1.6, Qt.PenStyle.DashLine)
                painter.setPen(pen)
                painter.drawLine(QPointF(left + 0.06 * width, y), QPointF(left + 0.94 * width, y))
            self.text(painter, left + width / 2, self._above(bar, area, top) - 8, bar.shown, role="ink")

    def _above(self, bar: YearBar, area: QRectF, top: float) -> float:
        """Where a bar's number stands: above its line where that lies so close that it would go through the number."""
        end = area.bottom() - bar.value / top * area.height()
        line = area.bottom() - bar.line / top * area.height() if math.isfinite(bar.line) else end
        return line if 0.0 < end - line < _CLOSE else end

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if not self.bars or not area.contains(position):
            return None
        k = min(len(self.bars) - 1, int((position.x() - area.left()) / area.width() * len(self.bars)))
        return self.bars[k].told
