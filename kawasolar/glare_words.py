"""Glare in words, for window and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kawasolar.words import say

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kawasolar.glare import GlareReport
    from kawasolar.words import Language

_MOST = 8


def glare_texts(language: Language, report: GlareReport, most: int = _MOST) -> list[str]:
    """The sum, the buildings and the roads that are dazzled longest."""
    values = {"reach": f"{report.reach:,.0f}", "neighbours": f"{report.neighbours:,}", "points": f"{report.points:,}"}
    return [*_building_texts(language, report, most, values), *_road_texts(language, report, most)]


def _building_texts(language: Language, report: GlareReport, most: int, values: dict[str, str]) -> list[str]:
    if not len(report.buildings):
        return [say(language, "glare.none", **values)]
    lines = [
        say(
            language, "glare.sum", count=len(report.buildings), over=int(report.exceeds.sum()), day=f"{report.day_limit:g}",
            year=f"{report.year_limit / 60.0:g}", **values,
        )
    ]  # fmt: skip
    lines += [
        say(language, "glare.line", building=found["building_id"], **_figures(language, found))
        for found in report.buildings.head(most).to_dict("records")
    ]
    if len(report.buildings) > most:
        lines.append(say(language, "glare.more", count=len(report.buildings) - most))
    return lines


def _road_texts(language: Language, report: GlareReport, most: int) -> list[str]:
    if report.roads is None:
        return [say(language, "glare.roads.unknown")]
    if not len(report.roads):
        return [say(language, "glare.roads.none", points=f"{report.road_points:,}")]
    lines = [say(language, "glare.roads.sum", count=len(report.roads), metres=f"{report.roads['metres'].sum():,.0f}")]
    for number, found in enumerate(report.roads.head(most).to_dict("records"), start=1):
        name = found["name"] or say(language, "glare.roads.nameless", number=number)
        lines.append(
            say(language, "glare.roads.line", road=name, metres=f"{found['metres']:,.0f}", **_figures(language, found))
        )
    if len(report.roads) > most:
        lines.append(say(language, "glare.roads.more", count=len(report.roads) - most))
    return lines


def _figures(language: Language, found: dict[Hashable, Any]) -> dict[str, Any]:
    """Hours, days and the worst day of a row."""
    month, _, day = str(found["worst_day"]).partition("-")
    return {
        "hours": f"{found['minutes'] / 60.0:,.1f}", "days": int(found["days"]), "minutes": f"{found['worst_day_minutes']:,.0f}",
        "date": say(language, "glare.date", month=int(month), day=int(day)),
    }  # fmt: skip
