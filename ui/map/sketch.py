"""How what a person draws looks while it is drawn: the shape, its corners, its measures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from ui import theme
from ui.map.style import veil

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely

    from ui.map.geometry import Point, Snap
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens

# A side shorter than this on the screen [px] does not say how long it is.
_MEASURED_FROM = 38.0


def measured_area(points: Sequence[Point]) -> float:
    """Area of a ring [m²]."""
    ring = np.asarray(points, dtype=float).reshape(-1, 2)
    if len(ring) < 3:
        return 0.0
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def paint_sketch(
    painter: QPainter,
    view: Viewport,
    tokens: Tokens,
    fixed: Sequence[Point],
    over: Point | None,
    *,
    bad: bool,
    closed: bool,
) -> None:
    """Draw a ring that is being drawn: ``fixed`` corners, and the one that follows the pointer."""
    points = [*fixed, over] if over is not None else list(fixed)
    if not points:
        return
    color = QColor(tokens.attention if bad else tokens.selection)
    places = [QPointF(*view.to_screen(*point)) for point in points]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    if len(places) > 2:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(veil(color.name(), 56))
        painter.drawPolygon(QPolygonF(places))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    line = [*places, places[0]] if closed else places
    for stroke, width in ((QColor(tokens.panel), 6.5 if bad else 4.5), (color, 3.0 if bad else 2.0)):
        painter.setPen(QPen(stroke, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(QPolygonF(line))
    if not closed and len(places) > 2:
        painter.setPen(QPen(color, 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(places[-1], places[0])
    for k, place in enumerate(places[: len(fixed)]):
        paint_handle(painter, place, tokens, color, strong=k == 0 and not closed and len(fixed) > 2)
    _paint_measures(painter, tokens, points, places, closed=closed or len(points) > 2)
    if len(points) > 2 and not bad:
        # What crosses itself has no area to speak of.
        middle = sum(places, QPointF()) / len(places)
        paint_plate(painter, middle, f"{measured_area(points):,.1f} m²", tokens, strong=True)


def paint_handle(painter: QPainter, at: QPointF, tokens: Tokens, color: QColor, *, strong: bool = False) -> None:
    """A corner that can be seen and taken hold of."""
    half = 4.5 if strong else 3.5
    painter.setPen(QPen(color, 2.0))
    painter.setBrush(color if strong else QColor(tokens.panel))
    painter.drawRect(QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half))


def _paint_measures(
    painter: QPainter, tokens: Tokens, points: Sequence[Point], places: Sequence[QPointF], *, closed: bool
) -> None:
    """Length of each side [m] beside it, outside the shape."""
    count = len(points)
    middle = sum(places, QPointF()) / count
    for k in range(count if closed and count > 2 else count - 1):
        a, b = places[k], places[(k + 1) % count]
        way = b - a
        long = math.hypot(way.x(), way.y())
        if long < _MEASURED_FROM:
            continue
        metres = math.dist(points[k], points[(k + 1) % count])
        out = QPointF(-way.y(), way.x()) / long
        half = (a + b) / 2
        if QPointF.dotProduct(out, half - middle) < 0:
            out = -out
        paint_plate(painter, half + out * (16.0 if count > 2 else 0.0), f"{metres:,.1f} m", tokens)


def paint_plate(painter: QPainter, at: QPointF, text: str, tokens: Tokens, *, strong: bool = False) -> None:
    """A measure on paper, centred on a point."""
    font = theme.font(9.0 if strong else 8.5, bold=strong)
    metrics = QFontMetricsF(font)
    box = QRectF(0.0, 0.0, metrics.horizontalAdvance(text) + 10.0, metrics.height() + 2.0)
    box.moveCenter(at)
    painter.setPen(QPen(veil(tokens.line, 220), 1.0))
    painter.setBrush(veil(tokens.panel, 232))
    painter.drawRoundedRect(box, 4.0, 4.0)
    painter.setFont(font)
    painter.setPen(QColor(tokens.ink))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def paint_snap(painter: QPainter, view: Viewport, tokens: Tokens, found: Snap) -> None:
    """What attracts the pointer: a ring on a corner, a cross on a side."""
    at = QPointF(*view.to_screen(found.x, found.y))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((QColor(tokens.panel), 4.0), (QColor(tokens.selection), 1.8)):
        painter.setPen(QPen(color, width))
        if found.kind == "corner":
            painter.drawEllipse(at, 7.0, 7.0)
        else:
            painter.drawLine(at + QPointF(-5, -5), at + QPointF(5, 5))
            painter.drawLine(at + QPointF(-5, 5), at + QPointF(5, -5))


def path_of(shape: shapely.Geometry, view: Viewport) -> QPainterPath:
    """An outline on the widget; few of them, so that each is made anew."""
    return on_screen(ground_path(shape, (view.x, view.y)), (view.x, view.y), view)


def ground_path(shape: shapely.Geometry, origin: Point) -> QPainterPath:
    """An outline in metres from an origin, north up; for what is painted again and again."""
    import shapely as sh

    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for part in sh.get_parts(shape):
        for ring in sh.get_rings(part):
            corners = sh.get_coordinates(ring) - origin
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in corners.tolist()]))
    return path


def on_screen(path: QPainterPath, origin: Point, view: Viewport) -> QPainterPath:
    """A path of the ground on the widget."""
    return QTransform(1.0 / view.scale, 0.0, 0.0, -1.0 / view.scale, *view.to_screen(*origin)).map(path)


def paint_outline(
    painter: QPainter,
    path: QPainterPath,
    tokens: Tokens,
    color: QColor,
    width: float,
    *,
    fill: int = 0,
    dashed: bool = False,
) -> None:
    """An outline with a casing that lifts it off the roof; ``fill``: how opaque its inside is, 0 … 255."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    if fill:
        painter.fillPath(path, veil(color.name(), fill))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    join = Qt.PenJoinStyle.RoundJoin
    painter.setPen(QPen(veil(tokens.panel, 230), width + 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, join))
    painter.drawPath(path)
    pen = QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, join)
    if dashed:
        pen.setDashPattern([3.0, 2.0])
    painter.setPen(pen)
    painter.drawPath(path)
