"""Naming the buildings of a facility by hand: a click on an outline adds it or takes it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor

from ui.map import geometry
from ui.map.sketch import paint_outline, path_of
from ui.map.tool import Spot, Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import QKeyEvent, QPainter

    from ui.map.scene import Scene
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens


class PickBuildings(Tool):
    """Holds which buildings are chosen.

    A building that belongs to another facility is taken from it by a second click: the first one is answered by whose it is.

    Signals
    -------
    done, ended : the choice is made; or it is not wanted
    """

    done = Signal()
    ended = Signal()
    below_markers = True
    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(
        self, scene: Callable[[], Scene | None], facility_id: str, chosen: Sequence[str], owners: Mapping[str, str]
    ) -> None:
        """``owners``: building -> facility that has it now."""
        super().__init__()
        self._scene = scene
        self.facility_id = facility_id
        self.before = frozenset(chosen)
        self.owners = owners
        self.chosen: set[str] = set(chosen)
        # Building of another facility that a second click would take.
        self.asked = ""
        # Nothing lay where the last click was.
        self.missed = False
        self._over: tuple[str, shapely.Geometry] | None = None
        self._known: dict[str, shapely.Geometry] = {}

    @property
    def is_changed(self) -> bool:
        """Whether others are chosen than at the beginning."""
        return self.chosen != self.before

    @property
    def taken(self) -> list[str]:
        """Chosen buildings that belong to other facilities."""
        return sorted(name for name in self.chosen if self.owners.get(name, self.facility_id) != self.facility_id)

    def outline(self, building_id: str) -> shapely.Geometry | None:
        """The outline of a building that is chosen; None where the plan has none of that name."""
        scene = self._scene()
        if building_id not in self._known and scene is not None:
            found = scene.outline_of(building_id)
            if found is not None:
                self._known[building_id] = found
        return self._known.get(building_id)

    # ---------------------------------------------------------------- pointer and keys

    def click(self, spot: Spot) -> bool:
        scene = self._scene()
        found = geometry.outline_at(scene, spot.x, spot.y) if scene is not None else None
        before, self.asked, self.missed = self.asked, "", found is None
        if found is not None:
            name = found[0]
            self._known[name] = found[1]
            if name in self.chosen:
                self.chosen.discard(name)
            elif self.owners.get(name, self.facility_id) != self.facility_id and before != name:
                self.asked = name
            else:
                self.chosen.add(name)
        self.changed.emit()
        return True

    def move(self, spot: Spot) -> bool:
        scene = self._scene()
        found = geometry.outline_at(scene, spot.x, spot.y) if scene is not None else None
        if (found is None) != (self._over is None) or (found and self._over and found[0] != self._over[0]):
            self._over = found
            self.changed.emit()
        return True

    def leave(self) -> None:
        if self._over is not None:
            self._over = None
            self.changed.emit()

    def double(self, spot: Spot) -> bool:
        # Two quick clicks are one: what the first has asked must have been read.
        return True

    def key(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.done.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.ended.emit()
        else:
            return False
        return True

    # ---------------------------------------------------------------- painting

    def paint(self, painter: QPainter, view: Viewport, tokens: Tokens) -> None:
        selection, attention = QColor(tokens.selection), QColor(tokens.attention)
        for name in sorted(self.before - self.chosen):
            self._paint(painter, view, tokens, name, QColor(tokens.muted), 1.6, fill=0, dashed=True)
        for name in sorted(self.chosen):
            color = attention if self.owners.get(name, self.facility_id) != self.facility_id else selection
            self._paint(painter, view, tokens, name, color, 3.0, fill=80, dashed=False)
        if self.asked:
            self._paint(painter, view, tokens, self.asked, attention, 2.5, fill=40, dashed=True)
        if self._over is not None and self._over[0] not in self.chosen and self._over[0] != self.asked:
            paint_outline(painter, path_of(self._over[1], view), tokens, selection, 1.6, fill=36)

    def _paint(
        self,
        painter: QPainter,
        view: Viewport,
        tokens: Tokens,
        name: str,
        color: QColor,
        width: float,
        *,
        fill: int,
        dashed: bool,
    ) -> None:
        shape = self.outline(name)
        if shape is not None and view.sees(tuple(shapely.bounds(shape).tolist())):
            paint_outline(painter, path_of(shape, view), tokens, color, width, fill=fill, dashed=dashed)
