"""Fields of the form: each below its name and unit, with what is wrong with it beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from kawasolar.profiles.form import shown, typed, zone_number
from kawasolar.profiles.words import choice_name, field_name
from kawasolar.reasons import CHOICE, choice_text, unit_text
from ui.parts import column, label, row, set_role

if TYPE_CHECKING:
    from kawasolar.profiles.fields import Field
    from ui.look import Look

_LONG = ("source_ja", "source_en", "note_ja", "note_en")
_LONGEST = 2000
_LINES = 2.6


class Box(QWidget):
    """A field; what its subclass edits is a value of the file.

    Signals
    -------
    edited : name, value; None where it is empty
    """

    edited = Signal(str, object)

    def __init__(self, look: Look, field: Field) -> None:
        super().__init__()
        self.look, self.field = look, field
        self.layout_ = column(self, margin=0, spacing=2)
        self.name = field_name(look.language, field.name)
        unit = "" if field.unit in ("", "-", "fiscal year") or field.unit.startswith(CHOICE) else field.unit
        head = row(6)
        self.head = label(self.name, "muted")
        head.addWidget(self.head)
        if unit:
            head.addWidget(label(unit_text(look.language, unit), "muted"))
        head.addStretch(1)
        self.layout_.addLayout(head)
        self.wrong = label("", "attention", wrap=True)

    def put(self, editor: QWidget) -> None:
        """Below the name; the field for what is wrong after it."""
        editor.setAccessibleName(self.name)
        editor.installEventFilter(self)
        self.head.setBuddy(editor)
        self.layout_.addWidget(editor)
        self.layout_.addWidget(self.wrong)
        self.wrong.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence.StandardKey
            if event.matches(keys.Undo) or event.matches(keys.Redo):
                # The way back is the form's, not the field's.
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    @property
    def editor(self) -> QWidget:
        """Where the keyboard goes."""
        raise NotImplementedError

    def show_value(self, value: object) -> None:
        """Show what stands in the draft; what is being typed stays."""
        raise NotImplementedError

    def show_wrong(self, words: str) -> None:
        """Say what is wrong; nothing where it is right."""
        self.wrong.setText(words)
        self.wrong.setVisible(bool(words))
        set_role(self.editor, "wrong" if words else "", "state")
        self.editor.setAccessibleDescription(words)


class TextBox(Box):
    """A line: words, a number, a date."""

    def __init__(self, look: Look, field: Field) -> None:
        super().__init__(look, field)
        self._edit = QLineEdit()
        self._edit.setMaxLength(_LONGEST)
        if field.kind in ("number", "whole"):
            self._edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        if field.kind == "day":
            self._edit.setPlaceholderText("2026-12-31")
        self._edit.textEdited.connect(lambda text: self.edited.emit(field.name, typed(field, text)))
        self.put(self._edit)

    @property
    def editor(self) -> QWidget:
        return self._edit

    def show_value(self, value: object) -> None:
        if not (self._edit.hasFocus() and typed(self.field, self._edit.text()) == value):
            text = shown(value)
            if text != self._edit.text():
                self._edit.setText(text)
                self._edit.setCursorPosition(0)


class LongBox(Box):
    """Some lines of words; Tab goes on."""

    def __init__(self, look: Look, field: Field) -> None:
        super().__init__(look, field)
        self._edit = QPlainTextEdit()
        self._edit.setTabChangesFocus(True)
        self._edit.setFixedHeight(round(self._edit.fontMetrics().lineSpacing() * _LINES) + 16)
        self._filling = False
        self._edit.textChanged.connect(self._on_text)
        self.put(self._edit)

    def _on_text(self) -> None:
        if not self._filling:
            text = " ".join(self._edit.toPlainText()[:_LONGEST].splitlines())
            self.edited.emit(self.field.name, typed(self.field, text))

    @property
    def editor(self) -> QWidget:
        return self._edit

    def show_value(self, value: object) -> None:
        text = shown(value)
        if self._edit.toPlainText().strip() != text:
            self._filling = True
            self._edit.setPlainText(text)
            self._filling = False


class ChoiceBox(Box):
    """One of some codes, in words."""

    def __init__(self, look: Look, field: Field) -> None:
        super().__init__(look, field)
        self._box = QComboBox()
        self._box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for code in field.choices if field.needed else ("", *field.choices):
            self._box.addItem(self._words(code), code)
        self._box.activated.connect(lambda _k: self.edited.emit(field.name, typed(field, str(self._box.currentData()))))
        self.put(self._box)

    def _words(self, code: str) -> str:
        if not code:
            return self.look.say("profile.choice.none")
        if self.field.name == "epsg":
            return self.look.say("ui.profile.zone", zone=zone_number(int(code)), epsg=code)
        if self.field.unit.startswith(CHOICE):
            return choice_text(self.look.language, self.field.unit, float(code))
        return choice_name(self.look.language, self.field.name, code)

    @property
    def editor(self) -> QWidget:
        return self._box

    def show_value(self, value: object) -> None:
        code = shown(value)
        place = self._box.findData(code)
        if place < 0 and code:
            # A system that is no zone of Japan, or a code of a newer version.
            self._box.addItem(code, code)
            place = self._box.count() - 1
        self._box.setCurrentIndex(place)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Who scrolls the form does not mean to choose.
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class FlagBox(Box):
    """Yes or no."""

    def __init__(self, look: Look, field: Field) -> None:
        super().__init__(look, field)
        self._box = QCheckBox(look.say("profile.yes"))
        self._box.clicked.connect(lambda on: self.edited.emit(field.name, on))
        self.put(self._box)

    @property
    def editor(self) -> QWidget:
        return self._box

    def show_value(self, value: object) -> None:
        self._box.setChecked(value is True)


class CodesBox(Box):
    """Any of some codes."""

    def __init__(self, look: Look, field: Field) -> None:
        super().__init__(look, field)
        self._group = QWidget()
        inside = column(self._group, margin=0, spacing=2)
        self.boxes: dict[str, QCheckBox] = {}
        for code in field.choices:
            made = self.boxes[code] = QCheckBox(choice_name(look.language, field.name, code))
            made.clicked.connect(lambda _on: self._on_clicked())
            inside.addWidget(made)
        self.put(self._group)

    def _on_clicked(self) -> None:
        self.edited.emit(self.field.name, [code for code, box in self.boxes.items() if box.isChecked()])

    @property
    def editor(self) -> QWidget:
        return next(iter(self.boxes.values()))

    def show_value(self, value: object) -> None:
        chosen = value if isinstance(value, list) else []
        for code, box in self.boxes.items():
            box.setChecked(code in chosen)


def box_of(look: Look, field: Field) -> Box:
    """The box for a field."""
    if field.kind == "choice":
        return ChoiceBox(look, field)
    if field.kind == "flag":
        return FlagBox(look, field)
    if field.kind == "codes":
        return CodesBox(look, field)
    return LongBox(look, field) if field.name in _LONG else TextBox(look, field)
