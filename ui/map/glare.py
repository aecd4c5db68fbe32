"""Buildings on which the modules of the selected facility throw the sun: coloured by minutes, those beyond the limits with a broader line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ui.map.sketch import path_of
from ui.map.style import GLARE, veil

if TYPE_CHECKING:
    from kawasolar.glare import GlareReport
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens


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
        if report is None or not len(report.buildings):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
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
