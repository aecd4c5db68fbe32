"""The panel of the scenarios: all of them with their figures, and which are put side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QWidget

from ui.parts import Elided, button, column, label, row
from ui.scenarios.card import ScenarioCard
from ui.scenarios.comparing import LEAST, MOST
from ui.scenarios.standing import stale_words

if TYPE_CHECKING:
    from ui.document import Document
    from ui.look import Look
    from ui.scenarios.commands import ScenarioCommands
    from ui.scenarios.comparing import Comparing
    from ui.scenarios.standing import Standing


class ScenariosPanel(QWidget):
    """シナリオ.

    Signals
    -------
    comparison_asked : bring the comparison into view
    """

    comparison_asked = Signal()

    def __init__(
        self, look: Look, document: Document, standing: Standing, comparing: Comparing, commands: ScenarioCommands
    ) -> None:
        super().__init__()
        self._look, self._document = look, document
        self._standing, self._comparing, self._commands = standing, comparing, commands
        say = look.say
        layout = column(self)
        layout.addWidget(label(say("ui.scenarios.intro"), "muted", wrap=True))
        line = row(8)
        self.duplicate = button(say("ui.scenarios.duplicate"), tip=say("ui.scenarios.duplicate_tip"))
        self.duplicate.setIcon(look.icon("content-copy"))
        self.run_all = button(say("ui.scenarios.run_all"), tip=say("ui.scenarios.run_all_tip"))
        self.run_all.setIcon(look.icon("play-box-multiple-outline"))
        line.addWidget(self.duplicate, 1)
        line.addWidget(self.run_all, 1)
        layout.addLayout(line)
        self.notice = QFrame()
        self.notice.setObjectName("notice")
        inner = column(self.notice, margin=8, spacing=4)
        self.hint = label("", wrap=True)
        self.show_comparison = button(say("ui.scenarios.show"), "link")
        inner.addWidget(self.hint)
        inner.addWidget(self.show_comparison)
        layout.addWidget(self.notice)
        self.than = Elided("", "muted")
        layout.addWidget(self.than)
        box = QWidget()
        self._list = column(box, margin=0, spacing=8)
        layout.addWidget(box)
        layout.addStretch(1)
        self.cards: dict[str, ScenarioCard] = {}
        self.duplicate.clicked.connect(lambda: commands.ask_duplicate(self.duplicate))
        self.run_all.clicked.connect(commands.run_all)
        self.show_comparison.clicked.connect(self.comparison_asked)
        standing.changed.connect(self._on_change)
        comparing.keys_changed.connect(self.refresh)
        comparing.changed.connect(self._show_hint)
        self.refresh()

    def _on_change(self) -> None:
        # A slider is turned in another panel: what nobody sees need not be written.
        if self.isVisible():
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Show all scenarios as they stand."""
        names, standing, active = self._standing.names(), self._standing, self._document.scenario
        if [one.key for one in names] != list(self.cards):
            self._rebuild([one.key for one in names])
        worked, than = standing.figures_of(active), standing.name_of(active)
        any_stale, keys = False, self._comparing.keys
        for one in names:
            card, stale = self.cards[one.key], stale_words(self._look, standing, one.key)
            any_stale |= bool(stale)
            figures = standing.figures_of(one.key)
            card.show_scenario(one, figures, worked, active=one.key == active, than=than, stale=stale)
            letter = self._comparing.letter_of(one.key)
            card.tick.setVisible(len(names) >= LEAST)
            card.show_ticked(ticked=one.key in keys, letter=letter, free=len(keys) < MOST, most=MOST)
        self.run_all.setVisible(any_stale)
        self.than.setText(self._look.say("ui.scenarios.than", name=than))
        self.than.setVisible(len(names) >= LEAST)
        self._show_hint()

    def _rebuild(self, keys: list[str]) -> None:
        """Cards in the order of the scenarios; those that are there already stay, with the keyboard in them."""
        for key in [key for key in self.cards if key not in keys]:
            card = self.cards.pop(key)
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        for key in keys:
            if key not in self.cards:
                self.cards[key] = self._card(key)
        self.cards = {key: self.cards[key] for key in keys}
        for place, card in enumerate(self.cards.values()):
            self._list.insertWidget(place, card)

    def _card(self, key: str) -> ScenarioCard:
        made = ScenarioCard(self._look, key)
        made.used.connect(self._document.use_scenario)
        made.ticked.connect(self._comparing.toggle)
        made.noted.connect(self._commands.set_note)
        made.asked.connect(self._on_asked)
        return made

    def _on_asked(self, what: str, key: str, anchor: QWidget) -> None:
        if what == "duplicate":
            self._commands.ask_duplicate(anchor, key)
        elif what == "rename":
            self._commands.ask_rename(anchor, key)
        else:
            self._commands.remove(key)

    def _show_hint(self) -> None:
        """What to do next, or what the comparison found."""
        say, count, found = self._look.say, len(self._comparing.keys), self._comparing.found
        if len(self.cards) < LEAST:
            words = say("ui.scenarios.empty")
        elif found is not None:
            words = say("ui.scenarios.hint.some", count=count, differ=f"{len(found.sites):,}")
        else:
            words = say("ui.scenarios.hint.one" if count else "ui.scenarios.hint.none", most=MOST)
        self.hint.setText(words)
        self.show_comparison.setVisible(found is not None)
