"""The first rows of a ledger, and above each column what it is read as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QTableView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from kawasolar.ledger.headings import Column
from kawasolar.ledger.kinds import FACILITIES, ledger_kind
from kawasolar.ledger.mapping import Mapping, letter_of
from kawasolar.ledger.mapping_words import column_word, reason_words
from kawasolar.ledger.values import text_of
from ui.parts import column, label, set_role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kawasolar.ledger.headings import Row
    from kawasolar.ledger.proposals import Proposal, Proposed
    from kawasolar.ledger.vocabulary import Vocabulary
    from ui.look import Look

Index = QModelIndex | QPersistentModelIndex
# Rows below the heading that are shown, and columns.
SHOWN_ROWS = 30
SHOWN_COLUMNS = 120
_LONGEST = 200
_COLUMN_WIDTH = 168
_SIDE_WIDTH = 68
_READ, _UNIT, _WHY = range(3)
_ROW_HEIGHTS = (36, 36, 46)
_HEAD_HEIGHT = 30


class RowsModel(QAbstractTableModel):
    """The first rows as they stand: heading in bold, columns that are left out in grey, cells that are wrong coloured."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._rows: list[list[str]] = []
        self._numbers: list[int] = []
        self._heading: range = range(0)
        self._used: set[int] = set()
        self._wrong: dict[tuple[int, int], str] = {}

    def show_rows(self, rows: Sequence[Row], first: int, last: int, begin: int) -> None:
        """Rows from the heading on; the rows between it and the facilities too."""
        self.beginResetModel()
        top = max(first, 0)
        shown = list(range(top, min(begin + SHOWN_ROWS, len(rows))))
        self._numbers = shown
        self._rows = [[text_of(cell)[:_LONGEST] for cell in rows[k][:SHOWN_COLUMNS]] for k in shown]
        self._heading = range(first, last + 1) if first >= 0 else range(0)
        self._wrong = {}
        self.endResetModel()

    @property
    def last_row(self) -> int:
        """Number from 0 of the last row that is shown; -1 where none is."""
        return self._numbers[-1] if self._numbers else -1

    def row_at(self, place: int) -> int:
        """Where the row of a place from 0 is shown; -1 where it is not."""
        return self._numbers.index(place) if place in self._numbers else -1

    def show_used(self, used: set[int]) -> None:
        """Columns that are read."""
        self._used = used
        self._repaint()

    def show_wrong(self, wrong: dict[tuple[int, int], str]) -> None:
        """Cells that are wrong, by row and column from 0, with what is wrong."""
        self._wrong = wrong
        self._repaint()

    def _repaint(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return max((len(row) for row in self._rows), default=0)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = index.row(), index.column()
        text = self._rows[row][column] if column < len(self._rows[row]) else ""
        number = self._numbers[row]
        tokens = self._look.tokens
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._wrong.get((number, column)) or text or None
        if role == Qt.ItemDataRole.ForegroundRole:
            if (number, column) in self._wrong:
                return QColor(tokens.attention)
            return QColor(tokens.ink if column in self._used else tokens.muted)
        if role == Qt.ItemDataRole.FontRole and (number in self._heading or (number, column) in self._wrong):
            font = QFont()
            font.setBold(True)
            return font
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return str(self._numbers[section] + 1) if orientation == Qt.Orientation.Vertical else letter_of(section)


class Preview(QWidget):
    """The rows and, above them, a choice for each column.

    Signals
    -------
    changed : a column is read as another than before
    """

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._proposed: Proposed | None = None
        self.choices: list[QComboBox] = []
        self.units: list[QComboBox] = []
        self._whys: list[QLabel] = []
        self._filling = False
        say = look.say
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.head = QTableWidget(3, 0)
        self.head.setVerticalHeaderLabels([say(f"ui.ledger.{name}") for name in ("read_as", "unit", "why")])
        self.head.setAccessibleName(say("ui.ledger.columns"))
        self.model = RowsModel(look)
        self.rows = QTableView()
        self.rows.setModel(self.model)
        self.rows.setAccessibleName(say("ui.ledger.rows"))
        self.rows.horizontalHeader().hide()
        self.rows.verticalHeader().setDefaultSectionSize(26)
        for view in (self.head, self.rows):
            view.setWordWrap(False)
            view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
            view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            view.horizontalHeader().setDefaultSectionSize(_COLUMN_WIDTH)
            view.verticalHeader().setFixedWidth(_SIDE_WIDTH)
            view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.rows.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.head.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.head.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.head.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.head.setTabKeyNavigation(False)
        self.rows.setTabKeyNavigation(False)
        for k, height in enumerate(_ROW_HEIGHTS):
            self.head.setRowHeight(k, height)
        self.head.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.head.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.horizontalScrollBar().valueChanged.connect(self.head.horizontalScrollBar().setValue)
        self.head.horizontalScrollBar().valueChanged.connect(self.rows.horizontalScrollBar().setValue)
        self.head.horizontalHeader().setFixedHeight(_HEAD_HEIGHT)
        # Of a long heading the beginning is seen.
        self.head.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.head.setFixedHeight(sum(_ROW_HEIGHTS) + _HEAD_HEIGHT + 2)
        layout.addWidget(self.head)
        layout.addWidget(self.rows, 1)

    # ---------------------------------------------------------------- what is shown

    @property
    def _kind(self) -> str:
        """Of which ledger the columns are."""
        return FACILITIES if self._proposed is None else self._proposed.kind

    @property
    def _ours(self) -> Vocabulary:
        """Its columns and their units."""
        return ledger_kind(self._kind).words

    def show_table(self, rows: Sequence[Row], proposed: Proposed) -> None:
        """Another table, or another heading of it."""
        self._proposed = proposed
        self._filling = True
        self.model.show_rows(rows, proposed.first, proposed.last, proposed.begin)
        shown = proposed.columns[:SHOWN_COLUMNS]
        self.head.clear()
        self.head.setColumnCount(len(shown))
        self.head.setVerticalHeaderLabels(
            [self._look.say(f"ui.ledger.{name}") for name in ("read_as", "unit", "why")]
        )  # fmt: skip
        self.choices, self.units, self._whys = [], [], []
        for one in shown:
            self._add(one)
        self._filling = False
        self._show_used()

    def _add(self, one: Proposal) -> None:
        look, name = self._look, letter_of(one.index)
        heading = one.heading if one.heading != name else ""
        self.head.setHorizontalHeaderItem(one.index, QTableWidgetItem(f"{name}  {heading}".strip()))
        choice = QComboBox()
        choice.setAccessibleName(look.say("ui.ledger.choice_name", column=f"{name} {heading}".strip()))
        choice.addItem(column_word(look.language, ""), "")
        for ours in self._ours.columns:
            choice.addItem(column_word(look.language, ours, self._kind), ours)
        choice.setCurrentIndex(choice.findData(one.column))
        unit = QComboBox()
        unit.setAccessibleName(look.say("ui.ledger.unit_name", column=f"{name} {heading}".strip()))
        why = label("", "muted", wrap=True)
        why.setContentsMargins(6, 0, 4, 0)
        # The table shows what stands in its cells; what is in a box of its own can be hidden.
        held = QWidget()
        column(held, margin=0, spacing=0).addWidget(unit)
        for row, widget in ((_READ, choice), (_UNIT, held), (_WHY, why)):
            self.head.setCellWidget(row, one.index, widget)
        for box in (choice, unit):
            box.installEventFilter(self)
        self.choices.append(choice)
        self.units.append(unit)
        self._whys.append(why)
        self._fill_units(one.index, one.column, one.unit)
        self._tell_why(one)
        choice.currentIndexChanged.connect(lambda _k, at=one.index: self._chosen(at))
        unit.currentIndexChanged.connect(lambda _k: self._unit_chosen())

    def _fill_units(self, index: int, column: str, unit: str) -> None:
        """Units that a column of numbers can be in; the one that the heading names, whatever it is."""
        box, known = self.units[index], self._ours.units.get(column, {})
        box.blockSignals(True)
        box.clear()
        names = [name for name, factor in known.items() if factor]
        for name in (*([unit] if unit and unit not in names else ()), *names):
            box.addItem(self._look.say_or(f"mapping.unit.{name}", name), name)
        own = unit or next((name for name, factor in known.items() if factor == 1.0), "")
        box.setCurrentIndex(max(box.findData(own), 0))
        # What stands in brackets behind a name, 高所(足場), is no unit of a column that has none.
        box.setVisible(bool(known))
        box.blockSignals(False)

    def _tell_why(self, one: Proposal) -> None:
        words = reason_words(self._look.language, one, self._kind)
        why = self._whys[one.index]
        why.setText(self._look.say("ui.ledger.doubt", reason=words) if one.is_doubtful else words)
        why.setToolTip(words)
        set_role(why, "attention" if one.is_doubtful else "muted")

    def _chosen(self, index: int) -> None:
        """One of our columns is of one of theirs: where it stood before, nothing is read any more."""
        if self._filling:
            return
        column = str(self.choices[index].currentData())
        self._filling = True
        for k, choice in enumerate(self.choices):
            if k != index and column and choice.currentData() == column:
                choice.setCurrentIndex(0)
                self._by_hand(k)
        self._by_hand(index)
        self._filling = False
        self._show_used()
        self.changed.emit()

    def _by_hand(self, index: int) -> None:
        column = str(self.choices[index].currentData())
        self._fill_units(index, column, "")
        proposed = self._proposed
        own = None if proposed is None else proposed.columns[index]
        if own is not None and own.column == column:
            self._fill_units(index, column, own.unit)
            self._tell_why(own)
            return
        self._whys[index].setText(self._look.say("mapping.reason.person"))
        set_role(self._whys[index], "muted")

    def _unit_chosen(self) -> None:
        if not self._filling:
            self.changed.emit()

    def _show_used(self) -> None:
        self.model.show_used({k for k, choice in enumerate(self.choices) if choice.currentData()})

    def show_nothing(self) -> None:
        """No table."""
        self._proposed = None
        self.choices, self.units, self._whys = [], [], []
        self.head.setColumnCount(0)
        self.model.show_rows([], -1, -1, 0)

    def show_row(self, place: int) -> bool:
        """Select a row by its place from 0; False where it is not among those that are seen."""
        at = self.model.row_at(place)
        if at < 0:
            return False
        self.rows.selectRow(at)
        self.rows.scrollTo(self.model.index(at, max(self.rows.currentIndex().column(), 0)))
        return True

    def focus_first(self) -> None:
        """The keyboard at the first column that a person should look at."""
        proposed = self._proposed
        if proposed is not None and self.choices:
            shown = proposed.columns[:SHOWN_COLUMNS]
            first = next((one.index for one in shown if one.is_doubtful), 0)
            self.choices[first].setFocus()
            self.rows.scrollTo(self.model.index(0, first), QAbstractItemView.ScrollHint.EnsureVisible)

    # ---------------------------------------------------------------- what is said

    def choose(self, index: int, column: str) -> None:
        """Read a column of the file as one of ours."""
        self.choices[index].setCurrentIndex(self.choices[index].findData(column))

    def mapping(self) -> Mapping | None:
        """As it is chosen; None while nothing is shown."""
        proposed = self._proposed
        if proposed is None:
            return None
        # Columns that are too many to be shown stay as they were proposed.
        hidden = proposed.columns[len(self.choices) :]
        columns = {one.column: Column(one.index, one.heading, one.unit) for one in hidden if one.column}
        for k, choice in enumerate(self.choices):
            column = str(choice.currentData())
            if column:
                columns[column] = Column(k, proposed.columns[k].heading, self._unit(k, column))
        first, last, begin = proposed.first, proposed.last, proposed.begin
        return Mapping(first, last, begin, columns, proposed.sheet, proposed.form, proposed.kind)

    def _unit(self, index: int, column: str) -> str:
        """The unit that is chosen; none where it is ours and nobody names it."""
        chosen = str(self.units[index].currentData() or "")
        proposed = self._proposed
        own = proposed.columns[index] if proposed is not None else None
        known = self._ours.units.get(column, {})
        ours = chosen == next((name for name, factor in known.items() if factor == 1.0), "")
        named = own is not None and own.column == column and bool(own.unit)
        return "" if ours and not named else chosen

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A choice that the keyboard has come to is brought into view."""
        if event.type() == QEvent.Type.FocusIn:
            for boxes in (self.choices, self.units):
                if watched in boxes:
                    self.head.scrollTo(self.head.model().index(_READ, boxes.index(watched)))
        if event.type() == QEvent.Type.Wheel and watched in (*self.choices, *self.units):
            # Turning the wheel over the table moves the table, not what is chosen.
            event.ignore()
            return True
        return super().eventFilter(watched, event)
