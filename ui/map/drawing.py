"""Drawing a keep-out on a roof: click by click, or as a rectangle that lies as the roof does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import shapely
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeySequence

from ui.map import geometry, sketch
from ui.map.geometry import Point, Roof, Snap
from ui.map.navigate import CLICK_SLACK
from ui.map.tool import Spot, Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QKeyEvent, QPainter

    from ui.map.scene import Scene, Shapes
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens

# What attracts the pointer lies this near [px].
REACH = 8.0
# The first corner is met from a little farther away.
CLOSE_REACH = 10.0
# A shape smaller than this [m²] is a slip of the hand.
SMALLEST = 0.05
# Outlines and pointer meet within the rounding of coordinates.
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class DrawKeepout(Tool):
    """A polygon is clicked together, or a rectangle dragged; a shape that is closed waits until it is settled.

    Signals
    -------
    closed : a good shape waits; :attr:`waiting` and :attr:`roof` tell which
    dropped : the shape that waited is not wanted
    ended : the person leaves the tool
    """

    clears = True
    closed = Signal()
    dropped = Signal()
    ended = Signal()

    def __init__(self, scene: Callable[[], Scene | None], others: Callable[[], Shapes | None]) -> None:
        super().__init__()
        self._scene, self._others = scene, others
        self.points: list[Point] = []
        self.waiting: shapely.Polygon | None = None
        self.roof = Roof()
        # Code of what is wrong with the last thing done; empty where nothing is.
        self.fault = ""
        # Building below the first corner, and the direction of its walls.
        self.below: tuple[str, shapely.Geometry] | None = None
        self._direction = 0.0
        self._over: Point | None = None
        self._snap: Snap | None = None
        self._press: tuple[Spot, Point] | None = None
        self._rectangle: list[Point] = []
        self._crossing = False

    @property
    def stage(self) -> str:
        """What the person may do next: ``begin more close wait``."""
        if self.waiting is not None:
            return "wait"
        return "begin" if not self.points else "more" if len(self.points) < 3 else "close"

    @property
    def trouble(self) -> str:
        """What is wrong, with the last thing done or with what a click would do now."""
        return self.fault or ("crossing" if self._crossing else "")

    def telling(self) -> object:
        below = self.below[0] if self.below is not None and self.points else ""
        return self.stage, self.trouble, below, self.roof

    # ---------------------------------------------------------------- pointer

    def press(self, spot: Spot) -> bool:
        if self.waiting is None:
            self.fault = ""
            self._press = (spot, self._place(spot))
            if not self.points:
                self._look_below(self._press[1])
        return True

    def move(self, spot: Spot) -> bool:
        if self.waiting is not None:
            return True
        self._over = self._place(spot)
        self._rectangle = []
        if self._press is not None and not self.points:
            begin, corner = self._press
            if (spot.at - begin.at).manhattanLength() >= CLICK_SLACK:
                self._rectangle = geometry.rectangle(corner, self._over, self._direction)
        elif self.points:
            self._crossing = geometry.crosses_itself([*self.points, self._over], closed=False) and not self._closes(
                spot
            )
        self.changed.emit()
        return True

    def release(self, spot: Spot, *, dragged: bool) -> None:
        press, self._press = self._press, None
        if self.waiting is not None or press is None:
            return
        if dragged and not self.points and self._is_rectangle(spot, press[1]):
            self._close(geometry.rectangle(press[1], self._place(spot), self._direction))
        elif self._closes(spot):
            self._close(self.points)
        else:
            self._add(self._place(spot) if dragged else press[1])
        self._rectangle = []
        self.changed.emit()

    def double(self, spot: Spot) -> bool:
        if self.waiting is None and not self.fault:
            self._close(self.points)
            self.changed.emit()
        return True

    def leave(self) -> None:
        if self._press is None:
            self._over, self._snap, self._crossing = None, None, False
            self.changed.emit()

    def _is_rectangle(self, spot: Spot, corner: Point) -> bool:
        """Whether both sides of what was dragged can be seen."""
        a, b, c, _ = geometry.rectangle(corner, self._place(spot), self._direction)
        return min(math.dist(a, b), math.dist(b, c)) >= CLICK_SLACK * spot.scale

    def _closes(self, spot: Spot) -> bool:
        return len(self.points) > 2 and math.dist(self.points[0], (spot.x, spot.y)) <= CLOSE_REACH * spot.scale

    def _place(self, spot: Spot) -> Point:
        """Where a corner would be put: as the pointer says, squared, or on what attracts it."""
        self._snap = None
        here = (spot.x, spot.y)
        if self._closes(spot):
            self._snap = Snap(*self.points[0], "corner")
            return self.points[0]
        if spot.shift and self.points:
            directions = [self._direction]
            if len(self.points) > 1:
                (ax, ay), (bx, by) = self.points[-2:]
                directions.append(math.atan2(by - ay, bx - ax))
            return geometry.straightened(self.points[-1], here, directions)
        scene = self._scene()
        if scene is None or spot.free:
            return here
        drawn = self._others()
        shapes = [scene.public] if drawn is None else [scene.public, drawn]
        self._snap = geometry.snap(shapes, scene.origin, *here, REACH * spot.scale)
        return here if self._snap is None else (self._snap.x, self._snap.y)

    def _look_below(self, point: Point) -> None:
        scene = self._scene()
        self.below = geometry.outline_at(scene, *point) if scene is not None else None
        self._direction = geometry.main_direction(self.below[1]) if self.below is not None else 0.0

    # ---------------------------------------------------------------- corners

    def _add(self, point: Point) -> None:
        if self.points and math.dist(self.points[-1], point) < 1e-6:
            return
        if geometry.crosses_itself([*self.points, point], closed=False):
            self.fault = "crossing"
            return
        self.points.append(point)

    def take_back(self) -> None:
        """The last corner goes."""
        self.fault, self._crossing = "", False
        if self.points:
            self.points.pop()
        self.changed.emit()

    def _close(self, points: list[Point]) -> None:
        self.fault = self._fault_of(points)
        if self.fault:
            return
        shape = shapely.Polygon(points)
        scene = self._scene()
        roof = geometry.roof_of(scene, shape) if scene is not None else Roof(fault="nowhere")
        if roof.fault:
            self.fault = roof.fault
            return
        self.waiting, self.roof = shape, roof
        self._over = self._snap = None
        self._crossing = False
        self.closed.emit()

    @staticmethod
    def _fault_of(points: list[Point]) -> str:
        if len(points) < 3:
            return "few"
        if geometry.crosses_itself(points, closed=True):
            return "crossing"
        return "small" if sketch.measured_area(points) < SMALLEST else ""

    def settle(self) -> None:
        """What waited has been entered, or is not wanted: begin anew."""
        self.waiting, self.roof, self.fault = None, Roof(), ""
        self.points, self._rectangle = [], []
        self._press, self.below, self._crossing = None, None, False
        self.changed.emit()

    # ---------------------------------------------------------------- keys

    def key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            if self.waiting is not None:
                self.dropped.emit()
            elif self.points or self.fault:
                self.settle()
            else:
                self.ended.emit()
        elif self.waiting is not None:
            return key in (*_ENTER, Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
        elif key in _ENTER:
            self._close(self.points)
            self.changed.emit()
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete) or event.matches(QKeySequence.StandardKey.Undo):
            self.take_back()
        else:
            return False
        return True

    def wants(self, event: QKeyEvent) -> bool:
        """Undo takes back a corner as long as there is one."""
        return bool(self.points) and self.waiting is None and event.matches(QKeySequence.StandardKey.Undo)

    # ---------------------------------------------------------------- painting

    def paint(self, painter: QPainter, view: Viewport, tokens: Tokens) -> None:
        if self.below is not None and (self.points or self._press is not None or self.waiting is not None):
            path = sketch.path_of(self.below[1], view)
            sketch.paint_outline(painter, path, tokens, QColor(tokens.selection), 1.2)
        if self.waiting is not None:
            ring = [(float(x), float(y)) for x, y in shapely.get_coordinates(self.waiting)[:-1]]
            sketch.paint_sketch(painter, view, tokens, ring, None, bad=False, closed=True)
            return
        if self._rectangle:
            sketch.paint_sketch(painter, view, tokens, self._rectangle, None, bad=False, closed=True)
        else:
            bad = self._crossing or self.fault == "crossing"
            sketch.paint_sketch(
                painter, view, tokens, self.points, self._over if self.points else None, bad=bad, closed=False
            )
        if self._snap is not None:
            sketch.paint_snap(painter, view, tokens, self._snap)
