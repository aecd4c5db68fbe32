"""What a plan's answers say of facilities, in the table: it comes and goes with them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PySide6.QtCore import Qt

from kawasolar.answers.facilities import COLUMNS as ANSWER_COLUMNS
from kawasolar.plan import Answer
from ui.format import MISSING
from ui.table_model import COLUMNS, FacilityModel

if TYPE_CHECKING:
    from ui.window import MainWindow


def test_columns_of_answers_come_and_go_with_them(window: MainWindow) -> None:
    plan = window.document.plan
    assert plan is not None
    ids = plan.facilities["facility_id"].astype(str).tolist()
    rows = pd.DataFrame({"facility_id": ids[:2], "year": [2027, 0], "saved_kwh": [12_345.0, 500.0], "saved_yen": [1e6, 2e3]})  # fmt: skip
    bases = pd.DataFrame({"facility_id": ids[:1], "cars": [5], "chargers": [2]})
    answers = {
        "lighting": Answer({}, {"facilities": rows}),
        "charging": Answer({"listed": True}, {"bases": bases}),
    }
    kept = replace(plan, answers=answers)
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
