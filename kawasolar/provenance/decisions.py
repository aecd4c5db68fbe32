"""Why a facility is eligible or not, why it is chosen or not, and why these buildings are its."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar import decide
from kawasolar.decide import OBJECTIVE_COLUMN
from kawasolar.electrical import system_of
from kawasolar.half import programme_of
from kawasolar.provenance import roofs
from kawasolar.provenance.model import EnteredSource, Explanation, NothingToExplain
from kawasolar.provenance.sources import flat, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.plan import Plan
    from kawasolar.provenance.model import LedgerSource, Source
    from kawasolar.provenance.sources import Desk
    from kawasolar.selection import Choice

_UNITS = {
    "remaining_years": "a", "closure": "a", "waterproofing": "a", "usable_area": "m²", "irradiation": "kWh/m²", "min_floor": "m²",
    "capacity": "kW", "flood": "m", "storm_surge": "m", "tsunami": "m", "roof_load": "N/m²",
}  # fmt: skip
# What each criterion reads in the ledger.
LEDGER_OF: dict[str, tuple[str, ...]] = {
    "seismic": ("seismic",),
    "closure": ("closure_year",),
    "waterproofing": ("waterproofed_year", "built_year", "roof_type"),
    "min_floor": ("floor_area_m2",),
    "flood": ("flood_depth_m",),
    "storm_surge": ("storm_surge_depth_m",),
    "tsunami": ("tsunami_depth_m",),
    "landslide": ("landslide",),
    "heritage": ("heritage",),
    "roofing": ("roofing", "roof_type", "built_year"),
    "roof_load": ("roof_bears_n_m2", "roof_type", "structure", "seismic", "built_year"),
}
_OF_ROOF = {"usable_area": "usable_m2", "irradiation": "irradiation_kwh_m2", "capacity": "capacity_kw"}
_COUNTED_FROM = "plan.year"
_Inputs = tuple["Explanation | Source", ...]


# ---------------------------------------------------------------------------------------------- criteria


def criterion(desk: Desk, facility_id: str, key: str) -> Explanation:
    """One criterion: its outcome, what was found, what is asked, and where both come from."""
    outcomes = desk.plan.decision.outcomes
    found = outcomes[(outcomes["facility_id"] == facility_id) & (outcomes["criterion"] == key)]
    if not len(found):
        raise NothingToExplain("why.no_criterion", facility=facility_id, criterion=key)
    row = found.iloc[0]
    formula, inputs = _evidence(desk, facility_id, key, plain(row["value"]), str(row["outcome"]))
    values = {
        "criterion": key,
        "found": plain(row["value"]),
        "threshold": plain(row["threshold"]),
        "unit": _UNITS.get(key, ""),
        **({"load": _carried(desk, facility_id)} if key == "roof_load" else {}),
    }
    return Explanation(
        f"criterion.{key}", str(row["outcome"]), "", formula, (*inputs, desk.criterion(key)), desk.stage("eligibility"), values, facility_id
    )  # fmt: skip


def _evidence(desk: Desk, facility_id: str, key: str, found: object, outcome: str) -> tuple[str, _Inputs]:
    """The formula by which a criterion's value was found, and what went into it."""
    if key == "remaining_years":
        return _remaining(desk, facility_id)
    if key == "irradiation" and found is not None and desk.yielded(facility_id, "irradiation_kwh_m2") is None:
        return "found_irradiation", (roofs.whole_irradiation(desk, facility_id),)
    if key in _OF_ROOF:
        return f"found_{key}", _of_roof(desk, facility_id, _OF_ROOF[key])
    ledger = desk.ledgers(facility_id, *LEDGER_OF.get(key, ()))
    year = desk.profile(_COUNTED_FROM, "eligibility")
    if key == "closure":
        blank = "no_closure" if outcome == "pass" else "closure_open"
        return (blank if found is None else "found_closure"), (*ledger, year)
    if key == "waterproofing":
        if found == "pitched":
            return "found_pitched", (*ledger, *_of_roof(desk, facility_id, "roof_m2"))
        return ("found_waterproofing" if found is not None else "not_known"), (*ledger, year)
    if key == "roofing":
        return ("found_roofing" if found is not None else "not_known"), tuple(ledger)
    if key == "roof_load":
        return _load(desk, facility_id, ledger)
    return ("found_ledger" if found is not None else "not_known"), tuple(ledger)


def _carried(desk: Desk, facility_id: str) -> str:
    """What modules and racks weigh over the array's area [N/m²]; a dash where nothing is laid out."""
    system = system_of(desk.plan, facility_id)
    return "–" if system is None else f"{max(load.load.array_n_m2 for load in system.loads):,.0f}"


