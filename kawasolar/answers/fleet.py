"""The fleet as a plan keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kawasolar.answers.options import Options, flag, number, one_of, per_key, some_of, text, year
from kawasolar.answers.own import own_table, read_own
from kawasolar.answers.shapes import ANY, types_of
from kawasolar.fleet.catalogue import COLUMNS as CATALOGUE
from kawasolar.fleet.result import BASES, CARS, YEARS, FleetResult
from kawasolar.fleet.rules import OBJECTIVES, WAYS, FleetRules, check_rules, default_rules
from kawasolar.fleet.table import NEXT_POWERS, car_classes
from kawasolar.plan import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.plan import Plan

_TEXTS = (
    "vehicle facility_id base department vehicle_class use power held filled base_name model model_power why nearest reasons name key unit origin how_sure "
    "name_ja name_en body source_ja source_en"
)
FRAMES = {
    "cars": types_of(CARS, texts=_TEXTS, flags="passenger next_generation", days="lease_end"),
    "years": types_of(YEARS, texts=_TEXTS, whole="fiscal_year replaced passenger next_generation"),
    "bases": types_of(BASES, texts=_TEXTS, whole="cars next_generation ev phev"),
    "assumptions": types_of(("key", "value", "unit", "low", "high", "origin", "how_sure"), texts=_TEXTS),
    "catalogue": types_of(CATALOGUE, texts=_TEXTS),
}
_RULES = {
    "first_year": int, "last_year": int, "target": float, "counts": [str], "prefer": str, "way": str, "objective": str, "classes": [str],
    "budget_yen": (None, float), "budgets": {ANY: float}, "cars_per_year": (None, int), "sharing": bool, "values": {ANY: float}, "gap": float, "seconds": float,
}  # fmt: skip
HEAD = {
    "vehicles": int, "passenger": int, "already": int, "target_cars": int, "possible": int, "lacking_models": int, "rules": _RULES, "status": str,
    "gap": (None, float), "need_cars": int, "reached_cars": int, "share": float, "short": [(int, str)], "least_yen": (None, float), "least_proven": bool,
    "totals": {ANY: float}, "sharing": {ANY: float}, "verify": [str], "catalogue": str,
}  # fmt: skip
_OPTIONS: Options = {
    "first_year": year, "last_year": year, "target": number(0.0, 1.0), "counts": some_of(*NEXT_POWERS), "prefer": text, "way": one_of(*WAYS),
    "objective": one_of(*OBJECTIVES), "classes": some_of(*car_classes()), "budget_yen": number(0.0, 1e15), "budgets": per_key(number(0.0, 1e15), whole=True),
    "cars_per_year": number(0, 1_000_000, whole=True), "sharing": flag, "values": per_key(number(-1e15, 1e15)),
}  # fmt: skip


def checked(options: Mapping[str, Any]) -> FleetRules:
    """Options of an entry as rules of a fleet's programme.

    Raises
    ------
    PlanError
        ``answers.no_such_option``, ``answers.bad_option``, and those of :func:`kawasolar.fleet.rules.check_rules`
    """
    from kawasolar.answers.options import read

    told = read(options, _OPTIONS)
    for name in ("counts", "classes"):
        if name in told:
            told[name] = tuple(told[name])
    if "budgets" in told:
        told["budgets"] = {int(key): value for key, value in told["budgets"].items()}
    return check_rules(replace(default_rules(), **told))


def options_of(rules: FleetRules) -> dict[str, Any]:
    """What :func:`checked` reads as these, without what stands at its usual value."""
    usual = default_rules()
    told = {name: getattr(rules, name) for name in _OPTIONS if getattr(rules, name) != getattr(usual, name)}
    told |= {name: list(told[name]) for name in ("counts", "classes") if name in told}
    if "budgets" in told:
        told["budgets"] = {str(key): value for key, value in rules.budgets.items()}
    return told


def compute(plan: Plan, options: Mapping[str, Any], progress: Progress) -> tuple[Answer, list[Finding]]:
    """As :func:`kawasolar.fleet.of_plan.plan_fleet`."""
    from kawasolar.fleet.catalogue import read_catalogue
    from kawasolar.fleet.kept import kept
    from kawasolar.fleet.of_plan import plan_fleet

    # Read once more there, with its findings.
    read_own(plan, "fleet", read_catalogue, "fleet.bad_catalogue")
    found = plan_fleet(plan, checked(options), progress, catalogue=own_table(plan, "fleet"))
    head, frames = kept(found)
    return Answer(head["result"], frames), list(found.findings)


def result(answer: Answer) -> FleetResult:
    """What the room of the fleet says of it."""
    from kawasolar.fleet.kept import from_kept

    return from_kept({"result": dict(answer.head), "findings": []}, dict(answer.frames))
