"""Sites of chargers in words and as tables, the same for window, paper and command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kawasolar.siting.table import assumption_rows
from kawasolar.words import say

if TYPE_CHECKING:
    from kawasolar.siting.of_plan import Siting
    from kawasolar.words import Language
# Shares that are the same.
_SAME = 1e-9


def method_name(language: Language, method: str) -> str:
    """What a method is called."""
    return say(language, f"siting.method.{method}")


def source_name(language: Language, source: str) -> str:
    """What the demand is called."""
    return say(language, f"siting.source.{source}")


def weight_name(language: Language, source: str) -> str:
    """What is counted: persons, weights, kWh a day."""
    return say(language, f"siting.weight.{source}")


def assumption_name(language: Language, key: str) -> str:
    """What an assumption is called."""
    return say(language, f"siting.assumption.{key}")


def unit_name(language: Language, unit: str) -> str:
    """A unit of the assumptions."""
    return say(language, f"siting.unit.{unit}")


def reason_text(language: Language, codes: str) -> str:
    """Why a candidate is left out; empty for those that may be."""
    return say(language, "siting.and").join(
        say(language, f"siting.why_not.{code}") for code in codes.split(";") if code
    )


def head_text(language: Language, found: Siting) -> str:
    """One line: how many sites, what they cover, how far it is on average."""
    head = found.head
    mean = "" if head["mean_m"] is None else say(language, "siting.told.mean", metres=head["mean_m"])
    return say(
        language, "siting.told.head", number=head["number"], radius=head["radius_m"], share=head["covered_share"], mean=mean,
        method=method_name(language, head["method"]),
    )  # fmt: skip


def price_text(language: Language, found: Siting) -> str:
    """What the new sites cost, and how many chargers they have."""
    new = found.sites[found.sites["how"] != "standing"]
    return say(language, "siting.told.price", cost=found.head["price_yen"] / 1e6, chargers=float(new["chargers"].sum()))


def proof_text(language: Language, found: Siting) -> str:
    """How well it is proven."""
    head = found.head
    return say(language, "siting.told.exact") if head["gap"] <= 1e-7 else say(language, "siting.told.gap", gap=head["gap"])  # fmt: skip


def notes(language: Language, found: Siting, *, short: bool = False) -> list[str]:
    """What else is to be known: the proof, the ways, what is not served, what was gathered, and what a city should verify (``short``: only how many)."""
    head = found.head
    made = [proof_text(language, found)]
    enough = _enough(found)
    if enough:
        made.append(say(language, "siting.note.enough", number=enough, sites=len(found.sites)))
    if head["way"] == "straight":
        made.append(say(language, "siting.note.straight", detour=head["assumed"]["detour"]))
    else:
        made.append(say(language, "siting.note.roads"))
    if head["method"] == "room" and head["served_share"] < 1.0 - 1e-9:
        made.append(say(language, "siting.note.unserved", share=1.0 - head["served_share"]))
    if head["unreached"]:
        made.append(say(language, "siting.note.unreached", points=head["unreached"]))
    if head["gathered_m"]:
        made.append(say(language, "siting.note.gathered", side=head["gathered_m"]))
    if head["budgets"]:
        made.append(say(language, f"siting.note.budget.{'carried' if head['carried'] else 'lost'}"))
    left = int((found.candidates["why_not"] != "").sum())
    if left:
        made.append(say(language, "siting.note.left_out", number=left, candidates=len(found.candidates)))
    names = [assumption_name(language, key) for key in head["verify"]]
    if names and short:
        made.append(say(language, "siting.note.verify_short", number=len(names)))
    elif names:
        made.append(say(language, "siting.note.verify", names=say(language, "siting.and").join(names)))
    return made


def _enough(found: Siting) -> int:
    """How many sites cover as much as these do; 0 where it takes all of them, or nobody has reckoned it."""
    if found.head["method"] != "cover" or "covered_share" not in found.curve:
        return 0
    share = found.curve.loc[found.curve["number"] == len(found.sites), "covered_share"]
    if not len(share):
        return 0
    fewer = found.curve.loc[found.curve["covered_share"] >= float(share.iloc[0]) - _SAME, "number"]
    least = int(fewer.min())
    return least if least < len(found.sites) else 0


def why_text(language: Language, found: Siting, row: dict[str, object]) -> str:
    """Why a site is among the chosen: how it came in, and what would be lost without it."""
    head, lost = found.head, float(row["lost"])  # type: ignore[arg-type]
    came = say(language, f"siting.why.{row['how']}") if row["how"] != "chosen" else ""
    weight = weight_name(language, head["source"])
    if lost <= 0:
        told = say(language, "siting.why.nothing")
    elif head["method"] == "cover":
        told = say(language, "siting.why.cover", lost=lost, share=lost / head["weight"], weight=weight)
    else:
        told = say(language, f"siting.why.{head['method']}", metres=lost / head["weight"])
    return came + told


def lost_text(found: Siting, lost: float) -> str:
    """What would be lost without a site, in a cell: share of the demand, or metres on average."""
    share = lost / found.head["weight"]
    return f"−{share:.1%}" if found.head["method"] == "cover" else f"+{share:,.0f} m"


def sites_in_words(language: Language, found: Siting) -> pd.DataFrame:
    """The sites as a table of paper: codes as words, ``why`` beside them."""
    made = found.sites.copy()
    rows = found.sites.to_dict("records")
    made["why"] = [why_text(language, found, {str(key): value for key, value in row.items()}) for row in rows]
    made["how"] = [say(language, f"siting.how.{how}") for how in found.sites["how"]]
    made["fiscal_year"] = [None if not year else int(year) for year in found.sites["fiscal_year"]]
    made["share"] = made["weight"] / found.head["weight"]
    return made


def candidates_in_words(language: Language, found: Siting) -> pd.DataFrame:
    """The candidates with their reasons in words, and whether each is chosen."""
    made, chosen = found.candidates.copy(), set(found.sites["site_id"])
    made["chosen"] = ["○" if one in chosen else "" for one in made["site_id"]]
    made["why_not"] = [reason_text(language, codes) for codes in made["why_not"]]
    yes_no = {True: say(language, "siting.yes"), False: say(language, "siting.no")}
    made["visible"] = [yes_no.get(one) for one in made["visible"]]
    made["standing"] = [say(language, "siting.how.standing") if one else "" for one in made["standing"]]
    made["kind"] = [None if one is None or pd.isna(one) else say(language, f"kind.{one}") for one in made["kind"]]
    made["landslide"] = [None if one is None or pd.isna(one) else say(language, f"landslide.{one}") for one in made["landslide"]]  # fmt: skip
    return made


def assumed_values(found: Siting) -> list[tuple[str, float, str]]:
    """Key, value and unit of every assumption."""
    given = found.head["assumed"]
    return [(key, float(given[key]), row.unit) for key, row in assumption_rows().items() if key in given]


def cell(value: object, digits: int = 0) -> str:
    """A number of a table; a dash where there is none."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "–"
    return f"{float(value):,.{digits}f}"  # type: ignore[arg-type]
