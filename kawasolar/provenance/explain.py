"""Any figure of a plan, explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.document.views import LEDGER_COLUMNS
from kawasolar.provenance import answers, charging, decisions, fleet, lighting, programme, roofs, use, whole
from kawasolar.provenance.model import Explanation, NothingToExplain
from kawasolar.provenance.sources import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.plan import Plan

_SITE: dict[str, Callable[[Desk, str], Explanation]] = {
    **roofs.FIGURES,
    **use.FIGURES,
    **lighting.FIGURES,
    **fleet.FIGURES,
    **charging.FIGURES,
    **answers.FIGURES,
    "status": decisions.status,
    "rank": decisions.rank,
    "chosen": decisions.chosen,
    "link": decisions.link,
    "programme_year": programme.programme_year,
}
_LEDGER_UNITS = {
    "floor_area_m2": "m²", "remaining_years": "a", "flood_depth_m": "m", "annual_kwh": "kWh", "contract_kw": "kW",
    "storm_surge_depth_m": "m", "tsunami_depth_m": "m", "roof_bears_n_m2": "N/m²", "seismic_work_year": "calendar year",
    "built_year": "calendar year", "waterproofed_year": "calendar year", "closure_year": "calendar year", "latitude": "°", "longitude": "°",
}  # fmt: skip
# Of the ledger's frame, what is no value of a facility.
_NOT_VALUES = ("geometry", "source_row", "closure_known", "ward_by_place")


def explain(plan: Plan | Desk, figure: str, facility_id: str | None = None) -> Explanation:
    """Why a figure is what it is.

    Parameters
    ----------
    plan : or its desk: who asks for many figures of a plan has what they share looked up once
    figure : one of :func:`figures_of`: ``energy_kwh``, ``criterion.seismic``, ``ledger.built_year``, …
    facility_id : whose; None for a figure of the whole plan

    Raises
    ------
    NothingToExplain
        ``why.no_figure``, ``why.no_facility``, ``why.no_yield`` or ``why.no_criterion``
    """
    desk = plan if isinstance(plan, Desk) else Desk(plan)
    if facility_id is None:
        if figure in whole.FIGURES:
            return whole.FIGURES[figure](desk)
        raise NothingToExplain("why.no_figure", figure=figure)
    desk.facility(facility_id)
    kind, _, rest = figure.partition(".")
    if figure in _SITE:
        return _SITE[figure](desk, facility_id)
    if kind == "criterion" and rest:
        return decisions.criterion(desk, facility_id, rest)
    if kind == "ledger" and rest in _columns(desk.plan):
        return _of_ledger(desk, facility_id, rest)
    raise NothingToExplain("why.no_figure", figure=figure)


# No column: worked out of the year's energy.
_WORKED_OUT = "lifetime_kwh"


def figures_of(plan: Plan, facility_id: str | None = None) -> tuple[str, ...]:
    """What :func:`explain` can be asked of the plan, or of one facility."""
    if facility_id is None:
        # The yields of an older file tell nothing of snow.
        return tuple(name for name in whole.FIGURES if name != "snow_loss" or name in plan.results.yields)
    desk = Desk(plan)
    desk.facility(facility_id)
    has_yield = bool((plan.results.yields["facility_id"] == facility_id).any())
    outcomes = plan.decision.outcomes
    keys = outcomes.loc[outcomes["facility_id"] == facility_id, "criterion"].tolist()
    return (
        # The yields of an older file tell no number of modules.
        *(name for name in roofs.FIGURES if has_yield and (name in plan.results.yields or name == _WORKED_OUT)), "status", "rank", "chosen", "programme_year", *answers.FIGURES, "link", *(f"criterion.{key}" for key in keys),
        *(f"ledger.{column}" for column in _columns(plan)),
        *(use.FIGURES if plan.use is not None and bool((plan.use.frame["facility_id"] == facility_id).any()) else ()),
        *(("lighting_cost_yen",) if lighting.has(desk, facility_id) else ()), *(fleet.FIGURES if fleet.has(desk, facility_id) else ()),
    )  # fmt: skip


def _columns(plan: Plan) -> list[str]:
    return [str(name) for name in plan.facilities.columns if name not in _NOT_VALUES]


def _of_ledger(desk: Desk, facility_id: str, column: str) -> Explanation:
    """A value of the ledger: read, or corrected by a person."""
    source, plan_read = desk.ledger(facility_id, column), desk.plan.read
    # A project of an older version does not know the headings; a file that says the column has one.
    known = plan_read is not None and bool(plan_read.columns)
    formula = "corrected" if source.override is not None else "read" if source.heading or not known else "made"
    if source.value is None and source.override is None:
        formula = "blank"
    if column == "ward" and source.override is None and desk.ward_by_place(facility_id):
        return Explanation(
            "ledger.ward", source.value, "", "ledger_by_place", tuple(desk.files("wards", "facilities")), desk.stage("ledger"),
            {"column": column, "correctable": True}, facility_id,
        )  # fmt: skip
    return Explanation(
        f"ledger.{column}", source.value, _LEDGER_UNITS.get(column, ""), f"ledger_{formula}", (source, *desk.files("facilities")),
        desk.stage("ledger"), {"column": column, "correctable": column in LEDGER_COLUMNS}, facility_id,
    )  # fmt: skip
