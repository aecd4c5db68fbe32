"""Eligibility of a plan laid open: counts by criterion, what would make each facility eligible, and what has to be found out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.decide import bare_roofs, blocking, stands_of
from kawasolar.eligibility import FAIL, PASS, UNKNOWN, Assessment, applied_keys, case_of, evaluate, numbers
from kawasolar.registers.of_plan import rows_of_plan
from kawasolar.remedies.cures import cheapest, passes_after, passes_together, prices
from kawasolar.remedies.table import remedies_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from kawasolar.plan import Plan
    from kawasolar.remedies.cures import Cheapest, Together
    from kawasolar.remedies.table import Remedy

# States of works on roofs that are still to come.
_COMING = ("planned", "contracted")
# The kind of a work where the ledger of works tells none.
_UNNAMED = ""
REMEDY_COLUMNS = (
    "facility_id", "name", "ward", "criteria", "unknown", "remedies", "yen", "yen_low", "yen_high", "lead_years", "capacity_kw", "co2_t",
    "yen_per_kw", "yen_per_t", "planned_year", "planned_by", "planned_row", "hopeless", "why_not",
)  # fmt: skip
UNKNOWN_COLUMNS = ("facility_id", "name", "ward", "criterion", "capacity_kw", "alone")


@dataclass(frozen=True)
class Laid:
    """Eligibility laid open.

    Attributes
    ----------
    assessment : of the criteria that are applied
    counts : ``criterion passes fails unknown alone_fails alone_unknown alone_kw``; the ``alone`` ones are facilities in whose way nothing else stands
    remedies : a row for each facility that is not eligible (:data:`REMEDY_COLUMNS`), the cheapest kW first, then those without a remedy;
        ``hopeless`` are the criteria that no remedy cures, ``why_not`` a code (empty, ``no_remedy no_price no_roof bare_roof``)
    unknowns : a row for each datum that stands in the way (:data:`UNKNOWN_COLUMNS`), those that nothing else joins (``alone``) first, of these the most kW
    works : the remedies with the prices that were counted with
    costs_file : name of the file that they are from; empty where they are the profile's
    """

    assessment: Assessment
    counts: pd.DataFrame
    remedies: pd.DataFrame
    unknowns: pd.DataFrame
    works: tuple[Remedy, ...] = ()
    costs_file: str = ""


def remedy_of(plan: Plan, facility_id: str) -> dict[str, Any] | None:
    """The row of one facility that is not eligible (:data:`REMEDY_COLUMNS`); None where nothing of it fails. Some hundredths of a second."""
    results, facilities = plan.results, plan.facilities
    links = results.links
    mine = links.loc[links["facility_id"] == facility_id, "building_id"].dropna()
    # Who else claims these buildings has a say in whose roof it is.
    links = links[links["building_id"].isin(mine) | (links["facility_id"] == facility_id)]
    planes, modules, yields = results.planes, results.subarrays, results.yields
    few = replace(
        results, links=links, planes=planes[planes["building_id"].isin(mine)], subarrays=modules[modules["building_id"].isin(mine)],
        yields=yields[yields["facility_id"] == facility_id],
    )  # fmt: skip
    one = replace(
        plan, facilities=facilities[facilities["facility_id"] == facility_id].reset_index(drop=True), results=few
    )
    rows = lay_open(one, whole=plan).remedies.to_dict("records")
    return {str(name): value for name, value in rows[0].items()} if rows else None


def lay_open(plan: Plan, table: Sequence[Remedy] | None = None, *, whole: Plan | None = None) -> Laid:
    """Eligibility of a plan's scenario laid open; fractions of a second for a thousand facilities.

    Parameters
    ----------
    table : remedies with prices of one's own; those of the plan's profile unless given
    whole : the plan that this is a part of: by all its facilities the works on roofs are told whose they are
    """
    works = remedies_by(plan.profile) if table is None else tuple(table)
    results = plan.results
    case = case_of(plan.facilities, results.links, results.yields, results.planes, plan.profile, results.subarrays)
    assessment = evaluate(case, plan.settings, applied_keys(plan.profile, plan.settings))
    stands = stands_of(case, plan.settings)
    blocks, bare = blocking(assessment) & ~stands, bare_roofs(case) & ~stands
    count = blocks.sum(axis=0) + bare + ~case.has_roof
    alone = blocks & (count == 1)
    yields = results.yields.set_index("facility_id").reindex(case.ledger["facility_id"])
    table_of = _Table(
        whole or plan, assessment, blocks, bare, numbers(yields["roof_m2"]), numbers(yields["co2_t"]), works
    )
    return Laid(
        assessment=assessment,
        counts=_counts(assessment, alone),
        remedies=table_of.remedies(),
        unknowns=_unknowns(assessment, blocks, alone),
        works=works,
    )


def _counts(assessment: Assessment, alone: NDArray[np.bool_]) -> pd.DataFrame:
    outcome, kw = assessment.outcome, np.nan_to_num(assessment.case.capacity_kw)
    return pd.DataFrame(
        {
            "criterion": np.array(assessment.keys, dtype=object),
            "passes": (outcome == PASS).sum(axis=1),
            "fails": (outcome == FAIL).sum(axis=1),
            "unknown": (outcome == UNKNOWN).sum(axis=1),
            "alone_fails": (alone & (outcome == FAIL)).sum(axis=1),
            "alone_unknown": (alone & (outcome == UNKNOWN)).sum(axis=1),
            "alone_kw": (alone * kw).sum(axis=1),
        }
    )


def _unknowns(assessment: Assessment, blocks: NDArray[np.bool_], alone: NDArray[np.bool_]) -> pd.DataFrame:
    case = assessment.case
    criteria, rows = np.nonzero(blocks & (assessment.outcome == UNKNOWN))
    frame = pd.DataFrame(
        {
            "facility_id": case.ledger["facility_id"].to_numpy(dtype=object)[rows],
            "name": _texts(case.ledger, "name")[rows],
            "ward": _texts(case.ledger, "ward")[rows],
            "criterion": np.array(assessment.keys, dtype=object)[criteria],
            "capacity_kw": np.nan_to_num(case.capacity_kw)[rows],
            "alone": alone[criteria, rows],
        },
        columns=list(UNKNOWN_COLUMNS),
    )
    return frame.sort_values(
        ["alone", "capacity_kw", "facility_id", "criterion"],
        ascending=[False, False, True, True],
        kind="stable",
        ignore_index=True,
    )


def _texts(ledger: pd.DataFrame, column: str) -> NDArray[np.object_]:
    if column not in ledger:
        return np.full(len(ledger), "", dtype=object)
    return np.array([text if isinstance(text, str) else "" for text in ledger[column]], dtype=object)


@dataclass(frozen=True)
class _Table:
    """What the rows of the remedies are made of; arrays in the ledger's order."""

    plan: Plan
    assessment: Assessment
    blocks: NDArray[np.bool_]
    bare: NDArray[np.bool_]
    roof_m2: NDArray[np.float64]
    co2_t: NDArray[np.float64]
    works: tuple[Remedy, ...]

    def remedies(self) -> pd.DataFrame:
        case, settings = self.assessment.case, self.plan.settings
        failed = self.assessment.outcome == FAIL
        passes = passes_after(case, self.assessment, self.works, settings)
        together = passes_together(case, self.assessment, self.works, settings)
        yen, coming = prices(case, self.roof_m2, self.works), self._coming()
        rows = [
            self._row(row, failed[:, row], _Cured(passes[:, :, row], _of_row(together, row)), yen[:, row], coming)
            for row in np.flatnonzero((failed & self.blocks).any(axis=0) | self.bare).tolist()
        ]
        frame = pd.DataFrame(rows, columns=list(REMEDY_COLUMNS))
        return frame.sort_values(["yen_per_kw", "facility_id"], na_position="last", kind="stable", ignore_index=True)

    def _row(
        self, row: int, failed: NDArray[np.bool_], cured: _Cured, yen: NDArray[np.float64], coming: Mapping[str, list[_Coming]]
    ) -> dict[str, Any]:  # fmt: skip
        case, keys = self.assessment.case, self.assessment.keys
        ledger = case.ledger.iloc[row]
        hopeless = failed & ~cured.by(range(len(self.works)))
        best = None
        why = "no_roof" if not case.has_roof[row] else "bare_roof" if self.bare[row] else ""
        if not why:
            best = cheapest(failed, failed & cured.alone, yen, cured.together)
            why = "" if best is not None else "no_remedy" if hopeless.any() else "no_price"
        mine = coming.get(str(ledger["facility_id"]), [])
        by_plan = None if why in ("no_roof", "bare_roof") else _by_plan(failed, cured, mine)
        # Works that a roof needs anyway may settle what nobody knew of it.
        settled = cured.by(best.which) if best is not None else np.zeros(len(failed), dtype=bool)
        return {
            "facility_id": ledger["facility_id"], "name": ledger.get("name", ""), "ward": ledger.get("ward", ""),
            "criteria": _named(keys, failed), "unknown": _named(keys, self.blocks[:, row] & ~failed & ~settled),
            **self._costs(row, best, yen), "planned_year": None if by_plan is None else by_plan.year, "planned_by": "" if by_plan is None else by_plan.by,
            "planned_row": None if by_plan is None else by_plan.row, "hopeless": _named(keys, hopeless), "why_not": why,
        }  # fmt: skip

    def _costs(self, row: int, best: Cheapest | None, yen: NDArray[np.float64]) -> dict[str, Any]:
        kw, co2 = float(self.assessment.case.capacity_kw[row]), float(self.co2_t[row])
        told = {"capacity_kw": kw, "co2_t": co2}
        if best is None:
            nothing = ("yen", "yen_low", "yen_high", "lead_years", "yen_per_kw", "yen_per_t")
            return {**told, "remedies": (), **dict.fromkeys(nothing, np.nan)}
        mine = [(self.works[k], float(yen[k])) for k in best.which]
        return {
            **told,
            "remedies": tuple(remedy.key for remedy, _ in mine),
            "yen": best.yen,
            "yen_low": sum(cost * remedy.low / remedy.yen for remedy, cost in mine if remedy.yen),
            "yen_high": sum(cost * remedy.high / remedy.yen for remedy, cost in mine if remedy.yen),
            "lead_years": max((remedy.lead_years for remedy, _ in mine), default=0.0),
            "yen_per_kw": best.yen / kw if kw > 0 else np.nan,
            "yen_per_t": best.yen / co2 if co2 > 0 else np.nan,
        }

    def _coming(self) -> dict[str, list[_Coming]]:
        """Facility -> what is still to come, the earliest first: works on roofs, and works whose year the ledger tells."""
        first = self.plan.profile.plan_year
        rows, _ = rows_of_plan(self.plan, "roof_works")
        found: dict[str, list[_Coming]] = {}
        for facility, (year, row, work) in _coming(rows, first):
            doing = tuple(k for k, one in enumerate(self.works) if one.works and work in (*one.works, _UNNAMED))
            found.setdefault(facility, []).append(_Coming(year, "roof_works", row, doing))
        for facility, planned in _told_by_ledger(self.assessment.case.ledger, self.works, first):
            found.setdefault(facility, []).append(planned)
        return {facility: sorted(works) for facility, works in found.items()}


