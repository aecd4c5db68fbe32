"""What goes with an open project as long as it is open: the lock beside its file, and the journal of unsaved edits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from kawasolar.document.journal import Journal
    from kawasolar.document.lock import Lock

    from ui.document import Document
    from ui.work import Opened

_BEAT_MS = 60_000
_SYNC_MS = 500


class Session(QObject):
    """Holds the lock and the journal of the document's project, and lets them go again."""

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._lock: Lock | None = None
        self._beat = QTimer(self)
        self._beat.setInterval(_BEAT_MS)
        self._beat.timeout.connect(self._on_beat)
        self._sync = QTimer(self)
        self._sync.setSingleShot(True)
        self._sync.setInterval(_SYNC_MS)
        self._sync.timeout.connect(self._on_sync)
        document.history_changed.connect(self._sync.start)

    def begin(self, opened: Opened) -> None:
        """A project was opened: its lock and journal, as far as they could be had."""
        self.end()
        self.hold(opened.lock)
        self._document.held_by = opened.held_by
        self._document.journal = opened.journal

    def hold(self, lock: Lock | None) -> None:
        """Another lock instead of the one before."""
        if self._lock is not None and self._lock is not lock:
            self._lock.release()
        self._lock = lock
        if lock is not None:
            self._beat.start()
        else:
            self._beat.stop()

    def end(self, *, keep_edits: bool = False) -> None:
        """The project is closed; ``keep_edits`` leaves the journal for a recovery."""
        self._sync.stop()
        journal, self._document.journal = self._document.journal, None
        if journal is not None:
            if keep_edits:
                journal.abandon()
            else:
                journal.close()
        self.hold(None)
        self._document.held_by = None

    def moved(self, path: Path, lock: Lock | None, journal: Journal | None) -> None:
        """The project was saved to another place."""
        old = self._document.journal
        self.hold(lock)
        self._document.held_by = None
        self._document.journal = journal
        if old is not None and old is not journal:
            old.close()

    def saved(self, seq: int) -> None:
        """Edits up to this number are in the file."""
        if self._document.journal is not None:
            try:
                self._document.journal.saved(seq)
            except Exception as error:  # noqa: BLE001 - the project is saved; the journal only is too long now
                self._document.journal_failed(error)

    def _on_beat(self) -> None:
        if self._lock is not None:
            self._lock.beat()

    def _on_sync(self) -> None:
        if self._document.journal is not None:
            try:
                self._document.journal.sync()
            except Exception as error:  # noqa: BLE001
                self._document.journal_failed(error)
