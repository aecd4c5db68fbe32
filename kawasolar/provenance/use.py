"""What a facility uses, and what of its roof's energy at once: where each figure comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.provenance.model import Explanation, NothingToExplain
from kawasolar.provenance.roofs import energy
from kawasolar.provenance.sources import flat

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from kawasolar.provenance.sources import Desk

UNITS = {
    "load_kwh": "kWh", "peak_kw": "kW", "self_use_kwh": "kWh", "surplus_kwh": "kWh", "self_use_ratio": "-", "self_supply_ratio": "-", "peak_after_kw": "kW",
}  # fmt: skip
# What a load is estimated from, in the ledger.
_FROM = {"bill": ("annual_kwh", "kind"), "area": ("floor_area_m2", "kind")}


def _row(desk: Desk, facility_id: str) -> pd.Series:
    use = desk.plan.use
    found = None if use is None else use.frame[use.frame["facility_id"] == facility_id]
    if found is None or not len(found):
        raise NothingToExplain("why.no_figure", figure="load_kwh")
    return found.iloc[0]


def _figure(desk: Desk, facility_id: str, figure: str, formula: str, *inputs: Explanation) -> Explanation:
    value = float(_row(desk, facility_id)[figure])
    told = None if value != value else value  # noqa: PLR0124 - NaN
    return Explanation(figure, told, UNITS[figure], formula, inputs, desk.stage("use"), {}, facility_id)


def load(desk: Desk, facility_id: str) -> Explanation:
    """By meters, or estimated."""
    row = _row(desk, facility_id)
    source, value = str(row["source"]), float(row["load_kwh"])
    files = desk.files("meters") if source == "meter" else []
    known = [name for name in _FROM.get(source, ()) if name in desk.plan.facilities.columns]
    less, formula = _lit_away(desk, facility_id), f"load_{source}"
    inputs = flat(desk.ledgers(facility_id, *known), files, less)
    told = None if source == "none" else value
    return Explanation(
        "load_kwh", told, "kWh", "load_after_led" if less else formula, inputs, desk.stage("use"), {}, facility_id
    )


def _lit_away(desk: Desk, facility_id: str) -> list[Explanation]:
    """What LED saves of it, where the plan reckons with what is left."""
    from kawasolar.demand.after_led import saved_by_facility
    from kawasolar.provenance import lighting

    plan = desk.plan
    if facility_id not in saved_by_facility(plan.entries, plan.scenario, plan.answers.get("lighting")):
        return []
    return [lighting.saved_kwh(desk, facility_id)]


def peak(desk: Desk, facility_id: str) -> Explanation:
    """The highest half hour of the load."""
    return _figure(desk, facility_id, "peak_kw", "peak", load(desk, facility_id))


def _of_both(figure: str, formula: str) -> Callable[[Desk, str], Explanation]:
    """What follows from load and yield, half hour by half hour."""

    def explained(desk: Desk, facility_id: str) -> Explanation:
        roof = bool((desk.plan.results.yields["facility_id"] == facility_id).any())
        produced = (energy(desk, facility_id),) if roof else ()
        return _figure(desk, facility_id, figure, formula, load(desk, facility_id), *produced)

    return explained


FIGURES: dict[str, Callable[[Desk, str], Explanation]] = {
    "load_kwh": load,
    "peak_kw": peak,
    **{
        name: _of_both(name, name)
        for name in ("self_use_kwh", "surplus_kwh", "self_use_ratio", "self_supply_ratio", "peak_after_kw")
    },
}
