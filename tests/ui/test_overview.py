"""The page of the whole plan, which stands where nothing is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ui.window import MainWindow

if TYPE_CHECKING:
    from kawasolar.plan import Plan


def test_the_plan_is_shown_until_a_facility_is_selected(window: MainWindow) -> None:
    assert window.document.selected is None
    assert window.inspector.overview.isVisible()
    assert window.inspector_title.name.text() == "計画の概要"
    window.document.select(window.table.model.id_at(0))
    assert not window.inspector.overview.isVisible()
    assert window.inspector_title.name.text() == "選択した施設"
    window.inspector.back.click()
    assert window.document.selected is None
    assert window.inspector.overview.isVisible()


def test_months_add_up_to_the_chosen(window: MainWindow, example: Plan) -> None:
    overview = window.inspector.overview
    for share in (0, 30, 100):
        window.half.slider.setValue(share)
        sites = window.document.decision.sites  # type: ignore[union-attr]
        chosen = sites.loc[sites["chosen"].to_numpy(dtype=bool), "facility_id"]
        yields = example.results.yields
        expected = yields.loc[yields["facility_id"].isin(chosen), "energy_kwh"].sum() / 1000
        assert sum(overview.months._values) == pytest.approx(expected, rel=1e-3)
        assert len(overview.best) == min(5, len(chosen))


def test_the_best_sites_are_gone_to_and_the_unclear_are_listed(window: MainWindow, example: Plan) -> None:
    overview = window.inspector.overview
    sites = window.document.decision.sites  # type: ignore[union-attr]
    chosen = sites.loc[sites["chosen"].to_numpy(dtype=bool), "facility_id"]
    yields = example.results.yields.set_index("facility_id").loc[chosen, "energy_kwh"]
    waiting = set(sites.loc[(sites["status"] == "unknown").to_numpy(dtype=bool), "facility_id"])
    assert waiting
    overview.check[1].click()
    model = window.table.model
    assert {model.id_at(row) for row in range(model.rowCount())} == waiting
    window.table.show_only([])
    overview.best[0].click()
    assert window.document.selected == yields.idxmax()


def test_consumption_counts_only_where_it_is_known(window: MainWindow, example: Plan) -> None:
    overview = window.inspector.overview
    window.half.slider.setValue(100)
    sites = window.document.decision.sites  # type: ignore[union-attr]
    chosen = sites.loc[sites["chosen"].to_numpy(dtype=bool), "facility_id"]
    ledger = example.facilities.set_index("facility_id").loc[chosen]
    made, used = (row[1] for row in overview.against._rows)
    known = ledger.index[ledger["annual_kwh"].notna()]
    assert used == pytest.approx(ledger["annual_kwh"].sum())
    assert made == pytest.approx(example.results.yields.set_index("facility_id").loc[known, "energy_kwh"].sum())
