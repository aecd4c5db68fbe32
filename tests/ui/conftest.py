"""A window of its own for each test: settings in a temporary file, offscreen, closed afterwards."""

from __future__ import annotations

import os
import shutil

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from ui import work
from ui.settings import Remembered
from ui.window import MainWindow

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan, Project


@pytest.fixture(scope="session")
def example_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example plan with a decision by the real rules, as a project that lies on disk beside its rasters."""
    from kawasolar.decide import decide, default_settings
    from kawasolar.project import carry_cache, project_of, save_project
    from kawasolar.stages import stamped
    from kawasolar.use import compute_use
    from tests.support.plans import example_plan

    folder = tmp_path_factory.mktemp("plan")
    plan = example_plan(folder, 60)
    settings = default_settings(plan.profile)
    plan = replace(plan, settings=settings, decision=decide(plan.facilities, plan.results, plan.profile, settings))
    plan = replace(plan, use=compute_use(plan, plan.results.yields, plan.results.hourly)[0])
    project = project_of(plan)
    project = replace(project, plans={"s1": stamped(project.plan, project.profile)})
    save_project(project, folder / "example.kawasolar")
    return carry_cache(project, folder / "example.kawasolar")


@pytest.fixture(scope="session")
def example(example_project: Project) -> Plan:
    """The one scenario of the example."""
    return example_project.plan


@pytest.fixture(scope="session")
def example_path(example_project: Project) -> Path:
    """Where the example lies."""
    from kawasolar.project.format import cache_root_of

    return cache_root_of(example_project.plan.cache).with_name("example.kawasolar")


@pytest.fixture(autouse=True)
def no_windows_of_before(qapp: QApplication) -> None:
    """Windows that pytest-qt has closed go at once: hundreds of them alive make every change of style slow."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def remembered(tmp_path: Path) -> Remembered:
    """Settings that nobody else sees."""
    return Remembered(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def make_window(
    qtbot: QtBot, remembered: Remembered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., MainWindow]]:
    """Windows that are closed without questions when the test ends."""
    made: list[MainWindow] = []
    monkeypatch.setattr(work, "recovery_folder", lambda: tmp_path / "recovery")

    def make(**options: object) -> MainWindow:
        window = MainWindow(remembered, **{"language": "ja", "theme_choice": "light", **options})  # type: ignore[arg-type]
        # pytest-qt closes its widgets before this fixture ends; no question may wait for an answer then.
        monkeypatch.setattr(window.controller, "may_close", lambda: True)
        qtbot.addWidget(window)
        window.resize(1440, 900)
        window.show()
        qtbot.waitExposed(window)
        made.append(window)
        return window

    yield make
    for window in made:
        window.close()
        assert window.jobs.shutdown(20_000)


@pytest.fixture
def window(make_window: Callable[..., MainWindow], example_project: Project, example_path: Path) -> MainWindow:
    """A window on the example plan."""
    made = make_window()
    made.document.set_project(example_project, example_path, saved=True)
    return made


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small town with its project."""
    folder = tmp_path_factory.mktemp("町")
    from kawasolar.pipeline import PlanInputs, make_and_save
    from tests.support.town import small_town

    files = small_town(folder)
    make_and_save(
        PlanInputs(*(files[role] for role in ("dsm", "buildings", "facilities", "weather")), folder / "計画.kawasolar")
    )
    return folder


@pytest.fixture
def place(town: Path, tmp_path: Path) -> Path:
    """A copy to work on."""
    shutil.copytree(town, tmp_path / "案件")
    return tmp_path / "案件" / "計画.kawasolar"


@pytest.fixture
def opened(make_window: Callable[..., MainWindow], qtbot: QtBot, place: Path) -> MainWindow:
    window = make_window()
    window.controller.open(place)
    qtbot.waitUntil(lambda: window.document.plan is not None, timeout=60_000)
    return window


def is_settled(window: MainWindow) -> bool:
    """Whether nothing runs and nothing waits to be computed, by the stages themselves: the window tells that a moment later."""
    from kawasolar.stages import states

    project = window.document.project
    if project is None or window.controller.is_running:
        return False
    return all(state.is_fresh for state in states(project.plan, project.profile, window.document.observed))
