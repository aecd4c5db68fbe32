"""A selected keep-out: its corners and the whole can be dragged, Delete removes it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely
from PySide6.QtCore import Qt, Signal

from ui.map import geometry, sketch
from ui.map.tool import Spot, Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QKeyEvent, QPainter

    from ui.map.geometry import Point, Snap
    from ui.map.keepouts import Keepout
    from ui.map.scene import Scene
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens

# A corner is taken hold of, and attracted, from this near [px].
REACH = 8.0


class ReshapeKeepout(Tool):
    """While a drag lasts the shape is drawn here; a press elsewhere is the map's.

    Signals
    -------
    changing : a drag begins (True) or ends
    reshaped : the new polygon
    removed, ended : Delete, Esc
    """

    changing = Signal(bool)
    reshaped = Signal(object)
    removed = Signal()
    ended = Signal()
    hovers = True

    def __init__(self, row: Keepout, scene: Callable[[], Scene | None]) -> None:
        super().__init__()
        self._scene = scene
        self.row = row
        self.fault = ""
        self.show_row(row)

    def show_row(self, row: Keepout) -> None:
        """The same keep-out as it is now."""
        self.row = row
        self._ring: list[Point] = _ring_of(row.shape)
        self._now: list[Point] | None = None
        self._held: int | None = None
        self._begin: Spot | None = None
        self._snap: Snap | None = None

    @property
    def shape(self) -> list[Point]:
        """Corners as they are drawn now."""
        return self._ring if self._now is None else self._now

    def telling(self) -> object:
        return self.fault, self.row.key, self.row.shape.wkb, self.row.computed

    def _corner_at(self, spot: Spot) -> int | None:
        away = [math.dist(corner, (spot.x, spot.y)) for corner in self._ring]
        k = min(range(len(away)), key=away.__getitem__)
        return k if away[k] <= REACH * spot.scale else None

    def _inside(self, spot: Spot) -> bool:
        return bool(shapely.intersects_xy(self.row.shape, spot.x, spot.y))

    # ---------------------------------------------------------------- pointer and keys

    def press(self, spot: Spot) -> bool:
        self._held = self._corner_at(spot)
        # A shape with holes comes from elsewhere: it can be moved, its outer corners cannot.
        if self.row.shape.interiors:
            self._held = None
        if self._held is None and not self._inside(spot):
            return False
        self._begin = spot
        return True

    def move(self, spot: Spot) -> bool:
        begin = self._begin
        if begin is None:
            over = self._corner_at(spot) is not None
            self.cursor = Qt.CursorShape.SizeAllCursor if over or self._inside(spot) else Qt.CursorShape.CrossCursor
            return True
        if self._now is None:
            self.clears = True
            self.changing.emit(True)
        self._now = self._dragged(begin, spot)
        crossing = geometry.crosses_itself(self._now, closed=True)
        self.fault = "crossing" if crossing else ""
        self.changed.emit()
        return True

    def _dragged(self, begin: Spot, spot: Spot) -> list[Point]:
        dx, dy = spot.x - begin.x, spot.y - begin.y
        if self._held is None:
            return [(x + dx, y + dy) for x, y in self._ring]
        scene = self._scene()
        self._snap = None
        to = (spot.x, spot.y)
        if spot.shift:
            neighbours = (self._ring[self._held - 1], self._ring[(self._held + 1) % len(self._ring)])
            x, y = self._ring[self._held]
            sides = [math.atan2(y - b, x - a) for a, b in neighbours]
            to = geometry.straightened((x, y), to, sides)
        elif scene is not None and not spot.free:
            self._snap = geometry.snap([scene.public], scene.origin, *to, REACH * spot.scale)
            to = to if self._snap is None else (self._snap.x, self._snap.y)
        ring = list(self._ring)
        ring[self._held] = to
        return ring

    def release(self, spot: Spot, *, dragged: bool) -> None:
        ring, self._now, self._begin, self._snap = self._now, None, None, None
        if ring is None:
            return
        self.clears = False
        self.changing.emit(False)
        if not dragged or self.fault:
            self.changed.emit()
            return
        shape = self._shape_of(ring)
        scene = self._scene()
        roof = geometry.roof_of(scene, shape) if scene is not None else None
        if roof is None or roof.fault or roof.building_id != self.row.building_id:
            self.fault = roof.fault if roof is not None and roof.fault else "beside"
            self.changed.emit()
            return
        self.reshaped.emit(shape)

    def _shape_of(self, ring: list[Point]) -> shapely.Polygon:
        if not self.row.shape.interiors:
            return shapely.Polygon(ring)
        dx, dy = ring[0][0] - self._ring[0][0], ring[0][1] - self._ring[0][1]
        return shapely.transform(self.row.shape, lambda at: at + np.array([dx, dy]))

    def key(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif event.key() == Qt.Key.Key_Escape:
            if self._now is not None:
                self._now = self._begin = None
                self.fault = ""
                self.clears = False
                self.changing.emit(False)
                self.changed.emit()
            else:
                self.ended.emit()
        else:
            return False
        return True

    # ---------------------------------------------------------------- painting

    def paint(self, painter: QPainter, view: Viewport, tokens: Tokens) -> None:
        if self._now is not None:
            sketch.paint_sketch(painter, view, tokens, self._now, None, bad=bool(self.fault), closed=True)
        if self._snap is not None:
            sketch.paint_snap(painter, view, tokens, self._snap)


def _ring_of(shape: shapely.Polygon) -> list[Point]:
    return [(float(x), float(y)) for x, y in shapely.get_coordinates(shape.exterior)[:-1]]
