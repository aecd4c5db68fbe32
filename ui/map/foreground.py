"""What is drawn anew with each repaint: the selection's halo, markers, names. Few things, always sharp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QTransform

from ui.map import labels
from ui.map.style import class_of, veil

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ui.map.scene import Scene
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens

# Markers and names this far outside [px] still reach into the view.
_REACH = 170.0


class Foreground:
    """Draws markers and names of one scene; keeps their pictures and places until something changes."""

    def __init__(
        self, scene: Scene, kinds: NDArray[np.int64], tokens: Tokens, pictures: dict[tuple[object, ...], QPixmap]
    ) -> None:
        self._scene = scene
        self._kinds = kinds
        self._tokens = tokens
        self._selected: int | None = None
        self._halo: QPainterPath | None = None
        # The map's own: it lets them go in the window's thread.
        self._pictures = pictures
        self._sizes: dict[int, tuple[float, float]] = {}
        self._placed: dict[int, QPointF] = {}
        self._placed_for: Viewport | None = None

    def set_kinds(self, kinds: NDArray[np.int64]) -> None:
        """Other classes: other markers, and another order of who is named first."""
        self._kinds = kinds
        self._placed_for = None

    def select(self, position: int | None) -> None:
        """Choose whose buildings get the halo and whose name is always shown."""
        self._selected = position
        self._placed_for = None
        buildings = self._scene.buildings_of(position) if position is not None else np.empty(0, np.int64)
        self._halo = self._scene.public.path(buildings) if len(buildings) else None

    def paint(self, painter: QPainter, view: Viewport, *, markers: bool, covered: list[QRectF], moving: bool) -> None:
        """Draw on the widget, in logical pixels; a name that a card would cut (``covered``) stays away.

        While the scale is ``moving`` names stay where they were beside their markers.
        """
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self._paint_halo(painter, view)
        self._paint_ring(painter, view)
        if markers:
            self._paint_markers(painter, view, covered, moving=moving)

    def _paint_halo(self, painter: QPainter, view: Viewport) -> None:
        if self._halo is None:
            return
        x, y = view.to_screen(*self._scene.origin)
        path = QTransform(1.0 / view.scale, 0.0, 0.0, -1.0 / view.scale, x, y).map(self._halo)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        strokes = (
            (veil(self._tokens.selection, 70), 11.0),
            (QColor(self._tokens.panel), 6.0),
            (QColor(self._tokens.selection), 3.5),
        )
        for color, width in strokes:
            painter.setPen(
                QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
            )
            painter.drawPath(path)

    def _paint_ring(self, painter: QPainter, view: Viewport) -> None:
        """A ring about the selected marker: from afar, or without a building, there is no halo to see."""
        if self._selected is None or not np.isfinite(self._scene.points[self._selected]).all():
            return
        at = QPointF(*view.to_screen(*self._scene.points[self._selected].tolist()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((QColor(self._tokens.panel), 5.0), (QColor(self._tokens.selection), 2.5)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(at, 9.0, 9.0)

    def _paint_markers(self, painter: QPainter, view: Viewport, covered: list[QRectF], *, moving: bool) -> None:
        points = self._scene.points
        px = (points[:, 0] - view.x) / view.scale + view.width / 2
        py = (view.y - points[:, 1]) / view.scale + view.height / 2
        seen = (px > -_REACH) & (px < view.width + _REACH) & (py > -_REACH) & (py < view.height + _REACH)
        half = labels.MARKER / 2
        shown = np.flatnonzero(seen)
        size = labels.SMALL if view.scale >= labels.SMALL_FROM else 1.0
        for k in shown[np.argsort(self._kinds[shown], kind="stable")]:
            painter.drawPixmap(QPointF(px[k] - half, py[k] - half), self._marker(int(k), view.ratio, size))
        if not moving:
            self._place(view, px, py)
        for k, offset in self._placed.items():
            if not seen[k]:
                continue
            at = QPointF(px[k], py[k]) + offset
            plate = QRectF(at, QSizeF(*self._size(k)))
            if k == self._selected:
                plate = labels.within(plate, QPointF(px[k], py[k]), view.width, view.height)
                at = plate.topLeft()
            if k == self._selected or not any(plate.intersects(card) for card in covered):
                painter.drawPixmap(at, self._label(k, view.ratio))

    def _marker(self, k: int, ratio: float, size: float) -> QPixmap:
        key = ("marker", int(self._kinds[k]), ratio, size)
        if key not in self._pictures:
            self._pictures[key] = labels.marker_pixmap(class_of(int(self._kinds[k])), self._tokens, ratio, size)
        return self._pictures[key]

    def _label(self, k: int, ratio: float) -> QPixmap:
        selected = k == self._selected
        key = ("label", k, selected, ratio)
        if key not in self._pictures:
            name = self._scene.facilities[k].name
            self._pictures[key] = labels.label_pixmap(name, self._tokens, ratio, selected=selected)
        return self._pictures[key]

    def _size(self, k: int) -> tuple[float, float]:
        if k not in self._sizes:
            self._sizes[k] = labels.label_size(self._scene.facilities[k].name)[1:]
        return self._sizes[k]

    def _place(self, view: Viewport, px: NDArray[np.float64], py: NDArray[np.float64]) -> None:
        """Find room for names in and around the view; they stay while it moves, so that none flickers."""
        if self._placed_for is not None and self._placed_for.scale == view.scale and self._placed_for.holds(view):
            return
        around = view.grown(max(view.width, view.height) // 2)
        near = (np.abs(px - view.width / 2) < around.width / 2) & (np.abs(py - view.height / 2) < around.height / 2)
        which = np.flatnonzero(near)
        wanted = []
        for k in self._order(which, everyone=view.scale <= labels.NAMES_FROM):
            width, height = self._size(k)
            wanted.append(labels.Wanted(k, float(px[k]), float(py[k]), width, height, must=k == self._selected))
        markers = {int(k): (float(px[k]), float(py[k])) for k in which}
        self._placed = labels.place(wanted, markers) if wanted else {}
        self._placed_for = around

    def _order(self, which: NDArray[np.int64], *, everyone: bool) -> list[int]:
        """Who is named first: the selected, then by class, then by capacity."""
        if not everyone:
            return [k for k in which.tolist() if k == self._selected]
        facilities, kinds = self._scene.facilities, self._kinds
        return sorted(
            which.tolist(), key=lambda k: (k != self._selected, -kinds[k], -(facilities[k].capacity_kw or 0.0), k)
        )
