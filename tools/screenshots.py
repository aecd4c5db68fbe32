"""Pictures of the window for the README: the plan in Japanese and in English, a roof with its modules; offscreen, from a real plan.

    python tools/screenshots.py [PLAN.kawasolar] [--out FOLDER] [--all]

Without a plan ``out/plan.kawasolar`` (what ``make run`` leaves) is shown. ``--all`` adds the sizes and panels that are
looked at before a release: 1366×768, 2560×1440, every step and every tab.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from kawasolar.words import Language
    from ui.theme import Theme
    from ui.window import MainWindow

PATIENCE = 60.0


@dataclass(frozen=True)
class Shot:
    """One picture."""

    name: str
    language: Language
    theme: Theme
    size: tuple[int, int] = (1440, 900)
    step: str = "half"
    tab: int = 0
    plan: bool = True
    # Share of the map that the selected facility fills; the whole plan without it.
    close: float | None = None


README = (
    Shot("window-ja-light", "ja", "light"),
    Shot("roof-ja-dark", "ja", "dark", step="roofs", tab=1, close=0.75),
    Shot("window-en-light", "en", "light"),
)
MORE = (
    Shot("check-1366-ja", "ja", "light", (1366, 768)),
    Shot("check-1366-en", "en", "dark", (1366, 768), "data", 3),
    Shot("check-2560-ja", "ja", "light", (2560, 1440), "roofs", 1),
    Shot("check-roofs", "ja", "light", step="roofs", tab=1),
    Shot("check-output", "en", "light", step="output", tab=2),
    Shot("check-data", "ja", "dark", step="data", tab=3),
    Shot("check-start", "ja", "light", plan=False),
)


def take(shot: Shot, plan: Path, folder: Path) -> Path:
    """Show the window as a user would see it and save what it shows."""
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from ui import work
    from ui.app import install_qt_words
    from ui.settings import Remembered
    from ui.window import MainWindow

    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise TypeError("make_app comes first")
    with tempfile.TemporaryDirectory() as place:
        # Nobody's unsaved edits are offered in a picture.
        work.recovery_folder = lambda: Path(place) / "recovery"
        store = QSettings(str(Path(place) / "settings.ini"), QSettings.Format.IniFormat)
        window = MainWindow(Remembered(store), language=shot.language, theme_choice=shot.theme)
        install_qt_words(app, shot.language)
        window.resize(*shot.size)
        window.show()
        window.ensure_parts()
        if shot.plan:
            window.controller.open(plan)
            _until(app, lambda: window.document.plan is not None and not window.controller.is_loading)
            _arrange(app, window, shot)
        for _ in range(20):
            app.processEvents()
        target = folder / f"{shot.name}.png"
        window.grab().save(str(target))
        window.controller.may_close = lambda: True  # type: ignore[method-assign]
        window.close()
        window.deleteLater()
        app.processEvents()
    return target


def _arrange(app: object, window: MainWindow, shot: Shot) -> None:
    """Select the second best site, turn to the step and the tab, and wait for the map."""
    decision, view = window.document.decision, window.map
    if decision is None or view is None:
        return
    sites = decision.sites
    chosen = sites[sites["chosen"].to_numpy(dtype=bool)].sort_values("rank")
    if len(chosen):
        window.document.select(str(chosen["facility_id"].iloc[min(1, len(chosen) - 1)]))
    window.show_step(shot.step)
    window.inspector.tabs.setCurrentIndex(shot.tab)
    selected = window.document.selected
    if shot.close is not None and selected is not None:
        view.zoom_to(selected, shot.close)
    _until(app, view.is_idle)


def _until(app: object, ready: object) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():  # type: ignore[operator]
        if time.monotonic() > end:
            raise TimeoutError("the window did not come to rest")
        app.processEvents()  # type: ignore[attr-defined]
        time.sleep(0.01)
    quiet = time.monotonic() + 0.3
    while time.monotonic() < quiet:
        app.processEvents()  # type: ignore[attr-defined]
        time.sleep(0.01)


def main() -> int:
    """Take the pictures; 1 where there is no plan to show."""
    parser = argparse.ArgumentParser(description="Pictures of the window")
    parser.add_argument("plan", nargs="?", type=Path, default=ROOT / "out" / "plan.kawasolar")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--all", action="store_true")
    found = parser.parse_args()
    if not found.plan.is_file():
        sys.stderr.write(f"{found.plan} is missing: run `make run` first, or name a plan\n")
        return 1
    from ui.app import make_app

    app = make_app([])
    found.out.mkdir(parents=True, exist_ok=True)
    for shot in (*README, *MORE) if found.all else README:
        sys.stdout.write(f"{take(shot, found.plan, found.out)}\n")
    app.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
