"""A bill before, what each measure takes off or adds, and the bill after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from ui.charts.base import Chart, nice_step
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 62, 8, 26, 22, 186


@dataclass(frozen=True)
class Fall:
    """One bar: its words, from where to where it goes, and how that is told; ``whole`` where it stands on the ground."""

    words: str
    begin: float
    end: float
    shown: str
    whole: bool = False


class WaterfallChart(Chart):
    """Bars from left to right; what falls is coloured otherwise than what rises, and goes the other way."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, _HEIGHT, title, parent)
        self.falls: tuple[Fall, ...] = ()
        self._top = 0.0

    def show_falls(self, falls: Sequence[Fall], top: float) -> None:
        """Draw bars on a scale that reaches ``top``, so that two charts can be compared."""
        self.falls, self._top = tuple(falls), top
        self.setAccessibleDescription("\n".join(f"{one.words}: {one.shown}" for one in self.falls))
        self.update()

    def _area(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(40, self.width() - _LEFT - _RIGHT), max(40, self.height() - _TOP - _BOTTOM))

    def draw(self, painter: QPainter) -> None:
        area = self._area()
        if not self.falls or self._top <= 0:
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return
        self._levels(painter, area)
        self.text(painter, 0, 8, self.look.say("ui.measures.thousands"), align="left")
        width = area.width() / len(self.falls)
        for k, one in enumerate(self.falls):
            left, right = area.left() + (k + 0.16) * width, area.left() + (k + 0.84) * width
            begin, end = (self._y(area, value) for value in (one.begin, one.end))
            painter.setPen(Qt.PenStyle.NoPen)
            role = "muted" if one.whole else "attention" if one.end > one.begin else "accent"
            painter.setBrush(self.ink(role, 0.85))
            # A step of nought is still seen.
            painter.drawRect(QRectF(left, min(begin, end), right - left, max(1.0, abs(begin - end))))
            if k + 1 < len(self.falls):
                pen = self.pen("muted", 1.0)
                pen.setStyle(Qt.PenStyle.DotLine)
                painter.setPen(pen)
                painter.drawLine(QPointF(right, end), QPointF(right + 0.32 * width, end))
            centre = area.left() + (k + 0.5) * width
            self.text(painter, centre, min(begin, end) - 8, one.shown, role="ink")
            words = painter.fontMetrics().elidedText(one.words, Qt.TextElideMode.ElideRight, int(width) - 4)
            self.text(painter, centre, area.bottom() + 12, words)

    def _levels(self, painter: QPainter, area: QRectF) -> None:
        """Lines across at round values, written out: these are thousands of yen."""
        step = nice_step(self._top)
        for k in range(int(self._top / step) + 1):
            y = self._y(area, k * step)
            painter.setPen(self.pen("line"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            self.text(painter, area.left() - 4, y, f"{k * step:,.0f}", align="right")

    def _y(self, area: QRectF, value: float) -> float:
        return area.bottom() - value / self._top * area.height()

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if not self.falls or not area.contains(position):
            return None
        one = self.falls[min(len(self.falls) - 1, int((position.x() - area.left()) / area.width() * len(self.falls)))]
        return self.look.say("ui.measures.fall", words=one.words, shown=one.shown)
