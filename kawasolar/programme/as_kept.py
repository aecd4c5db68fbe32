"""The programme that a plan keeps as the search knew it, for questions about it: its sites, rules and rows, without searching again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gis.progress import Progress, silent
from kawasolar.errors import ProgrammeInvalid
from kawasolar.programme.entered import told_of
from kawasolar.programme.finding import ends_of
from kawasolar.programme.model import build
from kawasolar.programme.of_plan import programme_of_plan
from kawasolar.programme.reasons import loss_if
from kawasolar.programme.result import programme_of
from kawasolar.programme.rules_file import RulesFile
from kawasolar.programme.solving import Solved

if TYPE_CHECKING:
    from kawasolar.plan import Plan
    from kawasolar.programme.reasons import Loss
    from kawasolar.programme.result import Programme

# A worth that differs by more than its rounding is that of another programme.
_SAME = 1e-9


def programme_as_kept(plan: Plan) -> Programme | None:
    """The plan's programme with its model; None where the plan has none, or what it was made from has changed since.

    Its solved rows know no prices.
    """
    kept = plan.programme
    if kept is None or kept.proof is None:
        return None
    try:
        asked = programme_of_plan(plan, told_of(plan.entries, plan.scenario))
    except ProgrammeInvalid:
        return None
    sites, rules, proof = asked.sites, asked.rules, kept.proof
    same = sites.years == kept.years and rules.objective == kept.objective
    if not same or sites.facility_id.tolist() != kept.frame["facility_id"].tolist():
        return None
    model, year = build(sites, rules), kept.frame["fiscal_year"].to_numpy(dtype=np.int64)
    if (np.where(sites.open, 0, sites.state_year) != np.where(sites.open, 0, year)).any():
        return None
    x = np.asarray(year[model.site] == np.asarray(sites.years)[model.year])
    worth = float(model.worth @ x)
    if model.broken(x).any() or (x & ~model.free()).any() or not math.isclose(worth, proof.worth, rel_tol=_SAME):
        return None
    solved = Solved(
        proof.status, x, proof.worth, proof.bound, proof.nodes, np.zeros(len(model.rules)), proof.shelter_years, proof.shelter_bound
    )  # fmt: skip
    return programme_of(sites, rules, model, solved, proof.seconds)


def loss_in_plan(plan: Plan, facility_id: str, into: int | None, progress: Progress = silent) -> Loss:
    """As :func:`kawasolar.programme.reasons.loss_if`, of the programme that a plan keeps.

    Raises
    ------
    ProgrammeInvalid
        ``programme.not_as_kept``: there is none, or it has to be computed anew first; ``programme.no_such_site``
    gis.progress.Cancelled
        from ``progress``
    """
    programme = programme_as_kept(plan)
    if programme is None:
        raise ProgrammeInvalid("programme.not_as_kept")
    told = told_of(plan.entries, plan.scenario) or RulesFile()
    return loss_if(programme, facility_id, into, ends_of(told), progress)
