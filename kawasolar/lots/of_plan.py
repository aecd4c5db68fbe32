"""Lots of a plan: as they are entered, as they are proposed, and in figures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.progress import silent
from kawasolar.finance import Terms
from kawasolar.finance.grants import Facts
from kawasolar.half import programme_of
from kawasolar.lots.assess import Lot, Paid, assess
from kawasolar.lots.proposal import propose
from kawasolar.lots.rules import default_costs, default_rules
from kawasolar.lots.sites import chosen_ids, sites_of_plan
from kawasolar.lots.subsidy import first_of, pot_of
from kawasolar.palette import LOT_COLOURS
from kawasolar.roof_bill import roofs_worth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gis.progress import Progress
    from kawasolar.document.entries import Entries
    from kawasolar.lots.assess import Assessed
    from kawasolar.lots.proposal import Proposal
    from kawasolar.lots.rules import LotCosts, LotRules
    from kawasolar.lots.sites import LotSites
    from kawasolar.plan import Plan
    from kawasolar.profiles.tables import Subsidy


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
    """Lots for what a plan has to tender, or for other sites; and who cannot be a site at all, with the reason.

    Raises
    ------
    PlanError
        ``edit.no_such_facility``, ``lots.too_many_sites``
    """
    sites, refused = sites_of_plan(plan, facilities, years)
    return propose(sites, rules or default_rules(), progress), refused


def assess_of_plan(
    plan: Plan, lots: Sequence[Lot], rules: LotRules | None = None, costs: LotCosts | None = None, *, years: Mapping[str, int] | None = None,
    bills: pd.DataFrame | None = None, subsidies: Sequence[Subsidy] = (), facts: Facts | None = None, progress: Progress = silent,
) -> Assessed:  # fmt: skip
    """Lots in figures by the plan's profile; facilities that are not in the ledger any more, or are no sites, are named as gone.

    Parameters
    ----------
    years : facility -> fiscal year; those of the plan's programme unless given
    bills : what the roofs are worth on their own bills (:func:`kawasolar.roof_bill.roofs_worth`); the profile's price of bought power for who is not in it
    subsidies : rows of the profile, of which the first is taken whose conditions do not fail; out of its money, and that of the rules of the programme
    facts : what their conditions are checked against; ``programme_kw`` of the programme, or of the lots, unless given
    """
    known = set(plan.facilities["facility_id"].astype(str))
    wanted = [name for lot in lots for name in lot.ids if name in known]
    sites, _refused = sites_of_plan(plan, wanted, years)
    terms, told = Terms.of(plan.profile), facts or Facts(feed_in=False)
    if told.programme_kw is None:
        told = replace(told, programme_kw=_programme_kw(plan, sites))
    subsidy = first_of(subsidies, told)
    pot = None if subsidy is None else pot_of(plan, subsidy, sites.ids)
    return assess(
        lots, sites, terms, rules or default_rules(), costs or default_costs(), paid=_paid(plan, sites, terms, bills), subsidy=subsidy, facts=told,
        pot=pot, plan_year=int(plan.profile.number("plan.year")), progress=progress,
    )  # fmt: skip


def bills_of_lots(plan: Plan, lots: Sequence[Lot], progress: Progress = silent) -> pd.DataFrame:
    """What the roofs of lots are worth on their facilities' own bills.

    Raises
    ------
    UnreadableMeters
        the plan's file of meters is not there any more, or damaged
    gis.progress.Cancelled
        from ``progress``
    """
    known = set(plan.facilities["facility_id"].astype(str))
    return roofs_worth(plan, list(dict.fromkeys(name for lot in lots for name in lot.ids if name in known)), progress)


def _programme_kw(plan: Plan, sites: LotSites) -> float:
    kept = programme_of(plan)
    if kept is None:
        return float(sites.capacity_kw.sum())
    return float(kept.counted["capacity_kw"].sum())


def _paid(plan: Plan, sites: LotSites, terms: Terms, bills: pd.DataFrame | None) -> Paid:
    """By their own bills, where they have one."""
    price = terms.number("purchase_price")
    if bills is None or not len(bills):
        return Paid.alike(len(sites), price)
    mine = bills.drop_duplicates("facility_id").set_index("facility_id").reindex(list(sites.ids))
    each, lower = (mine[key].to_numpy(dtype=np.float64) for key in ("yen_per_kwh", "demand_yen"))
    own = np.isfinite(each) & np.isfinite(lower)
    rows = {row.key: row for row in plan.profile.tables.tariffs}
    tariffs = tuple(rows.get(str(key)) if good else None for key, good in zip(mine["tariff"], own, strict=True))
    return Paid(np.where(own, each, price), np.where(own, lower, 0.0), tariffs)


def not_chosen(plan: Plan, lots: Sequence[Lot]) -> dict[str, tuple[str, ...]]:
    """Key of a lot -> its facilities that the plan does not build (any more)."""
    chosen = set(chosen_ids(plan, standing=True))
    found = {lot.key: tuple(name for name in lot.ids if name not in chosen) for lot in lots}
    return {key: names for key, names in found.items() if names}


def without_lot(plan: Plan, lots: Sequence[Lot]) -> tuple[str, ...]:
    """Facilities that are to be tendered and are in no lot."""
    inside = {name for lot in lots for name in lot.ids}
    return tuple(name for name in chosen_ids(plan) if name not in inside)
