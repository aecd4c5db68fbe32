"""What a plan's answers say of facilities, in the table, and their papers: they come and go with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from kawasolar.answers.facilities import COLUMNS as ANSWER_COLUMNS
from kawasolar.compare import answer_note, compare
from kawasolar.document import asked_edits, edits
from kawasolar.export.fingerprint import read_fingerprint
from kawasolar.plan import ANSWERS, Answer
from kawasolar.stages import bring_up_to_date, with_edit
from kawasolar.stages.state import plan_fingerprint
from ui.format import MISSING
from ui.scenarios.rows import figure_rows, setting_rows
from ui.table_model import COLUMNS, FacilityModel

if TYPE_CHECKING:
    import pytest
    from pytestqt.qtbot import QtBot

    from kawasolar.plan import AnswerKind, Plan
    from ui.window import MainWindow


AUTHOR = edits.Author("花子", "試す")


def with_answers(plan: Plan, answers: dict[AnswerKind, Answer]) -> Plan:
    return replace(plan, answers=answers)


def test_papers_of_answers_are_offered_written_and_found_out_of_date(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, output, project = window.document, window.output, window.document.project
    assert project is not None
    window.show_step("output")

    def offered() -> tuple[set[str], set[str]]:
        window.menus.refresh()
        shown = {kind for kind, made in output.buttons.items() if not made.isHidden()}
        assert {kind for kind, note in output._notes.items() if not note.isHidden()} == shown
        return shown & set(ANSWERS), {kind for kind in ANSWERS if window.menus.actions[f"export_{kind}"].isEnabled()}

    def states() -> list[str]:
        return [paper.state for paper in output._papers]

    assert offered() == (set(), set())
    # Nothing of the roofs is another: the window hears of a decision alone.
    asked = with_edit(project, asked_edits.ask(project.entries, project.active, "lighting", {}, AUTHOR))
    document.set_results(bring_up_to_date(asked))
    assert offered() == ({"lighting"}, {"lighting"})
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / Path(args[2]).name), ""))
    with qtbot.waitSignal(document.exports_changed, timeout=60_000):
        output.buttons["lighting"].click()
    assert document.project is not None
    made = document.project.exports[-1]
    assert (made.kind, Path(made.path).name) == ("lighting", f"{project.name} LED化.xlsx")
    assert read_fingerprint(Path(made.path)) == plan_fingerprint(document.project.plan)
    qtbot.waitUntil(lambda: states() == ["current"], timeout=60_000)
    document.do(asked_edits.ask(document.project.entries, project.active, "lighting", None, AUTHOR))
    assert offered() == (set(), set())
    qtbot.waitUntil(lambda: states() == ["out_of_date"], timeout=60_000)
    # Written again it would say what the plan says no longer.
    output.again.click()
    qtbot.waitUntil(lambda: "「照明のLED化」の結果がありません" in window.banner.text, timeout=60_000)


def test_columns_of_answers_come_and_go_with_them(window: MainWindow) -> None:
    plan = window.document.plan
    assert plan is not None
    ids = plan.facilities["facility_id"].astype(str).tolist()
    rows = pd.DataFrame({"facility_id": ids[:2], "year": [2027, 0], "saved_kwh": [12_345.0, 500.0], "saved_yen": [1e6, 2e3]})  # fmt: skip
    bases = pd.DataFrame({"facility_id": ids[:1], "cars": [5], "chargers": [2]})
    answers: dict[AnswerKind, Answer] = {
        "lighting": Answer({}, {"facilities": rows}),
        "charging": Answer({"listed": True}, {"bases": bases}),
    }
    kept = with_answers(plan, answers)
    mine = {column.key: k for k, column in enumerate(COLUMNS) if column.frame == "answers"}
    assert set(mine) == set(ANSWER_COLUMNS)
    assert not any(COLUMNS[k].shown for k in mine.values())
    model = FacilityModel(window.look)
    model.set_plan(plan)
    model.set_decision(kept)
    shown = {key: [model._texts[k][row] for row in (0, 1, 2)] for key, k in mine.items()}
    assert shown == {
        "lighting_year": ["2027", MISSING, MISSING],
        "lighting_saved_kwh": ["12.3", "0.5", MISSING],
        "lighting_saved_yen": ["1,000", "2", MISSING],
        "electric_cars": ["5", MISSING, MISSING],
        "chargers": ["2", MISSING, MISSING],
    }
    np.testing.assert_allclose(model._values[mine["lighting_saved_kwh"]][:2], [12.345, 0.5])
    for key, k in mine.items():
        assert window.look.knows(f"ui.column.{key}")
        assert window.look.knows(f"ui.column.{key}.unit")
        assert "\n" in str(model.headerData(k, Qt.Orientation.Horizontal))
    model.set_decision(plan)
    assert all(set(model._texts[k]) == {MISSING} for k in mine.values())


def test_the_comparison_shows_answers_with_their_units_and_what_they_are_of(window: MainWindow) -> None:
    look, project = window.look, window.document.project
    assert project is not None
    edit, key = edits.duplicate_scenario(project.entries, project.active, "次の案")
    two = with_edit(project, edit)
    head = {"share": 0.5, "totals": {"spend_yen": 2e7, "saved_t": 3.25, "kwh": 4000.0}}
    two = replace(two, plans={**two.plans, key: with_answers(two.plans[key], {"fleet": Answer(head, {})})})
    two = with_edit(two, asked_edits.ask(two.entries, key, "lighting", {"budget_yen": 5}, AUTHOR))
    found = compare(two, [project.active, key])
    rows = dict(figure_rows(look, found)[1])
    cells = {code: [(cell.text, cell.more) for cell in rows[code]] for code in ("fleet_share", "fleet_spend_yen")}
    assert cells["fleet_share"] == [("次世代自動車の割合 %", None), ("－", None), ("50.0", "－")]
    assert cells["fleet_spend_yen"] == [("公用車の総更新費用 円", None), ("－", None), ("20,000,000", "－")]
    assert answer_note("ja", found) in rows["fleet_kwh"][0].tip
    assert answer_note("ja", found) not in rows["chosen"][0].tip
    setting = dict(setting_rows(look, found, two.entries, two.profile)[1])["asked/lighting"]
    assert [cell.text for cell in setting[:3]] == ["照明のLED化", "計画に含めない", "budget_yen=5"]
    assert "試す" in setting[3].text
