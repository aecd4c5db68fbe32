"""Which remedies cure which failed criteria, told by the criteria themselves; and the cheapest set that cures all of a facility."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.eligibility import FAIL, PASS, Assessment, Case, evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.plan import Settings
    from kawasolar.remedies.table import Change, Remedy

# The criterion whose value is what a column says, where the column itself may be blank and reckoned.
_VALUE_OF = {"remaining_years": "remaining_years", "flood_depth_m": "flood"}


@dataclass(frozen=True)
class Cheapest:
    """The cheapest remedies of one facility: their places in the table, and what they cost together [yen]."""

    which: tuple[int, ...]
    yen: float


def with_remedy(case: Case, assessment: Assessment, remedy: Remedy, rows: NDArray[np.bool_]) -> Case:
    """The case as the works would leave it for some facilities.

    Parameters
    ----------
    rows : (n,) whose ledger rows change
    """
    ledger = case.ledger.copy()
    for change in remedy.changes:
        ledger[change.column] = _changed(case, assessment, change, rows)
    return replace(case, ledger=ledger)


def cures(case: Case, assessment: Assessment, remedies: Sequence[Remedy], settings: Settings) -> NDArray[np.bool_]:
    """Which failed criteria pass after each of the remedies alone, judged again by the criteria.

    Returns
    -------
    ndarray, bool [remedy, criterion, facility]
    """
    everybody = np.ones(len(case.ledger), dtype=bool)
    found = np.zeros((len(remedies), *assessment.outcome.shape), dtype=bool)
    for place, remedy in enumerate(remedies):
        after = evaluate(with_remedy(case, assessment, remedy, everybody), settings, assessment.keys)
        found[place] = (assessment.outcome == FAIL) & (after.outcome == PASS)
    return found


def prices(case: Case, roof_m2: NDArray[np.float64], remedies: Sequence[Remedy]) -> NDArray[np.float64]:
    """What each remedy costs at each facility [yen]; NaN where its size is not known.

    Returns
    -------
    ndarray [remedy, facility]
    """
    sizes = {"floor_area_m2": case.number("floor_area_m2"), "roof_m2": roof_m2, "capacity_kw": case.capacity_kw}
    rows = [np.where(sizes[remedy.per] > 0, sizes[remedy.per], np.nan) * remedy.yen for remedy in remedies]
    return np.array(rows, dtype=np.float64).reshape(len(remedies), len(case.ledger))


def cheapest(failed: NDArray[np.bool_], cured: NDArray[np.bool_], yen: NDArray[np.float64]) -> Cheapest | None:
    """The cheapest set of remedies after which no criterion fails; None where there is none, or a price is not known.

    Exact: for each set of criteria that is cured so far the cheapest way to it is kept, remedy by remedy.

    Parameters
    ----------
    failed : (criteria,)
    cured : (remedies, criteria)
    yen : (remedies,) NaN where not known
    """
    places = np.flatnonzero(failed)
    asked = (1 << len(places)) - 1
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for remedy in range(len(cured)):
        mask = sum(1 << bit for bit, place in enumerate(places) if cured[remedy, place])
        if not mask or np.isnan(yen[remedy]):
            continue
        for have, (cost, which) in list(best.items()):
            way = (cost + float(yen[remedy]), (*which, remedy))
            if have | mask not in best or way < best[have | mask]:
                best[have | mask] = way
    if asked not in best:
        return None
    cost, which = best[asked]
    return Cheapest(which, cost)


def _changed(case: Case, assessment: Assessment, change: Change, rows: NDArray[np.bool_]) -> NDArray[np.generic]:
    if change.how == "code":
        return np.where(rows, change.value, case.code(change.column))
    if change.how == "to":
        return np.where(rows, float(case.profile.plan_year), case.number(change.column))
    told = case.number(change.column)
    key = _VALUE_OF.get(change.column, "")
    if key in assessment.keys:
        reckoned = np.array([_number(value) for value in assessment.value[assessment.keys.index(key)]], dtype=float)
        told = np.where(np.isnan(told), reckoned, told)
    return np.where(rows, told + float(change.value), case.number(change.column))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan
