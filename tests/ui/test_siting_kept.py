"""Sites of shared chargers taken into the plan from their dialog: options and files as one step, shown on their card and the map, and undone as one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kawasolar.answers import answer_of, options_asked
from kawasolar.pipeline import PlanInputs, make_and_save
from kawasolar.siting.words import head_text, price_text
from tests.kawasolar.test_answers_siting import write_flats
from tests.support.town import small_town
from tests.ui.conftest import is_settled
from ui.map.groups import SITE, YEAR
from ui.siting.dialog import SitingDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Plan
    from ui.window import MainWindow

WAIT = 60_000
CARS = "登録番号,駐車場所,車種,燃料,年間走行距離\n川崎500あ1001,001,軽乗用,ガソリン,6000\n川崎500あ1002,003,普通乗用,ガソリン,9000\n"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("配置")
    files = small_town(folder)
    (folder / "車両台帳.csv").write_text(CARS, encoding="cp932")
    write_flats(folder / "集合住宅.gpkg")
    paths = (files[role] for role in ("dsm", "buildings", "facilities", "weather"))
    make_and_save(PlanInputs(*paths, folder / "計画.kawasolar", registers=(("vehicles", folder / "車両台帳.csv"),)))
    return folder


@pytest.fixture
def window(make_window: Callable[..., MainWindow], qtbot: QtBot, town: Path, tmp_path: Path) -> MainWindow:
    shutil.copytree(town, tmp_path / "案件")
    made = make_window()
    made.controller.open(tmp_path / "案件" / "計画.kawasolar")
    qtbot.waitUntil(lambda: made.document.plan is not None, timeout=WAIT)
    made.ensure_parts()
    return made


def plan_of(window: MainWindow) -> Plan:
    plan = window.document.plan
    assert plan is not None
    return plan


def opened(window: MainWindow) -> SitingDialog:
    window.menus.actions["siting"].trigger()
    return next(one for one in reversed(window.findChildren(SitingDialog)) if one.isVisible())


def roles(window: MainWindow) -> set[str]:
    return {file.role for file in plan_of(window).inputs}


def test_sites_are_taken_with_their_files_shown_and_undone(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.show_step("fleet")
    card, say = window.fleet.siting, window.look.say
    assert card.words.text() == say("ui.answers.none.siting")
    assert not window.groups.can("siting")
    dialog = opened(window)
    # The plan has vehicles and no file: their bases are the demand.
    assert dialog.asked.source.currentData() == "fleet"
    assert dialog.take.isEnabled()
    dialog.asked.source.setCurrentIndex(dialog.asked.source.findData("points"))
    assert not dialog.take.isEnabled()
    flats = tmp_path / "案件" / "集合住宅.gpkg"
    dialog.asked.files["demand"].take(flats)
    dialog.asked.number.setValue(2)
    dialog.asked.fields["radius_m"].setValue(50.0)
    dialog.reckon()
    qtbot.waitUntil(lambda: dialog._job is None, timeout=WAIT)
    assert dialog.found is not None
    dialog.table.selectRow(1)
    pinned = str(dialog.found.sites["site_id"].iloc[1])
    dialog.pin.click()
    dialog.take.click()
    qtbot.waitUntil(lambda: is_settled(window) and "siting" in plan_of(window).answers, timeout=WAIT)
    asked = {"number": 2, "source": "points", "pins": [pinned], "values": {"radius_m": 50.0}}
    assert options_asked(plan_of(window).entries, "s1", "siting") == asked
    assert "charge_demand" in roles(window)
    # Another file while the dialog is still open is another step, and goes again.
    dialog.asked.files["known"].take(tmp_path / "案件" / "施設 一覧.csv")
    dialog.take.click()
    qtbot.waitUntil(lambda: is_settled(window) and "charge_candidates" in roles(window), timeout=WAIT)
    dialog.asked.files["known"].take(None)
    dialog.take.click()
    qtbot.waitUntil(lambda: is_settled(window) and "charge_candidates" not in roles(window), timeout=WAIT)
    for _ in range(2):
        window.document.undo()
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT)
    dialog.reject()
    found = answer_of(plan_of(window), "siting").siting
    assert found.sites["site_id"].tolist() == dialog.found.sites["site_id"].tolist()
    assert head_text("ja", found) in card.words.text()
    assert price_text("ja", found) in card.words.text()
    card.map.click()
    assert window.groups.mode == "siting"
    assert window.map is not None
    assert window.map.groups is not None
    assert {key for key, kind in window.map.groups.of.items() if kind.family == SITE} == set(found.sites["site_id"])
    assert {kind.label for kind in window.map.groups.of.values()} == {"EV"}
    # Each site's catchment is drawn as lines.
    assert len(window.map.areas.paths) == len(answer_of(plan_of(window), "siting").areas) == 2
    with_areas = window.map.grab().toImage()
    kept, window.map.areas.paths = window.map.areas.paths, []
    assert window.map.grab().toImage() != with_areas
    window.map.areas.paths = kept
    # It begins with what the plan has; the file that is left goes with the next taking, and the vehicles are the demand.
    again = opened(window)
    assert again.asked.files["demand"].path == flats
    assert (again.asked.number.value(), again.asked.fields["radius_m"].value()) == (2, 50.0)
    assert list(again._pins) == [pinned]
    assert again.options() == asked
    again.asked.files["demand"].take(None)
    again.asked.source.setCurrentIndex(again.asked.source.findData("fleet"))
    again.asked.budget.setText("20, 20")
    again.take.click()
    qtbot.waitUntil(lambda: is_settled(window) and "charge_demand" not in roles(window), timeout=WAIT)
    again.reject()
    budgets = {str(2026 + k): 2e7 for k in range(2)}
    options = options_asked(plan_of(window).entries, "s1", "siting")
    assert options is not None
    assert (options["source"], options["budgets"]) == ("fleet", budgets)
    assert {kind.family for kind in window.map.groups.of.values()} == {YEAR}
    # One step each.
    window.document.undo()
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT)
    assert options_asked(plan_of(window).entries, "s1", "siting") == asked
    assert "charge_demand" in roles(window)
    window.document.undo()
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT)
    assert options_asked(plan_of(window).entries, "s1", "siting") is None
    assert "charge_demand" not in roles(window)
    assert card.words.text() == say("ui.answers.none.siting")
    assert window.map.groups is None
    assert window.map.areas.paths == []
