"""Which remedies cure which failed criteria, told by the criteria themselves; and the cheapest set that cures all of a facility."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from kawasolar.eligibility import FAIL, PASS, Assessment, Case, evaluate
from kawasolar.provenance.decisions import LEDGER_OF
from kawasolar.remedies.table import LOAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kawasolar.plan import Settings
    from kawasolar.remedies.table import Change, Remedy

# The criterion whose value is what a column says, where the column itself may be blank and reckoned.
_VALUE_OF = {
    "remaining_years": "remaining_years", "flood_depth_m": "flood", "storm_surge_depth_m": "storm_surge", "tsunami_depth_m": "tsunami",
    "roof_bears_n_m2": "roof_load",
}  # fmt: skip
# What a criterion reads besides :data:`LEDGER_OF`.
_READS = {
    "remaining_years": ("remaining_years", "built_year", "structure"),
    "roof_load": (*LEDGER_OF["roof_load"], LOAD),
}


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
    ledger, most = case.ledger.copy(), case.most_kg_m2
    for change in remedy.changes:
        if change.column == LOAD:
            lighter = np.where(rows, float(change.value), np.inf)
            most = lighter if most is None else np.minimum(most, lighter)
        # Of a column that nobody has, and from which nothing is judged, nothing is known afterwards either.
        elif change.column in ledger or _VALUE_OF.get(change.column) in assessment.keys:
            ledger[change.column] = _changed(replace(case, ledger=ledger), assessment, change, rows)
    return replace(case, ledger=ledger, most_kg_m2=most)


def cures(case: Case, assessment: Assessment, remedies: Sequence[Remedy], settings: Settings) -> NDArray[np.bool_]:
    """Which failed criteria pass after each of the remedies alone (:func:`passes_after`).

    Returns
    -------
    ndarray, bool [remedy, criterion, facility]
    """
    return (assessment.outcome == FAIL) & passes_after(case, assessment, remedies, settings)


def passes_after(
    case: Case, assessment: Assessment, remedies: Sequence[Remedy], settings: Settings
) -> NDArray[np.bool_]:
    """Which criteria pass after each of the remedies alone, judged again by the criteria: works may also settle what nobody knew.

    Returns
    -------
    ndarray, bool [remedy, criterion, facility]
    """
    everybody = np.ones(len(case.ledger), dtype=bool)
    found = np.zeros((len(remedies), *assessment.outcome.shape), dtype=bool)
    for place, remedy in enumerate(remedies):
        after = evaluate(with_remedy(case, assessment, remedy, everybody), settings, assessment.keys)
        found[place] = after.outcome == PASS
    return found


@dataclass(frozen=True)
class Together:
    """What works do together that none of them does alone: their places in the table, the criterion, and where it passes [facility]."""

    which: tuple[int, ...]
    criterion: int
    passes: NDArray[np.bool_]


def passes_together(
    case: Case, assessment: Assessment, remedies: Sequence[Remedy], settings: Settings
) -> list[Together]:
    """Sets of remedies that change in more than one way what a criterion reads that not everybody passes, judged again."""
    everybody = np.ones(len(case.ledger), dtype=bool)
    found = []
    for place, key in enumerate(assessment.keys):
        ways = {k: way for k, one in enumerate(remedies) if (way := _ways(one, key))}
        if len(set(ways.values())) < 2 or (assessment.outcome[place] == PASS).all():
            continue
        for which in (one for size in range(2, len(ways) + 1) for one in combinations(ways, size)):
            after = case
            for k in which:
                after = with_remedy(after, assessment, remedies[k], everybody)
            passes = evaluate(after, settings, (key,)).outcome[0] == PASS
            found.append(Together(which, place, passes))
    return found


def _ways(remedy: Remedy, key: str) -> frozenset[Change]:
    """What a remedy changes of what a criterion reads."""
    reads = _READS.get(key, LEDGER_OF.get(key, ()))
    return frozenset(change for change in remedy.changes if change.column in reads)


def prices(case: Case, roof_m2: NDArray[np.float64], remedies: Sequence[Remedy]) -> NDArray[np.float64]:
    """What each remedy costs at each facility [yen]; NaN where its size is not known.

    Returns
    -------
    ndarray [remedy, facility]
    """
    # A roof that only the ledger calls flat is priced whole.
    flat = np.where(case.flat_share > 0, case.flat_share, 1.0)
    sizes = {
        "floor_area_m2": case.number("floor_area_m2"),
        "roof_m2": roof_m2,
        "flat_roof_m2": roof_m2 * flat,
        "capacity_kw": case.capacity_kw,
    }
    rows = [np.where(sizes[remedy.per] > 0, sizes[remedy.per], np.nan) * remedy.yen for remedy in remedies]
    return np.array(rows, dtype=np.float64).reshape(len(remedies), len(case.ledger))


def cheapest(
    failed: NDArray[np.bool_],
    cured: NDArray[np.bool_],
    yen: NDArray[np.float64],
    together: Sequence[tuple[tuple[int, ...], int]] = (),
) -> Cheapest | None:
    """The cheapest set of remedies after which no criterion fails; None where there is none, or a price is not known.

    Exact: all sets of the remedies that have a part in something that failed.

    Parameters
    ----------
    failed : (criteria,)
    cured : (remedies, criteria)
    yen : (remedies,) NaN where not known
    together : sets of remedies, and the criterion that they cure
    """
    bit = {int(place): 1 << k for k, place in enumerate(np.flatnonzero(failed))}
    masks = [sum(mark for place, mark in bit.items() if row[place]) for row in cured]
    joint = [(frozenset(which), bit[place]) for which, place in together if place in bit]
    useful = [
        k for k, mask in enumerate(masks) if not np.isnan(yen[k]) and (mask or any(k in which for which, _ in joint))
    ]
    best: tuple[float, tuple[int, ...]] | None = None
    for which in (one for size in range(len(useful) + 1) for one in combinations(useful, size)):
        way = (float(sum(yen[k] for k in which)), which)
        if (best is None or way < best) and _cures(which, masks, joint) == (1 << len(bit)) - 1:
            best = way
    return None if best is None else Cheapest(best[1], best[0])


def _cures(which: tuple[int, ...], masks: Sequence[int], joint: Sequence[tuple[frozenset[int], int]]) -> int:
    """The criteria that a set of remedies cures, as bits."""
    mask = 0
    for k in which:
        mask |= masks[k]
    for members, mark in joint:
        if members.issubset(which):
            mask |= mark
    return mask


def _changed(case: Case, assessment: Assessment, change: Change, rows: NDArray[np.bool_]) -> NDArray[np.generic]:
    if change.how == "code":
        found = case.code(change.column)
        changes = rows & np.isin(found.astype(str), change.of) if change.of else rows
        return np.where(changes, change.value, found)
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
