"""Why the figures of the whole plan are what they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.ageing import RATE, YEARS
from kawasolar.figures import figures
from kawasolar.half import programme_of
from kawasolar.provenance import decisions, roofs
from kawasolar.provenance.model import Explanation

if TYPE_CHECKING:
    from collections.abc import Callable

    from kawasolar.provenance.sources import Desk

_SUMS = {"usable_m2": "m²", "capacity_kw": "kW", "energy_kwh": "kWh", "co2_t": "t-CO₂"}


def _picked(desk: Desk) -> list[str]:
    """The chosen with a yield, by rank."""
    sites = desk.plan.half.sites
    mine = sites[sites["chosen"].to_numpy(dtype=bool)]
    order = pd.to_numeric(mine["rank"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    known = set(desk.plan.results.yields["facility_id"])
    return [str(name) for name in mine["facility_id"].to_numpy()[np.argsort(order, kind="stable")] if name in known]


def _sum(desk: Desk, figure: str) -> Explanation:
    """Sum over the chosen."""
    parts = [desk.short(figure, name, figure, _SUMS[figure]) for name in _picked(desk)]
    chosen = _count(desk, "chosen")
    return Explanation(
        figure, figures(desk.plan)[figure], _SUMS[figure], "sum_chosen", (chosen, *parts), desk.stage("selection"),
        {"count": len(parts)},
    )  # fmt: skip


def _count(desk: Desk, figure: str) -> Explanation:
    """A number of facilities that is a line of another figure."""
    value = figures(desk.plan)[figure]
    return Explanation(figure, value, "", figure, stage=desk.stage("selection"), more=True)


def facilities(desk: Desk) -> Explanation:
    """Rows of the ledger that could be read."""
    states = tuple(_count(desk, name) for name in ("eligible", "unknown", "ineligible"))
    return Explanation(
        "facilities", figures(desk.plan)["facilities"], "", "facilities", (*states, *desk.files("facilities")), desk.stage("ledger")
    )  # fmt: skip


def _status(desk: Desk, figure: str) -> Explanation:
    """Facilities of one status, with what each criterion asks and how many it keeps."""
    plan = desk.plan
    outcomes = plan.decision.outcomes
    wanted = {"eligible": "pass", "unknown": "unknown", "ineligible": "fail"}[figure]
    counts = outcomes[outcomes["outcome"] == wanted].groupby("criterion")["facility_id"].nunique()
    keys = [str(key) for key in dict.fromkeys(outcomes["criterion"].tolist())]
    parts = [
        Explanation(
            f"criterion.{key}", int(counts.get(key, 0)), "", f"count_{wanted}", (desk.criterion(key),), desk.stage("eligibility"),
            {"criterion": key},
        )
        for key in keys
    ]  # fmt: skip
    all_of = Explanation(
        "facilities", figures(plan)["facilities"], "", "facilities", stage=desk.stage("ledger"), more=True
    )
    return Explanation(
        figure, figures(plan)[figure], "", figure, (all_of, *parts), desk.stage("eligibility"),
        {"not_applied": tuple(plan.decision.not_applied)},
    )  # fmt: skip


def chosen(desk: Desk) -> Explanation:
    """How many are chosen: the number to choose, more where more are pinned, fewer where vetoes leave too few."""
    plan, choice, kept = desk.plan, decisions.choice_of(desk.plan), programme_of(desk.plan)
    if kept is not None:
        return Explanation(
            "chosen", figures(plan)["chosen"], "", "chosen_programme", (decisions.number(desk),), desk.stage("programme"),
            {"years": f"{kept.years[0]}–{kept.years[-1]}"},
        )  # fmt: skip
    marks = [source for name in sorted(choice.pins | choice.vetoes) for source in desk.entered_of(name)]
    values = {"excess": choice.excess, "short": choice.short, "pins": len(choice.pins), "vetoes": len(choice.vetoes)}
    formula = "chosen" if choice.excess or choice.short else "chosen_exact"
    return Explanation(
        "chosen",
        figures(plan)["chosen"],
        "",
        formula,
        (decisions.number(desk), *marks),
        desk.stage("selection"),
        values,
    )


def specific(desk: Desk) -> Explanation:
    """Energy over capacity of the chosen."""
    return Explanation(
        "specific_yield_kwh_kw", figures(desk.plan)["specific_yield_kwh_kw"], "kWh/kW", "specific_yield",
        (_sum(desk, "energy_kwh"), _sum(desk, "capacity_kw")), desk.stage("selection"),
    )  # fmt: skip


def irradiation(desk: Desk) -> Explanation:
    """Mean over the usable area of the chosen."""
    parts = []
    for name in _picked(desk):
        part = desk.short("irradiation_kwh_m2", name, "irradiation_kwh_m2", "kWh/m²")
        parts.append(_weighted(part, {"usable_m2": desk.yielded(name, "usable_m2")}))
    return Explanation(
        "irradiation_kwh_m2", figures(desk.plan)["irradiation_kwh_m2"], "kWh/m²", "irradiation_chosen", tuple(parts),
        desk.stage("selection"), {"count": len(parts)},
    )  # fmt: skip


def shading(desk: Desk) -> Explanation:
    """What the skyline takes of the energy that the chosen would give under an open sky."""
    parts = []
    for name in _picked(desk):
        part = desk.short("shading_loss", name, "shading_loss", "-")
        parts.append(_weighted(part, {"energy_kwh": desk.yielded(name, "energy_kwh")}))
    return Explanation(
        "shading_loss", figures(desk.plan)["shading_loss"], "-", "shading_chosen", tuple(parts), desk.stage("selection"),
        {"count": len(parts)},
    )  # fmt: skip


def snow(desk: Desk) -> Explanation:
    """What snow takes of the energy of all that are chosen."""
    parts = []
    for name in _picked(desk):
        part = desk.short("snow_loss", name, "snow_loss", "-")
        parts.append(_weighted(part, {"energy_kwh": desk.yielded(name, "energy_kwh")}))
    told = figures(desk.plan)["snow_loss"]
    return Explanation(
        "snow_loss", told, "-", "snow_chosen", tuple(parts), desk.stage("selection"), {"count": len(parts)}
    )


def lifetime(desk: Desk) -> Explanation:
    """The sum over the years of operation of all that are chosen."""
    inputs = (_sum(desk, "energy_kwh"), desk.profile(RATE, "yield"), desk.profile(YEARS, "yield"))
    return Explanation(
        "lifetime_kwh", figures(desk.plan)["lifetime_kwh"], "kWh", "lifetime", inputs, desk.stage("selection")
    )


def _weighted(part: Explanation, values: dict[str, object]) -> Explanation:
    return replace(part, values={**part.values, **values})


FIGURES: dict[str, Callable[[Desk], Explanation]] = {
    "facilities": facilities,
    "eligible": lambda desk: _status(desk, "eligible"),
    "unknown": lambda desk: _status(desk, "unknown"),
    "ineligible": lambda desk: _status(desk, "ineligible"),
    "share": decisions.share,
    "number": decisions.number,
    "chosen": chosen,
    "usable_m2": lambda desk: _sum(desk, "usable_m2"),
    "capacity_kw": lambda desk: _sum(desk, "capacity_kw"),
    "energy_kwh": lambda desk: _sum(desk, "energy_kwh"),
    "co2_t": lambda desk: _sum(desk, "co2_t"),
    "specific_yield_kwh_kw": specific,
    "irradiation_kwh_m2": irradiation,
    "shading_loss": shading,
    "snow_loss": snow,
    "lifetime_kwh": lifetime,
    "open_sky_kwh_m2": roofs.open_sky,
}
