"""Tables of the fleet as the domain tells them, which can be sorted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QTableView

from kawasolar.fleet.words import head_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
SORT = Qt.ItemDataRole.UserRole
# What a column has behind the point; years have no thousands.
_DIGITS = {"share": 1, "target": 1, "old_co2_t": 2, "new_co2_t": 2, "co2_t": 1, "saved_t": 1, "charge_kw": 1}
_YEARS = ("year", "fiscal_year", "natural_year")
# Texts that take what room is left.
_LONG = ("filled", "reasons")
_DASH = "–"
_ROW_PX, _HEAD_PX, _LEAST_PX, _PADDING = 24, 40, 72, 22


class FrameModel(QAbstractTableModel):
    """A frame with the columns that are shown."""

    def __init__(self, look: Look, columns: Sequence[str]) -> None:
        super().__init__()
        self._look, self.columns = look, tuple(columns)
        self.frame = pd.DataFrame(columns=list(columns))
        self._texts = dict.fromkeys(columns, False)

    def show_frame(self, frame: pd.DataFrame) -> None:
        """Other rows."""
        self.beginResetModel()
        self.frame = frame.reset_index(drop=True)
        self._texts = {name: not pd.api.types.is_numeric_dtype(self.frame[name]) for name in self.columns}
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.frame)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        words = head_name(self._look.language, self.columns[section])
        if role == Qt.ItemDataRole.DisplayRole:
            return words.replace(" (", "\n(")
        if role == Qt.ItemDataRole.ToolTipRole:
            return words
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if self._texts[self.columns[section]] else _RIGHT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        name = self.columns[index.column()]
        value, text = self.frame[name].iloc[index.row()], self._texts[name]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return str(value) if text else self._number(name, float(value))
        if role == SORT:
            # Where there is none it stands below all.
            return str(value) if text else -math.inf if math.isnan(value) else float(value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if text else _RIGHT
        return None

    def _number(self, name: str, value: float) -> str:
        if math.isnan(value):
            return _DASH
        return str(int(value)) if name in _YEARS else f"{value:,.{_DIGITS.get(name, 0)}f}".replace("-", "−")


def table_of(model: FrameModel, name: str, widths: Mapping[str, int]) -> QTableView:
    """A table that can be sorted, as it comes at first; a long text at its end takes what is left."""
    table = QTableView()
    sorting = QSortFilterProxyModel(table)
    sorting.setSourceModel(model)
    sorting.setSortRole(SORT)
    table.setModel(sorting)
    table.setAccessibleName(name)
    table.setTabKeyNavigation(False)
    table.setSortingEnabled(True)
    table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_PX)
    table.horizontalHeader().setMinimumHeight(_HEAD_PX)
    letters = table.horizontalHeader().fontMetrics()
    for place, key in enumerate(model.columns):
        lines = str(model.headerData(place, Qt.Orientation.Horizontal)).split("\n")
        heading = max(letters.horizontalAdvance(line) for line in lines) + _PADDING
        table.setColumnWidth(place, max(widths.get(key, _LEAST_PX), heading))
    table.horizontalHeader().setStretchLastSection(model.columns[-1] in _LONG)
    return table
