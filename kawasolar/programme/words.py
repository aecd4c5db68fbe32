"""A programme in sentences: rules, what conflicts, what would do, the years, and why a site is where it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kawasolar.programme.kept import rule_of
from kawasolar.programme.rules import is_of_site
from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kawasolar.programme.conflicts import Conflict
    from kawasolar.programme.easing import GivingWay, Relaxation
    from kawasolar.programme.frontier import Point
    from kawasolar.programme.kept import Kept
    from kawasolar.programme.reasons import Loss
    from kawasolar.programme.result import Nothing
    from kawasolar.programme.rules import Rule
    from kawasolar.programme.sites import Worth
    from kawasolar.programme.year_why import Room, YearWhy
    from kawasolar.words import Language

MILLION = 1e6
# Rules that a sentence names; of more, how many.
_NAMED = 12
_CHANGED_NAMED = 5
_MONEY = ("budget", "budget_total", "subsidy", "subsidy_total")


def rule_text(language: Language, rule: Rule, names: Mapping[str, str]) -> str:
    """A rule by its name; a site by its own."""
    kind = "pin_year" if rule.kind == "pin" and rule.year else rule.kind
    item = names.get(rule.item, rule.item) if is_of_site(rule) else rule.item
    return say(language, f"programme.rule.{kind}", year=rule.year, item=item)


def conflict_lines(language: Language, conflict: Conflict, names: Mapping[str, str]) -> list[str]:
    """Which rules cannot all hold."""
    shown = [rule_text(language, rule, names) for rule in conflict.rules[:_NAMED]]
    if len(conflict.rules) > _NAMED:
        shown.append(say(language, "programme.conflict.more", count=len(conflict.rules) - _NAMED))
    first = say(language, "programme.conflict", rules=say(language, "list.separator").join(shown))
    second = "smallest" if conflict.smallest else "not_smallest"
    return [first, *([say(language, f"programme.conflict.{second}")] if len(conflict.rules) > 1 else [])]


def way_text(language: Language, way: GivingWay, names: Mapping[str, str]) -> str:
    """By how much a rule gives way."""
    rule, kind = rule_text(language, way.rule, names), way.rule.kind
    if is_of_site(way.rule):
        return say(language, "programme.way.site", rule=rule)
    unit = MILLION if kind in _MONEY else 1.0
    # Rounded so that what is said is enough.
    by = math.ceil(way.by / unit * 100) / 100 if kind in (*_MONEY, "kw") else way.by
    up = way.after > way.before
    after = way.before / unit + (by if up else -by)
    code = "money" if kind in _MONEY else kind
    return say(language, f"programme.way.{code}", rule=rule, by=by, before=way.before / unit, after=after)


def relaxation_line(language: Language, relaxation: Relaxation, names: Mapping[str, str], code: str = "") -> str:
    """A relaxation; ``code``: what it is called, by itself whether it is the least."""
    ways = say(language, "list.separator").join(way_text(language, way, names) for way in relaxation.ways[:_NAMED])
    if len(relaxation.ways) > _NAMED:
        more = say(language, "programme.conflict.more", count=len(relaxation.ways) - _NAMED)
        ways = say(language, "list.separator").join([ways, more])
    code = code or ("least" if relaxation.least else "found")
    text = say(language, f"programme.relaxation.{code}", ways=ways)
    return text if relaxation.fits else text + say(language, "programme.relaxation.unverified")


def nothing_lines(language: Language, nothing: Nothing, names: Mapping[str, str]) -> list[str]:
    """What conflicts where nothing fits, and what would do."""
    lines = [] if nothing.conflict is None else conflict_lines(language, nothing.conflict, names)
    if nothing.relaxation is None:
        lines.append(say(language, "programme.relaxation.none"))
    else:
        lines.append(relaxation_line(language, nothing.relaxation, names))
    same = () if nothing.relaxation is None else nothing.relaxation.ways
    return lines + [relaxation_line(language, one, names, "alone") for one in nothing.alone if one.ways != same]


def programme_lines(language: Language, programme: Kept) -> list[str]:
    """The programme: head, years, what is done and open, the proof."""
    years, proof, assumed = programme.years, programme.proof, programme.assumed
    if proof is None:
        raise ValueError("no programme")
    rate = assumed["subsidy_rate"]
    head = "programme.head_of" if programme.count else "programme.head"
    lines = [
        say(language, head, first=years[0], last=years[-1], number=programme.number, denominator=programme.denominator, day=programme.count),
        say(
            language, "programme.assumed", until=assumed["worth_until"], rate=assumed["discount_rate"],
            subsidy=f"{rate:.1%}" if rate else say(language, "programme.no_subsidy"),
        ),
    ]  # fmt: skip
    lines += [
        say(
            language, "programme.year_line", year=row["fiscal_year"], sites=row["sites"], kw=row["capacity_kw"], cost=row["cost_yen"] / MILLION,
            subsidy=row["subsidy_yen"] / MILLION, total=row["sites_total"], share=row["share"],
        )
        for row in programme.by_year().to_dict("records")
    ]  # fmt: skip
    for row in programme.tracker().to_dict("records"):
        status = say(language, f"programme.status.{row['status']}")
        lines.append(say(language, "programme.tracker_line", status=status, sites=row["sites"], kw=row["capacity_kw"]))
    lines.append(
        say(language, "programme.proof", worth=proof.worth, unit=unit_text(language, programme.objective), gap=proof.gap, seconds=proof.seconds)
    )  # fmt: skip
    if proof.shelter_years is not None:
        lines.append(say(language, "programme.shelters_first", years=proof.shelter_years, bound=proof.shelter_bound))
    if proof.status == "time":
        lines.append(say(language, "programme.proof.time"))
    return lines


def unit_text(language: Language, objective: Worth) -> str:
    """The unit of the objective."""
    return say(language, f"programme.unit.{objective}")


def reason_text(
    language: Language, row: Mapping[str, object], objective: Worth, names: Mapping[str, str], *, when: bool = True
) -> str:  # fmt: skip
    """A row of :attr:`kawasolar.programme.kept.Kept.frame` as one or two sentences; ``when``: why not earlier, too."""

    def named(value: object) -> str:
        rule = rule_of(value)
        return rule_text(language, rule, names) if rule is not None else ""

    unit = unit_text(language, objective)
    text = say(language, f"programme.why.{row['reason']}", rule=named(row["rule"]), margin=row["margin"], unit=unit)
    if not when or not row["when"]:
        return text
    return (
        text
        + say(language, "programme.sentence_gap")
        + say(language, f"programme.when.{row['when']}", rule=named(row["when_rule"]))
    )


def year_text(language: Language, why: YearWhy, objective: Worth, gap: float, names: Mapping[str, str]) -> str:
    """Why a site is in its year, in figures, and what would bring it there earlier, or in at all; empty where the reason says it all."""
    if why.hindrance in ("standing", "vetoed") or (why.hindrance == "no_year" and not why.earliest):
        return ""
    if why.hindrance in ("first", "pinned"):
        return say(language, f"programme.when.{why.hindrance}")
    unit, side = say(language, f"programme.unit_short.{objective}"), "in" if why.year else "out"
    values = {"other": why.other, "earliest": why.earliest, "gain": abs(why.gain), "unit": unit, "gap": gap}
    if why.hindrance != "lacks":
        code = f"programme.year.{why.hindrance}"
        return say(language, f"{code}.{side}" if why.hindrance in ("gap", "worth") else code, **values)
    rooms = say(language, "programme.room.and").join(room_text(language, room, names) for room in why.lacking)
    text = say(language, f"programme.year.lacks.{side}", rooms=rooms, **values)
    more = say(language, f"programme.year.{'gains' if why.gain > 0 else 'loses'}.{side}", **values)
    return text + say(language, "programme.sentence_gap") + more


def room_text(language: Language, room: Room, names: Mapping[str, str]) -> str:
    """What a rule leaves to a move, and what is lacking."""
    rule = rule_text(language, room.rule, names)
    amounts = {name: amount_text(language, room.rule, getattr(room, name)) for name in ("left", "takes", "lacks")}
    return say(language, f"programme.room.{'least' if room.least else 'lacks'}", rule=rule, **amounts)


def amount_text(language: Language, rule: Rule, amount: float) -> str:
    """An amount of a rule with its unit."""
    if rule.kind in _MONEY:
        return say(language, "programme.amount.money", amount=amount / MILLION)
    return say(language, f"programme.amount.{'kw' if rule.kind == 'kw' else 'sites'}", amount=amount)


def loss_if_line(
    language: Language, loss: Loss, objective: Worth, into: int | None, names: Mapping[str, str]
) -> str:  # fmt: skip
    """What forcing a site would cost: out (None), in (0), or into a year."""
    case = say(language, f"programme.if.{'out' if into is None else 'year' if into else 'in'}", year=into)
    if not loss.fits:
        return say(language, "programme.if.none", case=case)
    unit = say(language, f"programme.unit_short.{objective}")
    # A search that ended at its gap may find a better programme when it is asked again.
    code = "loss" if loss.loss >= 0 else "gain"
    parts = [
        say(language, f"programme.if.{code}", case=case, loss=abs(loss.loss), low=loss.at_least, high=loss.at_most, unit=unit)
    ]  # fmt: skip
    if loss.shelter_years:
        code = "shelters" if loss.shelter_years > 0 else "shelters_longer"
        parts.append(say(language, f"programme.if.{code}", years=abs(loss.shelter_years)))
    if loss.changed:
        shown = [names.get(one, one) for one in loss.changed[:_CHANGED_NAMED]]
        if len(loss.changed) > _CHANGED_NAMED:
            shown.append(say(language, "programme.conflict.more", count=len(loss.changed) - _CHANGED_NAMED))
        parts.append(say(language, "programme.if.changed", names=say(language, "list.separator").join(shown)))
    else:
        parts.append(say(language, "programme.if.nobody"))
    return say(language, "programme.sentence_gap").join(parts)


def frontier_lines(language: Language, points: tuple[Point, ...]) -> list[str]:
    """The frontier, a line a point."""
    return [
        say(
            language, "programme.frontier_line", cost=point.cost_yen / MILLION, worth=point.worth, unit=unit_text(language, point.programme.rules.objective),
            sites=int(point.programme.counted.sum()), kw=float(point.programme.sites.capacity_kw[point.programme.counted].sum()),
            gap=point.programme.proof.gap,
        )
        for point in points
    ]  # fmt: skip


def reasons_column(language: Language, programme: Kept, names: Mapping[str, str]) -> list[str]:
    """Why, of each row of a programme."""
    return [
        reason_text(language, row, programme.objective, names)  # type: ignore[arg-type] # columns have names
        for row in programme.frame.to_dict("records")
    ]
