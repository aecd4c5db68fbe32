"""Demand of a plan's facilities: asked for, not kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.progress import part, silent
from kawasolar.demand.after_led import kinds_of, saved_by_facility, without_lighting
from kawasolar.demand.estimate import estimate
from kawasolar.demand.metered import metered_year
from kawasolar.demand.templates import templates_of
from kawasolar.half_hours import fiscal_year
from kawasolar.meters import series_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from gis.progress import Progress
    from kawasolar.demand.estimate import Demand
    from kawasolar.demand.metered import Metered
    from kawasolar.demand.templates import Templates
    from kawasolar.document.entries import Entries
    from kawasolar.plan import InputFile, Plan
    from kawasolar.profile import Profile


@dataclass(frozen=True)
class Asked:
    """What of a plan its demand is made from, where the plan itself is still in the making."""

    facilities: pd.DataFrame
    entries: Entries
    inputs: tuple[InputFile, ...]
    profile: Profile
    # What LED saves a year, by facility, where the scenario reckons with it [kWh].
    lit_away: Mapping[str, float] = field(default_factory=dict)


def demand_of(
    plan: Plan | Asked,
    facility_ids: Sequence[str] | None = None,
    *,
    year: int | None = None,
    templates: Templates | None = None,
    as_it_is: bool = False,
    progress: Progress = silent,
) -> Demand:
    """Demand of facilities in the half hours of a fiscal year, in the ledger's order; after the plan's LED lighting where the scenario asks for that.

    Parameters
    ----------
    facility_ids : of which; of all unless given
    year : the fiscal year whose calendar of working days estimates follow; the plan's unless given
    as_it_is : without any LED lighting that is planned
    templates : tables of loads; those of the program, with the municipality's own over them, unless given

    Raises
    ------
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    tables = templates_of(plan.profile.code) if templates is None else templates
    rows = plan.facilities
    if facility_ids is not None:
        rows = rows[rows["facility_id"].isin(list(facility_ids))]
    own = _metered(plan, rows["facility_id"].astype(str).tolist(), tables, part(progress, 0.0, 0.6))
    calendar = fiscal_year(plan.profile.plan_year if year is None else year)
    found = estimate(rows, own, tables, calendar, part(progress, 0.6, 1.0))
    saved = {} if as_it_is else _lit_away(plan)
    return without_lighting(found, saved, kinds_of(rows), plan.profile.code) if saved else found


def _lit_away(plan: Plan | Asked) -> Mapping[str, float]:
    if isinstance(plan, Asked):
        return plan.lit_away
    return saved_by_facility(plan.entries, plan.scenario, plan.answers.get("lighting"))


def _metered(plan: Plan | Asked, ids: list[str], templates: Templates, progress: Progress) -> dict[str, Metered]:
    """Those of them that have meters, as a year."""
    kinds = plan.facilities.set_index("facility_id")["kind"] if "kind" in plan.facilities else {}
    found: dict[str, Metered] = {}
    for name, series in series_of(plan, ids, progress).items():
        own = metered_year(series, templates.kind(kinds.get(name)))
        if own is not None:
            found[name] = own
    return found
