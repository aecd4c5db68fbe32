"""What can be done with scenarios: copy, rename, remove, note; refused with a sentence where it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from ui.scenarios.naming import NameLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from kawasolar.document.entries import Edit
    from ui.scenarios.standing import Standing
    from ui.window import MainWindow


class ScenarioCommands(QObject):
    """The commands of the chooser, the panel and the menus."""

    def __init__(self, window: MainWindow, standing: Standing) -> None:
        super().__init__(window)
        self._window, self._standing = window, standing
        self.line: NameLine | None = None
        # What the banner says while it offers to bring a scenario back.
        self._offered = ""
        window.document.history_changed.connect(self._withdraw)

    # ---------------------------------------------------------------- asking for a name

    def ask_duplicate(self, anchor: QWidget, key: str = "") -> None:
        """Ask for the copy's name; ``key`` is the scenario that is worked on unless given."""
        look, of = self._window.look, key or self._window.document.scenario
        if self._standing.plan_of(of) is None:
            return
        words = look.say("ui.scenarios.duplicate_ask", name=self._standing.name_of(of))
        act = look.say("ui.scenarios.duplicate_do")
        self._ask(anchor, words, self.free_name(), act, lambda name: self.duplicate(of, name))

    def ask_rename(self, anchor: QWidget, key: str = "") -> None:
        """Ask for another name."""
        look, of = self._window.look, key or self._window.document.scenario
        if self._standing.plan_of(of) is None:
            return
        name = self._standing.name_of(of)
        words, act = look.say("ui.scenarios.rename_ask", name=name), look.say("ui.scenarios.rename_do")
        self._ask(anchor, words, name, act, lambda new: self.rename(of, new))

    def _ask(self, anchor: QWidget, words: str, name: str, act: str, take: Callable[[str], str | None]) -> None:
        if self.line is not None:
            self.line.dismiss()
        line = NameLine(self._window.look, anchor, words, name, act, take)
        self.line = line
        line.closed.connect(lambda: self._forget(line))

    def _forget(self, line: NameLine) -> None:
        if self.line is line:
            self.line = None

    def free_name(self) -> str:
        """A name that no scenario bears."""
        names = {one.name for one in self._standing.names()}
        number = len(names) + 1
        while self._window.look.say("ui.scenarios.free_name", number=number) in names:
            number += 1
        return self._window.look.say("ui.scenarios.free_name", number=number)

    # ---------------------------------------------------------------- doing it

    def duplicate(self, key: str, name: str) -> str | None:
        """Copy a scenario and work on the copy; what is wrong with the name, None where it was done."""
        from kawasolar.document.edits import BadEdit, duplicate_scenario

        document = self._window.document
        if document.entries is None:
            return None
        try:
            edit, made = duplicate_scenario(document.entries, key, name)
        except BadEdit as error:
            return self._window.look.say_error(error)
        document.do(edit)
        document.use_scenario(made)
        return None

    def rename(self, key: str, name: str) -> str | None:
        """Call a scenario otherwise; what is wrong with the name, None where it was done."""
        from kawasolar.document.edits import BadEdit, rename_scenario

        document = self._window.document
        if document.entries is None:
            return None
        try:
            document.do(rename_scenario(document.entries, key, name))
        except BadEdit as error:
            return self._window.look.say_error(error)
        return None

    def set_note(self, key: str, note: str) -> None:
        """Write another note."""
        from kawasolar.document.edits import rename_scenario

        document = self._window.document
        if document.entries is not None and document.entries.get("scenarios", key) is not None:
            document.do(rename_scenario(document.entries, key, self._standing.name_of(key), note.strip()))

    def remove(self, key: str = "") -> None:
        """Take a scenario away and offer to bring it back; the last one stays, and a sentence says why."""
        from kawasolar.document.edits import BadEdit, remove_scenario

        window, document = self._window, self._window.document
        if document.entries is None:
            return
        of = key or document.scenario
        name = self._standing.name_of(of)
        try:
            edit: Edit = remove_scenario(document.entries, of)
        except BadEdit as error:
            window.controller.fail(error)
            return
        document.do(edit)
        say = window.look.say
        self._offered = say("ui.scenarios.removed", name=name)
        window.controller.tell(self._offered, say("ui.menu.undo"), document.undo)

    def _withdraw(self) -> None:
        """Something else would be undone now."""
        banner = self._window.banner
        if self._offered and banner.text == self._offered:
            banner.hide()
        self._offered = ""

    def run_all(self) -> None:
        """Compute what is stale in all scenarios."""
        self._window.controller.run_all()
