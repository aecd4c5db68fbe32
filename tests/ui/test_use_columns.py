"""Self-use in the table of facilities."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.provenance import figures_of
from ui.table_model import COLUMNS, FacilityModel

if TYPE_CHECKING:
    from ui.window import MainWindow


def test_columns_of_self_use_are_those_of_the_plan(window: MainWindow) -> None:
    plan = window.document.plan
    assert plan is not None
    assert plan.use is not None
    model = FacilityModel(window.look)
    model.set_plan(plan)
    frame = plan.use.frame.set_index("facility_id")
    mine = [k for k, column in enumerate(COLUMNS) if column.frame == "use"]
    assert len(mine) == 5
    for k in mine:
        column = COLUMNS[k]
        shown = [model._values[k][row] for row in range(len(model.ids))]
        wanted = frame[column.key].reindex(model.ids).to_numpy(dtype=float)
        np.testing.assert_allclose(np.array(shown, dtype=float), wanted * column.factor)
        assert column.figure in figures_of(plan, str(model.ids[0]))
        assert window.look.say(f"ui.column.{column.key}") != f"ui.column.{column.key}"
    # A plan of before has none.
    model.set_plan(replace(plan, use=None))
    assert all(model._texts[k][0] == model._texts[k][-1] for k in mine)
