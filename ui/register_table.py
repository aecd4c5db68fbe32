"""Rows of a ledger as they were understood, as a table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from kawasolar.ledger.mapping_words import column_word
from kawasolar.reasons import finding_brief
from kawasolar.registers.expected import unit_words
from ui import format as fmt
from ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from gis.findings import Finding
    from kawasolar.registers import Register

Index = QModelIndex | QPersistentModelIndex
# Rows that the table holds; more is for a spreadsheet.
MOST_ROWS = 20_000


class RegisterModel(QAbstractTableModel):
    """Row number, facility where a plan is open, then our columns; the tooltip of each is the file's heading."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.register: Register | None = None
        self._heads: list[str] = []
        self._tips: list[str] = []
        self._cells: list[list[Any]] = []
        # Words are made of the cells that are seen.
        self._words: list[Callable[[Any], str]] = []
        self._right: list[bool] = []
        self._lacking: list[bool] = []
        # By the file's row and heading.
        self._wrong: dict[tuple[int, str], list[Finding]] = {}

    def show_register(
        self, register: Register | None, rows: pd.DataFrame | None, names: dict[str, str] | None, findings: Sequence[Finding] = ()
    ) -> None:  # fmt: skip
        """Other rows; ``names`` of facilities by their number, where the rows say whose they are; cells of which something is found bear a mark."""
        self.beginResetModel()
        self._wrong = {}
        for finding in findings:
            if finding.row is not None and finding.column is not None:
                self._wrong.setdefault((finding.row, finding.column), []).append(finding)
        self.register, say = register, self._look.say
        self._heads, self._tips, self._cells, self._words, self._right, self._lacking = [], [], [], [], [], []
        if register is not None and rows is not None:
            some = rows.head(MOST_ROWS)
            self._add(say("ui.register.row"), some["source_row"].tolist(), str, right=True)
            if names is not None:
                owners = [names.get(owner, "") if isinstance(owner, str) else "" for owner in some["facility_id"]]
                self._lacking = [not owner for owner in owners]
                unknown = say("ui.meters.unknown")
                self._add(say("ui.register.facility"), owners, lambda owner: owner or unknown)
            for name, field in register.schema.fields.items():
                if name in some:
                    words = partial(self._text, kind=field.kind, said_as=field.said_as)
                    right = field.kind in ("number", "year", "storeys")
                    head = column_word(self._look.language, name, register.kind)
                    unit = unit_words(field.unit, self._look.language).strip()
                    head = f"{head} [{unit}]" if unit else head
                    self._add(head, some[name].tolist(), words, right=right, tip=register.columns[name])
        self.endResetModel()

    def _add(
        self, head: str, cells: list[Any], words: Callable[[Any], str], *, right: bool = False, tip: str = ""
    ) -> None:
        self._heads.append(head)
        self._tips.append(tip or head)
        self._cells.append(cells)
        self._words.append(words)
        self._right.append(right)

    def _text(self, cell: Any, kind: str, said_as: str) -> str:  # noqa: ANN401 - a cell of any kind
        if fmt.is_missing(cell):
            return ""
        if kind == "code":
            return self._look.say(f"{said_as}.{cell}")
        if kind == "flag":
            return "○" if cell else "×"
        if kind == "date":
            return f"{cell:%Y-%m-%d}"
        if kind in ("number", "storeys", "year"):
            number = float(cell)
            return f"{number:.0f}" if kind == "year" or (number.is_integer() and abs(number) < 10_000) else fmt.number(number, 0 if abs(number) >= 1000 else 2)  # fmt: skip
        return str(cell)

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._cells[0]) if self._cells else 0

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._heads[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self._tips[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return self._aligned(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words[index.column()](self._cells[index.column()][index.row()])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._aligned(index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 1 and self._lacking and self._lacking[index.row()]:  # fmt: skip
            return self._look.icon("alert-outline", "attention")
        if role in (Qt.ItemDataRole.DecorationRole, Qt.ItemDataRole.ToolTipRole):
            return self._mark(index, role)
        return None

    def _mark(self, index: Index, role: int) -> Any:  # noqa: ANN401
        """What is wrong in the cell of the file from which this one comes."""
        found = self._wrong.get((self._cells[0][index.row()], self._tips[index.column()]))
        if not found:
            return None
        if role == Qt.ItemDataRole.DecorationRole:
            return self._look.icon("alert-outline", "attention")
        return "\n".join(finding_brief(self._look.language, finding) for finding in found)

    def _aligned(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if self._right[column] else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def row_of(self, source_row: int) -> int:
        """The table's row of a row of the file, -1 where it is not shown."""
        shown = np.array(self._cells[0] if self._cells else [], dtype=np.int64)
        found = np.flatnonzero(shown == source_row)
        return int(found[0]) if len(found) else -1
