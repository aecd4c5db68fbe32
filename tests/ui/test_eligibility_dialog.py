"""Eligibility laid open in the window: counts, remedies, what is to be found out; found, gone to, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from ui.eligibility.dialog import EligibilityDialog
from ui.eligibility.tables import PARTS

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.window import MainWindow

WAIT = 60_000


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot) -> EligibilityDialog:
    window.ensure_parts()
    window.menus.actions["eligibility"].trigger()
    found = window.findChild(EligibilityDialog)
    assert found is not None
    qtbot.waitUntil(lambda: found._job is None and found.found is not None, timeout=WAIT)
    return found


def test_laid_open(window: MainWindow, dialog: EligibilityDialog, qtbot: QtBot, tmp_path: Path) -> None:
    plan = window.document.plan
    assert plan is not None
    counts = dialog.models["counts"]
    for row in range(counts.rowCount()):
        parts = counts.index(row, 1).data(PARTS)
        assert sum(count for count, _ in parts) == len(plan.facilities)
    assert dialog.found is not None
    remedies = dialog.models["remedies"]
    assert remedies.rowCount() == len(dialog.found.laid.remedies) > 0
    table = dialog.tables["remedies"]
    dialog.tabs.setCurrentIndex(1)
    table.activated.emit(table.model().index(0, 0))
    assert window.document.selected == dialog.found.laid.remedies["facility_id"].iloc[0]
    target = tmp_path / "out.xlsx"
    dialog.write(target)
    qtbot.waitUntil(lambda: dialog._job is None and target.exists(), timeout=WAIT)
    assert len(openpyxl.load_workbook(target).sheetnames) == 4
    dialog.search.setText("～そんな施設はない～")
    assert table.model().rowCount() == 0
