"""What goes with an open project as long as it is open: the lock beside its file, and the journal of unsaved edits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from kawasolar.errors import PlanError

if TYPE_CHECKING:
    from kawasolar.document.lock import Lock
    from kawasolar.plan import SaveMark
    from ui.document import Document
    from ui.work import Opened

_BEAT_MS = 60_000
_SYNC_MS = 500


class Session(QObject):
    """Holds the lock and the journal of the document's project, and lets them go again.

    Signals
    -------
    lost : the lock is somebody else's now
    """

    lost = Signal()

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
        self._sync.timeout.connect(self.sync)
        document.history_changed.connect(self._sync.start)

    def begin(self, opened: Opened) -> None:
        """A project was opened: its lock and journal, as far as they could be had."""
        self.end()
        self.hold(opened.lock)
        self._document.held_by = opened.held_by
        self._document.journal = opened.journal

    @property
    def holds(self) -> bool:
        """Whether the lock is ours."""
        return self._lock is not None

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

    def moved(self, folder: Path, path: Path, mark: SaveMark, lock: Lock | None) -> None:
        """The project was saved to another place.

        Raises
        ------
        kawasolar.document.journal.JournalFailed
            The journal of the old place goes on.
        """
        self.hold(lock)
        self._document.held_by = None
        if self._document.journal is not None:
            self._document.journal = self._document.journal.moved(folder, path, mark)

    def saved(self, seq: int) -> None:
        """Edits up to this number are in the file."""
        if self._document.journal is not None:
            try:
                self._document.journal.saved(seq)
            except (PlanError, OSError) as error:
                # The project is saved; the journal only is too long now.
                self._document.journal_failed(error)

    def sync(self) -> None:
        """Put on the disk what was entered."""
        if self._document.journal is not None:
            try:
                self._document.journal.sync()
            except (PlanError, OSError) as error:
                self._document.journal_failed(error)

    def _on_beat(self) -> None:
        if self._lock is not None and not self._lock.beat():
            self._lock = None
            self._beat.stop()
            self.lost.emit()
