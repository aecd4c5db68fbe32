"""Charging in words, the same for window, paper and command line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kawasolar.charging.table import OF_LEDGER, OF_OUTAGE, assumption_rows
from kawasolar.words import catalogue, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from kawasolar.charging.result import Charging
    from kawasolar.words import Language

DASH = "–"


def column_name(language: Language, key: str) -> str:
    """What a column is called, with its unit."""
    return say(language, f"charging.column.{key}")


def kind_names(language: Language, found: Charging) -> dict[str, str]:
    """Key of a charger -> its name."""
    return {str(kind["key"]): str(kind[f"name_{language}"]) for kind in found.head["kinds"]}


def sets(language: Language, found: Charging) -> dict[str, str]:
    """facility_id -> its chargers in words."""
    names, told = (
        kind_names(language, found),
        {str(one): say(language, "charging.none") for one in found.bases["facility_id"]},
    )
    for facility, rows in found.chargers.groupby("facility_id", sort=False):
        each = zip(rows["kind"], rows["number"], strict=True)
        told[str(facility)] = say(language, "charging.join").join(
            say(language, "charging.counted", name=names[str(kind)], number=int(number)) for kind, number in each
        )
    return told


def base_note(language: Language, row: Mapping[str, object]) -> str:
    """What else is to be said of a base: not enough, not proven, no tariff; empty where there is nothing."""
    codes = []
    if not row["enough"]:
        codes.append("charging.not_enough")
    if not row["proven"]:
        codes.append("charging.not_proven")
    if row["why_not"]:
        codes.append("charging.no_bill")
    return " ".join(say(language, code) for code in codes)


def number_text(value: float, digits: int = 0) -> str:
    """A number with its thousands; a dash where there is none."""
    return DASH if math.isnan(value) else f"{value:,.{digits}f}".replace("-", "−")


def unit_name(language: Language, unit: str) -> str:
    """A unit of the assumptions."""
    code = f"charging.unit.{unit}"
    return say(language, code) if code in catalogue() else unit


def total_texts(language: Language, found: Charging) -> list[str]:
    """All bases together: chargers and what they cost, and what cars add to the bills in each way."""
    bases = found.bases
    total = {
        "bases": len(bases),
        "cars": int(bases["cars"].sum()),
        "chargers": int(bases["chargers"].sum()),
        "cost": float(bases["cost_yen"].sum()),
    }
    told = [say(language, "charging.cli.total", **total)]
    known = bases["bill_staggered_yen"].notna()
    if known.any():
        ways = {way: float(bases.loc[known, f"bill_{way}_yen"].sum()) for way in ("unmanaged", "staggered", "follow")}
        told.append(say(language, "charging.cli.total_bill", **ways))
    if not known.all():
        told.append(say(language, "charging.cli.without_bill", bases=int((~known).sum())))
    return told


def note_texts(language: Language, found: Charging) -> list[str]:
    """What is to be known of the whole: roofs, estimated loads, tariffs that are not known, cars that are left out, numbers to be verified."""
    bases: pd.DataFrame = found.bases
    head = found.head
    told = [say(language, "charging.note.roof" if head["roof"] else "charging.note.no_roof"), say(language, "charging.note.same_days")]  # fmt: skip
    known = bases["load_known"]
    counts = {
        "estimated": int((bases["estimated"] & known).sum()), "unknown": int((~known).sum()), "no_tariff": int((known & (bases["tariff"] == "")).sum()),
        "unserved": int((found.cars["reason"] != "").sum()),
    }  # fmt: skip
    told += [say(language, f"charging.note.{key}", count=count) for key, count in counts.items() if count]
    names = _to_verify(language, found)
    if names:
        told.append(say(language, "charging.note.verify", names=say(language, "charging.join").join(names)))
    return told


def _to_verify(language: Language, found: Charging) -> list[str]:
    """Names of the numbers that were used, are sure to nobody, and are not somebody's own."""
    head = found.head
    used = set(found.chargers["kind"])
    names = [str(kind[f"name_{language}"]) for kind in head["kinds"] if kind["how_sure"] == "verify" and kind["key"] in used]  # fmt: skip
    left_out = set(head["asked"]) | (set(OF_LEDGER) if head["listed"] else set())
    left_out |= set() if len(found.outage) else set(OF_OUTAGE)
    verify = [key for key, row in assumption_rows().items() if row.how_sure == "verify" and key not in left_out]
    return names + [say(language, f"charging.assumption.{key}") for key in verify]
