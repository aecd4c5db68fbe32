"""Entry of the window: shown first, everything heavy after it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PySide6.QtCore import QLibraryInfo, QSettings, QTimer, QTranslator
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from kawasolar.words import LANGUAGES, Language
from ui import crash, icons
from ui.collector import Collector
from ui.settings import Remembered
from ui.theme import THEMES, Theme
from ui.tokens import LIGHT
from ui.window import MainWindow
from ui.work import SUFFIX, import_heavy


@dataclass(frozen=True)
class Options:
    """What the command line asks of the window."""

    project: Path | None = None
    smoke: float | None = None
    language: Language | None = None
    theme: Theme | None = None
    restore: bool = True


def parse(argv: list[str]) -> Options:
    """Read ``[--lang ja|en] [--theme light|dark|system] [--smoke SECONDS] [--no-restore] [PROJECT]``."""
    import argparse

    parser = argparse.ArgumentParser(prog="kawasolar", add_help=False, allow_abbrev=False)
    parser.add_argument("project", nargs="?", type=Path)
    parser.add_argument("--lang", choices=LANGUAGES)
    parser.add_argument("--theme", choices=THEMES)
    parser.add_argument("--smoke", type=float, metavar="SECONDS")
    parser.add_argument("--no-restore", action="store_true")
    found, _rest = parser.parse_known_args(argv)
    return Options(
        found.project,
        found.smoke,
        cast("Language | None", found.lang),
        cast("Theme | None", found.theme),
        not found.no_restore,
    )


def install_qt_words(app: QApplication, language: Language) -> None:
    """Qt's own dialogs in the language of the window."""
    old = app.property("qtWords")
    if isinstance(old, QTranslator):
        app.removeTranslator(old)
    translator = QTranslator(app)
    if translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)
    app.setProperty("qtWords", translator)


def make_app(argv: list[str]) -> QApplication:
    """The one QApplication, named so that its settings find their place."""
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG")):
        os.environ["LC_ALL"] = "C.UTF-8"
    app = cast("QApplication | None", QApplication.instance()) or QApplication([sys.argv[0], *argv])
    app.setApplicationName("KawaSolar")
    app.setOrganizationName("KawaSolar")
    app.setApplicationDisplayName("KawaSolar")
    app.setWindowIcon(QIcon(icons.pixmap("solar-power-variant-outline", LIGHT.accent, 64)))
    return app


def run(argv: list[str]) -> int:
    """Show the window and stay until it is closed; returns the exit code.

    ``--smoke SECONDS`` closes it by itself: 0 once it has been painted, 1 if it never was.
    """
    options = parse(argv)
    app = make_app([])
    Collector(app)
    remembered = Remembered() if options.restore else Remembered(_forgetful())
    window = MainWindow(remembered, language=options.language, theme_choice=options.theme)
    install_qt_words(app, window.look.language)
    crash.install(window, window.look)
    seen: list[bool] = []
    window.painted.connect(lambda: seen.append(True))
    window.painted.connect(lambda: after_paint(window, options.project))
    window.show()
    if options.smoke is not None:
        QTimer.singleShot(round(options.smoke * 1000), lambda: _leave(window))
    code = app.exec()
    window.jobs.shutdown()
    return (0 if seen else 1) if options.smoke is not None else code


def after_paint(window: MainWindow, project: Path | None) -> None:
    """The window stands: load the libraries, and the project that was asked for."""
    crash.start_log(crash.log_folder())
    if project is not None:
        window.controller.open(project if project.suffix else project.with_suffix(SUFFIX))
    else:
        window.jobs.start(import_heavy, "libraries")
    QTimer.singleShot(0, window.ensure_parts)


def _leave(window: MainWindow) -> None:
    window.jobs.shutdown()
    QApplication.exit(0)


def _forgetful() -> QSettings:
    """Settings that begin empty and are kept nowhere that matters."""
    import tempfile

    store = QSettings(str(Path(tempfile.mkdtemp(prefix="kawasolar-")) / "settings.ini"), QSettings.Format.IniFormat)
    store.clear()
    return store
