"""Who sits here: the name under which changes are recorded."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from ui.look import Look
from ui.parts import button, column, label, row

LONGEST_NAME = 80


class PersonDialog(QDialog):
    """One line and two buttons; an empty line means the system's name."""

    def __init__(self, look: Look, parent: QWidget, name: str, system: str) -> None:
        super().__init__(parent)
        say = look.say
        self.setWindowTitle(say("ui.person.title"))
        self.setMinimumWidth(360)
        layout = column(self, margin=16, spacing=12)
        layout.addWidget(label(say("ui.person.text"), "muted", wrap=True))
        self.name = QLineEdit(name)
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setPlaceholderText(say("ui.person.hint", name=system))
        self.name.setAccessibleName(say("ui.person.title"))
        self.name.setClearButtonEnabled(True)
        layout.addWidget(self.name)
        line = row(8)
        line.addStretch(1)
        self.cancel, self.apply = button(say("ui.edit.leave")), button(say("ui.edit.apply"), "primary")
        self.cancel.clicked.connect(self.reject)
        self.apply.clicked.connect(self.accept)
        self.apply.setDefault(True)
        line.addWidget(self.cancel)
        line.addWidget(self.apply)
        layout.addLayout(line)
