"""Sites with the sizes that are looked at, as a table that can be sorted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from kawasolar.sizing.words import figure_name, figure_text

if TYPE_CHECKING:
    from kawasolar.sizing import Choice, Sizes
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
COLUMNS = ("name", "now_kw", "capacity_kw", "whole_kw", "self_use_ratio", "price", "payback", "co2_t", "decided")
_TEXTS = ("name", "decided")
# Columns with a shorter heading than on paper, which is their tooltip.
_SHORT = ("now_kw", "whole_kw", "payback", "co2_t")
_KW = ("now_kw", "capacity_kw", "whole_kw")
# What a cell is sorted by.
SORT = Qt.ItemDataRole.UserRole


class SitesModel(QAbstractTableModel):
    """A row a site; ``size`` of each is what is looked at: as it was found, or as somebody picked it."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.sizes: Sizes | None = None
        self.choices: list[Choice] = []
        self.picked: dict[int, int] = {}

    def show_choices(self, sizes: Sizes | None, choices: list[Choice]) -> None:
        """Other sites, or other answers; what was picked by hand is forgotten."""
        self.beginResetModel()
        self.sizes, self.choices, self.picked = sizes, choices, {}
        self.endResetModel()

    def pick(self, row: int, size: int) -> None:
        """Look at another size of a site."""
        if self.choices[row].size == size:
            self.picked.pop(row, None)
        else:
            self.picked[row] = size
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def size(self, row: int) -> int | None:
        """The size of a site that is looked at."""
        return self.picked.get(row, self.choices[row].size)

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.choices)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        key = COLUMNS[section]
        words = self._look.say("ui.sizing.decided") if key == "decided" else figure_name(self._look.language, key)
        if role == Qt.ItemDataRole.DisplayRole and key in _SHORT:
            words = self._look.say(f"ui.sizing.column.{key}")
        if role == Qt.ItemDataRole.DisplayRole:
            return words.replace(" (", "\n(")
        if role == Qt.ItemDataRole.ToolTipRole:
            return words
        if role == Qt.ItemDataRole.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return left if COLUMNS[section] in _TEXTS else _RIGHT
        return None

    def value(self, row: int, key: str) -> float:
        """A figure of the size that is looked at; NaN where there is none."""
        sizes, size = self.sizes, self.size(row)
        if sizes is None:
            return math.nan
        ladder = sizes.ladder
        if key in ("now_kw", "whole_kw"):
            return float(ladder.capacity_kw[row, ladder.now[row] if key == "now_kw" else -1])
        if size is None:
            return math.nan
        return float(ladder.capacity_kw[row, size] if key == "capacity_kw" else sizes.figures[key][row, size])

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        key, row = COLUMNS[index.column()], index.row()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, SORT):
            if key == "name":
                return "" if self.sizes is None else self.sizes.names[row]
            if key == "decided":
                return self._decided(row)
            value = self.value(row, key)
            if role == SORT:
                # Where there is none it stands below all.
                return -math.inf if math.isnan(value) else value
            return figure_text("capacity_kw" if key in _KW else key, value)
        if role == Qt.ItemDataRole.TextAlignmentRole and key not in _TEXTS:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and key == "decided" and self.size(row) is None:
            return QColor(self._look.tokens.attention)
        return None

    def _decided(self, row: int) -> str:
        choice = self.choices[row]
        if row in self.picked:
            return self._look.say("ui.sizing.decided.hand")
        kw = "" if choice.threshold is None else f"{choice.threshold:,.0f}"
        return self._look.say(f"ui.sizing.decided.{choice.decided}", kw=kw)
