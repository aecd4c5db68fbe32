"""One bar of all facilities: chosen, eligible, to be checked, not eligible."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter
from PySide6.QtWidgets import QWidget

from ui import format as fmt
from ui.charts.base import Chart
from ui.look import Look


class StackBar(Chart):
    """Parts of a whole, side by side; told apart by fill and hatching as well as by colour."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 16, title, parent)
        self._parts: tuple[tuple[str, int, str, str], ...] = ()

    def show_parts(self, parts: Sequence[tuple[str, int, str, str]]) -> None:
        """Draw parts of (words, number, colour role, fill: full | open | hatch | faint)."""
        self._parts = tuple(parts)
        self.update()

    def _boxes(self) -> list[QRectF]:
        total = sum(number for _, number, _, _ in self._parts)
        left, boxes = 0.5, []
        for _, number, _, _ in self._parts:
            width = number / total * (self.width() - 1) if total else 0.0
            boxes.append(QRectF(left, 2.5, max(0.0, width - 2), self.height() - 5))
            left += width
        return boxes

    def draw(self, painter: QPainter) -> None:
        for box, (_, number, role, fill) in zip(self._boxes(), self._parts, strict=True):
            if not number:
                continue
            painter.setPen(self.pen(role) if fill in ("open", "hatch") else Qt.PenStyle.NoPen)
            brush = {
                "full": QBrush(self.ink(role)),
                "open": QBrush(self.ink(role, 0.18)),
                "hatch": QBrush(self.ink(role, 0.7), Qt.BrushStyle.BDiagPattern),
                "faint": QBrush(self.ink(role, 0.35)),
            }[fill]
            painter.setBrush(brush)
            painter.drawRoundedRect(box, 2, 2)

    def read(self, position: QPointF) -> str | None:
        total = sum(number for _, number, _, _ in self._parts)
        for box, (words, number, _, _) in zip(self._boxes(), self._parts, strict=True):
            if box.contains(QPointF(position.x(), box.center().y())) and total:
                return f"{words}  {number:,}  ({fmt.percent(number / total)})"
        return None
