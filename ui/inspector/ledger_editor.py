"""The editor of one value of the ledger: the right field for its column, and a reason."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from ui import format as fmt
from ui.assumptions.fields import LONGEST_TEXT, NumberField
from ui.assumptions.reasoned import ReasonedEditor
from ui.look import Look
from ui.parts import label, row, set_role
from ui.reasons import unit_text

if TYPE_CHECKING:
    from ui.document import Document

REASONS = ("department", "drawing", "site", "slip", "newer")
# Units of the ledger's numbers; columns that are not here have none.
UNITS = {
    "floor_area_m2": "m²", "storeys": "storeys", "remaining_years": "a", "flood_depth_m": "m", "storm_surge_depth_m": "m", "tsunami_depth_m": "m",
    "roof_bears_n_m2": "N/m²", "annual_kwh": "kWh", "contract_kw": "kW",
}  # fmt: skip
# Where the words of a column's codes are kept under another name.
CODE_WORDS = {"roof_type": "roof"}


def ledger_text(look: Look, column: str, value: object) -> str:
    """A value of the ledger in words, with its unit."""
    from kawasolar.document.views import LEDGER_COLUMNS

    kind = LEDGER_COLUMNS.get(column, "text")
    if fmt.is_missing(value):
        return look.say("ui.value.missing")
    if kind == "code":
        return look.say_or(f"{CODE_WORDS.get(column, column)}.{value}", str(value))
    if kind == "flag":
        # Flags of a frame with gaps are objects, and may be texts where a file was edited elsewhere.
        return look.say("ui.value.yes" if str(value) in ("True", "true", "1") else "ui.value.no")
    if kind == "year":
        return f"{float(str(value)):.0f}"
    if kind == "number":
        number = f"{float(str(value)):,.8g}" if abs(float(str(value))) < 1e7 else fmt.number(value)
        return f"{number} {unit_text(look, UNITS.get(column, ''))}".strip()
    return str(value)


class LedgerEditor(ReasonedEditor):
    """Opens below the row of a value.

    Signals
    -------
    submitted : the value as the ledger holds it (None for nothing), reason
    """

    submitted = Signal(object, str)

    def __init__(
        self,
        look: Look,
        document: Document,
        column: str,
        *,
        value: object,
        read: object,
        why: str = "",
        absent: bool = False,
    ) -> None:
        from kawasolar.document.views import LEDGER_COLUMNS

        super().__init__(look, document)
        self._name, self._read, self._absent = column, read, absent
        self.kind = LEDGER_COLUMNS[column]
        self.field = self._make_field(None if fmt.is_missing(value) else value)
        line = row(6)
        line.addWidget(self.field, 0 if self.kind in ("number", "year") else 1)
        unit = unit_text(look, UNITS.get(column, ""))
        if self.kind in ("number", "year"):
            line.addWidget(label(unit, "muted"))
            line.addStretch(1)
        self._column.addLayout(line)
        self.told = label(look.say("ui.correct.read", value=ledger_text(look, column, read)), "muted", wrap=True)
        self._column.addWidget(self.told)
        self.note = label("", "attention", wrap=True)
        self._column.addWidget(self.note)
        self._add_reason(tuple(look.say(f"ui.correct.reason.{code}") for code in REASONS))
        self._add_end()
        self.reason.setEditText(why)
        self._check()

    # ---------------------------------------------------------------- the field

    def _make_field(self, value: object) -> QWidget:
        name = self._look.say(f"ui.column.{self._name}")
        if self.kind in ("number", "year"):
            return self._number(name, value)
        if self.kind in ("code", "flag"):
            return self._choice(name, value)
        field = QLineEdit("" if value is None else str(value))
        field.setMaxLength(LONGEST_TEXT)
        field.setAccessibleName(name)
        field.textEdited.connect(self._check)
        field.returnPressed.connect(self.submit)
        return field

    def _number(self, name: str, value: object) -> NumberField:
        low, high = self.bounds
        unit = unit_text(self._look, UNITS.get(self._name, ""))
        field = NumberField(f"{name} [{unit}]" if unit else name, low=low, high=high)
        field.setText("" if value is None else f"{float(str(value)):.12g}")
        field.setPlaceholderText(self._look.say("ui.value.missing"))
        field.setMaximumWidth(140)
        field.textEdited.connect(self._check)
        field.submitted.connect(self.submit)
        return field

    def _choice(self, name: str, value: object) -> QComboBox:
        from kawasolar.ledger.vocabulary import codes_of

        look, field = self._look, QComboBox()
        codes: list[object] = [True, False]
        if self.kind == "code":
            codes = [code for code in codes_of(self._name) if code != "unknown"]
        for code in codes:
            field.addItem(ledger_text(look, self._name, code), code)
        field.addItem(look.say("ui.value.missing"), None)
        found = value if self.kind == "code" else None if value is None else str(value) in ("True", "true", "1")
        field.setCurrentIndex(codes.index(found) if found in codes else len(codes))
        field.setAccessibleName(name)
        field.currentIndexChanged.connect(self._check)
        return field

    @property
    def bounds(self) -> tuple[float, float]:
        """What the column can hold: what the reader of ledgers takes for possible."""
        from kawasolar.ledger.vocabulary import vocabulary

        return vocabulary().ranges.get(self._name, (-math.inf, math.inf))

    @property
    def value(self) -> object:
        """What stands in the field, as the ledger holds it; None for nothing."""
        if isinstance(self.field, QComboBox):
            return self.field.currentData()
        if isinstance(self.field, NumberField):
            return self.field.value
        return self.field.text().strip() or None if isinstance(self.field, QLineEdit) else None

    # ---------------------------------------------------------------- state

    @property
    def problem(self) -> str:
        """Why the value cannot be entered; empty where it can."""
        say = self._look.say
        if self._name == "name" and self.value is None:
            return say("ui.correct.no_name")
        if not isinstance(self.field, NumberField) or not self.field.text().strip():
            return ""
        found = self.field.value
        if found is None:
            return say("ui.edit.no_number")
        low, high = self.bounds
        if not low <= found <= high:
            digits = "" if self.kind == "year" else ","
            unit = unit_text(self._look, UNITS.get(self._name, ""))
            most = f"{high:{digits}.0f} {unit}".strip()
            return say("ui.edit.out_of_bounds", low=f"{low:{digits}.0f}", high=most)
        return say("ui.edit.not_whole") if self.kind == "year" and not found.is_integer() else ""

    @property
    def is_read(self) -> bool:
        """Whether the field says what the file says."""
        return self.value == self._read

    def _check(self) -> None:
        say, problem = self._look.say, self.problem
        self.note.setText(problem)
        self.note.setVisible(bool(problem))
        set_role(self.field, "wrong" if problem else "", "state")
        words = say("ui.correct.effect_absent" if self._absent else "ui.correct.effect")
        self.effect.setText(say("ui.correct.same") if self.is_read else words)
        self.effect.setVisible(not problem)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Where the Tab key stops, in order."""
        return (self.field, *super().stops)

    def submit(self) -> None:
        """Enter: taken if the value can be and a reason is given; the file's own value needs none."""
        if self.problem:
            self.field.setFocus()
            if isinstance(self.field, QLineEdit):
                self.field.selectAll()
        elif self.is_read or self._has_reason():
            self.submitted.emit(self.value, self.reason.text)
