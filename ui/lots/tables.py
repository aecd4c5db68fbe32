"""Lots and the sites of one as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from kawasolar.export.lots import heading
from kawasolar.lots.of_plan import lot_colour

if TYPE_CHECKING:
    import pandas as pd

    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LOTS = (
    "name", "years", "sites", "capacity_kw", "price", "saving_first_yen", "grant_yen", "price_ungranted", "price_cleaned", "spoilers", "losers", "broken", "strays", "gone",
)  # fmt: skip
_SITES = (
    "name", "ward", "fiscal_year", "capacity_kw", "self_use_ratio", "specific_yield", "avoided_yen", "saving_first_yen", "price_without", "effect", "loses", "reasons",
)  # fmt: skip
_DIGITS = {
    "sites": 0, "capacity_kw": 1, "price": 2, "price_ungranted": 2, "price_cleaned": 2, "saving_first_yen": 0, "grant_yen": 0, "self_use_ratio": 0,
    "specific_yield": 0, "avoided_yen": 2, "price_without": 2, "effect": 2,
}  # fmt: skip
# Columns that are hidden while nothing stands in them.
OPTIONAL = ("years", "fiscal_year", "grant_yen", "price_ungranted", "losers", "strays", "gone", "avoided_yen", "loses")
_NOTHING = ("", "–", "0")
# Columns with a shorter heading than on paper, which is their tooltip.
_SHORT = (
    "fiscal_year",
    "saving_first_yen",
    "price_cleaned",
    "price_ungranted",
    "grant_yen",
    "avoided_yen",
    "self_use_ratio",
    "specific_yield",
    "price_without",
    "effect",
)
# What stands in a table where there is nothing.
_NONE = "–"


class _Rows(QAbstractTableModel):
    """Rows of texts; ``keys`` says what each is of."""

    columns: tuple[str, ...] = ()
    of_site = False

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.keys: list[str] = []
        self.texts: list[list[str]] = []

    def show_rows(self, keys: list[str], frame: pd.DataFrame) -> None:
        """Other rows; a column that the frame lacks stays empty."""
        self.beginResetModel()
        self.keys = keys
        self.texts = [[_text(key, row.get(key)) for key in self.columns] for row in frame.to_dict("records")]
        self.endResetModel()

    def empty(self) -> list[int]:
        """Columns in which nothing stands and that can do without."""
        return [
            k for k, key in enumerate(self.columns) if key in OPTIONAL and all(row[k] in _NOTHING for row in self.texts)
        ]

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.texts)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            key = self.columns[section]
            if key in _SHORT:
                return self._look.say(f"ui.lots.column.{key}")
            return heading(self._look.language, key, site=self.of_site).replace(" (", "\n(")
        if role == Qt.ItemDataRole.ToolTipRole:
            return heading(self._look.language, self.columns[section], site=self.of_site)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return (
                _RIGHT
                if self.columns[section] in _DIGITS
                else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            )
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.texts[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and self.columns[index.column()] in _DIGITS:
            return _RIGHT
        return None


class LotsModel(_Rows):
    """A row a lot with its colour; the last, without a key, is what is in none."""

    columns = _LOTS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0 and self.keys[index.row()]:
            return QColor(lot_colour(self.keys[index.row()]))
        if role == Qt.ItemDataRole.ForegroundRole and self.columns[index.column()] in (
            "broken",
            "strays",
            "losers",
            "gone",
        ):
            return QColor(self._look.tokens.attention)
        return super().data(index, role)


class SitesModel(_Rows):
    """A row a site of the lot that is looked at."""

    columns = _SITES
    of_site = True


def _text(key: str, value: Any) -> str:  # noqa: ANN401 - a cell of a frame
    if key == "fiscal_year":
        return "" if value is None or value != value else str(int(value))  # noqa: PLR0124 - not a number
    if key not in _DIGITS:
        return value if isinstance(value, str) else ""
    if value is None or value != value:  # noqa: PLR0124 - not a number
        return _NONE
    text = f"{value:,.{_DIGITS[key]}f}"
    return f"+{text}" if key == "effect" and value > 0 else text