def _load(desk: Desk, facility_id: str, ledger: list[LedgerSource]) -> tuple[str, _Inputs]:
    """What a roof bears: told by the ledger, else a limit by its kind; beside it what modules and racks weigh."""
    modules: _Inputs = tuple(
        desk.profile_of("eligibility", ("life.", "plan.", "load.limit_", "load.structure_", "load.old_"))
    )
    if ledger and ledger[0].column == "roof_bears_n_m2" and ledger[0].value is not None:
        return "found_bears", (ledger[0], *modules, *_of_roof(desk, facility_id, "capacity_kw"))
    limits = tuple(desk.profile_of("eligibility", ("life.", "plan.", "load.rack_", "load.fixing", "module.")))
    return "found_roof_load", (*ledger, *limits, *modules, *_of_roof(desk, facility_id, "capacity_kw"))


def _of_roof(desk: Desk, facility_id: str, figure: str) -> _Inputs:
    try:
        return (roofs.FIGURES[figure](desk, facility_id),)
    except NothingToExplain:
        return (link(desk, facility_id),)


def _remaining(desk: Desk, facility_id: str) -> tuple[str, _Inputs]:
    """Remaining service life: told by the ledger, else reckoned from year and structure."""
    told = desk.ledgers(facility_id, "remaining_years")
    if told and told[0].value is not None:
        return "found_ledger", tuple(told)
    reckoned = desk.ledgers(facility_id, "built_year", "structure")
    built = next((entry.value for entry in reckoned if entry.column == "built_year"), None)
    structure = next((entry.value for entry in reckoned if entry.column == "structure"), None)
    year = desk.profile(_COUNTED_FROM, "eligibility")
    if built is None:
        return "not_known", (*told, *reckoned)
    if f"life.{structure}" in desk.plan.profile.values:
        life = desk.profile(f"life.{structure}", "eligibility")
        return "found_remaining", (*told, *reckoned, life, year)
    # Of an unknown structure: only what all service lives agree on.
    lives = [entry for entry in desk.profile_of("eligibility") if entry.key.startswith("life.")]
    return "found_remaining_any", (*told, *reckoned, *lives, year)


# ---------------------------------------------------------------------------------------------- status, rank, choice


def status(desk: Desk, facility_id: str) -> Explanation:
    """Eligible, to be checked or not: the outcome of every criterion that is applied."""
    site = desk.site(facility_id)
    outcomes = desk.plan.decision.outcomes
    keys = outcomes.loc[outcomes["facility_id"] == facility_id, "criterion"].tolist()
    judged = [criterion(desk, facility_id, str(key)) for key in keys]
    reason = str(site["reason"])
    formula = reason if reason in ("no_building", "no_roof", "shared") else str(site["status"])
    # Whatever the criteria say, there it is.
    stands = desk.plan.settings.standing.get(facility_id)
    formula = formula if stands is None else "stands"
    links: _Inputs = (link(desk, facility_id),) if formula in ("no_building", "no_roof", "shared") else ()
    barren: _Inputs = ()
    given = site["reason_values"] if isinstance(site["reason_values"], dict) else {}
    if "usable_area" in (given.get("criteria") or ()) and "usable_area" not in keys:
        # A roof that carries nothing keeps out even where no criterion asks for an area.
        barren = _of_roof(desk, facility_id, "usable_m2")
    values = {"reason": reason, "reason_values": site["reason_values"], "applied": len(judged)}
    return Explanation(
        "status", str(site["status"]), "", f"status_{formula}", (*desk.standing_of(facility_id), *judged, *barren, *links), desk.stage("eligibility"), values, facility_id
    )  # fmt: skip


def choice_of(plan: Plan) -> Choice:
    """The choice as the selection made it, with its number, what stands, and the pins and vetoes that took effect."""
    sites = plan.decision.sites.set_index("facility_id")
    eligible = sites.index[sites["status"] == "eligible"]
    return decide.choice_of(sites.loc[eligible, "objective_value"], plan.settings)


def worth(desk: Desk, facility_id: str) -> Explanation:
    """What the facilities are ranked by."""
    figure = OBJECTIVE_COLUMN[desk.plan.settings.objective]
    return roofs.FIGURES[figure](desk, facility_id)


def objective(desk: Desk) -> list[EnteredSource]:
    """What the choice makes as large as it can, where a person turned it."""
    entered = desk.plan.entries.get("objective", desk.plan.scenario)
    return [] if entered is None else [EnteredSource("objective", desk.plan.scenario, entered)]


