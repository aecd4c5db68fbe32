"""Money of each fiscal year: bars above and below nought, and where there is one the most that a year may have."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from ui.charts.base import Chart, nice_step
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 52, 10, 26, 20, 170
# Pixels that the number of a year needs.
_YEAR_PX = 34.0


class YearMoney(Chart):
    """One bar a fiscal year, in millions of yen."""

    def __init__(self, look: Look, title: str, role: str, parent: QWidget | None = None) -> None:
        super().__init__(look, _HEIGHT, title, parent)
        self._title, self._role = title, role
        self.years: tuple[int, ...] = ()
        self.values: tuple[float, ...] = ()
        self.caps: tuple[float, ...] = ()

    def show_money(self, years: Sequence[int], values: Sequence[float], caps: Sequence[float] = ()) -> None:
        """Draw a value a year; ``caps``: the most of each, NaN without one."""
        self.years, self.values, self.caps = tuple(years), tuple(values), tuple(caps)
        self.setAccessibleDescription("\n".join(self._words(k) for k in range(len(self.years))))
        self.update()

    def _area(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(40, self.width() - _LEFT - _RIGHT), max(40, self.height() - _TOP - _BOTTOM))

    def _ends(self) -> tuple[float, float]:
        shown = [*self.values, *(cap for cap in self.caps if math.isfinite(cap))]
        low, high = min(shown, default=0.0), max(shown, default=0.0)
        room = 0.06 * (max(high, 0.0) - min(low, 0.0))
        return (low - room if low < 0.0 else 0.0), (high + room if high > 0.0 else 0.0)

    def draw(self, painter: QPainter) -> None:
        area = self._area()
        low, high = self._ends()
        self.text(painter, 0, 9, self._title, role="ink", align="left")
        if not self.years or high <= low:
            self.text(painter, area.center().x(), area.center().y(), self.look.say("ui.chart.nothing"))
            return

        def at(value: float) -> float:
            return area.bottom() - (value - low) / (high - low) * area.height()

        step = nice_step(max(high, -low), 3)
        for k in range(math.ceil(low / step), math.floor(high / step) + 1):
            painter.setPen(self.pen("muted" if k == 0 else "line"))
            painter.drawLine(QPointF(area.left(), at(k * step)), QPointF(area.right(), at(k * step)))
            self.text(painter, area.left() - 4, at(k * step), f"{k * step:,.4g}".replace("-", "−"), align="right")
        wide = area.width() / len(self.years)
        every = max(1, math.ceil(_YEAR_PX / wide))
        for k, (year, value) in enumerate(zip(self.years, self.values, strict=True)):
            left = area.left() + (k + 0.14) * wide
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.ink(self._role if value >= 0 else "attention", 0.85))
            painter.drawRect(QRectF(left, min(at(value), at(0.0)), 0.72 * wide, abs(at(value) - at(0.0))))
            if k < len(self.caps) and math.isfinite(self.caps[k]):
                painter.setPen(self.pen("ink", 1.6))
                painter.drawLine(
                    QPointF(left - 0.1 * wide, at(self.caps[k])), QPointF(left + 0.82 * wide, at(self.caps[k]))
                )
            if k % every == 0:
                self.text(painter, area.left() + (k + 0.5) * wide, area.bottom() + 11, str(year))

    def _words(self, k: int) -> str:
        capped = k < len(self.caps) and math.isfinite(self.caps[k])
        return self.look.say(
            "ui.lots.money.capped" if capped else "ui.lots.money.year", year=self.years[k], yen=self.values[k], cap=self.caps[k] if capped else 0.0
        )  # fmt: skip

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if not self.years or not area.contains(position):
            return None
        return self._words(min(len(self.years) - 1, int((position.x() - area.left()) / area.width() * len(self.years))))
