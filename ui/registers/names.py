"""Which facilities the names of other ledgers mean: those that nobody has understood, to be said once for all ledgers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QDialog, QTableView, QWidget

from ui.meter_table import OwnerDelegate
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    import pandas as pd

    from ui.document import Document
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
HEADS = ("name", "ledgers", "rows", "facility", "candidate")
FACILITY = HEADS.index("facility")
_WIDTHS = (220, 220, 70, 240, 200)


class NamesModel(QAbstractTableModel):
    """One row a name; the facility can be chosen.

    Signals
    -------
    chosen : the name, facility_id (empty: none of ours)
    """

    chosen = Signal(str, str)

    def __init__(self, look: Look, facilities: pd.DataFrame) -> None:
        super().__init__()
        self._look = look
        self.names = dict(zip(facilities["facility_id"].tolist(), facilities["name"].tolist(), strict=True))
        self.rows: list[dict[str, Any]] = []

    def show_names(self, found: pd.DataFrame) -> None:
        """Other names."""
        self.beginResetModel()
        self.rows = [{str(key): value for key, value in row.items()} for row in found.to_dict("records")]
        self.endResetModel()

    def said(self, name: str, facility_id: str) -> None:
        """One of them has been told; the rows stay where they are."""
        for place, found in enumerate(self.rows):
            if found["name"] == name:
                found.update(facility_id=facility_id, how="person", candidate="")
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(HEADS) - 1))

    @property
    def lacking(self) -> int:
        """Names of which nobody knows whose they are."""
        return sum(not found["how"] for found in self.rows)

    @property
    def candidates(self) -> dict[str, str]:
        """Names that nobody has told, with the one facility that they may mean."""
        return {found["name"]: found["candidate"] for found in self.rows if found["candidate"] and not found["how"]}

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._look.say(f"ui.registers.head.{HEADS[section]}")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == FACILITY else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        found, head = self.rows[index.row()], HEADS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(found, head)
        if role == Qt.ItemDataRole.EditRole and head == "facility":
            return found["facility_id"] if found["how"] else None
        if role == Qt.ItemDataRole.TextAlignmentRole and head == "rows":
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and head == "facility" and not found["how"]:
            return self._look.icon("alert-outline", "attention")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: ANN401
        if role != Qt.ItemDataRole.EditRole or index.column() != FACILITY or value == index.data(role):
            return False
        self.chosen.emit(self.rows[index.row()]["name"], str(value))
        return True

    def _text(self, found: dict[str, Any], head: str) -> str:
        say = self._look.say
        if head == "name":
            return str(found["name"])
        if head == "rows":
            return f"{found['rows']:,}"
        if head == "ledgers":
            return say("ui.list.comma").join(say(f"ui.role.{kind}") for kind in found["kinds"])
        if head == "candidate":
            return str(self.names.get(found["candidate"], ""))
        return str(self.names.get(found["facility_id"], "")) or say("ui.meters.nobody" if found["how"] else "ui.meters.unknown")  # fmt: skip


class NamesDialog(QDialog):
    """Every choice is one step of the plan, and can be undone there."""

    def __init__(self, look: Look, document: Document, found: pd.DataFrame, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        plan = document.plan
        if plan is None:
            raise ValueError("no plan is open")
        self._look, self._document = look, document
        say = look.say
        self.setWindowTitle(say("ui.registers.names"))
        layout = column(self, margin=20, spacing=12)
        layout.addWidget(label(say("ui.registers.names"), "title"))
        layout.addWidget(label(say("ui.registers.names_intro"), "muted", wrap=True))
        self.state = label("", "head", wrap=True)
        layout.addWidget(self.state)
        self.model = NamesModel(look, plan.facilities)
        self.model.chosen.connect(lambda name, facility: self._say({name: facility}))
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(FACILITY, OwnerDelegate(look, self.model, self.table))
        self.table.setAccessibleName(say("ui.registers.names"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for k, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(k, width)
        layout.addWidget(self.table, 1)
        foot = row(8)
        self.take_all = button("", tip=say("ui.registers.take_candidates.tip"))
        self.take_all.clicked.connect(lambda: self._say(self.model.candidates))
        self.close_button = button(say("ui.surface.close"), "primary")
        self.close_button.clicked.connect(self.accept)
        foot.addWidget(self.take_all)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        for widget in (self.take_all, self.close_button):
            widget.setAutoDefault(False)
        layout.addLayout(foot)
        self.resize(1020, 600)
        self.model.show_names(found)
        self._refresh()

    def _say(self, names: dict[str, str]) -> None:
        from kawasolar.document.edits import name_facilities

        entries = self._document.entries
        if entries is None or not names:
            return
        self._document.do(name_facilities(entries, names, self._document.author()))
        for name, facility in names.items():
            self.model.said(name, facility)
        self._refresh()

    def _refresh(self) -> None:
        say, lacking, some = self._look.say, self.model.lacking, len(self.model.candidates)
        code = "lacking" if lacking else "all_known" if self.model.rows else "none"
        self.state.setText(say(f"ui.registers.{code}", number=f"{lacking:,}"))
        self.take_all.setText(say("ui.registers.take_candidates", number=f"{some:,}"))
        self.take_all.setVisible(some > 0)
