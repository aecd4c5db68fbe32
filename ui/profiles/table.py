"""The entries of a group as a table: what it is, its figure, the range, how sure, and the source beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ui.look import Look
    from ui.profiles.entries import Entry

COLUMNS = ("title", "value", "range", "sure", "source")
SURE = COLUMNS.index("sure")
_Index = QModelIndex | QPersistentModelIndex


class EntryModel(QAbstractTableModel):
    """Lines of :class:`ui.profiles.entries.Entry`."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.entries: list[Entry] = []

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """These, and no others; where they are the same lines, only what they say changes."""
        same = [one.place for one in entries] == [one.place for one in self.entries]
        if same:
            self.entries = list(entries)
            if self.entries:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self.entries) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self.entries = list(entries)
        self.endResetModel()

    def row_of(self, place: tuple[str, str]) -> int | None:
        """The line of an entry."""
        return next((k for k, one in enumerate(self.entries) if one.place == place), None)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        one, column = self.entries[index.row()], COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(one, column)
        if role == Qt.ItemDataRole.DecorationRole and column == "title" and one.wrong:
            return self._look.icon("alert-circle-outline", "attention")
        if role == Qt.ItemDataRole.ForegroundRole:
            if column == "sure" and one.doubtful:
                return QColor(self._look.tokens.attention)
            if column in ("range", "source", "sure"):
                return QColor(self._look.tokens.muted)
        return None

    def _text(self, one: Entry, column: str) -> str:
        if column == "sure":
            if one.absent:
                return self._look.say("ui.profile.absent")
            return self._look.say(f"how_sure.{one.sure}") if one.sure else ""
        if column == "value" and one.absent:
            return "–"
        return str(getattr(one, column))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._look.say(f"ui.profile.column.{COLUMNS[section]}")
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None
