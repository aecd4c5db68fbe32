"""The half as people see it: where a plan has a programme that was made of its present decision, the sites that stand or are planned by it; else the selection's.

The selection takes a moment, the programme seconds: so a pin or a share shows its effect at once, and the programme follows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.plan import fingerprint

if TYPE_CHECKING:
    from kawasolar.plan import Decision, Plan, Settings
    from kawasolar.programme.kept import Kept

# Reason of a site by its status in the programme; that of one that is vetoed stays, and one that stands only after the last year has its own.
_REASONS = {"planned": "in_year", "done": "stands_done", "contracted": "stands_contracted", "open": "in_no_year"}
_LATER = "stands_later"
YEAR_COLUMNS = ("programme_year", "programme_status")


def basis_of(decision: Decision, settings: Settings) -> str:
    """Fingerprint of what a programme takes of a decision: who can be chosen, and what the planner turned."""
    sites = decision.sites
    countable = sites.loc[(sites["status"] == "eligible").to_numpy(), "facility_id"].astype(str).tolist()
    standing = sorted((name, *map(str, stands)) for name, stands in settings.standing.items())
    turned = [settings.share, settings.objective, sorted(settings.pins), sorted(settings.vetoes), standing]
    return fingerprint([sorted(countable), turned])[:12]


def programme_of(plan: Plan) -> Kept | None:
    """The programme that the half is of; None where the selection alone decides, or the programme has yet to follow it."""
    kept = plan.programme
    if kept is None or kept.outcome != "programme" or kept.basis != basis_of(plan.decision, plan.settings):
        return None
    return kept


def half_of(plan: Plan) -> Decision:
    """The decision with those chosen that the programme has, and why; the plan's own where it has none."""
    kept = programme_of(plan)
    if kept is None:
        return plan.decision
    frame, sites = kept.frame.set_index("facility_id"), plan.decision.sites
    ids = sites["facility_id"].astype(str)
    status = ids.map(frame["status"])
    years = ids.map(frame["fiscal_year"])
    known = status.notna().to_numpy() & ~((sites["reason"] == "vetoed") & (status == "open")).to_numpy()
    chosen = ids.isin(kept.counted["facility_id"].astype(str)).to_numpy()
    later = status.isin(("done", "contracted")).to_numpy() & ~chosen
    reason = np.where(known, np.where(later, _LATER, status.map(_REASONS)), sites["reason"])
    values = [
        {**(old if isinstance(old, dict) else {}), "year": int(year)} if mine else old
        for mine, old, year in zip(known, sites["reason_values"], years.fillna(0), strict=True)
    ]
    made = sites.assign(chosen=chosen, reason=reason)
    made["reason_values"] = pd.Series(values, index=made.index, dtype=object)
    return replace(plan.decision, sites=made)


def years_frame(plan: Plan) -> pd.DataFrame:
    """Fiscal year and state of each facility of the programme, by ``facility_id``: :data:`YEAR_COLUMNS`; no columns where the half is not of one.

    A year of 0 is none.
    """
    kept = programme_of(plan)
    if kept is None:
        return pd.DataFrame(index=pd.Index([], dtype=object, name="facility_id"))
    frame = kept.frame.set_index("facility_id")
    return frame[["fiscal_year", "status"]].set_axis(list(YEAR_COLUMNS), axis=1)
