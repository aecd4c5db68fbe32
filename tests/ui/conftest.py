"""A window of its own for each test: settings in a temporary file, offscreen, closed afterwards."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QSettings

from ui.settings import Remembered
from ui.window import MainWindow

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The example plan with a decision by the real rules, saved on disk beside its rasters."""
    from kawasolar.decide import decide, default_settings
    from kawasolar.project import save_plan
    from tests.support.plans import example_plan

    folder = tmp_path_factory.mktemp("plan")
    plan = example_plan(folder, 60)
    settings = default_settings(plan.profile)
    plan = replace(plan, settings=settings, decision=decide(plan.facilities, plan.results, plan.profile, settings))
    save_plan(plan, folder / "example.kawasolar")
    return plan


@pytest.fixture
def remembered(tmp_path: Path) -> Remembered:
    """Settings that nobody else sees."""
    return Remembered(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def make_window(
    qtbot: QtBot, remembered: Remembered, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., MainWindow]]:
    """Windows that are closed without questions when the test ends."""
    made: list[MainWindow] = []

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
def window(make_window: Callable[..., MainWindow], example: Plan) -> MainWindow:
    """A window on the example plan."""
    made = make_window()
    made.document.set_plan(example, example.cache.parent / "example.kawasolar", saved=True)
    return made
