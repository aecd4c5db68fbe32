"""How soon a key of the review of links answers, with a thousand facilities: from the key until the window has been painted.

    QT_QPA_PLATFORM=offscreen python benchmarks/review.py [facilities]

Beside the time on the clock that of the window's thread alone on the processor, which says what a quieter machine would take.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.map_frames import town
from kawasolar.project import project_of
from ui import work
from ui.app import make_app
from ui.collector import Collector
from ui.settings import Remembered
from ui.window import MainWindow

K = Qt.Key
KEYS = (
    ("next", K.Key_N, 60), ("confirm", K.Key_Return, 60), ("put off", K.Key_S, 30), ("take another", K.Key_2, 30), ("no building", K.Key_0, 30),
    ("undo", K.Key_U, 30),
)  # fmt: skip
# Keys follow one another as a quick person presses them [s].
PAUSE = 0.15


def main() -> None:
    """Print a line for each key."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    app = make_app([])
    Collector(app)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        work.recovery_folder = lambda: folder / "recovery"
        plan = town(folder, 30 * wanted)
        store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        window = MainWindow(Remembered(store), language="ja", theme_choice="light")
        window.resize(1440, 900)
        window.show()
        window.ensure_parts()
        window.document.person = lambda: "benchmark"
        window.document.set_project(project_of(plan), None, saved=True)
        _rest(1.0)
        window.show_step("join")
        _rest(2.0)
        for name, key, times in KEYS:
            measured = [_press(window, key) for _ in range(times)]
            clock, own = ([1000.0 * one[k] for one in measured] for k in (0, 1))
            print(
                f"{name}: {statistics.median(clock):.0f} ms (most {max(clock):.0f}), on the window's thread {statistics.median(own):.0f} ms (most {max(own):.0f})"
            )
        window.controller.may_close = lambda: True  # type: ignore[method-assign]
        window.close()
        window.jobs.shutdown()


def _press(window: MainWindow, key: Qt.Key) -> tuple[float, float]:
    begin, own = time.perf_counter(), time.thread_time()
    QTest.keyClick(window.links.list, key)
    QApplication.processEvents()
    took = time.perf_counter() - begin, time.thread_time() - own
    _rest(PAUSE)
    if key in (K.Key_2, K.Key_0):
        QTest.keyClick(window.links.list, K.Key_N)
        _rest(PAUSE)
    return took


def _rest(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.005)


if __name__ == "__main__":
    main()
