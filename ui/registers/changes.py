"""What a newer ledger of lamps, vehicles and such changes, before it is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QDialog, QLineEdit, QTableView, QWidget

from kawasolar.registers.told import cell_words, label_words, renewal_summary
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from kawasolar.registers import NewerRegister, RegisterRenewal
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
HEADS = ("kind", "row", "label", "column", "before", "after")
_WIDTHS = (96, 64, 300, 150, 130, 130)


class ChangesModel(QAbstractTableModel):
    """One row a difference: rows that go, that come, then cells."""

    def __init__(self, look: Look, newer: NewerRegister, renewal: RegisterRenewal) -> None:
        super().__init__()
        self._look = look
        say, schema, heads = look.say, newer.register.schema, newer.register.columns
        fields = schema.fields
        self.rows: list[tuple[str, ...]] = [
            (code, str(number), label_words(look.language, schema, label), "", "", "")
            for code, rows in (("removed", renewal.removed), ("added", renewal.added))
            for number, label in rows
        ]
        for one in renewal.changed:
            field = fields[one.column]
            cells = (cell_words(look.language, field, value) for value in (one.before, one.after))
            head = heads.get(one.column, field.headings[0])
            self.rows.append(
                ("changed", str(one.row_after), label_words(look.language, schema, one.label), head, *cells)
            )
        self._words = {code: say(f"ui.registers.change.{code}") for code in ("removed", "added", "changed")}

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return self._look.say(f"ui.registers.head.{HEADS[section]}")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        cell = self.rows[index.row()][index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._words[cell] if index.column() == 0 else cell
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 0 and cell == "removed":
            return QColor(self._look.tokens.attention)
        return None


class RegisterChanges(QDialog):
    """The differences, and whether they shall be taken."""

    def __init__(
        self, look: Look, newer: NewerRegister, renewal: RegisterRenewal, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        say = look.say
        name = say(f"ui.role.{newer.kind}")
        self.setWindowTitle(say("ui.registers.changes", name=name))
        layout = column(self, margin=20, spacing=12)
        layout.addWidget(label(say("ui.registers.changes", name=name), "title"))
        self.summary = label(
            say("ui.registers.no_change") if renewal.is_nothing else renewal_summary(look.language, renewal), "head", wrap=True
        )  # fmt: skip
        layout.addWidget(self.summary)
        heads = newer.register.columns
        notes = [
            say(f"renewal.columns_{code}", columns=say("ui.list.comma").join(
                heads.get(one, newer.register.schema.fields[one].headings[0]) for one in columns
            ))
            for code, columns in (("gone", renewal.columns_gone), ("new", renewal.columns_new)) if columns
        ]  # fmt: skip
        self.notes = label("\n".join(notes), "attention", wrap=True)
        self.notes.setVisible(bool(notes))
        layout.addWidget(self.notes)
        layout.addWidget(label(say("ui.registers.names_stay"), "muted", wrap=True))
        self.search = QLineEdit()
        self.search.setPlaceholderText(say("ui.ledger.search"))
        self.search.setAccessibleName(say("ui.ledger.search"))
        layout.addWidget(self.search)
        self.model = ChangesModel(look, newer, renewal)
        self._shown = QSortFilterProxyModel(self)
        self._shown.setSourceModel(self.model)
        self._shown.setFilterKeyColumn(-1)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search.textChanged.connect(self._shown.setFilterFixedString)
        self.table = QTableView()
        self.table.setModel(self._shown)
        self.table.setAccessibleName(say("ui.registers.changes", name=name))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for k, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(k, width)
        layout.addWidget(self.table, 1)
        foot = row(8)
        foot.addStretch(1)
        self.cancel = button(say("ui.new.cancel"))
        self.cancel.clicked.connect(self.reject)
        self.take = button(say("ui.registers.take"), "primary")
        self.take.clicked.connect(self.accept)
        self.take.setDefault(True)
        for widget in (self.cancel, self.take):
            foot.addWidget(widget)
        layout.addLayout(foot)
        self.resize(960, 620)
