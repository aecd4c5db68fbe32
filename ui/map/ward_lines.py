"""The wards of a plan as thin lines with their names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from gis.errors import GisError
from ui import theme
from ui.map import style

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kawasolar.plan import Plan
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens

# A ward of which less is seen [logical px across] is not named.
_NAMED_FROM = 110.0
# Corners closer together than this [device px] are one.
_CORNER = 0.5


@dataclass(frozen=True)
class WardLines:
    """Names, areas, and the lines around them."""

    names: list[str]
    areas: NDArray[np.object_]
    lines: NDArray[np.object_]


def ward_lines(plan: Plan) -> WardLines | None:
    """Read the plan's wards; None where it has none, or the file is gone."""
    from gis.wards import read_wards

    entry = next((file for file in plan.inputs if file.role == "wards"), None)
    if entry is None:
        return None
    try:
        frame = read_wards(Path(entry.path), plan.crs, crs=entry.crs or None).frame
    except GisError:
        return None
    areas = frame.geometry.to_numpy()
    return WardLines(frame["name"].tolist(), areas, shapely.boundary(areas))


def paint_wards(image: QImage, view: Viewport, wards: WardLines, tokens: Tokens) -> None:
    """Draw the lines that are seen, and in the middle of what is seen of a ward its name."""
    pixel = view.scale / view.ratio
    seen = np.flatnonzero(shapely.intersects(shapely.box(*view.bounds), wards.areas))
    if not len(seen):
        return
    west, _, _, north = view.bounds
    cut = shapely.simplify(shapely.clip_by_rect(wards.lines[seen], *view.grown(8).bounds), _CORNER * pixel)
    path = QPainterPath()
    for line in shapely.get_parts(cut):
        if shapely.get_type_id(line) == shapely.GeometryType.LINESTRING:
            x, y = shapely.get_coordinates(line).T
            path.addPolygon(
                QPolygonF([QPointF(a, b) for a, b in zip((x - west) / pixel, (north - y) / pixel, strict=True)])
            )
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    ink = QPen(QColor(tokens.ink), 1.0 * view.ratio, Qt.PenStyle.CustomDashLine)
    ink.setDashPattern([7.0, 3.0, 1.5, 3.0])
    try:
        for pen in (QPen(style.veil(tokens.panel, 180), 2.8 * view.ratio), ink):
            painter.setPen(pen)
            painter.drawPath(path)
        for k in seen:
            _name(painter, view, wards, int(k), tokens)
    finally:
        painter.end()


def _name(painter: QPainter, view: Viewport, wards: WardLines, k: int, tokens: Tokens) -> None:
    shown = shapely.clip_by_rect(wards.areas[k], *view.bounds)
    if shapely.is_empty(shown) or np.sqrt(shapely.area(shown)) / view.scale < _NAMED_FROM:
        return
    at = shapely.point_on_surface(shown)
    x, y = view.to_screen(shapely.get_x(at), shapely.get_y(at))
    font = theme.font(10.5, bold=True)
    # Of the image, whose pixels are the screen's.
    font.setPixelSize(round(14 * view.ratio))
    words = QPainterPath()
    wide = QFontMetricsF(font).horizontalAdvance(wards.names[k])
    words.addText(x * view.ratio - wide / 2, y * view.ratio, font, wards.names[k])
    halo = QPen(style.veil(tokens.panel, 225), 4.0 * view.ratio)
    halo.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(words, halo)
    painter.fillPath(words, QColor(tokens.muted))
