"""A small map of the answer: catchments, points that are covered or not, sites; the site that is looked at stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from kawasolar.palette import LOT_COLOURS
from ui.charts.base import Chart, nice_step

if TYPE_CHECKING:
    import geopandas as gpd
    from PySide6.QtWidgets import QWidget
    from shapely import MultiPolygon

    from kawasolar.siting.of_plan import Siting
    from ui.look import Look

_HEIGHT, _MARGIN, _FOOT = 300, 12, 24
_SITE, _POINT, _NEAR = 6.0, 2.0, 12.0
_FAINT, _PLAIN = 0.18, 0.45


class PlacesMap(Chart):
    """North is up, one scale both ways.

    Signals
    -------
    picked : place of a site in the table
    """

    picked = Signal(int)

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, _HEIGHT, title, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(220)
        self.found: Siting | None = None
        self.chosen: int | None = None
        self._paths: list[tuple[int, QPainterPath]] = []
        self._box = (0.0, 0.0, 1.0, 1.0)

    def show_places(self, found: Siting | None, areas: gpd.GeoDataFrame | None) -> None:
        """Draw another answer."""
        self.found, self.chosen, self._paths = found, None, []
        if found is not None:
            xy = np.concatenate([found.points[["x", "y"]].to_numpy(float), found.sites[["x", "y"]].to_numpy(float)])
            corners = [xy.min(axis=0), xy.max(axis=0)]
            if areas is not None and len(areas):
                corners += [areas.total_bounds[:2], areas.total_bounds[2:]]
            west, south = np.min(corners, axis=0)
            east, north = np.max(corners, axis=0)
            self._box = (float(west), float(south), max(float(east - west), 1.0), max(float(north - south), 1.0))
            place = {one: k for k, one in enumerate(found.sites["site_id"])}
            if areas is not None:
                self._paths = [(place[one], _path(shape)) for one, shape in zip(areas["site_id"], areas.geometry, strict=True)]  # fmt: skip
        self.update()

    def choose(self, place: int | None) -> None:
        """Look at a site."""
        self.chosen = place
        self.update()

    def _scale(self) -> tuple[float, float, float]:
        """Pixels a metre, and where the box's south-west corner lies."""
        west, south, wide, high = self._box
        room_x, room_y = self.width() - 2 * _MARGIN, self.height() - 2 * _MARGIN - _FOOT
        times = min(room_x / wide, room_y / high)
        return (
            times,
            (self.width() - wide * times) / 2 - west * times,
            _MARGIN + (room_y + high * times) / 2 + south * times,
        )

    def at(self, x: float, y: float) -> QPointF:
        """Where a place is drawn."""
        times, left, bottom = self._scale()
        return QPointF(left + x * times, bottom - y * times)

    def draw(self, painter: QPainter) -> None:
        found = self.found
        if found is None:
            self.text(painter, self.width() / 2, self.height() / 2, self.look.say("ui.siting.nothing"))
            return
        times, left, bottom = self._scale()
        painter.save()
        painter.translate(left, bottom)
        painter.scale(times, -times)
        pen = self.pen("panel", 1.0)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for place, path in self._paths:
            colour = self._colour(place)
            colour.setAlphaF(_PLAIN if place == self.chosen else _FAINT)
            painter.fillPath(path, QBrush(colour))
            painter.drawPath(path)
        painter.restore()
        self._points(painter, found)
        self._sites(painter, found)
        self._foot(painter, times)

    def _colour(self, place: int) -> QColor:
        """In turn, as of tender lots."""
        return QColor(LOT_COLOURS[place % len(LOT_COLOURS)])

    def _points(self, painter: QPainter, found: Siting) -> None:
        """Covered ones filled, others as rings in the colour of what needs attention."""
        covered = found.points["covered"].to_numpy(bool)
        xy = found.points[["x", "y"]].to_numpy(float)
        for mask, role in ((covered, "ink"), (~covered, "attention")):
            painter.setPen(self.pen(role, 1.2) if role == "attention" else Qt.PenStyle.NoPen)
            painter.setBrush(Qt.BrushStyle.NoBrush if role == "attention" else self.ink(role, 0.7))
            for x, y in xy[mask]:
                painter.drawEllipse(self.at(float(x), float(y)), _POINT, _POINT)

    def _sites(self, painter: QPainter, found: Siting) -> None:
        xy = found.sites[["x", "y"]].to_numpy(float)
        for place, ((x, y), how) in enumerate(zip(xy, found.sites["how"], strict=True)):
            middle, size = self.at(float(x), float(y)), _SITE + (2.5 if place == self.chosen else 0.0)
            painter.setPen(
                self.pen("selection" if place == self.chosen else "panel", 2.5 if place == self.chosen else 1.5)
            )
            painter.setBrush(self._colour(place))
            if how == "standing":
                painter.drawRect(QRectF(middle.x() - size, middle.y() - size, 2 * size, 2 * size))
            else:
                painter.drawPolygon(QPolygonF([middle + QPointF(0, -size - 1), middle + QPointF(size + 1, 0), middle + QPointF(0, size + 1), middle + QPointF(-size - 1, 0)]))  # fmt: skip
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _foot(self, painter: QPainter, times: float) -> None:
        """What the signs are, and a bar of round length."""
        y, length = self.height() - _FOOT / 2, nice_step(self.width() / times / 8, 1)
        words = f"{length / 1000:,.4g} km" if length >= 1000 else f"{length:,.4g} m"
        end = self.width() - _MARGIN
        painter.setPen(self.pen("ink", 2.0))
        painter.drawLine(QPointF(end - length * times, y + 6), QPointF(end, y + 6))
        self.text(painter, end, y - 3, words, align="right")
        self.text(painter, _MARGIN, y, self.look.say("ui.siting.legend"), align="left")

    def _nearest(self, position: QPointF) -> int | None:
        if self.found is None:
            return None
        apart = [
            (self.at(float(x), float(y)) - position).manhattanLength()
            for x, y in self.found.sites[["x", "y"]].to_numpy(float)
        ]
        place = int(np.argmin(apart)) if apart else -1
        return place if place >= 0 and apart[place] <= _NEAR else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._nearest(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(place)
        super().mousePressEvent(event)

    def read(self, position: QPointF) -> str | None:
        place = self._nearest(position)
        return None if place is None or self.found is None else str(self.found.sites["name"].iloc[place])


def _path(shape: MultiPolygon) -> QPainterPath:
    path = QPainterPath()
    for part in shape.geoms:
        for ring in (part.exterior, *part.interiors):
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in ring.coords]))
    return path
