"""The decision: who is eligible, who belongs to the half, and for each the reason. Fast enough for a slider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.findings import Finding
from kawasolar.eligibility import (
    FAIL,
    UNKNOWN,
    Assessment,
    Case,
    applied_keys,
    case_of,
    evaluate,
    outcomes_frame,
)
from kawasolar.plan import Decision, Results, Settings
from kawasolar.selection import Choice, choose

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from kawasolar.profile import Profile

OBJECTIVE_COLUMN = {"co2": "co2_t", "energy": "energy_kwh"}


@dataclass(frozen=True)
class _Standing:
    """Status of each facility, and where it comes from; arrays in the ledger's order."""

    failed: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    # Done or contracted: they count, whatever the criteria say of them today.
    stands: NDArray[np.bool_]

    @property
    def eligible(self) -> NDArray[np.bool_]:
        return ~self.failed & ~self.unknown


def default_settings(profile: Profile) -> Settings:
    """The profile's share, objective and criteria; nothing pinned."""
    return Settings(share=profile.number("plan.share"), objective=profile.objective)


def decide(facilities: gpd.GeoDataFrame, results: Results, profile: Profile, settings: Settings) -> Decision:
    """Assess every facility and choose the share of the eligible with the best objective.

    Parameters
    ----------
    facilities : GeoDataFrame
        The ledger.
    results : Results
        What survey, join and yield gave.
    profile, settings
        Criteria, and what the planner turned; the settings win.

    Returns
    -------
    Decision
        ``outcomes``, ``sites`` (one row per facility, in the ledger's order) and ``not_applied``.
    """
    case = case_of(facilities, results.links, results.yields, results.planes, profile, results.subarrays)
    assessment = evaluate(case, settings, applied_keys(profile, settings))
    standing = _standing(case, assessment, settings)
    worth = _objective(case, results.yields, settings)
    choice = choice_of(worth[standing.eligible], settings)
    sites = _sites(case, assessment, standing, worth, choice, settings)
    return Decision(outcomes=outcomes_frame(assessment), sites=sites, not_applied=assessment.not_applied)


def choice_of(worth: pd.Series, settings: Settings) -> Choice:
    """The choice among those that count, by what the planner turned and what stands; ``worth`` by facility."""
    return choose(worth, settings.share, settings.pins, settings.vetoes, tuple(settings.standing))


def effect_of_criteria(
    facilities: gpd.GeoDataFrame, results: Results, profile: Profile, settings: Settings
) -> dict[str, int]:
    """By how many the eligible change through each criterion, for the figure beside its switch: 0 or less.

    For an applied criterion those that it alone keeps out; for one switched off those that it would take away.
    """
    table = criteria_table(facilities, results, profile, settings)
    return {key: -int(alone) for key, alone in zip(table["criterion"], table["alone"], strict=True)}


def criteria_table(
    facilities: gpd.GeoDataFrame, results: Results, profile: Profile, settings: Settings
) -> pd.DataFrame:
    """What each criterion of the profile meets.

    Returns
    -------
    DataFrame
        ``criterion``, ``applied``, ``available`` (the ledger can answer it), ``fails`` and ``unknown`` (facilities,
        whatever else they fail), ``alone`` (see :func:`effect_of_criteria`, as a positive number).
    """
    case = case_of(facilities, results.links, results.yields, results.planes, profile, results.subarrays)
    everything = evaluate(case, settings, tuple(criterion.key for criterion in profile.criteria))
    applied = np.isin(everything.keys, applied_keys(profile, settings))
    blocks = blocking(everything) & ~stands_of(case, settings)
    count = blocks[applied].sum(axis=0) + bare_roofs(case) + (~case.has_roof).astype(np.int64)
    others = count - (blocks & applied[:, None])
    counted = pd.DataFrame(
        {
            "criterion": np.array(everything.keys, dtype=object),
            "applied": applied,
            "available": True,
            "fails": (everything.outcome == FAIL).sum(axis=1),
            "unknown": (everything.outcome == UNKNOWN).sum(axis=1),
            "alone": (blocks & (others == 0)).sum(axis=1),
        }
    ).set_index("criterion")
    for key in everything.not_applied:
        counted.loc[key] = [False, False, 0, len(case.ledger), 0]
    return counted.loc[[criterion.key for criterion in profile.criteria]].reset_index()


def decision_findings(decision: Decision, settings: Settings) -> tuple[Finding, ...]:
    """What to tell of the choice: pins or vetoes that do not fit, criteria that could not be applied."""
    sites = decision.sites.set_index("facility_id")
    eligible = sites.index[sites["status"] == "eligible"]
    choice = choice_of(sites.loc[eligible, "objective_value"], settings)
    found = [
        Finding(f"decision.not_applied.{key}", "warning", details={"criterion": key}) for key in decision.not_applied
    ]
    if choice.excess:
        values = {"pins": len(choice.pins), "number": choice.number}
        found.append(Finding("decision.more_pins_than_number", "warning", details=dict(values)))
    if choice.short:
        values = {"vetoes": len(choice.vetoes), "number": choice.number, "short": choice.short}
        found.append(Finding("decision.vetoes_leave_too_few", "warning", details=dict(values)))
    for name, code in sorted(_misfits(settings, set(sites.index), set(eligible)).items()):
        found.append(Finding(code, "warning", item=name))
    return tuple(found)


def _misfits(settings: Settings, everybody: set[str], eligible: set[str]) -> dict[str, str]:
    codes: dict[str, str] = {}
    for name in settings.pins | settings.vetoes:
        if name not in everybody:
            codes[name] = "decision.no_such_facility"
        elif name in settings.vetoes and name in settings.standing:
            codes[name] = "decision.veto_stands"
        elif name in settings.pins and name in settings.vetoes:
            codes[name] = "decision.pinned_and_vetoed"
        elif name in settings.pins and name not in eligible:
            codes[name] = "decision.pin_not_eligible"
    return codes


