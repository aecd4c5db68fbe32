"""A small picture of a range with a value on it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.look import Look

# Of the sensible range, how much is drawn on either side of it.
_BESIDE = 0.35


def ends_of(low: float, high: float, least: float, most: float, values: tuple[float, ...]) -> tuple[float, float]:
    """Ends of the drawn scale: the range with room beside it, and no further than the numbers that are possible.

    A value that lies a little outside is drawn where it is; one far away is left to the arrow at the end.
    """
    size = (high - low) or abs(high) or 1.0
    left, right = low - _BESIDE * size, high + _BESIDE * size
    for value in values:
        if value < left and low - value <= 2 * size:
            left = value
        if value > right and value - high <= 2 * size:
            right = value
    return max(left, least), min(right, most)


class RangeBand(QWidget):
    """The sensible range as a band on a line; a ring where the municipality's value is, a dot where the new one is."""

    def __init__(self, look: Look, *, small: bool = False) -> None:
        super().__init__()
        self._look, self._small = look, small
        self._range: tuple[float, float, float, float] | None = None
        self._given, self._now = 0.0, 0.0
        self.setSizePolicy(
            QSizePolicy.Policy.Fixed if small else QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        )
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, small)

    def sizeHint(self) -> QSize:
        return QSize(48, 12) if self._small else QSize(160, 16)

    minimumSizeHint = sizeHint

    def show_values(
        self, bounds: tuple[float, float], sensible: tuple[float, float] | None, given: float, now: float | None
    ) -> None:
        """Show the sensible range inside the possible bounds, the municipality's value, and the one of now."""
        self._range = None if sensible is None else (*bounds, *sensible)
        self._given, self._now = given, given if now is None else now
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._range is None:
            return
        least, most, low, high = self._range
        start, end = ends_of(low, high, least, most, (self._given, self._now))
        tokens, middle = self._look.tokens, self.height() / 2
        edge, size = 5.0, 3.0 if self._small else 4.0
        span = max(self.width() - 2 * edge, 1.0)

        def at(value: float) -> float:
            return edge + span * min(max((value - start) / ((end - start) or 1.0), 0.0), 1.0)

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.line))
        painter.drawRoundedRect(QRectF(edge, middle - 1, span, 2), 1, 1)
        painter.setBrush(QColor(theme.mix(tokens.panel, tokens.accent, 0.45)))
        painter.drawRoundedRect(QRectF(at(low), middle - size / 2, max(at(high) - at(low), 2.0), size), 1.5, 1.5)
        if self._now != self._given:
            painter.setBrush(QColor(tokens.panel))
            painter.setPen(QPen(QColor(tokens.muted), 1.2))
            painter.drawEllipse(QPointF(at(self._given), middle), size, size)
        painter.setPen(Qt.PenStyle.NoPen)
        inside = low <= self._now <= high
        painter.setBrush(QColor(tokens.accent if inside else tokens.attention))
        if start <= self._now <= end:
            painter.drawEllipse(QPointF(at(self._now), middle), size, size)
        else:
            way = 1 if self._now > end else -1
            tip = edge + span + edge if way > 0 else 0.0
            back = tip - way * 2 * size
            painter.drawPolygon(
                QPolygonF([QPointF(tip, middle), QPointF(back, middle - size), QPointF(back, middle + size)])
            )
        painter.end()
