"""What a newer ledger changes, before it is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTableView, QWidget

from kawasolar.export.ledger_renewal import WIDTHS, renewal_rows
from kawasolar.ledger.mapping_words import column_word, summary
from ui.format import folded
from ui.parts import chips, column, label, row

if TYPE_CHECKING:
    from kawasolar.renewing import Newer
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
KINDS = ("all", "added", "removed", "changed_cell", "correction")
_OF_KIND = {
    "added": {"added"}, "removed": {"removed", "lost"}, "changed_cell": {"changed_cell"}, "correction": {"kept", "equal", "changed", "gone"},
}  # fmt: skip
_PIXELS = {"kind": 136, "facility_id": 88, "name": 160, "column": 140, "before": 112, "after": 112, "correction": 112}
# What is to be decided, then what is lost, first.
_ORDER = ("changed", "lost", "removed", "added", "changed_cell", "kept", "equal", "gone")
_COLUMNS = (*WIDTHS, "keep")


class ChangesModel(QAbstractTableModel):
    """One row a difference; what is to be decided has a box: the correction is kept, or the ledger counts."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._rows: list[dict[str, str]] = []
        self._shown: list[int] = []
        self._searched: list[str] = []
        self.taken: set[str] = set()

    def show_rows(self, rows: list[dict[str, str]]) -> None:
        """Other differences."""
        self.beginResetModel()
        self._rows = rows
        self._searched = [folded(" ".join(row[key] for key in WIDTHS)) for row in rows]
        self._shown = list(range(len(rows)))
        self.taken = set()
        self.endResetModel()

    def narrow(self, kind: str, text: str) -> None:
        """Only those of a kind with a text in them."""
        wanted = folded(text)
        self.beginResetModel()
        self._shown = [
            k
            for k, row in enumerate(self._rows)
            if (kind == "all" or row["code"] in _OF_KIND[kind]) and wanted in self._searched[k]
        ]
        self.endResetModel()

    def count(self, kind: str) -> int:
        """How many there are of a kind."""
        return sum(kind == "all" or row["code"] in _OF_KIND[kind] for row in self._rows)

    def row(self, place: int) -> dict[str, str]:
        """The difference that is shown there."""
        return self._rows[self._shown[place]]

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._shown)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return self._look.say(f"renewal.head.{_COLUMNS[section]}")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        found, key = self.row(index.row()), _COLUMNS[index.column()]
        if key == "keep":
            if role == Qt.ItemDataRole.CheckStateRole and found["code"] == "changed":
                taken = found["key"] in self.taken
                return Qt.CheckState.Unchecked if taken else Qt.CheckState.Checked
            if role == Qt.ItemDataRole.DisplayRole and found["code"] == "changed":
                return self._look.say("ui.ledger.ledger_counts" if found["key"] in self.taken else "ui.ledger.keep")
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return found[key]
        if role == Qt.ItemDataRole.ForegroundRole and key == "kind" and found["code"] in ("changed", "lost", "removed"):
            return QColor(self._look.tokens.attention)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        plain = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        decides = _COLUMNS[index.column()] == "keep" and self.row(index.row())["code"] == "changed"
        return plain | Qt.ItemFlag.ItemIsUserCheckable if decides else plain

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        key = self.row(index.row())["key"]
        self.taken ^= {key}
        self.dataChanged.emit(index, index)
        return True


class ChangesPage(QWidget):
    """The differences in figures, what should be known of them, and all of them as a table."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        say = look.say
        layout = column(self, margin=0, spacing=8)
        self.summary = label("", "head", wrap=True)
        self.notes = label("", "attention", wrap=True)
        layout.addWidget(self.summary)
        layout.addWidget(self.notes)
        line = row(8)
        self.kinds = chips(self, line, [say(f"ui.ledger.kind.{kind}", number=0) for kind in KINDS])
        self.kinds.idClicked.connect(lambda _k: self._narrow())
        self.search = QLineEdit()
        self.search.setPlaceholderText(say("ui.ledger.search"))
        self.search.setAccessibleName(say("ui.ledger.search"))
        self.search.textChanged.connect(lambda _t: self._narrow())
        line.addWidget(self.search, 1)
        layout.addLayout(line)
        self.model = ChangesModel(look)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(say("ui.ledger.changes"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(28)
        self.table.horizontalHeader().setStretchLastSection(True)
        for k, key in enumerate(WIDTHS):
            self.table.setColumnWidth(k, _PIXELS[key])
        layout.addWidget(self.table, 1)

    def show_newer(self, newer: Newer) -> None:
        """What a newer ledger changes."""
        look, renewal = self._look, newer.renewal
        self.summary.setText(
            look.say("ui.ledger.no_change") if renewal.is_nothing else summary(look.language, renewal)
        )  # fmt: skip
        notes = []
        if renewal.by_name:
            notes.append(look.say("renewal.by_name", count=f"{len(renewal.renumbered):,}"))
        for code, columns in (("gone", renewal.columns_gone), ("new", renewal.columns_new)):
            if columns:
                names = look.say("ui.list.comma").join(column_word(look.language, name) for name in columns)
                notes.append(look.say(f"renewal.columns_{code}", columns=names))
        if renewal.lost:
            notes.append(look.say("ui.ledger.lost", count=f"{len(renewal.lost):,}"))
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        self.model.show_rows(sorted(renewal_rows(newer, look.language), key=lambda row: _ORDER.index(row["code"])))
        for k, kind in enumerate(KINDS):
            self.kinds.button(k).setText(look.say(f"ui.ledger.kind.{kind}", number=f"{self.model.count(kind):,}"))
        self._narrow()

    def _narrow(self) -> None:
        self.model.narrow(KINDS[max(self.kinds.checkedId(), 0)], self.search.text())
