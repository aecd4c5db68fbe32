"""The editor of one value: number, range, reason, source, and what the change will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from ui.assumptions.band import RangeBand
from ui.assumptions.fields import LONGEST_TEXT, NumberField, ReasonField
from ui.assumptions.values import (
    Assumption,
    effect_of,
    is_outside,
    plain_number,
    range_text,
    step_of,
    unit_of,
    with_unit,
)
from ui.look import Look
from ui.parts import button, column, label, row, set_role

if TYPE_CHECKING:
    from ui.document import Document

REASONS = ("measured", "maker", "rule", "checked", "trial")


class ValueEditor(QFrame):
    """Opens below the row of a value.

    Signals
    -------
    submitted : number, reason, source
    left : Esc, or the button
    person_asked : the person's name is to be changed
    """

    submitted = Signal(float, str, str)
    left = Signal()
    person_asked = Signal()

    def __init__(self, look: Look, document: Document, one: Assumption) -> None:
        from kawasolar.profile import INTEGERS, VALUE_RULES

        super().__init__()
        self.setObjectName("editor")
        self._look, self._document, self._one = look, document, one
        _unit, self._least, self._most = VALUE_RULES[one.key]
        self._whole = one.key in INTEGERS
        layout = column(self, margin=8, spacing=6)
        self._add_number(layout)
        self._add_reason(layout)
        self._add_end(layout)
        self.number.setText(f"{one.now:.10g}")
        if one.mark is not None:
            self.reason.setEditText(one.mark.why)
            self.source.setText(one.source)
        self._check()

    # ---------------------------------------------------------------- parts

    def _add_number(self, layout: QVBoxLayout) -> None:
        look, given = self._look, self._one.given
        name, unit = given.name(look.language), unit_of(look, given)
        line = row(6)
        words = f"{name} [{unit}]" if unit else name
        step = step_of(given, whole=self._whole)
        self.number = NumberField(words, step=step, low=self._least, high=self._most)
        self.number.setMinimumWidth(84)
        self.number.setMaximumWidth(120)
        self.number.textEdited.connect(self._check)
        self.number.submitted.connect(self.submit)
        line.addWidget(self.number)
        line.addWidget(label(unit, "muted"))
        line.addStretch(1)
        line.addWidget(
            label(look.say("ui.assumptions.given_short", value=with_unit(look, given, given.value)), "muted")
        )
        layout.addLayout(line)
        self.band = RangeBand(look)
        self.band.setAccessibleName(look.say("ui.assumptions.band", name=name, range=range_text(look, given)))
        layout.addWidget(self.band)
        self.range = label(range_text(look, given) or look.say("ui.assumptions.no_range"), "muted", wrap=True)
        layout.addWidget(self.range)
        self.note = label("", "attention", wrap=True)
        layout.addWidget(self.note)

    def _add_reason(self, layout: QVBoxLayout) -> None:
        say = self._look.say
        self.reason = ReasonField(
            self._look,
            say("ui.reason.name"),
            tuple(say(f"ui.assumptions.reason.{code}") for code in REASONS),
        )
        self.source = QLineEdit()
        self.source.setMaxLength(LONGEST_TEXT)
        self.source.setPlaceholderText(say("ui.assumptions.source_hint"))
        self.source.setAccessibleName(say("ui.assumptions.source"))
        for words, field in (
            (say("ui.reason.required"), self.reason),
            (say("ui.assumptions.source_optional"), self.source),
        ):
            name = label(words, "muted")
            name.setBuddy(field)
            layout.addWidget(name)
            layout.addWidget(field)
        self.missing = label(say("ui.reason.missing"), "attention", wrap=True)
        self.missing.hide()
        layout.addWidget(self.missing)
        self.reason.submitted.connect(self.submit)
        self.reason.editTextChanged.connect(lambda _t: self.missing.hide())
        self.source.returnPressed.connect(self.submit)

    def _add_end(self, layout: QVBoxLayout) -> None:
        look = self._look
        self.effect = label("", "muted", wrap=True)
        layout.addWidget(self.effect)
        line = row(4)
        who = self._document.person() or look.say("ui.mark.nobody")
        self.who = button(look.say("ui.reason.as", who=who), "link", tip=look.say("ui.menu.person"))
        self.who.setAutoDefault(False)
        self.who.clicked.connect(self.person_asked)
        line.addWidget(self.who, 1, Qt.AlignmentFlag.AlignLeft)
        self.cancel, self.apply = button(look.say("ui.edit.leave")), button(look.say("ui.edit.apply"), "primary")
        for made in (self.cancel, self.apply):
            made.setAutoDefault(False)
            line.addWidget(made)
        self.cancel.clicked.connect(self.left)
        self.apply.clicked.connect(self.submit)
        layout.addLayout(line)

    # ---------------------------------------------------------------- state

    @property
    def problem(self) -> str:
        """Why the number cannot be entered; empty where it can."""
        say, found = self._look.say, self.number.value
        if found is None:
            return say("ui.edit.no_number")
        if not self._least <= found <= self._most:
            given = self._one.given
            low, high = plain_number(given.key, self._least), plain_number(given.key, self._most)
            return say("ui.edit.out_of_bounds", low=low, high=high, unit=unit_of(self._look, given)).strip()
        if self._whole and not found.is_integer():
            return say("ui.edit.not_whole")
        return ""

    def show_person(self) -> None:
        """Somebody else sits here now, or is called otherwise."""
        self.who.setText(
            self._look.say("ui.reason.as", who=self._document.person() or self._look.say("ui.mark.nobody"))
        )

    def _check(self) -> None:
        """Say at once whether the number will do, and what it changes."""
        say, one, found = self._look.say, self._one, self.number.value
        given, problem = one.given, self.problem
        sensible = None if given.low is None or given.high is None else (given.low, given.high)
        self.band.setVisible(sensible is not None)
        self.band.show_values((self._least, self._most), sensible, given.value, None if problem else found)
        outside = not problem and found is not None and is_outside(found, given)
        self.note.setText(problem or (say("ui.assumptions.outside") if outside else ""))
        self.note.setVisible(bool(self.note.text()))
        set_role(self.number, "wrong" if problem else "", "state")
        self.effect.setText("" if problem or found is None else self._effect_words(found))
        self.effect.setVisible(bool(self.effect.text()))

    def _effect_words(self, found: float) -> str:
        say, one = self._look.say, self._one
        if found == one.now:
            return say("ui.assumptions.effect.same") if found == one.given.value else ""
        return effect_words(self._look, self._document, one.key)

    def submit(self) -> None:
        """Enter: taken if the number will do and a reason is given; else the cursor goes where something is missing."""
        found = self.number.value
        if found is None or self.problem:
            self.number.setFocus()
            self.number.selectAll()
            return
        if not self.reason.text:
            self.missing.show()
            self.reason.setFocus()
            return
        self.submitted.emit(found, self.reason.text, self.source.text().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # On a button Enter means the button; it comes here only from the fields.
            self._enter(self.focusWidget())
        else:
            super().keyPressEvent(event)

    def _enter(self, focused: QWidget | None) -> None:
        if focused is self.cancel:
            self.left.emit()
        elif focused is self.who:
            self.person_asked.emit()
        elif focused is self.apply:
            self.submit()


def effect_words(look: Look, document: Document, key: str) -> str:
    """What a change of a value makes stale, in one or two sentences."""
    from kawasolar.reasons import stage_name

    found, say = effect_of(key, document), look.say
    if found.stage is None:
        return say("ui.assumptions.effect.none")
    stage = stage_name(look.language, found.stage)
    if found.setting:
        return say("ui.assumptions.effect.hidden", setting=say(f"ui.undo.{found.setting}"))
    if found.at_once:
        return say("ui.assumptions.effect.at_once", stage=stage)
    took = say("ui.assumptions.effect.took", seconds=f"{found.seconds:,.0f}") if found.seconds >= 1 else ""
    return say("ui.assumptions.effect.stale", stage=stage, took=took)
