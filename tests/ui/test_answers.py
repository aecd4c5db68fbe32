"""What a plan is asked for besides, in the window: taken from a dialog, computed, shown on its panel and the map, left again, all of it undone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from kawasolar.answers import answer_of, options_asked
from kawasolar.lighting.words import total_text
from kawasolar.plan import OWN_TABLES
from tests.ui.conftest import is_settled
from ui.charging.dialog import ChargingDialog
from ui.fleet.dialog import FleetDialog
from ui.lighting.dialog import LightingDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

D = TypeVar("D", LightingDialog, FleetDialog, ChargingDialog)
WAIT = 60_000
CARS = """登録番号,駐車場所,車種,定員,燃料,リース満了日,年間走行距離,稼働日数
川崎500あ1001,001,軽乗用,4,ガソリン,2027-03-31,6000,245
川崎500あ1002,001,普通乗用,5,ガソリン,2028-03-31,9000,245
"""


@pytest.fixture(scope="module")
def with_cars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town's plan with a ledger of vehicles."""
    from kawasolar.pipeline import PlanInputs, make_and_save
    from tests.support.town import small_town

    folder = tmp_path_factory.mktemp("車両")
    files = small_town(folder)
    (folder / "車両台帳.csv").write_text(CARS, encoding="cp932")
    paths = (files[role] for role in ("dsm", "buildings", "facilities", "weather"))
    make_and_save(PlanInputs(*paths, folder / "計画.kawasolar", registers=(("vehicles", folder / "車両台帳.csv"),)))
    return folder


@pytest.fixture
def motorised(make_window: Callable[..., MainWindow], qtbot: QtBot, with_cars: Path, tmp_path: Path) -> MainWindow:
    shutil.copytree(with_cars, tmp_path / "案件")
    window = make_window()
    window.controller.open(tmp_path / "案件" / "計画.kawasolar")
    qtbot.waitUntil(lambda: window.document.plan is not None, timeout=WAIT)
    window.ensure_parts()
    return window


def open_dialog(window: MainWindow, qtbot: QtBot, name: str, kind: type[D]) -> D:
    window.menus.actions[name].trigger()
    found = next(one for one in reversed(window.findChildren(kind)) if one.isVisible())
    qtbot.waitUntil(lambda: found._job is None and not found._later.isActive(), timeout=WAIT)
    return found


def test_lighting_is_taken_shown_and_left(motorised: MainWindow, qtbot: QtBot) -> None:
    window, say = motorised, motorised.look.say
    window.show_step("lighting")
    card = window.lighting.card
    assert card.words.text() == say("ui.answers.none.lighting")
    assert not card.leave.isVisibleTo(window)
    assert not window.groups.can("lighting")
    dialog = open_dialog(window, qtbot, "lighting", LightingDialog)
    dialog.asked.budget.setValue(30.0)
    facility = dialog.facility
    assert facility is not None
    dialog.pin.setCurrentIndex(2)
    dialog.pin.activated.emit(2)
    qtbot.waitUntil(lambda: dialog._job is None and not dialog._later.isActive(), timeout=WAIT)
    dialog.take.click()
    plan = window.document.plan
    assert plan is not None
    assert options_asked(plan.entries, "s1", "lighting") == {
        "first": 2026,
        "last": 2030,
        "budget_yen": 3e7,
        "pins": {facility: 2027},
    }
    dialog.reject()
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT)
    plan = window.document.plan
    assert plan is not None
    found = answer_of(plan, "lighting")
    assert card.words.text().startswith(total_text("ja", found))
    assert window.lighting.money.years == (2026, 2027, 2028, 2029, 2030)
    assert window.lighting.money.marks == (30.0,) * 5
    card.map.click()
    assert window.groups.mode == "lighting"
    assert window.map is not None
    assert window.map.groups is not None
    assert set(window.map.groups.of) == set(found.facilities.loc[found.facilities["year"] > 0, "facility_id"])
    # The dialog begins with what the plan is asked for.
    again = open_dialog(window, qtbot, "lighting", LightingDialog)
    assert (again.asked.budget.value(), again.pins) == (30.0, {facility: 2027})
    again.reject()
    card.leave.click()
    assert card.words.text() == say("ui.answers.none.lighting")
    assert window.map.groups is None
    window.document.undo()
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT)
    assert card.words.text().startswith(total_text("ja", found))


