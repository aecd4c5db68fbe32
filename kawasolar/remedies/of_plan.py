"""Eligibility of a plan laid open: counts by criterion, what would make each facility eligible, and what has to be found out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kawasolar.decide import bare_roofs, blocking
from kawasolar.eligibility import FAIL, PASS, UNKNOWN, Assessment, applied_keys, case_of, evaluate, numbers
from kawasolar.registers.of_plan import rows_of_plan
from kawasolar.remedies.cures import cheapest, cures, prices
from kawasolar.remedies.table import remedies as shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from kawasolar.plan import Plan
    from kawasolar.remedies.cures import Cheapest
    from kawasolar.remedies.table import Remedy

# States of works on roofs that are still to come.
_COMING = ("planned", "contracted")
REMEDY_COLUMNS = (
    "facility_id", "name", "ward", "criteria", "unknown", "remedies", "yen", "yen_low", "yen_high", "lead_years", "capacity_kw", "co2_t",
    "yen_per_kw", "yen_per_t", "planned_year", "planned_row", "hopeless", "why_not",
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
    unknowns : a row for each datum that stands in the way (:data:`UNKNOWN_COLUMNS`), the most kW first; ``alone``: nothing else does
    """

    assessment: Assessment
    counts: pd.DataFrame
    remedies: pd.DataFrame
    unknowns: pd.DataFrame


def lay_open(plan: Plan, table: Sequence[Remedy] | None = None) -> Laid:
    """Eligibility of a plan's scenario laid open; fractions of a second for a thousand facilities."""
    works = shipped() if table is None else tuple(table)
    results = plan.results
    case = case_of(plan.facilities, results.links, results.yields, results.planes, plan.profile)
    assessment = evaluate(case, plan.settings, applied_keys(plan.profile, plan.settings))
    blocks, bare = blocking(assessment), bare_roofs(case)
    count = blocks.sum(axis=0) + bare + ~case.has_roof
    alone = blocks & (count == 1)
    yields = results.yields.set_index("facility_id").reindex(case.ledger["facility_id"])
    table_of = _Table(plan, assessment, blocks, bare, numbers(yields["roof_m2"]), numbers(yields["co2_t"]), works)
    return Laid(
        assessment=assessment,
        counts=_counts(assessment, alone),
        remedies=table_of.remedies(),
        unknowns=_unknowns(assessment, blocks, alone),
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
        ["capacity_kw", "facility_id", "criterion"], ascending=[False, True, True], kind="stable", ignore_index=True
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
        case = self.assessment.case
        failed = self.assessment.outcome == FAIL
        cured = cures(case, self.assessment, self.works, self.plan.settings)
        yen = prices(case, self.roof_m2, self.works)
        planned = self._planned()
        rows = [
            self._row(row, failed[:, row], cured[:, :, row], yen[:, row], planned)
            for row in np.flatnonzero(failed.any(axis=0) | self.bare).tolist()
        ]
        frame = pd.DataFrame(rows, columns=list(REMEDY_COLUMNS))
        return frame.sort_values(["yen_per_kw", "facility_id"], na_position="last", kind="stable", ignore_index=True)

    def _row(
        self, row: int, failed: NDArray[np.bool_], cured: NDArray[np.bool_], yen: NDArray[np.float64],
        planned: Mapping[str, list[tuple[int, int, str]]],
    ) -> dict[str, Any]:  # fmt: skip
        case, keys = self.assessment.case, self.assessment.keys
        ledger = case.ledger.iloc[row]
        facility = str(ledger["facility_id"])
        hopeless = failed & ~cured.any(axis=0)
        best = None
        why = "no_roof" if not case.has_roof[row] else "bare_roof" if self.bare[row] else ""
        if not why:
            best = cheapest(failed, cured, yen)
            why = "" if best is not None else "no_remedy" if hopeless.any() else "no_price"
        year, source = (
            (None, None) if why in ("no_roof", "bare_roof") else self._by_plan(failed, cured, planned.get(facility, []))
        )
        return {
            "facility_id": ledger["facility_id"], "name": ledger.get("name", ""), "ward": ledger.get("ward", ""),
            "criteria": _named(keys, failed), "unknown": _named(keys, self.blocks[:, row] & ~failed),
            **self._costs(row, best, yen), "planned_year": year, "planned_row": source, "hopeless": _named(keys, hopeless), "why_not": why,
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

    def _by_plan(
        self, failed: NDArray[np.bool_], cured: NDArray[np.bool_], coming: list[tuple[int, int, str]]
    ) -> tuple[int | None, int | None]:
        """The fiscal year after whose planned works no criterion fails, and the row of the last of them; None where some would."""
        open_ = failed.copy()
        for year, source, work in coming:
            doing = [k for k, remedy in enumerate(self.works) if work in remedy.works]
            before = open_.any()
            open_ &= ~cured[doing].any(axis=0)
            if before and not open_.any():
                return year, source
        return None, None

    def _planned(self) -> dict[str, list[tuple[int, int, str]]]:
        """Facility -> fiscal year, row and work of what is still to come, the earliest first."""
        rows, _ = rows_of_plan(self.plan, "roof_works")
        found: dict[str, list[tuple[int, int, str]]] = {}
        for facility, planned in _coming(rows, self.plan.profile.plan_year):
            found.setdefault(facility, []).append(planned)
        return {facility: sorted(works) for facility, works in found.items()}


def _coming(rows: pd.DataFrame, year: int) -> Iterator[tuple[str, tuple[int, int, str]]]:
    if not {"year", "work", "facility_id"} <= set(rows):
        return
    due = (rows["year"] >= year).fillna(False).astype(bool) & rows["facility_id"].notna() & rows["work"].notna()
    if "state" in rows:
        due &= rows["state"].isin(_COMING)
    for facility, year_of, source, work in rows.loc[due, ["facility_id", "year", "source_row", "work"]].to_numpy(
        dtype=object
    ):
        yield str(facility), (int(year_of), int(source), str(work))


def _named(keys: tuple[str, ...], which: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(keys[k] for k in np.flatnonzero(which))
