"""Files, calculation and faults: what the window does off its own thread."""

from __future__ import annotations

import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QDialogButtonBox, QMessageBox

from gis.errors import CrsMissing
from gis.progress import Cancelled, Progress
from kawasolar.errors import UnreadableProject
from ui import work
from ui.crash import FaultDialog
from ui.jobs import Jobs
from ui.settings import Remembered
from ui.window import MainWindow

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan, Project

WAIT = 30_000


# -------------------------------------------------------------------- save, open


def test_save_and_open_bring_everything_back(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    document = window.document
    window.half.slider.setValue(80)
    window.half.rows["flood"].check.click()
    document.pin([str(document.plan.facilities["facility_id"].iloc[7])])  # type: ignore[union-attr]
    wanted, decision = document.settings, document.decision
    assert decision is not None
    path = tmp_path / "計画 その 1.kawasolar"
    window.controller.save_to(path)
    qtbot.waitUntil(lambda: not document.dirty, timeout=WAIT)
    assert window.status.saved.text() == "保存済み"
    assert window.remembered.recent[0] == path
    document.set_project(None, None, saved=True)
    assert window.pages.currentWidget() is window.start
    window.controller.open(path)
    assert window.pages.currentWidget() is window.loading
    qtbot.waitUntil(lambda: document.plan is not None, timeout=WAIT)
    assert document.settings == wanted
    assert document.decision.sites["chosen"].tolist() == decision.sites["chosen"].tolist()  # type: ignore[union-attr]
    assert not document.dirty
    assert (path.parent / document.plan.cache.relative_to(path.parent) / "irradiation.tif").is_file()  # type: ignore[union-attr]
    assert window.pages.currentWidget() is window.map_frame


def test_what_is_turned_while_saving_stays_unsaved(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    job = window.controller.save_to(tmp_path / "a.kawasolar")
    assert job is not None
    with qtbot.waitSignal(job.ended, timeout=WAIT):
        window.half.slider.setValue(12)
    assert window.document.dirty


def test_a_damaged_project_says_so_and_leaves_what_is_open(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, example: Plan
) -> None:
    bad = tmp_path / "bad.kawasolar"
    bad.write_bytes(b"not a geopackage")
    window.controller.open(bad)
    qtbot.waitUntil(window.banner.isVisible, timeout=WAIT)
    assert "bad.kawasolar" in window.banner.text
    assert "KawaSolar のプロジェクトファイルではありません" in window.banner.text
    assert window.document.plan is example
    assert window.pages.currentWidget() is window.map_frame
    window.banner.close_button.click()
    assert not window.banner.isVisible()


@pytest.mark.parametrize(("role", "goes"), [("discard", True), ("stay", False), ("save", True)])
def test_unsaved_changes_are_asked_about(
    window: MainWindow, role: str, goes: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(window.document, "_path", tmp_path / "kept.kawasolar")
    assert window.controller.may_discard(), "nothing is unsaved"
    window.half.slider.setValue(20)
    words = window.look.say(f"ui.unsaved.{role}")

    def answer(box: QMessageBox) -> int:
        next(b for b in box.buttons() if b.text() == words).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    assert window.controller.may_discard() is goes
    assert (tmp_path / "kept.kawasolar").is_file() is (role == "save")
    assert window.document.dirty is (role != "save")


def test_changed_inputs_are_stale(tmp_path: Path, example: Plan) -> None:
    import hashlib

    path = tmp_path / "facilities.csv"
    path.write_bytes(b"a,b\n1,2\n")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = replace(example.inputs[2], path=str(path), size=8, sha256=digest)
    plan = replace(example, inputs=(entry,))

    def changed(since: float | None) -> bool:
        return work.observe_inputs(plan, since, tmp_path / "plan.kawasolar").inputs != plan.inputs

    assert not changed(0.0)
    assert not changed(None)
    path.write_bytes(b"a,b\n1,3\n")
    assert changed(0.0)
    path.write_bytes(b"a,b\n1,2\n3,4\n")
    assert changed(time.time() + 1000)
    path.unlink()
    assert not changed(0.0)


# -------------------------------------------------------------------- exports


@pytest.mark.parametrize("kind", ["xlsx", "csv", "gpkg", "png"])
def test_exports_from_the_window(window: MainWindow, qtbot: QtBot, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"一覧.{kind}"
    window.show_step("output")
    job = window.controller.papers.export_to(kind, path)
    assert job is not None
    with qtbot.waitSignal(job.ended, timeout=60_000):
        pass
    assert window.banner.isVisible()
    assert path.name in window.banner.text
    name = str(window.document.plan.facilities["name"].iloc[0])  # type: ignore[union-attr]
    if kind == "xlsx":
        with zipfile.ZipFile(path) as book:
            assert any(name in book.read(part).decode("utf-8") for part in book.namelist() if part.endswith(".xml"))
    elif kind == "csv":
        assert name in path.read_text(encoding="utf-8-sig")
    elif kind == "gpkg":
        with sqlite3.connect(path) as base:
            layers = [row[0] for row in base.execute("SELECT table_name FROM gpkg_contents")]
        assert layers
    else:
        from PySide6.QtGui import QImage

        assert QImage(str(path)).width() > 500
    qtbot.waitUntil(lambda: [paper.state for paper in window.output._papers] == ["current"], timeout=WAIT)
    window.half.slider.setValue(90)
    qtbot.waitUntil(lambda: [paper.state for paper in window.output._papers] == ["out_of_date"], timeout=WAIT)
    assert window.output.again.isVisible()
    window.output.again.click()
    qtbot.waitUntil(lambda: [paper.state for paper in window.output._papers] == ["current"], timeout=WAIT)
    path.unlink()
    window.show_step("data")
    window.show_step("output")
    qtbot.waitUntil(lambda: [paper.state for paper in window.output._papers] == ["missing"], timeout=WAIT)


def test_an_export_that_cannot_be_written_says_what_to_do(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "no folder").write_text("a file")
    job = window.controller.papers.export_to("csv", tmp_path / "no folder" / "a.csv")
    assert job is not None
    with qtbot.waitSignal(job.ended, timeout=WAIT):
        pass
    assert window.banner.isVisible()
    assert "a.csv" in window.banner.text or "no folder" in window.banner.text
    assert window.banner.property("kind") == "error"


# -------------------------------------------------------------------- calculation


def test_run_shows_progress_and_takes_the_result(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, example: Plan
) -> None:
    go = threading.Event()

    def slow(
        project: Project, scenarios: object, attic: object, force: bool, bench: object, progress: Progress
    ) -> work.Computed:
        progress(0.4, "horizon")
        go.wait(20)
        plan = project.plan
        stamps = {**plan.stamps, "survey": replace(plan.stamps["survey"], made="2030-01-01T00:00:00+00:00")}
        done = replace(plan, name="計算し直した計画", stamps=stamps)
        return work.Computed(replace(project, plans={project.active: done}), work.Seen(plan.inputs, ()), 1.0)

    monkeypatch.setattr(work, "compute_stale", slow)
    window.top.run.click()
    qtbot.waitUntil(lambda: "40 %" in window.top.stage.text(), timeout=WAIT)
    assert window.top.cancel.isVisible()
    assert not window.top.run.isVisible()
    window.half.slider.setValue(75)
    go.set()
    qtbot.waitUntil(lambda: not window.controller.is_running, timeout=WAIT)
    assert window.top.name.text() == "計算し直した計画"
    assert window.document.settings.share == 0.75, "what was turned meanwhile counts"  # type: ignore[union-attr]
    assert window.document.dirty
    assert window.top.run.isVisible()


def test_cancel_stops_the_work_and_keeps_the_results(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, example: Plan
) -> None:
    stopped = threading.Event()

    def endless(*values: object) -> work.Computed:
        progress = cast("Progress", values[-1])
        try:
            while True:
                progress(0.1, "survey")
                time.sleep(0.005)
        except Cancelled:
            stopped.set()
            raise

    monkeypatch.setattr(work, "compute_stale", endless)
    window.controller.run()
    qtbot.waitUntil(lambda: "10 %" in window.top.stage.text(), timeout=WAIT)
    window.top.cancel.click()
    qtbot.waitUntil(lambda: not window.controller.is_running, timeout=WAIT)
    assert stopped.is_set()
    assert window.document.plan is example
    assert "中止" in window.banner.text


def test_cancel_of_a_first_calculation_goes_back_to_the_start(
    make_window: Callable[..., MainWindow], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def endless(*values: object) -> None:
        progress = cast("Progress", values[-1])
        while True:
            progress(0.1, "survey")
            time.sleep(0.005)

    monkeypatch.setattr(work, "new_project", endless)
    monkeypatch.setattr(work, "sample_target", lambda: tmp_path / "sample" / "sample.kawasolar")
    window = make_window()
    window.start.sample.click()
    qtbot.waitUntil(lambda: "10 %" in window.top.stage.text(), timeout=WAIT)
    window.top.cancel.click()
    qtbot.waitUntil(lambda: not window.controller.is_running and not window.controller.is_loading, timeout=WAIT)
    assert window.pages.currentWidget() is window.start
    assert not window.top.run.isVisible()
    assert "前の結果" not in window.banner.text
    assert window.banner.isVisible()
    window.start.sample.click()
    assert not window.banner.isVisible()
    window.controller.cancel()
    qtbot.waitUntil(lambda: not window.controller.is_running, timeout=WAIT)


def test_a_sample_of_an_older_version_is_made_again(
    make_window: Callable[..., MainWindow],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    example_project: Project,
) -> None:
    target = tmp_path / "sample.kawasolar"
    target.write_bytes(b"of another time")
    monkeypatch.setattr(work, "sample_target", lambda: target)
    monkeypatch.setattr(work, "new_project", lambda inputs, *_more: made(inputs.out))

    def made(out: Path) -> work.Opened:
        work.save_project_to(example_project, out, None, lambda _share, _what: None)
        return work.Opened(example_project, out)

    window = make_window()
    window.start.sample.click()
    qtbot.waitUntil(lambda: window.document.project is example_project, timeout=WAIT)
    assert not window.banner.isVisible()


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (CrsMissing("raster.no_crs", file="dsm.asc"), "dsm.asc"),
        (UnreadableProject("project.newer", file="x", program="KawaSolar 9", found=9, expected=1), "KawaSolar 9"),
        (MemoryError(), "メモリー"),
        (PermissionError(13, "denied", "一覧.xlsx"), "一覧.xlsx"),
    ],
)
def test_known_errors_become_a_banner(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, error: Exception, part: str
) -> None:
    def fail(*_values: object) -> work.Computed:
        raise error

    monkeypatch.setattr(work, "compute_stale", fail)
    window.controller.run()
    qtbot.waitUntil(window.banner.isVisible, timeout=WAIT)
    assert part in window.banner.text
    assert window.banner.property("kind") == "error"


def test_a_fault_shows_its_details(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_values: object) -> work.Computed:
        raise ZeroDivisionError("the answer")

    monkeypatch.setattr(work, "compute_stale", fail)
    window.controller.run()
    qtbot.waitUntil(lambda: bool(window.findChildren(FaultDialog)), timeout=WAIT)
    dialog = window.findChildren(FaultDialog)[0]
    assert "ZeroDivisionError: the answer" in dialog.text.toPlainText()
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Close).click()


# -------------------------------------------------------------------- jobs


def test_a_newer_job_makes_the_older_stale(qtbot: QtBot) -> None:
    jobs, results = Jobs(), []
    begin = threading.Event()

    def first(progress: Progress) -> str:
        begin.set()
        while True:
            progress(0.0, "x")
            time.sleep(0.002)

    old = jobs.start(first, "topic")
    old.done.connect(results.append)
    old.cancelled.connect(lambda: results.append("cancelled"))
    assert begin.wait(10)
    new = jobs.start(lambda progress: "new", "topic")
    new.done.connect(results.append)
    qtbot.waitUntil(lambda: not jobs.running(), timeout=WAIT)
    assert results == ["new"]
    assert jobs.shutdown()


def test_progress_is_throttled_and_the_end_is_told(qtbot: QtBot) -> None:
    jobs, told = Jobs(), []

    def work_(progress: Progress) -> None:
        for k in range(20_001):
            progress(k / 20_000, "x")

    job = jobs.start(work_, "busy", pool="kernel")
    job.progressed.connect(lambda share, _what: told.append(share))
    qtbot.waitUntil(lambda: not jobs.running(), timeout=WAIT)
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert len(told) < 400
    assert jobs.shutdown()


def test_shutdown_cancels_and_waits() -> None:
    jobs, begin = Jobs(), threading.Event()

    def endless(progress: Progress) -> None:
        begin.set()
        while True:
            progress(0.0, "x")
            time.sleep(0.002)

    jobs.start(endless, "endless", pool="kernel")
    assert begin.wait(10)
    assert jobs.shutdown(10_000)


def test_coordinate_systems_made_in_one_job_serve_in_the_next(qtbot: QtBot) -> None:
    """QThreadPool's thread states made pyproj crash here; Python's own threads do not."""
    from pyproj import CRS

    jobs, names = Jobs(), []
    for code in (6677, 4326, 6678):
        job = jobs.start(lambda progress, code=code: CRS.from_epsg(code).name, f"crs{code}")  # type: ignore[misc]
        job.done.connect(names.append)
    qtbot.waitUntil(lambda: not jobs.running(), timeout=WAIT)
    assert len(names) == 3
    assert jobs.shutdown()


# -------------------------------------------------------------------- memory of the program


def test_remembers_docks_language_theme_and_recent(
    make_window: Callable[..., MainWindow], example_project: Project, example_path: Path, tmp_path: Path
) -> None:
    first = make_window()
    first.document.set_project(example_project, example_path, saved=True)
    first.set_language("en")
    first.set_theme("dark")
    first.docks["inspector"].hide()
    first.remembered.add_recent(example_path)
    first.close()
    again = Remembered(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    assert (again.language, again.theme) == ("en", "dark")
    assert [path.name for path in again.recent] == ["example.kawasolar"]
    second = make_window(language=None, theme_choice=None)
    assert second.look.language == "en"
    assert second.look.tokens.name == "dark"
    second.document.set_project(example_project, None, saved=True)
    assert not second.docks["inspector"].isVisible()
    assert second.docks["table"].isVisible()


def test_the_window_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    heavy = ("numpy", "pandas", "geopandas", "rasterio", "pvlib", "numba", "pyqtgraph", "shapely", "pyproj")
    code = f"import sys, ui.app; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert found.stdout.strip() == "[]"


def test_smoke_leaves_by_itself() -> None:
    import os
    import subprocess
    import sys

    found = subprocess.run(
        [sys.executable, "-m", "kawasolar", "--smoke", "1", "--no-restore"],
        check=False, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2], env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
