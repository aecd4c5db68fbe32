"""Hour × month: when the roof produces, and when the skyline takes it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from ui import format as fmt
from ui.charts.base import Chart
from ui.look import Look
from ui.tokens import IRRADIATION_RAMP

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEFT, RIGHT, TOP, BOTTOM = 28, 8, 4, 34


_COLOURS = tuple(QColor(name) for name in IRRADIATION_RAMP)


def ramp(share: float) -> QColor:
    """The irradiation ramp at 0…1."""
    place = min(max(share, 0.0), 1.0) * (len(_COLOURS) - 1)
    k = min(int(place), len(_COLOURS) - 2)
    part = place - k
    a, b = _COLOURS[k], _COLOURS[k + 1]
    pairs = ((a.redF(), b.redF()), (a.greenF(), b.greenF()), (a.blueF(), b.blueF()))
    return QColor.fromRgbF(*(x + (y - x) * part for x, y in pairs))


class MonthHourChart(Chart):
    """Twelve columns of hours; the colour is energy [kWh], or another ``unit``, in that hour of the day of that month.

    ``mean``: the values are means of that hour, not sums of the month.
    """

    def __init__(
        self, look: Look, title: str, parent: QWidget | None = None, *, unit: str = "kWh", mean: bool = False
    ) -> None:
        super().__init__(look, 164, title, parent)
        self._unit, self._scale = unit, "ui.chart.scale_mean" if mean else "ui.chart.scale"
        self._values: NDArray[np.float32] | None = None
        self._top = 0.0
        self._first, self._last = 4, 20

    def show_values(self, values: NDArray[np.float32] | None) -> None:
        """Draw ``[12, 24]`` values."""
        self._values = values
        self._top = float(np.nanmax(values)) if values is not None and values.size else 0.0
        if self._top > 0 and values is not None:
            lit = np.flatnonzero(np.nanmax(values, axis=0) > self._top * 0.002)
            self._first, self._last = int(lit[0]), int(lit[-1]) + 1
        self.update()

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def draw(self, painter: QPainter) -> None:
        area = self._area()
        hours = self._last - self._first
        if self._values is None or self._top <= 0:
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return
        width, height = area.width() / 12, area.height() / hours
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for month in range(12):
            for hour in range(self._first, self._last):
                value = float(self._values[month, hour])
                if value <= 0:
                    continue
                box = QRectF(
                    area.left() + month * width, area.bottom() - (hour - self._first + 1) * height, width, height
                )
                painter.fillRect(box, ramp(value / self._top))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for hour in (h for h in (6, 9, 12, 15, 18) if self._first <= h <= self._last):
            y = area.bottom() - (hour - self._first) * height
            painter.setPen(self.pen("line", 1.0, 0.6))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            self.text(painter, LEFT - 4, y, str(hour), align="right")
        for month in range(12):
            self.text(painter, area.left() + (month + 0.5) * width, area.bottom() + 9, str(month + 1))
        self._draw_scale(painter, area)

    def _draw_scale(self, painter: QPainter, area: QRectF) -> None:
        bar = QRectF(area.left(), self.height() - 10, 80, 5)
        picture = QImage(80, 1, QImage.Format.Format_RGB32)
        for x in range(80):
            picture.setPixelColor(x, 0, ramp(x / 79))
        painter.drawImage(bar, picture)
        words = self.look.say(self._scale, top=fmt.significant(self._top), unit=self._unit)
        self.text(painter, bar.right() + 8, bar.center().y(), words, align="left")

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if self._values is None or not area.contains(position):
            return None
        month = min(11, int((position.x() - area.left()) / area.width() * 12))
        hour = self._first + min(
            self._last - self._first - 1,
            int((area.bottom() - position.y()) / area.height() * (self._last - self._first)),
        )
        value = fmt.significant(float(self._values[month, hour]))
        return self.look.say(
            "ui.chart.month_hour", month=month + 1, begin=hour, end=hour + 1, value=value, unit=self._unit
        )
