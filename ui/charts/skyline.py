"""The skyline of a roof with the sun's paths of the year, and the hours that it takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QWidget

from ui.charts.base import Chart
from ui.look import Look

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Skyline:
    """Elevation [deg] by azimuth sector: where half of the cells see the sun, and the band of 10 to 90 %."""

    azimuths: NDArray[np.float64]
    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class SunPath:
    """One day of the sun: name, solar azimuth and elevation [deg] by the minute of the day."""

    name: str
    azimuth: NDArray[np.float64]
    elevation: NDArray[np.float64]
    minutes: NDArray[np.float64]


LEFT, RIGHT, TOP, BOTTOM = 28, 8, 8, 20
# East-north-east to west-north-west: where the sun stands in Japan, with a margin.
FIRST, LAST = 55.0, 305.0
_PATH_ROLES = ("sun", "accent", "selection")


class SkylineChart(Chart):
    """Azimuth across, elevation up."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 196, title, parent)
        self._skyline: Skyline | None = None
        self._paths: tuple[SunPath, ...] = ()
        # Elevation at the upper edge [deg].
        self._top = 88.0

    def show_sky(self, skyline: Skyline | None, paths: tuple[SunPath, ...]) -> None:
        """Draw this skyline and these paths."""
        self._skyline, self._paths = skyline, paths
        highest = max((float(path.elevation.max()) for path in paths), default=80.0)
        self._top = min(90.0, highest + 8.0)
        self.update()

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def _point(self, azimuth: float, elevation: float) -> QPointF:
        area = self._area()
        x = area.left() + (azimuth - FIRST) / (LAST - FIRST) * area.width()
        return QPointF(x, area.bottom() - elevation / self._top * area.height())

    def draw(self, painter: QPainter) -> None:
        area = self._area()
        for elevation in (0, 20, 40, 60, 80):
            if elevation > self._top:
                continue
            y = self._point(FIRST, elevation).y()
            painter.setPen(self.pen("line"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            self.text(painter, LEFT - 4, y, f"{elevation}°", align="right")
        for azimuth, code in ((90, "e"), (135, "se"), (180, "s"), (225, "sw"), (270, "w")):
            self.text(painter, self._point(azimuth, 0).x(), area.bottom() + 12, self.look.say(f"ui.compass.{code}"))
        painter.save()
        painter.setClipRect(area.adjusted(0, -TOP, 0, 1))
        self._draw_skyline(painter)
        for role, path in zip(_PATH_ROLES, self._paths, strict=False):
            self._draw_path(painter, path, role)
        painter.restore()
        for role, path in zip(_PATH_ROLES, self._paths, strict=False):
            top = int(path.elevation.argmax())
            at = self._point(float(path.azimuth[top]), float(path.elevation[top]))
            self.text(painter, at.x(), at.y() + 10, path.name, role=role if role != "sun" else "ink")

    def _sampled(self, values: NDArray[np.float64]) -> list[QPointF]:
        across = np.linspace(FIRST, LAST, 160)
        azimuths = np.arange(len(values)) * 360.0 / len(values) if self._skyline is None else self._skyline.azimuths
        heights = np.interp(across, azimuths, values, period=360)
        return [self._point(float(a), float(h)) for a, h in zip(across, heights, strict=True)]

    def _draw_skyline(self, painter: QPainter) -> None:
        if self._skyline is None:
            return
        area = self._area()
        middle = self._sampled(self._skyline.middle)
        ground = QPolygonF([QPointF(area.left(), area.bottom()), *middle, QPointF(area.right(), area.bottom())])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.ink("muted", 0.28))
        painter.drawPolygon(ground)
        band = QPolygonF([*self._sampled(self._skyline.high), *reversed(self._sampled(self._skyline.low))])
        painter.setBrush(self.ink("muted", 0.18))
        painter.drawPolygon(band)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.pen("muted", 1.5))
        painter.drawPolyline(QPolygonF(middle))

    def _draw_path(self, painter: QPainter, path: SunPath, role: str) -> None:
        up = path.elevation >= 0
        hidden = self._hidden(path)
        for lost in (False, True):
            pen = self.pen(role, 2.0 if not lost else 1.5, 1.0 if not lost else 0.8)
            if lost:
                pen.setStyle(Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            line = QPainterPath()
            drawing = False
            for k in np.flatnonzero(up):
                at = self._point(float(path.azimuth[k]), float(path.elevation[k]))
                if bool(hidden[k]) is lost:
                    if drawing:
                        line.lineTo(at)
                    else:
                        line.moveTo(at)
                drawing = bool(hidden[k]) is lost
            painter.drawPath(line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.ink(role))
        for k in np.flatnonzero(up & (path.minutes % 180 == 0)):
            painter.drawEllipse(self._point(float(path.azimuth[k]), float(path.elevation[k])), 2.5, 2.5)

    def _hidden(self, path: SunPath) -> NDArray[np.bool_]:
        if self._skyline is None:
            return np.zeros(len(path.elevation), dtype=bool)
        edge = np.interp(path.azimuth, self._skyline.azimuths, self._skyline.middle, period=360)
        return np.asarray(path.elevation < edge)

    def read(self, position: QPointF) -> str | None:
        area = self._area()
        if not area.contains(position):
            return None
        azimuth = FIRST + (position.x() - area.left()) / area.width() * (LAST - FIRST)
        lines = [self.look.say("ui.chart.azimuth", azimuth=f"{azimuth:.0f}")]
        if self._skyline is not None:
            values = [
                float(np.interp(azimuth, self._skyline.azimuths, v, period=360))
                for v in (self._skyline.middle, self._skyline.low, self._skyline.high)
            ]
            lines.append(
                self.look.say(
                    "ui.chart.skyline", middle=f"{values[0]:.0f}", low=f"{values[1]:.0f}", high=f"{values[2]:.0f}"
                )
            )
        for path in self._paths:
            order = np.argsort(path.azimuth)
            k = int(order[np.argmin(np.abs(path.azimuth[order] - azimuth))])
            if path.elevation[k] > 0:
                hour, minute = divmod(int(path.minutes[k]), 60)
                lines.append(
                    self.look.say(
                        "ui.chart.sun",
                        name=path.name,
                        elevation=f"{path.elevation[k]:.0f}",
                        time=f"{hour:02d}:{minute:02d}",
                    )
                )
        return "\n".join(lines)
