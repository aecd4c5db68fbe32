"""Pictures of the window for the README: the sample's plan, in both languages and both themes.

    python tools/screenshots.py [PROJECT.kawasolar] [FOLDER]

Run by ``make screenshots``. Needs no screen: Qt draws offscreen.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from kawasolar.words import Language
from ui.app import install_qt_words, make_app
from ui.settings import Remembered
from ui.theme import Theme
from ui.window import MainWindow

SIZE = (1600, 1000)
PATIENCE = 120.0
# Language, theme, step, file.
PICTURES: tuple[tuple[Language, Theme, str, str], ...] = (
    ("ja", "light", "half", "window-ja-light.png"),
    ("en", "light", "half", "window-en-light.png"),
    ("ja", "dark", "roofs", "window-ja-dark.png"),
    ("en", "dark", "output", "window-en-dark.png"),
)


def wait(ready: Callable[[], bool], what: str, settle: float = 0.3) -> None:
    """Run a real event loop until ``ready`` has held for ``settle`` seconds; only such a loop deletes what is to be deleted later."""
    loop = QEventLoop()
    begin = since = time.monotonic()

    def look() -> None:
        nonlocal since
        now = time.monotonic()
        if not ready():
            since = now
        if now - since >= settle:
            loop.quit()
        elif now - begin > PATIENCE:
            loop.exit(1)

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(20)
    if loop.exec() != 0:
        raise SystemExit(f"screenshots: gave up waiting for {what}")


def best_site(window: MainWindow) -> str:
    """The chosen facility of the best rank: it has a roof and figures to show."""
    decision = window.document.decision
    if decision is None:
        raise SystemExit("screenshots: the plan has no decision")
    sites = decision.sites[decision.sites["chosen"]].sort_values("rank")
    return str(sites["facility_id"].iloc[0])


def take(app: QApplication, project: Path, target: Path, *, language: Language, dress: Theme, step: str) -> None:
    """One picture of a window as it opens on the first day."""
    with TemporaryDirectory() as temporary:
        remembered = Remembered(QSettings(str(Path(temporary) / "settings.ini"), QSettings.Format.IniFormat))
        window = MainWindow(remembered, language=language, theme_choice=dress)
        install_qt_words(app, language)
        window.resize(*SIZE)
        window.show()
        window.controller.open(project, ask=False)
        wait(lambda: window.document.plan is not None and window.map is not None, "the plan")
        window.document.select(best_site(window))
        window.show_step(step)
        wait(lambda: window.map is not None and window.map.is_idle(), "the map", settle=1.0)
        if not window.grab().save(str(target)):
            raise SystemExit(f"screenshots: {target} cannot be written")
        window.jobs.shutdown()
        window.close()
        window.deleteLater()
    print(target)


def main(arguments: list[str]) -> int:
    """Take all pictures."""
    project = Path(arguments[0]) if arguments else ROOT / "out" / "plan.kawasolar"
    folder = Path(arguments[1]) if len(arguments) > 1 else ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    app = make_app([])
    for language, dress, step, name in PICTURES:
        take(app, project, folder / name, language=language, dress=dress, step=step)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
