"""Areas of groups as thin lines: who belongs to which site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPen

from ui.map.groups import color
from ui.map.sketch import ground_path, on_screen
from ui.map.style import veil

if TYPE_CHECKING:
    from PySide6.QtGui import QPainterPath

    from ui.map.groups import Group, Groups
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens

_HALO, _LINE = 3.0, 1.2


class AreaLayer:
    """The areas of the groups that are shown; none where they have none."""

    def __init__(self) -> None:
        self.paths: list[tuple[Group, QPainterPath]] = []
        self._origin = (0.0, 0.0)

    def show(self, groups: Groups | None) -> None:
        """Show those of these groups; their outlines are put together once."""
        areas = () if groups is None else groups.areas
        if areas:
            west, south, _, _ = shapely.total_bounds(np.array([shape for _, shape in areas], dtype=object))
            self._origin = (float(west), float(south))
        self.paths = [(kind, ground_path(shape, self._origin)) for kind, shape in areas]

    def paint(self, painter: QPainter, view: Viewport, tokens: Tokens) -> None:
        """Draw them, in logical pixels."""
        if not self.paths:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        shown = [(kind, on_screen(path, self._origin, view)) for kind, path in self.paths]
        # All halos first: no line is broken by a neighbour's.
        painter.setPen(QPen(veil(tokens.panel, 170), _HALO))
        for _, path in shown:
            painter.drawPath(path)
        for kind, path in shown:
            painter.setPen(QPen(color(kind, tokens), _LINE, Qt.PenStyle.DashLine))
            painter.drawPath(path)
