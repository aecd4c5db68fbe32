"""The legend of differences and of groups: what each class means, how many it has, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from kawasolar.words import say
from ui import theme
from ui.icons import icon
from ui.map.labels import draw_marker
from ui.map.overlays import Card
from ui.map.style import outline_brush, outline_pens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.words import Language
    from ui.map.differences import Differences
    from ui.map.groups import Groups
    from ui.map.style import Class
    from ui.tokens import Tokens

_NAME_WIDTH = 190


class Swatch(QWidget):
    """A piece of outline and the marker of a class, as the map draws them."""

    def __init__(self, parent: QWidget, kind: Class, tokens: Tokens) -> None:
        super().__init__(parent)
        self._kind, self._tokens = kind, tokens
        self.setFixedSize(46, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        box = QRectF(3.0, 4.0, 20.0, 12.0)
        painter.fillRect(box, outline_brush(self._kind, self._tokens))
        for pen in outline_pens(self._kind, self._tokens, 1.0):
            painter.setPen(pen)
            painter.drawRect(box)
        draw_marker(painter, QPointF(36.0, 10.0), self._kind, self._tokens)


class DifferenceLegend(Card):
    """Stands in the place of the map's legend while the differences are shown."""

    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = QLabel(self)
        self._title.setFont(theme.font(bold=True))
        self._leave = QToolButton(self)
        self._leave.setFixedSize(22, 22)
        self._leave.setIconSize(QSize(16, 16))
        self._leave.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._leave.clicked.connect(self.left)
        self._body = QWidget(self)
        self._grid = QGridLayout(self._body)
        self._grid.setContentsMargins(0, 0, 4, 2)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(1, 1)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 5, 6, 6)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._body)
        self.hide()

    @property
    def leave(self) -> QToolButton:
        """The button that brings the map's usual colours back."""
        return self._leave

    def rows(self) -> list[tuple[str, str]]:
        """Each class in words, and how many it has."""
        found = []
        for row in range(self._grid.rowCount()):
            cells = [self._grid.itemAtPosition(row, k) for k in (1, 2)]
            texts = [cell.widget() for cell in cells if cell is not None]
            if len(texts) == 2:
                name, count = texts
                if isinstance(name, QLabel) and isinstance(count, QLabel):
                    found.append((name.accessibleName(), count.text()))
        return found

    def write(self, language: Language, tokens: Tokens, differences: Differences | Groups) -> None:
        """All words, numbers and colours."""
        self.dress(tokens)
        self._title.setText(say(language, differences.title))
        self.setAccessibleName(say(language, differences.title))
        self._leave.setIcon(icon("close", tokens.muted))
        for tell in (self._leave.setToolTip, self._leave.setAccessibleName):
            tell(say(language, "map.difference.leave"))
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        counts: Mapping[Any, int] = differences.counts()
        kinds: tuple[Class, ...] = tuple(differences.classes())
        for row, kind in enumerate(kinds):
            words = differences.words(language, kind)
            name, count = QLabel(self._body), QLabel(f"{counts[kind]:,}" if counts[kind] else "", self._body)
            name.setFont(theme.font())
            count.setFont(theme.font())
            name.setText(name.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, _NAME_WIDTH))
            name.setToolTip(words)
            name.setAccessibleName(words)
            count.setProperty("muted", True)
            self._grid.addWidget(Swatch(self._body, kind, tokens), row, 0)
            self._grid.addWidget(name, row, 1)
            self._grid.addWidget(count, row, 2, Qt.AlignmentFlag.AlignRight)
        for part in self._body.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            part.show()
        for inner in (self._body, self):
            layout = inner.layout()
            if layout is not None:
                layout.invalidate()
                layout.activate()
        self.adjustSize()
