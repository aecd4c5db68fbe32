"""Eligibility laid open in the window: counts, remedies, what is to be found out; found, gone to, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from kawasolar.remedies.of_plan import lay_open
from kawasolar.remedies.words import remedy_sentence
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
    assert len(openpyxl.load_workbook(target).sheetnames) == 5
    dialog.search.setText("～そんな施設はない～")
    assert table.model().rowCount() == 0


def test_the_inspector_tells_the_cheapest_change(window: MainWindow, qtbot: QtBot) -> None:
    window.ensure_parts()
    plan = window.document.plan
    assert plan is not None
    rows = lay_open(plan).remedies
    part = window.inspector.basis.remedy
    window.inspector.tabs.setCurrentIndex(3)
    for row in (*rows.head(1).to_dict("records"), *rows[rows["why_not"] != ""].head(1).to_dict("records")):
        window.document.select(str(row["facility_id"]))
        assert part.isVisibleTo(window.inspector)
        assert part.sentence.text() == remedy_sentence(window.look.language, row)
    # Turning the share does not ask again, another criterion does.
    asked = part._told
    window.document.set_share(0.4)
    assert part._told is asked
    window.document.set_criterion("flood", True, 0.1)
    assert part._told is not asked
    window.document.undo()
    sites = plan.decision.sites
    window.document.select(str(sites.loc[sites["status"] == "eligible", "facility_id"].iloc[0]))
    assert not part.isVisibleTo(window.inspector)
    wanted = str(rows["facility_id"].iloc[1])
    window.document.select(wanted)
    part.open.click()
    found = window.findChild(EligibilityDialog)
    assert found is not None
    qtbot.waitUntil(lambda: found._job is None and found.found is not None, timeout=WAIT)
    assert found.tabs.currentIndex() == 1
    (chosen,) = found.tables["remedies"].selectionModel().selectedRows()
    place = found._shown["remedies"].mapToSource(chosen).row()
    assert found.models["remedies"].frame["facility_id"].iloc[place] == wanted
