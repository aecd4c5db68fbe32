"""Bases with their chargers, peaks and bills, as a table that can be sorted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from kawasolar.charging.words import base_note, column_name, number_text, sets

if TYPE_CHECKING:
    from kawasolar.charging import Charging
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
# Column -> width in pixels; nought: what its numbers and heading want.
COLUMNS = {
    "name": 112, "cars": 0, "set": 122, "peak_unmanaged_kw": 0, "peak_staggered_kw": 0, "peak_follow_kw": 0, "rise_unmanaged_kw": 0, "rise_staggered_kw": 0,
    "bill_unmanaged_yen": 0, "bill_staggered_yen": 0, "bill_follow_yen": 0, "cost_yen": 0,
}  # fmt: skip
_TEXTS = ("name", "set")
# Told in thousands of yen, as the heading says.
_THOUSANDS = ("bill_unmanaged_yen", "bill_staggered_yen", "bill_follow_yen", "cost_yen")
# What a cell is sorted by.
SORT = Qt.ItemDataRole.UserRole


class BasesModel(QAbstractTableModel):
    """A row a base, in the plan's order."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.found: Charging | None = None
        self._sets: dict[str, str] = {}
        self._short: dict[str, str] = {}

    def show_found(self, found: Charging | None) -> None:
        """Other bases, or none."""
        self.beginResetModel()
        self.found = found
        self._sets = {} if found is None else sets(self._look.language, found)
        self._short = {}
        for facility, kind, number in [] if found is None else found.chargers[["facility_id", "kind", "number"]].itertuples(index=False):  # fmt: skip
            each = f"{kind.upper()}×{number}"
            self._short[facility] = f"{self._short[facility]} {each}" if facility in self._short else each
        self.endResetModel()

    def facility(self, row: int) -> str:
        """The id of a row's base."""
        return "" if self.found is None else str(self.found.bases["facility_id"].iloc[row])

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if self.found is None else len(self.found.bases)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        key = list(COLUMNS)[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._look.say(f"ui.charging.column.{key}").replace("|", "\n")
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._look.say_or(f"ui.charging.column.{key}.tip", column_name(self._look.language, key))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if key in _TEXTS else _RIGHT
        return None

    def value(self, row: int, key: str) -> float:
        """A number as it is told; NaN where there is none."""
        if self.found is None:
            return math.nan
        bases = self.found.bases
        if key.startswith("rise_"):
            way = key.removeprefix("rise_").removesuffix("_kw")
            return float(bases[f"contract_{way}_kw"].iloc[row] - bases["contract_none_kw"].iloc[row])
        return float(bases[key].iloc[row]) / (1000.0 if key in _THOUSANDS else 1.0)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        key, row = list(COLUMNS)[index.column()], index.row()
        if self.found is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, SORT):
            if key in _TEXTS:
                return self._text(row, key)
            value = self.value(row, key)
            if role == SORT:
                # Where there is none it stands below all.
                return -math.inf if math.isnan(value) else value
            text = number_text(value, 0 if key == "cars" or key in _THOUSANDS else 1)
            return f"+{text}" if key.startswith("rise_") and value > 0 else text
        if role == Qt.ItemDataRole.ToolTipRole:
            whole = self._sets[self.facility(row)] if key == "set" else self._text(row, key) if key == "name" else ""
            return " ".join(part for part in (whole, self.note(row)) if part)
        if role == Qt.ItemDataRole.TextAlignmentRole and key not in _TEXTS:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and key == "set" and not self.found.bases["enough"].iloc[row]:
            return QColor(self._look.tokens.attention)
        return None

    def note(self, row: int) -> str:
        """What else is to be said of a base."""
        if self.found is None:
            return ""
        return base_note(self._look.language, {str(key): value for key, value in self.found.bases.iloc[row].items()})

    def _text(self, row: int, key: str) -> str:
        if self.found is None:
            return ""
        if key == "set":
            return self._short.get(self.facility(row), self._look.say("charging.none"))
        return str(self.found.bases["name"].iloc[row])