@dataclass(frozen=True, order=True)
class _Coming:
    """Planned works: fiscal year, which ledger tells them (``roof_works``, or ``ledger`` of the facilities), its row, the remedies that they are."""

    year: int
    by: str
    row: int
    doing: tuple[int, ...]


@dataclass(frozen=True)
class _Cured:
    """What remedies do at one facility: each alone [remedy, criterion], and together (sets of them, and the criterion that passes)."""

    alone: NDArray[np.bool_]
    together: tuple[tuple[tuple[int, ...], int], ...]

    def by(self, done: Iterable[int]) -> NDArray[np.bool_]:
        """The criteria that pass after these."""
        which = set(done)
        passes = np.asarray(self.alone[sorted(which)].any(axis=0), dtype=bool)
        for members, criterion in self.together:
            passes[criterion] |= which.issuperset(members)
        return passes


def _of_row(together: Iterable[Together], row: int) -> tuple[tuple[tuple[int, ...], int], ...]:
    return tuple((one.which, one.criterion) for one in together if one.passes[row])


def _by_plan(failed: NDArray[np.bool_], cured: _Cured, coming: list[_Coming]) -> _Coming | None:
    """The planned works after which no criterion fails; None where some would."""
    done: set[int] = set()
    for planned in coming if failed.any() else ():
        done |= set(planned.doing)
        if not (failed & ~cured.by(done)).any():
            return planned
    return None


