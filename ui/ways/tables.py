"""The four ways as a table of figures, and one of them year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from kawasolar.export.finance import CashRow, cash_rows
from kawasolar.finance.compare import FIGURES
from kawasolar.finance.ways import WAYS
from kawasolar.finance.words import figure_name, figure_text, way_name

if TYPE_CHECKING:
    from kawasolar.finance import Comparison, Way
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FiguresModel(QAbstractTableModel):
    """A row a figure, a column a way."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.texts: list[list[str]] = []

    def show_comparison(self, found: Comparison | None) -> None:
        """Other figures."""
        language = self._look.language
        self.beginResetModel()
        self.texts = [] if found is None else [
            [figure_text(language, way, key, float(found.outcomes[way].figures[key])) for way in WAYS] for key in FIGURES
        ]  # fmt: skip
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.texts)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(WAYS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            if orientation == Qt.Orientation.Horizontal:
                return way_name(self._look.language, WAYS[section])
            return figure_name(self._look.language, FIGURES[section])
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation == Qt.Orientation.Horizontal:
            return _RIGHT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.texts[index.row()][index.column()]
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole else None


class CashModel(QAbstractTableModel):
    """Both sides' lines of one way, year by year [1,000 yen]."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.rows: list[CashRow] = []
        self._years = 0
        self._bold = QFont()
        self._bold.setBold(True)

    def show_way(self, found: Comparison | None, way: Way) -> None:
        """Another way."""
        self.beginResetModel()
        self.rows = [] if found is None else cash_rows(found.outcomes[way], self._look.language)
        self._years = 0 if found is None else found.terms.years + 1
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return self._years + 1 if self.rows else 0

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        say = self._look.say
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            row = self.rows[section]
            return say("ui.ways.line", side=row.side, item=row.item)
        return say("finance.head.total") if section == self._years else say("finance.head.year", year=section)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            value = row.total if index.column() == self._years else float(row.years[index.column()])
            # No minus before a nought.
            return "" if value is None else f"{round(value / 1000) + 0:,d}".replace("-", "−")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role == Qt.ItemDataRole.FontRole and row.summed:
            return self._bold
        return None
