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
    from kawasolar.words import Language

MILLION = 1e6
# Rules that a sentence names; of more, how many.
_NAMED = 12
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
    language: Language, row: Mapping[str, object], objective: Worth, names: Mapping[str, str]
) -> str:  # fmt: skip
    """A row of :attr:`kawasolar.programme.kept.Kept.frame` as one or two sentences."""

    def named(value: object) -> str:
        rule = rule_of(value)
        return rule_text(language, rule, names) if rule is not None else ""

    unit = unit_text(language, objective)
    text = say(language, f"programme.why.{row['reason']}", rule=named(row["rule"]), margin=row["margin"], unit=unit)
    if not row["when"]:
        return text
    return (
        text
        + say(language, "programme.sentence_gap")
        + say(language, f"programme.when.{row['when']}", rule=named(row["when_rule"]))
    )


def loss_line(language: Language, loss: Loss, objective: Worth) -> str:
    """What deciding a site otherwise would cost."""
    if not loss.fits:
        return say(language, "programme.loss.none")
    unit = unit_text(language, objective)
    return say(
        language, "programme.loss", loss=loss.loss, low=loss.at_least, high=loss.at_most, count=len(loss.changed), unit=unit,
    )  # fmt: skip


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
