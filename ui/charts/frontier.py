"""What more money would bring: the best programme at each cost, as points that can be picked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from ui.charts.base import Chart
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 24, 26, 46
_REACH, _DOT = 14.0, 5.0


@dataclass(frozen=True)
class Spot:
    """One programme: cost and worth in the units of the axes, the money that it was allowed [yen], and its words."""

    cost: float
    worth: float
    allowed_yen: float
    words: str


class FrontierChart(Chart):
    """Cost from left to right, worth upwards; a click picks a point."""

    picked = Signal(float)

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 300, title, parent)
        self.spots: tuple[Spot, ...] = ()
        self._across = self._up = ""
        self.setMinimumHeight(240)

    def show_spots(self, spots: Sequence[Spot], across: str, up: str) -> None:
        """Draw points, with the words of both axes."""
        self.spots, self._across, self._up = tuple(spots), across, up
        self.setAccessibleDescription("\n".join(one.words for one in self.spots))
        self.update()

    def _area(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(40, self.width() - _LEFT - _RIGHT), max(40, self.height() - _TOP - _BOTTOM))

    def _ends(self) -> tuple[float, float, float, float]:
        costs, worths = [one.cost for one in self.spots], [one.worth for one in self.spots]
        wide, high = max(costs) - min(costs) or 1.0, max(worths) - min(worths) or 1.0
        return min(costs) - wide * 0.05, max(costs) + wide * 0.05, min(worths) - high * 0.1, max(worths) + high * 0.1

    def place(self, spot: Spot) -> QPointF:
        """Where a point is drawn."""
        area, (left, right, low, high) = self._area(), self._ends()
        x = area.left() + (spot.cost - left) / (right - left) * area.width()
        return QPointF(x, area.bottom() - (spot.worth - low) / (high - low) * area.height())

    def draw(self, painter: QPainter) -> None:
        if not self.spots:
            self.text(painter, self.width() / 2, self.height() / 2, self.look.say("ui.chart.nothing"))
            return
        area = self._area()
        painter.setPen(self.pen("muted", 1.0, 0.6))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.drawLine(area.bottomLeft(), area.topLeft())
        self.text(painter, area.right(), area.bottom() + 34, self._across, align="right")
        self.text(painter, 4, 10, self._up, align="left")
        first, last = self.spots[0], self.spots[-1]
        for spot in {first, last}:
            at = self.place(spot)
            self.text(painter, at.x(), area.bottom() + 14, f"{spot.cost:,.0f}")
            self.text(painter, area.left() - 8, at.y(), f"{spot.worth:,.0f}", align="right")
        painter.setPen(self.pen("accent", 2.0))
        painter.drawPolyline(QPolygonF([self.place(one) for one in self.spots]))
        painter.setBrush(self.ink("accent"))
        painter.setPen(Qt.PenStyle.NoPen)
        for one in self.spots:
            painter.drawEllipse(self.place(one), _DOT, _DOT)

    def _near(self, position: QPointF) -> Spot | None:
        if not self.spots:
            return None
        nearest = min(self.spots, key=lambda one: (self.place(one) - position).manhattanLength())
        return nearest if (self.place(nearest) - position).manhattanLength() <= _REACH else None

    def read(self, position: QPointF) -> str | None:
        near = self._near(position)
        return None if near is None else near.words

    def mousePressEvent(self, event: QMouseEvent) -> None:
        near = self._near(event.position())
        if near is not None:
            self.picked.emit(near.allowed_yen)
