"""A surface from a city model in the window: chosen, made, seen, and taken into a new plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from kawasolar.words import LANGUAGES, Language
from tests.support.plateau import House, city_model, gable, square
from ui.newplan import NewPlanDialog
from ui.surface_dialog import SurfaceDialog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

X, Y = -15000.0, -41000.0


@pytest.fixture
def model(tmp_path: Path) -> Path:
    houses = [
        House("gable", square(X, Y, 20.0), roofs=gable(X, Y, 20.0, 16.0, 20.0)),
        House("unknown", square(X + 60, Y, 10.0), top=13.0, attributes=""),
    ]
    path = tmp_path / "53392633_bldg_6697_op.gml"
    path.write_text(city_model(houses), encoding="utf-8")
    return path


def opened(
    make_window: Callable[..., MainWindow], qtbot: QtBot, folder: Path, language: Language = "ja"
) -> SurfaceDialog:
    window = make_window(language=language)
    window.ensure_parts()
    dialog = SurfaceDialog(window.look, window.jobs, window.remembered, window)
    qtbot.addWidget(dialog)
    dialog.folder.setText(str(folder))
    dialog.show()
    return dialog


@pytest.mark.parametrize("language", LANGUAGES)
def test_made_and_taken_into_a_new_plan(
    make_window: Callable[..., MainWindow], qtbot: QtBot, model: Path, tmp_path: Path, language: Language
) -> None:
    dialog = opened(make_window, qtbot, tmp_path, language)
    assert not dialog.make.isEnabled()
    dialog.lists["models"].take([model, model])
    assert dialog.lists["models"].paths == [model]
    assert dialog.make.isEnabled()
    dialog.make.click()
    assert dialog.progress.isVisible()
    assert not dialog.lists["models"].isEnabled()
    qtbot.waitUntil(lambda: dialog.made is not None, timeout=20_000)
    assert dialog.use.isVisible()
    assert not dialog.progress.isVisible()
    assert "LOD2" in dialog.counts.text()
    assert dialog.findings.count() == 2
    assert str(tmp_path) in dialog.state.text()
    wanted = dialog.inputs()
    assert wanted.dsm.is_file()
    assert wanted.buildings.is_file()
    plan = NewPlanDialog(dialog._look, dialog._jobs, dialog._remembered, None)
    qtbot.addWidget(plan)
    plan.take_surface(dialog)
    cards = [plan.cards[role] for role in ("dsm", "buildings", "roof_planes")]
    qtbot.waitUntil(lambda: all(card.checked is not None and card.checked.good for card in cards), timeout=20_000)
    assert [card.path for card in cards] == [wanted.dsm, wanted.buildings, model]
    # Another file, and what was made is of no use.
    dialog.lists["models"]._remove(model)
    assert dialog.made is None
    assert not dialog.use.isVisible()


def test_stopped_and_failed_it_says_so_and_can_go_on(
    make_window: Callable[..., MainWindow], qtbot: QtBot, model: Path, tmp_path: Path
) -> None:
    dialog = opened(make_window, qtbot, tmp_path)
    dialog.lists["models"].take([model])
    dialog.make.click()
    # Escape stops the work, and does not close the window.
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialog.progress.isVisible(), timeout=20_000)
    assert dialog.isVisible()
    assert dialog.made is None
    assert dialog.state.text() == dialog._look.say("ui.surface.stopped")
    assert not dialog.inputs().dsm.exists()
    broken = tmp_path / "broken.gml"
    broken.write_bytes(b"<x")
    dialog.lists["models"]._remove(model)
    dialog.lists["models"].take([broken])
    dialog.make.click()
    qtbot.waitUntil(lambda: not dialog.progress.isVisible(), timeout=20_000)
    assert "broken.gml" in dialog.state.text()
    # Among others it is left out, and that is seen.
    dialog.lists["models"].take([model])
    dialog.make.click()
    qtbot.waitUntil(lambda: dialog.made is not None, timeout=20_000)
    assert dialog.lacking.isVisibleTo(dialog)
    assert "1" in dialog.lacking.text()
    dialog.lists["models"]._remove(broken)
    dialog.make.click()
    qtbot.waitUntil(lambda: dialog.made is not None, timeout=20_000)
    assert not dialog.lacking.isVisibleTo(dialog)


def test_what_would_be_replaced_is_said_before(
    make_window: Callable[..., MainWindow], qtbot: QtBot, model: Path, tmp_path: Path
) -> None:
    dialog = opened(make_window, qtbot, tmp_path)
    dialog.inputs().dsm.write_bytes(b"before")
    dialog.lists["models"].take([model])
    assert dialog.inputs().dsm.name in dialog.state.text()


def test_the_menu_leads_there_and_on_to_the_new_plan(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.new_from_model()
    dialog = window.findChild(SurfaceDialog)
    assert dialog is not None
    assert dialog.isVisible()
    dialog.reject()
    qtbot.waitUntil(lambda: window.findChild(SurfaceDialog) is None, timeout=5_000)


def test_it_takes_the_values_of_the_plan_that_is_open(window: MainWindow, qtbot: QtBot) -> None:
    profile = window.document.plan.profile.with_numbers({"surface.cell": 0.8})  # type: ignore[union-attr]
    dialog = SurfaceDialog(window.look, window.jobs, window.remembered, window, profile)
    qtbot.addWidget(dialog)
    assert dialog.inputs().cell == 0.8
    plain = SurfaceDialog(window.look, window.jobs, window.remembered, window)
    qtbot.addWidget(plain)
    assert plain.inputs().cell == 0.5
