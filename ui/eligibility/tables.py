"""Tables of eligibility: a frame's columns as text, sorted by value; outcomes of a criterion as a stacked bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

if TYPE_CHECKING:
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
SORTED = Qt.ItemDataRole.UserRole
PARTS = Qt.ItemDataRole.UserRole + 1
# The column that is drawn: passed, failed and unknown side by side.
BAR = "bar"


class FrameModel(QAbstractTableModel):
    """The columns named of a frame; a column ``bar`` has the outcomes of its row as a stacked bar."""

    def __init__(self, look: Look, columns: tuple[str, ...]) -> None:
        super().__init__()
        self._look, self.columns = look, columns
        self.frame = pd.DataFrame(columns=list(columns))

    def show_frame(self, frame: pd.DataFrame) -> None:
        """Other rows."""
        self.beginResetModel()
        self.frame = frame
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.frame)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._look.say(f"eligibility.column.{self.columns[section]}")
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        key = self.columns[index.column()]
        if key == BAR:
            return self._parts(index.row(), role)
        value = self.frame[key].iloc[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _text(key, value)
        if role == SORTED:
            return value if isinstance(value, str) else float("inf") if pd.isna(value) else float(value)
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and not isinstance(value, str) else None

    def _parts(self, row: int, role: int) -> object:
        counts = [int(self.frame[key].iloc[row]) for key in ("passes", "fails", "unknown")]
        if role == PARTS:
            tokens = self._look.tokens
            return list(zip(counts, (tokens.accent, tokens.muted, tokens.attention), strict=True))
        if role == Qt.ItemDataRole.ToolTipRole:
            names = (self._look.say(f"eligibility.column.{key}") for key in ("passes", "fails", "unknown"))
            return "  ".join(f"{name} {count}" for name, count in zip(names, counts, strict=True))
        return counts[0] if role == SORTED else None


class StackedDelegate(QStyledItemDelegate):
    """Draws the outcomes of a criterion side by side."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        parts = index.data(PARTS)
        whole = sum(count for count, _ in parts) if parts else 0
        if not whole:
            return
        area = option.rect.adjusted(4, 6, -4, -6)
        left = float(area.left())
        for count, colour in parts:
            width = area.width() * count / whole
            painter.fillRect(round(left), area.top(), round(left + width) - round(left), area.height(), QColor(colour))
            left += width


def sorting(model: FrameModel) -> QSortFilterProxyModel:
    """A view that sorts by value and finds text."""
    made = QSortFilterProxyModel()
    made.setSourceModel(model)
    made.setSortRole(SORTED)
    made.setFilterKeyColumn(-1)
    made.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    return made


def _text(key: str, value: Any) -> str:  # noqa: ANN401 - a cell of a frame
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return ""
    if key == "planned_year":
        return f"{int(value)}"
    return f"{value:,.1f}" if key in ("capacity_kw", "lead_years") else f"{value:,.0f}"
