"""A roof from above: its planes, what each rule took of them, and the modules that stand on the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QResizeEvent, QTransform

from ui.charts.base import Chart, nice_step
from ui.charts.month_hour import ramp
from ui.map.rasters import rounded_range
from ui.map.style import MODULE, MODULE_LINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtWidgets import QWidget

    from gis.plane_cells import PlaneCells
    from ui.look import Look
    from ui.map.rasters import RoofLight

# Codes of the rules as :class:`gis.plane_cells.PlaneCells` has them -> colour; what is not named is plainly lost.
USABLE, KEEPOUT, SETBACK, OBSTACLE, SHADE, REFUGE, ACCESS = 1, 4, 5, 6, 7, 9, 10
COLOURS = {
    USABLE: "#CFE6D8",
    KEEPOUT: "#E2B7A3",
    REFUGE: "#E6CF8F",
    ACCESS: "#E6CF8F",
    SETBACK: "#D9D5C6",
    OBSTACLE: "#B9B4A6",
    SHADE: "#A9B6C9",
}
_LOST = "#C9C6BD"
_TOP, _FOOT = 6, 24
_LEAST, _MOST = 90, 300


@dataclass(frozen=True)
class RoofFromAbove:
    """What is drawn, in the plan's CRS.

    Attributes
    ----------
    cells : of each plane
    outlines : of the planes
    modules : of the subarrays, a multi-polygon each
    """

    cells: Sequence[PlaneCells]
    outlines: NDArray[np.object_]
    modules: NDArray[np.object_]


class RoofChart(Chart):
    """North is up; the pointer reads the rule."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, 230, title, parent)
        self._roof: RoofFromAbove | None = None
        self._images: list[tuple[PlaneCells, QImage]] = []
        self._light: RoofLight | None = None
        self._lit: QImage | None = None
        self._range = (0.0, 1.0)
        self._box = QRectF()

    def show_roof(self, roof: RoofFromAbove | None) -> None:
        """Draw this one."""
        self._roof = roof if roof is not None and len(roof.outlines) else None
        self._images, self._light = [], None
        if self._roof is not None:
            self._images = [(cells, _image(cells.rules)) for cells in self._roof.cells]
            west, south, east, north = shapely.total_bounds(self._roof.outlines)
            pad = 0.03 * max(east - west, north - south, 1.0)
            self._box = QRectF(west - pad, -north - pad, east - west + 2 * pad, north - south + 2 * pad)
            self.set_height(self._fitting(self.width()))
        self.update()

    def show_light(self, light: RoofLight | None) -> None:
        """Show the year's light on this roof instead of the rules; the rules again with None."""
        self._light = light
        if light is not None:
            self._range = rounded_range(light.values, 50.0) or (0.0, 1.0)
            self._lit = _light_image(light.values, self._range)
        self.update()

    def _fitting(self, width: int) -> int:
        """A height that leaves nothing empty above and below, within bounds."""
        return round(min(max(width * self._box.height() / self._box.width(), _LEAST), _MOST)) + _TOP + _FOOT

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._roof is not None and event.size().width() != event.oldSize().width():
            self.set_height(self._fitting(event.size().width()))

    def to_screen(self) -> QTransform:
        """From east and south [m] to pixels."""
        room = QRectF(0, _TOP, self.width(), max(20.0, self.height() - _TOP - _FOOT))
        scale = min(room.width() / self._box.width(), room.height() / self._box.height())
        middle = self._box.center()
        return QTransform(
            scale, 0, 0, scale, room.center().x() - middle.x() * scale, room.center().y() - middle.y() * scale
        )

    def draw(self, painter: QPainter) -> None:
        if self._roof is None:
            self.text(painter, self.width() / 2, self.height() / 2, self.look.say("ui.chart.nothing"))
            return
        way = self.to_screen()
        if self._light is None or self._lit is None:
            for cells, image in self._images:
                rows, cols = cells.rules.shape
                box = QRectF(cells.west, -cells.north, cols * cells.cell, rows * cells.cell)
                painter.drawImage(way.mapRect(box), image)
            painter.setBrush(QColor(MODULE))
            painter.setPen(QPen(QColor(MODULE_LINE), 0.6))
        else:
            rows, cols = self._light.values.shape
            box = QRectF(self._light.west, -self._light.north, cols * self._light.cell, rows * self._light.cell)
            painter.drawImage(way.mapRect(box), self._lit)
            # Only their edges: the light below is what is looked at.
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(0, 0, 0, 150), 0.5))
        for subarray in self._roof.modules:
            painter.drawPath(way.map(_path(subarray)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.pen("ink", 1.0, 0.75))
        for outline in self._roof.outlines:
            painter.drawPath(way.map(_path(outline)))
        self._scale_bar(painter, way.m11())
        if self._light is not None:
            self._ramp(painter)
        self._north(painter)

    def _scale_bar(self, painter: QPainter, scale: float) -> None:
        metres = nice_step(60.0 / scale, 1)
        y, width = self.height() - 8.0, metres * scale
        painter.setPen(self.pen("muted", 1.5))
        painter.drawLine(QPointF(1, y), QPointF(1 + width, y))
        for x in (1.0, 1 + width):
            painter.drawLine(QPointF(x, y - 3), QPointF(x, y))
        self.text(painter, width + 8, y - 3, f"{metres:g} m", align="left")

    def _ramp(self, painter: QPainter) -> None:
        """Colours of the light, to the left of the north arrow."""
        low, high = (f"{end:,.0f}" for end in self._range)
        right, y = self.width() - 44.0, self.height() - 8.0
        metrics = painter.fontMetrics()
        words = f"{high} kWh/m²"
        left = right - metrics.horizontalAdvance(words) - 6
        self.text(painter, right, y - 3, words, align="right")
        for x in range(60):
            painter.fillRect(QRectF(left - 60 + x, y - 6, 1.5, 6), ramp(x / 59))
        self.text(painter, left - 66, y - 3, low, align="right")

    def _north(self, painter: QPainter) -> None:
        x, y = self.width() - 12.0, self.height() - 12.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.ink("muted"))
        painter.drawPolygon(
            QPolygonF([QPointF(x, y - 8), QPointF(x + 4, y + 4), QPointF(x, y + 1), QPointF(x - 4, y + 4)])
        )
        self.text(painter, x - 14, y, self.look.say("ui.compass.n"))

    def read(self, position: QPointF) -> str | None:
        if self._roof is None:
            return None
        back, can = self.to_screen().inverted()
        if not can:
            return None
        at = back.map(position)
        point = shapely.Point(at.x(), -at.y())
        if self._light is not None:
            return self._light_at(self._light, point)
        if any(subarray.intersects(point) for subarray in self._roof.modules):
            return self.look.say("ui.roof.module")
        for cells in self._roof.cells:
            row, col = int((cells.north - point.y) // cells.cell), int((point.x - cells.west) // cells.cell)
            if 0 <= row < cells.rules.shape[0] and 0 <= col < cells.rules.shape[1] and cells.rules[row, col]:
                return self.look.say(f"ui.roof.cell.{int(cells.rules[row, col])}")
        return None

    def _light_at(self, light: RoofLight, point: shapely.Point) -> str | None:
        row, col = int((light.north - point.y) // light.cell), int((point.x - light.west) // light.cell)
        if not (0 <= row < light.values.shape[0] and 0 <= col < light.values.shape[1]):
            return None
        value = float(light.values[row, col])
        return self.look.say("ui.roof.light", value=f"{value:,.0f}") if np.isfinite(value) else None


def _light_image(values: NDArray[np.float32], span: tuple[float, float]) -> QImage:
    """A pixel a cell in the colours of the map's irradiation; clear where there is no roof."""
    table = np.array([0, *(ramp(k / 254).rgba() for k in range(255))], np.uint32)
    share = np.clip((np.nan_to_num(values) - span[0]) / (span[1] - span[0]), 0.0, 1.0)
    pixels = np.ascontiguousarray(table[np.where(np.isfinite(values), 1 + np.round(254 * share), 0).astype(np.int64)])
    rows, cols = pixels.shape
    return QImage(pixels.data, cols, rows, 4 * cols, QImage.Format.Format_ARGB32).copy()


def _image(rules: NDArray[np.uint8]) -> QImage:
    """A pixel a cell; clear where the plane is not."""
    table = np.full(256, QColor(_LOST).rgba(), np.uint32)
    table[0] = 0
    for code, colour in COLOURS.items():
        table[code] = QColor(colour).rgba()
    pixels = np.ascontiguousarray(table[rules])
    rows, cols = pixels.shape
    return QImage(pixels.data, cols, rows, 4 * cols, QImage.Format.Format_ARGB32).copy()


def _path(shape: shapely.Geometry) -> QPainterPath:
    """All rings, y to the south."""
    path = QPainterPath()
    for part in shapely.get_parts(shape):
        for ring in (part.exterior, *part.interiors):
            points = shapely.get_coordinates(ring)
            path.addPolygon(QPolygonF([QPointF(x, -y) for x, y in points.tolist()]))
    return path
