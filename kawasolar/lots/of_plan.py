"""Lots of a plan: as they are entered, as they are proposed, and in figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gis.progress import silent
from kawasolar.finance import Terms
from kawasolar.lots.assess import Lot, assess
from kawasolar.lots.proposal import propose
from kawasolar.lots.rules import default_costs, default_rules
from kawasolar.lots.sites import chosen_ids, sites_of_plan
from kawasolar.palette import LOT_COLOURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gis.progress import Progress
    from kawasolar.document.entries import Entries
    from kawasolar.lots.assess import Assessed
    from kawasolar.lots.proposal import Proposal
    from kawasolar.lots.rules import LotCosts, LotRules
    from kawasolar.plan import Plan


def entered_lots(entries: Entries, scenario: str) -> tuple[Lot, ...]:
    """The lots of a scenario, by the number in their key."""
    found = entries.of_scenario("lots", scenario)
    return tuple(
        Lot(key, str(found[key]["name"]), tuple(found[key]["facility_ids"])) for key in sorted(found, key=number_of)
    )


def number_of(key: str) -> tuple[float, str]:
    """By which keys of lots are ordered: their number, then their text."""
    digits = key[1:]
    return (int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else math.inf, key)


def lots_of(entries: Entries, scenario: str) -> dict[str, str]:
    """Facility -> key of its lot."""
    return {name: lot.key for lot in entered_lots(entries, scenario) for name in lot.ids}


def lot_colour(key: str) -> str:
    """The colour of a lot, ``"#RRGGBB"``: by the number in its key, so that it stays when other lots come and go; after eight they come again."""
    number = number_of(key)[0]
    return LOT_COLOURS[(int(number) - 1) % len(LOT_COLOURS) if number < math.inf else len(key) % len(LOT_COLOURS)]


def propose_of_plan(
    plan: Plan, rules: LotRules | None = None, *, facilities: Sequence[str] | None = None,
    years: Mapping[str, int] | None = None, progress: Progress = silent,
) -> tuple[Proposal, dict[str, str]]:  # fmt: skip
    """Lots for the chosen sites of a plan, or for others; and who cannot be a site at all, with the reason.

    Raises
    ------
    PlanError
        ``edit.no_such_facility``, ``lots.too_many_sites``
    """
    sites, refused = sites_of_plan(plan, facilities, years)
    return propose(sites, rules or default_rules(), progress), refused


def assess_of_plan(
    plan: Plan, lots: Sequence[Lot], rules: LotRules | None = None, costs: LotCosts | None = None, *,
    years: Mapping[str, int] | None = None, progress: Progress = silent,
) -> Assessed:  # fmt: skip
    """Lots in figures by the plan's profile; facilities that are not in the ledger any more, or are no sites, are named as gone."""
    known = set(plan.facilities["facility_id"].astype(str))
    wanted = [name for lot in lots for name in lot.ids if name in known]
    sites, _refused = sites_of_plan(plan, wanted, years)
    return assess(
        lots, sites, Terms.of(plan.profile), rules or default_rules(), costs or default_costs(), progress=progress
    )


def not_chosen(plan: Plan, lots: Sequence[Lot]) -> dict[str, tuple[str, ...]]:
    """Key of a lot -> its facilities that the plan has not chosen (any more)."""
    chosen = set(chosen_ids(plan))
    found = {lot.key: tuple(name for name in lot.ids if name not in chosen) for lot in lots}
    return {key: names for key, names in found.items() if names}


def without_lot(plan: Plan, lots: Sequence[Lot]) -> tuple[str, ...]:
    """Chosen facilities that are in no lot."""
    inside = {name for lot in lots for name in lot.ids}
    return tuple(name for name in chosen_ids(plan) if name not in inside)
