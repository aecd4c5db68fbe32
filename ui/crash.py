"""Faults of the program itself: written to a log file, shown with details to copy, never swallowed."""

from __future__ import annotations

import logging
import logging.handlers
import platform
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from ui.look import Look

_LOG = logging.getLogger("kawasolar")


def log_folder() -> Path:
    """The user's folder of logs."""
    from platformdirs import user_log_path

    return user_log_path("KawaSolar", appauthor=False)


def start_log(folder: Path) -> None:
    """Write warnings and faults to a file that never grows beyond a megabyte."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "kawasolar.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)


def details(error: BaseException) -> str:
    """What one needs to know to mend it."""
    from kawasolar import __version__

    head = f"KawaSolar {__version__}\nPython {platform.python_version()}\n{platform.platform()}\n\n"
    return head + "".join(traceback.format_exception(error))


class FaultDialog(QDialog):
    """A fault with its details, to copy and send."""

    def __init__(self, error: BaseException, parent: QWidget | None, look: Look) -> None:
        super().__init__(parent)
        from ui.parts import label

        say = look.say
        self.setWindowTitle(say("ui.fault.title"))
        layout = QVBoxLayout(self)
        layout.addWidget(label(say("ui.fault.text", log=str(log_folder() / "kawasolar.log")), wrap=True))
        self.text = QPlainTextEdit(details(error))
        self.text.setReadOnly(True)
        self.text.setAccessibleName(say("ui.fault.details"))
        layout.addWidget(self.text, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(say("ui.fault.copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QApplication.clipboard().setText(self.text.toPlainText()))
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.resize(640, 420)


def report(error: BaseException, parent: QWidget | None, look: Look) -> FaultDialog:
    """Log the fault and show it."""
    _LOG.error("%s", details(error))
    dialog = FaultDialog(error, parent, look)
    dialog.open()
    return dialog


def install(window: QWidget, look: Look) -> None:
    """Show what nobody caught, of any thread, instead of dying."""

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
        elif threading.current_thread() is threading.main_thread():
            report(error.with_traceback(trace), window, look)
        else:
            _LOG.error("%s", details(error))

    sys.excepthook = caught