def _told_by_ledger(ledger: pd.DataFrame, works: tuple[Remedy, ...], first: int) -> Iterator[tuple[str, _Coming]]:
    """Works whose fiscal year stands in the ledger of facilities, from the plan's year on."""
    rows = ledger["source_row"] if "source_row" in ledger else pd.Series(0, index=ledger.index)
    for k, one in enumerate(works):
        if one.planned not in ledger:
            continue
        years = numbers(ledger[one.planned])
        for place in np.flatnonzero(years >= first):
            row = rows.iloc[place]
            yield (
                str(ledger["facility_id"].iloc[place]),
                _Coming(int(years[place]), "ledger", 0 if pd.isna(row) else int(row), (k,)),
            )


def _coming(rows: pd.DataFrame, year: int) -> Iterator[tuple[str, tuple[int, int, str]]]:
    """Works that are still to come; a work whose kind nobody names renews the roof, as the programme has it."""
    if not {"year", "facility_id"} <= set(rows):
        return
    due = (rows["year"] >= year).fillna(False).astype(bool) & rows["facility_id"].notna()
    if "state" in rows:
        due &= rows["state"].isin(_COMING)
    kinds = rows["work"].where(rows["work"].notna(), _UNNAMED) if "work" in rows else pd.Series(_UNNAMED, rows.index)
    mine = rows[["facility_id", "year", "source_row"]].assign(work=kinds)[due]
    for facility, year_of, source, work in mine.to_numpy(dtype=object):
        yield str(facility), (int(year_of), int(source), str(work))


def _named(keys: tuple[str, ...], which: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(keys[k] for k in np.flatnonzero(which))
