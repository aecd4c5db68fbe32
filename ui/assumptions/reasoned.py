"""What every editor with a required reason has: the reason, who is told, Enter to apply, Esc to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QWidget

from ui.assumptions.fields import ReasonField
from ui.look import Look
from ui.parts import button, column, label, row

if TYPE_CHECKING:
    from ui.document import Document


class ReasonedEditor(QFrame):
    """Opens below the row of what is changed.

    Signals
    -------
    left : Esc, or the button
    person_asked : the person's name is to be changed
    """

    left = Signal()
    person_asked = Signal()

    def __init__(self, look: Look, document: Document) -> None:
        super().__init__()
        self.setObjectName("editor")
        self._look, self._document = look, document
        self._column = column(self, margin=8, spacing=6)

    def _add_field(self, words: str, field: QWidget) -> None:
        """A field below its name."""
        name = label(words, "muted")
        name.setBuddy(field)
        self._column.addWidget(name)
        self._column.addWidget(field)

    def _add_reason(self, common: tuple[str, ...]) -> None:
        say = self._look.say
        self.reason = ReasonField(self._look, say("ui.reason.name"), common)
        self._add_field(say("ui.reason.required"), self.reason)
        self.reason.submitted.connect(self.submit)
        self.reason.editTextChanged.connect(lambda _t: self.missing.hide())

    def _add_end(self) -> None:
        look = self._look
        self.missing = label(look.say("ui.reason.missing"), "attention", wrap=True)
        self.missing.hide()
        self._column.addWidget(self.missing)
        self.effect = label("", "muted", wrap=True)
        self._column.addWidget(self.effect)
        line = row(4)
        self.who = button("", "link", tip=look.say("ui.menu.person"))
        self.who.clicked.connect(self.person_asked)
        self.show_person()
        line.addWidget(self.who, 1, Qt.AlignmentFlag.AlignLeft)
        self.cancel, self.apply = button(look.say("ui.edit.leave")), button(look.say("ui.edit.apply"), "primary")
        for made in (self.who, self.cancel, self.apply):
            made.setAutoDefault(False)
        line.addWidget(self.cancel)
        line.addWidget(self.apply)
        self.cancel.clicked.connect(self.left)
        self.apply.clicked.connect(self.submit)
        self._column.addLayout(line)

    def show_person(self) -> None:
        """Somebody else sits here now, or is called otherwise."""
        who = self._document.person() or self._look.say("ui.mark.nobody")
        self.who.setText(self._look.say("ui.reason.as", who=who))

    def _has_reason(self) -> bool:
        """Whether a reason is given; if not, it is asked for where it belongs."""
        if self.reason.text:
            return True
        self.refuse(self._look.say("ui.reason.missing"))
        self.reason.setFocus()
        return False

    def refuse(self, words: str) -> None:
        """Say why it was not taken."""
        self.missing.setText(words)
        self.missing.show()

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Where the Tab key stops, in order."""
        return (self.reason, self.who, self.cancel, self.apply)

    def submit(self) -> None:
        """Enter."""
        raise NotImplementedError

    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = self.focusWidget()
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and focused in (self.cancel, self.apply, self.who):
            # A button that is no default button leaves Enter to whoever holds it.
            focused.click()
        else:
            super().keyPressEvent(event)
