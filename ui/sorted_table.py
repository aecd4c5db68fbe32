"""A table of which a row is looked at, sorted by its headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QTableView

if TYPE_CHECKING:
    from PySide6.QtCore import QAbstractItemModel


def sorted_table(model: QAbstractItemModel, role: int, name: str) -> tuple[QTableView, QSortFilterProxyModel]:
    """The table with its sorted rows, in the model's order until a heading is pressed.

    Parameters
    ----------
    role : by which cells are compared
    name : accessible
    """
    table = QTableView()
    rows = QSortFilterProxyModel(table)
    rows.setSourceModel(model)
    rows.setSortRole(role)
    table.setModel(rows)
    table.setAccessibleName(name)
    table.setTabKeyNavigation(False)
    table.setSortingEnabled(True)
    table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
    table.verticalHeader().hide()
    return table, rows
