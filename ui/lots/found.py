"""What the dialog of lots shows: lots that are entered or proposed, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from gis.progress import part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gis.progress import Progress
    from kawasolar.lots.assess import Assessed, Lot
    from kawasolar.lots.flows import YearFlows
    from kawasolar.lots.rules import LotRules
    from kawasolar.lots.sites import LotSites
    from kawasolar.plan import Plan
    from kawasolar.profiles.tables import Subsidy
    from kawasolar.words import Language

# Entries that say whose a supply point is.
_OWNERS = ("meters", "aliases")


class Bills:
    """What roofs are worth on their facilities' own bills, kept as long as nothing changes that they rest on."""

    def __init__(self) -> None:
        self._rests: tuple[object, ...] = ()
        self._known = pd.DataFrame({"facility_id": pd.Series(dtype=object)})

    def of(self, plan: Plan, lots: tuple[Lot, ...], progress: Progress) -> pd.DataFrame:
        """Of the facilities of lots; only what is not known yet is reckoned."""
        from kawasolar.lots.of_plan import bills_of_lots

        # Held by themselves, so that another one never has their place in memory.
        rests = (
            plan.facilities, plan.results, plan.registers, plan.profile.tables, plan.inputs, *(plan.entries.tables.get(name) for name in _OWNERS)
        )  # fmt: skip
        same = len(rests) == len(self._rests) and all(one is two for one, two in zip(rests, self._rests, strict=True))
        known = self._known if same else self._known.head(0)
        done = set(known["facility_id"])
        new = [type(lot)(lot.key, lot.name, tuple(name for name in lot.ids if name not in done)) for lot in lots]
        found = bills_of_lots(plan, new, progress)
        whole = (
            pd.concat([known, found], ignore_index=True)
            if len(found) and len(known)
            else found
            if len(found)
            else known
        )
        self._rests, self._known = rests, whole
        return whole


@dataclass(frozen=True)
class Found:
    """Lots as they are shown: entered, or proposed and not taken over.

    Attributes
    ----------
    loose : chosen facilities in no lot -> code of the reason, empty where they were just not put into one
    """

    lots: tuple[Lot, ...]
    assessed: Assessed
    flows: YearFlows
    sites: LotSites
    loose: Mapping[str, str]
    not_chosen: Mapping[str, tuple[str, ...]]
    proposed: bool


def look(
    plan: Plan, rules: LotRules, language: Language, progress: Progress, *, propose: bool, bills: Bills | None = None, subsidies: Sequence[Subsidy] = ()
) -> Found:  # fmt: skip
    """The entered lots in figures, or a proposal in their place; by the facilities' own bills where ``bills`` keeps them."""
    from kawasolar.lots.flows import flows_of
    from kawasolar.lots.of_plan import assess_of_plan, entered_lots, not_chosen, propose_of_plan, without_lot
    from kawasolar.lots.sites import sites_of_plan
    from kawasolar.lots.words import named_lots

    left: dict[str, str] = {}
    if propose:
        made, refused = propose_of_plan(plan, rules, progress=part(progress, 0.0, 0.6))
        lots, left = named_lots(language, made), {**made.left, **refused}
    else:
        lots = entered_lots(plan.entries, plan.scenario)
    own = None if bills is None else bills.of(plan, lots, part(progress, 0.6 if propose else 0.0, 0.9))
    assessed = assess_of_plan(plan, lots, rules, bills=own, subsidies=subsidies, progress=part(progress, 0.9, 1.0))
    loose = without_lot(plan, lots)
    known = set(plan.facilities["facility_id"])
    everybody = [name for name in (*(one for lot in lots for one in lot.ids), *loose) if name in known]
    sites, _ = sites_of_plan(plan, everybody)
    return Found(
        lots,
        assessed,
        flows_of(assessed),
        sites,
        {name: left.get(name, "") for name in loose},
        not_chosen(plan, lots),
        propose,
    )


def with_row(frame: pd.DataFrame, row_: Mapping[str, object]) -> pd.DataFrame:
    """The same with one row more; what it does not say is missing."""
    return pd.DataFrame([*frame.to_dict("records"), dict(row_)], columns=frame.columns)
