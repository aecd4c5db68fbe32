"""What more and fewer sites would cover: share covered and mean distance against their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from ui.charts.base import Chart, nice_step

if TYPE_CHECKING:
    import pandas as pd
    from PySide6.QtWidgets import QWidget

    from ui.look import Look

LEFT, RIGHT, TOP, BOTTOM, GAP, TITLE = 48, 14, 8, 34, 12, 20
_HEIGHT = 300
# Column, words, by what it is multiplied, and the least top of its axis.
_PANELS = (("covered_share", "ui.siting.curve.cover", 100.0, 100.0), ("mean_m", "ui.siting.curve.mean", 1.0, 0.0))


class CoverChart(Chart):
    """Two panels above one another with one axis of the number of sites."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, _HEIGHT, title, parent)
        self.curve: pd.DataFrame | None = None
        self.number: int | None = None

    def show_curve(self, curve: pd.DataFrame | None, number: int | None) -> None:
        """Draw a curve; ``number`` is that of the answer."""
        self.curve = curve if curve is not None and len(curve) else None
        self.number = number
        self.update()

    def _x(self, number: float) -> float:
        known = self.curve["number"].to_numpy(float) if self.curve is not None else np.ones(1)
        return LEFT + number / (float(known.max()) * 1.03) * (self.width() - LEFT - RIGHT)

    def draw(self, painter: QPainter) -> None:
        curve = self.curve
        if curve is None:
            self.text(painter, self.width() / 2, self.height() / 2, self.look.say("ui.siting.nothing"))
            return
        height = (self.height() - TOP - BOTTOM - GAP) / 2
        for k, (key, words, times, least) in enumerate(_PANELS):
            area = QRectF(LEFT, TOP + k * (height + GAP), self.width() - LEFT - RIGHT, height)
            self._panel(painter, area, curve[key].to_numpy(float) * times, self.look.say(words), least)
        bottom = self.height() - BOTTOM
        step, mark = max(nice_step(float(curve["number"].max()), 6), 1.0), 0.0
        # Of sites there are no halves.
        step = step if step == int(step) else 2.0 * step
        while mark <= float(curve["number"].max()):
            self.text(painter, self._x(mark), bottom + 10, f"{mark:,.0f}")
            mark += step
        self.text(painter, self.width() - RIGHT, bottom + 24, self.look.say("ui.siting.curve.axis"), align="right")

    def _panel(self, painter: QPainter, area: QRectF, values: np.ndarray, words: str, least: float) -> None:
        plot = area.adjusted(0, TITLE, 0, 0)
        top = max(float(np.nanmax(values, initial=0.0)) * 1.05, least) or 1.0
        self.levels(painter, plot, top, 3)
        numbers = self.curve["number"].to_numpy(float) if self.curve is not None else np.empty(0)
        if self.number is not None:
            painter.setPen(self.pen("accent", 1.5, 0.7))
            painter.drawLine(QPointF(self._x(self.number), plot.top()), QPointF(self._x(self.number), plot.bottom()))
        places = [
            QPointF(self._x(float(number)), plot.bottom() - float(value) / top * plot.height())
            for number, value in zip(numbers, values, strict=True)
            if np.isfinite(value)
        ]
        painter.setPen(self.pen("sun", 1.8))
        painter.drawPolyline(QPolygonF(places))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.ink("sun"))
        for place in places:
            painter.drawEllipse(place, 3.0, 3.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self.text(painter, area.left(), area.top() + TITLE / 2, words, role="ink", align="left")

    def read(self, position: QPointF) -> str | None:
        if self.curve is None:
            return None
        k = int(np.argmin([abs(self._x(float(one)) - position.x()) for one in self.curve["number"]]))
        row = self.curve.iloc[k]
        return self.look.say("ui.siting.curve.read", number=int(row["number"]), share=row["covered_share"], mean=row["mean_m"], gap=row["gap"])  # fmt: skip