def rank(desk: Desk, facility_id: str) -> Explanation:
    """Place among the eligible by the objective."""
    site = desk.site(facility_id)
    found = plain(site["rank"])
    sites = desk.plan.half.sites
    values: dict[str, object] = {
        "eligible": int((sites["status"] == "eligible").sum()),
        "objective": desk.plan.settings.objective,
    }
    if found is None:
        return Explanation(
            "rank", None, "", "rank_none", (status(desk, facility_id),), desk.stage("selection"), values, facility_id
        )
    values["better"] = int((sites["rank"] < found).sum())
    inputs: _Inputs = (worth(desk, facility_id), *objective(desk))
    return Explanation("rank", found, "", "rank", inputs, desk.stage("selection"), values, facility_id)


def number(desk: Desk) -> Explanation:
    """How many are to be chosen: the share of the eligible, or of the programme's list, rounded up."""
    sites, kept = desk.plan.half.sites, programme_of(desk.plan)
    if kept is not None:
        values = {"denominator": kept.denominator, "day": kept.count, "share": kept.share}
        formula = "number_listed" if kept.count else "number_programme"
        return Explanation("number", kept.number, "", formula, stage=desk.stage("programme"), values=values)
    eligible = Explanation(
        "eligible",
        int((sites["status"] == "eligible").sum()),
        "",
        "eligible",
        stage=desk.stage("eligibility"),
        more=True,
    )
    return Explanation(
        "number", choice_of(desk.plan).number, "", "number", (share(desk), eligible), desk.stage("selection")
    )


def share(desk: Desk) -> Explanation:
    """Share of the eligible: the profile's, or as turned in this scenario."""
    plan = desk.plan
    entered = plan.entries.get("share", plan.scenario)
    base = desk.profile("plan.share", "selection")
    turned = [] if entered is None else [EnteredSource("share", plan.scenario, float(entered))]
    formula = "share_entered" if plan.settings.share != base.value else "share"
    return Explanation("share", plan.settings.share, "-", formula, flat(turned, (base,)), desk.stage("selection"))


def chosen(desk: Desk, facility_id: str) -> Explanation:
    """In or out, by rank, pin or veto."""
    site = desk.site(facility_id)
    reason = str(site["reason"])
    values = {"reason": reason, "reason_values": site["reason_values"]}
    if str(site["status"]) != "eligible":
        inputs: _Inputs = flat(desk.entered_of(facility_id), (status(desk, facility_id),))
        formula = "chosen_not_eligible"
    else:
        inputs = flat(desk.entered_of(facility_id), (rank(desk, facility_id), number(desk)))
        formula = f"choice_{reason}"
    stage = desk.stage("selection" if programme_of(desk.plan) is None else "programme")
    return Explanation("chosen", bool(site["chosen"]), "", formula, inputs, stage, values, facility_id)


# ---------------------------------------------------------------------------------------------- buildings


_EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "id": ("building_ids",),
    "point": ("latitude", "longitude", "address"),
    "name": ("name",),
    "nearest": ("latitude", "longitude", "address"),
    "parcel": ("latitude", "longitude", "address"),
    "address": ("address",),
    "person": (),
}


def link(desk: Desk, facility_id: str) -> Explanation:
    """The buildings of a facility, and how each was found."""
    desk.facility(facility_id)
    links = desk.plan.results.links.dropna(subset=["building_id"])
    mine = links[links["facility_id"] == facility_id]
    parts = [
        _one_link(desk, facility_id, str(building), str(how), plain(distance), plain(score))
        for building, how, distance, score in zip(
            mine["building_id"], mine["how"], mine["distance_m"], mine["score"], strict=True
        )
    ]
    entered = desk.join_of(facility_id)
    reach: _Inputs = () if parts else (desk.profile("join.nearest_m", "ledger"),)
    formula = "link_person" if entered else "link" if parts else "link_none"
    value = tuple(str(name) for name in mine["building_id"])
    inputs = (*parts, *entered, *reach, *desk.files("buildings", "facilities"))
    return Explanation(
        "link", value, "", formula, inputs, desk.stage("join"), {"buildings": len(parts)}, facility_id
    )  # fmt: skip


def _one_link(desk: Desk, facility_id: str, building: str, how: str, distance: object, score: object) -> Explanation:
    judged = () if how == "person" else ("floor_area_m2", "storeys", "kind")
    ledger = desk.ledgers(facility_id, *_EVIDENCE.get(how, ()), *judged)
    keys = ["join.nearest_m"] if how in ("nearest", "address") else []
    keys += [] if how == "person" else ["join.size_factor", "join.size_weight", "join.use_weight"]
    reach = [desk.profile(key, "ledger") for key in keys]
    values = {"how": how, "distance_m": distance, "score": score}
    return Explanation(
        "link_building", building, "", f"joined_{how}", (*ledger, *reach), desk.stage("join"), values, facility_id, building
    )  # fmt: skip
