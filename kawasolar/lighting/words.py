"""LED retrofits in words, the same for window, paper and command line."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from kawasolar.lighting.rows import PCB
from kawasolar.lighting.year import year_why
from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from kawasolar.lighting.result import Head, Lighting
    from kawasolar.lighting.year import YearWhy
    from kawasolar.words import Language

_PER_CENT = 100.0
_ESCO = "esco"


def figure_name(language: Language, key: str) -> str:
    """What a column is called, with its unit."""
    return say(language, f"lighting.figure.{key}")


def way_name(language: Language, way: str) -> str:
    """What a way is called."""
    return say(language, f"lighting.way.{way}")


def lamp_name(language: Language, lamp: str) -> str:
    """What a kind of lamp is called."""
    return say(language, f"register.code.{lamp}")


def ban_name(language: Language, ban: str) -> str:
    """What falls under a date; lamps of the profile's table as that calls them."""
    if not ban:
        return say(language, "lighting.ban.none")
    of_profile = f"profile.choice.lamp.{ban}"
    return say(language, of_profile if of_profile in catalogue() else f"lighting.ban.{ban}")


def _whole(value: float) -> str:
    return f"{value:,.0f}".replace("-", "−")


def asked_text(language: Language, head: Head) -> str:
    """What was asked for."""
    budget = say(language, "lighting.asked.no_budget")
    if head.budget_yen is not None:
        budget = say(language, "lighting.asked.budget", yen=_whole(head.budget_yen))
    if head.budgets:
        budget += say(language, "lighting.asked.some", years=", ".join(map(str, sorted(head.budgets))))
    first = say(language, "lighting.asked.deadlines") if head.deadlines else ""
    goal = say(language, f"lighting.goal.{head.goal}")
    return say(language, "lighting.asked", first=head.first, last=head.last, budget=budget, deadlines=first, goal=goal)


def total_text(language: Language, found: Lighting) -> str:
    """All facilities together."""
    sums = found.facilities[["luminaires", "old_kw", "new_kw", "saved_kwh", "saved_yen", "upkeep_yen", "co2_t", "cost_yen"]].sum()  # fmt: skip
    return say(
        language, "lighting.total", facilities=f"{len(found.facilities):,}", luminaires=_whole(sums["luminaires"]), old=f"{sums['old_kw']:,.1f}", new=f"{sums['new_kw']:,.1f}",
        kwh=_whole(sums["saved_kwh"]), yen=_whole(sums["saved_yen"]), upkeep=_whole(sums["upkeep_yen"]), co2=f"{sums['co2_t']:,.1f}", cost=_whole(sums["cost_yen"]),
    )  # fmt: skip


def proof_text(language: Language, head: Head) -> str:
    """How good the programme is."""
    gap = "–" if math.isinf(head.gap) else f"{_PER_CENT * head.gap:.2f}"
    told = say(language, "lighting.proof", in_time=_whole(head.in_time), most=_whole(head.most_in_time), gap=gap)
    return told if head.status == "done" else told + say(language, "lighting.proof.time")


def note_texts(language: Language, found: Lighting) -> list[str]:
    """What was filled in, assumed or left out."""
    head, rows, facilities = found.head, found.rows, found.facilities
    told = [say(language, "lighting.note.dates")]
    estimated = int(facilities["estimated"].sum())
    if estimated:
        told.append(say(language, "lighting.note.estimated", count=f"{estimated:,}"))
    usual, per_lamp = (int((rows["w_from"] == code).sum()) for code in ("standard", "per_lamp"))
    if usual or per_lamp:
        told.append(say(language, "lighting.note.watts", count=f"{usual:,}", per_lamp=f"{per_lamp:,}"))
    hours = int(((rows["hours_from"] == "kind") & ~rows["estimated"]).sum())
    if hours:
        told.append(say(language, "lighting.note.hours", count=f"{hours:,}"))
    told.append(say(language, "lighting.note.tax"))
    price = int((facilities["by"] == "price").sum())
    if price:
        told.append(say(language, "lighting.note.price", count=f"{price:,}"))
    survey, pcb = (_whole(facilities[name].sum()) for name in ("survey", "pcb"))
    told.append(say(language, "lighting.note.pcb", survey=survey, pcb=pcb, day=head.last_days.get(PCB, "–")))
    told.append(say(language, "lighting.note.joint"))
    told.append(say(language, "lighting.note.verify", count=head.verify, table=head.table))
    if head.done:
        told.append(say(language, "lighting.note.done", count=len(head.done)))
    if head.left_out:
        counts = sorted(Counter(head.left_out.values()).items())
        reasons = " / ".join(f"{say(language, code)} {count}" for code, count in counts)
        told.append(say(language, "lighting.note.left_out", count=len(head.left_out), reasons=reasons))
    return told


