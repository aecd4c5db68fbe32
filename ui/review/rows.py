"""The list of the review: a row a facility, with its score and how far somebody has looked at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from kawasolar.join.told import how_text
from ui import icons, theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.join.review import Item
    from ui.look import Look
    from ui.review.queue import ReviewQueue

Index = QModelIndex | QPersistentModelIndex
STATE_ICONS = {
    "open": ("circle-outline", "muted"), "later": ("clock-alert-outline", "attention"), "confirmed": ("check-circle", "accent"),
    "person": ("pencil-outline", "accent"),
}  # fmt: skip


def summary(look: Look, item: Item) -> str:
    """How its building was found, in few words."""
    if item.links:
        words = [how_text(look.language, how) for how in dict.fromkeys(link.how for link in item.links)]
        if len(item.links) > 1:
            words.append(look.say("ui.review.count", count=len(item.links)))
        return look.say("ui.list.dot").join(words)
    return look.say("ui.review.shared" if item.shared is not None else "ui.review.none")


class Rows(QAbstractListModel):
    """The rows of the queue."""

    def __init__(self, look: Look, queue: ReviewQueue, parent: QObject) -> None:
        super().__init__(parent)
        self._look, self._queue = look, queue
        queue.listed.connect(self._anew)
        queue.changed.connect(self._one)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._queue.rows)

    def item(self, index: Index) -> Item | None:
        """The facility of a row."""
        row = index.row()
        return self._queue.item(self._queue.rows[row]) if 0 <= row < len(self._queue.rows) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self.item(index)
        if item is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return item.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            state = self._look.say(f"join.state.{item.state}")
            return self._look.say(
                "ui.review.row", id=item.facility_id, name=item.name, score=f"{item.score:.2f}", how=summary(self._look, item), state=state
            )  # fmt: skip
        return None

    def _anew(self) -> None:
        self.beginResetModel()
        self.endResetModel()

    def _one(self, facility_id: str) -> None:
        place = self._queue.place_of(facility_id)
        if place >= 0:
            index = self.index(place)
            self.dataChanged.emit(index, index)


class RowDelegate(QStyledItemDelegate):
    """Name and score, below them how it was linked; at the left what has become of it."""

    HEIGHT = 44

    def __init__(self, look: Look, queue: ReviewQueue, parent: QObject) -> None:
        super().__init__(parent)
        self._look, self._queue = look, queue
        self._bold, self._plain = theme.font(bold=True), theme.font(8.5)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, self.HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        item = model.item(index) if isinstance(model, Rows) else None
        if item is None:
            return
        self.initStyleOption(option, index)
        option.text = ""
        option.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        tokens, box = self._look.tokens, QRectF(option.rect)
        picture, role = STATE_ICONS[item.state]
        colour = str(getattr(tokens, role))
        ratio = painter.device().devicePixelRatioF() if painter.device() is not None else 1.0
        painter.drawPixmap(round(box.left()) + 6, round(box.top()) + 6, icons.pixmap(picture, colour, 16, ratio))
        doubtful = not item.done and item.score < self._queue.doubtful
        score = f"{item.score:.2f}" if item.links else "–"
        painter.setFont(self._bold)
        metrics = QFontMetricsF(self._bold)
        wide = metrics.horizontalAdvance("0.00") + 8
        top = QRectF(box.left() + 28, box.top() + 3, box.width() - 34, box.height() / 2 - 2)
        painter.setPen(QColor(tokens.attention if doubtful else tokens.muted))
        painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, score)
        painter.setPen(QColor(tokens.ink))
        name = metrics.elidedText(item.name, Qt.TextElideMode.ElideMiddle, top.width() - wide)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(self._plain)
        painter.setPen(QColor(tokens.muted))
        below = QRectF(top.left(), box.top() + box.height() / 2, top.width(), box.height() / 2 - 4)
        words = self._look.say("ui.list.dot").join((item.facility_id, summary(self._look, item)))
        text = QFontMetricsF(self._plain).elidedText(words, Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


class ReviewList(QListView):
    """The rows; keys go to whom they were given first."""

    row_chosen = Signal(str)

    def __init__(self, look: Look, queue: ReviewQueue, press: Callable[[QKeyEvent], bool]) -> None:
        super().__init__()
        self._queue, self._press = queue, press
        self.setModel(Rows(look, queue, self))
        self.setItemDelegate(RowDelegate(look, queue, self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(look.say("ui.review.list"))
        self.setMinimumHeight(3 * RowDelegate.HEIGHT + 4)
        self.clicked.connect(lambda index: self.row_chosen.emit(queue.rows[index.row()]))
        queue.moved.connect(self.follow)
        queue.listed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Mark the row of the facility that is looked at."""
        place = self._queue.place_of(self._queue.current)
        index = self.model().index(place, 0) if place >= 0 else QModelIndex()
        self.setCurrentIndex(index)
        if place >= 0:
            self.scrollTo(index)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._press(event):
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands here, not the beginning of a name."""