def test_chargers_are_for_the_cars_of_the_programme(motorised: MainWindow, qtbot: QtBot) -> None:
    window = motorised
    window.show_step("fleet")
    fleet = open_dialog(window, qtbot, "fleet", FleetDialog)
    fleet.asked.target.setValue(50.0)
    qtbot.waitUntil(lambda: fleet._job is None and not fleet._later.isActive(), timeout=WAIT)
    fleet.take.click()
    fleet.reject()
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT)
    chargers = open_dialog(window, qtbot, "charging", ChargingDialog)
    assert chargers.asked.source == "fleet"
    chargers.take.click()
    chargers.reject()
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT)
    plan = window.document.plan
    assert plan is not None
    cars, bases = answer_of(plan, "fleet").cars, answer_of(plan, "charging").bases
    assert answer_of(plan, "fleet").head["rules"]["target"] == 0.5
    assert bases["cars"].sum() == cars["model_power"].isin(["ev", "phev"])[cars["fiscal_year"].notna()].sum()
    assert "50" in window.fleet.fleet.words.text()
    assert str(int(bases["chargers"].sum())) in window.fleet.charging.words.text()


def test_tables_of_a_citys_own_go_into_the_plan_and_out_again(
    motorised: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = motorised

    def settled(dialog: FleetDialog | LightingDialog | ChargingDialog) -> None:
        qtbot.waitUntil(lambda: dialog._job is None and not dialog._later.isActive(), timeout=WAIT)

    def tables() -> set[str]:
        plan = window.document.plan
        assert plan is not None
        return {Path(file.path).name for file in plan.inputs if file.role in OWN_TABLES.values()}

    light = open_dialog(window, qtbot, "lighting", LightingDialog)
    copy = tmp_path / "本市の表.toml"
    light.own.copy_asked.emit(copy)
    settled(light)
    text = copy.read_text("utf-8")
    copy.write_text(
        text.replace('key = "discount_rate"\nvalue = 0.02', 'key = "discount_rate"\nvalue = 0.07'), encoding="utf-8"
    )
    light.own.use(copy)
    settled(light)
    assert light.found is not None
    assert light.found.head.numbers["discount_rate"] == 0.07
    light.take.click()
    qtbot.waitUntil(lambda: is_settled(window) and tables() == {"本市の表.toml"}, timeout=WAIT)
    light.reject()
    plan = window.document.plan
    assert plan is not None
    assert answer_of(plan, "lighting").head.numbers["discount_rate"] == 0.07
    again = open_dialog(window, qtbot, "lighting", LightingDialog)
    assert again.own.path == copy
    again.own.use(None)
    settled(again)
    again.take.click()
    qtbot.waitUntil(lambda: is_settled(window) and tables() == set(), timeout=WAIT)
    again.reject()
    # One step each: options and file.
    window.document.undo()
    assert tables() == {"本市の表.toml"}
    window.document.undo()
    assert tables() == set()
    plan = window.document.plan
    assert plan is not None
    assert options_asked(plan.entries, "s1", "lighting") is None
    chargers = open_dialog(window, qtbot, "charging", ChargingDialog)
    bad = tmp_path / "壊れた表.csv"
    bad.write_text("key\n", encoding="utf-8")
    chargers.asked.own.use(bad)
    settled(chargers)
    assert chargers.found is None
    assert "壊れた表.csv" in chargers.state.text()
    chargers.reject()


def test_without_cars_the_panel_says_so(opened: MainWindow, qtbot: QtBot) -> None:
    opened.ensure_parts()
    opened.controller.answers.keep("fleet", {})
    qtbot.waitUntil(lambda: is_settled(opened), timeout=WAIT)
    assert opened.look.say("fleet.no_ledger") in opened.fleet.fleet.attention.text()
    assert opened.fleet.fleet.leave.isVisibleTo(opened.fleet)
