"""Sizes of one roof: self-use, price and payback against capacity, with thresholds, what is laid out, and the size that is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from ui import format as fmt
from ui.charts.base import Chart, nice_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ui.look import Look

LEFT, RIGHT, TOP, BOTTOM, GAP, TITLE = 44, 14, 22, 34, 8, 18
PANEL = 92


@dataclass(frozen=True)
class Panel:
    """One figure: its words, a value for each size (NaN where there is none), how a value is told, and a limit that it must keep."""

    words: str
    values: NDArray[np.float64]
    texts: tuple[str, ...]
    limit: float | None = None


class SizesChart(Chart):
    """Panels above one another with one axis of kW; a click, or the arrow keys, pick a size.

    Signals
    -------
    picked : place among the sizes
    """

    picked = Signal(int)

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, TOP + 3 * (PANEL + GAP) + BOTTOM, title, parent)
        self.kw: NDArray[np.float64] = np.empty(0)
        self.panels: tuple[Panel, ...] = ()
        self.thresholds: tuple[float, ...] = ()
        self.now: float | None = None
        self.chosen: int | None = None
        self.setMinimumWidth(340)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_sizes(
        self, kw: NDArray[np.float64], panels: Sequence[Panel], thresholds: Sequence[float], now: float | None, chosen: int | None
    ) -> None:  # fmt: skip
        """Draw a ladder.

        Parameters
        ----------
        kw : sizes, ascending; without any nothing is drawn
        thresholds : lines across all panels [kW]; those beyond the roof are left out
        now : what is laid out [kW]
        chosen : place of the size that is looked at
        """
        self.kw, self.panels, self.now, self.chosen = kw, tuple(panels), now, chosen
        most = float(kw.max(initial=0.0))
        self.thresholds = tuple(one for one in thresholds if one <= most)
        self.update()

    def _area(self, place: int) -> QRectF:
        count = max(len(self.panels), 1)
        height = (self.height() - TOP - BOTTOM - GAP * (count - 1)) / count
        return QRectF(LEFT, TOP + place * (height + GAP), self.width() - LEFT - RIGHT, height)

    def _x(self, kw: float) -> float:
        return LEFT + kw / (float(self.kw[-1]) * 1.02) * (self.width() - LEFT - RIGHT)

    def draw(self, painter: QPainter) -> None:
        if not len(self.kw):
            self.text(painter, self.width() / 2, self.height() / 2, self.look.say("ui.chart.nothing"))
            return
        self._kilowatts(painter, self._area(len(self.panels) - 1).bottom())
        for threshold in self.thresholds:
            self.text(painter, self._x(threshold), TOP / 2, f"{threshold:,.0f} kW", role="attention")
        for place, panel in enumerate(self.panels):
            self._panel(painter, self._area(place), panel)

    def _marks(self, painter: QPainter, plot: QRectF) -> None:
        """Thresholds, what is laid out, and the size that is looked at, across one panel."""
        dashed = self.pen("muted", 1.2)
        dashed.setStyle(Qt.PenStyle.DashLine)
        marks = [(threshold, self.pen("attention", 1.0, 0.8)) for threshold in self.thresholds]
        if self.now is not None:
            marks.append((self.now, dashed))
        if self.chosen is not None:
            marks.append((float(self.kw[self.chosen]), self.pen("accent", 2.0)))
        for kw, pen in marks:
            painter.setPen(pen)
            painter.drawLine(QPointF(self._x(kw), plot.top()), QPointF(self._x(kw), plot.bottom()))

    def _kilowatts(self, painter: QPainter, bottom: float) -> None:
        step, mark = nice_step(float(self.kw[-1]), 5), 0.0
        while mark <= self.kw[-1]:
            self.text(painter, self._x(mark), bottom + 10, f"{mark:,.4g}")
            mark += step
        self.text(painter, self.width() - RIGHT, bottom + 24, self.look.say("ui.sizing.axis"), align="right")

    def _panel(self, painter: QPainter, area: QRectF, panel: Panel) -> None:
        plot = area.adjusted(0, TITLE, 0, 0)
        known = panel.values[np.isfinite(panel.values)]
        top = max(float(known.max(initial=0.0)), panel.limit or 0.0) * 1.05
        if top > 0:
            self.levels(painter, plot, top, 2)
        self._marks(painter, plot)
        if panel.limit is not None and top > 0:
            y = plot.bottom() - panel.limit / top * plot.height()
            dotted = self.pen("ink", 1.0)
            dotted.setStyle(Qt.PenStyle.DotLine)
            painter.setPen(dotted)
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        places = [
            QPointF(self._x(float(kw)), plot.bottom() - float(value) / top * plot.height()) if np.isfinite(value) and top > 0 else None
            for kw, value in zip(self.kw, panel.values, strict=True)
        ]  # fmt: skip
        painter.setPen(self.pen("sun", 1.8))
        run: list[QPointF] = []
        for point in [*places, None]:
            if point is not None:
                run.append(point)
            elif run:
                painter.drawPolyline(QPolygonF(run))
                run = []
        painter.setPen(Qt.PenStyle.NoPen)
        for k, point in enumerate(places):
            if point is not None:
                painter.setBrush(self.ink("accent" if k == self.chosen else "sun"))
                painter.drawEllipse(point, 4.5 if k == self.chosen else 2.2, 4.5 if k == self.chosen else 2.2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        told = "" if self.chosen is None else panel.texts[self.chosen]
        self.text(painter, area.left(), area.top() + TITLE / 2, panel.words, role="ink", align="left")
        self.text(painter, area.right(), area.top() + TITLE / 2, told, role="accent", align="right")

    def _nearest(self, x: float) -> int | None:
        return int(np.argmin([abs(self._x(float(kw)) - x) for kw in self.kw])) if len(self.kw) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._nearest(event.position().x())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(place)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {int(Qt.Key.Key_Left): -1, int(Qt.Key.Key_Right): 1}.get(event.key(), 0)
        if not step or not len(self.kw):
            super().keyPressEvent(event)
            return
        now = len(self.kw) if self.chosen is None else self.chosen
        self.picked.emit(min(max(now + step, 0), len(self.kw) - 1))

    def read(self, position: QPointF) -> str | None:
        place = self._nearest(position.x())
        if place is None:
            return None
        figures = (f"{panel.words} {panel.texts[place]}" for panel in self.panels)
        return self.look.say("ui.list.comma").join((f"{fmt.number(self.kw[place], 2)} kW", *figures))
