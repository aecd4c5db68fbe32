"""The operator's price, return and cash flows against NREL's SAM (single owner), with taxes and debt of the other country set to nothing.

SAM solves the price of a kilowatt-hour for an after-tax return on equity, as ours does. So that both compute the same: no debt, no reserves,
no construction interest, no incentives and no state tax; its federal tax has our rate; all that is paid each year (operation, insurance, tax on
assets, new inverters, removal, less what the surplus earns) is its schedule of fixed costs; its custom depreciation is our schedule; a grant is
taken off what is paid and written off. Its solver stops at a price of 20 a kilowatt-hour: money is in hundreds of yen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kawasolar.finance import Options, Site, Terms, compare
from kawasolar.finance.plant import depreciation_shares
from kawasolar.profile import load_profile
from tests.kawasolar.test_finance import changed, subsidy

_PAID = ("opex", "insurance", "property_tax", "inverter", "battery", "removal", "surplus")
_YEN = 100.0


def _nothing(group: Any, *, ending: tuple[str, ...] = ("",)) -> None:
    for name in dir(group):
        if name.startswith("_") or name in ("assign", "export", "replace") or not name.endswith(ending):
            continue
        try:
            value = getattr(group, name)
        except Exception:  # noqa: BLE001, S112 - not assigned in the default
            continue
        setattr(group, name, [0.0] * len(value) if isinstance(value, tuple) else 0)


def sam(site: Site, terms: Terms, options: Options) -> Any:
    """SAM's model of the operator of ours, solved."""
    single = pytest.importorskip("PySAM.Singleowner")
    outcome = compare(site, terms, options).outcomes["ppa"]
    years = terms.years
    paid = -sum((flow.operator for flow in outcome.case.flows if flow.code in _PAID), start=np.zeros(years + 1))
    own = float(np.asarray(site.self_use_kwh))
    model = single.default("PVWattsSingleOwner")
    output, money, income = model.SystemOutput, model.FinancialParameters, model.Revenue
    output.gen = output.system_pre_curtailment_kwac = [own / 8760] * 8760
    output.gen_purchases = [0.0] * 8760
    output.degradation = [100.0 * terms.number("ageing.rate")]
    output.system_capacity = money.system_capacity = float(np.asarray(site.capacity_kw))
    model.Lifetime.system_use_lifetime_output = 0
    model.ElectricityRates.en_electricity_rates = 1
    costs = model.SystemCosts
    costs.total_installed_cost = float(outcome.figures["capex"] - outcome.grant.yen) / _YEN
    costs.om_fixed, costs.om_fixed_escal = list(paid[1:] / _YEN), 0
    costs.om_capacity, costs.om_production = [0.0], [0.0]
    _nothing(money, ending=("cost", "fee", "financing", "months_working_reserve", "months_receivables_reserve", "reserve_months", "interest"))  # fmt: skip
    money.debt_option, money.debt_percent, money.salvage_percentage = 0, 0, 0
    money.analysis_period, money.inflation_rate = years, 0
    money.federal_tax_rate, money.state_tax_rate = [100.0 * terms.number("corporate_tax")], [0.0]
    money.property_tax_rate = money.insurance_rate = 0
    _nothing(model.TaxCreditIncentives)
    _nothing(model.PaymentIncentives, ending=("amount", "percent"))
    written = model.Depreciation
    _nothing(written, ending=("percent", "_5", "_15", "_20", "_39", "custom"))
    written.depr_alloc_custom_percent = 100
    written.depr_custom_schedule = list(100.0 * depreciation_shares(terms, years)[1:])
    income.ppa_soln_mode, income.ppa_escalation, income.ppa_multiplier_model = 0, 0, 0
    income.flip_target_percent, income.flip_target_year = 100.0 * terms.number("operator_irr"), years
    income.dispatch_tod_factors = [1.0] * 9
    income.ppa_soln_min, income.ppa_soln_max, income.ppa_soln_tolerance, income.ppa_soln_max_iterations = (
        0,
        100,
        1e-9,
        200,
    )
    model.execute(0)
    return model


CASES: dict[str, tuple[dict[str, float], Options, Site]] = {
    "as the profile": ({}, Options(), Site(100.0, 110_000.0, 0.0, 25.2)),
    "surplus, removal, relief": (
        {"after_term": 2, "property_tax_relief_years": 3, "inverter_year": 10}, Options(), Site(300.0, 250_000.0, 90_000.0, 25.2),
    ),
    "declining balance, inflation": ({"depreciation": 2, "inflation": 0.02, "operator_irr": 0.08}, Options(), Site(50.0, 52_000.0, 3_000.0, 25.2)),
    "ten years": ({"term": 10, "ageing.rate": 0.01}, Options(), Site(100.0, 105_000.0, 0.0, 25.2)),
    "without taxes": ({"corporate_tax": 0.0, "property_tax": 0.0}, Options(), Site(100.0, 110_000.0, 0.0, 25.2)),
    "grant and battery": (
        {"operator_irr": 0.06}, Options((subsidy(rate=0.5),)), Site(100.0, 110_000.0, 0.0, 25.2, battery_kwh=100.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_price_and_the_return_are_those_of_sam(name: str) -> None:
    numbers, options, site = CASES[name]
    terms = Terms.of(load_profile())
    for key, value in numbers.items():
        terms = changed(terms, **{key.replace(".", "__"): value})
    ours = compare(site, terms, options).outcomes["ppa"]
    # Its outputs live as long as it does.
    model = sam(site, terms, options)
    theirs = model.Outputs
    # SAM tells hundredths of its money.
    assert float(ours.figures["unit"]) == pytest.approx(theirs.ppa_price / 100.0 * _YEN, rel=1e-3)
    assert float(ours.figures["operator_irr"]) == pytest.approx(theirs.project_return_aftertax_irr / 100.0, rel=1e-3)
    assert ours.case.operator == pytest.approx(np.array(theirs.cf_project_return_aftertax) * _YEN, rel=1e-3, abs=1.0)
    assert float(ours.figures["operator_irr"]) == pytest.approx(terms.number("operator_irr"), abs=1e-9)
