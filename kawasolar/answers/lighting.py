"""LED lighting as a plan keeps it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kawasolar.answers.options import Options, flag, number, one_of, per_key, year
from kawasolar.answers.own import read_own
from kawasolar.answers.shapes import ANY, types_of
from kawasolar.errors import PlanError
from kawasolar.lighting.deadlines import STOCK
from kawasolar.lighting.ledger import COLUMNS as LEDGER
from kawasolar.lighting.lots import LOTS
from kawasolar.lighting.of_plan import Asked, lighting_of
from kawasolar.lighting.programme import MOST_YEARS
from kawasolar.lighting.replacing import ADDED
from kawasolar.lighting.result import FACILITIES, WAYS, YEARS, Lighting
from kawasolar.plan import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.plan import Plan

GOALS = ("saving", "co2")
_TEXTS = "facility_id building floor room fixture lamp_type ban w_from hours_from replacement name ward kind by last_day way lot facility_ids"
FRAMES = {
    "rows": types_of(
        (*LEDGER, *ADDED),
        texts=_TEXTS,
        whole="source_row",
        flags="high dimming emergency asbestos pcb survey estimated",
    ),
    "facilities": types_of(FACILITIES, texts=_TEXTS, whole="deadline_year year", flags="estimated joint"),
    "ways": types_of(WAYS, texts=_TEXTS),
    "stock": types_of(STOCK, texts=_TEXTS, whole="fiscal_year deadline_year"),
    "years": types_of(YEARS, texts=_TEXTS, whole="fiscal_year facilities joint"),
    "lots": types_of(LOTS, texts=_TEXTS, whole="fiscal_year facilities"),
}
HEAD = {
    "first": int, "last": int, "budget_yen": (None, float), "budgets": {ANY: float}, "goal": str, "deadlines": bool, "pins": {ANY: int}, "status": str,
    "gap": (None, float), "in_time": float, "most_in_time": float, "numbers": {ANY: float}, "asked": [str], "table": str, "verify": int, "last_days": {ANY: str},
    "left_out": {ANY: str}, "done": [str],
}  # fmt: skip
_OPTIONS: Options = {
    "first": year, "last": year, "budget_yen": number(0.0, 1e15), "budgets": per_key(number(0.0, 1e15), whole=True), "goal": one_of(*GOALS),
    "deadlines": flag, "pins": per_key(year), "in_demand": flag,
}  # fmt: skip


def checked(options: Mapping[str, Any]) -> Asked:
    """Options of an entry as the room of lighting takes them.

    Raises
    ------
    PlanError
        ``answers.no_such_option``, ``answers.bad_option``, ``lighting.years``
    """
    from kawasolar.answers.options import read

    told = read(options, _OPTIONS)
    # Not how it is reckoned, but what it is for (kawasolar.demand.after_led).
    told.pop("in_demand", None)
    first, last = told.get("first"), told.get("last")
    if first is not None and last is not None and not 0 <= last - first < MOST_YEARS:
        raise PlanError("lighting.years", found=f"{first}-{last}", expected=MOST_YEARS)
    if "budgets" in told:
        told["budgets"] = {int(key): value for key, value in told["budgets"].items()}
    return Asked(**told)


def options_of(asked: Asked, *, in_demand: bool = False) -> dict[str, Any]:
    """What :func:`checked` reads as this, without what stands at its usual value; ``in_demand``: all demand is reckoned after it."""
    usual = Asked()
    told: dict[str, Any] = {"in_demand": True} if in_demand else {}
    told |= {
        name: getattr(asked, name)
        for name in _OPTIONS
        if hasattr(usual, name) and getattr(asked, name) != getattr(usual, name)
    }
    if "budgets" in told:
        told["budgets"] = {str(key): value for key, value in asked.budgets.items()}
    return told


def compute(plan: Plan, options: Mapping[str, Any], progress: Progress) -> tuple[Answer, list[Finding]]:
    """As :func:`kawasolar.lighting.of_plan.lighting_of`."""
    from kawasolar.lighting.kept import kept
    from kawasolar.lighting.table import read_table

    table = read_own(plan, "lighting", read_table, "lighting.bad_table")
    found = lighting_of(plan, checked(options), table, progress=progress)
    head, frames = kept(found)
    head.pop("findings")
    # A search that ended before it knew one.
    head["gap"] = head["gap"] if math.isfinite(head["gap"]) else None
    return Answer(head, frames), list(found.findings)


def result(answer: Answer) -> Lighting:
    """What the room of lighting says of it."""
    from kawasolar.lighting.kept import from_kept

    gap = answer.head["gap"]
    return from_kept({**answer.head, "gap": math.inf if gap is None else gap, "findings": []}, answer.frames)
