"""One value of the profile as a row of the panel, with what is known of it, and the editor below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui.assumptions.band import RangeBand
from ui.assumptions.editor import ValueEditor
from ui.assumptions.fields import Row, bring_into_view, holds_keyboard, in_order
from ui.assumptions.marks import who_text, why_text
from ui.assumptions.values import Assumption, range_text, sensible_range, with_unit
from ui.look import Look
from ui.parts import Elided, button, column, label, row, set_role

if TYPE_CHECKING:
    from ui.document import Document

# What stands beside the value, the weightiest first: code -> role of the badge.
BADGES = {"waits": "attention", "changed": "accent", "confirmed": "accent", "assumed": "attention"}


def badges_of(one: Assumption) -> list[str]:
    """Marks of a value."""
    told = {
        "waits": one.waits,
        "changed": one.changed and not one.confirmed,
        "confirmed": one.confirmed,
        "assumed": one.assumed,
    }
    return [code for code, on in told.items() if on]


class ValueLine(QWidget):
    """A row that opens.

    Signals
    -------
    submitted : key, number, reason, source
    reset_asked : key
    opened : key
    moved : key, +1 or -1
    person_asked
    """

    submitted = Signal(str, float, str, str)
    reset_asked = Signal(str)
    opened = Signal(str)
    moved = Signal(str, int)
    person_asked = Signal()

    def __init__(self, look: Look, document: Document, one: Assumption) -> None:
        super().__init__()
        self._look, self._document, self._one = look, document, one
        self.key = one.key
        self.editor: ValueEditor | None = None
        self._layout = column(self, margin=0, spacing=2)
        self.head = Row(look)
        self.head.clicked.connect(self._toggle)
        self.head.moved.connect(lambda step: self.moved.emit(self.key, step))
        self._fill_head()
        self._layout.addWidget(self.head)
        self.told = label("", "muted", wrap=True)
        self.reset = button("", "link")
        self.reset.setAutoDefault(False)
        self.reset.clicked.connect(lambda: self.reset_asked.emit(self.key))
        self._below = QWidget()
        below = column(self._below, margin=0, spacing=0)
        below.setContentsMargins(4, 0, 4, 4)
        below.addWidget(self.told)
        below.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        self._layout.addWidget(self._below)
        self.show_value(one)

    def _fill_head(self) -> None:
        outer = QVBoxLayout(self.head)
        outer.setContentsMargins(4, 5, 4, 5)
        outer.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(6)
        self.name = label("", wrap=True)
        self.value = label("", "value")
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.name, 1)
        top.addWidget(self.value, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.head.pencil, 0, Qt.AlignmentFlag.AlignTop)
        outer.addLayout(top)
        line = row(6)
        self.band = RangeBand(self._look, small=True)
        self.range = Elided("", "muted", Qt.TextElideMode.ElideRight)
        line.addWidget(self.band)
        line.addWidget(self.range, 1)
        outer.addLayout(line)
        last = row(6)
        self.badges: dict[str, QLabel] = {}
        for code, role in BADGES.items():
            made = label(self._look.say(f"ui.assumptions.badge.{code}"), "badge")
            set_role(made, role, "tone")
            made.setToolTip(self._look.say(f"ui.assumptions.badge.{code}.tip"))
            self.badges[code] = made
            last.addWidget(made)
        self.source = Elided("", "muted", Qt.TextElideMode.ElideRight)
        last.addWidget(self.source, 1)
        outer.addLayout(last)

    # ---------------------------------------------------------------- state

    def show_value(self, one: Assumption) -> None:
        """Show the value as it stands; an open editor stays while nothing of it changed."""
        from kawasolar.value_rules import VALUE_RULES

        before, self._one = self._one, one
        look, given = self._look, one.given
        self.name.setText(given.name(look.language))
        self.value.setText(with_unit(look, given, one.now))
        set_role(
            self.value, "attention" if one.outside else "accent" if one.changed and not one.confirmed else "", "tone"
        )
        _unit, least, most = VALUE_RULES[one.key]
        sensible = sensible_range(given)
        self.band.setVisible(sensible is not None)
        self.band.show_values((least, most), sensible, given.value, one.now)
        self.range.setText(range_text(look, given))
        shown = badges_of(one)
        for code, made in self.badges.items():
            made.setVisible(code in shown)
        unsaid = look.say("ui.assumptions.no_source")
        self.source.setText(
            one.source or (unsaid if one.changed and not one.confirmed else given.source(look.language))
        )
        self._show_below(one)
        self.head.setToolTip(self._tip())
        marks = [look.say(f"ui.assumptions.badge.{code}") for code in shown]
        parts = [given.name(look.language), self.value.text(), self.range.text(), *marks]
        self.head.setAccessibleName(look.say("ui.list.comma").join(part for part in parts if part))
        self.head.setAccessibleDescription(look.say("ui.assumptions.open_tip"))
        if self.editor is not None and (before.now, before.mark, before.source) != (one.now, one.mark, one.source):
            self.close_editor()

    def _show_below(self, one: Assumption) -> None:
        look, given = self._look, one.given
        self._below.setVisible(one.mark is not None)
        if one.mark is None:
            return
        town, profile = with_unit(look, given, given.value), self._document.project
        name = profile.profile.name(look.language) if profile is not None else ""
        code = "ui.assumptions.told_same" if one.confirmed else "ui.assumptions.told"
        self.told.setText(
            look.say(code, name=name, value=town, who=who_text(look, one.mark), why=why_text(look, one.mark))
        )
        words = look.say("ui.assumptions.reset_same" if one.confirmed else "ui.assumptions.reset", value=town)
        self.reset.setText(words)
        self.reset.setAccessibleName(f"{given.name(look.language)}: {words}")

    def _tip(self) -> str:
        look, given = self._look, self._one.given
        year = look.say("ui.assumptions.year", year=given.year) if given.year is not None else ""
        parts = (
            given.name(look.language),
            f"{look.say('ui.assumptions.source')}: {self._one.source}" if self._one.source else "",
            look.say("ui.assumptions.source_of", source=given.source(look.language)),
            year,
            look.say(f"ui.sure.{given.how_sure}"),
            given.note(look.language),
        )
        return "\n".join(part for part in parts if part)

    # ---------------------------------------------------------------- the editor

    def _toggle(self) -> None:
        if self.editor is None:
            self.open_editor()
        else:
            self.close_editor()

    def open_editor(self) -> None:
        """Show the editor below the row, the cursor in the number."""
        if self.editor is None:
            editor = self.editor = ValueEditor(self._look, self._document, self._one)
            editor.submitted.connect(
                lambda number, why, source: self.submitted.emit(self.key, number, why, source),
            )
            editor.left.connect(self.close_editor)
            editor.person_asked.connect(self.person_asked)
            self._layout.addWidget(editor)
            in_order(self.head, *editor.stops)
            editor.show()
            self.opened.emit(self.key)
        self.editor.number.setFocus()
        self.editor.number.selectAll()
        bring_into_view(self)

    def close_editor(self) -> None:
        """Leave the editor; the keyboard goes back to the row."""
        editor, self.editor = self.editor, None
        if editor is None:
            return
        held = holds_keyboard(editor)
        editor.hide()
        self._layout.removeWidget(editor)
        editor.deleteLater()
        if held:
            self.head.setFocus()
