"""The letter of a compared scenario on its colour: the same in the panel, in the tables and on the map."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QLabel

from ui.map.differences import Difference, draw_badge, draw_marker, only

if TYPE_CHECKING:
    from ui.tokens import Tokens

SIZE = 18


@lru_cache(maxsize=64)
def class_icon(kind: Difference, tokens: Tokens) -> QIcon:
    """The marker of a class of the map as an icon, sharp on any screen."""
    made = QIcon()
    for ratio in (1, 2, 3):
        picture = _empty(SIZE, float(ratio))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        draw_marker(painter, QPointF(SIZE / 2, SIZE / 2), kind, tokens)
        painter.end()
        made.addPixmap(picture)
    return made


def _empty(size: int, ratio: float) -> QPixmap:
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    return picture


def badge(letter: str, tokens: Tokens, ratio: float = 1.0, size: int = SIZE) -> QPixmap:
    """The badge of ``A`` … ``D``."""
    picture = _empty(size, ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.scale(size / SIZE, size / SIZE)
    draw_badge(painter, QPointF(SIZE / 2, SIZE / 2), only("ABCD".index(letter)), tokens)
    painter.end()
    return picture


class Badge(QLabel):
    """The badge on a panel; nothing while the scenario is not compared."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self._tokens = tokens
        self.setFixedSize(SIZE, SIZE)
        self.hide()

    def show_letter(self, letter: str) -> None:
        """Show this letter; none hides it."""
        self.setVisible(bool(letter))
        if letter:
            self.setPixmap(badge(letter, self._tokens, self.devicePixelRatioF()))
            self.setAccessibleName(letter)
