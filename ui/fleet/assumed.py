"""The assumptions of the fleet, each with range and source, to be changed; and which catalogue of vehicles is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFileDialog, QTableView, QWidget

from gis.errors import CodedError
from kawasolar.errors import PlanError
from kawasolar.fleet import assumptions_of
from kawasolar.fleet.table import assumption_rows
from kawasolar.fleet.words import assumption_name, unit_name
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.profile import Profile
    from ui.look import Look
    from ui.settings import Remembered

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("item", "value", "unit", "low", "high", "how_sure", "source", "remark")
_WIDTHS = {"item": 250, "value": 90, "unit": 84, "low": 70, "high": 90, "how_sure": 124, "source": 380, "remark": 300}
_NUMBERS = ("value", "low", "high")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_VALUE = COLUMNS.index("value")
_ROW_PX = 24


class AssumedModel(QAbstractTableModel):
    """A row an assumption; its number can be written over, and an empty cell takes it back.

    Signals
    -------
    changed : a number is another
    refused : one is out of its range; the error
    """

    changed = Signal()
    refused = Signal(object)

    def __init__(self, look: Look, profile: Profile) -> None:
        super().__init__()
        self._look, self._profile = look, profile
        self._rows = tuple(assumption_rows().values())
        self.values: dict[str, float] = {}
        self._now = assumptions_of(profile)

    def use(self, values: Mapping[str, float]) -> None:
        """Begin with numbers that somebody has given before; those that the tables no longer know are left out."""
        self.values = {key: value for key, value in values.items() if key in assumption_rows()}
        self._now = assumptions_of(self._profile, self.values)

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._look.say(f"export.head.{COLUMNS[section]}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if COLUMNS[section] in _NUMBERS else _LEFT
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == _VALUE else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        name = COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(index.row(), name)
        if role == Qt.ItemDataRole.EditRole:
            return f"{self._now[self._rows[index.row()].key]:.10g}"
        if role == Qt.ItemDataRole.TextAlignmentRole and name in _NUMBERS:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and name == "value" and self._rows[index.row()].key in self.values:
            return QColor(self._look.tokens.attention)
        return None

    def _text(self, place: int, name: str) -> str:
        one, language = self._rows[place], self._look.language
        origin = self._now.origin[one.key]
        told = self._look.say(f"fleet.origin.{origin}") if origin != "table" else ""
        return {
            "item": assumption_name(language, one.key), "value": f"{self._now[one.key]:,.10g}", "unit": unit_name(language, one.unit),
            "low": f"{one.low:,.10g}", "high": f"{one.high:,.10g}", "how_sure": "" if told else self._look.say(f"how_sure.{one.how_sure}"),
            "source": told or one.source(language), "remark": one.note(language),
        }[name]  # fmt: skip

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() != _VALUE:
            return False
        key, text = self._rows[index.row()].key, str(value).strip().replace(",", "")
        wanted = {name: number for name, number in self.values.items() if name != key}
        try:
            if text:
                wanted[key] = float(text)
            found = assumptions_of(self._profile, wanted)
        except ValueError:
            self.refused.emit(PlanError("fleet.bad_assumption", found=text[:60]))
            return False
        except PlanError as error:
            self.refused.emit(error)
            return False
        if wanted == self.values or (text and key not in self.values and found[key] == self._now[key]):
            # Left as it was.
            return False
        self.values, self._now = wanted, found
        self.dataChanged.emit(self.index(index.row(), 0), self.index(index.row(), len(COLUMNS) - 1))
        self.changed.emit()
        return True


class AssumedPage(QWidget):
    """The catalogue that is used, and the table of assumptions.

    Signals
    -------
    changed : the programme is to be reckoned anew
    """

    changed = Signal()

    def __init__(self, look: Look, profile: Profile, remembered: Remembered) -> None:
        super().__init__()
        self._look, self._remembered = look, remembered
        self.catalogue: Path | None = None
        layout = column(self, margin=0, spacing=6)
        layout.setContentsMargins(0, 8, 0, 0)
        line = row(8)
        self.name = label("", "muted")
        self.other, self.shipped = button(look.say("ui.fleet.catalogue.other")), button(look.say("ui.fleet.catalogue.shipped"))  # fmt: skip
        self.other.clicked.connect(self._ask)
        self.shipped.clicked.connect(lambda: self.use(None))
        self.keep = button(look.say("ui.fleet.catalogue.keep"), tip=look.say("ui.fleet.catalogue.keep.tip"))
        for widget in (self.name, self.other, self.shipped, self.keep):
            line.addWidget(widget)
        line.addStretch(1)
        layout.addLayout(line)
        self.told = label(look.say("ui.fleet.assumed.how"), "muted", wrap=True)
        layout.addWidget(self.told)
        self.model = AssumedModel(look, profile)
        self.model.changed.connect(self._on_changed)
        self.model.refused.connect(self._on_refused)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(look.say("ui.fleet.tab.assumed"))
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        for place, key in enumerate(COLUMNS):
            self.table.setColumnWidth(place, _WIDTHS[key])
        layout.addWidget(self.table, 1)
        self._show()

    def use(self, path: Path | None) -> None:
        """Use another catalogue; the shipped one where None."""
        if path != self.catalogue:
            self.catalogue = path
            self._show()
            self.changed.emit()

    def begin_with(self, path: Path | None) -> None:
        """The catalogue that the plan has; nobody is told."""
        self.catalogue = path
        self._show()

    def _ask(self) -> None:
        start = self._remembered.folder or str(Path.home())
        words = self._look.say("ui.fleet.catalogue.other")
        chosen, _ = QFileDialog.getOpenFileName(self, words, str(start), "CSV (*.csv)")
        if chosen:
            self.use(Path(chosen))

    def _show(self) -> None:
        own = self.catalogue
        told = self._look.say("ui.fleet.catalogue.of_program") if own is None else own.name
        self.name.setText(self._look.say("ui.fleet.catalogue", name=told))
        self.shipped.setEnabled(own is not None)

    def _on_changed(self) -> None:
        self.told.setText(self._look.say("ui.fleet.assumed.how"))
        self.changed.emit()

    def _on_refused(self, error: object) -> None:
        if isinstance(error, CodedError):
            self.told.setText(self._look.say_error(error))
