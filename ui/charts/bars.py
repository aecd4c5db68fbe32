"""Twelve monthly bars, and two bars that compare a year's yield with a year's use."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from ui import format as fmt
from ui.charts.base import Chart
from ui.look import Look

LEFT, RIGHT, TOP, BOTTOM = 36, 8, 14, 20


class MonthBars(Chart):
    """One bar a month; the best and the worst are written out.

    Signals
    -------
    month_clicked : 1 … 12
    """

    month_clicked = Signal(int)

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 172, title, parent)
        self._values: tuple[float, ...] = ()
        self._band: tuple[tuple[float, float], ...] = ()
        self._unit = ""

    def show_values(self, values: Sequence[float], unit: str, band: Sequence[tuple[float, float]] = ()) -> None:
        """Draw twelve values; ``band``: lowest and highest of each month, where they are known."""
        self._values, self._unit, self._band = tuple(values), unit, tuple(band)
        self.update()

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def draw(self, painter: QPainter) -> None:
        area = self._area()
        highest = max(self._values, default=0.0)
        top = max([highest, *(high for _, high in self._band)])
        if top <= 0:
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return
        self.levels(painter, area, top)
        width = area.width() / 12
        best, worst = self._values.index(highest), self._values.index(min(self._values))
        for month, value in enumerate(self._values):
            height = max(0.0, value) / top * area.height()
            left = area.left() + (month + 0.16) * width
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.ink("sun"))
            painter.drawRect(QRectF(left, area.bottom() - height, width * 0.68, height))
            centre = area.left() + (month + 0.5) * width
            self.text(painter, centre, area.bottom() + 10, str(month + 1))
            reach = height
            if self._band:
                low, high = (max(0.0, end) / top * area.height() for end in self._band[month])
                reach = max(height, high)
                painter.setPen(self.pen("ink", 1.2, 0.7))
                painter.drawLine(QPointF(centre, area.bottom() - low), QPointF(centre, area.bottom() - high))
                for end in (low, high):
                    painter.drawLine(QPointF(centre - 3, area.bottom() - end), QPointF(centre + 3, area.bottom() - end))
            if month in (best, worst):
                self.text(painter, centre, area.bottom() - reach - 7, fmt.significant(value), role="ink")

    def _month_at(self, position: QPointF) -> int | None:
        area = self._area()
        if not self._values or not area.contains(position):
            return None
        return min(11, int((position.x() - area.left()) / area.width() * 12))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        month = self._month_at(event.position())
        if month is not None and event.button() == Qt.MouseButton.LeftButton:
            self.month_clicked.emit(month + 1)

    def read(self, position: QPointF) -> str | None:
        month = self._month_at(position)
        if month is None:
            return None
        return self.look.say(
            "ui.chart.month", month=month + 1, value=fmt.significant(self._values[month]), unit=self._unit
        )


class CompareBars(Chart):
    """A few horizontal bars on one scale, each with its words and its value."""

    ROW = 40

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 2 * self.ROW, title, parent)
        self._rows: tuple[tuple[str, float, str, str], ...] = ()

    def show_rows(self, rows: Sequence[tuple[str, float, str, str]]) -> None:
        """Draw rows of (words, value, value in words, colour role)."""
        self._rows = tuple(rows)
        self.set_height(self.ROW * max(1, len(rows)))
        self.update()

    def draw(self, painter: QPainter) -> None:
        top = max((value for _, value, _, _ in self._rows), default=0.0)
        for k, (words, value, shown, role) in enumerate(self._rows):
            y = k * self.ROW
            self.text(painter, 0, y + 9, words, align="left")
            self.text(painter, self.width(), y + 9, shown, role="ink", align="right")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.ink("line"))
            painter.drawRoundedRect(QRectF(0, y + 20, self.width(), 8), 4, 4)
            if top > 0 and value > 0:
                painter.setBrush(self.ink(role))
                painter.drawRoundedRect(QRectF(0, y + 20, max(8.0, value / top * self.width()), 8), 4, 4)
