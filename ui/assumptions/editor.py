"""The editor of one value: number, range, reason, source, and what the change will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from kawasolar.reasons import choice_text
from ui.assumptions.band import RangeBand
from ui.assumptions.fields import LONGEST_TEXT, ChoiceField, NumberField
from ui.assumptions.reasoned import ReasonedEditor
from ui.assumptions.values import (
    Assumption,
    effect_of,
    is_choice,
    is_outside,
    plain_number,
    range_text,
    sensible_range,
    step_of,
    unit_of,
    with_unit,
)
from ui.look import Look
from ui.parts import label, row, set_role

if TYPE_CHECKING:
    from ui.document import Document

REASONS = ("measured", "maker", "rule", "checked", "trial")


class ValueEditor(ReasonedEditor):
    """Opens below the row of a value.

    Signals
    -------
    submitted : number, reason, source
    """

    submitted = Signal(float, str, str)

    def __init__(self, look: Look, document: Document, one: Assumption) -> None:
        from kawasolar.value_rules import INTEGERS, VALUE_RULES

        super().__init__(look, document)
        self._one = one
        _unit, self._least, self._most = VALUE_RULES[one.key]
        self._whole = one.key in INTEGERS
        self._add_number()
        self._add_reason(tuple(look.say(f"ui.assumptions.reason.{code}") for code in REASONS))
        self._add_source()
        self._add_end()
        self.number.setText(f"{one.now:.10g}")
        if one.mark is not None:
            self.reason.setEditText(one.mark.why)
            self.source.setText(one.source)
        self._check()

    # ---------------------------------------------------------------- parts

    def _add_number(self) -> None:
        look, given, layout = self._look, self._one.given, self._column
        name, unit = given.name(look.language), unit_of(look, given)
        line = row(6)
        words = f"{name} [{unit}]" if unit else name
        self.number: NumberField | ChoiceField
        if is_choice(given):
            each = range(round(self._least), round(self._most) + 1)
            self.number = ChoiceField(words, tuple(choice_text(look.language, given.unit, k) for k in each))
        else:
            self.number = NumberField(words, step=step_of(given, whole=self._whole), low=self._least, high=self._most)
            self.number.setMinimumWidth(84)
            self.number.setMaximumWidth(120)
        self.number.textEdited.connect(self._check)
        self.number.submitted.connect(self.submit)
        line.addWidget(self.number)
        line.addWidget(label(unit, "muted"))
        line.addStretch(1)
        layout.addLayout(line)
        self.band = RangeBand(look)
        self.band.setAccessibleName(look.say("ui.assumptions.band", name=name, range=range_text(look, given)))
        layout.addWidget(self.band)
        town = look.say("ui.assumptions.given_short", value=with_unit(look, given, given.value))
        usual = range_text(look, given) or ("" if is_choice(given) else look.say("ui.assumptions.no_range"))
        self.range = label(f"{usual}\n{town}".strip(), "muted", wrap=True)
        layout.addWidget(self.range)
        self.note = label("", "attention", wrap=True)
        layout.addWidget(self.note)

    def _add_source(self) -> None:
        say = self._look.say
        self.source = QLineEdit()
        self.source.setMaxLength(LONGEST_TEXT)
        self.source.setPlaceholderText(say("ui.assumptions.source_hint"))
        self.source.setAccessibleName(say("ui.assumptions.source"))
        self.source.returnPressed.connect(self.submit)
        self._add_field(say("ui.assumptions.source_optional"), self.source)

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
            return say("ui.edit.out_of_bounds", low=low, high=f"{high} {unit_of(self._look, given)}".strip())
        if self._whole and not found.is_integer():
            return say("ui.edit.not_whole")
        return ""

    def _check(self) -> None:
        """Say at once whether the number will do, and what it changes."""
        say, one, found = self._look.say, self._one, self.number.value
        given, problem = one.given, self.problem
        sensible = sensible_range(given)
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

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Where the Tab key stops, in order."""
        return (self.number, self.reason, self.source, *super().stops[1:])

    def submit(self) -> None:
        """Enter: taken if the number will do and a reason is given; else the cursor goes where something is missing."""
        found = self.number.value
        if found is None or self.problem:
            self.number.setFocus()
            self.number.selectAll()
            return
        if self._has_reason():
            self.submitted.emit(found, self.reason.text, self.source.text().strip())


def effect_words(look: Look, document: Document, key: str) -> str:
    """What a change of a value makes stale, in one or two sentences."""
    from kawasolar.reasons import stage_name

    found, say = effect_of(key, document), look.say
    if found.stage is None:
        code = next((name for name in ("surface", "review", "sizing") if key.startswith(f"{name}.")), "none")
        return say(f"ui.assumptions.effect.{code}")
    stage = stage_name(look.language, found.stage)
    if found.setting:
        return say("ui.assumptions.effect.hidden", setting=say(f"ui.undo.{found.setting}"))
    if found.at_once:
        return say("ui.assumptions.effect.at_once", stage=stage)
    took = say("ui.assumptions.effect.took", seconds=f"{found.seconds:,.0f}") if found.seconds >= 1 else ""
    return say("ui.assumptions.effect.stale", stage=stage, took=took)
