"""What people entered of the programme in a plan: its rules, what stands, years of single facilities, and the lists of which the half is the half."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.errors import ProgrammeInvalid
from kawasolar.programme.rules_file import RulesFile, Standing, rules_of

if TYPE_CHECKING:
    from kawasolar.document.entries import Entries
    from kawasolar.plan import Plan


def told_of(entries: Entries, scenario: str) -> RulesFile | None:
    """The rules of a scenario's programme; None where nobody has asked for one."""
    tables = entries.of_scenario("rules", scenario)
    if not tables:
        return None
    return rules_of({name: entry["value"] for name, entry in tables.items()})


def standing_of(entries: Entries) -> dict[str, Standing]:
    """What is done or contracted, by facility."""
    return {
        facility: Standing(facility, entry["state"], entry["year"], entry["capacity_kw"])
        for facility, entry in entries.table("standing").items()
    }


def years_of_sites(entries: Entries, scenario: str) -> tuple[dict[str, int], dict[str, int]]:
    """The first and the last fiscal year in which facilities may be built, as people say."""
    found = entries.of_scenario("terms", scenario)
    first = {name: entry["earliest"] for name, entry in found.items() if entry["earliest"] is not None}
    last = {name: entry["latest"] for name, entry in found.items() if entry["latest"] is not None}
    return first, last


def days_counted(entries: Entries) -> tuple[str, ...]:
    """Days of the frozen lists, the newest first."""
    return tuple(sorted(entries.table("counts"), reverse=True))


def list_of(entries: Entries, day: str) -> frozenset[str]:
    """The facilities of a frozen list.

    Raises
    ------
    ProgrammeInvalid
        ``programme.no_such_list``
    """
    entry = entries.get("counts", day)
    if entry is None:
        known = ", ".join(days_counted(entries)) or "-"
        raise ProgrammeInvalid("programme.no_such_list", day=day, expected=known)
    return frozenset(entry["facility_ids"])


def countable(plan: Plan) -> tuple[str, ...]:
    """The facilities of which the half is the half today: the eligible, and those where something stands already."""
    sites = plan.decision.sites
    ids = sites["facility_id"].astype(str)
    mine = (sites["status"] == "eligible") | ids.isin(list(standing_of(plan.entries)))
    return tuple(sorted(ids[mine]))
