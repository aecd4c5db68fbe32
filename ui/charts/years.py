"""One bar a year of operation, as the modules age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from ui import format as fmt
from ui.charts.base import Chart
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

LEFT, RIGHT, TOP, BOTTOM = 36, 8, 14, 20


class YearBars(Chart):
    """Energy of each year; the first and the last are written out."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 120, title, parent)
        self.values: tuple[float, ...] = ()
        self._unit = ""

    def show_values(self, values: Sequence[float], unit: str) -> None:
        """Draw one value a year."""
        self.values, self._unit = tuple(values), unit
        self.update()

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def draw(self, painter: QPainter) -> None:
        area, top = self._area(), max(self.values, default=0.0)
        if top <= 0:
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return
        self.levels(painter, area, top, 3)
        width, last = area.width() / len(self.values), len(self.values)
        for year, value in enumerate(self.values, start=1):
            height = value / top * area.height()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.ink("sun"))
            left = area.left() + (year - 1 + 0.14) * width
            painter.drawRect(QRectF(left, area.bottom() - height, width * 0.72, height))
            centre = area.left() + (year - 0.5) * width
            if year in (1, last) or (year % 5 == 0 and last - year >= 3):
                self.text(painter, centre, area.bottom() + 10, str(year))
            if year in (1, last):
                self.text(painter, centre, area.bottom() - height - 7, fmt.significant(value), role="ink")

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if not self.values or not area.contains(position):
            return None
        year = min(len(self.values), 1 + int((position.x() - area.left()) / area.width() * len(self.values)))
        value = fmt.significant(self.values[year - 1])
        return self.look.say("ui.power.year", year=year, value=value, unit=self._unit)
