"""What the dialog of lots shows: lots that are entered or proposed, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gis.progress import part

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from gis.progress import Progress
    from kawasolar.lots.assess import Assessed, Lot
    from kawasolar.lots.rules import LotRules
    from kawasolar.lots.sites import LotSites
    from kawasolar.plan import Plan
    from kawasolar.words import Language


@dataclass(frozen=True)
class Found:
    """Lots as they are shown: entered, or proposed and not taken over.

    Attributes
    ----------
    loose : chosen facilities in no lot -> code of the reason, empty where they were just not put into one
    """

    lots: tuple[Lot, ...]
    assessed: Assessed
    sites: LotSites
    loose: Mapping[str, str]
    not_chosen: Mapping[str, tuple[str, ...]]
    proposed: bool


def look(plan: Plan, rules: LotRules, language: Language, progress: Progress, *, propose: bool) -> Found:
    """The entered lots in figures, or a proposal in their place."""
    from kawasolar.lots.of_plan import assess_of_plan, entered_lots, not_chosen, propose_of_plan, without_lot
    from kawasolar.lots.sites import sites_of_plan
    from kawasolar.lots.words import named_lots

    left: dict[str, str] = {}
    if propose:
        made, refused = propose_of_plan(plan, rules, progress=part(progress, 0.0, 0.8))
        lots, left = named_lots(language, made), {**made.left, **refused}
    else:
        lots = entered_lots(plan.entries, plan.scenario)
    assessed = assess_of_plan(plan, lots, rules, progress=part(progress, 0.8, 1.0))
    loose = without_lot(plan, lots)
    known = set(plan.facilities["facility_id"])
    everybody = [name for name in (*(one for lot in lots for one in lot.ids), *loose) if name in known]
    sites, _ = sites_of_plan(plan, everybody)
    return Found(lots, assessed, sites, {name: left.get(name, "") for name in loose}, not_chosen(plan, lots), propose)


def with_row(frame: pd.DataFrame, row_: Mapping[str, object]) -> pd.DataFrame:
    """The same with one row more; what it does not say is missing."""
    import pandas as pd

    return pd.DataFrame([*frame.to_dict("records"), dict(row_)], columns=frame.columns)
