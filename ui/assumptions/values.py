"""The values of the profile as the panel shows them: groups, numbers in words, and what a change makes stale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from kawasolar.choices import has_part
from kawasolar.document.views import Mark, mark_of
from kawasolar.layout_values import MODULE
from kawasolar.reasons import CHOICE, choice_text
from ui.format import folded
from ui.reasons import unit_text

if TYPE_CHECKING:
    from kawasolar.profile import Value
    from kawasolar.stages import StageName, StageState
    from kawasolar.stages.chain import Stage
    from ui.document import Document
    from ui.look import Look

# Groups in the order of the work; the first whose beginning fits holds the value.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("roof", ("roof.",)),
    ("losses", ("pv.loss", "pv.pcs_")),
    ("jis", ("jis.",)),
    ("pvwatts", ("pvwatts.",)),
    ("snow", ("pv.snow", "snow.")),
    ("ageing", ("ageing.",)),
    ("pv", ("pv.",)),
    ("module", ("module.",)),
    ("layout", ("layout.",)),
    ("string", ("string.", "inverter.")),
    ("load", ("load.",)),
    ("glare", ("glare.",)),
    ("temp", ("temp.",)),
    ("co2", ("co2.",)),
    ("life", ("life.",)),
    ("join", ("join.", "review.")),
    ("plan", ("plan.",)),
    ("canopy", ("canopy.",)),
    ("given", ("given.",)),
    ("surface", ("surface.",)),
    ("sizing", ("sizing.",)),
    ("engine", ("engine.",)),
)
ORDER = (
    "roof",
    "module",
    "layout",
    "pv",
    "losses",
    "temp",
    "jis",
    "pvwatts",
    "snow",
    "ageing",
    "co2",
    "life",
    "join",
    "plan",
    "string",
    "load",
    "glare",
    "canopy",
    "given",
    "surface",
    "sizing",
    "engine",
    "other",
)
# Strings, inverters, loads, glare and ageing are worked out whenever they are shown (kawasolar.electrical).
_WORKED_OUT = ("string.", "inverter.", "load.", "glare.", "ageing.", *MODULE)
# Values that no stage names, because they are where a setting of the scenario begins: setting -> stage that takes it.
_BEGINS: Mapping[str, tuple[str, StageName]] = {"plan.share": ("share", "selection")}


@dataclass(frozen=True)
class Assumption:
    """One value: as the municipality gives it, as the scenario has it, and by whom.

    Attributes
    ----------
    given : the municipality's
    now : the number that the scenario works with
    mark, source : of who overrode it; None and empty where nobody did
    waits : a result still rests on the number of before
    """

    given: Value
    now: float
    mark: Mark | None
    source: str
    waits: bool

    @property
    def key(self) -> str:
        return self.given.key

    @property
    def changed(self) -> bool:
        """Whether somebody entered it, be it the same number."""
        return self.mark is not None

    @property
    def confirmed(self) -> bool:
        """Whether somebody answers for the municipality's own number."""
        return self.changed and self.now == self.given.value

    @property
    def assumed(self) -> bool:
        """Taken for now, and nobody has answered for it yet."""
        return self.given.how_sure == "verify" and not self.changed

    @property
    def outside(self) -> bool:
        """Whether it lies outside the range in which it may sensibly lie."""
        return is_outside(self.now, self.given)


def is_outside(number: float, given: Value) -> bool:
    """Whether a number lies outside the sensible range; never where nobody gives one."""
    return (given.low is not None and number < given.low) or (given.high is not None and number > given.high)


def group_of(key: str) -> str:
    """The group of a value."""
    return next((name for name, begins in GROUPS if key.startswith(begins)), "other")


def assumptions(document: Document) -> dict[str, Assumption]:
    """All values of the scenario, group by group."""
    project = document.project
    if project is None:
        return {}
    entered = project.entries.of_scenario("values", project.active)
    waiting = {reason.name for state in document.stale for reason in state.reasons if reason.kind == "value"}
    # What the scenario's model of the losses does not use waits for nothing.
    plan = document.plan
    waiting -= set() if plan is None else {key for key in waiting if not has_part(key, plan.profile)}
    found = {
        key: Assumption(
            given,
            float(entered[key]["value"]) if key in entered else given.value,
            mark_of(entered[key]) if key in entered else None,
            str(entered[key]["source"]) if key in entered else "",
            key in waiting,
        )
        for key, given in project.profile.values.items()
    }
    place = {name: k for k, name in enumerate(ORDER)}
    return dict(sorted(found.items(), key=lambda pair: place[group_of(pair[0])]))


