"""The programme by fiscal year in the window: searched, limited, told where nothing fits, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from ui.programme.dialog import ProgrammeDialog
from ui.programme.tables import BAR

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 60_000


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> ProgrammeDialog:
    window.ensure_parts()
    window.menus.actions["programme"].trigger()
    found = window.findChild(ProgrammeDialog)
    assert found is not None
    settled(found, qtbot)
    return found


def settled(dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog._job is None and dialog.found is not None, timeout=WAIT)


def test_the_half_over_the_years(window: MainWindow, dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    plan = window.document.plan
    assert plan is not None
    chosen = int(plan.decision.sites["chosen"].sum())
    assert dialog.found is not None
    programme = dialog.found.programme
    assert programme is not None
    years = len(programme.sites.years)
    most = dialog.sites_a_year.value()
    assert most * years >= chosen > (most - 1) * years
    built = [year for year in dialog.sites.built if year]
    assert len(built) == chosen
    assert max(built.count(year) for year in set(built)) <= most
    assert len(dialog.years.texts) == years
    assert dialog.years.texts[-1][-3] == str(chosen)
    # A bar in the column of its year, and in no other.
    for row in range(dialog.sites.rowCount()):
        bars = [k for k in range(3, 3 + years) if dialog.sites.index(row, k).data(BAR) is not None]
        year = dialog.sites.built[row]
        assert bars == ([3 + dialog.sites.years.index(year)] if year else [])
    # Without a limit what saves the longest is built at once.
    dialog.sites_a_year.setValue(0)
    dialog.make.click()
    settled(dialog, qtbot)
    assert {year for year in dialog.sites.built if year} == {programme.sites.years[0]}
    dialog.tabs.setCurrentIndex(1)
    dialog.search.setText("～そんな施設はない～")
    assert dialog.table.model().rowCount() == 0


def test_nothing_fits(dialog: ProgrammeDialog, qtbot: QtBot) -> None:
    dialog.sites_a_year.setValue(1)
    dialog.budget.setValue(1)
    dialog.make.click()
    settled(dialog, qtbot)
    assert dialog.found is not None
    assert dialog.found.programme is None
    assert dialog._look.say("ui.programme.nothing") in dialog.head.text()
    # What conflicts, and what would do.
    assert len(dialog.head.text().splitlines()) >= 3
    assert not dialog.save.isEnabled()
    assert dialog.sites.rowCount() == 0


def test_a_rules_file_and_a_workbook(dialog: ProgrammeDialog, qtbot: QtBot, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[share]\nat_least = 'half'\n", encoding="utf-8")
    dialog.take_rules(bad)
    assert dialog.state.text()
    rules = tmp_path / "ルール.toml"
    rules.write_text("[share]\nat_least = 0.25\nexactly = true\n", encoding="utf-8")
    dialog.take_rules(rules)
    settled(dialog, qtbot)
    assert rules.name in dialog.rules.text()
    assert dialog.found is not None
    assert dialog.found.programme is not None
    assert dialog.found.programme.number == sum(year > 0 for year in dialog.sites.built)
    target = tmp_path / "計画.xlsx"
    dialog.write(target)
    qtbot.waitUntil(lambda: target.name in dialog.state.text(), timeout=WAIT)
    assert len(openpyxl.load_workbook(target).sheetnames) == 3
