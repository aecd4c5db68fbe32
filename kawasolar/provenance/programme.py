"""Why a facility is built in its fiscal year, or in none: the reason, what the rules leave in the year before, and what people entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.document.views import mark_of
from kawasolar.provenance import decisions, roofs
from kawasolar.provenance.model import EnteredSource, Explanation
from kawasolar.provenance.sources import plain

if TYPE_CHECKING:
    from kawasolar.programme.year_why import Room, YearWhy
    from kawasolar.provenance.model import Source
    from kawasolar.provenance.sources import Desk

ROOM = "programme_room"
_YEN, _KW, _SITES = "yen", "kW", "sites"
_UNITS = {"budget": _YEN, "budget_total": _YEN, "subsidy": _YEN, "subsidy_total": _YEN, "kw": _KW}


def programme_year(desk: Desk, facility_id: str) -> Explanation:
    """The fiscal year in which it is built, None where it is in none."""
    kept = desk.plan.programme
    stage = None if kept is None else desk.stage("programme")
    rows = [] if kept is None else kept.frame[kept.frame["facility_id"] == facility_id].to_dict("records")
    status = (decisions.status(desk, facility_id),)
    if kept is None or kept.proof is None:
        return Explanation("programme_year", None, "", "programme_none", status, stage, facility_id=facility_id)
    if not rows:
        return Explanation("programme_year", None, "", "programme_not_a_site", status, stage, facility_id=facility_id)
    from kawasolar.programme.year_why import year_why

    row, programme = {str(key): plain(value) for key, value in rows[0].items()}, desk.programme
    why = None if programme is None else year_why(programme, facility_id)
    year = int(str(row["fiscal_year"])) or None
    values = {
        "row": row,
        "why": why,
        "objective": kept.objective,
        "gap": kept.proof.gap,
        "name": desk.facility(facility_id).get("name"),
    }
    inputs = (*_figures(desk, facility_id), *_rooms(why), *_entered(desk, facility_id), *_works(desk, why))
    return Explanation(
        "programme_year", year, "calendar year", "programme_year", inputs, stage, values, facility_id
    )  # fmt: skip


def _figures(desk: Desk, facility_id: str) -> list[Explanation]:
    """What it is worth and how large it is, where it has a roof."""
    if not bool((desk.plan.results.yields["facility_id"] == facility_id).any()):
        return []
    return [decisions.worth(desk, facility_id), roofs.FIGURES["capacity_kw"](desk, facility_id)]


def _rooms(why: YearWhy | None) -> list[Explanation]:
    return [] if why is None else [_room(room) for room in why.rooms]


def _room(room: Room) -> Explanation:
    """What a rule leaves."""
    from kawasolar.programme.kept import rule_text

    values = {
        "rule": rule_text(room.rule),
        "allowed": room.allowed,
        "used": room.used,
        "takes": room.takes,
        "lacks": room.lacks,
    }
    formula = f"{ROOM}_least" if room.least else ROOM
    unit = _UNITS.get(room.rule.kind, _SITES)
    return Explanation(f"{ROOM}.{rule_text(room.rule)}", room.left, unit, formula, values=values)


def _entered(desk: Desk, facility_id: str) -> list[EnteredSource]:
    """Pin, veto, years and what stands, as people say."""
    plan, found = desk.plan, desk.entered_of(facility_id)
    term = plan.entries.of_scenario("terms", plan.scenario).get(facility_id)
    if term is not None:
        ends = "–".join("" if term[name] is None else str(term[name]) for name in ("earliest", "latest"))
        found.append(EnteredSource("terms", facility_id, (ends,), mark_of(term)))
    return found


def _works(desk: Desk, why: YearWhy | None) -> list[Source]:
    """The ledger of works on roofs, where the roof's renewal decides."""
    decides = why is not None and (why.hindrance == "renewal" or (why.hindrance == "no_year" and why.earliest > 0))
    return [*desk.files("roof_works")] if decides else []
