"""Why a facility's lamps are replaced in their fiscal year, or in none: what the kept programme proves of it, without a search."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.lighting.result import Lighting

Reason = Literal["pinned", "left_out", "first", "no_room", "joint", "searched", "no_saving", "no_year", "not_searched"]


@dataclass(frozen=True)
class YearWhy:
    """Why in this year.

    Attributes
    ----------
    year : 0 for none
    reason : ``pinned``, ``left_out``: somebody said so; ``first``: nothing is saved by waiting; ``no_room``, ``no_year``: no year before, no year at all, has as much left of its budget;
        ``joint``: works in that year spare scaffold; ``no_saving``: nothing would be saved; ``searched``, ``not_searched``: some year had room, the search found this as a whole
    left_yen : the most that a year before (any year, where it is in none) leaves of its budget; None where nobody limits it, or there is no such year
    least_yen : what it would cost at least, with joint works
    """

    year: int
    reason: Reason
    left_yen: float | None
    least_yen: float


def year_why(found: Lighting, facility_id: str) -> YearWhy | None:
    """Why a facility is in its fiscal year; None where it is none of the programme's.

    Every year's budget less what the programme spends in it is compared with the facility's cost: who could have been earlier and is not, is not so for want of money.
    """
    rows = found.facilities[found.facilities["facility_id"] == facility_id]
    if not len(rows):
        return None
    row, head = rows.iloc[0].to_dict(), found.head
    year = int(row["year"])
    years = found.years[found.years["fiscal_year"] < year] if year else found.years
    left = [math.inf if math.isnan(budget) else float(budget - spent) for budget, spent in zip(years["budget_yen"], years["cost_yen"], strict=True)]  # fmt: skip
    most = max(left, default=math.nan)
    least = _least(found, row)
    reason = _reason(head.pins, facility_id, row, head.first, most, least, head.goal)
    return YearWhy(year, reason, most if math.isfinite(most) else None, least)


def over_budget(found: Lighting, pins: Mapping[str, int], year: int) -> tuple[float, float] | None:
    """What facilities that are given a fiscal year cost at least, and its budget [yen], where they cost more: then no programme can be found; None where they do not.

    Parameters
    ----------
    pins : facility -> fiscal year, 0 for none, as the plan is asked now
    """
    budget = found.head.budgets.get(year, found.head.budget_yen)
    mine = found.facilities[found.facilities["facility_id"].map(pins) == year]
    least = sum(_least(found, row) for row in mine.to_dict("records"))
    return None if budget is None or least <= budget else (least, float(budget))


def _least(found: Lighting, row: Mapping[Any, Any]) -> float:
    """Cost of a facility with joint works [yen]."""
    return round(float(row["cost_yen"]) - found.head.numbers.get("joint_share", 0.0) * float(row["high_yen"]))


def _reason(
    pins: Mapping[str, int], facility_id: str, row: Mapping[object, object], first: int, left: float, least: float, goal: str
) -> Reason:  # fmt: skip
    year = int(str(row["year"]))
    if facility_id in pins:
        return "pinned" if year else "left_out"
    if not year:
        names = ("saved_yen", "upkeep_yen") if goal == "saving" else ("co2_t",)
        if sum(float(str(row[name])) for name in names) <= 0.0:
            return "no_saving"
        return "no_year" if left < least else "not_searched"
    if year == first:
        return "first"
    if left < least:
        return "no_room"
    return "joint" if row["joint"] else "searched"
