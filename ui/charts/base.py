"""What all charts share: the look, a hover text, and a size that fits its dock."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ui import theme
from ui.look import Look


class Chart(QWidget):
    """A drawing of a few numbers.

    Parameters
    ----------
    look : Look
    height : int
        Pixels.
    title : str
        What it shows, for those who hear it instead of seeing it.
    """

    def __init__(self, look: Look, height: int, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._height = height
        self.setAccessibleName(title)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(200)

    def sizeHint(self) -> QSize:
        return QSize(300, self._height)

    def set_height(self, height: int) -> None:
        """Change the height."""
        self._height = height
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(8.0))
        self.draw(painter)
        painter.end()

    def draw(self, painter: QPainter) -> None:
        """Draw the chart."""
        raise NotImplementedError

    def read(self, position: QPointF) -> str | None:
        """The value below the pointer, in words."""
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        text = self.read(event.position())
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()

    def ink(self, role: str = "ink", alpha: float = 1.0) -> QColor:
        """A token's colour."""
        colour = QColor(str(getattr(self.look.tokens, role)))
        colour.setAlphaF(alpha)
        return colour

    def pen(self, role: str = "ink", width: float = 1.0, alpha: float = 1.0) -> QPen:
        """A pen in a token's colour."""
        made = QPen(self.ink(role, alpha), width)
        made.setCapStyle(Qt.PenCapStyle.RoundCap)
        made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return made

    def text(
        self, painter: QPainter, x: float, y: float, words: str, *, role: str = "muted", align: str = "centre"
    ) -> None:
        """Write words; ``y`` is their middle, ``x`` their left, centre or right."""
        metrics = QFontMetricsF(painter.font())
        width = metrics.horizontalAdvance(words)
        left = {"left": x, "centre": x - width / 2, "right": x - width}[align]
        left = min(max(left, 0.0), max(0.0, self.width() - width))
        painter.setPen(self.ink(role))
        box = QRectF(left - 1, y - metrics.height() / 2, width + 4, metrics.height())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)

    def levels(self, painter: QPainter, area: QRectF, top: float, steps: int = 4) -> None:
        """Lines across an area at round values up to ``top``, their numbers before its left."""
        step, mark = nice_step(top, steps), 0.0
        while mark <= top:
            y = area.bottom() - mark / top * area.height()
            painter.setPen(self.pen("line"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            self.text(painter, area.left() - 4, y, f"{mark:,.6g}", align="right")
            mark += step


def nice_step(top: float, steps: int = 4) -> float:
    """A round step so that about ``steps`` of them reach ``top``."""
    if top <= 0:
        return 1.0
    rough = top / steps
    size = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10):
        if rough <= factor * size:
            return float(factor * size)
    return float(10 * size)
