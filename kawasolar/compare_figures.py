"""The figures by which scenarios are compared: those of every plan, and those of the answers that plans keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.figures import figures
from kawasolar.plan import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.plan import AnswerKind, Plan


@dataclass(frozen=True)
class Figure:
    """A figure of the comparison: ``unit`` is empty for a count of facilities, ``digits`` are those behind the point; shares are shown in percent."""

    code: str
    unit: str
    digits: int


FIGURES: tuple[Figure, ...] = (
    Figure("facilities", "", 0),
    Figure("eligible", "", 0),
    Figure("unknown", "", 0),
    Figure("ineligible", "", 0),
    Figure("chosen", "", 0),
    Figure("usable_m2", "m²", 0),
    Figure("capacity_kw", "kW", 1),
    Figure("energy_kwh", "kWh", 0),
    Figure("specific_yield_kwh_kw", "kWh/kW", 0),
    Figure("irradiation_kwh_m2", "kWh/m²", 0),
    Figure("shading_loss", "%", 1),
    Figure("co2_t", "t-CO₂", 1),
    Figure("self_use_kwh", "kWh", 0),
    Figure("surplus_kwh", "kWh", 0),
    Figure("self_use_ratio", "%", 1),
    Figure("self_supply_ratio", "%", 1),
)
# Of programmes: once their last year is over. What is a year's is told by the name.
ANSWER_FIGURES: Mapping[AnswerKind, tuple[Figure, ...]] = {
    "lighting": (
        Figure("lighting_saved_kwh", "kWh", 0),
        Figure("lighting_saving_yen", "yen", 0),
        Figure("lighting_cost_yen", "yen", 0),
        Figure("lighting_co2_t", "t-CO₂", 1),
        Figure("lighting_late", "luminaires", 0),
    ),
    "fleet": (
        Figure("fleet_share", "%", 1),
        Figure("fleet_spend_yen", "yen", 0),
        Figure("fleet_saved_t", "t-CO₂", 1),
        Figure("fleet_kwh", "kWh", 0),
    ),
    "charging": (
        Figure("charging_chargers", "chargers", 0),
        Figure("charging_cost_yen", "yen", 0),
        Figure("charging_bill_yen", "yen", 0),
    ),
    "siting": (
        Figure("siting_sites", "", 0),
        Figure("siting_covered", "%", 1),
        Figure("siting_cost_yen", "yen", 0),
    ),
}
OF_ANSWERS = frozenset(figure.code for group in ANSWER_FIGURES.values() for figure in group)
BY_CODE: Mapping[str, Figure] = {
    figure.code: figure for group in (FIGURES, *ANSWER_FIGURES.values()) for figure in group
}


def figures_frame(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """Figures side by side, as :attr:`kawasolar.compare.Comparison.figures` has them; those of an answer where at least one plan keeps it."""
    rows = [*FIGURES, *(one for kind in ANSWERS if _kept(plans, kind) for one in ANSWER_FIGURES[kind])]
    index = pd.Index([figure.code for figure in rows], name="figure")
    columns: dict[str, Any] = {"unit": [figure.unit for figure in rows]}
    for key, plan in plans.items():
        found = {**figures(plan), **answer_figures(plan)}
        columns[key] = np.array([np.nan if found.get(code) is None else found[code] for code in index], dtype=float)
    first, *others = plans
    for key in others:
        columns[f"difference.{key}"] = columns[key] - columns[first]
    return pd.DataFrame(columns, index=index)


def _kept(plans: Mapping[str, Plan], kind: AnswerKind) -> bool:
    return any(kind in plan.answers for plan in plans.values())


def answer_figures(plan: Plan) -> dict[str, float]:
    """Figures of the answers that a plan keeps.

    LED lighting: of what its programme replaces, once its years are over: electricity, bill and upkeep [yen], CO₂ [t] saved a year, cost of all years [yen];
    luminaires after their deadline or never. Fleet: share of the passenger cars that are of the next generation [0…1], what is spent in all years [yen], CO₂ [t] saved and
    electricity charged a year. Chargers: number, cost after subsidies [yen], and what cars that are charged staggered add to the bills a year [yen], of the
    bases whose tariff is known; NaN where none is. Sites of shared chargers: number with those that stand, share of the demand within the radius [0…1], cost of
    the new ones [yen].
    """
    found: dict[str, float] = {}
    if "lighting" in plan.answers:
        frames = plan.answers["lighting"].frames
        names = ("saved_kwh", "saving_yen", "cost_yen", "co2_t")
        found |= {f"lighting_{name}": float(frames["years"][name].sum()) for name in names}
        found["lighting_late"] = float(frames["facilities"]["late"].sum())
    if "fleet" in plan.answers:
        head: Mapping[str, Any] = plan.answers["fleet"].head
        found["fleet_share"] = float(head["share"])
        found |= {f"fleet_{name}": float(head["totals"].get(name, np.nan)) for name in ("spend_yen", "saved_t", "kwh")}
    if "charging" in plan.answers:
        bases = plan.answers["charging"].frames["bases"]
        found |= {f"charging_{name}": float(bases[name].sum()) for name in ("chargers", "cost_yen")}
        found["charging_bill_yen"] = float(bases["bill_staggered_yen"].sum(min_count=1))
    if "siting" in plan.answers:
        told: Mapping[str, Any] = plan.answers["siting"].head
        by_code = {"siting_sites": "number", "siting_covered": "covered_share", "siting_cost_yen": "price_yen"}
        found |= {code: float(told[name]) for code, name in by_code.items()}
    return found
