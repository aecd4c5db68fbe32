"""What lies below all else: the worker's last picture where the map looks now, or a hint; and the frame of the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from ui import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from ui.map.paint import Picture
    from ui.map.renderer import Frame
    from ui.map.viewport import Viewport
    from ui.tokens import Tokens


def paint_frame(painter: QPainter, frame: Frame, view: Viewport) -> None:
    """Draw a frame, and where it does not reach the coarse picture of everything."""
    if frame.overview is not None and not frame.wish.view.holds(view):
        _lay(painter, *frame.overview, view)
    _lay(painter, frame.picture, frame.wish.view, view)


def _lay(painter: QPainter, picture: Picture, shown: Viewport, view: Viewport) -> None:
    """Draw a picture of the view ``shown`` where it belongs in ``view``."""
    west, _, _, north = shown.bounds
    x, y = view.to_screen(west, north)
    if shown.ratio == view.ratio and abs(shown.scale / view.scale - 1.0) < 1e-9:
        # Whole device pixels: the picture is copied, not sampled anew.
        picture.image.setDevicePixelRatio(shown.ratio)
        painter.drawImage(QPointF(round(x * shown.ratio), round(y * shown.ratio)) / shown.ratio, picture.image)
        return
    picture.image.setDevicePixelRatio(1.0)
    k = shown.scale / view.scale
    painter.drawImage(QRectF(x, y, shown.width * k, shown.height * k), picture.image)


def paint_hint(painter: QPainter, area: QRectF, words: str, tokens: Tokens) -> None:
    """What to do where there is no map yet."""
    painter.setFont(theme.font(10.0))
    painter.setPen(QColor(tokens.muted))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(area.adjusted(32, 32, -32, -32), int(flags), words)


def paint_focus(painter: QPainter, area: QRectF, tokens: Tokens) -> None:
    """A frame for those who came by the keyboard."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(tokens.accent), 2.0))
    painter.drawRect(area.adjusted(1, 1, -1, -1))
