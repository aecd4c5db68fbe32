"""Buildings on which the modules of the selected facility throw the sun: coloured by minutes, those beyond the limits with a broader line; and the points of roads
where a driver sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ui.map.sketch import path_of
from ui.map.style import GLARE, veil

if TYPE_CHECKING:
    import geopandas as gpd

    from kawasolar.glare import GlareReport
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens


# Radius of a dot [px].
_DOT = 3.5


class GlareLayer:
    """What was found for one facility; nothing until somebody asks."""

    def __init__(self) -> None:
        self.report: GlareReport | None = None

    def show(self, report: GlareReport | None) -> None:
        """Show this one, or none."""
        self.report = report

    def paint(self, painter: QPainter, view: Viewport, tokens: Tokens) -> None:
        """Draw it, in logical pixels."""
        report = self.report
        if report is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if len(report.buildings):
            self._buildings(painter, view, tokens, report)
        if report.roads is not None and len(report.roads):
            self._roads(painter, view, tokens, report.roads)

    def _roads(self, painter: QPainter, view: Viewport, tokens: Tokens, roads: gpd.GeoDataFrame) -> None:
        """A dot a point, ringed so that it shows on any ground."""
        painter.setPen(QPen(veil(tokens.panel, 210), 1.5))
        painter.setBrush(QColor(GLARE))
        for x, y in shapely.get_coordinates(roads.geometry.to_numpy()).tolist():
            painter.drawEllipse(QPointF(*view.to_screen(x, y)), _DOT, _DOT)

    def _buildings(self, painter: QPainter, view: Viewport, tokens: Tokens, report: GlareReport) -> None:
        most = max(float(report.buildings["minutes"].max()), report.year_limit)
        told = zip(report.buildings.geometry, report.buildings["minutes"], report.exceeds, strict=True)
        for shape, minutes, over in told:
            path = path_of(shape, view)
            painter.fillPath(path, veil(GLARE, round(60 + 150 * float(minutes) / most)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for color, width in ((veil(tokens.panel, 210), 4.0), (QColor(GLARE), 1.8)):
                pen = QPen(color, width + (2.0 if over else 0.0))
                pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
                painter.setPen(pen)
                painter.drawPath(path)
