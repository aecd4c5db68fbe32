"""The ladder from the roof's area to what is left of it, rule by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from ui import format as fmt
from ui.charts.base import Chart
from ui.look import Look


@dataclass(frozen=True)
class Rung:
    """One step: a whole (``total``) or what a rule takes away (``loss``)."""

    words: str
    value: float
    loss: bool
    role: str = "accent"


class Ladder(Chart):
    """A waterfall lying on its side: wholes begin at the left, losses hang where the last step ended."""

    ROW = 24

    def __init__(self, look: Look, title: str, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(look, self.ROW, title, parent)
        self._rungs: tuple[Rung, ...] = ()
        self._unit = unit

    def show_rungs(self, rungs: Sequence[Rung]) -> None:
        """Draw these steps; the first is the whole that the others are a part of."""
        self._rungs = tuple(rungs)
        self.set_height(self.ROW * max(1, len(rungs)) + 4)
        self.update()

    def draw(self, painter: QPainter) -> None:
        if not self._rungs:
            return
        metrics = painter.fontMetrics()
        names = max(metrics.horizontalAdvance(rung.words) for rung in self._rungs) + 12
        values = max(metrics.horizontalAdvance(self._shown(rung)) for rung in self._rungs) + 8
        left, width = float(names), max(24.0, self.width() - names - values)
        whole = max(self._rungs[0].value, 1e-9)
        level = self._rungs[0].value
        for k, rung in enumerate(self._rungs):
            y = k * self.ROW + self.ROW / 2
            self.text(painter, 0, y, rung.words, role="muted" if rung.loss else "ink", align="left")
            self.text(painter, self.width(), y, self._shown(rung), role="muted" if rung.loss else "ink", align="right")
            begin = level - rung.value if rung.loss else 0.0
            level = begin if rung.loss else rung.value
            box = QRectF(left + begin / whole * width, y - 6, max(1.0, rung.value / whole * width), 12)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.ink("muted", 0.45) if rung.loss else self.ink(rung.role))
            painter.drawRect(box)
            if k + 1 < len(self._rungs):
                edge = left + level / whole * width
                painter.setPen(self.pen("line"))
                painter.drawLine(QPointF(edge, y + 6), QPointF(edge, y + self.ROW - 6))

    def _shown(self, rung: Rung) -> str:
        return f"−{fmt.number(rung.value)}" if rung.loss else f"{fmt.number(rung.value)} {self._unit}"

    def read(self, position: QPointF) -> str | None:
        k = int(position.y() // self.ROW)
        if not 0 <= k < len(self._rungs):
            return None
        rung, whole = self._rungs[k], max(self._rungs[0].value, 1e-9)
        return f"{rung.words}  {fmt.number(rung.value, 1)} {self._unit}  ({fmt.percent(rung.value / whole, 1)})"