def bare_roofs(case: Case) -> NDArray[np.bool_]:
    """A roof that carries nothing is not eligible, whatever criteria are switched off."""
    return case.has_roof & ~(case.usable_m2 > 0)


def blocking(assessment: Assessment) -> NDArray[np.bool_]:
    """What keeps a facility from being eligible: failed, or unknown and not to be taken as passed."""
    unknown = (assessment.outcome == UNKNOWN) & ~assessment.lenient[:, None]
    return (assessment.outcome == FAIL) | unknown


def stands_of(case: Case, settings: Settings) -> NDArray[np.bool_]:
    """Where something is done or contracted already, (n,): no criterion keeps it out any more."""
    return np.isin(case.ledger["facility_id"].to_numpy(dtype=object).astype(str), sorted(settings.standing))


def _standing(case: Case, assessment: Assessment, settings: Settings) -> _Standing:
    stands = stands_of(case, settings)
    failed = ((assessment.outcome == FAIL).any(axis=0) | bare_roofs(case)) & ~stands
    unknown = (blocking(assessment).any(axis=0) | ~case.has_roof) & ~stands
    return _Standing(failed=failed, unknown=unknown & ~failed, stands=stands)


def _objective(case: Case, yields: pd.DataFrame, settings: Settings) -> pd.Series:
    """The objective by facility id, in the ledger's order; NaN where there is no yield."""
    ids = case.ledger["facility_id"].to_numpy(dtype=object)
    column = OBJECTIVE_COLUMN[settings.objective]
    worth = pd.Series(yields[column].to_numpy(dtype=np.float64), index=yields["facility_id"].to_numpy(dtype=object))
    return worth.reindex(pd.Index(ids))


def _sites(
    case: Case, assessment: Assessment, standing: _Standing, worth: pd.Series, choice: Choice, settings: Settings
) -> pd.DataFrame:
    ids = case.ledger["facility_id"].to_numpy(dtype=object)
    eligible = standing.eligible
    chosen = np.zeros(len(ids), dtype=bool)
    chosen[eligible] = choice.chosen.to_numpy()
    rank = np.zeros(len(ids), dtype=np.int64)
    rank[eligible] = choice.rank.to_numpy()
    pinned, vetoed = (np.isin(ids.astype(str), sorted(names)) for names in (choice.pins, choice.vetoes))
    inside = ~case.has_building & np.isin(ids.astype(str), sorted(case.shared))
    states = [f"stands_{settings.standing[name][0]}" if name in settings.standing else "" for name in ids.astype(str)]
    reason = np.where(standing.stands, np.array(states, dtype=object), np.select(
        [standing.failed, inside, ~case.has_building, ~case.has_roof, standing.unknown, vetoed, pinned, chosen],
        ["failed", "shared", "no_building", "no_roof", "unknown", "vetoed", "chosen_pin", "chosen_rank"],
        default="outside_half",
    ))  # fmt: skip
    return pd.DataFrame(
        {
            "facility_id": ids,
            "status": np.select([standing.failed, standing.unknown], ["ineligible", "unknown"], default="eligible"),
            "chosen": chosen,
            "rank": pd.Series(rank, dtype="Int64").mask(~eligible),
            "objective_value": worth.to_numpy(),
            "reason": reason,
            "reason_values": _reason_values(case, assessment, standing, rank, choice, settings),
        }
    )


def _reason_values(
    case: Case, assessment: Assessment, standing: _Standing, rank: NDArray[np.int64], choice: Choice, settings: Settings
) -> list[dict[str, object]]:  # fmt: skip
    """Values for the sentence: rank, eligible and number, the year of what stands; or the criteria in question, the first with its value."""
    eligible = int(standing.eligible.sum())
    barren = bare_roofs(case)
    failed = assessment.outcome == FAIL
    asked = blocking(assessment) & ~failed
    ids = case.ledger["facility_id"].astype(str).tolist()
    out: list[dict[str, object]] = []
    for row, own in enumerate(standing.eligible):
        if standing.stands[row]:
            year = settings.standing[ids[row]][1]
            out.append({"rank": int(rank[row]), "eligible": eligible, "number": choice.number, "year": year})
            continue
        if not case.has_building[row] and not standing.failed[row] and ids[row] in case.shared:
            out.append(_whose(case, ids, ids[row]))
            continue
        if own:
            out.append({"rank": int(rank[row]), "eligible": eligible, "number": choice.number})
            continue
        which = np.flatnonzero((failed if standing.failed[row] else asked)[:, row])
        keys = [assessment.keys[k] for k in which]
        if barren[row] and "usable_area" not in keys:
            out.append(
                {"criteria": [*keys, "usable_area"], "criterion": "usable_area", "value": 0.0, "threshold": None}
            )
            continue
        first = which[0] if len(which) else None
        out.append(
            {
                "criteria": keys,
                "criterion": None if first is None else assessment.keys[first],
                "value": None if first is None else assessment.value[first, row],
                "threshold": None if first is None else assessment.thresholds[first],
            }
        )
    return out


def _whose(case: Case, ids: list[str], facility_id: str) -> dict[str, object]:
    """In whose building a facility is."""
    building, owner = case.shared[facility_id]
    names = case.ledger["name"].tolist() if "name" in case.ledger else ids
    name = names[ids.index(owner)] if owner in ids else owner
    return {
        "criteria": [], "criterion": None, "value": None, "threshold": None,
        "building": building, "owner": owner, "owner_name": name if isinstance(name, str) else owner,
    }  # fmt: skip
