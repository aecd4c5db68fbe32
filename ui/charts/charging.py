"""Some days of a base in half hours: the building, its roof, and building and cars in each way of charging."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from kawasolar.half_hours import SLOTS
from ui import format as fmt
from ui.charts.base import Chart, nice_step
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

LEFT, RIGHT, TOP, BOTTOM, LINE, GAP = 36, 8, 8, 20, 16, 12
# Heights of the panels: the building with its roof and its cars, and the cars alone by their own scale.
WHOLE, CARS = 64, 52
# Series in the order in which they are drawn, with their colours and the width of their lines; the first two are areas.
SERIES = (("pv", "sun", 0.0), ("load", "muted", 0.0), ("unmanaged", "attention", 1.4), ("staggered", "ink", 1.4), ("follow", "accent", 1.8))  # fmt: skip
# Of so many days or fewer hours are named too.
_FEW = 2
# Room above the highest line.
_ROOM = 1.08


class ChargingCurves(Chart):
    """Mean power of each half hour of some days [kW]: above the building with and without its cars (as a meter would have it without the roof), below the cars alone."""

    def __init__(self, look: Look, title: str, *, legend: bool, parent: QWidget | None = None) -> None:
        self._legend_lines = 2 if legend else 0
        super().__init__(look, TOP + WHOLE + GAP + CARS + BOTTOM + LINE * self._legend_lines, title, parent)
        self.series: dict[str, NDArray[np.float64]] = {}
        self._names: tuple[str, ...] = ()

    def show_days(self, series: Mapping[str, NDArray[np.float64]], names: Sequence[str]) -> None:
        """Draw some days.

        Parameters
        ----------
        series : by the names of :data:`SERIES`, mean power of days × 48 half hours [kW]; cars alone, below nought where they give back; empty for nothing
        names : of the days
        """
        self.series, self._names = dict(series), tuple(names)
        self.update()

    def _areas(self) -> tuple[QRectF, QRectF]:
        width = self.width() - LEFT - RIGHT
        return QRectF(LEFT, TOP, width, WHOLE), QRectF(LEFT, TOP + WHOLE + GAP, width, CARS)

    @staticmethod
    def _points(area: QRectF, power: NDArray[np.float64], low: float, top: float) -> list[QPointF]:
        x = area.left() + (np.arange(len(power)) + 0.5) / len(power) * area.width()
        y = area.bottom() - np.clip((power - low) / (top - low), 0.0, 1.0) * area.height()
        return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]

    def draw(self, painter: QPainter) -> None:
        whole, cars = self._areas()
        if not self.series:
            self.text(painter, whole.center().x(), whole.bottom(), self.look.say("ui.chart.nothing"))
            return
        ways = [(name, role, width) for name, role, width in SERIES if width]
        totals = {name: self.series["load"] + self.series[name] for name, _, _ in ways}
        top = _ROOM * max(float(one.max(initial=0.0)) for one in (*totals.values(), self.series["pv"], self.series["load"]))  # fmt: skip
        low = min(float(self.series[name].min(initial=0.0)) for name, _, _ in ways)
        high = _ROOM * max(float(self.series[name].max(initial=0.0)) for name, _, _ in ways)
        for area, least, most, lines in ((whole, 0.0, top, totals), (cars, low, high, self.series)):
            if most <= least:
                continue
            self._levels(painter, area, least, most)
            self._days(painter, area, last=area is cars)
            if area is whole:
                self._filled(painter, area, most)
            for name, role, width in ways:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(self.pen(role, width))
                painter.drawPolyline(QPolygonF(self._points(area, lines[name], least, most)))
        if self._legend_lines:
            self._legend(painter, cars.bottom() + BOTTOM + LINE / 2)

    def _levels(self, painter: QPainter, area: QRectF, low: float, top: float) -> None:
        """Lines at round values, also below nought."""
        step = nice_step(top - low, 2)
        for k in range(int(np.ceil(low / step - 1e-9)), int(np.floor(top / step + 1e-9)) + 1):
            y = area.bottom() - (k * step - low) / (top - low) * area.height()
            painter.setPen(self.pen("line"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            self.text(painter, area.left() - 4, y, f"{k * step:,.4g}".replace("-", "−"), align="right")

    def _filled(self, painter: QPainter, area: QRectF, top: float) -> None:
        """Roof and building as areas."""
        painter.setPen(Qt.PenStyle.NoPen)
        for name, role, _ in SERIES[:2]:
            points = self._points(area, self.series[name], 0.0, top)
            painter.setBrush(self.ink(role, 0.35 if name == "pv" else 0.25))
            ends = [QPointF(points[-1].x(), area.bottom()), QPointF(points[0].x(), area.bottom())]
            painter.drawPolygon(QPolygonF([*points, *ends]))

    def _days(self, painter: QPainter, area: QRectF, *, last: bool) -> None:
        """Lines between days; below the last panel their names, with hours where there is room."""
        width, few = area.width() / len(self._names), len(self._names) <= _FEW
        for day, name in enumerate(self._names):
            x = area.left() + day * width
            if day:
                painter.setPen(self.pen("line"))
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            if not last:
                continue
            self.text(painter, x + width / 2, area.bottom() + 10, name)
            for hour in (4, 20) if few else ():
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
        area = self._areas()[0].united(self._areas()[1])
        if not self.series or not area.contains(position):
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
