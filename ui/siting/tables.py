"""Sites, or candidates that are left out, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from kawasolar.siting.words import cell, lost_text, reason_text, sites_in_words

if TYPE_CHECKING:
    from kawasolar.siting.of_plan import Siting
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
SITES = ("name", "how", "fiscal_year", "chargers", "weight", "share", "mean_m", "lost")
LEFT_OUT = ("name", "why_not")
_NUMBERS = ("chargers", "weight", "share", "mean_m", "fiscal_year")
_RIGHTS = (*_NUMBERS, "lost")
_TIMES = {"share": 100.0}
_DIGITS = {"weight": 1, "share": 1}


class RowsModel(QAbstractTableModel):
    """Rows of words and numbers; ``columns`` are :data:`SITES` or :data:`LEFT_OUT`."""

    def __init__(self, look: Look, columns: tuple[str, ...]) -> None:
        super().__init__()
        self._look, self.columns = look, columns
        self.rows: list[dict[str, object]] = []
        self._source = "points"

    def show_sites(self, found: Siting | None) -> None:
        """The sites of another answer; none with None."""
        self.beginResetModel()
        self.rows = []
        if found is not None:
            self._source = found.head["source"]
            rows = sites_in_words(self._look.language, found).to_dict("records")
            self.rows = [{**row, "lost": lost_text(found, float(row["lost"]))} for row in rows]  # type: ignore[dict-item]
        self.endResetModel()

    def show_left_out(self, found: Siting | None) -> None:
        """The candidates that are left out, with why."""
        self.beginResetModel()
        self.rows = []
        if found is not None:
            out = found.candidates[found.candidates["why_not"] != ""]
            self.rows = [
                {"name": name, "site_id": own, "why_not": reason_text(self._look.language, codes)}
                for own, name, codes in zip(out["site_id"], out["name"], out["why_not"], strict=True)
            ]
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        key = self.columns[section]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._look.say(f"siting.column.weight.{self._source}" if key == "weight" else f"siting.column.{key}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_RIGHT if key in _RIGHTS else _LEFT) | int(Qt.TextFlag.TextWordWrap)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        key, row = self.columns[index.column()], self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            if key == "fiscal_year":
                year = row[key]
                return str(int(year)) if isinstance(year, (int, float)) and year == year else "–"  # noqa: PLR0124 - NaN
            if key in _NUMBERS:
                value = row[key]
                return cell(float(value) * _TIMES.get(key, 1.0) if isinstance(value, (int, float)) else None, _DIGITS.get(key, 0))  # fmt: skip
            if key == "name" and role == Qt.ItemDataRole.ToolTipRole:
                return f"{row['site_id']} {row['name']}"
            return str(row[key])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if key in _RIGHTS else _LEFT
        return None
