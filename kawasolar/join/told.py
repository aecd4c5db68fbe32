"""Links and their reasons in words, for window, command line and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from kawasolar.join.evidence import Reason
    from kawasolar.join.review import Item, Link
    from kawasolar.words import Language


def reason_text(language: Language, reason: Reason) -> str:
    """One reason as a short sentence."""
    values = dict(reason.values)
    if "kind" in values:
        values["kind"] = _word(language, "kind", values["kind"])
    if "usage" in values:
        values["usage"] = _word(language, "join.usage", values["usage"])
    if "exact" in values:
        values["exact"] = _word(language, "join.exact", values["exact"])
    for name, value in values.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            values[name] = f"{value:,}"
    code = f"join.why.{reason.code}"
    if reason.code == "parcel" and not values.get("lot"):
        code += "_nameless"
    return say(language, code, **values)


def _word(language: Language, area: str, value: object) -> str:
    code = f"{area}.{value}"
    return say(language, code) if code in catalogue() else str(value)


def reasons_text(language: Language, link: Link) -> str:
    """All reasons of a link in one line; how it was found where it has none."""
    if not link.why:
        return how_text(language, link.how)
    return say(language, "list.separator").join(reason_text(language, reason) for reason in link.why)


def how_text(language: Language, how: str) -> str:
    """How a link was found."""
    return say(language, f"ui.how.{how}") if f"ui.how.{how}" in catalogue() else how


def state_text(language: Language, item: Item) -> str:
    """How far somebody has looked at it."""
    return say(language, f"join.state.{item.state}")
