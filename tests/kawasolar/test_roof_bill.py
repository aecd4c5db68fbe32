"""A facility's bill without and with its roof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kawasolar.plan import Plan
from kawasolar.roof_bill import RoofBill, roof_bill, roofs_worth
from kawasolar.tariff.compare import difference
from kawasolar.use import compute_use, flows_of
from tests.support.plans import example_plan


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    made = example_plan(tmp_path_factory.mktemp("plan"), 20)
    return replace(made, use=compute_use(made, made.results.yields, made.results.hourly)[0])


def bills(plan: Plan) -> list[RoofBill]:
    found = []
    for facility in plan.facilities["facility_id"].astype(str):
        made = roof_bill(plan, *flows_of(plan, facility))
        if isinstance(made, RoofBill):
            found.append(made)
    return found


def test_a_roof_never_makes_the_bill_dearer(plan: Plan) -> None:
    made = bills(plan)
    assert len(made) > 5
    for one in made:
        assert one.saved_yen >= 0
        # The contract remembers: what is saved comes late.
        assert one.saved_first_yen <= one.saved_yen + 1e-6
        assert (one.after.contract_kw <= one.before.contract_kw).all()
        assert (one.first.contract_kw <= one.before.contract_kw).all()


def test_energy_and_demand_are_the_whole(plan: Plan) -> None:
    for one in bills(plan):
        net = float(one.before.year_yen - one.before.tax_yen.sum()) - float(
            one.after.year_yen - one.after.tax_yen.sum()
        )
        assert one.yen_per_kwh * one.self_use_kwh + one.demand_yen == pytest.approx(net, abs=0.01)
        # Between what any half hour costs.
        assert 5 < one.yen_per_kwh < 60
        lines = difference(one.before, one.after)
        assert float(lines.year_yen) == pytest.approx(one.saved_yen, abs=0.01)


def test_many_at_once_are_as_each_alone(plan: Plan) -> None:
    ids = [str(one) for one in plan.facilities["facility_id"]][::-1]
    found = roofs_worth(plan, ids)
    assert found["facility_id"].tolist() == ids
    for row in found.to_dict("records"):
        one = roof_bill(plan, *flows_of(plan, row["facility_id"]))
        if isinstance(one, str) or not one.self_use_kwh > 0:
            assert np.isnan(row["yen_per_kwh"])
            assert row["why_not"]
            continue
        assert row["tariff"] == one.before.tariff.key
        assert row["yen_per_kwh"] == pytest.approx(one.yen_per_kwh, rel=1e-9)
        assert row["demand_yen"] == pytest.approx(one.demand_yen, rel=1e-9, abs=1e-6)


def test_who_has_no_known_use_has_no_bill(plan: Plan) -> None:
    facility = str(plan.facilities["facility_id"].iloc[0])
    bare = replace(plan, facilities=plan.facilities.assign(annual_kwh=np.nan, floor_area_m2=np.nan))
    assert roof_bill(bare, *flows_of(bare, facility)) == "tariff.nothing_known"
