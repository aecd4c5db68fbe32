"""A week in half hours: what a building uses, what its roof gives, and what of it is used at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from kawasolar.half_hours import SLOTS
from ui import format as fmt
from ui.charts.base import Chart
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEFT, RIGHT, TOP, BOTTOM = 36, 8, 10, 38
DAYS = 7
# A line of half hours shorter than this many pixels each is not drawn any finer.
_LEGEND = (("load", "ink"), ("produced", "sun"), ("self_use", "accent"))


class WeekCurves(Chart):
    """Mean power of each half hour of seven days [kW]."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 176, title, parent)
        self.load: NDArray[np.float64] = np.empty(0)
        self.produced: NDArray[np.float64] = np.empty(0)
        self._names: tuple[str, ...] = ()
        self._top = 0.0

    def show_week(
        self, load: NDArray[np.float64], produced: NDArray[np.float64], names: Sequence[str], top: float
    ) -> None:
        """Draw a week.

        Parameters
        ----------
        load, produced : mean power of 7 × 48 half hours [kW]; without any, nothing is drawn
        names : of the days
        top : of the scale [kW], kept from week to week
        """
        self.load, self.produced, self._names, self._top = load, produced, tuple(names), top
        self.update()

    @property
    def self_use(self) -> NDArray[np.float64]:
        """Used as it is produced [kW]."""
        return np.minimum(self.load, self.produced)

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def _points(self, power: NDArray[np.float64]) -> list[QPointF]:
        area = self._area()
        x = area.left() + (np.arange(len(power)) + 0.5) / len(power) * area.width()
        y = area.bottom() - np.clip(power / self._top, 0.0, 1.0) * area.height()
        return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]

    def draw(self, painter: QPainter) -> None:
        area = self._area()
        if self._top <= 0 or not len(self.load):
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return
        self.levels(painter, area, self._top)
        width = area.width() / DAYS
        for day, name in enumerate(self._names):
            x = area.left() + day * width
            if day:
                painter.setPen(self.pen("line"))
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            self.text(painter, x + width / 2, area.bottom() + 10, name)
        painter.setPen(Qt.PenStyle.NoPen)
        for power, role, alpha in ((self.produced, "sun", 0.3), (self.self_use, "accent", 0.45)):
            points = self._points(power)
            ends = [QPointF(points[-1].x(), area.bottom()), QPointF(points[0].x(), area.bottom())]
            painter.setBrush(self.ink(role, alpha))
            painter.drawPolygon(QPolygonF([*points, *ends]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for power, role in ((self.produced, "sun"), (self.load, "ink")):
            painter.setPen(self.pen(role, 1.4))
            painter.drawPolyline(QPolygonF(self._points(power)))
        self._legend(painter)

    def _legend(self, painter: QPainter) -> None:
        y, left, metrics = self.height() - 9.0, float(LEFT), painter.fontMetrics()
        for name, role in _LEGEND:
            words = self.look.say(f"ui.use.{name}")
            painter.setPen(self.pen(role, 3.0 if name == "self_use" else 1.8, 0.6 if name == "self_use" else 1.0))
            painter.drawLine(QPointF(left, y), QPointF(left + 14, y))
            self.text(painter, left + 18, y, words, align="left")
            left += 18 + metrics.horizontalAdvance(words) + 12

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if self._top <= 0 or not len(self.load) or not area.contains(position):
            return None
        k = min(len(self.load) - 1, int((position.x() - area.left()) / area.width() * len(self.load)))
        day, slot = divmod(k, SLOTS)
        power = {"load": self.load, "produced": self.produced, "self_use": self.self_use}
        told = self.look.say("ui.list.comma").join(
            f"{self.look.say(f'ui.use.{name}')} {fmt.significant(float(values[k]))} kW"
            for name, values in power.items()
        )
        begin = f"{slot // 2}:{'30' if slot % 2 else '00'}"
        return self.look.say("ui.use.half_hour", day=self._names[day], begin=begin, told=told)
