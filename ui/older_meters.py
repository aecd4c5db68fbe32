"""Files of half hours that a plan had before and nobody needs any more: how many, how large, and a button that takes them away."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QFile, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from ui import work
from ui.parts import button, label, row

if TYPE_CHECKING:
    from pathlib import Path

    from gis.progress import Progress
    from kawasolar.meters import OlderStore
    from ui.document import Document
    from ui.jobs import Jobs
    from ui.look import Look

_TOPIC = "older meters"
# Names that a question lists.
_LISTED = 8


def discard(path: Path) -> bool:
    """Into the system's bin; where there is none, as on a share, for good. False where somebody has the file open."""
    if QFile(str(path)).moveToTrash():
        return True
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


class OlderMeters(QWidget):
    """A line that is there only where something is left over.

    Signals
    -------
    told : a sentence about what was done
    """

    told = Signal(str)

    def __init__(self, look: Look, jobs: Jobs, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._jobs, self._document = look, jobs, document
        self.found: tuple[OlderStore, ...] = ()
        line = row(8)
        line.setContentsMargins(0, 0, 0, 0)
        self.setLayout(line)
        self.words = label("", "muted", wrap=True)
        self.remove = button(look.say("ui.meters.older.remove"), "link", tip=look.say("ui.meters.older.tip"))
        self.remove.setAutoDefault(False)
        self.remove.clicked.connect(self._ask)
        line.addWidget(self.words, 1)
        line.addWidget(self.remove)
        self.hide()

    def look(self, store: Path | None) -> None:
        """Look for files that this one followed."""
        from kawasolar.meters import older_stores

        document, journals = self._document, work.recovery_folder()
        project = document.path
        if store is None or project is None or document.held_by is not None:
            return
        needed = document.named_files()
        job = self._jobs.start(lambda progress: older_stores(store, project, needed, journals, progress), _TOPIC)
        job.done.connect(lambda found: self._show(cast("tuple[OlderStore, ...]", found)))

    def _show(self, found: tuple[OlderStore, ...]) -> None:
        self.found = found
        megabytes = sum(one.size for one in found) / 1e6
        self.words.setText(self._look.say("ui.meters.older", count=f"{len(found):,}", megabytes=f"{megabytes:,.1f}"))
        self.setVisible(bool(found))

    def _ask(self) -> None:
        say, names = self._look.say, [one.path.name for one in self.found]
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(say("ui.meters.title"))
        box.setText(say("ui.meters.older.ask", count=f"{len(names):,}"))
        more = [say("ui.meters.older.more", number=f"{len(names) - _LISTED:,}")] if len(names) > _LISTED else []
        box.setInformativeText("\n".join([*names[:_LISTED], *more, "", say("ui.meters.older.ask_more")]))
        yes = box.addButton(say("ui.meters.older.yes"), QMessageBox.ButtonRole.DestructiveRole)
        no = box.addButton(say("ui.new.cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)
        box.exec()
        if box.clickedButton() is yes:
            self.take_away()

    def take_away(self) -> None:
        """Take them away, off the window's thread."""
        found = self.found

        def work_(progress: Progress) -> object:
            left = []
            for done, one in enumerate(found):
                progress(done / len(found), "meters")
                if not discard(one.path):
                    left.append(one)
            return tuple(left)

        self.remove.setEnabled(False)
        job = self._jobs.start(work_, _TOPIC)
        job.done.connect(lambda left: self._on_removed(found, cast("tuple[OlderStore, ...]", left)))
        job.ended.connect(lambda: self.remove.setEnabled(True))

    def _on_removed(self, found: tuple[OlderStore, ...], left: tuple[OlderStore, ...]) -> None:
        self._show(left)
        code = "ui.meters.older.in_use" if left else "ui.meters.older.removed"
        self.told.emit(self._look.say(code, count=f"{len(found) - len(left):,}", left=f"{len(left):,}"))
