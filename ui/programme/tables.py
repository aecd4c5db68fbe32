"""Years of a programme as a table, and its sites as bars over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from kawasolar.programme.words import reasons_column, unit_text
from ui import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.programme.kept import Kept
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_YEARS = (
    "fiscal_year",
    "sites",
    "capacity_kw",
    "cost_yen",
    "subsidy_yen",
    "worth",
    "sites_total",
    "capacity_total_kw",
    "share",
)
_FIXED = ("name", "ward", "capacity_kw")
SORTED = Qt.ItemDataRole.UserRole
BAR = Qt.ItemDataRole.UserRole + 1


class YearsModel(QAbstractTableModel):
    """A row a fiscal year."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.texts: list[list[str]] = []
        self._unit = ""

    def show_programme(self, found: Kept | None) -> None:
        """Another programme."""
        self.beginResetModel()
        # That it is summed and discounted stands below, with the proof.
        self._unit = "" if found is None else unit_text(self._look.language, found.objective).partition("(")[0].strip()
        self.texts = [] if found is None or found.proof is None else [
            [_year_text(key, row[key]) for key in _YEARS] for row in found.by_year().to_dict("records")
        ]  # fmt: skip
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.texts)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(_YEARS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            # The unit stands below the name.
            return self._look.say(f"programme.column.{_YEARS[section]}", unit=self._unit).replace(" (", "\n(", 1)
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.texts[index.row()][index.column()]
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole else None


def _year_text(key: str, value: Any) -> str:  # noqa: ANN401 - a cell of a frame
    if key == "fiscal_year":
        return f"{value:d}"
    if key == "share":
        return fmt.percent(value, 1)
    return f"{value:,.1f}" if key in ("capacity_kw", "capacity_total_kw") else f"{value:,.0f}"


class SitesModel(QAbstractTableModel):
    """A row a site: name, ward, capacity, a column for each fiscal year with a bar where it is built, and why."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.ids: list[str] = []
        self.years: tuple[int, ...] = ()
        self.built: list[int] = []
        self._fixed: list[tuple[str, str, float]] = []
        self._why: list[str] = []
        self._standing: list[bool] = []

    def show_programme(self, found: Kept | None, names: Mapping[str, str]) -> None:
        """Another programme."""
        self.beginResetModel()
        self.ids, self.built, self._fixed, self._why, self._standing, self.years = [], [], [], [], [], ()
        if found is not None and found.proof is not None:
            table = found.frame
            self.years = found.years
            self.ids = [str(name) for name in table["facility_id"]]
            self.built = table["fiscal_year"].tolist()
            self._standing = table["status"].isin(("done", "contracted")).tolist()
            self._fixed = [
                (names.get(name, name), str(ward or ""), float(kw))
                for name, ward, kw in zip(self.ids, table["ward"], table["capacity_kw"], strict=True)
            ]
            self._why = reasons_column(self._look.language, found, names)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.ids)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(_FIXED) + len(self.years) + 1 if self.ids else 0

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        if section < len(_FIXED):
            return self._look.say(f"programme.column.{_FIXED[section]}")
        year = section - len(_FIXED)
        return str(self.years[year]) if year < len(self.years) else self._look.say("programme.column.why")

    def _year(self, column: int) -> int:
        """The fiscal year of a column; 0 where it is of none."""
        place = column - len(_FIXED)
        return self.years[place] if 0 <= place < len(self.years) else 0

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = index.row(), index.column()
        year = self._year(column)
        if role == BAR:
            return self._bar(row, year)
        if role == SORTED:
            return self._sorted(row, column, year)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(row, column, year)
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and column == _FIXED.index("capacity_kw") else None

    def _bar(self, row: int, year: int) -> QColor | None:
        """The colour of the bar in a year's column; None where there is none."""
        if not year or self.built[row] != year:
            return None
        return QColor(self._look.tokens.muted if self._standing[row] else self._look.tokens.accent)

    def _text(self, row: int, column: int, year: int) -> str:
        if year:
            return ""
        if column < len(_FIXED):
            value = self._fixed[row][column]
            return f"{value:,.1f}" if isinstance(value, float) else value
        return self._why[row]

    def _sorted(self, row: int, column: int, year: int) -> object:
        if year:
            # What is built first stands first; what is not at all, last.
            return self.built[row] or 9999
        return self._fixed[row][column] if column < len(_FIXED) else self._why[row]


class BarDelegate(QStyledItemDelegate):
    """Draws the bar of the year in which a site is built."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        colour = index.data(BAR)
        if colour is not None:
            area: QRect = option.rect
            painter.fillRect(area.adjusted(2, 5, -2, -5), colour)


def sorting(model: SitesModel) -> QSortFilterProxyModel:
    """A view of the sites that sorts and finds."""
    made = QSortFilterProxyModel()
    made.setSourceModel(model)
    made.setSortRole(SORTED)
    made.setFilterKeyColumn(-1)
    made.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    return made
