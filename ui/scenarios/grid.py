"""A small table of finished cells: what stands side by side, whatever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from ui import icons
from ui.format import folded
from ui.scenarios.badge import SIZE, badge
from ui.table import Header, SentenceDelegate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QIcon, QResizeEvent

    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_LEAST_SENTENCE = 200
MORE = int(Qt.ItemDataRole.UserRole) + 1
# Share of a cell's width that its difference takes.
_MORE_SHARE = 0.46


@dataclass(frozen=True)
class Cell:
    """Words with what goes with them; ``order`` is what they are sorted by, ``ink`` a token, ``more`` a quieter difference."""

    text: str
    tip: str = ""
    icon: QIcon | None = None
    ink: str = ""
    bold: bool = False
    # What stands right of the words, quieter: a difference.
    more: str | None = None
    order: float | str | None = None


@dataclass(frozen=True)
class Head:
    """A column: its heading, the letter of its scenario, whether that is stale, and how wide it begins."""

    text: str
    width: int = 96
    letter: str = ""
    stale: str = ""
    right: bool = False
    sentence: bool = False
    note: str = ""


class GridModel(QAbstractTableModel):
    """Rows of cells, each row with a key; sorting moves an index, never the cells."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.heads: tuple[Head, ...] = ()
        self._rows: list[tuple[str, tuple[Cell, ...]]] = []
        self._order: list[int] = []
        self._sort: tuple[int, Qt.SortOrder] | None = None

    def fill(self, heads: Sequence[Head], rows: Sequence[tuple[str, Sequence[Cell]]]) -> None:
        """Other cells; the order that was asked for stays."""
        self.beginResetModel()
        self.heads = tuple(heads)
        self._rows = [(key, tuple(cells)) for key, cells in rows]
        self._arrange()
        self.endResetModel()

    def key_at(self, row: int) -> str:
        """Key of a shown row."""
        return self._rows[self._order[row]][0]

    def row_of(self, key: str) -> int | None:
        """The shown row of a key; None where there is none."""
        return next((row for row, k in enumerate(self._order) if self._rows[k][0] == key), None)

    def cell(self, row: int, column: int) -> Cell:
        """A shown cell."""
        return self._rows[self._order[row]][1][column]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort = (column, order) if column >= 0 else None
        self.layoutAboutToBeChanged.emit()
        self._arrange()
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        self._order = list(range(len(self._rows)))
        if self._sort is not None and self._sort[0] < len(self.heads):
            column, order = self._sort
            self._order.sort(
                key=lambda k: _place(self._rows[k][1][column]), reverse=order == Qt.SortOrder.DescendingOrder
            )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.heads)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        cell = self.cell(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == MORE:
            return cell.more
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return " ".join(filter(None, (cell.text, cell.more)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.tip or cell.text
        if role == Qt.ItemDataRole.DecorationRole:
            return cell.icon
        if role == Qt.ItemDataRole.ForegroundRole and cell.ink:
            return QColor(str(getattr(self._look.tokens, cell.ink)))
        if role == Qt.ItemDataRole.FontRole and cell.bold:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(self.heads[index.column()])
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.heads):
            return None
        head = self.heads[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return head.text
        if role == Qt.ItemDataRole.ToolTipRole:
            whole = " ".join(filter(None, (head.letter, head.text.replace("\n", " "), head.note)))
            return "\n".join(filter(None, (whole, head.stale)))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return " ".join(filter(None, (head.letter, head.text.replace("\n", " "))))
        return _side(head) if role == Qt.ItemDataRole.TextAlignmentRole else None


def _side(head: Head) -> int:
    side = Qt.AlignmentFlag.AlignRight if head.right else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _place(cell: Cell) -> tuple[int, float, str]:
    if isinstance(cell.order, int | float):
        return (0, float(cell.order), "")
    return (1, 0.0, folded(cell.order if cell.order is not None else cell.text))


class PairDelegate(QStyledItemDelegate):
    """A figure, and right of it, quieter, by how much it differs."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        more = index.data(MORE)
        if more is None:
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        words, option.text = option.text, ""
        option.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        space = option.rect.adjusted(6, 0, -6, 0)
        middle = space.left() + round(space.width() * (1.0 - _MORE_SHARE))
        quiet = option.palette.placeholderText().color()
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        ink = index.data(Qt.ItemDataRole.ForegroundRole) or option.palette.text().color()
        for text, box, pen in (
            (words, QRect(space.left(), space.top(), middle - space.left(), space.height()), ink),
            (str(more), QRect(middle, space.top(), space.right() - middle + 1, space.height()), quiet),
        ):
            painter.setPen(pen)
            shown = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, right, shown)


class LetterHeader(Header):
    """Headings of scenarios bear their letter, and a mark while they are stale."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt's names
        """The letter, then the name."""
        model = self.model()
        head = model.heads[logicalIndex] if isinstance(model, GridModel) and logicalIndex < len(model.heads) else None
        if head is None or not head.letter or not rect.isValid():
            super().paintSection(painter, rect, logicalIndex)
            return
        ratio, tokens = self.devicePixelRatioF(), self._look.tokens
        painter.save()
        painter.fillRect(rect, self.palette().base())
        painter.setPen(self.palette().mid().color())
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        space = rect.adjusted(6, 4, -6, -4)
        middle = space.center().y()
        words = head.text
        if self.isSortIndicatorShown() and self.sortIndicatorSection() == logicalIndex:
            words = f"{'▲' if self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder else '▼'} {words}"
        taken = SIZE + 6 + (22 if head.stale else 0)
        taken += self.fontMetrics().horizontalAdvance(head.note) + 8 if head.note else 0
        shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, max(space.width() - taken, 8))
        left = space.left()
        if head.right and not head.note:
            left = max(left, space.right() - taken - self.fontMetrics().horizontalAdvance(shown))
        painter.drawPixmap(left, middle - SIZE // 2 + 1, badge(head.letter, tokens, ratio))
        left += SIZE + 6
        if head.stale:
            painter.drawPixmap(left, middle - 7, icons.pixmap("clock-alert-outline", tokens.attention, 16, ratio))
            left += 22
        painter.setPen(self.palette().text().color())
        text = QRect(left, space.top(), space.right() - left + 1, space.height())
        painter.drawText(text, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
        if head.note:
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(space, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), head.note)
        painter.restore()


class Grid(QTableView):
    """A read-only table of cells."""

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self.cells = GridModel(look)
        self.setModel(self.cells)
        self.setHorizontalHeader(LetterHeader(look))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(name)
        self.setMinimumSize(80, 60)
        self._laid: tuple[Head, ...] = ()
        self._sentences, self._pairs = SentenceDelegate(self), PairDelegate(self)

    def fill(self, heads: Sequence[Head], rows: Sequence[tuple[str, Sequence[Cell]]]) -> None:
        """Other cells; widths stay as they were set while the columns are the same."""
        self.cells.fill(heads, rows)
        same = [(head.text, head.letter) for head in heads] == [(head.text, head.letter) for head in self._laid]
        self._laid = tuple(heads)
        if same:
            return
        for k, head in enumerate(heads):
            self.setItemDelegateForColumn(k, self._sentences if head.sentence else self._pairs)
            self.setColumnWidth(k, head.width)
        self._fit_sentence()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_sentence()

    def _fit_sentence(self) -> None:
        """Reasons at the end take what room there is, as far as they can be read there."""
        if self._laid and self._laid[-1].sentence:
            last = len(self._laid) - 1
            before = sum(self.columnWidth(k) for k in range(last))
            self.setColumnWidth(last, max(_LEAST_SENTENCE, self.viewport().width() - before))
