"""Which parts of a plan scenarios can have in common, and in which tables each part lies.

The active scenario's parts lie in tables of plain names; a part of another scenario that differs from all that is written
already lies in tables with a suffix, ``yields__s2``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kawasolar.plan import ANSWERS, LedgerRead

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.plan import AnswerKind, Plan, Project

# Scenario -> slot -> suffix of its tables.
Layout = dict[str, dict[str, str]]
_PLAIN_KEY = re.compile(r"s[0-9]{1,20}")
SUFFIX_RULE = re.compile(r"(__[a-z0-9]{1,24})?")


@dataclass(frozen=True)
class Slot:
    """One part: the tables and arrays that hold it, the stage that made it, and the objects that it consists of."""

    name: str
    tables: tuple[str, ...]
    arrays: tuple[str, ...]
    stage: str
    parts: Callable[[Plan], tuple[object, ...]]


def _read(plan: Plan) -> tuple[object, ...]:
    read = plan.read
    return (plan.facilities,) if read is None else (read.frame, read.links, dict(read.columns), read.sheet)


def _answer(kind: AnswerKind) -> Callable[[Plan], tuple[object, ...]]:
    return lambda plan: (plan.answers.get(kind),)


SLOTS: tuple[Slot, ...] = (
    Slot("read", ("facilities",), (), "ledger", _read),
    Slot("registers", (), (), "registers", lambda plan: (plan.registers,)),
    Slot("links", ("links",), (), "join", lambda plan: (plan.results.links,)),
    Slot(
        "survey", ("buildings", "roof_planes"), ("sunlit", "azimuths"), "survey",
        lambda plan: (plan.results.buildings, plan.results.planes, plan.results.sunlit, plan.results.azimuths, plan.results.open_sky_kwh_m2),
    ),
    Slot("layout", ("subarrays",), (), "layout", lambda plan: (plan.results.subarrays,)),
    Slot(
        "yield", ("yields",), ("month_hour", "month_hour_lost", "typical_days", "hourly"), "yield",
        lambda plan: (plan.results.yields, plan.results.month_hour, plan.results.month_hour_lost, plan.results.typical_days, plan.results.hourly, plan.results.weather),
    ),
    Slot("use", (), (), "use", lambda plan: (plan.use,)),
    Slot("decision", ("outcomes", "sites"), (), "selection", lambda plan: (plan.decision.outcomes, plan.decision.sites, plan.decision.not_applied)),
    Slot("programme", (), (), "programme", lambda plan: (plan.programme,)),
    *(Slot(kind, (), (), kind, _answer(kind)) for kind in ANSWERS),
    Slot("findings", ("findings",), (), "", lambda plan: (plan.findings,)),
    Slot("inputs", ("inputs",), (), "", lambda plan: (plan.inputs,)),
)  # fmt: skip


def layout_of(project: Project) -> Layout:
    """Where each part of each scenario goes: once where they have it in common."""
    keys = [project.active, *(key for key in project.plans if key != project.active)]
    suffixes = _suffixes(keys)
    layout: Layout = {key: {} for key in keys}
    for slot in SLOTS:
        written: list[str] = []
        for key in keys:
            twin = next((other for other in written if same(slot, project.plans[other], project.plans[key])), None)
            layout[key][slot.name] = suffixes[key] if twin is None else layout[twin][slot.name]
            if twin is None:
                written.append(key)
    return layout


def _suffixes(keys: list[str]) -> dict[str, str]:
    """Names of tables do not tell ``S2`` from ``s2``, and take no strokes."""
    found = {keys[0]: ""}
    for place, key in enumerate(keys[1:], start=1):
        found[key] = f"__{key}" if _PLAIN_KEY.fullmatch(key) else f"__x{place}"
    return found


def same(slot: Slot, one: Plan, other: Plan) -> bool:
    """Whether two plans have a part in common: the same objects, or computed from the same."""
    stamps = one.stamps.get(slot.stage), other.stamps.get(slot.stage)
    if stamps[0] is not None and stamps[1] is not None and stamps[0].fingerprint == stamps[1].fingerprint:
        return True
    return all(
        left is right or _equal(left, right) for left, right in zip(slot.parts(one), slot.parts(other), strict=True)
    )


def _equal(left: object, right: object) -> bool:
    """Equal plain values; frames and arrays are compared by identity only."""
    from kawasolar.plan import WeatherSummary

    plain = (str, float, tuple, dict, WeatherSummary)
    return isinstance(left, plain) and isinstance(right, plain) and left == right


def owners(layout: Layout, slot: str) -> Mapping[str, str]:
    """Suffix -> the first scenario whose part lies there."""
    found: dict[str, str] = {}
    for key, suffixes in layout.items():
        found.setdefault(suffixes[slot], key)
    return found


def with_read(plan: Plan) -> Plan:
    """The plan with its ledger as read: one that nobody corrected, where it has none."""
    if plan.read is not None:
        return plan
    return replace(plan, read=LedgerRead(plan.facilities, plan.results.links, {}))
