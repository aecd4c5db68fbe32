"""Which results of a plan are still what would be computed now, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kawasolar.choices import WITH
from kawasolar.plan import ANSWERS, fingerprint
from kawasolar.stages.chain import BY_NAME, CHAIN, StageName, expected
from kawasolar.stages.work import Work

if TYPE_CHECKING:
    from kawasolar.plan import InputFile, Plan, Stamp
    from kawasolar.profile import Profile

Freshness = Literal["fresh", "stale", "follows", "missing"]


@dataclass(frozen=True)
class Reason:
    """One input that is no longer what the result was computed from.

    ``kind`` is that of an input (``file value criterion ledger join columns pin veto entered rules terms standing counts stage``), or ``version parts asked``; ``name`` is the role, the key or the id.
    """

    kind: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class StageState:
    """How a stage stands.

    Attributes
    ----------
    freshness : ``fresh``; ``stale``: an input of its own changed; ``follows``: only a stage before it; ``missing``: never computed
    parts, stale_parts : how many parts it has and how many of them must be computed; 0 for a stage without parts
    made, seconds : when its result was computed, and how long that took
    """

    name: StageName
    freshness: Freshness
    reasons: tuple[Reason, ...] = ()
    parts: int = 0
    stale_parts: int = 0
    made: str = ""
    seconds: float = 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether nothing need be computed."""
        return self.freshness == "fresh"


def states(plan: Plan, base: Profile, inputs: tuple[InputFile, ...] | None = None) -> tuple[StageState, ...]:
    """How each stage of a plan stands.

    Parameters
    ----------
    base : the profile as the municipality gives it
    inputs : the files as they are now (:func:`kawasolar.stages.bench.observed`); as the plan knows them unless given
    """
    return states_of(Work.of(plan, base, inputs=inputs))


# Stages of which people change single parts -> how that is told.
_TOLD_BY_PART = {"survey": "parts", "layout": "layouts"}


def states_of(work: Work) -> tuple[StageState, ...]:
    """As :func:`states`, of a plan on the bench."""
    found: dict[str, StageState] = {}
    for stage in CHAIN:
        if stage.is_idle(work):
            idle = work.stamps.get(stage.name)
            found[stage.name] = StageState(stage.name, "fresh", made="" if idle is None else idle.made)
            continue
        behind = any(not found[name].is_fresh for name in (*stage.follows(work), *stage.waits))
        stamp, wanted = work.stamps.get(stage.name), expected(stage, work)
        if stamp is None:
            found[stage.name] = StageState(
                stage.name, "missing", parts=len(wanted.parts), stale_parts=len(wanted.parts)
            )
            continue
        reasons = _reasons(stamp, wanted)
        stale = len(wanted.parts) if stamp.base != wanted.base else len(changed_parts(stamp, wanted))
        own = [reason for reason in reasons if reason.kind != "stage"]
        freshness: Freshness = "stale" if own else "follows" if behind or reasons or stale else "fresh"
        found[stage.name] = StageState(
            stage.name, freshness, tuple(reasons), len(wanted.parts), stale, stamp.made, stamp.seconds
        )
    return tuple(found[stage.name] for stage in CHAIN)


def changed_parts(stamp: Stamp, wanted: Stamp) -> set[str]:
    """Parts to be computed anew, and those that fall away."""
    names = {*stamp.parts, *wanted.parts}
    return {name for name in names if stamp.parts.get(name) != wanted.parts.get(name)}


def _reasons(stamp: Stamp, wanted: Stamp) -> list[Reason]:
    found = []
    if BY_NAME[wanted.stage].asked_by and not stamp.inputs:
        # Nobody had asked for it before: that is the reason, and no single input.
        return [Reason("asked", wanted.stage, None, None)] if wanted.inputs else []
    if stamp.version != wanted.version:
        found.append(Reason("version", "", str(stamp.version), str(wanted.version)))
    # Another way to compute has other values: they come and go with it, and it is the reason.
    other_way = stamp.version != wanted.version or any(
        f"value:{name}" in stamp.inputs and stamp.inputs[f"value:{name}"] != wanted.inputs.get(f"value:{name}")
        for name in WITH
    )
    for name in sorted({*stamp.inputs, *wanted.inputs}):
        before, after = stamp.inputs.get(name), wanted.inputs.get(name)
        comes_along = other_way and (before is None or after is None) and name.startswith("value:")
        if before != after and not comes_along:
            kind, _, rest = name.partition(":")
            found.append(Reason(kind, rest, before, after))
    if not found and wanted.stage in _TOLD_BY_PART and (parts := changed_parts(stamp, wanted)):
        found.append(Reason(_TOLD_BY_PART[wanted.stage], str(len(parts)), None, None))
    return found


def is_stale(plan: Plan) -> bool:
    """Whether something of a plan would be computed anew; not where it does not know what it was computed from."""
    if not plan.stamps:
        return False
    return not all(state.is_fresh for state in states(plan, plan.base_profile))


# No list of the plan shows other ledgers.
_ON_NO_PAPER = ("registers",)


def plan_fingerprint(plan: Plan) -> str:
    """What a paper that is written from the plan is a picture of: its results, its corrections and its name.

    Equal for plans that were computed from the same, on any machine; 12 hex digits in groups, to be read aloud.
    """
    lots = plan.entries.of_scenario("lots", plan.scenario)
    # Where there are lots, their papers show years and bills, too.
    # What was asked for besides is on papers where there is an answer: others stay the plan's, whatever the program can be asked for.
    left_out = {*(() if lots else _ON_NO_PAPER), *(kind for kind in ANSWERS if kind not in plan.answers)}
    stamps = {name: stamp.fingerprint for name, stamp in plan.stamps.items() if name not in left_out}
    own = {table: dict(plan.entries.table(table)) for table in ("ledger", "joins", "keepouts")}
    mine = {
        table: plan.entries.of_scenario(table, plan.scenario)
        for table in ("pins", "vetoes", "values", "layouts", "criteria")
    }
    if lots:
        mine["lots"] = lots
    whole = fingerprint([plan.name, plan.scenario_name, stamps, own, mine])[:12]
    return "-".join(whole[k : k + 4] for k in (0, 4, 8))
