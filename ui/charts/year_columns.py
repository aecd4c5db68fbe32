"""Some values of each fiscal year, beside one another, and a mark across them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter

from ui.charts.base import Chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from ui.look import Look

LEFT, RIGHT, TOP, BOTTOM = 52, 8, 26, 20
_SWATCH, _GAP = 10.0, 14.0
# Of a year's width that the columns fill.
_FILLED = 0.72


@dataclass(frozen=True)
class Series:
    """A value a year: ``role`` is a colour of the look, ``fill`` how it is told apart without colour (``full hatch open``)."""

    words: str
    values: tuple[float, ...]
    role: str
    fill: str = "full"


class YearColumns(Chart):
    """Columns of every year; ``marks`` are levels that a year has, such as its budget."""

    def __init__(self, look: Look, title: str, height: int = 170, parent: QWidget | None = None) -> None:
        super().__init__(look, height, title, parent)
        self.years: tuple[int, ...] = ()
        self.series: tuple[Series, ...] = ()
        self.marks: tuple[float, ...] = ()
        self._marked = ""

    def show_years(
        self, years: Sequence[int], series: Sequence[Series], marks: Sequence[float] = (), marked: str = ""
    ) -> None:
        """Other years; ``marked`` are the words of the marks."""
        self.years, self.series, self.marks, self._marked = tuple(years), tuple(series), tuple(marks), marked
        self.update()

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def _top(self) -> float:
        return max([*(value for one in self.series for value in one.values), *self.marks], default=0.0)

    def _brush(self, one: Series) -> QBrush:
        if one.fill == "hatch":
            return QBrush(self.ink(one.role, 0.8), Qt.BrushStyle.BDiagPattern)
        return QBrush(self.ink(one.role, 0.2 if one.fill == "open" else 1.0))

    def draw(self, painter: QPainter) -> None:
        area, top = self._area(), self._top()
        if top <= 0:
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return
        self.levels(painter, area, top, 3)
        for k, year in enumerate(self.years):
            for j, one in enumerate(self.series):
                box = self._box(area, top, k, j)
                painter.setPen(Qt.PenStyle.NoPen if one.fill == "full" else self.pen(one.role))
                painter.setBrush(self._brush(one))
                painter.drawRect(box)
            self._draw_mark(painter, area, top, k)
            self.text(painter, area.left() + (k + 0.5) * area.width() / len(self.years), area.bottom() + 10, str(year))
        self._legend(painter)

    def _box(self, area: QRectF, top: float, year: int, series: int) -> QRectF:
        width = area.width() / len(self.years)
        each = width * _FILLED / len(self.series)
        height = self.series[series].values[year] / top * area.height()
        left = area.left() + year * width + width * (1 - _FILLED) / 2 + series * each
        return QRectF(left, area.bottom() - height, each * 0.92, height)

    def _draw_mark(self, painter: QPainter, area: QRectF, top: float, year: int) -> None:
        if year >= len(self.marks):
            return
        width, y = area.width() / len(self.years), area.bottom() - self.marks[year] / top * area.height()
        painter.setPen(self.pen("attention", 1.5))
        left = area.left() + year * width
        painter.drawLine(QPointF(left + 2, y), QPointF(left + width - 2, y))

    def _legend(self, painter: QPainter) -> None:
        metrics, x = QFontMetricsF(painter.font()), 2.0
        for one in self.series:
            painter.setPen(Qt.PenStyle.NoPen if one.fill == "full" else self.pen(one.role))
            painter.setBrush(self._brush(one))
            painter.drawRect(QRectF(x, 4, _SWATCH, _SWATCH))
            self.text(painter, x + _SWATCH + 4, 9, one.words, align="left")
            x += _SWATCH + 4 + metrics.horizontalAdvance(one.words) + _GAP
        if self.marks:
            painter.setPen(self.pen("attention", 1.5))
            painter.drawLine(QPointF(x, 9), QPointF(x + _SWATCH, 9))
            self.text(painter, x + _SWATCH + 4, 9, self._marked, align="left")

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if not self.years or not self.series or not area.contains(position):
            return None
        place = (position.x() - area.left()) / area.width() * len(self.years)
        year = min(int(place), len(self.years) - 1)
        told = [
            self.look.say("ui.lighting.read", year=self.years[year], words=one.words, value=f"{one.values[year]:,.4g}")
            for one in self.series
        ]
        return "\n".join(told)
