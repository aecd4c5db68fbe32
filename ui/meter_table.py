"""Supply points as a table: what each tells, and whose it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui import format as fmt
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from kawasolar.meters import Load

Index = QModelIndex | QPersistentModelIndex

COLUMNS = ("point", "name", "facility", "how", "period", "annual", "ledger", "peak", "load_factor", "missing")
FACILITY = COLUMNS.index("facility")
# A period that ends at midnight ends with the day before.
_INSTANT = timedelta(seconds=1)
_RIGHT = ("annual", "ledger", "peak", "load_factor", "missing")
_WIDTHS = (188, 108, 150, 62, 168, 80, 88, 76, 60, 60)
WIDTHS = dict(zip(COLUMNS, _WIDTHS, strict=True))


@dataclass(frozen=True)
class Point:
    """One supply point: ``key`` is what entries call it, ``load`` what it tells (None: nothing)."""

    key: str
    supply_point: str
    name: str
    load: Load | None


class MeterModel(QAbstractTableModel):
    """Rows of supply points; the facility can be chosen.

    Signals
    -------
    owner_chosen : key of a supply point, facility_id (empty: nobody's)
    """

    owner_chosen = Signal(str, str)

    def __init__(self, look: Look, facilities: pd.DataFrame) -> None:
        super().__init__()
        self._look = look
        self.names = dict(zip(facilities["facility_id"].tolist(), facilities["name"].tolist(), strict=True))
        used = facilities.get("annual_kwh")
        self._ledger = {} if used is None else dict(zip(self.names, used.tolist(), strict=True))
        self.points: Sequence[Point] = ()
        self._owners: list[str] = []
        self._how: list[str] = []
        self._sums: dict[str, float] = {}

    def show_points(self, points: Sequence[Point], owners: pd.DataFrame) -> None:
        """Other supply points."""
        self.beginResetModel()
        self.points = points
        self._take(owners)
        self.endResetModel()

    def show_owners(self, owners: pd.DataFrame) -> None:
        """Whose they are now; the rows stay."""
        self._take(owners)
        self.dataChanged.emit(self.index(0, 0), self.index(len(self.points) - 1, len(COLUMNS) - 1))

    def _take(self, owners: pd.DataFrame) -> None:
        self._owners, self._how = owners["facility_id"].tolist(), owners["how"].tolist()
        self._sums = {}
        for owner, point in zip(self._owners, self.points, strict=True):
            if owner and point.load is not None:
                self._sums[owner] = self._sums.get(owner, 0.0) + point.load.annual_kwh

    @property
    def lacking(self) -> int:
        """Supply points of which nobody has said whose they are."""
        return sum(not owner and how != "person" for owner, how in zip(self._owners, self._how, strict=True))

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.points)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._look.say(f"ui.meters.column.{COLUMNS[section]}")
        if role == Qt.ItemDataRole.TextAlignmentRole and COLUMNS[section] in _RIGHT:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self._look.say(f"ui.meters.column.{COLUMNS[section]}.tip")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == FACILITY else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        name = COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.row(), name)
        if role == Qt.ItemDataRole.EditRole and name == "facility":
            return self._owners[index.row()] if self._how[index.row()] else None
        if role == Qt.ItemDataRole.TextAlignmentRole and name in _RIGHT:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and name == "facility" and not self._owners[index.row()] and not self._how[index.row()]:  # fmt: skip
            return self._look.icon("alert-outline", "attention")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: ANN401
        if (
            role != Qt.ItemDataRole.EditRole
            or index.column() != FACILITY
            or value == index.data(Qt.ItemDataRole.EditRole)
        ):
            return False
        self.owner_chosen.emit(self.points[index.row()].key, str(value))
        return True

    def _text(self, row: int, name: str) -> str:
        point, owner, say = self.points[row], self._owners[row], self._look.say
        if name in ("point", "name"):
            return point.supply_point if name == "point" else point.name
        if name == "facility":
            return str(self.names.get(owner, "")) or say("ui.meters.nobody" if self._how[row] else "ui.meters.unknown")
        if name == "how":
            return say(f"ui.meters.how.{self._how[row]}") if self._how[row] else ""
        if name == "ledger":
            return self._against_ledger(owner)
        load = point.load
        if load is None:
            return fmt.MISSING
        return {
            "period": f"{load.start:%Y-%m-%d} – {load.end - _INSTANT:%Y-%m-%d}",
            "annual": fmt.number(load.annual_kwh) + ("" if load.whole_year else " *"),
            "peak": fmt.number(load.peak_kw, 1),
            "load_factor": fmt.percent(load.load_factor),
            "missing": fmt.percent(1.0 - load.known, 1) if load.known < 1.0 else "0",
        }[name]  # fmt: skip

    def _against_ledger(self, owner: str) -> str:
        """All meters of the facility together against the ledger."""
        used = self._ledger.get(owner)
        if used is None or math.isnan(used) or used <= 0.0 or owner not in self._sums:
            return ""
        return f"{100.0 * (self._sums[owner] / used - 1.0):+.0f} %"


class HasNames(Protocol):
    """Names of the facilities by their number."""

    names: dict[Any, Any]


class OwnerDelegate(QStyledItemDelegate):
    """Choose a facility by typing a part of its name or number."""

    def __init__(self, look: Look, model: HasNames, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._model = look, model

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        box = QComboBox(parent)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setAccessibleName(self._look.say("ui.meters.column.facility"))
        box.addItem(self._look.say("ui.meters.nobody"), "")
        for facility, name in self._model.names.items():
            box.addItem(f"{name}  {facility}", facility)
        finder = QCompleter(box.model(), box)
        finder.setFilterMode(Qt.MatchFlag.MatchContains)
        finder.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        box.setCompleter(finder)

        def chosen() -> None:
            self.commitData.emit(box)
            self.closeEditor.emit(box)

        # What is chosen from the list needs no Enter.
        box.activated.connect(lambda _k: chosen())
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QComboBox):
            owner = index.data(Qt.ItemDataRole.EditRole)
            editor.setCurrentIndex(-1 if owner is None else editor.findData(owner))
            line = editor.lineEdit()
            if line is not None:
                line.selectAll()

    def setModelData(self, editor: QWidget, model: Any, index: Index) -> None:  # noqa: ANN401 - Qt's
        """What was typed is a facility's if it is a part of one's words and of no other's; else nothing changes."""
        if isinstance(editor, QComboBox):
            place, text = editor.findText(editor.currentText()), fmt.folded(editor.currentText())
            if place < 0 and text:
                found = [k for k in range(editor.count()) if text in fmt.folded(editor.itemText(k))]
                place = found[0] if len(found) == 1 else -1
            if place >= 0:
                model.setData(index, editor.itemData(place))
