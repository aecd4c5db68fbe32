"""Some days of a base in half hours: the building, its roof, and building and cars in each way of charging."""

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
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

LEFT, RIGHT, TOP, BOTTOM, LINE = 36, 8, 8, 20, 16
# Series in the order in which they are drawn, with their colours and the width of their lines; the first two are areas.
SERIES = (("pv", "sun", 0.0), ("load", "muted", 0.0), ("unmanaged", "attention", 1.4), ("staggered", "ink", 1.4), ("follow", "accent", 1.8))  # fmt: skip
# Of so many days or fewer hours are named too.
_FEW = 2


class ChargingCurves(Chart):
    """Mean power of each half hour of some days [kW]; what is below nought is drawn as nought."""

    def __init__(self, look: Look, title: str, *, legend: bool, parent: QWidget | None = None) -> None:
        self._legend_lines = 2 if legend else 0
        super().__init__(look, 132 + LINE * self._legend_lines, title, parent)
        self.series: dict[str, NDArray[np.float64]] = {}
        self._names: tuple[str, ...] = ()
        self._top = 0.0

    def show_days(self, series: Mapping[str, NDArray[np.float64]], names: Sequence[str], top: float) -> None:
        """Draw some days.

        Parameters
        ----------
        series : by the names of :data:`SERIES`, mean power of days × 48 half hours [kW]; empty for nothing
        names : of the days
        top : of the scale [kW]
        """
        self.series, self._names, self._top = dict(series), tuple(names), top
        self.update()

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM - LINE * self._legend_lines)

    def _points(self, power: NDArray[np.float64]) -> list[QPointF]:
        area = self._area()
        x = area.left() + (np.arange(len(power)) + 0.5) / len(power) * area.width()
        y = area.bottom() - np.clip(power / self._top, 0.0, 1.0) * area.height()
        return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]

    def draw(self, painter: QPainter) -> None:
        area = self._area()
        if self._top <= 0 or not self.series:
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return
        self.levels(painter, area, self._top)
        self._days(painter, area)
        for name, role, width in SERIES:
            points = self._points(self.series[name])
            if width:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(self.pen(role, width))
                painter.drawPolyline(QPolygonF(points))
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.ink(role, 0.35 if name == "pv" else 0.25))
                ends = [QPointF(points[-1].x(), area.bottom()), QPointF(points[0].x(), area.bottom())]
                painter.drawPolygon(QPolygonF([*points, *ends]))
        if self._legend_lines:
            self._legend(painter, area.bottom() + BOTTOM + LINE / 2)

    def _days(self, painter: QPainter, area: QRectF) -> None:
        """Lines between days; their names below, with hours where there is room."""
        width, few = area.width() / len(self._names), len(self._names) <= _FEW
        for day, name in enumerate(self._names):
            x = area.left() + day * width
            if day:
                painter.setPen(self.pen("line"))
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            self.text(painter, x + width / 2, area.bottom() + 10, name)
            for hour in (6, 18) if few else ():
                at = x + width * hour / 24
                painter.setPen(self.pen("line"))
                painter.drawLine(QPointF(at, area.bottom() - 3), QPointF(at, area.bottom() + 3))
                self.text(painter, at, area.bottom() + 10, f"{hour}:00")

    def _legend(self, painter: QPainter, y: float) -> None:
        left, metrics = float(LEFT), painter.fontMetrics()
        for name, role, width in SERIES:
            words = self.look.say(f"ui.charging.series.{name}")
            room = 18 + metrics.horizontalAdvance(words) + 12
            if left + room > self.width() and left > LEFT:
                left, y = float(LEFT), y + LINE
            painter.setPen(self.pen(role, width or 6.0, 1.0 if width else 0.45))
            painter.drawLine(QPointF(left + 2, y), QPointF(left + 13, y))
            self.text(painter, left + 18, y, words, align="left")
            left += room

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if self._top <= 0 or not self.series or not area.contains(position):
            return None
        count = len(self._names) * SLOTS
        k = min(count - 1, int((position.x() - area.left()) / area.width() * count))
        day, slot = divmod(k, SLOTS)
        told = self.look.say("ui.list.comma").join(
            f"{self.look.say(f'ui.charging.series.{name}')} {fmt.significant(float(values[k]))} kW"
            for name, values in self.series.items()
        )
        begin = f"{slot // 2}:{'30' if slot % 2 else '00'}"
        return self.look.say("ui.use.half_hour", day=self._names[day], begin=begin, told=told)
