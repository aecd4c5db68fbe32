"""What a crash took: offered when the project is opened again, done again or thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from kawasolar.document.recovery import Recovery
    from ui.window import MainWindow


class RecoveryDesk(QObject):
    """Holds the recoveries of the project that is open."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._recoveries: list[Recovery] = []

    def offer(self, recoveries: Sequence[Recovery]) -> None:
        """Tell of them, one after the other."""
        self._recoveries = list(recoveries)
        if self._recoveries:
            self._offer()

    def _offer(self) -> None:
        recovery = self._recoveries[0]
        say = self._window.look.say
        code = "ui.recovery.offer" if recovery.fits else "ui.recovery.offer_older"
        words = say(code, count=recovery.count, when=recovery.when_text())
        also = (say("ui.recovery.discard"), self.discard)
        self._window.controller.tell(words, say("ui.recovery.take"), self.take, also=also, kind="error")

    def take(self) -> None:
        """Do again what a crash took; each edit can be taken back."""
        if not self._recoveries or self._window.document.project is None:
            return
        recovery = self._recoveries.pop(0)
        window, say = self._window, self._window.look.say
        document = window.document
        # The journal takes all of them over at once: a crash in between offers them neither twice nor in part.
        journal, document.journal = document.journal, None
        done = document.replay(recovery.edits)
        document.journal = journal
        if journal is not None:
            try:
                recovery.adopt(journal, done)
            except (PlanError, OSError) as error:
                document.journal_failed(error)
        code = "ui.recovery.done" if done == recovery.count else "ui.recovery.partly"
        window.banner.tell(say(code, done=done, count=recovery.count), kind="done")

    def discard(self) -> None:
        """The edits of before are not wanted."""
        if self._recoveries:
            self._recoveries.pop(0).discard()
        self._window.banner.hide()
        if self._recoveries:
            self._offer()
