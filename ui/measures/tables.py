"""Rows of numbers with their names, as the domain tells them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHeaderView, QTableView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.measures.words import Row

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_THOUSAND = 1000.0
_NAMES_PX, _HEAD_PX, _ROW_PX, _LEAST_ROWS = 380, 46, 26, 4


def cell(value: float) -> str:
    """A number: with a decimal where it is small and has one; empty where there is none."""
    if not math.isfinite(value):
        return ""
    small = abs(value) < _THOUSAND and abs(value - round(value)) > 1e-9
    # No minus before a nought.
    return f"{round(value, 1 if small else 0) + 0.0:,.{1 if small else 0}f}".replace("-", "−")


class RowsModel(QAbstractTableModel):
    """A row a line, a column a number; what adds up others is bold."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.heads: list[str] = []
        self._bold = QFont()
        self._bold.setBold(True)

    def show_rows(self, heads: Sequence[str], rows: Sequence[Row]) -> None:
        """Other rows."""
        self.beginResetModel()
        self.heads, self.rows = list(heads), list(rows)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.heads[section] if orientation == Qt.Orientation.Horizontal else self.rows[section].name
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(row.values[index.column()])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        return self._bold if role == Qt.ItemDataRole.FontRole and row.summed else None


def table_of(model: RowsModel, name: str) -> QTableView:
    """A table whose headings may have two lines."""
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName(name)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    rows, heads = table.verticalHeader(), table.horizontalHeader()
    rows.setDefaultSectionSize(_ROW_PX)
    rows.setMaximumWidth(_NAMES_PX)
    rows.setTextElideMode(Qt.TextElideMode.ElideRight)
    heads.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    heads.setDefaultAlignment(Qt.AlignmentFlag(int(_RIGHT) | int(Qt.TextFlag.TextWordWrap)))
    heads.setMinimumHeight(_HEAD_PX)
    # All measures and what they save together are seen without scrolling.
    table.setMinimumHeight(_HEAD_PX + _LEAST_ROWS * _ROW_PX + 4)
    return table
