"""Tender lots in the window: proposed, taken over, changed by hand, undone, written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from kawasolar.document.lot_edits import lots_now
from kawasolar.lots import of_plan
from kawasolar.lots.of_plan import lot_colour
from kawasolar.lots.sites import chosen_ids
from tests.support.programmes import with_programme
from ui.lots.dialog import LotsDialog
from ui.map.groups import color

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from kawasolar.plan import Project
    from ui.window import MainWindow

WAIT = 60_000


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> LotsDialog:
    window.ensure_parts()
    window.menus.actions["lots"].trigger()
    found = window.findChild(LotsDialog)
    assert found is not None
    settled(found, qtbot)
    found.asked.numbers["min_kw"].setValue(0)
    found.asked.numbers["min_sites"].setValue(1)
    found.asked.numbers["max_sites"].setValue(4)
    found.asked.numbers["max_distance_km"].setValue(1.0)
    return found


def settled(dialog: LotsDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog._job is None and dialog.found is not None, timeout=WAIT)


def taken_over(dialog: LotsDialog, qtbot: QtBot) -> None:
    dialog.make.click()
    settled(dialog, qtbot)
    dialog.take.click()
    settled(dialog, qtbot)


def now(window: MainWindow) -> dict[str, tuple[str, list[str]]]:
    assert window.document.entries is not None
    return lots_now(window.document.entries, window.document.scenario)


def test_proposed_and_taken_over_in_one_step(window: MainWindow, dialog: LotsDialog, qtbot: QtBot) -> None:
    assert dialog._look.say("ui.lots.empty") in dialog.head.text()
    dialog.make.click()
    settled(dialog, qtbot)
    assert dialog.found is not None
    assert dialog.found.proposed
    assert now(window) == {}
    proposed = {lot.key: (lot.name, list(lot.ids)) for lot in dialog.found.lots}
    assert all(len(ids) <= 4 for _, ids in proposed.values())
    assert not dialog.move_button.isEnabled()
    dialog.take.click()
    settled(dialog, qtbot)
    assert now(window) == proposed
    assert not dialog.found.proposed
    assert len(dialog.lots.texts) >= len(proposed)
    dialog.undo_button.click()
    settled(dialog, qtbot)
    assert now(window) == {}


def test_sites_are_moved_and_lots_changed(window: MainWindow, dialog: LotsDialog, qtbot: QtBot) -> None:
    taken_over(dialog, qtbot)
    before = now(window)
    first, second = list(before)[:2]
    dialog.lot_table.selectRow(dialog.lots.keys.index(first))
    assert sorted(dialog.sites.keys) == sorted(before[first][1])
    dialog.site_table.selectRow(0)
    (one,) = dialog.chosen
    actions = [action.text() for action in dialog.move_menu().actions() if action.text()]
    assert len(actions) == len(before) + 2
    dialog.move_to(second)
    settled(dialog, qtbot)
    assert one in now(window)[second][1]
    # On the map, by a click on its dot.
    place = dialog.map.places()[[dot.facility_id for dot in dialog.map._dots].index(one)]
    dialog.map.choose(set())
    QTest.mouseClick(dialog.map, Qt.MouseButton.LeftButton, pos=place.toPoint())
    assert one in dialog.chosen
    dialog.move_to_new("東")
    settled(dialog, qtbot)
    key = next(key for key, (name, _) in now(window).items() if name == "東")
    dialog.lot_table.selectRow(dialog.lots.keys.index(key))
    dialog.rename_to("西")
    settled(dialog, qtbot)
    assert now(window)[key][0] == "西"
    dialog.lot_table.selectRow(dialog.lots.keys.index(key))
    dialog.dissolve.click()
    settled(dialog, qtbot)
    assert key not in now(window)
    # It is in no lot now, and told there.
    dialog.lot_table.selectRow(dialog.lots.keys.index(""))
    assert one in dialog.sites.keys
    dialog.lot_table.selectAll()
    dialog.merge.click()
    settled(dialog, qtbot)
    assert len(now(window)) == 1


def test_a_lasso_chooses_what_it_goes_around(dialog: LotsDialog, qtbot: QtBot) -> None:
    taken_over(dialog, qtbot)
    view = dialog.map
    corners = [
        QPointF(1, 1),
        QPointF(view.width() - 2, 1),
        QPointF(view.width() - 2, view.height() - 2),
        QPointF(1, view.height() - 2),
    ]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=corners[0].toPoint())
    for corner in corners[1:]:
        QTest.mouseMove(view, corner.toPoint())
        view._path.append(corner)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=corners[3].toPoint())
    assert dialog.found is not None
    assert set(dialog.chosen) == set(dialog.found.sites.ids)


def test_rules_that_exclude_each_other_are_told(dialog: LotsDialog) -> None:
    dialog.asked.numbers["min_kw"].setValue(5000)
    dialog.make.click()
    assert dialog.state.text() == dialog._look.say("lots.rule_order", least=5000.0, most=2000.0)


def test_written_and_named(dialog: LotsDialog, qtbot: QtBot, tmp_path: Path) -> None:
    taken_over(dialog, qtbot)
    target = tmp_path / "ロット.xlsx"
    dialog.write(target)
    qtbot.waitUntil(lambda: target.name in dialog.state.text(), timeout=WAIT)
    assert len(openpyxl.load_workbook(target).sheetnames) == 6
    for widget in (
        *dialog.asked.numbers.values(),
        *dialog.asked.flags.values(),
        dialog.asked.subsidy,
        dialog.asked.bills,
        dialog.map,
        dialog.lot_table,
        dialog.site_table,
        dialog.money.lot,
        dialog.money.table,
        dialog.money.city,
        dialog.money.grant,
    ):
        assert QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def test_the_map_shows_lots_in_the_same_colours(window: MainWindow, dialog: LotsDialog, qtbot: QtBot) -> None:
    """A lot keeps its number and its colour when another one goes."""
    taken_over(dialog, qtbot)
    lots = now(window)
    window.groups.set_mode("lots")
    assert window.map is not None

    def shown() -> dict[str, tuple[str, str]]:
        groups = window.map.groups if window.map is not None else None
        assert groups is not None
        return {name: (kind.label, color(kind, window.look.tokens).name().upper()) for name, kind in groups.of.items()}

    before = shown()
    for key, (_, names) in lots.items():
        assert {before[name] for name in names} == {(f"{int(key[1:]):02d}", lot_colour(key).upper())}
    first = next(iter(lots))
    dialog.lot_table.selectRow(dialog.lots.keys.index(first))
    dialog.dissolve.click()
    settled(dialog, qtbot)
    assert shown() == {name: told for name, told in before.items() if name not in lots[first][1]}


def test_years_bills_and_subsidy(
    window: MainWindow, example_project: Project, example_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a programme lots are of a year; prices follow the subsidy; a bill is reckoned once; the money of the years is shown."""
    ids = chosen_ids(example_project.plan)
    plan = with_programme(example_project.plan, {name: ("planned", 2027 + k % 2) for k, name in enumerate(ids)})
    window.document.set_project(replace(example_project, plans={"s1": plan}), example_path, saved=True)
    reckoned: list[int] = []
    roofs_worth = of_plan.roofs_worth
    monkeypatch.setattr(of_plan, "roofs_worth", lambda *args: reckoned.append(len(args[1])) or roofs_worth(*args))
    window.ensure_parts()
    window.menus.actions["lots"].trigger()
    dialog = window.findChild(LotsDialog)
    assert dialog is not None
    settled(dialog, qtbot)
    for key, value in (("min_kw", 0), ("min_sites", 1)):
        dialog.asked.numbers[key].setValue(value)
    assert dialog.asked.numbers["year_span"].isVisible()
    taken_over(dialog, qtbot)
    years = dialog.lots.columns.index("years")
    assert {row[years] for row in dialog.lots.texts if row[years]} == {"2027年度", "2028年度"}
    assert dialog.found is not None
    before = dialog.found.assessed.lots["price"].to_numpy()
    dialog.asked.subsidy.setCurrentIndex(1)
    settled(dialog, qtbot)
    assert (dialog.found.assessed.lots["price"].to_numpy() < before).all()
    assert not dialog.lot_table.isColumnHidden(dialog.lots.columns.index("grant_yen"))
    # A site into a lot of another year: told there, and its bill is known already.
    first, second = (one.key for one in dialog.found.lots[:2])
    assert dialog.found.assessed.lots["years"].iloc[0] != dialog.found.assessed.lots["years"].iloc[-1]
    last = dialog.found.lots[-1].key
    dialog.lot_table.selectRow(dialog.lots.keys.index(first))
    dialog.site_table.selectRow(0)
    (one,) = dialog.chosen
    dialog.move_to(last)
    settled(dialog, qtbot)
    assert [name for name, _ in dialog.found.assessed.lots.set_index("lot")["strays"][last]] == [one]
    assert sum(reckoned) == len({name for lot in dialog.found.lots for name in lot.ids})
    # The money: all lots, then one of them.
    page = dialog.money
    assert page.shown is dialog.found.flows.whole
    assert page.city.values == pytest.approx(tuple(dialog.found.flows.whole.city / 1e6))
    page.lot.setCurrentIndex(page.lot.findData(second))
    assert page.shown is not None
    assert page.shown.lot == second
    assert page.model.rowCount() > 5
    dialog.asked.bills.setChecked(False)
    settled(dialog, qtbot)
    assert set(dialog.found.assessed.sites["tariff"]) == {""}
    # The map says the years, too.
    window.groups.set_mode("lots")
    assert window.map is not None
    assert window.map.groups is not None
    assert all("年度" in name for name in window.map.groups.names.values())
