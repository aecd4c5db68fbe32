"""How soon a key of the review of links answers, with a thousand facilities: from the key until the window has been painted.

    QT_QPA_PLATFORM=offscreen python benchmarks/review.py [facilities]

Beside the time on the clock that of the window's thread alone on the processor, which says what a quieter machine would take. First with few changes, then with other
buildings named for all facilities but ten; at the end how long the window is held when the review is left, and until what follows from it has been computed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.map_frames import town
from kawasolar.document import edits
from kawasolar.project import project_of
from kawasolar.stages.run import stamped
from ui import work
from ui.app import make_app
from ui.collector import Collector
from ui.settings import Remembered
from ui.window import MainWindow

if TYPE_CHECKING:
    from kawasolar.plan import Plan, Project

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
        window.document.set_project(_fresh(plan), None, saved=True)
        _rest(1.0)
        window.show_step("join")
        _rest(2.0)
        _keys(window, 1)
        _name_all(window)
        print("all but ten changed")
        window.review.queue.show_only("all")
        _rest(3.0)
        _keys(window, 3)
        _leave(window)
        window.controller.may_close = lambda: True  # type: ignore[method-assign]
        window.close()
        window.jobs.shutdown()


def _fresh(plan: Plan) -> Project:
    """The project, computed from what it was entered: only what the review changes is stale."""
    project = project_of(plan)
    return replace(project, plans={project.active: stamped(project.plan, project.profile)})


def _keys(window: MainWindow, part: int) -> None:
    """Each key, a line each; ``part``: so many times less often."""
    for name, key, times in KEYS:
        measured = [_press(window, key) for _ in range(times // part)]
        clock, own = ([1000.0 * one[k] for one in measured] for k in (0, 1))
        print(
            f"{name}: {statistics.median(clock):.0f} ms (most {max(clock):.0f}), on the window's thread {statistics.median(own):.0f} ms (most {max(own):.0f})"
        )


def _name_all(window: MainWindow) -> None:
    """Another building for each facility but ten."""
    document = window.document
    plan, entries = document.plan, document.entries
    assert plan is not None
    assert entries is not None
    taken = set(plan.results.links["building_id"])
    free = (name for name in plan.results.buildings["building_id"] if name not in taken)
    wanted = {}
    for facility in plan.facilities["facility_id"].tolist()[:-10]:
        edit = edits.correct_join(entries, facility, [next(free)], document.author(), ())
        wanted |= {(change.table, change.key): change.after for change in edit.changes}
    document.do(edits.edit_of(entries, "ui.undo.join", wanted, facility=""))


def _leave(window: MainWindow) -> None:
    begin, own, longest = time.perf_counter(), time.thread_time(), 0.0
    window.show_step("half")
    held = time.perf_counter() - begin
    while window.document.waiting:
        turn = time.perf_counter()
        QApplication.processEvents()
        longest = max(longest, time.perf_counter() - turn)
        time.sleep(0.005)
    all_of_it, own = time.perf_counter() - begin, time.thread_time() - own
    print(
        f"left: window held {1000 * held:.0f} ms, then {1000 * longest:.0f} ms to show what was computed, {1000 * all_of_it:.0f} ms in all, on the window's thread {1000 * own:.0f} ms"
    )


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