def best_text(language: Language, found: Lighting, facility_id: str) -> str:
    """The best way of a facility; where an ESCO would be worth more but no company is likely to take it, that is said."""
    mine = found.ways[found.ways["facility_id"] == facility_id].set_index("way")
    way = str(found.facilities.set_index("facility_id")["way"][facility_id])
    told = say(language, "ui.lighting.best", way=way_name(language, way))
    if way == _ESCO or not mine["npv_yen"][_ESCO] > mine["npv_yen"][way]:
        return told
    earns, asked = float(mine["provider_irr"][_ESCO]), _PER_CENT * found.head.numbers["esco_rate"]
    code = "lighting.esco_never" if math.isnan(earns) else "lighting.esco_unlikely"
    return told + say(language, code, earns=f"{_PER_CENT * earns:,.1f}", asked=f"{asked:,.1f}")


def year_text(language: Language, year: int) -> str:
    """A fiscal year of the programme; in none where it is 0."""
    return say(language, "lighting.cli.year", year=year) if year else say(language, "lighting.no_year")


def payback_text(language: Language, years: float) -> str:
    """Years until it has come back."""
    if math.isnan(years):
        return say(language, "lighting.never")
    return say(language, "lighting.cli.years", value=f"{years:.1f}")


def facility_text(language: Language, row: pd.Series) -> str:
    """One facility in a line."""
    return say(
        language, "lighting.cli.line", id=row["facility_id"], name=row["name"], old=f"{row['old_kw']:,.1f}", new=f"{row['new_kw']:,.1f}", kwh=_whole(row["saved_kwh"]),
        yen=_whole(row["saved_yen"]), cost=_whole(row["cost_yen"]), payback=payback_text(language, float(row["payback"])), deadline=row["last_day"] or "–",
        year=year_text(language, int(row["year"])), way=way_name(language, str(row["way"])), estimated=say(language, "lighting.cli.estimated") if row["estimated"] else "",
    )  # fmt: skip


def year_reason_text(language: Language, found: Lighting, facility_id: str) -> str:
    """Why a facility is in its fiscal year, or in none; empty where it is none of the programme's."""
    why = year_why(found, facility_id)
    return "" if why is None else why_text(language, why)


def why_text(language: Language, why: YearWhy) -> str:
    """Why in this fiscal year, or in none."""
    left = "–" if why.left_yen is None else _whole(why.left_yen)
    return say(language, f"lighting.why_year.{why.reason}", year=why.year, left=left, least=_whole(why.least_yen))


def deadline_text(language: Language, row: Mapping[Any, Any]) -> str:
    """Until when a facility's lamps are made, and how many luminaires are replaced later; empty where no day is known."""
    if not row["last_day"]:
        return ""
    code = "lighting.site.late" if row["late"] else "lighting.site.in_time"
    return say(language, code, day=row["last_day"], lamps=ban_name(language, str(row["ban"])), late=_whole(row["late"]))


def site_source_text(language: Language, row: Mapping[Any, Any]) -> str:
    """By what a facility's lamps are known: the ledger, or floor and kind."""
    code = f"lighting.site.{'estimated' if row['estimated'] else 'ledger'}"
    return say(language, code, luminaires=_whole(row["luminaires"]))