def searched(look: Look, one: Assumption) -> str:
    """What the search field looks through: name in both languages, key, unit, source, who and why."""
    given, mark = one.given, one.mark
    parts = [
        given.name_ja,
        given.name_en,
        given.key,
        given.unit,
        unit_text(look, given.unit),
        given.source_ja,
        given.source_en,
    ]
    parts += [look.say(f"ui.assumptions.group.{group_of(given.key)}"), one.source]
    parts += [] if mark is None else [mark.who, mark.why]
    return folded(" ".join(parts))


# ---------------------------------------------------------------------------------------------- numbers in words


def is_choice(given: Value) -> bool:
    """Whether a value says which of several, and is no quantity."""
    return given.unit.startswith(CHOICE)


def plain_number(key: str, number: float) -> str:
    """A number of the profile as people write it: years without separators."""
    return f"{number:.0f}" if key == "plan.year" else f"{number:,.8g}".replace("-", "−")


def unit_of(look: Look, given: Value) -> str:
    """The unit after the number; empty for shares and years that are read as they stand."""
    return "" if given.unit == "-" or is_choice(given) else unit_text(look, given.unit)


def with_unit(look: Look, given: Value, number: float) -> str:
    """Number and unit, or which of several it says."""
    if is_choice(given):
        return choice_text(look.language, given.unit, number)
    return f"{plain_number(given.key, number)} {unit_of(look, given)}".strip()


def sensible_range(given: Value) -> tuple[float, float] | None:
    """Within which a quantity may sensibly lie; None where nobody gives it, and of a choice."""
    return None if given.low is None or given.high is None or is_choice(given) else (given.low, given.high)


def range_text(look: Look, given: Value) -> str:
    """The sensible range; empty where nobody gives one."""
    sensible = sensible_range(given)
    if sensible is None:
        return ""
    low, high = (plain_number(given.key, end) for end in sensible)
    return look.say("ui.assumptions.range", low=low, high=high, unit=unit_of(look, given)).strip()


def step_of(given: Value, *, whole: bool) -> float:
    """What one press of an arrow key turns: the last digit in which value and range are given."""
    if whole:
        return 1.0
    numbers = [number for number in (given.value, given.low, given.high) if number is not None]
    places = max(-int(Decimal(repr(number)).normalize().as_tuple().exponent) for number in numbers)
    return math.pow(10.0, -min(max(places, 0), 6))


# ---------------------------------------------------------------------------------------------- what a change does


@dataclass(frozen=True)
class Effect:
    """What a changed value does.

    Attributes
    ----------
    stage : the first that takes it; None where no result rests on it
    at_once : it is decided anew with the edit itself
    seconds : what the stages from there on took the last time; 0 where that is not known
    setting : a setting of the scenario that hides it
    """

    stage: StageName | None
    at_once: bool = False
    seconds: float = 0.0
    setting: str = ""


def effect_of(key: str, document: Document) -> Effect:
    """What a change of a value would make stale."""
    from kawasolar.stages import CHAIN, asked_of

    plan = document.plan
    roles = None if plan is None else asked_of(plan.inputs, plan.profile, plan.settings)
    has_no_part = plan is not None and not has_part(key, plan.profile)

    def counts(one: Stage) -> bool:
        if one.asked_by and (plan is None or not one.is_asked(plan.entries, plan.scenario)):
            return False
        return one.uses(key, roles) and (plan is None or has_part(key, plan.profile, one.name))

    stages = [] if has_no_part else [one.name for one in CHAIN if counts(one)]
    # What takes time is what people want to know of.
    slow = [name for name in stages if name not in at_once_stages()]
    stage = next(iter(slow or stages), None)
    if stage is None and key in _BEGINS:
        setting, stage = _BEGINS[key]
        entries = document.entries
        hidden = entries is not None and entries.get(setting, document.scenario) is not None
        return Effect(stage, at_once=True, setting=setting if hidden else "")
    if stage is None and key.startswith(_WORKED_OUT):
        return Effect("layout", at_once=True)
    if stage is None:
        return Effect(None)
    return Effect(stage, stage in at_once_stages(), seconds_from(stage, document.states))


def at_once_stages() -> tuple[str, ...]:
    """Stages that follow an edit by themselves."""
    from kawasolar.stages.run import AT_ONCE

    return AT_ONCE


def seconds_from(stage: StageName, states: Sequence[StageState]) -> float:
    """How long a stage and all after it took the last time [s]."""
    names = [state.name for state in states]
    return sum(state.seconds for state in states[names.index(stage) :]) if stage in names else 0.0
