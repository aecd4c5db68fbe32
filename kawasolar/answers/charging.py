"""Charging as a plan keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kawasolar.answers.options import Options, flag, number, one_of, per_key
from kawasolar.answers.own import read_own
from kawasolar.answers.shapes import ANY
from kawasolar.charging.bases import Asked, charging_of
from kawasolar.charging.result import TABLES, Charging
from kawasolar.charging.table import assumptions_with
from kawasolar.plan import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.findings import Finding
    from gis.progress import Progress
    from kawasolar.plan import Plan

FRAMES = TABLES
_COUNTS = {ANY: int}
HEAD = {
    "year": int, "roof": bool, "follow": bool, "listed": bool, "set": (None, _COUNTS), "least": _COUNTS, "assumptions": {ANY: float}, "asked": [str],
    "kinds": [{ANY: (str, float, bool, None)}],
}  # fmt: skip
_NUMBERS = per_key(number(0, 1000, whole=True))
_OPTIONS: Options = {
    "given": _NUMBERS, "least": _NUMBERS, "roof": flag, "follow": flag, "values": per_key(number(-1e15, 1e15)), "cars": one_of("fleet", "ledger"),
}  # fmt: skip


def checked(options: Mapping[str, Any]) -> tuple[Asked, bool]:
    """Options of an entry as the room of charging takes them, and whether cars are those that the fleet's programme brings.

    Raises
    ------
    PlanError
        ``answers.no_such_option``, ``answers.bad_option``, and those of :func:`kawasolar.charging.table.assumptions_with`
    """
    from kawasolar.answers.options import read

    told = read(options, _OPTIONS)
    whose = told.pop("cars", "fleet") == "fleet"
    # Which kinds there are the plan's table tells.
    return Asked(assumed=assumptions_with(told.pop("values", {})), **told), whose


def options_of(asked: Asked, cars: str = "fleet") -> dict[str, Any]:
    """What :func:`checked` reads as this, without what stands at its usual value; ``cars`` are those of the ``fleet`` or of the ``ledger``."""
    usual = Asked()
    told = {
        name: getattr(asked, name)
        for name in ("given", "least", "roof", "follow")
        if getattr(asked, name) != getattr(usual, name)
    }
    told |= {name: dict(told[name]) for name in ("given", "least") if name in told}
    values = {key: getattr(asked.assumed, key) for key in sorted(asked.assumed.asked)}
    return told | ({"values": values} if values else {}) | ({"cars": cars} if cars != "fleet" else {})


def compute(plan: Plan, options: Mapping[str, Any], progress: Progress) -> tuple[Answer, list[Finding]]:
    """As :func:`kawasolar.charging.bases.charging_of`."""
    from kawasolar.charging.kept import kept
    from kawasolar.charging.kinds import read_kinds
    from kawasolar.charging.of_fleet import cars_of_fleet

    asked, of_fleet = checked(options)
    kinds = read_own(plan, "charging", read_kinds, "charging.bad_table")
    if kinds is not None:
        asked = replace(asked, kinds=kinds)
    cars, said = cars_of_fleet(plan) if of_fleet else (None, [])
    found = charging_of(plan, cars, asked, progress=progress)
    head, frames = kept(found)
    head.pop("findings")
    return Answer(head, frames), [*said, *found.findings]


def result(answer: Answer) -> Charging:
    """What the room of charging says of it."""
    from kawasolar.charging.kept import from_kept

    return from_kept({**answer.head, "findings": []}, answer.frames)
