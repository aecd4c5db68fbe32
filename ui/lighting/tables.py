"""Facilities with what LED do there, as a table that can be sorted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from kawasolar.lighting.ways import WAYS
from kawasolar.lighting.words import figure_name, way_name
from kawasolar.measures.words import Row

if TYPE_CHECKING:
    from kawasolar.lighting import Lighting
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
COLUMNS = (
    "name", "old_kw", "new_kw", "saved_kwh", "saved_yen", "cost_yen", "payback", "co2_t", "last_day", "year", "way", "estimated",
)  # fmt: skip
_TEXTS = ("name", "last_day", "way", "estimated")
_ONE = ("old_kw", "new_kw", "payback", "co2_t")
_DASH = "–"
_PER_CENT = 100.0
_FIGURES = ("first_yen", "yearly_yen", "years", "total_yen", "npv_yen", "payback", "provider_irr")
# What a cell is sorted by.
SORT = Qt.ItemDataRole.UserRole


class FacilitiesModel(QAbstractTableModel):
    """A row a facility."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.rows: list[dict[str, object]] = []

    def show_found(self, found: Lighting | None) -> None:
        """Other facilities."""
        self.beginResetModel()
        keys = ["facility_id", *COLUMNS]
        self.rows = [] if found is None else [
            dict(zip(keys, cells, strict=True)) for cells in found.facilities[keys].itertuples(index=False)
        ]  # fmt: skip
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        key = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._look.say(f"ui.lighting.column.{key}")
        if role == Qt.ItemDataRole.ToolTipRole:
            return figure_name(self._look.language, key)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if key in _TEXTS else _RIGHT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        key, row = COLUMNS[index.column()], self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(key, row[key])
        if role == SORT:
            return self._sorted(key, row[key])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if key in _TEXTS else _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and key == "year" and not row[key]:
            return QColor(self._look.tokens.attention)
        return None

    def _text(self, key: str, value: object) -> str:
        if key == "way":
            return way_name(self._look.language, str(value))
        if key == "estimated":
            return self._look.say("lighting.yes") if value else ""
        if key == "year":
            return str(value) if value else _DASH
        if key in _TEXTS:
            return str(value) or _DASH
        number = float(str(value))
        if math.isnan(number):
            return _DASH
        return f"{number:,.{1 if key in _ONE else 0}f}".replace("-", "−")

    def _sorted(self, key: str, value: object) -> object:
        if key == "estimated":
            return int(bool(value))
        if key in _TEXTS:
            return str(value)
        number = float(str(value))
        # Where there is none it stands last: in no year, or never paid back.
        none = math.isnan(number) or (key == "year" and not number)
        return math.inf if none else number


def way_heads(look: Look) -> list[str]:
    """The three ways, as headings."""
    return [way_name(look.language, way) for way in WAYS]


def way_rows(look: Look, found: Lighting, facility_id: str) -> list[Row]:
    """One facility's three ways side by side: a row a figure."""
    mine = found.ways[found.ways["facility_id"] == facility_id].set_index("way").reindex(list(WAYS))
    rows = []
    for key in _FIGURES:
        values = mine[key].to_numpy(dtype=float) * (_PER_CENT if key == "provider_irr" else 1.0)
        rows.append(Row(figure_name(look.language, key), tuple(values.tolist())))
    return rows
