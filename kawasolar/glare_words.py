"""Glare in words, for window and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.glare import GlareReport
    from kawasolar.words import Language

_MOST = 8


def glare_texts(language: Language, report: GlareReport, most: int = _MOST) -> list[str]:
    """The sum, and the buildings that are dazzled longest."""
    values = {"reach": f"{report.reach:,.0f}", "neighbours": f"{report.neighbours:,}", "points": f"{report.points:,}"}
    if not len(report.buildings):
        return [say(language, "glare.none", **values)]
    lines = [
        say(
            language, "glare.sum", count=len(report.buildings), over=int(report.exceeds.sum()), day=f"{report.day_limit:g}",
            year=f"{report.year_limit / 60.0:g}", **values,
        )
    ]  # fmt: skip
    for found in report.buildings.head(most).itertuples():
        month, _, day = str(found.worst_day).partition("-")
        lines.append(
            say(
                language, "glare.line", building=found.building_id, hours=f"{float(str(found.minutes)) / 60.0:,.1f}", days=int(str(found.days)),
                date=say(language, "glare.date", month=int(month), day=int(day)), minutes=f"{float(str(found.worst_day_minutes)):,.0f}",
            )
        )  # fmt: skip
    if len(report.buildings) > most:
        lines.append(say(language, "glare.more", count=len(report.buildings) - most))
    return lines
