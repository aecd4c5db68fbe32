"""Codes of the domain turned into the sentences of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.reasons import column_name, finding_sentence, reason_sentence
from kawasolar.reasons import criterion_name as named
from kawasolar.reasons import value_text as worded
from ui import format as fmt
from ui.look import Look

if TYPE_CHECKING:
    from gis.findings import Finding
    from kawasolar.profile import Criterion


def reason_text(look: Look, code: object, values: object) -> str:
    """Why a facility is chosen or not, in one sentence; the same on screen and in the exports."""
    return reason_sentence(look.language, code, values)


def criterion_name(look: Look, key: str) -> str:
    """Short name of a criterion."""
    return named(look.language, key)


def value_text(look: Look, key: str, value: object, unit: str) -> str:
    """What was found for a criterion, with its unit."""
    if fmt.is_missing(value) or isinstance(value, str):
        return worded(look.language, key, None if fmt.is_missing(value) else value)
    digits = 1 if unit in ("m", "kW") else 0
    return f"{fmt.number(value, digits)} {unit_text(look, unit)}".strip()


def unit_text(look: Look, unit: str) -> str:
    """A profile's unit as people write it: years instead of ``a``."""
    return look.say_or(f"ui.unit.{unit}", unit) if unit else ""


def direction_of(key: str) -> str:
    """Whether a threshold is the least, the most, or the first that is too much."""
    return {"waterproofing": "most", "flood": "under", "storm_surge": "under", "tsunami": "under"}.get(key, "least")


def limit_text(look: Look, criterion: Criterion, threshold: object) -> str:
    """What a criterion asks for, with its unit; empty where it has no threshold."""
    if criterion.threshold is None or fmt.is_missing(threshold):
        return ""
    number = fmt.number(threshold, 1 if criterion.unit == "m" else 0)
    return look.say(f"ui.limit.{direction_of(criterion.key)}", limit=f"{number} {unit_text(look, criterion.unit)}")


def criterion_tip(look: Look, criterion: Criterion, threshold: object) -> str:
    """The rule, its source and how sure it is."""
    shown = None if fmt.is_missing(threshold) else fmt.number(threshold, 1 if criterion.unit == "m" else 0)
    return look.say(
        "ui.half.criterion_tip",
        name=criterion_name(look, criterion.key),
        rule=look.say(f"criterion_rule.{criterion.key}", threshold=shown),
        source=criterion.source(look.language),
        sure=look.say(f"ui.sure.{criterion.how_sure}"),
    )


def finding_text(look: Look, finding: Finding) -> str:
    """A finding in words, with its place in the file."""
    place = " ".join(
        part
        for part in (
            finding.source,
            look.say("ui.finding.row", row=finding.row) if finding.row is not None else "",
            look.say("ui.finding.column", column=column_name(look.language, finding.code, finding.column))
            if finding.column
            else "",
        )
        if part
    )
    words = finding_sentence(look.language, finding)
    return f"{place}\n{words}" if place and finding.source not in words else words
