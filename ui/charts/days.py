"""The power of three days of a month by hour: the sunniest, the mean, the dullest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from ui import format as fmt
from ui.charts.base import Chart
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEFT, RIGHT, TOP, BOTTOM = 36, 8, 10, 38


@dataclass(frozen=True)
class Day:
    """Mean power in each hour [kW], shape (24,), and how it is called and drawn."""

    words: str
    power: NDArray[np.float64]
    role: str
    line: Qt.PenStyle = Qt.PenStyle.SolidLine
    filled: bool = False


class DayCurves(Chart):
    """Curves of a day through the middles of its hours."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 164, title, parent)
        self.days: tuple[Day, ...] = ()
        self._first, self._last, self._top = 4, 20, 0.0

    def show_days(self, days: Sequence[Day], top: float) -> None:
        """Draw these days, on a scale up to ``top`` [kW] that is kept from month to month."""
        self.days, self._top = tuple(days), top
        self.update()

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def _place(self, hour: float, power: float) -> QPointF:
        area = self._area()
        x = area.left() + (hour - self._first) / (self._last - self._first) * area.width()
        return QPointF(x, area.bottom() - max(0.0, power) / self._top * area.height())

    def draw(self, painter: QPainter) -> None:
        area = self._area()
        if self._top <= 0 or not self.days:
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return
        self._axes(painter, area)
        for day in self.days:
            points = [self._place(hour + 0.5, float(day.power[hour])) for hour in range(self._first, self._last)]
            if day.filled:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.ink(day.role, 0.22))
                ends = [QPointF(points[-1].x(), area.bottom()), QPointF(points[0].x(), area.bottom())]
                painter.drawPolygon(QPolygonF([*points, *ends]))
            pen = self.pen(day.role, 1.8)
            pen.setStyle(day.line)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(points))
        self._legend(painter)

    def _axes(self, painter: QPainter, area: QRectF) -> None:
        self.levels(painter, area, self._top)
        for hour in range(self._first, self._last + 1, 4):
            self.text(painter, self._place(hour, 0.0).x(), area.bottom() + 10, str(hour))

    def _legend(self, painter: QPainter) -> None:
        y, left, metrics = self.height() - 9.0, float(LEFT), painter.fontMetrics()
        for day in self.days:
            pen = self.pen(day.role, 1.8)
            pen.setStyle(day.line)
            painter.setPen(pen)
            painter.drawLine(QPointF(left, y), QPointF(left + 14, y))
            self.text(painter, left + 18, y, day.words, align="left")
            left += 18 + metrics.horizontalAdvance(day.words) + 12

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if self._top <= 0 or not self.days or not area.contains(position):
            return None
        span = self._last - self._first
        hour = self._first + min(span - 1, int((position.x() - area.left()) / area.width() * span))
        told = self.look.say("ui.list.comma").join(
            f"{day.words} {fmt.significant(float(day.power[hour]))} kW" for day in self.days
        )
        return self.look.say("ui.power.day_hour", begin=hour, end=hour + 1, told=told)
