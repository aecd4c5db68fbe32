"""The one search field: facilities by name, kana, number and address, and every command of the menus."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from kawasolar.words import LANGUAGES, catalogue, say
from ui.format import folded
from ui.look import Look

MOST = 12
Finder = Callable[[str, int], list[tuple[str, str, str]]]


class SearchField(QLineEdit):
    """Type, pick with the arrows, Enter.

    Signals
    -------
    facility_found : facility id
    """

    facility_found = Signal(str)

    def __init__(self, look: Look, window: QWidget, find: Finder, commands: Callable[[], list[QAction]]) -> None:
        super().__init__()
        self._look, self._find, self._commands = look, find, commands
        self.setPlaceholderText(look.say("ui.search.hint"))
        self.setAccessibleName(look.say("ui.search.name"))
        self.setClearButtonEnabled(True)
        self.addAction(look.icon("magnify", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.list = QListWidget(window)
        self.list.setObjectName("searchList")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(look.say("ui.search.results"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.hide()
        self.list.itemClicked.connect(self._take)
        self.textEdited.connect(self.search)
        self.installEventFilter(self)

    def search(self, text: str) -> None:
        """Fill the list with what fits."""
        self.list.clear()
        words = folded(text).split()
        if not words:
            self.list.hide()
            return
        for facility, name, address in self._find(text, MOST):
            item = QListWidgetItem(self._look.icon("map-marker-outline", "accent"), f"{name}    {address}")
            item.setData(Qt.ItemDataRole.UserRole, facility)
            self.list.addItem(item)
        for action in self._commands():
            title = action.text().replace("&", "")
            # By its words in either language: many know a command by its English name.
            names = folded(f"{title} {self._other_words(action)}")
            if action.isEnabled() and all(word in names for word in words):
                item = QListWidgetItem(
                    self._look.icon("keyboard-outline", "muted"), f"{title}    {action.shortcut().toString()}"
                )
                item.setData(Qt.ItemDataRole.UserRole, action)
                self.list.addItem(item)
        if not self.list.count():
            item = QListWidgetItem(self._look.say("ui.search.none"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self._place()
        self.list.setCurrentRow(0)

    @staticmethod
    def _other_words(action: QAction) -> str:
        code = action.property("code")
        return " ".join(say(language, code) for language in LANGUAGES) if code in catalogue() else ""

    def _place(self) -> None:
        window = cast("QWidget", self.list.parentWidget())
        at = self.mapTo(window, QPoint(0, self.height() + 4))
        rows = min(MOST, self.list.count())
        self.list.setGeometry(at.x(), at.y(), max(self.width(), 360), rows * (self.list.sizeHintForRow(0) + 2) + 8)
        self.list.show()
        self.list.raise_()

    def _take(self, item: QListWidgetItem | None) -> None:
        found = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        self.list.hide()
        if isinstance(found, QAction):
            self.clear()
            found.trigger()
        elif found is not None:
            self.clear()
            self.facility_found.emit(str(found))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.list.isVisible():
            step = 1 if key == Qt.Key.Key_Down else -1
            self.list.setCurrentRow((self.list.currentRow() + step) % max(1, self.list.count()))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentItem() if self.list.isVisible() else None)
        elif key == Qt.Key.Key_Escape:
            self.clear()
            self.list.hide()
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self and event.type() == QEvent.Type.FocusOut:
            self.list.hide()
        return super().eventFilter(watched, event)
